//! Energy landscapes: the energy of a state, its gradient, the flip of a unit, and the denoiser.

mod cores;
mod correlated;
mod decided;
mod dense;
mod dimension;
mod family;
mod fenchel_young;
mod groups;
mod kept_cue;
mod linearised;
mod local;
mod log_sum_exp;
mod log_sum_relu;
mod mixture;
mod narrow;
mod nearest;
mod parts;
mod points;
mod quadratic;
mod random_features;
mod reader;
pub mod shapes;
mod weighted;

pub use cores::PARAMETERS as CORES;
pub use cores::{CoreRule, Encoder, Event, Form, Odds, Reconstruction, Semantic, Surprise, surprise};
pub use correlated::{Along, Correlated};
pub(crate) use dense::power;
pub use dense::{DenseEnergy, Interaction};
pub use dimension::{LocalRead, local_dimensions, local_reads};
pub use family::Family;
pub use fenchel_young::FenchelYoung;
pub use kept_cue::{Conditioned, KeptCues};
pub use linearised::{Driven, Linearised};
pub use local::{Example, ImageForm, Local, LocalRule, Side, Windows};
pub(crate) use log_sum_exp::BETAS;
pub use log_sum_exp::LogSumExp;
pub(crate) use log_sum_relu::EPSILONS;
pub use log_sum_relu::LogSumRelu;
pub use mixture::{Component, Kind, LAST, Mixture, SharedPosterior};
pub use narrow::{LEAST as NARROWED, is_narrowed};
pub use nearest::Nearest;
pub(crate) use nearest::{nearest_patterns, nearest_signs};
pub(crate) use parts::in_parts;
pub use points::Points;
pub(crate) use points::beta;
pub use quadratic::Quadratic;
pub(crate) use random_features::{FEATURES, NOT_POSITIVE};
pub use random_features::{FeatureSums, RandomFeatures};
pub(crate) use reader::FullReader;
pub use reader::{FullRead, Reader, Reads};
pub(crate) use weighted::{Scale, WeightedRows};

use ndarray::{Array2, ArrayView2};

use crate::error::{Error, Result};
use crate::kernels::Read;
use crate::noise::Stream;
use crate::potentials::UnitNoise;
use crate::real::Real;
use crate::threads;

/// An energy landscape over states. Recall goes downhill.
///
/// `level` is the noise level σ of each row, for landscapes that depend on it. A landscape that is the same at all
/// levels ignores it.
pub trait Energy<F: Real>: Send + Sync {
    /// The number of units in a state, D.
    fn dim(&self) -> usize;

    /// The energy of each row of `states` (B × D), at that row's level.
    fn energy(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Vec<f64>>;
}

/// A landscape that has a gradient.
pub trait Gradient<F: Real>: Energy<F> {
    /// The gradient ∇E at each row.
    fn gradient(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Array2<F>>;
}

/// A landscape that a gradient step of length 1 never raises: E(x') ≤ E(x) − ½‖x' − x‖² for x' = x − ∇E(x).
pub trait UnitStep<F: Real>: Gradient<F> {
    /// The state x − ∇E(x) of each row, rounded once.
    ///
    /// # Errors
    /// States of the wrong width or not finite.
    fn update(&self, states: ArrayView2<F>) -> Result<Array2<F>>;
}

/// A landscape over ±1 states, in which units change one at a time.
///
/// No method is required: the defaults compare energies. An implementor may only override them to be faster; a law
/// test checks that results stay the same.
pub trait Flip<F: Real>: Energy<F> {
    /// What is kept up to date from flip to flip for one state, such as fields or overlaps.
    fn local(&self, _state: &[F]) -> Vec<f64> {
        Vec::new()
    }

    /// The values of [`local`](Self::local) for many states, one for each row.
    fn locals(&self, states: ArrayView2<F>) -> Vec<Vec<f64>> {
        states.outer_iter().map(|state| self.local(&state.to_vec())).collect()
    }

    /// What makes drives fast while many units of one state are visited, such as tables: it is put behind the numbers of
    /// [`local`](Self::local), and kept up to date by [`flip`](Self::flip) with them.
    fn unfold(&self, _state: &[F], _local: &mut Vec<f64>) {}

    /// ½[E(x_j = −1) − E(x_j = +1)] with the other units as they are. A positive drive favours +1 for unit j =
    /// `unit`.
    fn drive(&self, state: &[F], unit: usize, _local: &[f64]) -> Result<f64> {
        let mut pair = Array2::from_shape_fn((2, state.len()), |(_, j)| state[j]);
        pair[[0, unit]] = -F::ONE;
        pair[[1, unit]] = F::ONE;
        let energies = self.energy(pair.view(), &[0.0; 2])?;
        Ok((energies[0] - energies[1]) / 2.0)
    }

    /// How strongly a unit holds its own value (its self-coupling). Where the update rule is the sign of the field,
    /// this times the value is added to the drive.
    fn inertia(&self, _unit: usize) -> f64 {
        0.0
    }

    /// The size up to which a unit's field may be rounding, and counts as 0. It is 0 if fields are exact.
    fn rounding(&self, _unit: usize) -> f64 {
        0.0
    }

    /// The fields of all units of each row, B × D: drive + inertia · value, in which rounding is 0. Their signs are the next values of units
    /// that are updated at once.
    fn fields(&self, states: ArrayView2<F>) -> Result<Array2<f64>> {
        let (rows, dim) = states.dim();
        let locals = self.locals(states);
        let work = (rows * dim * locals.first().map_or(dim, Vec::len)) as f64;
        let row = |k: usize| -> Result<Vec<f64>> {
            let (state, mut local) = (states.row(k).to_vec(), locals[k].clone());
            self.unfold(&state, &mut local);
            let field = |unit: usize| {
                let field = self.drive(&state, unit, &local)? + self.inertia(unit) * state[unit].to_f64();
                Ok(if field.abs() <= self.rounding(unit) { 0.0 } else { field })
            };
            (0..dim).map(field).collect()
        };
        let mut fields = Vec::with_capacity(rows * dim);
        for row in threads::map(rows, work, row) {
            fields.extend(row?);
        }
        Ok(Array2::from_shape_vec((rows, dim), fields).expect("one field a unit"))
    }

    /// Up to how many units [`follow`](Self::follow) may be asked for. Where it is 0, fields are computed anew after each step.
    fn followed(&self) -> usize {
        0
    }

    /// Changes the [fields](Self::fields) of a state to those of one in which the units `up` are larger by `change`, and the units `down` smaller. They
    /// have the same bits as if they were computed anew.
    fn follow(&self, _up: &[usize], _down: &[usize], _change: f64, _fields: &mut [f64]) {}

    /// The landscape of one row of a batch, where each row has its own, as under a cue that stays on. `None` means that all rows have this one.
    fn of_row(&self, _row: usize) -> Option<Box<dyn Flip<F> + '_>> {
        None
    }

    /// Sets one unit, and keeps `local` up to date.
    fn flip(&self, state: &mut [F], unit: usize, value: F, _local: &mut [f64]) {
        state[unit] = value;
    }
}

/// A denoiser: it estimates what a noisy state was before the noise. It is the core of a diffusion memory, stored or
/// learned.
pub trait Denoise<F: Real>: Send + Sync {
    /// The number of units in a state, D.
    fn dim(&self) -> usize;

    /// How the noise of a level is spread over units. Samplers take it from here. The default is equal noise.
    fn noise(&self) -> NoiseShape<'_> {
        NoiseShape::Equal
    }

    /// Whether D is the posterior mean under noise of this shape, so that (D − z)/σ² is the score. A denoiser that only moves
    /// states as its process does says no.
    fn is_posterior_mean(&self) -> bool {
        true
    }

    /// Whether D estimates what a state was before the noise, if not as well as can be: a local denoiser does, and is no posterior mean.
    fn is_estimate(&self) -> bool {
        self.is_posterior_mean()
    }

    /// Reads the memory at z = y + σε. Gives for each row the log-sum, the posterior mean D(z;σ) and the second
    /// moment.
    ///
    /// The score is (mean − z)/σ² (Tweedie), and its potential is −σ²·log-sum. An implementor must supply this method
    /// or [`denoise`](Self::denoise).
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

    /// [`denoise`](Self::denoise) of some rows of a batch, for a denoiser that has something of its own for each row: row k of `states` is row `rows[k]`.
    fn denoise_rows(&self, rows: &[usize], states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        let _ = rows;
        self.denoise(states, sigmas)
    }

    /// A reader for a batch of `rows` rows that will be read again and again.
    fn reader(&self, rows: usize) -> Box<dyn Reader<F> + '_> {
        Box::new(FullReader::new(self, rows))
    }

    /// The log-sum alone. It is the log-density without the term −(D/2) ln 2πσ².
    fn log_sum(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Vec<f64>> {
        Ok(self.read(states, sigmas)?.log_sum())
    }

    /// A sample of y given z = y + σε. At σ = ∞ it is a sample of the memory itself.
    ///
    /// # Errors
    /// A memory from which no samples can be drawn.
    fn draw(&self, z: &[f64], sigma: f64, stream: &mut Stream) -> Result<Vec<f64>> {
        let _ = (z, sigma, stream);
        Err(Error::Undefined {
            model: "this memory",
            what: "exact samples",
            reason: "it is known by its denoiser alone; use another sampler than bridge".into(),
        })
    }

    /// [`draw`](Self::draw) for one row of a batch, as [`denoise_rows`](Self::denoise_rows).
    ///
    /// # Errors
    /// Those of [`draw`](Self::draw).
    fn draw_row(&self, row: usize, z: &[f64], sigma: f64, stream: &mut Stream) -> Result<Vec<f64>> {
        let _ = row;
        self.draw(z, sigma, stream)
    }
}

/// How the noise of a level σ is spread over the units of a state.
#[derive(Clone, Copy, Debug)]
pub enum NoiseShape<'a> {
    /// Each unit has noise σ.
    Equal,
    /// Each unit has its own noise r_i, whose geometric mean is σ. The score is (mean − z)_i/r_i².
    Units(&'a UnitNoise),
    /// Each of these orthonormal directions (rows) has its own noise, so that the noise of units is correlated.
    /// Samplers need states along the directions.
    Turned(&'a UnitNoise, ArrayView2<'a, f64>),
}
