//! Errors of experiments.

use std::fmt;
use std::path::Path;

use attractor::message::{Message, Rust, Spelling};

/// The result of an experiment.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an experiment could not be run. [`spelled`](Error::spelled) gives the sentence with the names of
/// arguments as a front end writes them.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The memory returned an error.
    Memory(attractor::Error),
    /// A file could not be used.
    Data(attractor_data::Error),
    /// A setting is outside its range.
    Setting {
        /// The name of the setting.
        name: &'static str,
        /// What it may be.
        expected: String,
        /// What was given.
        found: String,
        /// What to do, where that does not follow from the range.
        cure: Option<Message>,
    },
    /// A file of results could not be used.
    Store {
        /// The path of the file.
        path: String,
        /// The reason.
        reason: String,
    },
}

impl Error {
    /// The error for a setting outside its range.
    pub fn setting(name: &'static str, expected: impl Into<String>, found: impl ToString) -> Self {
        Error::Setting { name, expected: expected.into(), found: found.to_string(), cure: None }
    }

    /// The same, with a sentence that says what to do.
    pub fn mended(
        name: &'static str,
        expected: impl Into<String>,
        found: impl ToString,
        cure: Message,
    ) -> Self {
        Error::Setting { name, expected: expected.into(), found: found.to_string(), cure: Some(cure) }
    }

    /// The error for a file of results that could not be used.
    pub fn store(path: &Path, reason: &str) -> Self {
        Error::Store { path: path.display().to_string(), reason: reason.to_owned() }
    }

    /// The sentence, with arguments and settings named as this front end names them.
    pub fn spelled(&self, spelling: &dyn Spelling) -> String {
        match self {
            Error::Memory(error) => error.spelled(spelling),
            Error::Data(error) => error.spelled(spelling),
            Error::Setting { name, expected, found, cure } => {
                let found = if found.is_empty() { "nothing" } else { found };
                let cure = cure.as_ref().map_or(String::new(), |c| format!("; {}", c.spelled(spelling)));
                format!("{}: expected {expected}, found {found}{cure}", spelling.parameter(name))
            }
            Error::Store { path, reason } => {
                format!("{path}: expected a file of results that can be used; {reason}")
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelled(&Rust))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Memory(error) => error.source(),
            Error::Data(error) => error.source(),
            Error::Setting { .. } | Error::Store { .. } => None,
        }
    }
}

impl From<attractor::Error> for Error {
    fn from(error: attractor::Error) -> Self {
        Error::Memory(error)
    }
}

impl From<attractor_data::Error> for Error {
    fn from(error: attractor_data::Error) -> Self {
        Error::Data(error)
    }
}

impl From<attractor_figures::Error> for Error {
    fn from(error: attractor_figures::Error) -> Self {
        use attractor_figures::Error as E;
        match error {
            E::Memory(error) => Error::Memory(error),
            E::Data(error) => Error::Data(error),
            E::Setting { name, expected, found } => Error::setting(name, expected, found),
            other => Error::setting("figure", "one that can be drawn", other),
        }
    }
}
