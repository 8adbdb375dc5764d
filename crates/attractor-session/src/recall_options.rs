//! The options of a recall, and the request of each batch of cues.

use std::ops::Range;

use attractor::memories::{Calibration, Weights};
use attractor::message::Argument;
use attractor::{Level, Memory, Patterns, Preparation, Real, Request, message};
use ndarray::{Array2, ArrayView2, s};

use crate::error::{Error, Result};

/// How many rows of `columns` numbers are recalled at a time: at most 1,024, and at most 2²⁴ numbers in all, so that a
/// batch has a bounded size in memory.
pub fn batch_of(columns: usize) -> usize {
    const ROWS: usize = 1024;
    const NUMBERS: usize = 1 << 24;
    (NUMBERS / columns.max(1)).clamp(1, ROWS)
}

/// Whether each cue gets a match score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Score {
    /// Only if [`RecallOptions::reject`] needs it.
    #[default]
    No,
    /// If the memory, the noise level and the mask allow it.
    IfPossible,
    /// Always. If a cue cannot have one, that is an error.
    Yes,
}

/// The options of a recall of any number of cues. [`Request`] explains each.
#[derive(Clone, Debug)]
pub struct RecallOptions {
    /// The noise level of the cues.
    pub level: Level,
    /// How many updates to make: exactly this many, or at most if there is a tolerance.
    pub updates: Option<usize>,
    /// The largest change of a unit in one update that still counts as settled.
    pub tolerance: Option<f64>,
    /// How many memories of the posterior are listed.
    pub top: usize,
    /// The seed of all random numbers.
    pub seed: u64,
    /// The row id of the first cue.
    pub first_row: u64,
    /// Whether each cue gets a match score.
    pub score: Score,
    /// Cues with a match score of at most this are rejected.
    pub reject: Option<f64>,
    /// How much a cue that stays on counts against the state; 0 if cues do not stay on.
    pub keep_cue: f64,
}

impl Default for RecallOptions {
    fn default() -> Self {
        RecallOptions {
            level: Level::Estimate,
            updates: None,
            tolerance: None,
            top: 5,
            seed: 0,
            first_row: 0,
            score: Score::No,
            reject: None,
            keep_cue: 0.0,
        }
    }
}

impl RecallOptions {
    /// The id of a row, which its random numbers follow from.
    pub fn id(&self, row: usize) -> u64 {
        self.first_row.wrapping_add(row as u64)
    }

    /// The request of the batch that begins at row `from`.
    pub fn request<'a, F: Real>(
        &self,
        cues: ArrayView2<'a, F>,
        known: Option<ArrayView2<'a, bool>>,
        from: usize,
    ) -> Request<'a, F> {
        Request {
            known,
            level: self.level,
            updates: self.updates,
            tolerance: self.tolerance,
            top: self.top,
            seed: self.seed,
            first_row: self.id(from),
            reject: self.reject,
            keep_cue: self.keep_cue,
            ..Request::new(cues)
        }
    }

    /// The calibration of match scores, if cues get one. `masked` says whether some units are known.
    ///
    /// # Errors
    /// `reject` is outside its range; or a score is asked for that cannot be computed, since units are known, there
    /// is no noise level, or the memory has no patterns or thresholded ones.
    pub fn calibration<F: Real>(&self, memory: &dyn Memory<F>, masked: bool) -> Result<Option<Calibration>> {
        self.calibration_observed(memory, masked, &mut || Ok(()))
    }

    /// [`calibration`](RecallOptions::calibration) that calls `progress` from time to time. An error of it stops the work.
    ///
    /// # Errors
    /// As [`calibration`](RecallOptions::calibration), and those of `progress`.
    pub fn calibration_observed<F: Real>(
        &self,
        memory: &dyn Memory<F>,
        masked: bool,
        progress: &mut dyn FnMut() -> attractor::Result<()>,
    ) -> Result<Option<Calibration>> {
        let samples = Calibration::samples_for(self.reject)?;
        let needed = self.score == Score::Yes || self.reject.is_some();
        if needed {
            self.refuse_score(masked, memory.patterns().is_some())?;
        } else if self.score == Score::No || masked || self.level == Level::Estimate {
            return Ok(None);
        } else if memory.learned().is_some_and(|kept| matches!(kept.weights, Weights::Noising(_))) {
            // The score is that of white noise. Where it is asked for, the recall refuses it.
            return Ok(None);
        }
        let scored = |p: &&Patterns<F>| needed || !matches!(p.preparation(), Preparation::Spins { .. });
        let Some(patterns) = memory.patterns().filter(scored) else {
            return Ok(None);
        };
        Ok(Some(Calibration::observed(patterns, self.level, samples, self.seed, progress)?))
    }

    /// Refuses a match score that cannot be computed, and says why.
    fn refuse_score(&self, masked: bool, has_patterns: bool) -> Result<()> {
        let name = if self.reject.is_some() { "reject" } else { "match" };
        if masked {
            return Err(Error::Refused(message![
                format!(
                    "{name}: expected cues without known units, found a mask (known units are held exactly and have no noise, so they cannot be scored); leave "
                ),
                Argument::Known,
                " or ",
                Argument::option(name),
                " away"
            ]));
        }
        if self.level == Level::Estimate {
            return Err(Error::Refused(message![
                format!("{name}: expected a noise level ("),
                Argument::CueLevel,
                "), the most noise that a cue may have, found none; give one, since enough noise explains any cue"
            ]));
        }
        if !has_patterns {
            return Err(Error::Refused(message![
                format!("{name}: expected a memory that has patterns, found one without; leave "),
                Argument::option(name),
                " away"
            ]));
        }
        Ok(())
    }
}

/// Which units of the cues are known. It has one row for each cue, or one row for all of them.
#[derive(Clone, Debug)]
pub struct Mask(Array2<bool>);

impl Mask {
    /// A mask for cues of the shape `cues`: rows × units.
    ///
    /// # Errors
    /// The mask has another number of units than the cues, or neither one row nor as many as there are cues.
    pub fn new(mask: Array2<bool>, cues: (usize, usize)) -> Result<Self> {
        if mask.ncols() == cues.1 && (mask.nrows() == 1 || mask.nrows() == cues.0) {
            return Ok(Mask(mask));
        }
        let expected = format!("a mask of {} x {} (or of one row), as the cues", cues.0, cues.1);
        let found = format!("{} x {}", mask.nrows(), mask.ncols());
        let cure = "give one row for all cues or one row a cue";
        Err(attractor::Error::shape("clamp", expected, found, cure).into())
    }

    /// The mask of a range of rows.
    pub fn rows(&self, rows: Range<usize>) -> Array2<bool> {
        if self.0.nrows() == 1 {
            return Array2::from_shape_fn((rows.len(), self.0.ncols()), |(_, unit)| self.0[[0, unit]]);
        }
        self.0.slice(s![rows, ..]).to_owned()
    }
}
