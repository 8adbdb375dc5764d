//! The unbiased stochastic recall: draw the memory, then the path to it.

use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::dynamics::{Dynamics, Motion, Run, Start};
use crate::energies::{Denoise, Points};
use crate::error::Result;
use crate::noise::{Purpose, Stream, streams};
use crate::real::Real;

/// Exact stochastic recall from stored points, at any number of steps.
///
/// The reverse SDE from z at level σ₀ ends in pattern n with probability w_n(z;σ₀). So draw n from w
/// at the first step, then walk the Brownian bridge from z to y_n: mean y + (σ'²/σ²)(z − y), variance
/// σ'²(1 − σ'²/σ²). The oracle for stochastic samplers. Cost: one pass of N·D operations a row.
#[derive(Clone, Copy)]
pub struct Bridge<'a, F> {
    /// The memory.
    pub points: &'a Points<F>,
}

impl<F: Real> Dynamics<F> for Bridge<'_, F> {
    fn dim(&self) -> usize {
        Denoise::dim(self.points)
    }

    fn motion(&self) -> Motion {
        Motion::Flow
    }

    fn start(&self, start: Start<F>) -> Result<Box<dyn Run<F> + '_>> {
        Ok(Box::new(Walk {
            points: self.points,
            targets: vec![None; start.states.nrows()],
            streams: streams(start.seed, Purpose::Recall, start.rows),
        }))
    }

    fn pull(&self, states: ArrayView2<F>, levels: &[f64]) -> Result<Array2<F>> {
        self.points.denoise(states, levels)
    }
}

struct Walk<'a, F> {
    points: &'a Points<F>,
    targets: Vec<Option<usize>>,
    streams: Vec<Stream>,
}

impl<F: Real> Run<F> for Walk<'_, F> {
    fn step(&mut self, rows: &[usize], mut states: ArrayViewMut2<F>, from: &[f64], to: &[f64]) -> Result<()> {
        for (k, &row) in rows.iter().enumerate() {
            let stream = &mut self.streams[row];
            let target = *self.targets[row].get_or_insert_with(|| {
                draw(self.points, states.row(k).iter().map(|v| v.wide()), from[k], stream)
            });
            let pattern = self.points.patterns().values().row(target).to_owned();
            for (z, y) in states.row_mut(k).iter_mut().zip(pattern) {
                let noise = stream.normal();
                *z = F::of(crate::dynamics::bridge(z.wide(), y.wide(), from[k], to[k], noise));
            }
        }
        Ok(())
    }
}

/// A pattern index from the posterior, by adding Gumbel noise to the logits and taking the largest.
fn draw<F: Real>(
    points: &Points<F>,
    state: impl Iterator<Item = f64> + Clone,
    sigma: f64,
    stream: &mut Stream,
) -> usize {
    let patterns = points.patterns();
    let beta = 1.0 / (sigma * sigma).max(f64::MIN_POSITIVE);
    let square = |pattern: ndarray::ArrayView1<F>| -> f64 {
        state.clone().zip(pattern).map(|(z, y)| (z - y.wide()).powi(2)).sum()
    };
    let squares: Vec<f64> = patterns.values().outer_iter().map(square).collect();
    let least = squares.iter().copied().fold(f64::INFINITY, f64::min);
    let mut best = (f64::NEG_INFINITY, 0);
    for (n, square) in squares.into_iter().enumerate() {
        let weight = patterns.log_weights().map_or(0.0, |w| w[n]);
        let uniform = (1.0 - stream.uniform()).min(1.0 - f64::EPSILON);
        let value = -beta * (square - least) / 2.0 + weight - (-uniform.ln()).ln();
        if value > best.0 {
            best = (value, n);
        }
    }
    best.1
}
