//! Rows of bits: ±1 words at one bit a unit.

use ndarray::{Array2, ArrayView2};

use super::{Patterns, Preparation};
use crate::error::{Error, Result, check_width};
use crate::real::Real;

/// Eight rows' words side by side, on a cache line of their own: one vector register of AVX-512.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub(crate) struct Eight(pub [u64; EIGHT]);

/// Rows that lie side by side.
pub(crate) const EIGHT: usize = 8;

/// Rows of ±1 units, one bit each: bit 1 is +1, bit 0 is −1 (N × D bits).
///
/// Unit j of a row is bit j mod 64 of its word ⌊j/64⌋; bits beyond D are 0. Eight rows lie side by side, word
/// by word, so that one vector register holds the same word of eight rows: what
/// [`hamming`](crate::kernels::hamming()) reads. Memory ⌈N/8⌉ · ⌈D/64⌉ · 64 bytes.
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
    /// Rows of clear bits.
    pub fn new(len: usize, dim: usize) -> Self {
        Packed { groups: vec![Eight([0; EIGHT]); len.div_ceil(EIGHT) * dim.div_ceil(64)], len, dim }
    }

    /// The signs of numbers: bit 1 where a number is above 0, so that rows of 0 and 1 pack as rows of −1 and 1 do.
    pub fn from_signs<F: Real>(rows: ArrayView2<F>) -> Self {
        Self::from_bits(rows.nrows(), rows.ncols(), |n, j| rows[[n, j]] > F::ZERO)
    }

    /// Which numbers are not 0: the known units of rows in which 0 says nothing.
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

    /// Number of rows, N.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bits a row, D.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Words a row, ⌈D/64⌉.
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

    /// Set bits of row n.
    pub fn ones(&self, n: usize) -> usize {
        (0..self.words()).map(|k| self.word(n, k).count_ones() as usize).sum()
    }

    /// The rows as ±1, N × D.
    pub fn to_signs<F: Real>(&self) -> Array2<F> {
        Array2::from_shape_fn((self.len, self.dim), |(n, j)| if self.bit(n, j) { F::ONE } else { -F::ONE })
    }

    /// The words of one row after the other, without gaps.
    pub(crate) fn lines(&self) -> Vec<u64> {
        let word = |n: usize| (0..self.words()).map(move |k| self.word(n, k));
        (0..self.len).flat_map(word).collect()
    }

    /// Eight rows at a time, `words` entries each; rows beyond the last are clear.
    pub(crate) fn groups(&self) -> &[Eight] {
        &self.groups
    }
}

/// Makes patterns at one bit a unit of rows that have two values, a few rows at a time.
///
/// The lower value becomes −1, the other 1, and cues are mapped as they are: by the middle of the two and half of
/// their distance. One of them must be above 0 and one not, so that rows of one value can be told before the other
/// has been seen.
///
/// ```
/// use attractor::patterns::Packer;
/// use ndarray::array;
/// let mut packer = Packer::new(2, 3);
/// packer.push(array![[0.0_f32, 1.0, 1.0]].view())?;
/// packer.push(array![[1.0_f32, 1.0, 0.0]].view())?;
/// let patterns = packer.finish()?;
/// assert_eq!(patterns.row(0), [-1.0, 1.0, 1.0]);
/// assert_eq!(patterns.restored_row(1), array![1.0, 1.0, 0.0]);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Packer<F> {
    bits: Packed,
    levels: Vec<F>,
    filled: usize,
}

impl<F: Real> Packer<F> {
    /// Room for so many rows of so many units.
    pub fn new(rows: usize, dim: usize) -> Self {
        Packer { bits: Packed::new(rows, dim), levels: Vec::new(), filled: 0 }
    }

    /// The next rows.
    ///
    /// # Errors
    /// A third value, or one that is not finite; rows of another width, or more of them than there is room for.
    pub fn push(&mut self, rows: ArrayView2<F>) -> Result<()> {
        check_width("patterns", rows.ncols(), self.bits.dim())?;
        if self.filled + rows.nrows() > self.bits.len() {
            let expected = format!("{} rows to pack", self.bits.len());
            return Err(Error::parameter("patterns", expected, "more"));
        }
        for (row, values) in rows.outer_iter().enumerate() {
            let row = self.filled + row;
            for (unit, &value) in values.indexed_iter() {
                if self.levels.contains(&value) {
                    continue;
                }
                if self.levels.len() == 2 || !value.is_finite() {
                    let expected = "two values (-1 and 1, or 0 and 1) to be packed";
                    return Err(Error::parameter(
                        "patterns",
                        expected,
                        format!("{value} at row {row}, unit {unit}"),
                    ));
                }
                self.levels.push(value);
            }
            for k in 0..self.bits.words() {
                let units = 64 * k..rows.ncols().min(64 * k + 64);
                let word = units.fold(0, |word, j| word | u64::from(values[j] > F::ZERO) << (j % 64));
                self.bits.set_word(row, k, word);
            }
        }
        self.filled += rows.nrows();
        Ok(())
    }

    /// The patterns.
    ///
    /// # Errors
    /// Values that are both above 0, or both not; fewer rows than there is room for.
    pub fn finish(self) -> Result<Patterns<F>> {
        crate::error::check_rows("patterns", self.filled, self.bits.len())?;
        let levels: Vec<f64> = self.levels.iter().map(|v| v.wide()).collect();
        let (low, high) = match levels[..] {
            [a, b] => (a.min(b), a.max(b)),
            [a] if a.abs() == 1.0 => (-1.0, 1.0),
            _ => (0.0, 0.0),
        };
        if !(low <= 0.0 && high > 0.0) {
            let expected = "one value above 0 and one that is not, to be packed";
            return Err(Error::parameter("patterns", expected, format!("{levels:?}")));
        }
        let preparation = match (low, high) {
            (-1.0, 1.0) => Preparation::Identity,
            _ => Preparation::Affine {
                mean: vec![(low + high) / 2.0; self.bits.dim()],
                scale: 2.0 / (high - low),
            },
        };
        Patterns::packed(self.bits, preparation)
    }
}
