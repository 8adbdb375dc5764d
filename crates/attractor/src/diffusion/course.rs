//! How a state is taken down the noise levels: process, sampler, grid.

use ndarray::Array2;

use super::{LAST, Process, RHO, Sampler};
use crate::dynamics::Dynamics;
use crate::energies::Denoise;
use crate::error::{Error, Result};
use crate::real::Real;

/// Everything that a recall by diffusion needs besides a memory.
///
/// ```
/// use attractor::diffusion::{Course, Sampler};
/// let course = Course { sampler: Sampler::Heun, ..Course::default() };
/// // 12 steps of Heun's own, from σ = 1.2 to 0.002 spreads and then 0.
/// let levels = course.levels(&[1.2], 1.0);
/// assert_eq!((levels.nrows(), levels[[0, 0]], levels[[11, 0]], levels[[12, 0]]), (13, 1.2, 0.002, 0.0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    /// Noising process; default: variance preserving at γ = 0.8, the paper's.
    pub process: Process,
    /// Sampler; default: DPM-Solver++(2M).
    pub sampler: Sampler,
    /// Steps, 1 to 100,000; the sampler's own number if `None`.
    pub steps: Option<usize>,
    /// Exponent ρ of the grid of levels, 0.1 to 100; default [`RHO`]. The Euler methods have none: they go by
    /// equal times of the process.
    pub rho: f64,
    /// Last positive level, in spreads of the memory, 10⁻¹² to 1; default [`LAST`].
    pub last: f64,
    /// What an adaptive sampler may err by in a step and unit, in spreads, 10⁻¹⁴ to 1; default 10⁻⁶.
    pub accuracy: f64,
    /// Whether what weighs nothing is left out, with a certificate; default yes. Of 1024 stored patterns and more
    /// single ones are, equal to 10⁻⁶ a unit, at the price of a few reads of the memory; of fewer (without weights)
    /// whole reads, once one pattern has won a row, equal to rounding. All else is read whole at every step.
    pub narrow: bool,
}

impl Default for Course {
    fn default() -> Self {
        let sampler = Sampler::default();
        Course {
            process: Process::default(),
            sampler,
            steps: None,
            rho: RHO,
            last: LAST,
            accuracy: 1e-6,
            narrow: true,
        }
    }
}

/// Each step's levels are held for a whole batch.
const MOST_STEPS: usize = 100_000;

impl Course {
    /// Refuses what is outside its range.
    ///
    /// # Errors
    /// One of the numbers is.
    pub fn check(&self) -> Result<()> {
        self.process.check()?;
        let steps = self.steps.unwrap_or(1);
        if !(1..=MOST_STEPS).contains(&steps) {
            return Err(Error::parameter("steps", format!("a whole number from 1 to {MOST_STEPS}"), steps));
        }
        for (name, value, low, high) in [
            ("rho", self.rho, 0.1, 100.0),
            ("last", self.last, 1e-12, 1.0),
            ("accuracy", self.accuracy, 1e-14, 1.0),
        ] {
            if !(low..=high).contains(&value) {
                return Err(Error::parameter(name, format!("a number from {low:e} to {high}"), value));
            }
        }
        Ok(())
    }

    /// Steps down to σ = 0.
    pub fn steps(&self) -> usize {
        match self.sampler {
            Sampler::OneStep => 1,
            sampler => self.steps.unwrap_or(sampler.default_steps()),
        }
    }

    /// The levels from σ₀ of each row to 0, (steps + 1) × B, for a memory of this spread.
    pub fn levels(&self, first: &[f64], spread: f64) -> Array2<f64> {
        self.sampler.levels(&self.process, first, self.last * spread, self.rho, self.steps())
    }

    /// The sampler's dynamics on a denoiser, for a memory of this spread.
    pub fn dynamics<'a, F: Real>(
        &self,
        denoiser: &'a dyn Denoise<F>,
        spread: f64,
    ) -> Box<dyn Dynamics<F> + 'a> {
        self.sampler.dynamics(denoiser, self.process, self.accuracy * spread)
    }
}
