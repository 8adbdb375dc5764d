//! Match scores are calibrated: a share p of true cues is refused, whatever the memory.
#![allow(missing_docs)]

use attractor::memories::{Calibration, Request, Spec};
use attractor::noise::{Purpose, Stream};
use attractor::{Level, Patterns, Prepare};
use ndarray::{Array2, Axis, array};

/// True cues of patterns drawn with these chances, by another stream than the calibration's.
fn cues(raw: &Array2<f64>, chances: &[f64], level: Level, count: usize) -> Array2<f64> {
    let mut cues = Array2::zeros((count, raw.ncols()));
    for (row, mut cue) in cues.outer_iter_mut().enumerate() {
        let mut noise = Stream::new(77, Purpose::Corruption, row as u64);
        let mut u = noise.uniform();
        let n = chances.iter().position(|c| {
            u -= c;
            u < 0.0
        });
        cue.assign(&raw.row(n.unwrap_or(raw.nrows() - 1)));
        match level {
            Level::Sigma(sigma) => cue.mapv_inplace(|y| y + sigma * noise.normal()),
            Level::Signal(t) => cue.mapv_inplace(|y| t * y + (1.0 - t * t).sqrt() * noise.normal()),
            Level::Estimate => {}
        }
    }
    cues
}

#[test]
fn a_share_p_of_true_cues_is_refused() {
    const SAMPLES: usize = 1999;
    const CUES: usize = 4000;
    let mut noise = Stream::new(5, Purpose::Patterns, 0);
    let raw = Array2::from_shape_fn((40, 30), |_| noise.uniform() * 3.0 + 1.0);
    let even = vec![1.0 / 40.0; 40];
    let uneven: Vec<f64> = (1..=40).map(|n| f64::from(n) / 820.0).collect();
    let given = Patterns::new(raw.clone()).expect("patterns");
    let prepared = Patterns::prepared(raw.clone(), Prepare::Normalize, false).expect("patterns");
    let weighted = given.clone().with_weights(&uneven).expect("weights");
    for (name, patterns, raw, chances, level) in [
        ("as given", &given, &raw, &even, Level::Sigma(0.7)),
        ("hardly separable", &given, &raw, &even, Level::Sigma(3.0)),
        ("with a signal", &given, &raw, &even, Level::Signal(0.8)),
        ("prepared", &prepared, &raw, &even, Level::Sigma(0.7)),
        ("weighted", &weighted, &raw, &uneven, Level::Sigma(2.0)),
    ] {
        let calibration = Calibration::new(patterns, level, SAMPLES, 1).expect("a calibration");
        let cues = cues(raw, chances, level, CUES);
        let scores = calibration.scores(patterns, cues.view()).expect("scores");
        for p in [0.01, 0.1, 0.5_f64] {
            let refused = scores.iter().filter(|s| **s <= p).count() as f64 / CUES as f64;
            // The quantile is itself estimated, from SAMPLES cues.
            let deviation = (p * (1.0 - p) * (1.0 / SAMPLES as f64 + 1.0 / CUES as f64)).sqrt();
            assert!((refused - p).abs() < 5.0 * deviation, "{name}: {refused} at {p}");
        }
    }
}

#[test]
fn refused_rows_recall_nothing() {
    let raw = array![[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]];
    let patterns = Patterns::new(raw.clone()).expect("patterns");
    let calibration = Calibration::new(&patterns, Level::Sigma(0.3), 999, 0).expect("a calibration");
    let cues = array![[0.9, 1.2, -1.1, -0.8], [9.0, 9.0, 9.0, 9.0]];
    for model in ["hopfield", "dense", "modern", "diffusion"] {
        let memory = Spec::new(model).build(patterns.clone()).expect("a memory");
        let mut request = Request { calibration: Some(&calibration), ..Request::new(cues.view()) };
        let scored = memory.recall(&request).expect("a recall");
        assert!(scored.rows.iter().all(|r| !r.refused && r.memory.is_some()), "{model}");
        assert!(scored.rows[0].matching > Some(0.05) && scored.rows[1].matching == Some(0.001), "{model}");
        request.reject = Some(0.01);
        let recall = memory.recall(&request).expect("a recall");
        assert!(!recall.rows[0].refused && recall.rows[1].refused, "{model}");
        assert_eq!((recall.rows[1].memory, recall.states.row(1)), (None, cues.row(1)), "{model}");
        assert_eq!(recall.states.select(Axis(0), &[0]), scored.states.select(Axis(0), &[0]), "{model}");
        for p in [0.0, 1.0, f64::NAN, 1e-4] {
            request.reject = Some(p);
            assert!(memory.recall(&request).is_err(), "{model}: {p}");
        }
    }
    let thresholded = Patterns::prepared(raw, Prepare::Normalize, true).expect("patterns");
    let refusal = Calibration::new(&thresholded, Level::Sigma(0.3), 99, 0).expect_err("no score").to_string();
    assert!(refusal.contains("threshold"), "{refusal}");
    assert!(Calibration::new(&patterns, Level::Estimate, 999, 0).is_err());
    assert!(Calibration::new(&patterns, Level::Sigma(-1.0), 999, 0).is_err());
    assert!(Calibration::new(&patterns, Level::Sigma(0.3), 0, 0).is_err());
}

#[test]
fn scores_do_not_depend_on_the_batch() {
    let mut noise = Stream::new(9, Purpose::Patterns, 0);
    let raw = Array2::from_shape_fn((300, 20), |_| noise.normal() as f32);
    let patterns = Patterns::new(raw.clone()).expect("patterns");
    let calibration = Calibration::new(&patterns, Level::Sigma(1.0), 700, 3).expect("a calibration");
    let all = calibration.scores(&patterns, raw.view()).expect("scores");
    for row in [0, 17, 299] {
        let alone = calibration.scores(&patterns, raw.slice(ndarray::s![row..=row, ..])).expect("a score");
        assert_eq!(alone[0], all[row]);
    }
}

/// One calibration refuses p of all true cues to within a tenth of p (one standard deviation), however small p is.
#[test]
fn a_single_calibration_is_near_its_share() {
    const CUES: usize = 20_000;
    const RUNS: u64 = 30;
    let mut noise = Stream::new(5, Purpose::Patterns, 0);
    let raw = Array2::from_shape_fn((10, 12), |_| noise.uniform() * 3.0);
    let patterns = Patterns::new(raw.clone()).expect("patterns");
    let cues = cues(&raw, &[0.1; 10], Level::Sigma(0.7), CUES);
    for p in [0.01, 0.1_f64] {
        let samples = Calibration::samples_for(Some(p)).expect("a share");
        let deviations = (0..RUNS).map(|seed| {
            let calibration =
                Calibration::new(&patterns, Level::Sigma(0.7), samples, seed).expect("a calibration");
            let scores = calibration.scores(&patterns, cues.view()).expect("scores");
            (scores.iter().filter(|s| **s <= p).count() as f64 / CUES as f64 / p - 1.0).powi(2)
        });
        let deviation = (deviations.sum::<f64>() / RUNS as f64).sqrt();
        // Of the cues themselves 1/sqrt(p CUES) = 0.07, and of the calibration 0.1; 30 runs know it to an eighth.
        assert!(deviation < 0.2, "{p}: {deviation}");
    }
}
