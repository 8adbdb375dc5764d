//! How a network is trained.

use attractor::diffusion::Process;
use attractor::options::{CountRange, NumberRange};
use attractor::{Error, Result};

/// The settings of training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The noising process. Default: variance preserving at γ = 0.8, as in the paper.
    pub process: Process,
    /// The last time T at which states are shown, > 10⁻³ (for `flow` also < 1). `None` chooses 6 for `vp` at γ = 0.8,
    /// and for other processes the time with the same noise level. It is later if that noise would not hide the
    /// memories; then σ = √D spreads.
    pub last_time: Option<f64>,
    /// Steps of the optimiser, 1 to 10⁹. Default: 1,000.
    pub steps: u64,
    /// How often each pattern is in a batch, each time with new noise, 1 to 10,000. Default: 16. With 16, 99 % of the
    /// recalled units agree with the exact model; with 1, only 95 %.
    pub repeats: usize,
    /// Learning rate of Adam, 10⁻⁹ to 1. Default: 10⁻³.
    pub rate: f64,
    /// Whether the learning rate falls to 0 along half a cosine. Default: no.
    pub cosine: bool,
    /// The memory is made of a running average of the weights. This is the weight of the past in it, 0 to 1; 0 means
    /// no averaging.
    pub average: f64,
    /// Seed of the initial weights, the noise and the order of patterns.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            process: Process::default(),
            last_time: None,
            steps: 1000,
            repeats: 16,
            rate: 1e-3,
            cosine: false,
            average: 0.0,
            seed: 0,
        }
    }
}

/// The largest number of states in a batch.
pub const MOST_ROWS: usize = 1024;

pub(crate) const STEPS: CountRange = CountRange::between(1, 1_000_000_000);
pub(crate) const REPEATS: CountRange = CountRange::between(1, 10_000);
pub(crate) const RATES: NumberRange = NumberRange::between(1e-9, 1.0);
pub(crate) const AVERAGES: NumberRange = NumberRange::between(0.0, 1.0).below_high();

/// The first time at which states are shown to the network.
pub(crate) const FIRST_TIME: f64 = 1e-3;

/// The highest noise level that a network is trained at, in spreads.
const MOST_NOISE: f64 = 1e6;

/// The last time of the paper, for its process.
const LAST_TIME: f64 = 6.0;

impl Settings {
    /// Checks that all settings are in their ranges.
    ///
    /// # Errors
    /// A setting is outside its range.
    pub fn check(&self) -> Result<()> {
        self.process.check()?;
        STEPS.check("steps", self.steps)?;
        REPEATS.check("batch-repeats", self.repeats as u64)?;
        RATES.check("rate", self.rate)?;
        AVERAGES.check("average", self.average)
    }

    /// The first and last time for patterns of `dim` units.
    ///
    /// # Errors
    /// The last time is before the first, or the process has no noise level there.
    pub fn times(&self, dim: usize) -> Result<[f64; 2]> {
        let usual = || {
            let paper = Process::default().sigma(LAST_TIME);
            self.process.time(paper.max((dim as f64).sqrt()))
        };
        let last = self.last_time.unwrap_or_else(usual);
        let [low, high] = [FIRST_TIME, last].map(|time| self.process.sigma(time));
        if last > FIRST_TIME && last.is_finite() && low > 0.0 && low < high && high <= MOST_NOISE {
            return Ok([FIRST_TIME, last]);
        }
        let expected = format!(
            "a time above {FIRST_TIME} at which the process {} has a noise level up to {MOST_NOISE:e} (give another, or another rate of the process)",
            self.process.name()
        );
        Err(Error::parameter("last-time", expected, format!("{last} with noise levels {low:e} to {high:e}")))
    }

    /// The lowest and highest noise level of training, in spreads.
    ///
    /// # Errors
    /// As [`times`](Self::times).
    pub fn levels(&self, dim: usize) -> Result<[f64; 2]> {
        Ok(self.times(dim)?.map(|time| self.process.sigma(time)))
    }

    /// The learning rate of step `number`, counted from 1.
    pub fn rate_at(&self, number: u64) -> f64 {
        match self.cosine {
            true => {
                let done = (number - 1) as f64 / self.steps as f64;
                self.rate * (1.0 + (std::f64::consts::PI * done).cos()) / 2.0
            }
            false => self.rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_falls_along_half_a_cosine() {
        let settings = Settings { steps: 100, cosine: true, rate: 2e-3, ..Settings::default() };
        for (step, rate) in [(1, 2e-3), (26, 1e-3 * (1.0 + 0.5_f64.sqrt())), (51, 1e-3), (101, 0.0)] {
            assert!((settings.rate_at(step) - rate).abs() < 1e-15, "{step}");
        }
        assert_eq!(Settings::default().rate_at(7), 1e-3);
    }

    #[test]
    fn times_are_the_papers_or_as_noisy() {
        let times = |process, dim| Settings { process, ..Settings::default() }.times(dim).expect("times");
        let paper = Process::default();
        assert!((times(paper, 10)[1] - 6.0).abs() < 1e-12);
        for (_, process) in Process::ALL {
            assert!((process.sigma(times(process, 10)[1]) / paper.sigma(6.0) - 1.0).abs() < 1e-9);
            assert!((process.sigma(times(process, 784)[1]) / 28.0 - 1.0).abs() < 1e-9);
        }
        let slow = Process::VarianceExploding { diffusion_rate: 1e-3 };
        assert!((slow.sigma(times(slow, 10)[1]) / paper.sigma(6.0) - 1.0).abs() < 1e-9);
        let error =
            Settings { last_time: Some(2000.0), ..Settings::default() }.times(10).expect_err("too noisy");
        assert!(error.to_string().starts_with("last-time: expected a time above 0.001"), "{error}");
    }
}
