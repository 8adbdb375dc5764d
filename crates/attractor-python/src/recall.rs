//! Recalls, with their reports as tables.

use std::ops::Range;
use std::sync::LazyLock;

use attractor::analysis::{self, Counts, TraceEvents, TraceStep};
use attractor::fields::{Field, Kind, Value};
use attractor::memories::{Calibration, Regime, Row};
use attractor::{Level, Memory, Recall, Request};
use attractor_session::{self as session, Mask, Score};
use ndarray::{Array2, Axis, s};
use numpy::PyReadonlyArray2;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::arrays::{Number, give, list, read, read_if};
use crate::error::{foreign, refused, session as session_error};
use crate::observe::{Pace, Signals, Watch};

/// The options of a recall.
pub struct RecallOptions {
    asked: session::RecallOptions,
    observer: Option<Py<PyAny>>,
    /// What stays on in place of the cues.
    input: Option<Py<PyAny>>,
}

impl<'a, 'py> FromPyObject<'a, 'py> for RecallOptions {
    type Error = PyErr;

    /// Reads the options from a dictionary. An option that is missing has its default.
    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let mut asked = session::RecallOptions::default();
        let (mut sigma, mut signal, mut observer, mut input) = (None, None, None, None);
        for (name, value) in given.cast::<PyDict>()?.iter() {
            match name.cast::<PyString>()?.to_str()? {
                "sigma" => sigma = Some(value.extract()?),
                "signal" => signal = Some(value.extract()?),
                "updates" => asked.updates = Some(value.extract()?),
                "tolerance" => asked.tolerance = Some(value.extract()?),
                "top" => asked.top = value.extract()?,
                "seed" => asked.seed = value.extract()?,
                "first_row" => asked.first_row = value.extract()?,
                "match" => asked.score = Score::Yes,
                "reject" => asked.reject = Some(value.extract()?),
                "keep_cue" => asked.keep_cue = value.extract()?,
                "input" => input = Some(value.unbind()),
                "observer" => observer = Some(value.unbind()),
                other => return Err(PyTypeError::new_err(format!("recall has no argument '{other}'"))),
            }
        }
        asked.level = match (sigma, signal) {
            (None, None) => Level::Estimate,
            (Some(sigma), None) => Level::Sigma(sigma),
            (None, Some(signal)) => Level::Signal(signal),
            _ => {
                return Err(PyValueError::new_err(
                    "sigma and signal: expected one of the two, found both; leave one away",
                ));
            }
        };
        Ok(RecallOptions { asked, observer, input })
    }
}

/// Cues as Python arrays, which of their units are known, and what stays on.
struct Cues<'py, F: numpy::Element> {
    cues: PyReadonlyArray2<'py, F>,
    known: Option<Mask>,
    input: Option<PyReadonlyArray2<'py, F>>,
}

impl<'py, F: Number> Cues<'py, F> {
    fn read(
        cues: &Bound<'py, PyAny>,
        clamp: Option<&Bound<'py, PyAny>>,
        input: Option<&Py<PyAny>>,
    ) -> PyResult<Self> {
        let input = read_if::<F>("input", input.map(|input| input.bind(cues.py())))?;
        let cues = read::<F>("cues", cues)?;
        let rows = |array: &PyReadonlyArray2<F>| array.as_array().nrows();
        if let Some(found) = input.as_ref().map(rows).filter(|found| *found != rows(&cues)) {
            let expected = rows(&cues);
            return Err(PyValueError::new_err(format!(
                "input: expected one row for each of {expected} cues, found {found}; give as many"
            )));
        }
        let mask = read_if::<bool>("clamp", clamp)?;
        let known = mask.map(|mask| Mask::new(mask.as_array().to_owned(), cues.as_array().dim()));
        Ok(Cues { known: known.transpose().map_err(session_error)?, cues, input })
    }
}

/// Recalls some rows at a time. With an observer all rows are recalled at once, since it sees them together.
fn in_batches<F: Number, T>(
    memory: &dyn Memory<F>,
    mut pace: Pace,
    observer: Option<Py<PyAny>>,
    count: usize,
    recall: impl Fn(Range<usize>, &mut Watch) -> attractor::Result<T>,
) -> PyResult<Vec<T>> {
    let whole = observer.is_some();
    let mut watch = Watch::new(observer, memory.preparation());
    let mut parts = Vec::new();
    let mut from = 0;
    while from < count || parts.is_empty() {
        let to = if whole { count } else { count.min(from + pace.rows()) };
        let part = recall(from..to, &mut watch);
        if let Some(error) = watch.raised.take() {
            return Err(error);
        }
        parts.push(part.map_err(refused)?);
        if to < count {
            watch.signals.check()?;
            pace.adapt(watch.signals.longest());
        }
        from = to;
    }
    Ok(parts)
}

/// The calibration of match scores, if cues get one. Ctrl-C is heard while it draws its samples.
fn calibrated<F: Number>(
    asked: &session::RecallOptions,
    memory: &dyn Memory<F>,
    masked: bool,
) -> PyResult<Option<Calibration>> {
    let mut signals = Signals::new();
    let made = asked.calibration_observed(memory, masked, &mut || signals.check().map_err(foreign));
    made.map_err(session_error)
}

/// Recalls cues.
pub fn recall<'py, F: Number>(
    py: Python<'py>,
    memory: &dyn Memory<F>,
    pace: Pace,
    cues: &Bound<'py, PyAny>,
    clamp: Option<&Bound<'py, PyAny>>,
    asked: RecallOptions,
) -> PyResult<Fields<'py>> {
    let RecallOptions { asked, observer, input } = asked;
    let Cues { cues, known, input } = Cues::<F>::read(cues, clamp, input.as_ref())?;
    let (cues, input) = (cues.as_array(), input.as_ref().map(|input| input.as_array()));
    let recalled = py.detach(|| {
        let calibration = calibrated(&asked, memory, known.is_some())?;
        let parts = in_batches(memory, pace, observer, cues.nrows(), |rows, watch| {
            let known = known.as_ref().map(|known| known.rows(rows.clone()));
            let from = rows.start;
            let input = input.map(|input| input.slice_move(s![rows.clone(), ..]));
            let request = asked.request(cues.slice(s![rows, ..]), known.as_ref().map(|k| k.view()), from);
            let request = Request { calibration: calibration.as_ref(), input, ..request };
            memory.recall_observed(&request, watch)
        })?;
        PyResult::Ok(joined(parts))
    })?;
    Ok(fields(py, recalled))
}

/// Free recall: recalls from random starts, without cues.
pub fn sample<'py, F: Number>(
    py: Python<'py>,
    memory: &dyn Memory<F>,
    pace: Pace,
    count: usize,
    asked: RecallOptions,
) -> PyResult<Fields<'py>> {
    let RecallOptions { asked, observer, .. } = asked;
    let recalled = py.detach(|| {
        let parts = in_batches(memory, pace, observer, count, |rows, watch| {
            let from = rows.start;
            let ids: Vec<u64> = rows.map(|row| asked.id(row)).collect();
            let (cues, level) = memory.prior_samples(&ids, asked.seed)?;
            let request = Request { level, ..asked.request(cues.view(), None, from) };
            memory.recall_observed(&request, watch)
        })?;
        PyResult::Ok(joined(parts))
    })?;
    Ok(fields(py, recalled))
}

/// Recalls cues and keeps every step.
pub fn trace<'py, F: Number>(
    py: Python<'py>,
    memory: &dyn Memory<F>,
    pace: Pace,
    cues: &Bound<'py, PyAny>,
    clamp: Option<&Bound<'py, PyAny>>,
    asked: RecallOptions,
) -> PyResult<(Fields<'py>, Bound<'py, PyDict>)> {
    let RecallOptions { asked, observer, input } = asked;
    let Cues { cues, known, input } = Cues::<F>::read(cues, clamp, input.as_ref())?;
    let (cues, input) = (cues.as_array(), input.as_ref().map(|input| input.as_array()));
    let trace = py.detach(|| -> PyResult<analysis::Trace<F>> {
        let parts = in_batches(memory, pace, observer, cues.nrows(), |rows, watch| {
            let known = known.as_ref().map(|known| known.rows(rows.clone()));
            let from = rows.start;
            let input = input.map(|input| input.slice_move(s![rows.clone(), ..]));
            let request = asked.request(cues.slice(s![rows, ..]), known.as_ref().map(|k| k.view()), from);
            analysis::trace_observed(memory, &Request { input, ..request }, watch)
        })?;
        Ok(analysis::Trace::joined(parts).expect("there is a part"))
    })?;
    let analysis::Trace { states, moments, marks, recall } = trace;
    let looks = PyDict::new(py);
    let steps = states.len_of(Axis(0));
    for field in TraceStep::FIELDS {
        looks.set_item(attribute(field), column(py, field, &moments, steps))?;
    }
    for field in TraceEvents::FIELDS {
        let steps = marks.iter().map(|marks| place((field.get)(marks))).collect();
        looks.set_item(attribute(field), list(py, steps))?;
    }
    looks.set_item("states", give(py, states))?;
    Ok((fields(py, recall), looks))
}

/// One field of every row at every step: indices of memories, or numbers if any row has them.
fn column<'py>(
    py: Python<'py>,
    field: &Field<TraceStep>,
    moments: &[Vec<TraceStep>],
    steps: usize,
) -> Option<Bound<'py, PyAny>> {
    let rows = moments.len();
    let value = |(step, row): (usize, usize)| (field.get)(&moments[row][step]);
    if field.kind == Kind::Whole {
        return Some(give(py, Array2::from_shape_fn((steps, rows), |at| place(value(at)))));
    }
    let values = Array2::from_shape_fn((steps, rows), |at| value(at).number().unwrap_or(f64::NAN));
    (rows == 0 || values.iter().any(|v| !v.is_nan())).then(|| give(py, values))
}

/// Recalls each cue many times and counts the memories that it ended in.
pub fn repeat<'py, F: Number>(
    py: Python<'py>,
    memory: &dyn Memory<F>,
    cues: &Bound<'py, PyAny>,
    clamp: Option<&Bound<'py, PyAny>>,
    repeats: usize,
    asked: RecallOptions,
) -> PyResult<Bound<'py, PyDict>> {
    let Cues { cues, known, input } = Cues::<F>::read(cues, clamp, asked.input.as_ref())?;
    let (cues, input) = (cues.as_array(), input.as_ref().map(|input| input.as_array()));
    let counts = py.detach(|| -> PyResult<Vec<Counts>> {
        let known = known.map(|known| known.rows(0..cues.nrows()));
        let request = Request { input, ..asked.asked.request(cues, known.as_ref().map(|k| k.view()), 0) };
        let mut signals = Signals::new();
        let progress = |_: u64| signals.check().map_err(foreign);
        analysis::repeat(memory, &request, repeats, progress).map_err(refused)
    })?;
    let dim = (counts.len(), memory.memories().unwrap_or(0));
    let result = PyDict::new(py);
    for field in Counts::FIELDS {
        let values = counts.iter().map(|counts| (field.get)(counts));
        let array = match field.kind {
            Kind::Whole => list(py, values.map(place).collect()),
            Kind::Counts => {
                let counts = values.flat_map(|v| if let Value::Counts(n) = v { n } else { &[] });
                rows_of(py, dim, counts.map(|&n| n as i64).collect())
            }
            Kind::Numbers => {
                let numbers = values.flat_map(|v| if let Value::Numbers(x) = v { x } else { &[] });
                rows_of(py, dim, numbers.copied().collect())
            }
            _ => list(py, values.map(|value| value.number().unwrap_or(f64::NAN)).collect()),
        };
        result.set_item(attribute(field), array)?;
    }
    Ok(result)
}

fn rows_of<T: numpy::Element>(py: Python<'_>, dim: (usize, usize), values: Vec<T>) -> Bound<'_, PyAny> {
    give(py, Array2::from_shape_vec(dim, values).expect("one number for each row and memory"))
}

/// A whole number as an array element.
fn place(value: Value) -> i64 {
    value.whole().map_or(-1, |n| n as i64)
}

/// Fields whose name in Python differs from that in files and on the command line.
const RENAMED: [(&str, &str); 3] =
    [("nearest", "memory"), ("counts", "ended"), ("degrees_of_freedom", "freedom")];

/// The Python name of a field.
fn attribute<T>(field: &Field<T>) -> &'static str {
    RENAMED.iter().find(|(name, _)| *name == field.name).map_or(field.name, |(_, own)| own)
}

/// A list of fields for Python, with name, kind and meaning of each.
pub fn listed<T>(fields: &'static [Field<T>]) -> Vec<(&'static str, String, &'static str)> {
    let one =
        |field: &'static Field<T>| (attribute(field), format!("{:?}", field.kind).to_lowercase(), field.doc);
    fields.iter().map(one).collect()
}

/// Joins the recalls of several batches.
fn joined<F: Number>(parts: Vec<Recall<F>>) -> Recall<F> {
    Recall::joined(parts).expect("there is a part")
}

/// Fields of a row that hold a number. It is NaN where a model has none.
static NUMBERS: LazyLock<Vec<&Field<Row>>> = LazyLock::new(|| of_kind(Kind::Number));

/// Fields of a row that hold a whole number. In the table, the codes of outcome and regime, used by Python only,
/// follow them.
static WHOLE: LazyLock<Vec<&Field<Row>>> = LazyLock::new(|| of_kind(Kind::Whole));

fn of_kind(kind: Kind) -> Vec<&'static Field<Row>> {
    Row::FIELDS.iter().filter(|field| field.kind == kind).collect()
}

/// Fields of a row that hold a list of whole numbers.
static LISTS: LazyLock<Vec<&Field<Row>>> = LazyLock::new(|| of_kind(Kind::List));

/// A recall as Python unpacks it: states; values; probabilities and indices of the best memories; which of the
/// [`NUMBERS`] there are; those numbers, one row each; the numbers of [`WHOLE`] with the two codes; the reasons of
/// undefined rows; and the arrays of [`LISTS`], whose rows end in −1.
pub type Fields<'py> = (
    Bound<'py, PyAny>,
    Option<Bound<'py, PyAny>>,
    Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    Vec<bool>,
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
    Vec<(usize, &'static str)>,
    Vec<Option<Bound<'py, PyAny>>>,
);

/// The report of a recall, in a few tables. An array for each field would cost half a microsecond each.
fn fields<'py, F: Number>(py: Python<'py>, recall: Recall<F>) -> Fields<'py> {
    let Recall { states, values, rows } = recall;
    let reported =
        |field: &&Field<Row>| rows.is_empty() || rows.iter().any(|row| (field.get)(row) != Value::None);
    let there = NUMBERS.iter().map(reported).collect();
    let number = |(which, row): (usize, usize)| (NUMBERS[which].get)(&rows[row]).number().unwrap_or(f64::NAN);
    let numbers = Array2::from_shape_fn((NUMBERS.len(), rows.len()), number);
    let width = rows.iter().filter_map(|r| r.posterior.as_ref()).map(|p| p.top.len()).max();
    let best = width.map(|width| {
        let at = |row: usize, place: usize| rows[row].posterior.as_ref().and_then(|p| p.top.get(place));
        let dim = (rows.len(), width);
        let weights = Array2::from_shape_fn(dim, |(row, k)| at(row, k).map_or(f64::NAN, |t| t.1));
        let indices = Array2::from_shape_fn(dim, |(row, k)| at(row, k).map_or(-1, |t| t.0 as i64));
        (give(py, weights), give(py, indices))
    });
    let mut whole = Array2::from_elem((WHOLE.len() + 2, rows.len()), -1_i64);
    for (mut column, row) in whole.axis_iter_mut(Axis(1)).zip(&rows) {
        let regime = match row.regime {
            None => -1,
            Some(Regime::OnePattern) => 1,
            Some(Regime::Blend(k)) => k as i64,
            Some(Regime::GlobalAverage) => 0,
        };
        let fields = WHOLE.iter().map(|field| place((field.get)(row)));
        let all = fields.chain([row.ending() as i64, regime]);
        column.iter_mut().zip(all).for_each(|(place, number)| *place = number);
    }
    let reasons = rows.iter().enumerate().filter_map(|(k, row)| Some((k, row.reason()?))).collect();
    let lists = LISTS.iter().map(|field| lists_of(py, field, &rows)).collect();
    let values = values.map(|v| give(py, v));
    (give(py, states), values, best, there, give(py, numbers), give(py, whole), reasons, lists)
}

/// The lists of one field, one for each row, filled up with −1. `None` if no row has one.
fn lists_of<'py>(py: Python<'py>, field: &Field<Row>, rows: &[Row]) -> Option<Bound<'py, PyAny>> {
    let list = |row| if let Value::List(list) = (field.get)(row) { Some(list) } else { None };
    let longest = rows.iter().filter_map(list).map(<[usize]>::len).max()?;
    let mut array = Array2::from_elem((rows.len(), longest), -1_i64);
    for (mut to, row) in array.outer_iter_mut().zip(rows) {
        let from = list(row).unwrap_or_default();
        to.iter_mut().zip(from).for_each(|(to, &n)| *to = n as i64);
    }
    Some(give(py, array))
}
