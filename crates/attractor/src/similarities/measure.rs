//! What a similarity must say, and what it may.

use std::fmt::Debug;
use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView2};

use super::{Keys, Slope};
use crate::error::Result;
use crate::kernels::Form;
use crate::real::Real;

/// An answer, or why there is none, as one clause of a sentence.
pub(crate) type Stated<T> = std::result::Result<T, &'static str>;

/// A similarity. [`compare`](Self::compare) is all that it must say; what it may say and does not is refused.
///
/// No energy is granted to a similarity that does not state it here, nor a descent without the state that it moves to.
pub(crate) trait Measure<F: Real>: Send + Sync {
    /// The keys, ready to be compared with queries.
    fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>>;

    /// The same as the code published with Millidge et al. (2022) does it. `None` if that code has no such similarity.
    fn published(&self, _keys: ArcArray2<F>) -> Option<Arc<dyn Compare<F>>> {
        None
    }

    /// Its slope.
    fn slope(&self) -> Stated<&dyn Sloped<F>> {
        Err("no slope of these scores is known")
    }

    /// The energy that a single shot lowers: the read of the keys by their weights.
    fn single_shot(&self, _pair: &Pair<F>) -> Stated<EnergyOf> {
        Err("it is not known of these scores that a read lowers a function of them")
    }

    /// The energy that a descent lowers, and the state that it moves to.
    fn descent(&self, _pair: &Pair<F>) -> Stated<Descent<F>> {
        Err("it is not known which state scores best by given weights")
    }

    /// How the scores grow with the state, if layers of units can hold a state against its leak to 0.
    fn growth(&self) -> Stated<Growth> {
        Err("it is not known of these scores that they hold a state against its leak to 0")
    }

    /// The form in which a kernel reads softmax weights of these scores without holding them, and by how much its
    /// inverse temperature is larger than that of the scores.
    fn streams(&self) -> Option<(Form, f64)> {
        None
    }

    /// Whether the key that scores best is the one at the least Euclidean distance.
    fn finds_nearest(&self) -> bool {
        false
    }
}

/// Keys, ready to be compared.
pub(crate) trait Compare<F: Real>: Send + Sync {
    /// Scores, B × N, of queries that were checked.
    fn scores(&self, queries: ArrayView2<F>) -> Array2<f64>;

    /// Keys as they are multiplied with queries, for products.
    fn factors(&self) -> Option<ArrayView2<'_, F>> {
        None
    }
}

/// Scores that have a slope.
pub(crate) trait Sloped<F: Real> {
    /// Scores with a slope everywhere, B × N, of queries that were not checked.
    fn smooth_scores(&self, keys: &Keys<F>, queries: ArrayView2<F>) -> Result<Array2<f64>> {
        keys.scores(queries)
    }

    /// The slope of Σ_μ w_μ S_μ of these scores, for weights B × N of queries B × D.
    fn slope(&self, keys: &Keys<F>, queries: ArrayView2<F>, weights: ArrayView2<f64>) -> Result<Slope>;
}

/// Keys with a separation of their scores and an output: what an energy is asked of.
pub(crate) struct Pair<'a, F> {
    /// The keys.
    pub keys: &'a Keys<F>,
    /// What their scores become.
    pub weights: WeightFacts,
    /// Whether the read state is replaced by its signs.
    pub signs: bool,
}

/// What an energy asks of weights, which are the slope of a convex function L of the scores up to a factor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WeightFacts {
    /// They sum to 1 before they are shared out.
    pub sums_to_one: bool,
    /// They are the slope of L as they are read with, without any factor.
    pub is_slope: bool,
    /// All weight is one key's, that of the largest score.
    pub is_winner: bool,
    /// Where the scores are reciprocals of distances, they are the slope of a function of the distances too.
    pub of_reciprocals: bool,
}

/// What an update lowers. S are the scores of a state x, L is the function of which the weights are the slope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EnergyOf {
    /// −L(S).
    Scores,
    /// ½‖x‖² − L(S).
    ConfinedScores,
    /// −G(t), G being L in the distances of which the scores are reciprocals. It is refused where no G is known.
    Distances,
}

/// A descent: an energy, and the state that lowers it.
#[derive(Clone, Debug)]
pub(crate) struct Descent<F> {
    /// What it lowers.
    pub energy: EnergyOf,
    /// Where it moves to; `None` where that is the read itself.
    pub to: Option<Arc<dyn BestState<F>>>,
}

impl<F: Real> Descent<F> {
    /// One whose update is the read itself.
    pub fn by_read(energy: EnergyOf) -> Self {
        Descent { energy, to: None }
    }

    /// One that moves to this state.
    pub fn to(energy: EnergyOf, best: impl BestState<F> + 'static) -> Self {
        Descent { energy, to: Some(Arc::new(best)) }
    }
}

/// The state that scores best by given weights, or at least better.
pub(crate) trait BestState<F: Real>: Debug + Send + Sync {
    /// That state, B × D.
    fn best(&self, update: &Update<F>) -> Array2<f64>;
}

/// States, their scores and the weights of these.
pub(crate) struct Update<'a, F> {
    /// The keys, N × D.
    pub keys: &'a Keys<F>,
    /// B × D.
    pub states: ArrayView2<'a, F>,
    /// B × N.
    pub scores: ArrayView2<'a, f64>,
    /// B × N, as a single shot reads with them.
    pub weights: ArrayView2<'a, f64>,
    /// Whether the weights sum to 1.
    pub shared: bool,
    /// Scores of one state to weights that are the slope of L, in place.
    pub activities: &'a dyn Fn(&mut [f64]),
}

/// How something grows with what it is a function of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Growth {
    /// As fast or faster, without end.
    Unbounded,
    /// More slowly, or not beyond a largest value.
    Bounded,
}
