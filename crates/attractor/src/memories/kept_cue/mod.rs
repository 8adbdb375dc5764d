//! Recall with a cue that stays on: the cue gives every pattern a prior, for the whole recall.

mod levels;
mod modern;
mod spins;

pub(crate) use levels::{KeptLevels, kept_of};
pub(super) use modern::KeptModern;
pub(super) use spins::KeptSpins;

use ndarray::Array2;

use super::{Memory, MemoryModel, Request};
use crate::error::{Error, Result};
use crate::message;
use crate::message::Argument;
use crate::options::NumberRange;
use crate::real::Real;

/// The gains of a cue that stays on.
pub const KEEP_CUE: NumberRange = NumberRange::between(0.0, 1e9);

/// Why a memory has no prior from a cue, unless it says so itself.
pub(super) const NO_PRIOR: &str = "its reads have no weight of each pattern that a cue could change; hopfield, dense, modern and diffusion have";

/// The error of a memory that cannot keep a cue, with the reason.
pub(super) fn refused(model: &'static str, reason: &'static str) -> Error {
    Error::Undefined {
        model,
        what: "prior from a cue that stays on",
        reason: message![reason, "; leave ", Argument::option("keep-cue"), " away"],
    }
}

impl<F: Real> Request<'_, F> {
    /// The gain of cues that stay on, checked. `None` if they do not.
    pub(crate) fn kept(&self) -> Result<Option<f64>> {
        KEEP_CUE.check("keep-cue", self.keep_cue)?;
        Ok(Some(self.keep_cue).filter(|gain| *gain > 0.0))
    }

    /// The input of each row for a memory with one landscape, prepared. Only known units count, if there are such.
    fn kept_inputs<M: MemoryModel<F> + ?Sized>(&self, model: &M) -> Result<Array2<F>> {
        let abilities = model.abilities();
        let mut inputs = abilities.preparation().forward(self.checked_input(model.dim())?);
        if let Some(known) = self.known {
            inputs.zip_mut_with(&known, |u, &known| *u = if known { *u } else { F::ZERO });
        }
        Ok(inputs)
    }
}

/// A memory with one landscape under the cues of a request, row k with cue k of the batch.
pub(crate) fn under_cues<'a, F: Real>(
    model: &'a dyn MemoryModel<F>,
    request: &Request<F>,
    gain: f64,
) -> Result<Box<dyn Memory<F> + 'a>> {
    let inputs = request.kept_inputs(model)?;
    model.under_cues(inputs, request.known.is_some(), gain)
}
