//! Memories known by their denoiser alone: any function recalls as the memory that it is the denoiser of.
#![allow(missing_docs)]

mod zoo;

use attractor::analysis::{repeat, trace};
use attractor::diffusion::{Sampler, Sampling};
use attractor::energies::{Denoise, Points};
use attractor::memories::{Denoiser, Function, MemoryModel};
use attractor::message::Argument;
use attractor::{Error, Level, Memory, Outcome, Patterns, Real, Request, Spec};
use ndarray::{Array2, ArrayView2};
use zoo::{cues, spins};

/// All but the bridge, which draws from the memory itself.
fn samplers() -> impl Iterator<Item = &'static str> {
    Sampler::ALL.into_iter().filter(|(_, sampler)| *sampler != Sampler::Bridge).map(|(name, _)| name)
}

fn sampling(sampler: &str) -> Sampling {
    Sampling { sampler: sampler.parse().expect("a sampler"), ..Sampling::default() }
}

/// The denoiser of stored points, of which nothing else is told.
fn told<F: Real>(patterns: &Patterns<F>, sampling: Sampling) -> Denoiser<'static, F> {
    let points = Points::new(patterns.clone());
    let denoise = move |z: ArrayView2<F>, sigmas: &[f64]| points.denoise(z, sigmas);
    let memory = Denoiser::new(Box::new(Function::new(patterns.dim(), denoise)), sampling).expect("a memory");
    memory.with_patterns(patterns.clone()).expect("patterns")
}

#[test]
fn a_function_recalls_as_the_memory_it_is_of() {
    let patterns = Patterns::new(spins::<f64>(12, 16, 1)).expect("patterns");
    let cues = cues(&spins::<f64>(12, 16, 1), 9, 0.68, 2);
    for sampler in samplers() {
        let own = told(&patterns, sampling(sampler));
        // A function is read at every step.
        let stored = Spec::new("diffusion").with("sampler", sampler).with("narrow", "off");
        let stored = stored.build(patterns.clone()).expect("one");
        for level in [Level::Signal(0.68), Level::Sigma(1.1), Level::Sigma(0.0)] {
            let request = Request { level, seed: 3, ..Request::new(cues.view()) };
            let (a, b) = (own.recall(&request).expect("a"), stored.recall(&request).expect("b"));
            assert_eq!(a.states, b.states, "{sampler} {level:?}");
            for (a, b) in a.rows.iter().zip(&b.rows) {
                assert_eq!((a.memory, a.outcome, a.sigma), (b.memory, b.outcome, b.sigma), "{sampler}");
                assert!(a.energy.is_none() && a.posterior.is_none());
            }
        }
        assert_eq!(
            own.prior_samples(&[4, 5], 1).expect("noise"),
            stored.prior_samples(&[4, 5], 1).expect("noise")
        );
    }
}

#[test]
fn known_units_are_held() {
    let values = spins::<f64>(5, 24, 8);
    let patterns = Patterns::new(values.clone()).expect("patterns");
    let known = Array2::from_shape_fn((5, 24), |(_, j)| j < 16);
    let mut cues = values.clone();
    cues.zip_mut_with(&known, |x, k| *x *= f64::from(u8::from(*k)));
    for sampler in ["dpmpp-2m", "euler-maruyama"] {
        let request = Request { known: Some(known.view()), ..Request::new(cues.view()) };
        let recall = told(&patterns, sampling(sampler)).recall(&request).expect("a recall");
        for ((state, cue), known) in recall.states.iter().zip(&cues).zip(&known) {
            assert!(!known || state == cue, "{sampler}");
        }
        // Sixteen known units of ±1 tell five patterns apart.
        assert_eq!(recall.states.mapv(f64::signum), values, "{sampler}");
    }
}

#[test]
fn a_flow_that_knows_some_units_starts_at_the_mean_of_the_others() {
    let values = spins::<f64>(5, 24, 8);
    let known = Array2::from_shape_fn((5, 24), |(_, j)| j < 3);
    // One step shows where it started: noise there would be another for each seed.
    let memory = told(&Patterns::new(values.clone()).expect("patterns"), sampling("one-step"));
    let recall = |seed| {
        let request = Request { known: Some(known.view()), seed, ..Request::new(values.view()) };
        memory.recall(&request).expect("a recall").states
    };
    assert_eq!(recall(0), recall(1));
}

#[test]
fn a_trace_knows_where_the_landscape_curves() {
    // ±y with |y| = 1: half-way between the two, λ = 1 at every level.
    let patterns = Patterns::new(ndarray::array![[0.6, 0.8], [-0.6, -0.8]]).expect("patterns");
    let cue = ndarray::array![[0.0, 0.0]];
    let request = Request { level: Level::Sigma(2.0), ..Request::new(cue.view()) };
    let trace = trace(&told(&patterns, Sampling::default()), &request).expect("a trace");
    let moments = &trace.moments[0];
    // Below, the differences of D feel how distances are rounded: 10⁻¹⁶/σ² of logits that differ by 10⁻⁵.
    for m in moments.iter().filter(|m| m.sigma > 0.1) {
        let variance = m.variance.expect("a variance");
        assert!((variance - 1.0).abs() < 1e-6, "{variance} at {}", m.sigma);
    }
    // It speciates below σ = 1.
    let step = trace.marks[0].speciates.expect("it does");
    assert!(moments[step].sigma < 1.0 && moments[step - 1].sigma > 0.99);
    assert!(moments.iter().all(|m| m.energy.is_none() && m.entropy.is_none()));
}

#[test]
fn what_is_not_known_is_refused() {
    let patterns = Patterns::new(spins::<f32>(3, 4, 1)).expect("patterns");
    let memory = told(&patterns, Sampling::default());
    let cues = spins::<f32>(2, 4, 1);
    let refused = |error: Error, word: &str| {
        let text = error.to_string();
        assert!(text.contains(word) && !text.contains('\n'), "{text}");
    };
    let asks = |error: Error, argument| assert_eq!(error.arguments(), [argument], "{error}");
    asks(memory.recall(&Request::new(cues.view())).expect_err("no level"), Argument::CueLevel);
    refused(memory.energies(cues.view(), Some(&[1.0; 2])).expect_err("no energy"), "energy");
    let updates = Request { updates: Some(3), level: Level::Sigma(1.0), ..Request::new(cues.view()) };
    asks(memory.recall(&updates).expect_err("no updates"), Argument::option("steps"));
    let bridge = Request { level: Level::Sigma(1.0), ..Request::new(cues.view()) };
    refused(told(&patterns, sampling("bridge")).recall(&bridge).expect_err("no draws"), "bridge");

    let told_level = Request { level: Level::Sigma(1.0), ..Request::new(cues.view()) };
    refused(repeat(&memory, &told_level, 3, |_| Ok(())).expect_err("no posterior"), "posterior");

    let none = |_: ArrayView2<f32>, _: &[f64]| Ok(Array2::zeros((0, 0)));
    assert!(Denoiser::new(Box::new(Function::new(0, none)), Sampling::default()).is_err());
    let steps = Sampling { steps: Some(0), ..Sampling::default() };
    assert!(Denoiser::new(Box::new(Function::new(4, none)), steps).is_err());
    let own = |f: fn(ArrayView2<f32>) -> Array2<f32>| {
        let function = Function::new(4, move |z: ArrayView2<f32>, _: &[f64]| Ok(f(z)));
        Denoiser::new(Box::new(function), Sampling::default()).expect("a memory")
    };
    refused(own(|_| Array2::zeros((1, 4))).recall(&bridge).expect_err("a wrong shape"), "2 x 4");
    refused(own(|z| z.mapv(|_| f32::NAN)).recall(&bridge).expect_err("no number"), "NaN");
    assert!(own(|z| z.to_owned()).with_spread(0.0).is_err());
    // What never moves does not settle on anything, but is no error.
    let recall = own(|z| z.to_owned()).recall(&bridge).expect("a recall");
    assert!(recall.rows.iter().all(|r| r.memory.is_none() && matches!(r.outcome, Outcome::Settled { .. })));
}
