//! Table 1: how similar are the outputs of a modern Hopfield network to those of the exact diffusion model
//! and of the classical network?

use std::time::Instant;

use attractor::diffusion::{Process, Sampler};
use attractor::memories::{Beta, Diffusion, Hopfield, HopfieldOptions, Modern};
use attractor::options::{CountRange, Fallback, Kind, Parameter};
use attractor::{Level, Memory, Patterns, Request};
use attractor_data::{Corruption, corrupt, random_spins};
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
    examples: &["--out table1"],
    settings: &[Parameter {
        name: "repetitions",
        // An interval needs at least two.
        kind: Kind::Count(CountRange::at_least(2)),
        default: Fallback::From(|| Config::default().repetitions.to_string()),
        help: "How many sets of random patterns to average over; the paper has 100",
    }],
    inputs: &[],
    build: |given| {
        let usual = Config::default();
        let repetitions = given.settings.count("repetitions").unwrap_or(usual.repetitions);
        Ok(Box::new(Config { repetitions, seed: given.seed, ..usual }))
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

/// What the output of the modern network is correlated with, and the published column that belongs to it.
const QUANTITIES: [(&str, usize); 4] =
    [("diffusion", 0), ("classical", 1), ("classical_self_coupling", 1), ("true", 2)];

/// One number of the table.
struct Entry {
    task: &'static str,
    patterns: usize,
    quantity: &'static str,
    published: f64,
    measured: f64,
    /// 95 % bootstrap interval of our value, over repetitions.
    interval: Interval,
}

impl Entry {
    /// Whether the published number lies in our interval.
    fn agrees(&self) -> bool {
        self.interval.contains(self.published)
    }
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "pattern sets"
    }

    fn check(&self) -> Result<()> {
        match self.repetitions {
            0 | 1 => Err(Error::setting("repetitions", "at least 2, for an interval", self.repetitions)),
            _ => Ok(()),
        }
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let entries = self.entries(progress)?;
        Ok(self.report(&entries, start.elapsed().as_secs_f64()))
    }
}

impl Config {
    /// The numbers: 6 cells × 4 quantities.
    fn entries(&self, progress: &mut Progress) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for (cell, (task, patterns, published)) in PUBLISHED.into_iter().enumerate() {
            let mut parts: Vec<[Pairs; 4]> = Vec::with_capacity(self.repetitions);
            for repetition in 0..self.repetitions {
                // One seed for each repetition and cell, so that the patterns and cues of a cell do not
                // depend on the others.
                let seed =
                    self.seed.wrapping_mul(1_000_003).wrapping_add((cell * 1_000_000 + repetition) as u64);
                parts.push(repeat(self, task, patterns, seed)?);
                progress(cell * self.repetitions + repetition + 1, PUBLISHED.len() * self.repetitions)?;
            }
            for (q, (quantity, column)) in QUANTITIES.into_iter().enumerate() {
                let correlation = |parts: &[&[Pairs; 4]]| {
                    let mut sum = Pairs::default();
                    parts.iter().for_each(|p| sum.add(&p[q]));
                    sum.correlation()
                };
                entries.push(Entry {
                    task: task.name(),
                    patterns,
                    quantity,
                    published: published[column],
                    measured: correlation(&parts.iter().collect::<Vec<_>>()),
                    interval: bootstrap(&parts, self.seed, correlation),
                });
            }
        }
        Ok(entries)
    }

    fn report(&self, entries: &[Entry], seconds: f64) -> Report {
        let mut results = Table::new(
            "entries",
            vec![
                Column::plain("task"),
                Column::new("N", &["patterns"]),
                Column::plain("quantity"),
                Column::plain("published"),
                Column::new("ours", &["measured", "low", "high"]),
                Column::new("published number", &["inside"]).derived(),
            ],
        );
        results.rows = entries
            .iter()
            .map(|e| {
                let mark = if e.agrees() { "inside" } else { "outside" };
                vec![
                    Cell::plain(e.task),
                    Cell::plain(e.patterns),
                    Cell::plain(e.quantity),
                    Cell::plain(e.published),
                    Cell::interval(e.measured, e.interval.low, e.interval.high, 3),
                    Cell::of(mark, [e.agrees().into()]),
                ]
            })
            .collect();
        let count = |quantity: &str| {
            let of: Vec<_> = entries.iter().filter(|e| e.quantity == quantity).collect();
            format!("{} of {}", of.iter().filter(|e| e.agrees()).count(), of.len())
        };
        let c = self;
        let settings = json!({
            "dim": c.dim, "repetitions": c.repetitions, "signal": c.signal, "mask": c.mask,
            "beta": c.beta, "updates": c.updates, "gamma": c.gamma, "steps": c.steps, "seed": c.seed,
        });
        Report {
            experiment: "table1",
            title: "Table 1 of Ambrogioni (2023)".into(),
            introduction: format!(
                "Pearson correlation of the modern Hopfield network's output (β = {beta}, {updates} updates) with the \
                 exact diffusion model (VP, γ = {gamma}, {steps} Euler steps), the classical network (synchronous, \
                 {updates} updates, with and without self-coupling) and the true patterns. D = {dim}, random ±1 \
                 patterns, θ = {signal}, half of the units removed in the completion task; outputs binarised. \
                 {repetitions} repetitions, each cueing every pattern once; in brackets 95 % bootstrap intervals over \
                 repetitions.",
                beta = c.beta,
                updates = c.updates,
                gamma = c.gamma,
                steps = c.steps,
                dim = c.dim,
                signal = c.signal,
                repetitions = c.repetitions,
            ),
            command: format!(
                "attractor reproduce table1 --repetitions {} --seed {} --out DIR",
                c.repetitions, c.seed
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
            ],
        }
    }
}

/// One pattern set, with one cue of every pattern.
fn repeat(config: &Config, task: Task, n: usize, seed: u64) -> Result<[Pairs; 4]> {
    let truth: Array2<f64> = random_spins(n, config.dim, seed);
    let corruption = match task {
        Task::Denoising => Corruption::Signal(config.signal),
        Task::Completion => Corruption::Mask(config.mask),
    };
    let cues = corrupt(truth.clone(), &corruption, seed, 0, false)?.cues;
    let patterns = Patterns::new(truth.clone())?;
    let signs = |memory: &dyn Memory<f64>, request: Request<f64>| -> Result<Array2<f64>> {
        let sign = |x: f64| if x == 0.0 { 0.0 } else { x.signum() };
        Ok(memory.recall(&request)?.states.mapv(sign))
    };
    let request = Request::new(cues.view());

    let modern = signs(
        &Modern::new(patterns.clone(), Beta::Value(config.beta))?,
        Request { updates: Some(config.updates), ..request.clone() },
    )?;
    let process = Process::VariancePreserving { gamma: config.gamma };
    let diffusion = signs(
        &Diffusion::new(patterns.clone(), process, Sampler::Euler, Some(config.steps))?,
        Request { level: Level::Signal(config.signal), ..request.clone() },
    )?;
    let classical = |self_coupling| {
        let options = HopfieldOptions { self_coupling, ..HopfieldOptions::default() };
        signs(
            &Hopfield::new(patterns.clone(), options)?,
            Request { updates: Some(config.updates), ..request.clone() },
        )
    };
    let others = [diffusion, classical(false)?, classical(true)?, truth];
    Ok(others.map(|other| {
        let mut pairs = Pairs::default();
        modern.iter().zip(&other).for_each(|(&x, &y)| pairs.push(x, y));
        pairs
    }))
}
