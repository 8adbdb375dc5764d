//! Ways down the noise levels: each is one file with what there is to know of it, and one line in the list of
//! [`Sampler`].
//!
//! All work on any [`Denoise`], stored or learned, in z = y + σε coordinates:
//!
//! ```text
//! probability flow   dz/dσ = (z − D(z;σ))/σ
//! reverse SDE        dz = −2 (z − D(z;σ))/σ |dσ| + √(2σ|dσ|) ε
//! ```

mod adaptive;
mod ancestral;
mod bridge;
mod ddim;
mod dpmpp_2m;
mod euler;
mod flow;
mod heun;
mod langevin;

pub use adaptive::DormandPrince;
pub(crate) use adaptive::{Path, Slope, integrate};
pub use ancestral::Ancestral;
pub use ddim::Ddim;
pub use dpmpp_2m::DpmSolverPlusPlus2M;
pub use euler::Euler;
pub use flow::{Flow, Solver, Steps};
pub use heun::Heun;
pub use langevin::{Langevin, PredictorCorrector};

use ndarray::{Array2, ArrayView2};

use super::{Process, power_levels, time_levels};
use crate::dynamics::Dynamics;
use crate::energies::Denoise;
use crate::error::{Error, Result};
use crate::options::{Name, find};
use crate::real::Real;

/// Makes the list of samplers: a variant of [`Sampler`] for each line.
macro_rules! samplers {
    ($($(#[$about:meta])* $sampler:ident: $entry:ty,)*) => {
        /// A sampler: how a state is taken down the noise levels.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum Sampler {
            $($(#[$about])* $sampler,)*
        }

        const FACTS: &[(Sampler, Facts)] = &[$((Sampler::$sampler, <$entry>::FACTS)),*];

        impl Sampler {
            /// All samplers, with their names.
            pub const ALL: [(&'static str, Sampler); FACTS.len()] =
                [$((<$entry>::FACTS.name, Sampler::$sampler)),*];

            /// The dynamics on a denoiser. `accuracy` is what an adaptive sampler may err by in a step and unit
            /// (root mean square), in the units of the states; the others leave it aside.
            pub fn dynamics<'a, F: Real>(
                self,
                denoiser: &'a dyn Denoise<F>,
                process: Process,
                accuracy: f64,
            ) -> Box<dyn Dynamics<F> + 'a> {
                let place = Place { denoiser, process, accuracy };
                match self {
                    $(Sampler::$sampler => <$entry>::dynamics(place),)*
                }
            }
        }
    };
}

samplers! {
    /// Euler in the process's own time, probability flow: the paper's.
    Euler: euler::Euler,
    /// DDIM: exponential Euler in σ, first order.
    Ddim: ddim::Ddim,
    /// Heun in σ, second order, two reads a step.
    Heun: heun::Heun,
    /// DPM-Solver++(2M), second order, one read a step.
    #[default]
    DpmSolverPlusPlus2M: dpmpp_2m::DpmSolverPlusPlus2M,
    /// Dormand and Prince's embedded pair of order 5(4), as many steps as its accuracy asks for.
    DormandPrince: adaptive::DormandPrince,
    /// Euler–Maruyama in the process's own time: the paper's stochastic sampler.
    EulerMaruyama: euler::EulerMaruyama,
    /// DDPM's ancestral sampling, in σ.
    Ancestral: ancestral::Ancestral,
    /// Ancestral steps, each followed by a Langevin correction.
    PredictorCorrector: langevin::PredictorCorrector,
    /// Annealed Langevin dynamics: one update a level.
    Langevin: langevin::Langevin,
    /// Exact at any number of steps: draws the memory from the posterior, then walks the Brownian bridge to it. One pass
    /// of N·D operations a row.
    Bridge: bridge::Bridge,
    /// The denoiser itself: the paper's "one step simply by re-scaling the score".
    OneStep: ddim::OneStep,
}

/// What a sampler is.
struct Facts {
    name: &'static str,
    /// In a few words.
    about: &'static str,
    /// Whether it is random.
    stochastic: bool,
    /// Whether it ends in each memory with its posterior probability.
    samples: bool,
    /// The levels that it goes by.
    levels: Levels,
    /// Steps taken where none are asked for: of those tried, the fewest at which less than 0.1 % of signs differ from
    /// the exact flow's (`docs/choosing-a-sampler.md`); for the Euler methods the paper's; for the other stochastic ones
    /// as many as those need.
    steps: usize,
    /// Evaluations of the denoiser in n ≥ 1 steps down to σ = 0, where that is fixed.
    evaluations: fn(usize) -> Option<usize>,
}

impl Facts {
    /// A deterministic sampler on a power grid that reads the denoiser once a step: what others differ from.
    const FLOW: Facts = Facts {
        name: "",
        about: "",
        stochastic: false,
        samples: false,
        levels: Levels::Powers,
        steps: 0,
        evaluations: Some,
    };
}

/// The levels that a sampler goes by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Levels {
    /// A power grid of σ.
    Powers,
    /// Equal times of the process.
    Times,
    /// The first one and 0.
    One,
}

/// What a sampler is put to work on.
struct Place<'a, F> {
    denoiser: &'a dyn Denoise<F>,
    process: Process,
    accuracy: f64,
}

/// A line of the list: what a sampler is, and how it is made.
trait Entry {
    const FACTS: Facts;

    fn dynamics<'a, F: Real>(place: Place<'a, F>) -> Box<dyn Dynamics<F> + 'a>;
}

impl Sampler {
    /// Their names, with what each is.
    pub fn names() -> Vec<Name> {
        FACTS.iter().map(|(_, facts)| Name::with_about(facts.name, facts.about)).collect()
    }

    fn facts(self) -> &'static Facts {
        &FACTS[self as usize].1
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// Steps taken where none are asked for.
    pub fn default_steps(self) -> usize {
        self.facts().steps
    }

    /// Evaluations of the denoiser in `steps` ≥ 1 steps down to σ = 0; `None` if they depend on the state.
    pub fn evaluations(self, steps: usize) -> Option<usize> {
        (self.facts().evaluations)(steps)
    }

    /// Whether it is random.
    pub fn is_stochastic(self) -> bool {
        self.facts().stochastic
    }

    /// Whether it ends in each memory with its posterior probability: Euler–Maruyama and ancestral sampling, which
    /// follow the reverse SDE, up to the error of their steps, the bridge exactly. Langevin updates do not.
    pub fn samples_posterior(self) -> bool {
        self.facts().samples
    }

    /// Whether it goes by a power grid of levels, not by equal times of the process or in one step.
    pub fn has_grid(self) -> bool {
        self.facts().levels == Levels::Powers
    }

    /// The levels it goes through from σ₀ of each row: equal times of the process for the Euler
    /// methods, else a power grid of exponent `rho` that ends at `last` and then 0.
    pub fn levels(self, process: &Process, first: &[f64], last: f64, rho: f64, steps: usize) -> Array2<f64> {
        match self.facts().levels {
            Levels::Times => time_levels(process, first, steps),
            Levels::Powers | Levels::One => power_levels(first, last, rho, steps),
        }
    }
}

impl std::str::FromStr for Sampler {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        find("sampler", &Self::ALL, name)
    }
}

/// z' = a z + b D, per row: every explicit first-order step is one.
fn combine<F: Real>(
    mut states: ndarray::ArrayViewMut2<F>,
    means: ArrayView2<F>,
    factors: impl Fn(usize) -> (f64, f64),
) {
    for (k, (mut z, mean)) in states.outer_iter_mut().zip(means.outer_iter()).enumerate() {
        let (a, b) = factors(k);
        for (z, &d) in z.iter_mut().zip(mean) {
            *z = F::from_f64(a * z.to_f64() + b * d.to_f64());
        }
    }
}

/// σ'/σ, and 0 where the level is already 0.
fn ratio(from: f64, to: f64) -> f64 {
    if from > 0.0 { to / from } else { 1.0 }
}
