//! Runs the real binary with models that associate ±1 words with other words.
#![allow(missing_docs)]

mod common;

use common::*;
use ndarray::{Array2, array};

/// Three words at right angles (rows of Sylvester's matrix), so that Hebbian couplings recall them without error.
fn words() -> Array2<f32> {
    Array2::from_shape_fn((3, 8), |(n, j)| if (n & j).count_ones() % 2 == 0 { 1.0 } else { -1.0 })
}

#[test]
fn pairs_are_recalled_stored_and_refused() {
    let folder = Folder::new();
    let answers = array![[1.0_f32, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]];
    let (memory, values) = (folder.save("memory.npy", &words()), folder.save("values.npy", &answers));
    let mut damaged = words();
    damaged[[1, 3]] *= -1.0;
    let cues = folder.save("cues.npy", &damaged);
    let (out, values_out, stored) = (folder.name("out.npy"), folder.name("v.npy"), folder.name("bam.memory"));
    let options = ["--model", "bam", "--values", &values];
    let recall = ["recall", "--memory", &memory, "--cues", &cues, "--out", &out, "--values-out", &values_out];
    let text = ok(&[&recall[..], &options, &["--json"]].concat());
    assert_eq!(load(&out), words().mapv(f64::from));
    assert_eq!(load(&values_out), answers.mapv(f64::from));
    // E = −yᵀWx = −D Dv, for words at right angles.
    assert!(lines(&text).iter().all(|row| row["energy"] == -32.0), "{text}");
    assert_eq!(
        ok(&[&["energy", "--memory", &memory, "--states", &memory][..], &options].concat()).lines().count(),
        3
    );

    ok(&[&["store", "--patterns", &memory, "--out", &stored][..], &options].concat());
    ok(&["recall", "--memory", &stored, "--cues", &cues, "--out", &out, "--values-out", &values_out]);
    assert_eq!(load(&values_out), answers.mapv(f64::from));
    refused(&["recall", "--memory", &memory, "--cues", &cues, "--model", "bam"], &["--values"]);
    let bits = folder.save("bits.npy", &answers.mapv(|v| 0.5 * (v + 1.0)));
    refused(
        &[&recall[..], &["--model", "bam", "--values", &bits]].concat(),
        &["values: expected words of +1 and -1"],
    );
    refused(
        &[&recall[..], &["--model", "hopfield", "--values", &values]].concat(),
        &[
            "hopfield has no use for associated values",
            "bidirectional, sparse-distributed, modern, log-sum-relu, universal, diffusion and mixture",
        ],
    );
}

#[test]
fn sparse_distributed_memory_from_end_to_end() {
    let folder = Folder::new();
    let (memory, values) = (folder.save("memory.npy", &words()), folder.save("values.npy", &words()));
    let mut damaged = words();
    damaged.column_mut(5).mapv_inplace(|x| -x);
    let cues = folder.save("cues.npy", &damaged);
    let (out, values_out, stored) = (folder.name("out.npy"), folder.name("v.npy"), folder.name("sdm.memory"));
    let recall = ["recall", "--memory", &memory, "--cues", &cues, "--out", &out, "--model", "sdm"];
    for options in [
        vec![],
        vec!["--locations", "3000", "--radius", "2"],
        vec!["--radius", "auto", "--activation", "0.1", "--location-seed", "5", "--counters", "4"],
    ] {
        let output = attractor(&[&recall[..], &options, &["--json"]].concat());
        let notes = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && notes.contains("a location is active with probability"),
            "{notes}"
        );
        assert_eq!(load(&out), words().mapv(f64::from), "{options:?}");
        let text = String::from_utf8(output.stdout).expect("text");
        assert!(lines(&text).iter().all(|row| row["energy"].is_null() && row["memory"].is_u64()), "{text}");
    }
    ok(&[
        "store",
        "--patterns",
        &memory,
        "--model",
        "sdm",
        "--values",
        &values,
        "--radius",
        "2",
        "--out",
        &stored,
    ]);
    ok(&["recall", "--memory", &stored, "--cues", &cues, "--out", &out, "--values-out", &values_out]);
    assert_eq!((load(&out), load(&values_out)), (words().mapv(f64::from), words().mapv(f64::from)));
    assert!(ok(&["info", &stored]).contains("sparse-distributed"));
    ok(&["sample", "--memory", &memory, "--model", "sdm", "--count", "50"]);

    refused_late(
        &["energy", "--memory", &memory, "--states", &memory, "--model", "sdm"],
        &["sparse-distributed has no energy"],
    );
    for (option, value, word) in [
        ("--radius", "0", "auto, or a whole number > 0"),
        ("--radius", "9", "from 1 to 8"),
        ("--radius", "near", "auto, or a whole number > 0"),
        ("--locations", "0", "from 1 to"),
        ("--locations", "99999999999", "from 1 to"),
        ("--activation", "1.5", "between 0 and 1"),
        ("--counters", "1", "2 to 32"),
    ] {
        refused(&[&recall[..], &[option, value]].concat(), &[option.trim_start_matches('-'), word]);
    }
    let help = ok(&["recall", "--help"]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        help.contains(
            "models bidirectional, sparse-distributed, modern, log-sum-relu, universal, diffusion and mixture"
        ),
        "{help}"
    );
    assert!(ok(&["models"]).contains("Kanerva (1988"));
}
