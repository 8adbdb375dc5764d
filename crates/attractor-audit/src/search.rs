//! Exact searches among all pairs of rows, in tiles. No matrix of distances is held.
//!
//! Queries come in blocks of 256, and the rows that are searched in tiles of 64. The scores of a tile take a matrix product (or the sums of
//! a table's columns) in `f32`. A row whose score is at most [`Metric::most`] of the largest distance that still counts is looked
//! at; of all others it is certain that they are farther. Bounds of its distance ([`Metric::bounds`]) leave few rows whose distances are computed exactly, in `f64`. So the
//! results are those of a search in `f64`, to the bit, and depend on neither threads nor blocks.
//!
//! A metric may have a shorter space ([`Metric::shorter`]), whose scores cost less. Most tiles are compared there alone: if few of their pairs are left, only these
//! are looked at.

use std::ops::{ControlFlow, Range};

use attractor::threads;

use crate::found::{Found, Kept, Nearest};
use crate::metric::{LANES, Metric, TILE};

/// Called with the number of pairs of rows that have been compared since it was last called. If it breaks, the search stops.
pub type Watch<'a> = dyn FnMut(u64) -> ControlFlow<()> + 'a;

/// The most blocks between two calls of a watch.
const ROUND: usize = 16;

/// The results of `task` for each block of queries, in order. `None` if the watch breaks.
fn blocks<M: Metric, T: Send>(
    space: &M,
    queries: &[usize],
    pool: usize,
    watch: &mut Watch,
    task: impl Fn(&[usize]) -> T + Sync,
) -> Option<Vec<T>> {
    let blocks: Vec<&[usize]> = queries.chunks(LANES).collect();
    let mut results = Vec::with_capacity(blocks.len());
    for round in blocks.chunks(ROUND) {
        let count: usize = round.iter().map(|block| block.len()).sum();
        let work = space.work() * (count * pool) as f64;
        results.extend(threads::map(round.len(), work, |n| task(round[n])));
        if watch((count * pool) as u64).is_break() {
            return None;
        }
    }
    Some(results)
}

/// One block of queries in a space, with the scores of a tile.
struct Scored<'a, M: Metric> {
    space: &'a M,
    block: M::Block,
    scores: Vec<f32>,
    stride: usize,
    /// The largest score that counts, for each query.
    most: Vec<f32>,
}

impl<'a, M: Metric> Scored<'a, M> {
    fn new(space: &'a M, queries: &[usize]) -> Self {
        let block = space.block(queries);
        let stride = space.stride(&block);
        let most = vec![f32::NEG_INFINITY; stride];
        Scored { space, block, scores: vec![0.0; TILE * stride], stride, most }
    }

    /// Computes the scores of a tile, and which of them count: those within the limit of each query.
    fn compare(&mut self, tile: &Range<usize>, limits: &[Option<f64>]) {
        for (lane, limit) in limits.iter().enumerate() {
            self.most[lane] =
                limit.map_or(f32::NEG_INFINITY, |limit| self.space.most(&self.block, lane, tile, limit));
        }
        self.space.scores(&self.block, tile.clone(), &mut self.scores);
    }

    /// Calls `take` for each lane and row whose score counts, row by row. It gives the new limit of the lane, or none if that is unchanged.
    fn each(&mut self, tile: &Range<usize>, lanes: usize, mut take: impl FnMut(usize, usize) -> Option<f64>) {
        const GROUP: usize = 32;
        for (row, scores) in tile.clone().zip(self.scores.chunks(self.stride)) {
            let groups = scores.chunks(GROUP).zip(self.most.chunks_mut(GROUP)).enumerate();
            for (group, (scores, most)) in groups {
                let below = scores.iter().zip(most.iter()).fold(0_u32, |n, (s, m)| n + u32::from(s <= m));
                if below == 0 {
                    continue;
                }
                for (k, score) in scores.iter().enumerate() {
                    let lane = group * GROUP + k;
                    if *score > most[k] || lane >= lanes {
                        continue;
                    }
                    if let Some(limit) = take(lane, row) {
                        most[k] = self.space.most(&self.block, lane, tile, limit);
                    }
                }
            }
        }
    }
}

/// One block of queries that goes through the tiles of a pool.
struct Pass<'a, M: Metric> {
    queries: &'a [usize],
    whole: Scored<'a, M>,
    /// The same in the shorter space, if there is one.
    short: Option<Scored<'a, M>>,
    /// Tiles that are compared in whole before the shorter space is tried again.
    patience: usize,
    /// What the shorter space leaves of a tile: lanes and rows.
    left: Vec<(usize, usize)>,
}

impl<'a, M: Metric> Pass<'a, M> {
    fn new(space: &'a M, queries: &'a [usize]) -> Self {
        Pass {
            queries,
            whole: Scored::new(space, queries),
            short: space.shorter().map(|short| Scored::new(short, queries)),
            patience: 0,
            left: Vec::new(),
        }
    }

    /// Calls `candidate` for each query and row that may be within the limit of the query in a tile. It gives the new
    /// limit, or none if it is unchanged.
    fn tile(
        &mut self,
        tile: Range<usize>,
        limit: impl Fn(usize) -> Option<f64>,
        mut candidate: impl FnMut(usize, usize) -> Option<f64>,
    ) {
        let queries = self.queries;
        let limits: Vec<Option<f64>> = (0..queries.len()).map(limit).collect();
        let mut take = |lane: usize, row: usize| match queries[lane] == row {
            true => None,
            false => candidate(lane, row),
        };
        if self.is_short(&tile, &limits) {
            for &(lane, row) in &self.left {
                take(lane, row);
            }
        } else {
            self.whole.compare(&tile, &limits);
            self.whole.each(&tile, queries.len(), take);
        }
    }

    /// Whether the shorter space leaves so few pairs of a tile that it is best to look at these alone.
    fn is_short(&mut self, tile: &Range<usize>, limits: &[Option<f64>]) -> bool {
        /// The bounds of a distance take as long as this many scores.
        const SCORES: usize = 12;
        /// After a tile of which too much was left.
        const PATIENCE: usize = 7;
        let Some(short) = &mut self.short else { return false };
        if self.patience > 0 {
            self.patience -= 1;
            return false;
        }
        let space = self.whole.space;
        let shortened: Vec<Option<f64>> =
            limits.iter().map(|limit| limit.map(|d| space.shortened(d))).collect();
        short.compare(tile, &shortened);
        self.left.clear();
        let left = &mut self.left;
        short.each(tile, limits.len(), |lane, row| {
            left.push((lane, row));
            None
        });
        let few = SCORES * self.left.len() <= tile.len() * limits.len();
        self.patience = if few { 0 } else { PATIENCE };
        few
    }
}

/// The tiles of a range. They begin at multiples of 64, so that their bounds are known.
fn tiles(pool: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let first = pool.start / TILE;
    (first..pool.end.div_ceil(TILE))
        .map(move |tile| (tile * TILE).max(pool.start)..((tile + 1) * TILE).min(pool.end))
}

/// The `count` nearest rows of a pool for each query, without the query itself. If the pool has fewer, all of them; every query then needs
/// the same number, so that queries lie all inside of the pool or all outside.
///
/// Cost: `work` · queries · pool operations, bounds of about `count` (1 + ln(pool/count)) distances for each query, and little more than `count`
/// exact distances. `None` if the watch breaks.
pub fn nearest<M: Metric>(
    space: &M,
    queries: &[usize],
    pool: Range<usize>,
    count: usize,
    watch: &mut Watch,
) -> Option<Nearest> {
    let inside = queries.first().is_some_and(|query| pool.contains(query));
    let each = count.min(pool.len() - usize::from(inside));
    if each == 0 {
        return Some(Nearest::default());
    }
    let found = blocks(space, queries, pool.len(), watch, |queries| {
        let mut pass = Pass::new(space, queries);
        let mut kept: Vec<Kept> = queries.iter().map(|_| Kept::new(each)).collect();
        for tile in tiles(pool.clone()) {
            let limits: Vec<f64> = kept.iter().map(Kept::limit).collect();
            pass.tile(
                tile,
                |lane| Some(limits[lane]),
                |lane, row| {
                    let query = queries[lane];
                    kept[lane].offer(row, space.bounds(query, row), |row| space.distance(query, row))
                },
            );
        }
        let found = kept.into_iter().zip(queries);
        found
            .flat_map(|(kept, &query)| kept.nearest(|row| space.distance(query, row)))
            .collect::<Vec<Found>>()
    })?;
    Some(Nearest::new(found.concat(), each))
}

/// For each row of a pool, a number such that two rows have the same number if a chain of steps of at most `radius` joins
/// them: single-link clusters. The number of a cluster is that of its first row, counted within the pool. `known` holds the nearest other pool
/// rows of each.
///
/// The steps from a row are in its list, unless the whole list is within the radius. Only the steps between two rows of which this is true are searched. Each block
/// of queries keeps only those that join what it had not joined itself, so no list of all pairs is held.
pub fn linked<M: Metric>(
    space: &M,
    pool: Range<usize>,
    radius: f64,
    known: &Nearest,
    watch: &mut Watch,
) -> Option<Vec<u32>> {
    let place = |row: usize| (row - pool.start) as u32;
    let mut all = Joined::new(pool.len());
    let mut crowded = Vec::new();
    for (row, found) in pool.clone().zip(known.iter()) {
        let near = found.iter().take_while(|found| found.distance <= radius);
        near.for_each(|found| all.join(place(row), place(found.row as usize)));
        let is_whole = found.len() + 1 == pool.len();
        if !is_whole && found.last().is_none_or(|last| last.distance <= radius) {
            crowded.push(row);
        }
    }
    let steps = blocks(space, &crowded, pool.len(), watch, |queries| {
        let mut pass = Pass::new(space, queries);
        let mut own = Joined::new(pool.len());
        let mut steps = Vec::new();
        // A step is found from both of its ends; the later one keeps it.
        let last = queries.last().map_or(pool.start, |q| *q);
        for tile in tiles(pool.start..last) {
            pass.tile(
                tile,
                |_| Some(radius),
                |lane, row| {
                    let (a, b) = (place(queries[lane]), place(row));
                    let is_new = row < queries[lane] && own.first(a) != own.first(b);
                    if is_new && space.distance(queries[lane], row) <= radius {
                        own.join(a, b);
                        steps.push((a, b));
                    }
                    None
                },
            );
        }
        steps
    })?;
    steps.concat().into_iter().for_each(|(a, b)| all.join(a, b));
    Some((0..pool.len() as u32).map(|row| all.first(row)).collect())
}

/// For each query, whether it lies within the radius of at least one row of the pool other than itself: `radii` has one for each row of the
/// pool.
pub fn covered<M: Metric>(
    space: &M,
    queries: &[usize],
    pool: Range<usize>,
    radii: &[f64],
    watch: &mut Watch,
) -> Option<Vec<bool>> {
    let found = blocks(space, queries, pool.len(), watch, |queries| {
        let mut pass = Pass::new(space, queries);
        let mut inside = vec![false; queries.len()];
        for tile in tiles(pool.clone()) {
            let own = tile.start - pool.start..tile.end - pool.start;
            let largest = radii[own].iter().copied().fold(0.0, f64::max);
            let before = inside.clone();
            pass.tile(
                tile,
                |lane| (!before[lane]).then_some(largest),
                |lane, row| {
                    inside[lane] |= space.distance(queries[lane], row) <= radii[row - pool.start];
                    None
                },
            );
        }
        inside
    })?;
    Some(found.concat())
}

/// Sets that are joined step by step. The first member stands for its set.
struct Joined(Vec<u32>);

impl Joined {
    fn new(count: usize) -> Self {
        Joined((0..count as u32).collect())
    }

    fn first(&mut self, mut member: u32) -> u32 {
        while self.0[member as usize] != member {
            let above = self.0[member as usize];
            self.0[member as usize] = self.0[above as usize];
            member = above;
        }
        member
    }

    fn join(&mut self, a: u32, b: u32) {
        let (a, b) = (self.first(a), self.first(b));
        let (low, high) = (a.min(b), a.max(b));
        self.0[high as usize] = low;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Column, Euclidean, Gower};
    use attractor::noise::{Purpose, Stream};
    use ndarray::Array2;

    fn go_on(_: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// All rows by distance and number, one pair after the other.
    fn plainly<M: Metric>(space: &M, query: usize, pool: Range<usize>, count: usize) -> Vec<Found> {
        let other = pool.filter(|&row| row != query);
        let mut all: Vec<Found> =
            other.map(|row| Found { row: row as u32, distance: space.distance(query, row) }).collect();
        all.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.row.cmp(&b.row)));
        all.truncate(count);
        all
    }

    fn agrees<M: Metric>(space: &M, pool: Range<usize>) {
        let outside: Vec<usize> = (pool.end..space.len()).collect();
        let inside: Vec<usize> = pool.clone().collect();
        for queries in [inside, outside] {
            for count in [1, 7, 64] {
                let found = nearest(space, &queries, pool.clone(), count, &mut go_on).expect("done");
                for (n, &query) in queries.iter().enumerate() {
                    assert_eq!(found.of(n), plainly(space, query, pool.clone(), count), "query {query}");
                }
            }
        }
    }

    fn points(rows: usize, dim: usize, seed: u64) -> Array2<f64> {
        let mut stream = Stream::new(seed, Purpose::Patterns, 0);
        // Far from the origin, with rows that are equal and rows that are nearly equal.
        let mut points = Array2::from_shape_fn((rows, dim), |_| 100.0 + stream.normal());
        for row in (0..rows).step_by(5) {
            let copy = points.row((row + 17) % rows).to_owned();
            let near = if row % 2 == 0 { copy } else { copy + 1e-9 };
            points.row_mut(row).assign(&near);
        }
        points
    }

    #[test]
    fn the_nearest_rows_are_those_of_a_plain_search() {
        for dim in [1, 3, 70] {
            agrees(&Euclidean::double(points(330, dim, 1)), 10..250);
            agrees(&Euclidean::single(points(330, dim, 2).mapv(|v| v as f32)), 0..200);
        }
        // So many rows of so many units that they are compared in fewer first.
        let mut stream = Stream::new(9, Purpose::Patterns, 0);
        let mut many = Array2::from_shape_fn((4200, 260), |(_, unit)| stream.normal() / (1.0 + unit as f64));
        let copy = many.row(7).to_owned();
        many.row_mut(4100).assign(&copy);
        let space = Euclidean::double(many);
        assert!(space.shorter().is_some());
        let queries: Vec<usize> = (4000..4200).chain(0..50).collect();
        for count in [1, 20] {
            let found = nearest(&space, &queries[..200], 0..4000, count, &mut go_on).expect("done");
            for (n, &query) in queries[..200].iter().enumerate() {
                assert_eq!(found.of(n), plainly(&space, query, 0..4000, count), "query {query}");
            }
            let found = nearest(&space, &queries[200..], 0..4000, count, &mut go_on).expect("done");
            for (n, &query) in queries[200..].iter().enumerate() {
                assert_eq!(found.of(n), plainly(&space, query, 0..4000, count), "query {query}");
            }
        }
        // All rows are equal: every pair is a tie.
        agrees(&Euclidean::double(Array2::from_elem((150, 4), 0.1)), 0..100);
        let numbers = points(330, 2, 3);
        let column = |k: usize| Column::Numbers {
            values: numbers
                .column(k)
                .iter()
                .enumerate()
                .map(|(n, v)| if n % 9 == k { f64::NAN } else { *v })
                .collect(),
            low: 98.0,
            range: 4.0,
        };
        let codes = Column::Categories(
            (0..330).map(|n| if n % 13 == 0 { Column::GAP } else { n as u32 % 3 }).collect(),
        );
        agrees(&Gower::new(vec![column(0), codes, column(1)]), 0..260);
    }

    #[test]
    fn clusters_are_chains_of_short_steps() {
        // On a line: 0, 1, 2 | 10, 11 | 30, and again 1.
        let places = [0.0, 1.0, 2.0, 10.0, 11.0, 30.0, 1.0];
        let space = Euclidean::double(Array2::from_shape_vec((7, 1), places.to_vec()).expect("a column"));
        // With lists of one row most lists are within the radius, and steps are searched.
        let joined = |space: &Euclidean, pool: Range<usize>, radius, list| {
            let queries: Vec<usize> = pool.clone().collect();
            let known = nearest(space, &queries, pool.clone(), list, &mut go_on).expect("done");
            linked(space, pool, radius, &known, &mut go_on).expect("done")
        };
        let clusters = |radius| {
            let found = joined(&space, 0..7, radius, 1);
            assert_eq!(found, joined(&space, 0..7, radius, 64));
            found
        };
        assert_eq!(clusters(1.0), [0, 0, 0, 3, 3, 5, 0]);
        assert_eq!(clusters(0.0), [0, 1, 2, 3, 4, 5, 1]);
        assert_eq!(clusters(100.0), [0; 7]);
        assert_eq!(joined(&space, 1..4, 1.0, 1), [0, 0, 2]);
        // Against joining every pair, over several blocks.
        let space = Euclidean::double(points(400, 2, 4));
        let mut plain = Joined::new(400);
        for a in 0..400 {
            (0..a).filter(|&b| space.distance(a, b) <= 0.1).for_each(|b| plain.join(a as u32, b as u32));
        }
        let plain: Vec<u32> = (0..400).map(|row| plain.first(row)).collect();
        for list in [1, 4, 64] {
            assert_eq!(joined(&space, 0..400, 0.1, list), plain, "lists of {list}");
        }
    }

    #[test]
    fn coverage_looks_at_every_ball() {
        let space = Euclidean::double(points(300, 3, 5));
        let radii: Vec<f64> = (0..200).map(|n| 0.05 * (n % 12) as f64).collect();
        let queries: Vec<usize> = (0..300).collect();
        let found = covered(&space, &queries, 0..200, &radii, &mut go_on).expect("done");
        for query in 0..300 {
            let plain = (0..200).any(|row| row != query && space.distance(query, row) <= radii[row]);
            assert_eq!(found[query], plain, "{query}");
        }
        assert!(found.contains(&true) && found.contains(&false));
    }

    #[test]
    fn a_search_stops_when_asked() {
        let space = Euclidean::double(points(300, 3, 5));
        let stop = |_: u64| ControlFlow::Break(());
        assert!(nearest(&space, &[1], 0..300, 1, &mut { stop }).is_none());
    }
}
