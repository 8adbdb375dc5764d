//! `uhn-threshold`: how much does the criterion matter?

use std::time::Instant;

use attractor::similarities::Similarity;
use attractor_report::{Declaration, Experiment, Progress, Report, Result};
use serde_json::json;

use super::images::{Plan, THRESHOLD, declared};
use super::measures::{Measure, Mode, PUBLISHED};
use super::report::{Across, Study, Task};
use super::{Best, Damage, Setup, View, each_run};

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = declared(
    "uhn-threshold",
    "Millidge et al. (2022): how much the threshold of the criterion decides",
    &["--out threshold"],
    |given| Ok(Box::new(Config::new(Setup::given(given)?))),
);

/// The settings; the defaults are the paper's.
#[derive(Clone, Debug)]
pub struct Config {
    /// Images, runs, threshold and seed.
    pub setup: Setup,
    /// Number of stored images, if the setup does not give one.
    pub images: usize,
    /// The squared errors up to which an output counts as the target.
    pub thresholds: Vec<f64>,
}

impl Config {
    /// The paper's settings on these images.
    pub fn new(setup: Setup) -> Self {
        let thresholds = vec![1.0, 10.0, 25.0, 50.0, 100.0, 150.0, 200.0, 300.0, 500.0];
        Config { setup, images: 250, thresholds }
    }

    fn plan(&self) -> Result<Plan> {
        self.setup.images.shape()?;
        self.setup.plan(&[self.images])
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
        // Scaled like the threshold itself where images are small.
        let scale = if self.setup.threshold.is_some() { 1.0 } else { plan.threshold / THRESHOLD };
        let thresholds: Vec<(f64, f64)> = self.thresholds.iter().map(|t| (t * scale, *t)).collect();
        let published: Vec<Measure> =
            PUBLISHED[..3].iter().copied().chain([Measure::Plain(Similarity::Cosine)]).collect();
        let corrected = [
            Similarity::Euclidean,
            Similarity::Manhattan,
            Similarity::Cosine,
            Similarity::Pearson,
            Similarity::JensenShannon,
        ]
        .map(Measure::Plain);
        let cells = each_run(&self.setup, &plan, progress, |run, cells| {
            let cues =
                Damage::Bottom(0.5).cues(run.store, Some(self.setup.images.shape()?), self.setup.seed)?;
            let thresholds = &thresholds;
            let views = &[
                View { mode: Mode::Paper, measures: &published, thresholds },
                View { mode: Mode::Corrected, measures: &corrected, thresholds },
            ];
            let sizes = &plan.sizes[plan.sizes.len() - 1..];
            Best { run, task: "half", sizes, views }.count(&cues, cells)
        })?;
        let study = Study {
            experiment: "uhn-threshold",
            title: "Retrieval by the threshold of the criterion",
            what: format!(
                "A store of {} images, each queried with its lower half set to 0; all weight goes to the best score. \
                 An output passes if its squared error is at most T, in both modes{}.",
                plan.n,
                if scale == 1.0 { String::new() } else { format!(", T times {scale:.4} for these images") },
            ),
            tasks: &[Task { key: "half", title: "" }],
            across: Across::Threshold,
            by_separation: false,
            extra: json!({ "thresholds": self.thresholds }),
            notes: vec![
                "Where a curve is level, T does not matter, and what passes is the image itself; where it rises with T, \
                 other images pass too."
                    .into(),
            ],
        };
        Ok(study.report(&self.setup, &plan, &cells, start.elapsed().as_secs_f64()))
    }
}
