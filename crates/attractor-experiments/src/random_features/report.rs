//! The report: tables, the figure, and the text about them.

use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, json};

use super::{COPY, Config, Errors, Grown, Measured, NEAR, Place, Recalled};

pub(super) fn report(config: &Config, measured: &Measured, seconds: f64) -> Report {
    let (dim, patterns, sets, seed) = (config.dim, config.patterns, config.sets, config.seed);
    let mut more = Map::new();
    let tables = [recalls(config, measured), growing(measured)];
    for table in &tables {
        more.insert(table.name.clone(), table.json());
    }
    let [recalls, growing] = tables;
    Report {
        experiment: "random-features",
        title: "How many random features does a memory need?".into(),
        introduction: format!(
            "Ê(x) = −β⁻¹ ln K̂(x), where K̂ estimates the kernel sum Σ exp(−½β‖x − y_n‖²) from M random features (Hoover et al. \
             2024). {patterns} random ±1 patterns of {dim} units; {sets} sets, each with frequencies of its own. β is given as a \
             multiple of the one at which all other patterns together have 1/100 of a pattern's own term. The paper's β, for patterns \
             of 0 and 1/√D, is 4D times ours."
        ),
        command: format!(
            "attractor reproduce random-features --dim {dim} --patterns {patterns} --sets {sets} --seed {seed} --out DIR"
        ),
        settings: json!({
            "dim": dim, "patterns": patterns, "ratios": config.ratios, "betas": config.betas,
            "prototypes": config.prototypes, "copies": config.copies, "sets": sets, "cues": config.cues, "seed": seed,
        }),
        seed,
        seconds,
        results: errors(config, measured),
        more,
        blocks: blocks(config, measured, recalls, growing),
    }
}

/// A share in percent.
fn percent(share: f64) -> Cell {
    Cell::of(format!("{:.1}", 100.0 * share), [share.into()])
}

fn errors(config: &Config, measured: &Measured) -> Table {
    let mut table = Table::new(
        "errors",
        vec![
            Column::plain("state"),
            Column::new("β / β₀", &["beta"]),
            Column::new("M", &["features"]),
            Column::new("M/2ND", &["ratio"]),
            Column::new("error of βE", &["energy"]),
            Column::new("theory", &["theory_energy"]),
            Column::new("error of a unit of ∇E", &["gradient"]),
            Column::new("theory", &["theory_gradient"]),
            Column::new("without energy, %", &["without"]),
        ],
    );
    let row = |e: &Errors| {
        vec![
            Cell::plain(e.place.name()),
            Cell::plain(e.beta),
            Cell::plain(e.features),
            Cell::rounded(of_all(config, e.features), 3),
            Cell::rounded(e.energy, 3),
            Cell::rounded(e.theory_energy, 3),
            Cell::rounded(e.gradient, 3),
            Cell::rounded(e.theory_gradient, 3),
            percent(e.without),
        ]
    };
    table.rows = measured.errors.iter().map(row).collect();
    table
}

/// M/2ND.
fn of_all(config: &Config, features: usize) -> f64 {
    features as f64 / (2 * config.patterns * config.dim) as f64
}

fn recalls(config: &Config, measured: &Measured) -> Table {
    let mut table = Table::new(
        "recalled",
        vec![
            Column::plain("cue"),
            Column::new("β / β₀", &["beta"]),
            Column::new("M", &["features"]),
            Column::new("M/2ND", &["ratio"]),
            Column::new("wrong units, %", &["wrong", "low", "high"]),
            Column::new("without energy, %", &["without"]),
        ],
    );
    let row = |r: &Recalled| {
        let ends = [r.wrong, r.interval.low, r.interval.high];
        let [share, low, high] = ends.map(|share| 100.0 * share);
        vec![
            Cell::plain(r.place.name()),
            Cell::plain(r.beta),
            r.features.map_or_else(|| Cell::of("exact", [serde_json::Value::Null]), Cell::plain),
            r.features.map_or_else(Cell::empty, |features| Cell::rounded(of_all(config, features), 3)),
            Cell::of(format!("{share:.2} [{low:.2}, {high:.2}]"), ends.map(serde_json::Value::from)),
            percent(r.without),
        ]
    };
    table.rows = measured.recalled.iter().map(row).collect();
    table
}

fn growing(measured: &Measured) -> Table {
    let mut table = Table::new(
        "grown",
        vec![
            Column::plain("patterns"),
            Column::new("N", &["count"]),
            Column::new("told apart", &["distinct"]),
            Column::new("wrong units, %", &["wrong", "low", "high"]),
        ],
    );
    let row = |g: &Grown| {
        let ends = [g.wrong, g.interval.low, g.interval.high];
        let [share, low, high] = ends.map(|share| 100.0 * share);
        vec![
            Cell::plain(if g.copies { "copies of prototypes" } else { "random" }),
            Cell::plain(g.patterns),
            Cell::rounded(g.distinct, 1),
            Cell::of(format!("{share:.2} [{low:.2}, {high:.2}]"), ends.map(serde_json::Value::from)),
        ]
    };
    table.rows = measured.grown.iter().map(row).collect();
    table
}

fn blocks(config: &Config, measured: &Measured, recalls: Table, growing: Table) -> Vec<Block> {
    let figure = |name, alt: &str, caption: String, figure, numbers| {
        let alt = alt.into();
        Block::Figure(Box::new(Illustration { name, alt, caption, figure, numbers }))
    };
    vec![
        Block::Heading("Energy and gradient".into()),
        figure(
            "random-features",
            "Errors of energy and gradient, and wrong units, by the number of features",
            format!(
                "Above: root mean square errors by M, markers, and √(N/2M) divided by K, lines. Below left: wrong units after recall \
                 by M/2ND, from patterns with {:.0} % of their units flipped. Below right: a memory of {} features gets \
                 more and more patterns: copies of {} prototypes with {:.0} % of their units flipped, or random ones.",
                100.0 * NEAR,
                config.spared(),
                config.prototypes,
                100.0 * COPY
            ),
            picture(config, measured),
            numbers(config, measured),
        ),
        Block::Text(
            "At a pattern K = 1, and the error of βE is √(N/2M). Where K is smaller the same noise counts more. Random states lie so far \
             that K̂ is nothing but noise: about half of them have no energy."
                .into(),
        ),
        Block::Results,
        Block::Heading("Recall".into()),
        Block::Text(format!(
            "The share of units whose sign is wrong after recall. The noise of the Hessian reaches √(2ND/M), against the 1 of a \
             pattern's own well, so recall should begin to work at M = 2ND = {}, which is more numbers than the patterns have.",
            config.features(1.0)
        )),
        Block::Table(recalls),
        Block::Heading("A memory of one size".into()),
        Block::Text(format!(
            "M = {} features, and β of the {} prototypes alone. What counts is how many patterns are to be told apart, which the \
             memory finds in its sums as W²/P (`told apart`), and not how many there are.",
            config.spared(),
            config.prototypes
        )),
        Block::Table(growing),
    ]
}

fn picture(config: &Config, measured: &Measured) -> Figure {
    let of_errors = |title: &str, y: &str, of: fn(&Errors) -> f64, theory: fn(&Errors) -> f64| {
        let mut marks = Vec::new();
        let mut style = 0;
        for place in [Place::At, Place::Near] {
            for &beta in config
                .betas
                .iter()
                .filter(|beta| [config.betas.first(), config.betas.last()].contains(&Some(*beta)))
            {
                let own: Vec<&Errors> =
                    measured.errors.iter().filter(|e| (e.place, e.beta) == (place, beta)).collect();
                let points = |of: fn(&Errors) -> f64| {
                    own.iter().map(|e| Point::new(e.features as f64, of(e))).collect()
                };
                marks.push(Mark::Line(Series {
                    name: String::new(),
                    style,
                    look: Look::Line,
                    points: points(theory),
                }));
                let name = format!("{}, β/β₀ = {beta}", place.name());
                marks.push(Mark::Line(Series { name, style, look: Look::Markers, points: points(of) }));
                style += 1;
            }
        }
        Panel { title: title.into(), x: Axis::log("features M"), y: Axis::log(y), equal: false, marks }
    };
    let lines = config.betas.iter().enumerate().map(|(style, &beta)| {
        let of = measured.recalled.iter().filter(|r| (r.place, r.beta) == (Place::Near, beta));
        let points = of.filter_map(|r| {
            let x = of_all(config, r.features?);
            Some(Point { x, y: r.wrong, band: Some((r.interval.low, r.interval.high)) })
        });
        let name = format!("β/β₀ = {beta}");
        Mark::Line(Series { name, style, look: Look::Marked, points: points.collect() })
    });
    let recalled = Panel {
        title: "recall".into(),
        x: Axis::log("M/2ND"),
        y: Axis::linear("wrong units").within(0.0, 0.5),
        equal: false,
        marks: lines.collect(),
    };
    let lines = [true, false].into_iter().enumerate().map(|(style, copies)| {
        let of = measured.grown.iter().filter(|g| g.copies == copies);
        let point = |g: &Grown| Point {
            x: g.patterns as f64,
            y: g.wrong,
            band: Some((g.interval.low, g.interval.high)),
        };
        let name = if copies { "copies of prototypes" } else { "random" };
        Mark::Line(Series { name: name.into(), style, look: Look::Marked, points: of.map(point).collect() })
    });
    let grown = Panel {
        title: "one size".into(),
        x: Axis::log("patterns N"),
        y: Axis::linear("wrong units").within(0.0, 0.5),
        equal: false,
        marks: lines.collect(),
    };
    let energy = of_errors("energy", "error of βE", |e| e.energy, |e| e.theory_energy);
    let gradient = of_errors("gradient", "error of a unit", |e| e.gradient, |e| e.theory_gradient);
    Figure { panels: vec![energy, gradient, recalled, grown], ..Figure::new(2, 300.0) }
}

/// The numbers of the picture.
fn numbers(config: &Config, measured: &Measured) -> Table {
    let columns = ["panel", "series", "x", "y", "low", "high"];
    let mut table = Table::new("random-features", columns.map(Column::plain).to_vec());
    let mut add = |panel: &str, series: String, x: f64, y: f64, ends: Option<(f64, f64)>| {
        let end = |end: Option<f64>| end.map_or_else(Cell::empty, Cell::drawn);
        table.rows.push(vec![
            Cell::plain(panel),
            Cell::plain(series),
            Cell::drawn(x),
            Cell::drawn(y),
            end(ends.map(|ends| ends.0)),
            end(ends.map(|ends| ends.1)),
        ]);
    };
    for e in &measured.errors {
        let series = format!("{}, {}", e.place.name(), e.beta);
        add("energy", series.clone(), e.features as f64, e.energy, None);
        add("gradient", series, e.features as f64, e.gradient, None);
    }
    for r in &measured.recalled {
        if let Some(features) = r.features {
            let ends = Some((r.interval.low, r.interval.high));
            add("recall", format!("{}, {}", r.place.name(), r.beta), of_all(config, features), r.wrong, ends);
        }
    }
    for g in &measured.grown {
        let series = if g.copies { "copies" } else { "random" };
        add("one size", series.into(), g.patterns as f64, g.wrong, Some((g.interval.low, g.interval.high)));
    }
    table
}
