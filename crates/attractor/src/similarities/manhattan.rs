//! Negative Manhattan distances.

use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView2};

use super::means::{Mean, Median};
use super::measure::{Compare, Descent, EnergyOf, Growth, Measure, Pair, Sloped, Stated};
use super::{Data, Facts, Keys, Range, Similarity, Slope, distances};
use crate::error::Result;
use crate::kernels::Difference;
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    similarity: Similarity::Manhattan,
    name: "manhattan",
    formula: "-|x-z|_1",
    range: Range::Negative,
    data: Data::Any,
    least: |r, _| -r,
};

pub(super) struct Manhattan;

impl<F: Real> Measure<F> for Manhattan {
    fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>> {
        Ok(distances::compare(keys, Difference::Absolute, |d| -d))
    }

    fn published(&self, keys: ArcArray2<F>) -> Option<Arc<dyn Compare<F>>> {
        distances::published(keys, Difference::Absolute)
    }

    fn slope(&self) -> Stated<&dyn Sloped<F>> {
        Ok(self)
    }

    fn single_shot(&self, pair: &Pair<F>) -> Stated<EnergyOf> {
        distances::manhattan_single_shot(pair, EnergyOf::Scores)
    }

    fn descent(&self, pair: &Pair<F>) -> Stated<Descent<F>> {
        distances::manhattan_descent(
            pair,
            || Descent::to(EnergyOf::Scores, Mean),
            || Descent::to(EnergyOf::Scores, Median::new(pair.keys)),
        )
    }

    fn growth(&self) -> Stated<Growth> {
        Ok(Growth::Bounded)
    }
}

impl<F: Real> Sloped<F> for Manhattan {
    fn smooth_scores(&self, keys: &Keys<F>, queries: ArrayView2<F>) -> Result<Array2<f64>> {
        distances::smooth_scores(keys, queries, |d| -d)
    }

    fn slope(&self, keys: &Keys<F>, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope> {
        Ok(distances::smooth_slope(keys.values(), queries, weights))
    }
}
