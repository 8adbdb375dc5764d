//! `attractor replay`: events, rules, files, and what is refused.
#![allow(missing_docs)]

mod common;

use std::fs;

use attractor_data::random_spins;
use common::{Folder, attractor, lines, ok, refused};
use ndarray::{Array2, s};

/// Nineteen patterns to store, an event, and a stream of others.
fn files(folder: &Folder) -> [String; 3] {
    let all = random_spins::<f64>(80, 24, 1);
    let part =
        |name: &str, rows: std::ops::Range<usize>| folder.save(name, &all.slice(s![rows, ..]).to_owned());
    [part("stored.npy", 0..19), part("event.npy", 19..20), part("stream.npy", 20..80)]
}

#[test]
fn a_cued_event_grows_and_the_memory_can_be_used() {
    let folder = Folder::new();
    let [stored, event, _] = files(&folder);
    let out = folder.name("after.memory");
    let base = ["replay", "--memory", &stored, "--events", &event, "--out", &out, "--quiet"];
    let printed = ok(&[&base[..], &["--rule", "cued", "--rounds", "11", "--json"]].concat());
    let rounds = lines(&printed);
    assert_eq!(rounds.len(), 12);
    // Half of 24 units say which pattern it is, so every replay recalls the event: (1 + t)/(20 + t).
    for (t, round) in rounds.iter().enumerate() {
        let expected = (1.0 + t as f64) / (20.0 + t as f64);
        assert!((round["weight"].as_f64().expect("a number") - expected).abs() < 1e-12, "{round}");
    }
    // Every command takes the memory: free recall has these weights, and the event is its last pattern.
    let sampled = lines(&ok(&["sample", "--memory", &out, "--count", "50", "--json", "--quiet"]));
    let weights = sampled[0]["weights"].as_array().expect("weights");
    assert_eq!(weights.len(), 20);
    assert!((weights[19].as_f64().expect("a weight") - 12.0 / 31.0).abs() < 1e-12);
    let recalled =
        lines(&ok(&["recall", "--memory", &out, "--cues", &event, "--sigma", "0.5", "--json", "--quiet"]));
    assert_eq!(recalled[0]["memory"], 19);
    // The event is stored now: replaying it again makes no other memory.
    let again = folder.name("again.memory");
    let base = ["replay", "--memory", &out, "--events", &event, "--out", &again, "--quiet", "--json"];
    let more = lines(&ok(&[&base[..], &["--rule", "power:2", "--rounds", "1"]].concat()));
    assert_eq!(more[0]["memories"], 20.0);
    assert!((more[0]["weight"].as_f64().expect("a number") - 12.0 / 31.0).abs() < 1e-12);
}

#[test]
fn runs_give_a_distribution_and_the_same_on_any_threads() {
    let folder = Folder::new();
    let [stored, event, stream] = files(&folder);
    let (one, two) = (folder.name("one.memory"), folder.name("two.memory"));
    let run = |out: &str, threads: &str| {
        ok(&[
            "replay",
            "--memory",
            &stored,
            "--events",
            &event,
            "--stream",
            &stream,
            "--rounds",
            "60",
            "--runs",
            "50",
            "--seed",
            "4",
            "--threads",
            threads,
            "--out",
            out,
            "--quiet",
        ])
    };
    let printed = run(&one, "1");
    assert_eq!(printed, run(&two, "3"));
    assert_eq!(fs::read(&one).expect("a file"), fs::read(&two).expect("a file"));
    assert!(printed.lines().next().is_some_and(|head| head.contains("median") && head.contains("fallen")));
    assert_eq!(printed.lines().count(), 62);
}

#[test]
fn a_finished_run_goes_on_with_more_rounds() {
    let folder = Folder::new();
    let [stored, event, _] = files(&folder);
    let (out, whole) = (folder.name("part.memory"), folder.name("whole.memory"));
    let base =
        ["replay", "--memory", &stored, "--events", &event, "--rule", "cued", "--cue", "sigma:2", "--quiet"];
    ok(&[&base[..], &["--rounds", "7", "--out", &out]].concat());
    let resumed = ok(&[&base[..], &["--rounds", "20", "--out", &out, "--resume"]].concat());
    let printed = ok(&[&base[..], &["--rounds", "20", "--out", &whole]].concat());
    assert_eq!(resumed, printed);
    refused(
        &[&base[..], &["--rounds", "5", "--out", &out, "--resume"]].concat(),
        &["rounds", "20 rounds that are done"],
    );
    refused(
        &[&base[..], &["--rounds", "30", "--keep", "0.5", "--out", &out, "--resume"]].concat(),
        &["keep", "found 0.5"],
    );
    let none = folder.name("none.memory");
    refused(
        &[&base[..], &["--out", &none, "--resume"]].concat(),
        &["resume", "none.memory.replay", "found nothing"],
    );
}

#[test]
fn a_core_is_what_stays() {
    let folder = Folder::new();
    let [stored, event, _] = files(&folder);
    let core = folder.save("core.npy", &Array2::from_shape_fn((1, 24), |(_, j)| f32::from(u8::from(j < 12))));
    let out = folder.name("core.memory");
    let printed = ok(&[
        "replay",
        "--memory",
        &stored,
        "--events",
        &event,
        "--core",
        &core,
        "--core-sigma",
        "2",
        "--rule",
        "cued",
        "--rounds",
        "30",
        "--out",
        &out,
        "--json",
        "--quiet",
    ]);
    let last = lines(&printed).pop().expect("a round");
    assert!((last["weight"].as_f64().expect("a number") - 31.0 / 50.0).abs() < 1e-12);
    assert!((last["whole"].as_f64().expect("a number") - 1.0 / 50.0).abs() < 1e-12);
    assert!(last["memories"].as_f64().expect("a number") > 21.0);
}

#[test]
fn a_density_can_be_the_semantic_memory() {
    let folder = Folder::new();
    let event = folder.save("event.npy", &ndarray::array![[4.0, 0.0]]);
    fs::write(
        folder.path("gist.toml"),
        "[[memory]]\nkind = \"gaussian\"\nmean = [0.0, 0.0]\ndirections = [[1.0, 0.0], [0.0, 1.0]]\ndeviations = [1.0, 0.5]\n",
    )
    .expect("a file");
    let (gist, out) = (folder.name("gist.toml"), folder.name("both.memory"));
    let base =
        ["replay", "--memory", &gist, "--events", &event, "--mass", "19", "--out", &out, "--quiet", "--json"];
    let rounds =
        lines(&ok(&[&base[..], &["--rule", "cued", "--cue", "sigma:0.1", "--rounds", "10"]].concat()));
    assert!((rounds[10]["weight"].as_f64().expect("a number") - 11.0 / 30.0).abs() < 1e-12, "{}", rounds[10]);
    let recalled =
        lines(&ok(&["recall", "--memory", &out, "--cues", &event, "--sigma", "0.5", "--json", "--quiet"]));
    assert_eq!(recalled[0]["memory"], 0);
    // A line cannot be kept in a file, which is said before the work.
    fs::write(folder.path("line.toml"), "[[memory]]\nkind = \"segment\"\nfrom = [0, 0]\nto = [1, 0]\n")
        .expect("a file");
    let line = folder.name("line.toml");
    refused(&["replay", "--memory", &line, "--events", &event, "--out", &out], &["a file keeps", "mixture"]);
}

#[test]
fn bad_requests_are_refused_in_one_sentence() {
    let folder = Folder::new();
    let [stored, event, stream] = files(&folder);
    let out = folder.name("out.memory");
    let with = |more: &[&str], words: &[&str]| {
        let base = ["replay", "--memory", &stored, "--events", &event, "--out", &out, "--quiet"];
        refused(&[&base[..], more].concat(), words);
        assert!(!folder.path("out.memory").exists() && !folder.path("out.memory.replay").exists());
    };
    with(&["--rule", "power:nan"], &["rule", "power:nan"]);
    with(&["--rule", "power:0"], &["rule", "above 0"]);
    with(&["--rule", "often"], &["rule", "self, cued", "often"]);
    with(&["--rounds", "0"], &["rounds", "found 0"]);
    with(&["--rounds", "61", "--stream", &stream], &["stream", "61 rows", "found 60"]);
    with(&["--cue", "colour:1"], &["cue", "colour:1"]);
    with(&["--core", &event, "--rounds", "2"], &["core", "found 24"]);
    with(&["--model", "hopfield"], &["weighs what it holds", "hopfield"]);
    with(&["--disrupt-rounds", "9-2"], &["disrupt-rounds", "9-2"]);
    let none = folder.save("none.npy", &Array2::<f64>::zeros((0, 24)));
    let narrow = folder.save("narrow.npy", &Array2::<f64>::zeros((1, 5)));
    let events = |file: &str, words: &[&str]| {
        refused(&["replay", "--memory", &stored, "--events", file, "--out", &out, "--quiet"], words);
    };
    events(&none, &["events"]);
    events(&narrow, &["events", "24 units", "found 5"]);
    refused(
        &["replay", "--memory", &stored, "--events", &event, "--out", &event],
        &["out", "place of its own"],
    );
}

/// A stopped run leaves its state and nothing else, and goes on.
#[cfg(unix)]
#[test]
fn ctrl_c_leaves_a_state() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    let folder = Folder::new();
    let [stored, event, _] = files(&folder);
    let out = folder.name("long.memory");
    let arguments = [
        "replay",
        "--memory",
        &stored,
        "--events",
        &event,
        "--rule",
        "cued",
        "--rounds",
        "1000000",
        "--runs",
        "20",
        "--save-every",
        "0",
        "--out",
        &out,
        "--quiet",
    ];
    let mut child = Command::new(env!("CARGO_BIN_EXE_attractor"))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("it runs");
    let start = Instant::now();
    while !folder.path("long.memory.replay").exists() && start.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    assert!(folder.path("long.memory.replay").exists() && !folder.path("long.memory").exists());
    let text = fs::read_to_string(folder.path("long.memory.replay")).expect("a state");
    let state: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let done = state["rounds"].as_array().expect("rounds").len() - 1;
    assert!(done > 0);
    // It goes on from there.
    let rounds = (done + 1).to_string();
    let mut short = arguments.to_vec();
    short[8] = &rounds;
    short.push("--resume");
    let resumed = attractor(&short);
    assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
    assert!(folder.path("long.memory").exists());
}
