//! The landscape of a Gaussian kernel sum that is estimated from random features.

mod beta;
mod sums;

pub use sums::FeatureSums;

use std::sync::Arc;

use ndarray::{Array2, ArrayView1, ArrayView2, s};

use super::log_sum_exp::BETAS;
use super::parts::{in_parts, stacked};
use super::{Energy, Gradient};
use crate::error::{Error, Result, check_rows, check_width};
use crate::kernels::{Window, dots, weighted_sums};
use crate::noise::{Purpose, Stream};
use crate::options::{CountRange, NumberRange};
use crate::patterns::{Patterns, check_states};
use crate::real::Real;
use crate::threads;
use sums::rounded;

/// How many features there may be.
pub(crate) const FEATURES: CountRange = CountRange::between(1, 100_000_000);

/// What weights may be, so that rounding hides none of them.
const WEIGHTS: NumberRange = NumberRange::between(1e-6, 1e6);

/// Ê(x) = −β⁻¹ ln K̂(x), where K̂(x) = M⁻¹ Σ_j (C_j cos ω_j·x + S_j sin ω_j·x) estimates Σ_n exp(−½β‖x − y_n‖²).
///
/// (Hoover et al. 2024, arXiv 2410.24153, with the features of Rahimi & Recht 2007.) The frequencies ω_j are drawn from
/// N(0, βI), since exp(−½β‖u‖²) = ⟨cos ω·u⟩. So K̂ is without bias, and Ê tends to the energy of
/// [`LogSumExp`](super::LogSumExp) with the norm bias as M grows. With weights w_n the sum has factors Nw_n/Σw.
///
/// Whatever N, it keeps 2M + D + 4 numbers: [`FeatureSums`]. Frequencies are drawn anew from the seed, feature j from a
/// stream of its own. A pattern is added or removed in 2·D·M operations and M sines.
///
/// With κ_mn = exp(−½β‖y_m − y_n‖²) and κ'_mn = exp(−½β‖2x − y_m − y_n‖²), the variance at any state is
///
/// ```text
/// Var K̂(x) = M⁻¹ (½ Σ_mn κ_mn + ½ Σ_mn κ'_mn − K(x)²)
/// ```
///
/// which is N/2M away from N patterns that are far from each other, and (N − 1)/2M at one of them, whose own term is always
/// exactly 1. [`FeatureSums::noise`] estimates it from what is kept. Where K̂ ≤ 0 the energy is +∞ and has no gradient.
///
/// A pattern is a minimum if the noise of the Hessian, a random symmetric matrix whose eigenvalues reach √(2ND/M), is
/// less than the 1 of the pattern's own well: M > 2ND. So M features hold about M/2D patterns apart.
///
/// ```
/// use attractor::energies::{Energy, RandomFeatures};
/// use ndarray::array;
/// let mut energy = RandomFeatures::new(1000, 2.0, 0, 2)?;
/// energy.add(array![[1.0_f64, 0.0]].view(), None)?;
/// // The own term of a pattern is exact.
/// assert!(energy.energy(array![[1.0, 0.0]].view(), &[0.0])?[0].abs() < 1e-9);
/// // ½‖x − y‖² = ½ here, to within the error of 1,000 features.
/// assert!((energy.energy(array![[1.0, 1.0]].view(), &[0.0])?[0] - 0.5).abs() < 0.1);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RandomFeatures<F> {
    /// The ω_j, M × D.
    frequencies: Arc<Array2<F>>,
    sums: FeatureSums,
}

impl<F: Real> RandomFeatures<F> {
    /// The landscape of no patterns yet, which has no energy anywhere: M features of patterns of D = `dim` units, at inverse temperature β,
    /// 10⁻³⁰ to 10³⁰.
    ///
    /// # Errors
    /// M or β outside its range; more than 2³⁰ numbers in all frequencies.
    pub fn new(features: usize, beta: f64, seed: u64, dim: usize) -> Result<Self> {
        BETAS.check("beta", beta)?;
        FEATURES.check("features", features as u64)?;
        Ok(RandomFeatures {
            frequencies: Arc::new(frequencies(features, beta, seed, dim)?),
            sums: FeatureSums::empty(features, beta, seed, dim),
        })
    }

    /// The landscape of sums that were kept.
    ///
    /// # Errors
    /// Those of [`new`](Self::new) and of [`FeatureSums::check`].
    pub fn of_sums(sums: FeatureSums) -> Result<Self> {
        sums.check()?;
        FEATURES.check("features", sums.features() as u64)?;
        let frequencies = frequencies(sums.features(), sums.beta, sums.seed, sums.dim())?;
        Ok(RandomFeatures { frequencies: Arc::new(frequencies), sums })
    }

    /// The landscape of patterns. Without a β it is that of [`separating_beta`](Self::separating_beta).
    ///
    /// # Errors
    /// Those of [`new`](Self::new) and [`add`](Self::add); patterns that cannot be read.
    pub fn of_patterns(
        patterns: &Patterns<F>,
        features: usize,
        beta: Option<f64>,
        seed: u64,
    ) -> Result<Self> {
        /// So many patterns are read at a time.
        const ROWS: usize = 1024;
        let beta = beta.map_or_else(|| Self::separating_beta(patterns), Ok)?;
        let mut energy = Self::new(features, beta, seed, patterns.dim())?;
        let weights = patterns.extras().weights;
        let (n, dim) = (patterns.len(), patterns.dim());
        let mut window = Window::default();
        for from in (0..n).step_by(ROWS) {
            let to = n.min(from + ROWS);
            let rows = patterns.rows(from..to, n, &mut window);
            let rows = ArrayView2::from_shape((to - from, dim), rows).expect("rows of D units");
            energy.add(rows, weights.as_ref().map(|weights| &weights[from..to]))?;
        }
        patterns.check_source()?;
        Ok(energy)
    }

    /// The β at which all other patterns together have 1/100 of a pattern's own term, at the median pattern.
    ///
    /// # Errors
    /// Patterns that cannot be read; distances that need a β outside its range.
    pub fn separating_beta(patterns: &Patterns<F>) -> Result<f64> {
        beta::separating(patterns)
    }

    /// What is kept.
    pub fn sums(&self) -> &FeatureSums {
        &self.sums
    }

    /// The frequencies ω_j, M × D.
    pub fn frequencies(&self) -> ArrayView2<'_, F> {
        self.frequencies.view()
    }

    /// Adds patterns (prepared), with weights of 10⁻⁶ to 10⁶ if they are given. Cost: 2·D·M operations and M sines a pattern.
    ///
    /// # Errors
    /// Patterns of another width or not finite; weights outside their range. Then nothing is added.
    pub fn add(&mut self, patterns: ArrayView2<F>, weights: Option<&[f64]>) -> Result<()> {
        self.sums = self.changed(patterns, weights, 1.0)?;
        Ok(())
    }

    /// Removes patterns (prepared) that were added, with the weights that they were added with. The sums are then those of
    /// the others, to the bit; the moments, from which mean and spread come, to within rounding.
    ///
    /// That a pattern was never added cannot be seen from sums for certain. An error says so if the sums of the others could be of
    /// no patterns, or if the estimate at the pattern is six standard deviations below its own term.
    ///
    /// # Errors
    /// As [`add`](Self::add); as many patterns as there are, or more; patterns that were hardly ever added. Then nothing is
    /// removed.
    pub fn remove(&mut self, patterns: ArrayView2<F>, weights: Option<&[f64]>) -> Result<()> {
        /// So many standard deviations below its own term a stored pattern never is.
        const NEVER: f64 = 6.0;
        let (count, all) = (patterns.nrows(), self.sums.patterns);
        if count >= all {
            let most = all.saturating_sub(1);
            let expected = format!("at most {most} of the {all} that are stored");
            return Err(Error::parameter("patterns to remove", expected, count));
        }
        self.check_patterns(patterns, weights)?;
        let (noise, factor) = (self.sums.noise(), self.sums.factor());
        for (row, sum) in self.kernel_sums(patterns)?.into_iter().enumerate() {
            let own = factor * weights.map_or(1.0, |weights| weights[row]);
            if sum < own - NEVER * noise {
                return Err(Error::shape(
                    "patterns to remove",
                    "those that were added",
                    format!("row {row}, at which the kernel sum is {sum:.3} and not at least {own:.3}"),
                    "give the rows as they were stored",
                ));
            }
        }
        let sums = self.changed(patterns, weights, -1.0)?;
        sums.check()?;
        self.sums = sums;
        Ok(())
    }

    /// The estimate K̂ of Σ_n exp(−½β‖x − y_n‖²) at each state. With weights, a pattern of mean weight counts as 1.
    ///
    /// # Errors
    /// States of the wrong width or not finite.
    pub fn kernel_sums(&self, states: ArrayView2<F>) -> Result<Vec<f64>> {
        self.check_states(states)?;
        let parts = in_parts(states, self.sums.features(), |part| {
            let phases = dots(part, self.frequencies());
            Ok(self.each(&phases, |phases| self.sum(phases)))
        })?;
        Ok(parts.into_iter().flatten().collect())
    }

    fn check_states(&self, states: ArrayView2<F>) -> Result<()> {
        check_width("states", states.ncols(), self.sums.dim())?;
        check_states("states", states, "give finite states")
    }

    fn check_patterns(&self, patterns: ArrayView2<F>, weights: Option<&[f64]>) -> Result<()> {
        check_width("patterns", patterns.ncols(), self.sums.dim())?;
        check_states("patterns", patterns, "give finite patterns")?;
        if let Some(weights) = weights {
            check_rows("weights", weights.len(), patterns.nrows())?;
            weights.iter().try_for_each(|weight| WEIGHTS.check("weights", *weight))?;
        }
        Ok(())
    }

    /// The sums after patterns with this sign were added.
    fn changed(&self, patterns: ArrayView2<F>, weights: Option<&[f64]>, sign: f64) -> Result<FeatureSums> {
        /// So many features are a task.
        const TASK: usize = 512;
        self.check_patterns(patterns, weights)?;
        let (mut sums, features) = (self.sums.clone(), self.sums.features());
        let weight = |row: usize| sign * weights.map_or(1.0, |weights| weights[row]);
        let mut done = 0;
        in_parts(patterns, features, |part| {
            let phases = dots(part, self.frequencies());
            let work = (phases.len() * SINE) as f64;
            let tasks = threads::map(features.div_ceil(TASK), work, |task| {
                let own = task * TASK..features.min((task + 1) * TASK);
                let mut pairs = vec![(0.0, 0.0); own.len()];
                for (row, phases) in phases.slice(s![.., own]).outer_iter().enumerate() {
                    let weight = weight(done + row);
                    for ((c, s), phase) in pairs.iter_mut().zip(phases) {
                        let (sine, cosine) = phase.to_f64().sin_cos();
                        *c += rounded(weight * cosine);
                        *s += rounded(weight * sine);
                    }
                }
                pairs
            });
            for (j, (c, s)) in tasks.into_iter().flatten().enumerate() {
                sums.cosines[j] += c;
                sums.sines[j] += s;
            }
            for (row, pattern) in part.outer_iter().enumerate() {
                let weight = weight(done + row);
                sums.weight += weight;
                for (sum, y) in sums.first.iter_mut().zip(pattern) {
                    *sum += weight * y.to_f64();
                    sums.second += weight * y.to_f64().powi(2);
                }
            }
            done += part.nrows();
            Ok(())
        })?;
        sums.patterns = if sign > 0.0 { sums.patterns + done } else { sums.patterns - done };
        if weights.is_none() && self.sums.weight == self.sums.patterns as f64 {
            // Whole numbers, without the rounding of a long sum.
            sums.weight = sums.patterns as f64;
        }
        Ok(sums)
    }

    /// What a function makes of each row of phases.
    fn each<T: Send>(&self, phases: &Array2<F>, of: impl Fn(ArrayView1<F>) -> T + Sync) -> Vec<T> {
        threads::map(phases.nrows(), (phases.len() * SINE) as f64, |row| of(phases.row(row)))
    }

    /// K̂ from the phases ω_j·x of a state.
    fn sum(&self, phases: ArrayView1<F>) -> f64 {
        let terms = phases.iter().zip(self.sums.cosines.iter().zip(&self.sums.sines));
        let sum: f64 = terms
            .map(|(phase, (c, s))| {
                let (sine, cosine) = phase.to_f64().sin_cos();
                c * cosine + s * sine
            })
            .sum();
        self.sums.factor() * sum / self.sums.features() as f64
    }

    /// K̂ as [`sum`](Self::sum) has it, and the factors of the frequencies in ∇K̂.
    fn slopes(&self, phases: ArrayView1<F>) -> (f64, Vec<f64>) {
        let scale = self.sums.factor() / self.sums.features() as f64;
        let terms = phases.iter().zip(self.sums.cosines.iter().zip(&self.sums.sines));
        let mut sum = 0.0;
        let slopes = terms.map(|(phase, (c, s))| {
            let (sine, cosine) = phase.to_f64().sin_cos();
            sum += c * cosine + s * sine;
            scale * (s * cosine - c * sine)
        });
        let slopes = slopes.collect();
        (self.sums.factor() * sum / self.sums.features() as f64, slopes)
    }
}

/// Operations of a sine and a cosine.
const SINE: usize = 40;

/// The frequencies ω_j ~ N(0, βI), M × D. Feature j has a stream of its own, so fewer features are the first of more.
fn frequencies<F: Real>(features: usize, beta: f64, seed: u64, dim: usize) -> Result<Array2<F>> {
    /// The most numbers that are drawn: 4 GiB of `f32`.
    const MOST: usize = 1 << 30;
    if features.saturating_mul(dim.max(1)) > MOST {
        let expected = format!("at most {} for patterns of {dim} units", MOST / dim);
        return Err(Error::parameter("features", expected, features));
    }
    let scale = beta.sqrt();
    let rows = threads::map(features, (features * dim * 10) as f64, |j| {
        let mut stream = Stream::new(seed, Purpose::Frequencies, j as u64);
        (0..dim).map(|_| F::from_f64(scale * stream.normal())).collect::<Vec<F>>()
    });
    Ok(Array2::from_shape_vec((features, dim), rows.concat()).expect("D numbers a feature"))
}

impl<F: Real> Energy<F> for RandomFeatures<F> {
    fn dim(&self) -> usize {
        self.sums.dim()
    }

    /// +∞ where K̂ ≤ 0.
    fn energy(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Vec<f64>> {
        let beta = self.sums.beta;
        let energy = |sum: f64| if sum > 0.0 { -sum.ln() / beta } else { f64::INFINITY };
        Ok(self.kernel_sums(states)?.into_iter().map(energy).collect())
    }
}

impl<F: Real> Gradient<F> for RandomFeatures<F> {
    /// −β⁻¹ ∇K̂/K̂.
    ///
    /// # Errors
    /// States of the wrong width or not finite; a state with K̂ ≤ 0.
    fn gradient(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Array2<F>> {
        self.check_states(states)?;
        let (features, beta) = (self.sums.features(), self.sums.beta);
        let mut done = 0;
        let parts = in_parts(states, features, |part| {
            let phases = dots(part, self.frequencies());
            let reads = self.each(&phases, |phases| self.slopes(phases));
            if let Some(row) = reads.iter().position(|(sum, _)| *sum <= 0.0) {
                let reason = format!("{NOT_POSITIVE} (row {} of the states)", done + row).into();
                return Err(Error::Undefined { model: "random-features", what: "gradient", reason });
            }
            done += part.nrows();
            let slopes: Vec<f64> = reads.iter().flat_map(|(_, slopes)| slopes.iter().copied()).collect();
            let slopes = Array2::from_shape_vec((part.nrows(), features), slopes).expect("M slopes a state");
            let mut all = weighted_sums(slopes.view(), self.frequencies());
            for (mut row, (sum, _)) in all.outer_iter_mut().zip(&reads) {
                row.mapv_inplace(|slope| -slope / (beta * sum));
            }
            Ok(all.mapv(F::from_f64))
        })?;
        Ok(stacked(&parts, self.sums.dim()))
    }
}

/// Why a state has no energy.
pub(crate) const NOT_POSITIVE: &str = "the estimate of the kernel sum is not positive there; more features or a smaller beta make it more exact";
