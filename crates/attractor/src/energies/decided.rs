//! Skips reads of a state that one pattern already dominates and that moves toward this pattern.
//!
//! **The certificate.** At an anchor z₀, β₀ a read gives the pattern y, and all other patterns together weigh ρ times
//! as much as y. Write any later state as z = y + a(z₀ − y) + e, with any a between 0 and 1. Let another pattern y_n
//! lie at a distance d from y. Its excess cost over y, ½‖z − y_n‖² − ½‖z − y‖², is then at least a times the excess
//! at the anchor, plus (1 − a)d²/2 − ‖e‖d. The last two terms are at least −‖e‖²/2(1 − a). So if aβ ≥ β₀ and all
//! patterns have the same prior weight,
//!
//! ```text
//! Σ_n exp(−β(½‖z − y_n‖² − ½‖z − y‖²)) ≤ ρ^(aβ/β₀) exp(β‖e‖²/2(1 − a))
//! ```
//!
//! (Σ ρ_n^p ≤ (Σ ρ_n)^p for p ≥ 1). While this is smaller than the rounding error of a sum, a read would give y, so y
//! is returned without a read. The bound does not depend on why the state moved. Along a flow, e is only rounding,
//! and a falls as fast as σ.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::{Points, Reader, Reads};
use crate::error::Result;
use crate::kernels::{Form, attend, error_bound, usable_beta};
use crate::patterns::pick;
use crate::real::Real;

/// The rounding error in f64 of masses, which are sums that begin with a 1.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

/// Reads stored points of equal prior weight, and stops reading for a row once it is decided.
pub(super) struct DecidedReader<'a, F> {
    points: &'a Points<F>,
    /// The largest weight of all other patterns relative to the best one that is lost in the rounding of a sum.
    negligible: f64,
    /// The decision of each row whose last read gave a single pattern.
    decisions: Vec<Option<Decision<F>>>,
    reads: Vec<Reads>,
}

/// A row's decision, with the numbers that the certificate needs.
struct Decision<F> {
    /// The anchor z₀.
    anchor: Vec<F>,
    /// The pattern y.
    pattern: Array1<F>,
    beta: f64,
    /// An upper bound of ln ρ.
    log_rest: f64,
    /// ‖z₀ − y‖².
    square: f64,
}

impl<'a, F: Real> DecidedReader<'a, F> {
    pub fn new(points: &'a Points<F>, rows: usize) -> Self {
        DecidedReader {
            points,
            negligible: (F::ROUNDOFF / 4.0).max(2.0 * ROUNDING),
            decisions: (0..rows).map(|_| None).collect(),
            reads: vec![Reads::default(); rows],
        }
    }

    /// The decision of a read in which `best` has the largest weight and the others together weigh `rest` times as
    /// much.
    fn decision(&self, state: &[F], best: usize, rest: f64, beta: f64) -> Option<Decision<F>> {
        if rest > self.negligible {
            return None;
        }
        let patterns = self.points.patterns();
        let pattern = Array1::from(patterns.row(best));
        let (mut square, mut own) = (0.0, 0.0);
        for (z, y) in state.iter().zip(&pattern) {
            square += (z.to_f64() - y.to_f64()).powi(2);
            own += z.to_f64() * z.to_f64();
        }
        // Costs have the rounding errors of their products and squares.
        let extent = patterns.largest_square().sqrt();
        let rounding = 4.0 * (error_bound::<F>(state.len()) * own.sqrt() + F::ROUNDOFF * extent) * extent;
        let log_rest = (rest + ROUNDING).ln() + beta * rounding;
        let decision = || Decision { anchor: state.to_vec(), pattern, beta, log_rest, square };
        (log_rest <= self.negligible.ln()).then(decision)
    }
}

impl<F: Real> Decision<F> {
    /// An upper bound of the log of the weight of all other patterns at another state, relative to y.
    fn log_bound(&self, state: &[F], beta: f64) -> f64 {
        if beta == self.beta && state == self.anchor {
            return self.log_rest;
        }
        let (mut along, mut square) = (0.0, 0.0);
        for ((z, from), y) in state.iter().zip(&self.anchor).zip(&self.pattern) {
            let (left, whole) = (z.to_f64() - y.to_f64(), from.to_f64() - y.to_f64());
            along += left * whole;
            square += left * left;
        }
        // The point on the line to y nearest to the state, if the condition aβ ≥ β₀ allows it. This is 0/0, a NaN, if
        // the anchor was y itself.
        let share = (along / self.square).max(self.beta / beta);
        if share >= 1.0 {
            return f64::INFINITY;
        }
        let astray = square - share * (2.0 * along - share * self.square);
        share * beta / self.beta * self.log_rest + beta * astray.max(0.0) / (2.0 * (1.0 - share))
    }
}

impl<F: Real> Reader<F> for DecidedReader<'_, F> {
    fn denoise(&mut self, rows: &[usize], states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        let mut betas = self.points.betas(states, sigmas)?;
        betas.iter_mut().for_each(|beta| *beta = usable_beta::<F>(*beta));
        let states = states.as_standard_layout();
        let state = |k: usize| states.row(k).to_slice().expect("states are in standard layout");
        let negligible = self.negligible.ln();
        let mut open = Vec::with_capacity(rows.len());
        for (k, &row) in rows.iter().enumerate() {
            let bound = self.decisions[row].as_ref().map(|decision| decision.log_bound(state(k), betas[k]));
            if bound.is_none_or(|bound| bound > negligible) {
                open.push(k);
            }
        }
        let patterns = self.points.patterns();
        let read = if open.len() == rows.len() {
            attend(patterns, states.view(), &betas, Form::Distance)
        } else {
            let own: Vec<f64> = open.iter().map(|&k| betas[k]).collect();
            attend(patterns, pick(states.view(), &open).view(), &own, Form::Distance)
        };
        for (at, &k) in open.iter().enumerate() {
            self.decisions[rows[k]] = self.decision(state(k), read.best[at], read.mass[at] - 1.0, betas[k]);
            self.reads[rows[k]].full += 1;
        }
        patterns.check_source()?;
        let mut means = match open.len() == rows.len() {
            true => read.mean,
            false => {
                let mut means = Array2::from_elem(states.dim(), F::ZERO);
                open.iter().zip(read.mean.outer_iter()).for_each(|(&k, mean)| means.row_mut(k).assign(&mean));
                means
            }
        };
        for (&row, mut mean) in rows.iter().zip(means.outer_iter_mut()) {
            if let Some(decision) = &self.decisions[row] {
                mean.assign(&decision.pattern);
            }
        }
        Ok(means)
    }

    fn goal(&self, row: usize) -> Option<ArrayView1<'_, F>> {
        self.decisions[row].as_ref().map(|decision| decision.pattern.view())
    }

    fn reads(&self) -> Vec<Reads> {
        self.reads.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Purpose, Stream};
    use crate::patterns::Patterns;

    /// The log of the weight of all patterns but `one` at a state, relative to `one`, by direct sums.
    fn others<F: Real>(patterns: &Patterns<F>, one: usize, state: &[F], beta: f64) -> f64 {
        let cost = |n: usize| -> f64 {
            let row = patterns.row(n);
            state.iter().zip(row).map(|(z, y)| (z.to_f64() - y.to_f64()).powi(2)).sum::<f64>() / 2.0
        };
        let own = cost(one);
        let logits: Vec<f64> =
            (0..patterns.len()).filter(|n| *n != one).map(|n| -beta * (cost(n) - own)).collect();
        let peak = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        peak + logits.iter().map(|l| (l - peak).exp()).sum::<f64>().ln()
    }

    /// Tests the bound from anchors where one pattern dominates, at states near the line to this pattern and far from
    /// it, and at many levels. On that line, down the levels, every read must be decided.
    fn never_below<F: Real>() {
        let mut noise = Stream::new(4, Purpose::Patterns, 0);
        let (n, dim) = (40, 12);
        let values = Array2::from_shape_fn((n, dim), |_| F::from_f64(noise.normal()));
        let points = Points::new(Patterns::new(values).expect("patterns"));
        let patterns = points.patterns();
        let mut decided = 0;
        for trial in 0..400 {
            let one = trial % n;
            let sigma = 0.05 + 0.4 * noise.uniform();
            let row = patterns.row(one).to_owned();
            let anchor = Array2::from_shape_fn((1, dim), |(_, j)| {
                F::from_f64(row[j].to_f64() + sigma * noise.normal())
            });
            let mut reader = DecidedReader::new(&points, 1);
            reader.denoise(&[0], anchor.view(), &[sigma]).expect("a read");
            let Some(decision) = &reader.decisions[0] else {
                continue;
            };
            decided += 1;
            let won = (0..n).find(|&n| Array1::from(patterns.row(n)) == decision.pattern).expect("a pattern");
            let place = |share: f64, far: f64, noise: &mut Stream| -> Vec<F> {
                let ends = anchor.iter().zip(&decision.pattern).map(|(z, y)| (z.to_f64(), y.to_f64()));
                ends.map(|(z, y)| F::from_f64(y + share * (z - y) + far * noise.normal())).collect()
            };
            for share in [0.9, 0.5, 0.1, 1e-3, 0.0] {
                let beta = decision.beta / f64::max(share, 1e-4).powi(2);
                let bound = decision.log_bound(&place(share, 0.0, &mut noise), beta);
                assert!(bound <= reader.negligible.ln(), "trial {trial}, share {share}: {bound}");
            }
            for _ in 0..20 {
                let (share, far) = (1.2 * noise.uniform(), sigma * (4.0 * noise.normal()).exp());
                let state = place(share, far, &mut noise);
                let beta = decision.beta * (3.0 * noise.normal()).exp();
                let bound = decision.log_bound(&state, beta);
                let truth = others(patterns, won, &state, beta);
                assert!(bound >= truth - 1e-9 * truth.abs(), "trial {trial}: {bound} < {truth}");
            }
        }
        assert!(decided > 100, "{decided} decided");
    }

    #[test]
    fn a_bound_is_never_below_the_truth() {
        never_below::<f64>();
        never_below::<f32>();
    }
}
