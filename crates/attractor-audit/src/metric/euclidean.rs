//! The Euclidean distance.
//!
//! With m the mean of all rows and s the largest norm of y − m, scores are computed of a = (y − m)/s in `f32`:
//!
//! ‖x − y‖²/s² = ‖a‖² + 2 (½‖b‖² − a·b),   score = ½‖b‖² − a·b.
//!
//! With unit roundoff u, the dot product of D terms in chains of 64 is wrong by at most γ‖a‖‖b‖,
//! γ = (min(64, D) + ⌈D/64⌉ + 1) u; half a square and the difference by u(½‖b‖² + ½‖b‖² + ‖a‖‖b‖); and a, b themselves by u‖a‖, u‖b‖,
//! which moves the squared distance by at most 2u(‖a‖ + ‖b‖)² (1 + u). Their sum is the bound, with the largest ‖b‖ of a tile.
//! The exact distance is the root of Σ (xᵢ − yᵢ)² in `f64`, of the rows as they were given.
//!
//! Many rows of many units are compared in fewer first: their coordinates along the directions in which rows vary most, and the length of the
//! rest ([`basis`](super::basis)). Distances are at most as large there, up to rounding: that of directions whose products are wrong by 10⁻¹³ moves the squared
//! length of a rest by k·10⁻¹³, and so the rest by up to 5·10⁻⁶ for k of 255 directions; 32-bit numbers add 10⁻⁷. All are in units of s.

use std::ops::Range;
use std::sync::OnceLock;

use attractor::kernels::{Panel, Strided, product};
use attractor::threads;
use attractor_kernels::{error_bound, square_apart, square_between};
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};

use super::{Metric, TILE, basis, ceiling};

/// Rows as they were given. Those of 32 bits need no second copy.
enum Given {
    Single(Array2<f32>),
    Double(Array2<f64>),
}

/// Rows of numbers, compared by their Euclidean distance.
pub struct Euclidean {
    given: Given,
    /// (y − m)/s.
    narrow: Array2<f32>,
    scale: f64,
    halves: Vec<f32>,
    norms: Vec<f64>,
    /// The largest norm of each tile of 64 rows, counted from row 0.
    tallest: Vec<f64>,
    /// The rows in fewer units, once a search asks for them.
    short: OnceLock<Option<Box<Euclidean>>>,
}

/// Fewer rows, or rows of fewer units, are not shortened.
const MANY_ROWS: usize = 4096;
const MANY_UNITS: usize = 256;
/// The share of the units that are left, and their number at least and at most, with one for the rest.
const SHARE: usize = 6;
const FEWEST: usize = 64;
const MOST: usize = 256;
/// How much farther apart two rows can be in fewer units, through rounding.
const ROUNDING: f64 = 2e-5;

/// The unit roundoff of `f32`.
const U: f64 = f32::EPSILON as f64 / 2.0;

impl Euclidean {
    /// A space of rows of 32-bit numbers, which must be finite.
    pub fn single(rows: Array2<f32>) -> Self {
        let rows = in_order(rows);
        let (narrow, scale) = centred(rows.view(), f64::from);
        Self::of(Given::Single(rows), narrow, scale)
    }

    /// A space of rows of 64-bit numbers, which must be finite and at most 10¹⁵⁰.
    pub fn double(rows: Array2<f64>) -> Self {
        let rows = in_order(rows);
        let (narrow, scale) = centred(rows.view(), |v| v);
        Self::of(Given::Double(rows), narrow, scale)
    }

    fn of(given: Given, narrow: Array2<f32>, scale: f64) -> Self {
        let squares: Vec<f64> =
            narrow.outer_iter().map(|row| row.iter().map(|&v| f64::from(v).powi(2)).sum()).collect();
        let norms: Vec<f64> = squares.iter().map(|s| s.sqrt()).collect();
        let tallest = norms.chunks(TILE).map(|tile| tile.iter().copied().fold(0.0, f64::max)).collect();
        let halves = squares.iter().map(|s| (0.5 * s) as f32).collect();
        Euclidean { given, narrow, scale, halves, norms, tallest, short: OnceLock::new() }
    }

    /// The rows in fewer units.
    fn shortened_rows(&self) -> Option<Box<Euclidean>> {
        let (count, dim) = self.narrow.dim();
        if count < MANY_ROWS || dim < MANY_UNITS {
            return None;
        }
        let units = (dim / SHARE).next_multiple_of(FEWEST).min(MOST);
        let directions = basis::directions(self.narrow.view(), units - 1)?;
        Some(Box::new(Euclidean::single(basis::coordinates(self.narrow.view(), &directions))))
    }

    /// The number of units of a row.
    pub fn dim(&self) -> usize {
        self.narrow.ncols()
    }

    /// The largest distance of a row from the mean of all rows.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Some rows in `f64`, as they were given.
    pub fn rows(&self, rows: &[usize]) -> Array2<f64> {
        match &self.given {
            Given::Single(values) => values.select(Axis(0), rows).mapv(f64::from),
            Given::Double(values) => values.select(Axis(0), rows),
        }
    }

    /// A space of some of the rows.
    pub fn select(&self, rows: &[usize]) -> Self {
        match &self.given {
            Given::Single(values) => Self::single(values.select(Axis(0), rows)),
            Given::Double(values) => Self::double(values.select(Axis(0), rows)),
        }
    }

    /// Whether the rows have 32 bits.
    pub fn is_single(&self) -> bool {
        matches!(self.given, Given::Single(_))
    }

    /// (y − m)/s of some rows.
    pub fn narrow(&self, rows: Range<usize>) -> ArrayView2<'_, f32> {
        self.narrow.slice_axis(Axis(0), rows.into())
    }

    fn tallest(&self, tile: &Range<usize>) -> f64 {
        let tiles = tile.start / TILE..tile.end.div_ceil(TILE);
        self.tallest[tiles].iter().copied().fold(0.0, f64::max)
    }
}

/// The rows with the numbers of each side by side.
fn in_order<F: Copy>(rows: Array2<F>) -> Array2<F> {
    if rows.is_standard_layout() { rows } else { rows.as_standard_layout().into_owned() }
}

/// (y − m)/s in 32 bits, and s.
fn centred<F: Copy + Sync>(rows: ArrayView2<F>, wide: impl Fn(F) -> f64 + Sync) -> (Array2<f32>, f64) {
    /// Units, or rows, of a task.
    const SOME: usize = 64;
    let (count, dim) = rows.dim();
    let work = (count * dim) as f64;
    let means = threads::map(dim.div_ceil(SOME), work, |task| {
        let some = task * SOME..dim.min((task + 1) * SOME);
        let mut sums = vec![0.0; some.len()];
        for row in rows.slice_axis(Axis(1), some.into()).outer_iter() {
            sums.iter_mut().zip(row).for_each(|(sum, &v)| *sum += wide(v));
        }
        sums
    });
    let mean: Vec<f64> = means.concat().into_iter().map(|sum| sum / count.max(1) as f64).collect();
    let squares = threads::map(count.div_ceil(SOME), work, |task| {
        let some = rows.slice_axis(Axis(0), (task * SOME..count.min((task + 1) * SOME)).into());
        let square = |row: ArrayView1<F>| row.iter().zip(&mean).map(|(&v, m)| (wide(v) - m).powi(2)).sum();
        some.outer_iter().map(square).fold(0.0, f64::max)
    });
    let largest = squares.into_iter().fold(0.0, f64::max).sqrt();
    let scale = if largest > 0.0 { largest } else { 1.0 };
    let mut narrow = Array2::zeros((count, dim));
    let tasks =
        narrow.axis_chunks_iter_mut(Axis(0), SOME).zip(rows.axis_chunks_iter(Axis(0), SOME)).collect();
    threads::each(tasks, work, |(mut narrow, rows): (ArrayViewMut2<f32>, ArrayView2<F>)| {
        for (mut out, row) in narrow.outer_iter_mut().zip(rows.outer_iter()) {
            for ((out, &v), m) in out.iter_mut().zip(row).zip(&mean) {
                *out = ((wide(v) - m) / scale) as f32;
            }
        }
    });
    (narrow, scale)
}

/// Queries as the columns of a panel.
pub struct Queries {
    panel: Panel<f32>,
    squares: Vec<f64>,
}

impl Metric for Euclidean {
    type Block = Queries;

    fn len(&self) -> usize {
        self.narrow.nrows()
    }

    fn distance(&self, a: usize, b: usize) -> f64 {
        fn two<F>(rows: &Array2<F>, a: usize, b: usize) -> (&[F], &[F]) {
            let dim = rows.ncols();
            let all = rows.as_slice().expect("rows are in standard layout");
            (&all[a * dim..][..dim], &all[b * dim..][..dim])
        }
        match &self.given {
            Given::Single(rows) => {
                let (a, b) = two(rows, a, b);
                square_apart(a, b).sqrt()
            }
            Given::Double(rows) => {
                let (a, b) = two(rows, a, b);
                square_apart(a, b).sqrt()
            }
        }
    }

    fn bounds(&self, a: usize, b: usize) -> [f64; 2] {
        let all = self.narrow.as_slice().expect("rows are in standard layout");
        let row = |row: usize| &all[row * self.dim()..][..self.dim()];
        let [least, most] = square_between(row(a), row(b));
        let rounding = U * (self.norms[a] + self.norms[b]) * (1.0 + 1e-6);
        // The last factors count the few roundings of `f64`.
        let least = (least.sqrt() - rounding).max(0.0) * self.scale * (1.0 - 1e-12);
        [least, (most.sqrt() + rounding) * self.scale * (1.0 + 1e-12)]
    }

    fn work(&self) -> f64 {
        2.0 * self.dim() as f64 + 4.0
    }

    fn block(&self, queries: &[usize]) -> Queries {
        let mut panel = Panel::zeros(self.dim(), queries.len());
        let stride = panel.stride();
        let numbers = panel.numbers_mut();
        for (lane, &query) in queries.iter().enumerate() {
            for (unit, &value) in self.narrow.row(query).iter().enumerate() {
                numbers[unit * stride + lane] = value;
            }
        }
        Queries { panel, squares: queries.iter().map(|&q| self.norms[q].powi(2)).collect() }
    }

    fn stride(&self, block: &Queries) -> usize {
        block.panel.stride()
    }

    fn scores(&self, block: &Queries, tile: Range<usize>, out: &mut [f32]) {
        let all = self.narrow.as_slice().expect("rows are in standard layout");
        let rows = Strided { numbers: all, row: self.dim(), column: 1 };
        let stride = block.panel.stride();
        let out = &mut out[..tile.len() * stride];
        product(rows, tile.clone(), &block.panel, out);
        for (row, out) in tile.zip(out.chunks_mut(stride)) {
            let half = self.halves[row];
            out.iter_mut().for_each(|dot| *dot = half - *dot);
        }
    }

    fn most(&self, block: &Queries, lane: usize, tile: &Range<usize>, distance: f64) -> f32 {
        let (square, tall) = (block.squares[lane], self.tallest(tile));
        let norm = square.sqrt();
        let gamma = error_bound::<f32>(self.dim());
        let sums = 2.0 * (gamma * norm * tall + U * (tall * tall + norm * tall));
        let rounding = 2.0 * U * (norm + tall).powi(2) * (1.0 + U);
        // The second term counts the few roundings of `f64` in this line.
        let error = (sums + rounding) * (1.0 + 1e-6);
        ceiling(0.5 * ((distance / self.scale).powi(2) * (1.0 + 1e-12) - square + error))
    }

    fn shorter(&self) -> Option<&Self> {
        self.short.get_or_init(|| self.shortened_rows()).as_deref()
    }

    fn shortened(&self, distance: f64) -> f64 {
        distance / self.scale + ROUNDING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor::noise::{Purpose, Stream};

    /// The bound holds for rows of very different lengths, near and far from one another.
    #[test]
    fn no_row_within_a_distance_has_a_larger_score() {
        let mut stream = Stream::new(3, Purpose::Patterns, 0);
        for dim in [1, 2, 63, 64, 65, 300] {
            let size = |row: usize| [1.0, 1e-3, 30.0, 1e-6][row % 4];
            let shift = 1e3;
            let rows = Array2::from_shape_fn((200, dim), |(row, _)| shift + size(row) * stream.normal());
            for space in [Euclidean::double(rows.clone()), Euclidean::single(rows.mapv(|v| v as f32))] {
                let queries: Vec<usize> = (0..100).collect();
                let block = space.block(&queries);
                let mut out = vec![0.0; TILE * space.stride(&block)];
                for from in (0..200).step_by(TILE) {
                    let tile = from..(from + TILE).min(200);
                    space.scores(&block, tile.clone(), &mut out);
                    for (r, row) in tile.clone().enumerate() {
                        for lane in 0..100 {
                            let exact = space.distance(lane, row);
                            let score = out[r * space.stride(&block) + lane];
                            let most = space.most(&block, lane, &tile, exact);
                            assert!(score <= most, "{dim}: {lane} {row} {exact} {score} {most}");
                            let [least, most] = space.bounds(lane, row);
                            assert!(least <= exact && exact <= most, "{dim}: {least} {exact} {most}");
                        }
                    }
                }
            }
        }
    }
}
