//! What was appended to a stored memory: parts behind the arrays of its file, each a small safetensors file of its own.
//!
//! ```text
//! base      a safetensors file
//! part      8 bytes     "ATTRPART"
//!           u64         bytes of the body
//!           u32         checksum of the body (CRC-32)
//!           u32         checksum of the 20 bytes before
//!           body        a safetensors file: patterns, and weights and associated vectors if those before have them
//! part      …
//! ```
//!
//! Nothing that is there is ever overwritten. A part counts once it is there as a whole, so a reader sees all of it or nothing, and
//! a program that is stopped half-way leaves the memory as it was, with some bytes behind it that the next change takes away.

use std::fs::File;
use std::io::{Error as Failure, ErrorKind};
use std::path::Path;

use ::safetensors::tensor::Metadata;

use super::safetensors;
use crate::error::{Error, Result};

const MARK: &[u8; 8] = b"ATTRPART";
/// Bytes before the body of a part.
const HEAD: usize = 24;

/// Bytes that can be read at any place.
pub(crate) trait Placed {
    /// How many there are.
    fn size(&self) -> std::io::Result<u64>;

    /// Reads the bytes at a place.
    fn read_at(&self, bytes: &mut [u8], place: u64) -> std::io::Result<()>;
}

impl Placed for [u8] {
    fn size(&self) -> std::io::Result<u64> {
        Ok(self.len() as u64)
    }

    fn read_at(&self, bytes: &mut [u8], place: u64) -> std::io::Result<()> {
        let there = usize::try_from(place).ok().and_then(|from| self.get(from..)?.get(..bytes.len()));
        bytes.copy_from_slice(there.ok_or_else(|| Failure::from(ErrorKind::UnexpectedEof))?);
        Ok(())
    }
}

impl Placed for File {
    fn size(&self) -> std::io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    #[cfg(unix)]
    fn read_at(&self, bytes: &mut [u8], place: u64) -> std::io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, bytes, place)
    }

    #[cfg(windows)]
    fn read_at(&self, mut bytes: &mut [u8], mut place: u64) -> std::io::Result<()> {
        while !bytes.is_empty() {
            let count = std::os::windows::fs::FileExt::seek_read(self, bytes, place)?;
            if count == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            bytes = &mut bytes[count..];
            place += count as u64;
        }
        Ok(())
    }
}

/// The parts of a file, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    pub parts: Vec<Part>,
    /// Where the last whole part ends.
    pub end: u64,
    /// Bytes behind it: of an append that was interrupted, or is going on.
    pub unfinished: u64,
}

/// Where the body of a part is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub start: u64,
    pub length: u64,
    checksum: u32,
}

impl Parts {
    /// Finds the parts behind the arrays, which end at `base`.
    ///
    /// # Errors
    /// What is there is neither a part nor the beginning of one.
    pub fn find(path: &Path, bytes: &(impl Placed + ?Sized), base: u64) -> Result<Self> {
        let failed = |e| Error::read(path, e);
        let size = bytes.size().map_err(failed)?;
        let mut found = Parts { parts: Vec::new(), end: base, unfinished: size.saturating_sub(base) };
        while size.saturating_sub(found.end) >= HEAD as u64 {
            let mut head = [0; HEAD];
            bytes.read_at(&mut head, found.end).map_err(failed)?;
            let Some(part) = Part::read(&head, found.end) else {
                break;
            };
            let Some(end) = part.start.checked_add(part.length).filter(|&end| end <= size) else {
                break;
            };
            found.parts.push(part);
            found.end = end;
        }
        // Only what was written last can be incomplete. All bytes of a file may be there before their content is.
        if let Some(&last) = found.parts.last()
            && !last.is_whole(bytes).map_err(failed)?
        {
            found.parts.pop();
            found.end = last.start - HEAD as u64;
        }
        found.unfinished = size.saturating_sub(found.end);
        found.check_rest(path, bytes)?;
        Ok(found)
    }

    /// Refuses bytes behind the last part that no append has left there.
    fn check_rest(&self, path: &Path, bytes: &(impl Placed + ?Sized)) -> Result<()> {
        let mut rest = vec![0; self.unfinished.min(MARK.len() as u64) as usize];
        bytes.read_at(&mut rest, self.end).map_err(|e| Error::read(path, e))?;
        // Of what was being written, the end may still be zeros.
        let written = rest.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        if MARK.starts_with(&rest[..written]) {
            return Ok(());
        }
        Err(Error::content(
            path,
            "as many bytes as the head announces",
            format!("{} bytes more: the file is damaged or its head wrong", self.unfinished),
            "fetch it again",
        ))
    }
}

impl Part {
    fn read(head: &[u8; HEAD], at: u64) -> Option<Self> {
        let number = |from: usize| head[from..].first_chunk::<4>().map(|four| u32::from_le_bytes(*four));
        let length = u64::from_le_bytes(*head[8..].first_chunk()?);
        let right = head.starts_with(MARK) && number(20)? == crc32fast::hash(&head[..20]);
        right.then_some(Part { start: at + HEAD as u64, length, checksum: number(16)? })
    }

    /// The bytes of a part with this body.
    pub fn of_body(body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + body.len());
        bytes.extend_from_slice(MARK);
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(body).to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes.extend_from_slice(body);
        bytes
    }

    /// Whether this is the body that was written.
    pub fn is(&self, body: &[u8]) -> bool {
        crc32fast::hash(body) == self.checksum
    }

    fn is_whole(&self, bytes: &(impl Placed + ?Sized)) -> std::io::Result<bool> {
        const STEP: u64 = 1 << 20;
        let mut seen = crc32fast::Hasher::new();
        let mut step = Vec::new();
        for from in (0..self.length).step_by(STEP as usize) {
            step.resize(STEP.min(self.length - from) as usize, 0);
            bytes.read_at(&mut step, self.start + from)?;
            seen.update(&step);
        }
        Ok(seen.finalize() == self.checksum)
    }

    /// The head of the body, and where its arrays begin in the file.
    pub fn head(&self, path: &Path, bytes: &(impl Placed + ?Sized)) -> Result<(Metadata, u64)> {
        let failed = |e| Error::read(path, e);
        let mut size = [0; 8];
        bytes.read_at(&mut size, self.start).map_err(failed)?;
        let length = u64::from_le_bytes(size).saturating_add(8).min(self.length);
        let mut head = vec![0; length as usize];
        bytes.read_at(&mut head, self.start).map_err(failed)?;
        let (head, taken) = safetensors::head(path, &mut &head[..])?;
        Ok((head, self.start + taken as u64))
    }
}
