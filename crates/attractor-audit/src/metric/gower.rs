//! Gower's distance between the rows of a table (Gower 1971), with gaps as values.
//!
//! d(x, y) is the mean over columns of
//!
//! - numbers: min(1, |x − y|/range), with the range of the column in the training rows;
//! - categories: 0 if they are equal, and 1 otherwise;
//! - gaps: 0 between two gaps, and 1 between a gap and a value.
//!
//! A column of numbers that is the same in all training rows has no range. It counts as categories: 0 if two numbers are
//! equal, and 1 otherwise. The cap at 1 and the gaps are those of the distance to the closest record of SDMetrics.
//!
//! Scores are the same sum in `f32`, of numbers scaled so that the training range is 0 to 1, and kept within [−2, 3]. That
//! changes no share but those of two numbers outside, which it can only make smaller. A share is too large by at most 6u for the
//! roundings of the two numbers and u for its own, and the sum of C shares of at most 1 by at most C·C·u. So a mean is too large
//! by at most (C + 8) u.

use std::ops::Range;

use super::{Metric, ceiling};

/// A column of a table, of the rows of all sets.
#[derive(Clone, Debug)]
pub enum Column {
    /// Numbers; NaN is a gap.
    Numbers {
        /// The numbers.
        values: Vec<f64>,
        /// The smallest in the training rows.
        low: f64,
        /// The range in the training rows.
        range: f64,
    },
    /// Numbers of categories; [`Column::GAP`] is a gap.
    Categories(Vec<u32>),
}

impl Column {
    /// The category of a gap.
    pub const GAP: u32 = u32::MAX;

    /// The number of rows.
    pub fn len(&self) -> usize {
        match self {
            Column::Numbers { values, .. } => values.len(),
            Column::Categories(values) => values.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A column as it is compared.
enum Compared {
    /// Scaled numbers without gaps.
    Whole { wide: Vec<f64>, range: f64, narrow: Vec<f32> },
    /// Scaled numbers of which some are gaps.
    Gaps { wide: Vec<f64>, range: f64, narrow: Vec<f32> },
    /// Codes that are equal or not.
    Codes(Vec<u32>),
}

/// The rows of a table, compared by Gower's distance.
pub struct Gower {
    columns: Vec<Compared>,
    rows: usize,
    /// A bound on score − distance.
    error: f64,
}

impl Gower {
    /// A space of the rows of these columns, of which there is at least one.
    pub fn new(columns: Vec<Column>) -> Self {
        let rows = columns.first().map_or(0, Column::len);
        let columns: Vec<Compared> = columns.into_iter().map(compared).collect();
        const U: f64 = f32::EPSILON as f64 / 2.0;
        let error = (columns.len() as f64 + 8.0) * U * (1.0 + 1e-6);
        Gower { columns, rows, error }
    }

    /// A space of some of the rows.
    pub fn select(&self, rows: &[usize]) -> Self {
        fn some<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|&row| values[row]).collect()
        }
        let column = |column: &Compared| match column {
            Compared::Whole { wide, range, narrow } => {
                Compared::Whole { wide: some(wide, rows), range: *range, narrow: some(narrow, rows) }
            }
            Compared::Gaps { wide, range, narrow } => {
                Compared::Gaps { wide: some(wide, rows), range: *range, narrow: some(narrow, rows) }
            }
            Compared::Codes(codes) => Compared::Codes(some(codes, rows)),
        };
        Gower { columns: self.columns.iter().map(column).collect(), rows: rows.len(), error: self.error }
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }
}

fn compared(column: Column) -> Compared {
    match column {
        Column::Categories(codes) => Compared::Codes(codes),
        Column::Numbers { values, low, range } if range > 0.0 => {
            let narrow = values.iter().map(|v| ((v - low) / range).clamp(-2.0, 3.0) as f32).collect();
            match values.iter().any(|v| v.is_nan()) {
                true => Compared::Gaps { wide: values, range, narrow },
                false => Compared::Whole { wide: values, range, narrow },
            }
        }
        Column::Numbers { values, .. } => {
            let mut known: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
            known.sort_by(f64::total_cmp);
            known.dedup();
            let code = |v: &f64| match v.is_nan() {
                true => Column::GAP,
                false => known.partition_point(|k| k < v) as u32,
            };
            Compared::Codes(values.iter().map(code).collect())
        }
    }
}

/// The share of a column of numbers, with gaps.
fn gapped(x: f64, y: f64, range: f64) -> f64 {
    match (x.is_nan(), y.is_nan()) {
        (true, true) => 0.0,
        (false, false) => ((x - y).abs() / range).min(1.0),
        _ => 1.0,
    }
}

/// Queries: their row numbers.
pub struct Rows(Vec<usize>);

impl Metric for Gower {
    type Block = Rows;

    fn len(&self) -> usize {
        self.rows
    }

    fn distance(&self, a: usize, b: usize) -> f64 {
        let share = |column: &Compared| match column {
            Compared::Whole { wide, range, .. } => ((wide[a] - wide[b]).abs() / range).min(1.0),
            Compared::Gaps { wide, range, .. } => gapped(wide[a], wide[b], *range),
            Compared::Codes(codes) => f64::from(u8::from(codes[a] != codes[b])),
        };
        self.columns.iter().map(share).sum::<f64>() / self.columns.len() as f64
    }

    fn work(&self) -> f64 {
        4.0 * self.columns.len() as f64
    }

    fn block(&self, queries: &[usize]) -> Rows {
        Rows(queries.to_vec())
    }

    fn stride(&self, block: &Rows) -> usize {
        block.0.len()
    }

    fn scores(&self, block: &Rows, tile: Range<usize>, out: &mut [f32]) {
        let stride = block.0.len();
        let out = &mut out[..tile.len() * stride];
        out.fill(0.0);
        let mut numbers = vec![0.0_f32; stride];
        let mut own = vec![0_u32; stride];
        for column in &self.columns {
            match column {
                Compared::Whole { narrow, .. } | Compared::Gaps { narrow, .. } => {
                    numbers.iter_mut().zip(&block.0).for_each(|(v, &query)| *v = narrow[query]);
                    let gaps = matches!(column, Compared::Gaps { .. });
                    for (row, out) in tile.clone().zip(out.chunks_mut(stride)) {
                        add(out, &numbers, narrow[row], gaps);
                    }
                }
                Compared::Codes(codes) => {
                    own.iter_mut().zip(&block.0).for_each(|(v, &query)| *v = codes[query]);
                    for (row, out) in tile.clone().zip(out.chunks_mut(stride)) {
                        let code = codes[row];
                        for (out, &own) in out.iter_mut().zip(&own) {
                            *out += if own == code { 0.0 } else { 1.0 };
                        }
                    }
                }
            }
        }
        let share = 1.0 / self.columns.len() as f32;
        out.iter_mut().for_each(|sum| *sum *= share);
    }

    fn most(&self, _: &Rows, _: usize, _: &Range<usize>, distance: f64) -> f32 {
        ceiling(distance + self.error)
    }
}

/// Adds the shares of a column of numbers.
fn add(out: &mut [f32], queries: &[f32], value: f32, gaps: bool) {
    if !gaps {
        out.iter_mut().zip(queries).for_each(|(out, &query)| *out += (query - value).abs().min(1.0));
        return;
    }
    if value.is_nan() {
        out.iter_mut().zip(queries).for_each(|(out, &query)| *out += if query.is_nan() { 0.0 } else { 1.0 });
        return;
    }
    for (out, &query) in out.iter_mut().zip(queries) {
        let difference = (query - value).abs();
        // A comparison with NaN is false, so that a gap counts 1.
        *out += if difference < 1.0 { difference } else { 1.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;
    const GAP: u32 = Column::GAP;

    /// The table of SDMetrics' own test of the distance to the closest record
    /// (`tests/unit/single_table/privacy/test_dcr_utils.py`, MIT license): six real rows, then six synthetic ones. Dates are days of January
    /// 2025, and appear twice, as text and as dates.
    fn published() -> Gower {
        let numbers = |values: [f64; 12], low, range| Column::Numbers { values: values.to_vec(), low, range };
        let dates = [1.0, 31.0, 10.0, 21.0, NAN, 12.0, 10.0, 22.0, NAN, 2.0, 30.0, 6.0];
        Gower::new(vec![
            numbers([10.0, 20.0, NAN, 40.0, 50.0, 60.0, 10.0, 25.0, 30.0, 21.0, 7.0, NAN], 10.0, 50.0),
            Column::Categories(vec![0, 1, 0, GAP, 1, 2, 2, GAP, 0, GAP, 1, 2]),
            Column::Categories(vec![1, 2, 1, GAP, 2, 3, 3, GAP, 1, GAP, 2, 3]),
            Column::Categories(vec![1, 0, 1, 0, GAP, 0, 0, 1, 1, 0, 1, GAP]),
            numbers(dates, 1.0, 30.0),
            numbers(dates, 1.0, 30.0),
        ])
    }

    #[test]
    fn distances_are_those_of_the_published_table() {
        let space = published();
        let expected = [
            [0.6, 0.6, 0.666666, 0.555555, 0.966666, 0.188888],
            [0.616666, 0.616666, 0.633333, 0.227777, 0.916666, 0.727777],
            [0.399999, 0.866666, 0.5, 0.866667, 0.566667, 0.933333],
            [0.547777, 0.658888, 0.755555, 0.274444, 0.93, 0.574444],
            [0.665555, 0.221111, 0.722222, 0.71, 0.643333, 0.866666],
            [0.7222222, 0.944444, 0.544444, 0.833333, 0.833333, 0.4],
        ];
        /// The published numbers have six digits.
        const DIGITS: f64 = 1.1e-6;
        for (synthetic, row) in expected.iter().enumerate() {
            for (real, expected) in row.iter().enumerate() {
                let found = space.distance(6 + synthetic, real);
                assert!((found - expected).abs() < DIGITS, "{synthetic} {real}: {found}, not {expected}");
                assert_eq!(found, space.distance(real, 6 + synthetic));
            }
            assert_eq!(space.distance(6 + synthetic, 6 + synthetic), 0.0);
        }
        let closest = |row| (0..6).map(|real| space.distance(row, real)).fold(1.0, f64::min);
        for (row, expected) in [0.188888, 0.2277777, 0.4, 0.274444, 0.221111, 0.4].iter().enumerate() {
            assert!((closest(6 + row) - expected).abs() < DIGITS);
        }
    }

    #[test]
    fn scores_are_the_distances() {
        let space = published();
        let block = space.block(&[0, 3, 7, 11]);
        let mut out = vec![0.0; 12 * 4];
        space.scores(&block, 0..12, &mut out);
        for row in 0..12 {
            for (lane, query) in [0, 3, 7, 11].into_iter().enumerate() {
                let exact = space.distance(query, row);
                let score = f64::from(out[row * 4 + lane]);
                // All numbers of the table lie within the bounds of the scores.
                assert!((score - exact).abs() <= space.error, "{query} {row}: {score} {exact}");
                assert!(out[row * 4 + lane] <= space.most(&block, lane, &(0..12), exact));
            }
        }
    }

    #[test]
    fn a_constant_column_is_equal_or_not() {
        let space =
            Gower::new(vec![Column::Numbers { values: vec![5.0, 5.0, 6.0, NAN], low: 5.0, range: 0.0 }]);
        let row = |a| (0..4).map(|b| space.distance(a, b)).collect::<Vec<_>>();
        assert_eq!(row(0), [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(row(3), [1.0, 1.0, 1.0, 0.0]);
    }
}
