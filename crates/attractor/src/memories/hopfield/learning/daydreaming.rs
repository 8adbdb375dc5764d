//! Daydreaming: patterns are learned and dreams unlearned, in turn.

use ndarray::{Array2, ArrayView2};

use super::hebb::products;
use super::sleeping::Sleeper;
use super::{EPOCHS, Facts, Learning, SEED, TAU};
use crate::error::{Error, Result};
use crate::real::Real;

pub(super) const FACTS: Facts = Facts {
    name: "daydreaming",
    about: "learns patterns and unlearns dreams in turn",
    options: &[EPOCHS.name, TAU.name, SEED.name],
    read: |options| {
        let usual = Daydreaming::default();
        Ok(Learning::Daydreaming(Daydreaming {
            epochs: options.count(EPOCHS.name).unwrap_or(usual.epochs),
            tau: options.number(TAU.name).unwrap_or(usual.tau),
            seed: options.seed(SEED.name).unwrap_or(usual.seed),
        }))
    },
    ..Facts::ANEW
};

/// Settings of the rule [`Daydreaming`](Learning::Daydreaming).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Daydreaming {
    /// The number of epochs, each of which has as many steps as there are patterns. Default 100.
    pub epochs: usize,
    /// The time scale τ > 0: a step changes a coupling by 2/(τD) at most. Default 64.
    pub tau: f64,
    /// The seed of the order of patterns and of the dreams. Default 0.
    pub seed: u64,
}

impl Default for Daydreaming {
    fn default() -> Self {
        Daydreaming { epochs: 100, tau: 64.0, seed: 0 }
    }
}

/// J = YᵀY/D, and then J += (yyᵀ − xxᵀ)/(τD) in each step, with y one of the patterns at random and x a rest state
/// (Serricchio et al. 2024).
///
/// The sums are those of τD J, which are whole numbers if τ is one.
pub(super) fn learn<F: Real>(
    _before: Array2<f64>,
    patterns: ArrayView2<F>,
    settings: Daydreaming,
) -> Result<Array2<f64>> {
    let Daydreaming { epochs, tau, seed } = settings;
    if !(tau > 0.0 && tau.is_finite()) {
        return Err(Error::parameter(TAU.name, "a number > 0", tau));
    }
    let (count, dim) = patterns.dim();
    let wide = patterns.mapv(F::to_f64).as_standard_layout().into_owned();
    let mut sleeper = Sleeper::new(products(patterns) * tau, seed);
    for _ in 0..epochs.saturating_mul(count) {
        let known = sleeper.below(count);
        let dream = sleeper.dream();
        let known = wide.row(known).to_slice().expect("standard layout");
        sleeper.add(&[(1.0, known), (-1.0, &dream)]);
    }
    Ok(sleeper.into_couplings() / (tau * dim as f64))
}
