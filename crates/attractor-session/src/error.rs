//! Why a memory cannot be opened or asked.

use std::fmt;

use attractor::message::{Message, Rust, Spelling};

/// Result of everything in this crate that can be refused.
pub type Result<T> = std::result::Result<T, Error>;

/// A refused request: one sentence that says what was expected, what was found and what to do.
#[derive(Debug)]
pub enum Error {
    /// The core refuses it.
    Memory(attractor::Error),
    /// A file cannot be used.
    Data(attractor_data::Error),
    /// What was asked for does not go together.
    Refused(Message),
    /// The memory has no patterns that a file could keep.
    NothingToStore {
        /// Its model.
        model: &'static str,
    },
}

impl Error {
    /// The sentence, with options spelled as a front end does.
    pub fn spelled(&self, spelling: &dyn Spelling) -> String {
        match self {
            Error::Memory(error) => error.spelled(spelling),
            Error::Data(error) => error.spelled(spelling),
            Error::Refused(message) => message.spelled(spelling),
            Error::NothingToStore { model } => format!(
                "save: expected a memory of stored patterns, found {model}, which has none; keep what it was made of"
            ),
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
            _ => None,
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

impl From<Message> for Error {
    fn from(message: Message) -> Self {
        Error::Refused(message)
    }
}
