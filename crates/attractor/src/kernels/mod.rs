//! The few hot loops that everything stands on.
//!
//! | file | computes | used by |
//! |---|---|---|
//! | [`dots()`] | x·y for all pairs, and the micro-kernel under it | fields, overlaps |
//! | `weigh` | gaps, weights and their sums in a tile | `stream` |
//! | `stream` | visits patterns in tiles with running softmax weights | the three below |
//! | [`attend()`] | log-sum, posterior mean, second moment | modern Hopfield, exact diffusion |
//! | `near` | patterns that weigh anything, a bound on the rest | diffusion, many reads of one memory |
//! | [`posterior()`] | best memories, entropy, participation | every report |
//! | `signs` | which ±1 patterns weigh anything, from bits | `attend`, `posterior` of packed patterns |
//! | [`pairs()`] | distances and divergences of all pairs | similarities |
//! | [`hamming()`] | bits in which words differ | sparse distributed memory |
//! | [`product()`] | A B | networks |
//! | [`peak`] | nothing: what the machine can do at most | measuring the others |
//!
//! **Order of summation.** Each number is summed in one order that depends on N and D alone:
//! a dot product runs over units in blocks of 64; patterns are cut into ranges by N and
//! D, ranges into tiles by D (where the values read are wider than the patterns, by their width); tiles are summed in order and ranges merged in index order. Batch size
//! and threads decide only who computes what, so results are equal to the bit for any of them.
//! Queries sit side by side in vector lanes, so a lane never meets another lane.

mod attend;
pub(crate) mod dots;
pub(crate) mod hamming;
pub(crate) mod machine;
mod near;
pub(crate) mod pairs;
pub mod peak;
mod posterior;
pub(crate) mod product;
mod signs;
pub(crate) mod stream;
mod weigh;

pub use attend::{Read, attend, attend_values, log_sum};
pub use dots::dots;
pub use hamming::hamming;
pub use pairs::{Difference, Operand, pairs, weighted_sums};
pub use posterior::{Posterior, nearest, posterior};
pub use product::{Panel, ROWS, Strided, product};
pub use stream::Form;

pub(crate) use attend::Sums;
pub(crate) use dots::error_bound;
pub(crate) use near::{Ball, Cut, Near, half_squares, heaviest, near};
pub(crate) use posterior::Spread;
pub(crate) use stream::{Parts, usable_beta};
