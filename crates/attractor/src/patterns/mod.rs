//! Stored patterns, as rows that the kernels can read, and the map from raw vectors to states.

mod extras;
mod packer;
mod parts;
mod preparation;
mod sources;
mod states;
mod survey;

pub use extras::Extras;
pub use packer::Packer;
pub use parts::{Whole, shard_of, shard_of_bits, shard_of_values};
pub use preparation::{Preparation, Prepare};
pub(crate) use states::{check_states, is_usable};

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use ndarray::{ArcArray2, Array2, ArrayView1, ArrayView2, Axis, concatenate};
use sources::{Prepared, Selected, Stretched};
use survey::survey;

use crate::error::{Error, Result};
pub(crate) use crate::kernels::{EIGHT, Window, pick};
pub use crate::kernels::{Packed, Source};
use crate::kernels::{Stored, Streamed, dots};
use crate::message;
use crate::message::{Argument, Message};
use crate::real::Real;

/// The stored patterns Y, one in each row (N × D).
///
/// Immutable and cheap to clone. It holds the values in the form that kernels read (it dereferences to [`Stored`]),
/// the [`Preparation`] that made these values from raw vectors, and what is known of each pattern: a label, a prior
/// weight π_n, an associated vector v_n. Patterns of ±1 can be held with one bit for each unit
/// ([`packed`](Self::packed)). Other patterns can stay in a source and be read a few rows at a time
/// ([`streamed`](Self::streamed)). Modern and diffusion memories recall from all of these in the same way.
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
    stored: Stored<F>,
    /// The plain mean of patterns that are not held as numbers.
    mean: Option<Arc<[f64]>>,
    weights: Option<Arc<[f64]>>,
    labels: Option<Arc<[String]>>,
    associated: Option<ArcArray2<F>>,
    preparation: Arc<Preparation>,
}

/// Gives access to the methods that only read the stored patterns.
impl<F> Deref for Patterns<F> {
    type Target = Stored<F>;

    fn deref(&self) -> &Stored<F> {
        &self.stored
    }
}

impl<F: Real> Patterns<F> {
    /// Patterns that are used exactly as given.
    ///
    /// # Errors
    /// No rows or no units; NaN, infinity, or a squared norm too large for `F`.
    pub fn new(values: Array2<F>) -> Result<Self> {
        Self::with_preparation(values, Preparation::Identity)
    }

    /// Raw patterns, prepared as [`Prepare`] says. `spins` asks for ±1 patterns.
    ///
    /// # Errors
    /// Those of [`Patterns::new`].
    pub fn prepared(raw: Array2<F>, prepare: Prepare, spins: bool) -> Result<Self> {
        check_states("patterns", raw.view(), "remove or repair those rows")?;
        if prepare == Prepare::Packed {
            let mut packer = Packer::new(raw.nrows(), raw.ncols());
            packer.push(raw.view())?;
            return packer.finish();
        }
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
        check_states("patterns", values.view(), "remove or repair those rows")?;
        let spread = check_spread::<F>(spread(values.view()))?;
        Ok(Self::of(Stored::held(values, spread), None, preparation))
    }

    /// Patterns without labels, weights or associated vectors.
    fn of(stored: Stored<F>, mean: Option<Vec<f64>>, preparation: Preparation) -> Self {
        Patterns {
            stored,
            mean: mean.map(Arc::from),
            weights: None,
            labels: None,
            associated: None,
            preparation: preparation.into(),
        }
    }

    /// Patterns of ±1 with one bit for each unit, which is 1/32 of the memory of `f32`. `preparation` is the map from
    /// raw vectors to states that was used to make the bits.
    ///
    /// Modern and diffusion memories read the bits ([`attend`](crate::kernels::attend())). The first call of
    /// [`values`](Stored::values) converts them to numbers, which are then kept.
    ///
    /// ```
    /// use attractor::{Patterns, Preparation, patterns::Packed};
    /// use ndarray::array;
    /// let bits = Packed::from_signs(array![[1.0_f32, -1.0, 1.0], [-1.0, -1.0, 1.0]].view());
    /// let patterns = Patterns::<f32>::packed(bits, Preparation::Identity)?;
    /// assert_eq!(patterns.row(1), [-1.0, -1.0, 1.0]);
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// No rows or no units; a preparation of another width.
    pub fn packed(bits: Packed, preparation: Preparation) -> Result<Self> {
        let bits = Arc::new(bits);
        let patterns = Self::streamed(bits.clone(), preparation)?;
        Ok(Patterns { stored: patterns.stored.with_bits(bits), ..patterns })
    }

    /// Patterns (prepared) that stay in a source and are read a few rows at a time. All rows are read once now.
    ///
    /// # Errors
    /// Those of [`Patterns::new`]; a source that cannot be read; a preparation of another width.
    pub fn streamed(source: Arc<dyn Source<F>>, preparation: Preparation) -> Result<Self> {
        preparation.check(source.dim())?;
        let streamed = Streamed::new(source);
        let survey = survey(&streamed)?;
        let spread = check_spread::<F>(survey.spread)?;
        let stored = Stored::streamed(streamed, survey.largest_square, spread);
        Ok(Self::of(stored, Some(survey.mean), preparation))
    }

    /// Raw patterns that stay in a source and are prepared when they are read: see [`prepared`](Self::prepared) and
    /// [`streamed`](Self::streamed). All rows are read once more, to find the mean and the spread.
    ///
    /// # Errors
    /// Those of [`streamed`](Self::streamed).
    pub fn streamed_raw(source: Arc<dyn Source<F>>, prepare: Prepare) -> Result<Self> {
        if prepare == Prepare::None {
            return Self::streamed(source, Preparation::Identity);
        }
        let raw = survey(&Streamed::new(source.clone()))?;
        let preparation = match prepare {
            Prepare::Standardize => Preparation::standardized(raw.mean, &raw.variances),
            Prepare::Normalize => Preparation::Affine { mean: raw.mean, scale: 1.0 / raw.spread },
            _ => Preparation::Affine { mean: raw.mean, scale: 1.0 },
        };
        let prepared = Prepared { source, preparation: preparation.clone() };
        Self::streamed(Arc::new(prepared), preparation)
    }

    /// Returns the error of a source that could not be read. Results that were computed after it are invalid.
    ///
    /// # Errors
    /// The error of the source.
    pub fn check_source(&self) -> Result<()> {
        check_source(self.failure())
    }

    /// Sets prior weights π_n > 0, which are normalised to sum to 1.
    ///
    /// # Errors
    /// A number of weights other than the number of patterns; a weight that is not positive and finite.
    pub fn with_weights(mut self, weights: &[f64]) -> Result<Self> {
        crate::error::check_rows("pattern weights", weights.len(), self.len())?;
        if let Some(w) = weights.iter().find(|w| !(w.is_finite() && **w > 0.0)) {
            return Err(Error::parameter("pattern weights", "positive finite numbers", w));
        }
        let total: f64 = weights.iter().sum();
        if !total.is_finite() {
            return Err(Error::parameter("pattern weights", "weights with a finite sum", total));
        }
        let log_weights = weights.iter().map(|w| w.ln() - total.ln()).collect();
        self.stored = self.stored.with_log_weights(Some(log_weights));
        self.weights = Some(weights.into());
        Ok(self)
    }

    /// Sets a label for each pattern, such as a file name or a class.
    ///
    /// # Errors
    /// A number of labels other than the number of patterns.
    pub fn with_labels(mut self, labels: Vec<String>) -> Result<Self> {
        crate::error::check_rows("labels", labels.len(), self.len())?;
        self.labels = Some(labels.into());
        Ok(self)
    }

    /// Sets an associated vector v_n for each pattern (hetero-association).
    ///
    /// # Errors
    /// A number of vectors other than the number of patterns; vectors without units; a value that is not finite.
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

    /// The patterns with equal weights 1/N.
    pub fn unweighted(&self) -> Self {
        Patterns { stored: self.stored.unweighted(), weights: None, ..self.clone() }
    }

    /// Restores patterns from values that are already prepared, and their preparation.
    ///
    /// # Errors
    /// Those of [`Patterns::new`]; a preparation of another width, or with numbers that are not finite.
    pub fn restore(values: Array2<F>, preparation: Preparation) -> Result<Self> {
        preparation.check(values.ncols())?;
        Self::with_preparation(values, preparation)
    }

    /// These patterns followed by more raw patterns, which are prepared in the same way.
    ///
    /// # Errors
    /// Another width; invalid numbers; weights or associated vectors that only one of the two has.
    pub fn append(&self, raw: Array2<F>, more: Extras<F>) -> Result<Self> {
        crate::error::check_width("patterns", raw.ncols(), self.dim())?;
        check_states("patterns", raw.view(), "remove or repair those rows")?;
        let added = raw.nrows();
        let new = self.preparation.forward(raw);
        let joined = concatenate(Axis(0), &[self.values(), new.view()]).expect("equal widths");
        let extras = self.extras().join(more, self.len(), added)?;
        self.of_values(joined)?.with(extras)
    }

    /// These patterns without some rows.
    ///
    /// # Errors
    /// A row that does not exist; no row left.
    pub fn remove(&self, rows: &[usize]) -> Result<Self> {
        if let Some(row) = rows.iter().find(|r| **r >= self.len()) {
            return Err(Error::parameter("rows", format!("rows from 0 to {}", self.len() - 1), row));
        }
        let mut keep = vec![true; self.len()];
        rows.iter().for_each(|&row| keep[row] = false);
        let kept: Vec<usize> = (0..self.len()).filter(|&n| keep[n]).collect();
        let values = self.select(&kept);
        self.of_values(values)?.with(self.extras().select(&kept))
    }

    /// Patterns with other (prepared) values, held in the same form.
    fn of_values(&self, values: Array2<F>) -> Result<Self> {
        let preparation = (*self.preparation).clone();
        match self.bits() {
            Some(_) => Self::packed(Packed::from_signs(values.view()), preparation),
            None => Self::with_preparation(values, preparation),
        }
    }

    /// The labels, weights and associated vectors.
    pub fn extras(&self) -> Extras<F> {
        Extras {
            labels: self.labels.as_ref().map(|l| l.to_vec()),
            weights: self.weights.as_ref().map(|w| w.to_vec()),
            associated: self.associated.as_ref().map(|a| a.to_owned()),
        }
    }

    /// Sets labels, weights and associated vectors.
    ///
    /// # Errors
    /// Those of [`with_labels`](Self::with_labels), [`with_weights`](Self::with_weights) and
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

    /// Patterns with only some of the units, and without a preparation.
    pub(crate) fn select_units(&self, units: &[usize]) -> Result<Self> {
        let selected = match self.source() {
            None => Self::new(self.values().select(Axis(1), units))?,
            Some(source) => {
                let source = Selected { source: source.clone(), units: units.to_vec() };
                Self::streamed(Arc::new(source), Preparation::Identity)?
            }
        };
        Ok(selected.weighted_as(self))
    }

    /// Some of the patterns (held as numbers), in this order, without a preparation and with their shares of the weights.
    pub(crate) fn among(&self, rows: &[usize]) -> Result<Self> {
        let some = Self::new(self.select(rows))?;
        let log_weights = self.log_weights().map(|all| rows.iter().map(|&n| all[n]).collect());
        Ok(Patterns { stored: some.stored.with_log_weights(log_weights), ..some })
    }

    /// Patterns with each unit multiplied by its own factor, and without a preparation.
    pub(crate) fn stretch(&self, factors: &[F]) -> Result<Self> {
        let stretched = match self.source() {
            None => {
                let mut stretched = self.values().to_owned();
                for mut row in stretched.outer_iter_mut() {
                    row.iter_mut().zip(factors).for_each(|(v, &f)| *v *= f);
                }
                Self::new(stretched)?
            }
            Some(source) => {
                let source = Stretched { source: source.clone(), factors: factors.to_vec() };
                Self::streamed(Arc::new(source), Preparation::Identity)?
            }
        };
        Ok(stretched.weighted_as(self))
    }

    /// Patterns in the coordinates along orthonormal `directions` (D × D, one a row), and without a preparation.
    pub(crate) fn turn(&self, directions: ArrayView2<f64>) -> Result<Self> {
        if self.are_slow() {
            return Err(Error::Undefined {
                model: "a memory of patterns that are not in memory",
                what: "way to turn them to the directions of a potential",
                reason: "hold the patterns in memory, or give a potential without forces between units"
                    .into(),
            });
        }
        let turned = dots(self.values().mapv(F::to_f64).view(), directions);
        Ok(Self::new(turned.mapv(F::from_f64))?.weighted_as(self))
    }

    /// The patterns with the log weights of others.
    fn weighted_as(self, other: &Self) -> Self {
        let log_weights = other.log_weights().map(Arc::from);
        Patterns { stored: self.stored.with_log_weights(log_weights), ..self }
    }

    /// The patterns in raw units. With a ±1 preparation each unit has one of its two levels.
    pub fn restored(&self) -> Array2<F> {
        self.preparation.backward(self.values().to_owned())
    }

    /// One pattern in raw units.
    pub fn restored_row(&self, n: usize) -> ndarray::Array1<F> {
        self.preparation.backward(self.select(&[n])).remove_axis(Axis(0))
    }

    /// The label of a pattern.
    pub fn label(&self, n: usize) -> Option<&str> {
        self.labels.as_ref().map(|l| l[n].as_str())
    }

    /// The associated vectors v_n, N × Dv.
    pub fn associated(&self) -> Option<ArrayView2<'_, F>> {
        self.associated.as_ref().map(|a| a.view())
    }

    /// The share of the mean pattern in the mean squared norm: ‖m‖²/⟨‖y‖²⟩, from 0 (centred) to 1 (all patterns
    /// equal).
    pub fn mean_share(&self) -> f64 {
        let mean: f64 = match &self.mean {
            Some(mean) => mean.iter().map(|m| m * m).sum(),
            None => mean(self.values()).iter().map(|m| m * m).sum(),
        };
        // The spread is about the mean, except for patterns that are all equal.
        let all = match self.squares() {
            Some(squares) => squares.iter().sum::<f64>() / self.len() as f64,
            None => mean + self.spread().powi(2) * self.dim() as f64,
        };
        if all > 0.0 { mean / all } else { 0.0 }
    }

    /// The preparation, which maps raw vectors to states and back.
    pub fn preparation(&self) -> &Preparation {
        &self.preparation
    }

    /// The mean pattern Σ π_n y_n, one number for each unit.
    pub fn mean(&self) -> Vec<f64> {
        match (self.log_weights(), &self.mean) {
            (None, Some(mean)) => mean.to_vec(),
            (None, None) => mean(self.values()),
            (Some(log_weights), _) => {
                let (mut sum, mut window) = (vec![0.0; self.dim()], Window::default());
                for (n, w) in log_weights.iter().enumerate() {
                    let row = self.rows(n..n + 1, self.len(), &mut window);
                    sum.iter_mut().zip(row).for_each(|(s, v)| *s += w.exp() * v.to_f64());
                }
                sum
            }
        }
    }

    /// Whether every unit of every pattern is +1 or −1.
    pub fn are_spins(&self) -> bool {
        self.are_bits() || self.are_held() && self.values().iter().all(|v| v.abs() == F::ONE)
    }

    /// Valid but surprising properties of these patterns, one sentence each, to show to the user.
    pub fn notes(&self) -> Vec<Message> {
        let mut notes = Vec::new();
        if self.len() == 1 {
            notes.push("only one pattern is stored: every cue recalls it".into());
        }
        if !self.are_held() {
            return notes;
        }
        let mut first: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut duplicates = 0;
        let mut example = (0, 0);
        let (mut zero, mut constant) = (0, 0);
        for (n, row) in self.values().outer_iter().enumerate() {
            let key = row.iter().map(|v| (v.to_f64() + 0.0).to_bits()).collect();
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
            let they = if duplicates == 1 { "pattern repeats" } else { "patterns repeat" };
            let repeat = format!(
                "{duplicates} {they} an earlier one (row {b} equals row {a}); ties go to the lowest row"
            );
            notes.push(repeat.into());
        }
        let plain = *self.preparation == Preparation::Identity;
        if zero > 0 && plain {
            let are = if zero == 1 { "pattern is a zero vector" } else { "patterns are zero vectors" };
            notes.push(format!("{zero} {are}").into());
        }
        if constant > 0 && plain {
            let (they, have) = if constant == 1 { ("pattern", "has") } else { ("patterns", "have") };
            notes.push(format!("{constant} {they} {have} the same value in every unit").into());
        }
        notes
    }
}

fn spread<F: Real>(values: ArrayView2<F>) -> f64 {
    let (n, d) = values.dim();
    let mean_square = |centre: Option<&[f64]>| {
        let mut sum = 0.0;
        for row in values.outer_iter() {
            for (j, v) in row.iter().enumerate() {
                sum += (v.to_f64() - centre.map_or(0.0, |c| c[j])).powi(2);
            }
        }
        (sum / (n * d) as f64).sqrt()
    };
    let around_zero = mean_square(None);
    if around_zero == 0.0 {
        return without_squares(values.iter().fold(0.0, |most, v| v.to_f64().abs().max(most)));
    }
    usable_spread(mean_square(Some(&mean(values))), around_zero, n)
}

/// The spread of patterns whose squares are all 0: 1 if they are 0 themselves, else the largest unit, which is too small
/// for a memory.
fn without_squares(largest: f64) -> f64 {
    if largest > 0.0 { largest } else { 1.0 }
}

/// The spread of `n` patterns, from the root mean square unit about their mean and about zero.
fn usable_spread(around_mean: f64, around_zero: f64, n: usize) -> f64 {
    // A deviation of the size of the mean's rounding error counts as 0.
    if around_mean > 4.0 * n as f64 * f64::EPSILON * around_zero {
        around_mean
    } else if around_zero > 0.0 {
        around_zero
    } else {
        1.0
    }
}

/// Returns an error if patterns could not be read.
fn check_source(failure: Option<&str>) -> Result<()> {
    failure.map_or(Ok(()), |reason| Err(Error::Foreign(reason.into())))
}

/// Returns an error for a spread whose squares would underflow.
fn check_spread<F: Real>(spread: f64) -> Result<f64> {
    if spread >= F::SMALLEST_SPREAD {
        return Ok(spread);
    }
    Err(Error::shape(
        "patterns",
        format!("units that differ by more than {:e} in {}", F::SMALLEST_SPREAD, F::NAME),
        format!("{spread:e} at root mean square"),
        message!["multiply patterns and cues by a constant, or use ", Argument::DoublePrecision],
    ))
}

fn mean<F: Real>(values: ArrayView2<F>) -> Vec<f64> {
    let n = values.nrows() as f64;
    let of = |column: ArrayView1<F>| match column.first() {
        // The sum of equal values is rounded, and so would their mean be.
        Some(first) if column.iter().all(|v| v == first) => first.to_f64(),
        _ => column.iter().map(|v| v.to_f64()).sum::<f64>() / n,
    };
    values.axis_iter(Axis(1)).map(of).collect()
}
