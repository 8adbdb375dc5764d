//! Standardized patterns: everything is as with units that were standardized before, and converted back.
#![allow(missing_docs)]

use std::sync::Arc;

use attractor::analysis::{Density, density, score};
use attractor::kernels::Source;
use attractor::memories::Calibration;
use attractor::{Level, Memory, Patterns, Prepare, Request, Spec};
use ndarray::{Array1, Array2, Axis, array};

/// Columns of very different units, one of them constant.
fn raw() -> Array2<f64> {
    array![[0.1, 900.0, 7.0], [0.3, 1400.0, 7.0], [0.7, 1000.0, 7.0], [0.2, 2600.0, 7.0], [0.9, 2100.0, 7.0]]
}

/// Mean and standard deviation of each column; 1 for the constant one.
fn scales() -> (Array1<f64>, Array1<f64>) {
    let deviation = raw().std_axis(Axis(0), 0.0).mapv(|s| if s > 0.0 { s } else { 1.0 });
    (raw().mean_axis(Axis(0)).expect("rows"), deviation)
}

fn standard(rows: &Array2<f64>) -> Array2<f64> {
    let (mean, deviation) = scales();
    (rows - &mean) / &deviation
}

fn memory(model: &str, patterns: Patterns<f64>) -> Box<dyn Memory<f64>> {
    Spec::new(model).build(patterns).expect("a memory")
}

fn prepared() -> Patterns<f64> {
    Patterns::prepared(raw(), Prepare::Standardize, false).expect("patterns")
}

#[test]
fn recalls_are_those_of_standardized_data() {
    let (mean, deviation) = scales();
    let cues = array![[0.2, 1000.0, 7.0], [0.8, 2000.0, 7.2]];
    for model in ["diffusion", "modern"] {
        let ours = memory(model, prepared());
        let spec =
            if model == "modern" { Spec::new(model).with("norm-bias", "on") } else { Spec::new(model) };
        let theirs = spec.build(Patterns::new(standard(&raw())).expect("patterns")).expect("a memory");
        let level = if model == "diffusion" { Level::Sigma(0.4) } else { Level::Estimate };
        let a = ours.recall(&Request { level, ..Request::new(cues.view()) }).expect("a recall");
        let plain = standard(&cues);
        let b = theirs.recall(&Request { level, ..Request::new(plain.view()) }).expect("a recall");
        let back = &b.states * &deviation + &mean;
        assert!((&a.states - &back).iter().all(|d| d.abs() < 1e-9), "{model}: {} {back}", a.states);
        for (a, b) in a.rows.iter().zip(&b.rows) {
            assert_eq!(a.memory, b.memory);
            let same =
                |a: Option<f64>, b: Option<f64>| (a.expect("a number") - b.expect("a number")).abs() < 1e-9;
            assert!(same(a.distance, b.distance) && same(a.energy, b.energy), "{model}: {a:?} {b:?}");
        }
    }
}

#[test]
fn densities_scores_and_gradients_are_those_of_the_raw_units() {
    let memory = memory("diffusion", prepared());
    let memory = memory.as_ref();
    let (state, sigma) = (array![[0.4, 1500.0, 7.3]], [0.6]);
    let (mean, deviation) = scales();
    // ln p = ln (1/N) Σ N(x; y, diag(σ s)²), by hand.
    let by_hand: f64 = raw()
        .outer_iter()
        .map(|y| {
            let each = |j: usize| {
                let s = sigma[0] * deviation[j];
                (-((state[[0, j]] - y[j]) / s).powi(2) / 2.0).exp()
                    / (s * (2.0 * std::f64::consts::PI).sqrt())
            };
            (0..3).map(each).product::<f64>() / 5.0
        })
        .sum::<f64>()
        .ln();
    let ln_p = |x: &Array2<f64>| density(memory, x.view(), &sigma, Density::Exact).expect("a density")[0];
    assert!((ln_p(&state) - by_hand).abs() < 1e-9, "{} {by_hand}", ln_p(&state));
    let score = score(memory, state.view(), &sigma).expect("a score");
    let gradient = memory.gradients(state.view(), Some(&sigma)).expect("a gradient");
    for j in 0..3 {
        // Central differences: the error is of order 10⁻⁸ of a value of order 1 in standard deviations.
        let step = 1e-4 * deviation[j];
        let at = |by: f64| {
            let mut moved = state.clone();
            moved[[0, j]] += by;
            moved
        };
        let slope = (ln_p(&at(step)) - ln_p(&at(-step))) / (2.0 * step);
        assert!((score[[0, j]] - slope).abs() * deviation[j] < 1e-6, "{j}: {} {slope}", score[[0, j]]);
        let energy = |x: Array2<f64>| memory.energies(x.view(), Some(&sigma)).expect("an energy")[0];
        let slope = (energy(at(step)) - energy(at(-step))) / (2.0 * step);
        assert!((gradient[[0, j]] - slope).abs() * deviation[j] < 1e-6, "{j}: {} {slope}", gradient[[0, j]]);
    }
    let _ = mean;
}

/// Rows that are read from somewhere else.
#[derive(Debug)]
struct Elsewhere(Array2<f64>);

impl Source<f64> for Elsewhere {
    fn len(&self) -> usize {
        self.0.nrows()
    }

    fn dim(&self) -> usize {
        self.0.ncols()
    }

    fn read(&self, rows: std::ops::Range<usize>, out: &mut [f64]) -> Result<(), String> {
        out.iter_mut().zip(self.0.slice(ndarray::s![rows, ..])).for_each(|(out, v)| *out = *v);
        Ok(())
    }
}

#[test]
fn streamed_patterns_are_standardized_alike() {
    let streamed =
        Patterns::streamed_raw(Arc::new(Elsewhere(raw())), Prepare::Standardize).expect("patterns");
    let rows: Vec<usize> = (0..5).collect();
    let off = (streamed.select(&rows) - prepared().values()).mapv(f64::abs);
    // Variances are sums of squares about the first row here, and about the mean there.
    assert!(off.iter().all(|d| *d < 1e-12), "{off}");
}

#[test]
fn match_scores_of_true_cues_are_uniform() {
    let patterns = prepared();
    let (sigma, cues) = (0.3, 400);
    let calibration = Calibration::new(&patterns, Level::Sigma(sigma), 999, 1).expect("a calibration");
    let mut stream = attractor::noise::Stream::new(7, attractor::noise::Purpose::Corruption, 0);
    let (_, deviation) = scales();
    let noisy =
        Array2::from_shape_fn((cues, 3), |(n, j)| raw()[[n % 5, j]] + sigma * deviation[j] * stream.normal());
    let scores = calibration.scores(&patterns, noisy.view()).expect("scores");
    let refused = scores.iter().filter(|p| **p <= 0.1).count() as f64 / cues as f64;
    // A share of 0.1 of 400, with four standard errors of 0.015.
    assert!((refused - 0.1).abs() < 0.06, "{refused}");
}
