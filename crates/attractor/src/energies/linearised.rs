//! Memories under any potential, with the kernel that is linearised about each pattern.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::{Denoise, Energy, Gradient};
use crate::error::{Error, Result, check_rows, check_width};
use crate::kernels::{Posterior, Read};
use crate::linear::Eigen;
use crate::noise::Stream;
use crate::patterns::{Patterns, Preparation, check_states};
use crate::potentials::{
    Amplitude, Curvature, Potential, Quadratic, UnitNoise, check_conservative, gradient_at, hessian_at,
};
use crate::real::Real;
use crate::threads;

/// The number of patterns at which the functions of a potential are checked against each other.
const CHECKED: usize = 3;

/// Stored patterns under dx = −∇V(x) dτ + σ(τ) dW with any potential V, by the kernel of Eq. 19: the drift is
/// linearised about each pattern, with g_n = ∇V(y_n) and H_n = ∇²V(y_n).
///
/// ```text
/// x | n ~ N(μ_n, Σ_n),   μ_n = y_n − φ(−H_n) g_n,   φ(A) = ∫₀^τ e^{As} ds,   Σ_n = ∫₀^τ e^{−2H_n(τ−u)} σ(u)² du
/// u(x, τ) = −σ² ln Σ_n π_n N(x; μ_n, Σ_n) − V(x)          (Eq. 18 with v = −V)
/// ```
///
/// **Where it holds.** The kernel is exact for a quadratic V. For any other it is exact in the limit of short times, at
/// distances |x − y_n| = O(√τ), where the noise carries states. At a fixed distance the logarithm of the kernel keeps an
/// error of −(V(x) − V₂(x))/σ² of order 1, where V₂ is V to second order about the pattern; relative to the logarithm,
/// which grows as 1/τ, it is O(τ). So recall should start at a time short against the times of V, such as 1/|H|.
///
/// The level of a state is σ = (∫₀^τ σ(u)² du)^½, the noise without a force, and states are those of the process itself.
/// The landscape at a level is E_σ = (σ²/σ(τ)²)·u, so that it goes to that of variance exploding noise as τ → 0. The
/// posterior mean of a read is x + σ² ∇ln p. Cost: 5 N D operations for each state if the Hessians are diagonal, else
/// 2 N D²; N D or N D² numbers.
///
/// ```
/// use attractor::energies::{Denoise, Linearised};
/// use attractor::potentials::{Amplitude, DoubleWell};
/// use attractor::Patterns;
/// use ndarray::array;
/// use std::sync::Arc;
/// let patterns = Patterns::new(array![[1.0_f64, 1.0], [1.0, -1.0]])?;
/// let wells = Arc::new(DoubleWell::new(1.0, 1.0)?.over(2));
/// let memory = Linearised::new(patterns, wells, Amplitude::constant(1.0)?)?;
/// let mean = memory.denoise(array![[0.9, 0.7]].view(), &[0.3])?;
/// assert!((mean[[0, 1]] - 1.0).abs() < 0.1);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Linearised<F> {
    patterns: Patterns<F>,
    log_weights: Vec<f64>,
    locals: Arc<Vec<Local>>,
    potential: Arc<dyn Potential>,
    /// The noise without a force, which relates levels to times.
    clock: UnitNoise,
}

/// The potential about one pattern, along the eigenvectors of its Hessian.
#[derive(Debug)]
struct Local {
    pattern: Array1<f64>,
    gradient: Array1<f64>,
    rates: Vec<f64>,
    /// The eigenvectors, one a row. Without them the Hessian is diagonal.
    directions: Option<Array2<f64>>,
}

impl Local {
    fn new(potential: &dyn Potential, pattern: &[f64]) -> Result<Self> {
        let gradient = Array1::from(gradient_at(potential, pattern)?);
        let pattern = Array1::from(pattern.to_vec());
        Ok(match hessian_at(potential, pattern.as_slice().expect("a list"))? {
            Curvature::Diagonal(rates) => Local { pattern, gradient, rates, directions: None },
            Curvature::Full(hessian) => {
                let even = (&hessian + &hessian.t()) / 2.0;
                let Eigen { values, vectors } = Eigen::new(even.view())?;
                let (pattern, gradient) = (vectors.dot(&pattern), vectors.dot(&gradient));
                Local { pattern, gradient, rates: values, directions: Some(vectors) }
            }
        })
    }

    /// The coordinates along the eigenvectors.
    fn along(&self, x: ArrayView1<f64>) -> Array1<f64> {
        self.directions.as_ref().map_or_else(|| x.to_owned(), |directions| directions.dot(&x))
    }

    /// The kernel at one time.
    fn kernel(&self, amplitude: &Amplitude, time: f64) -> Result<Kernel> {
        let dim = self.pattern.len();
        let mut kernel = Kernel { mean: self.pattern.clone(), variances: vec![0.0; dim], volume: 0.0 };
        for (i, &h) in self.rates.iter().enumerate() {
            let reach = if h == 0.0 { time } else { -(-h * time).exp_m1() / h };
            kernel.mean[i] -= reach * self.gradient[i];
            let log = amplitude.log_integral(h, time)?.0 - 2.0 * h * time;
            kernel.variances[i] = log.exp();
            kernel.volume += log / 2.0;
        }
        Ok(kernel)
    }
}

/// The Gaussian kernel of one pattern at one time, along the eigenvectors.
struct Kernel {
    mean: Array1<f64>,
    variances: Vec<f64>,
    /// ½ ln det Σ
    volume: f64,
}

/// The read of one state.
struct Weighed {
    /// The logarithm of π_n times the kernel of each pattern, without −(D/2) ln 2πσ².
    logits: Vec<f64>,
    peak: f64,
    mass: f64,
    /// ∇ ln p
    score: Array1<f64>,
}

/// A potential in the coordinates a(x − origin).
#[derive(Debug)]
struct Moved {
    inner: Arc<dyn Potential>,
    origin: Vec<f64>,
    scale: f64,
}

impl Moved {
    fn raw(&self, x: &[f64]) -> Vec<f64> {
        x.iter().zip(&self.origin).map(|(x, o)| x / self.scale + o).collect()
    }
}

impl Potential for Moved {
    fn dim(&self) -> usize {
        self.inner.dim()
    }

    fn value(&self, x: &[f64]) -> Result<f64> {
        Ok(self.scale * self.scale * self.inner.value(&self.raw(x))?)
    }

    fn gradient(&self, x: &[f64]) -> Result<Vec<f64>> {
        let gradient = gradient_at(self.inner.as_ref(), &self.raw(x))?;
        Ok(gradient.into_iter().map(|g| self.scale * g).collect())
    }

    fn hessian(&self, x: &[f64]) -> Result<Curvature> {
        self.inner.hessian(&self.raw(x))
    }
}

impl<F: Real> Linearised<F> {
    /// The patterns under a potential with noise `amplitude`, both in raw units.
    ///
    /// # Errors
    /// A potential of another width; functions of a potential that do not fit together (see
    /// [`check_conservative`]); thresholded patterns, or patterns that are not in memory.
    pub fn new(patterns: Patterns<F>, potential: Arc<dyn Potential>, amplitude: Amplitude) -> Result<Self> {
        check_width("potential", potential.dim(), patterns.dim())?;
        let refuse = |reason: &str| Error::Undefined {
            model: "a memory under a potential",
            what: "kernel about its patterns",
            reason: reason.into(),
        };
        if patterns.are_slow() {
            return Err(refuse(
                "the potential is linearised about each of them; hold the patterns in memory",
            ));
        }
        let scale = patterns.preparation().scale();
        let potential: Arc<dyn Potential> = match patterns.preparation() {
            Preparation::Identity => potential,
            Preparation::Affine { mean, .. } => {
                Arc::new(Moved { inner: potential, origin: mean.clone(), scale })
            }
            Preparation::Standardized { .. } => {
                return Err(refuse("standardized units are not those of the potential; standardize before"));
            }
            Preparation::Spins { .. } => return Err(refuse("thresholded patterns have no place on it")),
        };
        let rows = patterns.values().mapv(F::to_f64);
        let mut locals = Vec::with_capacity(patterns.len());
        for (n, row) in rows.outer_iter().enumerate() {
            let row = row.to_vec();
            if n < CHECKED {
                check_conservative(potential.as_ref(), &row)?;
            }
            locals.push(Local::new(potential.as_ref(), &row)?);
        }
        let each = vec![-(patterns.len() as f64).ln(); patterns.len()];
        let log_weights = patterns.log_weights().map_or(each, <[f64]>::to_vec);
        let clock = UnitNoise::new(&Quadratic::diagonal(vec![0.0], vec![0.0])?, amplitude.scaled(scale));
        Ok(Linearised { patterns, log_weights, locals: Arc::new(locals), potential, clock })
    }

    /// The stored patterns.
    pub fn patterns(&self) -> &Patterns<F> {
        &self.patterns
    }

    /// The memory as samplers see it: with the drift of the potential. `stochastic` samplers follow the reverse SDE,
    /// others the flow.
    pub fn driven(&self, stochastic: bool) -> Driven<'_, F> {
        Driven { memory: self, share: if stochastic { 1.0 } else { 2.0 } }
    }

    /// The time of a level, at least that of the smallest level of the kernels.
    fn time(&self, sigma: f64) -> Result<f64> {
        self.clock.time(usable::<F>(sigma))
    }

    /// Reads states, each at its level.
    fn weigh(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Vec<Weighed>> {
        check_width("states", states.ncols(), self.patterns.dim())?;
        check_rows("noise levels", sigmas.len(), states.nrows())?;
        check_states("states", states, "give finite states")?;
        let mut kernels: HashMap<u64, Vec<Kernel>> = HashMap::new();
        for sigma in sigmas {
            crate::energies::beta(*sigma)?;
            if let Entry::Vacant(place) = kernels.entry(sigma.to_bits()) {
                let time = self.time(*sigma)?;
                let own = self.locals.iter().map(|local| local.kernel(self.clock.amplitude(), time));
                place.insert(own.collect::<Result<_>>()?);
            }
        }
        let work = (states.nrows() * self.locals.len() * self.patterns.dim() * 10) as f64;
        Ok(threads::map(states.nrows(), work, |row| {
            let x: Array1<f64> = states.row(row).iter().map(|x| x.to_f64()).collect();
            self.weigh_one(x.view(), usable::<F>(sigmas[row]), &kernels[&sigmas[row].to_bits()])
        }))
    }

    fn weigh_one(&self, x: ArrayView1<f64>, sigma: f64, kernels: &[Kernel]) -> Weighed {
        let dim = x.len() as f64;
        let along: Vec<Array1<f64>> = self.locals.iter().map(|local| local.along(x)).collect();
        let logit = |n: usize| {
            let kernel = &kernels[n];
            let squares = along[n].iter().zip(&kernel.mean).zip(&kernel.variances);
            let cost: f64 = squares.map(|((x, mu), v)| (x - mu).powi(2) / v).sum();
            self.log_weights[n] - cost / 2.0 - (kernel.volume - dim * sigma.ln())
        };
        let logits: Vec<f64> = (0..kernels.len()).map(logit).collect();
        let peak = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mass: f64 = logits.iter().map(|l| (l - peak).exp()).sum();
        let mut score = Array1::zeros(x.len());
        for (n, kernel) in kernels.iter().enumerate() {
            let weight = (logits[n] - peak).exp() / mass;
            if weight == 0.0 {
                continue;
            }
            let pull: Array1<f64> = along[n]
                .iter()
                .zip(&kernel.mean)
                .zip(&kernel.variances)
                .map(|((x, mu), v)| weight * (mu - x) / v)
                .collect();
            match &self.locals[n].directions {
                Some(directions) => score += &directions.t().dot(&pull),
                None => score += &pull,
            }
        }
        Weighed { logits, peak, mass, score }
    }

    /// ∇V of each state. It runs on the caller's thread, since it may be a caller's own function.
    fn forces(&self, states: ArrayView2<F>) -> Result<Vec<Vec<f64>>> {
        let force = |x: ArrayView1<F>| {
            let x: Vec<f64> = x.iter().map(|x| x.to_f64()).collect();
            gradient_at(self.potential.as_ref(), &x)
        };
        states.outer_iter().map(force).collect()
    }

    /// x + σ² ∇ln p + share·(σ²/σ(τ)²) ∇V of each state.
    fn targets(&self, states: ArrayView2<F>, sigmas: &[f64], share: f64) -> Result<Array2<F>> {
        let reads = self.weigh(states, sigmas)?;
        let forces = if share == 0.0 { Vec::new() } else { self.forces(states)? };
        let mut all = Array2::from_elem(states.dim(), F::ZERO);
        for (row, read) in reads.iter().enumerate() {
            let square = usable::<F>(sigmas[row]).powi(2);
            let own = self.clock.amplitude().at(self.time(sigmas[row])?)?.powi(2);
            for j in 0..states.ncols() {
                let force = if share == 0.0 { 0.0 } else { share * square / own * forces[row][j] };
                let x = states[[row, j]].to_f64();
                all[[row, j]] = F::from_f64(x + square * read.score[j] + force);
            }
        }
        Ok(all)
    }

    /// The posterior over patterns at each state and level, with the `top` most probable ones.
    ///
    /// # Errors
    /// States or levels of the wrong shape or not finite.
    pub fn posterior(&self, states: ArrayView2<F>, sigmas: &[f64], top: usize) -> Result<Vec<Posterior>> {
        let one = |read: Weighed| {
            let weights: Vec<f64> = read.logits.iter().map(|l| (l - read.peak).exp() / read.mass).collect();
            let mut best: Vec<(usize, f64)> = weights.iter().copied().enumerate().collect();
            best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            best.truncate(top.clamp(1, weights.len()));
            let entropy: f64 = weights.iter().filter(|w| **w > 0.0).map(|w| -w * w.ln()).sum();
            let squares: f64 = weights.iter().map(|w| w * w).sum();
            Posterior { top: best, entropy: entropy.max(0.0), participation: 1.0 / squares }
        };
        Ok(self.weigh(states, sigmas)?.into_iter().map(one).collect())
    }
}

/// A level at which kernels have numbers: 0 and ∞ become the smallest and largest one.
fn usable<F: Real>(sigma: f64) -> f64 {
    let most = F::LARGEST_BETA.sqrt().min(1e12);
    sigma.clamp(1.0 / most, most)
}

impl<F: Real> Denoise<F> for Linearised<F> {
    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    fn is_posterior_mean(&self) -> bool {
        false
    }

    fn read(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Read<F>> {
        let reads = self.weigh(states, sigmas)?;
        let mut all = Read::empty(states.nrows(), states.ncols());
        for (row, read) in reads.into_iter().enumerate() {
            let square = usable::<F>(sigmas[row]).powi(2);
            for j in 0..states.ncols() {
                all.mean[[row, j]] = F::from_f64(states[[row, j]].to_f64() + square * read.score[j]);
            }
            let weight = |n: usize| (read.logits[n] - read.peak).exp() / read.mass;
            let norm = |n: usize| self.locals[n].pattern.iter().map(|y| y * y).sum::<f64>();
            all.second[row] = (0..read.logits.len()).map(|n| weight(n) * norm(n)).sum();
            let best = |a: &usize, b: &usize| read.logits[*a].total_cmp(&read.logits[*b]).then(b.cmp(a));
            all.best[row] = (0..read.logits.len()).max_by(best).expect("a pattern");
            (all.peak[row], all.mass[row]) = (read.peak, read.mass);
        }
        Ok(all)
    }

    fn denoise(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        self.targets(states, sigmas, 0.0)
    }

    fn log_sum(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Vec<f64>> {
        Ok(self.weigh(states, sigmas)?.iter().map(|read| read.peak + read.mass.ln()).collect())
    }
}

impl<F: Real> Energy<F> for Linearised<F> {
    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    fn energy(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Vec<f64>> {
        let sums = self.log_sum(states, level)?;
        let one = |(row, sum): (usize, &f64)| -> Result<f64> {
            let x: Vec<f64> = states.row(row).iter().map(|x| x.to_f64()).collect();
            let own = self.clock.amplitude().at(self.time(level[row])?)?.powi(2);
            Ok(-usable::<F>(level[row]).powi(2) * (sum + self.potential.value(&x)? / own))
        };
        sums.iter().enumerate().map(one).collect()
    }
}

impl<F: Real> Gradient<F> for Linearised<F> {
    fn gradient(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Array2<F>> {
        let targets = self.targets(states, level, 1.0)?;
        Ok(ndarray::Zip::from(states).and(&targets).map_collect(|&x, &d| x - d))
    }
}

/// A [`Linearised`] memory with the drift of its potential, for samplers.
///
/// In terms of the level σ = (∫σ(u)² du)^½, the flow dx/dτ = −∇V − ½σ(τ)² ∇ln p and the reverse SDE are those of
/// variance exploding noise with
///
/// ```text
/// D = x + σ² ∇ln p + k (σ²/σ(τ)²) ∇V,      k = 2 for the flow, 1 for the SDE
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Driven<'a, F> {
    memory: &'a Linearised<F>,
    share: f64,
}

impl<F: Real> Denoise<F> for Driven<'_, F> {
    fn dim(&self) -> usize {
        self.memory.patterns.dim()
    }

    fn is_posterior_mean(&self) -> bool {
        false
    }

    fn denoise(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        self.memory.targets(states, sigmas, self.share)
    }

    fn draw(&self, _z: &[f64], _sigma: f64, _stream: &mut Stream) -> Result<Vec<f64>> {
        Err(Error::Undefined {
            model: "a memory under a potential that is not quadratic",
            what: "exact samples",
            reason: "its paths are no Brownian bridges; use another sampler than bridge".into(),
        })
    }
}
