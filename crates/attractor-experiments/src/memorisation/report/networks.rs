//! Networks: rates of memorisation against rows and steps, critical levels, and the two times.

use attractor_audit::rates::{COUNT, RATES};
use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point};
use attractor_report::{Block, Cell, Column, Table};

use super::super::networks::{Learned, Plan};
use super::super::times::{Slope, slope};
use super::super::{Config, Findings};
use super::{figure, line, upright};

/// The numbers of rows that are drawn against steps, so that each has a style.
const DRAWN: [usize; 7] = [2, 8, 16, 32, 64, 128, 5000];

/// C_T, which is no share.
const C_T: usize = COUNT - 1;

/// The floor r^D of f_mem, with the dimension of the data where it is known.
fn floor(plan: &Plan, learned: &Learned) -> f64 {
    let known = plan.set.dimension().map(|dimension| attractor_audit::rates::RATIO.powf(dimension));
    known.or(learned.floor).unwrap_or(0.0)
}

fn maybe(value: Option<f64>) -> Cell {
    value.filter(|v| v.is_finite()).map_or_else(Cell::empty, Cell::number)
}

impl Config {
    fn all<'a>(&'a self, findings: &'a Findings) -> impl Iterator<Item = (&'a Plan, &'a [Learned])> {
        self.plans.iter().zip(findings.networks.iter().map(Vec::as_slice))
    }

    /// All rates of all networks at all looks.
    pub(in super::super) fn rates(&self, findings: &Findings) -> Table {
        let mut columns = vec![Column::plain("set"), Column::new("N", &["rows"]), Column::plain("step")];
        columns.extend(RATES.iter().map(|rate| Column::new(rate.name, &[rate.key])));
        columns.extend([
            Column::new("W", &["wasserstein"]),
            Column::new("W of the data", &["wasserstein_data"]),
            Column::new("precision", &["precision"]),
            Column::new("recall", &["recall"]),
            Column::new("coverage", &["coverage"]),
        ]);
        let mut table = Table::new("rates", columns);
        for (plan, networks) in self.all(findings) {
            for learned in networks {
                for look in &learned.looks {
                    let mut row = vec![
                        Cell::plain(plan.set.name()),
                        Cell::plain(learned.count),
                        Cell::plain(look.step),
                    ];
                    row.extend(look.rates.iter().map(|rate| maybe(Some(rate.value))));
                    row.extend(look.wasserstein.iter().chain(&look.fidelity).map(|v| maybe(Some(*v))));
                    table.rows.push(row);
                }
            }
        }
        table
    }

    /// The rates after the last step, with what honest rows have in their place and the p-value of the swap.
    fn last(&self, findings: &Findings) -> Table {
        let mut columns = vec![
            Column::plain("set"),
            Column::new("N", &["rows"]),
            Column::new("σ_S", &["sigma_speciation"]),
            Column::new("σ_C", &["sigma_collapse"]),
            Column::new("lowest level", &["sigma_low"]),
            Column::new("floor", &["floor"]),
        ];
        columns.extend(RATES.iter().map(|rate| Column::new(rate.name, &[rate.key])));
        let mut table = Table::new("last", columns);
        table.caption =
            "After the last step. A star: the swap of training and held-out rows has p ≤ .05 (of 199 swaps; all splits where there are fewer)."
                .into();
        for (plan, networks) in self.all(findings) {
            for learned in networks {
                let Some(look) = learned.looks.last() else { continue };
                let mut row = vec![
                    Cell::plain(plan.set.name()),
                    Cell::plain(learned.count),
                    maybe(learned.critical[0]),
                    maybe(learned.critical[1]),
                    maybe(Some(learned.levels[0])),
                    Cell::rounded(floor(plan, learned), 4),
                ];
                row.extend(look.rates.iter().map(|rate| {
                    let star = if rate.p_value.is_some_and(|p| p <= 0.05) { "*" } else { "" };
                    Cell::of(format!("{:.3}{star}", rate.value), [rate.value.into()])
                }));
                table.rows.push(row);
            }
        }
        table
    }

    /// The two times of each network.
    pub(in super::super) fn times(&self, findings: &Findings) -> Table {
        let columns = vec![
            Column::plain("set"),
            Column::new("N", &["rows"]),
            Column::new("τ_gen", &["generalising"]),
            Column::new("τ_mem", &["memorising"]),
            Column::new("τ_mem, clusters", &["memorising_clusters"]),
            Column::new("τ_mem/N", &["memorising_each"]),
        ];
        let mut table = Table::new("times", columns);
        for (plan, networks) in self.all(findings) {
            for learned in networks {
                let floor = floor(plan, learned);
                let memorising = learned.memorising(false, floor);
                table.rows.push(vec![
                    Cell::plain(plan.set.name()),
                    Cell::plain(learned.count),
                    maybe(learned.generalising()),
                    maybe(memorising),
                    maybe(learned.memorising(true, floor)),
                    maybe(memorising.map(|time| time / learned.count as f64)),
                ]);
            }
        }
        table
    }

    /// The exponents of both times in N.
    fn exponents(&self, plan: &Plan, networks: &[Learned]) -> [Option<Slope>; 2] {
        let of = |time: &dyn Fn(&Learned) -> Option<f64>| {
            let points: Vec<(f64, f64)> =
                networks.iter().filter_map(|learned| Some((learned.count as f64, time(learned)?))).collect();
            slope(&points)
        };
        [of(&|l| l.generalising()), of(&|l| l.memorising(false, floor(plan, l)))]
    }

    fn exponents_table(&self, findings: &Findings) -> Table {
        let columns = vec![
            Column::plain("set"),
            Column::new("τ_gen ∝ N^", &["generalising", "generalising_low", "generalising_high"]),
            Column::new("τ_mem ∝ N^", &["memorising", "memorising_low", "memorising_high"]),
        ];
        let mut table = Table::new("exponents", columns);
        for (plan, networks) in self.all(findings) {
            let cell = |slope: Option<Slope>| match slope {
                Some(Slope { value, interval: Some((low, high)) }) => Cell::interval(value, low, high, 2),
                Some(Slope { value, .. }) => Cell::rounded(value, 2),
                None => Cell::empty(),
            };
            let [generalising, memorising] = self.exponents(plan, networks);
            table.rows.push(vec![Cell::plain(plan.set.name()), cell(generalising), cell(memorising)]);
        }
        table
    }

    /// f_mem against steps, one line for each N.
    fn steps_figure(&self, findings: &Findings) -> Figure {
        let mut figure = Figure::new(3, 250.0);
        for clusters in [false, true] {
            for (plan, networks) in self.all(findings) {
                let (low, high) = (plan.steps[0] as f64, plan.steps[plan.steps.len() - 1] as f64);
                let drawn = networks.iter().filter_map(|learned| {
                    Some((DRAWN.iter().position(|count| *count == learned.count)?, learned))
                });
                let mut marks: Vec<Mark> = drawn
                    .map(|(style, learned)| {
                        let rate = usize::from(clusters);
                        let points =
                            learned.looks.iter().map(|l| Point::new(l.step as f64, l.rates[rate].value));
                        line(format!("N = {}", learned.count), style, Look::Marked, points.collect())
                    })
                    .collect();
                if let Some(floor) = networks.last().map(|learned| floor(plan, learned)) {
                    marks.push(line(
                        "floor",
                        6,
                        Look::ThinDashed,
                        vec![Point::new(low, floor), Point::new(high, floor)],
                    ));
                }
                let rate = if clusters { "f_mem by clusters" } else { "f_mem" };
                figure.panels.push(Panel {
                    title: format!("{}: {rate}", plan.set.name()),
                    x: Axis::log("training steps").within(low, high),
                    y: Axis::linear(rate).within(0.0, 1.0),
                    equal: false,
                    marks,
                });
            }
        }
        figure
    }

    /// The shares after the last step, and critical levels, against N.
    fn rows_figure(&self, findings: &Findings) -> Figure {
        let mut figure = Figure::new(3, 250.0);
        for (plan, networks) in self.all(findings) {
            let points = |value: &dyn Fn(&Learned) -> Option<f64>| -> Vec<Point> {
                networks.iter().filter_map(|l| Some(Point::new(l.count as f64, value(l)?))).collect()
            };
            let marks = (0..C_T).map(|rate| {
                let of = points(&|l| l.looks.last().map(|look| look.rates[rate].value));
                line(RATES[rate].name, rate, Look::Marked, of)
            });
            figure.panels.push(Panel {
                title: plan.set.name().into(),
                x: axis_of_rows(plan),
                y: Axis::linear("rate after the last step").within(0.0, 1.0),
                equal: false,
                marks: marks.collect(),
            });
        }
        for (plan, networks) in self.all(findings) {
            let points = |value: &dyn Fn(&Learned) -> Option<f64>| -> Vec<Point> {
                networks.iter().filter_map(|l| Some(Point::new(l.count as f64, value(l)?))).collect()
            };
            let marks = vec![
                line("σ_S", 3, Look::Marked, points(&|l| l.critical[0])),
                line("σ_C", 4, Look::Marked, points(&|l| l.critical[1])),
                line("lowest level of training", 5, Look::ThinDashed, points(&|l| Some(l.levels[0]))),
            ];
            figure.panels.push(Panel {
                title: format!("{}: critical levels", plan.set.name()),
                x: axis_of_rows(plan),
                y: Axis::log("noise level σ"),
                equal: false,
                marks,
            });
        }
        figure
    }

    /// C_T, the sliced Wasserstein distance and the two times against N.
    fn times_figure(&self, findings: &Findings) -> Figure {
        let mut figure = Figure::new(3, 250.0);
        for (plan, networks) in self.all(findings) {
            let points = |value: &dyn Fn(&Learned) -> Option<f64>| -> Vec<Point> {
                networks.iter().filter_map(|l| Some(Point::new(l.count as f64, value(l)?))).collect()
            };
            let mut marks = vec![
                line("τ_gen", 3, Look::Marked, points(&|l| l.generalising())),
                line("τ_mem", 4, Look::Marked, points(&|l| l.memorising(false, floor(plan, l)))),
            ];
            // A line of slope 1 through the middle of the times.
            let known = points(&|l| l.memorising(false, floor(plan, l)));
            if known.len() > 1 {
                let mean = known.iter().map(|p| (p.y / p.x).ln()).sum::<f64>() / known.len() as f64;
                let ends = [known[0].x, known[known.len() - 1].x];
                let points = ends.map(|x| Point::new(x, x * mean.exp())).to_vec();
                marks.push(line("∝ N", 6, Look::ThinDashed, points));
            }
            figure.panels.push(Panel {
                title: plan.set.name().into(),
                x: axis_of_rows(plan),
                y: Axis::log("training steps"),
                equal: false,
                marks,
            });
        }
        figure
    }

    /// All rates of one network of each set against steps: the one with the largest N that memorises.
    fn rates_figure(&self, findings: &Findings) -> (Figure, Vec<usize>) {
        let mut figure = Figure::new(3, 250.0);
        let chosen: Vec<&Learned> = self
            .all(findings)
            .filter_map(|(plan, networks)| {
                networks.iter().rfind(|l| l.memorising(false, floor(plan, l)).is_some()).or(networks.last())
            })
            .collect();
        for ((plan, _), learned) in self.all(findings).zip(&chosen) {
            let marks = (0..C_T).map(|rate| {
                let of =
                    learned.looks.iter().map(|look| Point::new(look.step as f64, look.rates[rate].value));
                line(RATES[rate].name, rate, Look::Marked, of.collect())
            });
            let (low, high) = (plan.steps[0] as f64, plan.steps[plan.steps.len() - 1] as f64);
            figure.panels.push(Panel {
                title: format!("{}, N = {}", plan.set.name(), learned.count),
                x: Axis::log("training steps").within(low, high),
                y: Axis::linear("rate").within(0.0, 1.0),
                equal: false,
                marks: marks.collect(),
            });
        }
        for ((plan, _), learned) in self.all(findings).zip(&chosen) {
            let of = |value: &dyn Fn(usize) -> f64| -> Vec<Point> {
                (0..learned.looks.len()).map(|k| Point::new(learned.looks[k].step as f64, value(k))).collect()
            };
            let marks = vec![line(
                "C_T (below −2: too near to training rows)",
                6,
                Look::Marked,
                of(&|k| learned.looks[k].rates[C_T].value),
            )];
            let (low, high) = (plan.steps[0] as f64, plan.steps[plan.steps.len() - 1] as f64);
            figure.panels.push(Panel {
                title: format!("{}, N = {}", plan.set.name(), learned.count),
                x: Axis::log("training steps").within(low, high),
                y: Axis::linear("C_T"),
                equal: false,
                marks,
            });
        }
        (figure, chosen.iter().map(|learned| learned.count).collect())
    }

    /// How far networks are from remembering and from the truth at each level, with the critical levels.
    fn levels_figure(&self, findings: &Findings) -> Figure {
        let mut figure = Figure::new(3, 250.0);
        for (plan, networks) in self.all(findings) {
            let count = networks.len();
            for k in [count / 4, count / 2, count - 1] {
                let learned = &networks[k];
                let Some(look) = learned.looks.last() else { continue };
                let of = |value: &dyn Fn(usize) -> Option<f64>| -> Vec<Point> {
                    (0..look.gaps.len())
                        .filter_map(|n| Some(Point::new(look.gaps[n].sigma, value(n)?)))
                        .collect()
                };
                let top = look
                    .gaps
                    .iter()
                    .flat_map(|gap| [Some(gap.memory), gap.truth, gap.between])
                    .flatten()
                    .fold(0.0, f64::max);
                let mut marks =
                    vec![line("from remembering", 0, Look::Marked, of(&|n| Some(look.gaps[n].memory)))];
                if plan.set.dimension().is_some() {
                    marks.push(line("from the best denoiser", 1, Look::Marked, of(&|n| look.gaps[n].truth)));
                    marks.push(line("these two", 2, Look::ThinDashed, of(&|n| look.gaps[n].between)));
                }
                let (low, high) = (look.gaps[0].sigma, look.gaps[look.gaps.len() - 1].sigma);
                for (k, name) in ["σ_S", "σ_C"].into_iter().enumerate() {
                    if let Some(at) = learned.critical[k].filter(|at| (low..high).contains(at)) {
                        marks.push(upright(name, 3 + k, at, (0.0, top)));
                    }
                }
                figure.panels.push(Panel {
                    title: format!("{}, N = {}", plan.set.name(), learned.count),
                    x: Axis::log("noise level σ").within(low, high),
                    y: Axis::linear("distance").within(0.0, top),
                    equal: false,
                    marks,
                });
            }
        }
        figure
    }

    fn gaps(&self, findings: &Findings) -> Table {
        let keys = ["set", "rows", "sigma", "from_memory", "from_truth", "memory_from_truth"];
        let mut table = Table::new("levels", keys.map(Column::plain).to_vec());
        for (plan, networks) in self.all(findings) {
            for learned in networks {
                for gap in learned.looks.last().map_or(&[][..], |look| &look.gaps) {
                    let number = |value: Option<f64>| value.map_or_else(Cell::empty, Cell::drawn);
                    table.rows.push(vec![
                        Cell::plain(plan.set.name()),
                        Cell::plain(learned.count),
                        Cell::drawn(gap.sigma),
                        Cell::drawn(gap.memory),
                        number(gap.truth),
                        number(gap.between),
                    ]);
                }
            }
        }
        table
    }

    pub(super) fn of_networks(&self, findings: &Findings) -> Vec<Block> {
        let widths: Vec<String> = self
            .plans
            .iter()
            .map(|p| {
                format!(
                    "{} (D = {}, width {}, {} steps)",
                    p.set.name(),
                    p.set.dim(),
                    p.width,
                    p.steps[p.steps.len() - 1]
                )
            })
            .collect();
        let (rates, chosen) = self.rates_figure(findings);
        let numbers = Table { name: "rates-steps".into(), ..self.rates(findings) };
        let named = |name: &str| Table { name: name.into(), ..numbers.clone() };
        vec![
            Block::Heading("Networks of N rows".into()),
            Block::Text(format!(
                "{}. Batches have {} rows, drawn at random with new noise, whatever N is. At each look a network generates rows, which are audited \
                 against the N training rows and as many held-out ones. The floor is the share of honest rows with d₁/d₂ < ⅓ that evenly \
                 spread rows have, 3^−D.",
                widths.join("; "),
                self.plans[0].batch
            )),
            figure(
                "steps",
                "f_mem against training steps for each number of rows, as published and by clusters.",
                "f_mem against training steps: above as published, below with the second row in another cluster. The file of numbers has every N.",
                (self.steps_figure(findings), numbers.clone()),
            ),
            figure(
                "rows",
                "Rates after the last step, and critical levels, against the number of rows.",
                "Above: rates after the last step. Below: speciation σ_S, collapse σ_C, and the lowest level that the network is trained at. Where \
                 σ_C is below it, no network can tell rows apart.",
                (self.rows_figure(findings), self.last(findings)),
            ),
            figure(
                "rates",
                "All rates against training steps, for one network of each set.",
                format!("All rates against training steps, for N = {chosen:?}."),
                (rates, named("rates-of-steps")),
            ),
            figure(
                "times",
                "The two times against the number of rows.",
                "τ_gen: the sliced Wasserstein distance from the data has made nine tenths of its fall. τ_mem: f_mem is half-way from its floor to \
                 1. Networks that never come there have no τ_mem.",
                (self.times_figure(findings), self.times(findings)),
            ),
            Block::Table(Table { name: "times-table".into(), ..self.times(findings) }),
            Block::Table(self.exponents_table(findings)),
            figure(
                "levels",
                "Distance of networks from the exact denoiser of their rows and from the best denoiser, against the noise level.",
                "Distance of the network's denoiser, after the last step, from that which remembers the training rows and from that of the data (not \
                 known for digits): root mean square over units of noisy held-out rows.",
                (self.levels_figure(findings), self.gaps(findings)),
            ),
            Block::Table(Table { name: "last-table".into(), ..self.last(findings) }),
            Block::Results,
        ]
    }
}

/// The axis of N.
fn axis_of_rows(plan: &Plan) -> Axis {
    let (low, high) = (plan.counts[0] as f64, plan.counts[plan.counts.len() - 1] as f64);
    Axis::log("training rows N").within(low, high.max(2.0 * low))
}
