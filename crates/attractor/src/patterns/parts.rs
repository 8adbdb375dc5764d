//! Patterns of a memory in parts: what each part holds, and what is known of the whole.

use std::ops::Range;
use std::sync::Arc;

use ndarray::Array2;

use super::survey::survey;
use super::{Patterns, Preparation, Source, check_spread};
use crate::error::Result;
use crate::kernels::{Packed, Place, Shard, Shards, Stored, Streamed, elsewhere};
use crate::real::Real;

/// What is known of all patterns of a memory, wherever they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    /// The number of patterns, N.
    pub patterns: usize,
    /// The mean pattern, one number for each of the D units.
    pub mean: Vec<f64>,
    /// The scale of a unit: the root mean square deviation from the mean pattern.
    pub spread: f64,
    /// The largest ‖y_n‖².
    pub largest_square: f64,
}

impl Whole {
    /// What is known of (prepared) patterns, from one pass over them.
    ///
    /// # Errors
    /// Those of [`Patterns::streamed`].
    pub fn of<F: Real>(source: Arc<dyn Source<F>>) -> Result<Self> {
        let patterns = source.len();
        let found = survey(&Streamed::new(source))?;
        check_spread::<F>(found.spread)?;
        Ok(Whole { patterns, mean: found.mean, spread: found.spread, largest_square: found.largest_square })
    }

    fn at(&self, first: usize) -> Place {
        Place { first, total: self.patterns }
    }
}

/// A part of a memory, whose (prepared) patterns stay in a source. The first is row `first` of the memory.
///
/// # Panics
/// If the rows are not in the memory, or the part begins or ends within a range of the memory ([`ranges`](crate::kernels::ranges)).
pub fn shard_of<F: Real>(source: Arc<dyn Source<F>>, whole: &Whole, first: usize) -> Shard<F> {
    let stored = Stored::streamed(Streamed::new(source), whole.largest_square, whole.spread);
    Shard::new(stored.at(whole.at(first), whole.largest_square))
}

/// A part of a memory, whose (prepared) patterns are in memory. The first is row `first` of the memory.
///
/// # Panics
/// As [`shard_of`].
pub fn shard_of_values<F: Real>(values: Array2<F>, whole: &Whole, first: usize) -> Shard<F> {
    Shard::new(Stored::as_given(values, whole.spread).at(whole.at(first), whole.largest_square))
}

/// A part of a memory whose patterns are bits: `len` of them, the last of `bits`. Before them are `first` mod 256 rows that are
/// not read, so that patterns lie as in the whole memory.
///
/// # Panics
/// As [`shard_of`]; if there are other rows before them.
pub fn shard_of_bits<F: Real>(bits: Packed, len: usize, whole: &Whole, first: usize) -> Shard<F> {
    let bits = Arc::new(bits);
    let source = Behind { skip: bits.len() - len, bits: bits.clone() };
    let stored = Stored::streamed(Streamed::new(Arc::new(source)), whole.largest_square, whole.spread);
    Shard::new(stored.with_bits(bits).at(whole.at(first), whole.largest_square))
}

/// Bits without the first of them.
#[derive(Debug)]
struct Behind {
    bits: Arc<Packed>,
    skip: usize,
}

impl<F: Real> Source<F> for Behind {
    fn len(&self) -> usize {
        self.bits.len() - self.skip
    }

    fn dim(&self) -> usize {
        self.bits.dim()
    }

    fn read(&self, rows: Range<usize>, out: &mut [F]) -> std::result::Result<(), String> {
        Source::<F>::read(&*self.bits, rows.start + self.skip..rows.end + self.skip, out)
    }

    fn is_slow(&self) -> bool {
        false
    }
}

impl<F: Real> Patterns<F> {
    /// Patterns that others hold in parts. Reads of them have the bits that they have of the same patterns in one source
    /// ([`streamed`](Self::streamed), [`packed`](Self::packed)).
    ///
    /// # Errors
    /// A preparation of another width; a spread whose squares underflow.
    pub fn elsewhere(shards: Arc<dyn Shards>, whole: &Whole, preparation: Preparation) -> Result<Self> {
        let dim = whole.mean.len();
        preparation.check(dim)?;
        let spread = check_spread::<F>(whole.spread)?;
        let stored = elsewhere(shards, [whole.patterns, dim], whole.largest_square, spread);
        Ok(Self::of(stored, Some(whole.mean.clone()), preparation))
    }
}
