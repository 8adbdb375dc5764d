//! NumPy's `.npy` files.

use std::io::Write;
use std::marker::PhantomData;
use std::path::Path;

use ndarray::ArrayView2;

use super::{NewFile, write_atomically};
use crate::error::Result;

/// A number type of NumPy.
pub trait Number: Copy {
    /// NumPy's name for it.
    const DESCR: &'static str;

    /// Appends the bytes of the number.
    fn put(self, bytes: &mut Vec<u8>);
}

macro_rules! numbers {
    ($($type:ty => $descr:literal),*) => {$(
        impl Number for $type {
            const DESCR: &'static str = $descr;

            fn put(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}
numbers!(f32 => "<f4", f64 => "<f8", u8 => "|u1", i64 => "<i8");

/// The head of an array (version 1.0). Its length is a multiple of 64 bytes.
pub(super) fn head<T: Number>(sizes: &[usize]) -> Vec<u8> {
    let sizes: String = sizes.iter().map(|s| format!("{s}, ")).collect();
    let mut text =
        format!("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", T::DESCR, sizes.trim_end());
    while (10 + text.len() + 1) % 64 != 0 {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// Appends the numbers of some rows.
pub(super) fn put<T: Number>(rows: ArrayView2<T>, bytes: &mut Vec<u8>) {
    rows.iter().for_each(|value| value.put(bytes));
}

/// Writes an array, a batch of rows at a time.
#[derive(Debug)]
pub struct NpyWriter<T> {
    file: NewFile,
    kind: PhantomData<T>,
}

impl<T: Number> NpyWriter<T> {
    /// Creates the file of an array of `rows` × `columns`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create(path: &Path, rows: usize, columns: usize) -> Result<Self> {
        let mut file = NewFile::create(path)?;
        file.write_all(&head::<T>(&[rows, columns])).map_err(|e| file.refused(e))?;
        Ok(NpyWriter { file, kind: PhantomData })
    }

    /// Writes the next rows.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append(&mut self, rows: ArrayView2<T>) -> Result<()> {
        let mut bytes = Vec::with_capacity(rows.len() * size_of::<T>());
        put(rows, &mut bytes);
        self.file.write_all(&bytes).map_err(|e| self.file.refused(e))
    }

    /// Completes the file and moves it to its path.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> Result<()> {
        self.file.commit()
    }
}

/// Writes an array. If that fails, no partial file is left.
///
/// # Errors
/// The file cannot be written.
pub fn write_npy<T: Number>(path: &Path, array: ArrayView2<T>) -> Result<()> {
    write_atomically(path, |file| {
        let mut bytes = head::<T>(&[array.nrows(), array.ncols()]);
        put(array, &mut bytes);
        file.write_all(&bytes)
    })
}
