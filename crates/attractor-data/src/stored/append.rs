//! Appends patterns to a stored memory: a part behind what is there, so that nothing before it is read or written.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use attractor::patterns::Packed;
use attractor::{Patterns, Real};
use ndarray::{Array2, s};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype as TensorType, Metadata, TensorView, serialize};
use serde_json::{Value, json};

use super::read::Open;
use super::{KEY, Stored, StoredSummary, array, packed, vector, wrong};
use crate::error::{Error, Result};
use crate::formats::parts::{Part, Parts, Placed};
use crate::formats::safetensors as format;
use crate::output::is_at;

/// What the parts of a memory add to what the head of its file says.
pub(super) fn add(
    path: &Path,
    mut summary: StoredSummary,
    base: &Metadata,
    bytes: &(impl Placed + ?Sized),
    parts: &Parts,
) -> Result<StoredSummary> {
    for part in &parts.parts {
        let (head, _) = part.head(path, bytes)?;
        let damaged = || wrong(path, "one with a part that does not go with those before");
        let of = |head: &Metadata, name: &str| {
            head.info(name).map(|info| (info.dtype, info.shape.get(1).copied(), info.shape.len()))
        };
        let same = ["patterns", "weights", "associated"].iter().all(|name| of(base, name) == of(&head, name));
        let rows = head.info("patterns").and_then(|info| info.shape.first().copied()).ok_or_else(damaged)?;
        let alike = |name: &str| head.info(name).is_none_or(|info| info.shape.first() == Some(&rows));
        if !same || !alike("weights") || !alike("associated") {
            return Err(damaged());
        }
        let says = head.metadata().as_ref().and_then(|m| m.get(KEY)).ok_or_else(damaged)?;
        let says: Value = serde_json::from_str(says).map_err(|_| damaged())?;
        let labels: Option<Vec<String>> = match &says["labels"] {
            Value::Null => None,
            list => Some(serde_json::from_value(list.clone()).map_err(|_| damaged())?),
        };
        if labels.as_ref().is_some_and(|labels| labels.len() != rows) {
            return Err(damaged());
        }
        let before = summary.patterns;
        summary.patterns = before.checked_add(rows).ok_or_else(damaged)?;
        // As when patterns with and without labels are joined in memory.
        if summary.labels.is_some() || labels.is_some() {
            let all = summary.labels.get_or_insert_with(|| vec![String::new(); before]);
            all.extend(labels.unwrap_or_else(|| vec![String::new(); rows]));
        }
        summary.provenance.extend(says["provenance"].as_str().map(str::to_owned));
    }
    summary.parts = parts.parts.len();
    summary.unfinished = parts.unfinished;
    Ok(summary)
}

/// A stored memory that patterns are appended to. Whoever opens it holds its file ([`Hold`](crate::Hold)).
#[derive(Debug)]
pub struct Growing(Open);

impl Growing {
    /// Opens a stored memory, of which only the head is read. Returns `None` if the file is something else.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        Ok(Open::find(path)?.map(Growing))
    }

    /// What the file says of the memory.
    pub fn summary(&self) -> &StoredSummary {
        &self.0.summary
    }

    /// The memory with its first pattern alone, so that others can be prepared and checked as those in the file were.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn first<F: Real>(&self) -> Result<Stored<F>> {
        self.0.first()
    }

    /// Appends patterns: the rows from `from` on, which are prepared as those in the file are, with labels, weights and associated
    /// vectors as those have.
    ///
    /// The cost is that of the rows: what is in the file is neither read nor written. What is written is on the disk when this
    /// returns.
    ///
    /// # Errors
    /// The file cannot be written, or was replaced meanwhile. Then it is as it was.
    pub fn append<F: Real>(self, patterns: &Patterns<F>, from: usize, provenance: &str) -> Result<()> {
        let Open { path, file: read, parts, .. } = self.0;
        let body = body(patterns, from, provenance).map_err(|e| wrong(&path, e.to_string()))?;
        let bytes = Part::of_body(&body);
        let failed = |reason| Error::Write { path: path.clone(), reason };
        let replaced = || std::io::Error::other("it was replaced by another program in the meantime");
        let mut file = File::options().write(true).open(&path).map_err(failed)?;
        if !is_at(&read, &path) {
            return Err(failed(replaced()));
        }
        let mut write = || -> std::io::Result<()> {
            if parts.unfinished > 0 {
                file.set_len(parts.end)?;
            }
            file.seek(SeekFrom::Start(parts.end))?;
            file.write_all(&bytes)?;
            file.sync_data()
        };
        let written = write();
        if written.is_err() {
            // A part that is not whole does not count; this only gives its room back.
            let _ = file.set_len(parts.end);
        }
        written.map_err(failed)?;
        if is_at(&file, &path) { Ok(()) } else { Err(failed(replaced())) }
    }
}

fn body<F: Real>(
    patterns: &Patterns<F>,
    first: usize,
    provenance: &str,
) -> std::result::Result<Vec<u8>, safetensors::SafeTensorError> {
    let extras = patterns.extras();
    let rows: Vec<usize> = (first..patterns.len()).collect();
    let values: Array2<F> = patterns.select(&rows);
    let mut arrays = vec![match patterns.bits() {
        Some(_) => packed(&Packed::from_signs(values.view())),
        None => array("patterns", values.dim(), values.iter().copied()),
    }];
    if let Some(vectors) = &extras.associated {
        let vectors = vectors.slice(s![first.., ..]);
        arrays.push(array("associated", vectors.dim(), vectors.iter().copied()));
    }
    if let Some(weights) = &extras.weights {
        arrays.push(vector("weights", &weights[first..]));
    }
    let labels = extras.labels.as_ref().map(|labels| &labels[first..]);
    let says = json!({ "labels": labels, "provenance": provenance });
    let mut views = Vec::new();
    for (name, kind, sizes, bytes) in &arrays {
        views.push((name.as_str(), TensorView::new(*kind, sizes.clone(), bytes)?));
    }
    serialize(views, Some(HashMap::from([(KEY.to_owned(), says.to_string())])))
}

/// An array of a file, as it is written.
pub(super) type Piece = (String, TensorType, Vec<usize>, Vec<u8>);

/// Arrays as a safetensors file without a description.
pub(super) fn file_of(path: &Path, pieces: &[Piece]) -> Result<Vec<u8>> {
    let damaged = |e: safetensors::SafeTensorError| wrong(path, format!("a damaged or truncated file ({e})"));
    let mut views = Vec::new();
    for (name, kind, sizes, bytes) in pieces {
        views.push((name.as_str(), TensorView::new(*kind, sizes.clone(), bytes).map_err(damaged)?));
    }
    serialize(views, None).map_err(damaged)
}

/// The arrays of the file of a memory: the first, and those of the parts behind them.
pub(super) struct Whole<'a> {
    pub summary: StoredSummary,
    pub base: SafeTensors<'a>,
    pub parts: Vec<SafeTensors<'a>>,
}

impl<'a> Whole<'a> {
    /// Finds the arrays in the bytes of a file.
    pub fn of_bytes(path: &Path, bytes: &'a [u8]) -> Result<Self> {
        let damaged =
            |e: safetensors::SafeTensorError| wrong(path, format!("a damaged or truncated file ({e})"));
        let (head, end) = match SafeTensors::read_metadata(bytes) {
            Ok((_, head)) => (head, bytes.len()),
            Err(error) => match format::head(path, &mut &bytes[..]) {
                Ok((head, start)) if start + head.data_len() < bytes.len() => {
                    let end = start + head.data_len();
                    (head, end)
                }
                _ => return Err(damaged(error)),
            },
        };
        let summary = super::describe(path, &head)?
            .ok_or_else(|| wrong(path, "a file of arrays that says no model"))?;
        let found = Parts::find(path, bytes, end as u64)?;
        let summary = add(path, summary, &head, bytes, &found)?;
        let mut parts = Vec::new();
        for part in &found.parts {
            let body = &bytes[part.start as usize..(part.start + part.length) as usize];
            if !part.is(body) {
                return Err(wrong(path, "a damaged part, whose checksum is wrong"));
            }
            parts.push(SafeTensors::deserialize(body).map_err(damaged)?);
        }
        let base = SafeTensors::deserialize(&bytes[..end]).map_err(damaged)?;
        Ok(Whole { summary, base, parts })
    }
}
