//! Tables and figures of capacities, with theory on the same axes.

use attractor::memories::Options;
use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::statistics::{Interval, median, of_runs};
use attractor_report::{Block, Cell, Column, Illustration, Table};
use serde_json::Value;

use super::{Capacity, Config, Contender, Family, Found, Passage, Scores, Task, mean_error, theory};

/// The largest N that a figure shows. Laws without a limit would otherwise compress everything else.
const SHOWN: f64 = 1e8;

/// The name of the law of dense memories with a power, in tables.
const DEGREE: &str = "without errors, by degree";

/// The name of the law of memories of sequences.
fn of_sequence(passage: Passage) -> &'static str {
    match passage {
        Passage::Step => "steps without errors",
        Passage::Whole => "sequences without errors",
    }
}

/// What theory says about one memory at D units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Law {
    /// The name of the law.
    pub name: &'static str,
    /// log₂ of the number of patterns; −∞ if that is 0.
    pub bits: f64,
    /// The number of patterns; infinite if no number of 64 bits is so large.
    pub patterns: f64,
}

impl Law {
    fn of_patterns(name: &'static str, patterns: f64) -> Self {
        Law { name, bits: patterns.log2(), patterns }
    }

    fn of_bits(name: &'static str, bits: f64) -> Self {
        Law { name, bits, patterns: bits.exp2() }
    }
}

impl Contender {
    /// The capacities at D units that theory gives. Laws that do not hold at this D are left out.
    pub fn laws(&self, task: Task, dim: usize, threshold: f64) -> Vec<Law> {
        let (family, options) = match self {
            Contender::Model(spec, _) => (self.family(), &spec.options),
            _ => (self.family(), &Options::default()),
        };
        let of_patterns = |name, patterns: Option<f64>| patterns.map(|n| Law::of_patterns(name, n));
        let laws = match family {
            Family::Ceiling => {
                /// The exact law is computed up to this number.
                const LARGEST: usize = 1 << 24;
                let exact = match task {
                    Task::Mask(p) if task.is_limited(threshold) => {
                        Some(theory::erasure_capacity(dim, p, threshold, LARGEST) as f64)
                    }
                    _ => None,
                };
                let estimate = theory::finite_length(task, dim, threshold);
                let asymptote = theory::asymptote(task, dim, threshold);
                vec![
                    of_patterns("ceiling, exact", exact),
                    estimate.map(|bits| Law::of_bits("ceiling, estimate", bits)),
                    asymptote.map(|bits| Law::of_bits("D·C", bits)),
                ]
            }
            // The laws are of the network without self-coupling, the default.
            Family::Hopfield if options.is_empty() => vec![
                of_patterns("0.138 D", Some(theory::classical(dim))),
                of_patterns("D/(4 ln D)", theory::classical_exact(dim)),
            ],
            Family::Dense => match options.text("interaction").unwrap_or("poly:3") {
                "exp" => {
                    let nats = theory::exponential(task.uncoded_error(), dim);
                    vec![Some(Law::of_bits("exp(D·I/2)", nats / std::f64::consts::LN_2))]
                }
                other => match other.strip_prefix("poly:").and_then(|k| k.parse().ok()) {
                    Some(degree @ 2..=12) => vec![of_patterns(DEGREE, theory::of_degree(degree, dim))],
                    _ => Vec::new(),
                },
            },
            Family::Sequence => {
                match (task, options.text("separation").unwrap_or("exp"), options.text("rule")) {
                    (_, _, Some("pseudo-inverse")) => vec![of_patterns("D", Some(dim as f64))],
                    (Task::Sequence(passage), "exp", _) => {
                        vec![of_patterns(of_sequence(passage), theory::exponential_sequence(dim, passage))]
                    }
                    (Task::Sequence(passage), other, _) => {
                        let degree = other.strip_prefix("poly:").and_then(|d| d.parse().ok());
                        let law = degree.filter(|d| *d <= 12).and_then(|d| theory::sequence(d, dim, passage));
                        vec![of_patterns(of_sequence(passage), law)]
                    }
                    _ => Vec::new(),
                }
            }
            Family::Hopfield | Family::Other => Vec::new(),
        };
        laws.into_iter().flatten().collect()
    }

    /// About how many patterns it holds, to divide the work and to say how long it takes. It is infinite where there is
    /// no limit.
    pub(crate) fn expected(&self, task: Task, dim: usize, threshold: f64) -> f64 {
        let ceiling = theory::finite_length(task, dim, threshold).map_or(f64::INFINITY, f64::exp2);
        let own = match self.family() {
            Family::Hopfield => theory::classical(dim),
            Family::Dense | Family::Sequence => {
                self.laws(task, dim, threshold).iter().map(|law| law.patterns).fold(f64::INFINITY, f64::min)
            }
            Family::Ceiling | Family::Other => f64::INFINITY,
        };
        own.min(ceiling).max(1.0)
    }
}

/// A number of patterns, for readers.
fn count(n: f64) -> String {
    match n {
        n if n < 100.0 => format!("{n:.1}"),
        n => format!("{n:.0}"),
    }
}

/// The crossing with its interval. Its values are crossing, low, high and bounded; an end that is not known is null.
pub fn crossing(capacity: &Capacity, most: usize) -> Cell {
    let Capacity { crossing, interval, bounded, .. } = capacity;
    let shown = match (bounded, interval.high.is_finite()) {
        (true, _) => format!("at least {most}"),
        (_, true) => format!("{} [{}, {}]", count(*crossing), count(interval.low), count(interval.high)),
        (_, false) => format!("{} [{}, above {most}]", count(*crossing), count(interval.low)),
    };
    let [crossing, low, high] = [*crossing, interval.low, interval.high].map(Value::from);
    Cell::of(shown, [crossing, low, high, (*bounded).into()])
}

/// The capacity as a share of the ceiling's, for the same task and D.
fn share(config: &Config, all: &[Found], found: &Found) -> Option<f64> {
    let task = config.entrants[found.entrant].task;
    let is_ceiling = |other: &&Found| {
        let entrant = &config.entrants[other.entrant];
        matches!(entrant.contender, Contender::Ceiling) && entrant.task == task && other.dim == found.dim
    };
    let ceiling = all.iter().find(is_ceiling).filter(|ceiling| !ceiling.capacity.bounded)?;
    (ceiling.capacity.crossing > 0.0).then(|| found.capacity.crossing / ceiling.capacity.crossing)
}

/// The capacities: one row for each entrant and D.
pub fn capacities(config: &Config, all: &[Found]) -> Table {
    let mut table = Table::new(
        "capacities",
        vec![
            Column::plain("memory"),
            Column::plain("task"),
            Column::new("D", &["dim"]),
            Column::new("N", &["patterns"]),
            Column::new("crossing, 95 % interval", &["crossing", "low", "high", "bounded"]),
            Column::new("log₂", &["bits"]),
            Column::new("of the ceiling", &["share"]),
            Column::new("seconds", &["seconds"]),
        ],
    );
    for found in all {
        let (entrant, capacity) = (&config.entrants[found.entrant], &found.capacity);
        let most = config.most(entrant.task, found.dim);
        let bits = capacity.crossing.log2();
        table.rows.push(vec![
            Cell::plain(entrant.contender.to_string()),
            Cell::plain(entrant.task.to_string()),
            Cell::plain(found.dim),
            Cell::plain(capacity.patterns),
            crossing(capacity, most),
            if bits.is_finite() { Cell::rounded(bits, 2) } else { Cell::empty() },
            share(config, all, found).map_or_else(Cell::empty, |share| Cell::rounded(share, 3)),
            Cell::rounded(found.seconds(), 1),
        ]);
    }
    table
}

/// What theory gives: one row for each law, task and D.
pub fn laws(config: &Config) -> Table {
    let mut table = Table::new(
        "theory",
        vec![
            Column::plain("law"),
            Column::plain("memory"),
            Column::plain("task"),
            Column::new("D", &["dim"]),
            Column::new("N", &["patterns"]),
            Column::new("log₂", &["bits"]),
        ],
    );
    for entrant in &config.entrants {
        for dim in entrant.dims.as_ref().unwrap_or(&config.dims) {
            for law in entrant.contender.laws(entrant.task, *dim, config.threshold) {
                table.rows.push(vec![
                    Cell::plain(law.name),
                    Cell::plain(entrant.contender.to_string()),
                    Cell::plain(entrant.task.to_string()),
                    Cell::plain(*dim),
                    if law.patterns.is_finite() { Cell::number(law.patterns) } else { Cell::empty() },
                    if law.bits.is_finite() { Cell::rounded(law.bits, 2) } else { Cell::empty() },
                ]);
            }
        }
    }
    table
}

/// The errors behind the capacities: one row for each number of patterns that was tried.
pub fn rows(config: &Config, all: &[Found]) -> Table {
    let mut table = Table::new(
        "errors",
        vec![
            Column::plain("memory"),
            Column::plain("task"),
            Column::new("D", &["dim"]),
            Column::new("N", &["patterns"]),
            Column::new("mean error", &["error", "low", "high"]),
            Column::new("median", &["median"]),
            Column::plain("sets"),
            Column::plain("units"),
        ],
    );
    for found in all {
        let entrant = &config.entrants[found.entrant];
        for (patterns, scores) in &found.scores {
            let errors: Vec<f64> = scores.iter().map(|score| score.error()).collect();
            let mean = mean_error(scores);
            let Interval { low, high } = of_runs(&errors).unwrap_or(Interval { low: mean, high: mean });
            table.rows.push(vec![
                Cell::plain(entrant.contender.to_string()),
                Cell::plain(entrant.task.to_string()),
                Cell::plain(found.dim),
                Cell::plain(*patterns),
                Cell::interval(mean, low.max(0.0), high.min(1.0), 4),
                Cell::rounded(median(&mut errors.clone()), 4),
                Cell::plain(scores.len()),
                Cell::plain(scores.iter().map(|score| score.units).sum::<u64>()),
            ]);
        }
    }
    table
}

/// Capacities against D on a logarithmic axis, with one panel for each task. Thin lines of the same colour
/// show what theory gives for each memory.
pub fn figure(config: &Config, all: &[Found], shown: impl Fn(&Contender) -> bool) -> Figure {
    let mut tasks: Vec<Task> = Vec::new();
    let mut contenders: Vec<String> = Vec::new();
    for entrant in config.entrants.iter().filter(|entrant| shown(&entrant.contender)) {
        if !tasks.contains(&entrant.task) {
            tasks.push(entrant.task);
        }
        let name = entrant.contender.to_string();
        if !matches!(entrant.contender, Contender::Ceiling) && !contenders.contains(&name) {
            contenders.push(name);
        }
    }
    /// The style of the ceiling: black.
    const CEILING: usize = 6;
    let style = |contender: &Contender| {
        let name = contender.to_string();
        contenders.iter().position(|other| *other == name).unwrap_or(CEILING)
    };
    let columns = if tasks.len() == 1 { 1 } else { 2 };
    let mut figure = Figure { shared: tasks.len() > 1, ..Figure::new(columns, 300.0) };
    for task in tasks {
        let mut marks = Vec::new();
        for (number, entrant) in config.entrants.iter().enumerate() {
            if entrant.task != task || !shown(&entrant.contender) {
                continue;
            }
            let style = style(&entrant.contender);
            let own: Vec<&Found> = all.iter().filter(|found| found.entrant == number).collect();
            let point = |found: &&Found| {
                let capacity = &found.capacity;
                // An end that is not known is not drawn.
                let high = capacity.interval.high;
                let high = if high.is_finite() { high } else { capacity.crossing };
                let band = Some((capacity.interval.low.max(0.5), high));
                Point { band, ..Point::new(found.dim as f64, capacity.crossing) }
            };
            let points = own.iter().map(point).collect();
            let name = entrant.contender.to_string();
            marks.push(Mark::Line(Series { name, style, look: Look::Marked, points }));
            let dims = entrant.dims.as_ref().unwrap_or(&config.dims);
            let mut laws: Vec<(&str, Vec<Point>)> = Vec::new();
            for dim in dims {
                for law in entrant.contender.laws(task, *dim, config.threshold) {
                    let point = Point::new(*dim as f64, law.patterns);
                    match laws.iter_mut().find(|(name, _)| *name == law.name) {
                        Some((_, points)) => points.push(point),
                        None => laws.push((law.name, vec![point])),
                    }
                }
            }
            for (number, (law, points)) in laws.into_iter().enumerate() {
                let points = points.into_iter().filter(|p| (1.0..=SHOWN).contains(&p.y)).collect();
                let style = if law == "D·C" { 5 } else { style };
                // Each degree has such a law, in its own colour.
                let each = [DEGREE, of_sequence(Passage::Step), of_sequence(Passage::Whole)].contains(&law);
                let name = if each { String::new() } else { law.to_owned() };
                let look = if number % 2 == 0 { Look::Thin } else { Look::ThinDashed };
                marks.push(Mark::Line(Series { name, style, look, points }));
            }
        }
        // A capacity of 0 cannot be shown on a logarithmic axis, nor can a shard without work.
        let shows =
            |mark: &Mark| matches!(mark, Mark::Line(series) if series.points.iter().any(|p| p.y > 0.0));
        marks.retain(shows);
        if marks.is_empty() {
            continue;
        }
        figure.panels.push(Panel {
            title: title(task),
            x: Axis::linear("units D"),
            y: Axis::log("capacity N"),
            equal: false,
            marks,
        });
    }
    figure
}

/// The title of the panel of a task.
pub fn title(task: Task) -> String {
    match task {
        Task::Signal(signal) => format!("noise, θ = {signal}"),
        Task::Mask(p) => format!("masks, p = {p}"),
        Task::Flip(p) => format!("flips, p = {p}"),
        Task::Sequence(Passage::Step) => "steps of sequences".into(),
        Task::Sequence(Passage::Whole) => "whole sequences".into(),
    }
}

/// A figure of capacities as a part of a report.
pub fn illustration(name: &'static str, figure: Figure, numbers: Table, caption: String) -> Block {
    if figure.panels.is_empty() {
        return Block::Text(
            "There is nothing to draw: no memory held a pattern, or this shard had no work.".into(),
        );
    }
    let alt = match name {
        "fig3a" => "Median share of wrong units of the exact diffusion model against the number of units.",
        _ => {
            "Capacity of associative memories against the number of units, on a logarithmic axis, with theory."
        }
    };
    Block::Figure(Box::new(Illustration { name, alt: alt.into(), caption, figure, numbers }))
}

/// The number of recalls.
pub fn recalls(scores: &Scores, dim: usize) -> u64 {
    scores.values().flatten().map(|score| score.units / dim as u64).sum()
}
