//! Callables of Python that a memory keeps.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyReferenceError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;

/// A callable that Python's garbage collector can see and release. Without that, an object that holds a memory whose
/// denoiser is its own method would never be freed.
#[derive(Clone)]
pub struct Callable(Arc<Mutex<Option<Py<PyAny>>>>);

impl Callable {
    pub fn new(callable: Py<PyAny>) -> Self {
        Callable(Arc::new(Mutex::new(Some(callable))))
    }

    /// The callable.
    pub fn get<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let callable = held.as_ref().map(|callable| callable.bind(py).clone());
        callable.ok_or_else(|| PyReferenceError::new_err("denoiser: it was released with its memory"))
    }

    /// Shows the callable to the collector.
    pub fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        // A callable that is being looked at is in use.
        self.0.try_lock().map_or(Ok(()), |held| visit.call(held.as_ref()))
    }

    /// Releases the callable.
    pub fn clear(&self) {
        // It is dropped after the lock, since that may run any code.
        let released = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(released);
    }
}
