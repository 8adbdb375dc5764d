//! Cues that stay on (Betteti, Baggio, Bullo & Zampieri 2025): mixed cues, noisy dynamics, and wrong cues.

mod measure;
mod report;

use std::str::FromStr;
use std::time::Instant;

use attractor::options::{CountRange, Fallback, Kind, Parameter, find, names_of};
use attractor_report::{Declaration, Experiment, Progress, Report, Result};

use measure::{Mixed, Noisy, Threshold, Wrong};

/// How much is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Fewer and smaller networks.
    #[default]
    Quick,
    /// More cues, and larger networks.
    Paper,
}

impl Profile {
    /// Both profiles with their names.
    pub const ALL: [(&'static str, Profile); 2] = [("quick", Profile::Quick), ("paper", Profile::Paper)];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }

    /// Units of the networks of mixed and of wrong cues.
    fn dim(self) -> usize {
        match self {
            Profile::Quick => 128,
            Profile::Paper => 256,
        }
    }

    fn cues(self) -> usize {
        match self {
            Profile::Quick => 400,
            Profile::Paper => 2000,
        }
    }
}

impl FromStr for Profile {
    type Err = attractor::Error;

    fn from_str(name: &str) -> attractor::Result<Self> {
        find("profile", &Self::ALL, name)
    }
}

/// Settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Config {
    /// How much is measured.
    pub profile: Profile,
    /// Cues for each cell; `None` takes the number of the profile.
    pub cues: Option<usize>,
    /// Seed.
    pub seed: u64,
}

/// The range of the number of cues.
const CUES: CountRange = CountRange::between(10, 100_000);

/// The declaration of the experiment.
pub const EXPERIMENT: Declaration = Declaration {
    name: "input-driven",
    title: "Betteti et al. (2025), Input-driven dynamics for robust memory retrieval: cues that stay on, mixed, noisy and wrong",
    examples: &["--out input-driven", "--profile paper --out input-driven-paper"],
    settings: &[
        Parameter {
            name: "profile",
            kind: Kind::Choice(|| names_of(&Profile::ALL)),
            default: Fallback::Is("quick"),
            help: "How much is measured: paper has more cues and larger networks, and takes minutes",
        },
        Parameter {
            name: "cues",
            kind: Kind::Count(CUES),
            default: Fallback::Rule("400 for quick, 2000 for paper"),
            help: "How many cues to recall for each number",
        },
    ],
    inputs: &[],
    build: |given| {
        Ok(Box::new(Config {
            profile: given.settings.named("profile")?.unwrap_or_default(),
            cues: given.settings.count("cues"),
            seed: given.seed,
        }))
    },
};

/// All results.
struct Findings {
    mixed: Vec<Mixed>,
    thresholds: Vec<Threshold>,
    noisy: Vec<Noisy>,
    wrong: Vec<Wrong>,
}

impl Experiment for Config {
    fn parts(&self) -> &'static str {
        "thousandths"
    }

    fn check(&self) -> Result<()> {
        CUES.check("cues", self.cues() as u64)?;
        Ok(())
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        self.check()?;
        let start = Instant::now();
        let (dim, cues, seed) = (self.profile.dim(), self.cues(), self.seed);
        let mixed = measure::mixed(dim, cues, seed, &mut |done, of| progress(600 * done / of, 1000))?;
        let thresholds = measure::thresholds(seed)?;
        let noisy = measure::noisy(cues.min(measure::MOST_NOISY), seed, &mut |done, of| {
            progress(600 + 300 * done / of, 1000)
        })?;
        let wrong = measure::wrong(dim, cues, seed)?;
        progress(1000, 1000)?;
        let findings = Findings { mixed, thresholds, noisy, wrong };
        Ok(self.report(&findings, start.elapsed().as_secs_f64()))
    }
}

impl Config {
    fn cues(&self) -> usize {
        self.cues.unwrap_or(self.profile.cues())
    }
}
