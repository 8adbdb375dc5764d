//! Modern networks with compact weights: their energies, their weights, and when recall is exact.
#![allow(missing_docs)]

mod zoo;

use attractor::energies::{Energy, FenchelYoung, LogSumExp, UnitStep};
use attractor::memories::{Beta, Modern, Spec};
use attractor::separations::Regularised;
use attractor::{Memory, Patterns, Request};
use ndarray::{Array2, array};
use zoo::{assert_close, normals, spins};

fn separation(text: &str) -> Regularised {
    text.parse().expect("a separation")
}

/// H(p) of a separation by its definition, and its slope at a positive share.
fn entropy(text: &str, p: &[f64]) -> (f64, Vec<f64>) {
    let (name, argument) = text.split_once(':').unwrap_or((text, "2"));
    let a: f64 = argument.parse().expect("a number");
    if name == "normmax" {
        let norm = p.iter().map(|p| p.powf(a)).sum::<f64>().powf(1.0 / a);
        return (1.0 - norm, p.iter().map(|p| -(p / norm).powf(a - 1.0)).collect());
    }
    let h = p.iter().map(|p| (p - p.powf(a)) / (a * (a - 1.0))).sum();
    (h, p.iter().map(|p| (1.0 - a * p.powf(a - 1.0)) / (a * (a - 1.0))).collect())
}

/// No distribution is better than the weights by more than max g − p·g, where g is the slope of the concave function
/// p·s + H(p)/β at them. And the energy is the value there.
#[test]
fn weights_maximise_what_defines_the_energy() {
    /// Bisection leaves 2⁻⁶⁴ of τ, which powers below 1 magnify: (2⁻⁶⁴)^½ for entmax at α = 3.
    const GAP: f64 = 1e-8;
    let patterns = normals(7, 4, 1.0, 1);
    let states = normals(60, 4, 1.5, 2);
    let scores = states.dot(&patterns.t());
    for text in ["sparsemax", "entmax:1.5", "entmax:3", "normmax:1.2", "normmax:2", "normmax:6"] {
        for beta in [0.3, 1.0, 5.0] {
            let stored = Patterns::new(patterns.clone()).expect("patterns");
            let energy = FenchelYoung::new(stored, separation(text), beta, false).expect("beta");
            let weights = energy.weights(states.view()).expect("weights");
            let energies = energy.energy(states.view(), &[]).expect("energies");
            for (row, p) in weights.outer_iter().enumerate() {
                let p = p.to_vec();
                let s = scores.row(row).to_vec();
                assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12 && p.iter().all(|p| *p >= 0.0));
                let (h, slope) = entropy(text, &p);
                let g: Vec<f64> = s.iter().zip(slope).map(|(s, h)| s + h / beta).collect();
                let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
                let gap = g.iter().copied().fold(f64::NEG_INFINITY, f64::max) - dot(&p, &g);
                assert!(gap.abs() <= GAP * (1.0 + 1.0 / beta), "{text} at {beta}: {gap:e}");
                let value = dot(&p, &s) + h / beta;
                let x = states.row(row).to_vec();
                let off = energies[row] - (dot(&x, &x) / 2.0 - value);
                assert!(off.abs() <= GAP * (1.0 + 1.0 / beta), "{text} at {beta}: {off:e}");
            }
        }
    }
}

/// Weights of normmax by another method: multiplicative ascent over all patterns, without a threshold.
#[test]
fn normmax_agrees_with_an_independent_optimiser() {
    /// What 200,000 steps of length 10⁻³ and later less leave.
    const LEFT: f64 = 2e-4;
    let patterns = array![[1.0, 0.2], [0.4, 0.9], [-0.5, 0.1], [0.8, 0.7]];
    let state = array![[0.9, 0.5]];
    let s: Vec<f64> = patterns.dot(&state.row(0)).to_vec();
    for (text, beta) in [("normmax:2", 1.0), ("normmax:2", 4.0), ("normmax:3", 2.0), ("normmax:1.5", 1.0)] {
        let mut p = [0.25; 4];
        for step in 0..200_000 {
            let rate = 1e-1 / (1.0 + f64::from(step) / 1000.0);
            let (_, slope) = entropy(text, &p);
            for n in 0..4 {
                p[n] *= (rate * (beta * s[n] + slope[n])).exp();
            }
            let sum: f64 = p.iter().sum();
            p.iter_mut().for_each(|p| *p /= sum);
        }
        let stored = Patterns::new(patterns.clone()).expect("patterns");
        let energy = FenchelYoung::new(stored, separation(text), beta, false).expect("beta");
        let found = energy.weights(state.view()).expect("weights");
        assert_close(&found, &array![[p[0], p[1], p[2], p[3]]], LEFT, text);
    }
}

/// With softmax the Fenchel–Young energy is log-sum-exp; entmax near α = 1 is near it, and α = 2 is sparsemax.
#[test]
fn the_family_joins_softmax_and_sparsemax() {
    const ROUNDING: f64 = 1e-12;
    for bias in [false, true] {
        let patterns = Patterns::new(normals::<f64>(9, 5, 1.0, 3)).expect("patterns");
        let states = normals(20, 5, 1.0, 4);
        let of = |text: &str| {
            let energy = FenchelYoung::new(patterns.clone(), separation(text), 1.3, bias).expect("beta");
            let energies = energy.energy(states.view(), &[]).expect("energies");
            (energy.update(states.view()).expect("states"), energies)
        };
        let known = LogSumExp::new(patterns.clone(), 1.3, bias).expect("beta");
        let energies = known.energy(states.view(), &[]).expect("energies");
        let (next, soft) = of("softmax");
        assert_close(&next, &known.update(states.view()).expect("states"), ROUNDING, "softmax");
        assert!(soft.iter().zip(&energies).all(|(a, b)| (a - b).abs() < ROUNDING));
        // α − 1 = 10⁻⁶ moves weights by about as much.
        assert_close(&of("entmax:1.000001").0, &next, 1e-4, "entmax near softmax");
        assert_close(&of("entmax:2").0, &of("sparsemax").0, ROUNDING, "entmax at 2");
    }
}

/// Separations with their margins: 1 for sparsemax and normmax, 1/(α − 1) for entmax.
const MARGINS: [(&str, f64); 6] = [
    ("sparsemax", 1.0),
    ("entmax:1.5", 2.0),
    ("entmax:1.25", 4.0),
    ("entmax:3", 0.5),
    ("normmax:2", 1.0),
    ("normmax:5", 1.0),
];

/// Of these words of ±1 the first has products 8, 4 and 0: Δ = 4. With distances ½‖x − y‖² it is 4, too.
#[test]
fn recall_is_exact_at_the_margin_and_not_below() {
    /// How far below the margin β is: the weight of the second pattern is then about this to the power of 4 or less.
    const BELOW: f64 = 1.0 - 1.0 / 256.0;
    let patterns = array![
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0, -1.0],
        [1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0],
    ];
    let cue = patterns.slice(ndarray::s![..1, ..]).to_owned();
    for (text, margin) in MARGINS {
        assert_eq!(separation(text).margin(), Some(margin), "{text}");
        for bias in [false, true] {
            let recall = |beta: f64| {
                let stored = Patterns::new(patterns.clone()).expect("patterns");
                let memory =
                    Modern::with_separation(stored, separation(text), Beta::Value(beta), bias).expect("one");
                memory.recall(&Request { updates: Some(1), ..Request::new(cue.view()) }).expect("a recall")
            };
            let at = recall(margin / 4.0);
            assert_eq!(at.states, cue, "{text}, norm-bias {bias}");
            let posterior = at.rows[0].posterior.as_ref().expect("weights");
            assert_eq!(posterior.top, [(0, 1.0), (1, 0.0), (2, 0.0)], "{text}");
            assert_eq!((posterior.entropy, posterior.participation), (0.0, 1.0));
            let below = recall(margin / 4.0 * BELOW);
            assert_ne!(below.states, cue, "{text}, norm-bias {bias}");
            let posterior = below.rows[0].posterior.as_ref().expect("weights");
            assert!(posterior.top[1].1 > 0.0 && posterior.top[2].1 == 0.0, "{text}: {posterior:?}");
        }
    }
}

/// β = auto: every pattern that any β separates comes back to the bit in one update; at a β that is 1 % smaller one does
/// not.
#[test]
fn automatic_beta_is_the_smallest_that_recalls_exactly() {
    fn check<F: attractor::Real>(patterns: &Array2<F>, bias: bool) {
        for (text, _) in MARGINS {
            let recall = |beta: Beta| {
                let stored = Patterns::new(patterns.clone()).expect("patterns");
                let memory = Modern::with_separation(stored, separation(text), beta, bias).expect("a memory");
                let request = Request { updates: Some(1), ..Request::new(patterns.view()) };
                (memory.beta(), memory.recall(&request).expect("a recall").states)
            };
            let (beta, states) = recall(Beta::Auto);
            assert_eq!(states, patterns, "{text}, norm-bias {bias}");
            assert_ne!(recall(Beta::Value(0.98 * beta)).1, patterns, "{text}, norm-bias {bias}");
        }
    }
    check(&spins::<f64>(20, 40, 1), false);
    check(&spins::<f32>(20, 40, 1), false);
    check(&normals::<f64>(30, 12, 1.0, 2), true);
    check(&normals::<f32>(30, 12, 1.0, 2), true);
}

#[test]
fn what_has_no_meaning_is_refused() {
    let patterns = Patterns::new(spins::<f64>(3, 8, 1)).expect("patterns");
    let weighted = patterns.clone().with_weights(&[1.0, 2.0, 1.0]).expect("weights");
    let error = Spec::new("modern").with("separation", "sparsemax").build(weighted.clone()).err();
    let error = error.expect("no prior").to_string();
    assert!(error.contains("prior") && error.contains("softmax"), "{error}");
    assert!(Spec::new("modern").with("separation", "softmax").build(weighted).is_ok());
    for text in [
        "sparsemax:3",
        "entmax",
        "entmax:1.5:2",
        "normmax",
        "max",
        "poly:3",
        "softmax:1",
        "normmax:1",
        "entmax:0.5",
    ] {
        let error = Spec::new("modern").with("separation", text).build(patterns.clone()).err();
        assert!(error.is_some_and(|error| error.to_string().contains("separation")), "{text}");
    }
    for text in ["softmax", "sparsemax", "entmax:1.5", "normmax:2"] {
        assert_eq!(separation(text).to_string(), text);
    }
}

/// Values are read with the weights at the end, where only one pattern has any.
#[test]
fn values_are_those_of_the_pattern() {
    let patterns = Patterns::new(spins::<f64>(5, 24, 3)).expect("patterns");
    let values = normals::<f64>(5, 3, 1.0, 4);
    let patterns = patterns.with_associated(values.clone()).expect("values");
    let memory =
        Spec::new("modern").with("separation", "sparsemax").build(patterns.clone()).expect("a memory");
    let recall = memory.recall(&Request::new(patterns.values())).expect("a recall");
    assert_eq!(recall.values.expect("values"), values);
}
