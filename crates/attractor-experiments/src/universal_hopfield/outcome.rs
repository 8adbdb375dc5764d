//! Counts of right answers, and the shares that follow from them.

use std::ops::Add;

use super::measures::Mode;
use attractor_report::statistics::{Interval, of_runs, wilson};

/// Numbers of cues that were answered rightly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// By squared error.
    pub within: usize,
    /// By identity: the answer, or the stored image nearest to it, is the image from which the cue was made,
    /// or an equal one.
    pub exact: usize,
}

impl Add for Count {
    type Output = Count;

    fn add(self, other: Count) -> Count {
        Count { within: self.within + other.within, exact: self.exact + other.exact }
    }
}

/// The conditions of a count.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    /// The protocol.
    pub mode: Mode,
    /// The task of the memory.
    pub task: &'static str,
    /// The similarity.
    pub similarity: &'static str,
    /// The separation.
    pub separation: String,
    /// Number of stored images.
    pub n: usize,
    /// σ, removed share or T.
    pub parameter: f64,
}

/// The counts of all runs under the same conditions.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// The conditions.
    pub key: Key,
    /// One count for each run.
    pub counts: Vec<Count>,
}

/// The criterion of a right answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Criterion {
    /// Squared error.
    Within,
    /// Identity.
    Exact,
}

/// The share of right answers over runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Share {
    /// One share for each run.
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
    /// The cues of a run share their store, so a Wilson interval of all cues together is too narrow where
    /// stores differ. Student's t interval over the few runs has no width where runs happen to agree. The
    /// interval therefore takes the wider of the two on each side.
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

/// The counts of one run, or of all. Each run gives them in the same order.
#[derive(Clone, Debug, Default)]
pub(super) struct Cells(Vec<Cell>);

impl Cells {
    /// Adds the next count of a run.
    pub fn push(&mut self, key: Key, count: Count) {
        self.0.push(Cell { key, counts: vec![count] });
    }

    /// Adds the counts of another run.
    pub fn join(&mut self, run: Cells) {
        if self.0.is_empty() {
            *self = run;
            return;
        }
        assert_eq!(self.0.len(), run.0.len(), "runs count the same things");
        for (cell, other) in self.0.iter_mut().zip(run.0) {
            assert_eq!(cell.key, other.key, "runs count the same things in the same order");
            cell.counts.extend(other.counts);
        }
    }

    /// All counts.
    pub fn into_vec(self) -> Vec<Cell> {
        self.0
    }
}
