//! Recall with a cue that stays on: laws on every model of the zoo, closed forms, and an independent program's numbers.
#![allow(missing_docs)]

mod zoo;

use std::collections::HashMap;

use attractor::analysis::{repeat, trace};
use attractor::diffusion::Sampling;
use attractor::dynamics::Order;
use attractor::energies::{Conditioned, Denoise, Interaction, KeptCues, Points, local_dimensions};
use attractor::memories::{
    Beta, Dense, Diffusion, Hopfield, HopfieldOptions, MemoryModel, Modern, Spec, Update,
};
use attractor::{Level, Memory, Outcome, Patterns, Real, Recall, Request};
use ndarray::{Array1, Array2, ArrayView1, Axis, array, s};
use zoo::{LEVELS, Specimen, ZOO, assert_close, cues, normals, spins};

const GAIN: f64 = 0.8;

/// Whether a model has a prior that a cue can change.
fn keeps(specimen: &Specimen) -> bool {
    match specimen.model {
        "hopfield" => !specimen.options.iter().any(|(name, _)| *name == "rule"),
        "dense" | "modern" | "network" | "mixture" => true,
        "diffusion" => !specimen.is_under_potential(),
        // The other local denoisers are no posterior means.
        "local" => specimen.options.contains(&("rule", "wiener")),
        _ => false,
    }
}

fn bits<F: Real>(recall: &Recall<F>) -> Vec<(Vec<u64>, String)> {
    let states = recall.states.outer_iter().map(|row| row.iter().map(|v| v.to_f64().to_bits()).collect());
    states.zip(recall.rows.iter().map(|row| format!("{row:?}"))).collect()
}

#[test]
fn models_without_a_prior_refuse_in_a_sentence() {
    let patterns = spins::<f64>(6, 16, 1);
    for specimen in ZOO {
        let memory = specimen.build(Patterns::new(specimen.world(&patterns)).expect("patterns"));
        let cues = specimen.world(&patterns);
        let request = Request { keep_cue: GAIN, level: LEVELS[2], ..Request::new(cues.view()) };
        match memory.recall(&request) {
            Ok(_) => assert!(keeps(specimen), "{} took a cue that stays on", specimen.name()),
            Err(error) => {
                assert!(!keeps(specimen), "{}: {error}", specimen.name());
                let text = error.to_string();
                assert!(text.contains("cue") && text.contains("keep-cue"), "{}: {text}", specimen.name());
            }
        }
        for gain in [-1.0, f64::NAN, f64::INFINITY, 2e9] {
            let error = memory.recall(&Request { keep_cue: gain, ..request.clone() }).expect_err("a gain");
            let text = error.to_string();
            assert!(text.contains("keep-cue") && text.contains("0 to 1e9"), "{}: {text}", specimen.name());
        }
        if keeps(specimen) {
            let narrow = Array2::zeros((6, 15));
            let error = memory.recall(&Request { input: Some(narrow.view()), ..request.clone() });
            assert!(error.expect_err("an input").to_string().contains("input: expected 6 × 16"));
        }
    }
}

/// Rows alone, together, on any number of threads, and with another seed's worth of neighbours.
fn same_alone_and_together<F: Real>() {
    let patterns = spins::<F>(90, 21, 1);
    let (cues, inputs) = (cues(&patterns, 37, 0.68, 2), cues(&patterns, 37, 0.4, 5));
    for specimen in ZOO.iter().filter(|specimen| keeps(specimen)) {
        let memory = specimen.build(Patterns::new(patterns.clone()).expect("patterns"));
        for (level, input) in [(LEVELS[0], None), (LEVELS[2], Some(inputs.view()))] {
            let updates = memory.denoiser().is_none().then_some(20);
            let request =
                Request { level, seed: 7, updates, keep_cue: GAIN, input, ..Request::new(cues.view()) };
            let whole = memory.recall(&request).expect("a recall");
            let plain = memory.recall(&Request { report: false, ..request.clone() }).expect("a recall");
            assert_eq!(plain.states, whole.states, "{} without a report", specimen.name());
            let together = bits(&whole);
            for threads in [1, 2] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
                let again = pool.install(|| bits(&memory.recall(&request).expect("a recall")));
                assert_eq!(again, together, "{} on {threads} threads", specimen.name());
            }
            for row in [0, 17, 36] {
                let alone = memory
                    .recall(&Request {
                        cues: cues.slice(s![row..row + 1, ..]),
                        input: input.map(|input| input.slice_move(s![row..row + 1, ..])),
                        first_row: row as u64,
                        ..request.clone()
                    })
                    .expect("a recall");
                assert_eq!(bits(&alone)[0], together[row], "{} row {row} alone", specimen.name());
            }
        }
    }
}

#[test]
fn a_row_does_not_depend_on_batch_or_threads() {
    same_alone_and_together::<f32>();
    same_alone_and_together::<f64>();
}

#[test]
fn a_gain_of_0_changes_no_bit() {
    let patterns = spins::<f64>(9, 21, 1);
    let (cues, inputs) = (cues(&patterns, 7, 0.6, 2), cues(&patterns, 7, 0.4, 5));
    for specimen in ZOO {
        let [patterns, cues, inputs] = [&patterns, &cues, &inputs].map(|x| specimen.world(x));
        let memory = specimen.build(Patterns::new(patterns).expect("patterns"));
        let plain = Request { level: LEVELS[1], ..Request::new(cues.view()) };
        let off = Request { keep_cue: 0.0, input: Some(inputs.view()), ..plain.clone() };
        let recall = |request| bits(&memory.recall(request).expect("a recall"));
        assert_eq!(recall(&plain), recall(&off), "{}", specimen.name());
    }
}

#[test]
fn the_order_of_patterns_changes_only_rounding() {
    /// As in the law without a cue that stays on.
    const ROUNDING: f64 = 1e-7;
    let patterns = spins::<f64>(40, 21, 3);
    let cues = cues(&patterns, 9, 0.68, 4);
    let order: Vec<usize> = (0..40).map(|n| (n * 17 + 5) % 40).collect();
    let shuffled = patterns.select(Axis(0), &order);
    for specimen in ZOO.iter().filter(|s| keeps(s) && !s.depends_on_order()) {
        let recall = |patterns: &Array2<f64>| {
            let memory = specimen.build(Patterns::new(patterns.clone()).expect("patterns"));
            let request = Request { level: LEVELS[1], keep_cue: GAIN, ..Request::new(cues.view()) };
            memory.recall(&request).expect("a recall")
        };
        let (here, there) = (recall(&patterns), recall(&shuffled));
        assert_close(&here.states, &there.states, ROUNDING, &specimen.name());
        for (a, b) in here.rows.iter().zip(&there.rows) {
            let (a, b) = (a.energy.unwrap_or(0.0), b.energy.unwrap_or(0.0));
            assert!((a - b).abs() < ROUNDING * (1.0 + a.abs()), "{}: {a} and {b}", specimen.name());
        }
    }
}

#[test]
fn slopes_are_differences_of_energies() {
    /// Central differences of length 10⁻⁴ of functions whose third derivatives are about 10.
    const DIFFERENCE: f64 = 1e-6;
    const LENGTH: f64 = 1e-4;
    let patterns = spins::<f64>(5, 11, 5);
    let (states, inputs) = (normals::<f64>(4, 11, 0.7, 3), normals::<f64>(4, 11, 0.7, 4));
    let mut tried = 0;
    for specimen in ZOO.iter().filter(|s| keeps(s) && ["hopfield", "dense", "modern"].contains(&s.model)) {
        let memory = specimen.build(Patterns::new(patterns.clone()).expect("patterns"));
        let kept = memory.under_cues(inputs.clone(), false, GAIN).expect("a prior");
        let landscape = kept.gradient().expect("a gradient");
        let slopes = landscape.gradient(states.view(), &[0.0; 4]).expect("slopes");
        for j in 0..11 {
            let moved = |by: f64| {
                let mut states = states.clone();
                states.column_mut(j).iter_mut().for_each(|x| *x += by);
                landscape.energy(states.view(), &[0.0; 4]).expect("energies")
            };
            let (up, down) = (moved(LENGTH), moved(-LENGTH));
            for row in 0..4 {
                let expected = (up[row] - down[row]) / (2.0 * LENGTH);
                let size = 1.0 + expected.abs() + up[row].abs();
                let off = (slopes[[row, j]] - expected).abs();
                // Compact weights have kinks, where the slope is continuous and its derivative is not.
                assert!(off < DIFFERENCE * size, "{}: {off:e} of {expected}", specimen.name());
            }
        }
        tried += 1;
    }
    assert!(tried > 15, "{tried}");
}

/// Updates that never raise the energy, and flows along falling levels.
#[test]
fn energies_do_not_rise() {
    /// Rounding of an energy, relative; a flow of 200 steps adds the error of its steps.
    const ROUNDING: f64 = 1e-11;
    const STEPS: f64 = 1e-4;
    let patterns = spins::<f64>(9, 21, 1);
    let (cues, inputs) = (cues(&patterns, 7, 0.5, 2), cues(&patterns, 7, 0.6, 8));
    let lowers = |s: &&Specimen| {
        let has = |text: &str| s.options.iter().any(|(_, value)| *value == text);
        let spins = s.model == "hopfield" && has("asynchronous")
            || s.model == "dense" && !has("synchronous") && !has("glauber");
        keeps(s) && (s.model == "modern" || spins)
    };
    let flow = Spec::new("diffusion").with("sampler", "heun").with("steps", "200");
    let flow = flow.build(Patterns::new(patterns.clone()).expect("patterns")).expect("a memory");
    let memories = ZOO.iter().filter(lowers).map(|specimen| {
        let memory = specimen.build(Patterns::new(patterns.clone()).expect("patterns"));
        (specimen.name(), memory, ROUNDING)
    });
    let mut tried = 0;
    for (name, memory, rounding) in memories.chain([("a flow".to_owned(), flow, STEPS)]) {
        for input in [None, Some(inputs.view())] {
            for gain in [0.3, 1.0, 20.0] {
                let level = Level::Sigma(1.0);
                let request = Request { level, keep_cue: gain, input, ..Request::new(cues.view()) };
                let trace = trace(memory.as_ref(), &request).expect("a trace");
                for (row, moments) in trace.moments.iter().enumerate() {
                    // A sweep begins with signs; the first states are not ±1.
                    let from = usize::from(memory.abilities().spins);
                    for pair in moments[from..].windows(2) {
                        let (before, after) = (pair[0].energy.expect("one"), pair[1].energy.expect("one"));
                        let allowed = rounding * (1.0 + before.abs());
                        assert!(after <= before + allowed, "{name} row {row}: {before} to {after}");
                    }
                    let last = moments.last().and_then(|moment| moment.energy);
                    let report = trace.recall.rows[row].energy;
                    if memory.denoiser().is_none() {
                        assert_eq!(last, report, "{name}");
                    }
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 60, "{tried}");
}

/// The numbers of `fixtures/kept_cue.py`, line by line.
fn fixture() -> Vec<(&'static str, Vec<f64>)> {
    let line = |line: &'static str| {
        let mut words = line.split(' ');
        let name = words.next().expect("a name");
        (name, words.map(|word| word.parse().expect("a number")).collect())
    };
    include_str!("fixtures/kept_cue.txt").lines().map(line).collect()
}

fn row(numbers: &[f64]) -> Array2<f64> {
    Array2::from_shape_vec((1, numbers.len()), numbers.to_vec()).expect("one row")
}

/// Rounding of sums of a few terms of size 1, of which an exponential was taken.
const DIGITS: f64 = 1e-12;

fn close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= DIGITS * (1.0 + expected.abs()), "{what}: {found} for {expected}");
}

#[test]
fn diffusion_is_bayes_with_both_observations() {
    let lines = fixture();
    let one = |name: &str| lines.iter().find(|line| line.0 == name).expect("a line").1.clone();
    let patterns = Array2::from_shape_vec((6, 4), one("patterns")).expect("patterns");
    let patterns = Patterns::new(patterns).expect("patterns").with_weights(&one("weights")).expect("weights");
    let memory = Diffusion::on(patterns.clone().into(), Sampling::default()).expect("a memory");
    let points = Points::new(patterns);
    for (_, numbers) in lines.iter().filter(|line| line.0 == "bayes") {
        let (sigma, gain) = (numbers[0], numbers[1]);
        let (z, u) = (row(&numbers[2..6]), row(&numbers[6..10]));
        let (posterior, mean) = (&numbers[10..16], row(&numbers[16..20]));
        let (energy, dimension) = (numbers[20], numbers[21]);
        let cues = KeptCues::with_noise(u.clone(), vec![sigma / gain.sqrt()]).expect("cues");
        let denoiser = Conditioned::new(&points, &cues);
        assert_close(&denoiser.denoise(z.view(), &[sigma]).expect("a mean"), &mean, DIGITS, "the mean");
        let log_sum = denoiser.log_sum(z.view(), &[sigma]).expect("a log-sum")[0];
        close(-sigma * sigma * log_sum, energy, "the log-sum");
        let found = local_dimensions(&denoiser, z.view(), &[sigma]).expect("a dimension")[0];
        close(found.expect("one"), dimension, "the local dimension");
        let request = Request {
            level: Level::Sigma(sigma),
            keep_cue: gain,
            input: Some(u.view()),
            top: 6,
            ..Request::new(z.view())
        };
        let trace = trace(&memory, &request).expect("a trace");
        close(trace.moments[0][0].energy.expect("one"), energy, "the energy");
        close(trace.moments[0][0].local_dimension.expect("one"), dimension, "the local dimension");
        let largest = trace.moments[0][0].variance.expect("a variance");
        // The posterior covariance: its largest eigenvalue bounds the variance along every unit, and its trace bounds it.
        let spread =
            dimension * sigma * sigma - z.iter().zip(&mean).map(|(z, m)| (z - m).powi(2)).sum::<f64>();
        assert!(largest <= spread * (1.0 + 1e-3) && largest >= 0.95 * spread / 4.0, "{largest} of {spread}");
        for &(n, weight) in &trace.recall.rows[0].posterior.as_ref().expect("a posterior").top {
            close(weight, posterior[n], "the posterior");
        }
    }
}

#[test]
fn modern_networks_have_the_prior_in_their_logits() {
    let lines = fixture();
    let patterns = lines.iter().find(|line| line.0 == "patterns").expect("a line").1.clone();
    let patterns =
        Patterns::new(Array2::from_shape_vec((6, 4), patterns).expect("patterns")).expect("patterns");
    let mut tried = 0;
    for (_, numbers) in lines.iter().filter(|line| line.0 == "modern") {
        let (bias, beta, gain) = (numbers[0] == 1.0, numbers[1], numbers[2]);
        let (x, u) = (row(&numbers[3..7]), row(&numbers[7..11]));
        let (weights, next, energy) = (&numbers[11..17], row(&numbers[17..21]), numbers[21]);
        let memory = Modern::with_norm_bias(patterns.clone(), Beta::Value(beta), bias).expect("a memory");
        let request =
            Request { updates: Some(1), keep_cue: gain, input: Some(u.view()), ..Request::new(x.view()) };
        let trace = trace(&memory, &request).expect("a trace");
        close(trace.moments[0][0].energy.expect("one"), energy, "the energy");
        assert_close(&trace.recall.states, &next, DIGITS, "the update");
        let kept = memory.under_cues(u, false, gain).expect("a prior");
        let posterior = kept.posterior(x.view(), &[0.0], 6).expect("a read").expect("a posterior");
        for &(n, weight) in &posterior[0].top {
            close(weight, weights[n], "the weight");
        }
        assert_eq!(trace.recall.rows[0].beta, Some(beta));
        tried += 1;
    }
    assert_eq!(tried, 6);
}

#[test]
fn spins_have_weights_of_their_patterns() {
    let lines = fixture();
    let patterns = lines.iter().find(|line| line.0 == "spins").expect("a line").1.clone();
    let patterns =
        Patterns::new(Array2::from_shape_vec((5, 12), patterns).expect("patterns")).expect("patterns");
    let energy = |memory: &dyn Memory<f64>, x: &Array2<f64>, u: &[f64], gain: f64| {
        let kept = memory.under_cues(row(u), false, gain).expect("a prior");
        kept.energies(x.view(), None).expect("energies")[0]
    };
    for (_, numbers) in lines.iter().filter(|line| line.0 == "dense") {
        let kind = ["poly:2", "poly:3", "relu:4", "exp"][numbers[0] as usize];
        let memory = Dense::new(patterns.clone(), kind.parse().expect("an interaction")).expect("a memory");
        let (x, u) = (row(&numbers[2..14]), &numbers[14..26]);
        close(energy(&memory, &x, u, numbers[1]), numbers[26], kind);
    }
    for (_, numbers) in lines.iter().filter(|line| line.0 == "couplings") {
        let (gain, x, u) = (numbers[0], row(&numbers[1..13]), &numbers[13..25]);
        let couplings = Array2::from_shape_vec((12, 12), numbers[25..169].to_vec()).expect("couplings");
        for (self_coupling, expected) in [(true, numbers[169]), (false, numbers[170])] {
            for update in [Update::Synchronous, Update::Asynchronous(Order::Fixed)] {
                let options = HopfieldOptions { self_coupling, update, ..HopfieldOptions::default() };
                let memory = Hopfield::new(patterns.clone(), options).expect("a memory");
                close(energy(&memory, &x, u, gain), expected, "the energy of couplings");
                // The same network with its couplings written out.
                let mut written = couplings.clone();
                if !self_coupling {
                    written.diag_mut().fill(0.0);
                }
                let written = Hopfield::from_couplings(written, update).expect("a network");
                let all = spins::<f64>(30, 12, 3);
                let inputs = Array2::from_shape_fn((30, 12), |(_, j)| u[j]);
                let request = Request {
                    updates: Some(9),
                    keep_cue: gain,
                    input: Some(inputs.view()),
                    ..Request::new(all.view())
                };
                let here = memory.recall(&request).expect("a recall").states;
                let plain = Request { keep_cue: 0.0, input: None, ..request };
                assert_eq!(here, written.recall(&plain).expect("a recall").states);
            }
        }
    }
}

/// Two patterns y and −y at b = β‖y‖²; the input is c y. A state m y goes to tanh(b(m + Gc)) y. A start at −s y flips once −s lies above the unstable
/// fixed point: at Gc = s − artanh(s)/b, for s below √(1 − 1/b).
#[test]
fn a_state_flips_at_the_gain_that_theory_says() {
    let y = array![[1.0_f64, -1.0, 1.0, 1.0]];
    let patterns = ndarray::concatenate![Axis(0), y, -&y];
    let (b, c) = (3.0, 0.25);
    let memory =
        Modern::new(Patterns::new(patterns).expect("patterns"), Beta::Value(b / 4.0)).expect("a memory");
    for start in [0.1, 0.3, 0.5, 0.7] {
        let at: f64 = (start - f64::atanh(start) / b) / c;
        for (gain, flips) in [(at * 0.999, false), (at * 1.001, true)] {
            let (cue, input) = (&y * -start, &y * c);
            let request = Request { keep_cue: gain, input: Some(input.view()), ..Request::new(cue.view()) };
            let recall = memory.recall(&request).expect("a recall");
            assert_eq!(recall.states[[0, 0]] > 0.0, flips, "from {start} at {gain}");
            assert_eq!(recall.rows[0].memory, Some(usize::from(!flips)));
            // It ends at a root of m = tanh(b(m + Gc)).
            let m = recall.states[[0, 0]];
            assert!((m - (b * (m + gain * c)).tanh()).abs() < 1e-6, "{m}");
        }
    }
    // Beyond the spinodal no start stays: s = √(1 − 1/b).
    let most = (1.0 - 1.0 / b).sqrt();
    let spinodal = (most - f64::atanh(most) / b) / c;
    let (cue, input) = (&y * -1.0, &y * c);
    for (gain, flips) in [(spinodal * 0.999, false), (spinodal * 1.01, true)] {
        let request = Request { keep_cue: gain, input: Some(input.view()), ..Request::new(cue.view()) };
        assert_eq!(memory.recall(&request).expect("a recall").states[[0, 0]] > 0.0, flips, "at {gain}");
    }
}

/// Orthogonal patterns, y_1 and y_2, from y_2: the first flip of a unit in which they differ lowers the energy once α_1 F(2) > α_2 (F(D) − F(D − 2)).
#[test]
fn a_dense_memory_leaves_a_pattern_at_the_gain_that_theory_says() {
    let y =
        array![[1.0_f64, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0]];
    let (d, m): (f64, [f64; 2]) = (8.0, [0.6, 0.2]);
    let input = array![m[0], m[1]].dot(&y).insert_axis(Axis(0));
    let start = y.slice(s![1..2, ..]).to_owned();
    for (interaction, k) in [(Interaction::Polynomial(3), 3), (Interaction::Rectified(4), 4)] {
        let memory = Dense::new(Patterns::new(y.clone()).expect("patterns"), interaction)
            .expect("a memory")
            .with_update(Update::Asynchronous(Order::Fixed))
            .expect("an update");
        let odds = 2.0_f64.powi(k) / (d.powi(k) - (d - 2.0).powi(k));
        let at = odds.ln() / (f64::from(k) * (m[1] / m[0]).ln());
        for (gain, leaves) in [(at * 0.999, false), (at * 1.001, true)] {
            let request = Request { keep_cue: gain, input: Some(input.view()), ..Request::new(start.view()) };
            let recall = memory.recall(&request).expect("a recall");
            assert_eq!(recall.rows[0].memory, Some(usize::from(!leaves)), "{interaction} at {gain}");
            assert_eq!(recall.states == start, !leaves, "{interaction} at {gain}");
        }
    }
}

/// Orthogonal patterns in the classical network: y_μ is at rest while D α_μ > Σ_n α_n, so a memory exists only above a threshold of its weight.
#[test]
fn classical_memories_exist_above_their_threshold() {
    let sign = |n: usize, j: usize| if (n & j).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
    let (n, d) = (8, 16);
    let y = Array2::from_shape_fn((n, d), |(n, j)| sign(n, j));
    let shares: Vec<f64> = (0..n).map(|k| 1.0 / (1.0 + 0.5 * k as f64)).collect();
    let input = Array1::from(shares.clone()).dot(&y).insert_axis(Axis(0));
    let memory =
        Hopfield::new(Patterns::new(y.clone()).expect("patterns"), HopfieldOptions::default()).expect("one");
    let mut seen = HashMap::new();
    for gain in [0.25, 0.5, 0.75, 1.0, 1.5, 2.0] {
        let alpha: Vec<f64> = shares.iter().map(|share| share.powf(2.0 * gain)).collect();
        let all: f64 = alpha.iter().sum();
        for mu in 0..n {
            let exists = d as f64 * alpha[mu] > all;
            let cue = y.slice(s![mu..mu + 1, ..]).to_owned();
            let request = Request {
                updates: Some(1),
                keep_cue: gain,
                input: Some(input.view()),
                ..Request::new(cue.view())
            };
            let stays = memory.recall(&request).expect("a recall").states == cue;
            assert_eq!(stays, exists, "memory {mu} at {gain}");
            *seen.entry(exists).or_insert(0) += 1;
        }
    }
    assert!(seen[&true] > 10 && seen[&false] > 10, "{seen:?}");
}

/// A gain without end gives the pattern nearest to the input, in one update, from any start.
#[test]
fn a_large_gain_recalls_the_input_from_anywhere() {
    let patterns = spins::<f64>(20, 32, 3);
    let starts = cues(&patterns, 12, 0.7, 4);
    let inputs = cues(&patterns.slice(s![5..17, ..]).to_owned(), 12, 0.8, 6);
    let nearest = |u: ArrayView1<f64>| {
        let overlaps = patterns.dot(&u);
        (0..20).max_by(|&a, &b| overlaps[a].total_cmp(&overlaps[b])).expect("one")
    };
    for specimen in ZOO.iter().filter(|s| keeps(s) && !["network", "local"].contains(&s.model)) {
        let memory = specimen.build(Patterns::new(patterns.clone()).expect("patterns"));
        let random = specimen.name().contains("glauber");
        let even = specimen.options.contains(&("interaction", "poly:2")) || specimen.model == "hopfield";
        // Where nothing overlaps with the only pattern left, max(u, 0)^k is flat.
        let flat = specimen.options.contains(&("interaction", "relu:4"));
        let far = ["langevin", "predictor-corrector", "euler-maruyama"];
        if random || flat || far.iter().any(|name| specimen.name().contains(name)) {
            continue;
        }
        let request = Request {
            level: Level::Sigma(0.7),
            keep_cue: 1e6,
            input: Some(inputs.view()),
            ..Request::new(starts.view())
        };
        let recall = memory.recall(&request).expect("a recall");
        for (row, input) in inputs.outer_iter().enumerate() {
            let expected = patterns.row(nearest(input));
            // Even powers store −y as well, and a start may be nearer to it.
            let sign = if even { recall.states[[row, 0]].signum() * expected[0] } else { 1.0 };
            let state = recall.states.row(row);
            let off = state.iter().zip(expected).map(|(x, y)| (x - sign * y).abs()).fold(0.0, f64::max);
            // Euler's steps are coarse; half of a unit decides its sign.
            assert!(off < 0.5, "{} row {row}: off by {off}", specimen.name());
        }
    }
}

/// Exact draws from the posterior given both: five standard deviations of 4,000 draws are 0.04.
#[test]
fn stochastic_recall_samples_the_posterior_with_the_cue() {
    let patterns = array![[1.0_f64, 1.0], [-1.0, -1.0], [1.0, -1.0]];
    let (z, u) = (array![[0.2, -0.1]], array![[-0.6, -0.3]]);
    let (sigma, gain) = (1.1_f64, 0.7_f64);
    let logit = |y: ArrayView1<f64>| {
        let far = |x: &Array2<f64>| y.iter().zip(x).map(|(y, x)| (y - x).powi(2)).sum::<f64>();
        (-(far(&z) + gain * far(&u)) / (2.0 * sigma * sigma)).exp()
    };
    let weights: Vec<f64> = patterns.outer_iter().map(logit).collect();
    let total: f64 = weights.iter().sum();
    for (sampler, steps) in [("bridge", "3"), ("ancestral", "200")] {
        let spec = Spec::new("diffusion").with("sampler", sampler).with("steps", steps);
        let memory = spec.build(Patterns::new(patterns.clone()).expect("patterns")).expect("a memory");
        let request = Request {
            level: Level::Sigma(sigma),
            keep_cue: gain,
            input: Some(u.view()),
            ..Request::new(z.view())
        };
        let counts = &repeat(memory.as_ref(), &request, 4000, |_| Ok(())).expect("counts")[0];
        for (n, weight) in weights.iter().enumerate() {
            assert!((counts.posterior[n] - weight / total).abs() < 1e-9, "{sampler}: {:?}", counts.posterior);
            let share = counts.ended[n] as f64 / 4000.0;
            assert!((share - weight / total).abs() < 0.04, "{sampler}: {:?} for {weights:?}", counts.ended);
        }
    }
}

/// Only known units speak for a pattern; the others may be anything.
#[test]
fn unknown_units_have_no_part_in_the_prior() {
    let patterns = spins::<f64>(8, 24, 3);
    let known = Array2::from_shape_fn((8, 24), |(i, j)| (i + j) % 3 != 0);
    let cue = Array2::from_shape_fn((8, 24), |at| if known[at] { patterns[at] } else { f64::NAN });
    let zeros = cue.mapv(|x| if x.is_nan() { 0.0 } else { x });
    let specs = [Spec::new("modern"), Spec::new("dense"), Spec::new("hopfield"), Spec::new("diffusion")];
    for spec in specs {
        let memory = spec.build(Patterns::new(patterns.clone()).expect("patterns")).expect("a memory");
        let masked = Request { keep_cue: 1.0, known: Some(known.view()), ..Request::new(cue.view()) };
        let here = memory.recall(&masked);
        if memory.denoiser().is_some() {
            let text = here.expect_err("known units").to_string();
            assert!(text.contains("known units are exact and stay on"), "{text}");
            continue;
        }
        let there = Request { cues: zeros.view(), input: Some(zeros.view()), ..masked.clone() };
        assert_eq!(here.expect("a recall").states, memory.recall(&there).expect("a recall").states);
    }
    let prepared = Patterns::new(patterns.clone()).expect("patterns");
    let memory = Modern::with_norm_bias(prepared, Beta::Auto, true).expect("a memory");
    let masked = Request { keep_cue: 1.0, known: Some(known.view()), ..Request::new(zeros.view()) };
    assert!(memory.recall(&masked).expect_err("distances").to_string().contains("norm-bias"));
}

/// With the cue on, even a network near its capacity keeps a memory that it would leave: the recall is right and at rest.
#[test]
fn a_kept_cue_holds_an_overloaded_memory() {
    let patterns = spins::<f64>(60, 128, 3);
    let memory =
        Hopfield::new(Patterns::new(patterns.clone()).expect("patterns"), HopfieldOptions::default())
            .expect("a memory");
    let wrong = |gain: f64| {
        let recall = memory.recall(&Request { keep_cue: gain, ..Request::new(patterns.view()) });
        let recall = recall.expect("a recall");
        let right = recall.states.outer_iter().zip(patterns.outer_iter()).filter(|(x, y)| x == y).count();
        let rest = recall.rows.iter().filter(|row| matches!(row.outcome, Outcome::Settled { .. })).count();
        (60 - right, rest)
    };
    // 60 patterns are far beyond 0.138 · 128 = 18. With weights m² crosstalk is that of 60/128² patterns.
    assert!(wrong(0.0).0 > 50, "{:?}", wrong(0.0));
    assert_eq!(wrong(1.0), (0, 60));
}
