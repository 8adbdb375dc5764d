//! Laws that hold for every memory in the zoo, whatever the model.
#![allow(missing_docs)]

mod zoo;

use std::ops::ControlFlow;

use attractor::analysis::{Trace, trace};
use attractor::dynamics::ReadOut;
use attractor::memories::{Abilities, Calibration, MemoryModel, RecallPath};
use attractor::message::Argument;
use attractor::{Frame, Memory, Outcome, Patterns, Prepare, Real, Recall, Request};
use ndarray::{Array2, ArrayView2, s};
use zoo::{LEVELS, ZOO, assert_close, cues, spins};

/// Everything of a result that must be equal to the bit.
fn bits<F: Real>(recall: &Recall<F>) -> Vec<(Vec<u64>, String)> {
    let states = recall.states.outer_iter().map(|row| row.iter().map(|v| v.to_f64().to_bits()).collect());
    states.zip(recall.rows.iter().map(|row| format!("{row:?}"))).collect()
}

fn same_alone_and_together<F: Real>() {
    let patterns = spins::<F>(90, 21, 1);
    let cues = cues(&patterns, 37, 0.68, 2);
    for specimen in ZOO {
        let (patterns, cues) = (specimen.world(&patterns), specimen.world(&cues));
        let memory = specimen.build(Patterns::new(patterns).expect("patterns"));
        for level in LEVELS {
            let request = Request {
                level,
                seed: 7,
                updates: memory.denoiser().is_none().then_some(20),
                ..Request::new(cues.view())
            };
            let whole = memory.recall(&request).expect("a recall");
            let plain = memory.recall(&Request { report: false, ..request.clone() }).expect("a recall");
            assert_eq!(plain.states, whole.states, "{} without a report", specimen.name());
            let ends =
                |recall: &Recall<F>| -> Vec<_> { recall.rows.iter().map(|r| (r.outcome, r.steps)).collect() };
            assert_eq!(ends(&plain), ends(&whole), "{} without a report", specimen.name());
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
fn a_row_does_not_depend_on_batch_or_threads_in_f32() {
    same_alone_and_together::<f32>();
}

#[test]
fn a_row_does_not_depend_on_batch_or_threads_in_f64() {
    same_alone_and_together::<f64>();
}

#[test]
fn traces_of_some_rows_joined_are_the_trace_of_all() {
    let patterns = spins::<f64>(9, 21, 1);
    let cues = cues(&patterns, 7, 0.5, 2);
    for specimen in ZOO {
        let (patterns, cues) = (specimen.world(&patterns), specimen.world(&cues));
        let memory = specimen.build(Patterns::new(patterns).expect("patterns"));
        let request = Request { level: LEVELS[1], seed: 3, ..Request::new(cues.view()) };
        let part = |from: usize, to: usize| {
            let cues = cues.slice(s![from..to, ..]);
            trace(memory.as_ref(), &Request { cues, first_row: from as u64, ..request.clone() })
        };
        let Ok(whole) = trace(memory.as_ref(), &request) else {
            continue;
        };
        let parts = [(0, 1), (1, 4), (4, 7)].map(|(from, to)| part(from, to).expect("a trace"));
        let joined = Trace::joined(parts.into()).expect("a trace");
        assert_eq!(joined.states, whole.states, "{}", specimen.name());
        assert_eq!(joined.moments, whole.moments, "{}", specimen.name());
        assert_eq!(joined.marks, whole.marks, "{}", specimen.name());
        assert_eq!(bits(&joined.recall), bits(&whole.recall), "{}", specimen.name());
    }
    assert!(Trace::<f64>::joined(Vec::new()).is_none() && Recall::<f64>::joined(Vec::new()).is_none());
}

/// A memory of many ranges of patterns, so that threads share one query.
#[test]
fn a_row_does_not_depend_on_threads_in_a_large_memory() {
    let patterns = spins::<f32>(30_000, 40, 1);
    let cues = cues(&patterns, 70, 0.6, 2);
    let universal = ZOO.iter().filter(|s| s.model == "universal").take(1);
    let streamed = ZOO.iter().filter(|s| matches!(s.model, "modern" | "diffusion")).take(4);
    for specimen in streamed.chain(universal) {
        let memory = specimen.build(Patterns::new(patterns.clone()).expect("patterns"));
        let request = Request {
            updates: (specimen.model == "modern").then_some(3),
            level: LEVELS[1],
            ..Request::new(cues.view())
        };
        let runs = [1, 2, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| bits(&memory.recall(&request).expect("a recall")))
        });
        assert_eq!(runs[0], runs[1], "{}", specimen.name());
        assert_eq!(runs[0], runs[2], "{}", specimen.name());
        let alone = Request { cues: cues.slice(s![69..70, ..]), first_row: 69, ..request };
        assert_eq!(bits(&memory.recall(&alone).expect("a recall"))[0], runs[0][69], "{}", specimen.name());
    }
}

#[test]
fn the_order_of_patterns_changes_only_rounding() {
    /// Summation error of 40 terms of size 1, carried through a recall that may amplify it tenfold a
    /// step while it decides.
    const ROUNDING: f64 = 1e-7;
    let patterns = spins::<f64>(40, 21, 3);
    let cues = cues(&patterns, 9, 0.68, 4);
    let order: Vec<usize> = (0..40).map(|n| (n * 17 + 5) % 40).collect();
    let shuffled = patterns.select(ndarray::Axis(0), &order);
    for specimen in ZOO.iter().filter(|s| !s.depends_on_order()) {
        let cues = specimen.world(&cues);
        let recall = |patterns: &Array2<f64>| {
            let memory = specimen.build(Patterns::new(specimen.world(patterns)).expect("patterns"));
            let request = Request { level: LEVELS[1], ..Request::new(cues.view()) };
            memory.recall(&request).expect("a recall")
        };
        let (here, there) = (recall(&patterns), recall(&shuffled));
        assert_close(&here.states, &there.states, ROUNDING, &specimen.name());
        for (a, b) in here.rows.iter().zip(&there.rows) {
            assert_eq!(a.has_answer(), b.has_answer(), "{}", specimen.name());
            if !a.has_answer() {
                continue;
            }
            // Of equally near memories the lowest is named, which is another after shuffling: compare
            // how near they are.
            if specimen.keeps() {
                let (a_near, b_near) = (a.overlap.expect("patterns"), b.overlap.expect("patterns"));
                assert!((a_near - b_near).abs() < ROUNDING, "{}", specimen.name());
            }
            let (a, b) = (a.energy.unwrap_or(0.0), b.energy.unwrap_or(0.0));
            let scale = 1.0 + a.abs();
            assert!((a - b).abs() < ROUNDING * scale, "{}", specimen.name());
        }
    }
}

#[test]
fn known_units_are_held() {
    let patterns = spins::<f64>(20, 21, 3);
    let mut cues = patterns.slice(s![..9, ..]).to_owned();
    let known = Array2::from_shape_fn(cues.dim(), |(i, j)| (i * 7 + j * 5) % 3 > 0);
    // What is not known may be anything, even no number.
    cues.zip_mut_with(&known, |x, k| *x = if *k { *x } else { f64::NAN });
    for specimen in ZOO.iter().filter(|s| !s.is_under_potential()) {
        let (patterns, cues) = (specimen.world(&patterns), specimen.world(&cues));
        let memory = specimen.build(Patterns::new(patterns).expect("patterns"));
        let request = Request { known: Some(known.view()), ..Request::new(cues.view()) };
        let mut seen = 0;
        let mut watch = |frame: Frame<f64>| {
            seen += 1;
            if memory.denoiser().is_none() {
                for (k, &row) in frame.rows.iter().enumerate() {
                    for j in (0..21).filter(|&j| known[[row, j]]) {
                        assert_eq!(frame.states[[k, j]], cues[[row, j]], "{}", specimen.name());
                    }
                }
            }
            ControlFlow::Continue(())
        };
        let recall = memory.recall_observed(&request, &mut watch).expect("a recall");
        assert!(seen > 1);
        for ((at, &known), &state) in known.indexed_iter().zip(&recall.states) {
            assert!(!known || state == cues[at], "{} at {at:?}", specimen.name());
            assert!(state.is_finite(), "{} at {at:?}", specimen.name());
        }
    }
}

/// Half of the units erased, far below the ceiling (N* = 29 at D = 16 from the exact erasure formula):
/// every memory that compares by patterns must fill in what only one pattern allows.
#[test]
fn clamped_recall_completes() {
    let patterns = spins::<f64>(12, 64, 8);
    let known = Array2::from_shape_fn(patterns.dim(), |(i, j)| (i + j) % 2 == 0);
    let mut failures = Vec::new();
    for specimen in ZOO.iter().filter(|s| s.remembers() && s.incomplete.is_none() && !s.is_under_potential())
    {
        let memory = specimen.build(Patterns::new(specimen.world(&patterns)).expect("patterns"));
        let mut cues = patterns.clone();
        cues.zip_mut_with(&known, |x, k| *x *= f64::from(u8::from(*k)));
        let cues = specimen.world(&cues);
        let request = Request { known: Some(known.view()), ..Request::new(cues.view()) };
        let signs = memory.recall(&request).expect("a recall").states.mapv(|x| specimen.sign(x));
        let wrong = signs.iter().zip(&patterns).filter(|(a, b)| a != b).count();
        if wrong > 0 {
            failures.push(format!("{}: {wrong} of {} signs are wrong", specimen.name(), patterns.len()));
        }
    }
    assert!(
        failures.is_empty(),
        "half of the units should bring back the one pattern that has them; if a specimen is not meant to, say why with \
         `incomplete` in tests/zoo/mod.rs:\n{}",
        failures.join("\n")
    );
}

#[test]
fn an_observer_changes_nothing_but_can_stop() {
    let patterns = spins::<f64>(20, 21, 3);
    let cues = cues(&patterns, 5, 0.68, 4);
    for specimen in ZOO {
        let (patterns, cues) = (specimen.world(&patterns), specimen.world(&cues));
        let memory = specimen.build(Patterns::new(patterns).expect("patterns"));
        let request = Request::new(cues.view());
        let plain = memory.recall(&request).expect("a recall");
        let mut watch = |_: Frame<f64>| ControlFlow::Continue(());
        let watched = memory.recall_observed(&request, &mut watch).expect("a recall");
        assert_eq!(bits(&plain), bits(&watched), "{}", specimen.name());
        let mut stop = |frame: Frame<f64>| {
            if frame.step == 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let stopped = memory.recall_observed(&request, &mut stop).expect("a recall");
        for row in &stopped.rows {
            // Whatever was under way stopped there; what was done before is as it was.
            assert!(row.steps <= 1, "{}: {row:?}", specimen.name());
            let ended = matches!(
                row.outcome,
                Outcome::Stopped { step: 1 }
                    | Outcome::Settled { step: 1 }
                    | Outcome::Undefined { step: 1, .. }
            );
            let only = matches!(row.outcome, Outcome::StillMoving | Outcome::Diverged { .. });
            assert!(ended || only && plain.rows.iter().all(|r| r.steps == 1), "{}: {row:?}", specimen.name());
        }
    }
}

#[test]
fn hard_inputs_stay_finite() {
    let one = spins::<f32>(1, 6, 1);
    let twice = ndarray::concatenate![ndarray::Axis(0), one, one];
    let zero = Array2::<f32>::zeros((2, 6));
    let constant = Array2::<f32>::ones((3, 6));
    let large = spins::<f32>(3, 6, 1) * 1e6;
    let wide = spins::<f32>(4, 1, 1);
    for patterns in [one, twice, zero, constant, large, wide] {
        let d = patterns.ncols();
        let mut cues = zoo::normals::<f32>(4, d, 1.0, 2);
        cues.row_mut(0).fill(0.0);
        cues.row_mut(1).assign(&patterns.row(0));
        for specimen in ZOO.iter().filter(|s| s.fits(&patterns)) {
            let (patterns, cues) = (specimen.world(&patterns), specimen.world(&cues));
            let memory = specimen.build(Patterns::new(patterns.clone()).expect("patterns"));
            for level in LEVELS.into_iter().chain([
                attractor::Level::Signal(1.0),
                attractor::Level::Signal(1e-6),
                attractor::Level::Sigma(0.0),
                attractor::Level::Sigma(1e-12),
                attractor::Level::Sigma(1e9),
            ]) {
                let request = Request { level, ..Request::new(cues.view()) };
                let what = format!("{} at {level:?} on {patterns:?}", specimen.name());
                let recall = memory.recall(&request).unwrap_or_else(|e| panic!("{what}: {e}"));
                assert!(recall.states.iter().all(|v| v.is_finite()), "{what}: {:?}", recall.states);
                for row in &recall.rows {
                    assert!(row.energy.is_none_or(f64::is_finite), "{what}: {row:?}");
                    assert!(row.overlap.is_none_or(|o| o.abs() <= 1.0), "{what}: {row:?}");
                    if let Some(p) = &row.posterior {
                        let most = (memory.memories().expect("patterns") as f64).ln();
                        let sound = p.entropy.is_finite() && p.entropy <= most + 1e-6;
                        assert!(sound && p.participation >= 1.0 - 1e-6, "{what}: {row:?}");
                        assert!(p.top.iter().all(|t| (0.0..=1.0 + 1e-6).contains(&t.1)), "{what}: {row:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn ties_go_to_the_lowest_row() {
    let one = spins::<f32>(1, 6, 1);
    let twice = ndarray::concatenate![ndarray::Axis(0), -&one, one, one];
    let stays =
        |s: &&zoo::Specimen| s.remembers() && s.keeps() && !s.name().contains("glauber") && !s.plays();
    for specimen in ZOO.iter().filter(stays) {
        let memory = specimen.build(Patterns::new(specimen.world(&twice)).expect("patterns"));
        let recall = memory.recall(&Request::new(specimen.world(&one).view())).expect("a recall");
        assert_eq!(recall.rows[0].memory, Some(1), "{}", specimen.name());
    }
}

#[test]
fn bad_requests_are_refused_in_one_sentence() {
    let patterns = spins::<f64>(5, 8, 3);
    let good = cues(&patterns, 2, 0.68, 4);
    let mut nan = good.clone();
    nan[[1, 3]] = f64::NAN;
    let wide = Array2::<f64>::ones((2, 9));
    for specimen in ZOO {
        let [patterns, good, nan] = [&patterns, &good, &nan].map(|x| specimen.world(x));
        let memory = specimen.build(Patterns::new(patterns).expect("patterns"));
        let refuse = |request: Request<f64>, word: &str| {
            let error = memory.recall(&request).expect_err(&specimen.name()).to_string();
            assert!(error.contains(word) && !error.contains('\n'), "{}: {error}", specimen.name());
        };
        refuse(Request::new(wide.view()), "8");
        let error = memory.recall(&Request::new(nan.view())).expect_err(&specimen.name());
        assert_eq!(error.arguments(), [Argument::Known], "{}: {error}", specimen.name());
        refuse(Request::new(nan.view()), "row 1, unit 3");
        refuse(Request { tolerance: Some(f64::NAN), ..Request::new(good.view()) }, "tolerance");
        let empty = Array2::<f64>::zeros((0, 8));
        let recall = memory.recall(&Request::new(empty.view())).expect("no cues, no recalls");
        assert_eq!(recall.states.dim(), (0, 8), "{}", specimen.name());
    }
    assert!(Patterns::new(Array2::<f32>::zeros((0, 3))).is_err());
    assert!(Patterns::new(Array2::<f32>::zeros((3, 0))).is_err());
    assert!(Patterns::new(Array2::<f32>::from_elem((1, 1), f32::INFINITY)).is_err());
    assert!(Patterns::new(Array2::<f32>::from_elem((1, 1), 1e30)).is_err());
}

#[test]
fn a_memory_is_used_from_many_threads() {
    fn shared<T: Send + Sync + ?Sized>() {}
    shared::<dyn Memory<f32>>();
}

#[test]
fn gradients_are_those_of_the_energies_of_raw_states() {
    let raw = zoo::normals::<f64>(9, 7, 1.0, 5).mapv(|x| 3.0 * x + 2.0);
    let states = zoo::normals::<f64>(4, 7, 1.0, 6).mapv(|x| 3.0 * x + 2.0);
    let (sigmas, mut sloping) = ([0.5, 1.0, 2.0, 4.0], 0);
    for specimen in ZOO.iter().filter(|s| s.fits(&spins::<f64>(9, 7, 5))) {
        let plain = specimen.build(Patterns::new(specimen.world(&spins::<f64>(9, 7, 5))).expect("patterns"));
        if plain.gradient().is_none() {
            assert!(plain.gradients(states.view(), Some(&sigmas)).is_err(), "{}", specimen.name());
            continue;
        }
        let normalised = Patterns::prepared(raw.clone(), Prepare::Normalize, false).expect("patterns");
        let [signs, rows] =
            [&spins::<f64>(9, 7, 5), &raw].map(|rows| rows.slice(s![..4, ..]).to_owned() + 0.1);
        for (prepare, near, memory) in
            [("as given", signs, plain), ("normalised", rows, specimen.build(normalised))]
        {
            // An estimated energy is defined near patterns only.
            let states = if specimen.keeps() { states.clone() } else { near };
            let levels = memory.denoiser().map(|_| &sigmas[..]);
            let slopes = memory.gradients(states.view(), levels).expect("slopes");
            sloping += 1;
            let energies = |states: &Array2<f64>| memory.energies(states.view(), levels).expect("energies");
            let largest = slopes.iter().fold(1e-9_f64, |m, g| m.max(g.abs()));
            for unit in 0..7 {
                /// Errors of central differences are of order STEP² and roundoff/STEP.
                const STEP: f64 = 1e-4;
                let moved = |by: f64| {
                    let mut states = states.clone();
                    states.column_mut(unit).mapv_inplace(|x| x + by);
                    energies(&states)
                };
                let (up, down) = (moved(STEP), moved(-STEP));
                for row in 0..4 {
                    let difference = (up[row] - down[row]) / (2.0 * STEP);
                    let error = (difference - slopes[[row, unit]]).abs() / largest;
                    assert!(error < 1e-5, "{} {prepare}: {error}", specimen.name());
                }
            }
        }
    }
    assert!(sloping > 20, "only {sloping} slopes were compared");
}

#[test]
fn a_memory_without_a_landscape_says_why() {
    let patterns = spins::<f64>(9, 12, 5);
    let cues = cues(&patterns, 3, 0.68, 4);
    let mut without = 0;
    for specimen in ZOO {
        let (patterns, cues) = (specimen.world(&patterns), specimen.world(&cues));
        let memory = specimen.build(Patterns::new(patterns).expect("patterns"));
        let Err(error) = memory.landscape() else {
            continue;
        };
        without += 1;
        let reason = memory.abilities().landscape.err().expect("a reason").message().to_string();
        assert!(!reason.is_empty() && error.to_string().contains(&reason), "{}: {error}", specimen.name());
        assert!(memory.gradient().is_none(), "{}", specimen.name());
        let sigmas = [1.0; 3];
        let energies = memory.energies(cues.view(), Some(&sigmas)).expect_err("no energies");
        assert_eq!(energies.to_string(), error.to_string(), "{}", specimen.name());
        let request = Request { level: LEVELS[1], ..Request::new(cues.view()) };
        let recall = memory.recall(&request).expect("a recall");
        assert!(recall.rows.iter().all(|row| row.energy.is_none()), "{}", specimen.name());
    }
    assert!(without > 5, "only {without} have none");
}

/// A memory written outside of the crate, which is another one under its own name.
struct Own<'a>(&'a dyn Memory<f64>);

impl MemoryModel<f64> for Own<'_> {
    fn name(&self) -> &'static str {
        "own"
    }

    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn abilities(&self) -> Abilities<'_, f64> {
        self.0.abilities()
    }

    fn path(&self, request: &Request<f64>) -> attractor::Result<RecallPath<'_, f64>> {
        self.0.path(request)
    }

    fn read_out(&self, states: ArrayView2<f64>, top: usize) -> attractor::Result<ReadOut<f64>> {
        self.0.read_out(states, top)
    }
}

#[test]
fn every_recall_is_judged_by_its_calibration() {
    const REJECT: f64 = 0.1;
    let patterns = spins::<f64>(20, 21, 3);
    let mut cues = cues(&patterns, 9, 0.68, 4);
    cues.row_mut(3).mapv_inplace(|x| 9.0 * x);
    for specimen in ZOO {
        let (patterns, cues) = (specimen.world(&patterns), specimen.world(&cues));
        let memory = specimen.build(Patterns::new(patterns).expect("patterns"));
        let plain = Request { level: LEVELS[2], reject: Some(REJECT), ..Request::new(cues.view()) };
        let error = memory.recall(&plain).expect_err("nothing to judge by").to_string();
        assert!(error.contains("reject"), "{}: {error}", specimen.name());
        let Some(stored) = memory.patterns() else {
            continue;
        };
        let calibration = Calibration::new(stored, LEVELS[2], 99, 1).expect("a calibration");
        let scores = calibration.scores(stored, cues.view()).expect("scores");
        let request = Request { calibration: Some(&calibration), ..plain };
        if specimen.is_under_potential() {
            let error = memory.recall(&request).expect_err("its noise is not white").to_string();
            assert!(error.contains("white noise"), "{}: {error}", specimen.name());
            continue;
        }
        let recall = memory.recall(&request).expect("a recall");
        assert!(recall.rows[3].refused, "{}", specimen.name());
        for (row, (report, score)) in recall.rows.iter().zip(scores).enumerate() {
            assert_eq!(report.matching, Some(score), "{}", specimen.name());
            assert_eq!(report.refused, score <= REJECT, "{}", specimen.name());
            if report.refused {
                assert_eq!(report.memory, None, "{}", specimen.name());
                assert_eq!(recall.states.row(row), cues.row(row), "{}", specimen.name());
            }
        }
        let own = Own(memory.as_ref()).recall(&request).expect("a recall");
        assert_eq!(bits(&own), bits(&recall), "{} written outside", specimen.name());
    }
}
