//! The trait of experiments.

use crate::{Report, Result};

/// Called after each part of an experiment with the number of finished parts and of all parts. If it returns
/// an error, the experiment stops.
pub type Progress<'a> = dyn FnMut(usize, usize) -> Result<()> + 'a;

/// An experiment with its settings.
pub trait Experiment: Send + Sync {
    /// What the progress counts.
    fn parts(&self) -> &'static str;

    /// Checks the settings.
    ///
    /// # Errors
    /// A setting outside its range.
    fn check(&self) -> Result<()>;

    /// Runs the experiment. `progress(done, of)` is called after each part; if it returns an error, the run
    /// stops.
    ///
    /// # Errors
    /// As [`check`](Experiment::check); errors of a memory and of `progress`.
    fn run(&self, progress: &mut Progress) -> Result<Report>;
}
