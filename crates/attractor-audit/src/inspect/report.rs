//! The report of an inspection.

use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, Value, json};

use super::curves::{AtLevel, Curves};
use super::{Inspected, Inspection};
use crate::verdict::short;

/// Clusters in the table of the largest.
const LARGEST: usize = 20;

/// The report, without command and wall time.
pub(super) fn of(inspection: &Inspection, found: &Inspected) -> Report {
    let mut blocks = vec![Block::Heading("What was found".into()), Block::Text(summary(found))];
    blocks.extend(duplicates(inspection, found));
    if let Some(curves) = &found.curves {
        blocks.extend(levels(found, curves));
    }
    Report {
        experiment: "inspect",
        title: "Inspection of patterns".into(),
        introduction: format!(
            "What {} patterns of {} units are like, before a model is trained on them.",
            inspection.patterns.len(),
            inspection.patterns.dim()
        ),
        command: String::new(),
        settings: settings(inspection, found),
        seed: inspection.settings.seed,
        seconds: 0.0,
        results: rows(inspection, found),
        more: more(found),
        blocks,
    }
}

fn summary(found: &Inspected) -> String {
    let clusters = &found.clusters;
    let mut text = format!(
        "{} patterns are near-duplicates of others (within {}). ",
        clusters.repeated(),
        short(clusters.radius)
    );
    let Some(levels) = &found.levels else {
        return text + "All patterns are equal, so noise changes nothing about which is recalled.";
    };
    text += &format!(
        "Above a noise level of {} (speciation) the landscape has one valley, about the mean. ",
        short(levels.speciation)
    );
    if let Some(collapse) = levels.collapse {
        text += &format!(
            "At {} (collapse) a noisy pattern has lost half of the uncertainty about which it was; well below, each pattern has a valley of its own. ",
            short(collapse)
        );
    }
    let basins = found.curves.iter().flat_map(|curves| &curves.patterns).filter_map(|lost| lost.basin);
    match middle(basins.collect()) {
        Some(basin) => {
            text + &format!("Half of the patterns are recalled from noise of up to {}.", short(basin))
        }
        None => text,
    }
}

/// The median.
fn middle(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

fn duplicates(inspection: &Inspection, found: &Inspected) -> Vec<Block> {
    let largest = found.clusters.largest();
    if largest.is_empty() {
        return Vec::new();
    }
    let mut table = Table::new(
        "clusters",
        vec![Column::new("first pattern", &["first_pattern"]), Column::new("patterns", &["patterns"])],
    );
    table.caption = format!("The {} largest of {} groups.", LARGEST.min(largest.len()), largest.len());
    for (first, size) in largest.into_iter().take(LARGEST) {
        let name =
            inspection.names.as_ref().map_or(String::new(), |names| format!(" ({})", names[first as usize]));
        table.rows.push(vec![Cell::of(format!("{first}{name}"), [first.into()]), Cell::plain(size)]);
    }
    vec![
        Block::Heading("Near-duplicates".into()),
        Block::Text(
            "Groups of patterns of which each is within the radius of another. A model that is trained on them copies these first."
                .into(),
        ),
        Block::Table(table),
    ]
}

fn levels(found: &Inspected, curves: &Curves) -> Vec<Block> {
    vec![
        Block::Heading("What noise does".into()),
        Block::Text(
            "Patterns are noised to σ, and recalled. The share that returns is by the probability flow; the own weight is the \
             share that returns by the reverse SDE. Entropy is that of the posterior, as a share of ln N."
                .into(),
        ),
        Block::Figure(Box::new(turns(found, curves))),
        Block::Table(table(&curves.levels)),
        Block::Heading("Local dimension".into()),
        Block::Text(
            "The median of Σ w ‖z − y‖²/σ² at stored patterns, and at patterns that were left out. Where the curves agree and are level, the value is \
             the dimension of the surface on which patterns lie. Where they part, noise tells single patterns apart: a model that \
             follows the exact score there remembers."
                .into(),
        ),
        Block::Figure(Box::new(dimensions(curves))),
    ]
}

type Curve = (&'static str, &'static str, fn(&AtLevel) -> Option<f64>);

const COLUMNS: [Curve; 6] = [
    ("σ", "sigma", |level| Some(level.sigma)),
    ("returns", "returns", |level| Some(level.returns)),
    ("own weight", "own_weight", |level| Some(level.weight)),
    ("entropy / ln N", "entropy", |level| Some(level.entropy)),
    ("dimension, stored", "dimension_stored", |level| Some(level.stored)),
    ("dimension, left out", "dimension_left_out", |level| level.new),
];

fn table(levels: &[AtLevel]) -> Table {
    let columns = COLUMNS.iter().map(|(heading, key, _)| Column::new(*heading, &[*key])).collect();
    let mut table = Table::new("levels", columns);
    for level in levels {
        table.rows.push(COLUMNS.iter().map(|(_, _, value)| maybe(value(level))).collect());
    }
    table
}

fn maybe(value: Option<f64>) -> Cell {
    value.filter(|v| v.is_finite()).map_or_else(Cell::empty, |v| Cell::of(short(v), [v.into()]))
}

fn line(name: &str, style: usize, levels: &[AtLevel], value: impl Fn(&AtLevel) -> Option<f64>) -> Mark {
    let points = levels.iter().filter_map(|level| Some(Point::new(level.sigma, value(level)?))).collect();
    Mark::Line(Series { name: name.into(), style, look: Look::Line, points })
}

fn numbers(name: &'static str, levels: &[AtLevel], keys: &[&str]) -> Table {
    let chosen: Vec<&Curve> = COLUMNS.iter().filter(|(_, key, _)| keys.contains(key)).collect();
    let mut table = Table::new(name, chosen.iter().map(|(_, key, _)| Column::plain(key)).collect());
    for level in levels {
        let cell = |value: Option<f64>| value.map_or_else(Cell::empty, Cell::drawn);
        table.rows.push(chosen.iter().map(|(_, _, value)| cell(value(level))).collect());
    }
    table
}

/// The axis of noise levels, from the lowest to the highest.
fn axis(levels: &[AtLevel]) -> Axis {
    let axis = Axis::log("noise level σ");
    match (levels.first(), levels.last()) {
        (Some(high), Some(low)) => axis.within(low.sigma, high.sigma),
        _ => axis,
    }
}

fn turns(found: &Inspected, curves: &Curves) -> Illustration {
    let levels = &curves.levels;
    let mut marks = vec![
        line("returns by the flow", 0, levels, |level| Some(level.returns)),
        line("own weight (returns by the SDE)", 1, levels, |level| Some(level.weight)),
        line("entropy / ln N", 2, levels, |level| Some(level.entropy)),
    ];
    let upright = |name: &str, style, at: f64| {
        let points = vec![Point::new(at, 0.0), Point::new(at, 1.0)];
        Mark::Line(Series { name: name.into(), style, look: Look::ThinDashed, points })
    };
    if let Some(critical) = &found.levels {
        marks.push(upright("speciation", 3, critical.speciation));
        marks.extend(critical.collapse.map(|collapse| upright("collapse", 4, collapse)));
    }
    let panel = Panel {
        title: String::new(),
        x: axis(levels),
        y: Axis::linear("share").within(0.0, 1.0),
        equal: false,
        marks,
    };
    Illustration {
        name: "returns",
        alt: "Share of U-turns that return, own weight and entropy against the noise level.".into(),
        caption: "What is left of a pattern after noise: from right to left, memories come apart.".into(),
        figure: Figure { panels: vec![panel], ..Figure::new(1, 300.0) },
        numbers: numbers("returns", levels, &["sigma", "returns", "own_weight", "entropy"]),
    }
}

fn dimensions(curves: &Curves) -> Illustration {
    let levels = &curves.levels;
    let panel = Panel {
        title: String::new(),
        x: axis(levels),
        y: Axis::log("local dimension"),
        equal: false,
        marks: vec![
            line("stored patterns", 0, levels, |level| Some(level.stored).filter(|d| *d > 1e-2)),
            line("left-out patterns", 1, levels, |level| level.new),
        ],
    };
    Illustration {
        name: "dimension",
        alt: "Local dimension of stored and of left-out patterns against the noise level.".into(),
        caption:
            "Where the curves part, the memory tells single patterns apart. Values below 0.01 are not drawn."
                .into(),
        figure: Figure { panels: vec![panel], ..Figure::new(1, 300.0) },
        numbers: numbers("dimension", levels, &["sigma", "dimension_stored", "dimension_left_out"]),
    }
}

/// Every pattern, with what is known of it.
fn rows(inspection: &Inspection, found: &Inspected) -> Table {
    let keys = [
        "pattern",
        "name",
        "cluster",
        "cluster_size",
        "nearest",
        "distance",
        "sigma_collapse",
        "sigma_basin",
    ];
    let mut table = Table::new("patterns", keys.iter().map(|key| Column::plain(key)).collect());
    let examined = found.curves.iter().flat_map(|curves| &curves.patterns);
    let mut lost = std::collections::HashMap::new();
    examined.for_each(|of| {
        lost.insert(of.pattern, *of);
    });
    for pattern in 0..inspection.rows.len() {
        let nearest = found.near.of(pattern).first();
        let of = lost.get(&pattern);
        let name = inspection.names.as_ref().map(|names| names[pattern].as_str());
        table.rows.push(vec![
            Cell::plain(pattern),
            name.map_or_else(Cell::empty, Cell::plain),
            Cell::plain(found.clusters.of[pattern]),
            Cell::plain(found.clusters.size(pattern as u32)),
            nearest.map_or_else(Cell::empty, |nearest| Cell::plain(nearest.row)),
            maybe(nearest.map(|nearest| nearest.distance)),
            maybe(of.and_then(|of| of.collapse)),
            maybe(of.and_then(|of| of.basin)),
        ]);
    }
    table
}

fn settings(inspection: &Inspection, found: &Inspected) -> Value {
    let settings = &inspection.settings;
    json!({
        "patterns": inspection.source,
        "examine": settings.examine,
        "draws": settings.draws,
        "levels": settings.levels,
        "radius": found.clusters.radius,
        "seed": settings.seed,
    })
}

fn more(found: &Inspected) -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("near_duplicates".into(), json!(found.clusters.repeated()));
    all.insert("sigma_speciation".into(), json!(found.levels.map(|levels| levels.speciation)));
    all.insert("sigma_collapse".into(), json!(found.levels.and_then(|levels| levels.collapse)));
    if let Some(curves) = &found.curves {
        all.insert("levels".into(), table(&curves.levels).json());
    }
    all
}
