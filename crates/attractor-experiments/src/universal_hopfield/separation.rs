//! `uhn-separation`: how sharp should the separation be?

use std::time::Instant;

use attractor::kernels::dots;
use attractor::memories::Beta;
use attractor::separations::{Separation, Separator, separating_beta};
use attractor::similarities::{Convention, Keys, Similarity};
use attractor_report::{Declaration, Experiment, Progress, Report, Result};
use ndarray::{Array2, ArrayView2, s};
use serde_json::json;

use super::blend::Gram;
use super::images::{Plan, declared};
use super::measures::{Measure, Mode, scores};
use super::outcome::{Cells, Count, Key};
use super::report::{Across, Study, Task};
use super::{Damage, Run, Setup, blend, choose, each_run, tolerance};

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = declared(
    "uhn-separation",
    "Millidge et al. (2022): capacity by separation function",
    &["--out separation"],
    |given| Ok(Box::new(Config::new(Setup::given(given)?))),
);

/// The settings; the defaults are the paper's.
#[derive(Clone, Debug)]
pub struct Config {
    /// Images, runs, threshold and seed.
    pub setup: Setup,
    /// Sizes of the store.
    pub sizes: Vec<usize>,
}

/// The separations of the published code, applied to normalised scores, and some more.
const PAPER: [Separation; 15] = [
    Separation::Logarithm,
    Separation::Identity,
    Separation::Root,
    Separation::Polynomial(2.0),
    Separation::Polynomial(3.0),
    Separation::Polynomial(4.0),
    Separation::Polynomial(10.0),
    Separation::Softmax(Beta::Value(1.0)),
    Separation::Softmax(Beta::Value(1e3)),
    Separation::Max,
    Separation::Softmax(Beta::Value(1e4)),
    Separation::Softmax(Beta::Value(1e5)),
    Separation::KMax(2),
    Separation::KMax(5),
    Separation::KMax(50),
];

/// Separations of negative distances. β of the last two is that of `softmax:auto`.
const RAW: [Separation; 8] = [
    Separation::Softmax(Beta::Value(0.1)),
    Separation::Softmax(Beta::Value(1.0)),
    Separation::Entmax(1.5, 0.1),
    Separation::Sparsemax(0.1),
    Separation::Softmax(Beta::Auto),
    Separation::Entmax(1.5, 0.0),
    Separation::Sparsemax(0.0),
    Separation::Max,
];

/// Separations of reciprocals of distances.
const INVERSE: [Separation; 2] = [Separation::Polynomial(10.0), Separation::KMax(5)];

impl Config {
    /// The paper's settings on these images.
    pub fn new(setup: Setup) -> Self {
        Config { setup, sizes: vec![5, 7, 10, 20, 50, 100, 200, 300, 500, 700, 1000] }
    }

    fn plan(&self) -> Result<Plan> {
        self.setup.images.shape()?;
        self.setup.plan(&self.sizes)
    }

    fn one(&self, run: &Run, plan: &Plan, cells: &mut Cells) -> Result<()> {
        let shape = self.setup.images.shape()?;
        let cues = Damage::Bottom(0.5).cues(run.store, Some(shape), self.setup.seed)?;
        let gram = dots(run.store.images.view(), run.store.images.view());
        let dim = self.setup.images.dim();
        let groups: [(Mode, Measure, &[Separation]); 4] = [
            (Mode::Paper, Measure::Published(Similarity::Manhattan), &PAPER),
            // Not in the published code. It shows the effect of normalising the scores.
            (Mode::Paper, Measure::Plain(Similarity::Manhattan), &RAW[..2]),
            (Mode::Corrected, Measure::Plain(Similarity::Manhattan), &RAW),
            (Mode::Corrected, Measure::Plain(Similarity::InverseManhattan), &INVERSE),
        ];
        for (mode, measure, separations) in groups {
            let threshold = tolerance(mode, plan, dim);
            scores(&[measure], &run.keys, cues.view(), |_, scores| {
                let normalised = measure.normalised();
                let key = |separation: &Separation, n| Key {
                    mode,
                    task: "half",
                    similarity: measure.name(),
                    separation: name(separation, mode == Mode::Paper && !normalised),
                    n,
                    parameter: 0.5,
                };
                let distances = &run.distances;
                let best = choose::count(scores, normalised, &plan.sizes, distances, &[threshold]);
                for (&n, best) in plan.sizes.iter().zip(best) {
                    let mixed = Mixed::new(run, measure, n, &gram)?;
                    for separation in separations {
                        let count = match separation {
                            Separation::Max => best,
                            _ => {
                                mixed.count(scores, *separation, distances.slice(s![..n, ..n]), threshold)?
                            }
                        };
                        cells.push(key(separation, n), count);
                    }
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}

/// A store whose images are mixed.
struct Mixed {
    keys: Keys<f64>,
    gram: Gram,
    /// β of `softmax:auto`, for scores that are not normalised.
    auto: f64,
}

impl Mixed {
    fn new(run: &Run, measure: Measure, n: usize, gram: &Array2<f64>) -> Result<Self> {
        let (similarity, convention) = match measure {
            Measure::Published(of) => (of, Convention::Uhn2022),
            Measure::Plain(of) => (of, Convention::Corrected),
            Measure::Jeffreys => (Similarity::KullbackLeibler, Convention::Uhn2022),
        };
        let keys = Keys::new(similarity, run.store.first(n), convention)?;
        let auto = match convention {
            Convention::Corrected => separating_beta(&keys)?,
            Convention::Uhn2022 => 1.0,
        };
        Ok(Mixed { keys, gram: Gram::new(gram.slice(s![..n, ..n])), auto })
    }

    /// Counts the cues for which the weighted mean of the images is right.
    fn count(
        &self,
        scores: &Array2<f64>,
        separation: Separation,
        distances: ArrayView2<f64>,
        threshold: f64,
    ) -> Result<Count> {
        let separation = match separation {
            Separation::Softmax(Beta::Auto) => Separation::Softmax(Beta::Value(self.auto)),
            Separation::Entmax(alpha, 0.0) => Separation::Entmax(alpha, self.auto),
            Separation::Sparsemax(0.0) => Separation::Sparsemax(self.auto),
            other => other,
        };
        let separator = Separator::new(separation, &self.keys)?;
        let n = distances.nrows();
        let weights = blend::weights(scores.view(), n, |row| separator.weights(row).is_ok());
        Ok(blend::count(&weights, &self.gram, distances, threshold))
    }
}

/// The name as on the command line. `raw` marks scores that are not normalised where the others are.
fn name(separation: &Separation, raw: bool) -> String {
    match separation {
        raw_one if raw => format!("raw {raw_one}"),
        Separation::Entmax(alpha, 0.0) => format!("entmax:{alpha}:auto"),
        Separation::Sparsemax(0.0) => "sparsemax:auto".into(),
        other => other.to_string(),
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
        let cells = each_run(&self.setup, &plan, progress, |run, cells| self.one(run, &plan, cells))?;
        let study = Study {
            experiment: "uhn-separation",
            title: "Capacity by separation",
            what: "Each stored image is queried with its lower half set to 0, and compared by Manhattan distance, as in \
                   the published code (the paper's text says dot product). A mixed output is identified with the \
                   stored image nearest to it. In paper mode scores are reciprocals of distances divided by their sum; \
                   in corrected mode they are distances by their negative, or reciprocals, as they are."
                .into(),
            tasks: &[Task { key: "half", title: "" }],
            across: Across::Stores,
            by_separation: true,
            extra: json!({}),
            notes: vec![
                "Scores that sum to 1 have mean 1/N, so the published softmax, whose β is fixed, flattens as the store \
                 grows: near one-hot below 20 images, near uniform beyond 500. On scores as they are it does not, and \
                 auto chooses β from the stored images. The published logarithm is of shares, and negative: the least \
                 alike weigh most. The squared error lets mean images pass where images are alike (MNIST), so that \
                 flat separations seem to retrieve; identity says they do not."
                    .into(),
            ],
        };
        Ok(study.report(&self.setup, &plan, &cells, start.elapsed().as_secs_f64()))
    }
}
