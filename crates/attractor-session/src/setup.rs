//! What was asked for before there is a memory.

use std::path::PathBuf;
use std::str::FromStr;

use attractor::Prepare;
use attractor::memories::{Card, DEFAULT, Options, Spec};

use crate::any::Precision;

/// What is done to patterns first, as asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Auto {
    /// What suits the data and the model: see [`Auto::choose`].
    #[default]
    Auto,
    /// This.
    As(Prepare),
}

impl Auto {
    /// The preparation: as asked for, else bytes and bools are normalised, unless the model compares raw values, and
    /// other numbers stay as they are.
    pub fn choose(self, raw: bool, card: &Card) -> Prepare {
        match self {
            Auto::As(prepare) => prepare,
            Auto::Auto if raw && !card.raw => Prepare::Normalize,
            Auto::Auto => Prepare::None,
        }
    }
}

impl FromStr for Auto {
    type Err = attractor::Error;

    fn from_str(name: &str) -> std::result::Result<Self, Self::Err> {
        if name == "auto" {
            return Ok(Auto::Auto);
        }
        let expected = "none, center, normalize, packed or auto";
        name.parse().map(Auto::As).map_err(|_| attractor::Error::parameter("prepare", expected, name))
    }
}

/// What a front end was asked to make. What is `None` is chosen, or is that of a stored memory.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The card of the model. Default: [`DEFAULT`].
    pub model: Option<&'static Card>,
    /// Options of the model. Of a stored memory, they go before those it was stored with.
    pub options: Options,
    /// Whether `options` take the place of all options that a memory was stored with.
    pub replace_options: bool,
    /// What is done to the patterns first. Default: [`Auto::Auto`].
    pub prepare: Option<Auto>,
    /// The number type of the states. Default: as wide as the patterns.
    pub precision: Option<Precision>,
    /// A file of labels of the patterns.
    pub labels: Option<PathBuf>,
    /// A file of prior weights of the patterns.
    pub weights: Option<PathBuf>,
    /// A file of vectors that the patterns bring to mind.
    pub values: Option<PathBuf>,
    /// Most bytes that patterns may take in memory; if they would take more, they stay in their file.
    pub memory_limit: Option<u64>,
}

impl Setup {
    /// The card of the model that patterns are stored in.
    pub fn card(&self) -> &'static Card {
        self.model.unwrap_or(DEFAULT)
    }

    /// The model with its options, each of the type that the model declares for it.
    pub fn spec(&self, card: &Card) -> Spec {
        let mut spec = Spec::new(card.name);
        self.options.iter().for_each(|(name, value)| spec.set(name, value.clone()));
        spec
    }

    /// Names of what was given that only patterns to be stored can have, in the order of messages.
    pub(crate) fn of_patterns(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("labels", self.labels.is_some()),
            ("weights", self.weights.is_some()),
            ("values", self.values.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name)
    }
}
