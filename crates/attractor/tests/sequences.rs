//! Memories of sequences: the formulas, computed plainly; published claims; closed forms.

mod zoo;

use attractor::energies::Energy;
use attractor::memories::{Dwell, Played, Spec, Transition};
use attractor::noise::{Purpose, Stream};
use attractor::{Memory, Patterns, Request};
use ndarray::{Array1, Array2, ArrayView1, Axis, s};
use zoo::{normals, spins};

fn memory(patterns: &Array2<f64>, options: &[(&str, &str)]) -> Box<dyn Memory<f64>> {
    let spec = options.iter().fold(Spec::new("sequence"), |spec, (name, value)| spec.with(name, *value));
    spec.build(Patterns::new(patterns.clone()).expect("patterns")).expect("a memory")
}

fn update(memory: &dyn Memory<f64>, states: &Array2<f64>) -> Array2<f64> {
    let request = Request { updates: Some(1), report: false, ..Request::new(states.view()) };
    memory.recall(&request).expect("a recall").states
}

fn played(memory: &dyn Memory<f64>, cue: ArrayView1<f64>, updates: usize) -> Played {
    let cue = cue.insert_axis(Axis(0));
    let recall = memory.recall(&Request { updates: Some(updates), ..Request::new(cue) }).expect("a recall");
    *recall.rows[0].played.clone().expect("a memory of sequences reports what it played")
}

/// f of an overlap, as in Chaudhry et al. (2023).
fn f(name: &str, u: f64, dim: f64) -> f64 {
    match name.strip_prefix("poly:") {
        Some(d) => u.powi(d.parse().unwrap()),
        None => ((dim - 1.0) * (u - 1.0)).exp(),
    }
}

/// Σ_n to_n f(overlap without unit i), unit by unit.
fn field(name: &str, patterns: &Array2<f64>, state: ArrayView1<f64>, next: usize, unit: usize) -> f64 {
    let (count, dim) = patterns.dim();
    let overlap = |n: usize| {
        let others = (0..dim).filter(|&j| j != unit);
        others.map(|j| patterns[[n, j]] * state[j]).sum::<f64>() / (dim as f64 - 1.0)
    };
    (0..count).map(|n| patterns[[(n + next) % count, unit]] * f(name, overlap(n), dim as f64)).sum()
}

#[test]
fn updates_are_those_of_the_paper() {
    let patterns = spins::<f64>(9, 21, 1);
    let mut states = spins::<f64>(6, 21, 2);
    // Some units are unknown, and one row is not ±1 at all.
    states.slice_mut(s![2, ..5]).fill(0.0);
    states.row_mut(5).assign(&normals::<f64>(1, 21, 1.0, 3).row(0));
    for name in ["poly:1", "poly:2", "poly:3", "poly:7", "exp"] {
        let next = update(memory(&patterns, &[("separation", name), ("closed", "")]).as_ref(), &states);
        for ((row, unit), &x) in next.indexed_iter() {
            let field = field(name, &patterns, states.row(row), 1, unit);
            // Rounding of the plain sum may break a tie that the memory keeps.
            if field.abs() > 1e-12 {
                assert_eq!(x, field.signum(), "{name}, row {row}, unit {unit}: {field}");
            }
        }
    }
}

/// The mixed network, step by step, with its own window.
#[test]
fn a_held_memory_moves_as_in_the_paper() {
    const DRIVE: f64 = 2.3;
    let (patterns, steps) = (spins::<f64>(5, 31, 4), 3);
    for name in ["poly:2", "poly:6", "exp"] {
        let options = [("separation", name), ("closed", ""), ("dwell", "3"), ("drive", "2.3")];
        let memory = memory(&patterns, &options);
        let cue = spins::<f64>(1, 31, 5);
        let mut window: Vec<Array1<f64>> = vec![cue.row(0).to_owned()];
        for updates in 1..12 {
            let now = window.last().unwrap().clone();
            let from = window.len().saturating_sub(steps);
            let mean = window[from..].iter().fold(Array1::zeros(31), |sum, x| sum + x) / steps as f64;
            let mut next = now.clone();
            for unit in 0..31 {
                let own = field(name, &patterns, now.view(), 0, unit);
                let on = field(name, &patterns, mean.view(), 1, unit);
                next[unit] = (own + DRIVE * on).signum();
            }
            window.push(next.clone());
            let request = Request { updates: Some(updates), report: false, ..Request::new(cue.view()) };
            assert_eq!(memory.recall(&request).unwrap().states.row(0), next, "{name}, update {updates}");
        }
    }
}

/// Chaudhry et al. (2023): 300 units, 100 patterns.
#[test]
fn a_steeper_separation_holds_a_longer_sequence() {
    let patterns = spins::<f64>(100, 300, 6);
    let linear = played(memory(&patterns, &[("separation", "poly:1")]).as_ref(), patterns.row(0), 99);
    let exact = |memory: &dyn Memory<f64>| {
        let next = update(memory, &patterns);
        (0..99).filter(|&n| next.row(n) == patterns.row(n + 1)).count()
    };
    // A step has 12 wrong units on average; by chance one in some hundreds has none.
    const BY_CHANCE: usize = 2;
    assert!(exact(memory(&patterns, &[("separation", "poly:1")]).as_ref()) <= BY_CHANCE, "of 99 steps");
    assert!(linear.ordered < 20, "{linear:?}");
    for name in ["poly:2", "exp"] {
        let memory = memory(&patterns, &[("separation", name)]);
        assert_eq!(exact(memory.as_ref()), 99, "{name}");
        let played = played(memory.as_ref(), patterns.row(0), 99);
        assert_eq!((played.visited, played.ordered), ((0..100).collect(), 99), "{name}");
    }
}

/// Chaudhry et al. (2023): 100 units, 40 patterns, λ = 2.5, τ = 5.
#[test]
fn each_memory_is_held_for_as_long_as_it_should_be() {
    let patterns = spins::<f64>(40, 100, 7);
    let all = |name: &str| {
        let memory = memory(&patterns, &[("separation", name), ("dwell", "5"), ("closed", "")]);
        played(memory.as_ref(), patterns.row(0), 200)
    };
    let tenth = all("poly:10");
    assert_eq!(tenth.held[..40], [5; 40], "{tenth:?}");
    assert_eq!((tenth.ordered, tenth.lost), (200, 0));
    let first = all("poly:1");
    assert!(first.ordered < 100, "{first:?}");
}

/// λ(k/τ)^d > 1 + λ(1 − k/τ)^d, by hand: with d = 10 first at k = τ, with d = 1 at k = 4 of 5.
#[test]
fn the_expected_dwell_is_known() {
    let held = |drive, transition| Dwell { steps: 5, drive }.expected(transition, 100);
    assert_eq!(held(2.5, Transition::Polynomial(10)), Some(5));
    assert_eq!(held(2.5, Transition::Polynomial(1)), Some(4));
    assert_eq!(held(2.5, Transition::Exponential), Some(5));
    assert_eq!(held(0.9, Transition::Polynomial(10)), None);
    let memory = memory(&spins(5, 60, 1), &[("separation", "poly:1"), ("dwell", "5")]);
    assert!(memory.notes().iter().any(|note| note.to_string().contains("held for 4 steps, not for 5")));
}

/// Patterns that share most of their units follow each other without error if overlaps are taken with their duals. With
/// f(u) = u the map is that of least squares, W = Y₊ Y⁺.
#[test]
fn a_pseudo_inverse_tells_patterns_apart_that_are_alike() {
    let (count, dim) = (40, 60);
    let mut stream = Stream::new(8, Purpose::Patterns, 0);
    let patterns = Array2::from_shape_fn((count, dim), |_| if stream.uniform() < 0.8 { 1.0 } else { -1.0 });
    let exact = |options: &[(&str, &str)]| {
        let next = update(memory(&patterns, options).as_ref(), &patterns);
        (0..count - 1).filter(|&n| next.row(n) == patterns.row(n + 1)).count()
    };
    for name in ["poly:1", "poly:2", "exp"] {
        assert_eq!(exact(&[("separation", name), ("rule", "pseudo-inverse")]), count - 1, "{name}");
    }
    assert_eq!(exact(&[("separation", "poly:1")]), 0);
    // More patterns than units: the coefficients are those of smallest norm, which are found without an N × N matrix. The
    // fields of a state x are then Y₊ᵀ Y⁺ᵀ x.
    let many = spins::<f64>(30, 8, 9);
    let states = spins::<f64>(20, 8, 10);
    let inverse = attractor::linear::Cholesky::new(many.t().dot(&many).view()).unwrap();
    let coefficients = many.dot(&inverse.solve(states.view()).unwrap().t());
    let successors = Array2::from_shape_fn(many.dim(), |(n, j)| many[[(n + 1) % 30, j]]);
    let fields = coefficients.t().dot(&successors);
    let found = update(
        memory(&many, &[("separation", "poly:1"), ("rule", "pseudo-inverse"), ("closed", "")]).as_ref(),
        &states,
    );
    for (at, &h) in fields.indexed_iter().filter(|(_, h)| h.abs() > 1e-9) {
        assert_eq!(found[at], h.signum(), "{at:?}");
    }
}

#[test]
fn a_continuous_sequence_reads_the_next_pattern() {
    const ROUNDING: f64 = 1e-12;
    let (patterns, states) = (normals::<f64>(7, 5, 1.0, 1), normals::<f64>(4, 5, 1.0, 2));
    let memory = Spec::new("continuous-sequence")
        .with("beta", 1.7)
        .with("closed", true)
        .build(Patterns::new(patterns.clone()).unwrap())
        .unwrap();
    let mut expected = Array2::zeros((4, 5));
    for (state, mut row) in states.outer_iter().zip(expected.outer_iter_mut()) {
        let weights = patterns.dot(&state).mapv(|s| (1.7 * s).exp());
        for n in 0..7 {
            row.scaled_add(weights[n] / weights.sum(), &patterns.row((n + 1) % 7));
        }
    }
    let worst = (update(memory.as_ref(), &states) - expected).iter().fold(0.0_f64, |m, d| m.max(d.abs()));
    assert!(worst < ROUNDING, "{worst:e}");
    assert!(memory.landscape().is_err());
}

/// Two patterns at distance d: a transition with noise σ takes the wrong one with probability Q(d/2σ).
#[test]
fn noise_confuses_patterns_that_are_near() {
    let patterns = ndarray::array![[0.0, 0.0, 0.0], [2.0, 0.0, 0.0]];
    let memory = Spec::new("continuous-sequence")
        .with("noise", 1.0)
        .with("closed", true)
        .build(Patterns::new(patterns).unwrap())
        .unwrap();
    const COUNT: usize = 4000;
    let cues = Array2::zeros((COUNT, 3));
    let recall = memory.recall(&Request { updates: Some(1), ..Request::new(cues.view()) }).unwrap();
    let wrong = recall.rows.iter().filter(|row| row.memory == Some(0)).count() as f64 / COUNT as f64;
    // Q(1) = 0.15866; five standard deviations.
    let spread = (0.15866 * 0.84134 / COUNT as f64).sqrt();
    assert!((wrong - 0.15866).abs() < 5.0 * spread, "{wrong}");
    assert!(recall.rows.iter().all(|row| row.played.as_ref().unwrap().visited[0] == 0));
}

#[test]
fn options_without_effect_are_refused() {
    let build = |model: &str, options: &[(&str, &str)]| {
        let spec = options.iter().fold(Spec::new(model), |spec, (name, value)| spec.with(name, *value));
        spec.build(Patterns::new(spins::<f64>(4, 6, 1)).unwrap()).err().map(|error| error.to_string())
    };
    for (model, options, says) in [
        ("sequence", &[("drive", "2")][..], "drive: expected"),
        ("sequence", &[("dwell", "1")], "dwell: expected a whole number from 2 to 100"),
        ("sequence", &[("separation", "poly:0")], "unknown separation"),
        ("sequence", &[("starts", "4")], "starts: expected rising indices of patterns, from 1 to 3"),
        ("continuous-sequence", &[("noise", "0.1"), ("beta", "2")], "beta: expected no noise"),
        ("continuous-sequence", &[("noise", "0")], "noise: expected a number > 0"),
    ] {
        let error = build(model, options).unwrap_or_else(|| panic!("{model} {options:?} was built"));
        assert!(error.contains(says), "{error}");
    }
    let memory = memory(&spins(4, 6, 1), &[]);
    let error = memory.landscape().map(Energy::dim).unwrap_err().to_string();
    assert!(error.contains("lead from each pattern to the next"), "{error}");
}
