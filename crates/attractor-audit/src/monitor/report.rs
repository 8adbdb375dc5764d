//! The report of a monitor.

use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, Value, json};

use super::{Checkpoint, Monitor, Tau};
use crate::inside::Number;
use crate::outcome::Measured;
use crate::verdict::short;

pub(super) fn of(monitor: &Monitor) -> Report {
    let settings = &monitor.settings;
    let mut sources: Map<String, Value> =
        monitor.sources.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    for (name, value) in [
        ("swaps", json!(settings.swaps)),
        ("radius", json!(settings.radius)),
        ("examine", json!(settings.inside.examine)),
        ("draws", json!(settings.inside.draws)),
        ("generate", json!(settings.inside.generate)),
        ("seed", json!(settings.seed)),
    ] {
        sources.insert(name.to_owned(), value);
    }
    let step = |step: Option<f64>| step.map_or(Value::Null, |step| whole(step).values[0].clone());
    let mut more = Map::new();
    let tau = monitor.tau_mem();
    more.insert("tau_mem".into(), step(tau.map(|tau| tau.step)));
    more.insert("tau_mem_after".into(), step(tau.and_then(|tau| tau.after)));
    let mut blocks = vec![Block::Heading("What was found".into()), Block::Text(summary(monitor))];
    blocks.extend([
        Block::Figure(Box::new(rates(monitor))),
        Block::Text(
            "f_mem is the share of generated rows with d1/d2 < 1/3; by clusters, d2 is the distance from another cluster of near-duplicates. DCR share is the share nearer to a training row than to any held-out row. \
             Bands and brackets are 95 % intervals. p is that of the swap of training and held-out rows. The remembered share is the difference of the model's errors on held-out and training \
             rows, at the collapse level, as a share of that of the exact denoiser: 1 remembers all, 0 nothing."
                .into(),
        ),
        Block::Results,
    ]);
    Report {
        experiment: "monitor",
        title: "Checkpoints of a training".into(),
        introduction: format!(
            "From which step on does a model copy its {} training rows? {} checkpoints, compared with {}.",
            monitor.train.len(),
            monitor.checkpoints.len(),
            match &monitor.heldout {
                Some(rows) => format!("{} held-out rows", rows.len()),
                None => "no held-out rows".into(),
            }
        ),
        command: String::new(),
        settings: Value::Object(sources),
        seed: settings.seed,
        seconds: monitor.begun.elapsed().as_secs_f64(),
        results: table(monitor),
        more,
        blocks,
    }
}

fn summary(monitor: &Monitor) -> String {
    match (monitor.tau_mem(), monitor.checkpoints.last()) {
        (_, None) => "No checkpoint was looked at.".into(),
        (Some(Tau { step, after: Some(after) }), _) => format!(
            "The model memorises from step {step} on: f_mem by clusters exceeds its null at that checkpoint and at all later ones, and did not at step {after}. So memorisation begins between steps {after} and {step}."
        ),
        (Some(Tau { step, after: None }), _) => format!(
            "The model memorises at every checkpoint: f_mem by clusters exceeds its null from the first, step {step}. Memorisation begins at or before it."
        ),
        (None, Some(last)) => format!(
            "The model does not memorise: at the last checkpoint, step {}, f_mem by clusters is within its null.",
            last.step
        ),
    }
}

/// A step, without a point where it is a whole number.
fn whole(step: f64) -> Cell {
    Cell::of(
        step.to_string(),
        [if step.fract() == 0.0 && step.abs() < 1e15 { json!(step as i64) } else { json!(step) }],
    )
}

fn cell(value: f64, interval: Option<[f64; 2]>) -> Cell {
    let shown = match interval {
        Some([low, high]) => format!("{} [{}, {}]", short(value), short(low), short(high)),
        None => short(value),
    };
    let ends = interval.map_or([Value::Null, Value::Null], |ends| ends.map(Value::from));
    Cell::of(shown, std::iter::once(value.into()).chain(ends))
}

fn table(monitor: &Monitor) -> Table {
    let columns = vec![
        Column::new("step", &["step"]),
        Column::new("rows", &["rows"]),
        Column::new("copies", &["copies"]),
        Column::new("f_mem", &["f_mem", "f_mem_low", "f_mem_high"]),
        Column::new("f_mem, clusters", &["f_mem_clusters", "f_mem_clusters_low", "f_mem_clusters_high"]),
        Column::new("swapped", &["f_mem_clusters_null"]),
        Column::new("p", &["p_f_mem_clusters"]),
        Column::new("DCR share", &["dcr_share", "dcr_share_low", "dcr_share_high"]),
        Column::new("p, DCR", &["p_dcr_share"]),
        Column::new("error, training", &["error_train", "error_train_low", "error_train_high"]),
        Column::new("error, held out", &["error_heldout", "error_heldout_low", "error_heldout_high"]),
        Column::new("remembered share", &["remembered", "remembered_low", "remembered_high"]),
        Column::new("p, gap", &["p_gap"]),
        Column::new("memorises", &["memorises"]),
    ];
    let mut table = Table::new("checkpoints", columns);
    let plain = |value: Option<f64>| value.map_or_else(Cell::empty, |v| Cell::of(short(v), [v.into()]));
    for point in &monitor.checkpoints {
        let rate = |key| point.rate(key).map_or_else(Cell::empty, |m| cell(m.value, m.interval));
        let number = |number: Option<Number>| number.map_or_else(Cell::empty, |n| cell(n.value, n.interval));
        let p = |key| plain(point.rate(key).and_then(|m| m.p_value));
        let null = point.rate("f_mem_clusters").and_then(|m| m.null).map(|(mean, _)| mean);
        table.rows.push(vec![
            whole(point.step),
            Cell::plain(point.rows),
            Cell::plain(point.copies),
            rate("f_mem"),
            rate("f_mem_clusters"),
            plain(null),
            p("f_mem_clusters"),
            rate("dcr_share"),
            p("dcr_share"),
            number(point.gap.map(|gap| gap.train)),
            number(point.gap.map(|gap| gap.heldout)),
            number(point.gap.map(|gap| gap.remembered)),
            plain(point.gap.map(|gap| gap.p_value)),
            Cell::of(if point.exceeds { "yes" } else { "no" }, [point.exceeds.into()]),
        ]);
    }
    table
}

/// The rates and the remembered share against the step.
fn rates(monitor: &Monitor) -> Illustration {
    let points = &monitor.checkpoints;
    let of_rate = |key: &'static str| {
        move |point: &Checkpoint| -> Option<(f64, Option<[f64; 2]>)> {
            let Measured { value, interval, .. } = point.rate(key)?;
            Some((*value, *interval))
        }
    };
    let null = |point: &Checkpoint| Some((point.rate("f_mem_clusters")?.null?.0, None));
    let remembered =
        |point: &Checkpoint| point.gap.map(|gap| (gap.remembered.value, gap.remembered.interval));
    type Read<'a> = Box<dyn Fn(&Checkpoint) -> Option<(f64, Option<[f64; 2]>)> + 'a>;
    let curves: [(&str, &'static str, usize, Look, Read); 5] = [
        ("f_mem", "f_mem", 0, Look::Marked, Box::new(of_rate("f_mem"))),
        ("f_mem, clusters", "f_mem_clusters", 1, Look::Marked, Box::new(of_rate("f_mem_clusters"))),
        ("f_mem, clusters, swapped", "f_mem_clusters_null", 1, Look::ThinDashed, Box::new(null)),
        ("DCR share", "dcr_share", 2, Look::Marked, Box::new(of_rate("dcr_share"))),
        ("remembered share", "remembered", 3, Look::Marked, Box::new(remembered)),
    ];
    let mut numbers = Table::new(
        "rates-by-step",
        std::iter::once("step").chain(curves.iter().map(|curve| curve.1)).map(Column::plain).collect(),
    );
    for point in points {
        let drawn = |read: &Read| read(point).map_or_else(Cell::empty, |(value, _)| Cell::drawn(value));
        let mut row = vec![whole(point.step)];
        row.extend(curves.iter().map(|curve| drawn(&curve.4)));
        numbers.rows.push(row);
    }
    let mut marks = Vec::new();
    for (name, _, style, look, read) in &curves {
        let at = |point: &Checkpoint| {
            let (y, interval) = read(point)?;
            let band = interval.map(|[low, high]| (low.clamp(0.0, 1.0), high.clamp(0.0, 1.0)));
            Some(Point { x: point.step, y: y.clamp(0.0, 1.0), band })
        };
        let series: Vec<Point> = points.iter().filter_map(at).collect();
        if !series.is_empty() {
            marks.push(Mark::Line(Series {
                name: (*name).into(),
                style: *style,
                look: *look,
                points: series,
            }));
        }
    }
    if let Some(Tau { step, .. }) = monitor.tau_mem() {
        let ends = vec![Point::new(step, 0.0), Point::new(step, 1.0)];
        marks.push(Mark::Line(Series {
            name: "τ_mem".into(),
            style: 4,
            look: Look::ThinDashed,
            points: ends,
        }));
    }
    let y = Axis::linear("share").within(0.0, 1.0);
    let panel = Panel { title: String::new(), x: Axis::linear("step"), y, equal: false, marks };
    Illustration {
        name: "rates-by-step",
        alt: "The rates of copying and the remembered share against the step of training.".into(),
        caption: "Memorisation begins where f_mem by clusters leaves its swapped value for good.".into(),
        figure: Figure { panels: vec![panel], ..Figure::new(1, 320.0) },
        numbers,
    }
}
