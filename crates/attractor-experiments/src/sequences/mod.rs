//! Sequences (Chaudhry, Zavatone-Veth, Krotov & Pehlevan 2023): which separation holds which length, how long memories are
//! held, and patterns that are alike.

mod measure;
mod report;

use std::str::FromStr;
use std::time::Instant;

use attractor::options::{CountRange, Fallback, Kind, Parameter, find, names_of};
use attractor_capacity::{Cells, Config as Capacities, Contender, Entrant, Found, Passage, Rule, Task};
use attractor_report::{Cellular, Declaration, Experiment, Progress, Report, Result, Team};
use serde_json::Value;

use measure::{Alike, Held, Noisy, Played};

/// How much is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Fewer and smaller networks.
    #[default]
    Quick,
    /// More sets, and larger networks.
    Paper,
}

impl Profile {
    /// Both profiles with their names.
    pub const ALL: [(&'static str, Profile); 2] = [("quick", Profile::Quick), ("paper", Profile::Paper)];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }

    /// Pattern sets for each cell.
    fn sets(self) -> usize {
        match self {
            Profile::Quick => 40,
            Profile::Paper => 140,
        }
    }

    /// The separations whose capacity is measured, each at its numbers of units.
    fn measured(self) -> [(&'static str, &'static [usize]); 4] {
        match self {
            Profile::Quick => [
                ("poly:1", &[50, 100, 200]),
                ("poly:2", &[20, 40, 80]),
                ("poly:3", &[16, 24, 36]),
                ("exp", &[8, 10, 12, 14]),
            ],
            Profile::Paper => [
                ("poly:1", &[50, 100, 200, 400, 800]),
                ("poly:2", &[20, 40, 80, 120, 160]),
                ("poly:3", &[16, 24, 36, 48, 60]),
                ("exp", &[8, 10, 12, 14, 16, 18]),
            ],
        }
    }
}

impl FromStr for Profile {
    type Err = attractor::Error;

    fn from_str(name: &str) -> attractor::Result<Self> {
        find("profile", &Self::ALL, name)
    }
}

/// Settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// How much is measured.
    pub profile: Profile,
    /// Pattern sets for each cell; `None` takes the number of the profile.
    pub sets: Option<usize>,
    /// Seed.
    pub seed: u64,
}

/// The range of the number of sets.
const SETS: CountRange = CountRange::between(2, 100_000);

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "sequences",
    title: "Chaudhry et al. (2023), Long sequence Hopfield memory: lengths of sequences, dwell times, patterns that are alike",
    examples: &["--out sequences", "--profile paper --out sequences-paper"],
    settings: &[
        Parameter {
            name: "profile",
            kind: Kind::Choice(|| names_of(&Profile::ALL)),
            default: Fallback::Is("quick"),
            help: "How much is measured: paper has more sets and larger networks, and takes minutes",
        },
        Parameter {
            name: "sets",
            kind: Kind::Count(SETS),
            default: Fallback::Rule("40 for quick, 140 for paper"),
            help: "How many sets of random patterns to average over",
        },
    ],
    inputs: &[],
    build: |given| {
        Ok(Box::new(Config {
            profile: given.settings.named("profile")?.unwrap_or_default(),
            sets: given.settings.count("sets"),
            seed: given.seed,
        }))
    },
};

/// All results.
struct Findings {
    played: Vec<Played>,
    capacities: Capacities,
    found: Vec<Found>,
    held: Vec<Held>,
    alike: Vec<Alike>,
    noisy: Vec<Noisy>,
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "thousandths"
    }

    fn check(&self) -> Result<()> {
        SETS.check("sets", self.sets() as u64)?;
        Ok(())
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let findings = self.findings(None, progress)?;
        Ok(self.report(&findings, start.elapsed().as_secs_f64()))
    }

    fn cells(&self) -> Option<&dyn Cellular> {
        Some(self)
    }
}

/// The cells are those of the capacities, which take most of the time.
impl Cellular for Config {
    fn cell(&self, cell: &Value) -> Result<Value> {
        self.capacities()?.cell(cell)
    }

    fn run_with(&self, team: &mut dyn Team, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let findings = self.findings(Some(team), progress)?;
        Ok(self.report(&findings, start.elapsed().as_secs_f64()))
    }
}

impl Config {
    fn sets(&self) -> usize {
        self.sets.unwrap_or(self.profile.sets())
    }

    /// The measurement of capacities: each separation by steps and by whole sequences.
    fn capacities(&self) -> Result<Capacities> {
        let mut entrants = Vec::new();
        for passage in [Passage::Step, Passage::Whole] {
            for (separation, dims) in self.profile.measured() {
                let contender =
                    Contender::named(&format!("sequence:separation={separation}"), &Default::default())?;
                entrants.push(Entrant {
                    dims: Some(dims.to_vec()),
                    ..Entrant::new(contender, Task::Sequence(passage))
                });
            }
        }
        Ok(Capacities {
            entrants,
            dims: vec![50],
            rule: Rule::Bisection,
            sets: self.sets(),
            cues: None,
            seed: self.seed,
            ..Capacities::default()
        })
    }

    fn findings(&self, team: Option<&mut dyn Team>, progress: &mut Progress) -> Result<Findings> {
        let (sets, seed) = (self.sets(), self.seed);
        progress(0, 1000)?;
        let played = measure::played(sets, seed)?;
        progress(50, 1000)?;
        let held = measure::held(sets, seed)?;
        progress(100, 1000)?;
        let alike = measure::alike(seed)?;
        progress(150, 1000)?;
        let noisy = measure::noisy(seed)?;
        let capacities = self.capacities()?;
        capacities.check()?;
        let found = capacities.measure_on(&mut Cells::open(None)?, team, &mut |done, of| {
            progress(150 + 850 * done / of.max(1), 1000)
        })?;
        Ok(Findings { played, capacities, found, held, alike, noisy })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claims_are_found() {
        let report = Config { sets: Some(4), ..Config::default() }.run(&mut |_, _| Ok(())).expect("a report");
        let json = report.json();
        let rows = |name: &str| json[name].as_array().unwrap_or_else(|| panic!("no {name}")).clone();
        let steps = rows("sequences");
        // Of 99 steps, one or two in four sets may be right by chance.
        assert_eq!(steps[0]["separation"], "poly:1");
        assert!(steps[0]["exact"].as_f64() < Some(1.0), "{steps:?}");
        assert_eq!(
            (steps[1]["separation"].as_str(), steps[1]["exact"].as_f64()),
            (Some("poly:2"), Some(99.0))
        );
        let held = rows("held");
        assert!(held[0]["ordered"].as_f64() < Some(0.6), "{held:?}");
        let last = held.iter().find(|row| row["separation"] == "poly:10").expect("degree 10");
        assert_eq!((last["ordered"].as_f64(), last["exactly"].as_f64()), (Some(1.0), Some(1.0)));
        // Biased patterns are linearly independent; digits are not.
        let alike = rows("alike");
        let biased = alike.iter().filter(|row| row["patterns"] == "biased");
        for row in biased.filter(|row| row["rule"] == "pseudo-inverse") {
            assert_eq!(row["right"], row["steps"], "{row}");
        }
        report.html().expect("a page");
    }

    #[test]
    fn impossible_settings_are_refused() {
        let error = Config { sets: Some(1), ..Config::default() }.check().expect_err("one set").to_string();
        assert!(error.contains("sets"), "{error}");
    }
}
