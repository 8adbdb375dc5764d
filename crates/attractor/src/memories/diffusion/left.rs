//! The patterns that known units leave.
//!
//! Known units have almost no noise. So a pattern that differs from a cue there by a little more than the best one has no
//! weight at any level. Distances over the known units of each cue tell which, in one pass over the patterns for all cues.

use ndarray::{Array2, s};

use crate::energies::SharedPosterior;
use crate::kernels::{Difference, Operand, pairs, posterior_of_costs};
use crate::memories::levels::{Cues, Known};
use crate::patterns::Patterns;
use crate::real::Real;

/// Cues with known units, and the patterns that they are compared with.
pub(super) struct Left<'a, F> {
    pub patterns: &'a Patterns<F>,
    pub cues: &'a Cues<F>,
    pub known: &'a Known<F>,
    /// The noise level of known units.
    pub exact: f64,
    /// The factor by which known units are stretched, from the ratio of the levels of other units and of known ones.
    pub stretch: fn(f64) -> f64,
    /// Whether known units are noised on the way.
    pub stochastic: bool,
}

impl<F: Real> Left<'_, F> {
    /// Calls `f` for each cue that has known units, with its squared distances from all patterns over these units, and if `others` is
    /// set over the other units of the cue.
    pub fn each_distances(&self, others: bool, mut f: impl FnMut(usize, &[f64], Option<&[f64]>)) {
        /// The number of distances held at a time: 128 MB.
        const HELD: usize = 1 << 24;
        /// Cues are compared in groups of this many.
        const GROUP: usize = 16;
        let rows: Vec<usize> =
            (0..self.known.mask.nrows()).filter(|&row| self.known.mask.row(row).iter().any(|k| *k)).collect();
        let together = (HELD / self.patterns.len()).max(1).next_multiple_of(GROUP);
        let some = |rows: &[usize], of: &Array2<F>, wanted: bool| {
            let values = Array2::from_shape_fn((rows.len(), of.ncols()), |(k, j)| of[[rows[k], j]]);
            let mask = Array2::from_shape_fn(values.dim(), |(k, j)| {
                if self.known.mask[[rows[k], j]] == wanted { F::ONE } else { F::ZERO }
            });
            let queries = Operand { values: values.view(), logarithms: mask.view() };
            pairs(Difference::Known, queries, Operand::plain(self.patterns.values()))
        };
        for rows in rows.chunks(together) {
            let of_known = some(rows, &self.known.values, true);
            let of_others = others.then(|| some(rows, &self.cues.states, false));
            for (k, &row) in rows.iter().enumerate() {
                let line = |of: &Array2<f64>| of.slice(s![k, ..]).to_vec();
                f(row, &line(&of_known), of_others.as_ref().map(line).as_deref());
            }
        }
    }

    /// The posterior of a cue: known units are exact, and others have the level of the cue or carry no information.
    pub fn posterior(&self, row: usize, known: &[f64], others: Option<&[f64]>) -> SharedPosterior {
        let log_weights = self.patterns.log_weights();
        let level = self.cues.levels[row];
        let (of_known, of_others) = match others {
            // As the recall has them, stretched by a power of two.
            Some(_) => ((self.stretch)(level / self.exact) / level, 1.0 / level),
            None => (1.0 / self.exact, 0.0),
        };
        let cost = |n: usize| {
            let others = others.map_or(0.0, |others| others[n] * of_others.powi(2));
            (known[n] * of_known.powi(2) + others) / 2.0 - log_weights.map_or(0.0, |weights| weights[n])
        };
        let costs: Vec<f64> = (0..known.len()).map(cost).collect();
        SharedPosterior { posterior: posterior_of_costs(&costs, self.cues.top), event_share: None }
    }

    /// The patterns that may have a weight somewhere on the way of a cue. `None` if they are so many that all may as well be read.
    ///
    /// In stretched units, by a factor s, let t_n be the distance of pattern n over known units, and b the best one. At a
    /// level σ at most that of the cue, σ₀, the logits of n and b differ by
    ///
    /// ```text
    /// (t_n² − t_b² + u_n² − u_b²)/2σ²  ≥  ((t_n − t_b)² − u_b²)/2σ²,
    /// ```
    ///
    /// u the distances over other units. u_b is at most a few radii of the memory and of the noise. So n weighs less than
    /// u/N of b, u the unit roundoff, if t_n − t_b is above the root of u_b² + 2σ₀² ln(N/u). Where known units are noised, the noise
    /// moves the difference by up to 2σ₀ ε·(y_n − y_b): 18 σ₀ more is nine standard deviations.
    pub fn patterns(&self, row: usize, known: &[f64]) -> Option<Vec<usize>> {
        /// How far a sampler may leave the hull of cue and patterns.
        const OVERSHOOT: f64 = 4.0;
        /// Standard deviations of noise.
        const DEVIATIONS: f64 = 9.0;
        let level = self.cues.levels[row];
        let stretch = (self.stretch)(level / self.exact);
        let norm =
            |values: &mut dyn Iterator<Item = F>| values.map(|v| v.to_f64().powi(2)).sum::<f64>().sqrt();
        let radius = self.patterns.largest_square().sqrt();
        let noise = level * ((self.patterns.dim() as f64).sqrt() + DEVIATIONS);
        let start = norm(&mut self.cues.states.row(row).iter().copied());
        let reach = OVERSHOOT * (start + 2.0 * radius + if self.stochastic { noise } else { 0.0 });
        let spread = self.patterns.log_weights().map_or(0.0, |weights| {
            let ends = weights.iter().fold((0.0_f64, f64::NEG_INFINITY), |(a, b), &w| (a.min(w), b.max(w)));
            ends.1 - ends.0
        });
        let negligible = (self.patterns.len() as f64 / F::ROUNDOFF).ln() + spread;
        let wide = (reach * reach + 2.0 * level * level * negligible).sqrt()
            + if self.stochastic { 2.0 * DEVIATIONS * level } else { 0.0 };
        let best = known.iter().copied().fold(f64::INFINITY, f64::min).sqrt();
        // Distances are rounded by this share.
        let rounding = 128.0 * F::ROUNDOFF;
        let left = |square: f64| square.sqrt() * (1.0 - rounding) <= best * (1.0 + rounding) + wide / stretch;
        let patterns: Vec<usize> = (0..known.len()).filter(|&n| left(known[n])).collect();
        (patterns.len() <= known.len() / 4).then_some(patterns)
    }
}
