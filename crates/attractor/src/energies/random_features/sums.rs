//! What a memory of random features keeps: sums over its patterns.

use crate::energies::BETAS;
use crate::error::{Error, Result};

/// Sums of random features over patterns: all that a memory of fixed size keeps of them.
///
/// With frequencies ω_j, they are the numbers C_j = Σ_n w_n cos ω_j·y_n and S_j = Σ_n w_n sin ω_j·y_n, and the moments that give the
/// mean and the spread of the patterns. Weights w_n are 1 unless they are given.
///
/// Each term of C and S is rounded to a multiple of 2⁻³². So the sums of up to 2²¹ patterns of weight 1 are exact in `f64`, in
/// any order, and a pattern that is added and removed again leaves the same bits. The rounding of a term, 10⁻¹⁰, is nothing
/// beside the error of the estimate.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureSums {
    /// The inverse temperature β of the kernel. The sums are of no use at another.
    pub beta: f64,
    /// The seed of the frequencies.
    pub seed: u64,
    /// The C_j, M numbers.
    pub cosines: Vec<f64>,
    /// The S_j, M numbers.
    pub sines: Vec<f64>,
    /// How many patterns were added and not removed, N.
    pub patterns: usize,
    /// The sum of their weights, W.
    pub weight: f64,
    /// Σ w_n y_n, one number for each unit.
    pub first: Vec<f64>,
    /// Σ w_n ‖y_n‖².
    pub second: f64,
}

/// The multiple to which each term is rounded.
const UNIT: f64 = 1.0 / 4_294_967_296.0;

/// A number rounded to a multiple of 2⁻³².
#[inline(always)]
pub(super) fn rounded(term: f64) -> f64 {
    (term / UNIT).round_ties_even() * UNIT
}

impl FeatureSums {
    /// The sums over no patterns.
    pub(super) fn empty(features: usize, beta: f64, seed: u64, dim: usize) -> Self {
        let zeros = vec![0.0; features];
        let first = vec![0.0; dim];
        FeatureSums {
            beta,
            seed,
            sines: zeros.clone(),
            cosines: zeros,
            patterns: 0,
            weight: 0.0,
            first,
            second: 0.0,
        }
    }

    /// The number of features, M.
    pub fn features(&self) -> usize {
        self.cosines.len()
    }

    /// The number of units, D.
    pub fn dim(&self) -> usize {
        self.first.len()
    }

    /// The mean pattern.
    pub fn mean(&self) -> Vec<f64> {
        self.first.iter().map(|sum| sum / self.weight).collect()
    }

    /// The root mean square deviation of a unit from the mean pattern. If patterns do not differ, that from 0, or 1.
    pub fn spread(&self) -> f64 {
        /// A variance of this share of the mean square is rounding.
        const ROUNDING: f64 = 1e-12;
        let square = self.second / self.weight;
        let variance = square - self.mean().iter().map(|mean| mean * mean).sum::<f64>();
        let of_unit = |square: f64| (square / self.dim() as f64).sqrt();
        match (variance > ROUNDING * square, square > 0.0) {
            (true, _) => of_unit(variance),
            (false, true) => of_unit(square),
            (false, false) => 1.0,
        }
    }

    /// The factor that makes the mean weight 1: N/W.
    pub(super) fn factor(&self) -> f64 {
        self.patterns as f64 / self.weight
    }

    /// The mean of C_j² + S_j², which estimates Σ_mn w_m w_n exp(−β‖y_m − y_n‖²/2).
    fn power(&self) -> f64 {
        let squares = self.cosines.iter().zip(&self.sines).map(|(c, s)| c * c + s * s);
        squares.sum::<f64>() / self.features() as f64
    }

    /// The standard deviation of the estimated kernel sum at a state, √(P/2M), where a pattern of mean weight counts as 1. P
    /// is Σ_mn exp(−β‖y_m − y_n‖²/2), and is estimated from the sums themselves. If no two patterns are near each other, P = N. At a
    /// state that is near many patterns the deviation is less.
    pub fn noise(&self) -> f64 {
        self.factor() * (self.power() / (2.0 * self.features() as f64)).sqrt()
    }

    /// The effective number of patterns that the kernel tells apart, N²/P: N if no two are near each other, and K for K tight
    /// clusters of equal size.
    pub fn distinct(&self) -> f64 {
        let most = self.patterns as f64;
        (self.weight * self.weight / self.power()).clamp(1.0, most.max(1.0))
    }

    /// Returns an error for numbers that are sums of no patterns.
    ///
    /// # Errors
    /// Lists whose lengths differ; numbers that are not finite; β outside its range; no patterns; |C_j + iS_j| above the sum of all weights;
    /// moments of a negative variance.
    pub fn check(&self) -> Result<()> {
        /// A share above the rounding of sums.
        const ROUNDING: f64 = 1e-9;
        BETAS.check("beta", self.beta)?;
        let wrong = |found: &str| {
            Err(Error::shape(
                "sums of features",
                "those of at least one pattern",
                found.to_owned(),
                NEVER_ADDED,
            ))
        };
        if self.cosines.is_empty() || self.first.is_empty() || self.cosines.len() != self.sines.len() {
            return wrong("lists whose lengths do not fit together");
        }
        let mut all = self.cosines.iter().chain(&self.sines).chain(&self.first);
        if !all.all(|x| x.is_finite()) || !self.weight.is_finite() || !self.second.is_finite() {
            return wrong("numbers that are not finite");
        }
        if self.patterns == 0 || self.weight <= 0.0 {
            return wrong("none");
        }
        let most = self.weight * (1.0 + ROUNDING) + self.patterns as f64 * 2.0 * UNIT;
        if self.cosines.iter().zip(&self.sines).any(|(c, s)| c.hypot(*s) > most) {
            return wrong("sums that are larger than those of so many can be");
        }
        let square: f64 = self.first.iter().map(|x| x * x).sum();
        if square > self.weight * self.second * (1.0 + ROUNDING) {
            return wrong("a mean that is larger than those of so many can be");
        }
        Ok(())
    }
}

/// What to do about sums that are of no patterns.
const NEVER_ADDED: &str = "remove only what was added, with the weights that it was added with";
