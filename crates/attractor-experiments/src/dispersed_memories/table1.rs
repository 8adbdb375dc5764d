//! Table 1: how alike are the outputs of a modern Hopfield network, of the exact diffusion model, and
//! of the classical network?

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

use attractor::diffusion::{Process, Sampler};
use attractor::memories::{Beta, Diffusion, Hopfield, HopfieldOptions, Modern};
use attractor::{Level, Memory, Patterns, Request};
use attractor_data::{Corruption, corrupt, random_spins, write_atomically};
use ndarray::Array2;
use serde_json::json;

use crate::statistics::{Interval, Pairs, bootstrap};
use crate::{Error, Result};

/// Settings; the default is the paper's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Units D.
    pub dim: usize,
    /// Independent pattern sets a cell.
    pub repetitions: usize,
    /// Signal θ of noisy cues, and of the level that diffusion starts from in both tasks.
    pub signal: f64,
    /// Removed share of completion cues.
    pub mask: f64,
    /// β of the modern network.
    pub beta: f64,
    /// Updates of the modern and of the classical network (a fixed point stays; of a 2-cycle the even
    /// phase is seen).
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

impl Config {
    /// Refuses settings that give no table.
    ///
    /// # Errors
    /// Fewer than two repetitions: there is no interval.
    pub fn check(&self) -> Result<()> {
        if self.repetitions >= 2 {
            return Ok(());
        }
        Err(Error::Setting {
            name: "repetitions",
            expected: "at least 2, for an interval".into(),
            found: self.repetitions.to_string(),
        })
    }
}

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

/// What the modern network's output is correlated with, and which published column that is.
const QUANTITIES: [(&str, usize); 4] =
    [("diffusion", 0), ("classical", 1), ("classical_self_coupling", 1), ("true", 2)];

/// One number of the table.
#[derive(Clone, Debug)]
pub struct Entry {
    /// `denoising` or `completion`.
    pub task: &'static str,
    /// Stored patterns N.
    pub patterns: usize,
    /// `diffusion`, `classical`, `classical_self_coupling` or `true`.
    pub quantity: &'static str,
    /// The paper's number.
    pub published: f64,
    /// Ours.
    pub measured: f64,
    /// 95 % bootstrap interval of ours, over repetitions.
    pub interval: Interval,
}

impl Entry {
    /// Whether the published number lies in our interval.
    pub fn agrees(&self) -> bool {
        self.interval.contains(self.published)
    }
}

/// The table.
#[derive(Clone, Debug)]
pub struct Report {
    /// Settings.
    pub config: Config,
    /// 6 cells × 4 quantities.
    pub entries: Vec<Entry>,
    /// Wall time.
    pub seconds: f64,
}

/// Runs the experiment. `progress(done, of)` is called after each repetition.
///
/// # Errors
/// Settings outside their range.
pub fn run(config: Config, mut progress: impl FnMut(usize, usize)) -> Result<Report> {
    config.check()?;
    let start = Instant::now();
    let mut entries = Vec::new();
    for (cell, (task, patterns, published)) in PUBLISHED.into_iter().enumerate() {
        let mut parts: Vec<[Pairs; 4]> = Vec::with_capacity(config.repetitions);
        for repetition in 0..config.repetitions {
            // One seed a repetition and cell: patterns and cues of a cell do not depend on the others.
            let seed =
                config.seed.wrapping_mul(1_000_003).wrapping_add((cell * 1_000_000 + repetition) as u64);
            parts.push(repeat(&config, task, patterns, seed)?);
            progress(cell * config.repetitions + repetition + 1, PUBLISHED.len() * config.repetitions);
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
                interval: bootstrap(&parts, config.seed, correlation),
            });
        }
    }
    Ok(Report { config, entries, seconds: start.elapsed().as_secs_f64() })
}

/// One pattern set, every pattern cued once.
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

impl Report {
    fn command(&self) -> String {
        format!(
            "attractor reproduce table1 --repetitions {} --seed {} --out DIR",
            self.config.repetitions, self.config.seed
        )
    }

    /// Writes `results.json`, `results.csv` and `report.md` into a folder.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let entries: Vec<_> = self
            .entries
            .iter()
            .map(|e| {
                json!({
                    "task": e.task, "patterns": e.patterns, "quantity": e.quantity,
                    "published": e.published, "measured": e.measured,
                    "low": e.interval.low, "high": e.interval.high, "inside": e.agrees(),
                })
            })
            .collect();
        let c = &self.config;
        let document = json!({
            "experiment": "table1",
            "version": env!("CARGO_PKG_VERSION"),
            "command": self.command(),
            "seconds": self.seconds,
            "settings": {
                "dim": c.dim, "repetitions": c.repetitions, "signal": c.signal, "mask": c.mask,
                "beta": c.beta, "updates": c.updates, "gamma": c.gamma, "steps": c.steps, "seed": c.seed,
            },
            "entries": entries,
        });
        write_atomically(&folder.join("results.json"), |file| {
            serde_json::to_writer_pretty(&mut *file, &document)?;
            writeln!(file)
        })?;
        write_atomically(&folder.join("results.csv"), |file| {
            let mut csv = csv::Writer::from_writer(file);
            csv.write_record(["task", "patterns", "quantity", "published", "measured", "low", "high"])?;
            for e in &self.entries {
                csv.write_record([
                    e.task,
                    &e.patterns.to_string(),
                    e.quantity,
                    &e.published.to_string(),
                    &e.measured.to_string(),
                    &e.interval.low.to_string(),
                    &e.interval.high.to_string(),
                ])?;
            }
            csv.flush()
        })?;
        let text = self.markdown();
        write_atomically(&folder.join("report.md"), |file| file.write_all(text.as_bytes()))?;
        Ok(())
    }

    /// The report, for people.
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "# Table 1 of Ambrogioni (2023)\n\n\
             Pearson correlation of the modern Hopfield network's output (β = {beta}, {updates} updates) with the exact\n\
             diffusion model (VP, γ = {gamma}, {steps} Euler steps), the classical network (synchronous, {updates}\n\
             updates, with and without self-coupling) and the true patterns. D = {dim}, random ±1 patterns, θ = {signal},\n\
             half of the units removed in the completion task; outputs binarised. {repetitions} repetitions, each cueing every\n\
             pattern once; in brackets 95 % bootstrap intervals over repetitions. Seed {seed}, version {version},\n\
             {seconds:.1} s. Again: `{command}`.\n\n",
            beta = self.config.beta,
            updates = self.config.updates,
            gamma = self.config.gamma,
            steps = self.config.steps,
            dim = self.config.dim,
            signal = self.config.signal,
            repetitions = self.config.repetitions,
            seed = self.config.seed,
            version = env!("CARGO_PKG_VERSION"),
            seconds = self.seconds,
            command = self.command(),
        );
        text.push_str(
            "| task | N | quantity | published | ours | published number |\n|---|---|---|---|---|---|\n",
        );
        for e in &self.entries {
            let mark = if e.agrees() { "inside" } else { "outside" };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {:.3} [{:.3}, {:.3}] | {mark} |",
                e.task, e.patterns, e.quantity, e.published, e.measured, e.interval.low, e.interval.high
            );
        }
        let count = |quantity: &str| {
            let of: Vec<_> = self.entries.iter().filter(|e| e.quantity == quantity).collect();
            format!("{} of {}", of.iter().filter(|e| e.agrees()).count(), of.len())
        };
        let _ = write!(
            text,
            "\nPublished numbers inside our intervals: diffusion {}, true {}, classical {} with W_jj = 0 and {} with\n\
             self-coupling. The paper's text sets W_jj = 0 (Eq. 1), but its classical column is that of a network that\n\
             keeps the diagonal. Each published number is itself a mean over 100 repetitions with an error as large as\n\
             ours, so with both right about one in six falls outside.\n",
            count("diffusion"),
            count("true"),
            count("classical"),
            count("classical_self_coupling"),
        );
        text
    }
}
