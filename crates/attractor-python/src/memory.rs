//! A memory as Python holds it.

use std::path::PathBuf;

use attractor::memories::Spec;
use attractor::{Memory as Core, Preparation};
use attractor_data::Stored;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::arrays::{Number, give};
use crate::error::{Keywords, unreadable};
use crate::options::{self, Named};
use crate::{build, local, recall};

/// Any memory of either number type.
pub enum Any {
    F32(Box<dyn Core<f32>>),
    F64(Box<dyn Core<f64>>),
}

/// Evaluates an expression with the memory inside, whatever its number type.
macro_rules! with {
    ($any:expr, $memory:ident => $body:expr) => {
        match $any {
            $crate::memory::Any::F32($memory) => {
                let $memory = $memory.as_ref();
                $body
            }
            $crate::memory::Any::F64($memory) => {
                let $memory = $memory.as_ref();
                $body
            }
        }
    };
}

/// Makes [`Any`] of a memory.
pub trait Held: Number {
    fn hold(memory: Box<dyn Core<Self>>) -> Any;
}
impl Held for f32 {
    fn hold(memory: Box<dyn Core<f32>>) -> Any {
        Any::F32(memory)
    }
}
impl Held for f64 {
    fn hold(memory: Box<dyn Core<f64>>) -> Any {
        Any::F64(memory)
    }
}

/// A built memory: immutable, shared by any number of threads.
#[pyclass(frozen, module = "attractor._attractor")]
pub struct Memory {
    pub any: Any,
    pub spec: Spec,
    /// Whether its patterns were bytes or bools, on a scale of 0 to 1.
    pub raw: bool,
    pub provenance: Vec<String>,
}

#[pymethods]
impl Memory {
    /// From patterns: see `build::patterns`.
    #[staticmethod]
    #[pyo3(signature = (model, options, patterns, *, prepare, raw, labels=None, weights=None, values=None, training=None, progress=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    fn build(
        py: Python<'_>,
        model: &str,
        options: Named<'_>,
        patterns: &Bound<'_, PyAny>,
        prepare: &str,
        raw: bool,
        labels: Option<Vec<String>>,
        weights: Option<Vec<f64>>,
        values: Option<&Bound<'_, PyAny>>,
        training: Option<Named<'_>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let known = build::Known { labels, weights, values };
        match training {
            None => build::patterns(py, model, &options, patterns, prepare, raw, known),
            Some(training) => {
                build::trained(py, &options, patterns, prepare, raw, known.labels, &training, progress)
            }
        }
    }

    /// From a description of extended memories.
    #[staticmethod]
    fn describe(
        py: Python<'_>,
        path: PathBuf,
        text: Option<&str>,
        options: Named<'_>,
        wide: bool,
    ) -> PyResult<Self> {
        build::description(py, &path, text, &options, wide)
    }

    /// From a denoiser `D(x, sigma)` alone.
    #[staticmethod]
    #[pyo3(signature = (denoiser, dim, options, *, wide, spread, patterns=None, labels=None))]
    fn foreign(
        denoiser: Py<PyAny>,
        dim: usize,
        options: Named<'_>,
        wide: bool,
        spread: f64,
        patterns: Option<&Bound<'_, PyAny>>,
        labels: Option<Vec<String>>,
    ) -> PyResult<Self> {
        match wide {
            true => build::foreign::<f64>(denoiser, dim, &options, spread, patterns, labels),
            false => build::foreign::<f32>(denoiser, dim, &options, spread, patterns, labels),
        }
    }

    /// From a file, or from the bytes of one. `wide`: the number type, that of the file if `None`.
    #[staticmethod]
    fn load(
        py: Python<'_>,
        path: PathBuf,
        bytes: Option<&[u8]>,
        options: Option<(String, Named<'_>)>,
        wide: Option<bool>,
    ) -> PyResult<Self> {
        build::load(py, &path, bytes, options.as_ref().map(|(model, named)| (model.as_str(), named)), wide)
    }

    /// The bytes of its file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes =
            py.detach(|| with!(&self.any, memory => self.stored(memory)?.to_bytes().map_err(unreadable)))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Writes it to a file, whole or not at all.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| with!(&self.any, memory => self.stored(memory)?.write(&path).map_err(unreadable)))
    }

    #[getter]
    fn model(&self) -> &'static str {
        with!(&self.any, memory => memory.name())
    }

    #[getter]
    fn dim(&self) -> usize {
        with!(&self.any, memory => memory.dim())
    }

    #[getter]
    fn memories(&self) -> Option<usize> {
        with!(&self.any, memory => memory.memories())
    }

    #[getter]
    fn wide(&self) -> bool {
        matches!(self.any, Any::F64(_))
    }

    #[getter]
    fn beta(&self) -> Option<f64> {
        with!(&self.any, memory => memory.inverse_temperature())
    }

    #[getter]
    fn spread(&self) -> Option<f64> {
        with!(&self.any, memory => memory.spread().map(|s| s / memory.preparation().scale()))
    }

    #[getter]
    fn options<'py>(&self, py: Python<'py>) -> PyResult<Named<'py>> {
        options::shown(py, &self.spec.options)
    }

    /// How its patterns were prepared, by the option's name.
    #[getter]
    fn prepare(&self) -> &'static str {
        with!(&self.any, memory => match memory.preparation() {
            _ if memory.patterns().is_some_and(|patterns| patterns.bits().is_some()) => "packed",
            Preparation::Identity => "none",
            Preparation::Affine { scale: 1.0, .. } => "center",
            _ => "normalize",
        })
    }

    /// Patterns as they were given, or as they are returned.
    fn patterns<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        with!(&self.any, memory => memory.patterns().map(|patterns| give(py, patterns.restored())))
    }

    fn labels(&self) -> Option<Vec<String>> {
        with!(&self.any, memory => {
            let labels = (0..memory.memories()?).map(|n| memory.label(n).map(str::to_owned));
            let labels: Vec<Option<String>> = labels.collect();
            labels.iter().any(Option::is_some).then(|| labels.into_iter().map(Option::unwrap_or_default).collect())
        })
    }

    fn weights(&self) -> Option<Vec<f64>> {
        with!(&self.any, memory => memory.weights())
    }

    /// Legal but surprising properties, one sentence each.
    fn notes(&self, py: Python<'_>) -> Vec<String> {
        py.detach(|| {
            with!(&self.any, memory => {
                let of_patterns = memory.patterns().map(|p| p.notes()).unwrap_or_default();
                memory.notes().iter().chain(&of_patterns).map(|note| note.spelled(&Keywords)).collect()
            })
        })
    }

    /// Recalls: arrays by name.
    fn recall<'py>(
        &self,
        py: Python<'py>,
        cues: &Bound<'py, PyAny>,
        clamp: Option<&Bound<'py, PyAny>>,
        asked: recall::Asked,
    ) -> PyResult<recall::Fields<'py>> {
        with!(&self.any, memory => recall::recall(py, memory, cues, clamp, asked))
    }

    /// Recalls from nothing: arrays by name.
    fn sample<'py>(
        &self,
        py: Python<'py>,
        count: usize,
        asked: recall::Asked,
    ) -> PyResult<recall::Fields<'py>> {
        with!(&self.any, memory => recall::sample(py, memory, count, asked))
    }

    /// Recalls and looks at every step: the recall, and what each step says.
    fn trace<'py>(
        &self,
        py: Python<'py>,
        cues: &Bound<'py, PyAny>,
        clamp: Option<&Bound<'py, PyAny>>,
        asked: recall::Asked,
    ) -> PyResult<(recall::Fields<'py>, Bound<'py, PyDict>)> {
        with!(&self.any, memory => recall::trace(py, memory, cues, clamp, asked))
    }

    /// Recalls each cue many times and counts where it ended.
    fn repeat<'py>(
        &self,
        py: Python<'py>,
        cues: &Bound<'py, PyAny>,
        clamp: Option<&Bound<'py, PyAny>>,
        repeats: usize,
        asked: recall::Asked,
    ) -> PyResult<Bound<'py, PyDict>> {
        with!(&self.any, memory => recall::repeat(py, memory, cues, clamp, repeats, asked))
    }

    /// One number a state: `energy`, or ln p by `exact` or `flow`.
    fn number<'py>(
        &self,
        py: Python<'py>,
        what: &str,
        states: &Bound<'py, PyAny>,
        sigmas: Option<Vec<f64>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        with!(&self.any, memory => local::number(py, memory, what, states, sigmas))
    }

    /// One vector a state: `gradient`, `denoise` or `score`.
    fn vector<'py>(
        &self,
        py: Python<'py>,
        what: &str,
        states: &Bound<'py, PyAny>,
        sigmas: Option<Vec<f64>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        with!(&self.any, memory => local::vector(py, memory, what, states, sigmas))
    }

    /// The posterior over all memories, one column each.
    fn posterior<'py>(
        &self,
        py: Python<'py>,
        states: &Bound<'py, PyAny>,
        sigmas: Option<Vec<f64>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        with!(&self.any, memory => local::posterior(py, memory, states, sigmas))
    }
}

impl Memory {
    fn stored<F: Number>(&self, memory: &dyn Core<F>) -> PyResult<Stored<F>> {
        let stored = Stored::of(self.spec.clone(), memory, None, self.raw, self.provenance.clone());
        let stored = stored.filter(|_| attractor::memories::model(&self.spec.model).is_ok());
        stored.ok_or_else(|| {
            let name = memory.name();
            PyTypeError::new_err(format!(
                "save: expected a memory of stored patterns, found {name}, which has none; keep what it was made of"
            ))
        })
    }
}
