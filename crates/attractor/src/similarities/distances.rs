//! Distances, as their negatives and as their reciprocals.

use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView2};

use super::{Compare, Convention, DELTA, Similarity};
use crate::kernels::{Difference, Operand, pairs};
use crate::real::Real;

struct Distances<F> {
    keys: ArcArray2<F>,
    difference: Difference,
    score: fn(f64) -> f64,
}

impl<F: Real> Compare<F> for Distances<F> {
    fn scores(&self, queries: ArrayView2<F>) -> Array2<f64> {
        let mut scores = pairs(self.difference, Operand::plain(queries), Operand::plain(self.keys.view()));
        scores.mapv_inplace(self.score);
        scores
    }
}

pub(super) fn compare<F: Real>(
    similarity: Similarity,
    convention: Convention,
    keys: ArcArray2<F>,
) -> Arc<dyn Compare<F>> {
    let difference = match similarity {
        Similarity::Euclidean | Similarity::InverseEuclidean => Difference::Square,
        _ => Difference::Absolute,
    };
    let inverse = matches!(similarity, Similarity::InverseEuclidean | Similarity::InverseManhattan);
    let score: fn(f64) -> f64 = match convention {
        Convention::Uhn2022 => |d| 1.0 / d,
        Convention::Corrected if inverse => |d| 1.0 / (d + DELTA),
        Convention::Corrected => |d| -d,
    };
    Arc::new(Distances { keys, difference, score })
}
