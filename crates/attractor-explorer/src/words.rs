//! Random words of ±1, and damage to states.

use attractor::noise::{Purpose, Stream};
use ndarray::Array2;

/// Random words of ±1 (N × D). Word n depends on the seed and on n alone, so that more words begin with the same ones.
pub fn random_words(count: usize, units: usize, seed: u64) -> Array2<f64> {
    let mut words = Array2::zeros((count, units));
    for (n, mut word) in words.outer_iter_mut().enumerate() {
        let mut stream = Stream::new(seed, Purpose::Patterns, n as u64);
        word.iter_mut().for_each(|unit| *unit = if stream.bits() & 1 == 0 { -1.0 } else { 1.0 });
    }
    words
}

/// A state in which a share of the units, in random places, has the other sign.
pub fn flipped(state: &[f64], share: f64, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, Purpose::Corruption, 0);
    let mut places: Vec<usize> = (0..state.len()).collect();
    stream.shuffle(&mut places);
    let mut damaged = state.to_vec();
    let count = (share.clamp(0.0, 1.0) * state.len() as f64).round() as usize;
    places[..count].iter().for_each(|&unit| damaged[unit] *= -1.0);
    damaged
}

/// A state with noise: y + σε.
pub fn noisy(state: &[f64], sigma: f64, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, Purpose::Corruption, 0);
    state.iter().map(|unit| unit + sigma * stream.normal()).collect()
}
