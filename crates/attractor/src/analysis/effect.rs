//! What a change of a memory does to the recall of the patterns that it keeps: one more pattern, or one less.

use ndarray::{Array2, ArrayView2, Zip, s};

use crate::energies::nearest_patterns;
use crate::error::{Error, Result};
use crate::fields::{Field, Kind};
use crate::memories::{Memory, Request};
use crate::patterns::Patterns;
use crate::real::Real;
use crate::recall::Outcome;

/// How the recall of one pattern changed, over the cues that were made of it.
///
/// A cue is *recalled* if its end lies at most √0.1 spreads (root mean square over units) from its own pattern, and no other
/// pattern is nearer. For ±1 states the spread is 1, so the overlap with the pattern is at least 0.95.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// Its index in the memory before the change.
    pub before: usize,
    /// Its index after it.
    pub after: usize,
    /// The number of cues.
    pub cues: usize,
    /// How many of them were recalled before.
    pub recalled_before: usize,
    /// How many are recalled now.
    pub recalled: usize,
    /// How many were recalled before, and are not now.
    pub lost: usize,
    /// How many are recalled now, and were not before.
    pub gained: usize,
    /// The distance between the two ends of a cue: root mean square over units and cues, in raw units.
    pub moved: f64,
}

impl Effect {
    /// Every field, in the order in which they are written.
    pub const FIELDS: &'static [Field<Effect>] = &[
        Field {
            name: "before",
            kind: Kind::Whole,
            doc: "index of the pattern before the change",
            get: |effect| Some(effect.before).into(),
        },
        Field {
            name: "after",
            kind: Kind::Whole,
            doc: "its index after the change",
            get: |effect| Some(effect.after).into(),
        },
        Field {
            name: "cues",
            kind: Kind::Whole,
            doc: "cues that were made of it",
            get: |effect| Some(effect.cues).into(),
        },
        Field {
            name: "recalled_before",
            kind: Kind::Whole,
            doc: "cues that were recalled before",
            get: |effect| Some(effect.recalled_before).into(),
        },
        Field {
            name: "recalled",
            kind: Kind::Whole,
            doc: "cues that are recalled after the change",
            get: |effect| Some(effect.recalled).into(),
        },
        Field {
            name: "lost",
            kind: Kind::Whole,
            doc: "cues that were recalled before and are not after it",
            get: |effect| Some(effect.lost).into(),
        },
        Field {
            name: "gained",
            kind: Kind::Whole,
            doc: "cues that are recalled after it and were not before",
            get: |effect| Some(effect.gained).into(),
        },
        Field {
            name: "moved",
            kind: Kind::Number,
            doc: "distance between the two ends of a cue: root mean square, in raw units",
            get: |effect| Some(effect.moved).into(),
        },
    ];

    /// The share of its cues that were recalled before and are not now.
    pub fn share_lost(&self) -> f64 {
        self.lost as f64 / self.cues as f64
    }
}

/// Recalls the same cues from a memory as it was and as it is, and compares where they end.
///
/// `pairs` are patterns that both memories have, by their indices in each. The request has equally many cues of each of them, one pattern after
/// the other. Its row ids select the random streams of both recalls, so a stochastic recall differs by the change alone.
/// `progress` is called with the number of cues that were recalled in both; its error stops the work. Cost: two recalls
/// a cue. Memory: a thousand recalls at a time.
///
/// ```
/// use attractor::{Patterns, Request, Spec, analysis::effects};
/// use ndarray::array;
/// let one = array![[1.0_f64, 1.0, 1.0, -1.0]];
/// let two = array![[1.0_f64, 1.0, 1.0, -1.0], [1.0, 1.0, -1.0, -1.0]];
/// let spec = Spec::new("hopfield");
/// let (before, after) = (spec.build(Patterns::new(one.clone())?)?, spec.build(Patterns::new(two)?)?);
/// let effect = effects(before.as_ref(), after.as_ref(), &[(0, 0)], &Request::new(one.view()), |_| Ok(()))?;
/// // The patterns differ in unit 2 alone, to which the couplings of both add up to 0, so it keeps its value.
/// assert_eq!((effect[0].recalled_before, effect[0].lost), (1, 0));
/// # Ok::<(), attractor::Error>(())
/// ```
///
/// # Errors
/// A memory without patterns; a pattern that it does not have; a number of cues that is no multiple of the number of pairs; the
/// error of `progress`; those of [`Memory::recall`].
pub fn effects<F: Real>(
    before: &dyn Memory<F>,
    after: &dyn Memory<F>,
    pairs: &[(usize, usize)],
    request: &Request<F>,
    mut progress: impl FnMut(usize) -> Result<()>,
) -> Result<Vec<Effect>> {
    /// So many cues are recalled at a time, and fewer if there is much to read for each.
    const BATCH: usize = 1024;
    const WORK: usize = 1_000_000_000;
    let (before, after) = (Side::new(before)?, Side::new(after)?);
    let rows = request.cues.nrows();
    if pairs.is_empty() || rows == 0 || !rows.is_multiple_of(pairs.len()) {
        return Err(Error::shape(
            "cues",
            format!("equally many of each of {} patterns", pairs.len()),
            format!("{rows}"),
            "make as many of each pattern",
        ));
    }
    for (side, index) in pairs.iter().flat_map(|&(b, a)| [(&before, b), (&after, a)]) {
        let len = side.patterns.len();
        if index >= len {
            return Err(Error::parameter(
                "pairs",
                format!("indices of patterns from 0 to {}", len - 1),
                index,
            ));
        }
    }
    let each = rows / pairs.len();
    let mut result: Vec<Effect> = pairs
        .iter()
        .map(|&(before, after)| Effect {
            before,
            after,
            cues: each,
            recalled_before: 0,
            recalled: 0,
            lost: 0,
            gained: 0,
            moved: 0.0,
        })
        .collect();
    let largest = before.patterns.len().max(after.patterns.len());
    let batch = (WORK / largest.saturating_mul(before.patterns.dim()).max(1)).clamp(16, BATCH);
    for from in (0..rows).step_by(batch) {
        let to = rows.min(from + batch);
        let part = Request {
            cues: request.cues.slice(s![from..to, ..]),
            input: request.input.map(|input| input.slice_move(s![from..to, ..])),
            known: request.known.map(|known| known.slice_move(s![from..to, ..])),
            first_row: request.first_row.wrapping_add(from as u64),
            report: false,
            ..request.clone()
        };
        let own = |row: usize| pairs[(from + row) / each];
        let old = before.recall(&part, |row| own(row).0)?;
        let new = after.recall(&part, |row| own(row).1)?;
        for row in 0..to - from {
            let effect = &mut result[(from + row) / each];
            let (was, is) = (old.recalled[row], new.recalled[row]);
            effect.recalled_before += usize::from(was);
            effect.recalled += usize::from(is);
            effect.lost += usize::from(was && !is);
            effect.gained += usize::from(is && !was);
            let apart = Zip::from(old.states.row(row))
                .and(new.states.row(row))
                .fold(0.0, |sum, a, b| sum + (a.to_f64() - b.to_f64()).powi(2));
            effect.moved += apart;
        }
        progress(to - from)?;
    }
    for effect in &mut result {
        effect.moved = (effect.moved / (each * before.patterns.dim()) as f64).sqrt();
    }
    Ok(result)
}

/// One of the two memories.
struct Side<'a, F: Real> {
    memory: &'a dyn Memory<F>,
    patterns: &'a Patterns<F>,
    /// The largest squared distance of a recalled state from its pattern, prepared.
    within: f64,
}

/// The raw states that cues ended in, and whether each was recalled.
struct Ends<F> {
    states: Array2<F>,
    recalled: Vec<bool>,
}

impl<'a, F: Real> Side<'a, F> {
    fn new(memory: &'a dyn Memory<F>) -> Result<Self> {
        /// The largest mean squared distance a unit, in spreads: for ±1 states, one wrong unit of 40.
        const WITHIN: f64 = 0.1;
        let abilities = memory.model().abilities();
        let patterns = abilities.patterns.ok_or_else(|| Error::Undefined {
            model: memory.name(),
            what: "patterns whose recalls can be compared",
            reason: "it knows none; compare memories of stored patterns".into(),
        })?;
        let spread = if abilities.spins { 1.0 } else { patterns.spread() };
        Ok(Side { memory, patterns, within: WITHIN * spread * spread * patterns.dim() as f64 })
    }

    fn recall(&self, request: &Request<F>, own: impl Fn(usize) -> usize) -> Result<Ends<F>> {
        let recall = self.memory.recall(request)?;
        let prepared = self.memory.preparation().forward(recall.states.clone());
        let nearest = nearest_patterns(self.patterns, prepared.view(), None);
        let all: Vec<usize> = (0..prepared.nrows()).flat_map(|row| [own(row), nearest[row].memory]).collect();
        let points = self.patterns.select(&all);
        let recalled = (0..prepared.nrows()).map(|row| {
            let to =
                |k: usize| squared_distance(prepared.slice(s![row..=row, ..]), points.slice(s![k..=k, ..]));
            let (own, least) = (to(2 * row), to(2 * row + 1));
            let answered =
                !matches!(recall.rows[row].outcome, Outcome::Undefined { .. } | Outcome::Diverged { .. });
            answered && own <= least && own <= self.within
        });
        let recalled = recalled.collect();
        Ok(Ends { states: recall.states, recalled })
    }
}

fn squared_distance<F: Real>(a: ArrayView2<F>, b: ArrayView2<F>) -> f64 {
    Zip::from(a).and(b).fold(0.0, |sum, a, b| sum + (a.to_f64() - b.to_f64()).powi(2))
}
