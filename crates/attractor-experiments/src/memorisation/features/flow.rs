//! What gradient flow does, exactly.

use attractor::linear::Eigen;
use attractor_report::Result;
use ndarray::Array2;

use super::{Correlations, Sizes};

/// Losses of a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Losses {
    /// L over the training rows.
    pub train: f64,
    /// L over the population.
    pub test: f64,
    /// (1/d) E ‖s(x_t) + x_t‖² over the population: the error of the score. L over the population is 1 − Δ + Δ times this.
    pub score: f64,
}

/// The times of one model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// τ_gen: when the error of the score has made half of its fall from 1 to its least value.
    pub generalising: f64,
    /// When the error of the score is least.
    pub best: f64,
    /// The least error of the score.
    pub least: f64,
    /// τ_mem: when the training loss has made half of its fall from its value at `best` to that at τ → ∞.
    pub memorising: f64,
}

/// The gradient flow from B = 0, in the eigenvectors of U.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The eigenvalues of U, in descending order.
    pub values: Vec<f64>,
    /// The rate of a mode is this times its eigenvalue: 2Δ/ψ_p.
    rate: f64,
    delta: f64,
    /// Σ_j V_kj²/d.
    pulls: Vec<f64>,
    /// (V Ṽᵀ)_kk/d.
    test_pulls: Vec<f64>,
    /// (V Vᵀ)_kl Ũ_kl/d.
    test_pairs: Array2<f64>,
}

impl Flow {
    /// The flow. Cost: about 9p³ operations.
    ///
    /// # Errors
    /// None for matrices that are finite.
    pub fn new(correlations: &Correlations, sizes: Sizes) -> Result<Self> {
        let Eigen { values, vectors } = Eigen::new(correlations.features.view())?;
        let dim = sizes.dim as f64;
        let [noise, test_noise] =
            [&correlations.noise, &correlations.population_noise].map(|v| vectors.dot(v));
        let products = |a: &Array2<f64>, b: &Array2<f64>| -> Vec<f64> {
            a.outer_iter().zip(b.outer_iter()).map(|(a, b)| a.dot(&b) / dim).collect()
        };
        let test = vectors.dot(&correlations.population_features).dot(&vectors.t());
        Ok(Flow {
            // Rounding must not make a mode grow.
            values: values.into_iter().map(|value| value.max(0.0)).collect(),
            rate: 2.0 * sizes.delta() / sizes.psi_p(),
            delta: sizes.delta(),
            pulls: products(&noise, &noise),
            test_pulls: products(&noise, &test_noise),
            test_pairs: noise.dot(&noise.t()) * test / dim,
        })
    }

    /// The losses at a training time τ ≥ 0; it may be infinite.
    pub fn losses(&self, time: f64) -> Losses {
        // (1 − e^(−rate λ τ))/λ, which is rate τ for λ → 0.
        let grown: Vec<f64> = self.values.iter().map(|&value| self.grown(value, time)).collect();
        let pairs = grown.iter().zip(self.test_pairs.outer_iter());
        let square: f64 =
            pairs.map(|(g, row)| g * row.iter().zip(&grown).map(|(a, h)| a * h).sum::<f64>()).sum();
        let along: f64 = grown.iter().zip(&self.test_pulls).map(|(g, pull)| g * pull).sum();
        let test = 1.0 + square - 2.0 * along;
        Losses { train: self.train(time), test, score: 1.0 + (test - 1.0) / self.delta }
    }

    fn grown(&self, value: f64, time: f64) -> f64 {
        let steps = self.rate * value * time;
        if steps < 1e-12 { self.rate * time } else { -(-steps).exp_m1() / value }
    }

    /// The training loss, 1 − Σ_k pull_k (1 − e^(−2 rate λ_k τ))/λ_k.
    fn train(&self, time: f64) -> f64 {
        let all = self.values.iter().zip(&self.pulls);
        1.0 - all.map(|(&value, pull)| pull * self.grown(value, 2.0 * time)).sum::<f64>()
    }

    /// The times of the two scales.
    pub fn times(&self) -> Times {
        /// Times at which the least error is looked for, over ten decades.
        const LOOKS: usize = 200;
        const HALVINGS: usize = 60;
        let fastest = 1.0 / (self.rate * self.values[0]);
        let at = |k: usize| fastest * 10.0_f64.powf(10.0 * k as f64 / LOOKS as f64 - 1.0);
        let looks = (0..LOOKS).map(|k| (at(k), self.losses(at(k)).score));
        let (best, least) = looks.min_by(|a, b| a.1.total_cmp(&b.1)).expect("a look");
        let crossing = |mut low: f64, mut high: f64, is_before: &dyn Fn(f64) -> bool| {
            for _ in 0..HALVINGS {
                let middle = (low * high).sqrt();
                if is_before(middle) { low = middle } else { high = middle }
            }
            (low * high).sqrt()
        };
        let half = 0.5 * (1.0 + least);
        let generalising = crossing(1e-3 * fastest, best, &|time| self.losses(time).score > half);
        let (from, to) = (self.train(best), self.train(1e3 * at(LOOKS)));
        let middle = 0.5 * (from + to);
        let memorising = crossing(best, 1e3 * at(LOOKS), &|time| self.train(time) > middle);
        Times { generalising, best, least, memorising }
    }
}
