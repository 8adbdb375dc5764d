//! The capacity that follows from the errors of pattern sets, and its interval.
//!
//! e_s(N) is the share of wrong units of set s at N patterns. Between numbers that were tried it is linear in ln N.
//!
//! The crossing is where the mean of e_s(N), made monotone, passes the threshold θ. The interval holds every N at which
//! Student's t test over the sets does not refuse that the mean is θ: |t(N)| ≤ t₀.₉₇₅, t(N) = (ē(N) − θ) √S / s(N).
//! At the true capacity the mean is θ, so the interval misses it only where that one test errs.

use std::collections::BTreeMap;

use attractor_report::statistics::{Interval, student};

use super::cells::Score;

/// The scores of one memory at D units: for each number of patterns that was tried, one score per set.
pub type Scores = BTreeMap<usize, Vec<Score>>;

/// The share of wrong units, averaged over sets.
pub fn mean_error(scores: &[Score]) -> f64 {
    scores.iter().map(Score::error).sum::<f64>() / scores.len().max(1) as f64
}

/// What the pattern sets say about one number of patterns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// The share of wrong units, averaged over sets.
    pub error: f64,
    /// Standard error of that mean; 0 for a single set.
    pub deviation: f64,
}

impl Tried {
    /// The mean and its standard error.
    pub fn of(scores: &[Score]) -> Self {
        let (error, count) = (mean_error(scores), scores.len().max(2) as f64);
        let squares: f64 = scores.iter().map(|score| (score.error() - error).powi(2)).sum();
        Tried { error, deviation: (squares / (count - 1.0) / count).sqrt() }
    }

    /// Student's t of the mean against a threshold. Without spread it is infinite, or 0 at the threshold.
    pub fn against(&self, threshold: f64) -> f64 {
        let above = self.error - threshold;
        match above == 0.0 {
            true => 0.0,
            false => above / self.deviation,
        }
    }
}

/// What a search is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// The largest mean share of wrong units that passes.
    pub threshold: f64,
    /// The 97.5 % quantile of Student's t for the number of sets.
    pub quantile: f64,
    /// The largest number of patterns.
    pub most: usize,
}

impl Goal {
    /// For so many pattern sets.
    pub fn new(threshold: f64, sets: usize, most: usize) -> Self {
        Goal { threshold, quantile: student(sets.saturating_sub(1).max(1)), most }
    }
}

/// The number of patterns that a memory holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// The capacity as a whole number: the whole part of the crossing. It is 0 if one pattern is already too many.
    pub patterns: usize,
    /// Where the mean error, made monotone, crosses the threshold.
    pub crossing: f64,
    /// 95 % interval of the crossing. Its upper end is infinite if even the largest allowed number of patterns is
    /// within the threshold, or above it by chance. A lower end of 0 says that one pattern may be too many.
    pub interval: Interval,
    /// Whether the largest allowed number passes too. The capacity may then be larger.
    pub bounded: bool,
}

impl Capacity {
    /// The capacity that follows from the scores of a finished search.
    pub fn of(scores: &Scores, goal: Goal) -> Self {
        let sets = scores.values().map(Vec::len).min().unwrap_or(0);
        let tried: Vec<(usize, Tried)> =
            scores.iter().map(|(n, scores)| (*n, Tried::of(&scores[..sets]))).collect();
        let raw = crossing(&tried, goal.threshold);
        let last = tried.last().map_or(0, |(n, _)| *n);
        let bounded = raw >= last as f64 && last >= goal.most;
        let interval = match sets {
            0 | 1 => Interval { low: raw, high: raw },
            _ => {
                let errors = |n: usize| scores[&n][..sets].iter().map(Score::error).collect::<Vec<f64>>();
                Interval { low: low(&tried, errors, goal), high: high(&tried, errors, goal) }
            }
        };
        // A pool of several numbers may lie beyond the end.
        let crossing = raw.max(interval.low).min(interval.high);
        Capacity { patterns: crossing.floor() as usize, crossing, interval, bounded }
    }
}

/// Where the mean error, made monotone, passes the threshold.
///
/// Neighbours whose errors fall are replaced by one point of their mean error and mean ln N (isotonic regression).
/// Between points the error is linear in ln N. The first number that fails, or the last that passes, would be biased
/// where errors of neighbours differ by chance.
fn crossing(tried: &[(usize, Tried)], threshold: f64) -> f64 {
    /// The sums of error and ln N, and the count.
    type Pool = (f64, f64, f64);
    let mut pools: Vec<Pool> = Vec::new();
    for (n, of) in tried {
        let mut pool = (of.error, (*n as f64).ln(), 1.0);
        while let Some(last) = pools.last().filter(|last| last.0 / last.2 >= pool.0 / pool.2) {
            pool = (last.0 + pool.0, last.1 + pool.1, last.2 + pool.2);
            pools.pop();
        }
        pools.push(pool);
    }
    let point = |pool: &Pool| (pool.0 / pool.2, pool.1 / pool.2);
    let passes = pools.iter().rposition(|pool| point(pool).0 <= threshold);
    let Some(passes) = passes else { return 0.0 };
    let (error, place) = point(&pools[passes]);
    match pools.get(passes + 1).map(point) {
        Some((above, next)) => (place + (threshold - error) / (above - error) * (next - place)).exp(),
        None => tried.last().map_or(0.0, |(n, _)| *n as f64),
    }
}

/// The largest N at which the test does not refuse the threshold.
fn high(tried: &[(usize, Tried)], errors: impl Fn(usize) -> Vec<f64>, goal: Goal) -> f64 {
    match tried.iter().rposition(|(_, of)| of.against(goal.threshold) < goal.quantile) {
        None => 0.0,
        Some(last) if last + 1 == tried.len() => f64::INFINITY,
        Some(last) => between(tried[last].0, tried[last + 1].0, errors, goal, -1.0),
    }
}

/// The smallest N at which the test does not refuse the threshold.
fn low(tried: &[(usize, Tried)], errors: impl Fn(usize) -> Vec<f64>, goal: Goal) -> f64 {
    match tried.iter().position(|(_, of)| of.against(goal.threshold) > -goal.quantile) {
        None => tried.last().map_or(0.0, |(n, _)| *n as f64),
        Some(0) => 0.0,
        Some(first) => between(tried[first - 1].0, tried[first].0, errors, goal, 1.0),
    }
}

/// The N between two numbers at which ē(N) − θ ± t₀.₉₇₅ s(N)/√S is 0. It is negative at the first of them, positive at
/// the second, and convex or concave in between, so it has one root.
fn between(n: usize, next: usize, errors: impl Fn(usize) -> Vec<f64>, goal: Goal, sign: f64) -> f64 {
    let (here, there) = (errors(n), errors(next));
    let count = here.len() as f64;
    let rise: Vec<f64> = here.iter().zip(&there).map(|(a, b)| b - a).collect();
    let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
    let (error, slope) = (mean(&here), mean(&rise));
    let spread = |a: &[f64], b: &[f64]| {
        let (of_a, of_b) = (mean(a), mean(b));
        a.iter().zip(b).map(|(a, b)| (a - of_a) * (b - of_b)).sum::<f64>() / (count - 1.0) / count
    };
    let (level, mixed, rising) = (spread(&here, &here), spread(&here, &rise), spread(&rise, &rise));
    let excess = |w: f64| {
        let variance = (level + 2.0 * w * mixed + w * w * rising).max(0.0);
        error + w * slope - goal.threshold + sign * goal.quantile * variance.sqrt()
    };
    let (mut least, mut most) = (0.0, 1.0);
    /// Each halving adds a bit to the place.
    const HALVINGS: usize = 50;
    for _ in 0..HALVINGS {
        let middle = 0.5 * (least + most);
        if excess(middle) < 0.0 { least = middle } else { most = middle }
    }
    let (n, next) = (n as f64, next as f64);
    n * (most * (next / n).ln()).exp()
}

#[cfg(test)]
#[path = "estimate_tests.rs"]
mod tests;
