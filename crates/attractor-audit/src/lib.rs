//! Audit of a generative model: are its generated rows copies of its training rows?
//!
//! An audit compares generated rows G with the training rows T and, if there are any, with held-out rows H of the same source that
//! the model has not seen. It gives each generated row a verdict with its reason and a p-value, lists of near copies at a stated false discovery
//! rate, and the usual rates of memorisation with the values that they would have if T were not special.
//!
//! | module | holds |
//! |---|---|
//! | `metric` | Euclidean and Gower distances: exact, and scores of tiles with a bound on their error |
//! | `search` | exact nearest rows, single-link clusters and coverage, in tiles |
//! | `rows` | the three sets in one space, checked |
//! | [`clusters`] | near-duplicates, so that d₂ is the distance from another cluster |
//! | [`dimension`] | local dimension, from neighbours and from the exact denoiser |
//! | [`rates`] | f_mem, DCR share, IMS, NNDR, AuthPct, C_T, for any choice of training rows |
//! | [`swap`] | their null distribution: training and held-out rows change places |
//! | [`conformal`] | p-values of single rows, and Benjamini–Hochberg lists |
//! | [`mosaic`] | images made of pieces of several training images: side by side, or overlapping (`pieces`) |
//! | [`verdict`] | copy, near copy, mosaic or new, with the reason |
//! | [`fidelity`] | precision, recall, coverage, sliced Wasserstein distance |
//! | [`calibrate`] | what an audit finds of copies planted in one's own data |
//! | [`inside`] | a model's denoiser: where along its noise levels it remembers, and where it generalises; which denoiser with a formula predicts it |
//! | [`monitor`] | rates over the checkpoints of a training: f_mem(step), and the step from which a model memorises |
//! | [`inspect`] | near-duplicates, critical levels, basins and dimension of patterns, before a model is trained |
//!
//! ```
//! use attractor_audit::{Audit, Given, Rows, Sets, Settings, Verdict};
//! use ndarray::array;
//! let train = array![[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [3.0, 3.0]];
//! let rows = Sets {
//!     train: Rows::Double(train),
//!     generated: Rows::Double(array![[1.0, 0.0], [2.0, 2.0]]),
//!     heldout: Some(Rows::Double(array![[0.5, 1.0], [2.5, 1.0]])),
//! };
//! let given = Given { rows, images: None, names: Sets::default(), notes: vec![], sources: vec![] };
//! let audited = Audit::new(given, Settings::default())?.audited(&mut |_, _| Ok(()))?;
//! assert_eq!(audited.outcome.rows[0].verdict, Verdict::Copy);
//! assert_eq!(audited.outcome.rows[0].train, Some(1));
//! # Ok::<(), attractor_report::Error>(())
//! ```

mod audit;
mod audited;
pub mod calibrate;
pub mod clusters;
pub mod conformal;
pub mod dimension;
pub mod fidelity;
mod found;
mod inputs;
pub mod inside;
pub mod inspect;
mod metric;
pub mod monitor;
pub mod mosaic;
mod neighbours;
mod outcome;
pub mod rates;
mod report;
mod rows;
mod search;
mod searched;
mod settings;
pub mod swap;
pub mod verdict;

pub use audit::Audit;
pub use audited::Audited;
pub use found::{Found, Nearest};
pub use inputs::{Given, Inputs};
pub use inside::{Inside, Subject};
pub use metric::{Column, Euclidean, Gower, Metric};
pub use monitor::Monitor;
pub use outcome::{Measured, Outcome};
pub use rows::{Rows, Sets, Space};
pub use search::Watch;
pub use searched::{Images, Pool, Searched};
pub use settings::{DISTANCES, Distance, PARAMETERS, SCORES, Score, Settings};
pub use verdict::{Row, Verdict};
