//! Streams patterns past queries in tiles, with softmax weights relative to a running best.
//!
//! Every read-out here is a sum over patterns of exp(−β a_n), where the *cost* a_n of pattern n is
//!
//! ```text
//! Distance:  a_n = ½‖z − y_n‖² − ln π_n / β        Dot:  a_n = −z·y_n − ln π_n / β
//! ```
//!
//! The running least cost of each query is the reference: a tile's gaps a_n − least are ≥ 0, weights
//! exp(−β gap) are ≤ 1, and what was summed before is rescaled when the least cost falls. No B × N
//! matrix exists at any time.
//!
//! **Precision.** Costs of a tile come from a dot product in `F`, whose error is bounded by
//! [`error_bound`] · ‖z‖‖y‖. Every pattern whose cost lies within twice that bound of the least is a
//! *contender*: its cost is computed again in f64 by direct differences. So the best pattern is the
//! true best one, also in f32, and patterns that share the best place share the weight, also for σ → 0.
//! Further down, costs carry the rounding of `F`.

use std::ops::Range;

use ndarray::ArrayView2;

use super::dots::{self, error_bound};
use super::machine::{Aligned, Level, Machine, Single};
use crate::patterns::{Patterns, Window};
use crate::real::Real;
use crate::threads;

/// What a query is compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Logits −β‖z − y_n‖²/2 + ln π_n: Gaussian noise of variance 1/β around each pattern.
    Distance,
    /// Logits β z·y_n + ln π_n: the modern Hopfield network.
    Dot,
}

/// A run of patterns small enough to stay in the second-level cache.
pub(crate) struct Tile<'a, F> {
    /// Index of the first pattern.
    pub first: usize,
    /// What is weighed: the patterns or other vectors, one after the other.
    pub values: &'a [F],
    /// Units a value.
    pub width: usize,
}

/// Something that is summed over patterns, for `L` queries side by side.
pub(crate) trait Fold<F: Real>: Send {
    /// Adds one tile.
    fn absorb<M: Machine<F>, const L: usize>(
        &mut self,
        tile: &Tile<F>,
        lanes: &Lanes<L>,
        weighed: &Weighed<F, L>,
    );
}

/// What the patterns of a tile weigh.
pub(crate) struct Weighed<'a, F, const L: usize> {
    /// Cost gaps to the least cost so far.
    pub gaps: &'a [[F; L]],
    /// exp(−β gap).
    pub weights: &'a [[F; L]],
    /// Their sum.
    pub mass: [f64; L],
    /// Their sum with ‖y‖² each.
    pub second: [f64; L],
    /// Patterns that weigh anything for any query.
    pub active: &'a [u32],
    /// The least cost just fell by `falls`/β (infinite at the first tile): what was summed before shrinks by
    /// exp(−fall).
    pub falls: [f64; L],
}

/// The part of a fold's surroundings that is the same for all tiles.
pub(crate) struct Lanes<const L: usize> {
    /// Lanes in use; the others repeat the last of them.
    pub live: usize,
    /// β of each lane.
    pub betas: [f64; L],
    /// Twice the error bound of a cost, as far as it does not depend on the cost.
    pub windows: [f64; L],
}

/// Sums of one query over one range of patterns: its fold is lane `lane` of `fold`.
pub struct Part<K> {
    /// First query of the pack.
    pub first: usize,
    /// Least cost of each query in the pack.
    pub least: Vec<f64>,
    /// What was summed.
    pub fold: K,
}

/// The parts of a block's packs.
pub type Parts<K> = Vec<Part<K>>;

struct Pack<F, K, const L: usize> {
    packed: Aligned<F, L>,
    first: usize,
    lanes: Lanes<L>,
    half_squares: [f64; L],
    least: [f64; L],
    fold: K,
}

/// What is weighed.
pub(crate) enum Values<'a, F> {
    /// The patterns themselves.
    Own,
    /// Nothing: the weights alone are wanted.
    None,
    /// Other vectors, one row a pattern, without gaps.
    Others(ArrayView2<'a, F>),
}

/// What is read by what.
pub struct Job<'a, F> {
    pub(super) patterns: &'a Patterns<F>,
    pub(super) values: Values<'a, F>,
    pub(super) queries: ArrayView2<'a, F>,
    pub(super) betas: &'a [f64],
    pub(super) form: Form,
}

impl<F: Real> Job<'_, F> {
    /// The same for other queries.
    pub(super) fn by<'b>(&'b self, queries: ArrayView2<'b, F>, betas: &'b [f64]) -> Job<'b, F> {
        let values = match &self.values {
            Values::Own => Values::Own,
            Values::None => Values::None,
            Values::Others(values) => Values::Others(values.view()),
        };
        Job { patterns: self.patterns, values, queries, betas, form: self.form }
    }

    /// Units of a value.
    pub(crate) fn width(&self) -> usize {
        match &self.values {
            Values::Own => self.patterns.dim(),
            Values::None => 0,
            Values::Others(values) => values.ncols(),
        }
    }

    /// Units of a pattern or of a value, whichever are more: what tiles and ranges are cut by.
    fn dim(&self) -> usize {
        self.patterns.dim().max(self.width())
    }
}

/// Queries that share a pass over a range.
const QUERIES: usize = 64;

/// Patterns are cut into about this many ranges at most, the tasks of a single query.
const RANGES: usize = 64;

/// Numbers in a range, where that gives fewer ranges: enough work to be a task.
const RANGE: usize = 1 << 19;

/// Numbers in a tile: 256 KiB of f32, which a second-level cache holds, or nearly.
const TILE: usize = 1 << 16;

/// Patterns in a tile at most: their weights for one pack, and their columns of a few vectors, then
/// stay in the first-level cache between the steps of a tile.
const TILE_ROWS: usize = 48;

/// The same where patterns are so short that what a tile costs besides them counts for more.
const SHORT: usize = 32;
const SHORT_ROWS: usize = 96;

/// Partial results held at a time, in numbers: 64 MiB of f32.
const HELD: usize = 1 << 24;

/// Length of a range: whole tiles, and a number of ranges that most numbers of threads divide, or
/// nearly. By N and `dim` alone, the units of a pattern or of a value, whichever are more.
fn range_length(n: usize, dim: usize) -> usize {
    let ranges = (n * dim).div_ceil(RANGE);
    let ranges = if ranges < 4 { ranges } else { ranges.next_multiple_of(8).min(RANGES) };
    n.div_ceil(ranges).next_multiple_of(tile_length(dim)).min(n)
}

/// Patterns of a tile, a multiple of the micro-kernels' rows where there are many. By `dim` alone.
fn tile_length(dim: usize) -> usize {
    let rows = (TILE / dim).clamp(6, if dim < SHORT { SHORT_ROWS } else { TILE_ROWS });
    if rows < 24 { rows / 6 * 6 } else { rows / 24 * 24 }
}

/// The inverse temperature as the kernels use it: positive, and finite in `F`.
pub(crate) fn usable_beta<F: Real>(beta: f64) -> f64 {
    beta.clamp(1.0 / F::LARGEST_BETA, F::LARGEST_BETA)
}

/// Streams all patterns past all queries of a job. `pass` folds one range of patterns for one block of
/// queries; `finish(parts)` gets the parts of the same queries over all ranges, in index order.
pub(crate) fn stream<F: Real, K: Send>(
    job: &Job<F>,
    pass: impl Fn(&Job<F>, Range<usize>, Range<usize>) -> Parts<K> + Sync,
    mut finish: impl FnMut(Parts<K>),
) {
    let queries = job.queries.as_standard_layout();
    let job = job.by(queries.view(), job.betas);
    let (n, dim, b) = (job.patterns.len(), job.dim(), queries.nrows());
    let length = range_length(n, dim);
    let ranges = n.div_ceil(length);
    let range = |r: usize| r * length..n.min((r + 1) * length);
    let held = (HELD / (ranges * dim)).max(1) / QUERIES * QUERIES;
    for start in (0..b).step_by(held.max(QUERIES)) {
        let end = b.min(start + held.max(QUERIES));
        // A slow source is read once for all queries.
        let together = if job.patterns.are_slow() { end - start } else { QUERIES };
        let blocks = (end - start).div_ceil(together);
        let work = 4.0 * ((end - start) * n * dim) as f64;
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

/// One range of patterns past one block of queries, in the lanes and instructions that suit them: side
/// by side in `X` lanes (four vectors of AVX-512), in `W`, half as many, or in `L`, a quarter; a single query needs
/// none.
pub(crate) fn pass_at_best<F: Real, K: Fold<F>, const L: usize, const W: usize, const X: usize>(
    job: &Job<F>,
    block: Range<usize>,
    range: Range<usize>,
    make: &(dyn Fn(usize) -> K + Sync),
) -> Parts<K> {
    match Level::best() {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 if block.len() > W => pass_with_avx512::<F, K, X>(job, block, range, make),
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 if block.len() > L => pass_with_avx512::<F, K, W>(job, block, range, make),
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 | Level::Avx2 if block.len() == 1 => pass_with_avx2::<F, K, 1>(job, block, range, make),
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 | Level::Avx2 => pass_with_avx2::<F, K, L>(job, block, range, make),
        Level::Portable if block.len() == 1 => pass::<F, K, F::Portable, 1>(job, block, range, make),
        Level::Portable => pass::<F, K, F::Portable, L>(job, block, range, make),
    }
}

macro_rules! pass_with {
    ($name:ident, $machine:ident, $level:pat, $features:literal) => {
        /// [`pass`] on a machine that has these instructions.
        #[cfg(target_arch = "x86_64")]
        pub(super) fn $name<F: Real, K: Fold<F>, const L: usize>(
            job: &Job<F>,
            block: Range<usize>,
            range: Range<usize>,
            make: &(dyn Fn(usize) -> K + Sync),
        ) -> Parts<K> {
            #[target_feature(enable = $features)]
            fn fast<F: Real, K: Fold<F>, const L: usize>(
                job: &Job<F>,
                block: Range<usize>,
                range: Range<usize>,
                make: &(dyn Fn(usize) -> K + Sync),
            ) -> Parts<K> {
                pass::<F, K, F::$machine, L>(job, block, range, make)
            }
            assert!(matches!(Level::best(), $level), "the machine lacks {}", $features);
            // SAFETY: the machine has what the function was compiled for.
            unsafe { fast::<F, K, L>(job, block, range, make) }
        }
    };
}
pass_with!(pass_with_avx2, Avx2, Level::Avx2 | Level::Avx512, "avx2,fma");
pass_with!(pass_with_avx512, Avx512, Level::Avx512, "avx2,fma,avx512f,avx512vl,avx512dq,avx512bw");

/// One range of patterns past one block of queries.
#[inline(always)]
pub(super) fn pass<F: Real, K: Fold<F>, M: Machine<F>, const L: usize>(
    job: &Job<F>,
    block: Range<usize>,
    range: Range<usize>,
    make: &(dyn Fn(usize) -> K + Sync),
) -> Parts<K> {
    let dim = job.patterns.dim();
    let product = error_bound::<F>(dim) * job.patterns.largest_square().sqrt();
    let mut packs: Vec<Pack<F, K, L>> = block
        .clone()
        .step_by(L)
        .map(|first| {
            let live = L.min(block.end - first);
            let row = |lane: usize| first + lane.min(live - 1);
            let half_squares = std::array::from_fn(|l| {
                let query = job.queries.row(row(l));
                let query = query.to_slice().expect("queries are in standard layout");
                -exact_cost(Form::Dot, query, query) / 2.0
            });
            Pack {
                packed: dots::pack(job.queries.slice(ndarray::s![..block.end, ..]), first),
                first,
                lanes: Lanes {
                    live,
                    betas: std::array::from_fn(|l| usable_beta::<F>(job.betas[row(l)])),
                    windows: half_squares.map(|half| 2.0 * product * (2.0 * half).sqrt()),
                },
                half_squares,
                least: [f64::INFINITY; L],
                fold: make(L),
            }
        })
        .collect();

    let width = job.width();
    let length = tile_length(job.dim());
    let most = (length + length / 2).min(range.len());
    let mut space = Space {
        gaps: Aligned::zeros(most),
        weights: Aligned::zeros(most),
        squares: vec![F::ZERO; most],
        contenders: Vec::new(),
        active: Vec::new(),
    };
    let mut window = Window::default();
    let mut next = range.start;
    while next < range.end {
        // The last tile takes a short rest along: a tile has its price, however few its patterns.
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
        for (number, pack) in packs.iter_mut().enumerate() {
            dots::tile::<F, M, L>(
                rows,
                dim,
                pack.packed.rows(),
                &mut space.gaps.rows()[..last - first],
                number == 0,
            );
            let (falls, [mass, second]) = weigh::<F, K, M, L>(job, first, rows, pack, &mut space);
            let tile = Tile { first, values, width };
            let (gaps, weights) = (&space.gaps.all()[..last - first], &space.weights.all()[..last - first]);
            let weighed = Weighed { gaps, weights, mass, second, active: &space.active, falls };
            pack.fold.absorb::<M, L>(&tile, &pack.lanes, &weighed);
        }
    }
    packs
        .into_iter()
        .map(|pack| Part {
            first: pack.first,
            least: pack.least[..pack.lanes.live].to_vec(),
            fold: pack.fold,
        })
        .collect()
}

/// What one tile needs, kept from tile to tile.
struct Space<F, const L: usize> {
    /// Dot products, then costs, then cost gaps.
    gaps: Aligned<F, L>,
    weights: Aligned<F, L>,
    /// ‖y‖² of each pattern.
    squares: Vec<F>,
    /// Pattern, lane and exact cost of the contenders.
    contenders: Vec<(usize, usize, f64)>,
    /// Patterns that weigh anything.
    active: Vec<u32>,
}

/// Turns the dot products of a tile into cost gaps and weights, lowers the least costs, and returns by
/// how much, times β, with the sums of the weights.
#[inline(always)]
fn weigh<F: Real, K, M: Machine<F>, const L: usize>(
    job: &Job<F>,
    first: usize,
    rows: &[F],
    pack: &mut Pack<F, K, L>,
    space: &mut Space<F, L>,
) -> ([f64; L], [[f64; L]; 2]) {
    let dim = job.patterns.dim();
    let count = rows.len() / dim;
    let (costs, weights) = (&mut space.gaps.rows()[..count], &mut space.weights.rows()[..count]);
    let live = pack.lanes.live;
    let distance = job.form == Form::Distance;
    let log_weights = job.patterns.log_weights().map(|w| &w[first..]);
    // Costs without the query's own ½‖z‖², and the least of them.
    let mut largest_bias = 0.0_f64;
    let mut tile_least = [F::of(f64::INFINITY); L];
    let half = F::of(if distance { 0.5 } else { 0.0 });
    let warmth: [F; L] = std::array::from_fn(|l| F::of(1.0 / pack.lanes.betas[l]));
    if let Some(log_weights) = log_weights {
        for (cost, log_weight) in costs.iter_mut().zip(log_weights) {
            largest_bias = largest_bias.max(-log_weight);
            let bias = F::of(-log_weight);
            for l in 0..L {
                cost[l] -= bias * warmth[l];
            }
        }
    }
    lower::<F, M, L>(costs, &space.squares, half, &mut tile_least);

    let own: [f64; L] = std::array::from_fn(|l| if distance { pack.half_squares[l] } else { 0.0 });
    let largest_square = job.patterns.largest_square();
    let mut any = false;
    let threshold: [F; L] = std::array::from_fn(|l| {
        let best = (pack.least[l] - own[l]).min(tile_least[l].wide());
        let rounding = 8.0 * F::ROUNDOFF * (largest_square + best.abs() + largest_bias / pack.lanes.betas[l]);
        let threshold = F::of(best + pack.lanes.windows[l] + rounding);
        any |= tile_least[l] <= threshold;
        threshold
    });
    let before = pack.least;
    let contenders = &mut space.contenders;
    contenders.clear();
    // Rare once the best patterns have passed.
    if any {
        for (n, cost) in costs.iter_mut().enumerate() {
            let mut any = false;
            for l in 0..L {
                any |= cost[l] <= threshold[l];
            }
            if any {
                let pattern = &rows[n * dim..(n + 1) * dim];
                for l in 0..live {
                    if cost[l] > threshold[l] {
                        continue;
                    }
                    let query = job.queries.row(pack.first + l);
                    let query = query.to_slice().expect("queries are in standard layout");
                    let bias = log_weights.map_or(0.0, |w| -w[n] / pack.lanes.betas[l]);
                    let exact = exact_cost(job.form, query, pattern) + bias;
                    contenders.push((n, l, exact));
                    pack.least[l] = pack.least[l].min(exact);
                    // Left out of the sums, to which it is added exactly.
                    cost[l] = F::of(f64::INFINITY);
                }
            }
        }
        for l in live..L {
            pack.least[l] = pack.least[live - 1];
        }
    }

    let reference: [F; L] = std::array::from_fn(|l| F::of(pack.least[l] - own[l]));
    let betas: [F; L] = std::array::from_fn(|l| F::of(pack.lanes.betas[l]));
    let mut sums =
        exponentiate::<F, M, L>(costs, weights, &space.squares, &reference, &betas, &mut space.active);
    for &(n, l, cost) in contenders.iter() {
        let gap = F::of(cost - pack.least[l]);
        costs[n][l] = gap;
        let weight = (-(betas[l] * gap)).exp_negative(M::FMA);
        weights[n][l] = weight;
        if weight > F::ZERO {
            sums[0][l] += weight.wide();
            sums[1][l] += weight.wide() * space.squares[n].wide();
            if let Err(place) = space.active.binary_search(&(n as u32)) {
                space.active.insert(place, n as u32);
            }
        }
    }
    (std::array::from_fn(|l| pack.lanes.betas[l] * (before[l] - pack.least[l])), sums)
}

/// Terms summed in `F` before they join the f64 total.
const CHAIN: usize = 32;

/// Calls a function with the machine whose vectors fill `L` lanes: one, two or four of them, or single numbers.
macro_rules! in_lanes {
    ($function:ident($($argument:expr),*)) => {
        if L == 1 {
            $function::<F, Single<M>, L, 1>($($argument),*)
        } else if L == M::LANES {
            $function::<F, M, L, 1>($($argument),*)
        } else if L == 4 * M::LANES {
            $function::<F, M, L, 4>($($argument),*)
        } else {
            $function::<F, M, L, 2>($($argument),*)
        }
    };
}

/// Costs half · ‖y‖² − z·y, and the least of them.
#[inline(always)]
fn lower<F: Real, M: Machine<F>, const L: usize>(
    costs: &mut [[F; L]],
    squares: &[F],
    half: F,
    least: &mut [F; L],
) {
    in_lanes!(lower_in(costs, squares, half, least))
}

#[inline(always)]
fn lower_in<F: Real, M: Machine<F>, const L: usize, const V: usize>(
    costs: &mut [[F; L]],
    squares: &[F],
    half: F,
    least: &mut [F; L],
) {
    assert!(V * M::LANES == L);
    // SAFETY, of this and the next: arrays of L numbers, V vectors.
    unsafe {
        let mut lowest: [M::Vector; V] = std::array::from_fn(|v| M::load(&least[v * M::LANES..]));
        for (cost, &square) in costs.iter_mut().zip(squares) {
            let own = M::splat(half * square);
            for v in 0..V {
                let place = &mut cost[v * M::LANES..];
                let value = M::sub(own, M::load(place));
                lowest[v] = M::min(value, lowest[v]);
                M::store(value, place);
            }
        }
        for v in 0..V {
            M::store(lowest[v], &mut least[v * M::LANES..]);
        }
    }
}

/// Gaps and weights from costs, the sums of the weights, and which patterns have any.
#[inline(always)]
fn exponentiate<F: Real, M: Machine<F>, const L: usize>(
    costs: &mut [[F; L]],
    weights: &mut [[F; L]],
    squares: &[F],
    reference: &[F; L],
    betas: &[F; L],
    active: &mut Vec<u32>,
) -> [[f64; L]; 2] {
    if L == 1 {
        return exponentiate_one::<F, M, L>(costs, weights, squares, reference[0], betas[0], active);
    }
    in_lanes!(exponentiate_in(costs, weights, squares, reference, betas, active))
}

/// The same for one query: patterns side by side in lanes, and sums in their order.
#[inline(always)]
fn exponentiate_one<F: Real, M: Machine<F>, const L: usize>(
    costs: &mut [[F; L]],
    weights: &mut [[F; L]],
    squares: &[F],
    reference: F,
    beta: F,
    active: &mut Vec<u32>,
) -> [[f64; L]; 2] {
    assert!(L == 1);
    let (costs, weights) = (costs.as_flattened_mut(), weights.as_flattened_mut());
    // SAFETY: chunks of LANES numbers.
    unsafe {
        let (zero, from, rate) = (M::splat(F::ZERO), M::splat(reference), M::splat(-beta));
        let mut whole = costs.chunks_exact_mut(M::LANES);
        let mut out = weights.chunks_exact_mut(M::LANES);
        for (costs, weights) in (&mut whole).zip(&mut out) {
            // No closure: it would not be compiled for this machine.
            let gap = M::max(M::sub(M::load(costs), from), zero);
            M::store(gap, costs);
            M::store(M::exp_negative(M::mul(rate, gap)), weights);
        }
        for (cost, weight) in whole.into_remainder().iter_mut().zip(out.into_remainder()) {
            let gap = *cost - reference;
            *cost = if gap > F::ZERO { gap } else { F::ZERO };
            *weight = (-(beta * *cost)).exp_negative(M::FMA);
        }
    }
    active.clear();
    active.extend((0_u32..).zip(weights.iter()).filter(|(_, weight)| **weight > F::ZERO).map(|(n, _)| n));
    let mut sums = [[0.0; L]; 2];
    for (weights, squares) in weights.chunks(CHAIN).zip(squares.chunks(CHAIN)) {
        let (mut mass, mut second) = (F::ZERO, F::ZERO);
        for (&weight, &square) in weights.iter().zip(squares) {
            mass += weight;
            second = weight.multiply_add(square, second, M::FMA);
        }
        sums[0][0] += mass.wide();
        sums[1][0] += second.wide();
    }
    sums
}

#[inline(always)]
fn exponentiate_in<F: Real, M: Machine<F>, const L: usize, const V: usize>(
    costs: &mut [[F; L]],
    weights: &mut [[F; L]],
    squares: &[F],
    reference: &[F; L],
    betas: &[F; L],
    active: &mut Vec<u32>,
) -> [[f64; L]; 2] {
    assert!(V * M::LANES == L && weights.len() == costs.len());
    active.clear();
    active.reserve(costs.len());
    let mut sums = [[0.0; L]; 2];
    unsafe {
        let zero = M::splat(F::ZERO);
        let reference: [M::Vector; V] = std::array::from_fn(|v| M::load(&reference[v * M::LANES..]));
        let rates: [M::Vector; V] = std::array::from_fn(|v| M::sub(zero, M::load(&betas[v * M::LANES..])));
        let mut n = 0;
        let chunks = costs.chunks_mut(CHAIN).zip(weights.chunks_mut(CHAIN)).zip(squares.chunks(CHAIN));
        for ((costs, weights), squares) in chunks {
            let mut chain = [[zero; V]; 2];
            for ((cost, weight), &square) in costs.iter_mut().zip(weights).zip(squares) {
                let square = M::splat(square);
                let mut any = zero;
                for v in 0..V {
                    let place = &mut cost[v * M::LANES..];
                    let gap = M::max(M::sub(M::load(place), reference[v]), zero);
                    M::store(gap, place);
                    let w = M::exp_negative(M::mul(rates[v], gap));
                    M::store(w, &mut weight[v * M::LANES..]);
                    chain[0][v] = M::add(chain[0][v], w);
                    chain[1][v] = M::multiply_add(w, square, chain[1][v]);
                    any = M::max(any, w);
                }
                // Room for all was reserved; the place is taken only where there is a weight.
                active.as_mut_ptr().add(active.len()).write(n);
                active.set_len(active.len() + usize::from(M::any_positive(any)));
                n += 1;
            }
            for (sum, chain) in sums.iter_mut().zip(&chain) {
                add_chain::<F, M, L, V>(chain, sum);
            }
        }
    }
    sums
}

#[inline(always)]
fn add_chain<F: Real, M: Machine<F>, const L: usize, const V: usize>(
    chain: &[M::Vector; V],
    sum: &mut [f64; L],
) {
    let mut numbers = [F::ZERO; L];
    for v in 0..V {
        // SAFETY: V vectors fill L lanes.
        unsafe { M::store(chain[v], &mut numbers[v * M::LANES..]) };
    }
    for l in 0..L {
        sum[l] += numbers[l].wide();
    }
}

/// The cost in f64, by direct differences.
#[inline(always)]
pub(super) fn exact_cost<F: Real>(form: Form, query: &[F], pattern: &[F]) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0_f64; LANES];
    let term = |sum: f64, z: F, y: F| match form {
        Form::Distance => {
            let difference = z.wide() - y.wide();
            sum + difference * difference
        }
        Form::Dot => sum + z.wide() * y.wide(),
    };
    let (queries, query_rest) = query.as_chunks::<LANES>();
    let (patterns, pattern_rest) = pattern.as_chunks::<LANES>();
    for (z, y) in queries.iter().zip(patterns) {
        for l in 0..LANES {
            sums[l] = term(sums[l], z[l], y[l]);
        }
    }
    for (l, (&z, &y)) in query_rest.iter().zip(pattern_rest).enumerate() {
        sums[l] = term(sums[l], z, y);
    }
    let total: f64 = sums.iter().sum();
    match form {
        Form::Distance => total / 2.0,
        Form::Dot => -total,
    }
}
