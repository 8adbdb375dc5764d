//! The landscapes of modern networks with compact weights: E(x) = ½‖x‖² − L(Yx) with a Fenchel–Young L.

use ndarray::{Array2, ArrayView1, ArrayView2, Zip};

use super::log_sum_exp::BETAS;
use super::parts::{in_parts, stacked};
use super::{Energy, Gradient, UnitStep};
use crate::error::{Error, Result, check_width};
use crate::kernels::{squares, weighted_sums};
use crate::patterns::{Patterns, check_states};
use crate::real::Real;
use crate::separations::{Regularised, Separator, least_gap};
use crate::similarities::{Convention, Keys, Similarity};
use crate::threads;

/// E(x; β) = ½‖x‖² − L(Yx), L(s) = max_p p·s + H(p)/β over distributions p of the patterns.
///
/// (Santos et al. 2024, "Hopfield–Fenchel–Young networks", arXiv 2411.08590, with Ω = −H.) For the Shannon entropy H this
/// is the energy of [`LogSumExp`](super::LogSumExp). The entropies of sparsemax, α-entmax and γ-normmax give p exact
/// zeros. The gradient is x − Yᵀp, so a descent with unit step is the read Yᵀp, and lowers E by at least ½‖x' − x‖².
///
/// If y_n·x is ahead of all other y_m·x by [margin](Regularised::margin)/β, then p is 1 at n, and the read is y_n to the
/// bit. So patterns with Δ_n = min_m (y_n·y_n − y_n·y_m) ≥ margin/β are fixed points, and minima.
///
/// With `norm_bias` scores are x·y − ‖y‖²/2, which compare by distance; then E(x) = −max_p (−½Σp_n‖x − y_n‖² + H(p)/β).
///
/// Prior weights of patterns are refused: they would add ln(Nπ_n)/β to a score, which is a prior for the Shannon entropy
/// alone. Cost: 2·N·D operations and up to 64·N for each state.
///
/// ```
/// use attractor::energies::{FenchelYoung, UnitStep};
/// use attractor::Patterns;
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f64, 1.0], [1.0, -1.0]])?;
/// // Scores 1.6 and 0.4 at β = 1: 1.2 apart, which is more than 1.
/// let energy = FenchelYoung::new(patterns, "sparsemax".parse()?, 1.0, false)?;
/// assert_eq!(energy.weights(array![[1.0, 0.6]].view())?, array![[1.0, 0.0]]);
/// assert_eq!(energy.update(array![[1.0, 0.6]].view())?, array![[1.0, 1.0]]);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct FenchelYoung<F> {
    patterns: Patterns<F>,
    keys: Keys<F>,
    separator: Separator,
    separation: Regularised,
    beta: f64,
}

impl<F: Real> FenchelYoung<F> {
    /// A landscape of these patterns at inverse temperature β, 10⁻³⁰ to 10³⁰.
    ///
    /// # Errors
    /// β outside its range; patterns with prior weights; patterns that are not in memory.
    pub fn new(patterns: Patterns<F>, separation: Regularised, beta: f64, norm_bias: bool) -> Result<Self> {
        BETAS.check("beta", beta)?;
        let keys = keys(&patterns, separation, norm_bias)?;
        let separator = Separator::new(separation.at(beta / factor(norm_bias)), &keys)?;
        Ok(FenchelYoung { patterns, keys, separator, separation, beta })
    }

    /// The smallest β at which the least separated pattern is one margin ahead at its own place. It is a little larger, so
    /// that rounding does not undo it. Patterns with a separation of 0 or less are ignored. `None` if no pattern has a
    /// separation, or the separation has no margin. Examines all patterns up to 2·10⁹ operations, and then fewer, evenly
    /// spaced.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn exact_beta(
        patterns: &Patterns<F>,
        separation: Regularised,
        norm_bias: bool,
    ) -> Result<Option<f64>> {
        /// A share that is above the rounding of scores.
        const ABOVE: f64 = 1.0 + 1e-9;
        const WORK: usize = 2_000_000_000;
        let Some(margin) = separation.margin() else {
            return Ok(None);
        };
        let keys = keys(patterns, separation, norm_bias)?;
        let sample = (WORK / patterns.len().saturating_mul(patterns.dim()).max(1)).max(64);
        let gap = least_gap(&keys, sample)?;
        Ok(gap.map(|gap| ABOVE * factor(norm_bias) * margin / gap))
    }

    /// The stored patterns.
    pub fn patterns(&self) -> &Patterns<F> {
        &self.patterns
    }

    /// The inverse temperature β.
    pub fn beta(&self) -> f64 {
        self.beta
    }

    /// The separation: which entropy H it is.
    pub fn separation(&self) -> Regularised {
        self.separation
    }

    /// Whether states and patterns are compared by distance.
    pub fn norm_bias(&self) -> bool {
        self.keys.similarity() == Similarity::Euclidean
    }

    /// The weights p of all patterns at each state, B × N. Weights of patterns that are too far behind are exactly 0.
    ///
    /// # Errors
    /// States of the wrong width or not finite.
    pub fn weights(&self, states: ArrayView2<F>) -> Result<Array2<f64>> {
        check_width("states", states.ncols(), self.patterns.dim())?;
        check_states("states", states, "give finite states")?;
        let mut weights = self.keys.scores(states)?;
        let rows = threads::map(weights.nrows(), WORK * weights.len() as f64, |row| {
            let mut weights = weights.row(row).to_vec();
            self.separator.activities(&mut weights);
            weights
        });
        for (mut to, from) in weights.outer_iter_mut().zip(rows) {
            to.assign(&ArrayView1::from(&from));
        }
        Ok(weights)
    }
}

/// The approximate cost of a separation for each score.
const WORK: f64 = 100.0;

/// How many times larger scores are than x·y − ‖y‖²/2.
fn factor(norm_bias: bool) -> f64 {
    if norm_bias { 2.0 } else { 1.0 }
}

/// The patterns as keys.
fn keys<F: Real>(patterns: &Patterns<F>, separation: Regularised, norm_bias: bool) -> Result<Keys<F>> {
    let refuse =
        |what, reason: String| Err(Error::Undefined { model: "modern", what, reason: reason.into() });
    if patterns.log_weights().is_some() {
        let reason =
            format!("a prior adds to the scores of softmax alone; use softmax in place of {separation}");
        return refuse("use for prior weights of patterns", reason);
    }
    if patterns.are_slow() {
        let reason = format!(
            "weights of {separation} need all scores at once; softmax reads a few patterns at a time"
        );
        return refuse("way to recall from patterns that are not in memory", reason);
    }
    let similarity = if norm_bias { Similarity::Euclidean } else { Similarity::Dot };
    Keys::new(similarity, patterns.shared(), Convention::Corrected)
}

impl<F: Real> Energy<F> for FenchelYoung<F> {
    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    fn energy(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Vec<f64>> {
        check_width("states", states.ncols(), self.patterns.dim())?;
        check_states("states", states, "give finite states")?;
        let parts = in_parts(states, self.patterns.len(), |part| {
            let scores = self.keys.scores(part)?;
            Ok(threads::map(scores.nrows(), WORK * scores.len() as f64, |row| {
                self.separator.lagrangian(&scores.row(row).to_vec()) / factor(self.norm_bias())
            }))
        })?;
        // Distances already contain ½‖x‖².
        let confined = |square: f64| if self.norm_bias() { 0.0 } else { square / 2.0 };
        Ok(parts.into_iter().flatten().zip(squares(states)).map(|(l, x)| confined(x) - l).collect())
    }
}

impl<F: Real> Gradient<F> for FenchelYoung<F> {
    fn gradient(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Array2<F>> {
        let mean = self.update(states)?;
        Ok(Zip::from(states).and(&mean).map_collect(|&x, &m| x - m))
    }
}

impl<F: Real> UnitStep<F> for FenchelYoung<F> {
    fn update(&self, states: ArrayView2<F>) -> Result<Array2<F>> {
        let parts = in_parts(states, self.patterns.len(), |part| {
            let weights = self.weights(part)?;
            Ok(weighted_sums(weights.view(), self.patterns.values()).mapv(F::from_f64))
        })?;
        Ok(stacked(&parts, self.patterns.dim()))
    }
}
