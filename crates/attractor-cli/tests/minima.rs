//! `attractor minima`.
#![allow(missing_docs)]

mod common;

use common::*;

#[test]
fn minima_are_printed_written_and_drawn() {
    let folder = Folder::new();
    std::fs::write(folder.path("m.csv"), "0,0\n2,0\n9,0\n").expect("a file");
    let memory = folder.path("m.csv");
    let memory = memory.to_str().expect("a path");
    let path = |name: &str| folder.path(name).to_str().expect("a path").to_owned();
    let begin = ["minima", "--memory", memory, "--model", "log-sum-relu", "--starts", "300"];
    let text = ok(&begin);
    assert!(text.contains("4 minima: 3 stored, 0 negative, 1 mixture, 0 emergent"), "{text}");
    assert!(text.contains("4 of them are listed exactly") && text.contains("0.50 of 0, 0.50 of 1"), "{text}");
    let json: serde_json::Value =
        serde_json::from_str(&ok(&[&begin[..], &["--json"]].concat())).expect("JSON");
    assert_eq!(
        (json["listed"].as_u64(), json["starts"].as_u64(), json["seed"].as_u64()),
        (Some(4), Some(300), Some(0))
    );
    let mixture = json["minima"].as_array().expect("a list").iter().find(|m| m["relation"] == "mixture");
    assert_eq!(mixture.expect("a mixture")["state"], serde_json::json!([1.0, 0.0]));
    for name in ["a.csv", "a.npz", "a.json"] {
        ok(&[&begin[..], &["--out", &path(name)]].concat());
    }
    let table = std::fs::read_to_string(folder.path("a.csv")).expect("a table");
    assert!(
        table.starts_with("energy,found,share,share_low,share_high,relation,memories,x0,x1\n"),
        "{table}"
    );
    assert_eq!(table.lines().count(), 5);
    assert!(table.contains(",mixture,0:0.5 1:0.5,1,0\n"), "{table}");
    for name in ["a.png", "a.svg"] {
        ok(&[&begin[..], &["--picture", &path(name)]].concat());
        assert!(folder.path(name).metadata().expect("a picture").len() > 1000);
    }
}

#[test]
fn a_level_is_for_memories_that_have_levels() {
    let folder = Folder::new();
    std::fs::write(folder.path("m.csv"), "0,0,1\n2,0,0\n9,0,1\n").expect("a file");
    let memory = folder.path("m.csv");
    let memory = memory.to_str().expect("a path");
    let text = ok(&["minima", "--memory", memory, "--sigma", "0.1", "--starts", "100"]);
    assert!(text.contains("3 minima: 3 stored") && text.contains("basins that were not seen have"), "{text}");
    refused(&["minima", "--memory", memory], &["noise level", "--sigma"]);
    refused(
        &["minima", "--memory", memory, "--model", "modern", "--sigma", "1"],
        &["one landscape", "--sigma"],
    );
    refused(&["minima", "--memory", memory, "--model", "modern", "--exact", "on"], &["exact list"]);
    refused(&["minima", "--memory", memory, "--sigma", "1", "--exact", "maybe"], &["auto, on, off"]);
    refused(&["minima", "--memory", memory, "--sigma", "1", "--out", "x.txt"], &[".csv, .npz or .json"]);
    refused(
        &["minima", "--memory", memory, "--sigma", "1", "--picture", "x.png"],
        &["two units or of images"],
    );
}
