//! Hamming distances of many queries from many rows of bits.
//!
//! Eight rows lie side by side ([`Packed`]), so a register holds one word of each: one word of a query is
//! compared with eight rows at once, and nothing is added across lanes. A tile of rows stays in the cache
//! while all queries of a block pass over it, four at a time. Distances are whole numbers, equal on
//! every machine, in any batch and on any number of threads.

use std::ops::Range;

use ndarray::Array2;

use crate::patterns::{EIGHT, Eight, Packed};
use crate::threads;

/// Queries compared with a group of rows at once, so that rows are loaded once for all of them.
const QUERIES: usize = 4;

/// Bytes of rows in a tile: half of a first-level cache or more.
const TILE: usize = 1 << 15;

/// What counts bits, eight rows at a time. Only instruction sets that the tests execute are here.
trait Counter: Copy {
    /// A word of eight rows.
    type Words: Copy;
    /// Eight counts.
    type Counts: Copy;
    fn zero() -> Self::Counts;
    fn load(words: &Eight) -> Self::Words;
    /// Adds the number of bits of `known` in which `query` differs from each row.
    fn add(counts: Self::Counts, words: Self::Words, query: u64, known: u64) -> Self::Counts;
    fn numbers(counts: Self::Counts) -> [u64; EIGHT];
    /// One bit a row: whether its count is at most this.
    fn at_most(counts: Self::Counts, limit: u64) -> u32;
}

/// Any machine.
#[derive(Clone, Copy)]
struct Portable;

impl Counter for Portable {
    type Words = [u64; EIGHT];
    type Counts = [u64; EIGHT];

    #[inline(always)]
    fn zero() -> Self::Counts {
        [0; EIGHT]
    }
    #[inline(always)]
    fn load(words: &Eight) -> Self::Words {
        words.0
    }
    #[inline(always)]
    fn add(mut counts: Self::Counts, words: Self::Words, query: u64, known: u64) -> Self::Counts {
        for r in 0..EIGHT {
            counts[r] += u64::from(((words[r] ^ query) & known).count_ones());
        }
        counts
    }
    #[inline(always)]
    fn numbers(counts: Self::Counts) -> [u64; EIGHT] {
        counts
    }
    #[inline(always)]
    fn at_most(counts: Self::Counts, limit: u64) -> u32 {
        (0..EIGHT).fold(0, |bits, r| bits | u32::from(counts[r] <= limit) << r)
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Counter, EIGHT, Eight};

    /// AVX2: bits of each half byte by a table (Muła, Kurz & Lemire 2018).
    #[derive(Clone, Copy)]
    pub struct Avx2;

    /// AVX-512 with VPOPCNTDQ.
    #[derive(Clone, Copy)]
    pub struct Avx512;

    // SAFETY of both: reached only from functions compiled for these instructions, after asking the machine;
    // loads and stores are of whole arrays.
    impl Counter for Avx2 {
        type Words = [__m256i; 2];
        type Counts = [__m256i; 2];

        #[inline(always)]
        fn zero() -> Self::Counts {
            unsafe { [_mm256_setzero_si256(); 2] }
        }
        #[inline(always)]
        fn load(words: &Eight) -> Self::Words {
            let words: *const __m256i = words.0.as_ptr().cast();
            unsafe { [words.read(), words.add(1).read()] }
        }
        #[inline(always)]
        fn add(mut counts: Self::Counts, words: Self::Words, query: u64, known: u64) -> Self::Counts {
            unsafe {
                let (query, known) = (_mm256_set1_epi64x(query as i64), _mm256_set1_epi64x(known as i64));
                let low = _mm256_set1_epi8(15);
                let table = _mm256_broadcastsi128_si256(_mm_setr_epi8(
                    0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,
                ));
                for half in 0..2 {
                    let bits = _mm256_and_si256(_mm256_xor_si256(words[half], query), known);
                    let high = _mm256_and_si256(_mm256_srli_epi16::<4>(bits), low);
                    let ones = _mm256_add_epi8(
                        _mm256_shuffle_epi8(table, _mm256_and_si256(bits, low)),
                        _mm256_shuffle_epi8(table, high),
                    );
                    let ones = _mm256_sad_epu8(ones, _mm256_setzero_si256());
                    counts[half] = _mm256_add_epi64(counts[half], ones);
                }
                counts
            }
        }
        #[inline(always)]
        fn numbers(counts: Self::Counts) -> [u64; EIGHT] {
            let mut numbers = [0; EIGHT];
            unsafe {
                _mm256_storeu_si256(numbers.as_mut_ptr().cast(), counts[0]);
                _mm256_storeu_si256(numbers.as_mut_ptr().add(4).cast(), counts[1]);
            }
            numbers
        }
        #[inline(always)]
        fn at_most(counts: Self::Counts, limit: u64) -> u32 {
            // Counts and limits are far below 2^63, so signed comparisons do.
            unsafe {
                let limit = _mm256_set1_epi64x(limit as i64);
                let low = _mm256_castsi256_pd(_mm256_cmpgt_epi64(counts[0], limit));
                let high = _mm256_castsi256_pd(_mm256_cmpgt_epi64(counts[1], limit));
                !(_mm256_movemask_pd(low) as u32 | (_mm256_movemask_pd(high) as u32) << 4) & 0xFF
            }
        }
    }

    impl Counter for Avx512 {
        type Words = __m512i;
        type Counts = __m512i;

        #[inline(always)]
        fn zero() -> Self::Counts {
            unsafe { _mm512_setzero_si512() }
        }
        #[inline(always)]
        fn load(words: &Eight) -> Self::Words {
            // Aligned, as `Eight` is.
            unsafe { words.0.as_ptr().cast::<__m512i>().read() }
        }
        #[inline(always)]
        fn add(counts: Self::Counts, words: Self::Words, query: u64, known: u64) -> Self::Counts {
            unsafe {
                let differ = _mm512_xor_si512(words, _mm512_set1_epi64(query as i64));
                let bits = _mm512_and_si512(differ, _mm512_set1_epi64(known as i64));
                _mm512_add_epi64(counts, _mm512_popcnt_epi64(bits))
            }
        }
        #[inline(always)]
        fn numbers(counts: Self::Counts) -> [u64; EIGHT] {
            let mut numbers = [0; EIGHT];
            unsafe { _mm512_storeu_si512(numbers.as_mut_ptr().cast(), counts) };
            numbers
        }
        #[inline(always)]
        fn at_most(counts: Self::Counts, limit: u64) -> u32 {
            unsafe { u32::from(_mm512_cmple_epu64_mask(counts, _mm512_set1_epi64(limit as i64))) }
        }
    }
}

/// The instruction sets that the kernel is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Set {
    /// Those that this machine has, the best one last.
    fn all() -> Vec<Set> {
        #[allow(unused_mut)]
        let mut all = vec![Set::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx2") && has!("popcnt") {
                all.push(Set::Avx2);
                if has!("avx512f") && has!("avx512vpopcntdq") {
                    all.push(Set::Avx512);
                }
            }
        }
        all
    }

    fn best() -> Set {
        *Set::all().last().expect("the portable one")
    }
}

/// Queries as the kernel reads them: their words one row after the other, and which units are known.
pub(crate) struct Queries {
    lines: Vec<u64>,
    /// Empty where all units of all queries are known.
    known: Vec<u64>,
    words: usize,
    len: usize,
}

impl Queries {
    /// Queries of which only the `known` units are compared.
    pub(crate) fn new(signs: &Packed, known: Option<&Packed>) -> Self {
        let known = known.map_or(Vec::new(), Packed::lines);
        Queries { lines: signs.lines(), known, words: signs.words(), len: signs.len() }
    }
}

/// What is done with counts. A trait and no closure: a closure would not be compiled for the instructions of
/// the function that it is used in.
trait Visit<C: Counter> {
    /// Which queries come next; one that repeats the query before it is to be left out.
    fn begin(&mut self, queries: [usize; QUERIES]);
    /// Their counts of eight rows from `first` on.
    fn visit(&mut self, first: usize, counts: [C::Counts; QUERIES]);
}

/// Shows all groups of eight rows of a range to `visitor`, groups of one query in order. `W` is the number of
/// words of a row where it is known to the compiler, else 0.
#[inline(always)]
fn scan_words<C: Counter, const MASKED: bool, const W: usize>(
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
            // The last query is repeated where fewer are left.
            let mut these = [q; QUERIES];
            for k in 1..QUERIES {
                these[k] = (q + k).min(block.end - 1);
            }
            let lines = [line(these[0]), line(these[1]), line(these[2]), line(these[3])];
            let known = [known(these[0]), known(these[1]), known(these[2]), known(these[3])];
            visitor.begin(these);
            let mut first = from * EIGHT;
            for group in rows.groups()[from * words..to * words].chunks_exact(words) {
                let mut counts = [C::zero(); QUERIES];
                let group = &group[..words];
                for k in 0..words {
                    let rows = C::load(&group[k]);
                    for i in 0..QUERIES {
                        let known = if MASKED { known[i][k] } else { u64::MAX };
                        counts[i] = C::add(counts[i], rows, lines[i][k], known);
                    }
                }
                visitor.visit(first, counts);
                first += EIGHT;
            }
        }
    }
}

/// [`scan_words`], unrolled for the shortest rows.
#[inline(always)]
fn scan<C: Counter, const MASKED: bool>(
    rows: &Packed,
    range: Range<usize>,
    queries: &Queries,
    block: Range<usize>,
    visitor: &mut impl Visit<C>,
) {
    match rows.words() {
        1 => scan_words::<C, MASKED, 1>(rows, range, queries, block, visitor),
        2 => scan_words::<C, MASKED, 2>(rows, range, queries, block, visitor),
        4 => scan_words::<C, MASKED, 4>(rows, range, queries, block, visitor),
        _ => scan_words::<C, MASKED, 0>(rows, range, queries, block, visitor),
    }
}

/// Lists rows within the limit of each query.
struct Near<'a> {
    limits: &'a [u32],
    /// Rows that there are: the last group may have fewer than eight.
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
    fn visit(&mut self, first: usize, counts: [C::Counts; QUERIES]) {
        let mut bits = [0; QUERIES];
        for i in 0..QUERIES {
            bits[i] = C::at_most(counts[i], self.now[i]);
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
    fn visit(&mut self, first: usize, counts: [C::Counts; QUERIES]) {
        for i in 0..QUERIES {
            let numbers = C::numbers(counts[i]);
            let out = &mut self.out[(self.queries[i] - self.start) * self.len..]
                [first..self.len.min(first + EIGHT)];
            for (out, number) in out.iter_mut().zip(numbers) {
                *out = number as u32;
            }
        }
    }
}

/// Rows of a range of groups within `limits[q]` of each query of a block, by rising number.
#[inline(always)]
fn near<C: Counter>(
    rows: &Packed,
    range: Range<usize>,
    queries: &Queries,
    block: Range<usize>,
    limits: &[u32],
) -> Vec<Vec<u32>> {
    let near = vec![Vec::new(); block.len()];
    let (queries_now, now) = ([0; QUERIES], [0; QUERIES]);
    let mut near = Near { limits, len: rows.len(), start: block.start, queries: queries_now, now, near };
    if queries.known.is_empty() {
        scan::<C, false>(rows, range, queries, block, &mut near);
    } else {
        scan::<C, true>(rows, range, queries, block, &mut near);
    }
    near.near
}

/// Distances of all rows from the queries of a block, one query after the other.
#[inline(always)]
fn distances<C: Counter>(rows: &Packed, queries: &Queries, block: Range<usize>) -> Vec<u32> {
    let n = rows.len();
    let mut all = All { queries: [0; QUERIES], start: block.start, len: n, out: vec![0; block.len() * n] };
    scan::<C, false>(rows, 0..n.div_ceil(EIGHT), queries, block, &mut all);
    all.out
}

macro_rules! compiled_for {
    ($near:ident, $distances:ident, $counter:ident, $features:literal) => {
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = $features)]
        fn $near(
            rows: &Packed,
            range: Range<usize>,
            queries: &Queries,
            block: Range<usize>,
            limits: &[u32],
        ) -> Vec<Vec<u32>> {
            near::<x86::$counter>(rows, range, queries, block, limits)
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = $features)]
        fn $distances(rows: &Packed, queries: &Queries, block: Range<usize>) -> Vec<u32> {
            distances::<x86::$counter>(rows, queries, block)
        }
    };
}
compiled_for!(near_with_avx2, distances_with_avx2, Avx2, "avx2,popcnt");
compiled_for!(near_with_avx512, distances_with_avx512, Avx512, "avx512f,avx512vpopcntdq,popcnt,bmi1");

fn near_by(
    set: Set,
    rows: &Packed,
    range: Range<usize>,
    queries: &Queries,
    block: Range<usize>,
    limits: &[u32],
) -> Vec<Vec<u32>> {
    match set {
        Set::Portable => near::<Portable>(rows, range, queries, block, limits),
        // SAFETY, here and below: the machine has what the function was compiled for.
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 => unsafe { near_with_avx2(rows, range, queries, block, limits) },
        #[cfg(target_arch = "x86_64")]
        Set::Avx512 => unsafe { near_with_avx512(rows, range, queries, block, limits) },
    }
}

fn distances_by(set: Set, rows: &Packed, queries: &Queries, block: Range<usize>) -> Vec<u32> {
    match set {
        Set::Portable => distances::<Portable>(rows, queries, block),
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 => unsafe { distances_with_avx2(rows, queries, block) },
        #[cfg(target_arch = "x86_64")]
        Set::Avx512 => unsafe { distances_with_avx512(rows, queries, block) },
    }
}

/// Rows, among a range of groups of eight, within `limits[q]` bits of query q: `near[q]` by rising number,
/// for the queries of a block. On the caller's thread.
pub(crate) fn near_in(
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
    near_by(Set::best(), rows, range, queries, block, limits)
}

/// Hamming distances, the numbers of units in which two words differ: `queries` (B × D bits) from `rows`
/// (N × D bits) gives B × N.
///
/// Cost B·N·⌈D/64⌉ words compared, and 4 bytes a pair. Of ±1 words the dot product is D − 2d, the number
/// of equal units D − d.
///
/// ```
/// use attractor::{kernels::hamming, patterns::Packed};
/// use ndarray::array;
/// let rows = Packed::from_signs(array![[1.0_f32, 1.0, -1.0], [-1.0, -1.0, -1.0]].view());
/// assert_eq!(hamming(&rows, &rows), array![[0, 2], [2, 0]]);
/// ```
///
/// # Panics
/// Queries and rows of different width.
pub fn hamming(queries: &Packed, rows: &Packed) -> Array2<u32> {
    hamming_by(Set::best(), queries, rows)
}

fn hamming_by(set: Set, queries: &Packed, rows: &Packed) -> Array2<u32> {
    assert_eq!(queries.dim(), rows.dim(), "queries and rows must have the same number of units");
    let (b, n) = (queries.len(), rows.len());
    if b == 0 || n == 0 || rows.words() == 0 {
        return Array2::zeros((b, n));
    }
    /// Queries that share a pass over the rows: enough to make the reading of rows cheap.
    const BLOCK: usize = 32;
    let lines = Queries::new(queries, None);
    let parts = threads::map(b.div_ceil(BLOCK), (b * n * rows.words()) as f64, |task| {
        distances_by(set, rows, &lines, task * BLOCK..b.min(task * BLOCK + BLOCK))
    });
    Array2::from_shape_vec((b, n), parts.concat()).expect("b rows of n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Purpose, Stream};

    fn random(n: usize, dim: usize, seed: u64) -> Vec<Vec<bool>> {
        let mut stream = Stream::new(seed, Purpose::Patterns, 0);
        (0..n).map(|_| (0..dim).map(|_| stream.uniform() < 0.5).collect()).collect()
    }

    fn packed(rows: &[Vec<bool>], dim: usize) -> Packed {
        let signs = |(n, j): (usize, usize)| if rows[n][j] { 1.0_f32 } else { -1.0 };
        Packed::from_signs(Array2::from_shape_fn((rows.len(), dim), signs).view())
    }

    /// Unit by unit, on every instruction set that this machine has, for widths about whole words, numbers of
    /// rows about whole groups and more rows than a tile holds.
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
                for set in Set::all() {
                    let found = hamming_by(set, &queries, &rows);
                    for ((q, r), &distance) in found.indexed_iter() {
                        assert_eq!(distance, count(q, r, false), "{set:?} {b} × {n} × {dim} at {q}, {r}");
                    }
                    for masked in [false, true] {
                        let asked = Queries::new(&queries, masked.then_some(&known));
                        let near = near_by(set, &rows, 0..n.div_ceil(EIGHT), &asked, 0..b, &limits);
                        for q in 0..b {
                            let expected: Vec<u32> = (0..n as u32)
                                .filter(|&r| count(q, r as usize, masked) <= limits[q])
                                .collect();
                            assert_eq!(near[q], expected, "{set:?} {b} × {n} × {dim}, query {q}");
                        }
                    }
                }
            }
        }
    }
}
