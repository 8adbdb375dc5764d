//! Lines, planes, subspaces of higher dimension and Gaussians of any covariance.

use std::f64::consts::TAU;

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, Zip, aview1, concatenate};

use super::frame::{Frame, norm};
use super::jacobi::orthogonalise;
use super::{Moments, Shape, ShapeMoments, finite};
use crate::error::{Error, Result};
use crate::linear::{Axes, Eigen};
use crate::noise::Stream;

/// A coordinate is projected to at most this many standard deviations from the origin.
const REACH: f64 = 3.0;

/// Eigenvalues of a covariance below this share of the largest one, times the number of units, are rounding.
const ROUNDING: f64 = 1e-14;

/// An affine subspace whose coordinates are Gaussian, or flat and so unbounded; with thickness, a Gaussian of any
/// covariance.
///
/// ```text
/// y = o + Uᵀu + (I − UᵀU)v,   u_i ~ N(0, τ_i²),   v ~ N(0, s²I)
/// log-sum = Σ_i [−½ ln(1 + τ_i²/σ²) − u_i²/2(τ_i² + σ²)]
///           − (D − k)/2 · ln(1 + s²/σ²) − ‖z_⊥‖²/2(s² + σ²),   u = U(z − o)
/// E[u_i | z] = u_i τ_i²/(τ_i² + σ²),   Var[u_i | z] = τ_i²σ²/(τ_i² + σ²)
/// ```
///
/// The k rows of U are the directions. Their deviations are τ_i; s is the thickness, the standard deviation in every
/// direction at right angles to them (default 0). So the covariance is Uᵀ diag(τ²) U + s²(I − UᵀU). A flat direction
/// (τ_i = ∞) is a measure and not a density: it has measure 1 per unit length, so it only adds ½ ln 2πσ² to the
/// log-sum. Without directions and thickness the shape is a point. O(kD) for each state. (Ambrogioni 2023, section 5.2;
/// with thickness: probabilistic principal components, Tipping & Bishop 1999, Eq. 6.)
///
/// ```
/// use attractor::energies::shapes::{Shape, Subspace};
/// use ndarray::array;
/// let line = Subspace::new(vec![0.0, 1.0], array![[1.0, 0.0]], vec![2.0])?;
/// let mut mean = [0.0; 2];
/// line.read(&[4.0, 5.0], 2.0, &mut mean);
/// assert_eq!(mean, [2.0, 1.0]);
/// line.with_thickness(1.0)?.read(&[4.0, 6.0], 2.0, &mut mean);
/// assert_eq!(mean, [2.0, 2.0]);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Subspace {
    frame: Frame,
    deviations: Vec<f64>,
    thickness: f64,
    /// The log of the measure per unit volume of the flat directions.
    log_density: f64,
}

impl Subspace {
    /// The subspace through `origin` (D) along `directions` (k × D orthonormal rows, 0 ≤ k ≤ D) with
    /// these `deviations` τ (k numbers > 0; infinite for a flat direction).
    ///
    /// # Errors
    /// Sizes that disagree; rows that are not orthonormal to within 1e-9; τ ≤ 0; numbers that are not finite.
    pub fn new(origin: Vec<f64>, directions: Array2<f64>, deviations: Vec<f64>) -> Result<Self> {
        let frame = Frame::new("origin", origin, directions)?;
        if deviations.len() != frame.count() {
            return Err(Error::shape(
                "deviations",
                format!("one for each of {} directions", frame.count()),
                format!("{}", deviations.len()),
                "give every direction its own",
            ));
        }
        match deviations.iter().find(|&&tau| tau.is_nan() || tau <= 0.0) {
            Some(tau) => Err(Error::parameter("deviations", "numbers > 0, or infinite", tau)),
            None => Ok(Subspace { frame, deviations, thickness: 0.0, log_density: 0.0 }),
        }
    }

    /// The flat subspace through `origin` along `directions`, with measure 1 per unit of k-volume.
    ///
    /// # Errors
    /// Those of [`new`](Subspace::new).
    pub fn flat(origin: Vec<f64>, directions: Array2<f64>) -> Result<Self> {
        let deviations = vec![f64::INFINITY; directions.nrows()];
        Subspace::new(origin, directions, deviations)
    }

    /// The same subspace with this standard deviation in every direction at right angles to its own (finite, ≥ 0).
    ///
    /// # Errors
    /// A thickness that is negative or not finite.
    pub fn with_thickness(mut self, thickness: f64) -> Result<Self> {
        if !(thickness.is_finite() && thickness >= 0.0) {
            return Err(Error::parameter("thickness", "a finite number ≥ 0", thickness));
        }
        self.thickness = if self.is_thick(thickness) { thickness } else { 0.0 };
        Ok(self)
    }

    /// The Gaussian with this mean (D) and covariance (D × D, symmetric). Its directions are the eigenvectors whose
    /// eigenvalue is above rounding, by descending eigenvalue. Cost: about 9 D³ operations.
    ///
    /// ```
    /// use attractor::energies::shapes::Subspace;
    /// use ndarray::array;
    /// let gaussian = Subspace::from_covariance(vec![0.0, 0.0], array![[5.0, 4.0], [4.0, 5.0]].view())?;
    /// assert!((gaussian.deviations()[0] - 3.0).abs() < 1e-14 && (gaussian.deviations()[1] - 1.0).abs() < 1e-14);
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// A mean of another width; a covariance that is not finite, not symmetric, or has a negative eigenvalue.
    pub fn from_covariance(mean: Vec<f64>, covariance: ArrayView2<f64>) -> Result<Self> {
        if covariance.dim() != (mean.len(), mean.len()) {
            return Err(Error::shape(
                "covariance",
                format!("{0} × {0}, as the mean has {0} units", mean.len()),
                format!("{} × {}", covariance.nrows(), covariance.ncols()),
                "give a row and a column for each unit",
            ));
        }
        let Eigen { values, vectors } = Eigen::new(covariance)?;
        let rounding =
            ROUNDING * values.len() as f64 * values.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        if let Some(negative) = values.iter().find(|&&value| value < -rounding) {
            let expected = "a covariance, which has no negative eigenvalue";
            return Err(Error::parameter("covariance", expected, format!("the eigenvalue {negative:e}")));
        }
        let rank = values.iter().take_while(|&&value| value > rounding).count();
        let deviations = values[..rank].iter().map(|value| value.sqrt()).collect();
        Subspace::new(mean, vectors.slice_move(ndarray::s![..rank, ..]), deviations)
    }

    /// The origin, which is the mean unless a direction is flat; D numbers.
    pub fn origin(&self) -> &[f64] {
        &self.frame.origin
    }

    /// The directions, k × D orthonormal rows.
    pub fn directions(&self) -> ArrayView2<'_, f64> {
        self.frame.directions.as_ref().expect("a subspace names its directions").view()
    }

    /// The standard deviation along each direction; infinite for a flat one.
    pub fn deviations(&self) -> &[f64] {
        &self.deviations
    }

    /// The standard deviation in every direction at right angles to the directions.
    pub fn thickness(&self) -> f64 {
        self.thickness
    }

    /// The covariance, D × D. `None` if a direction is flat.
    pub fn covariance(&self) -> Option<Array2<f64>> {
        if self.deviations.contains(&f64::INFINITY) {
            return None;
        }
        let directions = self.directions();
        let own = self.thickness * self.thickness;
        let excess: Array1<f64> = self.deviations.iter().map(|tau| tau * tau - own).collect();
        let mut covariance = (&directions.t() * &excess).dot(&directions);
        covariance.diag_mut().mapv_inplace(|x| x + own);
        Some(covariance)
    }

    /// Whether it has this thickness in any direction.
    fn is_thick(&self, thickness: f64) -> bool {
        thickness > 0.0 && self.frame.count() < self.frame.dim()
    }

    /// The number of directions in which it has its thickness, D − k.
    fn across(&self) -> f64 {
        (self.frame.dim() - self.frame.count()) as f64
    }

    fn place(&self, along: impl Iterator<Item = f64>, y: &mut [f64]) {
        self.frame.place(along.collect::<Array1<f64>>().view(), y);
    }

    /// The image of its Gaussian part: axes in rows, and their deviations. The part along `flats` is left out.
    fn gaussian_image(
        &self,
        factors: ArrayView1<f64>,
        flats: &Array2<f64>,
    ) -> Option<(Array2<f64>, Vec<f64>)> {
        let own: Vec<usize> =
            (0..self.deviations.len()).filter(|&i| self.deviations[i].is_finite()).collect();
        let mut rows = self.directions().select(Axis(0), &own) * factors;
        for (mut row, &i) in rows.outer_iter_mut().zip(&own) {
            row *= self.deviations[i];
        }
        let thick = self.thickness > 0.0;
        if thick {
            // s(I − UᵀU), whose product with itself is s² times the projection.
            let directions = self.directions();
            let across = (Array2::eye(self.frame.dim()) - directions.t().dot(&directions)) * self.thickness;
            rows = concatenate(Axis(0), &[rows.view(), (across * factors).view()]).ok()?;
        }
        for _ in 0..2 {
            rows = &rows - &rows.dot(&flats.t()).dot(flats);
        }
        if !thick {
            let deviations = orthogonalise(&mut rows);
            return Some((rows, deviations));
        }
        let Axes { mut lengths, mut directions } = Axes::of(rows.view()).ok()?;
        lengths.truncate(self.frame.dim() - flats.nrows());
        directions.slice_collapse(ndarray::s![..lengths.len(), ..]);
        // A factor that underflows would leave no deviation.
        lengths.iter_mut().for_each(|length| *length = length.max(f64::MIN_POSITIVE));
        Some((directions, lengths))
    }
}

/// τ²/(τ² + σ²)
pub(in crate::energies) fn shrinkage(tau: f64, sigma: f64) -> f64 {
    if tau.is_infinite() { 1.0 } else { 1.0 / (1.0 + (sigma / tau).powi(2)) }
}

/// τσ/√(τ² + σ²)
pub(in crate::energies) fn posterior_deviation(tau: f64, sigma: f64) -> f64 {
    if tau.is_infinite() { sigma } else { tau / (tau / sigma).hypot(1.0) }
}

/// ln ∫ exp(−(u − v)²/2σ²) N(v; 0, τ²) dv. For a flat direction the integral is over dv alone.
fn log_sum(u: f64, tau: f64, sigma: f64) -> f64 {
    if tau.is_infinite() {
        return 0.5 * TAU.ln() + sigma.ln();
    }
    -volume(tau, sigma) - 0.5 * (u / tau.hypot(sigma)).powi(2)
}

/// ½ ln(1 + τ²/σ²)
fn volume(tau: f64, sigma: f64) -> f64 {
    let ratio = tau / sigma;
    if ratio < 1.0 { 0.5 * (ratio * ratio).ln_1p() } else { ratio.hypot(1.0).ln() }
}

impl Shape for Subspace {
    fn dim(&self) -> usize {
        self.frame.dim()
    }

    fn read(&self, z: &[f64], sigma: f64, mean: &mut [f64]) -> ShapeMoments {
        let (u, rest) = self.frame.split(z);
        let each = || u.iter().zip(&self.deviations);
        self.place(each().map(|(u, &tau)| u * shrinkage(tau, sigma)), mean);
        let along: f64 = each().map(|(&u, &tau)| log_sum(u, tau, sigma)).sum();
        let mut variance: f64 =
            self.deviations.iter().map(|&tau| posterior_deviation(tau, sigma).powi(2)).sum();
        let mut across = rest.as_ref().map_or(0.0, |rest| norm(rest.view()));
        let mut lost = 0.0;
        if let (true, Some(rest)) = (self.thickness > 0.0, &rest) {
            let share = shrinkage(self.thickness, sigma);
            mean.iter_mut().zip(rest).for_each(|(m, r)| *m += share * r);
            variance += self.across() * posterior_deviation(self.thickness, sigma).powi(2);
            lost = self.across() * volume(self.thickness, sigma);
        }
        across /= self.thickness.hypot(sigma);
        ShapeMoments {
            log_sum: finite(self.log_density + along - lost - 0.5 * across.powi(2)),
            second: square(mean) + variance,
        }
    }

    fn draw(&self, z: &[f64], sigma: f64, stream: &mut Stream, y: &mut [f64]) -> Result<()> {
        if sigma.is_infinite() && self.deviations.contains(&f64::INFINITY) {
            return Err(Error::Undefined {
                model: "a flat subspace",
                what: "sample of its own",
                reason: "it has no end; start from a state at a finite noise level".into(),
            });
        }
        let (u, rest) = self.frame.split(z);
        let along = u
            .iter()
            .zip(&self.deviations)
            .map(|(u, &tau)| u * shrinkage(tau, sigma) + posterior_deviation(tau, sigma) * stream.normal());
        self.place(along, y);
        if let (true, Some(rest)) = (self.thickness > 0.0, rest) {
            let share = shrinkage(self.thickness, sigma);
            let deviation = posterior_deviation(self.thickness, sigma);
            let mut noise: Array1<f64> = y.iter().map(|_| stream.normal()).collect();
            self.frame.make_orthogonal(&mut noise);
            y.iter_mut().zip(&rest).zip(&noise).for_each(|((y, r), n)| *y += share * r + deviation * n);
        }
        Ok(())
    }

    /// A Gaussian coordinate counts as part of the shape up to 3 standard deviations from the origin. What is at right
    /// angles to all directions counts up to 3 thicknesses for each of D − k units, as a root mean square.
    fn project(&self, z: &[f64], y: &mut [f64]) {
        let (u, rest) = self.frame.split(z);
        let along = u.iter().zip(&self.deviations).map(|(u, tau)| u.clamp(-REACH * tau, REACH * tau));
        self.place(along, y);
        if let (true, Some(rest)) = (self.thickness > 0.0, rest) {
            let reach = REACH * self.thickness * self.across().sqrt();
            let distance = norm(rest.view());
            let share = if distance > reach { reach / distance } else { 1.0 };
            y.iter_mut().zip(&rest).for_each(|(y, r)| *y += share * r);
        }
    }

    fn gaussian(&self) -> Option<&Subspace> {
        (!self.deviations.contains(&f64::INFINITY)).then_some(self)
    }

    fn moments(&self) -> Moments {
        let finite = self.deviations.iter().filter(|tau| tau.is_finite());
        let unbounded = self.deviations.contains(&f64::INFINITY);
        let along: f64 = finite.map(|tau| tau * tau).sum();
        let variance = along + self.across() * self.thickness.powi(2);
        Moments { mean: self.frame.origin.clone(), variance, unbounded }
    }

    fn turn(&self, directions: ArrayView2<f64>) -> Option<Box<dyn Shape>> {
        Some(Box::new(Subspace { frame: self.frame.turned(directions), ..self.clone() }))
    }

    /// The image is always a subspace: S Uᵀ diag(τ) has new axes and deviations. A thick one becomes a Gaussian with D
    /// directions, unless all factors have one size. Flat directions keep their measure, so the density falls by their
    /// change of volume. Components that a Gaussian direction gains along flat ones have no effect.
    fn stretch(&self, factors: &[f64]) -> Option<Box<dyn Shape>> {
        let one = factors.first().map_or(1.0, |f| f.abs());
        let factors = aview1(factors);
        let origin = Zip::from(&self.frame.origin).and(&factors).map_collect(|o, f| o * f).to_vec();
        let flat: Vec<usize> =
            (0..self.deviations.len()).filter(|&i| self.deviations[i].is_infinite()).collect();
        let mut flats = self.directions().select(Axis(0), &flat) * factors;
        let volumes = orthogonalise(&mut flats);
        let log_density = self.log_density - volumes.iter().map(|v| v.ln()).sum::<f64>();
        if self.thickness > 0.0 && factors.iter().all(|f| f.abs() == one) {
            let directions = &self.directions() * &factors / one;
            return Some(Box::new(Subspace {
                frame: Frame { origin, directions: Some(directions) },
                deviations: self.deviations.iter().map(|tau| tau * one).collect(),
                thickness: self.thickness * one,
                log_density,
            }));
        }
        let (gaussians, mut deviations) = self.gaussian_image(factors, &flats)?;
        deviations.extend(flat.iter().map(|_| f64::INFINITY));
        let directions = concatenate(Axis(0), &[gaussians.view(), flats.view()]).ok()?;
        Some(Box::new(Subspace {
            frame: Frame { origin, directions: Some(directions) },
            deviations,
            thickness: 0.0,
            log_density,
        }))
    }
}

/// ‖v‖²
pub(super) fn square(v: &[f64]) -> f64 {
    norm(aview1(v)).powi(2)
}
