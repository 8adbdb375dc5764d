//! Figure 2: the exact diffusion model's trajectories, unit by unit, with modern Hopfield updates over them.

use std::ops::ControlFlow;
use std::time::Instant;

use attractor::diffusion::{Process, Sampler};
use attractor::memories::{Beta, Diffusion, Modern};
use attractor::observe::Frame;
use attractor::{Level, Memory, Patterns, Request};
use attractor_data::{Corruption, corrupt, random_spins};
use ndarray::{Array1, Array2, ArrayView1};
use serde_json::{Map, json};

use crate::figure::{Axis, Figure, Look, Mark, Panel, Point, Series};
use crate::report::{Block, Cell, Column, Illustration, Report, Table};
use crate::{Error, Experiment, Progress, Result};

/// Settings; the default is the paper's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Config {
    /// Units D.
    pub dim: usize,
    /// Stored patterns N.
    pub patterns: usize,
    /// Signal θ of the cues (the paper does not say; that of its other experiments).
    pub signal: f64,
    /// Rate γ of the variance-preserving process.
    pub gamma: f64,
    /// Euler steps.
    pub steps: usize,
    /// β of the modern network.
    pub beta: f64,
    /// Its updates.
    pub updates: usize,
    /// Cues on which agreement is counted; the first is drawn.
    pub cues: usize,
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
            seed: 0,
        }
    }
}

/// States drawn of a trajectory, at most.
const DRAWN: usize = 200;

/// The dynamics, in the order of their styles.
const DYNAMICS: [&str; 3] = ["diffusion, ODE", "diffusion, SDE", "modern Hopfield"];

/// One dynamics on all cues.
struct Run {
    /// Steps and states x of the first cue.
    path: Vec<(usize, Vec<f64>)>,
    /// Where all cues end.
    ends: Array2<f64>,
}

/// What was run.
struct Runs {
    patterns: Array2<f64>,
    cues: Array2<f64>,
    runs: [Run; 3],
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "dynamics"
    }

    fn check(&self) -> Result<()> {
        let counts = [("dim", self.dim), ("patterns", self.patterns), ("cues", self.cues)];
        match counts.iter().find(|(_, count)| *count == 0) {
            Some((name, _)) => Err(Error::setting(name, "at least 1".into(), 0)),
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
        let mut done = 0;
        let mut run = |memory: &dyn Memory<f64>, updates, steps: usize| -> Result<Run> {
            let request = Request {
                level: Level::Signal(self.signal),
                updates,
                seed: self.seed,
                ..Request::new(cues.view())
            };
            let (mut path, every) = (Vec::new(), steps.div_ceil(DRAWN).max(1));
            let mut watch = |frame: Frame<f64>| {
                let first = frame.rows.iter().position(|&row| row == 0);
                let wanted = frame.step.is_multiple_of(every) || frame.step == steps;
                if let (Some(k), true) = (first, wanted) {
                    // Memories of a process move z = x/s; x is drawn.
                    let scale =
                        if updates.is_some() { 1.0 } else { self.process().scale_at(frame.levels[k]) };
                    path.push((frame.step, frame.states.row(k).iter().map(|z| scale * z).collect()));
                }
                ControlFlow::Continue(())
            };
            let recall = memory.recall_observed(&request, &mut watch)?;
            // A state at rest is not shown again.
            let last: Vec<f64> = recall.states.row(0).to_vec();
            if path.last().is_some_and(|(step, _)| *step < steps) {
                let from = path.last().map_or(0, |(step, _)| *step);
                path.extend(
                    (from + 1..=steps)
                        .filter(|step| step.is_multiple_of(every))
                        .map(|step| (step, last.clone())),
                );
            }
            done += 1;
            progress(done, DYNAMICS.len())?;
            Ok(Run { path, ends: recall.states })
        };
        let mut diffusion = |sampler| {
            let memory = Diffusion::new(stored.clone(), self.process(), sampler, Some(self.steps))?;
            run(&memory, None, self.steps)
        };
        let (ode, sde) = (diffusion(Sampler::Euler)?, diffusion(Sampler::EulerMaruyama)?);
        let modern = Modern::new(stored.clone(), Beta::Value(self.beta))?;
        let modern = run(&modern, Some(self.updates), self.updates)?;
        Ok(Runs { patterns, cues, runs: [ode, sde, modern] })
    }

    /// Where a step of a dynamics stands on the axis of Euler steps.
    fn place(&self, dynamics: usize, step: usize) -> f64 {
        match dynamics {
            2 => step as f64 * self.steps as f64 / self.updates.max(1) as f64,
            _ => step as f64,
        }
    }

    fn figure(&self, runs: &Runs) -> Figure {
        let truth = runs.patterns.row(0);
        let distance = |state: &[f64]| {
            let square: f64 = state.iter().zip(truth).map(|(x, y)| (x - y).powi(2)).sum();
            (square / self.dim as f64).sqrt()
        };
        let series = |value: &dyn Fn(&[f64]) -> f64| {
            let one = |(d, run): (usize, &Run)| {
                let point =
                    |(step, state): &(usize, Vec<f64>)| Point::new(self.place(d, *step), value(state));
                let (style, look) = [(0, Look::Line), (1, Look::Thin), (6, Look::Markers)][d];
                let points = run.path.iter().map(point).collect();
                Mark::Line(Series { name: DYNAMICS[d].into(), style, look, points })
            };
            // The random curve lies below the smooth one.
            [1, 0, 2].map(|d| one((d, &runs.runs[d])))
        };
        let panel = |title: String, y: Axis, goal: Option<f64>, marks: [Mark; 3]| {
            let ends = [0.0, self.steps as f64];
            let goal = goal.map(|goal| {
                let points = ends.map(|x| Point::new(x, goal)).to_vec();
                Mark::Line(Series { name: "stored pattern".into(), style: 2, look: Look::Line, points })
            });
            let x = Axis::linear("Euler step").within(0.0, self.steps as f64);
            Panel { title, x, y, equal: false, marks: goal.into_iter().chain(marks).collect() }
        };
        let drawn = runs.runs.iter().flat_map(|run| &run.path).flat_map(|(_, state)| state);
        let most = drawn.fold(1.0f64, |most, x| most.max(x.abs())) * 1.08;
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
    fn numbers(&self, runs: &Runs) -> Table {
        let columns = ["dynamics", "step", "unit", "x"].map(Column::plain);
        let mut table = Table::new("fig2", columns.to_vec());
        for (dynamics, run) in DYNAMICS.iter().zip(&runs.runs) {
            for (step, state) in &run.path {
                for (unit, x) in state.iter().enumerate() {
                    let cells = [Cell::plain(*dynamics), Cell::plain(*step), Cell::plain(unit + 1)];
                    table.rows.push(cells.into_iter().chain([Cell::number(*x)]).collect());
                }
            }
        }
        table
    }

    fn report(&self, runs: &Runs, seconds: f64) -> Report {
        let mut results = Table::new(
            "units",
            vec![
                Column::plain("unit"),
                Column::new("stored pattern", &["stored"]),
                Column::plain("cue"),
                Column::new(DYNAMICS[0], &["ode"]),
                Column::new(DYNAMICS[1], &["sde"]),
                Column::new(DYNAMICS[2], &["modern"]),
            ],
        );
        results.rows = (0..self.dim)
            .map(|j| {
                let mut row = vec![Cell::plain(j + 1), Cell::rounded(runs.patterns[[0, j]], 0)];
                row.push(Cell::rounded(runs.cues[[0, j]], 3));
                row.extend(runs.runs.iter().map(|run| Cell::rounded(run.ends[[0, j]], 3)));
                row
            })
            .collect();
        let agreement = self.agreement(runs);
        let more = json!({ "agreement": agreement.json() });
        let same = |d: usize| {
            let (a, b) = (runs.runs[0].ends.row(0), runs.runs[d].ends.row(0));
            format!("{} of {}", same_signs(a, b), self.dim)
        };
        let Config { dim, patterns, signal, gamma, steps, beta, updates, cues, seed } = *self;
        Report {
            experiment: "fig2",
            title: "Figure 2 of Ambrogioni (2023): trajectories".into(),
            introduction: format!(
                "{patterns} random ±1 patterns of D = {dim} units, a cue θy + √(1−θ²)ε with θ = {signal}. The exact \
                 diffusion model (VP, γ = {gamma}) takes it back by {steps} Euler steps of the probability flow (ODE) and \
                 by as many Euler–Maruyama steps of the reverse SDE; a modern Hopfield network makes {updates} updates at \
                 β = {beta}. The paper's learned network is not drawn: no network is trained here yet."
            ),
            command: format!("attractor reproduce fig2 --seed {seed} --out DIR"),
            settings: json!({
                "dim": dim, "patterns": patterns, "signal": signal, "gamma": gamma, "steps": steps,
                "beta": beta, "updates": updates, "cues": cues, "seed": seed,
            }),
            seed,
            seconds,
            results,
            more: more.as_object().cloned().unwrap_or_else(Map::new),
            blocks: vec![
                Block::Figure(Box::new(Illustration {
                    name: "fig2",
                    alt: format!(
                        "{dim} panels, one a unit, of activity against Euler step: both diffusion curves and the Hopfield \
                         updates start at the cue's value; a sixth shows their distance from the stored pattern."
                    ),
                    caption: format!(
                        "Activity x of each unit (not z = x/s, in which the dynamics are computed), and root mean square \
                         distance of all of them from the stored pattern. Steps are equal times of the process, from the \
                         cue's level at the left to the data at the right; the {updates} Hopfield updates are spread evenly \
                         over them."
                    ),
                    figure: self.figure(runs),
                    numbers: self.numbers(runs),
                })),
                Block::Heading("Where the cue ends".into()),
                Block::Results,
                Block::Text(format!(
                    "Signs of the end states: the SDE has {} of the ODE's, the Hopfield network {}. The Euler ODE stops \
                     short of the pattern by an amount that falls with the root of the number of steps.",
                    same(1),
                    same(2)
                )),
                Block::Heading("How often they agree".into()),
                Block::Text(format!(
                    "The same memory and {cues} cues: share of units whose end states have the same sign, in %. The ODE \
                     takes a cue to one pattern; the SDE draws one from the posterior, and so differs where the cue \
                     leaves a choice."
                )),
                Block::Table(agreement),
            ],
        }
    }

    /// Shares of equal signs between the dynamics, and with the patterns.
    fn agreement(&self, runs: &Runs) -> Table {
        let keys = ["stored", "ode", "sde", "modern"];
        let headings = ["stored pattern", DYNAMICS[0], DYNAMICS[1], DYNAMICS[2]];
        let mut columns = vec![Column::new("", &["dynamics"])];
        columns.extend((0..3).map(|i| Column::new(headings[i], &keys[i..=i])));
        let mut table = Table::new("agreement", columns);
        let truth = Array2::from_shape_fn(runs.cues.dim(), |(i, j)| runs.patterns[[i % self.patterns, j]]);
        let states = [&truth, &runs.runs[0].ends, &runs.runs[1].ends, &runs.runs[2].ends];
        for (i, own) in states.iter().enumerate().skip(1) {
            let share = |other: &Array2<f64>| {
                let same: usize =
                    own.outer_iter().zip(other.outer_iter()).map(|(a, b)| same_signs(a, b)).sum();
                let share = same as f64 / own.len() as f64;
                Cell::of(format!("{:.1}", 100.0 * share), [share.into()])
            };
            let cell = |(k, other): (usize, &&Array2<f64>)| if k < i { share(other) } else { Cell::empty() };
            let mut row = vec![Cell::plain(headings[i])];
            row.extend(states[..3].iter().enumerate().map(cell));
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
        let config = Config { cues: 40, steps: 400, ..Config::default() };
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
        let config = Config { cues: 40, steps: 200, ..Config::default() };
        let report = config.run(&mut |_, _| Ok(())).expect("a report");
        let json = report.json();
        assert_eq!(json["units"].as_array().map(Vec::len), Some(5));
        // At θ = 0.68 five units tell four patterns apart for most cues, whatever the dynamics.
        for row in json["agreement"].as_array().expect("rows") {
            assert!(row["stored"].as_f64().expect("a share") > 0.8, "{row}");
        }
        report.html().expect("a page");
    }
}
