//! Dot products of many queries with many rows.
//!
//! Queries are packed unit by unit (`packed[k][lane]`), rows stay as they are stored: the inner loop
//! multiplies one unit of a row by that unit of all queries of a pack. Nothing is added across lanes,
//! so a query's result does not depend on its neighbours. One query alone runs the same sums one number
//! at a time.

use ndarray::{Array2, ArrayView2};

use super::machine::{Machine, Single, at_best};
use crate::parallel;
use crate::real::Real;

/// Units summed in one chain before the chain is added to the total. Short chains keep the rounding
/// error of an f32 dot product near (BLOCK + D/BLOCK) unit roundoffs instead of D.
pub const BLOCK: usize = 64;

/// Rows of one register block: 6 rows × 2 vector registers of queries leave 4 of AVX2's 16 free.
const ROWS: usize = 6;

/// Rows where there is one register of queries: eight sums in flight hide the latency of an addition.
const NARROW_ROWS: usize = 8;

/// Bound on |computed − exact| of a dot product, relative to ‖x‖‖y‖, over D units.
pub(crate) fn error_bound<F: Real>(dim: usize) -> f64 {
    (BLOCK.min(dim) + dim.div_ceil(BLOCK) + 1) as f64 * F::ROUNDOFF
}

/// `out[r][lane] = Σ_k rows[r][k] · packed[k][lane]` for rows stored one after the other.
#[inline(always)]
pub(crate) fn tile<F: Real, M: Machine<F>, const L: usize>(
    rows: &[F],
    dim: usize,
    packed: &[[F; L]],
    out: &mut [[F; L]],
) {
    debug_assert_eq!(rows.len(), out.len() * dim);
    debug_assert_eq!(packed.len(), dim);
    if L == 1 {
        // One query is small and the rows come from memory: run along eight of them at a time.
        for (rows, out) in rows.chunks(NARROW_ROWS * dim).zip(out.chunks_mut(NARROW_ROWS)) {
            for from in (0..dim).step_by(BLOCK) {
                let packed = &packed[from..dim.min(from + BLOCK)];
                blocks::<F, Single<M>, L, NARROW_ROWS>(rows, dim, from, packed, out);
            }
        }
        return;
    }
    for from in (0..dim).step_by(BLOCK) {
        // A block of all queries stays in the first-level cache while the rows of the tile pass by.
        let packed = &packed[from..dim.min(from + BLOCK)];
        if L == M::LANES {
            blocks::<F, M, L, NARROW_ROWS>(rows, dim, from, packed, out);
        } else {
            blocks::<F, M, L, ROWS>(rows, dim, from, packed, out);
        }
    }
}

/// One block of units of all rows, `R` rows at a time.
#[inline(always)]
fn blocks<F: Real, M: Machine<F>, const L: usize, const R: usize>(
    rows: &[F],
    dim: usize,
    from: usize,
    packed: &[[F; L]],
    out: &mut [[F; L]],
) {
    let whole = out.len() / R * R;
    for r in (0..whole).step_by(R) {
        block::<F, M, L, R>(&rows[r * dim..], dim, from, packed, &mut out[r..r + R]);
    }
    for r in whole..out.len() {
        block::<F, M, L, 1>(&rows[r * dim..], dim, from, packed, &mut out[r..r + 1]);
    }
}

/// One register block: `R` rows by `L` lanes over one block of units.
#[inline(always)]
fn block<F: Real, M: Machine<F>, const L: usize, const R: usize>(
    rows: &[F],
    dim: usize,
    from: usize,
    packed: &[[F; L]],
    out: &mut [[F; L]],
) {
    assert!(packed.is_empty() || rows.len() >= (R - 1) * dim + from + packed.len());
    // One or two vectors of queries: L is M::LANES or twice that.
    let two = L > M::LANES;
    let mut sums = [[M::splat(F::ZERO); 2]; R];
    // Opaque, or the compiler derives each address from the last one: a chain of additions that the
    // multiplications then wait for. SAFETY: within `rows`, as checked above.
    let columns: [*const F; R] =
        std::hint::black_box(std::array::from_fn(|r| unsafe { rows.as_ptr().add(r * dim + from) }));
    for (k, query) in packed.iter().enumerate() {
        // SAFETY: `query` holds L numbers; the last unit of each row was checked above.
        unsafe {
            let first = M::load(query);
            let second = if two { M::load(&query[M::LANES..]) } else { first };
            for r in 0..R {
                let value = M::splat(*columns[r].add(k));
                sums[r][0] = M::multiply_add(value, first, sums[r][0]);
                if two {
                    sums[r][1] = M::multiply_add(value, second, sums[r][1]);
                }
            }
        }
    }
    for r in 0..R {
        let mut total = [F::ZERO; L];
        // SAFETY: `total` holds L numbers.
        unsafe {
            M::store(sums[r][0], &mut total);
            if two {
                M::store(sums[r][1], &mut total[M::LANES..]);
            }
        }
        for lane in 0..L {
            out[r][lane] = if from == 0 { total[lane] } else { out[r][lane] + total[lane] };
        }
    }
}

/// Packs up to `L` queries, the last one repeated in unused lanes.
pub(crate) fn pack<F: Real, const L: usize>(queries: ArrayView2<F>, first: usize) -> Vec<[F; L]> {
    let last = queries.nrows() - 1;
    let mut packed = vec![[F::ZERO; L]; queries.ncols()];
    for lane in 0..L {
        let query = queries.row(last.min(first + lane));
        for (unit, &value) in packed.iter_mut().zip(query) {
            unit[lane] = value;
        }
    }
    packed
}

at_best! { pub(crate) fn tile_at_best<F: Real; L: usize>(rows: &[F], dim: usize, packed: &[[F; L]], out: &mut [[F; L]]) = tile }

/// All dot products: `queries` (B × D) with `rows` (N × D, row-major) gives B × N.
///
/// Cost B·N·D multiply-adds. This is for the models that need the whole matrix (fields of a coupling
/// matrix); reads of many patterns use [`attend`](super::attend()), which never holds it.
pub fn dots<F: Real>(queries: ArrayView2<F>, rows: ArrayView2<F>) -> Array2<F> {
    let (n, dim) = rows.dim();
    let b = queries.nrows();
    assert_eq!(queries.ncols(), dim, "queries and rows must have the same number of units");
    let mut result = Array2::from_elem((b, n), F::ZERO);
    if b == 0 || n == 0 || dim == 0 {
        return result;
    }
    let rows = rows.as_slice().expect("rows are stored row-major");
    const LANES: usize = 8;
    let packs = parallel::map(b.div_ceil(LANES), (b * n * dim) as f64, |p| {
        let packed = pack::<F, LANES>(queries, p * LANES);
        let mut out = vec![[F::ZERO; LANES]; n];
        F::tile(rows, dim, &packed, &mut out);
        out
    });
    for (q, mut row) in result.outer_iter_mut().enumerate() {
        let pack = &packs[q / LANES];
        row.iter_mut().zip(pack).for_each(|(v, lanes)| *v = lanes[q % LANES]);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Purpose, Stream};

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
