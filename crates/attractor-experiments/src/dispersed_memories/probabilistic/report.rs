//! The report: the shares of each memory against its posterior, and χ² of every run.

use attractor::analysis::Counts;
use attractor_figures::{Axis, Figure, Image, Look, Mark, Panel, Point, Series};
use attractor_report::statistics::{chi_square_tail, wilson};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use ndarray::Array2;
use serde_json::{Map, json};

use super::{Config, Findings, LEVELS, METHODS, Method, Run};

/// The most memories that are listed one by one, and the least posterior of such a memory.
const LISTED: usize = 10;
const LEAST: f64 = 0.005;

impl Config {
    /// The runs that are drawn and listed: the one with most steps of each method.
    fn best<'a>(&self, findings: &'a Findings) -> Vec<&'a Run> {
        let last = |k: usize| findings.runs.iter().rev().find(|run| run.method == k);
        (0..METHODS.len()).filter_map(last).collect()
    }

    pub(super) fn report(&self, findings: &Findings, seconds: f64) -> Report {
        let tests = self.tests(findings);
        let places = Place::all(&findings.runs[0].counts.posterior);
        let [low, high] = [findings.digits.labels[self.cue].to_string(), self.name_of_flow(findings)];
        Report {
            experiment: "probabilistic-recall",
            title: "Probabilistic recall (Ambrogioni 2023, section 5.1)".into(),
            introduction: format!(
                "A cue that could mean several memories: row {} of the first {} digits, which shows a {low}, with noise of \
                 σ = {:.3} (pixels are 0 to 1). The effective number of memories behind it, 1/Σw² of the exact posterior \
                 w, is {:.2}. Each stochastic sampler recalls it {} times. The reverse SDE ends in memory n with \
                 probability wₙ, so the counts should be multinomial with the posterior's probabilities. In brackets: 95 % \
                 intervals (Wilson).",
                self.cue, self.patterns, findings.sigma, findings.participation, self.recalls,
            ),
            command: format!(
                "attractor reproduce probabilistic-recall --recalls {} --cue {} --seed {} --out DIR",
                self.recalls, self.cue, self.seed
            ),
            settings: json!({
                "patterns": self.patterns, "cue": self.cue, "memories": self.memories, "recalls": self.recalls,
                "steps": self.steps, "seed": self.seed, "sigma": findings.sigma,
                "participation": findings.participation,
            }),
            seed: self.seed,
            seconds,
            results: self.results(findings, &places),
            more: json!({ "tests": tests.json(), "flow": findings.flow })
                .as_object()
                .cloned()
                .unwrap_or_else(Map::new),
            blocks: vec![
                Block::Figure(Box::new(self.illustration(findings, &places))),
                Block::Results,
                Block::Text(format!(
                    "The probability flow has no such spread: from this cue it always ends in {high}. It answers “which \
                     memory?”, and the SDE answers “which memories, and how probably?”."
                )),
                Block::Heading("Do the counts follow the posterior?".into()),
                Block::Text(
                    "Pearson's χ² of the counts against the exact posterior, and the probability p of a χ² at least as \
                     large if a sampler is exact. `bridge` draws from the posterior and is exact with any number of steps. \
                     The others follow the reverse SDE step by step, and are exact as their steps become small. (Memories \
                     with fewer than five expected recalls count as one.)"
                        .into(),
                ),
                Block::Table(tests),
            ],
        }
    }

    fn name_of_flow(&self, findings: &Findings) -> String {
        findings.flow.map_or("no memory".to_owned(), |n| {
            format!("row {n}, which shows a {}", findings.digits.labels[n])
        })
    }

    /// χ² and its p-value of every run.
    fn tests(&self, findings: &Findings) -> Table {
        let columns = vec![
            Column::plain("sampler"),
            Column::plain("steps"),
            Column::new("χ²", &["chi_square"]),
            Column::new("degrees of freedom", &["degrees_of_freedom"]),
            Column::plain("p"),
        ];
        let mut table = Table::new("tests", columns);
        table.rows = findings
            .runs
            .iter()
            .map(|Run { method, steps, counts }| {
                let p = chi_square_tail(counts.chi_square, counts.freedom);
                vec![
                    Cell::plain(METHODS[*method].sampler.name()),
                    Cell::plain(*steps),
                    Cell::rounded(counts.chi_square, 1),
                    Cell::plain(counts.freedom),
                    p.map_or_else(Cell::empty, |p| match p < 1e-4 {
                        true => Cell::of("< 0.0001", [p.into()]),
                        false => Cell::rounded(p, 4),
                    }),
                ]
            })
            .collect();
        table
    }

    /// The posterior of each memory, and the share of the recalls that ended there.
    fn results(&self, findings: &Findings, places: &[Place]) -> Table {
        let best = self.best(findings);
        let mut columns = ["memory", "digit"]
            .map(Column::plain)
            .into_iter()
            .chain([Column::plain("posterior")])
            .collect::<Vec<_>>();
        columns.extend(best.iter().map(|run| {
            let Method { sampler, keys, .. } = &METHODS[run.method];
            Column::new(format!("{}, {} steps", sampler.name(), run.steps), keys)
        }));
        let mut table = Table::new("memories", columns);
        table.rows = places
            .iter()
            .map(|place| {
                let mut row = match place.is_rest {
                    false => vec![
                        Cell::plain(place.members[0]),
                        Cell::plain(findings.digits.labels[place.members[0]]),
                    ],
                    true => vec![Cell::of("the others", ["others".into()]), Cell::empty()],
                };
                row.push(Cell::rounded(place.posterior, 4));
                row.extend(best.iter().map(|run| {
                    let (share, low, high) = place.share(&run.counts, self.recalls);
                    Cell::interval(share, low, high, 4)
                }));
                row
            })
            .collect();
        table
    }

    /// The cue and the memories as pictures, and below each memory its posterior and the shares of the recalls.
    fn illustration(&self, findings: &Findings, places: &[Place]) -> Illustration {
        let ends = (-0.5, places.len() as f64 + 0.5);
        let picture = |x: usize, values: Array2<f64>, range| {
            let centre = x as f64;
            Mark::Image(Image { x: (centre - 0.42, centre + 0.42), y: (0.08, 0.92), values, range })
        };
        let square = |row: ndarray::ArrayView1<f64>| Array2::from_shape_fn((8, 8), |(i, j)| row[8 * i + j]);
        let low = findings.cue.iter().copied().fold(0.0, f64::min);
        let high = findings.cue.iter().copied().fold(1.0, f64::max);
        let mut pictures = vec![picture(0, square(findings.cue.row(0)), (low, high))];
        pictures.extend(places.iter().enumerate().filter(|(_, place)| !place.is_rest).map(|(k, place)| {
            let image = findings.digits.images.row(place.members[0]).mapv(|v| f64::from(v) / LEVELS);
            picture(k + 1, square(image.view()), (0.0, 1.0))
        }));
        let strip = Panel {
            title: "the cue, and the memories that it could mean".into(),
            x: Axis::linear("").within(ends.0, ends.1).bare(),
            y: Axis::linear("").within(0.0, 1.0).bare(),
            equal: true,
            marks: pictures,
        };
        let pieces = |values: Vec<[Point; 2]>| {
            let gap = Point::new(f64::NAN, f64::NAN);
            values.into_iter().flat_map(|[a, b]| [a, b, gap]).collect::<Vec<Point>>()
        };
        let level = |(k, place): (usize, &Place)| {
            let x = (k + 1) as f64;
            [x - 0.42, x + 0.42].map(|x| Point::new(x, place.posterior))
        };
        let levels = pieces(places.iter().enumerate().map(level).collect());
        let mut marks = vec![Mark::Line(Series {
            name: "exact posterior".into(),
            style: 6,
            look: Look::Thin,
            points: levels,
        })];
        for (number, run) in self.best(findings).into_iter().enumerate() {
            let Method { sampler, style, .. } = METHODS[run.method];
            let x = |k: usize| (k + 1) as f64 + 0.2 * (number as f64 - 1.0);
            let shares = places.iter().enumerate().map(|(k, p)| (x(k), p.share(&run.counts, self.recalls)));
            let (points, bars): (Vec<Point>, Vec<[Point; 2]>) = shares
                .map(|(x, (share, low, high))| (Point::new(x, share), [low, high].map(|y| Point::new(x, y))))
                .unzip();
            let line = |name: String, look, points| Mark::Line(Series { name, style, look, points });
            marks.push(line(String::new(), Look::Thin, pieces(bars)));
            marks.push(line(format!("{}, {} steps", sampler.name(), run.steps), Look::Markers, points));
        }
        let most = places.iter().map(|p| p.posterior).fold(0.0, f64::max);
        let shares = Panel {
            title: String::new(),
            x: Axis::linear("one place a memory, the most probable first; the last is all others together")
                .within(ends.0, ends.1)
                .bare(),
            y: Axis::linear("share of recalls").within(0.0, 1.2 * most),
            equal: false,
            marks,
        };
        Illustration {
            name: "probabilistic-recall",
            alt: "A row of pictures, the noisy cue and the digits that it could mean; below each digit its posterior \
                  probability and the share of recalls that ended in it, with intervals."
                .into(),
            caption: format!(
                "The noisy cue at the left, and the stored digits of the highest posterior. Below each: its exact \
                 posterior (line), and the share of {} recalls that ended there (markers, with 95 % intervals).",
                self.recalls
            ),
            figure: Figure { panels: vec![strip, shares], ..Figure::new(1, 210.0) },
            numbers: Table { name: "probabilistic-recall".into(), ..self.results(findings, places) },
        }
    }
}

/// A column of the figure: one memory, or all that are not listed.
struct Place {
    members: Vec<usize>,
    is_rest: bool,
    posterior: f64,
}

impl Place {
    /// The most probable memories, then all others together.
    fn all(posterior: &[f64]) -> Vec<Place> {
        let mut order: Vec<usize> = (0..posterior.len()).collect();
        order.sort_by(|a, b| posterior[*b].total_cmp(&posterior[*a]).then(a.cmp(b)));
        let listed = order.iter().take(LISTED).take_while(|n| posterior[**n] >= LEAST).count();
        let rest = order.split_off(listed);
        let of = |members: Vec<usize>, is_rest| {
            let posterior = members.iter().map(|n| posterior[*n]).sum();
            Place { members, is_rest, posterior }
        };
        let mut places: Vec<Place> = order.into_iter().map(|n| of(vec![n], false)).collect();
        if !rest.is_empty() {
            places.push(of(rest, true));
        }
        places
    }

    /// The share of the recalls that ended here, with its interval.
    fn share(&self, counts: &Counts, recalls: usize) -> (f64, f64, f64) {
        let ended: u64 = self.members.iter().map(|n| counts.ended[*n]).sum();
        let interval = wilson(ended as usize, recalls);
        (ended as f64 / recalls as f64, interval.low, interval.high)
    }
}
