//! A double well in each unit.

use super::{Curvature, Potential};
use crate::error::Result;
use crate::options::NumberRange;

/// V(x) = Σ_j (a/4) (x_j² − w²)², with wells at ±w and a barrier of a w⁴/4 between them.
///
/// ∇V = a x (x² − w²), and the Hessian is diagonal: a (3x² − w²).
///
/// ```
/// use attractor::potentials::DoubleWell;
/// let wells = DoubleWell::new(1.0, 1.0)?;
/// assert_eq!((wells.force(0.5), wells.curvature(1.0)), (-0.375, 2.0));
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DoubleWell {
    strength: f64,
    well: f64,
}

impl DoubleWell {
    /// Wells at ±`well` (10⁻⁶ to 10⁶) of strength a (10⁻⁶ to 10⁶).
    ///
    /// # Errors
    /// A number outside its range.
    pub fn new(strength: f64, well: f64) -> Result<Self> {
        let range = NumberRange::between(1e-6, 1e6);
        range.check("strength of the double well", strength)?;
        range.check("well of the double well", well)?;
        Ok(DoubleWell { strength, well })
    }

    /// The strength a.
    pub fn strength(&self) -> f64 {
        self.strength
    }

    /// The place w of the wells.
    pub fn well(&self) -> f64 {
        self.well
    }

    /// V of one unit.
    pub fn potential(&self, x: f64) -> f64 {
        self.strength / 4.0 * (x * x - self.well * self.well).powi(2)
    }

    /// dV/dx of one unit.
    pub fn force(&self, x: f64) -> f64 {
        self.strength * x * (x * x - self.well * self.well)
    }

    /// d²V/dx² of one unit.
    pub fn curvature(&self, x: f64) -> f64 {
        self.strength * (3.0 * x * x - self.well * self.well)
    }

    /// The potential over states of `dim` units.
    pub fn over(self, dim: usize) -> impl Potential {
        Wells { each: self, dim }
    }
}

/// A double well in each of some units.
#[derive(Debug)]
struct Wells {
    each: DoubleWell,
    dim: usize,
}

impl Potential for Wells {
    fn dim(&self) -> usize {
        self.dim
    }

    fn value(&self, x: &[f64]) -> Result<f64> {
        Ok(x.iter().map(|&x| self.each.potential(x)).sum())
    }

    fn gradient(&self, x: &[f64]) -> Result<Vec<f64>> {
        Ok(x.iter().map(|&x| self.each.force(x)).collect())
    }

    fn hessian(&self, x: &[f64]) -> Result<Curvature> {
        Ok(Curvature::Diagonal(x.iter().map(|&x| self.each.curvature(x)).collect()))
    }
}
