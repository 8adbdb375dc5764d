//! The minima of a memory's landscape.

use std::ops::ControlFlow;

use attractor::Memory as Core;
use attractor::analysis::{self, Listing, Minima, Minimum, Search, Starts};
use attractor::fields::{Kind, Value};
use attractor_session::with_memory;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{Number, give, list};
use crate::error::{foreign, refused};
use crate::memory::Memory;
use crate::observe::Signals;

/// Finds the minima of a memory's landscape; returns the states and a dictionary of fields and counts.
#[pyfunction]
#[pyo3(signature = (memory, *, starts, near, seed, sigma, within, exact, progress=None))]
#[expect(clippy::too_many_arguments, reason = "keywords of Python")]
pub fn minima<'py>(
    py: Python<'py>,
    memory: &Memory,
    starts: usize,
    near: Option<f64>,
    seed: u64,
    sigma: Option<f64>,
    within: f64,
    exact: &str,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let from = near.map_or(Starts::Prior, Starts::Near);
    let listing: Listing = exact.parse().map_err(refused)?;
    let search = Search { starts, from, seed, sigma, within, listing };
    with_memory!(&memory.0.memory, held => found(py, held, &search, progress))
}

fn found<'py, F: Number>(
    py: Python<'py>,
    memory: &dyn Core<F>,
    search: &Search,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let mut raised = None;
    let mut signals = Signals::new();
    let found = py.detach(|| {
        analysis::minima(memory, search, &mut |done, of| {
            let told = match &progress {
                Some(progress) => Python::attach(|py| {
                    py.check_signals()?;
                    progress.bind(py).call1((done, of)).map(|_| ())
                }),
                None => signals.check(),
            };
            match told {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    raised = Some(error);
                    ControlFlow::Break(())
                }
            }
        })
    });
    if let Some(error) = raised {
        // An exception of the caller's own function is raised unchanged.
        return Err(refused(foreign(error)));
    }
    fields(py, found.map_err(refused)?)
}

fn fields<F: Number>(py: Python<'_>, found: Minima<F>) -> PyResult<Bound<'_, PyDict>> {
    let fields = PyDict::new(py);
    for field in Minimum::FIELDS {
        let values = found.minima.iter().map(|minimum| (field.get)(minimum));
        match field.kind {
            Kind::Whole => {
                let whole = values.map(|value| value.whole().map_or(-1, |n| n as i64)).collect();
                fields.set_item(field.name, list::<i64>(py, whole))?;
            }
            Kind::Text => {
                let text =
                    |value| if let Value::Text(text) = value { text.into_owned() } else { String::new() };
                fields.set_item(field.name, values.map(text).collect::<Vec<String>>())?;
            }
            Kind::Weights => {
                let weights = |value| if let Value::Weights(all) = value { all.to_vec() } else { Vec::new() };
                fields.set_item(field.name, values.map(weights).collect::<Vec<_>>())?;
            }
            _ => {
                let numbers = values.map(|value| value.number().unwrap_or(f64::NAN)).collect();
                fields.set_item(field.name, list::<f64>(py, numbers))?;
            }
        }
    }
    fields.set_item("starts", found.starts)?;
    fields.set_item("rested", found.rested)?;
    fields.set_item("undefined", found.undefined)?;
    fields.set_item("listed", found.listed)?;
    fields.set_item("unseen", found.unseen())?;
    fields.set_item("at_least", found.at_least())?;
    fields.set_item("states", give(py, found.states))?;
    Ok(fields)
}
