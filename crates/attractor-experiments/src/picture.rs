//! Grids of small grey images with headings, as PNG.

use std::path::Path;

use attractor_data::{Result, write_atomically};
use font8x8::{BASIC_FONTS, UnicodeFonts};

/// A grid of images: one heading a column, one label a row.
#[derive(Clone, Debug)]
pub struct Picture {
    pixels: Vec<u8>,
    width: usize,
    cell: usize,
    margin: usize,
    heading: usize,
}

const PAPER: u8 = 255;
const INK: u8 = 40;
const GAP: usize = 12;
const LETTER: usize = 8;
const SCALE: usize = 2;

impl Picture {
    /// An empty grid for images drawn `cell` pixels wide and high.
    pub fn new(headings: &[&str], labels: &[String], cell: usize) -> Self {
        let longest = labels.iter().map(|l| l.chars().count()).max().unwrap_or(0);
        let margin = GAP + longest * LETTER * SCALE;
        let heading = 2 * GAP + LETTER * SCALE;
        let width = margin + headings.len() * (cell + GAP) + GAP;
        let height = heading + labels.len() * (cell + GAP);
        let mut picture = Picture { pixels: vec![PAPER; width * height], width, cell, margin, heading };
        for (column, heading) in headings.iter().enumerate() {
            let (x, _) = picture.corner(0, column);
            let wide = heading.chars().count() * LETTER * SCALE;
            picture.write(heading, (x + cell / 2).saturating_sub(wide / 2), GAP);
        }
        for (row, label) in labels.iter().enumerate() {
            let (_, y) = picture.corner(row, 0);
            picture.write(label, GAP / 2, y + cell / 2 - LETTER);
        }
        picture
    }

    fn corner(&self, row: usize, column: usize) -> (usize, usize) {
        (self.margin + GAP / 2 + column * (self.cell + GAP), self.heading + row * (self.cell + GAP))
    }

    fn write(&mut self, text: &str, x: usize, y: usize) {
        for (place, letter) in text.chars().enumerate() {
            let glyph = BASIC_FONTS.get(letter).or_else(|| BASIC_FONTS.get('?')).unwrap_or_default();
            for (row, bits) in glyph.iter().enumerate() {
                for column in (0..8).filter(|c| bits >> c & 1 == 1) {
                    for (dx, dy) in (0..SCALE * SCALE).map(|i| (i % SCALE, i / SCALE)) {
                        let at = (x + (place * LETTER + column) * SCALE + dx, y + row * SCALE + dy);
                        if at.0 < self.width && at.1 < self.pixels.len() / self.width {
                            self.pixels[at.1 * self.width + at.0] = INK;
                        }
                    }
                }
            }
        }
    }

    /// Draws a square grey image, 0 black to 1 white, unknown pixels hatched.
    pub fn draw(&mut self, row: usize, column: usize, side: usize, value: impl Fn(usize) -> Option<f64>) {
        let (x, y) = self.corner(row, column);
        for dy in 0..self.cell {
            for dx in 0..self.cell {
                let pixel = dy * side / self.cell * side + dx * side / self.cell;
                let grey = match value(pixel) {
                    Some(v) => (v.clamp(0.0, 1.0) * 255.0).round() as u8,
                    None if (dx + dy) / 4 % 2 == 0 => 150,
                    None => 190,
                };
                self.pixels[(y + dy) * self.width + x + dx] = grey;
            }
        }
    }

    /// Writes it as PNG.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn write_png(&self, path: &Path) -> Result<()> {
        write_atomically(path, |file| {
            let height = self.pixels.len() / self.width;
            let mut encoder = png::Encoder::new(file, self.width as u32, height as u32);
            encoder.set_color(png::ColorType::Grayscale);
            let mut writer = encoder.write_header()?;
            writer.write_image_data(&self.pixels)?;
            Ok(writer.finish()?)
        })
    }
}
