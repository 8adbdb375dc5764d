//! The energy of dense associative memories: E(x) = −Σ_n F(x·y_n), and its logarithm for F = exp.

use std::fmt;
use std::str::FromStr;

use ndarray::{Array2, ArrayView2};

use super::{Energy, Flip, Gradient};
use crate::error::{Error, Result, check_width};
use crate::kernels::{Packed, add_signs, dots, exp_below, raise, split_sums, weighted_sums};
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
    columns: Columns<F>,
    interaction: Interaction,
}

/// The patterns as D × N, so that the values of one unit in all patterns lie side by side.
#[derive(Clone, Debug)]
enum Columns<F> {
    /// Patterns of ±1, with one bit for each: `words` words a unit.
    Signs {
        lines: Vec<u64>,
        words: usize,
    },
    Numbers(Array2<F>),
}

impl<F: Real> Columns<F> {
    fn of(patterns: &Patterns<F>) -> Self {
        let values = patterns.values();
        if values.iter().all(|y| y.abs() == F::ONE) {
            let bits = Packed::from_signs(values.t());
            return Columns::Signs { words: bits.words(), lines: bits.lines() };
        }
        Columns::Numbers(values.t().as_standard_layout().into_owned())
    }

    /// The bits of a unit in all patterns, if patterns are ±1.
    fn bits(&self, unit: usize) -> Option<&[u64]> {
        match self {
            Columns::Signs { lines, words } => Some(&lines[unit * words..(unit + 1) * words]),
            Columns::Numbers(_) => None,
        }
    }

    /// Adds `change` times the values of a unit to a number for each pattern.
    fn add(&self, unit: usize, change: f64, numbers: &mut [f64]) {
        match self {
            Columns::Signs { .. } => add_signs(self.bits(unit).expect("signs"), change, numbers),
            Columns::Numbers(values) => {
                numbers.iter_mut().zip(values.row(unit)).for_each(|(u, y)| *u += change * y.to_f64());
            }
        }
    }

    /// The value of a unit in pattern n.
    fn value(&self, unit: usize, n: usize) -> f64 {
        match self {
            Columns::Signs { lines, words } => {
                if lines[unit * words + n / 64] >> (n % 64) & 1 == 1 {
                    1.0
                } else {
                    -1.0
                }
            }
            Columns::Numbers(values) => values[[unit, n]].to_f64(),
        }
    }
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
        Ok(DenseEnergy { columns: Columns::of(&patterns), patterns, interaction })
    }

    /// The stored patterns.
    pub fn patterns(&self) -> &Patterns<F> {
        &self.patterns
    }

    /// The interaction function F.
    pub fn interaction(&self) -> Interaction {
        self.interaction
    }

    /// The value of a unit in pattern n.
    pub(super) fn value(&self, unit: usize, n: usize) -> f64 {
        self.columns.value(unit, n)
    }

    /// The negative energy of these overlaps, h(Σ F(u)).
    pub(super) fn negative_energy(&self, overlaps: impl Iterator<Item = f64> + Clone) -> f64 {
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

/// What patterns contribute to the drive of a unit, by the overlap with all other units: a table of N numbers for an
/// overlap that is one less than with the unit, one for an overlap that is one more, and one for an equal overlap if there are
/// units of 0. They stand behind the N overlaps.
///
/// For powers an entry is F(o + 1) − F(o − 1), so that the drive is half of Σ ±entry. For F = exp it is exp(o − top), and
/// the drive the logarithm of a ratio of such sums.
impl<F: Real> DenseEnergy<F> {
    /// Writes the tables of these overlaps.
    fn tabulate(&self, local: &mut [f64]) {
        let (overlaps, tables) = local.split_at_mut(self.patterns.len());
        let top = overlaps.iter().copied().fold(f64::NEG_INFINITY, f64::max) + 1.0;
        let mut more = vec![0.0; overlaps.len()];
        for (table, by) in tables.chunks_mut(overlaps.len()).zip(OFFSETS) {
            let shifted =
                |by: f64, to: &mut [f64]| to.iter_mut().zip(&*overlaps).for_each(|(t, u)| *t = u + by);
            match self.interaction {
                Interaction::Exponential => {
                    shifted(by, table);
                    exp_below(table, top);
                }
                Interaction::Polynomial(k) | Interaction::Rectified(k) => {
                    shifted(by + 1.0, table);
                    shifted(by - 1.0, &mut more);
                    if let Interaction::Rectified(_) = self.interaction {
                        table.iter_mut().chain(&mut more).for_each(|u| *u = u.max(0.0));
                    }
                    raise(table, k);
                    raise(&mut more, k);
                    table.iter_mut().zip(&more).for_each(|(up, down)| *up -= down);
                }
            }
        }
    }

    /// The drive of a unit of value x by the tables. `None` if there is none for x, or if rounding decides.
    fn tabulated(&self, x: f64, unit: usize, local: &[f64]) -> Option<f64> {
        /// The share of a sum up to which a difference of two may be rounding.
        const ROUNDING: f64 = 1e-12;
        let bits = self.columns.bits(unit)?;
        let tables = local.get(self.patterns.len()..)?;
        let table = |by: f64| {
            let number = OFFSETS.iter().position(|offset| *offset == by)?;
            tables.get(number * self.patterns.len()..(number + 1) * self.patterns.len())
        };
        // The overlap without the unit is less where the unit has the pattern's value, and more where it has not.
        let [up, down] = split_sums(bits, table(-x)?, table(x)?);
        match self.interaction {
            Interaction::Exponential => {
                let e = std::f64::consts::E;
                let certain = (up - down).abs() > ROUNDING * (up + down);
                certain.then(|| ((e * up + down / e) / (up / e + e * down)).ln() / 2.0)
            }
            Interaction::Polynomial(_) | Interaction::Rectified(_) => Some((up - down) / 2.0),
        }
    }
}

/// What the tables add to an overlap.
const OFFSETS: [f64; 3] = [-1.0, 1.0, 0.0];

impl<F: Real> Flip<F> for DenseEnergy<F> {
    /// The overlaps x·y_n: O(ND) once, then O(N) for each unit.
    fn local(&self, state: &[F]) -> Vec<f64> {
        let mut overlaps = vec![0.0; self.patterns.len()];
        for (unit, x) in state.iter().enumerate().filter(|(_, x)| **x != F::ZERO) {
            self.columns.add(unit, x.to_f64(), &mut overlaps);
        }
        overlaps
    }

    fn unfold(&self, state: &[F], local: &mut Vec<f64>) {
        if let Columns::Signs { .. } = self.columns {
            let tables = if state.contains(&F::ZERO) { 3 } else { 2 };
            local.resize((1 + tables) * self.patterns.len(), 0.0);
            self.tabulate(local);
        }
    }

    fn drive(&self, state: &[F], unit: usize, local: &[f64]) -> Result<f64> {
        let x = state[unit].to_f64();
        if let Some(drive) = self.tabulated(x, unit, local) {
            return Ok(drive);
        }
        let overlaps = &local[..self.patterns.len()];
        let with = |value: f64| {
            let moved = move |(n, u): (usize, &f64)| u + (value - x) * self.columns.value(unit, n);
            self.negative_energy(overlaps.iter().enumerate().map(moved))
        };
        Ok((with(1.0) - with(-1.0)) / 2.0)
    }

    fn flip(&self, state: &mut [F], unit: usize, value: F, local: &mut [f64]) {
        let change = value.to_f64() - state[unit].to_f64();
        self.columns.add(unit, change, &mut local[..self.patterns.len()]);
        if local.len() > self.patterns.len() {
            self.tabulate(local);
        }
        state[unit] = value;
    }
}
