//! The arguments of `train`. The training settings come from their own list.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::{Files, Work};

/// Arguments of `train`.
#[derive(Args)]
#[command(group = ArgGroup::new("what").required(true))]
pub struct Train {
    /// Patterns to learn: a file or folder of any kind that `recall` reads
    #[arg(long, value_name = "FILE", group = "what")]
    pub patterns: Option<PathBuf>,
    /// Go on training this network, to the same weights as if it had not been interrupted; settings are its own, but
    /// --steps may be more
    #[arg(long, value_name = "MODEL", group = "what")]
    pub resume: Option<PathBuf>,
    /// Write the network to this file, whenever it is saved [default with --resume: that file]
    #[arg(long, value_name = "MODEL", required_unless_present = "resume")]
    pub out: Option<PathBuf>,
    /// What is done to the patterns first, as in `recall` [default: auto]
    #[arg(long, value_name = "none|center|normalize|auto", conflicts_with = "resume")]
    pub prepare: Option<String>,
    /// Number type of the states that it is asked with; weights are f32 [default: f64 if the patterns are float64, else
    /// f32]
    #[arg(long, value_name = "f32|f64", conflicts_with = "resume")]
    pub dtype: Option<String>,
    /// Labels of the patterns: a text file with one per line, or an array of class numbers
    #[arg(long, value_name = "FILE", conflicts_with = "resume")]
    pub labels: Option<PathBuf>,
    #[command(flatten)]
    pub files: Files,
    /// Stop when the share of units that noisy cues (σ of 1.08 spreads) recall wrongly is this at most; it is
    /// looked at with --examine-every
    #[arg(long, value_name = "E")]
    pub until_error: Option<f64>,
    /// Compare recall with that of the exact model every K steps; 0 never [default: ten times in all]
    #[arg(long, value_name = "K")]
    pub examine_every: Option<u64>,
    /// Draw the landscape every K steps, to MODEL.landscapes/step-N.png
    #[arg(long, value_name = "K")]
    pub landscape_every: Option<u64>,
    /// Save at least every so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0)]
    pub save_every: f64,
    /// Print one JSON object on stdout
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub work: Work,
}
