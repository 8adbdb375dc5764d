//! How a cue is made from a pattern, seen as a channel.

use std::fmt;
use std::str::FromStr;

use attractor::Level;
use attractor_data::Corruption;
use attractor_report::{Error, Result};

use super::channel::{Channel, normal_tail};

/// How cues of ±1 patterns are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Task {
    /// θy + √(1 − θ²)ε, 0 < θ < 1.
    Signal(f64),
    /// Each unit is removed with probability p, 0 < p < 1. The memory is told which units are known.
    Mask(f64),
    /// Each unit is flipped with probability p, 0 < p < ½.
    Flip(f64),
    /// The cue is a pattern without noise, and the next pattern should follow. For memories of sequences.
    Sequence(Passage),
}

/// What counts as wrong in a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// A step to the next pattern with any unit wrong: the share of patterns that are followed wrongly.
    Step,
    /// A closed sequence with any step wrong: the share of pattern sets whose sequence is wrong.
    Whole,
}

impl Passage {
    /// Both with their names.
    pub const ALL: &[(&'static str, Passage)] = &[("step", Passage::Step), ("whole", Passage::Whole)];

    /// The name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

impl FromStr for Passage {
    type Err = attractor::Error;

    fn from_str(name: &str) -> attractor::Result<Self> {
        attractor::options::find("sequence", Self::ALL, name)
    }
}

impl Task {
    /// Checks the range. Cues must leave something to recall, and something to recall it from.
    ///
    /// # Errors
    /// A number outside its range.
    pub fn check(self) -> Result<()> {
        let (name, value, below) = match self {
            Task::Signal(signal) => ("signal", signal, 1.0),
            Task::Mask(p) => ("mask", p, 1.0),
            Task::Flip(p) => ("flip", p, 0.5),
            Task::Sequence(_) => return Ok(()),
        };
        match value > 0.0 && value < below {
            true => Ok(()),
            false => Err(Error::setting(name, format!("a number above 0 and below {below}"), value)),
        }
    }

    /// The corruption that makes the cues. `None` if they are patterns as they are.
    pub fn corruption(self) -> Option<Corruption> {
        match self {
            Task::Signal(signal) => Some(Corruption::Signal(signal)),
            Task::Mask(p) => Some(Corruption::Mask(p)),
            Task::Flip(p) => Some(Corruption::Flip(p)),
            Task::Sequence(_) => None,
        }
    }

    /// How many cues are recalled of a set of N patterns, if so many were asked for. A step of a sequence is not recalled twice, and
    /// a whole sequence has all its steps.
    pub fn cues(self, asked: Option<usize>, patterns: usize) -> usize {
        match self {
            Task::Sequence(Passage::Whole) => patterns,
            Task::Sequence(Passage::Step) => asked.unwrap_or(patterns).min(patterns),
            _ => asked.unwrap_or(patterns),
        }
    }

    /// The noise level that a diffusion memory is given. For flips it is the level at which a single read is
    /// the Bayes decoder, 1/σ² = [`bayes_beta`](Task::bayes_beta). For masks the known units are given
    /// instead.
    pub fn level(self) -> Level {
        match self {
            Task::Signal(signal) => Level::Signal(signal),
            Task::Mask(_) | Task::Sequence(_) => Level::Estimate,
            Task::Flip(_) => Level::Sigma(1.0 / self.bayes_beta().sqrt()),
        }
    }

    /// The inverse temperature at which softmax(β Yx) is the posterior of equally likely patterns: θ/(1 − θ²)
    /// for noise and ½ ln((1 − p)/p) for flips. For masks, and cues without noise, it is so large that a pattern which differs in
    /// a known unit has no weight.
    pub fn bayes_beta(self) -> f64 {
        match self {
            Task::Signal(signal) => signal / (1.0 - signal * signal),
            Task::Flip(p) => 0.5 * ((1.0 - p) / p).ln(),
            Task::Mask(_) | Task::Sequence(_) => 64.0,
        }
    }

    /// The channel from a unit of the pattern to a unit of the cue. `None` for sequences, whose cues tell nothing of a unit by itself.
    pub fn channel(self) -> Option<Channel> {
        match self {
            Task::Signal(signal) => Some(Channel::gaussian(signal)),
            Task::Mask(p) => Some(Channel::erasures(p)),
            Task::Flip(p) => Some(Channel::flips(p)),
            Task::Sequence(_) => None,
        }
    }

    /// Whether anything limits how many patterns the best decoder holds. Nothing does if its error is within the threshold
    /// where it guesses each unit by itself.
    pub fn is_limited(self, threshold: f64) -> bool {
        self.uncoded_error() > threshold
    }

    /// Share of wrong units when each unit is guessed from its own cue alone.
    pub fn uncoded_error(self) -> f64 {
        match self {
            Task::Signal(signal) => normal_tail(signal / (1.0 - signal * signal).sqrt()),
            Task::Mask(p) => p / 2.0,
            Task::Flip(p) => p,
            Task::Sequence(_) => 0.5,
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// Smaller numbers would be rows of zeros.
        const SMALL: f64 = 1e-5;
        match *self {
            Task::Mask(p) if p < SMALL => write!(f, "mask:{p:e}"),
            Task::Flip(p) if p < SMALL => write!(f, "flip:{p:e}"),
            Task::Signal(signal) if signal < SMALL => write!(f, "signal:{signal:e}"),
            Task::Sequence(passage) => write!(f, "sequence:{}", passage.name()),
            Task::Signal(signal) => Corruption::Signal(signal).fmt(f),
            Task::Mask(p) => Corruption::Mask(p).fmt(f),
            Task::Flip(p) => Corruption::Flip(p).fmt(f),
        }
    }
}

impl FromStr for Task {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let expected =
            || Error::setting("task", "signal:T, mask:P, flip:P, sequence:step or sequence:whole", text);
        let (name, number) = text.split_once(':').ok_or_else(expected)?;
        if name == "sequence" {
            return Ok(Task::Sequence(number.parse()?));
        }
        let number = number.parse().map_err(|_| expected())?;
        let task = match name {
            "signal" => Task::Signal(number),
            "mask" => Task::Mask(number),
            "flip" => Task::Flip(number),
            _ => return Err(expected()),
        };
        task.check()?;
        Ok(task)
    }
}
