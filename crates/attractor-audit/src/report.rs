//! The report of an audit: a summary, rates with their null, the worst rows with pictures, duplicates, fidelity and settings.

mod calibration;
mod rows;

use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, Value, json};

use crate::audited::Audited;
use crate::fidelity::Fidelity;
use crate::inputs::Inputs;
use crate::inside::report as inside;
use crate::mosaic::pieces::Pieces;
use crate::outcome::{Measured, Outcome};
use crate::rates::RATES;
use crate::verdict::{Verdict, short};
use calibration::calibration;
use rows::{all_rows, pictures, worst};

/// Clusters in the table of the largest.
const LARGEST: usize = 20;

/// The report, without command and wall time.
pub fn of(inputs: &Inputs, audited: &Audited) -> Report {
    let outcome = &audited.outcome;
    let order = outcome.worst();
    let mut blocks = vec![Block::Heading("What was found".into()), Block::Text(summary(inputs, audited))];
    blocks.extend(audited.notes(inputs).iter().map(|note| Block::Text(format!("Note: {note}."))));
    blocks.extend([
        Block::Heading("Rates of copying".into()),
        Block::Text(about_rates(inputs, outcome)),
        Block::Table(rates(&outcome.rates)),
        Block::Heading("The worst rows".into()),
        Block::Table(worst(inputs, outcome, &order)),
    ]);
    blocks.extend(pictures(inputs, outcome, &order));
    blocks.push(Block::Figure(Box::new(ratios(audited))));
    blocks.extend(audited.inside.as_ref().into_iter().flat_map(inside::blocks));
    blocks.extend(duplicates(inputs, audited));
    blocks.extend(fidelity(outcome));
    blocks.extend(audited.calibrated.as_ref().into_iter().flat_map(calibration));
    blocks.extend([
        Block::Heading("All rows".into()),
        Block::Text(
            "Every generated row with all of its numbers is in `results.csv` and `results.json`.".into(),
        ),
    ]);
    Report {
        experiment: "audit",
        title: "Audit of generated rows".into(),
        introduction: introduction(inputs),
        command: String::new(),
        settings: settings(inputs, audited),
        seed: inputs.settings.seed,
        seconds: 0.0,
        results: all_rows(inputs, outcome),
        more: more(audited),
        blocks,
    }
}

fn introduction(inputs: &Inputs) -> String {
    let [train, heldout, generated] =
        [inputs.space.train(), inputs.space.heldout(), inputs.space.generated()].map(|range| range.len());
    let held = match heldout {
        0 => "no held-out rows".to_owned(),
        count => format!("{count} held-out rows"),
    };
    let what = match inputs.space.name() {
        "gower" => format!("tables of {} columns, by Gower's distance", inputs.space.width()),
        _ => format!("rows of {} numbers, by their Euclidean distance", inputs.space.width()),
    };
    format!("Are {generated} generated rows copies of {train} training rows? Compared with {held}: {what}.")
}

fn summary(inputs: &Inputs, audited: &Audited) -> String {
    let outcome = &audited.outcome;
    let count = |verdict| outcome.count(verdict);
    let rows = outcome.rows.len();
    let mosaics = match &audited.found.windows {
        Some(_) => format!(", {} mosaics", count(Verdict::Mosaic)),
        None => String::new(),
    };
    let rate = short(100.0 * inputs.settings.fdr);
    let mut text = format!(
        "Of {rows} generated rows {} are copies, {} near copies{mosaics} and {} new. Of the near copies, at most {rate} % are expected to be false.",
        count(Verdict::Copy),
        count(Verdict::NearCopy),
        count(Verdict::New),
    );
    let share = outcome.rates.iter().find(|m| RATES[m.rate].key == "dcr_share");
    if let Some((share, p)) = share.and_then(|m| Some((m, m.p_value?))) {
        let baseline = share.null.map_or(0.5, |(mean, _)| mean);
        text += &format!(
            " {:.1} % are nearer to a training row than to any held-out row, where {:.1} % would be if training rows were not special (p = {}).",
            100.0 * share.value,
            100.0 * baseline,
            short(p)
        );
    }
    if let Some(found) = &audited.inside {
        text += &format!(" {}", inside::summary(found));
    }
    text
}

fn about_rates(inputs: &Inputs, outcome: &Outcome) -> String {
    let mut text = String::from(
        "Interval: other rows of the same model, with the same training rows. Held-out rows: the rate if they stood in the place of generated ones. ",
    );
    if inputs.space.heldout().is_empty() {
        text += "There are no held-out rows, so no null and no p-values. ";
    } else if outcome.is_exact {
        text += "Swapped: mean and 95 % range over all ways to choose the training rows from training and held-out rows. p is the share of them at least as extreme. ";
    } else {
        text += &format!(
            "Swapped: mean and 95 % range over {} random choices of the training rows from training and held-out rows; p counts those at least as extreme. ",
            inputs.settings.swaps
        );
    }
    text += &format!(
        "{} % of honest rows have d1/d2 below 1/3 across clusters",
        short(100.0 * outcome.honest_share)
    );
    match outcome.floor {
        Some(floor) => {
            text + &format!(
                "; evenly spread rows of the data's dimension would have {} %.",
                short(100.0 * floor)
            )
        }
        None => text + ".",
    }
}

/// A number that may be missing, with its value in files.
fn maybe(value: Option<f64>) -> Cell {
    value.filter(|v| v.is_finite()).map_or_else(Cell::empty, |v| Cell::of(short(v), [v.into()]))
}

fn rates(rates: &[Measured]) -> Table {
    let mut table = Table::new(
        "rates",
        vec![
            Column::new("rate", &["rate"]),
            Column::new("counts", &[]),
            Column::new("generated [95 %]", &["value", "low", "high"]),
            Column::new("held-out rows", &["heldout"]),
            Column::new("swapped [95 %]", &["swapped", "swapped_low", "swapped_high"]),
            Column::new("copying is", &["copying"]),
            Column::new("p", &["p"]),
        ],
    );
    let triple = |value: f64, interval: Option<[f64; 2]>| {
        let shown = match interval {
            Some([low, high]) => format!("{} [{}, {}]", short(value), short(low), short(high)),
            None => short(value),
        };
        let ends = interval.map_or([Value::Null, Value::Null], |ends| ends.map(Value::from));
        Cell::of(shown, std::iter::once(value.into()).chain(ends))
    };
    for measured in rates {
        let facts = &RATES[measured.rate];
        let side = match facts.copying {
            crate::rates::Copying::Large => "large",
            crate::rates::Copying::Small => "small",
        };
        table.rows.push(vec![
            Cell::of(facts.name, [facts.key.into()]),
            Cell::of(facts.about, []),
            triple(measured.value, measured.interval),
            maybe(measured.honest),
            measured.null.map_or_else(Cell::empty, |(mean, range)| triple(mean, Some(range))),
            Cell::plain(side),
            maybe(measured.p_value),
        ]);
    }
    table
}

/// The distribution of d1/d2 across clusters, of generated and of honest rows.
fn ratios(audited: &Audited) -> Illustration {
    let found = &audited.found;
    let generated: Vec<f64> = audited.outcome.rows.iter().map(|row| row.ratio).collect();
    let honest: Vec<f64> = found.honest().map(|row| found.honest_pair(row).cluster_ratio()).collect();
    let name = if found.own.len() > found.train { "held-out rows" } else { "training rows" };
    /// Places at which the shares are drawn.
    const STEPS: usize = 100;
    let shares = |mut ratios: Vec<f64>| {
        ratios.sort_by(f64::total_cmp);
        let share = |x: f64| ratios.partition_point(|r| *r <= x) as f64 / ratios.len() as f64;
        (0..=STEPS).map(|n| n as f64 / STEPS as f64).map(|x| (x, share(x))).collect::<Vec<_>>()
    };
    let lines = [("generated rows", shares(generated)), (name, shares(honest))];
    let mut numbers = Table::new(
        "ratios",
        vec![Column::plain("ratio"), Column::plain("generated"), Column::plain("honest")],
    );
    for n in 0..=STEPS {
        let (x, generated) = lines[0].1[n];
        numbers.rows.push([x, generated, lines[1].1[n].1].map(Cell::drawn).to_vec());
    }
    let series = |style: usize, name: &str, points: &[(f64, f64)]| {
        let points = points.iter().map(|&(x, y)| Point::new(x, y)).collect();
        Mark::Line(Series { name: name.into(), style, look: Look::Line, points })
    };
    let panel = Panel {
        title: String::new(),
        x: Axis::linear("d1/d2, d2 in another cluster").within(0.0, 1.0),
        y: Axis::linear("share of rows at or below").within(0.0, 1.0),
        equal: false,
        marks: lines.iter().enumerate().map(|(style, (name, points))| series(style, name, points)).collect(),
    };
    Illustration {
        name: "ratios",
        alt: "The distributions of d1/d2 of generated and of honest rows.".into(),
        caption: "Copies are where the curve of generated rows lies above that of honest rows.".into(),
        figure: Figure { panels: vec![panel], ..Figure::new(1, 260.0) },
        numbers,
    }
}

fn duplicates(inputs: &Inputs, audited: &Audited) -> Vec<Block> {
    let clusters = &audited.found.clusters;
    let train = inputs.space.train().len();
    let text = format!(
        "{} of {train} training rows are near-duplicates of others: they are within {} of one. Copies are likeliest there.",
        clusters.repeated(),
        short(clusters.radius)
    );
    let mut blocks = vec![Block::Heading("Near-duplicates in the training rows".into()), Block::Text(text)];
    let largest = clusters.largest();
    if largest.is_empty() {
        return blocks;
    }
    let mut table = Table::new(
        "clusters",
        vec![
            Column::new("first row", &["first_row"]),
            Column::new("training rows", &["training_rows"]),
            Column::new("generated rows nearest to it", &["generated_rows"]),
        ],
    );
    table.caption = format!("The {} largest of {} clusters.", LARGEST.min(largest.len()), clusters.count());
    for (first, size) in largest.into_iter().take(LARGEST) {
        let own = audited.outcome.rows.iter().filter(|row| row.cluster == Some(first)).count();
        table.rows.push([first as usize, size, own].map(Cell::plain).to_vec());
    }
    blocks.push(Block::Table(table));
    blocks
}

fn fidelity(outcome: &Outcome) -> Vec<Block> {
    let Some(compared) = &outcome.fidelity else { return Vec::new() };
    let against = if compared.train.is_some() { "held-out rows" } else { "training rows" };
    let mut table = Table::new(
        "fidelity",
        vec![
            Column::new("rows", &["rows"]),
            Column::new("precision", &["precision"]),
            Column::new("recall", &["recall"]),
            Column::new("coverage", &["coverage"]),
            Column::new("sliced Wasserstein", &["sliced_wasserstein"]),
        ],
    );
    let line = |name: &str, of: &Fidelity| {
        let numbers = [Some(of.precision), Some(of.recall), Some(of.coverage), of.wasserstein];
        std::iter::once(Cell::plain(name)).chain(numbers.map(maybe)).collect()
    };
    table.rows.push(line("generated", &compared.generated));
    if let Some(train) = &compared.train {
        table.rows.push(line("training", train));
    }
    vec![
        Block::Heading("Fidelity, apart from copying".into()),
        Block::Text(format!(
            "Against {against}, with {} rows on each side. A model can be good and copy, or neither. Training rows show what a perfect model reaches.",
            compared.rows
        )),
        Block::Table(table),
    ]
}

fn settings(inputs: &Inputs, audited: &Audited) -> Value {
    let (settings, found) = (&inputs.settings, &audited.found);
    let mut all = Map::new();
    for (name, value) in &inputs.sources {
        all.insert(name.clone(), json!(value));
    }
    for (name, value) in [
        ("distance", json!(inputs.space.name())),
        ("score", json!(settings.score.name())),
        ("fdr", json!(settings.fdr)),
        ("swaps", json!(settings.swaps)),
        ("radius", json!(found.clusters.radius)),
        ("copy-tolerance", json!(found.tolerance)),
        ("level", json!(found.sigma)),
        ("windows", json!(found.windows.as_ref().map_or(0, |_| settings.windows))),
        ("local-window", json!(found.pieces.as_ref().map(|pieces| pieces.side))),
        ("local-rule", json!(settings.local.rule_name())),
        ("local-rows", json!(found.pieces.as_ref().map_or(0, Pieces::looked))),
        ("seed", json!(settings.seed)),
    ] {
        all.insert(name.to_owned(), value);
    }
    if let Some(found) = &audited.inside {
        for (name, value) in inside::settings(found, &settings.inside) {
            all.insert(name.to_owned(), value);
        }
    }
    Value::Object(all)
}

fn more(audited: &Audited) -> Map<String, Value> {
    let (found, outcome) = (&audited.found, &audited.outcome);
    let count = |verdict| outcome.count(verdict);
    let mut all = Map::new();
    let verdicts: Map<String, Value> =
        Verdict::ALL.iter().map(|&verdict| (verdict.name().to_owned(), json!(count(verdict)))).collect();
    all.insert("verdicts".into(), Value::Object(verdicts));
    all.insert("rates".into(), rates(&outcome.rates).json());
    all.insert("dimension".into(), json!(found.dimension));
    all.insert("floor".into(), json!(outcome.floor));
    all.insert("honest_share".into(), json!(outcome.honest_share));
    all.insert("near_duplicates".into(), json!(found.clusters.repeated()));
    if let Some(found) = &audited.inside {
        all.insert("inside".into(), inside::json(found));
    }
    if let Some(calibrated) = &audited.calibrated {
        let table = calibration(calibrated).into_iter().find_map(|block| match block {
            Block::Table(table) => Some(table.json()),
            _ => None,
        });
        all.insert("calibration".into(), table.unwrap_or(Value::Null));
    }
    all
}
