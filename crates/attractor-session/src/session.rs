//! A memory that is ready for recalls, with facts about it.

use std::path::Path;

use attractor::Memory;
use attractor::message::Message;

use crate::about::About;
use crate::any::{AnyMemory, Held};
use crate::error::Result;
use crate::{notes, warnings, with_memory};

/// A memory of either number type that is ready for recalls, with facts about it.
pub struct Session {
    /// The memory.
    pub memory: AnyMemory,
    /// Facts about it.
    pub about: About,
}

/// A [`Session`] whose number type is known at compile time.
pub struct Opened<F> {
    /// The memory.
    pub memory: Box<dyn Memory<F>>,
    /// Facts about it.
    pub about: About,
}

impl<F: Held> From<Opened<F>> for Session {
    fn from(made: Opened<F>) -> Self {
        Session { memory: F::hold(made.memory), about: made.about }
    }
}

impl<F: Held> Opened<F> {
    /// The memory in one line; see [`Session::headline`].
    pub fn headline(&self) -> Option<String> {
        notes::headline(self.memory.as_ref(), &self.about)
    }

    /// Properties of the memory that are allowed but may surprise, one sentence each.
    pub fn notes(&self) -> Vec<Message> {
        notes::of_memory(self.memory.as_ref(), &self.about)
    }

    /// Why many stored patterns are not recalled or not told apart; see [`Session::warnings`].
    pub fn warnings(&self) -> Vec<Message> {
        warnings::of_memory(self.memory.as_ref(), &self.about)
    }

    /// Writes the memory to a file. If that fails, no partial file is left.
    ///
    /// # Errors
    /// The memory has neither patterns nor a density, or the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        self.about.write(self.memory.as_ref(), path)
    }
}

impl Session {
    /// Writes the memory to a file. If that fails, no partial file is left.
    ///
    /// # Errors
    /// The memory has neither patterns nor a density, or the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        with_memory!(&self.memory, memory => self.about.write(memory, path))
    }

    /// The bytes of the memory's file.
    ///
    /// # Errors
    /// The memory has neither patterns nor a density.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        with_memory!(&self.memory, memory => self.about.to_bytes(memory))
    }

    /// The memory in one line: model, size, preparation, number type and inverse temperature.
    pub fn headline(&self) -> Option<String> {
        with_memory!(&self.memory, memory => notes::headline(memory, &self.about))
    }

    /// Properties of the memory that are allowed but may surprise, one sentence each. The
    /// [`warnings`](Session::warnings) come first.
    pub fn notes(&self) -> Vec<Message> {
        with_memory!(&self.memory, memory => notes::of_memory(memory, &self.about))
    }

    /// Why many stored patterns are not recalled or not told apart, one sentence each. Front ends show these without being
    /// asked.
    pub fn warnings(&self) -> Vec<Message> {
        with_memory!(&self.memory, memory => warnings::of_memory(memory, &self.about))
    }
}
