//! Flat indexes of faiss, which hold their vectors as they were added: `IndexFlatL2`, `IndexFlatIP` and `IndexFlat`, alone or in an
//! `IndexIDMap`.
//!
//! A file begins with four letters that name the kind of index, and goes on with its head, in little-endian numbers: the units D as
//! `i32`, the vectors N as `i64`, two unused numbers of 64 bits, a byte, the metric as `i32`, and for metrics beyond the first two a
//! parameter of 32 bits. A flat index then has the number of its floats as `u64`, and the floats. A map has its head, the index that it
//! is around, and N identifiers as a list of `i64` behind their number.

use std::io::{BufReader, Read};
use std::path::Path;

use super::raw::{self, Array, Kind};
use super::{Bytes, Input, Opened};
use crate::error::{Error, Result};

/// Four letters of a flat index.
const FLAT: [&[u8; 4]; 3] = [b"IxF2", b"IxFI", b"IxFl"];
/// Four letters of an index with identifiers.
const MAPS: [&[u8; 4]; 2] = [b"IxMp", b"IxM2"];

/// Other kinds: the letters that they begin with, and what people call them.
const OTHERS: [(&[u8], &str); 22] = [
    (b"IwFl", "an inverted file (IVF)"),
    (b"IvFl", "an inverted file (IVF)"),
    (b"IwPQ", "an inverted file of product codes (IVFPQ)"),
    (b"IvPQ", "an inverted file of product codes (IVFPQ)"),
    (b"IwQR", "an inverted file of product codes (IVFPQR)"),
    (b"IwSq", "an inverted file of scalar codes"),
    (b"IwSQ", "an inverted file of scalar codes"),
    (b"IwPf", "an inverted file of product codes"),
    (b"IHN", "a graph (HNSW)"),
    (b"IHc", "a graph (HNSW)"),
    (b"INS", "a graph (NSG)"),
    (b"INN", "a graph (NNDescent)"),
    (b"IxPq", "one of product codes (PQ)"),
    (b"IxPo", "one of product codes (PQ)"),
    (b"IxPQ", "one of product codes (PQ)"),
    (b"IxSQ", "one of scalar codes (SQ)"),
    (b"IxHe", "one of hashes (LSH)"),
    (b"IxHE", "one of hashes (LSH)"),
    (b"IxPT", "one whose vectors are transformed first"),
    (b"IxRF", "one that refines another"),
    (b"IB", "one of binary vectors"),
    (b"IxRQ", "one of residual codes"),
];

/// Whether a file that starts so is an index of faiss.
pub(super) fn is_index(start: &[u8], name: &str) -> bool {
    let Some(letters) = start.first_chunk::<4>() else {
        return false;
    };
    let turned = [letters[3], letters[2], letters[1], letters[0]];
    let flat = |letters: &[u8; 4]| FLAT.contains(&letters) || MAPS.contains(&letters);
    flat(letters)
        || flat(&turned)
        || OTHERS.iter().any(|(other, _)| start.starts_with(other))
        || name.ends_with(".faiss")
}

pub(super) fn open(path: &Path, bytes: Bytes) -> Result<Opened> {
    let length = bytes.length;
    let [mut first, mut second] = bytes.twice(path)?;
    let outer = Index::read(path, &mut first)?;
    let inner = if outer.is_map { Index::read(path, &mut first)? } else { outer };
    if inner.is_map {
        return Err(other(path, "a map around a map"));
    }
    if (outer.dim, outer.count) != (inner.dim, inner.count) {
        let found =
            format!("{} × {} in the map, {} × {} inside", outer.count, outer.dim, inner.count, inner.dim);
        return Err(damaged(path, found));
    }
    let floats = u64::from_le_bytes(number(path, &mut first)?);
    let sizes = vec![inner.count, inner.dim];
    if (inner.count as u128) * (inner.dim as u128) != u128::from(floats) {
        return Err(damaged(path, format!("{floats} numbers of {} × {}", inner.count, inner.dim)));
    }
    let size = floats.saturating_mul(4);
    let heads = inner.length + 8 + if outer.is_map { outer.length } else { 0 };
    let behind = if outer.is_map { 8 + 8 * inner.count as u64 } else { 0 };
    skip(path, &mut second, heads)?;
    let vectors = Bytes {
        // A map goes on behind the vectors, and a flat index ends there.
        reader: if outer.is_map { Box::new(BufReader::new(second.take(size))) } else { second },
        length: length.map(|all| all.saturating_sub(heads + behind)),
        file: false,
    };
    let array = Array { kind: Kind::F32, big_endian: false, sizes, by_columns: false };
    let (mut head, source) = raw::open(path, vectors, array)?;
    if outer.is_map {
        skip(path, &mut first, size)?;
        head.labels = Some(identifiers(path, &mut first, inner.count)?);
    }
    Ok((head, source))
}

/// The head of an index.
#[derive(Clone, Copy)]
struct Index {
    is_map: bool,
    dim: usize,
    count: usize,
    /// Bytes of the head.
    length: u64,
}

impl Index {
    fn read(path: &Path, reader: &mut dyn Read) -> Result<Self> {
        let letters: [u8; 4] = number(path, reader)?;
        let turned = [letters[3], letters[2], letters[1], letters[0]];
        let known = |letters: &[u8; 4]| FLAT.contains(&letters) || MAPS.contains(&letters);
        if known(&turned) && !known(&letters) {
            return Err(other(path, "one of big-endian numbers"));
        }
        if !known(&letters) {
            let kind = OTHERS.iter().find(|(start, _)| letters.starts_with(start));
            let kind = kind.map(|(_, name)| (*name).to_owned());
            return Err(other(
                path,
                &kind.unwrap_or_else(|| format!("one that starts with bytes {letters:02x?}")),
            ));
        }
        let dim = i32::from_le_bytes(number(path, reader)?);
        let count = i64::from_le_bytes(number(path, reader)?);
        let _unused: [u8; 17] = number(path, reader)?;
        let metric = i32::from_le_bytes(number(path, reader)?);
        let parameter = metric > 1;
        if parameter {
            let _parameter: [u8; 4] = number(path, reader)?;
        }
        match (usize::try_from(dim), usize::try_from(count)) {
            (Ok(dim), Ok(count)) if dim > 0 => Ok(Index {
                is_map: MAPS.contains(&&letters),
                dim,
                count,
                length: 37 + if parameter { 4 } else { 0 },
            }),
            _ => Err(damaged(path, format!("{count} vectors of {dim} units"))),
        }
    }
}

/// The identifiers of the vectors, as labels.
fn identifiers(path: &Path, reader: &mut dyn Input, count: usize) -> Result<Vec<String>> {
    let there = u64::from_le_bytes(number(path, reader)?);
    if there != count as u64 {
        return Err(damaged(path, format!("{there} identifiers of {count} vectors")));
    }
    // The list grows with the bytes that are there, whatever the head claims.
    let mut labels = Vec::new();
    for _ in 0..count {
        labels.push(i64::from_le_bytes(number(path, reader)?).to_string());
    }
    Ok(labels)
}

fn number<const N: usize>(path: &Path, reader: &mut (impl Read + ?Sized)) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(|_| damaged(path, "one that breaks off".into()))?;
    Ok(bytes)
}

fn skip(path: &Path, reader: &mut (impl Read + ?Sized), bytes: u64) -> Result<()> {
    let skipped =
        std::io::copy(&mut reader.take(bytes), &mut std::io::sink()).map_err(|e| Error::read(path, e))?;
    if skipped == bytes { Ok(()) } else { Err(damaged(path, "one that breaks off".into())) }
}

fn damaged(path: &Path, found: String) -> Error {
    Error::content(path, "a flat index of faiss", found, "write it again with faiss.write_index")
}

fn other(path: &Path, kind: &str) -> Error {
    Error::content(
        path,
        "a flat index of faiss (IndexFlat, alone or in an IndexIDMap)",
        kind,
        "save its vectors with numpy.save(\"vectors.npy\", index.reconstruct_n(0, index.ntotal))",
    )
}
