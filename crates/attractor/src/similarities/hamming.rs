//! The number of equal bits.

use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView2};

use super::measure::{Compare, Descent, EnergyOf, Measure, Pair, Sloped, Stated};
use super::{Data, Facts, Range, Similarity};
use crate::error::{Error, Result};
use crate::kernels::hamming;
use crate::patterns::Packed;
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    similarity: Similarity::Hamming,
    name: "hamming",
    formula: "number of equal bits",
    range: Range::Positive,
    data: Data::Bits,
    least: |r, dim| dim as f64 - r,
};

pub(super) struct Hamming;

impl<F: Real> Measure<F> for Hamming {
    fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>> {
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

    fn slope(&self) -> Stated<&dyn Sloped<F>> {
        Err("a count of equal bits has no gradient")
    }

    /// The mean of the keys has the majority value of each bit, which is the best state.
    fn single_shot(&self, pair: &Pair<F>) -> Stated<EnergyOf> {
        if pair.signs && pair.keys.values().iter().any(|x| x.abs() != F::ONE) {
            return Err(
                "the output sign gives -1 and 1, and the patterns are bits of 0 and 1; use output identity, or patterns of -1 and 1",
            );
        }
        Ok(EnergyOf::Scores)
    }

    fn descent(&self, pair: &Pair<F>) -> Stated<Descent<F>> {
        self.single_shot(pair).map(Descent::by_read)
    }
}

struct Bits<F> {
    keys: Packed,
    /// A unit above it counts as set.
    threshold: F,
}

/// Converts rows of numbers to bits.
fn packed<F: Real>(of: ArrayView2<F>, threshold: F) -> Packed {
    Packed::from_signs(of.mapv(|x| x - threshold).view())
}

impl<F: Real> Compare<F> for Bits<F> {
    fn scores(&self, queries: ArrayView2<F>) -> Array2<f64> {
        let units = self.keys.dim() as f64;
        hamming(&packed(queries, self.threshold), &self.keys).mapv(|differ| units - f64::from(differ))
    }
}
