//! The report: measured exponents beside those of the algorithms, and a figure.

use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, Value, json};

use super::{Exponent, Measured, Measurement, Swept, Variable};

const COLUMNS: [&str; 8] =
    ["what", "variable", "value", "fixed", "best_seconds", "median_seconds", "bytes", "calls"];

fn shown(of: Option<Exponent>) -> Cell {
    match of {
        None => Cell::of("", [Value::Null, Value::Null]),
        Some(Exponent { slope, error }) => {
            let text = match error {
                Some(error) => format!("{slope:.2} ± {error:.2}"),
                None => format!("{slope:.2}"),
            };
            // Write 0.00 instead of -0.00.
            let text = text.strip_prefix("-0.00").map_or(text.clone(), |rest| format!("0.00{rest}"));
            Cell::of(text.replace('-', "−"), [json!(slope), json!(error)])
        }
    }
}

fn expected(exponent: Option<f64>) -> Cell {
    let shown = exponent.map_or("bounded".into(), |e| format!("{e}").replace('-', "−"));
    Cell::of(shown, [exponent.into()])
}

impl Measured {
    /// Whether memory was counted.
    fn counted(&self) -> bool {
        self.sweeps.iter().flat_map(|s| &s.points).any(|p| p.bytes.is_some())
    }

    /// The report.
    pub fn report(&self) -> Report {
        let memory = match self.counted() {
            true => {
                "Memory: most bytes in use during a call beyond those before it, counted by the allocator."
            }
            false => "Memory was not counted: this program does not count what it allocates.",
        };
        let mut more = Map::new();
        more.insert("machine".into(), self.machine.json());
        more.insert("exponents".into(), self.exponents().json());
        Report {
            experiment: "scaling",
            title: "How cost grows".into(),
            introduction: format!(
                "{}; {} thread{}. Random ±1 patterns, f32. Times are the best of {} calls for each \
                 value, in rounds over all values of a sweep. {memory} Exponents are fitted by \
                 least squares on logarithms, with standard errors.",
                self.machine.words(),
                self.threads,
                if self.threads == 1 { "" } else { "s" },
                self.config.rounds,
            ),
            command: format!("attractor reproduce scaling --seed {} --out DIR", self.config.seed),
            settings: json!({
                "rounds": self.config.rounds, "threads": self.threads, "values": self.config.values,
                "seed": self.config.seed,
            }),
            seed: self.config.seed,
            seconds: self.seconds,
            results: self.results(),
            more,
            blocks: vec![
                Block::Table(self.exponents()),
                Block::Figure(Box::new(Illustration {
                    name: "scaling",
                    alt: "Time and memory over patterns, units, cues, steps and threads, on logarithmic axes"
                        .into(),
                    caption:
                        "Best time of a call, and most memory in use during it beyond patterns and cues."
                            .into(),
                    figure: self.figure(),
                    numbers: self.results(),
                })),
            ],
        }
    }

    /// One row for each value.
    fn results(&self) -> Table {
        let mut table = Table::new("values", COLUMNS.map(Column::plain).to_vec());
        for swept in &self.sweeps {
            let sweep = swept.sweep();
            table.rows.extend(swept.points.iter().map(|point| {
                vec![
                    Cell::plain(sweep.subject.name),
                    Cell::plain(sweep.variable.name()),
                    Cell::plain(point.value),
                    Cell::plain(sweep.fixed()),
                    Cell::number(point.times.best()),
                    Cell::number(point.times.median()),
                    point.bytes.map_or_else(Cell::empty, Cell::plain),
                    Cell::plain(point.times.count()),
                ]
            }));
        }
        table
    }

    /// One row for each sweep.
    fn exponents(&self) -> Table {
        let mut table = Table::new(
            "exponents",
            vec![
                Column::new("what", &["what"]),
                Column::new("by", &["variable"]),
                Column::new("from", &["from"]),
                Column::new("to", &["to"]),
                Column::new("fixed", &["fixed"]),
                Column::new("time: expected", &["time_expected"]),
                Column::new("measured", &["time", "time_error"]),
                Column::new("memory: expected", &["memory_expected"]),
                Column::new("measured", &["memory", "memory_error"]),
                Column::new("most, MB", &["most_bytes"]),
            ],
        );
        table.rows = self.sweeps.iter().map(row).collect();
        table
    }

    /// The first row shows time against N, D and B, the second row memory. The last row shows time against
    /// steps and threads, and memory against steps.
    fn figure(&self) -> Figure {
        let time = |variable| self.panel(variable, "time (s)", |p| Some(p.times.best()));
        let memory = |variable| self.panel(variable, "memory (bytes)", |p| p.bytes.map(|b| b as f64));
        let main = [Variable::Patterns, Variable::Units, Variable::Cues];
        let mut panels: Vec<Panel> = main.into_iter().filter_map(time).collect();
        if self.counted() {
            panels.extend(main.into_iter().filter_map(memory));
        }
        panels.extend(time(Variable::Steps));
        panels.extend(time(Variable::Threads));
        panels.extend(memory(Variable::Steps));
        Figure { panels, ..Figure::new(3, 210.0) }
    }

    fn panel(
        &self,
        variable: Variable,
        title: &str,
        of: impl Fn(&Measurement) -> Option<f64>,
    ) -> Option<Panel> {
        let swept: Vec<&Swept> = self.sweeps.iter().filter(|s| s.sweep().variable == variable).collect();
        let line = |swept: &&Swept| {
            let subject = swept.sweep().subject;
            let point = |p: &Measurement| Some(Point::new(p.value as f64, of(p)?));
            let points: Vec<Point> = swept.points.iter().filter_map(point).collect();
            let seen = points.iter().any(|p| p.y > 0.0);
            let look = Look::Marked;
            seen.then(|| Mark::Line(Series { name: subject.name.into(), style: subject.style, look, points }))
        };
        let marks: Vec<Mark> = swept.iter().filter_map(line).collect();
        let values = || swept.iter().flat_map(|s| &s.points).map(|p| p.value as f64);
        let (low, high) = values().fold((f64::INFINITY, 0.0_f64), |(low, high), v| (low.min(v), high.max(v)));
        let x = Axis::log(variable.name()).within(0.8 * low, 1.25 * high);
        (!marks.is_empty()).then(|| Panel {
            title: String::new(),
            x,
            y: Axis::log(title),
            equal: false,
            marks,
        })
    }
}

fn row(swept: &Swept) -> Vec<Cell> {
    let sweep = swept.sweep();
    let values: Vec<usize> = swept.points.iter().map(|p| p.value).collect();
    let end = |value: Option<&usize>| value.map_or_else(Cell::empty, |v| Cell::plain(*v));
    vec![
        Cell::plain(sweep.subject.name),
        Cell::plain(sweep.variable.name()),
        end(values.first()),
        end(values.last()),
        Cell::plain(sweep.fixed()),
        expected(sweep.time),
        shown(swept.time()),
        expected(sweep.memory),
        shown(swept.memory()),
        match swept.points.iter().filter_map(|p| p.bytes).max() {
            Some(bytes) => Cell::of(format!("{:.2}", 1e-6 * bytes as f64), [bytes.into()]),
            None => Cell::empty(),
        },
    ]
}
