//! Training settings as named options, for the command line and Python.

use attractor::Result;
use attractor::diffusion::{GAMMA, PROCESS, Process, RATE_MAX, RATE_MIN};
use attractor::networks::{Architecture, Kind as Network};
use attractor::options::{CountRange, Fallback, Kind, NumberRange, Options, Parameter, names_of};

use crate::settings::{AVERAGES, FIRST_TIME, RATES, REPEATS, STEPS, Settings};

/// The options of training.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "steps",
        kind: Kind::Count(STEPS),
        default: Fallback::Is("1000"),
        help: "Steps of the optimiser, in all",
    },
    Parameter {
        name: "architecture",
        kind: Kind::Choice(|| names_of(&Network::ALL)),
        default: Fallback::Rule("paper up to 32 units, else residual"),
        help: "Layers of ReLU that all get the signal as input, or residual blocks, for many units",
    },
    Parameter {
        name: "width",
        kind: Kind::Count(CountRange::at_least(1)),
        default: Fallback::Rule("80 times the units of a pattern for paper, 1024 for residual"),
        help: "Units of a hidden layer",
    },
    Parameter {
        name: "depth",
        kind: Kind::Count(CountRange::between(1, 100)),
        default: Fallback::Rule("3 for paper, 2 for residual"),
        help: "Hidden layers, or residual blocks",
    },
    Parameter {
        name: "batch-repeats",
        kind: Kind::Count(REPEATS),
        default: Fallback::Is("16"),
        help: "How often each pattern is in a batch, each time with new noise; a batch has at most 1,024 states",
    },
    Parameter {
        help: "Noising process, whose times determine how often each noise level is shown",
        ..PROCESS
    },
    GAMMA,
    RATE_MIN,
    RATE_MAX,
    Parameter {
        name: "last-time",
        kind: Kind::Number(NumberRange::above(FIRST_TIME)),
        default: Fallback::Rule(
            "6 for vp, the time of the same noise for others; later for many units, so that sigma is sqrt(D) or more",
        ),
        help: "Last time T of the process, below 1 for flow; times are drawn evenly from 0.001 to T",
    },
    Parameter {
        name: "rate",
        kind: Kind::Number(RATES),
        default: Fallback::Is("0.001"),
        help: "Learning rate of Adam",
    },
    Parameter {
        name: "cosine",
        kind: Kind::Flag,
        default: Fallback::Rule("off"),
        help: "Let the learning rate fall to 0 along half a cosine",
    },
    Parameter {
        name: "average",
        kind: Kind::Number(AVERAGES),
        default: Fallback::Rule("0, which is none"),
        help: "Weight of the past in a running average of the weights, which the memory is made of, as in 0.999",
    },
    Parameter {
        name: "seed",
        kind: Kind::Count(CountRange::ANY),
        default: Fallback::Is("0"),
        help: "Seed of the initial weights, the noise and the order of patterns",
    },
];

/// The settings of training, and of the network's architecture.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrainingPlan {
    /// How a network is trained.
    pub settings: Settings,
    /// The architecture. `None` chooses the usual one for the number of units.
    pub kind: Option<Network>,
    /// Units of a hidden layer. `None` is the usual number.
    pub width: Option<usize>,
    /// Hidden layers or blocks. `None` is the usual number.
    pub depth: Option<usize>,
}

impl TrainingPlan {
    /// Reads a plan from named options; see [`PARAMETERS`].
    ///
    /// ```
    /// use attractor::options::Options;
    /// use attractor_networks::TrainingPlan;
    /// let plan = TrainingPlan::new(Options::default().set("steps", "300").set("width", "64"))?;
    /// assert_eq!((plan.settings.steps, plan.architecture(10).width), (300, 64));
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// An option is unknown, or a value is outside its range.
    pub fn new(options: &Options) -> Result<Self> {
        let options = options.read(PARAMETERS, "setting of training:")?;
        let usual = Settings::default();
        let settings = Settings {
            process: Process::from_options(&options)?,
            last_time: options.number("last-time"),
            steps: options.seed("steps").unwrap_or(usual.steps),
            repeats: options.count("batch-repeats").unwrap_or(usual.repeats),
            rate: options.number("rate").unwrap_or(usual.rate),
            cosine: options.flag("cosine"),
            average: options.number("average").unwrap_or(usual.average),
            seed: options.seed("seed").unwrap_or(usual.seed),
        };
        settings.check()?;
        let (width, depth) = (options.count("width"), options.count("depth"));
        Ok(TrainingPlan { settings, kind: options.named("architecture")?, width, depth })
    }

    /// The architecture for patterns of `dim` units.
    pub fn architecture(&self, dim: usize) -> Architecture {
        let kind = self.kind.unwrap_or(Network::for_units(dim));
        Architecture {
            kind,
            dim,
            width: self.width.unwrap_or(kind.default_width(dim)),
            depth: self.depth.unwrap_or(kind.default_depth()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_not_is_refused_by_name() {
        let refused = |name: &str, value: &str, word: &str| {
            let error =
                TrainingPlan::new(Options::default().set(name, value)).expect_err("an error").to_string();
            assert!(error.contains(word), "{error}");
        };
        refused("stepz", "3", "unknown setting of training: 'stepz'");
        refused("steps", "many", "steps: expected a whole number from 1 to 1000000000, found many");
        refused("architecture", "deep", "paper, residual");
        refused("process", "vpx", "sub-vp");
        refused("rate", "2", "rate: expected a number from");
        assert_eq!(TrainingPlan::new(&Options::default()).expect("defaults"), TrainingPlan::default());
    }
}
