//! Lists of models with their options, samplers, processes and experiments.

use attractor::diffusion::{self, Process, Sampler};
use attractor::memories::{Card, MODELS};
use attractor::options::{Kind, Parameter};
use attractor_experiments::{Declaration, EXPERIMENTS};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::arrays::give;
use crate::error::refused;
use crate::options::{Named, typed};

fn parameter<'py>(py: Python<'py>, parameter: &Parameter) -> PyResult<Bound<'py, PyDict>> {
    let entry = PyDict::new(py);
    entry.set_item("name", parameter.name)?;
    let (kind, auto) = match parameter.kind {
        Kind::AutoOr(other) => (*other, true),
        kind => (kind, false),
    };
    entry.set_item("kind", kind_of(kind))?;
    entry.set_item("auto", auto)?;
    entry.set_item("takes", kind.to_string())?;
    let names = kind.names();
    entry.set_item("names", names.iter().map(|n| n.name.as_ref()).collect::<Vec<_>>())?;
    entry.set_item("default", parameter.default.to_string())?;
    entry.set_item("help", parameter.help)?;
    Ok(entry)
}

/// The name of an option's kind, from which `generate.py` makes annotations.
fn kind_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Flag => "flag",
        Kind::Switch => "switch",
        Kind::Choice(_) => "choice",
        Kind::Count(_) => "count",
        Kind::Number(_) => "number",
        Kind::AutoOr(_) => "auto",
        Kind::Form(_) => "form",
        Kind::List(_) => "list",
        Kind::Text(_) => "text",
    }
}

fn card<'py>(py: Python<'py>, card: &Card) -> PyResult<Bound<'py, PyDict>> {
    let entry = PyDict::new(py);
    entry.set_item("name", card.name)?;
    entry.set_item("title", card.title)?;
    entry.set_item("family", card.family.name())?;
    entry.set_item("equation", card.equation)?;
    entry.set_item("cost", card.cost)?;
    entry.set_item("source", card.source)?;
    entry.set_item("spins", card.spins)?;
    entry.set_item("raw", card.raw)?;
    entry.set_item("weights", card.weights)?;
    entry.set_item("values", card.values)?;
    let parameters = card.parameters.iter().map(|p| parameter(py, p)).collect::<PyResult<Vec<_>>>()?;
    entry.set_item("parameters", PyList::new(py, parameters)?)?;
    Ok(entry)
}

/// Every model, with the facts of its card and its options.
#[pyfunction]
pub fn models(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    MODELS.iter().map(|model| card(py, model.card)).collect()
}

/// Every training setting.
#[pyfunction]
pub fn training(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    attractor_networks::PARAMETERS.iter().map(|p| parameter(py, p)).collect()
}

/// Every sampler, with its properties.
#[pyfunction]
pub fn samplers(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let one = |(name, sampler): (&str, Sampler)| {
        let entry = PyDict::new(py);
        entry.set_item("name", name)?;
        entry.set_item("steps", sampler.default_steps())?;
        entry.set_item("stochastic", sampler.is_stochastic())?;
        entry.set_item("samples_posterior", sampler.samples_posterior())?;
        entry.set_item("has_grid", sampler.has_grid())?;
        Ok(entry)
    };
    Sampler::ALL.into_iter().map(one).collect()
}

/// The names of the noising processes.
#[pyfunction]
pub fn processes() -> Vec<&'static str> {
    Process::ALL.iter().map(|(name, _)| *name).collect()
}

/// Every experiment: its name, title and settings besides the seed.
#[pyfunction]
pub fn experiments(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let one = |experiment: &Declaration| {
        let entry = PyDict::new(py);
        entry.set_item("name", experiment.name)?;
        entry.set_item("title", experiment.title)?;
        let settings = experiment.settings.iter().map(|s| parameter(py, s)).collect::<PyResult<Vec<_>>>()?;
        entry.set_item("settings", settings)?;
        Ok(entry)
    };
    EXPERIMENTS.iter().map(one).collect()
}

/// A noising process, a sampler and a grid of noise levels.
#[pyclass(frozen, module = "attractor._attractor")]
pub struct Sampling(diffusion::Sampling);

#[pymethods]
impl Sampling {
    #[new]
    fn new(options: Named) -> PyResult<Self> {
        let options = typed(diffusion::PARAMETERS, &options)?;
        diffusion::Sampling::from_options(&options).map(Sampling).map_err(refused)
    }

    #[getter]
    fn steps(&self) -> usize {
        self.0.steps()
    }

    /// How often a recall evaluates the denoiser. `None` if that depends on the state.
    #[getter]
    fn evaluations(&self) -> Option<usize> {
        self.0.sampler.evaluations(self.0.steps())
    }

    /// Whether a recall is random.
    #[getter]
    fn stochastic(&self) -> bool {
        self.0.is_stochastic()
    }

    /// Whether a recall ends in each memory with its posterior probability.
    #[getter]
    fn samples_posterior(&self) -> bool {
        self.0.samples_posterior()
    }

    /// A curve of the process. `sigma`, `scale`, `drift` and `squared_diffusion` are functions of time; `time` is a
    /// function of the noise level.
    fn curve<'py>(&self, py: Python<'py>, what: &str, at: Vec<f64>) -> Bound<'py, PyArray1<f64>> {
        let process = self.0.process;
        let curve = |x: &f64| match what {
            "sigma" => process.sigma(*x),
            "scale" => process.scale_at(process.sigma(*x)),
            "drift" => process.drift(*x),
            "squared_diffusion" => process.squared_diffusion(*x),
            _ => process.time(*x),
        };
        PyArray1::from_iter(py, at.iter().map(curve))
    }

    /// The noise levels from each of B first levels down to the last, (steps + 1) × B.
    fn levels<'py>(&self, py: Python<'py>, first: Vec<f64>, spread: f64) -> Bound<'py, PyAny> {
        give(py, self.0.levels(&first, spread))
    }
}
