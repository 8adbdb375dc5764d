//! CIFAR-10's binary files. Each row is one byte for the class and 3 × 32 × 32 bytes for the picture.

use std::path::{Path, PathBuf};

use super::{Bytes, Header, Input, Opened, Source};
use crate::error::{Error, Result};
use crate::shape::{Layout, Shape};
use crate::table::{Dtype, Values};

const SHAPE: Shape = Shape { channels: 3, height: 32, width: 32, layout: Layout::Chw };
const PIXELS: usize = 3 * 32 * 32;

/// Names of the classes, as in the published `batches.meta.txt`.
const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

pub(super) fn open(path: &Path, bytes: Bytes) -> Result<Opened> {
    // The file is read twice: once for the classes, once for the pixels.
    let [mut first, second] = bytes.twice(path)?;
    let mut labels = Vec::new();
    while !first.fill_buf().map_err(|e| Error::read(path, e))?.is_empty() {
        let record = record(path, &mut first)?;
        let class = CLASSES.get(usize::from(record[0]));
        let found = || format!("class {} in row {}", record[0], labels.len());
        let class = (*class.ok_or_else(|| wrong(path, found()))?).to_owned();
        labels.push(class);
    }
    let head = Header {
        path: path.to_owned(),
        rows: labels.len(),
        columns: PIXELS,
        dtype: Dtype::U8,
        shape: Some(SHAPE),
        labels: Some(labels),
        names: None,
        notes: Vec::new(),
    };
    Ok((head, Box::new(Cifar { path: path.to_owned(), reader: second })))
}

fn wrong(path: &Path, found: String) -> Error {
    Error::content(
        path,
        "a CIFAR-10 file: rows of one class byte (0 to 9) and 3,072 pixels",
        found,
        "give a data_batch or test_batch .bin file as published",
    )
}

fn record(path: &Path, reader: &mut dyn Input) -> Result<[u8; 1 + PIXELS]> {
    let mut record = [0; 1 + PIXELS];
    reader.read_exact(&mut record).map_err(|_| wrong(path, "a last row that ends early".into()))?;
    Ok(record)
}

struct Cifar {
    path: PathBuf,
    reader: Box<dyn Input>,
}

impl Source for Cifar {
    fn take(&mut self, rows: usize) -> Result<Values> {
        let mut pixels = Vec::with_capacity(rows * PIXELS);
        for _ in 0..rows {
            pixels.extend_from_slice(&record(&self.path, &mut self.reader)?[1..]);
        }
        Ok(Values::U8(pixels))
    }
}
