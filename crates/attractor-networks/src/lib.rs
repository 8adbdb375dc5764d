//! Training of score networks: memories dispersed in weights.
//!
//! The forward pass, and recall, are in [`attractor::networks`]; here are the backward pass, the optimiser, and
//! training that can be stopped and gone on with.

mod adam;
mod backward;
mod checkpoint;
mod examination;
mod plan;
mod settings;
mod trainer;

pub use adam::Adam;
pub use backward::{Rows, Space, Update, descend};
pub use examination::{Examination, Findings};
pub use plan::{PARAMETERS, Plan};
pub use settings::Settings;
pub use trainer::Trainer;
