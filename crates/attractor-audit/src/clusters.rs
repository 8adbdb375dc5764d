//! Near-duplicates among training and held-out rows: single-link clusters at one radius.
//!
//! A ratio d₁/d₂ of the nearest two training rows is 1 where the nearest row is stored twice, so it is blind exactly where a
//! model copies most. So d₂ is taken to the nearest training row of *another cluster*. Two rows are in one cluster if steps of at most
//! the radius lead from one to the other. Clusters are made of training and held-out rows together: then they stay what they are
//! when the two sets are swapped.
//!
//! **The radius.** Let d₁ ≤ d₂ ≤ … be the distances of a row from the others. If a row has copies, exact or not, the distances jump from those
//! of its copies to those of rows that are no copies. Where a row's distances grow by a factor of more than 3, copies may end; so its *spacing* is the distance
//! after the last such jump among its nearest 32, or d₁ without one. The radius is the 1 % quantile of the spacings, and at most half of their median. So about 1 %
//! of rows without copies have another within the radius (more on a line, where a pair of honest rows and a pair of copies look alike), too few for chains to run
//! through the data; and copies are joined up to the distance at which honest rows are found.

use std::collections::HashMap;

use crate::found::{Found, Nearest};

/// A jump by more than this ends a row's copies.
const JUMP: f64 = 3.0;

/// The quantile of the spacings.
const LOW: f64 = 0.01;

/// The most of the median spacing.
const SHARE: f64 = 0.5;

/// The neighbours among which the last jump is looked for.
const WITHIN: usize = 32;

/// The radius that the data suggest, from the nearest rows of each.
pub fn radius(own: &Nearest) -> f64 {
    let mut spacings: Vec<f64> = own.iter().map(spacing).collect();
    spacings.sort_by(f64::total_cmp);
    let at = |share: f64| spacings[(share * spacings.len() as f64) as usize];
    if spacings.is_empty() { 0.0 } else { at(LOW).min(SHARE * at(0.5)) }
}

/// The distance from a row to the nearest that is no copy of it.
fn spacing(found: &[Found]) -> f64 {
    let near = &found[..found.len().min(WITHIN)];
    let last = near.windows(2).rposition(|two| two[1].distance > JUMP * two[0].distance);
    last.map_or_else(|| near.first().map_or(0.0, |f| f.distance), |n| near[n + 1].distance)
}

/// Clusters of the pool: for each row the number of its cluster.
#[derive(Clone, Debug)]
pub struct Clusters {
    /// The radius of a step.
    pub radius: f64,
    /// The cluster of each row: the number of its first row.
    pub of: Vec<u32>,
    /// Training rows of each cluster that has any.
    sizes: HashMap<u32, usize>,
}

impl Clusters {
    /// Clusters of a pool whose first `train` rows are training rows.
    pub fn new(radius: f64, of: Vec<u32>, train: usize) -> Self {
        let mut sizes = HashMap::new();
        of[..train].iter().for_each(|&cluster| *sizes.entry(cluster).or_insert(0) += 1);
        Clusters { radius, of, sizes }
    }

    /// The number of training rows in the cluster of a row.
    pub fn size(&self, row: u32) -> usize {
        self.sizes.get(&self.of[row as usize]).copied().unwrap_or(0)
    }

    /// The number of clusters with training rows.
    pub fn count(&self) -> usize {
        self.sizes.len()
    }

    /// The training rows in clusters of more than one.
    pub fn repeated(&self) -> usize {
        self.sizes.values().filter(|&&size| size > 1).sum()
    }

    /// The sizes of the clusters of more than one training row, largest first, each with the number of its first row.
    pub fn largest(&self) -> Vec<(u32, usize)> {
        let mut all: Vec<(u32, usize)> =
            self.sizes.iter().filter(|(_, size)| **size > 1).map(|(&c, &s)| (c, s)).collect();
        all.sort_by_key(|&(cluster, size)| (std::cmp::Reverse(size), cluster));
        all
    }

    /// The held-out rows in a cluster with a training row.
    pub fn leaked(&self, train: usize) -> usize {
        self.of[train..].iter().filter(|cluster| self.sizes.contains_key(cluster)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Euclidean;
    use crate::rows::unwatched;
    use crate::search::nearest;
    use attractor::noise::{Purpose, Stream};
    use ndarray::{Array2, Axis, concatenate};

    fn suggested(rows: Array2<f64>) -> f64 {
        let space = Euclidean::double(rows);
        let queries: Vec<usize> = (0..space_len(&space)).collect();
        radius(&nearest(&space, &queries, 0..queries.len(), 64, &mut unwatched).expect("done"))
    }

    fn space_len(space: &Euclidean) -> usize {
        crate::metric::Metric::len(space)
    }

    /// Copies, exact or noisy, leave the radius as it is without them: it is that of the spacing of different rows.
    #[test]
    fn copies_do_not_shrink_the_radius() {
        for dim in [2, 5, 64] {
            let mut stream = Stream::new(1, Purpose::Patterns, dim as u64);
            let rows = Array2::from_shape_fn((400, dim), |_| stream.normal());
            let plain = suggested(rows.clone());
            for noise in [0.0, 1e-4] {
                let copies = rows.mapv(|v| v + noise * stream.normal());
                let more = rows.mapv(|v| v + noise * stream.normal());
                let all = concatenate(Axis(0), &[rows.view(), copies.view(), more.view()]).expect("rows");
                let found = suggested(all);
                // In two dimensions some rows have a jump by themselves.
                assert!((found / plain - 1.0).abs() < 0.5, "{dim} {noise}: {found}, {plain} without copies");
            }
        }
    }

    #[test]
    fn sizes_count_training_rows() {
        // Clusters {0, 2, 4} and {1} with training rows 0 to 3; held-out rows 4 and 5.
        let clusters = Clusters::new(0.5, vec![0, 1, 0, 3, 0, 5], 4);
        assert_eq!((clusters.size(0), clusters.size(4), clusters.size(1), clusters.size(5)), (2, 2, 1, 0));
        assert_eq!((clusters.count(), clusters.repeated(), clusters.leaked(4)), (3, 2, 1));
        assert_eq!(clusters.largest(), [(0, 2)]);
    }
}
