//! The patterns whose weight at a state is not negligible, and a bound on all others, in one pass.

use std::ops::Range;

use ndarray::ArrayView2;

use crate::dots::error_bound;
use crate::elsewhere;
use crate::machine::{Level, Machine, On, array, lanes};
use crate::real::{Real, entry};
use crate::stored::Stored;
use crate::stream::{self, Fold, Form, Job, Lanes, Part, Parts, Pass, Tile, Values, Weighed, exact_cost};
use crate::wire::{Ask, In, Out, Question};

/// The patterns near a query, and what is known of the rest. For this each pattern counts as if it had the largest
/// prior weight. So a rare pattern nearby is never left out, as it may have the largest weight at another level.
#[derive(Clone, Debug)]
pub struct Ball {
    /// The patterns inside the ball, in order.
    pub inside: Vec<u32>,
    /// A lower bound of the distance of all patterns outside.
    pub radius: f64,
    /// An upper bound of ln Σ π_n exp(−β(d_n² − radius²)/2) over the patterns outside (π_n = 1 without weights).
    pub log_rest: f64,
}

entry! {
    /// The ball of each query. All patterns outside it together weigh at most `share` of those inside, or up to a
    /// quarter of a nat more. `None` if more than `most` patterns are inside. The bounds hold for exact arithmetic:
    /// the rounding of `F` is counted against them.
    ///
    /// Cost: 2·B·N·D operations and B·N exponentials, as for a log-sum.
    pub fn near<F: Real>(
        patterns: &Stored<F>,
        queries: ArrayView2<F>,
        betas: &[f64],
        share: f64,
        most: usize,
    ) -> Vec<Option<Ball>> {
        let job = Job { patterns, values: Values::None, queries, betas, form: Form::Distance };
        let look = Look::new(&job, share);
        if patterns.shards().is_some() {
            return look.elsewhere(most);
        }
        let mut result = Vec::with_capacity(queries.nrows());
        look.stream(|parts| {
            for lane in 0..parts[0].least.len() {
                let query = parts[0].first + lane;
                let least = parts.iter().map(|part| part.least[lane]).fold(f64::INFINITY, f64::min);
                let rings = parts.iter().map(|part| {
                    look.ring(query, &part.fold.lanes[lane], part.least[lane] - least)
                });
                result.push(look.ball(query, least, rings, most));
            }
        });
        result
    }
}

/// The search for the balls of some queries.
pub(crate) struct Look<'a, F> {
    job: &'a Job<'a, F>,
    share: f64,
    cut: Cut<'a>,
}

/// What one range holds of the ball about a query, and what is known of its patterns outside. Gaps, levels and weights
/// are relative to the least cost of all ranges.
pub(crate) struct Ring {
    /// The patterns inside, with their gaps and levels.
    pub inside: Vec<(u32, f64, f64)>,
    /// The least level of the patterns outside.
    pub far: f64,
    /// The weight of the patterns outside.
    pub rest: f64,
}

impl<'a, F: Real> Look<'a, F> {
    pub fn new(job: &'a Job<'a, F>, share: f64) -> Self {
        let patterns = job.patterns;
        // Beyond this cost, even all patterns together would weigh less.
        let nats = (patterns.place().total as f64 / share).ln();
        Look { job, share, cut: Cut::new(patterns.log_weights(), nats) }
    }

    fn stream(&self, finish: impl FnMut(Vec<Part<Near<'a>>>)) {
        stream::stream(self.job, |job: &Job<F>, block, range| pass(job, block, range, self.cut), finish);
    }

    fn beta(&self, query: usize) -> f64 {
        stream::usable_beta::<F>(self.job.betas[query])
    }

    fn error(&self, query: usize) -> f64 {
        let square: f64 = self.job.queries.row(query).iter().map(|z| z.to_f64().powi(2)).sum();
        cost_error(self.job.patterns, square.sqrt(), self.beta(query))
    }

    /// What a range holds, whose least cost is `ahead` of the least of all ranges. `None` if it held too many patterns.
    fn ring(&self, query: usize, own: &Lane, ahead: f64) -> Option<Ring> {
        if own.full {
            return None;
        }
        let beta = self.beta(query);
        let limit = self.cut.nats / beta + 2.0 * self.error(query);
        let mut ring = Ring {
            inside: Vec::new(),
            far: own.far + own.fallen + ahead,
            rest: own.rest * (-beta * ahead).exp(),
        };
        for &(n, cost) in &own.inside {
            let gap = cost + own.fallen + ahead;
            let level = gap + self.cut.surplus(n as usize) / beta;
            if level <= limit {
                ring.inside.push((n, gap, level));
            } else {
                ring.rest += (-beta * gap).exp();
                ring.far = ring.far.min(level);
            }
        }
        Some(ring)
    }

    /// The ball, from the least cost and what all ranges hold.
    fn ball(
        &self,
        query: usize,
        least: f64,
        rings: impl Iterator<Item = Option<Ring>>,
        most: usize,
    ) -> Option<Ball> {
        let (beta, error) = (self.beta(query), self.error(query));
        let mut found = Gathered { inside: Vec::new(), far: f64::INFINITY, rest: 0.0 };
        for ring in rings {
            let Ring { inside, far, rest } = ring?;
            found.inside.extend(inside);
            found.far = found.far.min(far);
            found.rest += rest;
        }
        found.shrink(beta, self.share);
        if found.inside.len() > most {
            return None;
        }
        let Gathered { inside, far, rest } = found;
        let error = error + ROUNDING * least.abs();
        // Costs are ½d² − ln π/β, levels ½d² − ln π_max/β.
        let half = (least + far + self.cut.heaviest / beta - error).max(0.0);
        let rest = rest + self.job.patterns.len() as f64 * UNDERFLOW;
        let log_rest = rest.ln() + beta * (half - least + 2.0 * error) + WEIGHING;
        let inside = inside.into_iter().map(|near| near.0).collect();
        Some(Ball { inside, radius: (2.0 * half).sqrt(), log_rest })
    }

    /// The balls about patterns that others hold. A first question gives the least cost of all, so that in the second
    /// answers nobody sends patterns that are far behind it.
    fn elsewhere(&self, most: usize) -> Vec<Option<Ball>> {
        let Job { patterns, queries, betas, form, .. } = *self.job;
        let ask = |ask, more: &[f64]| {
            elsewhere::ask(patterns, &Question { ask, form, queries: queries.view(), betas, more })
        };
        let share = self.share;
        let found = ask(Ask::Least { share }, &[]).and_then(|answers| {
            let least = elsewhere::read(patterns, &answers, |of| {
                let each = |of: &mut [In]| {
                    of.iter_mut().try_fold(f64::INFINITY, |least, of| Ok::<_, String>(least.min(of.float()?)))
                };
                (0..queries.nrows()).map(|_| each(of)).collect::<Result<Vec<_>, _>>()
            })?;
            let answers = ask(Ask::Rings { share, most }, &least)?;
            elsewhere::read(patterns, &answers, |of| {
                (0..queries.nrows())
                    .map(|query| {
                        let mut rings = Vec::new();
                        for of in of.iter_mut() {
                            Ring::receive_all(of, &mut rings)?;
                        }
                        Ok(self.ball(query, least[query], rings.into_iter(), most))
                    })
                    .collect()
            })
        });
        found.unwrap_or_else(|| vec![None; queries.nrows()])
    }

    /// All that was found in a part of a memory.
    pub fn found(&self) -> Found {
        let mut found = Found(Vec::with_capacity(self.job.queries.nrows()));
        self.stream(|parts| {
            for lane in 0..parts[0].least.len() {
                let of = |part: &Part<Near>| (part.least[lane], part.fold.lanes[lane].clone());
                found.0.push(parts.iter().map(of).collect());
            }
        });
        found
    }

    /// Writes what the ranges of a part hold of the ball about a query.
    pub fn send_rings(&self, found: &Found, query: usize, least: f64, most: usize, out: &mut Out) {
        let ranges = found.0[query].iter();
        let rings: Option<Vec<Ring>> =
            ranges.map(|(own, lane)| self.ring(query, lane, own - least)).collect();
        let (beta, first) = (self.beta(query), self.job.patterns.place().first);
        // Patterns of more weight than `share` are never removed from a ball.
        let stays =
            |ring: &Ring| ring.inside.iter().filter(|(_, gap, _)| (-beta * gap).exp() > self.share).count();
        let rings = rings.filter(|rings| rings.iter().map(stays).sum::<usize>() <= most);
        let Some(rings) = rings else {
            out.whole(usize::MAX);
            return;
        };
        out.whole(rings.len());
        for Ring { inside, far, rest } in rings {
            out.float(far);
            out.float(rest);
            out.whole(inside.len());
            for (n, gap, level) in inside {
                out.whole(first + n as usize);
                out.float(gap);
                out.float(level);
            }
        }
    }
}

/// The least cost of each query in each range of a part, and what is near.
pub(crate) struct Found(Vec<Vec<(f64, Lane)>>);

impl Found {
    /// The least cost of a query.
    pub fn least(&self, query: usize) -> f64 {
        self.0[query].iter().map(|(least, _)| *least).fold(f64::INFINITY, f64::min)
    }
}

impl Ring {
    /// Reads what a part holds of a ball. Too many patterns are one ring that is none.
    fn receive_all(of: &mut In, rings: &mut Vec<Option<Ring>>) -> Result<(), String> {
        let count = of.whole()?;
        if count == usize::MAX {
            rings.push(None);
            return Ok(());
        }
        for _ in 0..count {
            let (far, rest) = (of.float()?, of.float()?);
            let mut inside = Vec::new();
            for _ in 0..of.whole()? {
                let n =
                    u32::try_from(of.whole()?).map_err(|_| "expected the number of a pattern below 2^32")?;
                inside.push((n, of.float()?, of.float()?));
            }
            rings.push(Some(Ring { inside, far, rest }));
        }
        Ok(())
    }
}

entry! {
    /// Streams one range of patterns past one block of queries, to find the patterns that are near.
    fn pass<'a, F: Real>(job: &Job<F>, block: Range<usize>, range: Range<usize>, cut: Cut<'a>) -> Parts<Near<'a>> {
        let room = range.len() / 4 * 3;
        let pass = Pass { job, block, range, make: |lanes| Near::new(lanes, cut, room) };
        pass.at_best::<{ lanes::<F>(1) }, { lanes::<F>(2) }, { lanes::<F>(4) }>()
    }
}

/// The relative rounding of sums of squares in f64.
const ROUNDING: f64 = 1e-12;
/// Weights below this are 0 in `F`.
const UNDERFLOW: f64 = 1.7e-38;
/// The relative rounding of a weight in `F`: that of its exponent, at most 87 or 708, and of the exponential.
const WEIGHING: f64 = 1e-4;

/// The largest ln π of a pattern; 0 without weights.
pub fn heaviest(log_weights: Option<&[f64]>) -> f64 {
    log_weights.map_or(0.0, |w| w.iter().copied().fold(f64::NEG_INFINITY, f64::max))
}

/// Which patterns count as near.
#[derive(Clone, Copy)]
struct Cut<'a> {
    /// Those within this many nats of the best,
    nats: f64,
    /// as if each had the largest prior weight.
    log_weights: Option<&'a [f64]>,
    heaviest: f64,
}

impl<'a> Cut<'a> {
    fn new(log_weights: Option<&'a [f64]>, nats: f64) -> Self {
        Cut { nats, log_weights, heaviest: heaviest(log_weights) }
    }

    /// ln π_n/π_max ≤ 0.
    #[inline(always)]
    fn surplus(&self, n: usize) -> f64 {
        self.log_weights.map_or(0.0, |w| w[n] - self.heaviest)
    }
}

/// The largest difference between a gap computed in `F` and the exact one.
fn cost_error<F: Real>(patterns: &Stored<F>, length: f64, beta: f64) -> f64 {
    let largest = patterns.largest_square();
    let product = length * largest.sqrt();
    let rarest = patterns.log_weights().map_or(0.0, |w| w.iter().copied().fold(0.0, |a, w| f64::max(a, -w)));
    // The rounding of the dot product, then that of every sum and difference with squares and priors, each once or
    // twice.
    error_bound::<F>(patterns.dim()) * product + 16.0 * F::ROUNDOFF * (largest + product + rarest / beta)
}

/// What was found near one query in all ranges. Gaps, levels and masses are relative to the least cost.
struct Gathered {
    /// The patterns with their gaps and levels.
    inside: Vec<(u32, f64, f64)>,
    /// The least level of the patterns outside.
    far: f64,
    /// The weight of the patterns outside.
    rest: f64,
}

/// The steps, as a fraction of a nat, in which balls shrink.
const STEPS: f64 = 4.0;

impl Gathered {
    /// Removes the farthest patterns, as long as all patterns left out weigh at most `share` of the best one.
    fn shrink(&mut self, beta: f64, share: f64) {
        let step = |level: f64| (beta * level * STEPS).max(0.0) as usize;
        let last = self.inside.iter().map(|&(_, _, level)| step(level)).max().unwrap_or(0);
        // Only rounding can put a pattern far beyond the cut.
        let mut masses = vec![0.0; last.min(4096) + 1];
        let top = masses.len() - 1;
        self.inside.iter().for_each(|&(_, gap, level)| masses[step(level).min(top)] += (-beta * gap).exp());
        let (mut rest, mut keep) = (self.rest, masses.len());
        while keep > 1 && rest + masses[keep - 1] <= share {
            keep -= 1;
            rest += masses[keep];
        }
        self.rest = rest;
        self.inside.retain(|&(_, _, level)| {
            let stays = step(level).min(top) < keep;
            if !stays {
                self.far = self.far.min(level);
            }
            stays
        });
    }
}

/// What is collected for the lanes of one pack of queries.
pub(crate) struct Near<'a> {
    lanes: Vec<Lane>,
    cut: Cut<'a>,
    /// The number of patterns that one lane may keep of this range.
    room: usize,
}

/// The patterns found for one query. Costs are relative to its least cost in the first tile.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    /// The patterns inside so far, and their costs.
    inside: Vec<(u32, f64)>,
    /// How far the least cost has fallen since the first tile.
    fallen: f64,
    /// The least level of the patterns outside.
    far: f64,
    /// The weight of the patterns outside, relative to the least cost so far.
    rest: f64,
    /// The number of patterns inside when the list was last cleaned.
    sorted: usize,
    /// Whether there were too many patterns inside.
    full: bool,
}

impl<'a> Near<'a> {
    /// `room` is the number of patterns that a lane may keep before it gives up.
    fn new(lanes: usize, cut: Cut<'a>, room: usize) -> Self {
        let lane =
            Lane { inside: Vec::new(), fallen: 0.0, far: f64::INFINITY, rest: 0.0, sorted: 0, full: false };
        Near { lanes: vec![lane; lanes], cut, room }
    }

    /// Removes patterns from a lane's list that are outside since the least cost fell.
    fn sort_out(&mut self, l: usize, beta: f64, limit: f64) {
        let mut lane = std::mem::take(&mut self.lanes[l].inside);
        let fallen = self.lanes[l].fallen;
        let (mut far, mut rest) = (self.lanes[l].far, self.lanes[l].rest);
        lane.retain(|&(n, cost)| {
            let level = cost + self.cut.surplus(n as usize) / beta;
            let stays = level + fallen <= limit;
            if !stays {
                rest += (-beta * (cost + fallen)).exp();
                far = f64::min(far, level);
            }
            stays
        });
        let full = lane.len() > self.room;
        if full {
            lane = Vec::new();
        }
        let sorted = lane.len();
        self.lanes[l] = Lane { inside: lane, fallen, far, rest, sorted, full };
    }
}

/// A list is cleaned when it has twice as many patterns as after the last time, plus this number.
const MORE: usize = 256;

impl<F: Real> Fold<F> for Near<'_> {
    #[inline(always)]
    fn absorb<M: Machine<F>, const L: usize>(
        &mut self,
        _m: M,
        tile: &Tile<F>,
        lanes: &Lanes<L>,
        weighed: &Weighed<F, L>,
    ) {
        let (gaps, weights, falls) = (weighed.gaps, weighed.weights, &weighed.falls);
        for l in 0..L {
            // Before the first tile there was no least cost.
            if falls[l].is_finite() && falls[l] > 0.0 {
                self.lanes[l].fallen += falls[l] / lanes.betas[l];
                self.lanes[l].rest *= (-falls[l]).exp();
            }
        }
        let limits = array!([0.0; L], |l| self.cut.nats / lanes.betas[l] + lanes.windows[l]);
        let limit = array!([F::ZERO; L], |l| F::from_f64(limits[l]));
        let temperature = array!([F::ZERO; L], |l| F::from_f64(1.0 / lanes.betas[l]));
        let mut rest = [0.0; L];
        let mut far = [F::from_f64(f64::INFINITY); L];
        for (n, (gap, weight)) in gaps.iter().zip(weights).enumerate() {
            let surplus = F::from_f64(self.cut.surplus(tile.first + n));
            let mut any = false;
            for l in 0..L {
                let level = gap[l] + surplus * temperature[l];
                let inside = level <= limit[l];
                any |= inside;
                rest[l] += if inside { 0.0 } else { weight[l].to_f64() };
                far[l] = if !inside && level < far[l] { level } else { far[l] };
            }
            if any {
                for l in 0..lanes.live {
                    let lane = &mut self.lanes[l];
                    if gap[l] + surplus * temperature[l] <= limit[l] && !lane.full {
                        lane.inside.push(((tile.first + n) as u32, gap[l].to_f64() - lane.fallen));
                    }
                }
            }
        }
        for l in 0..lanes.live {
            let lane = &mut self.lanes[l];
            lane.rest += rest[l];
            lane.far = lane.far.min(far[l].to_f64() - lane.fallen);
            if lane.inside.len() > 2 * lane.sorted + MORE {
                self.sort_out(l, lanes.betas[l], limits[l]);
            }
        }
    }
}

entry! {
    /// ½‖z − y_n‖² of some patterns, by direct differences in f64.
    pub fn half_squares<F: Real>(values: &[F], which: &[u32], state: &[F], out: &mut Vec<f64>) {
        Level::best().run_narrow::<F, _, _>(HalfSquares { values, which, state, out });
    }
}

/// The arguments of [`half_squares`].
struct HalfSquares<'a, F> {
    values: &'a [F],
    which: &'a [u32],
    state: &'a [F],
    out: &'a mut Vec<f64>,
}

impl<F: Real, M: Machine<F>> On<M, ()> for HalfSquares<'_, F> {
    #[inline(always)]
    fn run(self, _m: M) {
        let HalfSquares { values, which, state, out } = self;
        let dim = state.len();
        out.clear();
        out.extend(which.iter().map(|&n| {
            let n = n as usize * dim;
            exact_cost(Form::Distance, state, &values[n..n + dim])
        }));
    }
}
