//! Memories under a potential, as a user runs them.
#![allow(missing_docs)]

mod common;

use attractor_data::write_npy;
use common::*;
use ndarray::{Array2, array};

/// Two units that pull each other, and patterns that differ in one of them.
fn files(folder: &Folder) -> (String, String, String) {
    let patterns = folder.save("patterns.npy", &array![[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]]);
    let cues = folder.save("cues.npy", &array![[0.7, -0.4], [-0.8, 0.6]]);
    let hessian: Array2<f64> = array![[1.0, -0.8], [-0.8, 1.0]];
    write_npy(&folder.path("hessian.npy"), hessian.view()).expect("written");
    std::fs::write(folder.path("pull.toml"), "hessian = \"hessian.npy\"\nsigma = 1.0\n").expect("written");
    (patterns, cues, folder.name("pull.toml"))
}

/// The posterior of a cue at a level, from the eigenvectors (1, 1)/√2 and (1, −1)/√2 of H with h = 0.2 and 1.8.
fn posterior(cue: [f64; 2], sigma: f64) -> Vec<f64> {
    let squares = |time: f64| [0.2, 1.8].map(|h| f64::exp_m1(2.0 * h * time) / (2.0 * h));
    // The time at which the geometric mean of both is the level, by bisection.
    let (mut low, mut high) = (0.0, 10.0);
    for _ in 0..200 {
        let middle = (low + high) / 2.0;
        let [a, b] = squares(middle);
        if (a * b).powf(0.25) < sigma { low = middle } else { high = middle }
    }
    let [plus, minus] = squares(low);
    let cost = |y: [f64; 2]| {
        let (d, e) = (cue[0] - y[0], cue[1] - y[1]);
        (d + e).powi(2) / (4.0 * plus) + (d - e).powi(2) / (4.0 * minus)
    };
    let weights: Vec<f64> = [[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]].map(|y| (-cost(y)).exp()).to_vec();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|w| w / total).collect()
}

#[test]
fn a_potential_gives_the_noise_of_a_recall() {
    let folder = Folder::new();
    let (patterns, cues, pull) = files(&folder);
    let recall = |memory: &str, more: &[&str]| {
        let arguments =
            ["recall", "--memory", memory, "--cues", &cues, "--sigma", "0.8", "--top", "3", "--json"];
        lines(&ok(&[&arguments[..], more].concat()))
    };
    let rows = recall(&patterns, &["--process", "potential", "--potential", &pull, "--dtype", "f64"]);
    let expected = posterior([0.7, -0.4], 0.8);
    for entry in rows[0]["posterior"].as_array().expect("a posterior") {
        let (memory, weight) = (entry["memory"].as_u64(), entry["weight"].as_f64());
        let (memory, weight) = match (memory, weight) {
            (Some(memory), Some(weight)) => (memory, weight),
            _ => (entry[0].as_u64().expect("a memory"), entry[1].as_f64().expect("a weight")),
        };
        // Rounding of a level found by Newton's method.
        assert!((weight - expected[memory as usize]).abs() < 1e-9, "{weight} {expected:?}");
    }
    assert_eq!((rows[0]["memory"].as_u64(), rows[1]["memory"].as_u64()), (Some(1), Some(2)));
    // The potential alone stands for its process, and a stored memory keeps it.
    assert_eq!(recall(&patterns, &["--potential", &pull, "--dtype", "f64"]), rows);
    let memory = folder.name("pulled.memory");
    ok(&["store", "--patterns", &patterns, "--potential", &pull, "--dtype", "f64", "--out", &memory]);
    std::fs::remove_file(&pull).expect("it is no longer needed");
    assert_eq!(recall(&memory, &[]), rows);
    // It stays when patterns come and go.
    ok(&["store", "--patterns", &cues, "--append", "--out", &memory]);
    ok(&["store", "--remove", "3,4", "--out", &memory]);
    assert_eq!(recall(&memory, &[]), rows);
    // Another process leaves it away.
    let other = recall(&memory, &["--process", "vp"]);
    assert_ne!(other[0]["energy"], rows[0]["energy"]);
    let sde = recall(&memory, &["--sampler", "ancestral", "--seed", "3"]);
    assert!(sde.iter().all(|row| row["memory"].is_u64()));
}

#[test]
fn a_double_well_and_noise_that_grows() {
    let folder = Folder::new();
    let (patterns, cues, _) = files(&folder);
    let text = "kind = \"double-well\"\nstrength = 0.5\nsigma = { first = 0.5, rate = 1.0 }\n";
    std::fs::write(folder.path("wells.toml"), text).expect("written");
    let wells = folder.name("wells.toml");
    let arguments =
        ["recall", "--memory", &patterns, "--cues", &cues, "--potential", &wells, "--sigma", "0.3", "--json"];
    let rows = lines(&ok(&arguments));
    assert_eq!((rows[0]["memory"].as_u64(), rows[1]["memory"].as_u64()), (Some(1), Some(2)));
}

#[test]
fn what_is_no_potential_is_refused() {
    let folder = Folder::new();
    let (patterns, cues, pull) = files(&folder);
    let with = |text: &str, words: &[&str]| {
        std::fs::write(folder.path("wrong.toml"), text).expect("written");
        let wrong = folder.name("wrong.toml");
        refused(
            &["recall", "--memory", &patterns, "--cues", &cues, "--potential", &wrong, "--sigma", "0.5"],
            words,
        );
    };
    with("hessian = [[1, 0.5], [-0.5, 1]]\nsigma = 1", &["wrong.toml", "symmetric", "Eq. 15"]);
    with("hessian = [1, 1]\nsigma = \"0.1 * x\"", &["sigma", "depends on the state"]);
    with("hessian = [1, 1, 1]\nsigma = 1", &["potential", "2", "3"]);
    with("hessian = [1, 1e13]\nsigma = 1", &["eigenvalues"]);
    with("hessian = [-2, -2]\nsigma = 1", &["below 0.5", "drives states away"]);
    let base = ["recall", "--memory", &patterns, "--cues", &cues, "--sigma", "0.5"];
    let and = |more: &[&str], words: &[&str]| refused(&[&base[..], more].concat(), words);
    and(&["--process", "potential"], &["--potential"]);
    and(&["--process", "vp", "--potential", &pull], &["process", "vp"]);
    and(&["--potential", &pull, "--gamma", "1"], &["gamma"]);
    and(&["--potential", &folder.name("none.toml")], &["none.toml"]);
    and(&["--model", "modern", "--potential", &pull], &["potential", "diffusion"]);
    let mask = folder.save("mask.npy", &array![[1.0, 0.0], [1.0, 0.0]]);
    and(&["--potential", &pull, "--clamp", &mask], &["known units"]);
}
