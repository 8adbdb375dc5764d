//! Streams that cannot be written end the printing and not the work; text from files does nothing to a terminal; files
//! are changed by one process at a time.
#![cfg(unix)]
#![allow(missing_docs)]

mod common;

use std::fs::File;
use std::os::unix::fs::symlink;
use std::process::{Command, ExitStatus, Stdio};

use common::*;
use ndarray::Array2;

/// Commands that write files, with the files.
fn commands(folder: &Folder) -> Vec<(Vec<String>, Vec<String>)> {
    let spins = attractor_data::random_spins::<f32>(20, 16, 0);
    let patterns = folder.save("patterns.npy", &spins);
    let values = folder.save("values.npy", &Array2::from_shape_fn((20, 2), |(i, j)| (i + j) as f64));
    let with = |words: &[&str], files: &[&str]| {
        let files: Vec<String> = files.iter().map(|name| folder.name(name)).collect();
        let words = words.iter().map(|word| match *word {
            "P" => patterns.clone(),
            "V" => values.clone(),
            word => match word.strip_prefix('@') {
                Some(number) => files[number.parse::<usize>().expect("a number")].clone(),
                None => word.to_owned(),
            },
        });
        (words.collect(), files)
    };
    let recall = ["recall", "--memory", "P", "--cues", "P", "--model", "modern"];
    let recall = |more: &[&str], files: &[&str]| with(&[&recall[..], more].concat(), files);
    vec![
        recall(&["--out", "@0"], &["out.npy"]),
        recall(&["--json", "--out", "@0"], &["out.npz"]),
        recall(&["--out", "@0", "--picture", "@1"], &["both.npy", "both.png"]),
        recall(&["--values", "V", "--values-out", "@0"], &["values-out.npy"]),
        with(
            &["trace", "--memory", "P", "--cues", "P", "--sigma", "1", "--out", "@0", "--picture", "@1"],
            &["steps.csv", "steps.svg"],
        ),
        with(
            &["sample", "--memory", "P", "--model", "modern", "--count", "20", "--out", "@0"],
            &["drawn.npy"],
        ),
        with(&["store", "--patterns", "P", "--model", "modern", "--out", "@0"], &["m.memory"]),
        with(&["train", "--patterns", "P", "--steps", "10", "--width", "8", "--out", "@0"], &["n.network"]),
        with(&["corrupt", "--patterns", "P", "--sigma", "1", "--out", "@0"], &["corrupted.npy"]),
        with(
            &["capacity", "--model", "ceiling", "--dims", "6", "--sets", "2", "--cues", "8", "--out", "@0"],
            &["c"],
        ),
        with(
            &["recommend", "--patterns", "P", "--corruption", "flip:0.1", "--count", "10", "--out", "@0"],
            &["r"],
        ),
        with(&["demo", "--count", "5", "--out", "@0"], &["d"]),
        with(&["landscape", "--memory", "P", "--out", "@0"], &["l.png"]),
    ]
}

fn run(words: &[String], stdout: Stdio, stderr: Stdio) -> ExitStatus {
    let mut program = Command::new(env!("CARGO_BIN_EXE_attractor"));
    let mut child = program.args(words).stdout(stdout).stderr(stderr).spawn().expect("the binary runs");
    // A pipe that nobody reads any more is closed here.
    drop((child.stdout.take(), child.stderr.take()));
    child.wait().expect("an end")
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").expect("a full device").into()
}

#[test]
fn a_stream_that_cannot_be_written_ends_the_printing_alone() {
    let folder = Folder::new();
    type Streams = (&'static str, fn() -> Stdio, fn() -> Stdio, &'static [i32]);
    let streams: [Streams; 4] = [
        ("stdout closed", Stdio::piped, Stdio::null, &[0]),
        // A full disk is told by the exit code. A command that prints nothing does not see it.
        ("stdout full", full, Stdio::null, &[0, 2]),
        ("stderr closed", Stdio::null, Stdio::piped, &[0]),
        ("stderr full", Stdio::null, full, &[0]),
    ];
    for (words, files) in commands(&folder) {
        for (name, stdout, stderr, codes) in streams {
            let status = run(&words, stdout(), stderr());
            let code = status.code().unwrap_or_else(|| panic!("{name}: {words:?}: {status}"));
            assert!(codes.contains(&code), "{name}: {words:?}: {status}");
            for file in &files {
                let path = std::path::Path::new(file);
                assert!(path.exists(), "{name}: {words:?}: no {file}");
                if path.is_dir() {
                    std::fs::remove_dir_all(path).expect("removed");
                } else {
                    std::fs::remove_file(path).expect("removed");
                }
            }
        }
    }
    let left: Vec<_> = std::fs::read_dir(folder.0.path())
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name().into_string().expect("text"))
        .filter(|name| name.starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_full_disk_behind_stdout_is_told_by_the_exit_code() {
    let folder = Folder::new();
    let (recall, _) = commands(&folder).swap_remove(0);
    assert_eq!(run(&recall, full(), Stdio::null()).code(), Some(2));
    let models: Vec<String> = vec!["models".into()];
    assert_eq!(run(&models, full(), Stdio::null()).code(), Some(2));
    assert_eq!(run(&models, Stdio::piped(), Stdio::null()).code(), Some(0));
}

#[test]
fn refusals_keep_their_exit_code_when_nobody_can_read_them() {
    let missing: Vec<String> =
        ["recall", "--memory", "nowhere.npy", "--cues", "nowhere.npy"].map(String::from).to_vec();
    let unknown: Vec<String> = ["recall", "--nonsense"].map(String::from).to_vec();
    for words in [missing, unknown] {
        for stderr in [full, Stdio::piped] {
            assert_eq!(run(&words, Stdio::null(), stderr()).code(), Some(2), "{words:?}");
        }
    }
}

/// Interrupted while stderr cannot be written: this once waited for ever for a lock of its own.
#[test]
fn an_interrupt_ends_the_program_though_stderr_is_full() {
    let folder = Folder::new();
    let words: Vec<String> =
        ["capacity", "--model", "dense", "--interaction", "exp", "--dims", "32", "--out"]
            .map(String::from)
            .into_iter()
            .chain([folder.name("c")])
            .collect();
    let mut program = Command::new(env!("CARGO_BIN_EXE_attractor"));
    let mut child = program.args(&words).stdout(Stdio::null()).stderr(full()).spawn().expect("runs");
    std::thread::sleep(std::time::Duration::from_millis(700));
    // SAFETY: a signal to a child that has not been waited for.
    unsafe { libc::kill(child.id() as i32, libc::SIGHUP) };
    for _ in 0..100 {
        if let Some(status) = child.try_wait().expect("a status") {
            assert_eq!(status.code(), Some(130));
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let _ = child.kill();
    panic!("still running after ten seconds");
}

#[test]
fn text_from_files_does_nothing_to_a_terminal() {
    let folder = Folder::new();
    let hostile = "a\u{1b}]0;title\u{7}\u{9b}31m\u{202e}b";
    let labels = folder.name("labels.txt");
    std::fs::write(&labels, format!("{hostile}\n{hostile}2\n")).expect("written");
    let patterns = folder.save("p.npy", &attractor_data::random_spins::<f32>(2, 8, 0));
    let odd = folder.save(&format!("{hostile}.npy"), &attractor_data::random_spins::<f32>(2, 8, 0));
    let m = folder.name("m.memory");
    ok(&["store", "--patterns", &patterns, "--labels", &labels, "--model", "modern", "--out", &m]);
    let harmless = |bytes: &[u8], what: &str| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let harmful = |c: char| (c.is_control() && c != '\n' && c != '\t') || c == '\u{202e}';
        assert!(!text.contains(harmful), "{what}: {text:?}");
        text
    };
    for json in [&[][..], &["--json"]] {
        for words in [
            &["info", &m][..],
            &["recall", "--memory", &m, "--cues", &patterns],
            &["recall", "--memory", &odd, "--cues", &odd, "--model", "modern"],
            &["recall", "--memory", &m, "--cues", &patterns, "--model", hostile],
            &["recall", "--memory", hostile, "--cues", &patterns],
            &["sample", "--memory", &m, "--count", "3"],
        ] {
            let output = attractor(&[words, json].concat());
            harmless(&output.stderr, &format!("{words:?}"));
            let text = harmless(&output.stdout, &format!("{words:?}"));
            if words[0] == "info" && !json.is_empty() {
                let labels = &serde_json::from_str::<serde_json::Value>(&text).expect("JSON")["labels"];
                assert!(labels.to_string().contains(&serde_json::to_string(hostile).expect("JSON")[1..10]));
            }
        }
    }
}

/// Twelve appends by processes at once: what each said that it appended is there.
#[test]
fn appends_at_once_all_count() {
    let folder = Folder::new();
    let m = folder.name("m.memory");
    let patterns = folder.save("p.npy", &attractor_data::random_spins::<f32>(50, 64, 0));
    ok(&["store", "--patterns", &patterns, "--model", "modern", "--out", &m, "--quiet"]);
    let children: Vec<_> = (1..=12)
        .map(|seed| {
            let more =
                folder.save(&format!("{seed}.npy"), &attractor_data::random_spins::<f32>(50, 64, seed));
            Command::new(env!("CARGO_BIN_EXE_attractor"))
                .args(["store", "--patterns", &more, "--append", "--out", &m, "--quiet"])
                .spawn()
                .expect("runs")
        })
        .collect();
    for mut child in children {
        assert!(child.wait().expect("an end").success());
    }
    let info: serde_json::Value = serde_json::from_str(&ok(&["info", &m, "--json"])).expect("JSON");
    assert_eq!(info["patterns"], 650);
    assert!(!folder.path(".m.memory.lock").exists());
}

#[test]
fn outputs_that_are_links_or_streams_keep_what_they_hold() {
    let folder = Folder::new();
    let patterns = folder.save("p.npy", &attractor_data::random_spins::<f32>(2, 8, 0));
    // A link to a file that does not exist yet is followed.
    symlink("target.npy", folder.path("link.npy")).expect("a link");
    ok(&["corrupt", "--patterns", &patterns, "--flip", "0.1", "--out", &folder.name("link.npy")]);
    assert!(folder.path("target.npy").is_file());
    assert!(std::fs::symlink_metadata(folder.path("link.npy")).expect("a link").is_symlink());
    // /dev/stdout is the stream that was handed over, and is appended to if that was.
    let log = folder.path("log");
    std::fs::write(&log, "kept\n").expect("written");
    let words =
        ["corrupt", "--patterns", &patterns, "--flip", "0.1", "--out", "/dev/stdout"].map(String::from);
    let append = File::options().append(true).open(&log).expect("a file");
    assert!(run(&words, append.into(), Stdio::null()).success());
    let bytes = std::fs::read(&log).expect("read");
    assert!(bytes.starts_with(b"kept\n\x93NUMPY"), "{:?}", String::from_utf8_lossy(&bytes));
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error_that_leaves_nothing() {
    let folder = Folder::new();
    let patterns = folder.save("p.npy", &attractor_data::random_spins::<f32>(500, 64, 0));
    let out = folder.name("out.npy");
    let program = env!("CARGO_BIN_EXE_attractor");
    let script = format!("ulimit -f 8; '{program}' corrupt --patterns '{patterns}' --sigma 1 --out '{out}'");
    let output = Command::new("sh").args(["-c", &script]).output().expect("sh");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("file too large"), "{output:?}");
    assert_eq!(std::fs::read_dir(folder.0.path()).expect("folder").count(), 1);
}
