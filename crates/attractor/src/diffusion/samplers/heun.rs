//! Heun's method in σ: the mean of the slopes at both ends of a step.

use ndarray::{ArrayViewMut2, Zip};

use super::churn::Churned;
use super::units::ends;
use super::{Context, Entry, Facts, Flow, Solver, Steps, combine, straight};
use crate::dynamics::{Dynamics, Start};
use crate::energies::Reader;
use crate::error::Result;
use crate::real::Real;

/// The trapezoidal rule for dz/dσ = (z − D)/σ (Karras et al. 2022, Algorithm 1). Order 2; two reads for each step.
/// The last step, to σ = 0, is a DDIM step, because the slope is not defined there. With [`Churn`](super::Churn) it is Algorithm 2, which adds
/// noise before each step.
#[derive(Clone, Copy, Debug)]
pub struct Heun;

impl Entry for Heun {
    const FACTS: Facts = Facts {
        name: "heun",
        about: "Heun in sigma, second order, two reads a step",
        steps: 12,
        reads: Some((2, 1)),
        options: &["s-churn", "s-tmin", "s-tmax", "s-noise"],
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        let Context { denoiser, churn, steps, .. } = context;
        match churn {
            Some(churn) => Box::new(Flow { denoiser, solver: Churned { solver: Heun, churn, steps } }),
            None => Box::new(Flow { denoiser, solver: Heun }),
        }
    }
}

impl<F: Real> Solver<F> for Heun {
    fn start(&self, start: &Start<F>) -> Box<dyn Steps<F>> {
        Box::new(Trapezoids { straight: vec![false; start.rows.len()] })
    }
}

struct Trapezoids {
    /// Whether the last step of each row went straight to the posterior mean of its first read.
    straight: Vec<bool>,
}

impl<F: Real> Steps<F> for Trapezoids {
    fn step(
        &mut self,
        reader: &mut dyn Reader<F>,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        from: &[f64],
        to: &[f64],
    ) -> Result<()> {
        let means = reader.denoise(rows, states.view(), from)?;
        rows.iter().for_each(|&row| self.straight[row] = reader.goal(row).is_some());
        let mut ahead = states.to_owned();
        let ends = ends(reader.noise(), from, to)?;
        combine(ahead.view_mut(), means.view(), |k| ends[k].map(straight));
        if to.iter().all(|&to| to == 0.0) {
            states.assign(&ahead);
            return Ok(());
        }
        let means_ahead = reader.denoise(rows, ahead.view(), to)?;
        for k in 0..from.len() {
            let (mut z, ahead) = (states.row_mut(k), ahead.row(k));
            if to[k] == 0.0 || from[k] == 0.0 {
                z.assign(&ahead);
                continue;
            }
            let ends = &ends[k];
            Zip::indexed(&mut z).and(&ahead).and(means.row(k)).and(means_ahead.row(k)).for_each(
                |j, z, &ahead, &mean, &mean_ahead| {
                    let (from, to) = ends.at(j);
                    let here = (z.to_f64() - mean.to_f64()) / from;
                    let there = (ahead.to_f64() - mean_ahead.to_f64()) / to;
                    *z = F::from_f64(z.to_f64() + (to - from) * 0.5 * (here + there));
                },
            );
        }
        Ok(())
    }

    fn goes_straight(&self, row: usize) -> bool {
        self.straight[row]
    }
}
