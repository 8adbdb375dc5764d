//! Energies, denoised states and posteriors of single states. They are computed some rows at a time, so that Ctrl-C
//! can interrupt.

use attractor::Memory;
use attractor::analysis::{self, Density};
use ndarray::{Array2, ArrayView2, Axis, concatenate, s};
use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::arrays::{Number, give, list, read};
use crate::error::{foreign, refused};
use crate::observe::{Pace, Signals};

/// Calls `f` with some rows and their noise levels at a time. Without rows, `f` is called once with none.
fn each<F: Number, T>(
    states: ArrayView2<F>,
    sigmas: Option<&[f64]>,
    mut pace: Pace,
    mut f: impl FnMut(ArrayView2<F>, Option<&[f64]>) -> attractor::Result<T>,
) -> PyResult<Vec<T>> {
    let b = states.nrows();
    if let Some(sigmas) = sigmas.filter(|sigmas| sigmas.len() != b) {
        return Err(PyValueError::new_err(format!(
            "sigma: expected one number, or one for each of {b} states, found {}; give every state its own",
            sigmas.len()
        )));
    }
    let mut signals = Signals::new();
    let mut parts = Vec::new();
    let mut from = 0;
    while from < b || parts.is_empty() {
        let rows = from..b.min(from + pace.rows());
        from = rows.end;
        parts.push(f(states.slice(s![rows.clone(), ..]), sigmas.map(|s| &s[rows])).map_err(refused)?);
        signals.check()?;
        pace.adapt(signals.longest());
    }
    Ok(parts)
}

/// The noise levels. It is an error if there are none.
fn needed<'a>(sigmas: Option<&'a [f64]>, what: &str) -> attractor::Result<&'a [f64]> {
    sigmas.ok_or_else(|| attractor::Error::parameter("sigma", format!("a noise level for {what}"), "none"))
}

/// The numbers of an array that may be missing.
fn slice<'a>(sigmas: &'a Option<PyReadonlyArray1<f64>>) -> PyResult<Option<&'a [f64]>> {
    Ok(sigmas.as_ref().map(PyReadonlyArray1::as_slice).transpose()?)
}

/// Computes one number for each state.
pub fn number<'py, F: Number>(
    py: Python<'py>,
    memory: &dyn Memory<F>,
    pace: Pace,
    what: &str,
    states: &Bound<'py, PyAny>,
    sigmas: Option<PyReadonlyArray1<f64>>,
) -> PyResult<Bound<'py, PyAny>> {
    let states = read::<F>("states", states)?;
    let (states, sigmas) = (states.as_array(), slice(&sigmas)?);
    let numbers = py.detach(|| {
        let mut signals = Signals::new();
        // The flow passes through many noise levels, so signals are checked on the way.
        let mut interrupted = || signals.check().map_err(foreign);
        each(states, sigmas, pace, |states, sigmas| match what {
            "energy" => memory.energies(states, sigmas),
            way => {
                let (levels, way) = (needed(sigmas, "a density")?, way.parse::<Density>()?);
                analysis::density_observed(memory, states, levels, way, &mut interrupted)
            }
        })
    })?;
    Ok(list(py, numbers.concat()))
}

/// Computes one vector for each state.
pub fn vector<'py, F: Number>(
    py: Python<'py>,
    memory: &dyn Memory<F>,
    pace: Pace,
    what: &str,
    states: &Bound<'py, PyAny>,
    sigmas: Option<PyReadonlyArray1<f64>>,
) -> PyResult<Bound<'py, PyAny>> {
    let states = read::<F>("states", states)?;
    let (states, sigmas) = (states.as_array(), slice(&sigmas)?);
    let vectors = py.detach(|| {
        let parts = each(states, sigmas, pace, |states, sigmas| match what {
            "gradient" => memory.gradients(states, sigmas),
            "score" => analysis::score(memory, states, needed(sigmas, "a score")?),
            _ => analysis::denoise(memory, states, needed(sigmas, "a denoiser")?),
        })?;
        stacked(parts)
    })?;
    Ok(give(py, vectors))
}

/// Computes the posterior over all memories for each state.
pub fn posterior<'py, F: Number>(
    py: Python<'py>,
    memory: &dyn Memory<F>,
    pace: Pace,
    states: &Bound<'py, PyAny>,
    sigmas: Option<PyReadonlyArray1<f64>>,
) -> PyResult<Bound<'py, PyAny>> {
    let states = read::<F>("states", states)?;
    let (states, sigmas) = (states.as_array(), slice(&sigmas)?);
    let count = memory.memories().unwrap_or(0);
    let weights = py.detach(|| {
        let parts = each(states, sigmas, pace, |states, sigmas| {
            let none = vec![0.0; states.nrows()];
            let levels = match memory.denoiser() {
                Some(_) => needed(sigmas, "a posterior")?,
                None => sigmas.unwrap_or(&none),
            };
            let mut weights = Array2::zeros((states.nrows(), count));
            let found = analysis::posterior(memory, states, levels, count.max(1))?;
            for (mut row, posterior) in weights.outer_iter_mut().zip(found) {
                posterior.top.iter().for_each(|&(n, weight)| row[n] = weight);
            }
            Ok(weights)
        })?;
        stacked(parts)
    })?;
    Ok(give(py, weights))
}

fn stacked<T: Clone>(mut parts: Vec<Array2<T>>) -> PyResult<Array2<T>> {
    if parts.len() == 1 {
        return Ok(parts.remove(0));
    }
    let views: Vec<_> = parts.iter().map(|p| p.view()).collect();
    Ok(concatenate(Axis(0), &views).expect("equal widths"))
}

/// Sums the counters of the hard locations near each state. `None` for a memory without any.
pub fn sums<'py, F: Number>(
    py: Python<'py>,
    memory: &dyn Memory<F>,
    pace: Pace,
    states: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(held) = memory.locations() else { return Ok(None) };
    let states = read::<F>("states", states)?;
    let states = states.as_array();
    let prepared = |rows: ArrayView2<F>, _: Option<&[f64]>| {
        held.sums(memory.preparation().forward(rows.to_owned()).view())
    };
    let sums = py.detach(|| stacked(each(states, None, pace, prepared)?))?;
    Ok(Some(give(py, sums)))
}
