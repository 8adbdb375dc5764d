//! Parquet files: columns of numbers, or one column of vectors, as tables of embeddings have.
//!
//! The numbers of a column are stored with levels. A definition level below the highest says that something on the way to the number
//! is missing; a repetition level of 0 begins a row, and one of 1 goes on with its list.

use std::path::{Path, PathBuf};

use bytes::Bytes as Held;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::column::reader::ColumnReader;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;

use super::columns::{self, Column, Columns, Holds, missing, too_large, uneven};
use super::guard::guarded;
use super::raw::widen_f16;
use super::{Bytes, Opened, ReadOptions};
use crate::error::{Error, Result};
use crate::table::{Dtype, Table, Values};

/// So many values are decoded at a time.
const STEP: usize = 1 << 16;

/// The decoder stops at a page without values, and goes on when it is asked again. So many of them may follow each other.
const EMPTY: usize = 100;

pub(super) fn open(path: &Path, bytes: Bytes, wanted: Option<&str>, reading: &ReadOptions) -> Result<Opened> {
    let is_file = bytes.file;
    let reader: Box<dyn FileReader> = if is_file {
        let file = std::fs::File::open(path).map_err(|e| Error::read(path, e))?;
        Box::new(decoded(path, || SerializedFileReader::new(file))?)
    } else {
        let held = Held::from(bytes.rest(path)?);
        Box::new(decoded(path, || SerializedFileReader::new(held))?)
    };
    let table = Parquet::new(path, reader)?;
    let all: Vec<Column> = table.columns.iter().map(Leaf::column).collect();
    columns::open(path, &all, Box::new(table), wanted, reading)
}

/// Runs the decoder, whose errors and panics become errors of the file.
fn decoded<T>(path: &Path, decode: impl FnOnce() -> parquet::errors::Result<T>) -> Result<T> {
    match guarded(decode) {
        Some(Ok(value)) => Ok(value),
        Some(Err(error)) => {
            let text = error.to_string();
            Err(damaged(path, format!("a damaged one ({})", text.lines().next().unwrap_or_default())))
        }
        None => Err(damaged(path, "a damaged one, at which the decoder stops".into())),
    }
}

fn damaged(path: &Path, found: String) -> Error {
    Error::content(path, "a Parquet file", found, "fetch it again, or write it with another program")
}

/// A top-level column, and where its numbers are.
#[derive(Clone, Debug)]
struct Leaf {
    name: String,
    /// Its place among the columns of the file, which has one for each number of a structure.
    place: usize,
    holds: Holds,
    decode: Decode,
    /// The level of a value that is there.
    present: i16,
    /// Whether a single element of a list may be missing.
    optional: bool,
    /// Numbers in a row of vectors, when it is known.
    width: Option<usize>,
}

/// How stored values become numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Decode {
    AsStored,
    Byte,
    Unsigned32,
    Unsigned64,
    Half,
}

impl Leaf {
    fn column(&self) -> Column {
        Column { name: self.name.clone(), holds: self.holds.clone() }
    }

    fn new(name: &str, place: usize, found: &ColumnDescriptor, leaves: usize) -> Self {
        let (holds, decode) = match (leaves, found.max_rep_level()) {
            (1, 0) if found.path().parts().len() == 1 => of_numbers(found),
            (1, 1) => match of_numbers(found) {
                (Holds::Numbers(dtype), decode) => (Holds::Vectors(dtype), decode),
                (other, decode) => (Holds::Other(format!("lists of {}", described(&other))), decode),
            },
            (1, 2..) => (Holds::Other("lists of lists".into()), Decode::AsStored),
            _ => (Holds::Other("structures".into()), Decode::AsStored),
        };
        Leaf {
            name: name.to_owned(),
            place,
            holds,
            decode,
            present: found.max_def_level(),
            optional: found.self_type().get_basic_info().repetition() == Repetition::OPTIONAL,
            width: None,
        }
    }
}

fn described(holds: &Holds) -> &str {
    match holds {
        Holds::Texts => "texts",
        Holds::Other(what) => what,
        _ => "numbers",
    }
}

/// What a column of single values holds.
fn of_numbers(found: &ColumnDescriptor) -> (Holds, Decode) {
    let other = |what: &str| (Holds::Other(what.into()), Decode::AsStored);
    let numbers = |dtype, decode| (Holds::Numbers(dtype), decode);
    let logical = found.logical_type_ref().cloned().or_else(|| match found.converted_type() {
        parquet::basic::ConvertedType::UINT_8 => Some(LogicalType::integer(8, false)),
        parquet::basic::ConvertedType::UINT_32 => Some(LogicalType::integer(32, false)),
        parquet::basic::ConvertedType::UINT_64 => Some(LogicalType::integer(64, false)),
        parquet::basic::ConvertedType::DECIMAL => Some(LogicalType::decimal(0, 0)),
        parquet::basic::ConvertedType::DATE
        | parquet::basic::ConvertedType::TIME_MILLIS
        | parquet::basic::ConvertedType::TIME_MICROS
        | parquet::basic::ConvertedType::TIMESTAMP_MILLIS
        | parquet::basic::ConvertedType::TIMESTAMP_MICROS => Some(LogicalType::Date),
        _ => None,
    });
    match (found.physical_type(), logical) {
        (_, Some(LogicalType::Decimal(_))) => other("decimal numbers"),
        (_, Some(LogicalType::Date | LogicalType::Time(_) | LogicalType::Timestamp(_))) => other("times"),
        (Physical::BOOLEAN, _) => numbers(Dtype::Bool, Decode::AsStored),
        (Physical::INT32, Some(LogicalType::Integer(kind))) if !kind.is_signed => match kind.bit_width {
            8 => numbers(Dtype::U8, Decode::Byte),
            _ => numbers(Dtype::Integer, Decode::Unsigned32),
        },
        (Physical::INT64, Some(LogicalType::Integer(kind))) if !kind.is_signed => {
            numbers(Dtype::Integer, Decode::Unsigned64)
        }
        (Physical::INT32 | Physical::INT64, _) => numbers(Dtype::Integer, Decode::AsStored),
        (Physical::FLOAT, _) => numbers(Dtype::F32, Decode::AsStored),
        (Physical::DOUBLE, _) => numbers(Dtype::F64, Decode::AsStored),
        (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Float16)) => numbers(Dtype::F32, Decode::Half),
        (Physical::BYTE_ARRAY, Some(LogicalType::String | LogicalType::Enum | LogicalType::Json)) => {
            (Holds::Texts, Decode::AsStored)
        }
        (Physical::BYTE_ARRAY, None) if found.converted_type() == parquet::basic::ConvertedType::UTF8 => {
            (Holds::Texts, Decode::AsStored)
        }
        (Physical::INT96, _) => other("times"),
        _ => other("bytes"),
    }
}

struct Parquet {
    path: PathBuf,
    reader: Box<dyn FileReader>,
    columns: Vec<Leaf>,
    rows: usize,
    /// The number of the next group of rows, and the rows that are left of the one before.
    group: usize,
    left: usize,
    open: Vec<ColumnReader>,
    /// Rows that were read.
    at: usize,
}

impl Parquet {
    fn new(path: &Path, reader: Box<dyn FileReader>) -> Result<Self> {
        let head = reader.metadata();
        let schema = head.file_metadata().schema_descr();
        let mut columns: Vec<Leaf> = Vec::new();
        let roots: Vec<usize> =
            (0..schema.num_columns()).map(|leaf| schema.get_column_root_idx(leaf)).collect();
        for place in 0..schema.num_columns() {
            if place > 0 && roots[place] == roots[place - 1] {
                continue;
            }
            let leaves = roots.iter().filter(|&&root| root == roots[place]).count();
            let name = schema.get_column_root(place).name();
            columns.push(Leaf::new(name, place, &schema.column(place), leaves));
        }
        let of_groups = |count: i64, group: i64| (group >= 0).then(|| count.checked_add(group)).flatten();
        let counted = head.row_groups().iter().map(|group| group.num_rows()).try_fold(0, of_groups);
        let rows = head.file_metadata().num_rows();
        let rows = usize::try_from(rows).ok().filter(|_| counted == Some(rows));
        let rows =
            rows.ok_or_else(|| damaged(path, "one whose numbers of rows contradict each other".into()))?;
        Ok(Parquet {
            path: path.to_owned(),
            reader,
            columns,
            rows,
            group: 0,
            left: 0,
            open: Vec::new(),
            at: 0,
        })
    }

    fn reader(&self, group: usize, column: usize) -> Result<ColumnReader> {
        let place = self.columns[column].place;
        decoded(&self.path, || self.reader.get_row_group(group)?.get_column_reader(place))
    }

    fn groups(&self) -> impl Iterator<Item = (usize, usize)> {
        let sizes = self.reader.metadata().row_groups().iter().map(|group| group.num_rows() as usize);
        sizes.collect::<Vec<_>>().into_iter().enumerate()
    }
}

impl Columns for Parquet {
    fn rows(&self) -> usize {
        self.rows
    }

    fn width(&mut self, column: usize) -> Result<usize> {
        if !matches!(self.columns[column].holds, Holds::Vectors(_)) {
            return Ok(1);
        }
        let first = self.groups().find(|(_, rows)| *rows > 0).map_or(0, |(group, _)| group);
        let mut reader = self.reader(first, column)?;
        let cells = Cells::read(&self.path, &mut reader, 1)?;
        let width = cells.levels.iter().filter(|&&level| level + 1 >= self.columns[column].present).count();
        if width == 0 {
            return Err(missing(&self.path, 0, &self.columns[column].name));
        }
        self.columns[column].width = Some(width);
        Ok(width)
    }

    fn take(&mut self, columns: &[usize], rows: usize) -> Result<Vec<Values>> {
        let mut parts: Vec<Option<Values>> = columns.iter().map(|_| None).collect();
        let mut wanted = rows;
        while wanted > 0 {
            while self.left == 0 {
                let Some((group, rows)) = self.groups().nth(self.group) else {
                    return Err(damaged(&self.path, "one that ends early".into()));
                };
                self.group += 1;
                self.left = rows;
                if rows > 0 {
                    self.open =
                        columns.iter().map(|&column| self.reader(group, column)).collect::<Result<_>>()?;
                }
            }
            let widest = columns.iter().filter_map(|&column| self.columns[column].width).max().unwrap_or(1);
            let count = wanted.min(self.left).min((STEP / widest).max(1));
            for ((part, &column), reader) in parts.iter_mut().zip(columns).zip(&mut self.open) {
                let cells = Cells::read(&self.path, reader, count)?;
                let more = cells.numbers(&self.path, &self.columns[column], count, self.at)?;
                match part {
                    Some(before) => before.extend(more),
                    None => *part = Some(more),
                }
            }
            self.left -= count;
            self.at += count;
            wanted -= count;
        }
        Ok(parts.into_iter().map(|part| part.unwrap_or(Values::F32(Vec::new()))).collect())
    }

    fn texts(&mut self, column: usize) -> Result<Vec<String>> {
        let mut texts = Vec::new();
        for (group, rows) in self.groups() {
            let mut reader = self.reader(group, column)?;
            let mut left = rows;
            while left > 0 {
                let count = left.min(STEP);
                let cells = Cells::read(&self.path, &mut reader, count)?;
                texts.extend(cells.texts(&self.path, &self.columns[column], count, texts.len())?);
                left -= count;
            }
        }
        Ok(texts)
    }
}

/// Values of some rows of a column, with their levels.
struct Cells {
    stored: Stored,
    levels: Vec<i16>,
    /// 0 where a row begins.
    begins: Vec<i16>,
}

enum Stored {
    Bool(Vec<bool>),
    I32(Vec<i32>),
    I64(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Bytes(Vec<parquet::data_type::ByteArray>),
    Fixed(Vec<parquet::data_type::FixedLenByteArray>),
}

impl Cells {
    fn read(path: &Path, reader: &mut ColumnReader, rows: usize) -> Result<Self> {
        let (mut levels, mut begins) = (Vec::new(), Vec::new());
        macro_rules! records {
            ($reader:expr, $kind:ident) => {{
                let mut values = Vec::new();
                let mut done = 0;
                let mut empty = 0;
                while done < rows {
                    let left = rows - done;
                    let read =
                        || $reader.read_records(left, Some(&mut levels), Some(&mut begins), &mut values);
                    let some = decoded(path, read)?.0;
                    empty = if some == 0 { empty + 1 } else { 0 };
                    if empty > EMPTY {
                        return Err(damaged(path, "one that ends early".into()));
                    }
                    done += some;
                }
                Stored::$kind(values)
            }};
        }
        let stored = match reader {
            ColumnReader::BoolColumnReader(r) => records!(r, Bool),
            ColumnReader::Int32ColumnReader(r) => records!(r, I32),
            ColumnReader::Int64ColumnReader(r) => records!(r, I64),
            ColumnReader::FloatColumnReader(r) => records!(r, F32),
            ColumnReader::DoubleColumnReader(r) => records!(r, F64),
            ColumnReader::ByteArrayColumnReader(r) => records!(r, Bytes),
            ColumnReader::FixedLenByteArrayColumnReader(r) => records!(r, Fixed),
            ColumnReader::Int96ColumnReader(_) => {
                return Err(damaged(path, "times in place of numbers".into()));
            }
        };
        Ok(Cells { stored, levels, begins })
    }

    /// Refuses cells without a value, and vectors of other lengths. `first` is the number of the first row.
    fn check(&self, path: &Path, leaf: &Leaf, first: usize) -> Result<()> {
        let Some(width) = leaf.width else {
            return match self.levels.iter().position(|&level| level < leaf.present) {
                Some(row) => Err(missing(path, first + row, &leaf.name)),
                None => Ok(()),
            };
        };
        let mut row = first;
        let mut count = 0;
        let starts = self.begins.iter().map(|&level| level == 0).chain([true]).enumerate();
        for (k, begins) in starts {
            if begins && k > 0 {
                if count != width {
                    return Err(uneven(path, row, &leaf.name, count, width));
                }
                (row, count) = (row + 1, 0);
            }
            match self.levels.get(k) {
                Some(&level) if level == leaf.present => count += 1,
                Some(&level) if leaf.optional && level + 1 == leaf.present => {
                    return Err(missing(path, row, &leaf.name));
                }
                // A list that is empty or missing.
                _ => {}
            }
        }
        Ok(())
    }

    fn numbers(self, path: &Path, leaf: &Leaf, rows: usize, first: usize) -> Result<Values> {
        self.check(path, leaf, first)?;
        let values = match (self.stored, leaf.decode) {
            (Stored::Bool(v), _) => Values::Bool(v),
            (Stored::I32(v), Decode::Byte) => Values::U8(v.into_iter().map(|v| v as u8).collect()),
            (Stored::I32(v), Decode::Unsigned32) => {
                Values::Integer(v.into_iter().map(|v| i64::from(v as u32)).collect())
            }
            (Stored::I32(v), _) => Values::Integer(v.into_iter().map(i64::from).collect()),
            (Stored::I64(v), Decode::Unsigned64) if v.iter().any(|&v| v < 0) => {
                return Err(too_large(path, &leaf.name));
            }
            (Stored::I64(v), _) => Values::Integer(v),
            (Stored::F32(v), _) => Values::F32(v),
            (Stored::F64(v), _) => Values::F64(v),
            (Stored::Fixed(v), Decode::Half) => {
                let half = |bytes: parquet::data_type::FixedLenByteArray| {
                    let pair = bytes.data().try_into().unwrap_or([0; 2]);
                    widen_f16(u16::from_le_bytes(pair))
                };
                Values::F32(v.into_iter().map(half).collect())
            }
            _ => return Err(damaged(path, "values of another type than it says".into())),
        };
        if values.len() != rows * leaf.width.unwrap_or(1) {
            return Err(damaged(path, "another number of values than it says".into()));
        }
        Ok(values)
    }

    fn texts(self, path: &Path, leaf: &Leaf, rows: usize, first: usize) -> Result<Vec<String>> {
        if let Stored::Bytes(bytes) = &self.stored {
            self.check(path, leaf, first)?;
            let text = |bytes: &parquet::data_type::ByteArray| {
                let text = std::str::from_utf8(bytes.data());
                text.map(str::to_owned).map_err(|_| damaged(path, "text that is not UTF-8".into()))
            };
            return bytes.iter().map(text).collect();
        }
        let numbers = self.numbers(path, leaf, rows, first)?;
        Table::new(numbers, 1, None, None)
            .texts()
            .map_err(|value| Error::content(path, "labels", value, "give finite numbers or texts"))
    }
}
