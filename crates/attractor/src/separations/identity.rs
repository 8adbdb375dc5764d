//! The scores themselves.

use super::{Grammar, Lagrangian, NEGATIVE_DISTANCES, Separate, Separation};
use crate::similarities::{Growth, Range, Stated};

pub(super) const GRAMMAR: Grammar = Grammar {
    form: "identity",
    formula: "w = s",
    parse: |arguments| arguments.none(Separation::Identity),
    tried: |_, _| vec![Separation::Identity],
};

pub(super) struct Identity;

impl Separate for Identity {
    fn text(&self) -> String {
        "identity".to_owned()
    }

    fn accepts(&self, range: Range) -> Stated<()> {
        if range == Range::Negative { Err(NEGATIVE_DISTANCES) } else { Ok(()) }
    }

    fn is_published(&self) -> bool {
        true
    }

    fn keeps_signs(&self) -> bool {
        true
    }

    fn weights(&self, _scores: &mut [f64]) {}

    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        Some(self)
    }
}

/// L = Σ s²/2.
impl Lagrangian for Identity {
    fn value(&self, scores: &[f64]) -> f64 {
        scores.iter().map(|s| s * s / 2.0).sum()
    }

    fn convex(&self, _range: Range) -> Stated<()> {
        Ok(())
    }

    fn of_reciprocals(&self, scores: &[f64]) -> Option<f64> {
        Some(scores.iter().map(|&s| -(1.0 / s).ln()).sum())
    }

    fn growth(&self) -> Stated<Growth> {
        Ok(Growth::Unbounded)
    }
}
