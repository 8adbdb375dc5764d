//! Gradient descent whose steps are halved until the energy falls.

use ndarray::{Array2, ArrayViewMut2, Axis};

use super::{Dynamics, Motion, Run, Start, Undefined};
use crate::energies::Gradient;
use crate::error::Result;
use crate::real::Real;

/// x ← x − s∇E(x), where s is the first of 1, ½, ¼ … at which E falls by at least 10⁻⁴ s‖∇E‖² (Armijo's rule). The energy of
/// a state that is given is never above that of the one before.
///
/// Known units stay as they are: the descent is along the others. A state without an energy (+∞) has no next one. If 40 halvings
/// find nothing lower, the state is at rest. Cost: one gradient and two energies for each row and update, and one energy more for each
/// halving.
#[derive(Clone, Copy)]
pub struct Downhill<'a, F: Real> {
    /// The landscape.
    pub energy: &'a dyn Gradient<F>,
    /// Why a state may have no energy.
    pub undefined: &'static str,
}

impl<F: Real> Dynamics<F> for Downhill<'_, F> {
    fn dim(&self) -> usize {
        self.energy.dim()
    }

    fn motion(&self) -> Motion {
        Motion::Map
    }

    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        let held = start.held.map(|held| held.to_owned());
        Ok(Box::new(DownhillRun { way: *self, held, undefined: Vec::new() }))
    }
}

struct DownhillRun<'a, F: Real> {
    way: Downhill<'a, F>,
    /// The known units of all rows of the batch.
    held: Option<Array2<bool>>,
    /// The rows without an energy in the last step.
    undefined: Vec<Undefined>,
}

impl<F: Real> Run<F> for DownhillRun<'_, F> {
    fn step(
        &mut self,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        _from: &[f64],
        _to: &[f64],
    ) -> Result<()> {
        /// The share of the first-order decrease that a step must have.
        const ENOUGH: f64 = 1e-4;
        /// From here on a step is below the rounding of most states.
        const HALVINGS: i32 = 40;
        let landscape = self.way.energy;
        let energies = landscape.energy(states.view(), &vec![0.0; rows.len()])?;
        let with_energy = |k: &usize| energies[*k].is_finite();
        self.undefined = (0..rows.len())
            .filter(|k| !with_energy(k))
            .map(|k| Undefined { row: rows[k], reason: self.way.undefined })
            .collect();
        let mut left: Vec<usize> = (0..rows.len()).filter(with_energy).collect();
        if left.is_empty() {
            return Ok(());
        }
        let from = states.select(Axis(0), &left);
        let mut slopes = landscape.gradient(from.view(), &vec![0.0; left.len()])?.mapv(F::to_f64);
        if let Some(held) = &self.held {
            for (mut slope, &k) in slopes.outer_iter_mut().zip(&left) {
                slope.iter_mut().zip(held.row(rows[k])).filter(|(_, h)| **h).for_each(|(s, _)| *s = 0.0);
            }
        }
        let places = left.clone();
        let place = |k: usize| places.binary_search(&k).expect("a row with an energy");
        let squares: Vec<f64> = slopes.outer_iter().map(|row| row.iter().map(|s| s * s).sum()).collect();
        for halving in 0..=HALVINGS {
            let step = 0.5_f64.powi(halving);
            let trial = Array2::from_shape_fn((left.len(), from.ncols()), |(i, j)| {
                let at = place(left[i]);
                F::from_f64(from[[at, j]].to_f64() - step * slopes[[at, j]])
            });
            let found = landscape.energy(trial.view(), &vec![0.0; left.len()])?;
            let lower = |i: usize| {
                let k = left[i];
                found[i] <= energies[k] - ENOUGH * step * squares[place(k)]
            };
            let mut next = Vec::with_capacity(left.len());
            for (i, &k) in left.iter().enumerate() {
                if lower(i) {
                    states.row_mut(k).assign(&trial.row(i));
                } else {
                    next.push(k);
                }
            }
            left = next;
            if left.is_empty() {
                break;
            }
        }
        Ok(())
    }

    fn undefined(&mut self) -> Vec<Undefined> {
        std::mem::take(&mut self.undefined)
    }
}
