//! What a report says, declared once: the name, the kind and the meaning of each field, and how to read it.
//!
//! [`Row`](crate::memories::Row::FIELDS), [`TraceStep`](crate::analysis::TraceStep::FIELDS),
//! [`TraceEvents`](crate::analysis::TraceEvents::FIELDS) and [`Counts`](crate::analysis::Counts::FIELDS) have such a list. JSON,
//! CSV, arrays and tables are written from it, so a field that is added there is in all of them.

use std::borrow::Cow;

/// One field of a report of type `T`.
#[derive(Debug)]
pub struct Field<T: 'static> {
    /// Its name in JSON, CSV and arrays.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// What it means, in one sentence.
    pub doc: &'static str,
    /// Reads it.
    pub get: for<'a> fn(&'a T) -> Value<'a>,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number, such as the index of a memory or a step. Arrays hold −1 where there is none.
    Whole,
    /// A number. Arrays hold NaN where there is none.
    Number,
    /// A text.
    Text,
    /// One count for each memory.
    Counts,
    /// One number for each memory.
    Numbers,
    /// Indices of memories with their probabilities.
    Weights,
}

/// The value of one field.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// The model does not report it.
    None,
    /// A whole number.
    Whole(u64),
    /// A number.
    Number(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// One count for each memory.
    Counts(&'a [u64]),
    /// One number for each memory.
    Numbers(&'a [f64]),
    /// Indices of memories with their probabilities, best first.
    Weights(&'a [(usize, f64)]),
}

impl Value<'_> {
    /// It as one number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Whole(n) => Some(*n as f64),
            Value::Number(x) => Some(*x),
            _ => None,
        }
    }

    /// It as a whole number, if it is one.
    pub fn whole(&self) -> Option<u64> {
        match self {
            Value::Whole(n) => Some(*n),
            _ => None,
        }
    }
}

impl From<Option<f64>> for Value<'_> {
    fn from(number: Option<f64>) -> Self {
        number.map_or(Value::None, Value::Number)
    }
}

impl From<Option<usize>> for Value<'_> {
    fn from(number: Option<usize>) -> Self {
        number.map_or(Value::None, |n| Value::Whole(n as u64))
    }
}

/// The field of this name in a list.
///
/// ```
/// use attractor::fields::{Kind, field};
/// use attractor::memories::Row;
/// assert_eq!(field(Row::FIELDS, "overlap").map(|f| f.kind), Some(Kind::Number));
/// assert!(field(Row::FIELDS, "colour").is_none());
/// ```
pub fn field<T>(fields: &'static [Field<T>], name: &str) -> Option<&'static Field<T>> {
    fields.iter().find(|field| field.name == name)
}
