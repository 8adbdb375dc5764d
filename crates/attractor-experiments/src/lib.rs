//! The experiments: each is a `Config` (whose default is the paper), a `run`, and a report with the
//! published number beside ours.

pub mod demo;
pub mod dispersed_memories;
pub mod figure;
mod picture;
mod statistics;
pub mod work_precision;

pub use picture::{Canvas, Picture};
pub use statistics::{Interval, Pairs, bootstrap};

/// Why an experiment could not be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The memory refused.
    #[error(transparent)]
    Memory(#[from] attractor::Error),
    /// A file could not be used.
    #[error(transparent)]
    Data(#[from] attractor_data::Error),
    /// A setting is outside its range.
    #[error("{name}: expected {expected}, found {found}")]
    Setting {
        /// Which setting.
        name: &'static str,
        /// Its range.
        expected: String,
        /// What was given.
        found: String,
    },
}

impl Error {
    /// A setting outside its range.
    pub(crate) fn setting(name: &'static str, expected: String, found: impl ToString) -> Self {
        Error::Setting { name, expected, found: found.to_string() }
    }
}

/// Result of an experiment.
pub type Result<T> = std::result::Result<T, Error>;
