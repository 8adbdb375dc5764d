//! Memories of many units: recall step by step, and what words and damage are.
#![allow(missing_docs)]

use attractor_explorer::{Images, flipped, noisy, random_words};
use ndarray::{Array1, Array2};

/// Words at right angles: rows of Sylvester's matrix.
fn words() -> Array2<f64> {
    let sign = |n: usize, j: usize| if (n & j).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
    Array2::from_shape_fn((3, 16), |(n, j)| sign(n + 1, j))
}

/// A classical network recalls a stored word, and its energy never rises from sweep to sweep.
#[test]
fn a_network_recalls_step_by_step() {
    let memory = Images::new("hopfield", &[], words(), false).expect("a network");
    let mut cue = words().row(1).to_owned();
    cue[3] *= -1.0;
    let steps = memory.steps(cue.view(), &[], f64::NAN, 0).expect("a recall");
    assert_eq!(steps.nearest, Some(1));
    assert_eq!(steps.states.row(steps.states.nrows() - 1), words().row(1));
    assert!(steps.trace.windows(2).all(|pair| pair[1].energy <= pair[0].energy));
    let cues = Array2::from_shape_fn((5, 16), |(_, j)| cue[j]);
    let ends = memory.ends(cues.view(), f64::NAN, 0).expect("recalls");
    assert_eq!(ends.nearest, [Some(1); 5]);
    assert!(memory.posterior(cue.view(), 0.5, 3).expect("none").is_empty());
    // Hebb: 16 W_ij = Σ y_i y_j, or that without the 1/16; zero on the diagonal.
    let couplings = memory.couplings().expect("couplings");
    let hebb = words().t().dot(&words());
    let factor = couplings[[0, 1]] / hebb[[0, 1]];
    for ((i, j), w) in couplings.indexed_iter().filter(|((i, j), _)| i != j) {
        assert!((w - factor * hebb[[i, j]]).abs() < 1e-12);
    }
}

/// Diffusion completes a state from its known half, and keeps that half.
#[test]
fn known_units_stay() {
    let memory = Images::new("diffusion", &[], words(), false).expect("a memory");
    let word = words().row(2).to_owned();
    let known: Vec<bool> = (0..16).map(|unit| unit < 8).collect();
    let cue = Array1::from_shape_fn(16, |unit| if known[unit] { word[unit] } else { 0.0 });
    let steps = memory.steps(cue.view(), &known, f64::NAN, 0).expect("a recall");
    let last = steps.states.row(steps.states.nrows() - 1);
    assert!((&last - &word).iter().all(|off| off.abs() < 1e-6), "{last}");
    assert!(steps.trace.is_empty() && steps.nearest == Some(2));
}

/// Grey levels are prepared, and come back as grey levels.
#[test]
fn raw_patterns_come_back_in_their_units() {
    /// At the β of `auto` a pattern has a weight of 0.999 if it is its own cue, so 0.001 of levels that are 8 apart are others', and
    /// about as much again where the update rests.
    const OFF: f64 = 0.02;
    let raw = words().mapv(|unit| 8.0 + 4.0 * unit);
    for model in ["diffusion", "modern", "hopfield", "dense"] {
        let memory = Images::new(model, &[], raw.clone(), true).expect(model);
        let steps = memory.steps(raw.row(1), &[], 0.5, 0).expect(model);
        let last = steps.states.row(steps.states.nrows() - 1);
        assert!((&last - &raw.row(1)).iter().all(|off| off.abs() < OFF), "{model}: {last}");
    }
    let imagined =
        Images::new("diffusion", &[], raw.clone(), true).expect("a memory").imagine(6, 1).expect("states");
    for state in imagined.outer_iter() {
        let near = |row: ndarray::ArrayView1<f64>| (&state - &row).iter().all(|off| off.abs() < 0.1);
        assert!(raw.outer_iter().any(near), "{state}");
    }
}

#[test]
fn words_and_damage_follow_from_their_seeds() {
    let words = random_words(200, 100, 3);
    assert!(words.iter().all(|unit| unit.abs() == 1.0));
    // Six standard errors of a mean of 20,000 signs.
    assert!(words.mean().expect("a mean").abs() < 6.0 / 20_000_f64.sqrt());
    assert_eq!(random_words(5, 100, 3), words.slice(ndarray::s![..5, ..]));
    assert_ne!(random_words(5, 100, 4), random_words(5, 100, 3));
    let word = words.row(0).to_vec();
    let damaged = flipped(&word, 0.13, 1);
    assert_eq!(word.iter().zip(&damaged).filter(|(a, b)| a != b).count(), 13);
    assert_eq!((damaged.clone(), flipped(&word, 0.0, 1)), (flipped(&word, 0.13, 1), word.clone()));
    let noise: f64 = noisy(&word, 0.5, 1).iter().zip(&word).map(|(a, b)| (a - b).powi(2)).sum();
    // Six standard errors of a mean of 100 squares.
    assert!((noise / 25.0 - 1.0).abs() < 6.0 * 0.02_f64.sqrt());
}
