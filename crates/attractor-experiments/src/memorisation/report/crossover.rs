//! The crossover of losses, and of what trained models generate.

use attractor_figures::{Axis, Figure, Look, Panel, Point};
use attractor_report::{Block, Cell, Column, Table};

use super::super::crossover::Weighting;
use super::super::{Config, Findings};
use super::{figure, line, upright};

/// The published M*/N.
const PUBLISHED: f64 = 0.8;

impl Config {
    /// M*/N by losses, by the theory and by training.
    pub(in super::super) fn crossings(&self, findings: &Findings) -> Table {
        let lab = &self.laboratory;
        let mut table = Table::new(
            "crossover",
            vec![
                Column::new("M/N at which it pays to remember", &["quantity"]),
                Column::new("M/N", &["share"]),
            ],
        );
        let losses = &findings.crossover.losses;
        let share = |count: f64| Cell::rounded(count / lab.rows as f64, 3);
        let mut row = |name: &str, cell: Cell| table.rows.push(vec![Cell::plain(name), cell]);
        for (weighting, name) in
            [(Weighting::Row, "error of the row"), (Weighting::Noise, "error of the noise")]
        {
            let measured = lab.crossing(losses, weighting).map_or_else(Cell::empty, share);
            row(&format!("losses cross, {name}"), measured);
            for constant in [1.0, 2.0] {
                let expected = share(lab.expected(losses, weighting, constant));
                row(&format!("theory, {name}, C = {constant}"), expected);
            }
        }
        let transition = lab.transition(&findings.crossover.trained).map_or_else(Cell::empty, share);
        row("trained models copy half of the time", transition);
        row("published: trained models", Cell::rounded(PUBLISHED, 3));
        table
    }

    fn models(&self, findings: &Findings) -> Table {
        let columns = vec![
            Column::new("M", &["points"]),
            Column::new("M/N", &["share"]),
            Column::new("f_mem", &["f_mem"]),
            Column::new("variance", &["variance"]),
        ];
        let mut table = Table::new("crossover-models", columns);
        for model in &findings.crossover.trained {
            table.rows.push(vec![
                Cell::plain(model.count),
                Cell::rounded(model.count as f64 / self.laboratory.rows as f64, 2),
                Cell::rounded(model.f_mem, 2),
                Cell::rounded(model.variance, 3),
            ]);
        }
        table
    }

    fn losses_table(&self, findings: &Findings) -> Table {
        let keys = ["time", "points", "excess", "truth_excess", "truth_expected"];
        let mut table = Table::new("crossover", keys.map(Column::plain).to_vec());
        let dim = self.laboratory.dim as f64;
        for losses in &findings.crossover.losses {
            for (count, partial) in self.laboratory.models.iter().zip(&losses.partial) {
                table.rows.push(vec![
                    Cell::drawn(losses.time),
                    Cell::plain(*count),
                    Cell::drawn(partial - losses.memory),
                    Cell::drawn(losses.truth - losses.memory),
                    Cell::drawn(dim / (losses.ratio() + 1.0)),
                ]);
            }
        }
        table
    }

    fn losses_panel_of_crossover(&self, findings: &Findings) -> Panel {
        let (lab, losses) = (&self.laboratory, &findings.crossover.losses);
        let dim = lab.dim as f64;
        let points = |value: &dyn Fn(&super::super::crossover::Losses) -> f64| -> Vec<Point> {
            losses.iter().map(|l| Point::new(l.time, value(l) / dim)).collect()
        };
        let mut marks = vec![
            line("knows the data", 0, Look::Marked, points(&|l| l.truth - l.memory)),
            line("1/(ψ_t + 1)", 0, Look::ThinDashed, points(&|l| dim / (l.ratio() + 1.0))),
        ];
        let last = lab.models.len() - 1;
        for (style, k) in [last / 4, last / 2, 3 * last / 4].into_iter().enumerate() {
            let count = lab.models[k];
            let share = count as f64 / lab.rows as f64;
            marks.push(line(
                format!("remembers {:.0} %", 100.0 * share),
                1 + style,
                Look::Marked,
                points(&|l| l.partial[k] - l.memory),
            ));
            marks.push(line("", 1 + style, Look::ThinDashed, points(&|_| dim * (1.0 - share))));
        }
        Panel {
            title: "excess loss".into(),
            x: Axis::linear("noise time t").within(0.0, 1.0),
            y: Axis::linear("excess loss / d").from_zero(),
            equal: false,
            marks,
        }
    }

    fn trained_panel(&self, findings: &Findings) -> Panel {
        let (lab, crossover) = (&self.laboratory, &findings.crossover);
        let rows = lab.rows as f64;
        let of = |value: &dyn Fn(&super::super::crossover::Trained) -> f64| -> Vec<Point> {
            crossover.trained.iter().map(|t| Point::new(t.count as f64 / rows, value(t))).collect()
        };
        let mut marks = vec![
            line("f_mem of trained models", 4, Look::Marked, of(&|t| t.f_mem)),
            line("variance v of trained models", 5, Look::Marked, of(&|t| t.variance.min(1.2))),
        ];
        for (weighting, name, style) in
            [(Weighting::Row, "losses cross (row)", 2), (Weighting::Noise, "losses cross (noise)", 3)]
        {
            if let Some(at) = lab.crossing(&crossover.losses, weighting) {
                marks.push(upright(name, style, at / rows, (0.0, 1.2)));
            }
        }
        marks.push(upright("published", 6, PUBLISHED, (0.0, 1.2)));
        Panel {
            title: "models of M points".into(),
            x: Axis::linear("M/N").within(0.0, 1.0),
            y: Axis::linear("share, variance").within(0.0, 1.2),
            equal: false,
            marks,
        }
    }

    pub(super) fn of_crossover(&self, findings: &Findings) -> Vec<Block> {
        let lab = &self.laboratory;
        vec![
            Block::Heading("The crossover: when does it pay to remember?".into()),
            Block::Text(format!(
                "Data: {} Gaussians of variance 1 in d = {} dimensions, N = {} rows. A model is a mixture of M equal Gaussians as a denoiser. It \
                 can know the data, or remember M rows. Models begin with M of the rows and a variance of 10⁻⁶, and are trained for {} steps \
                 on the error of the row (Adam, batches of {}).",
                lab.components, lab.dim, lab.rows, lab.steps, lab.batch
            )),
            figure(
                "crossover",
                "Excess losses against noise time, and what trained models generate against their size.",
                "Left: what models lose against one that remembers all rows; dashed: the theorems, with a constant of 1. Right: the share of \
                 copies among what trained models generate, and their variance (1 is that of the data; values above 1.2 are drawn there).",
                (
                    Figure {
                        panels: vec![self.losses_panel_of_crossover(findings), self.trained_panel(findings)],
                        ..Figure::new(2, 320.0)
                    },
                    self.losses_table(findings),
                ),
            ),
            Block::Table(self.crossings(findings)),
            Block::Table(self.models(findings)),
        ]
    }
}
