//! What is measured: a model of the library, the best possible decoder, or a function of the user.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use attractor::energies::is_narrowed;
use attractor::memories::{Options, Spec};
use attractor::noise::{Purpose, Stream};
use attractor::options::{Fallback, Kind, Value};
use attractor::patterns::Packed;
use attractor::{Patterns, Preparation, Request};
use attractor_data::{corrupt, random_spins};
use attractor_report::{Error, Result};
use ndarray::{Array2, ArrayView2, Axis};

use super::cells::Score;
use super::{Passage, Task};

/// The name of the model of sequences.
const SEQUENCE: &str = "sequence";

/// How many cues are recalled together.
const BATCH: usize = 1024;

/// A function of the user. It takes the patterns, the cues and, for masks, which units are known, and returns
/// the recalled states.
pub type Own = dyn Fn(ArrayView2<f32>, ArrayView2<f32>, Option<ArrayView2<bool>>) -> attractor::Result<Array2<f32>>
    + Send
    + Sync;

/// Something that recalls patterns.
#[derive(Clone)]
pub enum Contender {
    /// The Bayes decoder of each unit, the sign of E\[y | cue\]. No memory has fewer wrong units on average.
    /// It is one update of a modern Hopfield network at [`Task::bayes_beta`], or, for noise, one step of a
    /// diffusion model.
    Ceiling,
    /// A model with its options. The number, if there is one, limits its updates; otherwise it runs to rest.
    Model(Spec, Option<usize>),
    /// A function of the user, with its name.
    Own(String, Arc<Own>),
}

/// Contenders for which one theory of capacity holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// The best decoder.
    Ceiling,
    /// Hopfield networks.
    Hopfield,
    /// Dense associative memories, of every interaction.
    Dense,
    /// Memories of sequences.
    Sequence,
    /// Memories without a theory here.
    Other,
}

impl fmt::Debug for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The name in tables and figures, with options.
impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Contender::Ceiling => write!(f, "ceiling"),
            Contender::Own(name, _) => write!(f, "{name}"),
            Contender::Model(spec, updates) => {
                write!(f, "{}", spec.model)?;
                for (name, value) in spec.options.iter() {
                    match value {
                        Value::Flag(_) => write!(f, " {name}")?,
                        value => write!(f, " {name}={value}")?,
                    }
                }
                updates.map_or(Ok(()), |updates| write!(f, " updates={updates}"))
            }
        }
    }
}

/// The seed of the patterns of a set and of their cues.
pub fn set_seed(seed: u64, dim: usize, set: usize) -> u64 {
    Stream::new(seed, Purpose::Patterns, (dim as u64) << 32 | set as u64).bits()
}

/// `ceiling`, or the name of a model with options of its own: `hopfield:rule=pseudo-inverse`,
/// `universal:similarity=dot:separation=poly:3`. A colon begins an option if a name with `=`, or the name of a flag,
/// follows; otherwise it belongs to the value.
impl FromStr for Contender {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let rest: Vec<&str> = parts.collect();
        if name == "ceiling" {
            return match rest.is_empty() {
                true => Ok(Contender::Ceiling),
                false => Err(Error::setting("model", "ceiling without options", text)),
            };
        }
        let card = attractor::memories::model(name)?.card;
        if card.described || card.trained {
            let expected =
                "a model that stores patterns as they are (capacities of networks: reproduce fig3)";
            return Err(Error::setting("model", expected, name));
        }
        if card.name == "bidirectional" {
            let expected = "a model of patterns alone, since random patterns come without values";
            return Err(Error::setting("model", expected, name));
        }
        let mut options: Vec<(String, String)> = Vec::new();
        for part in rest {
            let flag = card.parameter(part).is_some_and(|p| matches!(p.kind, Kind::Flag));
            match (part.split_once('='), options.last_mut()) {
                (Some((option, value)), _) => options.push((option.to_owned(), value.to_owned())),
                (None, Some((_, value))) if !flag => *value += &format!(":{part}"),
                (None, _) => options.push((part.to_owned(), String::new())),
            }
        }
        let mut spec = Spec::new(name);
        for (option, value) in options {
            if spec.options.has(&option) {
                return Err(Error::setting("model", format!("each option of {name} once"), text));
            }
            spec.set(&option, value);
        }
        spec.options = spec.options.read(card.parameters, "option")?;
        Ok(Contender::Model(spec, None))
    }
}

impl Contender {
    /// Which theory of capacity holds for it.
    pub fn family(&self) -> Family {
        match self {
            Contender::Ceiling => Family::Ceiling,
            Contender::Own(..) => Family::Other,
            Contender::Model(spec, _) => match spec.model.as_str() {
                "hopfield" => Family::Hopfield,
                "dense" => Family::Dense,
                SEQUENCE => Family::Sequence,
                _ => Family::Other,
            },
        }
    }

    /// A model as [`FromStr`] reads it, with those of the options that it has and that its text does not set. A value
    /// that is the option's default is left out, so that it makes no other contender.
    ///
    /// ```
    /// use attractor_capacity::Contender;
    /// let same = Contender::named("hopfield", attractor::memories::Options::default().set("rule", "hebb"))?;
    /// assert_eq!(same.to_string(), "hopfield");
    /// # Ok::<(), attractor_report::Error>(())
    /// ```
    ///
    /// # Errors
    /// An unknown model, or one that needs training; a value that is not of its option's kind.
    pub fn named(text: &str, options: &Options) -> Result<Self> {
        let Contender::Model(mut spec, updates) = text.parse()? else { return Ok(Contender::Ceiling) };
        let parameters = attractor::memories::model(&spec.model)?.card.parameters;
        for (option, value) in options.iter() {
            if parameters.iter().any(|p| p.name == option) && !spec.options.has(option) {
                spec.set(option, value.clone());
            }
        }
        spec.options = spec.options.read(parameters, "option")?;
        for parameter in parameters {
            if let Fallback::Is(usual) = parameter.default
                && parameter.parse(usual).is_ok_and(|usual| spec.options.get(parameter.name) == Some(&usual))
            {
                spec.options.remove(parameter.name);
            }
        }
        Ok(Contender::Model(spec, updates))
    }

    /// Whether it is a model that has this option, and does not set it.
    ///
    /// # Errors
    /// As [`named`](Self::named).
    pub fn takes(text: &str, option: &str) -> Result<bool> {
        Ok(match text.parse()? {
            Contender::Model(spec, _) => {
                attractor::memories::model(&spec.model)?.card.parameter(option).is_some()
                    && !spec.options.has(option)
            }
            _ => false,
        })
    }

    /// Seconds for each pattern, cue and unit, measured on two cores with the default options. A function of the user's is
    /// taken to be as fast as the ceiling.
    pub(crate) fn pace(&self) -> f64 {
        match self {
            Contender::Ceiling | Contender::Own(..) => 5e-11,
            Contender::Model(spec, _) => match spec.model.as_str() {
                "diffusion" => 2e-9,
                "dense" => 5e-9,
                _ => 5e-10,
            },
        }
    }

    /// The text that [`FromStr`] reads: `hopfield:rule=pseudo-inverse`. A function has only its name.
    pub fn spelled(&self) -> String {
        let Contender::Model(spec, _) = self else { return self.to_string() };
        let mut text = spec.model.clone();
        for (name, value) in spec.options.iter() {
            text += &match value {
                Value::Flag(_) => format!(":{name}"),
                value => format!(":{name}={value}"),
            };
        }
        text
    }
    /// The recalled states of some cues.
    fn recall(
        &self,
        patterns: Array2<f32>,
        cues: ArrayView2<f32>,
        known: Option<ArrayView2<bool>>,
        task: Task,
        seed: u64,
    ) -> Result<Array2<f32>> {
        let (spec, updates) = match self {
            Contender::Own(_, recall) => {
                let states = recall(patterns.view(), cues, known)?;
                if states.dim() != cues.dim() {
                    return Err(Error::setting(
                        "recall",
                        format!("states of the shape of the cues, {:?}", cues.dim()),
                        format!("{:?}", states.dim()),
                    ));
                }
                if let Some((place, value)) = states.indexed_iter().find(|(_, value)| !value.is_finite()) {
                    return Err(Error::setting(
                        "recall",
                        "states that are finite numbers",
                        format!("{value} at row {}, unit {}", place.0, place.1),
                    ));
                }
                return Ok(states);
            }
            Contender::Model(spec, updates) => (spec.clone(), *updates),
            Contender::Ceiling => (Spec::new("modern").with("beta", task.bayes_beta()), Some(1)),
        };
        // Removed units are 0, so the decoder learns nothing more from the mask.
        let known = known.filter(|_| !matches!(self, Contender::Ceiling));
        let card = attractor::memories::model(&spec.model)?.card;
        /// From this size on it is faster to read bits than numbers.
        const PACKED: usize = 4096;
        let patterns = match card.streams && patterns.nrows() >= PACKED {
            true => Patterns::packed(Packed::from_signs(patterns.view()), Preparation::Identity)?,
            false => Patterns::new(patterns)?,
        };
        // Near capacity too many patterns have weight for narrowed reads to pay off.
        let narrows = card.parameter("narrow").is_some() && !spec.options.has("narrow");
        let spec = match is_narrowed(patterns.len(), patterns.dim()) && narrows {
            true => spec.with("narrow", "off"),
            false => spec,
        };
        let memory = spec.build(patterns)?;
        let mut states = Array2::from_elem(cues.dim(), 0.0);
        for from in (0..cues.nrows()).step_by(BATCH) {
            let rows = from..cues.nrows().min(from + BATCH);
            let part = ndarray::s![rows.clone(), ..];
            let request = Request {
                known: known.as_ref().map(|known| known.slice(part)),
                level: task.level(),
                updates,
                seed,
                first_row: from as u64,
                report: false,
                top: 1,
                ..Request::new(cues.slice(part))
            };
            states.slice_mut(part).assign(&memory.recall(&request)?.states);
        }
        Ok(states)
    }

    /// Returns an error for a task that it is not measured with: memories of sequences are measured by what follows a pattern, and
    /// others by what they make of a cue.
    pub(super) fn fits(&self, task: Task) -> Result<()> {
        let plays = self.family() == Family::Sequence;
        let dwells = matches!(self, Contender::Model(spec, _) if spec.options.has("dwell"));
        match task {
            Task::Sequence(_) if !plays => {
                Err(Error::setting("model", "sequence, for the steps of sequences", self.to_string()))
            }
            Task::Sequence(_) if dwells => {
                let expected = "sequence without dwell, so that a step is one update";
                Err(Error::setting("model", expected, self.to_string()))
            }
            Task::Sequence(_) => match self {
                Contender::Model(_, Some(updates)) => Err(Error::setting(
                    "updates",
                    "none with sequences, of which a step is one update",
                    *updates,
                )),
                _ => Ok(()),
            },
            _ if plays => {
                let expected = "a model that recalls the pattern of a cue; sequence is measured by the steps of sequences";
                Err(Error::setting("model", expected, self.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// Counts the steps of a closed sequence that lead to a state with a wrong unit; or, of a whole sequence, whether there is any. If each
    /// pattern leads to the next one exactly, so does the state that came of it.
    fn follow(&self, passage: Passage, patterns: Array2<f32>, cues: usize, set: usize) -> Result<Score> {
        let start = std::time::Instant::now();
        let Contender::Model(spec, _) = self else {
            unreachable!("checked that it is a memory of sequences")
        };
        let count = patterns.nrows();
        let memory = spec.clone().with("closed", true).build(Patterns::new(patterns.clone())?)?;
        let mut wrong = 0;
        for from in (0..cues).step_by(BATCH) {
            let rows = from..cues.min(from + BATCH);
            let states = patterns.slice(ndarray::s![rows.clone(), ..]);
            let request = Request { updates: Some(1), report: false, ..Request::new(states) };
            let next = memory.recall(&request)?.states;
            wrong += rows.zip(next.outer_iter()).filter(|(n, x)| *x != patterns.row((n + 1) % count)).count()
                as u64;
        }
        let (wrong, units) = match passage {
            Passage::Step => (wrong, cues as u64),
            Passage::Whole => (u64::from(wrong > 0), 1),
        };
        Ok(Score { set, halves: 2 * wrong, units, seconds: start.elapsed().as_secs_f64() })
    }

    /// Counts the wrong units of recalled cues. `cues` says how many cues are made, from the patterns in
    /// turn; `None` makes one of each pattern. Patterns depend on the set, D and the seed. Fewer patterns are
    /// the first of more, and each cue keeps its noise.
    pub(super) fn measure(
        &self,
        task: Task,
        (dim, count): (usize, usize),
        set: usize,
        cues: Option<usize>,
        seed: u64,
    ) -> Result<Score> {
        let start = std::time::Instant::now();
        let seed = set_seed(seed, dim, set);
        let patterns = random_spins::<f32>(count, dim, seed);
        let corruption = match (task, task.corruption()) {
            (Task::Sequence(passage), _) => {
                return self.follow(passage, patterns, task.cues(cues, count), set);
            }
            (_, corruption) => corruption.expect("tasks other than sequences corrupt their cues"),
        };
        let truth = match cues {
            None => patterns.clone(),
            Some(cues) => patterns.select(Axis(0), &(0..cues).map(|row| row % count).collect::<Vec<_>>()),
        };
        let made = corrupt(truth.clone(), &corruption, seed, 0, false)?;
        let known = matches!(task, Task::Mask(_)).then(|| made.known.view());
        let states = self.recall(patterns, made.cues.view(), known, task, seed)?;
        Ok(Score { seconds: start.elapsed().as_secs_f64(), ..Score::of(set, &states, &truth) })
    }
}
