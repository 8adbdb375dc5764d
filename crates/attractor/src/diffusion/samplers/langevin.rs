//! Langevin updates: alone, annealed, or as corrections of another sampler.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use super::{Ancestral, flow, ratio, reading};
use crate::dynamics::{Dynamics, Run, Start};
use crate::energies::{Denoise, Reader, Reads};
use crate::error::Result;
use crate::noise::{Purpose, Stream, streams};
use crate::real::Real;

/// Annealed Langevin dynamics (Song & Ermon 2019): at each level of the grid one update of the dynamics whose
/// equilibrium is the noised density there,
///
/// ```text
/// dz = (D − z) dτ + √2 σ dW,      z' = D + a (z − D) + σ √(1 − a²) ε,      a = e^{−τ}
/// ```
///
/// with D read at the level that the state comes from and σ the level that it goes to; solved exactly with D
/// held, so that there is no bias near a pattern (elsewhere up to τ/4 of the variance). It follows the falling level only as
/// fast as τ lets it: the finer the grid, the nearer it stays; the last step, to σ = 0, is the denoiser. Not
/// the reverse SDE: where a cue ends is not drawn from its posterior. One read a step.
#[derive(Clone, Copy)]
pub struct Langevin<'a, F> {
    /// The memory.
    pub denoiser: &'a dyn Denoise<F>,
}

/// Time τ of an update of annealed Langevin dynamics.
const TIME: f64 = 0.2;

impl<F: Real> Dynamics<F> for Langevin<'_, F> {
    flow!();

    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        let streams = streams(start.seed, Purpose::Recall, start.rows);
        Ok(Box::new(Anneal { reader: self.denoiser.reader(start.rows.len()), streams }))
    }
}

struct Anneal<'a, F> {
    reader: Box<dyn Reader<F> + 'a>,
    streams: Vec<Stream>,
}

impl<F: Real> Run<F> for Anneal<'_, F> {
    fn step(&mut self, rows: &[usize], states: ArrayViewMut2<F>, from: &[f64], to: &[f64]) -> Result<()> {
        let means = self.reader.denoise(rows, states.view(), from)?;
        // At rest there is nothing more to do but to take the noise away.
        let time = |k: usize| if to[k] == 0.0 { f64::INFINITY } else { TIME };
        update(rows, states, means.view(), to, &mut self.streams, time);
        Ok(())
    }

    reading!();
}

/// A Langevin update of each row at level `sigmas`, for the time τ of the row.
fn update<F: Real>(
    rows: &[usize],
    mut states: ArrayViewMut2<F>,
    means: ArrayView2<F>,
    sigmas: &[f64],
    streams: &mut [Stream],
    time: impl Fn(usize) -> f64,
) {
    for (k, &row) in rows.iter().enumerate() {
        let keep = (-time(k)).exp();
        let spread = sigmas[k] * (1.0 - keep * keep).sqrt();
        let stream = &mut streams[row];
        for (z, &mean) in states.row_mut(k).iter_mut().zip(means.row(k)) {
            let noise = if spread > 0.0 { spread * stream.normal() } else { 0.0 };
            *z = F::of(mean.wide() + keep * (z.wide() - mean.wide()) + noise);
        }
    }
}

/// Predictor and corrector (Song et al. 2021, Algorithm 1): an [`Ancestral`] step, then a [`Langevin`]
/// update at the level it reached.
///
/// The update's time is τ = 1 − σ'/σ, so that all corrections together take as long on any grid and a finer
/// grid converges. They bring the law at each level nearer to the noised density, but mix memories, so where
/// a cue ends is not drawn from its posterior. Two reads a step, one in the last.
#[derive(Clone, Copy)]
pub struct PredictorCorrector<'a, F> {
    /// The memory.
    pub denoiser: &'a dyn Denoise<F>,
}

impl<F: Real> Dynamics<F> for PredictorCorrector<'_, F> {
    flow!();

    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        Ok(Box::new(Corrected {
            predictor: Ancestral { denoiser: self.denoiser }.run(start),
            streams: streams(start.seed, Purpose::Correction, start.rows),
        }))
    }
}

struct Corrected<'a, F> {
    predictor: super::ancestral::Walk<'a, F>,
    streams: Vec<Stream>,
}

impl<F: Real> Run<F> for Corrected<'_, F> {
    fn step(&mut self, rows: &[usize], mut states: ArrayViewMut2<F>, from: &[f64], to: &[f64]) -> Result<()> {
        self.predictor.step(rows, states.view_mut(), from, to)?;
        if to.iter().all(|&to| to == 0.0) {
            return Ok(());
        }
        let means = self.predictor.reader.denoise(rows, states.view(), to)?;
        // At level 0 there is nothing to correct.
        let time = |k: usize| if to[k] == 0.0 { 0.0 } else { 1.0 - ratio(from[k], to[k]) };
        update(rows, states, means.view(), to, &mut self.streams, time);
        Ok(())
    }

    fn pull(&mut self, rows: &[usize], states: ArrayView2<F>, levels: &[f64]) -> Result<Array2<F>> {
        self.predictor.pull(rows, states, levels)
    }

    fn reads(&self) -> Option<Vec<Reads>> {
        self.predictor.reads()
    }
}
