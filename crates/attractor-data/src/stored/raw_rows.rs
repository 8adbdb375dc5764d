//! The rows of stored patterns as they lie in files: numbers, or bits.

use std::fs::File;
use std::io::{Error as Failure, ErrorKind};
use std::ops::Range;
use std::sync::Arc;

use attractor::Real;
use attractor::patterns::{Packed, Source};
use ndarray::Array2;
use safetensors::tensor::Dtype as TensorType;

use super::read::Open;
use super::{array, packed, wrong};
use crate::error::Result;
use crate::formats::parts::Placed;

/// Where some rows are.
#[derive(Clone, Debug)]
enum Place {
    /// In a file, from this byte on.
    File(Arc<File>, u64),
    Memory(Arc<[u8]>),
}

/// Rows in one or several files, one piece after the other.
#[derive(Clone, Debug)]
pub(super) struct RawRows {
    kind: TensorType,
    dim: usize,
    /// The number of the first row of each piece, and where it is.
    pieces: Vec<(usize, Place)>,
    len: usize,
}

impl RawRows {
    /// The patterns of a stored memory, with those that were appended.
    pub fn of(open: &Open) -> Result<Self> {
        let damaged = || wrong(&open.path, "one whose patterns cannot be read in place");
        let file = Arc::new(open.file.try_clone().map_err(|e| crate::error::Error::read(&open.path, e))?);
        let (kind, places) = open.places().ok_or_else(damaged)??;
        let mut rows = RawRows { kind, dim: open.summary.dim, pieces: Vec::new(), len: 0 };
        for (count, place) in places {
            rows.pieces.push((rows.len, Place::File(file.clone(), place)));
            rows.len += count;
        }
        if rows.len != open.summary.patterns {
            return Err(damaged());
        }
        Ok(rows)
    }

    /// Adds the rows of another file of the same kind.
    pub fn extend(&mut self, more: RawRows) {
        debug_assert_eq!((self.kind, self.dim), (more.kind, more.dim));
        let before = self.len;
        self.pieces.extend(more.pieces.into_iter().map(|(first, place)| (before + first, place)));
        self.len += more.len;
    }

    /// Adds prepared rows.
    pub fn push<F: Real>(&mut self, more: &Array2<F>) {
        let (_, _, _, bytes) = match self.is_bits() {
            true => packed(&Packed::from_signs(more.view())),
            false => array("", more.dim(), more.iter().copied()),
        };
        self.pieces.push((self.len, Place::Memory(bytes.into())));
        self.len += more.nrows();
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn kind(&self) -> TensorType {
        self.kind
    }

    fn is_bits(&self) -> bool {
        self.kind == TensorType::U8
    }

    /// The number of bytes of a row.
    pub fn width(&self) -> usize {
        match self.kind {
            TensorType::F64 => 8 * self.dim,
            TensorType::F32 => 4 * self.dim,
            _ => self.dim.div_ceil(8),
        }
    }

    /// The number of entries of a row in its array.
    pub fn columns(&self) -> usize {
        if self.is_bits() { self.dim.div_ceil(8) } else { self.dim }
    }

    /// Reads the bytes of some rows.
    fn bytes(&self, rows: Range<usize>, mut out: &mut [u8]) -> std::io::Result<()> {
        let mut row = rows.start;
        while row < rows.end {
            // The last piece that begins at this row or before it.
            let next = self.pieces.partition_point(|(first, _)| *first <= row);
            let (first, place) = &self.pieces[next - 1];
            let end = self.pieces.get(next).map_or(self.len, |(first, _)| *first).min(rows.end);
            let (some, rest) = out.split_at_mut((end - row) * self.width());
            let at = (row - first) * self.width();
            match place {
                Place::File(file, start) => file.read_at(some, start + at as u64)?,
                Place::Memory(bytes) => {
                    let there = bytes.get(at..at + some.len());
                    some.copy_from_slice(there.ok_or_else(|| Failure::from(ErrorKind::UnexpectedEof))?);
                }
            }
            (row, out) = (end, rest);
        }
        Ok(())
    }

    /// Calls `f` with the bytes of some rows, a few MiB at a time.
    pub fn each(
        &self,
        rows: Range<usize>,
        mut f: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        const AT_ONCE: usize = 1 << 22;
        let step = (AT_ONCE / self.width()).max(1);
        let mut bytes = Vec::new();
        for first in rows.clone().step_by(step) {
            let some = first..rows.end.min(first + step);
            bytes.resize(some.len() * self.width(), 0);
            self.bytes(some, &mut bytes)?;
            f(&bytes)?;
        }
        Ok(())
    }

    /// A checksum of all rows.
    pub fn checksum(&self) -> std::io::Result<u32> {
        let mut sum = crc32fast::Hasher::new();
        self.each(0..self.len, |bytes| {
            sum.update(bytes);
            Ok(())
        })?;
        Ok(sum.finalize())
    }

    /// Writes all rows, which are bits, behind the first `skip`.
    pub fn bits(&self, out: &mut Packed, skip: usize) -> std::io::Result<()> {
        let (width, mut row) = (self.width(), skip);
        self.each(0..self.len, |bytes| {
            for line in bytes.chunks_exact(width) {
                set_words(line, |k, word| out.set_word(row, k, word));
                row += 1;
            }
            Ok(())
        })
    }
}

/// Calls `set` with the words of a row of bits.
fn set_words(line: &[u8], mut set: impl FnMut(usize, u64)) {
    for (k, word) in line.chunks(8).enumerate() {
        let mut eight = [0; 8];
        eight[..word.len()].copy_from_slice(word);
        set(k, u64::from_le_bytes(eight));
    }
}

impl<F: Real> Source<F> for RawRows {
    fn len(&self) -> usize {
        self.len
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, rows: Range<usize>, out: &mut [F]) -> std::result::Result<(), String> {
        let mut bytes = vec![0; rows.len() * self.width()];
        self.bytes(rows, &mut bytes).map_err(|reason| format!("cannot read patterns: {reason}"))?;
        match self.kind {
            TensorType::F32 => {
                let four = bytes.as_chunks().0.iter();
                out.iter_mut()
                    .zip(four)
                    .for_each(|(x, b)| *x = F::from_f64(f64::from(f32::from_le_bytes(*b))));
            }
            TensorType::F64 => {
                let eight = bytes.as_chunks().0.iter();
                out.iter_mut().zip(eight).for_each(|(x, b)| *x = F::from_f64(f64::from_le_bytes(*b)));
            }
            _ => {
                for (row, line) in out.chunks_exact_mut(self.dim).zip(bytes.chunks_exact(self.width())) {
                    let up = |j: usize| line[j / 8] >> (j % 8) & 1 == 1;
                    row.iter_mut().enumerate().for_each(|(j, x)| *x = if up(j) { F::ONE } else { -F::ONE });
                }
            }
        }
        Ok(())
    }
}
