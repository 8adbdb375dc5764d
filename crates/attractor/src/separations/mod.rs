//! Separations: how scores become weights. They are the second part of a single-shot memory (Millidge et al. 2022).
//!
//! A steeper separation separates memories better. An exponent is always that of the weights: a dense memory whose
//! energy has degree k uses exponent k − 1.
//!
//! To add a separation, add one file and one line to the list below. The trait `Separate` says what it must supply
//! and what it can supply. What it does not supply is refused.

mod entmax;
mod exp;
mod identity;
mod k_max;
mod log;
mod max;
mod normmax;
mod poly;
mod regularised;
mod relu;
mod separator;
mod softmax;
mod sparsemax;
mod sqrt;
mod threshold;

pub use regularised::Regularised;
pub(crate) use separator::least_gap;
pub use separator::{Separator, separating_beta};

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::real::Real;
use crate::similarities::{Growth, Keys, Range, Stated};

/// The inverse temperature of a softmax, or of a modern Hopfield network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Beta {
    /// Found from the patterns: so large that a stored pattern recalls itself with weight 0.999 or more. See
    /// [`Modern::separating_beta`](crate::memories::Modern::separating_beta).
    #[default]
    Auto,
    /// The given value.
    Value(f64),
}

impl Beta {
    /// The value; 1 if it has not been found yet.
    pub(crate) fn value(self) -> f64 {
        match self {
            Beta::Auto => 1.0,
            Beta::Value(beta) => beta,
        }
    }
}

impl FromStr for Beta {
    type Err = std::num::ParseFloatError;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        if text == "auto" { Ok(Beta::Auto) } else { text.parse().map(Beta::Value) }
    }
}

/// Makes the list. Each line has the name of the separation with its arguments, its module and its documentation. The
/// module has `GRAMMAR` and a struct of that name with the same arguments.
macro_rules! separations {
    ($($name:ident $(($($argument:ident: $kind:ty),+))?: $module:ident, $doc:literal;)*) => {
        /// A separation function, which turns scores s into weights w.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Separation { $(#[doc = $doc] $name $(($($kind),+))?),* }

        const ALL: &[Grammar] = &[$($module::GRAMMAR),*];

        impl Separation {
            fn with<T>(self, ask: impl FnOnce(&dyn Separate) -> T) -> T {
                match self {
                    $(Separation::$name $(($($argument),+))? => ask(&$module::$name $(($($argument),+))?)),*
                }
            }
        }
    };
}

// From the sharpest to the flattest.
separations! {
    Max: max, "1 for the largest score, the first of equal ones.";
    Softmax(beta: Beta): softmax, "exp(βs)/Σ exp(βs)";
    Sparsemax(beta: f64): sparsemax, "The nearest distribution to βs (Martins & Astudillo 2016).";
    Entmax(alpha: f64, beta: f64): entmax, "α-entmax of βs: softmax at α = 1, sparsemax at α = 2 (Peters et al. 2019).";
    Normmax(gamma: f64, beta: f64): normmax, "The p that maximises βp·s − ‖p‖_γ (Blondel et al. 2020).";
    Exponential: exp, "exp(s)";
    KMax(k: usize): k_max, "s for the k largest scores, the first of equal ones; 0 for the others.";
    Threshold(radius: f64): threshold, "1 within a radius, 0 beyond: see [`Similarity::least_score`](crate::similarities::Similarity::least_score).";
    Polynomial(n: f64): poly, "s^n, n > 0";
    Rectified(n: f64): relu, "max(s, 0)^n, n > 0";
    Identity: identity, "s";
    Root: sqrt, "√s";
    Logarithm: log, "ln(1 + s)";
}

/// How a separation is written and parsed.
struct Grammar {
    /// The name and the arguments, as in `poly:N`.
    form: &'static str,
    /// The formula of its weights.
    formula: &'static str,
    /// Makes the separation from its arguments.
    parse: fn(&Arguments) -> Result<Separation>,
    /// The separations to try on scores with these signs, whose scale is that of β.
    tried: fn(Range, f64) -> Vec<Separation>,
}

impl Grammar {
    fn name(&self) -> &'static str {
        self.form.split([':', '[']).next().unwrap_or(self.form)
    }
}

/// The grammar and the formula of every separation.
pub const SEPARATIONS: &[(&str, &str)] = &{
    let mut all = [("", ""); ALL.len()];
    let mut n = 0;
    while n < all.len() {
        all[n] = (ALL[n].form, ALL[n].formula);
        n += 1;
    }
    all
};

/// The grammars of all separations, in the order of [`SEPARATIONS`]. Capital letters stand for numbers.
pub fn grammars() -> &'static [&'static str] {
    const GRAMMARS: &[&str] = &{
        let mut all = [""; ALL.len()];
        let mut n = 0;
        while n < all.len() {
            all[n] = ALL[n].form;
            n += 1;
        }
        all
    };
    GRAMMARS
}

/// Some separations of each kind to try on these keys, with the β that [separates](separating_beta) the keys, if they
/// have one. Separations whose scale does not follow from the data, such as thresholds, are left out. Some may be
/// refused for such scores.
///
/// # Errors
/// Those of [`separating_beta`].
pub fn tried<F: Real>(keys: &Keys<F>) -> Result<Vec<Separation>> {
    let (range, beta) = (keys.similarity().facts().range, separating_beta(keys)?);
    Ok(ALL.iter().flat_map(|grammar| (grammar.tried)(range, beta)).collect())
}

impl FromStr for Separation {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let arguments = Arguments { text, values: parts.collect() };
        match ALL.iter().find(|grammar| grammar.name() == name) {
            Some(grammar) => (grammar.parse)(&arguments),
            None => arguments.unknown(),
        }
    }
}

impl fmt::Display for Separation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with(|separation| separation.text()))
    }
}

/// The arguments of a separation, as written after its name.
struct Arguments<'a> {
    /// The whole text of the arguments.
    text: &'a str,
    values: Vec<&'a str>,
}

impl Arguments<'_> {
    /// Returns a separation that takes no arguments.
    fn none(&self, separation: Separation) -> Result<Separation> {
        if self.values.is_empty() { Ok(separation) } else { self.unknown() }
    }

    fn unknown(&self) -> Result<Separation> {
        Err(Error::unknown("separation", self.text, grammars().iter().copied()))
    }

    fn number(&self, at: usize, what: &str, least: f64, example: &str) -> Result<f64> {
        let number = self.values[at].parse().ok().filter(|n: &f64| n.is_finite() && *n >= least);
        number.ok_or_else(|| Error::parameter("separation", format!("{what}, as in {example}"), self.text))
    }

    fn up_to(&self, most: f64, number: f64, what: &str) -> Result<f64> {
        if number <= most { Ok(number) } else { Err(Error::parameter("separation", what, self.text)) }
    }

    fn beta(&self, at: usize, example: &str) -> Result<f64> {
        let what = "a number from 1e-30 to 1e30";
        self.up_to(1e30, self.number(at, what, 1e-30, example)?, what)
    }

    fn exponent(&self, example: &str) -> Result<f64> {
        let what = "an exponent from 1e-3 to 1000";
        self.up_to(1e3, self.number(0, what, 1e-3, example)?, what)
    }
}

/// A separation: what it must supply, and what it can supply. What it does not supply is refused.
trait Separate {
    /// The separation as it is written, with its arguments.
    fn text(&self) -> String;

    /// Whether it is defined for scores with these signs, or why not.
    fn accepts(&self, range: Range) -> Stated<()>;

    /// Turns the scores of one cue into weights, in place, in any unit.
    fn weights(&self, scores: &mut [f64]);

    /// Whether it is in the code published with Millidge et al. (2022).
    fn is_published(&self) -> bool {
        false
    }

    /// The weights of the published code, for scores that were divided by their sum.
    fn published_weights(&self, shares: &mut [f64]) {
        self.weights(shares);
    }

    /// Whether a score below 0 may have a weight below 0. Such weights are not normalised.
    fn keeps_signs(&self) -> bool {
        false
    }

    /// This separation with its β found from the keys, if that was left open.
    fn at_scale(&self, _separating: &dyn Fn() -> Result<f64>) -> Result<Option<Separation>> {
        Ok(None)
    }

    /// This separation with another β, if its weights maximise p·s + H(p)/β for an entropy H.
    fn at_beta(&self, _beta: f64) -> Option<Separation> {
        None
    }

    /// The lead β(s_best − s) over every other score from which the best score has all weight, if weights maximise p·s +
    /// H(p)/β and can be 0.
    fn margin(&self) -> Option<f64> {
        None
    }

    /// This separation with a distance replaced by the smallest score within it.
    fn in_scores(&self, _least_score: &dyn Fn(f64) -> f64) -> Option<Separation> {
        None
    }

    /// The β of the softmax that the normalised weights are, if they are one. Then reads can be streamed.
    fn softmax_beta(&self) -> Option<f64> {
        None
    }

    /// The weights in the unit in which they are the gradient of the Lagrangian.
    fn activities(&self, scores: &mut [f64]) {
        self.weights(scores);
    }

    /// The Lagrangian: the function of the scores whose gradient is the activities. Without it there is no energy.
    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        None
    }
}

/// The Lagrangian L of hidden units, whose gradient is the separation (Krotov & Hopfield 2021).
trait Lagrangian {
    /// L(s).
    fn value(&self, scores: &[f64]) -> f64;

    /// Whether it is convex for all scores with these signs, or why not.
    fn convex(&self, range: Range) -> Stated<()>;

    /// Whether activities already sum to 1, so that normalising does not change them.
    fn sums_to_one(&self) -> bool {
        false
    }

    /// Whether it is the largest score, so that all weight goes to one key.
    fn is_winner(&self) -> bool {
        false
    }

    /// The Lagrangian G as a function of t, where the scores are s = 1/v with v = δ − t (t is a negative distance)
    /// and the weights are those of s: dG/dt = f(s). It is convex, because f and s rise. `None`, for all scores, if
    /// no closed form is known.
    fn of_reciprocals(&self, _scores: &[f64]) -> Option<f64> {
        None
    }

    /// Whether activities change without jumps, as those of units must, and how fast they grow with the scores.
    fn growth(&self) -> Stated<Growth> {
        Err(
            "activities of units must change without jumps, which is not known of the weights of this separation",
        )
    }
}

/// Why negative distances are refused as scores.
const NEGATIVE_DISTANCES: &str = "would give the largest weight to the least similar key, since its scores are negative distances; use softmax, max, threshold, sparsemax, entmax or normmax, or an inverse similarity";

/// Why scores that can be negative are refused.
const NEVER_NEGATIVE: &str = "needs scores that are never negative; use identity, poly, relu, softmax, max, sparsemax, entmax or normmax";

/// Why a separation cannot be used with two layers.
const JUMPS: &str = "units change continuously, and the weights of this separation jump; use softmax, sparsemax, entmax, normmax or relu";

/// s^n, in units of the largest |s| if powers would overflow or underflow.
fn power(s: &mut [f64], n: f64) {
    let most = s.iter().fold(0.0, |most: f64, s| most.max(s.abs()));
    let fits = most == 0.0 || (most.log10() * n).abs() < 100.0 && n < 100.0;
    let scale = if fits { 1.0 } else { most };
    let whole = n.fract() == 0.0;
    s.iter_mut().for_each(|s| *s = if whole { (*s / scale).powi(n as i32) } else { (*s / scale).powf(n) });
}

fn exponentials(s: &mut [f64], beta: f64) {
    let top = s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // A smaller weight, relative to the best, has no effect even among a billion memories. As 0 it costs nothing to
    // read.
    const LEAST: f64 = -100.0;
    s.iter_mut().for_each(|s| {
        let logit = beta * (*s - top);
        *s = if logit < LEAST { 0.0 } else { logit.exp() };
    });
}

/// β⁻¹ ln Σ exp(βs).
fn log_sum_exp(s: &[f64], beta: f64) -> f64 {
    let top = s[largest(s)];
    top + s.iter().map(|s| (beta * (s - top)).exp()).sum::<f64>().ln() / beta
}

/// The index of the largest score. Of equal ones, the first.
pub fn largest(scores: &[f64]) -> usize {
    let mut best = 0;
    for (n, score) in scores.iter().enumerate() {
        if *score > scores[best] {
            best = n;
        }
    }
    best
}

fn one_hot(weights: &mut [f64], at: usize) {
    weights.fill(0.0);
    weights[at] = 1.0;
}

/// Divides weights by their sum.
fn share_out(weights: &mut [f64]) {
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A separation that supplies only what the trait requires.
    struct Squares;

    impl Separate for Squares {
        fn text(&self) -> String {
            "squares".into()
        }

        fn accepts(&self, _range: Range) -> Stated<()> {
            Ok(())
        }

        fn weights(&self, scores: &mut [f64]) {
            scores.iter_mut().for_each(|s| *s *= *s);
        }
    }

    #[test]
    fn what_a_separation_does_not_say_is_refused() {
        assert!(Squares.lagrangian().is_none() && Squares.softmax_beta().is_none());
        assert!(!Squares.is_published() && !Squares.keeps_signs());
    }

    #[test]
    fn what_is_written_is_read() {
        for text in [
            "max",
            "softmax:auto",
            "sparsemax:3",
            "entmax:1.5:2",
            "normmax:2:0.5",
            "k-max:4",
            "poly:2.5",
            "threshold:-1",
        ] {
            assert_eq!(text.parse::<Separation>().unwrap().to_string(), text);
        }
        for text in ["", "max:1", "poly", "softmax", "entmax", "sparsemax:1:2", "cubes", "poly[:N]"] {
            assert!(matches!(text.parse::<Separation>(), Err(Error::UnknownName { .. })), "{text}");
        }
    }
}
