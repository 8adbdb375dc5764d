//! Couplings and addresses that are given, as a user runs them.
#![allow(missing_docs)]

mod common;

use common::*;
use ndarray::{Array2, array};

#[test]
fn couplings_of_ones_own_are_kept_with_the_patterns() {
    let folder = Folder::new();
    let patterns = folder.save("patterns.npy", &array![[1.0, 1.0, -1.0], [1.0, -1.0, 1.0]]);
    let cues = folder.save("cues.npy", &array![[1.0, -1.0, -1.0], [-1.0, 1.0, 1.0]]);
    // Units 0 and 1 agree, unit 2 is not coupled.
    let couplings: Array2<f64> = array![[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]];
    let own = folder.save("own.npy", &couplings);
    let out = folder.name("states.npy");
    let recall = |memory: &str, more: &[&str]| {
        let arguments = ["recall", "--memory", memory, "--cues", &cues, "--out", &out, "--json"];
        ok(&[&arguments[..], &["--update", "asynchronous", "--order", "fixed"], more].concat());
        load(&out)
    };
    let expected = array![[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]];
    let given = ["--model", "hopfield", "--couplings", &own];
    assert_eq!(recall(&patterns, &given), expected);
    let up = recall(&patterns, &[&given[..], &["--tie", "+1"]].concat());
    assert_eq!(up, array![[-1.0, -1.0, 1.0], [1.0, 1.0, 1.0]]);
    // A stored memory keeps them, also when patterns are added and removed.
    let memory = folder.name("own.memory");
    ok(&["store", "--patterns", &patterns, "--model", "hopfield", "--couplings", &own, "--out", &memory]);
    std::fs::remove_file(&own).expect("it is no longer needed");
    assert_eq!(recall(&memory, &[]), expected);
    ok(&["store", "--patterns", &cues, "--append", "--out", &memory]);
    ok(&["store", "--remove", "0", "--out", &memory]);
    assert_eq!(recall(&memory, &[]), expected);
    // Another rule learns its own.
    assert_ne!(recall(&memory, &["--rule", "hebb"]), expected);
    let mut wrong = couplings.clone();
    wrong[[0, 1]] = 2.0;
    let wrong = folder.save("wrong.npy", &wrong);
    let store = ["store", "--patterns", &patterns, "--out", &memory, "--model", "hopfield"];
    let refuse = |more: &[&str], words: &[&str]| refused(&[&store[..], more].concat(), words);
    refuse(&["--couplings", &wrong], &["symmetric", "W[0,1]"]);
    refuse(&["--couplings", &patterns], &["3 × 3"]);
    refuse(&["--couplings", &wrong, "--rule", "storkey"], &["--couplings", "given"]);
    refuse(&["--rule", "given"], &["--couplings"]);
    refuse(&["--couplings", "nothing.npy"], &["nothing.npy"]);
    // Nothing of it was written.
    assert_eq!(recall(&memory, &[]), expected);
}

#[test]
fn addresses_of_ones_own_are_kept_with_the_patterns() {
    let folder = Folder::new();
    let patterns = folder.save("patterns.npy", &array![[1.0, 1.0, -1.0], [1.0, -1.0, 1.0]]);
    let cues = folder.save("cues.npy", &array![[1.0, 1.0, 1.0]]);
    // At (1, 1, −1) the first pattern was written, at (−1, −1, 1) the second, and near the cue is only the first.
    let own = folder.save("own.npy", &array![[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
    let out = folder.name("states.npy");
    let recall = |memory: &str, more: &[&str]| {
        ok(&[&["recall", "--memory", memory, "--cues", &cues, "--out", &out, "--json"][..], more].concat());
        load(&out)
    };
    let given = ["--model", "sparse-distributed", "--addresses", &own, "--radius", "1"];
    assert_eq!(recall(&patterns, &given), array![[1.0, 1.0, -1.0]]);
    let memory = folder.name("own.memory");
    ok(&[&["store", "--patterns", &patterns, "--out", &memory][..], &given].concat());
    std::fs::remove_file(&own).expect("it is no longer needed");
    assert_eq!(recall(&memory, &[]), array![[1.0, 1.0, -1.0]]);
    ok(&["store", "--remove", "0", "--out", &memory]);
    // Now nothing is written near the cue, and ties may be told.
    assert_eq!(recall(&memory, &["--updates", "1", "--tie", "0"]), array![[0.0, 0.0, 0.0]]);
    let other = folder.save("other.npy", &array![[1.0, 2.0, 0.0]]);
    let store = ["store", "--patterns", &patterns, "--out", &memory, "--model", "sparse-distributed"];
    refused(&[&store[..], &["--addresses", &other]].concat(), &["addresses of +1 and -1"]);
    refused(&[&store[..], &["--addresses", &patterns, "--locations", "2"]].concat(), &["--locations"]);
}
