//! A survey of patterns that are not in memory: one pass finds their mean and spread, and checks them.

use super::{check_source, check_states, usable_spread, without_squares};
use crate::error::{Error, Result};
use crate::kernels::{Streamed, Window, squares};
use crate::real::Real;
use crate::threads;

/// What a memory must know about patterns before it reads them.
pub(super) struct Survey {
    pub(super) mean: Vec<f64>,
    /// The variance of each unit.
    pub(super) variances: Vec<f64>,
    pub(super) spread: f64,
    pub(super) largest_square: f64,
}

/// Sums over some rows, about the first row of all.
struct Moments {
    rows: usize,
    sums: Vec<f64>,
    squares: f64,
    each_square: Vec<f64>,
    about_zero: f64,
    largest_square: f64,
    /// The largest unit of rows whose squares are all 0.
    largest: f64,
}

impl Moments {
    fn none(dim: usize) -> Self {
        let zeros = vec![0.0; dim];
        Moments {
            rows: 0,
            sums: zeros.clone(),
            squares: 0.0,
            each_square: zeros,
            about_zero: 0.0,
            largest_square: 0.0,
            largest: 0.0,
        }
    }
}

/// Reads all rows once. Sums run over parts that depend only on N, and are added in order.
///
/// # Errors
/// A source that cannot be read; NaN, infinity, or a squared norm too large for `F`.
pub(super) fn survey<F: Real>(streamed: &Streamed<F>) -> Result<Survey> {
    /// The number of parts, which are distributed among threads.
    const PARTS: usize = 64;
    /// The number of values read at a time.
    const NUMBERS: usize = 1 << 16;
    let (n, dim) = (streamed.len(), streamed.dim());
    if n == 0 || dim == 0 {
        return Err(Error::Empty {
            what: format!("patterns of shape {n} × {dim}"),
            cure: "give an N × D array with N ≥ 1 patterns of D ≥ 1 units".into(),
        });
    }
    let mut origin = vec![F::ZERO; dim];
    streamed.read(0..1, &mut origin);
    check_source(streamed.failure())?;
    let origin: Vec<f64> = origin.iter().map(|v| v.to_f64()).collect();
    let length = n.div_ceil(PARTS);
    let parts = threads::map(n.div_ceil(length), 4.0 * (n * dim) as f64, |part| -> Result<Moments> {
        let (mut window, end) = (Window::default(), n.min((part + 1) * length));
        let mut all = Moments::none(dim);
        let step = (NUMBERS / dim).max(1);
        for from in (part * length..end).step_by(step) {
            let to = end.min(from + step);
            let rows = streamed.rows(from..to, to, &mut window);
            check_source(streamed.failure())?;
            let view = ndarray::ArrayView2::from_shape((to - from, dim), rows).expect("rows of one width");
            check_states("patterns", view, "remove or repair those rows")
                .map_err(|error| behind(error, from))?;
            for (row, square) in rows.chunks_exact(dim).zip(squares(view)) {
                all.largest_square = all.largest_square.max(square);
                all.about_zero += square;
                if square == 0.0 {
                    all.largest = row.iter().fold(all.largest, |most, v| v.to_f64().abs().max(most));
                }
                let sums = all.sums.iter_mut().zip(&mut all.each_square);
                for (((sum, square), v), o) in sums.zip(row).zip(&origin) {
                    let difference = v.to_f64() - o;
                    *sum += difference;
                    *square += difference * difference;
                    all.squares += difference * difference;
                }
            }
            all.rows += to - from;
        }
        Ok(all)
    });
    let mut total = Moments::none(dim);
    for part in parts {
        let part = part?;
        total.rows += part.rows;
        total.squares += part.squares;
        total.about_zero += part.about_zero;
        total.largest_square = total.largest_square.max(part.largest_square);
        total.largest = total.largest.max(part.largest);
        total.sums.iter_mut().zip(part.sums).for_each(|(total, sum)| *total += sum);
        total.each_square.iter_mut().zip(part.each_square).for_each(|(total, square)| *total += square);
    }
    let count = n as f64;
    let offsets: Vec<f64> = total.sums.iter().map(|sum| sum / count).collect();
    let offset: f64 = offsets.iter().map(|m| m * m).sum();
    let about_mean = ((total.squares / count - offset).max(0.0) / dim as f64).sqrt();
    let about_zero = (total.about_zero / (count * dim as f64)).sqrt();
    let variance = |(square, offset): (&f64, &f64)| (square / count - offset * offset).max(0.0);
    Ok(Survey {
        variances: total.each_square.iter().zip(&offsets).map(variance).collect(),
        mean: origin.iter().zip(offsets).map(|(o, m)| o + m).collect(),
        spread: match about_zero {
            0.0 => without_squares(total.largest),
            about_zero => usable_spread(about_mean, about_zero, n),
        },
        largest_square: total.largest_square,
    })
}

/// An error whose row numbers were counted from row `first`.
fn behind(error: Error, first: usize) -> Error {
    match error {
        Error::NotFinite { what, found, row, unit, cure } => {
            Error::NotFinite { what, found, row: row + first, unit, cure }
        }
        Error::TooLarge { what, found, limit, number, row } => {
            Error::TooLarge { what, found, limit, number, row: row + first }
        }
        other => other,
    }
}
