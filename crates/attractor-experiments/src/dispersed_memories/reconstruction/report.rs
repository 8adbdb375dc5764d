//! The report of the experiment.

use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::statistics::{bootstrap, median, wilson};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, json};

use super::lures::{Answer, Cue};
use super::measure::{AVERAGED, Recalled, Stored};
use super::{Config, Findings};

/// The ways to store that get a line of their own in the figure.
const LINES: [&str; 4] = ["surprise", "random units", "components", "blocks"];

/// An event is recalled surely if its posterior probability is above this.
const SURE: f64 = 0.95;

/// A number of each recalled event, by name.
type Quantity = (&'static str, &'static str, fn(&Recalled) -> f64);

const QUANTITIES: [Quantity; 5] = [
    ("stored units, one recall", "core_error", |r| r.core_error),
    ("other units, one recall", "single_error", |r| r.single_error),
    ("other units, mean of recalls", "mean_error", |r| r.mean_error),
    ("other units, expected", "expected_error", |r| r.expected_error),
    ("shift to the prototype", "shift", |r| r.shift),
];

impl Config {
    fn curve_table(curve: &[Stored]) -> Table {
        let mut table = Table::new(
            "curve",
            vec![
                Column::new("stored", &["rule"]),
                Column::new("how", &["what"]),
                Column::new("numbers per event", &["numbers"]),
                Column::new("error of the mean", &["mean", "mean_low", "mean_high"]),
                Column::new("error of one recall", &["single", "single_low", "single_high"]),
            ],
        );
        table.caption =
            "Root mean square error of a unit, over all units and events, in grey values from 0 to 1."
                .to_owned();
        table.rows = curve
            .iter()
            .map(|of| {
                vec![
                    Cell::plain(of.rule),
                    Cell::plain(of.what.as_str()),
                    Cell::rounded(of.numbers, 1),
                    Cell::interval(of.mean, of.mean_interval.low, of.mean_interval.high, 3),
                    Cell::interval(of.single, of.single_interval.low, of.single_interval.high, 3),
                ]
            })
            .collect();
        table
    }

    fn curve_figure(curve: &[Stored]) -> Figure {
        let panel = |title: &str, single: bool| {
            let value = |of: &Stored| match single {
                true => (of.single, of.single_interval),
                false => (of.mean, of.mean_interval),
            };
            let line = |(style, name): (usize, &&str)| {
                let own = curve
                    .iter()
                    .filter(|of| of.rule == *name || of.rule == "nothing" || of.rule == "everything");
                let point = |of: &Stored| {
                    let (y, band) = value(of);
                    Point { x: of.numbers, y, band: Some((band.low, band.high)) }
                };
                let mut points: Vec<Point> = own.map(point).collect();
                points.sort_by(|a, b| a.x.total_cmp(&b.x));
                Mark::Line(Series { name: (*name).to_owned(), style, look: Look::Marked, points })
            };
            let most = curve.iter().map(|of| of.single).fold(0.0, f64::max);
            Panel {
                title: title.into(),
                x: Axis::linear("stored numbers per event").within(0.0, 64.0),
                y: Axis::linear("error (grey values 0 to 1)").within(0.0, 1.05 * most),
                equal: false,
                marks: LINES.iter().enumerate().map(line).collect(),
            }
        };
        Figure {
            panels: vec![panel("mean of many recalls", false), panel("one recall", true)],
            ..Figure::new(2, 260.0)
        }
    }

    /// Means over events with bootstrap intervals.
    fn recalls_table(&self, recalls: &[Recalled]) -> Table {
        let mut table = Table::new(
            "recalls",
            vec![
                Column::new("quantity", &["quantity"]),
                Column::new("mean over events", &["mean", "low", "high"]),
            ],
        );
        let row = |name: &str, value: &dyn Fn(&Recalled) -> f64| {
            let average = |some: &[&Recalled]| some.iter().map(|r| value(r)).sum::<f64>() / some.len() as f64;
            let interval = bootstrap(recalls, self.seed, average);
            let all: Vec<&Recalled> = recalls.iter().collect();
            vec![Cell::plain(name), Cell::interval(average(&all), interval.low, interval.high, 3)]
        };
        table.rows.push(row("stored units of an event", &|r| r.units.len() as f64));
        for (name, _, value) in QUANTITIES {
            table.rows.push(row(name, &value));
        }
        table.caption = format!(
            "Recalls of each event from noise, at the threshold {}. Errors are root mean squares over units.",
            self.threshold
        );
        table
    }

    /// How the mean of recalls comes near to what is expected.
    fn averages_table(&self, recalls: &[Recalled]) -> Table {
        let mut table = Table::new(
            "averages",
            vec![
                Column::new("recalls averaged", &["recalls"]),
                Column::new("squared distance over variance", &["ratio", "low", "high"]),
                Column::new("expected", &["expected"]),
            ],
        );
        for (k, count) in AVERAGED.into_iter().enumerate().filter(|(_, count)| *count <= self.repeats) {
            let known: Vec<f64> =
                recalls.iter().map(|r| r.averages[k]).filter(|ratio| ratio.is_finite()).collect();
            if known.is_empty() {
                continue;
            }
            let average = |some: &[&f64]| some.iter().copied().sum::<f64>() / some.len() as f64;
            let interval = bootstrap(&known, self.seed, average);
            let ratio = known.iter().sum::<f64>() / known.len() as f64;
            table.rows.push(vec![
                Cell::plain(count),
                Cell::interval(ratio, interval.low, interval.high, 4),
                Cell::rounded(1.0 / count as f64, 4),
            ]);
        }
        table.caption =
            "Distance of the mean of r recalls from the mean of the semantic density given the core. The \
                         variance of a recall divided by r is expected."
                .into();
        table
    }

    fn lures_table(&self, answers: &[Answer]) -> Table {
        let mut table = Table::new(
            "lures",
            vec![
                Column::new("cue", &["cue"]),
                Column::new("share of gist", &["gist"]),
                Column::new("cues", &["cues"]),
                Column::new("an event is recalled", &["recalled", "recalled_low", "recalled_high"]),
                Column::new("probability of an event", &["event"]),
                Column::new("its own event", &["right", "right_low", "right_high"]),
                Column::new("an event of its class", &["class"]),
                Column::new("median of the surest event", &["surest"]),
                Column::new("surer than 95 %", &["sure", "sure_low", "sure_high"]),
            ],
        );
        for gist in [0.0, self.gist] {
            for (cue, name) in Cue::ALL {
                let own: Vec<&Answer> = answers.iter().filter(|a| a.cue == cue && a.gist == gist).collect();
                if own.is_empty() {
                    continue;
                }
                let count = own.len();
                let share = |is: &dyn Fn(&Answer) -> bool| {
                    let successes = own.iter().filter(|answer| is(answer)).count();
                    let interval = wilson(successes, count);
                    Cell::interval(successes as f64 / count as f64, interval.low, interval.high, 3)
                };
                let mut surest: Vec<f64> = own.iter().map(|answer| answer.surest).collect();
                let event = own.iter().map(|answer| answer.event).sum::<f64>() / count as f64;
                let class = own.iter().filter(|answer| answer.class).count() as f64 / count as f64;
                table.rows.push(vec![
                    Cell::plain(name),
                    Cell::plain(gist),
                    Cell::plain(count),
                    share(&|answer| answer.recalled),
                    Cell::rounded(event, 3),
                    share(&|answer| answer.right),
                    Cell::rounded(class, 3),
                    Cell::rounded(median(&mut surest), 3),
                    share(&|answer| answer.surest > SURE),
                ]);
            }
        }
        table.caption = format!(
            "Cues are images with noise of σ = {}. In ten memories, one class after the other has no events, and of the \
             other classes every second event is stored. Intervals are Wilson's at 95 %.",
            self.sigma
        );
        table
    }

    pub(super) fn report(&self, findings: &Findings, seconds: f64) -> Report {
        let results = Self::curve_table(&findings.curve);
        let Findings { recalls, lures, pictures, likelihoods, .. } = findings;
        let figure = Block::Figure(Box::new(illustration(&findings.curve, &results)));
        let images = |n: usize| Block::Images(Box::new(pictures[n].clone()));
        let more: Map<String, serde_json::Value> = [
            ("recalls", self.recalls_table(recalls).json()),
            ("averages", self.averages_table(recalls).json()),
            ("lures", self.lures_table(lures).json()),
            ("log_likelihood_of_training_images", json!(likelihoods.0)),
            ("log_likelihood_of_events", json!(likelihoods.1)),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
        Report {
            experiment: "reconstruction",
            title: "Reconstructive memory: what of an event is stored, and what recall makes of the rest".into(),
            introduction: format!(
                "Section 6.1 of Ambrogioni (2023) with numbers. A semantic memory of {} Gaussians (rank {}) is fitted on \
                 {} handwritten digits; the other {} are events. Of an event only a core is stored, and recall is from the \
                 semantic density given that core. Densities are {:.1} nats for a training image and {:.1} for an event.",
                self.components,
                self.rank,
                self.train,
                recalls.len(),
                likelihoods.0,
                likelihoods.1
            ),
            command: format!(
                "attractor reproduce reconstruction --threshold {} --repeats {} --seed {} --out DIR",
                self.threshold, self.repeats, self.seed
            ),
            settings: json!({
                "train": self.train, "components": self.components, "rank": self.rank, "floor": self.floor,
                "thresholds": self.thresholds, "threshold": self.threshold, "repeats": self.repeats,
                "events": recalls.len(), "sigma": self.sigma, "gist": self.gist, "seed": self.seed,
            }),
            seed: self.seed,
            seconds,
            more,
            blocks: vec![
                Block::Heading("Events, cores, recalls".into()),
                images(0),
                Block::Heading("How much must be stored".into()),
                figure,
                Block::Results,
                Block::Heading("What recalls are".into()),
                Block::Table(self.recalls_table(recalls)),
                Block::Text(
                    "The shift is 0 if the mean of the recalled units is that of the event, and 1 if it is the prototype of \
                     its class."
                        .into(),
                ),
                Block::Table(self.averages_table(recalls)),
                Block::Heading("Lures".into()),
                Block::Table(self.lures_table(lures)),
                images(1),
            ],
            results,
        }
    }
}

fn illustration(curve: &[Stored], results: &Table) -> Illustration {
    Illustration {
        name: "curve",
        alt: "Error of reconstructions against stored numbers per event, for four ways to choose what is stored; all fall \
              from storing nothing to storing everything."
            .into(),
        caption: "Error of a unit (root mean square over units and events) against the numbers stored of an event. Left: the \
                  mean of many recalls. Right: one recall. All lines go from storing nothing to storing everything. A unit \
                  that surprises is stored with its number, which the axis does not count. Bands: 95 % bootstrap intervals \
                  over events."
            .into(),
        figure: Config::curve_figure(curve),
        numbers: results.clone(),
    }
}
