//! The two products of an iteration, of which only what is needed is computed: squared lengths of whitened rows, and sums of squares.

use std::ops::Range;

use attractor::kernels::machine::{Level, On, Token};
use attractor::kernels::{Panel, Strided, product};
use attractor::threads;
use ndarray::{Array2, ArrayView2, s};

/// The columns of a block: the padding of a panel.
const COLUMNS: usize = 16;
/// The rows of a task, which stay in the cache.
const ROWS: usize = 64;
/// The rows of a sum of squares that are turned together.
const TERMS: usize = 256;

/// A matrix that rows are multiplied by, in blocks of columns without the rows below their last number other than 0. A triangular one takes
/// half of the operations.
#[derive(Clone, Debug)]
pub struct Blocks(Vec<Block>);

#[derive(Clone, Debug)]
struct Block {
    terms: usize,
    columns: usize,
    numbers: Vec<f64>,
}

impl Blocks {
    /// The blocks of a matrix.
    pub fn of(matrix: ArrayView2<f64>) -> Self {
        let (rows, columns) = matrix.dim();
        let block = |from: usize| {
            let block = matrix.slice(s![.., from..columns.min(from + COLUMNS)]);
            let last = (0..rows).rev().find(|&row| block.row(row).iter().any(|x| *x != 0.0));
            let terms = last.map_or(0, |row| row + 1);
            let numbers = block.slice(s![..terms, ..]).iter().copied().collect();
            Block { terms, columns: block.ncols(), numbers }
        };
        Blocks((0..columns).step_by(COLUMNS).map(block).collect())
    }

    /// The matrix as panels, which a task makes once.
    fn panels(&self) -> Vec<Panel<f64>> {
        let panel = |block: &Block| {
            let mut panel = Panel::zeros(block.terms, block.columns);
            for (row, numbers) in block.numbers.chunks(block.columns).enumerate() {
                panel.row_mut(row).copy_from_slice(numbers);
            }
            panel
        };
        self.0.iter().map(panel).collect()
    }

    /// ‖(x − mean) M‖² of each row x. Cost: 2·N·D² operations, half of it for a triangular matrix.
    pub fn squares(&self, rows: ArrayView2<f64>, mean: &[f64]) -> Vec<f64> {
        let (count, dim) = rows.dim();
        let panels = self.panels();
        let work = self.0.iter().map(|block| 2.0 * (count * block.terms * COLUMNS) as f64).sum();
        let parts = threads::map(count.div_ceil(ROWS), work, |task| {
            let rows = rows.slice(s![task * ROWS..count.min((task + 1) * ROWS), ..]);
            let mut all = vec![0.0; rows.len()];
            let own: Vec<(usize, f64)> = (0..rows.nrows()).map(|n| (n, 1.0)).collect();
            deviations(rows.to_slice().expect("row-major"), &own, mean, &mut all);
            let mut squares = vec![0.0; rows.nrows()];
            let mut out = vec![0.0; rows.nrows() * COLUMNS];
            for panel in &panels {
                let given = Strided { numbers: &all, row: dim, column: 1 };
                product(given, 0..rows.nrows(), panel, &mut out);
                // The padding holds zeros.
                add_squares(&out, &mut squares);
            }
            squares
        });
        parts.concat()
    }
}

/// Writes (x − mean) · factor of some rows x, each given by its number and its factor.
pub fn deviations(rows: &[f64], which: &[(usize, f64)], mean: &[f64], out: &mut [f64]) {
    struct Deviations<'a>(&'a [f64], &'a [(usize, f64)], &'a [f64], &'a mut [f64]);
    impl<M: Token> On<M, ()> for Deviations<'_> {
        #[inline(always)]
        fn run(self, _m: M) {
            let Deviations(rows, which, mean, out) = self;
            let dim = mean.len();
            for (&(row, factor), out) in which.iter().zip(out.chunks_exact_mut(dim)) {
                let row = &rows[row * dim..][..dim];
                for j in 0..dim {
                    out[j] = (row[j] - mean[j]) * factor;
                }
            }
        }
    }
    Level::best().run::<f64, _, _>(Deviations(rows, which, mean, out));
}

/// Adds weight · x of some rows x, each given by its number and its weight, in their order.
pub fn weighted_sum(rows: &[f64], which: &[(usize, f64)], sum: &mut [f64]) {
    struct WeightedSum<'a>(&'a [f64], &'a [(usize, f64)], &'a mut [f64]);
    impl<M: Token> On<M, ()> for WeightedSum<'_> {
        #[inline(always)]
        fn run(self, _m: M) {
            let WeightedSum(rows, which, sum) = self;
            let dim = sum.len();
            for &(row, weight) in which {
                let row = &rows[row * dim..][..dim];
                for j in 0..dim {
                    sum[j] += weight * row[j];
                }
            }
        }
    }
    Level::best().run::<f64, _, _>(WeightedSum(rows, which, sum));
}

/// Adds Σ x² of each row of a block to its sum, in eight chains.
fn add_squares(rows: &[f64], sums: &mut [f64]) {
    struct AddSquares<'a>(&'a [f64], &'a mut [f64]);
    impl<M: Token> On<M, ()> for AddSquares<'_> {
        #[inline(always)]
        fn run(self, _m: M) {
            for (row, sum) in self.0.as_chunks::<COLUMNS>().0.iter().zip(self.1) {
                let mut chains = [0.0; 8];
                for from in (0..COLUMNS).step_by(8) {
                    for k in 0..8 {
                        chains[k] += row[from + k] * row[from + k];
                    }
                }
                *sum += chains.iter().sum::<f64>();
            }
        }
    }
    Level::best().run::<f64, _, _>(AddSquares(rows, sums));
}

/// RᵀR of rows R, D × D: its halves are equal to the bit. `fill` writes some of the rows. Cost: N·D² operations.
pub fn square_of(
    (count, dim): (usize, usize),
    fill: impl Fn(Range<usize>, &mut [f64]) + Sync,
) -> Array2<f64> {
    /// A range has at least so many rows, and there are at most so many ranges.
    const LEAST: usize = 4096;
    const MOST: usize = 16;
    let length = LEAST.max(count.div_ceil(MOST));
    let starts: Vec<usize> = (0..dim).step_by(COLUMNS).collect();
    let parts = threads::map(count.div_ceil(length), (count * dim * dim) as f64, |range| {
        let rows = range * length..count.min((range + 1) * length);
        let mut sums: Vec<Vec<f64>> = starts.iter().map(|from| vec![0.0; (dim - from) * COLUMNS]).collect();
        let mut some = vec![0.0; TERMS * dim];
        let mut out = vec![0.0; dim * COLUMNS];
        let mut panel = Panel::default();
        for from in rows.clone().step_by(TERMS) {
            let those = from..rows.end.min(from + TERMS);
            let some = &mut some[..those.len() * dim];
            fill(those.clone(), some);
            for (&start, sums) in starts.iter().zip(&mut sums) {
                let columns = start..dim.min(start + COLUMNS);
                panel.resize(those.len(), columns.len());
                for (row, numbers) in some.chunks(dim).enumerate() {
                    panel.row_mut(row).copy_from_slice(&numbers[columns.clone()]);
                }
                let turned = Strided { numbers: some, row: 1, column: dim };
                let out = &mut out[..sums.len()];
                product(turned, start..dim, &panel, out);
                sums.iter_mut().zip(&*out).for_each(|(sum, x)| *sum += x);
            }
        }
        sums
    });
    Array2::from_shape_fn((dim, dim), |(i, j)| {
        let (low, high) = (i.min(j), i.max(j));
        let place = low / COLUMNS;
        parts.iter().map(|sums| sums[place][(high - place * COLUMNS) * COLUMNS + low % COLUMNS]).sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor::noise::{Purpose, Stream};

    /// Rounding of sums of up to 9,000 products of numbers of size 1 to 4.
    const CLOSE: f64 = 1e-10;

    fn normals(rows: usize, columns: usize, seed: u64) -> Array2<f64> {
        let mut stream = Stream::new(seed, Purpose::Patterns, 0);
        Array2::from_shape_fn((rows, columns), |_| stream.normal())
    }

    #[test]
    fn both_are_plain_sums() {
        for (count, dim) in [(1, 1), (5, 3), (70, 33), (300, 65), (2, 40), (9000, 34)] {
            let rows = normals(count, dim, 1);
            let all = rows.as_slice().expect("row-major");
            let square = square_of((count, dim), |some, out| {
                out.copy_from_slice(&all[some.start * dim..some.end * dim]);
            });
            for ((i, j), &found) in square.indexed_iter() {
                let plain: f64 = (0..count).map(|n| rows[[n, i]] * rows[[n, j]]).sum();
                assert!((found - plain).abs() < CLOSE, "{count} × {dim} at {i}, {j}: {found} {plain}");
                assert_eq!(found, square[[j, i]]);
            }
            let mean = normals(1, dim, 2);
            // Upper triangular, full, and with a column of zeros.
            for form in 0..3 {
                let matrix = Array2::from_shape_fn((dim, dim), |(i, j)| match form {
                    0 if i > j => 0.0,
                    2 if j == 0 => 0.0,
                    _ => ((i * 7 + j * 3) % 5) as f64 - 1.5,
                });
                let found = Blocks::of(matrix.view()).squares(rows.view(), mean.as_slice().expect("one row"));
                for (n, found) in found.into_iter().enumerate() {
                    let column = |j: usize| -> f64 {
                        (0..dim).map(|i| (rows[[n, i]] - mean[[0, i]]) * matrix[[i, j]]).sum()
                    };
                    let plain: f64 = (0..dim).map(|j| column(j).powi(2)).sum();
                    assert!(
                        (found - plain).abs() < CLOSE * (1.0 + plain),
                        "{count} × {dim}: {found} {plain}"
                    );
                }
            }
        }
    }
}
