//! Associative memory, from Hopfield (1982) to diffusion models.
//!
//! An associative memory is an *energy landscape* plus a *dynamics* that recalls; a diffusion model is
//! the same thing with one landscape for each noise level. All memories here therefore share one interface to store,
//! recall and report, and are measured in the same way:
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
//! | [`memories`] | the models: [`Hopfield`](memories::Hopfield), [`Bidirectional`](memories::Bidirectional),
//! [`SparseDistributed`](memories::SparseDistributed), [`Dense`](memories::Dense), [`Modern`](memories::Modern),
//! [`Universal`](memories::Universal), [`Diffusion`](memories::Diffusion) of points and of shapes,
//! [`Denoiser`](memories::Denoiser) of any kind; requests and reports of a recall |
//! | [`energies`] | landscapes and denoisers |
//! | [`dynamics`] | how states move |
//! | [`networks`] | score networks: memories stored in the weights of a neural network |
//! | [`similarities`], [`separations`] | how alike a key and a cue are, and how scores become weights |
//! | [`diffusion`] | processes, noise grids, samplers, the level of a cue |
//! | [`analysis`] | one recall step by step, many recalls of one cue, and where symmetry breaks |
//! | [`fields`] | the fields of reports by name, for tables and files |
//! | [`recall()`], [`observe`] | the one recall loop, and observers of its steps |
//! | [`kernels`] | the hot loops |
//! | [`linear`] | eigenvectors, Cholesky, principal axes |
//! | [`potentials`] | noise-injection dynamics with a potential |
//! | [`options`] | options with declared kinds, and how text becomes their values |
//! | [`noise`] | random streams, one for each row |
//! | [`threads`] | the number of threads |
//! | [`instructions`] | the instruction sets in use |
//! | [`names`] | the name that a mistyped one was probably meant to be |
//! | [`message`](mod@message) | sentences of errors and notes; each front end spells the arguments in them |
//!
//! States are rows of an array (B × D) of [`f32` or `f64`](Real); noise levels, energies and statistics
//! are `f64`. Equal seeds give equal bits on any number of threads and in any batch.

pub mod analysis;
pub mod diffusion;
pub mod dynamics;
pub mod energies;
mod error;
pub mod fields;
pub mod instructions;
pub mod intervals;
pub mod kernels;
pub mod linear;
pub mod memories;
pub mod message;
pub mod names;
pub mod networks;
pub mod noise;
pub mod observe;
pub mod options;
pub mod patterns;
pub mod potentials;
mod quadrature;
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

/// Runs the examples of the page on Rust as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/reference/rust.md")]
pub struct RustPage;

/// Runs the examples of the page on reconstructive memories as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/ideas/reconstruction.md")]
pub struct ReconstructionPage;
