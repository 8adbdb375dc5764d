//! Products of vectors divided by their sums, the "dot product" of Millidge et al. (2022).

use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView2};

use super::divergences::NO_AMOUNTS;
use super::measure::{Compare, Descent, EnergyOf, Growth, Measure, Pair, Sloped, Stated};
use super::products::{self, Map, NO_HOLD};
use super::{Data, Facts, Keys, Range, Similarity, Slope};
use crate::error::Result;
use crate::kernels::weighted_sums;
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    similarity: Similarity::L1Dot,
    name: "l1-dot",
    formula: "(x/sum x).(z/sum z)",
    range: Range::Positive,
    data: Data::Shares,
    least: |r, _| r,
};

pub(super) struct L1Dot;

impl L1Dot {
    fn refusal<T, F: Real>(&self, pair: &Pair<F>) -> Stated<T> {
        Err(if pair.signs {
            NO_AMOUNTS
        } else {
            "of all shares those of a single unit score best, and the mean of patterns can score worse than the cue; use cosine or pearson"
        })
    }
}

impl<F: Real> Measure<F> for L1Dot {
    fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>> {
        Ok(products::compare(keys, Map::Share, Map::Share))
    }

    fn published(&self, keys: ArcArray2<F>) -> Option<Arc<dyn Compare<F>>> {
        Some(products::compare(keys, Map::Share, Map::Share))
    }

    fn slope(&self) -> Stated<&dyn Sloped<F>> {
        Ok(self)
    }

    fn single_shot(&self, pair: &Pair<F>) -> Stated<EnergyOf> {
        self.refusal(pair)
    }

    fn descent(&self, pair: &Pair<F>) -> Stated<Descent<F>> {
        self.refusal(pair)
    }

    fn growth(&self) -> Stated<Growth> {
        Err(NO_HOLD)
    }
}

impl<F: Real> Sloped<F> for L1Dot {
    fn slope(&self, keys: &Keys<F>, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope> {
        let mut pull = weighted_sums(weights, keys.factors());
        for (mut pull, state) in pull.outer_iter_mut().zip(queries.outer_iter()) {
            let state = state.mapv(F::to_f64);
            let sum = state.sum();
            let along = pull.dot(&state) / sum;
            pull.mapv_inplace(|p| (p - along) / sum);
        }
        Ok(Slope { stiffness: Array2::zeros(pull.dim()), pull })
    }
}
