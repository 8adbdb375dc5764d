//! What a change of a memory did to the recall of the patterns that it keeps.

use attractor::analysis::Effect;
use attractor::fields::Kind;
use attractor_session::{AnyMemory, Examination, Examined, Session, examine};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::list;
use crate::error::{foreign, session as refused};
use crate::observe::Signals;

/// Compares a memory as it was with what it has become; returns the fields of each pattern, and those of the whole.
pub fn examined<'py>(
    py: Python<'py>,
    before: &Session,
    after: &Session,
    index: &[Option<usize>],
    how: &Examination,
) -> PyResult<Bound<'py, PyDict>> {
    let mut signals = Signals::new();
    let mut progress = |_: usize, _: usize| signals.check().map_err(foreign);
    let examined = py.detach(|| match (&before.memory, &after.memory) {
        (AnyMemory::F32(old), AnyMemory::F32(new)) => {
            examine(old.as_ref(), new.as_ref(), index, &after.about, how, &mut progress).map_err(refused)
        }
        (AnyMemory::F64(old), AnyMemory::F64(new)) => {
            examine(old.as_ref(), new.as_ref(), index, &after.about, how, &mut progress).map_err(refused)
        }
        _ => Err(PyTypeError::new_err(
            "effect: expected both memories in one number type, found float32 and float64; give rows of the type of the memory",
        )),
    })?;
    given(py, &examined)
}

fn given<'py>(py: Python<'py>, examined: &Examined) -> PyResult<Bound<'py, PyDict>> {
    let result = PyDict::new(py);
    for field in Effect::FIELDS {
        let values = examined.effects.iter().map(|effect| (field.get)(effect));
        let array = match field.kind {
            Kind::Whole => list(py, values.map(|v| v.whole().map_or(-1, |n| n as i64)).collect()),
            _ => list(py, values.map(|v| v.number().unwrap_or(f64::NAN)).collect()),
        };
        result.set_item(field.name, array)?;
    }
    result.set_item("kept", examined.kept)?;
    result.set_item("nearest", examined.near)?;
    result.set_item("corruption", examined.corruption.to_string())?;
    result.set_item("seed", examined.seed)?;
    Ok(result)
}
