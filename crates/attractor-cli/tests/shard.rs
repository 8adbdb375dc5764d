//! `attractor shard` cuts a memory into parts, `info` says what they are, and `store --append` adds patterns to them.
#![allow(missing_docs)]

mod common;

use std::fs;
use std::path::Path;

use attractor_data::{random_noise, random_spins};
use common::*;
use serde_json::json;

fn info(file: &str) -> serde_json::Value {
    lines(&ok(&["info", file, "--json"])).remove(0)
}

#[test]
fn parts_say_which_part_of_which_memory_they_are() {
    let folder = Folder::new();
    // 1.6 million values, in four pieces or more.
    let rows = folder.save("rows.npy", &random_noise::<f32>((20_011, 80), 1));
    let (memory, parts) = (folder.name("all.memory"), folder.name("parts"));
    ok(&["store", "--patterns", &rows, "--model", "modern", "--beta", "2", "--out", &memory, "--quiet"]);
    ok(&["shard", "--memory", &memory, "--parts", "3", "--out", &parts]);
    let whole = info(&parts);
    assert_eq!((&whole["kind"], &whole["parts"]), (&json!("memory in parts"), &json!(3)));
    assert_eq!(
        (&whole["patterns"], &whole["units"], &whole["dtype"]),
        (&json!(20_011), &json!(80), &json!("f32"))
    );
    let each: Vec<u64> = (1..=3)
        .map(|part| {
            let one = info(&format!("{parts}/part-{part}-of-3.memory"));
            assert_eq!((&one["shard"]["memory"], &one["shard"]["part"]), (&whole["memory"], &json!(part)));
            one["patterns"].as_u64().expect("a number")
        })
        .collect();
    assert_eq!(each.iter().sum::<u64>(), 20_011);
    assert_eq!(whole["rows"], json!(each));

    let text = ok(&["info", &parts]);
    assert!(text.contains("memory in parts") && text.contains("--beta 2"), "{text}");
    // A part alone is no memory, and a folder with parts is not cut into.
    refused(
        &["recall", "--memory", &format!("{parts}/part-1-of-3.memory"), "--cues", &rows],
        &["part 1 of 3"],
    );
    refused(&["shard", "--memory", &memory, "--parts", "2", "--out", &parts], &["without parts"]);
    refused(&["shard", "--memory", &memory, "--parts", "900", "--out", &folder.name("more")], &["from 1 to"]);
    refused(&["shard", "--memory", &rows, "--parts", "2"], &["stored by attractor"]);
    assert!(!Path::new(&folder.name("more")).exists());
    fs::remove_file(format!("{parts}/part-2-of-3.memory")).expect("removed");
    refused(&["info", &parts], &["parts without 2"]);
}

#[test]
fn patterns_are_appended_to_parts_as_to_the_whole() {
    let folder = Folder::new();
    let spins = random_spins::<f32>(90_000, 64, 2);
    let rows = |name: &str, from: usize, to: usize| {
        folder.save(name, &spins.slice(ndarray::s![from..to, ..]).to_owned())
    };
    let (some, more) = (rows("some.npy", 0, 70_000), rows("more.npy", 70_000, 90_000));
    let (memory, parts) = (folder.name("all.memory"), folder.name("all.memory.parts"));
    let store = ["store", "--patterns", &some, "--model", "modern", "--beta", "1", "--prepare", "packed"];
    ok(&[&store[..], &["--out", &memory, "--quiet"]].concat());
    ok(&["shard", "--memory", &memory, "--parts", "3"]);
    ok(&["store", "--append", "--patterns", &more, "--out", &memory, "--check-cues", "0", "--quiet"]);
    ok(&["store", "--append", "--patterns", &more, "--out", &parts]);
    let grown = folder.name("grown");
    ok(&["shard", "--memory", &memory, "--parts", "3", "--out", &grown]);
    // The same parts, to the byte.
    for part in 1..=3 {
        let file = |folder: &str| fs::read(format!("{folder}/part-{part}-of-3.memory")).expect("a part");
        assert!(file(&parts) == file(&grown), "part {part}");
    }
    assert_eq!(info(&parts)["patterns"], json!(90_000));

    refused(&["store", "--remove", "3", "--out", &parts], &["in one file"]);
    refused(&["store", "--append", "--patterns", &more, "--out", &parts, "--beta", "3"], &["keeps its own"]);
    let narrow = folder.save("narrow.npy", &random_spins::<f32>(5, 6, 3));
    refused(&["store", "--append", "--patterns", &narrow, "--out", &parts], &["64"]);
    assert_eq!(info(&parts)["patterns"], json!(90_000));
}
