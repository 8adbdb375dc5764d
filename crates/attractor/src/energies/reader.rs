//! ShapeMoments a memory again and again.

use ndarray::{Array2, ArrayView1, ArrayView2};

use super::Denoise;
use crate::error::Result;
use crate::kernels::Read;
use crate::noise::Stream;
use crate::real::Real;

/// A memory that is read again and again by a batch of states that move little by little, so that what one
/// read has found may save work in the next.
///
/// What it gives is what [`Denoise::denoise`] gives, of each row by itself: row i depends on what row i asked.
pub trait Reader<F: Real> {
    /// The posterior means D(z;σ). Row k of `states` is row `rows[k]` of the batch.
    fn denoise(&mut self, rows: &[usize], states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>>;

    /// What every read of a row will give, to rounding, if it goes straight there along falling levels: the pattern that
    /// has won it. `None` until one has, or where that is not looked for.
    fn goal(&self, row: usize) -> Option<ArrayView1<'_, F>> {
        let _ = row;
        None
    }

    /// What each row of the batch has read so far.
    fn reads(&self) -> Vec<Reads>;
}

/// How much of a memory one row of a recall has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reads {
    /// Reads of the whole memory.
    pub full: usize,
    /// How many of them were in vain, since the posterior was spread over too many patterns to leave any out.
    pub spread: usize,
    /// Reads of the patterns alone that weigh anything.
    pub narrow: usize,
    /// Patterns in those, all told.
    pub patterns: usize,
    /// Patterns in the largest of those.
    pub largest: usize,
}

/// A denoiser that is asked anew each time.
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
        self.denoiser.denoise(states, sigmas)
    }

    fn reads(&self) -> Vec<Reads> {
        self.reads.clone()
    }
}

/// A denoiser that is read in full each time, though it could leave out what weighs nothing.
#[derive(Clone, Copy)]
pub struct FullRead<'a, F>(pub &'a dyn Denoise<F>);

impl<F: Real> Denoise<F> for FullRead<'_, F> {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn read(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Read<F>> {
        self.0.read(states, sigmas)
    }

    fn denoise(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Array2<F>> {
        self.0.denoise(states, sigmas)
    }

    fn log_sum(&self, states: ArrayView2<F>, sigmas: &[f64]) -> Result<Vec<f64>> {
        self.0.log_sum(states, sigmas)
    }

    fn draw(&self, z: &[f64], sigma: f64, stream: &mut Stream) -> Result<Vec<f64>> {
        self.0.draw(z, sigma, stream)
    }
}
