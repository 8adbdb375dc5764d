//! Errors and notes of the libraries name no flags: a front end spells what is to be given
//! (`attractor::message::Argument`).
#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

/// Crates that know no command line.
const LIBRARIES: [&str; 5] =
    ["attractor", "attractor-kernels", "attractor-data", "attractor-networks", "attractor-replay"];

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => sources(&path, files),
            false if path.extension().is_some_and(|e| e == "rs") => files.push(path),
            false => {}
        }
    }
}

/// Whether a line of code has ` --name` in it. Comments may.
fn names_a_flag(line: &str) -> bool {
    let code = !line.trim_start().starts_with("//");
    let begins = |at: usize| at == 0 || line[..at].ends_with([' ', '"', '(', '`', '\'']);
    let is_flag = |at: usize| begins(at) && line[at + 2..].starts_with(|c: char| c.is_ascii_lowercase());
    code && line.match_indices("--").any(|(at, _)| is_flag(at))
}

#[test]
fn libraries_name_no_flags() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder of all crates");
    let mut files = Vec::new();
    for library in LIBRARIES.iter().map(|name| crates.join(name).join("src")).filter(|p| p.is_dir()) {
        sources(&library, &mut files);
    }
    assert!(files.len() > 50, "{files:?}");
    let mut named = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("text");
        let lines = text.lines().enumerate().filter(|(_, line)| names_a_flag(line));
        named.extend(lines.map(|(n, line)| format!("{}:{}: {}", file.display(), n + 1, line.trim())));
    }
    assert!(named.is_empty(), "name an Argument in a message! instead of a flag:\n{}", named.join("\n"));
}

#[test]
fn a_flag_is_recognised() {
    for line in ["\"give --sigma\"", "\"--dtype f64\"", "    (--steps)\""] {
        assert!(names_a_flag(line), "{line}");
    }
    for line in ["/// `--sigma`", "    // --clamp", "\"a--b\"", "\"a -- b\"", "x - -y"] {
        assert!(!names_a_flag(line), "{line}");
    }
}
