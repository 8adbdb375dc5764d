//! Energies and slopes at places of a plane.

use attractor::energies::{Denoise, Energy};

use super::View;
use crate::Result;

/// How many states are computed at a time.
const BATCH: usize = 4096;

/// The energies at these places.
pub(super) fn energies(
    energy: &dyn Energy<f64>,
    view: &View,
    places: &[(f64, f64)],
    sigma: f64,
) -> Result<Vec<f64>> {
    let mut all = Vec::with_capacity(places.len());
    for places in places.chunks(BATCH) {
        all.extend(energy.energy(view.states(places).view(), &vec![sigma; places.len()])?);
    }
    Ok(all)
}

/// The pull D(z; σ) − z in the plane. Without a denoiser it is −∇E, by finite differences.
pub(super) fn pull(
    energy: Option<&dyn Energy<f64>>,
    denoiser: Option<&dyn Denoise<f64>>,
    view: &View,
    places: &[(f64, f64)],
    sigma: f64,
) -> Result<Vec<(f64, f64)>> {
    let Some(denoiser) = denoiser else {
        return energy.map_or(Ok(vec![(0.0, 0.0); places.len()]), |e| slope(e, view, places, sigma));
    };
    let mut pulls = Vec::with_capacity(places.len());
    for places in places.chunks(BATCH) {
        let goals = denoiser.denoise(view.states(places).view(), &vec![sigma; places.len()])?;
        pulls.extend(goals.outer_iter().zip(places).map(|(goal, place)| {
            let (x, y) = view.plane.place(&goal.to_vec());
            (x - place.0, y - place.1)
        }));
    }
    Ok(pulls)
}

/// −∇E in the plane, by finite differences over a ten-thousandth of the view.
fn slope(
    energy: &dyn Energy<f64>,
    view: &View,
    places: &[(f64, f64)],
    sigma: f64,
) -> Result<Vec<(f64, f64)>> {
    let step = 1e-4 * (view.x.1 - view.x.0);
    let energies = |by: (f64, f64)| -> Result<Vec<f64>> {
        let moved: Vec<(f64, f64)> = places.iter().map(|p| (p.0 + by.0, p.1 + by.1)).collect();
        self::energies(energy, view, &moved, sigma)
    };
    let (right, left) = (energies((step, 0.0))?, energies((-step, 0.0))?);
    let (above, below) = (energies((0.0, step))?, energies((0.0, -step))?);
    let down = |(high, low): (&f64, &f64)| -(high - low) / (2.0 * step);
    Ok(right.iter().zip(&left).map(down).zip(above.iter().zip(&below).map(down)).collect())
}

/// The energies E on a grid that minimise the sum over neighbours of (E' − E + h · pull)². The normal
/// equations are a Laplacian, solved by conjugate gradients. The free constant is set so that the lowest
/// energy is 0.
pub(super) fn fitted(pulls: &[(f64, f64)], columns: usize, spacing: (f64, f64)) -> Vec<f64> {
    /// The final residual, relative to the first.
    const ENOUGH: f64 = 1e-10;
    let neighbours = |i: usize| {
        let right = (!(i + 1).is_multiple_of(columns)).then_some((i + 1, true));
        let above = (i + columns < pulls.len()).then_some((i + columns, false));
        right.into_iter().chain(above)
    };
    // The desired E' − E between neighbours, by the trapezium rule.
    let rise = |i: usize, j: usize, across: bool| match across {
        true => -spacing.0 * (pulls[i].0 + pulls[j].0) / 2.0,
        false => -spacing.1 * (pulls[i].1 + pulls[j].1) / 2.0,
    };
    let spread = |differences: &dyn Fn(usize, usize, bool) -> f64| {
        let mut sums = vec![0.0; pulls.len()];
        for i in 0..pulls.len() {
            for (j, across) in neighbours(i) {
                let difference = differences(i, j, across);
                sums[j] += difference;
                sums[i] -= difference;
            }
        }
        sums
    };
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    let mut energies = vec![0.0; pulls.len()];
    let mut residual = spread(&rise);
    let mut direction = residual.clone();
    let first = dot(&residual, &residual);
    let mut square = first;
    for _ in 0..pulls.len() {
        if square <= ENOUGH * ENOUGH * first {
            break;
        }
        let image = spread(&|i, j, _| direction[j] - direction[i]);
        let length = square / dot(&direction, &image).max(f64::MIN_POSITIVE);
        energies.iter_mut().zip(&direction).for_each(|(e, d)| *e += length * d);
        residual.iter_mut().zip(&image).for_each(|(r, a)| *r -= length * a);
        let next = dot(&residual, &residual);
        direction.iter_mut().zip(&residual).for_each(|(d, r)| *d = r + next / square * *d);
        square = next;
    }
    let lowest = energies.iter().copied().fold(f64::INFINITY, f64::min);
    energies.iter().map(|e| e - lowest).collect()
}
