//! The Kullback–Leibler divergence of the stored pattern from the cue.

use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView2, Axis};

use super::divergences::{self, Divergence, NO_AMOUNTS, OTHER_MEAN, only_winner};
use super::means::shared_out;
use super::measure::{BestState, Compare, Descent, EnergyOf, Growth, Measure, Pair, Sloped, Stated, Update};
use super::products::NO_HOLD;
use super::{Data, EPSILON, Facts, Keys, Range, Similarity, Slope};
use crate::error::Result;
use crate::kernels::{Difference, weighted_sums};
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    similarity: Similarity::ReverseKullbackLeibler,
    name: "reverse-kl",
    formula: "-KL(q|p)",
    range: Range::Negative,
    data: Data::Amounts,
    least: |r, _| -r,
};

pub(super) struct ReverseKullbackLeibler;

impl<F: Real> Measure<F> for ReverseKullbackLeibler {
    fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>> {
        Ok(Arc::new(Divergence::new(keys, Difference::Reverse)))
    }

    fn published(&self, keys: ArcArray2<F>) -> Option<Arc<dyn Compare<F>>> {
        Some(Arc::new(Divergence::published(keys, Difference::Reverse)))
    }

    fn slope(&self) -> Stated<&dyn Sloped<F>> {
        Ok(self)
    }

    fn single_shot(&self, pair: &Pair<F>) -> Stated<EnergyOf> {
        only_winner(pair, OTHER_MEAN)
    }

    fn descent(&self, pair: &Pair<F>) -> Stated<Descent<F>> {
        if pair.signs { Err(NO_AMOUNTS) } else { Ok(Descent::to(EnergyOf::Scores, GeometricMean)) }
    }

    fn growth(&self) -> Stated<Growth> {
        Err(NO_HOLD)
    }
}

/// The gradient ∂S/∂q = Σ w (ln p − ln q), up to a term that normalising removes.
impl<F: Real> Sloped<F> for ReverseKullbackLeibler {
    fn slope(&self, keys: &Keys<F>, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope> {
        Ok(divergences::slope(keys, queries, |p, q| {
            let sum = weights.sum_axis(Axis(1)).insert_axis(Axis(1));
            weighted_sums(weights, p.mapv(f64::ln).view()) - q.mapv(f64::ln) * sum
        }))
    }
}

/// Π (ξ + ε)^w − ε. Its shares are the normalised geometric mean.
#[derive(Debug)]
struct GeometricMean;

impl<F: Real> BestState<F> for GeometricMean {
    fn best(&self, update: &Update<F>) -> Array2<f64> {
        let weights = shared_out(update.weights.to_owned());
        let logarithms = update.keys.values().mapv(|x| (x.to_f64() + EPSILON).ln());
        weighted_sums(weights.view(), logarithms.view()).mapv_into(|l| (l.exp() - EPSILON).max(0.0))
    }
}
