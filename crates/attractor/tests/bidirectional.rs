//! Bidirectional associative memory against its definition, spelled out.
#![allow(missing_docs)]

use std::ops::ControlFlow;

use attractor::memories::{Bidirectional, Memory, Spec};
use attractor::message::Argument;
use attractor::noise::{Purpose, Stream};
use attractor::{Frame, Outcome, Patterns, Request};
use ndarray::{Array2, array};

fn spins(n: usize, dim: usize, seed: u64) -> Array2<f64> {
    let mut stream = Stream::new(seed, Purpose::Patterns, 0);
    Array2::from_shape_fn((n, dim), |_| if stream.uniform() < 0.5 { 1.0 } else { -1.0 })
}

fn memory(x: &Array2<f64>, y: &Array2<f64>) -> Bidirectional<f64> {
    let patterns = Patterns::new(x.clone()).expect("patterns");
    Bidirectional::new(patterns.with_associated(y.clone()).expect("values")).expect("a memory")
}

/// All words of `dim` units.
fn words(dim: usize) -> Array2<f64> {
    Array2::from_shape_fn((1 << dim, dim), |(n, j)| if n >> j & 1 == 1 { 1.0 } else { -1.0 })
}

#[test]
fn couplings_are_the_sum_over_pairs() {
    let (x, y) = (spins(5, 9, 1), spins(5, 4, 2));
    let memory = memory(&x, &y);
    for ((i, j), &w) in memory.energy().weights().indexed_iter() {
        let sum: f64 = (0..5).map(|n| y[[n, i]] * x[[n, j]]).sum();
        assert_eq!(w, sum, "W[{i}, {j}]");
    }
}

/// One way, the memory is a similarity, the identity and a projection: y = sign Σ y_n (x_n · q), for analogue cues too.
#[test]
fn one_way_is_the_sign_of_the_projection() {
    let (x, y) = (spins(6, 13, 3), spins(6, 8, 4));
    let memory = memory(&x, &y);
    let mut noise = Stream::new(5, Purpose::Corruption, 0);
    let cues = Array2::from_shape_fn((40, 13), |_| noise.normal());
    let recall = memory.recall(&Request { updates: Some(1), ..Request::new(cues.view()) }).expect("a recall");
    let values = recall.values.expect("values");
    for ((b, i), &value) in values.indexed_iter() {
        let overlap = |n: usize| (0..13).map(|j| x[[n, j]] * cues[[b, j]]).sum::<f64>();
        let field: f64 = (0..6).map(|n| y[[n, i]] * overlap(n)).sum();
        assert_eq!(value, field.signum(), "cue {b}, unit {i}: {field}");
    }
    // And back: x = sign Σ x_n (y_n · y).
    for ((b, j), &state) in recall.states.indexed_iter() {
        let overlap = |n: usize| (0..8).map(|i| y[[n, i]] * values[[b, i]]).sum::<f64>();
        let field: f64 = (0..6).map(|n| x[[n, j]] * overlap(n)).sum();
        let expected = if field == 0.0 { cues[[b, j]].signum() } else { field.signum() };
        assert_eq!(state, expected, "cue {b}, unit {j}: {field}");
    }
}

/// E(x) is the least −yᵀWx over all y.
#[test]
fn the_landscape_is_that_of_the_best_answer() {
    let (x, y) = (spins(4, 7, 6), spins(4, 5, 7));
    let memory = memory(&x, &y);
    let answers = words(5);
    for state in words(7).outer_iter() {
        let state = state.insert_axis(ndarray::Axis(0));
        let all = state.broadcast((answers.nrows(), 7)).expect("repeated");
        let energies = memory.pair_energies(all, answers.view()).expect("energies");
        let least = energies.into_iter().fold(f64::INFINITY, f64::min);
        assert_eq!(memory.energies(state, None).expect("an energy"), [least]);
    }
}

/// From every word there is: the energy never rises, the pair settles, and it is a fixed point by the definition.
#[test]
fn recall_goes_downhill_to_a_fixed_point() {
    for (n, dim, width) in [(1, 8, 5), (3, 10, 10), (9, 10, 4), (4, 9, 1)] {
        let (x, y) = (spins(n, dim, 8), spins(n, width, 9));
        let memory = memory(&x, &y);
        let cues = words(dim);
        let mut last = vec![f64::INFINITY; cues.nrows()];
        let mut watch = |frame: Frame<f64>| {
            assert_eq!(frame.states.ncols(), dim);
            let energies = memory.energies(frame.states, None).expect("energies");
            for (&row, energy) in frame.rows.iter().zip(energies) {
                assert!(energy <= last[row], "{n} × {dim} × {width}, row {row}: {} to {energy}", last[row]);
                last[row] = energy;
            }
            ControlFlow::Continue(())
        };
        let recall = memory.recall_observed(&Request::new(cues.view()), &mut watch).expect("a recall");
        let values = recall.values.expect("values");
        let energies = memory.pair_energies(recall.states.view(), values.view()).expect("energies");
        let w = memory.energy().weights();
        for (b, row) in recall.rows.iter().enumerate() {
            assert!(matches!(row.outcome, Outcome::Settled { .. }), "row {b}: {:?}", row.outcome);
            assert_eq!(row.energy, Some(energies[b]), "row {b}");
            let (state, value) = (recall.states.row(b), values.row(b));
            assert!(w.dot(&state).iter().zip(value).all(|(h, y)| *h == 0.0 || h.signum() == *y));
            assert!(w.t().dot(&value).iter().zip(state).all(|(h, x)| *h == 0.0 || h.signum() == *x));
        }
    }
}

/// Orthogonal words: Wx_n = D y_n and Wᵀy_n = Dv x_n, so each pair is a fixed point of energy −D Dv.
#[test]
fn orthogonal_pairs_are_recalled_both_ways() {
    let x = array![
        [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        [1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0],
        [1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0, -1.0],
    ];
    let y = array![[1.0, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]];
    let there = memory(&x, &y);
    let back = there.reversed().expect("the other way");
    assert_eq!(back.energy().weights(), there.energy().weights().t());
    for (memory, cues, answers) in [(&there, &x, &y), (&back, &y, &x)] {
        let recall = memory.recall(&Request::new(cues.view())).expect("a recall");
        assert_eq!((&recall.states, recall.values.as_ref()), (cues, Some(answers)));
        assert!(recall.rows.iter().enumerate().all(|(n, r)| r.memory == Some(n) && r.energy == Some(-32.0)));
    }
}

/// A unit whose field is 0 stays: two pairs that differ everywhere cancel, and nothing is recalled.
#[test]
fn no_field_no_change() {
    let x = array![[1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]];
    let memory = memory(&x, &array![[1.0, 1.0], [1.0, 1.0]]);
    let cue = array![[1.0, 1.0, -1.0]];
    let recall = memory.recall(&Request::new(cue.view())).expect("a recall");
    assert_eq!((recall.states, recall.values), (cue, Some(array![[0.0, 0.0]])));
    assert_eq!(recall.rows[0].energy, Some(0.0));
}

#[test]
fn bad_values_are_refused_in_one_sentence() {
    let patterns = Patterns::new(spins(3, 5, 1)).expect("patterns");
    let refused = |patterns: Patterns<f64>, word: &str| {
        let error = Spec::new("bam").build(patterns).err().expect("refused").to_string();
        assert!(error.contains(word) && !error.contains('\n'), "{error}");
    };
    let error = Spec::new("bam").build(patterns.clone()).err().expect("refused");
    assert_eq!(error.arguments(), [Argument::Values], "{error}");
    refused(
        patterns.clone().with_associated(array![[1.0], [0.0], [1.0]]).expect("values"),
        "0 at row 1, unit 0",
    );
    let weighted = patterns.with_associated(spins(3, 2, 2)).and_then(|p| p.with_weights(&[1.0, 2.0, 3.0]));
    refused(
        weighted.expect("patterns"),
        "modern, log-sum-relu, random-features, diffusion, local and mixture",
    );
    let loud = Patterns::new(spins(3, 5, 1) * 2.0).and_then(|p| p.with_associated(spins(3, 2, 2)));
    let error = Bidirectional::new(loud.expect("patterns")).expect("a memory").reversed().err();
    assert!(error.expect("refused").to_string().contains("patterns"));
}
