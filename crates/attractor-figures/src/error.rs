//! Errors of drawing.

use std::fmt;

use attractor::message::{Rust, Spelling};

/// The result of drawing.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be drawn. [`spelled`](Error::spelled) gives the sentence with the names of
/// arguments as a front end writes them.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The memory returned an error.
    Memory(attractor::Error),
    /// A file could not be written.
    Data(attractor_data::Error),
    /// A setting of a drawing is outside its range.
    Setting {
        /// The name of the setting.
        name: &'static str,
        /// What it may be.
        expected: String,
        /// What was given.
        found: String,
    },
}

impl Error {
    /// The error for a setting outside its range.
    pub(crate) fn setting(name: &'static str, expected: impl Into<String>, found: impl ToString) -> Self {
        Error::Setting { name, expected: expected.into(), found: found.to_string() }
    }

    /// The sentence, with arguments and settings named as this front end names them.
    pub fn spelled(&self, spelling: &dyn Spelling) -> String {
        match self {
            Error::Memory(error) => error.spelled(spelling),
            Error::Data(error) => error.spelled(spelling),
            Error::Setting { name, expected, found } => {
                let found = if found.is_empty() { "nothing" } else { found };
                format!("{}: expected {expected}, found {found}", spelling.parameter(name))
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
            Error::Setting { .. } => None,
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
