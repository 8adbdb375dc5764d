//! Audits of generated rows.

use std::sync::{Mutex, MutexGuard, PoisonError};

use attractor_audit::inspect::Inspection;
use attractor_audit::{Audit, Distance, Given, Rows, Sets, Settings, Subject};
use attractor_data::{Cells, Dtype, Records, Table};
use attractor_session::with_memory;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::error::{failed, refused};
use crate::experiments::{Report, Study, run, shaped, table};
use crate::memory::Memory;
use crate::options::{Named, typed};

/// A column of a table: numbers with NaN for gaps, or texts with None for them.
#[derive(FromPyObject)]
enum Column {
    Numbers(Vec<f64>),
    Texts(Vec<Option<String>>),
}

/// The names and columns of a table.
type Columns = (Option<Vec<String>>, Vec<Column>);

/// Rows of one set: an array, or a table of columns.
enum Set {
    Table(Table),
    Records(Records),
}

fn set(what: &str, rows: &Bound<'_, PyAny>, shape: Option<&str>) -> PyResult<Set> {
    match rows.extract::<Columns>() {
        Ok((names, columns)) => {
            let cells = |column| match column {
                Column::Numbers(values) => Cells::Numbers(values),
                Column::Texts(values) => Cells::Texts(values),
            };
            Ok(Set::Records(Records { names, columns: columns.into_iter().map(cells).collect() }))
        }
        Err(_) => Ok(Set::Table(shaped(table(what, rows)?, shape)?)),
    }
}

/// A set of each name, where one is given.
type Given3<'a, 'py> = (&'a Bound<'py, PyAny>, Option<&'a Bound<'py, PyAny>>, Option<&'a Bound<'py, PyAny>>);

/// The sets. `made` makes generated rows of the form of the training rows, where none are given.
fn sets(
    names: [&str; 3],
    (train, generated, heldout): Given3,
    shape: Option<&str>,
    made: &dyn Fn(&Set) -> PyResult<Set>,
) -> PyResult<Sets<Set>> {
    let train = set(names[0], train, shape)?;
    Ok(Sets {
        generated: generated.map_or_else(|| made(&train), |rows| set(names[1], rows, shape))?,
        train,
        heldout: heldout.map(|rows| set(names[2], rows, shape)).transpose()?,
    })
}

/// Rows as they are compared: a table column by column, or numbers.
fn rows(set: &Set, distance: Distance) -> Rows {
    match set {
        Set::Records(records) => Rows::Table(records.clone()),
        Set::Table(table) if distance == Distance::Gower => {
            let numbers = table.floats::<f64>();
            let columns =
                numbers.columns().into_iter().map(|column| Cells::Numbers(column.to_vec())).collect();
            Rows::Table(Records { names: None, columns })
        }
        Set::Table(table) => Rows::of(table),
    }
}

/// The audit of generated rows.
#[pyfunction]
#[pyo3(signature = (train, generated, heldout, features, settings, *, again, shape, seed, calibrate))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn audit_of_rows(
    py: Python<'_>,
    train: &Bound<'_, PyAny>,
    generated: Option<&Bound<'_, PyAny>>,
    heldout: Option<&Bound<'_, PyAny>>,
    features: Option<Vec<Bound<'_, PyAny>>>,
    settings: &Named,
    again: String,
    shape: Option<&str>,
    seed: u64,
    calibrate: bool,
) -> PyResult<Study> {
    let options = typed(attractor_audit::PARAMETERS, settings)?;
    let distance = options.named("distance").map_err(refused)?.unwrap_or_default();
    let settings = Settings::from_options(&options, seed).map_err(refused)?;
    let asked = Asked { features: features.as_deref(), distance, settings, shape, calibrate };
    let none = |_: &Set| Err(PyValueError::new_err("generated: expected rows or a denoiser, found neither"));
    let audit = asked.audit(py, (train, generated, heldout), &none)?;
    Ok(Study::new(Box::new(audit), again))
}

/// Audits generated rows, and looks inside the model.
#[pyfunction]
#[pyo3(signature = (train, generated, heldout, features, settings, *, again, shape, seed, calibrate, model, progress=None))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn audit(
    py: Python<'_>,
    train: &Bound<'_, PyAny>,
    generated: Option<&Bound<'_, PyAny>>,
    heldout: Option<&Bound<'_, PyAny>>,
    features: Option<Vec<Bound<'_, PyAny>>>,
    settings: &Named,
    again: String,
    shape: Option<&str>,
    seed: u64,
    calibrate: bool,
    model: &Bound<'_, Memory>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Report> {
    let options = typed(attractor_audit::PARAMETERS, settings)?;
    let distance = options.named("distance").map_err(refused)?.unwrap_or_default();
    let settings = Settings::from_options(&options, seed).map_err(refused)?;
    let given = (train, generated, heldout);
    let asked = Asked { features: features.as_deref(), distance, settings, shape, calibrate };
    with_memory!(&model.get().0.memory, memory => {
        let subject = Subject::new(memory).map_err(failed)?;
        let audit = asked.audit(py, given, &|train| made(py, &subject, train, &settings))?;
        let audit = py.detach(|| audit.inside(subject)).map_err(failed)?;
        run(py, &audit, Some(again), progress, None)
    })
}

/// What is asked of an audit.
struct Asked<'a, 'py> {
    features: Option<&'a [Bound<'py, PyAny>]>,
    distance: Distance,
    settings: Settings,
    shape: Option<&'a str>,
    calibrate: bool,
}

impl Asked<'_, '_> {
    fn audit<'a>(
        &self,
        py: Python<'_>,
        given: Given3,
        made: &dyn Fn(&Set) -> PyResult<Set>,
    ) -> PyResult<Audit<'a>> {
        let given = sets(["train", "generated", "heldout"], given, self.shape, made)?;
        let compared = match self.features {
            Some(all) => {
                let names = ["features of train", "features of generated", "features of heldout"];
                let own = sets(names, (&all[0], Some(&all[1]), all.get(2)), None, made)?;
                own.map(|set| rows(&set, self.distance))
            }
            None => Sets {
                train: rows(&given.train, self.distance),
                generated: rows(&given.generated, self.distance),
                heldout: given.heldout.as_ref().map(|set| rows(set, self.distance)),
            },
        };
        let images = match given {
            Sets { train: Set::Table(train), generated: Set::Table(generated), heldout } => match heldout {
                Some(Set::Records(_)) => None,
                Some(Set::Table(heldout)) => Some(Sets { train, generated, heldout: Some(heldout) }),
                None => Some(Sets { train, generated, heldout: None }),
            },
            _ => None,
        };
        let given =
            Given { rows: compared, images, names: Sets::default(), notes: Vec::new(), sources: Vec::new() };
        let settings = self.settings;
        let audit = py.detach(|| Audit::new(given, settings)).map_err(failed)?;
        Ok(if self.calibrate { audit.calibrated() } else { audit })
    }
}

/// Rows that a model generates, in the number type of the training rows and with their shape.
fn made(py: Python<'_>, subject: &Subject, train: &Set, settings: &Settings) -> PyResult<Set> {
    let Set::Table(train) = train else {
        let found = "denoiser: expected rows of numbers with it, found a table with text or gaps; leave denoiser away";
        return Err(PyTypeError::new_err(found));
    };
    if train.columns() != subject.dim() {
        return Err(PyValueError::new_err(format!(
            "denoiser: expected one for the {} numbers of a training row, found one for {}; give the rows that it was trained on",
            train.columns(),
            subject.dim()
        )));
    }
    let rows = py.detach(|| subject.generate(0..settings.inside.generate, settings.seed)).map_err(failed)?;
    let table = match train.dtype() {
        Dtype::F64 => Table::from_floats(rows),
        _ => Table::from_floats(rows.mapv(|v| v as f32)),
    };
    Ok(Set::Table(table.with_shape(train.shape())))
}

/// Rows of numbers of one set.
fn numbers(what: &str, values: &Bound<'_, PyAny>, distance: Distance) -> PyResult<Rows> {
    Ok(rows(&set(what, values, None)?, distance))
}

/// A monitor of the checkpoints of a training.
#[pyclass(frozen, module = "attractor._attractor")]
pub struct Monitor {
    monitor: Mutex<attractor_audit::Monitor>,
    distance: Distance,
}

impl Monitor {
    fn held(&self) -> MutexGuard<'_, attractor_audit::Monitor> {
        self.monitor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Monitor {
    #[new]
    fn new(
        py: Python<'_>,
        train: &Bound<'_, PyAny>,
        heldout: Option<&Bound<'_, PyAny>>,
        settings: Named<'_>,
        seed: u64,
    ) -> PyResult<Self> {
        let options = typed(attractor_audit::PARAMETERS, &settings)?;
        let distance = options.named("distance").map_err(refused)?.unwrap_or_default();
        let settings = Settings::from_options(&options, seed).map_err(refused)?;
        let train = numbers("train", train, distance)?;
        let heldout = heldout.map(|rows| numbers("heldout", rows, distance)).transpose()?;
        let monitor =
            py.detach(|| attractor_audit::Monitor::new(train, heldout, settings)).map_err(failed)?;
        Ok(Monitor { monitor: Mutex::new(monitor), distance })
    }

    /// Looks at generated rows after so many steps.
    fn look(&self, py: Python<'_>, step: f64, generated: &Bound<'_, PyAny>) -> PyResult<()> {
        let rows = numbers("generated", generated, self.distance)?;
        py.detach(|| self.held().look(step, rows).map(|_| ())).map_err(failed)
    }

    /// Looks at a model after so many steps.
    fn look_inside(&self, py: Python<'_>, step: f64, model: &Bound<'_, Memory>) -> PyResult<()> {
        with_memory!(&model.get().0.memory, memory => py.detach(|| {
            let subject = Subject::new(memory)?;
            self.held().look_inside(step, subject).map(|_| ())
        }))
        .map_err(failed)
    }

    /// The step from which the model memorises, and the checkpoint before.
    fn tau_mem(&self, py: Python<'_>) -> Option<(f64, Option<f64>)> {
        py.detach(|| self.held().tau_mem()).map(|tau| (tau.step, tau.after))
    }

    /// The report of what was found so far.
    fn report(&self, py: Python<'_>, again: String) -> Report {
        Report::of(attractor_report::Report { command: again, ..py.detach(|| self.held().report()) })
    }
}

/// Inspects patterns.
#[pyfunction]
#[pyo3(signature = (patterns, settings, *, again, seed, progress=None))]
pub fn inspect(
    py: Python<'_>,
    patterns: &Bound<'_, PyAny>,
    settings: &Named,
    again: String,
    seed: u64,
    progress: Option<Py<PyAny>>,
) -> PyResult<Report> {
    let options = typed(attractor_audit::inspect::PARAMETERS, settings)?;
    let settings = attractor_audit::inspect::Settings::from_options(&options, seed).map_err(failed)?;
    let rows = Rows::of(&table("patterns", patterns)?);
    let inspection = Inspection::new(rows, None, "patterns".into(), settings).map_err(failed)?;
    run(py, &inspection, Some(again), progress, None)
}
