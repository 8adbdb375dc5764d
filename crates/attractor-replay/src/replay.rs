//! The protocol on stored patterns: many runs, round by round.

use std::collections::HashMap;

use attractor::memories::{Spec, model};
use attractor::noise::{Purpose, Stream};
use attractor::{Level, Memory, Real, Request, threads};
use attractor_data::{Corruption, OutOfRange, corrupt};
use ndarray::{Array2, Axis};

use crate::atoms::{Atom, Base};
use crate::error::{Error, Result};
use crate::experiences::Experiences;
use crate::protocol::Protocol;
use crate::round::Round;
use crate::rule::Rule;
use crate::urn::{diversity, draws, quantile, reinforce, sharpened};

/// The memories of one run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Run {
    /// The mass of each pattern of the base, then of each further memory.
    pub masses: Vec<f64>,
    /// The further memories.
    pub extra: Vec<Atom>,
    /// Replays so far.
    pub replays: u64,
}

/// A protocol of replay on stored patterns or on any mixture, in many independent runs.
///
/// In each round, every run makes its replays from its memory as the round began, and then adds what was recalled:
/// m ← λm + s·c + f (see the [crate](crate)). The result depends on the settings and the seed only, not on threads, nor
/// on whether it was stopped and resumed.
///
/// Cost of a round and run: N operations, and with cues one recall for each replay. Memory: N numbers a run.
///
/// ```
/// use attractor::{Patterns, Spec};
/// use attractor_replay::{Experiences, Protocol, Replay};
/// use ndarray::array;
/// // An urn with 3 stored patterns and one event.
/// let patterns = Patterns::new(array![[1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [-1.0, 1.0, 1.0]])?;
/// let event = array![[-1.0, -1.0, -1.0]];
/// let protocol = Protocol { rounds: 10, runs: 500, ..Protocol::default() };
/// let spec = Spec::new("diffusion");
/// let memory = spec.build(patterns)?;
/// let mut replay = Replay::new(&spec, memory.as_ref(), &Experiences::new(event.view()), protocol)?;
/// replay.finish()?;
/// let last = &replay.rounds()[10];
/// // The weight is a martingale: its mean stays 1/4. Its standard deviation is .26, so 4 standard errors are .046.
/// assert!((last.weight - 0.25).abs() < 0.046);
/// # Ok::<(), attractor_replay::Error>(())
/// ```
#[derive(Debug)]
pub struct Replay<F> {
    pub(crate) protocol: Protocol,
    pub(crate) base: Base<F>,
    corruption: Corruption,
    grey: bool,
    /// The order in which each run takes the stream.
    orders: Vec<Vec<usize>>,
    pub(crate) runs: Vec<Run>,
    pub(crate) rounds: Vec<Round>,
    /// The weight of all events before the first round.
    first: f64,
    /// The fingerprint of what it began with.
    pub(crate) fingerprint: u64,
}

/// What is observed of one run.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// Replays of the round, and those that recalled an event.
    made: u64,
    reached: u64,
    weight: f64,
    whole: f64,
    events: Vec<f64>,
    entropy: f64,
    participation: f64,
    memories: usize,
}

impl<F: Real> Replay<F> {
    /// The protocol before its first round. `spec` is the model of the memory with its options.
    ///
    /// # Errors
    /// A setting outside its range; a model that does not weigh its patterns; no events, equal ones, or rows of
    /// another width than the patterns; a core that is empty or all of an event; too short a stream.
    pub fn new(
        spec: &Spec,
        memory: &dyn Memory<F>,
        given: &Experiences<F>,
        protocol: Protocol,
    ) -> Result<Self> {
        protocol.check()?;
        let base = Base::new(spec, memory, given, &protocol)?;
        let corruption = Corruption::parse(&protocol.cue, given.shape, memory.dim()).map_err(|_| {
            attractor::Error::parameter("cue", attractor_data::CORRUPTIONS, protocol.cue.clone())
        })?;
        check_stream(&protocol, base.stream.nrows())?;
        let run = Run { masses: base.masses.clone(), extra: base.extra.clone(), replays: 0 };
        let (rows, fresh) = (base.stream.nrows(), protocol.fresh_of(base.stream.nrows()));
        let taken = protocol.rounds as usize * fresh;
        let order = |run: usize| match run {
            0 => (0..taken).collect(),
            _ => shuffled(rows, taken, &mut Stream::new(protocol.seed, Purpose::Order, run as u64)),
        };
        let orders = (0..protocol.runs).map(order).collect();
        let fingerprint = base.fingerprint();
        let runs = vec![run; protocol.runs];
        let mut replay = Replay {
            protocol,
            base,
            corruption,
            grey: given.grey,
            orders,
            runs,
            rounds: Vec::new(),
            first: 0.0,
            fingerprint,
        };
        let seen = replay.seen(&replay.runs[0]);
        replay.first = seen.weight;
        let all = vec![seen; replay.runs.len()];
        replay.rounds.push(replay.observed(0, all));
        Ok(replay)
    }

    /// The settings.
    pub fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    /// The number of rounds done.
    pub fn done(&self) -> u64 {
        self.rounds.len() as u64 - 1
    }

    /// What was observed: row 0 before the first round, row t after round t.
    pub fn rounds(&self) -> &[Round] {
        &self.rounds
    }

    /// The memory of a run, with its new weights. Memories that have no weight any more are not in it.
    ///
    /// # Errors
    /// None that a protocol without errors leaves.
    pub fn memory(&self, run: usize) -> Result<Box<dyn Memory<F>>> {
        self.base.memory(&self.runs[run].masses, &self.runs[run].extra)
    }

    /// For each event its indices in the [memory](Self::memory) of a run: those memories that have its core, of which the
    /// first is the event itself if it still has a weight.
    pub fn events(&self, run: usize) -> Vec<Vec<usize>> {
        let Run { masses, extra, .. } = &self.runs[run];
        let mut found = vec![Vec::new(); self.base.events.len()];
        for (at, index) in self.base.order(masses, extra).into_iter().enumerate() {
            if let Some(event) = self.base.family(index, extra) {
                found[event].push(at);
            }
        }
        found
    }

    /// The weight of all events together in a run.
    pub fn weight(&self, run: usize) -> f64 {
        let Run { masses, extra, .. } = &self.runs[run];
        let own = masses.iter().enumerate().filter(|(n, _)| self.base.family(*n, extra).is_some());
        own.map(|(_, mass)| mass).sum::<f64>() / masses.iter().sum::<f64>()
    }

    /// The number of memories of a run that have no weight any more.
    pub fn forgotten(&self, run: usize) -> usize {
        self.runs[run].masses.iter().filter(|mass| **mass == 0.0).count()
    }

    /// Makes one round.
    ///
    /// # Errors
    /// Those of a recall.
    pub fn step(&mut self) -> Result<&Round> {
        let round = self.done() + 1;
        let mut runs = std::mem::take(&mut self.runs);
        let work = {
            let atoms: usize = runs.iter().map(|run| run.masses.len()).sum();
            /// Operations for one memory: a few additions, a division and a logarithm.
            const OPERATIONS: f64 = 30.0;
            let cued = if self.protocol.rule == Rule::Cued { 1e3 } else { 1.0 };
            OPERATIONS * cued * atoms as f64
        };
        let mut played: Vec<Option<Result<Seen>>> = runs.iter().map(|_| None).collect();
        let tasks = runs.iter_mut().zip(&mut played).enumerate();
        let tasks = tasks.map(|(number, (run, played))| (number, run, played)).collect();
        let this = &*self;
        threads::each(tasks, work, |(number, run, played): (usize, &mut Run, &mut Option<_>)| {
            *played = Some(this.play(number, run, round));
        });
        self.runs = runs;
        let seen: Vec<Seen> = played.into_iter().flatten().collect::<Result<_>>()?;
        let observed = self.observed(round, seen);
        self.rounds.push(observed);
        Ok(&self.rounds[round as usize])
    }

    /// Makes all rounds that are left.
    ///
    /// # Errors
    /// Those of [`step`](Self::step).
    pub fn finish(&mut self) -> Result<()> {
        while self.done() < self.protocol.rounds {
            self.step()?;
        }
        Ok(())
    }

    /// The random numbers of a round in a run have this row id; its replays have the ids that follow.
    fn id(run: usize, round: u64) -> u64 {
        // There are at most 10⁵ runs, 10⁶ rounds and 10⁶ replays.
        (run as u64) << 40 | round << 20
    }

    /// Plays a round of one run.
    fn play(&self, number: usize, run: &mut Run, round: u64) -> Result<Seen> {
        let protocol = &self.protocol;
        let mut stream = Stream::new(protocol.seed, Purpose::Replay, Self::id(number, round));
        let made = match protocol.disrupted(round) {
            0.0 => protocol.replays,
            p => (0..protocol.replays).filter(|_| stream.uniform() >= p).count(),
        };
        let mut counts = match protocol.rule {
            _ if made == 0 => vec![0; run.masses.len()],
            Rule::SelfSampled => draws(&sharpened(&run.masses, 1.0), made, &mut stream),
            Rule::Power(exponent) => draws(&sharpened(&run.masses, exponent), made, &mut stream),
            Rule::Cued => self.cued(number, run, round, made)?,
        };
        let is_event = |n: usize| self.base.family(n, &run.extra).is_some();
        let reached =
            counts.iter().enumerate().filter(|(n, c)| **c > 0 && is_event(*n)).map(|(_, c)| c).sum();
        if self.base.core.is_some() {
            self.regenerate(run, &mut counts, &mut stream);
        }
        let fresh = protocol.fresh_of(self.base.stream.nrows());
        if made > 0 || fresh > 0 || protocol.keep > 0.0 {
            reinforce(&mut run.masses, &counts, protocol.keep, protocol.strength);
        }
        for k in 0..fresh {
            let row = self.orders[number][(round as usize - 1) * fresh + k];
            let (place, atom) = self.base.place(row, &run.extra);
            let at = place.unwrap_or_else(|| add(run, atom));
            run.masses[at] += 1.0;
        }
        run.replays += made as u64;
        Ok(Seen { made: made as u64, reached, ..self.seen(run) })
    }

    /// Recalls partial traces of the events, one after the other, and counts where the recalls end.
    fn cued(&self, number: usize, run: &Run, round: u64, made: usize) -> Result<Vec<u64>> {
        /// Cues that are recalled together.
        const BATCH: usize = 1024;
        let memory = self.base.memory(&run.masses, &run.extra)?;
        let order = self.base.order(&run.masses, &run.extra);
        let (seed, events) = (self.protocol.seed, self.base.raw.nrows());
        let mut counts = vec![0; run.masses.len()];
        for from in (0..made).step_by(BATCH) {
            let event = |k: usize| (run.replays as usize + from + k) % events;
            let shown: Vec<usize> = (0..BATCH.min(made - from)).map(event).collect();
            let id = Self::id(number, round) + from as u64;
            let traces =
                corrupt(self.base.raw.select(Axis(0), &shown), &self.corruption, seed, id, self.grey)?;
            let request = self.request(&traces.cues, &traces.known, id)?;
            for row in memory.recall(&request)?.rows {
                if let Some(found) = row.memory {
                    counts[order[found]] += 1;
                }
            }
        }
        Ok(counts)
    }

    /// The request that recalls traces: with the level of their noise, if that is known, and with their known units, if
    /// some are missing.
    fn request<'a>(
        &self,
        cues: &'a Array2<F>,
        known: &'a Array2<bool>,
        first_row: u64,
    ) -> Result<Request<'a, F>> {
        let levels = model(&self.base.spec.model)?.card.levels;
        let level = match self.corruption {
            Corruption::Noise { sigma, finish: OutOfRange::Free } if sigma > 0.0 && levels => {
                Level::Sigma(sigma)
            }
            Corruption::Signal(signal) if signal < 1.0 && levels => Level::Signal(signal),
            _ => Level::Estimate,
        };
        let removes = matches!(self.corruption, Corruption::Mask(_) | Corruption::Block { .. });
        let known = removes.then(|| known.view());
        Ok(Request { level, known, top: 1, seed: self.protocol.seed, first_row, ..Request::new(cues.view()) })
    }

    /// Of each replay that recalled an event, only the core stays; the rest becomes that of a semantic memory.
    fn regenerate(&self, run: &mut Run, counts: &mut Vec<u64>, stream: &mut Stream) {
        let found: Vec<(usize, u64, usize)> = (0..counts.len())
            .filter(|n| counts[*n] > 0)
            .filter_map(|n| Some((n, counts[n], self.base.family(n, &run.extra)?)))
            .collect();
        for (index, count, event) in found {
            let rests = self.base.rests(event, &run.masses, &run.extra);
            let weights: Vec<f64> = rests.iter().map(|(_, weight)| *weight).collect();
            if weights.iter().all(|w| *w == 0.0) {
                continue;
            }
            counts[index] -= count;
            let drawn = draws(&sharpened(&weights, 1.0), count as usize, stream);
            for ((rest, _), drawn) in rests.iter().zip(drawn).filter(|(_, drawn)| *drawn > 0) {
                let atom = Atom::Core { event, rest: *rest };
                let at = run.extra.iter().position(|other| *other == atom);
                let at = at.map_or_else(|| add(run, atom), |at| self.base.patterns.len() + at);
                counts.resize(run.masses.len(), 0);
                counts[at] += drawn;
            }
        }
    }

    /// What is observed of a run as it is.
    fn seen(&self, run: &Run) -> Seen {
        let mut seen = Seen { events: vec![0.0; self.base.events.len()], ..Seen::default() };
        let total: f64 = run.masses.iter().sum();
        for (n, mass) in run.masses.iter().enumerate().filter(|(_, mass)| **mass > 0.0) {
            if let Some(event) = self.base.family(n, &run.extra) {
                seen.events[event] += mass / total;
                if n < self.base.patterns.len() {
                    seen.whole += mass / total;
                }
            }
            seen.memories += 1;
        }
        seen.weight = seen.events.iter().sum();
        (seen.entropy, seen.participation) = diversity(&run.masses);
        seen
    }

    /// What is observed of all runs after a round.
    fn observed(&self, number: u64, all: Vec<Seen>) -> Round {
        let count = all.len() as f64;
        let mean = |value: &dyn Fn(&Seen) -> f64| all.iter().map(value).sum::<f64>() / count;
        let made: u64 = all.iter().map(|seen| seen.made).sum();
        let reached: u64 = all.iter().map(|seen| seen.reached).sum();
        let before = self.rounds.last().map_or(0.0, |round| round.replays);
        let mut weights: Vec<f64> = all.iter().map(|seen| seen.weight).collect();
        weights.sort_by(f64::total_cmp);
        /// Weights that are equal but for rounding do not count as fallen.
        const ROUNDING: f64 = 1e-12;
        let share = |is: &dyn Fn(f64) -> bool| weights.iter().filter(|w| is(**w)).count() as f64 / count;
        Round {
            round: number,
            replays: before + made as f64 / count,
            reached: (made > 0).then(|| reached as f64 / made as f64),
            weight: mean(&|seen| seen.weight),
            quantiles: [0.05, 0.25, 0.5, 0.75, 0.95].map(|p| quantile(&weights, p)),
            fallen: share(&|w| w < self.first * (1.0 - ROUNDING)),
            lost: share(&|w| w == 0.0),
            whole: mean(&|seen| seen.whole),
            events: (0..self.base.events.len()).map(|event| mean(&|seen| seen.events[event])).collect(),
            entropy: mean(&|seen| seen.entropy),
            participation: mean(&|seen| seen.participation),
            memories: mean(&|seen| seen.memories as f64),
        }
    }
}

/// Adds a memory without mass to a run. Returns its index.
fn add(run: &mut Run, atom: Atom) -> usize {
    run.extra.push(atom);
    run.masses.push(0.0);
    run.masses.len() - 1
}

/// The first `taken` of `count` items in random order (Fisher–Yates). More of them begin with the same ones.
fn shuffled(count: usize, taken: usize, stream: &mut Stream) -> Vec<usize> {
    // Items that are not where they were; all others are in their own place.
    let mut moved: HashMap<usize, usize> = HashMap::new();
    let mut at = |place: usize| {
        let other = place + stream.below(count - place);
        let here = moved.get(&place).copied().unwrap_or(place);
        moved.insert(other, here).unwrap_or(other)
    };
    (0..taken).map(&mut at).collect()
}

/// Refuses a stream that is too short for all rounds.
fn check_stream(protocol: &Protocol, rows: usize) -> Result<()> {
    let fresh = protocol.fresh_of(rows);
    let needed = protocol.rounds.saturating_mul(fresh as u64);
    if needed <= rows as u64 {
        return Ok(());
    }
    Err(Error::Refused(
        format!(
            "stream: expected {needed} rows, {fresh} for each of {} rounds, found {rows}; give a longer one, or fewer rounds",
            protocol.rounds
        )
        .into(),
    ))
}
