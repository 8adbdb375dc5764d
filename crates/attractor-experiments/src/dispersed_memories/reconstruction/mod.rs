//! Reconstructive memory on digits: how much of an event must be stored, and what the rest becomes.

mod lures;
mod measure;
mod pictures;
mod report;

use std::ops::ControlFlow;
use std::time::Instant;

use attractor::energies::{Denoise, Mixture};
use attractor::options::{self, CountRange, Fallback, NumberRange, Parameter};
use attractor_data::digits;
use attractor_fit::{Components, Settings, fit};
use attractor_report::{Declaration, Error, Experiment, Progress, Report, Result};
use ndarray::{Array2, s};

/// Settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// How many of the digits the semantic memory is fitted on; the others are events.
    pub train: usize,
    /// Gaussians of the semantic memory.
    pub components: usize,
    /// Principal directions of each of them.
    pub rank: usize,
    /// The smallest deviation of a Gaussian, in spreads of the data: about the step of the grey levels.
    pub floor: f64,
    /// Thresholds of surprise for the curve, from high to low; grey values are from 0 to 1.
    pub thresholds: Vec<f64>,
    /// The threshold for all else.
    pub threshold: f64,
    /// Recalls of each event.
    pub repeats: usize,
    /// How many of the events are used, from the first on.
    pub events: usize,
    /// The noise of the cues of the lures.
    pub sigma: f64,
    /// The share of gist in the memory that is asked with lures.
    pub gist: f64,
    /// Seed.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            train: 1500,
            components: 10,
            rank: 12,
            floor: 0.1,
            thresholds: vec![0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.15, 0.1],
            threshold: 0.3,
            repeats: 64,
            events: 297,
            sigma: 0.25,
            gist: 0.5,
            seed: 0,
        }
    }
}

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "reconstruction",
    title: "Ambrogioni (2023), section 6.1: what of an event is stored, and what recall makes of the rest",
    examples: &["--out reconstruction", "--threshold 0.2 --out reconstruction"],
    settings: &[
        Parameter {
            name: "threshold",
            kind: options::Kind::Number(NumberRange::between(0.0, 1.0).above_low()),
            default: Fallback::From(|| Config::default().threshold.to_string()),
            help: "Store the units of an event that the semantic memory predicts wrongly by more than this (grey values are from 0 to 1)",
        },
        Parameter {
            name: "repeats",
            kind: options::Kind::Count(CountRange::between(4, 100_000)),
            default: Fallback::From(|| Config::default().repeats.to_string()),
            help: "How often each event is recalled",
        },
    ],
    inputs: &[],
    build: |given| {
        let usual = Config::default();
        Ok(Box::new(Config {
            threshold: given.settings.number("threshold").unwrap_or(usual.threshold),
            repeats: given.settings.count("repeats").unwrap_or(usual.repeats),
            seed: given.seed,
            ..usual
        }))
    },
};

/// The digits with grey values from 0 to 1, in two parts.
struct Digits {
    /// Those that the semantic memory is fitted on.
    train: Array2<f64>,
    train_labels: Vec<u8>,
    events: Array2<f64>,
    labels: Vec<u8>,
}

impl Digits {
    fn new(config: &Config) -> Self {
        let all = digits();
        let grey = all.images.mapv(|v| f64::from(v) / 16.0);
        let end = (config.train + config.events).min(grey.nrows());
        Digits {
            train: grey.slice(s![..config.train, ..]).to_owned(),
            train_labels: all.labels[..config.train].to_vec(),
            events: grey.slice(s![config.train..end, ..]).to_owned(),
            labels: all.labels[config.train..end].to_vec(),
        }
    }

    /// The mean of the training images of a class: the prototype.
    fn prototype(&self, class: u8) -> Vec<f64> {
        let rows: Vec<usize> = (0..self.train.nrows()).filter(|&n| self.train_labels[n] == class).collect();
        let mut mean = vec![0.0; self.train.ncols()];
        for &row in &rows {
            mean.iter_mut().zip(self.train.row(row)).for_each(|(m, y)| *m += y / rows.len() as f64);
        }
        mean
    }
}

/// All that was measured.
struct Findings {
    curve: Vec<measure::Stored>,
    recalls: Vec<measure::Recalled>,
    lures: Vec<lures::Answer>,
    pictures: Vec<attractor_report::Images>,
    /// Mean log-likelihoods of a training image and of an event under the semantic memory, in nats.
    likelihoods: (f64, f64),
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "parts"
    }

    fn check(&self) -> Result<()> {
        let falls = self.thresholds.windows(2).all(|pair| pair[0] > pair[1]);
        if self.thresholds.is_empty() || !falls || self.thresholds.iter().any(|&t| t.is_nan() || t <= 0.0) {
            return Err(Error::setting(
                "thresholds",
                "falling numbers > 0",
                format!("{:?}", self.thresholds),
            ));
        }
        if self.events < 20 || self.train + self.events > 1797 || self.train < 100 {
            let expected = "at least 100 digits to fit and 20 events, of 1,797 in all";
            return Err(Error::setting("events", expected, format!("{} and {}", self.train, self.events)));
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
        const PARTS: usize = 5;
        let data = Digits::new(self);
        let semantic = self.semantic(&data)?;
        progress(1, PARTS)?;
        let curve = self.curve(&data, &semantic)?;
        progress(2, PARTS)?;
        let recalls = self.recalls(&data, &semantic)?;
        progress(3, PARTS)?;
        let (lures, examples) = self.lures(&data, &semantic)?;
        progress(4, PARTS)?;
        let pictures = vec![self.events_picture(&data, &recalls), self.lures_picture(&data, &examples)];
        let likelihood = |rows: &Array2<f64>| -> Result<f64> {
            let sums = semantic_density(&semantic, rows)?;
            Ok(sums.iter().sum::<f64>() / sums.len() as f64)
        };
        let likelihoods = (likelihood(&data.train)?, likelihood(&data.events)?);
        progress(PARTS, PARTS)?;
        Ok(Findings { curve, recalls, lures, pictures, likelihoods })
    }

    /// The semantic memory: a mixture of Gaussians.
    fn semantic(&self, data: &Digits) -> Result<Mixture<f64>> {
        let settings = Settings {
            components: Components::Count(self.components),
            rank: Some(self.rank),
            floor: self.floor,
            seed: self.seed,
            ..Settings::default()
        };
        let mut fitted = fit(data.train.view(), &settings, &mut |_| ControlFlow::Continue(()))?;
        fitted.label(&data.train_labels.iter().map(u8::to_string).collect::<Vec<_>>())?;
        Ok(fitted.mixture()?)
    }
}

/// The log-density of rows under the semantic memory, in nats.
fn semantic_density(semantic: &Mixture<f64>, rows: &Array2<f64>) -> Result<Vec<f64>> {
    /// So little noise that the density with it is that without.
    const SIGMA: f64 = 1e-4;
    let sums = semantic.log_sum(rows.view(), &vec![SIGMA; rows.nrows()])?;
    let constant = 0.5 * rows.ncols() as f64 * (std::f64::consts::TAU * SIGMA * SIGMA).ln();
    Ok(sums.into_iter().map(|sum| sum - constant).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_that_is_stored_leaves_less_error() {
        let config = Config {
            train: 300,
            components: 3,
            rank: 6,
            thresholds: vec![0.6, 0.3],
            repeats: 16,
            events: 40,
            ..Config::default()
        };
        let findings = config.findings(&mut |_, _| Ok(())).expect("findings");
        let of = |rule: &str| findings.curve.iter().filter(|s| s.rule == rule).collect::<Vec<_>>();
        let (none, all, surprise) = (of("nothing")[0], of("everything")[0], of("surprise"));
        assert_eq!((none.numbers, all.numbers), (0.0, 64.0));
        assert!(all.mean < 1e-12 && all.single < 1e-12);
        assert!(none.mean > surprise[0].mean && surprise[0].mean > surprise[1].mean);
        assert!(surprise[0].numbers < surprise[1].numbers && surprise[1].numbers < 64.0);
        for recalled in &findings.recalls {
            // No unit of what is expected is off by more than the threshold.
            assert!(recalled.expected_error <= config.threshold);
            assert!(recalled.core_error < 1e-6, "{}", recalled.core_error);
        }
        // The variance of a mean of r recalls is 1/r of that of one, to 5 standard errors over 40 events.
        let mean = |k: usize| {
            let all: Vec<f64> =
                findings.recalls.iter().map(|r| r.averages[k]).filter(|r| r.is_finite()).collect();
            all.iter().sum::<f64>() / all.len() as f64
        };
        assert!((mean(0) - 1.0).abs() < 0.25 && (mean(1) * 4.0 - 1.0).abs() < 0.5, "{} {}", mean(0), mean(1));
        let recalled = |cue, gist| {
            let own: Vec<_> = findings.lures.iter().filter(|a| a.cue == cue && a.gist == gist).collect();
            own.iter().filter(|a| a.recalled).count() as f64 / own.len() as f64
        };
        // Without gist there is nothing but events; with it, a lure is less often taken for one than an event.
        assert_eq!(recalled(lures::Cue::Unrelated, 0.0), 1.0);
        assert!(recalled(lures::Cue::Unrelated, 0.5) < recalled(lures::Cue::Stored, 0.5));
        let report = config.report(&findings, 1.0);
        assert_eq!(report.json()["lures"].as_array().map(Vec::len), Some(6));
        report.html().expect("a page");
        assert!(Config { thresholds: vec![0.1, 0.3], ..config }.check().is_err());
    }
}
