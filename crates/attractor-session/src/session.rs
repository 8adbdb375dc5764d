//! A memory with what belongs to it outside of the science.

use std::path::Path;

use attractor::Memory;
use attractor::message::Message;

use crate::about::About;
use crate::any::{AnyMemory, Held};
use crate::error::Result;
use crate::{notes, with_memory};

/// A memory that is ready to be asked, and what belongs to it.
pub struct Session {
    /// The memory.
    pub memory: AnyMemory,
    /// What belongs to it.
    pub about: About,
}

/// The same, of a number type that is known: see [`Session`].
pub struct Opened<F> {
    /// The memory.
    pub memory: Box<dyn Memory<F>>,
    /// What belongs to it.
    pub about: About,
}

impl<F: Held> From<Opened<F>> for Session {
    fn from(made: Opened<F>) -> Self {
        Session { memory: F::hold(made.memory), about: made.about }
    }
}

impl<F: Held> Opened<F> {
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

impl Session {
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
