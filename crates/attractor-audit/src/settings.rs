//! The settings of an audit, and the same as declared options.

use attractor::options::{CountRange, Fallback, Kind, NumberRange, Options, Parameter, find, names_of};
use attractor::{Error, Result};

pub(crate) mod inside;
pub(crate) mod local;

/// How rows are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Distance {
    /// Gower's distance for tables with text or gaps, and the Euclidean distance for everything else.
    #[default]
    Auto,
    /// The Euclidean distance.
    Euclidean,
    /// Gower's distance.
    Gower,
}

/// The distances by name.
pub const DISTANCES: &[(&str, Distance)] =
    &[("auto", Distance::Auto), ("euclidean", Distance::Euclidean), ("gower", Distance::Gower)];

impl std::str::FromStr for Distance {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        find("distance", DISTANCES, name)
    }
}

/// What is small for a copy, and gives a row its p-value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Score {
    /// d₁/d₂, with d₂ in another cluster. It does not change where a model prefers the dense parts of the data.
    #[default]
    Ratio,
    /// d₁.
    Distance,
}

/// The scores by name.
pub const SCORES: &[(&str, Score)] = &[("ratio", Score::Ratio), ("distance", Score::Distance)];

impl Score {
    /// Its name.
    pub fn name(self) -> &'static str {
        SCORES.iter().find(|(_, score)| *score == self).map_or("", |(name, _)| name)
    }
}

impl std::str::FromStr for Score {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        find("score", SCORES, name)
    }
}

/// The settings of an audit. `None` is found from the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// What gives a row its p-value. Default: [`Score::Ratio`].
    pub score: Score,
    /// The false discovery rate of the lists of near copies and of mosaics, above 0 and below 1. Default: 0.05.
    pub fdr: f64,
    /// The number of random swaps of training and held-out rows. Default: 999.
    pub swaps: usize,
    /// The radius of a step within a cluster. Default: [`clusters::radius`](crate::clusters::radius).
    pub radius: Option<f64>,
    /// The largest distance at which a row is an exact copy. Default: 10⁻⁴ of [`clusters::radius`](crate::clusters::radius).
    pub tolerance: Option<f64>,
    /// The noise level of posterior and local dimension. Default: the median d₁ of honest rows divided by √D̂.
    pub sigma: Option<f64>,
    /// The number of windows along each side of an image, from which mosaics are recognised; 0 looks for none. Default: 4.
    pub windows: usize,
    /// How windows of the pixels of images are compared; none are without `windows`.
    pub local: local::Settings,
    /// How many rows are shown as pictures, worst first. Default: 24.
    pub pictures: usize,
    /// How a model is looked at from inside, if there is one.
    pub inside: inside::Settings,
    /// Seed of swaps, cells and samples. Default: 0.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            score: Score::Ratio,
            fdr: 0.05,
            swaps: 999,
            radius: None,
            tolerance: None,
            sigma: None,
            windows: 4,
            local: local::Settings::default(),
            pictures: 24,
            inside: inside::Settings::default(),
            seed: 0,
        }
    }
}

const FDR: NumberRange = NumberRange::between(0.0, 1.0).above_low().below_high();
const NOT_NEGATIVE: Kind = Kind::Number(NumberRange::at_least(0.0));
const POSITIVE: Kind = Kind::Number(NumberRange::POSITIVE);
const SWAPS: CountRange = CountRange::between(19, 1_000_000);
const WINDOWS: CountRange = CountRange::between(0, 64);
const PICTURES: CountRange = CountRange::between(0, 1000);

/// The settings as options. `distance` says how files are read, and is not among [`Settings`].
pub const PARAMETERS: &[Parameter] = &{
    const LOCAL: usize = OF_ROWS.len();
    const INSIDE: usize = LOCAL + local::PARAMETERS.len();
    let mut all = [OF_ROWS[0]; INSIDE + inside::PARAMETERS.len()];
    let mut k = 0;
    while k < all.len() {
        all[k] = match k {
            LOCAL..INSIDE => local::PARAMETERS[k - LOCAL],
            INSIDE.. => inside::PARAMETERS[k - INSIDE],
            _ => OF_ROWS[k],
        };
        k += 1;
    }
    all
};

/// The settings that need no model.
const OF_ROWS: [Parameter; 9] = [
    Parameter {
        name: "distance",
        kind: Kind::Choice(|| names_of(DISTANCES)),
        default: Fallback::Is("auto"),
        help: "How rows are compared; auto is gower for CSV tables with text or gaps, else euclidean",
    },
    Parameter {
        name: "fdr",
        kind: Kind::Number(FDR),
        default: Fallback::Is("0.05"),
        help: "False discovery rate of the list of near copies: the largest expected share of false ones on it",
    },
    Parameter {
        name: "score",
        kind: Kind::Choice(|| names_of(SCORES)),
        default: Fallback::Is("ratio"),
        help: "What gives a row its p-value: its distance from the nearest training row, or the ratio of this to that from another cluster",
    },
    Parameter {
        name: "swaps",
        kind: Kind::Count(SWAPS),
        default: Fallback::Is("999"),
        help: "Random swaps of training and held-out rows, for p-values of the rates",
    },
    Parameter {
        name: "radius",
        kind: Kind::AutoOr(&NOT_NEGATIVE),
        default: Fallback::Is("auto"),
        help: "Rows within this distance are near-duplicates, in one cluster; auto is the 1 % quantile of the distances of rows that are no copies, at most half of their median",
    },
    Parameter {
        name: "copy-tolerance",
        kind: Kind::AutoOr(&NOT_NEGATIVE),
        default: Fallback::Is("auto"),
        help: "Largest distance at which a row is an exact copy; auto is 0.0001 of the radius that auto finds",
    },
    Parameter {
        name: "level",
        kind: Kind::AutoOr(&POSITIVE),
        default: Fallback::Is("auto"),
        help: "Noise level of each row's posterior and local dimension, in the units of the rows",
    },
    Parameter {
        name: "windows",
        kind: Kind::Count(WINDOWS),
        default: Fallback::Is("4"),
        help: "Windows along each side of an image, of which mosaics are recognised; 0 looks for none",
    },
    Parameter {
        name: "pictures",
        kind: Kind::Count(PICTURES),
        default: Fallback::Is("24"),
        help: "How many generated images to draw beside their training rows, worst first",
    },
];

impl Settings {
    /// Whether mosaics are looked for by the windows of pixels.
    pub(crate) fn looks_at_pixels(&self) -> bool {
        self.windows > 1 && self.local.rows != Some(0)
    }

    /// Reads settings from named options; see [`PARAMETERS`].
    ///
    /// ```
    /// use attractor::options::Options;
    /// use attractor_audit::Settings;
    /// let settings = Settings::from_options(Options::default().set("fdr", "0.1").set("radius", "2"), 7)?;
    /// assert_eq!((settings.fdr, settings.radius, settings.seed), (0.1, Some(2.0), 7));
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// An option is unknown, or a value is outside its range.
    pub fn from_options(options: &Options, seed: u64) -> Result<Self> {
        let options = options.read(PARAMETERS, "setting of an audit:")?;
        let usual = Settings::default();
        Ok(Settings {
            score: options.named("score")?.unwrap_or(usual.score),
            fdr: options.number("fdr").unwrap_or(usual.fdr),
            swaps: options.count("swaps").unwrap_or(usual.swaps),
            radius: options.number("radius"),
            tolerance: options.number("copy-tolerance"),
            sigma: options.number("level"),
            windows: options.count("windows").unwrap_or(usual.windows),
            local: local::Settings::of(&options)?,
            pictures: options.count("pictures").unwrap_or(usual.pictures),
            inside: inside::Settings::of(&options),
            seed,
        })
    }

    /// Checks the numbers that have a range.
    ///
    /// # Errors
    /// A value outside its range.
    pub fn check(&self) -> Result<()> {
        FDR.check("fdr", self.fdr)?;
        SWAPS.check("swaps", self.swaps as u64)?;
        WINDOWS.check("windows", self.windows as u64)?;
        PICTURES.check("pictures", self.pictures as u64)?;
        self.local.check()?;
        self.inside.check()?;
        let not_negative = NumberRange::at_least(0.0);
        self.radius.map_or(Ok(()), |radius| not_negative.check("radius", radius))?;
        self.tolerance.map_or(Ok(()), |tolerance| not_negative.check("copy-tolerance", tolerance))?;
        self.sigma.map_or(Ok(()), |sigma| NumberRange::POSITIVE.check("level", sigma))
    }
}
