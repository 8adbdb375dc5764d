//! The arguments of `fit`. The settings of the fit come from their own list.

use std::path::PathBuf;

use attractor_session::Precision;
use clap::Args;

use super::common::{LESS, MEMORY, OUTPUT};
use super::names::{PRECISIONS, one_of};
use super::{Files, Work};

/// Arguments of `fit`.
#[derive(Args)]
pub struct FitDensity {
    /// The rows to fit: a file or folder of any kind that `attractor recall --memory` takes; bytes count as 0 to 1
    #[arg(long, value_name = "FILE", help_heading = MEMORY)]
    pub patterns: PathBuf,
    /// The file of the memory: it holds the density alone, and every command takes it as --memory
    #[arg(long, value_name = "MEMORY", help_heading = MEMORY)]
    pub out: PathBuf,
    /// Print one JSON object on stdout
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// Labels of the rows: a text file with one label per line, or an array of class numbers; each Gaussian is named after
    /// most of its rows
    #[arg(long, value_name = "FILE", help_heading = LESS)]
    pub labels: Option<PathBuf>,
    /// Number type of the states in recall: f32 or f64; the fit is computed in f64 [default: f64 if the rows are float64,
    /// else f32]
    #[arg(long, value_name = "f32|f64", value_parser = one_of(PRECISIONS, |s| s.parse::<Precision>()), help_heading = LESS)]
    pub dtype: Option<Precision>,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub work: Work,
}
