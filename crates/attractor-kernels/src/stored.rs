//! Patterns in the form that kernels read: in memory as numbers or bits, or read a few rows at a time from a source.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use ndarray::{ArcArray2, Array2, ArrayView2};

use crate::packed::Packed;
use crate::real::Real;
use crate::rows::{square, squares};

/// A source of patterns that are not held as numbers, such as packed bits or the rows of a file.
///
/// Kernels read ranges of rows from several threads, in any order, again and again.
pub trait Source<F>: Debug + Send + Sync {
    /// The number of patterns, N.
    fn len(&self) -> usize;

    /// Whether there are no patterns.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of units in a pattern, D.
    fn dim(&self) -> usize;

    /// Writes these rows to `out`, one after the other.
    ///
    /// # Errors
    /// A file that cannot be read, as a sentence. Recalls then return this error.
    fn read(&self, rows: Range<usize>, out: &mut [F]) -> std::result::Result<(), String>;

    /// Whether reading is so slow that all queries should share one pass.
    fn is_slow(&self) -> bool {
        true
    }

    /// Writes these rows, in any order, to `out`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    fn select(&self, rows: &[usize], out: &mut [F]) -> std::result::Result<(), String> {
        let mut places = rows.iter().zip(out.chunks_exact_mut(self.dim()));
        places.try_for_each(|(&row, out)| self.read(row..row + 1, out))
    }

    /// Those who hold the patterns in parts, if others than this process do. Kernels then ask them, and do not read rows.
    fn shards(&self) -> Option<&dyn Shards> {
        None
    }
}

/// Those who hold the parts of a memory: each a [`Shard`](crate::shard::Shard), in this process or in another.
pub trait Shards: Debug + Send + Sync {
    /// Asks all parts the same question. Gives their answers, in the order of the parts.
    ///
    /// # Errors
    /// A part that does not answer, as a sentence. Recalls then return this error.
    fn ask(&self, question: &[u8]) -> std::result::Result<Vec<Vec<u8>>, String>;

    /// Whether the patterns are of ±1, and the parts hold them as bits.
    fn are_bits(&self) -> bool;
}

/// Which rows of a memory patterns are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The number of the first row.
    pub first: usize,
    /// The number of rows of the whole memory.
    pub total: usize,
}

impl<F: Real> Source<F> for Packed {
    fn len(&self) -> usize {
        Packed::len(self)
    }

    fn dim(&self) -> usize {
        Packed::dim(self)
    }

    fn read(&self, rows: Range<usize>, out: &mut [F]) -> std::result::Result<(), String> {
        // Four units at a time, from one nibble.
        let sign = |nibble: usize, j: usize| if nibble >> j & 1 == 1 { F::ONE } else { -F::ONE };
        let nibbles: [[F; 4]; 16] = std::array::from_fn(|n| std::array::from_fn(|j| sign(n, j)));
        for (n, row) in rows.zip(out.chunks_exact_mut(Packed::dim(self))) {
            for (k, units) in row.chunks_mut(64).enumerate() {
                let word = self.word(n, k);
                let (fours, rest) = units.as_chunks_mut::<4>();
                let whole = fours.len();
                for (j, four) in fours.iter_mut().enumerate() {
                    *four = nibbles[(word >> (4 * j) & 15) as usize];
                }
                for (j, unit) in rest.iter_mut().enumerate() {
                    *unit = nibbles[(word >> (4 * whole) & 15) as usize][j];
                }
            }
        }
        Ok(())
    }

    fn is_slow(&self) -> bool {
        false
    }
}

/// A source, with the first error that occurred in reading it.
#[derive(Clone, Debug)]
pub struct Streamed<F> {
    source: Arc<dyn Source<F>>,
    /// All rows as numbers, once something has asked for them.
    whole: Arc<OnceLock<Array2<F>>>,
    failure: Arc<OnceLock<String>>,
}

impl<F: Real> Streamed<F> {
    /// A source of which nothing has been read yet.
    pub fn new(source: Arc<dyn Source<F>>) -> Self {
        Streamed { source, whole: Arc::default(), failure: Arc::default() }
    }

    /// The source itself.
    pub fn source(&self) -> &Arc<dyn Source<F>> {
        &self.source
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.source.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of units in a row.
    pub fn dim(&self) -> usize {
        self.source.dim()
    }

    /// Reads rows of the source. They are zeros if reading fails; then [`failure`](Self::failure) gives the error.
    pub fn read(&self, rows: Range<usize>, out: &mut [F]) {
        if let Err(reason) = self.source.read(rows, out) {
            out.fill(F::ZERO);
            // The first error is kept.
            let _ = self.failure.set(reason);
        }
    }

    /// Some rows, one after the other. They are read to `window`, unless they are already there. Rows up to `end`
    /// will be needed next.
    ///
    /// Not inlined, so that kernels do not hold its code.
    #[inline(never)]
    pub fn rows<'a>(&self, rows: Range<usize>, end: usize, window: &'a mut Window<F>) -> &'a [F] {
        /// The number of values that are read from a slow source at once.
        const AHEAD: usize = 1 << 18;
        let dim = self.dim();
        if rows.start < window.rows.start || rows.end > window.rows.end {
            let last = if self.source.is_slow() { end.min(rows.start + AHEAD / dim) } else { 0 };
            window.rows = rows.start..last.max(rows.end);
            window.numbers.resize(window.rows.len() * dim, F::ZERO);
            self.read(window.rows.clone(), &mut window.numbers);
        }
        &window.numbers[(rows.start - window.rows.start) * dim..(rows.end - window.rows.start) * dim]
    }

    /// The first error in reading the source. Results that were computed after it are invalid.
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    fn whole(&self) -> &Array2<F> {
        self.whole.get_or_init(|| {
            let (n, dim) = (self.source.len(), self.source.dim());
            let mut values = Array2::from_elem((n, dim), F::ZERO);
            self.read(0..n, values.as_slice_mut().expect("just made"));
            values
        })
    }
}

/// The rows of a source that were read last.
#[derive(Default)]
pub struct Window<F> {
    numbers: Vec<F>,
    rows: Range<usize>,
}

/// Where the numbers of the patterns are.
#[derive(Clone, Debug)]
enum Values<F> {
    /// In memory, N × D.
    Held(ArcArray2<F>),
    /// In a source.
    Streamed(Streamed<F>),
}

/// Stored patterns Y (N × D), with the squared norm and the prior weight of each, for the kernels.
///
/// Nothing is checked here: numbers must be finite, with squares far from overflow. Cheap to clone.
///
/// ```
/// use attractor::Patterns;
/// use attractor::kernels::Stored;
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f32, -1.0], [3.0, 0.0]])?;
/// let stored: &Stored<f32> = &patterns;
/// assert_eq!((stored.len(), stored.dim(), stored.largest_square()), (2, 2, 9.0));
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stored<F> {
    values: Values<F>,
    bits: Option<Arc<Packed>>,
    /// ‖y_n‖², if the patterns are held as numbers.
    squares: Option<Arc<[f64]>>,
    largest_square: f64,
    log_weights: Option<Arc<[f64]>>,
    spread: f64,
    /// The patterns about their mean, if they lie far from 0.
    centred: Option<Arc<Centred<F>>>,
    /// Which rows of a memory these are, if they are a part of one.
    place: Option<Place>,
}

/// Patterns about their mean, and that mean.
#[derive(Clone, Debug)]
pub(crate) struct Centred<F> {
    /// m, rounded to `F`.
    pub(crate) centre: Vec<F>,
    /// y − m.
    pub(crate) stored: Stored<F>,
}

impl<F: Real> Centred<F> {
    /// The patterns about their mean, if that is so far from 0 that digits would be lost. `spread` is the scale of a
    /// unit, and `largest_square` the largest squared norm.
    pub(crate) fn of(values: ArrayView2<F>, largest_square: f64, spread: f64) -> Option<Self> {
        /// The squared norm, in squared spreads of all units, from which patterns are centred. It costs one more copy of
        /// them, and wins two bits.
        const FAR: f64 = 16.0;
        let (n, dim) = values.dim();
        if largest_square <= FAR * dim as f64 * spread * spread {
            return None;
        }
        let mut sums = vec![0.0; dim];
        for row in values.outer_iter() {
            sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += v.to_f64());
        }
        let centre: Vec<F> = sums.into_iter().map(|sum| F::from_f64(sum / n as f64)).collect();
        let mut moved = values.to_owned();
        for mut row in moved.outer_iter_mut() {
            row.iter_mut().zip(&centre).for_each(|(v, &m)| *v -= m);
        }
        Some(Centred { centre, stored: Stored::as_given(moved, spread) })
    }
}

impl<F: Real> Stored<F> {
    /// Patterns in memory, row-major. `spread` is the scale of a unit. Patterns whose norms are large in spreads are also
    /// held about their mean, so that reads keep their digits.
    pub fn held(values: Array2<F>, spread: f64) -> Self {
        let mut stored = Self::as_given(values, spread);
        stored.centred = Centred::of(stored.values(), stored.largest_square, spread).map(Arc::new);
        stored
    }

    /// Patterns in memory, row-major, that are not centred.
    pub fn as_given(values: Array2<F>, spread: f64) -> Self {
        debug_assert!(values.is_standard_layout());
        let squares = squares(values.view());
        Stored {
            values: Values::Held(values.into_shared()),
            bits: None,
            largest_square: squares.iter().copied().fold(0.0, f64::max),
            squares: Some(squares.into()),
            log_weights: None,
            spread,
            centred: None,
            place: None,
        }
    }

    /// Patterns that stay in a source. `largest_square` is the largest ‖y_n‖².
    pub fn streamed(source: Streamed<F>, largest_square: f64, spread: f64) -> Self {
        Stored {
            values: Values::Streamed(source),
            bits: None,
            squares: None,
            largest_square,
            log_weights: None,
            spread,
            centred: None,
            place: None,
        }
    }

    /// Adds the bits of these patterns.
    pub fn with_bits(self, bits: Arc<Packed>) -> Self {
        Stored { bits: Some(bits), ..self }
    }

    /// The patterns as a part of a memory: which rows of it they are, and the largest ‖y_n‖² of the whole.
    pub fn at(self, place: Place, largest_square: f64) -> Self {
        Stored { place: Some(place), largest_square, centred: None, ..self }
    }

    /// Which rows of a memory these patterns are: all, unless they are a part.
    pub fn place(&self) -> Place {
        self.place.unwrap_or(Place { first: 0, total: self.len() })
    }

    /// Those who hold the patterns, if others do.
    pub fn shards(&self) -> Option<&dyn Shards> {
        match &self.values {
            Values::Held(_) => None,
            Values::Streamed(streamed) => streamed.source.shards(),
        }
    }

    /// Notes that the patterns cannot be read. The first reason is kept.
    pub(crate) fn fail(&self, reason: String) {
        if let Values::Streamed(streamed) = &self.values {
            let _ = streamed.failure.set(reason);
        }
    }

    /// Sets ln π_n of each pattern, or removes the weights.
    pub fn with_log_weights(mut self, log_weights: Option<Arc<[f64]>>) -> Self {
        if let Some(centred) = &mut self.centred {
            Arc::make_mut(centred).stored.log_weights.clone_from(&log_weights);
        }
        Stored { log_weights, ..self }
    }

    /// The patterns about their mean, if they lie far from 0.
    pub(crate) fn centred(&self) -> Option<&Centred<F>> {
        self.centred.as_deref()
    }

    /// The patterns with equal weights 1/N.
    pub fn unweighted(&self) -> Self {
        self.clone().with_log_weights(None)
    }

    /// The number of patterns, N.
    pub fn len(&self) -> usize {
        self.shape().0
    }

    /// Always false: there is at least one pattern.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The number of units in a pattern, D.
    pub fn dim(&self) -> usize {
        self.shape().1
    }

    fn shape(&self) -> (usize, usize) {
        match &self.values {
            Values::Held(values) => values.dim(),
            Values::Streamed(streamed) => (streamed.len(), streamed.dim()),
        }
    }

    /// The bits, if the patterns are held with one bit for each unit.
    pub fn bits(&self) -> Option<&Packed> {
        self.bits.as_deref()
    }

    /// Whether the patterns are held as bits, here or elsewhere.
    pub fn are_bits(&self) -> bool {
        self.bits.is_some() || self.shards().is_some_and(|shards| shards.are_bits())
    }

    /// Whether the patterns are held as numbers, and not as bits or in a source.
    pub fn are_held(&self) -> bool {
        matches!(self.values, Values::Held(_))
    }

    /// Whether a pass over the patterns is so slow that all queries should share it.
    pub fn are_slow(&self) -> bool {
        self.source().is_some_and(|source| source.is_slow())
    }

    /// The source, if the patterns are not held as numbers.
    pub fn source(&self) -> Option<&Arc<dyn Source<F>>> {
        match &self.values {
            Values::Held(_) => None,
            Values::Streamed(streamed) => Some(streamed.source()),
        }
    }

    /// The first error in reading the source. Results that were computed after it are invalid.
    pub fn failure(&self) -> Option<&str> {
        match &self.values {
            Values::Held(_) => None,
            Values::Streamed(streamed) => streamed.failure(),
        }
    }

    /// The patterns, N × D. Patterns that are not held as numbers are all read for this, and then stay in memory.
    pub fn values(&self) -> ArrayView2<'_, F> {
        match &self.values {
            Values::Held(values) => values.view(),
            Values::Streamed(streamed) => streamed.whole().view(),
        }
    }

    /// The patterns as a shared array, without a copy if they are held as numbers.
    pub fn shared(&self) -> ArcArray2<F> {
        match &self.values {
            Values::Held(values) => values.clone(),
            Values::Streamed(streamed) => streamed.whole().to_shared(),
        }
    }

    /// Some patterns, one after the other: in place, or read to `window`. Patterns up to `end` will be needed next.
    #[inline(always)]
    pub fn rows<'a>(&'a self, rows: Range<usize>, end: usize, window: &'a mut Window<F>) -> &'a [F] {
        match &self.values {
            Values::Held(values) => {
                let dim = values.ncols();
                let values = values.as_slice().expect("patterns are stored row-major");
                &values[rows.start * dim..rows.end * dim]
            }
            Values::Streamed(streamed) => streamed.rows(rows, end, window),
        }
    }

    /// One pattern.
    pub fn row(&self, n: usize) -> Vec<F> {
        assert!(n < self.len(), "row {n} of {}", self.len());
        self.rows(n..n + 1, n + 1, &mut Window::default()).to_vec()
    }

    /// Some patterns, in this order.
    pub fn select(&self, rows: &[usize]) -> Array2<F> {
        let (n, dim) = self.shape();
        assert!(rows.iter().all(|row| *row < n), "rows up to {n}");
        let mut selected = Array2::from_elem((rows.len(), dim), F::ZERO);
        let out = selected.as_slice_mut().expect("just made");
        match &self.values {
            Values::Held(values) => {
                let values = values.as_slice().expect("patterns are stored row-major");
                let places = rows.iter().zip(out.chunks_exact_mut(dim));
                places.for_each(|(&n, out)| out.copy_from_slice(&values[n * dim..(n + 1) * dim]));
            }
            Values::Streamed(streamed) => {
                if let Err(reason) = streamed.source.select(rows, out) {
                    out.fill(F::ZERO);
                    self.fail(reason);
                }
            }
        }
        selected
    }

    /// ‖y_n‖².
    pub fn square(&self, n: usize) -> f64 {
        square(ndarray::ArrayView1::from(&self.row(n)))
    }

    /// ‖y_n‖² of all patterns that are held as numbers.
    pub fn squares(&self) -> Option<&[f64]> {
        self.squares.as_deref()
    }

    /// ‖y_n‖² of some patterns, whose values are `rows`.
    #[inline(always)]
    pub(crate) fn squares_of(&self, which: Range<usize>, rows: &[F], out: &mut [F]) {
        match (&self.squares, &self.bits) {
            (Some(squares), _) => {
                out.iter_mut().zip(&squares[which]).for_each(|(out, &square)| *out = F::from_f64(square));
            }
            (None, Some(_)) => out[..which.len()].fill(F::from_f64(self.largest_square)),
            (None, None) => {
                for (out, row) in out.iter_mut().zip(rows.chunks_exact(self.dim())) {
                    *out = F::from_f64(row.iter().map(|v| v.to_f64() * v.to_f64()).sum());
                }
            }
        }
    }

    /// The largest ‖y_n‖².
    pub fn largest_square(&self) -> f64 {
        self.largest_square
    }

    /// ln π_n, if weights were given.
    pub fn log_weights(&self) -> Option<&[f64]> {
        self.log_weights.as_deref()
    }

    /// The scale of a unit: the root mean square deviation from the mean pattern. For one pattern (or equal ones) it
    /// is the root mean square unit; if that is 0 as well, it is 1.
    pub fn spread(&self) -> f64 {
        self.spread
    }
}
