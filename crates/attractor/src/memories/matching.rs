//! Match scores: whether a cue looks like a noisy version of a stored memory.

use ndarray::{Array2, ArrayView2};

use super::{Level, Recall, Request};
use crate::diffusion::Process;
use crate::error::{CueCure, Error, Result, check_width};
use crate::kernels::{Form, log_sum};
use crate::message;
use crate::message::Argument;
use crate::noise::{Purpose, Stream};
use crate::patterns::{Patterns, Preparation, check_states};
use crate::real::Real;

/// The distribution of log-densities of true cues at one noise level. A true cue is a stored pattern with noise.
///
/// Draws patterns n ~ π and cues x = y_n + σε, prepares them as a recall would, and keeps ln Σ_n π_n exp(−‖z −
/// y_n‖²/2σ²) of each. A cue's match score is the rank of its own log-density among these samples, (1 + #{lower or
/// equal})/(samples + 1). A true cue is exchangeable with the samples, so its score is at most p with probability
/// ⌊p(samples + 1)⌋/(samples + 1) ≤ p, for any memory. A cue with less noise than σ scores high: σ is the largest
/// noise level at which cues should still be recognised. Thresholded memories have no match score: they do not keep
/// how near each unit was to its threshold, so their true cues cannot be sampled.
///
/// Cost: half a read of the memory for each sample.
///
/// ```
/// use attractor::{Level, Patterns, memories::Calibration};
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f64, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])?;
/// let calibration = Calibration::new(&patterns, Level::Sigma(0.3), 999, 0)?;
/// // A stored pattern is as likely as a cue can be; one far from all patterns is less likely than any.
/// let scores = calibration.scores(&patterns, array![[1.0, 1.0, -1.0, -1.0], [5.0, 5.0, 5.0, 5.0]].view())?;
/// assert_eq!(scores, [1.0, 0.001]);
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Calibration {
    /// The signal θ: cues are θy + noise.
    signal: f64,
    /// The inverse temperature of the density over prepared states.
    beta: f64,
    /// The log-densities of the sampled true cues, in rising order.
    samples: Vec<f64>,
}

/// The number of cues that are processed together: fewer if there is much to read for each, so that a caller hears of
/// progress within a second.
fn batch(patterns: usize, dim: usize) -> usize {
    const WORK: usize = 1_000_000_000;
    (WORK / patterns.saturating_mul(dim).max(1)).clamp(16, 512)
}

impl Calibration {
    /// The largest number of samples.
    pub const MOST_SAMPLES: usize = 1_000_000;

    /// The number of samples to use: 199 for a score. If a share p is to be refused it is 100/p, but at least 999.
    ///
    /// The share of true cues that one calibration refuses is known as well as its quantile, which about p times as many
    /// samples decide: its relative standard deviation is 1/√(p · samples), which is a tenth.
    ///
    /// # Errors
    /// `reject`, the share of true cues to be refused, outside 0.0001 to below 1.
    pub fn samples_for(reject: Option<f64>) -> Result<usize> {
        const SAMPLES: usize = 199;
        const LEAST: usize = 999;
        const EACH: f64 = 100.0;
        match reject {
            None => Ok(SAMPLES),
            Some(p) if (1e-4..1.0).contains(&p) => {
                Ok(((EACH / p).ceil() as usize).clamp(LEAST, Self::MOST_SAMPLES))
            }
            Some(p) => Err(Error::parameter("reject", "a share of true cues from 0.0001 to below 1", p)),
        }
    }

    /// Samples true cues of these patterns at a level, and keeps their log-densities.
    ///
    /// # Errors
    /// `Level::Estimate` (a cue that matches nothing still fits some level); a level outside its range; no samples;
    /// thresholded patterns.
    pub fn new<F: Real>(patterns: &Patterns<F>, level: Level, samples: usize, seed: u64) -> Result<Self> {
        Self::observed(patterns, level, samples, seed, &mut || Ok(()))
    }

    /// [`new`](Calibration::new) that calls `progress` after some samples. An error of it stops the work.
    ///
    /// # Errors
    /// As [`new`](Calibration::new), and those of `progress`.
    pub fn observed<F: Real>(
        patterns: &Patterns<F>,
        level: Level,
        samples: usize,
        seed: u64,
        progress: &mut dyn FnMut() -> Result<()>,
    ) -> Result<Self> {
        if !(1..=Self::MOST_SAMPLES).contains(&samples) {
            let range = format!("1 to {} samples", Self::MOST_SAMPLES);
            return Err(Error::parameter("calibration", range, samples));
        }
        let (signal, sigma) = match level {
            Level::Signal(signal) => (signal, Process::sigma_of_signal(signal)?),
            Level::Sigma(sigma) => {
                crate::energies::beta(sigma)?;
                (1.0, sigma)
            }
            Level::Estimate => {
                let expected =
                    message!["a noise level (", Argument::CueLevel, "), the largest to be recognised"];
                return Err(Error::parameter("match score", expected, "none"));
            }
        };
        if matches!(patterns.preparation(), Preparation::Spins { .. }) {
            return Err(Error::Undefined {
                model: "a thresholded memory",
                what: "match score",
                reason:
                    "it does not know how near each unit was to its threshold; use modern or diffusion, or \
                         patterns of ±1"
                        .into(),
            });
        }
        let batch = batch(patterns.len(), patterns.dim());
        let batches = (0..samples).step_by(batch).map(|from| from..samples.min(from + batch));
        let beta = 1.0 / (patterns.preparation().scale() * sigma).powi(2);
        let mut calibration = Calibration { signal, beta, samples: Vec::with_capacity(samples) };
        for rows in batches {
            let densities =
                calibration.log_densities(patterns, true_cues(patterns, sigma, seed, rows).view());
            calibration.samples.extend(densities);
            progress()?;
        }
        calibration.samples.sort_by(f64::total_cmp);
        Ok(calibration)
    }

    /// The match score of each raw cue, in (0, 1].
    ///
    /// # Errors
    /// Cues of the wrong width or not finite.
    pub fn scores<F: Real>(&self, patterns: &Patterns<F>, cues: ArrayView2<F>) -> Result<Vec<f64>> {
        check_width("cues", cues.ncols(), patterns.dim())?;
        check_states("cues", cues, CueCure)?;
        let clean = cues.mapv(|x| F::from_f64(x.to_f64() / self.signal));
        let states = patterns.preparation().forward(clean);
        let count = self.samples.len() as f64;
        let score = |density: f64| {
            let lower = self.samples.partition_point(|s| *s <= density);
            (1.0 + lower as f64) / (1.0 + count)
        };
        Ok(self.log_densities(patterns, states.view()).into_iter().map(score).collect())
    }

    /// ln Σ π_n exp(−β‖z − y_n‖²/2), up to a constant.
    fn log_densities<F: Real>(&self, patterns: &Patterns<F>, states: ArrayView2<F>) -> Vec<f64> {
        log_sum(patterns, states, &vec![self.beta; states.nrows()], Form::Distance)
    }

    /// Returns an error for a request that has no match score.
    pub(super) fn check<F: Real>(&self, request: &Request<F>) -> Result<()> {
        if request.known.is_some() {
            return Err(Error::Undefined {
                model: "a clamped recall",
                what: "match score",
                reason: "known units are held exactly and have no noise, so they cannot be scored".into(),
            });
        }
        let Some(p) = request.reject else {
            return Ok(());
        };
        if !(p > 0.0 && p < 1.0) {
            return Err(Error::parameter("reject", "a share of true cues between 0 and 1", p));
        }
        if p * (self.samples.len() as f64 + 1.0) < 1.0 {
            let expected = format!("at least {:.0} samples to refuse a share of {p}", (1.0 / p).ceil() - 1.0);
            return Err(Error::parameter("calibration", expected, self.samples.len()));
        }
        Ok(())
    }

    /// Writes the score of each row into its report, and refuses the rows whose score is too low.
    pub(super) fn judge<F: Real>(
        &self,
        patterns: &Patterns<F>,
        request: &Request<F>,
        recall: &mut Recall<F>,
    ) -> Result<()> {
        for (row, score) in self.scores(patterns, request.cues)?.into_iter().enumerate() {
            let report = &mut recall.rows[row];
            report.matching = Some(score);
            if request.reject.is_some_and(|p| score <= p) {
                report.refused = true;
                (report.memory, report.overlap) = (None, None);
                if let Some(values) = &mut recall.values {
                    values.row_mut(row).fill(F::ZERO);
                }
                recall.states.row_mut(row).assign(&request.cues.row(row));
            }
        }
        Ok(())
    }
}

/// Prepared true cues y_n + σε with n ~ π. Row i depends only on the seed and i.
fn true_cues<F: Real>(
    patterns: &Patterns<F>,
    sigma: f64,
    seed: u64,
    rows: std::ops::Range<usize>,
) -> Array2<F> {
    let sums: Option<Vec<f64>> = patterns.log_weights().map(|weights| {
        let sum = |total: &mut f64, w: &f64| {
            *total += w.exp();
            Some(*total)
        };
        weights.iter().scan(0.0, sum).collect()
    });
    let mut streams: Vec<Stream> =
        rows.map(|row| Stream::new(seed, Purpose::Calibration, row as u64)).collect();
    let own: Vec<usize> = streams
        .iter_mut()
        .map(|stream| match &sums {
            Some(sums) => {
                let u = stream.uniform();
                sums.partition_point(|s| *s <= u).min(patterns.len() - 1)
            }
            None => stream.below(patterns.len()),
        })
        .collect();
    let preparation = patterns.preparation();
    let mut cues = preparation.backward(patterns.select(&own));
    // The noise is equal in the units of the states.
    let of_unit = |unit: usize| preparation.unit_scales().map_or(sigma, |scales| sigma / scales[unit]);
    for (mut cue, stream) in cues.outer_iter_mut().zip(&mut streams) {
        for (unit, y) in cue.iter_mut().enumerate() {
            *y = F::from_f64(y.to_f64() + of_unit(unit) * stream.normal());
        }
    }
    preparation.forward(cues)
}
