//! Mixtures of Gaussians by their textbook formulas, with dense matrices: what reconstructive memories are held to.
#![allow(dead_code, missing_docs)]

use attractor::energies::shapes::Subspace;
use attractor::energies::{Component, Kind, Mixture};
use attractor::linear::Cholesky;
use attractor::noise::{Purpose, Stream};
use ndarray::{Array1, Array2, Axis, array};

/// A weight, a mean and a covariance.
pub type Gaussian = (f64, Array1<f64>, Array2<f64>);

pub fn mixture(gaussians: &[Subspace], weights: &[f64]) -> Mixture<f64> {
    let component = |(gaussian, &weight): (&Subspace, &f64)| Component {
        kind: Kind::Shape(Box::new(gaussian.clone())),
        weight,
        label: None,
    };
    Mixture::new(gaussians.iter().zip(weights).map(component).collect()).expect("a memory")
}

/// The same as dense matrices.
pub fn dense(gaussians: &[Subspace], weights: &[f64]) -> Vec<Gaussian> {
    let total: f64 = weights.iter().sum();
    let one = |(gaussian, weight): (&Subspace, &f64)| {
        let directions = gaussian.directions();
        let s = gaussian.thickness().powi(2);
        let squares =
            Array2::from_diag(&gaussian.deviations().iter().map(|t| t * t - s).collect::<Array1<_>>());
        let covariance =
            directions.t().dot(&squares).dot(&directions) + Array2::<f64>::eye(directions.ncols()) * s;
        (weight / total, Array1::from(gaussian.origin().to_vec()), covariance)
    };
    gaussians.iter().zip(weights).map(one).collect()
}

/// Three Gaussians of five units: of any covariance; of two directions with thickness; round.
pub fn semantic() -> (Vec<Subspace>, Vec<f64>) {
    let rows = normals(5, 5, 11);
    let covariance = rows.dot(&rows.t()) * 0.2 + Array2::<f64>::eye(5) * 0.05;
    let general = Subspace::from_covariance(vec![1.0, -0.5, 0.3, 0.0, 0.7], covariance.view()).expect("one");
    let directions = array![[0.6, 0.8, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.6, -0.8]];
    let thick = Subspace::new(vec![-1.0, 0.4, 0.2, -0.6, 0.1], directions, vec![1.3, 0.7])
        .and_then(|flat| flat.with_thickness(0.3))
        .expect("one");
    let round = Subspace::new(vec![0.2; 5], Array2::zeros((0, 5)), vec![])
        .and_then(|point| point.with_thickness(0.9))
        .expect("one");
    (vec![general, thick, round], vec![0.5, 0.3, 0.2])
}

pub fn normals(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
    let mut stream = Stream::new(seed, Purpose::Patterns, 0);
    Array2::from_shape_fn((rows, columns), |_| stream.normal())
}

/// ln N(x; mean, covariance)
pub fn log_normal(x: &Array1<f64>, mean: &Array1<f64>, covariance: &Array2<f64>) -> f64 {
    if x.is_empty() {
        return 0.0;
    }
    let factor = Cholesky::new(covariance.view()).expect("positive definite");
    let half = factor.half_solve((x - mean).view().insert_axis(Axis(0))).expect("its width");
    let square = half.iter().map(|h| h * h).sum::<f64>();
    -0.5 * (x.len() as f64 * std::f64::consts::TAU.ln() + factor.log_determinant() + square)
}

/// The mixture given A y = ξ, by the textbook: weights π N(ξ; Aμ, AΣAᵀ), means μ + ΣAᵀ(AΣAᵀ)⁻¹(ξ − Aμ), covariances
/// Σ − ΣAᵀ(AΣAᵀ)⁻¹AΣ. Also the log of the evidence p(ξ).
pub fn given(all: &[Gaussian], a: &Array2<f64>, core: &Array1<f64>) -> (Vec<Gaussian>, f64) {
    let one = |(weight, mean, covariance): &Gaussian| {
        let log = weight.ln() + log_normal(core, &a.dot(mean), &a.dot(covariance).dot(&a.t()));
        if core.is_empty() {
            return (log, mean.clone(), covariance.clone());
        }
        let of_core = a.dot(covariance);
        let factor = Cholesky::new(of_core.dot(&a.t()).view()).expect("positive definite");
        // One right-hand side a row: rows (AΣ)ᵀ are solved for the transposed gain.
        let gain = factor.solve(of_core.t()).expect("its width");
        (log, mean + &gain.dot(&(core - &a.dot(mean))), covariance - &gain.dot(&of_core))
    };
    let parts: Vec<Gaussian> = all.iter().map(one).collect();
    let peak = parts.iter().map(|part| part.0).fold(f64::NEG_INFINITY, f64::max);
    let total = peak + parts.iter().map(|part| (part.0 - peak).exp()).sum::<f64>().ln();
    (
        parts.into_iter().map(|(log, mean, covariance)| ((log - total).exp(), mean, covariance)).collect(),
        total,
    )
}

/// Mean and covariance of a whole mixture.
pub fn moments(all: &[Gaussian]) -> (Array1<f64>, Array2<f64>) {
    let dim = all[0].1.len();
    let mut mean = Array1::zeros(dim);
    all.iter().for_each(|(weight, own, _)| mean.scaled_add(*weight, own));
    let mut covariance = Array2::zeros((dim, dim));
    for (weight, own, width) in all {
        let apart = (own - &mean).insert_axis(Axis(1));
        covariance.scaled_add(*weight, &(width + &apart.dot(&apart.t())));
    }
    (mean, covariance)
}

/// What a read of the mixture must give at z = y + σε: the log-sum, the mean and the second moment.
pub fn read(all: &[Gaussian], z: &Array1<f64>, sigma: f64) -> (f64, Array1<f64>, f64) {
    let dim = z.len();
    let noise = Array2::<f64>::eye(dim) * (sigma * sigma);
    let constant = 0.5 * dim as f64 * (std::f64::consts::TAU * sigma * sigma).ln();
    let one = |(weight, mean, covariance): &Gaussian| {
        let noisy = covariance + &noise;
        let factor = Cholesky::new(noisy.view()).expect("positive definite");
        let gain = factor.solve(covariance.view()).expect("its width");
        let posterior = mean + &gain.dot(&(z - mean));
        let second = posterior.dot(&posterior) + (covariance - &gain.dot(covariance)).diag().sum();
        (weight.ln() + log_normal(z, mean, &noisy) + constant, posterior, second)
    };
    let parts: Vec<_> = all.iter().map(one).collect();
    let peak = parts.iter().map(|part| part.0).fold(f64::NEG_INFINITY, f64::max);
    let mass: f64 = parts.iter().map(|part| (part.0 - peak).exp()).sum();
    let mut mean = Array1::zeros(dim);
    let mut second = 0.0;
    for (log, own, square) in parts {
        let weight = (log - peak).exp() / mass;
        mean.scaled_add(weight, &own);
        second += weight * square;
    }
    (peak + mass.ln(), mean, second)
}

/// The distribution function of the standard normal: φ(x)(x + x³/3 + x⁵/15 + …) + ½.
pub fn normal_cdf(x: f64) -> f64 {
    if x.abs() > 8.0 {
        return if x > 0.0 { 1.0 } else { 0.0 };
    }
    let (mut term, mut sum, mut k) = (x, x, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        k += 2.0;
        term *= x * x / k;
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt()
}
