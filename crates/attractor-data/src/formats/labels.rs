//! Labels that stand in a file of their own.

use std::path::{Path, PathBuf};

use super::Reading;
use crate::error::{Error, Result};

/// Labels from a file: text with one a line, or an array of class numbers.
pub(super) fn read(path: &Path, rows: usize) -> Result<Vec<String>> {
    let bytes = std::fs::read(path).map_err(|e| Error::read(path, e))?;
    let labels = match String::from_utf8(bytes) {
        Ok(text) if !text.contains('\0') => text.lines().map(|l| l.trim().to_owned()).collect(),
        _ => classes(path)?,
    };
    check(path, labels, rows)
}

/// Labels of an IDX file of images, from the file that is published beside it:
/// `train-images-idx3-ubyte` has its labels in `train-labels-idx1-ubyte`.
pub(super) fn beside(images: &Path, rows: usize) -> Result<Option<Vec<String>>> {
    let name = images.file_name().unwrap_or_default().to_string_lossy();
    if !name.contains("images") {
        return Ok(None);
    }
    let plain = name.trim_end_matches(".gz").replace("images", "labels").replace("idx3", "idx1");
    let candidates: [PathBuf; 2] = [format!("{plain}.gz"), plain].map(|name| images.with_file_name(name));
    match candidates.iter().find(|path| path.is_file()) {
        Some(path) => check(path, classes(path)?, rows).map(Some),
        None => Ok(None),
    }
}

/// One class number a label.
fn classes(path: &Path) -> Result<Vec<String>> {
    let table = super::read(path, &Reading::default())?;
    let numbers: Vec<f64> = match table.into_values() {
        crate::table::Values::U8(v) => v.into_iter().map(f64::from).collect(),
        crate::table::Values::Integer(v) => v.into_iter().map(|v| v as f64).collect(),
        crate::table::Values::F32(v) => v.into_iter().map(f64::from).collect(),
        crate::table::Values::F64(v) => v,
        crate::table::Values::Bool(v) => v.into_iter().map(|v| f64::from(u8::from(v))).collect(),
    };
    Ok(numbers.into_iter().map(|n| n.to_string()).collect())
}

fn check(path: &Path, labels: Vec<String>, rows: usize) -> Result<Vec<String>> {
    if labels.len() == rows {
        return Ok(labels);
    }
    Err(Error::content(
        path,
        format!("{rows} labels, one a row"),
        labels.len().to_string(),
        "give one label a row, in the order of the rows",
    ))
}
