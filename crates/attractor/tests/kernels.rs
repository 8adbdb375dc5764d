//! The kernels against plain f64 sums written out here.
#![allow(missing_docs)]

mod zoo;

use attractor::kernels::{Form, Read, attend, attend_values, posterior};
use attractor::{Patterns, Real};
use ndarray::{Array2, ArrayView1, s};
use proptest::prelude::*;
use zoo::{normals, spins};

/// Logits of one query in f64, from the same inputs.
fn logits<F: Real>(patterns: &Patterns<F>, z: ArrayView1<F>, beta: f64, form: Form) -> Vec<f64> {
    let weights = patterns.log_weights();
    patterns
        .values()
        .outer_iter()
        .enumerate()
        .map(|(n, y)| {
            let pairs = z.iter().zip(y).map(|(z, y)| (z.to_f64(), y.to_f64()));
            let logit = match form {
                Form::Distance => -beta * pairs.map(|(z, y)| (z - y).powi(2)).sum::<f64>() / 2.0,
                Form::Dot => beta * pairs.map(|(z, y)| z * y).sum::<f64>(),
            };
            logit + weights.map_or(0.0, |w| w[n])
        })
        .collect()
}

/// log-sum, weights.
fn softmax(logits: &[f64]) -> (f64, Vec<f64>) {
    let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|l| (l - top).exp()).sum();
    let log_sum = top + sum.ln();
    (log_sum, logits.iter().map(|l| (l - log_sum).exp()).collect())
}

fn check<F: Real>(n: usize, d: usize, b: usize, beta: f64, form: Form, weighted: bool, tolerance: f64) {
    let mut patterns = Patterns::new(normals::<F>(n, d, 1.0, 1)).expect("patterns");
    if weighted {
        let weights: Vec<f64> = (0..n).map(|i| 0.1 + (i % 7) as f64).collect();
        patterns = patterns.with_weights(&weights).expect("weights");
    }
    let z = normals::<F>(b, d, 1.2, 2);
    let betas: Vec<f64> = (0..b).map(|q| beta * (1.0 + q as f64 / b as f64)).collect();
    let read = attend(&patterns, z.view(), &betas, form);
    let posteriors = posterior(&patterns, z.view(), &betas, form, 3);
    let what = format!("{} {n}×{d}, {b} queries, β = {beta}, {form:?}, weighted {weighted}", F::NAME);
    for q in 0..b {
        let (log_sum, w) = softmax(&logits(&patterns, z.row(q), betas[q], form));
        // Errors of a logit grow with β times the products that it is made of.
        let slack = tolerance * (1.0 + betas[q] * d as f64);
        assert!(
            (read.log_sum()[q] - log_sum).abs() < slack,
            "{what}: log-sum {} for {log_sum}",
            read.log_sum()[q]
        );
        for j in 0..d {
            let mean: f64 = (0..n).map(|i| w[i] * patterns.values()[[i, j]].to_f64()).sum();
            assert!((read.mean[[q, j]].to_f64() - mean).abs() < slack, "{what}: mean[{q}, {j}]");
        }
        let second: f64 = (0..patterns.len()).map(|n| w[n] * patterns.square(n)).sum();
        assert!((read.second[q] - second).abs() < slack * (1.0 + second), "{what}: second moment");
        let p = &posteriors[q];
        let entropy: f64 = w.iter().filter(|w| **w > 0.0).map(|w| -w * w.ln()).sum();
        assert!((p.entropy - entropy).abs() < slack * 10.0, "{what}: entropy {} for {entropy}", p.entropy);
        let participation = 1.0 / w.iter().map(|w| w * w).sum::<f64>();
        assert!((p.participation / participation - 1.0).abs() < slack * 10.0, "{what}: participation");
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by(|a, b| w[*b].total_cmp(&w[*a]));
        for (k, &(index, probability)) in p.top.iter().enumerate() {
            assert!((probability - w[index]).abs() < slack, "{what}: probability of {index}");
            assert!((w[index] - w[order[k]]).abs() < slack, "{what}: {k}-th best");
        }
    }
}

/// A few unit roundoffs a term, as the module's error bound has it.
const F32: f64 = 3e-6;
const F64: f64 = 1e-14;

#[test]
fn reads_are_plain_sums() {
    for form in [Form::Distance, Form::Dot] {
        for weighted in [false, true] {
            for (n, d, b) in [(1, 1, 1), (3, 2, 5), (50, 7, 9), (700, 33, 17), (90, 130, 4), (9000, 64, 3)] {
                for beta in [1e-3, 0.3, 4.0] {
                    check::<f64>(n, d, b, beta, form, weighted, F64);
                    check::<f32>(n, d, b, beta, form, weighted, F32);
                }
            }
        }
    }
}

fn check_values<F: Real>(n: usize, d: usize, width: usize, b: usize, beta: f64) {
    let patterns = Patterns::new(normals::<F>(n, d, 1.0, 1)).expect("patterns");
    let values = normals::<F>(n, width, 1.0, 5);
    let z = normals::<F>(b, d, 1.2, 2);
    let betas = vec![beta; b];
    for form in [Form::Distance, Form::Dot] {
        let read = attend_values(&patterns, values.view(), z.view(), &betas, form);
        assert_eq!(read.mean.dim(), (b, width));
        let largest = patterns.largest_square();
        for q in 0..b {
            let (log_sum, w) = softmax(&logits(&patterns, z.row(q), beta, form));
            // A logit is β times a cost, a sum of products (in chains of 64 units) and of the half squares;
            // an error of ε in every logit changes a weight by at most e^2ε − 1 of itself.
            let square: f64 = z.row(q).iter().map(|z| z.to_f64() * z.to_f64()).sum();
            let terms = 64.min(d) + d.div_ceil(64) + 16;
            let logit = beta * terms as f64 * F::ROUNDOFF * (square + largest);
            // The exponential adds a few roundoffs, the sum one a pattern of a tile and one a tile.
            let relative = 2.0 * logit + (16 + 96 + n / 96) as f64 * F::ROUNDOFF;
            for j in 0..width {
                let terms = || (0..n).map(|i| w[i] * values[[i, j]].to_f64());
                let (mean, size) = (terms().sum::<f64>(), terms().map(f64::abs).sum::<f64>());
                let error = (read.mean[[q, j]].to_f64() - mean).abs();
                // Once for the numerator, once for the mass that it is divided by.
                assert!(
                    error <= 2.0 * relative.exp_m1() * size,
                    "{} {n}×{d}, {width} wide, {form:?}, mean[{q}, {j}]: off by {error:e} of {size}",
                    F::NAME
                );
            }
            let error = (read.log_sum()[q] - log_sum).abs();
            assert!(error <= relative + 4.0 * f64::EPSILON * log_sum.abs(), "log-sum: off by {error:e}");
        }
    }
}

#[test]
fn other_values_are_read_by_the_same_weights() {
    for (n, d, width, b) in [
        (1, 3, 1, 1),
        (50, 7, 13, 9),
        (700, 33, 5, 17),
        (300, 12, 203, 70),
        (2000, 64, 37, 40),
        (90, 130, 21, 1),
    ] {
        for beta in [1e-3, 0.3, 4.0] {
            check_values::<f64>(n, d, width, b, beta);
            check_values::<f32>(n, d, width, b, beta);
        }
    }
}

#[test]
fn patterns_as_values_are_an_ordinary_read() {
    let values = normals::<f32>(500, 29, 1.0, 1);
    let z = normals::<f32>(20, 29, 1.2, 2);
    let patterns = Patterns::new(values.clone()).expect("patterns");
    let plain = attend(&patterns, z.view(), &[0.2; 20], Form::Distance);
    let same = attend_values(&patterns, values.view(), z.view(), &[0.2; 20], Form::Distance);
    assert_eq!(plain.mean, same.mean);
    assert_eq!((plain.peak, plain.mass, plain.second), (same.peak, same.mass, same.second));
    // A query's values do not depend on the other queries, nor on how the values lie in memory.
    let values = normals::<f32>(500, 45, 1.0, 3);
    let turned = values.t().as_standard_layout().into_owned();
    let all = attend_values(&patterns, values.view(), z.view(), &[0.2; 20], Form::Distance);
    for q in [0, 7, 19] {
        let alone = attend_values(&patterns, turned.t(), z.slice(s![q..q + 1, ..]), &[0.2], Form::Distance);
        assert_eq!(alone.mean.row(0), all.mean.row(q));
    }
}

#[test]
fn parts_merge_into_the_whole() {
    let values = normals::<f64>(600, 12, 1.0, 1);
    let z = normals::<f64>(7, 12, 1.0, 2);
    let betas = [0.1, 0.5, 1.0, 2.0, 10.0, 100.0, 1e6];
    let read = |rows| {
        let patterns = Patterns::new(values.slice(rows).to_owned()).expect("patterns");
        attend(&patterns, z.view(), &betas, Form::Distance)
    };
    let whole = read(s![.., ..]);
    let parts = [read(s![..100, ..]), read(s![100..101, ..]), read(s![101.., ..])];
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let mut merged = Read::empty(7, 12);
        order.iter().for_each(|&p| merged.merge(&parts[p]));
        zoo::assert_close(&merged.mean, &whole.mean, F64, "mean");
        for q in 0..7 {
            // The log-sum is up to β·6 here.
            let (a, b) = (merged.log_sum()[q], whole.log_sum()[q]);
            assert!((a - b).abs() <= F64 * (1.0 + b.abs()), "log-sum {a} for {b}");
            assert!((merged.second[q] - whole.second[q]).abs() < F64 * 100.0);
        }
    }
}

/// Issue of every expansion ‖z‖² + ‖y‖² − 2z·y in f32: near patterns far from the origin.
#[test]
fn the_best_pattern_in_f32_is_the_true_best() {
    for (shift, gap) in [(0.0, 1e-4), (10.0, 1e-3), (300.0, 1e-2)] {
        let mut values = normals::<f32>(2000, 100, 1.0, 1);
        values.mapv_inplace(|v| v + shift as f32);
        // Many near ties: copies of one pattern moved by a hair.
        for n in 0..200 {
            let mut row = values.row(1000).to_owned();
            row[n % 100] += gap as f32 * (1.0 + n as f32 / 50.0);
            values.row_mut(3 * n).assign(&row);
        }
        let mut z = normals::<f32>(40, 100, 1e-3, 3);
        z.outer_iter_mut().for_each(|mut q| q += &values.row(1000));
        let patterns = Patterns::new(values).expect("patterns");
        for beta in [1.0, 1e4, 1e12, f64::INFINITY] {
            let best = posterior(&patterns, z.view(), &[beta; 40], Form::Distance, 1);
            for q in 0..40 {
                let exact = logits(&patterns, z.row(q), 1.0, Form::Distance);
                let top = exact.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let found = exact[best[q].top[0].0];
                // Sums of f64 in another order differ by their rounding.
                assert!(
                    top - found <= 1e-12 * (1.0 + top.abs()),
                    "shift {shift}, β {beta}, row {q}: {found} for {top}"
                );
            }
        }
    }
}

#[test]
fn extreme_logits_are_numbers() {
    let patterns = Patterns::new(spins::<f32>(30, 50, 1) * 200.0).expect("patterns");
    let z = normals::<f32>(5, 50, 100.0, 2);
    for form in [Form::Distance, Form::Dot] {
        // Logits to ±10⁶ and far beyond, and none at all.
        for beta in [1.0, 1e3, 1e20, f64::INFINITY, 1e-20, 0.0] {
            let read = attend(&patterns, z.view(), &[beta; 5], form);
            assert!(read.mean.iter().all(|m| m.is_finite()), "{form:?} at {beta}");
            assert!(read.mass.iter().chain(&read.second).chain(&read.peak).all(|m| m.is_finite()));
        }
    }
    // At σ → 0 two equal patterns share the weight exactly, also across ranges of a large memory.
    let mut values = normals::<f32>(20_000, 40, 1.0, 1);
    for copy in [7, 9_000, 19_999] {
        let row = values.row(3).to_owned();
        values.row_mut(copy).assign(&row);
    }
    let z = values.slice(s![3..4, ..]).to_owned();
    let patterns = Patterns::new(values).expect("patterns");
    let p = &posterior(&patterns, z.view(), &[f64::INFINITY], Form::Distance, 5)[0];
    let indices: Vec<usize> = p.top.iter().map(|t| t.0).take(4).collect();
    assert_eq!(indices, [3, 7, 9_000, 19_999]);
    assert!(p.top[..4].iter().all(|t| t.1 == 0.25), "{:?}", p.top);
    assert!((p.participation - 4.0).abs() < 1e-6 && (p.entropy - 4.0_f64.ln()).abs() < 1e-6);
}

#[test]
fn a_weight_of_two_is_a_pattern_stored_twice() {
    let values = normals::<f64>(6, 4, 1.0, 1);
    let twice = ndarray::concatenate![ndarray::Axis(0), values, values.slice(s![2..3, ..])];
    let weighted = Patterns::new(values).expect("patterns");
    let weighted = weighted.with_weights(&[1.0, 1.0, 2.0, 1.0, 1.0, 1.0]).expect("weights");
    let twice = Patterns::new(twice).expect("patterns");
    let z = normals::<f64>(8, 4, 1.0, 2);
    for form in [Form::Distance, Form::Dot] {
        let a = attend(&weighted, z.view(), &[0.7; 8], form);
        let b = attend(&twice, z.view(), &[0.7; 8], form);
        zoo::assert_close(&a.mean, &b.mean, F64, "mean");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn any_shape_reads_as_plain_sums(
        n in 1..300usize, d in 1..90usize, b in 1..40usize, log_beta in -6.0..3.0f64, weighted: bool, dot: bool,
    ) {
        let form = if dot { Form::Dot } else { Form::Distance };
        check::<f32>(n, d, b, log_beta.exp() / d as f64, form, weighted, F32);
        check::<f64>(n, d, b, log_beta.exp() / d as f64, form, weighted, F64);
    }
}

/// Every array layout that ndarray has gives the same patterns and queries.
#[test]
fn layout_does_not_matter() {
    let values = normals::<f32>(30, 9, 1.0, 1);
    let z = normals::<f32>(4, 9, 1.0, 2);
    let plain =
        attend(&Patterns::new(values.clone()).expect("patterns"), z.view(), &[1.0; 4], Form::Distance);
    let fortran = values.t().as_standard_layout().into_owned().reversed_axes();
    assert!(!fortran.is_standard_layout());
    let turned: Array2<f32> = z.t().as_standard_layout().into_owned();
    let same = attend(&Patterns::new(fortran).expect("patterns"), turned.t(), &[1.0; 4], Form::Distance);
    assert_eq!(plain.mean, same.mean);
}

#[test]
fn a_whole_posterior_is_the_softmax_in_order() {
    let (patterns, z) = (zoo_like(300), zoo_like(3));
    let patterns = Patterns::new(patterns).expect("patterns");
    for top in [1, 5, 64, 65, 150, 299, 300, 1000] {
        let found = posterior(&patterns, z.view(), &[0.7; 3], Form::Distance, top);
        for (query, found) in z.outer_iter().zip(found) {
            let weight = |y: ndarray::ArrayView1<f64>| (-0.35 * (&y - &query).mapv(|d| d * d).sum()).exp();
            let mut all: Vec<(usize, f64)> = patterns.values().outer_iter().map(weight).enumerate().collect();
            let total: f64 = all.iter().map(|(_, w)| w).sum();
            all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            all.truncate(top);
            assert_eq!(found.top.len(), all.len());
            for ((n, w), (m, v)) in found.top.iter().zip(&all) {
                assert!(n == m && (w - v / total).abs() < 1e-12, "{top}: {n} {m} {w} {}", v / total);
            }
        }
    }
}

/// Numbers between -1 and 1 without a pattern, seven a row.
fn zoo_like(rows: usize) -> ndarray::Array2<f64> {
    ndarray::Array2::from_shape_fn((rows, 7), |(i, j)| ((i * 7 + j) as f64 * 1.618_033_988_7).sin())
}
