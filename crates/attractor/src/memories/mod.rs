//! What a user holds: stored patterns (or couplings) with a way to recall from them.
//!
//! Every memory takes a [`Request`] and gives a [`Recall`]: the same request, the same report, whatever
//! the model. A model is one file here, one line in [`MODELS`] and one in the tests' zoo.

mod bidirectional;
mod denoiser;
mod dense;
mod diffusion;
mod extended;
mod hopfield;
mod matching;
mod modern;
mod network;
mod report;
mod request;
mod sparse_distributed;
mod spec;
mod universal;

pub use crate::options::Options;
pub use bidirectional::{Bidirectional, Pairing, ThereAndBack};
pub use denoiser::{Denoiser, Function};
pub use dense::Dense;
pub use diffusion::Diffusion;
pub use extended::mixture as extended;
pub use hopfield::{Hopfield, HopfieldOptions, Learning, Update};
pub use matching::Calibration;
pub use modern::Modern;
pub use network::learned;
pub use report::{Ending, Found, Recall, Regime, Row};
pub use request::{Level, Request};
pub use sparse_distributed::{Radius, Reading, SparseDistributed, SparseOptions};
pub use spec::{
    Card, DEFAULT, DESCRIBED, Learned, MODELS, Model, Spec, TRAINED, Weights, model, models_that, models_with,
};
pub use universal::{Output, PRESETS, Preset, Scheme, Universal};

use ndarray::{Array2, ArrayView2};

use crate::diffusion::Sampling;
use crate::energies::{Denoise, Energy, Gradient};
use crate::error::{Error, Result};
use crate::kernels::Posterior;
use crate::message;
use crate::message::{Argument, Message};
use crate::noise::{Purpose, streams};
use crate::observe::{Nobody, Observer};
use crate::patterns::{Patterns, Preparation};
use crate::real::Real;
use crate::recall::{Grid, Stop};
pub use crate::separations::Beta;

/// An associative memory.
pub trait Memory<F: Real>: Send + Sync {
    /// The model's name, as in [`MODELS`].
    fn name(&self) -> &'static str;

    /// Units a state, D.
    fn dim(&self) -> usize;

    /// The stored patterns; a memory given as couplings or a network has none.
    fn patterns(&self) -> Option<&Patterns<F>>;

    /// How many memories its reports tell apart; a memory given as couplings or a network cannot tell.
    fn memories(&self) -> Option<usize> {
        self.patterns().map(|patterns| patterns.len())
    }

    /// Prior weights of its memories, which sum to 1.
    fn weights(&self) -> Option<Vec<f64>> {
        None
    }

    /// What one of its memories is called.
    fn label(&self, memory: usize) -> Option<&str> {
        self.patterns().and_then(|p| p.label(memory))
    }

    /// Its landscape, over prepared states.
    ///
    /// # Errors
    /// A memory whose recall lowers no energy, with the reason.
    fn landscape(&self) -> Result<&dyn Energy<F>>;

    /// The slope of its landscape, over prepared states, where that has one.
    fn slope(&self) -> Option<&dyn Gradient<F>> {
        None
    }

    /// Its denoiser, over prepared states, if it is a diffusion memory.
    fn denoiser(&self) -> Option<&dyn Denoise<F>> {
        None
    }

    /// How a state is taken down the noise levels, if it is a diffusion memory.
    fn sampling(&self) -> Option<&Sampling> {
        None
    }

    /// The posterior over memories of prepared states, with the best `top`: at the (prepared) noise level of
    /// each, or at the memory's own temperature. `None` for a memory that has none.
    ///
    /// # Errors
    /// States or levels of the wrong shape or not finite.
    fn posterior(&self, states: ArrayView2<F>, levels: &[f64], top: usize) -> Result<Option<Vec<Posterior>>> {
        let _ = (states, levels, top);
        Ok(None)
    }

    /// The memory nearest to each prepared state.
    ///
    /// # Errors
    /// States of the wrong width or not finite.
    fn nearest(&self, states: ArrayView2<F>) -> Result<Vec<Found>> {
        crate::error::check_width("states", states.ncols(), self.dim())?;
        crate::patterns::check_states("states", states, "give finite states")?;
        Ok(report::matches(self.patterns(), states))
    }

    /// How raw cues become states and back.
    fn preparation(&self) -> &Preparation {
        self.patterns().map_or(&Preparation::Identity, |p| p.preparation())
    }

    /// The scale of a prepared unit: see [`Patterns::spread`].
    fn spread(&self) -> Option<f64> {
        self.patterns().map(|patterns| patterns.spread())
    }

    /// Raw cues that ask for nothing, and the level to recall them at: what free recall starts from. Row i
    /// depends on the seed and row id i alone.
    ///
    /// # Errors
    /// Whatever a memory of another kind refuses.
    fn imagine(&self, rows: &[u64], seed: u64) -> Result<(Array2<F>, Level)>;

    /// Legal but surprising properties, one sentence each, for a user to be told.
    fn notes(&self) -> Vec<Message> {
        Vec::new()
    }

    /// Its inverse temperature β, if it has one.
    fn inverse_temperature(&self) -> Option<f64> {
        None
    }

    /// What it has learned besides holding its patterns, for a file to keep.
    fn learned(&self) -> Option<Learned> {
        None
    }

    /// The model's part of a recall; users call [`recall`](Self::recall).
    ///
    /// # Errors
    /// As [`recall_observed`](Self::recall_observed).
    fn run(&self, request: &Request<F>, observer: &mut dyn Observer<F>) -> Result<Recall<F>>;

    /// Recalls, showing each step to the observer.
    ///
    /// # Errors
    /// Cues of the wrong shape or not finite, options outside their range, the observer's stop.
    fn recall_observed(&self, request: &Request<F>, observer: &mut dyn Observer<F>) -> Result<Recall<F>> {
        let judge = request.calibration.zip(self.patterns());
        match &judge {
            Some((calibration, _)) => calibration.check(request)?,
            None if request.reject.is_some() => {
                let expected = "a calibration with it, and a memory that has patterns";
                return Err(Error::parameter("reject", expected, "one of them missing"));
            }
            None => {}
        }
        let mut recall = self.run(request, observer)?;
        self.patterns().map_or(Ok(()), Patterns::check_source)?;
        if let Some((calibration, patterns)) = judge {
            calibration.judge(patterns, request, &mut recall)?;
        }
        Ok(recall)
    }

    /// Recalls a batch of cues.
    ///
    /// # Errors
    /// Cues of the wrong shape or not finite, options outside their range.
    fn recall(&self, request: &Request<F>) -> Result<Recall<F>> {
        self.recall_observed(request, &mut Nobody)
    }

    /// The energy of raw states; `sigmas` are their noise levels, for memories with one landscape a level. It is in
    /// the raw states' own units for those, and of the prepared states for the others.
    ///
    /// # Errors
    /// States of the wrong shape or not finite; no level where one is needed; a memory without an energy.
    fn energies(&self, states: ArrayView2<F>, sigmas: Option<&[f64]>) -> Result<Vec<f64>> {
        let landscape = self.landscape()?;
        let (states, levels, area) = place(self, states, sigmas)?;
        let energies = landscape.energy(states.view(), &levels)?;
        Ok(energies.iter().map(|e| e / area).collect())
    }

    /// The slope of [`energies`](Self::energies), B × D.
    ///
    /// # Errors
    /// As [`energies`](Self::energies); a landscape without a slope, or over thresholded states.
    fn gradients(&self, states: ArrayView2<F>, sigmas: Option<&[f64]>) -> Result<Array2<F>> {
        let refuse =
            |reason: &str| Error::Undefined { model: self.name(), what: "gradient", reason: reason.into() };
        self.landscape()?;
        let slope = self
            .slope()
            .ok_or_else(|| refuse("no slope of its energy is known; differences of energies are one"))?;
        if matches!(self.preparation(), Preparation::Spins { .. }) {
            return Err(refuse(
                "raw states are thresholded, so its energy has steps; give patterns of ±1 as they are",
            ));
        }
        let (states, levels, area) = place(self, states, sigmas)?;
        let factor = self.preparation().scale() / area;
        Ok(slope.gradient(states.view(), &levels)?.mapv_into(|g| F::of(g.wide() * factor)))
    }
}

/// Raw states where a landscape has them: prepared, at prepared levels, with the factor by which its energies are
/// larger than in the states' own units (1 for memories with one landscape, whose energies stay as they are).
fn place<F: Real, M: Memory<F> + ?Sized>(
    memory: &M,
    states: ArrayView2<F>,
    sigmas: Option<&[f64]>,
) -> Result<(Array2<F>, Vec<f64>, f64)> {
    crate::error::check_width("states", states.ncols(), memory.dim())?;
    crate::patterns::check_states("states", states, "give finite states")?;
    let preparation = memory.preparation();
    let prepared = preparation.forward(states.to_owned());
    if memory.denoiser().is_none() {
        let levels = vec![0.0; prepared.nrows()];
        return Ok((prepared, levels, 1.0));
    }
    let Some(sigmas) = sigmas else {
        return Err(Error::Undefined {
            model: memory.name(),
            what: "single energy",
            reason: message![
                "it has one landscape for each noise level; give the level (",
                Argument::StateLevels,
                ")"
            ],
        });
    };
    crate::error::check_rows("noise levels", sigmas.len(), prepared.nrows())?;
    let scale = preparation.scale();
    Ok((prepared, sigmas.iter().map(|s| s * scale).collect(), scale * scale))
}

/// How many updates, and when a row is at rest, for memories with one landscape.
///
/// `updates` alone: exactly so many. `tolerance` alone: until settled. Both: whichever comes first.
/// Neither: until settled to `default_tolerance`.
fn updates(updates: Option<usize>, tolerance: Option<f64>, default_tolerance: f64) -> Result<(Grid, Stop)> {
    /// A recall that has not settled by then is reported as still moving.
    const ENOUGH: usize = 10_000;
    if let Some(t) = tolerance.filter(|t| !(t.is_finite() && *t >= 0.0)) {
        return Err(Error::parameter("tolerance", "a finite number ≥ 0", t));
    }
    let early = updates.is_none() || tolerance.is_some();
    Ok((
        Grid::Updates(updates.unwrap_or(ENOUGH)),
        Stop { tolerance: tolerance.unwrap_or(default_tolerance), early },
    ))
}

/// Refuses words that are not ±1.
fn check_signs<F: Real>(what: &str, values: ArrayView2<F>) -> Result<()> {
    match values.indexed_iter().find(|(_, v)| v.abs() != F::ONE) {
        None => Ok(()),
        Some(((row, unit), v)) => {
            let found = format!("{v} at row {row}, unit {unit}");
            Err(Error::parameter(what, "words of +1 and -1 (of bits b, 2b - 1)", found))
        }
    }
}

/// Noise of the patterns' own mean and spread, or (for states of ±1) random signs, in raw units.
fn from_nothing<F: Real>(memory: &dyn Memory<F>, spins: bool, rows: &[u64], seed: u64) -> Array2<F> {
    let mut streams = streams(seed, Purpose::Prior, rows);
    let moments = memory.patterns().filter(|_| !spins).map(|p| (p.mean(), p.spread()));
    let states = Array2::from_shape_fn((rows.len(), memory.dim()), |(row, j)| match &moments {
        Some((mean, spread)) => F::of(mean[j] + spread * streams[row].normal()),
        None => F::of(if streams[row].uniform() < 0.5 { -1.0 } else { 1.0 }),
    });
    memory.preparation().backward(states)
}
