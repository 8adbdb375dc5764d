//! Which numbers of patterns are tried, and how the capacity follows from their errors.

use std::collections::BTreeMap;

use super::cells::Score;
use attractor_report::statistics::{Interval, bootstrap};

/// A rule that chooses the numbers of patterns to try.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Double N until the error is too large, then bisect until the ends are neighbours (or 1/64 apart).
    Bisection,
    /// Every N from 1 to this many times the capacity.
    Grid(f64),
    /// Only these numbers.
    List(Vec<usize>),
}

/// A bisection ends when its ends differ by 1/64 or less. The standard error of a capacity is larger.
const NEAR: usize = 64;

impl Rule {
    /// The numbers to try next, given the mean errors so far; none once the capacity is known. N is at most
    /// `most`.
    pub fn next(&self, errors: &BTreeMap<usize, f64>, threshold: f64, most: usize) -> Vec<usize> {
        let passes = errors.iter().rev().find(|(_, error)| **error <= threshold).map_or(0, |(n, _)| *n);
        match self {
            Rule::List(counts) => counts.iter().copied().filter(|n| !errors.contains_key(n)).collect(),
            Rule::Grid(beyond) => {
                /// The grid goes at least this far, however small the capacity.
                const LEAST: usize = 4;
                let last = ((beyond * passes as f64).ceil() as usize).max(LEAST).min(most);
                (1..=last).filter(|n| !errors.contains_key(n)).collect()
            }
            Rule::Bisection => {
                let fails = errors.keys().copied().find(|n| *n > passes);
                let next = match fails {
                    None if passes >= most => return Vec::new(),
                    None => (2 * passes).clamp(1, most),
                    Some(fails) if fails - passes <= (passes / NEAR).max(1) => return Vec::new(),
                    Some(fails) => passes + (fails - passes) / 2,
                };
                vec![next]
            }
        }
    }
}

/// The scores of one memory at D units: for each number of patterns that was tried, one score per set.
pub type Scores = BTreeMap<usize, Vec<Score>>;

/// The share of wrong units, averaged over sets.
pub fn mean_error(scores: &[Score]) -> f64 {
    scores.iter().map(Score::error).sum::<f64>() / scores.len().max(1) as f64
}

/// The number of patterns that a memory holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// The capacity as a whole number: the largest N whose mean error is within the threshold. Between
    /// numbers that were tried it is interpolated. It is 0 if one pattern is already too many.
    pub patterns: usize,
    /// Where the mean error crosses the threshold. Between numbers that were tried, the error is linear in ln
    /// N.
    pub crossing: f64,
    /// 95 % bootstrap interval of the crossing, over sets.
    pub interval: Interval,
    /// Whether the largest allowed number passes too. The capacity may then be larger.
    pub bounded: bool,
}

impl Capacity {
    /// The capacity that follows from the scores of a finished search.
    pub fn of(scores: &Scores, threshold: f64, most: usize, seed: u64) -> Self {
        let counts: Vec<usize> = scores.keys().copied().collect();
        let sets = scores.values().map(Vec::len).min().unwrap_or(0);
        let errors: Vec<Vec<f64>> =
            (0..sets).map(|set| scores.values().map(|scores| scores[set].error()).collect()).collect();
        let statistic = |sets: &[&Vec<f64>]| {
            let mean = |i: usize| sets.iter().map(|errors| errors[i]).sum::<f64>() / sets.len() as f64;
            crossing(&counts, mean, threshold)
        };
        let crossing = statistic(&errors.iter().collect::<Vec<_>>());
        let patterns = crossing.floor() as usize;
        let interval = match sets {
            0 | 1 => Interval { low: crossing, high: crossing },
            _ => bootstrap(&errors, seed, statistic),
        };
        Capacity { patterns, crossing, interval, bounded: patterns >= most }
    }
}

/// The last crossing of the threshold by the mean error, which is linear in ln N between the numbers that
/// were tried.
fn crossing(counts: &[usize], mean: impl Fn(usize) -> f64, threshold: f64) -> f64 {
    // The next larger number, which fails, and its error.
    let mut fails = None;
    for (i, &count) in counts.iter().enumerate().rev() {
        let (n, error) = (count as f64, mean(i));
        if error <= threshold {
            // A number whose error equals the threshold passes.
            let between = |(next, above): (f64, f64)| {
                (n.ln() + (threshold - error) / (above - error) * (next / n).ln()).exp().max(n)
            };
            return fails.map_or(n, between);
        }
        fails = Some((n, error));
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For any rising error, both rules find the last number that passes.
    #[test]
    fn rules_find_the_last_that_passes() {
        for (capacity, most) in [(0, 100), (1, 100), (5, 100), (63, 100), (100, 100), (777, 10_000)] {
            for rule in [Rule::Bisection, Rule::Grid(1.5)] {
                let mut errors = BTreeMap::new();
                loop {
                    let next = rule.next(&errors, 0.03, most);
                    if next.is_empty() {
                        break;
                    }
                    for n in next {
                        assert!(
                            errors.insert(n, if n <= capacity { 0.01 } else { 0.05 }).is_none(),
                            "{n} twice"
                        );
                    }
                }
                let found = errors.iter().rev().find(|(_, e)| **e <= 0.03).map_or(0, |(n, _)| *n);
                let near = if rule == Rule::Bisection { capacity / NEAR } else { 0 };
                assert!(found <= capacity && found + near >= capacity, "{rule:?} {capacity}: {found}");
                if let Rule::Grid(beyond) = rule {
                    let last = ((beyond * capacity as f64).ceil() as usize).max(4).min(most);
                    assert_eq!(errors.len(), last, "{capacity}");
                } else {
                    assert!(errors.len() < 25, "{} tried", errors.len());
                }
            }
        }
    }

    #[test]
    fn crossings_lie_between_what_was_tried() {
        let counts = [4, 8, 16];
        // Half of the way in the error is half of the way in ln N: √(8·16).
        let crossing = |means: [f64; 3]| crossing(&counts, |i| means[i], 0.03);
        assert!((crossing([0.01, 0.02, 0.04]) - 128f64.sqrt()).abs() < 1e-12);
        assert_eq!(crossing([0.01, 0.03, 0.04]), 8.0);
        assert_eq!(crossing([0.04, 0.05, 0.06]), 0.0);
        assert_eq!(crossing([0.01, 0.02, 0.03]), 16.0);
    }

    /// If all sets have errors of the same spread, the interval is that of the mean error, divided by the
    /// slope.
    #[test]
    fn intervals_are_of_the_spread_over_sets() {
        let score = |set: usize, error: f64| Score {
            set,
            halves: (2e6 * error) as u64,
            units: 1_000_000,
            seconds: 0.0,
        };
        let wobble = |set: usize| 0.01 * if set.is_multiple_of(2) { 1.0 } else { -1.0 };
        let cell = |mean: f64| (0..100).map(|set| score(set, mean + wobble(set))).collect::<Vec<_>>();
        let scores: Scores = [(10, cell(0.02)), (20, cell(0.04))].into_iter().collect();
        let found = Capacity::of(&scores, 0.03, 1000, 3);
        assert_eq!(found.patterns, 14);
        assert!((found.crossing - 200f64.sqrt()).abs() < 1e-9 && !found.bounded);
        // A standard error of 0.001 is 0.05 of the way from 10 to 20. The interval is ±1.96 of it.
        let half = (found.interval.high / found.interval.low).ln() / 2.0;
        assert!((half / (1.96 * 0.05 * 2f64.ln()) - 1.0).abs() < 0.15, "{half}");
    }
}
