//! Options with declared kinds: the one place where text becomes a value.
//!
//! A [`Parameter`] declares an option: its name, the [`Kind`] of its value, its default, and what it does.
//! Command-line flags, help, completions, Python signatures and error sentences are all made from these declarations.
//! Values are passed on as [`Options`].
//!
//! ```
//! use attractor::options::{CountRange, Kind, Value};
//! let kind = Kind::Count(CountRange::between(1, 100));
//! assert_eq!(kind.parse("steps", "24")?, Value::Count(24));
//! let error = kind.parse("steps", "many").unwrap_err();
//! assert_eq!(error.to_string(), "steps: expected a whole number from 1 to 100, found many");
//! # Ok::<(), attractor::Error>(())
//! ```

mod kind;
mod range;
mod value;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

pub use kind::{Form, Kind, Name, find, names_of};
pub use range::{CountRange, NumberRange};
pub use value::Value;

use crate::error::{Error, Result};
use crate::message::Part;

/// The declaration of one option: its name, kind, default and help.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// The name, as on the command line.
    pub name: &'static str,
    /// The kind of its values.
    pub kind: Kind,
    /// Its default.
    pub default: Fallback,
    /// What the option does, in one sentence.
    pub help: &'static str,
}

impl Parameter {
    /// Parses a value that a user wrote.
    ///
    /// # Errors
    /// A text that is not a value of this kind.
    pub fn parse(&self, text: &str) -> Result<Value> {
        self.kind.parse(self.name, text)
    }
}

/// The default of an option.
#[derive(Clone, Copy, Debug)]
pub enum Fallback {
    /// A value, as a user would write it.
    Is(&'static str),
    /// A rule in words, such as "80 times the units of a pattern".
    Rule(&'static str),
    /// A rule in words, made from other declarations.
    From(fn() -> String),
    /// No default.
    None,
}

impl fmt::Display for Fallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fallback::Is(text) | Fallback::Rule(text) => f.write_str(text),
            Fallback::From(rule) => f.write_str(&rule()),
            Fallback::None => f.write_str("none"),
        }
    }
}

/// The values of options, by name.
///
/// [`read`](Self::read) converts what users wrote to typed values. Every model calls it before it uses the options.
///
/// ```
/// use attractor::options::{CountRange, Fallback, Kind, Options, Parameter};
/// const STEPS: Parameter = Parameter {
///     name: "steps",
///     kind: Kind::Count(CountRange::between(1, 100)),
///     default: Fallback::Is("24"),
///     help: "Steps of the sampler",
/// };
/// let options = Options::default().set("steps", "12").read(&[STEPS], "option")?;
/// assert_eq!(options.count("steps"), Some(12));
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options(BTreeMap<String, Value>);

impl Options {
    /// Sets an option to a typed value, or to text that has not been read yet.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Removes an option.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Sets all options of another set.
    pub fn extend(&mut self, others: &Options) {
        self.0.extend(others.0.iter().map(|(name, value)| (name.clone(), value.clone())));
    }

    /// The names and values, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether no option is set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this option is set.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The value of an option, if it is set.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// These options with the declared types. A flag that is off is left out.
    ///
    /// # Errors
    /// A name that is not declared (`what` is the kind of thing it should name), or a value that is not of the
    /// declared kind.
    pub fn read(&self, parameters: &[Parameter], what: &'static str) -> Result<Options> {
        let mut read = Options::default();
        for (name, value) in &self.0 {
            let Some(parameter) = parameters.iter().find(|p| p.name == name) else {
                let known = parameters.iter().map(|p| Part::Parameter(p.name.to_owned()));
                return Err(Error::unknown(what, name, known));
            };
            let value = parameter.kind.read(parameter.name, value)?;
            if value != Value::Flag(false) {
                read.set(name, value);
            }
        }
        Ok(read)
    }

    /// Whether a flag is set.
    pub fn flag(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Flag(true))
    }

    /// The value of a switch, if it is set and not `auto`.
    pub fn switch(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Value::Switch(on) => Some(*on),
            other => typed(name, other),
        }
    }

    /// The value of a whole number, if it is set and not `auto`.
    pub fn count(&self, name: &str) -> Option<usize> {
        self.seed(name).map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// The value of a whole number of 64 bits, if it is set and not `auto`.
    pub fn seed(&self, name: &str) -> Option<u64> {
        match self.get(name)? {
            Value::Count(count) => Some(*count),
            other => typed(name, other),
        }
    }

    /// The value of a number, if it is set and not `auto`.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Value::Number(number) => Some(*number),
            other => typed(name, other),
        }
    }

    /// The value that a name stands for, if it is set and not `auto`.
    ///
    /// # Errors
    /// The error of the type.
    pub fn named<T: FromStr<Err = Error>>(&self, name: &str) -> Result<Option<T>> {
        self.text(name).map(str::parse).transpose()
    }

    /// The text of a name, if it is set and not `auto`.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Name(text) | Value::Text(text) => Some(text),
            other => typed(name, other),
        }
    }

    /// The values of a list, if it is set.
    pub fn list(&self, name: &str) -> Option<&[Value]> {
        match self.get(name)? {
            Value::List(values) => Some(values),
            other => typed(name, other),
        }
    }
}

/// `auto` counts as not given. A value of another type means that the options were not [read](Options::read).
fn typed<T>(name: &str, value: &Value) -> Option<T> {
    debug_assert!(*value == Value::Auto, "{name} is {value:?}, which is not of its kind");
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_OPEN: Kind = Kind::Number(NumberRange::between(0.0, 1.0).below_high());
    const SIZE: Kind = Kind::Count(CountRange::at_least(1));

    fn names() -> Vec<Name> {
        vec![Name::new("heun"), Name::new("ddim")]
    }

    #[test]
    fn errors_say_what_is_expected() {
        let refused = |kind: Kind, text: &str, sentence: &str| {
            assert_eq!(kind.parse("x", text).expect_err(text).to_string(), sentence);
        };
        refused(SIZE, "0", "x: expected a whole number > 0, found 0");
        refused(SIZE, "-3", "x: expected a whole number > 0, found -3");
        refused(HALF_OPEN, "1", "x: expected a number from 0 to 1, below 1, found 1");
        refused(HALF_OPEN, "nan", "x: expected a number from 0 to 1, below 1, found nan");
        refused(Kind::Number(NumberRange::POSITIVE), "-1e-3", "x: expected a number > 0, found -1e-3");
        refused(Kind::Number(NumberRange::ANY), "inf", "x: expected a number, found inf");
        refused(Kind::AutoOr(&SIZE), "near", "x: expected auto, or a whole number > 0, found near");
        refused(Kind::Choice(names), "euler", "unknown x 'euler'; expected one of: heun, ddim");
        refused(Kind::Switch, "yes", "x: expected on or off, found yes");
        refused(Kind::List(&SIZE), "1,,2", "x: expected a whole number > 0, found nothing");
    }

    #[test]
    fn values_print_as_they_are_written() {
        for (kind, text) in [
            (SIZE, "12"),
            (Kind::Number(NumberRange::ANY), "-0.5"),
            (Kind::Number(NumberRange::ANY), "1e-6"),
            (Kind::Number(NumberRange::ANY), "1e20"),
            (Kind::Switch, "off"),
            (Kind::AutoOr(&SIZE), "auto"),
            (Kind::AutoOr(&SIZE), "3"),
            (Kind::Choice(names), "ddim"),
            (Kind::List(&SIZE), "1,2"),
            (Kind::Text("FILE"), "a b"),
            (Kind::Flag, ""),
        ] {
            let value = kind.parse("x", text).expect(text);
            assert_eq!(value.to_string(), text);
            assert_eq!(kind.read("x", &value).expect(text), value);
        }
    }

    #[test]
    fn typed_values_are_held_to_their_kind() {
        let number = Kind::Number(NumberRange::POSITIVE);
        assert_eq!(number.read("x", &Value::Count(3)).expect("a number"), Value::Number(3.0));
        assert!(number.read("x", &Value::Number(-1.0)).is_err());
        assert!(SIZE.read("x", &Value::Number(3.0)).is_err());
        assert!(SIZE.read("x", &Value::Flag(true)).is_err());
        assert_eq!(Kind::Switch.read("x", &Value::Flag(true)).expect("on"), Value::Switch(true));
    }
}
