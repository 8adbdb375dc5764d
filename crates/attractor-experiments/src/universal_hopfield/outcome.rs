//! Counts of right answers, and what they say of the share.

use std::ops::Add;

use super::measures::Mode;
use attractor_report::statistics::{Interval, of_runs, wilson};

/// Cues that were answered rightly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// By squared error.
    pub within: usize,
    /// By identity: the answer, or the stored image nearest to it, is the image the cue was made of or its equal.
    pub exact: usize,
}

impl Add for Count {
    type Output = Count;

    fn add(self, other: Count) -> Count {
        Count { within: self.within + other.within, exact: self.exact + other.exact }
    }
}

/// What a number of the results is of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    /// Whose protocol.
    pub mode: Mode,
    /// What was asked of the memory.
    pub task: &'static str,
    /// By which scores.
    pub similarity: &'static str,
    /// By which weights.
    pub separation: String,
    /// Stored images.
    pub n: usize,
    /// σ, removed share or T.
    pub parameter: f64,
}

/// Counts of all runs.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// What they are of.
    pub key: Key,
    /// One a run.
    pub counts: Vec<Count>,
}

/// Which of two criteria.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Criterion {
    /// Squared error.
    Within,
    /// Identity.
    Exact,
}

/// A share of right answers over runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Share {
    /// One a run.
    pub runs: Vec<f64>,
    /// Mean over runs.
    pub mean: f64,
    /// Population standard deviation over runs, as the published code has it.
    pub sd: f64,
    /// 95 % interval of the mean.
    pub interval: Interval,
}

impl Cell {
    /// The share of right answers.
    ///
    /// Cues of a run share their store, so that a Wilson interval of all cues together is too narrow where stores
    /// differ, and Student's t interval over the few runs has no width where runs happen to agree. The interval
    /// reaches as far as the wider of the two on each side.
    pub fn share(&self, criterion: Criterion) -> Share {
        let counts: Vec<usize> = self
            .counts
            .iter()
            .map(|c| if criterion == Criterion::Within { c.within } else { c.exact })
            .collect();
        let runs: Vec<f64> = counts.iter().map(|&c| c as f64 / self.key.n as f64).collect();
        let mean = runs.iter().sum::<f64>() / runs.len() as f64;
        let sd = (runs.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / runs.len() as f64).sqrt();
        let pooled = wilson(counts.iter().sum(), self.key.n * runs.len());
        let interval = match of_runs(&runs) {
            Some(runs) => {
                Interval { low: pooled.low.min(runs.low).max(0.0), high: pooled.high.max(runs.high).min(1.0) }
            }
            None => pooled,
        };
        Share { runs, mean, sd, interval }
    }
}

/// The counts of all runs, which come in the same order in each.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells {
    cells: Vec<Cell>,
    at: usize,
}

impl Cells {
    /// Starts a run.
    pub fn begin(&mut self) {
        self.at = 0;
    }

    /// The next count of the run.
    pub fn push(&mut self, key: Key, count: Count) {
        match self.cells.get_mut(self.at) {
            Some(cell) => {
                assert_eq!(cell.key, key, "runs count the same things in the same order");
                cell.counts.push(count);
            }
            None => self.cells.push(Cell { key, counts: vec![count] }),
        }
        self.at += 1;
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<Cell> {
        self.cells
    }
}
