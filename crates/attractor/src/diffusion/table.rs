//! Tables of noise levels, as of denoising diffusion models that are trained on numbered steps.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::options::{CountRange, Name, NumberRange};

/// A table of noise levels σ_k, k = 0 to T − 1, made of the variances β_k of a chain x_k = √(1 − β_k) x_{k−1} + √β_k ε (Ho et al. 2020,
/// Eq. 2 and 4):
///
/// ```text
/// σ_k = √((1 − a_k)/a_k),   a_k = Π_{i ≤ k} (1 − β_i)
/// ```
///
/// ```
/// use attractor::diffusion::Betas;
/// let levels = "linear".parse::<Betas>()?.levels();
/// // β₀ = 10⁻⁴, so σ₀ = √(10⁻⁴/(1 − 10⁻⁴)).
/// assert_eq!(levels.len(), 1000);
/// assert!((levels[0] - (1e-4_f64 / (1.0 - 1e-4)).sqrt()).abs() < 1e-12);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Betas {
    /// How β_k depends on k.
    pub kind: BetaKind,
    /// The number of steps T, 2 to 100,000. Default 1000.
    pub count: usize,
}

/// How the variances of a chain depend on the step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BetaKind {
    /// Equal steps from the first variance to the last (Ho et al. 2020). Default 10⁻⁴ to 0.02.
    Linear(f64, f64),
    /// Equal steps of √β (Rombach et al. 2022). Default 0.00085 to 0.012.
    ScaledLinear(f64, f64),
    /// a_k = cos²((k/T + 0.008)/1.008 · π/2), with β ≤ 0.999 (Nichol & Dhariwal 2021, Eq. 17).
    Cosine,
}

const COUNTS: CountRange = CountRange::between(2, 100_000);
const VARIANCES: NumberRange = NumberRange::between(1e-9, 0.999);

impl Betas {
    /// The grammars, with a short description of each.
    pub fn forms() -> Vec<Name> {
        vec![
            Name::with_about(
                "linear[:FIRST:LAST[:COUNT]]",
                "beta in equal steps, as of DDPM: linear:0.0001:0.02:1000",
            ),
            Name::with_about(
                "scaled-linear[:FIRST:LAST[:COUNT]]",
                "root of beta in equal steps, as of Stable Diffusion: scaled-linear:0.00085:0.012:1000",
            ),
            Name::with_about("cosine[:COUNT]", "squared cosine, as of improved DDPM: cosine:1000"),
        ]
    }

    /// σ_k for k = 0 to T − 1, rising.
    pub fn levels(&self) -> Vec<f64> {
        // ln a, whose sum keeps its digits where a is near 1.
        let mut log = 0.0;
        let levels = (0..self.count).map(|k| {
            log += (-self.beta(k)).ln_1p();
            (-log).exp_m1().sqrt()
        });
        levels.collect()
    }

    /// β of a step.
    fn beta(&self, k: usize) -> f64 {
        let share = |k: usize| k as f64 / (self.count - 1) as f64;
        match self.kind {
            BetaKind::Linear(first, last) => first + share(k) * (last - first),
            BetaKind::ScaledLinear(first, last) => {
                (first.sqrt() + share(k) * (last.sqrt() - first.sqrt())).powi(2)
            }
            BetaKind::Cosine => {
                let signal = |k: usize| {
                    let angle = (k as f64 / self.count as f64 + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2;
                    angle.cos().powi(2)
                };
                (1.0 - signal(k + 1) / signal(k)).min(0.999)
            }
        }
    }

    /// The level at a step that need not be whole, between those of its neighbours.
    pub(super) fn at(levels: &[f64], step: f64) -> f64 {
        let step = step.clamp(0.0, (levels.len() - 1) as f64);
        let below = step.floor();
        let share = step - below;
        let low = levels[below as usize];
        if share == 0.0 { low } else { low + share * (levels[below as usize + 1] - low) }
    }
}

impl fmt::Display for Betas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            BetaKind::Linear(first, last) => write!(f, "linear:{first}:{last}:{}", self.count),
            BetaKind::ScaledLinear(first, last) => write!(f, "scaled-linear:{first}:{last}:{}", self.count),
            BetaKind::Cosine => write!(f, "cosine:{}", self.count),
        }
    }
}

impl FromStr for Betas {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = text.split(':');
        let (name, values) = (parts.next().unwrap_or_default(), parts.collect::<Vec<_>>());
        let number = |text: &str| VARIANCES.parse("betas", text);
        let range = |usual: (f64, f64)| match values[..] {
            [] => Ok((usual, 1000)),
            [first, last] => Ok(((number(first)?, number(last)?), 1000)),
            [first, last, count] => Ok(((number(first)?, number(last)?), COUNTS.parse("betas", count)?)),
            _ => Err(unknown(text)),
        };
        let (kind, count) = match (name, &values[..]) {
            ("linear", _) => {
                let ((first, last), count) = range((1e-4, 0.02))?;
                (BetaKind::Linear(first, last), count)
            }
            ("scaled-linear", _) => {
                let ((first, last), count) = range((0.00085, 0.012))?;
                (BetaKind::ScaledLinear(first, last), count)
            }
            ("cosine", []) => (BetaKind::Cosine, 1000),
            ("cosine", [count]) => (BetaKind::Cosine, COUNTS.parse("betas", count)?),
            _ => return Err(unknown(text)),
        };
        Ok(Betas { kind, count: count as usize })
    }
}

fn unknown(text: &str) -> Error {
    let forms = Betas::forms();
    Error::unknown("betas", text, forms.iter().map(|form| form.name.as_ref()))
}
