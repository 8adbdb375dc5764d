//! Packs rows of two values into bits.

use ndarray::ArrayView2;

use super::{Packed, Patterns, Preparation};
use crate::error::{Error, Result, check_rows, check_width};
use crate::real::Real;

/// Packs rows that have two values into patterns with one bit for each unit, a few rows at a time.
///
/// The lower value becomes −1 and the higher 1. Cues are mapped with the same scale: the middle of the two values and
/// half of their distance. One value must be above 0 and the other not. So the bits of a row are known even before
/// the second value has been seen.
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
    /// A packer with space for `rows` rows of `dim` units.
    pub fn new(rows: usize, dim: usize) -> Self {
        Packer { bits: Packed::new(rows, dim), levels: Vec::new(), filled: 0 }
    }

    /// Adds the next rows.
    ///
    /// # Errors
    /// A third value; a value that is not finite; rows of another width; more rows than there is space for.
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

    /// Returns the patterns.
    ///
    /// # Errors
    /// Values that are both above 0, or both not; fewer rows than announced.
    pub fn finish(self) -> Result<Patterns<F>> {
        check_rows("patterns", self.filled, self.bits.len())?;
        let levels: Vec<f64> = self.levels.iter().map(|v| v.to_f64()).collect();
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
