//! Safetensors files: a JSON head, followed by named arrays.

use std::io::Read;
use std::path::Path;

use safetensors::tensor::{Dtype, Metadata};

use attractor::message;
use attractor::message::Argument;

use super::raw::{self, Array, Kind};
use super::{Bytes, Opened};
use crate::error::{Error, Result};

const CURE: &str = "save it with safetensors.numpy.save_file";

/// Reads the head of a file. Returns its content and where the arrays begin.
pub(crate) fn head(path: &Path, reader: &mut dyn Read) -> Result<(Metadata, usize)> {
    let damaged = |found: String| Error::content(path, "a safetensors file", found, CURE);
    let short = |_| damaged("a file that ends within its head".into());
    /// The format's own limit.
    const LONGEST: u64 = 100_000_000;
    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(short)?;
    let length = u64::from_le_bytes(start);
    if length > LONGEST {
        return Err(damaged(format!("a head of {length} bytes")));
    }
    let mut bytes = Vec::new();
    reader.take(length).read_to_end(&mut bytes).map_err(short)?;
    if bytes.len() as u64 != length {
        return Err(damaged("a file that ends within its head".into()));
    }
    // This refuses heads whose arrays overlap, leave gaps or do not fill their places.
    let metadata = serde_json::from_slice(&bytes).map_err(|e| damaged(format!("a damaged one ({e})")))?;
    Ok((metadata, 8 + length as usize))
}

pub(super) fn open(path: &Path, mut bytes: Bytes, array: Option<&str>) -> Result<Opened> {
    let is_file = bytes.file;
    let (metadata, taken) = head(path, &mut bytes.reader)?;
    let stored = metadata.metadata().as_ref().is_some_and(|m| m.contains_key("attractor"));
    if stored && array.is_none() && !is_file {
        return Err(Error::content(
            path,
            "a file",
            "a stored memory that comes through a pipe or is compressed",
            "save it in a plain file, since its parts are read when they are needed",
        ));
    }
    if stored && array.is_none() {
        return Err(Error::content(
            path,
            "rows",
            "a stored memory, whose patterns are prepared",
            message!["give it as ", Argument::Memory, "; here give the file that it was stored from"],
        ));
    }
    let mut tensors: Vec<_> = metadata.tensors().into_iter().collect();
    tensors.sort_by_key(|(_, info)| info.data_offsets.0);
    let names = || tensors.iter().take(20).map(|(n, _)| n.as_str()).collect::<Vec<_>>().join(", ");
    let wanted = match (array, &tensors[..]) {
        (Some(name), _) => tensors.iter().find(|(n, _)| n == name).ok_or_else(|| {
            Error::content(
                path,
                format!("an array '{name}'"),
                names(),
                "give one of these names behind the colon",
            )
        })?,
        (None, [one]) => one,
        (None, []) => return Err(Error::content(path, "at least one array", "none", CURE)),
        (None, all) => all.iter().find(|(n, _)| n == "patterns").ok_or_else(|| {
            Error::content(
                path,
                "the name of one array, as in FILE:NAME",
                names(),
                "give one of these names behind a colon",
            )
        })?,
    };
    let info = wanted.1;
    let kind = kind(info.dtype).ok_or_else(|| {
        let found = format!("{:?}", info.dtype);
        Error::content(path, "numbers that are float, integer or bool", found, CURE)
    })?;
    let all = (taken + metadata.data_len()) as u64;
    if stored && bytes.length.is_some_and(|length| length > all) {
        return Err(Error::content(
            path,
            "a memory in one piece, to read one of its arrays",
            "one to which patterns were appended",
            message!["make it one piece (", Argument::option("compact"), ")"],
        ));
    }
    if let Some(length) = bytes.length.filter(|&l| l != all) {
        return Err(Error::content(
            path,
            format!("{all} bytes, as its head announces"),
            length.to_string(),
            "fetch it again",
        ));
    }
    // Skips the arrays before this one, and reads no further than its end.
    let (from, to) = (info.data_offsets.0 as u64, info.data_offsets.1 as u64);
    let skipped = std::io::copy(&mut (&mut bytes.reader).take(from), &mut std::io::sink());
    let skipped = skipped.map_err(|e| Error::read(path, e))?;
    let there = bytes.length.map_or(to - from, |l| l.saturating_sub(taken as u64 + skipped).min(to - from));
    let reader = std::io::BufReader::new(bytes.reader.take(to - from));
    let bytes = Bytes { reader: Box::new(reader), length: Some(there), file: false };
    let array = Array { kind, big_endian: false, sizes: info.shape.clone(), by_columns: false };
    raw::open(path, bytes, array)
}

/// The number type of an array, if it is a plain one.
pub(super) fn kind(dtype: Dtype) -> Option<Kind> {
    Some(match dtype {
        Dtype::F16 => Kind::F16,
        Dtype::BF16 => Kind::Bf16,
        Dtype::F32 => Kind::F32,
        Dtype::F64 => Kind::F64,
        Dtype::U8 => Kind::U8,
        Dtype::BOOL => Kind::Bool,
        Dtype::I8 => Kind::I8,
        Dtype::I16 => Kind::I16,
        Dtype::I32 => Kind::I32,
        Dtype::I64 => Kind::I64,
        Dtype::U16 => Kind::U16,
        Dtype::U32 => Kind::U32,
        Dtype::U64 => Kind::U64,
        _ => return None,
    })
}
