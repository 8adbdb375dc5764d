//! A potential made of the caller's own functions.

use std::fmt;

use super::{Curvature, Potential};
use crate::error::Result;

/// A potential made of functions of a state: V, its gradient and its Hessian.
///
/// ```
/// use attractor::potentials::{Curvature, FromFunctions, Potential};
/// let quartic = FromFunctions::new(
///     1,
///     |x: &[f64]| Ok(x[0].powi(4) / 4.0),
///     |x: &[f64]| Ok(vec![x[0].powi(3)]),
///     |x: &[f64]| Ok(Curvature::Diagonal(vec![3.0 * x[0] * x[0]])),
/// );
/// assert_eq!(quartic.gradient(&[2.0])?, [8.0]);
/// # Ok::<(), attractor::Error>(())
/// ```
pub struct FromFunctions<V, G, H> {
    dim: usize,
    value: V,
    gradient: G,
    hessian: H,
}

impl<V, G, H> FromFunctions<V, G, H> {
    /// A potential of `dim` units.
    pub fn new(dim: usize, value: V, gradient: G, hessian: H) -> Self {
        FromFunctions { dim, value, gradient, hessian }
    }
}

impl<V, G, H> fmt::Debug for FromFunctions<V, G, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FromFunctions").field("dim", &self.dim).finish_non_exhaustive()
    }
}

impl<V, G, H> Potential for FromFunctions<V, G, H>
where
    V: Fn(&[f64]) -> Result<f64> + Send + Sync,
    G: Fn(&[f64]) -> Result<Vec<f64>> + Send + Sync,
    H: Fn(&[f64]) -> Result<Curvature> + Send + Sync,
{
    fn dim(&self) -> usize {
        self.dim
    }

    fn value(&self, x: &[f64]) -> Result<f64> {
        (self.value)(x)
    }

    fn gradient(&self, x: &[f64]) -> Result<Vec<f64>> {
        (self.gradient)(x)
    }

    fn hessian(&self, x: &[f64]) -> Result<Curvature> {
        (self.hessian)(x)
    }
}
