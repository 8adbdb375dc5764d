//! Extended memories, traces, imagination, repeated recall, densities and landscapes, as a user runs them.
#![allow(missing_docs)]

mod common;

use std::path::Path;

use attractor_data::{ReadOptions, read};
use common::*;
use ndarray::array;

const SHAPES: &str = r#"
[[memory]]
kind = "points"
at = [[2.0, 0.0], [-2.0, 0.5]]
labels = ["east", "west"]
[[memory]]
kind = "circle"
label = "ring"
centre = [0.0, 3.0]
radius = 0.5
weight = 2.0
"#;

fn shapes(folder: &Folder) -> String {
    std::fs::write(folder.path("shapes.toml"), SHAPES).expect("written");
    folder.name("shapes.toml")
}

#[test]
fn a_description_is_a_memory() {
    let folder = Folder::new();
    let (memory, cues) = (shapes(&folder), folder.save("cues.npy", &array![[1.6, 0.2], [0.3, 3.7]]));
    let rows = lines(&ok(&["recall", "--memory", &memory, "--cues", &cues, "--sigma", "0.4", "--json"]));
    assert_eq!((rows[0]["label"].as_str(), rows[1]["label"].as_str()), (Some("east"), Some("ring")));
    let state: Vec<f64> =
        rows[1]["state"].as_array().expect("a state").iter().map(|x| x.as_f64().expect("a number")).collect();
    // On the ring, in the direction of the cue: inside of it by σ²/2R at the last level, 0.002 spreads of about 2.
    assert!((state[0].hypot(state[1] - 3.0) - 0.5).abs() < 2e-5, "{state:?}");
    assert!((state[0] / (state[1] - 3.0) - 0.3 / 0.7).abs() < 1e-6, "{state:?}");
    refused(&["recall", "--memory", &memory, "--cues", &cues, "--model", "modern"], &["mixture", "modern"]);
    refused(
        &["recall", "--memory", &memory, "--cues", &cues, "--weights", &cues],
        &["--weights", "description"],
    );
    std::fs::write(folder.path("bad.toml"), SHAPES.replace("radius = 0.5", "radius = -1.0"))
        .expect("written");
    refused(&["recall", "--memory", &folder.name("bad.toml"), "--cues", &cues], &["memory[1].radius", "-1"]);
}

/// ln p_σ of points in closed form, against the definition, and by the flow.
#[test]
fn densities_are_those_of_the_definition() {
    let folder = Folder::new();
    let memory = folder.save("memory.npy", &array![[1.0, 0.0, 2.0], [-1.0, 0.5, 1.0]]);
    let states = folder.save("states.npy", &array![[0.5, 0.2, 1.0], [-3.0, 1.0, 1.0]]);
    let sigma: f64 = 0.7;
    let exact = |z: [f64; 3]| {
        let normal = |y: [f64; 3]| {
            let square: f64 = z.iter().zip(y).map(|(z, y)| (z - y).powi(2)).sum();
            (-square / (2.0 * sigma * sigma)).exp() / (2.0 * std::f64::consts::PI * sigma * sigma).powf(1.5)
        };
        (0.5 * (normal([1.0, 0.0, 2.0]) + normal([-1.0, 0.5, 1.0]))).ln()
    };
    for prepare in ["none", "normalize"] {
        for density in ["exact", "flow"] {
            let text = ok(&[
                "energy",
                "--memory",
                &memory,
                "--states",
                &states,
                "--sigma",
                "0.7",
                "--density",
                density,
                "--prepare",
                prepare,
            ]);
            let found: Vec<f64> = text.lines().map(|l| l.parse().expect("a number")).collect();
            for (found, z) in found.iter().zip([[0.5, 0.2, 1.0], [-3.0, 1.0, 1.0]]) {
                assert!((found - exact(z)).abs() < 1e-6, "{density}, {prepare}: {found} for {}", exact(z));
            }
        }
    }
    let ask = |sigma: &str, word: &str| {
        refused(
            &["energy", "--memory", &memory, "--states", &states, "--density", "exact", "--sigma", sigma],
            &[word],
        );
    };
    ask("0", "1e-12");
    ask("-1", "a number from 0");
    refused(&["energy", "--memory", &memory, "--states", &states, "--density", "exact"], &["--sigma"]);
    refused(
        &[
            "energy",
            "--memory",
            &memory,
            "--states",
            &states,
            "--density",
            "flow",
            "--sigma",
            "1",
            "--model",
            "modern",
        ],
        &["diffusion"],
    );
}

#[test]
fn repeated_recalls_stand_beside_the_posterior() {
    let folder = Folder::new();
    let (memory, cues) = (shapes(&folder), folder.save("cues.npy", &array![[0.3, 1.0], [0.0, 0.4]]));
    let arguments = [
        "recall",
        "--memory",
        &memory,
        "--cues",
        &cues,
        "--sigma",
        "1.5",
        "--sampler",
        "bridge",
        "--repeat",
        "3000",
    ];
    let rows = lines(&ok(&[&arguments[..], &["--json"]].concat()));
    for row in &rows {
        let counts: Vec<u64> =
            row["counts"].as_array().expect("counts").iter().map(|c| c.as_u64().expect("a count")).collect();
        assert_eq!((counts.len(), counts.iter().sum::<u64>()), (3, 3000));
        let posterior: f64 =
            row["posterior"].as_array().expect("weights").iter().map(|w| w.as_f64().expect("a weight")).sum();
        assert!((posterior - 1.0).abs() < 1e-9);
        // A correct sampler fails this with probability 10⁻⁴.
        assert!(row["p"].as_f64().expect("a probability") > 1e-4, "{row}");
    }
    // The second cue alone, with its row id, gives the same counts.
    let alone = folder.save("alone.npy", &array![[0.0, 0.4]]);
    let again = [
        "recall",
        "--memory",
        &memory,
        "--cues",
        &alone,
        "--sigma",
        "1.5",
        "--sampler",
        "bridge",
        "--repeat",
        "3000",
        "--first-row",
        "1",
        "--json",
        "--threads",
        "1",
    ];
    assert_eq!(lines(&ok(&again))[0]["counts"], rows[1]["counts"]);
    assert!(ok(&arguments).contains("chi-square"));
    let wide = folder.save("wide.npy", &array![[0.3, 1.0, 2.0]]);
    refused(
        &["recall", "--memory", &memory, "--cues", &wide, "--sigma", "1", "--repeat", "3"],
        &["2 units", "3"],
    );
    refused(&["recall", "--memory", &memory, "--cues", &cues, "--sigma", "1", "--repeat", "0"], &["repeat"]);
    refused(
        &["recall", "--memory", &memory, "--cues", &cues, "--repeat", "3", "--model", "modern"],
        &["mixture"],
    );
}

/// −σ² ln ½Σ exp(−‖z − y‖²/2σ²) of the states in the file, in every step; the same numbers in both formats.
#[test]
fn traces_say_what_their_states_say() {
    let folder = Folder::new();
    let memory = folder.save("memory.npy", &array![[1.0, 0.0], [-1.0, 0.0]]);
    let cues = folder.save("cues.npy", &array![[0.02, 0.3], [0.9, 0.1]]);
    let (table, arrays, picture) = (folder.name("s.csv"), folder.name("s.npz"), folder.name("s.svg"));
    let base = ["trace", "--memory", &memory, "--cues", &cues, "--sigma", "2", "--steps", "30"];
    let text = ok(&[&base[..], &["--out", &table, "--picture", &picture]].concat());
    // Half-way between ±y, ‖y‖ = 1, the landscape parts at σ = 1.
    assert!(text.contains("speciates") && text.lines().count() == 3, "{text}");
    ok(&[&base[..], &["--out", &arrays]].concat());
    let text = std::fs::read_to_string(&table).expect("a table");
    let number = |cell: &str| if cell.is_empty() { f64::NAN } else { cell.parse().expect("a number") };
    let rows: Vec<Vec<f64>> = text.lines().skip(1).map(|l| l.split(',').map(number).collect()).collect();
    let rows = ndarray::Array2::from_shape_fn((rows.len(), 18), |(i, j)| rows[i][j]);
    assert_eq!(rows.nrows(), 2 * 31);
    for (name, column) in [("sigma", 2), ("time", 3), ("scale", 4), ("energy", 5)] {
        let found = read(Path::new(&format!("{arrays}:{name}")), &ReadOptions::default()).expect("an array");
        let found = found.to_floats::<f64>(0..1);
        assert!(found.iter().zip(rows.column(column)).all(|(a, b)| a == b), "{name}");
    }
    for row in rows.outer_iter() {
        let (sigma, energy, z) = (row[2], row[5], [row[16], row[17]]);
        if sigma == 0.0 {
            continue;
        }
        let term = |y: f64| (-((z[0] - y).powi(2) + z[1] * z[1]) / (2.0 * sigma * sigma)).exp();
        let exact = -sigma * sigma * (0.5 * (term(1.0) + term(-1.0))).ln();
        // Small levels underflow in this formula, but not in the program.
        assert!(!exact.is_finite() || (energy - exact).abs() < 1e-9, "{energy} for {exact}");
    }
    assert!(std::fs::read_to_string(&picture).expect("a picture").starts_with("<svg"));
    let json = lines(&ok(&[&base[..], &["--json"]].concat()));
    let first = &json[0];
    let step = first["speciates"].as_u64().expect("a step") as usize;
    let sigma = |k: usize| first["sigma"][k].as_f64().expect("a level");
    assert!(sigma(step) < 1.0 && sigma(step - 1) > 0.9, "{} to {}", sigma(step - 1), sigma(step));
    refused(&[&base[..], &["--out", &folder.name("s.txt")]].concat(), &[".csv", ".npz"]);
    refused(&[&base[..], &["--picture", &folder.name("s.jpg")]].concat(), &[".svg", ".png"]);
}

#[test]
fn imagination_lands_on_what_is_stored() {
    let folder = Folder::new();
    let memory = shapes(&folder);
    let out = folder.name("out.npy");
    let line = &lines(&ok(&["sample", "--memory", &memory, "--count", "400", "--json", "--out", &out]))[0];
    assert_eq!(line["count"], 400);
    assert!(line["landed"].as_u64().expect("a count") > 390, "{line}");
    let states = load(&out);
    assert_eq!(states.dim(), (400, 2));
    let near = |z: ndarray::ArrayView1<f64>| {
        let to = |x: f64, y: f64| (z[0] - x).hypot(z[1] - y);
        to(2.0, 0.0).min(to(-2.0, 0.5)).min((to(0.0, 3.0) - 0.5).abs()) < 0.1
    };
    assert!(states.outer_iter().filter(|z| near(*z)).count() > 390);
    // The same seed gives the same states with any number of threads.
    let again = folder.name("again.npy");
    ok(&["sample", "--memory", &memory, "--count", "400", "--out", &again, "--threads", "1"]);
    assert_eq!(std::fs::read(&out).expect("a file"), std::fs::read(&again).expect("a file"));
    refused(&["sample", "--memory", &memory, "--count", "0"], &["count"]);
}

#[test]
fn landscapes_are_drawn_and_tabled() {
    let folder = Folder::new();
    let memory = shapes(&folder);
    let (picture, table) = (folder.name("l.svg"), folder.name("l.csv"));
    ok(&["landscape", "--memory", &memory, "--sigma", "1,0.3", "--size", "21", "--out", &picture]);
    let svg = std::fs::read_to_string(&picture).expect("a picture");
    assert!(svg.contains("σ = 1") && svg.contains("σ = 0.3"));
    ok(&["landscape", "--memory", &memory, "--sigma", "0.5", "--size", "21", "--out", &table]);
    // Every point has the energy that `energy` gives.
    let rows = load(&table);
    let states = folder.save("states.npy", &rows.slice(ndarray::s![.., 1..3]).to_owned());
    let energies = ok(&["energy", "--memory", &memory, "--states", &states, "--sigma", "0.5"]);
    for (energy, row) in energies.lines().zip(rows.outer_iter()) {
        assert!((energy.parse::<f64>().expect("a number") - row[3]).abs() < 1e-9);
    }
    // With many units the plane goes through three states or is the principal plane. This also works for unbounded
    // memories.
    let wide = folder.save("wide.npy", &array![[1.0, 0.0, 2.0], [-1.0, 0.5, 1.0]]);
    let three = folder.save("three.npy", &array![[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);
    let png = folder.name("l.png");
    ok(&["landscape", "--memory", &wide, "--size", "9", "--out", &png]);
    ok(&["landscape", "--memory", &wide, "--size", "9", "--through", &three, "--out", &png]);
    ok(&["landscape", "--memory", &wide, "--size", "9", "--model", "modern", "--out", &png]);
    std::fs::write(
        folder.path("flat.toml"),
        "[[memory]]\nkind = \"flat\"\norigin = [0.0, 1.0]\ndirections = [[1.0, 0.0]]\n",
    )
    .expect("written");
    ok(&["landscape", "--memory", &folder.name("flat.toml"), "--size", "9", "--out", &png]);
    let refuse = |arguments: &[&str], words: &[&str]| {
        refused(&[&["landscape", "--memory", &wide, "--out", &png], arguments].concat(), words);
    };
    refuse(&["--through", &wide], &["three states"]);
    refuse(&["--sigma", "-1"], &["sigma"]);
    refuse(&["--size", "1"], &["size"]);
    refuse(&["--model", "modern", "--sigma", "1"], &["--sigma"]);
    refused(&["landscape", "--memory", &wide, "--out", &wide], &["out"]);
}

#[test]
fn options_of_samplers_and_processes_are_checked() {
    let (memory, cues) = (fixture("memory.npy"), fixture("cues.npy"));
    let refuse = |arguments: &[&str], words: &[&str]| {
        refused(&[&["recall", "--memory", &memory, "--cues", &cues], arguments].concat(), words);
    };
    refuse(&["--process", "vpx"], &["sub-vp", "flow"]);
    refuse(&["--process", "flow", "--gamma", "2"], &["gamma", "flow"]);
    refuse(&["--process", "sub-vp", "--rate-min", "30"], &["rate-min", "20"]);
    refuse(&["--sampler", "nuts"], &["dormand-prince", "bridge"]);
    refuse(&["--sampler", "heun", "--accuracy", "1e-3"], &["accuracy", "dormand-prince"]);
    refuse(&["--sampler", "euler", "--rho", "3"], &["rho", "spacing", "times"]);
    refuse(&["--last", "2"], &["last", "1e-12"]);
    for sampler in ["dormand-prince", "ancestral", "predictor-corrector", "langevin", "bridge"] {
        for process in ["ve", "vp-linear", "sub-vp", "edm", "flow"] {
            let text = ok(&[
                "recall",
                "--memory",
                &memory,
                "--cues",
                &cues,
                "--sampler",
                sampler,
                "--process",
                process,
                "--json",
                "--quiet",
            ]);
            assert_eq!(text.lines().count(), 20, "{sampler}, {process}");
        }
    }
}
