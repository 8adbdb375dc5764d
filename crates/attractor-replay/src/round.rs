//! What is observed of a round.

use attractor::fields::{Field, Kind, Value};

/// What is observed after a round, over all runs of the protocol. Row 0 is before the first round.
///
/// The weight of an event is the share of all mass that its memory has; with a core, of all memories that have its core.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Round {
    /// The number of the round.
    pub round: u64,
    /// Replays so far, mean over runs.
    pub replays: f64,
    /// Share of the round's replays that recalled an event. `None` if there was no replay.
    pub reached: Option<f64>,
    /// Weight of all events together, mean over runs.
    pub weight: f64,
    /// Its 5 %, 25 %, 50 %, 75 % and 95 % quantiles over runs.
    pub quantiles: [f64; 5],
    /// Share of runs in which this weight is below what it was at first.
    pub fallen: f64,
    /// Share of runs in which it is 0.
    pub lost: f64,
    /// Weight of the events themselves, without those memories that have only their core; mean over runs.
    pub whole: f64,
    /// Weight of each event, mean over runs.
    pub events: Vec<f64>,
    /// Entropy of the weights of all memories in nats, mean over runs.
    pub entropy: f64,
    /// Participation ratio 1/Σw², mean over runs.
    pub participation: f64,
    /// Memories with a weight, mean over runs.
    pub memories: f64,
}

impl Round {
    /// Every field, in the order in which they are written.
    pub const FIELDS: &'static [Field<Round>] = &[
        Field {
            name: "round",
            kind: Kind::Whole,
            doc: "number of the round; 0 is before the first",
            get: |round| Value::Whole(round.round),
        },
        Field {
            name: "replays",
            kind: Kind::Number,
            doc: "replays so far",
            get: |round| Value::Number(round.replays),
        },
        Field {
            name: "reached",
            kind: Kind::Number,
            doc: "share of the round's replays that recalled an event",
            get: |round| round.reached.into(),
        },
        Field {
            name: "weight",
            kind: Kind::Number,
            doc: "weight of all events together, mean over runs",
            get: |round| Value::Number(round.weight),
        },
        Field {
            name: "q05",
            kind: Kind::Number,
            doc: "5 % quantile of this weight over runs",
            get: |round| Value::Number(round.quantiles[0]),
        },
        Field {
            name: "q25",
            kind: Kind::Number,
            doc: "25 % quantile",
            get: |round| Value::Number(round.quantiles[1]),
        },
        Field {
            name: "median",
            kind: Kind::Number,
            doc: "median",
            get: |round| Value::Number(round.quantiles[2]),
        },
        Field {
            name: "q75",
            kind: Kind::Number,
            doc: "75 % quantile",
            get: |round| Value::Number(round.quantiles[3]),
        },
        Field {
            name: "q95",
            kind: Kind::Number,
            doc: "95 % quantile",
            get: |round| Value::Number(round.quantiles[4]),
        },
        Field {
            name: "fallen",
            kind: Kind::Number,
            doc: "share of runs in which the weight is below what it was at first",
            get: |round| Value::Number(round.fallen),
        },
        Field {
            name: "lost",
            kind: Kind::Number,
            doc: "share of runs in which the weight is 0",
            get: |round| Value::Number(round.lost),
        },
        Field {
            name: "whole",
            kind: Kind::Number,
            doc: "weight of the events themselves, without memories that have only their core",
            get: |round| Value::Number(round.whole),
        },
        Field {
            name: "events",
            kind: Kind::Numbers,
            doc: "weight of each event, mean over runs",
            get: |round| Value::Numbers(&round.events),
        },
        Field {
            name: "entropy",
            kind: Kind::Number,
            doc: "entropy of the weights of all memories, in nats",
            get: |round| Value::Number(round.entropy),
        },
        Field {
            name: "participation",
            kind: Kind::Number,
            doc: "participation ratio 1/Σ w²: how many memories share the weight",
            get: |round| Value::Number(round.participation),
        },
        Field {
            name: "memories",
            kind: Kind::Number,
            doc: "memories that have a weight",
            get: |round| Value::Number(round.memories),
        },
    ];
}
