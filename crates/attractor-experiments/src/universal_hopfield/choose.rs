//! The stored image that answers a cue when all weight goes to the best score. One pass over the scores
//! answers for all sizes of the store, without computing the output.

use attractor::threads;
use ndarray::Array2;

use super::outcome::Count;

/// For each store of the first `sizes[i]` images (rising), the index of the largest score; the first of equal
/// ones.
pub(super) fn plain(scores: &[f64], sizes: &[usize], mut found: impl FnMut(usize, usize)) {
    let mut best = 0;
    let mut from = 0;
    for (i, &size) in sizes.iter().enumerate() {
        for n in from..size {
            if scores[n] > scores[best] {
                best = n;
            }
        }
        from = size;
        found(i, best);
    }
}

/// The same after the scores are divided by their sum, as in the published code. An infinite score then wins;
/// a score that is not a number leaves no largest one, and the first image is taken; a negative sum reverses
/// the order.
pub(super) fn normalised(scores: &[f64], sizes: &[usize], mut found: impl FnMut(usize, usize)) {
    let (mut largest, mut smallest, mut exact) = (0, 0, None);
    // Summed in order from the first score, as the sum over the whole store is.
    let mut sum = -0.0;
    let mut from = 0;
    for (i, &size) in sizes.iter().enumerate() {
        for n in from..size {
            let score = scores[n];
            sum += score;
            if score > scores[largest] {
                largest = n;
            }
            if score < scores[smallest] {
                smallest = n;
            }
            if exact.is_none() && score == f64::INFINITY {
                exact = Some(n);
            }
        }
        from = size;
        found(
            i,
            match exact {
                Some(exact) => exact,
                None if sum.is_finite() && sum > 0.0 => largest,
                None if sum.is_finite() && sum < 0.0 => smallest,
                // x/0: the first of the infinite ones, unless there is a 0/0 among them.
                None if sum == 0.0 && scores[..size].iter().all(|s| *s != 0.0) => {
                    scores[..size].iter().position(|s| *s / sum > 0.0).unwrap_or(0)
                }
                // NaN, or −∞/−∞.
                None => 0,
            },
        );
    }
}

/// Counts the cues that each store answers rightly. Cue k is made from image k, and for a store of n images
/// the first n cues count. `distances` are squared distances between the values of the images, 0 for equal
/// ones. Returns one count for each size and threshold; thresholds vary fastest.
pub(super) fn count(
    scores: &Array2<f64>,
    normalise: bool,
    sizes: &[usize],
    distances: &Array2<f64>,
    thresholds: &[f64],
) -> Vec<Count> {
    let none = || vec![Count::default(); sizes.len() * thresholds.len()];
    let add = |mut counts: Vec<Count>, cue: usize| {
        let row = scores.row(cue);
        let row = row.to_slice().expect("row-major");
        let found = |i: usize, best: usize| {
            if cue >= sizes[i] {
                return;
            }
            for (t, &threshold) in thresholds.iter().enumerate() {
                let count = &mut counts[i * thresholds.len() + t];
                count.within += usize::from(distances[[best, cue]] <= threshold);
                count.exact += usize::from(best == cue || distances[[best, cue]] == 0.0);
            }
        };
        match normalise {
            true => normalised(row, sizes, found),
            false => plain(row, sizes, found),
        }
        counts
    };
    let both = |a: Vec<Count>, b: Vec<Count>| a.into_iter().zip(b).map(|(a, b)| a + b).collect();
    /// Cues of a task.
    const TOGETHER: usize = 32;
    let cues = scores.nrows();
    let some = |task: usize| (task * TOGETHER..cues.min((task + 1) * TOGETHER)).fold(none(), add);
    threads::parallel(cues.div_ceil(TOGETHER), some).into_iter().fold(none(), both)
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor::noise::{Purpose, Stream};
    use attractor::separations::{Separation, Separator};
    use attractor::similarities::{Convention, Keys, Similarity};
    use ndarray::array;

    /// One pass over all sizes gives the same result as separating the scores of each store by itself.
    #[test]
    fn prefixes_are_separated_like_whole_stores() {
        let keys = |convention| {
            Keys::new(Similarity::Euclidean, array![[0.0_f64], [1.0]], convention).expect("keys")
        };
        let published = Separator::new(Separation::Max, &keys(Convention::Uhn2022)).expect("max");
        let corrected = Separator::new(Separation::Max, &keys(Convention::Corrected)).expect("max");
        let mut stream = Stream::new(3, Purpose::Patterns, 0);
        let special = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 0.0, -1.0, 1.0];
        for trial in 0..20_000 {
            // Mostly ordinary scores; some that cancel, and some that are not finite.
            let scores: Vec<f64> = (0..9)
                .map(|_| match trial % 4 {
                    0 => stream.uniform(),
                    1 => stream.normal(),
                    2 => [1.0, -1.0, 2.0, -2.0, 0.0][stream.below(5)],
                    _ if stream.below(6) == 0 => special[stream.below(special.len())],
                    _ => stream.normal(),
                })
                .collect();
            let sizes = [1, 2, 3, 5, 9];
            let chosen = |separator: &Separator, n: usize| {
                let mut weights = scores[..n].to_vec();
                separator.weights(&mut weights).expect("a weight");
                weights.iter().position(|w| *w == 1.0).expect("one")
            };
            normalised(&scores, &sizes, |i, best| {
                assert_eq!(best, chosen(&published, sizes[i]), "{:?}", &scores[..sizes[i]]);
            });
            if scores.iter().all(|s| s.is_finite()) {
                plain(&scores, &sizes, |i, best| assert_eq!(best, chosen(&corrected, sizes[i])));
            }
        }
    }
}
