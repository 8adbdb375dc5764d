//! Quadratic potentials, for which noised memories are known exactly.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use super::{Curvature, Potential};
use crate::error::{Error, Result};
use crate::linear::Eigen;

/// The largest curvature, per unit of time. Beyond it, e^{hτ} has no digits left at any time of interest.
const STEEPEST: f64 = 1e12;

/// Two halves of H differ by at most this share of its largest number: the rounding of a file that keeps nine digits.
const SYMMETRIC: f64 = 1e-9;

/// Rows count as orthonormal if their products differ from 0 and 1 by at most this.
const ORTHONORMAL: f64 = 1e-9;

/// V(x) = ½ (x − m)ᵀ H (x − m), with any symmetric H.
///
/// The noising dx = −H (x − m) dτ + σ dW is a matrix Ornstein–Uhlenbeck process. Along the eigenvector i of H, with
/// eigenvalue h_i, it multiplies a deviation from m by e^{−h_i τ}. Where h_i > 0 states are pulled to m, where h_i < 0
/// they are driven away from it, and where h_i = 0 there is no force, so H may be singular. Variance preserving noise
/// is H = γ/2 with σ = √γ and m = 0; variance exploding noise is H = 0.
///
/// ```
/// use attractor::potentials::Quadratic;
/// use ndarray::array;
/// let both = Quadratic::new(vec![0.0, 0.0], array![[2.0, 1.0], [1.0, 2.0]].view())?;
/// assert!((both.rates()[0] - 3.0).abs() < 1e-15 && (both.rates()[1] - 1.0).abs() < 1e-15);
/// // A drift that turns is not the gradient of a potential.
/// let turning = Quadratic::new(vec![0.0, 0.0], array![[1.0, 0.5], [-0.5, 1.0]].view());
/// assert!(turning.unwrap_err().to_string().contains("symmetric"));
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Quadratic {
    minimum: Vec<f64>,
    rates: Vec<f64>,
    /// The eigenvectors, one a row. Without them H is diagonal.
    directions: Option<Array2<f64>>,
}

impl Quadratic {
    /// The potential with its stationary point at `minimum` (m, D numbers) and with the Hessian H (D × D).
    ///
    /// Cost: about 9 D³ operations for the eigenvectors, unless H is diagonal.
    ///
    /// # Errors
    /// Sizes that disagree; numbers that are not finite; an H that is not symmetric to within 10⁻⁹ of its largest
    /// number; an eigenvalue of more than 10¹².
    pub fn new(minimum: Vec<f64>, hessian: ArrayView2<f64>) -> Result<Self> {
        check_square("H", hessian, minimum.len())?;
        let largest = hessian.iter().fold(0.0_f64, |largest, h| largest.max(h.abs()));
        for ((i, j), &h) in hessian.indexed_iter().filter(|((i, j), _)| j < i) {
            let mirrored = hessian[[j, i]];
            if (h - mirrored).abs() > SYMMETRIC * largest {
                return Err(Error::parameter(
                    "H",
                    "a symmetric matrix, since a drift -H(x - m) that turns is the gradient of no potential \
                     (Eq. 15 excludes it)",
                    format!("{h} at row {i}, column {j}, and {mirrored} at row {j}, column {i}"),
                ));
            }
        }
        if hessian.indexed_iter().all(|((i, j), &h)| i == j || h == 0.0) {
            return Self::diagonal(minimum, hessian.diag().to_vec());
        }
        let even = (&hessian + &hessian.t()) / 2.0;
        let Eigen { values, vectors } = Eigen::new(even.view())?;
        Self::checked(minimum, values, Some(vectors))
    }

    /// The potential Σ_i ½ h_i (x_i − m_i)², without forces between units: D numbers each.
    ///
    /// # Errors
    /// Lists of unequal length; numbers that are not finite; a curvature of more than 10¹².
    pub fn diagonal(minimum: Vec<f64>, rates: Vec<f64>) -> Result<Self> {
        Self::checked(minimum, rates, None)
    }

    /// The potential with these eigenvalues h (D numbers) and `directions` (D × D; row i is the eigenvector of h_i).
    ///
    /// # Errors
    /// Sizes that disagree; numbers that are not finite; rows that are not orthonormal to within 10⁻⁹; an eigenvalue
    /// of more than 10¹².
    pub fn from_eigen(minimum: Vec<f64>, rates: Vec<f64>, directions: Array2<f64>) -> Result<Self> {
        check_square("eigenvectors of H", directions.view(), minimum.len())?;
        let products = directions.dot(&directions.t());
        let wrong = |((i, j), product): &((usize, usize), &f64)| {
            let whole = f64::from(u8::from(i == j));
            product.is_nan() || (*product - whole).abs() > ORTHONORMAL
        };
        if let Some(((i, j), product)) = products.indexed_iter().find(wrong) {
            return Err(Error::parameter(
                "eigenvectors of H",
                "rows of length 1 at right angles, to within 1e-9",
                format!("rows {i} and {j} with product {product}"),
            ));
        }
        Self::checked(minimum, rates, Some(directions))
    }

    fn checked(minimum: Vec<f64>, rates: Vec<f64>, directions: Option<Array2<f64>>) -> Result<Self> {
        if minimum.is_empty() {
            let cure = "give m, one number a unit";
            return Err(Error::Empty { what: "units of the potential".into(), cure: cure.into() });
        }
        if rates.len() != minimum.len() {
            return Err(Error::shape(
                "eigenvalues of H",
                format!("one for each of {} units of m", minimum.len()),
                rates.len().to_string(),
                "give as many as units",
            ));
        }
        if let Some(m) = minimum.iter().find(|m| !m.is_finite()) {
            return Err(Error::parameter("m of the potential", "finite numbers", m));
        }
        let steep = |h: &&f64| h.is_nan() || h.abs() > STEEPEST;
        match rates.iter().find(steep) {
            Some(h) => {
                Err(Error::parameter("H", format!("eigenvalues from -{STEEPEST:e} to {STEEPEST:e}"), h))
            }
            None => Ok(Quadratic { minimum, rates, directions }),
        }
    }

    /// The stationary point m.
    pub fn minimum(&self) -> &[f64] {
        &self.minimum
    }

    /// The eigenvalues h_i of H.
    pub fn rates(&self) -> &[f64] {
        &self.rates
    }

    /// The eigenvectors of H, one a row. `None` if H is diagonal, so that they are the units.
    pub fn directions(&self) -> Option<ArrayView2<'_, f64>> {
        self.directions.as_ref().map(|d| d.view())
    }

    /// H, D × D.
    pub fn matrix(&self) -> Array2<f64> {
        let Some(directions) = &self.directions else {
            return Array2::from_diag(&ArrayView1::from(&self.rates));
        };
        let mut scaled = directions.clone();
        for (mut row, h) in scaled.axis_iter_mut(Axis(0)).zip(&self.rates) {
            row *= *h;
        }
        directions.t().dot(&scaled)
    }

    /// The potential over coordinates that begin at `origin` and are `scale` times as large.
    pub(crate) fn moved(&self, origin: &[f64], scale: f64) -> Self {
        let minimum = self.minimum.iter().zip(origin).map(|(m, o)| scale * (m - o)).collect();
        Quadratic { minimum, ..self.clone() }
    }
}

fn check_square(what: &str, matrix: ArrayView2<f64>, units: usize) -> Result<()> {
    if matrix.dim() != (units, units) {
        return Err(Error::shape(
            what,
            format!("{units} x {units}, as m has {units} units"),
            format!("{} x {}", matrix.nrows(), matrix.ncols()),
            "give one row and one column a unit",
        ));
    }
    match matrix.indexed_iter().find(|(_, h)| !h.is_finite()) {
        Some(((row, unit), found)) => Err(Error::NotFinite {
            what: what.into(),
            found: found.to_string(),
            row,
            unit,
            cure: "give finite numbers".into(),
        }),
        None => Ok(()),
    }
}

impl Potential for Quadratic {
    fn dim(&self) -> usize {
        self.minimum.len()
    }

    fn value(&self, x: &[f64]) -> Result<f64> {
        let gradient = self.gradient(x)?;
        Ok(0.5 * gradient.iter().zip(x).zip(&self.minimum).map(|((g, x), m)| g * (x - m)).sum::<f64>())
    }

    fn gradient(&self, x: &[f64]) -> Result<Vec<f64>> {
        let away: Vec<f64> = x.iter().zip(&self.minimum).map(|(x, m)| x - m).collect();
        let Some(directions) = &self.directions else {
            return Ok(away.iter().zip(&self.rates).map(|(d, h)| h * d).collect());
        };
        let mut along = directions.dot(&ArrayView1::from(&away));
        along *= &ArrayView1::from(&self.rates);
        Ok(along.dot(directions).to_vec())
    }

    fn hessian(&self, _x: &[f64]) -> Result<Curvature> {
        Ok(match self.directions {
            Some(_) => Curvature::Full(self.matrix()),
            None => Curvature::Diagonal(self.rates.clone()),
        })
    }
}
