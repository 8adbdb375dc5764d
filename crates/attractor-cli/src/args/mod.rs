//! The arguments. Options of the models are not listed here: they come from the models' own cards.

mod bench;
mod capacity;
mod options;
mod parse;
mod reproduce;
mod train;

pub use bench::Bench;
pub use capacity::{Capacity, Merge, Shared};
pub use options::placeholder;
pub use parse::{View, command, parse};
pub use reproduce::{Images, Reproduce};
pub use train::Train;

use std::path::PathBuf;

use attractor::Level;

use clap::{ArgGroup, Args, Parser, Subcommand};

/// Heading of what is needed less often.
const LESS: &str = "Less common";
/// Heading of what says how files are read.
const FILES: &str = "Reading files";

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
    pub command: Task,
}

/// The commands.
#[derive(Subcommand)]
pub enum Task {
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
    /// Recall from nothing ("imagination"), and say what share landed on stored memories.
    #[command(
        after_help = "Example:\n  attractor sample --memory memory.npy --count 1000 --out imagined.npy"
    )]
    Sample(Sample),
    /// Draw the energy of a memory and where states are pulled, on a plane.
    #[command(
        after_help = "Examples:\n  attractor landscape --memory shapes.toml --sigma 1,0.3 --out landscape.svg\n  attractor landscape --memory memory.npy --through three.npy --out landscape.png"
    )]
    Landscape(Landscape),
    /// Print the energy of states, one a line.
    #[command(
        after_help = "Example:\n  attractor energy --memory memory.npy --states recalled.npy --sigma 0.4"
    )]
    Energy(Energy),
    /// Store patterns as a memory in one file, or change what a stored memory holds.
    #[command(
        after_help = "Examples:\n  attractor store --patterns photos/ --model modern --out photos.memory\n  attractor store --patterns more/ --append --out photos.memory\n  attractor store --remove 3,10-12 --out photos.memory"
    )]
    Store(StoreFile),
    /// Learn patterns into the weights of a score network, which then recalls as they would.
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
    /// Say what every model is, takes and costs.
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
    /// Put together what shards of one run have found.
    #[command(after_help = "Example:\n  attractor merge shard-1 shard-2 --out all")]
    Merge(Merge),
    /// Run an experiment of the papers again.
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
    /// The model whose options are said, too
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// What files do not say of themselves.
#[derive(Args)]
pub struct Files {
    /// Shape of the images, HxW or CxHxW, where a file does not say
    #[arg(long, value_name = "HxW")]
    pub shape: Option<String>,
    /// Order of an image's numbers, where a file does not say: colours one after the other, or side by side
    #[arg(long, value_name = "chw|hwc")]
    pub layout: Option<String>,
    /// Bring PNG and JPEG pictures to this size; without it they must have one size
    #[arg(long, value_name = "HxW")]
    pub resize: Option<String>,
    /// Read PNG and JPEG pictures as grey
    #[arg(long)]
    pub grey: bool,
}

/// How patterns become a memory.
#[derive(Args)]
pub struct Patterns {
    /// Model; `attractor models` says what each is [default: diffusion, or that of the stored memory]
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// What is done to the patterns first; auto centres and scales images, bytes and bools (for
    /// universal it does not), and leaves all else; packed makes -1 and 1 of two values, at one bit a unit
    #[arg(long, value_name = "none|center|normalize|packed|auto")]
    pub prepare: Option<String>,
    /// Number type of the states [default: f64 if the patterns are float64, else f32]
    #[arg(long, value_name = "f32|f64")]
    pub dtype: Option<String>,
    /// Labels of the patterns: a text file with one a line, or an array of class numbers
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// Prior weights of the patterns: a file of N numbers > 0
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Vectors that the patterns bring to mind: a file of N rows
    #[arg(long, value_name = "FILE")]
    pub values: Option<PathBuf>,
    /// Most memory that patterns may take, as in 256M or 2G: if they are more, they are read from their file again and
    /// again (plain .npy and stored memories; modern and diffusion)
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory_limit: Option<u64>,
}

/// Bytes: a whole number, of K, M, G or T.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let power = match text[digits.len()..].to_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" => 1,
        "M" | "MB" => 2,
        "G" | "GB" => 3,
        "T" | "TB" => 4,
        _ => u32::MAX,
    };
    let bytes = digits.parse::<u64>().ok().zip(1024_u64.checked_pow(power));
    bytes
        .and_then(|(count, unit)| count.checked_mul(unit))
        .ok_or("expected a size as in 256M or 2G".to_owned())
}

/// Options of every command that works for a while.
#[derive(Args)]
pub struct Work {
    /// Threads [default: all cores]; results do not depend on it
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// No notes and no progress on stderr
    #[arg(long)]
    pub quiet: bool,
}

/// What the memory is made of.
#[derive(Args)]
pub struct Store {
    /// A stored memory, a description of an extended memory (.toml, .json), or patterns to store: a .npy, .npz (FILE:ARRAY), .safetensors, IDX, CIFAR-10 .bin,
    /// .csv, PNG or JPEG file, or a folder of pictures
    #[arg(long, value_name = "FILE")]
    pub memory: PathBuf,
    #[command(flatten)]
    pub patterns: Patterns,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub work: Work,
}

/// Cues, and what is known of them.
#[derive(Args)]
pub struct Cues {
    /// Cues: a file or folder of rows as wide as the patterns, of the same kinds
    #[arg(long = "cues", value_name = "FILE")]
    pub file: PathBuf,
    /// The cue is θy + √(1-θ²)ε
    #[arg(long, value_name = "θ", allow_negative_numbers = true, conflicts_with = "sigma")]
    pub signal: Option<f64>,
    /// The cue is y + σε [default without either: estimated for each cue]
    #[arg(long, value_name = "σ", allow_negative_numbers = true)]
    pub sigma: Option<f64>,
    /// Known units, which are held: a file of D or B x D numbers, non-zero = known. Without --signal or
    /// --sigma diffusion takes nothing from the other units
    #[arg(long, value_name = "MASKFILE")]
    pub clamp: Option<PathBuf>,
    /// Seed of everything random
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Row id of the first cue, which names its random stream
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub first_row: u64,
}

impl Cues {
    /// How noisy they are.
    pub fn level(&self) -> Level {
        match (self.signal, self.sigma) {
            (Some(signal), _) => Level::Signal(signal),
            (_, Some(sigma)) => Level::Sigma(sigma),
            _ => Level::Estimate,
        }
    }
}

/// How many updates are made, and when a state is at rest.
#[derive(Args)]
pub struct Rest {
    /// Exactly N updates; with --tolerance at most N
    #[arg(long, value_name = "N")]
    pub updates: Option<usize>,
    /// Stop when no unit changes by more; for diffusion, what counts as at rest
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub tolerance: Option<f64>,
}

/// Arguments of `recall`.
#[derive(Args)]
pub struct Recall {
    #[command(flatten)]
    pub store: Store,
    #[command(flatten)]
    pub cues: Cues,
    #[command(flatten)]
    pub rest: Rest,
    /// Recall every cue R times with noise of its own, and print how often it ended in each memory beside the
    /// posterior (stochastic samplers of diffusion)
    #[arg(long, value_name = "R", conflicts_with_all = ["reject", "out", "values_out", "picture", "binarize"])]
    pub repeat: Option<usize>,
    /// Refuse cues that match no memory: those less likely than a share P of true cues with noise of
    /// --sigma or --signal
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    pub reject: Option<f64>,
    /// Round states to their signs (for ±1 data); 0 stays 0
    #[arg(long)]
    pub binarize: bool,
    /// How many memories of the posterior to list
    #[arg(long, value_name = "K", default_value_t = 5)]
    pub top: usize,
    /// Write the recalled states to this .npy or .npz file (states, memory, overlap, energy, match), or as
    /// pictures to this .png file (one cue) or folder/. A refused cue is written as it came
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write the values read out (see --values) to this .npy file
    #[arg(long, value_name = "FILE")]
    pub values_out: Option<PathBuf>,
    /// Draw cue, recalled state, nearest memory and their difference of the first cues to this .png file
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,
    /// One JSON object a cue on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `energy`.
#[derive(Args)]
pub struct Energy {
    #[command(flatten)]
    pub store: Store,
    /// States: a file or folder of rows as wide as the patterns
    #[arg(long, value_name = "FILE")]
    pub states: PathBuf,
    /// Noise level of the landscape (diffusion needs one); for modern, β = 1/σ²
    #[arg(long, value_name = "σ", allow_negative_numbers = true, conflicts_with = "beta")]
    pub sigma: Option<f64>,
    /// Print ln p_σ of each state, in nats, instead of the energy: in closed form, or by the probability flow
    /// as for learned memories (diffusion)
    #[arg(long, value_name = "exact|flow")]
    pub density: Option<String>,
}

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
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Draw energy, entropy, participation and largest variance of the first cues to this .svg or .png file
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,
    /// One JSON object a cue on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sample`.
#[derive(Args)]
pub struct Sample {
    #[command(flatten)]
    pub store: Store,
    #[command(flatten)]
    pub rest: Rest,
    /// How many recalls
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub count: usize,
    /// Seed of everything random
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// How many memories to list
    #[arg(long, value_name = "K", default_value_t = 10)]
    pub top: usize,
    /// A recall has landed if it is no farther from a memory than X spreads, root mean square of a unit [default:
    /// 0.05; network 0.5]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub within: Option<f64>,
    /// Write the states to this .npy or .npz file (states, memory, overlap, energy), or as pictures to a
    /// folder/
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Draw the first states beside the memories nearest to them to this .png file
    #[arg(long, value_name = "FILE")]
    pub picture: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `landscape`.
#[derive(Args)]
pub struct Landscape {
    #[command(flatten)]
    pub store: Store,
    /// Noise levels, one panel each, as in 1,0.5,0.2 [default, for diffusion: 2, 1, 0.5 and 0.2 spreads of the
    /// memory]
    #[arg(long, value_name = "σ,…", value_delimiter = ',', allow_negative_numbers = true)]
    pub sigma: Vec<f64>,
    /// The plane through three states: a file of three rows [default, of more than two units: through the mean
    /// and the first two principal components of the memory]
    #[arg(long, value_name = "FILE")]
    pub through: Option<PathBuf>,
    /// Points of the grid a side
    #[arg(long, value_name = "N", default_value_t = 81)]
    pub size: usize,
    /// How far the picture goes beyond the memories, in their own extent
    #[arg(long, value_name = "X", default_value_t = 0.5)]
    pub margin: f64,
    /// Where to: a picture (.svg, .png) or the numbers (.csv, .npz)
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Arguments of `store`.
#[derive(Args)]
#[command(group = ArgGroup::new("what").required(true))]
pub struct StoreFile {
    /// Patterns: a file or folder of any kind that `recall` reads
    #[arg(long, value_name = "FILE", group = "what")]
    pub patterns: Option<PathBuf>,
    /// Take these rows out of the memory at --out, as in 3,10-12
    #[arg(long, value_name = "ROWS", group = "what", conflicts_with = "append")]
    pub remove: Option<String>,
    /// Add the patterns to the memory at --out, prepared as those in it
    #[arg(long)]
    pub append: bool,
    #[command(flatten)]
    pub how: Patterns,
    #[command(flatten)]
    pub files: Files,
    /// The memory's file
    #[arg(long, value_name = "MEMORY")]
    pub out: PathBuf,
    #[command(flatten)]
    pub work: Work,
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
    #[arg(long, value_name = "θ", group = "how", allow_negative_numbers = true)]
    pub signal: Option<f64>,
    /// y + σε
    #[arg(long, value_name = "σ", group = "how", allow_negative_numbers = true)]
    pub sigma: Option<f64>,
    /// Flip each unit with probability p (y to -y; grey values to 1 - y)
    #[arg(long, value_name = "p", group = "how", allow_negative_numbers = true)]
    pub flip: Option<f64>,
    /// Set each unit with probability p to an extreme: grey values to 0 or 1, all else to -1 or 1
    #[arg(long, value_name = "p", group = "how", allow_negative_numbers = true)]
    pub salt_pepper: Option<f64>,
    /// Remove each unit with probability p (set to 0)
    #[arg(long, value_name = "p", group = "how", allow_negative_numbers = true)]
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
