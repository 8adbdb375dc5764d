//! α-entmax (Peters et al. 2019), from softmax at α = 1 to sparsemax at α = 2.

use super::{Grammar, Lagrangian, Separate, Separation, exponentials, largest, log_sum_exp, share_out};
use crate::error::Error;
use crate::similarities::{Growth, Range, Stated};

pub(super) const GRAMMAR: Grammar = Grammar {
    form: "entmax:ALPHA[:BETA]",
    formula: "between softmax (ALPHA = 1) and sparsemax (ALPHA = 2) of BETA s",
    parse: |arguments| {
        let beta = match arguments.values[..] {
            [_] => None,
            [_, _] => Some(1),
            _ => return arguments.unknown(),
        };
        let alpha = arguments.number(0, "a number from 1 to 10", 1.0, EXAMPLE)?;
        if alpha > 10.0 {
            let expected = "ALPHA from 1 to 10, as in entmax:1.5";
            return Err(Error::parameter("separation", expected, arguments.text));
        }
        let beta = beta.map_or(Ok(1.0), |at| arguments.beta(at, EXAMPLE))?;
        Ok(Separation::Entmax(alpha, beta))
    },
    tried: |_, beta| vec![Separation::Entmax(1.5, beta)],
};

const EXAMPLE: &str = "entmax:1.5 or entmax:1.5:20";

/// If α − 1 is below this, the weights are those of softmax to the last digit.
const SOFTMAX: f64 = 1e-9;

/// α-entmax, with its α and β.
pub(super) struct Entmax(pub f64, pub f64);

impl Separate for Entmax {
    fn text(&self) -> String {
        format!("entmax:{}:{}", self.0, self.1)
    }

    fn accepts(&self, _range: Range) -> Stated<()> {
        Ok(())
    }

    /// w = [(α − 1)(βs − τ)]₊^{1/(α − 1)}, with τ such that the weights sum to 1.
    ///
    /// τ lies between the largest (α − 1)βs minus 1 and the largest itself. The sum falls with τ, so bisection finds
    /// it.
    fn weights(&self, s: &mut [f64]) {
        let Entmax(alpha, beta) = *self;
        let steep = alpha - 1.0;
        if steep < SOFTMAX {
            return exponentials(s, beta);
        }
        let top = s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        s.iter_mut().for_each(|s| *s = steep * beta * (*s - top));
        // Only scores within 1 of the best can have weight. Weights are [x − τ]^{1/steep} for τ in [−1, 0).
        let active: Vec<usize> = (0..s.len()).filter(|&n| s[n] > -1.0).collect();
        let weight = |x: f64, tau: f64| (x - tau).max(0.0).powf(1.0 / steep);
        let (mut low, mut high) = (-1.0, 0.0);
        for _ in 0..64 {
            let middle = 0.5 * (low + high);
            let sum: f64 = active.iter().map(|&n| weight(s[n], middle)).sum();
            if sum >= 1.0 { low = middle } else { high = middle }
        }
        let weights: Vec<f64> = active.iter().map(|&n| weight(s[n], low)).collect();
        s.fill(0.0);
        active.iter().zip(weights).for_each(|(&n, w)| s[n] = w);
    }

    fn at_beta(&self, beta: f64) -> Option<Separation> {
        Some(Separation::Entmax(self.0, beta))
    }

    /// One score is active if the others are 1/(α − 1) below it: then (α − 1)τ = −1.
    fn margin(&self) -> Option<f64> {
        let steep = self.0 - 1.0;
        (steep >= SOFTMAX).then(|| 1.0 / steep)
    }

    fn activities(&self, scores: &mut [f64]) {
        self.weights(scores);
        share_out(scores);
    }

    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        Some(self)
    }
}

/// L = max_p p·s + H(p)/β, H(p) = Σ(p − p^α)/(α(α − 1)) (Blondel et al. 2020).
impl Lagrangian for Entmax {
    fn value(&self, s: &[f64]) -> f64 {
        let Entmax(alpha, beta) = *self;
        let steep = alpha - 1.0;
        if steep < SOFTMAX {
            return log_sum_exp(s, beta);
        }
        let top = s[largest(s)];
        let mut p = s.to_vec();
        self.weights(&mut p);
        let total: f64 = p.iter().sum();
        let term = |(p, s): (&f64, &f64)| {
            let p = p / total;
            let entropy = if p > 0.0 { -p * (steep * p.ln()).exp_m1() / (alpha * steep) } else { 0.0 };
            p * (s - top) + entropy / beta
        };
        top + p.iter().zip(s).map(term).sum::<f64>()
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
