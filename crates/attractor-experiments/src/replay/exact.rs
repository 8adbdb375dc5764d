//! The exact version: stored patterns, whose weights replays change.

use attractor::memories::Spec;
use attractor::noise::{Purpose, Stream};
use attractor::{Level, Patterns, Request, threads};
use attractor_data::random_spins;
use attractor_replay::{Experiences, Protocol, Replay, Rule};
use attractor_report::Result;
use ndarray::{Array2, ArrayView2};

use super::Config;

/// One protocol of the comparison.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    /// Its name.
    pub name: &'static str,
    /// Its settings: one replay a round, unless they say more.
    pub protocol: Protocol,
    /// Whether a new experience comes with each replay.
    pub streams: bool,
    /// Whether only half of the event's units are replayed faithfully.
    pub core: bool,
}

/// The noise of the partial trace with which cued replays begin, in units of the ±1 patterns.
pub(super) const TRACE: f64 = 2.5;

/// The protocols, in the order of the report.
pub(super) fn conditions(config: &Config) -> Vec<Condition> {
    let usual = || Protocol {
        rounds: config.replays,
        runs: config.runs,
        cue: format!("sigma:{TRACE}"),
        seed: config.seed,
        ..Protocol::default()
    };
    let plain =
        |name, rule| Condition { name, protocol: Protocol { rule, ..usual() }, streams: false, core: false };
    let streamed = |name, rule, disrupt| Condition {
        name,
        protocol: Protocol { rule, disrupt, ..usual() },
        streams: true,
        core: false,
    };
    let batch = config.refit;
    vec![
        plain("self-sampled", Rule::SelfSampled),
        plain("power 1.5", Rule::Power(1.5)),
        plain("power 0.5", Rule::Power(0.5)),
        plain("cued", Rule::Cued),
        Condition {
            name: "self-sampled, refitted",
            protocol: Protocol {
                keep: 0.0,
                replays: batch,
                rounds: config.replays / batch as u64,
                ..usual()
            },
            streams: false,
            core: false,
        },
        streamed("no replay, new experiences", Rule::SelfSampled, 1.0),
        streamed("self-sampled, new experiences", Rule::SelfSampled, 0.0),
        streamed("cued, new experiences", Rule::Cued, 0.0),
        streamed("cued, 9 of 10 disrupted, new experiences", Rule::Cued, 0.9),
        Condition {
            name: "cued, core only",
            protocol: Protocol { rule: Rule::Cued, core_sigma: Some(1.0), ..usual() },
            streams: false,
            core: true,
        },
    ]
}

/// What was measured of the recall of one run after some replays.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Measure {
    /// Share of cues that return to a memory with the event's core, at each level.
    pub returned: Vec<f64>,
    /// Share of wrong units in recalls of cues at the middle level, inside and outside the core.
    pub wrong: [f64; 2],
}

/// What was measured of one protocol after some replays.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// Replays planned by then. Disrupted ones count.
    pub replays: u64,
    /// Weight of the event in each run, with that of all memories that have its core.
    pub weights: Vec<f64>,
    /// Weight of the event itself, mean over runs.
    pub whole: f64,
    /// The recall of the first runs.
    pub measures: Vec<Measure>,
}

/// What was measured of one protocol.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub condition: Condition,
    pub looks: Vec<Look>,
    /// The weight in some runs, round by round.
    pub paths: Vec<Vec<f64>>,
}

/// How many runs are drawn by themselves.
const PATHS: usize = 6;

impl Config {
    /// The stored patterns, with the event in the last row.
    fn patterns(&self) -> Array2<f64> {
        random_spins::<f64>(self.stored + 1, self.dim, self.seed)
    }

    /// Which units are in the core.
    pub(super) fn core(&self) -> Array2<bool> {
        Array2::from_shape_fn((1, self.dim), |(_, j)| j < self.dim / 2)
    }

    /// Runs one protocol. `tell` is called after each look.
    pub(super) fn outcome(
        &self,
        condition: &Condition,
        tell: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Outcome> {
        let all = self.patterns();
        let (stored, event) = all.view().split_at(ndarray::Axis(0), self.stored);
        let patterns = Patterns::new(stored.to_owned())?;
        let stream = random_spins::<f64>(self.replays as usize, self.dim, self.seed.wrapping_add(1));
        let core = self.core();
        let given = Experiences {
            stream: condition.streams.then(|| stream.view()),
            core: condition.core.then(|| core.view()),
            ..Experiences::new(event)
        };
        let spec = Spec::new("diffusion");
        let memory = spec.build(patterns)?;
        let mut replay =
            Replay::new(&spec, memory.as_ref(), &given, condition.protocol.clone()).map_err(refused)?;
        let each = condition.protocol.replays as u64;
        let looks: Vec<u64> =
            self.looks.iter().filter(|look| *look % each == 0).map(|look| look / each).collect();
        let mut outcome = Outcome {
            condition: condition.clone(),
            looks: Vec::new(),
            paths: vec![Vec::new(); PATHS.min(self.runs)],
        };
        for look in looks {
            let mut keep = |replay: &Replay<f64>| {
                let paths = outcome.paths.iter_mut().enumerate();
                paths.for_each(|(run, path)| path.push(replay.weight(run)));
            };
            if replay.done() == 0 {
                keep(&replay);
            }
            while replay.done() < look {
                replay.step().map_err(refused)?;
                keep(&replay);
            }
            let one = |run: usize| self.measure(&replay, run, event);
            let found = threads::parallel(self.measured.min(self.runs), one);
            outcome.looks.push(Look {
                replays: look * each,
                weights: (0..self.runs).map(|run| replay.weight(run)).collect(),
                whole: replay.rounds()[look as usize].whole,
                measures: found.into_iter().collect::<Result<_>>()?,
            });
            tell()?;
        }
        Ok(outcome)
    }

    /// Measures the memory of one run.
    fn measure(&self, replay: &Replay<f64>, run: usize, event: ArrayView2<f64>) -> Result<Measure> {
        let memory = replay.memory(run).map_err(refused)?;
        let family = &replay.events(run)[0];
        // The same noise at every level, in every run and at every look, so that differences are those of memories.
        let mut stream = Stream::new(self.seed, Purpose::Corruption, 1 << 62);
        let noise = Array2::from_shape_simple_fn((self.cues, self.dim), || stream.normal());
        let mut returned = Vec::new();
        let mut wrong = [0.0; 2];
        for (k, sigma) in self.levels.iter().enumerate() {
            let cues = Array2::from_shape_fn((self.cues, self.dim), |(row, j)| {
                event[[0, j]] + sigma * noise[[row, j]]
            });
            let request = Request { level: Level::Sigma(*sigma), top: 1, ..Request::new(cues.view()) };
            let recall = memory.recall(&request)?;
            let back = recall.rows.iter().filter(|row| row.memory.is_some_and(|n| family.contains(&n)));
            returned.push(back.count() as f64 / self.cues as f64);
            if k == self.levels.len() / 2 {
                wrong = self.wrong(recall.states.view(), event);
            }
        }
        Ok(Measure { returned, wrong })
    }

    /// The share of wrong units, inside and outside the core.
    fn wrong(&self, states: ArrayView2<f64>, event: ArrayView2<f64>) -> [f64; 2] {
        let half = self.dim / 2;
        let (mut inside, mut outside) = (0, 0);
        for ((_, j), x) in states.indexed_iter() {
            if (*x > 0.0) != (event[[0, j]] > 0.0) {
                *if j < half { &mut inside } else { &mut outside } += 1;
            }
        }
        let rows = states.nrows() as f64;
        [f64::from(inside) / (rows * half as f64), f64::from(outside) / (rows * (self.dim - half) as f64)]
    }
}

/// An error of a protocol as one of an experiment.
pub(super) fn refused(error: attractor_replay::Error) -> attractor_report::Error {
    match error {
        attractor_replay::Error::Memory(error) => error.into(),
        attractor_replay::Error::Data(error) => error.into(),
        other => attractor_report::Error::setting("replay", "a protocol that can be run", other),
    }
}
