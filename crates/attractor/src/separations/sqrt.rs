//! Square roots of the scores.

use super::{Grammar, Lagrangian, NEGATIVE_DISTANCES, NEVER_NEGATIVE, Separate, Separation};
use crate::similarities::{Growth, Range, Stated};

pub(super) const GRAMMAR: Grammar = Grammar {
    form: "sqrt",
    formula: "w = s^(1/2)",
    parse: |arguments| arguments.none(Separation::Root),
    tried: |_, _| vec![Separation::Root],
};

pub(super) struct Root;

impl Separate for Root {
    fn text(&self) -> String {
        "sqrt".to_owned()
    }

    fn accepts(&self, range: Range) -> Stated<()> {
        match range {
            Range::Positive => Ok(()),
            Range::Negative => Err(NEGATIVE_DISTANCES),
            Range::Any => Err(NEVER_NEGATIVE),
        }
    }

    fn is_published(&self) -> bool {
        true
    }

    fn weights(&self, scores: &mut [f64]) {
        scores.iter_mut().for_each(|s| *s = s.sqrt());
    }

    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        Some(self)
    }
}

/// L = Σ s^{3/2}/(3/2).
impl Lagrangian for Root {
    fn value(&self, scores: &[f64]) -> f64 {
        scores.iter().map(|&s| s * s.sqrt() / 1.5).sum()
    }

    fn convex(&self, _range: Range) -> Stated<()> {
        Ok(())
    }

    fn of_reciprocals(&self, scores: &[f64]) -> Option<f64> {
        Some(scores.iter().map(|&s| -2.0 * (1.0 / s).sqrt()).sum())
    }

    fn growth(&self) -> Stated<Growth> {
        Ok(Growth::Bounded)
    }
}
