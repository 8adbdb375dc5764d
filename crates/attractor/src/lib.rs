//! Associative memory, from Hopfield (1982) to diffusion models.
//!
//! An associative memory is an *energy landscape* plus a *dynamics* that recalls; a diffusion model is
//! the same thing with one landscape for each noise level. So every memory here stores, recalls,
//! reports its energy and is measured in the same way:
//!
//! ```
//! use attractor::memories::{Beta, Memory, Modern, Request};
//! use attractor::Patterns;
//! use ndarray::array;
//!
//! let patterns = Patterns::new(array![[1.0_f32, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])?;
//! let memory = Modern::new(patterns, Beta::Auto)?;
//! let recall = memory.recall(&Request::new(array![[0.9_f32, 0.3, -0.4, -1.2]].view()))?;
//! assert_eq!(recall.rows[0].memory, Some(0));
//! # Ok::<(), attractor::Error>(())
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`patterns`] | what is stored, and how raw data are prepared |
//! | [`memories`] | the models: [`Hopfield`](memories::Hopfield), [`Bidirectional`](memories::Bidirectional), [`SparseDistributed`](memories::SparseDistributed), [`Dense`](memories::Dense), [`Modern`](memories::Modern), [`Universal`](memories::Universal), [`Diffusion`](memories::Diffusion) of points and of shapes, [`Denoiser`](memories::Denoiser) of any kind; what a recall is asked and reports |
//! | [`energies`] | landscapes and denoisers |
//! | [`dynamics`] | how states move |
//! | [`networks`] | score networks: memories dispersed in weights |
//! | [`similarities`], [`separations`] | how alike key and cue are, and how weights come of it |
//! | [`diffusion`] | processes, noise grids, samplers, the level of a cue |
//! | [`analysis`] | one recall step by step, many of one cue, where symmetry breaks |
//! | [`fields`] | the fields of reports by name, for tables and files |
//! | [`recall()`], [`observe`] | the one loop, and watching it |
//! | [`kernels`] | the hot loops under all of it |
//! | [`options`] | options with declared kinds: what text becomes a value |
//! | [`noise`] | random streams, one a row |
//! | [`threads`] | how many there are |
//! | [`message`](mod@message) | sentences of errors and notes, with arguments that each front end spells |
//!
//! States are rows of an array (B × D) of [`f32` or `f64`](Real); noise levels, energies and statistics
//! are `f64`. Equal seeds give equal bits on any number of threads and in any batch.

pub mod analysis;
pub mod diffusion;
pub mod dynamics;
pub mod energies;
mod error;
pub mod fields;
pub mod kernels;
pub mod memories;
pub mod message;
pub mod networks;
pub mod noise;
pub mod observe;
pub mod options;
pub mod patterns;
mod real;
mod recall;
pub mod separations;
pub mod similarities;
pub mod threads;

pub use error::{Error, Result};
pub use memories::{Level, Memory, Recall, Request, Spec};
pub use observe::{Frame, NoObserver, Observer};
pub use patterns::{Extras, Patterns, Preparation, Prepare};
pub use real::{PerReal, Real};
pub use recall::{Grid, Outcome, Recalled, Stop, recall};

/// The examples of the README are run as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
