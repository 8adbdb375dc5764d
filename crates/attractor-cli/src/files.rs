//! Creates folders for results, and makes text from files safe for a terminal.

use std::path::Path;

use anyhow::{Context, Result};

/// Creates a folder for results.
pub fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}; choose another for --out", folder.display()))
}

/// Text from a file, safe for one line of a terminal.
pub fn printable(text: &str) -> String {
    // Characters that change the direction of writing are as harmful as control characters.
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c }).collect()
}
