//! Every option that takes a value, of every command, with numbers at the edges: each is done or refused in a sentence, in
//! time, and no result is NaN or infinite.
#![allow(missing_docs)]

mod common;

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use attractor_data::random_spins;
use common::{Folder, ok};

const NUMBERS: [&str; 8] = ["0", "-1", "NaN", "inf", "-inf", "1e308", "-1e308", "1e-308"];

/// The longest that a command of tiny inputs may take. A test build on a busy machine is slow.
const LONG: Duration = Duration::from_secs(60);

/// The commands, with what each needs. `OUT` stands for a place of its own.
const COMMANDS: &[&str] = &[
    "recall --memory P --cues P --model hopfield",
    "recall --memory P --cues P --model sparse-distributed",
    "recall --memory P --cues P --model dense",
    "recall --memory P --cues P --model modern",
    "recall --memory P --cues P --model universal",
    "recall --memory P --cues P --sigma 0.5",
    "sample --memory P --count 2",
    "minima --memory P --model modern --starts 4",
    "trace --memory P --cues P --steps 3",
    "energy --memory P --states P --sigma 0.5",
    "corrupt --patterns P --out OUT.npy",
    "store --patterns P --out OUT.memory",
    "train --patterns P --out OUT --steps 2 --width 4",
    "fit --patterns P --out OUT.memory --components 1",
    "capacity --dims 8 --sets 1 --cues 8 --out OUT",
    "recommend --patterns P --corruption flip:0.1 --out OUT",
];

/// Options whose values are names of files or of other things.
const NAMES: &[&str] = &["FILE", "FOLDER", "DIR", "NAME", "HxW"];

/// Options whose values are texts, and are printed again.
const PLACES: &[&str] = &["out", "label-column"];

/// The options of a command that take a value, from its help.
fn options(command: &[&str]) -> Vec<String> {
    let help = ok(&[command, &["--help"]].concat());
    let option = |line: &str| {
        let (_, option) = line.trim_start().split_once("--").filter(|(before, _)| before.len() < 5)?;
        let (name, value) = option.split_once(' ')?;
        let value = value.trim_start_matches(['<', '[']).split(['>', ']', ' ']).next()?;
        (line.starts_with("  ") && !PLACES.contains(&name) && !value.is_empty() && !NAMES.contains(&value))
            .then(|| name.to_owned())
    };
    help.lines().filter_map(option).collect()
}

/// Runs a command, and says what is wrong with how it ended.
fn judge(arguments: &[String]) -> Result<(), String> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_attractor"))
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let (mut stdout, mut stderr) =
        (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text)
    });
    let output = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).map(|_| text)
    });
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().expect("a child") {
            Some(status) => break status,
            None if begun.elapsed() > LONG => {
                child.kill().expect("a child");
                child.wait().expect("a child");
                return Err("takes too long".into());
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let errors = errors.join().expect("a thread").expect("text");
    let output = output.join().expect("a thread").expect("text").to_lowercase();
    let sentences = errors.lines().filter(|line| line.starts_with("attractor: ")).count();
    let wrong = output.split(|c: char| !c.is_alphanumeric()).any(|word| word == "nan" || word == "inf");
    match status.code() {
        _ if errors.contains("panicked") => Err(format!("panics: {errors}")),
        Some(0) if wrong => Err(format!("NaN or infinity: {output}")),
        Some(0) => Ok(()),
        Some(2) if sentences == 1 => Ok(()),
        code => Err(format!("ends with {code:?}: {errors}")),
    }
}

/// The arguments of a command with one option more, or changed.
fn arguments(command: &str, patterns: &str, out: &Path, option: &str, value: &str) -> Vec<String> {
    let mut arguments: Vec<String> = Vec::new();
    let mut words = command.split(' ');
    while let Some(word) = words.next() {
        if word.strip_prefix("--") == Some(option) {
            words.next();
            continue;
        }
        let place = word.replace("OUT", out.to_str().expect("a path"));
        arguments.push(if word == "P" { patterns.to_owned() } else { place });
    }
    arguments.extend([format!("--{option}"), value.to_owned()]);
    arguments
}

#[test]
fn numbers_at_the_edges_are_done_or_refused() {
    let folder = Folder::new();
    let patterns = folder.save("p.npy", &random_spins::<f32>(4, 8, 1));
    let mut jobs = Vec::new();
    for command in COMMANDS {
        let words: Vec<&str> = command.split(' ').collect();
        let model: &[&str] = match words.iter().position(|word| *word == "--model") {
            Some(at) => &words[at..at + 2],
            None => &[],
        };
        let options = options(&[&words[..1], model].concat());
        assert!(!options.is_empty(), "{command} has options");
        for option in options {
            for value in NUMBERS {
                let out = folder.path(&format!("out{}", jobs.len()));
                jobs.push(arguments(command, &patterns, &out, &option, value));
            }
        }
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut failures = Vec::new();
        while let Some(arguments) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(wrong) = judge(arguments) {
                failures.push(format!("{}: {wrong}", arguments.join(" ")));
            }
        }
        failures
    };
    let failures: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a thread")).collect()
    });
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), jobs.len(), failures.join("\n"));
}
