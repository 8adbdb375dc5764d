//! Weight 1 within a radius, and 0 beyond.

use super::{Grammar, JUMPS, Lagrangian, Separate, Separation};
use crate::similarities::{Growth, Range, Stated};

pub(super) const GRAMMAR: Grammar = Grammar {
    form: "threshold:R",
    formula: "w = 1 within radius R (distances) or for s >= R, else 0",
    parse: |arguments| match arguments.values[..] {
        [_] => Ok(Separation::Threshold(arguments.number(0, "a number", f64::MIN, "threshold:100")?)),
        _ => arguments.unknown(),
    },
    // No radius suits all data.
    tried: |_, _| Vec::new(),
};

/// The threshold: a radius as a user writes it; in computations, the smallest score within that radius.
pub(super) struct Threshold(pub f64);

impl Separate for Threshold {
    fn text(&self) -> String {
        format!("threshold:{}", self.0)
    }

    fn accepts(&self, _range: Range) -> Stated<()> {
        Ok(())
    }

    fn in_scores(&self, least_score: &dyn Fn(f64) -> f64) -> Option<Separation> {
        Some(Separation::Threshold(least_score(self.0)))
    }

    fn weights(&self, scores: &mut [f64]) {
        scores.iter_mut().for_each(|s| *s = f64::from(u8::from(*s >= self.0)));
    }

    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        Some(self)
    }
}

/// L = Σ max(s − θ, 0).
impl Lagrangian for Threshold {
    fn value(&self, scores: &[f64]) -> f64 {
        scores.iter().map(|s| (s - self.0).max(0.0)).sum()
    }

    fn convex(&self, _range: Range) -> Stated<()> {
        Ok(())
    }

    fn of_reciprocals(&self, scores: &[f64]) -> Option<f64> {
        Some(scores.iter().map(|&s| (1.0 / self.0 - 1.0 / s).max(0.0)).sum())
    }

    fn growth(&self) -> Stated<Growth> {
        Err(JUMPS)
    }
}
