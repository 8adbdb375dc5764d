//! How states move: one step at a time, all through the one [`recall`](crate::recall()) loop.

mod asynchronous;
mod clamp;
mod descent;
mod synchronous;
mod two_layer;

pub use asynchronous::{Asynchronous, Order, Rule};
pub use clamp::Clamp;
pub(crate) use clamp::bridge;
pub use descent::Descent;
pub use synchronous::Synchronous;
pub(crate) use synchronous::sign_or;
pub use two_layer::{TwoLayer, Visible};

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};

use crate::energies::Reads;
use crate::error::Result;
use crate::kernels::Posterior;
use crate::real::Real;

/// What a batch of recalls starts from.
#[derive(Clone, Copy, Debug)]
pub struct Start<'a, F> {
    /// First states, B × D.
    pub states: ArrayView2<'a, F>,
    /// Row ids, one a row: they name the rows' random streams.
    pub rows: &'a [u64],
    /// Seed of all random streams.
    pub seed: u64,
    /// Units that a dynamics must leave as they are (B × D), for those that move units in turn.
    pub held: Option<ArrayView2<'a, bool>>,
}

/// How a recall can end, which depends on what kind of motion it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// The same map again and again: it settles, or (discrete states) alternates between two.
    Map,
    /// One pass over the units after another, in changing order: it settles when a pass changes nothing.
    Sweeps,
    /// Random for ever: it runs its course.
    Stochastic,
    /// Along falling noise levels to an end, where it should be at rest.
    Flow,
}

/// A rule of motion over batches of states.
///
/// Object-safe; the model is immutable and what changes lives in the [`Run`].
pub trait Dynamics<F: Real>: Send + Sync {
    /// Units a state, D.
    fn dim(&self) -> usize;

    /// What kind of motion this is.
    fn motion(&self) -> Motion;

    /// Begins a batch of recalls.
    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>>;
}

/// A batch of recalls under way, with whatever a method carries from step to step.
pub trait Run<F: Real> {
    /// One step, in place. Row k of `states` is row `rows[k]` of the batch that was started, and goes
    /// from level `from[k]` to level `to[k]`. Row i may depend on row i and its own stream alone.
    fn step(&mut self, rows: &[usize], states: ArrayViewMut2<F>, from: &[f64], to: &[f64]) -> Result<()>;

    /// For a [`Motion::Flow`]: where each state is pulled at the given level.
    fn pull(&mut self, _rows: &[usize], states: ArrayView2<F>, _levels: &[f64]) -> Result<Array2<F>> {
        Ok(states.to_owned())
    }

    /// The state that a row will be in after the last step to σ = 0, once falling levels lead nowhere else.
    fn goal(&self, _row: usize) -> Option<ArrayView1<'_, F>> {
        None
    }

    /// What each row has read of a memory so far, if that is counted.
    fn reads(&self) -> Option<Vec<Reads>> {
        None
    }

    /// What the last update of each row read, for a dynamics whose updates are reads. Asked once, at the end.
    fn last_read(&mut self) -> Option<ReadOut<F>> {
        None
    }
}

/// What a memory says of states besides themselves.
#[derive(Clone, Debug)]
pub struct ReadOut<F> {
    /// The posterior over memories of each row; empty if there is none.
    pub posteriors: Vec<Option<Posterior>>,
    /// The values associated with the states, B × Dv.
    pub values: Option<Array2<F>>,
}

impl<F> Default for ReadOut<F> {
    fn default() -> Self {
        ReadOut { posteriors: Vec::new(), values: None }
    }
}
