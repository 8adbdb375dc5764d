//! Training by named options, for the command line and for other languages.

use std::str::FromStr;

use attractor::memories::{Options, Parameter, course};
use attractor::networks::{Architecture, Kind};
use attractor::{Error, Result};

use crate::settings::Settings;

/// What training takes.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "steps",
        values: "a whole number > 0",
        default: "1000",
        help: "Steps of the optimiser, in all",
    },
    Parameter {
        name: "architecture",
        values: "paper|residual",
        default: "paper up to 32 units, else residual",
        help: "Layers of ReLU that are all told the signal, or blocks around a straight line, for many units",
    },
    Parameter {
        name: "width",
        values: "a whole number > 0",
        default: "80 times the units of a pattern (paper), 1024 (residual)",
        help: "Units of a hidden layer",
    },
    Parameter {
        name: "depth",
        values: "a whole number from 1 to 100",
        default: "3 (paper), 2 (residual)",
        help: "Hidden layers, or residual blocks",
    },
    Parameter {
        name: "batch-repeats",
        values: "a whole number > 0",
        default: "16",
        help: "How often each pattern is in a batch, each time with other noise; a batch is of 1,024 states at most",
    },
    Parameter {
        name: "process",
        values: "ve|vp|vp-linear|sub-vp|edm|flow",
        default: "vp",
        help: "Noising process whose times say which noise levels are shown how often",
    },
    Parameter {
        name: "gamma",
        values: "a number > 0",
        default: "0.8 (vp), 1 (ve)",
        help: "Constant rate of the process",
    },
    Parameter {
        name: "rate-min",
        values: "a number > 0",
        default: "0.1",
        help: "Rate of vp-linear and sub-vp at t = 0",
    },
    Parameter {
        name: "rate-max",
        values: "a number > 0",
        default: "20",
        help: "Rate of vp-linear and sub-vp at t = 1",
    },
    Parameter {
        name: "last-time",
        values: "a number > 0.001 (flow: below 1)",
        default: "6 of vp, as noisy in others; later if noise hides the patterns (sigma = sqrt(D) spreads) only then",
        help: "Last time T; times are drawn evenly from 0.001 to T",
    },
    Parameter { name: "rate", values: "a number from 1e-9 to 1", default: "0.001", help: "Rate of Adam" },
    Parameter {
        name: "cosine",
        values: "",
        default: "off",
        help: "Let the rate fall to 0 along half a cosine",
    },
    Parameter {
        name: "average",
        values: "a number from 0 to 1, below 1",
        default: "0, which is none",
        help: "Make the memory of a running average of the weights, in which the past has this weight, as in 0.999",
    },
    Parameter {
        name: "seed",
        values: "a whole number",
        default: "0",
        help: "Seed of first weights, noise and order",
    },
];

/// Settings, and what is asked of the architecture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Plan {
    /// How a network is trained.
    pub settings: Settings,
    /// How it is put together; that which is usual for the units of the patterns if `None`.
    pub kind: Option<Kind>,
    /// Units of a hidden layer, if not as usual.
    pub width: Option<usize>,
    /// Hidden layers or blocks, if not as usual.
    pub depth: Option<usize>,
}

impl Plan {
    /// From options by name; see [`PARAMETERS`].
    ///
    /// ```
    /// use attractor::memories::Options;
    /// use attractor_networks::Plan;
    /// let plan = Plan::new(Options::default().set("steps", "300").set("width", "64"))?;
    /// assert_eq!((plan.settings.steps, plan.architecture(10).width), (300, 64));
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// An option that there is not, or a value outside its range.
    pub fn new(options: &Options) -> Result<Self> {
        for (name, _) in options.iter() {
            if !PARAMETERS.iter().any(|p| p.name == name) {
                return Err(Error::UnknownName {
                    kind: "setting of training:",
                    found: name.to_owned(),
                    known: PARAMETERS.iter().map(|p| p.name).collect::<Vec<_>>().join(", "),
                });
            }
        }
        let mut process = Options::default();
        for (name, value) in
            options.iter().filter(|(n, _)| ["process", "gamma", "rate-min", "rate-max"].contains(n))
        {
            process.set(name, value);
        }
        let usual = Settings::default();
        let settings = Settings {
            process: course(&process)?.process,
            last_time: get(options, "last-time")?,
            steps: get(options, "steps")?.unwrap_or(usual.steps),
            repeats: get(options, "batch-repeats")?.unwrap_or(usual.repeats),
            rate: get(options, "rate")?.unwrap_or(usual.rate),
            cosine: options.iter().any(|(name, _)| name == "cosine"),
            average: get(options, "average")?.unwrap_or(usual.average),
            seed: get(options, "seed")?.unwrap_or(usual.seed),
        };
        settings.check()?;
        let kind = get::<String>(options, "architecture")?.map(|name| name.parse()).transpose()?;
        Ok(Plan { settings, kind, width: get(options, "width")?, depth: get(options, "depth")? })
    }

    /// The network for patterns of so many units.
    pub fn architecture(&self, dim: usize) -> Architecture {
        let kind = self.kind.unwrap_or(Kind::usual(dim));
        Architecture {
            kind,
            dim,
            width: self.width.unwrap_or(kind.usual_width(dim)),
            depth: self.depth.unwrap_or(kind.usual_depth()),
        }
    }
}

fn get<T: FromStr>(options: &Options, name: &str) -> Result<Option<T>> {
    let Some((_, text)) = options.iter().find(|(own, _)| *own == name) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        let parameter = PARAMETERS.iter().find(|p| p.name == name);
        Error::parameter(name, parameter.map_or("a valid value", |p| p.values), text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use attractor::diffusion::Process;

    #[test]
    fn options_name_every_architecture_and_process() {
        let values = |name: &str| PARAMETERS.iter().find(|p| p.name == name).expect("an option").values;
        assert_eq!(values("architecture"), Kind::ALL.map(|k| k.0).join("|"));
        assert_eq!(values("process"), Process::ALL.map(|p| p.0).join("|"));
    }

    #[test]
    fn what_there_is_not_is_refused_by_name() {
        let refused = |name: &str, value: &str, word: &str| {
            let error = Plan::new(Options::default().set(name, value)).expect_err("an error").to_string();
            assert!(error.contains(word), "{error}");
        };
        refused("stepz", "3", "unknown setting of training: 'stepz'");
        refused("steps", "many", "steps: expected a whole number > 0, found many");
        refused("architecture", "deep", "paper, residual");
        refused("process", "vpx", "sub-vp");
        refused("rate", "2", "rate: expected a number from");
        assert_eq!(Plan::new(&Options::default()).expect("defaults"), Plan::default());
    }
}
