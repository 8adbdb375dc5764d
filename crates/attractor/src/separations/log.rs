//! Logarithms of the scores.

use super::{Grammar, Lagrangian, NEGATIVE_DISTANCES, NEVER_NEGATIVE, Separate, Separation};
use crate::similarities::{Growth, Range, Stated};

pub(super) const GRAMMAR: Grammar = Grammar {
    form: "log",
    formula: "w = ln(1+s)",
    parse: |arguments| arguments.none(Separation::Logarithm),
    tried: |_, _| vec![Separation::Logarithm],
};

pub(super) struct Logarithm;

impl Separate for Logarithm {
    fn text(&self) -> String {
        "log".to_owned()
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
        scores.iter_mut().for_each(|s| *s = s.ln_1p());
    }

    /// The published code takes the logarithm of the shares. All of these are negative, so the least similar key
    /// weighs most.
    fn published_weights(&self, shares: &mut [f64]) {
        shares.iter_mut().for_each(|s| *s = s.ln());
    }

    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        Some(self)
    }
}

/// L = Σ (1 + s) ln(1 + s) − s.
impl Lagrangian for Logarithm {
    fn value(&self, scores: &[f64]) -> f64 {
        scores.iter().map(|&s| (1.0 + s) * s.ln_1p() - s).sum()
    }

    fn convex(&self, _range: Range) -> Stated<()> {
        Ok(())
    }

    fn of_reciprocals(&self, scores: &[f64]) -> Option<f64> {
        let each = |v: f64| v * v.ln() - (v + 1.0) * (v + 1.0).ln();
        Some(scores.iter().map(|&s| each(1.0 / s)).sum())
    }

    fn growth(&self) -> Stated<Growth> {
        Ok(Growth::Bounded)
    }
}
