//! Figures of recalls, step by step.

use attractor::analysis::{TraceEvents, TraceStep};

use crate::{Axis, Figure, Look, Mark, Panel, Point, Series};

/// One recall.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// Its steps.
    pub moments: Vec<TraceStep>,
    /// The steps at which it speciates or commits to one memory.
    pub marks: TraceEvents,
}

/// A quantity: its title, whether its axis is logarithmic, its value, and the step to mark.
type Quantity = (&'static str, bool, fn(&TraceStep) -> Option<f64>, fn(&TraceEvents) -> Option<usize>);

/// Draws energy, entropy of the posterior, participation ratio, and the largest posterior variance over σ².
/// The horizontal axis is the noise level (a recall runs from right to left), or the step for memories with
/// one landscape. A marker shows where the recall speciates (on the variance) or commits to one memory (on
/// the entropy and the participation ratio).
pub fn figure(lines: &[Line]) -> Figure {
    let levels = lines.iter().any(|line| line.moments.iter().any(|m| m.time.is_some()));
    let mut figure = Figure::new(2, 230.0);
    let quantities: [Quantity; 4] = [
        ("energy", false, |m| m.energy, |_| None),
        ("entropy of the posterior (nats)", false, |m| m.entropy, |marks| marks.commits),
        ("participation ratio", true, |m| m.participation, |marks| marks.commits),
        (
            "largest variance / σ²",
            true,
            // Values below a thousandth are drawn at a thousandth.
            |m| m.variance.map(|v| (v / (m.sigma * m.sigma)).max(1e-3)),
            |marks| marks.speciates,
        ),
    ];
    for (title, log, value, mark) in quantities {
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
            let turn = mark(&line.marks).and_then(|step| point((step, line.moments.get(step)?)));
            let series =
                |name: &str, look, points| Mark::Line(Series { name: name.into(), style, look, points });
            marks.push(series(&line.name, Look::Line, points));
            if let Some(turn) = turn.filter(shows) {
                marks.push(series("", Look::Markers, vec![turn]));
            }
        }
        if marks.is_empty() {
            continue;
        }
        let x = if levels { Axis::log("noise level σ") } else { Axis::linear("step") };
        let y = if log { Axis::log(title) } else { Axis::linear(title) };
        figure.panels.push(Panel { title: String::new(), x, y, equal: false, marks });
    }
    figure
}
