//! What can be wrong with a file.

use std::fmt;
use std::path::{Path, PathBuf};

use attractor::message::{Argument, Message, Rust, Spelling};

/// Result of reading and writing data.
pub type Result<T> = std::result::Result<T, Error>;

/// A file or an argument that cannot be used; one sentence with the cure. [`spelled`](Error::spelled) gives it with
/// arguments as the users of a front end write them.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be opened or read.
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The file cannot be written.
    Write {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// The file is not what it should be.
    Content {
        /// Which file.
        path: PathBuf,
        /// What was expected.
        expected: Message,
        /// What was found.
        found: String,
        /// What to do.
        cure: Message,
    },
    /// An argument of a corruption is outside its range.
    Parameter {
        /// Which argument.
        name: &'static str,
        /// Its range.
        expected: String,
        /// What was given.
        found: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelled(&Rust))
    }
}

impl std::error::Error for Error {}

impl Error {
    /// The sentence, with arguments and names of parameters spelled as a front end does.
    pub fn spelled(&self, spelling: &dyn Spelling) -> String {
        match self {
            Error::Read { path, reason } => {
                format!("cannot read {}: {reason}; check the path and its permissions", path.display())
            }
            Error::Write { path, reason } => format!(
                "cannot write {}: {reason}; nothing was kept there, choose another place for it",
                path.display()
            ),
            Error::Content { path, expected, found, cure } => {
                let [expected, cure] = [expected, cure].map(|message| message.spelled(spelling));
                format!("{}: expected {expected}, found {found}; {cure}", path.display())
            }
            Error::Parameter { name, expected, found } => {
                format!("{}: expected {expected}, found {found}", spelling.parameter(name))
            }
        }
    }

    /// What it asks to give.
    pub fn arguments(&self) -> Vec<Argument> {
        match self {
            Error::Content { expected, cure, .. } => expected.arguments().chain(cure.arguments()).collect(),
            Error::Read { .. } | Error::Write { .. } | Error::Parameter { .. } => Vec::new(),
        }
    }

    pub(crate) fn read(path: &Path, reason: std::io::Error) -> Self {
        Error::Read { path: path.to_owned(), reason }
    }

    pub(crate) fn parameter(name: &'static str, expected: impl Into<String>, found: impl ToString) -> Self {
        Error::Parameter { name, expected: expected.into(), found: found.to_string() }
    }

    pub(crate) fn content(
        path: &Path,
        expected: impl Into<Message>,
        found: impl Into<String>,
        cure: impl Into<Message>,
    ) -> Self {
        Error::Content {
            path: path.to_owned(),
            expected: expected.into(),
            found: found.into(),
            cure: cure.into(),
        }
    }
}
