//! Descents: where starts are drawn, and where they come to rest.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut1};

use super::Search;
use crate::energies::{Denoise, Reader};
use crate::error::{Error, Result};
use crate::memories::{Memory, Request};
use crate::message;
use crate::message::Argument;
use crate::noise::{Purpose, Stream};
use crate::patterns::pick;
use crate::real::Real;
use crate::recall::{Outcome, largest_change};
use crate::threads;

/// Where starts are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Starts {
    /// As free recall draws them: random signs for states of ±1, and otherwise Gaussian noise with the mean and the
    /// spread of the patterns. At a noise level: states y + σε of the memory itself.
    #[default]
    Prior,
    /// Stored patterns, each as likely as its prior weight says, with Gaussian noise of this standard deviation, in
    /// units of the data. States of ±1 are the signs of that.
    Near(f64),
}

/// Where a batch of starts ended.
pub(super) struct Ends<F> {
    /// Prepared states.
    pub states: Array2<F>,
    /// Which of them came to rest.
    pub at_rest: Vec<bool>,
    /// How many had no next state.
    pub without: usize,
}

/// How states of a memory descend.
pub(super) struct Descent<'a, F: Real> {
    memory: &'a dyn Memory<F>,
    search: &'a Search,
    /// The denoiser and the prepared noise level, of a memory with levels.
    level: Option<(&'a dyn Denoise<F>, f64)>,
}

/// How far an end is pushed, in spreads.
const PUSH: f64 = 1e-3;

/// The largest change of a unit that counts as rest, in spreads. It is far below what joins ends.
const REST: f64 = 1e-7;

impl<'a, F: Real> Descent<'a, F> {
    pub fn new(memory: &'a dyn Memory<F>, search: &'a Search) -> Result<Self> {
        let refuse = |what, reason: crate::message::Message| {
            Err(Error::Undefined { model: memory.name(), what, reason })
        };
        if !(search.within.is_finite() && search.within > 0.0) {
            return Err(Error::parameter("within", "a finite number > 0", search.within));
        }
        let level = match (memory.denoiser(), search.sigma) {
            (None, None) => None,
            (None, Some(_)) => {
                let reason =
                    message!["it has one landscape; leave the level (", Argument::StateLevels, ") away"];
                return refuse("noise levels", reason);
            }
            (Some(_), None) => {
                let reason = message![
                    "it has one landscape for each noise level; give the level (",
                    Argument::StateLevels,
                    ")"
                ];
                return refuse("single landscape", reason);
            }
            (Some(_), Some(sigma)) if !(sigma > 0.0 && sigma <= 1e15) => {
                return Err(Error::parameter("sigma", "a number above 0, up to 1e15", sigma));
            }
            (Some(denoiser), Some(sigma)) => Some((denoiser, sigma * memory.preparation().scale())),
        };
        if let Starts::Near(noise) = search.from {
            if !(noise >= 0.0 && noise.is_finite()) {
                return Err(Error::parameter("near", "a finite number ≥ 0", noise));
            }
            if memory.patterns().is_none() {
                return refuse(
                    "stored patterns to start near",
                    "leave them away, to start from noise".into(),
                );
            }
        }
        Ok(Descent { memory, search, level })
    }

    /// How many starts are made at a time, so that progress is told within about a second.
    pub fn batch(&self) -> usize {
        const WORK: usize = 50_000_000;
        let each = self.memory.memories().unwrap_or(1).saturating_mul(self.memory.dim());
        (WORK / each.max(1)).clamp(16, 256)
    }

    /// Where the starts with these ids end.
    pub fn ends(&self, ids: &[u64]) -> Result<Ends<F>> {
        let starts = self.starts(ids)?;
        let mut level =
            self.level.map(|(denoiser, sigma)| AtLevel::new(self.memory, denoiser, sigma, ids.len()));
        let first = self.rest(level.as_mut(), starts.view(), ids)?;
        if self.memory.abilities().spins {
            return Ok(first);
        }
        // A saddle holds no state that is pushed. The others come back.
        let push = PUSH * self.memory.spread().unwrap_or(1.0);
        let mut pushed = first.states.clone();
        for (mut state, &id) in pushed.outer_iter_mut().zip(ids) {
            let mut stream = Stream::new(self.search.seed, Purpose::Correction, id);
            state.mapv_inplace(|x| F::from_f64(x.to_f64() + push * stream.normal()));
        }
        let mut second = self.rest(level.as_mut(), pushed.view(), ids)?;
        for (at_rest, before) in second.at_rest.iter_mut().zip(&first.at_rest) {
            *at_rest &= before;
        }
        Ok(Ends { without: first.without, ..second })
    }

    /// The prepared states that starts begin at.
    fn starts(&self, ids: &[u64]) -> Result<Array2<F>> {
        let (memory, seed) = (self.memory, self.search.seed);
        let preparation = memory.preparation();
        if let (Starts::Near(noise), Some(patterns)) = (self.search.from, memory.patterns()) {
            /// The cost of a normal number.
            const NORMAL: f64 = 40.0;
            let mut raw = Array2::from_elem((ids.len(), memory.dim()), F::ZERO);
            let work = NORMAL * raw.len() as f64;
            let tasks = raw.outer_iter_mut().zip(ids).collect();
            threads::each(tasks, work, |(mut state, &id): (ArrayViewMut1<F>, &u64)| {
                let mut stream = Stream::new(seed, Purpose::Prior, id);
                let n = match patterns.log_weights() {
                    None => stream.below(patterns.len()),
                    Some(weights) => drawn(weights, stream.uniform()),
                };
                for (to, y) in state.iter_mut().zip(patterns.restored_row(n)) {
                    *to = F::from_f64(y.to_f64() + noise * stream.normal());
                }
            });
            let states = preparation.forward(raw);
            let sign = |x: F| if x < F::ZERO { -F::ONE } else { F::ONE };
            return Ok(if memory.abilities().spins { states.mapv_into(sign) } else { states });
        }
        let Some((denoiser, sigma)) = self.level else {
            return Ok(preparation.forward(memory.prior_samples(ids, seed)?.0));
        };
        let mut states = Array2::from_elem((ids.len(), memory.dim()), F::ZERO);
        let origin = vec![0.0; memory.dim()];
        for (mut state, &id) in states.outer_iter_mut().zip(ids) {
            let mut stream = Stream::new(seed, Purpose::Prior, id);
            let Ok(y) = denoiser.draw(&origin, f64::INFINITY, &mut stream) else {
                // A memory from which no samples can be drawn: its mean with noise of its own spread.
                return self.around(ids, sigma);
            };
            state.iter_mut().zip(y).for_each(|(to, y)| *to = F::from_f64(y + sigma * stream.normal()));
        }
        Ok(states)
    }

    /// The mean of a memory with noise of its own spread and of the level.
    fn around(&self, ids: &[u64], sigma: f64) -> Result<Array2<F>> {
        /// A level at which the denoised state is the mean.
        const FAR: f64 = 1e6;
        let (memory, spread) = (self.memory, self.memory.spread().unwrap_or(1.0));
        let origin = Array2::from_elem((1, memory.dim()), F::ZERO);
        let (denoiser, _) = self.level.expect("a level");
        let mean = denoiser.denoise(origin.view(), &[FAR * spread.max(sigma)])?;
        let mut states = Array2::from_elem((ids.len(), memory.dim()), F::ZERO);
        for (mut state, &id) in states.outer_iter_mut().zip(ids) {
            let mut stream = Stream::new(self.search.seed, Purpose::Prior, id);
            for (to, m) in state.iter_mut().zip(mean.row(0)) {
                *to = F::from_f64(m.to_f64() + sigma.hypot(spread) * stream.normal());
            }
        }
        Ok(states)
    }

    /// Descends from prepared states until they rest.
    fn rest(&self, level: Option<&mut AtLevel<F>>, states: ArrayView2<F>, ids: &[u64]) -> Result<Ends<F>> {
        let spread = self.memory.spread().unwrap_or(1.0);
        if let Some(level) = level {
            return level.rest(states, REST * spread);
        }
        let raw = self.memory.preparation().backward(states.to_owned());
        let tolerance = if self.memory.abilities().spins { 0.0 } else { REST * spread };
        let request = Request {
            tolerance: Some(tolerance),
            seed: self.search.seed,
            first_row: ids.first().copied().unwrap_or(0),
            report: false,
            ..Request::new(raw.view())
        };
        let recall = self.memory.recall(&request)?;
        let outcome = |is: fn(&Outcome) -> bool| recall.rows.iter().map(move |row| is(&row.outcome));
        let at_rest = outcome(|outcome| matches!(outcome, Outcome::Settled { .. })).collect();
        let without = outcome(|outcome| matches!(outcome, Outcome::Undefined { .. })).filter(|u| *u).count();
        Ok(Ends { states: self.memory.preparation().forward(recall.states), at_rest, without })
    }
}

/// Copies a row. (`assign` goes number by number.)
fn copy<F: Real>(from: ArrayView1<F>, mut to: ArrayViewMut1<F>) {
    match (from.as_slice(), to.as_slice_mut()) {
        (Some(from), Some(to)) => to.copy_from_slice(from),
        _ => to.assign(&from),
    }
}

/// The index that a uniform number draws by these log-weights.
fn drawn(log_weights: &[f64], uniform: f64) -> usize {
    let mut left = uniform;
    for (n, weight) in log_weights.iter().enumerate() {
        left -= weight.exp();
        if left < 0.0 {
            return n;
        }
    }
    log_weights.len() - 1
}

/// Descents of a batch at one noise level.
struct AtLevel<'a, F> {
    denoiser: &'a dyn Denoise<F>,
    /// `None` if every read should be of all patterns.
    reader: Option<Box<dyn Reader<F> + 'a>>,
    sigma: f64,
    /// Which rows make small steps. A reader may leave out patterns of negligible weight for them, since they stay among the others.
    slow: Vec<bool>,
    /// The largest change of a unit in a small step.
    small: f64,
}

impl<'a, F: Real> AtLevel<'a, F> {
    fn new(memory: &'a dyn Memory<F>, denoiser: &'a dyn Denoise<F>, sigma: f64, rows: usize) -> Self {
        /// The change of a unit in a small step, in spreads.
        const SMALL: f64 = 0.02;
        let narrows = memory.abilities().sampling.is_none_or(|sampling| sampling.narrow);
        let reader = narrows.then(|| denoiser.reader(rows));
        let small = SMALL * memory.spread().unwrap_or(1.0);
        AtLevel { denoiser, reader, sigma, slow: vec![false; rows], small }
    }

    /// D(z;σ) of some rows.
    fn read(&mut self, rows: &[usize], states: ArrayView2<F>) -> Result<Array2<F>> {
        let Some(reader) = &mut self.reader else {
            return self.denoiser.denoise(states, &vec![self.sigma; rows.len()]);
        };
        let (slow, fast): (Vec<usize>, Vec<usize>) = (0..rows.len()).partition(|&k| self.slow[rows[k]]);
        if slow.is_empty() {
            return self.denoiser.denoise(states, &vec![self.sigma; rows.len()]);
        }
        if fast.is_empty() {
            return reader.denoise(rows, states, &vec![self.sigma; rows.len()]);
        }
        let mut means = Array2::from_elem(states.dim(), F::ZERO);
        let mut put = |places: &[usize], read: Array2<F>| {
            places.iter().zip(read.outer_iter()).for_each(|(&k, mean)| copy(mean, means.row_mut(k)));
        };
        put(&fast, self.denoiser.denoise(pick(states, &fast).view(), &vec![self.sigma; fast.len()])?);
        let own: Vec<usize> = slow.iter().map(|&k| rows[k]).collect();
        put(&slow, reader.denoise(&own, pick(states, &slow).view(), &vec![self.sigma; slow.len()])?);
        Ok(means)
    }

    /// Moves (prepared) states to D(z;σ) until no unit moves by more than `tolerance`.
    ///
    /// For stored points E_σ falls by at least ½‖D − z‖² in each step.
    fn rest(&mut self, states: ArrayView2<F>, tolerance: f64) -> Result<Ends<F>> {
        const UPDATES: usize = 10_000;
        let mut ends = Ends { states: states.to_owned(), at_rest: vec![false; states.nrows()], without: 0 };
        let mut moving: Vec<usize> = (0..states.nrows()).collect();
        for _ in 0..UPDATES {
            if moving.is_empty() {
                break;
            }
            let now = pick(ends.states.view(), &moving);
            let next = self.read(&moving, now.view())?;
            let mut still = Vec::new();
            for ((&row, from), to) in moving.iter().zip(now.outer_iter()).zip(next.outer_iter()) {
                let largest = largest_change(from, to);
                copy(to, ends.states.row_mut(row));
                self.slow[row] = largest <= self.small;
                if largest <= tolerance {
                    ends.at_rest[row] = true;
                } else if largest.is_finite() {
                    still.push(row);
                }
            }
            moving = still;
        }
        Ok(ends)
    }
}
