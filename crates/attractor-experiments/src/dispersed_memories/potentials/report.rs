//! The report: ratios of log-kernels, fixed points, and recalled digits.

use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::statistics::{sign_test, wilson};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, json};

use super::kernels::{self, CURVATURE, PATTERN, PLACE, Ratio};
use super::{Config, Findings, digits, rest};

impl Config {
    pub(super) fn report(&self, findings: &Findings, seconds: f64) -> Report {
        let kernels = self.kernels(findings);
        let rest = self.rest(findings);
        Report {
            experiment: "potentials",
            title: "Noise-injection dynamics with a potential (Ambrogioni 2023, section 3.2)".into(),
            introduction: "The noising is dx = −∇V(x) dτ + σ dW (Eq. 15 with v = −V). The paper claims that, as τ → 0, the \
                           log-kernel of any potential becomes −‖x − y‖²/2σ²τ (Eq. 20–21), so that the fixed points of the \
                           energy (Eq. 18) become those of variance exploding noise. Here both are measured, and then what a \
                           potential is good for when τ is not small: noise that knows the correlations of pixels."
                .into(),
            command: format!(
                "attractor reproduce potentials --patterns {} --cues {} --cells {} --seed {} --out DIR",
                self.patterns, self.cues, self.cells, self.seed
            ),
            settings: json!({
                "patterns": self.patterns, "cues": self.cues, "cells": self.cells, "seed": self.seed,
                "noises": digits::NOISES, "floor": digits::FLOOR,
            }),
            seed: self.seed,
            seconds,
            results: self.results(findings),
            more: json!({ "kernels": kernels.json(), "fixed_points": rest.json() })
                .as_object()
                .cloned()
                .unwrap_or_else(Map::new),
            blocks: vec![
                Block::Heading("The log-kernel at short times".into()),
                Block::Text(format!(
                    "The log-kernel without its normaliser, ln k + ½ ln 2πσ²τ, over −(x − y)²/2σ²τ, for y = {PATTERN} and \
                     σ = 1. The double well is (x² − 1)²/4; its kernel solves the Fokker–Planck equation (implicit finite \
                     volumes on three grids, extrapolated; in the last column the change by the finest grid). The quadratic \
                     potential is ½hx² with h = {CURVATURE}, in closed form. At the fixed place x = {PLACE} the ratio goes to \
                     1 as τ, and at a distance of √τ as √τ. The kernel that is linearised about the pattern (Eq. 19) is exact \
                     for the quadratic potential. For the double well its logarithm at the fixed place keeps an error, which \
                     goes to −(V − V₂)/σ² = {:.4}: it does not vanish, but the logarithm itself grows as 1/τ.",
                    kernels::missed()
                )),
                Block::Table(kernels),
                Block::Figure(Box::new(self.limits(findings))),
                Block::Heading("Fixed points".into()),
                Block::Text(format!(
                    "The fixed points of Eq. 18 near {} normal patterns of {} units, against those of the variance-exploding \
                     energy at the same time: root mean square distance of a unit. The drift moves the middle of the kernel \
                     by −τ∇V, and the term −V of the energy moves the fixed point back by +τ∇V, so that the distance falls \
                     as τ².",
                    rest::PATTERNS,
                    rest::UNITS
                )),
                Block::Table(rest),
                Block::Heading("Digits and a potential that knows their correlations".into()),
                Block::Text(format!(
                    "{} digits are stored (spread 1), and {} of them are recalled. The potential is V = ¼ xᵀΛ⁻¹x, where Λ is \
                     the covariance of pixels of the digits that are not stored, plus {} of white noise; its stationary states \
                     have the covariance Λ. Its noise spares the directions in which digits differ most, and most of its energy is in those \
                     in which they hardly differ. `known`: noise of the \
                     potential, recalled with it. `mistaken`: the same cues, recalled as if their noise was white. `white`: \
                     white noise of the same energy. In brackets: 95 % intervals (Wilson). p: sign test of `known` against \
                     `mistaken` on the same cues.",
                    self.patterns,
                    self.cues,
                    digits::FLOOR
                )),
                Block::Results,
                Block::Figure(Box::new(self.shares(findings))),
            ],
        }
    }

    fn kernels(&self, findings: &Findings) -> Table {
        let columns = vec![
            Column::plain("potential"),
            Column::new("τ", &["time"]),
            Column::new(format!("ratio at x = {PLACE}"), &["fixed"]),
            Column::new("ratio at √τ", &["near"]),
            Column::new(format!("linearised, x = {PLACE}"), &["linearised_fixed"]),
            Column::new("linearised, √τ", &["linearised_near"]),
            Column::new("error of its log", &["log_error"]),
            Column::new("grid", &["grid"]),
        ];
        let mut table = Table::new("kernels", columns);
        let row = |potential: &str, ratio: &Ratio| {
            vec![
                Cell::plain(potential),
                Cell::number(ratio.time),
                ratio.fixed.map_or_else(Cell::empty, |fixed| Cell::rounded(fixed, 5)),
                Cell::rounded(ratio.near, 5),
                Cell::rounded(ratio.linearised[0], 5),
                Cell::rounded(ratio.linearised[1], 5),
                ratio.error.map_or_else(Cell::empty, Cell::number),
                ratio.grid.map_or_else(Cell::empty, Cell::number),
            ]
        };
        table.rows = findings.double_well.iter().map(|ratio| row("double well", ratio)).collect();
        table.rows.extend(findings.quadratic.iter().map(|ratio| row("quadratic", ratio)));
        table
    }

    fn rest(&self, findings: &Findings) -> Table {
        let columns = vec![
            Column::plain("potential"),
            Column::new("τ", &["time"]),
            Column::new("mean distance", &["distance"]),
            Column::new("largest", &["largest"]),
        ];
        let mut table = Table::new("fixed-points", columns);
        let cells = |rest: &rest::Rest| {
            vec![
                Cell::plain(rest.form),
                Cell::number(rest.time),
                Cell::number(rest.distance),
                Cell::number(rest.largest),
            ]
        };
        table.rows = findings.rest.iter().map(cells).collect();
        table
    }

    fn results(&self, findings: &Findings) -> Table {
        let columns = vec![
            Column::new("noise a unit", &["noise"]),
            Column::new("level σ", &["level"]),
            Column::new("τ", &["time"]),
            Column::new("known", &["known", "known_low", "known_high"]),
            Column::new("mistaken", &["mistaken", "mistaken_low", "mistaken_high"]),
            Column::new("white", &["white", "white_low", "white_high"]),
            Column::plain("p"),
        ];
        let mut table = Table::new("recall", columns);
        let share = |right: &[bool]| {
            let (share, low, high) = share(right);
            Cell::interval(share, low, high, 3)
        };
        let row = |recalled: &digits::Recalled| {
            let pairs = || recalled.known.iter().zip(&recalled.mistaken);
            let p = sign_test(
                pairs().filter(|(a, b)| **a && !**b).count(),
                pairs().filter(|(a, b)| !**a && **b).count(),
            );
            vec![
                Cell::number(recalled.noise),
                Cell::rounded(recalled.level, 3),
                Cell::rounded(recalled.time, 3),
                share(&recalled.known),
                share(&recalled.mistaken),
                share(&recalled.white),
                if p < 1e-4 { Cell::of("< 0.0001", [p.into()]) } else { Cell::rounded(p, 4) },
            ]
        };
        table.rows = findings.recalled.iter().map(row).collect();
        table
    }

    /// How fast ratios go to 1 and fixed points to those without a potential.
    fn limits(&self, findings: &Findings) -> Illustration {
        let line = |name: &str, style: usize, points: Vec<Point>| {
            Mark::Line(Series { name: name.into(), style, look: Look::Marked, points })
        };
        let away = |items: &[Ratio], of: fn(&Ratio) -> Option<f64>| -> Vec<Point> {
            let point = |ratio: &Ratio| Some(Point::new(ratio.time, (of(ratio)? - 1.0).abs()));
            items.iter().filter_map(point).collect()
        };
        let wells = &findings.double_well;
        let kernels = Panel {
            title: "log-kernel: |ratio − 1|".into(),
            x: Axis::log("time τ"),
            y: Axis::log("|ratio − 1|"),
            equal: false,
            marks: vec![
                line("double well, fixed place", 0, away(wells, |r| r.fixed)),
                line("double well, at √τ", 1, away(wells, |r| Some(r.near))),
                line("quadratic, fixed place", 2, away(&findings.quadratic, |r| r.fixed)),
                line("quadratic, at √τ", 3, away(&findings.quadratic, |r| Some(r.near))),
            ],
        };
        let of = |form: &str| {
            let own = findings.rest.iter().filter(|rest| rest.form == form);
            own.map(|rest| Point::new(rest.time, rest.distance)).collect::<Vec<Point>>()
        };
        let fixed = Panel {
            title: "fixed points: distance".into(),
            x: Axis::log("time τ"),
            y: Axis::log("distance from those without V"),
            equal: false,
            marks: vec![
                line("double well, fixed points", 4, of("double well")),
                line("quadratic, fixed points", 5, of("quadratic")),
            ],
        };
        Illustration {
            name: "limits",
            alt: "Two panels with logarithmic axes: deviations of log-kernel ratios from 1 fall as τ at a fixed place and as \
                  the root of τ nearby; distances of fixed points fall as τ squared."
                .into(),
            caption: "Left: how far the log-kernel ratio is from 1. Right: how far fixed points are from those of variance \
                      exploding noise."
                .into(),
            figure: Figure { panels: vec![kernels, fixed], ..Figure::new(2, 300.0) },
            numbers: Table { name: "limits".into(), ..self.kernels(findings) },
        }
    }

    /// The share of recalled digits against the noise.
    fn shares(&self, findings: &Findings) -> Illustration {
        let line = |name: &str, style: usize, of: fn(&digits::Recalled) -> &Vec<bool>| {
            let point = |recalled: &digits::Recalled| {
                let (share, low, high) = share(of(recalled));
                Point { band: Some((low, high)), ..Point::new(recalled.noise, share) }
            };
            let points = findings.recalled.iter().map(point).collect();
            Mark::Line(Series { name: name.into(), style, look: Look::Marked, points })
        };
        let panel = Panel {
            title: String::new(),
            x: Axis::log("noise a unit, root mean square (spreads)").within(0.9, 18.0),
            y: Axis::linear("share of digits recalled").within(0.0, 1.0),
            equal: false,
            marks: vec![
                line("noise of the potential, known", 0, |r| &r.known),
                line("the same, taken for white", 1, |r| &r.mistaken),
                line("white noise", 2, |r| &r.white),
            ],
        };
        Illustration {
            name: "digits",
            alt: "The share of digits recalled against the energy of the noise, for noise of a potential that knows the \
                  correlations of pixels, for the same noise taken for white, and for white noise."
                .into(),
            caption: "Digits recalled at equal energy of the noise, with 95 % intervals.".into(),
            figure: Figure { panels: vec![panel], ..Figure::new(1, 300.0) },
            numbers: Table { name: "digits".into(), ..self.results(findings) },
        }
    }
}

/// The share of what is right, with its interval.
fn share(right: &[bool]) -> (f64, f64, f64) {
    let count = right.iter().filter(|right| **right).count();
    let interval = wilson(count, right.len());
    (count as f64 / right.len() as f64, interval.low, interval.high)
}
