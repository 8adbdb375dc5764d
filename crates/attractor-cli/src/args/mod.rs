//! The command-line arguments. The options of models are not listed here, since they come from the models' cards.

mod audit;
mod bench;
mod capacity;
mod common;
mod explore;
mod fit;
mod inspect;
mod memory;
mod names;
mod options;
#[cfg(test)]
mod pages;
mod parse;
mod replay;
mod reproduce;
mod shard;
mod train;

pub use audit::Audit;
pub use bench::Bench;
pub use capacity::{Capacity, Merge};
pub use common::{Cues, Files, Patterns, Rest, Store, Work};
pub use explore::Explore;
pub use fit::FitDensity;
pub use inspect::Inspect;
pub use memory::{Effect, Energy, Landscape, Minima, Recall, Sample, StoreFile, Trace};
pub use options::{placeholder, takes};
pub use parse::{completions, parse};
pub use replay::Replay;
pub use reproduce::{Common, Images, Reproduce};
pub use shard::Shard;
pub use train::Train;

use std::path::PathBuf;

use attractor::memories::{Card, model};
use clap::{ArgGroup, Args, Parser, Subcommand};

/// Associative memory, from Hopfield (1982) to diffusion models.
#[derive(Parser)]
#[command(
    name = "attractor",
    version,
    max_term_width = 100,
    after_help = "Start with `attractor demo`. `attractor COMMAND --help` says more about a command.\n\nExit codes: 0 done, 1 failed, 2 the request or its files cannot be used, 130 interrupted."
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
        after_help = "Examples:\n  attractor recall --memory memory.npy --cues cues.npy --sigma 0.4\n  attractor recall --memory photos/ --cues damaged/ --out restored/"
    )]
    Recall(Recall),
    /// Follow a recall step by step.
    #[command(after_help = "Example:\n  attractor trace --memory memory.npy --cues cues.npy --out steps.csv")]
    Trace(Trace),
    /// Sample states from a memory, without cues.
    #[command(
        after_help = "Example:\n  attractor sample --memory memory.npy --count 1000 --out imagined.npy"
    )]
    Sample(Sample),
    /// Draw the energy landscape of a memory, on a plane.
    #[command(
        after_help = "Examples:\n  attractor landscape --memory shapes.toml --sigma 1,0.3 --out landscape.svg\n  attractor landscape --memory memory.npy --out landscape.png"
    )]
    Landscape(Landscape),
    /// Find the minima of a memory's landscape, and the shares of their basins.
    #[command(
        after_help = "Examples:\n  attractor minima --memory memory.npy --model log-sum-relu\n  attractor minima --memory memory.npy --sigma 0.4 --out minima.csv"
    )]
    Minima(Minima),
    /// Write the explorer: a page where one knob moves from Hopfield to diffusion.
    #[command(
        after_help = "Examples:\n  attractor explore\n  attractor explore --memory memory.csv --out explorer.html\n  attractor explore --memory photos/ --resize 16x16 --grey --out photos.html"
    )]
    Explore(Explore),
    /// Print the energy of states.
    #[command(
        after_help = "Example:\n  attractor energy --memory memory.npy --states recalled.npy --sigma 0.4"
    )]
    Energy(Energy),
    /// Store a memory in a file, or add and remove patterns.
    #[command(
        after_help = "Examples:\n  attractor store --patterns photos/ --model modern --out photos.memory\n  attractor store --semantic gist.memory --patterns new/ --out both.memory\n  attractor store --semantic gist.memory --core blocks:2 --patterns new/ --out m\n  attractor store --patterns more/ --append --out photos.memory\n  attractor store --remove 3,10-12 --out photos.memory"
    )]
    Store(StoreFile),
    /// Fit a mixture of Gaussians to patterns: a memory of what they have in common.
    #[command(
        after_help = "Examples:\n  attractor fit --patterns photos/ --components 10 --rank 12 --out gist.memory\n  attractor sample --memory gist.memory --count 16 --out imagined/\n  attractor store --semantic gist.memory --patterns events.npy --out both.memory"
    )]
    Fit(Box<FitDensity>),
    /// Replay events in a memory, round by round, and write it with its new weights.
    #[command(
        after_help = "Examples:\n  attractor replay --memory m.npy --events new.npy --runs 1000 --out new.memory\n  attractor replay --memory m.npy --events new.npy --rule cued --out new.memory\n  attractor recall --memory new.memory --cues cues.npy --sigma 0.4"
    )]
    Replay(Box<Replay>),
    /// Train a score network on patterns; it can then recall them.
    #[command(
        after_help = "Examples:\n  attractor train --patterns memory.npy --out memory.network\n  attractor recall --memory memory.network --cues cues.npy --sigma 0.4\n  attractor train --resume memory.network --steps 2000"
    )]
    Train(Box<Train>),
    /// Show what is in a file of patterns or a stored memory.
    #[command(after_help = "Example:\n  attractor info photos.memory")]
    Info(Info),
    /// Make cues from patterns: add noise, flip units, remove parts.
    #[command(
        after_help = "Examples:\n  attractor corrupt --patterns memory.npy --sigma 0.4 --out cues.npy\n  attractor corrupt --patterns photos/ --block bottom:0.5 --out damaged/"
    )]
    Corrupt(Corrupt),
    /// Recall corrupted images with every model, and draw them.
    #[command(
        after_help = "Examples:\n  attractor demo --out demo\n  attractor demo --patterns photos/ --out demo"
    )]
    Demo(Demo),
    /// List the models, or show the options of one.
    #[command(
        after_help = "Examples:\n  attractor models\n  attractor models diffusion\n  attractor models --json"
    )]
    Models(Models),
    /// Find which similarity and separation recall your patterns best.
    #[command(
        after_help = "Example:\n  attractor recommend --patterns photos/ --corruption sigma:0.5:clip mask:0.5"
    )]
    Recommend(Recommend),
    /// Find out whether a generative model's rows are copies of its training rows.
    #[command(
        after_help = "Examples:\n  attractor audit --train t.npy --generated g.npy --heldout h.npy --out audit\n  attractor audit --train t.npy --heldout h.npy --model net.memory --out audit\n  attractor audit --train t.csv --generated g.csv --calibrate --out audit"
    )]
    Audit(Box<Audit>),
    /// Find near-duplicates, critical noise levels and basins of patterns, before a model is trained on them.
    #[command(after_help = "Example:\n  attractor inspect --patterns photos/ --out inspected")]
    Inspect(Inspect),
    /// Measure how fast this machine computes, and how fast it could.
    #[command(
        after_help = "Examples:\n  attractor bench --quick\n  attractor bench --threads 4 --out speed.html"
    )]
    Bench(Bench),
    /// Measure how many random patterns the models can hold.
    #[command(
        after_help = "Examples:\n  attractor capacity --out capacity\n  attractor capacity --model hopfield,hopfield:rule=storkey --out rules\n  attractor capacity --dims 40,48,56 --shard 1/2 --out half"
    )]
    Capacity(Box<Capacity>),
    /// Put the parts of a shared `capacity` or `reproduce` run together.
    #[command(after_help = "Example:\n  attractor merge half other-half --out whole")]
    Merge(Merge),
    /// Cut a stored memory into parts, for workers that each hold one.
    #[command(
        after_help = "Examples:\n  attractor shard --memory words.memory --parts 4 --out words.parts\n  attractor info words.parts"
    )]
    Shard(Shard),
    /// Run an experiment of a paper.
    #[command(subcommand)]
    Reproduce(Reproduce),
    /// Print a script with which a shell completes commands and options.
    #[command(after_help = "Example:\n  attractor completions bash >> ~/.bash_completion")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Arguments of `models`.
#[derive(Args)]
pub struct Models {
    /// The model whose options to show
    #[arg(value_name = "NAME", value_parser = names::one_of(names::MODELS, |s| model(s).map(|m| m.card)))]
    pub name: Option<&'static Card>,
    /// Print JSON on stdout: an array of all models, or one object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `info`.
#[derive(Args)]
pub struct Info {
    /// The file or folder: a stored memory, or patterns of any kind that can be read
    pub file: PathBuf,
    #[command(flatten)]
    pub files: Files,
    /// Print one JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

const CORRUPTION: &str = "Corruption (give one)";

/// Arguments of `corrupt`.
#[derive(Args)]
#[command(group = ArgGroup::new("how").required(true))]
pub struct Corrupt {
    /// The patterns y: a file or folder of any kind that `attractor recall --memory` takes
    #[arg(long, value_name = "FILE")]
    pub patterns: PathBuf,
    /// Write the cues to this .npy or .npz file, with their labels beside it (FILE.labels.txt), or as pictures of the same
    /// names to this folder/
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Write which units are known (1) and which were removed (0) to this .npy file, for `attractor recall --clamp`
    #[arg(long, value_name = "FILE")]
    pub mask_out: Option<PathBuf>,
    /// Seed of the corruption; each row has a random stream of its own
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Add noise: y + σε, with σ in the units of the file (bytes count as 0 to 1)
    #[arg(long, value_name = "σ", group = "how", help_heading = CORRUPTION)]
    pub sigma: Option<f64>,
    /// After --sigma, keep values from 0 to 1 by clipping
    #[arg(long, requires = "sigma", conflicts_with = "fold", help_heading = CORRUPTION)]
    pub clip: bool,
    /// After --sigma, keep values from 0 to 1 by |x|, then clipping
    #[arg(long, requires = "sigma", help_heading = CORRUPTION)]
    pub fold: bool,
    /// Scale and add noise: θy + √(1-θ²)ε, with θ above 0 and at most 1
    #[arg(long, value_name = "θ", group = "how", help_heading = CORRUPTION)]
    pub signal: Option<f64>,
    /// Flip each unit with probability p: y becomes -y, and grey values 1 - y
    #[arg(long, value_name = "p", group = "how", help_heading = CORRUPTION)]
    pub flip: Option<f64>,
    /// Set each unit with probability p to an extreme: grey values to 0 or 1, others to -1 or 1
    #[arg(long, value_name = "p", group = "how", help_heading = CORRUPTION)]
    pub salt_pepper: Option<f64>,
    /// Remove each unit with probability p: it becomes 0
    #[arg(long, value_name = "p", group = "how", help_heading = CORRUPTION)]
    pub mask: Option<f64>,
    /// Remove a share of the image at one side, bottom, top, left, right or border, as in bottom:0.5: it becomes 0
    #[arg(long, value_name = "SIDE:SHARE", group = "how", help_heading = CORRUPTION)]
    pub block: Option<String>,
    #[command(flatten)]
    pub files: Files,
    /// Print no notes
    #[arg(long)]
    pub quiet: bool,
}

/// Arguments of `recommend`.
#[derive(Args)]
pub struct Recommend {
    /// The patterns: a file or folder of any kind that `attractor recall --memory` takes; bytes count as 0 to 1
    #[arg(long, value_name = "FILE")]
    pub patterns: PathBuf,
    /// How cues are made of them, with one ranking for each: sigma:σ, sigma:σ:clip, sigma:σ:fold, signal:θ, flip:p,
    /// salt-pepper:p, mask:p or block:SIDE:SHARE, as in `attractor corrupt`
    #[arg(long, value_name = "KIND:AMOUNT", required = true, num_args = 1..)]
    pub corruption: Vec<String>,
    /// How many of the patterns to store, evenly spaced [default: all, up to 2,000]
    #[arg(long, value_name = "N")]
    pub count: Option<usize>,
    /// How many of those to make cues of [default: all, up to 1,000]
    #[arg(long, value_name = "N")]
    pub cues: Option<usize>,
    /// Seed of the corruption
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Folder for report.html, report.md, results.json and results.csv, with all pairs
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
    /// Images to store in place of the digits that come with the program: a file or folder of any kind that
    /// `attractor recall --memory` takes
    #[arg(long, value_name = "FILE")]
    pub patterns: Option<PathBuf>,
    #[command(flatten)]
    pub files: Files,
    /// Folder for the picture, the table, and two arrays to go on with
    #[arg(long, value_name = "DIR", default_value = "attractor-demo")]
    pub out: PathBuf,
    /// How many images to store [default: 100 of the 1,797 digits; all of your own]
    #[arg(long, value_name = "N")]
    pub count: Option<usize>,
    /// How many of those to corrupt and recall
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub cues: usize,
    /// Seed of the corruption
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    #[command(flatten)]
    pub work: Work,
}
