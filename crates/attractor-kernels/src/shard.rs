//! A part of a memory: patterns that answer questions for whoever reads the whole.
//!
//! A part holds whole ranges of the memory ([`ranges`]), and answers with the sums of each of them. Whoever
//! asked merges those of all parts in the order of the ranges, as a read of patterns in one place does. So both give the same
//! bits, for any number of parts.
//!
//! Questions and answers are bytes, which can go through any channel. Some reads ask twice, and the second answer follows from
//! what the first one found. A part keeps that until the next question; a part that does not have it, as after it was
//! loaded anew, finds it again.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use crate::attend::{self, Sums};
use crate::near::{Found, Look};
use crate::posterior;
use crate::real::Real;
use crate::signs;
use crate::stored::{Place, Stored};
use crate::stream::{Job, Part, Values, ranges, usable_beta};
use crate::wire::{self, Ask, Asked, Out};

/// Patterns that are a part of a memory.
///
/// ```
/// use attractor::Patterns;
/// use attractor::kernels::{Place, Shard};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f32, -1.0], [3.0, 0.0]])?;
/// let place = Place { first: 0, total: 2 };
/// let shard = Shard::new((*patterns).clone().at(place, patterns.largest_square()));
/// assert!(shard.answer(b"what?").is_err());
/// # Ok::<(), attractor::Error>(())
/// ```
pub struct Shard<F> {
    stored: Stored<F>,
    kept: Mutex<Option<Kept>>,
}

/// What the last question found, for the next one.
struct Kept {
    /// The inverse temperatures and the queries.
    of: (Vec<f64>, Vec<u64>),
    found: What,
}

enum What {
    Near(f64, Found),
    Bits(signs::Largest),
}

impl<F> fmt::Debug for Shard<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shard")
    }
}

/// Ranges whose best pattern is so many nats behind the best of the part are not sent. Their weight is 0 in f64, also
/// beside that of any range whose own weight is not.
const NOTHING: f64 = 2000.0;

impl<F: Real> Shard<F> {
    /// A part of a memory. The patterns know [which](Stored::at).
    ///
    /// # Panics
    /// If the part does not consist of whole ranges of the memory.
    pub fn new(stored: Stored<F>) -> Self {
        let Place { first, total } = stored.place();
        let (end, ranges) = (first + stored.len(), ranges(total, stored.dim()));
        assert!(
            ranges.iter().any(|range| range.start == first) && ranges.iter().any(|range| range.end == end),
            "rows {first} to {end} are no whole ranges of {total}"
        );
        Shard { stored, kept: Mutex::new(None) }
    }

    /// The patterns.
    pub fn stored(&self) -> &Stored<F> {
        &self.stored
    }

    /// Answers a question that was asked of all parts.
    ///
    /// # Errors
    /// Bytes that are no question, or one of queries of another width; patterns that cannot be read. A sentence each.
    pub fn answer(&self, question: &[u8]) -> Result<Vec<u8>, String> {
        let asked = Asked::<F>::of_bytes(question)?;
        if asked.ask != Ask::Rows && asked.queries.ncols() != self.stored.dim() {
            let (expected, found) = (self.stored.dim(), asked.queries.ncols());
            return Err(format!("expected queries of {expected} units, found {found}"));
        }
        let mut out = Out::default();
        self.write(&asked, &mut out)?;
        match self.stored.failure() {
            None => Ok(out.0),
            Some(reason) => Err(reason.to_owned()),
        }
    }

    fn write(&self, asked: &Asked<F>, out: &mut Out) -> Result<(), String> {
        let Asked { ask, form, queries, betas, more } = asked;
        let job =
            |values| Job { patterns: &self.stored, values, queries: queries.view(), betas, form: *form };
        let first = self.stored.place().first;
        match *ask {
            Ask::Read { mean } => {
                let job = job(if mean { Values::Own } else { Values::None });
                attend::sums(&job, |parts| {
                    for lane in 0..parts[0].least.len() {
                        send_sums(&parts, lane, usable_beta::<F>(betas[parts[0].first + lane]), first, out);
                    }
                });
            }
            Ask::Posterior { top } => posterior::sums(&job(Values::None), top, |parts| {
                for lane in 0..parts[0].least.len() {
                    out.whole(parts.len());
                    parts.iter().for_each(|part| wire::send::<F, _>(part, lane, first, out));
                }
            }),
            Ask::Least { share } => self.near(asked, share, |_, found| {
                (0..queries.nrows()).for_each(|query| out.float(found.least(query)));
            }),
            Ask::Rings { share, most } => self.near(asked, share, |look, found| {
                let each = more.iter().enumerate();
                each.for_each(|(query, least)| look.send_rings(found, query, *least, most, out));
            }),
            Ask::Largest { top } => self.bits(asked, |bits, found| bits.send_largest(found, top, out))?,
            Ask::Lists { most, words } => {
                self.bits(asked, |bits, found| bits.send_lists(found, more, most, words, out))?;
            }
            Ask::Rows => self.rows(more, out),
        }
        Ok(())
    }

    /// Calls `f` with what is near the queries.
    fn near(&self, asked: &Asked<F>, share: f64, f: impl FnOnce(&Look<F>, &Found)) {
        let Asked { form, queries, betas, .. } = asked;
        let (patterns, queries) = (&self.stored, queries.view());
        let job = Job { patterns, values: Values::None, queries, betas, form: *form };
        let look = Look::new(&job, share);
        let of = key(asked);
        let found = match self.take(&of) {
            Some(What::Near(at, found)) if at == share => found,
            _ => look.found(),
        };
        f(&look, &found);
        self.keep(of, What::Near(share, found));
    }

    /// Calls `f` with the largest sums of the tiles of bits.
    fn bits(&self, asked: &Asked<F>, f: impl FnOnce(&signs::OfPart, &signs::Largest)) -> Result<(), String> {
        let bits = self.stored.bits().ok_or("expected a part that holds bits, found numbers")?;
        let part = signs::OfPart::new(bits, self.stored.place(), self.stored.len(), asked.queries.view());
        let of = key(asked);
        let found = match self.take(&of) {
            Some(What::Bits(found)) => found,
            _ => part.largest(),
        };
        f(&part, &found);
        self.keep(of, What::Bits(found));
        Ok(())
    }

    /// What the last question found, if it was of these queries.
    fn take(&self, of: &(Vec<f64>, Vec<u64>)) -> Option<What> {
        let last = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        last.filter(|last| last.of == *of).map(|last| last.found)
    }

    fn keep(&self, of: (Vec<f64>, Vec<u64>), found: What) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Kept { of, found });
    }

    /// Writes those of some rows that the part holds, with their places in the question.
    fn rows(&self, numbers: &[f64], out: &mut Out) {
        let first = self.stored.place().first;
        let own: Vec<(usize, usize)> = numbers
            .iter()
            .enumerate()
            .filter_map(|(place, n)| Some((place, (*n as usize).checked_sub(first)?)))
            .filter(|(_, row)| *row < self.stored.len())
            .collect();
        out.whole(own.len());
        for (place, row) in own {
            out.whole(place);
            self.stored.row(row).iter().for_each(|x| out.number(*x));
        }
    }
}

fn key<F: Real>(asked: &Asked<F>) -> (Vec<f64>, Vec<u64>) {
    (asked.betas.clone(), asked.queries.iter().map(|x| x.to_f64().to_bits()).collect())
}

fn send_sums<F: Real>(parts: &[Part<Sums<F>>], lane: usize, beta: f64, first: usize, out: &mut Out) {
    let least = parts.iter().map(|part| part.least[lane]).fold(f64::INFINITY, f64::min);
    let counts = |part: &&Part<Sums<F>>| beta * (part.least[lane] - least) <= NOTHING;
    out.whole(parts.iter().filter(counts).count());
    parts.iter().filter(counts).for_each(|part| wire::send::<F, _>(part, lane, first, out));
}
