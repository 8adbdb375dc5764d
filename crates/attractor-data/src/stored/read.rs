//! Reads stored memories.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use attractor::memories::{Learned, Weights};
use attractor::message;
use attractor::message::Message;
use attractor::networks::Network;
use attractor::patterns::Source;
use attractor::{Extras, Patterns, Preparation, Real};
use ndarray::{Array2, ArrayView1};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype as TensorType, Metadata};
use serde_json::Value;

use super::append::{Piece, Whole, add, file_of};
use super::{KEY, Shaped, Stored, StoredSummary, TRAINING, Training, describe, unpacked, wrong};
use crate::error::{Error, Result};
use crate::formats::parts::{Parts, Placed};
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
    let Whole { summary, base, parts, .. } = Whole::of_bytes(path, bytes)?;
    let of = |tensors| Arrays { path, tensors };
    from_arrays(summary, &of(base), &parts.into_iter().map(of).collect::<Vec<_>>(), None)
}

/// Reads a stored memory whose patterns may take `limit` bytes in memory. If they would take more, they stay in the
/// file.
///
/// # Errors
/// As [`read_memory`]; also if the patterns exceed the limit and the model is a network or has couplings.
pub fn read_memory_within<F: Real>(path: &Path, limit: Option<u64>) -> Result<Stored<F>> {
    let Some(limit) = limit else {
        return read_memory(path);
    };
    let open = Open::new(path)?;
    let summary = &open.summary;
    let size = (summary.patterns as u64).saturating_mul(summary.dim as u64 * size_of::<F>() as u64);
    if size <= limit || summary.packed {
        return read_memory(path);
    }
    let Some(disk) = FileRows::open(path)? else {
        return Err(wrong(path, "one whose patterns cannot be read in place"));
    };
    // All arrays except the patterns.
    let mut files = vec![file_of(path, &open.arrays(&open.head, open.start, |name| name != "patterns")?)?];
    for part in &open.parts.parts {
        let (head, start) = part.head(path, &open.file)?;
        files.push(file_of(path, &open.arrays(&head, start, |name| name != "patterns")?)?);
    }
    let arrays = files.iter().map(|file| Arrays::of(path, file)).collect::<Result<Vec<_>>>()?;
    let (base, parts) = arrays.split_first().expect("a file has a base");
    from_arrays(open.summary.clone(), base, parts, Some(Arc::new(disk)))
}

/// The arrays with a row, or a number, for each pattern.
const OF_PATTERNS: [&str; 3] = ["patterns", "associated", "weights"];

/// A file whose head was read.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) path: PathBuf,
    pub(super) file: File,
    head: Metadata,
    /// Where its arrays begin.
    start: u64,
    pub(super) parts: Parts,
    pub(super) summary: StoredSummary,
}

/// The kind of patterns, and for each piece of them how many there are and where they begin in the file.
pub(super) type Places = (TensorType, Vec<(usize, u64)>);

impl Open {
    pub(super) fn new(path: &Path) -> Result<Self> {
        let found = Self::find(path)?;
        found.ok_or_else(|| wrong(path, "a file of another kind"))
    }

    /// Opens a stored memory. Returns `None` if the path is another file or no file.
    pub(super) fn find(path: &Path) -> Result<Option<Self>> {
        // A pipe must not be opened here: it can be read only once.
        if !std::fs::metadata(path).is_ok_and(|m| m.is_file()) {
            return Ok(None);
        }
        let Ok(file) = File::open(path) else {
            return Ok(None);
        };
        // The file begins with a length and a JSON head. Anything else is another kind of file.
        let mut start = [0; 9];
        if file.read_at(&mut start, 0).is_err() || start[8] != b'{' {
            return Ok(None);
        }
        // A file that only looks like this one is left to the other readers.
        let Ok((head, start)) = format::head(path, &mut BufReader::new(&file)) else {
            return Ok(None);
        };
        let Some(summary) = describe(path, &head)? else {
            return Ok(None);
        };
        let parts = Parts::find(path, &file, (start + head.data_len()) as u64)?;
        let summary = add(path, summary, &head, &file, &parts)?;
        Ok(Some(Open { path: path.to_owned(), file, head, start: start as u64, parts, summary }))
    }

    /// The memory with its first pattern alone.
    pub(super) fn first<F: Real>(&self) -> Result<Stored<F>> {
        let others = |name: &str| !OF_PATTERNS.contains(&name) && !name.starts_with(TRAINING);
        let mut pieces = self.arrays(&self.head, self.start, others)?;
        for name in OF_PATTERNS {
            let Some(info) = self.head.info(name) else {
                continue;
            };
            let mut sizes = info.shape.clone();
            let Some(rows) = sizes.first_mut().filter(|rows| **rows > 0) else {
                return Err(wrong(&self.path, format!("'{name}' of no pattern")));
            };
            let (from, to) = info.data_offsets;
            let bytes = self.bytes(self.start, (from, from + (to - from) / *rows))?;
            *rows = 1;
            pieces.push((name.to_owned(), info.dtype, sizes, bytes));
        }
        let file = file_of(&self.path, &pieces)?;
        let mut summary = self.summary.clone();
        summary.labels = summary.labels.map(|labels| labels.into_iter().take(1).collect());
        let summary = StoredSummary { patterns: 1, training: None, ..summary };
        from_arrays(summary, &Arrays::of(&self.path, &file)?, &[], None)
    }

    /// The description of the memory.
    pub(super) fn says(&self) -> Result<Value> {
        let text = self.head.metadata().as_ref().and_then(|m| m.get(KEY));
        let says = text.and_then(|text| serde_json::from_str(text).ok());
        says.ok_or_else(|| wrong(&self.path, "one whose description cannot be read"))
    }

    /// The wanted arrays of the memory, without what was appended.
    pub(super) fn others(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<Piece>> {
        self.arrays(&self.head, self.start, wanted)
    }

    /// Where the patterns are. `None` if there are none.
    pub(super) fn places(&self) -> Option<Result<Places>> {
        let place = |head: &Metadata, start: u64| {
            let info = head.info("patterns")?;
            Some((info.dtype, *info.shape.first()?, start + info.data_offsets.0 as u64))
        };
        let (kind, count, at) = place(&self.head, self.start)?;
        let mut places = vec![(count, at)];
        for part in &self.parts.parts {
            let (head, start) = match part.head(&self.path, &self.file) {
                Ok(found) => found,
                Err(error) => return Some(Err(error)),
            };
            let (_, count, at) = place(&head, start)?;
            places.push((count, at));
        }
        Some(Ok((kind, places)))
    }

    /// The arrays that are wanted.
    fn arrays(&self, head: &Metadata, start: u64, wanted: impl Fn(&str) -> bool) -> Result<Vec<Piece>> {
        let mut pieces = Vec::new();
        for (name, info) in head.tensors().into_iter().filter(|(name, _)| wanted(name)) {
            pieces.push((name, info.dtype, info.shape.clone(), self.bytes(start, info.data_offsets)?));
        }
        Ok(pieces)
    }

    fn bytes(&self, start: u64, (from, to): (usize, usize)) -> Result<Vec<u8>> {
        let failed = |error| Error::read(&self.path, error);
        // Sizes that lie are found out before anything of that size is made.
        if start + to as u64 > self.file.size().map_err(failed)? {
            return Err(wrong(&self.path, "a truncated file"));
        }
        let mut bytes = vec![0; to - from];
        self.file.read_at(&mut bytes, start + from as u64).map_err(failed)?;
        Ok(bytes)
    }
}

/// Builds the content from the arrays and those of the parts behind them. The patterns may come from elsewhere.
fn from_arrays<F: Real>(
    summary: StoredSummary,
    arrays: &Arrays,
    parts: &[Arrays],
    elsewhere: Option<Arc<dyn Source<F>>>,
) -> Result<Stored<F>> {
    if summary.density.is_some() {
        return Err(arrays.wrong("a density"));
    }
    if let Some(shard) = &summary.shard {
        let cure = "open all of its parts together, as a memory in parts";
        return Err(Error::content(arrays.path, "a whole memory", shard.describe(), cure));
    }
    if summary.sums.is_some() {
        return Err(arrays.wrong("a memory of fixed size, which keeps none of its patterns"));
    }
    let patterns = arrays.patterns(&summary, parts, elsewhere)?;
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

impl<'a> Arrays<'a> {
    pub(super) fn of(path: &'a Path, bytes: &'a [u8]) -> Result<Self> {
        let tensors = SafeTensors::deserialize(bytes);
        let tensors = tensors.map_err(|e| wrong(path, format!("a damaged or truncated file ({e})")))?;
        Ok(Arrays { path, tensors })
    }

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
        self.table_as(name, &[])
    }

    /// The array of this name, and behind its rows those of the parts.
    fn table_as<F: Real>(&self, name: &str, parts: &[Arrays]) -> Result<Option<Array2<F>>> {
        let Some((mut rows, columns, mut numbers)) = self.numbers::<F>(name)? else {
            return Ok(None);
        };
        for part in parts {
            let Some((more, _, others)) = part.numbers::<F>(name)? else {
                return Err(self.wrong(format!("a part without '{name}'")));
            };
            rows += more;
            numbers.extend(others);
        }
        let array = Array2::from_shape_vec((rows, columns), numbers);
        array.map(Some).map_err(|_| self.wrong(format!("'{name}' of wrong size")))
    }

    /// Rows, columns and numbers of the array of this name, if there is one.
    fn numbers<F: Real>(&self, name: &str) -> Result<Option<(usize, usize, Vec<F>)>> {
        let Ok(view) = self.tensors.tensor(name) else {
            return Ok(None);
        };
        let numbers: Vec<F> = match view.dtype() {
            TensorType::F32 => {
                let four = view.data().as_chunks().0.iter();
                four.map(|b| F::from_f64(f64::from(f32::from_le_bytes(*b)))).collect()
            }
            TensorType::F64 => {
                let eight = view.data().as_chunks().0.iter();
                eight.map(|b| F::from_f64(f64::from_le_bytes(*b))).collect()
            }
            other => return Err(self.wrong(format!("'{name}' of type {other:?}"))),
        };
        match *view.shape() {
            [columns] => Ok(Some((1, columns, numbers))),
            [rows, columns] => Ok(Some((rows, columns, numbers))),
            ref other => Err(self.wrong(format!("'{name}' of sizes {other:?}"))),
        }
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

    /// The patterns with labels, weights and values, and those of the parts. Their numbers may come from elsewhere.
    fn patterns<F: Real>(
        &self,
        summary: &StoredSummary,
        parts: &[Arrays],
        elsewhere: Option<Arc<dyn Source<F>>>,
    ) -> Result<Patterns<F>> {
        let preparation = self.preparation()?;
        let mut weights = self.list("weights")?;
        if let Some(weights) = &mut weights {
            for part in parts {
                weights.extend(part.needed("weights")?);
            }
        }
        let extras = Extras {
            labels: summary.labels.clone(),
            weights,
            associated: self.table_as::<F>("associated", parts)?,
        };
        let patterns = match elsewhere {
            Some(source) => Patterns::streamed(source, preparation),
            None if summary.packed => {
                let damaged = |e| self.wrong(format!("a damaged or truncated file ({e})"));
                let mut bytes = self.tensors.tensor("patterns").map_err(damaged)?.data().to_vec();
                for part in parts {
                    bytes.extend_from_slice(part.tensors.tensor("patterns").map_err(damaged)?.data());
                }
                Patterns::packed(unpacked(&bytes, summary.patterns, summary.dim), preparation)
            }
            None => {
                let values = self.table_as::<F>("patterns", parts)?;
                Patterns::restore(values.ok_or_else(|| self.wrong("one without patterns"))?, preparation)
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
