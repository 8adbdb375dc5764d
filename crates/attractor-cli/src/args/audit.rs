//! The arguments of `audit`. Its settings come from their own list.

use std::path::PathBuf;

use clap::Args;

use super::common::{LESS, MEMORY, OUTPUT};
use super::{Files, Work};

/// Arguments of `audit`.
#[derive(Args)]
pub struct Audit {
    /// The training rows: a file or folder of any kind that `attractor recall --memory` takes, or a CSV table with text and
    /// gaps; bytes count as 0 to 1
    #[arg(long, value_name = "FILE", help_heading = MEMORY)]
    pub train: PathBuf,
    /// The rows that the model generated; not needed with --model
    #[arg(long, value_name = "FILE", required_unless_present = "model", help_heading = MEMORY)]
    pub generated: Option<PathBuf>,
    /// Rows of the same source that the model has not seen; without them rates have no p-values
    #[arg(long, value_name = "FILE", help_heading = MEMORY)]
    pub heldout: Option<PathBuf>,
    /// The model itself, to look inside: a network, density or memory; several, or a folder of them, are checkpoints of a
    /// training
    #[arg(long, value_name = "MODEL", num_args = 1.., help_heading = MEMORY)]
    pub model: Option<Vec<PathBuf>>,
    /// Features by an encoder of your own, compared in place of the rows: a file each for training, generated and held-out
    /// ones
    #[arg(long, value_name = "FILE", num_args = 2..=3, help_heading = MEMORY)]
    pub features: Option<Vec<PathBuf>>,
    /// Also plant copies of several kinds in these data, and report how many the audit finds of each
    #[arg(long, help_heading = OUTPUT)]
    pub calibrate: bool,
    /// Folder for the report (report.html, report.md, results.json, results.csv) with its tables and pictures
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub out: PathBuf,
    /// Print the content of results.json without its rows, as one JSON object, in place of the report
    #[arg(long, help_heading = LESS)]
    pub json: bool,
    /// Seed of swaps and of everything else that is random
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = LESS)]
    pub seed: u64,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub work: Work,
}
