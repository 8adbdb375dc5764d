//! The Kullback–Leibler divergence of the cue from the stored pattern.

use std::sync::Arc;

use ndarray::{ArcArray2, ArrayView2};

use super::divergences::{self, Divergence, NO_AMOUNTS, only_winner, totals};
use super::means::{MeanBySize, equal};
use super::measure::{Compare, Descent, EnergyOf, Growth, Measure, Pair, Sloped, Stated};
use super::products::NO_HOLD;
use super::{Data, Facts, Keys, Range, Similarity, Slope};
use crate::error::Result;
use crate::kernels::{Difference, weighted_sums};
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    similarity: Similarity::KullbackLeibler,
    name: "kl",
    formula: "-KL(p|q), p ~ x + 1e-4, q ~ z + 1e-4",
    range: Range::Negative,
    data: Data::Amounts,
    least: |r, _| -r,
};

pub(super) struct KullbackLeibler;

impl<F: Real> Measure<F> for KullbackLeibler {
    fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>> {
        Ok(Arc::new(Divergence::new(keys, Difference::Relative)))
    }

    fn published(&self, keys: ArcArray2<F>) -> Option<Arc<dyn Compare<F>>> {
        Some(Arc::new(Divergence::published(keys, Difference::Relative)))
    }

    fn slope(&self) -> Stated<&dyn Sloped<F>> {
        Ok(self)
    }

    fn single_shot(&self, pair: &Pair<F>) -> Stated<EnergyOf> {
        if !pair.signs && equal(&totals(pair.keys)) {
            return Ok(EnergyOf::Scores);
        }
        only_winner(
            pair,
            "patterns have unequal sums, so that their mean is not the mean of their shares; use dynamics descent, or divide each pattern by its sum",
        )
    }

    fn descent(&self, pair: &Pair<F>) -> Stated<Descent<F>> {
        if pair.signs {
            return Err(NO_AMOUNTS);
        }
        Ok(Descent::to(EnergyOf::Scores, MeanBySize(totals(pair.keys))))
    }

    fn growth(&self) -> Stated<Growth> {
        Err(NO_HOLD)
    }
}

/// The gradient ∂S/∂q = Σ w p/q.
impl<F: Real> Sloped<F> for KullbackLeibler {
    fn slope(&self, keys: &Keys<F>, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope> {
        Ok(divergences::slope(keys, queries, |p, q| weighted_sums(weights, p.view()) / q))
    }
}
