//! IDX files, the format of MNIST; gzipped or not.

use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};

/// An array of bytes with its shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idx {
    /// Sizes, slowest first.
    pub shape: Vec<usize>,
    /// Values, in that order.
    pub values: Vec<u8>,
}

/// Reads an IDX file of unsigned bytes.
///
/// # Errors
/// A file that is missing, of another format or number type, truncated, or longer than it says.
pub fn read_idx(path: &Path) -> Result<Idx> {
    let bytes = std::fs::read(path).map_err(|e| Error::read(path, e))?;
    parse_idx(path, &bytes)
}

/// Parses the bytes of an IDX file; `path` is for messages.
pub(crate) fn parse_idx(path: &Path, bytes: &[u8]) -> Result<Idx> {
    if bytes.starts_with(&[0x1f, 0x8b]) {
        read(path, &mut flate2::read::GzDecoder::new(bytes))
    } else {
        read(path, &mut &bytes[..])
    }
}

fn read(path: &Path, reader: &mut dyn Read) -> Result<Idx> {
    let wrong = |found: String| {
        Error::content(path, "an IDX file of unsigned bytes", found, "give the file as published")
    };
    let io = |e: std::io::Error| wrong(format!("a file that ends or breaks early ({e})"));
    let mut magic = [0; 4];
    reader.read_exact(&mut magic).map_err(io)?;
    let [0, 0, kind, dimensions] = magic else {
        return Err(wrong(format!("a file that starts with bytes {magic:02x?}")));
    };
    if kind != 0x08 || dimensions == 0 {
        return Err(wrong(format!("number type {kind:#04x} with {dimensions} dimensions")));
    }
    let mut shape = Vec::new();
    for _ in 0..dimensions {
        let mut size = [0; 4];
        reader.read_exact(&mut size).map_err(io)?;
        shape.push(u32::from_be_bytes(size) as usize);
    }
    let size = shape.iter().try_fold(1_usize, |product, s| product.checked_mul(*s));
    let size = size.ok_or_else(|| wrong(format!("a header that claims {shape:?} values")))?;
    // Reads at most one byte more than announced, and takes memory only for what is there.
    let mut values = Vec::new();
    reader.take(size as u64 + 1).read_to_end(&mut values).map_err(io)?;
    if values.len() != size {
        let found = if values.len() > size { "more" } else { "fewer" };
        return Err(wrong(format!("{found} values than the {size} of shape {shape:?}")));
    }
    Ok(Idx { shape, values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Result<Idx> {
        parse_idx(Path::new("test"), bytes)
    }

    #[test]
    fn reads_what_it_says() {
        let idx = parse(&[0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 2, 7, 9]).unwrap();
        assert_eq!((idx.shape, idx.values), (vec![1, 2], vec![7, 9]));
        assert!(parse(&[0, 0, 8, 1, 0, 0, 0, 2, 7]).is_err());
        assert!(parse(&[0, 0, 8, 1, 0, 0, 0, 1, 7, 7]).is_err());
        assert!(parse(&[0, 0, 8, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&bytes);
            let mut headed = vec![0, 0, 8, 2];
            headed.extend(&bytes);
            let _ = parse(&headed);
        }
    }
}
