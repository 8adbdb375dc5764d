//! What an experiment is.

use crate::{Report, Result};

/// Called after each part of an experiment with the number of parts that are done and of all parts; its error stops the
/// experiment.
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
