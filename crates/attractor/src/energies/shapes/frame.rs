//! The position of a shape: its origin, and the orthonormal directions in which it extends.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut1, aview1};

use crate::error::{Error, Result};

/// Rows count as orthonormal if their products differ from 0 and 1 by at most this: twice the rounding of a file that
/// keeps nine digits.
const ORTHONORMAL: f64 = 1e-9;

/// A remainder longer than this share of the coordinates has lost at most one digit.
const LITTLE: f64 = 0.1;

/// An origin and k orthonormal directions. Without a matrix, the directions are all D units.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) origin: Vec<f64>,
    pub(super) directions: Option<Array2<f64>>,
}

impl Frame {
    /// A frame with these directions (k × D); `what` names the origin in errors.
    pub(super) fn new(what: &str, origin: Vec<f64>, directions: Array2<f64>) -> Result<Self> {
        check_finite(what, &origin)?;
        if directions.ncols() != origin.len() {
            return Err(Error::shape(
                "directions",
                format!("{} units a row, as {what} has", origin.len()),
                format!("{}", directions.ncols()),
                "give every direction as one row",
            ));
        }
        let mut excess = directions.dot(&directions.t());
        excess.diag_mut().mapv_inplace(|product| product - 1.0);
        // This also refuses NaN.
        if let Some(((i, j), excess)) =
            excess.indexed_iter().find(|(_, e)| e.is_nan() || e.abs() > ORTHONORMAL)
        {
            let product = excess + f64::from(u8::from(i == j));
            return Err(Error::parameter(
                "directions",
                "rows of length 1 at right angles, to within 1e-9",
                format!("rows {i} and {j} with product {product}"),
            ));
        }
        // One step of Newton's method to the nearest orthonormal rows. The remaining error is rounding.
        let directions = &directions - &(excess.dot(&directions) * 0.5);
        Ok(Frame { origin, directions: Some(directions) })
    }

    /// The frame whose directions are all units.
    pub(super) fn full(what: &str, origin: Vec<f64>) -> Result<Self> {
        check_finite(what, &origin)?;
        Ok(Frame { origin, directions: None })
    }

    /// The frame in the coordinates along orthonormal directions (D × D, one a row).
    pub(super) fn turned(&self, along: ArrayView2<f64>) -> Self {
        Frame {
            origin: along.dot(&aview1(&self.origin)).to_vec(),
            directions: self.directions.as_ref().map(|own| own.dot(&along.t())),
        }
    }

    /// The number of units, D.
    pub(super) fn dim(&self) -> usize {
        self.origin.len()
    }

    /// The number of directions, k.
    pub(super) fn count(&self) -> usize {
        self.directions.as_ref().map_or(self.dim(), |d| d.nrows())
    }

    /// The coordinates of z along the directions, and its distance from the subspace.
    pub(super) fn coordinates(&self, z: &[f64]) -> (Array1<f64>, f64) {
        let (along, rest) = self.split(z);
        let distance = rest.map_or(0.0, |rest| norm(rest.view()));
        (along, distance)
    }

    /// The coordinates of z along the directions, and the remainder, which is at right angles to them. There is none if
    /// the directions span all units.
    ///
    /// A small remainder is made orthogonal again, because next to large coordinates a difference of squares would lose
    /// it.
    pub(super) fn split(&self, z: &[f64]) -> (Array1<f64>, Option<Array1<f64>>) {
        let mut rest: Array1<f64> = z.iter().zip(&self.origin).map(|(z, o)| z - o).collect();
        let Some(directions) = &self.directions else { return (rest, None) };
        let along = directions.dot(&rest);
        if directions.is_square() {
            return (along, None);
        }
        remove(directions, &along, &mut rest);
        if norm(rest.view()) <= LITTLE * norm(along.view()) {
            self.make_orthogonal(&mut rest);
        }
        (along, Some(rest))
    }

    /// Removes the part of a vector that lies along the directions.
    pub(super) fn make_orthogonal(&self, vector: &mut Array1<f64>) {
        if let Some(directions) = &self.directions {
            let along = directions.dot(vector);
            remove(directions, &along, vector);
        }
    }

    /// Writes the point with these coordinates to `y`.
    pub(super) fn place(&self, along: ArrayView1<f64>, y: &mut [f64]) {
        let mut y = ArrayViewMut1::from(y);
        y.assign(&aview1(&self.origin));
        let Some(directions) = &self.directions else { return y += &along };
        for (&u, direction) in along.iter().zip(directions.outer_iter()) {
            y.scaled_add(u, &direction);
        }
    }
}

/// rest −= Uᵀu
fn remove(directions: &Array2<f64>, along: &Array1<f64>, rest: &mut Array1<f64>) {
    for (u, direction) in along.iter().zip(directions.outer_iter()) {
        rest.scaled_add(-u, &direction);
    }
}

/// The length of a vector, also if its square overflows.
pub(super) fn norm(v: ArrayView1<f64>) -> f64 {
    let plain = v.dot(&v).sqrt();
    if (1e-140..1e140).contains(&plain) {
        return plain;
    }
    let largest = v.iter().fold(0.0f64, |m, x| m.max(x.abs()));
    if largest == 0.0 || largest.is_infinite() {
        return largest;
    }
    largest * v.iter().map(|x| (x / largest).powi(2)).sum::<f64>().sqrt()
}

/// Returns an error for an empty list, or for numbers that are not finite.
pub(super) fn check_finite(what: &str, values: &[f64]) -> Result<()> {
    if values.is_empty() {
        return Err(Error::parameter(what, "at least one number", "none"));
    }
    match values.iter().find(|v| !v.is_finite()) {
        Some(found) => Err(Error::parameter(what, "finite numbers", found)),
        None => Ok(()),
    }
}
