//! Sequences on the command line.

mod common;

use attractor_data::random_spins;
use common::{Folder, lines, ok, refused};

#[test]
fn a_sequence_is_played_and_reported() {
    let folder = Folder::new();
    let patterns = random_spins::<f32>(12, 80, 3);
    let memory = folder.save("memory.npy", &patterns);
    let cue = folder.save("cue.npy", &patterns.slice(ndarray::s![2..3, ..]).to_owned());
    let asked = ["--memory", &memory, "--cues", &cue, "--model", "sequence", "--quiet"];
    let text = ok(&[&["recall"], &asked[..]].concat());
    assert!(text.contains("9 of 9 updates in order"), "{text}");
    let line = &lines(&ok(&[&["recall", "--json"], &asked[..], &["--closed", "--dwell", "3"]].concat()))[0];
    let visited: Vec<u64> =
        line["visited"].as_array().expect("a list").iter().map(|n| n.as_u64().expect("an index")).collect();
    let expected: Vec<u64> = (0..37).map(|step| (2 + step / 3) % 12).collect();
    assert_eq!(visited, expected);
    assert_eq!((line["ordered"].as_u64(), line["lost"].as_u64()), (Some(36), Some(0)));
    // A memory of another kind has the fields, and nothing in them.
    let other = ["recall", "--json", "--memory", &memory, "--cues", &cue, "--model", "hopfield", "--quiet"];
    assert!(lines(&ok(&other))[0]["visited"].is_null());
    let picture = folder.name("order.svg");
    ok(&[&["trace"], &asked[..], &["--picture", &picture]].concat());
    let drawn = std::fs::read_to_string(&picture).expect("a picture");
    assert!(drawn.contains("nearest memory"));
}

#[test]
fn lengths_of_sequences_are_measured() {
    let folder = Folder::new();
    let out = folder.name("lengths");
    let shared = ["--dims", "20", "--sets", "20", "--out", &out, "--quiet"];
    let text = ok(&[
        &["capacity", "--model", "sequence:separation=poly:2", "--sequence", "step,whole"],
        &shared[..],
    ]
    .concat());
    assert!(text.contains("sequence:step") && text.contains("sequence:whole"), "{text}");
    let hopfield = ["capacity", "--model", "hopfield", "--sequence", "step"];
    refused(&[&hopfield, &shared[..]].concat(), &["model: expected sequence"]);
    let updates = ["capacity", "--model", "sequence", "--sequence", "step", "--updates", "2"];
    refused(&[&updates, &shared[..]].concat(), &["a step is one update"]);
    let signal = ["capacity", "--model", "sequence", "--signal", "0.6"];
    refused(&[&signal, &shared[..]].concat(), &["measured by the steps of sequences"]);
    let energy = folder.save("one.npy", &random_spins::<f32>(3, 20, 1));
    refused(
        &["energy", "--memory", &energy, "--states", &energy, "--model", "sequence"],
        &["lead from each pattern to the next"],
    );
}
