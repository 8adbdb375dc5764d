//! The page that lies beside this crate is that of its sources.
#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};

use attractor_session::explorer_page;

/// What the page is made of, as in `explorer/fingerprint.mjs`.
const SOURCES: [&str; 8] = [
    "crates/attractor-data/assets",
    "crates/attractor-explorer/Cargo.toml",
    "crates/attractor-explorer/src",
    "explorer/build",
    "explorer/build.mjs",
    "explorer/fingerprint.mjs",
    "explorer/package-lock.json",
    "explorer/src",
];

fn files(root: &Path, path: &Path, found: &mut Vec<String>) {
    let whole = root.join(path);
    if !whole.is_dir() {
        return found.push(path.to_str().expect("a name in UTF-8").replace('\\', "/"));
    }
    for entry in fs::read_dir(&whole).expect("a folder of sources") {
        files(root, &path.join(entry.expect("an entry").file_name()), found);
    }
}

/// FNV-1a of 64 bits, over the name and the bytes of each file.
fn fingerprint(root: &Path) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for source in SOURCES {
        let mut own = Vec::new();
        files(root, Path::new(source), &mut own);
        own.sort();
        for path in own {
            let bytes = fs::read(root.join(&path)).expect("a source");
            for byte in format!("{path}\n").bytes().chain(bytes) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    format!("{hash:016x}")
}

#[test]
fn the_page_is_of_these_sources() {
    let root: PathBuf =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace").into();
    let page = explorer_page(None);
    let mark = r#"<meta name="attractor-sources" content=""#;
    let found = page.split_once(mark).expect("the page says its sources").1;
    let found = found.split_once('"').expect("a quoted text").0;
    assert_eq!(
        found,
        fingerprint(&root),
        "the page was not built since its sources changed: run `explorer/build --commit`"
    );
}

#[test]
fn the_page_is_small_and_asks_for_nothing() {
    let page = explorer_page(None);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    let head = page.split_once("<style>").expect("a style").0;
    assert!(head.contains("default-src 'none'"), "{head}");
    for element in ["<link rel=\"stylesheet\"", "<script src", "<img", "<iframe", "@import"] {
        assert!(!page.contains(element), "{element}");
    }
}
