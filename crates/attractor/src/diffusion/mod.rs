//! Diffusion as recall: noising processes, noise grids, samplers, and the level of a cue.
//!
//! Everything happens in z = x/s(t), the state as "pattern plus noise", z = y + σε, in which all
//! processes share one landscape per level σ. A process only says how its own states and times map
//! to z and σ.

mod dual;
mod grid;
mod level;
mod process;
pub mod samplers;

pub use dual::Dual;
pub use grid::{LAST, RHO, power_levels, time_levels};
pub use level::estimate_levels;
pub use process::Process;
pub use samplers::Sampler;
