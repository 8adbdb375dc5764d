//! Runs the real binary on MNIST and CIFAR-10, from the folder that `ATTRACTOR_DATA` names. If that is unset, the
//! tests are skipped with a message.
#![allow(missing_docs)]

mod common;

use std::path::{Path, PathBuf};

use attractor_data::{ReadOptions, read};
use common::*;

/// A file of the folder.
fn data(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ATTRACTOR_DATA").filter(|f| !f.is_empty());
    let path = folder.map(|folder| Path::new(&folder).join(name)).filter(|p| p.exists());
    if path.is_none() {
        eprintln!("skipped: ATTRACTOR_DATA names no folder with {name}");
    }
    path
}

#[test]
fn mnist_is_read_as_published() {
    let Some(path) = data("mnist/t10k-images-idx3-ubyte.gz") else { return };
    let table = read(&path, &ReadOptions::default()).expect("MNIST");
    assert_eq!((table.rows(), table.shape().expect("images").to_string()), (10_000, "28x28".into()));
    // The first test labels, as published with the set.
    assert_eq!(table.labels().expect("labels")[..10], ["7", "2", "1", "0", "4", "1", "4", "9", "5", "9"]);
}

/// Share of cues whose nearest memory is the image they were made from.
fn right(text: &str) -> f64 {
    let lines = lines(text);
    let right = lines.iter().enumerate().filter(|(row, line)| line["memory"].as_u64() == Some(*row as u64));
    right.count() as f64 / lines.len() as f64
}

/// Associative memories of images often recall one image for every cue. The bounds are numbers of independent
/// programs for 1,000 images: plain dot products find .004 of the stored images, centred ones at least .96 of noisy
/// ones.
#[test]
fn raw_images_are_prepared() {
    let Some(path) = data("cifar10/images-5000x3x32x32-u8.npy") else { return };
    let images =
        read(&path, &ReadOptions::default()).expect("CIFAR-10").select(&(0..1000).collect::<Vec<_>>());
    let folder = Folder::new();
    let bytes = images.floats::<f64>().mapv(|v| (v * 255.0).round() as u8);
    let (patterns, cues) = (folder.save("images.npy", &bytes), folder.name("cues.npy"));
    ok(&[
        "corrupt",
        "--patterns",
        &patterns,
        "--sigma",
        "0.2",
        "--clip",
        "--shape",
        "3x32x32",
        "--out",
        &cues,
    ]);
    let recall = |more: &[&str]| {
        let arguments = ["recall", "--memory", &patterns, "--cues", &cues, "--model", "modern", "--json"];
        let out = folder.name("out.npy");
        let output = attractor(&[&arguments[..], &["--out", &out], more].concat());
        (
            right(&String::from_utf8_lossy(&output.stdout)),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (plain, notes) = recall(&["--prepare", "none"]);
    assert!(plain < 0.02, "plain dot products: {plain}");
    assert!(notes.contains("--prepare center"), "no hint: {notes}");
    let (prepared, notes) = recall(&[]);
    assert!(prepared >= 0.96, "prepared: {prepared}");
    assert!(notes.contains("auto: separates"), "{notes}");
}
