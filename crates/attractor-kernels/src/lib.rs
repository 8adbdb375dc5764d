//! The kernels of `attractor`: its hot loops, with the number types, instruction sets and threads that they need.
//!
//! | module | holds |
//! |---|---|
//! | [`real`] | the two number types, `f32` and `f64` |
//! | [`machine`] | instruction sets, each proved by a token, and their vectors |
//! | [`threads`] | the number of threads; a parallel map that keeps the order of results |
//! | [`packed`], [`stored`] | patterns as bits, as numbers, or read a few rows at a time from a source |
//! | [`rows`] | rows of numbers |
//! | [`shard`] | patterns that are a part of a memory, and answer for it |
//!
//! The loops are:
//!
//! | file | computes | used by |
//! |---|---|---|
//! | [`dots()`] | x·y for all pairs, and the micro-kernel under it | fields, overlaps |
//! | `stream` | streams patterns in tiles, with running softmax weights | the three below |
//! | [`attend()`] | log-sum, posterior mean, second moment | modern Hopfield, exact diffusion |
//! | [`near()`] | the patterns whose weight is not negligible, and a bound on the rest | diffusion, many reads of one
//! memory |
//! | [`posterior()`] | best memories, entropy, participation | every report |
//! | `signs` | the ±1 patterns whose weight is not negligible, from bits | `attend`, `posterior` of packed patterns |
//! | [`pairs()`] | distances and divergences of all pairs | similarities |
//! | [`split_sums()`] | sums of numbers that a row of bits splits in two | dense memories |
//! | [`Whole`] | fields of couplings that are whole numbers | classical networks |
//! | [`log_sum_of()`] | log-sums of known costs | estimates of noise levels |
//! | [`hamming()`] | bits in which words differ | sparse distributed memory |
//! | [`counters`] | counters of hard locations, written and summed | sparse distributed memory |
//! | [`product()`] | A B | networks |
//! | [`windows()`] | posterior means in which each pixel has its own weights | local diffusion |
//! | [`pieces()`] | the stored window nearest to that of each pixel | audits of images |
//! | [`peak`] | the most that the machine can do | comparison with the others |
//!
//! **Order of summation.** Each number is summed in one order, which depends only on N and D. A dot product runs over
//! units in blocks of 64. Patterns are cut into ranges by N and D, and ranges into tiles by D (or by the width of the
//! values read, if these are wider). Tiles are summed in order, and ranges are merged in the order of their indices.
//! Batch size and threads only decide who computes what, so results have the same bits for any of them. Queries lie
//! side by side in vector lanes, and lanes are never added to each other.
//!
//! **Compiled once.** What other crates call is generic over the number type, but only chooses one of two functions
//! that are compiled here (`real::entry!`). So the loops are in this crate alone, as one unit, and compile in
//! parallel with other crates.
//!
//! `attractor` re-exports what its users need as `attractor::kernels`, so they need not depend on this crate.

mod apart;
mod attend;
mod candidates;
mod centred;
pub mod counters;
mod dots;
mod elsewhere;
pub mod hamming;
mod levels;
pub mod machine;
mod near;
pub mod packed;
mod pairs;
pub mod peak;
mod pieces;
mod posterior;
mod product;
pub mod real;
pub mod rows;
pub mod shard;
mod signs;
mod split;
pub mod stored;
mod stream;
pub mod threads;
mod whole;
mod windows;
pub mod wire;

pub use apart::{square_apart, square_between};
pub use attend::{Read, attend, attend_values, log_sum};
pub use candidates::Grid;
pub use dots::{dots, error_bound};
pub use elsewhere::elsewhere;
pub use hamming::hamming;
pub use levels::log_sum_of;
pub use near::{Ball, half_squares, heaviest, near};
pub use pairs::{Difference, Operand, SignedTerm, add_scaled, pairs, signed_sums, weighted_sums};
pub use pieces::{Pieces, pieces};
pub use posterior::{Posterior, nearest, posterior, posterior_and_log_sum, posterior_of_costs};
pub use product::{Panel, ROWS, Strided, product};
pub use real::{PerReal, Real};
pub use shard::Shard;
pub use signs::ROWS as TILE_OF_BITS;
pub use split::{add_signs, exp_below, raise, split_sums};
pub use stored::{Place, Shards, Stored};
pub use stream::{Form, ranges, usable_beta};
pub use whole::Whole;
pub use windows::{Ask, windows};
