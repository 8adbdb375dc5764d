//! Figures of recalls, step by step.

use attractor::analysis::{TraceEvents, TraceStep};

use crate::{Axis, Figure, Look, Mark, Marker, Panel, Point, Series};

/// The style whose colour is black, behind the styles of lines in the legend.
const BLACK: usize = 13;

/// One recall.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// Its steps.
    pub moments: Vec<TraceStep>,
    /// The steps at which it speciates or commits to one memory.
    pub marks: TraceEvents,
    /// Whether it plays a sequence, so that the order of its memories is drawn.
    pub plays: bool,
}

/// A quantity: its axis, its value, and the step to mark.
type Quantity = (Axis, fn(&TraceStep) -> Option<f64>, Event);
/// Something that happens at a step: its name, its marker, and how the step is read.
type Event = Option<(&'static str, Marker, fn(&TraceEvents) -> Option<usize>)>;

/// Draws energy, entropy of the posterior, participation ratio, and the largest posterior variance over σ². For recalls of
/// sequences it draws the nearest memory first.
/// The horizontal axis is the noise level (a recall runs from right to left), or the step for memories with
/// one landscape. A marker shows where the recall speciates (a diamond on the variance) or commits to one memory (a
/// square on the entropy and the participation ratio). `of` is the number of cues, of which the lines may be the first
/// few; the axis says so.
pub fn figure(lines: &[Line], of: usize) -> Figure {
    let levels = lines.iter().any(|line| line.moments.iter().any(|m| m.time.is_some()));
    let mut figure = Figure::new(2, 230.0);
    let commits: Event = Some(("commits to one memory", Marker::Square, |marks| marks.commits));
    let speciates: Event = Some(("speciates", Marker::Diamond, |marks| marks.speciates));
    let plays = lines.iter().any(|line| line.plays);
    let order: Quantity =
        (Axis::linear("nearest memory").whole().from_zero(), |m| m.memory.map(|memory| memory as f64), None);
    let quantities: [Quantity; 4] = [
        (Axis::linear("energy"), |m| m.energy, None),
        (Axis::linear("entropy of the posterior (nats)").from_zero(), |m| m.entropy, commits),
        (Axis::log("participation ratio"), |m| m.participation, commits),
        (
            Axis::log("largest variance / σ²"),
            // Values below a thousandth are drawn at a thousandth.
            |m| m.variance.map(|v| (v / (m.sigma * m.sigma)).max(1e-3)),
            speciates,
        ),
    ];
    let few = if lines.len() < of { format!(" (first {} of {of} cues)", lines.len()) } else { String::new() };
    let mut named: Vec<&str> = Vec::new();
    for (y, value, event) in plays.then_some(order).into_iter().chain(quantities) {
        let log = y.log;
        let mut marks = Vec::new();
        for (style, line) in lines.iter().enumerate() {
            let point = |(step, moment): (usize, &TraceStep)| {
                let x = if levels { moment.sigma } else { step as f64 };
                value(moment).map(|y| Point::new(x, y))
            };
            let points: Vec<Point> = line.moments.iter().enumerate().filter_map(point).collect();
            let shows = |p: &Point| p.y.is_finite() && (p.x > 0.0 || !levels) && (p.y > 0.0 || !log);
            if !points.iter().any(shows) {
                continue;
            }
            let turn = event.and_then(|(name, marker, step)| {
                let step = step(&line.marks)?;
                Some((name, marker, point((step, line.moments.get(step)?))?))
            });
            let series =
                |name: &str, look, points| Mark::Line(Series { name: name.into(), style, look, points });
            marks.push(series(&line.name, Look::Line, points));
            if let Some((name, marker, turn)) = turn.filter(|(.., turn)| shows(turn)) {
                marks.push(series("", Look::Marker(marker), vec![turn]));
                if !named.contains(&name) {
                    named.push(name);
                    // The legend shows the marker in black, since it is that of all cues.
                    let points = Vec::new();
                    let look = Look::Marker(marker);
                    marks.push(Mark::Line(Series { name: name.into(), style: BLACK, look, points }));
                }
            }
        }
        if marks.is_empty() {
            continue;
        }
        let x = match levels {
            true => Axis::log(&format!("noise level σ{few}")),
            false => Axis::linear(&format!("step{few}")).whole().from_zero(),
        };
        figure.panels.push(Panel { title: String::new(), x, y, equal: false, marks });
    }
    figure
}
