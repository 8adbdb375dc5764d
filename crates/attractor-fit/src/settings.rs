//! The settings of a fit, and the same as declared options.

use attractor::options::{CountRange, Fallback, Kind, NumberRange, Options, Parameter, find, names_of};
use attractor::{Error, Result};

/// How many components a mixture has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Components {
    /// As many as the [`Criterion`] chooses, from 1 to [`Settings::most`].
    Auto,
    /// This many.
    Count(usize),
}

/// What decides how many components a mixture has. Every number of components is fitted to the rows that are not held
/// out, and both criteria are reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Criterion {
    /// The mean log-likelihood of held-out rows: the smallest number for which it is at most one standard error below
    /// that of the best number (of the difference, over rows).
    #[default]
    HeldOut,
    /// The smallest Bayesian information criterion −2 ln L + p ln N of the rows that are fitted (Schwarz 1978).
    Bic,
}

/// The criteria by name.
pub const CRITERIA: &[(&str, Criterion)] = &[("held-out", Criterion::HeldOut), ("bic", Criterion::Bic)];

impl Criterion {
    /// Its name.
    pub fn name(self) -> &'static str {
        CRITERIA.iter().find(|(_, criterion)| *criterion == self).map_or("", |(name, _)| name)
    }
}

impl std::str::FromStr for Criterion {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        find("criterion", CRITERIA, name)
    }
}

/// The settings of a fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The number of components K. Default: [`Components::Auto`].
    pub components: Components,
    /// The number r of principal directions of a component, 0 to D; in all other directions a component has one
    /// variance. `None` (default): D, which is a full covariance.
    pub rank: Option<usize>,
    /// The seed of starts and of held-out rows. Default: 0.
    pub seed: u64,
    /// How many random starts are tried; the one with the largest likelihood is kept. Default: 3.
    pub restarts: usize,
    /// The smallest standard deviation of a component in any direction, in spreads of the data (root mean square
    /// deviation of a unit), 0 to 1. Default: 0.001.
    pub floor: f64,
    /// A fit ends when the mean log-likelihood of a row rises by at most this share of 1 + its size. Default: 10⁻⁵.
    pub tolerance: f64,
    /// The most iterations of one start. Default: 500.
    pub iterations: usize,
    /// The share of rows that are held out to choose the number of components. Default: 0.2.
    pub held_out: f64,
    /// What chooses the number of components.
    pub criterion: Criterion,
    /// The largest number of components that is tried. Default: 20.
    pub most: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            components: Components::Auto,
            rank: None,
            seed: 0,
            restarts: 3,
            floor: 1e-3,
            tolerance: 1e-5,
            iterations: 500,
            held_out: 0.2,
            criterion: Criterion::HeldOut,
            most: 20,
        }
    }
}

const COUNT: Kind = Kind::Count(CountRange::at_least(1));
const FLOORS: NumberRange = NumberRange::between(0.0, 1.0);
const HELD_OUT: NumberRange = NumberRange::between(0.0, 1.0).above_low().below_high();

/// The settings as options.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "components",
        kind: Kind::AutoOr(&COUNT),
        default: Fallback::Is("auto"),
        help: "Number of Gaussians, or auto: the number that explains held-out rows best",
    },
    Parameter {
        name: "rank",
        kind: Kind::Count(CountRange::ANY),
        default: Fallback::Rule("the units of a row, which is a full covariance"),
        help: "Principal directions of each Gaussian; in all other directions it has one variance",
    },
    Parameter {
        name: "floor",
        kind: Kind::Number(FLOORS),
        default: Fallback::Is("0.001"),
        help: "Smallest standard deviation of a Gaussian in any direction, in spreads of the data",
    },
    Parameter {
        name: "restarts",
        kind: Kind::Count(CountRange::between(1, 10_000)),
        default: Fallback::Is("3"),
        help: "Random starts (k-means++), of which the most likely fit is kept",
    },
    Parameter {
        name: "seed",
        kind: Kind::Count(CountRange::ANY),
        default: Fallback::Is("0"),
        help: "Seed of the starts and of the rows that are held out",
    },
    Parameter {
        name: "criterion",
        kind: Kind::Choice(|| names_of(CRITERIA)),
        default: Fallback::Is("held-out"),
        help: "What chooses the number of components: the log-likelihood of held-out rows, or BIC",
    },
    Parameter {
        name: "held-out",
        kind: Kind::Number(HELD_OUT),
        default: Fallback::Is("0.2"),
        help: "Share of rows that are held out to choose the number of components; the final fit uses all rows",
    },
    Parameter {
        name: "max-components",
        kind: COUNT,
        default: Fallback::Is("20"),
        help: "Largest number of components that auto tries",
    },
    Parameter {
        name: "tolerance",
        kind: Kind::Number(NumberRange::between(0.0, 1.0)),
        default: Fallback::Is("0.00001"),
        help: "A fit ends when the mean log-likelihood of a row rises by at most this share of 1 + its size",
    },
    Parameter {
        name: "max-iterations",
        kind: COUNT,
        default: Fallback::Is("500"),
        help: "Most iterations from one start",
    },
];

impl Settings {
    /// Reads settings from named options; see [`PARAMETERS`].
    ///
    /// ```
    /// use attractor::options::Options;
    /// use attractor_fit::{Components, Settings};
    /// let settings = Settings::from_options(Options::default().set("components", "3").set("rank", "2"))?;
    /// assert_eq!((settings.components, settings.rank), (Components::Count(3), Some(2)));
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// An option is unknown, or a value is outside its range.
    pub fn from_options(options: &Options) -> Result<Self> {
        let options = options.read(PARAMETERS, "setting of a fit:")?;
        let usual = Settings::default();
        Ok(Settings {
            components: options.count("components").map_or(usual.components, Components::Count),
            rank: options.count("rank"),
            seed: options.seed("seed").unwrap_or(usual.seed),
            restarts: options.count("restarts").unwrap_or(usual.restarts),
            floor: options.number("floor").unwrap_or(usual.floor),
            tolerance: options.number("tolerance").unwrap_or(usual.tolerance),
            iterations: options.count("max-iterations").unwrap_or(usual.iterations),
            held_out: options.number("held-out").unwrap_or(usual.held_out),
            criterion: options.named("criterion")?.unwrap_or(usual.criterion),
            most: options.count("max-components").unwrap_or(usual.most),
        })
    }

    /// Checks the numbers that have a range.
    pub(crate) fn check(&self) -> Result<()> {
        FLOORS.check("floor", self.floor)?;
        HELD_OUT.check("held-out", self.held_out)?;
        NumberRange::between(0.0, 1.0).check("tolerance", self.tolerance)?;
        let counts = [
            ("restarts", self.restarts),
            ("max-iterations", self.iterations),
            ("max-components", self.most),
            ("components", if let Components::Count(count) = self.components { count } else { 1 }),
        ];
        counts.into_iter().try_for_each(|(name, count)| CountRange::at_least(1).check(name, count as u64))
    }
}
