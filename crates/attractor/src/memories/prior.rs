//! The prior of a memory: what it knows before any cue.

use ndarray::Array2;

use super::{Abilities, Level};
use crate::noise::{Purpose, streams};
use crate::patterns::Preparation;
use crate::real::Real;

/// A Gaussian with the mean and the spread of a memory.
pub(super) struct Prior<'a> {
    /// The mean state, prepared.
    pub mean: &'a [f64],
    /// The root mean square deviation of a unit from the mean, prepared.
    pub spread: f64,
    /// The preparation, which turns raw cues into states.
    pub preparation: &'a Preparation,
    /// The highest level that the denoiser supports, prepared. Infinite if it supports all levels.
    pub highest: f64,
}

impl Prior<'_> {
    /// The noise level, in prepared units, of this many radii √D · spread of the memory, but at most the highest
    /// level that the denoiser supports. From a few radii on, the noise hides which memory a state came from.
    pub fn level_of_radii(&self, times: f64) -> f64 {
        (times * self.spread * (self.mean.len() as f64).sqrt()).min(self.highest)
    }

    /// Raw samples at a level so high that they are practically pure noise, or at the level `first` in the units of the cues; and
    /// that level.
    pub fn samples<F: Real>(&self, rows: &[u64], seed: u64, first: Option<f64>) -> (Array2<F>, Level) {
        /// The level in radii of the memory. There the memory's own form contributes 1 % of a variance.
        const RADII: f64 = 10.0;
        let sigma =
            first.map_or_else(|| self.level_of_radii(RADII), |first| first * self.preparation.scale());
        let states = self.around(rows, seed, sigma.hypot(self.spread));
        (self.preparation.backward(states), Level::Sigma(sigma / self.preparation.scale()))
    }

    /// The mean with Gaussian noise of this standard deviation.
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

/// Raw samples for a memory with one landscape. These are random signs if states are ±1 or the memory has no
/// patterns, and otherwise Gaussian noise with the patterns' mean and spread.
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
