//! The learning curve of a memory: how its landscape, basins, recall and free recall change while a network
//! trains.

mod report;

use std::time::Instant;

use attractor::diffusion::Sampling;
use attractor::memories::learned;
use attractor::networks::{Architecture, Kind};
use attractor::options::{self, CountRange, Fallback, Parameter};
use attractor::{Level, Patterns, Request};
use attractor_data::random_spins;
use attractor_figures::landscape::{self, Plane, View};
use attractor_networks::{Evaluation, Settings, Trainer};
use attractor_report::team::{Alone, gathered, stray};
use attractor_report::{Cellular, Declaration, Error, Experiment, Progress, Report, Result, Table, Team};
use ndarray::{Array2, array};
use serde_json::{Value, json};

/// Settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Training steps after which the networks are examined, in rising order.
    pub steps: Vec<u64>,
    /// Units D of the ±1 patterns.
    pub dim: usize,
    /// Numbers N of these patterns.
    pub counts: Vec<usize>,
    /// Pattern sets for each N.
    pub sets: usize,
    /// Width of the hidden layers of their networks.
    pub width: usize,
    /// Free recalls of each network, and recalls from noisy cues.
    pub recalls: usize,
    /// Columns of the grid of starting points for the basins.
    pub basins: usize,
    /// Seed.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            steps: vec![10, 30, 100, 300, 1000, 3000],
            dim: 10,
            counts: vec![2, 4, 8, 16, 32],
            sets: 3,
            width: 256,
            recalls: 300,
            basins: 23,
            seed: 0,
        }
    }
}

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "learning",
    title: "How a memory comes about in training: landscape, basins, recall and free recall, step by step",
    examples: &["--out learning"],
    settings: &[Parameter {
        name: "sets",
        kind: options::Kind::Count(CountRange::between(2, 1_000_000)),
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

/// The patterns in the plane.
pub(crate) fn plane_patterns() -> Array2<f64> {
    array![[-1.2, -0.5], [0.9, -1.0], [1.3, 0.6], [-0.1, 1.1], [0.1, -0.1]]
}

/// The noise level of the landscapes, in spreads of the patterns.
const DRAWN: f64 = 0.35;

/// The noise level at which recalls in the plane start.
const START: f64 = 1.0;

/// A recall in the plane has reached a memory if its distance is below this: root mean square for each unit,
/// in spreads.
const LANDED: f64 = 0.1;

/// The network in the plane after some training steps.
struct Snapshot {
    step: u64,
    /// Starting points, and the memory that each of them reaches.
    basins: Vec<((f64, f64), Option<usize>)>,
}

/// How well a network recalls after some training steps.
#[derive(Clone, Copy, Debug)]
struct Measure {
    /// Share of free recalls whose signs are all those of a stored pattern.
    stored: f64,
    /// Share of wrong units in recalls from noisy cues, of the network and of the exact model.
    error: f64,
    exact: f64,
    /// Share of units with the same sign as the exact model's.
    agreement: f64,
}

/// All results.
struct Findings {
    landscapes: (attractor_figures::Figure, Table),
    snapshots: Vec<Snapshot>,
    /// The measures, by number of patterns, then by set, then by training steps.
    measures: Vec<Vec<Vec<Measure>>>,
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "networks"
    }

    fn check(&self) -> Result<()> {
        let rises = self.steps.windows(2).all(|pair| pair[0] < pair[1]);
        if self.steps.is_empty() || self.steps[0] == 0 || !rises {
            return Err(Error::setting("steps", "rising numbers from 1 on", format!("{:?}", self.steps)));
        }
        let numbers = [
            ("sets", self.sets, 2),
            ("dim", self.dim, 1),
            ("width", self.width, 1),
            ("recalls", self.recalls, 1),
            ("basins", self.basins, 2),
            ("counts", self.counts.iter().copied().min().unwrap_or(0), 1),
        ];
        match numbers.iter().find(|(_, number, least)| number < least) {
            Some((name, found, least)) => Err(Error::setting(name, format!("at least {least}"), *found)),
            None => Ok(()),
        }
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.run_with(&mut Alone::new(&|cell| self.cell(cell)), progress)
    }

    fn cells(&self) -> Option<&dyn Cellular> {
        Some(self)
    }
}

/// A cell is a network: `[patterns, set]`. It gives `[stored, error, exact, agreement]` after each number of training steps.
impl Cellular for Config {
    fn cell(&self, cell: &Value) -> Result<Value> {
        let number = |k: usize| cell[k].as_u64().and_then(|n| usize::try_from(n).ok());
        let (Some(count), Some(set)) = (number(0).filter(|n| *n > 0), number(1)) else {
            return Err(stray(cell));
        };
        let measured = self.curve(count, set)?;
        Ok(measured.iter().map(|m| json!([m.stored, m.error, m.exact, m.agreement])).collect())
    }

    fn run_with(&self, team: &mut dyn Team, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let findings = self.findings(team, progress)?;
        Ok(self.report(&findings, start.elapsed().as_secs_f64()))
    }
}

/// What a cell gave.
fn measures(found: &Value) -> Option<Vec<Measure>> {
    // A number that was not finite is null.
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    let of = |value: &Value| {
        let [stored, error, exact, agreement] = value.as_array()?.as_slice() else { return None };
        let [stored, error, exact, agreement] = [stored, error, exact, agreement].map(number);
        Some(Measure { stored, error, exact, agreement })
    };
    found.as_array()?.iter().map(of).collect()
}

/// Trains a network on these patterns and examines it after each of these numbers of steps.
fn train<T>(
    patterns: &Patterns<f64>,
    width: usize,
    steps: &[u64],
    seed: u64,
    mut look: impl FnMut(u64, &Trainer) -> Result<T>,
) -> Result<Vec<T>> {
    let architecture = Architecture { kind: Kind::Paper, dim: patterns.dim(), width, depth: 3 };
    let most = steps.last().copied().unwrap_or(1);
    let mut trainer =
        Trainer::new(patterns, architecture, Settings { steps: most, seed, ..Settings::default() })?;
    let mut seen = Vec::with_capacity(steps.len());
    for step in steps {
        while trainer.done() < *step {
            trainer.step()?;
        }
        seen.push(look(*step, &trainer)?);
    }
    Ok(seen)
}

impl Config {
    fn findings(&self, team: &mut dyn Team, progress: &mut Progress) -> Result<Findings> {
        // The largest first, so that none of them is left to run alone at the end.
        let mut counts = self.counts.clone();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let jobs: Vec<(usize, usize)> =
            counts.iter().flat_map(|count| (0..self.sets).map(move |set| (*count, set))).collect();
        let parts = jobs.len() + 1;
        let (landscapes, snapshots) = self.plane(&mut || progress(0, parts))?;
        progress(1, parts)?;
        let cells: Vec<Value> = jobs.iter().map(|job| json!(job)).collect();
        let found = gathered(team, &cells, &mut |done| progress(1 + done, parts))?;
        let found = found.iter().map(|value| measures(value).ok_or_else(|| stray(value)));
        let done: Vec<(usize, Vec<Measure>)> =
            jobs.iter().zip(found).map(|(job, found)| Ok((job.0, found?))).collect::<Result<_>>()?;
        let of = |count: &usize| {
            done.iter().filter(|(other, _)| other == count).map(|(_, found)| found.clone()).collect()
        };
        Ok(Findings { landscapes, snapshots, measures: self.counts.iter().map(of).collect() })
    }

    /// The network that learns the patterns in the plane.
    fn plane(
        &self,
        tell: &mut dyn FnMut() -> Result<()>,
    ) -> Result<((attractor_figures::Figure, Table), Vec<Snapshot>)> {
        let patterns = Patterns::new(plane_patterns())?;
        let (width, spread) = (Kind::Paper.default_width(2), patterns.spread());
        let view = View { columns: 41, ..View::new(Plane::plain(), (-2.2, 2.2), (-2.0, 2.0)) };
        let starts = View { columns: self.basins, ..view.clone() }.places();
        let states = Array2::from_shape_fn((starts.len(), 2), |(i, j)| [starts[i].0, starts[i].1][j]);
        let mut figures = Vec::new();
        let snapshots = train(&patterns, width, &self.steps, self.seed, |step, trainer| {
            tell()?;
            let memory = learned::<f64>(trainer.network(), patterns.clone(), Sampling::default())?;
            let level = landscape::Level {
                title: format!("{step} steps"),
                marks: vec![report::stored(&patterns)],
                sigma: DRAWN * spread,
            };
            figures.push(landscape::draw(None, memory.denoiser(), &view, &[level])?);
            let request = Request { level: Level::Sigma(START * spread), ..Request::new(states.view()) };
            let recall = memory.recall(&request)?;
            let ends = recall.states.outer_iter();
            let landed = ends.map(|end| {
                let distance = |n: &usize| {
                    let square = (&end - &patterns.values().row(*n)).mapv(|d| d * d);
                    (square.sum() / 2.0).sqrt()
                };
                (0..patterns.len()).find(|n| distance(n) <= LANDED * spread)
            });
            Ok(Snapshot { step, basins: starts.iter().copied().zip(landed).collect() })
        })?;
        Ok((report::together(figures), snapshots))
    }

    /// How well a network of one set of ±1 patterns recalls, after each number of training steps.
    fn curve(&self, count: usize, set: usize) -> Result<Vec<Measure>> {
        let seed = self.seed.wrapping_mul(1_000_003).wrapping_add((1000 * count + set) as u64);
        let patterns = Patterns::new(random_spins::<f64>(count, self.dim, seed))?;
        let examination = Evaluation::new(&patterns, self.recalls, seed)?;
        train(&patterns, self.width, &self.steps, seed, |_, trainer| {
            let found = examination.evaluate(&trainer.network())?;
            let memory = learned::<f32>(trainer.network(), narrow(&patterns)?, Sampling::default())?;
            let rows: Vec<u64> = (0..self.recalls as u64).collect();
            let (cues, level) = memory.prior_samples(&rows, seed)?;
            let recall = memory.recall(&Request { level, seed, ..Request::new(cues.view()) })?;
            let is_stored = |state: &ndarray::ArrayView1<f32>| {
                patterns
                    .values()
                    .outer_iter()
                    .any(|y| y.iter().zip(state).all(|(y, x)| (*y > 0.0) == (*x > 0.0)))
            };
            let stored = recall.states.outer_iter().filter(is_stored).count() as f64 / self.recalls as f64;
            Ok(Measure { stored, error: found.error, exact: found.exact_error, agreement: found.agreement })
        })
    }
}

/// The same patterns in f32, in which networks are fastest.
fn narrow(patterns: &Patterns<f64>) -> Result<Patterns<f32>> {
    Ok(Patterns::new(patterns.values().mapv(|y| y as f32))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_comes_about_in_training() {
        let config = Config {
            steps: vec![1, 400],
            dim: 6,
            counts: vec![3],
            sets: 2,
            width: 96,
            recalls: 60,
            basins: 5,
            ..Config::default()
        };
        let cell = |cell: &Value| config.cell(cell);
        let findings = config.findings(&mut Alone::new(&cell), &mut |_, _| Ok(())).expect("findings");
        for curve in &findings.measures[0] {
            let (first, last) = (curve[0], curve[1]);
            // A fresh network has learned nothing. After 400 steps of a small task it has learned nearly
            // everything.
            assert!(first.stored < 0.6 && last.stored > 0.8, "{curve:?}");
            assert!(last.agreement > 0.9 && last.agreement > first.agreement, "{curve:?}");
        }
        let landed = |g: &Snapshot| g.basins.iter().filter(|(_, memory)| memory.is_some()).count();
        assert!(landed(&findings.snapshots[0]) < landed(&findings.snapshots[1]));
        let report = config.report(&findings, 1.0);
        assert_eq!(report.json()["curves"].as_array().map(Vec::len), Some(2));
        report.html().expect("a page");
        assert!(Config { steps: vec![3, 3], ..config }.check().is_err());
    }
}
