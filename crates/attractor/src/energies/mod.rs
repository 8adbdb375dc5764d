//! Landscapes: what a state costs, where it rolls, which way a unit flips, what a noisy state was.

mod decided;
mod dense;
mod log_sum_exp;
mod mixture;
mod narrow;
mod nearest;
mod points;
mod quadratic;
mod reader;
pub mod shapes;

pub use dense::{DenseEnergy, Interaction};
pub(crate) use log_sum_exp::BETAS;
pub use log_sum_exp::LogSumExp;
pub use mixture::{Component, Kind, LAST, Mixture};
pub use narrow::LEAST as NARROWED;
pub use nearest::Nearest;
pub(crate) use nearest::nearest_patterns;
pub use points::Points;
pub(crate) use points::beta;
pub use quadratic::Quadratic;
pub(crate) use reader::FullReader;
pub use reader::{FullRead, Reader, Reads};

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::kernels::Read;
use crate::noise::Stream;
use crate::real::Real;

/// A landscape over states. Recall goes downhill.
///
/// `level` is the noise level σ of each row, for landscapes that have one at each level; a landscape
/// that is the same at all levels ignores it.
pub trait Energy<F: Real>: Send + Sync {
    /// Units a state, D.
    fn dim(&self) -> usize;

    /// The energy of each row of `states` (B × D), at that row's level.
    fn energy(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Vec<f64>>;
}

/// A landscape with a slope.
pub trait Gradient<F: Real>: Energy<F> {
    /// ∇E at each row.
    fn gradient(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Array2<F>>;
}

/// A landscape over ±1 states, in which units change one at a time.
///
/// Nothing is required: the defaults compare energies. Overrides are only faster (a law holds every
/// implementor to that).
pub trait Flip<F: Real>: Energy<F> {
    /// What is kept up to date from flip to flip (fields, overlaps), for one state.
    fn local(&self, _state: &[F]) -> Vec<f64> {
        Vec::new()
    }

    /// The same for many states, one a row.
    fn locals(&self, states: ArrayView2<F>) -> Vec<Vec<f64>> {
        states.outer_iter().map(|state| self.local(&state.to_vec())).collect()
    }

    /// ½[E(x_j = −1) − E(x_j = +1)] with the other units as they are: positive pulls unit `unit` up.
    fn drive(&self, state: &[F], unit: usize, _local: &[f64]) -> Result<f64> {
        let mut pair = Array2::from_shape_fn((2, state.len()), |(_, j)| state[j]);
        pair[[0, unit]] = -F::ONE;
        pair[[1, unit]] = F::ONE;
        let energies = self.energy(pair.view(), &[0.0; 2])?;
        Ok((energies[0] - energies[1]) / 2.0)
    }

    /// How strongly a unit holds its own value (its self-coupling): added to the drive times the
    /// value where the update rule is the sign of the field.
    fn inertia(&self, _unit: usize) -> f64 {
        0.0
    }

    /// Sets one unit and keeps `local` up to date.
    fn flip(&self, state: &mut [F], unit: usize, value: F, _local: &mut [f64]) {
        state[unit] = value;
    }
}

/// What a noisy state was before the noise: the heart of a diffusion memory, stored or learned.
pub trait Denoise<F: Real>: Send + Sync {
    /// Units a state, D.
    fn dim(&self) -> usize;

    /// Reads the memory at z = y + σε: per row log-sum, posterior mean D(z;σ) and second moment.
    ///
    /// The score is (mean − z)/σ² (Tweedie), its potential −σ²·log-sum. A denoiser of which only
    /// [`denoise`](Self::denoise) is known need not have it; one of the two must be there.
    fn read(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Read<F>> {
        let _ = (states, sigmas);
        Err(Error::Undefined {
            model: "this memory",
            what: "log-density",
            reason: "it is known by its denoiser alone; diffusion on stored patterns has one".into(),
        })
    }

    /// The posterior mean D(z;σ) alone.
    fn denoise(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        Ok(self.read(states, sigmas)?.mean)
    }

    /// The same for a batch of so many rows that will be read again and again.
    fn reader(&self, rows: usize) -> Box<dyn Reader<F> + '_> {
        Box::new(FullReader::new(self, rows))
    }

    /// The log-sum alone: the log-density but for −(D/2) ln 2πσ².
    fn log_sum(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Vec<f64>> {
        Ok(self.read(states, sigmas)?.log_sum())
    }

    /// A sample of y given z = y + σε; at σ = ∞ of the memory itself.
    ///
    /// # Errors
    /// A memory that can only be read.
    fn draw(&self, z: &[f64], sigma: f64, stream: &mut Stream) -> Result<Vec<f64>> {
        let _ = (z, sigma, stream);
        Err(Error::Undefined {
            model: "this memory",
            what: "exact samples",
            reason: "it is known by its denoiser alone; use another sampler than bridge".into(),
        })
    }
}
