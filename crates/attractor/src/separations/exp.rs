//! The exponentials of the scores. Normalised, they are the softmax at β = 1.

use super::softmax::Softmax;
use super::{Beta, Grammar, Lagrangian, Separate, Separation};
use crate::similarities::{Range, Stated};

pub(super) const GRAMMAR: Grammar = Grammar {
    form: "exp",
    formula: "w = exp(s)",
    parse: |arguments| arguments.none(Separation::Exponential),
    tried: |_, _| vec![Separation::Exponential],
};

pub(super) struct Exponential;

const AS_SOFTMAX: Softmax = Softmax(Beta::Value(1.0));

impl Separate for Exponential {
    fn text(&self) -> String {
        "exp".to_owned()
    }

    fn accepts(&self, range: Range) -> Stated<()> {
        AS_SOFTMAX.accepts(range)
    }

    fn weights(&self, scores: &mut [f64]) {
        AS_SOFTMAX.weights(scores);
    }

    fn activities(&self, scores: &mut [f64]) {
        AS_SOFTMAX.activities(scores);
    }

    fn softmax_beta(&self) -> Option<f64> {
        AS_SOFTMAX.softmax_beta()
    }

    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        Some(&AS_SOFTMAX)
    }
}
