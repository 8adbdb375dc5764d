//! Rows of numbers: states, cues and patterns alike.

use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::error::{Error, Result};
use crate::message::Message;
use crate::real::Real;

/// Refuses the first row with a value that is no usable number, or too large a norm.
pub(crate) fn check_states<F: Real>(
    what: &str,
    states: ArrayView2<F>,
    cure: impl Into<Message>,
) -> Result<()> {
    let Some(row) = states.outer_iter().position(|state| !is_usable(state)) else {
        return Ok(());
    };
    let (what, values) = (what.to_owned(), states.row(row));
    Err(match values.iter().position(|v| !v.is_finite()) {
        Some(unit) => {
            Error::NotFinite { what, found: values[unit].to_string(), row, unit, cure: cure.into() }
        }
        None => {
            Error::TooLarge { what, found: square(values), limit: F::LARGEST_SQUARE, number: F::NAME, row }
        }
    })
}

/// Whether [`check_states`] lets a state pass: decided by its largest unit where that suffices.
pub(crate) fn is_usable<F: Real>(state: ArrayView1<F>) -> bool {
    let limit = F::of((F::LARGEST_SQUARE / state.len() as f64).sqrt() / 2.0);
    // No number is within any limit.
    let within = |all: bool, v: &F| all & (v.abs() <= limit);
    let plainly = match state.as_slice() {
        Some(units) => units.iter().fold(true, within),
        None => state.iter().fold(true, within),
    };
    plainly || square(state) <= F::LARGEST_SQUARE
}

fn square<F: Real>(state: ArrayView1<F>) -> f64 {
    state.iter().map(|v| v.wide() * v.wide()).sum()
}

/// Squared norms of rows.
pub(crate) fn squares<F: Real>(states: ArrayView2<F>) -> Vec<f64> {
    states.outer_iter().map(square).collect()
}

/// Some rows, in this order; quicker than selecting along any axis.
pub(crate) fn pick<F: Real>(states: ArrayView2<F>, rows: &[usize]) -> Array2<F> {
    let mut picked = Vec::with_capacity(rows.len() * states.ncols());
    for &row in rows {
        match states.row(row).to_slice() {
            Some(units) => picked.extend_from_slice(units),
            None => picked.extend(states.row(row)),
        }
    }
    Array2::from_shape_vec((rows.len(), states.ncols()), picked).expect("rows of one length")
}
