//! Sampling: the process, sampler and grid that take a state down the noise levels.

use std::sync::Arc;

use ndarray::Array2;

use super::grid::listed_levels;
use super::{LAST, LinearRate, Process, RATES, RHO, Sampler, Spacing};
use crate::dynamics::Dynamics;
use crate::energies::{Denoise, NoiseShape};
use crate::error::{Error, Result};
use crate::message;
use crate::message::Argument;
use crate::options::{CountRange, Fallback, Kind, Name, NumberRange, Options, Parameter, Value};
use crate::real::Real;

/// The settings of a recall by diffusion, apart from the memory.
///
/// ```
/// use attractor::diffusion::{Sampling, Sampler};
/// let sampling = Sampling { sampler: Sampler::Heun, ..Sampling::default() };
/// // 12 steps, Heun's default, from σ = 1.2 to 0.002 spreads and then 0.
/// let levels = sampling.levels(&[1.2], 1.0);
/// assert_eq!((levels.nrows(), levels[[0, 0]], levels[[11, 0]], levels[[12, 0]]), (13, 1.2, 0.002, 0.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// The noising process. Default: variance preserving at γ = 0.8, as in the paper.
    pub process: Process,
    /// The sampler. Default: DPM-Solver++(2M).
    pub sampler: Sampler,
    /// The number of steps, 1 to 100,000. `None` means the sampler's default.
    pub steps: Option<usize>,
    /// How levels are spaced. `None` means as is usual for the sampler: equal times for the Euler methods, powers for others.
    /// Default: none.
    pub spacing: Option<Spacing>,
    /// The exponent ρ of the grid of levels, 0.1 to 100. Default [`RHO`]. The Euler methods do not use it: their grid
    /// has equal steps of the process's time.
    pub rho: f64,
    /// The last positive level, in spreads of the memory, 10⁻¹² to 1, or a tenth of the cue's level where that is lower.
    /// Default [`LAST`].
    pub last: f64,
    /// Noise levels in place of a grid, in the units of the cues and in any order. A cue goes from its own level through
    /// those below it, and then to 0. Default: none.
    pub own_levels: Option<Arc<[f64]>>,
    /// The largest error of an adaptive sampler for each step and unit, in spreads, 10⁻¹⁴ to 1. Default 10⁻⁶.
    pub accuracy: f64,
    /// Whether to leave out work that provably does not matter. Default: yes. With at least 1024 stored patterns,
    /// single patterns of negligible weight are left out; the result is equal to 10⁻⁶ in each unit, at the price of a
    /// few reads of the memory. With fewer (without weights), whole reads are left out once one pattern dominates a
    /// row; the result is equal up to rounding. Other memories are read in full at every step.
    pub narrow: bool,
}

impl Default for Sampling {
    fn default() -> Self {
        let sampler = Sampler::default();
        Sampling {
            process: Process::default(),
            sampler,
            steps: None,
            spacing: None,
            rho: RHO,
            last: LAST,
            own_levels: None,
            accuracy: 1e-6,
            narrow: true,
        }
    }
}

/// The largest number is limited because each step's levels are held for a whole batch.
const STEPS: CountRange = CountRange::between(1, 100_000);
const RHOS: NumberRange = NumberRange::between(0.1, 100.0);
/// The smallest positive level, in spreads of the memory.
const SMALLEST: f64 = 1e-12;
const LASTS: NumberRange = NumberRange::between(SMALLEST, 1.0);
const ACCURACIES: NumberRange = NumberRange::between(1e-14, 1.0);

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
        default: Fallback::From(|| "times for the Euler methods, powers for others".to_owned()),
        help: "How noise levels are spaced, from that of the cue to the last one above 0",
    },
    Parameter {
        name: "rho",
        kind: Kind::Number(RHOS),
        default: Fallback::From(|| RHO.to_string()),
        help: "Exponent of the grid of noise levels: 1 for equal steps, 7 as in Karras et al.; the Euler methods and one-step have no grid",
    },
    Parameter {
        name: "last",
        kind: Kind::Number(LASTS),
        default: Fallback::From(|| LAST.to_string()),
        help: "Last noise level above 0, in spreads of the memory (root mean square of a unit about the mean pattern); a tenth of the level of a cue where that is lower",
    },
    Parameter {
        name: "sigmas",
        kind: Kind::List(&Kind::Number(NumberRange::at_least(0.0))),
        default: Fallback::None,
        help: "Noise levels of your own instead of a grid, in the units of the cues: a cue goes from its own level through those below it, and then to 0",
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
        help: "Skip patterns that certainly have no weight, which is faster: of 1,024 patterns or more, single ones, and results agree to 1e-6 a unit; of fewer, all others once one pattern has won, and results agree to rounding",
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

impl Sampling {
    /// Reads process, sampler and grid from options; see [`PARAMETERS`].
    ///
    /// ```
    /// use attractor::{diffusion::Sampling, options::Options};
    /// let sampling = Sampling::from_options(Options::default().set("sampler", "heun"))?;
    /// assert_eq!((sampling.sampler.name(), sampling.steps()), ("heun", 12));
    /// # Ok::<(), attractor::Error>(())
    /// ```
    ///
    /// # Errors
    /// An option that does not exist, or that the sampler does not use; a value outside its range.
    pub fn from_options(options: &Options) -> Result<Self> {
        let options = options.read(PARAMETERS, "option of diffusion:")?;
        let usual = Sampling::default();
        let sampling = Sampling {
            process: Process::from_options(&options)?,
            sampler: options.named("sampler")?.unwrap_or_default(),
            steps: options.count("steps"),
            spacing: options.named("spacing")?,
            rho: options.number("rho").unwrap_or(usual.rho),
            last: options.number("last").unwrap_or(usual.last),
            own_levels: options.list("sigmas").map(|levels| levels.iter().filter_map(number).collect()),
            accuracy: options.number("accuracy").unwrap_or(usual.accuracy),
            narrow: options.switch("narrow").unwrap_or(usual.narrow),
        };
        if let Some((name, _)) = options.iter().find(|(name, _)| !sampling.uses(name)) {
            if let Some(spacing) = sampling.spacing.filter(|_| sampling.sampler.uses("spacing")) {
                let found = format!("equal steps of {}", spacing.steps());
                return Err(Error::parameter(name, "levels whose spacing uses it", found));
            }
            let users = Sampler::ALL.iter().filter(|(_, sampler)| sampler.uses(name)).map(|(user, _)| *user);
            let users = users.collect::<Vec<_>>().join(", ");
            let found = format!("the sampler {}", sampling.sampler.name());
            return Err(Error::parameter(name, format!("a sampler that uses it ({users})"), found));
        }
        if sampling.own_levels.is_some() {
            if let Some(name) = ["steps", "spacing", "rho", "last"].into_iter().find(|name| options.has(name))
            {
                let expected = message!["a grid or levels of your own, not ", Argument::option(name)];
                return Err(Error::parameter("sigmas", expected, "both"));
            }
            if sampling.sampler.is_one_step() {
                let found = format!("the sampler {}", sampling.sampler.name());
                return Err(Error::parameter("sigmas", "a sampler that makes steps", found));
            }
        }
        sampling.check()?;
        Ok(sampling)
    }

    /// Whether the sampler uses this option, with the spacing that was asked for.
    fn uses(&self, option: &str) -> bool {
        match (self.spacing, option) {
            (Some(Spacing::Powers), "rho" | "last") | (Some(Spacing::Exponential), "last") => {
                self.sampler.uses("spacing")
            }
            (Some(_), "rho" | "last") => false,
            _ => self.sampler.uses(option),
        }
    }

    /// Returns an error if a number is outside its range.
    ///
    /// # Errors
    /// A number outside its range.
    pub fn check(&self) -> Result<()> {
        self.process.check()?;
        STEPS.check("steps", self.steps.unwrap_or(1) as u64)?;
        RHOS.check("rho", self.rho)?;
        LASTS.check("last", self.last)?;
        if let Some(levels) = &self.own_levels {
            STEPS.check("sigmas", levels.len() as u64)?;
            if let Some(wrong) = levels.iter().find(|level| !(level.is_finite() && **level >= 0.0)) {
                return Err(Error::parameter("sigmas", "finite numbers >= 0", wrong));
            }
        }
        ACCURACIES.check("accuracy", self.accuracy)
    }

    /// The number of steps down to σ = 0.
    pub fn steps(&self) -> usize {
        match (&self.own_levels, self.sampler.is_one_step()) {
            (_, true) => 1,
            (Some(levels), _) => sorted(levels, 1.0).len() + 1,
            (None, _) => self.steps.unwrap_or(self.sampler.default_steps()),
        }
    }

    /// The levels from σ₀ of each row to 0, (steps + 1) × B, for a memory with this spread. All are in the units of the
    /// cues.
    pub fn levels(&self, first: &[f64], spread: f64) -> Array2<f64> {
        self.scaled_levels(first, spread, 1.0)
    }

    /// [`levels`](Self::levels) in units of which one unit of the cues has `scale`.
    fn scaled_levels(&self, first: &[f64], spread: f64, scale: f64) -> Array2<f64> {
        match &self.own_levels {
            Some(levels) => listed_levels(first, &sorted(levels, scale)),
            None => {
                let (last, steps) = (self.last * spread, self.steps());
                self.sampler.levels(&self.process, self.spacing, first, last, self.rho, steps)
            }
        }
    }

    /// The levels from σ₀ of each row to 0 for a denoiser, whose noise may come from a potential. `first` and `spread` are
    /// in prepared units, of which one unit of the cues has `scale`.
    ///
    /// # Errors
    /// A level that the potential does not reach; a level of one's own that is too small.
    pub fn levels_for<F: Real>(
        &self,
        denoiser: &dyn Denoise<F>,
        first: &[f64],
        spread: f64,
        scale: f64,
    ) -> Result<Array2<f64>> {
        let noise = match denoiser.noise() {
            _ if let Some(levels) = &self.own_levels => {
                let smallest = sorted(levels, scale).last().copied().unwrap_or(f64::INFINITY);
                if smallest < SMALLEST * spread {
                    let expected = format!("0, or levels of at least {SMALLEST:e} spreads of the memory");
                    return Err(Error::parameter("sigmas", expected, smallest / scale));
                }
                return Ok(self.scaled_levels(first, spread, scale));
            }
            NoiseShape::Equal => return Ok(self.levels(first, spread)),
            NoiseShape::Units(noise) | NoiseShape::Turned(noise, _) => noise,
        };
        self.sampler.levels_of(noise, self.spacing, first, self.last * spread, self.rho, self.steps())
    }

    /// The dynamics of the sampler with a denoiser, for a memory with this spread.
    pub fn dynamics<'a, F: Real>(
        &self,
        denoiser: &'a dyn Denoise<F>,
        spread: f64,
    ) -> Box<dyn Dynamics<F> + 'a> {
        self.sampler.dynamics(denoiser, self.process, self.accuracy * spread)
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// The positive levels, times `scale`, each once and falling.
fn sorted(levels: &[f64], scale: f64) -> Vec<f64> {
    let mut levels: Vec<f64> =
        levels.iter().filter(|level| **level > 0.0).map(|level| level * scale).collect();
    levels.sort_by(|a, b| b.total_cmp(a));
    levels.dedup();
    levels
}
