//! The section of a report on what was found inside a model.

use std::ops::Range;

mod figures;
mod references;

use attractor_report::{Block, Cell, Column, Table};
use serde_json::{Value, json};

use super::{AtLevel, Inside, Number, Regime, Settings, Share};
use crate::verdict::short;
use figures::{copies, dimensions, errors};

/// The blocks of the section.
pub(crate) fn blocks(inside: &Inside) -> Vec<Block> {
    let mut blocks = vec![Block::Heading("Inside the model".into()), Block::Text(summary(inside))];
    blocks.extend(inside.notes.iter().map(|note| Block::Text(format!("Note: {note}."))));
    blocks.extend([
        Block::Text(about(inside)),
        Block::Figure(Box::new(errors(inside))),
        Block::Table(of_errors(inside)),
        Block::Figure(Box::new(copies(inside))),
        Block::Figure(Box::new(dimensions(inside))),
        Block::Table(of_dimensions(inside)),
    ]);
    blocks.extend(references::blocks(inside));
    blocks
}

/// What `results.json` has of it.
pub(crate) fn json(inside: &Inside) -> Value {
    let ends = |range: Option<[f64; 2]>| range.map(|ends| ends.map(|end| end.is_finite().then_some(end)));
    json!({
        "model": inside.model,
        "examined": inside.examined,
        "sigma_speciation": inside.critical.speciation,
        "sigma_collapse": inside.critical.collapse,
        "remembers": ends(inside.range(Regime::Remembers)),
        "in_part": ends(inside.range(Regime::InPart)),
        "generalises": ends(inside.range(Regime::Generalises)),
        "worse": ends(inside.range(Regime::Worse)),
        "turns_between": ends(inside.turns()),
        "copies_from_noise": inside.from_noise.value,
        "copies_from_noise_low": inside.from_noise.interval[0],
        "copies_from_noise_high": inside.from_noise.interval[1],
        "notes": inside.notes.iter().map(|note| note.to_string()).collect::<Vec<_>>(),
        "levels": levels(inside).json(),
        "references": references::samples(inside).json(),
        "predicted": references::levels(inside).json(),
    })
}

/// What the look was made with.
pub(crate) fn settings(inside: &Inside, own: &Settings) -> [(&'static str, Value); 7] {
    let [low, high] = [inside.levels.last(), inside.levels.first()].map(|level| level.map(|l| l.sigma));
    [
        ("examine", json!(own.examine)),
        ("draws", json!(own.draws)),
        ("levels", json!(own.levels)),
        ("sigma-min", json!(low)),
        ("sigma-max", json!(high)),
        ("probes", json!(own.probes)),
        ("references", json!(own.references)),
    ]
}

/// The levels of a regime in words.
fn words([low, high]: [f64; 2]) -> String {
    match low == high {
        true => format!("at σ = {}", short(low)),
        false => format!("from σ = {} to {}", short(low), short(high)),
    }
}

/// What was found, in a few sentences.
pub(crate) fn summary(inside: &Inside) -> String {
    let critical = &inside.critical;
    let mut text = verdict(inside);
    if let Some([low, high]) = inside.turns().filter(|ends| ends[1].is_finite()) {
        text += &format!(
            "As noise falls, it begins to remember between σ = {} and {}. ",
            short(high),
            short(low)
        );
    }
    let lowest =
        inside.levels.iter().rev().find_map(|level| Some((level.sigma, level.compared?.remembered?)));
    if let Some((sigma, Number { value, interval: Some([low, high]) })) = lowest {
        let percent = |share: f64| short(100.0 * share);
        text += &format!(
            "At σ = {} the gap between its errors on training and held-out rows is {} % [{}, {}] of that of the exact denoiser. ",
            short(sigma),
            percent(value),
            percent(low),
            percent(high)
        );
    }
    if let Some(worse) = inside.range(Regime::Worse) {
        text +=
            &format!("Its error exceeds that of the exact denoiser or of the noisy rows {}. ", words(worse));
    }
    text += &format!("The training rows have their speciation at {}", short(critical.speciation));
    match critical.collapse {
        Some(collapse) => text += &format!(" and their collapse at {}. ", short(collapse)),
        None => text += ". ",
    }
    let [low, high] = inside.from_noise.interval.map(|share| short(100.0 * share));
    text += &format!(
        "Of rows recalled from noise alone, {} % [{low}, {high}] are training rows or nearly so.",
        short(100.0 * inside.from_noise.value)
    );
    text + &references::summary(inside)
}

/// What the model does, in a sentence.
fn verdict(inside: &Inside) -> String {
    if inside.levels.iter().all(|level| level.compared.is_none()) {
        return "Without held-out rows it cannot be told at which levels the model remembers. ".into();
    }
    let said: Vec<String> = [
        (Regime::Remembers, "remembers"),
        (Regime::InPart, "remembers in part"),
        (Regime::Generalises, "generalises"),
    ]
    .into_iter()
    .filter_map(|(regime, verb)| Some(format!("{verb} {}", words(inside.range(regime)?))))
    .collect();
    let has = |regime| inside.range(regime).is_some();
    let only = match [has(Regime::Remembers), has(Regime::InPart), has(Regime::Generalises)] {
        [false, false, false] => {
            return "The model neither remembers nor generalises at any level: it is not better on new rows than the exact denoiser. ".into();
        }
        [true, false, false] => ", and generalises at no level",
        [false, false, true] => ", and remembers at no level",
        _ => "",
    };
    format!("The model {}{only}. ", listed(&said))
}

/// "a", "a and b", "a, b and c".
fn listed(parts: &[String]) -> String {
    match parts {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => parts.concat(),
    }
}

fn about(inside: &Inside) -> String {
    let [train, heldout, generated] = inside.examined;
    format!(
        "{train} training, {heldout} held-out and {generated} generated rows were noised to each level and denoised. The exact denoiser of the training rows is what only \
         remembering gives. A model remembers at a level if its error is smaller on training rows than on held-out rows by more than chance; in part, if it is also \
         better on held-out rows than the exact denoiser. It generalises if it is better there and has no such gap. The remembered share is the model's gap divided by that of the exact denoiser. \
         p-values hold for all levels together."
    )
}

fn maybe(number: Option<Number>) -> Cell {
    let Some(number) = number else { return Cell::empty() };
    let finite = |value: f64| if value.is_finite() { Value::from(value) } else { Value::Null };
    let ends = number.interval.map_or([Value::Null, Value::Null], |ends| ends.map(finite));
    Cell::of(short(number.value), std::iter::once(finite(number.value)).chain(ends))
}

fn share(share: Option<Share>) -> Cell {
    maybe(share.map(|share| Number { value: share.value, interval: Some(share.interval) }))
}

type Field = (&'static str, [&'static str; 3], fn(&AtLevel) -> Option<Number>);

/// The numbers of a level: their heading, their keys, and how they are read.
const NUMBERS: [Field; 15] = [
    ("error, training", ["error_train", "error_train_low", "error_train_high"], |level| {
        Some(level.train.error)
    }),
    ("error, held out", ["error_heldout", "error_heldout_low", "error_heldout_high"], |level| {
        Some(level.heldout?.error)
    }),
    ("error, generated", ["error_generated", "error_generated_low", "error_generated_high"], |level| {
        Some(level.generated.error)
    }),
    ("exact, training", ["exact_train", "exact_train_low", "exact_train_high"], |level| {
        Some(level.train.exact)
    }),
    ("exact, left out", ["exact_left_out", "exact_left_out_low", "exact_left_out_high"], |level| {
        level.train.left_out
    }),
    ("exact, held out", ["exact_heldout", "exact_heldout_low", "exact_heldout_high"], |level| {
        Some(level.heldout?.exact)
    }),
    ("from exact, training", ["distance_train", "distance_train_low", "distance_train_high"], |level| {
        Some(level.train.distance)
    }),
    (
        "from exact, held out",
        ["distance_heldout", "distance_heldout_low", "distance_heldout_high"],
        |level| Some(level.heldout?.distance),
    ),
    (
        "from exact, generated",
        ["distance_generated", "distance_generated_low", "distance_generated_high"],
        |level| Some(level.generated.distance),
    ),
    ("LID, training", ["lid_train", "lid_train_low", "lid_train_high"], |level| Some(level.train.dimension)),
    ("LID, held out", ["lid_heldout", "lid_heldout_low", "lid_heldout_high"], |level| {
        Some(level.heldout?.dimension)
    }),
    ("LID, generated", ["lid_generated", "lid_generated_low", "lid_generated_high"], |level| {
        Some(level.generated.dimension)
    }),
    ("exact LID, training", ["lid_exact_train", "lid_exact_train_low", "lid_exact_train_high"], |level| {
        Some(level.train.exact_dimension)
    }),
    (
        "exact LID, left out",
        ["lid_exact_left_out", "lid_exact_left_out_low", "lid_exact_left_out_high"],
        |level| level.train.left_out_dimension,
    ),
    (
        "exact LID, held out",
        ["lid_exact_heldout", "lid_exact_heldout_low", "lid_exact_heldout_high"],
        |level| Some(level.heldout?.exact_dimension),
    ),
];

/// The numbers of errors, and those of local dimensions, in [`NUMBERS`].
const ERRORS: Range<usize> = 0..9;
const DIMENSIONS: Range<usize> = 9..NUMBERS.len();

/// All numbers of each level.
fn levels(inside: &Inside) -> Table {
    with_numbers(verdicts(inside), inside, 0..NUMBERS.len())
}

/// What the model does at each level, and its errors.
fn of_errors(inside: &Inside) -> Table {
    let mut table = with_numbers(verdicts(inside), inside, ERRORS);
    table.caption =
        "Errors are mean squares a unit; `levels.csv` has 95 % intervals. Copies are recalls from x + σε that end on a training row.".into();
    table
}

/// The local dimension at each level.
fn of_dimensions(inside: &Inside) -> Table {
    let mut table = Table::new("lid", vec![Column::new("σ", &["sigma"])]);
    table.rows =
        inside.levels.iter().map(|level| vec![Cell::of(short(level.sigma), [level.sigma.into()])]).collect();
    table.caption = "Medians of the local dimension; `lid.csv` has 95 % intervals.".into();
    with_numbers(table, inside, DIMENSIONS)
}

fn with_numbers(mut table: Table, inside: &Inside, which: Range<usize>) -> Table {
    let chosen = &NUMBERS[which];
    table.columns.extend(chosen.iter().map(|(heading, keys, _)| Column::new(*heading, keys)));
    for (row, level) in table.rows.iter_mut().zip(&inside.levels) {
        row.extend(chosen.iter().map(|(_, _, number)| maybe(number(level))));
    }
    table
}

fn verdicts(inside: &Inside) -> Table {
    let columns = vec![
        Column::new("σ", &["sigma"]),
        Column::new("the model", &["regime"]),
        Column::new("remembered share", &["remembered", "remembered_low", "remembered_high"]),
        Column::new("p, gap", &["p_gap"]),
        Column::new("p, better", &["p_better"]),
        Column::new("copies, training", &["copies_train", "copies_train_low", "copies_train_high"]),
        Column::new("copies, held out", &["copies_heldout", "copies_heldout_low", "copies_heldout_high"]),
    ];
    let mut table = Table::new("levels", columns);
    for level in &inside.levels {
        let compared = level.compared.as_ref();
        let p = |value: Option<f64>| value.map_or_else(Cell::empty, |p| Cell::of(short(p), [p.into()]));
        table.rows.push(vec![
            Cell::of(short(level.sigma), [level.sigma.into()]),
            compared.map_or_else(Cell::empty, |c| Cell::plain(c.regime.name())),
            maybe(compared.and_then(|c| c.remembered)),
            p(compared.map(|c| c.gap)),
            p(compared.map(|c| c.better)),
            share(level.train.copies),
            share(level.heldout.and_then(|of| of.copies)),
        ]);
    }
    table
}
