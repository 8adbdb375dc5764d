//! Memories that exceed the memory limit: patterns with one bit per unit, and patterns that stay in their file.
#![allow(missing_docs)]

mod common;

use std::io::{BufWriter, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use attractor::noise::{Purpose, Stream};
use attractor_data::random_spins;
use common::{Folder, ok, refused};
use ndarray::{Array2, s};

/// Recalled states and reports.
fn recalled(folder: &Folder, memory: &str, cues: &str, more: &[&str]) -> (Vec<u8>, String) {
    let out = folder.name("out.npy");
    let mut arguments = vec!["recall", "--memory", memory, "--cues", cues, "--json", "--out", &out];
    arguments.extend(more);
    let lines = ok(&arguments);
    (std::fs::read(out).expect("states"), lines)
}

#[test]
fn bits_in_files_recall_as_numbers_do() {
    let folder = Folder::new();
    let signs = random_spins::<f32>(1500, 100, 1);
    let cues = folder.save("cues.npy", &signs.slice(s![..5, ..]).mapv(|y| 0.8 * y + 0.1));
    let patterns = folder.save("patterns.npy", &signs);
    for model in ["modern", "diffusion", "hopfield"] {
        let more: &[&str] = match model {
            "diffusion" => &["--model", "diffusion", "--sigma", "0.5"],
            "modern" => &["--model", "modern", "--beta", "0.5"],
            _ => &["--model", "hopfield"],
        };
        let (states, _) = recalled(&folder, &patterns, &cues, more);
        let (same, _) = recalled(&folder, &patterns, &cues, &[more, &["--prepare", "packed"]].concat());
        assert_eq!(states.len(), same.len());
        let read = |bytes: &[u8]| -> Vec<f32> {
            bytes[128..].as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
        };
        for (a, b) in read(&states).iter().zip(read(&same)) {
            assert!((a - b).abs() < 1e-4, "{model}: {a} and {b}");
        }
        let stored = folder.name("stored.memory");
        ok(&[&["store", "--patterns", &patterns, "--prepare", "packed", "--out", &stored], &more[..2]]
            .concat());
        let (again, _) = recalled(&folder, &stored, &cues, &more[2..]);
        assert_eq!(same, again, "{model} from a stored memory");
    }
    let stored = folder.name("modern.memory");
    ok(&[
        "store",
        "--patterns",
        &patterns,
        "--prepare",
        "packed",
        "--model",
        "modern",
        "--beta",
        "1",
        "--out",
        &stored,
    ]);
    // 1500 x 13 bytes and a head.
    let size = std::fs::metadata(&stored).expect("a file").len();
    assert!(size < 1500 * 13 + 4000, "{size} bytes");
    // 0 and 1 are mapped to -1 and 1, and back.
    let bits = folder.save("bits.npy", &signs.mapv(|y| (y + 1.0) / 2.0));
    let (_, lines) =
        recalled(&folder, &bits, &bits, &["--prepare", "packed", "--model", "diffusion", "--sigma", "0.2"]);
    let line: serde_json::Value =
        serde_json::from_str(lines.lines().nth(7).expect("a line")).expect("an object");
    assert_eq!((line["memory"].as_u64(), line["distance"].as_f64()), (Some(7), Some(0.0)), "{line}");
}

#[test]
fn what_cannot_be_packed_or_streamed_is_refused() {
    let folder = Folder::new();
    let cues = folder.save("cues.npy", &random_spins::<f32>(2, 8, 2));
    let three = folder.save("three.npy", &Array2::from_shape_fn((3, 8), |(n, j)| (n * j % 3) as f32));
    let two = folder.save("two.npy", &Array2::from_shape_fn((3, 8), |(n, j)| 1.0 + (n * j % 2) as f32));
    let recall = |memory: &str, more: &[&str], words: &[&str]| {
        refused(&[&["recall", "--memory", memory, "--cues", &cues], more].concat(), words);
    };
    recall(&three, &["--prepare", "packed"], &["two values", "found 2 at row 1, unit 2"]);
    recall(&two, &["--prepare", "packed"], &["one value above 0", "1.0, 2.0"]);
    recall(&three, &["--memory-limit", "12Q"], &["256M"]);
    recall(
        &three,
        &["--memory-limit", "8", "--model", "hopfield"],
        &["memory-limit", "modern, random-features, diffusion and local"],
    );
    recall(
        &three,
        &["--memory-limit", "8", "--model", "universal"],
        &["not in memory", "modern, random-features, diffusion and local"],
    );
    let text = folder.name("patterns.csv");
    std::fs::write(&text, "1,2,3,4,5,6,7,8\n8,7,6,5,4,3,2,1\n").expect("a file");
    recall(&text, &["--memory-limit", "8"], &["plain .npy"]);
    // A value that is no number, far down the file.
    let mut bad = random_spins::<f32>(3000, 8, 3);
    bad[[2345, 6]] = f32::NAN;
    let bad = folder.save("bad.npy", &bad);
    recall(&bad, &["--memory-limit", "1K"], &["row 2345, unit 6"]);
    let bytes = std::fs::read(&bad).expect("a file");
    std::fs::write(&bad, &bytes[..bytes.len() - 5]).expect("a file");
    recall(&bad, &["--memory-limit", "1K"], &["truncated"]);
}

/// Writes a file of `count` random patterns of `dim` numbers, a row at a time, and noisy copies of a few.
fn large(folder: &Folder, count: usize, dim: usize) -> (String, String) {
    let path = folder.name("large.npy");
    let mut file = BufWriter::new(std::fs::File::create(&path).expect("a file"));
    let head = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({count}, {dim}), }}");
    let mut start = b"\x93NUMPY\x01\x00v\x00".to_vec();
    start.extend(format!("{head:<117}\n").bytes());
    file.write_all(&start).expect("a head");
    let mut cues = Array2::<f32>::zeros((4, dim));
    let mut noise = Stream::new(2, Purpose::Corruption, 0);
    for n in 0..count {
        let mut stream = Stream::new(1, Purpose::Patterns, n as u64);
        let row: Vec<f32> = (0..dim).map(|_| (stream.uniform() - 0.5) as f32).collect();
        row.iter().for_each(|x| file.write_all(&x.to_le_bytes()).expect("a number"));
        for q in (0..4).filter(|q| q * (count / 4) + 17 == n) {
            cues.row_mut(q).iter_mut().zip(&row).for_each(|(c, y)| *c = y + 0.1 * noise.normal() as f32);
        }
    }
    file.flush().expect("written");
    (path, folder.save("large-cues.npy", &cues))
}

/// Recalls from `count` x 64 numbers of 4 bytes under a limit, and from memory if they fit. Returns the largest
/// resident memory in bytes, if the system tells it.
fn recall_under(limit: &str, count: usize, compare: bool) -> Option<u64> {
    let folder = Folder::new();
    let (memory, cues) = large(&folder, count, 64);
    // So that the file is read from the disk (GNU dd; elsewhere it stays in the page cache).
    let uncached = format!("if={memory}");
    let _ = Command::new("dd").args([&uncached, "iflag=nocache", "count=0"]).stderr(Stdio::null()).status();
    let out = folder.name("streamed.npy");
    let arguments =
        ["recall", "--memory", &memory, "--cues", &cues, "--json", "--threads", "2", "--updates", "2"];
    let model = ["--model", "modern", "--beta", "100", "--norm-bias", "on", "--out"];
    let arguments = [&arguments[..], &model].concat();
    let mut child = Command::new(env!("CARGO_BIN_EXE_attractor"))
        .args([&arguments[..], &[&out, "--memory-limit", limit]].concat())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut resident = None;
    while child.try_wait().expect("a child").is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let most = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        resident = most.map(|kilobytes: u64| kilobytes * 1024).or(resident);
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().expect("output");
    let lines = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success());
    for (q, line) in lines.lines().enumerate() {
        let row: serde_json::Value = serde_json::from_str(line).expect("an object");
        assert_eq!(row["memory"].as_u64(), Some((q * (count / 4) + 17) as u64), "{line}");
    }
    if compare {
        let whole = folder.name("whole.npy");
        let held = ok(&[&arguments[..], &[&whole]].concat());
        assert_eq!(held, lines);
        assert_eq!(std::fs::read(out).expect("states"), std::fs::read(whole).expect("states"));
    }
    resident
}

/// Gives the same bits as from memory, and no more than the limit is resident.
#[test]
fn a_file_is_read_in_place() {
    // 64 MB of patterns.
    if let Some(resident) = recall_under("8M", 250_000, true) {
        println!("{} MB resident", resident >> 20);
        assert!(resident < 32 << 20, "{resident} bytes resident");
    }
}

/// 2 GB under 256 MB: `cargo test --release --package attractor-cli --test large -- --ignored --nocapture`
#[test]
#[ignore = "writes 2 GB"]
fn two_gigabytes_are_read_in_place() {
    if let Some(resident) = recall_under("256M", 8_000_000, false) {
        println!("{} MB resident", resident >> 20);
        assert!(resident < 256 << 20, "{resident} bytes resident");
    }
}
