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
