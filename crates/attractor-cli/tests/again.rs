//! The command in a report runs it again, to the same results.
#![cfg(unix)]
#![allow(missing_docs)]

mod common;

use std::process::Command;

use common::*;
use serde_json::Value;

/// Takes the times out of a value.
fn timeless(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| name != "seconds");
            fields.values_mut().for_each(timeless);
        }
        Value::Array(items) => items.iter_mut().for_each(timeless),
        _ => {}
    }
}

/// `results.json` without times, which differ from run to run.
fn results(path: &std::path::Path) -> Value {
    let text = std::fs::read_to_string(path.join("results.json")).expect("results");
    let mut results: Value = serde_json::from_str(&text).expect("JSON");
    timeless(&mut results);
    results
}

#[test]
fn the_command_of_a_report_runs_it_again() {
    let folder = Folder::new();
    // A name that a shell would take apart, and options that each matter.
    let name = "a b; 'c' $(touch d).npy";
    folder.save(name, &attractor_data::random_spins::<f32>(12, 16, 0));
    let runs: [&[&str]; 3] = [
        &[
            "recommend",
            "--patterns",
            name,
            "--corruption",
            "flip:0.1",
            "mask:0.5",
            "--count",
            "10",
            "--cues",
            "5",
        ],
        &[
            "capacity",
            "--model",
            "hopfield:rule=hebb,hopfield,dense:interaction=poly:4",
            "--rule",
            "pseudo-inverse",
            "--dims",
            "8,10",
            "--sets",
            "3",
            "--cues",
            "8",
            "--flip",
            "0.1",
        ],
        &["reproduce", "probabilistic-recall", "--recalls", "100", "--seed", "3"],
    ];
    for words in runs {
        let run = |words: &[&str]| {
            let mut program = Command::new(env!("CARGO_BIN_EXE_attractor"));
            program.current_dir(folder.0.path()).args(words).args(["--out", "first"]).output().expect("runs")
        };
        let output = run(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        let first = results(&folder.path("first"));
        let report = std::fs::read_to_string(folder.path("first/report.md")).expect("a report");
        let again = report.split_once("Again:").expect("a command").1;
        let command = again.split('`').nth(1).expect("a command").to_owned();
        std::fs::remove_dir_all(folder.path("first")).expect("removed");
        let program = env!("CARGO_BIN_EXE_attractor");
        let script = format!("attractor() {{ '{program}' \"$@\"; }}; {command}");
        let output =
            Command::new("sh").current_dir(folder.0.path()).args(["-c", &script]).output().expect("sh");
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(results(&folder.path("first")), first, "{command}");
        std::fs::remove_dir_all(folder.path("first")).expect("removed");
    }
    assert!(!folder.path("d").exists());
}
