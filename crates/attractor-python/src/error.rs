//! Converts errors to Python exceptions, with arguments spelled as keywords.

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
            Argument::Fitting => "attractor.fit(patterns)".into(),
            Argument::Training => "attractor.Network(patterns)".into(),
            Argument::Storing => "Memory.save".into(),
            Argument::Memory => "a memory (attractor.load)".into(),
            Argument::Shape => "shape".into(),
            Argument::Layout => "layout".into(),
            Argument::Grey => "grey=True".into(),
            Argument::Resize => "resize=(height, width)".into(),
            Argument::Option { name, value: None } => keyword(name),
            Argument::Option { name, value: Some(value) } => format!("{}=\"{value}\"", keyword(name)),
        }
    }

    fn parameter(&self, name: &str) -> String {
        keyword(name)
    }
}

/// The keyword of a declared name: `norm_bias` for `norm-bias`.
fn keyword(name: &str) -> String {
    name.replace('-', "_")
}

/// The exception for an error of the core.
pub fn refused(error: attractor::Error) -> PyErr {
    use attractor::Error as E;
    let text = error.spelled(&Keywords);
    match error {
        E::Undefined { .. } => PyTypeError::new_err(text),
        // An exception of the caller's own function is raised unchanged.
        E::Foreign(inner) => match inner.downcast::<PyErr>() {
            Ok(error) => *error,
            Err(other) => PyRuntimeError::new_err(other.to_string()),
        },
        _ => PyValueError::new_err(text),
    }
}

/// The exception for an error of reading or writing a file.
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

/// Errors of opening a memory or asking it for a recall.
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

/// The exception for an error of a protocol of replay.
pub fn replayed(error: attractor_replay::Error) -> PyErr {
    use attractor_replay::Error as E;
    match error {
        E::Memory(error) => refused(error),
        E::Data(error) => unreadable(error),
        other => PyValueError::new_err(other.spelled(&Keywords)),
    }
}

/// The exception for an error of an experiment.
pub fn failed(error: attractor_report::Error) -> PyErr {
    use attractor_report::Error as E;
    match error {
        E::Memory(error) => refused(error),
        E::Data(error) => unreadable(error),
        other => PyValueError::new_err(other.spelled(&Keywords)),
    }
}

/// Wraps an exception of the caller's own function as an error of the core.
pub fn foreign(error: PyErr) -> attractor::Error {
    attractor::Error::Foreign(Box::new(error))
}
