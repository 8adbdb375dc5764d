//! Cues that stay on, on the command line.

mod common;

use attractor_data::random_spins;
use common::{Folder, lines, ok, refused};

#[test]
fn a_cue_stays_on() {
    let folder = Folder::new();
    // 60 patterns of 128 units are far more than a classical network holds.
    let patterns = random_spins::<f32>(60, 128, 3);
    let memory = folder.save("memory.npy", &patterns);
    let shared = ["--memory", &memory, "--cues", &memory, "--model", "hopfield", "--quiet"];
    let right = |more: &[&str]| {
        let rows = lines(&ok(&[&["recall", "--json"], &shared[..], more].concat()));
        rows.iter().enumerate().filter(|(n, row)| row["memory"].as_u64() == Some(*n as u64)).count()
    };
    assert_eq!(right(&["--keep-cue", "1"]), 60);
    let plain = ok(&[&["recall", "--json"], &shared[..]].concat());
    assert_eq!(plain, ok(&[&["recall", "--json"], &shared[..], &["--keep-cue", "0"]].concat()));
    let trace = ok(&[&["trace", "--json"], &shared[..], &["--keep-cue", "1"]].concat());
    assert_eq!(lines(&trace).len(), 60);
    let repeat = ["--model", "diffusion", "--sampler", "bridge", "--sigma", "1", "--repeat", "50"];
    let cue = folder.save("cue.npy", &patterns.slice(ndarray::s![..2, ..]).to_owned());
    let counted = ok(&[
        &["recall", "--json", "--memory", &memory, "--cues", &cue, "--quiet", "--keep-cue", "1"],
        &repeat[..],
    ]
    .concat());
    assert_eq!(lines(&counted).len(), 2);
}

#[test]
fn what_cannot_keep_a_cue_says_why() {
    let folder = Folder::new();
    let memory = folder.save("memory.npy", &random_spins::<f32>(5, 32, 3));
    let shared = ["recall", "--memory", &memory, "--cues", &memory, "--quiet"];
    let refuse = |more: &[&str], words: &[&str]| refused(&[&shared[..], more].concat(), words);
    refuse(&["--keep-cue", "1", "--model", "universal"], &["prior from a cue that stays on", "--keep-cue"]);
    refuse(&["--keep-cue", "1", "--model", "hopfield", "--rule", "pseudo-inverse"], &["rule hebb"]);
    refuse(&["--keep-cue", "-1", "--model", "modern"], &["keep-cue: expected a number from 0 to 1e9"]);
    let mask = folder.save("mask.npy", &ndarray::Array2::<f32>::ones((1, 32)));
    refuse(&["--keep-cue", "1", "--clamp", &mask], &["known units are exact", "--clamp"]);
}
