//! Figure 2: trajectories, unit by unit. Panel (a) compares the exact diffusion model with modern Hopfield
//! updates, panel (b) a learned model with the exact one.

use std::ops::ControlFlow;
use std::time::Instant;

use attractor::diffusion::{Process, Sampler, Sampling};
use attractor::memories::{Beta, Diffusion, Modern, learned};
use attractor::networks::{Architecture, Kind};
use attractor::observe::Frame;
use attractor::{Level, Memory, Patterns, Request};
use attractor_data::{Corruption, corrupt, random_spins};
use attractor_figures::{Axis, Figure, Look, Mark, Panel, Point, Series};
use attractor_networks::{Settings, Trainer};
use attractor_report::{
    Block, Cell, Column, Declaration, Error, Experiment, Illustration, Progress, Report, Result, Table,
};
use ndarray::{Array1, Array2, ArrayView1};
use serde_json::{Map, json};

/// Settings; the default is the paper's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Units D.
    pub dim: usize,
    /// Stored patterns N.
    pub patterns: usize,
    /// Signal θ of the cues. The paper does not give it; this is the θ of its other experiments.
    pub signal: f64,
    /// Rate γ of the variance-preserving process.
    pub gamma: f64,
    /// Euler steps.
    pub steps: usize,
    /// β of the modern network.
    pub beta: f64,
    /// Updates of the modern network.
    pub updates: usize,
    /// Cues over which agreement is measured. The first one is drawn.
    pub cues: usize,
    /// Width of the hidden layers of the learned score.
    pub width: usize,
    /// Training steps of the learned score. The paper does not give the number.
    pub training: u64,
    /// Cues that the learned model recalls.
    pub learned_cues: usize,
    /// Seed.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            dim: 5,
            patterns: 4,
            signal: 0.68,
            gamma: 1.0,
            steps: 2000,
            beta: 5.0,
            updates: 4,
            cues: 1000,
            width: 750,
            training: 2000,
            learned_cues: 100,
            seed: 0,
        }
    }
}

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "fig2",
    title: "Ambrogioni (2023), Figure 2: trajectories, unit by unit, of exact and learned diffusion and modern Hopfield",
    examples: &["--out fig2"],
    settings: &[],
    inputs: &[],
    build: |given| Ok(Box::new(Config { seed: given.seed, ..Config::default() })),
};

/// The most states of a trajectory that are drawn.
const DRAWN: usize = 200;

/// A dynamics, and how it is drawn.
struct Dynamic {
    name: &'static str,
    key: &'static str,
    style: usize,
    look: Look,
}

const fn dynamic(name: &'static str, key: &'static str, style: usize, look: Look) -> Dynamic {
    Dynamic { name, key, style, look }
}

/// All dynamics, in the order in which they run.
const DYNAMICS: [Dynamic; 5] = [
    dynamic("diffusion, ODE", "ode", 0, Look::Line),
    dynamic("diffusion, SDE", "sde", 1, Look::Thin),
    dynamic("modern Hopfield", "modern", 6, Look::Markers),
    dynamic("learned, ODE", "learned_ode", 3, Look::Line),
    dynamic("learned, SDE", "learned_sde", 4, Look::Thin),
];

/// Which dynamics each figure shows; the first one is drawn at the bottom.
const PANELS: [(&str, &[usize]); 2] = [("fig2a", &[1, 0, 2]), ("fig2b", &[4, 0, 3])];

/// The run of one dynamics on all cues.
struct Run {
    /// The trajectory of the first cue: steps and states x.
    path: Vec<(usize, Vec<f64>)>,
    /// The end states of all cues.
    ends: Array2<f64>,
}

/// All runs.
struct Runs {
    patterns: Array2<f64>,
    cues: Array2<f64>,
    runs: Vec<Run>,
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "dynamics"
    }

    fn check(&self) -> Result<()> {
        let counts = [
            ("dim", self.dim),
            ("patterns", self.patterns),
            ("cues", self.cues),
            ("learned cues", self.learned_cues),
            ("training", usize::try_from(self.training).unwrap_or(usize::MAX)),
        ];
        match counts.iter().find(|(_, count)| *count == 0) {
            Some((name, _)) => Err(Error::setting(name, "at least 1", 0)),
            None => Ok(()),
        }
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let runs = self.runs(progress)?;
        Ok(self.report(&runs, start.elapsed().as_secs_f64()))
    }
}

impl Config {
    fn process(&self) -> Process {
        Process::VariancePreserving { gamma: self.gamma }
    }

    fn runs(&self, progress: &mut Progress) -> Result<Runs> {
        let patterns: Array2<f64> = random_spins(self.patterns, self.dim, self.seed);
        let truth = Array2::from_shape_fn((self.cues, self.dim), |(i, j)| patterns[[i % self.patterns, j]]);
        let cues = corrupt(truth, &Corruption::Signal(self.signal), self.seed, 0, false)?.cues;
        let stored = Patterns::new(patterns.clone())?;
        let done = std::cell::Cell::new(0);
        let parts = 1 + DYNAMICS.len();
        let progress = std::cell::RefCell::new(progress);
        let tell = || (progress.borrow_mut())(done.get(), parts);
        let run = |memory: &dyn Memory<f64>, count, updates, steps: usize| -> Result<Run> {
            let cues = cues.slice(ndarray::s![..self.cues.min(count), ..]);
            let request =
                Request { level: Level::Signal(self.signal), updates, seed: self.seed, ..Request::new(cues) };
            let (mut path, every) = (Vec::new(), steps.div_ceil(DRAWN).max(1));
            let mut watch = |frame: Frame<f64>| {
                let first = frame.rows.iter().position(|&row| row == 0);
                let wanted = frame.step.is_multiple_of(every) || frame.step == steps;
                if let (Some(k), true) = (first, wanted) {
                    // A diffusion memory moves z = x/s, while the figure shows x.
                    let scale =
                        if updates.is_some() { 1.0 } else { self.process().scale_at(frame.levels[k]) };
                    path.push((frame.step, frame.states.row(k).iter().map(|z| scale * z).collect()));
                }
                ControlFlow::Continue(())
            };
            let recall = memory.recall_observed(&request, &mut watch)?;
            // A state that stays at rest is not recorded again.
            let last: Vec<f64> = recall.states.row(0).to_vec();
            if path.last().is_some_and(|(step, _)| *step < steps) {
                let from = path.last().map_or(0, |(step, _)| *step);
                path.extend(
                    (from + 1..=steps)
                        .filter(|step| step.is_multiple_of(every))
                        .map(|step| (step, last.clone())),
                );
            }
            done.set(done.get() + 1);
            tell()?;
            Ok(Run { path, ends: recall.states })
        };
        let diffusion = |sampler| {
            let memory = Diffusion::new(stored.clone(), self.process(), sampler, Some(self.steps))?;
            run(&memory, self.cues, None, self.steps)
        };
        let (ode, sde) = (diffusion(Sampler::Euler)?, diffusion(Sampler::EulerMaruyama)?);
        let modern = Modern::new(stored.clone(), Beta::Value(self.beta))?;
        let modern = run(&modern, self.cues, Some(self.updates), self.updates)?;

        let architecture = Architecture { kind: Kind::Paper, dim: self.dim, width: self.width, depth: 3 };
        let settings = Settings {
            process: self.process(),
            steps: self.training,
            seed: self.seed,
            ..Settings::default()
        };
        let mut trainer = Trainer::new(&stored, architecture, settings)?;
        for _ in 0..self.training {
            trainer.step()?;
            tell()?;
        }
        done.set(done.get() + 1);
        let trained = |sampler: Sampler| {
            let process = Process::VariancePreserving { gamma: self.gamma };
            let sampling = Sampling { process, sampler, steps: Some(self.steps), ..Sampling::default() };
            let memory = learned::<f64>(trainer.network(), stored.clone(), sampling)?;
            run(memory.as_ref(), self.learned_cues, None, self.steps)
        };
        let (learned_ode, learned_sde) = (trained(Sampler::Euler)?, trained(Sampler::EulerMaruyama)?);
        Ok(Runs { patterns, cues, runs: vec![ode, sde, modern, learned_ode, learned_sde] })
    }

    /// The position of a step of a dynamics on the axis of Euler steps.
    fn place(&self, dynamics: usize, step: usize) -> f64 {
        match dynamics {
            2 => step as f64 * self.steps as f64 / self.updates.max(1) as f64,
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

    fn report(&self, runs: &Runs, seconds: f64) -> Report {
        let agreement = self.agreement(runs);
        let more = json!({ "agreement": agreement.json() });
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
            blocks: self.blocks(runs, agreement),
        }
    }

    fn blocks(&self, runs: &Runs, agreement: Table) -> Vec<Block> {
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
                     over them."
                ),
            ),
            self.illustration(runs, PANELS[1], "b. The same cue, by the exact model and by the learned one.".into()),
            Block::Heading("Where the cue ends".into()),
            Block::Results,
            Block::Text(format!(
                "Signs of the end states: the SDE has {} of the ODE's, the Hopfield network {}, the learned ODE {}, the \
                 learned SDE {}. The Euler ODE stops short of the pattern by an amount that falls with the root of the \
                 number of steps.",
                same(1),
                same(2),
                same(3),
                same(4)
            )),
            Block::Heading("How often they agree".into()),
            Block::Text(format!(
                "The same memory and {cues} cues: share of units whose end states have the same sign, in %. The \
                 ODE takes a cue to one pattern. The SDE draws one from the posterior, and so \
                 differs where the cue does not determine the pattern. The learned model recalled \
                 the first {learned_cues} of the cues."
            )),
            Block::Table(agreement),
        ]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trajectories_lead_from_the_cue_to_the_pattern() {
        let config = Config { cues: 40, steps: 400, width: 60, training: 200, ..Config::default() };
        let runs = config.runs(&mut |_, _| Ok(())).expect("runs");
        for run in &runs.runs {
            let (first, state) = &run.path[0];
            assert_eq!(*first, 0);
            // x = s z, so every dynamics starts at the cue itself.
            state.iter().zip(runs.cues.row(0)).for_each(|(x, cue)| assert!((x - cue).abs() < 1e-12));
            let (_, last) = run.path.last().expect("states");
            last.iter().zip(run.ends.row(0)).for_each(|(x, end)| assert!((x - end).abs() < 1e-12));
        }
        let steps = |d: usize| runs.runs[d].path.iter().map(|(step, _)| *step).collect::<Vec<_>>();
        assert_eq!(steps(2), [0, 1, 2, 3, 4]);
        assert_eq!(steps(0).last(), Some(&400));
    }

    #[test]
    fn the_report_counts_agreement() {
        let config = Config { cues: 40, steps: 200, width: 100, training: 400, ..Config::default() };
        let report = config.run(&mut |_, _| Ok(())).expect("a report");
        let json = report.json();
        assert_eq!(json["units"].as_array().map(Vec::len), Some(5));
        // At θ = 0.68 five units are enough to tell four patterns apart for most cues, by any dynamics.
        for row in json["agreement"].as_array().expect("rows") {
            assert!(row["stored"].as_f64().expect("a share") > 0.8, "{row}");
        }
        report.html().expect("a page");
    }
}
