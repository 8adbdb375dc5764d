//! Energies against finite differences, closed forms and each other.
#![allow(missing_docs)]

mod zoo;

use attractor::dynamics::{Asynchronous, Descent, Dynamics, Order, Rule, Start, Synchronous, Tie};
use attractor::energies::{
    Denoise, DenseEnergy, Energy, FenchelYoung, Flip, Gradient, Interaction, LogSumExp, Points, UnitStep,
};
use attractor::memories::{Learned, Learning, Regime, Request, Spec, Weights};
use attractor::{Grid, NoObserver, Outcome, Patterns, Stop, recall};
use ndarray::{Array2, Axis};
use zoo::{assert_close, cues, normals, spins};

/// Central differences of step h have an error of order h² (third derivatives here are below 10) plus
/// rounding over h.
const STEP: f64 = 1e-5;
const DIFFERENCES: f64 = 1e-8;

#[test]
fn gradients_are_finite_differences() {
    for (name, energy, level) in zoo::gradients() {
        let states = normals(4, energy.dim(), 1.0, 9);
        let levels = [level; 4];
        let gradient = energy.gradient(states.view(), &levels).expect("a gradient");
        let mut differences = Array2::zeros(states.dim());
        for j in 0..energy.dim() {
            let moved = |by: f64| {
                let mut states = states.clone();
                states.column_mut(j).mapv_inplace(|x| x + by);
                energy.energy(states.view(), &levels).expect("an energy")
            };
            for (i, (up, down)) in moved(STEP).iter().zip(moved(-STEP)).enumerate() {
                differences[[i, j]] = (up - down) / (2.0 * STEP);
            }
        }
        assert_close(&gradient, &differences, DIFFERENCES, &name);
    }
}

#[test]
fn flip_shortcuts_are_the_energies() {
    /// Rounding of sums below 10⁴.
    const ROUNDING: f64 = 1e-9;
    /// Hides the shortcuts, so that the defaults answer.
    struct Plain<'a>(&'a dyn Flip<f64>);
    impl Energy<f64> for Plain<'_> {
        fn dim(&self) -> usize {
            self.0.dim()
        }
        fn energy(&self, states: ndarray::ArrayView2<f64>, level: &[f64]) -> attractor::Result<Vec<f64>> {
            self.0.energy(states, level)
        }
    }
    impl Flip<f64> for Plain<'_> {}
    for (name, energy) in zoo::flips() {
        let mut state = spins::<f64>(1, 11, 2).into_raw_vec_and_offset().0;
        let mut local = energy.local(&state);
        for unit in [3, 0, 10, 3, 7] {
            let fast = energy.drive(&state, unit, &local).expect("a drive");
            let slow = Plain(energy.as_ref()).drive(&state, unit, &[]).expect("a drive");
            assert!((fast - slow).abs() < ROUNDING * (1.0 + slow.abs()), "{name}: {fast} for {slow}");
            let value = -state[unit];
            energy.flip(&mut state, unit, value, &mut local);
            let fresh = energy.local(&state);
            assert!(local.iter().zip(fresh).all(|(a, b)| (a - b).abs() < ROUNDING), "{name}");
        }
        // With what is kept for a sweep, also if units are not known.
        for unknown in [None, Some(4)] {
            unknown.into_iter().for_each(|unit: usize| state[unit] = 0.0);
            let mut local = energy.local(&state);
            energy.unfold(&state, &mut local);
            for unit in [4, 0, 10, 4, 7, 7] {
                let fast = energy.drive(&state, unit, &local).expect("a drive");
                let slow = Plain(energy.as_ref()).drive(&state, unit, &[]).expect("a drive");
                assert!((fast - slow).abs() < ROUNDING * (1.0 + slow.abs()), "{name}: {fast} for {slow}");
                let value = if state[unit] > 0.0 { -1.0 } else { 1.0 };
                energy.flip(&mut state, unit, value, &mut local);
            }
        }
        // The fields of all units are their drives, with what holds a unit at its own value.
        let states = spins::<f64>(5, 11, 3);
        let fields = energy.fields(states.view()).expect("fields");
        for ((row, unit), field) in fields.indexed_iter() {
            let state = states.row(row).to_vec();
            let drive = Plain(energy.as_ref()).drive(&state, unit, &[]).expect("a drive");
            let slow = drive + energy.inertia(unit) * state[unit];
            assert!((field - slow).abs() < ROUNDING * (1.0 + slow.abs()), "{name}: {field} for {slow}");
        }
    }
}

fn steps<D: Dynamics<f64>>(dynamics: &D, cues: Array2<f64>, count: usize) -> Vec<Array2<f64>> {
    let rows: Vec<u64> = (0..cues.nrows() as u64).collect();
    let start = Start { states: cues.view(), rows: &rows, seed: 3, held: None };
    let mut run = dynamics.start(start).expect("a run");
    let all: Vec<usize> = (0..cues.nrows()).collect();
    let zeros = vec![0.0; all.len()];
    let mut states = vec![cues.clone()];
    for _ in 0..count {
        let mut next = states.last().expect("a state").clone();
        run.step(&all, next.view_mut(), &zeros, &zeros).expect("a step");
        states.push(next);
    }
    states
}

/// Sums of integers do not round; logarithms do.
const RISE: f64 = 1e-9;

#[test]
fn energy_never_rises_one_unit_after_the_other() {
    for (name, energy) in zoo::flips() {
        for order in [Order::Fixed, Order::Random] {
            let dynamics = Asynchronous { energy: energy.as_ref(), order, rule: Rule::Sign(Tie::Keep) };
            let path = steps(&dynamics, spins(30, 11, 7), 6);
            let energies: Vec<_> =
                path.iter().map(|x| energy.energy(x.view(), &[0.0; 30]).expect("energies")).collect();
            for pair in energies.windows(2) {
                for (before, after) in pair[0].iter().zip(&pair[1]) {
                    assert!(*after <= before + RISE * (1.0 + before.abs()), "{name}: {before} to {after}");
                }
            }
        }
    }
}

#[test]
fn energy_never_rises_all_units_at_once() {
    let energies = |quadratic: &attractor::energies::Quadratic, path: &[Array2<f64>]| -> Vec<Vec<f64>> {
        path.iter().map(|x| Energy::<f64>::energy(quadratic, x.view(), &[]).expect("energies")).collect()
    };
    // Positive semi-definite couplings: the energy itself.
    for (learning, diagonal) in [(Learning::Hebb, true), (Learning::PseudoInverse, true)] {
        let memory = zoo::hopfield(spins(4, 11, 5), learning, diagonal);
        let dynamics = Synchronous { energy: memory.quadratic(), tie: Tie::Keep };
        let path = steps(&dynamics, spins(60, 11, 7), 8);
        for pair in energies(memory.quadratic(), &path).windows(2) {
            assert!(pair[0].iter().zip(&pair[1]).all(|(b, a)| *a <= b + RISE), "{learning:?}");
        }
    }
    // Any symmetric ones: −½ x_t·W x_{t+1} (Goles).
    let memory = zoo::hopfield(spins(9, 11, 5), Learning::Hebb, false);
    let weights = memory.quadratic().weights();
    let dynamics = Synchronous { energy: memory.quadratic(), tie: Tie::Keep };
    let path = steps(&dynamics, spins(60, 11, 7), 8);
    let two_step: Vec<Vec<f64>> = path
        .windows(2)
        .map(|p| {
            let fields = p[0].dot(&weights);
            fields.outer_iter().zip(p[1].outer_iter()).map(|(h, x)| -0.5 * h.dot(&x)).collect()
        })
        .collect();
    for pair in two_step.windows(2) {
        assert!(pair[0].iter().zip(&pair[1]).all(|(b, a)| *a <= b + RISE));
    }
}

#[test]
fn two_cycles_need_a_missing_diagonal() {
    let outcomes = |diagonal| {
        let mut all = Vec::new();
        for seed in 0..40 {
            let memory = zoo::hopfield(spins(6, 8, seed), Learning::Hebb, diagonal);
            let cues = spins::<f64>(20, 8, 1000 + seed);
            let start =
                Start { states: cues.view(), rows: &(0..20).collect::<Vec<u64>>(), seed: 0, held: None };
            let dynamics = Synchronous { energy: memory.quadratic(), tie: Tie::Keep };
            let stop = Stop { tolerance: 0.0, early: true };
            let recalled = recall(&dynamics, start, None, &Grid::Updates(100), stop, &mut NoObserver);
            all.extend(recalled.expect("a recall").outcomes);
        }
        all
    };
    let cycles =
        |outcomes: &[Outcome]| outcomes.iter().filter(|o| matches!(o, Outcome::TwoCycle { .. })).count();
    let settled =
        |outcomes: &[Outcome]| outcomes.iter().filter(|o| matches!(o, Outcome::Settled { .. })).count();
    let (without, with) = (outcomes(false), outcomes(true));
    assert!(cycles(&without) > 0 && cycles(&without) + settled(&without) == 800);
    assert_eq!((cycles(&with), settled(&with)), (0, 800));
}

#[test]
fn a_modern_update_is_a_unit_gradient_step_and_lowers_the_energy_by_half_its_square() {
    /// Rounding of energies of size 10.
    const ROUNDING: f64 = 1e-13;
    let mut energies: Vec<Box<dyn UnitStep<f64>>> = Vec::new();
    for bias in [false, true] {
        let patterns = Patterns::new(normals(9, 6, 1.0, 1)).expect("patterns");
        energies.push(Box::new(LogSumExp::new(patterns.clone(), 1.7, bias).expect("beta")));
        for text in
            ["softmax", "sparsemax", "entmax:1.5", "entmax:4", "normmax:1.3", "normmax:2", "normmax:20"]
        {
            for beta in [0.2, 1.7, 40.0] {
                let separation = text.parse().expect("a separation");
                let energy = FenchelYoung::new(patterns.clone(), separation, beta, bias).expect("beta");
                energies.push(Box::new(energy));
            }
        }
    }
    for energy in energies {
        let x = normals(200, 6, 1.5, 2);
        let next = &steps(&Descent { energy: energy.as_ref() }, x.clone(), 1)[1];
        let by_gradient = &x - &energy.gradient(x.view(), &[]).expect("a gradient");
        assert_close(next, &by_gradient, ROUNDING, "unit step");
        let before = energy.energy(x.view(), &[]).expect("energies");
        let after = energy.energy(next.view(), &[]).expect("energies");
        for (i, (before, after)) in before.iter().zip(after).enumerate() {
            let moved: f64 = (&next.row(i) - &x.row(i)).mapv(|d| d * d).sum();
            assert!(after <= before - moved / 2.0 + ROUNDING, "row {i}: {before} to {after}, moved {moved}");
        }
    }
}

/// Ambrogioni (2023), Eq. 14: the diffusion landscape at level σ is the modern Hopfield one at β = 1/σ².
#[test]
fn denoising_is_the_modern_update() {
    const ROUNDING: f64 = 1e-12;
    let equal: Array2<f64> = spins(12, 9, 1);
    let unequal: Array2<f64> = normals(12, 9, 1.0, 1);
    for (patterns, bias) in [(equal.clone(), false), (unequal, true)] {
        let z = cues(&patterns, 30, 0.68, 2);
        let patterns = Patterns::new(patterns).expect("patterns");
        for sigma in [0.3, 0.7, 1.1, 3.0] {
            let modern = LogSumExp::new(patterns.clone(), 1.0 / (sigma * sigma), bias).expect("beta");
            let points = Points::new(patterns.clone());
            let levels = vec![sigma; 30];
            let denoised = points.denoise(z.view(), &levels).expect("a read");
            assert_close(&denoised, &modern.update(z.view()).expect("an update"), ROUNDING, "D(z;σ)");
            // The energies differ by the constant ½‖y‖² + σ² ln N (the first only where norms are left out).
            let constant = if bias { 0.0 } else { 9.0 / 2.0 } + sigma * sigma * 12.0_f64.ln();
            let diffusion = points.energy(z.view(), &levels).expect("energies");
            let hopfield = modern.energy(z.view(), &levels).expect("energies");
            for (d, h) in diffusion.iter().zip(hopfield) {
                assert!((d - h - constant).abs() < ROUNDING * 100.0, "at σ = {sigma}: {d} − {h}");
            }
            // Score = (D − z)/σ² = −∇E_σ/σ².
            let gradient = points.gradient(z.view(), &levels).expect("a gradient");
            assert_close(&(&z - &denoised), &gradient, ROUNDING, "score");
        }
    }
}

#[test]
fn dense_with_squares_is_the_classical_network() {
    let patterns: Array2<f64> = spins(5, 16, 4);
    let stored = Patterns::new(patterns.clone()).expect("patterns");
    let dense = DenseEnergy::new(stored, Interaction::Polynomial(2)).expect("fits");
    let with = zoo::hopfield(patterns.clone(), Learning::Hebb, true);
    let without = zoo::hopfield(patterns.clone(), Learning::Hebb, false);
    let x: Array2<f64> = spins(50, 16, 6);
    let classical = Energy::<f64>::energy(with.quadratic(), x.view(), &[]).expect("energies");
    let energies = dense.energy(x.view(), &[]).expect("energies");
    // Integers: equal, not only close.
    assert!(energies.iter().zip(classical).all(|(d, c)| *d == 2.0 * c));
    let path = |energy: &dyn Flip<f64>| {
        let dynamics = Asynchronous { energy, order: Order::Fixed, rule: Rule::Sign(Tie::Keep) };
        steps(&dynamics, x.clone(), 4)
    };
    assert_eq!(path(&dense), path(without.quadratic()));
}

/// All units at once take the value of lower energy, by the energies of all single changes (Krotov & Hopfield 2016, Eq. 6).
#[test]
fn dense_units_may_all_move_at_once() {
    for interaction in ["poly:2", "poly:3", "relu:3", "exp"] {
        let patterns = Patterns::new(spins::<f64>(9, 12, 4)).expect("patterns");
        let energy = DenseEnergy::new(patterns.clone(), interaction.parse().expect("F")).expect("fits");
        let x: Array2<f64> = spins(40, 12, 6);
        let spec = Spec::new("dense").with("interaction", interaction).with("update", "synchronous");
        let memory = spec.build(patterns).expect("a memory");
        let request = Request { updates: Some(1), ..Request::new(x.view()) };
        let recalled = memory.recall(&request).expect("a recall").states;
        for ((row, unit), found) in recalled.indexed_iter() {
            let with = |value: f64| {
                let mut state = x.row(row).to_owned().insert_axis(Axis(0));
                state[[0, unit]] = value;
                energy.energy(state.view(), &[0.0]).expect("an energy")[0]
            };
            let (up, down) = (with(1.0), with(-1.0));
            let expected = if up == down { x[[row, unit]] } else { (down - up).signum() };
            assert!(
                (up - down).abs() < RISE || *found == expected,
                "{interaction}, unit {unit} of row {row}"
            );
        }
    }
}

/// Glauber dynamics of a dense memory samples exp(−E/T): the share of each of 2⁶ states.
#[test]
fn a_dense_memory_at_a_temperature_samples_its_energy() {
    const UNITS: usize = 6;
    const RUNS: usize = 40_000;
    const TEMPERATURE: f64 = 60.0;
    let patterns = Patterns::new(spins::<f64>(3, UNITS, 4)).expect("patterns");
    let energy = DenseEnergy::new(patterns.clone(), Interaction::Polynomial(3)).expect("fits");
    let all =
        Array2::from_shape_fn((1 << UNITS, UNITS), |(k, j)| if k >> j & 1 == 1 { 1.0_f64 } else { -1.0 });
    let energies = energy.energy(all.view(), &[0.0; 1 << UNITS]).expect("energies");
    let weights: Vec<f64> = energies.iter().map(|e| (-e / TEMPERATURE).exp()).collect();
    let total: f64 = weights.iter().sum();
    let spec = Spec::new("dense").with("update", "glauber").with("temperature", TEMPERATURE.to_string());
    let memory = spec.build(patterns).expect("a memory");
    let cues: Array2<f64> = spins(RUNS, UNITS, 7);
    let request = Request { updates: Some(30), report: false, ..Request::new(cues.view()) };
    let states = memory.recall(&request).expect("a recall").states;
    let mut counts = [0.0; 1 << UNITS];
    for state in states.outer_iter() {
        let place: usize = state.iter().enumerate().map(|(j, x)| usize::from(*x > 0.0) << j).sum();
        counts[place] += 1.0;
    }
    let expected = weights.iter().map(|w| w / total * RUNS as f64);
    let chi: f64 = counts.iter().zip(expected).map(|(c, e): (&f64, f64)| (c - e).powi(2) / e).sum();
    // χ² of 63 degrees of freedom is above 104 once in a thousand seeds.
    assert!(chi < 104.0, "χ² {chi}");
}

/// Given couplings are used as they are, and what ties become is what the option says.
#[test]
fn couplings_are_given_and_ties_are_told() {
    let patterns: Array2<f64> = ndarray::array![[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]];
    // Unit 3 is coupled to nothing: its field is always 0.
    let couplings = ndarray::array![
        [0.5, 2.0, 0.0, 0.0],
        [2.0, 0.5, -1.0, 0.0],
        [0.0, -1.0, 0.5, 0.0],
        [0.0, 0.0, 0.0, 0.0]
    ];
    let given = |couplings: &Array2<f64>| {
        Some(Learned { patterns: 2, weights: Weights::Couplings(couplings.clone()) })
    };
    let cue = ndarray::array![[1.0, -1.0, 1.0, -1.0]];
    for update in ["synchronous", "asynchronous"] {
        for (tie, last) in [("keep", -1.0), ("+1", 1.0), ("0", 0.0)] {
            let spec = Spec::new("hopfield").with("rule", "given").with("update", update).with("tie", tie);
            let patterns = Patterns::new(patterns.clone()).expect("patterns");
            let memory = spec.build_on(patterns, given(&couplings)).expect("a memory");
            let request = Request { updates: Some(20), ..Request::new(cue.view()) };
            let recall = memory.recall(&request).expect("a recall");
            assert_eq!(recall.states[[0, 3]], last, "{update}, {tie}");
            // Energies are those of W without its diagonal.
            let x = recall.states.row(0);
            let energy = -2.0 * x[0] * x[1] + x[1] * x[2];
            assert!((recall.rows[0].energy.expect("an energy") - energy).abs() < 1e-12);
        }
    }
    let refuse = |spec: Spec, learned: Option<Learned>, words: &str| {
        let patterns = Patterns::new(patterns.clone()).expect("patterns");
        let error = spec.build_on(patterns, learned).map(|_| ()).expect_err("refused").to_string();
        assert!(error.contains(words), "{error}");
    };
    let rule = || Spec::new("hopfield").with("rule", "given");
    let mut other = couplings.clone();
    other[[0, 1]] = 3.0;
    refuse(rule(), given(&other), "symmetric");
    other[[0, 1]] = f64::NAN;
    refuse(rule(), given(&other), "finite");
    refuse(rule(), given(&Array2::zeros((3, 3))), "4 × 4");
    refuse(rule(), None, "couplings");
    refuse(
        rule().with("update", "glauber").with("temperature", "1").with("tie", "0"),
        given(&couplings),
        "tie",
    );
}

#[test]
fn learning_rules_do_what_defines_them() {
    /// Rounding of projections.
    const ROUNDING: f64 = 1e-10;
    let patterns: Array2<f64> = spins(7, 20, 4);
    // A projection leaves what it was made of, and is idempotent; repeated patterns add nothing.
    let twice = ndarray::concatenate![Axis(0), patterns, patterns];
    let memory = zoo::hopfield(twice, Learning::PseudoInverse, true);
    let weights = memory.quadratic().weights();
    assert_close(&patterns.dot(&weights), &patterns, ROUNDING, "WY = Y");
    assert_close(&weights.dot(&weights), &weights.to_owned(), ROUNDING, "W² = W");
    let hebb = zoo::hopfield(patterns.clone(), Learning::Hebb, true);
    assert_eq!(hebb.quadratic().weights(), patterns.t().dot(&patterns));
    // Storkey's rule by its printed sums.
    let d = 20;
    let mut expected = Array2::<f64>::zeros((d, d));
    for y in patterns.outer_iter() {
        let old = expected.clone();
        let h = |i: usize, j: usize| -> f64 {
            (0..d).filter(|&k| k != i && k != j).map(|k| old[[i, k]] * y[k]).sum()
        };
        for i in 0..d {
            for j in 0..d {
                expected[[i, j]] += (y[i] * y[j] - y[i] * h(j, i) - h(i, j) * y[j]) / d as f64;
            }
        }
    }
    let storkey = zoo::hopfield(patterns, Learning::Storkey, true);
    assert_close(&storkey.quadratic().weights().to_owned(), &expected, ROUNDING, "Storkey");
}

#[test]
fn a_zero_field_keeps_the_unit() {
    // Two orthogonal patterns: their difference units feel nothing.
    let patterns: Array2<f64> = ndarray::array![[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, -1.0, -1.0]];
    let memory = zoo::hopfield(patterns, Learning::Hebb, false);
    // W couples 0–1 and 2–3 only: a cue of 0 and 1 leaves 2 and 3 at 0.
    let dynamics = Synchronous { energy: memory.quadratic(), tie: Tie::Keep };
    let path = steps(&dynamics, ndarray::array![[-1.0, 0.0, 0.0, 0.0], [0.0; 4]], 3);
    assert_eq!(path[3], ndarray::array![[-1.0, -1.0, 0.0, 0.0], [0.0; 4]]);
}

/// Glauber updates sample exp(−E/T): the exact distribution of 3 units against many sweeps.
#[test]
fn glauber_samples_the_boltzmann_distribution() {
    let memory = zoo::hopfield(ndarray::array![[1.0, 1.0, 1.0], [1.0, -1.0, 1.0]], Learning::Hebb, false);
    let temperature = 2.5;
    let all = Array2::from_shape_fn((8, 3), |(s, j)| if s >> j & 1 == 1 { 1.0 } else { -1.0 });
    let weights: Vec<f64> = Energy::<f64>::energy(memory.quadratic(), all.view(), &[])
        .expect("energies")
        .iter()
        .map(|e| (-e / temperature).exp())
        .collect();
    let total: f64 = weights.iter().sum();
    let runs = 20_000;
    let dynamics = Asynchronous {
        energy: memory.quadratic(),
        order: Order::Random,
        rule: Rule::Glauber { temperature },
    };
    let last = steps(&dynamics, Array2::ones((runs, 3)), 40).pop().expect("states");
    let mut counts = [0.0; 8];
    for x in last.outer_iter() {
        counts[(0..3).map(|j| usize::from(x[j] > 0.0) << j).sum::<usize>()] += 1.0;
    }
    let chi2: f64 = counts
        .iter()
        .zip(&weights)
        .map(|(c, w)| (c - runs as f64 * w / total).powi(2) / (runs as f64 * w / total))
        .sum();
    // scipy.stats.chi2.isf(1e-4, 7): a true sampler fails this seed once in 10⁴.
    assert!(chi2 < 29.88, "χ² = {chi2} at 7 degrees of freedom");
}

#[test]
fn separations_of_high_degree_are_refused_before_they_overflow() {
    let patterns = Patterns::new(spins::<f32>(4, 1000, 1)).expect("patterns");
    let error = DenseEnergy::new(patterns.clone(), Interaction::Polynomial(120)).expect_err("overflow");
    assert!(error.to_string().contains("at most 99"), "{error}");
    // exp stays in the log domain: E = −ln Σ exp(x·y) is −1000 at a pattern, far from the others.
    let energy = DenseEnergy::new(patterns.clone(), Interaction::Exponential).expect("fits");
    let at = energy.energy(patterns.values().slice(ndarray::s![..1, ..]), &[]).expect("an energy");
    assert_eq!(at[0], -1000.0);
}

/// As β falls to 0 the weights become the prior weights, and the state the average of all.
#[test]
fn a_memory_that_is_too_warm_says_so_with_any_prior() {
    let patterns = Patterns::new(spins::<f64>(8, 16, 5)).expect("patterns");
    let prior: Vec<f64> = (1..=8).map(|n| f64::from(n * n)).collect();
    for patterns in [patterns.clone(), patterns.with_weights(&prior).expect("weights")] {
        for (beta, regime) in [("1e-6", Regime::GlobalAverage), ("10", Regime::OnePattern)] {
            let memory = Spec::new("modern").with("beta", beta).build(patterns.clone()).expect("a memory");
            let recall = memory.recall(&Request::new(patterns.values())).expect("a recall");
            assert!(recall.rows.iter().all(|row| row.regime == Some(regime)), "{beta}: {:?}", recall.rows);
        }
    }
}
