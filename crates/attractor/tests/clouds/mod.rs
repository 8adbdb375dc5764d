//! Shapes as clouds of weighted points, fine enough to integrate at one level: nothing but their definitions.
#![allow(missing_docs)]

use std::f64::consts::TAU;

use attractor::energies::shapes::ShapeMoments;
use ndarray::{Array1, Array2, aview1};

/// Weights and points.
pub type Points = Vec<(f64, Vec<f64>)>;
/// The cloud of a shape for states near z at level σ (from 10⁻² on).
pub type Cloud = Box<dyn Fn(&[f64], f64) -> Points>;

/// The definition of a reading, summed.
pub fn read(points: &Points, z: &[f64], sigma: f64) -> (ShapeMoments, Vec<f64>) {
    let exponents = exponents(points, z, sigma);
    let most = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut total, mut second, mut mean) = (0.0, 0.0, vec![0.0; z.len()]);
    for ((weight, y), exponent) in points.iter().zip(exponents) {
        let w = weight * (exponent - most).exp();
        total += w;
        mean.iter_mut().zip(y).for_each(|(m, y)| *m += w * y);
        second += w * y.iter().map(|y| y * y).sum::<f64>();
    }
    mean.iter_mut().for_each(|m| *m /= total);
    (ShapeMoments { log_sum: most + total.ln(), second: second / total }, mean)
}

fn exponents(points: &Points, z: &[f64], sigma: f64) -> Vec<f64> {
    let square = |y: &[f64]| y.iter().zip(z).map(|(y, z)| (y - z).powi(2)).sum::<f64>();
    points.iter().map(|(_, y)| -square(y) / (2.0 * sigma * sigma)).collect()
}

/// Ten bins of about equal posterior probability along a direction: nine edges, ten shares.
pub fn bins(points: &Points, z: &[f64], sigma: f64, direction: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let exponents = exponents(points, z, sigma);
    let most = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut line: Vec<(f64, f64)> = points
        .iter()
        .zip(exponents)
        .map(|((w, y), e)| (y.iter().zip(direction).map(|(y, d)| y * d).sum(), w * (e - most).exp()))
        .collect();
    line.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = line.iter().map(|(_, w)| w).sum();
    let (mut edges, mut shares, mut sum, mut last) = (Vec::new(), Vec::new(), 0.0, 0.0);
    for pair in line.windows(2) {
        // The node's own share lies half on each side; the edge is between it and the next.
        sum += pair[0].1 / total;
        if edges.len() < 9 && sum >= 0.1 * (edges.len() + 1) as f64 && pair[1].0 > pair[0].0 {
            edges.push(0.5 * (pair[0].0 + pair[1].0));
            shares.push(sum - last);
            last = sum;
        }
    }
    shares.push(1.0 - last);
    (edges, shares)
}

fn at(origin: &[f64], directions: &Array2<f64>, u: &[f64]) -> Vec<f64> {
    (&aview1(origin) + &aview1(u).dot(directions)).to_vec()
}

/// The coordinates of z, to choose where nodes are.
fn near(origin: &[f64], directions: &Array2<f64>, z: &[f64]) -> Array1<f64> {
    directions.dot(&(&aview1(z) - &aview1(origin)))
}

/// The trapezoidal rule over the coordinates, exact to rounding for Gaussians once the step is below half a
/// deviation: nodes about the posterior.
pub fn gaussian(origin: &[f64], directions: &Array2<f64>, deviations: &[f64]) -> Cloud {
    // One direction has to do for a histogram; of two, the products of nodes do.
    let count = if deviations.len() == 1 { 4000 } else { 240 };
    let (origin, directions, deviations) = (origin.to_vec(), directions.clone(), deviations.to_vec());
    Box::new(move |z, sigma| {
        let u = near(&origin, &directions, z);
        let mut points = vec![(1.0, vec![])];
        for (u, &tau) in u.iter().zip(&deviations) {
            let flat = tau.is_infinite();
            let share = if flat { 1.0 } else { 1.0 / (1.0 + (sigma / tau).powi(2)) };
            let (middle, width) = (u * share, sigma * share.sqrt());
            let step = 40.0 * width / count as f64;
            points = points
                .iter()
                .flat_map(|(weight, coordinates): &(f64, Vec<f64>)| {
                    (0..=count).map(move |i| {
                        let v = middle + step * (i as f64 - 0.5 * count as f64);
                        let density =
                            if flat { 1.0 } else { (-0.5 * (v / tau).powi(2)).exp() / (TAU.sqrt() * tau) };
                        (weight * step * density, [&coordinates[..], &[v]].concat())
                    })
                })
                .collect();
        }
        points.into_iter().map(|(w, u)| (w, at(&origin, &directions, &u))).collect()
    })
}

/// One direction.
pub fn line(origin: &[f64], direction: &Array2<f64>, deviation: f64) -> Cloud {
    gaussian(origin, direction, &[deviation])
}

/// Gauss–Legendre's five nodes in each of `panels` pieces of (−1, 1), with weights that sum to 1.
fn legendre(panels: usize) -> impl Iterator<Item = (f64, f64)> {
    const NODES: [(f64, f64); 5] = [
        (-0.906179845938664, 0.2369268850561891),
        (-0.5384693101056831, 0.4786286704993665),
        (0.0, 0.5688888888888889),
        (0.5384693101056831, 0.4786286704993665),
        (0.906179845938664, 0.2369268850561891),
    ];
    (0..panels).flat_map(move |panel| {
        NODES.map(|(x, w)| ((2.0 * panel as f64 + 1.0 + x) / panels as f64 - 1.0, w / 2.0 / panels as f64))
    })
}

pub fn segment(from: &[f64], to: &[f64]) -> Cloud {
    let (from, to) = (from.to_vec(), to.to_vec());
    Box::new(move |_, _| {
        let mix = |s: f64| from.iter().zip(&to).map(|(a, b)| 0.5 * ((1.0 - s) * a + (1.0 + s) * b)).collect();
        // Denser towards the ends, where little is left of a state far beyond them.
        let bend = |x: f64| (0.5 * x * (3.0 - x * x), 1.5 * (1.0 - x * x));
        legendre(3000).map(|(x, w)| (w * bend(x).1, mix(bend(x).0))).collect()
    })
}

pub fn pair(centre: &[f64], radius: f64, directions: &Array2<f64>) -> Cloud {
    let ends = [radius, -radius].map(|r| (0.5, at(centre, directions, &[r])));
    Box::new(move |_, _| ends.to_vec())
}

/// Equal angles: exact to rounding for smooth functions on the circle.
pub fn arc(centre: &[f64], radius: f64, directions: &Array2<f64>) -> Cloud {
    const ANGLES: usize = 6000;
    let (centre, directions) = (centre.to_vec(), directions.clone());
    Box::new(move |_, _| {
        let angles = (0..ANGLES).map(|i| TAU * i as f64 / ANGLES as f64);
        angles
            .map(|a| (1.0 / ANGLES as f64, at(&centre, &directions, &[radius * a.cos(), radius * a.sin()])))
            .collect()
    })
}

/// Equal angles about the axis through z, Gauss–Legendre in the angle to it; finer for small noise.
pub fn ball(centre: &[f64], radius: f64) -> Cloud {
    const ANGLES: usize = 100;
    let centre = centre.to_vec();
    Box::new(move |z, sigma| {
        let panels = (60.0 / sigma).clamp(12.0, 600.0) as usize;
        let unit = |v: [f64; 3]| v.map(|x| x / v.iter().map(|x| x * x).sum::<f64>().sqrt());
        let cross = |a: [f64; 3], b: [f64; 3]| {
            [0, 1, 2].map(|i| a[(i + 1) % 3] * b[(i + 2) % 3] - a[(i + 2) % 3] * b[(i + 1) % 3])
        };
        let axis = unit([0, 1, 2].map(|i| z[i] - centre[i]));
        let second = unit(cross(axis, [0.36, 0.48, 0.8]));
        let third = cross(axis, second);
        let mut points = Vec::new();
        for (x, weight) in legendre(panels) {
            let (across, height) = (0.25 * TAU * (1.0 + x)).sin_cos();
            for i in 0..ANGLES {
                let (sin, cos) = (TAU * (i as f64 + 0.5) / ANGLES as f64).sin_cos();
                let direction = |j: usize| height * axis[j] + across * (cos * second[j] + sin * third[j]);
                let y = (0..3).map(|j| centre[j] + radius * direction(j)).collect();
                points.push((weight * 0.25 * TAU * across / ANGLES as f64, y));
            }
        }
        points
    })
}
