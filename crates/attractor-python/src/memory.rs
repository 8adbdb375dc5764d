//! The class of a built memory.

use std::path::PathBuf;

use attractor::Preparation;
use attractor::memories::Weights;
use attractor_data::Layout;
use attractor_session::{Examination, Known, Origin, Precision, Session, in_precision, with_memory};
use numpy::PyReadonlyArray1;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::arrays::give;
use crate::callable::Callable;
use crate::error::{Keywords, session as refused, unreadable};
use crate::observe::Pace;
use crate::options::{self, Named};
use crate::{build, density, effect, local, recall, shards, sums};

/// A built memory. It is immutable, and threads may share it.
#[pyclass(frozen, module = "attractor._attractor")]
pub struct Memory(pub Session, Option<Callable>);

impl Memory {
    /// The class of a session.
    pub fn of(session: Session) -> Self {
        Memory(session, None)
    }

    /// The class of a session whose denoiser is this callable.
    pub fn calling(session: Session, denoiser: Callable) -> Self {
        Memory(session, Some(denoiser))
    }
}

impl Memory {
    /// How many rows are worked on at a time.
    fn pace(&self) -> Pace {
        let (dim, patterns) = with_memory!(&self.0.memory, memory => (memory.dim(), memory.memories()));
        let [elsewhere, in_bits] = with_memory!(&self.0.memory, memory => {
            let patterns = memory.patterns();
            [patterns.is_some_and(|p| p.shards().is_some()), patterns.is_some_and(|p| p.bits().is_some())]
        });
        match self.0.about.origin {
            // Every question has its way to the parts and back.
            _ if elsewhere => Pace::all_at_once(dim),
            Origin::Function => Pace::all_at_once(dim),
            _ if in_bits => Pace::of_bits(patterns.unwrap_or(0), dim),
            _ => Pace::new(patterns.unwrap_or(0), dim),
        }
    }
}

#[pymethods]
impl Memory {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.1.as_ref().map_or(Ok(()), |denoiser| denoiser.traverse(&visit))
    }

    fn __clear__(&self) {
        self.1.iter().for_each(Callable::clear);
    }

    /// Builds a memory from patterns; see `build::patterns`.
    #[staticmethod]
    #[pyo3(signature = (model, options, patterns, *, prepare, raw, image=None, labels=None, weights=None, values=None, training=None, progress=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    fn build(
        py: Python<'_>,
        model: &str,
        options: Named<'_>,
        patterns: &Bound<'_, PyAny>,
        prepare: &str,
        raw: bool,
        image: Option<&str>,
        labels: Option<Vec<String>>,
        weights: Option<Vec<f64>>,
        values: Option<&Bound<'_, PyAny>>,
        training: Option<Named<'_>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let stored = build::Patterns { rows: patterns, prepare, raw, image, labels, weights, values };
        match training {
            None => build::patterns(py, model, &options, stored),
            Some(training) => build::trained(py, &options, stored, &training, progress),
        }
    }

    /// Builds a memory whose parts others hold; see `shards::of_parts`.
    #[staticmethod]
    #[pyo3(signature = (heads, ask, options=None))]
    fn of_parts(
        py: Python<'_>,
        heads: Vec<(String, Vec<u8>)>,
        ask: Py<PyAny>,
        options: Option<(String, Named<'_>)>,
    ) -> PyResult<Self> {
        let options = options.as_ref().map(|(model, named)| (model.as_str(), named));
        shards::of_parts(py, heads, ask, options)
    }

    /// Builds a memory from a description of extended memories.
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

    /// The text of a description with the arrays of its files in it.
    #[staticmethod]
    fn in_full(py: Python<'_>, path: PathBuf, text: &str) -> PyResult<String> {
        py.detach(|| attractor_data::description_in_full(&path, text)).map_err(unreadable)
    }

    /// Builds a memory from a denoiser `D(x, sigma)` alone.
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
        in_precision!(build::precision(wide), F => {
            build::foreign::<F>(denoiser, dim, &options, spread, patterns, labels)
        })
    }

    /// Loads a memory from a file or from its bytes. `wide` asks for double or single precision; `None` keeps that of
    /// the file.
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

    /// Fits a density to rows (float64); returns the memory and the facts of the fit.
    #[staticmethod]
    #[pyo3(signature = (rows, settings, options, *, raw, wide, labels=None, progress=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    fn fit<'py>(
        py: Python<'py>,
        rows: &Bound<'py, PyAny>,
        settings: Named<'py>,
        options: Named<'py>,
        raw: bool,
        wide: bool,
        labels: Option<Vec<String>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(Self, Bound<'py, PyDict>)> {
        density::fit(py, density::Rows { rows, labels, raw, wide }, &settings, &options, progress)
    }

    /// This density with events beside it.
    #[pyo3(signature = (events, weight, *, labels=None, weights=None))]
    fn with_events(
        &self,
        py: Python<'_>,
        events: &Bound<'_, PyAny>,
        weight: f64,
        labels: Option<Vec<String>>,
        weights: Option<Vec<f64>>,
    ) -> PyResult<Self> {
        with_memory!(&self.0.memory, memory => {
            let known = Known { labels, weights, associated: None };
            density::with_events(py, memory, &self.0.about, events, known, weight)
        })
    }

    /// This density with cores of events beside it.
    #[pyo3(signature = (events, *, rule=None, matrix=None, units=None, form, odds, weight=None, image=None, labels=None, weights=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    fn with_cores(
        &self,
        py: Python<'_>,
        events: &Bound<'_, PyAny>,
        rule: Option<String>,
        matrix: Option<&Bound<'_, PyAny>>,
        units: Option<Vec<Vec<usize>>>,
        form: String,
        odds: String,
        weight: Option<f64>,
        image: Option<(usize, usize)>,
        labels: Option<Vec<String>>,
        weights: Option<Vec<f64>>,
    ) -> PyResult<Self> {
        let rule = density::Rule { name: rule, matrix, units, form, odds, weight, image };
        with_memory!(&self.0.memory, memory => {
            let known = Known { labels, weights, associated: None };
            density::with_cores(py, memory, &self.0.about, events, known, rule)
        })
    }

    /// The surprising units of events, with their errors.
    fn surprise(
        &self,
        py: Python<'_>,
        events: &Bound<'_, PyAny>,
        threshold: f64,
    ) -> PyResult<Vec<(Vec<usize>, Vec<f64>)>> {
        with_memory!(&self.0.memory, memory => density::surprise(py, memory, events, threshold))
    }

    /// The bytes of the memory's file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.0.to_bytes()).map_err(refused)?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Writes the memory to a file. If that fails, no partial file is left.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| self.0.write(&path)).map_err(refused)
    }

    #[getter]
    fn model(&self) -> &'static str {
        with_memory!(&self.0.memory, memory => memory.name())
    }

    #[getter]
    fn dim(&self) -> usize {
        with_memory!(&self.0.memory, memory => memory.dim())
    }

    #[getter]
    fn memories(&self) -> Option<usize> {
        with_memory!(&self.0.memory, memory => memory.memories())
    }

    #[getter]
    fn wide(&self) -> bool {
        self.0.memory.precision() == Precision::F64
    }

    #[getter]
    fn beta(&self) -> Option<f64> {
        with_memory!(&self.0.memory, memory => memory.inverse_temperature())
    }

    #[getter]
    fn spread(&self) -> Option<f64> {
        with_memory!(&self.0.memory, memory => memory.spread().map(|s| s / memory.preparation().scale()))
    }

    #[getter]
    fn options<'py>(&self, py: Python<'py>) -> PyResult<Named<'py>> {
        options::shown(py, &self.0.about.spec.options)
    }

    /// How its patterns were prepared: a value of the option `prepare`.
    #[getter]
    fn prepare(&self) -> &'static str {
        with_memory!(&self.0.memory, memory => match memory.preparation() {
            _ if memory.patterns().is_some_and(|patterns| patterns.bits().is_some()) => "packed",
            Preparation::Identity => "none",
            Preparation::Affine { scale: 1.0, .. } => "center",
            Preparation::Standardized { .. } => "standardize",
            _ => "normalize",
        })
    }

    /// The patterns, in the units in which they were given.
    fn patterns<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        with_memory!(&self.0.memory, memory => memory.patterns().map(|patterns| give(py, patterns.restored())))
    }

    /// The couplings W of its landscape, D × D, if it has some.
    fn couplings<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let learned = with_memory!(&self.0.memory, memory => memory.learned())?;
        let Weights::Couplings(mut couplings) = learned.weights else { return None };
        if !self.0.about.spec.options.flag("self-coupling") {
            couplings.diag_mut().fill(0.0);
        }
        Some(give(py, couplings))
    }

    /// Its hard locations, if it has some: their addresses (M × D bools), counters (M × columns) and radius, and whether the addresses
    /// were given.
    fn locations<'py>(&self, py: Python<'py>) -> Option<(Bound<'py, PyAny>, Bound<'py, PyAny>, usize, bool)> {
        with_memory!(&self.0.memory, memory => {
            let held = memory.locations()?;
            let given = memory.learned().is_some();
            Some((give(py, held.addresses()), give(py, held.counters()), held.radius(), given))
        })
    }

    /// What a memory of fixed size keeps, if it is one: its sums, and what follows from them.
    fn sums_kept<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        with_memory!(&self.0.memory, memory => sums::kept(py, memory))
    }

    /// This memory of fixed size with more patterns, or without some.
    fn changed(
        &self,
        py: Python<'_>,
        rows: &Bound<'_, PyAny>,
        weights: Option<Vec<f64>>,
        remove: bool,
    ) -> PyResult<Self> {
        with_memory!(&self.0.memory, memory => sums::changed(py, memory, &self.0.about, rows, weights, remove))
    }

    /// The sums of the counters of active locations at each state, B × columns.
    fn sums<'py>(&self, py: Python<'py>, states: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        with_memory!(&self.0.memory, memory => local::sums(py, memory, self.pace(), states))
    }

    fn labels(&self) -> Option<Vec<String>> {
        with_memory!(&self.0.memory, memory => {
            let labels = (0..memory.memories()?).map(|n| memory.label(n).map(str::to_owned));
            let labels: Vec<Option<String>> = labels.collect();
            labels.iter().any(Option::is_some).then(|| labels.into_iter().map(Option::unwrap_or_default).collect())
        })
    }

    fn weights(&self) -> Option<Vec<f64>> {
        with_memory!(&self.0.memory, memory => memory.weights())
    }

    /// Properties of the memory that are allowed but may surprise, one sentence each.
    fn notes(&self, py: Python<'_>) -> Vec<String> {
        let notes = py.detach(|| self.0.notes());
        notes.iter().map(|note| note.spelled(&Keywords)).collect()
    }

    /// Why many stored patterns are not recalled or not told apart, one sentence each.
    fn warnings(&self, py: Python<'_>) -> Vec<String> {
        let warnings = py.detach(|| self.0.warnings());
        warnings.iter().map(|warning| warning.spelled(&Keywords)).collect()
    }

    /// The sizes of an image, if the rows are images.
    #[getter]
    fn image(&self) -> Option<Vec<usize>> {
        let shape = self.0.about.shape?;
        let (c, h, w) = (shape.channels, shape.height, shape.width);
        Some(match shape.layout {
            _ if c == 1 => vec![h, w],
            Layout::Chw => vec![c, h, w],
            Layout::Hwc => vec![h, w, c],
        })
    }

    /// Recalls cues; returns tables.
    fn recall<'py>(
        &self,
        py: Python<'py>,
        cues: &Bound<'py, PyAny>,
        clamp: Option<&Bound<'py, PyAny>>,
        asked: recall::RecallOptions,
    ) -> PyResult<recall::Fields<'py>> {
        with_memory!(&self.0.memory, memory => recall::recall(py, memory, self.pace(), cues, clamp, asked))
    }

    /// Free recall: recalls from random starts, without cues; returns tables.
    fn sample<'py>(
        &self,
        py: Python<'py>,
        count: usize,
        asked: recall::RecallOptions,
    ) -> PyResult<recall::Fields<'py>> {
        with_memory!(&self.0.memory, memory => recall::sample(py, memory, self.pace(), count, asked))
    }

    /// Recalls cues and keeps every step; returns the recall and a dictionary of the fields of each step.
    fn trace<'py>(
        &self,
        py: Python<'py>,
        cues: &Bound<'py, PyAny>,
        clamp: Option<&Bound<'py, PyAny>>,
        asked: recall::RecallOptions,
    ) -> PyResult<(recall::Fields<'py>, Bound<'py, PyDict>)> {
        with_memory!(&self.0.memory, memory => recall::trace(py, memory, self.pace(), cues, clamp, asked))
    }

    /// Recalls each cue many times and counts the memories that it ended in.
    fn repeat<'py>(
        &self,
        py: Python<'py>,
        cues: &Bound<'py, PyAny>,
        clamp: Option<&Bound<'py, PyAny>>,
        repeats: usize,
        asked: recall::RecallOptions,
    ) -> PyResult<Bound<'py, PyDict>> {
        with_memory!(&self.0.memory, memory => recall::repeat(py, memory, cues, clamp, repeats, asked))
    }

    /// What a change did to the patterns that were kept: `index` has the new index of each old pattern, or None.
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    fn effect<'py>(
        &self,
        py: Python<'py>,
        before: &Memory,
        index: Vec<Option<usize>>,
        cues: usize,
        patterns: Option<usize>,
        corruption: Option<String>,
        seed: u64,
        protect: Option<f64>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let how = Examination { cues, patterns, corruption, seed, protect };
        effect::examined(py, &before.0, &self.0, &index, &how)
    }

    /// One number for each state: `energy`, or ln p by `exact` or `flow`.
    fn number<'py>(
        &self,
        py: Python<'py>,
        what: &str,
        states: &Bound<'py, PyAny>,
        sigmas: Option<PyReadonlyArray1<'py, f64>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        with_memory!(&self.0.memory, memory => local::number(py, memory, self.pace(), what, states, sigmas))
    }

    /// One vector for each state: `gradient`, `denoise` or `score`.
    fn vector<'py>(
        &self,
        py: Python<'py>,
        what: &str,
        states: &Bound<'py, PyAny>,
        sigmas: Option<PyReadonlyArray1<'py, f64>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        with_memory!(&self.0.memory, memory => local::vector(py, memory, self.pace(), what, states, sigmas))
    }

    /// The posterior over all memories for each state, with one column per memory.
    fn posterior<'py>(
        &self,
        py: Python<'py>,
        states: &Bound<'py, PyAny>,
        sigmas: Option<PyReadonlyArray1<'py, f64>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        with_memory!(&self.0.memory, memory => local::posterior(py, memory, self.pace(), states, sigmas))
    }
}
