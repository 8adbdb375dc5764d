//! The update of a sparse distributed memory as a dynamics.

use ndarray::{ArrayViewMut2, Axis, Zip};

use super::SparseDistributed;
use crate::dynamics::{Dynamics, Motion, Run, Start, Undefined};
use crate::error::Result;
use crate::real::Real;

/// The update x ← sign of the summed counters of the locations near x (Kanerva 1988). A unit keeps its value if its
/// sum is 0, or becomes what its [`Tie`](crate::dynamics::Tie) says.
#[derive(Clone, Copy, Debug)]
pub struct SparseDistributedUpdate<'a, F> {
    /// The memory that is read.
    pub memory: &'a SparseDistributed<F>,
}

impl<F: Real> Dynamics<F> for SparseDistributedUpdate<'_, F> {
    fn dim(&self) -> usize {
        self.memory.patterns.dim()
    }

    fn motion(&self) -> Motion {
        Motion::Map
    }

    fn start(&self, _start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        Ok(Box::new(Reading { memory: self.memory, far: Vec::new() }))
    }
}

struct Reading<'a, F> {
    memory: &'a SparseDistributed<F>,
    /// The rows that the last update found far from all locations.
    far: Vec<Undefined>,
}

impl<F: Real> Run<F> for Reading<'_, F> {
    fn step(
        &mut self,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        _from: &[f64],
        _to: &[f64],
    ) -> Result<()> {
        let reason = "no hard location lies within the radius; more locations or a larger radius reach it";
        let fields = self.memory.fields(states.view())?;
        // Sums of counters may all be 0, too, so the locations of such rows are counted.
        let none: Vec<usize> =
            (0..rows.len()).filter(|&k| fields.row(k).iter().all(|&field| field == 0)).collect();
        let active = self.memory.active(states.select(Axis(0), &none).view())?;
        let far = none.iter().zip(active).filter(|(_, active)| active.is_empty());
        self.far = far.map(|(&k, _)| Undefined { row: rows[k], reason }).collect();
        Zip::from(&mut states).and(&fields).for_each(|x, &h| *x = self.memory.tie.sign(h as f64, *x));
        Ok(())
    }

    fn undefined(&mut self) -> Vec<Undefined> {
        std::mem::take(&mut self.far)
    }
}
