//! Consolidation by replay: a memory is trained on its own recalls, round after round (Ambrogioni 2023, section 6.2).
//!
//! Each memory n has a mass mₙ, the number of experiences that it stands for. Its weight is wₙ = mₙ/Σm, the prior
//! weight π of a mixture memory. A round makes k replays, and each adds to the mass of the memory that it recalled:
//!
//! ```text
//! m ← λ m + s c + f,      c the number of replays of each memory,   f new experiences, one for each new memory
//! ```
//!
//! | λ | rule | the field's name | what happens to an event |
//! |---|---|---|---|
//! | 1 | [`Rule::SelfSampled`] | Pólya's urn | its weight is a martingale; the limit has a Beta distribution |
//! | 0 | [`Rule::SelfSampled`] | Wright–Fisher | its weight is a martingale; it ends at 0 or 1 |
//! | 0, with f > 0 | [`Rule::SelfSampled`] | Wright–Fisher with immigration | it is lost |
//! | any | [`Rule::Power`], γ > 1 | superlinear reinforcement | one memory takes all |
//! | any | [`Rule::Power`], γ < 1 | sublinear reinforcement | all weights become equal |
//! | any | [`Rule::Cued`] | | it grows |
//!
//! [`Replay`] runs such a protocol on stored patterns, in many independent runs; a cue is recalled by the memory's own
//! recall. [`LearnedReplay`] does the same with a score network, where what is replayed is trained on. [`theory`] has
//! the closed forms.

mod atoms;
mod error;
mod experiences;
mod learned;
mod protocol;
mod replay;
mod round;
mod rule;
mod state;
pub mod theory;
pub mod urn;

pub use error::{Error, Result};
pub use experiences::Experiences;
pub use learned::{LearnedReplay, LearnedSettings, Teacher};
pub use protocol::{Disruption, PARAMETERS, Protocol};
pub use replay::Replay;
pub use round::Round;
pub use rule::Rule;
