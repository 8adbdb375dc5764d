//! Synchronous updates of all units at once: x ← sign(Wx).

use ndarray::{ArrayViewMut2, Zip};

use super::{Dynamics, Motion, Run, Start};
use crate::energies::{Energy, Quadratic};
use crate::error::Result;
use crate::real::Real;

/// x_j ← sign((Wx)_j) for all units at once (Hopfield 1982; Ambrogioni 2023, Eq. 1).
///
/// A unit keeps its value if its field is exactly 0. So a unit that starts at 0 takes the sign of its first field
/// that is not 0. Ends in a fixed point or, if W is not positive semi-definite, possibly in a 2-cycle. Cost: D²
/// multiply-adds for each row and step.
#[derive(Clone, Copy, Debug)]
pub struct Synchronous<'a> {
    /// The landscape, which gives the fields.
    pub energy: &'a Quadratic,
}

impl<F: Real> Dynamics<F> for Synchronous<'_> {
    fn dim(&self) -> usize {
        Energy::<F>::dim(self.energy)
    }

    fn motion(&self) -> Motion {
        Motion::Map
    }

    fn start(&self, _start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        Ok(Box::new(*self))
    }
}

impl<F: Real> Run<F> for Synchronous<'_> {
    fn step(
        &mut self,
        _rows: &[usize],
        mut states: ArrayViewMut2<F>,
        _from: &[f64],
        _to: &[f64],
    ) -> Result<()> {
        let fields = self.energy.decided_fields(states.view())?;
        Zip::from(&mut states).and(&fields).for_each(|x, &h| *x = sign_or(h, *x));
        Ok(())
    }
}

/// The sign of a field. If the field is 0, the sign of the old value is kept.
pub(crate) fn sign_or<F: Real>(field: f64, value: F) -> F {
    if field > 0.0 {
        F::ONE
    } else if field < 0.0 {
        -F::ONE
    } else if value > F::ZERO {
        F::ONE
    } else if value < F::ZERO {
        -F::ONE
    } else {
        F::ZERO
    }
}
