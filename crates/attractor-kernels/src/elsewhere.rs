//! Reads of patterns that others hold in parts: the sums of every range come back unmerged, and are merged here in the
//! order of the ranges. So results have the bits that they have where all patterns are in one place.

use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, s};

use crate::real::Real;
use crate::stored::{Shards, Source, Stored, Streamed};
use crate::stream::{self, Form, Job, Part};
use crate::wire::{self, Ask, In, Question, Sent};

/// Asks all parts. `None` if one of them did not answer, now or earlier; the patterns then have a failure.
pub(crate) fn ask<F: Real>(patterns: &Stored<F>, question: &Question<F>) -> Option<Vec<Vec<u8>>> {
    if patterns.failure().is_some() {
        return None;
    }
    let shards = patterns.shards().expect("patterns in parts");
    shards.ask(&question.to_bytes()).map_err(|reason| patterns.fail(reason)).ok()
}

/// Reads answers, which must be whole.
pub(crate) fn read<F: Real, T>(
    patterns: &Stored<F>,
    answers: &[Vec<u8>],
    read: impl FnOnce(&mut [In]) -> Result<T, String>,
) -> Option<T> {
    let mut of: Vec<In> = answers.iter().map(|bytes| In(bytes)).collect();
    let found = read(&mut of).and_then(|found| match of.iter().position(|rest| !rest.0.is_empty()) {
        None => Ok(found),
        Some(part) => Err(format!("expected the answer of part {}, found one that is too long", part + 1)),
    });
    found.map_err(|reason| patterns.fail(reason)).ok()
}

/// As [`stream::stream`], for patterns that others hold.
pub(crate) fn stream<F: Real, K: Sent<F>>(job: &Job<F>, what: Ask, mut finish: impl FnMut(Vec<Part<K>>)) {
    let width = job.width();
    for block in stream::blocks(job) {
        let queries = job.queries.slice(s![block.clone(), ..]);
        let question =
            Question { ask: what, form: job.form, queries, betas: &job.betas[block.clone()], more: &[] };
        let found = ask(job.patterns, &question).and_then(|answers| {
            read(job.patterns, &answers, |of| {
                let mut all = Vec::with_capacity(block.len());
                for query in block.clone() {
                    let mut parts = Vec::new();
                    for of in of.iter_mut() {
                        for _ in 0..of.whole()? {
                            parts.push(wire::receive(of, query, width)?);
                        }
                    }
                    if parts.is_empty() {
                        return Err("expected sums of every query from the parts, found none".to_owned());
                    }
                    all.push(parts);
                }
                Ok(all)
            })
        });
        match found {
            Some(all) => all.into_iter().for_each(&mut finish),
            None => block.for_each(|first| {
                let fold = K::missing(width);
                finish(vec![Part { first, least: vec![0.0], best: vec![0], fold }]);
            }),
        }
    }
}

/// Patterns whose rows others hold.
#[derive(Debug)]
struct Elsewhere {
    shards: Arc<dyn Shards>,
    len: usize,
    dim: usize,
}

/// Patterns that others hold in parts: N of D units each, with the largest ‖y_n‖² and the spread of them all.
pub fn elsewhere<F: Real>(
    shards: Arc<dyn Shards>,
    [len, dim]: [usize; 2],
    largest_square: f64,
    spread: f64,
) -> Stored<F> {
    Stored::streamed(Streamed::new(Arc::new(Elsewhere { shards, len, dim })), largest_square, spread)
}

impl<F: Real> Source<F> for Elsewhere {
    fn len(&self) -> usize {
        self.len
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, rows: Range<usize>, out: &mut [F]) -> Result<(), String> {
        self.select(&rows.collect::<Vec<_>>(), out)
    }

    fn select(&self, rows: &[usize], out: &mut [F]) -> Result<(), String> {
        /// The largest number of values that are sent at once: 64 MiB of f32.
        const MOST: usize = 1 << 24;
        if rows.len().saturating_mul(self.dim) > MOST.max(self.dim) {
            return Err(format!(
                "expected a recall that reads patterns where they are, found one that needs {} of them in one place, which a memory in parts does not give; load the whole memory for it",
                rows.len()
            ));
        }
        let numbers: Vec<f64> = rows.iter().map(|row| *row as f64).collect();
        let queries = Array2::from_elem((0, 0), F::ZERO);
        let question =
            Question { ask: Ask::Rows, form: Form::Dot, queries: queries.view(), betas: &[], more: &numbers };
        let mut left = rows.len();
        for answer in self.shards.ask(&question.to_bytes())? {
            let mut of = In(&answer);
            for _ in 0..of.whole()? {
                let place = of.whole()?;
                let row = of.numbers(self.dim)?;
                let to = out.chunks_exact_mut(self.dim).nth(place);
                to.ok_or("expected rows that were asked for, found others")?.copy_from_slice(&row);
                left = left.saturating_sub(1);
            }
        }
        match left {
            0 => Ok(()),
            _ => Err(format!("expected {} patterns from the parts, found {left} fewer", rows.len())),
        }
    }

    fn shards(&self) -> Option<&dyn Shards> {
        Some(&*self.shards)
    }
}
