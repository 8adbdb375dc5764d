//! `attractor capacity` and `merge`: runs that are killed, shared and merged give the same table.
#![allow(missing_docs)]

mod common;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use attractor::noise::{Purpose, Stream};
use common::{Folder, attractor, ok, refused};

/// A run of one or two seconds with many small cells.
const RUN: [&str; 14] = [
    "capacity",
    "--model",
    "ceiling,diffusion,hopfield",
    "--dims",
    "8..14:2",
    "--signal",
    "0.68",
    "--mask",
    "0.5",
    "--sets",
    "20",
    "--cues",
    "each",
    "--grid",
];

fn start(out: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_attractor"))
        .args(RUN)
        .args(["--quiet", "--threads", "1", "--out", out])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs")
}

/// Everything except the times.
fn tables(folder: &str) -> (String, String) {
    let read = |name: &str| std::fs::read_to_string(Path::new(folder).join(name)).expect("a table");
    let untimed = |table: String| -> String {
        let cut = |line: &str| line.rsplit_once(',').map_or(String::new(), |(most, _)| format!("{most}\n"));
        table.lines().map(cut).collect()
    };
    (untimed(read("results.csv")), read("errors.csv"))
}

fn results(folder: &str) -> usize {
    let json = std::fs::read_to_string(Path::new(folder).join("results.json")).expect("a report");
    let json: serde_json::Value = serde_json::from_str(&json).expect("json");
    json["recalls"].as_u64().expect("a count") as usize
}

#[test]
fn killed_at_random_it_loses_and_doubles_nothing() {
    const KILLS: usize = 100;
    let folder = Folder::new();
    let (whole, killed) = (folder.name("whole"), folder.name("killed"));
    let begun = std::time::Instant::now();
    assert!(start(&whole).wait().expect("an end").success());
    // Kills are spread over the run. Each part runs for about a hundredth of it.
    let span = begun.elapsed().as_micros() as usize;
    let mut stream = Stream::new(9, Purpose::Patterns, 0);
    let mut ended = 0;
    for _ in 0..KILLS {
        let mut child = start(&killed);
        std::thread::sleep(Duration::from_micros((2_000 + stream.below(span / 40 + 12_000)) as u64));
        child.kill().expect("killed");
        ended += usize::from(child.wait().expect("an end").success());
    }
    assert!(ended <= KILLS / 2, "{ended} of {KILLS} had ended by themselves");
    assert!(start(&killed).wait().expect("an end").success());
    assert_eq!(tables(&killed), tables(&whole));
    assert!(!Path::new(&killed).join("cells.sqlite-workers").exists(), "the dead are gone");
    assert_eq!(results(&killed), results(&whole));
    // There are exactly as many scores as in one run, and a merge adds none.
    for (from, into) in [(&whole, &killed), (&killed, &whole)] {
        let said = ok(&["merge", from, "--out", into]);
        assert!(said.contains(": 0 new results"), "{said}");
    }
}

#[test]
fn processes_share_a_run_and_shards_are_put_together() {
    let folder = Folder::new();
    let [alone, shared, merged] = ["alone", "shared", "merged"].map(|name| folder.name(name));
    assert!(start(&alone).wait().expect("an end").success());
    let mut workers: Vec<Child> = (0..3).map(|_| start(&shared)).collect();
    // One process is killed, and the others take over its work.
    std::thread::sleep(Duration::from_millis(150));
    let _ = workers[0].kill();
    workers[0].wait().expect("an end");
    for worker in &mut workers[1..] {
        assert!(worker.wait().expect("an end").success());
    }
    assert_eq!(tables(&shared), tables(&alone));
    let shards = ["1/3", "2/3", "3/3"].map(|shard| {
        let out = folder.name(&shard.replace('/', "-"));
        let arguments: Vec<&str> =
            RUN.into_iter().chain(["--shard", shard, "--quiet", "--out", &out]).collect();
        ok(&arguments);
        out
    });
    ok(&["merge", &shards[0], &shards[1], &shards[2], "--out", &merged]);
    assert!(start(&merged).wait().expect("an end").success());
    assert_eq!(tables(&merged), tables(&alone));
}

/// `--shard auto` is the part that a scheduler's variables say. Nothing else is merged with parts of another seed.
#[test]
fn tasks_of_an_array_take_their_parts() {
    let folder = Folder::new();
    let [alone, merged] = ["alone", "merged"].map(|name| folder.name(name));
    let run = |out: &str, more: &[&str], variables: &[(&str, &str)]| {
        let schedulers = ["SLURM_", "PBS_", "SGE_", "LSB_", "OMPI_", "PMI"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_attractor"));
        for (name, _) in std::env::vars().filter(|(name, _)| schedulers.iter().any(|s| name.starts_with(s))) {
            command.env_remove(name);
        }
        command.args([
            "capacity",
            "--model",
            "ceiling,modern",
            "--dims",
            "8,10,12",
            "--sets",
            "8",
            "--cues",
            "16",
        ]);
        command
            .args(more)
            .args(["--quiet", "--out", out])
            .envs(variables.iter().copied())
            .output()
            .expect("an end")
    };
    assert!(run(&alone, &[], &[]).status.success());
    let tasks = ["0", "2", "4"].map(|task| {
        let out = folder.name(task);
        let variables = [
            ("SLURM_ARRAY_TASK_ID", task),
            ("SLURM_ARRAY_TASK_MIN", "0"),
            ("SLURM_ARRAY_TASK_MAX", "4"),
            ("SLURM_ARRAY_TASK_STEP", "2"),
            ("SLURM_ARRAY_TASK_COUNT", "3"),
        ];
        let ended = run(&out, &["--shard", "auto"], &variables);
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        out
    });
    let said = ok(&["merge", &tasks[2], &tasks[0], &tasks[1], "--out", &merged]);
    assert!(!said.contains(": 0 new"), "each has a part: {said}");
    assert!(run(&merged, &[], &[]).status.success());
    assert_eq!(tables(&merged), tables(&alone));
    let pbs = run(&folder.name("pbs"), &["--shard", "auto/2"], &[("PBS_ARRAY_INDEX", "2")]);
    assert!(pbs.status.success(), "{}", String::from_utf8_lossy(&pbs.stderr));
    for (shard, variables, word) in [
        ("auto", &[][..], "SLURM_ARRAY_TASK_ID"),
        ("auto", &[("PBS_ARRAY_INDEX", "2")], "auto/N"),
        ("auto/2", &[("PBS_ARRAY_INDEX", "3")], "part 3"),
        ("auto/x", &[], "I/N"),
    ] {
        let ended = run(&folder.name("no"), &["--shard", shard], variables);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(
            ended.status.code() == Some(2) && said.contains("shard: ") && said.contains(word),
            "{shard}: {said}"
        );
        assert!(!Path::new(&folder.name("no")).exists(), "nothing is begun");
    }
    let seeded = folder.name("seeded");
    assert!(run(&seeded, &["--seed", "1"], &[]).status.success());
    refused(
        &["merge", &alone, &seeded, "--out", &folder.name("both")],
        &["seed 1", "seed 0", "folder of their own"],
    );
    let ended = Command::new(env!("CARGO_BIN_EXE_attractor"))
        .args([
            "reproduce",
            "fig3",
            "--sets",
            "2",
            "--shard",
            "auto",
            "--quiet",
            "--out",
            &folder.name("fig3"),
        ])
        .envs([("OMPI_COMM_WORLD_RANK", "4"), ("OMPI_COMM_WORLD_SIZE", "40")])
        .output()
        .expect("an end");
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let folder = Folder::new();
    let out = folder.name("out");
    let with = |more: &[&'static str]| -> Vec<String> {
        ["capacity", "--out", &out].into_iter().chain(more.iter().copied()).map(str::to_owned).collect()
    };
    for (more, word) in [
        (&["--model", "nothing"][..], "nothing"),
        (&["--model", "network"], "reproduce fig3"),
        (&["--dims", "9..8"], "dims"),
        (&["--dims", "8..x"], "dims"),
        (&["--dims", "0"], "dims"),
        (&["--signal", "1.5"], "signal"),
        (&["--mask", "nan"], "mask"),
        (&["--flip", "0.7"], "flip"),
        (&["--threshold", "0.6"], "threshold"),
        (&["--sets", "0"], "sets"),
        (&["--cues", "some"], "cues"),
        (&["--shard", "3"], "shard"),
        (&["--shard", "3/2"], "shard"),
        (&["--model", "hopfield", "--separation", "exp"], "separation"),
        (&["--model", "dense", "--interaction", "nothing"], "interaction"),
        (&["--model", "ceiling,ceiling"], "twice"),
    ] {
        let arguments = with(more);
        refused(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), &[word]);
    }
    refused(&["merge", &folder.name("none"), "--out", &out], &["cells.sqlite"]);
    let text = folder.name("text.sqlite");
    std::fs::write(&text, "not a database at all, whatever its name says".repeat(50)).expect("a file");
    refused(&["merge", &text, "--out", &out], &["not a file of results"]);
    std::fs::write(folder.path("out").join("cells.sqlite"), "neither is this".repeat(100)).expect("a file");
    refused(&["capacity", "--dims", "8", "--out", &out], &["not a file of results"]);
    assert!(attractor(&["reproduce", "fig3", "--profile", "huge", "--out", &out]).status.code() == Some(2));
}

/// Rules of one model stand beside each other in one report, an explicit default is the default, and a model's own option
/// goes before one for all.
#[test]
fn options_make_entrants() {
    let folder = Folder::new();
    let measured = |models: &str, more: &[&str], out: &str| {
        let out = folder.name(out);
        let words =
            ["capacity", "--model", models, "--dims", "16", "--sets", "6", "--flip", "0.1", "--out", &out];
        ok(&[&words[..], more].concat());
        let csv = std::fs::read_to_string(Path::new(&out).join("results.csv")).expect("results");
        csv.lines()
            .skip(1)
            .map(|line| line.rsplit_once(',').expect("seconds").0.to_owned())
            .collect::<Vec<_>>()
    };
    let both = measured("hopfield:rule=hebb,hopfield:rule=pseudo-inverse", &[], "both");
    let plain = measured("hopfield", &[], "plain");
    assert_eq!(plain, measured("hopfield", &["--rule", "hebb"], "default"));
    assert_eq!(plain, [both[0].clone()]);
    assert_eq!(measured("hopfield", &["--rule", "pseudo-inverse"], "other"), [both[1].clone()]);
    assert_eq!(both, measured("hopfield:rule=hebb,hopfield", &["--rule", "pseudo-inverse"], "mixed"));
    let theory =
        |out: &str| std::fs::read_to_string(Path::new(&folder.name(out)).join("theory.csv")).expect("laws");
    assert!(theory("default").contains("0.138 D") && theory("plain") == theory("default"));
    let drawn =
        std::fs::read_to_string(Path::new(&folder.name("both")).join("capacity.svg")).expect("a figure");
    assert!(drawn.contains("pseudo-inverse") && drawn.contains("0.138 D"));
    // A value that has a colon of its own.
    let degree = measured("dense:interaction=poly:4", &[], "degree");
    assert_eq!(degree, measured("dense", &["--interaction", "poly:4"], "same"));
    for (models, word) in [
        ("hopfield:rule=none", "rule"),
        ("hopfield:beta=2", "beta"),
        ("hopfield:beta", "beta"),
        ("ceiling:rule=hebb", "ceiling without options"),
        ("hopfield:rule=hebb:rule=storkey", "once"),
        ("hopfield:rule=hebb,hopfield", "twice"),
    ] {
        refused(&["capacity", "--model", models, "--dims", "8", "--out", &folder.name("no")], &[word]);
    }
    // An option that every model sets itself has no effect.
    let all = ["capacity", "--model", "hopfield:rule=hebb", "--rule", "storkey", "--out", "no"];
    refused(&all, &["does not set it itself"]);
}

/// A run into a folder of results adds to them, or is refused before anything is lost.
#[test]
fn a_folder_loses_no_results() {
    let folder = Folder::new();
    let out = folder.name("c");
    let run = |models: &str, more: &[&str]| {
        let words = ["capacity", "--model", models, "--dims", "8,10", "--flip", "0.1", "--out", &out];
        let sets: &[&str] = if more.contains(&"--sets") { &[] } else { &["--sets", "6"] };
        [&words[..], sets, more].concat().iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()
    };
    let refused_run = |models: &str, more: &[&str], words: &[&str]| {
        let run = run(models, more);
        refused(&run.iter().map(String::as_str).collect::<Vec<_>>(), words);
    };
    let good = |models: &str, more: &[&str]| {
        let run = run(models, more);
        ok(&run.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let csv = || std::fs::read_to_string(Path::new(&out).join("results.csv")).expect("results");
    good("hopfield:rule=pseudo-inverse", &[]);
    let first = csv();
    refused_run("hopfield", &[], &["hopfield rule=pseudo-inverse", "D = 8", "ask for all models"]);
    refused_run("hopfield:rule=pseudo-inverse", &["--seed", "1"], &["seed", "choose another folder"]);
    refused_run("hopfield:rule=pseudo-inverse", &["--shard", "1/2"], &["all parts"]);
    assert_eq!(csv(), first, "nothing is lost");
    good("hopfield:rule=pseudo-inverse,hopfield", &[]);
    let rows: Vec<String> = csv().lines().map(str::to_owned).collect();
    for line in first.lines() {
        // Times included: nothing was measured again.
        assert!(rows.contains(&line.to_owned()), "{line}");
    }
    good("hopfield:rule=pseudo-inverse,hopfield", &["--sets", "9"]);
    refused_run("hopfield:rule=pseudo-inverse,hopfield", &[], &["results of 9 sets"]);
}

/// Where nothing limits a memory, or a law does not hold, reports say so, and no number is infinite.
#[test]
fn what_has_no_number_is_said() {
    let folder = Folder::new();
    let report = |words: &[&str], out: &str| {
        let out = folder.name(out);
        let words = [&["capacity", "--sets", "4", "--cues", "16"][..], words, &["--out", &out]].concat();
        let page = ok(&words).split_whitespace().collect::<Vec<_>>().join(" ");
        for entry in std::fs::read_dir(&out).expect("a folder").flatten() {
            if let Ok(text) = std::fs::read_to_string(entry.path()) {
                let words = |text: &str| {
                    text.split(|c: char| !c.is_ascii_alphanumeric())
                        .any(|word| ["inf", "nan", "NaN", "Infinity"].contains(&word))
                };
                assert!(!words(&text), "{}", entry.path().display());
            }
        }
        page
    };
    let one = report(&["--dims", "1"], "one");
    assert!(one.contains("Laws with ln D hold from D = 2 on"), "{one}");
    let easy = report(&["--model", "ceiling,hopfield", "--mask", "1e-308", "--dims", "8"], "easy");
    assert!(easy.contains("nothing limits how many patterns") && easy.contains("at least 1024"), "{easy}");
    let few = report(&["--model", "ceiling", "--dims", "12", "--max-patterns", "4"], "few");
    assert!(few.contains("at least 4"), "{few}");
    // 2^(D·C) is no number of 64 bits.
    let large = ["--model", "hopfield,ceiling", "--dims", "2200", "--max-patterns", "1", "--mask", "0.5"];
    report(&large, "large");
}

#[test]
fn figure_3_quick_has_its_figures_and_numbers() {
    let folder = Folder::new();
    let out = folder.name("fig3");
    ok(&["reproduce", "fig3", "--sets", "12", "--out", &out, "--quiet"]);
    let page = std::fs::read_to_string(Path::new(&out).join("report.md")).expect("a report");
    assert!(page.contains("Figure 3b") && page.contains("of the ceiling"), "{page}");
    for name in
        ["fig3a.svg", "fig3a.csv", "fig3b.png", "errors.csv", "theory.csv", "report.html", "cells.sqlite"]
    {
        assert!(Path::new(&out).join(name).is_file(), "{name}");
    }
    let left = std::fs::read_dir(&out).expect("a folder").flatten().map(|e| e.file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().contains("sqlite")).collect();
    assert_eq!(left, ["cells.sqlite"], "neither a log nor a worker is left");
}
