//! `attractor store --append` writes what is new behind what is there, and nothing else.
#![allow(missing_docs)]

mod common;

use std::fs;

use attractor_data::{random_noise, random_spins};
use common::*;
use ndarray::{Array2, array, s};

/// Appends without a look at the others.
fn append(rows: &str, memory: &str, more: &[&str]) -> String {
    ok(&[&["store", "--patterns", rows, "--append", "--out", memory, "--check-cues", "0"], more].concat())
}

fn info(memory: &str) -> serde_json::Value {
    lines(&ok(&["info", memory, "--json"])).remove(0)
}

/// States and reports of recalls.
fn recalled(folder: &Folder, memory: &str, cues: &str, more: &[&str]) -> (Array2<f64>, String) {
    let out = folder.name("states.npy");
    let arguments = ["recall", "--memory", memory, "--cues", cues, "--out", &out, "--json", "--quiet"];
    let report = ok(&[&arguments[..], more].concat());
    (load(&out), report)
}

/// A memory that grew in three steps recalls as one that was stored at once, to the bit, whether its parts are joined or not.
#[test]
fn a_memory_that_grew_is_the_memory_that_was_stored_at_once() {
    let folder = Folder::new();
    let (noise, spins) = (random_noise::<f64>((40, 12), 1), random_spins::<f64>(40, 12, 2));
    let narrow = noise.mapv(|v| v as f32);
    let labels: Vec<String> = (0..40).map(|n| format!("row {n}, \"ü\"")).collect();
    for (model, spin, weighted) in [
        ("modern --beta 3", false, true),
        ("diffusion --steps 5", false, true),
        ("local --image 3x4", false, false),
        ("universal --similarity cosine --separation softmax:4", false, false),
        ("dense", true, false),
        ("log-sum-relu --beta 0.5", false, false),
        ("modern --beta 0.5 --prepare packed", true, true),
    ] {
        for wide in [true, false] {
            let save = |name: &str, from: usize, to: usize| match (spin, wide) {
                (true, true) => folder.save(name, &spins.slice(s![from..to, ..]).to_owned()),
                (true, false) => folder.save(name, &spins.slice(s![from..to, ..]).mapv(|v| v as f32)),
                (false, true) => folder.save(name, &noise.slice(s![from..to, ..]).to_owned()),
                (false, false) => folder.save(name, &narrow.slice(s![from..to, ..]).to_owned()),
            };
            let beside = |name: &str, from: usize, to: usize| {
                let text = folder.name(&format!("{name}.txt"));
                fs::write(&text, labels[from..to].join("\n")).expect("written");
                let mut given = vec!["--labels".to_owned(), text];
                if weighted {
                    let weights = Array2::from_shape_fn((to - from, 1), |(n, _)| 1.0 + (from + n) as f64);
                    given.extend(["--weights".into(), folder.save(&format!("{name}-w.npy"), &weights)]);
                }
                given
            };
            let (once, grown) = (folder.name("once.memory"), folder.name("grown.memory"));
            let store = |rows: &str, out: &str, beside: &[String]| {
                let mut arguments = vec!["store", "--patterns", rows, "--out", out, "--quiet", "--model"];
                arguments.extend(model.split(' '));
                arguments.extend(beside.iter().map(String::as_str));
                ok(&arguments);
            };
            store(&save("all.npy", 0, 40), &once, &beside("all", 0, 40));
            store(&save("a.npy", 0, 20), &grown, &beside("a", 0, 20));
            for (from, to) in [(20, 21), (21, 33), (33, 40)] {
                let before = fs::read(&grown).expect("a file");
                let given = beside("b", from, to);
                let given: Vec<&str> = given.iter().map(String::as_str).collect();
                append(&save("b.npy", from, to), &grown, &given);
                let after = fs::read(&grown).expect("a file");
                assert!(after.len() > before.len() && after.starts_with(&before), "{model}: {from}");
            }
            let cues = save("cues.npy", 5, 38);
            let expected = recalled(&folder, &once, &cues, &[]);
            assert_eq!(recalled(&folder, &grown, &cues, &[]), expected, "{model}");
            let about = info(&grown);
            assert_eq!((&about["patterns"], &about["parts"]), (&40.into(), &3.into()), "{model}");
            ok(&["store", "--compact", "--out", &grown]);
            assert_eq!(recalled(&folder, &grown, &cues, &[]), expected, "{model}");
            assert_eq!(info(&grown)["parts"], 0, "{model}");
            // The same bytes, but for the history.
            let history = |path: &str| {
                let bytes = fs::read(path).expect("a file");
                let head = u64::from_le_bytes(*bytes.first_chunk().expect("a length")) as usize;
                bytes[8 + head..].to_vec()
            };
            assert_eq!(history(&grown), history(&once), "{model}");
        }
    }
}

/// Patterns that stay in their file are read from all of its parts.
#[test]
fn parts_are_read_in_place() {
    let folder = Folder::new();
    let rows = random_noise::<f32>((500, 16), 3);
    let (once, grown) = (folder.name("once.memory"), folder.name("grown.memory"));
    let save =
        |name: &str, from: usize, to: usize| folder.save(name, &rows.slice(s![from..to, ..]).to_owned());
    let store = |rows: &str, out: &str| {
        ok(&["store", "--patterns", rows, "--out", out, "--model", "modern", "--beta", "2", "--quiet"])
    };
    store(&save("all.npy", 0, 500), &once);
    store(&save("a.npy", 0, 3), &grown);
    for (from, to) in [(3, 4), (4, 260), (260, 500)] {
        append(&save("b.npy", from, to), &grown, &[]);
    }
    let cues = save("cues.npy", 100, 120);
    let expected = recalled(&folder, &once, &cues, &["--memory-limit", "1K"]);
    assert_eq!(recalled(&folder, &grown, &cues, &["--memory-limit", "1K"]), expected);
    assert_eq!(recalled(&folder, &grown, &cues, &[]).0, expected.0);
}

/// Wherever an append is stopped, the memory is the one from before, and the next append goes on from there.
#[test]
fn an_append_that_is_stopped_leaves_the_memory_as_it_was() {
    let folder = Folder::new();
    let memory = folder.name("a.memory");
    let first = folder.save("a.npy", &random_noise::<f64>((5, 4), 4));
    let more = folder.save("b.npy", &random_noise::<f64>((3, 4), 5));
    ok(&["store", "--patterns", &first, "--model", "modern", "--beta", "2", "--out", &memory, "--quiet"]);
    append(&more, &memory, &[]);
    let before = fs::read(&memory).expect("a file");
    append(&first, &memory, &[]);
    let after = fs::read(&memory).expect("a file");
    for end in
        (before.len()..after.len()).step_by(37).chain([before.len() + 23, before.len() + 24, after.len() - 1])
    {
        // The file may have its new length before it has its new content.
        for zeros in [0, after.len() - end] {
            fs::write(&memory, [&after[..end], &vec![0; zeros]].concat()).expect("written");
            let about = info(&memory);
            let there = end + zeros - before.len();
            assert_eq!(
                (&about["patterns"], &about["unfinished"]),
                (&8.into(), &there.into()),
                "{end} {zeros}"
            );
        }
        append(&first, &memory, &[]);
        assert_eq!(fs::read(&memory).expect("a file"), after, "{end}");
    }
    fs::write(&memory, &after[..after.len() - 1]).expect("written");
    let said = said(&["recall", "--memory", &memory, "--cues", &more]);
    assert!(said.contains("no whole part"), "{said}");
    // Other bytes behind the memory are no append, and damage before the end is no interruption.
    fs::write(&memory, [&after[..], b"something else"].concat()).expect("written");
    refused(&["info", &memory], &["14 bytes more"]);
    let mut damaged = after.clone();
    damaged[before.len() - 1] ^= 1;
    fs::write(&memory, damaged).expect("written");
    refused(&["recall", "--memory", &memory, "--cues", &more], &["checksum"]);
}

/// Twelve processes at the same time.
#[test]
fn appends_at_the_same_time_are_all_kept() {
    let folder = Folder::new();
    let memory = folder.name("all.memory");
    let rows: Vec<String> =
        (0..13).map(|k| folder.save(&format!("{k}.npy"), &Array2::from_elem((10, 8), k as f32))).collect();
    ok(&["store", "--patterns", &rows[0], "--model", "modern", "--beta", "1", "--out", &memory, "--quiet"]);
    std::thread::scope(|scope| {
        for rows in &rows[1..] {
            scope.spawn(|| append(rows, &memory, &[]));
        }
    });
    ok(&["store", "--compact", "--out", &memory]);
    let stored = load(&format!("{memory}:patterns"));
    let mut firsts: Vec<f64> = stored.column(0).to_vec();
    firsts.sort_by(f64::total_cmp);
    let expected: Vec<f64> = (0..130).map(|row| f64::from(row / 10)).collect();
    assert_eq!(firsts, expected);
    let about = info(&memory);
    assert_eq!(about["provenance"].as_array().expect("a history").len(), 13);
}

/// What is looked at needs reads; what is written is only what is new.
#[test]
fn a_change_that_is_looked_at_is_written_behind_the_rest() {
    let folder = Folder::new();
    let memory = folder.name("a.memory");
    let rows = folder.save("a.npy", &array![[0.0, 0.0], [40.0, 40.0]]);
    let far = folder.save("far.npy", &array![[0.0, 40.0]]);
    let near = folder.save("near.npy", &array![[0.5, 0.0]]);
    let model = ["--model", "modern", "--beta", "12", "--norm-bias", "on"];
    ok(&[&["store", "--patterns", &rows, "--out", &memory, "--quiet"], &model[..]].concat());
    let before = fs::read(&memory).expect("a file");
    let how = ["--append", "--out", &memory, "--corruption", "sigma:0.3", "--protect", "0"];
    ok(&[&["store", "--patterns", &far], &how[..]].concat());
    let grown = fs::read(&memory).expect("a file");
    assert!(grown.starts_with(&before) && info(&memory)["parts"] == 1);
    refused(&[&["store", "--patterns", &near], &how[..]].concat(), &["protect", "nothing was changed"]);
    assert_eq!(fs::read(&memory).expect("a file"), grown);
    // A removal makes it one piece.
    ok(&["store", "--remove", "0", "--out", &memory, "--quiet"]);
    assert_eq!(info(&memory)["parts"], 0);
}

#[test]
fn what_does_not_go_with_the_memory_is_refused_and_changes_nothing() {
    let folder = Folder::new();
    let memory = folder.name("a.memory");
    let rows = folder.save("a.npy", &array![[1.0, -1.0], [-1.0, 1.0]]);
    let weights = folder.save("w.npy", &array![[1.0], [2.0]]);
    let store = |model: &str| {
        ok(&["store", "--patterns", &rows, "--model", model, "--out", &memory, "--quiet"]);
        fs::read(&memory).expect("a file")
    };
    let refuse = |rows: &str, more: &[&str], words: &[&str]| {
        let append = ["store", "--patterns", rows, "--append", "--out", &memory, "--check-cues", "0"];
        refused(&[&append[..], more].concat(), words);
    };
    let wide = folder.save("wide.npy", &array![[1.0, 2.0, 3.0]]);
    let nan = folder.save("nan.npy", &array![[1.0, f64::NAN]]);
    let none = folder.save("none.npy", &Array2::<f64>::zeros((0, 2)));
    let before = store("modern");
    refuse(&wide, &[], &["2", "3"]);
    refuse(&nan, &[], &["row 0"]);
    refuse(&none, &[], &["at least one"]);
    refuse(&rows, &["--weights", &weights], &["weights"]);
    assert_eq!(fs::read(&memory).expect("a file"), before);
    // Couplings are learned on, and the file is written anew.
    store("hopfield");
    append(&rows, &memory, &[]);
    let about = info(&memory);
    assert_eq!((&about["patterns"], &about["parts"]), (&4.into(), &0.into()));
    refused(
        &["store", "--compact", "--out", &folder.name("nothing")],
        &["stored memory to change", "nothing"],
    );
    refused(&["store", "--compact", "--out", &rows], &["stored memory to change", "another file"]);
    refused(&["store", "--compact", "--append", "--out", &memory], &["--append"]);
}
