//! What every front end does between its arguments and the core.
//!
//! The command line and Python both open a memory in the same steps:
//!
//! 1. a [`Setup`] says what was asked for: model, options, preparation, number type;
//! 2. a [`Source`] is what it is made of: a stored memory, patterns of a file, or a description;
//! 3. [`Source::build`] chooses the number type, prepares the patterns and builds a [`Session`];
//! 4. an [`RecallOptions`] makes the requests of its recalls, batch by batch.
//!
//! Nothing here prints. What a user should know is returned as sentences ([`Session::headline`], [`Session::notes`],
//! [`Error`]) in which each front end spells its own options.
//!
//! ```
//! use attractor::memories::model;
//! use attractor_session::{Known, Session, Setup, with_memory};
//! use ndarray::array;
//!
//! let patterns = array![[1.0_f64, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]];
//! let setup = Setup { model: Some(model("modern")?.card), ..Setup::default() };
//! let session = Session::of_array(patterns, Known::default(), false, &setup)?;
//! let units = with_memory!(&session.memory, memory => memory.dim());
//! assert_eq!(units, 4);
//! # Ok::<(), attractor_session::Error>(())
//! ```

mod about;
mod any;
mod asked;
mod error;
mod notes;
mod opening;
mod patterns;
mod session;
mod setup;
mod source;
mod values;

pub use about::{About, Origin};
pub use any::{AnyMemory, Held, Precision};
pub use asked::{Mask, RecallOptions, Score, batch_of};
pub use error::{Error, Result};
pub use notes::{of_appended, of_cues, of_first_cues, of_repeats};
pub use patterns::{Known, known, prepared, prepared_array};
pub use session::{Opened, Session};
pub use setup::{Auto, Setup};
pub use source::{Source, open_patterns};
pub use values::{insert_fields, insert_lists, json};
