//! Watching a recall: anything that wants to see each step, and may stop it.

use std::ops::ControlFlow;

use ndarray::ArrayView2;

use crate::real::Real;

/// What an observer sees of one step.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a, F> {
    /// Steps made so far; 0 before the first.
    pub step: usize,
    /// Steps in all, at most.
    pub steps: usize,
    /// Which rows of the batch these are: those still under way.
    pub rows: &'a [usize],
    /// Their states.
    pub states: ArrayView2<'a, F>,
    /// Their noise levels (0 for memories with one landscape).
    pub levels: &'a [f64],
}

/// Sees every step of a recall; its answer `Break` stops it. States cannot be changed from here.
///
/// Every `FnMut(Frame) -> ControlFlow<()>` is one.
pub trait Observer<F: Real> {
    /// Called before the first and after each step.
    fn observe(&mut self, frame: Frame<F>) -> ControlFlow<()>;

    /// Whether it needs to see every step; either way it may stop the recall. Steps that nobody watches, and that
    /// change nothing about where a recall ends, are not made.
    fn watches(&self) -> bool {
        true
    }
}

impl<F: Real, T: FnMut(Frame<F>) -> ControlFlow<()>> Observer<F> for T {
    fn observe(&mut self, frame: Frame<F>) -> ControlFlow<()> {
        self(frame)
    }
}

/// Watches nothing.
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
