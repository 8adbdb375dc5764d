//! `uhn-similarity`: how many noisy images can each similarity tell apart?

use std::time::Instant;

use attractor_data::OutOfRange;
use attractor_report::{Declaration, Experiment, Progress, Report, Result};
use serde_json::json;

use super::images::declared;
use super::measures::{self, Mode};
use super::outcome::Cell;
use super::report::{Across, Study, Task};
use super::{Best, Damage, SIZES, Setup, View, each_run, images::Plan, tolerance};

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = declared(
    "uhn-similarity",
    "Millidge et al. (2022): capacity of single-shot memories for noisy images, by similarity",
    &["--out similarity", "--data t10k-images-idx3-ubyte.gz --out similarity"],
    |given| Ok(Box::new(Config::new(Setup::given(given)?))),
);

/// The settings; the defaults are the paper's.
#[derive(Clone, Debug)]
pub struct Config {
    /// Images, runs, threshold and seed.
    pub setup: Setup,
    /// Sizes of the store.
    pub sizes: Vec<usize>,
    /// Standard deviation of the noise.
    pub sigma: f64,
}

impl Config {
    /// The paper's settings on these images.
    pub fn new(setup: Setup) -> Self {
        Config { setup, sizes: SIZES.to_vec(), sigma: 0.5 }
    }

    fn cells(&self, plan: &Plan, progress: &mut Progress) -> Result<Vec<Cell>> {
        each_run(&self.setup, plan, progress, |run, cells| {
            for mode in Mode::ALL {
                let cues = Damage::Noise(self.sigma, finish(mode)).cues(run.store, None, self.setup.seed)?;
                let threshold = tolerance(mode, plan, self.setup.images.dim());
                let measures = measures::of(mode);
                let views = &[View { mode, measures: &measures, thresholds: &[(threshold, self.sigma)] }];
                Best { run, task: "noise", sizes: &plan.sizes, views }.count(&cues, cells)?;
            }
            Ok(())
        })
    }
}

/// How a mode keeps noisy values in [0, 1].
pub(super) fn finish(mode: Mode) -> OutOfRange {
    match mode {
        Mode::Paper => OutOfRange::Fold,
        Mode::Corrected => OutOfRange::Clip,
    }
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "runs"
    }

    fn check(&self) -> Result<()> {
        self.setup.plan(&self.sizes).map(|_| ())
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        let start = Instant::now();
        let plan = self.setup.plan(&self.sizes)?;
        let cells = self.cells(&plan, progress)?;
        let study = Study {
            experiment: "uhn-similarity",
            title: "Capacity by similarity",
            what: format!(
                "Each stored image is queried once with noise of standard deviation {}; all weight goes to the best \
                 score.",
                self.sigma
            ),
            tasks: &[Task { key: "noise", title: "" }],
            across: Across::Stores,
            by_separation: false,
            extra: json!({ "sigma": self.sigma }),
            notes: vec![
                "Folding (paper mode) brightens what is dark twice as much as clipping does (corrected mode): scores \
                 that compare values suffer, and Pearson's correlation, which knows no shift, does not. “JS” as coded is a mean of numbers that are reciprocals already, turned around \
                 once more: its largest score is that of the least alike."
                    .into(),
            ],
        };
        Ok(study.report(&self.setup, &plan, &cells, start.elapsed().as_secs_f64()))
    }
}
