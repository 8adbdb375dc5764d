//! Streams patterns past queries in tiles, with softmax weights relative to a running best.
//!
//! Every read-out here is a sum over patterns of exp(−β a_n), where the *cost* a_n of pattern n is
//!
//! ```text
//! Distance:  a_n = ½‖z − y_n‖² − ln π_n / β        Dot:  a_n = −z·y_n − ln π_n / β
//! ```
//!
//! The running least cost of each query is the reference. The gaps a_n − least of a tile are ≥ 0, so weights exp(−β
//! gap) are ≤ 1. Earlier sums are rescaled when the least cost falls. There is never a B × N matrix.
//!
//! **Precision.** Costs of a tile come from a dot product in `F`, whose error is bounded by [`error_bound`] · ‖z‖‖y‖.
//! Every pattern whose cost lies within twice that bound of the least is a *contender*: its cost is computed again in
//! f64 by direct differences. So the best pattern is the true best one, also in f32. Patterns that share the best
//! place share the weight, also for σ → 0. Costs further from the best carry the rounding of `F`.

use std::ops::Range;

use ndarray::ArrayView2;

mod weigh;

pub(crate) use weigh::exact_cost;
use weigh::{Space, Weigh};

use crate::dots::{self, error_bound};
#[cfg(target_arch = "x86_64")]
use crate::machine::Token;
use crate::machine::{Aligned, InLanes, Level, Machine, On, Vectors, array};
use crate::real::Real;
use crate::stored::{Stored, Window};
use crate::threads;

/// The form of comparison between a query and a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Logits −β‖z − y_n‖²/2 + ln π_n: Gaussian noise of variance 1/β around each pattern.
    Distance,
    /// Logits β z·y_n + ln π_n: the modern Hopfield network.
    Dot,
}

/// A run of patterns that is small enough to stay in the second-level cache.
pub(crate) struct Tile<'a, F> {
    /// Index of the first pattern.
    pub first: usize,
    /// The vectors to be summed: the patterns or other values, one after the other.
    pub values: &'a [F],
    /// The number of units in a value.
    pub width: usize,
}

/// A sum over patterns, for `L` queries side by side.
pub(crate) trait Fold<F: Real>: Send {
    /// Adds one tile.
    fn absorb<M: Machine<F>, const L: usize>(
        &mut self,
        m: M,
        tile: &Tile<F>,
        lanes: &Lanes<L>,
        weighed: &Weighed<F, L>,
    );
}

/// The weights of the patterns of a tile.
pub(crate) struct Weighed<'a, F, const L: usize> {
    /// Cost gaps to the least cost so far.
    pub gaps: &'a [[F; L]],
    /// exp(−β gap).
    pub weights: &'a [[F; L]],
    /// The sum of the weights.
    pub mass: [f64; L],
    /// The sum of the weights times ‖y‖².
    pub second: [f64; L],
    /// The patterns whose weight is not 0 for some query.
    pub active: &'a [u32],
    /// The least cost just fell by `falls`/β (infinite at the first tile). Earlier sums shrink by exp(−fall).
    pub falls: [f64; L],
}

/// The data of a fold that are the same for all tiles.
pub(crate) struct Lanes<const L: usize> {
    /// The number of lanes in use. Other lanes repeat the last of them.
    pub live: usize,
    /// β of each lane.
    pub betas: [f64; L],
    /// Twice the error bound of a cost, without the part that depends on the cost.
    pub windows: [f64; L],
}

/// The sums of a pack of queries over one range of patterns. Those of one query are in lane `lane` of `fold`.
pub struct Part<K> {
    /// The first query of the pack.
    pub first: usize,
    /// The least cost of each query in the pack.
    pub least: Vec<f64>,
    /// The first pattern with that cost.
    pub best: Vec<usize>,
    /// The sums.
    pub fold: K,
}

/// The parts of all packs of a block.
pub type Parts<K> = Vec<Part<K>>;

/// Queries side by side in lanes, with what has been found for them.
struct Pack<F, const L: usize> {
    packed: Aligned<F, L>,
    first: usize,
    lanes: Lanes<L>,
    half_squares: [f64; L],
    least: [f64; L],
    /// The pattern of that cost; the first of several.
    best: [usize; L],
}

/// The vectors that are summed with the weights.
pub(crate) enum Values<'a, F> {
    /// The patterns themselves.
    Own,
    /// No vectors: only the weights are needed.
    None,
    /// Other vectors, one row for each pattern, without gaps.
    Others(ArrayView2<'a, F>),
}

/// The patterns, queries and values of a read.
pub struct Job<'a, F> {
    pub(crate) patterns: &'a Stored<F>,
    pub(crate) values: Values<'a, F>,
    pub(crate) queries: ArrayView2<'a, F>,
    pub(crate) betas: &'a [f64],
    pub(crate) form: Form,
}

impl<F: Real> Job<'_, F> {
    /// The job with other queries.
    pub(crate) fn by<'b>(&'b self, queries: ArrayView2<'b, F>, betas: &'b [f64]) -> Job<'b, F> {
        let values = match &self.values {
            Values::Own => Values::Own,
            Values::None => Values::None,
            Values::Others(values) => Values::Others(values.view()),
        };
        Job { patterns: self.patterns, values, queries, betas, form: self.form }
    }

    /// The number of units in a value.
    pub(crate) fn width(&self) -> usize {
        match &self.values {
            Values::Own => self.patterns.dim(),
            Values::None => 0,
            Values::Others(values) => values.ncols(),
        }
    }

    /// The number of units in a pattern or in a value, whichever is larger. Tiles and ranges are cut by it.
    fn dim(&self) -> usize {
        self.patterns.dim().max(self.width())
    }
}

/// The number of queries that share a pass over a range.
const QUERIES: usize = 64;

/// The approximate largest number of ranges. Ranges are the tasks of a single query.
const RANGES: usize = 64;

/// Memories with more values than a machine holds have more ranges, since a memory in parts is cut between them: one for
/// every so many values, up to a number whose sums can still travel.
const LARGEST_RANGE: usize = 1 << 28;
const MOST_RANGES: usize = 1024;

/// The smallest number of values in a range, so that it is enough work for a task.
const RANGE: usize = 1 << 19;

/// The number of values in a tile: 256 KiB of f32, which a second-level cache can hold, or nearly.
const TILE: usize = 1 << 16;

/// The largest number of patterns in a tile. Their weights for one pack, and their columns of a few vectors, then
/// stay in the first-level cache between the steps of a tile.
const TILE_ROWS: usize = 48;

/// The largest number for short patterns, where the fixed cost of a tile counts for more.
const SHORT: usize = 32;
const SHORT_ROWS: usize = 96;

/// The number of units whose multiplications take as long as the exponential of a pair.
const EXPONENTIAL: usize = 8;

/// The number of values in partial results held at a time: 64 MiB of f32.
const HELD: usize = 1 << 24;

/// The length of a range. Ranges are whole tiles, and most numbers of threads divide their number, or nearly. It
/// depends only on N and `dim`, the units of a pattern or of a value, whichever is more.
fn range_length(n: usize, dim: usize) -> usize {
    let values = n * dim;
    let most = values.div_ceil(LARGEST_RANGE).next_multiple_of(RANGES).clamp(RANGES, MOST_RANGES);
    let ranges = values.div_ceil(RANGE);
    let ranges = if ranges < 4 { ranges } else { ranges.next_multiple_of(8).min(most) };
    n.div_ceil(ranges).next_multiple_of(tile_length(dim)).min(n)
}

/// The number of patterns in a tile: a multiple of the micro-kernels' rows if there are many. It depends only on
/// `dim`.
fn tile_length(dim: usize) -> usize {
    let rows = (TILE / dim).clamp(6, if dim < SHORT { SHORT_ROWS } else { TILE_ROWS });
    if rows < 24 { rows / 6 * 6 } else { rows / 24 * 24 }
}

/// The inverse temperature as the kernels use it: positive, and finite in `F`.
pub fn usable_beta<F: Real>(beta: f64) -> f64 {
    beta.clamp(1.0 / F::LARGEST_BETA, F::LARGEST_BETA)
}

/// Streams all patterns past all queries of a job. `pass` folds one range of patterns for one block of queries.
/// `finish(parts)` gets the parts of the same queries over all ranges, in index order.
///
/// Of patterns that are a part of a memory, the ranges are those of the memory that lie in the part.
pub(crate) fn stream<F: Real, K: Send>(
    job: &Job<F>,
    pass: impl Fn(&Job<F>, Range<usize>, Range<usize>) -> Parts<K> + Sync,
    mut finish: impl FnMut(Parts<K>),
) {
    let queries = job.queries.as_standard_layout();
    let job = job.by(queries.view(), job.betas);
    let (n, dim) = (job.patterns.len(), job.dim());
    let length = range_length(job.patterns.place().total, dim);
    let ranges = n.div_ceil(length);
    let range = |r: usize| r * length..n.min((r + 1) * length);
    for some in blocks(&job) {
        let Range { start, end } = some;
        let work = 4.0 * ((end - start) * n * (dim + EXPONENTIAL)) as f64;
        // A slow source is read once for all queries. Small blocks are of no use to a single thread if all queries stay in
        // the second-level cache.
        let few = (end - start) * dim <= TILE && ranges == 1 && !threads::shares(work);
        let one = job.patterns.are_slow() || few;
        let together = if one { end - start } else { QUERIES };
        let blocks = (end - start).div_ceil(together);
        let mut done = threads::map(blocks * ranges, work, |task| {
            let from = start + task / ranges * together;
            let block = from..end.min(from + together);
            pass(&job, block, range(task % ranges)).into_iter().map(Some).collect::<Vec<_>>()
        });
        for block in done.chunks_mut(ranges) {
            for pack in 0..block[0].len() {
                finish(block.iter_mut().filter_map(|parts| parts[pack].take()).collect());
            }
        }
    }
}

/// The queries of a job, in blocks whose partial results can be held at a time.
pub(crate) fn blocks<F: Real>(job: &Job<F>) -> impl Iterator<Item = Range<usize>> + use<F> {
    let (n, dim, b) = (job.patterns.len(), job.dim(), job.queries.nrows());
    let ranges = n.div_ceil(range_length(job.patterns.place().total, dim));
    let held = ((HELD / (ranges * dim)).max(1) / QUERIES * QUERIES).max(QUERIES);
    (0..b).step_by(held).map(move |start| start..b.min(start + held))
}

/// The ranges into which N patterns of `dim` units are cut. Their sums are merged in this order.
///
/// A memory can be cut into parts where its ranges are cut, and reads of it keep their bits.
///
/// ```
/// use attractor::kernels::ranges;
/// assert_eq!(ranges(1000, 64), [0..1000]);
/// let many = ranges(1_000_000, 64);
/// assert_eq!((many.len(), many[1].clone(), many[63].end), (64, 15_648..31_296, 1_000_000));
/// ```
pub fn ranges(n: usize, dim: usize) -> Vec<Range<usize>> {
    let length = range_length(n, dim);
    (0..n).step_by(length).map(|start| start..n.min(start + length)).collect()
}

/// One range of patterns and one block of queries, folded into what `make` makes for a number of lanes.
pub(crate) struct Pass<'a, 'j, F, Make> {
    pub(crate) job: &'a Job<'j, F>,
    pub(crate) block: Range<usize>,
    pub(crate) range: Range<usize>,
    pub(crate) make: Make,
}

impl<F: Real, K: Fold<F>, Make: Fn(usize) -> K, M: Machine<F>, const L: usize> On<M, Parts<K>>
    for InLanes<Pass<'_, '_, F, Make>, L>
{
    #[inline(always)]
    fn run(self, m: M) -> Parts<K> {
        let Pass { job, block, range, make } = self.0;
        pass::<F, K, M, L>(m, job, block, range, make)
    }
}

impl<F: Vectors, K: Fold<F>, Make: Fn(usize) -> K> Pass<'_, '_, F, Make> {
    /// In the lanes and instructions that suit it: side by side in `X` lanes (four vectors of AVX-512), in `W`, half as
    /// many, or in `L`, a quarter; a single query needs none. (Tiles of short patterns have so many rows that what `X`
    /// lanes need of them leaves the first-level cache.)
    pub(crate) fn at_best<const L: usize, const W: usize, const X: usize>(self) -> Parts<K> {
        let level = Level::best();
        let queries = self.block.len();
        #[cfg(target_arch = "x86_64")]
        if let Level::Avx512(token) = level {
            if queries > W && self.job.dim() >= SHORT {
                return F::avx512(token).enter(InLanes::<_, X>(self));
            }
            if queries > L {
                return F::avx512(token).enter(InLanes::<_, W>(self));
            }
        }
        // Nor is the portable code of x86-64, for machines older than AVX2, worth a copy for single queries.
        #[cfg(target_arch = "x86_64")]
        match level {
            Level::Avx2(token) if queries == 1 => F::avx2(token).enter(InLanes::<_, 1>(self)),
            Level::Avx512(token) if queries == 1 => F::avx2(token.avx2()).enter(InLanes::<_, 1>(self)),
            _ => level.run_narrow::<F, _, _>(InLanes::<_, L>(self)),
        }
        #[cfg(not(target_arch = "x86_64"))]
        if queries == 1 {
            level.run_narrow::<F, _, _>(InLanes::<_, 1>(self))
        } else {
            level.run_narrow::<F, _, _>(InLanes::<_, L>(self))
        }
    }
}

/// Streams one range of patterns past one block of queries.
#[inline(always)]
fn pass<F: Real, K: Fold<F>, M: Machine<F>, const L: usize>(
    m: M,
    job: &Job<F>,
    block: Range<usize>,
    range: Range<usize>,
    make: impl Fn(usize) -> K,
) -> Parts<K> {
    let mut packs = packs::<F, M, L>(m, job, block);
    let mut folds: Vec<K> = packs.iter().map(|_| make(L)).collect();
    let width = job.width();
    let length = tile_length(job.dim());
    let most = (length + length / 2).min(range.len());
    let mut space = Space::new(most);
    let mut window = Window::default();
    let mut next = range.start;
    while next < range.end {
        // The last tile includes a short rest, since each tile has a fixed cost.
        let (first, last) = (next, if range.end - next <= most { range.end } else { next + length });
        next = last;
        let rows = job.patterns.rows(first..last, range.end, &mut window);
        job.patterns.squares_of(first..last, rows, &mut space.squares);
        let values = match &job.values {
            Values::Own => rows,
            Values::None => &[],
            Values::Others(values) => {
                let values = values.as_slice().expect("values are in standard layout");
                &values[first * width..last * width]
            }
        };
        for (number, (pack, fold)) in packs.iter_mut().zip(&mut folds).enumerate() {
            let (falls, [mass, second]) =
                Weigh { job, first, rows, pack, space: &mut space, ahead: number == 0 }.run(m);
            let tile = Tile { first, values, width };
            let (gaps, weights) = (&space.gaps.all()[..last - first], &space.weights.all()[..last - first]);
            let weighed = Weighed { gaps, weights, mass, second, active: &space.active, falls };
            fold.absorb::<M, L>(m, &tile, &pack.lanes, &weighed);
        }
    }
    let part = |(pack, fold): (Pack<F, L>, K)| Part {
        first: pack.first,
        least: pack.least[..pack.lanes.live].to_vec(),
        best: pack.best[..pack.lanes.live].to_vec(),
        fold,
    };
    packs.into_iter().zip(folds).map(part).collect()
}

/// The queries of a block, `L` side by side.
#[inline(always)]
fn packs<F: Real, M: Machine<F>, const L: usize>(m: M, job: &Job<F>, block: Range<usize>) -> Vec<Pack<F, L>> {
    let product = error_bound::<F>(job.patterns.dim()) * job.patterns.largest_square().sqrt();
    let mut packs = Vec::with_capacity(block.len().div_ceil(L));
    for first in block.clone().step_by(L) {
        let live = L.min(block.end - first);
        let queries = job.queries.slice(ndarray::s![first..first + live, ..]);
        let queries = queries.to_slice().expect("queries are in standard layout");
        let packed = dots::pack::<F, M, L>(m, queries, job.queries.ncols());
        // Lanes side by side, so that there is no sum along a short query.
        let mut half_squares = [0.0; L];
        for unit in packed.all() {
            for l in 0..L {
                half_squares[l] += unit[l].to_f64() * unit[l].to_f64();
            }
        }
        for l in 0..L {
            half_squares[l] /= 2.0;
        }
        let lanes = Lanes {
            live,
            betas: array!([0.0; L], |l| usable_beta::<F>(job.betas[first + l.min(live - 1)])),
            windows: array!([0.0; L], |l| 2.0 * product * (2.0 * half_squares[l]).sqrt()),
        };
        packs.push(Pack { packed, first, lanes, half_squares, least: [f64::INFINITY; L], best: [0; L] });
    }
    packs
}
