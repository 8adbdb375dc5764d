//! Ancestral sampling: the noising path, backwards, toward what the state most likely was.

use ndarray::ArrayViewMut2;

use super::{flow, reading};
use crate::dynamics::{Dynamics, Run, Start, bridge};
use crate::energies::{Denoise, Reader};
use crate::error::Result;
use crate::noise::{Purpose, Stream, streams};
use crate::real::Real;

/// A step of the reverse diffusion with the posterior mean in place of the pattern,
///
/// ```text
/// z' = D + (σ'²/σ²)(z − D) + σ' √(1 − σ'²/σ²) ε
/// ```
///
/// the posterior of the noising path at σ' given both ends (Ho et al. 2020, Eq. 6–7, in z = x/s, where all
/// processes agree). Order 1 in law, one read a step; exact where D does not change.
#[derive(Clone, Copy)]
pub struct Ancestral<'a, F> {
    /// The memory.
    pub denoiser: &'a dyn Denoise<F>,
}

impl<F: Real> Dynamics<F> for Ancestral<'_, F> {
    flow!();

    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        Ok(Box::new(self.run(start)))
    }
}

impl<'a, F: Real> Ancestral<'a, F> {
    /// A batch of recalls, for samplers that do more.
    pub(super) fn run(&self, start: Start<F>) -> Walk<'a, F> {
        let reader = self.denoiser.reader(start.rows.len());
        Walk { reader, streams: streams(start.seed, Purpose::Recall, start.rows) }
    }
}

pub(super) struct Walk<'a, F> {
    pub(super) reader: Box<dyn Reader<F> + 'a>,
    streams: Vec<Stream>,
}

impl<F: Real> Run<F> for Walk<'_, F> {
    fn step(&mut self, rows: &[usize], mut states: ArrayViewMut2<F>, from: &[f64], to: &[f64]) -> Result<()> {
        let means = self.reader.denoise(rows, states.view(), from)?;
        for (k, &row) in rows.iter().enumerate() {
            let stream = &mut self.streams[row];
            for (z, &mean) in states.row_mut(k).iter_mut().zip(means.row(k)) {
                *z = F::of(bridge(z.wide(), mean.wide(), from[k], to[k], || stream.normal()));
            }
        }
        Ok(())
    }

    reading!();
}
