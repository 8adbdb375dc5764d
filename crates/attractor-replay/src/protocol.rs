//! The settings of a protocol, declared once for every front end.

use std::fmt;
use std::str::FromStr;

use attractor::message::{Argument, Message};
use attractor::options::{CountRange, Fallback, Form, Kind, NumberRange, Options, Parameter};
use attractor::{Error, Result, message};

use crate::rule::Rule;

/// Rounds in which replay is prevented, with both ends; the first round is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disruption {
    /// The first of them.
    pub from: u64,
    /// The last of them.
    pub to: u64,
}

impl FromStr for Disruption {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let refused = || Error::parameter("disrupt-rounds", "rounds from 1 on, as in 1-50", text);
        let (from, to) = text.split_once('-').ok_or_else(refused)?;
        let number = |text: &str| text.parse::<u64>().ok().filter(|round| *round > 0);
        match (number(from), number(to)) {
            (Some(from), Some(to)) if from <= to => Ok(Disruption { from, to }),
            _ => Err(refused()),
        }
    }
}

impl fmt::Display for Disruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from, self.to)
    }
}

/// The settings of a protocol of replay. [`PARAMETERS`] declares them for front ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Protocol {
    /// What is replayed. Default: samples of the memory itself.
    pub rule: Rule,
    /// The number of rounds, 1 to 10⁶. Default: 200.
    pub rounds: u64,
    /// Replays in a round, all of them from the memory as the round began, 0 to 10⁶. Default: 1.
    pub replays: usize,
    /// Independent runs of the protocol, 1 to 10⁵. Default: 1.
    pub runs: usize,
    /// λ, the share of its mass that a memory keeps in a round, 0 to 1. Default: 1, where replays accumulate. At 0 the
    /// memory is fitted anew to the replays of the round.
    pub keep: f64,
    /// s > 0, the mass that one replay adds. Default: 1, as much as an experience.
    pub strength: f64,
    /// The mass of the stored memories together, > 0. `None` stands for their number.
    pub mass: Option<f64>,
    /// The mass of each new event, > 0. Default: 1, a single experience.
    pub event_mass: f64,
    /// The partial trace of an event, in the notation of [`Corruption`](attractor_data::Corruption). Default:
    /// `mask:0.5`, a random half of the units in each replay.
    pub cue: String,
    /// The probability that a replay is prevented, 0 to 1. Default: 0.
    pub disrupt: f64,
    /// The rounds in which replays are prevented. Default: all.
    pub disrupt_rounds: Option<Disruption>,
    /// New experiences of the stream in a round, each a memory of mass 1. `None` is one if there is a stream.
    pub fresh: Option<usize>,
    /// How closely the rest of a replay fits its core, > 0 and in the units of the patterns. `None` is half a spread.
    pub core_sigma: Option<f64>,
    /// The seed of everything random.
    pub seed: u64,
}

impl Default for Protocol {
    fn default() -> Self {
        Protocol {
            rule: Rule::SelfSampled,
            rounds: 200,
            replays: 1,
            runs: 1,
            keep: 1.0,
            strength: 1.0,
            mass: None,
            event_mass: 1.0,
            cue: "mask:0.5".into(),
            disrupt: 0.0,
            disrupt_rounds: None,
            fresh: None,
            core_sigma: None,
            seed: 0,
        }
    }
}

const ROUNDS: CountRange = CountRange::between(1, 1_000_000);
const REPLAYS: CountRange = CountRange::between(0, 1_000_000);
const RUNS: CountRange = CountRange::between(1, 100_000);
const SHARE: NumberRange = NumberRange::between(0.0, 1.0);
/// Masses are limited so that sums of squares of them are finite.
const MASS: NumberRange = NumberRange::between(0.0, 1e12).above_low();
const SIGMA: NumberRange = NumberRange::POSITIVE;

/// The settings as options. The seed, which all commands have, is not among them.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "rule",
        kind: Kind::Form(Form { forms: Rule::grammars, check: Form::reads::<Rule> }),
        default: Fallback::Is("self"),
        help: "What is replayed: samples of the memory itself (self), recalls of partial traces of the events (cued), or samples with probabilities that are a power of the weights (power:γ)",
    },
    Parameter {
        name: "rounds",
        kind: Kind::Count(ROUNDS),
        default: Fallback::Is("200"),
        help: "How many rounds to make",
    },
    Parameter {
        name: "replays",
        kind: Kind::Count(REPLAYS),
        default: Fallback::Is("1"),
        help: "Replays in a round, all of them from the memory as the round began",
    },
    Parameter {
        name: "runs",
        kind: Kind::Count(RUNS),
        default: Fallback::Is("1"),
        help: "Independent runs, whose distribution is printed; the first is written to the output",
    },
    Parameter {
        name: "keep",
        kind: Kind::Number(SHARE),
        default: Fallback::Is("1"),
        help: "Share of its mass that a memory keeps in a round; at 0 the memory is fitted anew to the replays of the round",
    },
    Parameter {
        name: "strength",
        kind: Kind::Number(MASS),
        default: Fallback::Is("1"),
        help: "Mass that a replay adds to the memory that it recalled",
    },
    Parameter {
        name: "mass",
        kind: Kind::AutoOr(&Kind::Number(MASS)),
        default: Fallback::Rule("auto, their number"),
        help: "Mass of the stored memories together",
    },
    Parameter {
        name: "event-mass",
        kind: Kind::Number(MASS),
        default: Fallback::Is("1"),
        help: "Mass of each event that is not stored yet",
    },
    Parameter {
        name: "cue",
        kind: Kind::Text("KIND:AMOUNT"),
        default: Fallback::Is("mask:0.5"),
        help: "The partial trace that a cued replay begins with, as in `attractor corrupt`: sigma:σ, signal:θ, flip:p, salt-pepper:p, mask:p or block:SIDE:SHARE",
    },
    Parameter {
        name: "disrupt",
        kind: Kind::Number(SHARE),
        default: Fallback::Is("0"),
        help: "Probability that a replay is prevented",
    },
    Parameter {
        name: "disrupt-rounds",
        kind: Kind::Text("A-B"),
        default: Fallback::Rule("all"),
        help: "The rounds in which replays are prevented, as in 1-50",
    },
    Parameter {
        name: "fresh",
        kind: Kind::Count(REPLAYS),
        default: Fallback::Rule("1 if there is a stream"),
        help: "New experiences in a round, each a memory of mass 1",
    },
    Parameter {
        name: "core-sigma",
        kind: Kind::AutoOr(&Kind::Number(SIGMA)),
        default: Fallback::Rule("auto, half a spread of the patterns"),
        help: "How closely the rest of a replay fits its core: it is that of a semantic memory, drawn with weight exp(-d²/2σ²) at distance d from the core",
    },
];

impl Protocol {
    /// The protocol with these options (by the names of [`PARAMETERS`]).
    ///
    /// # Errors
    /// An unknown option, or a value outside its range.
    pub fn from_options(options: &Options, seed: u64) -> Result<Self> {
        let given = options.read(PARAMETERS, "option")?;
        let usual = Protocol::default();
        Ok(Protocol {
            rule: given.named("rule")?.unwrap_or(usual.rule),
            rounds: given.seed("rounds").unwrap_or(usual.rounds),
            replays: given.count("replays").unwrap_or(usual.replays),
            runs: given.count("runs").unwrap_or(usual.runs),
            keep: given.number("keep").unwrap_or(usual.keep),
            strength: given.number("strength").unwrap_or(usual.strength),
            mass: given.number("mass"),
            event_mass: given.number("event-mass").unwrap_or(usual.event_mass),
            cue: given.text("cue").map_or(usual.cue, str::to_owned),
            disrupt: given.number("disrupt").unwrap_or(usual.disrupt),
            disrupt_rounds: given.named("disrupt-rounds")?,
            fresh: given.count("fresh"),
            core_sigma: given.number("core-sigma"),
            seed,
        })
    }

    /// The settings as options, such that [`from_options`](Self::from_options) gives them back.
    pub fn to_options(&self) -> Options {
        let mut options = Options::default();
        options.set("rule", self.rule.to_string());
        options.set("rounds", self.rounds);
        options.set("replays", self.replays);
        options.set("runs", self.runs);
        options.set("keep", self.keep);
        options.set("strength", self.strength);
        options.set("event-mass", self.event_mass);
        options.set("cue", self.cue.clone());
        options.set("disrupt", self.disrupt);
        let optional = [("mass", self.mass), ("core-sigma", self.core_sigma)];
        optional.into_iter().filter_map(|(name, value)| Some((name, value?))).for_each(|(name, value)| {
            options.set(name, value);
        });
        if let Some(rounds) = self.disrupt_rounds {
            options.set("disrupt-rounds", rounds.to_string());
        }
        if let Some(fresh) = self.fresh {
            options.set("fresh", fresh);
        }
        options
    }

    /// Checks the settings, for those that were not read from options.
    ///
    /// # Errors
    /// A value outside its range.
    pub fn check(&self) -> Result<()> {
        self.to_options().read(PARAMETERS, "option").map(|_| ())
    }

    /// What may surprise in this protocol, one sentence each.
    pub fn notes(&self) -> Vec<Message> {
        let plain = matches!(self.rule, Rule::SelfSampled | Rule::Power(1.0));
        let martingale = message![
            "self-sampled replay keeps the mean weight of an event as it is (a martingale), and most runs lose it; ",
            Argument::set("rule", "cued"),
            " consolidates it"
        ];
        if plain && self.replays > 0 { vec![martingale] } else { Vec::new() }
    }

    /// The probability that a replay of this round is prevented.
    pub(crate) fn disrupted(&self, round: u64) -> f64 {
        let within = self.disrupt_rounds.is_none_or(|d| (d.from..=d.to).contains(&round));
        if within { self.disrupt } else { 0.0 }
    }

    /// New experiences in a round.
    pub(crate) fn fresh_of(&self, streamed: usize) -> usize {
        self.fresh.unwrap_or(usize::from(streamed > 0))
    }
}
