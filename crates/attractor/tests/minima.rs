//! Minima of landscapes: exact lists against brute force, shares, and what is repeatable.
#![allow(missing_docs)]

mod zoo;

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use attractor::analysis::{Listing, Minima, Minimum, Relation, Search, Starts, minima};
use attractor::{Memory, Patterns, Result, Spec};
use ndarray::{Array2, array};
use zoo::{normals, spins};

fn found(memory: &dyn Memory<f64>, search: &Search) -> Result<Minima<f64>> {
    minima(memory, search, &mut |_, _| ControlFlow::Continue(()))
}

fn build(spec: &Spec, patterns: &Array2<f64>) -> Box<dyn Memory<f64>> {
    spec.build(Patterns::new(patterns.clone()).expect("patterns")).expect("a memory")
}

/// A state of ±1 as bits.
fn word(state: ndarray::ArrayView1<f64>) -> usize {
    state.iter().enumerate().map(|(j, x)| usize::from(*x > 0.0) << j).sum()
}

/// The energy of a state.
type EnergyOf<'a> = Box<dyn Fn(&[f64]) -> f64 + 'a>;

/// x_j Σ_k W_jk x_k ≥ 0 in all units, from the patterns; and for cubes of overlaps by differences.
#[test]
fn all_stable_states_are_listed() {
    let (units, patterns) = (10, spins::<f64>(3, 10, 1));
    let state =
        |bits: usize| (0..units).map(|j| if bits >> j & 1 == 1 { 1.0 } else { -1.0 }).collect::<Vec<f64>>();
    let overlaps = |x: &[f64]| {
        patterns.outer_iter().map(|y| y.iter().zip(x).map(|(y, x)| y * x).sum::<f64>()).collect::<Vec<_>>()
    };
    let energies: [(&str, EnergyOf); 2] = [
        ("hopfield", Box::new(|x: &[f64]| -overlaps(x).iter().map(|m| m * m).sum::<f64>() / 2.0)),
        ("dense", Box::new(|x: &[f64]| -overlaps(x).iter().map(|m| m.powi(3)).sum::<f64>())),
    ];
    for (model, energy) in energies {
        let is_stable = |bits: &usize| {
            let own = energy(&state(*bits));
            (0..units).all(|j| energy(&state(bits ^ (1 << j))) >= own - 1e-9)
        };
        let expected: BTreeSet<usize> = (0..1 << units).filter(is_stable).collect();
        let spec = Spec::new(model).with("update", "asynchronous");
        let memory = build(&spec, &patterns);
        let found = found(memory.as_ref(), &Search { starts: 500, ..Search::default() }).expect("minima");
        assert_eq!(found.listed, Some(expected.len()), "{model}");
        assert_eq!(found.states.outer_iter().map(word).collect::<BTreeSet<_>>(), expected, "{model}");
        assert_eq!(found.rested, 500, "{model}");
        assert_eq!(found.minima.iter().map(|m| m.found).sum::<usize>(), 500, "{model}");
        let even = model == "hopfield";
        assert_eq!(found.count(Relation::Stored) == found.count(Relation::Negative), even, "{model}");
        let stored: BTreeSet<usize> =
            patterns.outer_iter().map(word).filter(|bits| expected.contains(bits)).collect();
        assert_eq!(found.count(Relation::Stored), stored.len(), "{model}");
    }
}

/// The majority of three patterns is stable in a network of many units, and is named with its patterns.
#[test]
fn mixtures_are_named() {
    let patterns = spins::<f64>(3, 15, 4);
    let memory = build(&Spec::new("hopfield").with("update", "asynchronous"), &patterns);
    let found = found(memory.as_ref(), &Search { starts: 0, ..Search::default() }).expect("minima");
    let mut named = 0;
    for (minimum, state) in found.minima.iter().zip(found.states.outer_iter()) {
        if minimum.relation != Relation::Mixture {
            continue;
        }
        named += 1;
        assert_eq!(minimum.memories.len(), 3);
        let sum = |j: usize| minimum.memories.iter().map(|(n, sign)| sign * patterns[[*n, j]]).sum::<f64>();
        assert!(state.iter().enumerate().all(|(j, x)| *x == sum(j).signum()));
    }
    assert!(named > 0);
    assert_eq!((found.starts, found.unseen(), found.minima[0].share), (0, None, None));
}

/// Where no exact list is known, two patterns far apart have half of the starts each.
#[test]
fn shares_are_those_of_basins() {
    let patterns = array![[3.0, 0.0, 1.0], [-3.0, 0.0, -1.0]];
    let memory = build(&Spec::new("modern").with("beta", "2"), &patterns);
    let found = found(memory.as_ref(), &Search::default()).expect("minima");
    assert_eq!((found.minima.len(), found.listed, found.rested), (2, None, 1000));
    for minimum in &found.minima {
        let (low, high) = (minimum.low.expect("an interval"), minimum.high.expect("an interval"));
        // The states are symmetric. A 95 % interval of one seed may miss ½; three standard deviations do not.
        assert!((minimum.share.expect("a share") - 0.5).abs() < 3.0 * 0.5 / 1000.0_f64.sqrt());
        assert!(high - low < 0.07 && minimum.relation == Relation::Stored);
    }
    assert_eq!(found.unseen(), Some(0.0));
}

/// At a level below the distance of patterns each has a minimum, and above it they share one. Between two heavy patterns a
/// light one is at rest on a saddle, from which a push leads away.
#[test]
fn levels_have_landscapes_of_their_own() {
    let memory = build(&Spec::new("diffusion"), &array![[2.0, 0.0], [-2.0, 0.0]]);
    let at = |sigma: f64| {
        let search = Search { sigma: Some(sigma), starts: 200, ..Search::default() };
        found(memory.as_ref(), &search).expect("minima")
    };
    assert_eq!((at(0.5).minima.len(), at(4.0).minima.len()), (2, 1));
    assert!(at(4.0).states.iter().all(|x| x.abs() < 0.01));
    assert_eq!(at(4.0).minima[0].relation, Relation::Mixture);
    let patterns = Patterns::new(array![[-1.0_f64], [0.0], [1.0]]).expect("patterns");
    let patterns = patterns.with_weights(&[10.0, 1.0, 10.0]).expect("weights");
    let memory = Spec::new("diffusion").build(patterns).expect("a memory");
    let search = Search { sigma: Some(0.6), from: Starts::Near(0.0), ..Search::default() };
    let found = found(memory.as_ref(), &search).expect("minima");
    assert_eq!(found.minima.len(), 2, "{:?}", found.states);
}

#[test]
fn results_do_not_depend_on_threads() {
    let patterns = normals::<f64>(12, 3, 1.0, 5);
    for spec in [Spec::new("log-sum-relu").with("beta", "0.7"), Spec::new("modern").with("beta", "3")] {
        let memory = build(&spec, &patterns);
        let search = Search { starts: 300, seed: 3, listing: Listing::Off, ..Search::default() };
        let runs = [1, 2].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| found(memory.as_ref(), &search).expect("minima"))
        });
        assert_eq!(runs[0].states, runs[1].states);
        assert_eq!(runs[0].minima, runs[1].minima);
        // The first starts are the same whatever their number.
        let fewer = found(memory.as_ref(), &Search { starts: 40, ..search.clone() }).expect("minima");
        let all = |of: &Minima<f64>| of.states.outer_iter().map(|s| format!("{s}")).collect::<BTreeSet<_>>();
        assert!(all(&fewer).is_subset(&all(&runs[0])));
    }
}

#[test]
fn starts_find_what_the_list_has() {
    let patterns = normals::<f64>(10, 2, 1.0, 7);
    let memory = build(&Spec::new("log-sum-relu").with("beta", "1.5"), &patterns);
    let listed = found(memory.as_ref(), &Search { starts: 2000, ..Search::default() }).expect("minima");
    assert_eq!(listed.listed, Some(listed.minima.len()));
    let search = Search { starts: 2000, listing: Listing::Off, ..Search::default() };
    let by_starts = found(memory.as_ref(), &search).expect("minima");
    assert!(by_starts.minima.len() <= listed.minima.len() && by_starts.minima.len() > 5);
    assert_eq!(listed.minima.iter().filter(|m| m.found > 0).count(), by_starts.minima.len());
}

/// By hand: of minima that were found 5, 2, 1 and 1 times, two of nine starts are alone; f₁ = 2 and f₂ = 1.
#[test]
fn what_was_not_seen_is_estimated() {
    let one = |found: usize| Minimum {
        energy: None,
        found,
        share: None,
        low: None,
        high: None,
        relation: Relation::Emergent,
        memories: Vec::new(),
        listed: None,
    };
    let minima = Minima::<f64> {
        states: Array2::zeros((4, 1)),
        minima: [5, 2, 1, 1].map(one).to_vec(),
        starts: 9,
        rested: 9,
        undefined: 0,
        listed: None,
        unlisted: None,
        sigma: None,
    };
    assert_eq!(minima.unseen(), Some(2.0 / 9.0));
    assert_eq!(minima.at_least(), 4.0 + 2.0 / 4.0);
}

#[test]
fn work_can_be_stopped_and_what_has_no_meaning_is_refused() {
    let patterns = normals::<f64>(5, 30, 1.0, 1);
    let modern = build(&Spec::new("modern"), &patterns);
    let stop =
        |done: usize, _: usize| if done > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let stopped = minima(modern.as_ref(), &Search::default(), &mut { stop }).expect("minima");
    assert!(stopped.starts > 0 && stopped.starts < 1000 && stopped.rested == stopped.starts);
    let refused = |memory: &dyn Memory<f64>, search: Search, word: &str| {
        let error = found(memory, &search).expect_err(word).to_string();
        assert!(error.contains(word), "{error}");
    };
    let diffusion = build(&Spec::new("diffusion"), &patterns);
    refused(modern.as_ref(), Search { sigma: Some(1.0), ..Search::default() }, "one landscape");
    refused(diffusion.as_ref(), Search::default(), "each noise level");
    refused(diffusion.as_ref(), Search { sigma: Some(f64::NAN), ..Search::default() }, "sigma");
    refused(modern.as_ref(), Search { within: 0.0, ..Search::default() }, "within");
    refused(modern.as_ref(), Search { from: Starts::Near(-1.0), ..Search::default() }, "near");
    refused(modern.as_ref(), Search { listing: Listing::On, ..Search::default() }, "exact list");
    let spins = build(&Spec::new("hopfield"), &spins(3, 30, 1));
    refused(spins.as_ref(), Search { listing: Listing::On, ..Search::default() }, "24 units");
}
