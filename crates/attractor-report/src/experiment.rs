//! The traits of experiments, and of those who compute their cells.

use serde_json::Value;

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

    /// The experiment as cells that others may compute, if it consists of such.
    fn cells(&self) -> Option<&dyn Cellular> {
        None
    }
}

/// Those who compute the cells of an experiment: other processes of this machine, or of a cluster.
pub trait Team {
    /// Hands out a cell, without waiting for it.
    ///
    /// # Errors
    /// The team takes no more cells.
    fn hand_out(&mut self, cell: &Value) -> Result<()>;

    /// Waits until a cell that was handed out is done. Returns the cell, and what it gave.
    ///
    /// # Errors
    /// Errors of the cell; a cell that the team loses again and again.
    fn next(&mut self) -> Result<(Value, Value)>;
}

/// An experiment that consists of cells, apart from work that is short beside them.
pub trait Cellular: Sync {
    /// Computes a cell.
    ///
    /// # Errors
    /// Something that is no cell of this experiment; errors of a memory.
    fn cell(&self, cell: &Value) -> Result<Value>;

    /// Runs the experiment with a team.
    ///
    /// # Errors
    /// As [`Experiment::run`], and those of the team.
    fn run_with(&self, team: &mut dyn Team, progress: &mut Progress) -> Result<Report>;
}
