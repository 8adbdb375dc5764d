//! Runs the real binary with single-shot memories and `recommend`.
#![allow(missing_docs)]

mod common;

use std::path::Path;

use attractor_data::{Corruption, ReadOptions, Shape, corrupt, digits, random_spins, read};
use common::*;
use ndarray::{Array2, array};

/// The published golden values, through the command line.
#[test]
fn published_arithmetic_on_request() {
    let folder = Folder::new();
    let rows = array![[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0.25, 0.25, 0.25, 0.25]];
    let memory = folder.save::<f64>("m.npy", &rows);
    let cues = folder.save::<f64>("q.npy", &array![[0.1, 0.2, 0.25, 0.4]]);
    let recall = |separation: &str, more: &[&str]| {
        let base = ["recall", "--memory", &memory, "--cues", &cues, "--json", "--model", "universal"];
        let what = ["--similarity", "manhattan", "--separation", separation];
        lines(&ok(&[&base[..], &what, more].concat())).remove(0)
    };
    let line = recall("identity", &["--compat", "uhn2022"]);
    let state: Vec<f64> = line["state"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
    for (x, expected) in state.iter().zip([0.134252, 0.211417, 0.288583, 0.365748]) {
        assert!((x - expected).abs() < 1e-6, "{state:?}");
    }
    let line = recall("log", &["--compat", "uhn2022"]);
    // Inverted as published: the least similar pattern weighs most.
    assert_eq!(line["posterior"][0][0], 1);
    assert!((line["posterior"][0][1].as_f64().unwrap() - 0.554732).abs() < 1e-6);
    // Corrected: one over distance plus a ten-thousandth.
    let base = ["recall", "--memory", &memory, "--cues", &cues, "--json", "--model", "universal"];
    let what = ["--similarity", "inverse-manhattan", "--separation", "identity"];
    let line = lines(&ok(&[&base[..], &what].concat())).remove(0);
    let scores = [0.05, 0.75, 0.35].map(|d| 1.0 / (d + 1e-4));
    let share = scores[0] / scores.iter().sum::<f64>();
    assert!((line["posterior"][0][1].as_f64().unwrap() - share).abs() < 1e-9, "{line}");
    assert_eq!((&line["outcome"], &line["energy"]), (&"one update".into(), &serde_json::Value::Null));
}

#[test]
fn keys_bring_other_values_to_mind() {
    let folder = Folder::new();
    let keys: Array2<f32> = random_spins(20, 64, 1);
    let values = Array2::from_shape_fn((20, 3), |(n, j)| (10 * n + j) as f32);
    let (memory, values_file) = (folder.save("keys.npy", &keys), folder.save("values.npy", &values));
    let cues = corrupt(keys, &Corruption::Flip(0.15), 3, 0, false).unwrap().cues;
    let (cues, out) = (folder.save("cues.npy", &cues), folder.name("read.npy"));
    for how in [["--separation", "max"], ["--preset", "attention"], ["--preset", "episodic"]] {
        let base = [
            "recall",
            "--memory",
            &memory,
            "--cues",
            &cues,
            "--model",
            "universal",
            "--values",
            &values_file,
        ];
        ok(&[&base[..], &how, &["--values-out", &out]].concat());
        assert_eq!(load(&out).dim(), (20, 3));
    }
    let base =
        ["recall", "--memory", &memory, "--cues", &cues, "--model", "universal", "--values", &values_file];
    ok(&[&base[..], &["--similarity", "hamming", "--values-out", &out]].concat());
    assert_eq!(load(&out), values.mapv(f64::from));
}

/// Images are compared unchanged, as bytes/255 without a preparation, unless one is asked for.
#[test]
fn images_are_not_prepared() {
    let folder = Folder::new();
    let bytes = digits().images.slice(ndarray::s![..30, ..]).mapv(|v| v * 15);
    let memory = folder.save("digits.npy", &bytes);
    let recall = |more: &[&str]| {
        let out = folder.name("out.npy");
        let base = ["recall", "--memory", &memory, "--cues", &memory, "--model", "universal", "--out", &out];
        let output = attractor(&[&base[..], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        (load(&out), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for similarity in ["kl", "jensen-shannon", "l1-dot", "pearson"] {
        let (states, notes) = recall(&["--similarity", similarity, "--separation", "max"]);
        assert!(notes.contains("used as given"), "{notes}");
        let sums = states.outer_iter().zip(bytes.outer_iter());
        if similarity != "l1-dot" {
            assert!(
                sums.clone()
                    .all(|(x, y)| x.iter().zip(y).all(|(x, y)| (x - f64::from(*y) / 255.0).abs() < 1e-6))
            );
        }
    }
    let (_, notes) = recall(&["--prepare", "normalize"]);
    assert!(notes.contains("mean pattern subtracted"), "{notes}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let folder = Folder::new();
    let rows: Array2<f32> = random_spins(5, 8, 1);
    let memory = folder.save("m.npy", &rows);
    let base = ["recall", "--memory", &memory, "--cues", &memory, "--model", "universal", "--quiet"];
    for (more, words) in [
        (vec!["--similarity", "nearest"], vec!["similarity", "manhattan"]),
        (vec!["--separation", "poly:2"], vec!["least similar"]),
        (vec!["--separation", "softmax:0"], vec!["softmax:20"]),
        (vec!["--similarity", "kl"], vec!["below 0"]),
        (vec!["--preset", "kanerva"], vec!["sdm"]),
        (vec!["--output", "clip"], vec!["identity, sign"]),
        (vec!["--compat", "uhn2023"], vec!["uhn2022"]),
        (vec!["--compat", "uhn2022", "--prepare", "center"], vec!["prepare"]),
        (vec!["--compat", "uhn2022", "--similarity", "pearson"], vec!["published"]),
        (vec!["--beta", "3"], vec!["beta", "modern"]),
    ] {
        refused(&[&base[..], &more].concat(), &words);
    }
    // Several models have a separation, and each says its own.
    for (model, words) in [("modern", ["entmax:ALPHA", "normmax:GAMMA"]), ("sequence", ["poly:N", "exp"])] {
        let base = ["recall", "--memory", &memory, "--cues", &memory, "--model", model, "--quiet"];
        refused(&[&base[..], &["--separation", "log:0"]].concat(), &words);
    }
    // If no key is within the radius, the recall is undefined, and the row says why.
    let told = ok(&[&base[..], &["--similarity", "dot", "--separation", "threshold:9", "--json"]].concat());
    let row = &lines(&told)[0];
    assert_eq!(row["outcome"], "undefined");
    assert!(row["reason"].as_str().is_some_and(|reason| reason.contains("radius")), "{row}");
}

#[test]
fn a_stored_universal_memory_is_the_same() {
    let folder = Folder::new();
    let rows: Array2<f32> = random_spins(12, 40, 1);
    let (memory, stored) = (folder.save("m.npy", &rows), folder.name("m.memory"));
    let how = ["--model", "universal", "--similarity", "cosine", "--separation", "entmax:1.5:6"];
    ok(&[&["store", "--patterns", &memory, "--out", &stored], &how[..]].concat());
    let cues = folder.save("cues.npy", &corrupt(rows, &Corruption::Signal(0.7), 1, 0, false).unwrap().cues);
    let here = ok(&[&["recall", "--memory", &memory, "--cues", &cues, "--json"], &how[..]].concat());
    assert_eq!(here, ok(&["recall", "--memory", &stored, "--cues", &cues, "--json"]));
}

#[test]
fn recommend_ranks_and_says_what_ties() {
    let folder = Folder::new();
    let bytes = digits().images.slice(ndarray::s![..150, ..]).mapv(|v| v * 15);
    let (patterns, out) = (folder.save("digits.npy", &bytes), folder.name("report"));
    let text = ok(&[
        "recommend",
        "--patterns",
        &patterns,
        "--corruption",
        "sigma:0.8",
        "mask:0.7",
        "--quiet",
        "--out",
        &out,
    ]);
    assert!(text.contains("Best: similarity `") && text.contains("Not tried: l1-dot, kl"), "{text}");
    let json = std::fs::read_to_string(Path::new(&out).join("results.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let pairs = json["pairs"].as_array().unwrap();
    let of = |corruption: &str, similarity: &str| {
        let mut those =
            pairs.iter().filter(|p| p["corruption"] == corruption && p["similarity"] == similarity);
        those.next().cloned().unwrap()
    };
    // Under white noise the nearest pattern is the most likely one, so nothing can be better except by chance.
    assert_eq!(of("sigma:0.8", "euclidean")["tie"], true);
    // Where pixels go missing a scale-free score is better than a distance.
    let found = |similarity: &str| of("mask:0.7", similarity)["found"].as_f64().unwrap();
    assert!(found("cosine") > found("euclidean"));
    for file in ["report.html", "report.md", "results.csv"] {
        assert!(Path::new(&out).join(file).exists(), "{file}");
    }
    refused(&["recommend", "--patterns", &patterns, "--corruption", "blur:3"], &["sigma:S", "blur:3"]);
    refused(&["recommend", "--patterns", &patterns, "--corruption", "mask:0.5", "--cues", "151"], &["150"]);
}

/// Numbers of the first test images, lower half removed, that the published code finds.
#[test]
fn mnist_half_mask_counts_are_exact() {
    let folder = std::env::var_os("ATTRACTOR_DATA").filter(|f| !f.is_empty());
    let path = folder.map(|f| Path::new(&f).join("mnist/t10k-images-idx3-ubyte.gz")).filter(|p| p.exists());
    let Some(path) = path else {
        eprintln!("skipped: ATTRACTOR_DATA names no folder with MNIST");
        return;
    };
    let images = read(&path, &ReadOptions::default()).unwrap();
    let similarities = ["euclidean", "manhattan", "l1-dot", "kl", "reverse-kl", "jensen-shannon"];
    for (n, counts) in [(20, [18, 20, 20, 20, 20, 0]), (100, [77, 86, 91, 99, 100, 8])] {
        let folder = Folder::new();
        let rows = images.select(&(0..n).collect::<Vec<_>>());
        let bytes = rows.floats::<f64>().mapv(|v| (v * 255.0).round() as u8);
        let block = Corruption::parse("block:bottom:0.5", Some(Shape::grey(28, 28)), 784).unwrap();
        let cues = corrupt(rows.floats::<f32>(), &block, 0, 0, true).unwrap().cues;
        let (memory, cues) = (folder.save("m.npy", &bytes), folder.save("q.npy", &cues));
        for (similarity, expected) in similarities.iter().zip(counts) {
            let out = folder.name("out.npy");
            ok(&[
                "recall",
                "--memory",
                &memory,
                "--cues",
                &cues,
                "--model",
                "universal",
                "--similarity",
                similarity,
                "--separation",
                "max",
                "--compat",
                "uhn2022",
                "--out",
                &out,
            ]);
            let errors = (load(&out) - rows.floats::<f64>()).mapv(|d| d * d).sum_axis(ndarray::Axis(1));
            let found = errors.iter().filter(|e| **e <= 60.0).count();
            assert_eq!(found, expected, "{similarity} of {n}");
        }
    }
}
