//! Errors of opening a memory or asking it for a recall.

use std::fmt;

use attractor::message::{Message, Rust, Spelling};

/// The result of functions in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// An error, in one sentence that says what was expected, what was found and what to do.
#[derive(Debug)]
pub enum Error {
    /// The core refuses the request.
    Memory(attractor::Error),
    /// A file cannot be used.
    Data(attractor_data::Error),
    /// Some of the options cannot be combined.
    Refused(Message),
    /// The memory has no patterns to write to a file.
    NothingToStore {
        /// The name of its model.
        model: &'static str,
    },
}

impl Error {
    /// The sentence, with options spelled as in a front end.
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
