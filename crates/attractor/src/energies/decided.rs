//! Reads that need not be made: of a state that one pattern has won, and that moves toward it.
//!
//! **The certificate.** At an anchor z₀, β₀ a read gives the pattern y, and all others together weigh ρ of what y
//! weighs. Any later state is z = y + a(z₀ − y) + e with 0 < a < 1, whichever a is chosen. What another pattern, at a
//! distance d from y, costs more than y, ½‖z − y_n‖² − ½‖z − y‖², is then at least a times what it cost more at the anchor,
//! plus (1 − a)d²/2 − ‖e‖d, which is at least −‖e‖²/2(1 − a). So where aβ ≥ β₀ and all patterns weigh the same beforehand
//!
//! ```text
//! Σ_n exp(−β(½‖z − y_n‖² − ½‖z − y‖²)) ≤ ρ^(aβ/β₀) exp(β‖e‖²/2(1 − a))
//! ```
//!
//! (Σ ρ_n^p ≤ (Σ ρ_n)^p for p ≥ 1). While that is lost in the rounding of a sum, the read would give y, and y is given.
//! Nothing is said of why the state moved; along a flow e is rounding, and a falls as σ does.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::{Points, Reader, Reads};
use crate::error::Result;
use crate::kernels::{Form, attend, error_bound, usable_beta};
use crate::patterns::pick;
use crate::real::Real;

/// Rounding of masses in f64, which are sums that begin with a 1.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

/// Reads stored points of equal prior weight until each row is decided.
pub(super) struct DecidedReader<'a, F> {
    points: &'a Points<F>,
    /// All other patterns may weigh so much of one: less than the rounding of a sum.
    negligible: f64,
    /// What is known of rows whose last read gave one pattern.
    decisions: Vec<Option<Decision<F>>>,
    reads: Vec<Reads>,
}

/// What a read decided.
struct Decision<F> {
    /// z₀.
    anchor: Vec<F>,
    /// y.
    pattern: Array1<F>,
    beta: f64,
    /// ln ρ at most.
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

    /// What a read decides in which pattern `best` is the heaviest and others weigh `rest` of it.
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
        // Costs carry the rounding of their products and squares.
        let extent = patterns.largest_square().sqrt();
        let rounding = 4.0 * (error_bound::<F>(state.len()) * own.sqrt() + F::ROUNDOFF * extent) * extent;
        let log_rest = (rest + ROUNDING).ln() + beta * rounding;
        let decision = || Decision { anchor: state.to_vec(), pattern, beta, log_rest, square };
        (log_rest <= self.negligible.ln()).then(decision)
    }
}

impl<F: Real> Decision<F> {
    /// At most the log of what all other patterns weigh at another state.
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
        // On the line to y where that is allowed; 0/0, no number, where the anchor was y itself.
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

    /// ln of what all patterns but one weigh of that one at a state, by direct sums.
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

    /// From anchors where a pattern has won to places of all kinds at levels of all kinds, near the line to the
    /// pattern and far from it; and on that line, down the levels, all is certain.
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
