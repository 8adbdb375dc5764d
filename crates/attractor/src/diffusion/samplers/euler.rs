//! Euler and Euler–Maruyama in the process's own time, which are the paper's samplers.

use ndarray::ArrayViewMut2;

use super::{Context, Entry, Facts, Flow, Levels, Solver, Steps, ratio};
use crate::diffusion::{Dual, Process};
use crate::dynamics::{Dynamics, Start};
use crate::energies::Reader;
use crate::error::Result;
use crate::noise::{Purpose, Stream, streams};
use crate::real::Real;

/// Makes equal steps of the process's time t on its own states x = s z,
///
/// ```text
/// flow  dx/dt = (ṡ/s) x + s (σ̇/σ) (z − D)       SDE  dx = [(ṡ/s) x + 2 s (σ̇/σ) (z − D)] dt + √(2 s²σσ̇) dW
/// ```
///
/// both from larger t toward t = 0 (Ambrogioni 2023, Eq. 16 and 27, with corrected signs). Order 1 to any fixed σ > 0.
/// At the data end the slope of the flow grows like t^(−½), which leaves an error of order steps^(−½). The SDE's last
/// step, to σ = 0, adds no noise.
#[derive(Clone, Copy, Debug)]
pub struct Euler {
    /// The process whose time is stepped.
    pub process: Process,
    /// Whether to follow the reverse SDE instead of the probability flow.
    pub stochastic: bool,
}

impl Entry for Euler {
    const FACTS: Facts = Facts {
        name: "euler",
        about: "Euler in the process's own time, probability flow: the paper's",
        levels: Levels::Times,
        options: &[],
        steps: 300,
        ..Facts::FLOW
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        let solver = Euler { process: context.process, stochastic: false };
        Box::new(Flow { denoiser: context.denoiser, solver })
    }
}

/// The solver [`Euler`] with the reverse SDE.
pub(super) struct EulerMaruyama;

impl Entry for EulerMaruyama {
    const FACTS: Facts = Facts {
        name: "euler-maruyama",
        about: "Euler-Maruyama in the process's own time, reverse SDE: the paper's; draws from the posterior",
        stochastic: true,
        samples: true,
        ..Euler::FACTS
    };

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a> {
        let solver = Euler { process: context.process, stochastic: true };
        Box::new(Flow { denoiser: context.denoiser, solver })
    }
}

impl<F: Real> Solver<F> for Euler {
    fn start(&self, start: &Start<F>) -> Box<dyn Steps<F>> {
        Box::new(Stepper { method: *self, streams: streams(start.seed, Purpose::Recall, start.rows) })
    }
}

struct Stepper {
    method: Euler,
    streams: Vec<Stream>,
}

impl<F: Real> Steps<F> for Stepper {
    fn step(
        &mut self,
        reader: &mut dyn Reader<F>,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        from: &[f64],
        to: &[f64],
    ) -> Result<()> {
        let Euler { process, stochastic } = self.method;
        let means = reader.denoise(rows, states.view(), from)?;
        for (k, &row) in rows.iter().enumerate() {
            let shrink = ratio(from[k], to[k]);
            let time = process.time(from[k]);
            let dt = time - process.time(to[k]);
            if dt == 0.0 {
                // So close to the data the process has no time left, so the step is made in σ, which is its limit.
                for (z, &mean) in states.row_mut(k).iter_mut().zip(means.row(k)) {
                    *z = F::from_f64(shrink * z.to_f64() + (1.0 - shrink) * mean.to_f64());
                }
                continue;
            }
            let (scale, sigma) = process.curves(Dual::variable(time));
            let scale_to = process.scale_at(to[k]);
            // x' = x − dt·(drift), divided by s' to give z', and written as z' = a z + b (z − D) + noise.
            let pull = sigma.rate / sigma.value * if stochastic { 2.0 } else { 1.0 };
            let a = (scale.value - dt * scale.rate) / scale_to;
            let b = -dt * scale.value * pull / scale_to;
            let spread = if stochastic && to[k] > 0.0 {
                (2.0 * scale.value * scale.value * sigma.value * sigma.rate * dt).sqrt() / scale_to
            } else {
                0.0
            };
            let stream = &mut self.streams[row];
            for (z, &mean) in states.row_mut(k).iter_mut().zip(means.row(k)) {
                let noise = if spread > 0.0 { spread * stream.normal() } else { 0.0 };
                *z = F::from_f64(a * z.to_f64() + b * (z.to_f64() - mean.to_f64()) + noise);
            }
        }
        Ok(())
    }
}
