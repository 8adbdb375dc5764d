//! The cosine similarity.

use std::sync::Arc;

use ndarray::{ArcArray2, ArrayView2};

use super::measure::{Compare, Descent, EnergyOf, Growth, Measure, Pair, Sloped, Stated};
use super::products::{self, Map, NO_HOLD};
use super::{Data, Facts, Keys, Range, Similarity, Slope};
use crate::error::Result;
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    similarity: Similarity::Cosine,
    name: "cosine",
    formula: "x.z / |x||z|",
    range: Range::Any,
    data: Data::Any,
    least: |r, _| r,
};

pub(super) struct Cosine;

impl<F: Real> Measure<F> for Cosine {
    fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>> {
        Ok(products::compare(keys, Map::Unit, Map::Unit))
    }

    /// The published code divides by the norm of the whole store.
    fn published(&self, keys: ArcArray2<F>) -> Option<Arc<dyn Compare<F>>> {
        let norm = keys.iter().map(|x| x.to_f64() * x.to_f64()).sum::<f64>().sqrt();
        Some(products::compare(keys, Map::Over(norm), Map::Direction))
    }

    fn slope(&self) -> Stated<&dyn Sloped<F>> {
        Ok(self)
    }

    fn single_shot(&self, pair: &Pair<F>) -> Stated<EnergyOf> {
        products::single_shot_of_directions(pair, false)
    }

    fn descent(&self, pair: &Pair<F>) -> Stated<Descent<F>> {
        products::descent_of_directions(pair, false)
    }

    fn growth(&self) -> Stated<Growth> {
        Err(NO_HOLD)
    }
}

impl<F: Real> Sloped<F> for Cosine {
    fn slope(&self, keys: &Keys<F>, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope> {
        Ok(products::slope_of_directions(keys, queries, weights, false))
    }
}
