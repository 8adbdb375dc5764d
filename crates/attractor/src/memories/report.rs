//! The report of a recall, with one entry for each row. It is the same type for every memory.

use std::fmt;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, concatenate};

use super::Played;
use crate::energies::{Nearest, Reads};
use crate::fields::{Field, Kind, Value};
use crate::kernels::{Form, Posterior, attend_values};
use crate::patterns::Patterns;
use crate::real::Real;
use crate::recall::{Outcome, Recalled};

/// Where a recall of a modern Hopfield network ended, judged by its participation ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regime {
    /// On one stored pattern: 1/Σw² < 1.5.
    OnePattern,
    /// On a metastable blend of this many patterns.
    Blend(usize),
    /// On the average of all patterns: 1/Σw² > 0.9/Σπ², which is 0.9 N without prior weights π. β is too small, or the
    /// patterns are too similar.
    GlobalAverage,
}

impl Regime {
    /// `all` is the participation ratio of the prior.
    pub(crate) fn of(participation: f64, all: f64) -> Self {
        if participation < 1.5 {
            Regime::OnePattern
        } else if participation > 0.9 * all {
            Regime::GlobalAverage
        } else {
            Regime::Blend(participation.round() as usize)
        }
    }
}

impl fmt::Display for Regime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Regime::OnePattern => write!(f, "one pattern"),
            Regime::Blend(k) => write!(f, "blend of {k}"),
            Regime::GlobalAverage => write!(f, "global average"),
        }
    }
}

/// The report of one recalled cue. A field that its model does not have is `None`.
#[derive(Clone, Debug)]
pub struct Row {
    /// The stored pattern nearest to the recalled state (Euclidean; ties go to the lowest index). Where shapes cross
    /// it is the shape of highest density there: see [`Mixture::nearest`](crate::energies::Mixture::nearest).
    pub memory: Option<usize>,
    /// The overlap with that memory: the cosine, which for ±1 states is (1/D) x·y. 0 if either vector is zero.
    pub overlap: Option<f64>,
    /// The distance from that memory: root mean square over units, in the units of the cues.
    pub distance: Option<f64>,
    /// The posterior over memories: for diffusion at the cue's level (a stochastic recall samples from it), for other
    /// models at the last state.
    pub posterior: Option<Posterior>,
    /// The posterior probability that the cue comes from an event and not from the density beside the events (the
    /// gist), for a [mixture that has both](crate::energies::Mixture::with_events). A stochastic recall ends in an event
    /// with this probability.
    pub event_share: Option<f64>,
    /// The [local dimension](crate::energies::local_dimensions) of the memory at the cue and its level, for diffusion
    /// memories with noise that is equal in all units. `None` if units are known.
    pub local_dimension: Option<f64>,
    /// The regime in which a modern Hopfield recall ended: one pattern, a blend or the average.
    pub regime: Option<Regime>,
    /// The energy of the recalled state, if the recall lowers an energy and it is finite: for diffusion at the level
    /// `sigma`, for modern Hopfield at `beta`.
    pub energy: Option<f64>,
    /// The noise level of the cue in the cue's units, as given or as estimated.
    pub sigma: Option<f64>,
    /// The inverse temperature, for memories where it is fixed.
    pub beta: Option<f64>,
    /// The match score, if a [`Calibration`](super::Calibration) was given: the share of true cues whose log-density
    /// under the memory is no higher than this cue's. It is small if nothing matches.
    pub matching: Option<f64>,
    /// Whether the cue was refused because of its match score. Then no memory is named, the state is the cue, and
    /// values are 0. Posterior and energy are still those of the rejected recall.
    pub refused: bool,
    /// How the recall ended.
    pub outcome: Outcome,
    /// The number of steps made.
    pub steps: usize,
    /// How much of the memory the recall has read, for memories that recall by diffusion. Reads for the report
    /// (posterior, energy, nearest memory, test of rest) are not counted.
    pub reads: Option<Reads>,
    /// The memories that were visited, and how well their order was kept, for memories of sequences.
    pub played: Option<Box<Played>>,
}

/// How a recall ended, as reports name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It came to rest.
    Settled,
    /// It was still moving after its last update.
    StillMoving,
    /// It made the one update that it was asked for.
    OneUpdate,
    /// It alternated between two states.
    TwoCycle,
    /// An observer stopped it.
    Stopped,
    /// Its numbers became infinite or NaN.
    Diverged,
    /// The memory did not say where its state moves.
    Undefined,
    /// Its cue matched no memory, and was refused.
    Refused,
}

impl Ending {
    /// The names, in the order of the variants: `NAMES[ending as usize]` is the name of `ending`.
    pub const NAMES: [&'static str; 8] =
        ["settled", "still moving", "one update", "2-cycle", "stopped", "diverged", "undefined", "refused"];

    /// The name of this ending.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

impl Row {
    /// Every field except the label of the memory, in the order in which they are written.
    ///
    /// ```
    /// use attractor::{Patterns, Request, Spec, fields::Value, memories::Row};
    /// use ndarray::array;
    /// let memory = Spec::new("modern").build(Patterns::new(array![[1.0_f64, 1.0], [-1.0, 1.0]])?)?;
    /// let row = &memory.recall(&Request::new(array![[0.9, 1.0]].view()))?.rows[0];
    /// assert_eq!(Row::FIELDS[0].name, "memory");
    /// assert_eq!((Row::FIELDS[0].get)(row), Value::Whole(0));
    /// # Ok::<(), attractor::Error>(())
    /// ```
    pub const FIELDS: &'static [Field<Row>] = &[
        Field {
            name: "memory",
            kind: Kind::Whole,
            doc: "index of the stored pattern nearest to the recalled state",
            get: |row| row.memory.into(),
        },
        Field {
            name: "overlap",
            kind: Kind::Number,
            doc: "cosine with it; for states of ±1 that is (1/D) x·y",
            get: |row| row.overlap.into(),
        },
        Field {
            name: "distance",
            kind: Kind::Number,
            doc: "root mean square distance of a unit from it, in the units of the cues",
            get: |row| row.distance.into(),
        },
        Field {
            name: "match",
            kind: Kind::Number,
            doc: "share of true cues that are no more likely than this one",
            get: |row| row.matching.into(),
        },
        Field {
            name: "posterior",
            kind: Kind::Weights,
            doc: "the most probable memories with their probabilities, best first",
            get: |row| row.posterior.as_ref().map_or(Value::None, |p| Value::Weights(&p.top)),
        },
        Field {
            name: "entropy",
            kind: Kind::Number,
            doc: "entropy −Σ w ln w of the whole posterior, in nats",
            get: |row| row.posterior.as_ref().map(|p| p.entropy).into(),
        },
        Field {
            name: "participation",
            kind: Kind::Number,
            doc: "participation ratio 1/Σ w² of the posterior: how many memories share it",
            get: |row| row.posterior.as_ref().map(|p| p.participation).into(),
        },
        Field {
            name: "local_dimension",
            kind: Kind::Number,
            doc: "local dimension Σ w ‖z − y‖²/σ² of the memory at the cue",
            get: |row| row.local_dimension.into(),
        },
        Field {
            name: "event_share",
            kind: Kind::Number,
            doc: "share of the posterior on stored events; the rest is on the density beside them (the gist)",
            get: |row| row.event_share.into(),
        },
        Field {
            name: "regime",
            kind: Kind::Text,
            doc: "one pattern, a blend of several, or the average of all",
            get: |row| row.regime.map_or(Value::None, |r| Value::Text(r.to_string().into())),
        },
        Field {
            name: "energy",
            kind: Kind::Number,
            doc: "energy of the recalled state",
            get: |row| row.energy.into(),
        },
        Field {
            name: "sigma",
            kind: Kind::Number,
            doc: "noise level of the cue, as given or as estimated",
            get: |row| row.sigma.into(),
        },
        Field {
            name: "beta",
            kind: Kind::Number,
            doc: "inverse temperature of the memory",
            get: |row| row.beta.into(),
        },
        Field {
            name: "outcome",
            kind: Kind::Text,
            doc: "how the recall ended",
            get: |row| Value::Text(row.ending().name().into()),
        },
        Field {
            name: "outcome_step",
            kind: Kind::Whole,
            doc: "the step at which it did",
            get: |row| row.ending_step().into(),
        },
        Field {
            name: "reason",
            kind: Kind::Text,
            doc: "why an undefined recall has no answer",
            get: |row| row.reason().map_or(Value::None, |reason| Value::Text(reason.into())),
        },
        Field {
            name: "steps",
            kind: Kind::Whole,
            doc: "steps made",
            get: |row| Value::Whole(row.steps as u64),
        },
        Field {
            name: "reads",
            kind: Kind::Number,
            doc: "how often all patterns were read on the way, for recall by diffusion",
            get: |row| row.reads.map(|reads| reads.full).into(),
        },
        Field {
            name: "visited",
            kind: Kind::List,
            doc: "for sequences: the memory nearest to the cue, and to the state after each update",
            get: |row| row.played.as_ref().map_or(Value::None, |played| Value::List(&played.visited)),
        },
        Field {
            name: "held",
            kind: Kind::List,
            doc: "for how many steps each memory was held, one after the other",
            get: |row| row.played.as_ref().map_or(Value::None, |played| Value::List(&played.held)),
        },
        Field {
            name: "ordered",
            kind: Kind::Whole,
            doc: "updates that kept the order: the memory was held as long as it should be, then the next one came",
            get: |row| row.played.as_ref().map(|played| played.ordered).into(),
        },
        Field {
            name: "early",
            kind: Kind::Whole,
            doc: "updates that moved on to the next memory too soon",
            get: |row| row.played.as_ref().map(|played| played.early).into(),
        },
        Field {
            name: "repeats",
            kind: Kind::Whole,
            doc: "updates that held a memory for too long",
            get: |row| row.played.as_ref().map(|played| played.repeats).into(),
        },
        Field {
            name: "skips",
            kind: Kind::Whole,
            doc: "updates that left out memories, or went to another sequence",
            get: |row| row.played.as_ref().map(|played| played.skips).into(),
        },
        Field {
            name: "backs",
            kind: Kind::Whole,
            doc: "updates that went back",
            get: |row| row.played.as_ref().map(|played| played.backs).into(),
        },
        Field {
            name: "lost",
            kind: Kind::Whole,
            doc: "updates to a state that no memory has an overlap of more than 1/2 with",
            get: |row| row.played.as_ref().map(|played| played.lost).into(),
        },
    ];

    /// How the recall ended, in the terms of reports.
    pub fn ending(&self) -> Ending {
        match self.outcome {
            _ if self.refused => Ending::Refused,
            Outcome::Settled { .. } => Ending::Settled,
            Outcome::StillMoving if self.steps == 1 => Ending::OneUpdate,
            Outcome::StillMoving => Ending::StillMoving,
            Outcome::TwoCycle { .. } => Ending::TwoCycle,
            Outcome::Stopped { .. } => Ending::Stopped,
            Outcome::Diverged { .. } => Ending::Diverged,
            Outcome::Undefined { .. } => Ending::Undefined,
        }
    }

    /// The step at which the recall ended in this way. `None` for a recall that was refused or is still moving.
    pub fn ending_step(&self) -> Option<usize> {
        match self.outcome {
            _ if self.refused => None,
            Outcome::StillMoving => None,
            Outcome::Settled { step }
            | Outcome::TwoCycle { step }
            | Outcome::Stopped { step }
            | Outcome::Diverged { step }
            | Outcome::Undefined { step, .. } => Some(step),
        }
    }

    /// Why the recall has no answer, if it is undefined.
    pub fn reason(&self) -> Option<&'static str> {
        match self.outcome {
            _ if self.refused => None,
            Outcome::Undefined { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// Whether the recall has an answer. It has none if its cue was refused or an update was undefined. Then no memory
    /// is named, and values are 0.
    pub fn has_answer(&self) -> bool {
        !matches!(self.ending(), Ending::Refused | Ending::Undefined)
    }

    /// A report of the outcome of a recall and of the nearest memory, with all other fields empty.
    pub(super) fn ended<F>(recalled: &Recalled<F>, row: usize, nearest: Option<Nearest>) -> Self {
        Row {
            memory: nearest.map(|nearest| nearest.memory),
            overlap: nearest.map(|nearest| nearest.overlap),
            distance: nearest.map(|nearest| nearest.distance),
            posterior: None,
            event_share: None,
            local_dimension: None,
            regime: None,
            energy: None,
            sigma: None,
            beta: None,
            matching: None,
            refused: false,
            outcome: recalled.outcomes[row],
            steps: recalled.steps[row],
            reads: recalled.reads.as_ref().map(|reads| reads[row]),
            played: None,
        }
    }
}

/// The recall of a batch.
#[derive(Clone, Debug)]
pub struct Recall<F> {
    /// Recalled states, in the units of the cues, B × D.
    pub states: Array2<F>,
    /// The associated vectors Σ w_n v_n read at the recalled states, B × Dv, if patterns have them.
    pub values: Option<Array2<F>>,
    /// One report for each row.
    pub rows: Vec<Row>,
}

impl<F: Real> Recall<F> {
    /// A recall with states and outcomes only.
    pub(super) fn without_report(states: Array2<F>, recalled: &Recalled<F>) -> Self {
        let rows = (0..states.nrows()).map(|row| Row::ended(recalled, row, None)).collect();
        Recall { states, values: None, rows }
    }

    /// Joins the recalls of several batches of one memory. `None` without a recall.
    pub fn joined(mut parts: Vec<Self>) -> Option<Self> {
        if parts.len() < 2 {
            return parts.pop();
        }
        let stacked = |arrays: Vec<ArrayView2<F>>| concatenate(Axis(0), &arrays).expect("equal widths");
        let states = stacked(parts.iter().map(|part| part.states.view()).collect());
        let values: Option<Vec<_>> = parts.iter().map(|part| Some(part.values.as_ref()?.view())).collect();
        let values = values.map(stacked);
        Some(Recall { states, values, rows: parts.into_iter().flat_map(|part| part.rows).collect() })
    }
}

/// The associated vectors Σ w_n v_n read at each (prepared) state, if patterns have associated vectors v_n.
pub(super) fn read_values<F: Real>(
    patterns: &Patterns<F>,
    states: ArrayView2<F>,
    betas: &[f64],
    form: Form,
) -> Option<Array2<F>> {
    let vectors = patterns.associated()?;
    Some(attend_values(patterns, vectors, states, betas, form).mean)
}

/// The largest weights of a row that sums to 1, with its entropy and participation ratio.
pub(super) fn summary(weights: ArrayView1<f64>, top: usize) -> Posterior {
    summary_of(weights.iter().copied().enumerate(), top)
}

/// The same, of some memories with their weights, in rising order. The others have weight 0, and are not among the best.
pub(super) fn summary_of(weights: impl Iterator<Item = (usize, f64)>, top: usize) -> Posterior {
    let mut best: Vec<(usize, f64)> = Vec::new();
    let (mut entropy, mut squares) = (0.0, 0.0);
    for (n, w) in weights {
        if w > 0.0 {
            entropy -= w * w.ln();
            squares += w * w;
        }
        let place = best.partition_point(|b| b.1 >= w);
        if place < top.max(1) {
            best.insert(place, (n, w));
            best.truncate(top.max(1));
        }
    }
    Posterior { top: best, entropy: f64::max(entropy, 0.0), participation: 1.0 / squares }
}
