//! The common part of Euclidean and Manhattan distances, used as negative distances or as reciprocals.

use std::sync::Arc;

use ndarray::{ArcArray2, Array1, Array2, ArrayView1, ArrayView2, Axis};

use super::measure::{Compare, Descent, EnergyOf, Pair, Stated};
use super::{Keys, ROUNDING, Slope};
use crate::error::Result;
use crate::kernels::{Difference, Operand, pairs, weighted_sums};
use crate::real::Real;
use crate::threads;

struct Distances<F> {
    keys: ArcArray2<F>,
    difference: Difference,
    score: fn(f64) -> f64,
}

impl<F: Real> Compare<F> for Distances<F> {
    fn scores(&self, queries: ArrayView2<F>) -> Array2<f64> {
        let mut scores = pairs(self.difference, Operand::plain(queries), Operand::plain(self.keys.view()));
        scores.mapv_inplace(self.score);
        scores
    }
}

/// Scores that are a function of distances.
pub(super) fn compare<F: Real>(
    keys: ArcArray2<F>,
    difference: Difference,
    score: fn(f64) -> f64,
) -> Arc<dyn Compare<F>> {
    Arc::new(Distances { keys, difference, score })
}

/// The published code uses reciprocals for both variants.
pub(super) fn published<F: Real>(keys: ArcArray2<F>, difference: Difference) -> Option<Arc<dyn Compare<F>>> {
    Some(compare(keys, difference, |d| 1.0 / d))
}

/// The gradient 2 Σ w (ξ − x).
pub(super) fn slope_of_squares<F: Real>(
    keys: ArrayView2<F>,
    queries: ArrayView2<F>,
    mut weights: Array2<f64>,
) -> Slope {
    weights *= 2.0;
    let total = weights.sum_axis(Axis(1));
    let stiffness = Array2::from_shape_fn(queries.dim(), |(row, _)| total[row]);
    Slope { pull: weighted_sums(weights.view(), keys) - queries.mapv(F::to_f64) * &stiffness, stiffness }
}

/// The smoothed |x|: √(x² + δ).
fn round(x: f64) -> f64 {
    (x * x + ROUNDING * ROUNDING).sqrt()
}

/// Scores of Manhattan distances with |x| replaced by √(x² + δ).
pub(super) fn smooth_scores<F: Real>(
    keys: &Keys<F>,
    queries: ArrayView2<F>,
    score: impl Fn(f64) -> f64 + Sync,
) -> Result<Array2<f64>> {
    // For its checks, and for the shape.
    let mut scores = keys.scores(queries)?;
    let keys = keys.values();
    let work = 4.0 * (scores.len() * keys.ncols()) as f64;
    let rows = threads::map(queries.nrows(), work, |row| {
        let distance = |key: ArrayView1<F>| -> f64 {
            key.iter().zip(queries.row(row)).map(|(x, z)| round(x.to_f64() - z.to_f64())).sum()
        };
        keys.outer_iter().map(|key| score(distance(key))).collect::<Array1<f64>>()
    });
    scores.outer_iter_mut().zip(rows).for_each(|(mut to, from)| to.assign(&from));
    Ok(scores)
}

/// The gradient Σ w (ξ − x)/√((ξ − x)² + δ).
pub(super) fn smooth_slope<F: Real>(
    keys: ArrayView2<F>,
    queries: ArrayView2<F>,
    weights: ArrayView2<f64>,
) -> Slope {
    let states = queries.mapv(F::to_f64);
    let work = 6.0 * (weights.len() * keys.ncols()) as f64;
    let rows = threads::map(states.nrows(), work, |row| {
        let state = states.row(row);
        let (mut pull, mut stiffness) = (vec![0.0; state.len()], vec![0.0; state.len()]);
        for (&w, key) in weights.row(row).iter().zip(keys.outer_iter()).filter(|(w, _)| **w != 0.0) {
            for (j, (x, z)) in key.iter().zip(state).enumerate() {
                let away = x.to_f64() - z;
                let each = w / round(away);
                pull[j] += each * away;
                stiffness[j] += each;
            }
        }
        (pull, stiffness)
    });
    let (mut pull, mut stiffness) = (Array2::zeros(states.dim()), Array2::zeros(states.dim()));
    for (row, (p, c)) in rows.into_iter().enumerate() {
        pull.row_mut(row).assign(&ArrayView1::from(&p));
        stiffness.row_mut(row).assign(&ArrayView1::from(&c));
    }
    Slope { pull, stiffness }
}

/// The weights of the gradients of reciprocals: ∂(1/v) = −s²∂v.
pub(super) fn of_reciprocals(weights: ArrayView2<f64>, scores: &Array2<f64>) -> Array2<f64> {
    let mut weights = weights.to_owned();
    weights.zip_mut_with(scores, |w, s| *w *= s * s);
    weights
}

/// The energy of a single shot of Manhattan distances. There is one only for a separation that takes the best key,
/// and for signs of ±1 patterns.
pub(super) fn manhattan_single_shot<F: Real>(pair: &Pair<F>, of_signs: EnergyOf) -> Stated<EnergyOf> {
    if pair.signs {
        within_signs(pair.keys)?;
        return Ok(of_signs);
    }
    // The best key is as near to itself as possible.
    if pair.weights.is_winner {
        return Ok(EnergyOf::Scores);
    }
    Err(
        "the state of least weighted distance is the median of the patterns; their mean can be further away than the cue; use dynamics descent",
    )
}

/// A descent to the median; for signs of ±1 patterns, to the signs of the mean.
pub(super) fn manhattan_descent<F: Real>(
    pair: &Pair<F>,
    of_signs: impl Fn() -> Descent<F>,
    median: impl Fn() -> Descent<F>,
) -> Stated<Descent<F>> {
    if pair.signs {
        within_signs(pair.keys)?;
        return Ok(of_signs());
    }
    Ok(median())
}

fn within_signs<F: Real>(keys: &Keys<F>) -> Stated<()> {
    if keys.values().iter().all(|x| x.abs() <= F::ONE) {
        return Ok(());
    }
    Err(
        "some patterns are below -1 or above 1, so the signs of their mean need not be the nearest state; use output identity and dynamics descent",
    )
}
