//! How well denoisers with a formula predict the model, in a report.

use attractor_figures::{Axis, Look};
use attractor_report::{Block, Cell, Column, Illustration, Table};

use super::super::references::{Predicts, Reference};
use super::super::{Inside, Number};
use super::figures::{curve, figure};
use super::maybe;
use crate::verdict::short;

/// The keys of r² of each reference, with its interval.
const KEYS: [[&str; 3]; 4] = [
    ["r2_ideal", "r2_ideal_low", "r2_ideal_high"],
    ["r2_local", "r2_local_low", "r2_local_high"],
    ["r2_equivariant_local", "r2_equivariant_local_low", "r2_equivariant_local_high"],
    ["r2_wiener", "r2_wiener_low", "r2_wiener_high"],
];

/// Each reference that was compared, with its keys.
fn compared(inside: &Inside) -> impl Iterator<Item = (&Predicts, [&'static str; 3])> {
    let all = Reference::ALL.into_iter().zip(KEYS);
    all.filter_map(|(reference, keys)| Some((inside.predictions.of(reference)?, keys)))
}

/// The blocks; none if nothing was compared.
pub(super) fn blocks(inside: &Inside) -> Vec<Block> {
    if inside.predictions.all.is_empty() {
        return Vec::new();
    }
    vec![
        Block::Heading("What predicts the model".into()),
        Block::Text(about(inside)),
        Block::Table(samples(inside)),
        Block::Figure(Box::new(drawn(inside))),
        Block::Table(levels(inside)),
    ]
}

fn about(inside: &Inside) -> String {
    let unseen = if inside.examined[1] > 0 { "held-out" } else { "generated" };
    let windows = match inside.predictions.windows {
        Some(_) => " The windows of each level are those that predict the model best on other noisy rows.",
        None => "",
    };
    format!(
        "The model and denoisers with a formula got the same noisy {unseen} rows, and the same noise to make rows from. r² = 1 − ‖model − reference‖²/‖model − mean of the \
         training rows‖² of a row: 1 for equal answers, 0 for a reference as good as the mean. Medians over rows. The ideal denoiser only remembers; the local one sees \
         windows alone, and makes mosaics; the Wiener denoiser is the best linear one.{windows}"
    )
}

/// A sentence for the summary; empty if no samples were compared.
pub(super) fn summary(inside: &Inside) -> String {
    let Some((best, r2)) = inside.best_reference() else { return String::new() };
    let [low, high] = r2.interval.unwrap_or([r2.value; 2]).map(short);
    let others = inside.predictions.all.iter().filter(|of| of.reference != best);
    let others: Vec<String> = others
        .filter_map(|of| Some(format!("{} {}", of.reference.name(), short(of.samples?.value))))
        .collect();
    format!(
        " From the same noise, the {} denoiser predicts its rows best: median r² = {} [{low}, {high}] ({}).",
        best.name(),
        short(r2.value),
        others.join(", ")
    )
}

/// r² of samples.
pub(super) fn samples(inside: &Inside) -> Table {
    let mut table = Table::new(
        "references",
        vec![
            Column::new("reference", &["reference"]),
            Column::new("r² of rows made from the same noise [95 %]", &["r2", "r2_low", "r2_high"]),
            Column::new("rows", &["rows"]),
        ],
    );
    for (of, _) in compared(inside) {
        table.rows.push(vec![Cell::plain(of.reference.name()), bracketed(of.samples), Cell::plain(of.rows)]);
    }
    table
}

/// A number with its interval, in three columns of files.
fn bracketed(number: Option<Number>) -> Cell {
    let mut cell = maybe(number);
    if let Some(Number { value, interval: Some([low, high]) }) = number {
        cell.shown = format!("{} [{}, {}]", short(value), short(low), short(high));
    }
    cell
}

/// r² at each level.
pub(super) fn levels(inside: &Inside) -> Table {
    let mut columns = vec![Column::new("σ", &["sigma"])];
    columns.extend(compared(inside).map(|(of, keys)| Column::new(of.reference.name(), &keys)));
    if inside.predictions.windows.is_some() {
        columns.push(Column::new("window", &["window"]));
    }
    let mut table = Table::new("predicted", columns);
    table.caption = "Median r² at each noise level; `predicted.csv` has 95 % intervals. A window is the side of a square in pixels.".into();
    for (place, level) in inside.levels.iter().enumerate() {
        let mut row = vec![Cell::of(short(level.sigma), [level.sigma.into()])];
        row.extend(compared(inside).map(|(of, _)| maybe(Some(of.levels[place]))));
        if let Some(windows) = &inside.predictions.windows {
            row.push(match windows[place] {
                Some(side) => Cell::plain(side),
                None => Cell::plain("whole"),
            });
        }
        table.rows.push(row);
    }
    table
}

/// r² against the level.
fn drawn(inside: &Inside) -> Illustration {
    let curves = compared(inside).enumerate().map(|(style, (of, keys))| {
        curve(of.reference.name(), keys[0], (style, Look::Line), move |level| {
            let place = inside.levels.iter().position(|other| other.sigma == level.sigma)?;
            Some(of.levels[place].value).filter(|r2| *r2 >= 0.0)
        })
    });
    figure(
        inside,
        "r2",
        [
            "Median r² between the model's answers and those of denoisers with a formula, against the noise level.",
            "How well the denoisers predict the model's answers to noisy rows. Values below 0 are not drawn.",
        ],
        Axis::linear("median r²").within(0.0, 1.0),
        [0.0, 1.0],
        curves.collect(),
    )
}
