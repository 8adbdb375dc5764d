//! Circles, spheres and hyperspheres.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::bessel::{LARGEST, von_mises_fisher};
use super::frame::{Frame, norm};
use super::subspace::square;
use super::{Moments, Shape, ShapeMoments, finite};
use crate::error::{Error, Result};
use crate::noise::Stream;

/// The uniform distribution on a sphere of radius R around a centre c, in a k-dimensional subspace: two points
/// (k = 1), a circle (2), a sphere (3), …
///
/// ```text
/// log-sum = ln Γ(k/2) + (k/2 − 1) ln(2/κ) + ln e^{−κ}I_{k/2−1}(κ) − ((‖z_∥‖ − R)² + ‖z_⊥‖²)/2σ²
/// E[y | z] = c + R A_k(κ) z_∥/‖z_∥‖,   A_k = I_{k/2}/I_{k/2−1},   κ = R‖z_∥‖/σ²
/// ```
///
/// The posterior is a von Mises–Fisher distribution (Mardia & Jupp 2000, section 9.3). The first three terms are
/// computed together; their sum is 0 at κ = 0. O(kD) for each state, O(D) in the space of all units. (Ambrogioni
/// 2023, section 5.2.)
///
/// ```
/// use attractor::energies::shapes::{Shape, Sphere};
/// let circle = Sphere::full(vec![0.0, 0.0], 2.0)?;
/// let mut mean = [0.0; 2];
/// circle.read(&[3.0, 0.0], 1e-3, &mut mean);
/// assert!((mean[0] - 2.0).abs() < 1e-6 && mean[1] == 0.0);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sphere {
    frame: Frame,
    radius: f64,
}

impl Sphere {
    /// The sphere around `centre` (D) with this `radius` > 0, in the subspace of `directions` (k × D
    /// orthonormal rows, 1 ≤ k ≤ D).
    ///
    /// # Errors
    /// Sizes that disagree; no direction; rows that are not orthonormal to within 1e-9; a radius ≤ 0; numbers that
    /// are not finite.
    pub fn new(centre: Vec<f64>, radius: f64, directions: Array2<f64>) -> Result<Self> {
        if directions.nrows() == 0 {
            return Err(Error::parameter("directions", "at least one row", "none"));
        }
        Sphere::with(Frame::new("centre", centre, directions)?, radius)
    }

    /// The sphere in the space of all units, k = D.
    ///
    /// # Errors
    /// A radius ≤ 0; numbers that are not finite.
    pub fn full(centre: Vec<f64>, radius: f64) -> Result<Self> {
        Sphere::with(Frame::full("centre", centre)?, radius)
    }

    fn with(frame: Frame, radius: f64) -> Result<Self> {
        if radius > 0.0 && radius.is_finite() {
            Ok(Sphere { frame, radius })
        } else {
            Err(Error::parameter("radius", "a finite number > 0", radius))
        }
    }

    /// The direction of z within the subspace (the first direction if z has none), ‖z_∥‖ and ‖z_⊥‖.
    fn polar(&self, z: &[f64]) -> (Array1<f64>, f64, f64) {
        let (mut along, across) = self.frame.coordinates(z);
        let distance = norm(along.view());
        if distance > 0.0 {
            along /= distance;
        } else {
            along[0] = 1.0;
        }
        (along, distance, across)
    }

    fn kappa(&self, distance: f64, sigma: f64) -> f64 {
        ((self.radius / sigma) * (distance / sigma)).min(LARGEST)
    }
}

/// A sample of the density ∝ exp(κ cos θ) about the first axis, for k ≥ 1 (Ulrich 1984, corrected by Wood 1994).
///
/// A uniform point gives both the proposed latitude and the longitude. Everything is written in terms of 1 − cos θ,
/// so that κ can be of any size.
fn draw_about_first_axis(k: usize, kappa: f64, stream: &mut Stream) -> Array1<f64> {
    let mut point = Array1::zeros(k);
    if k == 1 {
        let ahead = stream.uniform() < 1.0 / (1.0 + (-2.0 * kappa).exp());
        point[0] = if ahead { 1.0 } else { -1.0 };
        return point;
    }
    let n = (k - 1) as f64;
    let b = n / (2.0 * kappa + n.hypot(2.0 * kappa));
    // 1 − x₀, with x₀ = (1 − b)/(1 + b) of Wood's algorithm.
    let delta = 2.0 * b / (1.0 + b);
    loop {
        point.mapv_inplace(|_: f64| stream.normal());
        let first = point[0];
        point[0] = 0.0;
        let across = norm(point.view());
        let length = first.hypot(across);
        // (1 − cos)/2 and (1 + cos)/2 of the uniform point. The smaller one is computed from the sine.
        let larger = 0.5 * (1.0 + first.abs() / length);
        let smaller = 0.25 * (across / length).powi(2) / larger;
        let (less, more) = if first >= 0.0 { (smaller, larger) } else { (larger, smaller) };
        let lack = 2.0 * b * less / (more + b * less);
        let log_ratio =
            kappa * (delta - lack) + n * ((delta + (1.0 - delta) * lack) / (delta * (2.0 - delta))).ln();
        if across > 0.0 && stream.uniform() < log_ratio.exp() {
            point *= (lack * (2.0 - lack)).sqrt() / across;
            point[0] = 1.0 - lack;
            return point;
        }
    }
}

/// Moves the first axis to `direction` (a unit vector), by a reflection, or by a reflection and a change of all
/// signs.
fn turn(point: &mut Array1<f64>, direction: ArrayView1<f64>) {
    let sign = if direction[0] > 0.0 { -1.0 } else { 1.0 };
    // The mirror between sign · direction and the first axis. The sign keeps the mirror vector from being short.
    let mut mirror = direction.mapv(|d| sign * d);
    mirror[0] -= 1.0;
    let factor = 2.0 * mirror.dot(point) / mirror.dot(&mirror);
    point.zip_mut_with(&mirror, |p, m| *p = sign * (*p - factor * m));
}

impl Shape for Sphere {
    fn dim(&self) -> usize {
        self.frame.dim()
    }

    fn read(&self, z: &[f64], sigma: f64, mean: &mut [f64]) -> ShapeMoments {
        let (mut direction, distance, across) = self.polar(z);
        let (log_sum, lack) = von_mises_fisher(self.frame.count(), self.kappa(distance, sigma));
        direction *= self.radius * (1.0 - lack);
        self.frame.place(direction.view(), mean);
        let (gap, across) = ((distance - self.radius) / sigma, across / sigma);
        // R²(1 − A²)
        let variance = self.radius * self.radius * lack * (2.0 - lack);
        ShapeMoments {
            log_sum: finite(log_sum - 0.5 * (gap * gap + across * across)),
            second: square(mean) + variance,
        }
    }

    fn draw(&self, z: &[f64], sigma: f64, stream: &mut Stream, y: &mut [f64]) -> Result<()> {
        let (direction, distance, _) = self.polar(z);
        let mut point = draw_about_first_axis(direction.len(), self.kappa(distance, sigma), stream);
        turn(&mut point, direction.view());
        point *= self.radius;
        self.frame.place(point.view(), y);
        Ok(())
    }

    fn project(&self, z: &[f64], y: &mut [f64]) {
        let (direction, ..) = self.polar(z);
        self.frame.place((direction * self.radius).view(), y);
    }

    fn moments(&self) -> Moments {
        Moments { mean: self.frame.origin.clone(), variance: self.radius * self.radius, unbounded: false }
    }

    fn turn(&self, directions: ArrayView2<f64>) -> Option<Box<dyn Shape>> {
        Some(Box::new(Sphere { frame: self.frame.turned(directions), ..self.clone() }))
    }

    /// The image is a sphere if all units in which it extends have the same factor. Otherwise it is an ellipsoid:
    /// `None`.
    fn stretch(&self, factors: &[f64]) -> Option<Box<dyn Shape>> {
        let extends = |unit: usize| match &self.frame.directions {
            Some(directions) => directions.column(unit).iter().any(|&d| d != 0.0),
            None => true,
        };
        let mut own = factors.iter().enumerate().filter(|&(unit, _)| extends(unit)).map(|(_, &f)| f);
        let factor = own.next()?;
        if own.any(|other| other != factor) {
            return None;
        }
        let mut image = self.clone();
        image.radius *= factor.abs();
        image.frame.origin.iter_mut().zip(factors).for_each(|(c, f)| *c *= f);
        Some(Box::new(image))
    }
}
