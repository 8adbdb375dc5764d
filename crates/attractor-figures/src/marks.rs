//! The marks of a panel, and how they become shapes.

use ndarray::Array2;

use super::colour::{Colour, FAINT, INK, Marker, PAPER, STYLES, scale};
use super::contour;
use super::frame::Frame;
use super::scene::{Anchor, Pen, Place, Shape};
use crate::font::width_of;

/// A measured value with its uncertainty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The place on the horizontal axis.
    pub x: f64,
    /// The value.
    pub y: f64,
    /// The ends of its interval, if it has one.
    pub band: Option<(f64, f64)>,
}

impl Point {
    /// A value without an interval.
    pub fn new(x: f64, y: f64) -> Self {
        Point { x, y, band: None }
    }
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A line with a marker at each point.
    Marked,
    /// Only a line, for curves of many points.
    Line,
    /// A thin solid line, for curves so rough that dashes would be hard to follow.
    Thin,
    /// A thin dashed line, beside a thin solid one of the same style.
    ThinDashed,
    /// Only markers.
    Markers,
    /// Only markers, of this shape whatever the style.
    Marker(Marker),
}

/// Points in order, with a band where they have intervals.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The name in the legend. An empty name is left out.
    pub name: String,
    /// Which of the seven styles. The same number looks the same in all panels.
    pub style: usize,
    /// How it is drawn.
    pub look: Look,
    /// The points, in the order in which the line joins them. A point that the axes cannot show (not finite,
    /// or not positive on a logarithmic axis) is left out and makes a gap in the line.
    pub points: Vec<Point>,
}

/// Values on a regular grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// x of the first and of the last column.
    pub x: (f64, f64),
    /// y of the first and of the last row.
    pub y: (f64, f64),
    /// The values: one row for each y, one column for each x; at least 2 × 2.
    pub values: Array2<f64>,
}

/// A grey picture, whose pixels are drawn as squares.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// x of the left and of the right edge.
    pub x: (f64, f64),
    /// y of the lower and of the upper edge.
    pub y: (f64, f64),
    /// The values, from the top row down; at least one.
    pub values: Array2<f64>,
    /// The values that are drawn black and white.
    pub range: (f64, f64),
}

/// Contour lines.
#[derive(Clone, Debug, PartialEq)]
pub struct Contours {
    /// The values.
    pub field: Field,
    /// The values that get a line.
    pub levels: Vec<f64>,
    /// Decimals of the numbers on the lines. `None` leaves the numbers out.
    pub digits: Option<usize>,
}

/// Vectors as arrows.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrows {
    /// For each arrow its start and its vector, in units of the axes.
    pub arrows: Vec<((f64, f64), (f64, f64))>,
}

/// The path of a state: an open circle at the start, an arrowhead on the way, a disc at the end.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The name in the legend. An empty name is left out.
    pub name: String,
    /// The colour, numbered as for [`Series`].
    pub style: usize,
    /// The states along the path.
    pub points: Vec<(f64, f64)>,
}

/// The points and curves that a memory stores.
#[derive(Clone, Debug, PartialEq)]
pub struct Outline {
    /// The name in the legend. An empty name is left out.
    pub name: String,
    /// The pieces: one place is a point, several places are a curve.
    pub pieces: Vec<Vec<(f64, f64)>>,
}

/// Names of places, such as the labels of stored patterns. A name that would cover another one or leave the panel is left
/// out, and so is an empty one.
#[derive(Clone, Debug, PartialEq)]
pub struct Names {
    /// The places with their names.
    pub names: Vec<((f64, f64), String)>,
}

/// Something that a panel shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A line with markers and a band.
    Line(Series),
    /// A field in the colours of the figure.
    Field(Field),
    /// A grey picture.
    Image(Image),
    /// Contour lines.
    Contours(Contours),
    /// Vectors.
    Arrows(Arrows),
    /// The path of a state.
    Trace(Trace),
    /// Stored points and curves.
    Outline(Outline),
    /// Names of places.
    Names(Names),
}

/// Radius of a marker.
const RADIUS: f64 = 3.5;
/// Radius of a stored point.
const POINT: f64 = 3.8;

impl Mark {
    /// The x and the y that the axes should include.
    pub(super) fn reach(&self) -> (Vec<f64>, Vec<f64>) {
        match self {
            Mark::Line(of) => (
                of.points.iter().map(|p| p.x).collect(),
                of.points.iter().flat_map(|p| [Some(p.y), p.band.map(|b| b.1)]).flatten().collect(),
            ),
            Mark::Field(field) | Mark::Contours(Contours { field, .. }) => {
                (vec![field.x.0, field.x.1], vec![field.y.0, field.y.1])
            }
            Mark::Image(image) => (vec![image.x.0, image.x.1], vec![image.y.0, image.y.1]),
            Mark::Arrows(of) => of.arrows.iter().map(|a| a.0).unzip(),
            Mark::Trace(of) => of.points.iter().copied().unzip(),
            Mark::Outline(of) => of.pieces.iter().flatten().copied().unzip(),
            Mark::Names(of) => of.names.iter().map(|(place, _)| *place).unzip(),
        }
    }

    /// Its markers, which are not clipped at the border.
    pub(super) fn markers(&self, frame: &Frame) -> Vec<Shape> {
        match self {
            Mark::Line(of) => of.markers(frame),
            _ => vec![],
        }
    }

    /// Its other shapes, in a panel whose colour scale spans `colours`.
    pub(super) fn shapes(&self, frame: &Frame, colours: (f64, f64)) -> Vec<Shape> {
        match self {
            Mark::Line(of) => of.shapes(frame),
            Mark::Field(of) => vec![of.shape(frame, colours)],
            Mark::Image(of) => vec![of.shape(frame)],
            Mark::Contours(of) => of.shapes(frame),
            Mark::Arrows(of) => of.shapes(frame),
            Mark::Trace(of) => of.shapes(frame),
            Mark::Outline(of) => of.shapes(frame),
            Mark::Names(of) => of.shapes(frame),
        }
    }
}

impl Series {
    fn shapes(&self, frame: &Frame) -> Vec<Shape> {
        let colour = STYLES[self.style % STYLES.len()].0;
        let mut shapes = Vec::new();
        // Each run of points that can be shown. A line does not bridge missing points.
        for run in self.points.split(|p| !frame.shows((p.x, p.y))).filter(|run| !run.is_empty()) {
            let places: Vec<Place> = run.iter().map(|p| frame.at((p.x, p.y))).collect();
            if run.iter().any(|p| p.band.is_some()) {
                let low = run.iter().map(|p| frame.at((p.x, p.band.map_or(p.y, |b| b.0))));
                let high = run.iter().rev().map(|p| frame.at((p.x, p.band.map_or(p.y, |b| b.1))));
                shapes.push(Shape::Fill { corners: low.chain(high).collect(), colour, opacity: 0.18 });
            }
            if !matches!(self.look, Look::Markers | Look::Marker(_)) {
                shapes.push(Shape::Stroke { places, pen: self.pen() });
            }
        }
        shapes
    }

    fn has_markers(&self) -> bool {
        matches!(self.look, Look::Marked | Look::Markers | Look::Marker(_))
    }

    fn marker(&self) -> Marker {
        match self.look {
            Look::Marker(marker) => marker,
            _ => STYLES[self.style % STYLES.len()].1,
        }
    }

    fn pen(&self) -> Pen {
        let (colour, _, dashes) = STYLES[self.style % STYLES.len()];
        match self.look {
            Look::Thin => Pen::new(colour, 0.9),
            Look::ThinDashed => Pen::new(colour, 0.9).dashed(&[4.0, 2.5]),
            _ => Pen::new(colour, 1.5).dashed(dashes),
        }
    }

    fn markers(&self, frame: &Frame) -> Vec<Shape> {
        let (colour, marker) = (STYLES[self.style % STYLES.len()].0, self.marker());
        let points = self.points.iter().map(|p| (p.x, p.y)).filter(|p| self.has_markers() && frame.holds(*p));
        points.flat_map(|p| draw_marker(marker, frame.at(p), colour)).collect()
    }

    /// Its sign in the legend, centred at this place.
    pub(super) fn sign(&self, (x, y): Place, half: f64) -> Vec<Shape> {
        let (colour, marker) = (STYLES[self.style % STYLES.len()].0, self.marker());
        let mut shapes = Vec::new();
        if !matches!(self.look, Look::Markers | Look::Marker(_)) {
            shapes.push(Shape::Stroke { places: vec![(x - half, y), (x + half, y)], pen: self.pen() });
        }
        if self.has_markers() {
            shapes.extend(draw_marker(marker, (x, y), colour));
        }
        shapes
    }
}

fn draw_marker(marker: Marker, (x, y): Place, colour: Colour) -> Vec<Shape> {
    let r = RADIUS;
    let fill = |corners: &[Place]| {
        let corners = corners.iter().map(|(dx, dy)| (x + dx * r, y + dy * r)).collect();
        vec![Shape::Fill { corners, colour, opacity: 1.0 }]
    };
    let strokes = |a: Place, b: Place| {
        let line = |(dx, dy): Place| {
            let places = vec![(x - dx * r, y - dy * r), (x + dx * r, y + dy * r)];
            Shape::Stroke { places, pen: Pen::new(colour, 1.5) }
        };
        vec![line(a), line(b)]
    };
    match marker {
        Marker::Circle => vec![Shape::disc((x, y), r, colour)],
        Marker::Square => fill(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
        Marker::Triangle => fill(&[(0.0, -1.15), (1.05, 0.75), (-1.05, 0.75)]),
        Marker::TriangleDown => fill(&[(0.0, 1.15), (1.05, -0.75), (-1.05, -0.75)]),
        Marker::Diamond => fill(&[(0.0, -1.25), (1.0, 0.0), (0.0, 1.25), (-1.0, 0.0)]),
        Marker::Cross => strokes((0.85, 0.85), (0.85, -0.85)),
        Marker::Plus => strokes((1.1, 0.0), (0.0, 1.1)),
    }
}

impl Field {
    /// The place of a column and a row, in units of the axes.
    fn place(&self, (column, row): (f64, f64)) -> (f64, f64) {
        let (rows, columns) = self.values.dim();
        let along = |(from, to): (f64, f64), i: f64, n: usize| from + (to - from) * i / (n.max(2) - 1) as f64;
        (along(self.x, column, columns), along(self.y, row, rows))
    }

    /// The interpolated value at a share (0 to 1) of both ranges.
    pub(super) fn value(&self, across: f64, up: f64) -> f64 {
        let (rows, columns) = self.values.dim();
        let split = |share: f64, n: usize| {
            let at = share.clamp(0.0, 1.0) * (n.max(1) - 1) as f64;
            let low = (at as usize).min(n.saturating_sub(2));
            (low, (low + 1).min(n - 1), at - low as f64)
        };
        let ((r, s, v), (c, d, u)) = (split(up, rows), split(across, columns));
        let of = |row: usize| self.values[[row, c]] * (1.0 - u) + self.values[[row, d]] * u;
        of(r) * (1.0 - v) + of(s) * v
    }

    fn shape(&self, frame: &Frame, (low, high): (f64, f64)) -> Shape {
        let (left, bottom) = frame.at((self.x.0, self.y.0));
        let (right, top) = frame.at((self.x.1, self.y.1));
        let rect = super::scene::Rect { x: left, y: top, width: right - left, height: bottom - top };
        // One pixel for each CSS pixel; the viewer smooths them.
        let (columns, rows) = (rect.width.ceil().max(2.0) as usize, rect.height.ceil().max(2.0) as usize);
        let pixel = |i: usize| {
            let (across, down) = (i % columns, i / columns);
            let share = |i: usize, n: usize| (i as f64 + 0.5) / n as f64;
            let value = self.value(share(across, columns), 1.0 - share(down, rows));
            scale((value - low) / (high - low))
        };
        Shape::Image { rect, columns, pixels: (0..columns * rows).map(pixel).collect() }
    }
}

impl Image {
    fn shape(&self, frame: &Frame) -> Shape {
        let ((left, bottom), (right, top)) = (frame.at((self.x.0, self.y.0)), frame.at((self.x.1, self.y.1)));
        let rect = super::scene::Rect { x: left, y: top, width: right - left, height: bottom - top };
        let (rows, columns) = self.values.dim();
        // Viewers smooth pixels, so each is repeated until it is a square with soft edges.
        let times = |length: f64, n: usize| (length / n.max(1) as f64).ceil().max(1.0) as usize;
        let (across, down) = (times(rect.width, columns), times(rect.height, rows));
        let (black, white) = self.range;
        let pixel = |i: usize| {
            let (column, row) = (i % (columns * across) / across, i / (columns * across) / down);
            let share = ((self.values[[row, column]] - black) / (white - black)).clamp(0.0, 1.0);
            [(share * 255.0).round() as u8; 3]
        };
        let pixels = (0..columns * across * rows * down).map(pixel).collect();
        Shape::Image { rect, columns: columns * across, pixels }
    }
}

impl Contours {
    fn shapes(&self, frame: &Frame) -> Vec<Shape> {
        /// Height of the numbers on the lines, and the least distance between two of them.
        const NUMBER: f64 = 10.0;
        const APART: f64 = 46.0;
        let mut shapes = Vec::new();
        let mut numbers: Vec<(Place, String)> = Vec::new();
        for &level in &self.levels {
            for line in contour::lines(self.field.values.view(), level) {
                let places: Vec<Place> = line.iter().map(|p| frame.at(self.field.place(*p))).collect();
                if let Some(digits) = self.digits {
                    let text = format!("{level:.digits$}").replace('-', "−");
                    let half = width_of(&text, NUMBER) / 2.0 + 4.0;
                    let free = |(x, y): Place, others: &[(Place, String)]| {
                        let inside = x - half > frame.rect.x
                            && x + half < frame.rect.x + frame.rect.width
                            && y - NUMBER > frame.rect.y
                            && y + NUMBER < frame.rect.y + frame.rect.height;
                        inside && others.iter().all(|((a, b), _)| (a - x).hypot(b - y) > APART)
                    };
                    // The middle of the line if it is free, otherwise the first place that is.
                    let (before, after) = places.split_at(places.len() / 2);
                    if let Some(&at) = after.iter().chain(before).find(|p| free(**p, &numbers)) {
                        numbers.push((at, text));
                    }
                }
                shapes.push(Shape::Stroke { places, pen: Pen { opacity: 0.55, ..Pen::new(INK, 0.6) } });
            }
        }
        shapes.extend(numbers.into_iter().map(|((x, y), text)| Shape::Text {
            at: (x, y + NUMBER * 0.35),
            text,
            size: NUMBER,
            anchor: Anchor::Middle,
            colour: INK,
            turned: false,
            rim: true,
        }));
        shapes
    }
}

/// The two wings and the tip of an arrowhead, given the tip, a direction and a length.
fn head(tip: Place, (ux, uy): Place, length: f64) -> Vec<Place> {
    let (back, side) = (length, length * 0.45);
    vec![
        tip,
        (tip.0 - back * ux - side * uy, tip.1 - back * uy + side * ux),
        (tip.0 - back * ux + side * uy, tip.1 - back * uy - side * ux),
    ]
}

impl Arrows {
    fn shapes(&self, frame: &Frame) -> Vec<Shape> {
        let ink: Colour = [0x40, 0x40, 0x40];
        let mut shapes = Vec::new();
        for &((x, y), (u, v)) in &self.arrows {
            let (a, b) = (frame.at((x, y)), frame.at((x + u, y + v)));
            let length = (b.0 - a.0).hypot(b.1 - a.1);
            if !length.is_finite() {
                continue;
            }
            // An arrow that is too short for a shaft is drawn as a dot.
            if length < 2.0 {
                shapes.push(Shape::disc(a, 0.8, ink));
                continue;
            }
            let along = ((b.0 - a.0) / length, (b.1 - a.1) / length);
            let tip = (length * 0.5).min(5.0);
            let neck = (b.0 - along.0 * tip, b.1 - along.1 * tip);
            shapes.push(Shape::Stroke { places: vec![a, neck], pen: Pen::new(ink, 0.9) });
            shapes.push(Shape::Fill { corners: head(b, along, tip), colour: ink, opacity: 1.0 });
        }
        shapes
    }
}

impl Trace {
    fn colour(&self) -> Colour {
        STYLES[self.style % STYLES.len()].0
    }

    fn shapes(&self, frame: &Frame) -> Vec<Shape> {
        let finite = self.points.iter().copied().filter(|p| frame.shows(*p));
        let places: Vec<Place> = finite.map(|p| frame.at(p)).collect();
        self.draw(&places)
    }

    fn draw(&self, places: &[Place]) -> Vec<Shape> {
        let (Some(&first), Some(&last)) = (places.first(), places.last()) else {
            return Vec::new();
        };
        let colour = self.colour();
        let line = |colour, width| Shape::Stroke { places: places.to_vec(), pen: Pen::new(colour, width) };
        let mut shapes = vec![line(PAPER, 3.6), line(colour, 1.8)];
        // The arrowhead stands a little beyond the middle of the path.
        let lengths: Vec<f64> = places.windows(2).map(|w| (w[1].0 - w[0].0).hypot(w[1].1 - w[0].1)).collect();
        let whole: f64 = lengths.iter().sum();
        let mut left = whole * 0.55;
        for (pair, length) in places.windows(2).zip(&lengths) {
            if *length > 0.0 && left <= *length {
                let along = ((pair[1].0 - pair[0].0) / length, (pair[1].1 - pair[0].1) / length);
                let tip = (pair[0].0 + along.0 * left, pair[0].1 + along.1 * left);
                if whole > 24.0 {
                    shapes.push(Shape::Fill { corners: head(tip, along, 8.0), colour, opacity: 1.0 });
                }
                break;
            }
            left -= length;
        }
        shapes.extend([Shape::disc(first, 4.0, colour), Shape::disc(first, 2.4, PAPER)]);
        shapes.extend([Shape::disc(last, 4.4, PAPER), Shape::disc(last, 3.4, colour)]);
        shapes
    }

    /// Its sign in the legend, centred at this place.
    pub(super) fn sign(&self, (x, y): Place, half: f64) -> Vec<Shape> {
        self.draw(&[(x - half, y), (x + half, y)])
    }
}

impl Outline {
    fn shapes(&self, frame: &Frame) -> Vec<Shape> {
        /// Above this number, points are drawn small.
        const MANY: usize = 120;
        let radius = if self.pieces.len() > MANY { 1.8 } else { POINT };
        let draw = |piece: &Vec<(f64, f64)>| {
            let places: Vec<Place> = piece.iter().map(|p| frame.at(*p)).collect();
            Self::draw(&places, radius)
        };
        self.pieces.iter().flat_map(draw).collect()
    }

    fn draw(places: &[Place], radius: f64) -> Vec<Shape> {
        match places {
            [] => vec![],
            [one] => vec![Shape::disc(*one, radius + 0.8, PAPER), Shape::disc(*one, radius, INK)],
            many => {
                let line =
                    |colour, width| Shape::Stroke { places: many.to_vec(), pen: Pen::new(colour, width) };
                vec![line(PAPER, 4.6), line(INK, 2.8)]
            }
        }
    }

    /// Its sign in the legend: a point if all pieces are points, otherwise a line.
    pub(super) fn sign(&self, (x, y): Place, half: f64) -> Vec<Shape> {
        match self.pieces.iter().all(|piece| piece.len() == 1) {
            true => Self::draw(&[(x, y)], POINT),
            false => Self::draw(&[(x - half, y), (x + half, y)], POINT),
        }
    }
}

impl Names {
    fn shapes(&self, frame: &Frame) -> Vec<Shape> {
        /// Height of the letters, the space between a point and its name, and the space around a point.
        const LETTERS: f64 = 10.5;
        const BESIDE: f64 = 6.0;
        const AROUND: f64 = 3.0;
        let points: Vec<Place> = self.names.iter().map(|(place, _)| frame.at(*place)).collect();
        let mut taken: Vec<Box4> = Vec::new();
        let mut shapes = Vec::new();
        for ((_, text), &(x, y)) in self.names.iter().zip(&points).filter(|((_, text), _)| !text.is_empty()) {
            let (wide, high) = (width_of(text, LETTERS), LETTERS);
            // The lower left corner of the name: on the right, on the left, above, below.
            let corners = [
                (x + BESIDE, y + high * 0.35),
                (x - BESIDE - wide, y + high * 0.35),
                (x - wide / 2.0, y - BESIDE),
                (x - wide / 2.0, y + BESIDE + high * 0.8),
            ];
            let area = |(left, base): Place| Box4 {
                left,
                right: left + wide,
                top: base - high * 0.8,
                bottom: base + 2.0,
            };
            let rect = &frame.rect;
            let whole =
                Box4 { left: rect.x, right: rect.x + rect.width, top: rect.y, bottom: rect.y + rect.height };
            let is_free = |area: &Box4| {
                let covers = |&(a, b): &Place| {
                    (a, b) != (x, y)
                        && area.touches(&Box4 {
                            left: a - AROUND,
                            right: a + AROUND,
                            top: b - AROUND,
                            bottom: b + AROUND,
                        })
                };
                area.is_inside(&whole)
                    && !taken.iter().any(|other| area.touches(other))
                    && !points.iter().any(covers)
            };
            let Some(&corner) = corners.iter().find(|corner| is_free(&area(**corner))) else { continue };
            taken.push(area(corner));
            shapes.push(Shape::Text {
                at: corner,
                text: text.clone(),
                size: LETTERS,
                anchor: Anchor::Start,
                colour: INK,
                turned: false,
                rim: true,
            });
        }
        shapes
    }
}

/// The sides of a rectangle.
struct Box4 {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Box4 {
    fn touches(&self, other: &Box4) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn is_inside(&self, other: &Box4) -> bool {
        self.left > other.left
            && self.right < other.right
            && self.top > other.top
            && self.bottom < other.bottom
    }
}

/// A grid line.
pub(super) fn help(a: Place, b: Place) -> Shape {
    Shape::Stroke { places: vec![a, b], pen: Pen::new(FAINT, 0.6) }
}
