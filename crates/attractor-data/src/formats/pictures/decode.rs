//! Decodes PNG and JPEG.

use std::io::Cursor;
use std::path::Path;

use super::exif::{orientation, upright};
use super::{Picture, wrong};
use crate::error::Result;
use crate::formats::guard::guarded;
use crate::shape::{Layout, Shape};

/// The largest number of pixels of one picture.
const MOST: usize = 1 << 26;

/// Decodes a picture and turns it upright.
pub(super) fn decode(path: &Path, bytes: &[u8]) -> Result<Picture> {
    let decoder = if bytes.starts_with(&[0xff, 0xd8]) { jpeg } else { png };
    let decoded =
        guarded(|| decoder(bytes)).unwrap_or_else(|| Err("a damaged one, at which the decoder stops".into()));
    let Decoded { width, height, channels, values, orientation } =
        decoded.map_err(|found| wrong(path, found))?;
    if width * height == 0 || values.len() != width * height * channels {
        let found = format!("one of {width} x {height} pixels with {} values", values.len());
        return Err(wrong(path, found));
    }
    if !(1..=4).contains(&channels) {
        return Err(wrong(path, format!("one of {channels} channels")));
    }
    let shape = Shape { channels, height, width, layout: Layout::Hwc };
    Ok(upright(Picture { shape, values }, orientation))
}

struct Decoded {
    width: usize,
    height: usize,
    channels: usize,
    values: Vec<u8>,
    orientation: u16,
}

fn png(bytes: &[u8]) -> std::result::Result<Decoded, String> {
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
    let orientation = reader.info().exif_metadata.as_deref().map_or(1, orientation);
    Ok(Decoded { width, height, channels: frame.color_type.samples(), values, orientation })
}

fn jpeg(bytes: &[u8]) -> std::result::Result<Decoded, String> {
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
    let orientation = decoder.exif().map_or(1, |block| orientation(block));
    let (width, height) = (info.width.into(), info.height.into());
    Ok(Decoded { width, height, channels: space.num_components(), values, orientation })
}

/// The first words of a decoder's error.
fn brief(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default().split(" { ").next().unwrap_or_default();
    first.trim().to_owned()
}

pub(super) fn check_size(width: usize, height: usize) -> std::result::Result<(), String> {
    match width.checked_mul(height) {
        Some(pixels) if pixels <= MOST => Ok(()),
        _ => Err(format!("one of {width} x {height} pixels (at most {MOST} are read)")),
    }
}
