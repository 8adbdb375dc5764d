//! `attractor store --append` and `--remove` say what they did to the other patterns, and may be told to protect them.
#![allow(missing_docs)]

mod common;

use std::fs;

use common::*;
use ndarray::{Array2, array};

/// A memory that recalls the nearest of its patterns.
fn stored(folder: &Folder, patterns: &Array2<f64>) -> String {
    let (rows, memory) = (folder.save("rows.npy", patterns), folder.name("a.memory"));
    let model = ["--model", "modern", "--beta", "12", "--norm-bias", "on"];
    ok(&[&["store", "--patterns", &rows, "--out", &memory, "--quiet"], &model[..]].concat());
    memory
}

#[test]
fn a_near_pattern_takes_cues_and_gives_them_back() {
    let folder = Folder::new();
    let memory = stored(&folder, &array![[0.0, 0.0], [40.0, 40.0]]);
    let near = folder.save("near.npy", &array![[1.0, 0.0]]);
    let how = ["--check-cues", "2000", "--corruption", "sigma:0.3", "--seed", "4", "--json"];
    let append = [&["store", "--patterns", &near, "--append", "--out", &memory], &how[..]].concat();
    let effect = &lines(&ok(&append))[0];
    let first = |effect: &serde_json::Value, name: &str| effect["of"][name][0].as_u64().expect("a count");
    let lost = first(effect, "lost");
    // A cue of the first is lost beyond ½, of noise 0.3: Φ(−0.5/0.3) = 0.04779 of 2,000 are 96, and five standard deviations
    // are 48.
    assert!(lost.abs_diff(96) < 48, "{lost}");
    assert_eq!((first(effect, "recalled_before"), first(effect, "gained")), (2000, 0));
    assert_eq!((&effect["lost"], &effect["of"]["lost"][1]), (&lost.into(), &0.into()));
    assert_eq!(
        (&effect["patterns_before"], &effect["patterns"], &effect["kept"]),
        (&2.into(), &3.into(), &2.into())
    );
    // The same cues are gained when it goes, on any number of threads.
    let remove = ["store", "--remove", "2", "--out", &memory, "--threads", "1"];
    let back = &lines(&ok(&[&remove[..], &how[..]].concat()))[0];
    assert_eq!((first(back, "lost"), first(back, "gained")), (0, lost));
}

#[test]
fn patterns_are_protected() {
    let folder = Folder::new();
    let memory = stored(&folder, &array![[0.0, 0.0], [40.0, 40.0]]);
    let near = folder.save("near.npy", &array![[0.5, 0.0]]);
    let before = fs::read(&memory).expect("a file");
    let append = ["store", "--patterns", &near, "--append", "--out", &memory, "--corruption", "sigma:0.3"];
    let protect = |share: &'static str| [&append[..], &["--protect", share]].concat();
    refused(&protect("0"), &["protect", "pattern 0", "of 10", "nothing was changed"]);
    assert_eq!(fs::read(&memory).expect("a file"), before);
    refused(&protect("1.5"), &["protect", "0 to below 1"]);
    // Of ten cues, Φ(−0.25/0.3) = 20 % are lost.
    let said = said(&protect("0.9"));
    assert!(said.contains("2 patterns before, 3 now"), "{said}");
    assert!(said.contains("20 cues (sigma:0.3) of the 2 others: 20 recalled before"), "{said}");
    assert!(said.contains("lost most: pattern 0 "), "{said}");
}

/// Of many patterns, those next to the change are among the ones that are looked at.
#[test]
fn the_nearest_are_looked_at() {
    let folder = Folder::new();
    let line = Array2::from_shape_fn((1000, 2), |(n, unit)| if unit == 0 { n as f64 } else { 0.0 });
    let memory = stored(&folder, &line);
    let more = folder.save("more.npy", &array![[500.2, 0.0]]);
    let append =
        ["store", "--patterns", &more, "--append", "--out", &memory, "--check-patterns", "10", "--json"];
    let effect = &lines(&ok(&append))[0];
    let rows: Vec<u64> = effect["of"]["before"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|n| n.as_u64().expect("a row"))
        .collect();
    assert_eq!((rows.len(), &effect["nearest"], &effect["kept"]), (10, &5.into(), &1000.into()));
    assert!((498..=502).all(|n| rows.contains(&n)) && rows[0] == 0, "{rows:?}");
    let gone = ["store", "--remove", "0-1,900", "--out", &memory, "--check-patterns", "8", "--json"];
    let effect = &lines(&ok(&gone))[0];
    let (before, after) = (&effect["of"]["before"], &effect["of"]["after"]);
    assert_eq!((&before[0], &after[0]), (&2.into(), &0.into()));
    assert!(before.as_array().expect("a list").contains(&901.into()), "{before}");
    assert!(after.as_array().expect("a list").contains(&898.into()), "{after}");
}

/// Grey images in a network of ±1 states: a flip is the other level of a unit.
#[test]
fn cues_of_thresholded_images_are_flipped() {
    let folder = Folder::new();
    let images =
        Array2::from_shape_fn((6, 64), |(n, unit)| u8::from((unit * (n + 3) / 5) % 2 == 0) * 200 + 20);
    let (rows, memory) = (folder.name("images.npy"), folder.name("images.memory"));
    attractor_data::write_npy(&folder.path("images.npy"), images.view()).expect("a file");
    ok(&["store", "--patterns", &rows, "--model", "dense", "--out", &memory]);
    let effect = &lines(&ok(&["store", "--remove", "5", "--out", &memory, "--json", "--quiet"]))[0];
    assert_eq!((&effect["corruption"], &effect["cues"]), (&"flip:0.1".into(), &50.into()));
    // A dense memory of five patterns recalls all of them from 10 % flips.
    assert_eq!((&effect["recalled"], &effect["lost"]), (&50.into(), &0.into()));
}

#[test]
fn settings_without_effect_are_refused() {
    let folder = Folder::new();
    let memory = stored(&folder, &array![[0.0, 0.0], [4.0, 4.0]]);
    let rows = folder.save("more.npy", &array![[9.0, 9.0]]);
    let other = folder.name("b.memory");
    for (name, value) in
        [("--protect", "0.1"), ("--check-cues", "5"), ("--corruption", "sigma:1"), ("--seed", "1")]
    {
        refused(
            &["store", "--patterns", &rows, "--out", &other, name, value],
            &[name, "--append or --remove"],
        );
    }
    let append = ["store", "--patterns", &rows, "--append", "--out", &memory];
    let with = |more: &[&'static str]| [&append[..], more].concat();
    refused(&with(&["--check-cues", "0", "--protect", "0.1"]), &["check-cues", "at least 1"]);
    refused(&with(&["--check-patterns", "0"]), &["check-patterns", "≥ 1"]);
    refused(&with(&["--corruption", "fog:1"]), &["corruption", "fog:1"]);
    let said = said(&with(&["--check-cues", "0"]));
    assert!(said.contains("2 patterns before, 3 now") && !said.contains("cues"), "{said}");
}
