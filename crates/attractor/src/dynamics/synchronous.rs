//! Synchronous updates of all units at once: x ← sign of the fields.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis, Zip, s};

use super::{Dynamics, Motion, Run, Start, Tie};
use crate::energies::Flip;
use crate::error::Result;
use crate::real::Real;
use crate::threads;

/// The rows of a task.
const ROWS: usize = 16;

/// x_j ← sign(h_j) for all units at once, with the [fields](Flip::fields) h of any landscape: Wx for couplings (Hopfield 1982; Ambrogioni 2023,
/// Eq. 1), ½[E(x_j = −1) − E(x_j = +1)] for a dense one (Krotov & Hopfield 2016, Eq. 6).
///
/// What a unit becomes whose field is exactly 0 is its [`Tie`]: it keeps its value, so that a unit that starts at 0 takes the sign of its first field
/// that is not 0. Ends in a fixed point or, if W is not positive semi-definite, possibly in a 2-cycle. Cost for each row and step: D²
/// multiply-adds for couplings, O(ND) for a dense landscape.
#[derive(Clone, Copy)]
pub struct Synchronous<'a, F> {
    /// The landscape, which gives the fields.
    pub energy: &'a dyn Flip<F>,
    /// What a unit becomes whose field is 0.
    pub tie: Tie,
}

impl<F: Real> Dynamics<F> for Synchronous<'_, F> {
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

impl<F: Real> Synchronous<'_, F> {
    /// The fields of all units: row k of `states` is row `rows[k]` of the batch.
    fn fields(&self, rows: &[usize], states: ArrayView2<F>) -> Result<Array2<f64>> {
        if rows.iter().all(|&row| self.energy.of_row(row).is_none()) {
            return self.energy.fields(states);
        }
        let mut fields = Array2::zeros(states.dim());
        for (k, &row) in rows.iter().enumerate() {
            let own = self.energy.of_row(row);
            let energy = own.as_deref().unwrap_or(self.energy);
            fields.row_mut(k).assign(&energy.fields(states.slice(s![k..=k, ..]))?.row(0));
        }
        Ok(fields)
    }
}

impl<F: Real> Run<F> for Synchronous<'_, F> {
    fn step(
        &mut self,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        _from: &[f64],
        _to: &[f64],
    ) -> Result<()> {
        let fields = self.fields(rows, states.view())?;
        // A sign takes about as long as this many other operations.
        let work = 4.0 * fields.len() as f64;
        let tasks =
            states.axis_chunks_iter_mut(Axis(0), ROWS).zip(fields.axis_chunks_iter(Axis(0), ROWS)).collect();
        threads::each(tasks, work, |(states, fields): (ArrayViewMut2<F>, ArrayView2<f64>)| {
            Zip::from(states).and(fields).for_each(|x, &h| *x = self.tie.sign(h, *x));
        });
        Ok(())
    }
}
