//! Facts about a memory that its recall does not depend on: model, image shape, origin, history.

use std::path::{Path, PathBuf};

use attractor::Memory;
use attractor::memories::{Card, Spec};
use attractor_data::{Shape, Stored, StoredDensity, StoredSums, is_density};

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
    /// The names of the units, if its file had names of columns.
    pub units: Option<Vec<String>>,
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
    /// The bytes of the memory's file: patterns and what was learned from them, a density with its events, or sums.
    ///
    /// # Errors
    /// The memory has neither.
    pub fn to_bytes<F: Held>(&self, memory: &dyn Memory<F>) -> Result<Vec<u8>> {
        Ok(match (self.density(memory), self.sums(memory)) {
            (Some(density), _) => density.to_bytes()?,
            (None, Some(sums)) => sums.to_bytes()?,
            (None, None) => self.stored(memory)?.to_bytes()?,
        })
    }

    /// Writes the memory to a file. If that fails, no partial file is left.
    ///
    /// # Errors
    /// The memory has neither patterns nor a density, or the file cannot be written.
    pub fn write<F: Held>(&self, memory: &dyn Memory<F>, path: &Path) -> Result<()> {
        match (self.density(memory), self.sums(memory)) {
            (Some(density), _) => density.write(path)?,
            (None, Some(sums)) => sums.write(path)?,
            (None, None) => self.stored(memory)?.write(path)?,
        }
        Ok(())
    }

    /// The memory as a density in the form that a file keeps, if it is a mixture with Gaussians.
    fn density<F: Held>(&self, memory: &dyn Memory<F>) -> Option<StoredDensity<F>> {
        let mixture = memory.abilities().mixture.filter(|mixture| is_density(mixture))?.clone();
        let (spec, shape, raw) = (self.spec.clone(), self.shape, self.raw);
        Some(StoredDensity { spec, mixture, shape, raw, provenance: self.provenance.clone() })
    }

    /// The sums of a memory of fixed size, in the form that a file keeps.
    fn sums<F: Held>(&self, memory: &dyn Memory<F>) -> Option<StoredSums> {
        Some(StoredSums {
            spec: self.spec.clone(),
            sums: memory.abilities().features?.sums().clone(),
            preparation: memory.preparation().clone(),
            dtype: F::NAME,
            shape: self.shape,
            raw: self.raw,
            provenance: self.provenance.clone(),
        })
    }

    /// The memory in the form that a file of patterns keeps.
    ///
    /// # Errors
    /// The memory has no stored patterns.
    pub fn stored<F: Held>(&self, memory: &dyn Memory<F>) -> Result<Stored<F>> {
        let nothing = Error::NothingToStore { model: memory.name() };
        let stored = Stored::of(self.spec.clone(), memory, self.shape, self.raw, self.provenance.clone());
        stored.filter(|_| self.card.is_some()).ok_or(nothing)
    }
}
