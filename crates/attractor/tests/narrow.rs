//! Narrowed reads: equal to whole ones, by certificate, whatever the sampler, the batch and the threads.
#![allow(missing_docs)]

mod zoo;

use std::ops::ControlFlow;

use attractor::diffusion::{Sampler, Sampling};
use attractor::dynamics::{Clamp, Start};
use attractor::energies::{Denoise, Points, Reads};
use attractor::memories::{Diffusion, Level, Memory, Recall, Request, Spec};
use attractor::patterns::Packed;
use attractor::{Frame, Grid, NoObserver, Observer, Outcome, Patterns, Preparation, Real, Stop, recall};
use ndarray::{Array2, Axis, s};
use zoo::{cues, normals, spins};

/// What narrowing promises of each unit.
const EQUAL: f64 = 1e-6;

const DIM: usize = 32;
const PATTERNS: usize = 3000;

fn memory<F: Real>(patterns: Patterns<F>, sampler: Sampler, narrow: bool) -> Diffusion<F> {
    let steps = (sampler == Sampler::Langevin || sampler.is_stochastic()).then_some(60);
    let sampling = Sampling { sampler, steps, narrow, ..Sampling::default() };
    Diffusion::on(patterns.into(), sampling).expect("a memory")
}

fn difference<F: Real>(a: &Recall<F>, b: &Recall<F>) -> f64 {
    a.states.iter().zip(&b.states).map(|(a, b)| (a.to_f64() - b.to_f64()).abs()).fold(0.0, f64::max)
}

fn reads<F>(recall: &Recall<F>) -> Vec<Reads> {
    recall.rows.iter().map(|row| row.reads.expect("counted")).collect()
}

fn narrowed_is_whole<F: Real>(patterns: &Patterns<F>, request: &Request<F>, helps: bool) {
    for (name, sampler) in Sampler::ALL {
        let narrow = memory(patterns.clone(), sampler, true).recall(request).expect("a recall");
        let whole = memory(patterns.clone(), sampler, false).recall(request).expect("a recall");
        let off = difference(&narrow, &whole);
        assert!(off < EQUAL, "{name}: {off:e}");
        if sampler == Sampler::Bridge {
            assert!(narrow.rows.iter().all(|row| row.reads.is_none()));
            continue;
        }
        let sum = |recall: &Recall<F>| reads(recall).iter().map(|r| r.full).sum::<usize>();
        assert!(reads(&whole).iter().all(|r| r.narrow == 0), "{name}");
        // A random walk leaves its balls sooner.
        if helps && !sampler.is_stochastic() && sampler != Sampler::OneStep {
            assert!(2 * sum(&narrow) < sum(&whole), "{name}: {} of {}", sum(&narrow), sum(&whole));
        }
    }
}

#[test]
fn every_sampler_recalls_the_same() {
    let values = spins::<f64>(PATTERNS, DIM, 1);
    let noisy = cues(&values, 6, 0.75, 2);
    let request = Request { level: Level::Signal(0.75), ..Request::new(noisy.view()) };
    narrowed_is_whole(&Patterns::new(values.clone()).expect("patterns"), &request, true);
    // A prior from 1 to 1100.
    let weights: Vec<f64> = (0..PATTERNS).map(|n| (7.0 * (n as f64 / PATTERNS as f64)).exp()).collect();
    let weighted = Patterns::new(values).expect("patterns").with_weights(&weights).expect("weights");
    narrowed_is_whole(&weighted, &request, true);
}

#[test]
fn every_sampler_recalls_the_same_in_f32() {
    let values = spins::<f32>(PATTERNS, DIM, 3);
    let noisy = cues(&values, 6, 0.75, 4);
    let request = Request { level: Level::Signal(0.75), ..Request::new(noisy.view()) };
    narrowed_is_whole(&Patterns::new(values).expect("patterns"), &request, true);
}

/// Small memories of all kinds: rows that are decided are not read again, and end where they would have.
fn decided_is_whole<F: Real>(values: Array2<F>, equal: f64, seed: u64) {
    let noisy = cues(&values, 12, 0.7, seed);
    let request = Request { level: Level::Signal(0.7), ..Request::new(noisy.view()) };
    let patterns = Patterns::new(values).expect("patterns");
    for (name, sampler) in Sampler::ALL {
        let recall = |narrow| memory(patterns.clone(), sampler, narrow).recall(&request).expect("a recall");
        let (decided, whole) = (recall(true), recall(false));
        let off = difference(&decided, &whole);
        assert!(off < equal, "{name}: {off:e}");
        if let Sampler::Bridge | Sampler::OneStep = sampler {
            continue;
        }
        let sum = |recall: &Recall<F>| reads(recall).iter().map(|r| r.full).sum::<usize>();
        assert!(sum(&decided) <= sum(&whole) && reads(&decided).iter().all(|r| r.narrow == 0), "{name}");
        // The paper's grid has most of its levels where nothing is decided.
        if !sampler.is_stochastic() && sampler.has_grid() && sampler != Sampler::DormandPrince {
            assert!(3 * sum(&decided) < 2 * sum(&whole), "{name}: {} of {}", sum(&decided), sum(&whole));
        }
    }
}

#[test]
fn small_memories_recall_the_same_by_every_sampler() {
    decided_is_whole(spins::<f64>(20, 16, 20), 1e-12, 21);
    decided_is_whole(spins::<f32>(20, 16, 22), 1e-5, 23);
    decided_is_whole(normals::<f64>(50, 24, 1.0, 24), 1e-12, 25);
    // Grey values, many of them 0.
    decided_is_whole(normals::<f64>(50, 24, 1.0, 26).mapv(|v: f64| v.max(0.0)), 1e-12, 27);
    decided_is_whole(spins::<f64>(1, 10, 28), 1e-12, 29);
}

/// The pattern that has won is found in whatever tile and range of patterns it is, of numbers and of bits.
#[test]
fn winners_are_found_everywhere() {
    for (n, dim) in [(1000, 24), (400, 2000)] {
        let values = spins::<f32>(n, dim, 33);
        let which: Vec<usize> = (0..n).step_by(37).collect();
        let noisy = cues(&values.select(Axis(0), &which), which.len(), 0.8, 34);
        let request = Request { level: Level::Signal(0.8), report: false, ..Request::new(noisy.view()) };
        let packed = Patterns::packed(Packed::from_signs(values.view()), Preparation::Identity);
        for patterns in [Patterns::new(values.clone()), packed] {
            let patterns = patterns.expect("patterns");
            let recall = |narrow| {
                let memory = memory(patterns.clone(), Sampler::DpmSolverPlusPlus2M, narrow);
                memory.recall(&request).expect("a recall")
            };
            let (decided, whole) = (recall(true), recall(false));
            assert_eq!(decided.states, whole.states, "{n} × {dim}");
            assert!(reads(&decided).iter().all(|r| r.full < 20), "{n} × {dim}");
            let right = decided.states.outer_iter().zip(&which).filter(|(s, n)| s == values.row(**n)).count();
            assert!(2 * right > which.len(), "{right} of {}", which.len());
        }
    }
}

/// Known units that no pattern has hold a state away from all of them, whoever watches.
#[test]
fn known_units_keep_a_state_from_its_goal() {
    let values = spins::<f64>(20, 16, 35);
    let noisy = cues(&values, 6, 0.7, 36);
    let known = Array2::from_shape_fn((6, 16), |(_, j)| j < 3);
    let points = Points::new(Patterns::new(values).expect("patterns"));
    for sampler in [Sampler::DpmSolverPlusPlus2M, Sampler::Heun, Sampler::Ddim] {
        let sampling = Sampling { sampler, ..Sampling::default() };
        let dynamics = sampling.dynamics(&points, 1.0, 1.0);
        let run = |observer: &mut dyn Observer<f64>| {
            let start = Start { states: noisy.view(), rows: &[0, 1, 2, 3, 4, 5], seed: 1, held: None };
            let clamp = Clamp::new(known.view(), noisy.view()).expect("a clamp");
            let grid = Grid::Levels(sampling.levels(&[1.0; 6], 1.0));
            let stop = Stop { tolerance: 0.05, early: false };
            recall(dynamics.as_ref(), start, Some(clamp), &grid, stop, observer).expect("a recall").states
        };
        let unseen = run(&mut NoObserver);
        assert_eq!(unseen, run(&mut |_: Frame<f64>| ControlFlow::Continue(())), "{sampler:?}");
        for (place, _) in known.indexed_iter().filter(|(_, known)| **known) {
            assert_eq!(unseen[place], noisy[place], "{sampler:?}");
        }
    }
}

/// From level 0 nothing moves, whoever watches, even where there is one pattern to go to.
#[test]
fn a_state_without_noise_stays() {
    let cue = Array2::from_elem((1, 6), 0.5_f32);
    for (values, cue) in [(normals::<f32>(5, 6, 1.0, 37), 0.0 * &cue), (Array2::zeros((1, 6)), cue)] {
        let request = Request { level: Level::Sigma(0.0), ..Request::new(cue.view()) };
        for (name, sampler) in Sampler::ALL.into_iter().filter(|(_, sampler)| !sampler.is_stochastic()) {
            let memory = memory(Patterns::new(values.clone()).expect("patterns"), sampler, true);
            let unseen = memory.recall(&request).expect("a recall");
            let mut watch = |_: Frame<f32>| ControlFlow::Continue(());
            let seen = memory.recall_observed(&request, &mut watch).expect("a recall");
            assert_eq!(unseen.states, seen.states, "{name}");
            assert_eq!(unseen.rows[0].outcome, seen.rows[0].outcome, "{name}");
        }
    }
}

/// Stops a recall that it does not watch.
struct Impatient(usize);

impl<F: Real> Observer<F> for Impatient {
    fn observe(&mut self, frame: Frame<F>) -> ControlFlow<()> {
        if frame.step < self.0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn watches(&self) -> bool {
        false
    }
}

#[test]
fn what_has_arrived_is_not_stopped() {
    let values = spins::<f32>(20, 16, 38);
    let noisy = cues(&values, 40, 0.6, 39);
    let request = Request { level: Level::Signal(0.6), ..Request::new(noisy.view()) };
    let memory = memory(Patterns::new(values).expect("patterns"), Sampler::DpmSolverPlusPlus2M, true);
    let whole = memory.recall(&request).expect("a recall");
    let part = memory.recall_observed(&request, &mut Impatient(9)).expect("a recall");
    let mut stopped = 0;
    for (row, (found, full)) in part.rows.iter().zip(&whole.rows).enumerate() {
        if found.outcome == (Outcome::Stopped { step: 9 }) {
            stopped += 1;
        } else {
            assert_eq!((found.outcome, found.steps), (full.outcome, full.steps), "row {row}");
            assert_eq!(part.states.row(row), whole.states.row(row), "row {row}");
        }
    }
    assert!((1..40).contains(&stopped), "{stopped} of 40 stopped");
}

/// Who watches sees every step; who does not is told the same of the end.
#[test]
fn steps_that_nobody_sees_change_nothing() {
    let values = spins::<f32>(20, 16, 30);
    let noisy = cues(&values, 12, 0.7, 31);
    let request = Request { level: Level::Signal(0.7), ..Request::new(noisy.view()) };
    let patterns = Patterns::new(values).expect("patterns");
    for (name, sampler) in Sampler::ALL {
        let memory = memory(patterns.clone(), sampler, true);
        let unseen = memory.recall(&request).expect("a recall");
        let mut frames = 0;
        let mut watch = |frame: Frame<f32>| {
            assert_eq!(frame.rows.len(), 12, "{name}");
            frames += 1;
            ControlFlow::Continue(())
        };
        let seen = memory.recall_observed(&request, &mut watch).expect("a recall");
        assert_eq!(frames, memory.sampling().steps() + 1, "{name}");
        assert_eq!(unseen.states, seen.states, "{name}");
        for (a, b) in unseen.rows.iter().zip(&seen.rows) {
            assert_eq!(
                (a.outcome, a.steps, a.reads, a.energy),
                (b.outcome, b.steps, b.reads, b.energy),
                "{name}"
            );
        }
    }
}

/// From a level at which the posterior is all patterns, and nothing can be left out at first.
#[test]
fn what_is_spread_out_is_read_whole_until_it_narrows() {
    let values = spins::<f64>(PATTERNS, DIM, 5);
    let noisy = cues(&values, 3, 0.75, 6) * 4.0;
    let request = Request { level: Level::Sigma(4.0), ..Request::new(noisy.view()) };
    narrowed_is_whole(&Patterns::new(values.clone()).expect("patterns"), &request, false);
    let memory = memory(Patterns::new(values).expect("patterns"), Sampler::Euler, true);
    for reads in reads(&memory.recall(&request).expect("a recall")) {
        assert!(reads.spread > 0 && reads.full > 1 && reads.narrow > 0, "{reads:?}");
    }
}

/// Known units stretch the memory, where f32 rounds most.
#[test]
fn known_units_change_nothing() {
    for sampler in [Sampler::Euler, Sampler::DpmSolverPlusPlus2M, Sampler::Ancestral] {
        let values = spins::<f32>(PATTERNS, DIM, 7);
        let known = Array2::from_shape_fn((4, DIM), |(row, j)| j < 8 + 2 * (row / 2));
        let cues = values.slice(s![..4, ..]).to_owned();
        let request = Request { known: Some(known.view()), ..Request::new(cues.view()) };
        let patterns = Patterns::new(values).expect("patterns");
        let recall = |narrow| memory(patterns.clone(), sampler, narrow).recall(&request).expect("a recall");
        let (narrow, whole) = (recall(true), recall(false));
        let off = difference(&narrow, &whole);
        assert!(off < EQUAL, "{sampler:?}: {off:e}");
        assert!(reads(&narrow).iter().all(|r| r.full > 0), "{sampler:?}");
    }
}

/// The state jumps about, back and forth, up and down the levels: certificates must fail, and what is read must be
/// right all the same.
#[test]
fn a_state_that_moves_far_is_read_again() {
    let reads = jump(PATTERNS, 1e-8);
    assert!(reads.full > 10 && reads.narrow > 10, "{reads:?}");
    let reads = jump(60, 1e-14);
    assert!(reads.full > 30 && reads.narrow == 0, "{reads:?}");
}

fn jump(patterns: usize, equal: f64) -> Reads {
    let points = Points::new(Patterns::new(normals(patterns, DIM, 1.0, 8)).expect("patterns"));
    let places: Array2<f64> = normals(40, DIM, 1.5, 9);
    let mut reader = points.reader(1);
    for (step, place) in places.outer_iter().enumerate() {
        let place = place.insert_axis(ndarray::Axis(0));
        let sigma = [[0.6, 0.2, 0.9, 0.02, 0.0], [0.3, 0.7, 0.5, 1.5, 1e-6]][step % 2][step % 5];
        let found = reader.denoise(&[0], place.view(), &[sigma]).expect("a read");
        let expected = points.denoise(place.view(), &[sigma]).expect("a read");
        let off = (&found - &expected).fold(0.0, |most, d| f64::max(most, d.abs()));
        assert!(off < equal, "step {step}, σ = {sigma}: {off:e}");
    }
    reader.reads()[0]
}

/// Row i depends on row i alone, to the bit.
#[test]
fn batches_and_threads_change_no_bit() {
    let samplers = [Sampler::Euler, Sampler::EulerMaruyama, Sampler::DormandPrince];
    batches_of(spins::<f32>(PATTERNS, DIM, 10), samplers);
    batches_of(spins::<f32>(70, 20, 32), [Sampler::DpmSolverPlusPlus2M, Sampler::Heun, Sampler::Ancestral]);
}

fn batches_of(values: Array2<f32>, samplers: [Sampler; 3]) {
    let noisy = cues(&values, 70, 0.6, 11);
    for sampler in samplers {
        let memory = memory(Patterns::new(values.clone()).expect("patterns"), sampler, true);
        let recall = |from: usize, to: usize| {
            let part = noisy.slice(s![from..to, ..]);
            let request = Request { level: Level::Signal(0.6), first_row: from as u64, ..Request::new(part) };
            memory.recall(&request).expect("a recall")
        };
        let whole = recall(0, 70);
        for threads in [1, 3] {
            attractor::threads::set(threads).expect("threads");
            for (from, to) in [(0, 1), (1, 20), (20, 70)] {
                let part = recall(from, to);
                assert_eq!(
                    part.states,
                    whole.states.slice(s![from..to, ..]),
                    "{sampler:?}, rows {from} to {to}"
                );
                assert_eq!(reads(&part), reads(&whole)[from..to], "{sampler:?}, rows {from} to {to}");
            }
        }
    }
}

/// Too few patterns for balls: read whole until one pattern has won, and the option is one like others.
#[test]
fn small_memories_and_the_option() {
    let values = spins::<f64>(100, DIM, 12);
    let noisy = cues(&values, 3, 0.8, 13);
    let request = Request { level: Level::Signal(0.8), ..Request::new(noisy.view()) };
    let recall = |narrow: &str| {
        let spec = Spec::new("diffusion").with("narrow", narrow);
        spec.build(Patterns::new(values.clone()).expect("patterns")).and_then(|m| m.recall(&request))
    };
    let (on, off) = (recall("on").expect("a recall"), recall("off").expect("a recall"));
    assert_eq!(on.states, off.states);
    assert!(reads(&off).iter().all(|r| *r == Reads { full: 24, ..Reads::default() }));
    for reads in reads(&on) {
        assert!(reads.full < 12 && reads == Reads { full: reads.full, ..Reads::default() }, "{reads:?}");
    }
    let error = recall("maybe").expect_err("no such value").to_string();
    assert!(error.contains("narrow") && error.contains("on or off"), "{error}");
}
