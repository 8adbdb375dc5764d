//! Zarr arrays, versions 2 and 3: a folder with a description and a file for each chunk.
//!
//! The first axis is that of the rows. Chunks that lie beside each other in the rows are a *band*, and one band is in memory at a time.
//! Chunks are read uncompressed, or packed by gzip, zlib or Zstandard. A chunk without a file holds the fill value everywhere.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::guard::guarded;
use super::raw::{self, Array, Kind};
use super::{Header, Opened, Source, gzip};
use crate::error::{Error, Result, quoted};
use crate::shape::Shape;
use crate::table::Values;

/// The most bytes of a band.
const BAND: usize = 1 << 32;
/// The most chunks of a band.
const ACROSS: usize = 1 << 20;
/// So many bands without any file may follow each other.
const MISSING: usize = 1000;

const CURE: &str = "save it with zarr.create_array(..., compressors=zarr.codecs.ZstdCodec()), without shards and filters, or as .npy";

/// The names of descriptions: of version 3, and of version 2.
const NAMES: [&str; 3] = ["zarr.json", ".zarray", ".zgroup"];

/// Whether a folder is an array or a group of Zarr.
pub fn is_zarr(folder: &Path) -> bool {
    NAMES.iter().any(|name| folder.join(name).is_file())
}

fn unlike(path: &Path, found: String) -> Error {
    Error::content(
        path,
        "a Zarr array of numbers, in chunks that are not packed or packed by gzip, zlib or zstd",
        found,
        CURE,
    )
}

pub(super) fn open(path: &Path) -> Result<Opened> {
    let says = |name: &str| -> Result<Option<Value>> {
        let file = path.join(name);
        if !file.is_file() {
            return Ok(None);
        }
        let bytes = std::fs::read(&file).map_err(|e| Error::read(&file, e))?;
        let text = serde_json::from_slice(&bytes);
        text.map(Some).map_err(|e| unlike(path, format!("a damaged {name} ({e})")))
    };
    let form = match (says("zarr.json")?, says(".zarray")?) {
        (Some(says), _) if says["node_type"] == "group" => return Err(group(path)),
        (Some(says), _) => Form::of_version_3(&says),
        (None, Some(says)) => Form::of_version_2(&says),
        (None, None) => return Err(group(path)),
    };
    let form = form.map_err(|found| unlike(path, found))?;
    let array =
        Array { kind: form.kind, big_endian: form.big_endian, sizes: form.sizes.clone(), by_columns: false };
    let [rows, columns] = raw::sizes(path, &array, None)?;
    let split = usize::from(form.sizes.len() > 1);
    let head = Header {
        path: path.to_owned(),
        rows,
        columns,
        dtype: form.kind.dtype(),
        shape: Shape::of_sizes(&form.sizes[split..]),
        labels: None,
        names: None,
        notes: Vec::new(),
    };
    let zarr = Zarr::new(path, form).ok_or_else(|| {
        unlike(path, "chunks of another number of axes, or of more than 4 GiB beside each other".into())
    })?;
    Ok((head, Box::new(zarr)))
}

/// The error for a folder of arrays.
fn group(path: &Path) -> Error {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    let inside = entries.filter(|entry| is_zarr(&entry.path()));
    let mut names: Vec<String> =
        inside.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    let found = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let example = names.first().map_or("NAME", String::as_str);
    Error::content(
        path,
        "one array of a Zarr group",
        format!("the group, with arrays {found}"),
        format!("give the folder of one of them, as in {}", path.join(example).display()),
    )
}

/// How a chunk is packed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Packing {
    None,
    Gzip,
    Zlib,
    Zstd,
}

/// What the description of an array says.
struct Form {
    kind: Kind,
    big_endian: bool,
    sizes: Vec<usize>,
    chunks: Vec<usize>,
    packing: Packing,
    /// Whether the first index of a chunk is the fastest.
    by_columns: bool,
    fill: Vec<u8>,
    /// What stands between the numbers of a chunk's name, and before them.
    separator: char,
    prefix: bool,
}

type Said<T> = std::result::Result<T, String>;

impl Form {
    fn of_version_3(says: &Value) -> Said<Self> {
        if says["zarr_format"] != 3 || says["node_type"] != "array" {
            return Err(format!(
                "format {} and node type {}",
                short(&says["zarr_format"]),
                short(&says["node_type"])
            ));
        }
        let kind = match says["data_type"].as_str() {
            Some("bool") => Kind::Bool,
            Some("int8") => Kind::I8,
            Some("int16") => Kind::I16,
            Some("int32") => Kind::I32,
            Some("int64") => Kind::I64,
            Some("uint8") => Kind::U8,
            Some("uint16") => Kind::U16,
            Some("uint32") => Kind::U32,
            Some("uint64") => Kind::U64,
            Some("float16") => Kind::F16,
            Some("float32") => Kind::F32,
            Some("float64") => Kind::F64,
            _ => return Err(format!("type {}", short(&says["data_type"]))),
        };
        let grid = &says["chunk_grid"];
        if grid["name"] != "regular" {
            return Err(format!("chunks of a grid {}", short(&grid["name"])));
        }
        let names = &says["chunk_key_encoding"];
        let prefix = names["name"] == "default";
        if !prefix && names["name"] != "v2" {
            return Err(format!("names of chunks as {}", short(&names["name"])));
        }
        let separator = separator(&names["configuration"]["separator"], if prefix { '/' } else { '.' })?;
        let none = Vec::new();
        let codecs = says["codecs"].as_array().unwrap_or(&none);
        let Some((first, packing)) = codecs.split_first().filter(|(first, _)| first["name"] == "bytes")
        else {
            return Err(format!(
                "the codec {}",
                short(codecs.first().map_or(&Value::Null, |codec| &codec["name"]))
            ));
        };
        let packing = match packing {
            [] => Packing::None,
            [one] if one["name"] == "gzip" => Packing::Gzip,
            [one] if one["name"] == "zstd" => Packing::Zstd,
            [other, ..] => return Err(format!("the codec {}", short(&other["name"]))),
        };
        let big_endian = first["configuration"]["endian"] == "big";
        Ok(Form {
            kind,
            big_endian,
            sizes: sizes(&says["shape"])?,
            chunks: sizes(&grid["configuration"]["chunk_shape"])?,
            packing,
            by_columns: false,
            fill: fill(&says["fill_value"], kind, big_endian)?,
            separator,
            prefix,
        })
    }

    fn of_version_2(says: &Value) -> Said<Self> {
        if says["zarr_format"] != 2 {
            return Err(format!("format {}", short(&says["zarr_format"])));
        }
        let text = says["dtype"].as_str().unwrap_or_default();
        let Some((kind, big_endian)) = super::npy::kind(text) else {
            return Err(format!("type {}", short(&says["dtype"])));
        };
        let packing = match (&says["compressor"], says["compressor"]["id"].as_str()) {
            (Value::Null, _) => Packing::None,
            (_, Some("gzip")) => Packing::Gzip,
            (_, Some("zlib")) => Packing::Zlib,
            (_, Some("zstd")) => Packing::Zstd,
            (_, _) => return Err(format!("the compressor {}", short(&says["compressor"]["id"]))),
        };
        if says["filters"].as_array().is_some_and(|filters| !filters.is_empty()) {
            return Err("filters".into());
        }
        Ok(Form {
            kind,
            big_endian,
            sizes: sizes(&says["shape"])?,
            chunks: sizes(&says["chunks"])?,
            packing,
            by_columns: says["order"] == "F",
            fill: fill(&says["fill_value"], kind, big_endian)?,
            separator: separator(&says["dimension_separator"], '.')?,
            prefix: false,
        })
    }
}

fn short(says: &Value) -> String {
    match says {
        Value::String(text) => quoted(text),
        other => quoted(&other.to_string()),
    }
}

fn sizes(says: &Value) -> Said<Vec<usize>> {
    let list = says.as_array().filter(|list| !list.is_empty());
    let number = |n: &Value| n.as_u64().and_then(|n| usize::try_from(n).ok());
    let sizes = list.and_then(|list| list.iter().map(number).collect::<Option<Vec<_>>>());
    sizes.ok_or_else(|| format!("sizes {}", short(says)))
}

fn separator(says: &Value, usual: char) -> Said<char> {
    match says.as_str() {
        None if says.is_null() => Ok(usual),
        Some("/") => Ok('/'),
        Some(".") => Ok('.'),
        _ => Err(format!("names of chunks with {}", short(says))),
    }
}

/// The bytes of the fill value.
fn fill(says: &Value, kind: Kind, big_endian: bool) -> Said<Vec<u8>> {
    let number = match says {
        Value::Null => 0.0,
        Value::Bool(value) => f64::from(u8::from(*value)),
        Value::Number(number) => number.as_f64().unwrap_or(f64::NAN),
        Value::String(text) => match text.as_str() {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            _ => return Err(format!("the fill value {}", short(says))),
        },
        other => return Err(format!("the fill value {}", short(other))),
    };
    let mut bytes = match kind {
        Kind::F32 => (number as f32).to_le_bytes().to_vec(),
        Kind::F64 => number.to_le_bytes().to_vec(),
        // Half precision needs no more than these, and others would be rounded.
        Kind::F16 | Kind::Bf16 if number == 0.0 => vec![0; 2],
        Kind::F16 if number.is_nan() => 0x7e00_u16.to_le_bytes().to_vec(),
        Kind::F16 | Kind::Bf16 => return Err(format!("the fill value {}", short(says))),
        _ if number.is_nan() => return Err(format!("the fill value {}", short(says))),
        // As whole numbers, and without the digits that f64 does not hold.
        _ => match (says.as_i64(), says.as_u64()) {
            (Some(whole), _) => whole.to_le_bytes()[..kind.size()].to_vec(),
            (None, Some(whole)) => whole.to_le_bytes()[..kind.size()].to_vec(),
            _ => (number as i64).to_le_bytes()[..kind.size()].to_vec(),
        },
    };
    if big_endian {
        bytes.reverse();
    }
    Ok(bytes)
}

struct Zarr {
    path: PathBuf,
    form: Form,
    /// Whether the array has one axis, and so one row.
    vector: bool,
    columns: usize,
    /// Rows of a band, and of the whole.
    tall: usize,
    rows: usize,
    /// The rows of the band that is in memory, and its number.
    band: Vec<u8>,
    number: Option<usize>,
    missing: usize,
    at: usize,
}

impl Zarr {
    /// `None` if a band is too large, or chunks do not go with the array.
    fn new(path: &Path, mut form: Form) -> Option<Self> {
        if form.chunks.len() != form.sizes.len() || form.chunks.contains(&0) {
            return None;
        }
        // A vector is one row.
        let vector = form.sizes.len() == 1;
        let rows = if vector { 1 } else { form.sizes[0] };
        if vector {
            form.sizes.insert(0, 1);
            form.chunks.insert(0, 1);
        }
        let columns: usize = form.sizes[1..].iter().product();
        let tall = form.chunks[0].min(rows.max(1));
        let product = |sizes: &[usize]| sizes.iter().try_fold(form.kind.size(), |p, &s| p.checked_mul(s));
        let band = tall.checked_mul(columns)?.checked_mul(form.kind.size())?;
        let across: usize =
            form.sizes.iter().zip(&form.chunks).skip(1).map(|(s, c)| s.div_ceil(*c)).product();
        let fits =
            band <= BAND && product(&form.chunks).is_some_and(|chunk| chunk <= BAND) && across <= ACROSS;
        let path = path.to_owned();
        fits.then_some(Zarr {
            path,
            form,
            vector,
            columns,
            tall,
            rows,
            band: Vec::new(),
            number: None,
            missing: 0,
            at: 0,
        })
    }

    /// The file of a chunk.
    fn file(&self, place: &[usize]) -> PathBuf {
        // That of a vector has one number.
        let numbers = if self.vector { &place[1..] } else { place };
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        let name = numbers.join(&self.form.separator.to_string());
        match (self.form.prefix, self.form.separator) {
            (true, '/') => self.path.join("c").join(name),
            (true, separator) => self.path.join(format!("c{separator}{name}")),
            (false, _) => self.path.join(name),
        }
    }

    /// The bytes of a chunk, or `None` if it has no file.
    fn chunk(&self, place: &[usize]) -> Result<Option<Vec<u8>>> {
        let path = self.file(place);
        let file = match File::open(&path) {
            Ok(file) => BufReader::new(file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::read(&path, error)),
        };
        let size = self.form.chunks.iter().product::<usize>() * self.form.kind.size();
        let unpacked = guarded(|| -> std::io::Result<Vec<u8>> {
            let reader: Box<dyn Read> = match self.form.packing {
                Packing::None => Box::new(file),
                Packing::Gzip => Box::new(gzip::Unpacked::new(file)),
                Packing::Zlib => Box::new(flate2::bufread::ZlibDecoder::new(file)),
                Packing::Zstd => {
                    let decoder = ruzstd::decoding::StreamingDecoder::new(file);
                    Box::new(decoder.map_err(|error| std::io::Error::other(error.to_string()))?)
                }
            };
            // The buffer grows with the bytes that are there, whatever the description claims.
            let mut bytes = Vec::new();
            reader.take(size as u64 + 1).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        let found = match unpacked {
            Some(Ok(bytes)) if bytes.len() == size => return Ok(Some(bytes)),
            Some(Ok(bytes)) if bytes.len() > size => "more".to_owned(),
            Some(Ok(bytes)) => bytes.len().to_string(),
            Some(Err(error)) => format!("a damaged one ({error})"),
            None => "a damaged one, at which the decoder stops".into(),
        };
        Err(Error::content(&path, format!("a chunk of {size} bytes"), found, "fetch or save the array again"))
    }

    /// Reads a band.
    fn read(&mut self, number: usize) -> Result<()> {
        let size = self.form.kind.size();
        let rows = self.tall.min(self.rows - number * self.form.chunks[0]);
        self.band.clear();
        self.band.resize(rows * self.columns * size, 0);
        if self.form.fill.iter().any(|&byte| byte != 0) {
            self.band.chunks_exact_mut(size).for_each(|value| value.copy_from_slice(&self.form.fill));
        }
        let across: Vec<usize> =
            self.form.sizes.iter().zip(&self.form.chunks).skip(1).map(|(s, c)| s.div_ceil(*c)).collect();
        let mut found = false;
        for beside in 0..across.iter().product() {
            let mut place = vec![0; self.form.sizes.len()];
            place[0] = number;
            let mut rest: usize = beside;
            for (axis, &count) in across.iter().enumerate().rev() {
                place[axis + 1] = rest % count;
                rest /= count;
            }
            if let Some(bytes) = self.chunk(&place)? {
                found = true;
                self.put(&place, rows, &bytes);
            }
        }
        self.missing = if found { 0 } else { self.missing + 1 };
        if self.missing > MISSING {
            return Err(unlike(
                &self.path,
                format!("no file of {} chunks one after the other", self.missing),
            ));
        }
        self.number = Some(number);
        Ok(())
    }

    /// Puts a chunk in its place in the band, which has so many rows.
    fn put(&mut self, place: &[usize], rows: usize, bytes: &[u8]) {
        let Form { sizes, chunks, kind, by_columns, .. } = &self.form;
        let (size, axes) = (kind.size(), sizes.len());
        // How far apart the values are along each axis: in the chunk and in the band.
        let mut from = vec![1; axes];
        let mut to = vec![1; axes];
        for axis in (0..axes - 1).rev() {
            from[axis] = from[axis + 1] * chunks[axis + 1];
            to[axis] = to[axis + 1] * sizes[axis + 1];
        }
        if *by_columns {
            from[0] = 1;
            for axis in 1..axes {
                from[axis] = from[axis - 1] * chunks[axis - 1];
            }
        }
        // Values of the chunk that are in the array, along each axis, and where they begin in the band.
        let there: Vec<usize> = (0..axes)
            .map(|axis| match axis {
                0 => rows,
                _ => chunks[axis].min(sizes[axis] - place[axis] * chunks[axis]),
            })
            .collect();
        let begin: usize = (1..axes).map(|axis| place[axis] * chunks[axis] * to[axis]).sum();
        let last = axes - 1;
        for line in 0..there[..last].iter().product() {
            let (mut source, mut target, mut rest) = (0, begin, line);
            for axis in (0..last).rev() {
                let index = rest % there[axis];
                rest /= there[axis];
                source += index * from[axis];
                target += index * to[axis];
            }
            if from[last] == 1 {
                let (source, target, count) = (source * size, target * size, there[last] * size);
                self.band[target..target + count].copy_from_slice(&bytes[source..source + count]);
                continue;
            }
            for index in 0..there[last] {
                let (source, target) = ((source + index * from[last]) * size, (target + index) * size);
                self.band[target..target + size].copy_from_slice(&bytes[source..source + size]);
            }
        }
    }
}

impl Source for Zarr {
    fn take(&mut self, rows: usize) -> Result<Values> {
        let width = self.columns * self.form.kind.size();
        let mut bytes = Vec::new();
        let end = self.at + rows;
        while self.at < end {
            let number = self.at / self.form.chunks[0];
            if self.number != Some(number) {
                self.read(number)?;
            }
            let first = number * self.form.chunks[0];
            let until = end.min(first + self.band.len().checked_div(width).unwrap_or(self.tall));
            bytes.extend_from_slice(&self.band[(self.at - first) * width..(until - first) * width]);
            self.at = until;
        }
        raw::decode(&bytes, self.form.kind, self.form.big_endian)
            .ok_or_else(|| Error::content(&self.path, "whole numbers below 2^63", "a larger one", CURE))
    }
}
