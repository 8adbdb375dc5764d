//! Random numbers. Each row has its own stream, so its numbers do not depend on the batch or the thread.
//!
//! The generator is ChaCha with 8 rounds. Its key is (seed, purpose), and the row id is its stream number. Streams
//! with different purposes are independent: under the same seed, the noise that corrupts row 3 is independent of the
//! noise that recalls row 3.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

/// What a stream is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Noise, flips and masks that corrupt a cue.
    Corruption,
    /// Random patterns.
    Patterns,
    /// Noise of a stochastic recall, and the order of asynchronous updates.
    Recall,
    /// Noise of the corrections between the steps of a stochastic recall.
    Correction,
    /// Noise of the known units of a clamped diffusion recall.
    Clamp,
    /// The first states of a free recall, which has no cue.
    Prior,
    /// Bootstrap resampling.
    Bootstrap,
    /// Sampled cues that a match score compares a cue with.
    Calibration,
    /// The choice between overlapping memories for a recalled state.
    Attribution,
    /// Addresses of a sparse distributed memory.
    Locations,
    /// The frequencies of random features.
    Frequencies,
    /// The initial weights of a network.
    Weights,
    /// Noise and noise levels of training.
    Training,
    /// The order in which training shows patterns to a network.
    Order,
    /// The start of a fit.
    Fit,
    /// The choice of rows that a fit does not see.
    HeldOut,
    /// The choice of what is replayed.
    Replay,
    /// The dreams of a learning rule, and the order in which it learns.
    Dreams,
}

impl Purpose {
    fn tag(self) -> [u8; 16] {
        *match self {
            Purpose::Corruption => b"corruption......",
            Purpose::Patterns => b"patterns........",
            Purpose::Recall => b"recall..........",
            Purpose::Correction => b"correction......",
            Purpose::Clamp => b"clamp...........",
            Purpose::Prior => b"prior...........",
            Purpose::Bootstrap => b"bootstrap.......",
            Purpose::Calibration => b"calibration.....",
            Purpose::Attribution => b"attribution.....",
            Purpose::Locations => b"locations.......",
            Purpose::Frequencies => b"frequencies.....",
            Purpose::Weights => b"weights.........",
            Purpose::Training => b"training........",
            Purpose::Order => b"order...........",
            Purpose::Fit => b"fit.............",
            Purpose::HeldOut => b"held-out........",
            Purpose::Replay => b"replay..........",
            Purpose::Dreams => b"dreams..........",
        }
    }
}

/// The random numbers of one row.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of `row` for `purpose` under `seed`.
    ///
    /// ```
    /// use attractor::noise::{Purpose, Stream};
    /// let mut a = Stream::new(1, Purpose::Recall, 7);
    /// let mut b = Stream::new(1, Purpose::Recall, 7);
    /// assert_eq!(a.normal(), b.normal());
    /// ```
    pub fn new(seed: u64, purpose: Purpose, row: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..24].copy_from_slice(&purpose.tag());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(row);
        Stream(generator)
    }

    /// A standard normal number.
    pub fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    /// A uniform number in [0, 1) with 53 random bits.
    pub fn uniform(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A uniform whole number below `n`, without bias (`n ≥ 1`).
    pub fn below(&mut self, n: usize) -> usize {
        // Lemire's method: reject the few products that would favour small results. Computing the exact bound takes a
        // division. The bound is below n, so products of n or more are accepted without it.
        let n = n as u64;
        loop {
            let product = u128::from(self.0.next_u64()) * u128::from(n);
            if product as u64 >= n || product as u64 >= n.wrapping_neg() % n {
                return (product >> 64) as usize;
            }
        }
    }

    /// Puts `items` in random order (Fisher–Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// One stream for each row, for this purpose.
pub(crate) fn streams(seed: u64, purpose: Purpose, rows: &[u64]) -> Vec<Stream> {
    rows.iter().map(|&row| Stream::new(seed, purpose, row)).collect()
}
