//! Rows of numbers: squared norms, and selection of rows.

use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::real::Real;

/// The squared norm of a row.
pub fn square<F: Real>(row: ArrayView1<F>) -> f64 {
    row.iter().map(|v| v.to_f64() * v.to_f64()).sum()
}

/// The squared norms of rows.
pub fn squares<F: Real>(rows: ArrayView2<F>) -> Vec<f64> {
    rows.outer_iter().map(square).collect()
}

/// Selects rows, in this order. It is faster than a selection along any axis.
pub fn pick<F: Real>(from: ArrayView2<F>, rows: &[usize]) -> Array2<F> {
    let mut picked = Vec::with_capacity(rows.len() * from.ncols());
    for &row in rows {
        match from.row(row).to_slice() {
            Some(units) => picked.extend_from_slice(units),
            None => picked.extend(from.row(row)),
        }
    }
    Array2::from_shape_vec((rows.len(), from.ncols()), picked).expect("rows of one length")
}
