//! Drawing: figures in panels as SVG and PNG, grids of small images, and energy landscapes.
//!
//! A [`Figure`] is written as SVG and PNG from one description. [`landscape`] and [`steps`] draw a memory's energy and
//! its recalls as figures. A [`Picture`] is a grid of images.
//!
//! A panel holds marks: lines with markers and uncertainty bands, filled fields, contour lines, arrows, paths,
//! and the points and curves that a memory stores. Colours are those of Okabe and Ito (2008), which colour-blind
//! people can tell apart; each style has its own marker and dashes too, so a figure can be read in grey. Sizes are
//! those of a printed page: a figure is 190 mm wide and its text 9 points or larger.
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
pub use error::{Error, Result};
pub use marks::{Arrows, Contours, Field, Look, Mark, Outline, Point, Series, Trace};
pub use picture::{Canvas, Picture};

/// Width of a figure in CSS pixels of 1/96 inch: 190 mm.
const WIDTH: f64 = 720.0;
/// Height of text in CSS pixels: 9 and 10 points.
const TEXT: f64 = 12.0;
const TITLE: f64 = 13.0;
/// Pixels of the PNG a CSS pixel: 288 dots an inch.
const SCALE: f64 = 3.0;

/// Two axes and what is drawn between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Its heading.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Whether a unit is as long on one axis as on the other.
    pub equal: bool,
    /// What is drawn, the last on top.
    pub marks: Vec<Mark>,
}

/// Panels in rows of `columns`, with one legend below.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The panels, row by row.
    pub panels: Vec<Panel>,
    /// Panels a row; at least 1.
    pub columns: usize,
    /// Height of a panel with its headings in CSS pixels (1/96 inch), where axes do not decide it by being equal.
    pub panel_height: f64,
    /// Whether all panels have the ends of the longest axes, written at the left and below only.
    pub shared: bool,
    /// The scale of the colours of fields, which all panels share: its title, and its ends unless they are those of
    /// the fields.
    pub colours: Axis,
}

impl Figure {
    /// A figure without panels.
    pub fn new(columns: usize, panel_height: f64) -> Self {
        Figure { panels: Vec::new(), columns, panel_height, shared: false, colours: Axis::linear("") }
    }

    /// The figure as an SVG document. Its text is text, in whatever sans-serif font the reader has.
    ///
    /// # Errors
    /// No panels, a panel with nothing to show, a range that is none.
    pub fn svg(&self) -> Result<String> {
        self.scene()?.svg()
    }

    /// The figure as a PNG file of 288 dots an inch. Its font comes with the program.
    ///
    /// # Errors
    /// As [`svg`](Figure::svg).
    pub fn png(&self) -> Result<Vec<u8>> {
        self.scene()?.png(SCALE)
    }

    /// Writes one file: SVG if its name ends in `.svg`, else PNG.
    ///
    /// # Errors
    /// As [`svg`](Figure::svg), and whatever the system says.
    pub fn write_to(&self, path: &Path) -> Result<()> {
        let vector = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("svg"));
        let bytes = if vector { self.svg()?.into_bytes() } else { self.png()? };
        Ok(write_atomically(path, |file| file.write_all(&bytes))?)
    }

    /// Writes `name.svg` and `name.png` into a folder.
    ///
    /// # Errors
    /// As [`svg`](Figure::svg), and whatever the system says.
    pub fn write(&self, folder: &Path, name: &str) -> Result<()> {
        self.write_to(&folder.join(format!("{name}.svg")))?;
        self.write_to(&folder.join(format!("{name}.png")))
    }
}

#[cfg(test)]
mod tests;
