//! Fits densities, and puts events beside them.

use std::ops::ControlFlow;

use attractor::energies::CoreRule;
use attractor::memories::{DESCRIBED, Spec};
use attractor_data::Shape;
use attractor_fit::{Fit, PARAMETERS, Settings};
use attractor_session::{About, Cores, Held, Known, Session};
use numpy::ToPyArray;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{Number, read};
use crate::build::precision;
use crate::error::{Keywords, refused, session};
use crate::memory::Memory;
use crate::observe::Signals;
use crate::options::{Named, typed};

/// What a caller says about the rows.
pub struct Rows<'a, 'py> {
    pub rows: &'a Bound<'py, PyAny>,
    pub labels: Option<Vec<String>>,
    /// Whether they were bytes or bools.
    pub raw: bool,
    /// Whether states are of double precision.
    pub wide: bool,
}

/// Fits a density; returns the memory and the facts of the fit.
pub fn fit<'py>(
    py: Python<'py>,
    stored: Rows<'_, 'py>,
    settings: &Named<'py>,
    options: &Named<'py>,
    progress: Option<Py<PyAny>>,
) -> PyResult<(Memory, Bound<'py, PyDict>)> {
    let settings = Settings::from_options(&typed(PARAMETERS, settings)?).map_err(refused)?;
    let spec = Spec { model: DESCRIBED.name.to_owned(), options: typed(DESCRIBED.parameters, options)? };
    let rows = read::<f64>("patterns", stored.rows)?.as_array().to_owned();
    let (count, labels, raw, wide) = (rows.nrows(), stored.labels, stored.raw, stored.wide);
    let (fitted, memory) = py.detach(|| -> PyResult<(Fit, Session)> {
        let (mut signals, mut failed) = (Signals::new(), None);
        let fitted = attractor_fit::fit(rows.view(), &settings, &mut |at| {
            let seen = match &progress {
                None => signals.check().map(|()| true),
                Some(progress) => Python::attach(|py| {
                    py.check_signals()?;
                    let said = (at.components, at.start, at.iteration, at.log_likelihood);
                    Ok(!progress.bind(py).call1(said)?.extract::<bool>().is_ok_and(|go_on| !go_on))
                }),
            };
            match seen {
                Ok(true) => ControlFlow::Continue(()),
                Ok(false) => ControlFlow::Break(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
        let mut fitted = fitted.map_err(refused)?;
        if let Some(labels) = &labels {
            fitted.label(labels).map_err(refused)?;
        }
        let provenance = vec![format!(
            "fitted {} Gaussians of rank {} to {count} rows of an array, seed {}, floor {}",
            fitted.components.len(),
            fitted.rank,
            settings.seed,
            settings.floor
        )];
        let memory =
            Session::of_fit(&fitted, spec, precision(wide), None, raw, provenance).map_err(session)?;
        Ok((fitted, memory))
    })?;
    Ok((Memory::of(memory), facts(py, &fitted)?))
}

fn facts<'py>(py: Python<'py>, fitted: &Fit) -> PyResult<Bound<'py, PyDict>> {
    let facts = PyDict::new(py);
    let dim = fitted.components[0].gaussian.origin().len();
    let means: Vec<f64> = fitted.components.iter().flat_map(|c| c.gaussian.origin().to_vec()).collect();
    let means = ndarray::Array2::from_shape_vec((fitted.components.len(), dim), means).expect("equal widths");
    facts.set_item("means", means.to_pyarray(py))?;
    facts.set_item("responsibilities", fitted.responsibilities.to_pyarray(py))?;
    facts.set_item("log_likelihood", fitted.log_likelihood)?;
    facts.set_item("bic", fitted.bic)?;
    facts.set_item("iterations", fitted.iterations())?;
    facts.set_item("converged", fitted.converged)?;
    let trials: Vec<_> =
        fitted.trials.iter().map(|t| (t.components, t.log_likelihood, t.held_out, t.bic)).collect();
    facts.set_item("trials", trials)?;
    let notes: Vec<String> = fitted.notes().iter().map(|note| note.spelled(&Keywords)).collect();
    facts.set_item("notes", notes)?;
    Ok(facts)
}

/// The density with events beside it.
pub fn with_events<F: Held + Number>(
    py: Python<'_>,
    density: &dyn attractor::Memory<F>,
    about: &About,
    events: &Bound<'_, PyAny>,
    known: Known<F>,
    weight: f64,
) -> PyResult<Memory> {
    let rows = read::<F>("events", events)?.as_array().to_owned();
    py.detach(|| {
        let provenance = format!("stored {} rows of an array as events", rows.nrows());
        let patterns = attractor::Patterns::new(rows).and_then(|rows| rows.with(known)).map_err(refused)?;
        let both = attractor_session::with_events(density, about, patterns, weight, provenance);
        both.map(|both| Memory::of(Session::from(both))).map_err(session)
    })
}

/// What is stored of each event: a rule by name, a matrix, or units of its own.
pub struct Rule<'a, 'py> {
    pub name: Option<String>,
    pub matrix: Option<&'a Bound<'py, PyAny>>,
    pub units: Option<Vec<Vec<usize>>>,
    pub form: String,
    pub odds: String,
    pub weight: Option<f64>,
    /// Height and width of images.
    pub image: Option<(usize, usize)>,
}

impl Rule<'_, '_> {
    fn cores(self) -> PyResult<Cores> {
        let rule = match (self.matrix, self.units) {
            (Some(matrix), _) => CoreRule::Matrix(read::<f64>("core", matrix)?.as_array().to_owned()),
            (None, Some(units)) => CoreRule::Own(units),
            (None, None) => self.name.unwrap_or_default().parse().map_err(refused)?,
        };
        Ok(Cores {
            rule,
            form: self.form.parse().map_err(refused)?,
            odds: self.odds.parse().map_err(refused)?,
            weight: self.weight,
            shape: self.image.map(|(height, width)| Shape::grey(height, width)),
        })
    }
}

/// The density with cores of events beside it.
pub fn with_cores<F: Held + Number>(
    py: Python<'_>,
    density: &dyn attractor::Memory<F>,
    about: &About,
    events: &Bound<'_, PyAny>,
    known: Known<F>,
    rule: Rule,
) -> PyResult<Memory> {
    let rows = read::<F>("events", events)?.as_array().to_owned();
    let cores = rule.cores()?;
    py.detach(|| {
        let provenance = format!("stored {} rows of an array as events", rows.nrows());
        let patterns = attractor::Patterns::new(rows).and_then(|rows| rows.with(known)).map_err(refused)?;
        let memory = attractor_session::with_cores(density, about, patterns, cores, provenance);
        memory.map(|memory| Memory::of(Session::from(memory))).map_err(session)
    })
}

/// The units of events that a density predicts wrongly, in the order of their surprise, with the errors; see
/// [`attractor::energies::surprise`].
pub fn surprise<F: Held + Number>(
    py: Python<'_>,
    density: &dyn attractor::Memory<F>,
    events: &Bound<'_, PyAny>,
    threshold: f64,
) -> PyResult<Vec<(Vec<usize>, Vec<f64>)>> {
    let rows = read::<f64>("events", events)?.as_array().to_owned();
    let Some(mixture) = density.abilities().mixture else {
        return Err(PyValueError::new_err("surprise: expected a density, found a memory of patterns"));
    };
    py.detach(|| {
        let one = |n: usize| attractor::energies::surprise(mixture, &rows.row(n).to_vec(), threshold);
        let found = attractor::threads::parallel(rows.nrows(), one).into_iter();
        found.map(|found| found.map(|found| (found.units, found.errors)).map_err(refused)).collect()
    })
}
