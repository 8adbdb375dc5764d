//! What is more than chance at some of many levels.
//!
//! **Two sets.** If a model has not seen the training rows, its errors on training and on held-out rows are exchangeable. So labels are permuted,
//! and at each level σ the statistic is T(σ) = (mean on held-out rows − mean on training rows)/standard error. With T_b of B permutations,
//!
//! p(σ) = (1 + #{b: max_σ' T_b(σ') ≥ T(σ)})/(B + 1).
//!
//! The largest over levels makes this hold for all levels at once: the probability that any p(σ) ≤ α is at most α (Westfall & Young 1993). All levels
//! of a row are permuted together, so levels may depend on each other in any way.
//!
//! **Pairs.** Whether one of two denoisers has the smaller error on a row is tested in the same way, with signs of differences in place of labels. It is exact where differences are
//! symmetric about 0 under the null hypothesis, and otherwise good for many rows.

use attractor::noise::{Purpose, Stream};
use attractor::threads;

/// A difference of means that is smaller than this share of them counts as none, however sure it is: rounding of a denoiser in 32 bits
/// can be seen in many rows.
const NEGLIGIBLE: f64 = 1e-3;

/// p-values of errors on held-out rows being larger than on training rows, one for each level. `train[k]` and `heldout[k]` have the rows of
/// level k.
pub(super) fn gaps(train: &[Vec<f64>], heldout: &[Vec<f64>], count: usize, seed: u64) -> Vec<f64> {
    let rows = train.first().map_or(0, Vec::len);
    let all: Vec<Vec<f64>> = train.iter().zip(heldout).map(|(a, b)| [&a[..], &b[..]].concat()).collect();
    let labels: Vec<bool> = (0..all.first().map_or(0, Vec::len)).map(|n| n < rows).collect();
    let drawn = |draw: usize| {
        let mut labels = labels.clone();
        Stream::new(seed, Purpose::HeldOut, draw as u64).shuffle(&mut labels);
        greatest(all.iter().map(|errors| between(errors, &labels)))
    };
    let largest = threads::parallel(count, drawn);
    all.iter().map(|errors| p_value(between(errors, &labels), &largest)).collect()
}

/// p-values of mean differences being above 0, one for each level. `scale` has the mean that each is a difference of.
pub(super) fn above(differences: &[Vec<f64>], scale: &[f64], count: usize, seed: u64) -> Vec<f64> {
    let rows = differences.first().map_or(0, Vec::len);
    let drawn = |draw: usize| {
        let mut stream = Stream::new(seed, Purpose::Calibration, draw as u64);
        let signs: Vec<f64> = (0..rows).map(|_| if stream.below(2) == 0 { 1.0 } else { -1.0 }).collect();
        greatest(differences.iter().map(|of| {
            let signed: Vec<f64> = of.iter().zip(&signs).map(|(d, sign)| d * sign).collect();
            of_mean(&signed)
        }))
    };
    let largest = threads::parallel(count, drawn);
    let one = |(of, scale): (&Vec<f64>, &f64)| match mean(of) > NEGLIGIBLE * scale.abs() {
        true => p_value(of_mean(of), &largest),
        false => 1.0,
    };
    differences.iter().zip(scale).map(one).collect()
}

fn greatest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::NEG_INFINITY, f64::max)
}

fn p_value(observed: f64, drawn: &[f64]) -> f64 {
    let count = drawn.iter().filter(|value| **value >= observed - 1e-12 * observed.abs()).count();
    (count + 1) as f64 / (drawn.len() + 1) as f64
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn variance(values: impl Iterator<Item = f64> + Clone) -> (f64, f64, f64) {
    let (count, sum) = values.clone().fold((0.0, 0.0), |(count, sum), v| (count + 1.0, sum + v));
    let mean = sum / count;
    let square: f64 = values.map(|v| (v - mean).powi(2)).sum();
    (count, mean, square / (count - 1.0_f64).max(1.0))
}

/// The mean over its standard error. A mean of nothing but zeros is 0.
fn of_mean(values: &[f64]) -> f64 {
    let (count, mean, variance) = variance(values.iter().copied());
    ratio(mean, (variance / count).sqrt())
}

/// Welch's t of the unlabelled against the labelled.
fn between(errors: &[f64], labels: &[bool]) -> f64 {
    let side = |own: bool| {
        errors.iter().zip(labels).filter(move |(_, label)| **label == own).map(|(error, _)| *error)
    };
    let (m, low, of_low) = variance(side(true));
    let (n, high, of_high) = variance(side(false));
    if high - low <= NEGLIGIBLE * high.abs() {
        return 0.0;
    }
    ratio(high - low, (of_low / m + of_high / n).sqrt())
}

fn ratio(difference: f64, error: f64) -> f64 {
    match difference == 0.0 {
        true => 0.0,
        false => difference / error.max(f64::MIN_POSITIVE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors of 40 rows on each side at 6 levels that depend on each other.
    fn levels(rows: usize, seed: u64, shift: f64) -> Vec<Vec<f64>> {
        let mut stream = Stream::new(seed, Purpose::Patterns, 0);
        let own: Vec<f64> = (0..rows).map(|_| stream.uniform()).collect();
        (0..6).map(|_| own.iter().map(|v| 1.0 + shift + v + stream.uniform().powi(4)).collect()).collect()
    }

    /// Any level is called at most as often as stated.
    #[test]
    fn chance_is_called_as_seldom_as_stated() {
        const RUNS: u64 = 400;
        let (mut of_sets, mut of_pairs) = (0, 0);
        for run in 0..RUNS {
            let (a, b) = (levels(40, 2 * run, 0.0), levels(40, 2 * run + 1, 0.0));
            of_sets += usize::from(gaps(&a, &b, 99, run).iter().any(|p| *p <= 0.05));
            let differences: Vec<Vec<f64>> =
                a.iter().zip(&b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a - b).collect()).collect();
            of_pairs += usize::from(above(&differences, &[1.0; 6], 99, run).iter().any(|p| *p <= 0.05));
        }
        // Three standard errors of a share of .05.
        let most = RUNS as f64 * (0.05 + 3.0 * (0.05 * 0.95 / RUNS as f64).sqrt());
        assert!(of_sets as f64 <= most && of_pairs as f64 <= most, "{of_sets} {of_pairs} of {RUNS}");
        // And not never: the tests have their level.
        assert!(of_sets > 4 && of_pairs > 4, "{of_sets} {of_pairs} of {RUNS}");
    }

    /// A shift of nine standard errors (.09) at every level is found; the other side is not.
    #[test]
    fn what_is_more_than_chance_is_found() {
        let (a, b) = (levels(40, 1, 0.0), levels(40, 2, 0.8));
        assert!(gaps(&a, &b, 999, 0).iter().all(|p| *p <= 0.01));
        assert!(gaps(&b, &a, 999, 0).iter().all(|p| *p > 0.5));
        // Equal errors, as of a model against itself, and nearly equal ones, are no difference.
        assert_eq!(above(&vec![vec![0.0; 40]; 6], &[1.0; 6], 99, 0), [1.0; 6]);
        assert_eq!(above(&vec![vec![1e-5; 40]; 6], &[1.0; 6], 99, 0), [1.0; 6]);
        assert!(above(&vec![vec![0.1; 40]; 6], &[1.0; 6], 999, 0).iter().all(|p| *p <= 0.001));
    }
}
