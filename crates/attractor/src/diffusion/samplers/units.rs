//! The noise levels of the units of a state at both ends of a step.

use crate::energies::NoiseShape;
use crate::error::{Error, Result};

/// A value for all units of a state, or one for each.
#[derive(Clone)]
pub(super) enum Units<T> {
    All(T),
    Each(Vec<T>),
}

impl<T: Copy> Units<T> {
    /// The value for a unit.
    pub fn at(&self, unit: usize) -> T {
        match self {
            Units::All(value) => *value,
            Units::Each(values) => values[unit],
        }
    }

    /// The results of a function of the values.
    pub fn map<U>(&self, f: impl Fn(T) -> U) -> Units<U> {
        match self {
            Units::All(value) => Units::All(f(*value)),
            Units::Each(values) => Units::Each(values.iter().map(|&value| f(value)).collect()),
        }
    }
}

/// The levels of the units of each row at both ends of a step, from the levels of the rows.
pub(super) fn ends(noise: NoiseShape, from: &[f64], to: &[f64]) -> Result<Vec<Units<(f64, f64)>>> {
    let NoiseShape::Units(noise) = noise else {
        return Ok(from.iter().zip(to).map(|(&from, &to)| Units::All((from, to))).collect());
    };
    let mut all: Vec<Units<(f64, f64)>> = Vec::with_capacity(from.len());
    for k in 0..from.len() {
        // Most rows have the same levels.
        if k > 0 && (from[k], to[k]) == (from[k - 1], to[k - 1]) {
            all.push(all[k - 1].clone());
            continue;
        }
        let (start, end) = (noise.at(from[k])?.levels, noise.at(to[k])?.levels);
        all.push(Units::Each(start.into_iter().zip(end).collect()));
    }
    Ok(all)
}

/// Returns an error for correlated noise. Samplers move each unit by its own level.
pub(super) fn check_along(noise: NoiseShape) -> Result<()> {
    match noise {
        NoiseShape::Equal | NoiseShape::Units(_) => Ok(()),
        NoiseShape::Turned(..) => Err(Error::Undefined {
            model: "a memory with correlated noise",
            what: "sampler over its units",
            reason: "its states must be turned to the directions of the noise: see `Correlated::along`"
                .into(),
        }),
    }
}
