//! The kinds of values that an option can take.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::{CountRange, NumberRange, Value};
use crate::error::{Error, Result};

/// The kind of value that an option takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A flag, which is given or not.
    Flag,
    /// `on` or `off`.
    Switch,
    /// One name from a list; the function gives the list.
    Choice(fn() -> Vec<Name>),
    /// A whole number in a range.
    Count(CountRange),
    /// A finite number in a range.
    Number(NumberRange),
    /// The word `auto`, or a value of another kind.
    AutoOr(&'static Kind),
    /// A name that can have arguments, as in `poly:3`.
    Form(Form),
    /// Several values of another kind, separated by commas.
    List(&'static Kind),
    /// Any text. The field is its placeholder in help, such as FILE.
    Text(&'static str),
}

/// A name with a short description, which may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name as a user writes it; for a form its grammar, as in `poly:N`.
    pub name: Cow<'static, str>,
    /// A short description.
    pub about: Cow<'static, str>,
}

impl Name {
    /// A name without a description.
    pub const fn new(name: &'static str) -> Self {
        Self::with_about(name, "")
    }

    /// A name with a description.
    pub const fn with_about(name: &'static str, about: &'static str) -> Self {
        Name { name: Cow::Borrowed(name), about: Cow::Borrowed(about) }
    }
}

/// Names with arguments. The type that reads them supplies the grammar and the check.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// The grammars of the forms, with a short description of each.
    pub forms: fn() -> Vec<Name>,
    /// Returns an error for a text that is not one of the forms.
    pub check: fn(&str) -> Result<()>,
}

impl Form {
    /// Checks that a text can be read as a `T`.
    ///
    /// # Errors
    /// The error of the type.
    pub fn reads<T: FromStr<Err = Error>>(text: &str) -> Result<()> {
        text.parse::<T>().map(|_| ())
    }
}

impl Kind {
    /// Parses a value that a user wrote. `name` is the option's name, for the error.
    ///
    /// # Errors
    /// A text that is not a value of this kind; the error says what is expected.
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
                    false => Err(Error::unknown(name, text, names.iter().map(|n| n.name.as_ref()))),
                }
            }
            Kind::Count(range) => range.parse(name, text).map(Value::Count),
            Kind::Number(range) => range.parse(name, text).map(Value::Number),
            Kind::AutoOr(_) if text == "auto" => Ok(Value::Auto),
            // A text that is not a value of the other kind may have been meant as `auto`.
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

    /// Reads a value of any origin: text is [parsed](Self::parse), and a typed value is checked against this kind.
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
            // A whole number is also a number.
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

    /// The names that a value can have: those of a choice, the grammars of forms, and `auto`.
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

/// The names of a list of values, for use in [`Kind::Choice`].
pub fn names_of<T>(list: &[(&'static str, T)]) -> Vec<Name> {
    list.iter().map(|(name, _)| Name::new(name)).collect()
}

/// The value with this name in a list. `kind` is the kind of thing that is named, for the error.
///
/// # Errors
/// A name that is not in the list; the error lists the names.
pub fn find<T: Copy>(kind: &'static str, list: &[(&'static str, T)], name: &str) -> Result<T> {
    let found = list.iter().find(|(known, _)| *known == name);
    let known = || list.iter().map(|(known, _)| *known);
    found.map(|(_, value)| *value).ok_or_else(|| Error::unknown(kind, name, known()))
}

fn joined(names: &[Name]) -> String {
    names.iter().map(|n| n.name.as_ref()).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Kind {
    /// Writes what is expected, as the object of a sentence: "a whole number from 1 to 100", "euler, heun or ddim".
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
