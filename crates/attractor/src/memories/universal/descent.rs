//! Updates to the state that scores best by the weights of the last one: medians, means of directions and of shares.

use ndarray::{Array2, ArrayView1, ArrayView2, Zip};

use super::Universal;
use super::energy::{lengths, totals};
use super::read::{Answer, summary};
use crate::error::Result;
use crate::kernels::weighted_sums;
use crate::real::Real;
use crate::separations::Separation;
use crate::similarities::{EPSILON, Keys, Similarity};
use crate::threads;

/// What a descent has worked out of its keys.
#[derive(Clone, Debug)]
pub(super) struct Descents {
    /// What each key is divided by in its score: its length or its sum; 1 where it is not.
    sizes: Vec<f64>,
    /// The keys of each unit in rising order of its value, D × N, for medians.
    orders: Option<Array2<u32>>,
}

impl Descents {
    pub fn new<F: Real>(keys: &Keys<F>, medians: bool) -> Self {
        use Similarity as S;
        let sizes = match keys.similarity() {
            S::Cosine | S::Pearson => lengths(keys),
            S::KullbackLeibler | S::ReverseKullbackLeibler | S::JensenShannon => totals(keys),
            _ => vec![1.0; keys.values().nrows()],
        };
        let orders = medians.then(|| {
            let values = keys.values();
            let sorted = threads::map(values.ncols(), 20.0 * values.len() as f64, |unit| {
                let column = values.column(unit);
                let mut order: Vec<u32> = (0..column.len() as u32).collect();
                order.sort_by(|&a, &b| {
                    column[a as usize].wide().total_cmp(&column[b as usize].wide()).then(a.cmp(&b))
                });
                order
            });
            Array2::from_shape_fn((values.ncols(), values.nrows()), |(unit, n)| sorted[unit][n])
        });
        Descents { sizes, orders }
    }
}

impl<F: Real> Universal<F> {
    /// The update of a descent. Cost as that of a single shot; Jensen–Shannon N·D logarithms.
    pub(super) fn descend(
        &self,
        states: ArrayView2<F>,
        descents: &Descents,
        top: usize,
    ) -> Result<Answer<F>> {
        use Similarity as S;
        let similarity = self.keys.similarity();
        let weights = self.weights(states)?;
        let mut pulls = weights.clone();
        match similarity {
            S::Dot => {
                pulls = self.keys.scores(states)?;
                for mut row in pulls.outer_iter_mut() {
                    self.separator.activities(row.as_slice_mut().expect("row-major"));
                }
            }
            // ∂(1/v) = −s²∂v.
            S::InverseEuclidean | S::InverseManhattan => {
                let scores = self.keys.scores(states)?;
                Zip::from(&mut pulls).and(&scores).for_each(|w, s| *w *= s * s);
            }
            S::Cosine | S::Pearson | S::KullbackLeibler => {
                for mut row in pulls.outer_iter_mut() {
                    Zip::from(&mut row)
                        .and(&ArrayView1::from(&descents.sizes))
                        .for_each(|w, size| *w = if *size > 0.0 { *w / size } else { 0.0 });
                }
            }
            _ => {}
        }
        if similarity != S::Dot {
            // Weights that may be negative are not to be shared out: in units of the mean length.
            let some = descents.sizes.iter().filter(|size| **size > 0.0);
            let mean = some.clone().sum::<f64>() / some.count().max(1) as f64;
            let shared = self.separator.shared();
            for mut row in pulls.outer_iter_mut() {
                let sum = row.sum();
                row.mapv_inplace(|w| {
                    if !shared {
                        w * mean
                    } else if sum > 0.0 {
                        w / sum
                    } else {
                        0.0
                    }
                });
            }
        }
        let medians = descents.orders.as_ref().filter(|_| self.output == super::Output::Identity);
        let next = match (similarity, medians) {
            (S::ReverseKullbackLeibler, _) => self.geometric(&pulls),
            (S::JensenShannon, _) => self.between(states, &pulls),
            (_, Some(orders)) => self.median(states, &pulls, orders),
            _ => weighted_sums(pulls.view(), self.patterns.values()),
        };
        let shared = self.separator.shared();
        let values = self.patterns.associated().map(|v| weighted_sums(weights.view(), v).mapv(F::of));
        let posteriors = weights.outer_iter().map(|w| shared.then(|| summary(w, top))).collect();
        Ok(Answer { states: next.mapv(F::of), values, posteriors })
    }

    /// Whether the single shot is the descent already.
    pub(super) fn descends_anyway(&self) -> bool {
        matches!(self.keys.similarity(), Similarity::Euclidean | Similarity::Hamming)
            || self.keys.similarity() == Similarity::Dot
                && !matches!(
                    self.separator.separation(),
                    Separation::Rectified(_) | Separation::Threshold(_) | Separation::Polynomial(_)
                )
    }

    /// The median of each unit by these weights (which sum to 1); of several the nearest to what the unit is.
    fn median(&self, states: ArrayView2<F>, weights: &Array2<f64>, orders: &Array2<u32>) -> Array2<f64> {
        /// Sums of weights that differ by less do so by rounding.
        const SAME: f64 = 1e-12;
        let values = self.patterns.values();
        let rows = threads::map(states.nrows(), 4.0 * (weights.len() * states.ncols()) as f64, |row| {
            let weights = weights.row(row);
            let median = |(unit, x): (usize, &F)| {
                let (mut sum, mut least) = (0.0, None);
                for &n in orders.row(unit) {
                    let n = n as usize;
                    sum += weights[n];
                    let value = values[[n, unit]].wide();
                    if least.is_none() && sum >= 0.5 - SAME {
                        least = Some(value);
                    }
                    if let Some(least) = least.filter(|_| sum > 0.5 + SAME) {
                        return x.wide().clamp(least, value);
                    }
                }
                least.unwrap_or(x.wide())
            };
            states.row(row).iter().enumerate().map(median).collect::<Vec<f64>>()
        });
        gathered(rows, states.ncols())
    }

    /// Π (ξ + ε)^w − ε, the shares of which are the normalised geometric mean.
    fn geometric(&self, weights: &Array2<f64>) -> Array2<f64> {
        let logarithms = self.patterns.values().mapv(|x| (x.wide() + EPSILON).ln());
        weighted_sums(weights.view(), logarithms.view()).mapv_into(|l| (l.exp() - EPSILON).max(0.0))
    }

    /// The normalised geometric mean of the distributions half-way between key and state, with the total of
    /// the state's best fit.
    fn between(&self, states: ArrayView2<F>, weights: &Array2<f64>) -> Array2<f64> {
        let values = self.patterns.values();
        let totals = totals(&self.keys);
        let rows = threads::map(states.nrows(), 20.0 * (weights.len() * states.ncols()) as f64, |row| {
            let state: Vec<f64> = states.row(row).iter().map(|x| x.wide() + EPSILON).collect();
            let own: f64 = state.iter().sum();
            let (mut logarithms, mut total) = (vec![0.0; state.len()], 0.0);
            for ((&w, key), of_key) in weights.row(row).iter().zip(values.outer_iter()).zip(&totals) {
                if w == 0.0 {
                    continue;
                }
                total += w * of_key;
                for ((sum, x), q) in logarithms.iter_mut().zip(key).zip(&state) {
                    *sum += w * (0.5 * ((x.wide() + EPSILON) / of_key + q / own)).ln();
                }
            }
            let shares: Vec<f64> = logarithms.iter().map(|l| l.exp()).collect();
            let sum: f64 = shares.iter().sum();
            let least = shares.iter().copied().fold(f64::INFINITY, f64::min) / sum;
            // No amount may fall below 0.
            let total = total.max(EPSILON / least);
            shares.iter().map(|q| (total * q / sum - EPSILON).max(0.0)).collect::<Vec<f64>>()
        });
        gathered(rows, states.ncols())
    }
}

fn gathered(rows: Vec<Vec<f64>>, width: usize) -> Array2<f64> {
    let count = rows.len();
    Array2::from_shape_vec((count, width), rows.into_iter().flatten().collect()).expect("equal rows")
}
