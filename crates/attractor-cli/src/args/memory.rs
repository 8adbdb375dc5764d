//! Arguments of the commands that use a memory.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::common::{LESS, MEMORY, OUTPUT, RECALL};
use super::{Cues, Files, Patterns, Rest, Store, Work};

/// Arguments of `recall`.
#[derive(Args)]
pub struct Recall {
    #[command(flatten)]
    pub store: Store,
    #[command(flatten)]
    pub cues: Cues,
    #[command(flatten)]
    pub rest: Rest,
    /// Refuse cues that match no memory: those less likely than a share P of true cues with noise of --sigma or --signal
    #[arg(long, value_name = "P", help_heading = RECALL)]
    pub reject: Option<f64>,
    /// Recall every cue R times with noise of its own, and print how often it ended in each memory beside the posterior
    /// (stochastic samplers of diffusion)
    #[arg(long, value_name = "R", conflicts_with_all = ["reject", "out", "values_out", "picture", "binarize"], help_heading = RECALL)]
    pub repeat: Option<usize>,
    /// Write the recalled states to this .npy or .npz file (states, memory, overlap, energy, match), or as pictures to
    /// this .png file (one cue) or folder/. A refused cue is written as it came
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
    /// Draw cue, recalled state, nearest memory and their difference of the first cues to this .png file
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub picture: Option<PathBuf>,
    /// Print one JSON object per cue on stdout
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// How many memories of the posterior to list
    #[arg(long, value_name = "K", default_value_t = 5, help_heading = OUTPUT)]
    pub top: usize,
    /// Write the values read out (see --values) to this .npy file
    #[arg(long, value_name = "FILE", help_heading = LESS)]
    pub values_out: Option<PathBuf>,
    /// Round states to their signs (for ±1 data); 0 stays 0
    #[arg(long, help_heading = LESS)]
    pub binarize: bool,
}

/// Arguments of `energy`.
#[derive(Args)]
pub struct Energy {
    #[command(flatten)]
    pub store: Store,
    /// States: a file or folder of rows as wide as the patterns
    #[arg(long, value_name = "FILE", help_heading = STATES)]
    pub states: PathBuf,
    /// Noise level of the landscape (diffusion needs one); for modern, β = 1/σ²
    #[arg(long, value_name = "σ", conflicts_with = "beta", help_heading = STATES)]
    pub sigma: Option<f64>,
    /// Print ln p_σ of each state, in nats, instead of the energy: in closed form, or by the probability flow as for
    /// learned memories (diffusion)
    #[arg(long, value_name = "exact|flow", help_heading = STATES)]
    pub density: Option<String>,
}

const STATES: &str = "States";

/// Arguments of `trace`.
#[derive(Args)]
pub struct Trace {
    #[command(flatten)]
    pub store: Store,
    #[command(flatten)]
    pub cues: Cues,
    #[command(flatten)]
    pub rest: Rest,
    /// Write every step of every cue, with its state, to this .npz or .csv file
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
    /// Draw energy, entropy, participation and largest variance of the first cues to this .svg or .png file
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub picture: Option<PathBuf>,
    /// Print one JSON object per cue on stdout
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

/// Arguments of `sample`.
#[derive(Args)]
pub struct Sample {
    #[command(flatten)]
    pub store: Store,
    /// Number of recalls
    #[arg(long, value_name = "N", default_value_t = 1000, help_heading = RECALL)]
    pub count: usize,
    /// Seed of everything random
    #[arg(long, value_name = "S", default_value_t = 0, help_heading = RECALL)]
    pub seed: u64,
    #[command(flatten)]
    pub rest: Rest,
    /// A recall has landed if it is no farther from a memory than X spreads, root mean square of a unit [default: 0.05;
    /// network 0.5]
    #[arg(long, value_name = "X", help_heading = RECALL)]
    pub within: Option<f64>,
    /// Write the states to this .npy or .npz file (states, memory, overlap, energy), or as pictures to a folder/
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
    /// Draw the first states beside the memories nearest to them to this .png file
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub picture: Option<PathBuf>,
    /// Print one JSON object on stdout
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// How many memories to list
    #[arg(long, value_name = "K", default_value_t = 10, help_heading = OUTPUT)]
    pub top: usize,
}

/// Arguments of `landscape`.
#[derive(Args)]
pub struct Landscape {
    #[command(flatten)]
    pub store: Store,
    /// Noise levels, one panel each, as in 1,0.5,0.2 [default, for diffusion: 2, 1, 0.5 and 0.2 spreads of the memory]
    #[arg(long, value_name = "σ,…", value_delimiter = ',', help_heading = PLANE)]
    pub sigma: Vec<f64>,
    /// The plane through three states: a file of three rows [default, of more than two units: through the mean and the
    /// first two principal components of the memory]
    #[arg(long, value_name = "FILE", help_heading = PLANE)]
    pub through: Option<PathBuf>,
    /// Points of the grid a side
    #[arg(long, value_name = "N", default_value_t = 81, help_heading = PLANE)]
    pub size: usize,
    /// How far the picture goes beyond the memories, in their own extent
    #[arg(long, value_name = "X", default_value_t = 0.5, help_heading = PLANE)]
    pub margin: f64,
    /// Where to: a picture (.svg, .png) or the numbers (.csv, .npz)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub out: PathBuf,
}

const PLANE: &str = "Plane";

/// Arguments of `store`.
#[derive(Args)]
#[command(group = ArgGroup::new("what").required(true))]
pub struct StoreFile {
    /// Patterns: a file or folder of any kind that `recall` reads
    #[arg(long, value_name = "FILE", group = "what", help_heading = MEMORY)]
    pub patterns: Option<PathBuf>,
    /// The memory's file
    #[arg(long, value_name = "MEMORY", help_heading = MEMORY)]
    pub out: PathBuf,
    /// Add the patterns to the memory at --out, prepared as those in it
    #[arg(long, help_heading = MEMORY)]
    pub append: bool,
    /// Take these rows out of the memory at --out, as in 3,10-12
    #[arg(long, value_name = "ROWS", group = "what", conflicts_with = "append", help_heading = MEMORY)]
    pub remove: Option<String>,
    #[command(flatten)]
    pub how: Patterns,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub work: Work,
}
