//! Arguments that several commands share, grouped by the headings of the help.

use std::path::PathBuf;

use attractor::Level;
use attractor::memories::{Card, model};
use attractor_data::{LabelColumn, Layout};
use attractor_session::{Auto, Precision};
use clap::Args;

use super::names::{LAYOUTS, MODELS, PRECISIONS, PREPARATIONS, one_of, read_by};

/// Heading of what a memory is made of.
pub const MEMORY: &str = "Memory";
/// Help heading for the cues.
pub const CUES: &str = "Cues";
/// Help heading for arguments of the recall's dynamics.
pub const RECALL: &str = "Recall";
/// Help heading for outputs.
pub const OUTPUT: &str = "Output";
/// Help heading for rarely used arguments, which the short help leaves out.
pub const LESS: &str = "Less common";
/// Heading of how files are read; the short help leaves it out.
pub const FILES: &str = "Reading files";

/// Arguments for what files do not say of themselves.
#[derive(Args)]
pub struct Files {
    /// Shape of the images, HxW or CxHxW, if the file does not say it
    #[arg(long, value_name = "HxW", help_heading = FILES)]
    pub shape: Option<String>,
    /// Order of the numbers of an image, if the file does not say it: chw (one colour after the other) or hwc (the
    /// colours of each pixel together) [default: chw]
    #[arg(long, value_name = "chw|hwc", value_parser = one_of(LAYOUTS, |s| s.parse::<Layout>()), help_heading = FILES)]
    pub layout: Option<Layout>,
    /// Scale PNG and JPEG pictures to this size; without it they must all have the same size
    #[arg(long, value_name = "HxW", help_heading = FILES)]
    pub resize: Option<String>,
    /// Convert PNG and JPEG pictures to grey
    #[arg(long, help_heading = FILES)]
    pub grey: bool,
    /// Convert grey PNG and JPEG pictures to colour
    #[arg(long, conflicts_with = "grey", help_heading = FILES)]
    pub colour: bool,
    /// The colour behind transparent pixels of PNG pictures: white, black or RRGGBB in hexadecimal digits; without it they
    /// are refused
    #[arg(long, value_name = "COLOUR", value_parser = colour, help_heading = FILES)]
    pub background: Option<[u8; 3]>,
    /// Whether the first line of a CSV table is a header: yes or no [default: found out from the table]
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no, help_heading = FILES)]
    pub header: Option<bool>,
    /// The column of a table that holds labels: its name, its number from 1, or none [default: found out from the table]
    #[arg(long, value_name = "COLUMN", value_parser = label_column, help_heading = FILES)]
    pub label_column: Option<LabelColumn>,
}

/// A colour: a name or hexadecimal digits.
fn colour(text: &str) -> Result<[u8; 3], String> {
    let digits = match text {
        "white" => "ffffff",
        "black" => "000000",
        text => text.strip_prefix('#').unwrap_or(text),
    };
    let wrong = || format!("expected white, black or six hexadecimal digits as in ffcc00, found {text}");
    let value = u32::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 6).ok_or_else(wrong)?;
    let [_, red, green, blue] = value.to_be_bytes();
    Ok([red, green, blue])
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        text => Err(format!("expected yes or no, found {text}")),
    }
}

fn label_column(text: &str) -> Result<LabelColumn, String> {
    match text {
        "" => Err("expected the name or the number of a column, or none, found an empty text".into()),
        "none" => Ok(LabelColumn::Nowhere),
        text => Ok(LabelColumn::Named(text.into())),
    }
}

/// Arguments for making a memory from patterns.
#[derive(Args)]
pub struct Patterns {
    /// The model; `attractor models` lists them [default: diffusion, or the model of a stored memory]
    #[arg(long, value_name = "NAME", value_parser = one_of(MODELS, |s| model(s).map(|m| m.card)), help_heading = MEMORY)]
    pub model: Option<&'static Card>,
    /// How patterns and cues are prepared: none; center (subtract the mean pattern); normalize (then scale to a root mean
    /// square of 1); standardize (each unit to mean 0 and standard deviation 1; so is σ); packed (two values become -1 and
    /// 1, one bit each); or auto: normalize for bytes and bools (not for universal), else none [default: auto]
    #[arg(long, value_name = "HOW", value_parser = one_of(PREPARATIONS, |s| s.parse::<Auto>()), help_heading = MEMORY)]
    pub prepare: Option<Auto>,
    /// Labels of the patterns: a text file with one label per line, or an array of class numbers
    #[arg(long, value_name = "FILE", help_heading = LESS)]
    pub labels: Option<PathBuf>,
    /// Prior weights of the patterns: a file with one number > 0 for each
    #[arg(long, value_name = "FILE", help_heading = LESS)]
    pub weights: Option<PathBuf>,
    /// Associated values, which are read out along with the patterns: a file with one row for each pattern
    #[arg(long, value_name = "FILE", help_heading = LESS)]
    pub values: Option<PathBuf>,
    /// Number type of the states: f32 or f64 [default: f64 if the patterns are float64, else f32]
    #[arg(long, value_name = "f32|f64", value_parser = one_of(PRECISIONS, |s| s.parse::<Precision>()), help_heading = LESS)]
    pub dtype: Option<Precision>,
    /// The most memory that patterns may take, as in 256M or 2G. Patterns that are larger are read from their file again
    /// in every step; this needs an uncompressed .npy file or a stored memory
    #[arg(long, value_name = "SIZE", value_parser = read_by(size), help_heading = LESS)]
    pub memory_limit: Option<u64>,
}

/// Bytes: a whole number, of K, M, G or T.
fn size(text: &str) -> attractor::Result<u64> {
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
        .ok_or_else(|| attractor::Error::parameter("memory-limit", "a size as in 256M or 2G", text))
}

/// Arguments of every command that may take long.
#[derive(Args)]
pub struct Work {
    /// How many threads to use; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", help_heading = LESS)]
    pub threads: Option<usize>,
    /// Print no notes and no progress on stderr
    #[arg(long, help_heading = LESS)]
    pub quiet: bool,
}

/// Arguments that name the memory.
#[derive(Args)]
pub struct Store {
    /// The memory: patterns to store, a stored memory (see `attractor store`), or a description of points and shapes
    /// (.toml, .json). Patterns are a .npy, .npz (FILE:ARRAY), .safetensors, IDX, CIFAR-10 .bin, .faiss, .csv, .tsv, PNG or JPEG
    /// file, or a folder (pictures, Zarr)
    #[arg(long, value_name = "FILE", help_heading = MEMORY)]
    pub memory: PathBuf,
    #[command(flatten)]
    pub patterns: Patterns,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub work: Work,
}

/// Arguments about the cues.
#[derive(Args)]
pub struct Cues {
    /// The cues to recall from, one per row: a file or folder of any kind that --memory takes, as wide as the patterns
    #[arg(long = "cues", value_name = "FILE", help_heading = CUES)]
    pub file: PathBuf,
    /// Noise level of the cues, in the units of the file (bytes count as 0 to 1): a cue is y + σε, with a pattern y and
    /// standard normal noise ε [default: estimated for each cue]
    #[arg(long, value_name = "σ", help_heading = CUES)]
    pub sigma: Option<f64>,
    /// Signal of the cues, above 0 and at most 1, in place of --sigma: a cue is θy + √(1-θ²)ε
    #[arg(long, value_name = "θ", conflicts_with = "sigma", help_heading = CUES)]
    pub signal: Option<f64>,
    /// Which units are known and stay as they are: a file of one row for all cues or of one for each, where a number
    /// other than 0 means known. Diffusion ignores the other units, unless --sigma or --signal is given
    #[arg(long, value_name = "FILE", help_heading = CUES)]
    pub clamp: Option<PathBuf>,
    /// Keep the cue on, as a prior G times as strong as the state [default: 0]
    #[arg(long, value_name = "G", help_heading = CUES)]
    pub keep_cue: Option<f64>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = RECALL)]
    pub seed: u64,
    /// Number of the first cue; the random numbers of a cue depend on the seed and on its number
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = LESS)]
    pub first_row: u64,
}

impl Cues {
    /// The noise level of the cues.
    pub fn level(&self) -> Level {
        match (self.signal, self.sigma) {
            (Some(signal), _) => Level::Signal(signal),
            (_, Some(sigma)) => Level::Sigma(sigma),
            _ => Level::Estimate,
        }
    }
}

/// Arguments on when a recall ends.
#[derive(Args)]
pub struct Rest {
    /// Make exactly N updates, or at most N if --tolerance is given; diffusion has --steps in its place
    #[arg(long, value_name = "N", help_heading = RECALL)]
    pub updates: Option<usize>,
    /// Stop when no unit changes by more than X in an update; for diffusion, count a state as at rest if none would
    #[arg(long, value_name = "X", help_heading = RECALL)]
    pub tolerance: Option<f64>,
}
