//! Mixtures: many memories in one, as points, clouds of points and shapes, each with its weight.

mod events;
mod families;
mod posterior;
mod read;

pub(super) use families::not_gaussian;
pub use posterior::SharedPosterior;

use std::sync::Arc;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use super::family::Family;
use super::points::beta;
use super::shapes::{Moments, Shape};
use super::{Denoise, Nearest, Points};
use crate::error::{Error, Result, check_rows, check_width};
use crate::kernels::{Form, nearest, posterior_and_log_sum};
use crate::patterns::{Patterns, Preparation, check_states};
use crate::real::Real;
use crate::threads;

/// The level, in spreads of the patterns, at which hardly any noise is left. It is the last positive level of the
/// samplers' default grid. The memory that a state belongs to is decided at this level.
pub const LAST: f64 = 2e-3;

/// One memory of a [`Mixture`].
#[derive(Debug)]
pub struct Component<F> {
    /// What kind of memory it is.
    pub kind: Kind<F>,
    /// The prior weight π > 0; weights may have any sum. For an unbounded shape it is the weight per unit of volume.
    pub weight: f64,
    /// The label.
    pub label: Option<String>,
}

/// The kinds of memory in a mixture.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a mixture has few memories, and each is moved once")]
pub enum Kind<F> {
    /// A single pattern.
    Point(Vec<F>),
    /// One memory of any form, given as points on it (with their weights).
    Cloud(Patterns<F>),
    /// A shape whose density is known in closed form.
    Shape(Box<dyn Shape>),
    /// Many memories that are read together. Each has a number and a label of its own.
    Family(Box<dyn Family>),
}

/// A weighted mixture of memories, p = Σ π_c p_c (Ambrogioni 2023, section 5.2, Eq. 23),
///
/// ```text
/// E_σ(z) = −σ² ln Σ_c π_c ∫ exp(−‖z − y‖²/2σ²) p_c(dy),      D(z;σ) = Σ_c w_c E[y | z, c]
/// ```
///
/// where w is the posterior over memories. The kernels read all points together; every other memory adds its own
/// triple (log-sum, mean, second moment). A mixture of points alone gives the same bits as [`Points`]. Weights are
/// normalised to sum to 1.
///
/// ```
/// use attractor::energies::{Component, Denoise, Kind, Mixture};
/// // Two points, one of them three times as likely as the other.
/// let point = |at: f64, weight| Component { kind: Kind::Point(vec![at, 0.0]), weight, label: None };
/// let mixture = Mixture::new(vec![point(1.0, 3.0), point(-1.0, 1.0)])?;
/// let half_way = ndarray::array![[0.0, 0.5]];
/// assert!((mixture.denoise(half_way.view(), &[0.7])?[[0, 0]] - 0.5).abs() < 1e-15);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mixture<F> {
    dim: usize,
    parts: Vec<Part<F>>,
    /// The labels of the memories, unless all memories are patterns, which have their own labels.
    labels: Vec<Option<String>>,
    mean: Vec<f64>,
    spread: f64,
}

#[derive(Clone, Debug)]
struct Part<F> {
    body: Body<F>,
    log_weight: f64,
    /// The indices of the memories in this part: one, or one for each pattern.
    memories: Members,
    /// Whether its memories are events: by default single points and families are, and shapes and clouds are not.
    event: bool,
}

/// A list of memory indices.
#[derive(Clone, Debug)]
enum Members {
    /// All indices below this count, in order; no list is held.
    All(usize),
    Some(Vec<usize>),
}

impl Members {
    fn len(&self) -> usize {
        match self {
            Members::All(count) => *count,
            Members::Some(numbers) => numbers.len(),
        }
    }

    /// The k-th index.
    fn at(&self, k: usize) -> usize {
        match self {
            Members::All(_) => k,
            Members::Some(numbers) => numbers[k],
        }
    }

    /// The position of an index in the list.
    fn find(&self, number: usize) -> Option<usize> {
        match self {
            Members::All(count) => (number < *count).then_some(number),
            Members::Some(numbers) => numbers.binary_search(&number).ok(),
        }
    }
}

#[derive(Clone, Debug)]
enum Body<F> {
    /// Points of which each is a memory.
    Patterns(Points<F>),
    /// Points that together are one memory.
    Cloud(Points<F>),
    Shape(Arc<dyn Shape>),
    /// Memories that are read together.
    Family(Arc<dyn Family>),
}

impl<F: Real> Body<F> {
    fn moments(&self) -> Moments {
        match self {
            Body::Shape(shape) => shape.moments(),
            Body::Family(family) => family.moments(),
            Body::Patterns(points) | Body::Cloud(points) => {
                let patterns = points.patterns();
                let mean = patterns.mean();
                let each = 1.0 / patterns.len() as f64;
                if !patterns.are_held() && patterns.log_weights().is_none() {
                    let variance = patterns.spread().powi(2) * patterns.dim() as f64;
                    return Moments { mean, variance, unbounded: false };
                }
                let square = |(n, y): (usize, ndarray::ArrayView1<F>)| {
                    let square: f64 = y.iter().zip(&mean).map(|(y, m)| (y.to_f64() - m).powi(2)).sum();
                    patterns.log_weights().map_or(each, |w| w[n].exp()) * square
                };
                let variance = patterns.values().outer_iter().enumerate().map(square).sum();
                Moments { mean, variance, unbounded: false }
            }
        }
    }
}

impl<F: Real> From<Patterns<F>> for Mixture<F> {
    /// A mixture in which each pattern is a memory, with the patterns' own weights and preparation.
    fn from(patterns: Patterns<F>) -> Self {
        let (mean, spread, count) = (patterns.mean(), patterns.spread(), patterns.len());
        let dim = patterns.dim();
        let body = Body::Patterns(Points::new(patterns));
        let parts = vec![Part { body, log_weight: 0.0, memories: Members::All(count), event: true }];
        Mixture { dim, parts, labels: Vec::new(), mean, spread }
    }
}

impl<F: Real> Mixture<F> {
    /// A mixture of these memories, numbered in their order.
    ///
    /// # Errors
    /// No memories; memories of unequal width; numbers that are not finite; a weight that is not positive and finite.
    pub fn new(components: Vec<Component<F>>) -> Result<Self> {
        let width = |kind: &Kind<F>| match kind {
            Kind::Point(y) => y.len(),
            Kind::Cloud(patterns) => patterns.dim(),
            Kind::Shape(shape) => shape.dim(),
            Kind::Family(family) => family.dim(),
        };
        let Some(dim) = components.first().map(|c| width(&c.kind)) else {
            return Err(Error::Empty { what: "memories".into(), cure: "describe one or more".into() });
        };
        let mut total = 0.0;
        for (n, component) in components.iter().enumerate() {
            check_width(&format!("memory {n}"), width(&component.kind), dim)?;
            if !(component.weight.is_finite() && component.weight > 0.0) {
                return Err(Error::parameter(
                    format!("weight of memory {n}"),
                    "a positive finite number",
                    component.weight,
                ));
            }
            total += component.weight;
        }
        if !total.is_finite() {
            return Err(Error::parameter("weights of memories", "weights with a finite sum", total));
        }
        let mut labels = Vec::new();
        let (mut numbers, mut values, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        let mut parts = Vec::new();
        for Component { kind, weight, label } in components {
            let n = labels.len();
            match &kind {
                Kind::Family(family) => {
                    labels.extend((0..family.len()).map(|k| family.label(k).map(str::to_owned)));
                }
                _ => labels.push(label),
            }
            let log_weight = weight.ln() - total.ln();
            let body = match kind {
                Kind::Point(y) => {
                    numbers.push(n);
                    values.extend(y);
                    weights.push(weight);
                    continue;
                }
                Kind::Cloud(patterns) => Body::Cloud(Points::new(patterns)),
                Kind::Shape(shape) => Body::Shape(shape.into()),
                Kind::Family(family) => Body::Family(family.into()),
            };
            let (event, memories) = (matches!(body, Body::Family(_)), (n..labels.len()).collect());
            parts.push(Part { body, log_weight, memories: Members::Some(memories), event });
        }
        if !numbers.is_empty() {
            let values = Array2::from_shape_vec((numbers.len(), dim), values).expect("equal widths");
            let mut patterns = Patterns::new(values)?;
            if weights.iter().any(|w| *w != weights[0]) {
                patterns = patterns.with_weights(&weights)?;
            }
            let log_weight =
                if parts.is_empty() { 0.0 } else { weights.iter().sum::<f64>().ln() - total.ln() };
            let body = Body::Patterns(Points::new(patterns));
            parts.insert(0, Part { body, log_weight, memories: Members::Some(numbers), event: true });
        }
        let (mean, spread) = extent(&parts, dim);
        Ok(Mixture { dim, parts, labels, mean, spread })
    }

    /// The patterns, if the mixture consists of points alone.
    pub fn patterns(&self) -> Option<&Patterns<F>> {
        match &self.parts[..] {
            [Part { body: Body::Patterns(points), .. }] => Some(points.patterns()),
            _ => None,
        }
    }

    /// The preparation, which turns raw cues into states: that of the patterns, or (with shapes) none.
    pub fn preparation(&self) -> &Preparation {
        self.patterns().map_or(&Preparation::Identity, |patterns| patterns.preparation())
    }

    /// The number of memories.
    pub fn memories(&self) -> usize {
        self.parts.iter().map(|part| part.memories.len()).sum()
    }

    /// The label of a memory.
    pub fn label(&self, memory: usize) -> Option<&str> {
        match self.labels.get(memory) {
            Some(label) => label.as_deref(),
            None => self.patterns()?.label(memory),
        }
    }

    /// The mean, D numbers.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The scale of a unit: the root mean square deviation from the mean, as in [`Patterns::spread`](crate::kernels::Stored::spread).
    pub fn spread(&self) -> f64 {
        self.spread
    }

    /// Whether the mixture has an unbounded shape, so that it has no prior and no samples of its own.
    pub fn is_unbounded(&self) -> bool {
        self.parts.iter().any(|part| match &part.body {
            Body::Shape(shape) => shape.moments().unbounded,
            Body::Family(family) => family.moments().unbounded,
            Body::Patterns(_) | Body::Cloud(_) => false,
        })
    }

    /// The prior weights of the memories, which sum to 1. For an unbounded shape it is the weight per unit of volume.
    pub fn weights(&self) -> Vec<f64> {
        let mut weights = vec![0.0; self.memories()];
        for part in &self.parts {
            let own = match &part.body {
                Body::Patterns(points) => points.patterns().log_weights().map(<[f64]>::to_vec),
                Body::Family(family) => Some(family.weights().iter().map(|w| w.ln()).collect()),
                _ => None,
            };
            let each = 1.0 / part.memories.len() as f64;
            for k in 0..part.memories.len() {
                weights[part.memories.at(k)] =
                    part.log_weight.exp() * own.as_ref().map_or(each, |w| w[k].exp());
            }
        }
        weights
    }

    /// The image of the mixture when each unit is multiplied by its own factor.
    ///
    /// # Errors
    /// A shape whose image is not known in closed form.
    pub(crate) fn stretch(&self, factors: &[F]) -> Result<Self> {
        let wide: Vec<f64> = factors.iter().map(|f| f.to_f64()).collect();
        let stretch = |part: &Part<F>| -> Result<Part<F>> {
            let body = match &part.body {
                Body::Patterns(points) => Body::Patterns(Points::new(points.patterns().stretch(factors)?)),
                Body::Cloud(points) => Body::Cloud(Points::new(points.patterns().stretch(factors)?)),
                Body::Shape(shape) => Body::Shape(
                    shape
                        .stretch(&wide)
                        .ok_or_else(|| Error::Undefined {
                            model: "a memory with spheres",
                            what: "recall with known units",
                            reason: "a sphere has no closed form when units differ in noise; describe it as a cloud of points".into(),
                        })?
                        .into(),
                ),
                Body::Family(family) => Body::Family(family.stretch(&wide)?.into()),
            };
            Ok(Part { body, ..part.clone() })
        };
        let parts = self.parts.iter().map(stretch).collect::<Result<Vec<_>>>()?;
        let (mean, spread) = extent(&parts, self.dim);
        Ok(Mixture { parts, mean, spread, ..self.clone() })
    }

    /// The mixture in the coordinates along orthonormal `directions` (D × D, one a row).
    ///
    /// # Errors
    /// Patterns that are not in memory; a shape that cannot be turned.
    pub(crate) fn turn(&self, directions: ArrayView2<f64>) -> Result<Self> {
        let turn = |part: &Part<F>| -> Result<Part<F>> {
            let body = match &part.body {
                Body::Patterns(points) => Body::Patterns(Points::new(points.patterns().turn(directions)?)),
                Body::Cloud(points) => Body::Cloud(Points::new(points.patterns().turn(directions)?)),
                Body::Shape(shape) => match shape.turn(directions) {
                    Some(turned) => Body::Shape(turned.into()),
                    None => {
                        return Err(Error::Undefined {
                            model: "a memory with this shape",
                            what: "closed form under a potential that couples units",
                            reason: "it is not known how the shape turns; describe it as a cloud of points"
                                .into(),
                        });
                    }
                },
                Body::Family(_) => {
                    return Err(Error::Undefined {
                        model: "a memory of cores",
                        what: "closed form under a potential that couples units",
                        reason: "its cores are kept by units; give a potential without forces between units"
                            .into(),
                    });
                }
            };
            Ok(Part { body, ..part.clone() })
        };
        let parts = self.parts.iter().map(turn).collect::<Result<Vec<_>>>()?;
        let (mean, spread) = extent(&parts, self.dim);
        Ok(Mixture { parts, mean, spread, ..self.clone() })
    }

    /// The memory that each state lies on or is nearest to: the most probable one at a level where hardly any noise
    /// is left (σ = [`LAST`] spreads). For points alone it is the nearest. Where memories cross, as at a point on a
    /// line, it is the one of higher density. Ties go to the lowest index.
    ///
    /// # Errors
    /// States of the wrong width or not finite.
    pub fn nearest(&self, states: ArrayView2<F>) -> Result<Vec<Nearest>> {
        let memories: Vec<usize> = match self.patterns() {
            Some(patterns) => {
                self.check(states, &vec![0.0; states.nrows()])?;
                nearest(patterns, states)
            }
            None => {
                let levels = vec![LAST * self.spread; states.nrows()];
                self.posterior(states, &levels, 1)?.iter().map(|p| p.top[0].0).collect()
            }
        };
        Ok(self.nearest_among(states, memories))
    }

    /// Compares each state with the memory that it is nearest to.
    pub(crate) fn nearest_among(&self, states: ArrayView2<F>, memories: Vec<usize>) -> Vec<Nearest> {
        let per_unit = self.preparation().scale() * (self.dim as f64).sqrt();
        let rms = |square: f64| square.sqrt() / per_unit;
        let points = self.patterns().map(|patterns| patterns.select(&memories));
        let one = |(row, (state, memory)): (usize, (ArrayView1<F>, usize))| match &points {
            Some(points) => Nearest::at(memory, state, points.row(row).iter().map(|y| y.to_f64()), rms),
            None => Nearest::at(memory, state, self.project(memory, state).into_iter(), rms),
        };
        states.outer_iter().zip(memories).enumerate().map(one).collect()
    }

    /// The energy of each state and the pattern nearest to it, in one pass. `None` unless the mixture is of equally likely
    /// points, of which the most probable is the nearest at any level.
    ///
    /// # Errors
    /// States or levels of the wrong shape or not finite.
    pub(crate) fn energy_and_nearest(
        &self,
        states: ArrayView2<F>,
        sigmas: &[f64],
    ) -> Result<Option<(Vec<f64>, Vec<usize>)>> {
        let Some(patterns) = self.patterns().filter(|patterns| patterns.log_weights().is_none()) else {
            return Ok(None);
        };
        let sigmas = self.check(states, sigmas)?;
        let betas: Vec<f64> = sigmas.iter().map(|sigma| 1.0 / (sigma * sigma)).collect();
        let (posteriors, sums) = posterior_and_log_sum(patterns, states, &betas, Form::Distance, 1);
        patterns.check_source()?;
        let normaliser = (patterns.len() as f64).ln();
        let energies = sums.iter().zip(&sigmas).map(|(s, sigma)| -sigma.powi(2) * (s - normaliser));
        Ok(Some((energies.collect(), posteriors.iter().map(|posterior| posterior.top[0].0).collect())))
    }

    /// The point of a memory that is nearest to a state.
    pub fn project(&self, memory: usize, state: ArrayView1<F>) -> Vec<f64> {
        let pattern = |points: &Points<F>, n: usize| -> Vec<f64> {
            points.patterns().row(n).iter().map(|y| y.to_f64()).collect()
        };
        let part = self.parts.iter().find_map(|part| Some((&part.body, part.memories.find(memory)?)));
        match part.expect("every memory is in a part") {
            (Body::Patterns(points), n) => pattern(points, n),
            (Body::Cloud(points), _) => {
                pattern(points, nearest(points.patterns(), state.insert_axis(Axis(0)))[0])
            }
            (Body::Shape(shape), _) => {
                let state: Vec<f64> = state.iter().map(|z| z.to_f64()).collect();
                let mut point = vec![0.0; self.dim];
                shape.project(&state, &mut point);
                point
            }
            (Body::Family(family), n) => {
                let state: Vec<f64> = state.iter().map(|z| z.to_f64()).collect();
                let mut point = vec![0.0; self.dim];
                family.project(n, &state, &mut point);
                point
            }
        }
    }

    /// ln π_c + log-sum of each part, as one list for each part.
    fn log_sums(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Vec<Vec<f64>>> {
        let mut result = Vec::new();
        for part in &self.parts {
            let sums = match &part.body {
                Body::Patterns(points) | Body::Cloud(points) => points.log_sum(states, sigmas)?,
                Body::Shape(shape) => threads::map(states.nrows(), self.work(states.nrows()), |row| {
                    let state: Vec<f64> = states.row(row).iter().map(|z| z.to_f64()).collect();
                    shape.read(&state, sigmas[row], &mut vec![0.0; self.dim]).log_sum
                }),
                Body::Family(family) => self.sums_of_family(family.as_ref(), states, sigmas),
            };
            result.push(sums.into_iter().map(|s| s + part.log_weight).collect());
        }
        Ok(result)
    }

    /// Checks states and levels. Levels that stand for 0 and ∞ become the smallest and largest level of the kernels.
    fn check(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Vec<f64>> {
        check_width("states", states.ncols(), self.dim)?;
        check_rows("noise levels", sigmas.len(), states.nrows())?;
        check_states("states", states, "give finite states")?;
        sigmas.iter().map(|&sigma| beta(sigma).map(|_| usable_level::<F>(sigma))).collect()
    }

    /// The approximate number of operations that the shapes cost for a batch.
    fn work(&self, rows: usize) -> f64 {
        let part = |part: &Part<F>| match &part.body {
            Body::Family(family) => family.work(),
            Body::Shape(shape) => {
                let directions = shape.gaussian().map_or(0, |gaussian| gaussian.deviations().len());
                (self.dim * (20 + 4 * directions)) as f64
            }
            _ => (self.dim * 20) as f64,
        };
        rows as f64 * self.parts.iter().map(part).sum::<f64>()
    }
}

/// A level at which the kernels can read: 0 and ∞ become their smallest and largest level.
fn usable_level<F: Real>(sigma: f64) -> f64 {
    let most = F::LARGEST_BETA.sqrt();
    sigma.clamp(1.0 / most, most)
}

/// The mean of a mixture, and the root mean square deviation of a unit from it. Unbounded shapes only count if there
/// are no others; the scale is then 1.
fn extent<F: Real>(parts: &[Part<F>], dim: usize) -> (Vec<f64>, f64) {
    if let [Part { body: Body::Patterns(points), .. }] = parts {
        return (points.patterns().mean(), points.patterns().spread());
    }
    let all: Vec<(f64, Moments)> = parts.iter().map(|p| (p.log_weight.exp(), p.body.moments())).collect();
    let unbounded = all.iter().all(|(_, m)| m.unbounded);
    let counts = |m: &Moments| unbounded || !m.unbounded;
    let total: f64 = all.iter().filter(|(_, m)| counts(m)).map(|(w, _)| w).sum();
    let moments = || all.iter().filter(|(_, m)| counts(m)).map(|(w, m)| (w / total, m));
    let mean: Vec<f64> = (0..dim).map(|j| moments().map(|(w, m)| w * m.mean[j]).sum()).collect();
    if unbounded {
        return (mean, 1.0);
    }
    let apart = |m: &Moments| m.mean.iter().zip(&mean).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let around = |square: f64| (square / dim as f64).sqrt();
    let spread = around(moments().map(|(w, m)| w * (m.variance + apart(m))).sum());
    let length = around(mean.iter().map(|m| m * m).sum());
    // As for patterns: a single point has no scale except its own length.
    let spread = if spread > 1e-14 * length { spread } else { length };
    (mean, if spread > 0.0 { spread } else { 1.0 })
}
