//! The explorer, with a memory in it.

use std::path::Path;

use attractor_data::{Layout, Shape};
use attractor_session::{Explored, explorer_page};
use pyo3::prelude::*;

use crate::arrays;
use crate::error::session;

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
