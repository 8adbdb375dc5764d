//! Observers, which see each step of a recall and can stop it.

use std::ops::ControlFlow;

use ndarray::ArrayView2;

use crate::real::Real;

/// What an observer sees of one step.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a, F> {
    /// The number of steps made so far: 0 before the first step.
    pub step: usize,
    /// The largest number of steps.
    pub steps: usize,
    /// The batch rows that are still being recalled, in the order of `states`.
    pub rows: &'a [usize],
    /// Their states.
    pub states: ArrayView2<'a, F>,
    /// Their noise levels; 0 for memories with one landscape.
    pub levels: &'a [f64],
}

/// Sees every step of a recall, and stops it by returning `Break`. An observer cannot change the states.
///
/// Every `FnMut(Frame) -> ControlFlow<()>` is an observer.
pub trait Observer<F: Real> {
    /// Called before the first step and after each step.
    fn observe(&mut self, frame: Frame<F>) -> ControlFlow<()>;

    /// Whether this observer needs to see every step. It can stop the recall in either case. If it does not, the loop
    /// skips steps that do not change where a recall ends.
    fn watches(&self) -> bool {
        true
    }
}

impl<F: Real, T: FnMut(Frame<F>) -> ControlFlow<()>> Observer<F> for T {
    fn observe(&mut self, frame: Frame<F>) -> ControlFlow<()> {
        self(frame)
    }
}

/// An observer that ignores every step.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl<F: Real> Observer<F> for NoObserver {
    fn observe(&mut self, _frame: Frame<F>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn watches(&self) -> bool {
        false
    }
}
