//! The common part of divergences: vectors of amounts, read as distributions over units.

use ndarray::{ArcArray2, Array1, Array2, ArrayView1, ArrayView2, Axis};

use super::measure::{EnergyOf, Pair, Stated};
use super::{EPSILON, Keys, Slope, map_rows};
use crate::kernels::{Difference, Operand, pairs};
use crate::real::Real;

/// Distributions and their logarithms, N × D each.
pub(super) struct Distributions<F> {
    shares: Array2<F>,
    logarithms: Array2<F>,
    published: bool,
}

impl<F: Real> Distributions<F> {
    /// p = (x + ε)/Σ(x + ε), which has no zeros and sums to 1, so that no divergence is negative.
    pub fn new(amounts: ArrayView2<F>) -> Self {
        let shares = map_rows(amounts, |x, to| {
            let sum: f64 = x.iter().map(|x| x.to_f64() + EPSILON).sum();
            to.iter_mut().zip(x).for_each(|(to, x)| *to = (x.to_f64() + EPSILON) / sum);
        });
        let logarithms = shares.mapv(|p| F::from_f64(p.to_f64().ln()));
        Distributions { shares, logarithms, published: false }
    }

    /// The published form: x/Σx, and the logarithm of that plus ε.
    pub fn published(amounts: ArrayView2<F>) -> Self {
        let shares = map_rows(amounts, |x, to| {
            // In the number type of the data, like the published code.
            let sum = x.iter().fold(F::ZERO, |sum, &x| sum + x).to_f64();
            to.iter_mut().zip(x).for_each(|(to, x)| *to = x.to_f64() / sum);
        });
        let epsilon = F::from_f64(EPSILON).to_f64();
        let logarithms = shares.mapv(|p| F::from_f64(F::from_f64(p.to_f64() + epsilon).to_f64().ln()));
        Distributions { shares, logarithms, published: true }
    }

    /// The distributions of these queries, made in the same way as the keys.
    pub fn of_queries(&self, queries: ArrayView2<F>) -> Self {
        if self.published { Self::published(queries) } else { Self::new(queries) }
    }

    fn operand(&self) -> Operand<'_, F> {
        Operand { values: self.shares.view(), logarithms: self.logarithms.view() }
    }

    /// The kernel's sums over pairs, B × N, for queries that were made in the same way as the keys.
    pub fn pairs(&self, of: Difference, queries: &Self) -> Array2<f64> {
        pairs(of, queries.operand(), self.operand())
    }

    /// The negative entropy Σ p ln p of each distribution.
    pub fn negentropies(&self) -> Vec<f64> {
        let sum = |(p, l): (ArrayView1<F>, ArrayView1<F>)| {
            p.iter().zip(l).map(|(p, l)| p.to_f64() * l.to_f64()).sum()
        };
        self.shares.outer_iter().zip(self.logarithms.outer_iter()).map(sum).collect()
    }
}

/// Keys that are compared by one divergence.
pub(super) struct Divergence<F> {
    keys: Distributions<F>,
    of: Difference,
}

impl<F: Real> Divergence<F> {
    pub fn new(keys: ArcArray2<F>, of: Difference) -> Self {
        Divergence { keys: Distributions::new(keys.view()), of }
    }

    pub fn published(keys: ArcArray2<F>, of: Difference) -> Self {
        Divergence { keys: Distributions::published(keys.view()), of }
    }
}

impl<F: Real> super::measure::Compare<F> for Divergence<F> {
    fn scores(&self, queries: ArrayView2<F>) -> Array2<f64> {
        let divergences = self.keys.pairs(self.of, &self.keys.of_queries(queries));
        // Rounding must not make a distance negative.
        if self.keys.published {
            divergences.mapv_into(|d| 1.0 / d)
        } else {
            divergences.mapv_into(|d| -d.max(0.0))
        }
    }
}

/// The totals by which the keys are divided.
pub(super) fn totals<F: Real>(keys: &Keys<F>) -> Vec<f64> {
    keys.values().outer_iter().map(|key| key.iter().map(|x| x.to_f64() + EPSILON).sum()).collect()
}

/// The gradient of Σ w S from a = ∂S/∂q. With q = (x + ε)/Z it is ∂S/∂x_j = (a_j − Σ a_i q_i)/Z. `of` is called with
/// the shares of the keys and of the states.
pub(super) fn slope<F: Real>(
    keys: &Keys<F>,
    queries: ArrayView2<F>,
    of: impl FnOnce(&Array2<f64>, &Array2<f64>) -> Array2<f64>,
) -> Slope {
    let shares = |amounts: Array2<f64>| -> (Array2<f64>, Array1<f64>) {
        let smooth = amounts + EPSILON;
        let totals = smooth.sum_axis(Axis(1));
        (&smooth / &totals.view().insert_axis(Axis(1)), totals)
    };
    let (p, _) = shares(keys.values().mapv(F::to_f64));
    let (q, totals) = shares(queries.mapv(F::to_f64));
    let mut a = of(&p, &q);
    for ((mut a, q), total) in a.outer_iter_mut().zip(q.outer_iter()).zip(totals) {
        let mean = a.dot(&q);
        a.mapv_inplace(|a| (a - mean) / total);
    }
    Slope { stiffness: Array2::zeros(a.dim()), pull: a }
}

/// Why signs cannot be read as amounts.
pub(super) const NO_AMOUNTS: &str =
    "a divergence compares amounts of at least 0, and signs are -1 or 1; use output identity";

/// The energy of a single shot. There is one only for a separation that takes the best key, which is as near to
/// itself as possible.
pub(super) fn only_winner<F: Real>(pair: &Pair<F>, why: &'static str) -> Stated<EnergyOf> {
    match (pair.signs, pair.weights.is_winner) {
        (true, _) => Err(NO_AMOUNTS),
        (false, true) => Ok(EnergyOf::Scores),
        (false, false) => Err(why),
    }
}

/// Why the mean of keys does not lower an energy if another mean is the best state of the divergence.
pub(super) const OTHER_MEAN: &str = "the arithmetic mean of patterns is not the state at the least weighted divergence and can be further away than the cue; use dynamics descent";
