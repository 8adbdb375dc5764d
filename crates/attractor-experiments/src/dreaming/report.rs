//! The report: tables, the figure, and the text about them.

use attractor::memories::Dreams;
use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, Value, json};

use super::theory::{capacity, overlap};
use super::{Basin, Config, Dynamics, Measured, Wrong};

/// The end of the figure's axis of times.
const LONGEST: f64 = 64.0;

pub(super) fn report(config: &Config, measured: &Measured, seconds: f64) -> Report {
    let join = |numbers: Vec<String>| numbers.join(",");
    let dims = join(config.dims.iter().map(usize::to_string).collect());
    let loads = join(config.loads.iter().map(f64::to_string).collect());
    let (sets, seed) = (config.sets, config.seed);
    let times: Vec<Value> = config.times.iter().map(|&time| at(time)).collect();
    Report {
        experiment: "dreaming",
        title: "How long should a network dream?".into(),
        introduction: format!(
            "The classical network without self-couplings, whose couplings J(t) go from Hebb's rule (t = 0) to the \
             pseudo-inverse (t = ∞). Random ±1 patterns, {sets} sets for each number of units; in brackets 95 % t \
             intervals over sets.",
        ),
        command: format!(
            "attractor reproduce dreaming --dims {dims} --loads {loads} --sets {sets} --seed {seed} --out DIR"
        ),
        settings: json!({
            "dims": config.dims, "loads": config.loads, "times": times, "sets": sets, "cues": config.cues,
            "seed": seed,
        }),
        seed,
        seconds,
        results: results(measured),
        more: Map::new(),
        blocks: blocks(config, measured),
    }
}

/// A time in a file: null for ∞, which JSON does not have.
fn at(time: f64) -> Value {
    if time.is_finite() { time.into() } else { Value::Null }
}

/// A time for readers.
fn shown(time: f64) -> String {
    if time.is_finite() { time.to_string() } else { "∞".into() }
}

fn results(measured: &Measured) -> Table {
    let mut table = Table::new(
        "basins",
        vec![
            Column::plain("updates"),
            Column::new("D", &["dim"]),
            Column::new("N/D", &["load"]),
            Column::new("t", &["time"]),
            Column::new("tolerated flips", &["flips", "low", "high"]),
        ],
    );
    table.rows = measured
        .basins
        .iter()
        .map(|b| {
            vec![
                Cell::plain(b.dynamics.name()),
                Cell::plain(b.dim),
                Cell::plain(b.load),
                Cell::of(shown(b.time), [at(b.time)]),
                Cell::interval(b.flips, b.interval.low, b.interval.high, 3),
            ]
        })
        .collect();
    table
}

fn capacities(measured: &Measured) -> Table {
    let mut table = Table::new(
        "capacities",
        vec![
            Column::new("D", &["dim"]),
            Column::new("t", &["time"]),
            Column::new("capacity N/D", &["load", "low", "high"]),
            Column::new("theory, D → ∞", &["theory"]),
        ],
    );
    let row = |c: &super::Capacity| {
        vec![
            Cell::plain(c.dim),
            Cell::of(shown(c.time), [at(c.time)]),
            Cell::interval(c.load, c.interval.low, c.interval.high, 3),
            Cell::rounded(capacity(c.time), 3),
        ]
    };
    table.rows = measured.capacities.iter().map(row).collect();
    table
}

/// The share of wrong units in theory.
fn in_theory(load: f64, time: f64) -> Option<f64> {
    let known = time.is_finite() && load < capacity(time);
    known.then(|| overlap(load, time)).flatten().map(|overlap| (1.0 - overlap) / 2.0)
}

fn wrong(measured: &Measured, dim: usize) -> Table {
    let mut table = Table::new(
        "wrong",
        vec![
            Column::new("N/D", &["load"]),
            Column::new("t", &["time"]),
            Column::new("wrong units", &["share", "low", "high"]),
            Column::new("theory", &["theory"]),
        ],
    );
    let row = |w: &Wrong| {
        let theory = in_theory(w.load, w.time)?;
        let ends = [w.share, w.interval.low, w.interval.high];
        let [share, low, high] = ends.map(|share| 100.0 * share);
        Some(vec![
            Cell::plain(w.load),
            Cell::of(shown(w.time), [at(w.time)]),
            Cell::of(format!("{share:.3} [{low:.3}, {high:.3}]"), ends.map(Value::from)),
            Cell::of(format!("{:.3}", 100.0 * theory), [theory.into()]),
        ])
    };
    table.rows = measured.wrong.iter().filter(|w| w.dim == dim).filter_map(row).collect();
    table
}

/// The basins of one size, load and kind of updates, by time.
fn row(measured: &Measured, dim: usize, load: f64, dynamics: Dynamics) -> Vec<&Basin> {
    measured.basins.iter().filter(|b| b.dim == dim && b.load == load && b.dynamics == dynamics).collect()
}

/// For each size, load and kind of updates: the best time, and what it tolerates beside the usual time and the ends.
fn best(config: &Config, measured: &Measured) -> (Table, f64) {
    let usual = Dreams::Auto.time();
    let mut table = Table::new(
        "best",
        vec![
            Column::plain("updates"),
            Column::new("D", &["dim"]),
            Column::new("N/D", &["load"]),
            Column::new("t = 0", &["hebb"]),
            Column::new(format!("t = {usual}"), &["usual"]),
            Column::new("t = ∞", &["pseudo_inverse"]),
            Column::new("best", &["best"]),
            Column::new("at t", &["best_time"]),
        ],
    );
    let mut lost = 0.0f64;
    for dynamics in Dynamics::ALL {
        for &dim in &config.dims {
            for &load in &config.loads {
                let row = row(measured, dim, load, dynamics);
                let at_time = |time: f64| row.iter().find(|b| b.time == time).map_or(f64::NAN, |b| b.flips);
                let best = row.iter().fold(row[0], |best, b| if b.flips > best.flips { b } else { best });
                lost = lost.max(best.flips - at_time(usual));
                table.rows.push(vec![
                    Cell::plain(dynamics.name()),
                    Cell::plain(dim),
                    Cell::plain(load),
                    Cell::rounded(at_time(0.0), 3),
                    Cell::rounded(at_time(usual), 3),
                    Cell::rounded(at_time(f64::INFINITY), 3),
                    Cell::rounded(best.flips, 3),
                    Cell::of(shown(best.time), [at(best.time)]),
                ]);
            }
        }
    }
    (table, lost)
}

fn blocks(config: &Config, measured: &Measured) -> Vec<Block> {
    let (best, lost) = best(config, measured);
    let largest = config.dims.last().copied().unwrap_or_default();
    let figure = |name, alt: &str, caption: String, figure, numbers| {
        let alt = alt.into();
        Block::Figure(Box::new(Illustration { name, alt, caption, figure, numbers }))
    };
    vec![
        Block::Heading("Which time is best".into()),
        figure(
            "dreaming-basins",
            "Tolerated flips by the time of dreaming",
            format!(
                "The share of flipped units from which 90 % of the patterns are recalled, D = {largest}; a line for each \
                 load N/D."
            ),
            basins_figure(config, measured),
            basins_numbers(config, measured),
        ),
        Block::Text(format!(
            "The share of flipped units that is tolerated. Nowhere does t = {} tolerate more than {lost:.3} less than the \
             best time.",
            Dreams::Auto.time()
        )),
        Block::Table(best),
        Block::Heading("Capacity".into()),
        figure(
            "dreaming-capacity",
            "Capacity and wrong units by the time of dreaming",
            format!(
                "Left: the largest load at which half of the patterns stay, and the end of equilibrium retrieval states in \
                 theory. Right: wrong units of recalled patterns at D = {largest} (markers) and in theory (lines)."
            ),
            capacity_figure(config, measured),
            capacity_numbers(measured),
        ),
        Block::Text(
            "The largest load, up to 1, at which at least half of the patterns, as cues, end with an overlap above 0.95. \
             Theory is that of equilibrium at temperature 0 and D → ∞, with equal replicas. Recall that begins at a pattern \
             stays near it up to larger loads, in states that are not of equilibrium."
                .into(),
        ),
        Block::Table(capacities(measured)),
        Block::Text(format!(
            "Wrong units, in %, of what asynchronous recall ends in from the patterns themselves, D = {largest}, and in \
             theory where it has a retrieval state."
        )),
        Block::Table(wrong(measured, largest)),
        Block::Heading("All basins".into()),
        Block::Results,
    ]
}

/// Times on the axis: 1 + t, so that 0 is on it.
fn place(time: f64) -> f64 {
    1.0 + time
}

fn axis() -> Axis {
    Axis::log("1 + t").within(1.0, place(LONGEST))
}

fn curve() -> impl Iterator<Item = (f64, f64)> {
    /// Points of the line of theory.
    const POINTS: usize = 60;
    let times = (0..=POINTS).map(|i| place(LONGEST).powf(i as f64 / POINTS as f64) - 1.0);
    times.map(|time| (place(time), capacity(time)))
}

fn capacity_figure(config: &Config, measured: &Measured) -> Figure {
    /// The style of the line of theory, which no number of units has.
    const BLACK: usize = 6;
    let mut marks = vec![Mark::Line(Series {
        name: "theory".into(),
        style: BLACK,
        look: Look::Line,
        points: curve().map(|(x, y)| Point::new(x, y)).collect(),
    })];
    for (style, &dim) in config.dims.iter().enumerate() {
        let of = measured.capacities.iter().filter(|c| c.dim == dim && c.time <= LONGEST);
        let point = |c: &super::Capacity| Point {
            x: place(c.time),
            y: c.load,
            band: Some((c.interval.low, c.interval.high)),
        };
        let (name, points) = (format!("D = {dim}"), of.map(point).collect());
        marks.push(Mark::Line(Series { name, style, look: Look::Markers, points }));
    }
    let y = Axis::linear("capacity N/D").within(0.0, 1.1);
    let capacity = Panel { title: "capacity".into(), x: axis(), y, equal: false, marks };
    let y = Axis::log("share of wrong units").within(1e-5, 0.1);
    let marks = wrong_marks(config, measured);
    let wrong = Panel { title: "recalled patterns".into(), x: axis(), y, equal: false, marks };
    let panels = [capacity, wrong].into_iter().filter(|panel| !panel.marks.is_empty()).collect();
    Figure { panels, ..Figure::new(2, 300.0) }
}

/// Wrong units of recalled patterns at the largest D, with theory as lines.
fn wrong_marks(config: &Config, measured: &Measured) -> Vec<Mark> {
    /// The styles that the numbers of units and the line of theory leave.
    const LEFT: usize = 6;
    let largest = config.dims.last().copied().unwrap_or_default();
    let first = config.dims.len().min(LEFT - 1);
    let mut marks = Vec::new();
    for (n, load) in drawn(config).into_iter().take(LEFT - first).enumerate() {
        let style = first + n;
        let lines = curve().filter_map(|(x, _)| Some(Point::new(x, in_theory(load, x - 1.0)?)));
        let line = Series { name: String::new(), style, look: Look::Line, points: lines.collect() };
        let of = measured.wrong.iter().filter(|w| {
            w.dim == largest && w.load == load && w.time <= LONGEST && in_theory(load, w.time).is_some()
        });
        let points = of.map(|w| Point {
            x: place(w.time),
            y: w.share,
            band: Some((w.interval.low.max(1e-6), w.interval.high)),
        });
        let name = format!("N/D = {load}");
        let found = Series { name, style, look: Look::Markers, points: points.collect() };
        marks.extend([line, found].into_iter().filter(|series| !series.points.is_empty()).map(Mark::Line));
    }
    marks
}

/// The loads that the figure shows: those that the seven styles can tell apart.
fn drawn(config: &Config) -> Vec<f64> {
    const MOST: usize = 6;
    let step = config.loads.len().div_ceil(MOST).max(1);
    config.loads.iter().copied().step_by(step).collect()
}

fn basins_figure(config: &Config, measured: &Measured) -> Figure {
    let largest = config.dims.last().copied().unwrap_or_default();
    let panel = |dynamics: Dynamics| {
        let lines = drawn(config).into_iter().enumerate().map(|(style, load)| {
            let of = row(measured, largest, load, dynamics).into_iter().filter(|b| b.time <= LONGEST);
            let point = |b: &Basin| Point {
                x: place(b.time),
                y: b.flips,
                band: Some((b.interval.low, b.interval.high)),
            };
            let name = format!("N/D = {load}");
            Mark::Line(Series { name, style, look: Look::Marked, points: of.map(point).collect() })
        });
        let y = Axis::linear("tolerated flips").within(0.0, 0.4);
        Panel { title: dynamics.name().into(), x: axis(), y, equal: false, marks: lines.collect() }
    };
    Figure { panels: Dynamics::ALL.map(panel).to_vec(), ..Figure::new(2, 300.0) }
}

/// A number with its interval, as the cells of a drawn table.
fn with_ends(value: f64, ends: Option<(f64, f64)>) -> [Cell; 3] {
    let end = |end: Option<f64>| end.map_or_else(Cell::empty, Cell::drawn);
    [Cell::drawn(value), end(ends.map(|e| e.0)), end(ends.map(|e| e.1))]
}

fn capacity_numbers(measured: &Measured) -> Table {
    let columns = ["series", "one_plus_t", "load", "low", "high"];
    let mut table = Table::new("dreaming-capacity", columns.map(Column::plain).to_vec());
    let mut add = |series: String, x: f64, value: f64, ends: Option<(f64, f64)>| {
        table
            .rows
            .push([vec![Cell::plain(series), Cell::drawn(x)], with_ends(value, ends).to_vec()].concat());
    };
    curve().for_each(|(x, y)| add("theory".into(), x, y, None));
    for c in measured.capacities.iter().filter(|c| c.time <= LONGEST) {
        add(format!("D = {}", c.dim), place(c.time), c.load, Some((c.interval.low, c.interval.high)));
    }
    table
}

fn basins_numbers(config: &Config, measured: &Measured) -> Table {
    let columns = ["updates", "load", "one_plus_t", "flips", "low", "high"];
    let mut table = Table::new("dreaming-basins", columns.map(Column::plain).to_vec());
    let largest = config.dims.last().copied().unwrap_or_default();
    for dynamics in Dynamics::ALL {
        for load in drawn(config) {
            for b in row(measured, largest, load, dynamics).into_iter().filter(|b| b.time <= LONGEST) {
                let head = vec![Cell::plain(dynamics.name()), Cell::plain(load), Cell::drawn(place(b.time))];
                let ends = Some((b.interval.low, b.interval.high));
                table.rows.push([head, with_ends(b.flips, ends).to_vec()].concat());
            }
        }
    }
    table
}
