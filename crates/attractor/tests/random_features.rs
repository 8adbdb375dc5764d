//! The kernel sum that is estimated from random features, against exact sums, closed forms and the variance of the estimate.
#![allow(missing_docs)]

use std::ops::ControlFlow;

use attractor::energies::{Energy, FeatureSums, Gradient, LogSumExp, RandomFeatures};
use attractor::memories::{Beta, FeatureOptions, Memory, RandomFeaturesMemory};
use attractor::noise::{Purpose, Stream};
use attractor::{Extras, Frame, Outcome, Patterns, Prepare, Real, Request};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, array, s};

/// Terms of the sums are rounded to multiples of 2⁻³², and features are at most 2¹⁶ here: far above the rounding of a mean.
const ROUNDING: f64 = 1e-9;

fn spins<F: Real>(n: usize, dim: usize, seed: u64) -> Array2<F> {
    let mut stream = Stream::new(seed, Purpose::Patterns, 0);
    Array2::from_shape_fn((n, dim), |_| if stream.uniform() < 0.5 { F::ONE } else { -F::ONE })
}

fn normals(n: usize, dim: usize, scale: f64, seed: u64) -> Array2<f64> {
    let mut stream = Stream::new(seed, Purpose::Corruption, 0);
    Array2::from_shape_simple_fn((n, dim), || scale * stream.normal())
}

fn stored(patterns: &Array2<f64>, features: usize, beta: f64, seed: u64) -> RandomFeatures<f64> {
    let mut energy = RandomFeatures::new(features, beta, seed, patterns.ncols()).expect("options");
    energy.add(patterns.view(), None).expect("patterns");
    energy
}

fn square(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

/// Σ_n exp(−½β‖x − y_n‖²).
fn kernel_sum(x: ArrayView1<f64>, patterns: &Array2<f64>, beta: f64) -> f64 {
    patterns.outer_iter().map(|y| (-0.5 * beta * square(x, y)).exp()).sum()
}

/// The variance of the estimate of one feature: ½ Σ κ(y_m − y_n) + ½ Σ κ(2x − y_m − y_n) − K(x)².
fn variance(x: ArrayView1<f64>, patterns: &Array2<f64>, beta: f64) -> f64 {
    let mut sum = 0.0;
    for a in patterns.outer_iter() {
        for b in patterns.outer_iter() {
            let mirrored = (&x * 2.0 - a).to_owned();
            sum += 0.5 * (-0.5 * beta * square(a, b)).exp();
            sum += 0.5 * (-0.5 * beta * square(mirrored.view(), b)).exp();
        }
    }
    sum - kernel_sum(x, patterns, beta).powi(2)
}

#[test]
fn a_pattern_has_its_own_term_exactly_and_one_feature_is_a_cosine() {
    let pattern = array![[0.3, -1.2, 0.7]];
    for (features, beta, seed) in [(1, 1.0, 0), (1, 1e4, 7), (50, 0.2, 3)] {
        let energy = stored(&pattern, features, beta, seed);
        let own = energy.kernel_sums(pattern.view()).expect("a sum")[0];
        assert!((own - 1.0).abs() < ROUNDING, "{own}");
        let slope = energy.gradient(pattern.view(), &[0.0]).expect("a slope");
        assert!(slope.iter().all(|g| g.abs() < 1e-6), "{slope}");
    }
    // −β⁻¹ ln cos ω·(x − y) has the slope β⁻¹ tan(ω·(x − y)) ω.
    let energy = stored(&pattern, 1, 0.8, 2);
    let omega = energy.frequencies().row(0).to_owned();
    let moved = &pattern + &(&omega * (0.4 / omega.dot(&omega)));
    assert!(
        (energy.energy(moved.view(), &[0.0]).expect("one")[0] + 0.4_f64.cos().ln() / 0.8).abs() < ROUNDING
    );
    let slope = energy.gradient(moved.view(), &[0.0]).expect("a slope");
    for (g, w) in slope.iter().zip(&omega) {
        assert!((g - 0.4_f64.tan() * w / 0.8).abs() < 1e-8, "{g}");
    }
}

/// Over many seeds the estimate has the mean of the exact sum and the variance of the formula, at, near and far from patterns
/// that are near each other in part.
#[test]
fn the_estimate_is_without_bias_and_has_its_variance() {
    const SEEDS: u64 = 3000;
    const FEATURES: usize = 40;
    /// Of standard normal numbers, one of 10⁵ is larger. Twelve are looked at.
    const SIGMAS: f64 = 4.5;
    let beta = 0.7;
    let mut patterns = normals(6, 3, 1.0, 1);
    let near = &patterns.row(0) + 0.2;
    patterns.row_mut(1).assign(&near);
    let states = ndarray::concatenate![Axis(0), patterns.slice(s![..2, ..]), normals(4, 3, 2.0, 5)];
    let mut sums = Array2::zeros((SEEDS as usize, states.nrows()));
    for seed in 0..SEEDS {
        let found = stored(&patterns, FEATURES, beta, seed).kernel_sums(states.view()).expect("sums");
        sums.row_mut(seed as usize).iter_mut().zip(found).for_each(|(to, from)| *to = from);
    }
    for (x, found) in states.outer_iter().zip(sums.columns()) {
        let (exact, own) = (kernel_sum(x, &patterns, beta), variance(x, &patterns, beta) / FEATURES as f64);
        let mean = found.mean().expect("some");
        let error = (own / SEEDS as f64).sqrt();
        assert!((mean - exact).abs() < SIGMAS * error, "{mean} for {exact} ± {error}");
        // Means of 40 features are nearly normal, so that of squares has a deviation of √(2/seeds).
        let ratio = found.iter().map(|k| (k - exact).powi(2)).sum::<f64>() / SEEDS as f64 / own;
        assert!((ratio - 1.0).abs() < SIGMAS * (2.0 / SEEDS as f64).sqrt() * 1.2, "{ratio}");
    }
}

/// The energy of `modern` with its norm bias, as the features grow: a root mean square error of M^−½.
#[test]
fn energy_and_gradient_tend_to_the_exact_ones_as_one_over_root_m() {
    const SEEDS: u64 = 40;
    /// The slope of ln error on ln M from 5 points over a factor of 256, each of 40 · 16 correlated errors.
    const SLOPE: f64 = 0.06;
    let patterns = spins::<f64>(20, 10, 3);
    let beta = 0.3;
    let states = &patterns.slice(s![..16, ..]) + &normals(16, 10, 0.3, 4);
    let exact = LogSumExp::new(Patterns::new(patterns.clone()).expect("patterns"), beta, true).expect("beta");
    let (energies, slopes) = (
        exact.energy(states.view(), &[0.0; 16]).expect("energies"),
        exact.gradient(states.view(), &[0.0; 16]),
    );
    let slopes = slopes.expect("slopes");
    let mut points = Vec::new();
    for features in [1 << 9, 1 << 11, 1 << 13, 1 << 15, 1 << 17].map(|m: usize| m / 2) {
        let (mut of_energy, mut of_slope) = (0.0, 0.0);
        for seed in 0..SEEDS {
            let energy = stored(&patterns, features, beta, seed);
            let found = energy.energy(states.view(), &[0.0; 16]).expect("energies");
            of_energy += found.iter().zip(&energies).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
            let found = energy.gradient(states.view(), &[0.0; 16]).expect("slopes");
            of_slope += (&found - &slopes).iter().map(|d| d * d).sum::<f64>();
        }
        points.push(((features as f64).ln(), 0.5 * of_energy.ln(), 0.5 * of_slope.ln()));
    }
    let mean = points.iter().map(|p| p.0).sum::<f64>() / points.len() as f64;
    let slope = |of: fn(&(f64, f64, f64)) -> f64| {
        points.iter().map(|p| (p.0 - mean) * of(p)).sum::<f64>()
            / points.iter().map(|p| (p.0 - mean).powi(2)).sum::<f64>()
    };
    for found in [slope(|p| p.1), slope(|p| p.2)] {
        assert!((found + 0.5).abs() < SLOPE, "{found}: {points:?}");
    }
}

#[test]
fn what_is_added_and_removed_leaves_the_same_bits() {
    let patterns = spins::<f32>(300, 24, 1);
    let more = normals(50, 24, 1.0, 9).mapv(|x| x as f32);
    let mut energy = RandomFeatures::new(900, 0.1, 4, 24).expect("options");
    energy.add(patterns.view(), None).expect("patterns");
    let before = energy.sums().clone();
    energy.add(more.view(), None).expect("patterns");
    assert_eq!(energy.sums().patterns, 350);
    let mut backwards = more.clone();
    backwards.invert_axis(Axis(0));
    energy.remove(backwards.as_standard_layout().view(), None).expect("those that were added");
    let after = energy.sums();
    assert_eq!((&after.cosines, &after.sines), (&before.cosines, &before.sines));
    assert_eq!((after.patterns, after.weight), (before.patterns, before.weight));
    let close = |a: f64, b: f64| (a - b).abs() <= 350.0 * f64::EPSILON * 350.0;
    assert!(after.first.iter().zip(&before.first).all(|(a, b)| close(*a, *b)));
    assert!(close(after.second, before.second));
    // One after the other, in any order and on any number of threads, is the same.
    let mut one_by_one = RandomFeatures::new(900, 0.1, 4, 24).expect("options");
    for n in (0..300).map(|n| (n * 7 + 3) % 300) {
        one_by_one.add(patterns.slice(s![n..n + 1, ..]), None).expect("a pattern");
    }
    assert_eq!(one_by_one.sums().cosines, before.cosines);
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        let again = pool.install(|| {
            let mut energy = RandomFeatures::new(900, 0.1, 4, 24).expect("options");
            energy.add(patterns.view(), None).expect("patterns");
            energy.sums().clone()
        });
        assert_eq!(again, before, "{threads} threads");
    }
}

#[test]
fn a_removal_of_what_was_never_added_is_refused_where_it_can_be_seen() {
    let patterns = spins::<f64>(30, 24, 1);
    let mut energy = stored(&patterns, 4000, 0.3, 0);
    let before = energy.sums().clone();
    let refused = |energy: &mut RandomFeatures<f64>, rows: ArrayView2<f64>, word: &str| {
        let error = energy.remove(rows, None).expect_err("refused").to_string();
        assert!(error.contains(word), "{error}");
    };
    // Far from all patterns the sum is about 0, of a deviation of √(30/8000) = 0.06.
    refused(&mut energy, spins(1, 24, 77).view(), "row 0, at which the kernel sum is");
    refused(&mut energy, patterns.view(), "at most 29 of the 30");
    refused(&mut energy, spins(31, 24, 2).view(), "at most 29");
    refused(&mut energy, Array2::ones((1, 23)).view(), "24 units");
    refused(&mut energy, array![[f64::NAN; 24]].view(), "finite");
    assert_eq!(energy.sums(), &before, "nothing was changed");
    // Twice the same, of which there was one.
    let twice = ndarray::concatenate![Axis(0), patterns.slice(s![..1, ..]), patterns.slice(s![..1, ..])];
    energy.remove(twice.view(), None).expect("each of them looks stored");
    // So few that what is left would be sums of no pattern.
    let mut few = stored(&patterns.slice(s![..2, ..]).to_owned(), 3, 0.3, 0);
    let error = few.remove(spins(1, 24, 77).view(), None).expect_err("refused").to_string();
    assert!(error.contains("larger than those of so many can be"), "{error}");
}

#[test]
fn weights_are_factors() {
    let patterns = normals(3, 4, 1.0, 1);
    let thrice =
        ndarray::concatenate![Axis(0), patterns, patterns.slice(s![..1, ..]), patterns.slice(s![..1, ..])];
    let weights = Extras { weights: Some(vec![3.0, 1.0, 1.0]), ..Extras::default() };
    let weighted = Patterns::new(patterns.clone()).and_then(|p| p.with(weights)).expect("patterns");
    let weighted = RandomFeatures::of_patterns(&weighted, 500, Some(0.5), 1).expect("features");
    let repeated = stored(&thrice, 500, 0.5, 1);
    let states = normals(5, 4, 0.5, 2);
    let (a, b) = (weighted.kernel_sums(states.view()), repeated.kernel_sums(states.view()));
    // Five patterns, or three of weights whose mean is 1.
    for (a, b) in a.expect("sums").iter().zip(b.expect("sums")) {
        assert!((a / 3.0 - b / 5.0).abs() < ROUNDING, "{a} {b}");
    }
    // The share of the pattern in mean and spread is that of a mixture.
    let (of_weights, of_repeats) = (weighted.sums(), repeated.sums());
    assert!((of_weights.spread() - of_repeats.spread()).abs() < ROUNDING);
    assert!((of_weights.distinct() - of_repeats.distinct()).abs() < 0.1);
    for weight in [0.0, -1.0, 1e-7, 1e7, f64::NAN] {
        let mut energy = stored(&patterns, 5, 0.5, 1);
        let error = energy.add(patterns.view(), Some(&[1.0, weight, 1.0])).expect_err("refused").to_string();
        assert!(error.contains("weights: expected a number from 1e-6 to 1e6"), "{error}");
    }
    let mut energy = stored(&patterns, 5, 0.5, 1);
    assert!(energy.add(patterns.view(), Some(&[1.0])).is_err());
}

/// What sums say of their own noise, and of how many patterns they are of.
#[test]
fn noise_and_distinct_patterns_are_known_from_the_sums() {
    /// 4.5 deviations of a mean of 4,000 squares, which are nearly exponential.
    const SAMPLED: f64 = 4.5 / 63.0;
    let apart = spins::<f64>(40, 60, 1);
    let energy = stored(&apart, 4000, 0.2, 3);
    let noise = (40.0 / 8000.0_f64).sqrt();
    assert!((energy.sums().noise() / noise - 1.0).abs() < SAMPLED, "{}", energy.sums().noise());
    assert!((energy.sums().distinct() / 40.0 - 1.0).abs() < 2.0 * SAMPLED, "{}", energy.sums().distinct());
    // Eight clusters of five equal patterns.
    let rows: Vec<usize> = (0..40).map(|n| n / 5).collect();
    let clusters = stored(&apart.select(Axis(0), &rows), 4000, 0.2, 3);
    assert!((clusters.sums().distinct() / 8.0 - 1.0).abs() < 2.0 * SAMPLED, "{}", clusters.sums().distinct());
    let deviation = variance(normals(1, 60, 1.0, 8).row(0), &apart.select(Axis(0), &rows), 0.2) / 4000.0;
    assert!((clusters.sums().noise() / deviation.sqrt() - 1.0).abs() < SAMPLED);
}

/// Patterns are near minima if there are well more than 2ND features, and not if there are well fewer: the noise of the Hessian has
/// eigenvalues up to √(2ND/M), against 1.
#[test]
fn two_features_a_number_tell_patterns_apart() {
    let (n, dim) = (24, 48);
    let patterns = spins::<f64>(n, dim, 5);
    let wrong = |features: usize, rows: usize| {
        let options = FeatureOptions { features, ..FeatureOptions::default() };
        let stored = patterns.select(Axis(0), &(0..rows).map(|k| k % n).collect::<Vec<_>>());
        let stored = Patterns::new(stored).expect("patterns");
        let memory = RandomFeaturesMemory::new(&stored, options).expect("a memory");
        let recall = memory.recall(&Request::new(patterns.view())).expect("a recall");
        recall.states.iter().zip(&patterns).filter(|(x, y)| *x * *y <= 0.0).count() as f64
            / patterns.len() as f64
    };
    assert_eq!(wrong(4 * n * dim, n), 0.0);
    assert!(wrong(n * dim / 5, n) > 0.02, "{}", wrong(n * dim / 5, n));
    // What counts is how many are told apart, and not how many there are.
    assert_eq!(wrong(4 * n * dim, 50 * n), 0.0);
}

#[test]
fn beta_is_just_large_enough() {
    // exp(−β 3²/2) = 1/100 of two patterns.
    let two = Patterns::new(array![[0.0_f64, 0.0], [3.0, 0.0]]).expect("patterns");
    let beta = RandomFeatures::separating_beta(&two).expect("a beta");
    assert!((beta - 2.0 * 100f64.ln() / 9.0).abs() < 1e-9, "{beta}");
    // Equal patterns count as one, and no two that differ give the scale of the pattern.
    let three = Patterns::new(array![[0.0_f64, 0.0], [0.0, 0.0], [3.0, 0.0]]).expect("patterns");
    assert!((RandomFeatures::separating_beta(&three).expect("a beta") - beta).abs() < 0.4);
    let one = Patterns::new(array![[3.0_f64, 4.0]]).expect("patterns");
    assert!((RandomFeatures::separating_beta(&one).expect("a beta") - 1.0 / 25.0).abs() < 1e-12);
    // Of many, the others pull by a hundredth, whatever is looked at.
    let many = spins::<f64>(3000, 40, 1);
    let beta =
        RandomFeatures::separating_beta(&Patterns::new(many.clone()).expect("patterns")).expect("a beta");
    let mut pulls: Vec<f64> = many.outer_iter().take(200).map(|y| kernel_sum(y, &many, beta) - 1.0).collect();
    pulls.sort_by(f64::total_cmp);
    assert!((0.005..0.02).contains(&pulls[100]), "{}", pulls[100]);
}

fn never_rises<F: Real>(rounding: f64) {
    let patterns = spins::<F>(30, 32, 1);
    // Too few features: a rough landscape.
    for features in [200, 5000] {
        let options = FeatureOptions { features, ..FeatureOptions::default() };
        let stored = Patterns::new(patterns.clone()).expect("patterns");
        let memory = RandomFeaturesMemory::new(&stored, options).expect("a memory");
        let noise = normals(12, 32, 0.5, 3).mapv(F::from_f64);
        let cues = &patterns.slice(s![..12, ..]) + &noise;
        let mut last = [f64::INFINITY; 12];
        let mut watch = |frame: Frame<F>| {
            let energies = memory.energy().energy(frame.states, &[]).expect("energies");
            for (&row, energy) in frame.rows.iter().zip(energies) {
                assert!(energy <= last[row] + rounding, "{energy} after {}", last[row]);
                last[row] = energy;
            }
            ControlFlow::Continue(())
        };
        let request = Request { updates: Some(200), ..Request::new(cues.view()) };
        let recall = memory.recall_observed(&request, &mut watch).expect("a recall");
        assert!(recall.states.iter().all(|x| x.is_finite()));
    }
}

#[test]
fn the_energy_never_rises() {
    never_rises::<f64>(0.0);
    never_rises::<f32>(0.0);
}

#[test]
fn far_cues_have_no_energy_and_stay() {
    let patterns = Patterns::new(spins::<f64>(10, 16, 1)).expect("patterns");
    let options = FeatureOptions { features: 300, beta: Beta::Value(1e6), seed: 0 };
    let memory = RandomFeaturesMemory::new(&patterns, options).expect("a memory");
    let cues = normals(40, 16, 5.0, 2);
    let recall = memory.recall(&Request::new(cues.view())).expect("a recall");
    let sums = memory.energy().kernel_sums(cues.view()).expect("sums");
    let energies = memory.energies(cues.view(), None).expect("energies");
    let mut without = 0;
    for (row, sum) in sums.iter().enumerate() {
        let undefined = matches!(recall.rows[row].outcome, Outcome::Undefined { .. });
        assert_eq!(undefined, *sum <= 0.0);
        assert_eq!(energies[row] == f64::INFINITY, undefined);
        assert!(!energies[row].is_nan());
        if undefined {
            without += 1;
            assert_eq!(recall.states.row(row), cues.row(row));
            assert_eq!((recall.rows[row].energy, recall.rows[row].memory), (None, None));
        }
    }
    assert!((5..35).contains(&without), "{without} of 40: even odds");
    let error = memory.gradients(cues.view(), None).expect_err("no slope").to_string();
    assert!(error.contains("not positive") && error.contains("features"), "{error}");
}

#[test]
fn preparation_and_prior_are_those_of_the_patterns() {
    let raw = normals(400, 5, 2.0, 3).mapv(|x| x + 7.0);
    let patterns = Patterns::prepared(raw.clone(), Prepare::Normalize, false).expect("patterns");
    let memory =
        RandomFeaturesMemory::new(&patterns, FeatureOptions { features: 64, ..FeatureOptions::default() });
    let memory: Box<dyn Memory<f64>> = Box::new(memory.expect("a memory"));
    assert_eq!(memory.preparation(), patterns.preparation());
    assert!(memory.patterns().is_none());
    assert!((memory.spread().expect("a spread") - 1.0).abs() < ROUNDING);
    let rows: Vec<u64> = (0..4000).collect();
    let (states, _) = memory.prior_samples(&rows, 1).expect("samples");
    let mean = states.mean().expect("some");
    // 20,000 numbers of deviation 2.
    assert!((mean - raw.mean().expect("some")).abs() < 4.5 * 2.0 / 20_000f64.sqrt(), "{mean}");
    assert!((states.std(0.0) / 2.0 - 1.0).abs() < 0.1, "{}", states.std(0.0));
}

#[test]
fn sums_that_no_patterns_have_are_refused() {
    let sums = stored(&spins(5, 4, 1), 8, 0.5, 0).sums().clone();
    assert!(RandomFeatures::<f32>::of_sums(sums.clone()).is_ok());
    let change = |of: fn(&mut FeatureSums)| {
        let mut sums = sums.clone();
        of(&mut sums);
        RandomFeatures::<f64>::of_sums(sums).map(|_| ()).expect_err("refused").to_string()
    };
    for (error, word) in [
        (change(|s| s.beta = -1.0), "beta"),
        (change(|s| s.patterns = 0), "found none"),
        (change(|s| s.weight = 0.0), "found none"),
        (change(|s| s.cosines[3] = 9.0), "larger"),
        (change(|s| s.cosines[3] = f64::NAN), "not finite"),
        (change(|s| s.sines = vec![]), "lengths"),
        (change(|s| s.first = vec![]), "lengths"),
        (change(|s| s.first[0] = 1e9), "mean that is larger"),
    ] {
        assert!(error.contains(word), "{error}");
    }
    let error = RandomFeatures::<f32>::new(1 << 20, 1.0, 0, 1 << 11).map(|_| ()).expect_err("too many");
    assert!(error.to_string().contains("at most 524288 for patterns of 2048 units"), "{error}");
}
