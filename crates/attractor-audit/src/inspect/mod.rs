//! What a set of patterns is like before a model is trained on it: near-duplicates, the noise levels at which its landscape
//! changes, how large the basins of its patterns are, and its local dimension.

mod curves;
mod report;

use std::time::Instant;

use attractor::analysis::{CriticalLevels, critical_levels};
use attractor::memories::Diffusion;
use attractor::options::{CountRange, Fallback, Kind, NumberRange, Options, Parameter};
use attractor::{Patterns, Prepare, diffusion::Sampling};
use attractor_report::{Error, Experiment, Progress, Report, Result};

use crate::clusters::{self, Clusters};
use crate::found::Nearest;
use crate::rows::{Rows, Space, unwatched};
use curves::Curves;

const PATTERNS: CountRange = CountRange::between(1, 1_000_000);
const DRAWS: CountRange = CountRange::between(1, 10_000);
const LEVELS: CountRange = CountRange::between(4, 200);

/// The settings, as declared options.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "examine",
        kind: Kind::Count(PATTERNS),
        default: Fallback::Is("128"),
        help: "Patterns whose levels and basins are measured, evenly spaced; duplicates are looked for among all",
    },
    Parameter {
        name: "draws",
        kind: Kind::Count(DRAWS),
        default: Fallback::Is("8"),
        help: "Noisy cues of each pattern and level",
    },
    Parameter {
        name: "levels",
        kind: Kind::Count(LEVELS),
        default: Fallback::Is("16"),
        help: "Noise levels, from above speciation to below collapse",
    },
    Parameter {
        name: "radius",
        kind: Kind::AutoOr(&Kind::Number(NumberRange::at_least(0.0))),
        default: Fallback::Rule("auto, from the distances of patterns that are no copies"),
        help: "Patterns within this distance are near-duplicates",
    },
];

/// How patterns are inspected.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How many patterns have their levels and basins measured.
    pub examine: usize,
    /// How many noisy cues each pattern has at each level.
    pub draws: usize,
    /// How many noise levels.
    pub levels: usize,
    /// The radius of near-duplicates; `None` finds one.
    pub radius: Option<f64>,
    /// The seed.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { examine: 128, draws: 8, levels: 16, radius: None, seed: 0 }
    }
}

impl Settings {
    /// Reads settings from options, see [`PARAMETERS`].
    ///
    /// # Errors
    /// An option is unknown, or a value is outside its range.
    pub fn from_options(options: &Options, seed: u64) -> Result<Self> {
        let options = options.read(PARAMETERS, "setting of an inspection:")?;
        let usual = Settings::default();
        Ok(Settings {
            examine: options.count("examine").unwrap_or(usual.examine),
            draws: options.count("draws").unwrap_or(usual.draws),
            levels: options.count("levels").unwrap_or(usual.levels),
            radius: options.number("radius"),
            seed,
        })
    }

    fn check(&self) -> Result<()> {
        PATTERNS.check("examine", self.examine as u64)?;
        DRAWS.check("draws", self.draws as u64)?;
        LEVELS.check("levels", self.levels as u64)?;
        Ok(self.radius.map_or(Ok(()), |radius| NumberRange::at_least(0.0).check("radius", radius))?)
    }
}

/// An inspection of patterns.
pub struct Inspection {
    rows: Rows,
    names: Option<Vec<String>>,
    source: String,
    settings: Settings,
    space: Space,
    patterns: Patterns<f64>,
}

/// What an inspection found.
pub struct Inspected {
    /// Near-duplicates.
    pub clusters: Clusters,
    /// The nearest other patterns of each.
    pub near: Nearest,
    /// The levels at which the landscape changes; `None` if the patterns do not differ.
    pub levels: Option<CriticalLevels>,
    /// What was measured at each level.
    pub curves: Option<Curves>,
}

impl Inspection {
    /// An inspection of these rows. `names` has a name for each, `source` says where they come from.
    ///
    /// # Errors
    /// Fewer than two rows; a table with text or gaps; NaN or infinity; a setting outside its range.
    pub fn new(rows: Rows, names: Option<Vec<String>>, source: String, settings: Settings) -> Result<Self> {
        settings.check()?;
        let space = Space::of("patterns", &rows)?;
        let Some(numbers) = rows.numbers() else {
            return Err(Error::setting("patterns", "rows of numbers", "a table with text or gaps"));
        };
        // About their mean numbers keep their digits, and distances stay what they are.
        let patterns = Patterns::prepared(numbers, Prepare::Center, false)?;
        Ok(Inspection { rows, names, source, settings, space, patterns })
    }

    /// Runs the inspection.
    ///
    /// # Errors
    /// What `progress` returns.
    pub fn inspected(&self, progress: &mut Progress) -> Result<Inspected> {
        /// The neighbours that decide the radius of near-duplicates.
        const NEIGHBOURS: usize = 33;
        let all: Vec<usize> = self.space.train().collect();
        let find = || {
            let near = self.space.nearest(&all, self.space.train(), NEIGHBOURS, &mut unwatched)?;
            let radius = self.settings.radius.unwrap_or_else(|| clusters::radius(&near));
            let of = self.space.linked(self.space.train(), radius, &near, &mut unwatched)?;
            Some((near, Clusters::new(radius, of, all.len())))
        };
        let (near, clusters) = find().expect("nobody stops it");
        progress(1, self.settings.levels + 1)?;
        let memory = Diffusion::on(self.patterns.clone().into(), Sampling::default())?;
        let levels = critical_levels(&memory, self.patterns.values())?;
        let curves = match &levels {
            Some(levels) => {
                let of = |step: usize| step + 1;
                Some(curves::measure(
                    &memory,
                    &self.patterns,
                    &clusters,
                    levels,
                    &self.settings,
                    &mut |done| progress(of(done), self.settings.levels + 1),
                )?)
            }
            None => None,
        };
        Ok(Inspected { clusters, near, levels, curves })
    }
}

impl Experiment for Inspection {
    fn parts(&self) -> &'static str {
        "noise levels"
    }

    fn check(&self) -> Result<()> {
        self.settings.check()
    }

    fn run(&self, progress: &mut Progress) -> Result<Report> {
        let start = Instant::now();
        let found = self.inspected(progress)?;
        let mut report = report::of(self, &found);
        report.seconds = start.elapsed().as_secs_f64();
        Ok(report)
    }
}
