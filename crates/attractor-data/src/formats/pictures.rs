//! PNG and JPEG pictures: one file, or a folder of them.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use attractor::message;
use attractor::message::Argument;

use super::{Header, InMemory, Opened, ReadOptions, Source};
use crate::error::{Error, Result};
use crate::shape::{Layout, Shape};
use crate::table::{Dtype, Values};

/// The largest number of pixels of one picture.
const MOST: usize = 1 << 26;

/// One picture, with 8 bits per channel.
struct Picture {
    shape: Shape,
    values: Vec<u8>,
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
    let shape = load(first, reading)?.shape;
    let name = |file: &PathBuf| file.strip_prefix(path).unwrap_or(file).to_string_lossy().into_owned();
    let head = head(path, files.len(), shape, files.iter().map(name).collect());
    Ok((head, Box::new(Folder { files, shape, reading: reading.clone(), at: 0 })))
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
    files: Vec<PathBuf>,
    shape: Shape,
    reading: ReadOptions,
    at: usize,
}

impl Source for Folder {
    fn take(&mut self, rows: usize) -> Result<Values> {
        let mut values = Vec::new();
        for file in &self.files[self.at..self.at + rows] {
            let picture = load(file, &self.reading)?;
            if picture.shape != self.shape {
                let (found, colours) = (picture.shape, picture.shape.channels != self.shape.channels);
                return Err(Error::content(
                    file,
                    format!("a picture of {} as the first one, {}", self.shape, self.files[0].display()),
                    found.to_string(),
                    if colours {
                        message!["read all as grey with ", Argument::Grey]
                    } else {
                        message!["bring all to one size with ", Argument::Resize]
                    },
                ));
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

/// Converts a picture to grey and resizes it, if that was asked for.
fn finish(path: &Path, picture: Picture, reading: &ReadOptions) -> Result<Picture> {
    let Picture { mut shape, mut values } = picture;
    if reading.grey && shape.channels == 3 {
        // Luma of ITU-R BT.601, as JPEG and most programs have it.
        let luma = |p: &[u8]| 0.299 * f64::from(p[0]) + 0.587 * f64::from(p[1]) + 0.114 * f64::from(p[2]);
        values = values.chunks_exact(3).map(|p| luma(p).round() as u8).collect();
        shape.channels = 1;
    }
    if let Some((height, width)) = reading.resize.filter(|&size| size != (shape.height, shape.width)) {
        check_size(width, height).map_err(|found| {
            Error::content(path, "a smaller size to bring it to", found, "choose another size")
        })?;
        let failed = |e: resize::Error| {
            Error::content(
                path,
                format!("a picture that can be brought to {height}x{width}"),
                e.to_string(),
                "choose another size",
            )
        };
        let (from, to) = ((shape.width, shape.height), (width, height));
        values = resized(&values, shape.channels, from, to).map_err(failed)?;
        (shape.height, shape.width) = (height, width);
    }
    Ok(Picture { shape, values })
}

/// Resizes a picture with Catmull-Rom cubics, which are widened to average where the picture shrinks.
fn resized(
    values: &[u8],
    channels: usize,
    from: (usize, usize),
    to: (usize, usize),
) -> std::result::Result<Vec<u8>, resize::Error> {
    use resize::{Pixel, Type, px::RGB};
    let mut result = vec![0; to.0 * to.1 * channels];
    if channels == 1 {
        use resize::px::Gray;
        let pixels: Vec<Gray<u8>> = values.iter().map(|&v| Gray::new(v)).collect();
        let mut small = vec![Gray::new(0); to.0 * to.1];
        resize::new(from.0, from.1, to.0, to.1, Pixel::Gray8, Type::Catrom)?.resize(&pixels, &mut small)?;
        result.iter_mut().zip(small).for_each(|(r, p)| *r = p.value());
    } else {
        let pixels: Vec<RGB<u8>> = values.chunks_exact(3).map(|p| RGB::new(p[0], p[1], p[2])).collect();
        let mut small = vec![RGB::new(0, 0, 0); to.0 * to.1];
        resize::new(from.0, from.1, to.0, to.1, Pixel::RGB8, Type::Catrom)?.resize(&pixels, &mut small)?;
        result.chunks_exact_mut(3).zip(small).for_each(|(r, p)| r.copy_from_slice(&[p.r, p.g, p.b]));
    }
    Ok(result)
}

fn decode(path: &Path, bytes: &[u8]) -> Result<Picture> {
    let wrong = |found: String| {
        Error::content(path, "a PNG or JPEG picture", found, "open and save it again with a picture program")
    };
    let (width, height, channels, values) = if bytes.starts_with(&[0xff, 0xd8]) {
        decode_jpeg(bytes).map_err(wrong)?
    } else {
        decode_png(bytes).map_err(wrong)?
    };
    if width * height == 0 || values.len() != width * height * channels {
        return Err(wrong(format!("one of {width} x {height} pixels with {} values", values.len())));
    }
    let shape = |channels| Shape { channels, height, width, layout: Layout::Hwc };
    match channels {
        1 | 3 => Ok(Picture { shape: shape(channels), values }),
        2 | 4 => {
            // The last channel says how opaque a pixel is.
            if values.iter().skip(channels - 1).step_by(channels).any(|&alpha| alpha != 255) {
                return Err(Error::content(
                    path,
                    "a picture without transparent pixels",
                    "some that are transparent",
                    "save it on a plain background",
                ));
            }
            let values =
                values.chunks_exact(channels).flat_map(|p| p[..channels - 1].iter().copied()).collect();
            Ok(Picture { shape: shape(channels - 1), values })
        }
        _ => Err(wrong(format!("one of {channels} channels"))),
    }
}

type Decoded = (usize, usize, usize, Vec<u8>);

fn decode_png(bytes: &[u8]) -> std::result::Result<Decoded, String> {
    let damaged = |e: png::DecodingError| format!("a damaged PNG ({})", brief(&e));
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_limits(png::Limits { bytes: 8 * MOST });
    // Palettes become colours; 16 bits become 8.
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(damaged)?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    check_size(width, height)?;
    let size = reader.output_buffer_size().ok_or("a PNG that does not fit in memory")?;
    let mut values = vec![0; size];
    let frame = reader.next_frame(&mut values).map_err(damaged)?;
    values.truncate(frame.buffer_size());
    reader.finish().map_err(damaged)?;
    Ok((width, height, frame.color_type.samples(), values))
}

fn decode_jpeg(bytes: &[u8]) -> std::result::Result<Decoded, String> {
    use zune_jpeg::JpegDecoder;
    use zune_jpeg::zune_core::bytestream::ZCursor;
    use zune_jpeg::zune_core::colorspace::ColorSpace;
    use zune_jpeg::zune_core::options::DecoderOptions;
    let damaged = |e: zune_jpeg::errors::DecodeErrors| format!("a damaged JPEG ({})", brief(&e));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), DecoderOptions::default());
    decoder.decode_headers().map_err(damaged)?;
    let info = decoder.info().ok_or("a JPEG without a size")?;
    check_size(info.width.into(), info.height.into())?;
    let space = if info.components == 1 { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(DecoderOptions::default().jpeg_set_out_colorspace(space).set_strict_mode(true));
    let values = decoder.decode().map_err(damaged)?;
    Ok((info.width.into(), info.height.into(), space.num_components(), values))
}

/// The first words of a decoder's error.
fn brief(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default().split(" { ").next().unwrap_or_default();
    first.trim().to_owned()
}

fn check_size(width: usize, height: usize) -> std::result::Result<(), String> {
    match width.checked_mul(height) {
        Some(pixels) if pixels <= MOST => Ok(()),
        _ => Err(format!("one of {width} x {height} pixels (at most {MOST} are read)")),
    }
}
