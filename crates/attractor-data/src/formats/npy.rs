//! NumPy's `.npy` files, versions 1 to 3.
//!
//! The head is a Python dictionary with three known keys. It is parsed by hand, since a general parser of Python
//! literals fails badly on a head of 60,000 brackets.

use std::io::Read;
use std::path::Path;

use super::raw::{self, Array, Kind};
use super::{Bytes, Opened};
use crate::error::{Error, Result};

const CURE: &str = "save it with numpy.save as float32, float64, uint8, int8 or bool";

pub(super) fn open(path: &Path, mut bytes: Bytes) -> Result<Opened> {
    let (array, taken) = head(path, &mut bytes.reader)?;
    bytes.length = bytes.length.map(|l| l.saturating_sub(taken));
    raw::open(path, bytes, array)
}

/// Reads the head. Returns the array that follows and the length of the head.
pub(super) fn head(path: &Path, reader: &mut dyn Read) -> Result<(Array, u64)> {
    let damaged = |found: &str| Error::content(path, "a NumPy .npy file", found, CURE);
    let short = |_| damaged("a file that ends within its head");
    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(short)?;
    let (length, taken) = match start[6] {
        1 => {
            let mut size = [0; 2];
            reader.read_exact(&mut size).map_err(short)?;
            (u64::from(u16::from_le_bytes(size)), 10)
        }
        2 | 3 => {
            let mut size = [0; 4];
            reader.read_exact(&mut size).map_err(short)?;
            (u64::from(u32::from_le_bytes(size)), 12)
        }
        _ => return Err(damaged("a version that is not 1, 2 or 3")),
    };
    /// NumPy's own heads are below 200 bytes; it refuses to read more than 10,000.
    const LONGEST: u64 = 10_000;
    if length > LONGEST {
        return Err(damaged("a head of more than 10,000 bytes"));
    }
    let mut text = vec![0; length as usize];
    reader.read_exact(&mut text).map_err(short)?;
    let text = String::from_utf8_lossy(&text);
    let Some((descr, by_columns, sizes)) = dictionary(text.trim_matches([' ', '\n', '\0'])) else {
        return Err(damaged("a head that does not say type, order and shape of one plain array"));
    };
    let Some((kind, big_endian)) = kind(&descr) else {
        let found: String = descr.chars().take(20).collect();
        return Err(Error::content(
            path,
            "numbers that are float, integer or bool",
            format!("type '{found}'"),
            CURE,
        ));
    };
    Ok((Array { kind, big_endian, sizes, by_columns }, taken + length))
}

/// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }` with keys in any order.
fn dictionary(text: &str) -> Option<(String, bool, Vec<usize>)> {
    let (mut descr, mut order, mut shape) = (None, None, None);
    let mut rest = text.strip_prefix('{')?.trim_start();
    while !rest.starts_with('}') {
        let (key, after) = quoted(rest)?;
        rest = after.trim_start().strip_prefix(':')?.trim_start();
        match key {
            "descr" => {
                let (value, after) = quoted(rest)?;
                (descr, rest) = (Some(value.to_owned()), after);
            }
            "fortran_order" => {
                let (value, after) = match rest.strip_prefix("True") {
                    Some(after) => (true, after),
                    None => (false, rest.strip_prefix("False")?),
                };
                (order, rest) = (Some(value), after);
            }
            "shape" => {
                let (value, after) = rest.strip_prefix('(')?.split_once(')')?;
                let sizes = value.split(',').map(str::trim).filter(|s| !s.is_empty());
                // Python 2 wrote long integers as 3L.
                let sizes: Option<Vec<usize>> = sizes.map(|s| s.trim_end_matches('L').parse().ok()).collect();
                (shape, rest) = (Some(sizes?), after);
            }
            _ => return None,
        }
        rest = rest.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    Some((descr?, order?, shape?))
}

/// Splits off a quoted word. Returns it and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}

pub(super) fn kind(descr: &str) -> Option<(Kind, bool)> {
    let (order, name) = descr.split_at_checked(1)?;
    let kind = match name {
        "f2" => Kind::F16,
        "f4" => Kind::F32,
        "f8" => Kind::F64,
        "u1" => Kind::U8,
        "b1" => Kind::Bool,
        "i1" => Kind::I8,
        "i2" => Kind::I16,
        "i4" => Kind::I32,
        "i8" => Kind::I64,
        "u2" => Kind::U16,
        "u4" => Kind::U32,
        "u8" => Kind::U64,
        _ => return None,
    };
    let big = match order {
        "<" | "|" => false,
        ">" => true,
        "=" => cfg!(target_endian = "big"),
        _ => return None,
    };
    Some((kind, big))
}
