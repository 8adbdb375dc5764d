//! Similarity → separation → projection: against published numbers, the dedicated models, and plain loops.
#![allow(missing_docs)]

mod zoo;

use std::cell::RefCell;
use std::collections::BTreeSet;

use attractor::kernels::{Form, attend_values};
use attractor::memories::{Beta, Ending, Hopfield, HopfieldOptions, Modern, Output, Preset, Spec, Universal};
use attractor::separations::{SEPARATIONS, Separation, Separator, grammars, separating_beta};
use attractor::similarities::{Convention, Data, Keys, Range, SIMILARITIES, Similarity};
use attractor::{Memory, Outcome, Patterns, Recall, Request};
use ndarray::{Array2, ArrayView2, Axis, array};
use zoo::{assert_close, normals, spins};

/// The example of the golden values: functions of the published code in float32.
fn example() -> (Array2<f64>, Array2<f64>) {
    (
        array![[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0.25, 0.25, 0.25, 0.25]],
        array![[0.1, 0.2, 0.25, 0.4]],
    )
}

fn scores(similarity: Similarity, convention: Convention) -> Vec<f64> {
    let (keys, query) = example();
    Keys::new(similarity, keys, convention).unwrap().scores(query.view()).unwrap().row(0).to_vec()
}

/// Half a unit of the last printed digit, and for reciprocals of small divergences what float32 leaves of them:
/// four terms of about 0.4, a unit roundoff of 6e-8 each, over a divergence of 0.0034.
fn near(found: &[f64], expected: &[f64], float32: f64) {
    for (found, expected) in found.iter().zip(expected) {
        let digits = format!("{expected}").split('.').nth(1).map_or(0, str::len) as i32;
        let printed = 0.5 * 10.0_f64.powi(-digits);
        assert!(
            (found - expected).abs() <= printed * (1.0 + 1e-9) + float32 * expected.abs(),
            "{found} is not {expected}"
        );
    }
}

#[test]
fn golden_scores_of_the_published_code() {
    use Convention::Uhn2022;
    let float32 = 4.0 * 0.4 * 6e-8 / 0.0034;
    near(&scores(Similarity::Dot, Uhn2022), &[0.285, 0.190, 0.2375], 1e-7);
    // Its raw score is divided by the sum over memories once more.
    let shares = scores(Similarity::L1Dot, Uhn2022);
    let sum: f64 = shares.iter().sum();
    near(&shares.iter().map(|s| s / sum).collect::<Vec<_>>(), &[0.4, 0.266667, 0.333333], 1e-6);
    near(&scores(Similarity::Manhattan, Uhn2022), &[20.0, 1.33333, 2.85714], 1e-6);
    near(&scores(Similarity::Euclidean, Uhn2022), &[400.0, 5.19481, 21.05263], 1e-6);
    near(&scores(Similarity::KullbackLeibler, Uhn2022), &[293.749, 2.26560, 8.62412], float32);
    near(&scores(Similarity::ReverseKullbackLeibler, Uhn2022), &[302.084, 2.16365, 9.45534], float32);
    near(&scores(Similarity::JensenShannon, Uhn2022), &[0.00336, 0.45154, 0.11062], float32);
}

/// In float32, summed in the same order, the digits of the published arithmetic come out whole.
#[test]
fn golden_divergences_in_float32() {
    let (keys, query) = example();
    for (similarity, expected) in [
        (Similarity::KullbackLeibler, [293.749, 2.26560, 8.62412]),
        (Similarity::ReverseKullbackLeibler, [302.084, 2.16365, 9.45534]),
        (Similarity::JensenShannon, [0.00336, 0.45154, 0.11062]),
    ] {
        let keys = Keys::new(similarity, keys.mapv(|x| x as f32), Convention::Uhn2022).unwrap();
        let scores = keys.scores(query.mapv(|x| x as f32).view()).unwrap();
        near(&scores.row(0).to_vec(), &expected, 0.0);
    }
}

#[test]
fn golden_scores_by_definition() {
    use Convention::Corrected;
    near(&scores(Similarity::Cosine, Corrected), &[0.996784, 0.664523, 0.909935], 0.0);
    // The third pattern is constant.
    near(&scores(Similarity::Pearson, Corrected), &[0.981156, -0.981156, 0.0], 0.0);
    // ε = 1e-4 on units of about ¼ moves a divergence by that share of it, about twice.
    let smoothing = 4.0 * 1e-4 / 0.1;
    near(
        &scores(Similarity::KullbackLeibler, Corrected),
        &[-0.00340317, -0.44160583, -0.11606437],
        smoothing,
    );
    near(
        &scores(Similarity::ReverseKullbackLeibler, Corrected),
        &[-0.00331394, -0.46243138, -0.10576031],
        smoothing,
    );
    near(&scores(Similarity::JensenShannon, Corrected), &[-0.00083918, -0.10511686, -0.02713218], smoothing);
    near(
        &scores(Similarity::InverseManhattan, Corrected),
        &[1.0 / 0.0501, 1.0 / 0.7501, 1.0 / 0.3501],
        1e-12,
    );
}

/// The divergences without ε, which no similarity here is: patterns and cue scaled until ε is nothing.
#[test]
fn divergences_tend_to_their_exact_values() {
    let (keys, query) = example();
    for (similarity, expected) in [
        (Similarity::KullbackLeibler, [-0.00340317, -0.44160583, -0.11606437]),
        (Similarity::ReverseKullbackLeibler, [-0.00331394, -0.46243138, -0.10576031]),
        (Similarity::JensenShannon, [-0.00083918, -0.10511686, -0.02713218]),
    ] {
        let keys = Keys::new(similarity, &keys * 1e6, Convention::Corrected).unwrap();
        near(&keys.scores((&query * 1e6).view()).unwrap().row(0).to_vec(), &expected, 1e-8);
    }
}

#[test]
fn golden_separations_of_the_published_code() {
    let (keys, query) = example();
    let keys = Keys::new(Similarity::Manhattan, keys, Convention::Uhn2022).unwrap();
    let weights = |text: &str| {
        let separator = Separator::new(text.parse().unwrap(), &keys).unwrap();
        let mut weights = keys.scores(query.view()).unwrap().row(0).to_vec();
        separator.weights(&mut weights).unwrap();
        weights
    };
    near(&weights("identity"), &[0.826772, 0.055118, 0.118110], 1e-6);
    near(&weights("sqrt"), &[0.611186, 0.157808, 0.231007], 1e-6);
    near(&weights("poly:2"), &[0.975750, 0.004337, 0.019913], 1e-6);
    near(&weights("poly:3"), &[0.996799, 0.000295, 0.002906], 1e-6);
    near(&weights("poly:4"), &[0.999564, 0.000020, 0.000416], 1e-6);
    near(&weights("softmax:10"), &[0.998720, 0.000445, 0.000835], 1e-6);
    near(&weights("log"), &[0.036410, 0.554732, 0.408858], 1e-6);
    assert_eq!(weights("max"), [1.0, 0.0, 0.0]);

    let memory = Spec::new("universal")
        .with("similarity", "manhattan")
        .with("separation", "identity")
        .with("compat", "uhn2022");
    let memory = memory.build(Patterns::new(example().0).unwrap()).unwrap();
    let read = memory.recall(&Request::new(query.view())).unwrap().states;
    near(&read.row(0).to_vec(), &[0.134252, 0.211417, 0.288583, 0.365748], 1e-6);
}

/// Published arithmetic where it breaks: 1/0 is a match, and what is no number makes argmax say 0.
#[test]
fn published_arithmetic_at_its_edges() {
    let keys = array![[0.0_f64, 0.0, 0.0], [1.0, 0.0, 0.5], [0.2, 0.4, 0.1], [0.9, 0.1, 0.5]];
    let read = |similarity: &str, separation: &str, cue: Array2<f64>| {
        let spec = Spec::new("universal")
            .with("similarity", similarity)
            .with("separation", separation)
            .with("compat", "uhn2022");
        let memory = spec.build(Patterns::new(keys.clone()).unwrap()).unwrap();
        memory.recall(&Request::new(cue.view())).map(|r| r.states)
    };
    let exact = array![[0.2, 0.4, 0.1]];
    for separation in ["identity", "poly:2", "softmax:10", "max", "log"] {
        assert_eq!(read("manhattan", separation, exact.clone()).unwrap(), exact, "{separation}");
    }
    // The first pattern sums to 0: all shares of scores are NaN, of which the published code takes the first.
    let cue = array![[0.9, 0.1, 0.4]];
    assert_eq!(read("l1-dot", "max", cue.clone()).unwrap(), array![[0.0, 0.0, 0.0]]);
    // With other separations there is no answer, and the state stays.
    assert_eq!(read("l1-dot", "identity", cue.clone()).unwrap(), cue);
}

/// One cue without weights leaves the rest of its batch as it is alone, in every way to be without weights.
#[test]
fn a_cue_without_weights_is_an_outcome() {
    let keys = array![[1.0_f64, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 1.0]];
    let words = array![[1.0_f64, 2.0], [3.0, 4.0], [5.0, 6.0]];
    let memory = |options: &[(&str, &str)]| {
        universal(&Patterns::new(keys.clone()).unwrap().with_associated(words.clone()).unwrap(), options)
    };
    let good = array![[1.0, 0.1, 0.9, 0.2], [0.1, 0.9, 0.8, 0.1], [0.9, 0.9, 0.1, 0.9]];
    // ln 0 for a cue that shares nothing with the first key; nothing within the radius; no product above 0.
    type Case<'a> = (&'a [(&'a str, &'a str)], [f64; 4], &'a str);
    let cases: [Case; 5] = [
        (
            &[("similarity", "l1-dot"), ("separation", "log"), ("compat", "uhn2022")],
            [0.0, 0.5, 0.0, 0.5],
            "finite",
        ),
        (&[("separation", "threshold:1.5")], [9.0, 9.0, 9.0, 9.0], "weight above 0"),
        (&[("separation", "threshold:1.5"), ("output", "sign")], [9.0, 9.0, 9.0, 9.0], "weight above 0"),
        (&[("similarity", "dot"), ("separation", "relu:2")], [-1.0, -1.0, -1.0, -1.0], "weight above 0"),
        (
            &[("similarity", "inverse-manhattan"), ("separation", "threshold:1.5"), ("dynamics", "descent")],
            [9.0, 9.0, 9.0, 9.0],
            "weight above 0",
        ),
    ];
    for (options, bad, words) in cases {
        let memory = memory(options);
        let mut cues = good.clone();
        cues.row_mut(1).assign(&ndarray::ArrayView1::from(&bad));
        let request = Request { updates: Some(3), ..Request::new(cues.view()) };
        let recall = memory.recall(&request).unwrap_or_else(|e| panic!("{options:?}: {e}"));
        let row = &recall.rows[1];
        assert!(matches!(row.outcome, Outcome::Undefined { step: 1, .. }), "{options:?}: {row:?}");
        assert!(row.reason().unwrap().contains(words), "{options:?}: {row:?}");
        assert_eq!((row.memory, row.energy, row.posterior.is_none()), (None, None, true), "{options:?}");
        assert!(!row.has_answer() && row.ending() == Ending::Undefined);
        assert_eq!(recall.states.row(1), cues.row(1), "{options:?}");
        assert_eq!(recall.values.as_ref().unwrap().row(1).to_vec(), [0.0, 0.0], "{options:?}");
        for row in [0, 2] {
            let alone = Request { cues: cues.slice(ndarray::s![row..row + 1, ..]), ..request.clone() };
            let alone = memory.recall(&alone).unwrap();
            assert_eq!(alone.states.row(0), recall.states.row(row), "{options:?}");
            assert_eq!(alone.values.unwrap().row(0), recall.values.as_ref().unwrap().row(row), "{options:?}");
            assert_eq!(format!("{:?}", alone.rows[0]), format!("{:?}", recall.rows[row]), "{options:?}");
            assert!(recall.rows[row].has_answer(), "{options:?}");
        }
    }
}

fn universal(patterns: &Patterns<f64>, options: &[(&str, &str)]) -> Box<dyn Memory<f64>> {
    let mut spec = Spec::new("universal");
    options.iter().for_each(|(name, value)| {
        spec.options.set(name, *value);
    });
    spec.build(patterns.clone()).unwrap()
}

fn once(memory: &dyn Memory<f64>, cues: ArrayView2<f64>) -> Recall<f64> {
    memory.recall(&Request { updates: Some(1), ..Request::new(cues) }).unwrap()
}

#[test]
fn presets_are_the_dedicated_models() {
    let raw = spins::<f64>(30, 41, 1);
    let values = normals::<f64>(30, 7, 1.0, 2);
    let patterns = Patterns::new(raw.clone()).unwrap().with_associated(values.clone()).unwrap();
    let cues = normals::<f64>(50, 41, 1.0, 3);

    let modern = Modern::new(patterns.clone(), Beta::Auto).unwrap();
    let (ours, theirs) =
        (once(&*universal(&patterns, &[("preset", "modern")]), cues.view()), once(&modern, cues.view()));
    assert_eq!(ours.rows[0].beta.map(|b| (b / modern.beta() - 1.0).abs() < 1e-9), Some(true));
    assert_close(&ours.states, &theirs.states, 1e-9, "modern, each with its own auto");
    let modern = Modern::new(patterns.clone(), Beta::Value(0.4)).unwrap();
    let options = [("preset", "modern"), ("separation", "softmax:0.4")];
    let (ours, theirs) = (once(&*universal(&patterns, &options), cues.view()), once(&modern, cues.view()));
    assert_eq!(ours.states, theirs.states);

    let attention = once(&*universal(&patterns, &[("preset", "attention")]), cues.view());
    let betas = vec![1.0 / 41.0_f64.sqrt(); 50];
    let read = attend_values(&patterns, values.view(), cues.view(), &betas, Form::Dot);
    assert_eq!(attention.values.unwrap(), read.mean);

    let nearest = once(&*universal(&patterns, &[("preset", "nearest")]), cues.view());
    let best = attractor::kernels::nearest(&patterns, cues.view());
    assert_eq!(nearest.states, raw.select(Axis(0), &best));
    assert_eq!(nearest.values.unwrap(), values.select(Axis(0), &best));

    // Cosine with patterns of any length is the kernel's dot product of unit vectors.
    let long = Patterns::new(normals::<f64>(30, 41, 2.0, 5)).unwrap();
    let unit = |rows: ArrayView2<f64>| {
        let mut rows = rows.to_owned();
        rows.outer_iter_mut().for_each(|mut r| r /= r.dot(&r).sqrt());
        rows
    };
    let addresses = Patterns::new(unit(long.values())).unwrap();
    let read = attend_values(&addresses, long.values(), unit(cues.view()).view(), &[9.0; 50], Form::Dot);
    let options = [("preset", "continuous-sdm"), ("separation", "softmax:9")];
    let ours = once(&*universal(&long, &options), cues.view()).states;
    // Thirty weights and their sum, each rounded a few times.
    assert_close(&ours, &read.mean, 1e-13, "continuous sparse distributed memory");

    let keep = HopfieldOptions { self_coupling: true, ..HopfieldOptions::default() };
    let hopfield = Hopfield::new(Patterns::new(raw).unwrap(), keep).unwrap();
    let states = spins::<f64>(200, 41, 6);
    let ours = once(&*universal(&patterns, &[("preset", "classical")]), states.view()).states;
    assert_eq!(ours, once(&hopfield, states.view()).states);
}

/// One step of a bidirectional memory is sgn(Σ y_n (x_n·q)), which whole numbers make exact.
#[test]
fn bidirectional_is_the_outer_product_rule() {
    let (x, y) = (spins::<f64>(9, 31, 1), spins::<f64>(9, 17, 2));
    let cues = spins::<f64>(40, 31, 3);
    let patterns = Patterns::new(x.clone()).unwrap().with_associated(y.clone()).unwrap();
    let ours = once(&*universal(&patterns, &[("preset", "bidirectional")]), cues.view()).values.unwrap();
    let sums = cues.dot(&x.t().dot(&y));
    let signs = sums.mapv(|s| if s == 0.0 { 0.0 } else { s.signum() });
    assert_eq!(ours, signs);
}

/// A dense memory of degree k compares energies with a unit up and down; the preset takes their slope, without
/// the unit's own share. They differ only where the difference of energies is second order: where the slope is
/// small.
#[test]
fn dense_preset_is_the_dense_memory_to_first_order() {
    let patterns = Patterns::new(spins::<f64>(12, 60, 1)).unwrap();
    let states = spins::<f64>(60, 60, 2);
    for degree in [2, 3, 4] {
        let preset = Preset::find(&format!("dense:{degree}"), 60).unwrap();
        assert_eq!(preset.separation, Separation::Polynomial(f64::from(degree) - 1.0));
        let memory = Universal::new(
            patterns.clone(),
            preset.similarity,
            preset.separation,
            preset.output,
            Convention::Corrected,
        )
        .unwrap();
        let weights = memory.weights(states.view()).unwrap();
        let slope = weights.dot(&patterns.values()) * f64::from(degree);
        let y = patterns.values();
        let (mut equal, mut all) = (0, 0);
        for (row, state) in states.outer_iter().enumerate() {
            let state = state.to_vec();
            let overlaps = y.dot(&ndarray::ArrayView1::from(&state));
            for unit in 0..60 {
                let energy = |value: f64| -> f64 {
                    let u = |n: usize| overlaps[n] + (value - state[unit]) * y[[n, unit]];
                    -(0..12).map(|n| u(n).powi(degree)).sum::<f64>()
                };
                let drive = (energy(-1.0) - energy(1.0)) / 2.0;
                // F(a+y) − F(a−y) = 2yF'(a) + y³F'''/3 …, with a = u − x_i y_i: what the slope at u leaves out
                // is at most the second and third differences of F over two units.
                let second = |u: f64| {
                    let f = |u: f64| u.abs().powi(degree);
                    (f(u.abs() + 1.0) - 2.0 * f(u.abs()) + f((u.abs() - 1.0).max(0.0))).abs()
                        + f64::from(degree * (degree - 1)) * (u.abs() + 2.0).powi(degree - 2)
                };
                let bound: f64 = overlaps.iter().map(|u| 2.0 * second(*u)).sum();
                let difference = (slope[[row, unit]] - drive).abs();
                assert!(difference <= bound, "degree {degree}: {difference} > {bound}");
                all += 1;
                equal += usize::from(drive.signum() == slope[[row, unit]].signum());
            }
        }
        // Not exactly the same: some units go the other way.
        assert!(equal < all && equal * 10 > all * 7, "degree {degree}: {equal} of {all} agree");
    }
}

/// Every similarity by its formula, in the plainest way.
#[test]
fn scores_are_their_formulas() {
    let amounts = |seed| normals::<f64>(40, 70, 1.0, seed).mapv(f64::abs);
    for facts in SIMILARITIES {
        let (keys, queries) = match facts.data {
            Data::Any => (normals(40, 70, 1.0, 1), normals(40, 70, 1.0, 2)),
            Data::Amounts | Data::Shares => (amounts(1), amounts(2)),
            Data::Bits => (spins(40, 70, 1), spins(40, 70, 2)),
        };
        let found = Keys::new(facts.similarity, keys.clone(), Convention::Corrected).unwrap();
        let found = found.scores(queries.view()).unwrap();
        let narrow = Keys::new(facts.similarity, keys.mapv(|x| x as f32), Convention::Corrected).unwrap();
        let narrow = narrow.scores(queries.mapv(|x| x as f32).view()).unwrap();
        for (at, &score) in found.indexed_iter() {
            let (z, x) = (queries.row(at.0).to_vec(), keys.row(at.1).to_vec());
            let expected = formula(facts.similarity, &x, &z);
            assert!(
                (score - expected).abs() <= 1e-12 * (1.0 + expected.abs()),
                "{}: {score} is not {expected}",
                facts.name
            );
            // f32: 70 units, rounded when read and in blocks of 64 terms, of a sum of terms that may cancel.
            let bound = 1e-5 * (1.0 + expected.abs());
            assert!(
                (narrow[at] - expected).abs() <= bound,
                "{} in f32: {} is not {expected}",
                facts.name,
                narrow[at]
            );
            let legal = match facts.range {
                Range::Any => true,
                Range::Negative => score <= 0.0,
                Range::Positive => score >= 0.0,
            };
            assert!(legal, "{}: {score}", facts.name);
        }
        // A pattern is as alike to itself as anything can be, for all but plain products.
        let own = Keys::new(facts.similarity, keys.clone(), Convention::Corrected).unwrap();
        let own = own.scores(keys.view()).unwrap();
        if !matches!(facts.similarity, Similarity::Dot | Similarity::L1Dot) {
            for (n, row) in own.outer_iter().enumerate() {
                assert!(row.iter().all(|s| *s <= row[n] + 1e-12), "{}", facts.name);
            }
        }
    }
}

/// `None` for a similarity that is tested in its own file alone.
fn formula(similarity: Similarity, x: &[f64], z: &[f64]) -> f64 {
    let sum = |f: &dyn Fn(f64, f64) -> f64| -> f64 { x.iter().zip(z).map(|(&a, &b)| f(a, b)).sum() };
    let total = |v: &[f64]| v.iter().sum::<f64>();
    let norm = |v: &[f64]| v.iter().map(|a| a * a).sum::<f64>().sqrt();
    let smooth = |v: &[f64]| -> Vec<f64> {
        let all: f64 = v.iter().map(|a| a + 1e-4).sum();
        v.iter().map(|a| (a + 1e-4) / all).collect()
    };
    let kl = |p: &[f64], q: &[f64]| -> f64 { p.iter().zip(q).map(|(p, q)| p * (p / q).ln()).sum() };
    let (p, q) = (smooth(x), smooth(z));
    match similarity {
        Similarity::Dot => sum(&|a, b| a * b),
        Similarity::Cosine => sum(&|a, b| a * b) / norm(x) / norm(z),
        Similarity::Pearson => {
            let (mx, mz) = (total(x) / x.len() as f64, total(z) / z.len() as f64);
            let centred = |v: &[f64], m: f64| v.iter().map(|a| a - m).collect::<Vec<_>>();
            let (x, z) = (centred(x, mx), centred(z, mz));
            x.iter().zip(&z).map(|(a, b)| a * b).sum::<f64>() / norm(&x) / norm(&z)
        }
        Similarity::Euclidean => -sum(&|a, b| (a - b).powi(2)),
        Similarity::Manhattan => -sum(&|a, b| (a - b).abs()),
        Similarity::InverseEuclidean => 1.0 / (sum(&|a, b| (a - b).powi(2)) + 1e-4),
        Similarity::InverseManhattan => 1.0 / (sum(&|a, b| (a - b).abs()) + 1e-4),
        Similarity::L1Dot => sum(&|a, b| a * b) / total(x) / total(z),
        Similarity::KullbackLeibler => -kl(&p, &q),
        Similarity::ReverseKullbackLeibler => -kl(&q, &p),
        Similarity::JensenShannon => {
            let m: Vec<f64> = p.iter().zip(&q).map(|(p, q)| (p + q) / 2.0).collect();
            -0.5 * kl(&p, &m) - 0.5 * kl(&q, &m)
        }
        Similarity::Hamming => sum(&|a, b| f64::from(u8::from(a == b))),
        other => panic!("add the formula of {other} to this function, in tests/universal.rs"),
    }
}

/// Separations against their definitions; sparsemax and α-entmax against the conditions that define them.
#[test]
fn weights_are_their_formulas() {
    let keys = Keys::new(Similarity::InverseManhattan, normals::<f64>(50, 6, 1.0, 1), Convention::Corrected)
        .unwrap();
    let scores = keys.scores(normals(20, 6, 1.0, 2).view()).unwrap();
    let checked = RefCell::new(BTreeSet::new());
    for row in scores.outer_iter() {
        let s = row.to_vec();
        let weights = |text: &str| {
            checked.borrow_mut().insert(text.split(':').next().expect("a name").to_owned());
            let mut weights = s.clone();
            Separator::new(text.parse().unwrap(), &keys).unwrap().weights(&mut weights).unwrap();
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12, "{text}");
            weights
        };
        let expect = |text: &str, f: &dyn Fn(usize) -> f64| {
            let raw: Vec<f64> = (0..s.len()).map(f).collect();
            let sum: f64 = raw.iter().sum();
            for (w, raw) in weights(text).iter().zip(raw) {
                assert!((w - raw / sum).abs() < 1e-12, "{text}: {w} is not {}", raw / sum);
            }
        };
        expect("identity", &|n| s[n]);
        expect("log", &|n| (1.0 + s[n]).ln());
        expect("sqrt", &|n| s[n].sqrt());
        expect("poly:10", &|n| s[n].powi(10));
        expect("poly:2.5", &|n| s[n].powf(2.5));
        expect("relu:3", &|n| s[n].powi(3));
        expect("softmax:20", &|n| (20.0 * s[n]).exp());
        expect("exp", &|n| s[n].exp());
        let mut order: Vec<usize> = (0..s.len()).collect();
        order.sort_by(|&a, &b| s[b].total_cmp(&s[a]));
        expect("max", &|n| f64::from(n == order[0]));
        expect("k-max:5", &|n| if order[..5].contains(&n) { s[n] } else { 0.0 });
        // Within the distance of the tenth, as a reader would compute it from the score.
        let radius = 1.0 / s[order[9]] - 1e-4;
        expect(&format!("threshold:{}", radius * (1.0 + 1e-12)), &|n| f64::from(s[n] >= s[order[9]]));
        // The projection onto the simplex: w = max(βs − τ, 0) for one τ.
        for (text, beta) in [("sparsemax", 1.0), ("sparsemax:30", 30.0), ("entmax:2:30", 30.0)] {
            let w = weights(text);
            let tau = beta * s[order[0]] - w[order[0]];
            for n in 0..s.len() {
                assert!((w[n] - (beta * s[n] - tau).max(0.0)).abs() < 1e-9, "{text}");
            }
        }
        let w = weights("entmax:1.5:30");
        let root = |n: usize| 0.5 * 30.0 * s[n];
        let tau = root(order[0]) - w[order[0]].sqrt();
        for n in 0..s.len() {
            assert!((w[n] - (root(n) - tau).max(0.0).powi(2)).abs() < 1e-9);
        }
        // w_n = |w| (βs − τ)₊ for γ = 2, where |w| is the norm.
        let w = weights("normmax:2:30");
        let norm = w.iter().map(|w| w * w).sum::<f64>().sqrt();
        let tau = 30.0 * s[order[0]] - w[order[0]] / norm;
        for n in 0..s.len() {
            assert!((w[n] - norm * (30.0 * s[n] - tau).max(0.0)).abs() < 1e-9);
        }
        let (entmax, softmax) = (weights("entmax:1:7"), weights("softmax:7"));
        assert!(entmax.iter().zip(softmax).all(|(a, b)| (a - b).abs() < 1e-12));
    }
    for grammar in grammars() {
        let name = grammar.split([':', '[']).next().expect("a name");
        assert!(
            checked.borrow().contains(name),
            "add the weights of {name} to this test, in tests/universal.rs"
        );
    }
}

/// What is in the lists is in the zoo, so that every law is tried on it.
#[test]
fn every_similarity_and_separation_is_in_the_zoo() {
    for name in attractor::similarities::names() {
        let known = zoo::ZOO.iter().any(|s| s.options.contains(&("similarity", name)));
        assert!(known, "tests/zoo/mod.rs has no specimen with similarity {name}");
    }
    let kinds: Vec<&str> = zoo::SEPARATIONS.iter().map(|s| s.split(':').next().unwrap()).collect();
    for (form, _) in SEPARATIONS {
        let name = form.split([':', '[']).next().unwrap();
        assert!(kinds.contains(&name), "SEPARATIONS of tests/zoo/mod.rs has no line of {form}");
    }
}

/// All pairs: each either reads finite states or is refused with a reason; none gives NaN.
#[test]
fn every_pair_reads_or_says_why_not() {
    let (mut read, mut refused) = (0, 0);
    for convention in [Convention::Corrected, Convention::Uhn2022] {
        for facts in SIMILARITIES {
            let (raw, cues) = match facts.data {
                Data::Bits => (spins::<f32>(12, 20, 1), spins::<f32>(5, 20, 2)),
                _ => (
                    normals::<f32>(12, 20, 1.0, 1).mapv(f32::abs),
                    normals::<f32>(5, 20, 1.0, 2).mapv(f32::abs),
                ),
            };
            for text in zoo::SEPARATIONS {
                let separation = if *text == "threshold" { "threshold:30" } else { text }.parse().unwrap();
                let patterns = Patterns::new(raw.clone()).unwrap();
                // Products have no radius.
                let separation = match separation {
                    Separation::Threshold(_)
                        if facts.range == Range::Any || facts.similarity == Similarity::L1Dot =>
                    {
                        Separation::Threshold(-1.0)
                    }
                    other => other,
                };
                let memory =
                    Universal::new(patterns, facts.similarity, separation, Output::Identity, convention);
                let what = format!("{} with {text}, {convention:?}", facts.name);
                match memory {
                    Ok(memory) => {
                        let recall = memory.recall(&Request::new(cues.view()));
                        let states = recall.unwrap_or_else(|e| panic!("{what}: {e}")).states;
                        assert!(states.iter().all(|x| x.is_finite()), "{what}");
                        read += 1;
                    }
                    Err(error) => {
                        let error = error.to_string();
                        assert!(error.len() > 60 && !error.contains('\n'), "{what}: {error}");
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(read > 150 && refused > 100, "{read} read, {refused} refused");
}

#[test]
fn auto_softmax_separates() {
    for similarity in [Similarity::Manhattan, Similarity::Pearson, Similarity::Cosine, Similarity::Euclidean]
    {
        let patterns = normals::<f64>(60, 30, 1.0, 4);
        let keys = Keys::new(similarity, patterns.clone(), Convention::Corrected).unwrap();
        assert!(separating_beta(&keys).unwrap() > 0.0);
        let separator = Separator::new(Separation::Softmax(Beta::Auto), &keys).unwrap();
        for (n, row) in keys.scores(patterns.view()).unwrap().outer_iter().enumerate() {
            let mut weights = row.to_vec();
            separator.weights(&mut weights).unwrap();
            assert!(weights[n] > 0.999 * (1.0 - 1e-9), "{similarity}: {}", weights[n]);
        }
    }
}

#[test]
fn iterating_ends_in_one_pattern() {
    let patterns = Patterns::new(spins::<f64>(10, 50, 1)).unwrap();
    let cues = zoo::cues(&patterns.values().to_owned(), 10, 0.7, 2);
    for options in [
        [("similarity", "pearson"), ("separation", "softmax:20")],
        [("similarity", "manhattan"), ("separation", "softmax:auto")],
    ] {
        let memory = universal(&patterns, &options);
        let recall = memory.recall(&Request { tolerance: Some(1e-9), ..Request::new(cues.view()) }).unwrap();
        for (n, row) in recall.rows.iter().enumerate() {
            assert_eq!(row.memory, Some(n));
            assert!(matches!(row.outcome, attractor::Outcome::Settled { .. }));
        }
    }
}

#[test]
fn what_makes_no_sense_is_refused_in_one_sentence() {
    let patterns = Patterns::new(normals::<f64>(5, 8, 1.0, 1)).unwrap();
    for (options, word) in [
        ([("similarity", "kl"), ("separation", "max")], "below 0"),
        ([("similarity", "hamming"), ("separation", "max")], "bits"),
        ([("similarity", "dot"), ("separation", "sqrt")], "never negative"),
        ([("similarity", "manhattan"), ("separation", "poly:2")], "least similar"),
        ([("similarity", "manhatten"), ("separation", "max")], "manhattan"),
        ([("similarity", "dot"), ("separation", "softmax")], "softmax:BETA"),
        ([("similarity", "dot"), ("separation", "softmax:-1")], "softmax:20"),
        ([("similarity", "dot"), ("separation", "poly:nan")], "poly:10"),
        ([("similarity", "dot"), ("separation", "k-max:0")], "k-max:5"),
        ([("preset", "dense:1"), ("separation", "max")], "dense:K"),
        ([("preset", "none"), ("separation", "max")], "classical"),
        ([("compat", "2022"), ("separation", "max")], "uhn2022"),
        ([("compat", "uhn2022"), ("separation", "entmax:1.5")], "published"),
    ] {
        let mut spec = Spec::new("universal");
        options.iter().for_each(|(name, value)| {
            spec.options.set(name, *value);
        });
        let error = spec.build(patterns.clone()).map(|_| ()).expect_err("no memory").to_string();
        assert!(error.contains(word) && !error.contains('\n'), "{options:?}: {error}");
    }
    // Nobody answers.
    let memory = universal(&patterns, &[("similarity", "manhattan"), ("separation", "threshold:0.001")]);
    let recall = memory.recall(&Request::new(Array2::zeros((1, 8)).view())).expect("an outcome");
    assert!(recall.rows[0].reason().is_some_and(|reason| reason.contains("radius")), "{:?}", recall.rows[0]);
}
