//! The permutation test of all rates: training and held-out rows change places.
//!
//! **Null hypothesis.** Given the generated rows, training and held-out rows are exchangeable: had other rows of the two sets been the training rows,
//! everything else would be as it is. This holds for a model that has not seen these training rows, and for nothing else exactly. It
//! says nothing of how good the generated rows are: they may have any distribution.
//!
//! **Test.** All rows of both sets are put into one pool, and as many as there are training rows are drawn from it without
//! replacement. With S₀ the rate of the true training rows and S₁ … S_B those of B draws, the p-value is (1 + #{b: S_b ≥ S₀})/(B + 1), or ≤ for rates of which small
//! values speak for copying. Under the null hypothesis P(p ≤ α) ≤ α for every α (Phipson & Smyth 2010), whatever the sizes of the sets. If there are no more
//! than B splits in all, each is computed once, and p is the share of splits at least as extreme.
//!
//! Resampling generated rows instead would be wrong: they share neighbours, so that with 300 training rows the spread of a share under the null
//! hypothesis can be several times the binomial one.

use attractor::noise::{Purpose, Stream};
use attractor::threads;

use crate::rates::{COUNT, Copying, Lists, RATES, rates};

/// The rates under splits of the pool.
#[derive(Clone, Debug)]
pub struct Swapped {
    /// The rates of each split.
    pub splits: Vec<[f64; COUNT]>,
    /// Whether these are all splits that there are, the true one among them.
    pub is_exact: bool,
}

impl Swapped {
    /// The p-value of a rate.
    pub fn p_value(&self, rate: usize, observed: f64) -> f64 {
        let extreme = |split: &[f64; COUNT]| match RATES[rate].copying {
            Copying::Large => split[rate] >= observed - slack(observed),
            Copying::Small => split[rate] <= observed + slack(observed),
        };
        let count = self.splits.iter().filter(|split| extreme(split)).count();
        match self.is_exact {
            true => count as f64 / self.splits.len() as f64,
            false => (count + 1) as f64 / (self.splits.len() + 1) as f64,
        }
    }

    /// The mean of a rate over splits.
    pub fn mean(&self, rate: usize) -> f64 {
        self.splits.iter().map(|split| split[rate]).sum::<f64>() / self.splits.len() as f64
    }

    /// The range of 95 % of the splits.
    pub fn range(&self, rate: usize) -> [f64; 2] {
        let mut all: Vec<f64> = self.splits.iter().map(|split| split[rate]).collect();
        all.sort_by(f64::total_cmp);
        [0.025, 0.975].map(|share| all[(share * (all.len() - 1) as f64).round() as usize])
    }
}

/// Equal rates may differ by rounding: their terms are summed in one order, but C_T is a sum of products. A difference counts beyond this.
fn slack(observed: f64) -> f64 {
    1e-12 * observed.abs()
}

/// The number of ways to choose `train` of `pool` rows, if it is at most `most`.
pub fn ways(pool: usize, train: usize, most: usize) -> Option<usize> {
    let few = train.min(pool - train);
    let mut ways: usize = 1;
    for k in 1..=few {
        // Divides without a rest: it is a binomial coefficient at each step.
        ways = ways.checked_mul(pool - few + k)? / k;
        if ways > most {
            return None;
        }
    }
    Some(ways)
}

/// The rates for `count` random splits, or for all splits if there are no more.
///
/// Split b has a random stream of its own, so that results depend on the seed alone.
pub fn swapped(lists: &Lists, train: usize, count: usize, seed: u64) -> Swapped {
    let pool = lists.own.len();
    if ways(pool, train, count).is_some() {
        let all = every(pool, train);
        let splits = threads::parallel(all.len(), |n| rates(lists, &all[n]));
        return Swapped { splits, is_exact: true };
    }
    let splits = threads::parallel(count, |split| {
        let mut stream = Stream::new(seed, Purpose::HeldOut, split as u64);
        rates(lists, &drawn(pool, train, &mut stream))
    });
    Swapped { splits, is_exact: false }
}

/// `train` rows of a pool, drawn without replacement: the smaller part is drawn row by row.
fn drawn(pool: usize, train: usize, stream: &mut Stream) -> Vec<bool> {
    let few = train.min(pool - train);
    let drawn = few == train;
    let mut flags = vec![!drawn; pool];
    let mut left: Vec<u32> = (0..pool as u32).collect();
    for n in 0..few {
        let other = n + stream.below(pool - n);
        left.swap(n, other);
        flags[left[n] as usize] = drawn;
    }
    flags
}

/// Every split of a pool.
fn every(pool: usize, train: usize) -> Vec<Vec<bool>> {
    let mut all = Vec::new();
    let mut chosen: Vec<usize> = (0..train).collect();
    loop {
        let mut flags = vec![false; pool];
        chosen.iter().for_each(|&row| flags[row] = true);
        all.push(flags);
        // The next choice in order: the last row that can move on does.
        let Some(place) = (0..train).rev().find(|&k| chosen[k] + train - k < pool) else { return all };
        chosen[place] += 1;
        for k in place + 1..train {
            chosen[k] = chosen[k - 1] + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clusters::Clusters;
    use crate::metric::Euclidean;
    use crate::rows::unwatched;
    use crate::search::nearest;
    use ndarray::Array2;
    use std::collections::HashSet;

    #[test]
    fn splits_are_all_there_are() {
        for (pool, train, count) in [(5, 2, 10), (6, 3, 20), (4, 4, 1), (7, 6, 7), (4, 1, 4)] {
            let all = every(pool, train);
            let different: HashSet<Vec<bool>> = all.iter().cloned().collect();
            assert!(all.iter().all(|flags| flags.iter().filter(|f| **f).count() == train));
            assert_eq!((all.len(), different.len()), (count, count), "{pool} {train}");
            assert_eq!(ways(pool, train, 1000), Some(count));
        }
        assert_eq!(ways(200, 100, 1_000_000), None);
        assert_eq!(ways(100_000, 99_998, usize::MAX), Some(4_999_950_000));
    }

    #[test]
    fn draws_are_uniform() {
        let mut counts = [0; 10];
        let all = every(5, 2);
        for draw in 0..20_000 {
            let flags = drawn(5, 2, &mut Stream::new(1, Purpose::HeldOut, draw));
            counts[all.iter().position(|other| *other == flags).expect("a split")] += 1;
        }
        // χ² with 9 degrees of freedom is below 27.9 with probability .999.
        let chi: f64 = counts.iter().map(|&c| (c as f64 - 2000.0).powi(2) / 2000.0).sum();
        assert!(chi < 27.9, "{counts:?}");
    }

    /// The test on a line of six rows is the share of the 20 splits at least as extreme; a random test has it as its limit.
    #[test]
    fn all_splits_give_the_exact_p_value() {
        let places = [0.0, 10.0, 20.0, 3.0, 14.0, 26.0, 0.1, 9.8, 20.3];
        let space = Euclidean::double(Array2::from_shape_vec((9, 1), places.to_vec()).expect("a column"));
        let near = nearest(&space, &[6, 7, 8], 0..6, 64, &mut unwatched).expect("done");
        let own = nearest(&space, &[0, 1, 2, 3, 4, 5], 0..6, 64, &mut unwatched).expect("done");
        let clusters = Clusters::new(0.0, (0..6).collect(), 3);
        let lists = Lists {
            near: &near,
            rows: &[0, 1, 2],
            own: &own,
            clusters: &clusters,
            cells: &[0; 3],
            pool_cells: &[0; 6],
            tolerance: 0.0,
        };
        let observed = rates(&lists, &[true, true, true, false, false, false]);
        // Each generated row is nearest to a training row of its own: of 20 splits, only the true one has all three.
        assert_eq!(observed[2], 1.0);
        let exact = swapped(&lists, 3, 999, 0);
        assert!(exact.is_exact && exact.splits.len() == 20);
        assert_eq!(exact.p_value(2, observed[2]), 0.05);
        // Each row is nearer to its training row in half of the splits.
        assert!((exact.mean(2) - 0.5).abs() < 1e-12);
        let random = Swapped {
            splits: (0..5000)
                .map(|n| rates(&lists, &drawn(6, 3, &mut Stream::new(2, Purpose::HeldOut, n))))
                .collect(),
            is_exact: false,
        };
        // Four standard errors of a share of .05 among 5,000.
        assert!((random.p_value(2, observed[2]) - 0.05).abs() < 4.0 * (0.05 * 0.95 / 5000.0_f64).sqrt());
    }
}
