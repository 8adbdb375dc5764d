//! Directions in which rows vary most: distances along them alone are never larger, and often nearly as large.

use attractor::kernels::{Panel, Strided, product};
use attractor::noise::{Purpose, Stream};
use attractor::threads;
use ndarray::{Array1, Array2, ArrayView2, Axis, s};

/// The largest product of two directions that should be 0, and difference of a squared length from 1.
const ORTHONORMAL: f64 = 1e-13;

/// `count` orthonormal directions, in rows, that nearly have the largest variance of the rows: three steps of subspace iteration from random
/// directions, on a sample. `None` if the rows have fewer.
pub fn directions(rows: ArrayView2<f32>, count: usize) -> Option<Array2<f64>> {
    const SAMPLE: usize = 1024;
    const STEPS: usize = 3;
    let kept = rows.nrows().min(SAMPLE);
    let some: Vec<usize> = (0..kept).map(|k| k * rows.nrows() / kept).collect();
    let sample = rows.select(Axis(0), &some).mapv(f64::from);
    let mut directions = Array2::zeros((count, rows.ncols()));
    for (number, mut direction) in directions.outer_iter_mut().enumerate() {
        let mut stream = Stream::new(0, Purpose::Fit, number as u64);
        direction.mapv_inplace(|_| stream.normal());
    }
    for _ in 0..STEPS {
        directions = sample.dot(&directions.t()).t().dot(&sample);
        make_orthonormal(&mut directions);
    }
    let products = directions.dot(&directions.t());
    let exact = |((i, j), product): ((usize, usize), &f64)| {
        (product - f64::from(u8::from(i == j))).abs() <= ORTHONORMAL
    };
    products.indexed_iter().all(exact).then_some(directions)
}

/// Makes rows orthonormal from the first to the last (Gram–Schmidt, twice).
fn make_orthonormal(rows: &mut Array2<f64>) {
    for i in 0..rows.nrows() {
        for _ in 0..2 {
            let (before, mut rest) = rows.view_mut().split_at(Axis(0), i);
            let mut row = rest.row_mut(0);
            let along = before.dot(&row);
            for (other, along) in before.outer_iter().zip(along) {
                row.scaled_add(-along, &other);
            }
            let length = row.dot(&row).sqrt();
            row /= length;
        }
    }
}

/// The coordinates of each row along the directions, and the length of what is left of it.
///
/// With P the projection on the directions, ‖P(x − y)‖² + (‖x − Px‖ − ‖y − Py‖)² is at most ‖x − y‖².
pub fn coordinates(rows: ArrayView2<f32>, directions: &Array2<f64>) -> Array2<f32> {
    /// The rows of a task.
    const ROWS: usize = 64;
    let (count, dim) = rows.dim();
    let units = directions.nrows();
    let mut panel = Panel::zeros(dim, units);
    for (k, direction) in directions.outer_iter().enumerate() {
        for (unit, &value) in direction.iter().enumerate() {
            panel.row_mut(unit)[k] = value;
        }
    }
    let mut all = Array2::zeros((count, units + 1));
    let tasks = all.axis_chunks_iter_mut(Axis(0), ROWS).enumerate().collect();
    threads::each(
        tasks,
        2.0 * (count * dim * units) as f64,
        |(task, mut all): (usize, ndarray::ArrayViewMut2<f32>)| {
            let wide = rows.slice(s![task * ROWS..task * ROWS + all.nrows(), ..]).mapv(f64::from);
            let numbers = wide.as_slice().expect("row-major");
            let mut out = vec![0.0; all.nrows() * panel.stride()];
            product(Strided { numbers, row: dim, column: 1 }, 0..all.nrows(), &panel, &mut out);
            for ((mut all, row), out) in
                all.outer_iter_mut().zip(wide.outer_iter()).zip(out.chunks(panel.stride()))
            {
                let along = Array1::from(out[..units].to_vec());
                let rest = (row.dot(&row) - along.dot(&along)).max(0.0).sqrt();
                all.iter_mut().zip(along.iter().chain([&rest])).for_each(|(to, &value)| *to = value as f32);
            }
        },
    );
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_are_never_farther_apart() {
        let mut stream = Stream::new(5, Purpose::Patterns, 0);
        // Rows of 40 units that vary in ten directions and little in the others; two are equal, and two nearly.
        let mut rows = Array2::from_shape_fn((200, 40), |(_, unit)| {
            (stream.normal() * if unit % 4 == 0 { 1.0 } else { 0.01 }) as f32
        });
        let (first, near) = (rows.row(0).to_owned(), &rows.row(0) + 1e-4);
        rows.row_mut(1).assign(&first);
        rows.row_mut(2).assign(&near);
        let directions = directions(rows.view(), 10).expect("they vary");
        let short = coordinates(rows.view(), &directions);
        assert_eq!(short.dim(), (200, 11));
        let apart = |rows: &Array2<f32>, a: usize, b: usize| -> f64 {
            let squares = rows.row(a).into_iter().zip(rows.row(b)).map(|(x, y)| f64::from(x - y).powi(2));
            squares.sum::<f64>().sqrt()
        };
        let (mut sum, mut whole) = (0.0, 0.0);
        for a in 0..200 {
            for b in 0..200 {
                let (less, all) = (apart(&short, a, b), apart(&rows, a, b));
                // Coordinates of size 1 to 4 are rounded to f32.
                assert!(less <= all + 1e-5, "{a} {b}: {less} {all}");
                (sum, whole) = (sum + less, whole + all);
            }
        }
        assert!(sum > 0.99 * whole, "the directions are those of the variance: {sum} of {whole}");
    }
}
