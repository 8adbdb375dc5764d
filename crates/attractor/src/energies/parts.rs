//! Work on a few states at a time, where each state needs a number for every pattern.

use ndarray::{Array2, ArrayView2, Axis, concatenate, s};

use crate::error::Result;
use crate::real::Real;

/// What a function makes of a few states at a time, so that at most four million scores with `patterns` patterns are held.
///
/// # Errors
/// The errors of the function.
pub(crate) fn in_parts<F: Real, T>(
    states: ArrayView2<F>,
    patterns: usize,
    part: impl FnMut(ArrayView2<F>) -> Result<T>,
) -> Result<Vec<T>> {
    /// The largest number of scores held at a time.
    const HELD: usize = 1 << 22;
    let batch = (HELD / patterns.max(1)).max(16);
    (0..states.nrows())
        .step_by(batch)
        .map(|from| states.slice_move(s![from..states.nrows().min(from + batch), ..]))
        .map(part)
        .collect()
}

/// The rows of several parts, one part after the other.
pub(super) fn stacked<F: Real>(parts: &[Array2<F>], dim: usize) -> Array2<F> {
    let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
    if views.is_empty() {
        return Array2::from_elem((0, dim), F::ZERO);
    }
    concatenate(Axis(0), &views).expect("equal widths")
}
