//! Runs the real binary on reconstructive memories: stored, described, recalled, sampled, traced, refused.
#![allow(missing_docs)]

mod common;

use attractor_data::digits;
use common::*;
use ndarray::{Array2, s};

/// A semantic memory fitted on digits, and events, as grey values from 0 to 1.
fn memories(folder: &Folder) -> (String, String, Array2<f32>) {
    let grey = digits().images.mapv(|v| f32::from(v) / 16.0);
    let train = folder.save("train.npy", &grey.slice(s![..400, ..]).to_owned());
    let events = grey.slice(s![1500..1512, ..]).to_owned();
    let file = folder.save("events.npy", &events);
    let gist = folder.name("gist.memory");
    let fit = ["fit", "--patterns", &train, "--components", "3", "--rank", "6", "--floor", "0.1"];
    ok(&[&fit[..], &["--restarts", "1", "--shape", "8x8", "--out", &gist, "--quiet"]].concat());
    (gist, file, events)
}

#[test]
fn cores_are_stored_and_recalled() {
    let folder = Folder::new();
    let (gist, events, truth) = memories(&folder);
    let memory = folder.name("cores.memory");
    for (rule, numbers) in [("units:0-7,20", 9), ("blocks:2", 16), ("components:5", 5)] {
        ok(&[
            "store",
            "--semantic",
            &gist,
            "--patterns",
            &events,
            "--core",
            rule,
            "--out",
            &memory,
            "--quiet",
        ]);
        let info = &lines(&ok(&["info", &memory, "--json"]))[0];
        assert_eq!(info["density"]["stored_numbers"], 12 * numbers, "{rule}");
        assert_eq!(info["density"]["form"], "conditioned");
    }
    // The same arguments give the same file.
    let store = ["store", "--semantic", &gist, "--patterns", &events, "--core", "surprise:0.3", "--out"];
    ok(&[&store[..], &[&memory, "--quiet"]].concat());
    let first = std::fs::read(folder.path("cores.memory")).expect("a file");
    ok(&[&store[..], &[&memory, "--quiet"]].concat());
    assert_eq!(first, std::fs::read(folder.path("cores.memory")).expect("a file"));
    // The file holds everything: the semantic memory is no longer needed.
    std::fs::remove_file(folder.path("gist.memory")).expect("removed");
    let recalled = folder.name("recalled.npy");
    let lines = lines(&ok(&[
        "recall", "--memory", &memory, "--cues", &events, "--sigma", "0.1", "--out", &recalled, "--json",
        "--quiet",
    ]));
    let states = load(&recalled);
    for (n, line) in lines.iter().enumerate() {
        assert_eq!(line["memory"], n, "{line}");
        // From so good a cue little is left to reconstruct: no unit is off by more than the threshold and some noise.
        let off = &states.row(n) - &truth.row(n).mapv(f64::from);
        assert!(off.iter().all(|d| d.abs() < 0.5), "{n}");
    }
    let samples = folder.name("samples.npy");
    ok(&["sample", "--memory", &memory, "--count", "20", "--out", &samples, "--quiet"]);
    assert_eq!(load(&samples).dim(), (20, 64));
    let table = ok(&["trace", "--memory", &memory, "--cues", &events, "--sigma", "0.3", "--quiet"]);
    assert_eq!(table.lines().count(), 13, "{table}");
    let energies = ok(&["energy", "--memory", &memory, "--states", &events, "--sigma", "0.2", "--quiet"]);
    assert_eq!(energies.lines().filter(|line| line.parse::<f64>().is_ok_and(f64::is_finite)).count(), 12);
}

#[test]
fn events_and_gist_share_the_posterior() {
    let folder = Folder::new();
    let (gist, events, _) = memories(&folder);
    let memory = folder.name("both.memory");
    ok(&[
        "store",
        "--semantic",
        &gist,
        "--patterns",
        &events,
        "--core",
        "surprise:0.3",
        "--weight",
        "0.5",
        "--out",
        &memory,
        "--quiet",
    ]);
    let recall = ["recall", "--memory", &memory, "--cues", &events, "--sigma", "0.2", "--json", "--quiet"];
    for line in lines(&ok(&recall)) {
        let share = line["event_share"].as_f64().expect("a share");
        assert!(share > 0.5 && share <= 1.0, "{line}");
    }
    // The literal form has the density beside its events.
    ok(&[
        "store",
        "--semantic",
        &gist,
        "--patterns",
        &events,
        "--core",
        "surprise:0.3",
        "--form",
        "literal",
        "--out",
        &memory,
        "--quiet",
    ]);
    assert!(lines(&ok(&recall))[0]["event_share"].as_f64().is_some());
    assert_eq!(lines(&ok(&["info", &memory, "--json"]))[0]["density"]["form"], "literal");
}

#[test]
fn what_cannot_be_stored_is_refused() {
    let folder = Folder::new();
    let (gist, events, truth) = memories(&folder);
    let memory = folder.name("cores.memory");
    let store = |more: &[&str], words: &[&str]| {
        let first = ["store", "--semantic", &gist, "--patterns", &events, "--out", &memory];
        refused(&[&first[..], more].concat(), words);
        assert!(!folder.path("cores.memory").exists());
    };
    store(&["--core", "surprise:0"], &["core", "surprise:X with a finite number X > 0", "surprise:0"]);
    store(&["--core", "surprise:NaN"], &["core", "surprise:NaN"]);
    store(&["--core", "units:64"], &["units of a core", "numbers from 0 to 63", "64"]);
    store(&["--core", "units:1,1"], &["every unit once"]);
    store(&["--core", "components:65"], &["core", "at most 64 numbers", "65"]);
    store(&["--core", "patches:3"], &["core", "patches:3", "surprise:X"]);
    store(&["--form", "literal"], &["form", "--core"]);
    store(&["--core", "units:1", "--weight", "1.5"], &["weight", "1.5"]);
    store(&["--core", "units:1", "--form", "literal", "--weight", "0.5"], &["weight", "literal"]);
    store(&["--core", "surprise:0.3", "--odds", "evidence"], &["odds", "one encoder"]);
    let narrow = folder.save("narrow.npy", &truth.slice(s![.., ..10]).to_owned());
    refused(
        &["store", "--semantic", &gist, "--patterns", &narrow, "--core", "units:1", "--out", &memory],
        &["10", "64"],
    );
    refused(
        &["store", "--patterns", &events, "--core", "units:1", "--out", &memory],
        &["core", "--semantic"],
    );
}
