//! Axes: their range, their ticks and the labels of the ticks.

use crate::font::width_of;
use crate::{Error, Result};

/// An axis of a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The title, with the unit.
    pub title: String,
    /// Whether the axis is logarithmic.
    pub log: bool,
    /// The range that the axis shows. `None` takes the range of the data.
    pub range: Option<(f64, f64)>,
    /// Whether ticks and their numbers are left out, as for pictures. A panel with two such axes has no border either.
    pub bare: bool,
    /// Whether it counts something, so that its ticks are whole numbers.
    pub whole: bool,
    /// Whether it begins at 0, if no value is below.
    pub from_zero: bool,
}

impl Axis {
    /// A linear axis that covers the range of the data.
    pub fn linear(title: &str) -> Self {
        Axis { title: title.into(), log: false, range: None, bare: false, whole: false, from_zero: false }
    }

    /// A logarithmic axis that covers the data in whole decades.
    pub fn log(title: &str) -> Self {
        Axis { log: true, ..Axis::linear(title) }
    }

    /// The same axis with this range.
    pub fn within(self, low: f64, high: f64) -> Self {
        Axis { range: Some((low, high)), ..self }
    }

    /// The same axis without ticks and numbers.
    pub fn bare(self) -> Self {
        Axis { bare: true, ..self }
    }

    /// The same axis, with ticks at whole numbers only.
    pub fn whole(self) -> Self {
        Axis { whole: true, ..self }
    }

    /// The same axis, beginning at 0 if no value is below.
    pub fn from_zero(self) -> Self {
        Axis { from_zero: true, ..self }
    }

    pub(super) fn shows(&self, value: f64) -> bool {
        value.is_finite() && (value > 0.0 || !self.log)
    }

    /// The range of the axis: the one that was set, or that of these values.
    pub(super) fn ends(&self, values: impl Iterator<Item = f64>) -> Result<(f64, f64)> {
        if let Some((low, high)) = self.range {
            return if self.shows(low) && high.is_finite() && low < high {
                Ok((low, high))
            } else {
                Err(Error::Setting {
                    name: "range of an axis",
                    expected: format!(
                        "low < high{}",
                        if self.log { ", both > 0 on a logarithmic axis" } else { "" }
                    ),
                    found: format!("{low} to {high}"),
                })
            };
        }
        let (low, high) = values
            .filter(|&v| self.shows(v))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        if low > high {
            return Err(Error::Setting {
                name: "figure",
                expected: "a panel with a value that its axes can show".into(),
                found: format!("none for “{}”", self.title),
            });
        }
        let low = if self.from_zero && !self.log { low.min(0.0) } else { low };
        Ok(if self.log {
            let (low, high) = (low.log10().floor(), high.log10().ceil());
            (10f64.powf(low), 10f64.powf(high.max(low + 1.0)))
        } else if low < high {
            (low, high)
        } else if self.from_zero {
            (low, high + 1.0)
        } else {
            (low - 0.5, high + 0.5)
        })
    }

    /// The values of the ticks with their labels, about `most` of them at most.
    pub(super) fn ticks(&self, (low, high): (f64, f64), most: usize) -> Vec<(f64, String)> {
        match (self.bare, self.log) {
            (true, _) => Vec::new(),
            (false, true) => log_ticks(low, high, most),
            (false, false) => linear_ticks(low, high, most, if self.whole { 1.0 } else { 0.0 }),
        }
    }

    /// The width of the widest label that the axis may have, however many ticks it gets.
    pub(super) fn widest(&self, ends: (f64, f64), size: f64) -> f64 {
        let labels = (2..=8).flat_map(|most| self.ticks(ends, most));
        labels.map(|(_, text)| width_of(&text, size)).fold(0.0, f64::max)
    }
}

fn linear_ticks(low: f64, high: f64, most: usize, least: f64) -> Vec<(f64, String)> {
    let rough = ((high - low) / most.max(2) as f64).max(least);
    let unit = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].iter().map(|m| m * unit).find(|s| *s >= rough * 0.999).unwrap_or(rough);
    let digits = (-step.log10().floor()).max(0.0) as usize;
    // The range is widened a little, so that a tick at an end is not lost to rounding.
    let (first, last) = ((low / step - 1e-6).ceil() as i64, (high / step + 1e-6).floor() as i64);
    let written = |value: f64| match (-5..6).contains(&(step.log10().floor() as i32)) {
        true => format!("{value:.digits$}").replace('-', "−"),
        false => format!("{value:e}").replace('-', "−"),
    };
    (first..=last).map(|i| i as f64 * step).map(|v| (v, written(v))).collect()
}

fn log_ticks(low: f64, high: f64, most: usize) -> Vec<(f64, String)> {
    let decades = (high / low).log10();
    let within = |v: &f64| (low * 0.999_999..=high * 1.000_001).contains(v);
    let exponents = low.log10().floor() as i32..=high.log10().ceil() as i32;
    if decades <= 1.5 {
        let values = exponents.flat_map(|e| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(e)));
        return values.filter(within).map(|v| (v, power_of_ten(v))).collect();
    }
    let every = ((decades / most.max(1) as f64).ceil() as i32).max(1);
    let powers = exponents.filter(|e| e.rem_euclid(every) == 0).map(|e| 10f64.powi(e));
    powers.filter(within).map(|v| (v, power_of_ten(v))).collect()
}

/// Writes 0.01 to 1000 as plain numbers, and other powers of ten as 10ⁿ.
fn power_of_ten(value: f64) -> String {
    let exponent = value.log10();
    if (0.00999..=1000.1).contains(&value) || (exponent - exponent.round()).abs() > 1e-6 {
        return format!("{value}");
    }
    let digits = (exponent.round() as i32).to_string();
    let raised = digits.chars().map(|c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        c => char::from_u32('⁰' as u32 + c.to_digit(10).unwrap_or(0)).unwrap_or('⁰'),
    });
    format!("10{}", raised.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_written_as_powers() {
        let written = [1e-12, 1e-3, 0.01, 1.0, 20.0, 1000.0, 1e4].map(power_of_ten);
        assert_eq!(written, ["10⁻¹²", "10⁻³", "0.01", "1", "20", "1000", "10⁴"]);
    }

    #[test]
    fn an_axis_from_zero_has_no_values_below() {
        let ends = |values: &[f64]| Axis::linear("x").from_zero().ends(values.iter().copied()).expect("ends");
        assert_eq!(
            [ends(&[0.0, 0.0]), ends(&[0.3, 2.0]), ends(&[-1.0, 2.0])],
            [(0.0, 1.0), (0.0, 2.0), (-1.0, 2.0)]
        );
    }

    #[test]
    fn ticks_are_round_numbers_inside_the_ends() {
        let texts = |axis: Axis, ends, most| -> Vec<String> {
            axis.ticks(ends, most).into_iter().map(|(_, text)| text).collect()
        };
        assert_eq!(
            texts(Axis::linear("x"), (-1.5, 1.5), 6),
            ["−1.5", "−1.0", "−0.5", "0.0", "0.5", "1.0", "1.5"]
        );
        assert_eq!(texts(Axis::linear("x"), (0.0, 1.0), 4), ["0.0", "0.5", "1.0"]);
        assert_eq!(texts(Axis::linear("x"), (0.0, 2000.0), 4), ["0", "500", "1000", "1500", "2000"]);
        assert_eq!(texts(Axis::log("x"), (3.0, 700.0), 5), ["10", "100"]);
        assert_eq!(texts(Axis::log("x"), (1e-10, 1.0), 5), ["10⁻¹⁰", "10⁻⁸", "10⁻⁶", "10⁻⁴", "0.01", "1"]);
        assert_eq!(texts(Axis::log("x"), (1.0, 10.0), 5), ["1", "2", "5", "10"]);
        assert_eq!(texts(Axis::linear("x").whole(), (0.0, 2.0), 8), ["0", "1", "2"]);
        assert!(texts(Axis::linear("x").bare(), (0.0, 1.0), 4).is_empty());
    }
}
