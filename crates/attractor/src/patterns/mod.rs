//! What is stored: patterns as rows, ready for the kernels, and how raw vectors map onto them.

mod extras;
mod packed;
mod preparation;

pub use extras::Extras;
pub use packed::Packed;
pub(crate) use packed::{EIGHT, Eight};
pub use preparation::{Preparation, Prepare};

use std::collections::HashMap;
use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView2, Axis, concatenate};

use crate::error::{Error, Result};
use crate::real::Real;

/// Stored memories Y: one pattern a row (N × D), with what every reader of them needs.
///
/// Immutable and cheap to clone. Holds the values in row-major order, their squared norms, the
/// [`Preparation`] that took raw vectors to these values, and what a user knows of each pattern: a label, a
/// prior weight π_n, an associated vector v_n.
///
/// ```
/// use attractor::Patterns;
/// use ndarray::array;
/// let patterns = Patterns::new(array![[1.0_f32, -1.0], [1.0, 1.0]])?;
/// assert_eq!((patterns.len(), patterns.dim()), (2, 2));
/// # Ok::<(), attractor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Patterns<F> {
    values: ArcArray2<F>,
    squares: Arc<[f64]>,
    largest_square: f64,
    weights: Option<Arc<[f64]>>,
    log_weights: Option<Arc<[f64]>>,
    labels: Option<Arc<[String]>>,
    associated: Option<ArcArray2<F>>,
    preparation: Arc<Preparation>,
    spread: f64,
}

impl<F: Real> Patterns<F> {
    /// Patterns used exactly as given.
    ///
    /// # Errors
    /// No rows or no units; NaN, infinity, or a squared norm too large for `F`.
    pub fn new(values: Array2<F>) -> Result<Self> {
        Self::with_preparation(values, Preparation::Identity)
    }

    /// Raw patterns, prepared: see [`Prepare`]. `spins` asks for ±1 patterns.
    ///
    /// # Errors
    /// As [`Patterns::new`].
    pub fn prepared(raw: Array2<F>, prepare: Prepare, spins: bool) -> Result<Self> {
        check_states("patterns", raw.view(), "remove or repair those rows")?;
        let preparation = Preparation::fit(raw.view(), prepare, spins);
        let values = preparation.forward(raw);
        Self::with_preparation(values, preparation)
    }

    fn with_preparation(values: Array2<F>, preparation: Preparation) -> Result<Self> {
        if values.is_empty() {
            return Err(Error::Empty {
                what: format!("patterns of shape {} × {}", values.nrows(), values.ncols()),
                cure: "give an N × D array with N ≥ 1 patterns of D ≥ 1 units".into(),
            });
        }
        let values =
            if values.is_standard_layout() { values } else { values.as_standard_layout().into_owned() };
        let squares = check_states("patterns", values.view(), "remove or repair those rows")?;
        let spread = spread(values.view());
        if spread < F::SMALLEST_SPREAD {
            return Err(Error::shape(
                "patterns",
                format!("units that differ by more than {:e} in {}", F::SMALLEST_SPREAD, F::NAME),
                format!("{spread:e} at root mean square"),
                "multiply the file by a constant, or use f64",
            ));
        }
        Ok(Patterns {
            values: values.into_shared(),
            largest_square: squares.iter().copied().fold(0.0, f64::max),
            squares: squares.into(),
            weights: None,
            log_weights: None,
            labels: None,
            associated: None,
            preparation: preparation.into(),
            spread,
        })
    }

    /// The same patterns with prior weights π_n > 0, normalised to sum to 1.
    ///
    /// # Errors
    /// Not one weight a pattern, or a weight that is not a positive finite number.
    pub fn with_weights(mut self, weights: &[f64]) -> Result<Self> {
        crate::error::check_rows("pattern weights", weights.len(), self.len())?;
        if let Some(w) = weights.iter().find(|w| !(w.is_finite() && **w > 0.0)) {
            return Err(Error::parameter("pattern weights", "positive finite numbers", w));
        }
        let total: f64 = weights.iter().sum();
        if !total.is_finite() {
            return Err(Error::parameter("pattern weights", "weights with a finite sum", total));
        }
        self.log_weights = Some(weights.iter().map(|w| w.ln() - total.ln()).collect());
        self.weights = Some(weights.into());
        Ok(self)
    }

    /// The same patterns with a label each: a file's name, a class.
    ///
    /// # Errors
    /// Not one label a pattern.
    pub fn with_labels(mut self, labels: Vec<String>) -> Result<Self> {
        crate::error::check_rows("labels", labels.len(), self.len())?;
        self.labels = Some(labels.into());
        Ok(self)
    }

    /// The same patterns, each with a vector v_n that it brings to mind (hetero-association).
    ///
    /// # Errors
    /// Not one vector a pattern, no units, or a value that is not finite.
    pub fn with_associated(mut self, vectors: Array2<F>) -> Result<Self> {
        crate::error::check_rows("values", vectors.nrows(), self.len())?;
        if vectors.ncols() == 0 {
            return Err(Error::shape(
                "values",
                "at least one number a pattern",
                "none",
                "give an N × Dv array",
            ));
        }
        check_states("values", vectors.view(), "remove or repair those rows")?;
        let vectors = vectors.as_standard_layout().into_owned();
        self.associated = Some(vectors.into_shared());
        Ok(self)
    }

    /// The same patterns, all with weight 1/N.
    pub fn unweighted(&self) -> Self {
        Patterns { weights: None, log_weights: None, ..self.clone() }
    }

    /// Patterns as they were stored: values that are prepared already, and how.
    ///
    /// # Errors
    /// As [`Patterns::new`]; a preparation of another width or with numbers that are not finite.
    pub fn restore(values: Array2<F>, preparation: Preparation) -> Result<Self> {
        preparation.check(values.ncols())?;
        Self::with_preparation(values, preparation)
    }

    /// These patterns and more raw ones behind them, prepared as these were.
    ///
    /// # Errors
    /// Another width, bad numbers, or labels, weights or values that only one of the two has.
    pub fn append(&self, raw: Array2<F>, more: Extras<F>) -> Result<Self> {
        crate::error::check_width("patterns", raw.ncols(), self.dim())?;
        check_states("patterns", raw.view(), "remove or repair those rows")?;
        let added = raw.nrows();
        let new = self.preparation.forward(raw);
        let joined = concatenate(Axis(0), &[self.values.view(), new.view()]).expect("equal widths");
        let extras = self.extras().join(more, self.len(), added)?;
        Self::with_preparation(joined, (*self.preparation).clone())?.with(extras)
    }

    /// These patterns but for some rows.
    ///
    /// # Errors
    /// A row that is not there; no row left.
    pub fn remove(&self, rows: &[usize]) -> Result<Self> {
        if let Some(row) = rows.iter().find(|r| **r >= self.len()) {
            return Err(Error::parameter("rows", format!("rows from 0 to {}", self.len() - 1), row));
        }
        let mut keep = vec![true; self.len()];
        rows.iter().for_each(|&row| keep[row] = false);
        let kept: Vec<usize> = (0..self.len()).filter(|&n| keep[n]).collect();
        let values = self.values.select(Axis(0), &kept);
        Self::with_preparation(values, (*self.preparation).clone())?.with(self.extras().select(&kept))
    }

    /// What is known of each pattern besides its values.
    pub fn extras(&self) -> Extras<F> {
        Extras {
            labels: self.labels.as_ref().map(|l| l.to_vec()),
            weights: self.weights.as_ref().map(|w| w.to_vec()),
            associated: self.associated.as_ref().map(|a| a.to_owned()),
        }
    }

    /// The same patterns with what is known of each.
    ///
    /// # Errors
    /// As [`with_labels`](Self::with_labels), [`with_weights`](Self::with_weights),
    /// [`with_associated`](Self::with_associated).
    pub fn with(mut self, extras: Extras<F>) -> Result<Self> {
        if let Some(labels) = extras.labels {
            self = self.with_labels(labels)?;
        }
        if let Some(weights) = extras.weights {
            self = self.with_weights(&weights)?;
        }
        match extras.associated {
            Some(vectors) => self.with_associated(vectors),
            None => Ok(self),
        }
    }

    /// Only some units of each pattern, as given (no preparation).
    pub(crate) fn select_units(&self, units: &[usize]) -> Result<Self> {
        let mut selected = Self::new(self.values.select(Axis(1), units))?;
        selected.log_weights = self.log_weights.clone();
        Ok(selected)
    }

    /// Every unit multiplied by its own factor, as given (no preparation).
    pub(crate) fn stretch(&self, factors: &[F]) -> Result<Self> {
        let mut stretched = self.values.to_owned();
        for mut row in stretched.outer_iter_mut() {
            row.iter_mut().zip(factors).for_each(|(v, &f)| *v *= f);
        }
        let mut stretched = Self::new(stretched)?;
        stretched.log_weights = self.log_weights.clone();
        Ok(stretched)
    }

    /// Number of patterns, N.
    pub fn len(&self) -> usize {
        self.values.nrows()
    }

    /// Never: a memory holds at least one pattern.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Units a pattern, D.
    pub fn dim(&self) -> usize {
        self.values.ncols()
    }

    /// The (prepared) patterns, N × D.
    pub fn values(&self) -> ArrayView2<'_, F> {
        self.values.view()
    }

    /// The same without a copy of them.
    pub(crate) fn shared(&self) -> ArcArray2<F> {
        self.values.clone()
    }

    /// The patterns in raw units: as given, or (spins) each at its units' two levels.
    pub fn restored(&self) -> Array2<F> {
        self.preparation.backward(self.values.to_owned())
    }

    /// One pattern in raw units.
    pub fn restored_row(&self, n: usize) -> ndarray::Array1<F> {
        let row = self.values.select(Axis(0), &[n]);
        self.preparation.backward(row).remove_axis(Axis(0))
    }

    /// ‖y_n‖², one a pattern.
    pub fn squares(&self) -> &[f64] {
        &self.squares
    }

    /// The largest ‖y_n‖².
    pub fn largest_square(&self) -> f64 {
        self.largest_square
    }

    /// ln π_n where weights were given.
    pub fn log_weights(&self) -> Option<&[f64]> {
        self.log_weights.as_deref()
    }

    /// The label of a pattern.
    pub fn label(&self, n: usize) -> Option<&str> {
        self.labels.as_ref().map(|l| l[n].as_str())
    }

    /// The vectors v_n that patterns bring to mind, N × Dv.
    pub fn associated(&self) -> Option<ArrayView2<'_, F>> {
        self.associated.as_ref().map(|a| a.view())
    }

    /// The mean pattern's share of the mean squared norm: ‖m‖²/⟨‖y‖²⟩, 0 (centred) to 1 (all alike).
    pub fn mean_share(&self) -> f64 {
        let all = self.squares.iter().sum::<f64>() / self.len() as f64;
        let mean: f64 = mean(self.values.view()).iter().map(|m| m * m).sum();
        if all > 0.0 { mean / all } else { 0.0 }
    }

    /// How raw vectors become states of this memory, and back.
    pub fn preparation(&self) -> &Preparation {
        &self.preparation
    }

    /// The scale of a unit: root mean square deviation from the mean pattern; of one pattern (or
    /// equal ones) the root mean square unit; 1 if that is 0 too.
    pub fn spread(&self) -> f64 {
        self.spread
    }

    /// The mean pattern Σ π_n y_n, one number a unit.
    pub fn mean(&self) -> Vec<f64> {
        let Some(log_weights) = &self.log_weights else {
            return mean(self.values.view());
        };
        let mut sum = vec![0.0; self.dim()];
        for (row, w) in self.values.outer_iter().zip(log_weights.iter()) {
            sum.iter_mut().zip(row).for_each(|(s, v)| *s += w.exp() * v.wide());
        }
        sum
    }

    /// Whether every unit of every pattern is +1 or −1.
    pub fn are_spins(&self) -> bool {
        self.values.iter().all(|v| v.abs() == F::ONE)
    }

    /// Legal but surprising properties, one sentence each, for a user to be told.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.len() == 1 {
            notes.push("only one pattern is stored: every cue recalls it".to_owned());
        }
        let mut first: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut duplicates = 0;
        let mut example = (0, 0);
        let (mut zero, mut constant) = (0, 0);
        for (n, row) in self.values.outer_iter().enumerate() {
            let key = row.iter().map(|v| (v.wide() + 0.0).to_bits()).collect();
            let earlier = *first.entry(key).or_insert(n);
            if earlier != n {
                duplicates += 1;
                example = (earlier, n);
            }
            if row.iter().all(|&v| v == F::ZERO) {
                zero += 1;
            } else if self.dim() > 1 && row.iter().all(|&v| v == row[0]) {
                constant += 1;
            }
        }
        if duplicates > 0 {
            let (a, b) = example;
            notes.push(format!(
                "{duplicates} patterns repeat an earlier one (row {b} equals row {a}); ties go to the lowest row"
            ));
        }
        let plain = *self.preparation == Preparation::Identity;
        if zero > 0 && plain {
            notes.push(format!("{zero} patterns are zero vectors"));
        }
        if constant > 0 && plain {
            notes.push(format!("{constant} patterns have the same value in every unit"));
        }
        notes
    }
}

/// Squared norms of `states`, or the first value that is not a usable number.
pub(crate) fn check_states<F: Real>(what: &str, states: ArrayView2<F>, cure: &str) -> Result<Vec<f64>> {
    let mut squares = Vec::with_capacity(states.nrows());
    for (row, values) in states.outer_iter().enumerate() {
        let square: f64 = values.iter().map(|v| v.wide() * v.wide()).sum();
        if square.is_nan() || square > F::LARGEST_SQUARE {
            let what = what.to_owned();
            return Err(match values.iter().position(|v| !v.is_finite()) {
                Some(unit) => Error::NotFinite {
                    what,
                    found: values[unit].to_string(),
                    row,
                    unit,
                    cure: cure.to_owned(),
                },
                None => {
                    Error::TooLarge { what, found: square, limit: F::LARGEST_SQUARE, number: F::NAME, row }
                }
            });
        }
        squares.push(square);
    }
    Ok(squares)
}

fn spread<F: Real>(values: ArrayView2<F>) -> f64 {
    let (n, d) = values.dim();
    let mean_square = |centre: Option<&[f64]>| {
        let mut sum = 0.0;
        for row in values.outer_iter() {
            for (j, v) in row.iter().enumerate() {
                sum += (v.wide() - centre.map_or(0.0, |c| c[j])).powi(2);
            }
        }
        (sum / (n * d) as f64).sqrt()
    };
    let around_mean = mean_square(Some(&mean(values)));
    let around_zero = mean_square(None);
    // A deviation that is only rounding of the mean's sum is none.
    if around_mean > 4.0 * n as f64 * f64::EPSILON * around_zero {
        around_mean
    } else if around_zero > 0.0 {
        around_zero
    } else {
        1.0
    }
}

fn mean<F: Real>(values: ArrayView2<F>) -> Vec<f64> {
    let n = values.nrows() as f64;
    values.axis_iter(Axis(1)).map(|column| column.iter().map(|v| v.wide()).sum::<f64>() / n).collect()
}
