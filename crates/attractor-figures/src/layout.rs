//! Layout: where the panels stand, and what is written around them.

use super::colour::{GREY, INK};
use super::frame::Frame;
use super::legend::{border, text};
use super::marks::{Mark, help};
use super::scene::{Anchor, Pen, Place, Rect, Scene, Shape};
use super::{Figure, Panel, TEXT, TITLE, WIDTH};
use crate::font::width_of;
use crate::{Error, Result};

/// Space around the figure, for the numbers at the ticks, and for the title of an axis.
const EDGE: f64 = 6.0;
const BESIDE: f64 = 14.0;
const TICK: f64 = 4.0;
const NUMBERS: f64 = TICK + 4.0 + TEXT;
const AXIS_TITLE: f64 = TEXT + 7.0;

impl Panel {
    fn ends(&self) -> Result<[(f64, f64); 2]> {
        let (x, y): (Vec<_>, Vec<_>) = self.marks.iter().map(Mark::reach).unzip();
        Ok([self.x.ends(x.into_iter().flatten())?, self.y.ends(y.into_iter().flatten())?])
    }

    /// Whether it has neither ticks nor a border.
    fn is_bare(&self) -> bool {
        self.x.bare && self.y.bare
    }

    fn has_field(&self) -> bool {
        self.marks.iter().any(|mark| matches!(mark, Mark::Field(_)))
    }
}

/// What is written around one panel.
struct Around {
    ends: [(f64, f64); 2],
    /// Whether the horizontal and the vertical axis are labelled.
    written: [bool; 2],
    left: f64,
    top: f64,
    bottom: f64,
}

impl Figure {
    pub(super) fn scene(&self) -> Result<Scene> {
        if self.panels.is_empty() || self.columns == 0 {
            let found = format!("{} panels, {} columns", self.panels.len(), self.columns);
            return Err(Error::setting("figure", "at least one panel and one column", found));
        }
        let around = self.around()?;
        let columns = self.columns.min(self.panels.len());
        let most = |of: fn(&Around) -> f64, among: &dyn Fn(usize) -> bool| {
            around.iter().enumerate().filter(|(i, _)| among(*i)).map(|(_, a)| of(a)).fold(0.0, f64::max)
        };
        let lefts: Vec<f64> = (0..columns).map(|c| most(|a| a.left, &|i| i % self.columns == c)).collect();
        // Beside a panel without numbers of its own, half of a number of each neighbour needs its place.
        let half = |i: usize| self.panels[i].x.widest(around[i].ends[0], TEXT) / 2.0;
        let halves = (0..self.panels.len()).filter(|&i| around[i].written[0]).map(half).fold(0.0, f64::max);
        let beside = if self.shared { BESIDE.max(2.0 * halves + 4.0) } else { BESIDE };
        let taken: f64 = lefts.iter().sum::<f64>() + beside * columns as f64 + 2.0 * EDGE;
        let width = ((WIDTH - taken) / columns as f64).max(20.0);
        let colours = self.colour_ends()?;

        let mut shapes = Vec::new();
        let mut y = EDGE;
        for row in 0..self.panels.len().div_ceil(self.columns) {
            let in_row = |i: usize| i / self.columns == row;
            let (top, bottom) = (most(|a| a.top, &in_row), most(|a| a.bottom, &in_row));
            let members = || (0..self.panels.len()).filter(|&i| in_row(i));
            let ratio = |i: usize| {
                let [x, y] = around[i].ends;
                (y.1 - y.0) / (x.1 - x.0)
            };
            let equal = members().filter(|&i| self.panels[i].equal);
            let height = match equal.map(ratio).max_by(f64::total_cmp) {
                Some(ratio) => width * ratio.min(2.0),
                None => (self.panel_height - top - bottom).max(20.0),
            };
            let mut x = EDGE;
            for (column, i) in members().enumerate() {
                x += lefts[column];
                let mut rect = Rect { x, y: y + top, width, height };
                if self.panels[i].equal && ratio(i) * width > height {
                    rect.width = height / ratio(i);
                    rect.x += (width - rect.width) / 2.0;
                } else if self.panels[i].equal {
                    rect.height = width * ratio(i);
                    rect.y += (height - rect.height) / 2.0;
                }
                self.panels[i].draw(rect, &around[i], colours, &mut shapes);
                x += width + beside;
            }
            y += top + height + bottom;
        }
        if self.panels.iter().any(Panel::has_field) {
            let (bar, end) = self.colour_bar(colours, y);
            shapes.extend(bar);
            y = end;
        }
        let (legend, y) = self.legend(y + 4.0);
        shapes.extend(legend);
        Ok(Scene { width: WIDTH, height: (y + EDGE).ceil(), shapes })
    }

    fn around(&self) -> Result<Vec<Around>> {
        let mut ends = self.panels.iter().map(Panel::ends).collect::<Result<Vec<_>>>()?;
        if self.shared {
            let widest = |axis: usize| {
                let of = || ends.iter().map(move |e| e[axis]);
                let low = of().map(|e| e.0).fold(f64::INFINITY, f64::min);
                (low, of().map(|e| e.1).fold(f64::NEG_INFINITY, f64::max))
            };
            let widest = [widest(0), widest(1)];
            ends.iter_mut().for_each(|e| *e = widest);
        }
        let of = |(i, ends): (usize, [(f64, f64); 2])| {
            let panel = &self.panels[i];
            let last = i + self.columns >= self.panels.len();
            let written = [!self.shared || last, !self.shared || i % self.columns == 0];
            let widest = panel.y.widest(ends[1], TEXT);
            let title = |axis: &super::Axis| if axis.title.is_empty() { 0.0 } else { AXIS_TITLE };
            Around {
                ends,
                written,
                left: match (written[1], panel.y.bare) {
                    (false, _) => 0.0,
                    (true, true) => title(&panel.y),
                    (true, false) => TICK + 3.0 + widest + title(&panel.y),
                },
                top: if panel.title.is_empty() { 8.0 } else { TITLE + 12.0 },
                bottom: match (written[0], panel.x.bare) {
                    (false, _) => 4.0,
                    (true, true) => title(&panel.x) + 4.0,
                    (true, false) => NUMBERS + title(&panel.x) + 4.0,
                },
            }
        };
        Ok(ends.into_iter().enumerate().map(of).collect())
    }

    /// The lowest and the highest value of the colour scale.
    fn colour_ends(&self) -> Result<(f64, f64)> {
        let fields = self.panels.iter().flat_map(|p| &p.marks).filter_map(|mark| match mark {
            Mark::Field(field) => Some(field),
            _ => None,
        });
        let mut values = fields.flat_map(|field| field.values.iter().copied()).peekable();
        if values.peek().is_none() { Ok((0.0, 1.0)) } else { self.colours.ends(values) }
    }
}

impl Panel {
    fn draw(&self, rect: Rect, around: &Around, colours: (f64, f64), shapes: &mut Vec<Shape>) {
        let frame = Frame { rect, ends: around.ends, log: [self.x.log, self.y.log] };
        let Rect { x: left, y: top, width, height } = rect;
        let (right, bottom) = (left + width, top + height);
        let ticks = [
            self.x.ticks(frame.ends[0], ((width / 45.0) as usize).clamp(2, 8)),
            self.y.ticks(frame.ends[1], ((height / 34.0) as usize).clamp(2, 8)),
        ];
        let field = self.has_field();
        let place = |axis: usize, value: f64| match axis {
            0 => frame.at((value, frame.ends[1].0)).0,
            _ => frame.at((frame.ends[0].0, value)).1,
        };
        if !field && !self.is_bare() {
            let x = ticks[0].iter().map(|(v, _)| place(0, *v)).map(|x| help((x, top), (x, bottom)));
            let y = ticks[1].iter().map(|(v, _)| place(1, *v)).map(|y| help((left, y), (right, y)));
            shapes.extend(x.chain(y));
            shapes.push(border(&rect));
        }
        // Lines are clipped at the border. Markers on the border are drawn whole.
        let inner = self.marks.iter().flat_map(|mark| mark.shapes(&frame, colours)).collect();
        shapes.push(Shape::Clipped { rect, shapes: inner });
        shapes.extend(self.marks.iter().flat_map(|mark| mark.markers(&frame)));
        if field {
            shapes.push(border(&rect));
        }

        let tick = |a: Place, b: Place| Shape::Stroke { places: vec![a, b], pen: Pen::new(GREY, 0.8) };
        for (value, label) in &ticks[0] {
            let x = place(0, *value);
            shapes.push(tick((x, bottom), (x, bottom + TICK)));
            if around.written[0] {
                shapes.push(text(label, (x, bottom + TICK + 2.0 + TEXT), Anchor::Middle));
            }
        }
        for (value, label) in &ticks[1] {
            let y = place(1, *value);
            shapes.push(tick((left, y), (left - TICK, y)));
            if around.written[1] {
                shapes.push(text(label, (left - TICK - 3.0, y + TEXT * 0.35), Anchor::End));
            }
        }
        if around.written[0] && !self.x.title.is_empty() {
            let numbers = if self.x.bare { 4.0 } else { NUMBERS };
            let at = (left + width / 2.0, bottom + numbers + TEXT);
            shapes.push(text(&self.x.title, at, Anchor::Middle));
        }
        if around.written[1] && !self.y.title.is_empty() {
            let widest = ticks[1].iter().map(|(_, text)| width_of(text, TEXT)).fold(0.0, f64::max);
            shapes.push(Shape::Text {
                at: (left - TICK - 3.0 - widest - 7.0, top + height / 2.0),
                text: self.y.title.clone(),
                size: TEXT,
                anchor: Anchor::Middle,
                colour: INK,
                turned: true,
                rim: false,
            });
        }
        if !self.title.is_empty() {
            shapes.push(Shape::Text {
                at: (left + width / 2.0, top - 7.0),
                text: self.title.clone(),
                size: TITLE,
                anchor: Anchor::Middle,
                colour: INK,
                turned: false,
                rim: false,
            });
        }
    }
}
