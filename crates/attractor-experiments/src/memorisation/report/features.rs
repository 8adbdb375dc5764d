//! Random features: the theory, the exact flow, and descent.

use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point};
use attractor_report::statistics::{Interval, of_runs};
use attractor_report::{Block, Cell, Column, Table};

use super::super::features::{Coefficients, Spectrum, Times};
use super::super::times::slope;
use super::super::{AtRatio, Config, Findings};
use super::{figure, line};

/// A mean over draws with its t interval.
fn mean(values: &[f64]) -> (f64, Interval) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, of_runs(values).unwrap_or(Interval { low: mean, high: mean }))
}

type Scale = (&'static str, fn(&Times) -> f64);

/// The two times.
const SCALES: [Scale; 2] = [("τ_gen", |t| t.generalising), ("τ_mem", |t| t.memorising)];

impl Config {
    fn spectrum(&self, psi_n: usize) -> Spectrum {
        let theory = &self.theory;
        Spectrum::new(Coefficients::sine(theory.time), theory.psi_p as f64, psi_n as f64)
    }

    /// The exponents of the times in n, over draws.
    fn exponent(&self, findings: &Findings, value: fn(&Times) -> f64) -> (f64, Interval) {
        let of = |draw: usize| {
            let points: Vec<(f64, f64)> =
                findings.ratios.iter().map(|r| (r.psi_n as f64, value(&r.times[draw]))).collect();
            slope(&points).map_or(f64::NAN, |slope| slope.value)
        };
        mean(&(0..self.theory.draws as usize).map(of).collect::<Vec<_>>())
    }

    /// The times against ψ_n, with those of the theory.
    pub(in super::super) fn scales(&self, findings: &Findings) -> Table {
        let mut table = Table::new(
            "random-features",
            vec![
                Column::new("ψ_n", &["psi_n"]),
                Column::new("τ_gen", &["gen", "gen_low", "gen_high"]),
                Column::new("ρ₂ says", &["gen_expected"]),
                Column::new("least score error", &["least", "least_low", "least_high"]),
                Column::new("at", &["best"]),
                Column::new("τ_mem", &["mem", "mem_low", "mem_high"]),
                Column::new("ρ₁ says", &["mem_expected"]),
                Column::new("ρ₁ from", &["edge_low"]),
                Column::new("to", &["edge_high"]),
                Column::new("ρ₂ from", &["edge2_low"]),
                Column::new("to", &["edge2_high"]),
            ],
        );
        for ratio in &findings.ratios {
            let spectrum = self.spectrum(ratio.psi_n);
            let expected = spectrum.times(self.sizes(ratio.psi_n).delta());
            let cell = |value: fn(&Times) -> f64, digits| {
                let (value, ends) = mean(&ratio.times.iter().map(value).collect::<Vec<_>>());
                Cell::interval(value, ends.low, ends.high, digits)
            };
            let best = mean(&ratio.times.iter().map(|t| t.best).collect::<Vec<_>>()).0;
            let (memorising, generalising) = (spectrum.memorising(), spectrum.generalising());
            table.rows.push(vec![
                Cell::plain(ratio.psi_n),
                cell(|t| t.generalising, 1),
                Cell::rounded(expected[0], 1),
                cell(|t| t.least, 3),
                Cell::number(best),
                cell(|t| t.memorising, 0),
                Cell::rounded(expected[1], 0),
                Cell::number(memorising[0]),
                Cell::number(memorising[2]),
                Cell::number(generalising[0]),
                Cell::number(generalising[2]),
            ]);
        }
        table
    }

    pub(super) fn of_features(&self, findings: &Findings) -> Vec<Block> {
        let theory = &self.theory;
        let [generalising, memorising] = SCALES.map(|(_, value)| self.exponent(findings, value));
        let words =
            |(value, ends): (f64, Interval)| format!("{value:.2} [{:.2}, {:.2}]", ends.low, ends.high);
        let descent = theory.descent.0;
        vec![
            Block::Heading("Random features: the theory of the two times".into()),
            Block::Text(format!(
                "A score with p = {} features sin(Wx/√d) of data N(0, I) in d = {} dimensions, at t = {}, learned from n = ψ_n d rows by \
                 gradient flow from 0. U is exact here, and so are the losses. τ_gen: the error of the score has made half of its fall \
                 to its least value. τ_mem: the training loss has made half of its fall after that. Exponents in n, means of {} draws \
                 of features and rows with 95 % t intervals: τ_gen {}, τ_mem {}. The theory has 0 and 1.",
                theory.psi_p * theory.dim,
                theory.dim,
                theory.time,
                theory.draws,
                words(generalising),
                words(memorising),
            )),
            figure(
                "random-features",
                "Losses against training time, the spectrum of U, and the two times against the number of rows.",
                format!(
                    "Left: training loss (solid) and test loss (dashed) against τ; markers: gradient descent of the network itself with \
                     fresh noise, at ψ_n = {descent}. Middle: the share of eigenvalues of U up to λ (markers, one draw) and its limit \
                     (lines); the jump of the limit is the atom at s², about which eigenvalues are spread at this size. Right: the two times with 95 % intervals, and what the means of the bulks say (thin)."
                ),
                (self.features_figure(findings), self.curves(findings)),
            ),
            Block::Table(self.scales(findings)),
        ]
    }

    fn curves(&self, findings: &Findings) -> Table {
        let mut table = Table::new(
            "random-features",
            ["psi_n", "time", "train", "test", "score"].map(Column::plain).to_vec(),
        );
        for ratio in &findings.ratios {
            for (time, losses) in &ratio.curve {
                let numbers = [*time, losses.train, losses.test, losses.score];
                let cells = numbers.into_iter().map(Cell::drawn);
                table.rows.push(std::iter::once(Cell::plain(ratio.psi_n)).chain(cells).collect());
            }
        }
        table
    }

    fn features_figure(&self, findings: &Findings) -> Figure {
        Figure {
            panels: vec![
                self.losses_panel(findings),
                self.spectrum_panel(findings),
                self.times_panel(findings),
            ],
            ..Figure::new(3, 300.0)
        }
    }

    /// Up to three of the ratios.
    fn shown<'a>(&self, findings: &'a Findings) -> Vec<&'a AtRatio> {
        let all = &findings.ratios;
        let is_shown = |k: usize| k == 0 || k + 1 == all.len() || all[k].psi_n == self.theory.descent.0;
        (0..all.len()).filter(|k| is_shown(*k)).map(|k| &all[k]).collect()
    }

    fn losses_panel(&self, findings: &Findings) -> Panel {
        let mut marks = Vec::new();
        for (style, ratio) in self.shown(findings).into_iter().enumerate() {
            let of = |value: &dyn Fn(&super::super::Losses) -> f64| -> Vec<Point> {
                ratio.curve.iter().map(|(time, losses)| Point::new(*time, value(losses))).collect()
            };
            marks.push(line(format!("ψ_n = {}", ratio.psi_n), style, Look::Thin, of(&|l| l.train)));
            marks.push(line("", style, Look::ThinDashed, of(&|l| l.test)));
            if ratio.psi_n == self.theory.descent.0 {
                for value in [(|l| l.train) as fn(&super::super::Losses) -> f64, |l| l.test] {
                    let points = findings.descended.iter().map(|d| Point::new(d.time, value(&d.losses)));
                    marks.push(line("", style, Look::Markers, points.collect()));
                }
            }
        }
        Panel {
            title: "loss".into(),
            x: Axis::log("training time τ"),
            y: Axis::linear("loss").within(0.0, 1.6),
            equal: false,
            marks,
        }
    }

    fn spectrum_panel(&self, findings: &Findings) -> Panel {
        /// Values of a line and of a row of markers.
        const POINTS: (usize, usize) = (70, 24);
        let mut marks: Vec<Mark> = Vec::new();
        for (style, ratio) in self.shown(findings).into_iter().enumerate() {
            let limit = self.spectrum(ratio.psi_n).shares(POINTS.0);
            let points = limit.iter().map(|(at, share)| Point::new(*at, *share)).collect();
            marks.push(line("", style, Look::Thin, points));
            // Eigenvalues are in descending order.
            let count = ratio.values.len();
            let at = |k: usize| (POINTS.1 - 1 - k) * (count - 1) / (POINTS.1 - 1);
            let share = |place: usize| (count - place) as f64 / count as f64;
            let points = (0..POINTS.1).map(|k| Point::new(ratio.values[at(k)], share(at(k)))).collect();
            marks.push(line("", style, Look::Markers, points));
        }
        Panel {
            title: "spectrum of U".into(),
            x: Axis::log("eigenvalue λ"),
            y: Axis::linear("share up to λ").within(0.0, 1.0),
            equal: false,
            marks,
        }
    }

    fn times_panel(&self, findings: &Findings) -> Panel {
        let mut marks = Vec::new();
        for (k, (name, value)) in SCALES.into_iter().enumerate() {
            let style = 3 + k;
            let points = findings.ratios.iter().map(|ratio| {
                let (value, ends) = mean(&ratio.times.iter().map(value).collect::<Vec<_>>());
                Point {
                    band: Some((ends.low.max(1e-3 * value), ends.high)),
                    ..Point::new(ratio.psi_n as f64, value)
                }
            });
            marks.push(line(name, style, Look::Marked, points.collect()));
            let expected = findings.ratios.iter().map(|ratio| {
                let delta = self.sizes(ratio.psi_n).delta();
                Point::new(ratio.psi_n as f64, self.spectrum(ratio.psi_n).times(delta)[k])
            });
            marks.push(line("", style, Look::ThinDashed, expected.collect()));
        }
        let psi_n = &self.theory.psi_n;
        let (low, high) = (psi_n[0] as f64, psi_n[psi_n.len() - 1] as f64);
        Panel {
            title: "two times".into(),
            x: Axis::log("ψ_n = n/d").within(low, high.max(2.0 * low)),
            y: Axis::log("τ"),
            equal: false,
            marks,
        }
    }
}
