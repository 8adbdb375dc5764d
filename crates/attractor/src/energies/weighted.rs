//! Landscapes of ±1 states in which each row of a batch gives every pattern a weight of its own, by its cue.

use ndarray::{Array2, ArrayView2};

use super::dense::power;
use super::{DenseEnergy, Energy, Flip, Gradient, Interaction};
use crate::error::{Result, check_rows, check_width};
use crate::kernels::{dots, weighted_sums};
use crate::real::Real;

/// How the energy of weighted patterns is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// E(x; u) = −h(Σ_n α_n F(x·y_n)), as [`DenseEnergy`].
    Dense,
    /// E(x; u) = −½ xᵀW(u)x with W(u) = Σ_n α_n y_n y_nᵀ, whose F is u². Without self-coupling the diagonal of W is 0.
    Couplings {
        /// Whether W keeps its diagonal.
        self_coupling: bool,
    },
}

/// The landscapes of a batch, one for each row. Weights are α_n = (F(u·y_n)/max_m F(u·y_m))^G.
///
/// With exponential F, the logarithm of a weighted term is x·y_n + G u·y_n. So G is how much the cue counts against the state, in the memory's own measure
/// of likeness. The best match has weight 1, and its valley keeps its depth. Where an even power also stores −y_n, the weight is that of |u·y_n|. A pattern
/// whose F(u·y_n) is not positive has weight 0. A cue for which that holds for all patterns says nothing, and all weights are 1.
///
/// (For F = u² and G = ½ the weights are |u·y_n|, up to a factor: those of Betteti et al. 2025, arXiv 2411.05849.)
#[derive(Clone, Debug)]
pub(crate) struct WeightedRows<F> {
    dense: DenseEnergy<F>,
    scale: Scale,
    /// ln α_n for each row, B × N.
    log_weights: Array2<f64>,
    weights: Array2<f64>,
    /// The diagonals Σ_n α_n y_nj² of each row's W, B × D. `None` for [`Scale::Dense`].
    diagonals: Option<Array2<f64>>,
    /// D √(Σα²) for each row, the size of a field.
    sizes: Vec<f64>,
}

impl<F: Real> WeightedRows<F> {
    /// The landscapes under `cues`, B × D, at this gain.
    pub fn new(dense: DenseEnergy<F>, scale: Scale, cues: ArrayView2<F>, gain: f64) -> Self {
        let patterns = dense.patterns().values();
        let wide = patterns.mapv(F::to_f64);
        let mut log_weights = dots(cues.mapv(F::to_f64).view(), wide.view());
        log_weights.mapv_inplace(|overlap| log_interaction(dense.interaction(), overlap));
        for mut row in log_weights.outer_iter_mut() {
            let best = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            row.mapv_inplace(|log| if best.is_finite() { gain * (log - best) } else { 0.0 });
        }
        let weights = log_weights.mapv(f64::exp);
        let diagonals =
            (scale != Scale::Dense).then(|| weighted_sums(weights.view(), wide.mapv(|y| y * y).view()));
        let size = |row: ndarray::ArrayView1<f64>| wide.ncols() as f64 * row.dot(&row).sqrt();
        let sizes = weights.outer_iter().map(size).collect();
        WeightedRows { dense, scale, log_weights, weights, diagonals, sizes }
    }

    fn row(&self, row: usize) -> WeightedRow<'_, F> {
        WeightedRow { rows: self, row }
    }
}

/// ln F(u), or −∞ where F is not positive. An even power has the same value at −u.
fn log_interaction(interaction: Interaction, overlap: f64) -> f64 {
    match interaction {
        Interaction::Polynomial(k) if k % 2 == 0 => f64::from(k) * overlap.abs().ln(),
        Interaction::Polynomial(k) | Interaction::Rectified(k) => f64::from(k) * overlap.max(0.0).ln(),
        Interaction::Exponential => overlap,
    }
}

/// The landscape of one row.
struct WeightedRow<'a, F> {
    rows: &'a WeightedRows<F>,
    row: usize,
}

impl<F: Real> WeightedRow<'_, F> {
    fn log_weights(&self) -> &[f64] {
        let row = self.rows.log_weights.row(self.row);
        row.to_slice().expect("row-major")
    }

    fn weights(&self) -> &[f64] {
        let row = self.rows.weights.row(self.row);
        row.to_slice().expect("row-major")
    }

    /// h(Σ α F(u)) of these overlaps.
    fn sum(&self, overlaps: impl Iterator<Item = f64> + Clone) -> f64 {
        let weighted = |value: fn(f64, u32) -> f64, k: u32| {
            overlaps.clone().zip(self.weights()).map(|(u, a)| a * value(u, k)).sum()
        };
        match self.rows.dense.interaction() {
            Interaction::Polynomial(k) => weighted(power, k),
            Interaction::Rectified(k) => weighted(|u, k| power(u.max(0.0), k), k),
            Interaction::Exponential => {
                let logs = overlaps.zip(self.log_weights()).map(|(u, log)| u + log);
                self.rows.dense.negative_energy(logs)
            }
        }
    }

    /// The derivative of [`sum`](Self::sum) by each overlap, in place of the overlap.
    fn slopes(&self, overlaps: &mut [f64]) {
        let each = overlaps.iter_mut().zip(self.weights());
        match self.rows.dense.interaction() {
            Interaction::Polynomial(k) => each.for_each(|(u, a)| *u = a * f64::from(k) * power(*u, k - 1)),
            Interaction::Rectified(k) => {
                each.for_each(|(u, a)| *u = a * f64::from(k) * power(u.max(0.0), k - 1));
            }
            Interaction::Exponential => {
                overlaps.iter_mut().zip(self.log_weights()).for_each(|(u, log)| *u += log);
                let top = overlaps.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                overlaps.iter_mut().for_each(|u| *u = (*u - top).exp());
                let all: f64 = overlaps.iter().sum();
                overlaps.iter_mut().for_each(|u| *u /= all);
            }
        }
    }

    /// The diagonal of W that the energy leaves out, or `None` if it leaves out nothing.
    fn left_out(&self) -> Option<ndarray::ArrayView1<'_, f64>> {
        match self.rows.scale {
            Scale::Couplings { self_coupling: false } => {
                self.rows.diagonals.as_ref().map(|diagonals| diagonals.row(self.row))
            }
            _ => None,
        }
    }

    /// The energy of a state with these overlaps.
    fn energy_of(
        &self,
        overlaps: impl Iterator<Item = f64> + Clone,
        state: impl Iterator<Item = f64>,
    ) -> f64 {
        let sum = self.sum(overlaps);
        match self.rows.scale {
            Scale::Dense => -sum,
            Scale::Couplings { .. } => {
                let diagonal = self.left_out();
                let own = diagonal.map_or(0.0, |w| state.zip(w).map(|(x, w)| w * x * x).sum());
                (own - sum) / 2.0
            }
        }
    }
}

impl<F: Real> Energy<F> for WeightedRow<'_, F> {
    fn dim(&self) -> usize {
        self.rows.dense.patterns().dim()
    }

    fn energy(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Vec<f64>> {
        check_width("states", states.ncols(), Energy::<F>::dim(self))?;
        let energy = |state: ndarray::ArrayView1<F>| {
            let local = self.rows.dense.local(&state.to_vec());
            self.energy_of(local.iter().copied(), state.iter().map(|x| x.to_f64()))
        };
        Ok(states.outer_iter().map(energy).collect())
    }
}

impl<F: Real> Flip<F> for WeightedRow<'_, F> {
    fn local(&self, state: &[F]) -> Vec<f64> {
        self.rows.dense.local(state)
    }

    fn drive(&self, state: &[F], unit: usize, local: &[f64]) -> Result<f64> {
        let (x, dense) = (state[unit].to_f64(), &self.rows.dense);
        if self.rows.scale == Scale::Dense {
            let with = |value: f64| {
                let moved = move |(n, u): (usize, &f64)| u + (value - x) * dense.value(unit, n);
                self.sum(local.iter().enumerate().map(moved))
            };
            return Ok((with(1.0) - with(-1.0)) / 2.0);
        }
        let term = |((n, u), a): ((usize, &f64), &f64)| {
            let y = dense.value(unit, n);
            a * y * (u - x * y)
        };
        Ok(local.iter().enumerate().zip(self.weights()).map(term).sum())
    }

    fn inertia(&self, unit: usize) -> f64 {
        match (&self.rows.diagonals, self.rows.scale) {
            (Some(diagonals), Scale::Couplings { self_coupling: true }) => diagonals[[self.row, unit]],
            _ => 0.0,
        }
    }

    /// The fields of couplings are sums of D products of about √(Σα²).
    fn rounding(&self, _unit: usize) -> f64 {
        /// As for given couplings: sums of many products, kept up to date over many flips.
        const ROUNDING: f64 = 1e-12;
        match self.rows.scale {
            Scale::Dense => 0.0,
            Scale::Couplings { .. } => ROUNDING * self.rows.sizes[self.row],
        }
    }

    fn flip(&self, state: &mut [F], unit: usize, value: F, local: &mut [f64]) {
        self.rows.dense.flip(state, unit, value, local);
    }
}

impl<F: Real> Energy<F> for WeightedRows<F> {
    fn dim(&self) -> usize {
        self.dense.patterns().dim()
    }

    /// The energy of each row of the batch in its own landscape.
    fn energy(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Vec<f64>> {
        check_width("states", states.ncols(), Energy::<F>::dim(self))?;
        check_rows("states", states.nrows(), self.weights.nrows())?;
        let one = |(row, state): (usize, _)| Ok(self.row(row).energy(state, &[0.0])?[0]);
        states.axis_chunks_iter(ndarray::Axis(0), 1).enumerate().map(one).collect()
    }
}

impl<F: Real> Gradient<F> for WeightedRows<F> {
    fn gradient(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Array2<F>> {
        check_width("states", states.ncols(), Energy::<F>::dim(self))?;
        check_rows("states", states.nrows(), self.weights.nrows())?;
        let wide = states.mapv(F::to_f64);
        let patterns = self.dense.patterns().values().mapv(F::to_f64);
        let mut slopes = dots(wide.view(), patterns.view());
        for (row, mut slopes) in slopes.outer_iter_mut().enumerate() {
            self.row(row).slopes(slopes.as_slice_mut().expect("row-major"));
        }
        let sums = weighted_sums(slopes.view(), patterns.view());
        let factor = if self.scale == Scale::Dense { 1.0 } else { 0.5 };
        Ok(Array2::from_shape_fn(states.dim(), |(row, j)| {
            let own = self.row(row).left_out().map_or(0.0, |w| w[j] * wide[[row, j]]);
            F::from_f64(own - factor * sums[[row, j]])
        }))
    }
}

impl<F: Real> Flip<F> for WeightedRows<F> {
    fn locals(&self, states: ArrayView2<F>) -> Vec<Vec<f64>> {
        self.dense.locals(states)
    }

    fn of_row(&self, row: usize) -> Option<Box<dyn Flip<F> + '_>> {
        Some(Box::new(self.row(row)))
    }
}
