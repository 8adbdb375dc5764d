//! Reads stored memories.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use attractor::memories::{Learned, Weights};
use attractor::message;
use attractor::message::Message;
use attractor::networks::Network;
use attractor::patterns::Source;
use attractor::{Extras, Patterns, Preparation, Real};
use ndarray::{Array2, ArrayView1};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype as TensorType, Metadata, TensorView, serialize};
use serde_json::Value;

use super::{Shaped, Stored, StoredSummary, TRAINING, Training, describe, unpacked, wrong};
use crate::error::{Error, Result};
use crate::formats::{FileRows, safetensors as format};

/// Reads a stored memory with the number type `F`.
///
/// # Errors
/// The file is not a stored memory, is truncated, or has arrays that do not fit together.
pub fn read_memory<F: Real>(path: &Path) -> Result<Stored<F>> {
    let bytes = std::fs::read(path).map_err(|e| Error::read(path, e))?;
    memory_from_bytes(path, &bytes)
}

/// Reads a stored memory from the bytes of its file. `path` is used in messages only.
///
/// # Errors
/// As [`read_memory`].
pub fn memory_from_bytes<F: Real>(path: &Path, bytes: &[u8]) -> Result<Stored<F>> {
    let damaged = |e: safetensors::SafeTensorError| wrong(path, format!("a damaged or truncated file ({e})"));
    let (_, head) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    from_arrays(path, &head, bytes, None)
}

/// Reads a stored memory whose patterns may take `limit` bytes in memory. If they would take more, they stay in the
/// file.
///
/// # Errors
/// As [`read_memory`]; also if the patterns exceed the limit and the model is a network or has couplings.
pub fn read_memory_within<F: Real>(path: &Path, limit: Option<u64>) -> Result<Stored<F>> {
    let failed = |error| Error::read(path, error);
    let mut reader = BufReader::new(std::fs::File::open(path).map_err(failed)?);
    let (head, start) = format::head(path, &mut reader)?;
    let summary = describe(path, &head)?.ok_or_else(|| wrong(path, "a file of arrays that says no model"))?;
    let size = (summary.patterns as u64).saturating_mul(summary.dim as u64 * size_of::<F>() as u64);
    if limit.is_none_or(|limit| size <= limit) || summary.packed {
        return read_memory(path);
    }
    let Some(disk) = FileRows::open(path)? else {
        return Err(wrong(path, "one whose patterns cannot be read in place"));
    };
    // All arrays except the patterns.
    let mut others = Vec::new();
    for (name, info) in head.tensors().into_iter().filter(|(name, _)| name != "patterns") {
        let mut bytes = vec![0; info.data_offsets.1 - info.data_offsets.0];
        reader.seek(SeekFrom::Start((start + info.data_offsets.0) as u64)).map_err(failed)?;
        reader.read_exact(&mut bytes).map_err(failed)?;
        others.push((name, info.dtype, info.shape.clone(), bytes));
    }
    let damaged = |e: safetensors::SafeTensorError| wrong(path, format!("a damaged or truncated file ({e})"));
    let mut views = Vec::new();
    for (name, kind, sizes, bytes) in &others {
        views.push((name.as_str(), TensorView::new(*kind, sizes.clone(), bytes).map_err(damaged)?));
    }
    let bytes = serialize(views, None).map_err(damaged)?;
    from_arrays(path, &head, &bytes, Some(Arc::new(disk)))
}

/// Builds the content from the head and the arrays. The patterns may come from elsewhere.
fn from_arrays<F: Real>(
    path: &Path,
    head: &Metadata,
    bytes: &[u8],
    elsewhere: Option<Arc<dyn Source<F>>>,
) -> Result<Stored<F>> {
    let summary = describe(path, head)?.ok_or_else(|| wrong(path, "a file of arrays that says no model"))?;
    let tensors = SafeTensors::deserialize(bytes)
        .map_err(|e| wrong(path, format!("a damaged or truncated file ({e})")))?;
    if summary.density.is_some() {
        return Err(wrong(path, "a density"));
    }
    if summary.sums.is_some() {
        return Err(wrong(path, "a memory of fixed size, which keeps none of its patterns"));
    }
    let arrays = Arrays { path, tensors };
    let patterns = arrays.patterns(&summary, elsewhere)?;
    let learned = arrays.learned(&summary)?;
    let training = summary.training.map(|says| arrays.training(says)).transpose()?;
    if let Some(shape) = summary.shape {
        shape.check(patterns.dim())?;
    }
    Ok(Stored {
        spec: summary.spec,
        patterns,
        learned,
        training,
        shape: summary.shape,
        raw: summary.raw,
        provenance: summary.provenance,
    })
}

/// The arrays of a file, by name.
pub(super) struct Arrays<'a> {
    pub(super) path: &'a Path,
    pub(super) tensors: SafeTensors<'a>,
}

impl Arrays<'_> {
    pub(super) fn wrong(&self, found: impl Into<Message>) -> Error {
        wrong(self.path, found)
    }

    pub(super) fn refused(&self, error: &attractor::Error) -> Error {
        self.wrong(message!["one whose parts disagree (", error.message(), ")"])
    }

    fn has(&self, name: &str) -> bool {
        self.tensors.tensor(name).is_ok()
    }

    /// The array of this name, if there is one. A list becomes one row.
    pub(super) fn table(&self, name: &str) -> Result<Option<Array2<f64>>> {
        let Ok(view) = self.tensors.tensor(name) else {
            return Ok(None);
        };
        let numbers: Vec<f64> = match view.dtype() {
            TensorType::F32 => {
                view.data().as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect()
            }
            TensorType::F64 => view.data().as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
            other => return Err(self.wrong(format!("'{name}' of type {other:?}"))),
        };
        let dim = match *view.shape() {
            [columns] => (1, columns),
            [rows, columns] => (rows, columns),
            ref other => return Err(self.wrong(format!("'{name}' of sizes {other:?}"))),
        };
        let array = Array2::from_shape_vec(dim, numbers);
        array.map(Some).map_err(|_| self.wrong(format!("'{name}' of wrong size")))
    }

    pub(super) fn list(&self, name: &str) -> Result<Option<Vec<f64>>> {
        Ok(self.table(name)?.map(|values| values.into_raw_vec_and_offset().0))
    }

    pub(super) fn needed(&self, name: &str) -> Result<Vec<f64>> {
        self.list(name)?.ok_or_else(|| self.wrong(format!("one without '{name}'")))
    }

    pub(super) fn preparation(&self) -> Result<Preparation> {
        if self.has("threshold") {
            let [threshold, low, high] = ["threshold", "low", "high"].map(|name| self.needed(name));
            return Ok(Preparation::Spins { threshold: threshold?, low: low?, high: high? });
        }
        if self.has("unit_scales") {
            let scale = self.needed("unit_scales")?;
            return Ok(Preparation::Standardized { mean: self.needed("mean")?, scale });
        }
        if self.has("mean") {
            let scale = self.needed("scale")?.first().copied().unwrap_or(f64::NAN);
            return Ok(Preparation::Affine { mean: self.needed("mean")?, scale });
        }
        Ok(Preparation::Identity)
    }

    /// The patterns with labels, weights and values. Their numbers may come from elsewhere.
    fn patterns<F: Real>(
        &self,
        summary: &StoredSummary,
        elsewhere: Option<Arc<dyn Source<F>>>,
    ) -> Result<Patterns<F>> {
        let preparation = self.preparation()?;
        let narrow = |values: Array2<f64>| values.mapv(F::from_f64);
        let extras = Extras {
            labels: summary.labels.clone(),
            weights: self.list("weights")?,
            associated: self.table("associated")?.map(narrow),
        };
        let patterns = match elsewhere {
            Some(source) => Patterns::streamed(source, preparation),
            None if summary.packed => {
                let damaged = |e| self.wrong(format!("a damaged or truncated file ({e})"));
                let bytes = self.tensors.tensor("patterns").map_err(damaged)?;
                Patterns::packed(unpacked(bytes.data(), summary.patterns, summary.dim), preparation)
            }
            None => {
                let values = self.table("patterns")?.ok_or_else(|| self.wrong("one without patterns"))?;
                Patterns::restore(narrow(values), preparation)
            }
        };
        patterns.and_then(|p| p.with(extras)).map_err(|e| self.refused(&e))
    }

    /// The couplings or the network.
    fn learned(&self, summary: &StoredSummary) -> Result<Option<Learned>> {
        if let Some(says) = &summary.potential {
            let weights = Weights::Noising(super::potential::read(self, says)?);
            return Ok(Some(Learned { patterns: summary.patterns, weights }));
        }
        let weights = match (self.table("couplings")?, summary.network) {
            _ if self.has("addresses") => Some(Weights::Addresses(self.bits("addresses", summary.dim)?)),
            (Some(couplings), _) => Some(Weights::Couplings(couplings)),
            (_, Some(shaped)) => Some(Weights::Network(Arc::new(self.network(shaped)?))),
            _ => None,
        };
        match (weights, summary.learned) {
            (Some(weights), Some(patterns)) => Ok(Some(Learned { patterns, weights })),
            (Some(_), None) => Err(self.wrong("weights of unknown patterns")),
            (None, _) => Ok(None),
        }
    }

    /// An array of signs with one bit for each of `dim` units.
    fn bits(&self, name: &str, dim: usize) -> Result<Array2<bool>> {
        let view = self.tensors.tensor(name).map_err(|_| self.wrong(format!("one without '{name}'")))?;
        let width = dim.div_ceil(8);
        match (view.dtype(), view.shape()) {
            (TensorType::U8, &[rows, bytes]) if bytes == width => {
                let data = view.data();
                Ok(Array2::from_shape_fn((rows, dim), |(a, j)| data[a * width + j / 8] >> (j % 8) & 1 == 1))
            }
            _ => Err(self.wrong(format!("'{name}' of wrong size"))),
        }
    }

    /// Builds a score network from the matrices and biases of its layers.
    fn network(&self, shaped: Shaped) -> Result<Network<f32>> {
        let Shaped { architecture, levels, spread } = shaped;
        let mut weights = Vec::new();
        for (number, layer) in architecture.layers().iter().enumerate() {
            let name = |what: &str| format!("layers.{number}.{what}");
            let (Some(matrix), Some(bias)) = (self.table(&name("weight"))?, self.table(&name("bias"))?)
            else {
                return Err(self.wrong(format!("one without '{}' and its bias", name("weight"))));
            };
            let sizes = (layer.outputs, layer.inputs + architecture.conditions());
            if matrix.dim() != sizes || bias.dim() != (1, layer.outputs) {
                return Err(self.wrong(format!("'{}' of wrong size", name("weight"))));
            }
            let rows = matrix.outer_iter().zip(&bias);
            let row = |(row, b): (ArrayView1<f64>, &f64)| -> Vec<f32> {
                row.iter().chain([b]).map(|number| *number as f32).collect()
            };
            weights.push(rows.flat_map(row).collect());
        }
        Network::new(architecture, levels, spread, weights).map_err(|e| self.refused(&e))
    }

    /// What training needs to continue.
    fn training(&self, says: Value) -> Result<Training> {
        let own = self.tensors.names().into_iter().filter_map(|name| name.strip_prefix(TRAINING));
        let read = |name: &str| {
            let numbers = self.list(&format!("{TRAINING}{name}"))?.unwrap_or_default();
            Ok((name.to_owned(), numbers.into_iter().map(|x| x as f32).collect()))
        };
        Ok(Training { says, arrays: own.map(read).collect::<Result<_>>()? })
    }
}
