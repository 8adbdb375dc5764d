//! Which energy a universal network lowers, and why it lowers none: the table of
//! `docs/energies-of-universal-networks.md`, proved there.
//!
//! L is the convex Lagrangian of the separation, f = ∇L its weights. For any states, −L(S') ≤ −L(S) − f·(S' − S): so
//! an update to the state that scores best by the weights of the last one lowers −L(S), and whether the weights are
//! shared out does not matter to which state that is. Dot products have no best state: ½‖x‖² − f·S has.

use ndarray::{ArrayView1, ArrayView2, s};

use super::Output;
use crate::dynamics::Visible;
use crate::energies::Energy;
use crate::error::{Result, check_width};
use crate::kernels::{Form, log_sum};
use crate::message;
use crate::message::{Argument, Message};
use crate::patterns::{Patterns, check_states};
use crate::real::Real;
use crate::separations::{Separation, Separator};
use crate::similarities::{Convention, EPSILON, Keys, Range, Similarity};
use crate::threads;

/// What a state costs besides −L.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Confinement {
    None,
    /// ½‖x‖².
    Square,
    /// What the activities of a two-layer network cost.
    Visible(Visible),
}

/// E(x) = cost of x − L(S(x)).
#[derive(Clone, Debug)]
pub(super) struct Landscape<F> {
    pub patterns: Patterns<F>,
    pub keys: Keys<F>,
    pub separator: Separator,
    pub shape: Shape,
    /// Softmax of dot products and distances, which need not be held.
    pub streamed: Option<(Form, f64)>,
}

/// What kind of energy it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shape {
    pub confinement: Confinement,
    /// L is that of the distances of which the scores are reciprocals.
    pub of_distances: bool,
}

const PLAIN: Shape = Shape { confinement: Confinement::None, of_distances: false };
const CONFINED: Shape = Shape { confinement: Confinement::Square, of_distances: false };
const OF_DISTANCES: Shape = Shape { confinement: Confinement::None, of_distances: true };

impl<F: Real> Energy<F> for Landscape<F> {
    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    fn energy(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Vec<f64>> {
        /// Scores held at a time.
        const HELD: usize = 1 << 22;
        check_width("states", states.ncols(), self.patterns.dim())?;
        check_states("states", states, "give finite states")?;
        let mut energies: Vec<f64> = match self.streamed {
            Some((form, beta)) => {
                let logits = log_sum(&self.patterns, states, &vec![beta; states.nrows()], form);
                // The kernel's distances are halved, and its β is twice that of the separation.
                let scale = if form == Form::Distance { 2.0 / beta } else { 1.0 / beta };
                logits.into_iter().map(|l| -scale * l).collect()
            }
            None => {
                let mut energies = Vec::with_capacity(states.nrows());
                let batch = (HELD / self.patterns.len()).max(16);
                for from in (0..states.nrows()).step_by(batch) {
                    let part = states.slice(s![from..states.nrows().min(from + batch), ..]);
                    energies.extend(self.potentials(part)?);
                }
                energies
            }
        };
        for (energy, state) in energies.iter_mut().zip(states.outer_iter()) {
            *energy += match self.shape.confinement {
                Confinement::None => 0.0,
                Confinement::Square => 0.5 * square(state),
                Confinement::Visible(visible) => state.iter().map(|g| visible.cost(g.wide())).sum(),
            };
        }
        Ok(energies)
    }
}

impl<F: Real> Landscape<F> {
    fn potentials(&self, states: ArrayView2<F>) -> Result<Vec<f64>> {
        let scores = match self.shape.confinement {
            Confinement::Visible(_) => self.keys.smooth_scores(states)?,
            _ => self.keys.scores(states)?,
        };
        Ok(threads::map(scores.nrows(), 20.0 * scores.len() as f64, |row| {
            let scores = scores.row(row).to_vec();
            if self.shape.of_distances {
                -self.separator.lagrangian_of_reciprocals(&scores).expect("checked when it was built")
            } else {
                -self.separator.lagrangian(&scores)
            }
        }))
    }
}

/// A reason that there is no energy, as one clause.
pub(super) type Reason = Message;

/// The energy that a single shot lowers.
pub(super) fn single_shot<F: Real>(
    patterns: &Patterns<F>,
    keys: &Keys<F>,
    separator: &Separator,
    output: Output,
) -> std::result::Result<Shape, Reason> {
    use Similarity as S;
    let separation = separator.separation();
    convex(keys, separation)?;
    let jointly = matches!(
        separation,
        Separation::Softmax(_) | Separation::Exponential | Separation::Sparsemax(_) | Separation::Entmax(..)
    );
    let of_reciprocals = || match jointly {
        true => Err(
            "weights of all reciprocals together are the slope of nothing known in the distances, of which alone the mean is best; use identity, poly or k-max, or dynamics descent",
        ),
        false => Ok(OF_DISTANCES),
    };
    let found = match (keys.similarity(), output) {
        (S::Hamming, Output::Sign) if !patterns.are_spins() => {
            Err("signs are no bits of 0 and 1; use output identity, or patterns of -1 and 1")
        }
        (S::Hamming, _) => Ok(PLAIN),
        (S::Dot, Output::Sign) => Ok(PLAIN),
        (S::Dot, Output::Identity) => match separation {
            Separation::Rectified(_) | Separation::Threshold(_) => Err(
                "weights f/sum f have a Jacobian that is not symmetric unless f is an exponential, so that they are the slope of nothing; use softmax, output sign, or dynamics descent",
            ),
            _ => Ok(CONFINED),
        },
        (S::Euclidean, _) => Ok(PLAIN),
        (S::InverseEuclidean, _) => of_reciprocals(),
        (S::Cosine, _) if equal(lengths(keys)) => Ok(PLAIN),
        (S::Pearson, Output::Identity) if equal(lengths(keys)) => Ok(PLAIN),
        (S::Pearson, Output::Sign) => {
            Err("signs of a mean of patterns need not be the signs that correlate best; use output identity")
        }
        (S::KullbackLeibler, Output::Identity) if equal(totals(keys)) => Ok(PLAIN),
        (S::Manhattan | S::InverseManhattan, Output::Sign) if !within_signs(patterns) => Err(
            "patterns lie beyond -1 and 1, where signs of their mean need not be the nearest; use output identity and dynamics descent",
        ),
        (S::Manhattan, Output::Sign) => Ok(PLAIN),
        (S::InverseManhattan, Output::Sign) => of_reciprocals(),
        (S::KullbackLeibler | S::ReverseKullbackLeibler | S::JensenShannon | S::L1Dot, Output::Sign) => {
            Err("signs are no amounts; use output identity")
        }
        (S::L1Dot, Output::Identity) => Err(
            "of all shares those of a single unit score best, and the mean of patterns can score worse than the cue; use cosine or pearson",
        ),
        // The best key is as near to itself as can be.
        (_, Output::Identity) if separation == Separation::Max => Ok(PLAIN),
        (S::Cosine | S::Pearson, _) => Err(
            "patterns have unequal lengths, so that their mean points elsewhere than the mean of their directions; use dynamics descent",
        ),
        (S::Manhattan | S::InverseManhattan, _) => Err(
            "the mean of patterns is not the state at the least weighted distance, which is their median, and can be further away than the cue; use dynamics descent",
        ),
        (S::KullbackLeibler, _) => Err(
            "patterns have unequal sums, so that their mean is not the mean of their shares; use dynamics descent, or divide each pattern by its sum",
        ),
        (S::ReverseKullbackLeibler | S::JensenShannon, _) => Err(
            "the arithmetic mean of patterns is not the state at the least weighted divergence and can be further away than the cue; use dynamics descent",
        ),
    };
    found.map_err(Reason::from)
}

/// The energy that a descent lowers.
pub(super) fn descent<F: Real>(
    patterns: &Patterns<F>,
    keys: &Keys<F>,
    separator: &Separator,
    output: Output,
) -> std::result::Result<Shape, Reason> {
    use Similarity as S;
    convex(keys, separator.separation())?;
    match (keys.similarity(), output) {
        (S::Dot, Output::Identity) => Ok(CONFINED),
        (S::InverseEuclidean, _) => Ok(PLAIN),
        (S::InverseManhattan, Output::Sign) if within_signs(patterns) => Ok(PLAIN),
        (S::L1Dot | S::Hamming | S::Dot | S::Euclidean, _) => single_shot(patterns, keys, separator, output),
        (S::Cosine, _) | (_, Output::Identity) => Ok(PLAIN),
        (_, Output::Sign) => single_shot(patterns, keys, separator, output),
    }
}

/// The energy that a two-layer flow lowers.
pub(super) fn two_layer<F: Real>(
    keys: &Keys<F>,
    separator: &Separator,
    output: Output,
    visible: Option<Visible>,
) -> std::result::Result<Shape, Reason> {
    use Similarity as S;
    let separation = separator.separation();
    convex(keys, separation)?;
    if let Some(reason) = keys.flat() {
        return Err(format!("{reason}, which a flow needs").into());
    }
    // Growth without end of f(s) at least as s itself: ½|v|² does not hold it.
    let grows = match separation {
        Separation::Identity | Separation::Polynomial(_) => true,
        Separation::Rectified(n) => n >= 1.0,
        _ => false,
    };
    let unbounded = grows && keys.similarity() == S::Dot;
    let visible = visible.unwrap_or(if unbounded { Visible::Tanh } else { Visible::Identity });
    let found = match (keys.similarity(), separation) {
        (
            S::Cosine
            | S::Pearson
            | S::L1Dot
            | S::KullbackLeibler
            | S::ReverseKullbackLeibler
            | S::JensenShannon,
            _,
        ) => Err(
            "these scores do not tell long states from short ones, so that nothing holds a state against its leak to 0; use dynamics descent",
        ),
        (_, Separation::Max | Separation::KMax(_) | Separation::Threshold(_)) => Err(
            "weights that jump are no activities of units that change continuously; use softmax, sparsemax, entmax, or relu",
        ),
        _ if output == Output::Sign => {
            Err("signs jump; use output identity, and visible tanh for bounded activities")
        }
        _ if unbounded && visible == Visible::Identity => Err(
            "with visible identity this energy has no floor, and activities grow without end; use visible tanh",
        ),
        _ => Ok(Shape { confinement: Confinement::Visible(visible), of_distances: false }),
    };
    found.map_err(Reason::from)
}

/// Refuses weights that are the slope of no convex function of the scores.
fn convex<F: Real>(keys: &Keys<F>, separation: Separation) -> std::result::Result<(), Reason> {
    if keys.convention() == Convention::Uhn2022 {
        return Err(message![
            "scores and weights as published are divided by their sums, so that a weight is the slope of nothing; leave ",
            Argument::option("compat"),
            " away"
        ]);
    }
    let any = keys.similarity().facts().range == Range::Any;
    match separation {
        Separation::Polynomial(n) if any && n % 2.0 == 0.0 => Err("even powers rise as scores fall below 0, so that they are the slope of no convex function; use relu, or an odd exponent".into()),
        _ => Ok(()),
    }
}

fn square<F: Real>(x: ArrayView1<F>) -> f64 {
    x.iter().map(|x| x.wide() * x.wide()).sum()
}

/// What the keys of cosine and Pearson are divided by; 0 for those that have no direction.
pub(super) fn lengths<F: Real>(keys: &Keys<F>) -> Vec<f64> {
    let centred = keys.similarity() == Similarity::Pearson;
    let length = |(key, factor): (ArrayView1<F>, ArrayView1<F>)| {
        if factor.iter().all(|x| *x == F::ZERO) {
            return 0.0;
        }
        let mean = if centred { key.iter().map(|x| x.wide()).sum::<f64>() / key.len() as f64 } else { 0.0 };
        key.iter().map(|x| (x.wide() - mean).powi(2)).sum::<f64>().sqrt()
    };
    keys.values().outer_iter().zip(keys.factors().outer_iter()).map(length).collect()
}

/// What the keys of the divergences are divided by.
pub(super) fn totals<F: Real>(keys: &Keys<F>) -> Vec<f64> {
    keys.values().outer_iter().map(|key| key.iter().map(|x| x.wide() + EPSILON).sum()).collect()
}

/// Equal but for rounding, whose effect is of second order since the mean is at a maximum.
fn equal(sizes: Vec<f64>) -> bool {
    const SAME: f64 = 1e-6;
    let some = || sizes.iter().copied().filter(|size| *size > 0.0);
    let (least, most) = (some().fold(f64::INFINITY, f64::min), some().fold(0.0, f64::max));
    most - least <= SAME * most
}

fn within_signs<F: Real>(patterns: &Patterns<F>) -> bool {
    patterns.values().iter().all(|x| x.abs() <= F::ONE)
}
