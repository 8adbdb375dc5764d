//! The legend and the colour scale, which stand below the panels.

use super::colour::{GREY, INK, scale};
use super::marks::Mark;
use super::scene::{Anchor, Pen, Place, Rect, Shape};
use super::{Axis, Figure, TEXT, WIDTH};
use crate::font::width_of;

/// Width of a legend entry's sign, and half of the length of its line.
const SIGN: f64 = 38.0;
const HALF: f64 = 12.0;
/// Space between entries, and the height of a row of entries.
const APART: f64 = 18.0;
const LINE: f64 = 21.0;

impl Figure {
    /// Each name once, in order of style. Stored patterns and paths come last.
    fn named(&self) -> Vec<(&str, &Mark)> {
        let mut named: Vec<(&str, &Mark)> = Vec::new();
        for mark in self.panels.iter().flat_map(|p| &p.marks) {
            let name = match mark {
                Mark::Line(of) => &of.name,
                Mark::Trace(of) => &of.name,
                Mark::Outline(of) => &of.name,
                _ => continue,
            };
            if !name.is_empty() && named.iter().all(|(other, _)| other != name) {
                named.push((name, mark));
            }
        }
        named.sort_by_key(|(_, mark)| match mark {
            Mark::Line(of) => of.style,
            Mark::Trace(of) => 100 + of.style,
            _ => 200,
        });
        named
    }

    /// The legend, starting at `top`. Also returns where it ends.
    pub(super) fn legend(&self, top: f64) -> (Vec<Shape>, f64) {
        let mut shapes = Vec::new();
        let mut y = top;
        let mut line: Vec<(&str, &Mark, f64)> = Vec::new();
        let mut width = 0.0;
        let mut flush = |line: &mut Vec<(&str, &Mark, f64)>, width: &mut f64, y: &mut f64| {
            let mut x = (WIDTH - *width + APART) / 2.0;
            for (name, mark, wide) in line.drain(..) {
                let at: Place = (x + SIGN / 2.0 - 4.0, *y + LINE / 2.0);
                shapes.extend(match mark {
                    Mark::Line(of) => of.sign(at, HALF),
                    Mark::Trace(of) => of.sign(at, HALF),
                    Mark::Outline(of) => of.sign(at, HALF),
                    _ => vec![],
                });
                shapes.push(text(name, (x + SIGN, at.1 + TEXT * 0.35), Anchor::Start));
                x += wide;
            }
            *y += LINE;
            *width = 0.0;
        };
        for (name, mark) in self.named() {
            let wide = SIGN + width_of(name, TEXT) + APART;
            if !line.is_empty() && width + wide - APART > WIDTH - 16.0 {
                flush(&mut line, &mut width, &mut y);
            }
            line.push((name, mark, wide));
            width += wide;
        }
        if !line.is_empty() {
            flush(&mut line, &mut width, &mut y);
        }
        (shapes, y)
    }

    /// The colour scale, starting at `top`. Also returns where it ends.
    pub(super) fn colour_bar(&self, ends: (f64, f64), top: f64) -> (Vec<Shape>, f64) {
        let rect = Rect { x: WIDTH / 2.0 - 130.0, y: top + 8.0, width: 260.0, height: 11.0 };
        const PIXELS: usize = 260;
        let row = |_| (0..PIXELS).map(|i| scale((i as f64 + 0.5) / PIXELS as f64));
        let pixels = (0..2).flat_map(row).collect();
        let mut shapes = vec![Shape::Image { rect, columns: PIXELS, pixels }, border(&rect)];
        let axis = Axis { range: Some(ends), ..self.colours.clone() };
        for (value, label) in axis.ticks(ends, 5) {
            let x = rect.x + (value - ends.0) / (ends.1 - ends.0) * rect.width;
            let y = rect.y + rect.height;
            shapes.push(Shape::Stroke { places: vec![(x, y), (x, y + 3.0)], pen: Pen::new(GREY, 0.8) });
            shapes.push(text(&label, (x, y + 4.0 + TEXT), Anchor::Middle));
        }
        shapes.push(text(
            &self.colours.title,
            (rect.x - 10.0, rect.y + rect.height / 2.0 + TEXT * 0.35),
            Anchor::End,
        ));
        (shapes, rect.y + rect.height + TEXT + 10.0)
    }
}

/// The outline of a rectangle.
pub(super) fn border(rect: &Rect) -> Shape {
    let (right, bottom) = (rect.x + rect.width, rect.y + rect.height);
    let places = vec![(rect.x, rect.y), (right, rect.y), (right, bottom), (rect.x, bottom), (rect.x, rect.y)];
    Shape::Stroke { places, pen: Pen::new(GREY, 0.8) }
}

/// A line of text in the usual size.
pub(super) fn text(text: &str, at: Place, anchor: Anchor) -> Shape {
    Shape::Text { at, text: text.into(), size: TEXT, anchor, colour: INK, turned: false, rim: false }
}
