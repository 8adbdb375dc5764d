//! DPM-Solver++(2M): order 2 with one read for each step, because it keeps the last read.

use ndarray::{Array2, ArrayViewMut2, Zip};

use super::{Context, Entry, Facts, Flow, Solver, Steps, ratio};
use crate::dynamics::{Dynamics, Start};
use crate::energies::Reader;
use crate::error::Result;
use crate::real::Real;

/// Multistep exponential integrator of the denoiser in λ = −ln σ (Lu et al. 2022, Algorithm 2):
///
/// ```text
/// h = ln σ/σ',  r = h_last/h,   D̃ = (1 + 1/2r) D − (1/2r) D_last,   z' = (σ'/σ) z + (1 − σ'/σ) D̃
/// ```
///
/// For the first step, and for the last step to σ = 0: D̃ = D. Order 2; one read for each step.
#[derive(Clone, Copy, Debug)]
pub struct DpmSolverPlusPlus2M;

impl Entry for DpmSolverPlusPlus2M {
    const FACTS: Facts = Facts {
        name: "dpmpp-2m",
        about: "DPM-Solver++(2M), second order, one read a step",
        steps: 24,
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        Box::new(Flow { denoiser: context.denoiser, solver: DpmSolverPlusPlus2M })
    }
}

impl<F: Real> Solver<F> for DpmSolverPlusPlus2M {
    fn start(&self, start: &Start<F>) -> Box<dyn Steps<F>> {
        Box::new(Multistep {
            last_means: Array2::from_elem(start.states.dim(), F::ZERO),
            last_h: vec![0.0; start.states.nrows()],
            straight: vec![false; start.states.nrows()],
        })
    }
}

struct Multistep<F> {
    last_means: Array2<F>,
    /// The last h of each row; 0 before the first step.
    last_h: Vec<f64>,
    /// Whether the last step of each row went straight to the pattern that was read.
    straight: Vec<bool>,
}

impl<F: Real> Steps<F> for Multistep<F> {
    fn step(
        &mut self,
        reader: &mut dyn Reader<F>,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        from: &[f64],
        to: &[f64],
    ) -> Result<()> {
        let means = reader.denoise(rows, states.view(), from)?;
        let (mut shrink, mut h) = (1.0, 0.0);
        for (k, &row) in rows.iter().enumerate() {
            // Most rows have the same levels.
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
                let ahead = (1.0 + weight) * mean.to_f64() - weight * last.to_f64();
                *z = F::from_f64(shrink * z.to_f64() + (1.0 - shrink) * ahead);
                *last = mean;
            });
            self.last_h[row] = h;
        }
        Ok(())
    }

    fn goes_straight(&self, row: usize) -> bool {
        // This requires two reads with the same result.
        self.straight[row]
    }
}
