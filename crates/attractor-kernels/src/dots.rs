//! Dot products of many queries with many rows.
//!
//! Queries are packed unit by unit (`packed[k][lane]`), and rows stay as they are stored. The inner loop multiplies
//! one unit of a row by that unit of all queries of a pack. Nothing is added across lanes, so a query's result does
//! not depend on its neighbours. A single query runs the same sums one number at a time.

use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

use crate::machine::{
    Aligned, InLanes, LINE, Level, MOST_LANES, Machine, On, Single, array, lanes, prefetch,
};
#[cfg(target_arch = "x86_64")]
use crate::machine::{Token, Vectors};
use crate::real::{Real, entry};
use crate::threads;

/// The number of units that are summed in one chain before the chain is added to the total. Short chains keep the
/// rounding error of an f32 dot product near (BLOCK + D/BLOCK) unit roundoffs instead of D.
pub const BLOCK: usize = 64;

/// Rows of a register block if queries fill two vector registers: 6 × 2 sums leave 4 of 16 free.
const ROWS: usize = 6;

/// Rows of a register block if queries fill one register: eight sums hide the latency of an addition.
const NARROW_ROWS: usize = 8;

/// Rows of a register block if queries fill two of 32 registers. There would be room for more sums, but not for the
/// addresses of more rows.
const MANY_ROWS: usize = 8;

/// Rows of a register block if queries fill four of 32 registers: 24 sums, each of which needs fewer loads.
const WIDE_ROWS: usize = 6;

/// A bound on |computed − exact| of a dot product over D units, relative to ‖x‖‖y‖.
pub fn error_bound<F: Real>(dim: usize) -> f64 {
    (BLOCK.min(dim) + dim.div_ceil(BLOCK) + 1) as f64 * F::ROUNDOFF
}

/// `out[r][lane] = Σ_k rows[r][k] · packed[k][lane]`, for rows stored one after the other. `ahead` asks to prefetch
/// the rows that follow.
#[inline(always)]
pub(crate) fn tile<F: Real, M: Machine<F>, const L: usize>(
    m: M,
    rows: &[F],
    dim: usize,
    packed: &[[F; L]],
    out: &mut [[F; L]],
    ahead: bool,
) {
    debug_assert_eq!(rows.len(), out.len() * dim);
    debug_assert_eq!(packed.len(), dim);
    if L == 1 {
        // A single query is small and the rows come from memory. So the loop runs along some rows at a time, and
        // prefetches the next ones.
        let group = 2 * M::LANES;
        for (rows, out) in rows.chunks(group * dim).zip(out.chunks_mut(group)) {
            for from in (0..dim).step_by(BLOCK) {
                let packed = &packed[from..dim.min(from + BLOCK)];
                if out.len() == group {
                    upright::<F, M, L, 2>(m, rows, dim, from, packed, out);
                } else if out.len() == M::LANES {
                    upright::<F, M, L, 1>(m, rows, dim, from, packed, out);
                } else {
                    blocks::<F, Single<M>, L, 1, NARROW_ROWS>(Single(m), rows, dim, from, packed, out, false);
                }
            }
        }
        return;
    }
    for from in (0..dim).step_by(BLOCK) {
        // A block of all queries stays in the first-level cache while the rows of the tile are read.
        let packed = &packed[from..dim.min(from + BLOCK)];
        if L == M::LANES {
            blocks::<F, M, L, 1, NARROW_ROWS>(m, rows, dim, from, packed, out, ahead);
        } else if L == 4 * M::LANES {
            blocks::<F, M, L, 4, WIDE_ROWS>(m, rows, dim, from, packed, out, ahead);
        } else if M::REGISTERS >= 32 {
            blocks::<F, M, L, 2, MANY_ROWS>(m, rows, dim, from, packed, out, ahead);
        } else {
            blocks::<F, M, L, 2, ROWS>(m, rows, dim, from, packed, out, ahead);
        }
    }
}

/// One block of units of all rows, `R` rows at a time.
#[inline(always)]
fn blocks<F: Real, M: Machine<F>, const L: usize, const V: usize, const R: usize>(
    m: M,
    rows: &[F],
    dim: usize,
    from: usize,
    packed: &[[F; L]],
    out: &mut [[F; L]],
    ahead: bool,
) {
    let whole = out.len() / R * R;
    for r in (0..whole).step_by(R) {
        let next = ahead.then(|| rows.as_ptr().wrapping_add(rows.len() + r * dim + from));
        block::<F, M, L, V, R>(m, &rows[r * dim..], dim, from, packed, &mut out[r..r + R], next);
    }
    for r in whole..out.len() {
        block::<F, M, L, V, 1>(m, &rows[r * dim..], dim, from, packed, &mut out[r..r + 1], None);
    }
}

/// One register block: `R` rows and `L` lanes in `V` vectors, over one block of units. `next` is where as many rows are to
/// be prefetched.
#[inline(always)]
fn block<F: Real, M: Machine<F>, const L: usize, const V: usize, const R: usize>(
    m: M,
    rows: &[F],
    dim: usize,
    from: usize,
    packed: &[[F; L]],
    out: &mut [[F; L]],
    next: Option<*const F>,
) {
    assert!(packed.is_empty() || rows.len() >= (R - 1) * dim + from + packed.len());
    assert!(V * M::LANES == L && out.len() == R);
    let mut sums = [[m.splat(F::ZERO); V]; R];
    // The black box keeps the compiler from deriving each address from the last one. That would be a chain of
    // additions for which the multiplications wait.
    let columns = std::hint::black_box(array!([rows.as_ptr(); R], |r| {
        // SAFETY: within `rows`, as checked above.
        unsafe { rows.as_ptr().add(r * dim + from) }
    }));
    // The units of a line at a time, and as many prefetches as they read lines: spread over the multiplications.
    let line = LINE / size_of::<F>();
    for (chunk, packed) in packed.chunks(line).enumerate() {
        if let Some(next) = next {
            for r in 0..R {
                prefetch(next.wrapping_add(r * dim + chunk * line));
            }
        }
        for (k, query) in packed.iter().enumerate() {
            // SAFETY: `query` holds L numbers; the last unit of each row was checked above.
            unsafe {
                let queries = array!([m.splat(F::ZERO); V], |v| m.load(&query[v * M::LANES..]));
                for r in 0..R {
                    let value = m.splat(*columns[r].add(chunk * line + k));
                    for v in 0..V {
                        sums[r][v] = m.multiply_add(value, queries[v], sums[r][v]);
                    }
                }
            }
        }
    }
    for (out, sums) in out.iter_mut().zip(&sums) {
        for v in 0..V {
            let out = &mut out[v * M::LANES..];
            // SAFETY: V vectors fill L lanes.
            unsafe { m.store(if from == 0 { sums[v] } else { m.add(m.load(out), sums[v]) }, out) };
        }
    }
}

/// One block of units of `V` vectors of rows, for one query. Rows lie side by side in lanes, and are transposed for
/// this in registers. Each row is summed unit by unit, as everywhere.
#[inline(always)]
fn upright<F: Real, M: Machine<F>, const L: usize, const V: usize>(
    m: M,
    rows: &[F],
    dim: usize,
    from: usize,
    packed: &[[F; L]],
    out: &mut [[F; L]],
) {
    assert!(L == 1 && out.len() == V * M::LANES);
    assert!(rows.len() >= (out.len() - 1) * dim + from + packed.len());
    let mut sums = [m.splat(F::ZERO); V];
    let mut unit = from;
    let mut chunks = packed.chunks_exact(M::LANES);
    for query in &mut chunks {
        // Prefetches as many lines of the following rows as are read of these rows.
        let ahead = rows.as_ptr().wrapping_add(rows.len() + out.len() * unit);
        for line in 0..V * M::LANES * M::LANES * size_of::<F>() / LINE {
            prefetch(ahead.wrapping_byte_add(LINE * line));
        }
        let mut columns = [[m.splat(F::ZERO); MOST_LANES]; V];
        for v in 0..V {
            // SAFETY: within `rows`, as checked above.
            let row = |r: usize| unsafe { rows.as_ptr().add((v * M::LANES + r) * dim + unit) };
            let starts =
                array!([rows.as_ptr(); MOST_LANES], |r| if r < M::LANES { row(r) } else { rows.as_ptr() });
            // SAFETY: LANES numbers of LANES rows, as checked above.
            unsafe { m.turn(&starts, &mut columns[v]) };
        }
        for k in 0..M::LANES {
            let query = m.splat(query[k][0]);
            for v in 0..V {
                sums[v] = m.multiply_add(columns[v][k], query, sums[v]);
            }
        }
        unit += M::LANES;
    }
    for query in chunks.remainder() {
        for v in 0..V {
            let value = |r: usize| rows[(v * M::LANES + r) * dim + unit];
            let column = array!([F::ZERO; MOST_LANES], |r| if r < M::LANES { value(r) } else { F::ZERO });
            // SAFETY: no machine has more lanes.
            let column = unsafe { m.load(&column) };
            sums[v] = m.multiply_add(column, m.splat(query[0]), sums[v]);
        }
        unit += 1;
    }
    for (sum, out) in sums.iter().zip(out.chunks_exact_mut(M::LANES)) {
        let mut total = [F::ZERO; MOST_LANES];
        // SAFETY: no machine has more lanes.
        unsafe { m.store(*sum, &mut total) };
        for (out, total) in out.iter_mut().zip(total) {
            out[0] = if from == 0 { total } else { out[0] + total };
        }
    }
}

/// Packs up to `L` queries, rows of `dim` units one after the other. Unused lanes repeat the last one.
#[inline(always)]
pub(crate) fn pack<F: Real, M: Machine<F>, const L: usize>(m: M, queries: &[F], dim: usize) -> Aligned<F, L> {
    let mut packed = Aligned::zeros(dim);
    let rows = packed.rows();
    let last = queries.len() / dim - 1;
    let query = |lane: usize| &queries[last.min(lane) * dim..][..dim];
    // Whole squares of units and queries are turned in registers.
    let whole = if L.is_multiple_of(M::LANES) && M::LANES > 1 { dim / M::LANES * M::LANES } else { 0 };
    for unit in (0..whole).step_by(M::LANES) {
        for lane in (0..L).step_by(M::LANES) {
            let from =
                array!([queries.as_ptr(); MOST_LANES], |r| query(lane + r % M::LANES)[unit..].as_ptr());
            let mut columns = [m.splat(F::ZERO); MOST_LANES];
            // SAFETY: LANES numbers of LANES queries begin at `unit`, and a row has L lanes from 0 on.
            unsafe {
                m.turn(&from, &mut columns);
                for k in 0..M::LANES {
                    m.store(columns[k], &mut rows[unit + k][lane..]);
                }
            }
        }
    }
    for lane in 0..L {
        for (row, &value) in rows[whole..].iter_mut().zip(&query(lane)[whole..]) {
            row[lane] = value;
        }
    }
    packed
}

/// The products of some rows and queries, which go to the columns and rows of `out`.
struct Products<'a, F> {
    rows: &'a [F],
    dim: usize,
    queries: &'a [F],
    out: ArrayViewMut2<'a, F>,
}

impl<F: Real, M: Machine<F>, const L: usize> On<M, ()> for InLanes<Products<'_, F>, L> {
    #[inline(always)]
    fn run(self, m: M) {
        /// Rows of a tile: a multiple of those of each register block.
        const TILE: usize = 48;
        let Products { rows, dim, queries, mut out } = self.0;
        let mut packed = pack::<F, M, L>(m, queries, dim);
        let mut products = Aligned::<F, L>::zeros(TILE);
        for (number, rows) in rows.chunks(TILE * dim).enumerate() {
            let products = &mut products.rows()[..rows.len() / dim];
            tile::<F, M, L>(m, rows, dim, packed.rows(), products, true);
            for (lane, mut out) in out.outer_iter_mut().enumerate() {
                let out = &mut out.as_slice_mut().expect("rows are stored row-major")[number * TILE..];
                out.iter_mut().zip(&*products).for_each(|(out, product)| *out = product[lane]);
            }
        }
    }
}

/// How many queries lie side by side, where there are so many in all: few, one register of AVX-512 or two of AVX2, two of
/// AVX-512, or four.
const fn side_by_side<F>(queries: usize, widest: bool) -> usize {
    let one = lanes::<F>(1);
    match queries {
        1 => 1,
        _ if queries <= one / 2 => one / 2,
        _ if queries <= one || !widest => one,
        _ if queries <= 2 * one => 2 * one,
        _ => 4 * one,
    }
}

entry! {
    /// The products of rows, and of as many queries as [`side_by_side`] says or fewer.
    fn at_best<F: Real>(products: Products<F>, side_by_side: usize) {
        const ONE: usize = lanes::<F>(1);
        let level = Level::best();
        #[cfg(target_arch = "x86_64")]
        if let Level::Avx512(token) = level {
            if side_by_side == 4 * ONE {
                return F::avx512(token).enter(InLanes::<_, { 4 * ONE }>(products));
            }
            if side_by_side == 2 * ONE {
                return F::avx512(token).enter(InLanes::<_, { 2 * ONE }>(products));
            }
        }
        match side_by_side {
            1 => level.run_narrow::<F, _, _>(InLanes::<_, 1>(products)),
            ONE => level.run_narrow::<F, _, _>(InLanes::<_, ONE>(products)),
            _ => level.run_narrow::<F, _, _>(InLanes::<_, { ONE / 2 }>(products)),
        }
    }
}

entry! {
    /// All dot products of `queries` (B × D) with `rows` (N × D, row-major), B × N.
    ///
    /// Cost: B·N·D multiply-adds. This is for models that need the whole matrix (fields of a coupling matrix). Reads
    /// of many patterns use [`attend`](super::attend()), which never holds it.
    pub fn dots<F: Real>(queries: ArrayView2<F>, rows: ArrayView2<F>) -> Array2<F> {
        let (n, dim) = rows.dim();
        let b = queries.nrows();
        let queries = queries.as_standard_layout();
        assert_eq!(queries.ncols(), dim, "queries and rows must have the same number of units");
        let mut result = Array2::from_elem((b, n), F::ZERO);
        if b == 0 || n == 0 || dim == 0 {
            return result;
        }
        let rows = rows.as_slice().expect("rows are stored row-major");
        let queries = queries.as_slice().expect("in standard layout");
        /// The number of values in the rows of a task. A few queries of many rows are also worth several threads.
        const NUMBERS: usize = 1 << 20;
        let length = (NUMBERS / dim).max(1).next_multiple_of(4 * ROWS);
        let lanes = side_by_side::<F>(b, Level::best().is_widest());
        let mut tasks = Vec::new();
        for (out, queries) in result.axis_chunks_iter_mut(Axis(0), lanes).zip(queries.chunks(lanes * dim)) {
            let (mut out, mut rows) = (out, rows);
            while !rows.is_empty() {
                let some = length.min(rows.len() / dim);
                let (own, left) = out.split_at(Axis(1), some);
                tasks.push(Products { rows: &rows[..some * dim], dim, queries, out: own });
                (out, rows) = (left, &rows[some * dim..]);
            }
        }
        threads::each(tasks, (b * n * dim) as f64, |products| at_best(products, lanes));
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor::noise::{Purpose, Stream};

    #[test]
    fn equals_plain_sums_within_the_bound() {
        let mut noise = Stream::new(1, Purpose::Patterns, 0);
        for (b, n, d) in [(1, 1, 1), (3, 7, 5), (9, 20, 64), (17, 13, 200), (2, 6, 1000)] {
            let x = Array2::from_shape_fn((b, d), |_| noise.normal() as f32);
            let y = Array2::from_shape_fn((n, d), |_| noise.normal() as f32);
            let result = dots(x.view(), y.view());
            for i in 0..b {
                for j in 0..n {
                    let wide = |v: &f32| f64::from(*v);
                    let exact: f64 = x.row(i).iter().zip(y.row(j)).map(|(a, b)| wide(a) * wide(b)).sum();
                    let norms = x.row(i).iter().map(|v| wide(v).powi(2)).sum::<f64>().sqrt()
                        * y.row(j).iter().map(|v| wide(v).powi(2)).sum::<f64>().sqrt();
                    let error = (wide(&result[[i, j]]) - exact).abs();
                    assert!(error <= error_bound::<f32>(d) * norms, "{b}×{n}×{d} at ({i}, {j}): {error:e}");
                }
            }
        }
    }
}
