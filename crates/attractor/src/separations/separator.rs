//! Separators: a separation for the scores of one similarity. Also the β that separates stored keys.

use super::{Lagrangian, Separation, one_hot, share_out};
use crate::error::{Error, Result};
use crate::message;
use crate::message::{Argument, Message};
use crate::real::Real;
use crate::similarities::{Convention, Growth, Keys, Range, Stated, WeightFacts};

/// A separation for the scores of one similarity, checked that the two can be combined.
///
/// If no weight can be negative, weights are normalised to sum to 1, so that the read is a weighted mean in the units
/// of the patterns. Products can be negative. So their weights with identity and poly are not normalised, and the read is a
/// sum; this holds for even powers, too, although none of their weights is negative.
///
/// ```
/// use attractor::separations::{Separation, Separator};
/// use attractor::similarities::{Convention, Keys, Similarity};
/// use ndarray::array;
/// let patterns = array![[0.0_f64, 1.0], [2.0, 2.0]];
/// let keys = Keys::new(Similarity::Hamming, array![[1.0_f64, -1.0], [1.0, 1.0]], Convention::Corrected)?;
/// let separator = Separator::new(Separation::Polynomial(2.0), &keys)?;
/// let mut weights = [1.0, 3.0];
/// separator.weights(&mut weights)?;
/// assert_eq!(weights, [0.1, 0.9]);
/// // Negative distances cannot be normalised.
/// let keys = Keys::new(Similarity::Manhattan, patterns, Convention::Corrected)?;
/// assert!(Separator::new(Separation::Identity, &keys).is_err());
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Separator {
    separation: Separation,
    /// The separation in the form that is computed: a distance is replaced by the smallest score within it.
    computed: Separation,
    convention: Convention,
    range: Range,
    shared: bool,
}

impl Separator {
    /// A separator for the scores of these keys. `softmax:auto` gets the β at which the least separated key, as its
    /// own cue, still has weight 0.999: see [`separating_beta`].
    ///
    /// # Errors
    /// A separation that is not defined for such scores, with the reason.
    pub fn new<F: Real>(separation: Separation, keys: &Keys<F>) -> Result<Self> {
        let (similarity, convention) = (keys.similarity(), keys.convention());
        let range = similarity.facts().range;
        if let Err(reason) = accepts(separation, range, convention) {
            let model = if convention == Convention::Uhn2022 { "uhn2022" } else { similarity.name() };
            let reason = message![format!("{separation} "), reason];
            return Err(Error::Undefined { model, what: "weights by this separation", reason });
        }
        let scaled = separation.with(|s| s.at_scale(&|| separating_beta(keys)))?;
        let separation = scaled.unwrap_or(separation);
        let least = |radius| similarity.least_score(radius, keys.values().ncols());
        let computed = separation.with(|s| s.in_scores(&least)).unwrap_or(separation);
        let signed = range == Range::Any && separation.with(|s| s.keeps_signs());
        Ok(Separator { separation, computed, convention, range, shared: !signed })
    }

    /// The separation, with its β.
    pub fn separation(&self) -> Separation {
        self.separation
    }

    /// Whether weights are normalised to sum to 1: always, except those of products with identity or poly.
    pub fn shared(&self) -> bool {
        self.shared
    }

    /// Turns the scores of one query into weights, in place. Cost: N, or up to 64 N for sparsemax, entmax and normmax.
    ///
    /// # Errors
    /// No weight above 0, or a NaN weight: no memory answers.
    pub fn weights(&self, scores: &mut [f64]) -> Result<()> {
        self.try_weights(scores).map_err(|reason| Error::Undefined {
            model: "universal",
            what: "weights",
            reason: reason.into(),
        })
    }

    /// As [`weights`](Self::weights), with the reason alone where there are none.
    pub(crate) fn try_weights(&self, scores: &mut [f64]) -> Stated<()> {
        if self.convention == Convention::Uhn2022 {
            return self.published(scores);
        }
        self.computed.with(|s| s.weights(scores));
        if self.shared { share(scores) } else { finite(scores) }
    }

    /// The steps of the published code: scores are divided by their sum, and so are the weights. An exact match,
    /// whose score is infinite, gets all weight.
    fn published(&self, scores: &mut [f64]) -> Stated<()> {
        if let Some(exact) = scores.iter().position(|s| *s == f64::INFINITY) {
            one_hot(scores, exact);
            return Ok(());
        }
        share_out(scores);
        self.computed.with(|s| s.published_weights(scores));
        share_out(scores);
        finite(scores)
    }

    /// The Lagrangian L of scores. Its gradient is the weights, up to the factor that normalises them.
    ///
    /// For weights f that depend on one score each it is Σ∫₀ˢ f (s²/2, s^{n+1}/(n+1), …), with [·]₊ if the weights
    /// are 0 below a score. It is β⁻¹ ln Σ exp(βs) for softmax, and for exp, whose weights are those of softmax at β
    /// = 1; the largest score for max; half the sum of the k largest squares for k-max; max_p p·s + H(p)/β for
    /// sparsemax and entmax, with H(p) = Σ(p − p^α)/(α(α − 1)), and for normmax, with H(p) = 1 − ‖p‖_γ (Blondel et al. 2020). It is convex in all scores for
    /// which it is defined, except poly with an even exponent for scores below 0. NaN for a separation whose
    /// Lagrangian is not known. Cost: N, N ln N for k-max, or up to 64 N for sparsemax, entmax and normmax.
    pub fn lagrangian(&self, scores: &[f64]) -> f64 {
        self.ask_lagrangian(|l| l.value(scores)).unwrap_or(f64::NAN)
    }

    /// The gradient ∇L, which is the weights before they are normalised. Cost as [`lagrangian`](Self::lagrangian).
    pub fn activities(&self, scores: &mut [f64]) {
        self.computed.with(|s| s.activities(scores));
    }

    /// The Lagrangian as a function of the distances whose reciprocals are the scores, if it is known.
    pub(crate) fn lagrangian_of_reciprocals(&self, scores: &[f64]) -> Option<f64> {
        self.ask_lagrangian(|l| l.of_reciprocals(scores)).flatten()
    }

    /// The β of the softmax that the weights are, if they are a softmax.
    pub(crate) fn softmax_beta(&self) -> Option<f64> {
        self.computed.with(|s| s.softmax_beta()).filter(|_| self.convention == Convention::Corrected)
    }

    /// The facts about the weights on which an energy depends, in the corrected convention. Or the reason why the
    /// weights are not the gradient of a convex function of the scores.
    pub(crate) fn facts(&self) -> Stated<WeightFacts> {
        self.ask_lagrangian(|l| {
            l.convex(self.range)?;
            Ok(WeightFacts {
                sums_to_one: l.sums_to_one(),
                is_slope: l.sums_to_one() || !self.shared,
                is_winner: l.is_winner(),
                of_reciprocals: l.of_reciprocals(&[1.0]).is_some(),
            })
        })
        .unwrap_or(Err(UNKNOWN))
    }

    /// How fast the activities of hidden units grow, or why this separation has none.
    pub(crate) fn growth(&self) -> Stated<Growth> {
        self.ask_lagrangian(|l| l.growth()).unwrap_or(Err(UNKNOWN))
    }

    fn ask_lagrangian<T>(&self, ask: impl FnOnce(&dyn Lagrangian) -> T) -> Option<T> {
        self.computed.with(|s| s.lagrangian().map(ask))
    }
}

/// Why a separation without a Lagrangian has no energy.
const UNKNOWN: &str =
    "the weights of this separation are not known to be the gradient of a function of the scores";

/// Whether a separation is defined for scores with these signs, or why not.
fn accepts(separation: Separation, range: Range, convention: Convention) -> std::result::Result<(), Message> {
    separation.with(|s| match convention {
        Convention::Corrected => s.accepts(range).map_err(Message::from),
        Convention::Uhn2022 if s.is_published() => Ok(()),
        Convention::Uhn2022 => {
            Err(message!["is not in the published code; leave ", Argument::option("compat"), " away"])
        }
    })
}

fn share(weights: &mut [f64]) -> Stated<()> {
    let sum: f64 = weights.iter().sum();
    if !(sum.is_finite() && sum > 0.0) {
        return Err(
            "no stored pattern has a weight above 0 for the cue; a larger radius, softmax or max gives it some",
        );
    }
    weights.iter_mut().for_each(|w| *w /= sum);
    Ok(())
}

fn finite(weights: &[f64]) -> Stated<()> {
    match weights.iter().all(|w| w.is_finite()) {
        true => Ok(()),
        false => Err(
            "the weights of the cue leave the finite numbers, as where a vector sums to 0 in the published arithmetic or an exponent is too large; max or another similarity has finite ones",
        ),
    }
}

/// The β at which the least separated key still has softmax weight 0.999 if it is its own cue.
///
/// As [`Modern::separating_beta`](crate::memories::Modern::separating_beta), for any score. The separation of key i
/// is Δ_i = s_ii − max_j s_ij, and β = ln(999 (N − 1))/Δ for the smallest positive Δ. Examines up to 256 keys, evenly
/// spaced. Gives 1 if no key has a positive separation.
///
/// # Errors
/// A β outside 10⁻³⁰ to 10³⁰: the scores are too small or too large.
pub fn separating_beta<F: Real>(keys: &Keys<F>) -> Result<f64> {
    const SAMPLE: usize = 256;
    const AHEAD: f64 = 999.0;
    let n = keys.values().nrows();
    if n == 0 {
        return Err(Error::Undefined {
            model: "a memory in parts",
            what: "beta that separates its patterns by this similarity",
            reason: "its parts are not compared with each other; give a number for beta".into(),
        });
    }
    let Some(least) = least_gap(keys, SAMPLE)? else {
        return Ok(1.0);
    };
    let beta = (AHEAD * (n.max(2) - 1) as f64).ln() / least;
    match (1e-30..=1e30).contains(&beta) {
        true => Ok(beta),
        false => Err(Error::shape(
            "patterns",
            "scores that a beta from 1e-30 to 1e30 tells apart",
            format!("scores that need {beta:e}"),
            "multiply patterns and cues by a constant",
        )),
    }
}

/// The smallest positive separation s_ii − max_j s_ij of up to `sample` keys, evenly spaced, if one of them has any.
///
/// # Errors
/// Those of [`Keys::scores`].
pub(crate) fn least_gap<F: Real>(keys: &Keys<F>, sample: usize) -> Result<Option<f64>> {
    /// The largest number of scores held at a time.
    const HELD: usize = 1 << 22;
    let n = keys.values().nrows();
    let some: Vec<usize> = (0..n.min(sample)).map(|i| i * n / n.min(sample)).collect();
    let gap = |(row, &own): (ndarray::ArrayView1<f64>, &usize)| {
        let others = row.iter().enumerate().filter(|(n, _)| *n != own).map(|(_, s)| *s);
        let next = others.fold(f64::NEG_INFINITY, f64::max);
        // A separation of the size of the rounding error counts as none.
        let rounding = 1e-6 * (row[own].abs() + next.abs());
        Some(row[own] - next).filter(|gap| gap.is_finite() && *gap > rounding)
    };
    let mut least = f64::INFINITY;
    for part in some.chunks((HELD / n).max(16)) {
        let scores = keys.scores(keys.values().select(ndarray::Axis(0), part).view())?;
        least = scores.outer_iter().zip(part).filter_map(gap).fold(least, f64::min);
    }
    Ok(Some(least).filter(|least| least.is_finite()))
}
