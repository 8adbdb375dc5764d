//! γ-normmax (Blondel et al. 2020), whose entropy is 1 − ‖p‖_γ.

use super::{Grammar, Lagrangian, Separate, Separation, largest, share_out};
use crate::error::Error;
use crate::similarities::{Growth, Range, Stated};

pub(super) const GRAMMAR: Grammar = Grammar {
    form: "normmax:GAMMA[:BETA]",
    formula: "the p that maximises BETA p.s - |p|_GAMMA; more even than sparsemax over few patterns",
    parse: |arguments| {
        let beta = match arguments.values[..] {
            [_] => None,
            [_, _] => Some(1),
            _ => return arguments.unknown(),
        };
        let gamma = arguments.number(0, "a number from 1.01 to 100", 1.01, EXAMPLE)?;
        if gamma > 100.0 {
            let expected = "GAMMA from 1.01 to 100, as in normmax:2";
            return Err(Error::parameter("separation", expected, arguments.text));
        }
        let beta = beta.map_or(Ok(1.0), |at| arguments.beta(at, EXAMPLE))?;
        Ok(Separation::Normmax(gamma, beta))
    },
    // Its weights are close to those of sparsemax.
    tried: |_, _| Vec::new(),
};

const EXAMPLE: &str = "normmax:2 or normmax:2:20";

/// γ-normmax, with its γ and β.
pub(super) struct Normmax(pub f64, pub f64);

impl Normmax {
    /// Replaces scores by u = [z − τ]₊ with z = β(s − max s), and gives τ.
    ///
    /// p maximises p·z − ‖p‖_γ on the simplex if p_n = ‖p‖_γ [z_n − τ]₊^{1/(γ−1)}. The γ-norm of both sides is the
    /// same if Σ [z_n − τ]₊^{γ/(γ−1)} = 1. The sum falls with τ from at least 1 at −1 to 0 at 0, so bisection finds τ.
    fn leads(&self, s: &mut [f64]) -> f64 {
        let Normmax(gamma, beta) = *self;
        let power = gamma / (gamma - 1.0);
        let top = s[largest(s)];
        s.iter_mut().for_each(|s| *s = beta * (*s - top));
        // Only scores within 1 of the best can have weight.
        let active: Vec<f64> = s.iter().copied().filter(|z| *z > -1.0).collect();
        let (mut low, mut high) = (-1.0, 0.0);
        for _ in 0..64 {
            let middle = 0.5 * (low + high);
            let sum: f64 = active.iter().map(|z| (z - middle).max(0.0).powf(power)).sum();
            if sum >= 1.0 { low = middle } else { high = middle }
        }
        s.iter_mut().for_each(|z| *z = (*z - low).max(0.0));
        low
    }
}

impl Separate for Normmax {
    fn text(&self) -> String {
        format!("normmax:{}:{}", self.0, self.1)
    }

    fn accepts(&self, _range: Range) -> Stated<()> {
        Ok(())
    }

    fn weights(&self, s: &mut [f64]) {
        self.leads(s);
        let power = 1.0 / (self.0 - 1.0);
        s.iter_mut().filter(|u| **u > 0.0).for_each(|u| *u = u.powf(power));
    }

    fn at_beta(&self, beta: f64) -> Option<Separation> {
        Some(Separation::Normmax(self.0, beta))
    }

    /// One score is active if the others are 1 below it: then τ = −1.
    fn margin(&self) -> Option<f64> {
        Some(1.0)
    }

    fn activities(&self, scores: &mut [f64]) {
        self.weights(scores);
        share_out(scores);
    }

    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        Some(self)
    }
}

/// L = max_p p·s + H(p)/β with H(p) = 1 − ‖p‖_γ. At the maximum Σ p_n(z_n − τ) = ‖p‖_γ, so L = max s + (τ + 1)/β.
impl Lagrangian for Normmax {
    fn value(&self, s: &[f64]) -> f64 {
        s[largest(s)] + (self.leads(&mut s.to_vec()) + 1.0) / self.1
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
