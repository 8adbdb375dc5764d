//! Turns rows of a file or an array into patterns.

use std::path::Path;
use std::sync::Arc;

use attractor::memories::{Card, models_that};
use attractor::patterns::Packer;
use attractor::{Extras, Patterns, Prepare, Real};
use attractor_data::{FileRows, Header, ReadOptions, Rows, read};
use ndarray::Array2;

use crate::error::{Error, Result};
use crate::recall_options::batch_of;
use crate::setup::{Auto, Setup};

/// Labels, weights and associated values of patterns.
pub type Known<F> = Extras<F>;

/// The rows of a file as patterns of a model. They are prepared or packed. If they would exceed the memory limit,
/// they stay in the file.
///
/// # Errors
/// The rows cannot be read or stored; the model or the file cannot keep to the memory limit; the labels, weights or
/// values do not fit the rows.
pub fn prepared<F: Real>(rows: Rows, setup: &Setup, card: &Card) -> Result<Patterns<F>> {
    let head = rows.head().clone();
    let prepare = setup.prepare.unwrap_or_default().choose(head.dtype.is_raw(), card);
    let bytes = (head.rows as u64).saturating_mul((head.columns * size_of::<F>()) as u64);
    let patterns = if prepare == Prepare::Packed {
        packed(rows)?
    } else if setup.memory_limit.is_some_and(|limit| bytes > limit) {
        streamed(&head, prepare, card)?
    } else {
        Patterns::prepared(rows.all()?.floats::<F>(), prepare, card.spins)?
    };
    Ok(patterns.with(known(&head, setup)?)?)
}

/// The rows of an array as patterns of a model. `raw` says whether the rows were bytes or bools.
///
/// # Errors
/// The rows cannot be stored.
pub fn prepared_array<F: Real>(
    rows: Array2<F>,
    known: Known<F>,
    raw: bool,
    prepare: Auto,
    card: &Card,
) -> Result<Patterns<F>> {
    Ok(Patterns::prepared(rows, prepare.choose(raw, card), card.spins)?.with(known)?)
}

/// Patterns that stay in their file and are read when needed.
fn streamed<F: Real>(head: &Header, prepare: Prepare, card: &Card) -> Result<Patterns<F>> {
    if card.spins {
        let models = models_that(|card| card.streams);
        let expected = "memory-limit: expected a model that reads a few patterns at a time";
        return Err(Error::Refused(format!("{expected} ({models}), or a higher limit").into()));
    }
    let Some(disk) = FileRows::open(&head.path)? else {
        return Err(Error::Refused(
            format!(
                "memory-limit: expected a plain .npy or stored memory, which can be read in place, found {}; raise the limit or save it with numpy.save",
                head.path.display()
            )
            .into(),
        ));
    };
    Ok(Patterns::streamed_raw(Arc::new(disk), prepare)?)
}

/// Patterns with one bit per unit.
fn packed<F: Real>(mut rows: Rows) -> Result<Patterns<F>> {
    let (count, columns) = (rows.head().rows, rows.head().columns);
    let mut packer = Packer::new(count, columns);
    while let Some(table) = rows.next_batch(batch_of(columns))? {
        packer.push(table.floats::<F>().view())?;
    }
    Ok(packer.finish()?)
}

/// Reads labels, weights and associated values of the rows from the files that `setup` names.
///
/// # Errors
/// A file cannot be read, or the number of weights is not that of the rows.
pub fn known<F: Real>(head: &Header, setup: &Setup) -> Result<Known<F>> {
    let weights = setup.weights.as_ref().map(|path| weights(path, head.rows)).transpose()?;
    let associated = setup.values.as_ref().map(|path| associated(path, head.rows)).transpose()?;
    Ok(Extras { labels: head.labels.clone(), weights, associated })
}

fn weights(path: &Path, rows: usize) -> Result<Vec<f64>> {
    let table = read(path, &ReadOptions::default())?;
    if table.rows() * table.columns() != rows {
        let found = format!("{} x {}", table.rows(), table.columns());
        let text = format!("{}: expected {rows} weights, one a pattern, found {found}", path.display());
        return Err(Error::Refused(text.into()));
    }
    Ok(table.numbers::<f64>().iter().copied().collect())
}

fn associated<F: Real>(path: &Path, rows: usize) -> Result<Array2<F>> {
    let table = read(path, &ReadOptions::default())?;
    let numbers = table.numbers();
    // A vector has one number for each pattern.
    let vector = table.rows() == 1 && table.columns() == rows && rows > 1;
    Ok(if vector { numbers.reversed_axes().as_standard_layout().into_owned() } else { numbers })
}
