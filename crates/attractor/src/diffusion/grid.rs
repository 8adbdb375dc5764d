//! Grids of noise levels, from each row's first level down, with one column for each row.

use std::convert::Infallible;
use std::str::FromStr;

use ndarray::Array2;

use super::quantile::beta_quantile;
use super::{Betas, Process};
use crate::error::{Error, Result};
use crate::options::{Name, find};
use crate::potentials::UnitNoise;

/// The exponent ρ of the samplers' default grid; `docs/how-to/choosing-a-sampler.md` explains the choice.
pub const RHO: f64 = 2.0;

/// How the levels of a grid are spaced, from σ₀ to the last one.
///
/// The first six are curves between any two levels: with u from 0 to 1, and a and b the first and last level,
///
/// ```text
/// powers          σ = (a^{1/ρ} + u (b^{1/ρ} − a^{1/ρ}))^ρ             (Karras et al. 2022, Eq. 5; ρ = 7 there)
/// exponential     σ = a (b/a)^u                                          ρ → ∞
/// polyexponential σ = b (a/b)^{(1−u)^ρ}                                  (k-diffusion)
/// times           t(σ) = t(b) + (1 − u)(t(a) − t(b))
/// beta            σ = b + q(1 − u) (a − b), q the quantiles of Beta(0.6, 0.6)  (Lee et al. 2024)
/// ```
///
/// The others are steps of a [table](Betas), as diffusers takes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Equal steps of σ^{1/ρ}, ρ = 2 if nothing else is said.
    Powers,
    /// The same with ρ = 7.
    Karras,
    /// Equal steps of ln σ.
    Exponential,
    /// Steps of ln σ like a power of equal steps, ρ = 1 if nothing else is said.
    Polyexponential,
    /// Equal steps of the process's time.
    Times,
    /// Quantiles of a beta distribution, dense at both ends.
    Beta,
    /// Equal steps over the whole table, with levels between those of the table: Euler, Heun and LMS of diffusers.
    Linspace,
    /// The same, to whole steps of the table: DDIM and DDPM of diffusers.
    LinspaceWhole,
    /// Whole steps, of one more, without the lowest: DPM-Solver++, UniPC and DEIS of diffusers.
    LinspaceDpm,
    /// Multiples of T/n, rounded down.
    Leading,
    /// Multiples of T/(n + 1), rounded down, without the lowest: DPM-Solver++, UniPC and DEIS of diffusers.
    LeadingDpm,
    /// Down from T − 1 in steps of T/n.
    Trailing,
}

impl Spacing {
    const ALL: [(&'static str, Spacing); 12] = [
        ("powers", Spacing::Powers),
        ("karras", Spacing::Karras),
        ("exponential", Spacing::Exponential),
        ("polyexponential", Spacing::Polyexponential),
        ("times", Spacing::Times),
        ("beta", Spacing::Beta),
        ("linspace", Spacing::Linspace),
        ("linspace-whole", Spacing::LinspaceWhole),
        ("linspace-dpm", Spacing::LinspaceDpm),
        ("leading", Spacing::Leading),
        ("leading-dpm", Spacing::LeadingDpm),
        ("trailing", Spacing::Trailing),
    ];

    /// The names, with a short description of each.
    pub fn names() -> Vec<Name> {
        let about = |spacing: &Spacing| match spacing {
            Spacing::Powers => "equal steps of sigma to the power 1/rho",
            Spacing::Karras => "the same with rho = 7",
            Spacing::Exponential => "equal steps of ln sigma",
            Spacing::Polyexponential => "steps of ln sigma like a power rho of equal steps",
            Spacing::Times => "equal steps of the time of the process",
            Spacing::Beta => "quantiles of a beta distribution, dense at both ends",
            Spacing::Linspace => "equal steps of the table of betas: Euler, Heun and LMS of diffusers",
            Spacing::LinspaceWhole => "the same, rounded: DDIM and DDPM of diffusers",
            Spacing::LinspaceDpm => {
                "the same of one step more, without the lowest: DPM-Solver++ and UniPC of diffusers"
            }
            Spacing::Leading => "multiples of a whole step of the table, from 0",
            Spacing::LeadingDpm => {
                "the same of one step more, without the lowest: DPM-Solver++ and UniPC of diffusers"
            }
            Spacing::Trailing => "steps of the table down from its highest level",
        };
        Self::ALL.iter().map(|(name, spacing)| Name::with_about(name, about(spacing))).collect()
    }

    /// The name.
    pub(super) fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }

    /// Whether its levels are steps of a table.
    pub(super) fn is_of_table(self) -> bool {
        self as usize >= Spacing::Linspace as usize
    }

    /// The exponent that it takes if none is given. `None` if it has no exponent.
    fn usual_rho(self) -> Option<f64> {
        match self {
            Spacing::Powers => Some(RHO),
            Spacing::Karras => Some(7.0),
            Spacing::Polyexponential => Some(1.0),
            _ => None,
        }
    }

    /// Whether it uses this option of a grid.
    pub(super) fn uses(self, option: &str) -> bool {
        match option {
            "rho" => self.usual_rho().is_some(),
            "last" => !self.is_of_table(),
            "shift" => self == Spacing::Times,
            "offset" => matches!(self, Spacing::Leading | Spacing::LeadingDpm),
            _ => true,
        }
    }
}

impl FromStr for Spacing {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        find("spacing", &Self::ALL, name)
    }
}

/// A grid from any first level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Levels {
    pub spacing: Spacing,
    /// `None` for the usual exponent of the spacing.
    pub rho: Option<f64>,
    /// The factor of noise whose times are taken.
    pub shift: f64,
    /// The last level of the curve. `None` for the usual one, which is `low`, or a tenth of the first if that is lower.
    pub last: Option<f64>,
    pub low: f64,
    /// The level where the grid ends.
    pub until: f64,
    pub steps: usize,
}

impl Levels {
    /// The levels from σ₀ of each row, (steps + 1) × B.
    pub fn of_process(&self, process: &Process, first: &[f64]) -> Array2<f64> {
        let Ok(levels) = self
            .levels::<Infallible>(first, &|level| Ok(process.time(level)), &|time| Ok(process.sigma(time)));
        levels
    }

    /// The same for unequal noise, whose own time is stepped.
    ///
    /// # Errors
    /// A level that its potential does not reach.
    pub fn of_noise(&self, noise: &UnitNoise, first: &[f64]) -> Result<Array2<f64>> {
        self.levels(first, &|level| Ok(noise.at(level)?.time), &|time| noise.level(time))
    }

    /// The levels, with a clock that tells the time of a level, and the level at a time.
    fn levels<E>(
        &self,
        first: &[f64],
        time: &dyn Fn(f64) -> std::result::Result<f64, E>,
        level: &dyn Fn(f64) -> std::result::Result<f64, E>,
    ) -> std::result::Result<Array2<f64>, E> {
        columns(first, self.steps, |start| {
            let until = self.until.min(start);
            // The number of levels along the curve, and the last of them.
            let (points, end) = match (self.last, self.spacing) {
                (Some(last), _) if last >= start => (1, start),
                (Some(last), _) => (self.steps, last.max(until)),
                (None, Spacing::Times) => (self.steps + 1, until),
                (None, _) if self.until > 0.0 => (self.steps + 1, until),
                (None, _) => (self.steps, self.low.min(start / 10.0)),
            };
            let clock = match self.spacing {
                Spacing::Times => Some((time(start / self.shift)?, time(end / self.shift)?)),
                _ => None,
            };
            (0..=self.steps)
                .map(|i| match clock {
                    _ if i == 0 => Ok(start),
                    _ if i >= points => Ok(until),
                    _ if i == points - 1 => Ok(end),
                    Some((a, b)) => {
                        Ok(self.shift * level(b + (a - b) * (1.0 - i as f64 / (points - 1) as f64))?)
                    }
                    None => Ok(self.curve(start, end, i as f64 / (points - 1) as f64)),
                })
                .collect()
        })
    }

    /// The level at a share u of the way from a > b ≥ 0, 0 < u < 1, for curves that need no clock.
    fn curve(&self, a: f64, b: f64, u: f64) -> f64 {
        let rho = self.rho.or(self.spacing.usual_rho()).unwrap_or(RHO);
        match self.spacing {
            _ if a == b => a,
            Spacing::Exponential => a * (b / a).powf(u),
            Spacing::Polyexponential => b * (a / b).powf((1.0 - u).powf(rho)),
            Spacing::Beta => b + beta_quantile(1.0 - u) * (a - b),
            _ => {
                let (a, b) = (a.powf(1.0 / rho), b.powf(1.0 / rho));
                (a + u * (b - a)).powf(rho)
            }
        }
    }

    /// The levels of a table above 0 that `steps` steps take, falling. `offset` moves leading steps up.
    pub fn of_table(&self, betas: &Betas, offset: usize) -> Vec<f64> {
        let table = betas.levels();
        let (count, n) = (table.len(), self.steps);
        let top = (count - 1) as f64;
        // As NumPy counts, so that halves are halves.
        let even = |of: usize, i: usize| if i == 0 { top } else { (of - i) as f64 * (top / of as f64) };
        let step = |i: usize| match self.spacing {
            Spacing::Linspace => even(n - 1, i),
            Spacing::LinspaceWhole => even(n - 1, i).round_ties_even(),
            Spacing::LinspaceDpm => even(n, i).round_ties_even(),
            Spacing::Leading => ((n - 1 - i) * (count / n) + offset) as f64,
            Spacing::LeadingDpm => ((n - i) * (count / (n + 1)) + offset) as f64,
            Spacing::Trailing => {
                (count as f64 - i as f64 * (count as f64 / n as f64)).round_ties_even() - 1.0
            }
            // Curves go from the highest level of the table to the lowest.
            _ => f64::NAN,
        };
        if self.spacing.is_of_table() {
            return (0..n).map(|i| Betas::at(&table, step(i))).collect();
        }
        let last = Some(self.last.unwrap_or(table[0]));
        let along = Levels { last, until: 0.0, ..*self };
        let mut levels =
            along.of_process(&Process::default(), &[table[count - 1]]).into_raw_vec_and_offset().0;
        levels.truncate(n);
        levels
    }
}

/// σ₀ of each row, then those of `levels` that are below it and above `until`, then `until`. `levels` are positive and falling.
/// Rows with fewer levels end with further levels `until`, at which no state moves.
pub(super) fn listed_levels(first: &[f64], levels: &[f64], until: f64) -> Array2<f64> {
    let steps = levels.len() + 1;
    let Ok(all) = columns::<Infallible>(first, steps, |start| {
        let below = levels.iter().filter(|level| **level < start && **level > until).copied();
        let ends = std::iter::repeat(until.min(start));
        Ok(std::iter::once(start).chain(below).chain(ends).take(steps + 1).collect())
    });
    all
}

/// One column for each row. Equal first levels share one computation.
fn columns<E>(
    first: &[f64],
    steps: usize,
    levels: impl Fn(f64) -> std::result::Result<Vec<f64>, E>,
) -> std::result::Result<Array2<f64>, E> {
    let mut all = Array2::zeros((first.len(), steps + 1));
    let mut column = Vec::new();
    for (row, mut to) in all.outer_iter_mut().enumerate() {
        if row == 0 || first[row] != first[row - 1] {
            column = levels(first[row])?;
        }
        to.iter_mut().zip(&column).for_each(|(to, level)| *to = *level);
    }
    Ok(all.reversed_axes())
}

/// [`Spacing::Powers`] with the exponent `rho` > 0: a larger one places more levels near 0. ρ = 1 gives equal steps in σ.
///
/// `first` holds σ₀ ≥ 0 of each row. The last level above 0 is `last`, or a tenth of σ₀ if that is smaller. Steps ≥ 1.
pub fn power_levels(first: &[f64], last: f64, rho: f64, steps: usize) -> Array2<f64> {
    usual(Spacing::Powers, Some(rho), last, steps).of_process(&Process::default(), first)
}

/// [`Spacing::Exponential`], with ends as in [`power_levels`]. Steps ≥ 1.
pub fn exponential_levels(first: &[f64], last: f64, steps: usize) -> Array2<f64> {
    usual(Spacing::Exponential, None, last, steps).of_process(&Process::default(), first)
}

/// The levels at equal steps of the process's own time down to 0 (Ambrogioni 2023, App. A). Steps ≥ 1.
pub fn time_levels(process: &Process, first: &[f64], steps: usize) -> Array2<f64> {
    usual(Spacing::Times, None, 0.0, steps).of_process(process, first)
}

/// A grid whose last level is at most a tenth of the first.
fn usual(spacing: Spacing, rho: Option<f64>, last: f64, steps: usize) -> Levels {
    Levels { spacing, rho, shift: 1.0, last: None, low: last, until: 0.0, steps }
}
