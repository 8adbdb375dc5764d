//! What belongs to a memory outside of the science.

use std::path::PathBuf;

use attractor::Memory;
use attractor::memories::{Card, Spec};
use attractor_data::{Shape, Stored};

use crate::any::Held;
use crate::error::{Error, Result};

/// What belongs to a memory outside of the science.
#[derive(Clone, Debug)]
pub struct About {
    /// The card of its model; none for a function of the caller's.
    pub card: Option<&'static Card>,
    /// Its model and options.
    pub spec: Spec,
    /// The images that its patterns are.
    pub shape: Option<Shape>,
    /// Whether its patterns were bytes or bools, and so are on a scale of 0 to 1.
    pub raw: bool,
    /// Where it is from.
    pub origin: Origin,
    /// What happened to it: which rows of which file were stored, appended, removed.
    pub provenance: Vec<String>,
}

/// Where a memory is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file in which it was stored.
    Stored,
    /// Rows of a file or an array; `bytes` if they were bytes, which are read as value/255.
    Rows {
        /// Whether they were bytes.
        bytes: bool,
    },
    /// A description.
    Described {
        /// Its file.
        path: PathBuf,
        /// How many memories it describes.
        memories: usize,
        /// Units a state.
        dim: usize,
    },
    /// A function of the caller's.
    Function,
}

impl About {
    /// A memory as a file keeps it.
    ///
    /// # Errors
    /// A memory that is not of stored patterns.
    pub fn stored<F: Held>(&self, memory: &dyn Memory<F>) -> Result<Stored<F>> {
        let nothing = Error::NothingToStore { model: memory.name() };
        let stored = Stored::of(self.spec.clone(), memory, self.shape, self.raw, self.provenance.clone());
        stored.filter(|_| self.card.is_some()).ok_or(nothing)
    }
}
