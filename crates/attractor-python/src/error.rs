//! Errors as Python's, variant by variant, with the command line's sentences.

use std::io::ErrorKind;

use attractor::memories::MODELS;
use pyo3::exceptions::{
    PyFileExistsError, PyFileNotFoundError, PyIsADirectoryError, PyNotADirectoryError, PyOSError,
    PyPermissionError, PyRuntimeError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;

/// What a memory refuses.
pub fn refused(error: attractor::Error) -> PyErr {
    use attractor::Error as E;
    let text = spelled(&error.to_string());
    match error {
        E::Undefined { .. } => PyTypeError::new_err(text),
        E::Parameter { name, .. } => PyValueError::new_err(text.replacen(&name, &name.replace('-', "_"), 1)),
        // What a caller's own function raised goes on as it was.
        E::Foreign(inner) => match inner.downcast::<PyErr>() {
            Ok(error) => *error,
            Err(other) => PyRuntimeError::new_err(other.to_string()),
        },
        _ => PyValueError::new_err(text),
    }
}

/// What is wrong with a file.
pub fn unreadable(error: attractor_data::Error) -> PyErr {
    use attractor_data::Error as E;
    let text = error.to_string();
    match error {
        E::Read { reason, .. } | E::Write { reason, .. } => match reason.kind() {
            ErrorKind::NotFound => PyFileNotFoundError::new_err(text),
            ErrorKind::PermissionDenied => PyPermissionError::new_err(text),
            ErrorKind::AlreadyExists => PyFileExistsError::new_err(text),
            ErrorKind::IsADirectory => PyIsADirectoryError::new_err(text),
            ErrorKind::NotADirectory => PyNotADirectoryError::new_err(text),
            _ => PyOSError::new_err(text),
        },
        _ => PyValueError::new_err(spelled(&text)),
    }
}

/// Why an experiment could not be run.
pub fn failed(error: attractor_experiments::Error) -> PyErr {
    use attractor_experiments::Error as E;
    match error {
        E::Memory(error) => refused(error),
        E::Data(error) => unreadable(error),
        other => PyValueError::new_err(spelled(&other.to_string())),
    }
}

/// A caller's exception on its way through Rust.
pub fn foreign(error: PyErr) -> attractor::Error {
    attractor::Error::Foreign(Box::new(error))
}

/// Options that are not a model's, as the command line has them.
const OTHERS: [&str; 19] = [
    "sigma",
    "data",
    "signal",
    "clamp",
    "prepare",
    "dtype",
    "values",
    "labels",
    "weights",
    "updates",
    "tolerance",
    "top",
    "reject",
    "shape",
    "layout",
    "count",
    "cues",
    "images",
    "runs",
];

/// Options as Python spells them: `--norm-bias on` is `norm_bias on`. What only looks like an option stays.
fn spelled(text: &str) -> String {
    let of_a_model = |name: &str| MODELS.iter().flat_map(|m| m.card.parameters).any(|p| p.name == name);
    let mut parts = text.split("--");
    let mut spelled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_lowercase() && c != '-').unwrap_or(part.len());
        let name = &part[..end];
        let begins = spelled.ends_with([' ', '(']) || spelled.is_empty();
        if begins && (OTHERS.contains(&name) || of_a_model(name)) {
            spelled += &name.replace('-', "_");
        } else {
            spelled += "--";
            spelled += name;
        }
        spelled += &part[end..];
    }
    spelled
}
