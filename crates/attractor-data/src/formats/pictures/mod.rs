//! PNG and JPEG pictures: one file, or a folder of them.

mod decode;
mod exif;
mod finish;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use attractor::message;
use attractor::message::{Argument, Message};

use super::{Header, InMemory, Opened, ReadOptions, Source};
use crate::error::{Error, Result};
use crate::shape::Shape;
use crate::table::{Dtype, Values};

use decode::decode;
use finish::finish;

/// One picture, with 8 bits per channel.
struct Picture {
    /// 1 or 3 channels, or 2 or 4 of which the last says how opaque a pixel is.
    shape: Shape,
    values: Vec<u8>,
}

impl Picture {
    /// Whether some pixels are transparent.
    fn is_transparent(&self) -> bool {
        let channels = self.shape.channels;
        channels.is_multiple_of(2)
            && self.values.iter().skip(channels - 1).step_by(channels).any(|&alpha| alpha != 255)
    }

    fn is_grey(&self) -> bool {
        self.shape.channels < 3
    }
}

/// Opens one picture as one row. Its label is the file's name.
pub(super) fn file(path: &Path, bytes: Vec<u8>, reading: &ReadOptions) -> Result<Opened> {
    let picture = finish(path, decode(path, &bytes)?, reading)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let head = head(path, 1, picture.shape, vec![name]);
    let columns = head.columns;
    Ok((head, Box::new(InMemory { values: Values::U8(picture.values), columns, at: 0 })))
}

/// Opens all pictures of a folder and its subfolders, ordered by name. Labels are the names relative to the folder.
pub(super) fn folder(path: &Path, reading: &ReadOptions) -> Result<Opened> {
    let mut files = Vec::new();
    collect(path, &mut files)?;
    files.sort();
    let Some(first) = files.first() else {
        return Err(Error::content(
            path,
            "a folder of PNG or JPEG pictures",
            "none in it",
            "give a folder with files that end in .png, .jpg or .jpeg",
        ));
    };
    let shape = load(first, reading).map_err(|error| one_form(path, &files, reading).unwrap_or(error))?.shape;
    let name = |file: &PathBuf| file.strip_prefix(path).unwrap_or(file).to_string_lossy().into_owned();
    let head = head(path, files.len(), shape, files.iter().map(name).collect());
    Ok((head, Box::new(Folder { path: path.to_owned(), files, shape, reading: reading.clone(), at: 0 })))
}

fn head(path: &Path, rows: usize, shape: Shape, labels: Vec<String>) -> Header {
    let columns = shape.size();
    Header {
        path: path.to_owned(),
        rows,
        columns,
        dtype: Dtype::U8,
        shape: Some(shape),
        labels: Some(labels),
        names: None,
        notes: Vec::new(),
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(|e| Error::read(folder, e))? {
        let entry = entry.map_err(|e| Error::read(folder, e))?;
        let path = entry.path();
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        if hidden {
            continue;
        }
        // A link to a folder may lead in circles, so it is not followed.
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            collect(&path, files)?;
        } else if path.is_file() && matches!(ending.as_deref(), Some("png" | "jpg" | "jpeg")) {
            files.push(path);
        }
    }
    Ok(())
}

struct Folder {
    path: PathBuf,
    files: Vec<PathBuf>,
    shape: Shape,
    reading: ReadOptions,
    at: usize,
}

impl Source for Folder {
    fn take(&mut self, rows: usize) -> Result<Values> {
        let mut values = Vec::new();
        for file in &self.files[self.at..self.at + rows] {
            let form = || one_form(&self.path, &self.files, &self.reading);
            let picture = load(file, &self.reading).map_err(|error| form().unwrap_or(error))?;
            if picture.shape != self.shape {
                return Err(form().unwrap_or_else(|| wrong(file, "another one than a moment ago")));
            }
            values.extend_from_slice(&picture.values);
        }
        self.at += rows;
        Ok(Values::U8(values))
    }
}

fn load(path: &Path, reading: &ReadOptions) -> Result<Picture> {
    let bytes = std::fs::read(path).map_err(|e| Error::read(path, e))?;
    finish(path, decode(path, &bytes)?, reading)
}

fn wrong(path: &Path, found: impl Into<Message>) -> Error {
    Error::content(path, "a PNG or JPEG picture", found, "open and save it again with a picture program")
}

/// One error for all that keeps the pictures of a folder from having one form: how many files need what. `None` if they
/// have one.
fn one_form(folder: &Path, files: &[PathBuf], reading: &ReadOptions) -> Option<Error> {
    let (mut sizes, mut grey, mut transparent, mut read) = (BTreeSet::new(), 0, 0, 0);
    for file in files {
        let Ok(picture) = std::fs::read(file).map_err(|_| ()).and_then(|b| decode(file, &b).map_err(|_| ()))
        else {
            continue;
        };
        read += 1;
        sizes.insert((picture.shape.height, picture.shape.width));
        grey += usize::from(picture.is_grey());
        transparent += usize::from(picture.is_transparent());
    }
    let mut found = Vec::new();
    let mut cures: Vec<Message> = Vec::new();
    if sizes.len() > 1 && reading.resize.is_none() {
        found.push(format!("{} sizes", sizes.len()));
        cures.push(message!["one size with ", Argument::Resize]);
    }
    if grey > 0 && grey < read && !reading.grey && !reading.colour {
        found.push(format!("{grey} grey and {} in colour", read - grey));
        cures.push(message![Argument::Grey, " or ", Argument::option("colour")]);
    }
    if transparent > 0 && reading.background.is_none() {
        found.push(format!("{transparent} with transparent pixels"));
        cures.push(message!["a colour behind them with ", Argument::option("background")]);
    }
    if found.is_empty() {
        return None;
    }
    let mut cure = message!["give "];
    let count = cures.len();
    for (k, one) in cures.into_iter().enumerate() {
        let join = match count - k {
            _ if k == 0 => "",
            1 => " and ",
            _ => ", ",
        };
        cure = message![cure, join, one];
    }
    let found = format!("{read} pictures: {}", found.join(", "));
    Some(Error::content(folder, "pictures of one size and kind", found, cure))
}
