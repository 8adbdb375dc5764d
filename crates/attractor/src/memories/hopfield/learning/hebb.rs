//! Hebb's rule: the sum of products.

use ndarray::{Array2, ArrayView2};

use super::{Facts, Learning};
use crate::error::Result;
use crate::kernels::dots;
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    name: "hebb",
    about: "sum of products of the patterns",
    read: |_| Ok(Learning::Hebb),
    ..Facts::INCREMENTAL
};

pub(super) fn learn<F: Real>(couplings: Array2<f64>, patterns: ArrayView2<F>) -> Result<Array2<f64>> {
    Ok(couplings + products(patterns))
}

/// Σ_n y_n y_nᵀ, D × D.
pub(super) fn products<F: Real>(patterns: ArrayView2<F>) -> Array2<f64> {
    let units = patterns.t().mapv(F::to_f64).as_standard_layout().into_owned();
    dots(units.view(), units.view())
}
