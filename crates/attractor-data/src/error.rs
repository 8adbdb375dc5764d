//! Errors of reading and writing data.

use std::fmt;
use std::path::{Path, PathBuf};

use attractor::message;
use attractor::message::{Argument, Message, Part, Spelling};

/// Result of reading and writing data.
pub type Result<T> = std::result::Result<T, Error>;

/// A file or an argument that cannot be used. [`spelled`](Error::spelled) gives one sentence that says what to do,
/// with arguments as the users of a front end write them.
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
    /// The content of the file is not what was expected.
    Content {
        /// Which file.
        path: PathBuf,
        /// What was expected.
        expected: Message,
        /// What was found.
        found: Message,
        /// What to do.
        cure: Message,
    },
    /// An option for reading that none of the files has a use for.
    Needless {
        /// Which option.
        option: Argument,
        /// The files that have a use for it.
        expected: &'static str,
        /// The files that are read.
        found: String,
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
        self.message().fmt(f)
    }
}

impl std::error::Error for Error {}

impl Error {
    /// The sentence for the user: what was expected, what was found, and what to do.
    pub fn message(&self) -> Message {
        match self {
            Error::Read { path, reason } => {
                format!("cannot read {}: {reason}; check the path and its permissions", path.display()).into()
            }
            Error::Write { path, reason } => format!(
                "cannot write {}: {reason}; nothing was kept there, choose another place for it",
                path.display()
            )
            .into(),
            Error::Content { path, expected, found, cure } => {
                message![path.display().to_string(), ": expected ", expected, ", found ", found, "; ", cure]
            }
            Error::Needless { option, expected, found } => message![
                *option,
                format!(
                    ": expected {expected} to read with it, found {found}; leave it away, since it would do nothing"
                )
            ],
            Error::Parameter { name, expected, found } => {
                let name = Part::Parameter((*name).to_owned());
                let found = if found.is_empty() { "nothing" } else { found };
                message![name, format!(": expected {expected}, found {found}")]
            }
        }
    }

    /// The sentence, spelled as in a front end.
    pub fn spelled(&self, spelling: &dyn Spelling) -> String {
        self.message().spelled(spelling)
    }

    /// The arguments that the sentence asks for.
    pub fn arguments(&self) -> Vec<Argument> {
        self.message().arguments()
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
        found: impl Into<Message>,
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

/// Text from a file, on one line and shortened for a message.
pub(crate) fn quoted(text: &str) -> String {
    const MOST: usize = 40;
    let more = if text.chars().count() > MOST { "…" } else { "" };
    let shown = text.chars().take(MOST).map(|c| if c.is_control() { '\u{fffd}' } else { c });
    format!("'{}{more}'", shown.collect::<String>())
}
