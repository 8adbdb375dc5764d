//! Ways down the noise levels: each is one file and one line in [`Sampler`].
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
mod heun;
mod langevin;

pub use adaptive::DormandPrince;
pub(crate) use adaptive::{Path, Slope, integrate};
pub use ancestral::Ancestral;
pub use bridge::Bridge;
pub use ddim::Ddim;
pub use dpmpp_2m::DpmSolverPlusPlus2M;
pub use euler::Euler;
pub use heun::Heun;
pub use langevin::{Langevin, PredictorCorrector};

use ndarray::{Array2, ArrayView2};

use super::{Process, power_levels, time_levels};
use crate::dynamics::Dynamics;
use crate::energies::Denoise;
use crate::error::{Error, Result};
use crate::options::Name;
use crate::real::Real;

/// A sampler: how a state is taken down the noise levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sampler {
    /// Euler in the process's own time, probability flow: the paper's.
    Euler,
    /// DDIM: exponential Euler in σ, first order.
    Ddim,
    /// Heun in σ, second order, two reads a step.
    Heun,
    /// DPM-Solver++(2M), second order, one read a step.
    #[default]
    DpmSolverPlusPlus2M,
    /// Dormand and Prince's embedded pair of order 5(4), as many steps as its accuracy asks for.
    DormandPrince,
    /// Euler–Maruyama in the process's own time: the paper's stochastic sampler.
    EulerMaruyama,
    /// DDPM's ancestral sampling, in σ.
    Ancestral,
    /// Ancestral steps, each followed by a Langevin correction.
    PredictorCorrector,
    /// Annealed Langevin dynamics: one update a level.
    Langevin,
    /// Exact at any number of steps: draws the memory, then the path to it.
    Bridge,
    /// The denoiser itself: the paper's "one step simply by re-scaling the score".
    OneStep,
}

/// What a sampler is, in one line of the list.
struct Facts {
    sampler: Sampler,
    name: &'static str,
    /// Whether it is random.
    stochastic: bool,
    /// Whether it ends in each memory with its posterior probability.
    samples: bool,
    /// Equal times of the process, or a power grid of σ.
    timed: bool,
    /// Steps taken where none are asked for.
    steps: usize,
    /// Evaluations of the denoiser in n ≥ 1 steps down to σ = 0, where that is fixed.
    evaluations: fn(usize) -> Option<usize>,
}

/// Every sampler. Default steps: of those tried, the fewest at which less than 0.1 % of signs differ from
/// the exact flow's (`docs/choosing-a-sampler.md`); for the Euler methods the paper's; for the other
/// stochastic ones as many as those need.
#[rustfmt::skip]
const FACTS: [Facts; 11] = [
    Facts { sampler: Sampler::Euler, name: "euler", stochastic: false, samples: false, timed: true, steps: 300, evaluations: Some },
    Facts { sampler: Sampler::Ddim, name: "ddim", stochastic: false, samples: false, timed: false, steps: 48, evaluations: Some },
    Facts { sampler: Sampler::Heun, name: "heun", stochastic: false, samples: false, timed: false, steps: 12, evaluations: |n| Some(2 * n - 1) },
    Facts { sampler: Sampler::DpmSolverPlusPlus2M, name: "dpmpp-2m", stochastic: false, samples: false, timed: false, steps: 24, evaluations: Some },
    Facts { sampler: Sampler::DormandPrince, name: "dormand-prince", stochastic: false, samples: false, timed: false, steps: 24, evaluations: |_| None },
    Facts { sampler: Sampler::EulerMaruyama, name: "euler-maruyama", stochastic: true, samples: true, timed: true, steps: 300, evaluations: Some },
    Facts { sampler: Sampler::Ancestral, name: "ancestral", stochastic: true, samples: true, timed: false, steps: 300, evaluations: Some },
    Facts { sampler: Sampler::PredictorCorrector, name: "predictor-corrector", stochastic: true, samples: false, timed: false, steps: 150, evaluations: |n| Some(2 * n - 1) },
    Facts { sampler: Sampler::Langevin, name: "langevin", stochastic: true, samples: false, timed: false, steps: 1000, evaluations: Some },
    Facts { sampler: Sampler::Bridge, name: "bridge", stochastic: true, samples: true, timed: false, steps: 24, evaluations: |_| Some(0) },
    Facts { sampler: Sampler::OneStep, name: "one-step", stochastic: false, samples: false, timed: false, steps: 1, evaluations: |_| Some(1) },
];

impl Sampler {
    /// All samplers, with their names.
    pub const ALL: [(&'static str, Sampler); FACTS.len()] = {
        let mut all = [("", Sampler::OneStep); FACTS.len()];
        let mut i = 0;
        while i < all.len() {
            all[i] = (FACTS[i].name, FACTS[i].sampler);
            i += 1;
        }
        all
    };

    /// Their names, with what each is.
    pub fn names() -> Vec<Name> {
        FACTS.iter().map(|facts| Name::new(facts.name)).collect()
    }

    fn facts(self) -> &'static Facts {
        FACTS.iter().find(|f| f.sampler == self).expect("every sampler is in the list")
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
        !self.facts().timed && self != Sampler::OneStep
    }

    /// The levels it goes through from σ₀ of each row: equal times of the process for the Euler
    /// methods, else a power grid of exponent `rho` that ends at `last` and then 0.
    pub fn levels(self, process: &Process, first: &[f64], last: f64, rho: f64, steps: usize) -> Array2<f64> {
        if self.facts().timed {
            time_levels(process, first, steps)
        } else {
            power_levels(first, last, rho, steps)
        }
    }

    /// The dynamics on a denoiser. `accuracy` is what an adaptive sampler may err by in a step and unit
    /// (root mean square), in the units of the states; the others leave it aside.
    pub fn dynamics<'a, F: Real>(
        self,
        denoiser: &'a dyn Denoise<F>,
        process: Process,
        accuracy: f64,
    ) -> Box<dyn Dynamics<F> + 'a> {
        let stochastic = self.is_stochastic();
        match self {
            Sampler::Euler | Sampler::EulerMaruyama => Box::new(Euler { denoiser, process, stochastic }),
            Sampler::Ddim | Sampler::OneStep => Box::new(Ddim { denoiser }),
            Sampler::Heun => Box::new(Heun { denoiser }),
            Sampler::DpmSolverPlusPlus2M => Box::new(DpmSolverPlusPlus2M { denoiser }),
            Sampler::DormandPrince => Box::new(DormandPrince { denoiser, accuracy }),
            Sampler::Ancestral => Box::new(Ancestral { denoiser }),
            Sampler::PredictorCorrector => Box::new(PredictorCorrector { denoiser }),
            Sampler::Langevin => Box::new(Langevin { denoiser }),
            Sampler::Bridge => Box::new(Bridge { denoiser }),
        }
    }
}

impl std::str::FromStr for Sampler {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let found = FACTS.iter().find(|f| f.name == name);
        found.map(|f| f.sampler).ok_or_else(|| Error::UnknownName {
            kind: "sampler",
            found: name.to_owned(),
            known: FACTS.map(|f| f.name).join(", "),
        })
    }
}

/// The parts of a [`Dynamics`] that every sampler shares.
macro_rules! flow {
    () => {
        fn dim(&self) -> usize {
            self.denoiser.dim()
        }

        fn motion(&self) -> crate::dynamics::Motion {
            crate::dynamics::Motion::Flow
        }
    };
}
use flow;

/// The parts of a [`Run`](crate::dynamics::Run) that every sampler with a reader shares.
macro_rules! reading {
    () => {
        fn pull(
            &mut self,
            rows: &[usize],
            states: ndarray::ArrayView2<F>,
            levels: &[f64],
        ) -> crate::error::Result<ndarray::Array2<F>> {
            self.reader.denoise(rows, states, levels)
        }

        fn reads(&self) -> Option<Vec<crate::energies::Reads>> {
            Some(self.reader.reads())
        }
    };
}
use reading;

/// z' = a z + b D, per row: every explicit first-order step is one.
fn combine<F: Real>(
    mut states: ndarray::ArrayViewMut2<F>,
    means: ArrayView2<F>,
    factors: impl Fn(usize) -> (f64, f64),
) {
    for (k, (mut z, mean)) in states.outer_iter_mut().zip(means.outer_iter()).enumerate() {
        let (a, b) = factors(k);
        for (z, &d) in z.iter_mut().zip(mean) {
            *z = F::of(a * z.wide() + b * d.wide());
        }
    }
}

/// σ'/σ, and 0 where the level is already 0.
fn ratio(from: f64, to: f64) -> f64 {
    if from > 0.0 { to / from } else { 1.0 }
}
