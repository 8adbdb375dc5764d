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
use super::machine::{Machine, at_best};
use crate::parallel;
use crate::patterns::Patterns;
use crate::real::Real;

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
    /// The patterns, one after the other.
    pub rows: &'a [F],
    /// Units a pattern.
    pub dim: usize,
    /// ‖y‖² of each.
    pub squares: &'a [f64],
}

/// Something that is summed over patterns, for `L` queries side by side.
pub(crate) trait Fold<F: Real>: Send {
    /// Adds one tile. The least cost just fell by `falls`/β (infinite at the first tile), so weights
    /// summed before shrink by exp(−fall). `gaps` and `weights` hold the cost gaps and exp(−β gap).
    fn absorb<M: Machine<F>, const L: usize>(
        &mut self,
        tile: &Tile<F>,
        lanes: &Lanes<L>,
        gaps: &[[F; L]],
        weights: &[[F; L]],
        falls: &[f64; L],
    );
}

/// The part of a fold's surroundings that is the same for all tiles.
pub(crate) struct Lanes<const L: usize> {
    /// Lanes in use; the others repeat the last of them.
    pub live: usize,
    /// β of each lane.
    pub betas: [f64; L],
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
    packed: Vec<[F; L]>,
    first: usize,
    lanes: Lanes<L>,
    half_squares: [f64; L],
    least: [f64; L],
    fold: K,
}

/// What is read by what.
pub struct Job<'a, F> {
    pub(super) patterns: &'a Patterns<F>,
    pub(super) queries: ArrayView2<'a, F>,
    pub(super) betas: &'a [f64],
    pub(super) form: Form,
}

/// Queries that share a pass over a range.
const QUERIES: usize = 64;

/// Patterns are cut into at most this many ranges, the tasks of a single query.
const RANGES: usize = 64;

/// Numbers in a tile: 128 KiB of f32, a share of any second-level cache of the last ten years.
const TILE: usize = 32_768;

/// Partial results held at a time, in numbers: 64 MiB of f32.
const HELD: usize = 1 << 24;

/// Length of a range: enough work to be a task, at most [`RANGES`] of them. By N and D alone.
fn range_length(n: usize, dim: usize) -> usize {
    n.div_ceil(RANGES).max((1 << 19) / dim).clamp(1, n)
}

/// Patterns of a tile, a multiple of the micro-kernel's rows. By D alone.
fn tile_length(dim: usize) -> usize {
    (TILE / dim).clamp(6, 504) / 6 * 6
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
    let job = Job { queries: queries.view(), ..*job };
    let (n, dim, b) = (job.patterns.len(), job.patterns.dim(), queries.nrows());
    let length = range_length(n, dim);
    let ranges = n.div_ceil(length);
    let range = |r: usize| r * length..n.min((r + 1) * length);
    let held = (HELD / (ranges * dim)).max(1) / QUERIES * QUERIES;
    for start in (0..b).step_by(held.max(QUERIES)) {
        let end = b.min(start + held.max(QUERIES));
        let blocks = (end - start).div_ceil(QUERIES);
        let work = 4.0 * ((end - start) * n * dim) as f64;
        let mut done = parallel::map(blocks * ranges, work, |task| {
            let from = start + task / ranges * QUERIES;
            let block = from..end.min(from + QUERIES);
            pass(&job, block, range(task % ranges)).into_iter().map(Some).collect::<Vec<_>>()
        });
        for block in done.chunks_mut(ranges) {
            for pack in 0..block[0].len() {
                finish(block.iter_mut().filter_map(|parts| parts[pack].take()).collect());
            }
        }
    }
}

/// One range of patterns past one block of queries, side by side in `L` lanes; a single query needs none.
pub(crate) fn pass_in_lanes<F: Real, K: Fold<F>, const L: usize>(
    job: &Job<F>,
    block: Range<usize>,
    range: Range<usize>,
    make: &(dyn Fn(usize) -> K + Sync),
) -> Parts<K> {
    if block.len() == 1 {
        pass_at_best::<F, K, 1>(job, block, range, make)
    } else {
        pass_at_best::<F, K, L>(job, block, range, make)
    }
}

at_best! {
    fn pass_at_best<F: Real, K: Fold<F>; L: usize>(
        job: &Job<F>, block: Range<usize>, range: Range<usize>, make: &(dyn Fn(usize) -> K + Sync),
    ) -> Parts<K> = pass
}

/// One range of patterns past one block of queries.
#[inline(always)]
pub(super) fn pass<F: Real, K: Fold<F>, M: Machine<F>, const L: usize>(
    job: &Job<F>,
    block: Range<usize>,
    range: Range<usize>,
    make: &(dyn Fn(usize) -> K + Sync),
) -> Parts<K> {
    let mut packs: Vec<Pack<F, K, L>> = block
        .clone()
        .step_by(L)
        .map(|first| {
            let live = L.min(block.end - first);
            let row = |lane: usize| first + lane.min(live - 1);
            Pack {
                packed: dots::pack(job.queries.slice(ndarray::s![..block.end, ..]), first),
                first,
                lanes: Lanes { live, betas: std::array::from_fn(|l| usable_beta::<F>(job.betas[row(l)])) },
                half_squares: std::array::from_fn(|l| {
                    job.queries.row(row(l)).iter().map(|v| v.wide() * v.wide()).sum::<f64>() / 2.0
                }),
                least: [f64::INFINITY; L],
                fold: make(L),
            }
        })
        .collect();

    let dim = job.patterns.dim();
    let values = job.patterns.values();
    let values = values.as_slice().expect("patterns are stored row-major");
    let length = tile_length(dim).min(range.len());
    let mut costs = vec![[F::ZERO; L]; length];
    let mut weights = vec![[F::ZERO; L]; length];
    let mut contenders = Vec::new();
    for first in range.clone().step_by(length) {
        let last = range.end.min(first + length);
        let tile = Tile {
            first,
            rows: &values[first * dim..last * dim],
            dim,
            squares: &job.patterns.squares()[first..last],
        };
        let costs = &mut costs[..last - first];
        let weights = &mut weights[..last - first];
        for pack in &mut packs {
            dots::tile::<F, M, L>(tile.rows, dim, &pack.packed, costs);
            let falls = gaps::<F, K, M, L>(job, &tile, pack, costs, &mut contenders);
            let betas: [F; L] = std::array::from_fn(|l| F::of(pack.lanes.betas[l]));
            for (weight, gap) in weights.iter_mut().zip(costs.iter()) {
                for l in 0..L {
                    weight[l] = (-(betas[l] * gap[l])).exp_negative(M::FMA);
                }
            }
            pack.fold.absorb::<M, L>(&tile, &pack.lanes, costs, weights, &falls);
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

/// Turns the dot products of a tile into cost gaps, lowers the least costs, and returns by how much,
/// times β.
#[inline(always)]
fn gaps<F: Real, K, M: Machine<F>, const L: usize>(
    job: &Job<F>,
    tile: &Tile<F>,
    pack: &mut Pack<F, K, L>,
    costs: &mut [[F; L]],
    contenders: &mut Vec<(usize, usize, f64)>,
) -> [f64; L] {
    let live = pack.lanes.live;
    let largest_square = job.patterns.largest_square();
    // Costs without the query's own ½‖z‖².
    for (cost, square) in costs.iter_mut().zip(tile.squares) {
        let half = match job.form {
            Form::Distance => F::of(square / 2.0),
            Form::Dot => F::ZERO,
        };
        for l in 0..L {
            cost[l] = half - cost[l];
        }
    }
    let log_weights = job.patterns.log_weights().map(|w| &w[tile.first..]);
    let mut largest_bias = 0.0_f64;
    if let Some(log_weights) = log_weights {
        let warmth: [F; L] = std::array::from_fn(|l| F::of(1.0 / pack.lanes.betas[l]));
        for (cost, log_weight) in costs.iter_mut().zip(log_weights) {
            largest_bias = largest_bias.max(-log_weight);
            let bias = F::of(-log_weight);
            for l in 0..L {
                cost[l] = bias * warmth[l] + cost[l];
            }
        }
    }
    let mut tile_least = costs[0];
    for cost in costs.iter() {
        for l in 0..L {
            tile_least[l] = if cost[l] < tile_least[l] { cost[l] } else { tile_least[l] };
        }
    }

    let own: [f64; L] = std::array::from_fn(|l| match job.form {
        Form::Distance => pack.half_squares[l],
        Form::Dot => 0.0,
    });
    let product = error_bound::<F>(tile.dim) * largest_square.sqrt();
    let threshold: [F; L] = std::array::from_fn(|l| {
        let best = (pack.least[l] - own[l]).min(tile_least[l].wide());
        let rounding = 8.0 * F::ROUNDOFF * (largest_square + best.abs() + largest_bias / pack.lanes.betas[l]);
        let window = 2.0 * product * (2.0 * pack.half_squares[l]).sqrt() + rounding;
        F::of(best + window)
    });
    contenders.clear();
    for (n, cost) in costs.iter().enumerate() {
        let mut any = false;
        for l in 0..L {
            any |= cost[l] <= threshold[l];
        }
        if any {
            let pattern = &tile.rows[n * tile.dim..(n + 1) * tile.dim];
            for l in (0..live).filter(|&l| cost[l] <= threshold[l]) {
                let query = job.queries.row(pack.first + l);
                let query = query.to_slice().expect("queries are in standard layout");
                let bias = log_weights.map_or(0.0, |w| -w[n] / pack.lanes.betas[l]);
                contenders.push((n, l, exact_cost(job.form, query, pattern) + bias));
            }
        }
    }

    let before = pack.least;
    for &(_, l, cost) in contenders.iter() {
        pack.least[l] = pack.least[l].min(cost);
    }
    for l in live..L {
        pack.least[l] = pack.least[live - 1];
    }
    let reference: [F; L] = std::array::from_fn(|l| F::of(pack.least[l] - own[l]));
    for cost in costs.iter_mut() {
        for l in 0..L {
            let gap = cost[l] - reference[l];
            cost[l] = if gap > F::ZERO { gap } else { F::ZERO };
        }
    }
    for &(n, l, cost) in contenders.iter() {
        costs[n][l] = F::of(cost - pack.least[l]);
    }
    std::array::from_fn(|l| pack.lanes.betas[l] * (before[l] - pack.least[l]))
}

/// The cost in f64, by direct differences.
#[inline(always)]
fn exact_cost<F: Real>(form: Form, query: &[F], pattern: &[F]) -> f64 {
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
