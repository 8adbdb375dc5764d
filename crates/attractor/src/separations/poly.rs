//! Powers of the scores.

use super::{Grammar, Lagrangian, NEGATIVE_DISTANCES, Separate, Separation, power};
use crate::similarities::{Growth, Range, Stated};

pub(super) const GRAMMAR: Grammar = Grammar {
    form: "poly:N",
    formula: "w = s^N; N is the exponent here, and N+1 the degree of the energy",
    parse: |arguments| match arguments.values[..] {
        [_] => Ok(Separation::Polynomial(arguments.exponent("poly:10")?)),
        _ => arguments.unknown(),
    },
    tried: |_, _| vec![Separation::Polynomial(10.0), Separation::Polynomial(2.0)],
};

pub(super) struct Polynomial(pub f64);

impl Polynomial {
    fn is_whole(&self) -> bool {
        self.0.fract() == 0.0
    }
}

impl Separate for Polynomial {
    fn text(&self) -> String {
        format!("poly:{}", self.0)
    }

    fn accepts(&self, range: Range) -> Stated<()> {
        match range {
            Range::Negative => Err(NEGATIVE_DISTANCES),
            Range::Any if !self.is_whole() => {
                Err("has no value where scores are negative; use a whole exponent, or relu")
            }
            Range::Any | Range::Positive => Ok(()),
        }
    }

    fn is_published(&self) -> bool {
        true
    }

    fn keeps_signs(&self) -> bool {
        true
    }

    fn weights(&self, scores: &mut [f64]) {
        power(scores, self.0);
    }

    fn activities(&self, scores: &mut [f64]) {
        let n = self.0;
        if self.is_whole() {
            scores.iter_mut().for_each(|s| *s = s.powi(n as i32));
        } else {
            scores.iter_mut().for_each(|s| *s = s.powf(n));
        }
    }

    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        Some(self)
    }
}

/// L = Σ s^{n+1}/(n + 1).
impl Lagrangian for Polynomial {
    fn value(&self, scores: &[f64]) -> f64 {
        let n = self.0;
        if self.is_whole() {
            scores.iter().map(|s| s.powi(n as i32 + 1) / (n + 1.0)).sum()
        } else {
            scores.iter().map(|s| s.powf(n + 1.0) / (n + 1.0)).sum()
        }
    }

    fn convex(&self, range: Range) -> Stated<()> {
        if range == Range::Any && self.0 % 2.0 == 0.0 {
            return Err(
                "even powers rise again as scores fall below 0, so they are not the gradient of a convex function; use relu, or an odd exponent",
            );
        }
        Ok(())
    }

    fn of_reciprocals(&self, scores: &[f64]) -> Option<f64> {
        Some(power_of_reciprocals(scores, self.0))
    }

    fn growth(&self) -> Stated<Growth> {
        Ok(Growth::Unbounded)
    }
}

/// G of s^n for s = 1/v: Σ v^{1−n}/(n − 1), or −Σ ln v for n = 1.
pub(super) fn power_of_reciprocals(scores: &[f64], n: f64) -> f64 {
    if n == 1.0 {
        scores.iter().map(|&s| -(1.0 / s).ln()).sum()
    } else {
        scores.iter().map(|&s| (1.0 / s).powf(1.0 - n) / (n - 1.0)).sum()
    }
}
