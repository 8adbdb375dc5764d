//! IDX files, the format of MNIST.

use std::io::Read;
use std::path::Path;

use super::raw::{self, Array, Kind};
use super::{Bytes, Opened};
use crate::error::{Error, Result};

pub(super) fn open(path: &Path, mut bytes: Bytes) -> Result<Opened> {
    let (array, taken) = head(path, &mut bytes.reader)?;
    bytes.length = bytes.length.map(|l| l.saturating_sub(taken));
    raw::open(path, bytes, array)
}

fn head(path: &Path, reader: &mut dyn Read) -> Result<(Array, u64)> {
    let wrong = |found: String| Error::content(path, "an IDX file", found, "give the file as published");
    let short = |_| wrong("a file that ends within its head".into());
    let mut magic = [0; 4];
    reader.read_exact(&mut magic).map_err(short)?;
    let [0, 0, code, dimensions @ 1..=8] = magic else {
        return Err(wrong(format!("a file that starts with bytes {magic:02x?}")));
    };
    let kind = match code {
        0x08 => Kind::U8,
        0x09 => Kind::I8,
        0x0b => Kind::I16,
        0x0c => Kind::I32,
        0x0d => Kind::F32,
        0x0e => Kind::F64,
        _ => return Err(wrong(format!("number type {code:#04x}"))),
    };
    let mut sizes = Vec::new();
    for _ in 0..dimensions {
        let mut size = [0; 4];
        reader.read_exact(&mut size).map_err(short)?;
        sizes.push(u32::from_be_bytes(size) as usize);
    }
    Ok((Array { kind, big_endian: true, sizes, by_columns: false }, 4 + 4 * u64::from(dimensions)))
}
