//! Energies and slopes at places of a plane.

use attractor::energies::{Denoise, Energy};

use ndarray::Array2;

use super::View;
use crate::{Field, Result};

/// How many states are computed at a time: a few million numbers, so that progress is seen.
fn batch(view: &View) -> usize {
    const NUMBERS: usize = 1 << 20;
    (NUMBERS / view.plane.axes()[0].len().max(1)).clamp(16, 4096)
}

/// Is told how many more states are done.
pub(super) type Progress<'a> = &'a mut dyn FnMut(usize);

/// The energies at these places.
pub(super) fn energies(
    energy: &dyn Energy<f64>,
    view: &View,
    places: &[(f64, f64)],
    sigma: f64,
    done: Progress,
) -> Result<Vec<f64>> {
    let mut all = Vec::with_capacity(places.len());
    for places in places.chunks(batch(view)) {
        all.extend(energy.energy(view.states(places).view(), &vec![sigma; places.len()])?);
        done(places.len());
    }
    Ok(all)
}

/// The pull D(z; σ) − z in the plane.
pub(super) fn pull(
    denoiser: &dyn Denoise<f64>,
    view: &View,
    places: &[(f64, f64)],
    sigma: f64,
    done: Progress,
) -> Result<Vec<(f64, f64)>> {
    let mut pulls = Vec::with_capacity(places.len());
    for places in places.chunks(batch(view)) {
        let goals = denoiser.denoise(view.states(places).view(), &vec![sigma; places.len()])?;
        pulls.extend(goals.outer_iter().zip(places).map(|(goal, place)| {
            let (x, y) = view.plane.place(&goal.to_vec());
            (x - place.0, y - place.1)
        }));
        done(places.len());
    }
    Ok(pulls)
}

/// −∇E in the plane on a grid, by differences between neighbouring places: exact for an energy of second degree.
pub(super) fn slopes(energies: &[f64], columns: usize, spacing: (f64, f64)) -> Vec<(f64, f64)> {
    let rows = energies.len() / columns;
    // The derivative at place i of n places, with the value at each given by `at`.
    let along = |i: usize, n: usize, step: f64, at: &dyn Fn(usize) -> f64| match (i, n) {
        (_, 2) => (at(1) - at(0)) / step,
        (0, _) => (-3.0 * at(0) + 4.0 * at(1) - at(2)) / (2.0 * step),
        (i, n) if i == n - 1 => (3.0 * at(i) - 4.0 * at(i - 1) + at(i - 2)) / (2.0 * step),
        (i, _) => (at(i + 1) - at(i - 1)) / (2.0 * step),
    };
    let slope = |i: usize| {
        let (row, column) = (i / columns, i % columns);
        let x = along(column, columns, spacing.0, &|column| energies[row * columns + column]);
        let y = along(row, rows, spacing.1, &|row| energies[row * columns + column]);
        (-x, -y)
    };
    (0..energies.len()).map(slope).collect()
}

/// The vectors of a grid at other places, interpolated.
pub(super) fn interpolated(
    view: &View,
    vectors: &[(f64, f64)],
    columns: usize,
    places: &[(f64, f64)],
) -> Vec<(f64, f64)> {
    let of = |part: fn(&(f64, f64)) -> f64| {
        let rows = vectors.len() / columns;
        let values = Array2::from_shape_fn((rows, columns), |(r, c)| part(&vectors[r * columns + c]));
        Field { x: view.x, y: view.y, values }
    };
    let (across, up) = (of(|v| v.0), of(|v| v.1));
    let share = |(low, high): (f64, f64), at: f64| (at - low) / (high - low);
    let at = |&(x, y): &(f64, f64)| {
        let (a, b) = (share(view.x, x), share(view.y, y));
        (across.value(a, b), up.value(a, b))
    };
    places.iter().map(at).collect()
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
