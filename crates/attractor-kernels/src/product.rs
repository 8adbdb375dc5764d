//! Matrix products, for networks.
//!
//! C = A B. The columns of B lie side by side in vector lanes, as queries do in [`dots()`](super::dots()): one number
//! of A is multiplied with all columns of a row of B. A may have any strides, as a
//! transposed matrix has. Every number of C is summed in one order, that of A's columns in chains of 64. So it does
//! not depend on which rows are computed together, on the number of columns, or on threads.

use std::ops::Range;

use crate::machine::{Aligned, Level, Machine, On, array};
use crate::real::{Real, entry};
use crate::threads;

/// The number of terms summed in registers before they are added to the total.
const CHAIN: usize = 64;

/// Columns are padded to multiples of this: two of the widest vectors.
const fn columns<F>() -> usize {
    2 * 64 / size_of::<F>()
}

/// No machine has more.
const MOST_COLUMNS: usize = columns::<f32>();

/// The number of rows in a task, which share B while it is in the cache.
pub const ROWS: usize = 64;

/// Rows in registers where there are 32 of them, and where there are 16.
const MANY: usize = 8;
const FEW: usize = 6;

/// A matrix that [`product`] multiplies by. Its rows begin at cache lines and are padded to whole vectors, with
/// arbitrary numbers.
pub struct Panel<F> {
    numbers: Aligned<F, 1>,
    rows: usize,
    columns: usize,
    stride: usize,
}

impl<F: Real> Default for Panel<F> {
    fn default() -> Self {
        Panel::zeros(0, 0)
    }
}

impl<F: Real> Panel<F> {
    /// A panel of zeros.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        let stride = columns.next_multiple_of(self::columns::<F>());
        Panel { numbers: Aligned::zeros(rows * stride), rows, columns, stride }
    }

    /// The numbers of rows and columns.
    pub fn dim(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// The distance from one row to the next, in numbers.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All rows, with their padding.
    pub fn numbers(&self) -> &[F] {
        &self.numbers.all().as_flattened()[..self.rows * self.stride]
    }

    /// All rows, with their padding.
    pub fn numbers_mut(&mut self) -> &mut [F] {
        &mut self.numbers.rows().as_flattened_mut()[..self.rows * self.stride]
    }

    /// A row without its padding.
    pub fn row(&self, row: usize) -> &[F] {
        &self.numbers()[row * self.stride..][..self.columns]
    }

    /// A row without its padding.
    pub fn row_mut(&mut self, row: usize) -> &mut [F] {
        let (stride, columns) = (self.stride, self.columns);
        &mut self.numbers_mut()[row * stride..][..columns]
    }

    /// Changes the size of the panel, in place if there is room. Its numbers are then arbitrary.
    pub fn resize(&mut self, rows: usize, columns: usize) -> &mut Self {
        let stride = columns.next_multiple_of(self::columns::<F>());
        if self.numbers.all().len() < rows * stride {
            *self = Panel::zeros(rows, columns);
        }
        (self.rows, self.columns, self.stride) = (rows, columns, stride);
        self
    }

    /// Writes the transposed matrix to another panel.
    pub fn transpose_into(&self, turned: &mut Self) {
        /// The number of rows and columns in a block that stays in the first-level cache.
        const BLOCK: usize = 16;
        turned.resize(self.columns, self.rows);
        if turned.stride == 0 {
            return;
        }
        let (numbers, strides) = (self.numbers(), [self.stride, turned.stride]);
        let rows = turned.numbers_mut().chunks_mut(BLOCK * strides[1]).enumerate().collect();
        threads::each(rows, (self.rows * self.columns) as f64, |(block, out): (usize, &mut [F])| {
            for from in (0..self.rows).step_by(BLOCK) {
                for (column, out) in out.chunks_mut(strides[1]).enumerate() {
                    let column = block * BLOCK + column;
                    for row in from..self.rows.min(from + BLOCK) {
                        out[row] = numbers[row * strides[0] + column];
                    }
                }
            }
        });
    }
}

/// The matrix A of a product: number (i, k) is `numbers[i · row + k · column]`.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a, F> {
    /// The numbers of the matrix.
    pub numbers: &'a [F],
    /// The stride from one row to the next.
    pub row: usize,
    /// The stride from one column to the next.
    pub column: usize,
}

entry! {
    /// Some rows of A B, one after the other in `out`, as in a [`Panel`] with as many columns as B.
    ///
    /// Cost: 2 · rows · terms · columns operations, with columns padded to 32 of f32, or 16 of f64. A has as many columns as B has rows.
    ///
    /// # Panics
    /// If A does not have these rows, or `out` has another size.
    pub fn product<F: Real>(a: Strided<F>, rows: Range<usize>, b: &Panel<F>, out: &mut [F]) {
        let terms = b.rows;
        let room = rows.len().checked_mul(b.stride);
        assert_eq!(Some(out.len()), room, "there must be room for the rows asked for, padded as B's");
        if rows.is_empty() || b.stride == 0 {
            return;
        }
        if terms == 0 {
            out.fill(F::ZERO);
            return;
        }
        let along = (rows.end - 1).checked_mul(a.row).zip((terms - 1).checked_mul(a.column));
        let last = along.and_then(|(down, across)| down.checked_add(across));
        assert!(
            last.is_some_and(|last| last < a.numbers.len()),
            "A must have the rows asked for, and as many columns as B has rows"
        );
        let task = Task { a, first: rows.start, b: b.numbers(), stride: b.stride, terms };
        Level::best().run::<F, _, _>((task, out));
    }
}

/// The work of one task.
struct Task<'a, F> {
    a: Strided<'a, F>,
    first: usize,
    b: &'a [F],
    stride: usize,
    terms: usize,
}

impl<F: Real, M: Machine<F>> On<M, ()> for (Task<'_, F>, &mut [F]) {
    #[inline(always)]
    fn run(self, m: M) {
        let (task, out) = self;
        if M::REGISTERS >= 32 {
            all::<F, M, MANY>(m, &task, out);
        } else {
            all::<F, M, FEW>(m, &task, out);
        }
    }
}

/// The part of A that is multiplied by one chain of B. It is a copy: rows of A lie so far apart that the first-level
/// cache, which finds a place for each line by its address, holds few of them together.
#[repr(align(64))]
struct Tile<F>([F; ROWS * CHAIN]);

impl<F: Real> Tile<F> {
    /// Copies rows and terms of A. Returns the steps from a row and from a term to the next.
    #[inline(always)]
    fn fill(&mut self, a: Strided<F>, rows: usize, terms: usize) -> [usize; 2] {
        if a.row == 1 {
            for (term, kept) in self.0.chunks_exact_mut(ROWS).enumerate().take(terms) {
                kept[..rows].copy_from_slice(&a.numbers[term * a.column..][..rows]);
            }
            return [1, ROWS];
        }
        for (row, kept) in self.0.chunks_exact_mut(CHAIN).enumerate().take(rows) {
            let (kept, numbers) = (&mut kept[..terms], &a.numbers[row * a.row..]);
            if a.column == 1 {
                kept.copy_from_slice(&numbers[..terms]);
            } else {
                kept.iter_mut().enumerate().for_each(|(term, kept)| *kept = numbers[term * a.column]);
            }
        }
        [CHAIN, 1]
    }
}

/// Rows that are no farther apart than this are read where they are.
const NEAR: usize = 2 * CHAIN;

/// Two vectors of each row of one chain of B, one after the other.
#[repr(align(64))]
struct Strip<F>([F; CHAIN * MOST_COLUMNS]);

impl<F: Real> Strip<F> {
    /// Copies the vectors at `lane` of rows of B, which are given from the first of the chain.
    #[inline(always)]
    fn fill<M: Machine<F>>(&mut self, m: M, rows: &[F], stride: usize, lane: usize) -> &[F] {
        let (mut filled, wide) = (0, 2 * M::LANES);
        for (row, kept) in rows.chunks_exact(stride).zip(self.0.chunks_exact_mut(wide)) {
            let row = &row[lane..][..wide];
            // SAFETY: each holds two vectors.
            unsafe {
                m.store(m.load(row), kept);
                m.store(m.load(&row[M::LANES..]), &mut kept[M::LANES..]);
            }
            filled += wide;
        }
        &self.0[..filled]
    }
}

#[inline(always)]
fn all<F: Real, M: Machine<F>, const R: usize>(m: M, task: &Task<F>, out: &mut [F]) {
    let Task { a, first, b, stride, terms } = *task;
    let (mut tile, mut strip) = (None, Strip([F::ZERO; CHAIN * MOST_COLUMNS]));
    for (part, out) in out.chunks_mut(ROWS * stride).enumerate() {
        let count = out.len() / stride;
        let whole = count / R * R;
        for (chain, b) in b[..terms * stride].chunks(CHAIN * stride).enumerate() {
            let start = (first + part * ROWS) * a.row + chain * CHAIN * a.column;
            let a = Strided { numbers: &a.numbers[start..], ..a };
            let (tile, steps) = if a.column == 1 && a.row <= NEAR {
                (a.numbers, [a.row, 1])
            } else {
                let tile = match &mut tile {
                    Some(tile) => tile,
                    none => none.insert(Tile([F::ZERO; ROWS * CHAIN])),
                };
                let steps = tile.fill(a, count, b.len() / stride);
                (&tile.0[..], steps)
            };
            for lane in (0..stride).step_by(2 * M::LANES) {
                let strip = strip.fill(m, b, stride, lane);
                for row in (0..whole).step_by(R) {
                    let (tile, out) = (&tile[row * steps[0]..], &mut out[row * stride + lane..]);
                    block::<F, M, R>(m, tile, steps, strip, chain == 0, out, stride);
                }
                for row in whole..count {
                    let (tile, out) = (&tile[row * steps[0]..], &mut out[row * stride + lane..]);
                    block::<F, M, 1>(m, tile, steps, strip, chain == 0, out, stride);
                }
            }
        }
    }
}

/// `R` rows by two vectors over one chain of terms. They are added to what `out` holds, but for the first chain.
#[inline(always)]
fn block<F: Real, M: Machine<F>, const R: usize>(
    m: M,
    tile: &[F],
    [down, along]: [usize; 2],
    strip: &[F],
    first: bool,
    out: &mut [F],
    stride: usize,
) {
    let terms = strip.len() / (2 * M::LANES);
    assert!((R - 1) * down + (terms - 1) * along < tile.len(), "the tile holds the rows and terms");
    let mut sums = [[m.splat(F::ZERO); 2]; R];
    // The black box keeps the compiler from deriving each address from the last one. That would be a chain of
    // additions for which the multiplications wait.
    let rows = std::hint::black_box(array!([tile.as_ptr(); R], |r| {
        // SAFETY: within the tile, as checked for the last row and term.
        unsafe { tile.as_ptr().add(r * down) }
    }));
    let mut at = 0;
    for b in strip.chunks_exact(2 * M::LANES) {
        // SAFETY: `b` holds two vectors; the addresses in the tile are as above.
        unsafe {
            let (left, right) = (m.load(b), m.load(&b[M::LANES..]));
            for r in 0..R {
                let value = m.splat(*rows[r].add(at));
                sums[r][0] = m.multiply_add(value, left, sums[r][0]);
                sums[r][1] = m.multiply_add(value, right, sums[r][1]);
            }
        }
        at += along;
    }
    for r in 0..R {
        let out = &mut out[r * stride..][..2 * M::LANES];
        let (left, right) = out.split_at_mut(M::LANES);
        for (out, sum) in [left, right].into_iter().zip(sums[r]) {
            // SAFETY: each half holds one vector.
            unsafe {
                let total = if first { sum } else { m.multiply_add(m.splat(F::ONE), m.load(out), sum) };
                m.store(total, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor::noise::{Purpose, Stream};

    fn close_to_plain_sums<F: Real>() {
        let mut noise = Stream::new(1, Purpose::Patterns, 0);
        for (m, k, n) in [(1, 1, 1), (3, 7, 5), (64, 64, 32), (65, 130, 33), (9, 200, 70), (2, 0, 3)] {
            let numbers: Vec<F> = (0..2 * m * k).map(|_| F::from_f64(noise.normal())).collect();
            let mut b = Panel::<F>::zeros(k, n);
            for row in 0..k {
                b.row_mut(row).iter_mut().for_each(|v| *v = F::from_f64(noise.normal()));
            }
            // The matrix as stored, as the transpose of what is stored, and every other number.
            for (row, column) in [(k, 1), (1, m), (2 * k, 2)] {
                let a = Strided { numbers: &numbers, row, column };
                let mut out = Panel::<F>::zeros(m, n);
                product(a, 0..m, &b, out.numbers_mut());
                for i in 0..m {
                    let mut alone = Panel::<F>::zeros(1, n);
                    product(a, i..i + 1, &b, alone.numbers_mut());
                    assert_eq!(alone.row(0), out.row(i), "a row depends on its neighbours");
                    for j in 0..n {
                        let terms =
                            (0..k).map(|t| numbers[i * row + t * column].to_f64() * b.row(t)[j].to_f64());
                        let (exact, size) = terms.fold((0.0, 0.0), |(s, z), t| (s + t, z + t.abs()));
                        let bound = (CHAIN.min(k) + k.div_ceil(CHAIN) + 1) as f64 * F::ROUNDOFF * size;
                        let error = (out.row(i)[j].to_f64() - exact).abs();
                        assert!(error <= bound, "{m}×{k}×{n} at ({i}, {j}): {error:e}");
                    }
                }
            }
            let (mut turned, mut back) = (Panel::default(), Panel::default());
            b.transpose_into(&mut turned);
            turned.transpose_into(&mut back);
            assert!(back.numbers() == b.numbers());
        }
    }

    #[test]
    fn products_are_plain_sums_within_rounding() {
        close_to_plain_sums::<f32>();
        close_to_plain_sums::<f64>();
    }
}
