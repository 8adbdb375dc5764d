//! Probabilistic recall (section 5.1): one ambiguous cue, recalled many times. The reverse SDE ends in each memory with that
//! memory's posterior probability; the flow always ends in the same one.

mod report;

use std::time::Instant;

use attractor::analysis::{Counts, repeat};
use attractor::diffusion::{Process, Sampler};
use attractor::memories::Diffusion;
use attractor::options::{CountRange, Fallback, Kind, Parameter};
use attractor::{Level, Memory, Patterns, Prepare, Request};
use attractor_data::{Corruption, Digits, OutOfRange, corrupt, digits};
use attractor_report::{Declaration, Error, Experiment, Progress, Report, Result};
use ndarray::{Array2, s};

/// Settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Stored digits N, the first of those that come with the program.
    pub patterns: usize,
    /// The row of the stored digit from which the cue is made.
    pub cue: usize,
    /// The participation ratio 1/Σw² of the posterior at the cue, which sets its noise level σ: the effective number of
    /// memories that could be meant.
    pub memories: f64,
    /// Recalls by each sampler.
    pub recalls: usize,
    /// Steps of the samplers that follow the reverse SDE, in rising order. The last number is drawn.
    pub steps: Vec<usize>,
    /// Seed.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Config { patterns: 100, cue: 45, memories: 5.0, recalls: 20_000, steps: vec![50, 200, 800], seed: 0 }
    }
}

/// The ranges of the settings.
const RECALLS: CountRange = CountRange::between(100, 10_000_000);
const CUES: CountRange = CountRange::between(0, 99);

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "probabilistic-recall",
    title: "Ambrogioni (2023), section 5.1: many recalls of one ambiguous cue, counted against the exact posterior",
    examples: &["--out probabilistic-recall", "--cue 5 --recalls 100000 --out five"],
    settings: &[
        Parameter {
            name: "recalls",
            kind: Kind::Count(RECALLS),
            default: Fallback::From(|| Config::default().recalls.to_string()),
            help: "How often each sampler recalls the cue",
        },
        Parameter {
            name: "cue",
            kind: Kind::Count(CUES),
            default: Fallback::From(|| Config::default().cue.to_string()),
            help: "The row of the stored digit from which the noisy cue is made, counted from 0",
        },
    ],
    inputs: &[],
    build: |given| {
        let usual = Config::default();
        let recalls = given.settings.count("recalls").unwrap_or(usual.recalls);
        let cue = given.settings.count("cue").unwrap_or(usual.cue);
        Ok(Box::new(Config { recalls, cue, seed: given.seed, ..usual }))
    },
};

/// Grey levels of the digits above black.
const LEVELS: f64 = 16.0;

/// A stochastic sampler, with the keys of its share and interval in files, and its style in the figure.
struct Method {
    sampler: Sampler,
    keys: [&'static str; 3],
    style: usize,
    /// Whether it is exact with any number of steps, and so runs once with its default.
    is_exact: bool,
}

const METHODS: [Method; 3] = [
    Method {
        sampler: Sampler::Bridge,
        keys: ["bridge", "bridge_low", "bridge_high"],
        style: 2,
        is_exact: true,
    },
    Method {
        sampler: Sampler::Ancestral,
        keys: ["ancestral", "ancestral_low", "ancestral_high"],
        style: 0,
        is_exact: false,
    },
    Method {
        sampler: Sampler::EulerMaruyama,
        keys: ["euler_maruyama", "euler_maruyama_low", "euler_maruyama_high"],
        style: 1,
        is_exact: false,
    },
];

/// The recalls of one sampler with one number of steps.
struct Run {
    method: usize,
    steps: usize,
    counts: Counts,
}

/// All results.
struct Findings {
    digits: Digits,
    cue: Array2<f64>,
    sigma: f64,
    participation: f64,
    runs: Vec<Run>,
    /// The memory in which the flow ends.
    flow: Option<usize>,
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "recalls"
    }

    fn check(&self) -> Result<()> {
        RECALLS.check("recalls", self.recalls as u64)?;
        if !(2..=1797).contains(&self.patterns) {
            return Err(Error::setting("patterns", "from 2 to the 1,797 digits", self.patterns));
        }
        if self.cue >= self.patterns {
            return Err(Error::setting("cue", format!("a row below {}", self.patterns), self.cue));
        }
        if !(1.0..self.patterns as f64).contains(&self.memories) || self.memories == 1.0 {
            let expected = format!("a number between 1 and the {} stored digits", self.patterns);
            return Err(Error::setting("memories", expected, self.memories));
        }
        if self.steps.is_empty() || self.steps[0] == 0 || self.steps.windows(2).any(|p| p[0] >= p[1]) {
            return Err(Error::setting("steps", "rising numbers from 1 on", format!("{:?}", self.steps)));
        }
        Ok(())
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let findings = self.findings(progress)?;
        Ok(self.report(&findings, start.elapsed().as_secs_f64()))
    }
}

impl Config {
    /// The sampler of each run and its steps.
    fn plan(&self) -> Vec<(usize, usize)> {
        let of = |(k, method): (usize, &Method)| match method.is_exact {
            true => vec![(k, method.sampler.default_steps())],
            false => self.steps.iter().map(|steps| (k, *steps)).collect(),
        };
        METHODS.iter().enumerate().flat_map(of).collect()
    }

    fn findings(&self, progress: &mut Progress) -> Result<Findings> {
        let digits = digits();
        let images = digits.images.slice(s![..self.patterns, ..]).mapv(|v| f64::from(v) / LEVELS);
        let patterns = Patterns::prepared(images.clone(), Prepare::Normalize, false)?;
        let memory = |sampler, steps| -> Result<Diffusion<f64>> {
            Ok(Diffusion::new(patterns.clone(), Process::default(), sampler, Some(steps))?)
        };
        let truth = images.slice(s![self.cue..=self.cue, ..]).to_owned();
        let unit = Corruption::Noise { sigma: 1.0, finish: OutOfRange::Free };
        let noise = corrupt(truth.clone(), &unit, self.seed, 0, false)?.cues - &truth;
        let cue_at = |sigma: f64| &truth + &(&noise * sigma);
        let asked = memory(Sampler::OneStep, 1)?;
        let participation = |sigma: f64| -> Result<f64> {
            let cue = cue_at(sigma);
            let recall = asked.recall(&Request { level: Level::Sigma(sigma), ..Request::new(cue.view()) })?;
            Ok(recall.rows[0].posterior.as_ref().map_or(1.0, |posterior| posterior.participation))
        };
        let sigma = crossing(participation, self.memories)?;
        let cue = cue_at(sigma);
        let request = Request { level: Level::Sigma(sigma), seed: self.seed, ..Request::new(cue.view()) };
        let flow = Sampler::default();
        let flow = memory(flow, flow.default_steps())?.recall(&request)?.rows[0].memory;

        let plan = self.plan();
        let (mut done, all) = (0, plan.len() * self.recalls);
        let mut runs = Vec::new();
        for (method, steps) in plan {
            let memory = memory(METHODS[method].sampler, steps)?;
            let tell = |some: u64| {
                done += some as usize;
                progress(done, all).map_err(|error| match error {
                    Error::Memory(error) => error,
                    other => attractor::Error::Foreign(other.into()),
                })
            };
            let counts = repeat(&memory, &request, self.recalls, tell)?.swap_remove(0);
            runs.push(Run { method, steps, counts });
        }
        Ok(Findings { digits, participation: participation(sigma)?, cue, sigma, runs, flow })
    }
}

/// The σ at which a function that grows from small to large σ reaches a value, by bisection in ln σ. (A posterior need not
/// spread evenly. Then it is one of the levels at which it passes the value.)
fn crossing(of: impl Fn(f64) -> Result<f64>, value: f64) -> Result<f64> {
    /// The range that is searched, in units of pixels from 0 to 1: no noise to speak of, and far more than any image.
    const RANGE: (f64, f64) = (1e-3, 1e3);
    const HALVINGS: usize = 60;
    let (mut low, mut high) = (RANGE.0.ln(), RANGE.1.ln());
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        match of(middle.exp())? < value {
            true => low = middle,
            false => high = middle,
        }
    }
    Ok((0.5 * (low + high)).exp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor_report::statistics::chi_square_tail;

    #[test]
    fn counts_follow_the_posterior_which_is_computed_here_once_more() {
        let config = Config { patterns: 30, cue: 3, recalls: 4000, steps: vec![3, 400], ..Config::default() };
        let findings = config.findings(&mut |_, _| Ok(())).expect("findings");
        // The posterior from its definition: weights exp(−‖cue − y‖²/2σ²) of pixels from 0 to 1.
        let images = findings.digits.images.slice(s![..30, ..]).mapv(|v| f64::from(v) / 16.0);
        let square = |y: ndarray::ArrayView1<f64>| (&findings.cue.row(0) - &y).mapv(|d| d * d).sum();
        let logits: Vec<f64> =
            images.outer_iter().map(|y| -square(y) / (2.0 * findings.sigma.powi(2))).collect();
        let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mass: f64 = logits.iter().map(|l| (l - top).exp()).sum();
        let exact: Vec<f64> = logits.iter().map(|l| (l - top).exp() / mass).collect();
        /// Rounding of a sum over 64 pixels in f64.
        const ROUNDING: f64 = 1e-9;
        let counts = &findings.runs[0].counts;
        for (w, expected) in counts.posterior.iter().zip(&exact) {
            assert!((w - expected).abs() < ROUNDING, "{w} {expected}");
        }
        let participation = 1.0 / exact.iter().map(|w| w * w).sum::<f64>();
        assert!((participation - config.memories).abs() < 1e-6, "{participation}");
        /// The false-alarm rate of this test.
        const RARE: f64 = 1e-4;
        let p = |run: &Run| chi_square_tail(run.counts.chi_square, run.counts.freedom).expect("cells");
        // The bridge is exact. Of the steps of the reverse SDE, three are too few, and 400 are enough.
        for run in &findings.runs {
            let p = p(run);
            assert!(if run.steps == 3 { p < RARE } else { p > RARE }, "{}, {}: {p}", run.method, run.steps);
        }
    }

    #[test]
    fn the_report_lists_each_memory_and_each_test() {
        let config = Config { patterns: 20, cue: 3, recalls: 500, steps: vec![10], ..Config::default() };
        let report = config.run(&mut |_, _| Ok(())).expect("a report");
        let json = report.json();
        let rows = json["memories"].as_array().expect("rows");
        for key in ["posterior", "bridge", "ancestral", "euler_maruyama"] {
            let sum: f64 = rows.iter().map(|row| row[key].as_f64().expect("a share")).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{key} {sum}");
        }
        assert_eq!(json["tests"].as_array().map(Vec::len), Some(3));
        assert!(json["flow"].as_u64().expect("a memory") < 20);
        report.html().expect("a page");
    }

    #[test]
    fn impossible_settings_are_refused() {
        let refused = |config: Config, word: &str| {
            let error = config.check().expect_err(word).to_string();
            assert!(error.contains(word), "{error}");
        };
        refused(Config { cue: 100, ..Config::default() }, "cue");
        refused(Config { recalls: 3, ..Config::default() }, "recalls");
        refused(Config { memories: 1.0, ..Config::default() }, "memories");
        refused(Config { steps: vec![3, 3], ..Config::default() }, "steps");
    }
}
