//! The result of training, and that training resumed from a file gives the same bits.
#![allow(missing_docs)]

use std::path::Path;

use attractor::diffusion::Process;
use attractor::diffusion::Sampling;
use attractor::memories::{Diffusion, learned};
use attractor::networks::{Architecture, Kind};
use attractor::{Level, Memory, Patterns, Prepare, Request, threads};
use attractor_data::{memory_from_bytes, random_spins};
use attractor_networks::{Evaluation, Settings, Trainer};
use ndarray::Array2;

fn spins(count: usize, dim: usize, seed: u64) -> Patterns<f32> {
    Patterns::new(random_spins(count, dim, seed)).expect("patterns")
}

/// Makes steps with these numbers.
fn steps(trainer: &mut Trainer, numbers: std::ops::Range<u64>) {
    for _ in numbers {
        trainer.step().expect("a step");
    }
}

fn small(kind: Kind, dim: usize) -> Architecture {
    Architecture { kind, dim, width: 24, depth: 2 }
}

/// Agreement with the exact model on new patterns, D = 10 and N = 7, with the default settings.
fn agreement(seed: u64) -> f64 {
    let patterns = spins(7, 10, seed);
    let kind = Kind::for_units(10);
    let architecture =
        Architecture { kind, dim: 10, width: kind.default_width(10), depth: kind.default_depth() };
    let settings = Settings { seed, ..Settings::default() };
    let mut trainer = Trainer::new(&patterns, architecture, settings).expect("a trainer");
    (0..settings.steps).for_each(|_| assert!(trainer.step().expect("a step").is_finite()));
    let findings = Evaluation::new(&patterns, 2_000, seed + 100).expect("an examination");
    let findings = findings.evaluate(&trainer.network()).expect("findings");
    println!("set {seed}: {findings:?}");
    findings.agreement
}

#[test]
fn a_learned_memory_recalls_as_the_exact_one() {
    // An independent implementation found .986 to .992 on its own pattern sets.
    assert!(agreement(0) >= 0.98);
}

/// This takes minutes: `cargo test --release --package attractor-networks -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes"]
fn ten_learned_memories_recall_as_the_exact_ones() {
    let found: Vec<f64> = (0..10).map(agreement).collect();
    assert!(found.iter().all(|share| *share >= 0.98), "{found:?}");
}

#[test]
fn training_goes_on_from_a_file_to_the_bit() {
    let ends = Settings { steps: 60, average: 0.9, cosine: true, seed: 4, ..Settings::default() };
    let small_rate = Settings { steps: 60, process: Process::Edm, rate: 3e-4, ..Settings::default() };
    // The last batches are parts of epochs, since 80 patterns 16 times are more than 1,024.
    for (kind, count, settings) in [(Kind::Paper, 5, ends), (Kind::Residual, 80, small_rate)] {
        let patterns = spins(count, 7, 1);
        let start = || Trainer::new(&patterns, small(kind, 7), settings).expect("a trainer");
        let bytes = |trainer: &Trainer| {
            let stored = trainer.stored(patterns.clone(), None, false, Vec::new());
            stored.to_bytes().expect("a file")
        };
        let mut whole = start();
        steps(&mut whole, 0..60);
        for cut in [0, 1, 25, 59] {
            let mut first = start();
            steps(&mut first, 0..cut);
            let stored = memory_from_bytes::<f32>(Path::new("memory"), &bytes(&first)).expect("a memory");
            let mut second = Trainer::resume(&stored).expect("a trainer");
            assert_eq!((second.done(), second.settings().steps), (cut, 60));
            steps(&mut second, cut..60);
            assert!(bytes(&second) == bytes(&whole), "{kind:?}, cut at {cut}");
        }
    }
}

#[test]
fn training_does_not_depend_on_threads() {
    let patterns = spins(6, 9, 2);
    let trained = |count: usize| {
        threads::set(count).expect("threads");
        let architecture = Architecture { kind: Kind::Paper, dim: 9, width: 300, depth: 3 };
        let mut trainer = Trainer::new(&patterns, architecture, Settings::default()).expect("a trainer");
        let losses: Vec<f64> = (0..8).map(|_| trainer.step().expect("a step")).collect();
        (losses, trainer.network())
    };
    let (one, four) = (trained(1), trained(4));
    assert!(one.0 == four.0 && one.1 == four.1);
}

#[test]
fn prepared_patterns_are_learned_in_their_own_units() {
    // Grey values from 0 to 1 with a mean far from 0.
    let raw = random_spins::<f32>(5, 8, 3).mapv(|y| 0.7 + 0.1 * y);
    let patterns = Patterns::prepared(raw.clone(), Prepare::Normalize, false).expect("patterns");
    let architecture = Architecture { kind: Kind::Paper, dim: 8, width: 200, depth: 3 };
    let mut trainer = Trainer::new(&patterns, architecture, Settings::default()).expect("a trainer");
    steps(&mut trainer, 0..600);
    let memory = learned(trainer.network(), patterns.clone(), Sampling::default()).expect("a memory");
    let exact = Diffusion::on(patterns.into(), Sampling::default()).expect("a memory");
    let cues = Array2::from_shape_fn((5, 8), |(i, j)| raw[[i, j]] + 0.04 * ((i * 8 + j) as f32).sin());
    let request = Request { level: Level::Sigma(0.04), ..Request::new(cues.view()) };
    let (found, expected) =
        (memory.recall(&request).expect("a recall"), exact.recall(&request).expect("a recall"));
    for (a, b) in found.states.iter().zip(&expected.states) {
        // A tenth of the distance between the two grey levels.
        assert!((a - b).abs() < 0.02, "{a} for {b}");
    }
    assert!(found.rows.iter().enumerate().all(|(n, row)| row.memory == Some(n) && row.energy.is_none()));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let patterns = spins(3, 4, 0);
    let refused = |settings: Settings, word: &str| {
        let error =
            Trainer::new(&patterns, small(Kind::Paper, 4), settings).err().expect("an error").to_string();
        assert!(error.contains(word), "{error}");
    };
    let usual = Settings::default();
    refused(Settings { steps: 0, ..usual }, "steps: expected a whole number from 1");
    refused(Settings { repeats: 0, ..usual }, "batch-repeats");
    refused(Settings { rate: f64::NAN, ..usual }, "rate");
    refused(Settings { average: 1.0, ..usual }, "average: expected a number from 0 to 1, below 1");
    refused(Settings { last_time: Some(1e-4), ..usual }, "last-time");
    refused(Settings { process: Process::Flow, last_time: Some(1.0), ..usual }, "last-time");
    refused(Settings { process: Process::VariancePreserving { gamma: 1e6 }, ..usual }, "last-time");
    let wide = Architecture { width: 1_000_000, ..small(Kind::Paper, 4) };
    assert!(Trainer::new(&patterns, wide, usual).err().expect("an error").to_string().contains("weights"));
    let other = Trainer::new(&patterns, small(Kind::Paper, 5), usual).err().expect("an error").to_string();
    assert!(other.contains("5 units"), "{other}");
    let weighted = patterns.clone().with_weights(&[1.0, 2.0, 3.0]).expect("weights");
    assert!(Trainer::new(&weighted, small(Kind::Paper, 4), usual).is_err());
}

/// Units are judged by the side of their own mean, with any preparation. Units that never differ do not count.
#[test]
fn an_examination_sees_what_differs() {
    let signs = random_spins::<f32>(6, 8, 5);
    // The patterns are ±1 after centring, but far from it before.
    let raw =
        Array2::from_shape_fn(
            (12, 8),
            |(n, j)| if n < 6 { 4.0 + signs[[n, j]] } else { 4.0 - signs[[n - 6, j]] },
        );
    let patterns = Patterns::prepared(raw, Prepare::Center, false).expect("patterns");
    let fresh = Trainer::new(&patterns, small(Kind::Paper, 8), Settings::default()).expect("a trainer");
    let found = Evaluation::new(&patterns, 200, 1)
        .expect("an examination")
        .evaluate(&fresh.network())
        .expect("findings");
    assert!(found.agreement < 0.95 && found.error > 0.05 && found.exact_error > 0.0, "{found:?}");
    // Half of the units are equal in all patterns, so only the other half counts.
    let raw = Array2::from_shape_fn((6, 16), |(n, j)| if j < 8 { signs[[n, j]] * 0.3 } else { 0.7 });
    let patterns = Patterns::new(raw).expect("patterns");
    let fresh = Trainer::new(&patterns, small(Kind::Paper, 16), Settings::default()).expect("a trainer");
    let examination = Evaluation::new(&patterns, 250, 1).expect("an examination");
    let found = examination.evaluate(&fresh.network()).expect("findings");
    let counted = found.exact_error * 250.0 * 8.0;
    assert!((counted - counted.round()).abs() < 1e-6, "{found:?}");
    assert!(found.error < 0.6, "{found:?}");
}
