//! The file of a memory of fixed size: sums of random features over patterns, and none of the patterns.
//!
//! The arrays are `features.cosines` and `features.sines` (M numbers each), `features.first` (D, the sum of the prepared
//! patterns), `features.numbers` (β, the sum of weights, and that of weighted squares) and those of the preparation. The
//! description has the seed of the frequencies and the number of patterns. So the size of the file does not depend on that number.

use std::collections::HashMap;
use std::path::Path;

use attractor::Preparation;
use attractor::energies::FeatureSums;
use attractor::memories::Spec;
use safetensors::SafeTensors;
use safetensors::tensor::{TensorView, serialize};
use serde_json::{Value, json};

use super::read::Arrays;
use super::{KEY, SUMS_VERSION, describe, preparation_arrays, vector, wrong};
use crate::error::{Error, Result};
use crate::output::write_atomically;
use crate::shape::Shape;

/// The content of the file of a memory of fixed size.
#[derive(Clone, Debug)]
pub struct StoredSums {
    /// Model and options.
    pub spec: Spec,
    /// The sums.
    pub sums: FeatureSums,
    /// The preparation of the patterns.
    pub preparation: Preparation,
    /// Number type of states: `f32` or `f64`. Sums are `f64` in both.
    pub dtype: &'static str,
    /// The shape of the images, if rows are images.
    pub shape: Option<Shape>,
    /// Whether the rows were bytes or bools, which are scaled to 0 to 1.
    pub raw: bool,
    /// Its history. It says at most how the first and the last rows came and went, so that it stays small.
    pub provenance: Vec<String>,
}

/// A summary of stored sums, from the head of their file.
#[derive(Clone, Debug, PartialEq)]
pub struct SumsSummary {
    /// The number of features, M.
    pub features: usize,
    /// The inverse temperature of the kernel.
    pub beta: f64,
    /// The seed of the frequencies.
    pub seed: u64,
    /// The sum of the weights of the patterns.
    pub weight: f64,
}

/// So many entries of a history are kept: the first, and the last of the others.
const HISTORY: usize = 16;

impl StoredSums {
    /// Writes the file. If that fails, no partial file is left.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let bytes = self.to_bytes()?;
        write_atomically(path, |file| file.write_all(&bytes))
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// There are more numbers than a file can hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let path = Path::new("memory");
        let options =
            self.spec.options.iter().map(|(k, v)| (k.to_owned(), Value::from(v.to_string()))).collect();
        let sums = &self.sums;
        let mut history = self.provenance.clone();
        if history.len() > HISTORY {
            history.drain(1..history.len() - HISTORY + 1);
        }
        let says = json!({
            "version": SUMS_VERSION,
            "model": self.spec.model,
            "options": Value::Object(options),
            "raw": self.raw,
            "shape": self.shape.map(|s| s.to_string()),
            "provenance": history,
            "dtype": self.dtype,
            "units": sums.dim(),
            "sums": {
                "features": sums.features(),
                "patterns": sums.patterns,
                "beta": sums.beta,
                "seed": sums.seed,
                "weight": sums.weight,
            },
        });
        let meta = HashMap::from([(KEY.to_owned(), says.to_string())]);
        let mut arrays = vec![
            vector("features.cosines", &sums.cosines),
            vector("features.sines", &sums.sines),
            vector("features.first", &sums.first),
            // A number in a text may lose its last bit.
            vector("features.numbers", &[sums.beta, sums.weight, sums.second]),
        ];
        arrays.extend(preparation_arrays(&self.preparation));
        let refused = |error: safetensors::SafeTensorError| wrong(path, error.to_string());
        let mut views = Vec::new();
        for (name, kind, sizes, bytes) in &arrays {
            views.push((name.as_str(), TensorView::new(*kind, sizes.clone(), bytes).map_err(refused)?));
        }
        serialize(views, Some(meta)).map_err(refused)
    }
}

/// The sums in the description of a file, and how many patterns they are of.
pub(super) fn sums_of(says: &Value) -> Option<(SumsSummary, usize)> {
    let sums = &says["sums"];
    let whole = |name: &str| sums[name].as_u64();
    let summary = SumsSummary {
        features: usize::try_from(whole("features")?).ok()?,
        beta: sums["beta"].as_f64()?,
        seed: whole("seed")?,
        weight: sums["weight"].as_f64()?,
    };
    Some((summary, usize::try_from(whole("patterns")?).ok()?))
}

/// Reads the sums of a memory of fixed size.
///
/// # Errors
/// The file is no such memory, is truncated, or has numbers that are sums of no patterns.
pub fn read_sums(path: &Path) -> Result<StoredSums> {
    let bytes = std::fs::read(path).map_err(|e| Error::read(path, e))?;
    sums_from_bytes(path, &bytes)
}

/// Reads the sums of a memory of fixed size from the bytes of its file. `path` is used in messages only.
///
/// # Errors
/// As [`read_sums`].
pub fn sums_from_bytes(path: &Path, bytes: &[u8]) -> Result<StoredSums> {
    let damaged = |e: safetensors::SafeTensorError| wrong(path, format!("a damaged or truncated file ({e})"));
    let (_, head) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(damaged)?;
    let summary = describe(path, &head)?.ok_or_else(|| wrong(path, "a file of arrays that says no model"))?;
    let arrays = Arrays { path, tensors };
    let Some(said) = summary.sums else {
        return Err(wrong(path, "one that keeps its patterns"));
    };
    let &[beta, weight, second] = &arrays.needed("features.numbers")?[..] else {
        return Err(arrays.wrong("'features.numbers' of wrong size"));
    };
    let sums = FeatureSums {
        beta,
        seed: said.seed,
        cosines: arrays.needed("features.cosines")?,
        sines: arrays.needed("features.sines")?,
        patterns: summary.patterns,
        weight,
        first: arrays.needed("features.first")?,
        second,
    };
    sums.check().map_err(|error| arrays.refused(&error))?;
    if (sums.features(), sums.dim()) != (said.features, summary.dim) {
        return Err(arrays.wrong("sums of wrong size"));
    }
    let preparation = arrays.preparation()?;
    preparation.check(sums.dim()).map_err(|error| arrays.refused(&error))?;
    if let Some(shape) = summary.shape {
        shape.check(summary.dim)?;
    }
    let (spec, shape, dtype) = (summary.spec, summary.shape, summary.dtype);
    Ok(StoredSums { spec, sums, preparation, dtype, shape, raw: summary.raw, provenance: summary.provenance })
}
