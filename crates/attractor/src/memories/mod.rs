//! The memory models: stored patterns (or couplings) with a way to recall from them.
//!
//! Every memory takes a [`Request`] and returns a [`Recall`], whatever the model. To add a model, add one file here,
//! one line in [`MODELS`] and one line in the tests' zoo. The model implements [`MemoryModel`]: how its states move,
//! and its [`Abilities`]. It then has [`Memory`] as well.

mod abilities;
mod bidirectional;
mod continuous_sequence;
mod denoiser;
mod dense;
mod diffusion;
mod family;
mod hopfield;
mod kept_cue;
mod levels;
mod local;
mod log_sum_relu;
mod matching;
mod memory;
mod mixture;
mod modern;
mod network;
mod path;
mod prior;
mod random_features;
mod report;
mod request;
mod rest;
mod sequence;
mod sparse_distributed;
mod spec;
mod succession;
mod universal;
mod update;

pub use crate::options::Options;
pub use abilities::{Abilities, Describe, HardLocations, Keep, ListMinima, Posteriors, Reason};
pub use bidirectional::{Bidirectional, BidirectionalEnergy, BidirectionalUpdate};
pub use continuous_sequence::{ContinuousSequence, Passage};
pub use denoiser::{Denoiser, Function};
pub use dense::Dense;
pub use diffusion::Diffusion;
pub use family::Family;
pub use hopfield::{Daydreaming, Dreams, Hopfield, HopfieldOptions, Learning, Unlearning};
pub use kept_cue::KEEP_CUE;
pub(crate) use kept_cue::{KeptLevels, kept_of, under_cues};
pub use local::LocalDiffusion;
pub use log_sum_relu::LogSumReluMemory;
pub use matching::Calibration;
pub use memory::{Memory, MemoryModel};
pub use mixture::{mixture, mixture_with};
pub use modern::Modern;
pub use network::learned;
pub use path::RecallPath;
pub use random_features::{FeatureOptions, RandomFeaturesMemory};
pub use report::{Ending, Recall, Regime, Row};
pub use request::{Level, Request};
pub use sequence::{Dwell, Rule as SequenceRule, Sequence, SequenceOptions, Transition};
pub use sparse_distributed::{Radius, SparseDistributed, SparseDistributedUpdate, SparseOptions};
pub use spec::{
    Card, DEFAULT, DESCRIBED, Learned, MODELS, Model, Spec, TRAINED, Weights, model, models_that, models_with,
};
pub use succession::{Played, Succession};
pub use universal::{Output, PRESETS, Part, Preset, Scheme, Universal};
pub use update::Update;

use ndarray::ArrayView2;

use crate::error::{Error, Result};
use crate::real::Real;
pub use crate::separations::Beta;

/// Returns an error if associated vectors are not ±1.
fn check_signs<F: Real>(what: &str, values: ArrayView2<F>) -> Result<()> {
    match values.indexed_iter().find(|(_, v)| v.abs() != F::ONE) {
        None => Ok(()),
        Some(((row, unit), v)) => {
            let found = format!("{v} at row {row}, unit {unit}");
            Err(Error::parameter(what, "words of +1 and -1 (of bits b, 2b - 1)", found))
        }
    }
}
