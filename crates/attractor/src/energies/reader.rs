//! Readers, which read a memory again and again as a batch of states moves.

use ndarray::{Array2, ArrayView1, ArrayView2};

use super::{Denoise, NoiseShape};
use crate::error::Result;
use crate::kernels::Read;
use crate::noise::Stream;
use crate::real::Real;

/// Reads a memory again and again for a batch of states that move little by little. What one read finds may save work
/// in the next.
///
/// The results are those of [`Denoise::denoise`]. Each row is independent: row i depends only on the earlier reads of
/// row i.
pub trait Reader<F: Real> {
    /// The posterior means D(z;σ). Row k of `states` is row `rows[k]` of the batch.
    fn denoise(&mut self, rows: &[usize], states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>>;

    /// The pattern that every later read of a row gives, up to rounding, if the row goes straight to it along falling
    /// levels. `None` until one pattern dominates, or if the reader does not look for it.
    fn goal(&self, row: usize) -> Option<ArrayView1<'_, F>> {
        let _ = row;
        None
    }

    /// How the noise of a level is spread over units, as [`Denoise::noise`].
    fn noise(&self) -> NoiseShape<'_> {
        NoiseShape::Equal
    }

    /// How much each row of the batch has read so far.
    fn reads(&self) -> Vec<Reads>;
}

/// How much of a memory one row of a recall has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// The number of reads of the whole memory.
    pub full: usize,
    /// The number of these reads that found no ball, because the posterior was spread over too many patterns.
    pub spread: usize,
    /// The number of narrowed reads, of only the patterns whose weight is not negligible.
    pub narrow: usize,
    /// The total number of patterns in the narrowed reads.
    pub patterns: usize,
    /// The number of patterns in the largest narrowed read.
    pub largest: usize,
}

/// A reader that asks the denoiser anew each time.
pub(crate) struct FullReader<'a, D: ?Sized> {
    denoiser: &'a D,
    reads: Vec<Reads>,
}

impl<'a, D: ?Sized> FullReader<'a, D> {
    pub(crate) fn new(denoiser: &'a D, rows: usize) -> Self {
        FullReader { denoiser, reads: vec![Reads::default(); rows] }
    }
}

impl<F: Real, D: Denoise<F> + ?Sized> Reader<F> for FullReader<'_, D> {
    fn denoise(&mut self, rows: &[usize], states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        rows.iter().for_each(|&row| self.reads[row].full += 1);
        self.denoiser.denoise_rows(rows, states, sigmas)
    }

    fn noise(&self) -> NoiseShape<'_> {
        self.denoiser.noise()
    }

    fn reads(&self) -> Vec<Reads> {
        self.reads.clone()
    }
}

/// A denoiser whose reader always reads the whole memory, and never leaves out patterns of negligible weight.
#[derive(Clone, Copy)]
pub struct FullRead<'a, F>(pub &'a dyn Denoise<F>);

impl<F: Real> Denoise<F> for FullRead<'_, F> {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn noise(&self) -> NoiseShape<'_> {
        self.0.noise()
    }

    fn read(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Read<F>> {
        self.0.read(states, sigmas)
    }

    fn denoise(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        self.0.denoise(states, sigmas)
    }

    fn denoise_rows(&self, rows: &[usize], states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        self.0.denoise_rows(rows, states, sigmas)
    }

    fn log_sum(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Vec<f64>> {
        self.0.log_sum(states, sigmas)
    }

    fn draw(&self, z: &[f64], sigma: f64, stream: &mut Stream) -> Result<Vec<f64>> {
        self.0.draw(z, sigma, stream)
    }

    fn draw_row(&self, row: usize, z: &[f64], sigma: f64, stream: &mut Stream) -> Result<Vec<f64>> {
        self.0.draw_row(row, z, sigma, stream)
    }
}
