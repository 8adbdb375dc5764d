//! Semantic and episodic memory from end to end: `attractor fit`, and events beside a density.
#![allow(missing_docs)]

mod common;

use std::f64::consts::TAU;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use attractor::energies::shapes::Subspace;
use attractor::noise::{Purpose, Stream};
use attractor_data::{read_density, write_npy};
use common::{Folder, attractor, lines, load, ok, refused};
use ndarray::{Array2, array};

/// Two long clouds in the plane, one of them twice as large.
fn clouds() -> Array2<f64> {
    let mut stream = Stream::new(3, Purpose::Patterns, 0);
    Array2::from_shape_fn((300, 2), |(n, _)| f64::from(u8::from(n >= 200)))
        .outer_iter()
        .flat_map(|row| {
            let (along, across) = (1.5 * stream.normal(), 0.2 * stream.normal());
            match row[0] == 0.0 {
                true => [0.6 * along - 0.8 * across, 0.8 * along + 0.6 * across],
                false => [6.0 + across, 1.0 + along],
            }
        })
        .collect::<ndarray::Array1<f64>>()
        .into_shape_with_order((300, 2))
        .expect("pairs")
}

/// Weights and Gaussians of a file.
fn gaussians(path: &str) -> Vec<(f64, Subspace)> {
    let stored = read_density::<f64>(Path::new(path)).expect("a density");
    let all = stored.mixture.gaussians().expect("Gaussians");
    all.into_iter().map(|(_, weight, gaussian)| (weight, gaussian.clone())).collect()
}

/// N(z; mean, Σ + σ²I), with determinant and inverse of the 2 × 2 matrix written out.
fn normal(gaussian: &Subspace, z: &[f64], sigma: f64) -> f64 {
    let covariance = gaussian.covariance().expect("bounded");
    let (a, b, c) =
        (covariance[[0, 0]] + sigma * sigma, covariance[[0, 1]], covariance[[1, 1]] + sigma * sigma);
    let (x, y) = (z[0] - gaussian.origin()[0], z[1] - gaussian.origin()[1]);
    let determinant = a * c - b * b;
    (-0.5 * (c * x * x - 2.0 * b * x * y + a * y * y) / determinant).exp() / (TAU * determinant.sqrt())
}

fn fitted(folder: &Folder, components: &str, rank: &str) -> (String, String) {
    let rows = folder.save("rows.npy", &clouds());
    let memory = folder.name(&format!("gist-{components}-{rank}.memory"));
    let arguments =
        ["fit", "--patterns", &rows, "--components", components, "--rank", rank, "--out", &memory];
    let report = &lines(&ok(&[&arguments[..], &["--json"]].concat()))[0];
    assert_eq!(report["rows"], 300);
    assert_eq!(report["seed"], 0);
    assert_eq!(report["floor"], 0.001);
    (rows, memory)
}

#[test]
fn a_density_is_a_memory_like_any_other() {
    let folder = Folder::new();
    let (rows, memory) = fitted(&folder, "2", "1");
    let parts = gaussians(&memory);
    assert_eq!(parts.len(), 2);
    // 200 of 300 rows are in the first, and 1.5 ± 4 · 1.5/√400 is its length.
    assert!((parts[0].0 - 2.0 / 3.0).abs() < 0.01 && (parts[0].1.deviations()[0] - 1.5).abs() < 0.3);

    // The density is exact, at any level.
    for sigma in [1e-3, 0.5, 3.0] {
        let text = ok(&[
            "energy",
            "--memory",
            &memory,
            "--states",
            &rows,
            "--sigma",
            &sigma.to_string(),
            "--density",
            "exact",
        ]);
        for (line, z) in text.lines().zip(clouds().outer_iter()) {
            let expected: f64 = parts.iter().map(|(w, g)| w * normal(g, &z.to_vec(), sigma)).sum();
            let found: f64 = line.parse().expect("a number");
            // Far from a Gaussian a difference of squares of 10⁴ loses four digits.
            assert!((found - expected.ln()).abs() < 1e-9 * (1.0 + expected.ln().abs()), "{found}");
        }
    }

    // Samples have the mean and covariance Σ w(Σ + μμᵀ) − mean meanᵀ, to five standard errors.
    let samples = folder.name("samples.npy");
    ok(&["sample", "--memory", &memory, "--count", "20000", "--sampler", "bridge", "--out", &samples]);
    let samples = load(&samples);
    let moment = |f: &dyn Fn(&[f64]) -> f64| {
        let values: Vec<f64> = samples.outer_iter().map(|row| f(&row.to_vec())).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        (mean, 5.0 * (variance / values.len() as f64).sqrt())
    };
    for j in 0..2 {
        let expected: f64 = parts.iter().map(|(w, g)| w * g.origin()[j]).sum();
        let (mean, error) = moment(&|row| row[j]);
        assert!((mean - expected).abs() < error, "{mean} for {expected}");
        for k in 0..2 {
            let second = |(w, g): &(f64, Subspace)| {
                w * (g.covariance().expect("bounded")[[j, k]] + g.origin()[j] * g.origin()[k])
            };
            let expected: f64 = parts.iter().map(second).sum();
            let (mean, error) = moment(&|row| row[j] * row[k]);
            assert!((mean - expected).abs() < error, "{mean} for {expected}");
        }
    }

    let text = ok(&["recall", "--memory", &memory, "--cues", &rows, "--sigma", "0.3", "--json"]);
    let right =
        lines(&text).iter().enumerate().filter(|(n, row)| row["memory"] == u64::from(*n >= 200)).count();
    assert_eq!(right, 300);
    assert!(lines(&text).iter().all(|row| row["event_share"].is_null()));
    ok(&[
        "trace",
        "--memory",
        &memory,
        "--cues",
        &rows,
        "--sigma",
        "0.3",
        "--out",
        &folder.name("steps.csv"),
    ]);
    ok(&["landscape", "--memory", &memory, "--size", "15", "--out", &folder.name("landscape.svg")]);
    let about = ok(&["info", &memory]);
    assert!(about.contains("gaussians 2, rank 1, events 0"), "{about}");
    assert!(about.contains("fitted 2 Gaussians of rank 1 to 300 rows"), "{about}");
}

/// Along the probability flow of one Gaussian each coordinate shrinks by τ/√(τ² + σ²), so a recall ends in the density:
/// near the principal axis, at the place that fits the cue.
#[test]
fn a_recall_ends_on_the_manifold() {
    /// The error of the integrator, in spreads, and the noise that is left at the last level.
    const FLOW: f64 = 1e-4;
    let folder = Folder::new();
    let rows = folder.save("rows.npy", &clouds().slice(ndarray::s![..200, ..]).to_owned());
    let memory = folder.name("pca.memory");
    ok(&["fit", "--patterns", &rows, "--components", "1", "--rank", "1", "--out", &memory]);
    let (_, pca) = gaussians(&memory).remove(0);
    let sigma: f64 = 0.8;
    let cues = array![[1.0, 2.0], [-1.5, 0.2], [0.3, -2.0], [2.0, -1.0]];
    let (given, out) = (folder.save("cues.npy", &cues), folder.name("recalled.npy"));
    let flow = ["--sampler", "dormand-prince", "--accuracy", "1e-9", "--sigma", "0.8"];
    ok(&[&["recall", "--memory", &memory, "--cues", &given, "--out", &out][..], &flow].concat());
    let axis = pca.directions().row(0).to_owned();
    for (cue, state) in cues.outer_iter().zip(load(&out).outer_iter()) {
        let away = &cue - &ndarray::ArrayView1::from(pca.origin());
        let along = away.dot(&axis);
        let across = &away - &(&axis * along);
        let shrink = |tau: f64| tau / tau.hypot(sigma);
        let expected = &ndarray::ArrayView1::from(pca.origin())
            + &(&axis * (along * shrink(pca.deviations()[0])))
            + across * shrink(pca.thickness());
        let error = (&state - &expected).mapv(f64::abs);
        assert!(error.iter().all(|e| *e < FLOW), "{state} for {expected}");
    }
}

#[test]
fn events_stand_beside_the_density() {
    let folder = Folder::new();
    let (_, gist) = fitted(&folder, "2", "2");
    let events = array![[3.0, 3.0], [3.0, -2.0], [0.5, 0.5]];
    let stored = folder.save("events.npy", &events);
    let labels = folder.name("labels.txt");
    std::fs::write(&labels, "a\nb\nc\n").expect("written");
    let both = folder.name("both.memory");
    let store = ["store", "--semantic", &gist, "--patterns", &stored, "--labels", &labels, "--out", &both];
    ok(&[&store[..], &["--weight", "0.3"]].concat());
    let parts = gaussians(&gist);
    let cues = array![[3.0, 3.0], [2.8, -1.7], [0.6, 0.4], [6.0, 1.0], [0.0, 0.0]];
    let given = folder.save("cues.npy", &cues);
    for sigma in [0.1, 0.5, 2.0] {
        let level = sigma.to_string();
        let text = ok(&["recall", "--memory", &both, "--cues", &given, "--sigma", &level, "--json"]);
        for (row, z) in lines(&text).iter().zip(cues.outer_iter()) {
            let z = z.to_vec();
            // p = .3/3 Σ N(z; y, σ²I) + .7 Σ w N(z; μ, Σ + σ²I)
            let point = |y: ndarray::ArrayView1<f64>| {
                let square = (z[0] - y[0]).powi(2) + (z[1] - y[1]).powi(2);
                (-square / (2.0 * sigma * sigma)).exp() / (TAU * sigma * sigma)
            };
            let event = 0.1 * events.outer_iter().map(point).sum::<f64>();
            let density = 0.7 * parts.iter().map(|(w, g)| w * normal(g, &z, sigma)).sum::<f64>();
            let expected = event / (event + density);
            let found = row["event_share"].as_f64().expect("a share");
            assert!((found - expected).abs() < 1e-10, "σ = {sigma} at {z:?}: {found} for {expected}");
        }
    }
    // An event is recalled as itself, by its number and its name; elsewhere the gist is.
    let text = ok(&["recall", "--memory", &both, "--cues", &given, "--sigma", "0.1", "--json"]);
    let rows = lines(&text);
    assert_eq!((&rows[0]["memory"], &rows[0]["label"]), (&0.into(), &"a".into()));
    assert_eq!(rows[3]["memory"].as_u64().map(|n| n >= 3), Some(true));
    let shown = ok(&["recall", "--memory", &both, "--cues", &given, "--sigma", "0.1"]);
    assert!(shown.contains("% event, ") && shown.contains("% gist"), "{shown}");
    let about = ok(&["info", &both]);
    assert!(about.contains("gaussians 2, rank 2, events 3, event_weight 0.3"), "{about}");
    // Known units go through stretched Gaussians.
    let mask = folder.save("mask.npy", &array![[1.0, 0.0]]);
    let text = ok(&["recall", "--memory", &both, "--cues", &given, "--clamp", &mask, "--json"]);
    assert!(lines(&text).iter().all(|row| row["event_share"].is_f64()), "{text}");
    let more = ["sample", "--memory", &both, "--count", "50", "--json"];
    assert_eq!(lines(&ok(&more))[0]["weights"].as_array().map(Vec::len), Some(5));
}

#[test]
fn pictures_have_a_gist() {
    let folder = Folder::new();
    let digits = attractor_data::digits().images.slice(ndarray::s![..400, ..]).mapv(|x| x as f32);
    let rows = folder.save("digits.npy", &digits);
    let memory = folder.name("digits.memory");
    let text = ok(&[
        "fit",
        "--patterns",
        &rows,
        "--rank",
        "4",
        "--max-components",
        "4",
        "--restarts",
        "1",
        "--out",
        &memory,
    ]);
    assert!(
        text.contains("held out") && text.contains("components by the log-likelihood of held-out rows"),
        "{text}"
    );
    let out = folder.name("imagined.npy");
    ok(&["sample", "--memory", &memory, "--count", "20", "--out", &out]);
    assert_eq!(load(&out).dim(), (20, 64));
}

#[test]
fn what_cannot_be_fitted_or_stored_is_refused() {
    let folder = Folder::new();
    let (rows, gist) = fitted(&folder, "2", "2");
    let out = folder.name("out.memory");
    let fit = ["fit", "--patterns", &rows, "--out", &out];
    refused(&[&fit[..], &["--components", "301"]].concat(), &["components: expected at most 300"]);
    refused(
        &[&fit[..], &["--components", "0"]].concat(),
        &["components: expected auto, or a whole number > 0"],
    );
    refused(&[&fit[..], &["--rank", "3"]].concat(), &["rank: expected at most the 2 units"]);
    refused(&[&fit[..], &["--floor", "2"]].concat(), &["floor: expected a number from 0 to 1"]);
    refused(&[&fit[..], &["--criterion", "aic"]].concat(), &["criterion", "held-out, bic"]);
    refused(&["fit", "--patterns", &rows, "--out", &rows], &["out: expected a place of its own"]);
    let equal = folder.save("equal.npy", &Array2::<f64>::ones((5, 3)));
    refused(&["fit", "--patterns", &equal, "--out", &out], &["rows that differ from each other"]);
    assert!(!Path::new(&out).exists());

    let events = folder.save("events.npy", &array![[1.0, 2.0]]);
    let store = |more: &[&'static str], semantic: &str| {
        let fixed = ["store", "--semantic", semantic, "--patterns", &events, "--out", &out];
        [&fixed[..], more].concat().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let no = |arguments: Vec<String>, words: &[&str]| {
        refused(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), words);
    };
    no(store(&["--weight", "1"], &gist), &["weight: expected a prior probability of all events"]);
    no(store(&["--prepare", "normalize"], &gist), &["prepare: expected none beside a density"]);
    no(store(&["--model", "modern"], &gist), &["model: expected mixture"]);
    no(store(&[], &rows), &["made by `attractor fit`"]);
    let points = folder.name("points.memory");
    ok(&["store", "--patterns", &rows, "--out", &points]);
    no(store(&[], &points), &["found a memory of the model diffusion", "attractor fit --patterns"]);
    let wide = folder.save("wide.npy", &array![[1.0, 2.0, 3.0]]);
    refused(
        &["store", "--semantic", &gist, "--patterns", &wide, "--out", &out],
        &["events: expected 2 units"],
    );
    let both = folder.name("both.memory");
    ok(&["store", "--semantic", &gist, "--patterns", &events, "--out", &both]);
    no(store(&[], &both), &["without events, found one with 1 events"]);
    refused(&["store", "--patterns", &events, "--append", "--out", &both], &["found the density in"]);
    refused(&["train", "--resume", &both], &["expected"]);
    // A damaged file is said to be one.
    let bytes = std::fs::read(&gist).expect("a file");
    std::fs::write(&out, &bytes[..bytes.len() - 9]).expect("written");
    refused(&["recall", "--memory", &out, "--cues", &rows], &["damaged or truncated"]);
}

/// Ctrl-C ends a fit with the best that was found, in a file that works.
#[test]
#[cfg(unix)]
fn an_interrupted_fit_keeps_what_is_there() {
    let folder = Folder::new();
    let mut stream = Stream::new(5, Purpose::Patterns, 0);
    let noise = Array2::from_shape_simple_fn((3000, 40), || stream.normal());
    write_npy(&folder.path("noise.npy"), noise.view()).expect("written");
    let (rows, memory) = (folder.name("noise.npy"), folder.name("gist.memory"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_attractor"))
        .args(["fit", "--patterns", &rows, "--components", "20", "--restarts", "1000", "--tolerance", "0"])
        .args(["--max-iterations", "100000", "--out", &memory])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    std::thread::sleep(Duration::from_millis(2000));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill").success());
    assert_eq!(child.wait().expect("an end").code(), Some(130));
    let output = attractor(&["info", &memory]);
    let about = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(about.contains("gaussians 20") && about.contains("stopped early"), "{about}");
}
