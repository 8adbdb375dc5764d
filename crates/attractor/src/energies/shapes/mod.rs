//! Memories that are more than points: lines, curves, surfaces and their neighbourhoods, in closed form.
//!
//! A shape is a probability measure p over patterns y (a flat shape is an unbounded measure). Recall only needs its
//! density with noise and its posterior mean at each level. A mixture joins many shapes into one memory (Ambrogioni
//! 2023, section 5.2, Eq. 23). To add a shape, add one file here and one line in the tests' zoo.

mod bessel;
mod frame;
mod jacobi;
mod segment;
mod sphere;
mod subspace;

pub use segment::Segment;
pub use sphere::Sphere;
pub use subspace::Subspace;
pub(super) use subspace::{posterior_deviation, shrinkage};

use std::fmt::Debug;

use ndarray::ArrayView2;

use crate::error::Result;
use crate::noise::Stream;

/// A memory that is more than a point.
///
/// States are `f64` slices of [`dim`](Shape::dim) units; 0 < σ < ∞ unless said otherwise. All results are finite from
/// σ = 10⁻¹² to 10¹², at any distance of z from the shape.
pub trait Shape: Debug + Send + Sync {
    /// The number of units in a state, D.
    fn dim(&self) -> usize;

    /// Reads the shape at z = y + σε, and writes the posterior mean E[y | z] to `mean`.
    fn read(&self, z: &[f64], sigma: f64, mean: &mut [f64]) -> ShapeMoments;

    /// Draws a sample of y given z at level σ, and writes it to `y`. At σ = ∞ it is a sample of the shape itself.
    ///
    /// # Errors
    /// σ = ∞ for an unbounded shape.
    fn draw(&self, z: &[f64], sigma: f64, stream: &mut Stream, y: &mut [f64]) -> Result<()>;

    /// Writes the point of the shape that is nearest to z to `y`.
    fn project(&self, z: &[f64], y: &mut [f64]);

    /// The mean and the variance.
    fn moments(&self) -> Moments;

    /// This shape in the coordinates along orthonormal `directions` (D × D, one a row): it is turned, and keeps its
    /// measure. `None` if that is not known.
    fn turn(&self, directions: ArrayView2<f64>) -> Option<Box<dyn Shape>> {
        let _ = directions;
        None
    }

    /// The shape as a Gaussian, if it is one.
    fn gaussian(&self) -> Option<&Subspace> {
        None
    }

    /// The image of this shape, with its measure, when each unit is multiplied by its own factor ≠ 0. `None` if the
    /// image is not a shape of a known kind.
    fn stretch(&self, factors: &[f64]) -> Option<Box<dyn Shape>>;
}

/// The read of a shape at one noisy state, besides the posterior mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShapeMoments {
    /// ln ∫ exp(−‖z − y‖²/2σ²) p(dy): the log of the density with noise, without the term −(D/2) ln 2πσ².
    pub log_sum: f64,
    /// The posterior second moment E[‖y‖² | z].
    pub second: f64,
}

/// The mean and the total variance of a shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// The mean, D numbers. For an unbounded shape it is the origin.
    pub mean: Vec<f64>,
    /// The variance E‖y − mean‖². Unbounded directions are left out.
    pub variance: f64,
    /// Whether it has unbounded directions.
    pub unbounded: bool,
}

/// Replaces a log-sum that underflowed to −∞ by the lowest number.
pub(super) fn finite(log_sum: f64) -> f64 {
    log_sum.clamp(f64::MIN, f64::MAX)
}
