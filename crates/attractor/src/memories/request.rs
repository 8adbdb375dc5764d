//! The request of a recall: the cues and how to recall from them.

use ndarray::{Array2, ArrayView2};

use super::Calibration;
use crate::error::{CueCure, Error, Result, check_width};
use crate::patterns::{Preparation, check_states};
use crate::real::Real;

/// How noisy a cue is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Level {
    /// The level is not known, and is estimated for each row by maximum likelihood.
    #[default]
    Estimate,
    /// The cue is θy + √(1 − θ²)ε, θ in (0, 1].
    Signal(f64),
    /// The cue is y + σε, σ ≥ 0, in the cue's own units.
    Sigma(f64),
}

/// A batch of cues and how to recall from them.
///
/// ```
/// use attractor::memories::Request;
/// use ndarray::array;
/// let cues = array![[1.0_f32, 0.0]];
/// let request = Request { updates: Some(5), ..Request::new(cues.view()) };
/// assert_eq!(request.seed, 0);
/// ```
#[derive(Clone, Debug)]
pub struct Request<'a, F> {
    /// Raw cues, B × D.
    pub cues: ArrayView2<'a, F>,
    /// Known units (B × D), which are held. The values of other units are ignored, unless `level` says that they are
    /// noisy observations. Default: no unit is held.
    pub known: Option<ArrayView2<'a, bool>>,
    /// The cues' noise level, for diffusion memories. Default: estimated.
    pub level: Level,
    /// The number of updates: exactly this many, or at most this many if a tolerance is given.
    pub updates: Option<usize>,
    /// The largest change of a unit that counts as rest. For diffusion, the largest distance from rest.
    pub tolerance: Option<f64>,
    /// How many memories of the posterior to list. Default 5.
    pub top: usize,
    /// The seed of all random numbers. Default 0.
    pub seed: u64,
    /// The row id of the first cue. Row ids select the random streams. Default 0.
    pub first_row: u64,
    /// The calibration that gives each row a match score. Default: none.
    pub calibration: Option<&'a Calibration>,
    /// Rows whose match score is at most this are refused. Default: none.
    pub reject: Option<f64>,
    /// How much a cue that stays on counts against the state: the gain G, 0 to 10⁹. Default 0: the cue gives only the first state.
    ///
    /// Otherwise it also gives every pattern a prior, which stays for the whole recall (input-driven dynamics, Betteti et al. 2025):
    ///
    /// - modern: exp(βG u·y_n), or exp(−βG‖u − y_n‖²/2) where patterns are compared by distance;
    /// - memories that recall through levels: exp(−‖u − y_n‖²/2σ_c²), σ_c = σ₀/√G. So the cue u is an observation with noise σ_c, and recall is from the
    ///   posterior given both u and the state. At the cue's own level σ₀ it counts G times as much as the state; as σ falls, ever less;
    /// - dense, and hopfield with the rule `hebb`: (F(u·y_n)/max_m F(u·y_m))^G, with F(x) = x² for hopfield.
    ///
    /// The first state is the cue as well. With G the recall counts it 1 + G times in all. The level of a cue and its match score are those of the memory
    /// without it, since both ask how the cue came about. Energies and posteriors of the report are those with the cue.
    pub keep_cue: f64,
    /// What stays on in place of the cues, B × D, in raw units; with `keep_cue`. Default: the cues.
    pub input: Option<ArrayView2<'a, F>>,
    /// Whether to make a full report: nearest memory, posterior, energy and values, which cost several reads of all
    /// patterns. Without it a recall gives states and outcomes only. Default: true.
    pub report: bool,
}

impl<'a, F: Real> Request<'a, F> {
    /// A request for these cues, with all else at its default.
    pub fn new(cues: ArrayView2<'a, F>) -> Self {
        Request {
            cues,
            known: None,
            level: Level::Estimate,
            updates: None,
            tolerance: None,
            top: 5,
            seed: 0,
            first_row: 0,
            calibration: None,
            reject: None,
            keep_cue: 0.0,
            input: None,
            report: true,
        }
    }

    /// The row ids of the batch.
    pub(crate) fn rows(&self) -> Vec<u64> {
        (0..self.cues.nrows() as u64).map(|row| self.first_row.wrapping_add(row)).collect()
    }

    /// The raw cues, checked. Unknown units that are NaN or infinite become 0.
    pub(crate) fn checked_cues(&self, dim: usize) -> Result<Array2<F>> {
        check_width("cues", self.cues.ncols(), dim)?;
        let mut cues = self.cues.to_owned();
        if let Some(known) = self.known {
            if known.dim() != cues.dim() {
                return Err(Error::shape(
                    "clamp mask",
                    format!("{} × {}, as the cues", cues.nrows(), cues.ncols()),
                    format!("{} × {}", known.nrows(), known.ncols()),
                    "give one row for all cues or one row a cue",
                ));
            }
            for (cue, known) in cues.iter_mut().zip(known) {
                if !known && !cue.is_finite() {
                    *cue = F::ZERO;
                }
            }
        }
        check_states("cues", cues.view(), CueCure)?;
        Ok(cues)
    }

    /// What stays on, in raw units, checked: the input, or else the cues.
    pub(crate) fn checked_input(&self, dim: usize) -> Result<Array2<F>> {
        let Some(input) = self.input else {
            return self.checked_cues(dim);
        };
        if input.dim() != (self.cues.nrows(), dim) {
            return Err(Error::shape(
                "input",
                format!("{} × {dim}, one row for each cue", self.cues.nrows()),
                format!("{} × {}", input.nrows(), input.ncols()),
                "give one row of as many units for each cue",
            ));
        }
        check_states("input", input, CueCure)?;
        Ok(input.to_owned())
    }

    /// The first states of a memory with one landscape. If raw data were prepared, unknown units start at 0, which
    /// then means "unknown". Without preparation they start as given.
    pub(crate) fn states(&self, dim: usize, preparation: &Preparation) -> Result<Array2<F>> {
        let mut states = preparation.forward(self.checked_cues(dim)?);
        if let Some(known) = self.known.filter(|_| *preparation != Preparation::Identity) {
            for (state, known) in states.iter_mut().zip(known) {
                if !known {
                    *state = F::ZERO;
                }
            }
        }
        Ok(states)
    }

    /// The tolerance of the request, checked, or `default` if it has none.
    pub(crate) fn tolerance_or(&self, default: f64) -> Result<f64> {
        match self.tolerance {
            Some(t) if !(t.is_finite() && t >= 0.0) => {
                Err(Error::parameter("tolerance", "a finite number ≥ 0", t))
            }
            tolerance => Ok(tolerance.unwrap_or(default)),
        }
    }
}
