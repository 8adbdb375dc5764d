//! Changes of the files of stored memories.

use std::path::PathBuf;

use attractor_session::{Known, append as append_to, compact as make_compact, held, in_precision};
use pyo3::prelude::*;

use crate::arrays::read;
use crate::error::session;

/// Appends rows (float64) to a stored memory. Returns how many patterns it has then.
#[pyfunction]
#[pyo3(signature = (path, rows, *, labels=None, weights=None, values=None))]
pub fn append(
    py: Python<'_>,
    path: PathBuf,
    rows: &Bound<'_, PyAny>,
    labels: Option<Vec<String>>,
    weights: Option<Vec<f64>>,
    values: Option<&Bound<'_, PyAny>>,
) -> PyResult<usize> {
    let rows = read::<f64>("patterns", rows)?.as_array().to_owned();
    let values = values.map(|values| read::<f64>("values", values)).transpose()?;
    let values = values.map(|values| values.as_array().to_owned());
    py.detach(|| {
        let (_hold, memory) = held(&path)?;
        in_precision!(memory.summary().dtype.parse()?, F => {
            let narrow = |array: ndarray::Array2<f64>| array.mapv(<F as attractor::Real>::from_f64);
            let known = Known { labels, weights, associated: values.map(narrow) };
            let provenance = format!("appended {} rows of an array", rows.nrows());
            let now = memory.summary().patterns + rows.nrows();
            append_to::<F>(&path, memory, narrow(rows), known, provenance)?;
            Ok(now)
        })
    })
    .map_err(session)
}

/// Makes a stored memory one piece. Returns how many parts were appended to it.
#[pyfunction]
pub fn compact(py: Python<'_>, path: PathBuf) -> PyResult<usize> {
    py.detach(|| make_compact(&path)).map_err(session)
}
