//! Random numbers: one named stream per row, so that a row is the same in any batch and thread.
//!
//! The generator is ChaCha with 8 rounds, keyed by (seed, purpose) with the row id as stream number.
//! Two purposes never share a stream: the noise that corrupts row 3 is independent of the noise that
//! recalls row 3, under the same seed.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};

/// What a stream is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Noise, flips and masks put on a cue.
    Corruption,
    /// Random patterns.
    Patterns,
    /// Noise of a stochastic recall, order of asynchronous updates.
    Recall,
    /// Noise of the corrections between the steps of a stochastic recall.
    Correction,
    /// Noise of the known units of a clamped diffusion recall.
    Clamp,
    /// First states of a recall that knows nothing.
    Prior,
    /// Bootstrap resampling.
    Bootstrap,
    /// Cues that a match score compares with.
    Calibration,
    /// Which of overlapping memories a recalled state belongs to.
    Attribution,
    /// Addresses of a sparse distributed memory.
    Locations,
    /// Weights of a network before training.
    Weights,
    /// Noise and levels that a network is trained at.
    Training,
    /// The order in which a network is shown its patterns.
    Order,
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
            Purpose::Weights => b"weights.........",
            Purpose::Training => b"training........",
            Purpose::Order => b"order...........",
        }
    }
}

/// A row's own random numbers.
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
        // Lemire's method: reject the few products that would favour small results. Their bound takes a division, but is
        // below n: larger products need none.
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

/// The recall streams of many rows.
pub(crate) fn streams(seed: u64, purpose: Purpose, rows: &[u64]) -> Vec<Stream> {
    rows.iter().map(|&row| Stream::new(seed, purpose, row)).collect()
}
