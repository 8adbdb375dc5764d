//! Rows that stay in their file. Any rows of the array can be read at any time.

use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use std::path::{Path, PathBuf};

use attractor::Real;
use attractor::patterns::Source;

use super::raw::{self, Array, Kind};
use super::{array_name, npy, safetensors};
use crate::error::{Error, Result};
use crate::table::Table;

/// Rows of a `.npy` or `.safetensors` file, read on demand. Bytes are read as value/255, as everywhere.
#[derive(Debug)]
pub struct FileRows {
    path: PathBuf,
    file: File,
    start: u64,
    rows: usize,
    columns: usize,
    kind: Kind,
    big_endian: bool,
}

impl FileRows {
    /// Opens a file of one array, or one array of a `.safetensors` file (`FILE:NAME`; the default name is
    /// `patterns`). Returns `None` if the rows do not lie one after the other in a plain file.
    ///
    /// # Errors
    /// The file is missing, damaged or truncated.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        let (path, name) = array_name(path);
        let failed = |error| Error::read(&path, error);
        let file = File::open(&path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if !found.is_file() {
            return Ok(None);
        }
        let mut reader = BufReader::new(file.try_clone().map_err(failed)?);
        let mut first = [0; 9];
        if std::io::Read::read_exact(&mut reader, &mut first).is_err() {
            return Ok(None);
        }
        let mut whole = std::io::Read::chain(&first[..], reader);
        let (array, start, end) = if first.starts_with(b"\x93NUMPY") && name.is_none() {
            let (array, start) = npy::head(&path, &mut whole)?;
            (array, start, found.len())
        } else if first[8] == b'{' {
            let (head, start) = safetensors::head(&path, &mut whole)?;
            let Some(info) = head.info(name.as_deref().unwrap_or("patterns")) else {
                return Ok(None);
            };
            let Some(kind) = safetensors::kind(info.dtype) else {
                return Ok(None);
            };
            let (from, to) = (start + info.data_offsets.0, start + info.data_offsets.1);
            let array = Array { kind, big_endian: false, sizes: info.shape.clone(), by_columns: false };
            (array, from as u64, to as u64)
        } else {
            return Ok(None);
        };
        if array.by_columns || array.sizes.len() < 2 {
            return Ok(None);
        }
        let [rows, columns] = raw::sizes(&path, &array, Some(end.saturating_sub(start)))?;
        if end > found.len() {
            let (expected, cure) = ("as many bytes as the head announces", "fetch it again");
            return Err(Error::content(&path, expected, "fewer: the file is truncated", cure));
        }
        let (kind, big_endian) = (array.kind, array.big_endian);
        Ok(Some(FileRows { path, file, start, rows, columns, kind, big_endian }))
    }

    #[cfg(unix)]
    fn read_at(&self, bytes: &mut [u8], place: u64) -> std::io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, bytes, place)
    }

    #[cfg(windows)]
    fn read_at(&self, mut bytes: &mut [u8], mut place: u64) -> std::io::Result<()> {
        while !bytes.is_empty() {
            let count = std::os::windows::fs::FileExt::seek_read(&self.file, bytes, place)?;
            if count == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            bytes = &mut bytes[count..];
            place += count as u64;
        }
        Ok(())
    }
}

impl<F: Real> Source<F> for FileRows {
    fn len(&self) -> usize {
        self.rows
    }

    fn dim(&self) -> usize {
        self.columns
    }

    fn read(&self, rows: Range<usize>, out: &mut [F]) -> std::result::Result<(), String> {
        let size = self.columns * self.kind.size();
        let mut bytes = vec![0; rows.len() * size];
        let place = self.start + (rows.start * size) as u64;
        self.read_at(&mut bytes, place).map_err(|error| Error::read(&self.path, error).to_string())?;
        if self.kind == Kind::F32 && !self.big_endian {
            for (out, four) in out.iter_mut().zip(bytes.as_chunks().0) {
                *out = F::from_f64(f64::from(f32::from_le_bytes(*four)));
            }
            return Ok(());
        }
        let values = raw::decode(&bytes, self.kind, self.big_endian)
            .ok_or_else(|| format!("{}: expected whole numbers below 2^63", self.path.display()))?;
        let table = Table::new(values, self.columns, None, None);
        out.iter_mut().zip(table.floats::<F>()).for_each(|(out, value)| *out = value);
        Ok(())
    }
}
