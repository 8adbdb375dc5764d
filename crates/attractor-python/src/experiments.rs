//! Experiments, corruptions and the shipped digits.

use std::path::PathBuf;
use std::sync::Arc;

use attractor::memories::model;
use attractor_capacity::{Config as Capacity, Contender, Entrant, Own, Rule, Task};
use attractor_data::{Corruption, Dtype, LabelColumn, ReadOptions, Rows, Table};
use attractor_experiments::recommend::{Asked, Config};
use attractor_experiments::{declaration, experiment};
use attractor_report::team::stray;
use attractor_report::{self as report, Cellular, Data, Experiment, Given, Team};
use ndarray::{Array2, ArrayView2};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::Value;

use crate::arrays::{self, Number, give};
use crate::error::{Keywords, failed, foreign, refused, unreadable};
use crate::observe::Signals;
use crate::options::{Named, of_model, typed};

/// A table from an array of bytes or floats.
pub fn table(what: &str, rows: &Bound<'_, PyAny>) -> PyResult<Table> {
    if let Ok(bytes) = arrays::read::<u8>(what, rows) {
        return Ok(Table::from_bytes(owned(bytes.as_array())));
    }
    if let Ok(floats) = arrays::read::<f32>(what, rows) {
        return Ok(Table::from_floats(owned(floats.as_array())));
    }
    Ok(Table::from_floats(owned(arrays::read::<f64>(what, rows)?.as_array())))
}

/// A copy in standard layout. Arrays without rows can have strides that no array of their own may have.
fn owned<T: Copy + Default>(rows: ArrayView2<T>) -> Array2<T> {
    match rows.is_empty() {
        true => Array2::default(rows.dim()),
        false => rows.as_standard_layout().into_owned(),
    }
}

/// Gives a table the shape of its images: `HxW` or `CxHxW`.
pub fn shaped(table: Table, shape: Option<&str>) -> PyResult<Table> {
    let shape = shape.map(str::parse).transpose().map_err(unreadable)?;
    Ok(table.with_shape(shape))
}

/// The report of an experiment.
#[pyclass(frozen, module = "attractor._attractor")]
pub struct Report(report::Report);

impl Report {
    /// The class of a report.
    pub fn of(report: report::Report) -> Self {
        Report(report)
    }
}

#[pymethods]
impl Report {
    #[getter]
    fn title(&self) -> &str {
        &self.0.title
    }

    #[getter]
    fn command(&self) -> &str {
        &self.0.command
    }

    #[getter]
    fn seconds(&self) -> f64 {
        self.0.seconds
    }

    /// The name of the table that holds its results.
    #[getter]
    fn table(&self) -> &str {
        &self.0.results.name
    }

    fn markdown(&self) -> String {
        self.0.markdown()
    }

    fn html(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| self.0.html()).map_err(failed)
    }

    /// The report as a notebook shows it.
    fn fragment(&self, py: Python<'_>) -> PyResult<String> {
        py.detach(|| self.0.fragment()).map_err(failed)
    }

    fn json(&self) -> String {
        self.0.json().to_string()
    }

    fn write(&self, py: Python<'_>, folder: PathBuf) -> PyResult<()> {
        py.detach(|| self.0.write(&folder)).map_err(failed)
    }
}

/// Runs an experiment. It reports progress to a callable and stops at Ctrl-C. `again` is the call in Python that runs it
/// again, which the report then shows. A `team` computes its cells.
pub fn run(
    py: Python<'_>,
    experiment: &dyn Experiment,
    again: Option<String>,
    progress: Option<Py<PyAny>>,
    team: Option<Py<PyAny>>,
) -> PyResult<Report> {
    let report = py.detach(|| {
        let mut signals = Signals::new();
        let mut tell = |done: usize, of: usize| {
            let told = match &progress {
                Some(progress) => Python::attach(|py| {
                    py.check_signals()?;
                    progress.bind(py).call1((done, of)).map(|_| ())
                }),
                None => signals.check(),
            };
            told.map_err(|error| foreign(error).into())
        };
        match team {
            None => experiment.run(&mut tell),
            Some(team) => cellular(experiment)?.run_with(&mut Outside(team), &mut tell),
        }
    });
    let mut report = report.map_err(failed)?;
    report.command = again.unwrap_or(report.command);
    Ok(Report(report))
}

/// The cells of an experiment.
fn cellular(experiment: &dyn Experiment) -> report::Result<&dyn Cellular> {
    let none = || report::Error::setting("executor", "none, since nothing here can be divided", "one");
    experiment.cells().ok_or_else(none)
}

/// A team that Python leads: an object with `hand_out(cell)`, and with `next()`, which waits for a cell and returns it with what
/// it gave.
struct Outside(Py<PyAny>);

impl Team for Outside {
    fn hand_out(&mut self, cell: &Value) -> report::Result<()> {
        let told =
            Python::attach(|py| self.0.bind(py).call_method1("hand_out", (cell.to_string(),)).map(|_| ()));
        told.map_err(|error| foreign(error).into())
    }

    fn next(&mut self) -> report::Result<(Value, Value)> {
        let answer: PyResult<(String, String)> =
            Python::attach(|py| self.0.bind(py).call_method0("next")?.extract());
        let (cell, found) = answer.map_err(|error| report::Error::from(foreign(error)))?;
        let read = |text: &str| serde_json::from_str(text).map_err(|_| stray(&Value::from(text)));
        Ok((read(&cell)?, read(&found)?))
    }
}

/// An experiment with its settings, which can be run, and whose cells can be computed one by one.
#[pyclass(frozen, module = "attractor._attractor")]
pub struct Study {
    experiment: Box<dyn Experiment>,
    again: String,
}

impl Study {
    /// An experiment, and the call in Python that runs it again.
    pub fn new(experiment: Box<dyn Experiment>, again: String) -> Self {
        Study { experiment, again }
    }
}

#[pymethods]
impl Study {
    /// Whether it consists of cells.
    #[getter]
    fn divides(&self) -> bool {
        self.experiment.cells().is_some()
    }

    /// Runs it, with a team or alone.
    #[pyo3(signature = (progress=None, team=None))]
    fn run(&self, py: Python<'_>, progress: Option<Py<PyAny>>, team: Option<Py<PyAny>>) -> PyResult<Report> {
        run(py, self.experiment.as_ref(), Some(self.again.clone()), progress, team)
    }

    /// Computes a cell on so many threads of its own; 0 are those of the process.
    fn cell(&self, py: Python<'_>, cell: &str, threads: usize) -> PyResult<String> {
        let found = py.detach(|| -> report::Result<Value> {
            let cell = serde_json::from_str(cell).map_err(|_| stray(&Value::from(cell)))?;
            let cells = cellular(self.experiment.as_ref())?;
            let pool = (threads > 0).then(|| rayon::ThreadPoolBuilder::new().num_threads(threads).build());
            match pool {
                Some(Ok(pool)) => pool.install(|| cells.cell(&cell)),
                // Where the system starts no threads, the work is done on this one.
                _ => cells.cell(&cell),
            }
        });
        found.map(|found| found.to_string()).map_err(failed)
    }
}

/// The part that a text stands for: `3/8`, or `auto` in a job array or under MPI.
#[pyfunction]
pub fn part(text: &str) -> PyResult<(usize, usize)> {
    attractor_capacity::array::part(text, &|name| std::env::var(name).ok()).map_err(refused)
}

/// Puts the results of parts together in one file. Returns how many of each were new.
#[pyfunction]
pub fn merge(py: Python<'_>, parts: Vec<PathBuf>, out: PathBuf) -> PyResult<Vec<usize>> {
    py.detach(|| {
        let mut cells = attractor_capacity::Cells::open(Some(&out))?;
        cells.agrees(&parts)?;
        parts.iter().map(|path| cells.merge(path)).collect::<report::Result<Vec<usize>>>()
    })
    .map_err(failed)
}

/// The experiment of this name, with settings by name.
#[pyfunction]
#[pyo3(signature = (name, settings, *, again, seed, data=None, shape=None, order=None, store=None))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn reproduce(
    name: &str,
    settings: &Named,
    again: String,
    seed: u64,
    data: Option<&Bound<'_, PyAny>>,
    shape: Option<&str>,
    order: Option<Vec<usize>>,
    store: Option<PathBuf>,
) -> PyResult<Study> {
    let declared = declaration(name).map_err(failed)?.settings;
    let data = match data {
        Some(rows) => Some(Data {
            name: "an array".into(),
            table: shaped(table("data", rows)?, shape)?,
            order,
            arguments: " --data ARRAY.npy".into(),
        }),
        None => None,
    };
    let given = Given { settings: typed(declared, settings)?, seed, data, store };
    Ok(Study { experiment: experiment(name, given).map_err(failed)?, again })
}

/// A contender: a model's name with its options and updates, or a name and a callable.
type Entered<'py> = (String, Named<'py>, Option<usize>, Option<Py<PyAny>>);

/// The measurement of how many patterns memories hold.
#[pyfunction]
#[pyo3(signature = (contenders, tasks, dims, *, threshold, sets, cues, most, grid, seed, again, warn=None, store=None, shard=None))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn capacity(
    py: Python<'_>,
    contenders: Vec<Entered<'_>>,
    tasks: Vec<String>,
    dims: Vec<usize>,
    threshold: f64,
    sets: usize,
    cues: Option<usize>,
    most: Option<usize>,
    grid: bool,
    seed: u64,
    again: String,
    warn: Option<Py<PyAny>>,
    store: Option<PathBuf>,
    shard: Option<(usize, usize)>,
) -> PyResult<Study> {
    let contenders: Vec<Contender> = contenders.into_iter().map(contender).collect::<PyResult<_>>()?;
    let mut entrants = Vec::new();
    for task in tasks {
        let task: Task = task.parse().map_err(failed)?;
        entrants.extend(contenders.iter().map(|contender| Entrant::new(contender.clone(), task)));
    }
    let rule = if grid { Rule::Grid(1.5) } else { Rule::Bisection };
    let shard = shard.unwrap_or((1, 1));
    let config =
        Capacity { entrants, dims, rule, threshold, sets, few: None, cues, most, seed, store, shard };
    config.check().map_err(failed)?;
    if let Some(warn) = warn
        && let Some(warning) = config.warning()
    {
        warn.bind(py).call1((vec![format!("capacity: {warning}; progress=True shows how far it is")],))?;
    }
    Ok(Study { experiment: Box::new(config), again })
}

fn contender((name, options, updates, function): Entered<'_>) -> PyResult<Contender> {
    if let Some(function) = function {
        let own: Arc<Own> = Arc::new(move |patterns, cues, known| {
            Python::attach(|py| {
                let known = known.map(|known| give(py, known.to_owned()));
                let states = function.bind(py).call1((
                    give(py, patterns.to_owned()),
                    give(py, cues.to_owned()),
                    known,
                ));
                let states = states
                    .and_then(|states| Ok(arrays::read::<f32>("recall", &states)?.as_array().to_owned()));
                states.map_err(foreign)
            })
        });
        return Ok(Contender::Own(name, own));
    }
    // A name may have options of its own behind a colon.
    let model_name = name.split(':').next().unwrap_or_default();
    let set = typed(of_model(model_name), &options)?;
    if let Some((option, _)) =
        set.iter().find(|(name, _)| !of_model(model_name).iter().any(|p| p.name == *name))
    {
        return Err(PyValueError::new_err(format!("{name} has no option {option}")));
    }
    let mut contender = Contender::named(&name, &set).map_err(failed)?;
    if let Contender::Model(spec, of) = &mut contender {
        // Models with noise levels make steps instead of updates.
        *of = updates.filter(|_| !model(&spec.model).is_ok_and(|m| m.card.levels));
    }
    Ok(contender)
}

/// The trial of every pair of similarity and separation on corrupted patterns.
#[pyfunction]
#[pyo3(name = "recommend", signature = (patterns, corruptions, *, again, count=None, cues=None, seed, shape=None))]
pub fn recommend(
    patterns: &Bound<'_, PyAny>,
    corruptions: Vec<String>,
    again: String,
    count: Option<usize>,
    cues: Option<usize>,
    seed: u64,
    shape: Option<&str>,
) -> PyResult<Study> {
    let table = shaped(table("patterns", patterns)?, shape)?;
    let asked = Asked { corruptions, count, cues, seed };
    let config = Config::new("PATTERNS".into(), &table, &asked).map_err(failed)?;
    Ok(Study { experiment: Box::new(config), again })
}

/// Corrupts patterns; returns the cues and which of their units are unchanged.
#[pyfunction]
pub fn corrupt<'py>(
    py: Python<'py>,
    patterns: &Bound<'py, PyAny>,
    corruption: &str,
    seed: u64,
    first_row: u64,
    grey: bool,
    shape: Option<&str>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    match arrays::read::<f64>("patterns", patterns).is_ok() {
        true => corrupted::<f64>(py, patterns, corruption, seed, first_row, grey, shape),
        false => corrupted::<f32>(py, patterns, corruption, seed, first_row, grey, shape),
    }
}

fn corrupted<'py, F: Number>(
    py: Python<'py>,
    patterns: &Bound<'py, PyAny>,
    corruption: &str,
    seed: u64,
    first_row: u64,
    grey: bool,
    shape: Option<&str>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let patterns = arrays::read::<F>("patterns", patterns)?;
    let patterns = patterns.as_array();
    let made = py.detach(|| {
        let shape = shape.map(str::parse).transpose()?;
        let corruption = Corruption::parse(corruption, shape, patterns.ncols())?;
        attractor_data::corrupt(patterns.to_owned(), &corruption, seed, first_row, grey)
    });
    let made = made.map_err(unreadable)?;
    Ok((give(py, made.cues), give(py, made.known)))
}

/// The handwritten digits that ship with the package: images and their digits.
#[pyfunction]
pub fn digits(py: Python<'_>) -> (Bound<'_, PyAny>, Bound<'_, PyAny>) {
    let digits = attractor_data::digits();
    (give(py, digits.images), give(py, ndarray::Array1::from(digits.labels)))
}

/// How `read` reads, as Python gives it.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Reading {
    shape: Option<String>,
    layout: Option<String>,
    resize: Option<(usize, usize)>,
    grey: bool,
    colour: bool,
    background: Option<[u8; 3]>,
    header: Option<bool>,
    /// The name or the number of the column of labels; an empty text is none of them.
    label_column: Option<String>,
}

impl Reading {
    fn options(self) -> attractor_data::Result<ReadOptions> {
        let column = |name: String| match name.as_str() {
            "" => LabelColumn::Nowhere,
            _ => LabelColumn::Named(name),
        };
        Ok(ReadOptions {
            shape: self.shape.as_deref().map(str::parse).transpose()?,
            layout: self.layout.as_deref().map(str::parse).transpose()?,
            resize: self.resize,
            grey: self.grey,
            colour: self.colour,
            background: self.background,
            header: self.header,
            label_column: self.label_column.map(column),
            labels: None,
        })
    }
}

/// The values, shape and labels of rows, and what was guessed about their file.
type Read<'py> = (Bound<'py, PyAny>, Option<String>, Option<Vec<String>>, Vec<String>);

/// Reads a file of any format that the command line reads. Returns the values as they are in the file, the shape of
/// the images, the labels, and notes on what was guessed.
#[pyfunction]
pub fn read(py: Python<'_>, path: PathBuf, reading: Reading) -> PyResult<Read<'_>> {
    let table = py.detach(|| {
        let options = reading.options()?;
        options.concern(&[&path])?;
        let rows = Rows::open(&path, &options)?;
        let notes = rows.head().notes.clone();
        Ok((rows.all()?, notes))
    });
    let (table, notes) = table.map_err(unreadable)?;
    let notes = notes.iter().map(|note| note.spelled(&Keywords)).collect();
    let (shape, labels) = (table.shape().map(|s| s.to_string()), table.labels().map(<[String]>::to_vec));
    let dim = (table.rows(), table.columns());
    let values = match table.dtype() {
        Dtype::U8 => {
            let bytes = table.into_bytes().unwrap_or_default();
            give(py, Array2::from_shape_vec(dim, bytes).expect("rows of one length"))
        }
        Dtype::Bool => give(py, table.numbers::<f32>().mapv(|v| v != 0.0)),
        Dtype::F64 => give(py, table.numbers::<f64>()),
        Dtype::F32 => give(py, table.numbers::<f32>()),
        Dtype::Integer => give(py, table.integers().expect("integers")),
    };
    Ok((values, shape, labels, notes))
}
