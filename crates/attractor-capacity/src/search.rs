//! Which numbers of patterns are tried.

use std::collections::BTreeMap;

use super::estimate::{Goal, Tried};

/// A rule that chooses the numbers of patterns to try.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// Double N until the error is too large, and bisect until the ends are neighbours (or 1/64 apart). Then try
    /// numbers on both sides, until the interval of the capacity ends between numbers that were tried.
    Bisection,
    /// Every N from 1 to this many times the capacity, and on to the end of its interval.
    Grid(f64),
    /// Only these numbers.
    List(Vec<usize>),
}

/// A bisection ends when its ends differ by 1/64 or less. The standard error of a capacity is larger.
const NEAR: usize = 64;

/// Whether nothing is tried between two numbers.
fn near(n: usize, next: usize) -> bool {
    next - n <= (n / NEAR).max(1)
}

impl Rule {
    /// The numbers to try next, given what was tried so far; none once the capacity and its interval are known.
    pub fn next(&self, tried: &BTreeMap<usize, Tried>, goal: Goal) -> Vec<usize> {
        let passing = tried.iter().rev().find(|(_, of)| of.error <= goal.threshold);
        let passes = passing.map_or(0, |(n, _)| *n);
        match self {
            Rule::List(counts) => counts.iter().copied().filter(|n| !tried.contains_key(n)).collect(),
            Rule::Grid(beyond) => {
                /// The grid goes at least this far, however small the capacity.
                const LEAST: usize = 4;
                let last = ((beyond * passes as f64).ceil() as usize).max(LEAST).min(goal.most);
                let missing: Vec<usize> = (1..=last).filter(|n| !tried.contains_key(n)).collect();
                match tried.last_key_value() {
                    Some((&n, of))
                        if missing.is_empty()
                            && n < goal.most
                            && of.against(goal.threshold) < goal.quantile =>
                    {
                        (n + 1..=(n + (n / 8).max(1)).min(goal.most)).collect()
                    }
                    _ => missing,
                }
            }
            Rule::Bisection => {
                let fails = tried.keys().copied().find(|n| *n > passes);
                match fails {
                    None if passes >= goal.most => below(tried, goal).into_iter().collect(),
                    None => vec![(2 * passes).clamp(1, goal.most)],
                    Some(fails) if !near(passes, fails) => vec![passes + (fails - passes) / 2],
                    Some(_) => [below(tried, goal), above(tried, goal)].into_iter().flatten().collect(),
                }
            }
        }
    }
}

/// The next number to try has an error this many half intervals from the threshold, to lie beyond the end of the
/// interval but not far.
const AIM: f64 = 1.3;

/// A number this many half intervals from the threshold is near enough to the end of the interval.
const FAR: f64 = 2.0;

/// The number to try for the upper end of the interval; `None` if it is known.
fn above(tried: &BTreeMap<usize, Tried>, goal: Goal) -> Option<usize> {
    let against = |of: &Tried| of.against(goal.threshold);
    let inside = tried.iter().rev().find(|(_, of)| against(of) < goal.quantile);
    let (n, here) = inside.map_or((0, None), |(n, of)| (*n, Some(of)));
    match tried.range(n + 1..).next() {
        None if n >= goal.most => None,
        None => Some((n + n / 2).max(n + 1).min(goal.most)),
        Some((&next, there)) => {
            let known = near(n, next) || against(there) <= FAR * goal.quantile;
            let deviation = here.unwrap_or(there).deviation;
            let aim = goal.threshold + AIM * goal.quantile * deviation;
            (!known)
                .then(|| place((n, here), (next, there), aim).ceil() as usize)
                .map(|number| number.clamp(n + 1, next - 1))
        }
    }
}

/// The number to try for the lower end of the interval; `None` if it is known.
fn below(tried: &BTreeMap<usize, Tried>, goal: Goal) -> Option<usize> {
    let against = |of: &Tried| of.against(goal.threshold);
    let (&next, there) = tried.iter().find(|(_, of)| against(of) > -goal.quantile)?;
    let last = tried.range(..next).next_back();
    let (n, here) = last.map_or((0, None), |(n, of)| (*n, Some(of)));
    let known = near(n, next) || here.is_some_and(|of| against(of) >= -FAR * goal.quantile);
    let aim = goal.threshold - AIM * goal.quantile * there.deviation;
    (!known)
        .then(|| place((n, here), (next, there), aim).floor() as usize)
        .map(|number| number.clamp(n + 1, next - 1))
}

/// Where the mean error has this value, if it is linear in ln N. No pattern gives no error.
fn place((n, here): (usize, Option<&Tried>), (next, there): (usize, &Tried), aim: f64) -> f64 {
    let (error, start) = (here.map_or(0.0, |of| of.error), (n as f64).max(0.5).ln());
    let share = ((aim - error) / (there.error - error)).clamp(0.0, 1.0);
    (start + share * ((next as f64).ln() - start)).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers that a rule tries if errors are known.
    fn tries(rule: &Rule, goal: Goal, of: impl Fn(usize) -> Tried) -> BTreeMap<usize, Tried> {
        let mut tried = BTreeMap::new();
        loop {
            let next = rule.next(&tried, goal);
            if next.is_empty() {
                return tried;
            }
            for n in next {
                assert!((1..=goal.most).contains(&n), "{n} is no number of patterns");
                assert!(tried.insert(n, of(n)).is_none(), "{n} twice");
            }
        }
    }

    /// For any rising error, both rules find the last number that passes.
    #[test]
    fn rules_find_the_last_that_passes() {
        for (capacity, most) in [(0, 100), (1, 100), (5, 100), (63, 100), (100, 100), (777, 10_000)] {
            for rule in [Rule::Bisection, Rule::Grid(1.5)] {
                let of = |n: usize| Tried { error: if n <= capacity { 0.01 } else { 0.05 }, deviation: 1e-4 };
                let tried = tries(&rule, Goal::new(0.03, 20, most), of);
                let found = tried.iter().rev().find(|(_, of)| of.error <= 0.03).map_or(0, |(n, _)| *n);
                let near = if rule == Rule::Bisection { capacity / NEAR } else { 0 };
                assert!(found <= capacity && found + near >= capacity, "{rule:?} {capacity}: {found}");
                if let Rule::Grid(beyond) = rule {
                    let last = ((beyond * capacity as f64).ceil() as usize).max(4).min(most);
                    assert_eq!(tried.len(), last, "{capacity}");
                } else {
                    assert!(tried.len() < 25, "{} tried", tried.len());
                }
            }
        }
    }

    /// Whatever the errors and their spread, a search goes on until its interval ends between numbers that were tried,
    /// or there are no more.
    #[test]
    fn both_ends_of_the_interval_are_tried() {
        for rule in [Rule::Bisection, Rule::Grid(1.5)] {
            for (capacity, deviation) in
                [(1.5, 1e-2), (7.4, 1e-3), (31.9, 1e-2), (32.0, 3e-3), (1e3, 5e-3), (900.0, 0.0)]
            {
                let of = |n: usize| Tried { error: 0.03 * (n as f64 / capacity).powf(0.7), deviation };
                let most = if rule == Rule::Bisection { 1 << 22 } else { 4000 };
                let goal = Goal::new(0.03, 6, most);
                let tried = tries(&rule, goal, of);
                let against = |n: &usize| tried[n].against(goal.threshold);
                let first = tried.keys().find(|n| against(n) > -goal.quantile).expect("one");
                let last = tried.keys().rev().find(|n| against(n) < goal.quantile).expect("one");
                assert!(tried.range(last + 1..).next().is_some(), "{capacity}: {last} is the last");
                assert!(*first == 1 || tried.range(..first).next().is_some(), "{capacity}: {first}");
                if rule == Rule::Bisection {
                    // Doubling, bisection to 1/64, and a few for each end.
                    let doublings = capacity.log2().max(0.0) as usize + 3;
                    assert!(tried.len() <= doublings + 7 + 8, "{capacity}: {:?}", tried.keys());
                }
            }
        }
    }
}
