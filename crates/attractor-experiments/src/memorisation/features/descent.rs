//! The same training by hand: gradient descent of the network itself, with fresh noise in each step. It knows nothing of U and V.

use attractor::noise::{Purpose, Stream};
use ndarray::Array2;

use super::{Losses, RandomFeatures};

/// Losses that were measured after some steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Descended {
    /// The training time τ.
    pub time: f64,
    /// The measured losses.
    pub losses: Losses,
}

/// How finely time is cut: steps of this share of the time so far,
const SHARE: f64 = 0.02;
/// and of this share of the time in which the fastest mode is learned, at least and at most.
const STEPS: (f64, f64) = (0.02, 0.5);

/// Trains a score by gradient descent from 0, and measures it at these times (rising). Each training row is in a batch `repeats` times
/// with noise of its own. Losses are measured with `repeats` · 16 noises for each row, and as many new rows.
pub fn descend(model: &RandomFeatures, times: &[f64], repeats: usize, seed: u64) -> Vec<Descended> {
    let sizes = model.sizes;
    let (delta, dim) = (sizes.delta(), sizes.dim as f64);
    // The largest eigenvalue is about that of the population, e^(−1)(√ψ_p + 1)².
    let rate = 2.0 * delta / sizes.psi_p();
    let fastest = 1.0 / (rate * (-1.0_f64).exp() * (sizes.psi_p().sqrt() + 1.0).powi(2));
    let mut trained = Array2::<f64>::zeros((sizes.dim, sizes.features));
    let (mut time, mut step) = (0.0, 0_u64);
    let mut found = Vec::new();
    for &look in times {
        while time < look {
            let length = (SHARE * time).clamp(STEPS.0 * fastest, STEPS.1 * fastest).min(look - time);
            let mut noise = Noise::new(seed, Purpose::Training, step);
            let (states, noises) = noise.batch(model, &repeated(&model.rows, repeats));
            let features = model.of(&states);
            // √Δ s + ξ, and the gradient of the loss: (2√Δ/nd) Σ (√Δ s + ξ)φᵀ. In units of τ it is multiplied by d²/p.
            let misses = features.dot(&trained.t()) * delta.sqrt() + &noises;
            let slope = misses.t().dot(&features) * (2.0 * delta.sqrt() / (misses.nrows() as f64 * dim));
            trained.scaled_add(-length * dim * dim / sizes.features as f64, &slope);
            time += length;
            step += 1;
        }
        found.push(Descended { time, losses: measured(model, &trained, 16 * repeats, seed) });
    }
    found
}

/// Each row as often as that.
fn repeated(rows: &Array2<f64>, repeats: usize) -> Array2<f64> {
    Array2::from_shape_fn((rows.nrows() * repeats, rows.ncols()), |(i, j)| rows[[i % rows.nrows(), j]])
}

struct Noise(Stream);

impl Noise {
    fn new(seed: u64, purpose: Purpose, number: u64) -> Self {
        Noise(Stream::new(seed, purpose, number))
    }

    /// Noisy states of rows, and the noise.
    fn batch(&mut self, model: &RandomFeatures, rows: &Array2<f64>) -> (Array2<f64>, Array2<f64>) {
        let noises = Array2::from_shape_simple_fn(rows.dim(), || self.0.normal());
        (rows * (-model.sizes.time).exp() + &noises * model.sizes.delta().sqrt(), noises)
    }
}

fn measured(model: &RandomFeatures, trained: &Array2<f64>, repeats: usize, seed: u64) -> Losses {
    let delta = model.sizes.delta();
    let loss = |rows: &Array2<f64>, number: u64| {
        let (states, noises) = Noise::new(seed, Purpose::Corruption, number).batch(model, rows);
        let scores = model.of(&states).dot(&trained.t());
        let misses = &scores * delta.sqrt() + &noises;
        let errors = &scores + &states;
        [misses, errors].map(|all| all.iter().map(|v| v * v).sum::<f64>() / all.len() as f64)
    };
    let [train, _] = loss(&repeated(&model.rows, repeats), 0);
    let mut stream = Stream::new(seed, Purpose::HeldOut, 0);
    let rows = model.sizes.rows * repeats;
    let fresh = Array2::from_shape_simple_fn((rows, model.sizes.dim), || stream.normal());
    let [test, score] = loss(&fresh, 1);
    Losses { train, test, score }
}
