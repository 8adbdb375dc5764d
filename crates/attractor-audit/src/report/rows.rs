//! The generated rows in a report: the worst of them, with pictures, and all of them in files.

use attractor_figures::{Canvas, Picture};
use attractor_report::{Block, Cell, Column, Images, Table};

use super::maybe;
use crate::inputs::Inputs;
use crate::outcome::Outcome;
use crate::verdict::{Row, short};

/// Rows in the table of the worst.
const WORST: usize = 30;

/// The name of a row of a set: its number, and what its file calls it.
fn named(names: Option<&Vec<String>>, row: usize) -> String {
    match names.and_then(|names| names.get(row)) {
        Some(name) => format!("{row} ({name})"),
        None => row.to_string(),
    }
}

pub(super) fn worst(inputs: &Inputs, outcome: &Outcome, order: &[usize]) -> Table {
    let headings =
        ["row", "verdict", "reason", "training row", "d1", "d2", "d1/d2", "p", "posterior", "local dim."];
    let mut table = Table::new("worst", headings.iter().map(|heading| Column::new(*heading, &[])).collect());
    table.caption = format!("The {} worst rows.", WORST.min(order.len()));
    let text = |text: String| Cell::of(text, []);
    let number = |value: Option<f64>| text(value.map_or_else(String::new, short));
    for &n in order.iter().take(WORST) {
        let row = &outcome.rows[n];
        let train = row.train.map(|train| named(inputs.names.train.as_ref(), train as usize));
        table.rows.push(vec![
            text(named(inputs.names.generated.as_ref(), row.row)),
            text(row.verdict.name().into()),
            text(row.reason.clone()),
            text(train.unwrap_or_default()),
            number(Some(row.distance)),
            number(Some(row.other_distance)),
            number(Some(row.ratio)),
            number(Some(row.p_listed)),
            number(row.posterior),
            number(row.dimension.filter(|dimension| dimension.is_finite())),
        ]);
    }
    table
}

/// The worst images beside what they are nearest to.
pub(super) fn pictures(inputs: &Inputs, outcome: &Outcome, order: &[usize]) -> Option<Block> {
    let images = inputs.images.as_ref()?;
    let shown = &order[..order.len().min(inputs.settings.pictures)];
    if shown.is_empty() {
        return None;
    }
    let pixels = &images.pixels;
    let all = || std::iter::once(&pixels.train).chain(&pixels.heldout).flat_map(|set| set.iter());
    let low = all().copied().fold(f32::INFINITY, f32::min);
    let high = all().copied().fold(f32::NEG_INFINITY, f32::max);
    let range = if high > low { (low.into(), high.into()) } else { (0.0, 1.0) };
    let canvas = Canvas { shape: images.shape, range };
    let headings =
        ["generated", "nearest\ntraining", "of another\ncluster", "nearest\nheld out", "nearest\ngenerated"];
    let labels: Vec<String> = shown
        .iter()
        .map(|&n| {
            let row = &outcome.rows[n];
            format!("{}: {}, {}", row.row, row.verdict.name(), short(row.ratio))
        })
        .collect();
    let mut picture = Picture::new(&headings, &labels, images.shape);
    for (line, &n) in shown.iter().enumerate() {
        let row = &outcome.rows[n];
        let of = |set: &ndarray::Array2<f32>, row: usize| set.row(row).to_vec();
        let cells = [
            Some(of(&pixels.generated, row.row)),
            row.train.map(|train| of(&pixels.train, train as usize)),
            row.other.map(|other| of(&pixels.train, other as usize)),
            row.heldout.and_then(|(held, _)| Some(of(pixels.heldout.as_ref()?, held as usize))),
            row.twin.map(|(twin, _)| of(&pixels.generated, twin as usize)),
        ];
        for (column, image) in cells.iter().enumerate() {
            if let Some(image) = image {
                picture.draw(line, column, canvas, |unit| Some(image[unit].into()));
            }
        }
    }
    Some(Block::Images(Box::new(Images {
        name: "worst",
        alt: "Generated images, each beside its nearest training, held-out and generated images.".into(),
        caption: format!(
            "The {} worst rows: row, verdict and d1/d2, with the nearest image of each set.",
            shown.len()
        ),
        picture,
    })))
}

/// A field of a row in files: its key, and its cell.
type Field = (&'static str, fn(&Inputs, &Row) -> Cell);

const FIELDS: &[Field] = &[
    ("row", |_, row| Cell::plain(row.row)),
    ("name", |inputs, row| name_of(&inputs.names.generated, Some(row.row))),
    ("verdict", |_, row| Cell::plain(row.verdict.name())),
    ("reason", |_, row| Cell::plain(row.reason.as_str())),
    ("train_row", |_, row| whole(row.train)),
    ("train_name", |inputs, row| name_of(&inputs.names.train, row.train.map(|train| train as usize))),
    ("distance", |_, row| maybe(Some(row.distance))),
    ("second_distance", |_, row| maybe(Some(row.second))),
    ("other_row", |_, row| whole(row.other)),
    ("other_distance", |_, row| maybe(Some(row.other_distance))),
    ("ratio", |_, row| maybe(Some(row.ratio))),
    ("cluster", |_, row| whole(row.cluster)),
    ("cluster_size", |_, row| Cell::plain(row.cluster_size)),
    ("p_distance", |_, row| maybe(row.p_distance)),
    ("p_ratio", |_, row| maybe(row.p_ratio)),
    ("p_listed", |_, row| maybe(Some(row.p_listed))),
    ("posterior", |_, row| maybe(row.posterior)),
    ("local_dimension", |_, row| maybe(row.dimension)),
    ("generated_row", |_, row| whole(row.twin.map(|(twin, _)| twin))),
    ("generated_distance", |_, row| maybe(row.twin.map(|(_, distance)| distance))),
    ("heldout_row", |_, row| whole(row.heldout.map(|(held, _)| held))),
    ("heldout_distance", |_, row| maybe(row.heldout.map(|(_, distance)| distance))),
    ("mosaic_distance", |_, row| maybe(row.mosaic.and_then(|mosaic| mosaic.distance))),
    ("p_mosaic_distance", |_, row| maybe(row.mosaic.and_then(|mosaic| mosaic.p_distance))),
    ("local_error", |_, row| maybe(row.mosaic.and_then(|mosaic| mosaic.local_error))),
    ("p_local_error", |_, row| maybe(row.mosaic.and_then(|mosaic| mosaic.p_local_error))),
    ("p_mosaic", |_, row| maybe(row.mosaic.map(|mosaic| mosaic.p))),
];

fn whole(value: Option<u32>) -> Cell {
    value.map_or_else(Cell::empty, Cell::plain)
}

fn name_of(names: &Option<Vec<String>>, row: Option<usize>) -> Cell {
    let name = row.and_then(|row| names.as_ref()?.get(row).cloned());
    name.map_or_else(Cell::empty, Cell::plain)
}

pub(super) fn all_rows(inputs: &Inputs, outcome: &Outcome) -> Table {
    let mut table = Table::new("rows", FIELDS.iter().map(|(key, _)| Column::plain(key)).collect());
    let line = |row| FIELDS.iter().map(|(_, cell)| cell(inputs, row)).collect();
    table.rows = outcome.rows.iter().map(line).collect();
    table
}
