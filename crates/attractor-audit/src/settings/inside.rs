//! How a denoiser is looked at from inside.

use attractor::Result;
use attractor::options::{CountRange, Fallback, Kind, NumberRange, Options, Parameter};

/// The settings of a look inside a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// The most rows of each set that are looked at, evenly spaced. Default: 128.
    pub examine: usize,
    /// Noisy versions of each row and level. Default: 8.
    pub draws: usize,
    /// The number of noise levels. Default: 16.
    pub levels: usize,
    /// The lowest level. Default: a quarter of the collapse level of the training rows.
    pub lowest: Option<f64>,
    /// The highest level. Default: three times the speciation level of the training rows.
    pub highest: Option<f64>,
    /// Random directions of the estimate of the divergence. As many as units, or more, are the units themselves: then it is no
    /// estimate. Default: 8.
    pub probes: usize,
    /// Rows that the model generates where none are given. Default: 256.
    pub generate: usize,
    /// Noisy rows of each level, and samples, on which the model is compared with denoisers that have a formula; 0 compares none. As many more choose the
    /// windows. Default: 32.
    pub references: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            examine: 128,
            draws: 8,
            levels: 16,
            lowest: None,
            highest: None,
            probes: 8,
            generate: 256,
            references: 32,
        }
    }
}

const ROWS: CountRange = CountRange::between(2, 1_000_000);
const DRAWS: CountRange = CountRange::between(1, 10_000);
const LEVELS: CountRange = CountRange::between(4, 200);
const PROBES: CountRange = CountRange::between(1, 1_000_000);
const REFERENCES: CountRange = CountRange::between(0, 1_000_000);
const POSITIVE: Kind = Kind::Number(NumberRange::POSITIVE);

/// The settings as options, which are among those of an audit.
pub const PARAMETERS: [Parameter; 8] = [
    Parameter {
        name: "examine",
        kind: Kind::Count(ROWS),
        default: Fallback::Is("128"),
        help: "Rows of each set that the model denoises, evenly spaced",
    },
    Parameter {
        name: "draws",
        kind: Kind::Count(DRAWS),
        default: Fallback::Is("8"),
        help: "Noisy versions of each row and level",
    },
    Parameter {
        name: "levels",
        kind: Kind::Count(LEVELS),
        default: Fallback::Is("16"),
        help: "Noise levels, evenly spaced on a logarithmic scale",
    },
    Parameter {
        name: "sigma-min",
        kind: Kind::AutoOr(&POSITIVE),
        default: Fallback::Is("auto"),
        help: "Lowest level; auto is a quarter of the collapse level of the training rows",
    },
    Parameter {
        name: "sigma-max",
        kind: Kind::AutoOr(&POSITIVE),
        default: Fallback::Is("auto"),
        help: "Highest level; auto is three times the speciation level",
    },
    Parameter {
        name: "probes",
        kind: Kind::Count(PROBES),
        default: Fallback::Is("8"),
        help: "Random directions for the local dimension; as many as units make it exact",
    },
    Parameter {
        name: "generate",
        kind: Kind::Count(ROWS),
        default: Fallback::Is("256"),
        help: "Rows that the model generates if none are given",
    },
    Parameter {
        name: "references",
        kind: Kind::Count(REFERENCES),
        default: Fallback::Is("32"),
        help: "Noisy rows of each level, and samples, on which the model is compared with the ideal, local and Wiener denoisers; 0 for none",
    },
];

impl Settings {
    /// Reads the settings that are among these options.
    pub(crate) fn of(options: &Options) -> Self {
        let usual = Settings::default();
        Settings {
            examine: options.count("examine").unwrap_or(usual.examine),
            draws: options.count("draws").unwrap_or(usual.draws),
            levels: options.count("levels").unwrap_or(usual.levels),
            lowest: options.number("sigma-min"),
            highest: options.number("sigma-max"),
            probes: options.count("probes").unwrap_or(usual.probes),
            generate: options.count("generate").unwrap_or(usual.generate),
            references: options.count("references").unwrap_or(usual.references),
        }
    }

    /// Checks the numbers.
    ///
    /// # Errors
    /// A value outside its range.
    pub(crate) fn check(&self) -> Result<()> {
        ROWS.check("examine", self.examine as u64)?;
        DRAWS.check("draws", self.draws as u64)?;
        LEVELS.check("levels", self.levels as u64)?;
        PROBES.check("probes", self.probes as u64)?;
        ROWS.check("generate", self.generate as u64)?;
        REFERENCES.check("references", self.references as u64)?;
        for (name, level) in [("sigma-min", self.lowest), ("sigma-max", self.highest)] {
            level.map_or(Ok(()), |level| NumberRange::POSITIVE.check(name, level))?;
        }
        Ok(())
    }
}
