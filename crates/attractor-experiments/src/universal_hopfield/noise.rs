//! `uhn-noise`: how much noise does each similarity tolerate?

use std::time::Instant;

use attractor_report::{Declaration, Experiment, Progress, Report, Result};
use serde_json::json;

use super::images::{Plan, declared};
use super::measures::{self, Mode};
use super::outcome::Cell;
use super::report::{Across, Study, Task};
use super::similarity::finish;
use super::{Best, Damage, Setup, View, each_run, tolerance};

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = declared(
    "uhn-noise",
    "Millidge et al. (2022): how much noise each similarity bears",
    &["--out noise"],
    |given| Ok(Box::new(Config::new(Setup::given(given)?))),
);

/// The settings; the defaults are the paper's.
#[derive(Clone, Debug)]
pub struct Config {
    /// Images, runs, threshold and seed.
    pub setup: Setup,
    /// Number of stored images, if the setup does not give one.
    pub images: usize,
    /// Standard deviations of the noise.
    pub sigmas: Vec<f64>,
}

impl Config {
    /// The paper's settings on these images.
    pub fn new(setup: Setup) -> Self {
        Config { setup, images: 100, sigmas: vec![0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0, 1.5] }
    }

    fn plan(&self) -> Result<Plan> {
        self.setup.plan(&[self.images])
    }

    fn cells(&self, plan: &Plan, progress: &mut Progress) -> Result<Vec<Cell>> {
        each_run(&self.setup, plan, progress, |run, cells| {
            for (mode, &sigma) in Mode::ALL.iter().flat_map(|m| self.sigmas.iter().map(move |s| (*m, s))) {
                let cues = Damage::Noise(sigma, finish(mode)).cues(run.store, None, self.setup.seed)?;
                let threshold = tolerance(mode, plan, self.setup.images.dim());
                let measures = measures::of(mode);
                let sizes = &plan.sizes[plan.sizes.len() - 1..];
                let views = &[View { mode, measures: &measures, thresholds: &[(threshold, sigma)] }];
                Best { run, task: "noise", sizes, views }.count(&cues, cells)?;
            }
            Ok(())
        })
    }
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "runs"
    }

    fn check(&self) -> Result<()> {
        self.plan().map(|_| ())
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        let start = Instant::now();
        let plan = self.plan()?;
        let cells = self.cells(&plan, progress)?;
        let study = Study {
            experiment: "uhn-noise",
            title: "Noise by similarity",
            what: format!(
                "A store of {} images, each queried once at every noise level σ (a standard deviation; the paper's axes \
                 call it a variance); all weight goes to the best score.",
                plan.n
            ),
            tasks: &[Task { key: "noise", title: "" }],
            across: Across::Parameter("σ"),
            by_separation: false,
            extra: json!({ "sigma": self.sigmas }),
            notes: vec![
                "The noise of an image is the same at every level but for its strength, and the same in both modes \
                 but for how it is brought back into [0, 1]."
                    .into(),
            ],
        };
        Ok(study.report(&self.setup, &plan, &cells, start.elapsed().as_secs_f64()))
    }
}
