//! A look inside models whose answer is known: the exact denoiser of the training rows only remembers, and the true denoiser of the
//! density that rows come from only generalises.
#![allow(missing_docs)]

use attractor::Patterns;
use attractor::diffusion::Sampling;
use attractor::memories::{Denoiser, Diffusion, Function, Memory};
use attractor::noise::{Purpose, Stream};
use attractor_audit::inside::{Regime, Settings as Inner};
use attractor_audit::{Audit, Given, Inside, Monitor, Rows, Sets, Settings, Subject};
use ndarray::{Array2, ArrayView2, array};

const DIM: usize = 8;
/// The standard deviation of a component.
const WIDTH: f64 = 0.4;

fn centres() -> Array2<f64> {
    let mut stream = Stream::new(1, Purpose::Patterns, 0);
    Array2::from_shape_fn((3, DIM), |_| 1.5 * stream.normal())
}

/// Rows of a mixture of three round Gaussians.
fn sample(rows: usize, seed: u64) -> Array2<f64> {
    let centres = centres();
    let mut stream = Stream::new(seed, Purpose::Patterns, 1);
    let own: Vec<usize> = (0..rows).map(|_| stream.below(3)).collect();
    Array2::from_shape_fn((rows, DIM), |(row, unit)| centres[[own[row], unit]] + WIDTH * stream.normal())
}

/// D(z;σ) = Σ_k r_k (m_k + s²/(s² + σ²)(z − m_k)), with r_k ∝ exp(−‖z − m_k‖²/2(s² + σ²)): the denoiser of the density itself.
fn truth(states: ArrayView2<f64>, sigmas: &[f64]) -> attractor::Result<Array2<f64>> {
    let centres = centres();
    let mut means = Array2::zeros(states.dim());
    for (row, z) in states.outer_iter().enumerate() {
        let variance = WIDTH * WIDTH + sigmas[row] * sigmas[row];
        let halves: Vec<f64> =
            centres.outer_iter().map(|m| (&z - &m).mapv(|v| v * v).sum() / (2.0 * variance)).collect();
        let least = halves.iter().copied().fold(f64::INFINITY, f64::min);
        let mass: f64 = halves.iter().map(|h| (least - h).exp()).sum();
        for (m, half) in centres.outer_iter().zip(&halves) {
            let weight = (least - half).exp() / mass;
            let shrink = WIDTH * WIDTH / variance;
            means.row_mut(row).zip_mut_with(&(&m + &((&z - &m) * shrink)), |d, part| *d += weight * part);
        }
    }
    Ok(means)
}

fn function<'a>(
    denoise: impl Fn(ArrayView2<f64>, &[f64]) -> attractor::Result<Array2<f64>> + Send + Sync + 'a,
) -> Denoiser<'a, f64> {
    let of = Function::new(DIM, denoise);
    let memory = Denoiser::new(Box::new(of), Sampling::default()).expect("a memory");
    memory.with_patterns(Patterns::new(sample(200, 2)).expect("rows")).expect("patterns")
}

fn exact() -> Diffusion<f64> {
    Diffusion::on(Patterns::new(sample(200, 2)).expect("rows").into(), Sampling::default()).expect("a memory")
}

fn small() -> Settings {
    let inside = Inner { examine: 100, draws: 4, levels: 12, ..Inner::default() };
    Settings { swaps: 199, inside, ..Settings::default() }
}

fn given(generated: Array2<f64>, heldout: bool) -> Given {
    let rows = Sets {
        train: Rows::Double(sample(200, 2)),
        generated: Rows::Double(generated),
        heldout: heldout.then(|| Rows::Double(sample(200, 3))),
    };
    Given { rows, images: None, names: Sets::default(), notes: Vec::new(), sources: Vec::new() }
}

fn look(memory: &dyn Memory<f64>, settings: Settings, heldout: bool) -> attractor_report::Result<Inside> {
    let subject = Subject::new(memory)?;
    let generated = subject.generate(0..60, 0)?;
    let audit = Audit::new(given(generated, heldout), settings)?.inside(subject)?;
    Ok(audit.audited(&mut |_, _| Ok(()))?.inside.expect("a model"))
}

fn regimes(inside: &Inside) -> Vec<Regime> {
    inside.levels.iter().map(|level| level.compared.expect("held-out rows").regime).collect()
}

#[test]
fn the_exact_denoiser_remembers_at_every_level() {
    let memory = exact();
    let inside = look(&memory, small(), true).expect("a look");
    let regimes = regimes(&inside);
    let collapse = inside.critical.collapse.expect("different rows");
    for (level, regime) in inside.levels.iter().zip(&regimes) {
        assert!(matches!(regime, Regime::Remembers | Regime::AsExact), "{regime:?} at {}", level.sigma);
        // Well below collapse it has one row in mind.
        assert!(*regime == Regime::Remembers || level.sigma > collapse, "{regime:?} at {}", level.sigma);
        assert_eq!((level.train.distance.value, level.compared.expect("compared").better), (0.0, 1.0));
        if let Some(share) = level.compared.and_then(|compared| compared.remembered) {
            assert_eq!(share.value, 1.0);
        }
        // Its own local dimension is the closed form, whichever way it is asked for.
        assert_eq!(level.train.dimension, level.train.exact_dimension);
    }
    assert!(inside.turns().is_some() && inside.range(Regime::Generalises).is_none());
    assert_eq!(inside.from_noise.value, 1.0);
    let lowest = inside.levels.last().expect("levels");
    assert_eq!(lowest.heldout.expect("rows").copies.expect("recalls").value, 1.0);
}

#[test]
fn the_true_denoiser_generalises() {
    let memory = function(truth);
    let inside = look(&memory, small(), true).expect("a look");
    let regimes = regimes(&inside);
    assert!(regimes.iter().all(|r| matches!(r, Regime::Generalises | Regime::AsExact)), "{regimes:?}");
    assert!(regimes.iter().filter(|r| **r == Regime::Generalises).count() >= 4, "{regimes:?}");
    assert!(inside.turns().is_none());
    let collapse = inside.critical.collapse.expect("different rows");
    for level in inside.levels.iter().filter(|level| level.sigma < collapse) {
        assert_eq!(level.compared.expect("compared").regime, Regime::Generalises, "at {}", level.sigma);
        // The share remembered is 0 within its interval.
        let share = level.compared.and_then(|compared| compared.remembered).expect("a gap");
        let [low, high] = share.interval.expect("an interval");
        assert!(low < 0.0 && high > 0.0 && high < 0.5, "{share:?}");
        // Below WIDTH and the distances of centres, the dimension of the density is that of one Gaussian:
        // D − Dσ²/(s² + σ²) + σ²‖x − m‖²/(s² + σ²)², whose median is near its mean, D s²/(s² + σ²) + Dσ²s²/(s² + σ²)².
        let (square, variance) = (level.sigma.powi(2), WIDTH * WIDTH + level.sigma.powi(2));
        let expected = DIM as f64 * WIDTH * WIDTH / variance * (1.0 + square / variance);
        let found = level.heldout.expect("rows").dimension.value;
        assert!((found / expected - 1.0).abs() < 0.15, "{found}, not {expected} at {}", level.sigma);
    }
    assert!(inside.from_noise.value < 0.1, "{:?}", inside.from_noise);
}

/// Half of each remembers in part, and is neither.
#[test]
fn half_of_each_remembers_in_part() {
    let memory = exact();
    let half = function(|z, sigmas| {
        let dynamic: &dyn Memory<f64> = &memory;
        let remembered = dynamic.denoiser().expect("a denoiser").denoise(z, sigmas)?;
        Ok((remembered + truth(z, sigmas)?) / 2.0)
    });
    let inside = look(&half, small(), true).expect("a look");
    let collapse = inside.critical.collapse.expect("different rows");
    for level in inside.levels.iter().filter(|level| level.sigma < collapse / 1.5) {
        let compared = level.compared.expect("compared");
        let share = compared.remembered.expect("a gap").value;
        assert_eq!(compared.regime, Regime::InPart);
        assert!((0.1..0.9).contains(&share), "{share}");
    }
}

/// At hardly any noise the exact denoiser gives the nearest training row: its error on held-out rows is d₁², their local dimension d₁²/σ², and both are 0 on
/// training rows. Left out, training rows are as held-out ones.
#[test]
fn at_hardly_any_noise_errors_are_distances() {
    let memory = function(truth);
    let inside = Inner {
        lowest: Some(1e-3),
        highest: Some(1.0),
        examine: 200,
        levels: 4,
        draws: 2,
        ..Inner::default()
    };
    let inside = look(&memory, Settings { swaps: 99, inside, ..Settings::default() }, true).expect("a look");
    let (train, heldout) = (sample(200, 2), sample(200, 3));
    let nearest = |rows: &Array2<f64>, own: bool| -> Vec<f64> {
        let of = |row: usize| {
            let others = train.outer_iter().enumerate().filter(|(n, _)| !own || *n != row);
            others.map(|(_, y)| (&y - &rows.row(row)).mapv(|v| v * v).sum()).fold(f64::INFINITY, f64::min)
        };
        (0..rows.nrows()).map(of).collect()
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64 / DIM as f64;
    let lowest = inside.levels.last().expect("levels");
    let of_heldout = lowest.heldout.expect("rows");
    let expected = mean(&nearest(&heldout, false));
    assert!((of_heldout.exact.value / expected - 1.0).abs() < 1e-3, "{:?} {expected}", of_heldout.exact);
    assert!(lowest.train.exact.value < 1e-12 && lowest.train.exact_dimension.value < 1e-9);
    // A fold leaves out a tenth of the rows, so the nearest is a little farther than with one row left out.
    let left_out = lowest.train.left_out.expect("training rows").value;
    let expected = mean(&nearest(&train, true));
    assert!(left_out >= expected * 0.999 && left_out < 1.2 * expected, "{left_out} {expected}");
    // The true denoiser hardly moves a row there: its error is that of the noise.
    assert!((lowest.train.error.value / 1e-6 - 1.0).abs() < 0.1, "{:?}", lowest.train.error);
}

#[test]
fn what_is_no_denoiser_is_said() {
    let sentence = |memory: &dyn Memory<f64>| match look(memory, small(), true) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("a look"),
    };
    // The noise that a model of the noise predicts for the true denoiser, and its score.
    let noise = function(|z, sigmas| Ok((&z - &truth(z, sigmas)?) / sigmas[0]));
    assert!(sentence(&noise).contains("found the noise"), "{}", sentence(&noise));
    let score = function(|z, sigmas| Ok((truth(z, sigmas)? - z) / sigmas[0].powi(2)));
    assert!(sentence(&score).contains("found the score"), "{}", sentence(&score));
    let nothing = function(|z, _| Ok(z.to_owned()));
    assert!(sentence(&nothing).contains("the noisy row itself"), "{}", sentence(&nothing));
    let wide = function(|z, _| Ok(Array2::zeros((z.nrows(), DIM + 1))));
    assert!(sentence(&wide).contains("x 9"), "{}", sentence(&wide));
    let nan = function(|z, _| Ok(z.mapv(|_| f64::NAN)));
    assert!(sentence(&nan).contains("finite"), "{}", sentence(&nan));
    // Its units are taken for a hundredth of what they are: it is no denoiser of these rows, and is noted.
    let constant = function(|z, _| Ok(z.mapv(|_| 0.5)));
    let inside = look(&constant, small(), true).expect("a look");
    assert!(inside.notes[0].to_string().contains("does not come to x"), "{:?}", inside.notes);
    assert!(regimes(&inside).contains(&Regime::Worse));
    // Rows of another width, and equal rows.
    let other = Denoiser::new(
        Box::new(Function::new(3, |z: ArrayView2<f64>, _: &[f64]| Ok(z.to_owned()))),
        Sampling::default(),
    )
    .expect("a memory");
    let subject = Subject::new(&other as &dyn Memory<f64>).expect("a denoiser");
    let audit = Audit::new(given(sample(20, 5), true), small()).expect("rows");
    let error = audit.inside(subject).err().expect("another width").to_string();
    assert!(error.contains("rows of 3 numbers") && error.contains("rows of 8"), "{error}");
    let spins = attractor::memories::Spec::new("hopfield")
        .build(Patterns::new(array![[1.0, -1.0, 1.0], [1.0, 1.0, -1.0]]).expect("patterns"))
        .expect("a memory");
    let error = Subject::new(spins.as_ref()).err().expect("no levels").to_string();
    assert!(error.contains("no noise levels"), "{error}");
}

/// Results are those of the seed, on any number of threads; and without held-out rows nothing is said of what is remembered.
#[test]
fn a_look_depends_on_its_seed_alone() {
    let memory = function(truth);
    let one = look(&memory, small(), true).expect("a look");
    // Other tests do not depend on it either.
    attractor::threads::set(1).expect("one thread");
    let two = look(&memory, small(), true).expect("a look");
    assert_eq!(one.levels, two.levels);
    let other = look(&memory, Settings { seed: 1, ..small() }, true).expect("a look");
    assert_ne!(one.levels, other.levels);
    let alone = look(&memory, small(), false).expect("a look");
    assert!(alone.levels.iter().all(|level| level.compared.is_none() && level.heldout.is_none()));
    assert_eq!(alone.levels[3].train.error, one.levels[3].train.error);
}

/// Checkpoints of a copier that begins at a known step, with a step back; and of trainings that never memorise, of which as few are said to as stated.
#[test]
fn tau_is_where_copying_begins_for_good() {
    let settings = Settings { swaps: 199, ..small() };
    let monitor = || {
        Monitor::new(Rows::Double(sample(200, 2)), Some(Rows::Double(sample(200, 3))), settings)
            .expect("rows")
    };
    let mut one = monitor();
    assert_eq!((one.tau_mem(), one.checkpoints().len()), (None, 0));
    // Shares of copies: at step 20 it copies, at 30 no longer, and from 40 on for good.
    for (step, share) in [(10.0, 0.0), (20.0, 0.5), (30.0, 0.0), (40.0, 0.3), (50.0, 0.9)] {
        let mut rows = sample(60, 10 + step as u64);
        for row in 0..(60.0 * share) as usize {
            rows.row_mut(row).assign(&(&sample(200, 2).row(3 * row) + 0.01));
        }
        let found = one.look(step, Rows::Double(rows)).expect("a checkpoint");
        // At most 5 % of the list are expected to be false: one or two.
        let copied = (60.0 * share) as usize;
        assert!((copied..copied + 3).contains(&found.copies), "{} for {copied}", found.copies);
        assert_eq!(found.exceeds, share > 0.0, "at {step}");
    }
    let tau = one.tau_mem().expect("copies at the end");
    assert_eq!((tau.step, tau.after), (40.0, Some(30.0)));
    let error = one.look(50.0, Rows::Double(sample(60, 1))).expect_err("the same step").to_string();
    assert!(error.contains("one above the last, 50"), "{error}");
    assert_eq!(one.checkpoints().len(), 5);
    // A model at a checkpoint is looked at from inside, too.
    let memory = exact();
    let subject = Subject::new(&memory as &dyn Memory<f64>).expect("a denoiser");
    let gap = one.look_inside(60.0, subject).expect("a checkpoint").gap.expect("held-out rows");
    assert!(gap.remembered.value == 1.0 && gap.p_value <= 0.005 && gap.train.value < gap.heldout.value);
    let report = one.report();
    assert_eq!((report.json()["tau_mem"].as_i64(), report.results.rows.len()), (Some(40), 6));
    let other = Denoiser::new(
        Box::new(Function::new(3, |z: ArrayView2<f64>, _: &[f64]| Ok(z.to_owned()))),
        Sampling::default(),
    );
    let other = other.expect("a memory");
    let subject = Subject::new(&other as &dyn Memory<f64>).expect("a denoiser");
    assert!(
        one.look_inside(70.0, subject).expect_err("another width").to_string().contains("rows of 3 numbers")
    );
}

/// Honest rows at five checkpoints: τ_mem is given with probability .05 at most.
#[test]
fn honest_trainings_have_no_tau_as_often_as_stated() {
    const RUNS: u64 = 120;
    let mut given = 0;
    for run in 0..RUNS {
        let rows = |count, seed| Rows::Double(sample(count, 1000 + 20 * run + seed));
        let settings = Settings { swaps: 99, seed: run, ..small() };
        let mut monitor = Monitor::new(rows(60, 0), Some(rows(60, 1)), settings).expect("rows");
        for step in 1..=5 {
            monitor.look(step as f64, rows(40, 1 + step)).expect("a checkpoint");
        }
        given += usize::from(monitor.tau_mem().is_some());
    }
    // Three standard errors above .05.
    let most = RUNS as f64 * (0.05 + 3.0 * (0.05 * 0.95 / RUNS as f64).sqrt());
    assert!(given as f64 <= most, "{given} of {RUNS}");
}
