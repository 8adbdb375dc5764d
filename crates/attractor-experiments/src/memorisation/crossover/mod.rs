//! The crossover of Buchanan et al. (2025): at which size does it pay a model to remember?
//!
//! A model with room for M points can know the K Gaussians of the data, or remember M of its N training rows. At noise time t, with
//! α_t = √(1 − t²), σ_t = t and ψ_t = α_t²/σ_t², the excess of their losses over that of a model that remembers all rows is
//!
//! > L_t(data) − L_t(rows) = Θ(d/(ψ_t + 1)), L_t(M rows) − L_t(rows) = Θ((1 − M/N) d)
//!
//! (variance 1 about each mean), where the constant of the second lies between 1 and 2. For a weighting λ(t) they are equal at
//!
//! > `M* ≈ N {1 − E[λ/(ψ_t + 1)]/(C E[λ])}`.
//!
//! The claim is that models of M points trained by gradient descent remember above M* and generalise below.

mod gmm;
mod training;

use attractor::noise::{Purpose, Stream};
use attractor::threads;
use attractor_report::Result;
use ndarray::{Array2, ArrayView2};

pub use gmm::{Gaussians, Slope, partial, truth};
pub use training::Trained;

/// Settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Laboratory {
    /// Dimension d.
    pub dim: usize,
    /// Gaussians K.
    pub components: usize,
    /// Training rows N.
    pub rows: usize,
    /// Sizes M of models, rising to N.
    pub models: Vec<usize>,
    /// Noises for each row and time, for losses.
    pub draws: usize,
    /// Steps of training.
    pub steps: u64,
    /// States in a batch.
    pub batch: usize,
    /// Generated rows of each trained model.
    pub generated: usize,
}

/// The noise times: so many, evenly spaced.
const TIMES: usize = 26;
const ENDS: (f64, f64) = (0.001, 0.999);

/// The noise times, rising.
pub fn times() -> impl Iterator<Item = f64> {
    (0..TIMES).map(|k| ENDS.0 + (ENDS.1 - ENDS.0) * k as f64 / (TIMES - 1) as f64)
}

/// The level of a time: σ_t/α_t, in units of the data.
pub fn level(time: f64) -> f64 {
    time / (1.0 - time * time).sqrt()
}

/// The losses E ‖D − x‖² at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Losses {
    /// The time t.
    pub time: f64,
    /// Of the denoiser that remembers all rows.
    pub memory: f64,
    /// Of the best denoiser of the data.
    pub truth: f64,
    /// Of those that remember M rows, for each M.
    pub partial: Vec<f64>,
}

impl Losses {
    /// ψ_t, the ratio of signal to noise.
    pub fn ratio(&self) -> f64 {
        1.0 / level(self.time).powi(2)
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossover {
    /// The losses at each time.
    pub losses: Vec<Losses>,
    /// The models that were trained, for each M.
    pub trained: Vec<Trained>,
}

/// A weighting of the times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weighting {
    /// λ = 1: the squared error of the denoised row, which models are trained with here.
    Row,
    /// λ = ψ_t: the squared error of the noise, which models are trained with in the paper.
    Noise,
}

impl Weighting {
    fn of(self, losses: &Losses) -> f64 {
        match self {
            Weighting::Row => 1.0,
            Weighting::Noise => losses.ratio(),
        }
    }
}

impl Laboratory {
    /// The data, and the training rows.
    pub fn data(&self, seed: u64) -> (Gaussians, Array2<f64>) {
        let truth = truth(self.dim, self.components, seed);
        let rows = truth.samples(self.rows, &mut Stream::new(seed, Purpose::Patterns, 0));
        (truth, rows)
    }

    /// Measures losses, and trains a model of each size. `tell` is called after each part, of [`parts`](Self::parts).
    ///
    /// # Errors
    /// What `tell` returns.
    pub fn run(&self, seed: u64, tell: &mut dyn FnMut() -> Result<()>) -> Result<Crossover> {
        let (truth, rows) = self.data(seed);
        let times: Vec<f64> = times().collect();
        let losses = threads::parallel(times.len(), |k| self.losses(&truth, rows.view(), times[k], seed));
        tell()?;
        let mut trained = Vec::new();
        for together in self.models.chunks(threads::count()) {
            let one = |k: usize| training::train(self, rows.view(), together[k], seed);
            trained.extend(threads::parallel(together.len(), one));
            tell()?;
        }
        Ok(Crossover { losses, trained })
    }

    /// How often [`run`](Self::run) calls `tell`.
    pub fn parts(&self) -> usize {
        1 + self.models.len().div_ceil(threads::count())
    }

    fn losses(&self, truth: &Gaussians, rows: ArrayView2<f64>, time: f64, seed: u64) -> Losses {
        let sigma = level(time);
        let all: Vec<Gaussians> = self.models.iter().map(|count| partial(rows, *count)).collect();
        let memory = partial(rows, rows.nrows());
        let mut found = Losses { time, memory: 0.0, truth: 0.0, partial: vec![0.0; all.len()] };
        let count = (rows.nrows() * self.draws) as f64;
        for (number, row) in rows.outer_iter().enumerate() {
            // The same noise at every time, so that curves are smooth.
            let mut stream = Stream::new(seed, Purpose::Corruption, number as u64);
            for _ in 0..self.draws {
                let state = row.mapv(|x| x + sigma * stream.normal());
                let loss = |of: &Gaussians| {
                    let miss = of.denoised(state.view(), sigma) - row;
                    miss.dot(&miss) / count
                };
                found.memory += loss(&memory);
                found.truth += loss(truth);
                found.partial.iter_mut().zip(&all).for_each(|(sum, of)| *sum += loss(of));
            }
        }
        found
    }

    /// M* of the measured losses, linear between models; `None` if no model of these sizes loses and wins.
    pub fn crossing(&self, losses: &[Losses], weighting: Weighting) -> Option<f64> {
        let gap = |k: usize| losses.iter().map(|l| weighting.of(l) * (l.partial[k] - l.truth)).sum::<f64>();
        let at = (0..self.models.len()).find(|&k| gap(k) <= 0.0)?;
        let before = at.checked_sub(1)?;
        let (from, to) = (self.models[before] as f64, self.models[at] as f64);
        Some(from + (to - from) * gap(before) / (gap(before) - gap(at)))
    }

    /// M* of the theory, for a constant C.
    pub fn expected(&self, losses: &[Losses], weighting: Weighting, constant: f64) -> f64 {
        let all: f64 = losses.iter().map(|l| weighting.of(l)).sum();
        let excess: f64 = losses.iter().map(|l| weighting.of(l) / (l.ratio() + 1.0)).sum();
        self.rows as f64 * (1.0 - excess / (constant * all))
    }

    /// The size at which half of what trained models generate is remembered, linear between models.
    pub fn transition(&self, trained: &[Trained]) -> Option<f64> {
        let at = (0..trained.len()).rfind(|&k| trained[k].f_mem < 0.5)?;
        let (from, to) = (trained.get(at)?, trained.get(at + 1)?);
        let share = (0.5 - from.f_mem) / (to.f_mem - from.f_mem);
        Some(from.count as f64 + share * (to.count as f64 - from.count as f64))
    }
}

#[cfg(test)]
mod tests;
