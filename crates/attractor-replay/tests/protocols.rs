//! Protocols on stored patterns: cues, cores, streams, files, and what is refused.
#![allow(missing_docs)]

use std::ops::ControlFlow;
use std::time::Duration;

use attractor::diffusion::Sampling;
use attractor::energies::shapes::Subspace;
use attractor::energies::{Component, Kind, Mixture};
use attractor::memories::mixture;
use attractor::noise::{Purpose, Stream};
use attractor::{Memory, Patterns, Real, Request, Spec, threads};
use attractor_replay::{Experiences, Protocol, Replay, Round, Rule};
use ndarray::{Array2, array};

/// A protocol on patterns.
fn on<F: Real>(
    spec: &Spec,
    stored: &Patterns<F>,
    given: &Experiences<F>,
    protocol: Protocol,
) -> attractor_replay::Result<Replay<F>> {
    Replay::new(spec, spec.build(stored.clone())?.as_ref(), given, protocol)
}

/// The patterns of a run.
fn patterns<F: Real>(replay: &Replay<F>, run: usize) -> Patterns<F> {
    replay.memory(run).expect("a memory").patterns().expect("patterns").clone()
}

/// Random patterns of ±1 in 24 units.
fn signs(count: usize, seed: u64) -> Array2<f32> {
    let mut stream = Stream::new(seed, Purpose::Patterns, 0);
    Array2::from_shape_simple_fn((count, 24), || if stream.uniform() < 0.5 { -1.0 } else { 1.0 })
}

/// A protocol with everything in it.
struct Case {
    stored: Patterns<f32>,
    events: Array2<f32>,
    stream: Array2<f32>,
    core: Array2<bool>,
    protocol: Protocol,
}

impl Case {
    fn new() -> Self {
        let protocol = Protocol {
            rule: Rule::Cued,
            rounds: 6,
            replays: 3,
            runs: 4,
            cue: "sigma:1.2".into(),
            disrupt: 0.2,
            fresh: Some(1),
            keep: 0.9,
            seed: 7,
            ..Protocol::default()
        };
        Case {
            stored: Patterns::new(signs(12, 1)).expect("patterns"),
            events: signs(2, 2),
            stream: signs(8, 3),
            core: Array2::from_shape_fn((1, 24), |(_, j)| j < 12),
            protocol,
        }
    }

    fn spec() -> Spec {
        Spec::new("diffusion").with("sampler", "bridge")
    }

    fn given(&self) -> Experiences<'_, f32> {
        Experiences {
            stream: Some(self.stream.view()),
            core: Some(self.core.view()),
            ..Experiences::new(self.events.view())
        }
    }

    fn memory(&self) -> Box<dyn Memory<f32>> {
        Self::spec().build(self.stored.clone()).expect("a memory")
    }

    fn replay(&self) -> Replay<f32> {
        Replay::new(&Self::spec(), self.memory().as_ref(), &self.given(), self.protocol.clone())
            .expect("a protocol")
    }

    fn resumed(&self, protocol: Protocol, file: &std::path::Path) -> attractor_replay::Result<Replay<f32>> {
        Replay::resume(&Self::spec(), self.memory().as_ref(), &self.given(), protocol, file)
    }
}

/// The patterns of a run and the logarithms of their weights.
type Memories = (Array2<f32>, Vec<f64>);

/// All that a run has found.
fn outcome(replay: &Replay<f32>) -> (Vec<Round>, Vec<Memories>) {
    let memories = (0..replay.protocol().runs).map(|run| {
        let patterns = patterns(replay, run);
        (patterns.values().to_owned(), patterns.log_weights().expect("weights").to_vec())
    });
    (replay.rounds().to_vec(), memories.collect())
}

#[test]
fn a_stopped_protocol_goes_on_to_the_same_end() {
    let case = Case::new();
    let mut whole = case.replay();
    whole.finish().expect("rounds");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("state");
    let stop = |_: &Round| ControlFlow::Break(());
    let done = case.replay().run(Some(&file), Duration::from_secs(3600), &mut { stop }).expect("a round");
    assert!(!done);
    for rounds in 2..=6 {
        let mut resumed = case.resumed(case.protocol.clone(), &file).expect("a state");
        assert_eq!(resumed.done(), rounds - 1);
        let done = resumed.run(Some(&file), Duration::ZERO, &mut { stop }).expect("a round");
        assert_eq!(done, rounds == 6);
    }
    let last = case.resumed(case.protocol.clone(), &file).expect("a state");
    assert_eq!(outcome(&last), outcome(&whole));
    // More rounds than were planned at first; there are two more rows of the stream.
    let mut longer = case.resumed(Protocol { rounds: 8, ..case.protocol.clone() }, &file).expect("a state");
    longer.finish().expect("rounds");
    let mut planned =
        Case { protocol: Protocol { rounds: 8, ..case.protocol.clone() }, ..Case::new() }.replay();
    planned.finish().expect("rounds");
    assert_eq!(outcome(&longer), outcome(&planned));
}

#[test]
fn threads_change_no_bit() {
    let case = Case::new();
    let on = |count| {
        threads::set(count).expect("threads");
        let mut replay = case.replay();
        replay.finish().expect("rounds");
        outcome(&replay)
    };
    assert_eq!(on(1), on(3));
}

#[test]
fn a_state_of_something_else_is_refused() {
    let case = Case::new();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("state");
    let mut replay = case.replay();
    replay.step().expect("a round");
    replay.step().expect("a round");
    replay.save(&file).expect("a file");
    let refused = |protocol: Protocol| case.resumed(protocol, &file).expect_err("refused").to_string();
    let was = &case.protocol;
    let error = refused(Protocol { keep: 0.5, ..was.clone() });
    assert!(error.starts_with("keep: expected 0.9, as") && error.contains("found 0.5"), "{error}");
    let error = refused(Protocol { seed: 8, ..was.clone() });
    assert!(error.starts_with("seed: expected 7"), "{error}");
    let error = refused(Protocol { fresh: None, ..was.clone() });
    assert!(error.contains("found the default"), "{error}");
    let error = refused(Protocol { rounds: 1, ..was.clone() });
    assert!(error.contains("at least the 2 rounds that are done, found 1"), "{error}");
    let other = Case { events: signs(2, 5), ..Case::new() };
    let error = other.resumed(was.clone(), &file).expect_err("refused").to_string();
    assert!(error.contains("found others"), "{error}");
    for text in ["", "{}", "[1,2]", "{\"attractor-replay\":2}"] {
        std::fs::write(&file, text).expect("a file");
        let error = refused(was.clone());
        assert!(error.contains("expected the state of a protocol of replay, found another file"), "{error}");
    }
    // Numbers that cannot be masses, with all else right.
    replay.save(&file).expect("a file");
    let text = std::fs::read_to_string(&file).expect("text");
    std::fs::write(&file, text.replace("\"masses\":[", "\"masses\":[-1,")).expect("a file");
    assert!(refused(was.clone()).contains("a damaged one"));
    assert!(case.resumed(was.clone(), &folder.path().join("none")).is_err());
}

#[test]
fn what_cannot_be_replayed_is_refused_in_a_sentence() {
    let stored = Patterns::new(array![[1.0, 1.0], [-1.0, 1.0]]).expect("patterns");
    let refused = |model: &str, given: &Experiences<f64>, protocol: Protocol, parts: &[&str]| {
        let error = on(&Spec::new(model), &stored, given, protocol).expect_err("refused").to_string();
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
        assert!(!error.contains('\n') && error.len() < 300, "{error}");
    };
    let usual = Protocol::default;
    let event = array![[-1.0, -1.0]];
    let good = || Experiences::new(event.view());
    refused(
        "hopfield",
        &good(),
        usual(),
        &["expected a memory that weighs what it holds", "diffusion", "hopfield"],
    );
    let none = Array2::zeros((0, 2));
    refused(
        "diffusion",
        &Experiences::new(none.view()),
        usual(),
        &["events: expected at least one row, found none"],
    );
    let wide = array![[1.0, 1.0, 1.0]];
    refused(
        "diffusion",
        &Experiences::new(wide.view()),
        usual(),
        &["events: expected rows of 2 units", "found 3"],
    );
    let nan = array![[1.0, f64::NAN]];
    refused("diffusion", &Experiences::new(nan.view()), usual(), &["finite", "NaN at row 0, unit 1"]);
    let twice = array![[2.0, 1.0], [2.0, 1.0]];
    refused("diffusion", &Experiences::new(twice.view()), usual(), &["row 1 equal to row 0"]);
    let core = array![[true, true]];
    let with_core = Experiences { core: Some(core.view()), ..good() };
    refused("diffusion", &with_core, usual(), &["core: expected some of the 2 units", "found 2"]);
    let core = array![[true], [false]];
    let with_core = Experiences { core: Some(core.view()), ..good() };
    refused("diffusion", &with_core, usual(), &["core: expected a mask of 1 x 2", "found 2 x 1"]);
    let stream = array![[3.0, 3.0]];
    let with_stream = Experiences { stream: Some(stream.view()), ..good() };
    refused("diffusion", &with_stream, usual(), &["stream: expected 200 rows", "found 1"]);
    refused(
        "diffusion",
        &good(),
        Protocol { fresh: Some(2), ..usual() },
        &["stream: expected 400 rows", "found 0"],
    );
    for exponent in [f64::NAN, 0.0, -1.0, f64::INFINITY] {
        let protocol = Protocol { rule: Rule::Power(exponent), ..usual() };
        refused("diffusion", &good(), protocol, &["rule: expected self, cued, or power:γ with γ above 0"]);
    }
    refused("diffusion", &good(), Protocol { rounds: 0, ..usual() }, &["rounds: expected", "found 0"]);
    refused("diffusion", &good(), Protocol { runs: 0, ..usual() }, &["runs: expected", "found 0"]);
    refused("diffusion", &good(), Protocol { keep: 1.5, ..usual() }, &["keep: expected", "found 1.5"]);
    refused(
        "diffusion",
        &good(),
        Protocol { cue: "colour:3".into(), ..usual() },
        &["cue: expected", "colour:3"],
    );
    refused("diffusion", &good(), Protocol { core_sigma: Some(0.0), ..usual() }, &["core-sigma: expected"]);
    let valued = stored.clone().with_associated(array![[1.0], [2.0]]).expect("values");
    let error = on(&Spec::new("diffusion"), &valued, &good(), usual()).expect_err("refused").to_string();
    assert!(error.contains("without associated values"), "{error}");
}

#[test]
fn half_of_an_event_recalls_it_and_it_grows() {
    let stored = Patterns::new(signs(19, 1)).expect("patterns");
    let event = signs(1, 2);
    let protocol = Protocol { rule: Rule::Cued, rounds: 30, ..Protocol::default() };
    let mut replay =
        on(&Spec::new("diffusion"), &stored, &Experiences::new(event.view()), protocol).expect("a protocol");
    replay.finish().expect("rounds");
    // No stored pattern agrees with the event in a random half of 24 units: 2⁻¹² each. So every replay recalls it.
    for (t, round) in replay.rounds().iter().enumerate() {
        let expected = (1.0 + t as f64) / (20.0 + t as f64);
        assert!((round.weight - expected).abs() < 1e-12, "{round:?}");
    }
    // The weights are those of the memory that is given back.
    let memory = replay.memory(0).expect("a memory");
    assert!((memory.weights().expect("weights")[19] - 31.0 / 50.0).abs() < 1e-12);
    assert_eq!(replay.events(0), [[19]]);
    let recall = memory.recall(&Request::new(event.view())).expect("a recall");
    assert_eq!(recall.rows[0].memory, Some(19));
}

/// A noisy trace z = −1 + σε of an event at −1 against a memory at 1: a sampler that draws from the posterior recalls
/// the event with probability E[1/(1 + (mₛ/mₑ) exp(2z/σ²))].
#[test]
fn a_noisy_trace_recalls_with_the_posterior() {
    let (sigma, mass, runs) = (1.5, 3.0, 20_000);
    let stored = Patterns::new(array![[1.0_f64]]).expect("patterns");
    let event = array![[-1.0]];
    let protocol = Protocol {
        rule: Rule::Cued,
        cue: format!("sigma:{sigma}"),
        mass: Some(mass),
        rounds: 1,
        replays: 20,
        runs: runs / 20,
        ..Protocol::default()
    };
    let spec = Spec::new("diffusion").with("sampler", "bridge");
    let mut replay = on(&spec, &stored, &Experiences::new(event.view()), protocol).expect("a protocol");
    replay.finish().expect("a round");
    let reached = replay.rounds()[1].reached.expect("replays");
    // The integral over ε by the midpoint rule, from −8 to 8.
    let step = 1e-3;
    let chance: f64 = (0..16_000)
        .map(|k| {
            let e = -8.0 + (k as f64 + 0.5) * step;
            let density = (-0.5 * e * e).exp() / (2.0 * std::f64::consts::PI).sqrt();
            step * density / (1.0 + mass * (2.0 * (-1.0 + sigma * e) / (sigma * sigma)).exp())
        })
        .sum();
    // Five standard errors: a false alarm of 6·10⁻⁷.
    assert!(
        (reached - chance).abs() < 5.0 * (chance * (1.0 - chance) / runs as f64).sqrt(),
        "{reached} {chance}"
    );
}

/// The rest of a replay is drawn from the semantic memories that fit the core: two at its place with masses 1 and 3,
/// and one far away.
#[test]
fn the_rest_of_a_core_is_drawn_from_semantic_memory() {
    let stored = array![[0.0, -1.0], [0.0, 1.0], [9.0, 7.0]];
    let stored = Patterns::new(stored).expect("patterns").with_weights(&[1.0, 3.0, 4.0]).expect("weights");
    let event = array![[0.0, 5.0]];
    let core = array![[true, false]];
    let given = Experiences { core: Some(core.view()), ..Experiences::new(event.view()) };
    let protocol = Protocol {
        rounds: 1,
        replays: 4000,
        mass: Some(8.0),
        event_mass: 8.0,
        core_sigma: Some(0.5),
        ..Protocol::default()
    };
    let mut replay = on(&Spec::new("diffusion"), &stored, &given, protocol).expect("a protocol");
    replay.finish().expect("a round");
    let patterns = patterns(&replay, 0);
    // The event, and the core with each of the two rests; at the far one the weight is e^−162.
    assert_eq!(replay.events(0), [[3, 4, 5]]);
    let total = 4016.0;
    let mass = |row: usize| patterns.log_weights().expect("weights")[row].exp() * total;
    // The event itself has the mass of its one experience.
    assert!((mass(3) - 8.0).abs() < 1e-9);
    let rows: Vec<Vec<f64>> = (4..6).map(|n| patterns.row(n)).collect();
    assert!(rows.contains(&vec![0.0, -1.0]) && rows.contains(&vec![0.0, 1.0]), "{rows:?}");
    let of = |rest: f64| mass(4 + rows.iter().position(|row| row[1] == rest).expect("a row"));
    let all = of(-1.0) + of(1.0);
    // Half of all replays are of the event: 2,000 with a standard deviation of 31.6. A quarter of them have the first
    // rest. Five standard deviations each: false alarms of 6·10⁻⁷.
    assert!((all - 2000.0).abs() < 158.0, "{all}");
    assert!((of(-1.0) / all - 0.25).abs() < 5.0 * (0.1875 / all).sqrt(), "{}", of(-1.0) / all);
    assert!((replay.rounds()[1].whole - 8.0 / total).abs() < 1e-12);
}

#[test]
fn options_give_the_protocol_back() {
    let protocol = Protocol {
        rule: Rule::Power(1.25),
        mass: Some(3.5),
        core_sigma: Some(0.25),
        disrupt_rounds: Some("2-9".parse().expect("rounds")),
        fresh: Some(3),
        disrupt: 0.1,
        cue: "flip:0.2".into(),
        seed: 11,
        ..Protocol::default()
    };
    assert_eq!(Protocol::from_options(&protocol.to_options(), 11).expect("a protocol"), protocol);
    assert_eq!(Protocol::from_options(&Default::default(), 0).expect("a protocol"), Protocol::default());
}

/// A Gaussian with an event beside it: a density is one memory, whose mass replays raise, too.
#[test]
fn a_density_and_its_events_are_memories_with_masses() {
    let gist = Subspace::new(vec![0.0_f64; 2], Array2::eye(2), vec![1.0; 2]).expect("a Gaussian");
    let gist = Component { kind: Kind::Shape(Box::new(gist)), weight: 1.0, label: Some("gist".into()) };
    let memory =
        mixture(Mixture::new(vec![gist]).expect("a density"), Sampling::default()).expect("a memory");
    let event = array![[4.0, 0.0]];
    let protocol = Protocol { mass: Some(19.0), rounds: 200, runs: 4000, ..Protocol::default() };
    let spec = Spec::new("mixture");
    let given = Experiences::new(event.view());
    let mut urn = Replay::new(&spec, memory.as_ref(), &given, protocol.clone()).expect("a protocol");
    urn.finish().expect("rounds");
    // The martingale: .0475·√(200/220)/√4000 = .00072 is its standard error; five of them.
    assert!((urn.rounds()[200].weight - 0.05).abs() < 0.0036, "{:?}", urn.rounds()[200]);
    // Half of the event recalls it, in the density that is there: −‖4, 0‖²/2 is far out, so every replay is of the event.
    let protocol = Protocol { rule: Rule::Cued, cue: "sigma:0.1".into(), rounds: 10, runs: 1, ..protocol };
    let mut cued = Replay::new(&spec, memory.as_ref(), &given, protocol).expect("a protocol");
    cued.finish().expect("rounds");
    assert!((cued.rounds()[10].weight - 11.0 / 30.0).abs() < 1e-12, "{:?}", cued.rounds()[10]);
    let after = cued.memory(0).expect("a memory");
    let weights = after.weights().expect("weights");
    assert!((weights[0] - 11.0 / 30.0).abs() < 1e-12 && (weights[1] - 19.0 / 30.0).abs() < 1e-12);
    assert_eq!((cued.events(0), after.label(1)), (vec![vec![0]], Some("gist")));
    let core = array![[true, false]];
    let with_core = Experiences { core: Some(core.view()), ..given };
    let error = Replay::new(&spec, memory.as_ref(), &with_core, Protocol::default()).expect_err("refused");
    assert!(error.to_string().contains("found one with shapes"), "{error}");
}
