//! Stored memories: model, options, patterns and what was learned from them, in one safetensors file.
//!
//! The arrays are: `patterns` (N × D, prepared; packed patterns have eight units per byte); `couplings` (D × D, for a
//! classical network); `potential.*` (for a memory under a potential); `layers.K.weight` and `layers.K.bias` (for a score network, with PyTorch's names and shapes);
//! `weights` (N); `associated` (N × Dv); and for the preparation `mean` and `scale`, or `threshold`, `low` and
//! `high`. The metadata have one entry, `attractor`, with the rest as JSON. What training needs to continue has names
//! that begin with `training.`. What is appended later are parts behind these arrays: see `formats/parts.rs`.

mod append;
mod cores;
mod density;
mod potential;
mod raw_rows;
mod read;
mod shards;
mod sums;

pub use append::Growing;
pub use cores::CoresSummary;
pub use density::{DensitySummary, StoredDensity, density_from_bytes, is_density, read_density};
pub use read::{memory_from_bytes, read_memory, read_memory_within};
pub use shards::{
    ShardSummary, append as append_to_shards, check_parts, cut, of_shards, read_shard, shard_head,
    shard_preparation, shard_summary, shards_in,
};
pub use sums::{StoredSums, SumsSummary, read_sums, sums_from_bytes};

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use attractor::memories::{Learned, Memory, Spec, Weights};
use attractor::message;
use attractor::message::{Argument, Message};
use attractor::networks::{Architecture, Network};
use attractor::patterns::Packed;
use attractor::{Patterns, Preparation, Real};
use ndarray::{Array2, ArrayView1, Axis};
use safetensors::tensor::{Dtype as TensorType, Metadata, TensorView, serialize};
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::output::write_atomically;
use crate::shape::Shape;

/// The content of the file of a stored memory.
#[derive(Clone, Debug)]
pub struct Stored<F> {
    /// Model and options.
    pub spec: Spec,
    /// The prepared patterns.
    pub patterns: Patterns<F>,
    /// Couplings or a network, if the model has them.
    pub learned: Option<Learned>,
    /// For a network: what training needs to continue.
    pub training: Option<Training>,
    /// The shape of the images, if the patterns are images.
    pub shape: Option<Shape>,
    /// Whether the patterns were bytes or bools, which are scaled to 0 to 1.
    pub raw: bool,
    /// Its history: which rows of which file were stored, appended or removed.
    pub provenance: Vec<String>,
}

/// What training needs to continue. Only the training code interprets it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Training {
    /// Settings and counts.
    pub says: Value,
    /// Arrays by name.
    pub arrays: BTreeMap<String, Vec<f32>>,
}

/// A summary of a stored memory, from the head of its file. The patterns are not read.
#[derive(Clone, Debug)]
pub struct StoredSummary {
    /// Model and options.
    pub spec: Spec,
    /// Number of patterns, N. A memory of fixed size counts those that were added and not removed.
    pub patterns: usize,
    /// Units of a pattern, D.
    pub dim: usize,
    /// Number type: `f32` or `f64`.
    pub dtype: &'static str,
    /// Whether patterns are ±1 states with one bit per unit.
    pub packed: bool,
    /// The preparation of the patterns, in a few words.
    pub preparation: String,
    /// Labels, one per pattern.
    pub labels: Option<Vec<String>>,
    /// Whether patterns have prior weights.
    pub weighted: bool,
    /// The width of the associated values, if patterns have them.
    pub associated: Option<usize>,
    /// The shape of the images, if the patterns are images.
    pub shape: Option<Shape>,
    /// Whether the patterns were bytes or bools, which are scaled to 0 to 1.
    pub raw: bool,
    /// How many patterns the couplings or the network were learned from.
    pub learned: Option<usize>,
    /// For a score network: its architecture, levels and spread, without its weights.
    pub network: Option<Shaped>,
    /// For a network whose training can continue: its settings and counts.
    pub training: Option<Value>,
    /// For a density: its Gaussians and events. `patterns` counts its events.
    pub density: Option<DensitySummary>,
    /// For a memory of fixed size: what its sums are of.
    pub sums: Option<SumsSummary>,
    /// For a part of a memory: which it is. `patterns` counts those of the part.
    pub shard: Option<ShardSummary>,
    /// For a memory under a potential: its form and its noise, without its arrays.
    pub potential: Option<Value>,
    /// Its history.
    pub provenance: Vec<String>,
    /// How many parts were appended behind the arrays of the file.
    pub parts: usize,
    /// Bytes at the end of the file that are no whole part: an append was interrupted, or is going on.
    pub unfinished: u64,
}

const VERSION: &str = "1";
/// The version of files that hold a density. Programs that know only version 1 say so, and cannot misread them.
const DENSITY_VERSION: &str = "2";
/// The version of files that hold sums and no patterns.
const SUMS_VERSION: &str = "3";
/// The version of files that hold a part of a memory.
const SHARD_VERSION: &str = "4";
/// The one entry of the metadata.
const KEY: &str = "attractor";

fn wrong(path: &Path, found: impl Into<Message>) -> Error {
    Error::content(path, "a memory stored by attractor", found, message!["make it with ", Argument::Storing])
}

impl<F: Real> Stored<F> {
    /// Takes the content from a built memory.
    pub fn of(
        spec: Spec,
        memory: &dyn Memory<F>,
        shape: Option<Shape>,
        raw: bool,
        provenance: Vec<String>,
    ) -> Option<Self> {
        let patterns = memory.patterns()?.clone();
        Some(Stored { spec, patterns, learned: memory.learned(), training: None, shape, raw, provenance })
    }

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
    /// There are more numbers than a file can hold; a potential that is a function.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        if let Some(Weights::Noising(noising)) = self.learned.as_ref().map(|l| &l.weights) {
            potential::check(noising)?;
        }
        self.serialize().map_err(|e| wrong(Path::new("memory"), e.to_string()))
    }

    fn serialize(&self) -> std::result::Result<Vec<u8>, safetensors::SafeTensorError> {
        let patterns = &self.patterns;
        let extras = patterns.extras();
        let network = self.learned.as_ref().and_then(|l| match &l.weights {
            Weights::Network(network) => Some(network.as_ref()),
            Weights::Couplings(_) | Weights::Noising(_) | Weights::Addresses(_) => None,
        });
        let noising = self.learned.as_ref().and_then(|l| match &l.weights {
            Weights::Noising(noising) => Some(noising),
            _ => None,
        });
        let options =
            self.spec.options.iter().map(|(k, v)| (k.to_owned(), Value::from(v.to_string()))).collect();
        let says = json!({
            "version": VERSION,
            "model": self.spec.model,
            "options": Value::Object(options),
            "raw": self.raw,
            "shape": self.shape.map(|s| s.to_string()),
            "learned": self.learned.as_ref().map(|l| l.patterns),
            "provenance": self.provenance,
            "labels": extras.labels,
            "network": network.map(shaped_json),
            "potential": noising.map(potential::says),
            "training": self.training.as_ref().map(|t| &t.says),
            "packed": patterns.bits().map(|_| json!({ "units": patterns.dim(), "dtype": F::NAME })),
        });
        // There is one entry only, since several would be written in random order.
        let meta = HashMap::from([(KEY.to_owned(), says.to_string())]);

        let mut arrays = vec![match patterns.bits() {
            Some(bits) => packed(bits),
            None => array("patterns", patterns.values().dim(), patterns.values().iter().copied()),
        }];
        if let Some(vectors) = &extras.associated {
            arrays.push(array("associated", vectors.dim(), vectors.iter().copied()));
        }
        if let Some(Weights::Couplings(couplings)) = self.learned.as_ref().map(|l| &l.weights) {
            arrays.push(array("couplings", couplings.dim(), couplings.iter().copied()));
        }
        if let Some(Weights::Addresses(addresses)) = self.learned.as_ref().map(|l| &l.weights) {
            arrays.push(bits("addresses", addresses));
        }
        if let Some(network) = network {
            arrays.extend(layers(network));
        }
        if let Some(noising) = noising {
            arrays.extend(potential::arrays(noising));
        }
        for (name, values) in self.training.iter().flat_map(|t| &t.arrays) {
            arrays.push(vector(&format!("{TRAINING}{name}"), values));
        }
        if let Some(weights) = &extras.weights {
            arrays.push(vector("weights", weights));
        }
        arrays.extend(preparation_arrays(patterns.preparation()));
        let mut views = Vec::new();
        for (name, kind, sizes, bytes) in &arrays {
            views.push((name.as_str(), TensorView::new(*kind, sizes.clone(), bytes)?));
        }
        serialize(views, Some(meta))
    }
}

/// The arrays of a preparation.
fn preparation_arrays(preparation: &Preparation) -> Vec<Array> {
    match preparation {
        Preparation::Identity => Vec::new(),
        Preparation::Affine { mean, scale } => vec![vector("mean", mean), vector("scale", &[*scale])],
        Preparation::Standardized { mean, scale } => {
            vec![vector("mean", mean), vector("unit_scales", scale)]
        }
        Preparation::Spins { threshold, low, high } => {
            vec![vector("threshold", threshold), vector("low", low), vector("high", high)]
        }
    }
}

type Array = (String, TensorType, Vec<usize>, Vec<u8>);

/// Packs ±1 patterns into bytes, N × ⌈D/8⌉. Unit j is bit j mod 8 of byte ⌊j/8⌋ (NumPy's packbits with bitorder
/// little).
fn packed(bits: &Packed) -> Array {
    let width = bits.dim().div_ceil(8);
    let row = |n: usize| (0..bits.words()).flat_map(move |k| bits.word(n, k).to_le_bytes()).take(width);
    ("patterns".to_owned(), TensorType::U8, vec![bits.len(), width], (0..bits.len()).flat_map(row).collect())
}

/// Packs signs into bytes, in the order of [`packed`].
fn bits(name: &str, signs: &Array2<bool>) -> Array {
    let byte =
        |eight: ArrayView1<bool>| eight.iter().enumerate().map(|(j, &up)| u8::from(up) << j).sum::<u8>();
    let bytes = signs.outer_iter().flat_map(|row| {
        let eights: Vec<u8> = row.axis_chunks_iter(Axis(0), 8).map(byte).collect();
        eights
    });
    (name.to_owned(), TensorType::U8, vec![signs.nrows(), signs.ncols().div_ceil(8)], bytes.collect())
}

/// Unpacks the bytes of [`packed`].
fn unpacked(bytes: &[u8], len: usize, dim: usize) -> Packed {
    let mut bits = Packed::new(len, dim);
    for (n, row) in bytes.chunks_exact(dim.div_ceil(8)).enumerate() {
        for (k, word) in row.chunks(8).enumerate() {
            let mut eight = [0; 8];
            eight[..word.len()].copy_from_slice(word);
            bits.set_word(n, k, u64::from_le_bytes(eight));
        }
    }
    bits
}

/// An array with one number per pattern or unit.
fn vector<T: Real>(name: &str, values: &[T]) -> Array {
    let (name, kind, _, bytes) = array(name, (1, values.len()), values.iter().copied());
    (name, kind, vec![values.len()], bytes)
}

fn array<T: Real>(name: &str, dim: (usize, usize), values: impl Iterator<Item = T>) -> Array {
    let mut bytes = Vec::with_capacity(dim.0 * dim.1 * size_of::<T>());
    let kind = if size_of::<T>() == 4 { TensorType::F32 } else { TensorType::F64 };
    for value in values {
        match kind {
            TensorType::F32 => bytes.extend_from_slice(&(value.to_f64() as f32).to_le_bytes()),
            _ => bytes.extend_from_slice(&value.to_f64().to_le_bytes()),
        }
    }
    (name.to_owned(), kind, vec![dim.0, dim.1], bytes)
}

/// The prefix of the names of arrays that only training needs.
const TRAINING: &str = "training.";

/// A score network without its weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shaped {
    /// Its layers.
    pub architecture: Architecture,
    /// Lowest and highest noise level that it was trained for, in spreads.
    pub levels: [f64; 2],
    /// The scale of a unit.
    pub spread: f64,
}

fn shaped_json(network: &Network<f32>) -> Value {
    let Architecture { kind, dim, width, depth } = *network.architecture();
    json!({
        "architecture": kind.name(), "units": dim, "width": width, "depth": depth,
        "levels": network.levels(), "spread": network.spread(),
    })
}

fn shaped(says: &Value) -> Option<Shaped> {
    let number = |name: &str| says[name].as_u64().and_then(|n| usize::try_from(n).ok());
    let architecture = Architecture {
        kind: says["architecture"].as_str()?.parse().ok()?,
        dim: number("units")?,
        width: number("width")?,
        depth: number("depth")?,
    };
    architecture.check().ok()?;
    let levels = [says["levels"][0].as_f64()?, says["levels"][1].as_f64()?];
    Some(Shaped { architecture, levels, spread: says["spread"].as_f64()? })
}

/// Weights and biases, in the form of PyTorch's linear layers.
fn layers(network: &Network<f32>) -> impl Iterator<Item = Array> {
    let all = network.architecture().layers().into_iter().zip(network.weights()).enumerate();
    all.flat_map(|(number, (layer, weights))| {
        let row = weights.len() / layer.outputs.max(1);
        let matrix = weights.chunks(row).flat_map(|row| row[..row.len() - 1].iter().copied());
        let bias: Vec<f32> = weights.chunks(row).map(|row| row[row.len() - 1]).collect();
        [
            array(&format!("layers.{number}.weight"), (layer.outputs, row - 1), matrix),
            vector(&format!("layers.{number}.bias"), &bias),
        ]
    })
}

/// Reads the summary of a stored memory. Returns `None` if the path is not a stored memory or not a file.
///
/// # Errors
/// The head of the stored memory is damaged or was written by another version.
pub fn summary(path: &Path) -> Result<Option<StoredSummary>> {
    Ok(read::Open::find(path)?.map(|open| open.summary))
}

/// Reads the summary of a stored memory from the bytes of its file. `path` is used in messages only.
///
/// # Errors
/// The bytes are no stored memory, or were written by another version.
pub fn summary_of_bytes(path: &Path, bytes: &[u8]) -> Result<StoredSummary> {
    append::Whole::of_bytes(path, bytes).map(|whole| whole.summary)
}

fn describe(path: &Path, head: &Metadata) -> Result<Option<StoredSummary>> {
    let Some(text) = head.metadata().as_ref().and_then(|m| m.get(KEY)) else {
        return Ok(None);
    };
    let damaged = |what: &str| wrong(path, format!("one whose {what} cannot be read"));
    let says: Value = serde_json::from_str(text).map_err(|_| damaged("description"))?;
    if [VERSION, DENSITY_VERSION, SUMS_VERSION, SHARD_VERSION].iter().all(|known| says["version"] != *known) {
        let found: String = says["version"].to_string().chars().take(20).collect();
        let cure = "update attractor";
        return Err(Error::content(
            path,
            "a stored memory of version 1, 2, 3 or 4",
            format!("version {found}"),
            cure,
        ));
    }
    let list = |key: &str| -> Result<Option<Vec<String>>> {
        match &says[key] {
            Value::Null => Ok(None),
            list => serde_json::from_value(list.clone()).map(Some).map_err(|_| damaged(key)),
        }
    };
    let mut spec = Spec::new(says["model"].as_str().ok_or_else(|| damaged("model"))?);
    // Older files call the interaction function of a dense memory `separation`.
    for (name, value) in says["options"].as_object().ok_or_else(|| damaged("options"))? {
        let name = if spec.model == "dense" && name == "separation" { "interaction" } else { name };
        spec.set(name, value.as_str().ok_or_else(|| damaged("options"))?);
    }
    let density = match &says["density"] {
        Value::Null => None,
        _ => Some(density::density_of(&says).ok_or_else(|| damaged("density"))?),
    };
    let sums = match &says["sums"] {
        Value::Null => None,
        _ => Some(sums::sums_of(&says).ok_or_else(|| damaged("sums"))?),
    };
    let packed = &says["packed"];
    let units =
        packed["units"].as_u64().filter(|&units| units > 0).and_then(|units| usize::try_from(units).ok());
    // What keeps no patterns says how many there are.
    let said = density.as_ref().map(|density| density.events).or(sums.as_ref().map(|(_, count)| *count));
    let shard = match &says["shard"] {
        Value::Null => None,
        says => Some(ShardSummary::of(says).ok_or_else(|| damaged("part"))?),
    };
    let (count, dim, dtype) = match said {
        // The head of a part alone has no patterns.
        None if shard.is_some() && head.info("patterns").is_none() => {
            let (shard, dim, dtype) = shard.as_ref().expect("a part");
            (shard.rows, *dim, *dtype)
        }
        Some(count) => {
            let dim = says["units"].as_u64().ok_or_else(|| damaged("number of units"))?;
            (count, dim as usize, if says["dtype"] == "f64" { "f64" } else { "f32" })
        }
        None => sizes(head, packed, units).ok_or_else(|| damaged("list of patterns"))?,
    };
    if shard.as_ref().is_some_and(|(shard, units, _)| (shard.rows, *units) != (count, dim)) {
        return Err(damaged("part"));
    }
    let has = |name: &str| head.info(name).is_some();
    let preparation = match (has("threshold"), has("mean")) {
        (true, _) => "thresholded at each unit's mean to ±1, returned at the unit's two levels",
        (_, true) if has("unit_scales") => "each unit standardized to mean 0 and standard deviation 1",
        (_, true) => "mean pattern subtracted, one scale",
        _ => "used as given",
    };
    let network = match &says["network"] {
        Value::Null => None,
        says => Some(shaped(says).ok_or_else(|| damaged("network"))?),
    };
    let shape = says["shape"].as_str().map(|s| s.parse().map_err(|_| damaged("shape"))).transpose()?;
    let labels = list("labels")?;
    if labels.as_ref().is_some_and(|l| l.len() != count) {
        return Err(damaged("list of labels"));
    }
    Ok(Some(StoredSummary {
        spec,
        patterns: count,
        dim,
        dtype,
        packed: units.is_some(),
        preparation: preparation.to_owned() + if units.is_some() { ", at one bit a unit" } else { "" },
        labels,
        weighted: has("weights"),
        associated: head.info("associated").and_then(|a| a.shape.get(1).copied()),
        shape,
        raw: says["raw"].as_bool().unwrap_or(false),
        learned: says["learned"].as_u64().map(|n| n as usize),
        network,
        training: Some(says["training"].clone()).filter(|t| !t.is_null()),
        density,
        sums: sums.map(|(sums, _)| sums),
        shard: shard.map(|(shard, ..)| shard),
        potential: Some(says["potential"].clone()).filter(|p| !p.is_null()),
        provenance: list("provenance")?.unwrap_or_default(),
        parts: 0,
        unfinished: 0,
    }))
}

/// The number of patterns, their units and their number type.
fn sizes(head: &Metadata, packed: &Value, units: Option<usize>) -> Option<(usize, usize, &'static str)> {
    let patterns = head.info("patterns")?;
    let &[count, width] = &patterns.shape[..] else {
        return None;
    };
    match (patterns.dtype, units) {
        (TensorType::F32, None) => Some((count, width, "f32")),
        (TensorType::F64, None) => Some((count, width, "f64")),
        (TensorType::U8, Some(units)) if units.div_ceil(8) == width => {
            Some((count, units, if packed["dtype"] == "f64" { "f64" } else { "f32" }))
        }
        _ => None,
    }
}
