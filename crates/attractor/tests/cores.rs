//! Reconstructive memories against the textbook's conditional densities, by themselves and in recalls.
#![allow(missing_docs)]

mod gaussians;

use std::sync::Arc;

use attractor::Level;
use attractor::diffusion::{Sampler, Sampling};
use attractor::energies::shapes::Subspace;
use attractor::energies::{
    Denoise, Encoder, Event, Form, Kind, LAST, Mixture, Odds, Reconstruction, surprise,
};
use attractor::memories::{Request, mixture as memory};
use gaussians::{Gaussian, dense, given, log_normal, mixture, moments, normal_cdf, normals, read, semantic};
use ndarray::{Array1, Array2, ArrayView1, Axis, array};

/// Rounding of the dense formulas, whose matrices have condition numbers of some hundred, relative to 1 + the number.
const ROUNDING: f64 = 1e-10;

fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance * (1.0 + expected.abs()), "{what}: {found} for {expected}");
}

fn near(found: ArrayView1<f64>, expected: &Array1<f64>, tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    found.iter().zip(expected).for_each(|(f, e)| close(*f, *e, tolerance, what));
}

/// Encoders of each kind for states of five units; the last keeps nothing, and the one before everything.
fn encoders() -> Vec<(&'static str, Arc<Encoder>)> {
    let (shapes, weights) = semantic();
    let memory = mixture(&shapes, &weights);
    let all: Vec<(&str, attractor::Result<Encoder>)> = vec![
        ("units", Encoder::units(5, vec![3, 0])),
        ("averages", Encoder::averages(5, &[vec![0, 1], vec![2, 4]])),
        ("components", Encoder::components(&memory, 2)),
        ("matrix", Encoder::matrix(normals(3, 5, 4) * 3.0)),
        ("one", Encoder::units(5, vec![2])),
        ("everything", Encoder::units(5, vec![0, 1, 2, 3, 4])),
        ("nothing", Encoder::units(5, vec![])),
    ];
    all.into_iter().map(|(name, encoder)| (name, Arc::new(encoder.expect("an encoder")))).collect()
}

fn events(encoder: &Arc<Encoder>, count: usize) -> Vec<Event> {
    let states = normals(count, 5, 21);
    states.outer_iter().map(|y| Event::of(&y.to_vec(), encoder.clone()).expect("an event")).collect()
}

fn weighted(events: Vec<Event>) -> Vec<Event> {
    events.into_iter().enumerate().map(|(n, event)| Event { weight: 1.0 + n as f64, ..event }).collect()
}

/// The Gaussians of all events by the textbook, with the events' weights.
fn textbook(all: &[Gaussian], events: &[Event]) -> Vec<Gaussian> {
    let total: f64 = events.iter().map(|event| event.weight).sum();
    let one = |event: &Event| {
        let core = Array1::from(event.core.clone());
        let (parts, _) = given(all, &event.encoder.rows(), &core);
        parts.into_iter().map(|(w, mean, width)| (w * event.weight / total, mean, width)).collect::<Vec<_>>()
    };
    events.iter().flat_map(one).collect()
}

/// Reads are those of the conditional Gaussians with noise, for every kind of encoder and of Gaussian; and so are the
/// moments and the posterior over events.
#[test]
fn events_are_the_semantic_density_given_their_cores() {
    let (shapes, weights) = semantic();
    let (all, plain) = (dense(&shapes, &weights), mixture(&shapes, &weights));
    for (name, encoder) in encoders() {
        let events = weighted(events(&encoder, 3));
        let memory = Reconstruction::new(&plain, events.clone()).expect("Gaussians").mixture::<f64>();
        let memory = memory.expect("a memory");
        let truth = textbook(&all, &events);
        let (mean, covariance) = moments(&truth);
        near(ArrayView1::from(memory.mean()), &mean, ROUNDING, name);
        close(memory.spread().powi(2) * 5.0, covariance.diag().sum(), ROUNDING, name);
        for sigma in [0.02, 0.4, 1.5, 30.0] {
            let z = normals(4, 5, 5) * (1.0 + sigma);
            let found = memory.read(z.view(), &[sigma; 4]).expect("a read");
            let posterior = memory.posterior(z.view(), &[sigma; 4], 3).expect("posteriors");
            for (i, z) in z.outer_iter().enumerate() {
                let what = format!("{name} at {sigma}");
                let (log_sum, mean, second) = read(&truth, &z.to_owned(), sigma);
                close(found.log_sum()[i], log_sum, ROUNDING, &what);
                near(found.mean.row(i), &mean, ROUNDING, &what);
                close(found.second[i], second, ROUNDING, &what);
                let parts = truth.len() / events.len();
                for &(n, weight) in &posterior[i].top {
                    let own = read(&truth[n * parts..(n + 1) * parts], &z.to_owned(), sigma).0;
                    assert!(
                        (weight - (own - log_sum).exp()).abs() < ROUNDING * (1.0 + log_sum.abs()),
                        "{what}"
                    );
                }
            }
        }
    }
}

/// Events of several encoders, beside each other, are the mixture of what each is alone.
#[test]
fn events_of_many_encoders_are_merged() {
    let (shapes, weights) = semantic();
    let (all, plain) = (dense(&shapes, &weights), mixture(&shapes, &weights));
    let several: Vec<Event> = encoders().iter().flat_map(|(_, encoder)| events(encoder, 2)).collect();
    let memory =
        Reconstruction::new(&plain, several.clone()).expect("Gaussians").mixture::<f64>().expect("one");
    assert_eq!(memory.memories(), several.len());
    let truth = textbook(&all, &several);
    let z = normals(6, 5, 8) * 2.0;
    let found = memory.read(z.view(), &[0.8; 6]).expect("a read");
    for (i, z) in z.outer_iter().enumerate() {
        let (log_sum, mean, _) = read(&truth, &z.to_owned(), 0.8);
        close(found.log_sum()[i], log_sum, ROUNDING, "log-sum");
        near(found.mean.row(i), &mean, ROUNDING, "mean");
    }
}

/// The same by Bayes in the other order: reading the semantic memory at z, and then conditioning its posterior on the
/// core. p(z, ξ) = Σ_c p(z, c) N(ξ; A m_c(z), A K_c Aᵀ), with the posterior mean m_c and covariance K_c.
#[test]
fn a_read_is_the_semantic_read_given_the_core() {
    let (shapes, weights) = semantic();
    let (all, plain) = (dense(&shapes, &weights), mixture(&shapes, &weights));
    let encoder = Arc::new(Encoder::matrix(normals(2, 5, 9)).expect("an encoder"));
    let event = events(&encoder, 1).remove(0);
    let (a, core) = (encoder.rows(), Array1::from(event.core.clone()));
    let memory = Reconstruction::new(&plain, vec![event]).expect("Gaussians").mixture::<f64>().expect("one");
    let (_, evidence) = given(&all, &a, &core);
    for sigma in [0.3, 2.0] {
        let z = normals(3, 5, 10);
        let found = memory.log_sum(z.view(), &[sigma; 3]).expect("sums");
        for (z, found) in z.outer_iter().zip(found) {
            let noise = Array2::<f64>::eye(5) * (sigma * sigma);
            let both = all.iter().map(|(weight, mean, covariance)| {
                let noisy = covariance + &noise;
                let factor = attractor::linear::Cholesky::new(noisy.view()).expect("positive definite");
                let gain = factor.solve(covariance.view()).expect("its width");
                let posterior = mean + &gain.dot(&(&z - mean));
                let width = covariance - &gain.dot(covariance);
                let of_core = log_normal(&core, &a.dot(&posterior), &a.dot(&width).dot(&a.t()));
                (weight.ln() + log_normal(&z.to_owned(), mean, &noisy) + of_core - evidence).exp()
            });
            let constant = 2.5 * (std::f64::consts::TAU * sigma * sigma).ln();
            close(found, both.sum::<f64>().ln() + constant, ROUNDING, "log-sum");
        }
    }
}

/// As thickness goes to 0, events of a thick semantic memory become those of a flat one; and they keep what a flat one
/// cannot have out.
#[test]
fn degenerate_densities_are_limits_and_refuse_what_they_cannot_have() {
    /// Of some thicknesses of 10⁻⁶: a Gaussian that the core rules out in the limit keeps so much weight.
    const LIMIT: f64 = 1e-6;
    let directions = array![[0.6, 0.8, 0.0, 0.0], [0.0, 0.0, 0.8, 0.6]];
    let flat = Subspace::new(vec![0.5, 0.0, -0.3, 0.1], directions.clone(), vec![1.5, 0.4]).expect("a plane");
    let line =
        Subspace::new(vec![0.5, 0.0, -0.3, 0.1], directions.slice_move(ndarray::s![..1, ..]), vec![1.0])
            .expect("a line");
    let on_line = [0.5 + 0.6, 0.8, -0.3, 0.1];
    let with = |thickness: f64| {
        let thick = [&flat, &line].map(|shape| shape.clone().with_thickness(thickness).expect("thick"));
        mixture(&thick, &[0.5, 0.5])
    };
    for (kept, y) in [(vec![0], on_line), (vec![0, 2], on_line), (vec![0, 1, 2], on_line), (vec![2], on_line)]
    {
        let encoder = Arc::new(Encoder::units(4, kept.clone()).expect("an encoder"));
        let event = || vec![Event::of(&y, encoder.clone()).expect("an event")];
        let build = |thickness| {
            Reconstruction::new(&with(thickness), event()).expect("Gaussians").mixture::<f64>().expect("one")
        };
        let (limit, thin) = (build(0.0), build(1e-6));
        let z = normals(3, 4, 3);
        let [a, b] = [&limit, &thin].map(|memory| memory.read(z.view(), &[0.5; 3]).expect("a read"));
        for i in 0..3 {
            near(a.mean.row(i), &b.mean.row(i).to_owned(), LIMIT, &format!("{kept:?}"));
        }
    }
    // On neither: the plane and the line have 0.8 in unit 1 if they have 1.1 in unit 0.
    let encoder = Arc::new(Encoder::units(4, vec![0, 1]).expect("an encoder"));
    let wrong = vec![Event { encoder, core: vec![1.1, 0.3], weight: 1.0, label: None }];
    let refused =
        Reconstruction::new(&with(0.0), wrong).expect("Gaussians").mixture::<f64>().expect_err("refused");
    let says = refused.to_string();
    // The distance from (1.1, 0.3) to the line through (0.5, 0) along (0.6, 0.8): |0.6 · 0.8 − 0.3 · 0.6| = 0.3.
    assert!(says.contains("core of event 0") && says.contains("one 3.000e-1 away"), "{says}");
}

/// Recalls of one event from noise: each keeps the core, and the free features are a sample of the conditional.
///
/// Under the null hypothesis each χ² exceeds its limit once in 10⁵ runs and each mean or variance is off by so many
/// standard errors once in 10⁵ runs, so of all some 40 comparisons here one fails once in some 2,000 seeds.
#[test]
fn recalls_keep_cores_and_sample_the_rest() {
    /// The quantile 1 − 10⁻⁵ of χ² with 19 degrees of freedom.
    const CHI_SQUARE: f64 = 57.9;
    const ERRORS: f64 = 4.42;
    const RUNS: usize = 2000;
    let (shapes, weights) = semantic();
    let (all, plain) = (dense(&shapes, &weights), mixture(&shapes, &weights));
    let encoder = Arc::new(Encoder::units(5, vec![3, 0]).expect("an encoder"));
    let event = Event { encoder: encoder.clone(), core: vec![-0.4, 0.3], weight: 1.0, label: None };
    let (truth, _) = given(&all, &encoder.rows(), &array![-0.4, 0.3]);
    assert!(truth.iter().filter(|part| part.0 > 0.1).count() > 1, "one Gaussian is all");
    let (mean, covariance) = moments(&truth);
    let density = Reconstruction::new(&plain, vec![event]).expect("Gaussians").mixture::<f64>().expect("one");
    let samplers = [
        (Sampler::Bridge, 4),
        (Sampler::DpmSolverPlusPlus2M, 80),
        (Sampler::Heun, 60),
        (Sampler::Ancestral, 400),
        (Sampler::EulerMaruyama, 400),
    ];
    for (sampler, steps) in samplers {
        let sampling = Sampling { sampler, steps: Some(steps), ..Sampling::default() };
        let memory = memory(density.clone(), sampling).expect("a memory");
        let rows: Vec<u64> = (0..RUNS as u64).collect();
        let (cues, level) = memory.prior_samples(&rows, 7).expect("a prior");
        let request = Request { level, seed: 3, ..Request::new(cues.view()) };
        let states = memory.recall(&request).expect("recalls").states;
        let what = sampler.name();
        // The core, to the last level of noise (10 of its deviations; a flow leaves less).
        let last = 10.0 * LAST * density.spread();
        let worst =
            states.outer_iter().map(|y| (y[3] + 0.4).abs().max((y[0] - 0.3).abs())).fold(0.0, f64::max);
        assert!(worst < last, "{what}: {worst}");
        let count = RUNS as f64;
        for unit in [1, 2, 4] {
            let column = states.column(unit);
            let found = column.mean().expect("rows");
            let variance = covariance[[unit, unit]];
            let off = (found - mean[unit]) / (variance / count).sqrt();
            assert!(off.abs() < ERRORS, "{what}: the mean of unit {unit} is {off} errors off");
            let mut bins = [0.0; 20];
            for y in column {
                let share =
                    truth.iter().map(|(w, m, c)| w * normal_cdf((y - m[unit]) / c[[unit, unit]].sqrt()));
                bins[((share.sum::<f64>() * 20.0) as usize).min(19)] += 1.0;
            }
            let expected = count / 20.0;
            let square: f64 = bins.iter().map(|b| (b - expected) * (b - expected) / expected).sum();
            assert!(square < CHI_SQUARE, "{what}: χ² = {square} of unit {unit}");
        }
        // And how features go together: the covariance of units 1 and 4.
        let product = |y: ArrayView1<f64>| (y[1] - mean[1]) * (y[4] - mean[4]);
        let products: Vec<f64> = states.outer_iter().map(product).collect();
        let average = products.iter().sum::<f64>() / count;
        let width = (products.iter().map(|p| (p - average).powi(2)).sum::<f64>() / count / count).sqrt();
        let off = (average - covariance[[1, 4]]) / width;
        assert!(off.abs() < ERRORS, "{what}: the covariance is {off} errors off");
    }
}

/// A stochastic recall ends in an event as often as the posterior says.
#[test]
fn events_are_recalled_as_often_as_the_posterior_says() {
    /// The quantile 1 − 10⁻⁵ of χ² with 2 degrees of freedom, −2 ln 10⁻⁵.
    const CHI_SQUARE: f64 = 23.1;
    const RUNS: usize = 4000;
    let (shapes, weights) = semantic();
    let plain = mixture(&shapes, &weights);
    let encoder = Arc::new(Encoder::units(5, vec![0, 3]).expect("an encoder"));
    let three = weighted(events(&encoder, 3));
    let density =
        Reconstruction::new(&plain, three.clone()).expect("Gaussians").mixture::<f64>().expect("one");
    let memory =
        memory(density, Sampling { sampler: Sampler::Ancestral, steps: Some(300), ..Sampling::default() })
            .expect("a memory");
    let cue = Array2::from_shape_fn((RUNS, 5), |(_, j)| [0.2, 0.1, -0.3, 0.0, 0.5][j]);
    let request = Request { level: Level::Sigma(1.2), seed: 5, top: 3, ..Request::new(cue.view()) };
    let recall = memory.recall(&request).expect("recalls");
    let mut counts = [0.0; 3];
    for (state, row) in recall.states.outer_iter().zip(&recall.rows) {
        let nearest = row.memory.expect("an event");
        let core = &three[nearest].core;
        assert!((state[0] - core[0]).abs().max((state[3] - core[1]).abs()) < 0.02, "{state}");
        counts[nearest] += 1.0;
    }
    let posterior = &recall.rows[0].posterior.as_ref().expect("a posterior").top;
    assert!(posterior.iter().all(|(_, w)| *w > 0.05), "one event has all: {posterior:?}");
    let square: f64 =
        posterior.iter().map(|&(n, w)| (counts[n] - w * RUNS as f64).powi(2) / (w * RUNS as f64)).sum();
    assert!(square < CHI_SQUARE, "χ² = {square}: {counts:?} for {posterior:?}");
}

/// With known units the conditional is that of core and known units together.
#[test]
fn known_units_are_conditions_too() {
    /// The flow ends at its last level, and known units count as exact to 10⁻⁴ spreads.
    const LEFT: f64 = 0.02;
    const ERRORS: f64 = 4.42;
    const RUNS: usize = 2000;
    let (shapes, weights) = semantic();
    let (all, plain) = (dense(&shapes, &weights), mixture(&shapes, &weights));
    for (name, encoder) in encoders().into_iter().filter(|(name, _)| ["units", "averages"].contains(name)) {
        let event = events(&encoder, 1).remove(0);
        let density = Reconstruction::new(&plain, vec![event.clone()]).expect("Gaussians").mixture::<f64>();
        let sampling = Sampling { sampler: Sampler::Ancestral, steps: Some(300), ..Sampling::default() };
        let memory = memory(density.expect("one"), sampling).expect("a memory");
        // The mean of the event, with unit 2 somewhere else.
        let known = 0.4;
        let cues = Array2::from_elem((RUNS, 5), known);
        let mask = Array2::from_shape_fn((RUNS, 5), |(_, j)| j == 2);
        let request = Request { known: Some(mask.view()), seed: 2, ..Request::new(cues.view()) };
        let states = memory.recall(&request).expect("recalls").states;
        let rows = encoder.rows();
        let both = ndarray::concatenate(Axis(0), &[rows.view(), array![[0.0, 0.0, 1.0, 0.0, 0.0]].view()]);
        let core: Array1<f64> = event.core.iter().copied().chain([known]).collect();
        let (mean, covariance) = moments(&given(&all, &both.expect("of one width"), &core).0);
        for unit in 0..5 {
            let found = states.column(unit).mean().expect("rows");
            let error = LEFT + ERRORS * (covariance[[unit, unit]].max(0.0) / RUNS as f64).sqrt();
            assert!((found - mean[unit]).abs() < error, "{name}, unit {unit}: {found} for {}", mean[unit]);
        }
    }
}

/// Equation 25 as it stands, with its quadratic terms: the core is found, and the free feature keeps its noise.
#[test]
fn the_literal_form_leaves_free_features_as_noise() {
    /// By an integration of the equations with NumPy (8,000 states, Heun, 1,000 steps): the share that ends in the
    /// event, and the standard deviation of its free feature. The errors are those of both runs.
    const SHARE: (f64, f64) = (0.7725, 0.03);
    const DEVIATION: (f64, f64) = (5.01, 0.35);
    const RUNS: usize = 3000;
    let covariance = array![[1.0, 0.8], [0.8, 1.0]];
    let shape = Subspace::from_covariance(vec![0.0, 0.0], covariance.view()).expect("a Gaussian");
    let plain = mixture(&[shape], &[1.0]);
    let encoder = Arc::new(Encoder::units(2, vec![0]).expect("an encoder"));
    let event = Event { encoder, core: vec![1.5], weight: 1.0, label: None };
    let cues = normals(RUNS, 2, 1) * 26f64.sqrt();
    let recalled = |form: Form| {
        let recipe =
            Reconstruction { form, ..Reconstruction::new(&plain, vec![event.clone()]).expect("one") };
        let density = recipe.mixture::<f64>().expect("a memory");
        let sampling = Sampling { steps: Some(200), ..Sampling::default() };
        let memory = memory(density, sampling).expect("a memory");
        let recall = memory.recall(&Request { level: Level::Sigma(5.0), ..Request::new(cues.view()) });
        let recall = recall.expect("recalls");
        let of_event =
            recall.rows.iter().zip(recall.states.outer_iter()).filter(|(row, _)| row.memory == Some(0));
        of_event.map(|(_, state)| [state[0], state[1]]).collect::<Vec<_>>()
    };
    let deviation = |states: &[[f64; 2]]| {
        let mean = states.iter().map(|y| y[1]).sum::<f64>() / states.len() as f64;
        (states.iter().map(|y| (y[1] - mean).powi(2)).sum::<f64>() / states.len() as f64).sqrt()
    };
    let literal = recalled(Form::Literal);
    assert!(literal.iter().all(|y| (y[0] - 1.5).abs() < 0.02), "the core is found");
    let share = literal.len() as f64 / RUNS as f64;
    assert!((share - SHARE.0).abs() < SHARE.1, "{share}");
    assert!((deviation(&literal) - DEVIATION.0).abs() < DEVIATION.1, "{}", deviation(&literal));
    // What the text says: 0.6 = √(1 − 0.8²), with five errors of a deviation.
    let conditioned = recalled(Form::Conditioned);
    assert_eq!(conditioned.len(), RUNS);
    assert!((deviation(&conditioned) - 0.6).abs() < 5.0 * 0.6 / (2.0 * RUNS as f64).sqrt());
}

/// The energy of the literal form is the formula.
#[test]
fn the_literal_energy_is_equation_25() {
    let (shapes, weights) = semantic();
    let (all, plain) = (dense(&shapes, &weights), mixture(&shapes, &weights));
    let encoder = Arc::new(Encoder::units(5, vec![3, 0]).expect("an encoder"));
    let two = events(&encoder, 2);
    let recipe =
        Reconstruction { form: Form::Literal, ..Reconstruction::new(&plain, two.clone()).expect("one") };
    let memory = recipe.mixture::<f64>().expect("a memory");
    let (x, sigma) = (normals(4, 5, 2), 0.7);
    let found = memory.log_sum(x.view(), &[sigma; 4]).expect("sums");
    // Weights of the mixture sum to 1; in the formula, the events and the integral have 1 each.
    let three = 3f64.ln();
    for (x, found) in x.outer_iter().zip(found) {
        let square = |event: &Event| (x[3] - event.core[0]).powi(2) + (x[0] - event.core[1]).powi(2);
        let episodic: f64 = two.iter().map(|event| (-square(event) / (2.0 * sigma * sigma)).exp()).sum();
        let integral = read(&all, &x.to_owned(), sigma).0.exp();
        close(found + three, (episodic + integral).ln(), ROUNDING, "log-sum");
    }
}

/// Odds by evidence are weight times density of the core.
#[test]
fn odds_are_equal_or_by_evidence() {
    let (shapes, weights) = semantic();
    let (all, plain) = (dense(&shapes, &weights), mixture(&shapes, &weights));
    let encoder = Arc::new(Encoder::averages(5, &[vec![0, 1], vec![2, 4]]).expect("an encoder"));
    let three = weighted(events(&encoder, 3));
    let of = |odds, events| {
        let recipe = Reconstruction { odds, ..Reconstruction::new(&plain, events).expect("Gaussians") };
        recipe.mixture::<f64>().map(|memory| memory.weights())
    };
    near(
        of(Odds::Equal, three.clone()).expect("one")[..].into(),
        &array![1.0 / 6.0, 2.0 / 6.0, 0.5],
        1e-14,
        "equal",
    );
    let evidence = |event: &Event| {
        let core = Array1::from(event.core.clone());
        event.weight * given(&all, &encoder.rows(), &core).1.exp()
    };
    let expected: Array1<f64> = three.iter().map(evidence).collect();
    let expected = &expected / expected.sum();
    near(of(Odds::Evidence, three.clone()).expect("one")[..].into(), &expected, ROUNDING, "evidence");
    let other = Arc::new(Encoder::units(5, vec![0, 1]).expect("an encoder"));
    let mixed = [three, events(&other, 1)].concat();
    let says = of(Odds::Evidence, mixed).expect_err("refused").to_string();
    assert!(says.contains("odds: expected events of one encoder") && says.contains("2 encoders"), "{says}");
}

/// Every unit that is not worth storing is reconstructed to within the threshold, by what is stored; and the units are
/// found one by one, each the worst that is left.
#[test]
fn what_is_stored_predicts_the_rest() {
    let (shapes, weights) = semantic();
    let (all, plain) = (dense(&shapes, &weights), mixture(&shapes, &weights));
    for (n, y) in normals(6, 5, 31).outer_iter().enumerate() {
        let state = y.to_vec();
        let whole = surprise(&plain, &state, 1e-9).expect("units");
        assert_eq!((whole.units.len(), whole.errors.len()), (5, 6), "{n}");
        for count in 0..=5 {
            let stored = &whole.units[..count];
            let rows = Encoder::units(5, stored.to_vec()).expect("an encoder").rows();
            let core: Array1<f64> = stored.iter().map(|&unit| y[unit]).collect();
            let (mean, _) = moments(&given(&all, &rows, &core).0);
            let error = |unit: usize| (y[unit] - mean[unit]).abs();
            let free: Vec<usize> = (0..5).filter(|unit| !stored.contains(unit)).collect();
            let worst = free.iter().map(|&unit| error(unit)).fold(0.0, f64::max);
            close(whole.errors[count], worst, ROUNDING, "the largest error");
            if let Some(&next) = whole.units.get(count) {
                close(error(next), worst, ROUNDING, "the next unit");
            }
        }
        for threshold in [0.2, 0.8, 3.0] {
            let found = surprise(&plain, &state, threshold).expect("units");
            assert_eq!(found.units, whole.units[..whole.count(threshold)], "{n} at {threshold}");
            let encoder = Arc::new(found.encoder(threshold).expect("an encoder"));
            let event = Event::of(&state, encoder.clone()).expect("an event");
            let memory =
                Reconstruction::new(&plain, vec![event]).expect("one").mixture::<f64>().expect("one");
            for (unit, (mean, y)) in memory.mean().iter().zip(&state).enumerate() {
                assert!((mean - y).abs() <= threshold * (1.0 + ROUNDING), "{n}, unit {unit} at {threshold}");
            }
        }
        assert!(surprise(&plain, &state, 1e6).expect("units").units.is_empty());
    }
}

#[test]
fn bad_input_is_refused_in_one_sentence() {
    let (shapes, weights) = semantic();
    let plain = mixture(&shapes, &weights);
    let encoder = Arc::new(Encoder::units(5, vec![3, 0]).expect("an encoder"));
    let event = |core: Vec<f64>| Event { encoder: encoder.clone(), core, weight: 1.0, label: None };
    let built = |recipe: Reconstruction| recipe.mixture::<f64>().expect_err("refused").to_string();
    let recipe = |events| Reconstruction::new(&plain, events).expect("Gaussians");
    let narrow = Arc::new(Encoder::units(4, vec![3, 0]).expect("an encoder"));
    let says: Vec<(String, &str)> = vec![
        (built(recipe(vec![])), "events: expected at least one"),
        (
            built(recipe(vec![event(vec![1.0])])),
            "core of event 0: expected 2 numbers, as its encoder keeps, found 1",
        ),
        (
            built(recipe(vec![event(vec![1.0, f64::NAN])])),
            "core of event 0: expected finite numbers, found NaN",
        ),
        (
            built(recipe(vec![Event { weight: 0.0, ..event(vec![1.0, 2.0]) }])),
            "weight of event 0: expected a positive finite number, found 0",
        ),
        (
            built(recipe(vec![Event { encoder: narrow, ..event(vec![1.0, 2.0]) }])),
            "encoder of event 0: expected 5 units, as the semantic memory has, found 4",
        ),
        (
            built(Reconstruction { gist: 1.0, ..recipe(vec![event(vec![1.0, 2.0])]) }),
            "gist: expected a number from 0 and below 1, found 1",
        ),
        (
            built(Reconstruction { gist: 0.5, form: Form::Literal, ..recipe(vec![event(vec![1.0, 2.0])]) }),
            "gist: expected 0 with the literal form",
        ),
        (
            Encoder::units(5, vec![0, 5]).expect_err("refused").to_string(),
            "units of a core: expected numbers from 0 to 4, found 5",
        ),
        (
            Encoder::units(5, vec![1, 1]).expect_err("refused").to_string(),
            "units of a core: expected every unit once, found 1 twice",
        ),
        (
            Encoder::units(2, vec![0, 1, 0]).expect_err("refused").to_string(),
            "core: expected at most 2 numbers, as a state has, found 3",
        ),
        (
            Encoder::matrix(array![[1.0, 2.0], [2.0, 4.0]]).expect_err("refused").to_string(),
            "encoder: expected rows of which none follows from the others",
        ),
        (
            Encoder::matrix(Array2::zeros((1, 3))).expect_err("refused").to_string(),
            "encoder: expected rows of which none follows from the others",
        ),
        (
            Encoder::averages(4, &[vec![0], vec![]]).expect_err("refused").to_string(),
            "units of a group: expected at least one",
        ),
        (
            Encoder::components(&plain, 6).expect_err("refused").to_string(),
            "core: expected at most 5 numbers",
        ),
        (
            surprise(&plain, &[0.0; 5], 0.0).expect_err("refused").to_string(),
            "threshold of surprise: expected a number > 0, found 0",
        ),
        (
            surprise(&plain, &[0.0; 5], f64::NAN).expect_err("refused").to_string(),
            "threshold of surprise: expected a number > 0, found NaN",
        ),
        (surprise(&plain, &[0.0; 4], 1.0).expect_err("refused").to_string(), "event: expected 5 units a row"),
        (encoder.encode(&[0.0; 6]).expect_err("refused").to_string(), "event: expected 5 units a row"),
    ];
    for (found, expected) in says {
        assert!(found.starts_with(expected) && !found.contains('\n'), "{found}");
    }
    let point = attractor::energies::Component { kind: Kind::Point(vec![0.0; 5]), weight: 1.0, label: None };
    let points = Mixture::<f64>::new(vec![point]).expect("a memory");
    let says = Reconstruction::new(&points, vec![event(vec![1.0, 2.0])]).expect_err("refused").to_string();
    assert!(says.contains("this memory has no density of Gaussians"), "{says}");
}
