//! Creates folders for results.

use std::path::Path;

use anyhow::{Result, bail};
use attractor_data::Error;

/// Creates a folder for results, which is removed again if the command fails before anything is in it.
pub fn make_folder(folder: &Path) -> Result<()> {
    match attractor_data::make_folder(folder) {
        Err(Error::Write { reason, .. }) => {
            bail!("cannot make the folder {}: {reason}; choose another for --out", folder.display())
        }
        made => Ok(made?),
    }
}
