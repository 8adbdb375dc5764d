//! Divergences between vectors of amounts, read as distributions over units.

use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView2, Zip};

use super::{Compare, Convention, EPSILON, Similarity, map_rows};
use crate::kernels::{Difference, Operand, pairs};
use crate::real::Real;

/// Distributions and their logarithms, N × D each.
struct Distributions<F> {
    shares: Array2<F>,
    logarithms: Array2<F>,
}

impl<F: Real> Distributions<F> {
    /// p = (x + ε)/Σ(x + ε), which has no 0 and sums to 1, so that no divergence is negative. As published:
    /// x/Σx, and the logarithm of that plus ε.
    fn new(amounts: ArrayView2<F>, convention: Convention) -> Self {
        let published = convention == Convention::Uhn2022;
        let (before, after) = if published { (0.0, F::of(EPSILON).wide()) } else { (EPSILON, 0.0) };
        let shares = map_rows(amounts, |x, to| {
            let sum = if published {
                // In the numbers of the data, as the published code sums.
                x.iter().fold(F::ZERO, |sum, &x| sum + x).wide()
            } else {
                x.iter().map(|x| x.wide() + before).sum()
            };
            to.iter_mut().zip(x).for_each(|(to, x)| *to = (x.wide() + before) / sum);
        });
        let logarithms = shares.mapv(|p| F::of(F::of(p.wide() + after).wide().ln()));
        Distributions { shares, logarithms }
    }

    fn operand(&self) -> Operand<'_, F> {
        Operand { values: self.shares.view(), logarithms: self.logarithms.view() }
    }

    /// Σ p ln p of each.
    fn negentropies(&self) -> Vec<f64> {
        let sum = |(p, l): (ndarray::ArrayView1<F>, ndarray::ArrayView1<F>)| {
            p.iter().zip(l).map(|(p, l)| p.wide() * l.wide()).sum()
        };
        self.shares.outer_iter().zip(self.logarithms.outer_iter()).map(sum).collect()
    }
}

struct Divergences<F> {
    keys: Distributions<F>,
    similarity: Similarity,
    convention: Convention,
}

impl<F: Real> Compare<F> for Divergences<F> {
    fn scores(&self, queries: ArrayView2<F>) -> Array2<f64> {
        let queries = Distributions::new(queries, self.convention);
        let divergence = |of| pairs(of, queries.operand(), self.keys.operand());
        let published = self.convention == Convention::Uhn2022;
        match self.similarity {
            Similarity::JensenShannon if published => {
                // The mean of two numbers that are reciprocals already.
                let mut sum = divergence(Difference::Relative);
                Zip::from(&mut sum)
                    .and(&divergence(Difference::Reverse))
                    .for_each(|a, &b| *a = 1.0 / (0.5 / *a + 0.5 / b));
                sum
            }
            Similarity::JensenShannon => {
                let (p, q) = (self.keys.negentropies(), queries.negentropies());
                let mut scores = divergence(Difference::Mixture);
                for ((row, column), score) in scores.indexed_iter_mut() {
                    // Rounding must not make a distance negative.
                    *score = (*score - (p[column] + q[row]) / 2.0).min(0.0);
                }
                scores
            }
            similarity => {
                let of = match similarity {
                    Similarity::KullbackLeibler => Difference::Relative,
                    _ => Difference::Reverse,
                };
                divergence(of).mapv_into(|d| if published { 1.0 / d } else { -d.max(0.0) })
            }
        }
    }
}

pub(super) fn compare<F: Real>(
    similarity: Similarity,
    convention: Convention,
    keys: ArcArray2<F>,
) -> Arc<dyn Compare<F>> {
    Arc::new(Divergences { keys: Distributions::new(keys.view(), convention), similarity, convention })
}
