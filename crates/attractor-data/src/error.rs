//! What can be wrong with a file.

use std::path::{Path, PathBuf};

/// Result of reading and writing data.
pub type Result<T> = std::result::Result<T, Error>;

/// A file or an argument that cannot be used; one sentence with the cure.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be opened or read.
    #[error("cannot read {}: {reason}; check the path and its permissions", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {}: {reason}; nothing was kept there, choose another place for it", path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("{}: expected {expected}, found {found}; {cure}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// What was expected.
        expected: String,
        /// What was found.
        found: String,
        /// What to do.
        cure: String,
    },
    /// An argument of a corruption is outside its range.
    #[error("{name}: expected {expected}, found {found}")]
    Parameter {
        /// Which argument.
        name: &'static str,
        /// Its range.
        expected: String,
        /// What was given.
        found: String,
    },
}

impl Error {
    pub(crate) fn read(path: &Path, reason: std::io::Error) -> Self {
        Error::Read { path: path.to_owned(), reason }
    }

    pub(crate) fn parameter(name: &'static str, expected: impl Into<String>, found: impl ToString) -> Self {
        Error::Parameter { name, expected: expected.into(), found: found.to_string() }
    }

    pub(crate) fn content(
        path: &Path,
        expected: impl Into<String>,
        found: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Error::Content {
            path: path.to_owned(),
            expected: expected.into(),
            found: found.into(),
            cure: cure.into(),
        }
    }
}
