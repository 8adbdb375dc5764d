//! Runs the real binary on files of every kind: pictures, stored memories, refusals, interruption.
#![allow(missing_docs)]

mod common;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use attractor_data::{ReadOptions, digits, random_noise, random_spins, read, write_png};
use common::*;
use ndarray::{Array2, Axis, s};

/// Some digits as PNG files of a folder, `digit-<row>.png`.
fn pictures(folder: &Folder, name: &str, rows: std::ops::Range<usize>) -> String {
    let images = digits().images;
    std::fs::create_dir_all(folder.path(name)).expect("a folder");
    for row in rows {
        let pixels: Vec<u8> =
            images.row(row).iter().map(|&v| (f32::from(v) / 16.0 * 255.0).round() as u8).collect();
        write_png(&folder.path(name).join(format!("digit-{row:02}.png")), 8, 8, 1, &pixels)
            .expect("a picture");
    }
    folder.name(name)
}

/// Follows the README: stores a folder of pictures, damages them, and recalls them as pictures.
#[test]
fn a_folder_of_pictures_is_recalled() {
    let folder = Folder::new();
    let photos = pictures(&folder, "photos", 0..20);
    let (cues, restored, grid) = (folder.name("cues.npy"), folder.name("restored/"), folder.name("grid.png"));
    ok(&["corrupt", "--patterns", &photos, "--sigma", "0.2", "--out", &cues]);
    let table = ok(&[
        "recall",
        "--memory",
        &photos,
        "--cues",
        &cues,
        "--sigma",
        "0.2",
        "--out",
        &restored,
        "--picture",
        &grid,
    ]);
    assert_eq!(table.matches("-> digit-").count(), 20, "{table}");
    let compared = read(Path::new(&grid), &ReadOptions::default()).expect("a picture");
    assert_eq!(compared.rows(), 1);
    // Cues from a folder give pictures under their own names.
    ok(&["recall", "--memory", &photos, "--cues", &photos, "--sigma", "0.01", "--out", &restored, "--quiet"]);
    let back = read(Path::new(&restored), &ReadOptions::default()).expect("pictures");
    let names: Vec<&str> = back.labels().expect("names").iter().map(String::as_str).collect();
    assert_eq!((names.len(), names[6]), (20, "digit-06.png"));
    let stored = read(Path::new(&photos), &ReadOptions::default()).expect("pictures").floats::<f64>();
    let recalled = back.floats::<f64>();
    assert_eq!(recalled, stored);
    // One cue, one picture.
    let one = folder.name("one.png");
    let cue = folder.name("photos/digit-03.png");
    ok(&["recall", "--memory", &photos, "--cues", &cue, "--sigma", "0.01", "--out", &one, "--quiet"]);
    let one = read(Path::new(&one), &ReadOptions::default()).expect("a picture").floats::<f64>();
    assert_eq!(one.row(0), stored.row(3));
    refused(
        &["recall", "--memory", &photos, "--cues", &photos, "--out", &grid],
        &["one picture", "--picture"],
    );
}

#[test]
fn a_stored_memory_recalls_as_its_patterns_do() {
    let folder = Folder::new();
    let spins = folder.save("spins.npy", &random_spins::<f32>(12, 30, 1));
    let photos = pictures(&folder, "photos", 0..12);
    let noisy = folder.name("noisy.npy");
    ok(&["corrupt", "--patterns", &photos, "--sigma", "0.3", "--out", &noisy]);
    let memory = folder.name("a.memory");
    for model in ["hopfield", "dense", "modern", "diffusion"] {
        for (patterns, cues) in [(&spins, &spins), (&photos, &noisy)] {
            ok(&["store", "--patterns", patterns, "--model", model, "--out", &memory, "--quiet"]);
            let stored = ok(&["recall", "--memory", &memory, "--cues", cues, "--json", "--quiet"]);
            let direct =
                ok(&["recall", "--memory", patterns, "--model", model, "--cues", cues, "--json", "--quiet"]);
            assert_eq!(stored, direct, "{model}");
        }
        let first = std::fs::read(&memory).expect("a file");
        ok(&["store", "--patterns", &photos, "--model", model, "--out", &memory, "--quiet"]);
        assert_eq!(first, std::fs::read(&memory).expect("a file"), "the same memory is the same file");
    }
    // Options that are given now override the stored options.
    ok(&["store", "--patterns", &spins, "--model", "modern", "--beta", "0.01", "--out", &memory, "--quiet"]);
    let betas = |arguments: &[&str]| {
        let mut all = vec!["recall", "--memory", &memory, "--cues", &spins, "--json", "--quiet"];
        all.extend(arguments);
        lines(&ok(&all))[0]["beta"].clone()
    };
    assert_eq!((betas(&[]), betas(&["--beta", "2"])), (0.01.into(), 2.0.into()));
    refused(
        &["recall", "--memory", &memory, "--cues", &spins, "--model", "dense"],
        &["expected modern", "found dense"],
    );
    refused(&["recall", "--memory", &memory, "--cues", &spins, "--prepare", "center"], &["--prepare"]);
}

#[test]
fn appended_and_removed_patterns() {
    let folder = Folder::new();
    let all = random_spins::<f32>(10, 40, 2);
    let rows = |range: std::ops::Range<usize>| all.slice(s![range, ..]).to_owned();
    let (whole, first, rest) = (
        folder.save("all.npy", &all),
        folder.save("first.npy", &rows(0..6)),
        folder.save("rest.npy", &rows(6..10)),
    );
    let (once, grown) = (folder.name("once.memory"), folder.name("grown.memory"));
    for options in [
        "hopfield",
        "hopfield --rule storkey",
        "hopfield --rule pseudo-inverse",
        "hopfield --rule dreaming",
        "hopfield --rule daydreaming --epochs 5",
        "hopfield --rule unlearning --dreams 50",
        "dense",
        "modern",
    ] {
        let store = |patterns: &str, out: &str| {
            let mut arguments = vec!["store", "--patterns", patterns, "--out", out, "--quiet", "--model"];
            arguments.extend(options.split(' '));
            ok(&arguments);
        };
        let energies = |memory: &str| {
            let text = ok(&["energy", "--memory", memory, "--states", &whole, "--quiet"]);
            text.lines().map(|l| l.parse::<f64>().expect("a number")).collect::<Vec<_>>()
        };
        store(&whole, &once);
        store(&first, &grown);
        ok(&["store", "--patterns", &rest, "--append", "--out", &grown, "--quiet"]);
        for (a, b) in energies(&once).iter().zip(energies(&grown)) {
            // The same sums; of the pseudo-inverse, couplings below 1e-12 were set to 0 in between.
            assert!((a - b).abs() < 1e-9 * a.abs().max(1.0), "{options}: {a} {b}");
        }
        ok(&["store", "--remove", "6-8,9", "--out", &grown, "--quiet"]);
        store(&first, &once);
        assert_eq!(energies(&once), energies(&grown), "{options}");
    }
    let info = lines(&ok(&["info", &grown, "--json"]));
    assert_eq!(info[0]["patterns"], 6);
    let provenance = info[0]["provenance"].as_array().expect("a list");
    assert!(provenance.len() == 3 && provenance[2] == "removed rows 6-8,9", "{provenance:?}");
    refused(&["store", "--remove", "6", "--out", &grown], &["rows from 0 to 5", "found 6"]);
    refused(&["store", "--remove", "0-5", "--out", &grown], &["at least one pattern to stay"]);
    let nowhere = folder.name("none.memory");
    refused(
        &["store", "--patterns", &rest, "--append", "--out", &nowhere],
        &["stored memory to change", "nothing"],
    );
    refused(
        &["store", "--patterns", &rest, "--append", "--out", &grown, "--model", "dense"],
        &["leave those away"],
    );
    refused(&["store", "--out", &grown], &["--patterns"]);
}

#[test]
fn weights_and_values() {
    let folder = Folder::new();
    let spins = random_spins::<f64>(4, 20, 3);
    let patterns = folder.save("p.npy", &spins);
    let values = Array2::from_shape_fn((4, 3), |(n, j)| (10 * n + j) as f64);
    let values_file = folder.save("v.npy", &values);
    let weights = folder.save("w.npy", &ndarray::array![[1.0, 1.0, 1.0, 5.0]]);
    let (memory, out) = (folder.name("a.memory"), folder.name("read.npy"));
    for model in ["modern", "diffusion"] {
        ok(&[
            "store",
            "--patterns",
            &patterns,
            "--model",
            model,
            "--values",
            &values_file,
            "--weights",
            &weights,
            "--out",
            &memory,
            "--quiet",
        ]);
        ok(&["recall", "--memory", &memory, "--cues", &patterns, "--values-out", &out, "--quiet"]);
        // Every pattern recalls itself and its associated value.
        let worst = (load(&out) - &values).iter().fold(0.0_f64, |w, d| w.max(d.abs()));
        assert!(worst < 0.1, "{model}: {worst}");
    }
    for (option, file) in [("--weights", &weights), ("--values", &values_file)] {
        refused_late(
            &["store", "--patterns", &patterns, "--model", "hopfield", option, file, "--out", &memory],
            &["and mixture take them"],
        );
    }
    let short = folder.save("short.npy", &ndarray::array![[1.0, 2.0]]);
    refused(&["store", "--patterns", &patterns, "--weights", &short, "--out", &memory], &["4 weights"]);
    refused(&["store", "--patterns", &patterns, "--values", &short, "--out", &memory], &["4 rows"]);
}

#[test]
fn cues_that_match_nothing_are_refused() {
    let folder = Folder::new();
    let photos = pictures(&folder, "photos", 0..100);
    let (cues, out) = (folder.name("cues.npy"), folder.name("out.npy"));
    ok(&["corrupt", "--patterns", &photos, "--sigma", "0.25", "--out", &cues]);
    let recall = |cues: &str, model: &str| {
        let arguments = [
            "recall", "--memory", &photos, "--cues", cues, "--model", model, "--sigma", "0.25", "--reject",
            "0.01",
        ];
        lines(&ok(&[&arguments[..], &["--json", "--quiet", "--out", &out]].concat()))
    };
    let noise = folder.save("noise.npy", &random_noise::<f32>((100, 64), 5));
    for model in ["modern", "diffusion"] {
        let refused =
            |lines: &[serde_json::Value]| lines.iter().filter(|l| l["outcome"] == "refused").count();
        // Of 100 true cues 1 is expected; 6 or more have a chance of 6 in 10,000.
        assert!(refused(&recall(&cues, model)) < 6, "{model}");
        let strange = recall(&noise, model);
        assert!(refused(&strange) > 90, "{model}: {}", refused(&strange));
        let row = strange.iter().position(|l| l["outcome"] == "refused").expect("one");
        assert!(strange[row]["memory"].is_null() && strange[row]["match"].as_f64() <= Some(0.01));
        assert_eq!(load(&out).row(row), load(&noise).row(row), "nothing is recalled");
    }
    let reject = |more: &[&str], words: &[&str]| {
        refused(&[&["recall", "--memory", &photos, "--cues", &cues, "--reject"], more].concat(), words);
    };
    reject(&["0.01"], &["--sigma or --signal"]);
    reject(&["0.01", "--sigma", "0.2", "--model", "dense"], &["threshold"]);
    reject(&["1.5", "--sigma", "0.2"], &["between 0 and 1", "1.5"]);
    reject(&["0.01", "--sigma", "0.2", "--clamp", &cues], &["--clamp"]);
}

/// More cues than fit in a batch, from an archive to an archive, are recalled as one by one.
#[test]
fn cues_are_streamed() {
    let folder = Folder::new();
    let memory = folder.save("memory.npy", &random_spins::<f32>(20, 16, 1));
    let cues = random_spins::<f32>(2500, 16, 2);
    let (all, out) = (folder.save("cues.npy", &cues), folder.name("out.npz"));
    let text = ok(&["recall", "--memory", &memory, "--cues", &all, "--out", &out, "--json", "--quiet"]);
    assert_eq!(lines(&text).len(), 2500);
    let states = load(&format!("{out}:states"));
    assert_eq!((states.dim(), load(&format!("{out}:memory")).ncols()), ((2500, 16), 2500));
    let last = folder.save("last.npy", &cues.select(Axis(0), &[2300]));
    let alone = folder.name("alone.npy");
    ok(&["recall", "--memory", &memory, "--cues", &last, "--first-row", "2300", "--out", &alone, "--quiet"]);
    assert_eq!(load(&alone).row(0), states.row(2300));
}

/// Recalled pictures get the names of their cues if those are pictures. Labels never choose a path on the disk.
#[test]
fn pictures_are_named_safely() {
    let folder = Folder::new();
    let photos = pictures(&folder, "photos", 0..4);
    std::fs::copy(folder.path("photos/digit-00.png"), folder.path("photos/digit-00.jpg")).expect("a copy");
    let names = |out: &str| {
        let mut names: Vec<String> = std::fs::read_dir(out)
            .expect("a folder")
            .map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    let out = folder.name("out/");
    ok(&["recall", "--memory", &photos, "--cues", &photos, "--sigma", "0.1", "--out", &out, "--quiet"]);
    assert_eq!(names(&out).len(), 5, "a.png and a.jpg are two");
    let rows: String =
        (0..3).map(|r| ["../esc", "x", "x"][r].to_owned() + &",0.5".repeat(64) + "\n").collect();
    std::fs::write(folder.path("t.csv"), rows).expect("written");
    let (cues, other) = (folder.name("t.csv"), folder.name("other/"));
    ok(&[
        "recall",
        "--memory",
        &photos,
        "--cues",
        &cues,
        "--sigma",
        "0.1",
        "--first-row",
        "7",
        "--out",
        &other,
        "--quiet",
    ]);
    assert_eq!(names(&other), ["000007.png", "000008.png", "000009.png"]);
    assert!(!folder.path("esc.png").exists());
    // An output never overwrites an input or another output.
    refused(
        &["recall", "--memory", &photos, "--cues", &photos, "--out", &photos],
        &["of its own", "what is read"],
    );
    let same = folder.name("same.npy");
    refused(
        &["recall", "--memory", &photos, "--cues", &photos, "--out", &same, "--picture", &same],
        &["--out"],
    );
    refused(
        &["recall", "--memory", &photos, "--cues", &photos, "--out", &folder.name("x.csv")],
        &["endings"],
    );
    let memory = folder.name("a.memory");
    ok(&["store", "--patterns", &photos, "--out", &memory, "--quiet"]);
    refused_late(&["recall", "--memory", &photos, "--cues", &memory], &["stored memory", "as --memory"]);
    refused(&["store", "--patterns", &memory, "--append", "--out", &memory], &["of its own"]);
}

/// Cues and masks are converted to the memory's layout of colours.
#[test]
fn masks_are_laid_out_as_the_memory() {
    let folder = Folder::new();
    let hwc = Array2::from_shape_fn((3, 48), |(n, u)| ((n * 77 + u * u * 13 + u * 29) % 256) as u8);
    let to_chw =
        |rows: &Array2<u8>| Array2::from_shape_fn(rows.dim(), |(n, u)| rows[[n, u % 16 * 3 + u / 16]]);
    let mask = Array2::from_shape_fn((1, 48), |(_, u)| u8::from(u % 3 == 0));
    let (memory, cues) = (folder.save("chw.npy", &to_chw(&hwc)), folder.save("hwc.npy", &hwc));
    let (mask_hwc, mask_chw) = (folder.save("m_hwc.npy", &mask), folder.save("m_chw.npy", &to_chw(&mask)));
    let stored = folder.name("chw.memory");
    ok(&["store", "--patterns", &memory, "--shape", "3x4x4", "--out", &stored, "--quiet"]);
    let recall = |cues: &str, mask: &str, shape: &str| {
        ok(&[
            "recall", "--memory", &stored, "--cues", cues, "--clamp", mask, "--shape", shape, "--json",
            "--quiet",
        ])
    };
    assert_eq!(recall(&memory, &mask_chw, "3x4x4"), recall(&cues, &mask_hwc, "4x4x3"));
}

#[test]
fn every_kind_of_file_says_what_it_is() {
    let folder = Folder::new();
    let photos = pictures(&folder, "photos", 0..3);
    std::fs::write(folder.path("t.csv"), "label,a,b\nx,1,2\ny,3,4\n").expect("written");
    for (file, rows, units, words) in [
        (photos, 3, 64, "digit-00.png"),
        (folder.name("t.csv"), 2, 2, "2 distinct: x, y"),
        (fixture("memory.npy"), 20, 10, "f64"),
    ] {
        let text = ok(&["info", &file]);
        assert!(text.contains(words), "{text}");
        let info = &lines(&ok(&["info", &file, "--json"]))[0];
        assert_eq!((info["rows"].as_u64(), info["units"].as_u64()), (Some(rows), Some(units)), "{file}");
    }
    refused(&["info", &folder.name("nothing")], &["cannot read"]);
    let script = ok(&["completions", "bash"]);
    assert!(script.contains("--norm-bias") && script.contains("reproduce"));
    // Settings of other experiments are parsed, so that they are refused with a good message, but not proposed.
    let proposed = |experiment: &str| {
        let (_, after) =
            script.rsplit_once(&format!("subcmd__reproduce__subcmd__{experiment})")).expect("a case");
        after.lines().nth(1).expect("its options").to_owned()
    };
    assert!(proposed("fig3").contains("--profile") && !proposed("fig3").contains("--repetitions"));
    assert!(proposed("table1").contains("--repetitions") && !proposed("table1").contains("--profile"));
    let help = ok(&["reproduce", "--help"]);
    let titled = help.lines().filter(|line| line.trim().starts_with("fig3 ") && line.contains("Ambrogioni"));
    assert!(titled.count() == 1, "{help}");
}

/// A folder that a failed command made for its results is not left behind; one that was there stays.
#[test]
fn a_failed_command_leaves_no_empty_folder() {
    let folder = Folder::new();
    let memory = folder.save("m.npy", &ndarray::array![[1.0, 0.0, 0.0, 1.0], [0.0, 1.0, 1.0, 0.0]]);
    let cues = folder.save("c.npy", &ndarray::array![[1.0, f64::NAN, 0.0, 1.0]]);
    std::fs::create_dir(folder.path("old")).expect("a folder");
    for place in ["new/inner/", "old/"] {
        let out = folder.name(place);
        let recall = [
            "recall", "--memory", &memory, "--cues", &cues, "--sigma", "0.1", "--shape", "2x2", "--out", &out,
        ];
        refused(&recall, &["NaN"]);
        assert_eq!(folder.path(place).exists(), place == "old/");
    }
    assert!(!folder.path("new").exists());
}

/// After an interruption the exit code is 130, the old file is unchanged, and there is no other file beside it.
#[cfg(unix)]
#[test]
fn an_interrupt_leaves_nothing_half_written() {
    let folder = Folder::new();
    let memory = folder.save("memory.npy", &random_spins::<f32>(3000, 256, 1));
    let cues = folder.save("cues.npy", &random_spins::<f32>(50_000, 256, 2));
    let out = folder.name("out.npy");
    std::fs::write(&out, "before").expect("written");
    let mut child = Command::new(env!("CARGO_BIN_EXE_attractor"))
        .args(["recall", "--memory", &memory, "--cues", &cues, "--out", &out])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let temporary = || {
        let names = std::fs::read_dir(&folder.0).expect("a folder").map(|e| e.expect("an entry").file_name());
        names.filter(|n| n.to_string_lossy().starts_with(".attractor-")).count()
    };
    let start = Instant::now();
    while temporary() == 0 {
        assert!(child.try_wait().expect("a child").is_none(), "it ended before it could be interrupted");
        assert!(start.elapsed() < Duration::from_secs(60), "it never began to write");
        std::thread::sleep(Duration::from_millis(5));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    assert!(sent.success());
    let output = child.wait_with_output().expect("a child");
    assert_eq!(output.status.code(), Some(130), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("interrupted"));
    assert_eq!(temporary(), 0);
    assert_eq!(std::fs::read(&out).expect("a file"), b"before");
}
