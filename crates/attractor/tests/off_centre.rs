//! Reads of patterns that lie far from 0, against sums of direct differences in f64.
#![allow(missing_docs)]

mod zoo;

use std::sync::Arc;

use attractor::diffusion::Sampling;
use attractor::kernels::{Form, attend, attend_values, log_sum, nearest, posterior};
use attractor::memories::{Diffusion, Request, Spec};
use attractor::patterns::Source;
use attractor::{Level, Memory, Patterns, Preparation, Real};
use ndarray::{Array2, ArrayView2};
use zoo::normals;

const N: usize = 50;
const D: usize = 8;
const CUES: usize = 20;

/// Patterns and cues about `offset` in every unit, with spread 1, as they are in `F`.
fn world<F: Real>(offset: f64) -> (Array2<F>, Array2<F>) {
    let patterns: Array2<f64> = normals(N, D, 1.0, 1);
    let noise: Array2<f64> = normals(CUES, D, 1.0, 2);
    let cues = Array2::from_shape_fn((CUES, D), |(b, j)| patterns[[b, j]] + noise[[b, j]]);
    let round = |x: Array2<f64>| x.mapv(|x| F::from_f64(x + offset));
    (round(patterns), round(cues))
}

/// The logits of all patterns for each cue, with ln π_n.
fn logits<F: Real>(
    patterns: ArrayView2<F>,
    cues: ArrayView2<F>,
    beta: f64,
    form: Form,
    weights: &[f64],
) -> Array2<f64> {
    let total: f64 = weights.iter().sum();
    Array2::from_shape_fn((cues.nrows(), patterns.nrows()), |(b, n)| {
        let pairs = cues.row(b).into_iter().zip(patterns.row(n)).map(|(z, y)| (z.to_f64(), y.to_f64()));
        let energy: f64 = match form {
            Form::Distance => pairs.map(|(z, y)| -0.5 * (z - y).powi(2)).sum(),
            Form::Dot => pairs.map(|(z, y)| z * y).sum(),
        };
        beta * energy + (weights[n] / total).ln()
    })
}

fn softmax(logits: &[f64]) -> (f64, Vec<f64>) {
    let peak = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mass: f64 = logits.iter().map(|l| (l - peak).exp()).sum();
    (peak + mass.ln(), logits.iter().map(|l| (l - peak).exp() / mass).collect())
}

/// All reads of all kinds agree with sums by hand, to these errors of a weight and of a log-sum.
fn agrees<F: Real>(offset: f64, beta: f64, form: Form, error: f64) {
    let (raw, cues) = world::<F>(offset);
    let prior: Vec<f64> = (0..N).map(|n| 1.0 + (n % 4) as f64).collect();
    let words: Array2<F> = normals(N, 3, 1.0, 3);
    let expected = logits(raw.view(), cues.view(), beta, form, &prior);
    let patterns = Patterns::new(raw.clone()).expect("patterns").with_weights(&prior).expect("weights");
    let betas = vec![beta; CUES];
    let read = attend(&patterns, cues.view(), &betas, form);
    let valued = attend_values(&patterns, words.view(), cues.view(), &betas, form);
    let weighed = posterior(&patterns, cues.view(), &betas, form, N);
    let sums = log_sum(&patterns, cues.view(), &betas, form);
    // The mean and the second moment are rounded where the patterns are.
    let place = 16.0 * F::ROUNDOFF * (offset + 4.0);
    for b in 0..CUES {
        let (sum, weights) = softmax(expected.row(b).as_slice().expect("row-major"));
        let what = format!("{} at {offset}, {form:?}, cue {b}", F::NAME);
        // A log-sum of dot products is as large as they are.
        let size =
            1.0 + expected.row(b).iter().fold(0.0_f64, |most, l| most.max(l.abs())) * F::ROUNDOFF / error;
        for found in [sums[b], read.log_sum()[b], valued.log_sum()[b]] {
            assert!((found - sum).abs() < error * size, "{what}: {found} for {sum}");
        }
        for (n, weight) in &weighed[b].top {
            assert!((weight - weights[*n]).abs() < error, "{what}: {weight} for {}", weights[*n]);
        }
        for j in 0..D {
            let mean: f64 = (0..N).map(|n| weights[n] * raw[[n, j]].to_f64()).sum();
            assert!((read.mean[[b, j]].to_f64() - mean).abs() < 4.0 * error + place, "{what}: mean");
        }
        for j in 0..3 {
            let mean: f64 = (0..N).map(|n| weights[n] * words[[n, j]].to_f64()).sum();
            assert!((valued.mean[[b, j]].to_f64() - mean).abs() < 4.0 * error, "{what}: value");
        }
        let square = |n: usize| raw.row(n).iter().map(|y| y.to_f64().powi(2)).sum::<f64>();
        let second: f64 = (0..N).map(|n| weights[n] * square(n)).sum();
        for found in [read.second[b], valued.second[b]] {
            assert!(
                (found - second).abs() < 20.0 * error * (1.0 + offset) + place * second,
                "{what}: {found}"
            );
        }
    }
}

/// In f32 a weight was off by 2.4e-5 at 10, 2.2e-3 at 100 and 1.7e-2 at 300 spreads. Costs of size 50 are rounded by 3e-6.
#[test]
fn distances_keep_their_digits_far_from_zero() {
    for offset in [0.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 10_000.0] {
        agrees::<f32>(offset, 1.0, Form::Distance, 1e-5);
        agrees::<f64>(offset, 1.0, Form::Distance, 1e-12);
    }
    agrees::<f64>(1e6, 1.0, Form::Distance, 1e-9);
}

/// A dot product of a cue at 300 with deviations of 1 is of size 10³, and its rounding 1e-4.
#[test]
fn products_keep_their_digits_far_from_zero() {
    for offset in [0.0_f64, 10.0, 100.0, 300.0] {
        let beta = 0.5 / (1.0 + offset);
        agrees::<f32>(offset, beta, Form::Dot, 1e-5);
        agrees::<f64>(offset, beta, Form::Dot, 1e-12);
    }
}

/// The nearest pattern is the true one, and a recall from far away is that from near 0.
#[test]
fn a_recall_far_from_zero_is_that_near_it() {
    let (near, near_cues) = world::<f64>(0.0);
    let (far, far_cues) = world::<f32>(300.0);
    let recall = |patterns: Patterns<f64>, cues: ArrayView2<f64>| {
        let memory = Diffusion::on(patterns.into(), Sampling::default()).expect("a memory");
        let level = Level::Sigma(0.7);
        memory.recall(&Request { level, ..Request::new(cues) }).expect("a recall")
    };
    let here = recall(Patterns::new(near).expect("patterns"), near_cues.view());
    let memory = Diffusion::on(Patterns::new(far.clone()).expect("patterns").into(), Sampling::default())
        .expect("a memory");
    let request = Request { level: Level::Sigma(0.7), ..Request::new(far_cues.view()) };
    let there = memory.recall(&request).expect("a recall");
    for (b, (here, there)) in here.rows.iter().zip(&there.rows).enumerate() {
        assert_eq!(here.memory, there.memory, "cue {b}");
        let [here, there] = [here, there].map(|row| row.posterior.as_ref().expect("a posterior").top[0].1);
        // Data at 300 are rounded by 1.5e-5, of spread 1.
        assert!((here - there).abs() < 2e-4, "cue {b}: {here}, {there}");
    }
    let best = nearest(&Patterns::new(far.clone()).expect("patterns"), far_cues.view());
    for (b, best) in best.into_iter().enumerate() {
        let away = |n: usize| -> f64 {
            far_cues.row(b).iter().zip(far.row(n)).map(|(z, y)| f64::from(z - y).powi(2)).sum()
        };
        assert!((0..N).all(|n| away(best) <= away(n)), "cue {b}");
    }
}

/// Squares of such numbers are 0, and all patterns would be equally near.
#[test]
fn numbers_whose_squares_are_zero_are_refused() {
    for scale in [1e-100, 1e-170, 1e-200, 5e-324] {
        let tiny: Array2<f64> = normals::<f64>(4, 3, 1.0, 1).mapv(|x| (3.0 + x) * scale);
        let error = Patterns::new(tiny.clone()).expect_err("too small").to_string();
        assert!(error.contains("units that differ by more than 1e-90"), "{error}");
        let error = Patterns::streamed(Arc::new(Rows(tiny)), Preparation::Identity).expect_err("too small");
        assert!(error.to_string().contains("units that differ by more than 1e-90"), "{error}");
    }
    assert_eq!(Patterns::new(Array2::<f64>::zeros((2, 3))).expect("zeros").spread(), 1.0);
    let small = Patterns::new(normals::<f64>(4, 3, 1e-40, 1)).expect("patterns");
    let spec = Spec::new("universal").with("similarity", "euclidean").with("separation", "softmax:auto");
    let error = spec.build(small).err().expect("no such beta").to_string();
    assert!(error.contains("beta from 1e-30 to 1e30"), "{error}");
}

/// Rows that are read from elsewhere.
#[derive(Debug)]
struct Rows(Array2<f64>);

impl Source<f64> for Rows {
    fn len(&self) -> usize {
        self.0.nrows()
    }

    fn dim(&self) -> usize {
        self.0.ncols()
    }

    fn read(&self, rows: std::ops::Range<usize>, out: &mut [f64]) -> Result<(), String> {
        out.iter_mut().zip(self.0.slice(ndarray::s![rows, ..])).for_each(|(out, &value)| *out = value);
        Ok(())
    }
}
