//! How scores become weights: the second third of a single-shot memory (Millidge et al. 2022).
//!
//! A steeper separation keeps memories further apart. An exponent is that of the weights: a dense memory whose
//! energy is of degree k separates with exponent k − 1.
//!
//! A separation is one file and one line of the list below. What it must say, and what it may, is the trait
//! `Separate`; what it does not say is refused.

mod entmax;
mod exp;
mod identity;
mod k_max;
mod log;
mod max;
mod poly;
mod relu;
mod separator;
mod softmax;
mod sparsemax;
mod sqrt;
mod threshold;

pub use separator::{Separator, separating_beta};

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::real::Real;
use crate::similarities::{Growth, Keys, Range, Stated};

/// The inverse temperature of a softmax, as of a modern Hopfield network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Beta {
    /// Large enough that a stored pattern recalls itself with weight 0.999 or more: see
    /// [`Modern::separating_beta`](crate::memories::Modern::separating_beta).
    #[default]
    Auto,
    /// This.
    Value(f64),
}

impl Beta {
    /// The value; 1 if it is still to be found.
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

macro_rules! separations {
    ($($name:ident $(($($argument:ident: $kind:ty),+))?: $module:ident, $doc:literal;)*) => {
        /// A separation function: weights w of scores s.
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
    Exponential: exp, "exp(s)";
    KMax(k: usize): k_max, "s for the k largest scores, the first of equal ones; 0 for the others.";
    Threshold(radius: f64): threshold, "1 within a radius, 0 beyond: see [`Similarity::least_score`](crate::similarities::Similarity::least_score).";
    Polynomial(n: f64): poly, "s^n, n > 0";
    Rectified(n: f64): relu, "max(s, 0)^n, n > 0";
    Identity: identity, "s";
    Root: sqrt, "√s";
    Logarithm: log, "ln(1 + s)";
}

/// How a separation is written and read.
struct Grammar {
    /// Its name and its arguments, as `poly:N`.
    form: &'static str,
    /// What it computes.
    formula: &'static str,
    /// The separation with these arguments.
    parse: fn(&Arguments) -> Result<Separation>,
    /// Those worth a try on scores of such signs, whose scale is that of β.
    tried: fn(Range, f64) -> Vec<Separation>,
}

impl Grammar {
    fn name(&self) -> &'static str {
        self.form.split([':', '[']).next().unwrap_or(self.form)
    }
}

/// How a separation is written, and what it is.
pub const SEPARATIONS: &[(&str, &str)] = &{
    let mut all = [("", ""); ALL.len()];
    let mut n = 0;
    while n < all.len() {
        all[n] = (ALL[n].form, ALL[n].formula);
        n += 1;
    }
    all
};

/// How every separation is written, in the order of [`SEPARATIONS`]; what is in capitals is a number.
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

/// One separation or a few of each kind, with the β that [separates](separating_beta) these keys where they have one.
/// Left out are those whose scale no data tell, as thresholds. Some may be refused for such scores.
///
/// # Errors
/// As [`separating_beta`].
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
    /// All that was written.
    text: &'a str,
    values: Vec<&'a str>,
}

impl Arguments<'_> {
    /// A separation without arguments.
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

/// What a separation must say, and what it may. What it may say and does not is refused.
trait Separate {
    /// As it is written: its name and its arguments.
    fn text(&self) -> String;

    /// Whether it makes sense of scores of such signs, or why not.
    fn accepts(&self, range: Range) -> Stated<()>;

    /// Weights of the scores of one cue, in place, in any unit.
    fn weights(&self, scores: &mut [f64]);

    /// Whether it is in the code published with Millidge et al. (2022).
    fn is_published(&self) -> bool {
        false
    }

    /// The weights of that code, of scores that were divided by their sum.
    fn published_weights(&self, shares: &mut [f64]) {
        self.weights(shares);
    }

    /// Whether a score below 0 may have a weight below 0. Such weights are not shared out.
    fn keeps_signs(&self) -> bool {
        false
    }

    /// The same with what is left to the stored keys worked out: β, from the one that separates them.
    fn at_scale(&self, _separating: &dyn Fn() -> Result<f64>) -> Result<Option<Separation>> {
        Ok(None)
    }

    /// The same with a distance replaced by the least score within it.
    fn in_scores(&self, _least_score: &dyn Fn(f64) -> f64) -> Option<Separation> {
        None
    }

    /// The β of the softmax that the weights are once they are shared out, if they are one: such reads may be streamed.
    fn softmax_beta(&self) -> Option<f64> {
        None
    }

    /// The weights in the unit in which they are the slope of the Lagrangian.
    fn activities(&self, scores: &mut [f64]) {
        self.weights(scores);
    }

    /// The function of the scores of which the activities are the slope. Without it there is no energy.
    fn lagrangian(&self) -> Option<&dyn Lagrangian> {
        None
    }
}

/// The function L of which a separation is the slope: the hidden Lagrangian (Krotov & Hopfield 2021).
trait Lagrangian {
    /// L(s).
    fn value(&self, scores: &[f64]) -> f64;

    /// Whether it is convex in all scores of such signs, or why not.
    fn convex(&self, range: Range) -> Stated<()>;

    /// Whether activities sum to 1 by themselves, so that sharing them out changes nothing.
    fn sums_to_one(&self) -> bool {
        false
    }

    /// Whether it is the largest score: all weight to one key.
    fn is_winner(&self) -> bool {
        false
    }

    /// The Lagrangian G of t where the scores are s = 1/v, v = δ − t (t: a distance by its negative), and the weights
    /// are those of s: dG/dt = f(s). Convex, since f and s rise. `None`, whatever the scores, where no closed form is
    /// known.
    fn of_reciprocals(&self, _scores: &[f64]) -> Option<f64> {
        None
    }

    /// Whether activities change without jumps, as those of units must, and grow as fast as the scores or faster.
    fn growth(&self) -> Stated<Growth> {
        Err(
            "it is not known of this separation that its weights change without jumps, as activities of units must",
        )
    }
}

/// Why the scores of distances by their negative are refused.
const NEGATIVE_DISTANCES: &str = "would give the least alike the most, since its scores are negative distances; use softmax, max, threshold, sparsemax or entmax, or an inverse similarity";

/// Why scores of any sign are refused.
const NEVER_NEGATIVE: &str =
    "needs scores that are never negative; use identity, poly, relu, softmax, max, sparsemax or entmax";

/// Why a separation is none of two layers.
const JUMPS: &str = "weights that jump are no activities of units that change continuously; use softmax, sparsemax, entmax, or relu";

/// s^n, in units of the largest |s| where powers would leave the numbers.
fn power(s: &mut [f64], n: f64) {
    let most = s.iter().fold(0.0, |most: f64, s| most.max(s.abs()));
    let fits = most == 0.0 || (most.log10() * n).abs() < 100.0 && n < 100.0;
    let scale = if fits { 1.0 } else { most };
    let whole = n.fract() == 0.0;
    s.iter_mut().for_each(|s| *s = if whole { (*s / scale).powi(n as i32) } else { (*s / scale).powf(n) });
}

fn exponentials(s: &mut [f64], beta: f64) {
    let top = s.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // Less than this of the best is nothing, even of a billion memories, and then costs nothing to read.
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

/// The place of the largest score; the first of equal ones.
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

/// Weights in units of their sum.
fn share_out(weights: &mut [f64]) {
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that a separation must say.
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
        for text in
            ["max", "softmax:auto", "sparsemax:3", "entmax:1.5:2", "k-max:4", "poly:2.5", "threshold:-1"]
        {
            assert_eq!(text.parse::<Separation>().unwrap().to_string(), text);
        }
        for text in ["", "max:1", "poly", "softmax", "entmax", "sparsemax:1:2", "cubes", "poly[:N]"] {
            assert!(matches!(text.parse::<Separation>(), Err(Error::UnknownName { .. })), "{text}");
        }
    }
}
