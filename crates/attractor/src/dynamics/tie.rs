//! What a unit becomes whose field is exactly 0.

use std::str::FromStr;

use ndarray::{ArrayView2, ArrayViewMut2};

use crate::error::{Error, Result};
use crate::options::{Fallback, Kind, Name, Parameter, find};
use crate::real::Real;

/// The value of a unit whose field is exactly 0, in every rule that takes signs of fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tie {
    /// The unit keeps the sign of its value; a unit of 0 stays 0.
    #[default]
    Keep,
    /// +1, as where sign(0) is taken to be 1.
    Up,
    /// 0, as `numpy.sign` has it.
    Zero,
}

/// The option for ties.
pub const TIE: Parameter = Parameter {
    name: "tie",
    kind: Kind::Choice(Tie::names),
    default: Fallback::Is("keep"),
    help: "What a unit becomes whose field is exactly 0: what it was, +1, or 0",
};

impl Tie {
    const ALL: [(&'static str, Tie); 3] = [("keep", Tie::Keep), ("+1", Tie::Up), ("0", Tie::Zero)];

    /// The names, with a short description of each.
    pub fn names() -> Vec<Name> {
        let about = |tie: &Tie| match tie {
            Tie::Keep => "the unit keeps its sign",
            Tie::Up => "+1",
            Tie::Zero => "0",
        };
        Self::ALL.iter().map(|(name, tie)| Name::with_about(name, about(tie))).collect()
    }

    /// Replaces some states by the signs of their fields.
    pub(crate) fn signs<F: Real>(self, fields: ArrayView2<f64>, mut states: ArrayViewMut2<F>) {
        const SOME: usize = 16;
        for (fields, mut states) in fields.outer_iter().zip(states.outer_iter_mut()) {
            let (Some(fields), Some(states)) = (fields.as_slice(), states.as_slice_mut()) else {
                states.zip_mut_with(&fields, |x, &field| *x = self.sign(field, *x));
                continue;
            };
            for (fields, states) in fields.chunks(SOME).zip(states.chunks_mut(SOME)) {
                if fields.iter().fold(true, |all, field| all & (field.abs() > 0.0)) {
                    let sign = |field: f64| if field > 0.0 { F::ONE } else { -F::ONE };
                    states.iter_mut().zip(fields).for_each(|(x, &field)| *x = sign(field));
                } else {
                    states.iter_mut().zip(fields).for_each(|(x, &field)| *x = self.sign(field, *x));
                }
            }
        }
    }

    /// The sign of a field, for a unit of this value.
    pub(crate) fn sign<F: Real>(self, field: f64, value: F) -> F {
        // Fields of either sign come at random, and a branch would be taken wrongly half of the time.
        let sign = i8::from(field > 0.0) - i8::from(field < 0.0);
        if sign != 0 {
            return F::from_f64(f64::from(sign));
        }
        match self {
            Tie::Keep if value > F::ZERO => F::ONE,
            Tie::Keep if value < F::ZERO => -F::ONE,
            Tie::Keep | Tie::Zero => F::ZERO,
            Tie::Up => F::ONE,
        }
    }
}

impl FromStr for Tie {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        find("tie", &Self::ALL, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ties_differ() {
        for (name, of_ties) in [("keep", [-1.0, 0.0, 1.0]), ("+1", [1.0; 3]), ("0", [0.0; 3])] {
            let tie: Tie = name.parse().expect("a tie");
            for (value, expected) in [-0.5, 0.0, 2.0].into_iter().zip(of_ties) {
                assert_eq!(tie.sign::<f64>(0.0, value), expected, "{name} at {value}");
                assert_eq!((tie.sign(1e-300, value), tie.sign(-1e-300, value)), (1.0, -1.0), "{name}");
            }
        }
    }
}
