//! Rules that dream: the dreaming kernel, daydreaming and unlearning.
#![allow(missing_docs)]

mod zoo;

use attractor::Patterns;
use attractor::dynamics::Order;
use attractor::memories::{
    Daydreaming, Dreams, Hopfield, HopfieldOptions, Keep, Learned, Learning, Memory, Request, Spec,
    Unlearning, Update, Weights,
};
use attractor::noise::{Purpose, Stream};
use ndarray::{Array1, Array2, ArrayView1, Axis, concatenate, s};
use zoo::{assert_close, spins};

/// Rounding of products of some twenty numbers, of a well-conditioned matrix.
const ROUNDING: f64 = 1e-11;

fn couplings(patterns: &Array2<f64>, learning: Learning) -> Array2<f64> {
    zoo::hopfield(patterns.clone(), learning, true).quadratic().weights().to_owned()
}

fn dreaming(patterns: &Array2<f64>, time: f64) -> Array2<f64> {
    couplings(patterns, Learning::Dreaming(Dreams::Time(time)))
}

/// Hebb's couplings divided by D.
fn hebb(patterns: &Array2<f64>) -> Array2<f64> {
    patterns.t().dot(patterns) / patterns.ncols() as f64
}

/// dJ/dt = (J − J²)/(1 + t) from Hebb's J at t = 0, by the classical Runge–Kutta method in ln(1 + t).
#[test]
fn dreaming_solves_its_equation() {
    /// The steps are so short that the error of fourth order, h⁴, is below 10⁻¹⁰ with rounding.
    const STEPS: usize = 2000;
    const ERROR: f64 = 1e-9;
    for (count, time) in [(6, 0.3_f64), (6, 7.0), (15, 7.0), (15, 100.0)] {
        let patterns: Array2<f64> = spins(count, 10, 3);
        let step = (1.0 + time).ln() / STEPS as f64;
        let slope = |j: &Array2<f64>| j - &j.dot(j);
        let mut j = hebb(&patterns);
        for _ in 0..STEPS {
            let a = slope(&j);
            let b = slope(&(&j + &(&a * (step / 2.0))));
            let c = slope(&(&j + &(&b * (step / 2.0))));
            let d = slope(&(&j + &(&c * step)));
            j = j + (a + 2.0 * b + 2.0 * c + d) * (step / 6.0);
        }
        assert_close(&dreaming(&patterns, time), &j, ERROR, &format!("N = {count}, t = {time}"));
    }
}

#[test]
fn dreaming_is_between_hebb_and_the_pseudo_inverse() {
    for count in [4, 12, 30] {
        let patterns: Array2<f64> = spins(count, 12, 8);
        assert_close(&dreaming(&patterns, 0.0), &hebb(&patterns), ROUNDING, "Hebb");
    }
    let patterns: Array2<f64> = spins(7, 20, 4);
    let inverse = couplings(&patterns, Learning::PseudoInverse);
    // At rate (1 − 1/λ)/t; λ > 0.1 for these.
    assert_close(&dreaming(&patterns, 1e6), &inverse, 1e-5, "t = 10⁶");
    // Repeated patterns make C singular, and are learned all the same.
    let twice = concatenate![Axis(0), patterns, patterns];
    assert_close(&dreaming(&twice, 1e6), &inverse, 1e-5, "repeated");
    // Patterns that span all states give the identity.
    let many: Array2<f64> = spins(60, 10, 2);
    assert_close(&dreaming(&many, 1e6), &Array2::eye(10), 1e-5, "all states");
    // Both forms are the same at N = D + 1 and N = D: one more equal pattern changes little.
    let square: Array2<f64> = spins(10, 10, 6);
    let more = concatenate![Axis(0), square, square.slice(s![..1, ..])];
    let by_units = dreaming(&more, 2.0);
    let eigen = attractor::linear::Eigen::new(hebb(&more).view()).expect("symmetric");
    let values = Array1::from_iter(eigen.values.iter().map(|l| 3.0 * l / (1.0 + 2.0 * l)));
    let expected = eigen.vectors.t().dot(&Array2::from_diag(&values)).dot(&eigen.vectors);
    assert_close(&by_units, &expected, ROUNDING, "eigenvalues (1 + t)λ/(1 + tλ)");
}

/// The share of patterns from which a share of units was flipped and that come back with an overlap above .95.
fn recalled(memory: &Hopfield<f64>, patterns: &Array2<f64>, flips: f64, seed: u64) -> f64 {
    let mut noise = Stream::new(seed, Purpose::Corruption, 0);
    let cues = patterns.mapv(|y| if noise.uniform() < flips { -y } else { y });
    let recall =
        memory.recall(&Request { seed, report: false, ..Request::new(cues.view()) }).expect("a recall");
    let near = |(x, y): (ArrayView1<f64>, ArrayView1<f64>)| x.dot(&y) > 0.95 * y.len() as f64;
    recall.states.outer_iter().zip(patterns.outer_iter()).filter(|pair| near(*pair)).count() as f64
        / patterns.nrows() as f64
}

fn asynchronous(patterns: &Array2<f64>, learning: Learning) -> Hopfield<f64> {
    let update = Update::Asynchronous(Order::Random);
    let options = HopfieldOptions { learning, update, ..HopfieldOptions::default() };
    Hopfield::new(Patterns::new(patterns.clone()).expect("patterns"), options).expect("a memory")
}

/// Shares recalled by an independent program (Python, one set of patterns each): D = 300, no self-couplings,
/// asynchronous, from 10 % and 20 % of flipped units.
#[test]
fn basins_are_largest_between_the_ends() {
    /// Time t, and the shares from 10 % and from 20 %.
    type Row = (f64, f64, f64);
    const PUBLISHED: [(f64, [Row; 5]); 2] = [
        (0.2, [(0.0, 0.05, 0.0), (1.0, 1.0, 1.0), (5.0, 1.0, 1.0), (20.0, 1.0, 1.0), (1e4, 1.0, 1.0)]),
        (0.3, [(0.0, 0.0, 0.0), (1.0, 0.97, 0.53), (5.0, 1.0, 0.88), (20.0, 1.0, 0.80), (1e4, 1.0, 0.70)]),
    ];
    /// Three standard errors of the difference of shares of one set of 90 patterns and four of them, √(.25 (1/90 +
    /// 1/360)), and half as much again since patterns of a set share their fate.
    const NOISE: f64 = 0.25;
    const SETS: u64 = 4;
    for (load, rows) in PUBLISHED {
        for (time, few, many) in rows {
            let mean = |flips: f64| {
                let of_set = |seed: u64| {
                    let patterns: Array2<f64> = spins((load * 300.0) as usize, 300, 20 + seed);
                    let memory = asynchronous(&patterns, Learning::Dreaming(Dreams::Time(time)));
                    recalled(&memory, &patterns, flips, seed)
                };
                (0..SETS).map(of_set).sum::<f64>() / SETS as f64
            };
            for (flips, published) in [(0.1, few), (0.2, many)] {
                let found = mean(flips);
                assert!((found - published).abs() < NOISE, "N/D {load}, t {time}, {flips}: {found}");
            }
        }
    }
    // What the table says of the middle: more from 20 % flips at N = 0.3 D than at either end.
    let mean = |learning: Learning| -> f64 {
        let of_set = |seed: u64| {
            let patterns: Array2<f64> = spins(90, 300, 40 + seed);
            recalled(&asynchronous(&patterns, learning), &patterns, 0.2, seed)
        };
        (0..SETS).map(of_set).sum::<f64>() / SETS as f64
    };
    let best = mean(Learning::Dreaming(Dreams::Auto));
    let (before, after) = (mean(Learning::Hebb), mean(Learning::PseudoInverse));
    assert!(best > before + 0.5 && best > after + 0.05, "{before} {best} {after}");
}

/// Each dream is a state without a unit that wants to flip, in the network before it, and takes ε xxᵀ away.
#[test]
fn unlearning_takes_rest_states_away() {
    const EPSILON: f64 = 0.25;
    let patterns: Array2<f64> = spins(6, 24, 5);
    let after = |dreams: usize| {
        let settings = Unlearning { dreams: Some(dreams), epsilon: EPSILON, seed: 3 };
        couplings(&patterns, Learning::Unlearning(settings))
    };
    assert_eq!(after(0), patterns.t().dot(&patterns));
    let mut last = after(0);
    for dreams in 1..30 {
        let now = after(dreams);
        // A quarter is exact in binary, so that the difference is ±1 exactly.
        let product = (&last - &now) / EPSILON;
        let dream = product.row(0).to_owned();
        assert!(dream.iter().all(|x| x.abs() == 1.0), "{dream}");
        let outer = Array2::from_shape_fn((24, 24), |(i, j)| dream[i] * dream[j]);
        assert_eq!(product, outer, "dream {dreams}");
        let fields = last.dot(&dream) - &last.diag() * &dream;
        assert!((&fields * &dream).iter().all(|push| *push >= 0.0), "dream {dreams} is at rest");
        last = now;
    }
}

/// The share of patterns that are at rest.
fn stable(memory: &Hopfield<f64>, patterns: &Array2<f64>) -> f64 {
    let weights = memory.quadratic().weights();
    let fields = patterns.dot(&weights);
    let rests = |(h, y): (ArrayView1<f64>, ArrayView1<f64>)| h.iter().zip(y).all(|(h, y)| h * y >= 0.0);
    fields.outer_iter().zip(patterns.outer_iter()).filter(|pair| rests(*pair)).count() as f64
        / patterns.nrows() as f64
}

/// Hopfield, Feinstein & Palmer (1983): dreams raise the number of patterns that are recalled, and too many of them
/// destroy all.
#[test]
fn unlearning_helps_and_then_destroys() {
    let patterns: Array2<f64> = spins(40, 200, 6);
    let with = |dreams: Option<usize>| {
        let settings = Unlearning { dreams, ..Unlearning::default() };
        stable(&asynchronous(&patterns, Learning::Unlearning(settings)), &patterns)
    };
    let (before, some, many) = (with(Some(0)), with(None), with(Some(40_000)));
    assert!(before < 0.3 && some > 0.95 && many < 0.1, "{before} {some} {many}");
}

/// One step of daydreaming learns a pattern and unlearns a rest state; many make patterns stable, and do not destroy.
#[test]
fn daydreaming_makes_patterns_stable_and_does_not_destroy() {
    let one: Array2<f64> = spins(1, 16, 2);
    let after =
        |epochs: usize| couplings(&one, Learning::Daydreaming(Daydreaming { epochs, tau: 4.0, seed: 1 }));
    assert_eq!(after(0), hebb(&one));
    for epochs in 0..10 {
        // Of one pattern, all dreams are that pattern or its mirror image: nothing changes.
        assert_eq!(after(epochs), hebb(&one));
    }
    let patterns: Array2<f64> = spins(60, 200, 6);
    let with = |epochs: usize| {
        let settings = Daydreaming { epochs, ..Daydreaming::default() };
        asynchronous(&patterns, Learning::Daydreaming(settings))
    };
    let (hebb, usual, long) = (with(0), with(Daydreaming::default().epochs), with(600));
    assert!(stable(&hebb, &patterns) < 0.1, "Hebb is overloaded");
    for memory in [&usual, &long] {
        assert!(stable(memory, &patterns) > 0.95, "{}", stable(memory, &patterns));
        assert!(recalled(memory, &patterns, 0.1, 1) > 0.95);
    }
    // Diagonals do not change, since both products have ones there.
    let diagonal = usual.learned().map(|learned| match learned.weights {
        Weights::Couplings(couplings) => couplings.diag().to_owned(),
        _ => panic!("couplings are learned"),
    });
    assert!(diagonal.expect("learned").iter().all(|d| (d - 0.3).abs() < ROUNDING));
}

/// A network that learns more patterns is that which learned all at once.
#[test]
fn learning_goes_on_as_if_it_had_not_stopped() {
    let patterns: Array2<f64> = spins(12, 20, 9);
    let first = patterns.slice(s![..7, ..]).to_owned();
    for learning in [
        Learning::Dreaming(Dreams::Auto),
        Learning::Dreaming(Dreams::Time(3.0)),
        Learning::Daydreaming(Daydreaming { epochs: 4, ..Daydreaming::default() }),
        Learning::Unlearning(Unlearning { dreams: Some(50), ..Unlearning::default() }),
    ] {
        let options = HopfieldOptions { learning, ..HopfieldOptions::default() };
        let learn = |patterns: &Array2<f64>, learned: Option<Learned>| {
            let patterns = Patterns::new(patterns.clone()).expect("patterns");
            Hopfield::learn(patterns, options, learned).expect("a memory")
        };
        let some = learn(&first, None);
        let more = learn(&patterns, some.learned());
        let all = learn(&patterns, None);
        assert_eq!(more.quadratic().weights(), all.quadratic().weights(), "{learning:?}");
        assert_ne!(some.quadratic().weights(), all.quadratic().weights(), "{learning:?}");
        // What was learned from all of them is taken as it is.
        let again = learn(&patterns, all.learned());
        assert_eq!(again.learned(), all.learned(), "{learning:?}");
    }
}

#[test]
fn seeds_give_other_dreams() {
    let patterns: Array2<f64> = spins(6, 24, 5);
    for rule in ["daydreaming", "unlearning"] {
        let with = |seed: &str| {
            let spec = Spec::new("hopfield").with("rule", rule).with("learning-seed", seed);
            spec.build(Patterns::new(patterns.clone()).expect("patterns")).expect("a memory").learned()
        };
        assert_eq!(with("4"), with("4"));
        assert_ne!(with("4"), with("5"), "{rule}");
    }
}

#[test]
fn settings_without_effect_are_refused() {
    let refused = |options: &[(&str, &str)], words: &[&str]| {
        let mut spec = Spec::new("hopfield");
        options.iter().for_each(|(name, value)| spec.set(name, *value));
        let patterns = Patterns::new(spins::<f64>(3, 8, 1)).expect("patterns");
        let error = spec.build(patterns).map(|_| ()).expect_err("refused").to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{error}");
    };
    refused(&[("dreams", "3")], &["dreams", "dreaming, unlearning", "found 3"]);
    refused(&[("rule", "storkey"), ("tau", "3")], &["tau", "(daydreaming)"]);
    refused(&[("rule", "dreaming"), ("learning-seed", "3")], &["learning-seed", "daydreaming, unlearning"]);
    refused(&[("rule", "daydreaming"), ("dreams", "3")], &["dreams", "found 3"]);
    refused(&[("rule", "unlearning"), ("epochs", "3")], &["epochs", "(daydreaming)"]);
    refused(&[("rule", "unlearning"), ("dreams", "2.5")], &["dreams", "whole number", "2.5"]);
    refused(&[("rule", "unlearning"), ("epsilon", "0")], &["epsilon", "above 0"]);
    refused(&[("rule", "unlearning"), ("epsilon", "1e-9")], &["dreams", "at most 10^6", "epsilon"]);
    refused(&[("rule", "dreaming"), ("dreams", "-1")], &["dreams", "from 0"]);
    refused(&[("rule", "dreaming"), ("dreams", "1e7")], &["dreams", "1e6"]);
    refused(&[("rule", "daydreaming"), ("tau", "0")], &["tau", "> 0"]);
    let outside = |learning: Learning| {
        let options = HopfieldOptions { learning, ..HopfieldOptions::default() };
        let patterns = Patterns::new(spins::<f64>(3, 8, 1)).expect("patterns");
        Hopfield::new(patterns, options).map(|_| ()).expect_err("refused").to_string()
    };
    assert!(outside(Learning::Dreaming(Dreams::Time(f64::NAN))).contains("dreams"));
    assert!(outside(Learning::Dreaming(Dreams::Time(-1.0))).contains("dreams"));
    let wild = Daydreaming { tau: f64::INFINITY, ..Daydreaming::default() };
    assert!(outside(Learning::Daydreaming(wild)).contains("tau"));
    let wild = Unlearning { epsilon: f64::NAN, ..Unlearning::default() };
    assert!(outside(Learning::Unlearning(wild)).contains("epsilon"));
}
