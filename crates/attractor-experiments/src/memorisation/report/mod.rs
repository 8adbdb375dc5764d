//! The report.

mod crossover;
mod features;
mod networks;

use attractor_figures::{Figure, Look, Mark, Point, Series};
use attractor_report::{Block, Illustration, Report, Table};
use serde_json::{Map, json};

use super::{Config, Findings};

/// A line of points, in a style.
fn line(name: impl Into<String>, style: usize, look: Look, points: Vec<Point>) -> Mark {
    Mark::Line(Series { name: name.into(), style: style % STYLES, look, points })
}

/// An upright line at a value, between two heights.
fn upright(name: &str, style: usize, at: f64, (low, high): (f64, f64)) -> Mark {
    line(name, style, Look::ThinDashed, vec![Point::new(at, low), Point::new(at, high)])
}

/// The styles that figures tell apart.
const STYLES: usize = 7;

/// A figure with its words and numbers.
fn figure(
    name: &'static str,
    alt: &str,
    caption: impl Into<String>,
    (figure, numbers): (Figure, Table),
) -> Block {
    Block::Figure(Box::new(Illustration { name, alt: alt.into(), caption: caption.into(), figure, numbers }))
}

impl Config {
    pub(super) fn report(&self, findings: &Findings, seconds: f64) -> Report {
        let mut blocks = self.of_networks(findings);
        blocks.extend(self.of_features(findings));
        blocks.extend(self.of_crossover(findings));
        let plans = self.plans.iter().map(|plan| {
            json!({
                "set": plan.set.name(), "rows": plan.counts, "steps": plan.steps, "width": plan.width, "batch": plan.batch,
                "generated": plan.generated, "rate": plan.rate,
            })
        });
        let (theory, lab) = (&self.theory, &self.laboratory);
        Report {
            experiment: "memorisation",
            title: "From exact copying to generalisation".into(),
            introduction: "Networks learn N rows, and what they generate is audited along the way: with few rows they copy, with many they \
                           generalise, and with any number they generalise first and copy later. The times of both are those of \
                           Bonnaire et al. (2025), whose theory for random features is computed beside; the size at which it pays a \
                           model to remember is that of Buchanan et al. (2025)."
                .into(),
            command: format!(
                "attractor reproduce memorisation --profile {} --seed {} --out DIR",
                self.profile.name(),
                self.seed
            ),
            settings: json!({
                "profile": self.profile.name(),
                "networks": plans.collect::<serde_json::Value>(),
                "random_features": {
                    "dim": theory.dim, "psi_p": theory.psi_p, "psi_n": theory.psi_n, "time": theory.time, "draws": theory.draws,
                    "descent_psi_n": theory.descent.0, "descent_repeats": theory.descent.1,
                },
                "crossover": {
                    "dim": lab.dim, "components": lab.components, "rows": lab.rows, "models": lab.models, "draws": lab.draws,
                    "steps": lab.steps, "batch": lab.batch, "generated": lab.generated,
                },
                "seed": self.seed,
            }),
            seed: self.seed,
            seconds,
            results: self.rates(findings),
            more: Map::from_iter([
                ("times".to_owned(), self.times(findings).json()),
                ("random_features".to_owned(), self.scales(findings).json()),
                ("crossover".to_owned(), self.crossings(findings).json()),
            ]),
            blocks,
        }
    }
}
