//! The patterns whose weight at a state is not negligible, and a bound on all others, in one pass.

use std::ops::Range;

use ndarray::ArrayView2;

use crate::dots::error_bound;
use crate::machine::{Level, Machine, On, array};
use crate::real::{Real, entry};
use crate::stored::Stored;
use crate::stream::{
    self, Fold, Form, Job, Lanes, Part, Parts, Pass, Tile, Values, Weighed, exact_cost, lanes,
};

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
        let mut result = Vec::with_capacity(queries.nrows());
        let job = Job { patterns, values: Values::None, queries, betas, form: Form::Distance };
        // Beyond this cost, even all patterns together would weigh less.
        let cut = Cut::new(patterns.log_weights(), (patterns.len() as f64 / share).ln());
        let pass = |job: &Job<F>, block, range| pass(job, block, range, cut);
        stream::stream(&job, pass, |parts: Vec<Part<Near>>| {
            for lane in 0..parts[0].least.len() {
                let query = parts[0].first + lane;
                let beta = stream::usable_beta::<F>(betas[query]);
                let square: f64 = queries.row(query).iter().map(|z| z.to_f64().powi(2)).sum();
                let error = cost_error(patterns, square.sqrt(), beta);
                let found = gather(&parts, lane, beta, error).and_then(|mut found| {
                    found.shrink(beta, share);
                    (found.inside.len() <= most).then_some(found)
                });
                result.push(found.map(|found| {
                    let Gathered { inside, far, rest, least } = found;
                    let error = error + ROUNDING * least.abs();
                    // Costs are ½d² − ln π/β, levels ½d² − ln π_max/β.
                    let half = (least + far + cut.heaviest / beta - error).max(0.0);
                    let rest = rest + patterns.len() as f64 * UNDERFLOW;
                    let log_rest = rest.ln() + beta * (half - least + 2.0 * error) + WEIGHING;
                    let inside = inside.into_iter().map(|near| near.0).collect();
                    Ball { inside, radius: (2.0 * half).sqrt(), log_rest }
                }));
            }
        });
        result
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
    least: f64,
}

/// Joins ranges. `None` if one of them held too many patterns.
fn gather(parts: &[Part<Near>], lane: usize, beta: f64, error: f64) -> Option<Gathered> {
    let least = parts.iter().map(|part| part.least[lane]).fold(f64::INFINITY, f64::min);
    let (mut inside, mut far, mut rest) = (Vec::new(), f64::INFINITY, 0.0);
    for part in parts {
        let (own, cut) = (&part.fold.lanes[lane], &part.fold.cut);
        if own.full {
            return None;
        }
        let ahead = part.least[lane] - least;
        rest += own.rest * (-beta * ahead).exp();
        far = far.min(own.far + own.fallen + ahead);
        let limit = cut.nats / beta + 2.0 * error;
        for &(n, cost) in &own.inside {
            let gap = cost + own.fallen + ahead;
            let level = gap + cut.surplus(n as usize) / beta;
            if level <= limit {
                inside.push((n, gap, level));
            } else {
                rest += (-beta * gap).exp();
                far = far.min(level);
            }
        }
    }
    Some(Gathered { inside, far, rest, least })
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
struct Near<'a> {
    lanes: Vec<Lane>,
    cut: Cut<'a>,
    /// The number of patterns that one lane may keep of this range.
    room: usize,
}

/// The patterns found for one query. Costs are relative to its least cost in the first tile.
#[derive(Clone, Debug)]
struct Lane {
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
