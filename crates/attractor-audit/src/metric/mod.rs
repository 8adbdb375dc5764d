//! Distances between rows, as the searches need them: exact ones in `f64`, and scores of whole tiles in `f32` with a bound
//! on their error.
//!
//! A score is cheap and rises with the distance. The bounds turn it into a statement about the exact distance: no row of
//! a tile within distance x has a score above [`Metric::most`]`(x)`. A search therefore computes exact distances of the
//! rows at or below that score alone, and misses none.

mod basis;
mod euclidean;
mod gower;

use std::ops::Range;

pub use euclidean::Euclidean;
pub use gower::{Column, Gower};

/// The most queries that are compared with a tile at once.
pub const LANES: usize = 256;

/// The rows of a tile.
pub const TILE: usize = 64;

/// A distance between the rows of one space, in which all sets lie one after the other.
#[expect(clippy::len_without_is_empty, reason = "a space has at least two rows")]
pub trait Metric: Sync {
    /// Queries, laid out for [`scores`](Metric::scores).
    type Block: Send;

    /// The number of rows.
    fn len(&self) -> usize;

    /// The distance of two rows. It is symmetric to the bit, and 0 for equal rows.
    fn distance(&self, a: usize, b: usize) -> f64;

    /// A lower and an upper bound of the distance of two rows, in much less time if rows have many units.
    fn bounds(&self, a: usize, b: usize) -> [f64; 2] {
        [self.distance(a, b); 2]
    }

    /// The operations of one score.
    fn work(&self) -> f64;

    /// Lays out at most `LANES` queries.
    fn block(&self, queries: &[usize]) -> Self::Block;

    /// The numbers from one row of scores to the next.
    fn stride(&self, block: &Self::Block) -> usize;

    /// The scores of at most `TILE` rows: that of row r of the tile and query q is `out[r · stride + q]`.
    fn scores(&self, block: &Self::Block, tile: Range<usize>, out: &mut [f32]);

    /// The largest score that a row of the tile can have within a distance of query `lane`.
    fn most(&self, block: &Self::Block, lane: usize, tile: &Range<usize>, distance: f64) -> f32;

    /// A space of the same rows whose scores cost less. Two rows are never farther apart there than [`shortened`](Metric::shortened) says.
    fn shorter(&self) -> Option<&Self> {
        None
    }

    /// The largest distance in the shorter space of two rows at a distance.
    fn shortened(&self, distance: f64) -> f64 {
        distance
    }
}

/// The smallest `f32` that is not below a number.
fn ceiling(value: f64) -> f32 {
    let near = value as f32;
    if f64::from(near) < value { near.next_up() } else { near }
}
