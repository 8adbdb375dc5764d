//! Folders for results, and text of files on a terminal.

use std::path::Path;

use anyhow::{Context, Result};

/// Makes a folder for results.
pub fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}; choose another for --out", folder.display()))
}

/// Text of a file on one line of a terminal.
pub fn printable(text: &str) -> String {
    // TraceEvents that turn the direction of writing are as bad as control characters.
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c }).collect()
}
