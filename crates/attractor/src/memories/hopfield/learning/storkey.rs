//! The rule of Storkey and Valabregue.

use ndarray::{Array2, ArrayView2, Zip};

use super::{Facts, Learning, each};
use crate::error::Result;
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    name: "storkey",
    about: "local and incremental like hebb, with a higher capacity",
    read: |_| Ok(Learning::Storkey),
    ..Facts::INCREMENTAL
};

pub(super) fn learn<F: Real>(couplings: Array2<f64>, patterns: ArrayView2<F>) -> Result<Array2<f64>> {
    Ok(each(couplings, patterns, |weights, y| {
        let scale = 1.0 / y.len() as f64;
        // The fields without each unit's own coupling; h_ij also leaves out unit j.
        let field = &weights.dot(&y) - &(&weights.diag() * &y);
        Zip::indexed(weights).for_each(|(i, j), w| {
            let other = if i == j { 0.0 } else { *w };
            let (h_ij, h_ji) = (field[i] - other * y[j], field[j] - other * y[i]);
            *w += scale * (y[i] * y[j] - y[i] * h_ji - y[j] * h_ij);
        });
    }))
}
