//! The experiments of papers. Each is a `Config` whose default is the paper's, and runs to a [`Report`] with
//! the published numbers beside ours.

mod catalogue;
pub mod demo;
pub mod dispersed_memories;
pub mod dreaming;
pub mod input_driven;
pub mod memorisation;
pub mod random_features;
pub mod recommend;
pub mod replay;
pub mod sequences;
pub mod universal_hopfield;
pub mod work_precision;

pub use attractor_report::{Declaration, Error, Experiment, Given, Progress, Report, Result};
pub use catalogue::{EXPERIMENTS, declaration, experiment};
