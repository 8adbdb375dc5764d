//! The arguments of `train`. The training settings come from their own list.

use std::path::PathBuf;

use attractor_session::{Auto, Precision};
use clap::{ArgGroup, Args};

use super::common::{LESS, OUTPUT};
use super::names::{LEARNED, PRECISIONS, one_of};
use super::{Files, Work};

/// Heading of what is learned.
pub const NETWORK: &str = "Network";
/// Heading of what is said and saved in between.
const PROGRESS: &str = "While it trains";

/// Arguments of `train`.
#[derive(Args)]
#[command(group = ArgGroup::new("what").required(true))]
pub struct Train {
    /// Patterns to learn: a file or folder of any kind that `attractor recall --memory` takes
    #[arg(long, value_name = "FILE", group = "what", help_heading = NETWORK)]
    pub patterns: Option<PathBuf>,
    /// Go on training this network. It ends with the same weights as without the interruption; its settings stay, but
    /// --steps may be raised
    #[arg(long, value_name = "NETWORK", group = "what", help_heading = NETWORK)]
    pub resume: Option<PathBuf>,
    /// Where to save the network [default with --resume: the same file]
    #[arg(long, value_name = "NETWORK", required_unless_present = "resume", help_heading = NETWORK)]
    pub out: Option<PathBuf>,
    /// How patterns are prepared, as in `attractor recall`: none, center, normalize, standardize or auto [default: auto]
    #[arg(long, value_name = "HOW", value_parser = one_of(LEARNED, |s| s.parse::<Auto>()), conflicts_with = "resume", help_heading = NETWORK)]
    pub prepare: Option<Auto>,
    /// Stop when recall is this good: the share of wrong units, measured as --evaluate-every says on cues with a noise
    /// of 1.08 spreads, is at most X
    #[arg(long, value_name = "X", help_heading = PROGRESS)]
    pub until_error: Option<f64>,
    /// Compare recall with that of the exact model every N steps; 0 is never [default: ten times in all]
    #[arg(long, value_name = "N", alias = "examine-every", help_heading = PROGRESS)]
    pub evaluate_every: Option<u64>,
    /// Draw the landscape every N steps, to NETWORK.landscapes/step-N.png
    #[arg(long, value_name = "N", help_heading = PROGRESS)]
    pub landscape_every: Option<u64>,
    /// Keep the network as it is every N steps, as NETWORK.checkpoints/step-N.memory, for `attractor audit --model`
    #[arg(long, value_name = "N", help_heading = PROGRESS)]
    pub keep_every: Option<u64>,
    /// Save at least every X seconds
    #[arg(long, value_name = "X", default_value_t = 30.0, help_heading = PROGRESS)]
    pub save_every: f64,
    /// Print one JSON object on stdout
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// Number type of the states in recall: f32 or f64; weights are f32 [default: f64 if the patterns are float64, else
    /// f32]
    #[arg(long, value_name = "f32|f64", value_parser = one_of(PRECISIONS, |s| s.parse::<Precision>()), conflicts_with = "resume", help_heading = LESS)]
    pub dtype: Option<Precision>,
    /// Labels of the patterns: a text file with one label per line, or an array of class numbers
    #[arg(long, value_name = "FILE", conflicts_with = "resume", help_heading = LESS)]
    pub labels: Option<PathBuf>,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub work: Work,
}
