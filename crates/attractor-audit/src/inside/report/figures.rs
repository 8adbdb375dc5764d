//! Figures of numbers against the noise level.

use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::{Cell, Column, Illustration, Table};

use super::super::{AtLevel, Inside, Number, OfSet};

/// How the number of a curve is read.
type Read<'a> = Box<dyn Fn(&AtLevel) -> Option<f64> + 'a>;

/// A curve over levels.
pub(super) struct Curve<'a> {
    name: &'static str,
    key: &'static str,
    style: usize,
    look: Look,
    value: Read<'a>,
}

pub(super) fn curve<'a>(
    name: &'static str,
    key: &'static str,
    (style, look): (usize, Look),
    value: impl Fn(&AtLevel) -> Option<f64> + 'a,
) -> Curve<'a> {
    Curve { name, key, style, look, value: Box::new(value) }
}

fn of(set: Option<OfSet>, number: fn(&OfSet) -> Number) -> Option<f64> {
    Some(number(&set?).value).filter(|value| value.is_finite())
}

/// A figure of curves over levels, with the critical levels upright between two values.
pub(super) fn figure(
    inside: &Inside,
    name: &'static str,
    [alt, caption]: [&str; 2],
    y: Axis,
    ends: [f64; 2],
    curves: Vec<Curve>,
) -> Illustration {
    let mut marks: Vec<Mark> = Vec::new();
    let columns = std::iter::once("sigma").chain(curves.iter().map(|curve| curve.key));
    let mut numbers = Table::new(name, columns.map(Column::plain).collect());
    for curve in &curves {
        let points: Vec<Point> = inside
            .levels
            .iter()
            .filter_map(|level| Some(Point::new(level.sigma, (curve.value)(level)?)))
            .collect();
        if !points.is_empty() {
            marks.push(Mark::Line(Series {
                name: curve.name.into(),
                style: curve.style,
                look: curve.look,
                points,
            }));
        }
    }
    for level in &inside.levels {
        let cell = |value: Option<f64>| value.map_or_else(Cell::empty, Cell::drawn);
        let mut row = vec![Cell::drawn(level.sigma)];
        row.extend(curves.iter().map(|curve| cell((curve.value)(level))));
        numbers.rows.push(row);
    }
    let critical = [("speciation", Some(inside.critical.speciation)), ("collapse", inside.critical.collapse)];
    let (low, high) = match (inside.levels.last(), inside.levels.first()) {
        (Some(low), Some(high)) => (low.sigma, high.sigma),
        _ => (1.0, 1.0),
    };
    for (n, (name, sigma)) in critical.into_iter().enumerate() {
        if let Some(sigma) = sigma.filter(|sigma| (low..=high).contains(sigma)) {
            let points = ends.map(|end| Point::new(sigma, end)).to_vec();
            let style = 4 + n;
            marks.push(Mark::Line(Series { name: name.into(), style, look: Look::ThinDashed, points }));
        }
    }
    let x = Axis::log("noise level σ").within(low, high);
    let panel = Panel { title: String::new(), x, y, equal: false, marks };
    let figure = Figure { panels: vec![panel], ..Figure::new(1, 300.0) };
    Illustration { name, alt: alt.into(), caption: caption.into(), figure, numbers }
}

/// The ends of what is drawn on a logarithmic axis.
fn extent(inside: &Inside, curves: &[Curve]) -> [f64; 2] {
    let values =
        || inside.levels.iter().flat_map(|level| curves.iter().filter_map(move |curve| (curve.value)(level)));
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(0.0, f64::max);
    if low < high { [low, high] } else { [0.5 * low, 2.0 * low] }
}

pub(super) fn errors(inside: &Inside) -> Illustration {
    /// Smaller shares of the noise are not drawn.
    const LEAST: f64 = 1e-4;
    // As a share of the noise.
    let drawn = |number: fn(&OfSet) -> Number, heldout: bool| {
        move |level: &AtLevel| {
            let set = if heldout { level.heldout } else { Some(level.train) };
            of(set, number).map(|error| error / level.sigma.powi(2)).filter(|share| *share >= LEAST)
        }
    };
    let curves = vec![
        curve("model, training rows", "model_train", (0, Look::Line), drawn(|of| of.error, false)),
        curve("model, held-out rows", "model_heldout", (1, Look::Line), drawn(|of| of.error, true)),
        curve("exact, training rows", "exact_train", (0, Look::ThinDashed), drawn(|of| of.exact, false)),
        curve("exact, held-out rows", "exact_heldout", (1, Look::ThinDashed), drawn(|of| of.exact, true)),
    ];
    let ends = extent(inside, &curves);
    figure(
        inside,
        "errors",
        [
            "Mean square error of the model and of the exact denoiser, on training and held-out rows, against the noise level.",
            "Error as a share of σ², which is that of the noisy row itself. Where the two lines of the model part, it remembers. Values below 0.0001 are not drawn.",
        ],
        Axis::log("error / σ²"),
        ends,
        curves,
    )
}

pub(super) fn dimensions(inside: &Inside) -> Illustration {
    let above = |value: Option<f64>| value.filter(|dimension| *dimension > 1e-2);
    let curves = vec![
        curve("model, training rows", "model_train", (0, Look::Line), move |level| {
            above(of(Some(level.train), |of| of.dimension))
        }),
        curve("model, held-out rows", "model_heldout", (1, Look::Line), move |level| {
            above(of(level.heldout, |of| of.dimension))
        }),
        curve("model, generated rows", "model_generated", (2, Look::Line), move |level| {
            above(of(Some(level.generated), |of| of.dimension))
        }),
        curve("exact, training rows", "exact_train", (0, Look::ThinDashed), move |level| {
            above(of(Some(level.train), |of| of.exact_dimension))
        }),
        curve("exact, held-out rows", "exact_heldout", (1, Look::ThinDashed), move |level| {
            above(of(level.heldout, |of| of.exact_dimension))
        }),
    ];
    let ends = extent(inside, &curves);
    figure(
        inside,
        "local-dimension",
        [
            "Median local dimension of the model and of the exact denoiser against the noise level.",
            "Local dimension (LID). A model whose dimension at training rows falls below that at held-out rows is too concentrated there. Values below 0.01 are not drawn.",
        ],
        Axis::log("local dimension"),
        ends,
        curves,
    )
}

pub(super) fn copies(inside: &Inside) -> Illustration {
    let curves = vec![
        curve("from training rows", "train", (0, Look::Line), |level| level.train.copies.map(|c| c.value)),
        curve("from held-out rows", "heldout", (1, Look::Line), |level| {
            level.heldout?.copies.map(|c| c.value)
        }),
    ];
    figure(
        inside,
        "ends",
        [
            "Share of recalls that end on training rows against the noise level that they begin with.",
            "Recalls of x + σε that end on a training row. With hardly any noise a training row returns whatever the model is; held-out rows that end on training rows are remembered ones.",
        ],
        Axis::linear("share that ends on training rows").within(0.0, 1.0),
        [0.0, 1.0],
        curves,
    )
}
