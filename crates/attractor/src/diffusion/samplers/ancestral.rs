//! Ancestral sampling: the noising path backwards, toward the posterior mean.

use ndarray::ArrayViewMut2;

use super::units::ends;
use super::{Context, Entry, Facts, Flow, Solver, Steps};
use crate::dynamics::{Dynamics, Start, bridge};
use crate::energies::Reader;
use crate::error::Result;
use crate::noise::{Purpose, Stream, streams};
use crate::real::Real;

/// A step of the reverse diffusion with the posterior mean in place of the pattern,
///
/// ```text
/// z' = D + (σ'²/σ²)(z − D) + σ' √(1 − σ'²/σ²) ε
/// ```
///
/// This is the posterior of the noising path at σ' given both ends (Ho et al. 2020, Eq. 6–7, in z = x/s, where all
/// processes agree). Order 1 in law; one read for each step. It is exact where D does not change.
#[derive(Clone, Copy, Debug)]
pub struct Ancestral;

impl Entry for Ancestral {
    const FACTS: Facts = Facts {
        name: "ancestral",
        about: "DDPM's ancestral sampling, in sigma; draws from the posterior",
        stochastic: true,
        samples: true,
        steps: 300,
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        Box::new(Flow { denoiser: context.denoiser, solver: Ancestral })
    }
}

impl<F: Real> Solver<F> for Ancestral {
    fn start(&self, start: &Start<F>) -> Box<dyn Steps<F>> {
        Box::new(Walk::new(start))
    }
}

pub(super) struct Walk {
    streams: Vec<Stream>,
}

impl Walk {
    /// The steps of a batch, also for samplers that add something to them.
    pub(super) fn new<F>(start: &Start<F>) -> Self {
        Walk { streams: streams(start.seed, Purpose::Recall, start.rows) }
    }
}

impl<F: Real> Steps<F> for Walk {
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
        for (k, &row) in rows.iter().enumerate() {
            let stream = &mut self.streams[row];
            for (j, (z, &mean)) in states.row_mut(k).iter_mut().zip(means.row(k)).enumerate() {
                let (from, to) = ends[k].at(j);
                *z = F::from_f64(bridge(z.to_f64(), mean.to_f64(), from, to, || stream.normal()));
            }
        }
        Ok(())
    }
}
