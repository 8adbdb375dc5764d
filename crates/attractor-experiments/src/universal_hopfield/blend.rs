//! Outputs that mix many stored images, judged without being formed.
//!
//! With G = M Mᵀ the output z = Mᵀw is at ‖z − x_j‖² = wᵀGw − 2(Gw)_j + G_jj from image j, so that one product
//! of weights with G says how far z is from its target and which image it is nearest to.

use attractor::kernels::{dots, weighted_sums};
use attractor::threads;
use ndarray::{Array2, ArrayView1, ArrayView2, s};
use rayon::prelude::*;

use super::outcome::Count;

/// Weights of the first `n` images for each of the first `n` cues, N × N: `separate` turns scores into weights in
/// place, and says whether they are numbers. The weights of a cue that has none are NaN.
pub(super) fn weights(
    scores: ArrayView2<f64>,
    n: usize,
    separate: impl Fn(&mut [f64]) -> bool + Sync,
) -> Array2<f64> {
    let mut weights = scores.slice(s![..n, ..n]).to_owned();
    let rows = weights.as_slice_mut().expect("row-major");
    let fill = |row: &mut [f64]| {
        if !separate(row) {
            row.fill(f64::NAN);
        }
    };
    threads::within(|| rows.par_chunks_mut(n).for_each(fill));
    weights
}

/// Products of images, from their mean: weights that sum to 1 do not see where the origin is, and around the mean
/// numbers are small.
pub(super) struct Gram {
    /// N × N.
    exact: Array2<f64>,
    /// The same to f32.
    rough: Array2<f32>,
    /// By how much a rough sum with weights of absolute sum 1 can be off.
    off: f64,
}

impl Gram {
    /// Of products from any origin.
    pub fn new(products: ArrayView2<f64>) -> Self {
        let n = products.nrows() as f64;
        let means: Vec<f64> = products.outer_iter().map(|row| row.sum() / n).collect();
        let mean = means.iter().sum::<f64>() / n;
        let exact =
            Array2::from_shape_fn(products.dim(), |(i, j)| products[[i, j]] - means[i] - means[j] + mean);
        // As for `dots`: chains of 64 and the sum of chains, of products whose factors are rounded too; twice that.
        let chains = 64.0 + n / 64.0;
        let largest = exact.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
        let off = (chains + 4.0) * f64::from(f32::EPSILON) * largest;
        Gram { rough: exact.mapv(|g| g as f32), exact, off }
    }
}

/// How many outputs are within a squared error of their target, and how many are nearest to it. Weights sum to 1;
/// `same` is 0 for equal images.
///
/// The product with G is taken in f32. Where its error could change an answer it is taken again in f64.
pub(super) fn count(weights: &Array2<f64>, gram: &Gram, same: ArrayView2<f64>, threshold: f64) -> Count {
    let n = weights.nrows();
    let product = apply(weights, gram);
    let one = |cue: usize| {
        let w = weights.row(cue);
        if w.iter().any(|w| w.is_nan()) {
            return Count::default();
        }
        let size: f64 = w.iter().map(|w| w.abs()).sum();
        let rough: Vec<f64> = product.row(cue).to_vec();
        // Errors of two of (Gw)_j, and of wᵀGw.
        let doubt = gram.off * size * (4.0 + size);
        judge(w, &rough, gram, cue, same, threshold, doubt).unwrap_or_else(|| {
            let exact: Vec<f64> = gram.exact.outer_iter().map(|row| row.dot(&w)).collect();
            judge(w, &exact, gram, cue, same, threshold, 0.0).expect("no doubt")
        })
    };
    threads::within(|| (0..n).into_par_iter().map(one).reduce(Count::default, |a, b| a + b))
}

/// Whether one output is right, unless that is in doubt by an error as large as `doubt`.
fn judge(
    w: ArrayView1<f64>,
    gw: &[f64],
    gram: &Gram,
    cue: usize,
    same: ArrayView2<f64>,
    threshold: f64,
    doubt: f64,
) -> Option<Count> {
    let square: f64 = w.iter().zip(gw).map(|(w, g)| w * g).sum();
    // ‖z − x_j‖² without ‖z‖², which is the same for all.
    let relative = |j: usize| gram.exact[[j, j]] - 2.0 * gw[j];
    let (mut nearest, mut least, mut second) = (0, f64::INFINITY, f64::INFINITY);
    for j in 0..gw.len() {
        let distance = relative(j);
        if distance < least {
            (nearest, least, second) = (j, distance, least);
        } else if distance < second {
            second = distance;
        }
    }
    let error = square + relative(cue);
    if doubt > 0.0 && ((error - threshold).abs() <= doubt || second - least <= doubt) {
        return None;
    }
    Some(Count {
        within: usize::from(error <= threshold),
        exact: usize::from(nearest == cue || same[[nearest, cue]] == 0.0),
    })
}

/// Gw of each row of weights, to f32.
fn apply(weights: &Array2<f64>, gram: &Gram) -> Array2<f64> {
    /// Weights so small that all of them together are less than what f32 rounds off.
    const NOTHING: f64 = 1e-12;
    /// A product with few weights costs this much more a weight than one with all.
    const SPARSE: usize = 16;
    let something = |w: f64| w.abs() > NOTHING || w.is_nan();
    let some = weights.iter().filter(|w| something(**w)).count();
    // Nothing is 0, and no number too small for f32, which would take a hundred times as long.
    let few = weights.mapv(|w| if something(w) { w } else { 0.0 });
    match some * SPARSE < weights.len() {
        true => weighted_sums(few.view(), gram.exact.view()),
        false => dots(few.mapv(|w| w as f32).view(), gram.rough.view()).mapv(f64::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor::noise::{Purpose, Stream};

    /// Against outputs that are formed, and their distances unit by unit.
    #[test]
    fn counts_are_those_of_formed_outputs() {
        let mut stream = Stream::new(5, Purpose::Patterns, 0);
        let (n, dim) = (23, 60);
        let mut images = Array2::from_shape_simple_fn((n, dim), || stream.uniform());
        // Two equal ones.
        let first = images.row(0).to_owned();
        images.row_mut(7).assign(&first);
        let square = |a: ndarray::ArrayView1<f64>, b: ndarray::ArrayView1<f64>| -> f64 {
            a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
        };
        let same = Array2::from_shape_fn((n, n), |(i, j)| square(images.row(i), images.row(j)));
        let gram = Gram::new(images.dot(&images.t()).view());
        for steep in [0.5, 3.0, 60.0] {
            let scores = Array2::from_shape_fn((n, n), |(k, j)| -same[[k, j]] - stream.uniform());
            let weights = weights(scores.view(), n, |row| {
                let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                row.iter_mut().for_each(|s| *s = (steep * (*s - top)).exp());
                let sum: f64 = row.iter().sum();
                row.iter_mut().for_each(|w| *w /= sum);
                true
            });
            let outputs = weights.dot(&images);
            for threshold in [0.5, 2.0, 4.0] {
                let mut direct = Count::default();
                for k in 0..n {
                    let distances: Vec<f64> = (0..n).map(|j| square(outputs.row(k), images.row(j))).collect();
                    let nearest =
                        (0..n).min_by(|&a, &b| distances[a].total_cmp(&distances[b])).expect("some");
                    direct.within += usize::from(distances[k] <= threshold);
                    direct.exact += usize::from(nearest == k || same[[nearest, k]] == 0.0);
                }
                assert_eq!(count(&weights, &gram, same.view(), threshold), direct, "{steep} {threshold}");
            }
        }
        // What has no weights is nowhere.
        let none = super::weights(same.view(), n, |_| false);
        assert_eq!(count(&none, &gram, same.view(), 1e9), Count::default());
    }
}
