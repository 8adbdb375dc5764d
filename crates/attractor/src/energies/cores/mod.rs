//! Reconstructive memories: events of which only a core is stored, beside a semantic memory that fills in the rest.

mod block;
mod condition;
mod conditioned;
mod encoder;
mod literal;
mod rule;
mod surprise;

pub use encoder::Encoder;
pub use rule::{CoreRule, PARAMETERS};
pub use surprise::{Surprise, surprise};

use std::sync::Arc;

use super::family::Family;
use super::shapes::Subspace;
use super::{Component, Kind, Mixture};
use crate::error::{Error, Result};
use crate::message;
use crate::message::Argument;
use crate::options::{Name, find};
use crate::real::Real;
use conditioned::Conditioned;
use literal::Literal;

/// What is stored of one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// How it was encoded. Events of one encoder share most of the work of a read.
    pub encoder: Arc<Encoder>,
    /// The core ξ = A y, W numbers.
    pub core: Vec<f64>,
    /// The prior weight > 0, in proportion to those of other events. Default 1.
    pub weight: f64,
    /// The label.
    pub label: Option<String>,
}

impl Event {
    /// The event y, of which this encoder keeps the core.
    ///
    /// # Errors
    /// A state of another width.
    pub fn of(y: &[f64], encoder: Arc<Encoder>) -> Result<Self> {
        let core = encoder.encode(y)?;
        Ok(Event { encoder, core, weight: 1.0, label: None })
    }
}

/// The two forms of a reconstructive memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Each event is the semantic density given its core, p(y | A y = ξ).
    #[default]
    Conditioned,
    /// The paper's Eq. 25 with the quadratic terms that it needs.
    Literal,
}

impl Form {
    /// All forms with their names.
    pub const ALL: [(&'static str, Form); 2] =
        [("conditioned", Form::Conditioned), ("literal", Form::Literal)];

    /// The names, with a short description of each.
    pub fn names() -> Vec<Name> {
        vec![
            Name::with_about("conditioned", "each event is the semantic density given its core"),
            Name::with_about("literal", "Eq. 25 of Ambrogioni (2023), whose free features stay noise"),
        ]
    }

    /// The name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

impl std::str::FromStr for Form {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        find("form", &Self::ALL, name)
    }
}

/// How likely events are before a cue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Odds {
    /// As their weights ρ_n say: equally likely, unless weights are given.
    #[default]
    Equal,
    /// By weight times evidence, ρ_n p(A y = ξ_n): events that the semantic memory finds likely are recalled more
    /// often. The evidence is a density per volume of the core, so all events need one encoder.
    Evidence,
}

impl Odds {
    /// All odds with their names.
    pub const ALL: [(&'static str, Odds); 2] = [("equal", Odds::Equal), ("evidence", Odds::Evidence)];

    /// The names, with a short description of each.
    pub fn names() -> Vec<Name> {
        vec![
            Name::with_about("equal", "events are equally likely, or as their weights say"),
            Name::with_about("evidence", "times the density of the core under the semantic memory"),
        ]
    }

    /// The name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

impl std::str::FromStr for Odds {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        find("odds", &Self::ALL, name)
    }
}

/// A reconstructive memory: a semantic memory Σ_c π_c N(μ_c, Σ_c), and the cores ξ_n = A_n y_n of events (Ambrogioni
/// 2023, section 6.1).
///
/// [`Conditioned`](Form::Conditioned): with the share g of gist,
///
/// ```text
/// p(y) = (1 − g) Σ_n ρ_n p(y | A_n y = ξ_n) + g p(y)
/// p(y | A y = ξ) = Σ_c q_c N(μ_c + ΣAᵀ(AΣAᵀ)⁻¹(ξ − Aμ_c), Σ − ΣAᵀ(AΣAᵀ)⁻¹AΣ),   q_c ∝ π_c N(ξ; Aμ_c, AΣAᵀ)
/// ```
///
/// with Σ = Σ_c. Recall brings back the core, and draws the other features from what the semantic memory says of them
/// given the core. Where AΣAᵀ is singular, a core must be one that a state of the Gaussian has; of the Gaussians that
/// have it, those whose cores vary in the fewest directions share the event, since its density there is infinitely
/// higher.
///
/// [`Literal`](Form::Literal) is Eq. 25, corrected by its quadratic terms:
///
/// ```text
/// E_σ(x) = −σ² ln [Σ_n exp(−‖A_n x − ξ_n‖²/2σ²) + ∫ exp(−‖x − y‖²/2σ²) p(y) dy]
/// ```
///
/// It does not do what the paper's text says: near a core the integral vanishes beside the sum as σ → 0, so no force
/// acts on the other features, and they keep the noise that they started with. ‖A x − ξ‖ is there measured along
/// orthonormal rows of A's row space, so that it is the distance to the nearest state with the core.
///
/// Events are equally likely before a cue unless they have weights: how likely an event was to happen (its evidence)
/// is not how likely it is to be asked for, and densities of cores of different encoders cannot be compared. See
/// [`Odds`].
///
/// Cost of a read: one rotation of D² operations for each encoder and Gaussian that matters, and about D for each
/// event. Gaussians of less than 10⁻¹⁶ of an event's weight are left out of it.
///
/// ```
/// use std::sync::Arc;
/// use attractor::energies::shapes::Subspace;
/// use attractor::energies::{Component, Denoise, Encoder, Event, Kind, Mixture, Reconstruction};
/// use ndarray::array;
/// // Two units that go together: variance 1, covariance 0.8. The event is known to have 1.5 in the first.
/// let gaussian = Subspace::from_covariance(vec![0.0, 0.0], array![[1.0, 0.8], [0.8, 1.0]].view())?;
/// let kind = Kind::Shape(Box::new(gaussian));
/// let semantic = Mixture::<f64>::new(vec![Component { kind, weight: 1.0, label: None }])?;
/// let encoder = Arc::new(Encoder::units(2, vec![0])?);
/// let event = Event { encoder, core: vec![1.5], weight: 1.0, label: None };
/// let memory = Reconstruction::new(&semantic, vec![event])?.mixture::<f64>()?;
/// // So the second is 0.8 · 1.5 on average, and its variance is 1 − 0.8².
/// assert!((memory.mean()[0] - 1.5).abs() < 1e-12 && (memory.mean()[1] - 1.2).abs() < 1e-12);
/// assert!((memory.spread() - (0.36_f64 / 2.0).sqrt()).abs() < 1e-12);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Reconstruction {
    /// The Gaussians of the semantic memory.
    pub semantic: Vec<Semantic>,
    /// The events, at least one.
    pub events: Vec<Event>,
    /// The form. Default: conditioned.
    pub form: Form,
    /// How likely events are before a cue. Default: equally, or as their weights say.
    pub odds: Odds,
    /// The share g of the semantic memory itself, 0 ≤ g < 1: how often what is recalled is no event. Default 0. The
    /// literal form has the semantic memory beside the events anyway.
    pub gist: f64,
}

/// One Gaussian of a semantic memory.
#[derive(Clone, Debug)]
pub struct Semantic {
    /// The weight; weights sum to 1.
    pub weight: f64,
    /// The Gaussian.
    pub gaussian: Subspace,
    /// The label.
    pub label: Option<String>,
}

impl Reconstruction {
    /// Events beside this semantic memory, which must be a mixture of Gaussians.
    ///
    /// # Errors
    /// A semantic memory with other parts than Gaussians. What events must be is checked by
    /// [`mixture`](Self::mixture).
    pub fn new<F: Real>(semantic: &Mixture<F>, events: Vec<Event>) -> Result<Self> {
        Ok(Reconstruction {
            semantic: semantic.semantic()?,
            events,
            form: Form::default(),
            odds: Odds::default(),
            gist: 0.0,
        })
    }

    /// The number of units of a state, D.
    pub fn dim(&self) -> usize {
        self.semantic.first().map_or(0, |part| part.gaussian.origin().len())
    }

    /// The memory as a mixture. Its memories are the events in their order; then, if the semantic memory is a part of
    /// it, the Gaussians of that.
    ///
    /// # Errors
    /// No events; encoders or cores of wrong length; numbers that are not finite; weights that are not positive; a core
    /// that no state of the semantic memory has; a share of gist outside its range, or with the literal form; odds by
    /// evidence for events of several encoders.
    pub fn mixture<F: Real>(self) -> Result<Mixture<F>> {
        self.check()?;
        let (gist, count) = (self.gist, self.events.len() as f64);
        let semantic = self.semantic.clone();
        let (family, share): (Box<dyn Family>, f64) = match self.form {
            Form::Conditioned => (Box::new(Conditioned::new(self)?), 1.0 - gist),
            // Each event has the same weight as the integral.
            Form::Literal => (Box::new(Literal::new(self)?), count / (count + 1.0)),
        };
        let events = Mixture::new(vec![Component { kind: Kind::Family(family), weight: 1.0, label: None }])?;
        if share == 1.0 {
            return Ok(events);
        }
        let component = |part: Semantic| Component {
            kind: Kind::Shape(Box::new(part.gaussian)),
            weight: part.weight,
            label: part.label.or_else(|| Some("semantic".to_owned())),
        };
        Mixture::new(semantic.into_iter().map(component).collect())?.with_events(events, share)
    }

    fn check(&self) -> Result<()> {
        let dim = self.dim();
        if self.events.is_empty() {
            let cure = "give the events of which cores are stored";
            return Err(Error::Empty { what: "events".into(), cure: cure.into() });
        }
        if self.semantic.is_empty() {
            let cure = "give a semantic memory of one Gaussian or more";
            return Err(Error::Empty { what: "Gaussians of the semantic memory".into(), cure: cure.into() });
        }
        if !(0.0..1.0).contains(&self.gist) {
            return Err(Error::parameter("gist", "a number from 0 and below 1", self.gist));
        }
        if self.gist > 0.0 && self.form == Form::Literal {
            let expected = message![
                "0 with the literal form, which has the semantic memory beside the events anyway (or ",
                Argument::set("form", "conditioned"),
                ")"
            ];
            return Err(Error::parameter("gist", expected, self.gist));
        }
        for (n, event) in self.events.iter().enumerate() {
            check_event(n, event, dim)?;
        }
        Ok(())
    }

    /// The prior weights of the events, which sum to 1; without evidence.
    fn weights(&self) -> Vec<f64> {
        let total: f64 = self.events.iter().map(|event| event.weight).sum();
        self.events.iter().map(|event| event.weight / total).collect()
    }

    /// The same of states whose units are multiplied by these factors.
    fn stretch(&self, factors: &[f64]) -> Result<Self> {
        let mut encoders: Vec<(Arc<Encoder>, Arc<Encoder>)> = Vec::new();
        let mut events = Vec::with_capacity(self.events.len());
        for event in &self.events {
            let known = encoders.iter().find(|(old, _)| Arc::ptr_eq(old, &event.encoder));
            let encoder = match known {
                Some((_, new)) => new.clone(),
                None => Arc::new(event.encoder.stretch(factors)?),
            };
            encoders.push((event.encoder.clone(), encoder.clone()));
            let core = event.encoder.stretch_core(&event.core, factors);
            events.push(Event { encoder, core, ..event.clone() });
        }
        let part = |part: &Semantic| {
            let image = super::shapes::Shape::stretch(&part.gaussian, factors);
            let gaussian = image.as_ref().and_then(|image| image.gaussian()).cloned();
            gaussian.map(|gaussian| Semantic { gaussian, ..part.clone() }).ok_or_else(|| Error::Undefined {
                model: "a reconstructive memory",
                what: "recall with these known units",
                reason: "the image of a Gaussian that has no width cannot be computed".into(),
            })
        };
        let semantic = self.semantic.iter().map(part).collect::<Result<_>>()?;
        Ok(Reconstruction { semantic, events, ..self.clone() })
    }
}

fn check_event(n: usize, event: &Event, dim: usize) -> Result<()> {
    let Event { encoder, core, weight, .. } = event;
    if encoder.dim() != dim {
        return Err(Error::shape(
            format!("encoder of event {n}"),
            format!("{dim} units, as the semantic memory has"),
            format!("{}", encoder.dim()),
            "make it for states of that width",
        ));
    }
    if core.len() != encoder.len() {
        return Err(Error::shape(
            format!("core of event {n}"),
            format!("{} numbers, as its encoder keeps", encoder.len()),
            format!("{}", core.len()),
            "give the core A y of its own encoder",
        ));
    }
    if let Some(found) = core.iter().find(|x| !x.is_finite()) {
        return Err(Error::parameter(format!("core of event {n}"), "finite numbers", found));
    }
    if !(weight.is_finite() && *weight > 0.0) {
        return Err(Error::parameter(format!("weight of event {n}"), "a positive finite number", weight));
    }
    Ok(())
}
