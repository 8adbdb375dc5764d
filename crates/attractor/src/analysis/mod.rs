//! What recalls show about a memory: along one trajectory, and over many recalls.

mod critical;
mod effect;
mod local;
mod minima;
mod repeated;
mod stability;
mod trace;

pub use critical::{CriticalLevels, critical_levels};
pub use effect::{Effect, effects};
pub use local::{Density, denoise, density, density_observed, posterior, score};
pub use minima::{Listing, Minima, Minimum, Relation, Search, Starts, minima};
pub use repeated::{Counts, repeat};
pub use stability::{Growth, largest_variance};
pub use trace::{Trace, TraceEvents, TraceStep, trace, trace_observed};
