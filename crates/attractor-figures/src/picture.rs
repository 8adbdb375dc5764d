//! Grids of small images with headings and labels, as PNG.

use std::path::Path;

use attractor_data::{Result, Shape, write_png};
use fontdue::layout::{CoordinateSystem, Layout, TextStyle};

use crate::font::FONT;

/// How a row of numbers becomes an image: the shape, and the values of black and white.
#[derive(Clone, Copy, Debug)]
pub struct Canvas {
    /// The shape of the images.
    pub shape: Shape,
    /// The values that are drawn black and white.
    pub range: (f64, f64),
}

impl Canvas {
    /// The colour of a pixel, or `None` if one of its channels is unknown.
    fn colour(&self, value: &impl Fn(usize) -> Option<f64>, row: usize, column: usize) -> Option<[u8; 3]> {
        let (low, high) = self.range;
        let mut colour = [0; 3];
        for (channel, byte) in colour.iter_mut().enumerate() {
            let channel = channel.min(self.shape.channels - 1);
            let value = value(self.shape.unit(channel, row, column))?;
            *byte = (((value - low) / (high - low)).clamp(0.0, 1.0) * 255.0).round() as u8;
        }
        Some(colour)
    }

    /// Writes one image without enlarging it.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn write_png(&self, path: &Path, value: impl Fn(usize) -> f64) -> Result<()> {
        let Shape { channels, height, width, .. } = self.shape;
        let value = |unit| Some(value(unit));
        let mut pixels = Vec::with_capacity(self.shape.size());
        for (row, column) in (0..height).flat_map(|row| (0..width).map(move |column| (row, column))) {
            let colour = self.colour(&value, row, column).unwrap_or_default();
            pixels.extend_from_slice(&colour[..channels]);
        }
        write_png(path, width, height, channels, &pixels)
    }
}

/// A grid of images, with a heading for each column and a label for each row.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pixels: Vec<[u8; 3]>,
    width: usize,
    cell: (usize, usize),
    margin: usize,
    heading: usize,
}

const PAPER: [u8; 3] = [255; 3];
const INK: f32 = 40.0;
const GAP: usize = 8;
/// Height of letters, and of a line of text.
const LETTERS: f32 = 15.0;
const LINE: usize = 20;

/// The size of a cell in pixels. Small images are enlarged by a whole factor to about the first number; large
/// ones are reduced to the second.
const CELL: (usize, usize) = (96, 256);

/// The width of a line of text, in pixels.
fn width_of(text: &str) -> usize {
    // The layout places each letter on a whole pixel.
    text.chars().map(|c| FONT.metrics(c, LETTERS).advance_width.ceil()).sum::<f32>() as usize
}

/// The label, shortened to fit beside its row.
fn shortened(text: &str) -> String {
    const MOST: usize = 36;
    let count = text.chars().count();
    if count <= MOST {
        text.to_owned()
    } else {
        format!("…{}", text.chars().skip(count - MOST + 1).collect::<String>())
    }
}

impl Picture {
    /// An empty grid for images of one shape. A heading may have several lines.
    pub fn new(headings: &[&str], labels: &[String], shape: Shape) -> Self {
        let largest = shape.height.max(shape.width);
        let side = |n: usize| match largest {
            _ if largest > CELL.1 => (n * CELL.1 / largest).max(1),
            _ => n * (CELL.0 / largest).max(1),
        };
        let cell = (side(shape.width), side(shape.height));
        let labels: Vec<String> = labels.iter().map(|l| shortened(l)).collect();
        let longest = labels.iter().map(|l| width_of(l)).max().unwrap_or(0);
        let margin = 2 * GAP + longest;
        let lines = headings.iter().map(|h| h.lines().count()).max().unwrap_or(0);
        let heading = GAP + lines * LINE + GAP / 2;
        let widest = headings.iter().flat_map(|h| h.lines()).map(width_of).max().unwrap_or(0);
        let cell = (cell.0.max(widest.min(2 * CELL.0)), cell.1);
        let width = margin + headings.len() * (cell.0 + GAP);
        let height = heading + labels.len() * (cell.1 + GAP);
        let mut picture = Picture { pixels: vec![PAPER; width * height], width, cell, margin, heading };
        for (column, heading) in headings.iter().enumerate() {
            let (x, _) = picture.corner(0, column);
            let blank = lines - heading.lines().count();
            for (line, text) in heading.lines().enumerate() {
                let left = (x + cell.0 / 2).saturating_sub(width_of(text) / 2);
                picture.write(text, left, GAP + (blank + line) * LINE);
            }
        }
        for (row, label) in labels.iter().enumerate() {
            let (_, y) = picture.corner(row, 0);
            let left = margin - GAP - width_of(label);
            picture.write(label, left, (y + cell.1 / 2).saturating_sub(LINE / 2));
        }
        picture
    }

    fn corner(&self, row: usize, column: usize) -> (usize, usize) {
        (self.margin + column * (self.cell.0 + GAP), self.heading + row * (self.cell.1 + GAP))
    }

    fn write(&mut self, text: &str, x: usize, y: usize) {
        let mut layout = Layout::new(CoordinateSystem::PositiveYDown);
        layout.append(&[&*FONT], &TextStyle::new(text, LETTERS, 0));
        for glyph in layout.glyphs() {
            let (metrics, coverage) = FONT.rasterize_config(glyph.key);
            for (i, cover) in coverage.into_iter().enumerate() {
                let at = x as f32 + glyph.x + (i % metrics.width) as f32;
                let down = y as f32 + glyph.y + (i / metrics.width) as f32;
                if at < 0.0 || down < 0.0 || at as usize >= self.width {
                    continue;
                }
                if let Some(pixel) = self.pixels.get_mut(down as usize * self.width + at as usize) {
                    let share = f32::from(cover) / 255.0;
                    *pixel = pixel.map(|p| (f32::from(p) * (1.0 - share) + INK * share) as u8);
                }
            }
        }
    }

    /// Draws an image into its cell. Unknown pixels are hatched.
    pub fn draw(&mut self, row: usize, column: usize, canvas: Canvas, value: impl Fn(usize) -> Option<f64>) {
        let Shape { height, width, .. } = canvas.shape;
        let (x, y) = self.corner(row, column);
        // A heading can make the cell wider than the image.
        let wide = (self.cell.1 * width).div_ceil(height).min(self.cell.0);
        let left = x + (self.cell.0 - wide) / 2;
        for dy in 0..self.cell.1 {
            for dx in 0..wide {
                let colour = canvas.colour(&value, dy * height / self.cell.1, dx * width / wide);
                let hatch = if (dx + dy) / 4 % 2 == 0 { [150; 3] } else { [190; 3] };
                self.pixels[(y + dy) * self.width + left + dx] = colour.unwrap_or(hatch);
            }
        }
    }

    /// Writes a word into a cell instead of an image.
    pub fn say(&mut self, row: usize, column: usize, text: &str) {
        let (x, y) = self.corner(row, column);
        let left = (x + self.cell.0 / 2).saturating_sub(width_of(text) / 2);
        self.write(text, left, (y + self.cell.1 / 2).saturating_sub(LINE / 2));
    }

    /// The grid as the bytes of a PNG file.
    ///
    /// # Errors
    /// A grid without pixels.
    pub fn png(&self) -> crate::Result<Vec<u8>> {
        crate::encode::encode_png(self.width, &self.pixels, None)
    }

    /// Writes the grid as a PNG file.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn write_png(&self, path: &Path) -> Result<()> {
        let height = self.pixels.len() / self.width;
        let grey = self.pixels.iter().all(|p| p[0] == p[1] && p[1] == p[2]);
        let bytes: Vec<u8> = if grey {
            self.pixels.iter().map(|p| p[0]).collect()
        } else {
            self.pixels.iter().flatten().copied().collect()
        };
        write_png(path, self.width, height, if grey { 1 } else { 3 }, &bytes)
    }
}
