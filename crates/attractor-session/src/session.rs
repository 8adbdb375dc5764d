//! A memory with what belongs to it outside of the science.

use std::path::{Path, PathBuf};

use attractor::Memory;
use attractor::memories::{Card, Spec};
use attractor::message::Message;
use attractor_data::{Description, Shape, Stored, memory_from_bytes};
use ndarray::Array2;

use crate::any::{AnyMemory, Held, Precision};
use crate::error::{Error, Result};
use crate::patterns::{Known, prepared_array};
use crate::setup::Setup;
use crate::{in_precision, notes, source, with_memory};

/// A memory that is ready to be asked, and what belongs to it.
pub struct Session {
    /// The memory.
    pub memory: AnyMemory,
    /// What belongs to it.
    pub about: About,
}

/// The same, of a number type that is known: see [`Session`].
pub struct Made<F> {
    /// The memory.
    pub memory: Box<dyn Memory<F>>,
    /// What belongs to it.
    pub about: About,
}

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

impl<F: Held> From<Made<F>> for Session {
    fn from(made: Made<F>) -> Self {
        Session { memory: F::hold(made.memory), about: made.about }
    }
}

impl<F: Held> Made<F> {
    /// What it is, in one line: see [`Session::headline`].
    pub fn headline(&self) -> Option<String> {
        notes::headline(self.memory.as_ref(), &self.about)
    }

    /// Legal but surprising properties, one sentence each.
    pub fn notes(&self) -> Vec<Message> {
        notes::of_memory(self.memory.as_ref(), &self.about)
    }

    /// Writes it to a file, whole or not at all.
    ///
    /// # Errors
    /// A memory without patterns; whatever the system says.
    pub fn write(&self, path: &Path) -> Result<()> {
        Ok(self.about.stored(self.memory.as_ref())?.write(path)?)
    }
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

impl Session {
    /// A memory of the rows of an array; `raw` if they were bytes or bools.
    ///
    /// # Errors
    /// What the model refuses.
    pub fn of_array<F: Held>(rows: Array2<F>, known: Known<F>, raw: bool, setup: &Setup) -> Result<Self> {
        let card = setup.card();
        let patterns = prepared_array(rows, known, raw, setup.prepare.unwrap_or_default(), card)?;
        let provenance = vec![format!("stored {} rows of an array", patterns.len())];
        let spec = setup.spec(card);
        let memory = spec.build(patterns)?;
        let origin = Origin::Rows { bytes: false };
        let about = About { card: Some(card), spec, shape: None, raw, origin, provenance };
        Ok(Session { memory: F::hold(memory), about })
    }

    /// The memories that a description describes; `path` is for messages.
    ///
    /// # Errors
    /// As [`Source::build`](crate::Source::build).
    pub fn of_description(path: &Path, description: Description, setup: &Setup) -> Result<Self> {
        in_precision!(Precision::choose(setup.precision, true), F => {
            source::described::<F>(path, description, setup).map(Session::from)
        })
    }

    /// A stored memory from the bytes of its file; `path` is for messages. Default number type: f32.
    ///
    /// # Errors
    /// Bytes that are no memory; what the model refuses.
    pub fn of_bytes(path: &Path, bytes: &[u8], setup: &Setup) -> Result<Self> {
        in_precision!(Precision::choose(setup.precision, false), F => {
            source::of_stored::<F>(path, memory_from_bytes(path, bytes)?, setup).map(Session::from)
        })
    }

    /// Writes it to a file, whole or not at all.
    ///
    /// # Errors
    /// A memory without patterns; whatever the system says.
    pub fn write(&self, path: &Path) -> Result<()> {
        with_memory!(&self.memory, memory => Ok(self.about.stored(memory)?.write(path)?))
    }

    /// The bytes of its file.
    ///
    /// # Errors
    /// A memory without patterns.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        with_memory!(&self.memory, memory => Ok(self.about.stored(memory)?.to_bytes()?))
    }

    /// What it is, in one line: model, size, preparation, number type and inverse temperature.
    pub fn headline(&self) -> Option<String> {
        with_memory!(&self.memory, memory => notes::headline(memory, &self.about))
    }

    /// Legal but surprising properties, one sentence each.
    pub fn notes(&self) -> Vec<Message> {
        with_memory!(&self.memory, memory => notes::of_memory(memory, &self.about))
    }
}
