//! Sources whose rows are changed when they are read.

use std::ops::Range;
use std::sync::Arc;

use ndarray::Array2;

use super::Preparation;
use crate::kernels::Source;
use crate::real::Real;

/// The rows of a source, prepared.
#[derive(Debug)]
pub(super) struct Prepared<F> {
    pub(super) source: Arc<dyn Source<F>>,
    pub(super) preparation: Preparation,
}

impl<F: Real> Source<F> for Prepared<F> {
    fn len(&self) -> usize {
        self.source.len()
    }

    fn dim(&self) -> usize {
        self.source.dim()
    }

    fn read(&self, rows: Range<usize>, out: &mut [F]) -> std::result::Result<(), String> {
        self.source.read(rows.clone(), out)?;
        let raw =
            Array2::from_shape_vec((rows.len(), self.source.dim()), out.to_vec()).expect("rows of one width");
        out.iter_mut().zip(self.preparation.forward(raw)).for_each(|(out, state)| *out = state);
        Ok(())
    }

    fn is_slow(&self) -> bool {
        self.source.is_slow()
    }
}

/// The rows of a source with each unit multiplied by its own factor.
#[derive(Debug)]
pub(super) struct Stretched<F> {
    pub(super) source: Arc<dyn Source<F>>,
    pub(super) factors: Vec<F>,
}

impl<F: Real> Source<F> for Stretched<F> {
    fn len(&self) -> usize {
        self.source.len()
    }

    fn dim(&self) -> usize {
        self.factors.len()
    }

    fn read(&self, rows: Range<usize>, out: &mut [F]) -> std::result::Result<(), String> {
        self.source.read(rows, out)?;
        for row in out.chunks_exact_mut(self.factors.len()) {
            row.iter_mut().zip(&self.factors).for_each(|(unit, &factor)| *unit *= factor);
        }
        Ok(())
    }

    fn is_slow(&self) -> bool {
        self.source.is_slow()
    }
}

/// The rows of a source with only some of the units.
#[derive(Debug)]
pub(super) struct Selected<F> {
    pub(super) source: Arc<dyn Source<F>>,
    pub(super) units: Vec<usize>,
}

impl<F: Real> Source<F> for Selected<F> {
    fn len(&self) -> usize {
        self.source.len()
    }

    fn dim(&self) -> usize {
        self.units.len()
    }

    fn read(&self, rows: Range<usize>, out: &mut [F]) -> std::result::Result<(), String> {
        let dim = self.source.dim();
        let mut whole = vec![F::ZERO; rows.len() * dim];
        self.source.read(rows, &mut whole)?;
        for (row, out) in whole.chunks_exact(dim).zip(out.chunks_exact_mut(self.units.len())) {
            out.iter_mut().zip(&self.units).for_each(|(unit, &j)| *unit = row[j]);
        }
        Ok(())
    }

    fn is_slow(&self) -> bool {
        self.source.is_slow()
    }
}
