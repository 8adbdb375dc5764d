//! Consolidation and replay (Ambrogioni 2023, section 6.2): what becomes of an event when a memory is trained on its own
//! recalls.

mod exact;
mod learned;
mod report;

use std::time::Instant;

use attractor::options::{CountRange, Fallback, Kind, Parameter};
use attractor_report::team::{Alone, stray};
use attractor_report::{Cellular, Declaration, Error, Experiment, Progress, Report, Result, Team};
use serde_json::Value;

use exact::{Outcome, conditions};

/// Settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Units D of the ±1 patterns.
    pub dim: usize,
    /// Stored patterns besides the event.
    pub stored: usize,
    /// Replays in a run.
    pub replays: u64,
    /// Replays after which the memory is measured, in rising order from 0 to `replays`.
    pub looks: Vec<u64>,
    /// Samples of a generation, where the memory is fitted anew.
    pub refit: usize,
    /// Independent runs of each protocol.
    pub runs: usize,
    /// How many of them recall is measured of.
    pub measured: usize,
    /// Noise levels σ of the cues that measure a basin, in units of the ±1 patterns.
    pub levels: Vec<f64>,
    /// Cues for each level.
    pub cues: usize,
    /// Networks of the learned version.
    pub networks: usize,
    /// Steps of training before the event, and new experiences in each step.
    pub before: (usize, usize),
    /// Rounds after which networks are measured, in rising order.
    pub rounds: Vec<u64>,
    /// Recalls from cues, and free recalls, of each network.
    pub recalls: usize,
    /// Seed.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            dim: 24,
            stored: 19,
            replays: 200,
            looks: vec![0, 20, 40, 100, 200],
            refit: 20,
            runs: 500,
            measured: 50,
            levels: vec![1.0, 1.5, 2.0, 2.5, 3.0],
            cues: 40,
            networks: 4,
            before: learned::BEFORE,
            rounds: vec![0, 5, 10, 20, 40, 80, 160],
            recalls: 200,
            seed: 0,
        }
    }
}

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "replay",
    title: "Consolidation: what becomes of an event when a memory is trained on its own recalls",
    examples: &["--out replay", "--runs 5000 --networks 8 --out replay"],
    settings: &[
        Parameter {
            name: "runs",
            kind: Kind::Count(CountRange::between(10, 100_000)),
            default: Fallback::From(|| Config::default().runs.to_string()),
            help: "How many runs of each protocol on stored patterns",
        },
        Parameter {
            name: "networks",
            kind: Kind::Count(CountRange::between(2, 1000)),
            default: Fallback::From(|| Config::default().networks.to_string()),
            help: "How many networks to train",
        },
    ],
    inputs: &[],
    build: |given| {
        let usual = Config::default();
        let runs = given.settings.count("runs").unwrap_or(usual.runs);
        let networks = given.settings.count("networks").unwrap_or(usual.networks);
        Ok(Box::new(Config { runs, networks, seed: given.seed, ..usual }))
    },
};

/// All results.
struct Findings {
    exact: Vec<Outcome>,
    /// The measures of the networks: by network, teacher and look.
    learned: Vec<Vec<Vec<learned::Measure>>>,
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "parts"
    }

    fn check(&self) -> Result<()> {
        let numbers = [
            ("dim", self.dim, 2),
            ("stored", self.stored, 1),
            ("refit", self.refit, 1),
            ("runs", self.runs, 10),
            ("measured", self.measured, 1),
            ("cues", self.cues, 1),
            ("networks", self.networks, 2),
            ("recalls", self.recalls, 1),
            ("levels", self.levels.len(), 1),
            ("looks", self.looks.len(), 2),
            ("rounds", self.rounds.len(), 2),
            ("before", self.before.1, 2),
        ];
        if let Some((name, found, least)) = numbers.iter().find(|(_, number, least)| number < least) {
            return Err(Error::setting(name, format!("at least {least}"), *found));
        }
        let rises = |list: &[u64]| list[0] == 0 && list.windows(2).all(|pair| pair[0] < pair[1]);
        if !rises(&self.looks) || self.looks.last() != Some(&self.replays) {
            let expected = format!("rising numbers from 0 to {}", self.replays);
            return Err(Error::setting("looks", expected, format!("{:?}", self.looks)));
        }
        if !rises(&self.rounds) {
            return Err(Error::setting("rounds", "rising numbers from 0", format!("{:?}", self.rounds)));
        }
        Ok(())
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.run_with(&mut Alone::new(&|cell| self.cell(cell)), progress)
    }

    fn cells(&self) -> Option<&dyn Cellular> {
        Some(self)
    }
}

/// A cell is a network, by its number. It gives its measures, by teacher and look.
impl Cellular for Config {
    fn cell(&self, cell: &Value) -> Result<Value> {
        let number = cell.as_u64().and_then(|n| usize::try_from(n).ok()).ok_or_else(|| stray(cell))?;
        let looks =
            |looks: &Vec<learned::Measure>| looks.iter().map(learned::Measure::value).collect::<Value>();
        Ok(self.network(number)?.iter().map(looks).collect())
    }

    fn run_with(&self, team: &mut dyn Team, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let findings = self.findings(team, progress)?;
        Ok(self.report(&findings, start.elapsed().as_secs_f64()))
    }
}

impl Config {
    fn findings(&self, team: &mut dyn Team, progress: &mut Progress) -> Result<Findings> {
        let conditions = conditions(self);
        /// A network takes about as long as these looks at a protocol.
        const NETWORK: usize = 5;
        let looks = conditions.len() * self.looks.len();
        let parts = looks + NETWORK * self.networks;
        let mut done = 0;
        progress(0, parts)?;
        let mut exact = Vec::new();
        for condition in &conditions {
            exact.push(self.outcome(condition, &mut || {
                done += 1;
                progress(done.min(looks), parts)
            })?);
        }
        let learned = self.learned(team, &mut |networks| progress(looks + NETWORK * networks, parts))?;
        Ok(Findings { exact, learned })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_consolidated_by_cues_and_not_by_itself() {
        let config = Config {
            replays: 40,
            looks: vec![0, 20, 40],
            runs: 30,
            cues: 5,
            networks: 2,
            before: (60, 16),
            rounds: vec![0, 2],
            recalls: 20,
            ..Config::default()
        };
        let cell = |cell: &Value| config.cell(cell);
        let findings = config.findings(&mut Alone::new(&cell), &mut |_, _| Ok(())).expect("findings");
        let named = |name: &str| {
            let found = findings.exact.iter().find(|o| o.condition.name == name).expect("a protocol");
            found.looks.last().expect("a look")
        };
        let mean = |name: &str| {
            let all = &named(name).weights;
            all.iter().sum::<f64>() / all.len() as f64
        };
        // The largest possible weight is 41/60. Without replay and with new experiences it is 1/60.
        assert!(mean("cued") > 0.4 && mean("cued") <= 41.0 / 60.0 + 1e-12);
        assert!((mean("no replay, new experiences") - 1.0 / 60.0).abs() < 1e-12);
        assert!(mean("cued, new experiences") > mean("self-sampled, new experiences"));
        // Only the core comes back: the event itself keeps the mass of its one experience.
        let cored = named("cued, core only");
        assert!((cored.whole - 1.0 / 60.0).abs() < 1e-12 && cored.weights.iter().all(|w| *w > 0.2));
        let report = config.report(&findings, 1.0);
        report.html().expect("a page");
        assert_eq!(report.json()["protocols"].as_array().map(Vec::len), Some(10 * 3));
        assert!(Config { looks: vec![0, 20], ..config.clone() }.check().is_err());
        assert!(Config { rounds: vec![1, 2], ..config }.check().is_err());
    }
}
