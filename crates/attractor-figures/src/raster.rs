//! Drawing a scene as pixels.

use super::colour::Colour;
use super::encode::encode_png;
use super::scene::{Anchor, Pen, Place, Rect, Scene, Shape};
use crate::Result;
use crate::font::{FONT, width_of};

impl Scene {
    /// The scene as a PNG file with this many pixels per CSS pixel.
    pub fn png(&self, scale: f64) -> Result<Vec<u8>> {
        let (width, height) = ((self.width * scale).ceil() as usize, (self.height * scale).ceil() as usize);
        let mut canvas = Canvas { width, height, scale, pixels: vec![[255; 3]; width * height] };
        let all = Rect { x: 0.0, y: 0.0, width: self.width, height: self.height };
        self.shapes.iter().for_each(|shape| canvas.draw(shape, all));
        encode_png(width, &canvas.pixels, Some(scale))
    }
}

struct Canvas {
    width: usize,
    height: usize,
    scale: f64,
    pixels: Vec<Colour>,
}

/// How much of each pixel of a box is covered, from 0 to 1.
struct Mask {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
    cover: Vec<f32>,
}

impl Mask {
    /// Raises the coverage of a pixel to at least this.
    fn raise(&mut self, x: usize, y: usize, cover: f64) {
        let cell = &mut self.cover[y * self.width + x];
        *cell = cell.max(cover as f32);
    }
}

impl Canvas {
    fn draw(&mut self, shape: &Shape, clip: Rect) {
        match shape {
            Shape::Fill { corners, colour, opacity } => self.fill(corners, *colour, *opacity, clip),
            Shape::Stroke { places, pen } => self.stroke(places, pen, clip),
            Shape::Text { at, text, size, anchor, colour, turned, rim } => {
                let shift = match anchor {
                    Anchor::Start => 0.0,
                    Anchor::Middle => -width_of(text, *size) / 2.0,
                    Anchor::End => -width_of(text, *size),
                };
                let text = Text { at: *at, text, size: *size, shift, turned: *turned };
                if *rim {
                    for i in 0..8 {
                        let (sin, cos) = (std::f64::consts::TAU * f64::from(i) / 8.0).sin_cos();
                        let at = (at.0 + 1.25 * cos, at.1 + 1.25 * sin);
                        self.text(&Text { at, ..text }, [255; 3], clip);
                    }
                }
                self.text(&text, *colour, clip);
            }
            Shape::Image { rect, columns, pixels } => self.image(rect, *columns, pixels, clip),
            Shape::Clipped { rect, shapes } => {
                let (left, top) = (rect.x.max(clip.x), rect.y.max(clip.y));
                let right = (rect.x + rect.width).min(clip.x + clip.width);
                let bottom = (rect.y + rect.height).min(clip.y + clip.height);
                let inner =
                    Rect { x: left, y: top, width: (right - left).max(0.0), height: (bottom - top).max(0.0) };
                shapes.iter().for_each(|shape| self.draw(shape, inner));
            }
        }
    }

    /// An empty mask for these places and a margin around them, cut to the clip rectangle.
    fn mask(&self, places: &[Place], margin: f64, clip: Rect) -> Mask {
        let ends = |values: &mut dyn Iterator<Item = f64>| {
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)))
        };
        let (x, y) = (ends(&mut places.iter().map(|p| p.0)), ends(&mut places.iter().map(|p| p.1)));
        let whole = |(low, high): (f64, f64), from: f64, size: f64, most: usize| {
            let low = ((low - margin).max(from) * self.scale).round().max(0.0) as usize;
            let high = ((high + margin).min(from + size) * self.scale).round().max(0.0) as usize;
            (low.min(most), high.min(most).saturating_sub(low))
        };
        let (left, width) = whole(x, clip.x, clip.width, self.width);
        let (top, height) = whole(y, clip.y, clip.height, self.height);
        Mask { left, top, width, height, cover: vec![0.0; width * height] }
    }

    fn paint(&mut self, mask: &Mask, colour: Colour, opacity: f64) {
        for (row, covers) in mask.cover.chunks(mask.width.max(1)).enumerate() {
            let start = (mask.top + row) * self.width + mask.left;
            for (pixel, cover) in self.pixels[start..start + covers.len()].iter_mut().zip(covers) {
                let share = cover * opacity as f32;
                if share > 0.0 {
                    for (p, c) in pixel.iter_mut().zip(colour) {
                        *p = (f32::from(*p) * (1.0 - share) + f32::from(c) * share).round() as u8;
                    }
                }
            }
        }
    }

    /// Draws a line: every pixel within half of its width.
    fn stroke(&mut self, places: &[Place], pen: &Pen, clip: Rect) {
        let mut mask = self.mask(places, pen.width, clip);
        let half = (pen.width * self.scale / 2.0).max(0.5);
        for piece in dashed(places, &pen.dashes) {
            let scaled: Vec<Place> = piece
                .iter()
                .map(|(x, y)| (x * self.scale - mask.left as f64, y * self.scale - mask.top as f64))
                .collect();
            let pairs: Vec<_> = match &scaled[..] {
                [one] => vec![(*one, *one)],
                many => many.windows(2).map(|w| (w[0], w[1])).collect(),
            };
            for (a, b) in pairs {
                let reach = half + 1.0;
                let range = |a: f64, b: f64, most: usize| {
                    let low = (a.min(b) - reach).floor().max(0.0) as usize;
                    low..((a.max(b) + reach).ceil().max(0.0) as usize).min(most)
                };
                for y in range(a.1, b.1, mask.height) {
                    for x in range(a.0, b.0, mask.width) {
                        let distance = distance((x as f64 + 0.5, y as f64 + 0.5), a, b);
                        mask.raise(x, y, (half + 0.5 - distance).clamp(0.0, 1.0));
                    }
                }
            }
        }
        self.paint(&mask, pen.colour, pen.opacity);
    }

    /// Fills a polygon by the even–odd rule, sampling four lines in each pixel.
    fn fill(&mut self, corners: &[Place], colour: Colour, opacity: f64, clip: Rect) {
        const LINES: usize = 4;
        let mut mask = self.mask(corners, 1.0, clip);
        let scaled: Vec<Place> = corners
            .iter()
            .map(|(x, y)| (x * self.scale - mask.left as f64, y * self.scale - mask.top as f64))
            .collect();
        let mut crossings = Vec::new();
        for line in 0..mask.height * LINES {
            let y = (line as f64 + 0.5) / LINES as f64;
            crossings.clear();
            for (i, a) in scaled.iter().enumerate() {
                let b = scaled[(i + 1) % scaled.len()];
                if (a.1 <= y) != (b.1 <= y) {
                    crossings.push(a.0 + (y - a.1) / (b.1 - a.1) * (b.0 - a.0));
                }
            }
            crossings.sort_by(f64::total_cmp);
            let row = &mut mask.cover[line / LINES * mask.width..][..mask.width];
            for pair in crossings.chunks_exact(2) {
                let (low, high) = (pair[0].max(0.0), pair[1].min(mask.width as f64));
                for x in low as usize..(high.ceil().max(0.0) as usize).min(row.len()) {
                    let part = (high.min(x as f64 + 1.0) - low.max(x as f64)).max(0.0);
                    row[x] += part as f32 / LINES as f32;
                }
            }
        }
        self.paint(&mask, colour, opacity);
    }

    fn image(&mut self, rect: &Rect, columns: usize, pixels: &[Colour], clip: Rect) {
        let rows = pixels.len() / columns.max(1);
        let corners = [(rect.x, rect.y), (rect.x + rect.width, rect.y + rect.height)];
        let mask = self.mask(&corners, 0.0, clip);
        // Interpolate between the centres of pixels. The outermost pixels reach to the edge.
        let weigh = |place: f64, from: f64, size: f64, count: usize| {
            let at = ((place / self.scale - from) / size * count as f64 - 0.5).clamp(0.0, count as f64 - 1.0);
            let low = (at as usize).min(count.saturating_sub(2));
            (low, (low + 1).min(count - 1), at - low as f64)
        };
        for y in mask.top..mask.top + mask.height {
            let (top, bottom, down) = weigh(y as f64 + 0.5, rect.y, rect.height, rows);
            for x in mask.left..mask.left + mask.width {
                let (left, right, across) = weigh(x as f64 + 0.5, rect.x, rect.width, columns);
                let of = |row: usize, column: usize, channel: usize| {
                    f64::from(pixels[row * columns + column][channel])
                };
                self.pixels[y * self.width + x] = [0, 1, 2].map(|c| {
                    let upper = of(top, left, c) * (1.0 - across) + of(top, right, c) * across;
                    let lower = of(bottom, left, c) * (1.0 - across) + of(bottom, right, c) * across;
                    (upper * (1.0 - down) + lower * down).round() as u8
                });
            }
        }
    }

    fn text(&mut self, text: &Text, colour: Colour, clip: Rect) {
        let size = (text.size * self.scale) as f32;
        let mut pen = text.shift * self.scale;
        let (x, y) = (text.at.0 * self.scale, text.at.1 * self.scale);
        let place = |value: f64| (value / self.scale, value / self.scale);
        for c in text.text.chars() {
            let (metrics, cover) = FONT.rasterize(c, size);
            let (left, top) =
                ((pen + f64::from(metrics.xmin)).round(), -f64::from(metrics.ymin) - metrics.height as f64);
            for (i, &value) in cover.iter().enumerate() {
                let across = left + (i % metrics.width) as f64;
                let down = top + (i / metrics.width) as f64;
                // Turned text: right becomes up and down becomes right.
                let (px, py) = match text.turned {
                    true => ((x + down).round(), (y - across).round()),
                    false => ((x + across).round(), (y + down).round()),
                };
                let inside = place(px).0 >= clip.x
                    && place(py).0 >= clip.y
                    && place(px).0 < clip.x + clip.width
                    && place(py).0 < clip.y + clip.height;
                if inside && value > 0 {
                    let share = f32::from(value) / 255.0;
                    if let Some(pixel) = self.pixels.get_mut(py as usize * self.width + px as usize) {
                        for (p, c) in pixel.iter_mut().zip(colour) {
                            *p = (f32::from(*p) * (1.0 - share) + f32::from(c) * share).round() as u8;
                        }
                    }
                }
            }
            pen += f64::from(metrics.advance_width);
        }
    }
}

/// A line of text. `shift` is the distance from its place to its start.
#[derive(Clone, Copy)]
struct Text<'a> {
    at: Place,
    text: &'a str,
    size: f64,
    shift: f64,
    turned: bool,
}

/// The distance of a place from the segment between two others.
fn distance(p: Place, a: Place, b: Place) -> f64 {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let square = dx * dx + dy * dy;
    let share =
        if square > 0.0 { (((p.0 - a.0) * dx + (p.1 - a.1) * dy) / square).clamp(0.0, 1.0) } else { 0.0 };
    (p.0 - a.0 - share * dx).hypot(p.1 - a.1 - share * dy)
}

/// The drawn pieces of a dashed line.
fn dashed(places: &[Place], lengths: &[f64]) -> Vec<Vec<Place>> {
    let (Some(first), false) = (places.first(), lengths.is_empty()) else {
        return vec![places.to_vec()];
    };
    let mut pieces = vec![vec![*first]];
    let (mut which, mut left) = (0, lengths[0]);
    for pair in places.windows(2) {
        let (mut a, b) = (pair[0], pair[1]);
        loop {
            let length = (b.0 - a.0).hypot(b.1 - a.1);
            let drawn = which % 2 == 0;
            if length <= left {
                left -= length;
                if let (true, Some(piece)) = (drawn, pieces.last_mut()) {
                    piece.push(b);
                }
                break;
            }
            let share = left / length;
            a = (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1));
            match (drawn, pieces.last_mut()) {
                (true, Some(piece)) => piece.push(a),
                _ => pieces.push(vec![a]),
            }
            which += 1;
            left = lengths[which % lengths.len()];
        }
    }
    pieces
}
