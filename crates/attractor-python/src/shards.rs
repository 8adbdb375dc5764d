//! Memories in parts: a part that is open, and a memory that asks its parts through Python.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use attractor::kernels::Shards;
use attractor::memories;
use attractor_data::{Error, StoredSummary, cut, read_shard, shard_head, shard_summary};
use attractor_session::{Known, Session, Setup, append_to_parts as append};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::arrays::read;
use crate::callable::Callable;
use crate::error::{session, unreadable};
use crate::memory::Memory;
use crate::options::{Named, of_model, typed};

/// Cuts a stored memory into parts, and returns the names of their files.
#[pyfunction]
pub fn shard(py: Python<'_>, path: PathBuf, parts: usize, folder: PathBuf) -> PyResult<Vec<PathBuf>> {
    py.detach(|| cut(&path, parts, &folder)).map_err(unreadable)
}

/// Appends rows (float64) to a memory in parts. Returns how many patterns it has then.
#[pyfunction]
#[pyo3(signature = (folder, rows, *, labels=None))]
pub fn append_to_parts(
    py: Python<'_>,
    folder: PathBuf,
    rows: &Bound<'_, PyAny>,
    labels: Option<Vec<String>>,
) -> PyResult<usize> {
    let rows = read::<f64>("patterns", rows)?.as_array().to_owned();
    let provenance = format!("appended {} rows of an array", rows.nrows());
    let known = Known { labels, ..Known::default() };
    py.detach(|| append(&folder, &rows, known, &provenance)).map_err(session)
}

/// A part that is open for questions.
#[pyclass(frozen, module = "attractor._attractor")]
pub struct Part {
    path: PathBuf,
    shard: Any,
}

enum Any {
    Single(memories::Part<f32>),
    Double(memories::Part<f64>),
}

fn summary_of(path: &Path) -> Result<(StoredSummary, Vec<u8>), Error> {
    let head = shard_head(path)?;
    Ok((shard_summary(path, &head)?, head))
}

#[pymethods]
impl Part {
    /// Opens the file of a part. Numbers are held in memory unless they are to be streamed.
    #[new]
    fn new(py: Python<'_>, path: PathBuf, streamed: bool) -> PyResult<Self> {
        let open = || {
            let (summary, _) = summary_of(&path)?;
            let shard = match summary.dtype {
                "f64" => Any::Double(read_shard(&path, streamed)?),
                _ => Any::Single(read_shard(&path, streamed)?),
            };
            Ok(shard)
        };
        let shard = py.detach(open).map_err(unreadable)?;
        Ok(Part { path, shard })
    }

    /// All of the file but the patterns.
    fn head<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &summary_of(&self.path).map_err(unreadable)?.1))
    }

    /// Answers a question that was asked of all parts.
    fn answer<'py>(&self, py: Python<'py>, question: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let answer = py.detach(|| match &self.shard {
            Any::Single(shard) => shard.answer(question),
            Any::Double(shard) => shard.answer(question),
        });
        answer.map(|answer| PyBytes::new(py, &answer)).map_err(PyRuntimeError::new_err)
    }
}

/// What the head of a part says of it.
#[pyfunction]
pub fn part_summary<'py>(py: Python<'py>, name: PathBuf, head: &[u8]) -> PyResult<Bound<'py, PyDict>> {
    let summary = shard_summary(&name, head).map_err(unreadable)?;
    let dict = PyDict::new(py);
    if let Some(shard) = &summary.shard {
        dict.set_item("memory", &shard.memory)?;
        dict.set_item("part", shard.part)?;
        dict.set_item("parts", shard.parts)?;
        dict.set_item("first", shard.first)?;
        dict.set_item("rows", shard.rows)?;
        dict.set_item("total", shard.total)?;
        dict.set_item("version", &shard.version)?;
    }
    dict.set_item("model", &summary.spec.model)?;
    dict.set_item("units", summary.dim)?;
    dict.set_item("dtype", summary.dtype)?;
    dict.set_item("packed", summary.packed)?;
    Ok(dict)
}

/// Parts that are asked through a callable of Python: bytes in, a list of bytes out.
struct Asked {
    ask: Callable,
    bits: bool,
}

impl fmt::Debug for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asked")
    }
}

impl Shards for Asked {
    fn ask(&self, question: &[u8]) -> Result<Vec<Vec<u8>>, String> {
        Python::attach(|py| -> PyResult<Vec<Vec<u8>>> {
            let answers = self.ask.get(py)?.call1((PyBytes::new(py, question),))?;
            answers.try_iter()?.map(|answer| Ok(answer?.cast::<PyBytes>()?.as_bytes().to_vec())).collect()
        })
        .map_err(|error| error.to_string())
    }

    fn are_bits(&self) -> bool {
        self.bits
    }
}

/// A memory whose parts are asked through a callable. `heads` has the name and the head of each, in the order of the answers.
/// Options that are given replace the stored options.
pub fn of_parts(
    py: Python<'_>,
    heads: Vec<(String, Vec<u8>)>,
    ask: Py<PyAny>,
    options: Option<(&str, &Named)>,
) -> PyResult<Memory> {
    let options = options.map(|(model, named)| typed(of_model(model), named)).transpose()?;
    let ask = Callable::new(ask);
    let called = ask.clone();
    py.detach(|| {
        let first = heads.first().map(|(name, head)| shard_summary(Path::new(name), head)).transpose();
        let bits = first.map_err(unreadable)?.is_some_and(|summary| summary.packed);
        let setup = Setup {
            replace_options: options.is_some(),
            options: options.unwrap_or_default(),
            ..Setup::default()
        };
        Session::of_shards(&heads, Arc::new(Asked { ask: called, bits }), &setup).map_err(session)
    })
    .map(|session| Memory::calling(session, ask))
}
