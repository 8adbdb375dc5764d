//! Errors as Python's, variant by variant, and in its words.

use std::io::ErrorKind;

use attractor::message::{Argument, Spelling};
use pyo3::exceptions::{
    PyFileExistsError, PyFileNotFoundError, PyIsADirectoryError, PyNotADirectoryError, PyOSError,
    PyPermissionError, PyRuntimeError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;

/// Spells arguments as keywords.
pub struct Keywords;

impl Spelling for Keywords {
    fn argument(&self, argument: Argument) -> String {
        match argument {
            Argument::CueLevel => "sigma or signal".into(),
            Argument::StateLevels => "sigma".into(),
            Argument::Known => "clamp".into(),
            Argument::Values => "values".into(),
            Argument::DoublePrecision => "dtype=\"float64\"".into(),
            Argument::Training => "attractor.Network(patterns)".into(),
            Argument::Storing => "Memory.save".into(),
            Argument::Memory => "a memory (attractor.load)".into(),
            Argument::Shape => "shape".into(),
            Argument::Layout => "layout".into(),
            // Python reads pictures as they are, so that another package changes them.
            Argument::Grey => "Pillow's Image.convert(\"L\")".into(),
            Argument::Resize => "Pillow's Image.resize".into(),
            Argument::Option { name, value: None } => keyword(name),
            Argument::Option { name, value: Some(value) } => format!("{}=\"{value}\"", keyword(name)),
        }
    }

    fn parameter(&self, name: &str) -> String {
        keyword(name)
    }
}

/// A declared name, as in `norm-bias`, as Python writes it.
fn keyword(name: &str) -> String {
    name.replace('-', "_")
}

/// What a memory refuses.
pub fn refused(error: attractor::Error) -> PyErr {
    use attractor::Error as E;
    let text = error.spelled(&Keywords);
    match error {
        E::Undefined { .. } => PyTypeError::new_err(text),
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
    let text = error.spelled(&Keywords);
    match error {
        E::Read { reason, .. } | E::Write { reason, .. } => match reason.kind() {
            ErrorKind::NotFound => PyFileNotFoundError::new_err(text),
            ErrorKind::PermissionDenied => PyPermissionError::new_err(text),
            ErrorKind::AlreadyExists => PyFileExistsError::new_err(text),
            ErrorKind::IsADirectory => PyIsADirectoryError::new_err(text),
            ErrorKind::NotADirectory => PyNotADirectoryError::new_err(text),
            _ => PyOSError::new_err(text),
        },
        _ => PyValueError::new_err(text),
    }
}

/// Why a memory cannot be opened or asked.
pub fn session(error: attractor_session::Error) -> PyErr {
    use attractor_session::Error as E;
    let text = error.spelled(&Keywords);
    match error {
        E::Memory(error) => refused(error),
        E::Data(error) => unreadable(error),
        E::Refused(_) => PyValueError::new_err(text),
        E::NothingToStore { .. } => PyTypeError::new_err(text),
    }
}

/// Why an experiment could not be run.
pub fn failed(error: attractor_report::Error) -> PyErr {
    use attractor_report::Error as E;
    match error {
        E::Memory(error) => refused(error),
        E::Data(error) => unreadable(error),
        other => PyValueError::new_err(other.spelled(&Keywords)),
    }
}

/// A caller's exception on its way through Rust.
pub fn foreign(error: PyErr) -> attractor::Error {
    attractor::Error::Foreign(Box::new(error))
}
