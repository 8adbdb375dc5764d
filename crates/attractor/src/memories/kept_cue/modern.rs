//! Modern networks under cues that stay on.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::dynamics::{Dynamics, Motion, ReadOut, Run, Start};
use crate::energies::{Energy, Gradient, KeptCues, UnitStep};
use crate::error::Result;
use crate::kernels::Posterior;
use crate::memories::modern::Modern;
use crate::memories::{Abilities, MemoryModel, Posteriors, RecallPath, Request};
use crate::real::Real;

/// A modern network under the cues of a batch: x ← Yᵀ softmax(βY(x + Gu)), or the same with another separation or with distances.
///
/// It is the network at β(1 + G), read at m = (x + Gu)/(1 + G).
pub(in crate::memories) struct KeptModern<F> {
    /// The network at β(1 + G).
    pub seen: Modern<F>,
    /// β.
    pub beta: f64,
    pub cues: KeptCues<F>,
}

impl<F: Real> KeptModern<F> {
    fn at(&self, states: ArrayView2<F>) -> Result<Array2<F>> {
        Ok(self.cues.seen_by_all(states, &vec![0.0; states.nrows()])?.0)
    }
}

impl<F: Real> Energy<F> for KeptModern<F> {
    fn dim(&self) -> usize {
        self.seen.dim()
    }

    fn energy(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Vec<f64>> {
        let energies = self.seen.landscape().energy(self.at(states)?.view(), level)?;
        Ok(self.cues.energies(states, level, energies))
    }
}

impl<F: Real> Gradient<F> for KeptModern<F> {
    fn gradient(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Array2<F>> {
        let slopes = self.seen.landscape().gradient(self.at(states)?.view(), level)?;
        Ok(self.cues.gradients(states, level, slopes))
    }
}

impl<F: Real> Posteriors<F> for KeptModern<F> {
    fn posterior(&self, states: ArrayView2<F>, levels: &[f64], top: usize) -> Result<Option<Vec<Posterior>>> {
        self.seen.posterior(self.at(states)?.view(), levels, top)
    }
}

impl<F: Real> MemoryModel<F> for KeptModern<F> {
    fn name(&self) -> &'static str {
        self.seen.name()
    }

    fn dim(&self) -> usize {
        self.seen.dim()
    }

    fn abilities(&self) -> Abilities<'_, F> {
        Abilities {
            posterior: Some(self),
            inverse_temperature: Some(self.beta),
            ..self.seen.abilities().descending(self)
        }
    }

    fn path(&self, request: &Request<F>) -> Result<RecallPath<'_, F>> {
        let plain = self.seen.path(request)?;
        Ok(plain.moved_by(Box::new(Reads { landscape: self.seen.landscape(), cues: &self.cues })))
    }

    fn read_out(&self, states: ArrayView2<F>, top: usize) -> Result<ReadOut<F>> {
        // Its energies and the nearest patterns would be those of m.
        let read = self.seen.read_out(self.at(states)?.view(), top)?;
        Ok(ReadOut { energies: None, nearest: None, ..read })
    }
}

/// x ← the read at m.
#[derive(Clone, Copy)]
struct Reads<'a, F: Real> {
    landscape: &'a dyn UnitStep<F>,
    cues: &'a KeptCues<F>,
}

impl<F: Real> Dynamics<F> for Reads<'_, F> {
    fn dim(&self) -> usize {
        self.landscape.dim()
    }

    fn motion(&self) -> Motion {
        Motion::Map
    }

    fn start(&self, _start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        Ok(Box::new(*self))
    }
}

impl<F: Real> Run<F> for Reads<'_, F> {
    fn step(
        &mut self,
        rows: &[usize],
        mut states: ArrayViewMut2<F>,
        from: &[f64],
        _to: &[f64],
    ) -> Result<()> {
        let (seen, _) = self.cues.seen(rows, states.view(), from);
        states.assign(&self.landscape.update(seen.view())?);
        Ok(())
    }
}
