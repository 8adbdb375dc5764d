//! Reads of bits that others hold in parts.
//!
//! Two questions are asked. The first gives the largest sums, from which the bars follow; the second gives the patterns
//! above them. Tiles are those of the whole memory. A tile at the edge of a part may have patterns in several parts, so its
//! sums are sent from each of them, and the largest is that of the tile.

use std::collections::BTreeMap;

use ndarray::{Array2, ArrayView2};

use super::{Bits, Lists, ROWS, Scan, Tables, cut, most_tiles, product, tables_of};
use crate::elsewhere;
use crate::packed::Packed;
use crate::real::Real;
use crate::stored::Place;
use crate::stream::Job;
use crate::wire::{Ask, In, Out, Question};

/// The bits of a part of a memory, for some queries.
pub(crate) struct OfPart<'a> {
    bits: &'a Packed,
    place: Place,
    skip: usize,
    tables: Vec<Tables>,
    queries: Array2<f64>,
}

/// The largest sums of all tiles of a part.
pub(crate) struct Largest(Vec<Vec<u16>>);

impl<'a> OfPart<'a> {
    /// `bits` begin where the tile of the memory begins that has the first of the `len` patterns.
    pub fn new<F: Real>(bits: &'a Packed, place: Place, len: usize, queries: ArrayView2<F>) -> Self {
        let skip = bits.len() - len;
        debug_assert_eq!(skip, place.first % ROWS);
        OfPart {
            bits,
            place,
            skip,
            tables: tables_of(queries, bits.words()),
            queries: queries.mapv(F::to_f64),
        }
    }

    fn scan(&self) -> Scan<'_> {
        Scan { bits: self.bits, tables: &self.tables, skip: self.skip }
    }

    pub fn largest(&self) -> Largest {
        Largest(self.scan().all_largest())
    }

    /// Whether a tile of the part has patterns in another part.
    fn is_shared(&self, tile: usize) -> bool {
        let end = self.place.first - self.skip + self.bits.len();
        let last = (tile + 1) * ROWS > self.bits.len() && end < self.place.total;
        tile == 0 && self.skip > 0 || last
    }

    /// For each query: the shared tiles with their largest sums, and the `top` largest sums of the others.
    pub fn send_largest(&self, found: &Largest, top: usize, out: &mut Out) {
        let scan = self.scan();
        let before = self.place.first / ROWS;
        for q in 0..self.tables.len() {
            let (mut shared, mut own) = (Vec::new(), Vec::new());
            for (tile, sum) in scan.of_query(&found.0, q).into_iter().enumerate() {
                if self.is_shared(tile) { shared.push((before + tile, sum)) } else { own.push(sum) }
            }
            if own.len() > top {
                own.select_nth_unstable_by(top - 1, |a, b| b.cmp(a));
                own.truncate(top);
            }
            out.whole(shared.len());
            for (tile, sum) in shared {
                out.whole(tile);
                out.whole(usize::from(sum));
            }
            out.whole(own.len());
            own.into_iter().for_each(|sum| out.whole(usize::from(sum)));
        }
    }

    /// For each query: the number of tiles of its own that reach the bar, and the patterns that do, unless the tiles are more
    /// than `most`.
    pub fn send_lists(&self, found: &Largest, bars: &[f64], most: usize, words: bool, out: &mut Out) {
        let scan = self.scan();
        let counts: Vec<usize> = (0..bars.len())
            .map(|q| {
                let tiles = scan.of_query(&found.0, q).into_iter().enumerate();
                tiles.filter(|&(tile, sum)| !self.is_shared(tile) && f64::from(sum) >= bars[q]).count()
            })
            .collect();
        let own: Vec<Option<u32>> =
            counts.iter().zip(bars).map(|(&count, &bar)| (count <= most).then_some(bar as u32)).collect();
        let lists = scan.all_lists(&found.0, &own);
        for (q, list) in lists.into_iter().enumerate() {
            out.whole(counts[q]);
            out.whole(list.len());
            let query = self.queries.row(q).to_vec();
            for n in list {
                let n = n as usize;
                out.whole(self.place.first - self.skip + n);
                out.float(product(self.bits, n, &query));
                (0..if words { self.bits.words() } else { 0 }).for_each(|k| out.word(self.bits.word(n, k)));
            }
        }
    }
}

/// As [`super::near`], for patterns that others hold.
pub(super) fn near<'a, F: Real>(job: &Job<F>, top: usize, add: bool) -> Lists<'a> {
    let found = search(job, top, add);
    let nothing = || {
        let near = vec![Some(vec![(0, 0.0)]); job.queries.nrows()];
        Lists { near, bits: Bits::Sent(vec![0], Packed::new(1, job.patterns.dim())) }
    };
    found.unwrap_or_else(nothing)
}

fn search<'a, F: Real>(job: &Job<F>, top: usize, add: bool) -> Option<Lists<'a>> {
    let (n, words) = (job.patterns.len(), job.patterns.dim().div_ceil(64));
    let tables = tables_of(job.queries.view(), words);
    let ask = |ask, more: &[f64]| {
        let question = Question { ask, form: job.form, queries: job.queries.view(), betas: job.betas, more };
        elsewhere::ask(job.patterns, &question)
    };
    let answers = ask(Ask::Largest { top }, &[])?;
    let mut bars = Vec::with_capacity(tables.len());
    // Which of the shared tiles reach the bar.
    let mut shared_above = Vec::with_capacity(tables.len());
    elsewhere::read(job.patterns, &answers, |of| {
        for (q, tables) in tables.iter().enumerate() {
            let (mut shared, mut all) = (BTreeMap::new(), Vec::new());
            for of in of.iter_mut() {
                for _ in 0..of.whole()? {
                    let largest = shared.entry(of.whole()?).or_insert(0);
                    *largest = sum(of)?.max(*largest);
                }
                for _ in 0..of.whole()? {
                    all.push(sum(of)?);
                }
            }
            all.extend(shared.values());
            let bar = tables.bar(cut::<F>(n, job.betas[q]), &mut all, top);
            bars.push(f64::from(bar));
            shared_above.push(shared.values().filter(|sum| u32::from(**sum) >= bar).count());
        }
        Ok(())
    })?;
    let most = most_tiles(n);
    let answers = ask(Ask::Lists { most, words: add }, &bars)?;
    elsewhere::read(job.patterns, &answers, |of| {
        let (mut near, mut sent) = (Vec::with_capacity(tables.len()), BTreeMap::new());
        for above in shared_above {
            let (mut tiles, mut list) = (above, Vec::new());
            for of in of.iter_mut() {
                tiles += of.whole()?;
                for _ in 0..of.whole()? {
                    let n = of.whole()?;
                    list.push((n, of.float()?));
                    if add {
                        sent.insert(n, (0..words).map(|_| of.word()).collect::<Result<Vec<_>, _>>()?);
                    }
                }
            }
            near.push((tiles <= most).then_some(list));
        }
        let mut bits = Packed::new(sent.len(), job.patterns.dim());
        for (row, words) in sent.values().enumerate() {
            words.iter().enumerate().for_each(|(k, word)| bits.set_word(row, k, *word));
        }
        Ok(Lists { near, bits: Bits::Sent(sent.into_keys().collect(), bits) })
    })
}

fn sum(of: &mut In) -> Result<u16, String> {
    u16::try_from(of.whole()?).map_err(|_| "expected a sum of at most 16 bits".to_owned())
}
