//! x
#![warn(missing_docs)]
pub mod diffusion;
pub mod dynamics;
pub mod energies;
mod error;
pub mod kernels;
pub mod memories;
pub mod noise;
pub mod observe;
mod parallel;
pub mod patterns;
mod real;
mod recall;

pub use error::{Error, Result};
pub use memories::{Level, Memory, Recall, Request, Spec};
pub use observe::{Frame, Nobody, Observer};
pub use patterns::{Patterns, Preparation, Prepare};
pub use real::Real;
pub use recall::{Grid, Outcome, Recalled, Stop, recall};
