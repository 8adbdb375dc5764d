//! The trait of a similarity: what it must supply, and what it can supply.

use std::fmt::Debug;
use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView2};

use super::{Keys, Slope};
use crate::error::Result;
use crate::kernels::Form;
use crate::real::Real;

/// An answer, or the reason why there is none, as one clause of a sentence.
pub(crate) type Stated<T> = std::result::Result<T, &'static str>;

/// A similarity. Only [`compare`](Self::compare) is required. What a similarity does not supply is refused with a
/// reason.
///
/// A similarity has an energy only if it declares one here, and a descent only if it gives the state to move to.
pub(crate) trait Measure<F: Real>: Send + Sync {
    /// Prepares the keys for comparison with queries.
    fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>>;

    /// Prepares the keys as the code published with Millidge et al. (2022) does. `None` if that code does not have
    /// this similarity.
    fn published(&self, _keys: ArcArray2<F>) -> Option<Arc<dyn Compare<F>>> {
        None
    }

    /// The gradient of the scores.
    fn slope(&self) -> Stated<&dyn Sloped<F>> {
        Err("the gradient of these scores is not known")
    }

    /// The energy that a single shot lowers, which reads the keys with their weights.
    fn single_shot(&self, _pair: &Pair<F>) -> Stated<EnergyOf> {
        Err("no function of these scores is known that a read lowers")
    }

    /// The energy that a descent lowers, and the state that it moves to.
    fn descent(&self, _pair: &Pair<F>) -> Stated<Descent<F>> {
        Err("the state of the best weighted score is not known")
    }

    /// How fast scores grow with the state, if layers of units can hold a state against its decay to 0.
    fn growth(&self) -> Stated<Growth> {
        Err("these scores are not known to hold a state against its leak to 0")
    }

    /// The form in which a kernel can read softmax weights of these scores without holding them, and the ratio of the
    /// kernel's inverse temperature to that of the scores.
    fn streams(&self) -> Option<(Form, f64)> {
        None
    }

    /// Whether the key with the best score is the one at the smallest Euclidean distance.
    fn finds_nearest(&self) -> bool {
        false
    }
}

/// Keys that are prepared for comparison.
pub(crate) trait Compare<F: Real>: Send + Sync {
    /// The scores, B × N, of queries that have been checked.
    fn scores(&self, queries: ArrayView2<F>) -> Array2<f64>;

    /// For products: the keys as they are multiplied with queries.
    fn factors(&self) -> Option<ArrayView2<'_, F>> {
        None
    }
}

/// Scores that have a gradient.
pub(crate) trait Sloped<F: Real> {
    /// Scores that are differentiable everywhere, B × N, of queries that have not been checked.
    fn smooth_scores(&self, keys: &Keys<F>, queries: ArrayView2<F>) -> Result<Array2<f64>> {
        keys.scores(queries)
    }

    /// The gradient of Σ_μ w_μ S_μ of these scores, for weights B × N of queries B × D.
    fn slope(&self, keys: &Keys<F>, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope>;
}

/// The keys with a separation of their scores and an output. Together they determine the energy.
pub(crate) struct Pair<'a, F> {
    /// The keys.
    pub keys: &'a Keys<F>,
    /// The facts about the weights that the separation makes of scores.
    pub weights: WeightFacts,
    /// Whether the read state is replaced by its signs.
    pub signs: bool,
}

/// Facts about weights that an energy depends on. The weights are the gradient of a convex function L of the scores,
/// up to a factor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WeightFacts {
    /// Whether they sum to 1 before normalisation.
    pub sums_to_one: bool,
    /// Whether the weights used in the read are exactly the gradient of L, without a factor.
    pub is_slope: bool,
    /// Whether all weight goes to the key with the largest score.
    pub is_winner: bool,
    /// If the scores are reciprocals of distances: whether the weights are also the gradient of a function of the
    /// distances.
    pub of_reciprocals: bool,
}

/// The energy that an update lowers. S are the scores of a state x, and the weights are the gradient of L.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EnergyOf {
    /// −L(S).
    Scores,
    /// ½‖x‖² − L(S).
    ConfinedScores,
    /// −G(t), where G is L as a function of the distances whose reciprocals are the scores. Refused if no G is known.
    Distances,
}

/// A descent: an energy, and the state to move to.
#[derive(Clone, Debug)]
pub(crate) struct Descent<F> {
    /// The energy that it lowers.
    pub energy: EnergyOf,
    /// The state that it moves to. `None` if that is the read itself.
    pub to: Option<Arc<dyn BestState<F>>>,
}

impl<F: Real> Descent<F> {
    /// A descent whose update is the read itself.
    pub fn by_read(energy: EnergyOf) -> Self {
        Descent { energy, to: None }
    }

    /// A descent that moves to this state.
    pub fn to(energy: EnergyOf, best: impl BestState<F> + 'static) -> Self {
        Descent { energy, to: Some(Arc::new(best)) }
    }
}

/// A state that scores best with given weights, or at least better than the current state.
pub(crate) trait BestState<F: Real>: Debug + Send + Sync {
    /// The state of each row, B × D.
    fn best(&self, update: &Update<F>) -> Array2<f64>;
}

/// The states of an update, with their scores and weights.
pub(crate) struct Update<'a, F> {
    /// The keys, N × D.
    pub keys: &'a Keys<F>,
    /// The states, B × D.
    pub states: ArrayView2<'a, F>,
    /// The scores, B × N.
    pub scores: ArrayView2<'a, f64>,
    /// The weights of a single-shot read, B × N.
    pub weights: ArrayView2<'a, f64>,
    /// Whether the weights sum to 1.
    pub shared: bool,
    /// Turns the scores of one state into the weights that are the gradient of L, in place.
    pub activities: &'a dyn Fn(&mut [f64]),
}

/// How fast a function grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growth {
    /// At least as fast as its argument, without bound.
    Unbounded,
    /// More slowly, or up to a largest value.
    Bounded,
}
