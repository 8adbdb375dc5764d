//! Sparsemax (Martins & Astudillo 2016): entmax at α = 2.

use super::entmax::Entmax;
use super::{Grammar, Lagrangian, Separate, Separation};
use crate::similarities::{Growth, Range, Stated};

pub(super) const GRAMMAR: Grammar = Grammar {
    form: "sparsemax[:BETA]",
    formula: "the distribution nearest to BETA s",
    parse: |arguments| match arguments.values[..] {
        [] => Ok(Separation::Sparsemax(1.0)),
        [_] => Ok(Separation::Sparsemax(arguments.beta(0, "sparsemax:20")?)),
        _ => arguments.unknown(),
    },
    tried: |_, beta| vec![Separation::Sparsemax(beta)],
};

pub(super) struct Sparsemax(pub f64);

impl Sparsemax {
    fn as_entmax(&self) -> Entmax {
        Entmax(2.0, self.0)
    }
}

impl Separate for Sparsemax {
    fn text(&self) -> String {
        format!("sparsemax:{}", self.0)
    }

    fn accepts(&self, range: Range) -> Stated<()> {
        self.as_entmax().accepts(range)
    }

    fn weights(&self, scores: &mut [f64]) {
        self.as_entmax().weights(scores);
    }

    fn at_beta(&self, beta: f64) -> Option<Separation> {
        Some(Separation::Sparsemax(beta))
    }

    fn margin(&self) -> Option<f64> {
        self.as_entmax().margin()
    }

    fn activities(&self, scores: &mut [f64]) {
        self.as_entmax().activities(scores);
    }

    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        Some(self)
    }
}

impl Lagrangian for Sparsemax {
    fn value(&self, scores: &[f64]) -> f64 {
        self.as_entmax().value(scores)
    }

    fn convex(&self, range: Range) -> Stated<()> {
        self.as_entmax().convex(range)
    }

    fn sums_to_one(&self) -> bool {
        self.as_entmax().sums_to_one()
    }

    fn growth(&self) -> Stated<Growth> {
        self.as_entmax().growth()
    }
}
