//! Which memory follows which in a memory of sequences, and what a recall made of it.

use std::ops::Range;

use crate::error::{Error, Result};
use crate::options::{CountRange, Fallback, Kind, Options, Parameter, Value};

/// The option that leads from the last pattern of a sequence back to its first.
pub(super) const CLOSED: Parameter = Parameter {
    name: "closed",
    kind: Kind::Flag,
    default: Fallback::Rule("off"),
    help: "The first pattern follows the last; otherwise a recall rests at the last",
};

/// The option for several sequences in one memory.
pub(super) const STARTS: Parameter = Parameter {
    name: "starts",
    kind: Kind::List(&Kind::Count(CountRange::at_least(1))),
    default: Fallback::Rule("none, one sequence"),
    help: "Indices of the patterns at which further sequences start, as 10,25 (the first pattern is 0)",
};

/// Which memory follows which: patterns in the order in which they are stored, in one sequence or in several.
///
/// ```
/// use attractor::memories::Succession;
/// let two = Succession::new(5, &[3], false)?;
/// assert_eq!((two.next(0), two.next(1), two.next(2)), (1, 2, 2));
/// assert_eq!((two.next(3), two.next(4)), (4, 4));
/// assert_eq!(Succession::new(5, &[3], true)?.next(2), 0);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    /// Where each sequence starts, then the number of patterns.
    bounds: Vec<usize>,
    closed: bool,
    /// For how many steps each memory is held.
    dwell: usize,
}

impl Succession {
    /// The order of `len` patterns. `starts` are the patterns with which further sequences start, in rising order.
    /// `closed` leads from the last pattern of each sequence to its first; otherwise the last follows itself.
    ///
    /// # Errors
    /// Starts that do not rise, or that are not the indices of patterns after the first.
    pub fn new(len: usize, starts: &[usize], closed: bool) -> Result<Self> {
        let mut bounds = vec![0];
        for &start in starts {
            if start >= len || start <= bounds[bounds.len() - 1] {
                let expected = format!("rising indices of patterns, from 1 to {}", len.saturating_sub(1));
                return Err(Error::parameter(STARTS.name, expected, start));
            }
            bounds.push(start);
        }
        bounds.push(len);
        Ok(Succession { bounds, closed, dwell: 1 })
    }

    /// Reads the options `starts` and `closed`.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub(super) fn from_options(len: usize, options: &Options) -> Result<Self> {
        let index = |value: &Value| match value {
            Value::Count(count) => usize::try_from(*count).unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        let starts: Vec<usize> = options.list(STARTS.name).unwrap_or_default().iter().map(index).collect();
        Self::new(len, &starts, options.flag(CLOSED.name))
    }

    /// The same order, with each memory held for this many steps.
    pub(super) fn held(self, dwell: usize) -> Self {
        Succession { dwell, ..self }
    }

    /// The memory that follows a memory. At the end of a sequence that is not closed it is the memory itself.
    pub fn next(&self, memory: usize) -> usize {
        let Range { start, end } = self.sequence(memory);
        match memory + 1 < end {
            true => memory + 1,
            false if self.closed => start,
            false => memory,
        }
    }

    /// The memories of the sequence that a memory belongs to.
    pub fn sequence(&self, memory: usize) -> Range<usize> {
        let after = self.bounds.partition_point(|bound| *bound <= memory).clamp(1, self.bounds.len() - 1);
        self.bounds[after - 1]..self.bounds[after]
    }

    /// For how many steps each memory is held.
    pub fn dwell(&self) -> usize {
        self.dwell
    }

    /// The number of updates that play the longest sequence once: to its end, or back to its start.
    pub fn updates(&self) -> usize {
        /// A recall makes no more updates unless it is told to.
        const MOST: usize = 1_000;
        let longest = self.bounds.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(1);
        let moves = if self.closed { longest } else { longest - 1 };
        // One more, which shows that a recall rests at the end.
        (moves.saturating_mul(self.dwell) + usize::from(!self.closed)).min(MOST)
    }

    /// The vector that follows each one: row n of the result is that of the memory after n.
    pub(super) fn successors(&self) -> Vec<usize> {
        (0..self.bounds[self.bounds.len() - 1]).map(|memory| self.next(memory)).collect()
    }
}

/// What the recall of a sequence made of its order.
///
/// Each update counts once: it was in order, or one of five errors. Updates that rest at the end of a sequence do not
/// count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Played {
    /// The memory nearest to the cue, and to the state after each update.
    pub visited: Vec<usize>,
    /// For how many steps each memory was held, one after the other.
    pub held: Vec<usize>,
    /// Updates in order: the memory was held as long as it should be, and then the next one came.
    pub ordered: usize,
    /// Updates that moved on to the next memory too soon.
    pub early: usize,
    /// Updates that held a memory for too long.
    pub repeats: usize,
    /// Updates that left out memories, or went to another sequence.
    pub skips: usize,
    /// Updates that went back.
    pub backs: usize,
    /// Updates to a state that no memory has an overlap of more than ½ with.
    pub lost: usize,
}

impl Played {
    /// Compares the memories that were visited with their order. `overlaps` are those with the visited memories.
    ///
    /// ```
    /// use attractor::memories::{Played, Succession};
    /// let order = Succession::new(6, &[], false)?;
    /// let played = Played::of(vec![0, 1, 3, 2, 2, 3, 4], &[1.0; 7], &order);
    /// assert_eq!((played.ordered, played.skips, played.backs, played.repeats), (3, 1, 1, 1));
    /// assert_eq!(played.held, [1, 1, 1, 2, 1, 1]);
    /// # Ok::<(), attractor::Error>(())
    /// ```
    pub fn of(visited: Vec<usize>, overlaps: &[f64], order: &Succession) -> Self {
        /// States with this overlap or less belong to no memory: of ±1 units, a quarter or more are wrong.
        const LOST: f64 = 0.5;
        let mut played = Played::default();
        let mut held = 1;
        for step in 1..visited.len() {
            let (from, to) = (visited[step - 1], visited[step]);
            let next = order.next(from);
            let rests = next == from && to == from;
            let expected = if held < order.dwell { from } else { next };
            let count = match to {
                _ if overlaps[step] <= LOST => Some(&mut played.lost),
                _ if rests => None,
                _ if to == expected => Some(&mut played.ordered),
                _ if to == from => Some(&mut played.repeats),
                _ if to == next => Some(&mut played.early),
                _ if is_back(from, to, order) => Some(&mut played.backs),
                _ => Some(&mut played.skips),
            };
            count.into_iter().for_each(|count| *count += 1);
            if to == from {
                held += 1;
            } else {
                played.held.push(held);
                held = 1;
            }
        }
        if !visited.is_empty() {
            played.held.push(held);
        }
        Played { visited, ..played }
    }
}

/// Whether a memory comes before another in its sequence. In a closed one the shorter way decides.
fn is_back(from: usize, to: usize, order: &Succession) -> bool {
    let sequence = order.sequence(from);
    if !sequence.contains(&to) {
        return false;
    }
    match order.closed {
        true => 2 * ((to + sequence.len() - from) % sequence.len()) > sequence.len(),
        false => to < from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_update_counts_once() {
        let order = Succession::new(5, &[], true).unwrap().held(2);
        // 0 is held for two steps, 1 for one (early), 2 for three (a repeat), then 4 is a skip, and 3 is back.
        let played = Played::of(
            vec![0, 0, 1, 2, 2, 2, 4, 3, 0],
            &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.4],
            &order,
        );
        assert_eq!((played.ordered, played.early, played.repeats), (3, 1, 1));
        assert_eq!((played.skips, played.backs, played.lost), (1, 1, 1));
        assert_eq!(played.held, [2, 1, 3, 1, 1, 1]);
    }

    #[test]
    fn rest_at_the_end_is_no_repeat() {
        let order = Succession::new(3, &[], false).unwrap();
        let played = Played::of(vec![1, 2, 2, 2], &[1.0; 4], &order);
        assert_eq!((played.ordered, played.repeats), (1, 0));
        assert_eq!(played.held, [1, 3]);
    }

    #[test]
    fn sequences_are_apart() {
        let order = Succession::new(7, &[3, 5], true).unwrap();
        assert_eq!((0..7).map(|n| order.next(n)).collect::<Vec<_>>(), [1, 2, 0, 4, 3, 6, 5]);
        assert_eq!(order.sequence(4), 3..5);
        for starts in [&[0][..], &[3, 3], &[7], &[4, 2]] {
            assert!(Succession::new(7, starts, true).is_err(), "{starts:?}");
        }
    }
}
