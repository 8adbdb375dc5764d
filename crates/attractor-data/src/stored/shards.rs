//! A stored memory in parts: files that each hold some of its patterns, and know which.
//!
//! A part is a stored memory of version 4: the same arrays, with fewer rows in `patterns`, and the numbers that describe all
//! patterns: `whole.mean` (D), and `whole.numbers` (spread and largest squared norm). The description says which part of which
//! memory it is. Memories are cut where their reads are (`attractor::kernels::ranges`), so that reads keep their bits.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use attractor::kernels::{Shards, ranges};
use attractor::memories::{Part, Spec};
use attractor::patterns::{Packed, Source, Whole, shard_of, shard_of_bits, shard_of_values};
use attractor::{Extras, Patterns, Preparation, Real};
use ndarray::Array2;
use safetensors::SafeTensors;
use safetensors::tensor::{TensorView, serialize};
use serde_json::{Value, json};

use super::append::Piece;
use super::raw_rows::RawRows;
use super::read::{Arrays, Open};
use super::{KEY, SHARD_VERSION, Stored, StoredSummary, describe, vector, wrong};
use crate::error::{Error, Result};
use crate::output::write_atomically;

/// Which part of which memory a file is.
#[derive(Clone, Debug, PartialEq)]
pub struct ShardSummary {
    /// The memory: a checksum of its patterns and of its description, as 16 hexadecimal digits.
    pub memory: String,
    /// Which part, from 1.
    pub part: usize,
    /// Of how many.
    pub parts: usize,
    /// The first row of the memory in the part.
    pub first: usize,
    /// The number of rows in the part.
    pub rows: usize,
    /// The number of rows in all parts.
    pub total: usize,
    /// The version of attractor that wrote it.
    pub version: String,
    checksum: u32,
}

impl ShardSummary {
    fn to_json(&self, dim: usize, dtype: &str) -> Value {
        json!({
            "memory": self.memory, "part": self.part, "parts": self.parts, "first": self.first, "rows": self.rows,
            "total": self.total, "by": self.version, "checksum": self.checksum, "units": dim, "dtype": dtype,
        })
    }

    /// What a description says, with units and number type.
    pub(super) fn of(says: &Value) -> Option<(Self, usize, &'static str)> {
        let whole = |name: &str| says[name].as_u64().and_then(|n| usize::try_from(n).ok());
        let summary = ShardSummary {
            memory: says["memory"].as_str()?.to_owned(),
            part: whole("part")?,
            parts: whole("parts")?,
            first: whole("first")?,
            rows: whole("rows")?,
            total: whole("total")?,
            version: says["by"].as_str()?.to_owned(),
            checksum: u32::try_from(says["checksum"].as_u64()?).ok()?,
        };
        let fits = summary.first.checked_add(summary.rows).is_some_and(|end| end <= summary.total);
        let right = fits && summary.rows > 0 && (1..=summary.parts).contains(&summary.part);
        let dtype = if says["dtype"] == "f64" { "f64" } else { "f32" };
        right.then_some((summary, whole("units").filter(|units| *units > 0)?, dtype))
    }

    /// The part in words: `part 2 of 5 of memory 0123456789abcdef`.
    pub fn describe(&self) -> String {
        format!("part {} of {} of memory {}", self.part, self.parts, self.memory)
    }
}

/// The models of which a memory can be in parts.
const MODELS: [&str; 3] = ["modern", "diffusion", "universal"];

/// Cuts a stored memory into `parts` files in `folder`, and gives their names. No more than a piece of the patterns is in
/// memory at a time.
///
/// # Errors
/// A file that cannot be read or written; a memory of another model, with weights, values or a potential; fewer than 1 part, or
/// more than the memory has ranges. No file is left then.
pub fn cut(path: &Path, parts: usize, folder: &Path) -> Result<Vec<PathBuf>> {
    let open = Open::new(path)?;
    if let Some(shard) = &open.summary.shard {
        return Err(Error::content(path, "a whole memory", shard.describe(), "cut the whole memory"));
    }
    check(path, &open.summary)?;
    let says = open.says()?;
    let others = open.others(|name| name != "patterns")?;
    let rows = RawRows::of(&open)?;
    write_parts(path, Content { summary: &open.summary, says, others, rows: Arc::new(rows) }, parts, folder)
}

/// Adds rows behind those of a memory in parts, and writes all parts anew, as many as before: with more patterns a memory is cut
/// elsewhere. The rows are prepared as those in the parts are. Returns how many there are now.
///
/// # Errors
/// As [`cut`]; parts that are missing, or of several memories. The parts are then as they were.
pub fn append<F: Real>(
    folder: &Path,
    more: &Array2<F>,
    labels: Option<&[String]>,
    provenance: &str,
) -> Result<usize> {
    let found = shards_in(folder)?;
    let named: Vec<_> = found.iter().map(|(path, s)| (path.display().to_string(), s)).collect();
    check_parts(folder, &named)?;
    let opens = found.iter().map(|(path, _)| Open::new(path)).collect::<Result<Vec<_>>>()?;
    let first = &opens[0];
    let mut summary = first.summary.clone();
    let mut rows = RawRows::of(first)?;
    let mut all: Option<Vec<String>> = summary.labels.take();
    for open in &opens[1..] {
        rows.extend(RawRows::of(open)?);
        if let Some(all) = &mut all {
            all.extend(open.summary.labels.clone().unwrap_or_default());
        }
    }
    if all.is_some() || labels.is_some() {
        let before = rows.len();
        let mut joined = all.unwrap_or_else(|| vec![String::new(); before]);
        joined.extend(labels.map_or_else(|| vec![String::new(); more.nrows()], <[String]>::to_vec));
        all = Some(joined);
    }
    rows.push(more);
    summary.labels = all;
    summary.provenance.push(provenance.to_owned());
    let says = first.says()?;
    let (parts, total) = (opens.len(), rows.len());
    let others = first.others(|name| name != "patterns" && !name.starts_with(WHOLE))?;
    // In a folder beside it, which then takes its place.
    let beside = |name: &str| {
        let mut path = folder.as_os_str().to_owned();
        path.push(name);
        PathBuf::from(path)
    };
    let (new, old) = (beside(".new"), beside(".old"));
    let failed = |reason| Error::Write { path: folder.to_owned(), reason };
    let content = Content { summary: &summary, says, others, rows: Arc::new(rows) };
    let written = write_parts(folder, content, parts, &new);
    if written.is_err() {
        let _ = std::fs::remove_dir_all(&new);
    }
    written?;
    drop(opens);
    std::fs::rename(folder, &old).map_err(failed)?;
    std::fs::rename(&new, folder).map_err(failed)?;
    std::fs::remove_dir_all(&old).map_err(failed)?;
    Ok(total)
}

/// Refuses memories whose parts could not recall as the whole does.
fn check(path: &Path, summary: &StoredSummary) -> Result<()> {
    let refuse = |found: &str| {
        let expected =
            "a memory of patterns (modern, diffusion or universal) without weights, values or a potential";
        Err(Error::content(path, expected, found, "store one of these, or keep this memory in one file"))
    };
    let model = &summary.spec.model;
    match () {
        () if summary.density.is_some() => refuse("a density"),
        () if summary.sums.is_some() => refuse("a memory of fixed size"),
        () if !MODELS.contains(&model.as_str()) => refuse(&format!("the model {model}")),
        () if summary.weighted => refuse("one with prior weights"),
        () if summary.associated.is_some() => refuse("one with associated values"),
        () if summary.potential.is_some() || summary.learned.is_some() => refuse("one with a potential"),
        () => Ok(()),
    }
}

/// What is cut.
struct Content<'a> {
    summary: &'a StoredSummary,
    /// The description of the memory.
    says: Value,
    /// All arrays but the patterns.
    others: Vec<Piece>,
    rows: Arc<RawRows>,
}

/// The names of arrays that describe all patterns begin with this.
const WHOLE: &str = "whole.";

fn write_parts(path: &Path, content: Content, parts: usize, folder: &Path) -> Result<Vec<PathBuf>> {
    let Content { summary, mut says, others, rows } = content;
    let ranges = ranges(rows.len(), summary.dim);
    if parts == 0 || parts > ranges.len() {
        return Err(Error::Parameter {
            name: "parts",
            expected: format!(
                "from 1 to {} parts, since {} patterns of {} units are read in so many pieces",
                ranges.len(),
                rows.len(),
                summary.dim
            ),
            found: parts.to_string(),
        });
    }
    let refused = |error: attractor::Error| {
        Error::content(path, "patterns of a memory", error.message(), "fetch it again")
    };
    let whole = match summary.dtype {
        "f64" => Whole::of::<f64>(rows.clone()),
        _ => Whole::of::<f32>(rows.clone()),
    };
    let whole = whole.map_err(refused)?;
    // A cut at the end of a range, with as equal numbers of ranges as can be.
    let edge = |k: usize| ranges.get(k * ranges.len() / parts).map_or(rows.len(), |range| range.start);
    let cuts: Vec<_> = (0..parts).map(|k| edge(k)..edge(k + 1)).collect();
    let (mut all, mut checksums) = (crc32fast::Hasher::new(), Vec::with_capacity(parts));
    for cut in &cuts {
        let mut own = crc32fast::Hasher::new();
        rows.each(cut.clone(), |bytes| {
            own.update(bytes);
            Ok(())
        })
        .map_err(|reason| Error::read(path, reason))?;
        // The checksum of all patterns does not depend on where they are cut.
        all.combine(&own);
        checksums.push(own.finalize());
    }
    // What depends on neither parts nor rows.
    says["version"] = json!(super::VERSION);
    says["provenance"] = json!(summary.provenance);
    says["labels"] = Value::Null;
    says["shard"] = Value::Null;
    let described = crc32fast::hash(says.to_string().as_bytes());
    let memory = format!("{:08x}{described:08x}", all.finalize());
    std::fs::create_dir_all(folder).map_err(|reason| Error::Write { path: folder.to_owned(), reason })?;
    let mut arrays = others;
    arrays.push(vector("whole.mean", &whole.mean));
    arrays.push(vector("whole.numbers", &[whole.spread, whole.largest_square]));
    says["version"] = json!(SHARD_VERSION);
    let mut written = Vec::new();
    for (k, cut) in cuts.into_iter().enumerate() {
        let shard = ShardSummary {
            memory: memory.clone(),
            part: k + 1,
            parts,
            first: cut.start,
            rows: cut.len(),
            total: rows.len(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            checksum: checksums[k],
        };
        says["shard"] = shard.to_json(summary.dim, summary.dtype);
        says["labels"] = json!(summary.labels.as_ref().map(|labels| &labels[cut.clone()]));
        let head = head_of(&says, &arrays, &rows, cut.len());
        let path = folder.join(name_of(k + 1, parts));
        let result = write_atomically(&path, |file| {
            file.write_all(&(head.len() as u64).to_le_bytes())?;
            file.write_all(&head)?;
            for (_, _, _, bytes) in &arrays {
                file.write_all(bytes)?;
            }
            rows.each(cut.clone(), |bytes| file.write_all(bytes))
        });
        if result.is_err() {
            written.iter().for_each(|path| drop(std::fs::remove_file(path)));
        }
        result?;
        written.push(path);
    }
    Ok(written)
}

/// The name of the file of a part.
fn name_of(part: usize, parts: usize) -> String {
    let width = parts.to_string().len();
    format!("part-{part:0width$}-of-{parts}.memory")
}

/// The head of the file of a part, whose patterns come last. Its length is a multiple of 8.
fn head_of(says: &Value, arrays: &[Piece], rows: &RawRows, count: usize) -> Vec<u8> {
    let mut head = serde_json::Map::new();
    head.insert("__metadata__".to_owned(), json!({ KEY: says.to_string() }));
    let mut at = 0;
    for (name, kind, sizes, bytes) in arrays {
        let end = at + bytes.len();
        head.insert(name.clone(), json!({ "dtype": kind, "shape": sizes, "data_offsets": [at, end] }));
        at = end;
    }
    let shape = [count, rows.columns()];
    let end = at + count * rows.width();
    head.insert(
        "patterns".to_owned(),
        json!({ "dtype": rows.kind(), "shape": shape, "data_offsets": [at, end] }),
    );
    let mut head = Value::Object(head).to_string().into_bytes();
    head.resize(head.len().next_multiple_of(8), b' ');
    head
}

/// The parts in a folder, in order of their numbers. Empty if there are none.
///
/// # Errors
/// A file that is a part but damaged.
pub fn shards_in(folder: &Path) -> Result<Vec<(PathBuf, StoredSummary)>> {
    let failed = |reason| Error::read(folder, reason);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "memory")
            && let Some(summary) = super::summary(&path)?.filter(|summary| summary.shard.is_some())
        {
            found.push((path, summary));
        }
    }
    found.sort_by(|(a, x), (b, y)| number(x).cmp(&number(y)).then(a.cmp(b)));
    Ok(found)
}

fn number(summary: &StoredSummary) -> usize {
    summary.shard.as_ref().map_or(0, |shard| shard.part)
}

/// Checks that parts, each with its name, are all parts of one memory, each once.
///
/// # Errors
/// A part of another memory, twice, or missing, by name; parts that another version wrote. `path` is used in messages only.
pub fn check_parts(path: &Path, parts: &[(String, &StoredSummary)]) -> Result<()> {
    let refuse =
        |expected: String, found: String, cure: &str| Err(Error::content(path, expected, found, cure));
    let shards: Vec<(&String, &ShardSummary)> =
        parts.iter().filter_map(|(name, summary)| Some((name, summary.shard.as_ref()?))).collect();
    let Some(&(named, first)) = shards.first() else {
        return refuse("the parts of a memory".into(), "none".into(), "cut a stored memory into parts first");
    };
    for (name, shard) in &shards {
        if shard.memory != first.memory || shard.parts != first.parts {
            return refuse(
                format!("parts of memory {} in {} parts, as {named} is", first.memory, first.parts),
                format!("{name}, which is {}", shard.describe()),
                "give the parts of one memory",
            );
        }
        if shard.version != first.version {
            return refuse(
                format!("parts written by one version of attractor, as {named} by {}", first.version),
                format!("{name}, written by {}", shard.version),
                "cut the memory again",
            );
        }
        if let Some((other, _)) = shards.iter().find(|(other, o)| other != name && o.part == shard.part) {
            return refuse(
                "each part once".into(),
                format!("{name} and {other}, which are both part {} of {}", shard.part, shard.parts),
                "give each part once",
            );
        }
    }
    let there = |part: usize| shards.iter().any(|(_, shard)| shard.part == part);
    let missing: Vec<String> =
        (1..=first.parts).filter(|part| !there(*part)).map(|n| n.to_string()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    refuse(
        format!("all {} parts of memory {}", first.parts, first.memory),
        format!("parts without {}", missing.join(", ")),
        "give the missing parts, too",
    )
}

/// A part that is open for questions, and what its file says.
///
/// The patterns are held in memory, as numbers or bits, unless they are to be streamed. Bits are always held.
///
/// # Errors
/// The file is no part of a memory, or is damaged.
pub fn read_shard<F: Real>(path: &Path, streamed: bool) -> Result<Part<F>> {
    let open = Open::new(path)?;
    let Some(shard) = open.summary.shard.clone() else {
        return Err(Error::content(path, "a part of a memory", "a whole memory", "cut it into parts first"));
    };
    let dim = open.summary.dim;
    let others = super::append::file_of(path, &open.others(|name| name.starts_with(WHOLE))?)?;
    let whole = whole_of(&Arrays::of(path, &others)?, dim, shard.total)?;
    let rows = RawRows::of(&open)?;
    let failed = |reason: String| Error::content(path, "patterns that can be read", reason, "fetch it again");
    let aligned = ranges(shard.total, dim);
    let starts = |row: usize| row == shard.total || aligned.iter().any(|range| range.start == row);
    if !starts(shard.first) || !starts(shard.first + shard.rows) {
        return Err(failed("a part that ends within a piece of the memory".to_owned()));
    }
    if rows.checksum().map_err(|reason| Error::read(path, reason))? != shard.checksum {
        return Err(failed("patterns whose checksum is wrong".to_owned()));
    }
    let part = |shard| {
        let refused = |e: attractor::Error| {
            Error::content(path, "a part of a memory that can recall", e.message(), "store the memory again")
        };
        Part::new(shard, &open.summary.spec).map_err(refused)
    };
    if open.summary.packed {
        // Tiles of bits have 256 rows, counted from the first row of the memory.
        let skip = shard.first % attractor::kernels::TILE_OF_BITS;
        let mut bits = Packed::new(skip + shard.rows, dim);
        rows.bits(&mut bits, skip).map_err(|reason| Error::read(path, reason))?;
        return part(shard_of_bits(bits, shard.rows, &whole, shard.first));
    }
    if streamed {
        return part(shard_of(Arc::new(rows), &whole, shard.first));
    }
    let mut values = Array2::from_elem((shard.rows, dim), F::ZERO);
    let out = values.as_slice_mut().expect("just made");
    Source::read(&rows, 0..shard.rows, out).map_err(failed)?;
    part(shard_of_values(values, &whole, shard.first))
}

fn whole_of(arrays: &Arrays, dim: usize, patterns: usize) -> Result<Whole> {
    let (mean, numbers) = (arrays.needed("whole.mean")?, arrays.needed("whole.numbers")?);
    let &[spread, largest_square] = &numbers[..] else {
        return Err(arrays.wrong("'whole.numbers' of wrong size"));
    };
    let right = mean.len() == dim && mean.iter().chain(&numbers).all(|x| x.is_finite()) && spread > 0.0;
    if right {
        Ok(Whole { patterns, mean, spread, largest_square })
    } else {
        Err(arrays.wrong("'whole.mean' of wrong size"))
    }
}

/// The head of a part as bytes: all but its patterns.
///
/// # Errors
/// The file is no part of a memory.
pub fn shard_head(path: &Path) -> Result<Vec<u8>> {
    let open = Open::new(path)?;
    if open.summary.shard.is_none() {
        return Err(Error::content(path, "a part of a memory", "a whole memory", "cut it into parts first"));
    }
    let pieces = open.others(|name| name != "patterns")?;
    let damaged = |e: safetensors::SafeTensorError| wrong(path, e.to_string());
    let mut views = Vec::new();
    for (name, kind, sizes, bytes) in &pieces {
        views.push((name.as_str(), TensorView::new(*kind, sizes.clone(), bytes).map_err(damaged)?));
    }
    serialize(views, Some(HashMap::from([(KEY.to_owned(), open.says()?.to_string())]))).map_err(damaged)
}

/// What the head of a part says.
///
/// # Errors
/// The bytes are no such head. `path` is used in messages only.
pub fn shard_summary(path: &Path, head: &[u8]) -> Result<StoredSummary> {
    let damaged = |e: safetensors::SafeTensorError| wrong(path, format!("a damaged head ({e})"));
    let (_, metadata) = SafeTensors::read_metadata(head).map_err(damaged)?;
    let summary = describe(path, &metadata)?.filter(|summary| summary.shard.is_some());
    summary.ok_or_else(|| wrong(path, "one that is no part"))
}

/// The preparation of the patterns, from the head of a part.
///
/// # Errors
/// The bytes are no such head. `path` is used in messages only.
pub fn shard_preparation(path: &Path, head: &[u8]) -> Result<Preparation> {
    let damaged = |e: safetensors::SafeTensorError| wrong(path, format!("a damaged head ({e})"));
    Arrays { path, tensors: SafeTensors::deserialize(head).map_err(damaged)? }.preparation()
}

/// A memory whose patterns others hold, from the heads of all parts, each with its name, in the order in which `shards` answer.
///
/// # Errors
/// As [`check_parts`]; heads that are damaged.
pub fn of_shards<F: Real>(
    path: &Path,
    heads: &[(String, Vec<u8>)],
    shards: Arc<dyn Shards>,
) -> Result<Stored<F>> {
    let summaries = heads.iter().map(|(_, head)| shard_summary(path, head)).collect::<Result<Vec<_>>>()?;
    let named: Vec<_> = heads.iter().map(|(name, _)| name.clone()).zip(&summaries).collect();
    check_parts(path, &named)?;
    let mut labels = Some(Vec::new());
    for summary in &summaries {
        match (&mut labels, &summary.labels) {
            (Some(all), Some(own)) => all.extend(own.iter().cloned()),
            _ => labels = None,
        }
    }
    let (head, summary) = (&heads[0].1, &summaries[0]);
    let damaged = |e: safetensors::SafeTensorError| wrong(path, format!("a damaged head ({e})"));
    let tensors = SafeTensors::deserialize(head).map_err(damaged)?;
    let arrays = Arrays { path, tensors };
    let total = summary.shard.as_ref().map_or(0, |shard| shard.total);
    let whole = whole_of(&arrays, summary.dim, total)?;
    let extras = Extras { labels, weights: None, associated: None };
    let patterns = Patterns::elsewhere(shards, &whole, arrays.preparation()?);
    let patterns = patterns.and_then(|p| p.with(extras)).map_err(|e| arrays.refused(&e))?;
    let spec: Spec = summary.spec.clone();
    let provenance = summary.provenance.clone();
    Ok(Stored {
        spec,
        patterns,
        learned: None,
        training: None,
        shape: summary.shape,
        raw: summary.raw,
        provenance,
    })
}
