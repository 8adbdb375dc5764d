//! Events of which only cores are stored, beside a density.

use attractor::energies::{CORES, CoreRule, Form, Odds, Reconstruction};
use attractor::memories::Options;
use attractor::message::Argument;
use attractor::{Memory, Patterns, memories, message};
use attractor_data::Shape;

use crate::about::{About, Origin};
use crate::any::Held;
use crate::error::{Error, Result};
use crate::session::Opened;

/// How events are stored beside a density.
#[derive(Clone, Debug)]
pub struct Cores {
    /// What is stored of each event.
    pub rule: CoreRule,
    /// What an event is.
    pub form: Form,
    /// How likely events are before a cue.
    pub odds: Odds,
    /// The prior probability of all events together, above 0 and at most 1. The rest is that of the density itself.
    /// `None`: 1, or what the literal form has.
    pub weight: Option<f64>,
    /// The shape of the images, if the density does not know it.
    pub shape: Option<Shape>,
}

impl Cores {
    /// Reads the options of cores; see [`CORES`]. `None` if they do not ask for cores.
    ///
    /// # Errors
    /// A value outside its range; other options of cores without the rule.
    pub fn from_options(options: &Options, weight: Option<f64>) -> Result<Option<Self>> {
        let read = options.read(CORES, "option of cores:")?;
        let Some(rule) = read.named("core")? else {
            return match read.iter().next() {
                None => Ok(None),
                Some((name, _)) => Err(Error::Refused(message![
                    format!("{name}: expected a rule that says what of events is stored (",),
                    Argument::option("core"),
                    ") with it, found none; add it"
                ])),
            };
        };
        let form = read.named("form")?.unwrap_or_default();
        let odds = read.named("odds")?.unwrap_or_default();
        Ok(Some(Cores { rule, form, odds, weight, shape: None }))
    }
}

/// A density (semantic memory) with cores of events beside it. `about` has the facts about the density, and
/// `provenance` says where the events come from.
///
/// # Errors
/// A memory that is not a density of Gaussians alone; events of another width; what the rule or the memory refuses.
pub fn with_cores<F: Held>(
    density: &dyn Memory<F>,
    about: &About,
    events: Patterns<F>,
    how: Cores,
    provenance: String,
) -> Result<Opened<F>> {
    let Cores { rule, form, odds, weight, shape } = how;
    let semantic = density.abilities().mixture.filter(|mixture| mixture.semantic().is_ok());
    let Some(semantic) = semantic else {
        let found = format!("a memory of the model {} with other parts", density.name());
        let expected = "semantic: expected a density of Gaussians alone, found ";
        return Err(Error::Refused(message![expected, found, "; make one with ", Argument::Fitting]));
    };
    let blocks = |side: usize| match about.shape.or(shape) {
        Some(shape) if shape.size() == density.dim() => Ok(shape.blocks(side)),
        Some(shape) => Err(attractor::Error::shape(
            "image",
            format!("{} units, as the density has", density.dim()),
            format!("{shape}"),
            message!["give its true size (", Argument::Shape, ")"],
        )),
        None => Err(attractor::Error::Undefined {
            model: "the semantic memory",
            what: "image with blocks",
            reason: message!["fit it on images, or on rows of known size (", Argument::Shape, ")"],
        }),
    };
    if events.dim() != memories::MemoryModel::dim(density) {
        let expected = format!("events: expected {} units a row, as the density has", density.dim());
        let found = format!(", found {}; give events of that width", events.dim());
        return Err(Error::Refused(message![expected, found]));
    }
    if form == Form::Literal && weight.is_some() {
        let text = "weight: expected none with the literal form, in which each event weighs as much as the density, \
                    found one; leave it away";
        return Err(Error::Refused(text.into()));
    }
    let mut cores = rule.events(semantic, events.values().view(), blocks)?;
    let weights = events.extras().weights;
    for (n, event) in cores.iter_mut().enumerate() {
        event.label = events.label(n).map(str::to_owned);
        event.weight = weights.as_ref().map_or(1.0, |weights| weights[n]);
    }
    let gist = weight.map_or(Ok(0.0), |weight| {
        let expected = "a prior probability of all events, above 0 and at most 1";
        let is = weight > 0.0 && weight <= 1.0;
        is.then_some(1.0 - weight).ok_or_else(|| attractor::Error::parameter("weight", expected, weight))
    })?;
    let stored: usize = cores.iter().map(|event| event.core.len()).sum();
    let mean = stored as f64 / cores.len().max(1) as f64;
    let recipe = Reconstruction { form, odds, gist, ..Reconstruction::new(semantic, cores)? };
    let sampling = density.sampling().cloned().unwrap_or_default();
    let memory = memories::mixture(recipe.mixture()?, sampling)?;
    let of = format!("{provenance}, cores {rule} ({mean:.1} of {} numbers each)", density.dim());
    let provenance = [about.provenance.clone(), vec![of]].concat();
    Ok(Opened { memory, about: About { origin: Origin::Stored, provenance, ..about.clone() } })
}
