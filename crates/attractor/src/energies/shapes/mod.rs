//! Memories that are more than points: lines, curves, surfaces and their neighbourhoods, in closed form.
//!
//! A shape is a probability measure p over patterns y (or, for a flat one, a measure without end). All that
//! recall needs of it is its noised density and its posterior mean at each level; a
//! mixture makes one memory of many (Ambrogioni 2023, section 5.2, Eq. 23). A shape is
//! one file here and one line in the tests' zoo.

mod bessel;
mod frame;
mod jacobi;
mod legendre;
mod segment;
mod sphere;
mod subspace;

pub use segment::Segment;
pub use sphere::Sphere;
pub use subspace::Subspace;

use std::fmt::Debug;

use crate::error::Result;
use crate::noise::Stream;

/// An extended memory.
///
/// States are `f64` slices of [`dim`](Shape::dim) units; 0 < σ < ∞ unless said otherwise. Everything stays
/// finite from σ = 10⁻¹² to 10¹², however far z is from the shape.
pub trait Shape: Debug + Send + Sync {
    /// Units a state, D.
    fn dim(&self) -> usize;

    /// Reads the shape at z = y + σε: writes the posterior mean E[y | z] to `mean`.
    fn read(&self, z: &[f64], sigma: f64, mean: &mut [f64]) -> ShapeMoments;

    /// A sample of y given z at level σ, written to `y`; at σ = ∞ a sample of the shape itself.
    ///
    /// # Errors
    /// σ = ∞ for a shape without end.
    fn draw(&self, z: &[f64], sigma: f64, stream: &mut Stream, y: &mut [f64]) -> Result<()>;

    /// Writes the point of the shape nearest to z to `y`.
    fn project(&self, z: &[f64], y: &mut [f64]);

    /// Where it is and how large.
    fn moments(&self) -> Moments;

    /// The image of this shape when each unit is multiplied by its own factor ≠ 0: the measure carried along.
    /// `None` if the image is no shape of a known kind.
    fn stretch(&self, factors: &[f64]) -> Option<Box<dyn Shape>>;
}

/// What a shape says at one noisy state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShapeMoments {
    /// ln ∫ exp(−‖z − y‖²/2σ²) p(dy): the log of the noised density but for −(D/2) ln 2πσ².
    pub log_sum: f64,
    /// Posterior second moment E[‖y‖² | z].
    pub second: f64,
}

/// Mean and total variance of a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// The mean, D numbers; of a shape without end, its origin.
    pub mean: Vec<f64>,
    /// E‖y − mean‖²; directions without end do not count.
    pub variance: f64,
    /// Whether it has directions without end.
    pub unbounded: bool,
}

/// A log-sum so far down that it left the number range is the lowest number.
fn finite(log_sum: f64) -> f64 {
    log_sum.clamp(f64::MIN, f64::MAX)
}
