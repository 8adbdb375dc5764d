//! The noise level of a cue, estimated by maximum likelihood.

use ndarray::{Array2, ArrayView2};

use super::Process;
use crate::energies::{Denoise, Mixture};
use crate::error::Result;
use crate::real::Real;

/// The level σ of each cue x = s(y + σε), by maximum likelihood under the stored memories.
///
/// Maximises ln Σ_n π_n exp(−‖x/s − y_n‖²/2σ²) − D ln(sσ) over σ, where s is the scale of the process at that level.
/// For a variance-preserving process this is the likelihood of x = θy + √(1−θ²)ε, for a variance-exploding one that
/// of x = y + σε. (The norm of the cue is not used, because for ±1 patterns it contains no information.) `cues` are
/// raw. The search covers levels from 10⁻³ to 30 √D times the spread of the memories. A cue that equals a pattern
/// gets the lowest level. Cost: about 17 full reads.
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
