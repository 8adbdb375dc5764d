//! The diffusion landscape of stored points, with one landscape for each noise level.

use ndarray::{Array2, ArrayView2, Zip};

use super::decided::DecidedReader;
use super::narrow::{self, NarrowedReader};
use super::{Denoise, Energy, FullReader, Gradient, Reader};
use crate::error::{Error, Result, check_rows, check_width};
use crate::kernels::{Form, Read, attend, log_sum};
use crate::noise::Stream;
use crate::patterns::{Patterns, Window, check_states};
use crate::real::Real;

/// The density of the stored patterns with noise, and its potential:
///
/// ```text
/// E_σ(z) = −σ² ln Σ_n π_n exp(−‖z − y_n‖²/2σ²),      D(z;σ) = Σ_n w_n y_n,   w = softmax of the exponents
/// ```
///
/// (Ambrogioni 2023, Eq. 12, in the coordinates z = x/s, in which all processes agree; π_n = 1/N unless the patterns
/// have weights.) −∇E_σ/σ² is the exact score. E_σ falls along the probability flow, since the weights are
/// normalised. As σ → 0 it becomes half the squared distance to the nearest pattern. For patterns of equal norm it is
/// the modern Hopfield energy at β = 1/σ² plus ½‖y‖² + σ² ln N.
#[derive(Clone, Debug)]
pub struct Points<F> {
    patterns: Patterns<F>,
}

impl<F: Real> Points<F> {
    /// The landscapes of these patterns.
    pub fn new(patterns: Patterns<F>) -> Self {
        Points { patterns }
    }

    /// The stored patterns.
    pub fn patterns(&self) -> &Patterns<F> {
        &self.patterns
    }

    /// Adds every pattern to a draw of the memory that a state at β = 1/σ² came from.
    pub(super) fn add_to_draw(
        &self,
        z: &[f64],
        beta: f64,
        part: (usize, f64),
        draw: &mut GumbelMax,
        stream: &mut Stream,
    ) {
        let each = -(self.patterns.len() as f64).ln();
        let mut window = Window::default();
        for n in 0..self.patterns.len() {
            let pattern = self.patterns.rows(n..n + 1, self.patterns.len(), &mut window);
            let square: f64 = z.iter().zip(pattern).map(|(z, y)| (z - y.to_f64()).powi(2)).sum();
            let own = self.patterns.log_weights().map_or(each, |w| w[n]);
            draw.add((part.0, n), part.1 + own - beta * square / 2.0, stream);
        }
    }

    pub(super) fn betas(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Vec<f64>> {
        check_width("states", states.ncols(), self.patterns.dim())?;
        check_rows("noise levels", sigmas.len(), states.nrows())?;
        check_states("states", states, "give finite states")?;
        sigmas.iter().map(|&sigma| beta(sigma)).collect()
    }
}

/// A draw of one of several items with probabilities softmax(logits), by the Gumbel-max method: adds Gumbel noise to
/// each logit and keeps the largest. One pass, and one random number for each item.
pub(super) struct GumbelMax {
    best: f64,
    drawn: (usize, usize),
}

impl Default for GumbelMax {
    fn default() -> Self {
        GumbelMax { best: f64::NEG_INFINITY, drawn: (0, 0) }
    }
}

impl GumbelMax {
    /// Adds an item. It is named by two indices: its part, and its place in the part.
    pub(super) fn add(&mut self, item: (usize, usize), logit: f64, stream: &mut Stream) {
        let uniform = (1.0 - stream.uniform()).min(1.0 - f64::EPSILON);
        let value = logit - (-uniform.ln()).ln();
        if value > self.best {
            (self.best, self.drawn) = (value, item);
        }
    }

    /// The item that was drawn.
    pub(super) fn drawn(self) -> (usize, usize) {
        self.drawn
    }
}

/// β = 1/σ². It is infinite at σ = 0, where the kernels read the nearest pattern.
pub(crate) fn beta(sigma: f64) -> Result<f64> {
    if (0.0..=1e15).contains(&sigma) {
        Ok(1.0 / (sigma * sigma))
    } else {
        Err(Error::parameter("sigma", "a number from 0 to 1e15", sigma))
    }
}

impl<F: Real> Energy<F> for Points<F> {
    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    fn energy(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Vec<f64>> {
        // The largest and smallest β of the kernels stand for σ = 0 and σ = ∞.
        let most = F::LARGEST_BETA.sqrt();
        let sums = self.log_sum(states, level)?;
        Ok(sums.iter().zip(level).map(|(s, sigma)| -sigma.clamp(1.0 / most, most).powi(2) * s).collect())
    }
}

impl<F: Real> Gradient<F> for Points<F> {
    fn gradient(&self, states: ArrayView2<F>, level: &[f64]) -> Result<Array2<F>> {
        let mean = self.denoise(states, level)?;
        Ok(Zip::from(states).and(&mean).map_collect(|&z, &d| z - d))
    }
}

impl<F: Real> Denoise<F> for Points<F> {
    fn dim(&self) -> usize {
        self.patterns.dim()
    }

    fn read(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Read<F>> {
        let betas = self.betas(states, sigmas)?;
        let mut read = attend(&self.patterns, states, &betas, Form::Distance);
        self.patterns.check_source()?;
        if self.patterns.log_weights().is_none() {
            let n = self.patterns.len() as f64;
            read.mass.iter_mut().for_each(|m| *m /= n);
        }
        Ok(read)
    }

    fn reader(&self, rows: usize) -> Box<dyn Reader<F> + '_> {
        // The choice depends on the patterns alone, so that a row does not depend on the number of rows.
        let (patterns, weighted) = (&self.patterns, self.patterns.log_weights().is_some());
        let many = (narrow::LEAST..u32::MAX as usize).contains(&patterns.len());
        if narrow::is_narrowed(patterns.len(), patterns.dim()) || weighted && many {
            Box::new(NarrowedReader::new(self, rows))
        } else if !weighted && patterns.len() < u32::MAX as usize {
            Box::new(DecidedReader::new(self, rows))
        } else {
            Box::new(FullReader::new(self, rows))
        }
    }

    fn log_sum(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Vec<f64>> {
        let betas = self.betas(states, sigmas)?;
        let mut sums = log_sum(&self.patterns, states, &betas, Form::Distance);
        self.patterns.check_source()?;
        if self.patterns.log_weights().is_none() {
            let normaliser = (self.patterns.len() as f64).ln();
            sums.iter_mut().for_each(|s| *s -= normaliser);
        }
        Ok(sums)
    }

    fn draw(&self, z: &[f64], sigma: f64, stream: &mut Stream) -> Result<Vec<f64>> {
        let beta = beta(sigma.min(1e15))?.min(F::LARGEST_BETA);
        let mut draw = GumbelMax::default();
        self.add_to_draw(z, beta, (0, 0.0), &mut draw, stream);
        let (_, n) = draw.drawn();
        Ok(self.patterns.row(n).iter().map(|y| y.to_f64()).collect())
    }
}
