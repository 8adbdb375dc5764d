//! Recalls and what they report, in tables.

use std::ops::Range;

use attractor::analysis::{self, Moment};
use attractor::memories::{Calibration, Regime, Row};
use attractor::{Level, Memory, Outcome, Recall, Request};
use ndarray::{Array2, ArrayView2, Axis, s};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{Number, give, list, read, read_if};
use crate::error::refused;
use crate::observe::{Signals, Watch};

/// What is asked of a recall.
pub struct Asked {
    sigma: Option<f64>,
    signal: Option<f64>,
    updates: Option<usize>,
    tolerance: Option<f64>,
    top: usize,
    seed: u64,
    first_row: u64,
    matching: bool,
    reject: Option<f64>,
    observer: Option<Py<PyAny>>,
}

impl<'a, 'py> FromPyObject<'a, 'py> for Asked {
    type Error = PyErr;

    /// From a tuple, which is quicker to make and to read than names are.
    fn extract(tuple: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        let (sigma, signal, updates, tolerance, top, seed, first_row, matching, reject, observer) =
            tuple.extract()?;
        Ok(Asked { sigma, signal, updates, tolerance, top, seed, first_row, matching, reject, observer })
    }
}

impl Asked {
    fn level(&self) -> PyResult<Level> {
        match (self.sigma, self.signal) {
            (None, None) => Ok(Level::Estimate),
            (Some(sigma), None) => Ok(Level::Sigma(sigma)),
            (None, Some(signal)) => Ok(Level::Signal(signal)),
            _ => Err(PyValueError::new_err(
                "sigma and signal: expected one of the two, found both; leave one away",
            )),
        }
    }

    /// The request of a batch that begins at row `from`.
    fn request<'b, F: Number>(
        &self,
        cues: ArrayView2<'b, F>,
        known: Option<ArrayView2<'b, bool>>,
        level: Level,
        from: usize,
    ) -> Request<'b, F> {
        Request {
            known,
            level,
            updates: self.updates,
            tolerance: self.tolerance,
            top: self.top,
            seed: self.seed,
            first_row: self.first_row.wrapping_add(from as u64),
            reject: self.reject,
            ..Request::new(cues)
        }
    }

    /// What true cues look like, where it is asked how well cues match.
    fn calibration<F: Number>(
        &self,
        memory: &dyn Memory<F>,
        level: Level,
        known: bool,
    ) -> PyResult<Option<Calibration>> {
        if !self.matching && self.reject.is_none() {
            return Ok(None);
        }
        let samples = Calibration::samples_for(self.reject).map_err(refused)?;
        let refuse = |text: &str| Err(PyValueError::new_err(text.to_owned()));
        if known {
            return refuse(
                "match: known units are held exactly and have no noise to judge by; leave clamp, or match and reject, away",
            );
        }
        let Some(patterns) = memory.patterns() else {
            return refuse(
                "match: expected a memory that has patterns, found one without; leave match and reject away",
            );
        };
        Calibration::new(patterns, level, samples, self.seed).map(Some).map_err(refused)
    }
}

/// Rows that are taken at a time, so that a call is bounded in memory and listens to Ctrl-C.
pub fn rows_at_a_time(columns: usize) -> usize {
    const ROWS: usize = 1024;
    const NUMBERS: usize = 1 << 24;
    (NUMBERS / columns.max(1)).clamp(1, ROWS)
}

/// A mask for all cues: it may have one row.
fn mask_for<'a>(mask: Option<ArrayView2<'a, bool>>, cues: (usize, usize)) -> PyResult<Option<Array2<bool>>> {
    let Some(mask) = mask else {
        return Ok(None);
    };
    match mask.broadcast(cues) {
        Some(mask) => Ok(Some(mask.to_owned())),
        None => Err(PyValueError::new_err(format!(
            "clamp: expected a mask of {} x {} (or of one row), as the cues, found {} x {}; give one row for all cues or one row a cue",
            cues.0,
            cues.1,
            mask.nrows(),
            mask.ncols()
        ))),
    }
}

/// Recalls some rows at a time; all at once for an observer, who is to see them together.
fn in_batches<F: Number>(
    memory: &dyn Memory<F>,
    observer: Option<Py<PyAny>>,
    count: usize,
    recall: impl Fn(Range<usize>, &mut Watch) -> attractor::Result<Recall<F>>,
) -> PyResult<Recall<F>> {
    let batch = if observer.is_some() { count } else { rows_at_a_time(memory.dim()) };
    let mut watch = Watch::new(observer, memory.preparation());
    let mut parts = Vec::new();
    for from in (0..count.max(1)).step_by(batch.max(1)) {
        let part = recall(from..count.min(from + batch), &mut watch);
        if let Some(error) = watch.raised.take() {
            return Err(error);
        }
        parts.push(part.map_err(refused)?);
    }
    Ok(joined(parts))
}

/// Recalls a batch of cues.
pub fn recall<'py, F: Number>(
    py: Python<'py>,
    memory: &dyn Memory<F>,
    cues: &Bound<'py, PyAny>,
    clamp: Option<&Bound<'py, PyAny>>,
    mut asked: Asked,
) -> PyResult<Fields<'py>> {
    let cues = read::<F>("cues", cues)?;
    let mask = read_if::<bool>("clamp", clamp)?;
    let cues = cues.as_array();
    let mask = mask_for(mask.as_ref().map(|m| m.as_array()), cues.dim())?;
    let level = asked.level()?;
    let observer = asked.observer.take();
    let recalled = py.detach(|| {
        let calibration = asked.calibration(memory, level, mask.is_some())?;
        in_batches(memory, observer, cues.nrows(), |rows, watch| {
            let known = mask.as_ref().map(|m| m.slice(s![rows.clone(), ..]));
            let from = rows.start;
            let request = asked.request(cues.slice(s![rows, ..]), known, level, from);
            memory.recall_observed(&Request { calibration: calibration.as_ref(), ..request }, watch)
        })
    })?;
    Ok(fields(py, recalled))
}

/// Recalls from nothing.
pub fn sample<'py, F: Number>(
    py: Python<'py>,
    memory: &dyn Memory<F>,
    count: usize,
    mut asked: Asked,
) -> PyResult<Fields<'py>> {
    let observer = asked.observer.take();
    let recalled = py.detach(|| {
        in_batches(memory, observer, count, |rows, watch| {
            let from = rows.start;
            let ids: Vec<u64> = rows.map(|row| asked.first_row.wrapping_add(row as u64)).collect();
            let (cues, level) = memory.imagine(&ids, asked.seed)?;
            memory.recall_observed(&asked.request(cues.view(), None, level, from), watch)
        })
    })?;
    Ok(fields(py, recalled))
}

/// Recalls step by step.
pub fn trace<'py, F: Number>(
    py: Python<'py>,
    memory: &dyn Memory<F>,
    cues: &Bound<'py, PyAny>,
    clamp: Option<&Bound<'py, PyAny>>,
    mut asked: Asked,
) -> PyResult<(Fields<'py>, Bound<'py, PyDict>)> {
    let cues = read::<F>("cues", cues)?;
    let mask = read_if::<bool>("clamp", clamp)?;
    let cues = cues.as_array();
    let mask = mask_for(mask.as_ref().map(|m| m.as_array()), cues.dim())?;
    let level = asked.level()?;
    let observer = asked.observer.take();
    let trace = py.detach(|| -> PyResult<analysis::Trace<F>> {
        let mut watch = Watch::new(observer, memory.preparation());
        let request = asked.request(cues, mask.as_ref().map(|m| m.view()), level, 0);
        let trace = analysis::trace_observed(memory, &request, &mut watch);
        match watch.raised {
            Some(error) => Err(error),
            None => trace.map_err(refused),
        }
    })?;
    let analysis::Trace { states, moments, marks, recall } = trace;
    let looks = PyDict::new(py);
    let steps = states.len_of(Axis(0));
    let rows = moments.len();
    let table = |of: &dyn Fn(&Moment) -> Option<f64>| -> Option<Bound<'py, PyAny>> {
        let values =
            Array2::from_shape_fn((steps, rows), |(step, row)| of(&moments[row][step]).unwrap_or(f64::NAN));
        (rows == 0 || values.iter().any(|v| !v.is_nan())).then(|| give(py, values))
    };
    let index = |of: &dyn Fn(&Moment) -> Option<usize>| {
        give(
            py,
            Array2::from_shape_fn((steps, rows), |(step, row)| {
                of(&moments[row][step]).map_or(-1, |n| n as i64)
            }),
        )
    };
    looks.set_item("sigma", table(&|m| Some(m.sigma)))?;
    looks.set_item("time", table(&|m| m.time.map(|t| t.0)))?;
    looks.set_item("scale", table(&|m| m.time.map(|t| t.1)))?;
    looks.set_item("energy", table(&|m| m.energy))?;
    looks.set_item("entropy", table(&|m| m.entropy))?;
    looks.set_item("participation", table(&|m| m.participation))?;
    looks.set_item("memory", index(&|m| m.memory))?;
    looks.set_item("favourite", index(&|m| m.favourite.map(|f| f.0)))?;
    looks.set_item("weight", table(&|m| m.favourite.map(|f| f.1)))?;
    looks.set_item("variance", table(&|m| m.variance))?;
    looks.set_item("growth_score", table(&|m| m.growth.map(|g| g.score)))?;
    looks.set_item("growth_flow", table(&|m| m.growth.map(|g| g.flow)))?;
    looks.set_item("growth_sde", table(&|m| m.growth.map(|g| g.sde)))?;
    let mark = |of: &dyn Fn(&analysis::Marks) -> Option<usize>| {
        list(py, marks.iter().map(|m| of(m).map_or(-1, |step| step as i64)).collect())
    };
    looks.set_item("speciates", mark(&|m| m.speciates))?;
    looks.set_item("commits", mark(&|m| m.commits))?;
    looks.set_item("states", give(py, states))?;
    Ok((fields(py, recall), looks))
}

/// Recalls each cue many times and counts where it ended.
pub fn repeat<'py, F: Number>(
    py: Python<'py>,
    memory: &dyn Memory<F>,
    cues: &Bound<'py, PyAny>,
    clamp: Option<&Bound<'py, PyAny>>,
    repeats: usize,
    asked: Asked,
) -> PyResult<Bound<'py, PyDict>> {
    let cues = read::<F>("cues", cues)?;
    let mask = read_if::<bool>("clamp", clamp)?;
    let cues = cues.as_array();
    let mask = mask_for(mask.as_ref().map(|m| m.as_array()), cues.dim())?;
    let level = asked.level()?;
    let counts = py.detach(|| -> PyResult<Vec<analysis::Counts>> {
        let request = asked.request(cues, mask.as_ref().map(|m| m.view()), level, 0);
        let mut signals = Signals::new();
        let progress = |_: u64| signals.check().map_err(crate::error::foreign);
        analysis::repeat(memory, &request, repeats, progress).map_err(refused)
    })?;
    let dim = (counts.len(), memory.memories().unwrap_or(0));
    let result = PyDict::new(py);
    result.set_item("ended", give(py, Array2::from_shape_fn(dim, |(row, n)| counts[row].ended[n] as i64)))?;
    result
        .set_item("posterior", give(py, Array2::from_shape_fn(dim, |(row, n)| counts[row].posterior[n])))?;
    result.set_item("chi_square", list(py, counts.iter().map(|c| c.chi_square).collect()))?;
    result.set_item("freedom", list(py, counts.iter().map(|c| c.freedom as i64).collect()))?;
    result.set_item("sigma", list(py, counts.iter().map(|c| c.sigma.unwrap_or(f64::NAN)).collect()))?;
    Ok(result)
}

/// Batches in one.
fn joined<F: Number>(mut parts: Vec<Recall<F>>) -> Recall<F> {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let stacked = |arrays: Vec<ArrayView2<F>>| ndarray::concatenate(Axis(0), &arrays).expect("equal widths");
    let states = stacked(parts.iter().map(|p| p.states.view()).collect());
    let values: Option<Vec<_>> = parts.iter().map(|p| p.values.as_ref().map(|v| v.view())).collect();
    let values = values.map(stacked);
    Recall { states, values, rows: parts.into_iter().flat_map(|p| p.rows).collect() }
}

/// Names of outcomes; their places are the codes that arrays hold.
pub const OUTCOMES: [&str; 7] =
    ["settled", "still moving", "one update", "2-cycle", "stopped", "diverged", "refused"];

fn outcome(row: &Row) -> (i64, i64) {
    let (name, step) = match row.outcome {
        _ if row.refused => ("refused", None),
        Outcome::Settled { step } => ("settled", Some(step)),
        Outcome::StillMoving if row.steps == 1 => ("one update", None),
        Outcome::StillMoving => ("still moving", None),
        Outcome::TwoCycle { step } => ("2-cycle", Some(step)),
        Outcome::Stopped { step } => ("stopped", Some(step)),
        Outcome::Diverged { step } => ("diverged", Some(step)),
    };
    let code = OUTCOMES.iter().position(|known| *known == name).unwrap_or_default();
    (code as i64, step.map_or(-1, |step| step as i64))
}

/// What a row says of one thing, if it does.
type Figure = fn(&Row) -> Option<f64>;

/// Numbers of a row by name; a model that has none of a kind gives NaN for it.
pub const NUMBERS: [(&str, Figure); 9] = [
    ("overlap", |row| row.overlap),
    ("distance", |row| row.distance),
    ("entropy", |row| row.posterior.as_ref().map(|p| p.entropy)),
    ("participation", |row| row.posterior.as_ref().map(|p| p.participation)),
    ("energy", |row| row.energy),
    ("sigma", |row| row.sigma),
    ("beta", |row| row.beta),
    ("match", |row| row.matching),
    ("reads", |row| row.reads.map(|reads| reads.full as f64)),
];

/// Whole numbers of a row; the codes of outcome and regime are Python's own affair.
pub const WHOLE: [&str; 5] = ["memory", "steps", "_outcome", "outcome_step", "_regime"];

/// What Python unpacks: states, values, probabilities and numbers of the best memories, which [`NUMBERS`] there are,
/// those (one row each), and the numbers of [`WHOLE`].
pub type Fields<'py> = (
    Bound<'py, PyAny>,
    Option<Bound<'py, PyAny>>,
    Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    [bool; 9],
    Bound<'py, PyAny>,
    Bound<'py, PyAny>,
);

/// The report of a recall. A few tables rather than an array for each number: making an array costs half a microsecond.
fn fields<'py, F: Number>(py: Python<'py>, recall: Recall<F>) -> Fields<'py> {
    let Recall { states, values, rows } = recall;
    let there = NUMBERS.map(|(_, number)| rows.is_empty() || rows.iter().any(|row| number(row).is_some()));
    let numbers = |(which, row): (usize, usize)| NUMBERS[which].1(&rows[row]).unwrap_or(f64::NAN);
    let numbers = Array2::from_shape_fn((NUMBERS.len(), rows.len()), numbers);
    let width = rows.iter().filter_map(|r| r.posterior.as_ref()).map(|p| p.top.len()).max();
    let best = width.map(|width| {
        let at = |row: usize, place: usize| rows[row].posterior.as_ref().and_then(|p| p.top.get(place));
        let dim = (rows.len(), width);
        let weights = Array2::from_shape_fn(dim, |(row, k)| at(row, k).map_or(f64::NAN, |t| t.1));
        let indices = Array2::from_shape_fn(dim, |(row, k)| at(row, k).map_or(-1, |t| t.0 as i64));
        (give(py, weights), give(py, indices))
    });
    let mut whole = Array2::from_elem((WHOLE.len(), rows.len()), -1_i64);
    for (mut column, row) in whole.axis_iter_mut(Axis(1)).zip(&rows) {
        let (code, step) = outcome(row);
        let regime = match row.regime {
            None => -1,
            Some(Regime::OnePattern) => 1,
            Some(Regime::Blend(k)) => k as i64,
            Some(Regime::GlobalAverage) => 0,
        };
        let all = [row.memory.map_or(-1, |n| n as i64), row.steps as i64, code, step, regime];
        column.iter_mut().zip(all).for_each(|(place, number)| *place = number);
    }
    (give(py, states), values.map(|v| give(py, v)), best, there, give(py, numbers), give(py, whole))
}
