//! Audits of images: mosaics that are planted, honest images, and models whose formula is known.
#![allow(missing_docs)]

use attractor::Patterns;
use attractor::diffusion::{Sampler, Sampling, Spacing};
use attractor::energies::{ImageForm, Local, LocalRule, Windows};
use attractor::memories::{Diffusion, LocalDiffusion, Memory, Request};
use attractor::noise::{Purpose, Stream};
use attractor_audit::inside::{Reference, Settings as Inner};
use attractor_audit::mosaic::pieces::Windowed;
use attractor_audit::{Audit, Audited, Given, Inside, Rows, Sets, Settings, Subject, Verdict};
use attractor_data::{Layout, Shape, Table};
use ndarray::Array2;

const SIDE: usize = 8;
const SHAPE: Shape = Shape { channels: 1, height: SIDE, width: SIDE, layout: Layout::Chw };

/// Five kinds of images: noise, smooth noise, spots at any place with an empty margin, waves of any phase and direction, and black and white blocks.
const KINDS: [&str; 5] = ["noise", "smooth", "spots", "waves", "blocks"];

fn sample(kind: &str, rows: usize, stream: &mut Stream) -> Array2<f64> {
    let mut all = Array2::zeros((rows, SHAPE.size()));
    for mut image in all.outer_iter_mut() {
        let noise: Vec<f64> = (0..SHAPE.size()).map(|_| stream.normal()).collect();
        let [a, b, c] = [stream.uniform(), stream.uniform(), stream.uniform()];
        for unit in 0..SHAPE.size() {
            let (y, x) = (unit / SIDE, unit % SIDE);
            image[unit] = match kind {
                "noise" => noise[unit],
                "smooth" => {
                    let near = |u: usize, v: usize| noise[(u % SIDE) * SIDE + v % SIDE];
                    (0..3)
                        .flat_map(|u| (0..3).map(move |v| (u, v)))
                        .map(|(u, v)| near(y + u, x + v))
                        .sum::<f64>()
                        / 3.0
                }
                "spots" if (1..SIDE - 1).contains(&x) => {
                    let place = |c: f64| 1.0 + c * (SIDE - 3) as f64;
                    let square = (y as f64 - place(a)).powi(2) + (x as f64 - place(b)).powi(2);
                    (-square / (2.0 + 2.0 * c)).exp()
                }
                "spots" => 0.0,
                "waves" => (std::f64::consts::TAU * (a + (b * y as f64 + c * x as f64) / 4.0)).cos(),
                _ => f64::from(u8::from(noise[(y / 2 * 2) * SIDE + x / 2 * 2] > 0.0)),
            };
        }
    }
    all
}

fn given(train: Array2<f64>, generated: Array2<f64>, heldout: Option<Array2<f64>>) -> Given {
    let table = |rows: &Array2<f64>| Table::from_floats(rows.clone()).with_shape(Some(SHAPE));
    let images =
        Sets { train: table(&train), generated: table(&generated), heldout: heldout.as_ref().map(table) };
    let rows = Sets {
        train: Rows::Double(train),
        generated: Rows::Double(generated),
        heldout: heldout.map(Rows::Double),
    };
    Given { rows, images: Some(images), names: Sets::default(), notes: Vec::new(), sources: Vec::new() }
}

fn audited(given: Given, settings: Settings) -> Audited {
    Audit::new(given, settings).expect("rows").audited(&mut |_, _| Ok(())).expect("an outcome")
}

/// Honest images of every kind: a list of mosaics is not empty at most as often as stated, and p-values are uniform or larger.
fn false_positives(sets_each: u64) {
    const ALPHA: f64 = 0.05;
    let (mut lists, mut small, mut rows_seen) = (0, [0, 0], 0);
    let sets = sets_each * KINDS.len() as u64;
    for (number, kind) in KINDS.into_iter().enumerate() {
        for set in 0..sets_each {
            let mut stream = Stream::new(set, Purpose::Patterns, number as u64);
            let mut rows = |count| sample(kind, count, &mut stream);
            let (train, heldout, generated) = (rows(100), rows(80), rows(60));
            let rule = if set % 8 == 7 { LocalRule::EquivariantLocal } else { LocalRule::Local };
            let local = Windowed { rule, ..Windowed::default() };
            let settings = Settings { swaps: 19, seed: set, local, ..Settings::default() };
            let found = audited(given(train, generated, Some(heldout)), settings);
            lists += usize::from(found.outcome.count(Verdict::Mosaic) > 0);
            for row in &found.outcome.rows {
                let mosaic = row.mosaic.expect("images");
                // Blocks are as equal as windows, which then say nothing.
                assert!(mosaic.p_local_error.is_some() && (mosaic.p_distance.is_some() || kind == "blocks"));
                for (count, p) in small.iter_mut().zip([mosaic.p_distance, mosaic.p_local_error]) {
                    *count += usize::from(p.is_some_and(|p| p <= ALPHA));
                }
                rows_seen += 1;
            }
        }
    }
    // Three standard errors above what is stated. Rows of a set share their held-out rows, so their ranks are as one of 80 where they agree: the
    // error of a set's share is at most that of a rank, 1/√80 of √(α(1 − α)) and that of 60 rows together.
    let of_sets = (ALPHA * (1.0 - ALPHA) / sets as f64).sqrt();
    let share = lists as f64 / sets as f64;
    assert!(share <= ALPHA + 3.0 * of_sets, "mosaics in {lists} of {sets} honest sets");
    let of_rows = of_sets * (1.0_f64 / 80.0 + 1.0 / 60.0).sqrt();
    for (count, name) in small.into_iter().zip(["M", "L"]) {
        let share = count as f64 / f64::from(rows_seen);
        assert!(share <= ALPHA + 3.0 * of_rows, "{name}: p ≤ {ALPHA} of {count} of {rows_seen} honest rows");
    }
    println!("{sets} honest sets: {lists} lists; p ≤ {ALPHA} of {small:?} of {rows_seen} rows");
}

#[test]
fn honest_images_are_called_mosaics_as_seldom_as_stated() {
    false_positives(16);
}

/// `cargo test --release -p attractor-audit --test images -- --ignored --nocapture`
#[test]
#[ignore = "1,000 sets take minutes: cargo test -p attractor-audit --test images 1000_sets -- --ignored"]
fn honest_images_are_called_mosaics_as_seldom_as_stated_in_1000_sets() {
    false_positives(200);
}

fn local(train: &Array2<f64>, rule: LocalRule, windows: &str, steps: usize) -> LocalDiffusion<f64> {
    let patterns = Patterns::new(train.clone()).expect("images");
    let form = ImageForm::grey(SIDE, SIDE);
    let windows: Windows = windows.parse().expect("windows");
    let local = Local::new(patterns, form, false, rule, windows).expect("a denoiser");
    // Levels that fall by equal factors, so that pixels settle on their pieces.
    let sampling = Sampling {
        sampler: Sampler::Ddim,
        steps: Some(steps),
        spacing: Some(Spacing::Exponential),
        last: Some(1e-3),
        ..Sampling::default()
    };
    LocalDiffusion::new(local, sampling).expect("a memory")
}

/// What a memory makes from noise.
fn made(memory: &dyn Memory<f64>, rows: u64) -> Array2<f64> {
    let ids: Vec<u64> = (0..rows).collect();
    let (cues, level) = memory.prior_samples(&ids, 0).expect("a prior");
    memory.recall(&Request { level, report: false, ..Request::new(cues.view()) }).expect("rows").states
}

/// Pasted pieces have a small M and seams, where L is not small; what a local denoiser makes has a small L. Each is found by its own score.
#[test]
fn each_score_sees_its_own_mosaics() {
    let mut stream = Stream::new(11, Purpose::Patterns, 0);
    let mut rows = |count| sample("smooth", count, &mut stream);
    let (train, heldout, mut generated) = (rows(300), rows(300), rows(100));
    for row in 0..20 {
        for unit in 0..SHAPE.size() {
            let (y, x) = (unit / SIDE, unit % SIDE);
            let other = (7 * row + 4 * (y / 2) + x / 2) % 300;
            generated[[row, unit]] = train[[other, unit]];
        }
    }
    let pieces = made(&local(&train, LocalRule::Local, "3", 100), 20);
    generated.slice_mut(ndarray::s![20..40, ..]).assign(&pieces);
    let found = audited(given(train, generated, Some(heldout)), Settings::default());
    let of = |rows: std::ops::Range<usize>| &found.outcome.rows[rows];
    let mosaics =
        |rows: &[attractor_audit::Row]| rows.iter().filter(|r| r.verdict == Verdict::Mosaic).count();
    assert_eq!(mosaics(of(0..20)), 20);
    assert!(of(0..20).iter().all(|row| row.reason.contains("windows are nearer")));
    assert!(mosaics(of(20..40)) >= 18, "{}", mosaics(of(20..40)));
    for row in of(20..40).iter().filter(|row| row.verdict == Verdict::Mosaic) {
        assert!(row.reason.contains("windows of 3 pixels"), "{}", row.reason);
    }
    // At most 5 % of the list are expected to be false.
    assert!(mosaics(of(40..100)) <= 4);
    let p = |rows: &[attractor_audit::Row], of: fn(&attractor_audit::verdict::Mosaic) -> Option<f64>| {
        rows.iter().map(|row| of(&row.mosaic.expect("images")).expect("held-out rows")).fold(1.0, f64::min)
    };
    assert!(p(of(0..20), |mosaic| mosaic.p_local_error) > 0.05, "seams");
    // Windows side by side see a few of the others, and their pixels see all of them by far more.
    let seen = of(20..40).iter().filter(|row| row.mosaic.expect("images").p < 1e-4);
    assert!(seen.count() >= 18);
}

fn with(local: Windowed) -> Settings {
    Settings { local, ..Settings::default() }
}

/// Rows that are not looked at have no local error, and are said.
#[test]
fn a_subset_is_said() {
    let mut stream = Stream::new(12, Purpose::Patterns, 0);
    let mut rows = |count| sample("noise", count, &mut stream);
    let given = given(rows(40), rows(30), Some(rows(20)));
    let audit = Audit::new(given, with(Windowed { rows: Some(10), ..Windowed::default() })).expect("rows");
    let found = audit.audited(&mut |_, _| Ok(())).expect("an outcome");
    let looked = found.outcome.rows.iter().filter(|row| row.mosaic.expect("images").local_error.is_some());
    assert_eq!(looked.map(|row| row.row).collect::<Vec<_>>(), (0..10).map(|n| 3 * n).collect::<Vec<_>>());
    let notes = audit.notes(&found).iter().map(ToString::to_string).collect::<String>();
    assert!(notes.contains("of 10 of 30 generated rows"), "{notes}");
    for (settings, word) in [
        (with(Windowed { window: Some(4), ..Windowed::default() }), "odd"),
        (with(Windowed { window: Some(1), ..Windowed::default() }), "local-window"),
        (with(Windowed { rule: LocalRule::Wiener, ..Windowed::default() }), "local-rule"),
    ] {
        let error = settings.check().expect_err("refused").to_string();
        assert!(error.contains(word), "{error}");
    }
}

fn look(memory: &dyn Memory<f64>, train: &Array2<f64>) -> Inside {
    let mut stream = Stream::new(22, Purpose::Patterns, 0);
    let heldout = sample("smooth", 60, &mut stream);
    let subject = Subject::new(memory).expect("a denoiser");
    let generated = subject.generate(0..20, 0).expect("rows");
    let inner = Inner { examine: 40, draws: 1, levels: 6, probes: 1, references: 6, ..Inner::default() };
    let local = Windowed { rows: Some(0), ..Windowed::default() };
    let settings = Settings { swaps: 19, local, inside: inner, ..Settings::default() };
    let audit = Audit::new(given(train.clone(), generated, Some(heldout)), settings).expect("rows");
    let audit = audit.inside(subject).expect("a look");
    audit.audited(&mut |_, _| Ok(())).expect("an outcome").inside.expect("a model")
}

/// Each reference predicts itself, with r² = 1 at every level and of every sample, and no other one does.
#[test]
fn each_reference_predicts_itself() {
    /// The references are made of the training rows, as the models are: what differs is the rounding of 64 bits, through the steps of a sampler.
    const EQUAL: f64 = 1e-9;
    let mut stream = Stream::new(21, Purpose::Patterns, 0);
    let train = sample("smooth", 40, &mut stream);
    let patterns = || Patterns::new(train.clone()).expect("images");
    let sampling = Sampling { steps: Some(20), ..Sampling::default() };
    let exact = Diffusion::on(patterns().into(), sampling).expect("a memory");
    // Windows that are among those that are tried.
    let windows = local(&train, LocalRule::Local, "3,7@0.7,whole@2", 20);
    let places = local(&train, LocalRule::EquivariantLocal, "3", 20);
    let linear = local(&train, LocalRule::Wiener, "whole", 20);
    let models: [(&dyn Memory<f64>, Reference); 4] = [
        (&exact, Reference::Ideal),
        (&windows, Reference::Local),
        (&places, Reference::EquivariantLocal),
        (&linear, Reference::Wiener),
    ];
    for (model, own) in models {
        let inside = look(model, &train);
        let found = &inside.predictions;
        assert_eq!(
            found.all.len(),
            4,
            "{:?}",
            inside.notes.iter().map(|n| n.to_string()).collect::<Vec<_>>()
        );
        let predicts = found.of(own).expect("itself");
        for (level, r2) in inside.levels.iter().zip(&predicts.levels) {
            // Windows of equivariant-local are chosen in their place, where another window than 3 may be as good.
            if own != Reference::EquivariantLocal {
                assert!(1.0 - r2.value < EQUAL, "{own:?} at {}: {r2:?}", level.sigma);
            }
        }
        let (best, r2) = inside.best_reference().expect("samples");
        assert_eq!(best, own, "{r2:?}");
        if matches!(own, Reference::Ideal | Reference::Wiener) {
            assert!(1.0 - r2.value < EQUAL, "{own:?}: {r2:?}");
        }
        // With the image as its window, a local denoiser is the ideal one.
        let is_worse =
            |other: &Reference| *other != own && (own != Reference::Ideal || *other == Reference::Wiener);
        for other in Reference::ALL.into_iter().filter(is_worse) {
            let worst =
                found.of(other).expect("compared").levels.iter().map(|r2| r2.value).fold(1.0, f64::min);
            assert!(worst < 1.0 - 1e-3, "{other:?} of {own:?}: {worst}");
        }
    }
    // Rows that are no images have no windows.
    let sets = Sets {
        train: Rows::Double(train.clone()),
        generated: Rows::Double(sample("smooth", 9, &mut stream)),
        heldout: None,
    };
    let given =
        Given { rows: sets, images: None, names: Sets::default(), notes: Vec::new(), sources: Vec::new() };
    let subject = Subject::new(&exact as &dyn Memory<f64>).expect("a denoiser");
    let inner = Inner { examine: 20, draws: 1, levels: 4, probes: 1, ..Inner::default() };
    let audit = Audit::new(given, Settings { inside: inner, ..Settings::default() }).expect("rows");
    let found = audit.inside(subject).expect("a look").audited(&mut |_, _| Ok(())).expect("an outcome");
    let all = found.inside.expect("a model").predictions.all;
    assert_eq!(all.iter().map(|of| of.reference).collect::<Vec<_>>(), [Reference::Ideal, Reference::Wiener]);
    assert_eq!(all[0].samples.expect("samples").value, 1.0);
}
