//! Where patterns are: in memory, or read a few rows at a time from bits or a file.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use ndarray::{ArcArray2, Array2};

use super::{Packed, Preparation, check_states, squares};
use crate::error::{Error, Result};
use crate::real::Real;
use crate::threads;

/// Patterns that are not held as numbers: bits that are unpacked, rows of a file.
///
/// Kernels read ranges of rows from several threads, in any order, again and again.
pub trait Source<F>: Debug + Send + Sync {
    /// Number of patterns, N.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Units a pattern, D.
    fn dim(&self) -> usize;

    /// Writes these rows, one after the other.
    ///
    /// # Errors
    /// A file that cannot be read, in a sentence. Recalls then end with it.
    fn read(&self, rows: Range<usize>, out: &mut [F]) -> std::result::Result<(), String>;

    /// Whether reading costs so much that all queries should share one pass.
    fn is_slow(&self) -> bool {
        true
    }
}

impl<F: Real> Source<F> for Packed {
    fn len(&self) -> usize {
        Packed::len(self)
    }

    fn dim(&self) -> usize {
        Packed::dim(self)
    }

    fn read(&self, rows: Range<usize>, out: &mut [F]) -> std::result::Result<(), String> {
        // Four units at a time: what each nibble says.
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

/// The rows of a source, each unit by a factor of its own.
#[derive(Debug)]
pub(super) struct Stretched<F> {
    pub(super) store: Streamed<F>,
    pub(super) factors: Vec<F>,
}

impl<F: Real> Source<F> for Stretched<F> {
    fn len(&self) -> usize {
        self.store.source.len()
    }

    fn dim(&self) -> usize {
        self.factors.len()
    }

    fn read(&self, rows: Range<usize>, out: &mut [F]) -> std::result::Result<(), String> {
        self.store.source.read(rows, out)?;
        for row in out.chunks_exact_mut(self.factors.len()) {
            row.iter_mut().zip(&self.factors).for_each(|(unit, &factor)| *unit *= factor);
        }
        Ok(())
    }

    fn is_slow(&self) -> bool {
        self.store.source.is_slow()
    }
}

/// Some units of the rows of a source.
#[derive(Debug)]
pub(super) struct Selected<F> {
    pub(super) store: Streamed<F>,
    pub(super) units: Vec<usize>,
}

impl<F: Real> Source<F> for Selected<F> {
    fn len(&self) -> usize {
        self.store.source.len()
    }

    fn dim(&self) -> usize {
        self.units.len()
    }

    fn read(&self, rows: Range<usize>, out: &mut [F]) -> std::result::Result<(), String> {
        let dim = self.store.source.dim();
        let mut whole = vec![F::ZERO; rows.len() * dim];
        self.store.source.read(rows, &mut whole)?;
        for (row, out) in whole.chunks_exact(dim).zip(out.chunks_exact_mut(self.units.len())) {
            out.iter_mut().zip(&self.units).for_each(|(unit, &j)| *unit = row[j]);
        }
        Ok(())
    }

    fn is_slow(&self) -> bool {
        self.store.source.is_slow()
    }
}

/// A source, with what went wrong in it.
#[derive(Clone, Debug)]
pub(super) struct Streamed<F> {
    source: Arc<dyn Source<F>>,
    /// All rows as numbers, once something has asked for them.
    whole: Arc<OnceLock<Array2<F>>>,
    failure: Arc<OnceLock<String>>,
}

impl<F: Real> Streamed<F> {
    pub(super) fn new(source: Arc<dyn Source<F>>) -> Self {
        Streamed { source, whole: Arc::default(), failure: Arc::default() }
    }

    /// Rows of the source; zeros where it fails, which [`check`](Self::check) then tells.
    fn read(&self, rows: Range<usize>, out: &mut [F]) {
        if let Err(reason) = self.source.read(rows, out) {
            out.fill(F::ZERO);
            // The first reason stays.
            let _ = self.failure.set(reason);
        }
    }

    fn check(&self) -> Result<()> {
        match self.failure.get() {
            None => Ok(()),
            Some(reason) => Err(Error::Foreign(reason.clone().into())),
        }
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

/// The values of patterns.
#[derive(Clone, Debug)]
pub(super) enum Store<F> {
    /// As numbers, N × D.
    Held(ArcArray2<F>),
    Streamed(Streamed<F>),
}

impl<F: Real> Store<F> {
    /// N and D.
    pub(super) fn shape(&self) -> (usize, usize) {
        match self {
            Store::Held(values) => values.dim(),
            Store::Streamed(streamed) => (streamed.source.len(), streamed.source.dim()),
        }
    }

    /// All rows; of a source they are read now and then stay in memory.
    pub(super) fn whole(&self) -> ndarray::ArrayView2<'_, F> {
        match self {
            Store::Held(values) => values.view(),
            Store::Streamed(streamed) => streamed.whole().view(),
        }
    }

    /// Some rows, one after the other, in place or in `window`. Those up to `end` are wanted next.
    #[inline(always)]
    pub(super) fn rows<'a>(&'a self, rows: Range<usize>, end: usize, window: &'a mut Window<F>) -> &'a [F] {
        match self {
            Store::Held(values) => {
                let dim = values.ncols();
                let values = values.as_slice().expect("patterns are stored row-major");
                &values[rows.start * dim..rows.end * dim]
            }
            Store::Streamed(streamed) => window.rows(streamed, rows, end),
        }
    }

    /// Whether all queries should share one pass.
    pub(super) fn is_slow(&self) -> bool {
        match self {
            Store::Held(_) => false,
            Store::Streamed(streamed) => streamed.source.is_slow(),
        }
    }

    /// What went wrong in reading, if anything did.
    pub(super) fn check(&self) -> Result<()> {
        match self {
            Store::Held(_) => Ok(()),
            Store::Streamed(streamed) => streamed.check(),
        }
    }
}

/// Rows of a source that were read last.
#[derive(Default)]
pub(crate) struct Window<F> {
    numbers: Vec<F>,
    rows: Range<usize>,
}

impl<F: Real> Window<F> {
    /// Apart, so that kernels do not hold its code.
    #[inline(never)]
    fn rows(&mut self, streamed: &Streamed<F>, rows: Range<usize>, end: usize) -> &[F] {
        /// Numbers that are read from a slow source at once.
        const AHEAD: usize = 1 << 18;
        let dim = streamed.source.dim();
        if rows.start < self.rows.start || rows.end > self.rows.end {
            let last = if streamed.source.is_slow() { end.min(rows.start + AHEAD / dim) } else { 0 };
            self.rows = rows.start..last.max(rows.end);
            self.numbers.resize(self.rows.len() * dim, F::ZERO);
            streamed.read(self.rows.clone(), &mut self.numbers);
        }
        &self.numbers[(rows.start - self.rows.start) * dim..(rows.end - self.rows.start) * dim]
    }
}

/// What is to be known of patterns before they are read.
pub(super) struct Survey {
    pub(super) mean: Vec<f64>,
    pub(super) spread: f64,
    pub(super) largest_square: f64,
}

/// Sums over some rows, about the first row of all.
struct Moments {
    rows: usize,
    sums: Vec<f64>,
    squares: f64,
    about_zero: f64,
    largest_square: f64,
}

/// Reads all rows once. Sums run over parts that depend on N alone, and are added in order.
///
/// # Errors
/// A source that cannot be read; NaN, infinity, or a squared norm too large for `F`.
pub(super) fn survey<F: Real>(streamed: &Streamed<F>) -> Result<Survey> {
    /// Parts are shared out among threads.
    const PARTS: usize = 64;
    /// Numbers read at a time.
    const NUMBERS: usize = 1 << 16;
    let (n, dim) = (streamed.source.len(), streamed.source.dim());
    if n == 0 || dim == 0 {
        return Err(Error::Empty {
            what: format!("patterns of shape {n} × {dim}"),
            cure: "give an N × D array with N ≥ 1 patterns of D ≥ 1 units".into(),
        });
    }
    let mut origin = vec![F::ZERO; dim];
    streamed.read(0..1, &mut origin);
    streamed.check()?;
    let origin: Vec<f64> = origin.iter().map(|v| v.wide()).collect();
    let length = n.div_ceil(PARTS);
    let parts = threads::map(n.div_ceil(length), 4.0 * (n * dim) as f64, |part| -> Result<Moments> {
        let (mut window, end) = (Window::default(), n.min((part + 1) * length));
        let mut all =
            Moments { rows: 0, sums: vec![0.0; dim], squares: 0.0, about_zero: 0.0, largest_square: 0.0 };
        let step = (NUMBERS / dim).max(1);
        for from in (part * length..end).step_by(step) {
            let to = end.min(from + step);
            let rows = window.rows(streamed, from..to, to);
            streamed.check()?;
            let view = ndarray::ArrayView2::from_shape((to - from, dim), rows).expect("rows of one width");
            check_states("patterns", view, "remove or repair those rows")
                .map_err(|error| behind(error, from))?;
            for (row, square) in rows.chunks_exact(dim).zip(squares(view)) {
                all.largest_square = all.largest_square.max(square);
                all.about_zero += square;
                for ((sum, v), o) in all.sums.iter_mut().zip(row).zip(&origin) {
                    let difference = v.wide() - o;
                    *sum += difference;
                    all.squares += difference * difference;
                }
            }
            all.rows += to - from;
        }
        Ok(all)
    });
    let mut total =
        Moments { rows: 0, sums: vec![0.0; dim], squares: 0.0, about_zero: 0.0, largest_square: 0.0 };
    for part in parts {
        let part = part?;
        total.rows += part.rows;
        total.squares += part.squares;
        total.about_zero += part.about_zero;
        total.largest_square = total.largest_square.max(part.largest_square);
        total.sums.iter_mut().zip(part.sums).for_each(|(total, sum)| *total += sum);
    }
    let count = n as f64;
    let offsets: Vec<f64> = total.sums.iter().map(|sum| sum / count).collect();
    let offset: f64 = offsets.iter().map(|m| m * m).sum();
    let about_mean = ((total.squares / count - offset).max(0.0) / dim as f64).sqrt();
    let about_zero = (total.about_zero / (count * dim as f64)).sqrt();
    Ok(Survey {
        mean: origin.iter().zip(offsets).map(|(o, m)| o + m).collect(),
        spread: super::usable_spread(about_mean, about_zero, n),
        largest_square: total.largest_square,
    })
}

/// An error about rows that were counted from `first` on.
fn behind(error: Error, first: usize) -> Error {
    match error {
        Error::NotFinite { what, found, row, unit, cure } => {
            Error::NotFinite { what, found, row: row + first, unit, cure }
        }
        Error::TooLarge { what, found, limit, number, row } => {
            Error::TooLarge { what, found, limit, number, row: row + first }
        }
        other => other,
    }
}
