//! The state of a protocol as a file, from which it goes on.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use attractor::fields::{Kind, Value as Field};
use attractor::memories::Spec;
use attractor::{Memory, Real};
use attractor_data::{Error as DataError, write_atomically};
use serde_json::{Map, Value, json};

use crate::atoms::Atom;
use crate::error::{Error, Result};
use crate::experiences::Experiences;
use crate::protocol::{PARAMETERS, Protocol};
use crate::replay::{Replay, Run};
use crate::round::Round;

/// The version of the file.
const VERSION: u64 = 1;

/// The entry that names it.
const KEY: &str = "attractor-replay";

impl<F: Real> Replay<F> {
    /// Makes all rounds that are left, and shows each to the observer. If the observer breaks, the protocol stops after
    /// that round. The state is written to `file` at that moment, every `every`, and at the end, so that
    /// [`resume`](Self::resume) goes on from there. Returns whether all rounds are done.
    ///
    /// # Errors
    /// Those of [`step`](Self::step); the file cannot be written.
    pub fn run(
        &mut self,
        file: Option<&Path>,
        every: Duration,
        observe: &mut dyn FnMut(&Round) -> ControlFlow<()>,
    ) -> Result<bool> {
        let mut saved = Instant::now();
        while self.done() < self.protocol.rounds {
            let stops = observe(self.step()?).is_break();
            let last = self.done() == self.protocol.rounds;
            if let Some(file) = file.filter(|_| stops || last || saved.elapsed() >= every) {
                self.save(file)?;
                saved = Instant::now();
            }
            if stops {
                return Ok(last);
            }
        }
        Ok(true)
    }

    /// Writes the state to a file. If that fails, no partial file is left.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, file: &Path) -> Result<()> {
        let options = self.protocol().to_options();
        let settings = options.iter().map(|(name, value)| (name.to_owned(), Value::from(value.to_string())));
        let extra = |atom: &Atom| match atom {
            Atom::Shape(shape) => json!({ "shape": shape }),
            Atom::Fresh(row) => json!([row]),
            Atom::Core { event, rest } => json!([event, rest]),
        };
        let run = |run: &Run| {
            let extra: Vec<Value> = run.extra.iter().map(extra).collect();
            json!({ "masses": run.masses, "extra": extra, "replays": run.replays })
        };
        let document = json!({
            KEY: VERSION,
            "program": env!("CARGO_PKG_VERSION"),
            "seed": self.protocol().seed,
            "settings": settings.collect::<Map<_, _>>(),
            "fingerprint": format!("{:016x}", self.fingerprint),
            "runs": self.runs.iter().map(run).collect::<Vec<_>>(),
            "rounds": self.rounds().iter().map(written).collect::<Vec<_>>(),
        });
        let text = document.to_string();
        Ok(write_atomically(file, |out| out.write_all(text.as_bytes()))?)
    }

    /// Goes on from a state that [`run`](Self::run) or [`save`](Self::save) wrote. The memory, what happens to it and
    /// the settings must be those of the state; only the number of rounds may be another, as long as it is not below
    /// what is done.
    ///
    /// # Errors
    /// Those of [`new`](Self::new); a file that cannot be read or is no state; a state of other settings.
    pub fn resume(
        spec: &Spec,
        memory: &dyn Memory<F>,
        given: &Experiences<F>,
        protocol: Protocol,
        file: &Path,
    ) -> Result<Self> {
        let text =
            fs::read_to_string(file).map_err(|reason| DataError::Read { path: file.to_owned(), reason })?;
        let mut replay = Self::new(spec, memory, given, protocol)?;
        let document: Value = serde_json::from_str(&text).unwrap_or_default();
        if document[KEY].as_u64() != Some(VERSION) {
            return Err(wrong(file, "another file"));
        }
        if let Some((name, was, is)) = difference(&document, replay.protocol()) {
            return Err(Error::Refused(
                format!("{name}: expected {was}, as {} was made with, found {is}; only the number of rounds may be another", file.display()).into(),
            ));
        }
        if document["fingerprint"].as_str() != Some(&format!("{:016x}", replay.fingerprint)) {
            return Err(Error::Refused(
                format!("resume: expected the memory, events, core and stream that {} was made with, found others; give those, or begin anew", file.display()).into(),
            ));
        }
        let read = |list: &Value| list.as_array().cloned();
        let runs = read(&document["runs"]).and_then(|runs| runs.iter().map(run).collect::<Option<Vec<_>>>());
        let rounds =
            read(&document["rounds"]).and_then(|rounds| rounds.iter().map(round).collect::<Option<Vec<_>>>());
        let count = replay.base.patterns.len();
        let fits = |run: &Run| {
            run.masses.len() == count + run.extra.len()
                && run.masses.iter().all(|m| m.is_finite() && *m >= 0.0)
                && run.extra.starts_with(&replay.base.extra)
                && run.extra.iter().all(|atom| replay.base.has(*atom))
        };
        match (runs, rounds) {
            (Some(runs), Some(rounds))
                if runs.len() == replay.runs.len() && runs.iter().all(fits) && !rounds.is_empty() =>
            {
                (replay.runs, replay.rounds) = (runs, rounds);
            }
            _ => return Err(wrong(file, "a damaged one")),
        }
        if replay.done() > replay.protocol().rounds {
            let expected = format!("at least the {} rounds that are done", replay.done());
            return Err(attractor::Error::parameter("rounds", expected, replay.protocol().rounds).into());
        }
        Ok(replay)
    }
}

fn wrong(file: &Path, found: &str) -> Error {
    Error::Data(DataError::Content {
        path: file.to_owned(),
        expected: "the state of a protocol of replay".into(),
        found: found.into(),
        cure: "give the file that a stopped protocol left, or begin anew".into(),
    })
}

/// The first setting in which a state and a protocol differ: its name and its two values.
fn difference(document: &Value, protocol: &Protocol) -> Option<(&'static str, String, String)> {
    let now = protocol.to_options();
    let default = |name: &str| now.get(name).map_or("the default".to_owned(), |value| value.to_string());
    let was =
        |name: &str| document["settings"][name].as_str().map_or("the default".to_owned(), str::to_owned);
    let seeds = (document["seed"].as_u64(), protocol.seed);
    if seeds.0 != Some(seeds.1) {
        let was = seeds.0.map_or("none".to_owned(), |seed| seed.to_string());
        return Some(("seed", was, seeds.1.to_string()));
    }
    let names = PARAMETERS.iter().map(|p| p.name).filter(|name| *name != "rounds");
    names.map(|name| (name, was(name), default(name))).find(|(_, was, is)| was != is)
}

/// A round as JSON.
fn written(round: &Round) -> Value {
    let value = |field: &attractor::fields::Field<Round>| match (field.get)(round) {
        Field::Whole(n) => json!(n),
        Field::Number(x) => json!(x),
        Field::Numbers(list) => json!(list),
        _ => Value::Null,
    };
    Value::Object(Round::FIELDS.iter().map(|field| (field.name.to_owned(), value(field))).collect())
}

fn round(value: &Value) -> Option<Round> {
    debug_assert!(Round::FIELDS.iter().all(|f| matches!(f.kind, Kind::Whole | Kind::Number | Kind::Numbers)));
    let number = |name: &str| value[name].as_f64();
    Some(Round {
        round: value["round"].as_u64()?,
        replays: number("replays")?,
        reached: number("reached"),
        weight: number("weight")?,
        quantiles: [number("q05")?, number("q25")?, number("median")?, number("q75")?, number("q95")?],
        fallen: number("fallen")?,
        lost: number("lost")?,
        whole: number("whole")?,
        events: value["events"].as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?,
        entropy: number("entropy")?,
        participation: number("participation")?,
        memories: number("memories")?,
    })
}

fn run(value: &Value) -> Option<Run> {
    let atom = |value: &Value| {
        if let Some(shape) = value["shape"].as_u64() {
            return usize::try_from(shape).ok().map(Atom::Shape);
        }
        let numbers: Option<Vec<usize>> =
            value.as_array()?.iter().map(|n| usize::try_from(n.as_u64()?).ok()).collect();
        match numbers?[..] {
            [row] => Some(Atom::Fresh(row)),
            [event, rest] => Some(Atom::Core { event, rest }),
            _ => None,
        }
    };
    Some(Run {
        masses: value["masses"].as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?,
        extra: value["extra"].as_array()?.iter().map(atom).collect::<Option<_>>()?,
        replays: value["replays"].as_u64()?,
    })
}
