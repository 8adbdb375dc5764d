//! One update of a universal network: scores, weights, and the projection.

use ndarray::{Array2, ArrayView1, ArrayView2, Axis, Zip, concatenate, s};

use super::super::report::{read_values, summary};
use super::{Output, Universal, parts};
use crate::dynamics::Undefined;
use crate::error::{Error, Result};
use crate::kernels::{Form, Posterior, attend, nearest, posterior, weighted_sums};
use crate::real::Real;
use crate::separations::{Separation, Separator};
use crate::similarities::{BestState, Convention, Keys};
use crate::threads;

/// The result of one update.
pub(super) struct Answer<F> {
    /// The read states, B × D.
    pub states: Array2<F>,
    /// The read values, B × Dv.
    pub values: Option<Array2<F>>,
    /// The weights, if they are normalised.
    pub posteriors: Vec<Option<Posterior>>,
    /// The rows that have no weights, in rising order. They keep their states.
    pub undefined: Vec<Undefined>,
}

/// Why a batch has no weights.
pub(super) enum NoWeights {
    /// These rows have none.
    Rows(Vec<Undefined>),
    /// The batch as a whole is refused.
    Error(Error),
}

impl From<Error> for NoWeights {
    fn from(error: Error) -> Self {
        NoWeights::Error(error)
    }
}

impl NoWeights {
    /// The error for callers that need the weights of all rows.
    fn into_error(self) -> Error {
        match self {
            NoWeights::Error(error) => error,
            NoWeights::Rows(rows) => no_weights(rows[0]),
        }
    }
}

/// The error of a row without weights.
pub(super) fn no_weights(Undefined { row, reason }: Undefined) -> Error {
    let reason = format!("{reason} (row {row} of the cues)").into();
    Error::Undefined { model: "universal", what: "weights", reason }
}

/// A result that needs the weights of every row.
pub(super) type Weighed<T> = std::result::Result<T, NoWeights>;

impl<F: Real> Universal<F> {
    /// The weights of all keys for each (prepared) state, B × N. They sum to 1, except those of
    /// products with identity or poly.
    ///
    /// # Errors
    /// States of the wrong width, not finite, or for which the similarity is not defined; a state for which all
    /// weights are 0.
    pub fn weights(&self, states: ArrayView2<F>) -> Result<Array2<f64>> {
        self.weigh(self.keys.scores(states)?).map_err(|none| none.into_error())
    }

    /// The weights of all keys for states with these scores, B × N.
    pub(super) fn weigh(&self, scores: Array2<f64>) -> Weighed<Array2<f64>> {
        let mut weights = scores;
        let n = weights.ncols();
        /// The approximate cost of a separation for each score.
        const WORK: f64 = 20.0;
        let rows = threads::map(weights.nrows(), WORK * weights.len() as f64, |row| {
            let mut weights = weights.row(row).to_vec();
            self.separator.try_weights(&mut weights).map(|()| weights)
        });
        let mut without = Vec::new();
        for (row, (mut to, from)) in weights.outer_iter_mut().zip(rows).enumerate() {
            match from {
                Ok(from) => to.assign(&ArrayView1::from(&from[..n])),
                Err(reason) => without.push(Undefined { row, reason }),
            }
        }
        if without.is_empty() { Ok(weights) } else { Err(NoWeights::Rows(without)) }
    }

    pub(super) fn read(&self, states: ArrayView2<F>, top: usize) -> Result<Answer<F>> {
        /// The largest number of weights held at a time.
        const HELD: usize = 1 << 22;
        let to = self.landscape.as_ref().ok().and_then(|landscape| landscape.to.as_deref());
        let streamed = Streamed::of(&self.keys, &self.separator).filter(|_| to.is_none());
        let mut answer = match streamed {
            Some(Streamed { form, beta, .. }) => self.stream(states, form, beta, top),
            None if self.patterns.shards().is_some() => self.project_elsewhere(states, top)?,
            None => {
                let batch = (HELD / self.patterns.len()).max(16);
                let parts: Vec<Answer<F>> = (0..states.nrows().max(1))
                    .step_by(batch)
                    .map(|from| {
                        let part = states.slice(s![from..states.nrows().min(from + batch), ..]);
                        self.read_defined(part, to, top)
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
            let without: Vec<usize> = answer.undefined.iter().map(|undefined| undefined.row).collect();
            for (row, (mut sums, own)) in answer.states.outer_iter_mut().zip(states.outer_iter()).enumerate()
            {
                if without.binary_search(&row).is_err() {
                    Zip::from(&mut sums).and(own).for_each(|sum, &own| *sum = sign(*sum, own));
                }
            }
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
            undefined: Vec::new(),
        }
    }

    /// Reads patterns that others hold, of which the best few have weights.
    fn project_elsewhere(&self, states: ArrayView2<F>, top: usize) -> Result<Answer<F>> {
        let best = if self.separator.separation() == Separation::Max && self.keys.measure().finds_nearest() {
            nearest(&self.patterns, states).into_iter().map(|n| vec![(n, 0.0)]).collect()
        } else {
            parts::best(&self.patterns, &self.keys, states, self.separator.separation())?
        };
        self.patterns.check_source()?;
        let all: Vec<usize> = best.iter().flatten().map(|(n, _)| *n).collect();
        let rows = self.patterns.select(&all);
        self.patterns.check_source()?;
        let mut answer = Answer {
            states: states.to_owned(),
            values: None,
            posteriors: vec![None; states.nrows()],
            undefined: Vec::new(),
        };
        let mut from = 0;
        for (row, best) in best.iter().enumerate() {
            let values = rows.slice(s![from..from + best.len(), ..]);
            from += best.len();
            let mut weights: Vec<f64> = best.iter().map(|(_, score)| *score).collect();
            if let Err(reason) = self.separator.try_weights(&mut weights) {
                answer.undefined.push(Undefined { row, reason });
                continue;
            }
            let sum =
                weighted_sums(ArrayView2::from_shape((1, best.len()), &weights).expect("a row"), values);
            answer.states.row_mut(row).assign(&sum.row(0).mapv(F::from_f64));
            answer.posteriors[row] = Some(parts::summary_of_best(best, &weights, self.patterns.len(), top));
        }
        Ok(answer)
    }

    /// Reads the rows that have weights. The others keep their states.
    fn read_defined(
        &self,
        states: ArrayView2<F>,
        to: Option<&dyn BestState<F>>,
        top: usize,
    ) -> Result<Answer<F>> {
        let read = |states: ArrayView2<F>| match to {
            Some(to) => self.descend(states, to, top),
            None => self.project(states, top),
        };
        let undefined = match read(states) {
            Ok(answer) => return Ok(answer),
            Err(NoWeights::Error(error)) => return Err(error),
            Err(NoWeights::Rows(undefined)) => undefined,
        };
        let without = |row: &usize| undefined.binary_search_by_key(row, |undefined| undefined.row).is_ok();
        let defined: Vec<usize> = (0..states.nrows()).filter(|row| !without(row)).collect();
        let width = self.patterns.associated().map(|values| values.ncols());
        let mut all = Answer {
            states: states.to_owned(),
            values: width.map(|width| Array2::from_elem((states.nrows(), width), F::ZERO)),
            posteriors: vec![None; states.nrows()],
            undefined,
        };
        if defined.is_empty() {
            return Ok(all);
        }
        let some = read(states.select(Axis(0), &defined).view()).map_err(|none| none.into_error())?;
        for (k, (&row, posterior)) in defined.iter().zip(some.posteriors).enumerate() {
            all.states.row_mut(row).assign(&some.states.row(k));
            if let (Some(all), Some(values)) = (&mut all.values, &some.values) {
                all.row_mut(row).assign(&values.row(k));
            }
            all.posteriors[row] = posterior;
        }
        Ok(all)
    }

    fn project(&self, states: ArrayView2<F>, top: usize) -> Weighed<Answer<F>> {
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
            self.weigh(self.keys.scores(states)?)?
        };
        let shared = self.separator.shared();
        let sums = |values: ArrayView2<F>| weighted_sums(weights.view(), values).mapv(F::from_f64);
        Ok(Answer {
            states: sums(self.patterns.values()),
            values: self.patterns.associated().map(sums),
            posteriors: weights.outer_iter().map(|w| shared.then(|| summary(w, top))).collect(),
            undefined: Vec::new(),
        })
    }
}

fn join<F: Real>(mut parts: Vec<Answer<F>>) -> Answer<F> {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    let mut undefined = Vec::new();
    let mut first = 0;
    for part in &parts {
        undefined.extend(part.undefined.iter().map(|u| Undefined { row: first + u.row, ..*u }));
        first += part.states.nrows();
    }
    let states: Vec<_> = parts.iter().map(|p| p.states.view()).collect();
    let values: Option<Vec<_>> = parts.iter().map(|p| p.values.as_ref().map(|v| v.view())).collect();
    Answer {
        states: concatenate(Axis(0), &states).expect("equal widths"),
        values: values.map(|v| concatenate(Axis(0), &v).expect("equal widths")),
        posteriors: parts.into_iter().flat_map(|p| p.posteriors).collect(),
        undefined,
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
