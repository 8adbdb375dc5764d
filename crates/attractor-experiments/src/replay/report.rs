//! The report: what became of the event, beside what closed forms say.

use attractor_figures::{Axis, Figure, Look as Style, Mark, Panel, Point, Series};
use attractor_replay::{theory, urn};
use attractor_report::statistics::{Interval, bootstrap, of_runs, wilson};
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use serde_json::{Map, json};

use super::exact::{Look, Measure, Outcome, TRACE};
use super::learned::{self, LANDED, LATENT, NOISE, SETTINGS, THICKNESS, UNITS, teachers};
use super::{Config, Findings};

/// The least weight that figures show.
const LEAST: f64 = 0.002;

/// A mean with its interval.
#[derive(Clone, Copy, Debug)]
struct Mean {
    value: f64,
    ends: Interval,
}

impl Mean {
    fn cell(self, digits: usize) -> Cell {
        Cell::interval(self.value, self.ends.low, self.ends.high, digits)
    }

    fn point(self, x: f64) -> Point {
        Point { band: Some((self.ends.low, self.ends.high)), ..Point::new(x, self.value) }
    }
}

fn quantile(values: &[f64], p: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    urn::quantile(&sorted, p)
}

/// The name of a series, a line of points and its style.
fn line(name: &str, style: usize, look: Style, points: Vec<Point>) -> Mark {
    Mark::Line(Series { name: name.into(), style, look, points })
}

impl Config {
    /// The mean over runs, with its bootstrap interval.
    fn mean(&self, values: &[f64]) -> Mean {
        let mean = |values: &[&f64]| values.iter().copied().sum::<f64>() / values.len() as f64;
        let ends = bootstrap(values, self.seed, mean);
        Mean { value: mean(&values.iter().collect::<Vec<_>>()), ends }
    }

    /// The mean of a measure of recall.
    fn of_recall(&self, look: &Look, value: impl Fn(&Measure) -> f64) -> Mean {
        self.mean(&look.measures.iter().map(value).collect::<Vec<_>>())
    }

    /// The size of the basin: the mean share of cues that return, over all levels.
    fn basin(run: &Measure) -> f64 {
        run.returned.iter().sum::<f64>() / run.returned.len() as f64
    }

    /// The first weight of the event.
    fn first(&self) -> f64 {
        1.0 / (self.stored + 1) as f64
    }

    fn protocols(&self, findings: &Findings) -> Table {
        let mut table = Table::new(
            "protocols",
            vec![
                Column::plain("protocol"),
                Column::plain("replays"),
                Column::new("weight", &["weight", "weight_low", "weight_high"]),
                Column::new("5 %, median, 95 %", &["q05", "median", "q95"]),
                Column::new("below its first weight", &["fallen", "fallen_low", "fallen_high"]),
                Column::new("itself", &["whole"]),
                Column::new("basin", &["basin", "basin_low", "basin_high"]),
                Column::new("units wrong", &["wrong", "wrong_low", "wrong_high"]),
                Column::new("in the core, outside", &["wrong_core", "wrong_rest"]),
            ],
        );
        for outcome in &findings.exact {
            for look in &outcome.looks {
                let [low, middle, high] = [0.05, 0.5, 0.95].map(|p| quantile(&look.weights, p));
                let fallen = look.weights.iter().filter(|w| **w < self.first() * (1.0 - 1e-12)).count();
                let share = fallen as f64 / look.weights.len() as f64;
                let ends = wilson(fallen, look.weights.len());
                let [core, rest] = [0, 1].map(|part: usize| self.of_recall(look, |m| m.wrong[part]).value);
                table.rows.push(vec![
                    Cell::plain(outcome.condition.name),
                    Cell::plain(look.replays),
                    self.mean(&look.weights).cell(3),
                    Cell::of(
                        format!("{low:.3}, {middle:.3}, {high:.3}"),
                        [low, middle, high].map(Into::into),
                    ),
                    Mean { value: share, ends }.cell(2),
                    Cell::rounded(look.whole, 3),
                    self.of_recall(look, Self::basin).cell(3),
                    self.of_recall(look, |m| 0.5 * (m.wrong[0] + m.wrong[1])).cell(3),
                    Cell::of(format!("{core:.3}, {rest:.3}"), [core, rest].map(Into::into)),
                ]);
            }
        }
        table
    }

    /// What closed forms say of the end of three protocols, beside what was measured.
    fn closed_forms(&self, findings: &Findings) -> Table {
        let columns = ["quantity", "closed form"].map(Column::plain).into_iter();
        let measured = [Column::new("measured", &["measured", "low", "high"]), Column::plain("inside")];
        let mut table = Table::new("closed-forms", columns.chain(measured).collect());
        table.columns[1] = Column::new("closed form", &["expected"]);
        let (runs, replays) = (self.runs, self.replays);
        let (a, b) = (1.0, self.stored as f64);
        let ends = |name: &str| {
            let found = findings.exact.iter().find(|o| o.condition.name == name);
            found.and_then(|o| o.looks.last()).map_or_else(Vec::new, |look| look.weights.clone())
        };
        let mut row = |quantity: &str, expected: f64, found: Mean| {
            let inside = if found.ends.contains(expected) { "yes" } else { "no" };
            table.rows.push(vec![
                Cell::plain(quantity),
                Cell::rounded(expected, 4),
                found.cell(4),
                Cell::plain(inside),
            ]);
        };
        let share = |all: &[f64], is: &dyn Fn(f64) -> bool| {
            let count = all.iter().filter(|w| is(**w)).count();
            Mean { value: count as f64 / runs as f64, ends: wilson(count, runs) }
        };
        let urn = ends("self-sampled");
        let counts = theory::beta_binomial(replays as usize, a, b);
        let weight = |k: usize| (a + k as f64) / (a + b + replays as f64);
        row("self-sampled: mean weight (a martingale)", a / (a + b), self.mean(&urn));
        let median = weight(theory::quantile(&counts, 0.5));
        let middle = |all: &[&f64]| quantile(&all.iter().map(|w| **w).collect::<Vec<_>>(), 0.5);
        let found = Mean { value: quantile(&urn, 0.5), ends: bootstrap(&urn, self.seed, middle) };
        row("self-sampled: median weight (Beta-binomial)", median, found);
        let below: f64 =
            counts.iter().enumerate().filter(|(k, _)| weight(*k) < a / (a + b) - 1e-12).map(|(_, p)| p).sum();
        let fallen = |w: f64| w < a / (a + b) - 1e-12;
        row("self-sampled: share of runs below the first weight", below, share(&urn, &fallen));
        let refitted = ends("self-sampled, refitted");
        let generations = replays / self.refit as u64;
        // The first generation is drawn from the weight a/(a + b).
        let first = theory::binomial(self.refit, a / (a + b));
        let mut after = vec![0.0; self.refit + 1];
        for (k, p) in first.iter().enumerate() {
            let next = theory::wright_fisher(self.refit, k, generations - 1);
            after.iter_mut().zip(next).for_each(|(sum, q)| *sum += p * q);
        }
        row("refitted: mean weight (fixation probability)", a / (a + b), self.mean(&refitted));
        row(
            "refitted: share of runs that lost it (Wright–Fisher)",
            after[0],
            share(&refitted, &|w| w == 0.0),
        );
        let kept = 2.0 * a * b / (a + b).powi(2) * (1.0 - 1.0 / self.refit as f64).powi(generations as i32);
        let differ = self.mean(&refitted.iter().map(|w| 2.0 * w * (1.0 - w)).collect::<Vec<_>>());
        row("refitted: 2w(1 − w), falling as (1 − 1/n)^g", kept, differ);
        let diluted = ends("self-sampled, new experiences");
        let expected = theory::diluted(a, b, 1.0, replays);
        row("self-sampled, new experiences: mean weight", expected, self.mean(&diluted));
        table
    }

    /// One panel for each protocol: the weight against replays, in some runs and over all of them.
    fn weights(&self, findings: &Findings) -> Figure {
        let panel = |outcome: &Outcome| {
            let each = outcome.condition.protocol.replays as f64;
            let mut marks: Vec<Mark> = outcome
                .paths
                .iter()
                .enumerate()
                .map(|(n, path)| {
                    let points = path.iter().enumerate().map(|(t, w)| Point::new(each * t as f64, *w));
                    line(if n == 0 { "single runs" } else { "" }, 2, Style::Thin, points.collect())
                })
                .collect();
            let median = outcome.looks.iter().map(|look| {
                let [low, middle, high] = [0.05, 0.5, 0.95].map(|p| quantile(&look.weights, p));
                Point { band: Some((low, high)), ..Point::new(look.replays as f64, middle) }
            });
            marks.push(line("median, 5 to 95 %", 0, Style::Marked, median.collect()));
            let mean = outcome
                .looks
                .iter()
                .map(|look| Point::new(look.replays as f64, self.mean(&look.weights).value));
            marks.push(line("mean", 1, Style::Marked, mean.collect()));
            Panel {
                title: outcome.condition.name.into(),
                x: Axis::linear("replays").within(0.0, self.replays as f64),
                y: Axis::log("weight").within(LEAST, 1.0),
                equal: false,
                marks,
            }
        };
        Figure { panels: findings.exact.iter().map(panel).collect(), ..Figure::new(2, 175.0) }
    }

    fn weight_numbers(findings: &Findings) -> Table {
        let columns = ["protocol", "run", "replays", "weight"].map(Column::plain).to_vec();
        let mut table = Table::new("weights", columns);
        for outcome in &findings.exact {
            let each = outcome.condition.protocol.replays;
            for (run, path) in outcome.paths.iter().enumerate() {
                for (t, weight) in path.iter().enumerate() {
                    table.rows.push(vec![
                        Cell::plain(outcome.condition.name),
                        Cell::plain(run),
                        Cell::plain(t * each),
                        Cell::drawn(*weight),
                    ]);
                }
            }
        }
        table
    }

    /// The distribution of the last weight over runs, with the closed form of the urn.
    fn distribution(&self, findings: &Findings) -> (Figure, Table) {
        let mut table =
            Table::new("distribution", ["protocol", "weight", "share"].map(Column::plain).to_vec());
        let mut marks = Vec::new();
        let shown = ["self-sampled", "self-sampled, refitted", "power 1.5", "power 0.5", "cued"];
        let mut push = |name: &str, points: &[Point]| {
            for point in points {
                table.rows.push(vec![Cell::plain(name), Cell::drawn(point.x), Cell::drawn(point.y)]);
            }
        };
        for (style, name) in shown.iter().enumerate() {
            let Some(outcome) = findings.exact.iter().find(|o| o.condition.name == *name) else { continue };
            let Some(look) = outcome.looks.last() else { continue };
            let mut weights = look.weights.clone();
            weights.sort_by(f64::total_cmp);
            let count = weights.len() as f64;
            // A staircase: the share of runs with at most this weight.
            let below = weights.partition_point(|w| *w <= LEAST);
            let mut points = vec![Point::new(LEAST, below as f64 / count)];
            for (n, weight) in weights.iter().enumerate().skip(below) {
                points.push(Point::new(*weight, n as f64 / count));
                points.push(Point::new(*weight, (n + 1) as f64 / count));
            }
            points.push(Point::new(1.0, 1.0));
            push(name, &points);
            marks.push(line(name, style, Style::Line, points));
        }
        let total = (self.stored + 1) as f64 + self.replays as f64;
        let mut sum = 0.0;
        let counts = theory::beta_binomial(self.replays as usize, 1.0, self.stored as f64);
        let urn: Vec<Point> = counts
            .iter()
            .enumerate()
            .map(|(k, p)| {
                sum += p;
                Point::new((1.0 + k as f64) / total, sum)
            })
            .filter(|point| point.y < 0.9999)
            .step_by(3)
            .collect();
        push("Pólya's urn", &urn);
        marks.push(line("Pólya's urn (closed form)", 5, Style::Markers, urn));
        let panel = Panel {
            title: format!("after {} replays", self.replays),
            x: Axis::log("weight of the event").within(LEAST, 1.0),
            y: Axis::linear("share of runs with at most this weight").within(0.0, 1.0),
            equal: false,
            marks,
        };
        (Figure { panels: vec![panel], ..Figure::new(1, 300.0) }, table)
    }

    /// The share of cues that return against their noise, before and after.
    fn basins(&self, findings: &Findings) -> (Figure, Table) {
        let columns = vec![
            Column::plain("protocol"),
            Column::plain("replays"),
            Column::plain("sigma"),
            Column::new("returned", &["returned", "low", "high"]),
        ];
        let mut table = Table::new("basins", columns);
        let mut curve = |outcome: &Outcome, look: &Look| -> Vec<Point> {
            let point = |(k, sigma): (usize, &f64)| {
                let mean = self.of_recall(look, |m| m.returned[k]);
                table.rows.push(vec![
                    Cell::plain(outcome.condition.name),
                    Cell::plain(look.replays),
                    Cell::number(*sigma),
                    mean.cell(3),
                ]);
                mean.point(*sigma)
            };
            self.levels.iter().enumerate().map(point).collect()
        };
        let [low, high] = [self.levels[0], self.levels[self.levels.len() - 1]];
        let mut panel = |title: &str, shown: &[(&str, &str, usize)]| {
            let mut marks = Vec::new();
            for (name, protocol, style) in shown {
                let Some(outcome) = findings.exact.iter().find(|o| o.condition.name == *protocol) else {
                    continue;
                };
                if let (true, [first, .., last]) = (marks.is_empty(), &outcome.looks[..]) {
                    marks.push(line("before", 6, Style::Marked, curve(outcome, first)));
                    marks.push(line(name, *style, Style::Marked, curve(outcome, last)));
                } else if let Some(last) = outcome.looks.last() {
                    marks.push(line(name, *style, Style::Marked, curve(outcome, last)));
                }
            }
            Panel {
                title: title.into(),
                x: Axis::linear("noise σ of the cue").within(low, high),
                y: Axis::linear("share of cues that return").within(0.0, 1.0),
                equal: false,
                marks,
            }
        };
        let plain = panel(
            "replay alone",
            &[
                ("self-sampled", "self-sampled", 0),
                ("power 1.5", "power 1.5", 1),
                ("cued", "cued", 2),
                ("cued, core only", "cued, core only", 3),
            ],
        );
        let streamed = panel(
            "with new experiences",
            &[
                ("self-sampled", "self-sampled, new experiences", 0),
                ("cued", "cued, new experiences", 2),
                ("no replay", "no replay, new experiences", 4),
                ("cued, 9 of 10 disrupted", "cued, 9 of 10 disrupted, new experiences", 5),
            ],
        );
        (Figure { panels: vec![plain, streamed], ..Figure::new(2, 290.0) }, table)
    }

    /// The mean of a measure over networks, with its t interval.
    fn of_networks(
        findings: &Findings,
        (teacher, look): (usize, usize),
        value: impl Fn(&learned::Measure) -> f64,
    ) -> Mean {
        let values: Vec<f64> = findings.learned.iter().map(|all| value(&all[teacher][look])).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let ends = of_runs(&values).unwrap_or(Interval { low: mean, high: mean });
        Mean { value: mean, ends }
    }

    fn networks_table(&self, findings: &Findings) -> Table {
        let mut table = Table::new(
            "networks",
            vec![
                Column::plain("taught"),
                Column::plain("rounds"),
                Column::plain("replays"),
                Column::new("error in the core", &["error_core", "error_core_low", "error_core_high"]),
                Column::new("error outside", &["error_rest", "error_rest_low", "error_rest_high"]),
                Column::new("cues that return", &["returned", "returned_low", "returned_high"]),
                Column::new("weight", &["weight", "weight_low", "weight_high"]),
                Column::new("off the semantic memory", &["off", "off_low", "off_high"]),
            ],
        );
        for (teacher, (name, _)) in teachers().iter().enumerate() {
            for (look, rounds) in self.rounds.iter().enumerate() {
                let at = (teacher, look);
                let replays = match teacher {
                    0 => 0,
                    _ => rounds * (SETTINGS.steps * SETTINGS.replays) as u64,
                };
                table.rows.push(vec![
                    Cell::plain(*name),
                    Cell::plain(*rounds),
                    Cell::plain(replays),
                    Self::of_networks(findings, at, |m| m.errors[0]).cell(3),
                    Self::of_networks(findings, at, |m| m.errors[1]).cell(3),
                    Self::of_networks(findings, at, |m| m.returned).cell(2),
                    Self::of_networks(findings, at, |m| m.weight).cell(3),
                    Self::of_networks(findings, at, |m| m.off).cell(3),
                ]);
            }
        }
        table
    }

    fn networks_figure(&self, findings: &Findings) -> Figure {
        let panel = |title: &str, y: &str, value: &dyn Fn(&learned::Measure) -> f64| {
            let taught = teachers();
            let marks = taught.iter().enumerate().map(|(teacher, (name, _))| {
                let point = |(look, rounds): (usize, &u64)| {
                    Point::new(*rounds as f64, Self::of_networks(findings, (teacher, look), value).value)
                };
                line(name, teacher, Style::Marked, self.rounds.iter().enumerate().map(point).collect())
            });
            let marks: Vec<Mark> = marks.collect();
            let last = self.rounds[self.rounds.len() - 1] as f64;
            let x = Axis::linear("rounds").within(0.0, last);
            let most = findings.learned.iter().flatten().flatten().map(value).fold(0.0, f64::max);
            let y = Axis::linear(y).within(0.0, most.max(0.1));
            Panel { title: title.into(), x, y, equal: false, marks }
        };
        let panels = vec![
            panel("recall of cues: the core", "error (spreads)", &|m| m.errors[0]),
            panel("recall of cues: other units", "error (spreads)", &|m| m.errors[1]),
            panel("free recall", "share that lands on the event", &|m| m.weight),
            panel("semantic memory", "distance from it (spreads)", &|m| m.off),
        ];
        Figure { panels, ..Figure::new(2, 250.0) }
    }

    fn blocks(&self, findings: &Findings) -> Vec<Block> {
        let figure = |name, alt: &str, caption: String, (figure, numbers): (Figure, Table)| {
            Block::Figure(Box::new(Illustration { name, alt: alt.into(), caption, figure, numbers }))
        };
        let LearnedWords { setup, read } = self.words();
        let networks = self.networks_table(findings);
        let middle = self.levels[self.levels.len() / 2];
        vec![
            Block::Heading("Stored patterns: weights".into()),
            figure(
                "weights",
                "Weight of the event against replays, one panel for each protocol: single runs, median and mean.",
                format!(
                    "Weight of the event against replays, in {} runs of each protocol. It begins at 1/{}. Thin: six of the \
                     runs. Weights below {LEAST} are not shown.",
                    self.runs,
                    self.stored + 1
                ),
                (self.weights(findings), Self::weight_numbers(findings)),
            ),
            figure(
                "distribution",
                "Distribution of the weight of the event over runs after all replays.",
                "The distribution over runs, which a mean hides. Plain replay keeps the mean and loses the event in most runs."
                    .into(),
                self.distribution(findings),
            ),
            Block::Heading("Closed forms".into()),
            Block::Text(
                "Intervals are of 95 %, so one in twenty is expected to miss.".into(),
            ),
            Block::Table(self.closed_forms(findings)),
            Block::Heading("Stored patterns: recall".into()),
            figure(
                "basins",
                "Share of noisy cues that return to the event against their noise, before and after replay.",
                format!(
                    "Share of {} cues that return to the event (or to a memory with its core), against their noise, after {} \
                     replays. Bands: 95 % bootstrap intervals over {} runs.",
                    self.cues, self.replays, self.measured.min(self.runs)
                ),
                self.basins(findings),
            ),
            Block::Text(format!(
                "Basin: share of cues that return, mean over σ = {:?}. Units wrong: at σ = {middle}. Both are of {} runs. \
                 Below its first weight: share of all runs. Itself: weight of the event without the memories that have only \
                 its core.",
                self.levels,
                self.measured.min(self.runs)
            )),
            Block::Results,
            Block::Heading("One network".into()),
            Block::Text(setup),
            figure(
                "networks",
                "Recall error, free recall and semantic memory of networks against rounds of replay.",
                read,
                (self.networks_figure(findings), networks.clone()),
            ),
            Block::Table(Table { name: "networks-table".into(), ..networks }),
        ]
    }

    fn words(&self) -> LearnedWords {
        let (steps, fresh) = self.before;
        let each = SETTINGS.steps * SETTINGS.replays;
        LearnedWords {
            setup: format!(
                "A network of three hidden layers of {} units learns a stream of experiences in D = {UNITS} units, each of \
                 which is shown in one step only: a Gaussian on {LATENT} random directions, with a variance of 1 for a unit \
                 and a deviation of {THICKNESS} in all other directions. After {steps} steps of {fresh} experiences the event, \
                 a random vector, comes once. Then a round makes {each} replays and trains {} steps on {} new experiences and \
                 {} replays each. Each row is shown with {} noises. Means of {} networks with 95 % t intervals.",
                SETTINGS.width,
                SETTINGS.steps,
                SETTINGS.fresh,
                SETTINGS.replays,
                SETTINGS.repeats,
                self.networks
            ),
            read: format!(
                "Recall of {} cues of the event at σ = {NOISE} spreads, and as many free recalls. Means of {} networks; \
                 the table has their intervals. Landed: within {LANDED} spreads. Semantic memory: median distance of the other free recalls from its directions, which is \
                 {THICKNESS} for true experiences.",
                self.recalls, self.networks
            ),
        }
    }

    pub(super) fn report(&self, findings: &Findings, seconds: f64) -> Report {
        let Config { dim, stored, replays, runs, networks, seed, .. } = self;
        Report {
            experiment: "replay",
            title: "Consolidation and replay".into(),
            introduction: format!(
                "An event is experienced once, beside {stored} stored patterns (±1, D = {dim}). Replays are trained on again, as in \
                 Ambrogioni (2023), section 6.2: each adds the mass of one experience to the memory that it recalled. {replays} \
                 replays are self-sampled, sampled with a power of the weights, or recalled from a trace of the event with a \
                 noise of σ = {TRACE}; alone, or with one new experience for each replay; whole, or with half of the event's \
                 units as a core. The paper gives no numbers."
            ),
            command: format!(
                "attractor reproduce replay --runs {runs} --networks {networks} --seed {seed} --out DIR"
            ),
            settings: json!({
                "dim": dim, "stored": stored, "replays": replays, "looks": self.looks, "refit": self.refit,
                "runs": runs, "measured": self.measured, "levels": self.levels, "cues": self.cues, "networks": networks,
                "before": [self.before.0, self.before.1], "rounds": self.rounds, "recalls": self.recalls,
                "width": SETTINGS.width, "repeats": SETTINGS.repeats, "rate": SETTINGS.rate, "steps": SETTINGS.steps,
                "fresh": SETTINGS.fresh, "network_replays": SETTINGS.replays, "seed": seed,
            }),
            seed: *seed,
            seconds,
            more: Map::from_iter([
                ("closed_forms".to_owned(), self.closed_forms(findings).json()),
                ("networks".to_owned(), self.networks_table(findings).json()),
            ]),
            blocks: self.blocks(findings),
            results: self.protocols(findings),
        }
    }
}

/// Texts about the networks.
struct LearnedWords {
    setup: String,
    read: String,
}
