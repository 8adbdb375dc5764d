//! Judges outputs that mix many stored images, without computing the outputs.
//!
//! With G = M Mᵀ, the output z = Mᵀw has the squared distance ‖z − x_j‖² = wᵀGw − 2(Gw)_j + G_jj from image
//! j. So one product of the weights with G tells how far z is from its target and which image is nearest to
//! it.

use attractor::kernels::{dots, weighted_sums};
use attractor::threads;
use ndarray::{Array2, ArrayView1, ArrayView2, s};

use super::outcome::Count;

/// The weights of the first `n` images for each of the first `n` cues, N × N. `separate` turns scores into
/// weights in place, and returns whether they are finite. If not, all weights of that cue are NaN.
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
    threads::each(rows.chunks_mut(n).collect(), f64::INFINITY, fill);
    weights
}

/// Products of images relative to their mean. Weights that sum to 1 do not depend on the origin, and around
/// the mean the numbers are small.
pub(super) struct Gram {
    /// N × N.
    exact: Array2<f64>,
    /// The same in f32.
    rough: Array2<f32>,
    /// The largest error of a sum in f32 with weights of absolute sum 1.
    off: f64,
}

impl Gram {
    /// From products about any origin.
    pub fn new(products: ArrayView2<f64>) -> Self {
        let n = products.nrows() as f64;
        let means: Vec<f64> = products.outer_iter().map(|row| row.sum() / n).collect();
        let mean = means.iter().sum::<f64>() / n;
        let exact =
            Array2::from_shape_fn(products.dim(), |(i, j)| products[[i, j]] - means[i] - means[j] + mean);
        // As in `dots`: chains of 64 and the sum of chains, of products whose factors are rounded too; then
        // twice that.
        let chains = 64.0 + n / 64.0;
        let largest = exact.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
        let off = (chains + 4.0) * f64::from(f32::EPSILON) * largest;
        Gram { rough: exact.mapv(|g| g as f32), exact, off }
    }
}

/// Counts the outputs within a squared error of their target, and those whose nearest image is the target.
/// Weights sum to 1. `same` is 0 for equal images.
///
/// The product with G is computed in f32. Where its error could change an answer, it is computed again in
/// f64.
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
        // The errors of two of the (Gw)_j, and of wᵀGw.
        let doubt = gram.off * size * (4.0 + size);
        judge(w, &rough, gram, cue, same, threshold, doubt).unwrap_or_else(|| {
            let exact: Vec<f64> = gram.exact.outer_iter().map(|row| row.dot(&w)).collect();
            judge(w, &exact, gram, cue, same, threshold, 0.0).expect("no doubt")
        })
    };
    threads::parallel(n, one).into_iter().fold(Count::default(), |a, b| a + b)
}

/// Whether one output is right, or `None` if an error of `doubt` could change the answer.
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
    // ‖z − x_j‖² without ‖z‖², which is the same for all j.
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

/// Gw for each row of weights, in f32.
fn apply(weights: &Array2<f64>, gram: &Gram) -> Array2<f64> {
    /// Weights below this are dropped. Together they are less than the rounding of f32.
    const NOTHING: f64 = 1e-12;
    /// Each weight of a sparse product costs this many times as much as one of a dense product.
    const SPARSE: usize = 16;
    let something = |w: f64| w.abs() > NOTHING || w.is_nan();
    let some = weights.iter().filter(|w| something(**w)).count();
    // Small weights become 0, since numbers that are denormal in f32 would take a hundred times as long.
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

    /// Compared with outputs that are computed, and their distances unit by unit.
    #[test]
    fn counts_are_those_of_formed_outputs() {
        let mut stream = Stream::new(5, Purpose::Patterns, 0);
        let (n, dim) = (23, 60);
        let mut images = Array2::from_shape_simple_fn((n, dim), || stream.uniform());
        // Two equal images.
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
        // A cue without weights has no nearest image.
        let none = super::weights(same.view(), n, |_| false);
        assert_eq!(count(&none, &gram, same.view(), 1e9), Count::default());
    }
}
