//! The arguments of `bench`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `bench`.
#[derive(Args)]
pub struct Bench {
    /// About ten seconds in place of one minute, and half of the memory
    #[arg(long)]
    pub quick: bool,
    /// MiB to read where reading from memory is measured: several times the last-level cache. Patterns take half
    /// as much again [default: 512; with --quick 256]
    #[arg(long, value_name = "MIB")]
    pub memory: Option<usize>,
    /// Write the report to this .md, .json, .csv or .html file, too
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Most threads; one alone is measured, too [default: all cores]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// No progress on stderr
    #[arg(long)]
    pub quiet: bool,
}
