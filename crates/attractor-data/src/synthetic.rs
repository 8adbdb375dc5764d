//! Random patterns.

use attractor::Real;
use attractor::noise::{Purpose, Stream};
use ndarray::Array2;

/// N random ±1 patterns of D units: signs of standard normal numbers (Ambrogioni 2023, App. A).
///
/// Pattern n depends on the seed and n alone, so a smaller set is a prefix of a larger one.
pub fn random_spins<F: Real>(n: usize, dim: usize, seed: u64) -> Array2<F> {
    let mut patterns = Array2::from_elem((n, dim), F::ONE);
    for (row, mut pattern) in patterns.outer_iter_mut().enumerate() {
        let mut stream = Stream::new(seed, Purpose::Patterns, row as u64);
        pattern.iter_mut().for_each(|v| *v = if stream.normal() < 0.0 { -F::ONE } else { F::ONE });
    }
    patterns
}

/// Random grey values: each number is uniform in [0, 1], and row n depends on the seed and n alone. No memory of
/// images should recognise them.
pub fn random_noise<F: Real>(dim: (usize, usize), seed: u64) -> Array2<F> {
    let mut rows = Array2::from_elem(dim, F::ZERO);
    for (row, mut values) in rows.outer_iter_mut().enumerate() {
        let mut stream = Stream::new(seed, Purpose::Patterns, row as u64);
        values.mapv_inplace(|_| F::from_f64(stream.uniform()));
    }
    rows
}
