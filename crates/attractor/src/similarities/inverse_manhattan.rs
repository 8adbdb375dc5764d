//! Reciprocals of Manhattan distances.

use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView2};

use super::means::{MeanOfReciprocals, MedianOfReciprocals};
use super::measure::{Compare, Descent, EnergyOf, Growth, Measure, Pair, Sloped, Stated};
use super::{DELTA, Data, Facts, Keys, Range, Similarity, Slope, distances};
use crate::error::Result;
use crate::kernels::Difference;
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    similarity: Similarity::InverseManhattan,
    name: "inverse-manhattan",
    formula: "1/(|x-z|_1 + 1e-4)",
    range: Range::Positive,
    data: Data::Any,
    least: |r, _| 1.0 / (r + DELTA),
};

pub(super) struct InverseManhattan;

impl<F: Real> Measure<F> for InverseManhattan {
    fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>> {
        Ok(distances::compare(keys, Difference::Absolute, |d| 1.0 / (d + DELTA)))
    }

    fn published(&self, keys: ArcArray2<F>) -> Option<Arc<dyn Compare<F>>> {
        distances::published(keys, Difference::Absolute)
    }

    fn slope(&self) -> Stated<&dyn Sloped<F>> {
        Ok(self)
    }

    fn single_shot(&self, pair: &Pair<F>) -> Stated<EnergyOf> {
        distances::manhattan_single_shot(pair, EnergyOf::Distances)
    }

    fn descent(&self, pair: &Pair<F>) -> Stated<Descent<F>> {
        distances::manhattan_descent(
            pair,
            || Descent::to(EnergyOf::Scores, MeanOfReciprocals),
            || Descent::to(EnergyOf::Scores, MedianOfReciprocals::new(pair.keys)),
        )
    }

    fn growth(&self) -> Stated<Growth> {
        Ok(Growth::Bounded)
    }
}

impl<F: Real> Sloped<F> for InverseManhattan {
    fn smooth_scores(&self, keys: &Keys<F>, queries: ArrayView2<F>) -> Result<Array2<f64>> {
        distances::smooth_scores(keys, queries, |d| 1.0 / (d + DELTA))
    }

    fn slope(&self, keys: &Keys<F>, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope> {
        let weights = distances::of_reciprocals(weights, &self.smooth_scores(keys, queries)?);
        Ok(distances::smooth_slope(keys.values(), queries, weights.view()))
    }
}
