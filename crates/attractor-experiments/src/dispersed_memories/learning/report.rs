//! The report of the learning curve.

use attractor::Patterns;
use attractor_figures::landscape::{Landscape, Sample};
use attractor_figures::{Axis, Figure, Look, Mark, Outline, Panel, Point, Series};
use attractor_report::statistics::bootstrap;
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, json};

use super::{Config, DRAWN, Findings, LANDED, Measure, START, Snapshot};

/// The patterns in the plane, as a mark.
pub(super) fn stored(patterns: &Patterns<f64>) -> Mark {
    let pieces = patterns.values().outer_iter().map(|y| vec![(y[0], y[1])]).collect();
    Mark::Outline(Outline { name: "stored".into(), pieces })
}

/// Joins several figures of one panel into one with a common colour scale. Also joins their numbers, with the
/// number of the panel.
pub(super) fn together(landscapes: Vec<Landscape>) -> (Figure, Table) {
    let mut all = Figure::new(3, 200.0);
    let mut numbers = Table::new("landscapes", vec![Column::plain("panel")]);
    for (number, Landscape { figure, samples }) in landscapes.into_iter().enumerate() {
        let table = Table::numbers("", &Sample::COLUMNS, &samples);
        if number == 0 {
            numbers.columns.extend(table.columns);
        }
        let row = |row: Vec<Cell>| std::iter::once(Cell::plain(number)).chain(row).collect();
        numbers.rows.extend(table.rows.into_iter().map(row));
        let panels = std::mem::take(&mut all.panels);
        // The colours are those of the last landscape, which is the deepest.
        all = Figure { panels: panels.into_iter().chain(figure.panels).collect(), columns: 3, ..figure };
    }
    (all, numbers)
}

impl Config {
    /// The basins in the plane. The marker of a starting point tells which memory it reaches; without a
    /// marker it reaches none.
    fn basins(&self, snapshots: &[Snapshot]) -> Figure {
        let patterns = super::plane_patterns();
        let panel = |snapshot: &Snapshot| {
            let mut marks: Vec<Mark> = (0..patterns.nrows())
                .map(|n| {
                    let own = snapshot.basins.iter().filter(|(_, memory)| *memory == Some(n));
                    let points = own.map(|((x, y), _)| Point::new(*x, *y)).collect();
                    Mark::Line(Series {
                        name: format!("memory {}", n + 1),
                        style: n,
                        look: Look::Markers,
                        points,
                    })
                })
                .collect();
            let pieces = patterns.outer_iter().map(|y| vec![(y[0], y[1])]).collect();
            marks.push(Mark::Outline(Outline { name: "stored".into(), pieces }));
            let (x, y) = (Axis::linear("").within(-2.2, 2.2), Axis::linear("").within(-2.0, 2.0));
            Panel { title: format!("{} steps", snapshot.step), x, y, equal: true, marks }
        };
        Figure { panels: snapshots.iter().map(panel).collect(), ..Figure::new(3, 200.0) }
    }

    fn basin_numbers(snapshots: &[Snapshot]) -> Table {
        let mut table = Table::new("basins", ["steps", "x", "y", "memory"].map(Column::plain).to_vec());
        for snapshot in snapshots {
            for ((x, y), memory) in &snapshot.basins {
                let memory = memory.map_or_else(Cell::empty, |n| Cell::plain(n + 1));
                table.rows.push(vec![Cell::plain(snapshot.step), Cell::number(*x), Cell::number(*y), memory]);
            }
        }
        table
    }

    /// The mean over sets, with its bootstrap interval.
    fn mean(&self, sets: &[Vec<Measure>], step: usize, value: fn(&Measure) -> f64) -> (f64, f64, f64) {
        let mean = |sets: &[&Vec<Measure>]| {
            sets.iter().map(|curve| value(&curve[step])).sum::<f64>() / sets.len() as f64
        };
        let interval = bootstrap(sets, self.seed, mean);
        (mean(&sets.iter().collect::<Vec<_>>()), interval.low, interval.high)
    }

    fn curves(&self, findings: &Findings) -> Figure {
        let (first, last) = (self.steps[0] as f64, self.steps[self.steps.len() - 1] as f64);
        let series = |value: fn(&Measure) -> f64| -> Vec<Mark> {
            let one = |(style, (count, sets)): (usize, (&usize, &Vec<Vec<Measure>>))| {
                let point = |(k, step): (usize, &u64)| {
                    let (mean, low, high) = self.mean(sets, k, value);
                    Point { band: Some((low, high)), ..Point::new(*step as f64, mean) }
                };
                let points = self.steps.iter().enumerate().map(point).collect();
                Mark::Line(Series { name: format!("N = {count}"), style, look: Look::Marked, points })
            };
            self.counts.iter().zip(&findings.measures).enumerate().map(one).collect()
        };
        let panel = |title: &str, y: &str, lowest, value| Panel {
            title: title.into(),
            x: Axis::log("training steps").within(first, last),
            y: Axis::linear(y).within(lowest, 1.0),
            equal: false,
            marks: series(value),
        };
        let all = findings.measures.iter().flatten().flatten();
        let least = all.fold(1.0f64, |least, m| least.min(m.agreement)).min(0.9);
        let panels = vec![
            panel("free recall", "share of stored patterns", 0.0, |m| m.stored),
            panel("recall of noisy cues", "units as the exact model", (10.0 * least).floor() / 10.0, |m| {
                m.agreement
            }),
        ];
        Figure { panels, ..Figure::new(2, 250.0) }
    }

    fn table(&self, findings: &Findings) -> Table {
        let mut table = Table::new(
            "curves",
            vec![
                Column::new("N", &["patterns"]),
                Column::plain("steps"),
                Column::new("free recalls that are stored", &["stored", "stored_low", "stored_high"]),
                Column::new("units as the exact model", &["agreement", "agreement_low", "agreement_high"]),
                Column::new("units wrong", &["error", "error_low", "error_high"]),
                Column::new("exact model", &["exact_error"]),
            ],
        );
        for (count, sets) in self.counts.iter().zip(&findings.measures) {
            for (k, step) in self.steps.iter().enumerate() {
                let cell = |value| {
                    let (mean, low, high) = self.mean(sets, k, value);
                    Cell::interval(mean, low, high, 3)
                };
                table.rows.push(vec![
                    Cell::plain(*count),
                    Cell::plain(*step),
                    cell(|m| m.stored),
                    cell(|m| m.agreement),
                    cell(|m| m.error),
                    Cell::rounded(self.mean(sets, k, |m| m.exact).0, 3),
                ]);
            }
        }
        table
    }

    pub(super) fn report(&self, findings: &Findings, seconds: f64) -> Report {
        let Config { steps, dim, counts, sets, width, recalls, basins, seed } = self;
        let figure = |name, alt: &str, caption: String, figure, numbers| {
            Block::Figure(Box::new(Illustration { name, alt: alt.into(), caption, figure, numbers }))
        };
        let results = self.table(findings);
        Report {
            experiment: "learning",
            title: "How a memory comes about in training".into(),
            introduction: format!(
                "Score networks with three hidden layers, which get the signal at every layer \
                 (Ambrogioni 2023, App. A), are examined after {steps:?} steps of Adam on batches of \
                 16 noisy states of each pattern. The first network has 160 units in each layer and \
                 learns five patterns in the plane. Then {sets} networks of {width} units are \
                 trained for each number N of random ±1 patterns of D = {dim} units. The paper has no such figure."
            ),
            command: format!("attractor reproduce learning --sets {sets} --seed {seed} --out DIR"),
            settings: json!({
                "steps": steps, "dim": dim, "counts": counts, "sets": sets, "width": width,
                "recalls": recalls, "basins": basins, "seed": seed,
            }),
            seed: *seed,
            seconds,
            more: Map::new(),
            blocks: vec![
                Block::Heading("Landscape".into()),
                figure(
                    "landscapes",
                    "Landscapes of a network after rising numbers of training steps, with the five memories it is trained on.",
                    format!(
                        "Energy at σ = {DRAWN} spreads, as colours and lines, and the pull D(z;σ) − z as arrows. A \
                         network has no energy of its own. The figure shows the energy whose slope \
                         fits the pull best; its lowest value is 0."
                    ),
                    findings.landscapes.0.clone(),
                    findings.landscapes.1.clone(),
                ),
                Block::Heading("Basins".into()),
                figure(
                    "basins",
                    "Starts on the plane, marked by the memory on which they end, after rising numbers of training steps.",
                    format!(
                        "Starts at σ = {START} spreads, marked by the memory that their recall \
                         reaches (within {LANDED} spreads). Those without a marker end on a mixture \
                         of memories, or between memories."
                    ),
                    self.basins(&findings.snapshots),
                    Self::basin_numbers(&findings.snapshots),
                ),
                Block::Heading("Recall".into()),
                figure(
                    "learning",
                    "Share of free recalls that are stored patterns, and agreement with the exact model, against training steps.",
                    format!(
                        "Left: recalls from noise alone whose signs are all those of a stored pattern. Right: recalls of noisy \
                         cues (θ = 0.68), share of units whose sign is the exact model's. Bands: 95 % bootstrap intervals over \
                         {sets} pattern sets."
                    ),
                    self.curves(findings),
                    results.clone(),
                ),
                Block::Results,
            ],
            results,
        }
    }
}
