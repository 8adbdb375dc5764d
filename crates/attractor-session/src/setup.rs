//! What the user asks for when a memory is made.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use attractor::Prepare;
use attractor::diffusion::{POTENTIAL, PROCESS};
use attractor::memories::{Card, DEFAULT, Learning, Options, Spec, Weights};
use attractor::message;
use attractor::message::Argument;
use attractor::potentials::Noising;
use attractor_data::{ReadOptions, read, read_potential};
use ndarray::Array2;

use crate::any::Precision;
use crate::error::Result;

/// The preparation of patterns that the user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Auto {
    /// The preparation that suits the data and the model; see [`Auto::choose`].
    #[default]
    Auto,
    /// This preparation.
    As(Prepare),
}

impl Auto {
    /// The preparation that is used. `Auto` normalises bytes and bools, unless the model compares raw values; other
    /// numbers stay as they are.
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
        const NAMES: [&str; 6] = ["none", "center", "normalize", "standardize", "packed", "auto"];
        if name.is_empty() {
            let expected = "none, center, normalize, standardize, packed or auto";
            return Err(attractor::Error::parameter("prepare", expected, name));
        }
        name.parse().map(Auto::As).map_err(|_| attractor::Error::unknown("prepare", name, NAMES))
    }
}

/// The options that name files of arrays.
const COUPLINGS: &str = "couplings";
const ADDRESSES: &str = "addresses";

/// What the user asks for when a memory is made. A field that is `None` is chosen automatically or taken from the
/// stored memory.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// The card of the model. Default: [`DEFAULT`].
    pub model: Option<&'static Card>,
    /// Options of the model. They override the options of a stored memory.
    pub options: Options,
    /// The potential of the noise. If it is not given, the option `potential` names its file.
    pub noising: Option<Noising>,
    /// Couplings W of the rule `given`. If they are not given, the option `couplings` names their file.
    pub couplings: Option<Array2<f64>>,
    /// Addresses of hard locations, of two numbers. If they are not given, the option `addresses` names their file.
    pub addresses: Option<Array2<f64>>,
    /// Whether `options` replace all options of a stored memory. If not, stored options that are not in `options`
    /// stay.
    pub replace_options: bool,
    /// The preparation of the patterns. Default: [`Auto::Auto`].
    pub prepare: Option<Auto>,
    /// The number type of the states. Default: that of the patterns.
    pub precision: Option<Precision>,
    /// A file with the labels of the patterns.
    pub labels: Option<PathBuf>,
    /// A file with the prior weights of the patterns.
    pub weights: Option<PathBuf>,
    /// A file with the associated values: the vectors that the patterns recall.
    pub values: Option<PathBuf>,
    /// The most bytes that the patterns may take in memory. If they would take more, they stay in their file.
    pub memory_limit: Option<u64>,
}

impl Setup {
    /// The card of the model.
    pub fn card(&self) -> &'static Card {
        self.model.unwrap_or(DEFAULT)
    }

    /// The model with its options. Each option has the type that the model declares.
    pub fn spec(&self, card: &Card) -> Spec {
        let mut spec = Spec::new(card.name);
        self.set_options(&mut spec, card);
        spec
    }

    /// Sets the options of a model. What is given with the patterns is kept with them, not by the name of its file. A potential stands
    /// for the process `potential` if no process is named, and couplings for the rule `given`.
    pub(crate) fn set_options(&self, spec: &mut Spec, card: &Card) {
        self.options.iter().for_each(|(name, value)| spec.set(name, value.clone()));
        if card.potential && (self.noising.is_some() || self.options.has(POTENTIAL)) {
            spec.options.remove(POTENTIAL);
            if !self.options.has(PROCESS.name) {
                spec.set(PROCESS.name, POTENTIAL);
            }
        }
        if self.gives(card, COUPLINGS, self.couplings.is_some()) {
            spec.options.remove(COUPLINGS);
            if !self.options.has("rule") {
                spec.set("rule", Learning::GIVEN);
            }
        }
        if self.gives(card, ADDRESSES, self.addresses.is_some()) {
            spec.options.remove(ADDRESSES);
        }
    }

    /// The potential of the noise, which may be in a file. A model that has none refuses the option later.
    ///
    /// # Errors
    /// The file cannot be read, or describes no potential.
    pub fn potential(&self, card: &Card) -> Result<Option<Noising>> {
        if !card.potential {
            return Ok(None);
        }
        match (&self.noising, self.options.get(POTENTIAL)) {
            (Some(noising), _) => Ok(Some(noising.clone())),
            (None, Some(file)) => Ok(Some(read_potential(Path::new(&file.to_string()))?)),
            (None, None) => Ok(None),
        }
    }

    /// Whether an array is given, in a file or as it is, to a model that takes it.
    fn gives(&self, card: &Card, option: &str, held: bool) -> bool {
        card.parameter(option).is_some() && (held || self.options.has(option))
    }

    /// What is given with the patterns, and is not learned from them: a potential, couplings, or addresses of hard locations.
    ///
    /// # Errors
    /// A file cannot be read; couplings beside a rule that learns others; addresses of other than two numbers.
    pub fn given(&self, card: &Card) -> Result<Option<Weights>> {
        if let Some(noising) = self.potential(card)? {
            return Ok(Some(Weights::Noising(noising)));
        }
        if let Some(couplings) = self.array(card, COUPLINGS, self.couplings.as_ref())? {
            let rule = self.options.text("rule").unwrap_or(Learning::GIVEN);
            if rule != Learning::GIVEN {
                let expected = message!["the rule given, or no ", Argument::option(COUPLINGS)];
                return Err(attractor::Error::parameter("rule", expected, rule).into());
            }
            return Ok(Some(Weights::Couplings(couplings)));
        }
        if let Some(numbers) = self.array(card, ADDRESSES, self.addresses.as_ref())? {
            let wrong = numbers.iter().find(|number| ![-1.0, 0.0, 1.0].contains(*number));
            let both = numbers.iter().any(|n| *n == 0.0) && numbers.iter().any(|n| *n == -1.0);
            if wrong.is_some() || both {
                let expected = "addresses of +1 and -1, or of 1 and 0";
                let found = wrong.map_or("0 and -1 among them".to_owned(), ToString::to_string);
                return Err(attractor::Error::parameter(ADDRESSES, expected, found).into());
            }
            return Ok(Some(Weights::Addresses(numbers.mapv(|number| number > 0.0))));
        }
        Ok(None)
    }

    /// An array that is given, or whose file an option names.
    fn array(&self, card: &Card, option: &str, held: Option<&Array2<f64>>) -> Result<Option<Array2<f64>>> {
        match (held, self.options.get(option)) {
            _ if card.parameter(option).is_none() => Ok(None),
            (Some(array), _) => Ok(Some(array.clone())),
            (None, Some(file)) => {
                Ok(Some(read(Path::new(&file.to_string()), &ReadOptions::default())?.numbers::<f64>()))
            }
            (None, None) => Ok(None),
        }
    }

    /// Names of the given settings that only new patterns can have, in the order of messages.
    pub(crate) fn of_patterns(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("labels", self.labels.is_some()),
            ("weights", self.weights.is_some()),
            ("values", self.values.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name)
    }
}
