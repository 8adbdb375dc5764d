//! Hamming distances between many queries and many rows of bits.
//!
//! Eight rows lie side by side ([`Packed`]), so a register holds one word of each. One word of a query is compared
//! with eight rows at once, and nothing is added across lanes. A tile of rows stays in the cache while all queries of
//! a block are compared with it, four at a time. Distances are whole numbers, equal on every machine, in any batch
//! and on any number of threads.

use std::ops::Range;

use ndarray::Array2;

mod counter;

use counter::{Counter, on_level};

use crate::machine::{Level, On};
use crate::packed::{EIGHT, Eight, Packed};
use crate::threads;

/// The number of queries compared with a group of rows at once, so that rows are loaded once for all of them.
const QUERIES: usize = 4;

/// The number of bytes in a tile of rows: half of a first-level cache or more.
const TILE: usize = 1 << 15;

/// Queries in the form that the kernel reads: their words one row after the other, and the mask of known units.
pub struct Queries {
    lines: Vec<u64>,
    /// The mask. Empty if all units of all queries are known.
    known: Vec<u64>,
    words: usize,
    len: usize,
}

impl Queries {
    /// Queries of which only the `known` units are compared.
    pub fn new(signs: &Packed, known: Option<&Packed>) -> Self {
        let known = known.map_or(Vec::new(), Packed::lines);
        Queries { lines: signs.lines(), known, words: signs.words(), len: signs.len() }
    }
}

/// What is done with counts. This is a trait, because a closure would not be compiled for the instructions of the
/// function that uses it.
trait Visit<C: Counter> {
    /// Says which queries come next. A query that repeats the one before it must be ignored.
    fn begin(&mut self, queries: [usize; QUERIES]);
    /// Takes their counts of eight rows, from `first` on.
    fn visit(&mut self, counter: C, first: usize, counts: [C::Counts; QUERIES]);
}

/// Shows all groups of eight rows of a range to `visitor`, with the groups of one query in order. `W` is the number
/// of words in a row if the compiler knows it, else 0.
#[inline(always)]
fn scan_words<C: Counter, const MASKED: bool, const W: usize>(
    counter: C,
    rows: &Packed,
    range: Range<usize>,
    queries: &Queries,
    block: Range<usize>,
    visitor: &mut impl Visit<C>,
) {
    let words = if W == 0 { rows.words() } else { W };
    let tile = (TILE / (words * size_of::<Eight>())).max(1);
    let line = |q: usize| &queries.lines[q * words..][..words];
    let known = |q: usize| if MASKED { &queries.known[q * words..][..words] } else { line(q) };
    for from in range.clone().step_by(tile) {
        let to = range.end.min(from + tile);
        for q in block.clone().step_by(QUERIES) {
            // The last query is repeated if fewer are left.
            let mut these = [q; QUERIES];
            for k in 1..QUERIES {
                these[k] = (q + k).min(block.end - 1);
            }
            let lines = [line(these[0]), line(these[1]), line(these[2]), line(these[3])];
            let known = [known(these[0]), known(these[1]), known(these[2]), known(these[3])];
            visitor.begin(these);
            let mut first = from * EIGHT;
            for group in rows.groups()[from * words..to * words].chunks_exact(words) {
                let mut counts = [counter.zero(); QUERIES];
                let group = &group[..words];
                for k in 0..words {
                    let rows = counter.load(&group[k]);
                    for i in 0..QUERIES {
                        let known = if MASKED { known[i][k] } else { u64::MAX };
                        counts[i] = counter.add(counts[i], rows, lines[i][k], known);
                    }
                }
                visitor.visit(counter, first, counts);
                first += EIGHT;
            }
        }
    }
}

/// [`scan_words`], unrolled for the shortest rows.
#[inline(always)]
fn scan<C: Counter, const MASKED: bool>(
    counter: C,
    rows: &Packed,
    range: Range<usize>,
    queries: &Queries,
    block: Range<usize>,
    visitor: &mut impl Visit<C>,
) {
    match rows.words() {
        1 => scan_words::<C, MASKED, 1>(counter, rows, range, queries, block, visitor),
        2 => scan_words::<C, MASKED, 2>(counter, rows, range, queries, block, visitor),
        4 => scan_words::<C, MASKED, 4>(counter, rows, range, queries, block, visitor),
        _ => scan_words::<C, MASKED, 0>(counter, rows, range, queries, block, visitor),
    }
}

/// Lists the rows within the limit of each query.
struct Near<'a> {
    limits: &'a [u32],
    /// The number of rows; the last group may have fewer than eight.
    len: usize,
    start: usize,
    queries: [usize; QUERIES],
    now: [u64; QUERIES],
    near: Vec<Vec<u32>>,
}

impl<C: Counter> Visit<C> for Near<'_> {
    fn begin(&mut self, queries: [usize; QUERIES]) {
        self.queries = queries;
        self.now = queries.map(|q| u64::from(self.limits[q]));
    }

    #[inline(always)]
    fn visit(&mut self, counter: C, first: usize, counts: [C::Counts; QUERIES]) {
        let mut bits = [0; QUERIES];
        for i in 0..QUERIES {
            bits[i] = counter.at_most(counts[i], self.now[i]);
        }
        if bits[0] | bits[1] | bits[2] | bits[3] != 0 {
            self.list(first, bits);
        }
    }
}

impl Near<'_> {
    #[cold]
    fn list(&mut self, first: usize, bits: [u32; QUERIES]) {
        let used = 0xFF >> (EIGHT - (self.len - first).min(EIGHT));
        let queries = self.queries;
        for i in 0..QUERIES {
            if i > 0 && queries[i] == queries[i - 1] {
                break;
            }
            let mut left = bits[i] & used;
            while left != 0 {
                self.near[queries[i] - self.start].push(first as u32 + left.trailing_zeros());
                left &= left - 1;
            }
        }
    }
}

/// Keeps all distances, one query after the other.
struct All {
    queries: [usize; QUERIES],
    start: usize,
    len: usize,
    out: Vec<u32>,
}

impl<C: Counter> Visit<C> for All {
    fn begin(&mut self, queries: [usize; QUERIES]) {
        self.queries = queries;
    }

    #[inline(always)]
    fn visit(&mut self, counter: C, first: usize, counts: [C::Counts; QUERIES]) {
        for i in 0..QUERIES {
            let numbers = counter.numbers(counts[i]);
            let out = &mut self.out[(self.queries[i] - self.start) * self.len..]
                [first..self.len.min(first + EIGHT)];
            for (out, number) in out.iter_mut().zip(numbers) {
                *out = number as u32;
            }
        }
    }
}

/// Lists the rows that are at most so many bits farther from a query than its nearest one, with their distances.
struct Close<'a> {
    room: &'a [u32],
    /// The number of rows; the last group may have fewer than eight.
    len: usize,
    start: usize,
    queries: [usize; QUERIES],
    now: [u64; QUERIES],
    /// The least distance so far, for each query.
    least: Vec<u64>,
    /// Rows that were close when they were seen.
    close: Vec<Vec<(u32, u32)>>,
}

impl Close<'_> {
    fn limit(&self, query: usize) -> u64 {
        self.least[query - self.start] + u64::from(self.room[query])
    }

    #[cold]
    fn take(&mut self, query: usize, first: usize, counts: [u64; EIGHT]) {
        let mut limit = self.limit(query);
        for (k, &count) in counts.iter().enumerate().take(self.len - first) {
            if count <= limit {
                let place = query - self.start;
                self.close[place].push(((first + k) as u32, count as u32));
                self.least[place] = self.least[place].min(count);
                limit = self.limit(query);
            }
        }
    }
}

impl<C: Counter> Visit<C> for Close<'_> {
    fn begin(&mut self, queries: [usize; QUERIES]) {
        self.queries = queries;
        self.now = queries.map(|q| self.limit(q));
    }

    #[inline(always)]
    fn visit(&mut self, counter: C, first: usize, counts: [C::Counts; QUERIES]) {
        for i in 0..QUERIES {
            let repeated = i > 0 && self.queries[i] == self.queries[i - 1];
            if !repeated && counter.at_most(counts[i], self.now[i]) != 0 {
                self.take(self.queries[i], first, counter.numbers(counts[i]));
                self.now[i] = self.limit(self.queries[i]);
            }
        }
    }
}

/// The rows of a scan that are nearly as near to a query of its block as the nearest one, in rising order.
struct CloseRows<'a> {
    scan: Scan<'a>,
    room: &'a [u32],
}

impl<C: Counter> On<C, Vec<Vec<(u32, u32)>>> for CloseRows<'_> {
    #[inline(always)]
    fn run(self, counter: C) -> Vec<Vec<(u32, u32)>> {
        let Scan { rows, range, queries, block } = self.scan;
        let mut close = Close {
            room: self.room,
            len: rows.len(),
            start: block.start,
            queries: [0; QUERIES],
            now: [0; QUERIES],
            least: vec![FAR; block.len()],
            close: vec![Vec::new(); block.len()],
        };
        scan::<C, false>(counter, rows, range, queries, block.clone(), &mut close);
        for query in block {
            let limit = close.limit(query);
            close.close[query - close.start].retain(|&(_, count)| u64::from(count) <= limit);
        }
        close.close
    }
}

/// Farther than every row. Counts are compared as signed numbers.
const FAR: u64 = u32::MAX as u64;

/// Some queries and some rows.
struct Scan<'a> {
    rows: &'a Packed,
    /// The range of groups of eight rows.
    range: Range<usize>,
    queries: &'a Queries,
    block: Range<usize>,
}

/// The rows of a scan within `limits[q]` of each query of its block, in rising order.
struct NearRows<'a> {
    scan: Scan<'a>,
    limits: &'a [u32],
}

impl<C: Counter> On<C, Vec<Vec<u32>>> for NearRows<'_> {
    #[inline(always)]
    fn run(self, counter: C) -> Vec<Vec<u32>> {
        let Scan { rows, range, queries, block } = self.scan;
        let near = vec![Vec::new(); block.len()];
        let mut near = Near {
            limits: self.limits,
            len: rows.len(),
            start: block.start,
            queries: [0; QUERIES],
            now: [0; QUERIES],
            near,
        };
        if queries.known.is_empty() {
            scan::<C, false>(counter, rows, range, queries, block, &mut near);
        } else {
            scan::<C, true>(counter, rows, range, queries, block, &mut near);
        }
        near.near
    }
}

/// The distances of all rows of a scan from the queries of its block, one query after the other.
struct Distances<'a>(Scan<'a>);

impl<C: Counter> On<C, Vec<u32>> for Distances<'_> {
    #[inline(always)]
    fn run(self, counter: C) -> Vec<u32> {
        let Scan { rows, range, queries, block } = self.0;
        let n = rows.len();
        let out = vec![0; block.len() * n];
        let mut all = All { queries: [0; QUERIES], start: block.start, len: n, out };
        scan::<C, false>(counter, rows, range, queries, block, &mut all);
        all.out
    }
}

/// Keeps the nearest row of each query so far, with its distance.
struct Best {
    queries: [usize; QUERIES],
    start: usize,
    len: usize,
    /// The largest distance that is nearer.
    now: [u64; QUERIES],
    found: Vec<(u64, usize)>,
}

impl<C: Counter> Visit<C> for Best {
    fn begin(&mut self, queries: [usize; QUERIES]) {
        self.queries = queries;
        self.now = queries.map(|q| self.found[q - self.start].0.saturating_sub(1));
    }

    #[inline(always)]
    fn visit(&mut self, counter: C, first: usize, counts: [C::Counts; QUERIES]) {
        for i in 0..QUERIES {
            if counter.at_most(counts[i], self.now[i]) != 0 {
                self.take(i, first, counter.numbers(counts[i]));
            }
        }
    }
}

impl Best {
    /// Takes what is nearer. The last group may have fewer than eight rows.
    #[cold]
    fn take(&mut self, query: usize, first: usize, counts: [u64; EIGHT]) {
        let best = &mut self.found[self.queries[query] - self.start];
        for (k, &count) in counts.iter().enumerate().take(self.len - first) {
            if count < best.0 {
                *best = (count, first + k);
            }
        }
        self.now[query] = best.0.saturating_sub(1);
    }
}

/// The nearest row of a scan to each query of its block.
struct Nearest<'a>(Scan<'a>);

impl<C: Counter> On<C, Vec<(usize, u32)>> for Nearest<'_> {
    #[inline(always)]
    fn run(self, counter: C) -> Vec<(usize, u32)> {
        let Scan { rows, range, queries, block } = self.0;
        let found = vec![(FAR, 0); block.len()];
        let (start, len) = (block.start, rows.len());
        let mut best = Best { queries: [0; QUERIES], start, len, now: [0; QUERIES], found };
        scan::<C, false>(counter, rows, range, queries, block, &mut best);
        best.found.into_iter().map(|(distance, row)| (row, distance as u32)).collect()
    }
}

/// For each query q of a block, the rows in a range of groups of eight that lie within `limits[q]` bits: `near[q]`,
/// in rising order. Runs on the caller's thread.
pub fn near_in(
    rows: &Packed,
    range: Range<usize>,
    queries: &Queries,
    block: Range<usize>,
    limits: &[u32],
) -> Vec<Vec<u32>> {
    assert_eq!(
        (queries.words, queries.len),
        (rows.words(), limits.len()),
        "queries like rows, one limit each"
    );
    on_level(Level::best(), NearRows { scan: Scan { rows, range, queries, block }, limits })
}

/// The distances of all rows from the queries of a block, one query after the other. Runs on the caller's thread.
pub fn distances_in(rows: &Packed, queries: &Queries, block: Range<usize>) -> Vec<u32> {
    assert!(queries.words == rows.words() && block.end <= queries.len, "queries like rows");
    let range = 0..rows.len().div_ceil(EIGHT);
    on_level(Level::best(), Distances(Scan { rows, range, queries, block }))
}

/// For each query q of a block, the rows that are at most `room[q]` bits farther than the nearest one, with their
/// distances, in rising order. Runs on the caller's thread.
pub fn close_in(rows: &Packed, queries: &Queries, block: Range<usize>, room: &[u32]) -> Vec<Vec<(u32, u32)>> {
    close_by(Level::best(), rows, queries, block, room)
}

fn close_by(
    level: Level,
    rows: &Packed,
    queries: &Queries,
    block: Range<usize>,
    room: &[u32],
) -> Vec<Vec<(u32, u32)>> {
    assert_eq!((queries.words, queries.len), (rows.words(), room.len()), "queries like rows, one room each");
    let range = 0..rows.len().div_ceil(EIGHT);
    on_level(level, CloseRows { scan: Scan { rows, range, queries, block }, room })
}

/// The nearest row of each query, with its distance. Of equally near ones the first counts.
///
/// Cost: B·N·⌈D/64⌉ words compared.
///
/// # Panics
/// If queries and rows have different widths, or there are no rows.
pub fn nearest(queries: &Packed, rows: &Packed) -> Vec<(usize, u32)> {
    nearest_by(Level::best(), queries, rows)
}

fn nearest_by(level: Level, queries: &Packed, rows: &Packed) -> Vec<(usize, u32)> {
    assert_eq!(queries.dim(), rows.dim(), "queries and rows must have the same number of units");
    assert!(!rows.is_empty(), "there are rows to be near to");
    /// The number of queries that share a pass over the rows.
    const BLOCK: usize = 16;
    let lines = Queries::new(queries, None);
    let b = queries.len();
    let work = (b * rows.len() * rows.words()) as f64;
    let parts = threads::map(b.div_ceil(BLOCK), work, |task| {
        let block = task * BLOCK..b.min((task + 1) * BLOCK);
        on_level(level, Nearest(Scan { rows, range: 0..rows.len().div_ceil(EIGHT), queries: &lines, block }))
    });
    parts.concat()
}

/// Hamming distances (the numbers of units in which two words differ) of `queries` (B × D bits) from `rows` (N × D
/// bits), B × N.
///
/// Cost: B·N·⌈D/64⌉ words compared, and 4 bytes for each pair. For ±1 words at distance d the dot product is D − 2d,
/// and the number of equal units is D − d.
///
/// ```
/// use attractor::{kernels::hamming, patterns::Packed};
/// use ndarray::array;
/// let rows = Packed::from_signs(array![[1.0_f32, 1.0, -1.0], [-1.0, -1.0, -1.0]].view());
/// assert_eq!(hamming(&rows, &rows), array![[0, 2], [2, 0]]);
/// ```
///
/// # Panics
/// If queries and rows have different widths.
pub fn hamming(queries: &Packed, rows: &Packed) -> Array2<u32> {
    hamming_by(Level::best(), queries, rows)
}

fn hamming_by(level: Level, queries: &Packed, rows: &Packed) -> Array2<u32> {
    assert_eq!(queries.dim(), rows.dim(), "queries and rows must have the same number of units");
    let (b, n) = (queries.len(), rows.len());
    if b == 0 || n == 0 || rows.words() == 0 {
        return Array2::zeros((b, n));
    }
    /// The number of queries that share a pass over the rows: enough to make reading the rows cheap.
    const BLOCK: usize = 32;
    let lines = Queries::new(queries, None);
    let parts = threads::map(b.div_ceil(BLOCK), (b * n * rows.words()) as f64, |task| {
        let block = task * BLOCK..b.min(task * BLOCK + BLOCK);
        on_level(level, Distances(Scan { rows, range: 0..n.div_ceil(EIGHT), queries: &lines, block }))
    });
    Array2::from_shape_vec((b, n), parts.concat()).expect("b rows of n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor::noise::{Purpose, Stream};

    fn random(n: usize, dim: usize, seed: u64) -> Vec<Vec<bool>> {
        let mut stream = Stream::new(seed, Purpose::Patterns, 0);
        (0..n).map(|_| (0..dim).map(|_| stream.uniform() < 0.5).collect()).collect()
    }

    fn packed(rows: &[Vec<bool>], dim: usize) -> Packed {
        let signs = |(n, j): (usize, usize)| if rows[n][j] { 1.0_f32 } else { -1.0 };
        Packed::from_signs(Array2::from_shape_fn((rows.len(), dim), signs).view())
    }

    /// Compares with counts unit by unit, on every instruction set of this machine, for widths around whole words,
    /// numbers of rows around whole groups, and more rows than a tile holds.
    #[test]
    fn distances_are_those_counted_unit_by_unit() {
        for dim in [1, 5, 63, 64, 65, 127, 256, 1000] {
            for (b, n) in [(1, 1), (3, 7), (4, 8), (5, 9), (37, 600)] {
                let (x, y, mask) = (random(b, dim, 1), random(n, dim, 2), random(b, dim, 3));
                let count = |q: usize, r: usize, masked: bool| {
                    (0..dim).filter(|&j| x[q][j] != y[r][j] && (!masked || mask[q][j])).count() as u32
                };
                let (queries, rows, known) = (packed(&x, dim), packed(&y, dim), packed(&mask, dim));
                let limits: Vec<u32> = (0..b).map(|q| (dim / 2 - (q % 3).min(dim / 2)) as u32).collect();
                for level in Level::all() {
                    let found = hamming_by(level, &queries, &rows);
                    for ((q, r), &distance) in found.indexed_iter() {
                        assert_eq!(distance, count(q, r, false), "{level:?} {b} × {n} × {dim} at {q}, {r}");
                    }
                    for (q, row) in nearest_by(level, &queries, &rows).into_iter().enumerate() {
                        let first = (0..n).map(|r| (r, count(q, r, false))).min_by_key(|&(r, d)| (d, r));
                        assert_eq!(Some(row), first, "{level:?} {b} × {n} × {dim}, query {q}");
                    }
                    let room: Vec<u32> = (0..b as u32).map(|q| q % 5 * dim as u32 / 16).collect();
                    let close = close_by(level, &rows, &Queries::new(&queries, None), 0..b, &room);
                    for q in 0..b {
                        let all: Vec<u32> = (0..n).map(|r| count(q, r, false)).collect();
                        let limit = all.iter().min().expect("there are rows") + room[q];
                        let expected: Vec<(u32, u32)> = (0..).zip(all).filter(|&(_, d)| d <= limit).collect();
                        assert_eq!(close[q], expected, "{level:?} {b} × {n} × {dim}, query {q}");
                    }
                    for masked in [false, true] {
                        let asked = Queries::new(&queries, masked.then_some(&known));
                        let scan =
                            Scan { rows: &rows, range: 0..n.div_ceil(EIGHT), queries: &asked, block: 0..b };
                        let near = on_level(level, NearRows { scan, limits: &limits });
                        for q in 0..b {
                            let expected: Vec<u32> = (0..n as u32)
                                .filter(|&r| count(q, r as usize, masked) <= limits[q])
                                .collect();
                            assert_eq!(near[q], expected, "{level:?} {b} × {n} × {dim}, query {q}");
                        }
                    }
                }
            }
        }
    }
}
