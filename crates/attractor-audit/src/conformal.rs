//! p-values of single rows, and lists of rows with a stated share of false ones.
//!
//! **Conformal p-values.** A row has a score that is small for copies: d₁, or d₁/d₂ across clusters. With the same score of m held-out rows,
//!
//! p = (1 + #{h: score(h) ≤ score(g)})/(m + 1).
//!
//! If a generated row is exchangeable with the held-out rows, given the training rows, its rank among them is uniform, so P(p ≤ α) ≤ α.
//!
//! **Below the smallest score** of a held-out row, p cannot fall below 1/(m + 1), which is too coarse for a few copies among many rows. But d₁/d₂ of honest rows has
//! P(d₁/d₂ < r) ∝ r^D for small r, and d₁ has P(d₁ < r) ∝ r^D too, where rows are spread evenly at that scale. So the tail is continued by a power: with u the j-th smallest
//! score, j = m/10 or at least 10, and α the lower 95 % confidence limit of the exponent by Hill's estimator,
//!
//! p = j/(m + 1) · (score/u)^α,   not above 1/(m + 1).
//!
//! This part is a model, not exact. A held-out row with score 0 makes the exponent 0, so that nothing is below it: if honest rows can be copies, a copy is no evidence.
//!
//! **List.** Benjamini–Hochberg at q: the largest k such that k rows have p ≤ qk/n. Conformal p-values share their held-out rows, and are positively dependent in
//! the way for which the expected share of false rows is at most q (Bates et al. 2023).

/// Scores of honest rows, and the tail below them.
#[derive(Clone, Debug)]
pub struct Honest {
    scores: Vec<f64>,
    tail: Option<Tail>,
}

#[derive(Clone, Copy, Debug)]
struct Tail {
    /// The share of honest rows up to `from`.
    share: f64,
    from: f64,
    exponent: f64,
}

impl Honest {
    /// From the scores of honest rows, at least one.
    pub fn new(mut scores: Vec<f64>) -> Self {
        scores.sort_by(f64::total_cmp);
        let tail = tail(&scores);
        Honest { scores, tail }
    }

    /// The number of honest rows.
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// The conformal p-value: the rank among honest rows.
    pub fn rank(&self, score: f64) -> f64 {
        (1 + self.scores.partition_point(|other| *other <= score)) as f64 / (self.scores.len() + 1) as f64
    }

    /// The p-value, continued below the smallest honest score.
    pub fn p_value(&self, score: f64) -> f64 {
        let rank = self.rank(score);
        let is_below = self.scores.first().is_some_and(|least| score < *least);
        match self.tail.filter(|_| is_below) {
            Some(Tail { share, from, exponent }) => rank.min(share * (score / from).powf(exponent)),
            None => rank,
        }
    }

    /// The share of honest rows with a score below this.
    pub fn below(&self, score: f64) -> f64 {
        self.scores.partition_point(|other| *other < score) as f64 / self.scores.len() as f64
    }
}

/// The fewest different scores from which an exponent is estimated.
const FEWEST: usize = 10;

fn tail(scores: &[f64]) -> Option<Tail> {
    let count = (scores.len() / 10).max(FEWEST);
    let from = *scores.get(count - 1)?;
    if from <= 0.0 {
        return None;
    }
    // Equal scores count once: where scores are few different numbers, they say little of what is below them.
    let mut below: Vec<f64> = scores[..count].iter().copied().filter(|score| *score < from).collect();
    below.dedup();
    if below.len() + 1 < FEWEST {
        return None;
    }
    let logs: f64 = below.iter().map(|score| (from / score).ln()).sum();
    // 2α Σ has a χ² distribution; its 5 % quantile by Wilson and Hilferty.
    let freedom = 2.0 * below.len() as f64;
    let spread = 2.0 / (9.0 * freedom);
    let quantile = freedom * (1.0 - spread - 1.644_853_626_951_472_2 * spread.sqrt()).powi(3);
    let share = count as f64 / (scores.len() + 1) as f64;
    Some(Tail { share, from, exponent: quantile / (2.0 * logs) })
}

/// The list of Benjamini and Hochberg: which of the p-values are on it, at a false discovery rate.
pub fn listed(p_values: &[f64], rate: f64) -> Vec<bool> {
    let mut order: Vec<f64> = p_values.to_vec();
    order.sort_by(f64::total_cmp);
    let count = order.len() as f64;
    let last = order.iter().enumerate().rev().find(|(n, p)| **p <= rate * (n + 1) as f64 / count);
    let limit = last.map_or(f64::NEG_INFINITY, |(_, p)| *p);
    p_values.iter().map(|p| *p <= limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor::noise::{Purpose, Stream};

    #[test]
    fn ranks_count_ties_against_a_copy() {
        let honest = Honest::new(vec![3.0, 1.0, 2.0, 2.0]);
        let ranks = [0.5, 1.0, 1.5, 2.0, 9.0].map(|score| honest.rank(score));
        assert_eq!(ranks, [0.2, 0.4, 0.4, 0.8, 1.0]);
        assert_eq!((honest.below(2.0), honest.below(2.1)), (0.25, 0.75));
        // Too few rows for a tail.
        assert_eq!(honest.p_value(0.0), 0.2);
    }

    /// Scores U^{1/D} have P(score ≤ r) = r^D: the tail finds it, and is cautious.
    #[test]
    fn a_power_is_continued() {
        for dim in [1.0, 5.0, 30.0] {
            let mut stream = Stream::new(1, Purpose::HeldOut, dim as u64);
            let scores: Vec<f64> = (0..2000).map(|_| stream.uniform().powf(1.0 / dim)).collect();
            let honest = Honest::new(scores);
            let Tail { exponent, .. } = honest.tail.expect("a tail");
            assert!(exponent < dim * 1.02 && exponent > dim * 0.7, "{dim}: {exponent}");
            for p in [1e-4_f64, 1e-8] {
                let found = honest.p_value(p.powf(1.0 / dim));
                assert!(found > 0.2 * p && found < p.powf(0.7), "{dim}: {found:e} for {p:e}");
            }
        }
    }

    #[test]
    fn honest_copies_leave_no_evidence() {
        let mut scores: Vec<f64> = (1..200).map(f64::from).collect();
        scores.push(0.0);
        let honest = Honest::new(scores);
        assert_eq!(honest.p_value(0.0), 2.0 / 201.0);
        let equal = Honest::new(vec![1.0; 50]);
        assert_eq!((equal.p_value(1.0), equal.p_value(0.5)), (1.0, 1.0 / 51.0));
        // One score below many equal ones gives no exponent.
        let coarse = Honest::new([vec![0.4], vec![0.5; 149]].concat());
        assert_eq!(coarse.p_value(0.25), 1.0 / 151.0);
    }

    /// The example of Benjamini & Hochberg (1995), table 1: fifteen p-values, of which the first four are listed at .05.
    #[test]
    fn the_list_is_that_of_the_paper() {
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
            0.6528, 0.7590, 1.0,
        ];
        let list = listed(&p, 0.05);
        assert_eq!(list.iter().filter(|l| **l).count(), 4);
        assert!(list[..4].iter().all(|l| *l));
        assert!(listed(&[], 0.05).is_empty());
        assert_eq!(listed(&[0.2, 0.01, 0.04], 0.06), [false, true, true]);
    }

    /// Under the null hypothesis the share of lists that are not empty is at most q.
    #[test]
    fn honest_rows_are_seldom_listed() {
        let (mut lists, runs) = (0, 400);
        for run in 0..runs {
            let mut stream = Stream::new(9, Purpose::HeldOut, run);
            let mut score = || stream.uniform().powf(0.25);
            let honest = Honest::new((0..300).map(|_| score()).collect());
            let p: Vec<f64> = (0..200).map(|_| honest.p_value(score())).collect();
            lists += usize::from(listed(&p, 0.1).contains(&true));
        }
        // q = .1 and three standard errors.
        let limit = 0.1 + 3.0 * (0.1 * 0.9 / runs as f64).sqrt();
        assert!(lists as f64 / runs as f64 <= limit, "{lists} of {runs}");
    }
}
