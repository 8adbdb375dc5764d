//! Which energy a universal network lowers, or why it lowers none. `docs/papers/energies-of-universal-networks.md` has the
//! table with the proofs.
//!
//! L is the convex Lagrangian of the separation, and its gradient f = ∇L gives the weights. For any states, −L(S') ≤
//! −L(S) − f·(S' − S). So an update to the state that scores best with the weights of the last update lowers −L(S).
//! That state does not depend on whether the weights are normalised. Dot products have no best state, but ½‖x‖² − f·S
//! has.

use std::sync::Arc;

use ndarray::{ArrayView1, ArrayView2};

use super::read::Streamed;
use super::{Output, parts};
use crate::dynamics::Visible;
use crate::energies::{Energy, in_parts};
use crate::error::{Result, check_width};
use crate::kernels::log_sum;
use crate::message;
use crate::message::{Argument, Message};
use crate::patterns::{Patterns, check_states};
use crate::real::Real;
use crate::separations::Separator;
use crate::similarities::{BestState, Convention, Descent, EnergyOf, Growth, Keys, Pair, Stated};
use crate::threads;

/// An energy of the states of a universal network.
#[derive(Clone, Debug)]
pub(super) struct Landscape<F> {
    pub patterns: Patterns<F>,
    pub keys: Keys<F>,
    pub separator: Separator,
    pub shape: Shape,
    /// Where a descent moves to, if this differs from where a single shot moves to.
    pub to: Option<Arc<dyn BestState<F>>>,
}

/// What kind of energy it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    /// The energy of a pair of similarity and separation.
    Pair(EnergyOf),
    /// The energy of two layers with hidden units at rest: the cost of the activities of visible units, minus L of
    /// their smooth scores.
    Layers(Visible),
}

impl<F: Real> Energy<F> for Landscape<F> {
    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    fn energy(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Vec<f64>> {
        check_width("states", states.ncols(), self.patterns.dim())?;
        check_states("states", states, "give finite states")?;
        let streamed = match self.shape {
            Shape::Pair(_) => Streamed::of(&self.keys, &self.separator),
            Shape::Layers(_) => None,
        };
        let mut energies: Vec<f64> = match streamed {
            Some(Streamed { form, beta, factor }) => {
                let logits = log_sum(&self.patterns, states, &vec![beta; states.nrows()], form);
                let scale = factor / beta;
                logits.into_iter().map(|l| -scale * l).collect()
            }
            None if self.patterns.shards().is_some() => {
                let best = parts::best(&self.patterns, &self.keys, states, self.separator.separation())?;
                self.patterns.check_source()?;
                let potential = |best: Vec<(usize, f64)>| {
                    self.potential(&best.into_iter().map(|(_, score)| score).collect::<Vec<_>>())
                };
                best.into_iter().map(potential).collect()
            }
            None => in_parts(states, self.patterns.len(), |part| self.potentials(part))?
                .into_iter()
                .flatten()
                .collect(),
        };
        for (energy, state) in energies.iter_mut().zip(states.outer_iter()) {
            *energy += match self.shape {
                Shape::Pair(EnergyOf::Scores | EnergyOf::Distances) => 0.0,
                Shape::Pair(EnergyOf::ConfinedScores) => 0.5 * square(state),
                Shape::Layers(visible) => state.iter().map(|g| visible.cost(g.to_f64())).sum(),
            };
        }
        Ok(energies)
    }
}

impl<F: Real> Landscape<F> {
    fn potentials(&self, states: ArrayView2<F>) -> Result<Vec<f64>> {
        let scores = match self.shape {
            Shape::Layers(_) => self.keys.smooth_scores(states)?,
            Shape::Pair(_) => self.keys.scores(states)?,
        };
        Ok(threads::map(scores.nrows(), 20.0 * scores.len() as f64, |row| {
            self.potential(&scores.row(row).to_vec())
        }))
    }

    fn potential(&self, scores: &[f64]) -> f64 {
        if self.shape == Shape::Pair(EnergyOf::Distances) {
            -self.separator.lagrangian_of_reciprocals(scores).expect("checked when it was built")
        } else {
            -self.separator.lagrangian(scores)
        }
    }
}

/// A value, or the reason why there is none, as one clause.
pub(super) type OrReason<T> = std::result::Result<T, Message>;

/// The facts from which the energy of this pair follows, or why the separation has no energy.
fn pair<'a, F: Real>(keys: &'a Keys<F>, separator: &Separator, output: Output) -> OrReason<Pair<'a, F>> {
    if keys.convention() == Convention::Uhn2022 {
        return Err(message![
            "the published arithmetic divides scores and weights by their sums, and such weights are not the gradient of any function; leave ",
            Argument::option("compat"),
            " away"
        ]);
    }
    Ok(Pair { keys, weights: separator.facts()?, signs: output == Output::Sign })
}

/// Passes an energy on. Returns the reason instead if it is one of distances and the separation has no such energy.
fn known<F>(energy: EnergyOf, pair: &Pair<F>) -> Stated<EnergyOf> {
    if energy == EnergyOf::Distances && !pair.weights.of_reciprocals {
        return Err(
            "weights that depend on all reciprocals of distances are not the gradient of a known function of the distances, which a step to the mean would lower; use identity, poly or k-max, or dynamics descent",
        );
    }
    Ok(energy)
}

/// The energy that a single shot lowers.
pub(super) fn single_shot<F: Real>(
    keys: &Keys<F>,
    separator: &Separator,
    output: Output,
) -> OrReason<EnergyOf> {
    let pair = pair(keys, separator, output)?;
    Ok(known(keys.measure().single_shot(&pair)?, &pair)?)
}

/// The energy that a descent lowers, and the state that it moves to.
pub(super) fn descent<F: Real>(
    keys: &Keys<F>,
    separator: &Separator,
    output: Output,
) -> OrReason<Descent<F>> {
    let pair = pair(keys, separator, output)?;
    let descent = keys.measure().descent(&pair)?;
    known(descent.energy, &pair)?;
    Ok(descent)
}

/// The activity of the visible units for which a two-layer flow lowers an energy.
pub(super) fn two_layer<F: Real>(
    keys: &Keys<F>,
    separator: &Separator,
    output: Output,
    visible: Option<Visible>,
) -> OrReason<Visible> {
    let pair = pair(keys, separator, output)?;
    if let Some(reason) = keys.flat() {
        return Err(format!("{reason}, which a flow needs").into());
    }
    // Some activities grow as fast as their scores, and these grow without bound: then ½|v|² does not bound the
    // energy.
    let scores = keys.measure().growth()?;
    let unbounded = separator.growth()? == Growth::Unbounded && scores == Growth::Unbounded;
    if pair.signs {
        return Err("signs jump; use output identity, and visible tanh for bounded activities".into());
    }
    let visible = visible.unwrap_or(if unbounded { Visible::Tanh } else { Visible::Identity });
    if unbounded && visible == Visible::Identity {
        let reason = "with visible identity this energy has no floor, and activities grow without end; use visible tanh";
        return Err(reason.into());
    }
    Ok(visible)
}

fn square<F: Real>(x: ArrayView1<F>) -> f64 {
    x.iter().map(|x| x.to_f64() * x.to_f64()).sum()
}

#[cfg(test)]
mod tests {
    use ndarray::{ArcArray2, Array2, array};

    use super::*;
    use crate::separations::Separation;
    use crate::similarities::{Compare, Measure, SIMILARITIES, Similarity};

    /// A similarity that supplies only what the trait requires.
    struct Toy;

    struct Equal(usize);

    impl<F: Real> Compare<F> for Equal {
        fn scores(&self, queries: ArrayView2<F>) -> Array2<f64> {
            Array2::ones((queries.nrows(), self.0))
        }
    }

    impl<F: Real> Measure<F> for Toy {
        fn compare(&self, keys: ArcArray2<F>) -> Result<Arc<dyn Compare<F>>> {
            Ok(Arc::new(Equal(keys.nrows())))
        }
    }

    #[test]
    fn what_a_similarity_does_not_say_is_refused() {
        let mut pairs = 0;
        for similarity in [Similarity::Dot, Similarity::Euclidean, Similarity::InverseEuclidean] {
            let keys = array![[1.0, -1.0, 1.0], [1.0, 1.0, 1.0]];
            let keys =
                Keys::<f64>::new(similarity, keys, Convention::Corrected).expect("keys").measured_by(Toy);
            assert!(keys.flat().is_some() && keys.measure().published(array![[1.0]].into_shared()).is_none());
            for text in [
                "identity",
                "poly:3",
                "relu:1",
                "softmax:2",
                "exp",
                "max",
                "k-max:1",
                "threshold:0",
                "sparsemax",
            ] {
                let separation: Separation = text.parse().expect("one");
                let Ok(separator) = Separator::new(separation, &keys) else { continue };
                assert!(Streamed::of(&keys, &separator).is_none());
                for output in [Output::Identity, Output::Sign] {
                    pairs += 1;
                    let mut reasons = vec![
                        single_shot(&keys, &separator, output).expect_err("no energy"),
                        descent(&keys, &separator, output).map(|_| ()).expect_err("no energy"),
                    ];
                    for visible in [None, Some(Visible::Identity), Some(Visible::Tanh)] {
                        reasons.push(two_layer(&keys, &separator, output, visible).expect_err("no energy"));
                    }
                    assert!(reasons.iter().all(|r| r.to_string().contains("known")), "{reasons:?}");
                }
            }
        }
        assert!(pairs > 30, "{pairs}");
    }

    #[test]
    fn each_similarity_is_the_one_of_its_line() {
        for facts in SIMILARITIES {
            assert_eq!(facts.similarity.facts().name, facts.name);
        }
    }
}
