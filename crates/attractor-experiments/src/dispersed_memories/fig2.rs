//! Figure 2: trajectories, unit by unit. Panel (a) compares the exact diffusion model, also in a single step, with modern
//! Hopfield updates, panel (b) a learned model with the exact one. A table says how fast the Hopfield updates converge.

mod report;

use std::ops::ControlFlow;
use std::time::Instant;

use attractor::diffusion::{Process, Sampler, Sampling};
use attractor::memories::{Beta, Diffusion, Modern, learned};
use attractor::networks::{Architecture, Kind};
use attractor::observe::Frame;
use attractor::{Level, Memory, Patterns, Request};
use attractor_data::{Corruption, corrupt, random_spins};
use attractor_figures::Look;
use attractor_networks::{Settings, Trainer};
use attractor_report::{Declaration, Error, Experiment, Progress, Report, Result};
use ndarray::{Array2, ArrayView2};

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
const DYNAMICS: [Dynamic; 6] = [
    dynamic("diffusion, ODE", "ode", 0, Look::Line),
    dynamic("diffusion, SDE", "sde", 1, Look::Thin),
    dynamic("modern Hopfield", "modern", 6, Look::Markers),
    dynamic("learned, ODE", "learned_ode", 3, Look::Line),
    dynamic("learned, SDE", "learned_sde", 4, Look::Thin),
    dynamic("diffusion, one step", "one_step", 5, Look::Markers),
];

/// The places in [`DYNAMICS`] of the dynamics that make few steps.
const MODERN: usize = 2;
const ONE_STEP: usize = 5;

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
    /// The states of the modern network after 1, 2, … updates, and at rest.
    updates: Vec<Array2<f64>>,
    rest: Array2<f64>,
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
        let parts = 1 + DYNAMICS.len();
        let mut done = 0;
        let mut finished = |run: Run| {
            done += 1;
            progress(done, parts).map(|()| run)
        };
        let diffusion = |sampler, steps| -> Result<Run> {
            let memory = Diffusion::new(stored.clone(), self.process(), sampler, Some(steps))?;
            self.recall(&memory, cues.view(), None, steps)
        };
        let ode = finished(diffusion(Sampler::Euler, self.steps)?)?;
        let sde = finished(diffusion(Sampler::EulerMaruyama, self.steps)?)?;
        let one_step = finished(diffusion(Sampler::OneStep, 1)?)?;
        let network = Modern::new(stored.clone(), Beta::Value(self.beta))?;
        let modern = finished(self.recall(&network, cues.view(), Some(self.updates), self.updates)?)?;
        let after = |updates: Option<usize>| -> Result<Array2<f64>> {
            Ok(network.recall(&Request { updates, report: false, ..Request::new(cues.view()) })?.states)
        };
        let updates = (1..=self.updates).map(|n| after(Some(n))).collect::<Result<Vec<_>>>()?;
        let rest = after(None)?;

        let trainer = self.train(&stored, &mut || progress(DYNAMICS.len() - 2, parts))?;
        let mut done = DYNAMICS.len() - 1;
        progress(done, parts)?;
        let mut trained = |sampler: Sampler| -> Result<Run> {
            let sampling =
                Sampling { process: self.process(), sampler, steps: Some(self.steps), ..Sampling::default() };
            let memory = learned::<f64>(trainer.network(), stored.clone(), sampling)?;
            let some = cues.slice(ndarray::s![..self.cues.min(self.learned_cues), ..]);
            let run = self.recall(memory.as_ref(), some, None, self.steps)?;
            done += 1;
            progress(done, parts).map(|()| run)
        };
        let (learned_ode, learned_sde) = (trained(Sampler::Euler)?, trained(Sampler::EulerMaruyama)?);
        let runs = vec![ode, sde, modern, learned_ode, learned_sde, one_step];
        Ok(Runs { patterns, cues, runs, updates, rest })
    }

    /// The network that learns the patterns. `alive` is called between training steps.
    fn train(&self, stored: &Patterns<f64>, alive: &mut dyn FnMut() -> Result<()>) -> Result<Trainer> {
        let architecture = Architecture { kind: Kind::Paper, dim: self.dim, width: self.width, depth: 3 };
        let settings = Settings {
            process: self.process(),
            steps: self.training,
            seed: self.seed,
            ..Settings::default()
        };
        let mut trainer = Trainer::new(stored, architecture, settings)?;
        for _ in 0..self.training {
            trainer.step()?;
            alive()?;
        }
        Ok(trainer)
    }

    /// Recalls all cues, and keeps the path of the first one.
    fn recall(
        &self,
        memory: &dyn Memory<f64>,
        cues: ArrayView2<f64>,
        updates: Option<usize>,
        steps: usize,
    ) -> Result<Run> {
        let request =
            Request { level: Level::Signal(self.signal), updates, seed: self.seed, ..Request::new(cues) };
        let (mut path, every) = (Vec::new(), steps.div_ceil(DRAWN).max(1));
        let mut watch = |frame: Frame<f64>| {
            let first = frame.rows.iter().position(|&row| row == 0);
            let wanted = frame.step.is_multiple_of(every) || frame.step == steps;
            if let (Some(k), true) = (first, wanted) {
                // A diffusion memory moves z = x/s, while the figure shows x.
                let scale = if updates.is_some() { 1.0 } else { self.process().scale_at(frame.levels[k]) };
                path.push((frame.step, frame.states.row(k).iter().map(|z| scale * z).collect()));
            }
            ControlFlow::Continue(())
        };
        let recall = memory.recall_observed(&request, &mut watch)?;
        // A state that stays at rest is not recorded again.
        let last: Vec<f64> = recall.states.row(0).to_vec();
        if let Some(&(from, _)) = path.last() {
            let missing = (from + 1..=steps).filter(|step| step.is_multiple_of(every));
            path.extend(missing.map(|step| (step, last.clone())));
        }
        Ok(Run { path, ends: recall.states })
    }
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
        assert_eq!(steps(MODERN), [0, 1, 2, 3, 4]);
        assert_eq!(steps(ONE_STEP), [0, 1]);
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
        // Updates lower the energy by at least half of the square of their length, so they approach rest.
        let updates = json["updates"].as_array().expect("rows");
        let median = |row: &serde_json::Value| row["median"].as_f64().expect("a distance");
        assert_eq!(updates.len(), 4);
        assert!(updates.windows(2).all(|pair| median(&pair[1]) <= median(&pair[0])), "{updates:?}");
        report.html().expect("a page");
    }
}
