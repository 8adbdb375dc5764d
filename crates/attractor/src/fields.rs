//! The fields of reports, each declared once: its name, kind, meaning, and how to read it.
//!
//! Each of the reports [`Row`](crate::memories::Row::FIELDS), [`TraceStep`](crate::analysis::TraceStep::FIELDS),
//! [`TraceEvents`](crate::analysis::TraceEvents::FIELDS) and [`Counts`](crate::analysis::Counts::FIELDS)
//! lists its fields in this way. JSON, CSV, arrays and tables are all written from these lists, so a field that is
//! added to a list appears in all of them.

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
    /// Reads the field's value from a report.
    pub get: for<'a> fn(&'a T) -> Value<'a>,
}

/// The type of a field's value.
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
    /// Whole numbers, of which each row has its own number, such as one for each step. Arrays end in −1.
    List,
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
    /// Whole numbers.
    List(&'a [usize]),
    /// Indices of memories with their probabilities, best first.
    Weights(&'a [(usize, f64)]),
}

impl Value<'_> {
    /// The value as one number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Whole(n) => Some(*n as f64),
            Value::Number(x) => Some(*x),
            _ => None,
        }
    }

    /// The value as a whole number, if it is one.
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

/// The field with this name in a list of fields.
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
