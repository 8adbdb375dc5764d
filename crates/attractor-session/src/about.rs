//! Facts about a memory that its recall does not depend on: model, image shape, origin, history.

use std::path::PathBuf;

use attractor::Memory;
use attractor::memories::{Card, Spec};
use attractor_data::{Shape, Stored};

use crate::any::Held;
use crate::error::{Error, Result};

/// Facts about a memory that its recall does not depend on: model, image shape, origin, history.
#[derive(Clone, Debug)]
pub struct About {
    /// The card of its model. `None` for a function of the caller.
    pub card: Option<&'static Card>,
    /// Its model and options.
    pub spec: Spec,
    /// The shape of the images, if its patterns are images.
    pub shape: Option<Shape>,
    /// Whether its patterns were bytes or bools, which are scaled to 0 to 1.
    pub raw: bool,
    /// Where it comes from.
    pub origin: Origin,
    /// Its history: which rows of which file were stored, appended or removed.
    pub provenance: Vec<String>,
}

/// Where a memory comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file of a stored memory.
    Stored,
    /// Rows of a file or an array.
    Rows {
        /// Whether the rows were bytes, which are read as value/255.
        bytes: bool,
    },
    /// A description.
    Described {
        /// Its file.
        path: PathBuf,
        /// How many memories it describes.
        memories: usize,
        /// Units of a state, D.
        dim: usize,
    },
    /// A function of the caller.
    Function,
}

impl About {
    /// The memory in the form that a file keeps.
    ///
    /// # Errors
    /// The memory has no stored patterns.
    pub fn stored<F: Held>(&self, memory: &dyn Memory<F>) -> Result<Stored<F>> {
        let nothing = Error::NothingToStore { model: memory.name() };
        let stored = Stored::of(self.spec.clone(), memory, self.shape, self.raw, self.provenance.clone());
        stored.filter(|_| self.card.is_some()).ok_or(nothing)
    }
}
