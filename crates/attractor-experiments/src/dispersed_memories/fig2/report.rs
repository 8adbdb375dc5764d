//! The report: the figure's panels, where the cue ends, and how often the dynamics agree.

use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_report::statistics::median;
use attractor_report::{Block, Cell, Column, Illustration, Report, Table};
use ndarray::{Array1, Array2, ArrayView1};
use serde_json::{Map, json};

use super::{Config, DYNAMICS, Dynamic, MODERN, ONE_STEP, Runs};

/// Which dynamics each figure shows; the first one is drawn at the bottom.
const PANELS: [(&str, &[usize]); 2] = [("fig2a", &[1, 0, MODERN, ONE_STEP]), ("fig2b", &[4, 0, 3])];

impl Config {
    /// The position of a step of a dynamics on the axis of Euler steps.
    fn place(&self, dynamics: usize, step: usize) -> f64 {
        match dynamics {
            MODERN => step as f64 * self.steps as f64 / self.updates.max(1) as f64,
            ONE_STEP => (step * self.steps) as f64,
            _ => step as f64,
        }
    }

    fn figure(&self, runs: &Runs, drawn: &[usize]) -> Figure {
        let truth = runs.patterns.row(0);
        let distance = |state: &[f64]| {
            let square: f64 = state.iter().zip(truth).map(|(x, y)| (x - y).powi(2)).sum();
            (square / self.dim as f64).sqrt()
        };
        let series = |value: &dyn Fn(&[f64]) -> f64| {
            let one = |d: &usize| {
                let point =
                    |(step, state): &(usize, Vec<f64>)| Point::new(self.place(*d, *step), value(state));
                let Dynamic { name, style, look, .. } = DYNAMICS[*d];
                let points = runs.runs[*d].path.iter().map(point).collect();
                Mark::Line(Series { name: name.into(), style, look, points })
            };
            drawn.iter().map(one).collect::<Vec<Mark>>()
        };
        let panel = |title: String, y: Axis, goal: Option<f64>, marks: Vec<Mark>| {
            let ends = [0.0, self.steps as f64];
            let goal = goal.map(|goal| {
                let points = ends.map(|x| Point::new(x, goal)).to_vec();
                Mark::Line(Series { name: "stored pattern".into(), style: 2, look: Look::Line, points })
            });
            let x = Axis::linear("Euler step").within(0.0, self.steps as f64);
            Panel { title, x, y, equal: false, marks: goal.into_iter().chain(marks).collect() }
        };
        let states = drawn.iter().flat_map(|d| &runs.runs[*d].path).flat_map(|(_, state)| state);
        let most = states.fold(1.0f64, |most, x| most.max(x.abs())) * 1.08;
        let mut panels: Vec<Panel> = (0..self.dim)
            .map(|unit| {
                let y = Axis::linear("x").within(-most, most);
                panel(format!("unit {}", unit + 1), y, Some(truth[unit]), series(&|state| state[unit]))
            })
            .collect();
        let marks = series(&distance);
        let all = marks.iter().flat_map(|mark| match mark {
            Mark::Line(series) => series.points.iter().map(|p| p.y).collect(),
            _ => Vec::new(),
        });
        let y = Axis::linear("distance per unit").within(0.0, 1.08 * all.fold(0.0, f64::max));
        panels.push(panel("from the stored pattern".into(), y, None, marks));
        Figure { panels, ..Figure::new(3, 215.0) }
    }

    /// The numbers behind the curves.
    fn numbers(&self, runs: &Runs, name: &'static str, drawn: &[usize]) -> Table {
        let columns = ["dynamics", "step", "unit", "x"].map(Column::plain);
        let mut table = Table::new(name, columns.to_vec());
        for d in drawn {
            for (step, state) in &runs.runs[*d].path {
                for (unit, x) in state.iter().enumerate() {
                    let cells = [Cell::plain(DYNAMICS[*d].name), Cell::plain(*step), Cell::plain(unit + 1)];
                    table.rows.push(cells.into_iter().chain([Cell::number(*x)]).collect());
                }
            }
        }
        table
    }

    /// The stored pattern, the cue, and where each dynamics ends, unit by unit.
    fn results(&self, runs: &Runs) -> Table {
        let mut results = Table::new(
            "units",
            vec![Column::plain("unit"), Column::new("stored pattern", &["stored"]), Column::plain("cue")],
        );
        results.columns.extend(DYNAMICS.iter().map(|d| Column::new(d.name, &[d.key])));
        results.rows = (0..self.dim)
            .map(|j| {
                let mut row = vec![Cell::plain(j + 1), Cell::rounded(runs.patterns[[0, j]], 0)];
                row.push(Cell::rounded(runs.cues[[0, j]], 3));
                row.extend(runs.runs.iter().map(|run| Cell::rounded(run.ends[[0, j]], 3)));
                row
            })
            .collect();
        results
    }

    /// One of the figures of [`PANELS`].
    fn illustration(&self, runs: &Runs, (name, drawn): (&'static str, &[usize]), caption: String) -> Block {
        Block::Figure(Box::new(Illustration {
            name,
            alt: format!(
                "{} panels, one a unit, of activity against Euler step: all curves start at the cue's value; a \
                 sixth shows their distance from the stored pattern.",
                self.dim
            ),
            caption,
            figure: self.figure(runs, drawn),
            numbers: self.numbers(runs, name, drawn),
        }))
    }

    pub(super) fn report(&self, runs: &Runs, seconds: f64) -> Report {
        let (agreement, convergence) = (self.agreement(runs), self.convergence(runs));
        let more = json!({ "agreement": agreement.json(), "updates": convergence.json() });
        let Config { dim, patterns, signal, gamma, steps, beta, updates, cues, width, training, .. } = *self;
        Report {
            experiment: "fig2",
            title: "Figure 2 of Ambrogioni (2023): trajectories".into(),
            introduction: format!(
                "{patterns} random ±1 patterns of D = {dim} units, a cue θy + √(1−θ²)ε with θ = {signal}. The exact \
                 diffusion model (VP, γ = {gamma}) recalls it in {steps} Euler steps of the \
                 probability flow (ODE), and in as many Euler–Maruyama steps of the reverse SDE. A \
                 modern Hopfield network makes {updates} updates at β = {beta}. The learned model is a network of 3 hidden layers of {width} units, which \
                 gets the signal at every layer. It is trained by {training} steps of Adam (the \
                 paper does not say how many) on batches of 16 noisy states of each pattern, and \
                 recalls in the same steps."
            ),
            command: format!("attractor reproduce fig2 --seed {} --out DIR", self.seed),
            settings: json!({
                "dim": dim, "patterns": patterns, "signal": signal, "gamma": gamma, "steps": steps,
                "beta": beta, "updates": updates, "cues": cues, "width": width, "training": training,
                "learned_cues": self.learned_cues.min(cues), "seed": self.seed,
            }),
            seed: self.seed,
            seconds,
            results: self.results(runs),
            more: more.as_object().cloned().unwrap_or_else(Map::new),
            blocks: self.blocks(runs, agreement, convergence),
        }
    }

    fn blocks(&self, runs: &Runs, agreement: Table, convergence: Table) -> Vec<Block> {
        let Config { updates, cues, .. } = *self;
        let learned_cues = self.learned_cues.min(cues);
        let same = |d: usize| {
            let (a, b) = (runs.runs[0].ends.row(0), runs.runs[d].ends.row(0));
            format!("{} of {}", same_signs(a, b), self.dim)
        };
        vec![
            self.illustration(
                runs,
                PANELS[0],
                format!(
                    "a. Activity x of each unit (not z = x/s, in which the dynamics are computed), and root mean square \
                     distance of all of them from the stored pattern. Steps are equal times of the process, from the \
                     cue's level at the left to the data at the right; the {updates} Hopfield updates are spread evenly \
                     over them. One step of diffusion is the denoiser at the cue (“in one step simply by re-scaling the \
                     score”); it stands at the right end."
                ),
            ),
            self.illustration(runs, PANELS[1], "b. The same cue, by the exact model and by the learned one.".into()),
            Block::Heading("Where the cue ends".into()),
            Block::Results,
            Block::Text(format!(
                "Signs of the end states: the SDE has {} of the ODE's, the Hopfield network {}, the learned ODE {}, the \
                 learned SDE {}, and one step {}. The Euler ODE stops short of the pattern by an amount that falls with the root of the \
                 number of steps.",
                same(1),
                same(MODERN),
                same(3),
                same(4),
                same(ONE_STEP)
            )),
            Block::Heading("How often they agree".into()),
            Block::Text(format!(
                "The same memory and {cues} cues: share of units whose end states have the same sign, in %. The \
                 ODE takes a cue to one pattern. The SDE draws one from the posterior, and so \
                 differs where the cue does not determine the pattern. The learned model recalled \
                 the first {learned_cues} of the cues."
            )),
            Block::Table(agreement),
            Block::Heading("How fast the modern Hopfield network converges".into()),
            Block::Text(format!(
                "The state of each of the {cues} cues after so many updates, compared with its state at rest: root mean \
                 square distance per unit (median, and the largest), and the share of units with the same sign. The paper \
                 says that the network converges after a single update."
            )),
            Block::Table(convergence),
        ]
    }

    /// How far the modern network is from rest after each of its updates.
    fn convergence(&self, runs: &Runs) -> Table {
        let columns = vec![
            Column::plain("update"),
            Column::new("median distance", &["median"]),
            Column::new("largest distance", &["largest"]),
            Column::new("same signs, %", &["signs"]),
        ];
        let mut table = Table::new("updates", columns);
        let row = |(number, states): (usize, &Array2<f64>)| {
            let pairs = || states.outer_iter().zip(runs.rest.outer_iter());
            let distance = |(a, b): (ArrayView1<f64>, ArrayView1<f64>)| {
                ((&a - &b).mapv(|d| d * d).sum() / self.dim as f64).sqrt()
            };
            let mut distances: Vec<f64> = pairs().map(distance).collect();
            let largest = distances.iter().copied().fold(0.0, f64::max);
            let same: usize = pairs().map(|(a, b)| same_signs(a, b)).sum();
            let share = same as f64 / states.len() as f64;
            vec![
                Cell::plain(number + 1),
                Cell::number(median(&mut distances)),
                Cell::number(largest),
                Cell::of(format!("{:.2}", 100.0 * share), [share.into()]),
            ]
        };
        table.rows = runs.updates.iter().enumerate().map(row).collect();
        table
    }

    /// The share of equal signs between the dynamics, and with the stored patterns.
    fn agreement(&self, runs: &Runs) -> Table {
        let names: Vec<(&str, &str)> = std::iter::once(("stored pattern", "stored"))
            .chain(DYNAMICS.iter().map(|d| (d.name, d.key)))
            .collect();
        let others = names.len() - 1;
        let mut columns = vec![Column::new("", &["dynamics"])];
        columns.extend(names[..others].iter().map(|(name, key)| Column::new(*name, &[key])));
        let mut table = Table::new("agreement", columns);
        let truth = Array2::from_shape_fn(runs.cues.dim(), |(i, j)| runs.patterns[[i % self.patterns, j]]);
        let states: Vec<&Array2<f64>> =
            std::iter::once(&truth).chain(runs.runs.iter().map(|r| &r.ends)).collect();
        for (i, own) in states.iter().enumerate().skip(1) {
            let share = |other: &Array2<f64>| {
                let same: usize =
                    own.outer_iter().zip(other.outer_iter()).map(|(a, b)| same_signs(a, b)).sum();
                let share = same as f64 / own.len().min(other.len()) as f64;
                Cell::of(format!("{:.1}", 100.0 * share), [share.into()])
            };
            let cell = |(k, other): (usize, &&Array2<f64>)| if k < i { share(other) } else { Cell::empty() };
            let mut row = vec![Cell::plain(names[i].0)];
            row.extend(states[..others].iter().enumerate().map(cell));
            table.rows.push(row);
        }
        table
    }
}

fn same_signs(a: ArrayView1<f64>, b: ArrayView1<f64>) -> usize {
    let signs = |x: ArrayView1<f64>| -> Array1<bool> { x.mapv(|x| x < 0.0) };
    signs(a).iter().zip(&signs(b)).filter(|(a, b)| a == b).count()
}
