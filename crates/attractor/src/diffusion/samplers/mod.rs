//! Samplers, which take states down the noise levels. Each is one file with its description, and one line in the list
//! of [`Sampler`].
//!
//! All samplers work with any [`Denoise`], stored or learned, in the coordinates z = y + σε:
//!
//! ```text
//! probability flow   dz/dσ = (z − D(z;σ))/σ
//! reverse SDE        dz = −2 (z − D(z;σ))/σ |dσ| + √(2σ|dσ|) ε
//! ```

mod adaptive;
mod ancestral;
mod bridge;
mod churn;
mod ddim;
mod dpmpp_2m;
mod dpmpp_2m_sde;
mod dpmpp_3m;
mod dpmpp_3m_sde;
mod euler;
mod flow;
mod heun;
mod langevin;
mod lms;
mod multistep;
mod unipc;
mod units;

pub use adaptive::DormandPrince;
pub(crate) use adaptive::{Path, Slope, integrate};
pub use ancestral::Ancestral;
pub use churn::Churn;
pub use ddim::Ddim;
pub use dpmpp_2m::DpmSolverPlusPlus2M;
pub use dpmpp_2m_sde::SdeDpmSolverPlusPlus2M;
pub use dpmpp_3m::DpmSolverPlusPlus3M;
pub use dpmpp_3m_sde::SdeDpmSolverPlusPlus3M;
pub use euler::Euler;
pub use flow::{Flow, Solver, Steps};
pub use heun::Heun;
pub use langevin::{Langevin, PredictorCorrector};
pub use lms::LinearMultistep;
pub use unipc::UniPc;

use ndarray::ArrayView2;
use units::Units;

use super::{Process, Spacing};
use crate::dynamics::Dynamics;
use crate::energies::Denoise;
use crate::error::{Error, Result};
use crate::options::{Name, find};
use crate::real::Real;

/// Makes the list of samplers, with a variant of [`Sampler`] for each line.
macro_rules! samplers {
    ($($(#[$about:meta])* $sampler:ident: $entry:ty,)*) => {
        /// A sampler: the method that takes a state down the noise levels.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum Sampler {
            $($(#[$about])* $sampler,)*
        }

        const FACTS: &[(Sampler, Facts)] = &[$((Sampler::$sampler, <$entry>::FACTS)),*];

        impl Sampler {
            /// All samplers with their names.
            pub const ALL: [(&'static str, Sampler); FACTS.len()] =
                [$((<$entry>::FACTS.name, Sampler::$sampler)),*];

            /// The dynamics of this sampler with a denoiser. `accuracy` is the largest error of an adaptive sampler
            /// for each step and unit (root mean square), in the units of the states. Other samplers ignore it.
            pub fn dynamics<'a, F: Real>(
                self,
                denoiser: &'a dyn Denoise<F>,
                process: Process,
                accuracy: f64,
            ) -> Box<dyn Dynamics<F> + 'a> {
                self.with(Context { denoiser, process, accuracy, eta: None, churn: None, snr: None, steps: 1 })
            }

            /// The dynamics of this sampler.
            pub(super) fn with<F: Real>(self, context: Context<'_, F>) -> Box<dyn Dynamics<F> + '_> {
                match self {
                    $(Sampler::$sampler => <$entry>::dynamics(context),)*
                }
            }
        }
    };
}

samplers! {
    /// Euler in the process's own time, along the probability flow, as in the paper.
    Euler: euler::Euler,
    /// DDIM: exponential Euler in σ, first order.
    Ddim: ddim::Ddim,
    /// Heun in σ, second order, two reads for each step.
    Heun: heun::Heun,
    /// DPM-Solver++(2M), second order, one read for each step.
    #[default]
    DpmSolverPlusPlus2M: dpmpp_2m::DpmSolverPlusPlus2M,
    /// DPM-Solver++(3M), steps of third order, one read for each step.
    DpmSolverPlusPlus3M: dpmpp_3m::DpmSolverPlusPlus3M,
    /// UniPC, second order with a corrector that makes it third, one read for each step.
    UniPc: unipc::UniPc,
    /// Linear multistep in σ, steps of fourth order, one read for each step.
    LinearMultistep: lms::LinearMultistep,
    /// The Dormand–Prince pair of order 5(4), with as many steps as its accuracy requires.
    DormandPrince: adaptive::DormandPrince,
    /// Euler–Maruyama in the process's own time, the paper's stochastic sampler.
    EulerMaruyama: euler::EulerMaruyama,
    /// DDPM's ancestral sampling, in σ.
    Ancestral: ancestral::Ancestral,
    /// DPM-Solver++(2M) of the reverse SDE, one read for each step.
    SdeDpmSolverPlusPlus2M: dpmpp_2m_sde::SdeDpmSolverPlusPlus2M,
    /// DPM-Solver++(3M) of the reverse SDE, one read for each step.
    SdeDpmSolverPlusPlus3M: dpmpp_3m_sde::SdeDpmSolverPlusPlus3M,
    /// Ancestral steps, each followed by a Langevin correction.
    PredictorCorrector: langevin::PredictorCorrector,
    /// Annealed Langevin dynamics: one update for each level.
    Langevin: langevin::Langevin,
    /// Exact at any number of steps: draws the memory from the posterior, then walks the Brownian bridge to it. One
    /// pass of N·D operations for each row.
    Bridge: bridge::Bridge,
    /// The denoiser itself, the paper's "one step simply by re-scaling the score".
    OneStep: ddim::OneStep,
}

/// The description of a sampler.
struct Facts {
    name: &'static str,
    /// A short description in words.
    about: &'static str,
    /// Whether the sampler is random.
    stochastic: bool,
    /// Whether it ends in each memory with that memory's posterior probability.
    samples: bool,
    /// The kind of its grid of levels.
    levels: Levels,
    /// The default number of steps. It is the smallest number of those tried at which less than 0.1 % of signs differ
    /// from the exact flow's (`docs/how-to/choosing-a-sampler.md`). For the Euler methods it is the paper's number; for the
    /// other stochastic samplers the number that they need.
    steps: usize,
    /// The evaluations of the denoiser in a step, and in the last step down to σ = 0; `None` if they depend on the
    /// state.
    reads: Option<(usize, usize)>,
    /// Which of the options that only some samplers use it does: `accuracy`, `eta`, `s-churn` and its like, `snr`.
    options: &'static [&'static str],
}

impl Facts {
    /// The facts of a deterministic sampler on a power grid that reads the denoiser once for each step. Other
    /// samplers start from these.
    const FLOW: Facts = Facts {
        name: "",
        about: "",
        stochastic: false,
        samples: false,
        levels: Levels::Powers,
        steps: 0,
        reads: Some((1, 1)),
        options: &[],
    };
}

/// The kind of a sampler's grid of levels.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Levels {
    /// A power grid of σ.
    Powers,
    /// Equal steps of the process's time.
    Times,
    /// Only the first level and 0.
    One,
}

/// What a sampler's dynamics is made from.
pub(super) struct Context<'a, F> {
    pub denoiser: &'a dyn Denoise<F>,
    pub process: Process,
    /// The largest error of an adaptive sampler for each step and unit.
    pub accuracy: f64,
    /// The share of the noise of the reverse SDE, if one was asked for.
    pub eta: Option<f64>,
    pub churn: Option<Churn>,
    /// The signal-to-noise ratio of corrections, if one was asked for.
    pub snr: Option<f64>,
    /// The number of steps.
    pub steps: usize,
}

/// An entry of the list: the facts of a sampler, and how it is made.
trait Entry {
    const FACTS: Facts;

    fn dynamics<'a, F: Real>(context: Context<'a, F>) -> Box<dyn Dynamics<F> + 'a>;
}

impl Sampler {
    /// The names of the samplers, with a short description of each.
    pub fn names() -> Vec<Name> {
        FACTS.iter().map(|(_, facts)| Name::with_about(facts.name, facts.about)).collect()
    }

    fn facts(self) -> &'static Facts {
        &FACTS[self as usize].1
    }

    /// The name.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The default number of steps.
    pub fn default_steps(self) -> usize {
        self.facts().steps
    }

    /// The number of evaluations of the denoiser in `steps` ≥ 1 steps down to σ = 0. `None` if it depends on the
    /// state.
    pub fn evaluations(self, steps: usize) -> Option<usize> {
        self.facts().reads.map(|(each, last)| each * steps.saturating_sub(1) + last)
    }

    /// The number of evaluations of the denoiser in a step that does not end at σ = 0. `None` if it depends on the state.
    pub fn evaluations_per_step(self) -> Option<usize> {
        self.facts().reads.map(|(each, _)| each)
    }

    /// The largest number of steps down to σ = 0 with at most so many evaluations of the denoiser. `None` if there is no
    /// such number: if even one step takes more, or if evaluations do not depend on the number of steps.
    pub fn steps_within(self, evaluations: usize) -> Option<usize> {
        let (each, last) = self.facts().reads?;
        evaluations.checked_sub(last)?.checked_div(each).map(|more| more + 1)
    }

    /// Whether it makes a single step, whatever number is asked for.
    pub fn is_one_step(self) -> bool {
        self.facts().levels == Levels::One
    }

    /// Whether it uses this option. A sampler that makes steps uses every option of a grid.
    pub(super) fn uses(self, option: &str) -> bool {
        const OF_STEPS: [&str; 9] =
            ["steps", "spacing", "rho", "last", "sigmas", "betas", "offset", "shift", "until"];
        if OF_STEPS.contains(&option) {
            return !self.is_one_step();
        }
        let of_some = |sampler: &Self| sampler.facts().options.contains(&option);
        of_some(&self) || !FACTS.iter().any(|(sampler, _)| of_some(sampler))
    }

    /// Whether the sampler is random.
    pub fn is_stochastic(self) -> bool {
        self.facts().stochastic
    }

    /// Whether a recall ends in each memory with that memory's posterior probability. The bridge does so exactly.
    /// Euler–Maruyama and ancestral sampling, which follow the reverse SDE, do so up to the error of their steps.
    /// Langevin updates do not.
    pub fn samples_posterior(self) -> bool {
        self.facts().samples
    }

    /// Whether its levels are a power grid, instead of equal steps of the process's time or a single step.
    pub fn has_grid(self) -> bool {
        self.facts().levels == Levels::Powers
    }

    /// How its levels are spaced, if nothing else is asked for.
    pub(super) fn spacing(self) -> Spacing {
        if self.facts().levels == Levels::Times { Spacing::Times } else { Spacing::Powers }
    }
}

impl std::str::FromStr for Sampler {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        find("sampler", &Self::ALL, name)
    }
}

/// z' = a z + b D for each row and unit. Every explicit first-order step has this form.
fn combine<F: Real>(
    mut states: ndarray::ArrayViewMut2<F>,
    means: ArrayView2<F>,
    factors: impl Fn(usize) -> Units<(f64, f64)>,
) {
    for (k, (mut z, mean)) in states.outer_iter_mut().zip(means.outer_iter()).enumerate() {
        let factors = factors(k);
        for (j, (z, &d)) in z.iter_mut().zip(mean).enumerate() {
            let (a, b) = factors.at(j);
            *z = F::from_f64(a * z.to_f64() + b * d.to_f64());
        }
    }
}

/// The factors of z and D in a DDIM step between these levels.
fn straight((from, to): (f64, f64)) -> (f64, f64) {
    let r = ratio(from, to);
    (r, 1.0 - r)
}

/// The ratio σ'/σ; 0 if the level is already 0.
fn ratio(from: f64, to: f64) -> f64 {
    if from > 0.0 { to / from } else { 1.0 }
}
