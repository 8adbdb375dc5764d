//! Opens a session from an array, a description, or the bytes of a file.

use std::path::Path;

use attractor_data::{Description, density_from_bytes, memory_from_bytes, summary_of_bytes, sums_from_bytes};
use ndarray::Array2;

use crate::about::{About, Origin};
use crate::any::{Held, Precision};
use crate::error::Result;
use crate::patterns::{Known, prepared_array};
use crate::session::Session;
use crate::setup::Setup;
use crate::{in_precision, source, sums};

impl Session {
    /// Stores the rows of an array in a memory. `raw` says whether the rows were bytes or bools.
    ///
    /// # Errors
    /// The model refuses the patterns or an option.
    pub fn of_array<F: Held>(rows: Array2<F>, known: Known<F>, raw: bool, setup: &Setup) -> Result<Self> {
        let card = setup.card();
        let patterns = prepared_array(rows, known, raw, setup.prepare.unwrap_or_default(), card)?;
        let provenance = vec![format!("stored {} rows of an array", patterns.len())];
        let spec = setup.spec(card);
        let given = setup.given(card)?.map(|weights| source::with_patterns(&patterns, weights));
        let memory = spec.build_on(patterns, given)?;
        let origin = Origin::Rows { bytes: false };
        let about = About { card: Some(card), spec, shape: None, raw, units: None, origin, provenance };
        Ok(Session { memory: F::hold(memory), about })
    }

    /// Builds the memory of a description. `path` is used in messages only.
    ///
    /// # Errors
    /// As [`Source::build`](crate::Source::build).
    pub fn of_description(path: &Path, description: Description, setup: &Setup) -> Result<Self> {
        in_precision!(Precision::choose(setup.precision, true), F => {
            source::described::<F>(path, description, setup).map(Session::from)
        })
    }

    /// Loads a stored memory from the bytes of its file. `path` is used in messages only. The default number type is
    /// f32.
    ///
    /// # Errors
    /// The bytes are not a stored memory, or the model refuses it.
    pub fn of_bytes(path: &Path, bytes: &[u8], setup: &Setup) -> Result<Self> {
        let summary = summary_of_bytes(path, bytes)?;
        if summary.sums.is_some() {
            return in_precision!(Precision::choose(setup.precision, false), F => {
                sums::of_sums::<F>(path, sums_from_bytes(path, bytes)?, setup).map(Session::from)
            });
        }
        if summary.density.is_some() {
            return in_precision!(Precision::choose(setup.precision, false), F => {
                source::of_density::<F>(density_from_bytes(path, bytes)?, setup).map(Session::from)
            });
        }
        in_precision!(Precision::choose(setup.precision, false), F => {
            source::of_stored::<F>(path, memory_from_bytes(path, bytes)?, setup).map(Session::from)
        })
    }
}
