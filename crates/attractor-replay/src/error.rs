//! Errors of a replay.

use std::fmt;

use attractor::message::{Message, Rust, Spelling};

/// The result of functions in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a protocol cannot be run, in one sentence that says what was expected, what was found and what to do.
#[derive(Debug)]
pub enum Error {
    /// The memory refuses the request.
    Memory(attractor::Error),
    /// A file or a cue's corruption cannot be used.
    Data(attractor_data::Error),
    /// What was given does not fit together.
    Refused(Message),
}

impl Error {
    /// The sentence, with arguments spelled as in a front end.
    pub fn spelled(&self, spelling: &dyn Spelling) -> String {
        match self {
            Error::Memory(error) => error.spelled(spelling),
            Error::Data(error) => error.spelled(spelling),
            Error::Refused(message) => message.spelled(spelling),
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
            Error::Refused(_) => None,
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
