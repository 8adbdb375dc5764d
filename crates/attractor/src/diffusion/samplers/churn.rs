//! Noise that is added before each step.

use ndarray::ArrayViewMut2;

use super::units::ends;
use super::{Solver, Steps};
use crate::dynamics::Start;
use crate::energies::Reader;
use crate::error::Result;
use crate::noise::{Purpose, Stream, streams};
use crate::options::Options;
use crate::real::Real;

/// Noise that is added before each step of n, which then starts from a higher level (Karras et al. 2022, Algorithm 2):
///
/// ```text
/// σ̂ = σ (1 + min(amount/n, √2 − 1)) for lowest ≤ σ ≤ highest,   ẑ = z + noise √(σ̂² − σ²) ε
/// ```
///
/// New noise corrects errors of earlier steps, and adds errors of its own. The memory where a cue ends is not drawn from its posterior.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Churn {
    /// S_churn, 0 to 10⁶.
    pub amount: f64,
    /// S_tmin, in the units of the cues. Default 0.
    pub lowest: f64,
    /// S_tmax, in the units of the cues. Default ∞.
    pub highest: f64,
    /// S_noise, 0 to 10. Default 1.
    pub noise: f64,
}

impl Churn {
    /// Reads the options `s-churn`, `s-tmin`, `s-tmax` and `s-noise`. `None` for no churn.
    pub(in crate::diffusion) fn from_options(options: &Options) -> Option<Self> {
        let number = |name, usual| options.number(name).unwrap_or(usual);
        let amount = number("s-churn", 0.0);
        (amount > 0.0).then(|| Churn {
            amount,
            lowest: number("s-tmin", 0.0),
            highest: number("s-tmax", f64::INFINITY),
            noise: number("s-noise", 1.0),
        })
    }

    /// The same in units of which one unit of the cues has `scale`.
    pub(in crate::diffusion) fn scaled(self, scale: f64) -> Self {
        Churn { lowest: self.lowest * scale, highest: self.highest * scale, ..self }
    }

    /// The level from which a step of `steps` starts.
    fn raised(&self, level: f64, steps: usize) -> f64 {
        let rise = (self.amount / steps as f64).min(std::f64::consts::SQRT_2 - 1.0);
        if (self.lowest..=self.highest).contains(&level) { level * (1.0 + rise) } else { level }
    }
}

/// A solver of one step at a time, before each of which noise is added.
pub(super) struct Churned<S> {
    pub solver: S,
    pub churn: Churn,
    /// The number of steps of a recall.
    pub steps: usize,
}

impl<F: Real, S: Solver<F>> Solver<F> for Churned<S> {
    fn start(&self, start: &Start<F>) -> Box<dyn Steps<F>> {
        Box::new(Stirred {
            inner: self.solver.start(start),
            churn: self.churn,
            steps: self.steps,
            streams: streams(start.seed, Purpose::Recall, start.rows),
        })
    }
}

struct Stirred<F> {
    inner: Box<dyn Steps<F>>,
    churn: Churn,
    steps: usize,
    streams: Vec<Stream>,
}

impl<F: Real> Steps<F> for Stirred<F> {
    fn step(
        &mut self,
        reader: &mut dyn Reader<F>,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        from: &[f64],
        to: &[f64],
    ) -> Result<()> {
        let raise = |(&from, &to): (&f64, &f64)| match from == to {
            true => from,
            false => self.churn.raised(from, self.steps),
        };
        let raised: Vec<f64> = from.iter().zip(to).map(raise).collect();
        let ends = ends(reader.noise(), from, &raised)?;
        for (k, &row) in rows.iter().enumerate().filter(|(k, _)| raised[*k] > from[*k]) {
            let spreads = ends[k].map(|(low, high)| self.churn.noise * (high * high - low * low).sqrt());
            let stream = &mut self.streams[row];
            for (j, z) in states.row_mut(k).iter_mut().enumerate() {
                *z = F::from_f64(z.to_f64() + spreads.at(j) * stream.normal());
            }
        }
        self.inner.step(reader, rows, states, &raised, to)
    }
}
