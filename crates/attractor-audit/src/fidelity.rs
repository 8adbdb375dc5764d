//! How good the generated rows are, apart from whether they are copies.
//!
//! They are compared with rows that the model has not seen: held-out rows R. (Compared with training rows, a copier would be perfect.)
//!
//! - **Precision**: the share of G within the ball of some row of R, whose radius is the distance to its fifth neighbour in R; **recall**: the same with G
//!   and R exchanged (Kynkäänniemi et al. 2019).
//! - **Coverage**: the share of rows of R whose ball holds a row of G (Naeem et al. 2020).
//! - **Sliced Wasserstein distance**: the root mean square over 128 random directions u of the W₂ distance between u·G and u·R
//!   (Bonneel et al. 2015); not for tables.
//!
//! The training rows in place of the generated ones give what a perfect model would reach at this number of rows. All numbers depend on the number of rows, so both sides have
//! the same number, at most 5,000, drawn at random.

use std::ops::Range;

use attractor::kernels::{Panel, ROWS, Strided, product};
use attractor::noise::{Purpose, Stream};
use attractor::threads;
use ndarray::{ArrayView2, Axis};

use crate::metric::Euclidean;
use crate::rows::Space;
use crate::search::Watch;

/// The most rows of a side.
const MOST: usize = 5000;

/// The neighbour whose distance is the radius of a ball.
const NEIGHBOUR: usize = 5;

/// Random directions.
const DIRECTIONS: usize = 128;

/// Fidelity of one set against another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fidelity {
    /// The share of rows within balls of the others.
    pub precision: f64,
    /// The share of the others within balls of the rows.
    pub recall: f64,
    /// The share of the others whose ball holds a row.
    pub coverage: f64,
    /// The sliced Wasserstein distance, in the units of the rows.
    pub wasserstein: Option<f64>,
}

/// Fidelity, with what it was compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// Of the generated rows.
    pub generated: Fidelity,
    /// Of training rows, against the same held-out rows.
    pub train: Option<Fidelity>,
    /// The number of rows of a side.
    pub rows: usize,
}

/// Compares generated rows with held-out rows, or with training rows if there are too few. The inner value is none if there
/// are fewer rows than balls need; the outer one if the watch breaks.
pub fn compare(space: &Space, seed: u64, watch: &mut Watch) -> Option<Option<Compared>> {
    let is_heldout = space.heldout().len() > NEIGHBOUR;
    let reference = if is_heldout { space.heldout() } else { space.train() };
    let count = reference.len().min(space.generated().len()).min(MOST);
    let count = if is_heldout { count.min(space.train().len()) } else { count };
    if count <= NEIGHBOUR {
        return Some(None);
    }
    let mut stream = Stream::new(seed, Purpose::Bootstrap, 0);
    let mut draw = |rows: Range<usize>| {
        let mut all: Vec<usize> = rows.collect();
        for n in 0..count {
            let other = n + stream.below(all.len() - n);
            all.swap(n, other);
        }
        all.truncate(count);
        all.sort_unstable();
        all
    };
    let (others, generated) = (draw(reference), draw(space.generated()));
    let train = if is_heldout { draw(space.train()) } else { Vec::new() };
    // The reference stands in the place of held-out rows.
    let part = space.select(&train, &others, &generated);
    let generated = one(&part, part.generated(), seed, watch)?;
    let train = match is_heldout {
        true => Some(one(&part, part.train(), seed, watch)?),
        false => None,
    };
    Some(Some(Compared { generated, train, rows: count }))
}

/// The fidelity of some rows of a space against its held-out rows.
fn one(space: &Space, rows: Range<usize>, seed: u64, watch: &mut Watch) -> Option<Fidelity> {
    let others = space.heldout();
    let all = |range: &Range<usize>| range.clone().collect::<Vec<usize>>();
    let share = |count: usize, of: usize| count as f64 / of as f64;
    let inside = |flags: Vec<bool>| share(flags.iter().filter(|flag| **flag).count(), flags.len());
    let (own, theirs) = (radii(space, &rows, watch)?, radii(space, &others, watch)?);
    let precision = inside(space.covered(&all(&rows), others.clone(), &theirs, watch)?);
    let recall = inside(space.covered(&all(&others), rows.clone(), &own, watch)?);
    let near = space.nearest(&all(&others), rows.clone(), 1, watch)?;
    let covered = near.iter().zip(&theirs).filter(|(near, radius)| near[0].distance <= **radius).count();
    let wasserstein = space.points().map(|points| sliced(points, rows, others.clone(), seed));
    Some(Fidelity { precision, recall, coverage: share(covered, others.len()), wasserstein })
}

/// The distance of each row from its fifth neighbour.
fn radii(space: &Space, rows: &Range<usize>, watch: &mut Watch) -> Option<Vec<f64>> {
    let queries: Vec<usize> = rows.clone().collect();
    let near = space.nearest(&queries, rows.clone(), NEIGHBOUR, watch)?;
    Some(near.iter().map(|found| found[NEIGHBOUR - 1].distance).collect())
}

/// The sliced Wasserstein distance of as many rows.
///
/// Cost: 2 · 128 · D operations for each row, and 128 sorts.
fn sliced(points: &Euclidean, rows: Range<usize>, others: Range<usize>, seed: u64) -> f64 {
    let dim = points.dim();
    let mut directions = Panel::zeros(dim, DIRECTIONS);
    for direction in 0..DIRECTIONS {
        let mut stream = Stream::new(seed, Purpose::Prior, direction as u64);
        let normal: Vec<f64> = (0..dim).map(|_| stream.normal()).collect();
        let norm = normal.iter().map(|v| v * v).sum::<f64>().sqrt();
        normal.iter().enumerate().for_each(|(unit, v)| directions.row_mut(unit)[direction] = v / norm);
    }
    let [x, y] = [rows, others].map(|rows| along(points.narrow(rows), &directions));
    let squares = threads::parallel(DIRECTIONS, |direction| {
        let places = |rows: &Panel<f64>| {
            let mut places: Vec<f64> = (0..rows.dim().0).map(|row| rows.row(row)[direction]).collect();
            places.sort_by(f64::total_cmp);
            places
        };
        let (x, y) = (places(&x), places(&y));
        x.iter().zip(&y).map(|(x, y)| (x - y).powi(2)).sum::<f64>() / x.len() as f64
    });
    points.scale() * (squares.iter().sum::<f64>() / DIRECTIONS as f64).sqrt()
}

/// The place of each row along each direction.
fn along(rows: ArrayView2<f32>, directions: &Panel<f64>) -> Panel<f64> {
    let (count, dim) = rows.dim();
    let mut places = Panel::zeros(count, DIRECTIONS);
    let stride = places.stride();
    let tasks = places.numbers_mut().chunks_mut(ROWS * stride).enumerate().collect();
    threads::each(tasks, 2.0 * (count * dim * DIRECTIONS) as f64, |(task, out): (usize, &mut [f64])| {
        let some = task * ROWS..count.min((task + 1) * ROWS);
        let wide = rows.slice_axis(Axis(0), some.clone().into()).mapv(f64::from);
        let numbers = wide.as_slice().expect("rows are row-major");
        product(Strided { numbers, row: dim, column: 1 }, 0..some.len(), directions, out);
    });
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::{Rows, Sets, unwatched};
    use ndarray::Array2;

    fn normal(rows: usize, dim: usize, shift: f64, stream: &mut Stream) -> Rows {
        Rows::Double(Array2::from_shape_fn((rows, dim), |_| shift + stream.normal()))
    }

    /// A shift by a in one direction of a unit vector has W₂ = a along it; over random directions in D dimensions the mean square of
    /// u·a is ‖a‖²/D.
    #[test]
    fn a_shift_is_measured() {
        let mut stream = Stream::new(2, Purpose::Patterns, 0);
        let sets = Sets {
            train: normal(400, 3, 0.0, &mut stream),
            heldout: Some(normal(400, 3, 0.0, &mut stream)),
            generated: normal(400, 3, 10.0, &mut stream),
        };
        let space = Space::new(&sets).expect("rows");
        let found = compare(&space, 0, &mut unwatched).expect("done").expect("enough rows");
        let (generated, train) = (found.generated, found.train.expect("held out"));
        assert_eq!((generated.precision, generated.recall, generated.coverage), (0.0, 0.0, 0.0));
        // ‖a‖ = 10√3, D = 3: 10, to the spread of 128 directions.
        let distance = generated.wasserstein.expect("points");
        assert!((distance - 10.0).abs() < 1.5, "{distance}");
        assert!(train.precision > 0.8 && train.recall > 0.8 && train.coverage > 0.8, "{train:?}");
        assert!(train.wasserstein.expect("points") < 0.3);
    }

    /// One row again and again is precise, and recalls nothing.
    #[test]
    fn a_collapse_is_seen() {
        let mut stream = Stream::new(3, Purpose::Patterns, 0);
        let sets = Sets {
            train: normal(100, 2, 0.0, &mut stream),
            heldout: Some(normal(100, 2, 0.0, &mut stream)),
            generated: Rows::Double(Array2::zeros((100, 2))),
        };
        let found =
            compare(&Space::new(&sets).expect("rows"), 0, &mut unwatched).expect("done").expect("rows");
        assert_eq!((found.generated.precision, found.generated.recall), (1.0, 0.0));
        assert!(found.generated.coverage < 0.2);
    }
}
