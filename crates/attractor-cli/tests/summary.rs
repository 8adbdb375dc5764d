//! What commands say in the end: summaries, and where files are.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::path::Path;

use attractor_data::write_png;
use common::*;
use ndarray::{Array2, array};

/// The last line of what is printed.
fn last(arguments: &[&str]) -> String {
    ok(arguments).lines().last().expect("a line").to_owned()
}

/// Three pictures of 8 × 8 pixels, one colour a picture.
fn pictures(folder: &Path, channels: usize, side: usize) {
    fs::create_dir_all(folder).expect("a folder");
    for (name, level) in [("dark.png", 20_u8), ("grey.png", 120), ("light.png", 220)] {
        let pixel = |i: usize| if i % (7 * channels) < channels { 255 - level } else { level };
        let pixels: Vec<u8> = (0..side * side * channels).map(pixel).collect();
        write_png(&folder.join(name), side, side, channels, &pixels).expect("a picture");
    }
}

#[test]
fn recall_says_how_many_settled_and_how_many_are_right() {
    let folder = Folder::new();
    let patterns = array![[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, -1.0, -1.0], [-1.0, 1.0, -1.0, 1.0_f64]];
    let memory = folder.save("memory.npy", &patterns);
    // The third cue is that of the first pattern, though it is said to be of the third.
    let cues = folder
        .save("cues.npy", &array![[1.0, 0.9, 1.0, 1.0], [0.9, 1.0, -1.0, -1.0], [1.0, 1.0, 1.0, 0.9_f64]]);
    let recall = ["recall", "--memory", &memory, "--cues", &cues, "--sigma", "0.1"];
    assert_eq!(last(&recall), "3 cues: 3 settled; in 2 memories");
    let truth = [&recall[..], &["--truth", &memory]].concat();
    // Wilson's interval of 2 of 3.
    assert_eq!(
        last(&truth),
        "3 cues: 3 settled; in 2 memories; 2 right (66.7 %, 95 % interval 20.8 to 93.9 %)"
    );
    let rows = lines(&ok(&[&truth[..], &["--json"]].concat()));
    let right: Vec<_> = rows.iter().map(|row| row["right"].as_bool()).collect();
    assert_eq!(right, [Some(true), Some(true), Some(false)]);
    assert!(said(&[&truth[..], &["--json"]].concat()).contains("2 right"));
    // A pattern that is stored twice is right under both numbers; one that is not stored is never right.
    let twice = folder.save("twice.npy", &array![[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0_f64]]);
    let one = folder.save("one.npy", &array![[1.0, 1.0, 1.0, 0.9_f64]]);
    let of = |truth: &str| {
        last(&["recall", "--memory", &twice, "--cues", &one, "--sigma", "0.1", "--truth", truth])
    };
    assert!(of(&folder.save("a.npy", &array![[1.0, 1.0, 1.0, 1.0_f64]])).contains("1 right"));
    let unstored = of(&folder.save("b.npy", &array![[1.0, -1.0, 1.0, 1.0_f64]]));
    assert!(
        unstored.contains("0 right") && unstored.ends_with("1 of the true patterns are not stored"),
        "{unstored}"
    );
    refused(&[&recall[..], &["--truth", &one]].concat(), &["truth", "3 rows", "found 1"]);
}

#[test]
fn blends_are_counted() {
    let folder = Folder::new();
    let memory = folder.save("memory.npy", &Array2::<f64>::eye(4));
    let line =
        last(&["recall", "--memory", &memory, "--cues", &memory, "--model", "modern", "--beta", "0.01"]);
    assert!(line.contains("4 in the average of all patterns"), "{line}");
}

#[test]
fn corrupt_keeps_names_and_labels() {
    let folder = Folder::new();
    let photos = folder.name("photos");
    pictures(Path::new(&photos), 3, 8);
    let half = folder.name("half/");
    ok(&["corrupt", "--patterns", &photos, "--block", "bottom:0.125", "--out", &half]);
    let mut names: Vec<_> =
        fs::read_dir(&half).expect("a folder").map(|e| e.expect("a file").file_name()).collect();
    names.sort();
    assert_eq!(names, ["dark.png", "grey.png", "light.png"]);
    // The lowest row is black, the others are as they were.
    let (before, after) = (load(&photos), load(&half));
    for (before, after) in before.outer_iter().zip(after.outer_iter()) {
        // Rows of eight pixels of three colours.
        let is_upper = |unit: usize| unit / 24 < 7;
        let expected = before.iter().enumerate().map(|(unit, v)| if is_upper(unit) { *v } else { 0.0 });
        assert!(after.iter().zip(expected).all(|(a, b)| *a == b));
    }
    let restored = folder.name("restored/");
    let line = last(&["recall", "--memory", &photos, "--cues", &half, "--out", &restored]);
    assert!(line.contains("; 3 right"), "{line}");
    assert!(Path::new(&restored).join("light.png").is_file());

    // An array has its labels beside it.
    let cues = folder.name("cues.npy");
    let corrupt = ["corrupt", "--patterns", &photos, "--sigma", "0.05", "--out", &cues];
    assert!(said(&corrupt).contains("wrote"));
    assert_eq!(
        fs::read_to_string(folder.name("cues.labels.txt")).expect("labels"),
        "dark.png\ngrey.png\nlight.png\n"
    );
    let text = ok(&["recall", "--memory", &photos, "--cues", &cues, "--sigma", "0.05"]);
    assert!(text.contains("grey.png -> grey.png") && text.contains("3 right"), "{text}");
    // Labels of other cues are not left beside cues without labels.
    let plain = folder.save("plain.npy", &Array2::<f64>::eye(4));
    refused(
        &["corrupt", "--patterns", &plain, "--flip", "0.1", "--out", &cues],
        &["cues.labels.txt", "remove"],
    );
    refused(&["corrupt", "--patterns", &plain, "--flip", "0.1", "--out", &half], &["pictures", "--shape"]);
    refused(
        &["corrupt", "--patterns", &plain, "--shape", "2x2", "--flip", "0.1", "--out", &half],
        &["expected patterns of bytes", ".npy"],
    );
}

#[test]
fn pictures_are_read_as_those_of_the_memory() {
    let folder = Folder::new();
    let (photos, more, stored) = (folder.name("photos"), folder.name("more"), folder.name("photos.memory"));
    pictures(Path::new(&photos), 3, 8);
    pictures(Path::new(&more), 3, 16);
    ok(&["store", "--patterns", &photos, "--grey", "--out", &stored]);
    let said = said(&["store", "--patterns", &more, "--append", "--out", &stored]);
    assert!(said.contains("8x8 in grey") && said.contains("3 patterns before, 6 now"), "{said}");
    let text = ok(&["recall", "--memory", &stored, "--cues", &photos, "--sigma", "0.1"]);
    assert!(text.contains("dark.png -> dark.png"), "{text}");
}

#[test]
fn a_beta_that_moves_is_said() {
    let folder = Folder::new();
    let stored = folder.name("a.memory");
    let memory = folder.save("memory.npy", &(3.0 * Array2::<f64>::eye(4)));
    let near = folder.save("near.npy", &array![[3.0, 0.05, 0.0, 0.0_f64]]);
    ok(&["store", "--patterns", &memory, "--model", "modern", "--out", &stored]);
    let moved = said(&["store", "--patterns", &near, "--append", "--out", &stored]);
    assert!(moved.contains("beta was") && moved.contains("nearer"), "{moved}");
    let back = said(&["store", "--remove", "4", "--out", &stored]);
    assert!(back.contains("beta was") && back.contains("gone"), "{back}");
}

#[test]
fn states_of_spins_are_drawn_black_and_white() {
    let folder = Folder::new();
    let (photos, picture) = (folder.name("photos"), folder.name("p.png"));
    pictures(Path::new(&photos), 1, 8);
    let recall =
        ["recall", "--memory", &photos, "--cues", &photos, "--model", "hopfield", "--rule", "pseudo-inverse"];
    let said = said(&[&recall[..], &["--picture", &picture]].concat());
    assert!(said.contains("white above its mean"), "{said}");
    // Cue, recalled and nearest of the three rows: the cue has its grey levels, the states have two.
    let drawn = load(&picture);
    let (height, width) = {
        let rows = attractor_data::Rows::open(Path::new(&picture), &attractor_data::ReadOptions::default())
            .expect("a picture");
        let shape = rows.head().shape.expect("a shape");
        (shape.height, shape.width)
    };
    // The last column is the difference, which is black.
    let column = |from_right: usize| -> Vec<u8> {
        let middle = width - 8 - 104 * from_right - 48;
        (height - 90..height - 20).map(|y| (255.0 * drawn[[0, y * width + middle]]).round() as u8).collect()
    };
    assert!(column(0).iter().all(|&v| v == 0), "{:?}", column(0));
    for states in [column(1), column(2)] {
        assert!(states.iter().all(|&v| v == 0 || v == 255), "{states:?}");
    }
    assert!(column(3).iter().any(|&v| v != 0 && v != 255), "{:?}", column(3));
    refused(&[&recall[..], &["--picture", "p.jpg"]].concat(), &["picture", ".png", "p.jpg"]);
}

#[test]
fn mistyped_words_are_understood() {
    for (arguments, meant) in [
        (&["recal", "--memory", "m", "--cues", "c"][..], "did you mean recall?"),
        (&["recall", "--memmory", "m", "--cues", "c"], "did you mean --memory?"),
        (&["recall", "--memory", "m", "--cues", "c", "--samplers", "ddim"], "did you mean --sampler?"),
        (&["reproduce", "tabel1", "--out", "x"], "did you mean table1?"),
        (&["reproduce", "table1", "--repetition", "3", "--out", "x"], "did you mean --repetitions?"),
        (&["recall", "--memory", "m", "--cues", "c", "--model", "hopfeld"], "did you mean hopfield?"),
        (&["recall", "--memory", "m", "--cues", "c", "--sampler", "hein"], "did you mean heun?"),
    ] {
        refused(arguments, &[meant]);
    }
    assert_eq!(ok(&["--version"]), "attractor 0.1.0\n");
}

#[test]
fn a_report_in_a_folder_is_named_and_not_printed_whole() {
    let folder = Folder::new();
    let out = folder.name("fig1");
    let text = ok(&["reproduce", "fig1", "--out", &out, "--quiet"]);
    let whole = fs::read_to_string(Path::new(&out).join("report.md")).expect("a report");
    assert!(text.contains("report.html") && text.lines().count() < 60, "{text}");
    assert!(text.lines().count() < whole.lines().count() / 2);
}

#[test]
fn columns_are_explained() {
    let help = ok(&["recall", "--help"]);
    let columns = help.split_once("Columns of the table:").expect("the columns").1;
    for column in ["match", "posterior", "entropy", "energy", "overlap"] {
        assert!(columns.contains(&format!("\n  {column} ")), "{column}: {columns}");
    }
    assert!(!ok(&["recall", "-h"]).contains("Columns of the table:"));
}

#[test]
fn columns_of_other_units_are_named_and_can_be_standardized() {
    let folder = Folder::new();
    let table = folder.name("table.csv");
    // The second column is ten thousand times as wide as the others.
    let rows = "small,large,third\n0.1,1000,0\n0.2,1010,1\n0.3,3000,0\n0.4,3010,1\n0.5,5000,0\n0.6,5010,1\n";
    fs::write(&table, rows).expect("written");
    let (cues, stored) = (folder.name("cues.csv"), folder.name("table.memory"));
    fs::write(&cues, "small,large,third\n0.11,1009,0.1\n0.42,2996,0.9\n").expect("written");
    let recall = |more: &[&str]| {
        let arguments = ["recall", "--memory", &table, "--cues", &cues, "--sigma", "0.1", "--json"];
        let output = attractor(&[&arguments[..], more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
        let rows = lines(&String::from_utf8_lossy(&output.stdout));
        (rows.iter().map(|row| row["memory"].as_u64()).collect::<Vec<_>>(), said)
    };
    let (memories, said) = recall(&[]);
    assert!(
        said.contains("unit 1 (\"large\") holds 100 %") && said.contains("--prepare standardize"),
        "{said}"
    );
    assert_eq!(memories, [Some(1), Some(2)]);
    let (memories, said) = recall(&["--prepare", "standardize"]);
    assert!(!said.contains("holds 100 %") && said.contains("standard deviation 1"), "{said}");
    // Deviations: 0.171, 1,633 and 0.5. In these units the cues are nearest to the rows with their first and third number.
    assert_eq!(memories, [Some(0), Some(3)]);
    // A stored memory keeps the scales, and states come back in the units of the table.
    ok(&["store", "--patterns", &table, "--prepare", "standardize", "--out", &stored]);
    assert!(ok(&["info", &stored]).contains("each unit standardized"));
    let rows = lines(&ok(&["recall", "--memory", &stored, "--cues", &cues, "--sigma", "0.1", "--json"]));
    let state: Vec<f64> =
        rows[0]["state"].as_array().expect("a state").iter().map(|v| v.as_f64().expect("a number")).collect();
    assert_eq!(rows[0]["memory"], 0);
    assert!((state[0] - 0.1).abs() < 1e-6 && (state[1] - 1000.0).abs() < 1e-2, "{state:?}");
}

#[test]
fn a_landscape_names_its_levels_and_axes() {
    let folder = Folder::new();
    let table = folder.name("points.csv");
    fs::write(&table, "width,height,name\n-1,0.5,cat\n1,1,dog\n0.3,-1,fish\n").expect("written");
    let picture = folder.name("points.svg");
    let said = said(&["landscape", "--memory", &table, "--out", &picture]);
    // The largest eigenvalue of the covariance of the three points, [[0.6867, 0.05], [0.05, 0.7222]].
    // Its root is 0.870 (NumPy).
    assert!(said.contains("speciation") && said.contains("at 0.870 the valley"), "{said}");
    let svg = fs::read_to_string(&picture).expect("a picture");
    for text in [">cat<", ">dog<", ">fish<", ">width<", ">height<"] {
        assert!(svg.contains(text), "{text}");
    }
    let memory =
        folder.save("memory.npy", &Array2::from_shape_fn((4, 3), |(n, j)| ((n * n + 2 * j * n) % 5) as f64));
    ok(&["landscape", "--memory", &memory, "--size", "21", "--out", &picture, "--quiet"]);
    let svg = fs::read_to_string(&picture).expect("a picture");
    assert!(svg.contains("PC 1, ") && svg.contains("% of variance"), "{svg}");
}
