//! Reads of stored points that leave out patterns of negligible weight, with a certificate.
//!
//! **The certificate.** A read of all patterns at an *anchor* z₀, β₀ divides them into those inside a ball and those
//! outside. Of those outside it gives three numbers: the distance r of the nearest; their weight there, S = Σ π_n
//! exp(−β₀(d_n² − r²)/2) with d_n = ‖z₀ − y_n‖; and their largest weight anywhere, P = Σ π_n. At a state z that is δ
//! < r away from the anchor,
//!
//! ```text
//! ‖z − y_n‖² ≥ (d_n − δ)² ≥ (r − δ)² + (d_n² − r²)(1 − δ/r)        (the square is convex in d_n²)
//! Σ π_n exp(−β‖z − y_n‖²/2) ≤ exp(−β(r − δ)²/2) S^κ P^(1−κ),       κ = min(1, β(1 − δ/r)/β₀)
//! ```
//!
//! by Hölder's inequality. For a state that walks at random, a bound with the radius R of the memory around 0 is
//! better. In it −2(r − δ)δ is replaced by 2(z − z₀)·z₀ − 2δR, and κ by min(1, β/β₀). The smaller of the two bounds
//! is used:
//!
//! ```text
//! ‖z − y_n‖² = d_n² + δ² + 2(z − z₀)·(z₀ − y_n) ≥ r² + δ² + 2(z − z₀)·z₀ − 2δR + (d_n² − r²)
//! ```
//!
//! The bounds do not depend on the direction in which β changes, or on why the state moved. While the bound is below
//! [`NEGLIGIBLE`] times the weight inside, only the inside is read. Each unit of the mean then has an error of at
//! most that share of the width of the memory in this unit. Otherwise all patterns are read again, and the state
//! becomes the anchor.
//!
//! As noise falls, most patterns inside become negligible too. The ball is then divided as the memory was. This gives
//! nested balls, each with its own anchor and bound. If the bound of an inner ball fails, those of the outer ones may
//! still hold.

use std::borrow::Cow;

use ndarray::{Array2, ArrayView2};

use super::{Points, Reader, Reads};
use crate::error::Result;
use crate::kernels::{Ball, Form, add_scaled, attend, half_squares, heaviest, near, usable_beta};
use crate::patterns::{Patterns, pick};
use crate::real::Real;
use crate::threads;

/// The largest weight of the patterns left out, relative to those read. It is far below the rounding of f32. A flow
/// amplifies errors of its reads at most a thousandfold, unless it passes close to a boundary between basins.
const NEGLIGIBLE: f64 = 1e-9;
/// At the anchor, the weight left out is smaller than [`NEGLIGIBLE`] by this factor, which leaves room for the state
/// to move.
const ROOM: f64 = 0.1;
/// β must grow by this factor before a row with a spread posterior looks for a ball again, which costs half a read.
const PATIENCE: f64 = 1.2;
/// The number of reads that a ball must serve to be worth its cost. A state that leaves sooner moves too fast at this
/// level.
const WORTH: usize = 3;
/// A ball with more than 1/`SHARE` of the patterns saves too little.
const SHARE: usize = 4;
/// The largest number of values in a ball if patterns are not held as numbers. The patterns inside are then copied,
/// for each row.
const COPIED: usize = 1 << 16;
/// Memories with fewer stored patterns are always read in full, since that costs less than the bounds.
pub const LEAST: usize = 1024;
/// So are memories of at most so many numbers, if their patterns have equal weights: then a row stops reading once it is decided.
const SMALL: usize = 1 << 16;

/// Whether memories of so many patterns and units, of equal weights, are narrowed.
pub fn is_narrowed(patterns: usize, units: usize) -> bool {
    (LEAST..u32::MAX as usize).contains(&patterns) && patterns.saturating_mul(units) > SMALL
}
/// A ball with fewer patterns is not divided.
const FEW: usize = 32;
/// The number of rows that look for their balls together. Lists of near patterns are held for all of them.
const TOGETHER: usize = 64;
/// Weights below this share of the largest are lost in the rounding of a sum.
const LOST: f64 = 1e-18;
/// Rounding of a sum of squares in f64, relative to it.
const ROUNDING: f64 = 1e-12;

/// Reads stored points, and leaves out patterns of negligible weight.
pub(super) struct NarrowedReader<'a, F> {
    points: &'a Points<F>,
    /// The largest ln π of a pattern.
    heaviest: f64,
    /// An upper bound of the norms of all patterns.
    extent: f64,
    nests: Vec<Nest<F>>,
}

impl<'a, F: Real> NarrowedReader<'a, F> {
    pub fn new(points: &'a Points<F>, rows: usize) -> Self {
        let patterns = points.patterns();
        NarrowedReader {
            points,
            heaviest: heaviest(patterns.log_weights()),
            extent: patterns.largest_square().sqrt() * (1.0 + ROUNDING),
            nests: (0..rows).map(|_| Nest::default()).collect(),
        }
    }
}

/// The nested balls of one row, from the outermost to the innermost.
struct Nest<F> {
    layers: Vec<Layer<F>>,
    copies: Copies<F>,
    /// Below this β the row does not look for a ball again.
    patience: f64,
    /// Whether the last read succeeded.
    found: bool,
    /// The number of reads since the outermost ball was found.
    age: usize,
    reads: Reads,
}

impl<F> Default for Nest<F> {
    fn default() -> Self {
        Nest {
            layers: Vec::new(),
            copies: Copies { numbers: Vec::new(), values: Vec::new() },
            patience: 0.0,
            found: false,
            age: 0,
            reads: Reads::default(),
        }
    }
}

/// The patterns of the outermost ball, copied if they are not held as numbers.
struct Copies<F> {
    numbers: Vec<u32>,
    values: Vec<F>,
}

impl<F: Real> Copies<F> {
    /// The values that contain these patterns, and their positions in them. The values are those of all patterns, or
    /// the copies.
    fn find<'a>(&'a self, patterns: &'a Patterns<F>, which: &'a [u32]) -> (&'a [F], Cow<'a, [u32]>) {
        if patterns.are_held() {
            let values = patterns.values().to_slice().expect("patterns are stored row-major");
            return (values, Cow::Borrowed(which));
        }
        let place = |n: &u32| self.numbers.binary_search(n).expect("in the outermost ball") as u32;
        (&self.values, Cow::Owned(which.iter().map(place).collect()))
    }
}

/// One ball, and what is known of the patterns between it and the next outer one.
struct Layer<F> {
    anchor: Vec<F>,
    beta: f64,
    ball: Ball,
    /// ln P of the patterns outside.
    log_most: f64,
}

impl<F: Real> Layer<F> {
    /// An upper bound of the log of the weight Σ π_n exp(−β d_n²/2) of the patterns outside at this state.
    fn log_bound(&self, state: &[F], beta: f64, extent: f64) -> f64 {
        let (mut square, mut along) = (0.0, 0.0);
        for (z, anchor) in state.iter().zip(&self.anchor) {
            let moved = z.to_f64() - anchor.to_f64();
            square += moved * moved;
            along += moved * anchor.to_f64();
        }
        let (moved, radius) = (square.sqrt() * (1.0 + ROUNDING), self.ball.radius * (1.0 - ROUNDING));
        let rest = self.ball.log_rest.min(self.log_most);
        let bound = |nearest: f64, share: f64| {
            let share = share.min(1.0);
            share * rest + (1.0 - share) * self.log_most - beta * nearest.max(0.0) / 2.0
        };
        let left = radius - moved;
        let any = if left > 0.0 {
            bound(left * left * (1.0 - ROUNDING), beta * left / radius / self.beta)
        } else {
            self.log_most
        };
        // These terms have both signs, so their rounding error is that of the largest.
        let size = radius * radius + square + 2.0 * moved * (extent + self.ball.radius);
        let nearest = radius * radius + square + 2.0 * (along - moved * extent) - 4.0 * ROUNDING * size;
        let straight = if nearest > 0.0 { bound(nearest, beta / self.beta) } else { self.log_most };
        // Both are NaN if the state has a NaN.
        if any.is_nan() || straight.is_nan() { f64::INFINITY } else { any.min(straight) }
    }
}

/// The read of one row.
struct Task<'t, F> {
    nest: &'t mut Nest<F>,
    state: &'t [F],
    beta: f64,
    mean: &'t mut [F],
}

impl<F: Real> Task<'_, F> {
    /// Reads the innermost ball whose certificate holds, if there is one.
    fn read(self, patterns: &Patterns<F>, heaviest: f64, extent: f64) {
        let Task { nest, state, beta, mean } = self;
        let log_weight = |n: u32| patterns.log_weights().map_or(0.0, |w| w[n as usize]);
        let mut halves = Vec::new();
        while let Some(layer) = nest.layers.last() {
            let inside = &layer.ball.inside;
            let (values, places) = nest.copies.find(patterns, inside);
            half_squares(values, &places, state, &mut halves);
            let logit = |(&half, &n): (&f64, &u32)| log_weight(n) - beta * half;
            let logits: Vec<f64> = halves.iter().zip(inside).map(logit).collect();
            let peak = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let mass: f64 = logits.iter().map(|l| (l - peak).exp()).sum();
            // Both logs are differences of numbers that may be huge.
            let kept = peak + mass.ln() - ROUNDING * peak.abs();
            let mut outside = 0.0;
            let failed = nest.layers.iter().position(|layer| {
                outside += (layer.log_bound(state, beta, extent) - kept).exp();
                outside.is_nan() || outside > NEGLIGIBLE
            });
            nest.reads.narrow += 1;
            nest.reads.patterns += inside.len();
            nest.reads.largest = nest.reads.largest.max(inside.len());
            if let Some(failed) = failed {
                nest.layers.truncate(failed);
                if failed == 0 && nest.age < WORTH {
                    nest.patience = PATIENCE * beta;
                }
                continue;
            }
            let mut sums = vec![0.0; state.len()];
            for (logit, &n) in logits.iter().zip(places.iter()) {
                let weight = (logit - peak).exp();
                if weight > LOST {
                    let n = n as usize * state.len();
                    add_scaled(weight / mass, &values[n..n + state.len()], &mut sums);
                }
            }
            mean.iter_mut().zip(&sums).for_each(|(mean, &sum)| *mean = F::from_f64(sum));
            // Beyond this cost, all patterns together are negligible even if each has the largest prior weight.
            let cut = heaviest + (inside.len() as f64 / (ROOM * NEGLIGIBLE)).ln();
            let limit = (cut - peak) / beta * (1.0 + ROUNDING);
            let inner = divide(layer, state, beta, &halves, limit, log_weight);
            nest.layers.extend(inner);
            nest.found = true;
            nest.age += 1;
            return;
        }
    }
}

/// Divides a ball: the patterns with ½d² up to `limit`, if these are at most half of the ball.
fn divide<F: Real>(
    layer: &Layer<F>,
    state: &[F],
    beta: f64,
    halves: &[f64],
    limit: f64,
    log_weight: impl Fn(u32) -> f64,
) -> Option<Layer<F>> {
    let all = &layer.ball.inside;
    let near = halves.iter().filter(|&&half| half <= limit).count();
    if all.len() < FEW || 2 * near > all.len() {
        return None;
    }
    let inside = all.iter().zip(halves).filter(|(_, half)| **half <= limit).map(|(&n, _)| n).collect();
    let outside = || all.iter().zip(halves).filter(|(_, half)| **half > limit);
    let half = outside().map(|(_, &half)| half).fold(f64::INFINITY, f64::min);
    let (mut rest, mut most) = (0.0, 0.0);
    for (&n, own) in outside() {
        let weight = log_weight(n).exp();
        rest += weight * (-beta * (own - half)).exp();
        most += weight;
    }
    let log_rest = rest.ln() + ROUNDING * beta * half;
    let ball = Ball { inside, radius: (2.0 * half).sqrt(), log_rest };
    Some(Layer { anchor: state.to_vec(), beta, ball, log_most: most.ln() })
}

impl<F: Real> NarrowedReader<'_, F> {
    /// Reads the rows that have balls and are not yet read, on all threads.
    fn read_inside(
        &self,
        nests: &mut [Nest<F>],
        states: ArrayView2<F>,
        betas: &[f64],
        means: &mut Array2<F>,
    ) {
        let mut work = 0.0;
        let mut tasks = Vec::new();
        for (k, (nest, mean)) in nests.iter_mut().zip(means.outer_iter_mut()).enumerate() {
            if nest.found {
                continue;
            }
            if let Some(layer) = nest.layers.last() {
                work += (8 * layer.ball.inside.len() * states.ncols()) as f64;
                let state = states.row(k).to_slice().expect("states are in standard layout");
                let mean = mean.into_slice().expect("means are in standard layout");
                tasks.push(Task { nest, state, beta: betas[k], mean });
            }
        }
        threads::each(tasks, work, |task| task.read(self.points.patterns(), self.heaviest, self.extent));
    }

    /// Looks for a new ball for each row that was not read inside its old one.
    fn look(&self, nests: &mut [Nest<F>], states: ArrayView2<F>, betas: &[f64]) {
        let patterns = self.points.patterns();
        let n = patterns.len();
        let looking: Vec<usize> =
            (0..nests.len()).filter(|&k| !nests[k].found && betas[k] >= nests[k].patience).collect();
        let log_most = if patterns.log_weights().is_some() { 0.0 } else { (n as f64).ln() };
        for some in looking.chunks(TOGETHER) {
            let queries = pick(states.view(), some);
            let own: Vec<f64> = some.iter().map(|&k| betas[k]).collect();
            let most = if patterns.are_held() { n / SHARE } else { (COPIED / patterns.dim()).min(n / SHARE) };
            let balls = near(patterns, queries.view(), &own, ROOM * NEGLIGIBLE, most);
            for ((&k, query), ball) in some.iter().zip(queries.outer_iter()).zip(balls) {
                let (nest, beta) = (&mut nests[k], betas[k]);
                nest.reads.full += 1;
                (nest.patience, nest.age) = (0.0, 0);
                if let (Some(ball), false) = (&ball, patterns.are_held()) {
                    let rows: Vec<usize> = ball.inside.iter().map(|&n| n as usize).collect();
                    let values = patterns.select(&rows).into_raw_vec_and_offset().0;
                    nest.copies = Copies { numbers: ball.inside.clone(), values };
                }
                let layer = |ball| Layer { anchor: query.to_vec(), beta, ball, log_most };
                nest.layers.extend(ball.map(layer));
                if nest.layers.is_empty() {
                    nest.give_up(beta);
                }
            }
        }
    }
}

impl<F> Nest<F> {
    fn give_up(&mut self, beta: f64) {
        self.reads.spread += 1;
        self.patience = PATIENCE * beta;
    }
}

impl<F: Real> Reader<F> for NarrowedReader<'_, F> {
    fn denoise(&mut self, rows: &[usize], states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        let patterns = self.points.patterns();
        let betas: Vec<f64> = self.points.betas(states, sigmas)?.into_iter().map(usable_beta::<F>).collect();
        let states = states.as_standard_layout();
        let mut means = Array2::from_elem(states.dim(), F::ZERO);
        let mut nests: Vec<Nest<F>> = rows.iter().map(|&row| std::mem::take(&mut self.nests[row])).collect();
        nests.iter_mut().for_each(|nest| nest.found = false);
        self.read_inside(&mut nests, states.view(), &betas, &mut means);
        self.look(&mut nests, states.view(), &betas);
        self.read_inside(&mut nests, states.view(), &betas, &mut means);
        let lost: Vec<usize> = (0..nests.len()).filter(|&k| !nests[k].found).collect();
        if !lost.is_empty() {
            let own: Vec<f64> = lost.iter().map(|&k| betas[k]).collect();
            let read = attend(patterns, pick(states.view(), &lost).view(), &own, Form::Distance);
            for (&k, mean) in lost.iter().zip(read.mean.outer_iter()) {
                means.row_mut(k).assign(&mean);
                nests[k].reads.full += 1;
                if nests[k].patience == 0.0 {
                    // The ball that was found fails even at its own anchor.
                    nests[k].give_up(betas[k]);
                }
            }
        }
        for (&row, nest) in rows.iter().zip(nests) {
            self.nests[row] = nest;
        }
        Ok(means)
    }

    fn reads(&self) -> Vec<Reads> {
        self.nests.iter().map(|nest| nest.reads).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::{Purpose, Stream};

    /// The log of the weight Σ π_n exp(−β‖z − y_n‖²/2) of the patterns that a layer does not hold, by direct sums.
    fn outside<F: Real>(patterns: &Patterns<F>, inside: &[u32], state: &[F], beta: f64) -> f64 {
        let logits: Vec<f64> = (0..patterns.len())
            .filter(|&n| inside.binary_search(&(n as u32)).is_err())
            .map(|n| {
                let row = patterns.values().row(n).to_owned();
                let square: f64 =
                    state.iter().zip(&row).map(|(z, y)| (z.to_f64() - y.to_f64()).powi(2)).sum();
                patterns.log_weights().map_or(0.0, |w| w[n]) - beta * square / 2.0
            })
            .collect();
        let peak = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        peak + logits.iter().map(|l| (l - peak).exp()).sum::<f64>().ln()
    }

    /// Tests that the bound of every layer is never below the true value, at states near and far from the anchor.
    fn never_below<F: Real>(weighted: bool) {
        let mut noise = Stream::new(3, Purpose::Patterns, 0);
        let (n, dim) = (2000, 12);
        let values = Array2::from_shape_fn((n, dim), |_| F::from_f64(noise.normal()));
        let mut patterns = Patterns::new(values.clone()).expect("patterns");
        if weighted {
            let weights: Vec<f64> = (0..n).map(|_| (2.0 * noise.normal()).exp()).collect();
            patterns = patterns.with_weights(&weights).expect("weights");
        }
        let points = Points::new(patterns);
        let (mut checked, mut tight) = (0, 0);
        for trial in 0..40 {
            let sigma = 0.05 + 0.4 * noise.uniform();
            let start: Vec<f64> =
                (0..dim).map(|j| values[[trial, j]].to_f64() + sigma * noise.normal()).collect();
            let mut reader = NarrowedReader::new(&points, 1);
            let path = |share: f64| {
                Array2::from_shape_fn((1, dim), |(_, j)| {
                    F::from_f64(start[j] + share * (values[[trial, j]].to_f64() - start[j]))
                })
            };
            for share in [0.0, 0.1, 0.3, 0.6] {
                reader.denoise(&[0], path(share).view(), &[sigma * (1.0 - share)]).expect("a read");
            }
            for layer in &reader.nests[0].layers {
                // The bound of an inner layer is only about the patterns between it and the next outer layer.
                let held: Vec<&Vec<u32>> = reader.nests[0].layers.iter().map(|l| &l.ball.inside).collect();
                let place = held.iter().position(|h| std::ptr::eq(*h, &layer.ball.inside)).expect("there");
                for _ in 0..20 {
                    let far = 3.0 * sigma * noise.uniform();
                    let state: Vec<F> =
                        layer.anchor.iter().map(|a| F::from_f64(a.to_f64() + far * noise.normal())).collect();
                    let beta = layer.beta * (2.0 * noise.normal()).exp();
                    let mut excluded = layer.ball.inside.clone();
                    if place > 0 {
                        excluded.extend((0..n as u32).filter(|n| held[place - 1].binary_search(n).is_err()));
                        excluded.sort_unstable();
                    }
                    let truth = outside(points.patterns(), &excluded, &state, beta);
                    let bound = layer.log_bound(&state, beta, reader.extent);
                    assert!(bound >= truth - 1e-9 * truth.abs(), "trial {trial}: {bound} < {truth}");
                    checked += 1;
                    tight += usize::from(bound < truth + 20.0);
                }
            }
        }
        assert!(checked > 500 && tight > 50, "{checked} bounds, {tight} of them near the truth");
    }

    #[test]
    fn a_bound_is_never_below_the_truth() {
        never_below::<f64>(false);
        never_below::<f64>(true);
        never_below::<f32>(false);
        never_below::<f32>(true);
    }
}
