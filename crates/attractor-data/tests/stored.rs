//! Stored memories: what is written is read back, and damaged files are refused.
#![allow(missing_docs)]

use std::path::Path;

use attractor::memories::Spec;
use attractor::{Extras, Patterns, Prepare, Real, Request};
use attractor_data::{Growing, Stored, memory_from_bytes, random_noise, random_spins, read_memory, summary};
use ndarray::Array2;
use proptest::prelude::*;

fn round_trip<F: Real>(spec: &Spec, patterns: Patterns<F>, cues: &Array2<F>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.memory");
    let memory = spec.build(patterns).expect("a memory");
    let stored =
        Stored::of(spec.clone(), memory.as_ref(), "2x4".parse().ok(), true, vec!["made by a test".into()]);
    stored.expect("patterns").write(&path).expect("written");
    let read = read_memory::<F>(&path).expect("readable");
    assert_eq!((&read.spec, &read.provenance[..]), (spec, &["made by a test".to_owned()][..]));
    assert_eq!(read.learned, memory.learned());
    let patterns = memory.patterns().expect("patterns");
    assert_eq!(read.patterns.values(), patterns.values());
    assert_eq!(read.patterns.preparation(), patterns.preparation());
    assert_eq!(read.patterns.label(1), patterns.label(1));
    assert_eq!(read.patterns.log_weights(), patterns.log_weights());
    assert_eq!(read.patterns.associated(), patterns.associated());
    let again = read.spec.build_on(read.patterns, read.learned).expect("a memory");
    let request = Request::new(cues.view());
    let (before, after) =
        (memory.recall(&request).expect("a recall"), again.recall(&request).expect("a recall"));
    assert_eq!(before.states, after.states);
    assert_eq!(before.values, after.values);
    let summary = summary(&path).expect("a stored memory").expect("a stored memory");
    assert_eq!((summary.patterns, summary.dim, summary.dtype), (5, 8, F::NAME));
}

fn all_models<F: Real>() {
    let cues = random_noise::<F>((7, 8), 9);
    for model in ["hopfield", "dense", "modern", "diffusion"] {
        let spins = attractor::memories::model(model).expect("a model").card.spins;
        for prepare in [Prepare::None, Prepare::Center, Prepare::Normalize] {
            let raw = if prepare == Prepare::None { random_spins(5, 8, 1) } else { random_noise((5, 8), 1) };
            let patterns = Patterns::prepared(raw, prepare, spins).expect("patterns");
            let labels = Some(["a", "b \"quoted\"", "ü", "", "e\n"].map(str::to_owned).to_vec());
            let extras = Extras {
                labels,
                weights: (!spins).then(|| vec![1.0, 2.0, 3.0, 4.0, 0.1]),
                associated: (!spins).then(|| random_noise((5, 3), 4)),
            };
            round_trip(&Spec::new(model), patterns.with(extras).expect("extras"), &cues);
        }
    }
    for rule in ["hebb", "storkey", "pseudo-inverse", "dreaming", "daydreaming", "unlearning"] {
        let patterns = Patterns::new(random_spins::<F>(5, 8, 1)).expect("patterns");
        round_trip(&Spec::new("hopfield").with("rule", rule).with("self-coupling", ""), patterns, &cues);
    }
}

#[test]
fn what_is_written_is_read() {
    all_models::<f32>();
    all_models::<f64>();
}

fn some_bytes(model: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.memory");
    let patterns = Patterns::new(random_spins::<f32>(3, 4, 1)).expect("patterns");
    let spec = Spec::new(model);
    let memory = spec.build(patterns).expect("a memory");
    Stored::of(spec, memory.as_ref(), None, false, Vec::new())
        .expect("patterns")
        .write(&path)
        .expect("written");
    std::fs::read(path).expect("readable")
}

/// Files from versions that called the interaction of dense memories their separation.
#[test]
fn older_dense_memories_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.memory");
    let patterns = Patterns::new(random_spins::<f32>(3, 4, 1)).expect("patterns");
    let spec = Spec::new("dense").with("interaction", "poly:4");
    let memory = spec.build(patterns).expect("a memory");
    let stored = Stored::of(spec.clone(), memory.as_ref(), None, false, Vec::new());
    stored.expect("patterns").write(&path).expect("written");
    let bytes = std::fs::read(&path).expect("readable");
    let (new, old) = (br#"\"interaction\":\"poly:4\""#, br#"\"separation\": \"poly:4\""#);
    let at = bytes.windows(new.len()).position(|part| part == new).expect("the option");
    let mut older = bytes.clone();
    older[at..at + new.len()].copy_from_slice(old);
    std::fs::write(&path, older).expect("written");
    assert_eq!(read_memory::<f32>(&path).expect("readable").spec, spec);
}

#[test]
fn other_files_are_refused() {
    let parse = |bytes: &[u8]| memory_from_bytes::<f32>(Path::new("a.memory"), bytes);
    let good = some_bytes("hopfield");
    assert!(parse(&good).is_ok());
    for cut in [0, 7, 8, 100, good.len() - 1] {
        assert!(parse(&good[..cut]).is_err(), "{cut} bytes");
    }
    let other = |from: &str, to: &str| {
        assert_eq!(from.len(), to.len());
        let at = good.windows(from.len()).position(|w| w == from.as_bytes()).expect(from);
        let mut bytes = good.clone();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        parse(&bytes).expect_err(to).to_string()
    };
    assert!(other("{\\\"version\\\":\\\"1", "{\\\"version\\\":\\\"9").contains("version"));
    assert!(other("\"attractor\"", "\"attracter\"").contains("says no model"));
    assert!(other("\"patterns\"", "\"patternz\"").contains("patterns"));
    assert!(summary(Path::new("nowhere")).expect("no error").is_none());
}

/// A memory to which patterns were appended twice.
fn grown_bytes() -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.memory");
    std::fs::write(&path, some_bytes("modern")).expect("written");
    for seed in [2, 3] {
        let memory = Growing::open(&path).expect("readable").expect("a memory");
        let first = memory.first::<f32>().expect("readable").patterns;
        let both = first.append(random_spins(2, 4, seed), Extras::default()).expect("patterns");
        memory.append(&both, 1, "appended by a test").expect("written");
    }
    std::fs::read(path).expect("readable")
}

#[test]
fn parts_count_when_they_are_whole() {
    let (first, whole) = (some_bytes("modern"), grown_bytes());
    let part = (whole.len() - first.len()) / 2;
    let expected = [random_spins::<f32>(3, 4, 1), random_spins(2, 4, 2), random_spins(2, 4, 3)];
    let views: Vec<_> = expected.iter().map(|rows| rows.view()).collect();
    let expected = ndarray::concatenate(ndarray::Axis(0), &views).expect("rows of one width");
    for end in first.len()..=whole.len() {
        let stored = memory_from_bytes::<f32>(Path::new("a.memory"), &whole[..end]).expect("a memory");
        let rows = 3 + 2 * ((end - first.len()) / part);
        assert_eq!(stored.patterns.values(), expected.slice(ndarray::s![..rows, ..]), "{end}");
        assert_eq!(stored.provenance.len(), (rows - 3) / 2);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_damage_panics(
        model in 0..3,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = match model {
            0 => some_bytes("hopfield"),
            1 => some_bytes("modern"),
            _ => grown_bytes(),
        };
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let stored = memory_from_bytes::<f32>(Path::new("a.memory"), &bytes).ok();
        if let Some(Ok(memory)) = stored.map(|s| s.spec.build_on(s.patterns, s.learned)) {
            let cues = Array2::from_elem((1, memory.dim()), 0.5);
            let _ = memory.recall(&Request::new(cues.view()));
        }
    }
}
