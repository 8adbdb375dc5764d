//! A memory of fixed size from end to end: its file, and how it changes.
#![allow(missing_docs)]

mod common;

use std::fs;

use attractor_data::random_spins;
use common::*;
use ndarray::{Array2, Axis, concatenate, s};

fn made(folder: &Folder, count: usize) -> String {
    let all: Array2<f32> = random_spins(count, 24, 1);
    let (rows, out) = (folder.save(&format!("{count}.npy"), &all), folder.name(&format!("{count}.memory")));
    ok(&[
        "store",
        "--patterns",
        &rows,
        "--model",
        "random-features",
        "--features",
        "3000",
        "--beta",
        "0.3",
        "--out",
        &out,
    ]);
    out
}

#[test]
fn the_file_is_small_whatever_the_number_of_patterns() {
    let folder = Folder::new();
    let sizes = [30, 3000].map(|count| fs::metadata(made(&folder, count)).expect("a file").len());
    // 16 bytes a feature, and a head of names and provenance.
    assert!(sizes[0].abs_diff(sizes[1]) <= 16 && sizes[1] < 16 * 3000 + 2000, "{sizes:?}");
    let info = ok(&["info", &folder.name("3000.memory"), "--json"]);
    let info: serde_json::Value = serde_json::from_str(&info).expect("JSON");
    assert_eq!((info["patterns"].as_u64(), info["units"].as_u64()), (Some(3000), Some(24)));
    assert_eq!((info["sums"]["features"].as_u64(), info["sums"]["beta"].as_f64()), (Some(3000), Some(0.3)));
    assert_eq!(info["model"], "random-features");
}

#[test]
fn appended_and_removed_rows_leave_the_sums_as_they_were() {
    let folder = Folder::new();
    let out = made(&folder, 20);
    let before = fs::read(&out).expect("bytes");
    let more: Array2<f32> = random_spins(7, 24, 9);
    let more = folder.save("more.npy", &more);
    let said = said(&["store", "--patterns", &more, "--append", "--out", &out]);
    assert!(said.contains("random-features: 20 patterns before, 27 now"), "{said}");
    // All at once is the same.
    let all = concatenate![Axis(0), random_spins::<f32>(20, 24, 1), random_spins::<f32>(7, 24, 9)];
    let (rows, whole) = (folder.save("all.npy", &all), folder.name("all.memory"));
    ok(&[
        "store",
        "--patterns",
        &rows,
        "--model",
        "random-features",
        "--features",
        "3000",
        "--beta",
        "0.3",
        "--out",
        &whole,
    ]);
    assert_eq!(sums(&out), sums(&whole));
    let cues = folder.save("cues.npy", &(&all + 0.2));
    let recall = |memory: &str| ok(&["recall", "--memory", memory, "--cues", &cues, "--json"]);
    assert_eq!(recall(&out), recall(&whole));
    ok(&["store", "--remove", &more, "--out", &out]);
    assert_eq!(sums(&out), tail(&before));
}

/// The arrays of a file, without its head.
fn sums(path: &str) -> Vec<u8> {
    tail(&fs::read(path).expect("bytes"))
}

fn tail(bytes: &[u8]) -> Vec<u8> {
    let head = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
    bytes[8 + head as usize..].to_vec()
}

#[test]
fn recall_lowers_the_energy_and_names_no_memory() {
    let folder = Folder::new();
    let out = made(&folder, 20);
    let patterns: Array2<f32> = random_spins(20, 24, 1);
    let cues = folder.save("cues.npy", &(patterns.slice(s![..5, ..]).mapv(|x| 0.7 * x)));
    let (states, truth) =
        (folder.name("states.npy"), folder.save("truth.npy", &patterns.slice(s![..5, ..]).to_owned()));
    let rows = lines(&ok(&["recall", "--memory", &out, "--cues", &cues, "--out", &states, "--json"]));
    assert!(rows.iter().all(|row| row["memory"].is_null() && row["outcome"] == "settled"), "{rows:?}");
    let found = load(&states);
    assert!(found.iter().zip(load(&truth)).all(|(a, b)| a * b > 0.0), "{found}");
    let energies = |path: &str| -> Vec<f64> {
        let text = ok(&["energy", "--memory", &out, "--states", path]);
        text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
    };
    assert!(energies(&states).iter().zip(energies(&cues)).all(|(after, before)| *after < before));
    // There are no memories that a sample could land on.
    refused(&["sample", "--memory", &out, "--count", "5"], &["can list its stored memories"]);
    ok(&["trace", "--memory", &out, "--cues", &cues, "--out", &folder.name("trace.npz")]);
}

#[test]
fn what_cannot_be_done_with_sums_is_refused() {
    let folder = Folder::new();
    let out = made(&folder, 20);
    let before = fs::read(&out).expect("bytes");
    let store = |more: &[&str], words: &[&str]| refused(&[&["store", "--out", &out], more].concat(), words);
    let strange = folder.save("strange.npy", &random_spins::<f32>(2, 24, 50));
    let all = folder.save("all.npy", &random_spins::<f32>(20, 24, 1));
    let narrow = folder.save("narrow.npy", &random_spins::<f32>(2, 23, 1));
    store(&["--remove", "3,10-12"], &["expected a file with the rows to remove", "found 3,10-12"]);
    store(&["--remove", "none.npy"], &["none.npy"]);
    store(&["--remove", &strange], &["those that were added", "row 0", "as they were stored"]);
    store(&["--remove", &all], &["at most 19 of the 20"]);
    store(&["--remove", &narrow], &["24"]);
    store(&["--append", "--patterns", &narrow], &["24"]);
    store(&["--append", "--patterns", &strange, "--protect", "0.1"], &["protect", "keeps its patterns"]);
    store(&["--append", "--patterns", &strange, "--beta", "2"], &["append: expected no --model"]);
    let labels = folder.name("labels.txt");
    fs::write(&labels, "a\nb\n").expect("written");
    store(&["--append", "--patterns", &strange, "--labels", &labels], &["labels", "keeps no patterns"]);
    let recall = ["recall", "--memory", &out, "--cues", &strange];
    refused(&[&recall[..], &["--beta", "2"]].concat(), &["beta: expected 0.3", "of which the sums"]);
    refused(&[&recall[..], &["--features", "10"]].concat(), &["features: expected 3000"]);
    ok(&[&recall[..], &["--beta", "0.3", "--features", "3000"]].concat());
    assert_eq!(fs::read(&out).expect("bytes"), before, "nothing was changed");
    // Files that are cut off or changed are errors.
    for length in [9, 100, before.len() / 2, before.len() - 1] {
        fs::write(folder.path("cut.memory"), &before[..length]).expect("written");
        let output = attractor(&["recall", "--memory", &folder.name("cut.memory"), "--cues", &strange]);
        assert_eq!(output.status.code(), Some(2), "{length}");
    }
}

#[test]
fn too_few_features_are_said_with_a_number_that_is_enough() {
    let folder = Folder::new();
    let rows = folder.save("rows.npy", &random_spins::<f32>(50, 40, 1));
    let store = |features: &str| {
        let out = folder.name("m.memory");
        said(&[
            "store",
            "--patterns",
            &rows,
            "--model",
            "random-features",
            "--features",
            features,
            "--out",
            &out,
        ])
    };
    // 2 · 50 · 40 = 4000.
    let few = store("1000");
    assert!(few.contains("1000 features tell about 12 patterns of 40 units apart"), "{few}");
    assert!(!store("5000").contains("features tell about"));
}
