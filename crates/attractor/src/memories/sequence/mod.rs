//! Memory of sequences of ±1 patterns.

mod overlaps;
mod transition;

pub use transition::Transition;

use std::ops::Range;
use std::str::FromStr;

use ndarray::{Array2, ArrayViewMut2, Axis, s};

use super::succession::{CLOSED, STARTS};
use super::{
    Abilities, Card, Describe, Family, Learned, Memory, MemoryModel, RecallPath, Request, Succession,
};
use crate::dynamics::{Dynamics, Motion, Run, Start, TIE, Tie};
use crate::error::{Error, Result};
use crate::message;
use crate::message::{Argument, Message};
use crate::options::{CountRange, Fallback, Form, Kind, NumberRange, Options, Parameter, find, names_of};
use crate::patterns::Patterns;
use crate::real::Real;
use overlaps::{Chain, Keys, Look, TOGETHER, To};

/// The entry of this model in [`MODELS`](super::MODELS).
pub(super) const CARD: Card = Card {
    name: "sequence",
    title: "Memory of sequences",
    equation: "x <- sign sum_n y_(n+1) f(m_n), m_n = x.y_n/D;  with dwell x <- sign sum_n [y_n f(m_n) + drive y_(n+1) f(mean m_n)]",
    parameters: &[
        Parameter {
            name: "separation",
            kind: Kind::Form(Form { forms: Transition::forms, check: Form::reads::<Transition> }),
            default: Fallback::Is("exp"),
            help: "How the overlap u with a pattern becomes the weight of the next one",
        },
        Parameter {
            name: "rule",
            kind: Kind::Choice(|| names_of(Rule::ALL)),
            default: Fallback::Is("hebb"),
            help: "What the overlaps are: those with the patterns, or pseudo-inverse, which takes out what patterns have in common",
        },
        Parameter {
            name: DWELL,
            kind: Kind::Count(CountRange::between(2, MOST_DWELL)),
            default: Fallback::None,
            help: "Hold each memory for so many steps: the state holds itself, and the mean of its last steps drives it on",
        },
        Parameter {
            name: DRIVE,
            kind: Kind::Number(NumberRange::POSITIVE),
            default: Fallback::Is("2.5"),
            help: "Strength of the drive to the next pattern, with dwell",
        },
        CLOSED,
        STARTS,
        TIE,
    ],
    cost: "3 N D multiply-adds an update and cue (twice that with dwell), fewer where few patterns have weight; 3 N D numbers",
    source: "Chaudhry, Zavatone-Veth, Krotov & Pehlevan (2023); Sompolinsky & Kanter (1986); Kleinfeld (1986)",
    spins: true,
    family: Family::Sequences,
    ..Card::PLAIN
};

const DWELL: &str = "dwell";
const DRIVE: &str = "drive";

/// The largest number of steps for which a memory can be held. All of them are kept.
const MOST_DWELL: u64 = 100;

/// The drive to the next pattern if nothing else is said (Chaudhry et al. 2023).
const USUAL_DRIVE: f64 = 2.5;

/// What a state is compared with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// The patterns: overlaps m_n without the unit itself.
    #[default]
    Hebb,
    /// The patterns' duals: C⁻¹m with the overlaps C of the patterns. Up to D linearly independent patterns follow each
    /// other without error. With f(u) = u it is linear temporal predictive coding (Tang et al. 2023).
    PseudoInverse,
}

impl Rule {
    /// Both rules with their names.
    pub const ALL: &[(&'static str, Self)] = &[("hebb", Self::Hebb), ("pseudo-inverse", Self::PseudoInverse)];
}

impl FromStr for Rule {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        find("rule", Self::ALL, name)
    }
}

/// How memories are held: for how many steps, and how strongly the mean of these steps drives the state on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dwell {
    /// The number of steps τ ≥ 2.
    pub steps: usize,
    /// The drive λ > 0.
    pub drive: f64,
}

impl Dwell {
    /// For how many steps a memory is held if nothing disturbs it. `None` if the state never moves on.
    ///
    /// After k steps the mean of the last τ states has the share k/τ of this memory and 1 − k/τ of the one before it. The
    /// state moves on as soon as λ f(k/τ) > f(1) + λ f(1 − k/τ).
    pub fn expected(self, transition: Transition, dim: usize) -> Option<usize> {
        let f = |share: f64| transition.of_share(share, dim);
        let share = |k: usize| k as f64 / self.steps as f64;
        let moves = |k: &usize| {
            let before = if *k == self.steps { 0.0 } else { f(1.0 - share(*k)) };
            self.drive * f(share(*k)) > f(1.0) + self.drive * before
        };
        (1..=self.steps).find(moves)
    }
}

/// The settings of a [`Sequence`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SequenceOptions {
    /// How overlaps become weights. Default: exponentially.
    pub transition: Transition,
    /// What the overlaps are. Default: those with the patterns.
    pub rule: Rule,
    /// How memories are held. Default: the next one comes with each step.
    pub dwell: Option<Dwell>,
    /// What a unit becomes whose field is 0. Default: what it was.
    pub tie: Tie,
}

/// Memory of sequences: x ← sign Σ_n y_{n+1} f(m_n). The next pattern is the value of each, and is fed back (Chaudhry et
/// al. 2023; with f(u) = u Sompolinsky & Kanter 1986, Kleinfeld 1986).
///
/// ```text
/// plain       x_i ← sign Σ_n y_{n+1,i} f(m_n)                                  m_n = Σ_{j≠i} y_nj x_j / (D − 1)
/// with dwell  x_i ← sign Σ_n [y_ni f(m_n) + λ y_{n+1,i} f(m̄_n)]                m̄: of the mean of the last τ states
/// ```
///
/// Patterns follow each other in the order in which they are stored. All units are updated at once. A steeper f holds longer sequences: with u^d
/// of the order of D^d patterns, with exp((D − 1)(u − 1)) exponentially many. Overlaps of the rule `pseudo-inverse` are C⁻¹m,
/// with all units. With dwell each memory is held for τ steps, if d is large and λ > 1. Couplings are not symmetric, so no energy is
/// known that updates lower. The first states before the cue count as 0.
///
/// Cost: 3·N·D multiply-adds for each update and row; 3·N·D numbers.
///
/// ```
/// use attractor::memories::{Memory, Request, Sequence, SequenceOptions, Succession};
/// use attractor::Patterns;
/// use ndarray::array;
/// let patterns = array![
///     [1.0_f32, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0],
///     [1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0, -1.0],
///     [1.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0, -1.0],
/// ];
/// let order = Succession::new(3, &[], false)?;
/// let memory = Sequence::new(Patterns::new(patterns.clone())?, order, SequenceOptions::default())?;
/// let recall = memory.recall(&Request::new(patterns.slice(ndarray::s![..1, ..])))?;
/// // It goes through all three, and rests at the last.
/// assert_eq!(recall.states.row(0), patterns.row(2));
/// assert_eq!(recall.rows[0].played.as_ref().unwrap().visited, [0, 1, 2, 2]);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sequence<F> {
    chain: Chain<F>,
    order: Succession,
    dwell: Option<Dwell>,
    tie: Tie,
}

impl<F: Real> Sequence<F> {
    /// Stores patterns in their order, which should be ±1.
    ///
    /// # Errors
    /// An order of another number of patterns; fewer than 2 or more than 100 steps of dwell, or a drive that is not positive and finite; a
    /// pseudo-inverse of too many patterns and units.
    pub fn new(patterns: Patterns<F>, order: Succession, options: SequenceOptions) -> Result<Self> {
        let SequenceOptions { transition, rule, dwell, tie } = options;
        let successors = order.successors();
        crate::error::check_rows("successors", successors.len(), patterns.len())?;
        if let Some(Dwell { steps, drive }) = dwell {
            CountRange::between(2, MOST_DWELL).check(DWELL, steps as u64)?;
            NumberRange::POSITIVE.check(DRIVE, drive)?;
        }
        let chain = Chain::new(patterns, &successors, transition, rule == Rule::PseudoInverse)?;
        Ok(Sequence { chain, order: order.held(dwell.map_or(1, |dwell| dwell.steps)), dwell, tie })
    }

    /// Which memory follows which.
    pub fn order(&self) -> &Succession {
        &self.order
    }
}

/// Updates of all units at once. A row is the state and, with dwell, the τ − 1 states before it.
#[derive(Clone, Copy)]
struct Playing<'a, F>(&'a Sequence<F>);

impl<F: Real> Dynamics<F> for Playing<'_, F> {
    fn dim(&self) -> usize {
        let kept = self.0.dwell.map_or(1, |dwell| dwell.steps);
        self.0.chain.patterns.dim() * kept
    }

    fn motion(&self) -> Motion {
        Motion::Map
    }

    fn start(&self, _start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        Ok(Box::new(*self))
    }
}

impl<F: Real> Run<F> for Playing<'_, F> {
    fn step(
        &mut self,
        _rows: &[usize],
        mut states: ArrayViewMut2<F>,
        _from: &[f64],
        _to: &[f64],
    ) -> Result<()> {
        let Playing(memory) = self;
        let (dim, chain) = (memory.chain.patterns.dim(), &memory.chain);
        let now = states.slice(s![.., ..dim]).to_owned();
        let next = |rows: Range<usize>, fields: Array2<f64>| {
            let mut next = now.slice(s![rows, ..]).to_owned();
            memory.tie.signs(fields.view(), next.view_mut());
            next
        };
        let parts = match memory.dwell {
            None => chain.fields(&[Look { values: now.view(), to: To::Next, factor: 1.0 }], 1.0, next),
            Some(Dwell { steps, drive }) => {
                // Both in units of 1/τ: all arguments are then whole numbers, and ties are exact.
                let unit = steps as f64;
                let own = now.mapv(|x| F::from_f64(unit * x.to_f64()));
                let mut sums = Array2::from_elem(now.dim(), F::ZERO);
                for kept in states.axis_chunks_iter(Axis(1), dim) {
                    sums += &kept;
                }
                let looks = [
                    Look { values: own.view(), to: To::Own, factor: 1.0 },
                    Look { values: sums.view(), to: To::Next, factor: drive },
                ];
                let parts = chain.fields(&looks, unit, next);
                let (earlier, width) =
                    (states.slice(s![.., ..states.ncols() - dim]).to_owned(), states.ncols());
                states.slice_mut(s![.., dim..width]).assign(&earlier);
                parts
            }
        };
        let mut present = states.slice_mut(s![.., ..dim]);
        present
            .axis_chunks_iter_mut(Axis(0), TOGETHER)
            .zip(parts)
            .for_each(|(mut to, part)| to.assign(&part));
        Ok(())
    }
}

impl<F: Real> MemoryModel<F> for Sequence<F> {
    fn name(&self) -> &'static str {
        CARD.name
    }

    fn dim(&self) -> usize {
        self.chain.patterns.dim()
    }

    fn abilities(&self) -> Abilities<'_, F> {
        Abilities {
            landscape: Err(NO_ENERGY.into()),
            spins: true,
            signs: self.chain.signs.as_ref(),
            describe: Some(self),
            order: Some(&self.order),
            ..Abilities::of_patterns(&self.chain.patterns)
        }
    }

    fn path(&self, _request: &Request<F>) -> Result<RecallPath<'_, F>> {
        let updates = self.order.updates();
        Ok(RecallPath::to_rest(Box::new(Playing(self)), 0.0, Some(updates)).with_hidden_units())
    }
}

/// Why memories of sequences have no landscape.
pub(super) const NO_ENERGY: &str = "its couplings lead from each pattern to the next and not back, so that no energy is known that its updates lower";

impl<F: Real> Describe for Sequence<F> {
    fn notes(&self) -> Vec<Message> {
        let Some(dwell) = self.dwell else { return Vec::new() };
        let (found, cure) = match dwell.expected(self.chain.transition, self.dim()) {
            Some(steps) if steps == dwell.steps => return Vec::new(),
            Some(steps) => (
                format!(
                    "a memory is held for {steps} steps, not for {}, even if nothing disturbs it; ",
                    dwell.steps
                ),
                message!["a steeper separation (", Argument::option("separation"), ") holds it longer"],
            ),
            None => (
                "the state never moves on; ".to_owned(),
                message!["it needs more drive (", Argument::option(DRIVE), ", above 1)"],
            ),
        };
        vec![message![found, cure]]
    }

    fn warnings(&self) -> Vec<Message> {
        let share = self.wrong_share();
        if share <= 0.01 {
            return Vec::new();
        }
        let found = format!(
            "one update gets {:.0} % of the units of the next pattern wrong: the sequence is too long, or its patterns are too much alike; ",
            (100.0 * share).ceil()
        );
        let cure = match (self.chain.transition, &self.chain.keys) {
            (Transition::Polynomial(_), _) => message![Argument::set("separation", "exp"), " holds the most"],
            (_, Keys::Patterns(_)) => {
                message![Argument::set("rule", "pseudo-inverse"), " tells patterns apart that are alike"]
            }
            (_, Keys::Dual(_)) => message!["a pattern that is stored twice has two that follow it"],
        };
        vec![message![found, cure]]
    }
}

impl<F: Real> Sequence<F> {
    /// The share of wrong units of the next pattern after one plain update of some patterns.
    fn wrong_share(&self) -> f64 {
        /// The multiply-adds that are worth a warning: some hundredths of a second.
        const WORK: usize = 20_000_000;
        let patterns = &self.chain.patterns;
        let count = patterns.len();
        let rows = (WORK / patterns.dim().saturating_mul(count).max(1)).clamp(1, 16).min(count);
        let some: Vec<usize> = (0..rows).map(|k| k * count / rows).collect();
        let states = patterns.select(&some);
        let next = patterns.select(&some.iter().map(|&n| self.order.next(n)).collect::<Vec<_>>());
        let look = Look { values: states.view(), to: To::Next, factor: 1.0 };
        let wrong = self.chain.fields(&[look], 1.0, |rows, fields| {
            let next = next.slice(s![rows, ..]);
            fields.iter().zip(next).filter(|(h, y)| **h * y.to_f64() <= 0.0).count()
        });
        wrong.into_iter().sum::<usize>() as f64 / next.len() as f64
    }
}

/// Builds the memory from named options.
pub(super) fn build<F: Real>(
    patterns: Patterns<F>,
    options: &Options,
    _learned: Option<Learned>,
) -> Result<Box<dyn Memory<F>>> {
    let steps = options.count(DWELL);
    let drive = options.number(DRIVE);
    if let (None, Some(drive)) = (steps, drive) {
        return Err(Error::parameter(DRIVE, message![Argument::option(DWELL), " with it"], drive));
    }
    let dwell = steps.map(|steps| Dwell { steps, drive: drive.unwrap_or(USUAL_DRIVE) });
    let order = Succession::from_options(patterns.len(), options)?;
    let options = SequenceOptions {
        transition: options.named("separation")?.unwrap_or_default(),
        rule: options.named("rule")?.unwrap_or_default(),
        dwell,
        tie: options.named(TIE.name)?.unwrap_or_default(),
    };
    Ok(Box::new(Sequence::new(patterns, order, options)?))
}
