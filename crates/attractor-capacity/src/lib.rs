//! Measuring capacity: how many patterns a memory holds, for any model, compared with the best possible
//! decoder.
//!
//! Random ±1 patterns of D units are stored. Cues are made of them by noise, masks or flips, and recalled.
//! The capacity is the largest N at which the mean share of wrong units is within a threshold (3 % in
//! Ambrogioni 2023, App. A). All memories get the same patterns and the same noise. Pattern n of a set and
//! its cue depend only on the seed, D, the set and n, so fewer patterns are the first of more.
//! ```
//! use attractor_capacity::{Config, Contender, Entrant, Task};
//! let diffusion = Contender::named("diffusion", &Default::default())?;
//! let config = Config {
//!     entrants: vec![Entrant::new(diffusion, Task::Signal(0.68))],
//!     dims: vec![10],
//!     sets: 40,
//!     ..Config::default()
//! };
//! let found = config.measure(&mut |_, _| Ok(()))?;
//! assert!((4..=6).contains(&found[0].capacity.patterns));
//! # Ok::<(), attractor_report::Error>(())
//! ```

pub mod array;
pub mod cells;
mod channel;
mod contender;
mod estimate;
mod merge;
pub mod outside;
mod report;
mod run;
mod search;
mod summary;
mod task;
pub mod theory;
mod workers;

use std::path::PathBuf;
use std::time::Instant;

use attractor::options::{Fallback, Form, Kind, Name, Parameter};
use attractor::threads;
use attractor_report::team::stray;
use attractor_report::{Cellular, Error, Experiment, Progress, Report, Result, Team};
use serde_json::{Value, json};

pub use cells::Cells;
pub use contender::{Contender, Family, Own, set_seed};
pub use estimate::{Capacity, Goal, Scores, Tried, mean_error};
pub use report::{Law, capacities, crossing, figure, illustration, laws, recalls, rows};
pub use search::Rule;
pub use task::{Passage, Task};

use run::Search;

/// A memory with its task: one line of the figure.
#[derive(Clone, Debug)]
pub struct Entrant {
    /// The memory.
    pub contender: Contender,
    /// How its cues are made.
    pub task: Task,
    /// Its own numbers of units D. `None` takes those of the configuration.
    pub dims: Option<Vec<usize>>,
}

impl Entrant {
    /// A memory with its task, at the D of the configuration.
    pub fn new(contender: Contender, task: Task) -> Self {
        Entrant { contender, task, dims: None }
    }
}

/// Settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The memories and their tasks.
    pub entrants: Vec<Entrant>,
    /// Numbers of units D.
    pub dims: Vec<usize>,
    /// Which numbers of patterns are tried.
    pub rule: Rule,
    /// The largest mean share of wrong units that passes.
    pub threshold: f64,
    /// Pattern sets for each number of patterns.
    pub sets: usize,
    /// A smaller number of pattern sets, used where theory expects 2¹⁶ patterns or more.
    pub few: Option<usize>,
    /// Cues for each set, made from its patterns in turn. `None` makes one of each pattern.
    pub cues: Option<usize>,
    /// The largest number of patterns that is tried; `None` takes [`MOST`], or [`UNLIMITED`] for tasks where nothing
    /// limits the best decoder. D · N also stays below 2³⁰.
    pub most: Option<usize>,
    /// Seed.
    pub seed: u64,
    /// The file of results, in which a stopped run also continues. Without one, results stay in memory.
    pub store: Option<PathBuf>,
    /// The share of the work of this process, as (number, of how many); (1, 1) is all of it.
    pub shard: (usize, usize),
}

impl Default for Config {
    fn default() -> Self {
        Config {
            entrants: Vec::new(),
            dims: (8..=56).step_by(8).collect(),
            rule: Rule::Bisection,
            threshold: 0.03,
            sets: 140,
            few: None,
            cues: Some(256),
            most: None,
            seed: 0,
            store: None,
            shard: (1, 1),
        }
    }
}

/// Reads numbers of units: `8,10`, or ranges with both ends as in `8..24:2,32`.
///
/// ```
/// use attractor_capacity::dims;
/// assert_eq!(dims("8..16:4,20")?, [8, 12, 16, 20]);
/// assert!(dims("8..").is_err());
/// # Ok::<(), attractor_report::Error>(())
/// ```
///
/// # Errors
/// A text in another form.
pub fn dims(text: &str) -> Result<Vec<usize>> {
    let refuse = || Error::setting("dims", "numbers and ranges, as 8,10 or 8..24:2,32", text);
    let number = |text: &str| text.trim().parse::<usize>().map_err(|_| refuse());
    let mut dims = Vec::new();
    for part in text.split(',') {
        match part.split_once("..") {
            None => dims.push(number(part)?),
            Some((first, rest)) => {
                let (last, step) = rest.split_once(':').unwrap_or((rest, "1"));
                let (first, last, step) = (number(first)?, number(last)?, number(step)?);
                if step == 0 || last > MOST_UNITS {
                    return Err(refuse());
                }
                dims.extend((first..=last).step_by(step));
            }
        }
    }
    Ok(dims)
}

/// The setting that divides the work between processes which share a file of results.
pub const SHARD: Parameter = Parameter {
    name: "shard",
    kind: Kind::Form(Form { forms: || vec![Name::new("I/N"), Name::new("auto")], check: array::check }),
    default: Fallback::Is("1/1"),
    help: "Do only one part of the work: 3/8 is the third of eight parts, and auto that of a task of a job array or of a process of MPI \
           (auto/8 where the scheduler does not say how many there are). `attractor merge` puts parts together",
};

/// Reads a share of the work: `3/8` is the third of eight.
///
/// ```
/// assert_eq!(attractor_capacity::shard("3/8")?, (3, 8));
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// A text in another form.
pub fn shard(text: &str) -> attractor::Result<(usize, usize)> {
    let parts = text.split_once('/').and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
    let parts = parts.filter(|(i, n)| (1..=*n).contains(i));
    parts.ok_or_else(|| {
        attractor::Error::parameter("shard", "I/N, as 3/8 for the third of eight, or auto", text)
    })
}

/// The largest number of patterns that is tried by default.
pub const MOST: usize = 1 << 22;

/// The largest number of patterns that is tried by default where units that are guessed one by one are within the
/// threshold. The capacity of the best decoder is then infinite.
pub const UNLIMITED: usize = 1024;

/// The largest D. All states are kept in memory.
const MOST_UNITS: usize = 4096;

/// The result for one entrant at D units.
#[derive(Clone, Debug)]
pub struct Found {
    /// Index of the entrant.
    pub entrant: usize,
    /// Units D.
    pub dim: usize,
    /// All scores.
    pub scores: Scores,
    /// The capacity that follows from them.
    pub capacity: Capacity,
}

impl Found {
    /// The total time of its recalls, earlier runs included.
    pub fn seconds(&self) -> f64 {
        self.scores.values().flatten().map(|score| score.seconds).sum()
    }
}

impl Config {
    /// The largest number of patterns that is tried for a task at D units.
    pub fn most(&self, task: Task, dim: usize) -> usize {
        /// The largest number of values in a pattern set: 4 GiB.
        const ROOM: usize = 1 << 30;
        let usual = if task.is_limited(self.threshold) { MOST } else { UNLIMITED };
        self.most.unwrap_or(usual).min(ROOM / dim.max(1))
    }

    /// Measures the capacities. Results that are already in the file are read instead. Progress counts
    /// thousandths.
    ///
    /// # Errors
    /// As [`check`](Experiment::check); errors of a memory, of the file of results and of `progress`.
    pub fn measure(&self, progress: &mut Progress) -> Result<Vec<Found>> {
        self.check()?;
        let mut cells = Cells::open(self.store.as_deref())?;
        self.measure_on(&mut cells, None, progress)
    }

    /// The same as [`measure`](Config::measure), on an open file of results, by this process or by a team.
    ///
    /// # Errors
    /// As [`measure`](Config::measure), and those of the team.
    pub fn measure_on(
        &self,
        cells: &mut Cells,
        team: Option<&mut dyn Team>,
        progress: &mut Progress,
    ) -> Result<Vec<Found>> {
        let mut searches = Vec::new();
        for (number, entrant) in self.entrants.iter().enumerate() {
            let series = cells.series(&self.key(entrant))?;
            for dim in entrant.dims.as_ref().unwrap_or(&self.dims) {
                searches.push(Search::new(self, number, series, *dim, cells)?);
            }
        }
        // The largest are assigned first, so that they do not all go to one shard.
        let mut order: Vec<usize> = (0..searches.len()).collect();
        order.sort_by(|a, b| searches[*b].expected().total_cmp(&searches[*a].expected()).then(a.cmp(b)));
        let (shard, shards) = self.shard;
        let ours: Vec<usize> = order.into_iter().skip(shard - 1).step_by(shards).collect();
        let mut kept: Vec<Search> = Vec::new();
        for (number, search) in searches.into_iter().enumerate() {
            if ours.contains(&number) {
                kept.push(search);
            }
        }
        run::work(self, &mut kept, cells, team, progress)?;
        Ok(threads::parallel(kept.len(), |number| kept[number].found(self)))
    }

    /// The description of a series. Equal keys have equal scores.
    fn key(&self, entrant: &Entrant) -> String {
        /// Raise this when scores change.
        const VERSION: u32 = 1;
        json!({
            "version": VERSION,
            // A function may have the same name as a model.
            "memory": match &entrant.contender {
                Contender::Own(name, _) => json!({ "function": name }),
                other => json!(other.to_string()),
            },
            "task": entrant.task.to_string(),
            "cues": self.cues,
            "seed": self.seed,
        })
        .to_string()
    }
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "thousandths"
    }

    fn check(&self) -> Result<()> {
        if self.entrants.is_empty() {
            return Err(Error::setting("models", "at least one", "none"));
        }
        for (number, entrant) in self.entrants.iter().enumerate() {
            entrant.task.check()?;
            entrant.contender.fits(entrant.task)?;
            let key = self.key(entrant);
            if self.entrants[..number].iter().any(|other| self.key(other) == key) {
                let found = format!("{} twice", entrant.contender);
                return Err(Error::setting("models", "each once, functions by names of their own", found));
            }
            let dims = entrant.dims.as_ref().unwrap_or(&self.dims);
            let rises = dims.windows(2).all(|pair| pair[0] < pair[1]);
            if dims.is_empty() || !rises || dims[0] == 0 || dims[dims.len() - 1] > MOST_UNITS {
                let expected = format!("rising numbers of units from 1 to {MOST_UNITS}");
                return Err(Error::setting("dims", expected, format!("{dims:?}")));
            }
        }
        if !(self.threshold > 0.0 && self.threshold < 0.5) {
            return Err(Error::setting("threshold", "a number above 0 and below 0.5", self.threshold));
        }
        let easy = |e: &Entrant| !e.task.is_limited(self.threshold);
        if let (Rule::Grid(_), Some(entrant)) = (&self.rule, self.entrants.iter().find(|e| easy(e))) {
            let expected = format!("units that cannot be guessed one by one within {}", self.threshold);
            return Err(Error::setting("grid", expected, entrant.task));
        }
        let (shard, shards) = self.shard;
        if shard == 0 || shard > shards {
            let expected = "i/n with i from 1 to n";
            return Err(Error::setting("shard", expected, format!("{shard}/{shards}")));
        }
        let numbers = [
            // An interval needs at least two.
            ("sets", self.sets, 2, 1 << 20),
            ("cues", self.cues.unwrap_or(1), 1, 1 << 20),
            ("max-patterns", self.most.unwrap_or(MOST), 1, 1 << 28),
        ];
        match numbers.iter().find(|(_, number, least, most)| !(least..=most).contains(&number)) {
            Some((name, found, least, most)) => {
                Err(Error::setting(name, format!("a whole number from {least} to {most}"), *found))
            }
            None => Ok(()),
        }
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        let start = Instant::now();
        let found = self.measure(progress)?;
        Ok(self.report(&found, start.elapsed().as_secs_f64()))
    }

    fn cells(&self) -> Option<&dyn Cellular> {
        Some(self)
    }
}

impl Cellular for Config {
    fn cell(&self, cell: &Value) -> Result<Value> {
        outside::computed(self, cell)?.ok_or_else(|| stray(cell))
    }

    fn run_with(&self, team: &mut dyn Team, progress: &mut Progress) -> Result<Report> {
        let start = Instant::now();
        self.check()?;
        let mut cells = Cells::open(self.store.as_deref())?;
        let found = self.measure_on(&mut cells, Some(team), progress)?;
        Ok(self.report(&found, start.elapsed().as_secs_f64()))
    }
}

#[cfg(test)]
mod tests;
