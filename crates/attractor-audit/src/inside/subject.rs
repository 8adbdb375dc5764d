//! The model that is looked at: a memory with a denoiser, in either number type.

use attractor::diffusion::Sampling;
use attractor::energies::{Denoise, NoiseShape, local_dimensions};
use attractor::memories::{Level, Memory, Request};
use attractor::message::Message;
use attractor::{Preparation, Real, Result as CoreResult};
use attractor_report::{Error, Result};
use ndarray::{Array2, ArrayView2};
use std::ops::Range;

/// The most numbers of a batch of states.
const NUMBERS: usize = 1 << 21;

/// States that are denoised together.
pub(super) fn batch(dim: usize) -> usize {
    (NUMBERS / dim.max(1)).clamp(1, 2048)
}

/// A model that is looked at from inside. Its states are rows in the preparation of the memory.
pub struct Subject<'a>(Box<dyn Inner + 'a>);

impl<'a> Subject<'a> {
    /// A memory that recalls through noise levels: a trained network, a function, a fitted density or stored patterns.
    ///
    /// # Errors
    /// A memory without a denoiser, with thresholded patterns, or with a potential, whose noise differs from unit to unit.
    pub fn new<F: Real>(memory: &'a dyn Memory<F>) -> Result<Self> {
        let refused = |found: String, cure: &'static str| {
            Error::mended("model", "a model with a denoiser D(x, sigma)", found, Message::from(cure))
        };
        let (Some(denoiser), Some(sampling)) = (memory.denoiser(), memory.sampling()) else {
            return Err(refused(
                format!("a memory of the model {}, which has no noise levels", memory.name()),
                "give a trained network, a density or a diffusion memory",
            ));
        };
        if !matches!(denoiser.noise(), NoiseShape::Equal) || !denoiser.is_estimate() {
            return Err(refused(
                "one under a potential, whose noise differs from unit to unit".into(),
                "give one with equal noise in all units",
            ));
        }
        if matches!(memory.preparation(), Preparation::Spins { .. }) {
            return Err(refused(
                "one of thresholded patterns".into(),
                "give one whose patterns are numbers as they are",
            ));
        }
        Ok(Subject(Box::new(Of { memory, denoiser, sampling })))
    }

    /// The name of its model.
    pub fn name(&self) -> &'static str {
        self.0.name()
    }

    /// The units of a row.
    pub fn dim(&self) -> usize {
        self.0.dim()
    }

    /// The map between rows and states.
    pub fn preparation(&self) -> &Preparation {
        self.0.preparation()
    }

    /// Rows that it generates: recalls from noise. A row depends on the seed and its number alone.
    ///
    /// # Errors
    /// Errors of the denoiser.
    pub fn generate(&self, rows: Range<usize>, seed: u64) -> Result<Array2<f64>> {
        let mut all = Array2::zeros((rows.len(), self.dim()));
        let batch = batch(self.dim());
        for (n, mut part) in all.axis_chunks_iter_mut(ndarray::Axis(0), batch).enumerate() {
            let from = rows.start + n * batch;
            let made = self.0.generate(from..from + part.nrows(), seed)?;
            part.assign(&made);
        }
        Ok(all)
    }

    /// The noise that rows are made from, as states, and its level; none if the model does not know it.
    pub(super) fn start(&self, rows: Range<usize>, seed: u64) -> Result<Option<(Array2<f64>, f64)>> {
        let found = match self.0.start(rows, seed) {
            Err(attractor::Error::Undefined { .. }) => return Ok(None),
            found => found?,
        };
        let (cues, level) = found;
        let Level::Sigma(sigma) = level else { return Ok(None) };
        let preparation = self.preparation();
        Ok(Some((preparation.forward(cues), sigma * preparation.scale())))
    }

    /// How it recalls.
    pub(super) fn sampling(&self) -> &Sampling {
        self.0.sampling()
    }

    /// D(z;σ) of some states.
    pub(super) fn denoise(&self, states: ArrayView2<f64>, sigma: f64) -> Result<Array2<f64>> {
        Ok(self.0.denoise(states, sigma)?)
    }

    /// The local dimension in closed form; `None` if the model has no density.
    pub(super) fn dimensions(&self, states: ArrayView2<f64>, sigma: f64) -> Result<Option<Vec<f64>>> {
        let found = match self.0.dimensions(states, sigma) {
            Err(attractor::Error::Undefined { .. }) => return Ok(None),
            found => found?,
        };
        Ok(found.into_iter().collect())
    }

    /// Recalls states with noise of this level, and gives rows. `first` is the number of the first, for random numbers.
    pub(super) fn recall(
        &self,
        states: ArrayView2<f64>,
        sigma: f64,
        seed: u64,
        first: u64,
    ) -> Result<Array2<f64>> {
        Ok(self.0.recall(self.preparation().backward(states.to_owned()), sigma, seed, first)?)
    }
}

/// A memory, whose number type does not show.
trait Inner: Send + Sync {
    fn name(&self) -> &'static str;
    fn dim(&self) -> usize;
    fn preparation(&self) -> &Preparation;
    fn denoise(&self, states: ArrayView2<f64>, sigma: f64) -> CoreResult<Array2<f64>>;
    fn dimensions(&self, states: ArrayView2<f64>, sigma: f64) -> CoreResult<Vec<Option<f64>>>;
    fn recall(&self, cues: Array2<f64>, sigma: f64, seed: u64, first: u64) -> CoreResult<Array2<f64>>;
    fn generate(&self, rows: Range<usize>, seed: u64) -> CoreResult<Array2<f64>>;
    fn start(&self, rows: Range<usize>, seed: u64) -> CoreResult<(Array2<f64>, Level)>;
    fn sampling(&self) -> &Sampling;
}

struct Of<'a, F> {
    memory: &'a dyn Memory<F>,
    denoiser: &'a dyn Denoise<F>,
    sampling: &'a Sampling,
}

fn narrow<F: Real>(states: ArrayView2<f64>) -> Array2<F> {
    states.mapv(F::from_f64)
}

fn wide<F: Real>(states: Array2<F>) -> Array2<f64> {
    states.mapv(F::to_f64)
}

impl<F: Real> Inner for Of<'_, F> {
    fn name(&self) -> &'static str {
        self.memory.name()
    }

    fn dim(&self) -> usize {
        self.memory.dim()
    }

    fn preparation(&self) -> &Preparation {
        self.memory.preparation()
    }

    fn denoise(&self, states: ArrayView2<f64>, sigma: f64) -> CoreResult<Array2<f64>> {
        Ok(wide(self.denoiser.denoise(narrow::<F>(states).view(), &vec![sigma; states.nrows()])?))
    }

    fn dimensions(&self, states: ArrayView2<f64>, sigma: f64) -> CoreResult<Vec<Option<f64>>> {
        local_dimensions(self.denoiser, narrow::<F>(states).view(), &vec![sigma; states.nrows()])
    }

    fn recall(&self, cues: Array2<f64>, sigma: f64, seed: u64, first: u64) -> CoreResult<Array2<f64>> {
        let cues = narrow::<F>(cues.view());
        // In the units of the cues.
        let level = Level::Sigma(sigma / self.preparation().scale());
        let request = Request { level, seed, first_row: first, report: false, ..Request::new(cues.view()) };
        Ok(wide(self.memory.recall(&request)?.states))
    }

    fn generate(&self, rows: Range<usize>, seed: u64) -> CoreResult<Array2<f64>> {
        let ids: Vec<u64> = rows.map(|row| row as u64).collect();
        let (cues, level) = self.memory.prior_samples(&ids, seed)?;
        let request = Request { level, seed, first_row: ids[0], report: false, ..Request::new(cues.view()) };
        Ok(wide(self.memory.recall(&request)?.states))
    }

    fn start(&self, rows: Range<usize>, seed: u64) -> CoreResult<(Array2<f64>, Level)> {
        let ids: Vec<u64> = rows.map(|row| row as u64).collect();
        let (cues, level) = self.memory.prior_samples(&ids, seed)?;
        Ok((wide(cues), level))
    }

    fn sampling(&self) -> &Sampling {
        self.sampling
    }
}
