//! The hot loops that all memories use, re-exported from [`attractor_kernels`].

pub use attractor_kernels::packed::Packed;
pub use attractor_kernels::stored::Source;
#[doc(inline)]
pub use attractor_kernels::{
    Ask, Difference, Form, Grid, Operand, Panel, Place, Posterior, ROWS, Read, Shard, Shards, Stored,
    Strided, TILE_OF_BITS, attend, attend_values, dots, hamming, log_sum, machine, nearest, pairs, peak,
    posterior, product, ranges, weighted_sums, windows, wire,
};

pub(crate) use attractor_kernels::counters::Counters;
pub(crate) use attractor_kernels::hamming::{
    Queries, close_in, distances_in, near_in, nearest as nearest_by_bits,
};
pub(crate) use attractor_kernels::packed::EIGHT;
pub(crate) use attractor_kernels::rows::{pick, square, squares};
pub(crate) use attractor_kernels::stored::{Streamed, Window};
pub(crate) use attractor_kernels::{
    Ball, SignedTerm, Whole, add_scaled, add_signs, elsewhere, error_bound, exp_below, half_squares,
    heaviest, log_sum_of, near, posterior_and_log_sum, posterior_of_costs, raise, signed_sums, split_sums,
    usable_beta,
};
