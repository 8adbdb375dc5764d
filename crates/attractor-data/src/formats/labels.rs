//! Labels in a file of their own.

use std::path::{Path, PathBuf};

use super::{ReadOptions, array_name};
use crate::error::{Error, Result};

/// Reads labels from a file: text with one label per line, or an array of class numbers.
pub(super) fn read(path: &Path, rows: usize) -> Result<Vec<String>> {
    let (file, array) = array_name(path);
    let bytes = std::fs::read(&file).map_err(|e| Error::read(path, e))?;
    let labels = match (array, String::from_utf8(bytes)) {
        (None, Ok(text)) if !text.contains('\0') => {
            let text = text.trim_start_matches('\u{feff}').trim_end();
            text.lines().map(|l| l.trim().to_owned()).collect()
        }
        _ => classes(path)?,
    };
    check(path, labels, rows)
}

/// The file in which readers look for the labels of an array: `NAME.labels.txt` beside `NAME.npy` or `NAME.npz`, with one
/// label on each line. `None` for a file of another kind.
///
/// ```
/// use std::path::Path;
/// let labels = attractor_data::labels_beside(Path::new("data/cues.npy"));
/// assert_eq!(labels.as_deref(), Some(Path::new("data/cues.labels.txt")));
/// ```
pub fn labels_beside(array: &Path) -> Option<PathBuf> {
    let ending = array.extension()?.to_string_lossy().to_lowercase();
    matches!(&*ending, "npy" | "npz").then(|| array.with_extension("labels.txt"))
}

/// Reads labels from the file that stands beside an array or a published IDX file. Also returns that file.
pub(super) fn beside(rows_file: &Path, rows: usize) -> Result<Option<(Vec<String>, PathBuf)>> {
    if let Some(path) = labels_beside(rows_file) {
        return if path.is_file() { Ok(Some((read(&path, rows)?, path))) } else { Ok(None) };
    }
    let found = spellings(rows_file).into_iter().find(|path| path.is_file());
    found.map(|path| Ok((check(&path, classes(&path)?, rows)?, path))).transpose()
}

/// Where the labels of an IDX file of images are published: `train-images-idx3-ubyte` or `train-images.idx3-ubyte` has
/// its labels in `train-labels-idx1-ubyte` or `train-labels.idx1-ubyte`.
fn spellings(images: &Path) -> Vec<PathBuf> {
    let name = images.file_name().unwrap_or_default().to_string_lossy();
    if !(name.contains("images") && name.contains("idx3")) {
        return Vec::new();
    }
    let plain = name.trim_end_matches(".gz").replace("images", "labels").replace("idx3", "idx1");
    // Unpackers write a point for the line, or the line for a point.
    let spellings = [plain.clone(), plain.replace("-idx1", ".idx1"), plain.replace(".idx1", "-idx1")];
    let candidates = spellings.iter().flat_map(|name| [name.clone(), format!("{name}.gz")]);
    candidates.map(|name| images.with_file_name(name)).collect()
}

/// Reads class numbers, one per row, as labels.
fn classes(path: &Path) -> Result<Vec<String>> {
    let table = super::read(path, &ReadOptions::default())?;
    if table.rows() != 1 && table.columns() != 1 {
        let found = format!("{} × {} numbers", table.rows(), table.columns());
        return Err(Error::content(path, "one label a row", found, "give a vector, or text with one a line"));
    }
    table.texts().map_err(|value| Error::content(path, "class numbers", value, "give finite numbers or text"))
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
