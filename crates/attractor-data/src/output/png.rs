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
        let encoded = || {
            let mut writer = encoder.write_header()?;
            writer.write_image_data(pixels)?;
            writer.finish()
        };
        // The encoder hides what the system said, such as that the disk is full.
        encoded().map_err(|error| match error {
            png::EncodingError::IoError(error) => error,
            other => std::io::Error::other(other.to_string()),
        })
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_called_so() {
        let error = write_png(Path::new("/dev/full"), 2, 1, 1, &[0, 255]).expect_err("no room").to_string();
        assert!(error.contains("No space left"), "{error}");
    }
}
