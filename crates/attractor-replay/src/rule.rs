//! What is replayed.

use std::fmt;
use std::str::FromStr;

use attractor::options::{Name, NumberRange};
use attractor::{Error, Result};

/// How it is decided which memory a replay recalls.
///
/// ```
/// use attractor_replay::Rule;
/// assert_eq!("power:1.5".parse::<Rule>()?, Rule::Power(1.5));
/// assert!("power:nan".parse::<Rule>().is_err());
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Rule {
    /// A sample of the memory's own prior: pₙ = wₙ. A free recall by the reverse SDE ends in memory n with this
    /// probability.
    #[default]
    SelfSampled,
    /// The recall of a partial trace of an event, by the memory's own recall loop.
    Cued,
    /// A sharpened sample, pₙ ∝ wₙ^γ with γ > 0. Above 1 it is superlinear, below 1 sublinear.
    Power(f64),
}

/// The exponents that a power can have.
const EXPONENTS: NumberRange = NumberRange::between(0.0, 100.0).above_low();

impl Rule {
    /// The grammars of the rules, with a short description of each.
    pub fn grammars() -> Vec<Name> {
        vec![
            Name::with_about("self", "Samples of the memory's own prior"),
            Name::with_about("cued", "Recalls of partial traces of the events"),
            Name::with_about("power:γ", "Samples with probabilities ∝ weight^γ"),
        ]
    }
}

impl FromStr for Rule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let expected = || "self, cued, or power:γ with γ above 0, at most 100";
        match text.split_once(':') {
            None if text == "self" => Ok(Rule::SelfSampled),
            None if text == "cued" => Ok(Rule::Cued),
            Some(("power", exponent)) => {
                let exponent = EXPONENTS.parse("rule", exponent);
                exponent.map(Rule::Power).map_err(|_| Error::parameter("rule", expected(), text))
            }
            _ => Err(Error::parameter("rule", expected(), text)),
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rule::SelfSampled => f.write_str("self"),
            Rule::Cued => f.write_str("cued"),
            Rule::Power(exponent) => write!(f, "power:{exponent}"),
        }
    }
}
