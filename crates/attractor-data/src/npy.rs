//! NumPy's `.npy` files.

use std::path::Path;

use attractor::Real;
use ndarray::{Array2, ArrayView2, ArrayViewD};
use ndarray_npy::{ViewElement, ViewNpyError, ViewNpyExt, WritableElement, WriteNpyExt};

use crate::error::{Error, Result};
use crate::output::write_atomically;

/// The number type of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// 32-bit float.
    F32,
    /// 64-bit float.
    F64,
    /// Unsigned byte, an image's grey value: read as value/255.
    U8,
    /// 0 or 1.
    Bool,
    /// Signed integers of any width: read as they are.
    Integer,
}

impl Dtype {
    /// Whether it is raw data, which memories prepare unless told not to.
    pub fn is_raw(self) -> bool {
        matches!(self, Dtype::U8 | Dtype::Bool)
    }
}

/// An N × D table of numbers, one row a pattern, cue or state.
#[derive(Clone, Debug)]
pub struct Table {
    values: Values,
    rows: usize,
    columns: usize,
}

#[derive(Clone, Debug)]
enum Values {
    F32(Vec<f32>),
    F64(Vec<f64>),
    U8(Vec<u8>),
    Bool(Vec<bool>),
    Integer(Vec<i64>),
}

impl Table {
    /// A table of bytes, N × D.
    pub fn from_bytes(values: Array2<u8>) -> Self {
        let (rows, columns) = values.dim();
        Table { values: Values::U8(values.into_iter().collect()), rows, columns }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Numbers a row.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The number type.
    pub fn dtype(&self) -> Dtype {
        match self.values {
            Values::F32(_) => Dtype::F32,
            Values::F64(_) => Dtype::F64,
            Values::U8(_) => Dtype::U8,
            Values::Bool(_) => Dtype::Bool,
            Values::Integer(_) => Dtype::Integer,
        }
    }

    /// Some of the rows as floats: bytes as value/255, all else as it is.
    pub fn to_floats<F: Real>(&self, rows: std::ops::Range<usize>) -> Array2<F> {
        let range = rows.start * self.columns..rows.end * self.columns;
        let values: Vec<F> = match &self.values {
            Values::F32(v) => v[range].iter().map(|&v| F::of(f64::from(v))).collect(),
            Values::F64(v) => v[range].iter().map(|&v| F::of(v)).collect(),
            Values::U8(v) => v[range].iter().map(|&v| F::of(f64::from(v) / 255.0)).collect(),
            Values::Bool(v) => v[range].iter().map(|&v| F::of(f64::from(u8::from(v)))).collect(),
            Values::Integer(v) => v[range].iter().map(|&v| F::of(v as f64)).collect(),
        };
        Array2::from_shape_vec((rows.len(), self.columns), values).expect("one value a place")
    }
}

const CURE: &str = "save it with numpy.save as float32, float64, uint8, int8 or bool";

/// Reads an array of one or more dimensions: the first counts rows, the others are joined; a vector
/// is one row. C or Fortran order, native byte order.
///
/// # Errors
/// A file that is missing, not `.npy`, truncated, longer or shorter than its header says, or of
/// another number type.
pub fn read_npy(path: &Path) -> Result<Table> {
    // What is there, whatever the header may claim; moved if numbers cannot be looked at in place.
    let mut bytes = std::fs::read(path).map_err(|e| Error::read(path, e))?;
    let length = bytes.len();
    bytes.resize(length + ALIGNMENT, 0);
    let start = bytes.as_ptr().align_offset(ALIGNMENT).min(ALIGNMENT);
    bytes.copy_within(..length, start);
    parse(path, &bytes[start..start + length])
}

/// Of the widest number read.
const ALIGNMENT: usize = align_of::<f64>();

fn parse(path: &Path, bytes: &[u8]) -> Result<Table> {
    const MAGIC: &[u8] = b"\x93NUMPY";
    if !bytes.starts_with(MAGIC) {
        let found = match bytes {
            [] => "an empty file".to_owned(),
            [b'P', b'K', ..] => "a zip archive (.npz?)".to_owned(),
            [0x1f, 0x8b, ..] => "a gzip file".to_owned(),
            [0x89, b'P', b'N', b'G', ..] => "a PNG picture".to_owned(),
            _ => format!("a file that starts with bytes {:02x?}", &bytes[..bytes.len().min(6)]),
        };
        return Err(Error::content(path, "a NumPy .npy file", found, CURE));
    }
    let table = |values, shape: &[usize]| {
        let rows = if shape.len() < 2 { 1 } else { shape[0] };
        let columns = if shape.len() < 2 { shape.iter().product() } else { shape[1..].iter().product() };
        Table { values, rows, columns }
    };
    macro_rules! try_types {
        ($($type:ty => $into:expr),* $(,)?) => {
            $(if let Some(array) = view::<$type>(path, bytes)? {
                return Ok(table($into(array.iter().copied().collect()), array.shape()));
            })*
        };
    }
    fn integers<T: Into<i64>>(values: Vec<T>) -> Values {
        Values::Integer(values.into_iter().map(Into::into).collect())
    }
    try_types! {
        f32 => Values::F32,
        f64 => Values::F64,
        u8 => Values::U8,
        bool => Values::Bool,
        i8 => integers,
        i16 => integers,
        i32 => integers,
        i64 => integers,
    }
    let found = match ArrayViewD::<f32>::view_npy(bytes) {
        Err(ViewNpyError::WrongDescriptor(descriptor)) => format!("numbers of type {descriptor}"),
        _ => "numbers of another type".to_owned(),
    };
    Err(Error::content(path, "float32, float64, uint8, int8 or bool", found, CURE))
}

/// The array, if its numbers are of type `T`.
fn view<'a, T: ViewElement>(path: &Path, bytes: &'a [u8]) -> Result<Option<ArrayViewD<'a, T>>> {
    let wrong = |expected: &str, found: String| Err(Error::content(path, expected, found, CURE));
    match ArrayViewD::<T>::view_npy(bytes) {
        Ok(array) => Ok(Some(array)),
        Err(ViewNpyError::WrongDescriptor(_)) => Ok(None),
        Err(ViewNpyError::NonNativeEndian) => Err(Error::content(
            path,
            "numbers in this machine's byte order",
            "the other byte order",
            "save it again as array.astype(array.dtype.newbyteorder('='))",
        )),
        Err(ViewNpyError::MissingBytes(n)) => wrong(
            "as many bytes as the header announces",
            format!("{n} bytes fewer: the file is truncated or its header wrong"),
        ),
        Err(ViewNpyError::ExtraBytes(n)) => wrong(
            "as many bytes as the header announces",
            format!("{n} bytes more: the file is damaged or its header wrong"),
        ),
        Err(ViewNpyError::LengthOverflow) => {
            wrong("an array that fits in memory", "a header that claims more".into())
        }
        Err(ViewNpyError::MisalignedData) => {
            wrong("data aligned as NumPy writes them", "data at an odd place".into())
        }
        Err(error) => wrong("a NumPy .npy file", format!("a damaged one ({error})")),
    }
}

/// Reads a mask: non-zero means known. One row for all `rows` cues, or one row a cue.
///
/// # Errors
/// As [`read_npy`]; a shape that is neither.
pub fn read_mask(path: &Path, rows: usize, dim: usize) -> Result<Array2<bool>> {
    let table = read_npy(path)?;
    if table.columns != dim || (table.rows != 1 && table.rows != rows) {
        return Err(Error::content(
            path,
            format!("a mask of shape {dim} or {rows} × {dim}"),
            format!("{} × {}", table.rows, table.columns),
            "give one row for all cues or one row a cue",
        ));
    }
    let mask = table.to_floats::<f64>(0..table.rows);
    if let Some((row, unit)) = mask.indexed_iter().find(|(_, v)| v.is_nan()).map(|(at, _)| at) {
        return Err(Error::content(
            path,
            "a mask of zeros and other numbers",
            format!("NaN at row {row}, unit {unit}"),
            "write 0 for unknown and 1 for known units",
        ));
    }
    let mask = mask.mapv(|v| v != 0.0);
    Ok(mask.broadcast((rows, dim)).expect("one row or all").to_owned())
}

/// Writes an array, whole or not at all.
///
/// # Errors
/// Whatever the system says.
pub fn write_npy<T: WritableElement>(path: &Path, array: ArrayView2<T>) -> Result<()> {
    write_atomically(path, |file| {
        array.write_npy(file).map_err(|error| match error {
            ndarray_npy::WriteNpyError::Io(error) => error,
            other => std::io::Error::other(other),
        })
    })
}

/// Writes a mask, true as 1.
///
/// # Errors
/// Whatever the system says.
pub fn write_mask(path: &Path, mask: ArrayView2<bool>) -> Result<()> {
    write_npy(path, mask.mapv(u8::from).view())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{ShapeBuilder, array};
    use proptest::prelude::*;

    fn bytes_of(array: &impl WriteNpyExt) -> Vec<u8> {
        let mut bytes = Vec::new();
        array.write_npy(&mut bytes).expect("memory takes all");
        bytes
    }

    fn read_bytes(bytes: &[u8]) -> Result<Table> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.npy");
        std::fs::write(&path, bytes).expect("a file");
        read_npy(&path)
    }

    #[test]
    fn reads_every_layout_and_type() {
        let expected = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]];
        let mut fortran = Array2::<f32>::zeros((2, 3).f());
        fortran.assign(&expected.mapv(|v: f64| v as f32));
        for bytes in [
            bytes_of(&fortran),
            bytes_of(&expected),
            bytes_of(&expected.mapv(|v| v as i8)),
            bytes_of(&expected.mapv(|v| v as i64)),
        ] {
            let table = read_bytes(&bytes).expect("readable");
            assert_eq!(table.to_floats::<f64>(0..2), expected);
        }
        let bytes = bytes_of(&array![[0_u8, 255]]);
        assert_eq!(read_bytes(&bytes).unwrap().to_floats::<f32>(0..1), array![[0.0, 1.0]]);
        let vector = bytes_of(&array![1.0_f32, 2.0]);
        let table = read_bytes(&vector).unwrap();
        assert_eq!((table.rows(), table.columns()), (1, 2));
    }

    #[test]
    fn refuses_what_is_not_an_array() {
        let good = bytes_of(&array![[1.0_f32, 2.0], [3.0, 4.0]]);
        assert!(read_bytes(&[]).unwrap_err().to_string().contains("empty file"));
        assert!(read_bytes(&good[..good.len() - 3]).unwrap_err().to_string().contains("truncated"));
        let terabytes = String::from_utf8_lossy(&good).into_owned();
        assert!(terabytes.contains("(2, 2)"));
        let mut claim = good.clone();
        let at = claim.windows(6).position(|w| w == b"(2, 2)").unwrap();
        // The header keeps its length: spaces stand behind the dictionary.
        let wide = b"(2000000, 2000000)";
        claim.splice(at..at + 6, wide.iter().copied());
        let spaces = claim.windows(12).rposition(|w| w.iter().all(|b| *b == b' ')).unwrap();
        claim.drain(spaces..spaces + wide.len() - 6);
        assert!(read_bytes(&claim).unwrap_err().to_string().contains("fewer"));
    }

    proptest! {
        #[test]
        fn never_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0..120usize) {
            let _ = read_bytes(&bytes);
            // The same bytes inside an otherwise good file.
            let mut good = bytes_of(&array![[1.0_f32, 2.0], [3.0, 4.0]]);
            bytes.truncate(8);
            let at = at.min(good.len() - bytes.len());
            good[at..at + bytes.len()].copy_from_slice(&bytes);
            let _ = read_bytes(&good);
        }
    }
}
