//! The noise level of a cue, estimated by maximum likelihood.

use ndarray::{Array2, ArrayView2};

use super::Process;
use crate::energies::{Denoise, Mixture};
use crate::error::Result;
use crate::kernels::{Difference, Operand, log_sum_of, pairs};
use crate::patterns::{Patterns, check_states};
use crate::real::Real;
use crate::threads;

/// The level σ of each cue x = s(y + σε), by maximum likelihood under the stored memories.
///
/// Maximises ln Σ_n π_n exp(−‖x/s − y_n‖²/2σ²) − D ln(sσ) over σ, where s is the scale of the process at that level.
/// For a variance-preserving process this is the likelihood of x = θy + √(1−θ²)ε, for a variance-exploding one that
/// of x = y + σε. (The norm of the cue is not used, because for ±1 patterns it contains no information.) `cues` are
/// raw. The search covers levels from 10⁻³ to 30 √D times the spread of the memories. A cue that equals a pattern
/// gets the lowest level. Cost: about two full reads for patterns that are held as numbers, and 17 for other memories.
pub fn estimate_levels<F: Real>(
    memory: &Mixture<F>,
    process: &Process,
    cues: ArrayView2<F>,
) -> Result<Vec<f64>> {
    let preparation = memory.preparation();
    let spread = memory.spread();
    let dim = cues.ncols() as f64;
    // In raw units, like the cues.
    let (low, high) =
        (LOWEST * spread / preparation.scale(), 30.0 * dim.sqrt() * spread / preparation.scale());
    if let Some(patterns) = memory.patterns().filter(|patterns| patterns.are_held()) {
        return levels_by_distances(patterns, process, cues, [low, high]);
    }
    let likelihood = |sigmas: &[f64]| -> Result<Vec<f64>> {
        let scales: Vec<f64> = sigmas.iter().map(|&s| process.scale_at(s)).collect();
        let clean =
            Array2::from_shape_fn(cues.dim(), |(i, j)| F::from_f64(cues[[i, j]].to_f64() / scales[i]));
        let states = preparation.forward(clean);
        let levels: Vec<f64> = sigmas.iter().map(|s| s * preparation.scale()).collect();
        let sums = memory.log_sum(states.view(), &levels)?;
        let terms = sums.iter().zip(&scales).zip(sigmas);
        Ok(terms.map(|((sum, scale), sigma)| sum - dim * (scale * sigma).ln()).collect())
    };

    most_likely_levels(cues.nrows(), low, high, &likelihood)
}

/// The levels, with one pass over the patterns: from squared distances of cues to patterns follows the likelihood of every level.
///
/// With c = 1/s, U_n = ‖x − y_n‖² and squared norms X and Y_n of cues and patterns in raw units, all in prepared lengths,
///
/// ```text
/// ‖c x − y_n‖² = c U_n − (c − 1) Y_n + c(c − 1) X
/// ```
///
/// Distances are sums of squared differences. So a cue that equals a pattern has distance 0.
fn levels_by_distances<F: Real>(
    patterns: &Patterns<F>,
    process: &Process,
    cues: ArrayView2<F>,
    [low, high]: [f64; 2],
) -> Result<Vec<f64>> {
    /// The number of distances held at a time: 128 MB.
    const HELD: usize = 1 << 24;
    /// Cues are compared in groups of this many.
    const GROUP: usize = 16;
    let preparation = patterns.preparation();
    let states = preparation.forward(cues.to_owned());
    check_states("cues", states.view(), "give finite cues")?;
    // Where raw 0 lies. Lengths from there are those of raw vectors.
    let zero = preparation.forward(Array2::from_elem((1, cues.ncols()), F::ZERO));
    let lengths = |rows: ArrayView2<F>| -> Vec<f64> {
        pairs(Difference::Square, Operand::plain(zero.view()), Operand::plain(rows))
            .into_raw_vec_and_offset()
            .0
    };
    let (of_cues, of_patterns) = (lengths(states.view()), lengths(patterns.values()));
    let dim = cues.ncols() as f64;
    let together = (HELD / patterns.len()).max(1).next_multiple_of(GROUP);
    let mut levels = Vec::with_capacity(states.nrows());
    for first in (0..states.nrows()).step_by(together) {
        let some = first..states.nrows().min(first + together);
        let queries = states.slice(ndarray::s![some.clone(), ..]);
        let distances = pairs(Difference::Square, Operand::plain(queries), Operand::plain(patterns.values()));
        let work = (30 * distances.len()) as f64;
        let likelihood = |sigmas: &[f64]| {
            Ok(threads::map(sigmas.len(), work, |row| {
                let scale = process.scale_at(sigmas[row]);
                let (c, beta) = (1.0 / scale, (sigmas[row] * preparation.scale()).powi(-2));
                let distances = distances.row(row);
                let distances = distances.to_slice().expect("row-major");
                let factors = [-beta * c / 2.0, beta * (c - 1.0) / 2.0];
                let sum = log_sum_of(distances, &of_patterns, factors, patterns.log_weights());
                let common = beta * c * (c - 1.0) * of_cues[some.start + row] / 2.0;
                sum - common - dim * (scale * sigmas[row]).ln()
            }))
        };
        levels.extend(most_likely_levels(some.len(), low, high, &likelihood)?);
    }
    Ok(levels)
}

/// The level of each of `rows` cues between `low` and `high` at which its likelihood is largest.
pub(crate) fn most_likely_levels(
    rows: usize,
    low: f64,
    high: f64,
    likelihood: &dyn Fn(&[f64]) -> Result<Vec<f64>>,
) -> Result<Vec<f64>> {
    let b = rows;
    let log_step = (high / low).ln() / (COARSE - 1) as f64;
    let level = |i: f64| low * (i * log_step).exp();
    let mut best = vec![(f64::NEG_INFINITY, 0usize); b];
    for i in 0..COARSE {
        for (best, value) in best.iter_mut().zip(likelihood(&vec![level(i as f64); b])?) {
            if value > best.0 {
                *best = (value, i);
            }
        }
    }
    // Golden-section search in ln σ between the neighbours of the best coarse level.
    let mut a: Vec<f64> = best.iter().map(|b| (b.1 as f64 - 1.0).max(0.0)).collect();
    let mut c: Vec<f64> = best.iter().map(|b| (b.1 as f64 + 1.0).min((COARSE - 1) as f64)).collect();
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let inner = |a: &[f64], c: &[f64], share: f64| -> Vec<f64> {
        a.iter().zip(c).map(|(a, c)| a + share * (c - a)).collect()
    };
    let at = |x: &[f64]| likelihood(&x.iter().map(|&i| level(i)).collect::<Vec<_>>());
    let (mut left, mut right) = (inner(&a, &c, 1.0 - golden), inner(&a, &c, golden));
    let (mut value_left, mut value_right) = (at(&left)?, at(&right)?);
    for _ in 0..GOLDEN {
        let lower: Vec<bool> = value_left.iter().zip(&value_right).map(|(l, r)| l >= r).collect();
        for i in 0..b {
            if lower[i] {
                (c[i], right[i], value_right[i]) = (right[i], left[i], value_left[i]);
                left[i] = a[i] + (1.0 - golden) * (c[i] - a[i]);
            } else {
                (a[i], left[i], value_left[i]) = (left[i], right[i], value_right[i]);
                right[i] = a[i] + golden * (c[i] - a[i]);
            }
        }
        let next: Vec<f64> = (0..b).map(|i| if lower[i] { left[i] } else { right[i] }).collect();
        for (i, value) in at(&next)?.into_iter().enumerate() {
            if lower[i] {
                value_left[i] = value;
            } else {
                value_right[i] = value;
            }
        }
    }
    Ok(a.iter().zip(&c).map(|(a, c)| level((a + c) / 2.0)).collect())
}

/// The lowest level of a search, in spreads.
pub(crate) const LOWEST: f64 = 1e-3;
/// The number of levels in the coarse search, a factor of about 2 apart.
const COARSE: usize = 18;
/// The number of golden-section steps. Each shrinks the bracket by 0.618, so 14 leave 0.2 % of two coarse steps.
const GOLDEN: usize = 14;
