//! `attractor shard`

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use attractor_data::{cut, shards_in};

use crate::args::Shard;
use crate::output::wrote;
use crate::streams::say;

pub fn run(args: &Shard) -> Result<()> {
    let folder = args.out.clone().unwrap_or_else(|| {
        let mut name = args.memory.clone().into_os_string();
        name.push(".parts");
        PathBuf::from(name)
    });
    refuse_others(&folder)?;
    let files = cut(&args.memory, args.parts, &folder)?;
    if !args.quiet {
        let found = shards_in(&folder)?;
        if let Some(shard) = found.first().and_then(|(_, summary)| summary.shard.as_ref()) {
            say!("memory {}: {} patterns in {} parts", shard.memory, shard.total, files.len());
        }
    }
    wrote(args.quiet, &folder);
    Ok(())
}

/// Refuses a folder that has parts of another cut, which the new ones would lie among.
fn refuse_others(folder: &Path) -> Result<()> {
    if folder.is_dir() && !shards_in(folder)?.is_empty() {
        bail!(
            "out: expected a folder without parts of a memory, found some in {}; remove them, or give another folder",
            folder.display()
        );
    }
    Ok(())
}
