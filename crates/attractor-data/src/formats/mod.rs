//! Reads files of rows. The format is detected, and rows are read in order, a batch at a time.
//!
//! Each format first reads its head: how many rows of which size and type. Values are read when they are asked for,
//! so a file of cues may be larger than memory.

#[cfg(feature = "arrow")]
mod arrow;
mod cifar;
#[cfg(any(feature = "arrow", feature = "parquet"))]
mod columns;
mod csv;
mod faiss;
mod file_rows;
mod guard;
mod gzip;
mod idx;
mod labels;
mod npy;
mod npz;
#[cfg(feature = "parquet")]
mod parquet;
pub(crate) mod parts;
mod pictures;
mod raw;
mod records;
pub(crate) mod safetensors;
mod unused;
mod zarr;

pub use guard::panics_are_caught;
pub use labels::labels_beside;
pub use records::{is_mixed, is_table, read_records};
pub use zarr::is_zarr;

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::csv::LabelColumn;
pub use file_rows::FileRows;
use ndarray::Array2;

use attractor::message;
use attractor::message::{Argument, Message};

use crate::error::{Error, Result};
use crate::shape::{Layout, Shape};
use crate::table::{Dtype, Table, Values};

/// Options for reading a file, for what the file itself does not say.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The shape of the images, if the rows are images.
    pub shape: Option<Shape>,
    /// The order of the numbers of an image.
    pub layout: Option<Layout>,
    /// The height and width that pictures are resized to. Without it, all pictures must have the same size.
    pub resize: Option<(usize, usize)>,
    /// Whether pictures are converted to grey.
    pub grey: bool,
    /// Whether grey pictures are converted to colour.
    pub colour: bool,
    /// The colour behind transparent pixels: red, green and blue. Without it they are refused.
    pub background: Option<[u8; 3]>,
    /// Whether the first line of a table is a header. Without it the table decides.
    pub header: Option<bool>,
    /// The column of a table that holds labels. Without it the table decides.
    pub label_column: Option<LabelColumn>,
    /// A file of labels: text with one label per line, or an array of class numbers.
    pub labels: Option<PathBuf>,
}

/// The head of a file: what its rows are.
#[derive(Clone, Debug)]
pub struct Header {
    /// The file.
    pub path: PathBuf,
    /// The number of rows.
    pub rows: usize,
    /// Numbers in a row.
    pub columns: usize,
    /// The type of the numbers.
    pub dtype: Dtype,
    /// The shape of the images, if the file or the options say that the rows are images.
    pub shape: Option<Shape>,
    /// One label per row, if the file or a file beside it has labels.
    pub labels: Option<Vec<String>>,
    /// The names of the columns, if the file has them.
    pub names: Option<Vec<String>>,
    /// What was guessed about the file.
    pub notes: Vec<Message>,
}

/// A file of rows, which are read in order, a batch at a time.
pub struct Rows {
    head: Header,
    source: Box<dyn Source>,
    at: usize,
    relay: Option<Shape>,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rows").field("head", &self.head).field("at", &self.at).finish_non_exhaustive()
    }
}

/// A reader of one format, which returns values row after row.
trait Source: Send {
    /// Reads the next `rows` rows. There are as many as the head says.
    fn take(&mut self, rows: usize) -> Result<Values>;
}

impl Rows {
    /// Opens a file, a folder of pictures or of a Zarr array, or one array of an archive (`FILE:NAME`).
    ///
    /// Reads `.npy`, `.npz`, `.safetensors`, IDX, CIFAR-10 `.bin` and flat indexes of faiss (these also gzipped), `.csv`, PNG
    /// and JPEG, Zarr arrays, and with the features `parquet` and `arrow` tables of those.
    ///
    /// # Errors
    /// The file is missing, damaged, truncated or of an unknown format; pictures have different sizes.
    pub fn open(path: &Path, reading: &ReadOptions) -> Result<Self> {
        let (path, array) = array_name(path);
        let (mut head, source) = match std::fs::metadata(&path) {
            Ok(found) if found.is_dir() && is_zarr(&path) => zarr::open(&path)?,
            Ok(found) if found.is_dir() => pictures::folder(&path, reading)?,
            _ => {
                let bytes = Bytes::open(&path)?;
                from_bytes(&path, bytes, array.as_deref(), reading)?
            }
        };
        if let Some(file) = &reading.labels {
            head.labels = Some(labels::read(file, head.rows)?);
        } else if head.labels.is_none()
            && let Some((labels, file)) = labels::beside(&path, head.rows)?
        {
            head.notes.push(format!("labels are read from {}", file.display()).into());
            head.labels = Some(labels);
        }
        head.shape = agreed_shape(&head, reading)?;
        Ok(Rows { head, source, at: 0, relay: None })
    }

    /// The head: what the rows are.
    pub fn head(&self) -> &Header {
        &self.head
    }

    /// The same rows, with the numbers of each image in the layout of `shape`, so that they can be compared with
    /// patterns of that layout.
    pub fn laid_out_as(mut self, shape: Option<Shape>) -> Self {
        if let (Some(own), Some(to)) = (self.head.shape, shape)
            && (own.channels, own.height, own.width) == (to.channels, to.height, to.width)
        {
            self.relay = Some(to);
        }
        self
    }

    /// Reads the next `rows` rows, or as many as are left. Returns `None` at the end.
    ///
    /// # Errors
    /// The file is truncated or damaged.
    pub fn next_batch(&mut self, rows: usize) -> Result<Option<Table>> {
        let rows = rows.min(self.head.rows - self.at);
        if rows == 0 {
            return Ok(None);
        }
        let values = self.source.take(rows)?;
        let labels = self.head.labels.as_ref().map(|l| l[self.at..self.at + rows].to_vec());
        self.at += rows;
        let table = Table::new(values, self.head.columns, labels, self.head.shape);
        Ok(Some(match self.relay {
            Some(to) => table.relaid(to),
            None => table,
        }))
    }

    /// Reads all rows that are left.
    ///
    /// # Errors
    /// The file is truncated or damaged.
    pub fn all(mut self) -> Result<Table> {
        let left = self.head.rows - self.at;
        match self.next_batch(left)? {
            Some(table) => Ok(table),
            None => Ok(Table::new(Values::F32(Vec::new()), self.head.columns, None, self.head.shape)),
        }
    }
}

/// Reads a whole file; see [`Rows::open`] for the formats.
///
/// # Errors
/// As [`Rows::open`].
pub fn read(path: &Path, reading: &ReadOptions) -> Result<Table> {
    Rows::open(path, reading)?.all()
}

/// Reads a mask, in which a non-zero number means a known unit. It has one row for all `rows` cues, or one row per
/// cue. If it holds images, it is brought to the layout of `shape`.
///
/// # Errors
/// As [`read`]; also if the mask has another number of rows.
pub fn read_mask(
    path: &Path,
    rows: usize,
    dim: usize,
    reading: &ReadOptions,
    shape: Option<Shape>,
) -> Result<Array2<bool>> {
    let table = Rows::open(path, reading)?.laid_out_as(shape).all()?;
    if table.columns() != dim || (table.rows() != 1 && table.rows() != rows) {
        return Err(Error::content(
            path,
            format!("a mask of shape {dim} or {rows} × {dim}"),
            format!("{} × {}", table.rows(), table.columns()),
            "give one row for all cues (1 × D) or one row a cue",
        ));
    }
    let mask = table.numbers::<f64>();
    if let Some((row, unit)) = mask.indexed_iter().find(|(_, v)| v.is_nan()).map(|(at, _)| at) {
        return Err(Error::content(
            path,
            "a mask of zeros and other numbers",
            format!("NaN at row {row}, unit {unit}"),
            "write 0 for unknown and 1 for known units",
        ));
    }
    Ok(mask.mapv(|v| v != 0.0))
}

/// The shape that the file or the options give. It is an error if they contradict each other.
fn agreed_shape(head: &Header, reading: &ReadOptions) -> Result<Option<Shape>> {
    let mut asked = reading.shape;
    if let Some(shape) = &mut asked {
        shape.check(head.columns)?;
        shape.layout = reading.layout.unwrap_or(shape.layout);
    }
    let Some(own) = head.shape else {
        if asked.is_none() && reading.layout.is_some() {
            return Err(Error::content(
                &head.path,
                message!["images where ", Argument::Layout, " is given"],
                "rows without a shape",
                message!["say their shape (", Argument::Shape, "), or leave ", Argument::Layout, " away"],
            ));
        }
        return Ok(asked);
    };
    let sizes = |s: Shape| (s.channels, s.height, s.width);
    let same_layout = |layout| own.channels == 1 || layout == own.layout;
    let agrees = asked.is_none_or(|a| sizes(a) == sizes(own) && same_layout(a.layout))
        && reading.layout.is_none_or(same_layout);
    if agrees {
        return Ok(Some(own));
    }
    Err(Error::content(
        &head.path,
        message![Argument::Shape, " and ", Argument::Layout, " as in the file, or none"],
        format!("images of {own} in it"),
        message!["leave ", Argument::Shape, " and ", Argument::Layout, " away where a file says it"],
    ))
}

/// Splits `FILE:NAME`, if `FILE` exists and the whole path does not.
fn array_name(path: &Path) -> (PathBuf, Option<String>) {
    let split = path.to_str().and_then(|text| text.rsplit_once(':'));
    match split {
        Some((file, name)) if !path.exists() && Path::new(file).is_file() => {
            (file.into(), Some(name.to_owned()))
        }
        _ => (path.to_owned(), None),
    }
}

/// The bytes of a file, and their number if it is known before reading.
struct Bytes {
    reader: Box<dyn Input>,
    length: Option<u64>,
    file: bool,
}

/// A buffered reader, whose first bytes can be looked at without consuming them.
trait Input: BufRead + Send {}
impl<T: BufRead + Send> Input for T {}

/// A reader that can seek.
trait SeekRead: Read + Seek + Send {}
impl<T: Read + Seek + Send> SeekRead for T {}

impl Bytes {
    fn open(path: &Path) -> Result<Self> {
        let failed = |e| Error::read(path, e);
        let file = File::open(path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        let length = found.is_file().then_some(found.len());
        Ok(Bytes {
            reader: Box::new(BufReader::with_capacity(1 << 16, file)),
            length,
            file: length.is_some(),
        })
    }

    fn memory(bytes: Vec<u8>) -> Self {
        Bytes { length: Some(bytes.len() as u64), reader: Box::new(Cursor::new(bytes)), file: false }
    }

    /// The first bytes, without consuming them. (A pipe may deliver them one by one.)
    fn peek(&mut self, path: &Path) -> Result<Vec<u8>> {
        const FIRST: usize = 16;
        let start = self.reader.fill_buf().map_err(|e| Error::read(path, e))?;
        if start.len() >= FIRST {
            return Ok(start[..FIRST].to_vec());
        }
        let mut first = Vec::new();
        let read = (&mut self.reader).take(FIRST as u64).read_to_end(&mut first);
        read.map_err(|e| Error::read(path, e))?;
        let rest = std::mem::replace(&mut self.reader, Box::new(std::io::empty()));
        self.reader = Box::new(Cursor::new(first.clone()).chain(rest));
        Ok(first)
    }

    /// The same bytes with seeking. They are held in memory only if they do not come from a plain file.
    fn seekable(self, path: &Path) -> Result<Box<dyn SeekRead>> {
        if self.file {
            return Ok(Box::new(File::open(path).map_err(|e| Error::read(path, e))?));
        }
        Ok(Box::new(Cursor::new(self.rest(path)?)))
    }

    /// Two readers of the same bytes, each from the start.
    fn twice(self, path: &Path) -> Result<[Box<dyn Input>; 2]> {
        if self.file {
            return Ok([Bytes::open(path)?.reader, Bytes::open(path)?.reader]);
        }
        let bytes: Arc<[u8]> = self.rest(path)?.into();
        Ok([Box::new(Cursor::new(bytes.clone())), Box::new(Cursor::new(bytes))])
    }

    /// All bytes that are left.
    ///
    /// # Errors
    /// More of them than the most that is held if their number was not known before: a small file may unpack to any size.
    fn rest(mut self, path: &Path) -> Result<Vec<u8>> {
        const MOST: u64 = 1 << 30;
        let mut bytes = Vec::new();
        let limit = self.length.map_or(MOST, |length| length.max(MOST));
        let read = (&mut self.reader).take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|e| Error::read(path, e))?;
        if bytes.len() as u64 > limit {
            return Err(Error::content(
                path,
                "a compressed file or a pipe of at most 1 GiB, since it is held in memory",
                "more",
                "unpack it to a file first",
            ));
        }
        Ok(bytes)
    }
}

type Opened = (Header, Box<dyn Source>);

/// The formats that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Npy,
    Npz,
    Picture,
    Cifar,
    Idx,
    Safetensors,
    Faiss,
    Parquet,
    Arrow,
    Csv,
}

impl Format {
    /// The format that the first bytes tell, or else the file's name in small letters.
    fn of(start: &[u8], name: &str) -> Option<Format> {
        let ends = |ending: &str| name.ends_with(ending);
        Some(match start {
            [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Format::Npy,
            [b'P', b'K', ..] => Format::Npz,
            [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] => Format::Picture,
            [b'P', b'A', b'R', b'1', ..] => Format::Parquet,
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] | [0xff, 0xff, 0xff, 0xff, ..] => Format::Arrow,
            _ if faiss::is_index(start, name) => Format::Faiss,
            _ if ends(".bin") => Format::Cifar,
            [0, 0, 0x08 | 0x09 | 0x0b..=0x0e, 1..=8, ..] => Format::Idx,
            [_, _, _, _, _, _, _, _, b'{', ..] => Format::Safetensors,
            _ if ends(".csv") || ends(".tsv") || ends(".txt") => Format::Csv,
            _ => return None,
        })
    }
}

/// Unpacks a gzip file. Returns the first bytes of what is inside, and its name in small letters.
fn unpacked(path: &Path, bytes: &mut Bytes) -> Result<(Vec<u8>, String)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let start = bytes.peek(path)?;
    if !start.starts_with(&[0x1f, 0x8b]) {
        return Ok((start, name));
    }
    let packed = std::mem::replace(&mut bytes.reader, Box::new(std::io::empty()));
    let inner = BufReader::with_capacity(1 << 16, gzip::Unpacked::new(packed));
    *bytes = Bytes { reader: Box::new(inner), length: None, file: false };
    let start = bytes.peek(path).map_err(|_| {
        Error::content(path, "a whole gzip file", "one that breaks off", "fetch or compress it again")
    })?;
    Ok((start, name.trim_end_matches(".gz").to_owned()))
}

/// Opens a file of any format.
fn from_bytes(path: &Path, mut bytes: Bytes, array: Option<&str>, reading: &ReadOptions) -> Result<Opened> {
    let (start, name) = unpacked(path, &mut bytes)?;
    let one_array = |opened: Result<Opened>| match array {
        Some(name) => Err(Error::content(
            path,
            "an archive of named arrays (.npz or .safetensors)",
            format!("a file of one array and the name '{name}'"),
            "leave the name away",
        )),
        None => opened,
    };
    if start.is_empty() {
        return Err(Error::content(path, KINDS, "an empty file", "give a file with rows"));
    }
    match Format::of(&start, &name) {
        Some(Format::Npy) => one_array(npy::open(path, bytes)),
        Some(Format::Npz) => npz::open(path, bytes.seekable(path)?, array),
        Some(Format::Picture) => one_array(pictures::file(path, bytes.rest(path)?, reading)),
        Some(Format::Cifar) => one_array(cifar::open(path, bytes)),
        Some(Format::Idx) => one_array(idx::open(path, bytes)),
        Some(Format::Safetensors) => safetensors::open(path, bytes, array),
        Some(Format::Faiss) => one_array(faiss::open(path, bytes)),
        #[cfg(feature = "parquet")]
        Some(Format::Parquet) => parquet::open(path, bytes, array, reading),
        #[cfg(not(feature = "parquet"))]
        Some(Format::Parquet) => Err(not_built(path, "parquet", "a Parquet file")),
        #[cfg(feature = "arrow")]
        Some(Format::Arrow) => arrow::open(path, bytes, array, reading),
        #[cfg(not(feature = "arrow"))]
        Some(Format::Arrow) => Err(not_built(path, "arrow", "an Arrow IPC file")),
        Some(Format::Csv) => one_array(self::csv::open(path, bytes, reading)),
        None => Err(Error::content(
            path,
            KINDS,
            format!("a file that starts with bytes {:02x?}", &start[..start.len().min(6)]),
            "convert it to one of these",
        )),
    }
}

/// The error for a format whose reader was left out of the build.
#[cfg(not(all(feature = "arrow", feature = "parquet")))]
fn not_built(path: &Path, feature: &str, found: &str) -> Error {
    Error::content(
        path,
        "a file that this build reads",
        format!("{found}, which needs the feature {feature}"),
        "build attractor with it, or save the numbers as .npy",
    )
}

const KINDS: &str = "a .npy, .npz, .safetensors, IDX, CIFAR-10 .bin, .faiss, .parquet, .arrow, .csv, .tsv, .txt, PNG or JPEG file, or a Zarr array";

/// Rows that are already in memory.
struct InMemory {
    values: Values,
    columns: usize,
    at: usize,
}

impl Source for InMemory {
    fn take(&mut self, rows: usize) -> Result<Values> {
        let from = self.at * self.columns;
        self.at += rows;
        Ok(self.values.pick(from..self.at * self.columns))
    }
}

/// Reads a file whose bytes are in memory. Its name tells the format if the first bytes do not.
///
/// # Errors
/// As [`Rows::open`].
pub fn read_bytes(name: &str, bytes: Vec<u8>, reading: &ReadOptions) -> Result<Table> {
    let (head, source) = from_bytes(Path::new(name), Bytes::memory(bytes), None, reading)?;
    Rows { head, source, at: 0, relay: None }.all()
}
