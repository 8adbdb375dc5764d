//! What recalls tell about a memory: along one trajectory, and over many.

mod repeated;
mod stability;
mod trace;

pub use repeated::{Counts, repeat};
pub use stability::{Growth, largest_variance};
pub use trace::{Marks, Moment, Trace, trace};
