//! The common part of products of mapped vectors: dot, cosine, Pearson's correlation and the paper's "dot product".

use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView1, ArrayView2, Zip};

use super::means::{MeanBySize, equal};
use super::measure::{Compare, Descent, EnergyOf, Pair, Stated};
use super::{Keys, Slope, map_rows};
use crate::kernels::{dots, weighted_sums};
use crate::real::Real;

/// The map that is applied to a vector before it is multiplied.
#[derive(Clone, Copy)]
pub(super) enum Map {
    /// The vector itself.
    None,
    /// x/‖x‖, or 0.
    Unit,
    /// x − mean(x), to length 1, or 0 if x is constant.
    Centred,
    /// x/Σx.
    Share,
    /// x/c.
    Over(f64),
    /// x/‖x‖, which is NaN for 0.
    Direction,
}

impl Map {
    fn apply<F: Real>(self, x: ArrayView1<F>, to: &mut [f64]) {
        to.iter_mut().zip(x).for_each(|(to, x)| *to = x.to_f64());
        let length = |x: &[f64]| x.iter().map(|v| v * v).sum::<f64>().sqrt();
        let divisor = match self {
            Map::None => return,
            Map::Unit | Map::Direction => length(to),
            Map::Centred => {
                let largest = to.iter().fold(0.0, |most: f64, v| most.max(v.abs()));
                let mean = to.iter().sum::<f64>() / to.len() as f64;
                to.iter_mut().for_each(|v| *v -= mean);
                // What remains of a constant vector, if it is only the rounding of the mean, counts as 0.
                let rounding = 4.0 * to.len() as f64 * f64::EPSILON * largest * (to.len() as f64).sqrt();
                Some(length(to)).filter(|length| *length > rounding).unwrap_or(0.0)
            }
            Map::Share => to.iter().sum(),
            Map::Over(divisor) => divisor,
        };
        let zero = divisor == 0.0 && matches!(self, Map::Unit | Map::Centred);
        to.iter_mut().for_each(|v| *v = if zero { 0.0 } else { *v / divisor });
    }

    fn rows<F: Real>(self, vectors: ArrayView2<F>) -> Array2<F> {
        map_rows(vectors, |x, to| self.apply(x, to))
    }
}

struct Products<F> {
    keys: ArcArray2<F>,
    queries: Map,
}

impl<F: Real> Compare<F> for Products<F> {
    fn scores(&self, queries: ArrayView2<F>) -> Array2<f64> {
        let products = match self.queries {
            Map::None => dots(queries, self.keys.view()),
            map => dots(map.rows(queries).view(), self.keys.view()),
        };
        products.mapv(F::to_f64)
    }

    fn factors(&self) -> Option<ArrayView2<'_, F>> {
        Some(self.keys.view())
    }
}

/// The products of mapped keys and mapped queries.
pub(super) fn compare<F: Real>(keys: ArcArray2<F>, of_keys: Map, queries: Map) -> Arc<dyn Compare<F>> {
    let keys = match of_keys {
        Map::None => keys,
        map => map.rows(keys.view()).into_shared(),
    };
    Arc::new(Products { keys, queries })
}

/// The gradient of products of directions, Σ w (ξ − (ξ·u)u)/length, where u is the direction of the state and
/// `length` its length.
pub(super) fn slope_of_directions<F: Real>(
    keys: &Keys<F>,
    queries: ArrayView2<F>,
    weights: ArrayView2<f64>,
    centred: bool,
) -> Slope {
    let mut pull = weighted_sums(weights, keys.factors());
    let units = if centred { Map::Centred } else { Map::Unit }.rows(queries);
    for ((mut pull, unit), state) in pull.outer_iter_mut().zip(units.outer_iter()).zip(queries.outer_iter()) {
        let state = state.mapv(F::to_f64);
        let mean = if centred { state.mean().unwrap_or(0.0) } else { 0.0 };
        let length = state.iter().map(|x| (x - mean).powi(2)).sum::<f64>().sqrt();
        let along: f64 = pull.iter().zip(unit).map(|(p, u)| p * u.to_f64()).sum();
        Zip::from(&mut pull).and(&unit).for_each(|p, u| *p = (*p - along * u.to_f64()) / length);
        if unit.iter().all(|u| *u == F::ZERO) {
            pull.fill(0.0);
        }
    }
    Slope { stiffness: Array2::zeros(pull.dim()), pull }
}

/// The numbers by which the keys of cosine, or of Pearson (centred), are divided. 0 for keys without a direction.
pub(super) fn lengths<F: Real>(keys: &Keys<F>, centred: bool) -> Vec<f64> {
    let length = |(key, factor): (ArrayView1<F>, ArrayView1<F>)| {
        if factor.iter().all(|x| *x == F::ZERO) {
            return 0.0;
        }
        let mean = if centred { key.iter().map(|x| x.to_f64()).sum::<f64>() / key.len() as f64 } else { 0.0 };
        key.iter().map(|x| (x.to_f64() - mean).powi(2)).sum::<f64>().sqrt()
    };
    keys.values().outer_iter().zip(keys.factors().outer_iter()).map(length).collect()
}

/// The energy of a single shot of directions. The mean of the keys has the direction of the mean of their directions
/// if all keys have the same length. The best key is as near to itself as possible.
pub(super) fn single_shot_of_directions<F: Real>(pair: &Pair<F>, centred: bool) -> Stated<EnergyOf> {
    if equal(&lengths(pair.keys, centred)) || pair.weights.is_winner && !pair.signs {
        return Ok(EnergyOf::Scores);
    }
    Err(
        "patterns have unequal lengths, so their mean does not have the direction of their mean direction; use dynamics descent",
    )
}

/// A descent to the mean of directions.
pub(super) fn descent_of_directions<F: Real>(pair: &Pair<F>, centred: bool) -> Stated<Descent<F>> {
    Ok(Descent::to(EnergyOf::Scores, MeanBySize(lengths(pair.keys, centred))))
}

/// Why layers of units cannot hold a state with these scores.
pub(super) const NO_HOLD: &str = "these scores do not depend on the length of a state, so nothing holds it against its leak to 0; use dynamics descent";
