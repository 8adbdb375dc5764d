//! Arrays of raw numbers: what follows the head in `.npy`, `.npz`, `.safetensors` and IDX files.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Bytes, Header, InMemory, Input, Opened, Source};
use crate::error::{Error, Result};
use crate::shape::Shape;
use crate::table::{Dtype, Values};

/// A number type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F16,
    Bf16,
    F32,
    F64,
    U8,
    Bool,
    I8,
    I16,
    I32,
    I64,
    U16,
    U32,
    U64,
}

impl Kind {
    pub(super) fn size(self) -> usize {
        match self {
            Kind::U8 | Kind::Bool | Kind::I8 => 1,
            Kind::F16 | Kind::Bf16 | Kind::I16 | Kind::U16 => 2,
            Kind::F32 | Kind::I32 | Kind::U32 => 4,
            Kind::F64 | Kind::I64 | Kind::U64 => 8,
        }
    }

    pub(super) fn dtype(self) -> Dtype {
        match self {
            Kind::F16 | Kind::Bf16 | Kind::F32 => Dtype::F32,
            Kind::F64 => Dtype::F64,
            Kind::U8 => Dtype::U8,
            Kind::Bool => Dtype::Bool,
            _ => Dtype::Integer,
        }
    }
}

/// The array that follows the head of a file.
#[derive(Clone, Debug)]
pub(super) struct Array {
    pub kind: Kind,
    pub big_endian: bool,
    /// The sizes, slowest first. With `by_columns`, the array is in Fortran order.
    pub sizes: Vec<usize>,
    pub by_columns: bool,
}

const CURE: &str = "save it again as float32, float64, uint8, int8 or bool";

/// Opens the array at which the reader stands. The first size is the number of rows, and the others are joined; a
/// vector is one row. `bytes.length` is the number of bytes left, if known.
pub(super) fn open(path: &Path, bytes: Bytes, array: Array) -> Result<Opened> {
    let [rows, columns] = sizes(path, &array, bytes.length)?;
    let split = usize::from(array.sizes.len() > 1);
    let head = Header {
        path: path.to_owned(),
        rows,
        columns,
        dtype: array.kind.dtype(),
        shape: Shape::of_sizes(&array.sizes[split..]),
        labels: None,
        names: None,
        notes: Vec::new(),
    };
    let mut raw = Raw {
        path: path.to_owned(),
        reader: bytes.reader,
        kind: array.kind,
        big_endian: array.big_endian,
        columns,
        left: rows,
    };
    if array.by_columns && array.sizes.len() > 1 && rows > 0 && columns > 0 {
        let values = raw.take(rows)?;
        let sizes = array.sizes.clone();
        let values = values.pick((0..rows * columns).map(|place| by_columns(&sizes, place)));
        return Ok((head, Box::new(InMemory { values, columns, at: 0 })));
    }
    Ok((head, Box::new(raw)))
}

/// Rows and columns of an array. `length` is the number of bytes that are there, if known.
pub(super) fn sizes(path: &Path, array: &Array, length: Option<u64>) -> Result<[usize; 2]> {
    let product = |sizes: &[usize]| sizes.iter().try_fold(1_usize, |p, &s| p.checked_mul(s));
    let sizes = &array.sizes[..];
    let split = usize::from(sizes.len() > 1);
    let most = |n: &usize| *n <= 1 << 60;
    let size = product(sizes).and_then(|n| n.checked_mul(array.kind.size())).filter(most);
    // This also holds for arrays without rows.
    let sensible = product(&sizes[split..]).is_some_and(|n| most(&n.saturating_mul(8)));
    let (rows, columns) = (product(&sizes[..split]), product(&sizes[split..]));
    let (Some(size), Some(rows), Some(columns), true) = (size, rows, columns, sensible) else {
        return Err(Error::content(
            path,
            "an array that fits in memory",
            format!("a head that claims sizes {sizes:?}"),
            CURE,
        ));
    };
    if let Some(length) = length.filter(|&l| l != size as u64) {
        let (found, cure) = if length < size as u64 {
            (
                format!("{} bytes fewer: the file is truncated or its head wrong", size as u64 - length),
                "fetch it again",
            )
        } else {
            (format!("{} bytes more: the file is damaged or its head wrong", length - size as u64), CURE)
        };
        return Err(Error::content(path, "as many bytes as the head announces", found, cure));
    }
    Ok([rows, columns])
}

/// Converts a position in C order (last index fastest) to the position in Fortran order (first index fastest).
fn by_columns(sizes: &[usize], mut place: usize) -> usize {
    let mut stride = sizes.iter().product::<usize>();
    let mut at = 0;
    for &size in sizes.iter().rev() {
        stride /= size;
        at += place % size * stride;
        place /= size;
    }
    at
}

struct Raw {
    path: PathBuf,
    reader: Box<dyn Input>,
    kind: Kind,
    big_endian: bool,
    columns: usize,
    left: usize,
}

impl Source for Raw {
    fn take(&mut self, rows: usize) -> Result<Values> {
        let size = rows * self.columns * self.kind.size();
        // The buffer grows with the bytes that are there, whatever the head claims.
        let mut bytes = Vec::new();
        let got = (&mut self.reader).take(size as u64).read_to_end(&mut bytes);
        self.left -= rows;
        // After the last row the file must end. Reading on also checks the checksum of a packed file.
        let end = if self.left == 0 { self.reader.fill_buf().map(|more| more.len()) } else { Ok(0) };
        let extra = matches!(end, Ok(1..));
        let found = match got.and_then(|got| end.map(|_| got)) {
            Err(error) => format!("a file that breaks off ({error})"),
            Ok(_) if bytes.len() < size => "fewer: the file is truncated or its head wrong".to_owned(),
            Ok(_) if extra => "more: the file is damaged or its head wrong".to_owned(),
            Ok(_) => {
                return decode(&bytes, self.kind, self.big_endian).ok_or_else(|| {
                    Error::content(&self.path, "whole numbers below 2^63", "a larger one", CURE)
                });
            }
        };
        Err(Error::content(&self.path, "as many bytes as the head announces", found, "fetch it again"))
    }
}

/// Decodes the numbers. Returns `None` if one is too large.
pub(super) fn decode(bytes: &[u8], kind: Kind, big: bool) -> Option<Values> {
    macro_rules! numbers {
        ($type:ty) => {
            bytes.chunks_exact(size_of::<$type>()).map(|chunk| {
                let chunk = chunk.try_into().expect("chunks of this size");
                if big { <$type>::from_be_bytes(chunk) } else { <$type>::from_le_bytes(chunk) }
            })
        };
    }
    Some(match kind {
        Kind::F16 => Values::F32(numbers!(u16).map(widen_f16).collect()),
        Kind::Bf16 => Values::F32(numbers!(u16).map(widen_bf16).collect()),
        Kind::F32 => Values::F32(numbers!(f32).collect()),
        Kind::F64 => Values::F64(numbers!(f64).collect()),
        Kind::U8 => Values::U8(bytes.to_vec()),
        Kind::Bool => Values::Bool(bytes.iter().map(|&b| b != 0).collect()),
        Kind::I8 => Values::Integer(numbers!(i8).map(i64::from).collect()),
        Kind::I16 => Values::Integer(numbers!(i16).map(i64::from).collect()),
        Kind::I32 => Values::Integer(numbers!(i32).map(i64::from).collect()),
        Kind::I64 => Values::Integer(numbers!(i64).collect()),
        Kind::U16 => Values::Integer(numbers!(u16).map(i64::from).collect()),
        Kind::U32 => Values::Integer(numbers!(u32).map(i64::from).collect()),
        Kind::U64 => Values::Integer(numbers!(u64).map(|v| i64::try_from(v).ok()).collect::<Option<_>>()?),
    })
}

/// A half-precision number from its bits: a sign, five bits of exponent and ten of mantissa.
pub(super) fn widen_f16(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let magnitude = u32::from(bits & 0x7fff);
    let widened = match magnitude >> 10 {
        // Zero and subnormal numbers: multiples of 2^-24, which f32 has.
        0 => (magnitude as f32 / 16_777_216.0).to_bits(),
        // Infinity and NaN.
        31 => 0x7f80_0000 | magnitude << 13,
        // The exponent's bias is 127 instead of 15.
        _ => (magnitude << 13) + (112 << 23),
    };
    f32::from_bits(sign | widened)
}

/// A bfloat16 number from its bits: the upper half of an f32.
fn widen_bf16(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::{widen_bf16, widen_f16};

    #[test]
    fn all_half_precision_numbers_are_those_of_the_crate_half() {
        let same =
            |ours: f32, theirs: f32| ours.to_bits() == theirs.to_bits() || ours.is_nan() && theirs.is_nan();
        for bits in 0..=u16::MAX {
            assert!(same(widen_f16(bits), half::f16::from_bits(bits).to_f32()), "f16 {bits:#06x}");
            assert!(same(widen_bf16(bits), half::bf16::from_bits(bits).to_f32()), "bf16 {bits:#06x}");
        }
    }
}
