//! Noise-injection dynamics with a potential: dx = −∇V(x) dτ + σ(τ) dW (Ambrogioni 2023, Eq. 15).
//!
//! The paper writes the drift as +∇v, so its v is −V. Here V is a potential that confines states where it curves
//! upward. With a [`Quadratic`] potential the noised memories are known exactly ([`UnitNoise`],
//! [`Correlated`](crate::energies::Correlated)). With any other [`Potential`] they are known for short times
//! ([`Linearised`](crate::energies::Linearised)).

mod amplitude;
mod check;
mod double_well;
mod function;
mod quadratic;
mod unit_noise;

pub use amplitude::Amplitude;
pub use check::check_conservative;
pub(crate) use check::{gradient_at, hessian_at};
pub use double_well::DoubleWell;
pub use function::FromFunctions;
pub use quadratic::Quadratic;
pub use unit_noise::{UnitLevels, UnitNoise};

use std::fmt::Debug;
use std::sync::Arc;

use ndarray::Array2;

use crate::error::Result;

/// A potential V over states of D units. The noising drift is −∇V.
///
/// A drift that is not the gradient of a potential has none, and noise that depends on the state is not part of Eq. 15.
/// Both are outside this trait: see [`check_conservative`].
///
/// ```
/// use attractor::potentials::{Curvature, Potential};
/// use attractor::Result;
///
/// /// V = ln cosh x in each unit: it pulls with a force of at most 1.
/// #[derive(Debug)]
/// struct Soft(usize);
/// impl Potential for Soft {
///     fn dim(&self) -> usize {
///         self.0
///     }
///     fn value(&self, x: &[f64]) -> Result<f64> {
///         Ok(x.iter().map(|x| x.cosh().ln()).sum())
///     }
///     fn gradient(&self, x: &[f64]) -> Result<Vec<f64>> {
///         Ok(x.iter().map(|x| x.tanh()).collect())
///     }
///     fn hessian(&self, x: &[f64]) -> Result<Curvature> {
///         Ok(Curvature::Diagonal(x.iter().map(|x| 1.0 - x.tanh().powi(2)).collect()))
///     }
/// }
/// attractor::potentials::check_conservative(&Soft(2), &[0.3, -1.2])?;
/// # Ok::<(), attractor::Error>(())
/// ```
pub trait Potential: Debug + Send + Sync {
    /// The number of units in a state, D.
    fn dim(&self) -> usize;

    /// V(x).
    ///
    /// # Errors
    /// Those of a caller's own function.
    fn value(&self, x: &[f64]) -> Result<f64>;

    /// ∇V(x), D numbers.
    ///
    /// # Errors
    /// Those of a caller's own function.
    fn gradient(&self, x: &[f64]) -> Result<Vec<f64>>;

    /// The Hessian ∇²V(x), which is symmetric.
    ///
    /// # Errors
    /// Those of a caller's own function.
    fn hessian(&self, x: &[f64]) -> Result<Curvature>;
}

/// The Hessian of a potential at one state.
#[derive(Clone, Debug, PartialEq)]
pub enum Curvature {
    /// Of a potential that is a sum over units: D numbers.
    Diagonal(Vec<f64>),
    /// D × D numbers, symmetric.
    Full(Array2<f64>),
}

/// The form of a potential.
#[derive(Clone, Debug)]
pub enum Form {
    /// A quadratic form, for which everything is exact.
    Quadratic(Quadratic),
    /// A double well in each unit.
    DoubleWell(DoubleWell),
    /// Any other potential.
    Other(Arc<dyn Potential>),
}

impl Form {
    /// The number of units in a state, if the potential fixes it.
    pub fn dim(&self) -> Option<usize> {
        match self {
            Form::Quadratic(quadratic) => Some(Potential::dim(quadratic)),
            Form::DoubleWell(_) => None,
            Form::Other(potential) => Some(potential.dim()),
        }
    }
}

/// A noise-injection dynamics: its potential V and its noise σ(τ).
///
/// ```
/// use attractor::potentials::{Amplitude, Form, Noising, Quadratic};
/// use ndarray::array;
/// // Two units that are pulled to 0, and to each other.
/// let quadratic = Quadratic::new(vec![0.0; 2], array![[1.0, -0.6], [-0.6, 1.0]].view())?;
/// let noising = Noising { form: Form::Quadratic(quadratic), amplitude: Amplitude::constant(1.0)? };
/// assert_eq!(noising.form.dim(), Some(2));
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Noising {
    /// The potential.
    pub form: Form,
    /// The noise σ(τ).
    pub amplitude: Amplitude,
}

impl PartialEq for Noising {
    /// Whether both are the same numbers. Functions are equal if they are the same object.
    fn eq(&self, other: &Self) -> bool {
        let forms = match (&self.form, &other.form) {
            (Form::Quadratic(a), Form::Quadratic(b)) => a == b,
            (Form::DoubleWell(a), Form::DoubleWell(b)) => a == b,
            (Form::Other(a), Form::Other(b)) => Arc::ptr_eq(a, b),
            _ => false,
        };
        forms && self.amplitude == other.amplitude
    }
}
