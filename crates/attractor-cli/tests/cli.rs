//! Runs the real binary, as a user does.
#![allow(missing_docs)]

mod common;

use std::process::Command;

use common::*;
use ndarray::{Array2, array};

/// Compares with the NumPy programs of `fixtures/make.py`. The bound allows for rounding: two float64 programs do the
/// same 300 steps in a different order of operations.
#[test]
fn recalls_are_numpy_s() {
    const CLOSE: f64 = 1e-9;
    let folder = Folder::new();
    let (memory, cues, out) = (fixture("memory.npy"), fixture("cues.npy"), folder.name("out.npy"));
    for (expected, options) in [
        (
            "diffusion.npy",
            "--model diffusion --process vp --gamma 0.8 --sampler euler --steps 300 --signal 0.68 --dtype f64",
        ),
        ("modern.npy", "--model modern --beta 5 --updates 150"),
        ("classical.npy", "--model hopfield --updates 150"),
    ] {
        let mut arguments = vec!["recall", "--memory", &memory, "--cues", &cues, "--out", &out];
        arguments.extend(options.split(' '));
        ok(&arguments);
        let worst = (load(&out) - load(&fixture(expected))).iter().fold(0.0_f64, |m, d| m.max(d.abs()));
        assert!(worst < CLOSE, "{expected}: off by {worst:e}");
    }
}

#[test]
fn json_has_the_promised_fields() {
    let (memory, cues) = (fixture("memory.npy"), fixture("cues.npy"));
    for (model, has_posterior, has_sigma) in [
        ("hopfield", false, false),
        ("dense", false, false),
        ("modern", true, false),
        ("diffusion", true, true),
        ("mixture", true, true),
    ] {
        let text =
            ok(&["recall", "--memory", &memory, "--cues", &cues, "--model", model, "--json", "--top", "3"]);
        let rows = lines(&text);
        assert_eq!(rows.len(), 20);
        for (k, row) in rows.iter().enumerate() {
            assert_eq!(row["row"], k);
            assert_eq!(row["state"].as_array().expect("a state").len(), 10);
            assert!(row["memory"].is_u64() && row["overlap"].is_f64() && row["energy"].is_number(), "{row}");
            assert!(row["outcome"].is_string() && row["steps"].is_u64(), "{row}");
            for key in ["posterior", "entropy", "participation"] {
                assert_eq!(!row[key].is_null(), has_posterior, "{model} {key}");
            }
            assert_eq!(row["sigma"].is_f64(), has_sigma, "{model}");
            if has_posterior {
                assert_eq!(row["posterior"].as_array().expect("a list").len(), 3);
            }
        }
    }
}

#[test]
fn a_part_of_the_cues_recalls_the_same() {
    let folder = Folder::new();
    let (memory, cues) = (fixture("memory.npy"), fixture("cues.npy"));
    let tail = folder.save("tail.npy", &load(&cues).slice(ndarray::s![15.., ..]).to_owned());
    let recall = |cues: &str, more: &[&str]| {
        let mut arguments = vec!["recall", "--memory", &memory, "--cues", cues, "--json", "--seed", "5"];
        arguments.extend(["--sampler", "euler-maruyama", "--steps", "50", "--signal", "0.68"]);
        arguments.extend(more);
        lines(&ok(&arguments))
    };
    let whole = recall(&cues, &["--threads", "1"]);
    let part = recall(&tail, &["--first-row", "15", "--threads", "2"]);
    assert_eq!(whole[15..], part[..]);
}

#[test]
fn energies_agree_with_each_other() {
    let folder = Folder::new();
    let (memory, cues, out) = (fixture("memory.npy"), fixture("cues.npy"), folder.name("out.npy"));
    let numbers = |text: String| -> Vec<f64> { text.lines().map(|l| l.parse().expect("a number")).collect() };
    for model in ["hopfield", "dense", "modern", "diffusion"] {
        let level: &[&str] = match model {
            "modern" => &["--beta", "3"],
            "diffusion" => &["--sigma", "0.9"],
            _ => &[],
        };
        let mut arguments = vec!["recall", "--memory", &memory, "--cues", &cues, "--model", model, "--json"];
        arguments.extend(level);
        let rows = lines(&ok(&arguments));
        arguments.retain(|a| *a != "--json");
        arguments.extend(["--out", &out]);
        ok(&arguments);
        let mut arguments = vec!["energy", "--memory", &memory, "--states", &out, "--model", model];
        arguments.extend(level);
        let energies = numbers(ok(&arguments));
        for (row, energy) in rows.iter().zip(&energies) {
            assert_eq!(row["energy"].as_f64(), Some(*energy), "{model}");
        }
    }
    // β = 1/σ²; for equal norms diffusion and modern energies differ by ½‖y‖² + σ² ln N.
    let energies = |more: &[&str]| {
        let mut arguments = vec!["energy", "--memory", &memory, "--states", &cues];
        arguments.extend(more);
        numbers(ok(&arguments))
    };
    let diffusion = energies(&["--sigma", "0.5"]);
    assert_eq!(diffusion, energies(&["--beta", "4"]));
    let modern = energies(&["--model", "modern", "--beta", "4"]);
    assert_eq!(modern, energies(&["--model", "modern", "--sigma", "0.5"]));
    for (d, m) in diffusion.iter().zip(modern) {
        assert!((d - m - 5.0 - 0.25 * 20.0_f64.ln()).abs() < 1e-12);
    }
}

#[test]
fn corrupt_then_clamp_brings_the_patterns_back() {
    let folder = Folder::new();
    let images = attractor_data::random_spins::<f64>(6, 16, 3).mapv(|v| if v > 0.0 { 230_u8 } else { 12 });
    let memory = folder.save("memory.npy", &images);
    let (cues, mask, out) = (folder.name("cues.npy"), folder.name("mask.npy"), folder.name("out.npy"));
    ok(&[
        "corrupt",
        "--patterns",
        &memory,
        "--block",
        "bottom:0.5",
        "--shape",
        "4x4",
        "--mask-out",
        &mask,
        "--seed",
        "1",
        "--out",
        &cues,
    ]);
    let known = load(&mask);
    assert_eq!(
        known.row(0).to_vec(),
        [[1.0; 8], [0.0; 8]].concat().iter().map(|v| v / 255.0).collect::<Vec<_>>()
    );
    for model in ["modern", "diffusion", "dense"] {
        let mut arguments =
            vec!["recall", "--memory", &memory, "--cues", &cues, "--clamp", &mask, "--out", &out];
        arguments.extend(["--model", model]);
        if model == "dense" {
            arguments.extend(["--interaction", "exp"]);
        }
        ok(&arguments);
        let recalled = load(&out).mapv(|v| (v * 255.0).round() as u8);
        let right = recalled.outer_iter().zip(images.outer_iter()).filter(|(a, b)| a == b).count();
        // Spin models return each unit's two levels, here the stored ones.
        assert_eq!(right, 6, "{model}: {recalled:?}");
    }
}

#[test]
fn updates_and_tolerance_combine_as_documented() {
    let (memory, cues) = (fixture("memory.npy"), fixture("cues.npy"));
    let steps = |more: &[&str]| -> Vec<u64> {
        let mut arguments =
            vec!["recall", "--memory", &memory, "--cues", &cues, "--model", "modern", "--json"];
        arguments.extend(more);
        lines(&ok(&arguments)).iter().map(|r| r["steps"].as_u64().expect("a number")).collect()
    };
    assert!(steps(&["--updates", "7"]).iter().all(|s| *s == 7));
    assert!(steps(&["--tolerance", "1e-3"]).iter().all(|s| *s < 50));
    let both = steps(&["--updates", "2", "--tolerance", "10"]);
    assert!(both.iter().all(|s| *s == 1));
    assert!(steps(&["--updates", "0"]).iter().all(|s| *s == 0));
}

#[test]
fn bad_files_are_refused() {
    let folder = Folder::new();
    let (memory, cues) = (fixture("memory.npy"), fixture("cues.npy"));
    let recall = |memory: &str, cues: &str, words: &[&str]| {
        refused(&["recall", "--memory", memory, "--cues", cues], words);
        refused(&["energy", "--memory", memory, "--states", cues, "--sigma", "1"], words);
    };
    recall("nowhere.npy", &cues, &["nowhere.npy", "cannot read"]);
    recall(folder.0.path().to_str().expect("a path"), &cues, &["pictures", "none in it"]);
    std::fs::write(folder.path("empty.npy"), b"").expect("written");
    recall(&folder.name("empty.npy"), &cues, &["an empty file"]);
    std::fs::write(folder.path("foreign.npy"), b"PK\x03\x04 zip").expect("written");
    recall(&memory, &folder.name("foreign.npy"), &[".npz"]);
    let bytes = std::fs::read(&memory).expect("a file");
    std::fs::write(folder.path("short.npy"), &bytes[..bytes.len() - 9]).expect("written");
    recall(&folder.name("short.npy"), &cues, &["truncated"]);
    let claim = String::from_utf8_lossy(&bytes[..128]).replace("(20, 10)", "(99999999, 99999)");
    let claim: Vec<u8> =
        bytes[..10].iter().copied().chain(claim.bytes().skip(claim.len() - 118 - 9).take(118)).collect();
    std::fs::write(folder.path("huge.npy"), &claim).expect("written");
    refused(&["recall", "--memory", &folder.name("huge.npy"), "--cues", &cues], &["huge.npy"]);
    recall(&folder.save("none.npy", &Array2::<f32>::zeros((0, 10))), &cues, &["at least one"]);
    recall(&memory, &folder.save("wide.npy", &Array2::<f32>::zeros((2, 11))), &["10", "11"]);
    recall(&memory, &folder.save("nan.npy", &Array2::from_elem((2, 10), f32::NAN)), &["row 0"]);
    recall(&folder.save("inf.npy", &Array2::from_elem((2, 10), f32::INFINITY)), &cues, &["inf", "row 0"]);
    recall(&folder.save("big.npy", &Array2::from_elem((2, 10), 1e30_f32)), &cues, &["f32"]);
    refused(&["recall", "--memory", &memory, "--cues", &folder.name("nan.npy")], &["--clamp"]);
    let mask = folder.save("mask.npy", &Array2::<u8>::ones((3, 10)));
    refused(&["recall", "--memory", &memory, "--cues", &cues, "--clamp", &mask], &["20 × 10", "3 × 10"]);
    let mask = folder.save("nanmask.npy", &Array2::from_elem((1, 10), f32::NAN));
    refused(&["recall", "--memory", &memory, "--cues", &cues, "--clamp", &mask], &["NaN", "0 for unknown"]);
    // A complex number type, by its header.
    let complex = String::from_utf8_lossy(&bytes[..128]).replace("<f8", "<c8");
    let complex: Vec<u8> = bytes[..10]
        .iter()
        .copied()
        .chain(complex.bytes().skip(complex.len() - 118))
        .chain(bytes[128..].iter().copied())
        .collect();
    std::fs::write(folder.path("complex.npy"), complex).expect("written");
    recall(&folder.name("complex.npy"), &cues, &["c8", "float32"]);
}

#[test]
fn bad_requests_are_refused() {
    let (memory, cues) = (fixture("memory.npy"), fixture("cues.npy"));
    for (options, words) in [
        (
            "--model brain",
            &[
                "brain",
                "hopfield, bidirectional, sequence, sparse-distributed, dense, modern, log-sum-relu, random-features",
            ][..],
        ),
        ("--model modern --gamma 1", &["gamma", "beta"]),
        ("--model modern --beta -1", &["beta", "1e-30"]),
        ("--model modern --beta lots", &["beta", "auto", "lots"]),
        ("--model hopfield --rule guess", &["rule", "storkey", "guess"]),
        ("--model hopfield --update glauber", &["temperature"]),
        ("--model dense --interaction poly:1", &["interaction", "poly:K"]),
        ("--model dense --separation poly:3", &["--interaction", "separation poly:2 of universal"]),
        ("--model dense --interaction poly:9999", &["interaction", "at most"]),
        ("--sampler magic", &["magic", "dpmpp-2m"]),
        ("--process xx", &["process", "xx"]),
        ("--steps 0", &["steps", "from 1"]),
        ("--rule hebb", &["rule", "of hopfield"]),
        ("--threads 100000", &["threads", "512"]),
        ("--top -1", &["-1"]),
        ("--signal 1.5", &["signal", "above 0, at most 1"]),
        ("--signal -0.5", &["signal", "above 0, at most 1"]),
        ("--sigma nan", &["sigma", "number", "nan"]),
        ("--sigma -1", &["sigma", "from 0"]),
        ("--sigma 1e300", &["sigma", "1e300"]),
        ("--gamma 1e300", &["gamma", "1e12"]),
        ("--model modern --beta 5e-324", &["beta", "1e-30"]),
        ("--steps 18446744073709551615", &["steps", "100000"]),
        ("--signal 0.5 --sigma 1", &["--signal", "--sigma"]),
        ("--updates 5", &["steps"]),
        ("--tolerance nan", &["tolerance"]),
        ("--threads 0", &["threads"]),
        ("--prepare wash", &["prepare", "wash"]),
        ("--dtype f16", &["dtype", "f16"]),
        ("--nonsense", &["--nonsense"]),
    ] {
        let mut arguments = vec!["recall", "--memory", &memory, "--cues", &cues];
        arguments.extend(options.split(' '));
        refused(&arguments, words);
    }
    refused(&["energy", "--memory", &memory, "--states", &cues], &["--sigma"]);
    refused(&["corrupt", "--patterns", &memory, "--out", "x.npy"], &["--signal"]);
    let same = ["corrupt", "--patterns", &memory, "--flip", "0.1", "--out", "x.npy", "--mask-out", "x.npy"];
    refused(&same, &["of its own"]);
    refused(&["corrupt", "--patterns", &memory, "--sigma", "1e300", "--out", "x.npy"], &["expected"]);
    refused(&["demo", "--count", "0"], &["count", "1797"]);
    refused(&["demo", "--count", "2000"], &["count", "1797"]);
    refused(&["reproduce", "table1", "--repetitions", "1", "--out", "/tmp"], &["repetitions"]);
    refused(&["reproduce", "work-precision", "--sets", "1", "--out", "/tmp"], &["sets"]);
}

#[test]
fn unwritable_outputs_are_refused_and_leave_nothing() {
    let folder = Folder::new();
    let (memory, cues) = (fixture("memory.npy"), fixture("cues.npy"));
    std::fs::write(folder.path("file"), b"kept").expect("written");
    let below = folder.name("file/out.npy");
    refused_late(&["recall", "--memory", &memory, "--cues", &cues, "--out", &below], &["cannot write"]);
    refused(&["corrupt", "--patterns", &memory, "--signal", "0.5", "--out", &below], &["cannot write"]);
    refused(&["demo", "--count", "3", "--out", &below], &["choose another"]);
    refused(&["reproduce", "table1", "--repetitions", "2", "--quiet", "--out", &below], &["choose another"]);
    let folder_itself = folder.0.path().to_str().expect("a path");
    refused_late(
        &["recall", "--memory", &memory, "--cues", &cues, "--out", folder_itself],
        &["pictures", "no square image"],
    );
    assert_eq!(std::fs::read(folder.path("file")).expect("a file"), b"kept");
    assert_eq!(std::fs::read_dir(&folder.0).expect("a folder").count(), 1, "something half-written was left");
    #[cfg(target_os = "linux")]
    {
        refused_late(&["recall", "--memory", &memory, "--cues", &cues, "--out", "/dev/full"], &["/dev/full"]);
        assert!(std::fs::metadata("/dev/full").is_ok_and(|m| !m.is_file()), "the device was replaced");
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a device");
        let output = Command::new(env!("CARGO_BIN_EXE_attractor"))
            .args(["recall", "--memory", &memory, "--cues", &cues, "--json"])
            .stdout(full)
            .output()
            .expect("runs");
        assert_eq!(output.status.code(), Some(2));
    }
}

#[test]
fn legal_oddities_are_noted() {
    let folder = Folder::new();
    let cues = folder.save("cues.npy", &array![[0.5_f32, -1.0, 0.0]]);
    for (patterns, word) in [
        (array![[1.0_f32, -1.0, 1.0]], "only one pattern"),
        (array![[1.0_f32, -1.0, 1.0], [1.0, 1.0, 1.0], [1.0, -1.0, 1.0]], "row 2 equals row 0"),
        (array![[0.0_f32, 0.0, 0.0], [1.0, -1.0, 1.0]], "zero vector"),
        (array![[2.0_f32, 2.0, 2.0], [1.0, -1.0, 1.0]], "same value"),
    ] {
        let memory = folder.save("memory.npy", &patterns);
        for model in ["hopfield", "dense", "modern", "diffusion"] {
            let output =
                attractor(&["recall", "--memory", &memory, "--cues", &cues, "--model", model, "--json"]);
            let notes = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && notes.contains(word), "{model}: {notes}");
            let text = String::from_utf8(output.stdout).expect("text");
            assert!(
                lines(&text)[0]["state"].as_array().expect("a state").iter().all(|x| x.is_number()),
                "{text}"
            );
        }
        let quiet = attractor(&["recall", "--memory", &memory, "--cues", &cues, "--quiet"]);
        assert!(quiet.stderr.is_empty());
    }
}

#[test]
fn the_demo_writes_what_it_says() {
    let folder = Folder::new();
    let out = folder.name("demo");
    let text = ok(&["demo", "--count", "20", "--out", &out]);
    assert!(["hopfield", "dense", "modern", "diffusion"].iter().all(|m| text.contains(m)), "{text}");
    let png = std::fs::read(folder.path("demo/demo.png")).expect("a picture");
    assert_eq!(&png[1..4], b"PNG");
    let (memory, cues) = (format!("{out}/memory.npy"), format!("{out}/cues.npy"));
    let rows = lines(&ok(&["recall", "--memory", &memory, "--cues", &cues, "--sigma", "0.4", "--json"]));
    assert_eq!(rows.len(), 20);
}

#[test]
fn table1_repeats_from_its_seed() {
    let folder = Folder::new();
    let run = |name: &str, threads: &str| {
        let out = folder.name(name);
        let output = Command::new(env!("CARGO_BIN_EXE_attractor"))
            .args(["reproduce", "table1", "--repetitions", "3", "--seed", "9", "--quiet", "--out", &out])
            .env("RAYON_NUM_THREADS", threads)
            .output()
            .expect("runs");
        assert!(output.status.success());
        std::fs::read_to_string(folder.path(name).join("results.csv")).expect("a table")
    };
    let table = run("a", "1");
    assert_eq!(table, run("b", "2"));
    assert!(table.starts_with("task,patterns,quantity,published,measured,low,high,sets\n"));
    assert_eq!(table.lines().count(), 1 + 6 * 5);
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |i: usize| fields[i].parse::<f64>().expect("a number");
        assert!(number(5) <= number(4) && number(4) <= number(6), "{line}");
    }
    let json = std::fs::read_to_string(folder.path("a/results.json")).expect("a report");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["settings"]["seed"], 9);
}

#[test]
fn models_lists_every_model_with_its_options() {
    let text = ok(&["models"]);
    for word in
        ["hopfield", "dense", "modern", "diffusion", "--beta", "--separation", "--sampler", "Ramsauer"]
    {
        assert!(text.contains(word), "{word}");
    }
    let help = ok(&["recall", "--model", "modern", "--help"]);
    assert!(help.contains("Inverse temperature") && help.contains("Example"));
}

/// Reading only a part of a long output is not an error.
#[test]
fn a_closed_pipe_is_the_reader_s_choice() {
    let (memory, cues) = (fixture("memory.npy"), fixture("cues.npy"));
    let command = format!(
        "for i in 1 2 3 4 5 6 7 8; do {} recall --quiet --memory {memory} --cues {cues} --json --top 20 || echo failed >&2; done | head -c 10",
        env!("CARGO_BIN_EXE_attractor")
    );
    let output = Command::new("sh").args(["-c", &command]).output().expect("a shell");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A busy machine may be slow, so its best may not be seen on two threads. But times are positive, and on one thread
/// nothing is much faster than the machine. (Some caches hold 16 MiB, and reading from them may be faster.)
#[test]
fn bench_holds_every_kernel_against_the_machine() {
    let folder = Folder::new();
    let out = folder.name("bench.json");
    let text = ok(&["bench", "--quick", "--memory", "16", "--threads", "2", "--quiet", "--out", &out]);
    assert!(text.contains("attractor bench --quick --memory 16 --threads 2"), "{text}");
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&out).expect("written")).expect("JSON");
    let rows = |key: &str| report[key].as_array().expect("rows").clone();
    assert_eq!(rows("peaks").len(), 5);
    for row in rows("peaks") {
        assert!(row["one_best"].as_f64() > Some(0.0) && row["all_best"].as_f64() > Some(0.0), "{row}");
    }
    let cases = rows("cases");
    assert!(cases.len() >= 28 && cases.len() % 2 == 0);
    for row in &cases {
        let number = |key: &str| row[key].as_f64();
        assert!(number("best") > Some(0.0) && number("best") <= number("median"), "{row}");
        assert!(number("rate") > Some(0.0) && number("calls") >= Some(3.0), "{row}");
        for share in ["of_multiply_adds", "of_memory", "of_bound"] {
            let most = if row["threads"] == 1 && row["of_memory"].is_null() { 1.5 } else { f64::INFINITY };
            assert!(number(share).is_none_or(|share| share > 0.0 && share < most), "{share} in {row}");
        }
        assert_eq!(number("speed_up").is_some(), row["threads"] == 2, "{row}");
        assert_eq!(number("of_bound").is_some(), row["kernel"] == "read", "{row}");
    }
    assert!(cases.iter().any(|row| row["of_memory"].is_f64()));
}

#[test]
fn bench_refuses_what_it_cannot_do() {
    refused(&["bench", "--memory", "0"], &["memory", "from 1"]);
    refused(&["bench", "--memory", "99999999999"], &["memory"]);
    refused(&["bench", "--threads", "0"], &["threads"]);
    refused(&["bench", "--out", "speed.txt"], &["out", ".md, .json, .csv or .html"]);
    #[cfg(target_os = "linux")]
    refused(&["bench", "--memory", "16000000"], &["memory", "MiB that are free", "--memory"]);
}

#[test]
fn a_quiet_corruption_says_nothing() {
    let folder = Folder::new();
    let patterns = folder.save("p.npy", &attractor_data::random_spins::<f32>(4, 8, 1));
    for (option, silent) in [(None, false), (Some("--quiet"), true)] {
        let out = folder.name("cues.npy");
        let mut arguments = vec!["corrupt", "--patterns", &patterns, "--flip", "0.1", "--out", &out];
        arguments.extend(option);
        let output = attractor(&arguments);
        assert!(output.status.success() && output.stdout.is_empty());
        assert_eq!(output.stderr.is_empty(), silent, "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Narrower instructions change no bit between AVX2 and AVX-512, and nothing beyond rounding else. Other names are refused.
#[test]
fn instructions_can_be_limited() {
    /// Sums without fused multiply-adds, of numbers near 1.
    const ROUNDING: f64 = 1e-6;
    let folder = Folder::new();
    let (memory, cues, out) = (fixture("memory.npy"), fixture("cues.npy"), folder.name("out.npy"));
    let arguments =
        ["recall", "--memory", &memory, "--cues", &cues, "--model", "modern", "--out", &out, "--quiet"];
    let by = |name: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_attractor"));
        command.args(arguments).env_remove("ATTRACTOR_INSTRUCTIONS");
        command.envs(name.map(|name| ("ATTRACTOR_INSTRUCTIONS", name)));
        command.output().expect("the binary runs")
    };
    let states = |name| {
        assert!(by(name).status.success(), "{name:?}");
        load(&out)
    };
    let (best, avx2, portable) = (states(None), states(Some("avx2")), states(Some("portable")));
    assert_eq!(best, avx2);
    assert!((best - portable).iter().all(|d| d.abs() < ROUNDING));
    let refused = by(Some("sse9"));
    let error = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{error}");
    assert!(error.contains("ATTRACTOR_INSTRUCTIONS") && error.contains("portable, avx2, avx512"), "{error}");
}
