//! Values of options, and how they are written.

use std::fmt;

use super::range::written;

/// The value of an option. `Display` gives what a user would write.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// The value of a flag, which is written as an empty text.
    Flag(bool),
    /// A switch: on or off.
    Switch(bool),
    /// A whole number.
    Count(u64),
    /// A number.
    Number(f64),
    /// `auto`: the model finds the value itself.
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
