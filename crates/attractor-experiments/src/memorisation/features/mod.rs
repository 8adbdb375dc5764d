//! The theory of Bonnaire et al. (2025): a score with random features, trained by gradient flow at one time t of the process.
//!
//! Data are x ~ N(0, I) in d dimensions, x_t = e^(−t) x + √Δ ξ with Δ = 1 − e^(−2t), so that x_t ~ N(0, I) and its score is −x_t.
//! The score is s(x) = B φ(x) with p = ψ_p d features φ(x) = f(Wx/√d), W_ij ~ N(0, 1) fixed, B trained on n = ψ_n d rows:
//!
//! > L(B) = (1/nd) Σ_ν E_ξ ‖√Δ B φ(x_t^ν) + ξ‖² = 1 + (Δ/d) tr(B U Bᵀ) + (2√Δ/d) tr(B V)
//! >
//! > dB/dτ = −(2Δ/ψ_p) B U − (2√Δ/ψ_p) Vᵀ
//!
//! with U = (1/n) Σ E φφᵀ and V = (1/n) Σ E φξᵀ. A mode of U with eigenvalue λ is learned at the time ψ_p/(2Δλ). So the spectrum of U
//! gives all time scales.
//!
//! For f = sin the averages over ξ are elementary, so U and V of given rows are exact, and so is what the flow does:
//! with a_i = W_i·e^(−t)x/√d and noise of covariance ΔK, K = WWᵀ/d,
//!
//! > E sin(a_i + u_i) sin(a_j + u_j) = e^(−Δ(K_ii + K_jj)/2) [sin a_i sin a_j cosh(ΔK_ij) + cos a_i cos a_j sinh(ΔK_ij)]
//! >
//! > E sin(a_i + u_i) ξ = √Δ W_i/√d · cos a_i · e^(−ΔK_ii/2)
//!
//! and the same with a = 0 and Δ = 1 for the population, from which test losses follow. The paper uses f = tanh.

mod coefficients;
mod descent;
mod flow;
mod spectrum;

use attractor::noise::{Purpose, Stream};
use ndarray::{Array2, Axis};

pub use coefficients::Coefficients;
pub use descent::{Descended, descend};
pub use flow::{Flow, Losses, Times};
pub use spectrum::Spectrum;

/// The sizes of a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sizes {
    /// Dimension d of the data.
    pub dim: usize,
    /// Features p.
    pub features: usize,
    /// Training rows n.
    pub rows: usize,
    /// Time t of the process.
    pub time: f64,
}

impl Sizes {
    /// ψ_p = p/d.
    pub fn psi_p(&self) -> f64 {
        self.features as f64 / self.dim as f64
    }

    /// ψ_n = n/d.
    pub fn psi_n(&self) -> f64 {
        self.rows as f64 / self.dim as f64
    }

    /// Δ = 1 − e^(−2t).
    pub fn delta(&self) -> f64 {
        -(-2.0 * self.time).exp_m1()
    }
}

/// Random features and training rows.
#[derive(Clone, Debug)]
pub struct RandomFeatures {
    /// The sizes.
    pub sizes: Sizes,
    /// W/√d, p × d.
    weights: Array2<f64>,
    /// The training rows, n × d.
    rows: Array2<f64>,
}

/// What gradient flow depends on.
#[derive(Clone, Debug)]
pub struct Correlations {
    /// U, p × p.
    pub features: Array2<f64>,
    /// V, p × d.
    pub noise: Array2<f64>,
    /// U of the population.
    pub population_features: Array2<f64>,
    /// V of the population.
    pub population_noise: Array2<f64>,
}

impl RandomFeatures {
    /// Draws features and rows.
    pub fn new(sizes: Sizes, seed: u64) -> Self {
        let normal = |rows: usize, purpose: Purpose, scale: f64| {
            let mut all = Array2::zeros((rows, sizes.dim));
            for (number, mut row) in all.outer_iter_mut().enumerate() {
                let mut stream = Stream::new(seed, purpose, number as u64);
                row.mapv_inplace(|_: f64| scale * stream.normal());
            }
            all
        };
        let weights = normal(sizes.features, Purpose::Weights, 1.0 / (sizes.dim as f64).sqrt());
        RandomFeatures { sizes, weights, rows: normal(sizes.rows, Purpose::Patterns, 1.0) }
    }

    /// The features sin(Wx/√d) of rows.
    fn of(&self, rows: &Array2<f64>) -> Array2<f64> {
        rows.dot(&self.weights.t()).mapv_into(f64::sin)
    }

    /// U and V, exactly. Cost: p²(d + 2n) operations.
    pub fn correlations(&self) -> Correlations {
        let (delta, count) = (self.sizes.delta(), self.sizes.rows as f64);
        let overlaps = self.weights.dot(&self.weights.t());
        let angles = self.rows.dot(&self.weights.t()) * (-self.sizes.time).exp();
        let (sines, cosines) = (angles.mapv(f64::sin), angles.mapv(f64::cos));
        let (odd, even) = (sines.t().dot(&sines) / count, cosines.t().dot(&cosines) / count);
        let damp = |i: usize, j: usize, variance: f64| {
            (-0.5 * variance * (overlaps[[i, i]] + overlaps[[j, j]])).exp()
        };
        let shape = (self.sizes.features, self.sizes.features);
        let features = Array2::from_shape_fn(shape, |(i, j)| {
            // Both halves of a symmetric matrix are made of the same numbers.
            let (i, j) = (i.min(j), i.max(j));
            let shared = delta * overlaps[[i, j]];
            damp(i, j, delta) * (odd[[i, j]] * shared.cosh() + even[[i, j]] * shared.sinh())
        });
        let population_features = Array2::from_shape_fn(shape, |(i, j)| {
            let (i, j) = (i.min(j), i.max(j));
            damp(i, j, 1.0) * overlaps[[i, j]].sinh()
        });
        let means = cosines.mean_axis(Axis(0)).expect("a row");
        let noise = |factor: &dyn Fn(usize) -> f64| {
            let mut all = &self.weights * delta.sqrt();
            for (i, mut row) in all.outer_iter_mut().enumerate() {
                row *= factor(i);
            }
            all
        };
        Correlations {
            features,
            noise: noise(&|i| means[i] * (-0.5 * delta * overlaps[[i, i]]).exp()),
            population_features,
            population_noise: noise(&|i| (-0.5 * overlaps[[i, i]]).exp()),
        }
    }
}

#[cfg(test)]
mod tests;
