//! One update of a universal network: scores, weights, and the projection.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, Zip, concatenate, s};

use super::super::report::read_values;
use super::{Output, Universal};
use crate::error::{Error, Result};
use crate::kernels::{Form, Posterior, attend, nearest, posterior, weighted_sums};
use crate::message;
use crate::real::Real;
use crate::separations::{Separation, Separator};
use crate::similarities::{Convention, Keys};
use crate::threads;

/// The result of one update.
pub(super) struct Answer<F> {
    /// The read states, B × D.
    pub states: Array2<F>,
    /// The read values, B × Dv.
    pub values: Option<Array2<F>>,
    /// The weights, if they are normalised.
    pub posteriors: Vec<Option<Posterior>>,
}

impl<F: Real> Universal<F> {
    /// The weights of all keys for each (prepared) state, B × N. They sum to 1, unless they can be negative.
    ///
    /// # Errors
    /// States of the wrong width, not finite, or for which the similarity is not defined; a state for which all
    /// weights are 0.
    pub fn weights(&self, states: ArrayView2<F>) -> Result<Array2<f64>> {
        self.weights_of(self.keys.scores(states)?)
    }

    /// The weights of all keys for states with these scores, B × N.
    pub(super) fn weights_of(&self, scores: Array2<f64>) -> Result<Array2<f64>> {
        let mut weights = scores;
        let n = weights.ncols();
        /// The approximate cost of a separation for each score.
        const WORK: f64 = 20.0;
        let rows = threads::map(weights.nrows(), WORK * weights.len() as f64, |row| -> Result<Vec<f64>> {
            let mut weights = weights.row(row).to_vec();
            match self.separator.weights(&mut weights) {
                Ok(()) => Ok(weights),
                Err(Error::Undefined { model, what, reason }) => Err(Error::Undefined {
                    model,
                    what,
                    reason: message![reason, format!(" (row {row} of the cues)")],
                }),
                Err(other) => Err(other),
            }
        });
        for (mut to, from) in weights.outer_iter_mut().zip(rows) {
            to.assign(&ArrayView1::from(&from?[..n]));
        }
        Ok(weights)
    }

    pub(super) fn read(&self, states: ArrayView2<F>, top: usize) -> Result<Answer<F>> {
        /// The largest number of weights held at a time.
        const HELD: usize = 1 << 22;
        let to = self.landscape.as_ref().ok().and_then(|landscape| landscape.to.as_deref());
        let streamed = Streamed::of(&self.keys, &self.separator).filter(|_| to.is_none());
        let mut answer = match streamed {
            Some(Streamed { form, beta, .. }) => self.stream(states, form, beta, top),
            None => {
                let batch = (HELD / self.patterns.len()).max(16);
                let parts: Vec<Answer<F>> = (0..states.nrows().max(1))
                    .step_by(batch)
                    .map(|from| {
                        let part = states.slice(s![from..states.nrows().min(from + batch), ..]);
                        match to {
                            Some(to) => self.descend(part, to, top),
                            None => self.project(part, top),
                        }
                    })
                    .collect::<Result<_>>()?;
                join(parts)
            }
        };
        if self.output == Output::Sign {
            let sign = |sum: F, own: F| match sum {
                sum if sum > F::ZERO => F::ONE,
                sum if sum < F::ZERO => -F::ONE,
                _ if own > F::ZERO => F::ONE,
                _ if own < F::ZERO => -F::ONE,
                _ => F::ZERO,
            };
            Zip::from(&mut answer.states).and(states).for_each(|sum, &own| *sum = sign(*sum, own));
            if let Some(values) = &mut answer.values {
                values.mapv_inplace(|sum| sign(sum, F::ZERO));
            }
        }
        Ok(answer)
    }

    fn stream(&self, states: ArrayView2<F>, form: Form, beta: f64, top: usize) -> Answer<F> {
        let betas = vec![beta; states.nrows()];
        Answer {
            states: attend(&self.patterns, states, &betas, form).mean,
            values: read_values(&self.patterns, states, &betas, form),
            posteriors: posterior(&self.patterns, states, &betas, form, top).into_iter().map(Some).collect(),
        }
    }

    fn project(&self, states: ArrayView2<F>, top: usize) -> Result<Answer<F>> {
        let corrected = self.keys.convention() == Convention::Corrected;
        let one = corrected && self.separator.separation() == Separation::Max;
        let weights = if one && self.keys.measure().finds_nearest() {
            let mut weights = Array2::zeros((states.nrows(), self.patterns.len()));
            for (row, best) in nearest(&self.patterns, states).into_iter().enumerate() {
                weights[[row, best]] = 1.0;
            }
            weights
        } else if corrected && !self.separator.shared() && self.output == Output::Identity {
            // Not in units of the largest weight, so that a recall that grows without bound can be seen to do so.
            let mut weights = self.keys.scores(states)?;
            for mut row in weights.outer_iter_mut() {
                self.separator.activities(row.as_slice_mut().expect("row-major"));
            }
            weights
        } else {
            self.weights(states)?
        };
        let shared = self.separator.shared();
        let sums = |values: ArrayView2<F>| weighted_sums(weights.view(), values).mapv(F::from_f64);
        Ok(Answer {
            states: sums(self.patterns.values()),
            values: self.patterns.associated().map(sums),
            posteriors: weights.outer_iter().map(|w| shared.then(|| summary(w, top))).collect(),
        })
    }
}

/// The largest weights of a row that sums to 1, with its entropy and participation ratio.
pub(super) fn summary(weights: ArrayView1<f64>, top: usize) -> Posterior {
    let mut best: Vec<(usize, f64)> = Vec::new();
    let (mut entropy, mut squares) = (0.0, 0.0);
    for (n, &w) in weights.iter().enumerate() {
        if w > 0.0 {
            entropy -= w * w.ln();
            squares += w * w;
        }
        let place = best.partition_point(|b| b.1 >= w);
        if place < top.max(1) {
            best.insert(place, (n, w));
            best.truncate(top.max(1));
        }
    }
    Posterior { top: best, entropy: f64::max(entropy, 0.0), participation: 1.0 / squares }
}

fn join<F: Real>(mut parts: Vec<Answer<F>>) -> Answer<F> {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let states: Vec<_> = parts.iter().map(|p| p.states.view()).collect();
    let values: Option<Vec<_>> = parts.iter().map(|p| p.values.as_ref().map(|v| v.view())).collect();
    Answer {
        states: concatenate(Axis(0), &states).expect("equal widths"),
        values: values.map(|v| concatenate(Axis(0), &v).expect("equal widths")),
        posteriors: parts.into_iter().flat_map(|p| p.posteriors).collect(),
    }
}

/// Softmax weights, which the streaming kernel reads without holding them.
pub(super) struct Streamed {
    pub form: Form,
    /// The inverse temperature of the kernel.
    pub beta: f64,
    /// The ratio of the kernel's inverse temperature to that of the separation.
    pub factor: f64,
}

impl Streamed {
    pub fn of<F: Real>(keys: &Keys<F>, separator: &Separator) -> Option<Self> {
        let beta = separator.softmax_beta()?;
        let (form, factor) = keys.measure().streams()?;
        Some(Streamed { form, beta: factor * beta, factor })
    }
}
