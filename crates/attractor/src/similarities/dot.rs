//! Dot products.

use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView2};

use super::measure::{BestState, Compare, Descent, EnergyOf, Growth, Measure, Pair, Sloped, Stated, Update};
use super::products::{self, Map};
use super::{Data, Facts, Keys, Range, Similarity, Slope, means};
use crate::error::Result;
use crate::kernels::{Form, weighted_sums};
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    similarity: Similarity::Dot,
    name: "dot",
    formula: "x.z",
    range: Range::Any,
    data: Data::Any,
    least: |r, _| r,
};

pub(super) struct Dot;

impl<F: Real> Measure<F> for Dot {
    fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>> {
        Ok(products::compare(keys, Map::None, Map::None))
    }

    fn published(&self, keys: ArcArray2<F>) -> Option<Arc<dyn Compare<F>>> {
        Some(products::compare(keys, Map::None, Map::None))
    }

    fn slope(&self) -> Stated<&dyn Sloped<F>> {
        Ok(self)
    }

    fn single_shot(&self, pair: &Pair<F>) -> Stated<EnergyOf> {
        if pair.signs {
            return Ok(EnergyOf::Scores);
        }
        if !pair.weights.is_slope {
            return Err(
                "the weights f/sum f are the gradient of a function only if f is an exponential; use softmax, output sign, or dynamics descent",
            );
        }
        Ok(EnergyOf::ConfinedScores)
    }

    fn descent(&self, pair: &Pair<F>) -> Stated<Descent<F>> {
        let energy = if pair.signs { EnergyOf::Scores } else { EnergyOf::ConfinedScores };
        // If the weights of the read are the gradient of L, the read is the descent.
        let is_read = pair.weights.sums_to_one || pair.weights.is_slope && !pair.signs;
        Ok(if is_read { Descent::by_read(energy) } else { Descent::to(energy, SumByActivities) })
    }

    fn growth(&self) -> Stated<Growth> {
        Ok(Growth::Unbounded)
    }

    fn streams(&self) -> Option<(Form, f64)> {
        Some((Form::Dot, 1.0))
    }
}

impl<F: Real> Sloped<F> for Dot {
    fn slope(&self, keys: &Keys<F>, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope> {
        Ok(Slope { pull: weighted_sums(weights, keys.values()), stiffness: Array2::zeros(queries.dim()) })
    }
}

/// Mᵀf, the minimum of ½‖x‖² − f·Mx.
#[derive(Debug)]
struct SumByActivities;

impl<F: Real> BestState<F> for SumByActivities {
    fn best(&self, update: &Update<F>) -> Array2<f64> {
        let mut activities = update.scores.to_owned();
        for mut row in activities.outer_iter_mut() {
            (update.activities)(row.as_slice_mut().expect("row-major"));
        }
        means::sum(update, activities.view())
    }
}
