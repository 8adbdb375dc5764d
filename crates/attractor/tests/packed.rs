//! Patterns at one bit a unit recall as the same patterns held as numbers do.

use attractor::kernels::{Form, attend, attend_values, log_sum, nearest, posterior};
use attractor::memories::{Level, Request, Spec};
use attractor::noise::{Purpose, Stream};
use attractor::patterns::Packed;
use attractor::{Patterns, Preparation, Real};
use ndarray::{Array2, s};

/// Random ±1 patterns, held as numbers and as bits.
fn both<F: Real>(n: usize, dim: usize, seed: u64) -> (Patterns<F>, Patterns<F>) {
    let mut stream = Stream::new(seed, Purpose::Patterns, 0);
    let values = Array2::from_shape_fn((n, dim), |_| if stream.uniform() < 0.5 { -F::ONE } else { F::ONE });
    let bits = Packed::from_signs(values.view());
    let packed = Patterns::packed(bits, Preparation::Identity).expect("packed patterns");
    (Patterns::new(values).expect("patterns"), packed)
}

/// Noisy patterns z = y + σε, and (σ = 0) patterns with some units turned.
fn cues<F: Real>(patterns: &Patterns<F>, count: usize, sigma: f64) -> Array2<F> {
    let mut stream = Stream::new(7, Purpose::Corruption, 0);
    let rows: Vec<usize> = (0..count).map(|q| q * 37 % patterns.len()).collect();
    let noisy = |y: F| match sigma {
        0.0 if stream.uniform() < 0.1 => -y,
        _ => F::from_f64(y.to_f64() + sigma * stream.normal()),
    };
    patterns.select(&rows).mapv_into(noisy)
}

/// Sharp and spread posteriors, binary and real cues, widths about whole words and nibbles.
fn reads_agree<F: Real>(rounding: f64) {
    for (n, dim) in [(1500, 3), (2000, 61), (5000, 64), (3000, 130), (20_000, 256), (1100, 2000)] {
        let (held, packed) = both::<F>(n, dim, 1);
        for (sigma, beta) in [(0.0, 1.0), (0.9, 1.0 / 0.81), (0.9, 0.5 / dim as f64), (2.0, 0.05), (0.5, 1e6)]
        {
            let queries = cues(&held, 9, sigma);
            let betas = vec![beta; 9];
            for form in [Form::Dot, Form::Distance] {
                let what = format!("{n} × {dim}, sigma {sigma}, beta {beta}, {form:?}");
                let expected = attend(&held, queries.view(), &betas, form);
                let found = attend(&packed, queries.view(), &betas, form);
                // What is rounded is the logit, whose size is that of β z·y.
                let size = 1.0 + beta * dim as f64 * (1.0 + sigma * sigma);
                for (a, b) in expected.log_sum().iter().zip(found.log_sum()) {
                    assert!((a - b).abs() <= rounding * size, "{what}: log-sum {a} and {b}");
                }
                let far = (&expected.mean - &found.mean).iter().map(|d| d.to_f64().abs()).fold(0.0, f64::max);
                assert!(far <= rounding * size, "{what}: means differ by {far:e}");
                let half = log_sum(&packed, queries.view(), &betas, form);
                for (a, b) in found.log_sum().iter().zip(half) {
                    assert!((a - b).abs() <= rounding * size, "{what}: {a} and {b}");
                }
                let expected = posterior(&held, queries.view(), &betas, form, 3);
                let found = posterior(&packed, queries.view(), &betas, form, 3);
                for (a, b) in expected.iter().zip(&found) {
                    assert!((a.entropy - b.entropy).abs() <= rounding * size * (n as f64).ln(), "{what}");
                    assert!(
                        (a.participation / b.participation - 1.0).abs() <= 2.0 * rounding * size,
                        "{what}"
                    );
                    assert_eq!(a.top.len(), b.top.len(), "{what}");
                    for (a, b) in a.top.iter().zip(&b.top) {
                        assert!((a.1 - b.1).abs() <= rounding * size, "{what}: {a:?} and {b:?}");
                    }
                }
            }
            assert_eq!(nearest(&held, queries.view()), nearest(&packed, queries.view()), "{n} × {dim}");
        }
    }
}

#[test]
fn reads_of_bits_are_reads_of_numbers_in_f64() {
    // Of the sums: N roundings at most, most of which cancel.
    reads_agree::<f64>(1e-13);
}

#[test]
fn reads_of_bits_are_reads_of_numbers_in_f32() {
    // The kernel over numbers sums products in f32, in chains of 64.
    reads_agree::<f32>(64.0 * f64::from(f32::EPSILON));
}

/// Rows are alone: in any batch, on any number of threads.
#[test]
fn rows_do_not_see_their_neighbours() {
    let (_, packed) = both::<f32>(30_000, 100, 3);
    let queries = cues(&packed, 70, 1.0);
    // Every third is so warm that all patterns share it.
    let betas: Vec<f64> = (0..70).map(|q| if q % 3 == 0 { 0.01 } else { 1.0 }).collect();
    let all = attend(&packed, queries.view(), &betas, Form::Distance);
    for q in [0, 1, 2, 33, 69] {
        let one = attend(&packed, queries.slice(s![q..=q, ..]), &betas[q..=q], Form::Distance);
        assert_eq!(one.mean.row(0), all.mean.row(q), "row {q}");
        assert_eq!(one.log_sum()[0].to_bits(), all.log_sum()[q].to_bits(), "row {q}");
    }
}

#[test]
fn other_values_are_read_by_bits_too() {
    let (held, packed) = both::<f64>(2000, 90, 5);
    let mut stream = Stream::new(6, Purpose::Patterns, 0);
    let values = Array2::from_shape_fn((2000, 4), |_| stream.normal());
    let queries = cues(&held, 5, 1.0);
    for beta in [0.001, 1.0] {
        let expected = attend_values(&held, values.view(), queries.view(), &[beta; 5], Form::Distance);
        let found = attend_values(&packed, values.view(), queries.view(), &[beta; 5], Form::Distance);
        assert!((expected.mean - found.mean).iter().all(|d| d.abs() < 1e-12));
    }
}

/// Whole recalls by name: the same states and reports.
#[test]
fn memories_of_bits_recall_as_memories_of_numbers() {
    let (held, packed) = both::<f32>(4000, 128, 9);
    for spec in [Spec::new("modern"), Spec::new("diffusion"), Spec::new("dense"), Spec::new("universal")] {
        let (a, b) = (spec.build(held.clone()).expect("held"), spec.build(packed.clone()).expect("packed"));
        let queries = cues(&held, 20, 0.7);
        let level = if spec.model == "diffusion" { Level::Sigma(0.7) } else { Level::Estimate };
        let request = Request { level, ..Request::new(queries.view()) };
        let (a, b) = (a.recall(&request).expect("a recall"), b.recall(&request).expect("a recall"));
        let far = (&a.states - &b.states).iter().map(|d| d.abs()).fold(0.0, f32::max);
        assert!(far < 1e-4, "{}: {far}", spec.model);
        for (a, b) in a.rows.iter().zip(&b.rows) {
            assert_eq!((a.memory, a.outcome), (b.memory, b.outcome), "{}", spec.model);
        }
    }
}

#[test]
fn known_units_are_held_by_bits() {
    let (held, packed) = both::<f32>(2000, 64, 11);
    let queries = cues(&held, 6, 0.0);
    let known = Array2::from_shape_fn((6, 64), |(_, j)| j < 40);
    let spec = Spec::new("diffusion");
    let request = Request { known: Some(known.view()), ..Request::new(queries.view()) };
    let a = spec.build(held).expect("held").recall(&request).expect("a recall");
    let b = spec.build(packed).expect("packed").recall(&request).expect("a recall");
    assert!((&a.states - &b.states).iter().all(|d| d.abs() < 1e-4));
}

#[test]
fn bits_of_nothing_are_refused() {
    let none = Patterns::<f32>::packed(Packed::new(0, 8), Preparation::Identity);
    assert!(none.expect_err("no patterns").to_string().contains("at least one"));
    let preparation = Preparation::Affine { mean: vec![0.5; 3], scale: 2.0 };
    let error = Patterns::<f32>::packed(Packed::new(2, 8), preparation).expect_err("three of eight units");
    assert!(error.to_string().contains("8 units"), "{error}");
}
