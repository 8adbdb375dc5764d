//! Diffusion: noising processes, grids of noise levels, samplers, and the level of a cue.
//!
//! All computations use z = x/s(t), the state as pattern plus noise, z = y + σε. In these coordinates all processes
//! share one landscape for each level σ. A process only defines how its own states and times correspond to z and σ.

mod dual;
mod grid;
mod level;
mod likelihood;
mod parameters;
mod process;
mod quantile;
pub mod samplers;
mod sampling;
mod table;

pub use crate::energies::LAST;
pub use dual::Dual;
pub use grid::{RHO, Spacing, exponential_levels, power_levels, time_levels};
pub use level::estimate_levels;
pub(crate) use level::{LOWEST, most_likely_levels};
pub use likelihood::log_density;
pub(crate) use likelihood::log_density_observed;
pub use parameters::{GAMMA, MEMORY_PARAMETERS, PARAMETERS, POTENTIAL, PROCESS, RATE_MAX, RATE_MIN};
use process::RATES;
pub use process::{LinearRate, Process};
pub use samplers::{Churn, Sampler};
pub use sampling::Sampling;
pub use table::{BetaKind, Betas};
