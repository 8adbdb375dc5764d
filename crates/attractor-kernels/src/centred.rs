//! Patterns that lie far from 0, about their mean.
//!
//! A cost is found from a dot product. Its rounding grows with the norms of both vectors, and costs only differ by the
//! deviations of the patterns from each other. So for patterns far from 0, in units of their spread, digits would be
//! lost. Distances do not change if all vectors are moved, and dot products change by the same number for all patterns.
//! So both are found from y − m and, for distances, z − m.

use ndarray::{Array2, ArrayView2, CowArray, Ix2};

use crate::real::Real;
use crate::stored::Centred;
use crate::stream::{Form, Job, Values, usable_beta};

/// The parts of a read that depend on where patterns lie.
pub(crate) struct Triple<'a, F> {
    /// The largest logit.
    pub peak: &'a mut [f64],
    /// The posterior mean.
    pub mean: &'a mut Array2<F>,
    /// The second moment.
    pub second: &'a mut [f64],
}

impl<F: Real> Centred<F> {
    /// Queries as they are compared with y − m.
    pub(crate) fn queries<'a>(&self, queries: ArrayView2<'a, F>, form: Form) -> CowArray<'a, F, Ix2> {
        if form == Form::Dot {
            return queries.into();
        }
        let mut moved = Array2::from_elem(queries.dim(), F::ZERO);
        for (mut to, from) in moved.outer_iter_mut().zip(queries.outer_iter()) {
            to.iter_mut().zip(from).zip(&self.centre).for_each(|((to, &z), &m)| *to = z - m);
        }
        moved.into()
    }

    /// The dot product with the centre m.
    fn dot(&self, row: &mut dyn Iterator<Item = F>) -> f64 {
        row.zip(&self.centre).map(|(x, m)| x.to_f64() * m.to_f64()).sum()
    }

    /// Turns logits, or log-sums, of y − m into those of y.
    pub(crate) fn restore_peaks<'a>(&self, job: &Job<F>, peaks: impl Iterator<Item = &'a mut f64>) {
        for (q, peak) in peaks.enumerate().filter(|_| job.form == Form::Dot) {
            *peak += usable_beta::<F>(job.betas[q]) * self.dot(&mut job.queries.row(q).iter().copied());
        }
    }

    /// Turns a read of y − m into the read of y. `own` reads the mean of y − m where the job reads other values.
    pub(crate) fn restore(&self, job: &Job<F>, read: Triple<F>, own: impl FnOnce() -> Array2<F>) {
        self.restore_peaks(job, read.peak.iter_mut());
        let others = match &job.values {
            Values::None => return,
            Values::Own => None,
            Values::Others(_) => Some(own()),
        };
        let square = self.dot(&mut self.centre.iter().copied());
        for (q, second) in read.second.iter_mut().enumerate() {
            let mean = others.as_ref().unwrap_or(read.mean).row(q);
            *second = (*second + 2.0 * self.dot(&mut mean.iter().copied()) + square).max(0.0);
        }
        if others.is_none() {
            for mut mean in read.mean.outer_iter_mut() {
                mean.iter_mut().zip(&self.centre).for_each(|(x, &m)| *x += m);
            }
        }
    }
}
