//! NumPy's `.npz` archives: zip files of `.npy` files.

use std::io::{BufReader, Read, SeekFrom};
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::{Bytes, Opened, SeekRead, npy};
use crate::error::{Error, Result};

pub(super) fn open(path: &Path, mut reader: Box<dyn SeekRead>, array: Option<&str>) -> Result<Opened> {
    let damaged = |found: String| {
        Error::content(
            path,
            "a NumPy .npz archive",
            found,
            "save it with numpy.savez or numpy.savez_compressed",
        )
    };
    let broken = |error| damaged(format!("a damaged one ({error})"));
    let mut archive = ZipArchive::new(&mut reader).map_err(broken)?;
    let names: Vec<String> = archive.file_names().map(str::to_owned).collect();
    let name = choose(path, &names, array)?;
    let entry = archive.by_name(&name).map_err(broken)?;
    let (compression, length, checksum) = (entry.compression(), entry.size(), entry.crc32());
    let (Some(start), packed) = (entry.data_start(), entry.compressed_size()) else {
        return Err(damaged("an entry that does not say where it lies".into()));
    };
    drop(entry);
    drop(archive);
    reader.seek(SeekFrom::Start(start)).map_err(|e| Error::read(path, e))?;
    let packed = BufReader::with_capacity(1 << 16, reader.take(packed));
    let reader: Box<dyn Read + Send> = match compression {
        CompressionMethod::Stored => Box::new(packed),
        CompressionMethod::Deflated => Box::new(DeflateDecoder::new(packed)),
        other => return Err(damaged(format!("one packed by {other}"))),
    };
    let reader = Checked { reader, seen: crc32fast::Hasher::new(), expected: checksum };
    let reader = Box::new(BufReader::with_capacity(1 << 16, reader));
    let mut bytes = Bytes { reader, length: Some(length), file: false };
    if !bytes.peek(path)?.starts_with(b"\x93NUMPY") {
        return Err(damaged(format!("an entry '{name}' that is not a .npy file")));
    }
    npy::open(path, bytes)
}

/// A reader that compares the checksum at the end.
struct Checked {
    reader: Box<dyn Read + Send>,
    seen: crc32fast::Hasher,
    expected: u32,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.seen.update(&buffer[..count]);
        if count == 0 && !buffer.is_empty() && self.seen.clone().finalize() != self.expected {
            return Err(std::io::Error::other("its checksum is wrong"));
        }
        Ok(count)
    }
}

/// The array of the requested name (with or without `.npy`), or the only array.
fn choose(path: &Path, names: &[String], array: Option<&str>) -> Result<String> {
    let known = || {
        let names: Vec<&str> = names.iter().take(20).map(|n| n.trim_end_matches(".npy")).collect();
        names.join(", ")
    };
    let same = |name: &&String, wanted: &str| *name == wanted || name.strip_suffix(".npy") == Some(wanted);
    match (array, names) {
        (Some(wanted), _) => names.iter().find(|name| same(name, wanted)).cloned().ok_or_else(|| {
            Error::content(
                path,
                format!("an array '{wanted}'"),
                known(),
                "give one of these names behind the colon",
            )
        }),
        (None, [one]) => Ok(one.clone()),
        (None, []) => Err(Error::content(path, "at least one array", "none", "save arrays into it")),
        (None, _) => Err(Error::content(
            path,
            "the name of one array, as in FILE:NAME",
            known(),
            "give one of these names behind a colon",
        )),
    }
}
