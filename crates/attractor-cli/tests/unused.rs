//! Options for reading that no file has a use for are refused by every command that reads files.
#![allow(missing_docs)]

mod common;

use attractor_data::write_png;
use common::*;
use ndarray::array;

/// Each command with a file of rows for everything that it reads.
fn commands<'a>(rows: &'a str, out: &'a str, picture: &'a str) -> Vec<Vec<&'a str>> {
    vec![
        vec!["recall", "--memory", rows, "--cues", rows, "--sigma", "0.1"],
        vec!["trace", "--memory", rows, "--cues", rows, "--sigma", "0.1"],
        vec!["energy", "--memory", rows, "--states", rows, "--sigma", "0.1"],
        vec!["landscape", "--memory", rows, "--out", picture],
        vec!["sample", "--memory", rows],
        vec!["store", "--patterns", rows, "--out", out],
        vec!["train", "--patterns", rows, "--steps", "1", "--out", out],
        vec!["fit", "--patterns", rows, "--components", "1", "--out", out],
        vec!["replay", "--memory", rows, "--events", rows, "--out", out],
        vec!["corrupt", "--patterns", rows, "--sigma", "0.1", "--out", out],
        vec!["info", rows],
        vec!["recommend", "--patterns", rows, "--corruption", "sigma:0.1"],
        vec!["demo", "--patterns", rows, "--out", out],
        vec!["audit", "--train", rows, "--generated", rows, "--out", out],
        vec!["inspect", "--patterns", rows, "--out", out],
        vec!["reproduce", "uhn-similarity", "--data", rows, "--out", out],
    ]
}

#[test]
fn options_for_other_files_are_refused_by_every_command() {
    let folder = Folder::new();
    let rows =
        folder.save("rows.npy", &array![[1.0, 0.0, 0.5, 1.0], [0.0, 1.0, 0.5, 0.0], [1.0, 1.0, 0.0, 0.0]]);
    let out = folder.name("out.npy");
    let picture = folder.name("out.svg");
    for command in commands(&rows, &out, &picture) {
        for option in [
            &["--resize", "2x2"][..],
            &["--grey"],
            &["--colour"],
            &["--background", "white"],
            &["--header", "yes"],
            &["--label-column", "none"],
        ] {
            let needless = "leave it away, since it would do nothing";
            refused(&[&command[..], option].concat(), &[option[0], needless, "rows.npy"]);
        }
        refused(&[&command[..], &["--layout", "hwc"]].concat(), &["--layout", "--shape"]);
        assert!(!folder.path("out.npy").exists(), "{command:?}");
    }
}

#[test]
fn options_are_refused_where_no_file_is_read() {
    let folder = Folder::new();
    let out = folder.name("out");
    for option in [&["--grey"][..], &["--shape", "8x8"], &["--header", "no"]] {
        let words = [option[0], "found no file"];
        refused(&[&["demo", "--out", &out], option].concat(), &words);
        refused(&[&["train", "--resume", "network", "--steps", "1"], option].concat(), &words);
    }
    assert!(!folder.path("out").exists());
}

/// One set of options serves a memory and its cues.
#[test]
fn an_option_that_one_of_the_files_uses_is_taken() {
    let folder = Folder::new();
    let rows = folder.save("rows.npy", &array![[1.0, 0.0, 0.5, 1.0], [0.0, 1.0, 0.5, 0.0]]);
    let picture = folder.name("cue.png");
    write_png(&folder.path("cue.png"), 3, 3, 1, &[255, 0, 9, 0, 128, 9, 0, 255, 9]).expect("a picture");
    let table = folder.name("cue.csv");
    std::fs::write(&table, "a,b,c,d\n1,0,0.5,1\n").expect("written");
    std::fs::rename(&table, folder.name("cue.txt")).expect("renamed");
    let table = folder.name("cue.txt");
    let recall = ["recall", "--memory", &rows, "--sigma", "0.1"];
    ok(&[&recall[..], &["--cues", &picture, "--resize", "2x2", "--shape", "2x2"]].concat());
    ok(&[&recall[..], &["--cues", &table, "--header", "yes", "--label-column", "none"]].concat());
    refused(&[&recall[..], &["--cues", &table, "--grey"]].concat(), &["--grey", "rows.npy and ", "cue.txt"]);
}
