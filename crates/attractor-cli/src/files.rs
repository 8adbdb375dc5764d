//! Creates folders for results.

use std::path::Path;

use anyhow::{Context, Result};

/// Creates a folder for results.
pub fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}; choose another for --out", folder.display()))
}
