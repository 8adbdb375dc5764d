//! What every part of `attractor` stands on: the hot loops, and what they need.
//!
//! | module | holds |
//! |---|---|
//! | [`real`] | the two number types, `f32` and `f64` |
//! | [`machine`] | instruction sets, each proved by a token, and their vectors |
//! | [`threads`] | how many there are; a map whose results come in order |
//! | [`packed`], [`stored`] | patterns as bits, as numbers, or a few rows at a time from elsewhere |
//! | [`rows`] | rows of numbers |
//!
//! and the loops:
//!
//! | file | computes | used by |
//! |---|---|---|
//! | [`dots()`] | x·y for all pairs, and the micro-kernel under it | fields, overlaps |
//! | `stream` | visits patterns in tiles with running softmax weights | the three below |
//! | [`attend()`] | log-sum, posterior mean, second moment | modern Hopfield, exact diffusion |
//! | [`near()`] | patterns that weigh anything, a bound on the rest | diffusion, many reads of one memory |
//! | [`posterior()`] | best memories, entropy, participation | every report |
//! | `signs` | which ±1 patterns weigh anything, from bits | `attend`, `posterior` of packed patterns |
//! | [`pairs()`] | distances and divergences of all pairs | similarities |
//! | [`hamming()`] | bits in which words differ | sparse distributed memory |
//! | [`counters`] | counters of hard locations, written and summed | sparse distributed memory |
//! | [`product()`] | A B | networks |
//! | [`peak`] | nothing: what the machine can do at most | measuring the others |
//!
//! **Order of summation.** Each number is summed in one order that depends on N and D alone:
//! a dot product runs over units in blocks of 64; patterns are cut into ranges by N and
//! D, ranges into tiles by D (where the values read are wider than the patterns, by their width); tiles are summed in order and ranges merged in index order. Batch size
//! and threads decide only who computes what, so results are equal to the bit for any of them.
//! Queries sit side by side in vector lanes, so a lane never meets another lane.
//!
//! **Compiled once.** What other crates call is generic over the number type, but does no more than choose one of two
//! functions that are compiled here (`real::entry!`). So the loops are in this crate alone, as one unit, and other
//! crates are compiled beside it.
//!
//! `attractor` re-exports what its users need, as `attractor::kernels`; there is no need to depend on this crate.

mod attend;
pub mod counters;
mod dots;
pub mod hamming;
pub mod machine;
mod near;
pub mod packed;
mod pairs;
pub mod peak;
mod posterior;
mod product;
pub mod real;
pub mod rows;
mod signs;
pub mod stored;
mod stream;
pub mod threads;

pub use attend::{Read, attend, attend_values, log_sum};
pub use dots::{dots, error_bound};
pub use hamming::hamming;
pub use near::{Ball, half_squares, heaviest, near};
pub use pairs::{Difference, Operand, add_scaled, pairs, weighted_sums};
pub use posterior::{Posterior, nearest, posterior};
pub use product::{Panel, ROWS, Strided, product};
pub use real::{PerReal, Real};
pub use stored::Stored;
pub use stream::{Form, usable_beta};
