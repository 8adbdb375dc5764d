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
    if states.as_slice().is_some_and(|units| are_below(units, limit_of::<F>(states.ncols()))) {
        return Ok(());
    }
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
    let limit = limit_of::<F>(state.len());
    let plainly = match state.as_slice() {
        Some(units) => are_below(units, limit),
        None => state.iter().all(|unit| unit.abs() <= limit),
    };
    plainly || square(state) <= F::LARGEST_SQUARE
}

/// The size of units with which a state of `dim` units is surely small enough.
fn limit_of<F: Real>(dim: usize) -> F {
    F::from_f64((F::LARGEST_SQUARE / dim as f64).sqrt() / 2.0)
}

/// Whether no unit is larger, or NaN.
fn are_below<F: Real>(units: &[F], limit: F) -> bool {
    const LANES: usize = 16;
    let (chunks, rest) = units.as_chunks::<LANES>();
    // A NaN fails every comparison. Lanes side by side, so that the compiler finds the vectors.
    let mut above = [F::ZERO; LANES];
    for chunk in chunks {
        for l in 0..LANES {
            above[l] = if chunk[l].abs() <= limit { above[l] } else { F::ONE };
        }
    }
    above.iter().all(|&above| above == F::ZERO) && rest.iter().all(|unit| unit.abs() <= limit)
}
