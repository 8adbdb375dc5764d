//! The experiments: each is a `Config` (whose default is the paper) that runs to a [`Report`] with the
//! published number beside ours.

pub mod capacity;
mod catalogue;
pub mod counted;
pub mod demo;
pub mod dispersed_memories;
mod encode;
pub mod figure;
mod font;
pub mod landscape;
mod picture;
pub mod recommend;
pub mod report;
pub mod scaling;
pub mod speed;
mod statistics;
pub mod steps;
pub mod universal_hopfield;
pub mod work_precision;

use std::fmt;

use attractor::message::{Message, Rust, Spelling};

pub use catalogue::{EXPERIMENTS, Entry, Settings, experiment};
pub use picture::{Canvas, Picture};
pub use report::Report;
pub use statistics::{Interval, Pairs, bootstrap};

/// Hears of each part that is done, and of how many there are; an error stops the experiment.
pub type Progress<'a> = dyn FnMut(usize, usize) -> Result<()> + 'a;

/// An experiment with its settings.
pub trait Experiment: Send + Sync {
    /// What its progress counts.
    fn parts(&self) -> &'static str;

    /// Refuses settings that give no result.
    ///
    /// # Errors
    /// A setting outside its range.
    fn check(&self) -> Result<()>;

    /// Runs it; `progress(done, of)` is called after each part, and its error stops the run.
    ///
    /// # Errors
    /// As [`check`](Experiment::check), whatever a memory refuses, and that of `progress`.
    fn run(&self, progress: &mut Progress) -> Result<Report>;
}

/// Why an experiment could not be run; [`spelled`](Error::spelled) says it with arguments as the users of a front end
/// write them.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The memory refused.
    Memory(attractor::Error),
    /// A file could not be used.
    Data(attractor_data::Error),
    /// A setting is outside its range.
    Setting {
        /// Which setting.
        name: &'static str,
        /// Its range.
        expected: String,
        /// What was given.
        found: String,
        /// What to do, where the range does not say it.
        cure: Option<Message>,
    },
    /// A file of results could not be used.
    Store {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// A setting outside its range.
    pub(crate) fn setting(name: &'static str, expected: String, found: impl ToString) -> Self {
        Error::Setting { name, expected, found: found.to_string(), cure: None }
    }

    /// A setting outside its range, with what to do about it.
    pub(crate) fn mended(name: &'static str, expected: String, found: impl ToString, cure: Message) -> Self {
        Error::Setting { name, expected, found: found.to_string(), cure: Some(cure) }
    }

    /// A file of results that could not be used.
    pub(crate) fn store(path: &std::path::Path, reason: &str) -> Self {
        Error::Store { path: path.display().to_string(), reason: reason.to_owned() }
    }

    /// The sentence, with arguments and names of settings spelled as a front end does.
    pub fn spelled(&self, spelling: &dyn Spelling) -> String {
        match self {
            Error::Memory(error) => error.spelled(spelling),
            Error::Data(error) => error.spelled(spelling),
            Error::Setting { name, expected, found, cure } => {
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

/// Result of an experiment.
pub type Result<T> = std::result::Result<T, Error>;
