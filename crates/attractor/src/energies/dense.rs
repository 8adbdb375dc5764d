//! The energy of dense associative memories: E(x) = −Σ_n F(x·y_n), and its logarithm for F = exp.

use std::fmt;
use std::str::FromStr;

use ndarray::{Array2, ArrayView2};

use super::{Energy, Flip, Gradient};
use crate::error::{Error, Result, check_width};
use crate::kernels::{dots, weighted_sums};
use crate::options::Name;
use crate::patterns::Patterns;
use crate::real::Real;

/// The interaction function F of a dense associative memory (Krotov & Hopfield 2016).
///
/// F gives the energy of an overlap. The weights of patterns are the derivative F', so the interaction `poly:3`
/// belongs to the [separation](crate::separations) `poly:2` of a universal network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Interaction {
    /// F(u) = u^k, k ≥ 2. With an even k the pattern −y is stored as well.
    Polynomial(u32),
    /// F(u) = max(u, 0)^k, k ≥ 2.
    Rectified(u32),
    /// F(u) = exp(u); the energy is its logarithm, −ln Σ exp(x·y_n), which has the same minima.
    Exponential,
}

impl Interaction {
    /// The interactions by name.
    pub fn forms() -> Vec<Name> {
        vec![
            Name::with_about("poly:K", "u^K, K >= 2; even K also stores -y"),
            Name::with_about("relu:K", "max(u, 0)^K, K >= 2"),
            Name::with_about("exp", "exp(u)"),
        ]
    }
}

impl FromStr for Interaction {
    type Err = Error;

    /// Parses `poly:K`, `relu:K` or `exp`.
    fn from_str(text: &str) -> Result<Self> {
        let forms = ["poly:K", "relu:K (K a whole number ≥ 2)", "exp"];
        let unknown = || Error::unknown("interaction", text, forms);
        if text == "exp" {
            return Ok(Interaction::Exponential);
        }
        let (name, degree) = text.split_once(':').ok_or_else(unknown)?;
        let degree: u32 = degree.parse().map_err(|_| unknown())?;
        if degree < 2 {
            return Err(unknown());
        }
        match name {
            "poly" => Ok(Interaction::Polynomial(degree)),
            "relu" => Ok(Interaction::Rectified(degree)),
            _ => Err(unknown()),
        }
    }
}

impl fmt::Display for Interaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Interaction::Polynomial(k) => write!(f, "poly:{k}"),
            Interaction::Rectified(k) => write!(f, "relu:{k}"),
            Interaction::Exponential => write!(f, "exp"),
        }
    }
}

/// E(x) = −h(Σ_n F(x·y_n)): h = id for powers, h = ln for F = exp.
///
/// (Krotov & Hopfield 2016; Demircigil et al. 2017; Ambrogioni 2023, Eq. 4, which lacks the sign.)
/// For F = u² this is twice the classical energy with the diagonal kept.
#[derive(Clone, Debug)]
pub struct DenseEnergy<F> {
    patterns: Patterns<F>,
    /// The patterns as D × N, so that the values of one unit in all patterns lie side by side.
    columns: Array2<F>,
    interaction: Interaction,
}

impl<F: Real> DenseEnergy<F> {
    /// The landscape of these patterns, which should be ±1.
    ///
    /// # Errors
    /// A degree at which overlaps overflow f64.
    pub fn new(patterns: Patterns<F>, interaction: Interaction) -> Result<Self> {
        if let Interaction::Polynomial(k) | Interaction::Rectified(k) = interaction {
            let largest = patterns
                .values()
                .outer_iter()
                .map(|row| row.iter().map(|v| v.to_f64().abs()).sum::<f64>())
                .fold(0.0, f64::max);
            let size = f64::from(k) * largest.max(1.0).log10() + (patterns.len() as f64).log10();
            if size > 300.0 {
                let fits = ((300.0 - (patterns.len() as f64).log10()) / largest.log10()) as u32;
                return Err(Error::parameter(
                    "interaction degree",
                    format!(
                        "at most {fits} for these patterns (overlaps reach {largest}), or 'exp', which is kept in the log domain"
                    ),
                    k,
                ));
            }
        }
        let columns = patterns.values().t().as_standard_layout().into_owned();
        Ok(DenseEnergy { patterns, columns, interaction })
    }

    /// The stored patterns.
    pub fn patterns(&self) -> &Patterns<F> {
        &self.patterns
    }

    /// The interaction function F.
    pub fn interaction(&self) -> Interaction {
        self.interaction
    }

    /// The negative energy of these overlaps, h(Σ F(u)).
    fn negative_energy(&self, overlaps: impl Iterator<Item = f64> + Clone) -> f64 {
        match self.interaction {
            Interaction::Polynomial(k) => overlaps.map(|u| power(u, k)).sum(),
            Interaction::Rectified(k) => overlaps.map(|u| power(u.max(0.0), k)).sum(),
            Interaction::Exponential => {
                let top = overlaps.clone().fold(f64::NEG_INFINITY, f64::max);
                top + overlaps.map(|u| (u - top).exp()).sum::<f64>().ln()
            }
        }
    }
}

/// u^k by repeated squaring. Products are exact if they are integers below 2^53, and equal on every machine.
pub(crate) fn power(mut u: f64, mut k: u32) -> f64 {
    let mut result = 1.0;
    while k > 0 {
        if k & 1 == 1 {
            result *= u;
        }
        u *= u;
        k >>= 1;
    }
    result
}

impl<F: Real> Energy<F> for DenseEnergy<F> {
    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    fn energy(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Vec<f64>> {
        check_width("states", states.ncols(), self.patterns.dim())?;
        let overlaps = dots(states, self.patterns.values());
        let energy = |u: ndarray::ArrayView1<F>| -self.negative_energy(u.iter().map(|u| u.to_f64()));
        Ok(overlaps.outer_iter().map(energy).collect())
    }
}

impl<F: Real> Gradient<F> for DenseEnergy<F> {
    /// The gradient −Σ_n F'(x·y_n) y_n. For F = exp the weights are the softmax of the overlaps.
    fn gradient(&self, states: ArrayView2<F>, _level: &[f64]) -> Result<Array2<F>> {
        check_width("states", states.ncols(), self.patterns.dim())?;
        let mut weights = dots(states, self.patterns.values()).mapv(|u| u.to_f64());
        for mut row in weights.outer_iter_mut() {
            match self.interaction {
                Interaction::Polynomial(k) => row.mapv_inplace(|u| f64::from(k) * power(u, k - 1)),
                Interaction::Rectified(k) => row.mapv_inplace(|u| f64::from(k) * power(u.max(0.0), k - 1)),
                Interaction::Exponential => {
                    let top = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    row.mapv_inplace(|u| (u - top).exp());
                    let sum = row.sum();
                    row.mapv_inplace(|w| w / sum);
                }
            }
        }
        Ok(weighted_sums(weights.view(), self.patterns.values()).mapv(|g| F::from_f64(-g)))
    }
}

impl<F: Real> Flip<F> for DenseEnergy<F> {
    /// The overlaps x·y_n: O(ND) once, then O(N) for each unit.
    fn local(&self, state: &[F]) -> Vec<f64> {
        let mut overlaps = vec![0.0; self.patterns.len()];
        for (&x, column) in state.iter().zip(self.columns.outer_iter()) {
            if x != F::ZERO {
                overlaps.iter_mut().zip(column).for_each(|(u, y)| *u += x.to_f64() * y.to_f64());
            }
        }
        overlaps
    }

    fn drive(&self, state: &[F], unit: usize, local: &[f64]) -> Result<f64> {
        let x = state[unit].to_f64();
        let with = |value: f64| {
            let pairs = local.iter().zip(self.columns.row(unit).to_slice().expect("row-major"));
            self.negative_energy(pairs.map(move |(u, y)| u + (value - x) * y.to_f64()))
        };
        Ok((with(1.0) - with(-1.0)) / 2.0)
    }

    fn flip(&self, state: &mut [F], unit: usize, value: F, local: &mut [f64]) {
        let change = value.to_f64() - state[unit].to_f64();
        for (u, y) in local.iter_mut().zip(self.columns.row(unit)) {
            *u += change * y.to_f64();
        }
        state[unit] = value;
    }
}
