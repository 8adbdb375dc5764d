//! The arguments. Options of the models are not listed here: they come from the models' own cards.

use std::path::PathBuf;

use attractor::memories::{MODELS, Options};
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgGroup, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

/// Associative memory, from Hopfield (1982) to diffusion models.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
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
        after_help = "Example:\n  attractor recall --memory memory.npy --cues cues.npy --sigma 0.4 --out recalled.npy"
    )]
    Recall(Recall),
    /// Print the energy of states, one a line.
    #[command(
        after_help = "Example:\n  attractor energy --memory memory.npy --states recalled.npy --sigma 0.4"
    )]
    Energy(Energy),
    /// Make cues from patterns: noise, flips, missing parts.
    #[command(
        after_help = "Example:\n  attractor corrupt --patterns memory.npy --block bottom:0.5 --mask-out known.npy --seed 1 --out cues.npy"
    )]
    Corrupt(Corrupt),
    /// Recall corrupted digits with every model, and draw them.
    #[command(after_help = "Example:\n  attractor demo --out demo")]
    Demo(Demo),
    /// Say what every model is, takes and costs.
    Models,
    /// Run an experiment of the papers again.
    #[command(subcommand)]
    Reproduce(Reproduce),
}

/// What the memory is made of.
#[derive(Args)]
pub struct Store {
    /// Patterns to store: an N x D .npy file of float32, float64, uint8, bool or signed integers
    #[arg(long, value_name = "FILE")]
    pub memory: PathBuf,
    /// Model; `attractor models` says what each is
    #[arg(long, value_name = "NAME", default_value = "diffusion")]
    pub model: String,
    /// What is done to the patterns first; auto centres and scales uint8 and bool, and leaves all else
    #[arg(long, value_name = "none|center|normalize|auto", default_value = "auto")]
    pub prepare: String,
    /// Number type of the states [default: f64 if the memory file is float64, else f32]
    #[arg(long, value_name = "f32|f64")]
    pub dtype: Option<String>,
    /// Threads [default: all cores]; results do not depend on it
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// No notes and no progress on stderr
    #[arg(long)]
    pub quiet: bool,
}

/// Arguments of `recall`.
#[derive(Args)]
pub struct Recall {
    #[command(flatten)]
    pub store: Store,
    /// Cues: a B x D .npy file
    #[arg(long, value_name = "FILE")]
    pub cues: PathBuf,
    /// The cue is θy + √(1-θ²)ε
    #[arg(long, value_name = "θ", allow_negative_numbers = true, conflicts_with = "sigma")]
    pub signal: Option<f64>,
    /// The cue is y + σε [default without either: estimated for each cue]
    #[arg(long, value_name = "σ", allow_negative_numbers = true)]
    pub sigma: Option<f64>,
    /// Known units, which are held: a .npy file of D or B x D, non-zero = known. Without --signal or
    /// --sigma diffusion takes nothing from the other units
    #[arg(long, value_name = "MASKFILE")]
    pub clamp: Option<PathBuf>,
    /// Exactly N updates; with --tolerance at most N
    #[arg(long, value_name = "N")]
    pub updates: Option<usize>,
    /// Stop when no unit changes by more; for diffusion, what counts as at rest
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub tolerance: Option<f64>,
    /// Round states to their signs (for ±1 data); 0 stays 0
    #[arg(long)]
    pub binarize: bool,
    /// How many memories of the posterior to list
    #[arg(long, value_name = "K", default_value_t = 5)]
    pub top: usize,
    /// Seed of everything random
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Row id of the first cue, which names its random stream
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub first_row: u64,
    /// Write the recalled states to this .npy file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// One JSON object a cue on stdout
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `energy`.
#[derive(Args)]
pub struct Energy {
    #[command(flatten)]
    pub store: Store,
    /// States: a B x D .npy file
    #[arg(long, value_name = "FILE")]
    pub states: PathBuf,
    /// Noise level of the landscape (diffusion); for modern, β = 1/σ²
    #[arg(long, value_name = "σ", allow_negative_numbers = true, conflicts_with = "beta")]
    pub sigma: Option<f64>,
}

/// Arguments of `corrupt`.
#[derive(Args)]
#[command(group = ArgGroup::new("how").required(true))]
pub struct Corrupt {
    /// Patterns: an N x D .npy file
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
    /// Remove each unit with probability p (set to 0)
    #[arg(long, value_name = "p", group = "how", allow_negative_numbers = true)]
    pub mask: Option<f64>,
    /// Remove a share of the image at one side (set to 0): bottom, top, left or right
    #[arg(long, value_name = "SIDE:SHARE", group = "how")]
    pub block: Option<String>,
    /// With --sigma: keep values in [0, 1] by clipping
    #[arg(long, requires = "sigma", conflicts_with = "fold")]
    pub clip: bool,
    /// With --sigma: keep values in [0, 1] by |x|, then clipping
    #[arg(long, requires = "sigma")]
    pub fold: bool,
    /// Shape of the images, HxW or CxHxW [default: square]
    #[arg(long, value_name = "HxW")]
    pub shape: Option<String>,
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

/// Arguments of `demo`.
#[derive(Args)]
pub struct Demo {
    /// Folder for the picture and two arrays to go on with
    #[arg(long, value_name = "DIR", default_value = "attractor-demo")]
    pub out: PathBuf,
    /// How many of the 1,797 digits to store
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub count: usize,
    /// Seed of the corruption
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
}

/// The experiments.
#[derive(Subcommand)]
pub enum Reproduce {
    /// Ambrogioni (2023), Table 1: modern Hopfield against diffusion, classical and true patterns.
    #[command(after_help = "Example:\n  attractor reproduce table1 --out table1")]
    Table1(Table1),
}

/// Arguments of `reproduce table1`.
#[derive(Args)]
pub struct Table1 {
    /// Pattern sets a cell; the paper has 100
    #[arg(long, value_name = "R", default_value_t = 100)]
    pub repetitions: usize,
    /// Seed
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Folder for results.json, results.csv and report.md
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// No progress on stderr
    #[arg(long)]
    pub quiet: bool,
}

/// Reads the command line: what was asked, and the options of the model.
pub fn parse() -> (Cli, Options) {
    let matches = command().try_get_matches().unwrap_or_else(|error| stop(&error));
    let mut options = Options::default();
    if let Some((_, task)) = matches.subcommand() {
        for name in model_options() {
            if let Ok(Some(value)) = task.try_get_one::<String>(name) {
                options.set(name, value);
            }
            if let Ok(Some(true)) = task.try_get_one::<bool>(name) {
                options.set(name, "");
            }
        }
    }
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| stop(&error));
    (cli, options)
}

/// Help and version as they are; a misuse in one sentence, with exit code 2.
fn stop(error: &clap::Error) -> ! {
    if !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        error.exit();
    }
    let text = error.render().to_string();
    // The first paragraph says what is wrong; the others repeat the usage.
    let first: Vec<&str> = text.lines().take_while(|l| !l.is_empty()).map(str::trim).collect();
    let sentence = first.join(" ");
    eprintln!("attractor: {}; see --help", sentence.trim_start_matches("error: "));
    std::process::exit(2);
}

/// The whole command line, with the models' options in place.
fn command() -> Command {
    ["recall", "energy"].into_iter().fold(Cli::command(), |command, task| {
        command.mut_subcommand(task, |task| model_options().into_iter().fold(task, add_option))
    })
}

/// Names of all models' options, each once.
fn model_options() -> Vec<&'static str> {
    let mut names = Vec::new();
    for parameter in MODELS.iter().flat_map(|m| m.card.parameters) {
        if !names.contains(&parameter.name) {
            names.push(parameter.name);
        }
    }
    names
}

fn add_option(task: Command, name: &'static str) -> Command {
    let with: Vec<_> = MODELS
        .iter()
        .filter_map(|m| m.card.parameters.iter().find(|p| p.name == name).map(|p| (m.card.name, p)))
        .collect();
    let models: Vec<_> = with.iter().map(|(model, _)| *model).collect();
    let parameter = with[0].1;
    let help = format!("{} ({}) [default: {}]", parameter.help, models.join(", "), parameter.default);
    let arg = Arg::new(name).long(name).help(help).help_heading("Options of the models");
    task.arg(if parameter.values.is_empty() {
        arg.action(ArgAction::SetTrue)
    } else {
        arg.value_name(parameter.values).allow_hyphen_values(true)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
