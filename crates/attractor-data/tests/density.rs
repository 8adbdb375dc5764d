//! Densities are kept in files with all that makes them.
#![allow(missing_docs)]

use std::path::Path;

use attractor::energies::shapes::{Segment, Subspace};
use attractor::energies::{Component, Denoise, Kind, Mixture};
use attractor::memories::Spec;
use attractor::noise::{Purpose, Stream};
use attractor::{Extras, Patterns, Real};
use attractor_data::{StoredDensity, density_from_bytes, memory_from_bytes, summary, summary_of_bytes};
use ndarray::{Array2, array};

fn gist<F: Real>() -> Mixture<F> {
    let full = array![[2.0, 0.5, 0.0], [0.5, 1.0, 0.1], [0.0, 0.1, 0.3]];
    let full = Subspace::from_covariance(vec![1.0, 2.0, 3.0], full.view()).expect("a covariance");
    let thick = Subspace::new(vec![-1.0; 3], array![[0.6, 0.8, 0.0]], vec![0.7])
        .and_then(|line| line.with_thickness(0.2))
        .expect("a thick line");
    let round =
        Subspace::new(vec![0.0; 3], Array2::zeros((0, 3)), vec![]).and_then(|g| g.with_thickness(2.0));
    let component = |gaussian: Subspace, weight, label: &str| Component {
        kind: Kind::Shape(Box::new(gaussian)),
        weight,
        label: Some(label.to_owned()),
    };
    Mixture::new(vec![
        component(full, 3.0, "full"),
        component(thick, 1.0, "thick"),
        component(round.expect("a round one"), 0.5, "round"),
    ])
    .expect("a density")
}

fn both<F: Real>() -> Mixture<F> {
    let events = array![[5.0, 5.0, 5.0], [-5.0, 0.0, 1.0]].mapv(F::from_f64);
    let extras = Extras {
        labels: Some(vec!["a".into(), "b".into()]),
        weights: Some(vec![1.0, 4.0]),
        ..Extras::default()
    };
    let events = Patterns::new(events).and_then(|events| events.with(extras)).expect("events");
    gist().with_events(events.into(), 0.25).expect("events beside a density")
}

fn stored<F: Real>(mixture: Mixture<F>) -> StoredDensity<F> {
    let spec = Spec::new("mixture").with("steps", "30");
    let shape = "1x3".parse().expect("a shape");
    StoredDensity { spec, mixture, shape: Some(shape), raw: true, provenance: vec!["made by hand".into()] }
}

fn round_trip<F: Real>(mixture: Mixture<F>) {
    let before = stored(mixture);
    let bytes = before.to_bytes().expect("bytes");
    let after = density_from_bytes::<F>(Path::new("a.memory"), &bytes).expect("readable");
    assert_eq!((&after.spec, after.shape, after.raw), (&before.spec, before.shape, before.raw));
    assert_eq!(after.provenance, before.provenance);
    assert_eq!(after.mixture.memories(), before.mixture.memories());
    for n in 0..after.mixture.memories() {
        assert_eq!(after.mixture.label(n), before.mixture.label(n));
        // Weights are normalised again.
        assert!((after.mixture.weights()[n] - before.mixture.weights()[n]).abs() < 1e-15);
    }
    let mut stream = Stream::new(1, Purpose::Patterns, 0);
    let states = Array2::from_shape_simple_fn((6, 3), || F::from_f64(3.0 * stream.normal()));
    for sigma in [0.01, 1.0, 30.0] {
        let one = before.mixture.shared_posterior(states.view(), &[sigma; 6], 9).expect("posteriors");
        let other = after.mixture.shared_posterior(states.view(), &[sigma; 6], 9).expect("posteriors");
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one.event_share.is_some(), other.event_share.is_some());
            let difference = one.event_share.unwrap_or(0.0) - other.event_share.unwrap_or(0.0);
            assert!(difference.abs() < 1e-12, "{difference}");
        }
        let sums = before.mixture.log_sum(states.view(), &[sigma; 6]).expect("sums");
        let again = after.mixture.log_sum(states.view(), &[sigma; 6]).expect("sums");
        for (one, other) in sums.iter().zip(&again) {
            assert!((one - other).abs() < 1e-12 * (1.0 + one.abs()), "{one} {other}");
        }
    }
}

#[test]
fn a_density_is_read_as_it_was_written() {
    round_trip(gist::<f64>());
    round_trip(both::<f64>());
    round_trip(both::<f32>());
}

#[test]
fn the_head_says_what_is_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("both.memory");
    stored(both::<f64>()).write(&path).expect("written");
    let head = summary(&path).expect("readable").expect("a memory");
    assert_eq!((head.patterns, head.dim, head.dtype), (2, 3, "f64"));
    let density = head.density.expect("a density");
    assert_eq!((density.gaussians, density.rank, density.events), (3, 3, 2));
    assert!((density.event_weight - 0.25).abs() < 1e-15);
}

#[test]
fn other_shapes_and_damaged_files_are_refused() {
    let segment = Segment::new(vec![0.0; 3], vec![1.0; 3]).expect("a segment");
    let segment = Component { kind: Kind::Shape(Box::new(segment)), weight: 1.0, label: None };
    let error =
        stored(Mixture::<f64>::new(vec![segment]).expect("a memory")).to_bytes().expect_err("refused");
    assert!(error.to_string().contains("a memory of points and Gaussians, found other shapes"), "{error}");

    let path = Path::new("a.memory");
    let bytes = stored(both::<f64>()).to_bytes().expect("bytes");
    let error = memory_from_bytes::<f64>(path, &bytes).expect_err("refused");
    assert!(error.to_string().contains("found a density"), "{error}");
    for length in [0, 7, 100, bytes.len() - 1] {
        assert!(density_from_bytes::<f64>(path, &bytes[..length]).is_err(), "{length}");
    }
    // A head that says other things than the arrays hold is an error or a memory, and never a panic.
    let text = String::from_utf8_lossy(&bytes[8..]).into_owned();
    let head: String = text.chars().take_while(|c| !c.is_control()).collect();
    for (from, to) in [
        ("\\\"gaussians\\\":3", "\\\"gaussians\\\":9"),
        ("\\\"memories\\\":[2,3,4]", "\\\"memories\\\":[2,3,9]"),
        ("\\\"memories\\\":[2,3,4]", "\\\"memories\\\":[2,3,3]"),
        ("\\\"memories\\\":[2,3,4]", "\\\"memories\\\":\\\"abcde\\\""),
        ("\\\"units\\\":3", "\\\"units\\\":8"),
        ("\\\"version\\\":\\\"2\\\"", "\\\"version\\\":\\\"3\\\""),
        ("\"gaussians.means\"", "\"gaussians.meant\""),
        ("\"patterns\"", "\"pattern_\""),
    ] {
        assert!(head.contains(from), "{from} in {head}");
        let mut changed = bytes.clone();
        let at = 8 + head.find(from).expect("there");
        changed[at..at + to.len()].copy_from_slice(to.as_bytes());
        if from.len() == to.len() {
            let _ = summary_of_bytes(path, &changed);
            let _ = density_from_bytes::<f64>(path, &changed);
        }
    }
}
