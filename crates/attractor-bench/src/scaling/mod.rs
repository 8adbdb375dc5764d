//! Measures how time and memory grow over powers of two of each variable, and fits the exponent by least
//! squares on logarithms.

mod report;
mod sweeps;

use std::time::Instant;

use attractor::threads;
use attractor_report::{Declaration, Error, Experiment, Progress, Report, Result};

pub use sweeps::{SWEEPS, Size, Subject, Sweep, Variable};

use crate::counted::peak_of;
use crate::speed::{Machine, Times};

/// Settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Rounds. Each round goes once over all values of a sweep, so that a slow minute affects all of them.
    pub rounds: usize,
    /// Only the smallest so many values of each sweep; `None` takes all.
    pub values: Option<usize>,
    /// Seed. Random numbers do not change the cost.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config { rounds: 9, values: None, seed: 0 }
    }
}

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "scaling",
    title: "How time and memory grow with patterns, units, cues, steps and threads",
    examples: &["--out scaling"],
    settings: &[],
    inputs: &[],
    build: |given| Ok(Box::new(Config { seed: given.seed, ..Config::default() })),
};

/// The measurement of one value of a sweep.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// The value.
    pub value: usize,
    /// The times of its calls.
    pub times: Times,
    /// The most bytes in use during a call, beyond those in use before; `None` if memory is not counted.
    pub bytes: Option<usize>,
}

/// An exponent with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exponent {
    /// The slope of ln cost against ln value.
    pub slope: f64,
    /// Its standard error, which needs at least three values.
    pub error: Option<f64>,
}

/// The exponent k of y ∝ xᵏ, by least squares on logarithms. `None` for fewer than two x, or where a cost is
/// not positive.
pub fn exponent(points: &[(f64, f64)]) -> Option<Exponent> {
    let n = points.len() as f64;
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.ln())).collect();
    if logs.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
        return None;
    }
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let sxx: f64 = logs.iter().map(|p| (p.0 - x).powi(2)).sum();
    if logs.len() < 2 || sxx == 0.0 {
        return None;
    }
    let slope = logs.iter().map(|p| (p.0 - x) * (p.1 - y)).sum::<f64>() / sxx;
    let residual: f64 = logs.iter().map(|p| (p.1 - y - slope * (p.0 - x)).powi(2)).sum();
    let error = (logs.len() > 2).then(|| (residual / (n - 2.0) / sxx).sqrt());
    Some(Exponent { slope, error })
}

/// The measurements of one sweep.
#[derive(Clone, Debug)]
pub struct Swept {
    /// Index in [`SWEEPS`].
    pub sweep: usize,
    /// The measurements of its values.
    pub points: Vec<Measurement>,
}

impl Swept {
    /// The sweep.
    pub fn sweep(&self) -> &'static Sweep {
        &SWEEPS[self.sweep]
    }

    /// The exponent of the shortest times.
    pub fn time(&self) -> Option<Exponent> {
        let points: Vec<_> = self.points.iter().map(|p| (p.value as f64, p.times.best())).collect();
        exponent(&points)
    }

    /// The exponent of the memory.
    pub fn memory(&self) -> Option<Exponent> {
        let point = |p: &Measurement| Some((p.value as f64, p.bytes? as f64));
        exponent(&self.points.iter().filter_map(point).collect::<Vec<_>>())
    }
}

/// The measurements of all sweeps.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The settings.
    pub config: Config,
    /// The machine.
    pub machine: Machine,
    /// The number of threads in all sweeps except that over threads.
    pub threads: usize,
    /// The sweeps, in the order of [`SWEEPS`].
    pub sweeps: Vec<Swept>,
    /// Wall time.
    pub seconds: f64,
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "sweeps"
    }

    /// Checks that there are rounds, and at least two values.
    fn check(&self) -> Result<()> {
        if self.rounds == 0 {
            return Err(Error::setting("rounds", "at least 1", self.rounds));
        }
        match self.values {
            Some(values @ ..2) => Err(Error::setting("values", "at least 2, for an exponent", values)),
            _ => Ok(()),
        }
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        Ok(measure(self.clone(), progress)?.report())
    }
}

/// Measures. `progress(done, of)` is called after each sweep. The number of threads is restored at the end.
///
/// # Errors
/// Settings outside their range; threads or memory that the system does not give.
pub fn measure(config: Config, progress: &mut Progress) -> Result<Measured> {
    config.check()?;
    let (start, machine) = (Instant::now(), Machine::this());
    let before = threads::count();
    let mut sweeps = Vec::new();
    for index in 0..SWEEPS.len() {
        let points = swept(&SWEEPS[index], &config, before);
        threads::set(before)?;
        sweeps.push(Swept { sweep: index, points: points? });
        progress(index + 1, SWEEPS.len())?;
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Measured { config, machine, threads: before, sweeps, seconds })
}

fn swept(sweep: &Sweep, config: &Config, threads: usize) -> Result<Vec<Measurement>> {
    let mut values = sweep.values(threads);
    values.truncate(config.values.unwrap_or(values.len()));
    let mut calls = values.iter().map(|&value| sweep.prepare(value)).collect::<Result<Vec<_>>>()?;
    let mut points = Vec::new();
    for round in 0..=config.rounds {
        for (i, (&value, call)) in values.iter().zip(&mut calls).enumerate() {
            if sweep.variable == Variable::Threads {
                threads::set(value)?;
            }
            if round == 0 {
                // The first call also warms up. Only the allocations of the call are counted; the threads
                // already exist.
                call()?;
                let (result, bytes) = peak_of(&mut *call);
                result?;
                points.push(Measurement { value, times: Times::default(), bytes });
            } else {
                points[i].times.take(&mut *call)?;
            }
        }
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: y = 3x² exactly; then residuals of ±δ about slope 1 over ln x = −1, 0, 1 (δ, −2δ, δ has slope
    /// 0).
    #[test]
    fn exponents_are_the_textbook_s() {
        let square: Vec<_> = [1.0, 2.0, 4.0, 8.0].map(|x: f64| (x, 3.0 * x * x)).to_vec();
        let found = exponent(&square).expect("points");
        assert!((found.slope - 2.0).abs() < 1e-12 && found.error.expect("four") < 1e-12);
        let bent: Vec<_> = [(-1.0, 0.1), (0.0, -0.2), (1.0, 0.1)]
            .map(|(x, d): (f64, f64)| (x.exp(), (x + d).exp()))
            .to_vec();
        let found = exponent(&bent).expect("points");
        // Residual sum 0.06, one degree of freedom, Σ(x − x̄)² = 2.
        assert!(
            (found.slope - 1.0).abs() < 1e-12
                && (found.error.expect("three") - 0.03_f64.sqrt()).abs() < 1e-12
        );
        assert_eq!(exponent(&bent[..2]).expect("two").error, None);
        assert_eq!(exponent(&bent[..1]), None);
        assert_eq!(exponent(&[(1.0, 0.0), (2.0, 1.0)]), None);
    }

    #[test]
    fn every_sweep_has_values_of_its_own() {
        for sweep in SWEEPS {
            let values = sweep.values(8);
            assert!(values.len() > 2 && values.windows(2).all(|w| w[1] == 2 * w[0]));
            let Size { shape, steps } = sweep.at(values[0]);
            assert!(shape.cues > 0 && shape.patterns > 0 && shape.units > 0, "{}", sweep.fixed());
            assert!(steps > 0 || sweep.fixed.steps == 0);
        }
    }

    #[test]
    fn settings_without_a_result_are_refused() {
        assert!(Config { rounds: 0, ..Config::default() }.check().is_err());
        assert!(Config { values: Some(1), ..Config::default() }.check().is_err());
    }
}
