//! Imports point one way: no cycle between the modules of a crate, and crates in the order that `docs/design.md` gives.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A crate's sources: paths under `src`, and their text.
type Sources = Vec<(PathBuf, String)>;

/// Which modules directly under the root of a crate each of them names.
type Imports = BTreeMap<String, BTreeSet<String>>;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace").to_path_buf()
}

fn crates() -> Vec<PathBuf> {
    let entries = fs::read_dir(workspace().join("crates")).expect("the crates");
    let mut crates: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    crates.retain(|path| path.join("Cargo.toml").is_file());
    crates.sort();
    crates
}

fn read(folder: &Path, under: &Path, sources: &mut Sources) {
    for entry in fs::read_dir(folder.join(under)).expect("a folder of sources") {
        let path = under.join(entry.expect("an entry").file_name());
        let whole = folder.join(&path);
        if whole.is_dir() {
            read(folder, &path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push((path, fs::read_to_string(whole).expect("a source file")));
        }
    }
}

/// Words and signs of a source, without comments, texts and `#[cfg(test)]` modules.
fn tokens(source: &str) -> Vec<String> {
    let text: Vec<char> = source.chars().collect();
    let (mut tokens, mut at) = (Vec::new(), 0);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    while at < text.len() {
        let rest = &text[at..];
        match rest {
            ['/', '/', ..] => at += rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => {
                let end = rest.windows(2).skip(2).position(|pair| pair == ['*', '/']);
                at += end.map_or(rest.len(), |end| end + 4);
            }
            ['r', '"', ..] | ['r', '#', '"', ..] => {
                let marks = rest[1..].iter().take_while(|&&c| c == '#').count();
                let end: Vec<char> = std::iter::once('"').chain(vec!['#'; marks]).collect();
                let inside = &rest[marks + 2..];
                let length = inside.windows(marks + 1).position(|some| some == end).unwrap_or(inside.len());
                at += length + 2 * marks + 3;
            }
            ['"', ..] => {
                let mut length = 1;
                while length < rest.len() && rest[length] != '"' {
                    length += if rest[length] == '\\' { 2 } else { 1 };
                }
                at += length + 1;
            }
            ['\'', '\\', _, '\'', ..] => at += 4,
            ['\'', _, '\'', ..] => at += 3,
            [c, ..] if is_word(*c) => {
                let length = rest.iter().position(|&c| !is_word(c)).unwrap_or(rest.len());
                tokens.push(rest[..length].iter().collect());
                at += length;
            }
            [c, ..] => {
                if !c.is_whitespace() {
                    tokens.push(c.to_string());
                }
                at += 1;
            }
            [] => unreachable!("there is a rest"),
        }
    }
    without_tests(&tokens)
}

/// Where the bracket that opens at `open` is closed.
fn closing(tokens: &[String], open: usize) -> usize {
    let mut depth = 0;
    for (k, token) in tokens.iter().enumerate().skip(open) {
        match token.as_str() {
            "{" | "[" | "(" => depth += 1,
            "}" | "]" | ")" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return k;
        }
    }
    tokens.len() - 1
}

fn begins(tokens: &[String], with: &[&str]) -> bool {
    tokens.len() >= with.len() && tokens.iter().zip(with).all(|(a, b)| a == b)
}

fn without_tests(tokens: &[String]) -> Vec<String> {
    const TESTS: &[&str] = &["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let (mut kept, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        if begins(&tokens[at..], TESTS) {
            at += TESTS.len() + 1;
            at = if begins(&tokens[at..], &["{"]) { closing(tokens, at) } else { at } + 1;
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// The names directly under a path: of `a::b` it is a, of `{a::b, c}` a and c.
fn names(tokens: &[String], at: usize) -> Vec<String> {
    if !begins(&tokens[at..], &["{"]) {
        return tokens[at..].iter().take(1).cloned().collect();
    }
    let (end, mut names, mut k) = (closing(tokens, at), Vec::new(), at + 1);
    while k < end {
        names.push(tokens[k].clone());
        while k < end && tokens[k] != "," {
            k = if tokens[k] == "{" { closing(tokens, k) + 1 } else { k + 1 };
        }
        k += 1;
    }
    names
}

/// What the root hands on under its own name: `pub use module::Item`, item by item.
fn handed_on(sources: &Sources) -> BTreeMap<String, String> {
    let mut items = BTreeMap::new();
    for (_, text) in sources.iter().filter(|(path, _)| is_root(path)) {
        let tokens = tokens(text);
        for at in 0..tokens.len() {
            if begins(&tokens[at..], &["use"]) && tokens[at + 2..].first().is_some_and(|token| token == ":") {
                let module = &tokens[at + 1];
                names(&tokens, at + 4).into_iter().for_each(|item| {
                    items.insert(item, module.clone());
                });
            }
        }
    }
    items
}

fn is_root(path: &Path) -> bool {
    path == Path::new("lib.rs") || path == Path::new("main.rs")
}

/// The module directly under the root that a file belongs to, and how far below the root the file's own module is.
fn module_of(path: &Path) -> (String, usize) {
    let path = path.with_extension("");
    let parts: Vec<String> =
        path.iter().map(|part| part.to_string_lossy().into_owned()).filter(|part| part != "mod").collect();
    (parts[0].clone(), parts.len())
}

/// Which modules of a crate name which.
fn imports(sources: &Sources) -> Imports {
    let inside = sources.iter().filter(|(path, _)| !is_root(path));
    let modules: BTreeSet<String> = inside.clone().map(|(path, _)| module_of(path).0).collect();
    let handed_on = handed_on(sources);
    let mut imports: Imports = modules.iter().map(|module| (module.clone(), BTreeSet::new())).collect();
    for (path, text) in inside {
        let (module, depth) = module_of(path);
        let tokens = tokens(text);
        let named = (0..tokens.len()).flat_map(|at| from_root(&tokens, at, depth));
        let named: Vec<String> = named.map(|name| handed_on.get(&name).cloned().unwrap_or(name)).collect();
        let named = named.into_iter().filter(|name| modules.contains(name) && *name != module);
        imports.get_mut(&module).expect("listed").extend(named);
    }
    imports
}

/// What a path that begins at this token names directly under the root, if it begins there: by `crate::`, or by as many
/// `super::` as lead up to it.
fn from_root(tokens: &[String], at: usize, depth: usize) -> Vec<String> {
    if begins(&tokens[at..], &["crate", ":", ":"]) {
        return names(tokens, at + 3);
    }
    const UP: &[&str] = &["super", ":", ":"];
    let is_first = !begins(&tokens[at.saturating_sub(3)..], UP) || at < 3;
    if !begins(&tokens[at..], UP) || !is_first {
        return Vec::new();
    }
    let ups = (0..).take_while(|k| begins(&tokens[(at + 3 * k).min(tokens.len())..], UP)).count();
    if ups == depth + inline_modules(&tokens[..at]) { names(tokens, at + 3 * ups) } else { Vec::new() }
}

/// How many `mod name { … }` are open at the end.
fn inline_modules(tokens: &[String]) -> usize {
    let mut open = Vec::new();
    for (k, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "{" => open.push(k >= 2 && tokens[k - 2] == "mod"),
            "}" => {
                open.pop();
            }
            _ => {}
        }
    }
    open.iter().filter(|&&is_module| is_module).count()
}

/// Modules that lead back to themselves: what is left when those that name no other that is left are taken away, and
/// those that no other names.
fn cycle(imports: &Imports) -> Imports {
    let mut left = imports.clone();
    loop {
        let named: BTreeSet<String> = left.values().flatten().cloned().collect();
        let gone: Vec<String> = left
            .iter()
            .filter(|(module, names)| names.is_empty() || !named.contains(*module))
            .map(|(module, _)| module.clone())
            .collect();
        if gone.is_empty() {
            return left;
        }
        gone.iter().for_each(|module| {
            left.remove(module);
        });
        left.values_mut().for_each(|names| names.retain(|name| !gone.contains(name)));
    }
}

#[test]
fn modules_of_a_crate_form_no_cycle() {
    for folder in crates() {
        let mut sources = Sources::new();
        read(&folder.join("src"), Path::new(""), &mut sources);
        let cycle = cycle(&imports(&sources));
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        assert!(cycle.is_empty(), "modules of {name} import each other in a circle: {cycle:#?}");
    }
}

/// The crates in the order of `docs/design.md`: dependencies of each come before it.
fn documented_order() -> Vec<Vec<String>> {
    const SENTENCE: &str = "Dependencies point one way: ";
    let design = fs::read_to_string(workspace().join("docs/design.md")).expect("docs/design.md");
    let line =
        design.lines().find_map(|line| line.strip_prefix(SENTENCE)).expect("the sentence on dependencies");
    let whole = |name: &str| match name {
        "attractor" => name.to_owned(),
        _ => format!("attractor-{name}"),
    };
    line.trim_end_matches('.').split(" <- ").map(|group| group.split(", ").map(whole).collect()).collect()
}

#[test]
fn crates_depend_on_those_before_them() {
    let order = documented_order();
    let place = |name: &str| {
        let place = order.iter().position(|group| group.iter().any(|other| other == name));
        place.unwrap_or_else(|| panic!("docs/design.md does not say where {name} stands among the crates"))
    };
    for folder in crates() {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        let section = manifest.split("\n[").find_map(|section| section.strip_prefix("dependencies]"));
        let lines = section.unwrap_or_default().lines();
        for other in lines.filter_map(|line| line.split(['.', ' ', '=']).next()) {
            if other == "attractor" || other.starts_with("attractor-") {
                assert!(place(other) < place(&name), "{name} depends on {other}, against docs/design.md");
            }
        }
    }
}

fn sources(files: &[(&str, &str)]) -> Sources {
    files.iter().map(|&(path, text)| (PathBuf::from(path), text.to_owned())).collect()
}

/// The modules in a cycle of these files.
fn circle(files: &[(&str, &str)]) -> Vec<String> {
    cycle(&imports(&sources(files))).into_keys().collect()
}

#[test]
fn an_arrow_backwards_is_found() {
    let forwards =
        [("lib.rs", "mod a; mod b;"), ("b.rs", "use crate::a::A;"), ("a/mod.rs", "mod c;"), ("c.rs", "")];
    assert!(circle(&forwards).is_empty());
    for backwards in [
        "use crate::b::B;",
        "use crate::{b::B, other};",
        "fn f() { crate::b::g() }",
        "use super::super::b::B;",
        "mod inside { use super::super::super::b; }",
        "macro_rules! m { () => { $crate::b::g() } }",
    ] {
        let mut files = forwards.to_vec();
        files.push(("a/c.rs", backwards));
        assert_eq!(circle(&files), ["a", "b"], "{backwards}");
    }
    // A circle of three, with a module beside it.
    let three = [
        ("a.rs", "use crate::b;"),
        ("b.rs", "use crate::c;"),
        ("c.rs", "use super::a;"),
        ("d.rs", "use crate::a;"),
    ];
    assert_eq!(circle(&three), ["a", "b", "c"]);
}

#[test]
fn the_root_hides_no_arrow() {
    let files =
        [("lib.rs", "pub use b::{B, other::C};"), ("a.rs", "use crate::B;"), ("b.rs", "use crate::a::A;")];
    assert_eq!(circle(&files), ["a", "b"]);
}

#[test]
fn comments_texts_and_tests_are_no_imports() {
    for harmless in [
        "//! See [`b`](crate::b).",
        "/* crate::b */",
        "const TEXT: &str = \"crate::b \\\" crate::b\"; const MARK: char = '\"';",
        "const TEXT: &str = r#\"a \" crate::b\"#;",
        "#[cfg(test)] mod tests { use crate::b; fn f() { g() } }",
        "mod inside { use super::b; }",
        "use self::b; use other::crate_b;",
    ] {
        let files = [("a.rs", harmless), ("b.rs", "use crate::a;")];
        assert!(circle(&files).is_empty(), "{harmless}");
    }
}
