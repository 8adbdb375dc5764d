//! Rows of bits, for patterns of ±1 with one bit for each unit.

use ndarray::{Array2, ArrayView2};

use crate::machine::{Level, Machine, On};
use crate::real::{Real, entry};

/// The words of eight rows side by side, in a cache line of their own: one vector register of AVX-512.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub struct Eight(pub [u64; EIGHT]);

entry! {
    /// A bit for each of up to 64 numbers: whether it is above 0.
    fn signs_of<F: Real>(units: &[F]) -> u64 {
        Level::best().run_narrow::<F, _, _>(SignsOf(units))
    }
}

struct SignsOf<'a, F>(&'a [F]);

impl<F: Real, M: Machine<F>> On<M, u64> for SignsOf<'_, F> {
    #[inline(always)]
    fn run(self, m: M) -> u64 {
        let mut padded = [F::ZERO; 64];
        let units = match self.0.first_chunk::<64>() {
            Some(units) => units,
            None => {
                padded[..self.0.len()].copy_from_slice(self.0);
                &padded
            }
        };
        let (mut word, zero) = (0, m.splat(F::ZERO));
        for from in (0..64).step_by(M::LANES) {
            // SAFETY: 64 is a multiple of LANES.
            let some = unsafe { m.load(&units[from..]) };
            // No comparison holds for a NaN.
            word |= (m.at_most(some, some) & !m.at_most(some, zero)) << from;
        }
        word
    }
}

/// The number of rows that lie side by side.
pub const EIGHT: usize = 8;

/// Rows of ±1 units, with one bit for each: bit 1 is +1, bit 0 is −1 (N × D bits).
///
/// Unit j of a row is bit j mod 64 of its word ⌊j/64⌋; bits beyond D are 0. Eight rows lie side by side, word
/// by word, so that one vector register holds the same word of eight rows: what
/// [`hamming`](crate::hamming()) reads. Memory ⌈N/8⌉ · ⌈D/64⌉ · 64 bytes.
///
/// ```
/// use attractor::patterns::Packed;
/// use ndarray::array;
/// let packed = Packed::from_signs(array![[1.0_f32, -1.0, 1.0], [-1.0, -1.0, 1.0]].view());
/// assert_eq!((packed.len(), packed.dim()), (2, 3));
/// assert_eq!(packed.word(0, 0), 0b101);
/// assert_eq!(packed.to_signs::<f32>(), array![[1.0, -1.0, 1.0], [-1.0, -1.0, 1.0]]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packed {
    groups: Vec<Eight>,
    len: usize,
    dim: usize,
}

impl Packed {
    /// Rows whose bits are all 0.
    pub fn new(len: usize, dim: usize) -> Self {
        Packed { groups: vec![Eight([0; EIGHT]); len.div_ceil(EIGHT) * dim.div_ceil(64)], len, dim }
    }

    /// The signs of numbers: bit 1 if a number is above 0. So rows of 0 and 1 are packed like rows of −1 and 1.
    pub fn from_signs<F: Real>(rows: ArrayView2<F>) -> Self {
        let mut packed = Packed::new(rows.nrows(), rows.ncols());
        let rows = rows.as_standard_layout();
        for (n, row) in rows.outer_iter().enumerate() {
            for (k, units) in row.to_slice().expect("row-major").chunks(64).enumerate() {
                packed.set_word(n, k, signs_of(units));
            }
        }
        packed
    }

    /// The mask of numbers that are not 0, which are the known units if 0 means "unknown".
    pub fn from_known<F: Real>(rows: ArrayView2<F>) -> Self {
        Self::from_bits(rows.nrows(), rows.ncols(), |n, j| rows[[n, j]] != F::ZERO)
    }

    fn from_bits(len: usize, dim: usize, bit: impl Fn(usize, usize) -> bool) -> Self {
        let mut packed = Packed::new(len, dim);
        for n in 0..len {
            for k in 0..packed.words() {
                let units = 64 * k..dim.min(64 * k + 64);
                let word = units.fold(0, |word, j| word | u64::from(bit(n, j)) << (j % 64));
                packed.set_word(n, k, word);
            }
        }
        packed
    }

    /// The number of rows, N.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of bits in a row, D.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The number of words in a row, ⌈D/64⌉.
    pub fn words(&self) -> usize {
        self.dim.div_ceil(64)
    }

    /// Word k of row n.
    pub fn word(&self, n: usize, k: usize) -> u64 {
        assert!(n < self.len && k < self.words(), "word {k} of row {n} of {} × {}", self.len, self.words());
        self.groups[n / EIGHT * self.words() + k].0[n % EIGHT]
    }

    /// Sets word k of row n; bits beyond D are dropped.
    pub fn set_word(&mut self, n: usize, k: usize, word: u64) {
        assert!(n < self.len && k < self.words(), "word {k} of row {n} of {} × {}", self.len, self.words());
        let used = (self.dim - 64 * k).min(64);
        let words = self.words();
        self.groups[n / EIGHT * words + k].0[n % EIGHT] = word & (u64::MAX >> (64 - used));
    }

    /// Whether unit j of row n is +1.
    pub fn bit(&self, n: usize, j: usize) -> bool {
        assert!(j < self.dim, "unit {j} of {}", self.dim);
        self.word(n, j / 64) >> (j % 64) & 1 == 1
    }

    /// The number of set bits in row n.
    pub fn ones(&self, n: usize) -> usize {
        (0..self.words()).map(|k| self.word(n, k).count_ones() as usize).sum()
    }

    /// The rows as ±1, N × D.
    pub fn to_signs<F: Real>(&self) -> Array2<F> {
        Array2::from_shape_fn((self.len, self.dim), |(n, j)| if self.bit(n, j) { F::ONE } else { -F::ONE })
    }

    /// The words of all rows, one row after the other, without gaps.
    pub fn lines(&self) -> Vec<u64> {
        let word = |n: usize| (0..self.words()).map(move |k| self.word(n, k));
        (0..self.len).flat_map(word).collect()
    }

    /// Groups of eight rows, `words` entries for each group. Rows beyond the last have all bits 0.
    pub fn groups(&self) -> &[Eight] {
        &self.groups
    }
}
