//! The local dimension of the data: from distances of neighbours, and from the exact denoiser of the training rows.
//!
//! **Neighbours.** If rows are spread evenly in D dimensions about a point, then (r_j/r_k)^D for j < k are k − 1 uniform numbers in order, with r₁ ≤ … ≤ r_k its distances.
//! So −ln (r_j/r_k)^D has the mean H_{k−1} − H_{j−1}, with harmonic numbers H, and over n points
//!
//! D̂ = n Σ_j (H_{k−1} − H_{j−1}) / Σ_i Σ_j ln(r_k/r_j).
//!
//! With all j < k this is the estimate of Levina & Bickel (2004), averaged as MacKay & Ghahramani propose. Here j runs over the outer half, k/2 ≤ j < k of k = 10 neighbours,
//! since the nearest may be copies. The nearest two of an honest row then have P(r₁/r₂ < r) = r^D, which is the
//! share of honest rows that a rule d₁/d₂ < r takes for copies.
//!
//! **Denoiser.** With w_n ∝ exp(−‖x − y_n‖²/2σ²) over training rows,
//!
//! LID(x, σ) = D + σ² (tr ∇s + ‖s‖²) = Σ_n w_n ‖x − y_n‖²/σ²,   s = ∇ ln p_σ,
//!
//! since d ln p_σ/d ln σ is −D plus this sum, and p_σ solves the heat equation (FLIPD of Kamkari et al. 2024 is the left side, for any
//! denoiser). At levels at which the nearest row has all the weight it is ‖x − y‖²/σ², which is 0 for a copy. The level used here is the one at which noise is as
//! long as an honest row is far from its nearest training row: σ = median d₁ / √D̂.

use attractor::energies::{Points, local_reads};
use attractor::{Patterns, Real};
use ndarray::{Array2, ArrayView2};
use std::ops::Range;

use crate::metric::Euclidean;
use crate::search::Watch;

/// The neighbours that the estimate uses, if there are as many.
pub const NEIGHBOURS: usize = 10;

/// D̂ from the distances of several points, by ascending distance. Points that have no two different distances in their outer half are left
/// out. `None` if none is left.
pub fn levina_bickel<'a>(points: impl Iterator<Item = &'a [f64]>) -> Option<f64> {
    let (mut expected, mut sum) = (0.0, 0.0);
    for distances in points {
        let distances = &distances[..distances.len().min(NEIGHBOURS)];
        let Some((last, others)) = distances.split_last() else { continue };
        let outer = distances.len() / 2..distances.len();
        let is_usable = |place: usize| others.get(place - 1).is_some_and(|r| *r > 0.0);
        if distances.len() < 2 || !is_usable(outer.start.max(1)) {
            continue;
        }
        for place in outer.start.max(1)..outer.end {
            // H_{k−1} − H_{j−1} for the j-th distance.
            expected += (place..outer.end).map(|n| 1.0 / n as f64).sum::<f64>();
            sum += (last / others[place - 1]).ln();
        }
    }
    (expected > 0.0 && sum > 0.0).then(|| expected / sum)
}

/// What the exact denoiser of the training rows says of a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Local {
    /// Σ_n w_n ‖x − y_n‖²/σ².
    pub dimension: f64,
    /// ln Σ_n exp(−‖x − y_n‖²/2σ²).
    pub log_sum: f64,
}

impl Local {
    /// The weight w of a training row at this distance, at most 1.
    pub fn weight(&self, distance: f64, sigma: f64) -> f64 {
        (-0.5 * (distance / sigma).powi(2) - self.log_sum).exp().min(1.0)
    }
}

/// The local dimension and log-sum of some rows at σ, from the training rows. Computed in the number type of the rows. `None` if the watch breaks.
///
/// Cost: 4 · D operations and one exponential for each pair.
pub fn local(
    space: &Euclidean,
    train: Range<usize>,
    queries: Range<usize>,
    sigma: f64,
    watch: &mut Watch,
) -> Option<Vec<Local>> {
    match space.is_single() {
        true => {
            // Rows and σ in units of the space's scale.
            let level = sigma / space.scale();
            read(space.narrow(train).to_owned(), space.narrow(queries), level, watch)
        }
        false => {
            let wide = space.rows(&train.collect::<Vec<_>>());
            let mean = wide.mean_axis(ndarray::Axis(0)).expect("training rows");
            let states = &space.rows(&queries.collect::<Vec<_>>()) - &mean;
            read(&wide - &mean, states.view(), sigma, watch)
        }
    }
}

/// Reads the exact denoiser of training rows at some states, in batches.
fn read<F: Real>(
    train: Array2<F>,
    states: ArrayView2<F>,
    sigma: f64,
    watch: &mut Watch,
) -> Option<Vec<Local>> {
    /// The states of one batch.
    const BATCH: usize = 2048;
    let count = train.nrows();
    let memory = Points::new(Patterns::new(train).expect("finite rows"));
    // The log-sum of a memory has prior weights 1/N.
    let prior = (count as f64).ln();
    let mut all = Vec::with_capacity(states.nrows());
    for part in states.axis_chunks_iter(ndarray::Axis(0), BATCH) {
        let read = local_reads(&memory, part, &vec![sigma; part.nrows()]).expect("finite states");
        all.extend(read.into_iter().map(|read| Local {
            dimension: read.dimension.unwrap_or(f64::INFINITY),
            log_sum: read.log_sum + prior,
        }));
        if watch((part.nrows() * count) as u64).is_break() {
            return None;
        }
    }
    Some(all)
}

/// The direct sum, for tests of [`local`].
#[cfg(test)]
fn plainly(train: &Array2<f64>, state: ndarray::ArrayView1<f64>, sigma: f64) -> Local {
    let halves: Vec<f64> =
        train.outer_iter().map(|y| (&y - &state).mapv(|v| v * v).sum() / (2.0 * sigma * sigma)).collect();
    let least = halves.iter().copied().fold(f64::INFINITY, f64::min);
    let mass: f64 = halves.iter().map(|h| (least - h).exp()).sum();
    let moment: f64 = halves.iter().map(|h| 2.0 * h * (least - h).exp()).sum();
    Local { dimension: moment / mass, log_sum: mass.ln() - least }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::Metric;
    use crate::rows::unwatched;
    use crate::search::nearest;
    use attractor::noise::{Purpose, Stream};
    use ndarray::{Array1, Axis, concatenate, s};

    /// D + σ²(tr ∇s + ‖s‖²) with the score and its divergence from sums over the training rows:
    /// s = Σ w (y − x)/σ², tr ∇s = −D/σ² + Σ w ‖(y − x)/σ²‖² − ‖s‖².
    #[test]
    fn the_sum_is_the_change_of_the_log_density() {
        let mut stream = Stream::new(5, Purpose::Patterns, 0);
        let rows = Array2::from_shape_fn((300, 6), |_| 10.0 + stream.normal());
        let space = Euclidean::double(rows.clone());
        let train = rows.slice(s![..200, ..]).to_owned();
        for sigma in [2.0, 0.7, 0.2] {
            let found = local(&space, 0..200, 200..300, sigma, &mut unwatched).expect("done");
            for (n, found) in found.iter().enumerate() {
                let state = rows.row(200 + n);
                let plain = plainly(&train, state, sigma);
                let logs: Vec<f64> = train
                    .outer_iter()
                    .map(|y| -(&y - &state).mapv(|v| v * v).sum() / (2.0 * sigma * sigma) - plain.log_sum)
                    .collect();
                let pull = |y: ndarray::ArrayView1<f64>| (&y - &state) / (sigma * sigma);
                let mut score = Array1::<f64>::zeros(6);
                let mut second = 0.0;
                for (y, log) in train.outer_iter().zip(&logs) {
                    score += &(pull(y) * log.exp());
                    second += log.exp() * pull(y).mapv(|v| v * v).sum();
                }
                let square = score.mapv(|v| v * v).sum();
                let divergence = -6.0 / (sigma * sigma) + second - square;
                let expected = 6.0 + sigma * sigma * (divergence + square);
                let size = 1.0 + expected.abs();
                assert!((found.dimension - expected).abs() < 1e-9 * size, "{} {expected}", found.dimension);
                assert!((found.log_sum - plain.log_sum).abs() < 1e-9 * (1.0 + plain.log_sum.abs()));
            }
        }
    }

    /// Rows of 32 bits agree with the direct sum in 64 to what 32 bits can hold.
    #[test]
    fn single_precision_is_close() {
        let mut stream = Stream::new(6, Purpose::Patterns, 0);
        let rows = Array2::from_shape_fn((300, 40), |_| stream.uniform() as f32);
        let space = Euclidean::single(rows.clone());
        let wide = rows.mapv(f64::from);
        let train = wide.slice(s![..200, ..]).to_owned();
        for found in local(&space, 0..200, 200..300, 0.3, &mut unwatched).expect("done").iter().zip(200..) {
            let expected = plainly(&train, wide.row(found.1), 0.3);
            assert!((found.0.dimension - expected.dimension).abs() < 1e-3 * expected.dimension);
        }
    }

    /// The published example of the project's notes: the dimension of a Gaussian's manifold, at held-out rows.
    #[test]
    fn neighbours_find_the_dimension_of_a_manifold() {
        for dim in [1, 2, 3, 5] {
            let mut stream = Stream::new(7, Purpose::Patterns, dim as u64);
            let inner = Array2::from_shape_fn((2200, dim), |_| stream.normal());
            let flat =
                concatenate(Axis(1), &[inner.view(), Array2::zeros((2200, 20 - dim)).view()]).expect("rows");
            let space = Euclidean::double(flat);
            let queries: Vec<usize> = (2000..space.len()).collect();
            let found = nearest(&space, &queries, 0..2000, NEIGHBOURS, &mut unwatched).expect("done");
            let lists: Vec<Vec<f64>> = found.iter().map(|f| f.iter().map(|f| f.distance).collect()).collect();
            let estimate = levina_bickel(lists.iter().map(Vec::as_slice)).expect("different distances");
            // 200 points with 5 ratios each, which are not independent: a standard error of about 4 %.
            assert!((estimate / dim as f64 - 1.0).abs() < 0.12, "{dim}: {estimate}");
        }
    }
}
