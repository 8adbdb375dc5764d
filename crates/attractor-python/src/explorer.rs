//! The explorer, with a memory in it.

use std::path::{Path, PathBuf};

use attractor_data::{Layout, Shape, write_atomically};
use attractor_session::{Explored, explorer_page};
use pyo3::prelude::*;

use crate::arrays;
use crate::error::{session, unreadable};

/// The explorer as one HTML page, with these patterns. `size` is the height and width of
/// images.
#[pyfunction]
pub fn explorer(
    name: &str,
    patterns: &Bound<'_, PyAny>,
    labels: Vec<String>,
    size: Option<(usize, usize)>,
) -> PyResult<String> {
    let rows = arrays::read::<f64>("patterns", patterns)?.as_array().to_owned();
    let shape = size.map(|(height, width)| Shape { channels: 1, height, width, layout: Layout::default() });
    let memory = Explored::of_patterns(Path::new(name), &rows, labels, shape).map_err(session)?;
    Ok(explorer_page(Some(&memory)))
}

/// Writes a text to a file, whole or not at all.
#[pyfunction]
pub fn write_text(path: PathBuf, text: &str) -> PyResult<()> {
    write_atomically(&path, |file| file.write_all(text.as_bytes())).map_err(unreadable)
}
