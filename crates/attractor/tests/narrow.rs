//! Narrowed reads: equal to whole ones, by certificate, whatever the sampler, the batch and the threads.
#![allow(missing_docs)]

mod zoo;

use attractor::diffusion::{Course, Sampler};
use attractor::energies::{Denoise, Points, Reads};
use attractor::memories::{Diffusion, Level, Memory, Recall, Request, Spec};
use attractor::{Patterns, Real};
use ndarray::{Array2, s};
use zoo::{cues, normals, spins};

/// What narrowing promises of each unit.
const EQUAL: f64 = 1e-6;

const DIM: usize = 32;
const PATTERNS: usize = 3000;

fn memory<F: Real>(patterns: Patterns<F>, sampler: Sampler, narrow: bool) -> Diffusion<F> {
    let steps = (sampler == Sampler::Langevin || sampler.is_stochastic()).then_some(60);
    let course = Course { sampler, steps, narrow, ..Course::default() };
    Diffusion::on(patterns.into(), course).expect("a memory")
}

fn difference<F: Real>(a: &Recall<F>, b: &Recall<F>) -> f64 {
    a.states.iter().zip(&b.states).map(|(a, b)| (a.wide() - b.wide()).abs()).fold(0.0, f64::max)
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
    let points = Points::new(Patterns::new(normals(PATTERNS, DIM, 1.0, 8)).expect("patterns"));
    let places: Array2<f64> = normals(40, DIM, 1.5, 9);
    let mut reader = points.reader(1);
    for (step, place) in places.outer_iter().enumerate() {
        let place = place.insert_axis(ndarray::Axis(0));
        let sigma = [[0.6, 0.2, 0.9, 0.02, 0.0], [0.3, 0.7, 0.5, 1.5, 1e-6]][step % 2][step % 5];
        let found = reader.denoise(&[0], place.view(), &[sigma]).expect("a read");
        let expected = points.denoise(place.view(), &[sigma]).expect("a read");
        let off = (&found - &expected).fold(0.0, |most, d| f64::max(most, d.abs()));
        assert!(off < 1e-8, "step {step}, σ = {sigma}: {off:e}");
    }
    let reads = reader.reads()[0];
    assert!(reads.full > 10 && reads.narrow > 10, "{reads:?}");
}

/// Row i depends on row i alone, to the bit.
#[test]
fn batches_and_threads_change_no_bit() {
    let values = spins::<f32>(PATTERNS, DIM, 10);
    let noisy = cues(&values, 70, 0.6, 11);
    for sampler in [Sampler::Euler, Sampler::EulerMaruyama, Sampler::DormandPrince] {
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

/// Too few patterns to gain by it: read as ever, and the option is one like others.
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
    assert!(reads(&on).iter().all(|r| *r == Reads { full: 24, ..Reads::default() }));
    let error = recall("maybe").expect_err("no such value").to_string();
    assert!(error.contains("narrow") && error.contains("on or off"), "{error}");
}
