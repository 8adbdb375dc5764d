//! Euler and Euler–Maruyama in the process's own time, which are the paper's samplers.

use ndarray::ArrayViewMut2;

use super::units::Units;
use super::{Context, Entry, Facts, Flow, Levels, Solver, Steps, ratio};
use crate::diffusion::{Dual, Process};
use crate::dynamics::{Dynamics, Start};
use crate::energies::{NoiseShape, Reader};
use crate::error::Result;
use crate::noise::{Purpose, Stream, streams};
use crate::potentials::UnitNoise;
use crate::real::Real;

/// Makes equal steps of the process's time t on its own states x = s z,
///
/// ```text
/// flow  dx/dt = (ṡ/s) x + s (σ̇/σ) (z − D)       SDE  dx = [(ṡ/s) x + 2 s (σ̇/σ) (z − D)] dt + √(2 s²σσ̇) dW
/// ```
///
/// both from larger t toward t = 0 (Ambrogioni 2023, Eq. 16 and 27, with corrected signs). Order 1 to any fixed σ > 0.
/// At the data end the slope of the flow grows like t^(−½), which leaves an error of order steps^(−½). The SDE's last
/// step, to σ = 0, adds no noise. With the noise of a potential, time and drift are those of the potential.
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

/// A step z' = a z + b (z − D) + centre + noise: x' = x − dt·(drift), divided by s'.
#[derive(Clone, Copy)]
struct Factors {
    a: f64,
    b: f64,
    centre: f64,
    spread: f64,
}

impl Euler {
    /// The step between two levels of the process. `None` if they are at the same time.
    fn equal(&self, from: f64, to: f64) -> Option<Factors> {
        let Euler { process, stochastic } = self;
        let time = process.time(from);
        let dt = time - process.time(to);
        if dt == 0.0 {
            return None;
        }
        let (scale, sigma) = process.curves(Dual::variable(time));
        let scale_to = process.scale_at(to);
        let pull = sigma.rate / sigma.value * if *stochastic { 2.0 } else { 1.0 };
        let spread = if *stochastic && to > 0.0 {
            (2.0 * scale.value * scale.value * sigma.value * sigma.rate * dt).sqrt() / scale_to
        } else {
            0.0
        };
        let a = (scale.value - dt * scale.rate) / scale_to;
        Some(Factors { a, b: -dt * scale.value * pull / scale_to, centre: 0.0, spread })
    }

    /// The step of each unit between two levels of unequal noise. The process is that of the noise.
    fn unequal(&self, noise: &UnitNoise, from: f64, to: f64) -> Result<Option<Units<Factors>>> {
        let (start, end) = (noise.at(from)?, noise.at(to)?);
        let dt = start.time - end.time;
        if dt == 0.0 {
            return Ok(None);
        }
        let one = |i: usize| {
            let scale = (start.log_scales[i] - end.log_scales[i]).exp();
            let a = scale * (1.0 + dt * start.rates[i]);
            // ṙ/r
            let rise = start.growth[i] * start.speed;
            let pull = rise * if self.stochastic { 2.0 } else { 1.0 };
            let spread = match self.stochastic && to > 0.0 {
                true => scale * start.levels[i] * (2.0 * rise * dt).sqrt(),
                false => 0.0,
            };
            Factors { a, b: -dt * scale * pull, centre: (1.0 - a) * noise.minimum()[i], spread }
        };
        Ok(Some(Units::Each((0..noise.dim()).map(one).collect())))
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
        let means = reader.denoise(rows, states.view(), from)?;
        for (k, &row) in rows.iter().enumerate() {
            let shrink = ratio(from[k], to[k]);
            let factors = match reader.noise() {
                NoiseShape::Units(noise) => self.method.unequal(noise, from[k], to[k])?,
                _ => self.method.equal(from[k], to[k]).map(Units::All),
            };
            let Some(factors) = factors else {
                // So close to the data the process has no time left, so the step is made in σ, which is its limit.
                for (z, &mean) in states.row_mut(k).iter_mut().zip(means.row(k)) {
                    *z = F::from_f64(shrink * z.to_f64() + (1.0 - shrink) * mean.to_f64());
                }
                continue;
            };
            let stream = &mut self.streams[row];
            for (j, (z, &mean)) in states.row_mut(k).iter_mut().zip(means.row(k)).enumerate() {
                let Factors { a, b, centre, spread } = factors.at(j);
                let noise = if spread > 0.0 { spread * stream.normal() } else { 0.0 };
                *z = F::from_f64(a * z.to_f64() + b * (z.to_f64() - mean.to_f64()) + centre + noise);
            }
        }
        Ok(())
    }
}
