//! The reports of the experiments: tables for readers, one table for programs, and a figure.

use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, Value};

use super::images::{MEAN_SQUARED_ERROR, Plan, Setup};
use super::measures::{Mode, label};
use super::outcome::{Cell as Counted, Criterion};

/// A task of the memory.
pub(super) struct Task {
    /// The name in the results.
    pub key: &'static str,
    /// The heading; left out if empty.
    pub title: &'static str,
}

/// What the columns of the tables stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Across {
    /// Sizes of the store.
    Stores,
    /// A parameter of the corruption.
    Parameter(&'static str),
    /// T, which does not affect identity.
    Threshold,
}

/// The texts of an experiment.
pub(super) struct Study<'a> {
    pub experiment: &'static str,
    pub title: &'static str,
    pub what: String,
    pub tasks: &'a [Task],
    pub across: Across,
    /// Whether the rows of the tables are separations.
    pub by_separation: bool,
    pub extra: Value,
    pub notes: Vec<String>,
}

/// The mode and the criterion of each table.
const PARTS: [(Mode, Criterion); 4] = [
    (Mode::Paper, Criterion::Within),
    (Mode::Paper, Criterion::Exact),
    (Mode::Corrected, Criterion::Within),
    (Mode::Corrected, Criterion::Exact),
];

impl Study<'_> {
    /// The report.
    pub fn report(&self, setup: &Setup, plan: &Plan, cells: &[Counted], seconds: f64) -> Report {
        let mut settings = setup.settings(plan);
        if let (Value::Object(all), Value::Object(extra)) = (&mut settings, &self.extra) {
            all.extend(extra.clone());
        }
        let mut blocks: Vec<Block> = plan.cuts.iter().map(|cut| Block::Text(cut.clone())).collect();
        blocks.push(Block::Text(format!(
            "Paper mode is the protocol of the code published with the paper, slips included: noise is folded \
             (|x + σn|) and cut at 1, scores are divided by their sum, distances are reciprocals, and an output passes \
             if its squared error is at most T{}. † marks similarities that are not in it. Corrected mode clips noise \
             and takes scores as they are; there an output passes at a squared error of {MEAN_SQUARED_ERROR} a pixel. \
             In both, identity counts outputs that are the image itself or, where outputs are mixed, nearer to it than \
             to any other stored image. Cells are means over {} runs of different images ± population standard \
             deviation; bands are 95 % intervals, the wider of Student's over runs and Wilson's over all cues.",
            if self.across == Across::Threshold { String::new() } else { format!(" = {:.4}", plan.threshold).trim_end_matches('0').trim_end_matches('.').to_owned() },
            plan.runs
        )));
        blocks.push(Block::Figure(Box::new(self.illustration(cells))));
        for task in self.tasks {
            if !task.title.is_empty() {
                blocks.push(Block::Heading(task.title.into()));
            }
            for (mode, criterion) in PARTS {
                // Identity is the same at every T.
                let once = self.across == Across::Threshold && criterion == Criterion::Exact;
                if let Some(table) = self.table(cells, task, mode, criterion, once) {
                    blocks.push(Block::Table(table));
                }
            }
        }
        blocks.push(Block::Heading("Notes".into()));
        blocks.extend(self.notes.iter().cloned().map(Block::Text));
        Report {
            experiment: self.experiment,
            title: format!("{}: {}", self.title, setup.images.describe()),
            introduction: format!("{} Millidge et al. (2022).", self.what),
            command: setup.command(self.experiment),
            settings,
            seed: setup.seed,
            seconds,
            results: self.results(cells),
            more: Map::new(),
            blocks,
        }
    }

    fn x(&self, cell: &Counted) -> f64 {
        match self.across {
            Across::Stores => cell.key.n as f64,
            Across::Parameter(_) | Across::Threshold => cell.key.parameter,
        }
    }

    /// The name of the row of a count.
    fn row_of(&self, cell: &Counted) -> String {
        let similarity = label(cell.key.similarity, cell.key.mode);
        match self.by_separation {
            true => format!("{similarity}, {}", separation(&cell.key.separation, cell.key.mode)),
            false => similarity,
        }
    }

    fn table(
        &self,
        cells: &[Counted],
        task: &Task,
        mode: Mode,
        criterion: Criterion,
        once: bool,
    ) -> Option<Table> {
        let of = || cells.iter().filter(|c| c.key.mode == mode && c.key.task == task.key);
        let mut places: Vec<f64> = of().map(|c| self.x(c)).collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        places.truncate(if once { 1 } else { usize::MAX });
        if places.is_empty() {
            return None;
        }
        let name = match self.across {
            Across::Stores => "N",
            Across::Parameter(name) => name,
            Across::Threshold => "T",
        };
        let mut headings = vec![name.to_owned()];
        headings.extend(places.iter().map(|x| if once { "any".to_owned() } else { x.to_string() }));
        let mut table = Table::new("", headings.into_iter().map(|h| Column::new(h, &[])).collect());
        table.caption = format!(
            "{}: {}",
            if mode == Mode::Paper { "Paper mode" } else { "Corrected mode" },
            match (criterion, mode) {
                (Criterion::Exact, _) => "share of images identified",
                (_, Mode::Paper) => "share of outputs within T",
                _ if self.across == Across::Threshold => "share of outputs within T",
                _ => "share of outputs within the squared error",
            }
        );
        let mut rows: Vec<(String, Vec<Cell>)> = Vec::new();
        for cell in of().filter(|c| places.contains(&self.x(c))) {
            let row = self.row_of(cell);
            let at = rows.iter().position(|(known, _)| *known == row).unwrap_or_else(|| {
                rows.push((row, vec![Cell::of("–", []); places.len()]));
                rows.len() - 1
            });
            let share = cell.share(criterion);
            let place = places.iter().position(|x| *x == self.x(cell)).unwrap_or(0);
            rows[at].1[place] = Cell::of(shown(share.mean, share.sd), []);
        }
        table.rows = rows.into_iter().map(|(name, row)| [vec![Cell::of(name, [])], row].concat()).collect();
        Some(table)
    }

    fn results(&self, cells: &[Counted]) -> Table {
        let mut table = Table::new(
            "cells",
            vec![
                Column::plain("experiment"),
                Column::plain("mode"),
                Column::plain("task"),
                Column::plain("similarity"),
                Column::plain("separation"),
                Column::plain("n"),
                Column::plain("parameter"),
                Column::plain("runs"),
                Column::new("within", &["mean", "sd", "low", "high"]),
                Column::new("identified", &["identity", "identity_sd", "identity_low", "identity_high"]),
                Column::plain("within_of_runs"),
                Column::plain("identity_of_runs"),
            ],
        );
        let row = |cell: &Counted| {
            let key = &cell.key;
            let shares = [Criterion::Within, Criterion::Exact].map(|c| cell.share(c));
            let mut row = vec![
                Cell::plain(self.experiment),
                Cell::plain(key.mode.name()),
                Cell::plain(key.task),
                Cell::plain(key.similarity),
                Cell::plain(key.separation.clone()),
                Cell::plain(key.n),
                Cell::plain(key.parameter),
                Cell::plain(cell.counts.len()),
            ];
            row.extend(shares.iter().map(|s| {
                let values = [s.mean, s.sd, s.interval.low, s.interval.high];
                Cell::of(shown(s.mean, s.sd), values.map(Value::from))
            }));
            row.extend(shares.map(|s| Cell::plain(s.runs)));
            row
        };
        table.rows = cells.iter().map(row).collect();
        table
    }

    fn illustration(&self, cells: &[Counted]) -> Illustration {
        let wanted: &[(Mode, Criterion, &str)] = match self.across {
            Across::Threshold => &[
                (Mode::Paper, Criterion::Within, "paper mode, within T"),
                (Mode::Corrected, Criterion::Within, "corrected mode, within T"),
            ],
            _ => &[
                (Mode::Paper, Criterion::Within, "paper mode, within T"),
                (Mode::Paper, Criterion::Exact, "paper mode, identified"),
                (Mode::Corrected, Criterion::Exact, "corrected mode, identified"),
            ],
        };
        let mut panels = Vec::new();
        for task in self.tasks {
            for &(mode, criterion, title) in wanted {
                let of: Vec<&Counted> =
                    cells.iter().filter(|c| c.key.mode == mode && c.key.task == task.key).collect();
                let mut marks: Vec<Series> = Vec::new();
                for cell in &of {
                    let Some((style, name)) = self.style(cell) else { continue };
                    let share = cell.share(criterion);
                    let interval = (share.interval.low, share.interval.high);
                    let point = Point { x: self.x(cell), y: share.mean, band: Some(interval) };
                    match marks.iter_mut().find(|s| s.style == style) {
                        Some(series) => series.points.push(point),
                        None => marks.push(Series {
                            name: name.into(),
                            style,
                            look: Look::Marked,
                            points: vec![point],
                        }),
                    }
                }
                if marks.is_empty() {
                    continue;
                }
                let x = match self.across {
                    Across::Stores => Axis::log("stored images N"),
                    Across::Parameter("σ") => Axis::log("noise σ").within(0.04, 2.0),
                    Across::Parameter(_) => Axis::linear("removed share f").within(0.05, 0.95),
                    Across::Threshold => Axis::log("T"),
                };
                let y = Axis::linear("share of images").within(-0.02, 1.02);
                let title =
                    if self.tasks.len() > 1 { format!("{}: {title}", task.key) } else { title.into() };
                let marks = marks.into_iter().map(Mark::Line).collect();
                panels.push(Panel { title, x, y, equal: false, marks });
            }
        }
        Illustration {
            name: self.experiment,
            alt: format!("{}: shares of images in both modes", self.title),
            caption: "Shares of images by mode and criterion. A style that is of another function in the other mode \
                      names both, paper mode first."
                .into(),
            figure: Figure { panels, ..Figure::new(wanted.len(), 240.0) },
            numbers: self.results(cells),
        }
    }

    /// The style and the legend name of a count, if it is drawn.
    fn style(&self, cell: &Counted) -> Option<(usize, &'static str)> {
        let key = &cell.key;
        if self.experiment == "uhn-hetero" {
            return match (key.mode, key.similarity, key.separation.as_str()) {
                (Mode::Paper, ..) => Some((2, "L1-dot")),
                (_, "manhattan", _) => Some((1, "Manhattan")),
                (_, "cosine", _) => Some((0, "cosine")),
                (_, "pearson", _) => Some((6, "Pearson")),
                (_, _, "identity") => Some((3, "dot, identity")),
                (_, _, "relu:3") => Some((4, "dot, relu:3")),
                _ => Some((5, "dot, softmax:auto")),
            };
        }
        if self.by_separation {
            return match (key.mode, key.similarity, key.separation.as_str()) {
                (_, _, "max") => Some((0, "max")),
                (Mode::Paper, _, "softmax:1000") | (Mode::Corrected, _, "softmax:0.1") => {
                    Some((1, "softmax: β 1000, 0.1"))
                }
                (Mode::Paper, _, "softmax:1") | (Mode::Corrected, _, "softmax:auto") => {
                    Some((2, "softmax: β 1, auto"))
                }
                (_, _, "poly:10") => Some((3, "10th power")),
                (Mode::Paper, _, "poly:4") => Some((4, "4th power; entmax:1.5:0.1")),
                (Mode::Corrected, _, "entmax:1.5:0.1") => Some((4, "4th power; entmax:1.5:0.1")),
                (_, _, "k-max:5") => Some((5, "5-max")),
                (Mode::Paper, _, "identity") => Some((6, "identity; sparsemax:0.1")),
                (Mode::Corrected, _, "sparsemax:0.1") => Some((6, "identity; sparsemax:0.1")),
                _ => None,
            };
        }
        match (key.mode, key.similarity) {
            (_, "euclidean") => Some((0, "Euclidean")),
            (_, "manhattan") => Some((1, "Manhattan")),
            (Mode::Paper, "l1-dot") | (Mode::Corrected, "cosine") => Some((2, "“dot”; cosine")),
            (_, "kl") => Some((3, "KL")),
            (_, "reverse-kl") => Some((4, "reverse KL")),
            (Mode::Paper, "js-as-coded") | (Mode::Corrected, "jensen-shannon") => {
                Some((5, "“JS” as coded; JS"))
            }
            (_, "pearson") => Some((6, "Pearson †")),
            _ => None,
        }
    }
}

/// A mean with its standard deviation, which is left out if it rounds to 0.
fn shown(mean: f64, sd: f64) -> String {
    match sd < 0.005 {
        true => format!("{mean:.3}"),
        false => format!("{mean:.3} ±{}", format!("{sd:.2}").trim_start_matches('0')),
    }
}

/// The name of a separation for readers.
fn separation(name: &str, mode: Mode) -> String {
    match (name, mode) {
        ("log", Mode::Paper) => "log (of shares)".into(),
        (other, Mode::Paper) if other.starts_with("softmax") => format!("{other} (of shares)"),
        (other, Mode::Paper) if other.starts_with("raw") => format!("{} of −L1 †", &other[4..]),
        (other, _) => other.into(),
    }
}
