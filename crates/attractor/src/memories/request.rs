//! What a recall is asked.

use ndarray::{Array2, ArrayView2};

use super::Calibration;
use crate::error::{CueCure, Error, Result, check_width};
use crate::patterns::{Preparation, check_states};
use crate::real::Real;

/// How noisy a cue is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Level {
    /// Not known: estimated for each row by maximum likelihood.
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
    /// Known units (B × D), which are held; cues are only looked at there, unless a level says that
    /// the others are noisy observations. Default: nothing is held.
    pub known: Option<ArrayView2<'a, bool>>,
    /// The cues' noise level, for diffusion memories. Default: estimated.
    pub level: Level,
    /// Exactly this many updates, or with a tolerance at most.
    pub updates: Option<usize>,
    /// Largest change of a unit that counts as rest (for diffusion, of the distance from rest).
    pub tolerance: Option<f64>,
    /// How many memories of the posterior to list. Default 5.
    pub top: usize,
    /// Seed of everything random. Default 0.
    pub seed: u64,
    /// Row id of the first cue: row ids name the random streams. Default 0.
    pub first_row: u64,
    /// What true cues look like, for a match score of each row. Default: none.
    pub calibration: Option<&'a Calibration>,
    /// Rows whose match score is at most this are refused. Default: none.
    pub reject: Option<f64>,
    /// Whether a recall says more than its states and how each row ended: nearest memory, posterior, energy and
    /// values, which cost several reads of all patterns. Default: it does.
    pub report: bool,
}

impl<'a, F: Real> Request<'a, F> {
    /// Recall from these cues, all else at its default.
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

    /// Row ids of the batch.
    pub(crate) fn rows(&self) -> Vec<u64> {
        (0..self.cues.nrows() as u64).map(|row| self.first_row.wrapping_add(row)).collect()
    }

    /// The raw cues, checked. Unknown units that are not numbers become 0.
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

    /// First states of a memory with one landscape. Where raw data were prepared, unknown units start
    /// at 0, which then means nothing; without preparation they start as given.
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

    /// The tolerance, checked, or this one if none was asked for.
    pub(crate) fn tolerance_or(&self, default: f64) -> Result<f64> {
        match self.tolerance {
            Some(t) if !(t.is_finite() && t >= 0.0) => {
                Err(Error::parameter("tolerance", "a finite number ≥ 0", t))
            }
            tolerance => Ok(tolerance.unwrap_or(default)),
        }
    }
}
