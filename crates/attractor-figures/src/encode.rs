//! Writing pixels as a PNG file.

use super::colour::Colour;
use crate::{Error, Result};

/// Encodes pixels as a PNG file. With a `scale` (pixels a CSS pixel) the file also states its resolution.
pub(super) fn encode_png(width: usize, pixels: &[Colour], scale: Option<f64>) -> Result<Vec<u8>> {
    /// CSS pixels in a metre.
    const METRE: f64 = 96.0 / 0.0254;
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, (pixels.len() / width.max(1)) as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Balanced);
    if let Some(scale) = scale {
        let dots = (METRE * scale).round() as u32;
        encoder.set_pixel_dims(Some(png::PixelDimensions { xppu: dots, yppu: dots, unit: png::Unit::Meter }));
    }
    let data: Vec<u8> = pixels.iter().flatten().copied().collect();
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(&data)?;
        writer.finish()
    });
    written.map_err(|e| Error::setting("figure", "one that can be drawn as PNG", e))?;
    Ok(bytes)
}
