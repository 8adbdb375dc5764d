//! Grids of noise levels, from each row's first level down to 0, with one column for each row.

use std::str::FromStr;

use ndarray::{Array2, s};

use super::Process;
use crate::error::{Error, Result};
use crate::options::{Name, find};
use crate::potentials::UnitNoise;

/// The exponent ρ of the samplers' default grid; `docs/how-to/choosing-a-sampler.md` explains the choice.
pub const RHO: f64 = 2.0;

/// σ_i = (σ₀^{1/ρ} + i/(n−1) (σ_min^{1/ρ} − σ₀^{1/ρ}))^ρ for i < n, then 0 (Karras et al. 2022, Eq. 5).
///
/// `first` holds σ₀ ≥ 0 of each row. σ_min is `last`, or a tenth of σ₀ if that is smaller. A larger ρ > 0 places more
/// levels near 0: ρ = 1 gives equal steps in σ, ρ → ∞ equal steps in ln σ. Steps ≥ 1.
pub fn power_levels(first: &[f64], last: f64, rho: f64, steps: usize) -> Array2<f64> {
    columns(first, steps, |start| {
        let end = last.min(start / 10.0);
        let (a, b) = (start.powf(1.0 / rho), end.powf(1.0 / rho));
        move |i| match i {
            0 => start,
            _ if i == steps => 0.0,
            _ if i == steps - 1 => end,
            _ => (a + i as f64 / (steps - 1) as f64 * (b - a)).powf(rho),
        }
    })
}

/// How the levels of a grid are spaced, from σ₀ to the last one above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Equal steps of a power of σ: [`power_levels`].
    Powers,
    /// Equal steps of ln σ: [`exponential_levels`].
    Exponential,
    /// Equal steps of the process's time: [`time_levels`].
    Times,
}

impl Spacing {
    const ALL: [(&'static str, Spacing); 3] =
        [("powers", Spacing::Powers), ("exponential", Spacing::Exponential), ("times", Spacing::Times)];

    /// The names, with a short description of each.
    pub fn names() -> Vec<Name> {
        let about = |spacing: &Spacing| match spacing {
            Spacing::Powers => "equal steps of sigma to the power 1/rho",
            Spacing::Exponential => "equal steps of ln sigma",
            Spacing::Times => "equal steps of the time of the process",
        };
        Self::ALL.iter().map(|(name, spacing)| Name::with_about(name, about(spacing))).collect()
    }

    /// What its steps are equal in.
    pub(super) fn steps(self) -> &'static str {
        match self {
            Spacing::Powers => "a power of sigma",
            Spacing::Exponential => "ln sigma",
            Spacing::Times => "time",
        }
    }
}

impl FromStr for Spacing {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        find("spacing", &Self::ALL, name)
    }
}

/// σ_i = σ₀ (σ_min/σ₀)^{i/(n−1)} for i < n, then 0: the limit ρ → ∞ of [`power_levels`]. Steps ≥ 1.
pub fn exponential_levels(first: &[f64], last: f64, steps: usize) -> Array2<f64> {
    columns(first, steps, |start| {
        let end = last.min(start / 10.0);
        move |i| match i {
            0 => start,
            _ if i == steps => 0.0,
            _ if i == steps - 1 => end,
            _ => start * (end / start).powf(i as f64 / (steps - 1) as f64),
        }
    })
}

/// σ₀ of each row, then those of `levels` that are below it, then 0. `levels` are positive and falling. Rows with fewer levels
/// have further zeros, at which no state moves.
pub(super) fn listed_levels(first: &[f64], levels: &[f64]) -> Array2<f64> {
    columns(first, levels.len() + 1, |start| {
        let below = levels.iter().position(|level| *level < start).unwrap_or(levels.len());
        move |i| match i {
            0 => start,
            _ => levels.get(below + i - 1).copied().unwrap_or(0.0),
        }
    })
}

/// One column for each row. Equal first levels share one computation.
fn columns<L: Fn(usize) -> f64>(first: &[f64], steps: usize, levels: impl Fn(f64) -> L) -> Array2<f64> {
    let mut all = Array2::zeros((first.len(), steps + 1));
    let mut column = Vec::new();
    for (row, mut to) in all.outer_iter_mut().enumerate() {
        if row == 0 || first[row] != first[row - 1] {
            let level = levels(first[row]);
            column = (0..=steps).map(level).collect();
        }
        to.iter_mut().zip(&column).for_each(|(to, level)| *to = *level);
    }
    all.reversed_axes()
}

/// The levels at equal steps of the process's own time (the paper's grid: App. A). Steps ≥ 1.
pub fn time_levels(process: &Process, first: &[f64], steps: usize) -> Array2<f64> {
    columns(first, steps, |start| {
        let time = process.time(start);
        move |i| match i {
            0 => start,
            _ => process.sigma(time * (1.0 - i as f64 / steps as f64)),
        }
    })
}

/// The levels at equal steps of the time of a potential. Steps ≥ 1.
///
/// # Errors
/// A level that the potential does not reach.
pub fn potential_levels(noise: &UnitNoise, first: &[f64], steps: usize) -> Result<Array2<f64>> {
    let mut all = Array2::zeros((steps + 1, first.len()));
    for (row, &start) in first.iter().enumerate() {
        if row > 0 && start == first[row - 1] {
            let (before, mut own) = all.multi_slice_mut((s![.., row - 1], s![.., row]));
            own.assign(&before);
            continue;
        }
        let time = noise.at(start)?.time;
        for i in 0..steps {
            let level = match i {
                0 => start,
                _ => noise.level(time * (1.0 - i as f64 / steps as f64))?,
            };
            all[[i, row]] = level;
        }
    }
    Ok(all)
}
