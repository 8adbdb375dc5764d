//! Softmax, and `exp`, which is softmax at β = 1 once the weights are normalised.

use super::{Beta, Grammar, Lagrangian, Separate, Separation, exponentials, log_sum_exp, share_out};
use crate::error::Result;
use crate::similarities::{Growth, Range, Stated};

pub(super) const GRAMMAR: Grammar = Grammar {
    form: "softmax:BETA",
    formula: "w = exp(BETA s)/sum exp(BETA s); auto separates the stored patterns",
    parse: |arguments| match arguments.values[..] {
        ["auto"] => Ok(Separation::Softmax(Beta::Auto)),
        [_] => Ok(Separation::Softmax(Beta::Value(arguments.beta(0, "softmax:20 or softmax:auto")?))),
        _ => arguments.unknown(),
    },
    tried: |_, beta| vec![Separation::Softmax(Beta::Value(beta))],
};

pub(super) struct Softmax(pub Beta);

impl Separate for Softmax {
    fn text(&self) -> String {
        match self.0 {
            Beta::Auto => "softmax:auto".to_owned(),
            Beta::Value(beta) => format!("softmax:{beta}"),
        }
    }

    fn accepts(&self, _range: Range) -> Stated<()> {
        Ok(())
    }

    fn is_published(&self) -> bool {
        self.0 != Beta::Auto
    }

    fn at_scale(&self, separating: &dyn Fn() -> Result<f64>) -> Result<Option<Separation>> {
        match self.0 {
            Beta::Auto => Ok(Some(Separation::Softmax(Beta::Value(separating()?)))),
            Beta::Value(_) => Ok(None),
        }
    }

    fn at_beta(&self, beta: f64) -> Option<Separation> {
        Some(Separation::Softmax(Beta::Value(beta)))
    }

    fn weights(&self, scores: &mut [f64]) {
        exponentials(scores, self.0.value());
    }

    fn activities(&self, scores: &mut [f64]) {
        self.weights(scores);
        share_out(scores);
    }

    fn softmax_beta(&self) -> Option<f64> {
        Some(self.0.value())
    }

    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        Some(self)
    }
}

/// L = β⁻¹ ln Σ exp(βs).
impl Lagrangian for Softmax {
    fn value(&self, scores: &[f64]) -> f64 {
        log_sum_exp(scores, self.0.value())
    }

    fn convex(&self, _range: Range) -> Stated<()> {
        Ok(())
    }

    fn sums_to_one(&self) -> bool {
        true
    }

    fn growth(&self) -> Stated<Growth> {
        Ok(Growth::Bounded)
    }
}
