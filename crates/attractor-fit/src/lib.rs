//! Fits densities to data: mixtures of Gaussians by expectation–maximisation, as semantic memories.
//!
//! [`fit`] takes rows and [`Settings`], and returns a [`Fit`]: Gaussians with their weights, and how good they are. The
//! components have full covariances, or low rank and one variance in all other directions (mixtures of probabilistic
//! principal components). [`Fit::mixture`] is the memory.
//!
//! ```
//! use attractor_fit::{Components, Settings, fit};
//! use ndarray::array;
//! let rows = array![[0.0], [2.0], [10.0], [12.0]];
//! let settings = Settings { components: Components::Count(2), ..Settings::default() };
//! let fitted = fit(rows.view(), &settings, &mut |_| std::ops::ControlFlow::Continue(()))?;
//! let mut means: Vec<f64> = fitted.components.iter().map(|c| c.gaussian.origin()[0]).collect();
//! means.sort_by(f64::total_cmp);
//! assert!((means[0] - 1.0).abs() < 1e-9 && (means[1] - 11.0).abs() < 1e-9);
//! # Ok::<(), attractor::Error>(())
//! ```

mod choose;
mod data;
mod em;
mod fitted;
mod gaussian;
mod products;
mod settings;
mod start;

pub use choose::fit;
pub use em::Progress;
pub use fitted::{Component, Fit, Trial};
pub use settings::{CRITERIA, Components, Criterion, PARAMETERS, Settings};
