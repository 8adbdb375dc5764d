//! The arguments of `inspect`. Its settings come from their own list.

use std::path::PathBuf;

use clap::Args;

use super::common::{LESS, MEMORY, OUTPUT};
use super::{Files, Work};

/// Arguments of `inspect`.
#[derive(Args)]
pub struct Inspect {
    /// The patterns: a file or folder of any kind that `attractor recall --memory` takes; bytes count as 0 to 1
    #[arg(long, value_name = "FILE", help_heading = MEMORY)]
    pub patterns: PathBuf,
    /// Folder for the report (report.html, report.md, results.json, results.csv) with its tables and pictures
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub out: PathBuf,
    /// Print the content of results.json without its rows, as one JSON object, in place of the report
    #[arg(long, help_heading = LESS)]
    pub json: bool,
    /// Seed of the noise
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = LESS)]
    pub seed: u64,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub work: Work,
}
