//! All weight for the largest score.

use super::{Grammar, JUMPS, Lagrangian, Separate, Separation, largest, one_hot};
use crate::similarities::{Growth, Range, Stated};

pub(super) const GRAMMAR: Grammar = Grammar {
    form: "max",
    formula: "all weight to the largest s",
    parse: |arguments| arguments.none(Separation::Max),
    tried: |_, _| vec![Separation::Max],
};

pub(super) struct Max;

impl Separate for Max {
    fn text(&self) -> String {
        "max".to_owned()
    }

    fn accepts(&self, _range: Range) -> Stated<()> {
        Ok(())
    }

    fn is_published(&self) -> bool {
        true
    }

    fn weights(&self, scores: &mut [f64]) {
        let best = largest(scores);
        one_hot(scores, best);
    }

    /// If one score is NaN, all are NaN after division by their sum, and the code's argmax takes the first.
    fn published_weights(&self, shares: &mut [f64]) {
        let best = if shares.iter().any(|s| s.is_nan()) { 0 } else { largest(shares) };
        one_hot(shares, best);
    }

    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        Some(self)
    }
}

/// L = max s.
impl Lagrangian for Max {
    fn value(&self, scores: &[f64]) -> f64 {
        scores[largest(scores)]
    }

    fn convex(&self, _range: Range) -> Stated<()> {
        Ok(())
    }

    fn sums_to_one(&self) -> bool {
        true
    }

    fn is_winner(&self) -> bool {
        true
    }

    fn of_reciprocals(&self, scores: &[f64]) -> Option<f64> {
        Some(scores[largest(scores)])
    }

    fn growth(&self) -> Stated<Growth> {
        Err(JUMPS)
    }
}
