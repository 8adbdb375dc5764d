//! The log-sum-ReLU landscape, of supports of finite size (Epanechnikov kernels).

use ndarray::{Array2, ArrayView1, ArrayView2, Zip};

use super::log_sum_exp::BETAS;
use super::parts::{in_parts, stacked};
use super::{Energy, Gradient, groups};
use crate::error::{Error, Result, check_width};
use crate::kernels::weighted_sums;
use crate::options::NumberRange;
use crate::patterns::{Patterns, check_states};
use crate::real::Real;
use crate::similarities::{Convention, Keys, Similarity};

/// E(x; β) = −β⁻¹ ln(ε + Σ_n max(0, 1 − ½β‖x − y_n‖²)), with factors Nπ_n inside the sum if patterns have weights π_n.
///
/// (Hoover et al. 2025, arXiv 2506.10801.) Pattern n has a support: the ball of radius √(2/β) about it, inside which its
/// term is above 0. Let B be the patterns whose supports cover x. Then
///
/// ```text
/// ∇E(x) = (x − ȳ_B) S_B/(ε + Σ …),   ȳ_B = mean of the y_n, n ∈ B,   S_B = |B|
/// ```
///
/// so the step to ȳ_B is downhill. The sum Σ max(0, ·) is convex in −‖x − y_n‖², and each of the squares is lowest, in
/// sum over B, at ȳ_B; so the sum grows by at least ½β|B|‖ȳ_B − x‖², whatever supports are entered or left on the way.
/// Only finitely many sets B exist, so steps come to rest after finitely many. A state at rest with all supports' borders
/// away from it is a minimum, and there is no other minimum: at a border the sum has a kink upward. Between supports E
/// is −β⁻¹ ln ε, without a slope.
///
/// So y_n is a minimum if no other support covers it. And the mean of a group of patterns is one if exactly the supports of
/// the group cover it: an emergent minimum. Cost: 2·N·D operations for each state.
///
/// ```
/// use attractor::Patterns;
/// use attractor::energies::LogSumRelu;
/// use ndarray::array;
/// // Supports of radius 1.
/// let energy = LogSumRelu::new(Patterns::new(array![[0.0_f64], [1.5], [9.0]])?, 2.0, 1e-6)?;
/// let step = |x: f64| energy.step(array![[x]].view()).map(|next| next[0].clone());
/// assert_eq!(step(0.3)?, Some(vec![0.0]));
/// assert_eq!(step(0.7)?, Some(vec![0.75])); // both of the first two cover it
/// assert_eq!(step(5.0)?, None);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LogSumRelu<F> {
    patterns: Patterns<F>,
    keys: Keys<F>,
    beta: f64,
    epsilon: f64,
    /// Nπ_n of each pattern, if they have weights.
    factors: Option<Vec<f64>>,
}

/// What ε may be.
pub(crate) const EPSILONS: NumberRange = NumberRange::between(1e-300, 1.0);

impl<F: Real> LogSumRelu<F> {
    /// A landscape at inverse temperature β, 10⁻³⁰ to 10³⁰, with ε from 10⁻³⁰⁰ to 1.
    ///
    /// # Errors
    /// β or ε outside its range; patterns that are not in memory.
    pub fn new(patterns: Patterns<F>, beta: f64, epsilon: f64) -> Result<Self> {
        BETAS.check("beta", beta)?;
        EPSILONS.check("epsilon", epsilon)?;
        let keys = keys(&patterns)?;
        let n = patterns.len() as f64;
        let factors = patterns.log_weights().map(|w| w.iter().map(|w| n * w.exp()).collect());
        Ok(LogSumRelu { patterns, keys, beta, epsilon, factors })
    }

    /// The β at which supports just do not cover another pattern: √(2/β) is the smallest distance between two patterns
    /// that differ. So every pattern is a minimum, and supports are as wide as that allows. `None` if no two patterns
    /// differ. Examines all patterns up to 2·10⁹ operations, and then fewer, evenly spaced.
    ///
    /// # Errors
    /// Those of [`new`](Self::new); distances that need a β outside its range.
    pub fn separating_beta(patterns: &Patterns<F>) -> Result<Option<f64>> {
        /// A share that is above the rounding of distances.
        const ABOVE: f64 = 1.0 + 1e-9;
        const WORK: usize = 2_000_000_000;
        let keys = keys(patterns)?;
        let n = patterns.len();
        let sample = (WORK / n.saturating_mul(patterns.dim()).max(1)).clamp(64.min(n), n);
        let some: Vec<usize> = (0..sample).map(|i| i * n / sample).collect();
        let queries = patterns.select(&some);
        let least = in_parts(queries.view(), n, |part| {
            let squares = keys.scores(part)?;
            Ok(squares.iter().map(|s| -s).filter(|s| *s > 0.0).fold(f64::INFINITY, f64::min))
        })?;
        let least = least.into_iter().fold(f64::INFINITY, f64::min);
        Ok(Some(ABOVE * 2.0 / least).filter(|_| least.is_finite()))
    }

    /// The stored patterns.
    pub fn patterns(&self) -> &Patterns<F> {
        &self.patterns
    }

    /// The inverse temperature β.
    pub fn beta(&self) -> f64 {
        self.beta
    }

    /// The radius √(2/β) of a support.
    pub fn radius(&self) -> f64 {
        (2.0 / self.beta).sqrt()
    }

    /// The weights of all patterns at each state, B × N: equal (or as the prior weights) for those whose supports cover the
    /// state, and 0 for the others. Rows sum to 1, or to 0 where no support covers the state.
    ///
    /// # Errors
    /// States of the wrong width or not finite.
    pub fn weights(&self, states: ArrayView2<F>) -> Result<Array2<f64>> {
        let mut weights = self.heights(states)?;
        for mut row in weights.outer_iter_mut() {
            let factor = |n: usize| self.factors.as_ref().map_or(1.0, |factors| factors[n]);
            row.indexed_iter_mut().for_each(|(n, w)| *w = if *w > 0.0 { factor(n) } else { 0.0 });
            let sum = row.sum();
            if sum > 0.0 {
                row /= sum;
            }
        }
        Ok(weights)
    }

    /// The state ȳ_B that each state moves to. `None` where no support covers it.
    ///
    /// # Errors
    /// States of the wrong width or not finite.
    pub fn step(&self, states: ArrayView2<F>) -> Result<Vec<Option<Vec<F>>>> {
        let (means, covered) = self.means(states)?;
        Ok(means.outer_iter().zip(covered).map(|(mean, covered)| covered.then(|| mean.to_vec())).collect())
    }

    /// All minima, M × D: the means of groups of patterns that exactly the supports of the group cover. Groups come in the
    /// order of their lowest patterns. `None` if more than `limit` groups would have to be looked at, or there are more than
    /// 4,096 patterns.
    ///
    /// Groups are grown pattern by pattern. One whose patterns have a variance of radius² or more about their mean is left,
    /// since no ball of a support's size holds it. Cost: N² distances, and N operations for each group.
    ///
    /// ```
    /// use attractor::Patterns;
    /// use attractor::energies::LogSumRelu;
    /// use ndarray::array;
    /// // Supports of radius 1. Nothing covers both ends, and the middle of all three is the pattern in the middle.
    /// let energy = LogSumRelu::new(Patterns::new(array![[0.0_f64], [1.25], [2.5]])?, 2.0, 1e-6)?;
    /// assert_eq!(energy.minima(1000)?, Some(array![[0.0], [0.625], [1.25], [1.875], [2.5]]));
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// Errors of the distances.
    pub fn minima(&self, limit: usize) -> Result<Option<Array2<F>>> {
        /// The largest number of patterns whose distances are held.
        const HELD: usize = 4096;
        let n = self.patterns.len();
        if n > HELD {
            return Ok(None);
        }
        let squares = self.keys.scores(self.patterns.values())?.mapv(|square| -square);
        let weights = self.factors.clone().unwrap_or_else(|| vec![1.0; n]);
        let Some(groups) = groups::covered(squares.view(), &weights, self.radius(), limit) else {
            return Ok(None);
        };
        let mut found = Array2::from_elem((groups.len(), self.patterns.dim()), F::ZERO);
        // Sums in the order of a step, so that a state that is listed rests to the bit.
        for (mut state, group) in found.outer_iter_mut().zip(&groups) {
            let shares = groups::shares(group, &weights, n);
            let mean = weighted_sums(shares.view(), self.patterns.values());
            state.iter_mut().zip(mean.row(0)).for_each(|(to, &from)| *to = F::from_f64(from));
        }
        Ok(Some(found))
    }

    /// Means of the patterns that cover each state, and whether any does.
    fn means(&self, states: ArrayView2<F>) -> Result<(Array2<F>, Vec<bool>)> {
        let mut covered = Vec::with_capacity(states.nrows());
        let parts = in_parts(states, self.patterns.len(), |part| {
            let weights = self.weights(part)?;
            covered.extend(weights.outer_iter().map(|row| row.iter().any(|w| *w > 0.0)));
            Ok(weighted_sums(weights.view(), self.patterns.values()).mapv(F::from_f64))
        })?;
        Ok((stacked(&parts, self.patterns.dim()), covered))
    }

    /// 1 − ½β‖x − y_n‖² of each state and pattern.
    fn heights(&self, states: ArrayView2<F>) -> Result<Array2<f64>> {
        check_width("states", states.ncols(), self.patterns.dim())?;
        check_states("states", states, "give finite states")?;
        let mut heights = self.keys.scores(states)?;
        heights.mapv_inplace(|square| 1.0 + 0.5 * self.beta * square);
        Ok(heights)
    }

    /// ε + Σ_n Nπ_n max(0, h_n).
    fn total(&self, heights: ArrayView1<f64>) -> f64 {
        let factor = |n: usize| self.factors.as_ref().map_or(1.0, |factors| factors[n]);
        self.epsilon + heights.indexed_iter().map(|(n, h)| factor(n) * h.max(0.0)).sum::<f64>()
    }
}

/// The patterns as keys that are compared by distance.
fn keys<F: Real>(patterns: &Patterns<F>) -> Result<Keys<F>> {
    if patterns.are_slow() {
        return Err(Error::Undefined {
            model: "log-sum-relu",
            what: "way to recall from patterns that are not in memory",
            reason: "it needs all distances at once; modern and diffusion read a few patterns at a time"
                .into(),
        });
    }
    Keys::new(Similarity::Euclidean, patterns.shared(), Convention::Corrected)
}

impl<F: Real> Energy<F> for LogSumRelu<F> {
    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    fn energy(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Vec<f64>> {
        check_width("states", states.ncols(), self.patterns.dim())?;
        let parts = in_parts(states, self.patterns.len(), |part| {
            let heights = self.heights(part)?;
            Ok(heights.outer_iter().map(|row| -self.total(row).ln() / self.beta).collect::<Vec<_>>())
        })?;
        Ok(parts.into_iter().flatten().collect())
    }
}

impl<F: Real> Gradient<F> for LogSumRelu<F> {
    /// At a border of a support, where E has a kink, it is the slope outside of that support.
    fn gradient(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Array2<F>> {
        let (mut slopes, _) = self.means(states)?;
        let mut row = 0;
        in_parts(states, self.patterns.len(), |part| {
            for (heights, x) in self.heights(part)?.outer_iter().zip(part.outer_iter()) {
                let active = heights.indexed_iter().filter(|(_, h)| **h > 0.0).map(|(n, _)| n);
                let weight: f64 = match &self.factors {
                    Some(factors) => active.map(|n| factors[n]).sum(),
                    None => active.count() as f64,
                };
                let factor = weight / self.total(heights);
                Zip::from(slopes.row_mut(row)).and(x).for_each(|to, &x| {
                    *to = F::from_f64(factor * (x.to_f64() - to.to_f64()));
                });
                row += 1;
            }
            Ok(())
        })?;
        Ok(slopes)
    }
}
