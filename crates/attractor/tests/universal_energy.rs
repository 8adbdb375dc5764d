//! Which universal networks lower an energy, pair by pair, and that the others say why they do not.
#![allow(missing_docs)]

mod zoo;

use attractor::dynamics::{TwoLayer, Visible};
use attractor::memories::{Beta, Memory, Modern, Output, Request, Scheme, Universal};
use attractor::noise::{Purpose, Stream};
use attractor::separations::{Separation, Separator};
use attractor::similarities::{Convention, Keys, SIMILARITIES, Similarity};
use attractor::{Error, Outcome, Patterns};
use ndarray::{Array2, Axis};
use zoo::{SEPARATIONS, assert_close, normals, spins};

/// What patterns and cues are like.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Data {
    Signs,
    Real,
    Amounts,
    Shares,
    Bits,
}

const DATA: [Data; 5] = [Data::Signs, Data::Real, Data::Amounts, Data::Shares, Data::Bits];

fn draw(data: Data, n: usize, dim: usize, seed: u64) -> Array2<f64> {
    match data {
        Data::Signs => spins(n, dim, seed),
        Data::Real => normals(n, dim, 1.0, seed),
        Data::Amounts => normals::<f64>(n, dim, 1.0, seed).mapv_into(f64::abs),
        Data::Shares => {
            let amounts = draw(Data::Amounts, n, dim, seed);
            &amounts / &amounts.sum_axis(Axis(1)).insert_axis(Axis(1))
        }
        Data::Bits => spins::<f64>(n, dim, seed).mapv_into(|x| (x + 1.0) / 2.0),
    }
}

/// A threshold that some patterns are within.
fn written(similarity: Similarity, separation: &str) -> String {
    let radius = match similarity {
        Similarity::Hamming => 4.0,
        Similarity::Dot | Similarity::Cosine | Similarity::Pearson => 0.3,
        Similarity::L1Dot | Similarity::KullbackLeibler | Similarity::ReverseKullbackLeibler => 0.5,
        Similarity::JensenShannon => 0.2,
        _ => 3.0,
    };
    if separation == "threshold" { format!("threshold:{radius}") } else { separation.to_owned() }
}

fn build(
    data: &Array2<f64>,
    similarity: Similarity,
    separation: &str,
    output: Output,
    scheme: Scheme,
) -> attractor::Result<Universal<f64>> {
    let patterns = Patterns::new(data.clone())?;
    let separation: Separation = written(similarity, separation).parse()?;
    Universal::new(patterns, similarity, separation, output, Convention::Corrected)?.with_scheme(scheme)
}

/// One update. A cue that no key answers has none.
fn update(memory: &Universal<f64>, state: &Array2<f64>) -> Option<Array2<f64>> {
    let request = Request { updates: Some(1), ..Request::new(state.view()) };
    match memory.recall(&request) {
        Ok(recall) => Some(recall.states),
        Err(Error::Undefined { what: "weights", .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

fn energy(memory: &Universal<f64>, state: &Array2<f64>) -> f64 {
    memory.landscape().expect("an energy").energy(state.view(), &[]).expect("an energy")[0]
}

/// Sums of some dozen terms, and differences of sums as large as the energies.
const RISE: f64 = 1e-12;

/// Updates tried and the largest rise in units of the energy, of all random cases of a pair; the reasons of those
/// that have no energy.
fn trial(
    similarity: Similarity,
    separation: &str,
    output: Output,
    scheme: Scheme,
) -> (usize, f64, Vec<(Data, String)>) {
    let (mut tried, mut worst) = (0, f64::NEG_INFINITY);
    let mut reasons = Vec::new();
    for data in DATA {
        for (case, &(n, dim)) in [(3, 2), (5, 7), (12, 5), (9, 24), (2, 3), (30, 11)].iter().enumerate() {
            for seed in 0..8 {
                let seed = 100 * case as u64 + seed;
                let patterns = draw(data, n, dim, seed);
                let memory = match build(&patterns, similarity, separation, output, scheme) {
                    Ok(memory) => memory,
                    Err(error) => {
                        reasons.push((data, error.to_string()));
                        continue;
                    }
                };
                if let Err(error) = memory.landscape() {
                    reasons.push((data, error.to_string()));
                    continue;
                }
                for other in 0..3 {
                    let seed = 7_000 + 10 * seed + other;
                    // Signs are the best of their cube, and so start in it.
                    let start = if output == Output::Sign { Data::Signs } else { data };
                    let mut state = draw(start, 1, dim, seed);
                    if other == 2 && start == data {
                        // Near a pattern, where clouds of Data::Real seldom are.
                        let scaled = &patterns.slice(ndarray::s![..1, ..]) * 0.9;
                        state = if output == Output::Sign { state } else { scaled + 0.1 * &state };
                    }
                    for _ in 0..4 {
                        let Some(next) = update(&memory, &state) else { break };
                        let (before, after) = (energy(&memory, &state), energy(&memory, &next));
                        if !before.is_finite() || !after.is_finite() {
                            break;
                        }
                        tried += 1;
                        let rise = (after - before) / (1.0 + before.abs().max(after.abs()));
                        worst = worst.max(rise);
                        assert!(
                            rise <= RISE,
                            "{similarity} {separation} {output:?} {scheme:?} on {data:?} {n} × {dim}, seed {seed}: {before} to {after}"
                        );
                        state = next;
                    }
                }
            }
        }
    }
    (tried, worst, reasons)
}

fn table(scheme: Scheme) -> Vec<String> {
    let mut lines = Vec::new();
    for facts in SIMILARITIES {
        for output in [Output::Identity, Output::Sign] {
            for separation in SEPARATIONS {
                let (tried, worst, reasons) = trial(facts.similarity, separation, output, scheme);
                for (_, reason) in &reasons {
                    assert!(reason.len() > 40 && !reason.contains('\n'), "{}: {reason}", facts.name);
                }
                assert!(
                    tried >= 200 || tried == 0 && !reasons.is_empty(),
                    "{} {separation}: {tried}",
                    facts.name
                );
                lines.push(format!("{} {separation} {output:?}: {tried} {worst:.1e}", facts.name));
                if std::env::var_os("TABLE").is_some() {
                    let mut kinds: Vec<_> = reasons.iter().map(|(d, _)| format!("{d:?}")).collect();
                    kinds.dedup();
                    let last = reasons.last().map_or("", |r| &r.1);
                    println!("{} refused {kinds:?} {last}", lines.last().expect("a line"));
                }
            }
        }
    }
    lines
}

#[test]
fn single_shots_never_raise_their_energy() {
    let lines = table(Scheme::SingleShot);
    assert_eq!(lines.len(), SIMILARITIES.len() * 2 * SEPARATIONS.len());
}

#[test]
fn descents_never_raise_their_energy() {
    table(Scheme::Descent);
}

/// The published counter-example: the mean of patterns raises the energy of Manhattan distances, which their
/// median lowers.
#[test]
fn a_mean_can_raise_the_energy_of_manhattan_distances() {
    let mut stream = Stream::new(3, Purpose::Corruption, 0);
    let (mut rises, mut largest) = (0, 0.0_f64);
    for case in 0..2000 {
        let (n, dim) = (2 + (stream.uniform() * 6.0) as usize, 1 + (stream.uniform() * 8.0) as usize);
        let beta = 0.2 + 3.0 * stream.uniform();
        let patterns = normals(n, dim, 1.0, 10 * case);
        let state = normals(1, dim, 1.0, 10 * case + 1);
        let softmax = format!("softmax:{beta}");
        let memory = |scheme| {
            build(&patterns, Similarity::Manhattan, &softmax, Output::Identity, scheme).expect("one")
        };
        let (shot, descent) = (memory(Scheme::SingleShot), memory(Scheme::Descent));
        let reason = shot.landscape().err().expect("no energy").to_string();
        assert!(reason.contains("no Lyapunov function") && reason.contains("descent"), "{reason}");
        let before = energy(&descent, &state);
        let rise = energy(&descent, &update(&shot, &state).expect("an answer")) - before;
        let fall = energy(&descent, &update(&descent, &state).expect("an answer")) - before;
        assert!(fall <= RISE * (1.0 + before.abs()), "{fall}");
        if rise > 1e-9 {
            rises += 1;
            largest = largest.max(rise);
        }
    }
    println!("{rises} rises of 2000, the largest {largest:.3}");
    assert!(rises >= 5 && largest > 0.01, "{rises} rises, the largest {largest}");
}

/// That a read is refused an energy is no lack of proof: it does raise the one that a descent lowers.
#[test]
fn refused_reads_do_raise_the_energy() {
    for (similarity, separation, data) in [
        (Similarity::Dot, "relu:1", Data::Signs),
        (Similarity::Cosine, "softmax:6", Data::Real),
        (Similarity::Pearson, "softmax:6", Data::Real),
        (Similarity::Manhattan, "softmax:0.7", Data::Real),
        (Similarity::InverseManhattan, "identity", Data::Real),
        (Similarity::KullbackLeibler, "softmax:6", Data::Amounts),
        (Similarity::ReverseKullbackLeibler, "softmax:0.7", Data::Amounts),
        (Similarity::JensenShannon, "softmax:0.7", Data::Amounts),
    ] {
        let (mut rises, mut largest) = (0, 0.0_f64);
        for case in 0..1500 {
            let (n, dim) = (2 + case as usize % 5, 2 + case as usize % 7);
            let patterns = draw(data, n, dim, 10 * case);
            let build =
                |scheme| build(&patterns, similarity, separation, Output::Identity, scheme).expect("one");
            let (shot, descent) = (build(Scheme::SingleShot), build(Scheme::Descent));
            // Where reads come to rest, what is best and what is a mean differ most.
            let mut state = draw(data, 1, dim, 10 * case + 1);
            for _ in 0..6 {
                let Some(next) = update(&shot, &state) else { break };
                let rise = energy(&descent, &next) - energy(&descent, &state);
                if shot.landscape().is_err() && rise > 1e-6 {
                    rises += 1;
                    largest = largest.max(rise);
                }
                state = next;
            }
        }
        println!("{similarity} {separation}: {rises} rises of 9000, the largest {largest:.1e}");
        assert!(rises > 0, "{similarity} {separation}");
    }
}

/// Central differences of step 10⁻⁵ of functions whose third derivatives reach 10⁵ (reciprocals nearby).
const STEP: f64 = 1e-5;
const DIFFERENCES: f64 = 1e-6;

fn difference(f: impl Fn(f64) -> f64) -> f64 {
    (f(STEP) - f(-STEP)) / (2.0 * STEP)
}

#[test]
fn slopes_of_scores_are_finite_differences() {
    let mut sloped = 0;
    for facts in SIMILARITIES {
        let data = match facts.data {
            attractor::similarities::Data::Any => Data::Real,
            attractor::similarities::Data::Bits => Data::Signs,
            _ => Data::Amounts,
        };
        let keys = Keys::new(facts.similarity, draw(data, 6, 5, 4), Convention::Corrected).expect("keys");
        let states = draw(data, 3, 5, 9).mapv_into(|x| 0.9 * x + 0.05);
        let weights = normals(3, 6, 1.0, 11);
        if keys.flat().is_some() {
            assert!(keys.slope(states.view(), weights.view()).is_err());
            continue;
        }
        sloped += 1;
        let slope = keys.slope(states.view(), weights.view()).expect("a slope");
        let expected = Array2::from_shape_fn(states.dim(), |(row, unit)| {
            difference(|by| {
                let mut moved = states.clone();
                moved[[row, unit]] += by;
                let scores = keys.smooth_scores(moved.view()).expect("scores");
                scores.row(row).dot(&weights.row(row))
            })
        });
        let scale = expected.iter().fold(1.0, |most: f64, x| most.max(x.abs()));
        assert_close(&slope.pull, &expected, DIFFERENCES * scale, facts.name);
    }
    // All but the count of equal bits.
    assert!(sloped >= 11, "{sloped}");
}

#[test]
fn activities_are_slopes_of_lagrangians() {
    let keys =
        |similarity| Keys::new(similarity, draw(Data::Signs, 5, 9, 4), Convention::Corrected).expect("keys");
    for (similarity, scores) in [
        (Similarity::Dot, [1.3, -0.4, 0.2, 2.1, -1.7]),
        (Similarity::Hamming, [1.3, 4.1, 0.2, 2.1, 3.3]),
        (Similarity::Manhattan, [-1.3, -0.4, -0.21, -2.1, -0.7]),
    ] {
        for separation in SEPARATIONS {
            let Ok(separator) =
                Separator::new(written(similarity, separation).parse().expect("one"), &keys(similarity))
            else {
                continue;
            };
            let mut activities = scores;
            separator.activities(&mut activities);
            for n in 0..scores.len() {
                let slope = difference(|by| {
                    let mut moved = scores;
                    moved[n] += by;
                    separator.lagrangian(&moved)
                });
                let off = (slope - activities[n]).abs();
                assert!(off < DIFFERENCES, "{similarity} {separation} {n}: {slope}, {}", activities[n]);
            }
            // The weights are the same but for their sum.
            let mut weights = scores;
            if separator.weights(&mut weights).is_err() {
                continue;
            }
            let of = activities.iter().sum::<f64>() / weights.iter().sum::<f64>();
            for (w, f) in weights.iter().zip(activities) {
                assert!((w * of - f).abs() < 1e-9 * (1.0 + f.abs()), "{similarity} {separation}: {w} {f}");
            }
        }
    }
}

/// A mean of patterns is a step along the gradient: ∇E = C(x − x').
#[test]
fn reads_of_distances_are_steps_down_their_energy() {
    let patterns = draw(Data::Real, 6, 4, 3);
    let state = draw(Data::Real, 1, 4, 8);
    for similarity in [Similarity::Euclidean, Similarity::InverseEuclidean] {
        for separation in SEPARATIONS {
            let Ok(memory) = build(&patterns, similarity, separation, Output::Identity, Scheme::SingleShot)
            else {
                continue;
            };
            if memory.landscape().is_err() || memory.separator().separation() == Separation::Max {
                continue;
            }
            let Some(next) = update(&memory, &state) else { continue };
            let gradient = Array2::from_shape_fn(state.dim(), |(_, unit)| {
                difference(|by| {
                    let mut moved = state.clone();
                    moved[[0, unit]] += by;
                    energy(&memory, &moved)
                })
            });
            let step = &state - &next;
            let along = (&gradient * &step).sum() / (&step * &step).sum();
            assert!(along > 0.0, "{similarity} {separation}: {along}");
            assert_close(&gradient, &(step * along), DIFFERENCES * (1.0 + along), separation);
        }
    }
}

fn pairs_of_layers() -> Vec<(Similarity, &'static str, Visible)> {
    use Similarity as S;
    vec![
        (S::Dot, "softmax:2", Visible::Identity),
        (S::Dot, "softmax:20", Visible::Identity),
        (S::Dot, "softmax:2", Visible::Tanh),
        (S::Dot, "identity", Visible::Tanh),
        (S::Dot, "relu:1", Visible::Tanh),
        (S::Dot, "relu:2", Visible::Tanh),
        (S::Dot, "poly:3", Visible::Tanh),
        (S::Dot, "relu:0.5", Visible::Identity),
        (S::Dot, "sparsemax:2", Visible::Identity),
        (S::Dot, "entmax:1.5:2", Visible::Identity),
        (S::Euclidean, "softmax:0.5", Visible::Identity),
        (S::Euclidean, "softmax:2", Visible::Identity),
        (S::Euclidean, "softmax:20", Visible::Identity),
        (S::Euclidean, "softmax:2", Visible::Tanh),
        (S::Euclidean, "sparsemax", Visible::Identity),
        (S::Manhattan, "softmax:2", Visible::Identity),
        (S::Manhattan, "softmax:20", Visible::Identity),
        (S::Manhattan, "sparsemax", Visible::Tanh),
        (S::InverseEuclidean, "identity", Visible::Identity),
        (S::InverseEuclidean, "poly:2", Visible::Tanh),
        (S::InverseEuclidean, "softmax:2", Visible::Identity),
        (S::InverseManhattan, "identity", Visible::Identity),
        (S::InverseManhattan, "log", Visible::Identity),
    ]
}

#[test]
fn two_layers_never_raise_their_energy() {
    for (similarity, separation, visible) in pairs_of_layers() {
        let keys = Keys::new(similarity, draw(Data::Real, 6, 5, 3), Convention::Corrected).expect("keys");
        let separator = Separator::new(separation.parse().expect("one"), &keys).expect("a pair");
        for (lag, step, updates) in [(0.1, 0.002, 3000), (3.0, 0.01, 1500), (0.1, 0.2, 300), (0.0, 0.2, 300)]
        {
            let layers = TwoLayer::new(&keys, separator, visible, lag, step).expect("layers");
            let mut v = normals(4, 5, 1.5, 21);
            let mut h = keys.smooth_scores(v.mapv(|v| visible.activity(v)).view()).expect("scores");
            let mut before = layers.energy(v.view(), h.view()).expect("energies");
            let first = before.clone();
            for update in 0..updates {
                layers.advance(&mut v, &mut h).expect("a step");
                let after = layers.energy(v.view(), h.view()).expect("energies");
                for (b, a) in before.iter().zip(&after) {
                    // Energies are differences of terms as large as the hidden activities make them.
                    let size = 1.0 + b.abs() + first.iter().fold(0.0, |m: f64, f| m.max(f.abs()));
                    assert!(
                        *a <= b + 1e-12 * size,
                        "{similarity} {separation} {visible:?} lag {lag} step {step}, update {update}: rise {:e} of {b}",
                        a - b
                    );
                }
                before = after;
            }
        }
    }
}

/// dE/dt = −τ_v v̇ᵀ(∇²L_v)v̇ − τ_h ḣᵀ(∇²L_h)ḣ.
#[test]
fn two_layers_lose_energy_at_the_rate_of_theory() {
    const LAG: f64 = 0.3;
    for (similarity, separation, visible) in pairs_of_layers() {
        let keys = Keys::new(similarity, draw(Data::Real, 6, 5, 3), Convention::Corrected).expect("keys");
        let separator = Separator::new(separation.parse().expect("one"), &keys).expect("a pair");
        let layers = TwoLayer::new(&keys, separator, visible, LAG, 0.1).expect("layers");
        let v = normals(1, 5, 1.0, 5);
        // Hidden units somewhere that is no equilibrium, but among possible scores.
        let h = keys.smooth_scores(v.mapv(|v| visible.activity(0.7 * v + 0.1)).view()).expect("scores");
        let (to_v, to_h) = layers.velocity(v.view(), h.view()).expect("velocities");
        let at = |by: f64| (&v + &(by * &to_v), &h + &(by / LAG * &to_h));
        let scale = to_v.iter().chain(&to_h).fold(1.0, |m: f64, x| m.max(x.abs()));
        let along = |f: &dyn Fn(f64) -> f64| (f(STEP / scale) - f(-STEP / scale)) / (2.0 * STEP / scale);
        let energy = |by: f64| {
            let (v, h) = at(by);
            layers.energy(v.view(), h.view()).expect("energies")[0]
        };
        let activities = |by: f64| {
            let mut h = at(by).1.row(0).to_vec();
            separator.activities(&mut h);
            h
        };
        let measured = along(&energy);
        let visible_part: f64 =
            (0..5).map(|i| to_v[[0, i]] * along(&|by| visible.activity(at(by).0[[0, i]]))).sum();
        let hidden_part: f64 = (0..6).map(|n| to_h[[0, n]] * along(&|by| activities(by)[n])).sum();
        let theory = -visible_part - hidden_part;
        assert!(theory < 0.0, "{similarity} {separation}: {theory}");
        assert!(
            (measured - theory).abs() < 1e-5 * (1.0 + theory.abs()),
            "{similarity} {separation} {visible:?}: {measured} for {theory}"
        );
    }
}

#[test]
fn fast_hidden_units_and_a_whole_step_are_the_single_shot() {
    let patterns = draw(Data::Real, 7, 5, 3);
    let state = normals(4, 5, 1.0, 6);
    let shot =
        build(&patterns, Similarity::Dot, "softmax:2", Output::Identity, Scheme::SingleShot).expect("one");
    let layers = Scheme::TwoLayer { visible: None, lag: 0.0, step: 1e6 };
    let layers = build(&patterns, Similarity::Dot, "softmax:2", Output::Identity, layers).expect("one");
    assert_close(
        &update(&shot, &state).expect("one"),
        &update(&layers, &state).expect("one"),
        1e-12,
        "softmax",
    );
}

#[test]
fn layers_of_dot_products_and_softmax_end_where_modern_does() {
    let patterns = spins::<f64>(6, 24, 3);
    let cues = zoo::cues(&patterns, 6, 0.8, 4);
    let modern =
        Modern::new(Patterns::new(patterns.clone()).expect("patterns"), Beta::Value(2.0)).expect("one");
    let modern = modern.recall(&Request::new(cues.view())).expect("a recall");
    for lag in [0.0, 0.1, 2.0] {
        let layers = Scheme::TwoLayer { visible: None, lag, step: 0.2 };
        let layers = build(&patterns, Similarity::Dot, "softmax:2", Output::Identity, layers).expect("one");
        let recall = layers.recall(&Request::new(cues.view())).expect("a recall");
        assert_close(&recall.states, &modern.states, 1e-4, "states");
        for (a, b) in recall.rows.iter().zip(&modern.rows) {
            assert_eq!(a.memory, b.memory);
            assert!(matches!(a.outcome, Outcome::Settled { .. }), "{:?}", a.outcome);
            assert!((a.energy.expect("one") - b.energy.expect("one")).abs() < 1e-6);
        }
    }
}

#[test]
fn layers_without_a_floor_slope_or_hold_are_refused() {
    let patterns = draw(Data::Amounts, 6, 5, 3);
    let layers = |visible| Scheme::TwoLayer { visible, lag: 0.1, step: 0.2 };
    let refused = |similarity, separation, visible, word: &str| {
        let error =
            build(&patterns, similarity, separation, Output::Identity, layers(visible)).expect_err("one");
        assert!(error.to_string().contains(word), "{error}");
    };
    refused(Similarity::Dot, "relu:2", Some(Visible::Identity), "tanh");
    refused(Similarity::Dot, "poly:2", None, "even");
    refused(Similarity::Dot, "max", None, "jump");
    refused(Similarity::Cosine, "softmax:2", None, "leak");
    refused(Similarity::KullbackLeibler, "softmax:2", None, "leak");
    let signs = draw(Data::Signs, 6, 5, 3);
    let error =
        build(&signs, Similarity::Hamming, "identity", Output::Identity, layers(None)).expect_err("one");
    assert!(error.to_string().contains("gradient"), "{error}");
    // What diverges with visible identity ends at a pattern with tanh.
    let memory = build(&signs, Similarity::Dot, "relu:2", Output::Identity, layers(None)).expect("one");
    let recall = memory.recall(&Request::new(signs.view())).expect("a recall");
    assert!(recall.rows.iter().all(|row| matches!(row.outcome, Outcome::Settled { .. })));
}

#[test]
fn published_arithmetic_has_no_energy() {
    let patterns = Patterns::new(draw(Data::Amounts, 6, 5, 3)).expect("patterns");
    let memory = Universal::new(
        patterns,
        Similarity::Manhattan,
        Separation::Max,
        Output::Identity,
        Convention::Uhn2022,
    )
    .expect("one");
    assert!(memory.landscape().err().expect("none").to_string().contains("compat"));
}
