//! Models by name: the list of all models, the options of each, and how to build one from options.
//!
//! The command line, files and other languages all use this list, so a model added to [`MODELS`] is available
//! everywhere.

use std::sync::Arc;

use ndarray::Array2;

use super::{Family, Learning, Memory, dense};
use crate::error::{Error, Result};
use crate::message::Part;
use crate::networks::Network;
use crate::options::{Options, Parameter, Value};
use crate::patterns::Patterns;
use crate::potentials::Noising;
use crate::real::{PerReal, Real};

/// The description of a model: its name, equation, options and other facts.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// The name.
    pub name: &'static str,
    /// Other accepted names, such as those of earlier versions.
    pub aliases: &'static [&'static str],
    /// A title of a few words.
    pub title: &'static str,
    /// The family that it belongs to.
    pub family: Family,
    /// The energy and the update rule.
    pub equation: &'static str,
    /// The options.
    pub parameters: &'static [Parameter],
    /// The cost in operations and memory.
    pub cost: &'static str,
    /// The papers that describe it.
    pub source: &'static str,
    /// Whether its states are ±1.
    pub spins: bool,
    /// Whether it compares raw values, so that images are only prepared if asked for.
    pub raw: bool,
    /// Whether it accepts prior weights π_n of patterns.
    pub weights: bool,
    /// Whether it accepts vectors associated with the patterns.
    pub values: bool,
    /// Whether it reads its patterns a few at a time, so that they need not fit in memory.
    pub streams: bool,
    /// Whether its recall goes down noise levels. Then it makes steps instead of updates, and has one landscape for
    /// each level.
    pub levels: bool,
    /// Whether its memories can be described in a file, instead of being patterns.
    pub described: bool,
    /// Whether its weights come from training, so that patterns alone are not enough to build it.
    pub trained: bool,
    /// Whether it stores a number for every pair of units, D² in all.
    pub coupled: bool,
    /// Whether its patterns are images, whose form it knows (the option `image`).
    pub images: bool,
    /// Whether its noise can be that of a potential.
    pub potential: bool,
}

impl Card {
    /// A card without options, of a model that recalls points from any numbers. Cards begin with it and say what differs.
    pub(super) const PLAIN: Card = Card {
        name: "",
        aliases: &[],
        title: "",
        family: Family::Modern,
        equation: "",
        parameters: &[],
        cost: "",
        source: "",
        spins: false,
        raw: false,
        weights: false,
        values: false,
        streams: false,
        levels: false,
        described: false,
        trained: false,
        coupled: false,
        images: false,
        potential: false,
    };

    /// The option with this name, if the model has one.
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters.iter().find(|p| p.name == name)
    }

    /// Converts options to the types that this model declares.
    ///
    /// # Errors
    /// An option that the model does not have (the error names the models that do), or a value that is not of the
    /// declared kind.
    pub fn read(&self, options: &Options) -> Result<Options> {
        let Some((name, _)) = options.iter().find(|(name, _)| self.parameter(name).is_none()) else {
            return options.read(self.parameters, "option");
        };
        if (self.name, name) == (dense::CARD.name, "separation") {
            return Err(dense::no_separation());
        }
        let others: Vec<_> = models_with(name).map(|card| card.name).collect();
        let of = if others.is_empty() { String::new() } else { format!(" (of {})", others.join(", ")) };
        let known = self.parameters.iter().map(|p| Part::Parameter(p.name.to_owned()));
        Err(Error::unknown("option for this model:", format!("{name}{of}"), known))
    }
}

/// The models that have this option.
pub fn models_with(option: &str) -> impl Iterator<Item = &'static Card> {
    MODELS.iter().map(|m| m.card).filter(move |card| card.parameter(option).is_some())
}

/// A model that can be built by its name.
pub struct Model {
    /// Its description.
    pub card: &'static Card,
    build32: Build<f32>,
    build64: Build<f64>,
}

type Build<F> = fn(Patterns<F>, &Options, Option<Learned>) -> Result<Box<dyn Memory<F>>>;

/// The function that builds a model, one for each number type.
struct Builder;

impl PerReal for Builder {
    type Value<F: Real> = Build<F>;
}

macro_rules! models {
    ($($module:ident),* $(,)?) => {
        /// Every model, in historical order.
        pub static MODELS: &[Model] = &[$(Model {
            card: &super::$module::CARD,
            build32: super::$module::build,
            build64: super::$module::build,
        }),*];
    };
}
models![
    hopfield,
    bidirectional,
    sequence,
    sparse_distributed,
    dense,
    modern,
    log_sum_relu,
    random_features,
    continuous_sequence,
    universal,
    diffusion,
    local,
    mixture,
    network
];

/// The model to use if none is named.
pub const DEFAULT: &Card = &super::diffusion::CARD;

/// The model whose memories can be described in a file: [`mixture`](super::mixture()).
pub const DESCRIBED: &Card = &super::mixture::CARD;

/// The model whose weights come from training: [`learned`](super::learned()).
pub const TRAINED: &Card = &super::network::CARD;

/// The model with this name or alias.
///
/// # Errors
/// A name that is not in [`MODELS`]; the error lists them.
pub fn model(name: &str) -> Result<&'static Model> {
    let found = MODELS.iter().find(|m| m.card.name == name || m.card.aliases.contains(&name));
    found.ok_or_else(|| Error::unknown("model", name, MODELS.iter().map(|m| m.card.name)))
}

/// The names of the models that satisfy a condition, as a list in a sentence.
///
/// ```
/// use attractor::memories::models_that;
/// assert_eq!(models_that(|card| card.weights), "modern, log-sum-relu, random-features, diffusion, local and mixture");
/// ```
pub fn models_that(is: impl Fn(&Card) -> bool) -> String {
    let names: Vec<_> = MODELS.iter().filter(|m| is(m.card)).map(|m| m.card.name).collect();
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
    }
}

/// What a model has besides its patterns: what it has learned from the first of them (a network: from all), so that it
/// need not be learned again, or a potential that it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    /// The number of patterns that it was learned from.
    pub patterns: usize,
    /// The learned numbers.
    pub weights: Weights,
}

/// The kinds of learned numbers, besides the patterns themselves.
#[derive(Clone, Debug, PartialEq)]
pub enum Weights {
    /// Couplings W with their diagonal, D × D.
    Couplings(Array2<f64>),
    /// A score network.
    Network(Arc<Network<f32>>),
    /// The potential of the noise. It is given with the patterns, and not learned from them.
    Noising(Noising),
    /// Addresses of hard locations, M × D, true for +1. They are given, too.
    Addresses(Array2<bool>),
}

impl Learned {
    /// What is left when patterns are removed: what was given, and not learned from them. `spec` is the model with its options, and `patterns` how many
    /// are left.
    pub fn without_learning(self, spec: &Spec, patterns: usize) -> Option<Self> {
        let given = match self.weights {
            Weights::Noising(_) | Weights::Addresses(_) => true,
            Weights::Couplings(_) => spec.options.text("rule") == Some(Learning::GIVEN),
            Weights::Network(_) => false,
        };
        given.then_some(Learned { patterns, ..self })
    }
}

/// A model with its options. Together with patterns it makes a memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The model's name.
    pub model: String,
    /// Its options.
    pub options: Options,
}

impl Spec {
    /// A model with all options at their defaults. An alias is replaced by the model's name.
    pub fn new(model: &str) -> Self {
        let name = self::model(model).map_or(model, |found| found.card.name);
        Spec { model: name.to_owned(), options: Options::default() }
    }

    /// Sets one option and returns the changed spec. The value is typed, or text as on the command line. A value that
    /// cannot be read is refused when the memory is [built](Self::build).
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// Sets one option, as [`with`](Self::with) does.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        let parameter = model(&self.model).ok().and_then(|m| m.card.parameter(name));
        let read = parameter.and_then(|p| p.kind.read(p.name, &value).ok());
        self.options.set(name, read.unwrap_or(value));
    }

    /// Builds the memory.
    ///
    /// ```
    /// use attractor::{Patterns, memories::{Request, Spec}};
    /// use ndarray::array;
    /// let patterns = Patterns::new(array![[1.0_f32, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])?;
    /// let memory = Spec::new("modern").with("beta", "2").build(patterns)?;
    /// let cue = array![[0.9_f32, 0.4, -0.6, -1.0]];
    /// assert_eq!(memory.recall(&Request::new(cue.view()))?.rows[0].memory, Some(0));
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// An unknown model; an option that it does not have; a value outside its range; weights or associated vectors
    /// for a model that does not use them.
    pub fn build<F: Real>(&self, patterns: Patterns<F>) -> Result<Box<dyn Memory<F>>> {
        self.build_on(patterns, None)
    }

    /// Builds the memory from what was learned from the first of these patterns earlier: only the others are learned
    /// now. Models that learn nothing ignore it.
    ///
    /// # Errors
    /// Those of [`build`](Self::build); couplings of another size, or learned from more patterns than there are.
    pub fn build_on<F: Real>(
        &self,
        patterns: Patterns<F>,
        learned: Option<Learned>,
    ) -> Result<Box<dyn Memory<F>>> {
        let model = model(&self.model)?;
        let options = model.card.read(&self.options)?;
        let refuse = |what, takes: fn(&Card) -> bool| {
            let reason = format!("of the models, {} take them", models_that(takes));
            Err(Error::Undefined { model: model.card.name, what, reason: reason.into() })
        };
        if patterns.log_weights().is_some() && !model.card.weights {
            return refuse("use for prior weights of patterns", |card| card.weights);
        }
        if patterns.associated().is_some() && !model.card.values {
            return refuse("use for associated values", |card| card.values);
        }
        if patterns.are_slow() && patterns.shards().is_none() && !model.card.streams {
            let reason = format!("of the models, {} read a few at a time", models_that(|card| card.streams));
            let what = "way to recall from patterns that are not in memory";
            return Err(Error::Undefined { model: model.card.name, what, reason: reason.into() });
        }
        let build = F::choose::<Builder>(model.build32, model.build64);
        build(patterns, &options, learned)
    }
}
