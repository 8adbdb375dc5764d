//! Negative squared Euclidean distances.

use std::sync::Arc;

use ndarray::{ArcArray2, ArrayView2};

use super::measure::{Compare, Descent, EnergyOf, Growth, Measure, Pair, Sloped, Stated};
use super::{Data, Facts, Keys, Range, Similarity, Slope, distances};
use crate::error::Result;
use crate::kernels::{Difference, Form};
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    similarity: Similarity::Euclidean,
    name: "euclidean",
    formula: "-|x-z|^2",
    range: Range::Negative,
    data: Data::Any,
    least: |r, _| -r * r,
};

pub(super) struct Euclidean;

impl<F: Real> Measure<F> for Euclidean {
    fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>> {
        Ok(distances::compare(keys, Difference::Square, |d| -d))
    }

    fn published(&self, keys: ArcArray2<F>) -> Option<Arc<dyn Compare<F>>> {
        distances::published(keys, Difference::Square)
    }

    fn slope(&self) -> Stated<&dyn Sloped<F>> {
        Ok(self)
    }

    fn single_shot(&self, _pair: &Pair<F>) -> Stated<EnergyOf> {
        Ok(EnergyOf::Scores)
    }

    fn descent(&self, _pair: &Pair<F>) -> Stated<Descent<F>> {
        Ok(Descent::by_read(EnergyOf::Scores))
    }

    fn growth(&self) -> Stated<Growth> {
        Ok(Growth::Bounded)
    }

    /// The kernel's logits are half of −β‖x − z‖².
    fn streams(&self) -> Option<(Form, f64)> {
        Some((Form::Distance, 2.0))
    }

    fn finds_nearest(&self) -> bool {
        true
    }
}

impl<F: Real> Sloped<F> for Euclidean {
    fn slope(&self, keys: &Keys<F>, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope> {
        Ok(distances::slope_of_squares(keys.values(), queries, weights.to_owned()))
    }
}
