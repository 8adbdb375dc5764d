//! DDIM: z' = (σ'/σ) z + (1 − σ'/σ) D(z;σ).

use ndarray::{ArrayView1, ArrayViewMut2};

use super::{combine, flow, ratio, reading};
use crate::dynamics::{Dynamics, Run, Start};
use crate::energies::{Denoise, Reader};
use crate::error::Result;
use crate::real::Real;

/// Exponential Euler of the probability flow in ln σ; equal to Euler in σ where s = 1. Order 1, one
/// read a step. A single step to σ = 0 is the denoiser itself (Song, Meng & Ermon 2021).
#[derive(Clone, Copy)]
pub struct Ddim<'a, F> {
    /// The memory.
    pub denoiser: &'a dyn Denoise<F>,
}

impl<F: Real> Dynamics<F> for Ddim<'_, F> {
    flow!();

    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        Ok(Box::new(Steps { reader: self.denoiser.reader(start.rows.len()) }))
    }
}

struct Steps<'a, F> {
    reader: Box<dyn Reader<F> + 'a>,
}

impl<F: Real> Run<F> for Steps<'_, F> {
    fn step(&mut self, rows: &[usize], states: ArrayViewMut2<F>, from: &[f64], to: &[f64]) -> Result<()> {
        let means = self.reader.denoise(rows, states.view(), from)?;
        combine(states, means.view(), |k| {
            let r = ratio(from[k], to[k]);
            (r, 1.0 - r)
        });
        Ok(())
    }

    reading!();

    fn goal(&self, row: usize) -> Option<ArrayView1<'_, F>> {
        self.reader.goal(row)
    }
}
