//! Where recalls of the model end: on training rows, or elsewhere.

use attractor_report::Result;
use attractor_report::statistics::wilson;
use ndarray::{Array2, ArrayView2, Axis, concatenate};

use crate::clusters::Clusters;
use crate::rates::{Pair, RATIO};
use crate::rows::{Rows, Sets, Space, unwatched};

/// A share of recalls, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// The share.
    pub value: f64,
    /// Its interval.
    pub interval: [f64; 2],
}

/// Which of some end states are training rows, or nearly so: within the tolerance, or with d₁/d₂ < ⅓, d₂ in another cluster.
///
/// States that are not finite are not. `rows` are the training and held-out rows of the clusters.
pub(super) fn on_training(
    rows: &Sets<Rows>,
    clusters: &Clusters,
    tolerance: f64,
    ends: &[Array2<f64>],
) -> Result<Vec<Vec<bool>>> {
    /// The nearest training rows among which another cluster is looked for.
    const NEAREST: usize = 64;
    /// Larger numbers have no squares in 32 bits.
    const LARGEST: f64 = 1e15;
    let views: Vec<ArrayView2<f64>> = ends.iter().map(|ends| ends.view()).collect();
    let all = concatenate(Axis(0), &views).expect("rows of one width");
    let is_finite = |row: usize| all.row(row).iter().all(|v| v.abs() < LARGEST);
    let finite: Vec<usize> = (0..all.nrows()).filter(|&row| is_finite(row)).collect();
    let mut found = vec![false; all.nrows()];
    if !finite.is_empty() {
        let all = all.select(Axis(0), &finite);
        // In the number type of the training rows, in which distances are computed.
        let generated = match &rows.train {
            Rows::Single(_) => Rows::Single(all.mapv(|v| v as f32)),
            _ => Rows::Double(all),
        };
        let space = Space::any(&Sets { train: rows.train.clone(), heldout: None, generated })?;
        let queries: Vec<usize> = space.generated().collect();
        let near = space.nearest(&queries, space.train(), NEAREST, &mut unwatched).expect("nobody stops it");
        for (n, &row) in finite.iter().enumerate() {
            let pair = Pair::of(near.of(n), |_| true, clusters);
            found[row] = pair.distance() <= tolerance || pair.cluster_ratio() < RATIO;
        }
    }
    let mut rest = &found[..];
    let part = |ends: &Array2<f64>| {
        let (own, others) = rest.split_at(ends.nrows());
        rest = others;
        own.to_vec()
    };
    Ok(ends.iter().map(part).collect())
}

/// The share of those that are.
pub(super) fn share(ends: &[bool]) -> Share {
    let count = ends.iter().filter(|on| **on).count();
    let interval = wilson(count, ends.len());
    Share { value: count as f64 / ends.len() as f64, interval: [interval.low, interval.high] }
}
