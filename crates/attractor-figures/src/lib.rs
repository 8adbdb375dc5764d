//! Drawing: figures in panels as SVG and PNG, grids of small images, and energy landscapes.
//!
//! A [`Figure`] is one description, from which both SVG and PNG are written. [`landscape`] draws the energy
//! of a memory, and [`steps`] draws recalls step by step. A [`Picture`] is a grid of images.
//!
//! A panel holds marks: lines with markers and uncertainty bands, filled fields, contour lines, arrows,
//! paths, and the points and curves that a memory stores. The colours are those of Okabe and Ito (2008),
//! which colour-blind people can tell apart. Each style also has its own marker and dashes, so a figure can
//! be read in grey. Sizes are those of a printed page: a figure is 190 mm wide and its text has 9 points or
//! more.
//!
//! ```
//! use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
//! let points = vec![Point::new(1.0, 2.0), Point::new(2.0, 4.0)];
//! let line = Series { name: "a line".into(), style: 0, look: Look::Marked, points };
//! let panel = Panel {
//!     title: "one panel".into(),
//!     x: Axis::log("steps"),
//!     y: Axis::linear("time (s)"),
//!     equal: false,
//!     marks: vec![Mark::Line(line)],
//! };
//! let figure = Figure { panels: vec![panel], ..Figure::new(1, 240.0) };
//! assert!(figure.svg()?.starts_with("<svg"));
//! # Ok::<(), attractor_figures::Error>(())
//! ```

mod axis;
mod colour;
mod contour;
mod encode;
mod error;
mod font;
mod frame;
pub mod landscape;
mod layout;
mod legend;
mod marks;
mod picture;
mod raster;
mod scene;
pub mod steps;

use std::path::Path;

use attractor_data::write_atomically;

pub use axis::Axis;
pub use colour::Marker;
pub use error::{Error, Result};
pub use marks::{Arrows, Contours, Field, Image, Look, Mark, Names, Outline, Point, Series, Trace};
pub use picture::{Canvas, Picture};

/// Width of a figure in CSS pixels (1/96 inch): 190 mm.
const WIDTH: f64 = 720.0;
/// Height of text and of headings in CSS pixels: 9 and 10 points.
const TEXT: f64 = 12.0;
const TITLE: f64 = 13.0;
/// Pixels of the PNG file per CSS pixel: 288 dots per inch.
const SCALE: f64 = 3.0;

/// A pair of axes and the marks between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// The heading.
    pub title: String,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// Whether both axes have the same scale.
    pub equal: bool,
    /// The marks, drawn in this order.
    pub marks: Vec<Mark>,
}

/// Panels in rows of `columns`, with one legend below.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The panels, row by row.
    pub panels: Vec<Panel>,
    /// Panels in a row; at least 1.
    pub columns: usize,
    /// Height of a panel with its headings, in CSS pixels (1/96 inch). Panels with equal axes get the height
    /// that the axes need.
    pub panel_height: f64,
    /// Whether all panels share the range of their axes. They are then labelled only at the left and at the
    /// bottom.
    pub shared: bool,
    /// The colour scale of the fields, shared by all panels: its title, and its range (default: that of the
    /// fields).
    pub colours: Axis,
}

impl Figure {
    /// A figure without panels.
    pub fn new(columns: usize, panel_height: f64) -> Self {
        Figure { panels: Vec::new(), columns, panel_height, shared: false, colours: Axis::linear("") }
    }

    /// The figure as an SVG document. Text stays text, shown in the reader's sans-serif font.
    ///
    /// # Errors
    /// A figure without panels; a panel with nothing to show; an empty range.
    pub fn svg(&self) -> Result<String> {
        self.scene()?.svg()
    }

    /// The figure as a PNG file of 288 dots per inch, with the font that comes with the program.
    ///
    /// # Errors
    /// As [`svg`](Figure::svg).
    pub fn png(&self) -> Result<Vec<u8>> {
        self.scene()?.png(SCALE)
    }

    /// Writes one file: SVG if its name ends in `.svg`, otherwise PNG.
    ///
    /// # Errors
    /// As [`svg`](Figure::svg), and errors of the file system.
    pub fn write_to(&self, path: &Path) -> Result<()> {
        let vector = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("svg"));
        let bytes = if vector { self.svg()?.into_bytes() } else { self.png()? };
        Ok(write_atomically(path, |file| file.write_all(&bytes))?)
    }

    /// Writes `name.svg` and `name.png` into a folder.
    ///
    /// # Errors
    /// As [`svg`](Figure::svg), and errors of the file system.
    pub fn write(&self, folder: &Path, name: &str) -> Result<()> {
        self.write_to(&folder.join(format!("{name}.svg")))?;
        self.write_to(&folder.join(format!("{name}.png")))
    }
}

#[cfg(test)]
mod tests;
