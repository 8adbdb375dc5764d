//! DPM-Solver++(2M): second order from one read a step, by remembering the last one.

use ndarray::{Array2, ArrayView1, ArrayViewMut2, Zip};

use super::{flow, ratio, reading};
use crate::dynamics::{Dynamics, Run, Start};
use crate::energies::{Denoise, Reader};
use crate::error::Result;
use crate::real::Real;

/// Multistep exponential integrator of the denoiser in λ = −ln σ (Lu et al. 2022, Algorithm 2):
///
/// ```text
/// h = ln σ/σ',  r = h_last/h,   D̃ = (1 + 1/2r) D − (1/2r) D_last,   z' = (σ'/σ) z + (1 − σ'/σ) D̃
/// ```
///
/// First step, and last step to σ = 0: D̃ = D. Order 2, one read a step.
#[derive(Clone, Copy)]
pub struct DpmSolverPlusPlus2M<'a, F> {
    /// The memory.
    pub denoiser: &'a dyn Denoise<F>,
}

impl<F: Real> Dynamics<F> for DpmSolverPlusPlus2M<'_, F> {
    flow!();

    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        Ok(Box::new(Multistep {
            reader: self.denoiser.reader(start.rows.len()),
            last_means: Array2::from_elem(start.states.dim(), F::ZERO),
            last_h: vec![0.0; start.states.nrows()],
            straight: vec![false; start.states.nrows()],
        }))
    }
}

struct Multistep<'a, F> {
    reader: Box<dyn Reader<F> + 'a>,
    last_means: Array2<F>,
    /// Last h of each row; 0 before the first step.
    last_h: Vec<f64>,
    /// Whether the last step of each row went straight to what was read.
    straight: Vec<bool>,
}

impl<F: Real> Run<F> for Multistep<'_, F> {
    fn step(&mut self, rows: &[usize], mut states: ArrayViewMut2<F>, from: &[f64], to: &[f64]) -> Result<()> {
        let means = self.reader.denoise(rows, states.view(), from)?;
        let (mut shrink, mut h) = (1.0, 0.0);
        for (k, &row) in rows.iter().enumerate() {
            // Most rows go by the same levels.
            if k == 0 || (from[k], to[k]) != (from[k - 1], to[k - 1]) {
                shrink = ratio(from[k], to[k]);
                h = -shrink.ln();
            }
            let weight = if self.last_h[row] > 0.0 && h.is_finite() && h > 0.0 {
                h / (2.0 * self.last_h[row])
            } else {
                0.0
            };
            let (mut last, mean) = (self.last_means.row_mut(row), means.row(k));
            self.straight[row] = weight == 0.0 || last == mean;
            Zip::from(states.row_mut(k)).and(&mut last).and(mean).for_each(|z, last, &mean| {
                let ahead = (1.0 + weight) * mean.wide() - weight * last.wide();
                *z = F::of(shrink * z.wide() + (1.0 - shrink) * ahead);
                *last = mean;
            });
            self.last_h[row] = h;
        }
        Ok(())
    }

    reading!();

    fn goal(&self, row: usize) -> Option<ArrayView1<'_, F>> {
        // A straight step needs two reads that gave the same.
        self.straight[row].then(|| self.reader.goal(row)).flatten()
    }
}
