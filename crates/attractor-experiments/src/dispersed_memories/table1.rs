//! Table 1: how similar are the outputs of a modern Hopfield network to those of the exact diffusion model
//! and of the classical network?

use std::time::Instant;

use attractor::diffusion::{Process, Sampler, Sampling};
use attractor::memories::{Beta, Diffusion, Hopfield, HopfieldOptions, Modern, learned};
use attractor::networks::{self, Architecture};
use attractor::options::{CountRange, Fallback, Kind, Parameter};
use attractor::{Level, Memory, Patterns, Request};
use attractor_data::{Corruption, corrupt, random_spins};
use attractor_networks::{Settings, Trainer};
use attractor_report::statistics::{Interval, Pairs, bootstrap};
use attractor_report::{
    Block, Cell, Column, Declaration, Error, Experiment, Progress, Report, Result, Table,
};
use ndarray::Array2;
use serde_json::{Map, json};

/// Settings; the default is the paper's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Units D.
    pub dim: usize,
    /// Independent pattern sets for each cell.
    pub repetitions: usize,
    /// The number of these sets that a network learns; 0 leaves out the learned model.
    pub learned: usize,
    /// Width of the three hidden layers of a network; the paper's is 80·D.
    pub width: usize,
    /// Training steps of a network. The paper does not give the number.
    pub training: u64,
    /// Signal θ of noisy cues. In both tasks diffusion starts at its level.
    pub signal: f64,
    /// Share of units that are removed in completion cues.
    pub mask: f64,
    /// β of the modern network.
    pub beta: f64,
    /// Updates of the modern and of the classical network. (For a fixed point the number does not matter; of
    /// a 2-cycle an even number shows the even phase.)
    pub updates: usize,
    /// Rate γ of the variance-preserving process.
    pub gamma: f64,
    /// Euler steps of the diffusion model.
    pub steps: usize,
    /// Seed.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            dim: 10,
            repetitions: 100,
            learned: 0,
            width: 800,
            training: 1000,
            signal: 0.68,
            mask: 0.5,
            beta: 5.0,
            updates: 150,
            gamma: 0.8,
            steps: 300,
            seed: 0,
        }
    }
}

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "table1",
    title: "Ambrogioni (2023), Table 1: modern Hopfield against diffusion, classical and true patterns",
    examples: &["--out table1", "--networks 10 --out table1"],
    settings: &[
        Parameter {
            name: "repetitions",
            // An interval needs at least two.
            kind: Kind::Count(CountRange::between(2, 1_000_000)),
            default: Fallback::From(|| Config::default().repetitions.to_string()),
            help: "How many sets of random patterns to average over; the paper has 100",
        },
        Parameter {
            name: "networks",
            kind: Kind::Count(CountRange::between(0, 1_000_000)),
            default: Fallback::From(|| Config::default().learned.to_string()),
            help: "How many of the sets of each row a network learns, too; 0 leaves the learned model out. There are six \
                   rows, and training one takes up to a minute of CPU",
        },
    ],
    inputs: &[],
    build: |given| {
        let usual = Config::default();
        let repetitions = given.settings.count("repetitions").unwrap_or(usual.repetitions);
        let learned = given.settings.count("networks").unwrap_or(usual.learned);
        Ok(Box::new(Config { repetitions, learned, seed: given.seed, ..usual }))
    },
};

/// The published numbers: task, N, [diffusion, classical, true patterns].
const PUBLISHED: [(Task, usize, [f64; 3]); 6] = [
    (Task::Denoising, 10, [0.995, 0.732, 0.893]),
    (Task::Denoising, 20, [0.991, 0.704, 0.822]),
    (Task::Denoising, 30, [0.991, 0.715, 0.81]),
    (Task::Completion, 10, [0.996, 0.741, 0.897]),
    (Task::Completion, 20, [0.991, 0.707, 0.838]),
    (Task::Completion, 30, [0.989, 0.700, 0.795]),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Denoising,
    Completion,
}

impl Task {
    fn name(self) -> &'static str {
        match self {
            Task::Denoising => "denoising",
            Task::Completion => "completion",
        }
    }
}

/// The number of [`QUANTITIES`].
const COLUMNS: usize = 6;

/// What the output of the modern network is correlated with, and the published column that belongs to it. The paper has
/// neither the reverse SDE nor a learned model in its table.
const QUANTITIES: [(&str, Option<usize>); COLUMNS] = [
    ("diffusion", Some(0)),
    ("diffusion_sde", None),
    ("learned", None),
    ("classical", Some(1)),
    ("classical_self_coupling", Some(1)),
    ("true", Some(2)),
];

/// What one pattern set gives for each of [`QUANTITIES`]; `None` where no network learned the set.
type Set = [Option<Pairs>; COLUMNS];

/// The states of each pattern in a training batch, each with fresh noise.
const NOISY: usize = 16;

/// One number of the table.
struct Entry {
    task: &'static str,
    patterns: usize,
    quantity: &'static str,
    /// The published number, if the paper has one.
    published: Option<f64>,
    measured: f64,
    /// The number of pattern sets.
    sets: usize,
    /// 95 % bootstrap interval of our value, over repetitions.
    interval: Interval,
}

impl Entry {
    /// Whether the published number lies in our interval.
    fn agrees(&self) -> Option<bool> {
        self.published.map(|published| self.interval.contains(published))
    }
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "pattern sets"
    }

    fn check(&self) -> Result<()> {
        if self.repetitions < 2 {
            return Err(Error::setting("repetitions", "at least 2, for an interval", self.repetitions));
        }
        if self.learned == 1 || self.learned > self.repetitions {
            let expected =
                format!("0, or from 2 (for an interval) to the number of repetitions, {}", self.repetitions);
            return Err(Error::setting("networks", expected, self.learned));
        }
        Ok(())
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let entries = self.entries(progress)?;
        Ok(self.report(&entries, start.elapsed().as_secs_f64()))
    }
}

impl Config {
    /// The numbers: 6 cells × 5 quantities, or 6 with the learned model.
    fn entries(&self, progress: &mut Progress) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for (cell, (task, patterns, published)) in PUBLISHED.into_iter().enumerate() {
            let mut sets: Vec<Set> = Vec::with_capacity(self.repetitions);
            for repetition in 0..self.repetitions {
                // One seed for each repetition and cell, so that the patterns and cues of a cell do not
                // depend on the others.
                let seed =
                    self.seed.wrapping_mul(1_000_003).wrapping_add((cell * 1_000_000 + repetition) as u64);
                let (done, all) = (cell * self.repetitions + repetition, PUBLISHED.len() * self.repetitions);
                let is_learned = repetition < self.learned;
                sets.push(repeat(self, task, patterns, seed, is_learned, &mut || progress(done, all))?);
                progress(done + 1, all)?;
            }
            for (q, (quantity, column)) in QUANTITIES.into_iter().enumerate() {
                let parts: Vec<Pairs> = sets.iter().filter_map(|set| set[q]).collect();
                if parts.is_empty() {
                    continue;
                }
                let correlation = |parts: &[&Pairs]| {
                    let mut sum = Pairs::default();
                    parts.iter().for_each(|part| sum.add(part));
                    sum.correlation()
                };
                entries.push(Entry {
                    task: task.name(),
                    patterns,
                    quantity,
                    published: column.map(|column| published[column]),
                    measured: correlation(&parts.iter().collect::<Vec<_>>()),
                    sets: parts.len(),
                    interval: bootstrap(&parts, self.seed, correlation),
                });
            }
        }
        Ok(entries)
    }

    fn results(entries: &[Entry]) -> Table {
        let mut results = Table::new(
            "entries",
            vec![
                Column::plain("task"),
                Column::new("N", &["patterns"]),
                Column::plain("quantity"),
                Column::plain("published"),
                Column::new("ours", &["measured", "low", "high"]),
                Column::plain("sets"),
                Column::new("published number", &["inside"]).derived(),
            ],
        );
        results.rows = entries
            .iter()
            .map(|e| {
                let mark = |inside| Cell::of(if inside { "inside" } else { "outside" }, [inside.into()]);
                vec![
                    Cell::plain(e.task),
                    Cell::plain(e.patterns),
                    Cell::plain(e.quantity),
                    e.published.map_or_else(Cell::empty, Cell::plain),
                    Cell::interval(e.measured, e.interval.low, e.interval.high, 3),
                    Cell::plain(e.sets),
                    e.agrees().map_or_else(Cell::empty, mark),
                ]
            })
            .collect();
        results
    }

    fn report(&self, entries: &[Entry], seconds: f64) -> Report {
        let results = Self::results(entries);
        let count = |quantity: &str| {
            let of: Vec<_> = entries.iter().filter(|e| e.quantity == quantity).collect();
            format!("{} of {}", of.iter().filter(|e| e.agrees() == Some(true)).count(), of.len())
        };
        let c = self;
        let settings = json!({
            "dim": c.dim, "repetitions": c.repetitions, "networks": c.learned, "width": c.width,
            "training": c.training, "signal": c.signal, "mask": c.mask,
            "beta": c.beta, "updates": c.updates, "gamma": c.gamma, "steps": c.steps, "seed": c.seed,
        });
        Report {
            experiment: "table1",
            title: "Table 1 of Ambrogioni (2023)".into(),
            introduction: format!(
                "Pearson correlation of the modern Hopfield network's output (β = {beta}, {updates} updates) with the exact \
                 diffusion model (VP, γ = {gamma}, {steps} Euler steps of the probability flow; `diffusion_sde`: as many \
                 Euler–Maruyama steps of the reverse SDE), the classical network (synchronous, {updates} updates, with and \
                 without self-coupling) and the true patterns. {networks}D = {dim}, random ±1 patterns, θ = {signal}, half \
                 of the units removed in the completion task; outputs binarised. {repetitions} repetitions, each cueing \
                 every pattern once; in brackets 95 % bootstrap intervals over repetitions.",
                beta = c.beta,
                updates = c.updates,
                gamma = c.gamma,
                steps = c.steps,
                dim = c.dim,
                signal = c.signal,
                repetitions = c.repetitions,
                networks = self.networks(),
            ),
            command: format!(
                "attractor reproduce table1 --repetitions {} --networks {} --seed {} --out DIR",
                c.repetitions, c.learned, c.seed
            ),
            settings,
            seed: c.seed,
            seconds,
            results,
            more: Map::new(),
            blocks: vec![
                Block::Results,
                Block::Text(format!(
                    "Published numbers inside our intervals: diffusion {}, true {}, classical {} with W_jj = 0 and {} \
                     with self-coupling. The paper's text sets W_jj = 0 (Eq. 1), but its classical column is that of a \
                     network that keeps the diagonal. Each published number is itself a mean over 100 repetitions with \
                     an error as large as ours, so with both right about one in six falls outside.",
                    count("diffusion"),
                    count("true"),
                    count("classical"),
                    count("classical_self_coupling"),
                )),
                Block::Text(
                    "The paper's table has only the flow of the exact model. The reverse SDE draws a pattern from the \
                     posterior, while the flow and the modern network go to a single one. So it agrees with them where the \
                     cue leaves little doubt, and less where several patterns fit it."
                        .into(),
                ),
            ],
        }
    }

    /// A sentence about the networks, if there are any.
    fn networks(&self) -> String {
        match self.learned {
            0 => String::new(),
            sets => format!(
                "The learned model is a network of 3 hidden layers of {} units for each of the first {sets} pattern sets of \
                 a row. It was trained by {} steps of Adam on batches of {NOISY} noisy states of each pattern, and recalls \
                 by the Euler steps of the flow. ",
                self.width, self.training
            ),
        }
    }
}

/// One pattern set, with one cue of every pattern. `alive` is called between training steps.
fn repeat(
    config: &Config,
    task: Task,
    n: usize,
    seed: u64,
    is_learned: bool,
    alive: &mut dyn FnMut() -> Result<()>,
) -> Result<Set> {
    let truth: Array2<f64> = random_spins(n, config.dim, seed);
    let corruption = match task {
        Task::Denoising => Corruption::Signal(config.signal),
        Task::Completion => Corruption::Mask(config.mask),
    };
    let cues = corrupt(truth.clone(), &corruption, seed, 0, false)?.cues;
    let patterns = Patterns::new(truth.clone())?;
    let signs = |memory: &dyn Memory<f64>, request: &Request<f64>| -> Result<Array2<f64>> {
        let sign = |x: f64| if x == 0.0 { 0.0 } else { x.signum() };
        Ok(memory.recall(request)?.states.mapv(sign))
    };
    let request = Request { seed, ..Request::new(cues.view()) };
    let updates = Request { updates: Some(config.updates), ..request.clone() };
    let level = Request { level: Level::Signal(config.signal), ..request };

    let modern = signs(&Modern::new(patterns.clone(), Beta::Value(config.beta))?, &updates)?;
    let process = Process::VariancePreserving { gamma: config.gamma };
    let diffusion =
        |sampler| signs(&Diffusion::new(patterns.clone(), process, sampler, Some(config.steps))?, &level);
    let (flow, sde) = (diffusion(Sampler::Euler)?, diffusion(Sampler::EulerMaruyama)?);
    let network = match is_learned {
        true => Some(signs(train(config, &patterns, process, seed, alive)?.as_ref(), &level)?),
        false => None,
    };
    let classical = |self_coupling| {
        let options = HopfieldOptions { self_coupling, ..HopfieldOptions::default() };
        signs(&Hopfield::new(patterns.clone(), options)?, &updates)
    };
    let others =
        [Some(flow), Some(sde), network, Some(classical(false)?), Some(classical(true)?), Some(truth)];
    let pairs = |other: &Array2<f64>| {
        let mut pairs = Pairs::default();
        modern.iter().zip(other).for_each(|(&x, &y)| pairs.push(x, y));
        pairs
    };
    Ok(others.map(|other| other.as_ref().map(pairs)))
}

/// A network that learned these patterns, as a memory that recalls by the Euler steps of the exact model.
fn train(
    config: &Config,
    patterns: &Patterns<f64>,
    process: Process,
    seed: u64,
    alive: &mut dyn FnMut() -> Result<()>,
) -> Result<Box<dyn Memory<f64>>> {
    let architecture =
        Architecture { kind: networks::Kind::Paper, dim: config.dim, width: config.width, depth: 3 };
    let settings = Settings { process, steps: config.training, repeats: NOISY, seed, ..Settings::default() };
    let mut trainer = Trainer::new(patterns, architecture, settings)?;
    for _ in 0..config.training {
        trainer.step()?;
        alive()?;
    }
    let sampling =
        Sampling { process, sampler: Sampler::Euler, steps: Some(config.steps), ..Sampling::default() };
    Ok(learned(trainer.network(), patterns.clone(), sampling)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Networks add rows and change no others. A network of a tenth of the paper's width that learned ten patterns shares
    /// more than 9 of 10 signs with the modern network, as the exact model does (99.8 %); that is a correlation of .8.
    #[test]
    fn networks_are_a_column_of_their_own() {
        const CORRELATION: f64 = 0.8;
        let config = Config { repetitions: 3, learned: 2, width: 80, training: 600, ..Config::default() };
        let json = config.run(&mut |_, _| Ok(())).expect("a report").json();
        let rows = json["entries"].as_array().expect("rows");
        assert_eq!(rows.len(), PUBLISHED.len() * COLUMNS);
        let of = |quantity: &str| rows.iter().find(|row| row["quantity"] == quantity).expect("a row");
        let learned = of("learned");
        assert_eq!((&learned["sets"], &of("diffusion_sde")["sets"]), (&json!(2), &json!(3)));
        assert!(learned["published"].is_null() && learned["inside"].is_null(), "{learned}");
        assert!(learned["measured"].as_f64().expect("a number") > CORRELATION, "{learned}");
        let alone = Config { learned: 0, ..config }.run(&mut |_, _| Ok(())).expect("a report").json();
        let others: Vec<_> = rows.iter().filter(|row| row["quantity"] != "learned").cloned().collect();
        assert_eq!(alone["entries"].as_array(), Some(&others));
    }

    #[test]
    fn impossible_numbers_of_networks_are_refused() {
        for learned in [1, 101] {
            let error = Config { learned, ..Config::default() }.check().expect_err("refused").to_string();
            assert!(error.contains("networks") && error.contains("from 2"), "{error}");
        }
    }
}
