//! Rows that stay in their file. Any rows of the array can be read at any time.

use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use std::path::{Path, PathBuf};

use attractor::Real;
use attractor::patterns::Source;

use super::parts::{Parts, Placed};
use super::raw::{self, Array, Kind};
use super::{array_name, npy, safetensors};
use crate::error::{Error, Result};
use crate::table::Table;

/// Rows of a `.npy` or `.safetensors` file, read on demand. Bytes are read as value/255, as everywhere.
#[derive(Debug)]
pub struct FileRows {
    path: PathBuf,
    file: File,
    /// Where the rows are: the first of each piece, and its place in the file. What is appended to a stored memory is a piece of its own.
    pieces: Vec<(usize, u64)>,
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
        let mut more = Vec::new();
        let (array, start, end) = if first.starts_with(b"\x93NUMPY") && name.is_none() {
            let (array, start) = npy::head(&path, &mut whole)?;
            (array, start, found.len())
        } else if first[8] == b'{' {
            let (head, start) = safetensors::head(&path, &mut whole)?;
            if name.as_deref().is_none_or(|name| name == "patterns") {
                more = appended(&path, &file, (start + head.data_len()) as u64)?;
            }
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
        let mut rows = FileRows { path, file, pieces: vec![(0, start)], rows, columns, kind, big_endian };
        for (count, place) in more {
            rows.pieces.push((rows.rows, place));
            rows.rows += count;
        }
        Ok(Some(rows))
    }

    /// Reads some rows of a piece.
    fn piece<F: Real>(&self, row: usize, place: u64, out: &mut [F]) -> std::result::Result<(), String> {
        let size = self.columns * self.kind.size();
        let mut bytes = vec![0; out.len() / self.columns.max(1) * size];
        let place = place + (row * size) as u64;
        self.file.read_at(&mut bytes, place).map_err(|error| Error::read(&self.path, error).to_string())?;
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

/// The rows of each part behind the arrays, and where its patterns are.
fn appended(path: &Path, file: &File, base: u64) -> Result<Vec<(usize, u64)>> {
    let mut pieces = Vec::new();
    for part in Parts::find(path, file, base)?.parts {
        let (head, start) = part.head(path, file)?;
        let rows = head.info("patterns").and_then(|info| Some((*info.shape.first()?, info.data_offsets.0)));
        let (rows, from) = rows.ok_or_else(|| {
            Error::content(path, "patterns in every part", "a part without", "fetch it again")
        })?;
        pieces.push((rows, start + from as u64));
    }
    Ok(pieces)
}

impl<F: Real> Source<F> for FileRows {
    fn len(&self) -> usize {
        self.rows
    }

    fn dim(&self) -> usize {
        self.columns
    }

    fn read(&self, rows: Range<usize>, mut out: &mut [F]) -> std::result::Result<(), String> {
        let mut row = rows.start;
        while row < rows.end {
            // The last piece that begins at this row or before it.
            let next = self.pieces.partition_point(|&(first, _)| first <= row);
            let (first, place) = self.pieces[next - 1];
            let end = self.pieces.get(next).map_or(self.rows, |&(first, _)| first).min(rows.end);
            let (some, rest) = out.split_at_mut((end - row) * self.columns);
            self.piece(row - first, place, some)?;
            (row, out) = (end, rest);
        }
        Ok(())
    }
}
