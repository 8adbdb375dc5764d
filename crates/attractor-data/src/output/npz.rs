//! NumPy's `.npz` archives.

use std::fs::File;
use std::io::{BufReader, BufWriter, Seek, Write};
use std::path::Path;

use ndarray::{ArrayView1, ArrayView2};
use zip::write::{SimpleFileOptions, ZipWriter};

use super::{NewFile, Number, npy};
use crate::error::Result;

/// Writes an archive: one array of many rows, a batch at a time, and smaller arrays.
#[derive(Debug)]
pub struct NpzWriter {
    file: NewFile,
    /// The rows so far. They wait here, since the entries of an archive are written one after the other.
    rows: BufWriter<File>,
    name: String,
    others: Vec<(String, Vec<u8>)>,
}

/// An unnamed temporary file in the folder of the archive; for a device, in the folder of temporary files.
fn spool(file: &NewFile) -> std::io::Result<File> {
    tempfile::tempfile_in(file.folder()).or_else(|_| tempfile::tempfile())
}

impl NpzWriter {
    /// Creates an archive whose array `name` has `rows` × `columns` numbers.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn create<T: Number>(path: &Path, name: &str, rows: usize, columns: usize) -> Result<Self> {
        let file = NewFile::create(path)?;
        let mut spool = BufWriter::new(spool(&file).map_err(|e| file.refused(e))?);
        spool.write_all(&npy::head::<T>(&[rows, columns])).map_err(|e| file.refused(e))?;
        Ok(NpzWriter { file, rows: spool, name: name.to_owned(), others: Vec::new() })
    }

    /// Writes the next rows.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append<T: Number>(&mut self, rows: ArrayView2<T>) -> Result<()> {
        let mut bytes = Vec::with_capacity(rows.len() * size_of::<T>());
        npy::put(rows, &mut bytes);
        self.rows.write_all(&bytes).map_err(|e| self.file.refused(e))
    }

    /// Adds a vector.
    pub fn add<T: Number>(&mut self, name: &str, values: ArrayView1<T>) {
        let mut bytes = npy::head::<T>(&[values.len()]);
        values.iter().for_each(|value| value.put(&mut bytes));
        self.others.push((name.to_owned(), bytes));
    }

    /// Completes the archive and moves it to its path.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(mut self) -> Result<()> {
        let written = self.write();
        written.map_err(|e| self.file.refused(e))?;
        self.file.commit()
    }

    fn write(&mut self) -> std::io::Result<()> {
        self.rows.flush()?;
        self.rows.get_mut().rewind()?;
        let mut archive = ZipWriter::new_stream(&mut self.file);
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        archive.start_file(format!("{}.npy", self.name), options.large_file(true))?;
        std::io::copy(&mut BufReader::new(self.rows.get_ref()), &mut archive)?;
        for (name, bytes) in &self.others {
            archive.start_file(format!("{name}.npy"), options)?;
            archive.write_all(bytes)?;
        }
        archive.finish()?;
        Ok(())
    }
}
