//! The command-line arguments. The options of models are not listed here, since they come from the models' cards.

mod bench;
mod capacity;
mod common;
mod memory;
mod options;
mod parse;
mod reproduce;
mod train;

pub use bench::Bench;
pub use capacity::{Capacity, Merge};
pub use common::{Cues, Files, Patterns, Rest, Store, Work};
pub use memory::{Energy, Landscape, Recall, Sample, StoreFile, Trace};
pub use options::placeholder;
pub use parse::{completions, parse};
pub use reproduce::{Common, Images, Reproduce};
pub use train::Train;

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};

/// Associative memory, from Hopfield (1982) to diffusion models.
#[derive(Parser)]
#[command(
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 done, 1 failed, 2 the request or its files cannot be used, 130 interrupted."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Commands,
}

/// The commands.
#[derive(Subcommand)]
pub enum Commands {
    /// Recall memories from cues.
    #[command(
        after_help = "Examples:\n  attractor recall --memory memory.npy --cues cues.npy --sigma 0.4 --out recalled.npy\n  attractor recall --memory photos/ --cues damaged/ --picture compared.png --out restored/"
    )]
    Recall(Recall),
    /// Recall step by step: energy, posterior, where symmetry breaks and where it commits to one memory.
    #[command(
        after_help = "Example:\n  attractor trace --memory memory.npy --cues cues.npy --sigma 0.4 --out steps.csv"
    )]
    Trace(Trace),
    /// Recall without cues ("imagination"), and say what share landed on stored memories.
    #[command(
        after_help = "Example:\n  attractor sample --memory memory.npy --count 1000 --out imagined.npy"
    )]
    Sample(Sample),
    /// Draw the energy of a memory and where states are pulled, on a plane.
    #[command(
        after_help = "Examples:\n  attractor landscape --memory shapes.toml --sigma 1,0.3 --out landscape.svg\n  attractor landscape --memory memory.npy --through three.npy --out landscape.png"
    )]
    Landscape(Landscape),
    /// Print the energy of states, one per line.
    #[command(
        after_help = "Example:\n  attractor energy --memory memory.npy --states recalled.npy --sigma 0.4"
    )]
    Energy(Energy),
    /// Store patterns as a memory in one file, or change what a stored memory holds.
    #[command(
        after_help = "Examples:\n  attractor store --patterns photos/ --model modern --out photos.memory\n  attractor store --patterns more/ --append --out photos.memory\n  attractor store --remove 3,10-12 --out photos.memory"
    )]
    Store(StoreFile),
    /// Train a score network on patterns; it then recalls them.
    #[command(
        after_help = "Examples:\n  attractor train --patterns memory.npy --out memory.network\n  attractor recall --memory memory.network --cues cues.npy --sigma 0.4\n  attractor train --resume memory.network --steps 2000"
    )]
    Train(Box<Train>),
    /// Say what is in a file: a stored memory, or rows of any kind that can be read.
    #[command(after_help = "Example:\n  attractor info photos.memory")]
    Info(Info),
    /// Make cues from patterns: noise, flips, missing parts.
    #[command(
        after_help = "Example:\n  attractor corrupt --patterns memory.npy --block bottom:0.5 --mask-out known.npy --seed 1 --out cues.npy"
    )]
    Corrupt(Corrupt),
    /// Recall corrupted images with every model, and draw them: digits that come with it, or your own.
    #[command(
        after_help = "Examples:\n  attractor demo --out demo\n  attractor demo --patterns photos/ --out demo"
    )]
    Demo(Demo),
    /// List the models: what each is, takes and costs.
    #[command(after_help = "Examples:\n  attractor models\n  attractor models diffusion")]
    Models(Models),
    /// Measure which similarity and separation find your patterns again after a corruption.
    #[command(
        after_help = "Example:\n  attractor recommend --patterns photos/ --corruption sigma:0.5:clip mask:0.5 block:bottom:0.5"
    )]
    Recommend(Recommend),
    /// Measure how fast the kernels are on this machine, as shares of what it can do.
    #[command(
        after_help = "Examples:\n  attractor bench --quick\n  attractor bench --threads 4 --out speed.html"
    )]
    Bench(Bench),
    /// Measure how many patterns models hold, against the ceiling of all memories.
    #[command(
        after_help = "Examples:\n  attractor capacity --out capacity\n  attractor capacity --model dense,ceiling --interaction exp --dims 8..40:8 --flip 0.1 --out dense\n  attractor capacity --dims 40,48,56 --shard 1/2 --out half && attractor merge half other-half --out whole"
    )]
    Capacity(Box<Capacity>),
    /// Merge the results of the shards of a run.
    #[command(after_help = "Example:\n  attractor merge shard-1 shard-2 --out all")]
    Merge(Merge),
    /// Reproduce an experiment of the papers.
    #[command(subcommand)]
    Reproduce(Reproduce),
    /// Print a script that completes commands and options on the command line.
    #[command(
        after_help = "Example:\n  attractor completions bash > ~/.local/share/bash-completion/completions/attractor"
    )]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Arguments of `models`.
#[derive(Args)]
pub struct Models {
    /// The model whose options are listed
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// Arguments of `info`.
#[derive(Args)]
pub struct Info {
    /// The file or folder
    pub file: PathBuf,
    #[command(flatten)]
    pub files: Files,
    /// As JSON
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `corrupt`.
#[derive(Args)]
#[command(group = ArgGroup::new("how").required(true))]
pub struct Corrupt {
    /// Patterns: a file or folder of any kind that `recall` reads
    #[arg(long, value_name = "FILE")]
    pub patterns: PathBuf,
    /// θy + √(1-θ²)ε
    #[arg(long, value_name = "θ", group = "how")]
    pub signal: Option<f64>,
    /// y + σε
    #[arg(long, value_name = "σ", group = "how")]
    pub sigma: Option<f64>,
    /// Flip each unit with probability p (y to -y; grey values to 1 - y)
    #[arg(long, value_name = "p", group = "how")]
    pub flip: Option<f64>,
    /// Set each unit with probability p to an extreme: grey values to 0 or 1, all else to -1 or 1
    #[arg(long, value_name = "p", group = "how")]
    pub salt_pepper: Option<f64>,
    /// Remove each unit with probability p (set to 0)
    #[arg(long, value_name = "p", group = "how")]
    pub mask: Option<f64>,
    /// Remove a share of the image at one side (set to 0): bottom, top, left, right or border
    #[arg(long, value_name = "SIDE:SHARE", group = "how")]
    pub block: Option<String>,
    /// With --sigma: keep values in [0, 1] by clipping
    #[arg(long, requires = "sigma", conflicts_with = "fold")]
    pub clip: bool,
    /// With --sigma: keep values in [0, 1] by |x|, then clipping
    #[arg(long, requires = "sigma")]
    pub fold: bool,
    #[command(flatten)]
    pub files: Files,
    /// Write which units are known (1) or removed (0), for --clamp
    #[arg(long, value_name = "FILE")]
    pub mask_out: Option<PathBuf>,
    /// Seed; each row has its own random stream
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Write the cues to this .npy file
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Arguments of `recommend`.
#[derive(Args)]
pub struct Recommend {
    /// Patterns: a file or folder of any kind that `recall` reads; bytes are read as value/255
    #[arg(long, value_name = "FILE")]
    pub patterns: PathBuf,
    /// What happens to them, one ranking each: sigma:S[:clip|:fold], signal:θ, flip:p, salt-pepper:p, mask:p,
    /// block:SIDE:SHARE
    #[arg(long, value_name = "KIND:AMOUNT", required = true, num_args = 1..)]
    pub corruption: Vec<String>,
    /// How many patterns to store, evenly spaced [default: all, up to 2,000]
    #[arg(long, value_name = "N")]
    pub count: Option<usize>,
    /// How many of them to make cues of [default: all, up to 1,000]
    #[arg(long, value_name = "B")]
    pub cues: Option<usize>,
    /// Seed of the corruption
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Folder for report.html, report.md, results.json and results.csv (all pairs)
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub work: Work,
}

/// Arguments of `demo`.
#[derive(Args)]
pub struct Demo {
    /// Images to store instead of the digits: a file or folder of any kind that `recall` reads
    #[arg(long, value_name = "FILE")]
    pub patterns: Option<PathBuf>,
    #[command(flatten)]
    pub files: Files,
    /// Folder for the picture, the table and two arrays to go on with
    #[arg(long, value_name = "DIR", default_value = "attractor-demo")]
    pub out: PathBuf,
    /// How many images to store [default: 100 of the 1,797 digits; all of your own]
    #[arg(long, value_name = "N")]
    pub count: Option<usize>,
    /// How many of them to corrupt and recall
    #[arg(long, value_name = "B", default_value_t = 100)]
    pub cues: usize,
    /// Seed of the corruption
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub work: Work,
}
