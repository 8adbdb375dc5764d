//! How many random features does a memory of fixed size need (Hoover et al. 2024)?
//!
//! - Errors of energy and gradient at patterns, near them and far from them, by the number of features M and by β, beside
//!   the standard deviations of theory.
//! - Wrong units of what is recalled, by M/2ND, beside those of the exact energy.
//! - A memory of one size that gets more and more patterns: noisy copies of a few prototypes, and patterns that have nothing
//!   in common.
//!
//! Patterns are random ±1.

mod measure;
mod report;

use std::time::Instant;

use attractor::options::{CountRange, Fallback, Kind, Parameter};
use attractor_report::{Declaration, Error, Experiment, Progress, Report, Result};

pub use measure::{Errors, Grown, Measured, Place, Recalled};

/// Settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Units D.
    pub dim: usize,
    /// Patterns N.
    pub patterns: usize,
    /// Numbers of features, as M/2ND.
    pub ratios: Vec<f64>,
    /// Inverse temperatures, as shares of the one that just separates the patterns.
    pub betas: Vec<f64>,
    /// Prototypes, of which the memory of one size gets copies.
    pub prototypes: usize,
    /// How many patterns it gets for each prototype.
    pub copies: Vec<usize>,
    /// Independent pattern sets, each with frequencies of its own.
    pub sets: usize,
    /// The patterns of a set that are looked at, at most.
    pub cues: usize,
    /// Seed.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            dim: 64,
            patterns: 50,
            ratios: vec![0.0625, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0],
            betas: vec![1.0, 2.0],
            prototypes: 10,
            copies: vec![1, 3, 10, 30, 100, 300, 1000],
            sets: 8,
            cues: 16,
            seed: 0,
        }
    }
}

/// The share of the units of a pattern that is flipped in a cue near it.
const NEAR: f64 = 0.1;
/// The share of the units of a prototype that is flipped in a copy.
const COPY: f64 = 0.05;
/// The features of the memory of one size, as M/2PD of P prototypes.
const SPARE: f64 = 2.0;

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "random-features",
    title: "Hoover et al. (2024): errors of energy, gradient and recall by the number of random features",
    examples: &["--out random-features", "--patterns 25 --sets 4 --out random-features"],
    settings: &[
        Parameter {
            name: "dim",
            kind: Kind::Count(CountRange::between(8, 1024)),
            default: Fallback::From(|| Config::default().dim.to_string()),
            help: "Units of the patterns",
        },
        Parameter {
            name: "patterns",
            kind: Kind::Count(CountRange::between(8, 10_000)),
            default: Fallback::From(|| Config::default().patterns.to_string()),
            help: "How many patterns a memory holds",
        },
        Parameter {
            name: "sets",
            // An interval needs at least two.
            kind: Kind::Count(CountRange::between(2, 1_000_000)),
            default: Fallback::From(|| Config::default().sets.to_string()),
            help: "How many sets of random patterns to average over",
        },
    ],
    inputs: &[],
    build: |given| {
        let usual = Config::default();
        let count = |name: &str, usual: usize| given.settings.count(name).unwrap_or(usual);
        Ok(Box::new(Config {
            dim: count("dim", usual.dim),
            patterns: count("patterns", usual.patterns),
            sets: count("sets", usual.sets),
            seed: given.seed,
            ..usual
        }))
    },
};

impl Config {
    /// The number of features at a ratio M/2ND.
    fn features(&self, ratio: f64) -> usize {
        ((2.0 * ratio * (self.patterns * self.dim) as f64).round() as usize).max(1)
    }

    /// The features of the memory of one size.
    fn spared(&self) -> usize {
        (2.0 * SPARE * (self.prototypes * self.dim) as f64) as usize
    }
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "pattern sets"
    }

    fn check(&self) -> Result<()> {
        if self.sets < 2 {
            return Err(Error::setting("sets", "at least 2, for an interval", self.sets));
        }
        let copies: Vec<f64> = self.copies.iter().map(|&copies| copies as f64).collect();
        for (name, list) in [("ratios", &self.ratios), ("betas", &self.betas), ("copies", &copies)] {
            let rises = list.windows(2).all(|pair| pair[0] < pair[1]);
            if list.is_empty() || !rises || list[0] <= 0.0 {
                return Err(Error::setting(name, "rising numbers above 0", format!("{list:?}")));
            }
        }
        let counts = [("dim", self.dim), ("patterns", self.patterns), ("prototypes", self.prototypes)];
        match counts.into_iter().chain([("cues", self.cues)]).find(|(_, count)| *count < 2) {
            Some((name, count)) => Err(Error::setting(name, "at least 2", count)),
            None => Ok(()),
        }
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let measured = measure::measure(self, progress)?;
        Ok(report::report(self, &measured, start.elapsed().as_secs_f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Config {
        Config {
            dim: 32,
            patterns: 12,
            ratios: vec![0.1, 1.0, 8.0],
            betas: vec![1.0, 2.0],
            prototypes: 4,
            copies: vec![1, 20],
            sets: 6,
            cues: 8,
            ..Config::default()
        }
    }

    #[test]
    fn errors_are_those_of_theory_and_what_is_held_is_what_is_distinct() {
        let config = small();
        let measured = measure::measure(&config, &mut |_, _| Ok(())).expect("numbers");
        let at = |place, beta, ratio: f64| {
            let is = |e: &&Errors| (e.place, e.beta) == (place, beta) && e.features == config.features(ratio);
            *measured.errors.iter().find(is).expect("measured")
        };
        // Where K̂ is well above its noise, errors are its standard deviation: of 48 correlated ones to within a third.
        let Errors { energy, gradient, theory_energy, theory_gradient, .. } = at(Place::At, 2.0, 8.0);
        assert!((0.67..1.5).contains(&(energy / theory_energy)), "{energy} for {theory_energy}");
        assert!((0.67..1.5).contains(&(gradient / theory_gradient)), "{gradient} for {theory_gradient}");
        // A hundredth of the variance with a hundred times the features, about.
        let ratio = at(Place::At, 1.0, 0.1).energy / energy;
        assert!(ratio > 2.0, "{ratio}");
        // Far from patterns the sum is below its noise, and larger β makes it smaller.
        assert!(at(Place::Far, 2.0, 1.0).without > 0.3 && at(Place::At, 1.0, 8.0).without == 0.0);
        let wrong = |ratio: f64| {
            let is = |r: &&Recalled| {
                (r.place, r.beta, r.features) == (Place::At, 2.0, Some(config.features(ratio)))
            };
            measured.recalled.iter().find(is).expect("measured").wrong
        };
        assert!(wrong(0.1) > 0.01 && wrong(8.0) == 0.0, "{} {}", wrong(0.1), wrong(8.0));
        let grown = |copies: bool, patterns: usize| {
            let is = |g: &&Grown| (g.copies, g.patterns) == (copies, patterns);
            measured.grown.iter().find(is).expect("measured").wrong
        };
        assert!(
            grown(true, 80) < 0.02 && grown(false, 80) > 0.05,
            "{} {}",
            grown(true, 80),
            grown(false, 80)
        );
    }

    #[test]
    fn a_seed_gives_one_report_on_any_number_of_threads() {
        let config = Config { sets: 2, ..small() };
        let once = measure::measure(&config, &mut |_, _| Ok(())).expect("numbers");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
        let again = pool.install(|| measure::measure(&config, &mut |_, _| Ok(()))).expect("numbers");
        assert_eq!(once, again);
        let report = config.run(&mut |_, _| Ok(())).expect("a report");
        assert!(report.json()["errors"].is_array() && report.html().is_ok());
    }

    #[test]
    fn settings_that_measure_nothing_are_refused() {
        for config in [
            Config { sets: 1, ..small() },
            Config { ratios: vec![], ..small() },
            Config { betas: vec![2.0, 1.0], ..small() },
            Config { copies: vec![0, 1], ..small() },
            Config { cues: 1, ..small() },
        ] {
            assert!(config.check().is_err(), "{config:?}");
        }
    }
}
