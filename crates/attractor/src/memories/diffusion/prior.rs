//! Where a recall by diffusion begins: what is known of a memory before any cue.

use ndarray::Array2;

use crate::diffusion::{Process, estimate_levels};
use crate::energies::Mixture;
use crate::error::Result;
use crate::memories::{Level, Request};
use crate::noise::{Purpose, streams};
use crate::patterns::Preparation;
use crate::real::Real;

/// First states z = x/s of raw cues, prepared, and their levels in the cues' units, by what is most likely under stored
/// memories.
pub(in crate::memories) fn estimated<F: Real>(
    memory: &Mixture<F>,
    process: &Process,
    mut cues: Array2<F>,
) -> Result<(Array2<F>, Vec<f64>)> {
    let sigmas = estimate_levels(memory, process, cues.view())?;
    for (mut row, &sigma) in cues.outer_iter_mut().zip(&sigmas) {
        let scale = process.scale_at(sigma);
        row.mapv_inplace(|x| F::of(x.wide() / scale));
    }
    Ok((memory.preparation().forward(cues), sigmas))
}

/// A memory as one Gaussian.
pub(in crate::memories) struct Prior<'a> {
    /// Mean state, prepared.
    pub mean: &'a [f64],
    /// Root mean square deviation of a unit from it, prepared.
    pub spread: f64,
    /// How raw cues become states.
    pub preparation: &'a Preparation,
    /// The highest level that its denoiser knows, prepared; infinite if it knows all.
    pub highest: f64,
}

impl Prior<'_> {
    /// The level, in prepared units, that hides which memory a state came from: so many times the radius
    /// √D · spread of the memory, if it knows that level.
    pub fn hiding(&self, times: f64) -> f64 {
        (times * self.spread * (self.mean.len() as f64).sqrt()).min(self.highest)
    }

    /// First states z = x/s of raw cues, prepared, and their levels in the cues' units; nothing where the level is
    /// not told.
    pub fn told<F: Real>(&self, cues: &Array2<F>, level: Level) -> Result<Option<(Array2<F>, Vec<f64>)>> {
        let (sigma, clean) = match level {
            Level::Estimate => return Ok(None),
            Level::Sigma(sigma) => {
                crate::energies::beta(sigma)?;
                (sigma, cues.clone())
            }
            Level::Signal(signal) => {
                (Process::sigma_of_signal(signal)?, cues.mapv(|x| F::of(x.wide() / signal)))
            }
        };
        let sigmas = vec![sigma; clean.nrows()];
        Ok(Some((self.preparation.forward(clean), sigmas)))
    }

    /// First states of a clamped recall that knows nothing of the other units: a level so high that it
    /// hides which pattern a state came from. The flow starts at D(z;∞), the mean pattern, since noise
    /// would be evidence for patterns that happen to lie its way; the SDE needs that noise.
    pub fn blind<F: Real>(&self, request: &Request<F>, stochastic: bool) -> (Array2<F>, Vec<f64>) {
        /// Of the patterns' own radius √D · spread.
        const HIDING: f64 = 3.0;
        let sigma = self.hiding(HIDING);
        let noise = if stochastic { sigma } else { 0.0 };
        let states = self.around(&request.rows(), request.seed, noise);
        (states, vec![sigma / self.preparation.scale(); request.cues.nrows()])
    }

    /// Raw noise of a level at which a state is noise and nothing else, and that level.
    pub fn imagine<F: Real>(&self, rows: &[u64], seed: u64) -> (Array2<F>, Level) {
        /// Of the memory's radius: what is left of the memory's own form at that level is 1 % of a variance.
        const HIDING: f64 = 10.0;
        let sigma = self.hiding(HIDING);
        let states = self.around(rows, seed, sigma.hypot(self.spread));
        (self.preparation.backward(states), Level::Sigma(sigma / self.preparation.scale()))
    }

    /// The mean with Gaussian noise of this deviation.
    fn around<F: Real>(&self, rows: &[u64], seed: u64, deviation: f64) -> Array2<F> {
        let mut states = Array2::from_shape_fn((rows.len(), self.mean.len()), |(_, j)| F::of(self.mean[j]));
        if deviation > 0.0 {
            for (mut row, stream) in states.outer_iter_mut().zip(&mut streams(seed, Purpose::Prior, rows)) {
                row.mapv_inplace(|z| F::of(z.wide() + deviation * stream.normal()));
            }
        }
        states
    }
}
