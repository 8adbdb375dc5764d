//! Diffusion as recall: noising processes, noise grids, samplers, and the level of a cue.
//!
//! Everything happens in z = x/s(t), the state as "pattern plus noise", z = y + σε, in which all
//! processes share one landscape per level σ. A process only says how its own states and times map
//! to z and σ.

mod dual;
mod grid;
mod level;
mod likelihood;
mod process;
pub mod samplers;
mod sampling;

pub use crate::energies::LAST;
pub use dual::Dual;
pub use grid::{RHO, power_levels, time_levels};
pub use level::estimate_levels;
pub use likelihood::log_density;
pub(crate) use likelihood::log_density_observed;
use process::RATES;
pub use process::{LinearRate, Process};
pub use samplers::Sampler;
pub use sampling::{GAMMA, PARAMETERS, PROCESS, RATE_MAX, RATE_MIN, Sampling};
