//! Powers of the positive part of the scores.

use super::poly::power_of_reciprocals;
use super::{Grammar, Lagrangian, Separate, Separation, power};
use crate::similarities::{Growth, Range, Stated};

pub(super) const GRAMMAR: Grammar = Grammar {
    form: "relu:N",
    formula: "w = max(s,0)^N",
    parse: |arguments| match arguments.values[..] {
        [_] => Ok(Separation::Rectified(arguments.exponent("relu:3")?)),
        _ => arguments.unknown(),
    },
    // For scores that are never negative it equals `poly`.
    tried: |range, _| if range == Range::Any { vec![Separation::Rectified(10.0)] } else { Vec::new() },
};

pub(super) struct Rectified(pub f64);

impl Separate for Rectified {
    fn text(&self) -> String {
        format!("relu:{}", self.0)
    }

    fn accepts(&self, range: Range) -> Stated<()> {
        match range {
            Range::Any | Range::Positive => Ok(()),
            Range::Negative => Err(
                "would leave nothing, since its scores are never above 0; use softmax, max, threshold, sparsemax or entmax, or an inverse similarity",
            ),
        }
    }

    fn weights(&self, scores: &mut [f64]) {
        scores.iter_mut().for_each(|s| *s = s.max(0.0));
        power(scores, self.0);
    }

    fn activities(&self, scores: &mut [f64]) {
        scores.iter_mut().for_each(|s| *s = s.max(0.0).powf(self.0));
    }

    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        Some(self)
    }
}

/// L = Σ max(s, 0)^{n+1}/(n + 1).
impl Lagrangian for Rectified {
    fn value(&self, scores: &[f64]) -> f64 {
        let n = self.0;
        scores.iter().map(|s| s.max(0.0).powf(n + 1.0) / (n + 1.0)).sum()
    }

    fn convex(&self, _range: Range) -> Stated<()> {
        Ok(())
    }

    fn of_reciprocals(&self, scores: &[f64]) -> Option<f64> {
        Some(power_of_reciprocals(scores, self.0))
    }

    fn growth(&self) -> Stated<Growth> {
        Ok(if self.0 >= 1.0 { Growth::Unbounded } else { Growth::Bounded })
    }
}
