//! Unlearning: what a network of Hebb's rule dreams of is taken away from it.

use ndarray::{Array2, ArrayView2};

use super::hebb::products;
use super::sleeping::Sleeper;
use super::{DREAMS, EPSILON, Facts, Learning, SEED, STRENGTHS, TIMES};
use crate::error::{Error, Result};
use crate::message;
use crate::message::Argument;
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    name: "unlearning",
    about: "hebb, less what the network dreams of",
    options: &[DREAMS.name, EPSILON.name, SEED.name],
    read: |options| {
        let usual = Unlearning::default();
        let dreams = match options.number(DREAMS.name) {
            Some(number) if number.fract() != 0.0 => {
                let expected = "auto, or a whole number of dreams, for the rule unlearning";
                return Err(Error::parameter(DREAMS.name, expected, number));
            }
            number => number.map(|number| number as usize),
        };
        Ok(Learning::Unlearning(Unlearning {
            dreams,
            epsilon: options.number(EPSILON.name).unwrap_or(usual.epsilon),
            seed: options.seed(SEED.name).unwrap_or(usual.seed),
        }))
    },
    ..Facts::ANEW
};

/// Settings of the rule [`Unlearning`](Learning::Unlearning).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unlearning {
    /// The number of dreams, at most 10⁶. Default: the nearest whole number to 3N/(4ε); somewhat more than N/ε
    /// destroys the memory.
    pub dreams: Option<usize>,
    /// The strength ε of a dream, in (0, 1]. Default 0.01.
    pub epsilon: f64,
    /// The seed of the dreams. Default 0.
    pub seed: u64,
}

impl Default for Unlearning {
    fn default() -> Self {
        Unlearning { dreams: None, epsilon: 0.01, seed: 0 }
    }
}

/// W = YᵀY, and then W −= ε xxᵀ for each dream x (Hopfield, Feinstein & Palmer 1983).
pub(super) fn learn<F: Real>(
    _before: Array2<f64>,
    patterns: ArrayView2<F>,
    settings: Unlearning,
) -> Result<Array2<f64>> {
    let Unlearning { dreams, epsilon, seed } = settings;
    if !STRENGTHS.contains(epsilon) {
        return Err(Error::parameter(EPSILON.name, STRENGTHS.to_string(), epsilon));
    }
    let dreams = dreams.map_or_else(|| (SHARE * patterns.nrows() as f64 / epsilon).round(), |n| n as f64);
    if !TIMES.contains(dreams) {
        let expected =
            message!["at most 10^6 dreams; give fewer, or a larger ", Argument::option(EPSILON.name)];
        return Err(Error::parameter(DREAMS.name, expected, dreams));
    }
    let mut sleeper = Sleeper::new(products(patterns), seed);
    for _ in 0..dreams as usize {
        let dream = sleeper.dream();
        sleeper.add(&[(-epsilon, &dream)]);
    }
    Ok(sleeper.into_couplings())
}

/// The sum of ε over all dreams, in units of N, if no number of dreams is given. Each dream takes ε of the trace N of
/// W/D; where all of it is gone, so are the patterns.
const SHARE: f64 = 0.75;
