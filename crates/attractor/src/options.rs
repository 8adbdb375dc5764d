//! Options with declared kinds: the one place where text becomes a value.
//!
//! A [`Parameter`] says what an option is called, what [`Kind`] of value it takes, what it is if it is not given,
//! and what it does. Flags of the command line, help, completions, Python signatures and the sentences of errors all
//! follow from these declarations. Values travel as [`Options`].
//!
//! ```
//! use attractor::options::{CountRange, Kind, Value};
//! let kind = Kind::Count(CountRange::between(1, 100));
//! assert_eq!(kind.parse("steps", "24")?, Value::Count(24));
//! let error = kind.parse("steps", "many").unwrap_err();
//! assert_eq!(error.to_string(), "steps: expected a whole number from 1 to 100, found many");
//! # Ok::<(), attractor::Error>(())
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// One option: its name, what it takes, its default and what it does.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name, as on the command line.
    pub name: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// What it is if it is not given.
    pub default: Fallback,
    /// What it does, in one sentence.
    pub help: &'static str,
}

impl Parameter {
    /// Reads a value that a user wrote.
    ///
    /// # Errors
    /// A text that is no value of its kind.
    pub fn parse(&self, text: &str) -> Result<Value> {
        self.kind.parse(self.name, text)
    }
}

/// What an option is if it is not given.
#[derive(Clone, Copy, Debug)]
pub enum Fallback {
    /// A value, as a user would write it.
    Is(&'static str),
    /// It depends: a rule in words, such as "80 times the units of a pattern".
    Rule(&'static str),
    /// A rule made of what is declared elsewhere.
    From(fn() -> String),
    /// Nothing.
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

/// One of several names, and what it means in a few words (which may be left out).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name, as a user writes it; of a form its grammar, as in `poly:N`.
    pub name: Cow<'static, str>,
    /// What it means.
    pub about: Cow<'static, str>,
}

impl Name {
    /// A name that needs no explanation.
    pub const fn new(name: &'static str) -> Self {
        Self::with_about(name, "")
    }

    /// A name and what it means.
    pub const fn with_about(name: &'static str, about: &'static str) -> Self {
        Name { name: Cow::Borrowed(name), about: Cow::Borrowed(about) }
    }
}

/// What kind of value an option takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Given or not.
    Flag,
    /// `on` or `off`.
    Switch,
    /// One name of the list that defines them.
    Choice(fn() -> Vec<Name>),
    /// A whole number of a range.
    Count(CountRange),
    /// A finite number of a range.
    Number(NumberRange),
    /// `auto`, or a value of another kind.
    AutoOr(&'static Kind),
    /// A name that may have arguments, as in `poly:3`.
    Form(Form),
    /// Values of another kind with commas between them.
    List(&'static Kind),
    /// Any text; holds what stands for it in help, such as FILE.
    Text(&'static str),
}

/// Names with arguments. Grammar and check come from the type that reads them.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// How each is written, and what it means.
    pub forms: fn() -> Vec<Name>,
    /// Refuses what is not one of them.
    pub check: fn(&str) -> Result<()>,
}

impl Form {
    /// Whether a text can be read as a `T`.
    ///
    /// # Errors
    /// As the type says.
    pub fn reads<T: FromStr<Err = Error>>(text: &str) -> Result<()> {
        text.parse::<T>().map(|_| ())
    }
}

/// Whole numbers from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountRange {
    low: u64,
    high: u64,
}

impl CountRange {
    /// Every whole number that 64 bits hold: seeds.
    pub const ANY: Self = Self::at_least(0);

    /// From `low` on.
    pub const fn at_least(low: u64) -> Self {
        Self::between(low, u64::MAX)
    }

    /// Both ends belong to it.
    pub const fn between(low: u64, high: u64) -> Self {
        CountRange { low, high }
    }

    /// Whether a number belongs to it.
    pub fn contains(self, value: u64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Reads a number that a user wrote.
    ///
    /// # Errors
    /// What is no whole number, or outside of the range.
    pub fn parse(self, name: &str, text: &str) -> Result<u64> {
        let count = text.parse().ok().filter(|count| self.contains(*count));
        count.ok_or_else(|| Error::parameter(name, self.to_string(), text))
    }

    /// Refuses a value outside of it.
    ///
    /// # Errors
    /// The value is.
    pub fn check(self, name: &str, value: u64) -> Result<()> {
        match self.contains(value) {
            true => Ok(()),
            false => Err(Error::parameter(name, self.to_string(), value)),
        }
    }
}

impl fmt::Display for CountRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.low, self.high) {
            (0, u64::MAX) => f.write_str("a whole number"),
            (1, u64::MAX) => f.write_str("a whole number > 0"),
            (low, u64::MAX) => write!(f, "a whole number from {low}"),
            (low, high) => write!(f, "a whole number from {low} to {high}"),
        }
    }
}

/// Finite numbers from `low` to `high`, with or without each end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberRange {
    low: f64,
    high: f64,
    has_low: bool,
    has_high: bool,
}

impl NumberRange {
    /// Every finite number.
    pub const ANY: Self = NumberRange { low: f64::MIN, high: f64::MAX, has_low: true, has_high: true };
    /// Numbers > 0.
    pub const POSITIVE: Self = Self::above(0.0);

    /// Numbers > `low`.
    pub const fn above(low: f64) -> Self {
        NumberRange { low, has_low: false, ..Self::ANY }
    }

    /// Numbers >= `low`.
    pub const fn at_least(low: f64) -> Self {
        NumberRange { low, ..Self::ANY }
    }

    /// Both ends belong to it.
    pub const fn between(low: f64, high: f64) -> Self {
        NumberRange { low, high, has_low: true, has_high: true }
    }

    /// The same without its upper end.
    pub const fn below_high(self) -> Self {
        NumberRange { has_high: false, ..self }
    }

    /// The same without its lower end.
    pub const fn above_low(self) -> Self {
        NumberRange { has_low: false, ..self }
    }

    /// Whether a number belongs to it.
    pub fn contains(self, value: f64) -> bool {
        let low = value > self.low || self.has_low && value == self.low;
        low && (value < self.high || self.has_high && value == self.high)
    }

    /// Reads a number that a user wrote.
    ///
    /// # Errors
    /// What is no finite number, or outside of the range.
    pub fn parse(self, name: &str, text: &str) -> Result<f64> {
        let number = text.parse().ok().filter(|number| self.contains(*number));
        number.ok_or_else(|| Error::parameter(name, self.to_string(), text))
    }

    /// Refuses a value outside of it.
    ///
    /// # Errors
    /// The value is, or is no finite number.
    pub fn check(self, name: &str, value: f64) -> Result<()> {
        match self.contains(value) {
            true => Ok(()),
            false => Err(Error::parameter(name, self.to_string(), value)),
        }
    }
}

impl fmt::Display for NumberRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (low, high) = (written(self.low, 1e6), written(self.high, 1e6));
        match (self.low == f64::MIN, self.high == f64::MAX) {
            (true, true) => f.write_str("a number"),
            (false, true) => write!(f, "a number {} {low}", if self.has_low { ">=" } else { ">" }),
            (true, false) => write!(f, "a number {} {high}", if self.has_high { "<=" } else { "<" }),
            (false, false) => match (self.has_low, self.has_high) {
                (true, true) => write!(f, "a number from {low} to {high}"),
                (false, false) => write!(f, "a number between {low} and {high}"),
                (true, false) => write!(f, "a number from {low} to {high}, below {high}"),
                (false, true) => write!(f, "a number above {low}, at most {high}"),
            },
        }
    }
}

/// A number as a user would write it: in full, or with an exponent where that would be mostly zeros.
fn written(number: f64, most: f64) -> String {
    match number == 0.0 || (1e-4..most).contains(&number.abs()) {
        true => number.to_string(),
        false => format!("{number:e}"),
    }
}

impl Kind {
    /// Reads a value that a user wrote. `name` is the option's, for the error.
    ///
    /// # Errors
    /// A text that is no value of this kind: the sentence says what is expected.
    pub fn parse(&self, name: &'static str, text: &str) -> Result<Value> {
        let refused = || Error::parameter(name, self.to_string(), text);
        match self {
            Kind::Flag => match text {
                "" | "true" => Ok(Value::Flag(true)),
                "false" => Ok(Value::Flag(false)),
                _ => Err(Error::parameter(name, "nothing after this flag", text)),
            },
            Kind::Switch => match text {
                "on" => Ok(Value::Switch(true)),
                "off" => Ok(Value::Switch(false)),
                _ => Err(refused()),
            },
            Kind::Choice(names) => {
                let names = names();
                match names.iter().any(|n| n.name == text) {
                    true => Ok(Value::Name(text.to_owned())),
                    false => {
                        Err(Error::UnknownName { kind: name, found: text.to_owned(), known: joined(&names) })
                    }
                }
            }
            Kind::Count(range) => range.parse(name, text).map(Value::Count),
            Kind::Number(range) => range.parse(name, text).map(Value::Number),
            Kind::AutoOr(_) if text == "auto" => Ok(Value::Auto),
            // What is no value of the other kind may have been meant to be auto.
            Kind::AutoOr(other) => other.parse(name, text).map_err(|error| match error {
                Error::Parameter { .. } => refused(),
                other => other,
            }),
            Kind::Form(form) => (form.check)(text).map(|()| Value::Name(text.to_owned())),
            Kind::List(each) => text
                .split(',')
                .map(|part| each.parse(name, part.trim()))
                .collect::<Result<_>>()
                .map(Value::List),
            Kind::Text(_) => Ok(Value::Text(text.to_owned())),
        }
    }

    /// Takes a value of any origin: text is [parsed](Self::parse), what already has a type is checked against this
    /// kind.
    ///
    /// # Errors
    /// A value of another kind, or outside the range.
    pub fn read(&self, name: &'static str, value: &Value) -> Result<Value> {
        match (self, value) {
            (_, Value::Text(text)) => self.parse(name, text),
            (Kind::Flag, Value::Flag(_)) | (Kind::Switch, Value::Switch(_)) => Ok(value.clone()),
            (Kind::Switch, Value::Flag(on)) => Ok(Value::Switch(*on)),
            (Kind::AutoOr(_), Value::Auto) => Ok(Value::Auto),
            (Kind::AutoOr(other), _) => other.read(name, value),
            (Kind::Choice(_) | Kind::Form(_), Value::Name(text)) => self.parse(name, text),
            (Kind::Count(range), Value::Count(count)) => range.check(name, *count).map(|()| value.clone()),
            (Kind::Number(range), Value::Number(number)) => {
                range.check(name, *number).map(|()| value.clone())
            }
            // A whole number is a number.
            (Kind::Number(range), Value::Count(count)) => {
                let number = *count as f64;
                range.check(name, number).map(|()| Value::Number(number))
            }
            (Kind::List(each), Value::List(values)) => {
                values.iter().map(|value| each.read(name, value)).collect::<Result<_>>().map(Value::List)
            }
            _ => Err(Error::parameter(name, self.to_string(), value)),
        }
    }

    /// The names that it may be, if it is one of several: those of a choice, how forms are written, `auto`.
    pub fn names(&self) -> Vec<Name> {
        match self {
            Kind::Switch => vec![Name::new("on"), Name::new("off")],
            Kind::Choice(names) => names(),
            Kind::Form(form) => (form.forms)(),
            Kind::AutoOr(other) => [vec![Name::new("auto")], other.names()].concat(),
            _ => Vec::new(),
        }
    }
}

/// The names of a list of values, for [`Kind::Choice`].
pub fn names_of<T>(list: &[(&'static str, T)]) -> Vec<Name> {
    list.iter().map(|(name, _)| Name::new(name)).collect()
}

/// The value of this name in a list. `kind` says what the name should name.
///
/// # Errors
/// A name that is not in the list; the error lists those that are.
pub fn find<T: Copy>(kind: &'static str, list: &[(&'static str, T)], name: &str) -> Result<T> {
    list.iter().find(|(known, _)| *known == name).map(|(_, value)| *value).ok_or_else(|| Error::UnknownName {
        kind,
        found: name.to_owned(),
        known: list.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
    })
}

fn joined(names: &[Name]) -> String {
    names.iter().map(|n| n.name.as_ref()).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Kind {
    /// What is expected, as the object of a sentence: "a whole number from 1 to 100", "euler, heun or ddim".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Flag => f.write_str("a flag"),
            Kind::Count(range) => range.fmt(f),
            Kind::Number(range) => range.fmt(f),
            Kind::AutoOr(other) => write!(f, "auto, or {other}"),
            Kind::List(each) => write!(f, "{each}, or several with commas between them"),
            Kind::Text(what) => write!(f, "{what}"),
            Kind::Switch | Kind::Choice(_) | Kind::Form(_) => {
                let names = self.names();
                match names.split_last() {
                    Some((last, [])) => f.write_str(&last.name),
                    Some((last, others)) => write!(f, "{} or {}", joined(others), last.name),
                    None => f.write_str("nothing"),
                }
            }
        }
    }
}

/// The value of an option. `Display` gives what a user would write.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of a flag; written as nothing.
    Flag(bool),
    /// On or off.
    Switch(bool),
    /// A whole number.
    Count(u64),
    /// A number.
    Number(f64),
    /// What the model finds itself.
    Auto,
    /// A name, with its arguments.
    Name(String),
    /// Several values.
    List(Vec<Value>),
    /// A text, or a value that has not been read yet.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Flag(true) => Ok(()),
            Value::Flag(false) => f.write_str("false"),
            Value::Switch(on) => f.write_str(if *on { "on" } else { "off" }),
            Value::Count(count) => write!(f, "{count}"),
            Value::Number(number) => f.write_str(&written(*number, 1e16)),
            Value::Auto => f.write_str("auto"),
            Value::Name(text) | Value::Text(text) => f.write_str(text),
            Value::List(values) => {
                for (n, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if n > 0 { "," } else { "" })?;
                }
                Ok(())
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Value::Text(text.clone())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Text(text)
    }
}

impl From<bool> for Value {
    fn from(on: bool) -> Self {
        Value::Flag(on)
    }
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Value::Count(count)
    }
}

impl From<usize> for Value {
    fn from(count: usize) -> Self {
        Value::Count(count as u64)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Value::Number(number)
    }
}

/// Values of options by name.
///
/// What users wrote becomes typed by [`read`](Self::read), which every model does before it looks at them.
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
    /// Sets an option: a typed value, or text that is still to be read.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Takes an option away.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// Sets all of these options.
    pub fn extend(&mut self, others: &Options) {
        self.0.extend(others.0.iter().map(|(name, value)| (name.clone(), value.clone())));
    }

    /// Names and values, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether none is set.
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

    /// These options with the types that are declared for them. A flag that is off is left out.
    ///
    /// # Errors
    /// A name that is not declared (`what` says what it should name), or a value that is not of its kind.
    pub fn read(&self, parameters: &[Parameter], what: &'static str) -> Result<Options> {
        let mut read = Options::default();
        for (name, value) in &self.0 {
            let Some(parameter) = parameters.iter().find(|p| p.name == name) else {
                let known = parameters.iter().map(|p| p.name).collect::<Vec<_>>().join(", ");
                return Err(Error::UnknownName { kind: what, found: name.clone(), known });
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

    /// A switch, if it is set and not `auto`.
    pub fn switch(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Value::Switch(on) => Some(*on),
            other => typed(name, other),
        }
    }

    /// A whole number, if it is set and not `auto`.
    pub fn count(&self, name: &str) -> Option<usize> {
        self.seed(name).map(|count| usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// A whole number of 64 bits, if it is set and not `auto`.
    pub fn seed(&self, name: &str) -> Option<u64> {
        match self.get(name)? {
            Value::Count(count) => Some(*count),
            other => typed(name, other),
        }
    }

    /// A number, if it is set and not `auto`.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Value::Number(number) => Some(*number),
            other => typed(name, other),
        }
    }

    /// What a name stands for, if it is set and not `auto`.
    ///
    /// # Errors
    /// As the type says.
    pub fn named<T: FromStr<Err = Error>>(&self, name: &str) -> Result<Option<T>> {
        self.text(name).map(str::parse).transpose()
    }

    /// A name or text as it is, if it is set and not `auto`.
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

/// `auto` is as good as not given. A value of another type was not [read](Options::read).
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
        refused(Kind::List(&SIZE), "1,,2", "x: expected a whole number > 0, found ");
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
