//! The common part of samplers: a denoiser that is read again and again while noise levels fall.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};

use super::units::check_along;
use crate::dynamics::{Dynamics, Motion, Run, Start};
use crate::energies::{Denoise, Reader, Reads};
use crate::error::Result;
use crate::real::Real;

/// A solver, which takes states down the noise levels.
pub trait Solver<F: Real>: Send + Sync {
    /// Starts a batch of recalls.
    fn start(&self, start: &Start<F>) -> Box<dyn Steps<F>>;
}

/// The steps of a batch of recalls, with what a solver keeps from one step to the next.
pub trait Steps<F: Real> {
    /// Makes one step in place, as [`Run::step`] does. The denoiser is read through `reader`.
    fn step(
        &mut self,
        reader: &mut dyn Reader<F>,
        rows: &[usize],
        states: ArrayViewMut2<F>,
        from: &[f64],
        to: &[f64],
    ) -> Result<()>;

    /// Whether the last step of a row went straight to the posterior mean that was read.
    fn goes_straight(&self, row: usize) -> bool {
        let _ = row;
        false
    }
}

/// The dynamics of a solver with a denoiser.
///
/// ```
/// use attractor::diffusion::samplers::{Flow, Heun};
/// use attractor::{Patterns, dynamics::Dynamics, energies::Points};
/// let points = Points::new(Patterns::new(ndarray::array![[1.0_f64, -1.0], [1.0, 1.0]])?);
/// assert_eq!(Flow { denoiser: &points, solver: Heun }.dim(), 2);
/// # Ok::<(), attractor::Error>(())
/// ```
pub struct Flow<'a, F, S> {
    /// The denoiser of the memory.
    pub denoiser: &'a dyn Denoise<F>,
    /// The solver.
    pub solver: S,
}

impl<F: Real, S: Solver<F>> Dynamics<F> for Flow<'_, F, S> {
    fn dim(&self) -> usize {
        self.denoiser.dim()
    }

    fn motion(&self) -> Motion {
        Motion::Flow
    }

    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        check_along(self.denoiser.noise())?;
        let reader = self.denoiser.reader(start.rows.len());
        Ok(Box::new(Reading { reader, steps: self.solver.start(&start) }))
    }
}

/// A batch of recalls in progress.
struct Reading<'a, F> {
    reader: Box<dyn Reader<F> + 'a>,
    steps: Box<dyn Steps<F>>,
}

impl<F: Real> Run<F> for Reading<'_, F> {
    fn step(&mut self, rows: &[usize], states: ArrayViewMut2<F>, from: &[f64], to: &[f64]) -> Result<()> {
        self.steps.step(self.reader.as_mut(), rows, states, from, to)
    }

    fn pull(&mut self, rows: &[usize], states: ArrayView2<F>, levels: &[f64]) -> Result<Array2<F>> {
        self.reader.denoise(rows, states, levels)
    }

    fn goal(&self, row: usize) -> Option<ArrayView1<'_, F>> {
        self.steps.goes_straight(row).then(|| self.reader.goal(row)).flatten()
    }

    fn reads(&self) -> Option<Vec<Reads>> {
        Some(self.reader.reads())
    }
}
