//! Arrow IPC: the file format (also called Feather, version 2) and the stream format, as files of data sets on Hugging Face have.
//!
//! Both are messages one after the other, each a head and a body; a file has eight bytes before them, and an index behind them that
//! is not needed here. Messages are cut out of the file here, so that none is longer than what is there, and decoded by the crate
//! `arrow-ipc`.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::{CompressionType, Message, MessageHeader, root_as_message};
use arrow_schema::{ArrowError, DataType, SchemaRef};

use super::columns::{self, Column, Columns, Holds, missing, too_large, uneven};
use super::guard::guarded;
use super::raw::widen_f16;
use super::{Bytes, Input, Opened, ReadOptions};
use crate::error::{Error, Result};
use crate::table::{Dtype, Table, Values};

/// The most bytes that a compressed part of a message may unpack to.
const MOST: i64 = 1 << 31;

/// What a message begins with.
const MARK: [u8; 4] = [0xff; 4];

/// What a file begins with.
const FILE: &[u8] = b"ARROW1\0\0";

pub(super) fn open(path: &Path, bytes: Bytes, wanted: Option<&str>, reading: &ReadOptions) -> Result<Opened> {
    let place = if bytes.file { Place::File } else { Place::Held(bytes.rest(path)?.into()) };
    let table = Arrow::new(path, place)?;
    let column = |field: &Arc<arrow_schema::Field>| Column {
        name: field.name().clone(),
        holds: holds(field.data_type()),
    };
    let all: Vec<Column> = table.schema.fields().iter().map(column).collect();
    columns::open(path, &all, Box::new(table), wanted, reading)
}

fn damaged(path: &Path, found: String) -> Error {
    Error::content(path, "an Arrow IPC file", found, "fetch it again, or write it with another program")
}

fn ends_early(path: &Path) -> Error {
    damaged(path, "one that ends early".into())
}

/// Runs the decoder, whose errors and panics become errors of the file.
fn decoded<T>(path: &Path, decode: impl FnOnce() -> std::result::Result<T, ArrowError>) -> Result<T> {
    match guarded(decode) {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => {
            let text = error.to_string();
            Err(damaged(path, format!("a damaged one ({})", text.lines().next().unwrap_or_default())))
        }
        None => Err(damaged(path, "a damaged one, at which the decoder stops".into())),
    }
}

fn holds(kind: &DataType) -> Holds {
    match kind {
        DataType::List(of) | DataType::LargeList(of) | DataType::FixedSizeList(of, _) => {
            match number(of.data_type()) {
                Some(dtype) => Holds::Vectors(dtype),
                None => Holds::Other("lists of other things than numbers".into()),
            }
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Holds::Texts,
        DataType::Dictionary(_, of) if matches!(**of, DataType::Utf8 | DataType::LargeUtf8) => Holds::Texts,
        other => match number(other) {
            Some(dtype) => Holds::Numbers(dtype),
            None if other.is_temporal() => Holds::Other("times".into()),
            None if other.is_nested() => Holds::Other("structures".into()),
            None => Holds::Other(format!("type {other}")),
        },
    }
}

fn number(kind: &DataType) -> Option<Dtype> {
    Some(match kind {
        DataType::Boolean => Dtype::Bool,
        DataType::UInt8 => Dtype::U8,
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Dtype::Integer,
        DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => Dtype::Integer,
        DataType::Float16 | DataType::Float32 => Dtype::F32,
        DataType::Float64 => Dtype::F64,
        _ => return None,
    })
}

/// Where the bytes are.
#[derive(Clone)]
enum Place {
    File,
    Held(Arc<[u8]>),
}

/// The messages of a file, one after the other.
struct Messages {
    path: PathBuf,
    reader: Box<dyn Input>,
    /// Whether it is the file format, which ends as it begins.
    is_file: bool,
}

/// A message: its length and head, which stand before its body, and the length of that.
struct Framed {
    start: Vec<u8>,
    body: u64,
    /// The rows of a batch.
    rows: Option<usize>,
}

impl Messages {
    fn open(path: &Path, place: &Place) -> Result<Self> {
        let mut reader = match place {
            Place::File => Bytes::open(path)?.reader,
            Place::Held(bytes) => Box::new(Cursor::new(bytes.clone())),
        };
        let start = reader.fill_buf().map_err(|e| Error::read(path, e))?;
        let is_file = start.starts_with(FILE);
        if is_file {
            reader.consume(FILE.len());
        }
        Ok(Messages { path: path.to_owned(), reader, is_file })
    }

    /// Refuses a file of the file format that ends before its index does.
    fn end(mut self) -> Result<()> {
        /// The most bytes of an index.
        const MOST: u64 = 1 << 30;
        let mut rest = Vec::new();
        let read = (&mut self.reader).take(MOST).read_to_end(&mut rest);
        read.map_err(|e| Error::read(&self.path, e))?;
        if !self.is_file || rest.ends_with(&FILE[..6]) { Ok(()) } else { Err(ends_early(&self.path)) }
    }

    fn exactly(&mut self, bytes: u64, into: &mut Vec<u8>) -> Result<()> {
        // The buffer grows with the bytes that are there, whatever the head claims.
        let read =
            (&mut self.reader).take(bytes).read_to_end(into).map_err(|e| Error::read(&self.path, e))?;
        if read as u64 == bytes { Ok(()) } else { Err(ends_early(&self.path)) }
    }

    /// The head of the next message, or `None` at the end.
    fn next(&mut self) -> Result<Option<Framed>> {
        let mut start = Vec::new();
        // Streams of old programs may end without a mark.
        if self.reader.fill_buf().map_err(|e| Error::read(&self.path, e))?.is_empty() {
            return Ok(None);
        }
        self.exactly(4, &mut start)?;
        // Before the length there is a mark, except in files of old programs. It is left away here.
        if start == MARK {
            start.clear();
            self.exactly(4, &mut start)?;
        }
        let length = start.last_chunk::<4>().map_or(0, |four| i32::from_le_bytes(*four));
        let Ok(length) = u64::try_from(length) else {
            return Err(damaged(&self.path, format!("a message of {length} bytes")));
        };
        if length == 0 {
            return Ok(None);
        }
        self.exactly(length, &mut start)?;
        let found = guarded(|| {
            let message = root_as_message(&start[4..]).ok()?;
            let body = u64::try_from(message.bodyLength()).ok()?;
            let rows = message.header_as_record_batch().map(|batch| usize::try_from(batch.length()).ok());
            Some((body, rows.map_or(Some(None), |rows| rows.map(Some))?))
        });
        let Some(Some((body, rows))) = found else {
            return Err(damaged(&self.path, "a message that cannot be read".into()));
        };
        Ok(Some(Framed { start, body, rows }))
    }

    /// A whole message.
    fn with_body(&mut self, framed: Framed) -> Result<Buffer> {
        let Framed { start: mut bytes, body, .. } = framed;
        let head = bytes.len();
        self.exactly(body, &mut bytes)?;
        if body == 0 {
            // The decoder looks at a message without a body when the next one begins, and that begins with the mark.
            bytes.extend_from_slice(&MARK);
        }
        let fits = guarded(|| {
            let message = root_as_message(&bytes[4..head]).ok()?;
            unpacked_fits(&message, &bytes[head..]).then_some(())
        });
        match fits {
            Some(Some(())) => Ok(Buffer::from_vec(bytes)),
            _ => Err(damaged(&self.path, "a compressed part that claims to be of more than 2 GiB".into())),
        }
    }

    fn skip(&mut self, framed: &Framed) -> Result<()> {
        let skipped = std::io::copy(&mut (&mut self.reader).take(framed.body), &mut std::io::sink());
        let skipped = skipped.map_err(|e| Error::read(&self.path, e))?;
        if skipped == framed.body { Ok(()) } else { Err(ends_early(&self.path)) }
    }
}

/// Whether no compressed part claims to be too large. Each begins with its length, as unpacked.
fn unpacked_fits(message: &Message, body: &[u8]) -> bool {
    let batch = match message.header_type() {
        MessageHeader::RecordBatch => message.header_as_record_batch(),
        MessageHeader::DictionaryBatch => message.header_as_dictionary_batch().and_then(|batch| batch.data()),
        _ => None,
    };
    let Some(batch) = batch else {
        return true;
    };
    let packed = batch
        .compression()
        .is_some_and(|how| [CompressionType::LZ4_FRAME, CompressionType::ZSTD].contains(&how.codec()));
    let length = |offset: i64| {
        let from = usize::try_from(offset).ok()?;
        Some(i64::from_le_bytes(*body.get(from..)?.first_chunk::<8>()?))
    };
    !packed
        || batch.buffers().is_none_or(|buffers| {
            buffers.iter().all(|buffer| length(buffer.offset()).is_none_or(|length| length <= MOST))
        })
}

struct Arrow {
    path: PathBuf,
    place: Place,
    schema: SchemaRef,
    rows: usize,
    batches: Batches,
    /// The batch that is being read, and how many of its rows were.
    batch: Option<RecordBatch>,
    used: usize,
    /// Rows that were read.
    at: usize,
    widths: Vec<Option<usize>>,
}

/// The batches of a file, decoded.
struct Batches {
    messages: Messages,
    decoder: StreamDecoder,
}

impl Batches {
    fn open(path: &Path, place: &Place) -> Result<Self> {
        Ok(Batches { messages: Messages::open(path, place)?, decoder: StreamDecoder::new() })
    }

    fn schema(&mut self) -> Result<SchemaRef> {
        let path = self.messages.path.clone();
        let Some(first) = self.messages.next()? else {
            return Err(ends_early(&path));
        };
        let mut bytes = self.messages.with_body(first)?;
        decoded(&path, || {
            while !bytes.is_empty() && self.decoder.decode(&mut bytes)?.is_none() {}
            Ok(())
        })?;
        self.decoder.schema().ok_or_else(|| damaged(&path, "one that does not begin with its columns".into()))
    }

    fn next(&mut self) -> Result<Option<RecordBatch>> {
        let path = self.messages.path.clone();
        while let Some(framed) = self.messages.next()? {
            let mut bytes = self.messages.with_body(framed)?;
            let batch = decoded(&path, || {
                let mut batch = None;
                while !bytes.is_empty() {
                    batch = self.decoder.decode(&mut bytes)?.or(batch);
                }
                Ok(batch)
            })?;
            if batch.is_some() {
                return Ok(batch);
            }
        }
        Ok(None)
    }
}

impl Arrow {
    fn new(path: &Path, place: Place) -> Result<Self> {
        let mut messages = Messages::open(path, &place)?;
        let mut rows = 0_usize;
        while let Some(framed) = messages.next()? {
            messages.skip(&framed)?;
            let counted = rows.checked_add(framed.rows.unwrap_or(0)).filter(|&rows| rows <= 1 << 60);
            rows = counted.ok_or_else(|| damaged(path, "more rows than can be counted".into()))?;
        }
        messages.end()?;
        let mut batches = Batches::open(path, &place)?;
        let schema = batches.schema()?;
        let widths = vec![None; schema.fields().len()];
        let path = path.to_owned();
        Ok(Arrow { path, place, schema, rows, batches, batch: None, used: 0, at: 0, widths })
    }

    fn name(&self, column: usize) -> &str {
        self.schema.field(column).name()
    }

    /// Makes sure that some rows of a batch are left, and says how many.
    fn left(&mut self) -> Result<usize> {
        loop {
            let left = self.batch.as_ref().map_or(0, |batch| batch.num_rows() - self.used);
            if left > 0 {
                return Ok(left);
            }
            self.batch = self.batches.next()?;
            self.used = 0;
            if self.batch.is_none() {
                return Err(ends_early(&self.path));
            }
        }
    }
}

impl Columns for Arrow {
    fn rows(&self) -> usize {
        self.rows
    }

    fn width(&mut self, column: usize) -> Result<usize> {
        let fixed = match self.schema.field(column).data_type() {
            DataType::FixedSizeList(_, width) => usize::try_from(*width).ok(),
            DataType::List(_) | DataType::LargeList(_) => None,
            _ => return Ok(1),
        };
        self.left()?;
        let Some(batch) = &self.batch else {
            return Err(ends_early(&self.path));
        };
        let lists = batch.column(column);
        let first = || match lists.data_type() {
            _ if lists.is_null(0) => 0,
            DataType::List(_) => lists.as_list::<i32>().value_length(0) as usize,
            _ => lists.as_list::<i64>().value_length(0) as usize,
        };
        let width = fixed.unwrap_or_else(first);
        if width == 0 {
            return Err(missing(&self.path, 0, self.name(column)));
        }
        self.widths[column] = Some(width);
        Ok(width)
    }

    fn take(&mut self, columns: &[usize], rows: usize) -> Result<Vec<Values>> {
        let mut parts: Vec<Option<Values>> = columns.iter().map(|_| None).collect();
        let mut wanted = rows;
        while wanted > 0 {
            let count = self.left()?.min(wanted);
            let Some(batch) = &self.batch else {
                return Err(ends_early(&self.path));
            };
            for (part, &column) in parts.iter_mut().zip(columns) {
                let array = batch.column(column).slice(self.used, count);
                let cells = Cells { path: &self.path, name: self.name(column), first: self.at };
                let more = match self.widths[column] {
                    Some(width) => cells.vectors(&array, width)?,
                    None => cells.numbers(&array)?,
                };
                match part {
                    Some(before) => before.extend(more),
                    None => *part = Some(more),
                }
            }
            self.used += count;
            self.at += count;
            wanted -= count;
        }
        Ok(parts.into_iter().map(|part| part.unwrap_or(Values::F32(Vec::new()))).collect())
    }

    fn texts(&mut self, column: usize) -> Result<Vec<String>> {
        let mut batches = Batches::open(&self.path, &self.place)?;
        batches.schema()?;
        let mut texts = Vec::new();
        while let Some(batch) = batches.next()? {
            let cells = Cells { path: &self.path, name: self.name(column), first: texts.len() };
            texts.extend(cells.texts(batch.column(column))?);
        }
        if texts.len() == self.rows { Ok(texts) } else { Err(ends_early(&self.path)) }
    }
}

/// Some rows of a column.
struct Cells<'a> {
    path: &'a Path,
    name: &'a str,
    /// The number of the first row.
    first: usize,
}

impl Cells<'_> {
    /// Refuses cells without a value, of which each row has `width`.
    fn check(&self, array: &dyn Array, width: usize) -> Result<()> {
        match (0..array.len()).find(|&cell| array.null_count() > 0 && array.is_null(cell)) {
            Some(cell) => Err(missing(self.path, self.first + cell / width, self.name)),
            None => Ok(()),
        }
    }

    fn numbers(&self, array: &ArrayRef) -> Result<Values> {
        self.check(array, 1)?;
        self.values(array)
    }

    fn vectors(&self, array: &ArrayRef, width: usize) -> Result<Values> {
        self.check(array, 1)?;
        let rows = array.len();
        let uneven_row = |length: &dyn Fn(usize) -> usize| {
            (0..rows).find(|&row| length(row) != width).map(|row| (row, length(row)))
        };
        let (uneven_at, inside) = match array.data_type() {
            DataType::List(_) => {
                let lists = array.as_list::<i32>();
                let from = lists.value_offsets()[0] as usize;
                let odd = uneven_row(&|row| lists.value_length(row) as usize);
                (odd, odd.is_none().then(|| lists.values().slice(from, rows * width)))
            }
            DataType::LargeList(_) => {
                let lists = array.as_list::<i64>();
                let from = lists.value_offsets()[0] as usize;
                let odd = uneven_row(&|row| lists.value_length(row) as usize);
                (odd, odd.is_none().then(|| lists.values().slice(from, rows * width)))
            }
            _ => {
                let lists = array.as_fixed_size_list();
                let from = lists.value_offset_at(0);
                (None, Some(lists.values().slice(from, rows * width)))
            }
        };
        match (uneven_at, inside) {
            (Some((row, found)), _) => Err(uneven(self.path, self.first + row, self.name, found, width)),
            (None, Some(inside)) => {
                self.check(&inside, width)?;
                self.values(&inside)
            }
            (None, None) => Err(ends_early(self.path)),
        }
    }

    fn values(&self, array: &ArrayRef) -> Result<Values> {
        macro_rules! whole {
            ($kind:ty) => {
                Values::Integer(
                    array.as_primitive::<$kind>().values().iter().map(|&v| i64::from(v)).collect(),
                )
            };
        }
        Ok(match array.data_type() {
            DataType::Boolean => {
                let bools = array.as_boolean();
                Values::Bool((0..bools.len()).map(|cell| bools.value(cell)).collect())
            }
            DataType::UInt8 => Values::U8(array.as_primitive::<UInt8Type>().values().to_vec()),
            DataType::Int8 => whole!(Int8Type),
            DataType::Int16 => whole!(Int16Type),
            DataType::Int32 => whole!(Int32Type),
            DataType::Int64 => whole!(Int64Type),
            DataType::UInt16 => whole!(UInt16Type),
            DataType::UInt32 => whole!(UInt32Type),
            DataType::UInt64 => {
                let numbers = array.as_primitive::<UInt64Type>().values().iter();
                let narrow: Option<Vec<i64>> = numbers.map(|&v| i64::try_from(v).ok()).collect();
                Values::Integer(narrow.ok_or_else(|| too_large(self.path, self.name))?)
            }
            DataType::Float16 => {
                let halves = array.as_primitive::<Float16Type>().values().iter();
                Values::F32(halves.map(|v| widen_f16(v.to_bits())).collect())
            }
            DataType::Float32 => Values::F32(array.as_primitive::<Float32Type>().values().to_vec()),
            DataType::Float64 => Values::F64(array.as_primitive::<Float64Type>().values().to_vec()),
            other => return Err(damaged(self.path, format!("values of type {other} in place of numbers"))),
        })
    }

    fn texts(&self, array: &ArrayRef) -> Result<Vec<String>> {
        self.check(array, 1)?;
        let rows = 0..array.len();
        Ok(match array.data_type() {
            DataType::Utf8 => rows.map(|row| array.as_string::<i32>().value(row).to_owned()).collect(),
            DataType::LargeUtf8 => rows.map(|row| array.as_string::<i64>().value(row).to_owned()).collect(),
            DataType::Utf8View => rows.map(|row| array.as_string_view().value(row).to_owned()).collect(),
            DataType::Dictionary(..) => {
                let words = array.as_any_dictionary();
                let inside = Cells { path: self.path, name: self.name, first: self.first };
                let known = inside.texts(words.values())?;
                words.normalized_keys().into_iter().map(|key| known[key].clone()).collect()
            }
            _ => {
                let table = Table::new(self.numbers(array)?, 1, None, None);
                let wrong =
                    |value| Error::content(self.path, "labels", value, "give finite numbers or texts");
                table.texts().map_err(wrong)?
            }
        })
    }
}
