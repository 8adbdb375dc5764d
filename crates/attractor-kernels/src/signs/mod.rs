//! Reads of ±1 patterns held as bits, limited to those whose weight is not negligible.
//!
//! Patterns of ±1 all have norm √D, so every logit is β z·y_n plus a constant. The four units of a nibble add one of
//! 16 numbers to the dot product with a query z. A table of these numbers replaces four multiplications, and one
//! instruction looks up the nibbles of 32 or 64 patterns. Table entries have 7 bits, so sums are whole numbers S with
//!
//! ```text
//! |z·y_n − (step · S_n − Σ|z|)| ≤ error,        error = Σ over nibbles of their worst rounding
//! ```
//!
//! (error 0 if all |z_j| are equal, as in a binary cue). Let u be the unit roundoff of the number type. A pattern
//! that lies more than ln(N/u)/β + 2·error below the best weighs less than u/N, and all such patterns together weigh
//! less than a rounding of the sum, so they are left out. If a memory recalls, few patterns remain. Their products
//! are computed again in f64, and so is everything made from them. Queries for which many patterns have weight are
//! left to the kernel that reads all patterns.

mod elsewhere;

pub(crate) use elsewhere::{Largest, OfPart};

use std::ops::Range;

use ndarray::{Array2, ArrayView2};

use crate::machine::{Level, On, Portable, Token};
use crate::packed::{EIGHT, Eight, Packed};
use crate::real::Real;
use crate::rows::pick;
use crate::stream::{Job, usable_beta};
use crate::threads;

/// A pattern whose weight is not negligible: its index, and z·y.
pub(crate) type Near = (usize, f64);

/// The number of packed patterns that are looked up together.
pub const ROWS: usize = 256;

/// The number of units in a table.
const NIBBLE: usize = 4;

/// The number of nibbles in a word of 64 units.
const NIBBLES: usize = 64 / NIBBLE;

/// The number of queries that share a pass over a range.
const QUERIES: usize = 64;

/// The largest number of ranges, and the smallest number of patterns in a range.
const RANGES: usize = 64;
const RANGE: usize = 1 << 13;

/// With fewer patterns there is no gain; with more units the sums overflow.
const FEWEST: usize = 1024;
const MOST_UNITS: usize = 1 << 15;

/// The largest number of best patterns that can be asked for.
const MOST_TOP: usize = 64;

/// The patterns near the queries of a job.
pub(crate) struct Lists<'a> {
    /// For each query the patterns, in rising order. `None` if there are too many.
    pub near: Vec<Option<Vec<Near>>>,
    bits: Bits<'a>,
}

/// Where the bits of the listed patterns are.
enum Bits<'a> {
    /// With those of all.
    Here(&'a Packed),
    /// They were sent: these patterns, in rising order.
    Sent(Vec<usize>, Packed),
}

impl Lists<'_> {
    /// Adds `weight` times a listed pattern.
    pub fn add_scaled(&self, n: usize, weight: f64, sum: &mut [f64]) {
        match &self.bits {
            Bits::Here(bits) => add_scaled(bits, n, weight, sum),
            Bits::Sent(numbers, bits) => {
                let place = numbers.binary_search(&n).expect("the bits of listed patterns were sent");
                add_scaled(bits, place, weight, sum);
            }
        }
    }
}

/// [`near`], for a job whose patterns are bits of equal prior weight, if their number makes it worthwhile. `add` says
/// whether listed patterns will be added.
pub(crate) fn near_of<'a, F: Real>(job: &'a Job<F>, top: usize, add: bool) -> Option<Lists<'a>> {
    let patterns = job.patterns;
    let suits = patterns.len() >= FEWEST && patterns.dim() <= MOST_UNITS && top <= MOST_TOP;
    if !patterns.are_bits() || !suits || patterns.log_weights().is_some() {
        return None;
    }
    match patterns.bits() {
        Some(bits) => {
            Some(Lists { near: near(bits, job.queries.view(), job.betas, top), bits: Bits::Here(bits) })
        }
        None => Some(elsewhere::near(job, top, add)),
    }
}

/// Some queries of a job, and their inverse temperatures.
pub(crate) fn rest<F: Real>(job: &Job<F>, rows: &[usize]) -> (Array2<F>, Vec<f64>) {
    (pick(job.queries.view(), rows), rows.iter().map(|&row| job.betas[row]).collect())
}

/// For each query the patterns whose weight is not negligible, and the best `top`, in rising order. `None` if there
/// are too many to list. Row i depends only on query i.
///
/// A first pass keeps the largest sum of every tile of patterns. It tells the second pass which tiles to read.
fn near<F: Real>(bits: &Packed, queries: ArrayView2<F>, betas: &[f64], top: usize) -> Vec<Option<Vec<Near>>> {
    let tables = tables_of(queries, bits.words());
    let scan = Scan { bits, tables: &tables, skip: 0 };
    let largest = scan.all_largest();
    let bars = threads::map(tables.len(), scan.work() / 64.0, |q| {
        let mut all = scan.of_query(&largest, q);
        let bar = tables[q].bar(cut::<F>(bits.len(), betas[q]), &mut all.clone(), top);
        all.retain(|&sum| u32::from(sum) >= bar);
        (all.len() <= most_tiles(bits.len())).then_some(bar)
    });
    let lists = scan.all_lists(&largest, &bars);
    let listed = |(q, list): (usize, Vec<u32>)| {
        bars[q]?;
        let query = queries.row(q).mapv(F::to_f64).to_vec();
        Some(list.iter().map(|&n| (n as usize, product(bits, n as usize, &query))).collect())
    };
    lists.into_iter().enumerate().map(listed).collect()
}

/// The tables of queries.
fn tables_of<F: Real>(queries: ArrayView2<F>, words: usize) -> Vec<Tables> {
    let work = (queries.nrows() * words * 1024) as f64;
    threads::map(queries.nrows(), work, |q| Tables::new(&queries.row(q).to_vec(), words))
}

/// How far behind the best product a pattern of N may be: weights below u/N of the best are negligible.
fn cut<F: Real>(n: usize, beta: f64) -> f64 {
    (n as f64 / F::ROUNDOFF).ln() / usable_beta::<F>(beta)
}

/// The largest number of tiles that are listed. A list of more patterns costs more than reading all of them.
fn most_tiles(n: usize) -> usize {
    n.div_ceil(ROWS).div_ceil(4).max(4)
}

/// The dot product z·y of one pattern.
fn product(bits: &Packed, n: usize, query: &[f64]) -> f64 {
    let sign = |word: u64, j: usize| if word >> j & 1 == 1 { 1.0 } else { -1.0 };
    let words = query.chunks(64).enumerate();
    words.map(|(k, units)| signed_sum(bits.word(n, k), units, sign)).sum()
}

fn signed_sum(word: u64, units: &[f64], sign: impl Fn(u64, usize) -> f64) -> f64 {
    units.iter().enumerate().map(|(j, z)| sign(word, j) * z).sum()
}

/// Adds `weight` times a pattern.
fn add_scaled(bits: &Packed, n: usize, weight: f64, sum: &mut [f64]) {
    for (k, units) in sum.chunks_mut(64).enumerate() {
        let word = bits.word(n, k);
        for (j, unit) in units.iter_mut().enumerate() {
            *unit += if word >> j & 1 == 1 { weight } else { -weight };
        }
    }
}

/// The tables of one query: what each nibble of a pattern adds to its sum.
struct Tables {
    entries: Vec<[u8; 16]>,
    step: f64,
    error: f64,
}

impl Tables {
    fn new<F: Real>(query: &[F], words: usize) -> Self {
        let unit = |j: usize| query.get(j).map_or(0.0, |z| z.to_f64());
        let groups = words * NIBBLES;
        // What a nibble adds, counted from 0 (all units differ from the query).
        let entry = |group: usize, nibble: usize| -> f64 {
            let each = (0..NIBBLE).map(|b| {
                let z = unit(group * NIBBLE + b);
                if (nibble >> b & 1 == 1) == (z > 0.0) { 2.0 * z.abs() } else { 0.0 }
            });
            each.sum()
        };
        let largest = (0..groups)
            .map(|g| (0..NIBBLE).map(|b| 2.0 * unit(g * NIBBLE + b).abs()).sum())
            .fold(0.0, f64::max);
        let magnitude = query.iter().map(|z| z.to_f64().abs()).fold(0.0, f64::max);
        let even = query.iter().all(|z| z.to_f64().abs() == magnitude);
        // Two entries are added in 8 bits, all of them in 16 bits.
        let most = (usize::from(u16::MAX) / groups).min(127);
        let step = match (largest > 0.0, even && most >= NIBBLE) {
            (false, _) => 1.0,
            (true, true) => 2.0 * magnitude,
            (true, false) => largest / most as f64,
        };
        let mut tables = Tables { entries: vec![[0; 16]; groups], step, error: 0.0 };
        for (group, entries) in tables.entries.iter_mut().enumerate() {
            let mut worst = 0.0_f64;
            for (nibble, place) in entries.iter_mut().enumerate() {
                let exact = entry(group, nibble);
                let whole = (exact / step).round().min(most as f64);
                worst = worst.max((whole * step - exact).abs());
                *place = whole as u8;
            }
            tables.error += worst;
        }
        tables
    }

    /// The smallest sum of a pattern that must be listed: its product is within `cut` of the best, or it may be among
    /// the best `top`. It follows from the largest sums of all tiles.
    fn bar(&self, cut: f64, largest: &mut [u16], top: usize) -> u32 {
        // Rounded up, plus one for the rounding of this computation.
        let whole = |difference: f64| (difference / self.step).ceil().min(f64::from(1 << 20)) as u32 + 1;
        let best = u32::from(largest.iter().copied().max().unwrap_or(0));
        // Each of this many tiles has a pattern whose sum is at least this large.
        let last = match top <= largest.len() {
            true => u32::from(*largest.select_nth_unstable_by(top - 1, |a, b| b.cmp(a)).1),
            false => 0,
        };
        let weighs = best.saturating_sub(whole(cut + 2.0 * self.error));
        weighs.min(last.saturating_sub(whole(2.0 * self.error)))
    }
}

/// Passes over the tiles of patterns.
struct Scan<'a> {
    bits: &'a Packed,
    tables: &'a [Tables],
    /// The number of rows before the first pattern, less than a tile. They are in no tile's sums.
    skip: usize,
}

impl Scan<'_> {
    fn work(&self) -> f64 {
        (self.tables.len() * self.bits.len() * self.bits.words()) as f64
    }

    fn tiles(&self) -> usize {
        self.bits.len().div_ceil(ROWS)
    }

    /// The number of tiles in a range. Ranges and blocks of queries are tasks; no result depends on them.
    fn length(&self) -> usize {
        self.tiles().div_ceil(RANGES).max(RANGE / ROWS)
    }

    fn ranges(&self) -> usize {
        self.tiles().div_ceil(self.length())
    }

    fn range(&self, r: usize) -> Range<usize> {
        r * self.length()..self.tiles().min((r + 1) * self.length())
    }

    fn block(&self, k: usize) -> Range<usize> {
        k * QUERIES..self.tables.len().min((k + 1) * QUERIES)
    }

    /// Calls `f` for each block of queries and range of tiles, block by block.
    fn each<T: Send>(&self, work: f64, f: impl Fn(usize, Range<usize>, Range<usize>) -> T + Sync) -> Vec<T> {
        let ranges = self.ranges();
        threads::map(self.tables.len().div_ceil(QUERIES) * ranges, work, |task| {
            f(task, self.range(task % ranges), self.block(task / ranges))
        })
    }

    /// The largest sum of every tile, one task after the other.
    fn all_largest(&self) -> Vec<Vec<u16>> {
        self.each(self.work(), |_, range, block| self.largest(range, block))
    }

    /// The largest sums of all tiles for one query.
    fn of_query(&self, largest: &[Vec<u16>], q: usize) -> Vec<u16> {
        let ranges = self.ranges();
        let own = |r: usize| {
            let (part, len) = (&largest[q / QUERIES * ranges + r], self.range(r).len());
            &part[q % QUERIES * len..][..len]
        };
        (0..ranges).flat_map(own).copied().collect()
    }

    /// For each query the patterns whose sums reach its bar, in rising order.
    fn all_lists(&self, largest: &[Vec<u16>], bars: &[Option<u32>]) -> Vec<Vec<u32>> {
        let lists = self.each(self.work() / 16.0, |task, range, block| {
            self.list(range, block.clone(), &largest[task], &bars[block])
        });
        let ranges = self.ranges();
        let of = |q: usize| {
            (0..ranges).flat_map(|r| &lists[q / QUERIES * ranges + r][q % QUERIES]).copied().collect()
        };
        (0..bars.len()).map(of).collect()
    }

    /// The patterns of a tile.
    fn rows(&self, tile: usize) -> Range<usize> {
        let first = if tile == 0 { self.skip } else { tile * ROWS };
        first..self.bits.len().min((tile + 1) * ROWS)
    }

    /// The largest sum of each tile, one query of the block after the other.
    fn largest(&self, tiles: Range<usize>, block: Range<usize>) -> Vec<u16> {
        let mut largest = vec![0; block.len() * tiles.len()];
        let task = Task { scan: self, tiles, block };
        Level::best().run::<f32, _, _>(LargestOf { task, out: &mut largest });
        largest
    }

    /// The patterns whose sums reach the query's bar, in rising order. Few tiles have any, so this is not compiled
    /// for special instructions.
    fn list(
        &self,
        tiles: Range<usize>,
        block: Range<usize>,
        largest: &[u16],
        bars: &[Option<u32>],
    ) -> Vec<Vec<u32>> {
        let words = self.bits.words();
        let mut lists = vec![Vec::new(); block.len()];
        let mut planes = vec![[0_u8; ROWS]; words * NIBBLES];
        let mut sums = [0_u16; ROWS];
        for (k, tile) in tiles.clone().enumerate() {
            let mut laid = false;
            for (q, bar) in bars.iter().enumerate() {
                let Some(bar) = bar.filter(|&bar| u32::from(largest[q * tiles.len() + k]) >= bar) else {
                    continue;
                };
                if !laid {
                    lay(tile_of(self.bits, tile), words, &mut planes);
                    laid = true;
                }
                Portable.sums(&self.tables[block.start + q].entries, &planes, &mut sums);
                let rows = self.rows(tile);
                let near = rows.filter(|n| u32::from(sums[place(n % ROWS)]) >= bar);
                lists[q].extend(near.map(|n| n as u32));
            }
        }
        lists
    }
}

/// The groups of eight patterns of a tile.
fn tile_of(bits: &Packed, tile: usize) -> &[Eight] {
    let groups = bits.len().div_ceil(EIGHT);
    let (from, to) = (tile * ROWS / EIGHT, groups.min((tile + 1) * ROWS / EIGHT));
    &bits.groups()[from * bits.words()..to * bits.words()]
}

/// Some tiles for some queries.
struct Task<'a> {
    scan: &'a Scan<'a>,
    tiles: Range<usize>,
    block: Range<usize>,
}

impl Task<'_> {
    #[inline(always)]
    fn largest<L: Lookup>(&self, lookup: L, out: &mut [u16]) {
        let words = self.scan.bits.words();
        let mut planes = vec![[0_u8; ROWS]; words * NIBBLES];
        let mut sums = [0_u16; ROWS];
        for (k, tile) in self.tiles.clone().enumerate() {
            let groups = tile_of(self.scan.bits, tile);
            lay(groups, words, &mut planes);
            let rows = self.scan.rows(tile);
            for (q, tables) in self.scan.tables[self.block.clone()].iter().enumerate() {
                let mut largest = lookup.sums(&tables.entries, &planes, &mut sums);
                if rows.len() < ROWS {
                    largest = rows.clone().map(|row| sums[place(row % ROWS)]).fold(0, u16::max);
                }
                out[q * self.tiles.len() + k] = largest;
            }
        }
    }
}

/// [`Task::largest`], as work for a machine.
struct LargestOf<'a> {
    task: Task<'a>,
    out: &'a mut [u16],
}

impl<L: Lookup> On<L, ()> for LargestOf<'_> {
    #[inline(always)]
    fn run(self, lookup: L) {
        self.task.largest(lookup, self.out);
    }
}

/// Transposes the nibbles of patterns: `planes[g][r]` is nibble g of pattern r. Entries beyond the last pattern keep
/// their old values.
#[inline(always)]
fn lay(groups: &[Eight], words: usize, planes: &mut [[u8; ROWS]]) {
    const LOW: u64 = 0x0F0F_0F0F_0F0F_0F0F;
    for (group, rows) in groups.chunks_exact(words).enumerate() {
        for (k, eight) in rows.iter().enumerate() {
            for (byte, column) in turn(eight.0).into_iter().enumerate() {
                let plane = k * NIBBLES + 2 * byte;
                let (low, high) = (column & LOW, column >> 4 & LOW);
                planes[plane][group * EIGHT..][..EIGHT].copy_from_slice(&low.to_le_bytes());
                planes[plane + 1][group * EIGHT..][..EIGHT].copy_from_slice(&high.to_le_bytes());
            }
        }
    }
}

/// Transposes eight rows of eight bytes: byte r of column b is byte b of row r.
#[inline(always)]
fn turn(mut rows: [u64; EIGHT]) -> [u64; EIGHT] {
    const MASKS: [u64; 3] = [0x00FF_00FF_00FF_00FF, 0x0000_FFFF_0000_FFFF, 0x0000_0000_FFFF_FFFF];
    for (step, mask) in MASKS.into_iter().enumerate() {
        let (apart, shift) = (1 << step, 8 << step);
        for r in (0..EIGHT).filter(|r| r & apart == 0) {
            let (a, b) = (rows[r], rows[r + apart]);
            rows[r] = a & mask | (b & mask) << shift;
            rows[r + apart] = a >> shift & mask | b & !mask;
        }
    }
    rows
}

/// The position of a pattern's sum. In each block even patterns come before odd ones.
#[inline(always)]
fn place(row: usize) -> usize {
    row / BLOCK * BLOCK + row % 2 * (BLOCK / 2) + row % BLOCK / 2
}

/// The number of patterns in a block, whose sums lie together on every machine.
const BLOCK: usize = 64;

/// Table lookups on a machine whose instructions `self` proves to exist.
trait Lookup: Token {
    /// The sums of the tables' entries over all nibbles, and the largest of them.
    fn sums(self, tables: &[[u8; 16]], planes: &[[u8; ROWS]], sums: &mut [u16; ROWS]) -> u16;
}

impl Lookup for Portable {
    #[inline(always)]
    fn sums(self, tables: &[[u8; 16]], planes: &[[u8; ROWS]], sums: &mut [u16; ROWS]) -> u16 {
        let mut natural = [0_u16; ROWS];
        for (table, plane) in tables.iter().zip(planes) {
            for (sum, nibble) in natural.iter_mut().zip(plane) {
                *sum += u16::from(table[usize::from(nibble & 15)]);
            }
        }
        natural.iter().enumerate().for_each(|(row, &sum)| sums[place(row)] = sum);
        natural.into_iter().fold(0, u16::max)
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{BLOCK, Lookup, ROWS};
    use crate::machine::{Avx2, Avx512, proven};

    macro_rules! lookup {
        ($token:ident {
            vector: $vector:ident,
            bytes: $bytes:literal,
            zero: $zero:ident,
            table: |$entries:ident| $table:expr,
            load: $load:ident,
            store: $store:ident,
            shuffle: $shuffle:ident,
            add_bytes: $add8:ident,
            add: $add16:ident,
            sub: $sub16:ident,
            shift_right: $right:ident,
            shift_left: $left:ident,
            max: $max:ident,
        }) => {
            impl Lookup for $token {
                #[inline(always)]
                fn sums(self, tables: &[[u8; 16]], planes: &[[u8; ROWS]], sums: &mut [u16; ROWS]) -> u16 {
                    /// The number of vectors at a time; two sums of each stay in registers.
                    const VECTORS: usize = 4;
                    let mut largest = proven!(self => $zero());
                    for from in (0..ROWS).step_by(VECTORS * $bytes) {
                        let mut all = proven!(self => [$zero(); VECTORS]);
                        let mut odd = all;
                        for (tables, planes) in tables.chunks_exact(2).zip(planes.chunks_exact(2)) {
                            let $entries = &tables[0];
                            let first = proven!(self => $table);
                            let $entries = &tables[1];
                            let second = proven!(self => $table);
                            for v in 0..VECTORS {
                                let at = from + v * $bytes;
                                // Loads end within the planes, since vectors divide ROWS.
                                proven!(self => {
                                    let a = $shuffle(first, $load(planes[0].as_ptr().add(at).cast()));
                                    let b = $shuffle(second, $load(planes[1].as_ptr().add(at).cast()));
                                    // Pairs fit in 8 bits. Sums of 16 bits hold the even patterns plus 256 times the
                                    // odd ones.
                                    let both = $add8(a, b);
                                    all[v] = $add16(all[v], both);
                                    odd[v] = $add16(odd[v], $right::<8>(both));
                                });
                            }
                        }
                        for v in 0..VECTORS {
                            let at = from + v * $bytes;
                            // The even and odd halves of a block of 64.
                            let start = at / BLOCK * BLOCK + at % BLOCK / 2;
                            // Stores end within the sums, as each block does.
                            proven!(self => {
                                let even = $sub16(all[v], $left::<8>(odd[v]));
                                $store(sums.as_mut_ptr().add(start).cast(), even);
                                $store(sums.as_mut_ptr().add(start + BLOCK / 2).cast(), odd[v]);
                                largest = $max(largest, $max(even, odd[v]));
                            });
                        }
                    }
                    let mut numbers = [0_u16; $bytes / 2];
                    proven!(self => $store(numbers.as_mut_ptr().cast(), largest));
                    numbers.into_iter().fold(0, u16::max)
                }
            }
        };
    }

    lookup!(Avx2 {
        vector: __m256i,
        bytes: 32,
        zero: _mm256_setzero_si256,
        table: |entries| _mm256_broadcastsi128_si256(_mm_loadu_si128(entries.as_ptr().cast())),
        load: _mm256_loadu_si256,
        store: _mm256_storeu_si256,
        shuffle: _mm256_shuffle_epi8,
        add_bytes: _mm256_add_epi8,
        add: _mm256_add_epi16,
        sub: _mm256_sub_epi16,
        shift_right: _mm256_srli_epi16,
        shift_left: _mm256_slli_epi16,
        max: _mm256_max_epu16,
    });
    lookup!(Avx512 {
        vector: __m512i,
        bytes: 64,
        zero: _mm512_setzero_si512,
        table: |entries| _mm512_broadcast_i32x4(_mm_loadu_si128(entries.as_ptr().cast())),
        load: _mm512_loadu_si512,
        store: _mm512_storeu_si512,
        shuffle: _mm512_shuffle_epi8,
        add_bytes: _mm512_add_epi8,
        add: _mm512_add_epi16,
        sub: _mm512_sub_epi16,
        shift_right: _mm512_srli_epi16,
        shift_left: _mm512_slli_epi16,
        max: _mm512_max_epu16,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor::noise::{Purpose, Stream};

    fn random(n: usize, dim: usize, seed: u64) -> Packed {
        let mut stream = Stream::new(seed, Purpose::Patterns, 0);
        Packed::from_signs(Array2::from_shape_fn((n, dim), |_| stream.uniform() as f32 - 0.5).view())
    }

    /// [`Lookup::sums`], as work for a machine.
    struct Sums<'a> {
        tables: &'a Tables,
        planes: &'a [[u8; ROWS]],
        sums: &'a mut [u16; ROWS],
    }

    impl<L: Lookup> On<L, u16> for Sums<'_> {
        #[inline(always)]
        fn run(self, lookup: L) -> u16 {
            lookup.sums(&self.tables.entries, self.planes, self.sums)
        }
    }

    /// Every instruction set of this machine, compared with sums of one nibble at a time.
    #[test]
    fn all_machines_look_up_the_same() {
        for dim in [3, 64, 200, 1000] {
            let bits = random(ROWS, dim, 1);
            let mut stream = Stream::new(2, Purpose::Patterns, 0);
            let query: Vec<f64> = (0..dim).map(|_| stream.normal()).collect();
            let tables = Tables::new(&query, bits.words());
            let mut planes = vec![[0; ROWS]; bits.words() * NIBBLES];
            lay(bits.groups(), bits.words(), &mut planes);
            let expected: Vec<u16> = (0..ROWS)
                .map(|n| {
                    let nibble = |g: usize| (bits.word(n, g / NIBBLES) >> (4 * (g % NIBBLES)) & 15) as usize;
                    (0..planes.len()).map(|g| u16::from(tables.entries[g][nibble(g)])).sum()
                })
                .collect();
            let check = |largest: u16, sums: &[u16; ROWS], name: &str| {
                for (n, &sum) in expected.iter().enumerate() {
                    assert_eq!(sums[place(n)], sum, "{name}, {dim} units, pattern {n}");
                }
                assert_eq!(Some(largest), expected.iter().copied().max());
            };
            let mut sums = [0; ROWS];
            for level in Level::all() {
                let largest =
                    level.run::<f32, _, _>(Sums { tables: &tables, planes: &planes, sums: &mut sums });
                check(largest, &sums, &format!("{level:?}"));
            }
            // The bound on which all else depends.
            let total: f64 = query.iter().map(|z| z.abs()).sum();
            for (n, &sum) in expected.iter().enumerate() {
                let off = (tables.step * f64::from(sum) - total - product(&bits, n, &query)).abs();
                assert!(
                    off <= tables.error * (1.0 + 1e-12),
                    "{dim} units, pattern {n}: {off} > {}",
                    tables.error
                );
            }
        }
    }
}
