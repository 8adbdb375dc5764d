//! Lists that are kept by hand hold everything that there is: each assertion says what to add, and where.

mod zoo;

use std::fs;
use std::path::{Path, PathBuf};

use attractor::diffusion::{Process, Sampler};
use attractor::memories::{Learning, MODELS};
use zoo::ZOO;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the workspace").to_path_buf()
}

fn text(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The sources in a folder: the names of their modules, and what is in them. A folder in it is the module of its
/// `mod.rs`.
fn modules(folder: &str) -> Vec<(String, String)> {
    let entries = fs::read_dir(workspace().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut modules: Vec<(String, String)> = entries
        .filter_map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_stem()?.to_str()?.to_owned();
            let source = if path.is_dir() { path.join("mod.rs") } else { path };
            Some((name, fs::read_to_string(source).ok()?))
        })
        .filter(|(name, _)| name != "mod")
        .collect();
    modules.sort();
    assert!(!modules.is_empty(), "{folder} has no sources");
    modules
}

/// What is between two marks.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let rest = text.split_once(from).unwrap_or_else(|| panic!("no {from}")).1;
    rest.split_once(to).unwrap_or_else(|| panic!("no {to} after {from}")).0
}

/// The words of a list.
fn words(list: &str) -> Vec<&str> {
    list.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':')
        .map(|word| word.trim_matches(':'))
        .collect()
}

/// The table of samplers in docs/how-to/choosing-a-sampler.md: names, evaluations, levels and default steps.
#[test]
fn the_table_of_samplers_is_that_of_the_list() {
    let guide = text("docs/how-to/choosing-a-sampler.md");
    let rows = between(&guide, "| `--sampler` | method |", "\n\n").lines().skip(2);
    let rows: Vec<Vec<&str>> =
        rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect();
    let name = |row: &Vec<&str>| between(row[0], "`", "`").to_owned();
    for (sampler, _) in Sampler::ALL {
        let stands = rows.iter().filter(|row| name(row) == sampler).count();
        assert_eq!(stands, 1, "{sampler}: give it one row of the table in docs/how-to/choosing-a-sampler.md");
    }
    for row in &rows {
        let sampler: Sampler =
            name(row).parse().unwrap_or_else(|error| panic!("choosing-a-sampler.md: {error}"));
        let (name, steps) = (sampler.name(), sampler.default_steps());
        let evaluations = match (sampler.evaluations(1), sampler.evaluations(2)) {
            (Some(last), Some(two)) if two - last == last || sampler.is_one_step() => last.to_string(),
            (Some(last), Some(two)) => format!("{}, the last {last}", two - last),
            _ => "adaptive".to_owned(),
        };
        assert_eq!(row[3], evaluations, "{name}: evaluations in docs/how-to/choosing-a-sampler.md");
        let levels = match (sampler.has_grid(), sampler.is_one_step()) {
            (true, _) => "ρ = 2",
            (false, true) => "–",
            (false, false) => "equal times",
        };
        assert_eq!(row[4], levels, "{name}: levels in docs/how-to/choosing-a-sampler.md");
        assert!(
            words(row[5])[0] == steps.to_string(),
            "{name}: {steps} steps in docs/how-to/choosing-a-sampler.md"
        );
        assert_eq!(row[0].contains("(default)"), sampler == Sampler::default(), "{name}: the default");
    }
}

#[test]
fn every_similarity_is_in_the_list() {
    let list = text("crates/attractor/src/similarities/mod.rs");
    let list = words(between(&list, "\nsimilarities! {", "\n}"));
    for (module, source) in modules("crates/attractor/src/similarities") {
        let is_one = source.contains("const FACTS: Facts");
        assert!(
            !is_one || list.contains(&module.as_str()),
            "similarities/{module}.rs is a similarity: add a line for it to `similarities!` in similarities/mod.rs"
        );
    }
}

#[test]
fn every_separation_is_in_the_list() {
    let list = text("crates/attractor/src/separations/mod.rs");
    let list = words(between(&list, "\nseparations! {", "\n}"));
    for (module, source) in modules("crates/attractor/src/separations") {
        let is_one = source.contains("const GRAMMAR: Grammar");
        assert!(
            !is_one || list.contains(&module.as_str()),
            "separations/{module}.rs is a separation: add a line for it to `separations!` in separations/mod.rs"
        );
    }
}

#[test]
fn every_learning_rule_is_in_the_list_and_in_the_zoo() {
    let list = text("crates/attractor/src/memories/hopfield/learning/mod.rs");
    let list = words(between(&list, "\nrules! {", "\n}"));
    for (module, source) in modules("crates/attractor/src/memories/hopfield/learning") {
        let is_one = source.contains("const FACTS: Facts");
        assert!(
            !is_one || list.contains(&module.as_str()),
            "learning/{module}.rs is a learning rule: add a line for it to `rules!` in learning/mod.rs"
        );
    }
    // Couplings that are given are no line of options alone.
    for name in
        Learning::names().iter().map(|name| name.name.as_ref()).filter(|name| *name != Learning::GIVEN)
    {
        let is_tried = ZOO.iter().filter(|specimen| specimen.model == "hopfield").any(|specimen| {
            match specimen.options.iter().find(|(option, _)| *option == "rule") {
                Some((_, named)) => *named == name,
                None => name == Learning::default().name(),
            }
        });
        assert!(is_tried, "add a line for the rule {name} to ZOO in tests/zoo/mod.rs");
    }
    let card = attractor::memories::model("hopfield").expect("a model").card;
    for option in Learning::options() {
        assert!(
            card.parameter(option).is_some(),
            "add the option {option} of a rule to the card of hopfield"
        );
    }
}

#[test]
fn every_sampler_is_in_the_list_and_in_the_zoo() {
    let list = text("crates/attractor/src/diffusion/samplers/mod.rs");
    let list = words(between(&list, "\nsamplers! {", "\n}"));
    for (module, source) in modules("crates/attractor/src/diffusion/samplers") {
        for rest in source.split("impl Entry for ").skip(1) {
            let entry = format!("{module}::{}", words(rest)[0]);
            assert!(
                list.contains(&entry.as_str()),
                "{entry} is a sampler: add a line for it to `samplers!` in diffusion/samplers/mod.rs"
            );
        }
    }
    for (name, sampler) in Sampler::ALL {
        let is_tried =
            ZOO.iter().any(|specimen| match specimen.options.iter().find(|(o, _)| *o == "sampler") {
                Some((_, named)) => *named == name,
                None => specimen.model == "diffusion" && sampler == Sampler::default(),
            });
        assert!(is_tried, "add a line for the sampler {name} to ZOO in tests/zoo/mod.rs");
    }
}

#[test]
fn every_process_is_in_the_zoo() {
    for (name, process) in Process::ALL {
        let is_tried =
            ZOO.iter().any(|specimen| match specimen.options.iter().find(|(o, _)| *o == "process") {
                Some((_, named)) => *named == name,
                None => specimen.model == "diffusion" && process == Process::default(),
            });
        assert!(is_tried, "add a line for the process {name} to ZOO in tests/zoo/mod.rs");
    }
}

#[test]
fn every_memory_is_in_the_list_and_in_the_zoo() {
    let list = text("crates/attractor/src/memories/spec.rs");
    let list = words(between(&list, "\nmodels![", "];"));
    for (module, source) in modules("crates/attractor/src/memories") {
        // That of the denoiser is of no model by name.
        let is_one = source.contains("pub(super) const CARD: Card");
        assert!(
            !is_one || list.contains(&module.as_str()),
            "memories/{module} is a model: add its name to `models!` in memories/spec.rs"
        );
    }
    for model in MODELS {
        let name = model.card.name;
        assert!(
            ZOO.iter().any(|specimen| specimen.model == name),
            "add a line for the model {name} to ZOO in tests/zoo/mod.rs"
        );
    }
}

#[test]
fn every_shape_is_tried() {
    let tests = ["crates/attractor/tests/zoo/mod.rs", "crates/attractor/tests/shapes.rs"]
        .map(|path| (path, text(path)));
    for (module, source) in modules("crates/attractor/src/energies/shapes") {
        for rest in source.split("impl Shape for ").skip(1) {
            let shape = words(rest)[0];
            for (path, tests) in &tests {
                assert!(
                    tests.contains(&format!("{shape}::")),
                    "energies/shapes/{module}.rs has the shape {shape}: add a line for it to {path}"
                );
            }
        }
    }
}

#[test]
fn every_experiment_is_in_the_catalogue() {
    let catalogue = text("crates/attractor-experiments/src/catalogue.rs");
    let list = words(between(&catalogue, "EXPERIMENTS: &[Declaration] = &[", "];"));
    for folder in fs::read_dir(workspace().join("crates/attractor-experiments/src")).expect("the experiments")
    {
        let folder = folder.expect("an entry").path();
        let Some(name) = folder.file_name().and_then(|name| name.to_str()).filter(|_| folder.is_dir()) else {
            continue;
        };
        let own = fs::read_to_string(folder.join("mod.rs")).map(|source| (name.to_owned(), source));
        for (module, source) in
            modules(&format!("crates/attractor-experiments/src/{name}")).into_iter().chain(own.ok())
        {
            let entry = format!("{module}::EXPERIMENT");
            assert!(
                !source.contains("const EXPERIMENT: Declaration") || list.contains(&entry.as_str()),
                "{module} is an experiment: add `{entry}` to EXPERIMENTS in catalogue.rs of attractor-experiments"
            );
        }
    }
}

/// Pictures are one reader of two formats.
#[test]
fn every_file_format_is_opened_and_fuzzed() {
    let opening = text("crates/attractor-data/src/formats/mod.rs");
    let (targets, script) = (text("fuzz/Cargo.toml"), text("fuzz/run"));
    let tests = text("crates/attractor-data/tests/formats.rs");
    for (module, source) in modules("crates/attractor-data/src/formats") {
        // What several formats share opens no file itself.
        if !source.contains("Result<Opened>") || ["raw", "columns"].contains(&module.as_str()) {
            continue;
        }
        assert!(
            opening.contains(&format!("{module}::")),
            "formats/{module}.rs is a file format: add a line for it to `from_bytes` or `open` in formats/mod.rs"
        );
        let formats = if module == "pictures" { vec!["png", "jpeg"] } else { vec![module.as_str()] };
        for format in formats {
            assert!(
                targets.contains(&format!("name = \"{format}\"")) && script.contains(&format!(" {format}")),
                "add a target for {format} to fuzz/fuzz_targets, fuzz/Cargo.toml and fuzz/run"
            );
            let ending = match format {
                "cifar" => "bin",
                "jpeg" => "jpg",
                other => other,
            };
            assert!(
                tests.contains(ending),
                "add a test that reads a .{ending} file to tests/formats.rs of attractor-data"
            );
        }
    }
}
