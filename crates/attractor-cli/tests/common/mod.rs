//! Helpers that the tests of the binary share.
#![allow(dead_code, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use attractor_data::{Number, ReadOptions, read, write_npy};
use ndarray::Array2;
use tempfile::TempDir;

pub fn attractor(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_attractor")).args(arguments).output().expect("the binary runs")
}

pub fn ok(arguments: &[&str]) -> String {
    let output = attractor(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("text")
}

/// What is said on stderr.
pub fn said(arguments: &[&str]) -> String {
    let output = attractor(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stderr).expect("text")
}

/// Checks for exit code 2, nothing on stdout, and one sentence that has all of `words`.
pub fn refused(arguments: &[&str], words: &[&str]) {
    let output = refused_late(arguments, words);
    assert!(output.stdout.is_empty(), "{arguments:?} printed something");
}

/// The same, for an error that is found after the reports were printed.
pub fn refused_late(arguments: &[&str], words: &[&str]) -> Output {
    let output = attractor(arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
    assert!(!error.contains("panicked"), "{arguments:?}: {error}");
    for word in words {
        assert!(error.contains(word), "{arguments:?}: no '{word}' in {error}");
    }
    let sentences = error.lines().filter(|l| l.starts_with("attractor: ")).count();
    let last = error.lines().last().is_some_and(|l| l.starts_with("attractor: "));
    assert!(sentences == 1 && last, "{arguments:?}: {error}");
    output
}

pub fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    path.to_str().expect("a path").to_owned()
}

pub struct Folder(pub TempDir);

impl Folder {
    pub fn new() -> Self {
        Folder(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn name(&self, name: &str) -> String {
        self.path(name).to_str().expect("a path").to_owned()
    }

    pub fn save<T: Number>(&self, name: &str, array: &Array2<T>) -> String {
        write_npy(&self.path(name), array.view()).expect("written");
        self.name(name)
    }
}

pub fn load(path: &str) -> Array2<f64> {
    let table = read(Path::new(path), &ReadOptions::default()).expect("readable");
    table.to_floats(0..table.rows())
}

pub fn lines(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect()
}
