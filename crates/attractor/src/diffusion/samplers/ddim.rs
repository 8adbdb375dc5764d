//! DDIM: z' = (σ'/σ) z + (1 − σ'/σ) D(z;σ).

use ndarray::ArrayViewMut2;

use super::ancestral::Ancestral;
use super::churn::Churned;
use super::units::ends;
use super::{Context, Entry, Facts, Flow, Levels, Solver, Steps, combine, straight};
use crate::dynamics::{Dynamics, Start};
use crate::energies::Reader;
use crate::error::Result;
use crate::real::Real;

/// Exponential Euler of the probability flow in ln σ. It equals Euler in σ where s = 1. Order 1; one read for each
/// step. A single step to σ = 0 is the denoiser itself (Song, Meng & Ermon 2021). With a share η > 0 of noise it is
/// [`Ancestral`] with that share; with [`Churn`](super::Churn) noise is added before each step.
#[derive(Clone, Copy, Debug)]
pub struct Ddim;

impl Entry for Ddim {
    const FACTS: Facts = Facts {
        name: "ddim",
        about: "exponential Euler in sigma, first order",
        steps: 48,
        options: &["eta", "s-churn", "s-tmin", "s-tmax", "s-noise"],
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        let Context { denoiser, eta, churn, steps, .. } = context;
        match (eta.filter(|eta| *eta > 0.0), churn) {
            (Some(eta), _) => Box::new(Flow { denoiser, solver: Ancestral { eta } }),
            (None, Some(churn)) => {
                Box::new(Flow { denoiser, solver: Churned { solver: Ddim, churn, steps } })
            }
            (None, None) => Box::new(Flow { denoiser, solver: Ddim }),
        }
    }
}

/// The denoiser itself, which is [`Ddim`] in one step.
pub(super) struct OneStep;

impl Entry for OneStep {
    const FACTS: Facts = Facts {
        name: "one-step",
        about: "the denoiser itself, in one step",
        levels: Levels::One,
        steps: 1,
        reads: Some((0, 1)),
        options: &[],
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        Ddim::dynamics(context)
    }
}

impl<F: Real> Solver<F> for Ddim {
    fn start(&self, _start: &Start<F>) -> Box<dyn Steps<F>> {
        Box::new(Ddim)
    }
}

impl<F: Real> Steps<F> for Ddim {
    fn step(
        &mut self,
        reader: &mut dyn Reader<F>,
        rows: &[usize],
        states: ArrayViewMut2<F>,
        from: &[f64],
        to: &[f64],
    ) -> Result<()> {
        let means = reader.denoise(rows, states.view(), from)?;
        let ends = ends(reader.noise(), from, to)?;
        combine(states, means.view(), |k| ends[k].map(straight));
        Ok(())
    }

    fn goes_straight(&self, _row: usize) -> bool {
        true
    }
}
