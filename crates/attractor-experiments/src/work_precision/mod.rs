//! How many evaluations of the denoiser does a recall need? A work–precision study of the samplers.
//!
//! Patterns are random ±1, and cues are θy + √(1−θ²)ε. The states of each sampler are compared with a
//! reference solution of the probability flow from the same cue, in two places:
//!
//! - at the level [`PATH_LEVEL`], on the way: distance for each unit, which falls with the order of the
//!   sampler;
//! - at the end, σ = 0: share of units with another sign. The flow ends in a stored pattern, so a small error
//!   on the way either vanishes at the end or leads to another pattern.

mod measure;
mod reference;
mod report;

use std::collections::BTreeMap;
use std::time::Instant;

use attractor::diffusion::{LAST, Process, RHO, Sampler};
use attractor::options::{CountRange, Fallback, Kind, Parameter};
use attractor::threads;
use attractor_report::statistics::{Interval, bootstrap};
use attractor_report::{Declaration, Error, Experiment, Progress, Report, Result};

pub use measure::Sum;
use measure::{Check, Part};

/// The level on the way at which states are compared, in spreads. It is low enough that most cues are
/// decided, and high enough that the state is not yet a stored pattern.
pub const PATH_LEVEL: f64 = 0.3;

/// The largest share of changed signs that a default may have in each class of loads.
pub const ALLOWED: f64 = 1e-3;

/// The samplers that are studied: those without chance that read a fixed number of times, and of the stochastic ones
/// the paper's.
pub fn studied() -> impl Iterator<Item = Sampler> {
    let is_fixed = |sampler: Sampler| !sampler.is_stochastic() && sampler.evaluations(1).is_some();
    let all = Sampler::ALL.into_iter().map(|(_, sampler)| sampler);
    all.filter(move |&sampler| is_fixed(sampler) || sampler == Sampler::EulerMaruyama)
}

/// The samplers that other grids are tried with: those that go by one.
pub fn grid_samplers() -> impl Iterator<Item = Sampler> {
    studied().filter(|sampler| sampler.has_grid())
}

/// A memory and a kind of cue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// Units D.
    pub dim: usize,
    /// Stored patterns N.
    pub patterns: usize,
    /// Signal θ of the cues.
    pub signal: f64,
}

impl Setting {
    /// ln N / (D C(θ)). At 1 there are as many patterns as the noise of the cues allows to tell apart.
    ///
    /// Random ±1 patterns are a random code, and the cue is a code word after a Gaussian channel. At large D,
    /// up to e^{DC} patterns can be told apart, where C is the capacity of the channel (Shannon 1948).
    pub fn load(&self) -> f64 {
        (self.patterns as f64).ln() / (self.dim as f64 * capacity(self.signal))
    }

    /// Whether the load is below, near or above what the noise level can tell apart.
    pub fn class(&self) -> Class {
        match self.load() {
            load if load < 0.75 => Class::Below,
            load if load < 1.25 => Class::Near,
            _ => Class::Above,
        }
    }
}

/// The load of a memory, compared with what the noise level of the cues can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// ln N < ¾ D C.
    Below,
    /// Between.
    Near,
    /// ln N ≥ 1¼ D C.
    Above,
}

impl Class {
    /// All classes, from easy to hard.
    pub const ALL: [Class; 3] = [Class::Below, Class::Near, Class::Above];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Class::Below => "below",
            Class::Near => "near",
            Class::Above => "above",
        }
    }
}

/// The capacity in nats of the channel x = θy + √(1−θ²)ε with y = ±1: C = ln 2 − E ln(1 + e^{−2(1 + σε)/σ²}),
/// σ = √(1−θ²)/θ.
pub fn capacity(signal: f64) -> f64 {
    /// Equal steps over ±10 standard deviations. The trapezoidal rule converges faster than any power here.
    const NODES: i32 = 400;
    let sigma = (1.0 - signal * signal).sqrt() / signal;
    let step = 20.0 / f64::from(NODES);
    let lost: f64 = (-NODES / 2..=NODES / 2)
        .map(|i| {
            let noise = f64::from(i) * step;
            let density = (-noise * noise / 2.0).exp() / std::f64::consts::TAU.sqrt();
            let exponent = -2.0 * (1.0 + sigma * noise) / (sigma * sigma);
            // ln(1 + e^u) without overflow.
            let loss = exponent.max(0.0) + (-exponent.abs()).exp().ln_1p();
            density * loss * step
        })
        .sum();
    std::f64::consts::LN_2 - lost
}

/// The spacing of the noise levels of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Spacing {
    /// [`power_levels`](attractor::diffusion::power_levels) with this ρ and last positive level in spreads.
    Power {
        /// ρ.
        rho: f64,
        /// Last positive level, in spreads.
        last: f64,
    },
    /// Equal steps of the process's time.
    Time,
}

impl Spacing {
    /// The default spacing of a sampler.
    pub fn default_of(sampler: Sampler) -> Self {
        match sampler {
            Sampler::Euler | Sampler::EulerMaruyama => Spacing::Time,
            _ => Spacing::Power { rho: RHO, last: LAST },
        }
    }

    /// The name in the report.
    pub fn name(&self) -> String {
        match self {
            Spacing::Power { rho, last } => format!("rho {rho} to {last}"),
            Spacing::Time => "time".into(),
        }
    }
}

/// The settings. `docs/how-to/choosing-a-sampler.md` is based on the defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Memories and cues.
    pub settings: Vec<Setting>,
    /// Independent pattern sets for each setting.
    pub sets: usize,
    /// How many of these are also compared on the way.
    pub path_sets: usize,
    /// Cues for each pattern set.
    pub cues: usize,
    /// Evaluations of the denoiser on the way to [`PATH_LEVEL`].
    pub path_evaluations: Vec<usize>,
    /// Evaluations of the denoiser down to σ = 0, at most.
    pub end_evaluations: Vec<usize>,
    /// The evaluations at which other grids are tried.
    pub grid_evaluations: Vec<usize>,
    /// The other grids.
    pub spacings: Vec<Spacing>,
    /// Runge–Kutta steps of the reference from the cue's level to [`PATH_LEVEL`].
    pub reference_steps: usize,
    /// Rate γ of the variance-preserving process. The Euler methods take steps of its time.
    pub gamma: f64,
    /// Seed.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        let of = |dim: usize, pairs: &[(usize, f64)]| -> Vec<Setting> {
            pairs.iter().map(|&(patterns, signal)| Setting { dim, patterns, signal }).collect()
        };
        // N = e^{load · D C(θ)} at loads of about ½, 1 and 1½, where that is between 4 and 500. Also cues
        // that carry almost no information, since recalls from known units alone start at such levels.
        let mut settings =
            of(16, &[(5, 0.35), (9, 0.5), (29, 0.5), (10, 0.68), (100, 0.68), (500, 0.68), (150, 0.9)]);
        settings.extend(of(64, &[(64, 0.05), (8, 0.25), (22, 0.25), (8, 0.35), (63, 0.35), (100, 0.5)]));
        settings.extend(of(256, &[(4, 0.15), (18, 0.15), (46, 0.15)]));
        let mut spacings = vec![Spacing::Time];
        for last in [2e-3, 0.05] {
            spacings.extend([1.0, 2.0, 3.0, 7.0].map(|rho| Spacing::Power { rho, last }));
        }
        Config {
            settings,
            sets: 20,
            path_sets: 5,
            cues: 32,
            path_evaluations: vec![4, 8, 16, 32, 64, 128, 256, 512],
            end_evaluations: vec![4, 6, 8, 12, 16, 24, 32, 48, 64],
            grid_evaluations: vec![8, 12, 16, 24, 32],
            spacings,
            reference_steps: 256,
            gamma: 0.8,
            seed: 0,
        }
    }
}

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "work-precision",
    title: "Error of the diffusion samplers by evaluations of the denoiser, and by noise grid",
    examples: &["--out work-precision"],
    settings: &[Parameter {
        name: "sets",
        kind: Kind::Count(CountRange::between(2, 1_000_000)),
        default: Fallback::From(|| Config::default().sets.to_string()),
        help: "How many sets of random patterns to average over",
    }],
    inputs: &[],
    build: |given| {
        let usual = Config::default();
        let sets = given.settings.count("sets").unwrap_or(usual.sets);
        Ok(Box::new(Config { sets, seed: given.seed, ..usual }))
    },
};

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "settings"
    }

    /// Checks that there are two pattern sets (for an interval), cues, and a signal in (0, 1).
    fn check(&self) -> Result<()> {
        if self.sets < 2 {
            return Err(Error::setting("sets", "at least 2, for an interval", self.sets));
        }
        if self.cues == 0 {
            return Err(Error::setting("cues", "at least 1", self.cues));
        }
        let outside = |s: &&Setting| !(s.signal > 0.0 && s.signal < 1.0);
        match self.settings.iter().find(outside) {
            Some(found) => Err(Error::setting("signal", "a number between 0 and 1", found.signal)),
            None => Ok(()),
        }
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        Ok(measure(self.clone(), progress)?.report())
    }
}

impl Config {
    fn process(&self) -> Process {
        Process::VariancePreserving { gamma: self.gamma }
    }
}

/// Where states were compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// At [`PATH_LEVEL`].
    Path,
    /// At σ = 0.
    End,
}

/// The key of a run: the sampler, its grid, the number of evaluations, and where states were compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Where.
    pub place: Place,
    /// Name of the sampler.
    pub sampler: &'static str,
    /// [`Spacing::name`].
    pub spacing: String,
    /// Evaluations of the denoiser.
    pub evaluations: usize,
}

/// The results of one run, averaged over pattern sets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Root mean square distance from the reference, for each unit.
    pub rms: f64,
    /// Its 95 % bootstrap interval, over pattern sets.
    pub rms_interval: Interval,
    /// Median over cues of the root mean square distance, and its interval; only on the way.
    pub median: Option<(f64, Interval)>,
    /// Share of units whose sign differs from the reference's.
    pub signs: f64,
    /// Its 95 % interval: bootstrap over pattern sets, or up to 3/cues if no sign changed (rule of three).
    pub signs_interval: Interval,
    /// Number of cues.
    pub cues: usize,
}

/// All results.
#[derive(Clone, Debug)]
pub struct Measured {
    /// Settings.
    pub config: Config,
    /// The sums of each run: one for each pattern set, in the order of `config.settings`.
    sums: BTreeMap<Key, Vec<(usize, Sum)>>,
    /// The entries of each run over all settings of a class.
    classes: BTreeMap<(Key, Class), Entry>,
    /// How well the two references agree.
    check: Check,
    /// Wall time.
    pub seconds: f64,
}

/// Runs the study. `progress(done, of)` is called after each setting.
///
/// # Errors
/// Settings outside their range.
pub fn measure(config: Config, progress: &mut Progress) -> Result<Measured> {
    config.check()?;
    let start = Instant::now();
    let mut sums: BTreeMap<Key, Vec<(usize, Sum)>> = BTreeMap::new();
    let mut check = Check::default();
    for (index, setting) in config.settings.iter().enumerate() {
        let part = |set: usize| {
            let seed = config.seed.wrapping_mul(1_000_003).wrapping_add((index * 1_000_000 + set) as u64);
            measure::part(&config, setting, set, seed)
        };
        let parts: Vec<Part> = threads::parallel(config.sets, part).into_iter().collect::<Result<_>>()?;
        for part in parts {
            check.merge(&part.check);
            for (key, sum) in part.sums {
                sums.entry(key).or_default().push((index, sum));
            }
        }
        progress(index + 1, config.settings.len())?;
    }
    let seconds = start.elapsed().as_secs_f64();
    let mut measured = Measured { config, sums, classes: BTreeMap::new(), check, seconds };
    let mut classes = BTreeMap::new();
    for key in measured.sums.keys() {
        for class in Class::ALL {
            let entry = measured.entry(key, |index| measured.config.settings[index].class() == class);
            classes.extend(entry.map(|entry| ((key.clone(), class), entry)));
        }
    }
    measured.classes = classes;
    Ok(measured)
}

impl Measured {
    /// The entry of a run over some of the settings.
    fn entry(&self, key: &Key, wanted: impl Fn(usize) -> bool) -> Option<Entry> {
        let parts: Vec<&Sum> =
            self.sums.get(key)?.iter().filter(|(index, _)| wanted(*index)).map(|(_, sum)| sum).collect();
        let cues: usize = parts.iter().map(|p| p.distances.len()).sum();
        if cues == 0 {
            return None;
        }
        let interval = |statistic: fn(&[&Sum]) -> f64| {
            bootstrap(&parts, self.config.seed, |parts| {
                statistic(&parts.iter().map(|p| **p).collect::<Vec<_>>())
            })
        };
        let signs = Sum::signs_of(&parts);
        Some(Entry {
            rms: Sum::rms_of(&parts),
            rms_interval: interval(Sum::rms_of),
            median: (key.place == Place::Path).then(|| (Sum::median_of(&parts), interval(Sum::median_of))),
            signs,
            signs_interval: if signs > 0.0 {
                interval(Sum::signs_of)
            } else {
                Interval { low: 0.0, high: 3.0 / cues as f64 }
            },
            cues,
        })
    }

    /// The entry of a run over all settings of a class; `None` if there is no such run.
    pub fn class(&self, key: &Key, class: Class) -> Option<Entry> {
        self.classes.get(&(key.clone(), class)).copied()
    }

    /// The fewest evaluations from which on the share of changed signs stays below [`ALLOWED`], with its
    /// whole interval and in every class. Only those are considered at which grids are compared. `None` if
    /// there is no such number.
    pub fn needed(&self, sampler: &str, spacing: &str) -> Option<usize> {
        let most = self.config.grid_evaluations.iter().copied().max().unwrap_or(0);
        let mut needed = None;
        let runs = self.sums.keys().filter(|k| {
            k.place == Place::End && k.sampler == sampler && k.spacing == spacing && k.evaluations <= most
        });
        for key in runs {
            let below =
                |&class: &Class| self.class(key, class).is_none_or(|e| e.signs_interval.high < ALLOWED);
            let good = Class::ALL.iter().all(below);
            needed = if good { needed.or(Some(key.evaluations)) } else { None };
        }
        needed
    }
}

#[cfg(test)]
mod tests;
