//! What is known of a memory before any cue.

use ndarray::Array2;

use super::{Abilities, Level};
use crate::noise::{Purpose, streams};
use crate::patterns::Preparation;
use crate::real::Real;

/// A memory as one Gaussian.
pub(super) struct Prior<'a> {
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

    /// Raw noise of a level at which a state is noise and nothing else, and that level.
    pub fn samples<F: Real>(&self, rows: &[u64], seed: u64) -> (Array2<F>, Level) {
        /// Of the memory's radius: what is left of the memory's own form at that level is 1 % of a variance.
        const HIDING: f64 = 10.0;
        let sigma = self.hiding(HIDING);
        let states = self.around(rows, seed, sigma.hypot(self.spread));
        (self.preparation.backward(states), Level::Sigma(sigma / self.preparation.scale()))
    }

    /// The mean with Gaussian noise of this deviation.
    pub fn around<F: Real>(&self, rows: &[u64], seed: u64, deviation: f64) -> Array2<F> {
        let mut states =
            Array2::from_shape_fn((rows.len(), self.mean.len()), |(_, j)| F::from_f64(self.mean[j]));
        if deviation > 0.0 {
            for (mut row, stream) in states.outer_iter_mut().zip(&mut streams(seed, Purpose::Prior, rows)) {
                row.mapv_inplace(|z| F::from_f64(z.to_f64() + deviation * stream.normal()));
            }
        }
        states
    }
}

/// Raw samples for a memory with one landscape: random signs where states are ±1 or no patterns are known, else
/// Gaussian noise with the patterns' mean and spread.
pub(super) fn samples_of_one_landscape<F: Real>(
    abilities: &Abilities<F>,
    dim: usize,
    rows: &[u64],
    seed: u64,
) -> Array2<F> {
    let mut streams = streams(seed, Purpose::Prior, rows);
    let moments = abilities.patterns.filter(|_| !abilities.spins).map(|p| (p.mean(), p.spread()));
    let states = Array2::from_shape_fn((rows.len(), dim), |(row, j)| match &moments {
        Some((mean, spread)) => F::from_f64(mean[j] + spread * streams[row].normal()),
        None => F::from_f64(if streams[row].uniform() < 0.5 { -1.0 } else { 1.0 }),
    });
    abilities.preparation().backward(states)
}
