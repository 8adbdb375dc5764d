//! The arguments of `capacity` and `merge`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::Work;

/// Arguments of `capacity`.
#[derive(Args)]
#[command(group = ArgGroup::new("task").multiple(true))]
pub struct Capacity {
    /// Models, and `ceiling`: the best decoder there can be
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', num_args = 1.., default_value = "ceiling,diffusion,modern,hopfield")]
    pub model: Vec<String>,
    /// Units D: numbers, and ranges as 8..56 or 8..56:8, which include their ends
    #[arg(long, value_name = "D,…", default_value = "8..32:4")]
    pub dims: String,
    /// Cues θy + √(1-θ²)ε [default: 0.68 if no other is asked for]
    #[arg(long, value_name = "θ,…", value_delimiter = ',', group = "task")]
    pub signal: Vec<f64>,
    /// Cues with each unit removed with probability p; which are left is told to the memory
    #[arg(long, value_name = "p,…", value_delimiter = ',', group = "task")]
    pub mask: Vec<f64>,
    /// Cues with each unit flipped with probability p
    #[arg(long, value_name = "p,…", value_delimiter = ',', group = "task")]
    pub flip: Vec<f64>,
    /// The largest mean share of wrong units that passes
    #[arg(long, value_name = "E", default_value_t = 0.03)]
    pub threshold: f64,
    /// Pattern sets of each number of patterns
    #[arg(long, value_name = "R", default_value_t = 140)]
    pub sets: usize,
    /// Cues a set, of its patterns in turn; or each: every pattern once
    #[arg(long, value_name = "B", default_value = "256")]
    pub cues: String,
    /// The largest number of patterns that is tried
    #[arg(long, value_name = "N", default_value_t = 1 << 22)]
    pub max_patterns: usize,
    /// Try every number of patterns up to 1.5 times the capacity, as published, in place of a bisection
    #[arg(long)]
    pub grid: bool,
    /// Updates of memories with one landscape [default: until they settle]
    #[arg(long, value_name = "K")]
    pub updates: Option<usize>,
    /// Seed
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub shared: Shared,
    /// Folder for the report, its tables and figures, and cells.sqlite, which keeps what is done
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    #[command(flatten)]
    pub work: Work,
}

/// Arguments on sharing the work.
#[derive(Args)]
pub struct Shared {
    /// Do one part of the work only, for job arrays: 3/8 is the third of eight; put together by `attractor merge`
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    pub shard: String,
}

/// Arguments of `merge`.
#[derive(Args)]
pub struct Merge {
    /// Folders that shards have written to, or their cells.sqlite files
    #[arg(required = true, value_name = "DIR")]
    pub from: Vec<PathBuf>,
    /// Folder for the cells.sqlite of all; what it has already stays
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
