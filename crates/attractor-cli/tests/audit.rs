//! Audits of generated rows.
#![allow(missing_docs)]

mod common;

use std::fs;

use attractor::noise::{Purpose, Stream};
use common::*;
use ndarray::Array2;
use serde_json::Value;

fn normal(rows: usize, dim: usize, seed: u64) -> Array2<f32> {
    let mut stream = Stream::new(seed, Purpose::Patterns, 0);
    Array2::from_shape_fn((rows, dim), |_| stream.normal() as f32)
}

/// What is printed as one line.
fn words(arguments: &[&str]) -> String {
    ok(arguments).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn document(folder: &str) -> Value {
    let text = fs::read_to_string(format!("{folder}/results.json")).expect("results.json");
    serde_json::from_str(&text).expect("JSON")
}

fn verdicts(document: &Value) -> [u64; 4] {
    ["copy", "near copy", "mosaic", "new"].map(|name| document["verdicts"][name].as_u64().expect("a count"))
}

/// Arrays: copies are found, the report is whole, and its command gives it again, on any number of threads.
#[test]
fn copies_in_arrays_are_found() {
    let folder = Folder::new();
    let (train, heldout, mut generated) = (normal(200, 16, 1), normal(200, 16, 2), normal(80, 16, 3));
    generated.row_mut(3).assign(&train.row(5));
    generated.row_mut(4).assign(&(&train.row(6) + 0.01));
    let (train, heldout) = (folder.save("t.npy", &train), folder.save("h.npy", &heldout));
    let generated = folder.save("g.npy", &generated);
    let out = folder.name("out");
    let base = ["audit", "--train", &train, "--generated", &generated, "--heldout", &heldout, "--quiet"];
    let told = words(&[&base[..], &["--out", &out]].concat());
    assert!(told.contains("80 generated rows") && told.contains("1 are copies, 1 near copies"), "{told}");
    let found = document(&out);
    assert_eq!(verdicts(&found), [1, 1, 0, 78]);
    let rows = found["rows"].as_array().expect("rows");
    assert_eq!((&rows[3]["verdict"], &rows[3]["train_row"]), (&"copy".into(), &5.into()));
    assert_eq!((&rows[4]["verdict"], &rows[4]["train_row"]), (&"near copy".into(), &6.into()));
    assert_eq!(found["rates"].as_array().map(Vec::len), Some(7));
    for file in ["report.html", "report.md", "results.csv", "rates.csv", "ratios.png"] {
        assert!(fs::metadata(format!("{out}/{file}")).is_ok_and(|file| file.len() > 0), "{file}");
    }
    let line = ok(&[&base[..], &["--out", &out, "--json", "--threads", "1"]].concat());
    let line: Value = serde_json::from_str(&line).expect("one JSON object");
    assert!(line["rows"].is_null());
    let again = document(&out);
    for key in ["rows", "rates", "verdicts"] {
        assert_eq!(again[key], found[key], "{key}");
    }
    // Without held-out rows there are no p-values of rates.
    let alone = words(&["audit", "--train", &train, "--generated", &generated, "--out", &out, "--quiet"]);
    assert!(alone.contains("without held-out rows"), "{alone}");
    let found = document(&out);
    assert_eq!(
        (verdicts(&found)[..2].to_vec(), found["rates"].as_array().map(Vec::len)),
        (vec![1, 1], Some(5))
    );
    assert!(found["rates"][0]["p"].is_null());
}

/// Images: pictures of the worst, mosaics, and features in place of pixels.
#[test]
fn images_are_shown_and_mosaics_found() {
    let folder = Folder::new();
    let bytes = |seed| {
        let rows = normal(150, 64, seed);
        rows.mapv(|v| (128.0 + 40.0 * v).clamp(0.0, 255.0) as u8)
    };
    let (train, heldout, mut generated) = (bytes(1), bytes(2), bytes(3));
    generated.row_mut(0).assign(&train.row(9));
    for unit in 0..64 {
        // Quarters of four training images.
        let part = unit / 32 * 2 + unit % 8 / 4;
        generated[[1, unit]] = train[[20 + part, unit]];
    }
    let (t, h, g) =
        (folder.save("t.npy", &train), folder.save("h.npy", &heldout), folder.save("g.npy", &generated));
    let out = folder.name("out");
    let base = ["audit", "--train", &t, "--generated", &g, "--heldout", &h, "--quiet", "--out", &out];
    // At 5 % a list of one has a false row beside it in one of twenty data sets.
    ok(&[&base[..], &["--windows", "2", "--fdr", "0.01"]].concat());
    let found = document(&out);
    assert_eq!(verdicts(&found), [1, 0, 1, 148]);
    assert_eq!(found["rows"][1]["verdict"], "mosaic");
    // A copy is what the local denoiser makes of it. Seams are not.
    assert_eq!(found["rows"][0]["local_error"], 0.0);
    assert!(found["rows"][1]["local_error"].as_f64().is_some_and(|error| error > 0.0));
    assert_eq!(found["settings"]["local-window"], 5);
    let csv = fs::read_to_string(format!("{out}/results.csv")).expect("a table");
    assert!(csv.lines().next().is_some_and(|head| {
        head.ends_with("mosaic_distance,p_mosaic_distance,local_error,p_local_error,p_mosaic")
    }));
    ok(&[&base[..], &["--windows", "2", "--local-rows", "0"]].concat());
    assert!(document(&out)["rows"][0]["local_error"].is_null());
    refused(&[&base[..], &["--local-window", "4"]].concat(), &["local-window", "odd"]);
    refused(&[&base[..], &["--local-window", "1"]].concat(), &["local-window", "3"]);
    assert!(fs::metadata(format!("{out}/worst.png")).is_ok());
    // Features: each row's own number, so that only row 9 of the training rows is copied.
    let feature = |from: u32| Array2::from_shape_fn((150, 1), |(row, _)| f64::from(from + 3 * row as u32));
    let features = [
        folder.save("ft.npy", &feature(0)),
        folder.save("fg.npy", &feature(1)),
        folder.save("fh.npy", &feature(2)),
    ];
    let more = ["--features", &features[0], &features[1], &features[2], "--windows", "0"];
    ok(&[&base[..], &more].concat());
    assert_eq!(verdicts(&document(&out)), [0, 0, 0, 150]);
    refused(&[&base[..], &["--features", &t, &g]].concat(), &["features", "held-out", "2 files"]);
}

/// A stored local memory is predicted by the local denoiser, and images by no other.
#[test]
fn a_local_memory_is_predicted_by_the_local_denoiser() {
    let folder = Folder::new();
    let images = |seed| normal(40, 36, seed);
    let (train, heldout) = (folder.save("t.npy", &images(1)), folder.save("h.npy", &images(2)));
    let (memory, out) = (folder.name("local.memory"), folder.name("out"));
    ok(&["store", "--model", "local", "--patterns", &train, "--window", "3", "--out", &memory]);
    let base =
        ["audit", "--train", &train, "--heldout", &heldout, "--model", &memory, "--quiet", "--out", &out];
    let small = [
        "--shape",
        "6x6",
        "--examine",
        "20",
        "--draws",
        "1",
        "--levels",
        "4",
        "--probes",
        "1",
        "--generate",
        "10",
    ];
    let text = ok(&[&base[..], &small, &["--references", "8"]].concat());
    assert!(text.contains("the local denoiser predicts its rows best: median r² = 1 ["), "{text}");
    let inside = &document(&out)["inside"];
    let of = |name: &str| {
        let all = inside["references"].as_array().expect("references");
        all.iter().find(|entry| entry["reference"] == name).expect("a reference")["r2"].as_f64().expect("r2")
    };
    assert!(of("local") > 1.0 - 1e-9 && of("ideal") < 0.9 && of("wiener") < 0.9, "{inside}");
    for level in inside["predicted"].as_array().expect("levels") {
        assert!(
            level["window"] == 3 && level["r2_local"].as_f64().is_some_and(|r2| r2 > 1.0 - 1e-9),
            "{level}"
        );
    }
    ok(&[&base[..], &small, &["--references", "0"]].concat());
    assert!(document(&out)["inside"]["references"].as_array().is_some_and(Vec::is_empty));
}

const HEAD: &str = "age,income,job,city\n";

/// A table with text and gaps, of which some rows are those of `like`.
fn table(rows: usize, seed: u64, like: Option<&str>) -> String {
    let mut stream = Stream::new(seed, Purpose::Patterns, 1);
    let mut text = HEAD.to_owned();
    if let Some(other) = like {
        text.extend(other.lines().skip(1).take(10).map(|line| format!("{line}\n")));
    }
    for _ in text.lines().count() - 1..rows {
        let age = if stream.below(10) == 0 { "NA".to_owned() } else { (18 + stream.below(60)).to_string() };
        let job = ["clerk", "cook", "pilot", "nurse", ""][stream.below(5)];
        let city = ["Bern", "Rome", "Oslo"][stream.below(3)];
        text += &format!("{age},{:.2},{job},{city}\n", 1000.0 + 5000.0 * stream.uniform());
    }
    text
}

#[test]
fn tables_with_text_and_gaps_are_compared() {
    let folder = Folder::new();
    let save = |name: &str, text: &str| {
        fs::write(folder.path(name), text).expect("written");
        folder.name(name)
    };
    let train = table(300, 1, None);
    let (t, h) = (save("t.csv", &train), save("h.csv", &table(300, 2, None)));
    let g = save("g.csv", &table(100, 3, Some(&train)));
    let out = folder.name("out");
    let told = words(&["audit", "--train", &t, "--generated", &g, "--heldout", &h, "--out", &out, "--quiet"]);
    assert!(told.contains("tables of 4 columns, by Gower's distance"), "{told}");
    let found = document(&out);
    assert_eq!(verdicts(&found)[0], 10);
    assert_eq!(found["rows"][2]["train_row"], 2);
    // Columns in another order are found by their names; others are refused.
    let turned: String = train
        .lines()
        .take(50)
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            format!("{},{},{},{}\n", cells[3], cells[0], cells[1], cells[2])
        })
        .collect();
    let turned = save("turned.csv", &turned);
    ok(&["audit", "--train", &t, "--generated", &turned, "--out", &out, "--quiet"]);
    assert_eq!(verdicts(&document(&out))[0], 49);
    let other = save("other.csv", "age,income,job,town\n20,1.5,cook,Rome\n");
    let base = ["audit", "--train", &t, "--out", &out, "--generated"];
    refused(&[&base[..], &[&other]].concat(), &["generated", "city", "town"]);
    let text = save("text.csv", "age,income,job,city\n20,much,cook,Rome\n");
    refused(&[&base[..], &[&text]].concat(), &["generated", "numbers in column income", "'much'"]);
    let narrow = save("narrow.csv", "age,income\n20,1.5\n");
    refused(&[&base[..], &[&narrow]].concat(), &["generated", "columns"]);
}

#[test]
fn a_calibration_is_reported() {
    let folder = Folder::new();
    let (t, h) = (folder.save("t.npy", &normal(200, 9, 1)), folder.save("h.npy", &normal(200, 9, 2)));
    let (g, out) = (folder.save("g.npy", &normal(30, 9, 3)), folder.name("out"));
    let told = words(&[
        "audit",
        "--train",
        &t,
        "--generated",
        &g,
        "--heldout",
        &h,
        "--calibrate",
        "--swaps",
        "99",
        "--quiet",
        "--out",
        &out,
    ]);
    assert!(told.contains("What the audit finds of planted copies"), "{told}");
    let found = document(&out);
    let kinds = found["calibration"].as_array().expect("kinds");
    assert!(kinds.len() >= 7 && kinds[0]["kind"] == "exact copy" && kinds[0]["power"] == 1.0, "{kinds:?}");
}

#[test]
fn what_cannot_be_audited_is_refused() {
    let folder = Folder::new();
    let rows = normal(20, 4, 1);
    let t = folder.save("t.npy", &rows);
    let out = folder.name("out");
    let g = folder.save("g.npy", &normal(10, 4, 2));
    let with = |g: &str| -> Vec<String> {
        ["audit", "--train", &t, "--generated", g, "--out", &out].map(str::to_owned).to_vec()
    };
    let refused = |arguments: Vec<String>, words: &[&str]| {
        refused(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), words);
        assert!(fs::metadata(folder.path("out")).is_err(), "a folder was left");
    };
    refused(with(&t), &["generated", "the training rows themselves"]);
    refused(
        with(&folder.save("wide.npy", &normal(5, 6, 1))),
        &["generated", "rows of 4 values", "rows of 6"],
    );
    refused(with(&folder.save("none.npy", &Array2::<f32>::zeros((0, 4)))), &["generated", "at least 1 row"]);
    let mut gap = rows.clone();
    gap[[3, 2]] = f32::NAN;
    refused(with(&folder.save("gap.npy", &gap)), &["generated", "finite", "row 3, unit 2"]);
    refused(with(&folder.name("missing.npy")), &["missing.npy"]);
    // Their squares would be 0, and all rows copies.
    let tiny = |rows: usize, seed| normal(rows, 4, seed).mapv(|v| f64::from(v) * 1e-170);
    let tiny = [folder.save("tiny.npy", &tiny(20, 3)), folder.save("small.npy", &tiny(10, 4))];
    let words = ["audit", "--train", &tiny[0], "--generated", &tiny[1], "--out", &out];
    refused(words.map(str::to_owned).to_vec(), &["train", "1e-150", "multiply"]);
    for (option, value) in
        [("--fdr", "0"), ("--fdr", "nan"), ("--swaps", "3"), ("--radius", "-1"), ("--level", "0")]
    {
        let mut arguments = with(&g);
        arguments.extend([option.to_owned(), value.to_owned()]);
        refused(arguments, &[&option[2..]]);
    }
    let mut arguments = with(&g);
    arguments.extend(["--heldout".into(), folder.save("h.npy", &Array2::<f32>::zeros((0, 4)))]);
    refused(arguments, &["heldout", "at least 1 row"]);
}

#[test]
fn patterns_are_inspected() {
    let folder = Folder::new();
    let mut rows = normal(80, 5, 1);
    let first = rows.row(3).to_owned();
    rows.row_mut(40).assign(&first);
    let (patterns, out) = (folder.save("p.npy", &rows), folder.name("out"));
    let options = ["--examine", "20", "--draws", "4", "--levels", "6", "--radius", "0", "--quiet"];
    let told = ok(&[&["inspect", "--patterns", &patterns, "--out", &out][..], &options].concat());
    assert!(told.contains("speciation") && told.contains("2 patterns are near-duplicates"), "{told}");
    let found = document(&out);
    assert_eq!(found["near_duplicates"], 2);
    let levels = found["levels"].as_array().expect("levels");
    assert_eq!(levels.len(), 6);
    assert!(found["sigma_speciation"].as_f64() > found["sigma_collapse"].as_f64(), "{found}");
    refused(&["inspect", "--patterns", &patterns, "--out", &out, "--levels", "1"], &["levels"]);
}

/// A trained network and a stored memory are looked at from inside; rows that are not given are made by the model.
#[test]
fn a_model_is_looked_at_from_inside() {
    let folder = Folder::new();
    let (t, h) = (folder.save("t.npy", &normal(60, 6, 1)), folder.save("h.npy", &normal(60, 6, 2)));
    let (net, stored) = (folder.name("net.memory"), folder.name("stored.memory"));
    let quick = ["--width", "32", "--depth", "2", "--steps", "60", "--batch-repeats", "1", "--quiet"];
    ok(&[&["train", "--patterns", &t, "--out", &net][..], &quick].concat());
    ok(&["store", "--patterns", &t, "--model", "diffusion", "--out", &stored, "--quiet"]);
    let out = folder.name("out");
    let base = ["audit", "--train", &t, "--heldout", &h, "--out", &out, "--quiet", "--swaps", "199"];
    let few = ["--examine", "40", "--draws", "2", "--levels", "6", "--generate", "30"];
    let with = |model: &str, more: &[&str]| -> Value {
        ok(&[&base[..], &few, &["--model", model], more].concat());
        document(&out)
    };
    let found = with(&stored, &[]);
    let inside = &found["inside"];
    assert_eq!((&inside["model"], &inside["copies_from_noise"]), (&"diffusion".into(), &1.0.into()));
    assert!(inside["generalises"].is_null() && inside["remembers"].is_array(), "{inside}");
    assert_eq!((verdicts(&found)[0], found["settings"]["generated"].as_str()), (30, Some("by the model")));
    let page = fs::read_to_string(format!("{out}/report.md")).expect("a report");
    let page = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(page.contains("every generated row is a training row: the model copies"), "{page}");
    let found = with(&net, &[]);
    assert_eq!(
        (&found["inside"]["model"], found["inside"]["levels"].as_array().map(Vec::len)),
        (&"network".into(), Some(6))
    );
    for file in ["levels.csv", "errors.png", "local-dimension.png", "ends.svg"] {
        assert!(fs::metadata(format!("{out}/{file}")).is_ok_and(|file| file.len() > 0), "{file}");
    }
    let again = with(&net, &["--threads", "1"]);
    assert_eq!((&again["inside"], &again["rows"]), (&found["inside"], &found["rows"]));
    // Rows that are given are audited in place of those that it would make.
    let own = folder.save("g.npy", &normal(20, 6, 3));
    let given = with(&net, &["--generated", &own, "--sigma-min", "0.1", "--sigma-max", "3"]);
    assert_eq!(given["rows"].as_array().map(Vec::len), Some(20));
    let levels = &given["inside"]["levels"];
    assert!((levels[5]["sigma"].as_f64().expect("a level") - 0.1).abs() < 1e-12 && levels[0]["sigma"] == 3.0);
    let told = words(&[&base[..], &few, &["--model", &net]].concat());
    assert!(
        told.contains("Inside the model") && told.contains("its collapse at")
            || told.contains("their collapse at"),
        "{told}"
    );
}

#[test]
fn models_that_cannot_be_looked_at_are_refused() {
    let folder = Folder::new();
    let t = folder.save("t.npy", &normal(30, 4, 1));
    let (out, wide) = (folder.name("out"), folder.name("wide.memory"));
    ok(&[
        "store",
        "--patterns",
        &folder.save("w.npy", &normal(9, 5, 1)),
        "--model",
        "diffusion",
        "--out",
        &wide,
        "--quiet",
    ]);
    let spins = folder.name("spins.memory");
    ok(&["store", "--patterns", &t, "--model", "hopfield", "--out", &spins, "--quiet"]);
    let base = ["audit", "--train", &t, "--out", &out, "--quiet"];
    let not = |more: &[&str], words: &[&str]| {
        refused(&[&base[..], more].concat(), words);
        assert!(fs::metadata(folder.path("out")).is_err(), "a folder was left");
    };
    not(&["--model", &wide], &["model", "4 numbers", "for 5"]);
    not(&["--model", &spins], &["model", "no noise levels"]);
    not(&["--model", &folder.name("none.memory")], &["none.memory"]);
    not(&["--model", &t, "--features", &t, &t], &["features", "--model"]);
    not(&["--generated", &folder.save("g.npy", &normal(9, 4, 3)), "--levels", "9"], &["levels", "--model"]);
    not(&["--model", &t, "--levels", "2"], &["levels", "4"]);
    not(&["--model", &t, "--sigma-min", "2", "--sigma-max", "1"], &["sigma-min", "below the highest"]);
    not(&[], &["--generated"]);
    fs::write(folder.path("t.csv"), table(30, 1, None)).expect("written");
    let table = folder.name("t.csv");
    refused(&["audit", "--train", &table, "--model", &t, "--out", &out, "--quiet"], &["model", "Gower"]);
}

/// Checkpoints that `train` keeps, as a folder and one by one: one report over their steps.
#[test]
fn checkpoints_are_monitored() {
    let folder = Folder::new();
    let (t, h) = (folder.save("t.npy", &normal(40, 5, 1)), folder.save("h.npy", &normal(40, 5, 2)));
    let net = folder.name("net.memory");
    let quick = ["--width", "32", "--depth", "2", "--steps", "60", "--batch-repeats", "1", "--quiet"];
    ok(&[&["train", "--patterns", &t, "--out", &net, "--keep-every", "20"][..], &quick].concat());
    let kept = folder.name("net.memory.checkpoints");
    let names: Vec<String> = [20, 40, 60].map(|step| format!("{kept}/step-{step:06}.memory")).to_vec();
    // The last is the network itself.
    assert_eq!(fs::read(&names[2]).expect("kept"), fs::read(&net).expect("saved"));
    let out = folder.name("out");
    let base = ["audit", "--train", &t, "--heldout", &h, "--out", &out, "--quiet", "--swaps", "99"];
    let few = ["--examine", "40", "--draws", "2", "--generate", "30"];
    let told = words(&[&base[..], &few, &["--model", &kept]].concat());
    assert!(told.contains("Checkpoints of a training") && told.contains("remembered share"), "{told}");
    let found = document(&out);
    let points = found["checkpoints"].as_array().expect("checkpoints");
    assert_eq!(points.iter().map(|p| p["step"].as_u64()).collect::<Vec<_>>(), [Some(20), Some(40), Some(60)]);
    assert!(points.iter().all(|p| p["rows"] == 30 && p["remembered"].is_f64()), "{points:?}");
    for file in ["report.html", "results.csv", "rates-by-step.png"] {
        assert!(fs::metadata(format!("{out}/{file}")).is_ok_and(|file| file.len() > 0), "{file}");
    }
    // In any order, and on one thread.
    let other = ["--threads", "1", "--model", &names[2], &names[0], &names[1]];
    ok(&[&base[..], &few, &other].concat());
    assert_eq!(document(&out)["checkpoints"], found["checkpoints"]);
    let not = |more: &[&str], words: &[&str]| refused(&[&base[..], more].concat(), words);
    not(&["--model", &kept, "--generated", &h], &["generated", "several models"]);
    not(&["--model", &kept, "--calibrate"], &["calibrate", "a single model"]);
    not(&["--model", &names[0], &names[0]], &["step", "above the last, 20"]);
    fs::create_dir(folder.path("empty")).expect("a folder");
    not(&["--model", &folder.name("empty")], &["model", "empty"]);
    refused(&["train", "--patterns", &t, "--out", &net, "--keep-every", "0", "--quiet"], &["keep-every"]);
}
