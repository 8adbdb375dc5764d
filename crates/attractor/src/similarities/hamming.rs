//! The number of equal bits.

use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView2};

use super::{Compare, Convention};
use crate::error::{Error, Result};
use crate::kernels::hamming;
use crate::message;
use crate::message::Argument;
use crate::patterns::Packed;
use crate::real::Real;

struct Bits<F> {
    keys: Packed,
    /// Above it a unit is set.
    threshold: F,
}

/// Bits of rows of numbers.
fn packed<F: Real>(of: ArrayView2<F>, threshold: F) -> Packed {
    Packed::from_signs(of.mapv(|x| x - threshold).view())
}

impl<F: Real> Compare<F> for Bits<F> {
    fn scores(&self, queries: ArrayView2<F>) -> Array2<f64> {
        let units = self.keys.dim() as f64;
        hamming(&packed(queries, self.threshold), &self.keys).mapv(|differ| units - f64::from(differ))
    }
}

pub(super) fn compare<F: Real>(convention: Convention, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>> {
    if convention == Convention::Uhn2022 {
        return Err(Error::Undefined {
            model: "uhn2022",
            what: "similarity hamming",
            reason: message!["the published code has none; leave ", Argument::option("compat"), " away"],
        });
    }
    let all = |a: F, b: F| keys.iter().all(|&x| x == a || x == b);
    let threshold = if all(-F::ONE, F::ONE) {
        F::ZERO
    } else if all(F::ZERO, F::ONE) {
        F::HALF
    } else {
        let found = keys.iter().find(|x| x.abs() != F::ONE && **x != F::ZERO).copied();
        return Err(Error::shape(
            "patterns for hamming",
            "bits: -1 and 1, or 0 and 1",
            found.map_or("-1, 0 and 1 together".into(), |x| x.to_string()),
            "threshold the patterns first, or choose another similarity",
        ));
    };
    Ok(Arc::new(Bits { keys: packed(keys.view(), threshold), threshold }))
}
