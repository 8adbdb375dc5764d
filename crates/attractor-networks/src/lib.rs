//! Training of score networks, whose memories are dispersed in their weights.
//!
//! The forward pass and recall are in [`attractor::networks`]. This crate has the backward pass, the optimiser, and
//! training that can be stopped and resumed.

mod adam;
mod backward;
mod checkpoint;
mod evaluation;
mod plan;
mod settings;
mod trainer;

pub use adam::Adam;
pub use backward::{Rows, Space, Update, descend};
pub use evaluation::{Evaluation, EvaluationResult};
pub use plan::{PARAMETERS, TrainingPlan};
pub use settings::Settings;
pub use trainer::Trainer;
