//! `uhn-hetero`: does recall work as well for pairs of different images as for images themselves? And how
//! does the classical network compare?

use std::time::Instant;

use attractor::memories::Beta;
use attractor::separations::{Separation, Separator};
use attractor::similarities::{Convention, Keys, Similarity};
use attractor::threads;
use attractor_report::{Declaration, Experiment, Progress, Report, Result};
use ndarray::{Array2, ArrayView1, s};
use serde_json::json;

use super::cues::lower_halves;
use super::images::{Plan, Store, declared};
use super::measures::{Measure, Mode};
use super::outcome::{Cells, Count, Key};
use super::report::{Across, Study, Task};
use super::similarity::finish;
use super::{Best, Damage, Run, SIZES, Setup, View, distances, each_run, tolerance};

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = declared(
    "uhn-hetero",
    "Millidge et al. (2022): images that recall others, and the classical network",
    &["--out hetero"],
    |given| Ok(Box::new(Config::new(Setup::given(given)?))),
);

/// The settings; the defaults are the paper's.
#[derive(Clone, Debug)]
pub struct Config {
    /// Images, runs, threshold and seed.
    pub setup: Setup,
    /// Sizes of the store.
    pub sizes: Vec<usize>,
    /// Sizes of the store for the classical network.
    pub classical: Vec<usize>,
    /// Standard deviation of the noise.
    pub sigma: f64,
    /// Standard deviation of the noise for the classical network in paper mode.
    pub classical_sigma: f64,
    /// Share of flipped units for the classical network in corrected mode.
    pub flip: f64,
}

const TASKS: [Task; 4] = [
    Task { key: "auto", title: "Images that recall themselves" },
    Task { key: "hetero", title: "Images that recall their lower halves" },
    Task { key: "classical-auto", title: "±1 images that recall themselves" },
    Task { key: "classical-hetero", title: "±1 images that recall their lower halves" },
];

impl Config {
    /// The paper's settings on these images.
    pub fn new(setup: Setup) -> Self {
        Config {
            setup,
            sizes: SIZES.to_vec(),
            classical: vec![2, 5, 10, 20, 30, 50],
            sigma: 0.3,
            classical_sigma: 1e-7,
            flip: 0.1,
        }
    }

    fn plan(&self) -> Result<Plan> {
        self.setup.images.shape()?;
        self.setup.plan(&self.sizes)
    }

    fn one(&self, run: &Run, plan: &Plan, cells: &mut Cells) -> Result<()> {
        let shape = self.setup.images.shape()?;
        let dim = self.setup.images.dim();
        let halves = Run {
            store: run.store,
            keys: run.keys.clone(),
            distances: distances(&lower_halves(&run.store.images, shape)),
        };
        let published = [Measure::Published(Similarity::L1Dot)];
        let corrected = [Similarity::Manhattan, Similarity::Cosine, Similarity::Pearson].map(Measure::Plain);
        for (task, of) in [("auto", run), ("hetero", &halves)] {
            for (mode, measures) in [(Mode::Paper, &published[..]), (Mode::Corrected, &corrected[..])] {
                let cues = Damage::Noise(self.sigma, finish(mode)).cues(run.store, None, self.setup.seed)?;
                let thresholds = &[(tolerance(mode, plan, dim), self.sigma)];
                let views = &[View { mode, measures, thresholds }];
                Best { run: of, task, sizes: &plan.sizes, views }.count(&cues, cells)?;
            }
        }
        let sizes: Vec<usize> = self.classical.iter().copied().filter(|&n| n <= plan.n).collect();
        let Some(&most) = sizes.iter().max() else { return Ok(()) };
        let signs = run.store.first(most).mapv(|x| if x >= 0.5 { 1.0 } else { -1.0 });
        let store = Store { images: signs, run: run.store.run };
        let lower = lower_halves(&store.images, shape);
        for (task, values) in [("classical-auto", &store.images), ("classical-hetero", &lower)] {
            for (mode, similarity, separation) in [
                (Mode::Paper, Similarity::L1Dot, Separation::Identity),
                (Mode::Corrected, Similarity::Dot, Separation::Identity),
                (Mode::Corrected, Similarity::Dot, Separation::Rectified(3.0)),
                (Mode::Corrected, Similarity::Dot, Separation::Softmax(Beta::Auto)),
            ] {
                let (damage, parameter, convention) = match mode {
                    Mode::Paper => {
                        let noise = Damage::Noise(self.classical_sigma, finish(mode));
                        (noise, self.classical_sigma, Convention::Uhn2022)
                    }
                    Mode::Corrected => (Damage::Flip(self.flip), self.flip, Convention::Corrected),
                };
                let cues = damage.cues(&store, None, self.setup.seed)?;
                let threshold = tolerance(mode, plan, dim);
                for &n in &sizes {
                    let keys = Keys::new(similarity, store.first(n), convention)?;
                    let separator = Separator::new(separation, &keys)?;
                    let scores = keys.scores(cues.slice(s![..n, ..]))?;
                    let count = signed(&scores, values, threshold, |row| separator.weights(row).is_ok());
                    let similarity = similarity.name();
                    let separation = separation.to_string();
                    cells.push(Key { mode, task, similarity, separation, n, parameter }, count);
                }
            }
        }
        Ok(())
    }
}

/// Counts the cues whose output, the signs of the weighted sum of values, is right.
fn signed(
    scores: &Array2<f64>,
    values: &Array2<f64>,
    threshold: f64,
    separate: impl Fn(&mut [f64]) -> bool + Sync,
) -> Count {
    let n = scores.nrows();
    let one = |cue: usize| {
        let mut weights = scores.row(cue).to_vec();
        if !separate(&mut weights) {
            return Count::default();
        }
        let mut output = ndarray::Array1::<f64>::zeros(values.ncols());
        for (&weight, value) in weights.iter().zip(values.outer_iter()) {
            output.scaled_add(weight, &value);
        }
        output.mapv_inplace(|sum| if sum == 0.0 { 0.0 } else { sum.signum() });
        let square = |value: ArrayView1<f64>| -> f64 {
            output.iter().zip(value).map(|(a, b)| (a - b) * (a - b)).sum()
        };
        let errors: Vec<f64> = (0..n).map(|j| square(values.row(j))).collect();
        let least = errors.iter().copied().fold(f64::INFINITY, f64::min);
        // The first of equally near ones, as elsewhere.
        let nearest = errors.iter().position(|e| *e == least).unwrap_or(0);
        let exact = nearest == cue || values.row(nearest) == values.row(cue);
        Count { within: usize::from(errors[cue] <= threshold), exact: usize::from(exact) }
    };
    threads::parallel(n, one).into_iter().fold(Count::default(), |a, b| a + b)
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
            experiment: "uhn-hetero",
            title: "Capacity for values that are not the keys",
            what: format!(
                "Keys are whole images; they recall themselves, or the same images with the upper half set to 0. Cues \
                 have noise of standard deviation {}, and all weight goes to the best score. Below, the classical \
                 network on ±1 images (white from a half on), its output the signs of the weighted sum: in paper mode \
                 with “noise” of {:e} that is folded and cut at 1, in corrected mode with a share of {} of the units \
                 flipped.",
                self.sigma, self.classical_sigma, self.flip
            ),
            tasks: &TASKS,
            across: Across::Stores,
            by_separation: true,
            extra: json!({
                "sigma": self.sigma, "classical": self.classical, "classical sigma": self.classical_sigma,
                "flip": self.flip,
            }),
            notes: vec![
                "With all weight on one image its value comes back as it was stored: hetero-association fails where \
                 auto-association does. In paper mode the classical network is asked nothing: |x + σn| cut at 1 turns \
                 −1 and 1 into 1, so that all cues are one and the same image."
                    .into(),
            ],
        };
        Ok(study.report(&self.setup, &plan, &cells, start.elapsed().as_secs_f64()))
    }
}
