//! Arrays there and back.

use attractor::Real;
use ndarray::{Array, Array1, Dimension};
use numpy::{Element, PyArray, PyReadonlyArray2};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// A number type of states that NumPy has, too.
pub trait Number: Real + Element {}
impl Number for f32 {}
impl Number for f64 {}

/// Reads an array of exactly this type where it lies; the Python half has seen to the type.
pub fn read<'py, F: Element>(what: &str, object: &Bound<'py, PyAny>) -> PyResult<PyReadonlyArray2<'py, F>> {
    object.extract::<PyReadonlyArray2<F>>().map_err(|_| {
        let kind = object.get_type();
        PyTypeError::new_err(format!(
            "{what}: expected a two-dimensional array of the memory's number type, found {kind}"
        ))
    })
}

/// An array that may be left out.
pub fn read_if<'py, F: Element>(
    what: &str,
    object: Option<&Bound<'py, PyAny>>,
) -> PyResult<Option<PyReadonlyArray2<'py, F>>> {
    object.map(|object| read(what, object)).transpose()
}

/// Gives an array away without a copy.
pub fn give<F: Element, D: Dimension>(py: Python<'_>, array: Array<F, D>) -> Bound<'_, PyAny> {
    PyArray::from_owned_array(py, array).into_any()
}

/// Gives a list of numbers away without a copy.
pub fn list<T: Element>(py: Python<'_>, values: Vec<T>) -> Bound<'_, PyAny> {
    give(py, Array1::from(values))
}
