//! Families: many memories of a mixture that are read together.

use std::fmt::Debug;

use super::cores::Reconstruction;
use super::shapes::{Moments, ShapeMoments};
use crate::error::Result;
use crate::noise::Stream;

/// Many memories that are read together because they share work, as the events of a [`Reconstruction`] do.
///
/// Weights of the members sum to 1, and are part of every log-sum. States are `f64` slices of [`dim`](Self::dim) units;
/// 0 < σ < ∞ unless said otherwise.
pub trait Family: Debug + Send + Sync {
    /// The number of units in a state, D.
    fn dim(&self) -> usize;

    /// The number of members.
    fn len(&self) -> usize;

    /// Whether there are no members. A family has at least one.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The label of a member.
    fn label(&self, member: usize) -> Option<&str>;

    /// The weights of the members, which sum to 1.
    fn weights(&self) -> Vec<f64>;

    /// Reads all members at z = y + σε, and writes the posterior mean E[y | z] to `mean`.
    fn read(&self, z: &[f64], sigma: f64, mean: &mut [f64]) -> ShapeMoments;

    /// The log-sum of each member, with the log of its weight. A member of negligible weight beside the largest can be
    /// −∞.
    fn log_sums(&self, z: &[f64], sigma: f64) -> Vec<f64>;

    /// Draws a sample of y given z at level σ and the member, and writes it to `y`. At σ = ∞ it is a sample of the
    /// member itself.
    ///
    /// # Errors
    /// σ = ∞ for an unbounded member.
    fn draw(&self, member: usize, z: &[f64], sigma: f64, stream: &mut Stream, y: &mut [f64]) -> Result<()>;

    /// Writes the point of a member that is nearest to z to `y`.
    fn project(&self, member: usize, z: &[f64], y: &mut [f64]);

    /// The mean and the variance of all together.
    fn moments(&self) -> Moments;

    /// The image when each unit is multiplied by its own factor ≠ 0.
    ///
    /// # Errors
    /// An image that cannot be computed to the accuracy of the numbers.
    fn stretch(&self, factors: &[f64]) -> Result<Box<dyn Family>>;

    /// The approximate number of operations of a read.
    fn work(&self) -> f64;

    /// What the members were made of, if they are events.
    fn reconstruction(&self) -> Option<&Reconstruction> {
        None
    }
}
