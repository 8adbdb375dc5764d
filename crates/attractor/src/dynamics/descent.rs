//! Gradient descent with unit step, the update of modern Hopfield networks.

use ndarray::ArrayViewMut2;

use super::{Dynamics, Motion, Run, Start};
use crate::energies::UnitStep;
use crate::error::Result;
use crate::real::Real;

/// x ← x − ∇E(x), which is Yᵀ softmax(βYx) for the energy of Ramsauer et al. (2021).
///
/// Each update lowers the energy by at least ½‖x' − x‖². Cost: 4·N·D operations for each row and update.
#[derive(Clone, Copy)]
pub struct Descent<'a, F: Real> {
    /// The landscape.
    pub energy: &'a dyn UnitStep<F>,
}

impl<F: Real> Dynamics<F> for Descent<'_, F> {
    fn dim(&self) -> usize {
        self.energy.dim()
    }

    fn motion(&self) -> Motion {
        Motion::Map
    }

    fn start(&self, _start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        Ok(Box::new(*self))
    }
}

impl<F: Real> Run<F> for Descent<'_, F> {
    fn step(
        &mut self,
        _rows: &[usize],
        mut states: ArrayViewMut2<F>,
        _from: &[f64],
        _to: &[f64],
    ) -> Result<()> {
        // This computes the read itself, because x − (x − mean) would round twice.
        let next = self.energy.update(states.view())?;
        states.assign(&next);
        Ok(())
    }
}
