//! Memories in parts that others hold.

use std::path::Path;
use std::sync::Arc;

use attractor::kernels::Shards;
use attractor_data::{
    append_to_shards, check_parts, of_shards, shard_head, shard_preparation, shard_summary, shards_in,
};
use ndarray::Array2;

use crate::any::Precision;
use crate::error::{Error, Result};
use crate::in_precision;
use crate::patterns::Known;
use crate::session::Session;
use crate::setup::Setup;
use crate::source::of_stored;

impl Session {
    /// Builds a memory whose patterns others hold, from the heads of all parts, each with its name, in the order in which
    /// `shards` answer.
    ///
    /// # Errors
    /// Parts that are not all of one memory; an option that the model refuses.
    pub fn of_shards(heads: &[(String, Vec<u8>)], shards: Arc<dyn Shards>, setup: &Setup) -> Result<Self> {
        let path = Path::new("parts");
        let first = heads.first().map(|(name, head)| shard_summary(Path::new(name), head)).transpose()?;
        let wide = first.is_some_and(|summary| summary.dtype == "f64");
        in_precision!(Precision::choose(None, wide), F => {
            of_stored::<F>(path, of_shards(path, heads, shards)?, setup).map(Session::from)
        })
    }
}

/// Appends raw patterns to a memory whose parts are the files of a folder, and writes all parts anew. Returns how many patterns
/// it has then.
///
/// # Errors
/// Parts that are missing; patterns that do not go with those before; weights or values, which such a memory has none of; files that
/// cannot be written. The parts are then as they were.
pub fn append_to_parts(
    folder: &Path,
    raw: &Array2<f64>,
    known: Known<f64>,
    provenance: &str,
) -> Result<usize> {
    let found = shards_in(folder)?;
    let named: Vec<_> = found.iter().map(|(path, summary)| (path.display().to_string(), summary)).collect();
    check_parts(folder, &named)?;
    let (path, summary) = &found[0];
    let refuse = |expected: &str, found: String| {
        Err(Error::Refused(format!("patterns: expected {expected}, found {found}; give others").into()))
    };
    if raw.nrows() == 0 {
        return refuse("at least one to append", "none".into());
    }
    if raw.ncols() != summary.dim {
        return refuse(
            &format!("{} units, as in {}", summary.dim, folder.display()),
            raw.ncols().to_string(),
        );
    }
    if known.weights.is_some() || known.associated.is_some() {
        return refuse(
            "patterns without weights and values, as a memory in parts has",
            "some with them".into(),
        );
    }
    let preparation = shard_preparation(path, &shard_head(path)?)?;
    in_precision!(summary.dtype.parse()?, F => {
        // Their numbers are checked.
        let raw = raw.mapv(<F as attractor::Real>::from_f64);
        let prepared = attractor::Patterns::restore(preparation.forward(raw), preparation)?;
        Ok(append_to_shards::<F>(folder, &prepared.shared().into_owned(), known.labels.as_deref(), provenance)?)
    })
}
