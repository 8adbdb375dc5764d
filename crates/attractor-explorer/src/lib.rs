//! What the explorer asks of attractor.
//!
//! The explorer (`explorer/`, `attractor explore`) is a page in the browser. It draws, and everything that it draws is
//! computed here, by the same crate as that of the command line, compiled to WebAssembly. This crate only joins calls:
//! [`Plane`] is a memory of two units, [`Images`] one of images or ±1 units. [`particles`] moves many states through
//! noise levels, and [`bindings`](self) hands numbers across in flat arrays, a call for each picture.
//!
//! Arrays are flat and row by row: a state of two units is `x, y`. Noise levels are in the units of the states.

#[cfg(target_arch = "wasm32")]
mod bindings;
mod contents;
mod images;
mod landscape;
pub mod particles;
mod plane;
mod quick;
mod words;

pub use contents::{Contents, Gaussian};
pub use images::{Ends, Images, Steps};
pub use landscape::{Landscape, Separation};
pub use plane::{Grid, Plane};
pub use words::{flipped, noisy, random_words};
