//! The Jensen–Shannon divergence: the mean of the divergences of both distributions from their mixture.

use std::sync::Arc;

use ndarray::{ArcArray2, Array1, Array2, ArrayView2, Zip};

use super::divergences::{self, Distributions, NO_AMOUNTS, OTHER_MEAN, only_winner, totals};
use super::means::{gathered, shared_out};
use super::measure::{BestState, Compare, Descent, EnergyOf, Growth, Measure, Pair, Sloped, Stated, Update};
use super::products::NO_HOLD;
use super::{Data, EPSILON, Facts, Keys, Range, Similarity, Slope};
use crate::error::Result;
use crate::kernels::Difference;
use crate::real::Real;
use crate::threads;

pub(super) const FACTS: Facts = Facts {
    similarity: Similarity::JensenShannon,
    name: "jensen-shannon",
    formula: "-KL(p|m)/2 - KL(q|m)/2, m = (p+q)/2",
    range: Range::Negative,
    data: Data::Amounts,
    least: |r, _| -r,
};

pub(super) struct JensenShannon;

impl<F: Real> Measure<F> for JensenShannon {
    fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>> {
        Ok(Arc::new(HalfWay(Distributions::new(keys.view()))))
    }

    fn published(&self, keys: ArcArray2<F>) -> Option<Arc<dyn Compare<F>>> {
        Some(Arc::new(AsCoded(Distributions::published(keys.view()))))
    }

    fn slope(&self) -> Stated<&dyn Sloped<F>> {
        Ok(self)
    }

    fn single_shot(&self, pair: &Pair<F>) -> Stated<EnergyOf> {
        only_winner(pair, OTHER_MEAN)
    }

    fn descent(&self, pair: &Pair<F>) -> Stated<Descent<F>> {
        if pair.signs {
            return Err(NO_AMOUNTS);
        }
        Ok(Descent::to(EnergyOf::Scores, MeanHalfWay { totals: totals(pair.keys) }))
    }

    fn growth(&self) -> Stated<Growth> {
        Err(NO_HOLD)
    }
}

struct HalfWay<F>(Distributions<F>);

impl<F: Real> Compare<F> for HalfWay<F> {
    fn scores(&self, queries: ArrayView2<F>) -> Array2<f64> {
        let queries = self.0.of_queries(queries);
        let (p, q) = (self.0.negentropies(), queries.negentropies());
        let mut scores = self.0.pairs(Difference::Mixture, &queries);
        for ((row, column), score) in scores.indexed_iter_mut() {
            // Rounding must not make a distance negative.
            *score = (*score - (p[column] + q[row]) / 2.0).min(0.0);
        }
        scores
    }
}

/// The published form, the mean of two numbers that are already reciprocals. It is largest for the least similar.
struct AsCoded<F>(Distributions<F>);

impl<F: Real> Compare<F> for AsCoded<F> {
    fn scores(&self, queries: ArrayView2<F>) -> Array2<f64> {
        let queries = self.0.of_queries(queries);
        let mut sum = self.0.pairs(Difference::Relative, &queries);
        Zip::from(&mut sum)
            .and(&self.0.pairs(Difference::Reverse, &queries))
            .for_each(|a, &b| *a = 1.0 / (0.5 / *a + 0.5 / b));
        sum
    }
}

/// ∂S/∂q = ½ Σ w ln((p + q)/2q).
impl<F: Real> Sloped<F> for JensenShannon {
    fn slope(&self, keys: &Keys<F>, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope> {
        Ok(divergences::slope(keys, queries, |shares, q| {
            let rows = threads::map(q.nrows(), 20.0 * (weights.len() * q.ncols()) as f64, |row| {
                let mut sum = Array1::zeros(q.ncols());
                for (&w, p) in weights.row(row).iter().zip(shares.outer_iter()) {
                    Zip::from(&mut sum)
                        .and(&p)
                        .and(q.row(row))
                        .for_each(|a, p, q| *a += 0.5 * w * ((p + q) / (2.0 * q)).ln());
                }
                sum
            });
            let mut a = Array2::zeros(q.dim());
            rows.into_iter().enumerate().for_each(|(row, sum)| a.row_mut(row).assign(&sum));
            a
        }))
    }
}

/// The normalised geometric mean of the distributions half-way between key and state, with the total of the state's
/// best fit. The best state has no closed form; this state scores better than the current one.
#[derive(Debug)]
struct MeanHalfWay {
    totals: Vec<f64>,
}

impl<F: Real> BestState<F> for MeanHalfWay {
    fn best(&self, update: &Update<F>) -> Array2<f64> {
        let (values, states) = (update.keys.values(), update.states);
        let weights = shared_out(update.weights.to_owned());
        let rows = threads::map(states.nrows(), 20.0 * (weights.len() * states.ncols()) as f64, |row| {
            let state: Vec<f64> = states.row(row).iter().map(|x| x.to_f64() + EPSILON).collect();
            let own: f64 = state.iter().sum();
            let (mut logarithms, mut total) = (vec![0.0; state.len()], 0.0);
            for ((&w, key), of_key) in weights.row(row).iter().zip(values.outer_iter()).zip(&self.totals) {
                if w == 0.0 {
                    continue;
                }
                total += w * of_key;
                for ((sum, x), q) in logarithms.iter_mut().zip(key).zip(&state) {
                    *sum += w * (0.5 * ((x.to_f64() + EPSILON) / of_key + q / own)).ln();
                }
            }
            let shares: Vec<f64> = logarithms.iter().map(|l| l.exp()).collect();
            let sum: f64 = shares.iter().sum();
            let least = shares.iter().copied().fold(f64::INFINITY, f64::min) / sum;
            // No amount may become negative.
            let total = total.max(EPSILON / least);
            shares.iter().map(|q| (total * q / sum - EPSILON).max(0.0)).collect::<Vec<f64>>()
        });
        gathered(rows, states.ncols())
    }
}
