//! The arguments of `explore`.

use std::path::PathBuf;

use clap::Args;

use super::Files;
use super::common::{LESS, MEMORY, OUTPUT};

/// Arguments of `explore`.
#[derive(Args)]
pub struct Explore {
    /// A memory to begin with, of two units or of grey images of at most 32x32 pixels: a file of any kind that `attractor
    /// recall --memory` takes, as it is, without weights; of a description, points, clouds (as lines through their points)
    /// and Gaussians [default: examples]
    #[arg(long, value_name = "FILE", help_heading = MEMORY)]
    pub memory: Option<PathBuf>,
    /// Write the page to this .html file
    #[arg(long, value_name = "FILE", default_value = "explorer.html", help_heading = OUTPUT)]
    pub out: PathBuf,
    #[command(flatten)]
    pub files: Files,
    /// Print no notes on stderr
    #[arg(long, help_heading = LESS)]
    pub quiet: bool,
}
