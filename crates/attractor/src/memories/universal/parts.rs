//! Universal networks whose keys others hold in parts.
//!
//! With softmax weights the kernels ask the parts. With max and k-max few keys have weights: each part gives its best, and
//! the best of all are among them.

use ndarray::{Array2, ArrayView2};

use super::super::report::summary_of;
use super::super::spec::Spec;
use super::{CARD, Output};
use crate::error::{Error, Result};
use crate::kernels::wire::{In, Out};
use crate::kernels::{Posterior, Shard};
use crate::options::Options;
use crate::patterns::Patterns;
use crate::real::Real;
use crate::separations::{Separation, largest};
use crate::similarities::{Convention, Keys, Similarity};

/// The first byte of a question for the best keys. Those of the kernels are smaller.
const BEST: u8 = 100;

/// A part of a memory of any model that can be in parts: it answers what recalls ask.
#[derive(Debug)]
pub struct Part<F> {
    shard: Shard<F>,
    /// The keys, for similarities that kernels do not read.
    keys: Option<Keys<F>>,
}

impl<F: Real> Part<F> {
    /// A part of a memory of this model.
    ///
    /// # Errors
    /// Options that the model does not have; patterns for which the similarity is not defined.
    pub fn new(shard: Shard<F>, spec: &Spec) -> Result<Self> {
        let keys = if spec.model == CARD.name {
            let options: Options = CARD.read(&spec.options)?;
            Some(Keys::new(
                super::similarity_of(&options, shard.stored().dim())?,
                shard.stored().shared(),
                Convention::Corrected,
            )?)
        } else {
            None
        };
        Ok(Part { shard, keys })
    }

    /// Answers a question that was asked of all parts.
    ///
    /// # Errors
    /// As [`Shard::answer`].
    pub fn answer(&self, question: &[u8]) -> std::result::Result<Vec<u8>, String> {
        match (question.first(), &self.keys) {
            (Some(&BEST), Some(keys)) => self.best(keys, &mut In(&question[1..])),
            _ => self.shard.answer(question),
        }
    }

    fn best(&self, keys: &Keys<F>, of: &mut In) -> std::result::Result<Vec<u8>, String> {
        let (count, rows, dim) = (of.whole()?, of.whole()?, of.whole()?);
        let numbers = of.numbers(rows.saturating_mul(dim))?;
        let queries = Array2::from_shape_vec((rows, dim), numbers).map_err(|e| e.to_string())?;
        let first = self.shard.stored().place().first;
        let mut out = Out::default();
        /// The largest number of scores held at a time.
        const HELD: usize = 1 << 22;
        for some in queries.axis_chunks_iter(ndarray::Axis(0), (HELD / self.shard.stored().len()).max(1)) {
            let scores = keys.scores(some).map_err(|e| e.to_string())?;
            for scores in scores.outer_iter() {
                let scores = scores.to_slice().expect("row-major");
                let best = best_of(scores.iter().copied().enumerate().collect(), count);
                out.whole(best.len());
                for (n, score) in best {
                    out.whole(first + n);
                    out.float(score);
                }
            }
        }
        Ok(out.0)
    }
}

/// The best of some keys with their scores, in rising order of their numbers: for `count` 0 the one that max takes, or else as
/// many as k-max takes.
fn best_of(mut all: Vec<(usize, f64)>, count: usize) -> Vec<(usize, f64)> {
    if count == 0 {
        let scores: Vec<f64> = all.iter().map(|(_, score)| *score).collect();
        return all.get(largest(&scores)).copied().into_iter().collect();
    }
    let order = |a: &(usize, f64), b: &(usize, f64)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if all.len() > count {
        all.select_nth_unstable_by(count - 1, order);
        all.truncate(count);
    }
    all.sort_unstable_by_key(|(n, _)| *n);
    all
}

/// The best keys of each query with their scores, in rising order of their numbers.
pub(super) fn best<F: Real>(
    patterns: &Patterns<F>,
    keys: &Keys<F>,
    queries: ArrayView2<F>,
    separation: Separation,
) -> Result<Vec<Vec<(usize, f64)>>> {
    keys.check(queries)?;
    let count = if let Separation::KMax(count) = separation { count } else { 0 };
    let mut question = Out::default();
    question.byte(BEST);
    [count, queries.nrows(), queries.ncols()].into_iter().for_each(|x| question.whole(x));
    queries.iter().for_each(|x| question.number(*x));
    let shards = patterns.shards().expect("patterns in parts");
    let read = || -> std::result::Result<_, String> {
        let answers = shards.ask(&question.0)?;
        let mut of: Vec<In> = answers.iter().map(|answer| In(answer)).collect();
        let mut best = Vec::with_capacity(queries.nrows());
        for _ in 0..queries.nrows() {
            let mut all = Vec::new();
            for of in &mut of {
                for _ in 0..of.whole()? {
                    all.push((of.whole()?, of.float()?));
                }
            }
            if all.is_empty() {
                return Err("expected the best patterns of the parts, found none".to_owned());
            }
            best.push(best_of(all, count));
        }
        Ok(best)
    };
    read().map_err(|reason| Error::Foreign(reason.into()))
}

/// The posterior, from the patterns that may have weight. Behind them come the first others, whose weight is 0, as in a list of
/// all weights.
pub(super) fn summary_of_best(best: &[(usize, f64)], weights: &[f64], count: usize, top: usize) -> Posterior {
    let mut all: Vec<(usize, f64)> = best.iter().zip(weights).map(|((n, _), w)| (*n, *w)).collect();
    let listed = |n: &usize| best.binary_search_by_key(n, |(n, _)| *n).is_ok();
    all.extend((0..count).filter(|n| !listed(n)).take(top.max(1)).map(|n| (n, 0.0)));
    all.sort_unstable_by_key(|(n, _)| *n);
    summary_of(all.into_iter(), top)
}

/// Keys that others hold, for what can be recalled from parts.
pub(super) fn keys<F: Real>(
    patterns: &Patterns<F>,
    similarity: Similarity,
    separation: Separation,
    output: Output,
    convention: Convention,
) -> Result<Keys<F>> {
    let keys = Keys::elsewhere(similarity, patterns.dim());
    let streams = matches!(separation, Separation::Softmax(_)) && keys.measure().streams().is_some();
    match () {
        () if convention != Convention::Corrected => {
            Err(refused("it has no other arithmetic; leave compat away"))
        }
        () if output != Output::Identity => Err(refused("its output is what is read; leave output away")),
        () if !streams && !matches!(separation, Separation::Max | Separation::KMax(_)) => Err(refused(
            "few of its patterns may have weights, or softmax weights of dot products or distances; use max, k-max, or softmax with dot or euclidean",
        )),
        () => Ok(keys),
    }
}

/// The error for a network that cannot be in parts.
pub(super) fn refused(reason: &str) -> Error {
    Error::Undefined { model: "a universal network in parts", what: "such a recall", reason: reason.into() }
}
