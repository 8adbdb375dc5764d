//! Training of score networks: memories dispersed in weights.
//!
//! The forward pass, and recall, are in [`attractor::networks`]; here are the backward pass, the optimiser, and
//! training that can be stopped and gone on with.

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
