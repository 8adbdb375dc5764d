//! Heun's method in σ: slope here, slope there, their mean.

use ndarray::{ArrayView1, ArrayViewMut2, Zip};

use super::{combine, flow, ratio, reading};
use crate::dynamics::{Dynamics, Run, Start};
use crate::energies::{Denoise, Reader};
use crate::error::Result;
use crate::real::Real;

/// The trapezoidal rule for dz/dσ = (z − D)/σ (Karras et al. 2022, Algorithm 1). Order 2, two reads a
/// step; the last step, to σ = 0, is a DDIM step, since the slope there is undefined.
#[derive(Clone, Copy)]
pub struct Heun<'a, F> {
    /// The memory.
    pub denoiser: &'a dyn Denoise<F>,
}

impl<F: Real> Dynamics<F> for Heun<'_, F> {
    flow!();

    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        let count = start.rows.len();
        Ok(Box::new(Steps { reader: self.denoiser.reader(count), straight: vec![false; count] }))
    }
}

struct Steps<'a, F> {
    reader: Box<dyn Reader<F> + 'a>,
    /// Whether the last step of each row went straight to what its first read gave.
    straight: Vec<bool>,
}

impl<F: Real> Run<F> for Steps<'_, F> {
    fn step(&mut self, rows: &[usize], mut states: ArrayViewMut2<F>, from: &[f64], to: &[f64]) -> Result<()> {
        let means = self.reader.denoise(rows, states.view(), from)?;
        rows.iter().for_each(|&row| self.straight[row] = self.reader.goal(row).is_some());
        let mut ahead = states.to_owned();
        combine(ahead.view_mut(), means.view(), |k| {
            let r = ratio(from[k], to[k]);
            (r, 1.0 - r)
        });
        if to.iter().all(|&to| to == 0.0) {
            states.assign(&ahead);
            return Ok(());
        }
        let means_ahead = self.reader.denoise(rows, ahead.view(), to)?;
        for k in 0..from.len() {
            let (from, to) = (from[k], to[k]);
            let (mut z, ahead) = (states.row_mut(k), ahead.row(k));
            if to == 0.0 || from == 0.0 {
                z.assign(&ahead);
                continue;
            }
            Zip::from(&mut z).and(&ahead).and(means.row(k)).and(means_ahead.row(k)).for_each(
                |z, &ahead, &mean, &mean_ahead| {
                    let here = (z.wide() - mean.wide()) / from;
                    let there = (ahead.wide() - mean_ahead.wide()) / to;
                    *z = F::of(z.wide() + (to - from) * 0.5 * (here + there));
                },
            );
        }
        Ok(())
    }

    reading!();

    fn goal(&self, row: usize) -> Option<ArrayView1<'_, F>> {
        self.straight[row].then(|| self.reader.goal(row)).flatten()
    }
}
