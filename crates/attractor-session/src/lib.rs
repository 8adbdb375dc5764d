//! Opens memories and asks recalls of them: what the command line and the Python package share.
//!
//! The command line and Python open a memory in the same steps:
//!
//! 1. A [`Setup`] holds what the user asked for: model, options, preparation, number type.
//! 2. A [`Source`] is what the memory is built from: a stored memory, a file of patterns, or a description.
//! 3. [`Source::build`] chooses the number type, prepares the patterns and builds a [`Session`].
//! 4. [`RecallOptions`] make the request of each batch of cues.
//!
//! Nothing here prints. What a user should know is returned as sentences ([`Session::headline`], [`Session::notes`],
//! [`Error`]). Each front end spells the options in them its own way.
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
mod append;
mod change;
mod cores;
mod density;
mod error;
mod explorer;
mod notes;
mod opening;
mod patterns;
mod recall_options;
mod session;
mod setup;
mod shards;
mod source;
mod sums;
mod values;
mod warnings;

pub use about::{About, Origin};
pub use any::{AnyMemory, Held, Precision};
pub use append::{append, appends_in_place, compact, held};
pub use change::{Examination, Examined, examine};
pub use cores::{Cores, with_cores};
pub use density::with_events;
pub use error::{Error, Result};
pub use explorer::{Content, Explored, explorer_page};
pub use notes::{of_appended, of_cues, of_first_cues, of_moved_beta, of_repeats};
pub use patterns::{Known, known, prepared, prepared_array};
pub use recall_options::{Mask, RecallOptions, Score, batch_of};
pub use session::{Opened, Session};
pub use setup::{Auto, Setup};
pub use shards::append_to_parts;
pub use source::{Source, open_patterns};
pub use sums::{Change, changed_sums};
pub use values::{insert_fields, insert_lists, json};
