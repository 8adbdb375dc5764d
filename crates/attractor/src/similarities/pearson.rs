//! Pearson's correlation: the cosine after each vector's own mean is subtracted.

use std::sync::Arc;

use ndarray::{ArcArray2, ArrayView2};

use super::measure::{Compare, Descent, EnergyOf, Growth, Measure, Pair, Sloped, Stated};
use super::products::{self, Map, NO_HOLD};
use super::{Data, Facts, Keys, Range, Similarity, Slope};
use crate::error::Result;
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    similarity: Similarity::Pearson,
    name: "pearson",
    formula: "cosine of x - mean(x), z - mean(z)",
    range: Range::Any,
    data: Data::Any,
    least: |r, _| r,
};

pub(super) struct Pearson;

const SIGNS: &str =
    "signs of a mean of patterns need not be the signs that correlate best; use output identity";

impl<F: Real> Measure<F> for Pearson {
    fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>> {
        Ok(products::compare(keys, Map::Centred, Map::Centred))
    }

    fn slope(&self) -> Stated<&dyn Sloped<F>> {
        Ok(self)
    }

    fn single_shot(&self, pair: &Pair<F>) -> Stated<EnergyOf> {
        if pair.signs { Err(SIGNS) } else { products::single_shot_of_directions(pair, true) }
    }

    fn descent(&self, pair: &Pair<F>) -> Stated<Descent<F>> {
        if pair.signs { Err(SIGNS) } else { products::descent_of_directions(pair, true) }
    }

    fn growth(&self) -> Stated<Growth> {
        Err(NO_HOLD)
    }
}

impl<F: Real> Sloped<F> for Pearson {
    fn slope(&self, keys: &Keys<F>, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope> {
        Ok(products::slope_of_directions(keys, queries, weights, true))
    }
}
