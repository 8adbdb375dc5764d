//! The experiment on cues that stay on finds what the paper claims.
#![allow(missing_docs)]

use attractor_experiments::experiment;
use attractor_report::Given;
use serde_json::Value;

fn number(row: &Value, key: &str) -> f64 {
    row[key].as_f64().unwrap_or_else(|| panic!("no {key} in {row}"))
}

#[test]
fn the_claims_are_found() {
    let mut given = Given::default();
    given.settings.set("cues", 60_usize);
    let experiment = experiment("input-driven", given).expect("an experiment");
    let report = experiment.run(&mut |_, _| Ok(())).expect("a report");
    let json = report.json();
    let rows = |name: &str| json[name].as_array().unwrap_or_else(|| panic!("no {name}")).clone();
    // A memory exists where D α > Σ α: theory and network agree on the number.
    for row in rows("thresholds") {
        assert_eq!(row["exist"], row["at_rest"], "{row}");
    }
    // In noise, only the memory of the input is left, and it is found from anywhere; without the input it is one of ten.
    let noisy = rows("noisy");
    let found = |gain: f64| {
        let is = |row: &&Value| number(row, "gain") == gain && number(row, "temperature") == 0.6;
        number(noisy.iter().find(is).expect("a row"), "found")
    };
    assert!(found(0.0) < 0.4 && found(0.5) > 0.9, "{noisy:?}");
    // A cue that stays on helps a loaded classical network.
    let mixed = rows("mixed");
    let clean = |model: &str, gain: f64| {
        let is = |row: &&Value| {
            row["model"] == model && number(row, "gain") == gain && number(row, "mixture") == 0.5
        };
        number(mixed.iter().find(is).expect("a row"), "clean")
    };
    assert!(clean("hopfield, loaded", 0.0) < 0.1 && clean("hopfield, loaded", 1.0) > 0.9, "{mixed:?}");
    // A wrong cue takes over once its gain is large.
    let wrong = rows("wrong");
    assert!(wrong.iter().any(|row| number(row, "gain") == 100.0 && number(row, "taken") > 0.9), "{wrong:?}");
    report.html().expect("a page");
}

#[test]
fn impossible_settings_are_refused() {
    let mut given = Given::default();
    given.settings.set("cues", 1_usize);
    let refused = experiment("input-driven", given).err().expect("one cue").to_string();
    assert!(refused.contains("cues"), "{refused}");
}
