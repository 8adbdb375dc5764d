//! The states that score best for given weights: means and medians of the keys.

use ndarray::{Array2, ArrayView1, ArrayView2, Zip};

use super::Keys;
use super::measure::{BestState, Update};
use crate::kernels::weighted_sums;
use crate::real::Real;
use crate::threads;

/// Divides each row of weights by its sum; gives 0 if the sum is not above 0.
pub(super) fn shared_out(mut weights: Array2<f64>) -> Array2<f64> {
    for mut row in weights.outer_iter_mut() {
        let sum = row.sum();
        row.mapv_inplace(|w| if sum > 0.0 { w / sum } else { 0.0 });
    }
    weights
}

/// The weights of a descent in distances whose reciprocals 1/v are the scores: ∂(1/v) = −s²∂v.
pub(super) fn of_reciprocals<F: Real>(update: &Update<F>) -> Array2<f64> {
    let mut weights = update.weights.to_owned();
    Zip::from(&mut weights).and(&update.scores).for_each(|w, s| *w *= s * s);
    shared_out(weights)
}

/// The weighted sum Σ w ξ.
pub(super) fn sum<F: Real>(update: &Update<F>, weights: ArrayView2<f64>) -> Array2<f64> {
    weighted_sums(weights, update.keys.values())
}

/// The mean of the keys.
#[derive(Debug)]
pub(super) struct Mean;

impl<F: Real> BestState<F> for Mean {
    fn best(&self, update: &Update<F>) -> Array2<f64> {
        sum(update, shared_out(update.weights.to_owned()).view())
    }
}

/// The mean of the keys, with the weights of reciprocals.
#[derive(Debug)]
pub(super) struct MeanOfReciprocals;

impl<F: Real> BestState<F> for MeanOfReciprocals {
    fn best(&self, update: &Update<F>) -> Array2<f64> {
        sum(update, of_reciprocals(update).view())
    }
}

/// The mean of keys that are each divided by their size (length or sum). A key of size 0 has no weight.
#[derive(Debug)]
pub(super) struct MeanBySize(pub Vec<f64>);

impl<F: Real> BestState<F> for MeanBySize {
    fn best(&self, update: &Update<F>) -> Array2<f64> {
        let sizes = ArrayView1::from(&self.0);
        let mut weights = update.weights.to_owned();
        for mut row in weights.outer_iter_mut() {
            Zip::from(&mut row)
                .and(&sizes)
                .for_each(|w, size| *w = if *size > 0.0 { *w / size } else { 0.0 });
        }
        if update.shared {
            weights = shared_out(weights);
        } else {
            // Weights that may be negative cannot be normalised. They are in units of the mean size.
            let some = self.0.iter().filter(|size| **size > 0.0);
            let mean = some.clone().sum::<f64>() / some.count().max(1) as f64;
            weights.mapv_inplace(|w| w * mean);
        }
        sum(update, weights.view())
    }
}

/// The median of each unit of the keys.
#[derive(Debug)]
pub(super) struct Median(Orders);

impl Median {
    pub fn new<F: Real>(keys: &Keys<F>) -> Self {
        Median(Orders::new(keys))
    }
}

impl<F: Real> BestState<F> for Median {
    fn best(&self, update: &Update<F>) -> Array2<f64> {
        self.0.median(update, &shared_out(update.weights.to_owned()))
    }
}

/// The median of each unit of the keys, with the weights of reciprocals.
#[derive(Debug)]
pub(super) struct MedianOfReciprocals(Orders);

impl MedianOfReciprocals {
    pub fn new<F: Real>(keys: &Keys<F>) -> Self {
        MedianOfReciprocals(Orders::new(keys))
    }
}

impl<F: Real> BestState<F> for MedianOfReciprocals {
    fn best(&self, update: &Update<F>) -> Array2<f64> {
        self.0.median(update, &of_reciprocals(update))
    }
}

/// For each unit, the keys ordered by the unit's value, D × N.
#[derive(Debug)]
struct Orders(Array2<u32>);

impl Orders {
    fn new<F: Real>(keys: &Keys<F>) -> Self {
        let values = keys.values();
        let sorted = threads::map(values.ncols(), 20.0 * values.len() as f64, |unit| {
            let column = values.column(unit);
            let mut order: Vec<u32> = (0..column.len() as u32).collect();
            order.sort_by(|&a, &b| {
                column[a as usize].to_f64().total_cmp(&column[b as usize].to_f64()).then(a.cmp(&b))
            });
            order
        });
        Orders(Array2::from_shape_fn((values.ncols(), values.nrows()), |(unit, n)| sorted[unit][n]))
    }

    /// The median of each unit with these weights, which sum to 1. If several values are medians, it is the one
    /// nearest to the state.
    fn median<F: Real>(&self, update: &Update<F>, weights: &Array2<f64>) -> Array2<f64> {
        /// Sums of weights that differ by less are equal up to rounding.
        const SAME: f64 = 1e-12;
        let (values, states) = (update.keys.values(), update.states);
        let rows = threads::map(states.nrows(), 4.0 * (weights.len() * states.ncols()) as f64, |row| {
            let weights = weights.row(row);
            let median = |(unit, x): (usize, &F)| {
                let (mut sum, mut least) = (0.0, None);
                for &n in self.0.row(unit) {
                    let n = n as usize;
                    sum += weights[n];
                    let value = values[[n, unit]].to_f64();
                    if least.is_none() && sum >= 0.5 - SAME {
                        least = Some(value);
                    }
                    if let Some(least) = least.filter(|_| sum > 0.5 + SAME) {
                        return x.to_f64().clamp(least, value);
                    }
                }
                least.unwrap_or(x.to_f64())
            };
            states.row(row).iter().enumerate().map(median).collect::<Vec<f64>>()
        });
        gathered(rows, states.ncols())
    }
}

/// Joins rows into one array.
pub(super) fn gathered(rows: Vec<Vec<f64>>, width: usize) -> Array2<f64> {
    let count = rows.len();
    Array2::from_shape_vec((count, width), rows.into_iter().flatten().collect()).expect("equal rows")
}

/// Whether sizes are equal up to rounding. Rounding has an effect of second order only, because the mean is at a
/// maximum. Sizes of 0 belong to keys without weight and are ignored.
pub(super) fn equal(sizes: &[f64]) -> bool {
    const SAME: f64 = 1e-6;
    let some = || sizes.iter().copied().filter(|size| *size > 0.0);
    let (least, most) = (some().fold(f64::INFINITY, f64::min), some().fold(0.0, f64::max));
    most - least <= SAME * most
}
