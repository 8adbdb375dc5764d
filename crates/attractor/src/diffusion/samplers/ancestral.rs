//! Ancestral sampling: the noising path backwards, toward the posterior mean.

use ndarray::ArrayViewMut2;

use super::units::ends;
use super::{Context, Entry, Facts, Flow, Solver, Steps};
use crate::dynamics::{Dynamics, Start, bridge};
use crate::energies::Reader;
use crate::error::Result;
use crate::noise::{Purpose, Stream, streams};
use crate::real::Real;

/// A step of the reverse diffusion with the posterior mean in place of the pattern, with a share η of its noise,
///
/// ```text
/// z' = D + (σ_d/σ)(z − D) + σ_u ε,   σ_u = η σ' √(1 − σ'²/σ²),   σ_d² = σ'² − σ_u²
/// ```
///
/// With η = 1 this is the posterior of the noising path at σ' given both ends (Ho et al. 2020, Eq. 6–7, in z = x/s, where all
/// processes agree): it draws from the posterior, with order 1 in law, and is exact where D does not change. With η = 0 it is DDIM, and
/// between them Eq. 16 of Song, Meng & Ermon (2021), which keeps the density at each level but does not draw the memory of a cue from its posterior.
/// One read for each step.
#[derive(Clone, Copy, Debug)]
pub struct Ancestral {
    /// The share η of noise, 0 to 1.
    pub eta: f64,
}

impl Entry for Ancestral {
    const FACTS: Facts = Facts {
        name: "ancestral",
        about: "DDPM's ancestral sampling, in sigma; draws from the posterior",
        stochastic: true,
        samples: true,
        steps: 300,
        options: &["eta"],
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        Box::new(Flow { denoiser: context.denoiser, solver: Ancestral { eta: context.eta.unwrap_or(1.0) } })
    }
}

impl<F: Real> Solver<F> for Ancestral {
    fn start(&self, start: &Start<F>) -> Box<dyn Steps<F>> {
        Box::new(Walk::new(start, self.eta))
    }
}

pub(super) struct Walk {
    eta: f64,
    streams: Vec<Stream>,
}

impl Walk {
    /// The steps of a batch, also for samplers that add something to them.
    pub(super) fn new<F>(start: &Start<F>, eta: f64) -> Self {
        Walk { eta, streams: streams(start.seed, Purpose::Recall, start.rows) }
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
                let (state, mean) = (z.to_f64(), mean.to_f64());
                *z = F::from_f64(match self.eta {
                    1.0 => bridge(state, mean, from, to, || stream.normal()),
                    eta => partly(state, mean, (from, to), eta, || stream.normal()),
                });
            }
        }
        Ok(())
    }
}

/// A step with a share η < 1 of noise. At level 0 it is the mean, and no noise is drawn.
fn partly(z: f64, mean: f64, (from, to): (f64, f64), eta: f64, noise: impl FnOnce() -> f64) -> f64 {
    if to == 0.0 {
        return mean;
    }
    let up = eta * to * (1.0 - (to / from).powi(2)).max(0.0).sqrt();
    let down = (to * to - up * up).sqrt();
    let added = if up > 0.0 { up * noise() } else { 0.0 };
    mean + down / from * (z - mean) + added
}
