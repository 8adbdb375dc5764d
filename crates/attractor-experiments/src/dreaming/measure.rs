//! What is measured.

use attractor::dynamics::Order;
use attractor::memories::{Dreams, Hopfield, HopfieldOptions, Learning, Update};
use attractor::noise::{Purpose, Stream};
use attractor::{Memory, Patterns, Request};
use attractor_data::random_spins;
use attractor_report::statistics::{Interval, of_runs};
use attractor_report::team::{gathered, stray};
use attractor_report::{Progress, Result, Team};
use ndarray::{Array2, ArrayView2, s};
use serde_json::{Value, json};

use super::Config;

/// How units are updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dynamics {
    /// All at once.
    Synchronous,
    /// One after the other, in random order.
    Asynchronous,
}

impl Dynamics {
    /// Both.
    pub const ALL: [Dynamics; 2] = [Dynamics::Synchronous, Dynamics::Asynchronous];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Dynamics::Synchronous => "synchronous",
            Dynamics::Asynchronous => "asynchronous",
        }
    }

    fn update(self) -> Update {
        match self {
            Dynamics::Synchronous => Update::Synchronous,
            Dynamics::Asynchronous => Update::Asynchronous(Order::Random),
        }
    }
}

/// The tolerated share of flips at one load and time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Basin {
    /// The updates.
    pub dynamics: Dynamics,
    /// Units D.
    pub dim: usize,
    /// Load N/D.
    pub load: f64,
    /// Time t.
    pub time: f64,
    /// The largest share of flips, mean over pattern sets.
    pub flips: f64,
    /// Its 95 % interval.
    pub interval: Interval,
}

/// The capacity at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// Units D.
    pub dim: usize,
    /// Time t.
    pub time: f64,
    /// The largest load N/D, mean over pattern sets.
    pub load: f64,
    /// Its 95 % interval.
    pub interval: Interval,
}

/// The share of wrong units at one load and time: of states that asynchronous recall of the patterns ends in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wrong {
    /// Units D.
    pub dim: usize,
    /// Load N/D.
    pub load: f64,
    /// Time t.
    pub time: f64,
    /// The share of wrong units, mean over pattern sets.
    pub share: f64,
    /// Its 95 % interval.
    pub interval: Interval,
}

/// All results.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Tolerated flips, by size, load, updates and time.
    pub basins: Vec<Basin>,
    /// Capacities, by size and time.
    pub capacities: Vec<Capacity>,
    /// Wrong units, by size, load and time.
    pub wrong: Vec<Wrong>,
}

/// A pattern is recalled if the overlap with it is above this. (Patterns near capacity are recalled with a few errors.)
const RECALLED: f64 = 0.95;
/// The share of patterns that is recalled from tolerated flips.
const MOST: f64 = 0.9;
/// Flips are found to this share of the units.
const STEP: f64 = 0.005;

/// A set of patterns, with the noise of its cues: unit j of cue n is flipped if the noise is below the share of flips. So
/// more flips are flips of the same units, and of others.
struct Set {
    patterns: Array2<f32>,
    noise: Array2<f64>,
    seed: u64,
}

impl Set {
    fn new(count: usize, dim: usize, cues: usize, seed: u64) -> Self {
        let mut stream = Stream::new(seed, Purpose::Corruption, 0);
        let noise = Array2::from_shape_fn((count.min(cues), dim), |_| stream.uniform());
        Set { patterns: random_spins(count, dim, seed), noise, seed }
    }

    /// The network of the first patterns.
    fn network(&self, count: usize, time: f64, dynamics: Dynamics) -> Result<Hopfield<f32>> {
        let learning = match time.is_finite() {
            true => Learning::Dreaming(Dreams::Time(time)),
            false => Learning::PseudoInverse,
        };
        let options = HopfieldOptions { learning, update: dynamics.update(), ..HopfieldOptions::default() };
        Ok(Hopfield::new(Patterns::new(self.patterns.slice(s![..count, ..]).to_owned())?, options)?)
    }

    /// The overlaps of the first patterns with what is recalled from this share of flips.
    fn overlaps(&self, memory: &Hopfield<f32>, count: usize, flips: f64) -> Result<Vec<f64>> {
        let rows = count.min(self.noise.nrows());
        let patterns: ArrayView2<f32> = self.patterns.slice(s![..rows, ..]);
        let noise = self.noise.slice(s![..rows, ..]);
        let mut cues = patterns.to_owned();
        cues.zip_mut_with(&noise, |unit, noise| *unit = if *noise < flips { -*unit } else { *unit });
        let request = Request { seed: self.seed, report: false, ..Request::new(cues.view()) };
        let states = memory.recall(&request)?.states;
        let pairs = states.outer_iter().zip(patterns.outer_iter());
        Ok(pairs.map(|(state, pattern)| f64::from(state.dot(&pattern)) / pattern.len() as f64).collect())
    }

    /// The share of the first patterns that is recalled from this share of flips.
    fn recalled(&self, memory: &Hopfield<f32>, count: usize, flips: f64) -> Result<f64> {
        let overlaps = self.overlaps(memory, count, flips)?;
        Ok(overlaps.iter().filter(|overlap| **overlap > RECALLED).count() as f64 / overlaps.len() as f64)
    }

    /// The share of wrong units of what is recalled from the patterns themselves.
    fn wrong(&self, memory: &Hopfield<f32>, count: usize) -> Result<f64> {
        let overlaps = self.overlaps(memory, count, 0.0)?;
        Ok(overlaps.iter().map(|overlap| (1.0 - overlap) / 2.0).sum::<f64>() / overlaps.len() as f64)
    }

    /// The largest share of flips from which most patterns are recalled; 0 if they are not even from themselves.
    fn tolerated(&self, memory: &Hopfield<f32>, count: usize) -> Result<f64> {
        if self.recalled(memory, count, 0.0)? < MOST {
            return Ok(0.0);
        }
        let (mut low, mut high) = (0.0, 0.5);
        while high - low > STEP {
            let middle = (low + high) / 2.0;
            let all = self.recalled(memory, count, middle)? >= MOST;
            *(if all { &mut low } else { &mut high }) = middle;
        }
        Ok((low + high) / 2.0)
    }

    /// The largest number of patterns of which at least half stay, from themselves: at most D, where they span all states
    /// and the pseudo-inverse is the identity, which keeps everything.
    fn held(&self, time: f64) -> Result<usize> {
        let (mut low, mut high) = (1, self.patterns.ncols() + 1);
        while high - low > 1 {
            let middle = (low + high) / 2;
            let memory = self.network(middle, time, Dynamics::Asynchronous)?;
            *(if self.recalled(&memory, middle, 0.0)? >= 0.5 { &mut low } else { &mut high }) = middle;
        }
        Ok(low)
    }
}

/// What one set of patterns gives: tolerated flips in the order of loads, updates and times; wrong units in the order of
/// loads and times; loads at capacity in the order of times.
struct Part {
    flips: Vec<f64>,
    wrong: Vec<f64>,
    loads: Vec<f64>,
}

fn part(config: &Config, dim: usize, seed: u64) -> Result<Part> {
    let (mut flips, mut wrong) = (Vec::new(), Vec::new());
    let most = config.loads.iter().fold(1.0f64, |most, &load| most.max(load));
    let set = Set::new((most * dim as f64).round() as usize, dim, config.cues, seed);
    for &load in &config.loads {
        let count = ((load * dim as f64).round() as usize).max(1);
        for dynamics in Dynamics::ALL {
            for &time in &config.times {
                let network = set.network(count, time, dynamics)?;
                flips.push(set.tolerated(&network, count)?);
                if dynamics == Dynamics::Asynchronous {
                    wrong.push(set.wrong(&network, count)?);
                }
            }
        }
    }
    let load = |&time: &f64| Ok(set.held(time)? as f64 / dim as f64);
    Ok(Part { flips, wrong, loads: config.times.iter().map(load).collect::<Result<_>>()? })
}

/// Computes a cell: `[place of the size, set]`. It gives the three lists of a [`Part`].
pub(super) fn cell(config: &Config, cell: &Value) -> Result<Value> {
    let number = |k: usize| cell[k].as_u64().and_then(|n| usize::try_from(n).ok());
    let place = number(0).filter(|place| *place < config.dims.len());
    let (Some(place), Some(set)) = (place, number(1)) else { return Err(stray(cell)) };
    let seed = config.seed.wrapping_mul(1_000_003).wrapping_add((place * 1_000_000 + set) as u64);
    let Part { flips, wrong, loads } = part(config, config.dims[place], seed)?;
    Ok(json!([flips, wrong, loads]))
}

/// What a cell gave.
fn parted(found: &Value) -> Option<Part> {
    let list = |k: usize| found[k].as_array()?.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>();
    Some(Part { flips: list(0)?, wrong: list(1)?, loads: list(2)? })
}

/// Measures everything. `progress(done, of)` is called after each pattern set.
pub(super) fn measure(config: &Config, team: &mut dyn Team, progress: &mut Progress) -> Result<Measured> {
    let mut measured = Measured::default();
    let all = config.dims.len() * config.sets;
    let places = (0..config.dims.len()).flat_map(|place| (0..config.sets).map(move |set| (place, set)));
    let cells: Vec<Value> = places.map(|place| json!(place)).collect();
    let found = gathered(team, &cells, &mut |done| progress(done, all))?;
    let mut found = found.iter().map(|value| parted(value).ok_or_else(|| stray(value)));
    for &dim in &config.dims {
        let parts: Vec<Part> = found.by_ref().take(config.sets).collect::<Result<_>>()?;
        let mean = |value: &dyn Fn(&Part) -> f64| {
            let runs: Vec<f64> = parts.iter().map(value).collect();
            let mean = runs.iter().sum::<f64>() / runs.len() as f64;
            let interval = of_runs(&runs).unwrap_or(Interval { low: mean, high: mean });
            // No share and no load is below 0.
            (mean, Interval { low: interval.low.max(0.0), ..interval })
        };
        let mut at = 0;
        for &load in &config.loads {
            for dynamics in Dynamics::ALL {
                for &time in &config.times {
                    let (flips, interval) = mean(&|part| part.flips[at]);
                    measured.basins.push(Basin { dynamics, dim, load, time, flips, interval });
                    at += 1;
                }
            }
        }
        let places = config.loads.iter().flat_map(|&load| config.times.iter().map(move |&time| (load, time)));
        for (at, (load, time)) in places.enumerate() {
            let (share, interval) = mean(&|part| part.wrong[at]);
            measured.wrong.push(Wrong { dim, load, time, share, interval });
        }
        for (at, &time) in config.times.iter().enumerate() {
            let (load, interval) = mean(&|part| part.loads[at]);
            measured.capacities.push(Capacity { dim, time, load, interval });
        }
    }
    Ok(measured)
}
