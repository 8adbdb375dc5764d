//! Descent: moves to the state that scores best with the weights of the last update. This state is a median, or a
//! mean of directions or of shares.

use ndarray::ArrayView2;

use super::super::report::summary;
use super::Universal;
use super::read::{Answer, Weighed};
use crate::kernels::weighted_sums;
use crate::real::Real;
use crate::similarities::{BestState, Update};

impl<F: Real> Universal<F> {
    /// The update of a descent. It costs as much as a single shot; Jensen–Shannon takes N·D logarithms.
    pub(super) fn descend(
        &self,
        states: ArrayView2<F>,
        to: &dyn BestState<F>,
        top: usize,
    ) -> Weighed<Answer<F>> {
        let scores = self.keys.scores(states)?;
        let weights = self.weigh(scores.clone())?;
        let shared = self.separator.shared();
        let next = to.best(&Update {
            keys: &self.keys,
            states,
            scores: scores.view(),
            weights: weights.view(),
            shared,
            activities: &|scores| self.separator.activities(scores),
        });
        let values = self.patterns.associated().map(|v| weighted_sums(weights.view(), v).mapv(F::from_f64));
        let posteriors = weights.outer_iter().map(|w| shared.then(|| summary(w, top))).collect();
        Ok(Answer { states: next.mapv(F::from_f64), values, posteriors, undefined: Vec::new() })
    }
}
