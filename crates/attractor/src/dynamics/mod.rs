//! Dynamics: how states move, one step at a time. The [`recall`](crate::recall()) loop runs all of them.

mod asynchronous;
mod clamp;
mod descent;
mod downhill;
mod synchronous;
mod tie;
mod two_layer;

pub use asynchronous::{Asynchronous, Order, Rule};
pub use clamp::{Clamp, bridge};
pub use descent::Descent;
pub use downhill::Downhill;
pub use synchronous::Synchronous;
pub use tie::{TIE, Tie};
pub use two_layer::{TwoLayer, Visible};

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};

use crate::energies::Reads;
use crate::error::Result;
use crate::kernels::Posterior;
use crate::real::Real;

/// The start of a batch of recalls.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a, F> {
    /// The first states, B × D.
    pub states: ArrayView2<'a, F>,
    /// The row ids, which select the rows' random streams.
    pub rows: &'a [u64],
    /// The seed of all random streams.
    pub seed: u64,
    /// The units that a dynamics must not change (B × D), for a dynamics that updates units in turn.
    pub held: Option<ArrayView2<'a, bool>>,
}

/// The kind of motion, which determines how a recall can end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// One map, repeated: it settles, or (for discrete states) alternates between two states.
    Map,
    /// Sweeps over the units in changing order: it settles when a sweep changes nothing.
    Sweeps,
    /// Random updates: it never settles, and makes all its steps.
    Stochastic,
    /// A flow along falling noise levels, which should be at rest at its end.
    Flow,
}

/// A rule by which batches of states move.
///
/// The trait is object-safe. The dynamics itself is immutable; what changes is in the [`Run`].
pub trait Dynamics<F: Real>: Send + Sync {
    /// The number of units in a state, D.
    fn dim(&self) -> usize;

    /// The kind of motion.
    fn motion(&self) -> Motion;

    /// Starts a batch of recalls.
    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>>;
}

/// A batch of recalls in progress, with the state that a method keeps from step to step.
pub trait Run<F: Real> {
    /// Makes one step in place. Row k of `states` is row `rows[k]` of the batch, and goes from level `from[k]` to
    /// level `to[k]`. Row i may only depend on row i and its own random stream.
    fn step(&mut self, rows: &[usize], states: ArrayViewMut2<F>, from: &[f64], to: &[f64]) -> Result<()>;

    /// For a [`Motion::Flow`]: the posterior mean of each state at the given level, toward which the flow pulls it.
    fn pull(&mut self, _rows: &[usize], states: ArrayView2<F>, _levels: &[f64]) -> Result<Array2<F>> {
        Ok(states.to_owned())
    }

    /// The state that a row will have after the last step to σ = 0, if it is already certain.
    fn goal(&self, _row: usize) -> Option<ArrayView1<'_, F>> {
        None
    }

    /// The rows for which the last step was not defined. Their states are as they were before it. Called after each
    /// step.
    fn undefined(&mut self) -> Vec<Undefined> {
        Vec::new()
    }

    /// How much of the memory each row has read so far, if the dynamics counts it.
    fn reads(&self) -> Option<Vec<Reads>> {
        None
    }

    /// What the last update of each row read, for a dynamics whose updates are reads. Called once, at the end.
    fn last_read(&mut self) -> Option<ReadOut<F>> {
        None
    }
}

/// A row for which a step is not defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undefined {
    /// The row of the batch.
    pub row: usize,
    /// Why, as part of a sentence.
    pub reason: &'static str,
}

/// What a memory reads at a batch of states, besides new states.
#[derive(Clone, Debug)]
pub struct ReadOut<F> {
    /// The posterior over memories of each row. Empty if there is none.
    pub posteriors: Vec<Option<Posterior>>,
    /// The values associated with the states, B × Dv.
    pub values: Option<Array2<F>>,
    /// The energies of the states, if the same pass gives them.
    pub energies: Option<Vec<f64>>,
    /// The patterns nearest to the states, if the same pass gives them.
    pub nearest: Option<Vec<usize>>,
}

impl<F> Default for ReadOut<F> {
    fn default() -> Self {
        ReadOut { posteriors: Vec::new(), values: None, energies: None, nearest: None }
    }
}
