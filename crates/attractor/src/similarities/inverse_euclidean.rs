//! Reciprocals of squared Euclidean distances.

use std::sync::Arc;

use ndarray::{ArcArray2, ArrayView2};

use super::means::MeanOfReciprocals;
use super::measure::{Compare, Descent, EnergyOf, Growth, Measure, Pair, Sloped, Stated};
use super::{DELTA, Data, Facts, Keys, Range, Similarity, Slope, distances};
use crate::error::Result;
use crate::kernels::Difference;
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    similarity: Similarity::InverseEuclidean,
    name: "inverse-euclidean",
    formula: "1/(|x-z|^2 + 1e-4)",
    range: Range::Positive,
    data: Data::Any,
    least: |r, _| 1.0 / (r * r + DELTA),
};

pub(super) struct InverseEuclidean;

impl<F: Real> Measure<F> for InverseEuclidean {
    fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>> {
        Ok(distances::compare(keys, Difference::Square, |d| 1.0 / (d + DELTA)))
    }

    fn published(&self, keys: ArcArray2<F>) -> Option<Arc<dyn Compare<F>>> {
        distances::published(keys, Difference::Square)
    }

    fn slope(&self) -> Stated<&dyn Sloped<F>> {
        Ok(self)
    }

    fn single_shot(&self, _pair: &Pair<F>) -> Stated<EnergyOf> {
        Ok(EnergyOf::Distances)
    }

    fn descent(&self, _pair: &Pair<F>) -> Stated<Descent<F>> {
        Ok(Descent::to(EnergyOf::Scores, MeanOfReciprocals))
    }

    fn growth(&self) -> Stated<Growth> {
        Ok(Growth::Bounded)
    }

    fn finds_nearest(&self) -> bool {
        true
    }
}

impl<F: Real> Sloped<F> for InverseEuclidean {
    fn slope(&self, keys: &Keys<F>, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope> {
        let weights = distances::of_reciprocals(weights, &keys.scores(queries)?);
        Ok(distances::slope_of_squares(keys.values(), queries, weights))
    }
}
