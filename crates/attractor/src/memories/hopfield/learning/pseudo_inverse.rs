//! The pseudo-inverse rule: the projection onto the span of the patterns.

use ndarray::{Array2, ArrayView2};

use super::{Facts, Learning, add_outer, each};
use crate::error::Result;
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    name: "pseudo-inverse",
    about: "projection onto the span of the patterns",
    read: |_| Ok(Learning::PseudoInverse),
    ..Facts::INCREMENTAL
};

/// A pattern counts as a linear combination of earlier ones if less than this share of its square is new.
const DEPENDENT: f64 = 1e-10;

pub(super) fn learn<F: Real>(couplings: Array2<f64>, patterns: ArrayView2<F>) -> Result<Array2<f64>> {
    Ok(without_rounding(each(couplings, patterns, |weights, y| {
        // The part of y that is not yet in the span. The second pass removes the rounding errors of the first.
        let fresh = &y - &weights.dot(&y);
        let fresh = &fresh - &weights.dot(&fresh);
        let square = fresh.dot(&fresh);
        if square > DEPENDENT * y.dot(&y) {
            add_outer(weights, 1.0 / square, &fresh, &fresh);
        }
    })))
}

/// The entries of a projection are at most 1, so entries of the size of rounding errors are set to 0. Patterns that
/// span all states then give the identity, whose fields keep every unit.
fn without_rounding(weights: Array2<f64>) -> Array2<f64> {
    const ROUNDING: f64 = 1e-12;
    weights.mapv(|w| if w.abs() < ROUNDING { 0.0 } else { w })
}
