//! Memories of fixed size: what they keep, and how they change.

use attractor_session::{About, Change, Held, Opened, Origin, Session, changed_sums};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{Number, list, read};
use crate::error::session as refused;
use crate::memory::Memory;

/// The sums, their number of patterns, the noise of the estimate and the effective number of patterns.
pub fn kept<'py, F: Held>(
    py: Python<'py>,
    memory: &dyn attractor::Memory<F>,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let Some(features) = memory.model().abilities().features else {
        return Ok(None);
    };
    let sums = features.sums();
    let kept = PyDict::new(py);
    kept.set_item("cosines", list(py, sums.cosines.clone()))?;
    kept.set_item("sines", list(py, sums.sines.clone()))?;
    kept.set_item("patterns", sums.patterns)?;
    kept.set_item("noise", sums.noise())?;
    kept.set_item("distinct", sums.distinct())?;
    Ok(Some(kept))
}

/// The memory with these rows, or without them.
pub fn changed<F: Held + Number>(
    py: Python<'_>,
    memory: &dyn attractor::Memory<F>,
    about: &About,
    rows: &Bound<'_, PyAny>,
    weights: Option<Vec<f64>>,
    remove: bool,
) -> PyResult<Memory> {
    let rows = read::<F>("X", rows)?.as_array().to_owned();
    let change = if remove { Change::Remove } else { Change::Append };
    let what = format!("{} {} rows of an array", if remove { "removed" } else { "appended" }, rows.nrows());
    let provenance = [about.provenance.clone(), vec![what]].concat();
    let about = About { origin: Origin::Stored, provenance, ..about.clone() };
    let memory = py.detach(|| changed_sums(memory, change, rows, weights.as_deref())).map_err(refused)?;
    let memory = memory.ok_or_else(|| PyTypeError::new_err("it keeps its patterns"))?;
    Ok(Memory::of(Session::from(Opened { memory, about })))
}
