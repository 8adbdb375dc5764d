//! PNG pictures.

use std::path::Path;

use super::write_atomically;
use crate::error::Result;

/// Writes a picture with 8 bits per channel, grey (1 channel) or colour (3, in the order height × width × channel).
///
/// # Errors
/// The file cannot be written.
pub fn write_png(path: &Path, width: usize, height: usize, channels: usize, pixels: &[u8]) -> Result<()> {
    write_atomically(path, |file| {
        let mut encoder = png::Encoder::new(file, width as u32, height as u32);
        encoder.set_color(if channels == 3 { png::ColorType::Rgb } else { png::ColorType::Grayscale });
        let mut writer = encoder.write_header()?;
        writer.write_image_data(pixels)?;
        Ok(writer.finish()?)
    })
}
