//! The part of a plane that a landscape shows.

use ndarray::{Array1, Array2};

use super::Plane;
use crate::{Error, Result};

/// The part of a plane that is shown, and the resolution.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The plane.
    pub plane: Plane,
    /// Range of the horizontal axis.
    pub x: (f64, f64),
    /// Range of the vertical axis.
    pub y: (f64, f64),
    /// Columns of the grid on which the energy is computed; at least 2. Rows have the same spacing. Default
    /// 49.
    pub columns: usize,
    /// Arrows in a row; 0 for none. Default 11.
    pub arrows: usize,
    /// The energies that the colours span; higher ones are white. Default: from the lowest energy to the one
    /// below which four fifths of the places lie.
    pub energies: Option<(f64, f64)>,
    /// Titles of the axes. Default: none.
    pub titles: [String; 2],
}

impl View {
    /// A part of a plane, at the default resolution.
    pub fn new(plane: Plane, x: (f64, f64), y: (f64, f64)) -> Self {
        View { plane, x, y, columns: 49, arrows: 11, energies: None, titles: Default::default() }
    }

    pub(super) fn check(&self) -> Result<()> {
        let fits = |(low, high): (f64, f64)| low.is_finite() && high.is_finite() && low < high;
        match [self.x, self.y].into_iter().find(|ends| !fits(*ends)) {
            Some(ends) => Err(Error::setting("range", "low < high", format!("{} to {}", ends.0, ends.1))),
            None if self.columns < 2 => Err(Error::setting("columns", "at least 2", self.columns)),
            None => Ok(()),
        }
    }

    /// The number of rows that gives the same spacing as so many columns; at least 2.
    pub(super) fn rows(&self, columns: usize) -> usize {
        let ratio = (self.y.1 - self.y.0) / (self.x.1 - self.x.0);
        (((columns - 1) as f64 * ratio).round() as usize + 1).max(2)
    }

    /// The places of a grid that covers the view, row by row from the bottom.
    fn grid(&self, columns: usize, rows: usize) -> Vec<(f64, f64)> {
        let along = |(a, b): (f64, f64), i: usize, n: usize| a + (b - a) * i as f64 / (n - 1) as f64;
        let place = |i: usize| (along(self.x, i % columns, columns), along(self.y, i / columns, rows));
        (0..rows * columns).map(place).collect()
    }

    /// The places of the grid of energies, row by row from the bottom.
    pub fn places(&self) -> Vec<(f64, f64)> {
        self.grid(self.columns, self.rows(self.columns))
    }

    /// The spacing of a grid.
    pub(super) fn spacing(&self, columns: usize, rows: usize) -> (f64, f64) {
        ((self.x.1 - self.x.0) / (columns - 1) as f64, (self.y.1 - self.y.0) / (rows - 1) as f64)
    }

    /// The places of the arrows: the centres of the cells.
    pub(super) fn middles(&self) -> Vec<(f64, f64)> {
        let columns = self.arrows;
        let ratio = (self.y.1 - self.y.0) / (self.x.1 - self.x.0);
        let rows = ((columns as f64 * ratio).round() as usize).max(1);
        let along = |(a, b): (f64, f64), i: usize, n: usize| a + (b - a) * (i as f64 + 0.5) / n as f64;
        (0..rows * columns)
            .map(|i| (along(self.x, i % columns, columns), along(self.y, i / columns, rows)))
            .collect()
    }

    pub(super) fn states(&self, places: &[(f64, f64)]) -> Array2<f64> {
        let mut states = Array2::zeros((places.len(), self.plane.axes()[0].len()));
        for (mut state, place) in states.outer_iter_mut().zip(places) {
            state.assign(&Array1::from(self.plane.state(*place)));
        }
        states
    }
}
