//! The arguments of `bench`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `bench`.
#[derive(Args)]
pub struct Bench {
    /// Measure for about ten seconds in place of a minute, with half the memory
    #[arg(long)]
    pub quick: bool,
    /// How much to read to measure the speed of main memory, in MiB: several times the last-level cache. Patterns take
    /// half as much again [default: 512; with --quick 256]
    #[arg(long, value_name = "N")]
    pub memory: Option<usize>,
    /// Also write the report to this .md, .json, .csv or .html file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Measure with this many threads, and with one [default: all cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Print no progress on stderr
    #[arg(long)]
    pub quiet: bool,
}
