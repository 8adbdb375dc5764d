//! How steeply the overlap with a pattern becomes the weight of the next one.

use std::fmt;
use std::str::FromStr;

use crate::energies::power;
use crate::error::{Error, Result};
use crate::options::Name;

/// The function f of the overlaps u (Chaudhry et al. 2023). Its exponent is that of weights, as in the
/// [separations](crate::separations).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transition {
    /// f(u) = u^d, d ≥ 1. With d = 1 it is the asymmetric Hopfield network.
    Polynomial(u32),
    /// f(u) = exp((D − 1)(u − 1)).
    #[default]
    Exponential,
}

/// A smaller logarithm of a weight, relative to the best, has no effect. As 0 the weight costs nothing to read.
const LEAST: f64 = -100.0;

/// The largest degree. Weights of higher ones are those of the best pattern alone.
const MOST_DEGREE: u32 = 1000;

impl Transition {
    /// The functions by name.
    pub fn forms() -> Vec<Name> {
        vec![
            Name::with_about("poly:N", "u^N, N >= 1; poly:1 is the asymmetric Hopfield network"),
            Name::with_about("exp", "exp((units - 1)(u - 1)), which holds the most"),
        ]
    }

    /// The unit in which arguments up to `most` are taken, so that no weight overflows.
    pub(super) fn scale(self, most: f64) -> f64 {
        /// Powers below this are summed as they are. Those of whole numbers below 2⁵³ are then exact, and so are ties.
        const FITS: f64 = 250.0;
        match self {
            Transition::Polynomial(d) if f64::from(d) * most.max(1.0).log10() < FITS => 1.0,
            _ => most,
        }
    }

    /// The weight of an argument a = (D − 1)u, in any unit that is the same for all patterns. `scale` is that of the
    /// largest argument, and exponents are divided by `unit`.
    pub(super) fn weight(self, a: f64, scale: f64, unit: f64) -> f64 {
        match self {
            Transition::Polynomial(d) => power(a / scale, d),
            Transition::Exponential => match (a - scale) / unit {
                exponent if exponent < LEAST => 0.0,
                exponent => exponent.exp(),
            },
        }
    }

    /// Arguments that are farther below the largest have no weight. `None` if all have.
    pub(super) fn reach(self, unit: f64) -> Option<f64> {
        /// Far above the rounding of the exponent, and far below what a weight changes by.
        const ROOM: f64 = 1.0;
        match self {
            Transition::Polynomial(_) => None,
            Transition::Exponential => Some((ROOM - LEAST) * unit),
        }
    }

    /// f of a share of the units, as that of a window in which a memory was held: f(1) = 1.
    pub(super) fn of_share(self, share: f64, dim: usize) -> f64 {
        match self {
            Transition::Polynomial(d) => power(share, d),
            Transition::Exponential => ((dim as f64 - 1.0) * (share - 1.0)).exp(),
        }
    }
}

impl FromStr for Transition {
    type Err = Error;

    /// Parses `poly:N` or `exp`.
    fn from_str(text: &str) -> Result<Self> {
        if text == "exp" {
            return Ok(Transition::Exponential);
        }
        let degree = text.strip_prefix("poly:").and_then(|degree| degree.parse().ok());
        match degree.filter(|degree| (1..=MOST_DEGREE).contains(degree)) {
            Some(degree) => Ok(Transition::Polynomial(degree)),
            None => {
                let forms = [format!("poly:N (N a whole number from 1 to {MOST_DEGREE})"), "exp".to_owned()];
                Err(Error::unknown("separation", text, forms))
            }
        }
    }
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Transition::Polynomial(d) => write!(f, "poly:{d}"),
            Transition::Exponential => write!(f, "exp"),
        }
    }
}
