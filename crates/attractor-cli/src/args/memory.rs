//! Arguments of the commands that use a memory.

use std::path::PathBuf;

use attractor::analysis::{Density, Listing};
use clap::{ArgGroup, Args};

use super::common::{CUES, LESS, MEMORY, OUTPUT, RECALL};
use super::names::{DENSITIES, LISTINGS, one_of};
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
    /// Refuse cues (which stay as they are) that match no memory: those less likely than a share p of true cues, of the
    /// noise that --sigma or --signal says. 100/p true cues (at least 999) are drawn for it, each for half a read
    #[arg(long, value_name = "p", help_heading = RECALL)]
    pub reject: Option<f64>,
    /// Recall every cue N times with a stochastic sampler, and count where it ends
    #[arg(long, value_name = "N", conflicts_with_all = ["reject", "truth", "out", "values_out", "picture", "binarize"], help_heading = RECALL)]
    pub repeat: Option<usize>,
    /// The clean patterns of the cues, row by row, to count how many recalls are right [default: labels are compared]
    #[arg(long, value_name = "FILE", help_heading = CUES)]
    pub truth: Option<PathBuf>,
    /// Write the recalled states to this .npy file, with reports to this .npz file, or as pictures to this .png file (one
    /// cue) or folder/
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
    /// Draw the first cues to this .png file, each with its recalled state, the nearest memory and their difference
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub picture: Option<PathBuf>,
    /// Print one JSON object for each cue on stdout
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// How many memories of the posterior to print
    #[arg(long, value_name = "N", default_value_t = 5, help_heading = OUTPUT)]
    pub top: usize,
    /// Write the associated values that are read out to this .npy file
    #[arg(long, value_name = "FILE", help_heading = LESS)]
    pub values_out: Option<PathBuf>,
    /// Write and print the signs of the recalled states (for ±1 data); 0 stays 0
    #[arg(long, help_heading = LESS)]
    pub binarize: bool,
}

/// Arguments of `energy`.
#[derive(Args)]
pub struct Energy {
    #[command(flatten)]
    pub store: Store,
    /// The states, one per row: a file or folder of any kind that --memory takes, as wide as the patterns
    #[arg(long, value_name = "FILE", help_heading = STATES)]
    pub states: PathBuf,
    /// Noise level of the landscape, in the units of the file (bytes count as 0 to 1). Diffusion needs one; for modern
    /// it sets β = 1/σ²
    #[arg(long, value_name = "σ", conflicts_with = "beta", help_heading = STATES)]
    pub sigma: Option<f64>,
    /// Print the log-density ln p_σ of each state, in nats, in place of the energy (diffusion): in closed form (exact),
    /// or by the probability flow (flow), which networks need
    #[arg(long, value_name = "exact|flow", value_parser = one_of(DENSITIES, |s| s.parse::<Density>()), help_heading = STATES)]
    pub density: Option<Density>,
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
    /// Write every step of every cue to this .npz or .csv file, with the states
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
    /// Draw energy, entropy, participation and largest variance along the recall of the first cues to this .svg or .png
    /// file
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub picture: Option<PathBuf>,
    /// Print one JSON object for each cue on stdout
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
}

/// Arguments of `sample`.
#[derive(Args)]
pub struct Sample {
    #[command(flatten)]
    pub store: Store,
    /// How many states to sample
    #[arg(long, value_name = "N", default_value_t = 1000, help_heading = RECALL)]
    pub count: usize,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = RECALL)]
    pub seed: u64,
    #[command(flatten)]
    pub rest: Rest,
    /// A state has landed on a memory if it is within X spreads of it, as a root mean square over units [default: 0.05; 0.5
    /// for a network]
    #[arg(long, value_name = "X", help_heading = RECALL)]
    pub within: Option<f64>,
    /// Write the states to this .npy file, with memory, overlap and energy to this .npz file, or as pictures to this
    /// folder/
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
    /// Draw the first states to this .png file, each beside the nearest memory
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub picture: Option<PathBuf>,
    /// Print one JSON object on stdout
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// How many memories to print
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = OUTPUT)]
    pub top: usize,
}

/// Arguments of `landscape`.
#[derive(Args)]
pub struct Landscape {
    #[command(flatten)]
    pub store: Store,
    /// Noise levels of diffusion, one panel for each, as in 1,0.5,0.2; in the units of the file [default: four
    /// about the memory's own critical levels, which are printed]
    #[arg(long, value_name = "σ,…", value_delimiter = ',', help_heading = PLANE)]
    pub sigma: Vec<f64>,
    /// Draw the plane through three states: a file of three rows [default: the plane of the two units, or through the
    /// mean and the first two principal components of more]
    #[arg(long, value_name = "FILE", help_heading = PLANE)]
    pub through: Option<PathBuf>,
    /// How many points the grid has on a side: a whole number from 2 to 500
    #[arg(long, value_name = "N", default_value_t = 81, help_heading = PLANE)]
    pub size: usize,
    /// How far the picture goes beyond the memories, as a share of their extent: a number from 0 to 1e6
    #[arg(long, value_name = "X", default_value_t = 0.5, help_heading = PLANE)]
    pub margin: f64,
    /// Draw the picture to this .svg or .png file, or write its numbers to this .csv or .npz file
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub out: PathBuf,
}

const PLANE: &str = "Plane";

/// Arguments of `minima`.
#[derive(Args)]
pub struct Minima {
    #[command(flatten)]
    pub store: Store,
    /// Noise level of the landscape, in the units of the file (bytes count as 0 to 1); diffusion needs one
    #[arg(long, value_name = "σ", help_heading = SEARCH)]
    pub sigma: Option<f64>,
    /// How many random starts descend until they rest
    #[arg(long, value_name = "N", default_value_t = 1000, help_heading = SEARCH)]
    pub starts: usize,
    /// Start from stored patterns with Gaussian noise of standard deviation X, in the units of the file [default: from
    /// noise, as `attractor sample` does; at a noise level, from states y + σε of the memory]
    #[arg(long, value_name = "X", help_heading = SEARCH)]
    pub near: Option<f64>,
    /// Whether to list all minima exactly, which is known for log-sum-relu and for states of ±1 up to 24 units: auto (where
    /// it takes little), on or off [default: auto]
    #[arg(long, value_name = "auto|on|off", value_parser = one_of(LISTINGS, |s| s.parse::<Listing>()), help_heading = SEARCH)]
    pub exact: Option<Listing>,
    /// Ends within X spreads of each other, as a root mean square over units, are one minimum
    #[arg(long, value_name = "X", default_value_t = 0.01, help_heading = SEARCH)]
    pub within: f64,
    /// Seed of the starts
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = SEARCH)]
    pub seed: u64,
    /// Write the minima with their states to this .csv, .npz or .json file
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub out: Option<PathBuf>,
    /// Draw the minima to this .png or .svg file: on the landscape of two units, or as images (.png)
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub picture: Option<PathBuf>,
    /// Print one JSON object on stdout
    #[arg(long, help_heading = OUTPUT)]
    pub json: bool,
    /// How many minima to print
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = OUTPUT)]
    pub top: usize,
}

const SEARCH: &str = "Search";

/// Arguments of `store`.
#[derive(Args)]
#[command(group = ArgGroup::new("what").required(true))]
pub struct StoreFile {
    /// The patterns to store: a file or folder of any kind that `attractor recall --memory` takes
    #[arg(long, value_name = "FILE", group = "what", help_heading = MEMORY)]
    pub patterns: Option<PathBuf>,
    /// The file of the stored memory
    #[arg(long, value_name = "FILE", help_heading = MEMORY)]
    pub out: PathBuf,
    /// Store the patterns as events beside this density, a memory made by `attractor fit` (semantic memory); reports then
    /// say how much of a recall is event and how much is density
    #[arg(long, value_name = "MEMORY", requires = "patterns", conflicts_with_all = ["append", "remove"], help_heading = MEMORY)]
    pub semantic: Option<PathBuf>,
    /// Prior probability of all events together, beside --semantic: a number between 0 and 1 [default: 0.5; 1 with --core]
    #[arg(long, value_name = "w", requires = "semantic", help_heading = MEMORY)]
    pub weight: Option<f64>,
    /// Add the patterns to the stored memory at --out, prepared in the same way as those in it
    #[arg(long, help_heading = MEMORY)]
    pub append: bool,
    /// Remove these patterns from the stored memory at --out, as in 3,10-12; the first is 0. A memory that keeps no patterns
    /// (random-features) takes a file with the rows, as they were stored
    #[arg(long, value_name = "ROWS", group = "what", conflicts_with = "append", help_heading = MEMORY)]
    pub remove: Option<String>,
    /// Write the stored memory at --out anew in one piece, if patterns were appended to it in parts
    #[arg(long, group = "what", conflicts_with_all = ["append", "semantic"], help_heading = LESS)]
    pub compact: bool,
    #[command(flatten)]
    pub effect: Effect,
    #[command(flatten)]
    pub how: Patterns,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub work: Work,
}

/// Heading of what a change of a stored memory did.
const EFFECT: &str = "Effect on the other patterns (with --append or --remove)";

/// How a change of a stored memory is examined.
#[derive(Args)]
pub struct Effect {
    /// Refuse a change by which a pattern loses more than this share of its cues: those recalled before and not after
    #[arg(long, value_name = "SHARE", help_heading = EFFECT)]
    pub protect: Option<f64>,
    /// Cues to make of each pattern, which are recalled before and after the change; 0 looks at none [default: 10]
    #[arg(long, value_name = "N", help_heading = EFFECT)]
    pub check_cues: Option<usize>,
    /// How many patterns to look at: half of them those nearest to what is added or removed, the others evenly spaced
    /// [default: 200, fewer of a large memory]
    #[arg(long, value_name = "N", help_heading = LESS)]
    pub check_patterns: Option<usize>,
    /// How cues are made, as in `attractor recommend` [default: flip:0.1 of ±1 states; else sigma of 0.3 spreads]
    #[arg(long, value_name = "KIND:AMOUNT", help_heading = EFFECT)]
    pub corruption: Option<String>,
    /// Seed of the cues and of random recalls [default: 0]
    #[arg(long, value_name = "N", help_heading = LESS)]
    pub seed: Option<u64>,
    /// Print the effect as one JSON object on stdout, with a number for each pattern
    #[arg(long, help_heading = EFFECT)]
    pub json: bool,
}
