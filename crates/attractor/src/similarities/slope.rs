//! Which way a state gains score: Σ_μ w_μ ∂S_μ/∂x, for flows along the scores.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Zip};

use super::{DELTA, EPSILON, Keys, Similarity};
use crate::error::{Error, Result, check_rows};
use crate::kernels::weighted_sums;
use crate::real::Real;
use crate::similarities::Convention;
use crate::threads;

/// √δ of |x| ≈ √(x² + δ): the distance per unit below which a smooth Manhattan distance is round.
pub const ROUNDING: f64 = 1e-2;

/// The slope of a weighted sum of scores, and how fast it falls with the state.
#[derive(Clone, Debug)]
pub struct Slope {
    /// Σ_μ w_μ ∂S_μ/∂x_i, B × D.
    pub pull: Array2<f64>,
    /// C_i ≥ 0 such that the pull is C_i(m_i − x_i), where it is a pull towards some m that weights alone give
    /// (distances); 0 elsewhere. B × D.
    pub stiffness: Array2<f64>,
}

impl<F: Real> Keys<F> {
    /// Why these scores have no slope, if they have none.
    pub fn flat(&self) -> Option<&'static str> {
        match (self.convention(), self.similarity()) {
            (Convention::Uhn2022, _) => Some("scores as published have poles and jumps"),
            (_, Similarity::Hamming) => Some("a count of equal bits has no slope"),
            _ => None,
        }
    }

    /// Scores with a slope everywhere, B × N: those of [`scores`](Self::scores), but that |x| in the Manhattan
    /// distances is √(x² + δ), δ = 10⁻⁴. Cost B·N·D operations.
    ///
    /// # Errors
    /// As [`scores`](Self::scores); a similarity without a slope.
    pub fn smooth_scores(&self, queries: ArrayView2<F>) -> Result<Array2<f64>> {
        self.slopes_exist()?;
        if !matches!(self.similarity(), Similarity::Manhattan | Similarity::InverseManhattan) {
            return self.scores(queries);
        }
        // Checks, and the shape.
        let mut scores = self.scores(queries)?;
        let keys = self.values();
        let inverse = self.similarity() == Similarity::InverseManhattan;
        let work = 4.0 * (scores.len() * keys.ncols()) as f64;
        let rows = threads::map(queries.nrows(), work, |row| {
            let distance = |key: ArrayView1<F>| -> f64 {
                key.iter().zip(queries.row(row)).map(|(x, z)| round(x.wide() - z.wide())).sum()
            };
            let score = |key| if inverse { 1.0 / (distance(key) + DELTA) } else { -distance(key) };
            keys.outer_iter().map(score).collect::<Array1<f64>>()
        });
        scores.outer_iter_mut().zip(rows).for_each(|(mut to, from)| to.assign(&from));
        Ok(scores)
    }

    /// The slope of Σ_μ w_μ S_μ at each query, of the [smooth scores](Self::smooth_scores). Cost B·N·D operations.
    ///
    /// ```
    /// use attractor::similarities::{Convention, Keys, Similarity};
    /// use ndarray::array;
    /// let keys = Keys::new(Similarity::Euclidean, array![[0.0_f64, 1.0], [2.0, 2.0]], Convention::Corrected)?;
    /// // ∂/∂x of −½|x − y₁|² − ½|x − y₂|² at 0: y₁ + y₂.
    /// let slope = keys.slope(array![[0.0, 0.0]].view(), array![[0.5, 0.5]].view())?;
    /// assert_eq!(slope.pull, array![[2.0, 3.0]]);
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`smooth_scores`](Self::smooth_scores); not one row of weights a query, and not one weight a key.
    pub fn slope(&self, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope> {
        use Similarity as S;
        self.slopes_exist()?;
        let keys = self.values();
        crate::error::check_width("cues", queries.ncols(), keys.ncols())?;
        check_rows("weights", weights.nrows(), queries.nrows())?;
        check_rows("weights of keys", weights.ncols(), keys.nrows())?;
        let wide = queries.mapv(F::wide);
        let none = || Array2::zeros(queries.dim());
        Ok(match self.similarity() {
            S::Dot => Slope { pull: weighted_sums(weights, keys), stiffness: none() },
            S::Cosine | S::Pearson => {
                let mut pull = weighted_sums(weights, self.factors());
                let units = super::products::map_queries(self.similarity(), queries);
                for ((mut pull, unit), state) in
                    pull.outer_iter_mut().zip(units.outer_iter()).zip(wide.outer_iter())
                {
                    let mean =
                        if self.similarity() == S::Pearson { state.mean().unwrap_or(0.0) } else { 0.0 };
                    let length = state.iter().map(|x| (x - mean).powi(2)).sum::<f64>().sqrt();
                    let along: f64 = pull.iter().zip(unit).map(|(p, u)| p * u.wide()).sum();
                    Zip::from(&mut pull).and(&unit).for_each(|p, u| *p = (*p - along * u.wide()) / length);
                    if unit.iter().all(|u| *u == F::ZERO) {
                        pull.fill(0.0);
                    }
                }
                Slope { pull, stiffness: none() }
            }
            S::L1Dot => {
                let mut pull = weighted_sums(weights, self.factors());
                for (mut pull, state) in pull.outer_iter_mut().zip(wide.outer_iter()) {
                    let sum = state.sum();
                    let along = pull.dot(&state) / sum;
                    pull.mapv_inplace(|p| (p - along) / sum);
                }
                Slope { pull, stiffness: none() }
            }
            S::Euclidean => towards(keys, &wide, weights.to_owned()),
            S::InverseEuclidean => {
                // ∂(1/v) = −s²∂v.
                let mut weights = weights.to_owned();
                weights.zip_mut_with(&self.scores(queries)?, |w, s| *w *= s * s);
                towards(keys, &wide, weights)
            }
            S::Manhattan => self.towards_smoothly(&wide, weights.to_owned()),
            S::InverseManhattan => {
                let mut weights = weights.to_owned();
                weights.zip_mut_with(&self.smooth_scores(queries)?, |w, s| *w *= s * s);
                self.towards_smoothly(&wide, weights)
            }
            S::KullbackLeibler | S::ReverseKullbackLeibler | S::JensenShannon => {
                Slope { pull: self.slope_of_divergences(&wide, weights), stiffness: none() }
            }
            S::Hamming => unreachable!("refused above"),
        })
    }

    /// Keys as they are multiplied with queries; the keys themselves where they are not.
    pub(crate) fn factors(&self) -> ArrayView2<'_, F> {
        self.compare.factors().unwrap_or_else(|| self.values())
    }

    fn slopes_exist(&self) -> Result<()> {
        match self.flat() {
            Some(reason) => {
                let (model, reason) = (self.similarity().name(), reason.into());
                Err(Error::Undefined { model, what: "slope", reason })
            }
            None => Ok(()),
        }
    }

    /// Σ w (ξ − x)/√((ξ − x)² + δ).
    fn towards_smoothly(&self, states: &Array2<f64>, weights: Array2<f64>) -> Slope {
        let keys = self.values();
        let work = 6.0 * (weights.len() * keys.ncols()) as f64;
        let rows = threads::map(states.nrows(), work, |row| {
            let state = states.row(row);
            let (mut pull, mut stiffness) = (vec![0.0; state.len()], vec![0.0; state.len()]);
            for (&w, key) in weights.row(row).iter().zip(keys.outer_iter()).filter(|(w, _)| **w != 0.0) {
                for (j, (x, z)) in key.iter().zip(state).enumerate() {
                    let away = x.wide() - z;
                    let each = w / round(away);
                    pull[j] += each * away;
                    stiffness[j] += each;
                }
            }
            (pull, stiffness)
        });
        let (mut pull, mut stiffness) = (Array2::zeros(states.dim()), Array2::zeros(states.dim()));
        for (row, (p, c)) in rows.into_iter().enumerate() {
            pull.row_mut(row).assign(&ArrayView1::from(&p));
            stiffness.row_mut(row).assign(&ArrayView1::from(&c));
        }
        Slope { pull, stiffness }
    }

    /// With q = (x + ε)/Z: ∂S/∂x_j = (a_j − Σ a_i q_i)/Z for a = ∂S/∂q.
    fn slope_of_divergences(&self, states: &Array2<f64>, weights: ArrayView2<f64>) -> Array2<f64> {
        let shares = self.values().mapv(|x| x.wide() + EPSILON);
        let shares = &shares / &shares.sum_axis(ndarray::Axis(1)).insert_axis(ndarray::Axis(1));
        let totals = states.mapv(|x| x + EPSILON).sum_axis(ndarray::Axis(1));
        let q = (states + EPSILON) / totals.view().insert_axis(ndarray::Axis(1));
        let mut a = match self.similarity() {
            Similarity::KullbackLeibler => weighted_sums(weights, shares.view()) / &q,
            Similarity::ReverseKullbackLeibler => {
                let sum = weights.sum_axis(ndarray::Axis(1)).insert_axis(ndarray::Axis(1));
                weighted_sums(weights, shares.mapv(f64::ln).view()) - q.mapv(f64::ln) * sum
            }
            _ => {
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
            }
        };
        for ((mut a, q), total) in a.outer_iter_mut().zip(q.outer_iter()).zip(totals) {
            let mean = a.dot(&q);
            a.mapv_inplace(|a| (a - mean) / total);
        }
        a
    }
}

/// √(x² + δ).
fn round(x: f64) -> f64 {
    (x * x + ROUNDING * ROUNDING).sqrt()
}

/// 2 Σ w (ξ − x).
fn towards<F: Real>(keys: ArrayView2<F>, states: &Array2<f64>, mut weights: Array2<f64>) -> Slope {
    weights *= 2.0;
    let total = weights.sum_axis(ndarray::Axis(1));
    let stiffness = Array2::from_shape_fn(states.dim(), |(row, _)| total[row]);
    Slope { pull: weighted_sums(weights.view(), keys) - states * &stiffness, stiffness }
}
