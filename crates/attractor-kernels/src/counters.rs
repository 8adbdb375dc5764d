//! The counters of hard locations: rows of small whole numbers that saturate at their limits.

use std::sync::Mutex;

use ndarray::Array2;

use crate::hamming::{Queries, near_in};
use crate::machine::{LINE, Level, On, Token, prefetch};
use crate::packed::{EIGHT, Packed};
use crate::threads;

/// The counters, one row for each location, in the smallest type that holds them.
#[derive(Clone, Debug)]
pub struct Counters {
    cells: Cells,
    width: usize,
    limit: i32,
}

#[derive(Clone, Debug)]
enum Cells {
    Bytes(Numbers<i8>),
    Shorts(Numbers<i16>),
    Words(Numbers<i32>),
}

/// Numbers that begin at a cache line, so that rows of whole lines touch no other lines.
#[derive(Clone, Debug)]
struct Numbers<C> {
    numbers: Vec<C>,
    start: usize,
    len: usize,
}

impl<C: Cell> Numbers<C> {
    /// Zeros. `None` if there is not enough memory.
    fn zeros(len: usize) -> Option<Self> {
        let all = len.checked_add(LINE)?;
        // Reserved and released again: if the memory is not available, this fails here, and the allocation below does
        // not abort.
        Vec::<C>::new().try_reserve_exact(all).ok()?;
        let numbers = vec![C::default(); all];
        let start = numbers.as_ptr().align_offset(LINE).min(LINE);
        Some(Numbers { numbers, start, len })
    }

    fn all(&self) -> &[C] {
        &self.numbers[self.start..][..self.len]
    }

    fn all_mut(&mut self) -> &mut [C] {
        &mut self.numbers[self.start..][..self.len]
    }
}

/// A counter.
trait Cell: Copy + Default + Send + Sync {
    /// The type in which a few counters are summed.
    type Sum: Copy + Default;
    /// The number of counters that this type can sum.
    const RUN: usize;
    fn of(value: i32) -> Self;
    fn to_f64(self) -> i32;
    fn plus(sum: Self::Sum, cells: [Self; ROWS]) -> Self::Sum;
    fn total(sum: Self::Sum) -> i64;
}

/// The number of rows added at once, so that sums are loaded and stored once for all of them.
const ROWS: usize = 4;

macro_rules! cell {
    ($type:ident, $sum:ident, $run:expr) => {
        impl Cell for $type {
            type Sum = $sum;
            const RUN: usize = $run;
            #[inline(always)]
            fn of(value: i32) -> Self {
                value as $type
            }
            #[inline(always)]
            fn to_f64(self) -> i32 {
                i32::from(self)
            }
            #[inline(always)]
            fn plus(sum: $sum, [a, b, c, d]: [Self; ROWS]) -> $sum {
                sum + ($sum::from(a) + $sum::from(b) + ($sum::from(c) + $sum::from(d)))
            }
            #[inline(always)]
            fn total(sum: $sum) -> i64 {
                i64::from(sum)
            }
        }
    };
}
cell!(i8, i16, 256);
cell!(i16, i32, 1 << 16);
cell!(i32, i64, 1 << 30);

impl Counters {
    /// Counters of `bits` bits (2 to 32), all 0. `None` if there is not enough memory.
    pub fn new(locations: usize, width: usize, bits: u32) -> Option<Self> {
        let limit = i32::MAX >> (32 - bits);
        let count = locations.checked_mul(width)?;
        let cells = match Self::bytes(bits) {
            1 => Cells::Bytes(Numbers::zeros(count)?),
            2 => Cells::Shorts(Numbers::zeros(count)?),
            _ => Cells::Words(Numbers::zeros(count)?),
        };
        Some(Counters { cells, width, limit })
    }

    /// The number of bytes of a counter of `bits` bits.
    pub fn bytes(bits: u32) -> u8 {
        match bits {
            ..=8 => 1,
            9..=16 => 2,
            _ => 4,
        }
    }

    /// The number of counters of a location.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Writes data words one after the other: adds each to the counters of all locations within `limits[q]` bits of
    /// query q. Locations are distributed among threads, so each sees the words in order.
    pub fn write(&mut self, locations: &Packed, queries: &Queries, limits: &[u32], data: &[i8]) {
        let (width, limit) = (self.width, self.limit);
        match &mut self.cells {
            Cells::Bytes(cells) => write(cells.all_mut(), width, limit, locations, queries, limits, data),
            Cells::Shorts(cells) => write(cells.all_mut(), width, limit, locations, queries, limits, data),
            Cells::Words(cells) => write(cells.all_mut(), width, limit, locations, queries, limits, data),
        }
    }

    /// The sums of some columns of some rows.
    pub fn sums(&self, rows: &[u32], columns: std::ops::Range<usize>) -> Vec<i64> {
        let mut sums = vec![0; columns.len()];
        match &self.cells {
            Cells::Bytes(cells) => add_at_best(cells.all(), self.width, columns.start, rows, &mut sums),
            Cells::Shorts(cells) => add_at_best(cells.all(), self.width, columns.start, rows, &mut sums),
            Cells::Words(cells) => add_at_best(cells.all(), self.width, columns.start, rows, &mut sums),
        }
        sums
    }

    /// All counters, as wider numbers.
    pub fn to_array(&self, columns: std::ops::Range<usize>) -> Array2<i32> {
        let rows = self.len() / self.width.max(1);
        let at = |(n, j): (usize, usize)| {
            let at = n * self.width + columns.start + j;
            match &self.cells {
                Cells::Bytes(cells) => cells.all()[at].to_f64(),
                Cells::Shorts(cells) => cells.all()[at].to_f64(),
                Cells::Words(cells) => cells.all()[at].to_f64(),
            }
        };
        Array2::from_shape_fn((rows, columns.len()), at)
    }

    fn len(&self) -> usize {
        match &self.cells {
            Cells::Bytes(cells) => cells.len,
            Cells::Shorts(cells) => cells.len,
            Cells::Words(cells) => cells.len,
        }
    }
}

fn write<C: Cell>(
    cells: &mut [C],
    width: usize,
    limit: i32,
    locations: &Packed,
    queries: &Queries,
    limits: &[u32],
    data: &[i8],
) {
    /// The number of groups of locations in a task.
    const GROUPS: usize = 512;
    /// The number of words that share a pass over them.
    const WORDS: usize = 256;
    let (groups, words) = (locations.len().div_ceil(EIGHT), limits.len());
    let parts: Vec<_> = cells.chunks_mut(GROUPS * EIGHT * width).map(Mutex::new).collect();
    let work = (locations.len() * locations.words() * words) as f64;
    threads::map(parts.len(), work, |task| {
        // Each task has its own part, so nobody waits.
        let mut part = parts[task].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let range = task * GROUPS..groups.min((task + 1) * GROUPS);
        let first = range.start * EIGHT;
        for from in (0..words).step_by(WORDS) {
            let block = from..words.min(from + WORDS);
            let near = near_in(locations, range.clone(), queries, block.clone(), limits);
            for (q, near) in block.zip(near) {
                let data = &data[q * width..][..width];
                for location in near {
                    let row = &mut part[(location as usize - first) * width..][..width];
                    Level::best().run_narrow::<f32, _, _>(Count { row, data, limit });
                }
            }
        }
    });
}

/// Adds a data word to the counters of a location.
#[inline(always)]
fn count<C: Cell>(row: &mut [C], data: &[i8], limit: i32) {
    for (cell, bit) in row.iter_mut().zip(data) {
        *cell = C::of(cell.to_f64().saturating_add(i32::from(*bit)).clamp(-limit, limit));
    }
}

/// The arguments of [`count`].
struct Count<'a, C> {
    row: &'a mut [C],
    data: &'a [i8],
    limit: i32,
}

impl<C: Cell, M: Token> On<M, ()> for Count<'_, C> {
    #[inline(always)]
    fn run(self, _m: M) {
        count(self.row, self.data, self.limit);
    }
}

/// Adds the rows to `sums`, for `sums.len()` columns from `first` on.
#[inline(always)]
fn add<C: Cell>(cells: &[C], width: usize, first: usize, rows: &[u32], sums: &mut [i64]) {
    /// How many rows ahead to prefetch, because rows lie anywhere in memory.
    const AHEAD: usize = 16;
    let columns = sums.len();
    let row = |n: u32| &cells[n as usize * width + first..][..columns];
    let mut run = vec![C::Sum::default(); columns];
    let zeros = vec![C::default(); columns];
    for (r, some) in rows.chunks(C::RUN).enumerate() {
        run.fill(C::Sum::default());
        for (k, four) in some.chunks(ROWS).enumerate() {
            let from = (r * C::RUN + k * ROWS + AHEAD).min(rows.len());
            for &next in &rows[from..rows.len().min(from + ROWS)] {
                let next = row(next);
                for line in next.chunks(LINE / size_of::<C>()) {
                    prefetch(line.as_ptr());
                }
            }
            let at = |i: usize| four.get(i).map_or(&zeros[..], |&n| row(n));
            let (a, b, c, d) = (at(0), at(1), at(2), at(3));
            for j in 0..columns {
                run[j] = C::plus(run[j], [a[j], b[j], c[j], d[j]]);
            }
        }
        sums.iter_mut().zip(&run).for_each(|(sum, &run)| *sum += C::total(run));
    }
}

/// The arguments of [`add`].
struct Add<'a, C> {
    cells: &'a [C],
    width: usize,
    first: usize,
    rows: &'a [u32],
    sums: &'a mut [i64],
}

impl<C: Cell, M: Token> On<M, ()> for Add<'_, C> {
    #[inline(always)]
    fn run(self, _m: M) {
        add(self.cells, self.width, self.first, self.rows, self.sums);
    }
}

/// [`add`] in the best instructions of this machine.
fn add_at_best<C: Cell>(cells: &[C], width: usize, first: usize, rows: &[u32], sums: &mut [i64]) {
    Level::best().run_narrow::<f32, _, _>(Add { cells, width, first, rows, sums });
}
