//! Ranges of numbers, and how they are described.

use std::fmt;

use crate::error::{Error, Result};

/// Whole numbers from `low` to `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountRange {
    low: u64,
    high: u64,
}

impl CountRange {
    /// All whole numbers of 64 bits, as for seeds.
    pub const ANY: Self = Self::at_least(0);

    /// The numbers from `low` on.
    pub const fn at_least(low: u64) -> Self {
        Self::between(low, u64::MAX)
    }

    /// The numbers from `low` to `high`, both included.
    pub const fn between(low: u64, high: u64) -> Self {
        CountRange { low, high }
    }

    /// Whether a number is in the range.
    pub fn contains(self, value: u64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Parses a number that a user wrote.
    ///
    /// # Errors
    /// A text that is not a whole number, or a number outside the range.
    pub fn parse(self, name: &str, text: &str) -> Result<u64> {
        let count = text.parse().ok().filter(|count| self.contains(*count));
        count.ok_or_else(|| Error::parameter(name, self.to_string(), text))
    }

    /// Checks that a value is in the range.
    ///
    /// # Errors
    /// A value outside the range.
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

/// Finite numbers from `low` to `high`, where each end can be included or not.
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

    /// The numbers from `low` to `high`, both included.
    pub const fn between(low: f64, high: f64) -> Self {
        NumberRange { low, high, has_low: true, has_high: true }
    }

    /// This range without its upper end.
    pub const fn below_high(self) -> Self {
        NumberRange { has_high: false, ..self }
    }

    /// This range without its lower end.
    pub const fn above_low(self) -> Self {
        NumberRange { has_low: false, ..self }
    }

    /// Whether a number is in the range.
    pub fn contains(self, value: f64) -> bool {
        let low = value > self.low || self.has_low && value == self.low;
        low && (value < self.high || self.has_high && value == self.high)
    }

    /// Parses a number that a user wrote.
    ///
    /// # Errors
    /// A text that is not a finite number, or a number outside the range.
    pub fn parse(self, name: &str, text: &str) -> Result<f64> {
        let number = text.parse().ok().filter(|number| self.contains(*number));
        number.ok_or_else(|| Error::parameter(name, self.to_string(), text))
    }

    /// Checks that a value is in the range.
    ///
    /// # Errors
    /// A value outside the range, or not finite.
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

/// A number as a user would write it: in full, or with an exponent if it would be mostly zeros.
pub(super) fn written(number: f64, most: f64) -> String {
    match number == 0.0 || (1e-4..most).contains(&number.abs()) {
        true => number.to_string(),
        false => format!("{number:e}"),
    }
}
