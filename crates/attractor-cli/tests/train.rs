//! `attractor train`: the network's file recalls like any memory, and training can be resumed after any interruption.
#![allow(missing_docs)]

mod common;

use std::process::{Command, Stdio};
use std::time::Duration;

use attractor::noise::{Purpose, Stream};
use attractor_data::random_spins;
use common::{Folder, attractor, ok, refused};

/// Seven patterns of ten units, and a small network that learns them quickly.
fn trained(folder: &Folder) -> (String, String) {
    let patterns = folder.save("patterns.npy", &random_spins::<f32>(7, 10, 1));
    let model = folder.name("a.network");
    let line =
        ok(&["train", "--patterns", &patterns, "--width", "96", "--steps", "700", "--out", &model, "--json"]);
    let report: serde_json::Value = serde_json::from_str(&line).expect("one object");
    assert_eq!((report["steps"].as_u64(), report["seed"].as_u64()), (Some(700), Some(0)));
    // Chance is near 0.5; a full training comes to .98 and more (attractor-networks/tests).
    assert!(report["agreement"].as_f64().expect("a share") > 0.9, "{line}");
    assert!(report["seconds"].as_f64().expect("seconds") > 0.0);
    (patterns, model)
}

#[test]
fn a_network_is_a_memory_like_any_other() {
    let folder = Folder::new();
    let (patterns, model) = trained(&folder);
    let recalled = folder.name("recalled.npy");
    for more in
        [&[][..], &["--sigma", "0.4"], &["--signal", "0.9", "--sampler", "ancestral"], &["--dtype", "f64"]]
    {
        let mut arguments =
            vec!["recall", "--memory", &model, "--cues", &patterns, "--json", "--out", &recalled];
        arguments.extend(more);
        let lines = ok(&arguments);
        for (row, line) in lines.lines().enumerate() {
            let report: serde_json::Value = serde_json::from_str(line).expect("an object");
            assert_eq!(report["memory"].as_u64(), Some(row as u64), "{more:?}: {line}");
            assert!(report["energy"].is_null() && report["overlap"].as_f64() > Some(0.9), "{line}");
        }
        assert_eq!(lines.lines().count(), 7);
    }
    let sampled = ok(&["sample", "--memory", &model, "--count", "100", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&sampled).expect("one object");
    assert_eq!(report["within"].as_f64(), Some(0.5));
    // Of a network this small; noise lands within half a spread of one of seven patterns once in a thousand times.
    assert!(report["landed"].as_u64().expect("a count") > 20, "{sampled}");
    let steps = folder.name("steps.csv");
    ok(&["trace", "--memory", &model, "--cues", &patterns, "--sigma", "0.4", "--out", &steps]);
    let picture = folder.name("landscape.svg");
    ok(&["landscape", "--memory", &model, "--sigma", "1,0.4", "--size", "15", "--out", &picture]);
    let about = ok(&["info", &model]);
    assert!(about.contains("architecture paper") && about.contains("steps 700"), "{about}");
    refused(
        &["energy", "--memory", &model, "--states", &patterns, "--sigma", "0.4"],
        &["network has no energy"],
    );
    refused(&["store", "--patterns", &patterns, "--append", "--out", &model], &["attractor train"]);
    refused(
        &["recall", "--memory", &patterns, "--cues", &patterns, "--model", "network"],
        &["attractor train"],
    );
}

#[test]
fn training_stops_where_recall_is_good_enough_and_draws_on_the_way() {
    let folder = Folder::new();
    let patterns = folder.save("patterns.npy", &random_spins::<f32>(2, 6, 2));
    let labels = folder.name("labels.txt");
    std::fs::write(&labels, "one\ntwo\n").expect("written");
    let model = folder.name("a.network");
    let arguments = ["train", "--patterns", &patterns, "--labels", &labels, "--out", &model, "--width", "64"];
    let more = [
        "--steps",
        "5000",
        "--until-error",
        "0.2",
        "--evaluate-every",
        "25",
        "--landscape-every",
        "25",
        "--json",
    ];
    let line = ok(&[&arguments[..], &more].concat());
    let report: serde_json::Value = serde_json::from_str(&line).expect("one object");
    let steps = report["steps"].as_u64().expect("a count");
    assert!(steps < 5000 && steps.is_multiple_of(25) && report["error"].as_f64() <= Some(0.2), "{line}");
    let pictures = std::fs::read_dir(format!("{model}.landscapes")).expect("a folder").count();
    assert_eq!(pictures as u64, steps / 25);
    let lines = ok(&["recall", "--memory", &model, "--cues", &patterns, "--sigma", "0.3", "--json"]);
    assert!(lines.lines().next().expect("a line").contains("\"label\":\"one\""), "{lines}");
    refused(
        &[&arguments[..], &["--steps", "5", "--until-error", "0.2", "--evaluate-every", "9"]].concat(),
        &["evaluate-every"],
    );
    refused(
        &["train", "--patterns", &patterns, "--labels", &labels, "--out", &labels],
        &["a place of its own"],
    );
    refused(&["train", "--resume", &model, "--grey"], &["--grey"]);
    let single = folder.save("single.npy", &random_spins::<f32>(2, 1, 2));
    refused(
        &["train", "--patterns", &single, "--out", &model, "--landscape-every", "2"],
        &["landscape-every: expected patterns of two or more units"],
    );
}

/// A memory without an energy has no landscape, and the error says why.
#[test]
fn a_landscape_needs_an_energy_or_a_pull() {
    let folder = Folder::new();
    let patterns = folder.save("patterns.npy", &random_spins::<f32>(4, 8, 2));
    let out = folder.name("a.csv");
    refused(
        &["landscape", "--memory", &patterns, "--model", "sdm", "--out", &out],
        &["sparse-distributed has no energy"],
    );
}

#[test]
fn training_goes_on_with_more_steps() {
    let folder = Folder::new();
    let patterns = folder.save("patterns.npy", &random_spins::<f32>(5, 6, 2));
    let (whole, parts) = (folder.name("whole.network"), folder.name("parts.network"));
    let common = ["--width", "20", "--average", "0.9", "--seed", "3", "--evaluate-every", "0", "--quiet"];
    let train = |out: &str, steps: &str| {
        ok(&[&["train", "--patterns", &patterns, "--out", out, "--steps", steps], &common[..]].concat())
    };
    train(&whole, "120");
    train(&parts, "50");
    ok(&["train", "--resume", &parts, "--steps", "120", "--quiet"]);
    let bytes = |path: &str| std::fs::read(path).expect("a file");
    assert!(bytes(&whole) == bytes(&parts), "training that went on came to other weights");
    // If there are no more steps to do, nothing changes.
    ok(&["train", "--resume", &parts, "--quiet"]);
    assert!(bytes(&whole) == bytes(&parts));
    refused(&["train", "--resume", &parts, "--steps", "60"], &["steps: expected at least the 120 steps"]);
    refused(&["train", "--resume", &parts, "--width", "60"], &["--width"]);
}

/// If training is killed at any moment and resumed from the last save, it gives the same weights.
#[cfg(unix)]
#[test]
fn killed_at_random_it_comes_to_the_same_weights() {
    const KILLS: usize = 50;
    let folder = Folder::new();
    let patterns = folder.save("patterns.npy", &random_spins::<f32>(5, 6, 2));
    let (whole, killed) = (folder.name("whole.network"), folder.name("killed.network"));
    // The training is long enough for all kills to fall within it on any machine. Its end is cut short below.
    let start = |out: &str, steps: &str| {
        [
            "train",
            "--patterns",
            &patterns,
            "--out",
            out,
            "--steps",
            steps,
            "--width",
            "20",
            "--evaluate-every",
            "0",
        ]
        .map(str::to_owned)
    };
    let mut stream = Stream::new(7, Purpose::Patterns, 0);
    let (mut kills, mut saved) = (0, 0);
    while kills < KILLS {
        let exists = std::path::Path::new(&killed).exists();
        let arguments = match exists {
            true => ["train", "--resume", &killed, "--evaluate-every", "0"].map(str::to_owned).to_vec(),
            false => start(&killed, "1000000").to_vec(),
        };
        let mut child = Command::new(env!("CARGO_BIN_EXE_attractor"))
            .args(arguments)
            .args(["--save-every", "0.002", "--quiet"])
            .stdout(Stdio::null())
            .spawn()
            .expect("the binary runs");
        std::thread::sleep(Duration::from_micros(2_000 + stream.below(60_000) as u64));
        child.kill().expect("killed");
        assert!(child.wait().expect("an end").code().is_none(), "it ended by itself");
        kills += 1;
        saved += usize::from(exists);
    }
    assert!(saved > KILLS / 2, "only {saved} of {KILLS} runs went on from a file");
    let about = ok(&["info", &killed, "--json"]);
    let about: serde_json::Value = serde_json::from_str(&about).expect("an object");
    let done = about["network"]["steps"].as_u64().expect("a count") + 10;
    ok(&["train", "--resume", &killed, "--steps", &done.to_string(), "--quiet"]);
    let arguments = start(&whole, &done.to_string());
    ok(&arguments.iter().map(String::as_str).chain(["--quiet"]).collect::<Vec<_>>());
    assert!(
        std::fs::read(&whole).expect("a file") == std::fs::read(&killed).expect("a file"),
        "after {done} steps"
    );
    // A killed run leaves its unfinished file beside the network and nowhere else.
    let names = std::fs::read_dir(folder.0.path()).expect("a folder").map(|e| e.expect("a file").file_name());
    let strange: Vec<_> = names
        .filter(|name| {
            let name = name.to_string_lossy();
            !(name.ends_with(".network") || name.ends_with(".npy") || name.starts_with(".attractor-"))
        })
        .collect();
    assert!(strange.is_empty(), "{strange:?}");
}

/// The first Ctrl-C saves the network and says how to resume.
#[cfg(unix)]
#[test]
fn interrupted_it_saves() {
    let folder = Folder::new();
    let patterns = folder.save("patterns.npy", &random_spins::<f32>(5, 6, 2));
    let model = folder.name("a.network");
    let child = Command::new(env!("CARGO_BIN_EXE_attractor"))
        .args(["train", "--patterns", &patterns, "--out", &model, "--steps", "1000000", "--width", "20"])
        .args(["--save-every", "1000", "--evaluate-every", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    std::thread::sleep(Duration::from_millis(400));
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let output = child.wait_with_output().expect("an end");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{error}");
    assert!(error.contains("go on with: attractor train --resume"), "{error}");
    let about = ok(&["info", &model]);
    assert!(about.contains("planned 1000000"), "{about}");
}

#[test]
fn what_cannot_be_trained_is_refused() {
    let folder = Folder::new();
    let patterns = folder.save("patterns.npy", &random_spins::<f32>(5, 6, 2));
    let model = folder.name("a.network");
    let refused_with = |more: &[&str], words: &[&str]| {
        refused(&[&["train", "--patterns", &patterns, "--out", &model], more].concat(), words);
        assert!(!std::path::Path::new(&model).exists(), "{more:?} left a file");
    };
    refused_with(&["--steps", "0"], &["steps: expected a whole number from 1"]);
    refused_with(&["--width", "many"], &["width: expected a whole number > 0, found many"]);
    refused_with(&["--architecture", "deep"], &["paper, residual"]);
    refused_with(&["--rate", "nan"], &["rate"]);
    refused_with(&["--until-error", "2"], &["until-error: expected a number from 0 to 1"]);
    refused_with(&["--save-every", "-1"], &["save-every"]);
    refused_with(&["--process", "edm", "--gamma", "2"], &["gamma"]);
    refused_with(&["--prepare", "spins"], &["prepare"]);
    refused(&["train", "--patterns", &patterns], &["--out"]);
    refused(&["train", "--out", &model], &["--patterns"]);
    refused(&["train", "--resume", &patterns], &["expected a network in training", "attractor train"]);
    let memory = folder.name("a.memory");
    ok(&["store", "--patterns", &patterns, "--out", &memory, "--quiet"]);
    refused(&["train", "--resume", &memory], &["found a stored memory of the model diffusion"]);
    refused(&["train", "--patterns", &patterns, "--out", &folder.name("none/a.network")], &["a.network"]);
    let bad = folder.save("bad.npy", &ndarray::array![[1.0_f32, f32::NAN]]);
    refused(&["train", "--patterns", &bad, "--out", &model], &["finite"]);
    // A file cut short says so.
    let small = folder.name("small.network");
    ok(&[
        "train",
        "--patterns",
        &patterns,
        "--out",
        &small,
        "--width",
        "8",
        "--steps",
        "2",
        "--evaluate-every",
        "0",
        "--quiet",
    ]);
    let bytes = std::fs::read(&small).expect("a file");
    for share in [0.1, 0.5, 0.99] {
        std::fs::write(&small, &bytes[..(share * bytes.len() as f64) as usize]).expect("written");
        let output = attractor(&["train", "--resume", &small, "--quiet"]);
        assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
