//! Every experiment by name, for the command line and for other languages.

use std::path::PathBuf;

use attractor_bench::scaling;
use attractor_report::{Error, Experiment, Result};

use crate::dispersed_memories::{fig1, fig2, fig3, learning, table1};
use crate::universal_hopfield::{Images, Setup, hetero, mask, noise, separation, similarity, threshold};
use crate::work_precision;

/// What an experiment is told; `None` is its default, which is the paper's. What it has no use for is refused.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Seed.
    pub seed: u64,
    /// Pattern sets a cell, of `table1`.
    pub repetitions: Option<usize>,
    /// Pattern sets a setting, of `work-precision`, `learning` and `fig3`.
    pub sets: Option<usize>,
    /// How much is measured, of `fig3`.
    pub profile: Option<fig3::Profile>,
    /// Units at which networks are trained, of `fig3`.
    pub learned: Option<Vec<usize>>,
    /// The file that results go to, of `fig3`.
    pub store: Option<PathBuf>,
    /// Which part of the work, of how many, of `fig3`.
    pub shard: Option<(usize, usize)>,
    /// Images, of the experiments on images.
    pub data: Option<Images>,
    /// The largest store, in images.
    pub images: Option<usize>,
    /// Runs, each of other images.
    pub runs: Option<usize>,
    /// Squared error up to which an output passes in paper mode.
    pub threshold: Option<f64>,
}

impl Settings {
    /// Names of the settings that are given, but for the seed.
    fn given(&self) -> impl Iterator<Item = &'static str> {
        let given = [
            ("repetitions", self.repetitions.is_some()),
            ("sets", self.sets.is_some()),
            ("profile", self.profile.is_some()),
            ("learned", self.learned.is_some()),
            ("store", self.store.is_some()),
            ("shard", self.shard.is_some()),
            ("data", self.data.is_some()),
            ("images", self.images.is_some()),
            ("runs", self.runs.is_some()),
            ("threshold", self.threshold.is_some()),
        ];
        given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name)
    }

    fn setup(self) -> Setup {
        Setup {
            images: self.data.unwrap_or_else(Images::digits),
            runs: self.runs,
            largest: self.images,
            threshold: self.threshold,
            seed: self.seed,
        }
    }
}

/// An experiment by name.
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// What it reproduces, in a few words.
    pub title: &'static str,
    /// Which settings it has besides the seed.
    pub settings: &'static [&'static str],
    build: fn(Settings) -> Box<dyn Experiment>,
}

const OF_IMAGES: &[&str] = &["data", "images", "runs", "threshold"];

/// Every experiment.
pub static EXPERIMENTS: &[Entry] = &[
    Entry {
        name: "table1",
        title: "Ambrogioni (2023), Table 1: modern Hopfield against diffusion, classical and true patterns",
        settings: &["repetitions"],
        build: |s| {
            let usual = table1::Config::default();
            let repetitions = s.repetitions.unwrap_or(usual.repetitions);
            Box::new(table1::Config { repetitions, seed: s.seed, ..usual })
        },
    },
    Entry {
        name: "fig1",
        title: "Ambrogioni (2023), Figure 1: landscapes of points, extended memories and a semantic curve",
        settings: &[],
        build: |s| Box::new(fig1::Config { seed: s.seed, ..Default::default() }),
    },
    Entry {
        name: "fig2",
        title: "Ambrogioni (2023), Figure 2: trajectories, unit by unit, of exact and learned diffusion and modern Hopfield",
        settings: &[],
        build: |s| Box::new(fig2::Config { seed: s.seed, ..Default::default() }),
    },
    Entry {
        name: "fig3",
        title: "Ambrogioni (2023), Figure 3: errors and capacity against the number of units, and far beyond",
        settings: &["profile", "sets", "learned", "store", "shard"],
        build: |s| {
            Box::new(fig3::Config {
                profile: s.profile.unwrap_or_default(),
                sets: s.sets,
                learned: s.learned,
                seed: s.seed,
                store: s.store,
                shard: s.shard.unwrap_or((1, 1)),
            })
        },
    },
    Entry {
        name: "learning",
        title: "How a memory comes about in training: landscape, basins, recall and free recall, step by step",
        settings: &["sets"],
        build: |s| {
            let usual = learning::Config::default();
            Box::new(learning::Config { sets: s.sets.unwrap_or(usual.sets), seed: s.seed, ..usual })
        },
    },
    Entry {
        name: "work-precision",
        title: "Error of the diffusion samplers by evaluations of the denoiser, and by noise grid",
        settings: &["sets"],
        build: |s| {
            let usual = work_precision::Config::default();
            Box::new(work_precision::Config { sets: s.sets.unwrap_or(usual.sets), seed: s.seed, ..usual })
        },
    },
    Entry {
        name: "scaling",
        title: "How time and memory grow with patterns, units, cues, steps and threads",
        settings: &[],
        build: |s| Box::new(scaling::Config { seed: s.seed, ..Default::default() }),
    },
    Entry {
        name: "uhn-similarity",
        title: "Millidge et al. (2022): capacity of single-shot memories for noisy images, by similarity",
        settings: OF_IMAGES,
        build: |s| Box::new(similarity::Config::new(s.setup())),
    },
    Entry {
        name: "uhn-noise",
        title: "Millidge et al. (2022): how much noise each similarity bears",
        settings: OF_IMAGES,
        build: |s| Box::new(noise::Config::new(s.setup())),
    },
    Entry {
        name: "uhn-mask",
        title: "Millidge et al. (2022): how much of an image can be missing, by similarity",
        settings: OF_IMAGES,
        build: |s| Box::new(mask::Config::new(s.setup())),
    },
    Entry {
        name: "uhn-separation",
        title: "Millidge et al. (2022): capacity by separation function",
        settings: OF_IMAGES,
        build: |s| Box::new(separation::Config::new(s.setup())),
    },
    Entry {
        name: "uhn-threshold",
        title: "Millidge et al. (2022): how much the threshold of the criterion decides",
        settings: OF_IMAGES,
        build: |s| Box::new(threshold::Config::new(s.setup())),
    },
    Entry {
        name: "uhn-hetero",
        title: "Millidge et al. (2022): images that recall others, and the classical network",
        settings: OF_IMAGES,
        build: |s| Box::new(hetero::Config::new(s.setup())),
    },
];

/// The experiment of this name, with its settings checked.
///
/// ```
/// use attractor_experiments::{Settings, experiment};
/// let settings = Settings { repetitions: Some(2), ..Settings::default() };
/// let report = experiment("table1", settings)?.run(&mut |_, _| Ok(()))?;
/// assert!(report.markdown().contains("seed 0"));
/// # Ok::<(), attractor_experiments::Error>(())
/// ```
///
/// # Errors
/// A name that is not in [`EXPERIMENTS`], a setting that it does not have or that is outside its range.
pub fn experiment(name: &str, settings: Settings) -> Result<Box<dyn Experiment>> {
    let Some(entry) = EXPERIMENTS.iter().find(|e| e.name == name) else {
        let known: Vec<_> = EXPERIMENTS.iter().map(|e| e.name).collect();
        return Err(Error::setting("experiment", format!("one of {}", known.join(", ")), name));
    };
    if let Some(other) = settings.given().find(|given| !entry.settings.contains(given)) {
        let own: Vec<_> = entry.settings.iter().copied().chain(["seed"]).collect();
        return Err(Error::setting("settings", format!("for {name} {}", own.join(", ")), other));
    }
    let experiment = (entry.build)(settings);
    experiment.check()?;
    Ok(experiment)
}
