//! The options of every model that recalls by diffusion.

use super::{Betas, LAST, LinearRate, Process, RATES, RHO, Sampler, Spacing};
use crate::error::Result;
use crate::options::{CountRange, Fallback, Form, Kind, Name, NumberRange, Options, Parameter};

/// The largest number is limited because each step's levels are held for a whole batch.
pub(super) const STEPS: CountRange = CountRange::between(1, 100_000);
pub(super) const RHOS: NumberRange = NumberRange::between(0.1, 100.0);
/// The smallest positive level, in spreads of the memory.
pub(super) const SMALLEST: f64 = 1e-12;
pub(super) const LASTS: NumberRange = NumberRange::between(SMALLEST, 1.0);
pub(super) const ACCURACIES: NumberRange = NumberRange::between(1e-14, 1.0);
pub(super) const LEVELS: NumberRange = NumberRange::at_least(0.0);
pub(super) const STARTS: NumberRange = NumberRange::POSITIVE;
pub(super) const SHIFTS: NumberRange = NumberRange::between(1e-3, 1e3);
pub(super) const OFFSETS: CountRange = CountRange::between(0, 1000);
pub(super) const ETAS: NumberRange = NumberRange::between(0.0, 1.0);
pub(super) const CHURNS: NumberRange = NumberRange::between(0.0, 1e6);
pub(super) const NOISES: NumberRange = NumberRange::between(0.0, 10.0);
pub(super) const RATIOS: NumberRange = NumberRange::between(1e-6, 10.0);

/// The options of models whose noise can be that of a potential: [`PARAMETERS`], with the process `potential` and the
/// option for its potential.
pub const MEMORY_PARAMETERS: &[Parameter] = &{
    let mut all = [POTENTIAL_FILE; PARAMETERS.len() + 1];
    all[0] = MEMORY_PROCESS;
    let mut k = 1;
    while k < PARAMETERS.len() {
        all[k + 1] = PARAMETERS[k];
        k += 1;
    }
    all
};

/// The options of every model that recalls by diffusion.
pub const PARAMETERS: &[Parameter] = &[
    PROCESS,
    GAMMA,
    RATE_MIN,
    RATE_MAX,
    Parameter {
        name: "sampler",
        kind: Kind::Choice(Sampler::names),
        default: Fallback::From(|| Sampler::default().name().to_owned()),
        help: "How a state is taken from the noise level of its cue down to 0",
    },
    Parameter {
        name: "steps",
        kind: Kind::Count(STEPS),
        default: Fallback::From(default_steps),
        help: "Steps of the sampler; dormand-prince takes as many of its own between them as its accuracy needs",
    },
    Parameter {
        name: "spacing",
        kind: Kind::Choice(Spacing::names),
        default: Fallback::From(|| {
            "times for the Euler methods, linspace with betas, powers for others".to_owned()
        }),
        help: "How noise levels are spaced, from that of the cue to the last one above 0",
    },
    Parameter {
        name: "rho",
        kind: Kind::Number(RHOS),
        default: Fallback::From(|| format!("{RHO}; 7 for karras, 1 for polyexponential")),
        help: "Exponent of the spacings powers, karras and polyexponential: 1 for equal steps, 7 for those of Karras et al. (2022)",
    },
    Parameter {
        name: "last",
        kind: Kind::Number(LASTS),
        default: Fallback::From(|| {
            format!("{LAST}, or a tenth of the level of a cue where that is lower; none for times")
        }),
        help: "Last noise level above 0, in spreads of the memory (root mean square of a unit about the mean pattern); a cue with less noise makes one step",
    },
    Parameter {
        name: "sigmas",
        kind: Kind::List(&Kind::Number(LEVELS)),
        default: Fallback::None,
        help: "Noise levels of your own instead of a grid, in the units of the cues: a cue goes from its own level through those below it, and then to 0",
    },
    Parameter {
        name: "betas",
        kind: Kind::Form(Form { forms: Betas::forms, check: Form::reads::<Betas> }),
        default: Fallback::None,
        help: "Noise levels of a table of training steps, as of DDPM: spacing says which of them; a cue goes from its own level through those below it",
    },
    Parameter {
        name: "offset",
        kind: Kind::Count(OFFSETS),
        default: Fallback::Is("0"),
        help: "Steps of the table that leading levels are moved up by (steps_offset of diffusers)",
    },
    Parameter {
        name: "shift",
        kind: Kind::Number(SHIFTS),
        default: Fallback::Is("1"),
        help: "Factor of noise for equal times: above 1 more steps have much noise (shift of flow matching, as in Stable Diffusion 3)",
    },
    Parameter {
        name: "until",
        kind: Kind::Number(LEVELS),
        default: Fallback::Is("0"),
        help: "Noise level where a recall ends, in the units of the cues; above 0 this much noise is left",
    },
    Parameter {
        name: "start",
        kind: Kind::Number(STARTS),
        default: Fallback::Rule("10 radii of the memory, or the highest of sigmas or betas"),
        help: "Noise level where a recall without cues starts, in the units of the cues (sigma_max); 1e7 is pure noise, t = 1 of a flow",
    },
    Parameter {
        name: "eta",
        kind: Kind::Number(ETAS),
        default: Fallback::Rule("0 for ddim, 1 for the others that have it"),
        help: "Share of the noise of the reverse SDE: 0 follows the probability flow, 1 draws from the posterior",
    },
    Parameter {
        name: "s-churn",
        kind: Kind::Number(CHURNS),
        default: Fallback::Is("0"),
        help: "Noise that heun and ddim add before each step: a level rises by the factor 1 + min(s-churn/steps, sqrt(2) - 1)",
    },
    Parameter {
        name: "s-tmin",
        kind: Kind::Number(LEVELS),
        default: Fallback::Is("0"),
        help: "Lowest level that s-churn raises, in the units of the cues",
    },
    Parameter {
        name: "s-tmax",
        kind: Kind::Number(LEVELS),
        default: Fallback::None,
        help: "Highest level that s-churn raises, in the units of the cues",
    },
    Parameter {
        name: "s-noise",
        kind: Kind::Number(NOISES),
        default: Fallback::Is("1"),
        help: "Standard deviation of the noise of s-churn",
    },
    Parameter {
        name: "snr",
        kind: Kind::Number(RATIOS),
        default: Fallback::Rule("none: a correction takes the time 1 - sigma'/sigma"),
        help: "Signal-to-noise ratio of a correction of predictor-corrector, as in Song et al., who take 0.16",
    },
    Parameter {
        name: "accuracy",
        kind: Kind::Number(ACCURACIES),
        default: Fallback::Is("1e-6"),
        help: "Error that dormand-prince may make in a step (root mean square of a unit, in spreads of the memory)",
    },
    Parameter {
        name: "narrow",
        kind: Kind::Switch,
        default: Fallback::Is("on"),
        help: "Skip patterns that certainly have no weight, which is faster: of 1,024 patterns or more with more than 65,536 numbers, single ones, and results agree to 1e-6 a unit; of fewer, all others once one pattern has won, and results agree to rounding",
    },
];

/// The name of the process with a potential, and of the option that gives the potential.
pub const POTENTIAL: &str = "potential";

/// The names of the processes, and of the one with a potential.
fn process_names() -> Vec<Name> {
    let own = Name::with_about(POTENTIAL, "dx = -grad V dt + sigma dW, with a potential of your own");
    Process::names().into_iter().chain([own]).collect()
}

/// The option for the noising process of a memory, which may have a potential.
const MEMORY_PROCESS: Parameter = Parameter {
    kind: Kind::Choice(process_names),
    help: "Noising process; potential takes the one of the option potential",
    ..PROCESS
};

/// The option for the potential of the process.
const POTENTIAL_FILE: Parameter = Parameter {
    name: POTENTIAL,
    kind: Kind::Text("FILE"),
    default: Fallback::None,
    help: "Potential of the process potential, in TOML: its minimum, Hessian and sigma, as in docs/ideas/potentials.md",
};

/// The option for the noising process.
pub const PROCESS: Parameter = Parameter {
    name: "process",
    kind: Kind::Choice(Process::names),
    default: Fallback::From(|| Process::default().name().to_owned()),
    help: "Noising process",
};

/// The option for the constant rate of a process.
pub const GAMMA: Parameter = Parameter {
    name: "gamma",
    kind: Kind::Number(RATES),
    default: Fallback::From(|| {
        let rate = |(name, process): &(&str, Process)| Some(format!("{} for {name}", process.rate()?));
        Process::ALL.iter().filter_map(rate).collect::<Vec<_>>().join(", ")
    }),
    help: "Constant rate of vp (its gamma) or ve (noise per square root of time)",
};

/// The option for the first rate of a process with a linear rate.
pub const RATE_MIN: Parameter = Parameter {
    name: "rate-min",
    kind: Kind::Number(RATES),
    default: Fallback::From(|| LinearRate::default().min.to_string()),
    help: "Rate of vp-linear and sub-vp at t = 0",
};

/// The option for the last rate of a process with a linear rate.
pub const RATE_MAX: Parameter = Parameter {
    name: "rate-max",
    kind: Kind::Number(RATES),
    default: Fallback::From(|| LinearRate::default().max.to_string()),
    help: "Rate of vp-linear and sub-vp at t = 1",
};

/// "24; 12 for heun; 48 for ddim; …": the usual number, then those of samplers that take another.
fn default_steps() -> String {
    let usual = Sampler::default().default_steps();
    let mut counts: Vec<usize> =
        Sampler::ALL.iter().map(|(_, s)| s.default_steps()).filter(|&n| n != usual).collect();
    counts.sort_unstable();
    counts.dedup();
    let named = |count: usize| {
        let of = Sampler::ALL.iter().filter(|(_, s)| s.default_steps() == count);
        format!("{count} for {}", of.map(|(name, _)| *name).collect::<Vec<_>>().join(", "))
    };
    let others: Vec<String> = counts.into_iter().map(named).collect();
    format!("{usual}; {}; twice as many for mixture", others.join("; "))
}

impl Process {
    /// Reads the process from options: [`PROCESS`], [`GAMMA`], [`RATE_MIN`] and [`RATE_MAX`].
    ///
    /// # Errors
    /// A rate that the process does not have.
    pub fn from_options(options: &Options) -> Result<Self> {
        let mut process: Process = options.named(PROCESS.name)?.unwrap_or_default();
        if let Some(rate) = options.number(GAMMA.name) {
            process = process.with_rate(rate)?;
        }
        let (min, max) = (options.number(RATE_MIN.name), options.number(RATE_MAX.name));
        if min.is_some() || max.is_some() {
            let usual = LinearRate::default();
            let rate = LinearRate { min: min.unwrap_or(usual.min), max: max.unwrap_or(usual.max) };
            process = process.with_linear_rate(rate)?;
        }
        Ok(process)
    }
}
