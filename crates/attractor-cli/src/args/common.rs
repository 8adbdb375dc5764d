//! Arguments that several commands share, grouped by the headings of the help.

use std::path::PathBuf;

use attractor::Level;
use clap::Args;

/// Help heading for arguments that define the memory.
pub const MEMORY: &str = "Memory";
/// Help heading for the cues.
pub const CUES: &str = "Cues";
/// Help heading for arguments of the recall's dynamics.
pub const RECALL: &str = "Recall";
/// Help heading for outputs.
pub const OUTPUT: &str = "Output";
/// Help heading for rarely used arguments, which the short help leaves out.
pub const LESS: &str = "Less common";
/// Help heading for arguments on reading files, which the short help leaves out.
pub const FILES: &str = "ReadOptions files";

/// Arguments for what files do not say of themselves.
#[derive(Args)]
pub struct Files {
    /// Shape of the images, HxW or CxHxW, where a file does not say
    #[arg(long, value_name = "HxW", help_heading = FILES)]
    pub shape: Option<String>,
    /// Order of an image's numbers, where a file does not say: colours one after the other (chw), or side by side (hwc)
    #[arg(long, value_name = "chw|hwc", help_heading = FILES)]
    pub layout: Option<String>,
    /// Bring PNG and JPEG pictures to this size; without it they must have one size
    #[arg(long, value_name = "HxW", help_heading = FILES)]
    pub resize: Option<String>,
    /// Read PNG and JPEG pictures as grey
    #[arg(long, help_heading = FILES)]
    pub grey: bool,
}

/// Arguments for making a memory from patterns.
#[derive(Args)]
pub struct Patterns {
    /// The model: see `attractor models` [default: diffusion, or that of the stored memory]
    #[arg(long, value_name = "NAME", help_heading = MEMORY)]
    pub model: Option<String>,
    /// What is done to the patterns first: none, center, normalize, packed (-1 and 1, with one bit per unit) or auto, which
    /// normalizes images, bytes and bools (for universal it does not) and leaves all else [default: auto]
    #[arg(long, value_name = "HOW", help_heading = MEMORY)]
    pub prepare: Option<String>,
    /// Labels of the patterns: a text file with one per line, or an array of class numbers
    #[arg(long, value_name = "FILE", help_heading = LESS)]
    pub labels: Option<PathBuf>,
    /// Prior weights of the patterns: a file of N numbers > 0
    #[arg(long, value_name = "FILE", help_heading = LESS)]
    pub weights: Option<PathBuf>,
    /// Vectors that the patterns bring to mind: a file of N rows
    #[arg(long, value_name = "FILE", help_heading = LESS)]
    pub values: Option<PathBuf>,
    /// Number type of the states [default: f64 if the patterns are float64, else f32]
    #[arg(long, value_name = "f32|f64", help_heading = LESS)]
    pub dtype: Option<String>,
    /// Most memory that patterns may take, as in 256M or 2G: if they are more, they are read from their file again and
    /// again (plain .npy and stored memories)
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = LESS)]
    pub memory_limit: Option<u64>,
}

/// Parses a number of bytes, such as 256M; K, M, G and T are understood.
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

/// Arguments of every command that may take long.
#[derive(Args)]
pub struct Work {
    /// Threads [default: all cores]; results do not depend on it
    #[arg(long, value_name = "N", help_heading = LESS)]
    pub threads: Option<usize>,
    /// No notes and no progress on stderr
    #[arg(long, help_heading = LESS)]
    pub quiet: bool,
}

/// Arguments that name the memory.
#[derive(Args)]
pub struct Store {
    /// Patterns to store, a stored memory, or a description of an extended memory (.toml, .json). Patterns are a .npy,
    /// .npz (FILE:ARRAY), .safetensors, IDX, CIFAR-10 .bin, .csv, PNG or JPEG file, or a folder of pictures
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
    /// Cues: a file or folder of rows as wide as the patterns, of the same kinds
    #[arg(long = "cues", value_name = "FILE", help_heading = CUES)]
    pub file: PathBuf,
    /// Noise level σ: the cue is y + σε [default without --sigma and --signal: estimated for each cue]
    #[arg(long, value_name = "σ", help_heading = CUES)]
    pub sigma: Option<f64>,
    /// Signal θ: the cue is θy + √(1-θ²)ε
    #[arg(long, value_name = "θ", conflicts_with = "sigma", help_heading = CUES)]
    pub signal: Option<f64>,
    /// Known units, which are held: a file of D or B x D numbers, non-zero = known. Without --signal or --sigma
    /// diffusion takes nothing from the other units
    #[arg(long, value_name = "MASKFILE", help_heading = CUES)]
    pub clamp: Option<PathBuf>,
    /// Seed of everything random
    #[arg(long, value_name = "S", default_value_t = 0, help_heading = RECALL)]
    pub seed: u64,
    /// Row id of the first cue, which names its random stream
    #[arg(long, value_name = "K", default_value_t = 0, help_heading = LESS)]
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
    /// Exactly N updates; with --tolerance at most N
    #[arg(long, value_name = "N", help_heading = RECALL)]
    pub updates: Option<usize>,
    /// Stop when no unit changes by more; for diffusion, what counts as at rest
    #[arg(long, value_name = "X", help_heading = RECALL)]
    pub tolerance: Option<f64>,
}
