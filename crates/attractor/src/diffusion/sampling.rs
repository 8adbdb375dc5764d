//! Sampling: the process, sampler and grid that take a state down the noise levels.

use std::sync::Arc;

use ndarray::Array2;

use super::grid::{Levels, listed_levels};
use super::parameters::{
    ACCURACIES, CHURNS, ETAS, LASTS, LEVELS, NOISES, OFFSETS, PARAMETERS, RATIOS, RHOS, SHIFTS, SMALLEST,
    STARTS, STEPS,
};
use super::samplers::{Churn, Context};
use super::{Betas, LAST, Process, Sampler, Spacing};
use crate::dynamics::Dynamics;
use crate::energies::{Denoise, NoiseShape};
use crate::error::{Error, Result};
use crate::message;
use crate::message::Argument;
use crate::options::{Options, Value};
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
    /// How levels are spaced. `None` means as is usual: equal times for the Euler methods, [`Spacing::Linspace`] with betas, powers
    /// for others. Default: none.
    pub spacing: Option<Spacing>,
    /// The exponent ρ of the grid of levels, 0.1 to 100. `None` means that of the spacing: [`RHO`](super::RHO) for powers. Spacings
    /// without an exponent do not use it. Default: none.
    pub rho: Option<f64>,
    /// The last positive level, in spreads of the memory, 10⁻¹² to 1. A cue below it makes one step. `None` means [`LAST`], or a
    /// tenth of the cue's level where that is lower; equal times then go down to 0. Default: none.
    pub last: Option<f64>,
    /// Noise levels in place of a grid, in the units of the cues and in any order. A cue goes from its own level through
    /// those below it, and then to 0. Default: none.
    pub own_levels: Option<Arc<[f64]>>,
    /// The table whose levels a recall goes through, in the units of the cues, as for own levels. Default: none.
    pub betas: Option<Betas>,
    /// By how many steps of the table leading levels are moved up, 0 to 1000. Default 0.
    pub offset: usize,
    /// The factor of noise whose times are equally spaced, 10⁻³ to 10³. Default 1.
    pub shift: f64,
    /// The level where a recall ends, ≥ 0, in the units of the cues. Default 0.
    pub until: f64,
    /// The level where a recall without cues starts, > 0, in the units of the cues. `None` means ten radii of the memory, or the
    /// highest level of own levels or of the table. Default: none.
    pub start: Option<f64>,
    /// The share η of the noise of the reverse SDE, 0 to 1. `None` means 0 for DDIM and 1 for others. Default: none.
    pub eta: Option<f64>,
    /// Noise that is added before each step. Default: none.
    pub churn: Option<Churn>,
    /// The signal-to-noise ratio of a Langevin correction, 10⁻⁶ to 10. `None` means that its time is 1 − σ'/σ. Default: none.
    pub snr: Option<f64>,
    /// The largest error of an adaptive sampler for each step and unit, in spreads, 10⁻¹⁴ to 1. Default 10⁻⁶.
    pub accuracy: f64,
    /// Whether to leave out work that provably does not matter. Default: yes. With at least 1024 stored patterns and more than 65,536 numbers,
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
            rho: None,
            last: None,
            own_levels: None,
            betas: None,
            offset: 0,
            shift: 1.0,
            until: 0.0,
            start: None,
            eta: None,
            churn: None,
            snr: None,
            accuracy: 1e-6,
            narrow: true,
        }
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
            rho: options.number("rho"),
            last: options.number("last"),
            own_levels: options.list("sigmas").map(|levels| levels.iter().filter_map(number).collect()),
            betas: options.named("betas")?,
            offset: options.count("offset").unwrap_or(usual.offset),
            shift: options.number("shift").unwrap_or(usual.shift),
            until: options.number("until").unwrap_or(usual.until),
            start: options.number("start"),
            eta: options.number("eta"),
            churn: Churn::from_options(&options),
            snr: options.number("snr"),
            accuracy: options.number("accuracy").unwrap_or(usual.accuracy),
            narrow: options.switch("narrow").unwrap_or(usual.narrow),
        };
        sampling.check_used(&options)?;
        sampling.check()?;
        Ok(sampling)
    }

    /// Returns an error for an option that has no effect beside the others.
    fn check_used(&self, options: &Options) -> Result<()> {
        let refuse = |name: &str, expected: &str, found: String| Err(Error::parameter(name, expected, found));
        let sampler = || format!("the sampler {}", self.sampler.name());
        if let Some((name, _)) = options.iter().find(|(name, _)| !self.sampler.uses(name)) {
            let users = Sampler::ALL.iter().filter(|(_, sampler)| sampler.uses(name)).map(|(user, _)| *user);
            let users: Vec<&str> = users.collect();
            let expected = match users.len() + 1 < Sampler::ALL.len() {
                true => format!("a sampler that uses it ({})", users.join(", ")),
                // All but the one that makes a single step.
                false => "a sampler that makes steps".to_owned(),
            };
            return refuse(name, &expected, sampler());
        }
        if self.own_levels.is_some() {
            let grid = ["steps", "spacing", "rho", "last", "betas", "offset", "shift"];
            if let Some(name) = grid.into_iter().find(|name| options.has(name)) {
                let expected = message!["a grid or levels of your own, not ", Argument::option(name)];
                return Err(Error::parameter("sigmas", expected, "both"));
            }
        }
        let spacing = self.spacing();
        if let Some((name, _)) = options.iter().find(|(name, _)| !spacing.uses(name)) {
            let found = format!("the spacing {}", spacing.name());
            return refuse(name, "levels whose spacing uses it", found);
        }
        match self.betas {
            None if spacing.is_of_table() => {
                let expected =
                    message!["a spacing of levels, or a table (", Argument::option("betas"), ") as well"];
                return Err(Error::parameter("spacing", expected, spacing.name()));
            }
            Some(_) if spacing == Spacing::Times => {
                return refuse(
                    "betas",
                    "levels of a table or a spacing between two of them",
                    "equal times".into(),
                );
            }
            _ => {}
        }
        if self.churn.is_none() {
            if let Some(name) = ["s-tmin", "s-tmax", "s-noise"].into_iter().find(|name| options.has(name)) {
                return refuse(name, "noise that is added (s-churn > 0)", "none".into());
            }
        } else if self.eta.is_some_and(|eta| eta > 0.0) {
            return refuse("s-churn", "noise of one kind: s-churn or eta", "both".into());
        }
        Ok(())
    }

    /// Returns an error if a number is outside its range.
    ///
    /// # Errors
    /// A number outside its range.
    pub fn check(&self) -> Result<()> {
        self.process.check()?;
        STEPS.check("steps", self.steps.unwrap_or(1) as u64)?;
        self.rho.map_or(Ok(()), |rho| RHOS.check("rho", rho))?;
        self.last.map_or(Ok(()), |last| LASTS.check("last", last))?;
        if let Some(levels) = &self.own_levels {
            STEPS.check("sigmas", levels.len() as u64)?;
            if let Some(wrong) = levels.iter().find(|level| !(level.is_finite() && **level >= 0.0)) {
                return Err(Error::parameter("sigmas", "finite numbers >= 0", wrong));
            }
        }
        if let Some(betas) = self.betas.filter(|_| self.own_levels.is_none()) {
            let most = betas.count - usize::from(self.spacing() == Spacing::LeadingDpm);
            if self.steps() > most {
                let expected = format!("at most {most}, the steps of the table");
                return Err(Error::parameter("steps", expected, self.steps()));
            }
        }
        OFFSETS.check("offset", self.offset as u64)?;
        SHIFTS.check("shift", self.shift)?;
        LEVELS.check("until", self.until)?;
        self.start.map_or(Ok(()), |start| STARTS.check("start", start))?;
        self.eta.map_or(Ok(()), |eta| ETAS.check("eta", eta))?;
        self.snr.map_or(Ok(()), |snr| RATIOS.check("snr", snr))?;
        if let Some(churn) = self.churn {
            CHURNS.check("s-churn", churn.amount)?;
            NOISES.check("s-noise", churn.noise)?;
        }
        ACCURACIES.check("accuracy", self.accuracy)
    }

    /// How levels are spaced.
    fn spacing(&self) -> Spacing {
        let usual = if self.betas.is_some() { Spacing::Linspace } else { self.sampler.spacing() };
        self.spacing.unwrap_or(usual)
    }

    /// The number of steps down to the last level.
    pub fn steps(&self) -> usize {
        match self.own_levels {
            _ if self.sampler.is_one_step() => 1,
            Some(_) => self.listed(1.0, 1.0).map_or(1, |levels| levels.len() + 1),
            // The highest level of a table is where a recall starts.
            None => self.steps.unwrap_or(self.sampler.default_steps()),
        }
    }

    /// Whether a recall is random.
    pub fn is_stochastic(&self) -> bool {
        let noise = self.eta.map_or(self.sampler.is_stochastic(), |eta| eta > 0.0);
        noise || self.churn.is_some()
    }

    /// Whether a recall ends in each memory with that memory's posterior probability, up to the error of its steps.
    pub fn samples_posterior(&self) -> bool {
        // With all noise DDIM is ancestral sampling.
        let all = self.eta.map_or(self.sampler.samples_posterior(), |eta| eta == 1.0);
        all && self.churn.is_none() && self.until == 0.0
    }

    /// The level where a recall without cues starts, in the units of the cues, if it is not ten radii of the memory.
    pub(crate) fn first(&self) -> Option<f64> {
        let listed = || self.listed(1.0, 1.0).and_then(|levels| levels.first().copied());
        self.start.or_else(listed)
    }

    /// The levels from σ₀ of each row to 0, or to [`until`](Self::until): (steps + 1) × B, for a memory with this spread. All are in the
    /// units of the cues.
    ///
    /// ```
    /// use attractor::diffusion::Sampling;
    /// // The levels that diffusers' DDIMScheduler takes in four steps, and half a level where the last would be 0.
    /// let sampling = Sampling {
    ///     betas: Some("linear".parse()?),
    ///     spacing: Some("trailing".parse()?),
    ///     steps: Some(4),
    ///     until: 0.5,
    ///     ..Sampling::default()
    /// };
    /// let levels = sampling.levels(&[200.0], 1.0);
    /// let rounded: Vec<f64> = levels.iter().map(|level| (level * 100.0).round() / 100.0).collect();
    /// assert_eq!(rounded, [200.0, 157.41, 17.25, 3.42, 0.95, 0.5]);
    /// # Ok::<(), attractor::Error>(())
    /// ```
    pub fn levels(&self, first: &[f64], spread: f64) -> Array2<f64> {
        self.levels_in(first, spread, 1.0)
    }

    /// [`levels`](Self::levels) in units of which one unit of the cues has `scale`.
    fn levels_in(&self, first: &[f64], spread: f64, scale: f64) -> Array2<f64> {
        match self.listed(spread, scale) {
            Some(levels) => listed_levels(first, &levels, self.until * scale),
            None => self.grid(spread, scale).of_process(&self.process, first),
        }
    }

    /// The grid from any first level, for a memory with this spread.
    fn grid(&self, spread: f64, scale: f64) -> Levels {
        Levels {
            spacing: self.spacing(),
            rho: self.rho,
            shift: self.shift,
            last: self.last.map(|last| last * spread),
            low: LAST * spread,
            until: self.until * scale,
            steps: self.steps(),
        }
    }

    /// The positive levels of a list or a table, each once and falling, in units of which one unit of the cues has `scale`.
    fn listed(&self, spread: f64, scale: f64) -> Option<Vec<f64>> {
        let mut levels: Vec<f64> = match (&self.own_levels, self.betas) {
            (Some(levels), _) => levels.to_vec(),
            (None, Some(betas)) if !self.sampler.is_one_step() => {
                self.grid(spread / scale, 1.0).of_table(&betas, self.offset)
            }
            _ => return None,
        };
        levels.retain(|level| *level > self.until);
        levels.iter_mut().for_each(|level| *level *= scale);
        levels.sort_by(|a, b| b.total_cmp(a));
        levels.dedup();
        Some(levels)
    }

    /// The levels from σ₀ of each row to the last one for a denoiser, whose noise may come from a potential. `first` and `spread`
    /// are in prepared units, of which one unit of the cues has `scale`.
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
        let refuse = |name: &str, level: f64| {
            let expected = format!("0, or levels of at least {SMALLEST:e} spreads of the memory");
            Err(Error::parameter(name, expected, level / scale))
        };
        if self.until > 0.0 && self.until * scale < SMALLEST * spread {
            return refuse("until", self.until * scale);
        }
        if let Some(levels) = self.listed(spread, scale) {
            return match levels.last() {
                Some(&smallest) if smallest < SMALLEST * spread => refuse("sigmas", smallest),
                _ => Ok(listed_levels(first, &levels, self.until * scale)),
            };
        }
        match denoiser.noise() {
            NoiseShape::Equal => Ok(self.levels_in(first, spread, scale)),
            NoiseShape::Units(noise) | NoiseShape::Turned(noise, _) => {
                self.grid(spread, scale).of_noise(noise, first)
            }
        }
    }

    /// The dynamics of the sampler with a denoiser, for a memory with this spread, in units of which one unit of the cues has
    /// `scale`.
    pub fn dynamics<'a, F: Real>(
        &self,
        denoiser: &'a dyn Denoise<F>,
        spread: f64,
        scale: f64,
    ) -> Box<dyn Dynamics<F> + 'a> {
        self.sampler.with(Context {
            denoiser,
            process: self.process,
            accuracy: self.accuracy * spread,
            eta: self.eta,
            churn: self.churn.map(|churn| churn.scaled(scale)),
            snr: self.snr,
            steps: self.steps(),
        })
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}
