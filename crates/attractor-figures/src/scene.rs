//! A drawing as a list of shapes. SVG and PNG are both made from it.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::colour::Colour;
use super::encode::encode_png;
use crate::Result;

/// A place, in CSS pixels from the upper left corner.
pub(super) type Place = (f64, f64);

/// Which point of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// How a line is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pen {
    pub colour: Colour,
    pub width: f64,
    /// Lengths of dashes and gaps. An empty list draws a solid line.
    pub dashes: Vec<f64>,
    pub opacity: f64,
}

impl Pen {
    pub fn new(colour: Colour, width: f64) -> Self {
        Pen { colour, width, dashes: Vec::new(), opacity: 1.0 }
    }

    /// The same pen with these dashes and gaps. Ends are round, so each dash is made shorter by the width of
    /// the line.
    pub fn dashed(self, lengths: &[f64]) -> Self {
        let of = |(i, l): (usize, &f64)| if i % 2 == 0 { (l - self.width).max(0.1) } else { l + self.width };
        Pen { dashes: lengths.iter().enumerate().map(of).collect(), ..self }
    }
}

/// Something to draw.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    /// The inside of a closed polygon.
    Fill { corners: Vec<Place>, colour: Colour, opacity: f64 },
    /// A line through places, with round ends and joins.
    Stroke { places: Vec<Place>, pen: Pen },
    /// A line of text. `turned` turns it to read upwards; `rim` draws a white outline around its letters.
    Text { at: Place, text: String, size: f64, anchor: Anchor, colour: Colour, turned: bool, rim: bool },
    /// An image with `columns` columns, row by row from the top, interpolated over its rectangle.
    Image { rect: Rect, columns: usize, pixels: Vec<Colour> },
    /// Shapes that are cut at the rectangle.
    Clipped { rect: Rect, shapes: Vec<Shape> },
}

impl Shape {
    /// A filled circle.
    pub fn disc((x, y): Place, radius: f64, colour: Colour) -> Self {
        /// Corners of the polygon that stands for a circle. At a radius of 5 pixels it is within 0.02 pixels
        /// of the circle.
        const CORNERS: usize = 32;
        let corner = |i: usize| {
            let (sin, cos) = (std::f64::consts::TAU * i as f64 / CORNERS as f64).sin_cos();
            (x + radius * cos, y + radius * sin)
        };
        Shape::Fill { corners: (0..CORNERS).map(corner).collect(), colour, opacity: 1.0 }
    }
}

/// A drawing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scene {
    pub width: f64,
    pub height: f64,
    pub shapes: Vec<Shape>,
}

impl Scene {
    /// The drawing as an SVG document. Text stays text. No element has an id, so several documents can share
    /// a page.
    pub fn svg(&self) -> Result<String> {
        let (width, height) = (self.width, self.height);
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\" \
             stroke-linecap=\"round\" stroke-linejoin=\"round\">\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
        );
        for shape in &self.shapes {
            write(shape, &mut text)?;
        }
        text += "</svg>\n";
        Ok(text)
    }
}

fn write(shape: &Shape, out: &mut String) -> Result<()> {
    match shape {
        Shape::Fill { corners, colour, opacity } => {
            *out += &format!("<path d=\"{}Z\" fill=\"{}\"", line(corners), hex(*colour));
            *out += &opacity_of("fill-opacity", *opacity);
        }
        Shape::Stroke { places, pen } => {
            let (colour, width) = (hex(pen.colour), short(pen.width));
            *out += &format!(
                "<path d=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"",
                line(places)
            );
            if !pen.dashes.is_empty() {
                let lengths: Vec<String> = pen.dashes.iter().map(|l| short(*l)).collect();
                *out += &format!(" stroke-dasharray=\"{}\"", lengths.join(" "));
            }
            *out += &opacity_of("stroke-opacity", pen.opacity);
        }
        Shape::Text { at: (x, y), text, size, anchor, colour, turned, rim } => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let (x, y, colour) = (short(*x), short(*y), hex(*colour));
            *out += &format!(
                "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{colour}\""
            );
            if *turned {
                *out += &format!(" transform=\"rotate(-90 {x} {y})\"");
            }
            if *rim {
                *out += " stroke=\"#fff\" stroke-width=\"2.5\" paint-order=\"stroke\"";
            }
            // XML does not allow control characters.
            let text = text.replace(|c: char| c.is_control(), "\u{fffd}");
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            *out += &format!(">{text}</text>\n");
            return Ok(());
        }
        Shape::Image { rect, columns, pixels } => {
            let code = BASE64_STANDARD.encode(encode_png(*columns, pixels, None)?);
            *out += &format!(
                "<image {} preserveAspectRatio=\"none\" href=\"data:image/png;base64,{code}\"",
                sides(rect)
            );
        }
        Shape::Clipped { rect, shapes } => {
            let Rect { x, y, width, height } = rect;
            // A nested `svg` element hides what is outside of it.
            let _ = writeln!(
                out,
                "<svg {} viewBox=\"{} {} {} {}\">",
                sides(rect),
                short(*x),
                short(*y),
                short(*width),
                short(*height)
            );
            shapes.iter().try_for_each(|shape| write(shape, out))?;
            *out += "</svg>\n";
            return Ok(());
        }
    }
    *out += "/>\n";
    Ok(())
}

fn sides(rect: &Rect) -> String {
    let [x, y, width, height] = [rect.x, rect.y, rect.width, rect.height].map(short);
    format!("x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"")
}

fn line(places: &[Place]) -> String {
    let mut text = String::new();
    for (i, (x, y)) in places.iter().enumerate() {
        let _ = write!(text, "{}{} {}", if i == 0 { 'M' } else { 'L' }, short(*x), short(*y));
    }
    text
}

fn opacity_of(name: &str, opacity: f64) -> String {
    if opacity < 1.0 { format!(" {name}=\"{opacity}\"") } else { String::new() }
}

/// A number, rounded to hundredths of a pixel.
fn short(value: f64) -> String {
    format!("{}", (value * 100.0).round() / 100.0 + 0.0)
}

fn hex([r, g, b]: Colour) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}
