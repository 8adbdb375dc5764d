//! How long should a network dream? Capacity and basins of the classical network with the rule `dreaming`, from Hebb's
//! rule at time t = 0 to the pseudo-inverse at t = ∞ (Fachechi, Agliari & Barra 2019).
//!
//! - Wrong units of recalled patterns, against [theory](theory::overlap).
//! - Capacity: the largest load N/D at which half of the patterns stay, from uncorrupted cues, beside the
//!   [theory](theory::capacity) of equilibrium.
//! - Basins: the largest share of flipped units from which 90 % of the patterns are recalled, at each load.
//!
//! Patterns are random ±1, and self-couplings are left out.

mod measure;
mod report;
#[cfg(test)]
mod tests;
pub mod theory;

use std::time::Instant;

use attractor::options::{CountRange, Fallback, Kind, NumberRange, Parameter, Value};
use attractor_report::team::Alone;
use attractor_report::{Cellular, Declaration, Error, Experiment, Progress, Report, Result, Team};

pub use measure::{Basin, Capacity, Dynamics, Measured, Wrong};

/// Settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Units D.
    pub dims: Vec<usize>,
    /// Loads N/D.
    pub loads: Vec<f64>,
    /// Times t; ∞ is the rule `pseudo-inverse`.
    pub times: Vec<f64>,
    /// Independent pattern sets.
    pub sets: usize,
    /// The patterns of a set that are recalled, at most.
    pub cues: usize,
    /// Seed.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            dims: vec![100, 200, 400],
            loads: (1..=9).map(|tenth| f64::from(tenth) / 10.0).collect(),
            times: vec![0.0, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0, 32.0, 64.0, f64::INFINITY],
            sets: 8,
            cues: 64,
            seed: 0,
        }
    }
}

/// One size.
const SIZE: Kind = Kind::Count(CountRange::between(8, 4096));
/// One load.
const LOAD: Kind = Kind::Number(NumberRange::between(0.0, 2.0).above_low());

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "dreaming",
    title: "Fachechi, Agliari & Barra (2019): capacity and basins of a dreaming network, by its time",
    examples: &["--out dreaming", "--dims 100 --sets 4 --out dreaming"],
    settings: &[
        Parameter {
            name: "dims",
            kind: Kind::List(&SIZE),
            default: Fallback::Is("100,200,400"),
            help: "Units of the patterns",
        },
        Parameter {
            name: "loads",
            kind: Kind::List(&LOAD),
            default: Fallback::Is("0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9"),
            help: "Patterns for each unit, N/D",
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
        let list = |name: &str| given.settings.list(name);
        let sizes = |value: &Value| if let Value::Count(size) = value { Some(*size as usize) } else { None };
        let loads = |value: &Value| if let Value::Number(load) = value { Some(*load) } else { None };
        Ok(Box::new(Config {
            dims: list("dims").map_or(usual.dims, |list| list.iter().filter_map(sizes).collect()),
            loads: list("loads").map_or(usual.loads, |list| list.iter().filter_map(loads).collect()),
            sets: given.settings.count("sets").unwrap_or(usual.sets),
            seed: given.seed,
            ..usual
        }))
    },
};

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "pattern sets"
    }

    fn check(&self) -> Result<()> {
        if self.sets < 2 {
            return Err(Error::setting("sets", "at least 2, for an interval", self.sets));
        }
        let rises = |list: &[f64]| !list.is_empty() && list.windows(2).all(|pair| pair[0] < pair[1]);
        let dims: Vec<f64> = self.dims.iter().map(|&dim| dim as f64).collect();
        for (name, list) in [("dims", &dims), ("loads", &self.loads), ("times", &self.times)] {
            if !rises(list) {
                return Err(Error::setting(name, "rising numbers, at least one", format!("{list:?}")));
            }
        }
        match self.cues {
            0 => Err(Error::setting("cues", "at least 1", 0)),
            _ => Ok(()),
        }
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.run_with(&mut Alone::new(&|cell| self.cell(cell)), progress)
    }

    fn cells(&self) -> Option<&dyn Cellular> {
        Some(self)
    }
}

impl Cellular for Config {
    fn cell(&self, cell: &serde_json::Value) -> Result<serde_json::Value> {
        measure::cell(self, cell)
    }

    fn run_with(&self, team: &mut dyn Team, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let measured = measure::measure(self, team, progress)?;
        Ok(report::report(self, &measured, start.elapsed().as_secs_f64()))
    }
}
