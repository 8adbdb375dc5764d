//! Data in and out: array files, corruption of cues, synthetic patterns, and a small data set that
//! ships with the project.

mod corruption;
mod digits;
mod error;
mod idx;
mod npy;
mod output;
mod synthetic;

pub use corruption::{corrupt, Corrupted, Corruption, Finish, Shape, Side};
pub use digits::{digits, Digits};
pub use error::{Error, Result};
pub use idx::{read_idx, Idx};
pub use npy::{read_mask, read_npy, write_mask, write_npy, Dtype, Table};
pub use output::write_atomically;
pub use synthetic::random_spins;
