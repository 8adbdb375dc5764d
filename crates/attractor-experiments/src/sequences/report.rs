//! The report: sequences and their lengths, dwell, patterns that are alike, and noise.

use attractor_capacity::{Contender, Passage, Task, illustration, laws};
use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::statistics::{Interval, of_runs, wilson};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, json};

use super::measure::{HELD, LONG, NOISY};
use super::{Config, Findings};

/// A mean over sets with its 95 % interval.
fn mean(values: &[f64], digits: usize) -> Cell {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let Interval { low, high } = of_runs(values).unwrap_or(Interval { low: mean, high: mean });
    Cell::interval(mean, low, high, digits)
}

fn counts(values: &[usize]) -> Vec<f64> {
    values.iter().map(|&n| n as f64).collect()
}

impl Config {
    pub(super) fn report(&self, findings: &Findings, seconds: f64) -> Report {
        let tables = [held(findings), alike(findings), noisy(findings), capacities(findings)];
        let mut more = Map::new();
        for table in &tables {
            more.insert(table.name.clone(), table.json());
        }
        let [held, alike, noisy, lengths] = tables;
        let mut blocks = of_lengths(findings, lengths);
        blocks.extend(of_the_rest(held, alike, noisy));
        Report {
            experiment: "sequences",
            title: "Long sequences (Chaudhry, Zavatone-Veth, Krotov & Pehlevan 2023)".into(),
            introduction: format!(
                "Patterns follow each other: x ← sign Σ y_(n+1) f(m_n). Is a sequence longer if f is steeper? The paper says \
                 that with f(u) = u^d a step is without error up to D^d/(2(2d − 1)!! ln D) patterns, a whole sequence up to \
                 1/(d + 1) of that, and with f(u) = exp((D − 1)(u − 1)) up to exponentially many; that a network which also holds \
                 itself keeps each memory for exactly τ steps if d is large; and that a pseudo-inverse tells patterns apart that are \
                 alike. Means over {} sets of random patterns, with 95 % intervals.",
                self.sets()
            ),
            command: format!(
                "attractor reproduce sequences --profile {} --sets {} --seed {} --out DIR",
                self.profile.name(),
                self.sets(),
                self.seed
            ),
            settings: json!({ "profile": self.profile.name(), "sets": self.sets(), "seed": self.seed }),
            seed: self.seed,
            seconds,
            results: sequences(findings),
            more,
            blocks,
        }
    }
}

/// One sequence, and how long sequences can be.
fn of_lengths(findings: &Findings, lengths: Table) -> Vec<Block> {
    vec![
                Block::Heading("One sequence".into()),
                Block::Text(format!(
                    "{} patterns of {} units, in a row. `exact`: how many of the {} steps lead from a pattern to the next one without a \
                     wrong unit. `in order`: of as many updates from the first pattern on, how many led to a state nearest to the next \
                     pattern. The paper shows that degree 1 loses this sequence and degree 2 holds it.",
                    LONG.1,
                    LONG.0,
                    LONG.1 - 1
                )),
                Block::Results,
                Block::Figure(Box::new(orders(findings))),
                Block::Heading("How long a sequence can be".into()),
                Block::Text(
                    "The largest N at which at most 3 % of steps have any wrong unit, or 3 % of closed sequences any wrong step, beside the \
             laws. These hold as D goes to infinity, for errors that vanish. At the number of the law for steps, a share of about \
             1/(2√(π ln D)) of them is still wrong: 13 % at D = 100. So with 3 % the numbers are lower, and they grow with the same power \
             of D. The noise of the exponential is far from Gaussian, and its laws are much too large for few units."
                .into(),
                ),
                Block::Table(lengths),
                illustration(
                    "capacity",
                    attractor_capacity::figure(&findings.capacities, &findings.found, |_| true),
                    attractor_capacity::capacities(&findings.capacities, &findings.found),
                    "Steps and whole sequences against units, with 95 % intervals. Thin lines: the laws.".into(),
                ),
                Block::Table(laws(&findings.capacities)),
    ]
}

/// Dwell, patterns that are alike, and noise.
fn of_the_rest(held: Table, alike: Table, noisy: Table) -> Vec<Block> {
    vec![
        Block::Heading("Dwell".into()),
        Block::Text(format!(
            "{} patterns of {} units in a closed sequence, played once; each is to be held for {} steps, with the drive {}. `in order`: \
                     the share of updates that held a memory as long as it should be, or went to the next one then. `exactly`: the share of \
                     memories that were visited in turn and held for exactly {} steps. The paper shows that degree 1 does not keep the order and \
                     that degree 10 holds each for exactly as long.",
            HELD.1, HELD.0, HELD.2, HELD.3, HELD.2
        )),
        Block::Table(held),
        Block::Heading("Patterns that are alike".into()),
        Block::Text(format!(
            "`biased`: {} patterns of {} units, 80 % of them +1. `digits`: the first of the digits that come with the program, a pixel \
                     being +1 if it is more than half as bright as the brightest; they span 46 dimensions only, and are \
                     linearly dependent. How many steps have no wrong unit.",
            LONG.1, LONG.0
        )),
        Block::Table(alike),
        Block::Heading("Noisy transitions".into()),
        Block::Text(format!(
            "A continuous sequence of {} random ±1 patterns of {} units, closed, with noise σ in each step: z = x + σε, and \
                     x ← E[y_(n+1) | z]. `first step wrong`: from a stored pattern. Beside it stands the union bound, the sum of \
                     Q(d/2σ) over the distances d of the other patterns. `in order`: the share of {} updates that led to the next pattern.",
            NOISY.1, NOISY.0, NOISY.2
        )),
        Block::Table(noisy),
    ]
}

fn sequences(findings: &Findings) -> Table {
    let columns = vec![
        Column::plain("separation"),
        Column::new(format!("exact, of {}", LONG.1 - 1), &["exact", "low", "high"]),
        Column::new(format!("in order, of {}", LONG.1 - 1), &["ordered", "ordered_low", "ordered_high"]),
    ];
    let mut table = Table::new("sequences", columns);
    for played in &findings.played {
        table.rows.push(vec![
            Cell::plain(played.separation),
            mean(&counts(&played.exact), 1),
            mean(&counts(&played.ordered), 1),
        ]);
    }
    table
}

fn held(findings: &Findings) -> Table {
    let columns = vec![
        Column::plain("separation"),
        Column::new("in order", &["ordered", "low", "high"]),
        Column::new(format!("exactly {}", HELD.2), &["exactly", "exactly_low", "exactly_high"]),
    ];
    let mut table = Table::new("held", columns);
    for held in &findings.held {
        table.rows.push(vec![Cell::plain(held.separation), mean(&held.ordered, 3), mean(&held.exactly, 3)]);
    }
    table
}

fn alike(findings: &Findings) -> Table {
    let columns = vec![
        Column::new("patterns", &["patterns"]),
        Column::new("mean overlap", &["overlap"]),
        Column::plain("separation"),
        Column::plain("rule"),
        Column::new("right", &["right"]),
        Column::new("of", &["steps"]),
    ];
    let mut table = Table::new("alike", columns);
    for alike in &findings.alike {
        table.rows.push(vec![
            Cell::plain(alike.data),
            Cell::rounded(alike.overlap, 2),
            Cell::plain(alike.separation),
            Cell::plain(alike.rule),
            Cell::plain(alike.right),
            Cell::plain(alike.steps),
        ]);
    }
    table
}

fn noisy(findings: &Findings) -> Table {
    let columns = vec![
        Column::new("σ", &["sigma"]),
        Column::new("first step wrong", &["wrong", "low", "high"]),
        Column::new("union bound", &["bound"]),
        Column::new("in order", &["ordered"]),
    ];
    let mut table = Table::new("noisy", columns);
    for noisy in &findings.noisy {
        let (wrong, all) = noisy.first;
        let Interval { low, high } = wilson(wrong, all);
        table.rows.push(vec![
            Cell::number(noisy.sigma),
            Cell::interval(wrong as f64 / all as f64, low, high, 3),
            Cell::rounded(noisy.bound, 3),
            Cell::rounded(noisy.ordered.0 as f64 / noisy.ordered.1 as f64, 3),
        ]);
    }
    table
}

/// The numbers that were found, with the law and the share of it.
fn capacities(findings: &Findings) -> Table {
    let columns = vec![
        Column::plain("separation"),
        Column::plain("task"),
        Column::new("D", &["dim"]),
        Column::new("N, 95 % interval", &["crossing", "low", "high"]),
        Column::new("law", &["law"]),
        Column::new("of the law", &["share"]),
    ];
    let mut table = Table::new("lengths", columns);
    for found in &findings.found {
        let entrant = &findings.capacities.entrants[found.entrant];
        let capacity = &found.capacity;
        let law = entrant.contender.laws(entrant.task, found.dim, findings.capacities.threshold);
        let law = law.first().map(|law| law.patterns);
        let separation = match &entrant.contender {
            Contender::Model(spec, _) => spec.options.text("separation").unwrap_or("exp").to_owned(),
            other => other.to_string(),
        };
        table.rows.push(vec![
            Cell::plain(separation),
            Cell::plain(if entrant.task == Task::Sequence(Passage::Step) { "step" } else { "whole" }),
            Cell::plain(found.dim),
            Cell::interval(capacity.crossing, capacity.interval.low, capacity.interval.high, 1),
            law.map_or_else(Cell::empty, |law| Cell::rounded(law, 1)),
            law.map_or_else(Cell::empty, |law| Cell::rounded(capacity.crossing / law, 2)),
        ]);
    }
    table
}

/// The memories that the first set visited, step by step: of the long sequence, and with dwell.
fn orders(findings: &Findings) -> Illustration {
    let line = |name: &str, style: usize, visited: &[usize]| {
        let points = visited.iter().enumerate().map(|(step, &n)| Point::new(step as f64, n as f64)).collect();
        Mark::Line(Series { name: name.into(), style, look: Look::Thin, points })
    };
    let panel = |title: String, marks| Panel {
        title,
        x: Axis::linear("step").whole().from_zero(),
        y: Axis::linear("nearest memory").whole().from_zero(),
        equal: false,
        marks,
    };
    let long = findings.played.iter().take(2).enumerate();
    let long = long.map(|(style, played)| line(played.separation, style, &played.visited)).collect();
    let held = findings.held.iter().filter(|held| ["poly:1", "poly:10"].contains(&held.separation));
    let held: Vec<(&str, &[usize])> =
        held.map(|held| (held.separation, &held.visited[..HELD.1 * HELD.2])).collect();
    let marks = held.iter().zip([0, 2]).map(|((name, visited), style)| line(name, style, visited)).collect();
    let columns = vec![
        Column::plain("sequence"),
        Column::plain("separation"),
        Column::plain("step"),
        Column::plain("memory"),
    ];
    let mut numbers = Table::new("orders", columns);
    let mut add = |sequence: &str, separation: &str, visited: &[usize]| {
        for (step, &memory) in visited.iter().enumerate() {
            numbers.rows.push(vec![
                Cell::plain(sequence),
                Cell::plain(separation),
                Cell::plain(step),
                Cell::plain(memory),
            ]);
        }
    };
    findings.played.iter().take(2).for_each(|played| add("plain", played.separation, &played.visited));
    held.iter().for_each(|(name, visited)| add("dwell", name, visited));
    Illustration {
        name: "orders",
        alt: "The nearest memory step by step: a straight line for steep separations, and disorder for degree 1.".into(),
        caption: format!(
            "Left: {} patterns of {} units. Right: {} patterns of {} units, each to be held for {} steps. The first set of each.",
            LONG.1, LONG.0, HELD.1, HELD.0, HELD.2
        ),
        figure: Figure {
            panels: vec![panel("one sequence".into(), long), panel("with dwell".into(), marks)],
            ..Figure::new(2, 300.0)
        },
        numbers,
    }
}
