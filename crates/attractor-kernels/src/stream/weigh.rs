//! The weights of a tile's patterns: from dot products to cost gaps, weights and their sums.

use super::{Form, Job, Pack};
use crate::dots;
use crate::machine::{Aligned, Machine, On, Single, array};
use crate::real::Real;

/// The buffers of one tile, which are kept from tile to tile.
pub(super) struct Space<F, const L: usize> {
    /// Dot products, then costs, then cost gaps.
    pub(super) gaps: Aligned<F, L>,
    pub(super) weights: Aligned<F, L>,
    /// ‖y‖² of each pattern.
    pub(super) squares: Vec<F>,
    /// The pattern, lane and exact cost of each contender.
    pub(super) contenders: Vec<(usize, usize, f64)>,
    /// The patterns whose weight is not 0.
    pub(super) active: Vec<u32>,
}

impl<F: Real, const L: usize> Space<F, L> {
    /// Buffers for up to `most` patterns.
    pub(super) fn new(most: usize) -> Self {
        Space {
            gaps: Aligned::zeros(most),
            weights: Aligned::zeros(most),
            squares: vec![F::ZERO; most],
            contenders: Vec::with_capacity(most),
            active: Vec::with_capacity(most),
        }
    }
}

/// Weighs one tile of patterns for one pack of queries. It is inlined where it is used: compiled by itself, it takes
/// twice the time for short patterns.
pub(super) struct Weigh<'a, 'j, F, const L: usize> {
    pub(super) job: &'a Job<'j, F>,
    /// The index of the first pattern, and the values of all.
    pub(super) first: usize,
    pub(super) rows: &'a [F],
    pub(super) pack: &'a mut Pack<F, L>,
    pub(super) space: &'a mut Space<F, L>,
    /// Whether to prefetch the patterns that follow.
    pub(super) ahead: bool,
}

/// How far the least costs fell, times β; the sums of the weights, and of weights times ‖y‖².
pub(super) type Weighing<const L: usize> = ([f64; L], [[f64; L]; 2]);

impl<F: Real, M: Machine<F>, const L: usize> On<M, Weighing<L>> for Weigh<'_, '_, F, L> {
    #[inline(always)]
    fn run(self, m: M) -> Weighing<L> {
        let Weigh { job, first, rows, pack, space, ahead } = self;
        let dim = job.patterns.dim();
        let products = &mut space.gaps.rows()[..rows.len() / dim];
        dots::tile::<F, M, L>(m, rows, dim, pack.packed.rows(), products, ahead);
        weigh::<F, M, L>(m, job, first, rows, pack, space)
    }
}

/// Turns the dot products of a tile into cost gaps and weights, lowers the least costs, and returns by
/// how much, times β, with the sums of the weights.
#[inline(always)]
fn weigh<F: Real, M: Machine<F>, const L: usize>(
    m: M,
    job: &Job<F>,
    first: usize,
    rows: &[F],
    pack: &mut Pack<F, L>,
    space: &mut Space<F, L>,
) -> Weighing<L> {
    let dim = job.patterns.dim();
    let count = rows.len() / dim;
    let (costs, weights) = (&mut space.gaps.rows()[..count], &mut space.weights.rows()[..count]);
    let live = pack.lanes.live;
    let distance = job.form == Form::Distance;
    let log_weights = job.patterns.log_weights().map(|w| &w[first..]);
    // Costs without the query's own ½‖z‖², and the least of them.
    let mut largest_bias = 0.0_f64;
    let mut tile_least = [F::from_f64(f64::INFINITY); L];
    let half = F::from_f64(if distance { 0.5 } else { 0.0 });
    let temperature = array!([F::ZERO; L], |l| F::from_f64(1.0 / pack.lanes.betas[l]));
    if let Some(log_weights) = log_weights {
        for (cost, log_weight) in costs.iter_mut().zip(log_weights) {
            largest_bias = largest_bias.max(-log_weight);
            let bias = F::from_f64(-log_weight);
            for l in 0..L {
                cost[l] -= bias * temperature[l];
            }
        }
    }
    lower::<F, M, L>(m, costs, &space.squares, half, &mut tile_least);

    let own = array!([0.0; L], |l| if distance { pack.half_squares[l] } else { 0.0 });
    let largest_square = job.patterns.largest_square();
    let mut any = false;
    let threshold = array!([F::ZERO; L], |l| {
        let best = (pack.least[l] - own[l]).min(tile_least[l].to_f64());
        let rounding = 8.0 * F::ROUNDOFF * (largest_square + best.abs() + largest_bias / pack.lanes.betas[l]);
        let threshold = F::from_f64(best + pack.lanes.windows[l] + rounding);
        any |= tile_least[l] <= threshold;
        threshold
    });
    let before = pack.least;
    let contenders = &mut space.contenders;
    contenders.clear();
    // Rare once the best patterns have passed.
    if any {
        for (n, cost) in costs.iter_mut().enumerate() {
            let mut hits = at_most::<F, M, L>(m, cost, &threshold) & u64::MAX >> (64 - live);
            while hits != 0 {
                let l = hits.trailing_zeros() as usize;
                hits &= hits - 1;
                let pattern = &rows[n * dim..(n + 1) * dim];
                let query = job.queries.row(pack.first + l);
                let query = query.to_slice().expect("queries are in standard layout");
                let bias = log_weights.map_or(0.0, |w| -w[n] / pack.lanes.betas[l]);
                let exact = exact_cost(job.form, query, pattern) + bias;
                contenders.push((n, l, exact));
                if exact < pack.least[l] {
                    (pack.least[l], pack.best[l]) = (exact, first + n);
                }
                // Left out of the sums, to which it is added exactly.
                cost[l] = F::from_f64(f64::INFINITY);
            }
        }
        for l in live..L {
            pack.least[l] = pack.least[live - 1];
        }
    }

    let reference = array!([F::ZERO; L], |l| F::from_f64(pack.least[l] - own[l]));
    let betas = array!([F::ZERO; L], |l| F::from_f64(pack.lanes.betas[l]));
    let mut sums =
        exponentiate::<F, M, L>(m, costs, weights, &space.squares, &reference, &betas, &mut space.active);
    for &(n, l, cost) in contenders.iter() {
        let gap = F::from_f64(cost - pack.least[l]);
        costs[n][l] = gap;
        let weight = (-(betas[l] * gap)).exp_negative(M::FMA);
        weights[n][l] = weight;
        if weight > F::ZERO {
            sums[0][l] += weight.to_f64();
            sums[1][l] += weight.to_f64() * space.squares[n].to_f64();
            if let Err(place) = space.active.binary_search(&(n as u32)) {
                space.active.insert(place, n as u32);
            }
        }
    }
    (array!([0.0; L], |l| pack.lanes.betas[l] * (before[l] - pack.least[l])), sums)
}

/// Terms summed in `F` before they join the f64 total.
const CHAIN: usize = 32;

/// Calls a function with the machine whose vectors fill `L` lanes: one, two or four of them, or single numbers.
macro_rules! in_lanes {
    ($m:ident, $function:ident($($argument:expr),*)) => {
        if L == 1 {
            $function::<F, Single<M>, L, 1>(Single($m), $($argument),*)
        } else if L == M::LANES {
            $function::<F, M, L, 1>($m, $($argument),*)
        } else if L == 4 * M::LANES {
            $function::<F, M, L, 4>($m, $($argument),*)
        } else {
            $function::<F, M, L, 2>($m, $($argument),*)
        }
    };
}

/// Costs half · ‖y‖² − z·y, and the least of them.
#[inline(always)]
fn lower<F: Real, M: Machine<F>, const L: usize>(
    m: M,
    costs: &mut [[F; L]],
    squares: &[F],
    half: F,
    least: &mut [F; L],
) {
    in_lanes!(m, lower_in(costs, squares, half, least))
}

#[inline(always)]
fn lower_in<F: Real, M: Machine<F>, const L: usize, const V: usize>(
    m: M,
    costs: &mut [[F; L]],
    squares: &[F],
    half: F,
    least: &mut [F; L],
) {
    assert!(V * M::LANES == L);
    // SAFETY: all arrays hold L numbers, which are V vectors.
    unsafe {
        let mut lowest = array!([m.splat(F::ZERO); V], |v| m.load(&least[v * M::LANES..]));
        for (cost, &square) in costs.iter_mut().zip(squares) {
            let own = m.splat(half * square);
            for v in 0..V {
                let place = &mut cost[v * M::LANES..];
                let value = m.sub(own, m.load(place));
                lowest[v] = m.min(value, lowest[v]);
                m.store(value, place);
            }
        }
        for v in 0..V {
            m.store(lowest[v], &mut least[v * M::LANES..]);
        }
    }
}

/// A bit for each lane whose cost is at most its threshold.
#[inline(always)]
fn at_most<F: Real, M: Machine<F>, const L: usize>(m: M, cost: &[F; L], threshold: &[F; L]) -> u64 {
    in_lanes!(m, at_most_in(cost, threshold))
}

#[inline(always)]
fn at_most_in<F: Real, M: Machine<F>, const L: usize, const V: usize>(
    m: M,
    cost: &[F; L],
    threshold: &[F; L],
) -> u64 {
    assert!(V * M::LANES == L && L <= 64);
    let mut bits = 0;
    for v in 0..V {
        let at = v * M::LANES;
        // SAFETY: both arrays hold L numbers, which are V vectors.
        bits |= unsafe { m.at_most(m.load(&cost[at..]), m.load(&threshold[at..])) } << at;
    }
    bits
}

/// Gaps and weights from costs, the sums of the weights, and which patterns have any.
#[inline(always)]
fn exponentiate<F: Real, M: Machine<F>, const L: usize>(
    m: M,
    costs: &mut [[F; L]],
    weights: &mut [[F; L]],
    squares: &[F],
    reference: &[F; L],
    betas: &[F; L],
    active: &mut Vec<u32>,
) -> [[f64; L]; 2] {
    if L == 1 {
        return exponentiate_one::<F, M, L>(m, costs, weights, squares, reference[0], betas[0], active);
    }
    in_lanes!(m, exponentiate_in(costs, weights, squares, reference, betas, active))
}

/// The same for one query: patterns side by side in lanes, and sums in their order.
#[inline(always)]
fn exponentiate_one<F: Real, M: Machine<F>, const L: usize>(
    m: M,
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
        let (zero, from, rate) = (m.splat(F::ZERO), m.splat(reference), m.splat(-beta));
        let mut whole = costs.chunks_exact_mut(M::LANES);
        let mut out = weights.chunks_exact_mut(M::LANES);
        for (costs, weights) in (&mut whole).zip(&mut out) {
            // No closure: it would not be compiled for this machine.
            let gap = m.max(m.sub(m.load(costs), from), zero);
            m.store(gap, costs);
            m.store(m.exp_negative(m.mul(rate, gap)), weights);
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
        sums[0][0] += mass.to_f64();
        sums[1][0] += second.to_f64();
    }
    sums
}

#[inline(always)]
fn exponentiate_in<F: Real, M: Machine<F>, const L: usize, const V: usize>(
    m: M,
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
    // SAFETY: all arrays hold L numbers, which are V vectors; `active` has room for as many numbers as there are costs.
    unsafe {
        let zero = m.splat(F::ZERO);
        let reference = array!([zero; V], |v| m.load(&reference[v * M::LANES..]));
        let rates = array!([zero; V], |v| m.sub(zero, m.load(&betas[v * M::LANES..])));
        let mut n = 0;
        let chunks = costs.chunks_mut(CHAIN).zip(weights.chunks_mut(CHAIN)).zip(squares.chunks(CHAIN));
        for ((costs, weights), squares) in chunks {
            let mut chain = [[zero; V]; 2];
            for ((cost, weight), &square) in costs.iter_mut().zip(weights).zip(squares) {
                let square = m.splat(square);
                let mut any = zero;
                for v in 0..V {
                    let place = &mut cost[v * M::LANES..];
                    let gap = m.max(m.sub(m.load(place), reference[v]), zero);
                    m.store(gap, place);
                    let w = m.exp_negative(m.mul(rates[v], gap));
                    m.store(w, &mut weight[v * M::LANES..]);
                    chain[0][v] = m.add(chain[0][v], w);
                    chain[1][v] = m.multiply_add(w, square, chain[1][v]);
                    any = m.max(any, w);
                }
                // Room for all was reserved; the place is taken only where there is a weight.
                active.as_mut_ptr().add(active.len()).write(n);
                active.set_len(active.len() + usize::from(m.any_positive(any)));
                n += 1;
            }
            for (sum, chain) in sums.iter_mut().zip(&chain) {
                add_chain::<F, M, L, V>(m, chain, sum);
            }
        }
    }
    sums
}

#[inline(always)]
fn add_chain<F: Real, M: Machine<F>, const L: usize, const V: usize>(
    m: M,
    chain: &[M::Vector; V],
    sum: &mut [f64; L],
) {
    let mut numbers = [F::ZERO; L];
    for v in 0..V {
        // SAFETY: V vectors fill L lanes.
        unsafe { m.store(chain[v], &mut numbers[v * M::LANES..]) };
    }
    for l in 0..L {
        sum[l] += numbers[l].to_f64();
    }
}

/// The cost in f64, by direct differences.
#[inline(always)]
pub(crate) fn exact_cost<F: Real>(form: Form, query: &[F], pattern: &[F]) -> f64 {
    match form {
        Form::Distance => sum_of_eight(query, pattern, |z, y| (z - y) * (z - y)) / 2.0,
        Form::Dot => -sum_of_eight(query, pattern, |z, y| z * y),
    }
}

/// The sum of a term of two numbers over all units, in eight chains.
#[inline(always)]
fn sum_of_eight<F: Real>(query: &[F], pattern: &[F], term: impl Fn(f64, f64) -> f64) -> f64 {
    const LANES: usize = 8;
    let mut sums = [0.0_f64; LANES];
    let (queries, query_rest) = query.as_chunks::<LANES>();
    let (patterns, pattern_rest) = pattern.as_chunks::<LANES>();
    for (z, y) in queries.iter().zip(patterns) {
        for l in 0..LANES {
            sums[l] += term(z[l].to_f64(), y[l].to_f64());
        }
    }
    for (l, (&z, &y)) in query_rest.iter().zip(pattern_rest).enumerate() {
        sums[l] += term(z.to_f64(), y.to_f64());
    }
    let four = array!([0.0; 4], |l| sums[l] + sums[l + 4]);
    (four[0] + four[2]) + (four[1] + four[3])
}
