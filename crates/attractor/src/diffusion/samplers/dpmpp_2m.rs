//! DPM-Solver++(2M): order 2 with one read for each step, because it keeps the last read.

use ndarray::{Array2, ArrayViewMut2, Zip};

use super::units::{Units, ends};
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
            last_h: vec![Units::All(0.0); start.states.nrows()],
            straight: vec![false; start.states.nrows()],
        })
    }
}

struct Multistep<F> {
    last_means: Array2<F>,
    /// The last h of each row; 0 before the first step.
    last_h: Vec<Units<f64>>,
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
        let ends = ends(reader.noise(), from, to)?;
        // The factor of z, h, and the weight of the last mean.
        let factors = |(from, to): (f64, f64), last_h: f64| {
            let shrink = ratio(from, to);
            let h = -shrink.ln();
            let weight = if last_h > 0.0 && h.is_finite() && h > 0.0 { h / (2.0 * last_h) } else { 0.0 };
            (shrink, h, weight)
        };
        for (k, &row) in rows.iter().enumerate() {
            let factors: Units<(f64, f64, f64)> = match &ends[k] {
                Units::All(ends) => Units::All(factors(*ends, self.last_h[row].at(0))),
                Units::Each(ends) => {
                    let each = ends.iter().enumerate();
                    Units::Each(each.map(|(j, &ends)| factors(ends, self.last_h[row].at(j))).collect())
                }
            };
            let (mut last, mean) = (self.last_means.row_mut(row), means.row(k));
            self.straight[row] = factors.at(0).2 == 0.0 || last == mean;
            Zip::indexed(states.row_mut(k)).and(&mut last).and(mean).for_each(|j, z, last, &mean| {
                let (shrink, _, weight) = factors.at(j);
                let ahead = (1.0 + weight) * mean.to_f64() - weight * last.to_f64();
                *z = F::from_f64(shrink * z.to_f64() + (1.0 - shrink) * ahead);
                *last = mean;
            });
            self.last_h[row] = factors.map(|(_, h, _)| h);
        }
        Ok(())
    }

    fn goes_straight(&self, row: usize) -> bool {
        // This requires two reads with the same result.
        self.straight[row]
    }
}
