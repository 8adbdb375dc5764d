//! Tests of the documentation: every command that it shows can be given, and every test that it names is there.

use std::fs;
use std::path::{Path, PathBuf};

use super::parse::{View, command};

/// The pages that go through the papers. In these, commands in running text are checked, too.
const PAPERS: [&str; 2] = ["docs/papers/paper.md", "docs/papers/paper-universal.md"];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace").to_path_buf()
}

/// The pages in a folder and in its folders.
fn pages_in(folder: &Path, pages: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            pages_in(&path, pages);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            pages.push(path);
        }
    }
}

/// The README and the pages in docs/: paths from the workspace, and texts.
fn pages() -> Vec<(String, String)> {
    let mut pages = vec![workspace().join("README.md")];
    pages_in(&workspace().join("docs"), &mut pages);
    let read = |path: PathBuf| {
        let name =
            path.strip_prefix(workspace()).expect("a page of the workspace").to_string_lossy().into_owned();
        (name, fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    };
    pages.into_iter().map(read).collect()
}

/// The lines of the blocks of shell code, with continued lines joined and comments cut off.
fn shell(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let (mut is_shell, mut is_code, mut continues) = (false, false, false);
    for line in text.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            is_code = !is_code;
            is_shell = is_code && language == "sh";
            continue;
        }
        if !is_shell {
            continue;
        }
        let line = line.split(" #").next().unwrap_or_default().trim();
        let (line, more) = line.strip_suffix('\\').map_or((line, false), |line| (line, true));
        match lines.last_mut().filter(|_| continues) {
            Some(last) => *last += line,
            None => lines.push(line.to_owned()),
        }
        continues = more;
    }
    lines
}

/// The pieces of code in running text and tables.
fn inline(text: &str) -> Vec<String> {
    let mut blocks = text.split("```");
    let mut spans = Vec::new();
    while let Some(prose) = blocks.next() {
        spans.extend(prose.split('`').skip(1).step_by(2).map(str::to_owned));
        blocks.next();
    }
    spans
}

/// Parses a line as the program does, up to a pipe or a redirection.
fn refused(line: &str) -> Option<String> {
    let end = |word: &&str| !["|", ">", ">>", "&&", "&", ";"].contains(word);
    let words: Vec<&str> = line.split_whitespace().take_while(end).collect();
    let error = command(&View::all()).try_get_matches_from(words).err()?;
    error.use_stderr().then(|| error.to_string())
}

#[test]
fn the_commands_of_the_pages_can_be_given() {
    let mut count = 0;
    for (page, text) in pages() {
        let of_papers = PAPERS.contains(&page.as_str());
        let spans = if of_papers { inline(&text) } else { Vec::new() };
        for line in shell(&text).iter().chain(&spans).filter(|line| line.starts_with("attractor ")) {
            count += 1;
            if let Some(error) = refused(line) {
                panic!("{page}: `{line}` cannot be given: {error}");
            }
        }
        // Options alone are those of a recall.
        for options in spans.iter().filter(|s| s.starts_with("--") && !s.starts_with("--test ")) {
            let line = format!("attractor recall --memory memory.npy --cues cues.npy {options}");
            if let Some(error) = refused(&line) {
                panic!("{page}: a recall does not take `{options}`: {error}");
            }
        }
    }
    assert!(count > 60, "{count} commands");
}

/// `cargo test -p CRATE --test FILE NAME`, `… --lib NAME`, and `--test FILE NAME`, which is short for a test of the core.
#[test]
fn the_tests_of_the_pages_are_there() {
    fn sources(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, text);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                text.push_str(&fs::read_to_string(&path).expect("text"));
            }
        }
    }
    let mut count = 0;
    for page in PAPERS {
        let text = fs::read_to_string(workspace().join(page)).expect("a page");
        for span in inline(&text) {
            let words: Vec<&str> = span.split_whitespace().filter(|word| *word != "--release").collect();
            let (package, rest) = match &words[..] {
                ["cargo", "test", "-p", package, rest @ ..] => (*package, rest),
                ["--test", ..] => ("attractor", &words[..]),
                _ => continue,
            };
            let folder = workspace().join("crates").join(package);
            let (code, name) = match rest {
                ["--lib", name, ..] => {
                    let mut code = String::new();
                    sources(&folder.join("src"), &mut code);
                    (code, Some(*name))
                }
                ["--test", file, name @ ..] => {
                    let path = folder.join("tests").join(format!("{file}.rs"));
                    let code = fs::read_to_string(&path);
                    let code = code.unwrap_or_else(|error| panic!("{page}: `{span}`: {error}"));
                    (code, name.iter().find(|word| !word.starts_with('-')).copied())
                }
                _ => continue,
            };
            let tests = code.split("#[test]").skip(1);
            let is_there = tests.filter_map(|rest| rest.split_once("fn ")).any(|(_, rest)| {
                rest.split('(').next().is_some_and(|test| name.is_none_or(|name| test.contains(name)))
            });
            assert!(is_there, "{page}: there is no test as in `{span}`");
            count += 1;
        }
    }
    assert!(count > 10, "{count} tests");
}

/// A mistyped option, experiment, value or name of a sampler is found.
#[test]
fn a_mistyped_command_is_found() {
    for line in [
        "attractor reproduce table1 --repetition 3 --out x",
        "attractor reproduce table2 --out x",
        "attractor reproduce table1",
        "attractor recall --memory m.npy --cues c.npy --sampler bride",
        "attractor recal --memory m.npy --cues c.npy",
    ] {
        assert!(refused(line).is_some(), "{line}");
    }
    assert_eq!(refused("attractor reproduce table1 --repetitions 3 --out x"), None);
    let page = "Text.\n```sh\nattractor demo --out x   # a comment\nattractor recall --memory m \\\n  --cues c\n```\nThen `attractor models` and `--sampler ddim`.";
    assert_eq!(shell(page), ["attractor demo --out x", "attractor recall --memory m --cues c"]);
    assert_eq!(inline(page), ["attractor models", "--sampler ddim"]);
}
