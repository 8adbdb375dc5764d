//! Log-sum-ReLU: supports of finite size, exact recall, and minima between patterns.
#![allow(missing_docs)]

mod zoo;

use attractor::analysis::trace;
use attractor::energies::{Energy, Gradient, LogSumRelu};
use attractor::memories::{Beta, LogSumReluMemory, Spec};
use attractor::{Memory, Outcome, Patterns, Real, Request};
use ndarray::{Array2, array};
use zoo::{normals, spins};

fn memory<F: Real>(patterns: &Array2<F>, beta: Beta) -> LogSumReluMemory<F> {
    LogSumReluMemory::new(Patterns::new(patterns.clone()).expect("patterns"), beta).expect("a memory")
}

/// E = −½ ln(10⁻⁶ + Σ max(0, 1 − ‖x − y‖²)) at β = 2, by hand.
#[test]
fn the_energy_is_the_formula() {
    let patterns = Patterns::new(array![[0.0_f64], [1.5]]).expect("patterns");
    let energy = LogSumRelu::new(patterns, 2.0, 1e-6).expect("beta");
    let found = energy.energy(array![[0.0], [0.75], [1.0], [7.0]].view(), &[]).expect("energies");
    // Heights 1; twice 1 − 0.5625; 0 and 1 − 0.25; none.
    let sums: [f64; 4] = [1.0, 0.875, 0.75, 0.0];
    for (found, sum) in found.iter().zip(sums) {
        assert!((found + 0.5 * (1e-6 + sum).ln()).abs() < 1e-14, "{found}");
    }
    let slopes = energy.gradient(array![[7.0], [1.5], [0.75]].view(), &[]).expect("slopes");
    assert_eq!(slopes, array![[0.0], [0.0], [0.0]]);
}

/// The sum of heights S grows by at least ½β|B|‖x' − x‖² in each step, whatever supports are entered or left.
#[test]
fn steps_climb_by_what_the_bound_says() {
    const ROUNDING: f64 = 1e-12;
    let mut moved = 0;
    for seed in 0..20 {
        let patterns = normals(12, 3, 1.0, seed);
        let beta = 0.3 + 0.1 * seed as f64;
        let energy = LogSumRelu::new(Patterns::new(patterns).expect("patterns"), beta, 1e-6).expect("beta");
        let states = normals(100, 3, 1.2, 100 + seed);
        let weights = energy.weights(states.view()).expect("weights");
        let sums = |states: &Array2<f64>| -> Vec<f64> {
            let energies = energy.energy(states.view(), &[]).expect("energies");
            energies.iter().map(|e| (-beta * e).exp() - 1e-6).collect()
        };
        let before = sums(&states);
        for (row, next) in energy.step(states.view()).expect("steps").into_iter().enumerate() {
            let covering = weights.row(row).iter().filter(|w| **w > 0.0).count();
            let Some(next) = next else {
                assert!(covering == 0 && before[row].abs() < ROUNDING);
                continue;
            };
            let next = Array2::from_shape_vec((1, 3), next).expect("a row");
            let square = (&next.row(0) - &states.row(row)).mapv(|d| d * d).sum();
            let gain = sums(&next)[0] - before[row] - 0.5 * beta * covering as f64 * square;
            assert!(gain >= -ROUNDING, "seed {seed}, row {row}: {gain:e}");
            moved += usize::from(square > 0.01);
        }
    }
    assert!(moved > 500, "{moved}");
}

/// Supports that cover no other pattern give the pattern back to the bit, from anywhere that only they cover.
#[test]
fn recall_is_exact_and_finite() {
    fn check<F: Real>(patterns: &Array2<F>) {
        let memory = memory(patterns, Beta::Auto);
        let recall = memory.recall(&Request::new(patterns.view())).expect("a recall");
        assert_eq!(recall.states, patterns);
        for (n, row) in recall.rows.iter().enumerate() {
            assert_eq!(row.memory, Some(n));
            assert_eq!(row.posterior.as_ref().expect("weights").top[0], (n, 1.0));
            assert!(matches!(row.outcome, Outcome::Settled { step: 1 }), "{:?}", row.outcome);
        }
        // A radius that covers the nearest other pattern no longer does.
        let wider = memory_of(patterns, memory.energy().beta() * 0.98);
        assert_ne!(wider.recall(&Request::new(patterns.view())).expect("a recall").states, patterns);
    }
    fn memory_of<F: Real>(patterns: &Array2<F>, beta: f64) -> LogSumReluMemory<F> {
        memory(patterns, Beta::Value(beta))
    }
    check(&normals::<f64>(40, 10, 1.0, 1));
    check(&normals::<f32>(40, 10, 1.0, 1));
    check(&spins::<f64>(30, 24, 2));
    // All recalls rest within a few updates, since there are finitely many groups.
    let patterns = normals::<f64>(60, 2, 1.0, 3);
    let memory = memory(&patterns, Beta::Value(3.0));
    let recall = memory.recall(&Request::new(normals(500, 2, 1.0, 4).view())).expect("a recall");
    for row in &recall.rows {
        let is_finite = matches!(row.outcome, Outcome::Settled { step } if step < 40);
        assert!(is_finite || matches!(row.outcome, Outcome::Undefined { step: 1, .. }), "{:?}", row.outcome);
    }
}

#[test]
fn a_cue_outside_all_supports_is_an_outcome() {
    let memory = memory(&array![[0.0_f64, 0.0], [3.0, 0.0]], Beta::Value(2.0));
    let recall = memory.recall(&Request::new(array![[0.5, 0.0], [1.5, 0.0]].view())).expect("a recall");
    assert_eq!(recall.states, array![[0.0, 0.0], [1.5, 0.0]]);
    let reason = recall.rows[1].reason().expect("a reason");
    assert!(
        reason.contains("radius") && recall.rows[1].posterior.is_none() && recall.rows[1].memory.is_none()
    );
}

#[test]
fn a_trace_leaves_out_only_the_cue_outside_all_supports() {
    let patterns = array![[0.0_f64, 0.0], [2.0, 0.0], [9.0, 0.0]];
    let memory = memory(&patterns, Beta::Auto);
    let trace = trace(&memory, &Request::new(array![[-0.3, 0.4], [5.0, 5.0]].view())).expect("a trace");
    assert_eq!(trace.moments[0][0].favourite, Some((0, 1.0)));
    let outside = &trace.moments[1];
    assert!(outside.iter().all(|moment| moment.favourite.is_none() && moment.entropy.is_none()));
    assert!(matches!(trace.recall.rows[1].outcome, Outcome::Undefined { .. }));
}

#[test]
fn prior_weights_weigh_means() {
    let patterns = Patterns::new(array![[0.0_f64], [1.0]]).expect("patterns");
    let patterns = patterns.with_weights(&[3.0, 1.0]).expect("weights");
    let memory = Spec::new("lsr").with("beta", "0.5").build(patterns).expect("a memory");
    let recall = memory.recall(&Request::new(array![[0.9]].view())).expect("a recall");
    assert_eq!(recall.states, array![[0.25]]);
    let top = &recall.rows[0].posterior.as_ref().expect("weights").top;
    // Weights are kept as logarithms.
    assert!(top[0].0 == 0 && (top[0].1 - 0.75).abs() < 1e-15 && (top[1].1 - 0.25).abs() < 1e-15, "{top:?}");
}

/// Where no two patterns differ, and where there is one pattern.
#[test]
fn degenerate_patterns_are_recalled() {
    for patterns in [array![[1.0_f64, 2.0]], array![[1.0, 2.0], [1.0, 2.0]], array![[0.0, 0.0], [0.0, 0.0]]] {
        let recall = memory(&patterns, Beta::Auto).recall(&Request::new(patterns.view())).expect("a recall");
        assert_eq!(recall.states, patterns);
    }
    assert!(LogSumRelu::new(Patterns::new(array![[1.0_f64]]).expect("one"), 1.0, 0.0).is_err());
}
