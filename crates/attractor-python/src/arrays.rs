//! Passes arrays between Python and Rust.

use attractor::Real;
use ndarray::{Array, Array1, Dimension};
use numpy::{Element, PyArray, PyReadonlyArray2};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// A number type of states that NumPy also has.
pub trait Number: Real + Element {}
impl Number for f32 {}
impl Number for f64 {}

/// Borrows an array of exactly this type, without a copy. The Python half has converted it.
pub fn read<'py, F: Element>(what: &str, object: &Bound<'py, PyAny>) -> PyResult<PyReadonlyArray2<'py, F>> {
    object.extract::<PyReadonlyArray2<F>>().map_err(|_| {
        let kind = object.get_type();
        PyTypeError::new_err(format!(
            "{what}: expected a two-dimensional array of the memory's number type, found {kind}"
        ))
    })
}

/// Borrows an array that may be missing.
pub fn read_if<'py, F: Element>(
    what: &str,
    object: Option<&Bound<'py, PyAny>>,
) -> PyResult<Option<PyReadonlyArray2<'py, F>>> {
    object.map(|object| read(what, object)).transpose()
}

/// Hands an array to Python, without a copy.
pub fn give<F: Element, D: Dimension>(py: Python<'_>, array: Array<F, D>) -> Bound<'_, PyAny> {
    PyArray::from_owned_array(py, array).into_any()
}

/// Hands a list of numbers to Python, without a copy.
pub fn list<T: Element>(py: Python<'_>, values: Vec<T>) -> Bound<'_, PyAny> {
    give(py, Array1::from(values))
}
