//! Lines, planes and subspaces of higher dimension, with Gaussian coordinates or unbounded.

use std::f64::consts::TAU;

use ndarray::{Array1, Array2, ArrayView1, Axis, Zip, concatenate};

use super::frame::{Frame, norm};
use super::jacobi::orthogonalise;
use super::{Moments, Shape, ShapeMoments, finite};
use crate::error::{Error, Result};
use crate::noise::Stream;

/// A coordinate is projected to at most this many standard deviations from the origin.
const REACH: f64 = 3.0;

/// An affine subspace whose coordinates are Gaussian, or flat and so unbounded.
///
/// ```text
/// y = o + Uᵀu,   u_i ~ N(0, τ_i²)
/// log-sum = Σ_i [−½ ln(1 + τ_i²/σ²) − u_i²/2(τ_i² + σ²)] − ‖z_⊥‖²/2σ²,   u = U(z − o)
/// E[u_i | z] = u_i τ_i²/(τ_i² + σ²),   Var[u_i | z] = τ_i²σ²/(τ_i² + σ²)
/// ```
///
/// A flat direction (τ_i = ∞) is a measure and not a density: it has measure 1 per unit length, so it only adds ½ ln
/// 2πσ² to the log-sum. Without directions the shape is a point; with D of them it can be any Gaussian. O(kD) for
/// each state. (Ambrogioni 2023, section 5.2; probabilistic principal components, Tipping & Bishop 1999.)
///
/// ```
/// use attractor::energies::shapes::{Shape, Subspace};
/// use ndarray::array;
/// let line = Subspace::new(vec![0.0, 1.0], array![[1.0, 0.0]], vec![2.0])?;
/// let mut mean = [0.0; 2];
/// line.read(&[4.0, 5.0], 2.0, &mut mean);
/// assert_eq!(mean, [2.0, 1.0]);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Subspace {
    frame: Frame,
    deviations: Vec<f64>,
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
            None => Ok(Subspace { frame, deviations, log_density: 0.0 }),
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

    fn place(&self, along: impl Iterator<Item = f64>, y: &mut [f64]) {
        self.frame.place(along.collect::<Array1<f64>>().view(), y);
    }
}

/// τ²/(τ² + σ²)
fn shrinkage(tau: f64, sigma: f64) -> f64 {
    if tau.is_infinite() { 1.0 } else { 1.0 / (1.0 + (sigma / tau).powi(2)) }
}

/// τσ/√(τ² + σ²)
fn posterior_deviation(tau: f64, sigma: f64) -> f64 {
    if tau.is_infinite() { sigma } else { tau / (tau / sigma).hypot(1.0) }
}

/// ln ∫ exp(−(u − v)²/2σ²) N(v; 0, τ²) dv. For a flat direction the integral is over dv alone.
fn log_sum(u: f64, tau: f64, sigma: f64) -> f64 {
    if tau.is_infinite() {
        return 0.5 * TAU.ln() + sigma.ln();
    }
    let ratio = tau / sigma;
    let volume = if ratio < 1.0 { 0.5 * (ratio * ratio).ln_1p() } else { ratio.hypot(1.0).ln() };
    -volume - 0.5 * (u / tau.hypot(sigma)).powi(2)
}

impl Shape for Subspace {
    fn dim(&self) -> usize {
        self.frame.dim()
    }

    fn read(&self, z: &[f64], sigma: f64, mean: &mut [f64]) -> ShapeMoments {
        let (u, across) = self.frame.coordinates(z);
        let each = || u.iter().zip(&self.deviations);
        self.place(each().map(|(u, &tau)| u * shrinkage(tau, sigma)), mean);
        let along: f64 = each().map(|(&u, &tau)| log_sum(u, tau, sigma)).sum();
        let variance: f64 = self.deviations.iter().map(|&tau| posterior_deviation(tau, sigma).powi(2)).sum();
        ShapeMoments {
            log_sum: finite(self.log_density + along - 0.5 * (across / sigma).powi(2)),
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
        let (u, _) = self.frame.coordinates(z);
        let along = u
            .iter()
            .zip(&self.deviations)
            .map(|(u, &tau)| u * shrinkage(tau, sigma) + posterior_deviation(tau, sigma) * stream.normal());
        self.place(along, y);
        Ok(())
    }

    /// A Gaussian coordinate counts as part of the shape up to 3 standard deviations from the origin.
    fn project(&self, z: &[f64], y: &mut [f64]) {
        let (u, _) = self.frame.coordinates(z);
        let along = u.iter().zip(&self.deviations).map(|(u, tau)| u.clamp(-REACH * tau, REACH * tau));
        self.place(along, y);
    }

    fn moments(&self) -> Moments {
        let finite = self.deviations.iter().filter(|tau| tau.is_finite());
        let unbounded = self.deviations.contains(&f64::INFINITY);
        Moments { mean: self.frame.origin.clone(), variance: finite.map(|tau| tau * tau).sum(), unbounded }
    }

    /// The image is always a subspace: S Uᵀ diag(τ) has new axes and deviations. Flat directions keep their measure,
    /// so the density falls by their change of volume. Components that a Gaussian direction gains along flat ones
    /// have no effect.
    fn stretch(&self, factors: &[f64]) -> Option<Box<dyn Shape>> {
        let factors = ArrayView1::from(factors);
        let all = match &self.frame.directions {
            Some(directions) => directions * &factors,
            None => Array2::from_diag(&factors),
        };
        let (flat, gaussian): (Vec<usize>, Vec<usize>) =
            (0..all.nrows()).partition(|&i| self.deviations[i].is_infinite());
        let mut flats = all.select(Axis(0), &flat);
        let volumes = orthogonalise(&mut flats);
        let mut gaussians = all.select(Axis(0), &gaussian);
        for (mut row, &i) in gaussians.outer_iter_mut().zip(&gaussian) {
            row *= self.deviations[i];
        }
        for _ in 0..2 {
            gaussians = &gaussians - &gaussians.dot(&flats.t()).dot(&flats);
        }
        let mut deviations = orthogonalise(&mut gaussians);
        deviations.extend(flat.iter().map(|_| f64::INFINITY));
        let directions = concatenate(Axis(0), &[gaussians.view(), flats.view()]).ok()?;
        let origin = Zip::from(&self.frame.origin).and(&factors).map_collect(|o, f| o * f).to_vec();
        Some(Box::new(Subspace {
            frame: Frame { origin, directions: Some(directions) },
            deviations,
            log_density: self.log_density - volumes.iter().map(|v| v.ln()).sum::<f64>(),
        }))
    }
}

/// ‖v‖²
pub(super) fn square(v: &[f64]) -> f64 {
    norm(ArrayView1::from(v)).powi(2)
}
