//! Rules that say what of each event is stored, by name.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};

use super::{Encoder, Event, Form, Odds, surprise};
use crate::energies::Mixture;
use crate::error::{Error, Result, check_rows};
use crate::options::{self, Fallback, Kind, Name, NumberRange, Parameter};
use crate::real::Real;

/// A rule that says what of each event is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum CoreRule {
    /// The units that the semantic memory predicts wrongly by more than this: see [`surprise`]. Each event has units of
    /// its own.
    Surprise(f64),
    /// These units of all events.
    Units(Vec<usize>),
    /// The averages over square blocks of an image with sides of this many pixels, in each colour.
    Blocks(usize),
    /// This many of the first principal components of the semantic memory.
    Components(usize),
    /// The products with this matrix, W × D. It has no name on the command line.
    Matrix(Array2<f64>),
    /// Units of each event's own, one list an event. It has no name on the command line.
    Own(Vec<Vec<usize>>),
}

/// The grammars of the rules, each with a short description.
const GRAMMARS: [(&str, &str); 4] = [
    ("surprise:X", "the units that the semantic memory predicts wrongly by more than X"),
    ("units:LIST", "these units, as in units:0,7,10-12"),
    ("blocks:N", "averages over blocks of N x N pixels"),
    ("components:N", "the first N principal components of the semantic memory"),
];

/// The options of a reconstructive memory.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "core",
        kind: Kind::Form(options::Form { forms: CoreRule::names, check: options::Form::reads::<CoreRule> }),
        default: Fallback::Rule("whole events"),
        help: "What is stored of each event; recall reconstructs the rest from the density",
    },
    Parameter {
        name: "form",
        kind: Kind::Choice(Form::names),
        default: Fallback::Is("conditioned"),
        help: "What an event is: the density given its core, or Eq. 25 of Ambrogioni (2023) as printed, corrected",
    },
    Parameter {
        name: "odds",
        kind: Kind::Choice(Odds::names),
        default: Fallback::Is("equal"),
        help: "How likely events are before a cue: equally (or by their weights), or also by the density of their cores",
    },
];

impl CoreRule {
    /// The grammars of the rules, with a short description of each.
    pub fn names() -> Vec<Name> {
        GRAMMARS.map(|(name, about)| Name::with_about(name, about)).to_vec()
    }

    /// What is stored of each of these events (N × D). `blocks` gives the units of each block of an image for a length
    /// of side; it is asked for the rule [`Blocks`](Self::Blocks) alone. Events with equal encoders share one.
    ///
    /// # Errors
    /// Those of [`surprise`] and of the constructors of [`Encoder`]; what `blocks` refuses.
    pub fn events<F: Real>(
        &self,
        semantic: &Mixture<F>,
        events: ArrayView2<F>,
        blocks: impl FnOnce(usize) -> Result<Vec<Vec<usize>>>,
    ) -> Result<Vec<Event>> {
        let dim = semantic.mean().len();
        let states: Vec<Vec<f64>> =
            events.outer_iter().map(|y| y.iter().map(|x| x.to_f64()).collect()).collect();
        let one = match self {
            CoreRule::Surprise(threshold) => return surprising(semantic, &states, *threshold),
            CoreRule::Units(units) => Encoder::units(dim, units.clone())?,
            CoreRule::Blocks(side) => Encoder::averages(dim, &blocks(*side)?)?,
            CoreRule::Components(count) => Encoder::components(semantic, *count)?,
            CoreRule::Matrix(rows) => Encoder::matrix(rows.clone())?,
            CoreRule::Own(units) => return each_its_own(&states, units),
        };
        if one.dim() != dim {
            return Err(Error::shape(
                "core",
                format!("a matrix of {dim} columns, as states have {dim} units"),
                format!("{}", one.dim()),
                "give one column for each unit",
            ));
        }
        let one = Arc::new(one);
        states.iter().map(|y| Event::of(y, one.clone())).collect()
    }
}

/// Each event with the units that are worth storing.
fn surprising<F: Real>(semantic: &Mixture<F>, states: &[Vec<f64>], threshold: f64) -> Result<Vec<Event>> {
    let dim = semantic.mean().len();
    let work = states.len() as f64 * (dim as f64).powi(3);
    let found = crate::threads::map(states.len(), work, |n| {
        let found = surprise(semantic, &states[n], threshold)?;
        found.encoder(threshold)
    });
    with_encoders(states, found.into_iter())
}

/// Each event with units that were given for it.
fn each_its_own(states: &[Vec<f64>], units: &[Vec<usize>]) -> Result<Vec<Event>> {
    check_rows("units of cores", units.len(), states.len())?;
    let dim = states.first().map_or(1, Vec::len);
    with_encoders(states, units.iter().map(|units| Encoder::units(dim, units.clone())))
}

/// Events with encoders of units. Equal encoders are shared.
fn with_encoders(states: &[Vec<f64>], encoders: impl Iterator<Item = Result<Encoder>>) -> Result<Vec<Event>> {
    let mut known: HashMap<Vec<usize>, Arc<Encoder>> = HashMap::new();
    let each = states.iter().zip(encoders).map(|(y, encoder)| {
        let encoder = encoder?;
        let units = encoder.kept_units().unwrap_or_default().to_vec();
        Event::of(y, known.entry(units).or_insert_with(|| Arc::new(encoder)).clone())
    });
    each.collect()
}

impl FromStr for CoreRule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let grammars = || GRAMMARS.map(|(grammar, _)| grammar);
        let Some((name, argument)) = text.split_once(':') else {
            return Err(Error::unknown("core", text, grammars()));
        };
        let count = || {
            let number = argument.parse::<usize>().ok().filter(|n| *n > 0);
            number
                .ok_or_else(|| Error::parameter("core", format!("{name}:N with a whole number N > 0"), text))
        };
        match name {
            "surprise" => {
                let range = NumberRange::between(0.0, f64::MAX).above_low();
                let threshold = argument.parse::<f64>().ok().filter(|x| range.check("core", *x).is_ok());
                let expected = "surprise:X with a finite number X > 0";
                Ok(CoreRule::Surprise(threshold.ok_or_else(|| Error::parameter("core", expected, text))?))
            }
            "units" => {
                let expected = "units:LIST with numbers of units, as in units:0,7,10-12";
                Ok(CoreRule::Units(units(argument).ok_or_else(|| Error::parameter("core", expected, text))?))
            }
            "blocks" => Ok(CoreRule::Blocks(count()?)),
            "components" => Ok(CoreRule::Components(count()?)),
            _ => Err(Error::unknown("core", text, grammars())),
        }
    }
}

/// Reads numbers and ranges. A range of more than 10⁷ units is not read.
fn units(text: &str) -> Option<Vec<usize>> {
    const MOST: usize = 10_000_000;
    let mut units = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (usize, usize) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        if from > to || to - from > MOST {
            return None;
        }
        units.extend(from..=to);
    }
    Some(units)
}

impl fmt::Display for CoreRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CoreRule::Surprise(threshold) => write!(f, "surprise:{threshold}"),
            CoreRule::Units(units) => {
                let units: Vec<String> = units.iter().map(usize::to_string).collect();
                write!(f, "units:{}", units.join(","))
            }
            CoreRule::Blocks(side) => write!(f, "blocks:{side}"),
            CoreRule::Components(count) => write!(f, "components:{count}"),
            CoreRule::Matrix(rows) => write!(f, "of a matrix with {} rows", rows.nrows()),
            CoreRule::Own(_) => f.write_str("of units of their own"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_as_they_are_written() {
        for (text, rule) in [
            ("surprise:0.25", CoreRule::Surprise(0.25)),
            ("units:0,7,10-12", CoreRule::Units(vec![0, 7, 10, 11, 12])),
            ("blocks:2", CoreRule::Blocks(2)),
            ("components:5", CoreRule::Components(5)),
        ] {
            let read: CoreRule = text.parse().expect("a rule");
            assert_eq!(read, rule);
            assert_eq!(read.to_string().parse::<CoreRule>().expect("a rule"), rule);
        }
        for text in [
            "",
            "surprise",
            "surprise:",
            "surprise:0",
            "surprise:-1",
            "surprise:NaN",
            "surprise:inf",
            "units:",
            "units:3-1",
            "units:x",
            "units:-1",
            "units:0-99999999999",
            "blocks:0",
            "blocks:2.5",
            "components:",
            "patches:2",
        ] {
            let says = text.parse::<CoreRule>().expect_err("refused").to_string();
            assert!(says.contains("core") && says.contains(text), "{says}");
        }
    }
}
