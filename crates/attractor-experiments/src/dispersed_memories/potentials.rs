//! The general case (section 3.2, Eq. 15–21): noise-injection dynamics with a potential, and its limit, in which the
//! potential no longer matters.

mod digits;
mod fokker_planck;
mod kernels;
mod report;
mod rest;

use std::time::Instant;

use attractor::options::{CountRange, Fallback, Kind, Parameter};
use attractor_report::{Declaration, Error, Experiment, Progress, Report, Result};

use digits::Recalled;
use kernels::Ratio;
use rest::Rest;

/// Settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Stored digits N, the first of those that come with the program.
    pub patterns: usize,
    /// Cues, one for each of the first stored digits.
    pub cues: usize,
    /// Cells for each unit of length of the coarsest of three grids of the Fokker–Planck equation.
    pub cells: usize,
    /// Seed.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config { patterns: 1000, cues: 500, cells: 200, seed: 0 }
    }
}

/// The ranges of the settings.
const PATTERNS: CountRange = CountRange::between(10, 1500);
const CUES: CountRange = CountRange::between(10, 1500);
const CELLS: CountRange = CountRange::between(20, 2000);

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "potentials",
    title: "Ambrogioni (2023), section 3.2: noise-injection dynamics with a potential, and its limit of short times",
    examples: &["--out potentials", "--patterns 200 --cues 100 --out quick"],
    settings: &[
        Parameter {
            name: "patterns",
            kind: Kind::Count(PATTERNS),
            default: Fallback::From(|| Config::default().patterns.to_string()),
            help: "Stored digits, from the first on; the potential learns the correlations of pixels from the others",
        },
        Parameter {
            name: "cues",
            kind: Kind::Count(CUES),
            default: Fallback::From(|| Config::default().cues.to_string()),
            help: "How many of the stored digits are recalled from a noisy cue at each level",
        },
        Parameter {
            name: "cells",
            kind: Kind::Count(CELLS),
            default: Fallback::From(|| Config::default().cells.to_string()),
            help: "Cells for each unit of length of the coarsest grid of the Fokker-Planck equation; the finest has four times as many",
        },
    ],
    inputs: &[],
    build: |given| {
        let usual = Config::default();
        let count = |name: &str, usual: usize| given.settings.count(name).unwrap_or(usual);
        Ok(Box::new(Config {
            patterns: count("patterns", usual.patterns),
            cues: count("cues", usual.cues),
            cells: count("cells", usual.cells),
            seed: given.seed,
        }))
    },
};

/// All results.
struct Findings {
    double_well: Vec<Ratio>,
    quadratic: Vec<Ratio>,
    rest: Vec<Rest>,
    recalled: Vec<Recalled>,
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "parts"
    }

    fn check(&self) -> Result<()> {
        PATTERNS.check("patterns", self.patterns as u64)?;
        CUES.check("cues", self.cues as u64)?;
        CELLS.check("cells", self.cells as u64)?;
        if self.cues > self.patterns {
            let expected = format!("at most the {} stored digits", self.patterns);
            return Err(Error::setting("cues", expected, self.cues));
        }
        Ok(())
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let findings = self.findings(progress)?;
        Ok(self.report(&findings, start.elapsed().as_secs_f64()))
    }
}

impl Config {
    fn findings(&self, progress: &mut Progress) -> Result<Findings> {
        let all = 3 + digits::NOISES.len();
        progress(0, all)?;
        let double_well = kernels::double_well(self.cells)?;
        progress(1, all)?;
        let quadratic = kernels::quadratic()?;
        progress(2, all)?;
        let rest = rest::fixed_points(self.seed)?;
        progress(3, all)?;
        let recalled = digits::recall(self, &mut |done| progress(3 + done, all))?;
        Ok(Findings { double_well, quadratic, rest, recalled })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published ratios of the double well at a fixed place.
    #[test]
    fn the_log_kernel_goes_to_that_without_a_potential() {
        let ratios = kernels::double_well(100).expect("ratios");
        for (time, expected) in [(0.1, 0.859), (0.03, 0.964), (0.01, 0.988)] {
            let found = ratios.iter().find(|ratio| ratio.time == time).expect("this time");
            // Half a unit of the last published digit, and the error of a grid a quarter as fine as the default.
            let fixed = found.fixed.expect("a grid resolves it");
            assert!((fixed - expected).abs() < 1.5e-3, "{fixed} at {time}");
        }
        // O(τ) at a fixed place and O(√τ) at a distance of √τ: the slopes of ln |ratio − 1| over ln τ.
        let slope = |of: fn(&Ratio) -> f64, items: &[Ratio]| -> f64 {
            let (a, b) = (&items[0], &items[items.len() - 1]);
            ((of(a) - 1.0).abs() / (of(b) - 1.0).abs()).ln() / (a.time / b.time).ln()
        };
        let closed = kernels::quadratic().expect("ratios");
        let tail = &closed[closed.len() - 3..];
        assert!((slope(|r| r.fixed.expect("closed"), tail) - 1.0).abs() < 0.01, "{closed:?}");
        assert!((slope(|r| r.near, tail) - 0.5).abs() < 0.05, "{closed:?}");
        // The library's kernel of a quadratic potential is the closed form.
        assert!(
            closed.iter().all(|ratio| ratio.error.is_some_and(|e| e.abs() < 1e-9 / ratio.time)),
            "{closed:?}"
        );
    }

    #[test]
    fn fixed_points_go_to_those_without_a_potential() {
        let rest = rest::fixed_points(0).expect("fixed points");
        for pair in rest.windows(2).filter(|pair| pair[0].form == pair[1].form) {
            assert!(pair[1].distance < pair[0].distance, "{pair:?}");
        }
    }

    #[test]
    fn known_noise_is_undone_best() {
        let config = Config { patterns: 200, cues: 60, cells: 20, seed: 0 };
        let mut parts = Vec::new();
        let report = {
            let mut progress = |done: usize, of: usize| {
                parts.push((done, of));
                Ok(())
            };
            config.run(&mut progress).expect("a report")
        };
        assert_eq!(parts.last(), Some(&(3 + digits::NOISES.len(), 3 + digits::NOISES.len())));
        let json = report.json();
        let rows = json["recall"].as_array().expect("rows");
        let share = |row: &serde_json::Value, key: &str| row[key].as_f64().expect("a share");
        // At the most noise, the difference is far beyond the error of 60 cues.
        let last = rows.last().expect("a row");
        assert!(share(last, "known") > share(last, "white") + 0.2, "{last}");
        report.html().expect("a page");
    }

    #[test]
    fn impossible_settings_are_refused() {
        let refused = |config: Config, word: &str| {
            let error = config.check().expect_err(word).to_string();
            assert!(error.contains(word), "{error}");
        };
        refused(Config { cues: 1200, ..Config::default() }, "cues");
        refused(Config { patterns: 3, ..Config::default() }, "patterns");
        refused(Config { cells: 3, ..Config::default() }, "cells");
    }
}
