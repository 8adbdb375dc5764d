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
    /// A file of results could not be used.
    #[error("{path}: expected a file of results that can be used; {reason}")]
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
        Error::Setting { name, expected, found: found.to_string() }
    }

    /// A file of results that could not be used.
    pub(crate) fn store(path: &std::path::Path, reason: &str) -> Self {
        Error::Store { path: path.display().to_string(), reason: reason.to_owned() }
    }
}

/// Result of an experiment.
pub type Result<T> = std::result::Result<T, Error>;
