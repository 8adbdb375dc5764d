//! Data in and out: array files, corruption of cues, synthetic patterns, and a small data set that
//! ships with the project.

mod corruption;
mod digits;
mod error;
mod idx;
mod npy;
mod output;
mod synthetic;

pub use corruption::{Corrupted, Corruption, Finish, Shape, Side, corrupt};
pub use digits::{Digits, digits};
pub use error::{Error, Result};
pub use idx::{Idx, read_idx};
pub use npy::{Dtype, Table, read_mask, read_npy, write_mask, write_npy};
pub use output::write_atomically;
pub use synthetic::random_spins;
