//! Couplings that are whole numbers, in two bytes each: fields of ±1 states are then exact sums of integers.
//!
//! Hebbian couplings of ±1 patterns are such numbers. A quarter of the bytes of f64 have to be read, and a register
//! holds four times as many couplings.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};

#[cfg(target_arch = "x86_64")]
use crate::machine::{Avx2, Avx512, proven};
use crate::machine::{Level, On, Portable, Token};
use crate::real::Real;
use crate::threads;

/// The number of couplings in a line of the cache.
const LINE: usize = 32;

/// Couplings side by side, in a line of the cache: one vector register of AVX-512.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Line([i16; LINE]);

/// A square matrix of whole numbers, of which a sum over a row fits in 32 bits.
#[derive(Clone, Debug)]
pub struct Whole {
    /// Rows, each of whole lines. There are a few more rows of zeros, so that rows are read in groups.
    lines: Vec<Line>,
    dim: usize,
    /// The largest size of a number, at least 1.
    largest: i16,
}

/// The number of rows of W in a task.
const TASK: usize = 32;

/// The number of states that a task converts.
const STATES: usize = 16;

/// The number of lines of a row that are read at a time: those of a few rows and states then stay in the first-level
/// cache.
const BLOCK: usize = 64;

impl Whole {
    /// The matrix in two bytes a number. `None` if a number is not whole, or so large that sums might not fit.
    pub fn of(weights: ArrayView2<f64>) -> Option<Self> {
        let (rows, dim) = weights.dim();
        assert_eq!(rows, dim, "a square matrix");
        let largest = f64::from(i16::MAX).min(f64::from(i32::MAX) / dim.max(1) as f64);
        if !weights.iter().all(|w| w.fract() == 0.0 && w.abs() <= largest) {
            return None;
        }
        let width = dim.div_ceil(LINE);
        let mut lines = vec![Line([0; LINE]); rows.next_multiple_of(4) * width];
        for (row, lines) in weights.outer_iter().zip(lines.chunks_mut(width.max(1))) {
            row.iter().enumerate().for_each(|(j, &w)| lines[j / LINE].0[j % LINE] = w as i16);
        }
        let largest = weights.iter().fold(1.0_f64, |most, w| most.max(w.abs())) as i16;
        Some(Whole { lines, dim, largest })
    }

    /// The number of lines in a row.
    fn width(&self) -> usize {
        self.dim.div_ceil(LINE)
    }

    /// The fields Wx of states (B × D) of 1, −1 and 0, in f64. `None` if there is another value. Cost: 2·B·D²
    /// operations; W is read once.
    pub fn fields<F: Real>(&self, states: ArrayView2<F>) -> Option<Array2<f64>> {
        assert_eq!(states.ncols(), self.dim, "as many units as couplings");
        // No early end, so that the compiler finds the vectors.
        let signs = |all: bool, &x: &F| all & (x == F::ZERO || x.abs() == F::ONE);
        if !states.outer_iter().all(|state| state.iter().fold(true, signs)) {
            return None;
        }
        let (count, width) = (states.nrows(), self.width());
        let mut lines = vec![Line([0; LINE]); count * width];
        let tasks =
            lines.chunks_mut((STATES * width).max(1)).zip(states.axis_chunks_iter(Axis(0), STATES)).collect();
        let moved = 4.0 * (count * self.dim) as f64;
        threads::each(tasks, moved, |(lines, states): (&mut [Line], ArrayView2<F>)| {
            for (state, lines) in states.outer_iter().zip(lines.chunks_mut(width.max(1))) {
                fill(state, lines);
            }
        });
        let work = 2.0 * (count * self.dim * self.dim) as f64;
        let parts = threads::map(self.dim.div_ceil(TASK), work, |task| {
            let rows = &self.lines[task * TASK * width..self.lines.len().min((task + 1) * TASK * width)];
            at_best(Fields { rows, states: &lines, width })
        });
        let mut fields = Array2::zeros((count, self.dim));
        let tasks = fields.axis_chunks_iter_mut(Axis(0), STATES).enumerate().collect();
        threads::each(tasks, moved, |(some, mut fields): (usize, ArrayViewMut2<f64>)| {
            for (k, mut fields) in fields.outer_iter_mut().enumerate() {
                let state = some * STATES + k;
                let fields = fields.as_slice_mut().expect("row-major");
                for (to, part) in fields.chunks_mut(TASK).zip(&parts) {
                    let rows = part.len() / count;
                    to.iter_mut().zip(&part[state * rows..]).for_each(|(to, &from)| *to = f64::from(from));
                }
            }
        });
        Some(fields)
    }

    /// Adds `change` times row `unit` to fields: what they become when that unit changes by as much.
    pub fn add_row(&self, unit: usize, change: f64, fields: &mut [f64]) {
        assert!(unit < self.dim && fields.len() == self.dim, "unit {unit} of {}", self.dim);
        let width = self.width();
        let row = self.lines[unit * width..(unit + 1) * width].as_ref();
        Level::best().run::<f64, _, _>(AddRow { row, change, fields });
    }

    /// Adds `change` times the rows `up` to fields, and −`change` times the rows `down`: what they become when these units change by as much. The sum
    /// is one of whole numbers, and exact.
    pub fn add_rows(&self, up: &[usize], down: &[usize], change: f64, fields: &mut [f64]) {
        let inside = up.iter().chain(down).all(|&unit| unit < self.dim);
        assert!(inside && fields.len() == self.dim, "units of {}", self.dim);
        // So many numbers have a sum that fits.
        let most = usize::from((i16::MAX / self.largest).unsigned_abs());
        let (lines, width) = (self.lines.as_ref(), self.width());
        for up in up.chunks(most) {
            let rows = AddRows { lines, width, up, down: &[], change, fields };
            Level::best().run::<f64, _, _>(rows);
        }
        for down in down.chunks(most) {
            let rows = AddRows { lines, width, up: &[], down, change, fields };
            Level::best().run::<f64, _, _>(rows);
        }
    }
}

/// A state of 1, −1 and 0 in lines, which are 0 beyond its last unit.
fn fill<F: Real>(state: ArrayView1<F>, lines: &mut [Line]) {
    let state = state.as_standard_layout();
    let units = state.as_slice().expect("contiguous").chunks(LINE);
    for (units, line) in units.zip(lines) {
        for (to, &x) in line.0.iter_mut().zip(units) {
            *to = i16::from(x > F::ZERO) - i16::from(x < F::ZERO);
        }
    }
}

struct AddRows<'a> {
    lines: &'a [Line],
    width: usize,
    up: &'a [usize],
    down: &'a [usize],
    change: f64,
    fields: &'a mut [f64],
}

impl<M: Token> On<M, ()> for AddRows<'_> {
    #[inline(always)]
    fn run(self, _m: M) {
        /// Lines of sums that stay in the first-level cache.
        const SOME: usize = 128;
        let AddRows { lines, width, up, down, change, fields } = self;
        let mut sums = [Line([0; LINE]); SOME];
        for (from, fields) in (0..width).step_by(SOME).zip(fields.chunks_mut(SOME * LINE)) {
            let sums = &mut sums[..SOME.min(width - from)];
            sums.fill(Line([0; LINE]));
            let count = sums.len();
            let row = |unit: usize| &lines[unit * width + from..][..count];
            add_some::<1>(sums, up, row);
            add_some::<-1>(sums, down, row);
            for (fields, sums) in fields.chunks_mut(LINE).zip(sums) {
                for (field, &sum) in fields.iter_mut().zip(&sums.0) {
                    *field += change * f64::from(sum);
                }
            }
        }
    }
}

/// Adds `SIGN` times some rows to sums, four at a time.
#[inline(always)]
fn add_some<'a, const SIGN: i16>(sums: &mut [Line], units: &[usize], row: impl Fn(usize) -> &'a [Line]) {
    let (fours, rest) = units.as_chunks::<4>();
    for &[a, b, c, d] in fours {
        let rows = row(a).iter().zip(row(b)).zip(row(c).iter().zip(row(d)));
        for (sum, ((a, b), (c, d))) in sums.iter_mut().zip(rows) {
            for l in 0..LINE {
                sum.0[l] += SIGN * ((a.0[l] + b.0[l]) + (c.0[l] + d.0[l]));
            }
        }
    }
    for &unit in rest {
        for (sum, line) in sums.iter_mut().zip(row(unit)) {
            for l in 0..LINE {
                sum.0[l] += SIGN * line.0[l];
            }
        }
    }
}

struct AddRow<'a> {
    row: &'a [Line],
    change: f64,
    fields: &'a mut [f64],
}

impl<M: Token> On<M, ()> for AddRow<'_> {
    #[inline(always)]
    fn run(self, _m: M) {
        for (fields, line) in self.fields.chunks_mut(LINE).zip(self.row) {
            for (field, &w) in fields.iter_mut().zip(&line.0) {
                *field += self.change * f64::from(w);
            }
        }
    }
}

/// Products of 16-bit numbers, summed in 32 bits.
trait Shorts: Token {
    type Vector: Copy;
    /// The number of vectors in a line.
    const VECTORS: usize;
    /// Whether the registers hold the sums of four rows and four states.
    const MANY: bool;
    fn zero(self) -> Self::Vector;
    /// Vector `v` of a line.
    fn load(self, line: &Line, v: usize) -> Self::Vector;
    /// Adds the products of the numbers of two vectors, pair by pair.
    fn add_products(self, sums: Self::Vector, a: Self::Vector, b: Self::Vector) -> Self::Vector;
    fn total(self, sums: Self::Vector) -> i32;
}

impl Shorts for Portable {
    type Vector = [i32; 8];
    const VECTORS: usize = 4;
    const MANY: bool = false;

    #[inline(always)]
    fn zero(self) -> Self::Vector {
        [0; 8]
    }
    #[inline(always)]
    fn load(self, line: &Line, v: usize) -> Self::Vector {
        std::array::from_fn(|l| i32::from(line.0[8 * v + l]))
    }
    #[inline(always)]
    fn add_products(self, mut sums: Self::Vector, a: Self::Vector, b: Self::Vector) -> Self::Vector {
        for l in 0..8 {
            sums[l] += a[l] * b[l];
        }
        sums
    }
    #[inline(always)]
    fn total(self, sums: Self::Vector) -> i32 {
        sums.iter().sum()
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Avx2, Avx512, Line, Shorts, proven};

    impl Shorts for Avx2 {
        type Vector = __m256i;
        const VECTORS: usize = 2;
        const MANY: bool = false;

        #[inline(always)]
        fn zero(self) -> __m256i {
            proven!(self => _mm256_setzero_si256())
        }
        #[inline(always)]
        fn load(self, line: &Line, v: usize) -> __m256i {
            let vectors: *const __m256i = line.0.as_ptr().cast();
            assert!(v < 2);
            // Two vectors fill a line, which is aligned.
            proven!(self => vectors.add(v).read())
        }
        #[inline(always)]
        fn add_products(self, sums: __m256i, a: __m256i, b: __m256i) -> __m256i {
            proven!(self => _mm256_add_epi32(sums, _mm256_madd_epi16(a, b)))
        }
        #[inline(always)]
        fn total(self, sums: __m256i) -> i32 {
            let mut numbers = [0_i32; 8];
            // A vector is eight numbers.
            proven!(self => _mm256_storeu_si256(numbers.as_mut_ptr().cast(), sums));
            numbers.iter().sum()
        }
    }

    impl Shorts for Avx512 {
        type Vector = __m512i;
        const VECTORS: usize = 1;
        const MANY: bool = true;

        #[inline(always)]
        fn zero(self) -> __m512i {
            proven!(self => _mm512_setzero_si512())
        }
        #[inline(always)]
        fn load(self, line: &Line, _v: usize) -> __m512i {
            // A vector is a line, which is aligned.
            proven!(self => line.0.as_ptr().cast::<__m512i>().read())
        }
        #[inline(always)]
        fn add_products(self, sums: __m512i, a: __m512i, b: __m512i) -> __m512i {
            proven!(self => _mm512_add_epi32(sums, _mm512_madd_epi16(a, b)))
        }
        #[inline(always)]
        fn total(self, sums: __m512i) -> i32 {
            proven!(self => _mm512_reduce_add_epi32(sums))
        }
    }
}

/// The fields of a few rows of W: for each state, one number a row.
struct Fields<'a> {
    rows: &'a [Line],
    states: &'a [Line],
    width: usize,
}

#[cfg(target_arch = "x86_64")]
fn at_best(fields: Fields) -> Vec<i32> {
    match Level::best() {
        Level::Portable(token) => token.enter(fields),
        Level::Avx2(token) => token.enter(fields),
        Level::Avx512(token) => token.enter(fields),
    }
}
#[cfg(not(target_arch = "x86_64"))]
fn at_best(fields: Fields) -> Vec<i32> {
    let Level::Portable(token) = Level::best();
    token.enter(fields)
}

impl<M: Shorts> On<M, Vec<i32>> for Fields<'_> {
    #[inline(always)]
    fn run(self, m: M) -> Vec<i32> {
        let (rows, states) = (self.rows.len() / self.width, self.states.len() / self.width);
        let mut sums = vec![0; states * rows];
        for from in (0..self.width).step_by(BLOCK) {
            let block = from..self.width.min(from + BLOCK);
            if M::MANY {
                self.add::<M, 4>(m, block, &mut sums);
            } else {
                self.add::<M, 2>(m, block, &mut sums);
            }
        }
        sums
    }
}

impl Fields<'_> {
    /// Adds the products of a block of lines, `R` rows at a time.
    #[inline(always)]
    fn add<M: Shorts, const R: usize>(&self, m: M, block: std::ops::Range<usize>, sums: &mut [i32]) {
        let (rows, states) = (self.rows.len() / self.width, self.states.len() / self.width);
        for row in (0..rows).step_by(R) {
            let mut state = 0;
            while state + 4 <= states {
                self.few::<M, R, 4>(m, block.clone(), row, state, sums);
                state += 4;
            }
            while state < states {
                self.few::<M, R, 1>(m, block.clone(), row, state, sums);
                state += 1;
            }
        }
    }

    /// `R` rows and `S` states.
    #[inline(always)]
    fn few<M: Shorts, const R: usize, const S: usize>(
        &self,
        m: M,
        block: std::ops::Range<usize>,
        row: usize,
        state: usize,
        sums: &mut [i32],
    ) {
        let rows = self.rows.len() / self.width;
        let line =
            |lines: &'_ [Line], k: usize| lines[k * self.width..][..self.width][block.clone()].as_ptr();
        let count = block.len();
        let (mut weights, mut values) = ([std::ptr::null(); R], [std::ptr::null(); S]);
        for r in 0..R {
            weights[r] = line(self.rows, row + r);
        }
        for s in 0..S {
            values[s] = line(self.states, state + s);
        }
        let mut products = [[m.zero(); S]; R];
        for k in 0..count {
            for v in 0..M::VECTORS {
                let mut x = [m.zero(); S];
                for s in 0..S {
                    // SAFETY: `count` lines follow each pointer, which was made of a slice of as many.
                    x[s] = m.load(unsafe { &*values[s].add(k) }, v);
                }
                for r in 0..R {
                    // SAFETY: as above.
                    let w = m.load(unsafe { &*weights[r].add(k) }, v);
                    for s in 0..S {
                        products[r][s] = m.add_products(products[r][s], w, x[s]);
                    }
                }
            }
        }
        for r in 0..R {
            for s in 0..S {
                sums[(state + s) * rows + row + r] += m.total(products[r][s]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fields against plain sums, on every instruction set of this machine.
    #[test]
    fn fields_are_exact_sums() {
        for (dim, count) in [(1, 1), (5, 3), (32, 4), (33, 9), (100, 6), (2100, 5)] {
            let weights = Array2::from_shape_fn((dim, dim), |(i, j)| {
                let (i, j) = (i.min(j), i.max(j));
                ((i * 7919 + j * 104_729) % 2001) as f64 - 1000.0
            });
            let states = Array2::from_shape_fn((count, dim), |(q, j)| ((q * 31 + j * 17) % 3) as f32 - 1.0);
            let whole = Whole::of(weights.view()).expect("whole numbers");
            let fields = whole.fields(states.view()).expect("signs");
            let plain = |(q, i): (usize, usize)| -> f64 {
                (0..dim).map(|j| weights[[i, j]] * f64::from(states[[q, j]])).sum()
            };
            assert_eq!(fields, Array2::from_shape_fn((count, dim), plain), "{dim} units, {count} states");
            let lines: Vec<Line> = states
                .outer_iter()
                .flat_map(|state| {
                    let mut lines = vec![Line([0; LINE]); whole.width()];
                    fill(state, &mut lines);
                    lines
                })
                .collect();
            let some = || Fields { rows: &whole.lines, states: &lines, width: whole.width() };
            let portable = Portable.enter(some());
            #[cfg(target_arch = "x86_64")]
            {
                Avx2::new().into_iter().for_each(|token| assert_eq!(token.enter(some()), portable));
                Avx512::new().into_iter().for_each(|token| assert_eq!(token.enter(some()), portable));
            }
            assert_eq!(f64::from(portable[0]), fields[[0, 0]]);
            let mut moved = fields.row(0).to_vec();
            whole.add_row(dim / 2, -2.0, &mut moved);
            for (i, moved) in moved.into_iter().enumerate() {
                assert_eq!(moved, fields[[0, i]] - 2.0 * weights[[i, dim / 2]]);
            }
            // More than fit in one sum, for the larger ones.
            let (up, down): (Vec<usize>, Vec<usize>) = (0..dim).partition(|unit| unit % 3 > 0);
            let mut moved = fields.row(0).to_vec();
            whole.add_rows(&up, &down, 2.0, &mut moved);
            for (i, moved) in moved.into_iter().enumerate() {
                let sum = |units: &[usize]| units.iter().map(|&j| weights[[i, j]]).sum::<f64>();
                assert_eq!(moved, fields[[0, i]] + 2.0 * (sum(&up) - sum(&down)));
            }
        }
    }

    #[test]
    fn other_numbers_are_not_held() {
        let of = |w: f64| Whole::of(Array2::from_elem((4, 4), w).view()).is_some();
        assert!(of(3.0) && of(-32_767.0) && !of(0.5) && !of(32_768.0) && !of(f64::NAN));
        // 70,000 couplings of 32,767 would not fit in 32 bits: at most 30,678 may.
        assert!(f64::from(i32::MAX) / 70_000.0 < 30_679.0);
        let whole = Whole::of(Array2::zeros((3, 3)).view()).expect("zeros");
        assert!(whole.fields(Array2::from_elem((1, 3), 0.5_f64).view()).is_none());
    }
}
