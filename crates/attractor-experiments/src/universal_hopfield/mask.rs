//! `uhn-mask`: how much of an image can be missing?

use std::time::Instant;

use attractor_report::{Declaration, Experiment, Progress, Report, Result};
use serde_json::json;

use super::images::{Plan, declared};
use super::measures::{self, Measure, Mode};
use super::outcome::Cells;
use super::report::{Across, Study, Task};
use super::{Best, Damage, Run, Setup, View, each_run, tolerance};
use attractor::similarities::Similarity;

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = declared(
    "uhn-mask",
    "Millidge et al. (2022): how much of an image can be missing, by similarity",
    &["--out mask"],
    |given| Ok(Box::new(Config::new(Setup::given(given)?))),
);

/// The settings; the defaults are the paper's.
#[derive(Clone, Debug)]
pub struct Config {
    /// Images, runs, threshold and seed.
    pub setup: Setup,
    /// Number of stored images for the mask from below, if the setup does not give one.
    pub images: usize,
    /// The same for the random mask and the frame.
    pub many: usize,
    /// Removed shares for the mask from below.
    pub shares: Vec<f64>,
    /// Removed shares for the random mask and the frame.
    pub other_shares: Vec<f64>,
}

const TASKS: [Task; 3] = [
    Task { key: "bottom", title: "Rows removed from below" },
    Task { key: "random", title: "Pixels removed at random" },
    Task { key: "frame", title: "All but the middle removed" },
];

impl Config {
    /// The paper's settings on these images.
    pub fn new(setup: Setup) -> Self {
        let tenths = |most: u32| (1..=most).map(|f| f64::from(f) / 10.0).collect();
        Config { setup, images: 50, many: 300, shares: tenths(9), other_shares: tenths(7) }
    }

    fn plans(&self) -> Result<[Plan; 2]> {
        self.setup.images.shape()?;
        Ok([self.setup.plan(&[self.images])?, self.setup.plan(&[self.many])?])
    }

    fn one(&self, task: usize, share: f64, run: &Run, plan: &Plan, cells: &mut Cells) -> Result<()> {
        let damage = match task {
            0 => Damage::Bottom(share),
            1 => Damage::Pixels(share),
            _ => Damage::Border(share),
        };
        let cues = damage.cues(run.store, Some(self.setup.images.shape()?), self.setup.seed)?;
        // An empty cue cannot be divided by its sum.
        let kept = |m: &Measure| *m != Measure::Plain(Similarity::L1Dot);
        let of = |mode| -> Vec<Measure> { measures::of(mode).into_iter().filter(kept).collect() };
        let (paper, corrected) = (of(Mode::Paper), of(Mode::Corrected));
        let threshold = |mode| [(tolerance(mode, plan, self.setup.images.dim()), share)];
        let views = &[
            View { mode: Mode::Paper, measures: &paper, thresholds: &threshold(Mode::Paper) },
            View { mode: Mode::Corrected, measures: &corrected, thresholds: &threshold(Mode::Corrected) },
        ];
        let sizes = &plan.sizes[plan.sizes.len() - 1..];
        Best { run, task: TASKS[task].key, sizes, views }.count(&cues, cells)
    }
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "runs"
    }

    fn check(&self) -> Result<()> {
        self.plans().map(|_| ())
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        let start = Instant::now();
        let plans = self.plans()?;
        let all = plans[0].runs + plans[1].runs;
        let mut cells =
            each_run(&self.setup, &plans[0], &mut |done, _| progress(done, all), |run, cells| {
                self.shares.iter().try_for_each(|&f| self.one(0, f, run, &plans[0], cells))
            })?;
        let before = plans[0].runs;
        cells.extend(each_run(
            &self.setup,
            &plans[1],
            &mut |done, _| progress(before + done, all),
            |run, cells| {
                let each =
                    [1, 2].into_iter().flat_map(|task| self.other_shares.iter().map(move |f| (task, *f)));
                each.into_iter().try_for_each(|(task, f)| self.one(task, f, run, &plans[1], cells))
            },
        )?);
        let study = Study {
            experiment: "uhn-mask",
            title: "Missing parts by similarity",
            what: format!(
                "Parts of every stored image are set to 0: rows of pixels from below (a store of {} images), pixels at \
                 random with all of their channels, or a frame that leaves the middle (stores of {}). All weight goes \
                 to the best score. Removed of the frame are ⌊Hf/2⌋ rows and columns at each side, so that f = 0.5 \
                 takes three quarters of the image.",
                plans[0].n, plans[1].n
            ),
            tasks: &TASKS,
            across: Across::Parameter("f"),
            by_separation: false,
            extra: json!({
                "bottom": self.shares, "random and frame": self.other_shares, "images of random and frame": plans[1].n,
            }),
            notes: vec![
                "A missing part is no noise. On CIFAR-10 Manhattan bears blocks best, and scores that do not depend \
                 on the length of a vector (cosine, Pearson) bear random masks best; on MNIST, where most of a block \
                 is dark anyway, these and reverse KL bear both."
                    .into(),
            ],
        };
        Ok(study.report(&self.setup, &plans[0], &cells, start.elapsed().as_secs_f64()))
    }
}
