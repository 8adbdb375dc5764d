//! Rates of copying: numbers of a whole set of generated rows G, for any choice of which rows of the pool are the training rows T.
//!
//! | rate | formula | source |
//! |---|---|---|
//! | `f_mem` | share of G with d₁/d₂ < ⅓, d₁ ≤ d₂ the nearest two of T | Bonnaire et al. 2025 |
//! | `f_mem_clusters` | the same with d₂ to the nearest training row of another cluster | |
//! | `dcr_share` | P(d_T < d_H) + ½ P(d_T = d_H) | Platzer & Reutterer 2021 |
//! | `ims` | share of G within the tolerance of a training row | |
//! | `nndr` | the 5 % quantile of d₁/d₂ | |
//! | `auth_pct` | share of G farther from its nearest training row t than t is from its own nearest | Alaa et al. 2022 |
//! | `c_t` | Σ_cells (share of T) z, with z the Mann–Whitney statistic of d(G, T) against d(H, T) | Meehan et al. 2020 |
//!
//! Each is computed from lists of the nearest pool rows alone: the nearest training row is the first of the list that is one. So a
//! choice of other training rows needs no new distance. A list has 64 rows. Where it ends before what is looked for, the distance of its last row takes the
//! place of what is farther: a rate is then a little too small, and it is still a function of the lists and of T, which is all that a
//! permutation test needs.

use crate::clusters::Clusters;
use crate::found::{Found, Nearest};

/// The ratio below which f_mem takes a row for memorised.
pub const RATIO: f64 = 1.0 / 3.0;

/// The quantile of NNDR.
pub const LOW: f64 = 0.05;

/// Cells with fewer generated or held-out rows than this say nothing, and C_T leaves them out.
const FEWEST: usize = 5;

/// Which values of a rate speak for copying.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copying {
    /// Large ones.
    Large,
    /// Small ones.
    Small,
}

/// What a rate is.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// Its key in files.
    pub key: &'static str,
    /// Its name for readers.
    pub name: &'static str,
    /// What it counts.
    pub about: &'static str,
    /// Which values speak for copying.
    pub copying: Copying,
    /// Whether it compares with held-out rows, and needs some.
    pub needs_heldout: bool,
    /// Whether it is a share of the generated rows.
    pub is_share: bool,
}

/// The number of rates.
pub const COUNT: usize = 7;

/// The rates, in the order of [`rates`].
pub const RATES: [Rate; COUNT] = [
    rate("f_mem", "f_mem", "rows with d1/d2 < 1/3", Copying::Large, [false, true]),
    rate(
        "f_mem_clusters",
        "f_mem, clusters",
        "the same, d2 in another cluster",
        Copying::Large,
        [false, true],
    ),
    rate(
        "dcr_share",
        "DCR share",
        "rows nearer to training than to held-out rows",
        Copying::Large,
        [true, true],
    ),
    rate("ims", "IMS", "rows that are training rows", Copying::Large, [false, true]),
    rate("nndr", "NNDR, 5 %", "5 % quantile of d1/d2", Copying::Small, [false, false]),
    rate(
        "auth_pct",
        "AuthPct",
        "rows farther from a training row than its neighbour",
        Copying::Small,
        [false, true],
    ),
    rate("c_t", "C_T", "Mann-Whitney z of distances, against held-out rows", Copying::Small, [true, false]),
];

const fn rate(
    key: &'static str,
    name: &'static str,
    about: &'static str,
    copying: Copying,
    [needs_heldout, is_share]: [bool; 2],
) -> Rate {
    Rate { key, name, about, copying, needs_heldout, is_share }
}

/// The lists that rates are computed from.
#[derive(Clone, Copy)]
pub struct Lists<'a> {
    /// The nearest pool rows of generated rows.
    pub near: &'a Nearest,
    /// The generated rows that count, as places in `near`.
    pub rows: &'a [usize],
    /// The nearest other pool rows of each pool row.
    pub own: &'a Nearest,
    /// The clusters of the pool.
    pub clusters: &'a Clusters,
    /// The cell of each row of `near`.
    pub cells: &'a [u8],
    /// The cell of each pool row.
    pub pool_cells: &'a [u8],
    /// The largest distance at which a row is an exact copy.
    pub tolerance: f64,
}

/// The nearest training rows of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// The nearest; `None` beyond the list, where `second` is the least that it can be.
    pub first: Option<Found>,
    /// The distance of the second.
    pub second: f64,
    /// The distance of the nearest of another cluster, with its number; `None` beyond the list.
    pub other: Option<Found>,
    /// The distance of the last row of the list.
    pub last: f64,
}

impl Pair {
    /// The nearest training rows in a list of pool rows. `trained` says which rows are.
    pub fn of(found: &[Found], trained: impl Fn(u32) -> bool, clusters: &Clusters) -> Self {
        let mut training = found.iter().filter(|found| trained(found.row));
        let last = found.last().map_or(f64::INFINITY, |found| found.distance);
        let Some(&first) = training.next() else {
            return Pair { first: None, second: last, other: None, last };
        };
        let cluster = clusters.of[first.row as usize];
        let mut second = None;
        let mut other = None;
        for found in training {
            second = second.or(Some(found.distance));
            if clusters.of[found.row as usize] != cluster {
                other = Some(*found);
                break;
            }
        }
        Pair { first: Some(first), second: second.unwrap_or(last), other, last }
    }

    /// d₁, or the least that it can be.
    pub fn distance(&self) -> f64 {
        self.first.map_or(self.last, |first| first.distance)
    }

    /// d₁/d₂; 1 between equal distances, also of 0.
    pub fn ratio(&self) -> f64 {
        ratio(self.distance(), self.second)
    }

    /// d₁/d₂ with d₂ in another cluster, or the most that it can be.
    pub fn cluster_ratio(&self) -> f64 {
        ratio(self.distance(), self.other.map_or(self.last, |other| other.distance))
    }
}

fn ratio(first: f64, second: f64) -> f64 {
    if second > first { first / second } else { 1.0 }
}

/// The rates of the generated rows, for a choice of training rows: `trained` has one flag for each pool row. C_T is 0 without held-out rows.
pub fn rates(lists: &Lists, trained: &[bool]) -> [f64; COUNT] {
    let is = |row: u32| trained[row as usize];
    let mut counts = [0.0; COUNT];
    let mut ratios = Vec::with_capacity(lists.rows.len());
    for &row in lists.rows {
        let found = lists.near.of(row);
        let pair = Pair::of(found, is, lists.clusters);
        let ratio = pair.ratio();
        ratios.push(ratio);
        counts[0] += share(ratio < RATIO);
        counts[1] += share(pair.cluster_ratio() < RATIO);
        let held = found.iter().find(|found| !is(found.row)).map_or(pair.last, |found| found.distance);
        counts[2] += match pair.distance().partial_cmp(&held) {
            Some(std::cmp::Ordering::Less) => 1.0,
            Some(std::cmp::Ordering::Equal) => 0.5,
            _ => 0.0,
        };
        counts[3] += share(pair.distance() <= lists.tolerance);
        counts[5] += share(pair.first.is_none_or(|first| {
            let own = lists.own.of(first.row as usize).iter().find(|found| is(found.row));
            own.is_some_and(|own| first.distance > own.distance)
        }));
    }
    let rows = lists.rows.len().max(1) as f64;
    let mut rates = counts.map(|count| count / rows);
    rates[4] = quantile(&mut ratios, LOW);
    rates[6] = c_t(lists, trained);
    rates
}

fn share(counts: bool) -> f64 {
    f64::from(u8::from(counts))
}

/// The largest value that at most a share of the values lies below.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    let place = (share * values.len() as f64) as usize;
    match values.is_empty() {
        true => f64::NAN,
        false => *values.select_nth_unstable_by(place.min(values.len() - 1), f64::total_cmp).1,
    }
}

/// C_T over the cells that have enough rows; over all rows if none has.
pub fn c_t(lists: &Lists, trained: &[bool]) -> f64 {
    let is = |row: u32| trained[row as usize];
    let distance = |found: &[Found]| {
        let last = found.last().map_or(0.0, |found| found.distance);
        found.iter().find(|found| is(found.row)).map_or(last, |found| found.distance)
    };
    let cells = 1 + lists.cells.iter().chain(lists.pool_cells).copied().max().unwrap_or(0) as usize;
    let mut of: Vec<[Vec<f64>; 2]> = (0..cells).map(|_| [Vec::new(), Vec::new()]).collect();
    let mut training = vec![0.0; cells];
    for &row in lists.rows {
        of[lists.cells[row] as usize][0].push(distance(lists.near.of(row)));
    }
    for (row, &trained) in trained.iter().enumerate() {
        let cell = lists.pool_cells[row] as usize;
        match trained {
            true => training[cell] += 1.0,
            false => of[cell][1].push(distance(lists.own.of(row))),
        }
    }
    let enough = |cell: &[Vec<f64>; 2]| cell.iter().all(|side| side.len() >= FEWEST);
    let (mut sum, mut weight) = (0.0, 0.0);
    for (cell, training) in of.iter().zip(&training).filter(|(cell, _)| enough(cell)) {
        sum += training * mann_whitney(&cell[0], &cell[1]);
        weight += training;
    }
    if weight > 0.0 {
        return sum / weight;
    }
    let all = |side: usize| of.iter().flat_map(|cell| cell[side].iter().copied()).collect::<Vec<f64>>();
    mann_whitney(&all(0), &all(1))
}

/// The Mann–Whitney statistic of x against y, standardised with its variance under ties: negative if x tends to be smaller. 0 if nothing can be
/// compared.
pub fn mann_whitney(x: &[f64], y: &[f64]) -> f64 {
    let (m, n) = (x.len() as f64, y.len() as f64);
    let mut all: Vec<(f64, bool)> =
        x.iter().map(|&v| (v, true)).chain(y.iter().map(|&v| (v, false))).collect();
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (mut ranks, mut ties, mut from) = (0.0, 0.0, 0);
    for group in all.chunk_by(|a, b| a.0 == b.0) {
        let size = group.len() as f64;
        let middle = from as f64 + 0.5 * (size + 1.0);
        ranks += middle * group.iter().filter(|(_, own)| *own).count() as f64;
        ties += size * (size * size - 1.0);
        from += group.len();
    }
    let total = m + n;
    let variance = m * n / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
    let u = ranks - 0.5 * m * (m + 1.0);
    if variance > 0.0 { (u - 0.5 * m * n) / variance.sqrt() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Euclidean;
    use crate::rows::unwatched;
    use crate::search::{linked, nearest};
    use ndarray::Array2;

    /// All rates of rows on a line, against numbers worked out by hand.
    #[test]
    fn rates_are_those_worked_out_by_hand() {
        // Training 0, 10, 20, 20.5; held out 4, 15; generated 0, 1, 12.6, 20.1.
        let places = [0.0, 10.0, 20.0, 20.5, 4.0, 15.0, 0.0, 1.0, 12.6, 20.1];
        let space = Euclidean::double(Array2::from_shape_vec((10, 1), places.to_vec()).expect("a column"));
        let (pool, generated): (Vec<usize>, Vec<usize>) = ((0..6).collect(), (6..10).collect());
        let near = nearest(&space, &generated, 0..6, 64, &mut unwatched).expect("done");
        let own = nearest(&space, &pool, 0..6, 64, &mut unwatched).expect("done");
        let of = linked(&space, 0..6, 1.0, &own, &mut unwatched).expect("done");
        let clusters = Clusters::new(1.0, of, 4);
        let lists = Lists {
            near: &near,
            rows: &[0, 1, 2, 3],
            own: &own,
            clusters: &clusters,
            cells: &[0; 4],
            pool_cells: &[0; 6],
            tolerance: 0.0,
        };
        let found = rates(&lists, &[true, true, true, true, false, false]);
        // d1/d2: 0/10, 1/9, 2.6/7.4 = .351, .1/.4; across clusters the last is .1/10.1.
        assert_eq!(found[0], 0.75);
        assert_eq!(found[1], 0.75);
        // d_T 0, 1, 2.6, .1 against d_H 4, 3, 2.4, 5.1.
        assert_eq!(found[2], 0.75);
        assert_eq!(found[3], 0.25);
        assert_eq!(found[4], 0.0);
        // Own neighbours of 0, 0, 10, 20 in training: 10, 10, 10, .5: no row is farther.
        assert_eq!(found[5], 0.0);
        // d(G, T) = 0, 1, 2.6, .1 and d(H, T) = 4, 5: ranks 1, 3, 4, 2, so U = 0, and z = −4/√(8/12 · 7).
        assert!((found[6] + 4.0 / (8.0_f64 / 12.0 * 7.0).sqrt()).abs() < 1e-12, "{}", found[6]);
        // With 10 and 20.5 held out, and 4 and 15 in training.
        let found = rates(&lists, &[true, false, true, false, true, true]);
        // d1/d2: 0/4, 1/3, 2.4/7.4, .1/5.1.
        assert_eq!(found[0], 0.75);
        // d_T 0, 1, 2.4, .1 against d_H 10, 9, 2.6, .4.
        assert_eq!(found[2], 1.0);
    }

    #[test]
    fn mann_whitney_is_that_worked_out_by_hand() {
        let z = mann_whitney(&[1.0, 2.0, 2.0, 4.0], &[2.0, 3.0, 5.0, 6.0, 7.0]);
        let by_hand = {
            // Ranks of x: 1, 3, 3, 6 (three 2s share 2 to 4). U = 13 − 10 = 3; ties 24.
            let variance: f64 = 20.0 / 12.0 * (10.0 - 24.0 / 72.0);
            (3.0 - 10.0) / variance.sqrt()
        };
        assert!((z - by_hand).abs() < 1e-12, "{z} {by_hand}");
        assert_eq!(mann_whitney(&[1.0, 1.0], &[1.0]), 0.0);
        assert_eq!(mann_whitney(&[], &[1.0]), 0.0);
    }

    #[test]
    fn equal_distances_have_ratio_1() {
        assert_eq!(
            (ratio(0.0, 0.0), ratio(2.0, 2.0), ratio(1.0, 4.0), ratio(0.0, 1.0)),
            (1.0, 1.0, 0.25, 0.0)
        );
    }
}
