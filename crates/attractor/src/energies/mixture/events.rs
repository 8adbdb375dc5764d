//! Events beside a density: episodic and semantic memory in one mixture.

use super::{Body, Members, Mixture, Part, extent};
use crate::energies::Points;
use crate::energies::shapes::Subspace;
use crate::error::{Error, Result, check_rows, check_width};
use crate::patterns::{Patterns, Preparation};
use crate::real::Real;

impl<F: Real> Mixture<F> {
    /// This mixture as a density (semantic memory), with `events` (episodic memory) beside it:
    ///
    /// ```text
    /// p(y) = w · p_events(y) + (1 − w) · p(y)
    /// ```
    ///
    /// `weight` w is the prior probability of the events together, 0 < w < 1. The events come first: memory n is event
    /// n, and the memories of the density follow. (Ambrogioni 2023, section 6.1, Eq. 24.)
    ///
    /// ```
    /// use attractor::energies::{Component, Kind, Mixture};
    /// use attractor::energies::shapes::Subspace;
    /// use attractor::Patterns;
    /// use ndarray::{Array2, array};
    /// let gist = Subspace::new(vec![0.0; 2], Array2::eye(2), vec![1.0; 2])?;
    /// let gist = Component { kind: Kind::Shape(Box::new(gist)), weight: 1.0, label: None };
    /// let event = Patterns::new(array![[2.0_f64, 0.0]])?;
    /// let memory = Mixture::new(vec![gist])?.with_events(event.into(), 0.5)?;
    /// // N(z; y, σ²I) at the event against N(z; 0, (1 + σ²)I), with σ = 1: 1/σ² against e⁻¹/(1 + σ²).
    /// let at_event = array![[2.0, 0.0]];
    /// let share = memory.shared_posterior(at_event.view(), &[1.0], 1)?[0].event_share.unwrap();
    /// assert!((share - 1.0 / (1.0 + (-1f64).exp() / 2.0)).abs() < 1e-14);
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// Events of another width; a weight outside its range; events or a density that are prepared, since their
    /// coordinates would differ.
    pub fn with_events(self, events: Mixture<F>, weight: f64) -> Result<Self> {
        check_width("events", events.dim, self.dim)?;
        if !(weight > 0.0 && weight < 1.0) {
            return Err(Error::parameter(
                "weight",
                "a prior probability of all events, between 0 and 1",
                weight,
            ));
        }
        if [&self, &events].iter().any(|mixture| *mixture.preparation() != Preparation::Identity) {
            let expected = "events and a density in the units of the data";
            return Err(Error::parameter("events", expected, "prepared patterns"));
        }
        let (count, more) = (events.memories(), self.memories());
        let label = |mixture: &Mixture<F>, n| mixture.label(n).map(str::to_owned);
        let labels =
            (0..count).map(|n| label(&events, n)).chain((0..more).map(|n| label(&self, n))).collect();
        let first = events.parts.into_iter().map(|part| Part {
            log_weight: part.log_weight + weight.ln(),
            event: true,
            ..part
        });
        let second = self.parts.into_iter().map(|part| Part {
            log_weight: part.log_weight + (-weight).ln_1p(),
            memories: Members::Some((0..part.memories.len()).map(|k| count + part.memories.at(k)).collect()),
            event: false,
            ..part
        });
        let parts: Vec<Part<F>> = first.chain(second).collect();
        let (mean, spread) = extent(&parts, self.dim);
        Ok(Mixture { dim: self.dim, parts, labels, mean, spread })
    }

    /// The indices of the memories that are not single points: shapes and clouds.
    pub fn extended(&self) -> Vec<usize> {
        let parts = self.parts.iter().filter(|part| !matches!(part.body, Body::Patterns(_)));
        parts.map(|part| part.memories.at(0)).collect()
    }

    /// The shapes and clouds of this mixture with other prior weights, and with these points beside them in place of its
    /// own. `weights` has one number > 0 for each of the [extended](Self::extended) memories, and `mass` is the weight of
    /// all points together; they may have any sum. The points come first: memory n is point n.
    ///
    /// ```
    /// use attractor::energies::{Component, Kind, Mixture};
    /// use attractor::energies::shapes::Subspace;
    /// use attractor::Patterns;
    /// use ndarray::{Array2, array};
    /// let gist = Subspace::new(vec![0.0; 2], Array2::eye(2), vec![1.0; 2])?;
    /// let gist = Component { kind: Kind::Shape(Box::new(gist)), weight: 1.0, label: None };
    /// let points = Patterns::new(array![[2.0_f64, 0.0], [0.0, 3.0]])?.with_weights(&[1.0, 3.0])?;
    /// let memory = Mixture::new(vec![gist])?.reweighted(Some((points, 4.0)), &[6.0])?;
    /// let weights = memory.weights();
    /// assert!((weights[0] - 0.1).abs() < 1e-15 && (weights[1] - 0.3).abs() < 1e-15);
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// Points of another width or that are prepared; a number of weights other than that of the extended memories; a weight
    /// that is not positive and finite; nothing left; events of which only cores are stored, whose weights follow from them.
    pub fn reweighted(&self, points: Option<(Patterns<F>, f64)>, weights: &[f64]) -> Result<Self> {
        if self.parts.iter().any(|part| matches!(part.body, Body::Family(_))) {
            let expected = "shapes and clouds, each a memory of its own";
            return Err(Error::parameter("memories", expected, "events of which only cores are stored"));
        }
        let extended = self.extended();
        check_rows("weights", weights.len(), extended.len())?;
        let masses = weights.iter().copied().chain(points.iter().map(|(_, mass)| *mass));
        let total: f64 = masses.clone().sum();
        if let Some(mass) = masses.into_iter().find(|mass| !(*mass > 0.0 && total.is_finite())) {
            return Err(Error::parameter("weights", "positive numbers with a finite sum", mass));
        }
        if weights.is_empty() && points.is_none() {
            return Err(Error::Empty { what: "memories".into(), cure: "keep one or more".into() });
        }
        let count = points.as_ref().map_or(0, |(points, _)| points.len());
        let mut parts = Vec::new();
        let mut labels = Vec::new();
        if let Some((points, mass)) = points {
            check_width("points", points.dim(), self.dim)?;
            if !extended.is_empty() && *points.preparation() != Preparation::Identity {
                return Err(Error::parameter("points", "ones in the units of the data", "prepared patterns"));
            }
            labels.extend((0..count).map(|n| points.label(n).map(str::to_owned)));
            let log_weight = mass.ln() - total.ln();
            let memories = Members::Some((0..count).collect());
            parts.push(Part { body: Body::Patterns(Points::new(points)), log_weight, memories, event: true });
        }
        let others = self.parts.iter().filter(|part| !matches!(part.body, Body::Patterns(_)));
        for (k, (part, weight)) in others.zip(weights).enumerate() {
            labels.push(self.label(extended[k]).map(str::to_owned));
            let memories = Members::Some(vec![count + k]);
            parts.push(Part { log_weight: weight.ln() - total.ln(), memories, ..part.clone() });
        }
        let (mean, spread) = extent(&parts, self.dim);
        Ok(Mixture { dim: self.dim, parts, labels, mean, spread })
    }

    /// Whether it has both events and a density beside them.
    pub fn has_events_beside_density(&self) -> bool {
        self.parts.iter().any(|part| part.event) && self.parts.iter().any(|part| !part.event)
    }

    /// The prior probability of all events together.
    pub fn event_weight(&self) -> f64 {
        self.parts.iter().filter(|part| part.event).fold(0.0, |sum, part| sum + part.log_weight.exp())
    }

    /// The points of which each is a memory, if there are any. (If there are memories of other kinds as well,
    /// [`patterns`](Self::patterns) gives none.)
    pub fn points(&self) -> Option<&Patterns<F>> {
        self.parts.iter().find_map(|part| match &part.body {
            Body::Patterns(points) => Some(points.patterns()),
            _ => None,
        })
    }

    /// Its Gaussians: the index of each as a memory, its prior weight, and the Gaussian. `None` if it has a memory that
    /// is neither a single point nor a Gaussian.
    pub fn gaussians<'a>(&'a self) -> Option<Vec<(usize, f64, &'a Subspace)>> {
        let others = self.parts.iter().filter(|part| !matches!(part.body, Body::Patterns(_)));
        let gaussian = |part: &'a Part<F>| match &part.body {
            Body::Shape(shape) => Some((part.memories.at(0), part.log_weight.exp(), shape.gaussian()?)),
            _ => None,
        };
        others.map(gaussian).collect()
    }
}
