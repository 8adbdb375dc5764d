//! Memories of ±1 states under cues that stay on.

use crate::dynamics::Tie;
use crate::energies::{Energy, WeightedRows};
use crate::error::Result;
use crate::memories::update::Update;
use crate::memories::{Abilities, MemoryModel, RecallPath, Request};
use crate::patterns::Patterns;
use crate::real::Real;

/// A memory of ±1 states under the cues of a batch, whose patterns have weights for each row.
pub(in crate::memories) struct KeptSpins<'a, F> {
    pub name: &'static str,
    pub patterns: &'a Patterns<F>,
    pub landscapes: WeightedRows<F>,
    pub update: Update,
    pub tie: Tie,
}

impl<F: Real> MemoryModel<F> for KeptSpins<'_, F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn dim(&self) -> usize {
        Energy::<F>::dim(&self.landscapes)
    }

    fn abilities(&self) -> Abilities<'_, F> {
        Abilities { spins: true, ..Abilities::of_patterns(self.patterns).descending(&self.landscapes) }
    }

    fn path(&self, _request: &Request<F>) -> Result<RecallPath<'_, F>> {
        Ok(RecallPath::to_rest(self.update.dynamics(&self.landscapes, self.tie), 0.0, None))
    }
}
