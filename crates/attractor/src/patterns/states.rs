//! Checks of rows of numbers: states, cues and patterns.

use ndarray::{ArrayView1, ArrayView2};

use crate::error::{Error, Result};
use crate::kernels::square;
use crate::message::Message;
use crate::real::Real;

/// Returns an error for the first row that has a NaN or infinite value, or too large a norm.
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

/// Whether [`check_states`] accepts a state. If the largest unit is small enough, the norm is not computed.
pub(crate) fn is_usable<F: Real>(state: ArrayView1<F>) -> bool {
    let limit = F::from_f64((F::LARGEST_SQUARE / state.len() as f64).sqrt() / 2.0);
    // A NaN fails every comparison.
    let within = |all: bool, v: &F| all & (v.abs() <= limit);
    let plainly = match state.as_slice() {
        Some(units) => units.iter().fold(true, within),
        None => state.iter().fold(true, within),
    };
    plainly || square(state) <= F::LARGEST_SQUARE
}
