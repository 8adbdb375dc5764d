//! What of an event is worth storing: the units that the semantic memory predicts wrongly.

use ndarray::{Array1, Array2, Axis};

use super::{Encoder, Semantic};
use crate::energies::mixture::{Mixture, not_gaussian};
use crate::error::{Error, Result, check_width};
use crate::real::Real;

/// A variance counts as 0 below this share of the largest.
const NOTHING: f64 = 1e-12;

/// A unit without variance is consistent with its value up to this, in parts of the size of the numbers.
const CONSISTENT: f64 = 1e-5;

/// The units of an event that are worth storing, in the order in which they were found.
#[derive(Clone, Debug, PartialEq)]
pub struct Surprise {
    /// The units of a state, D.
    pub dim: usize,
    /// The unit of the largest error, given those before it.
    pub units: Vec<usize>,
    /// That error, in the units of the states: element k is the largest error of a unit that is not stored, while the
    /// first k units are. The last element is that with all units stored, and is at most the threshold; so there is one
    /// more than there are units.
    pub errors: Vec<f64>,
}

impl Surprise {
    /// How many units a larger threshold needs: the first number with which no error exceeds it.
    pub fn count(&self, threshold: f64) -> usize {
        self.errors.iter().position(|&error| error <= threshold).unwrap_or(self.units.len())
    }

    /// The encoder that keeps the units which this threshold needs.
    ///
    /// # Errors
    /// None in practice: the units are those of a state.
    pub fn encoder(&self, threshold: f64) -> Result<Encoder> {
        let mut units = self.units[..self.count(threshold)].to_vec();
        units.sort_unstable();
        Encoder::units(self.dim, units)
    }
}

/// The units of an event y that a semantic memory predicts wrongly by more than a threshold τ > 0, in the units of y
/// (after Spens & Burgess 2024, who store the poorly predicted elements of an event beside its gist).
///
/// *Predicted* means: by the mean of the semantic memory given what is stored, E[y_j | A y = ξ]. So units are found one
/// at a time. The unit with the largest error |y_j − E[y_j | units so far]| is stored if the error exceeds τ, which
/// changes what is expected of the others; then the next is looked for. So at the end every unit that is not stored is
/// reconstructed to within τ, by the mean of many recalls. (A prediction of each unit from *all* others would count on
/// units that are not stored either.) The core is empty if the mean of the memory predicts everything.
///
/// Cost: about 2 K D² operations for each unit and K Gaussians.
///
/// ```
/// use attractor::energies::shapes::Subspace;
/// use attractor::energies::{Component, Kind, Mixture, surprise};
/// use ndarray::array;
/// let covariance = array![[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let kind = Kind::Shape(Box::new(Subspace::from_covariance(vec![0.0; 3], covariance.view())?));
/// let semantic = Mixture::<f64>::new(vec![Component { kind, weight: 1.0, label: None }])?;
/// // The first unit is not expected; given it, the second is. The third is as expected from the start.
/// assert_eq!(surprise(&semantic, &[2.0, 1.9, 0.1], 0.3)?.units, [0]);
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// A memory that is not a mixture of Gaussians; a state of another width or not finite; a threshold that is not > 0; a
/// state that a degenerate semantic memory cannot have.
pub fn surprise<F: Real>(semantic: &Mixture<F>, y: &[f64], threshold: f64) -> Result<Surprise> {
    check_width("event", y.len(), semantic.mean().len())?;
    if let Some(found) = y.iter().find(|x| !x.is_finite()) {
        return Err(Error::parameter("event", "finite numbers", found));
    }
    if threshold.is_nan() || threshold <= 0.0 {
        return Err(Error::parameter("threshold of surprise", "a number > 0", threshold));
    }
    let gaussians = semantic.semantic()?;
    let mut beliefs: Vec<Belief> = gaussians.iter().map(Belief::new).collect::<Result<_>>()?;
    let mut stored = vec![false; y.len()];
    let (mut units, mut errors) = (Vec::new(), Vec::new());
    loop {
        let expected = expectation(&beliefs);
        let worst = (0..y.len()).filter(|&j| !stored[j]).map(|j| (j, (y[j] - expected[j]).abs())).fold(
            None,
            |worst: Option<(usize, f64)>, next| match worst {
                Some(worst) if worst.1 >= next.1 => Some(worst),
                _ => Some(next),
            },
        );
        errors.push(worst.map_or(0.0, |(_, error)| error));
        let Some((unit, _)) = worst.filter(|(_, error)| *error > threshold) else {
            return Ok(Surprise { dim: y.len(), units, errors });
        };
        beliefs.iter_mut().for_each(|belief| belief.learn(unit, y[unit]));
        if beliefs.iter().all(|belief| belief.log_weight == f64::NEG_INFINITY) {
            let expected = "a state that the semantic memory can have, which extends in too few directions for this \
                            one (use one with thickness)";
            return Err(Error::parameter("event", expected, format!("{} in unit {unit}", y[unit])));
        }
        stored[unit] = true;
        units.push(unit);
    }
}

/// A Gaussian of the semantic memory, given the units that are stored so far.
struct Belief {
    /// ln of its weight, with the density of the stored units.
    log_weight: f64,
    /// The number of directions in which the stored units vary.
    rank: usize,
    mean: Array1<f64>,
    covariance: Array2<f64>,
    /// The size of its numbers.
    size: f64,
}

impl Belief {
    fn new(part: &Semantic) -> Result<Self> {
        let mean = Array1::from(part.gaussian.origin().to_vec());
        let covariance = part.gaussian.covariance().ok_or_else(not_gaussian)?;
        let size = (covariance.diag().sum() + mean.dot(&mean)).sqrt();
        Ok(Belief { log_weight: part.weight.ln(), rank: 0, mean, covariance, size })
    }

    /// Conditions on the value of a unit.
    fn learn(&mut self, unit: usize, value: f64) {
        let (variance, error) = (self.covariance[[unit, unit]], value - self.mean[unit]);
        if variance <= NOTHING * self.size * self.size {
            if error.abs() > CONSISTENT * (self.size + value.abs()) {
                self.log_weight = f64::NEG_INFINITY;
            }
            return;
        }
        self.rank += 1;
        self.log_weight -= 0.5 * ((std::f64::consts::TAU * variance).ln() + error * error / variance);
        let column = self.covariance.column(unit).to_owned();
        self.mean.scaled_add(error / variance, &column);
        for (mut row, &c) in self.covariance.axis_iter_mut(Axis(0)).zip(&column) {
            row.scaled_add(-c / variance, &column);
        }
    }
}

/// The mean of all Gaussians. Of those that are possible, the ones whose stored units vary in the fewest directions have
/// all the weight.
fn expectation(beliefs: &[Belief]) -> Array1<f64> {
    let possible = || beliefs.iter().filter(|belief| belief.log_weight > f64::NEG_INFINITY);
    let rank = possible().map(|belief| belief.rank).min().unwrap_or(0);
    let counting = || possible().filter(|belief| belief.rank == rank);
    let peak = counting().map(|belief| belief.log_weight).fold(f64::NEG_INFINITY, f64::max);
    let (mut mean, mut mass) = (Array1::zeros(beliefs[0].mean.len()), 0.0);
    for belief in counting() {
        let weight = (belief.log_weight - peak).exp();
        mean.scaled_add(weight, &belief.mean);
        mass += weight;
    }
    mean / mass
}
