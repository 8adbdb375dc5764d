//! What `reproduce` is told.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Files, Shared};

/// The experiments.
#[derive(Subcommand)]
pub enum Reproduce {
    /// Ambrogioni (2023), Table 1: modern Hopfield against diffusion, classical and true patterns.
    #[command(after_help = "Example:\n  attractor reproduce table1 --out table1")]
    Table1 {
        /// Pattern sets a cell; the paper has 100
        #[arg(long, value_name = "R", default_value_t = 100)]
        repetitions: usize,
        #[command(flatten)]
        common: Experiment,
    },
    /// Ambrogioni (2023), Figure 1: landscapes of points, extended memories and a semantic curve.
    #[command(after_help = "Example:\n  attractor reproduce fig1 --out fig1")]
    Fig1 {
        #[command(flatten)]
        common: Experiment,
    },
    /// Ambrogioni (2023), Figure 2: trajectories, unit by unit, of exact and learned diffusion and modern Hopfield.
    #[command(after_help = "Example:\n  attractor reproduce fig2 --out fig2")]
    Fig2 {
        #[command(flatten)]
        common: Experiment,
    },
    /// Ambrogioni (2023), Figure 3: errors and capacity against the number of units, and far beyond.
    #[command(
        after_help = "Examples:\n  attractor reproduce fig3 --out fig3\n  attractor reproduce fig3 --profile paper --out fig3-paper\nA run that is stopped goes on where it was; several at once, on one machine and with one --out, share the work."
    )]
    Fig3 {
        /// quick, paper (with trained networks) or beyond (D to 56); the last two take long, and go on where they stopped
        #[arg(long, value_name = "NAME", default_value = "quick")]
        profile: String,
        /// Pattern sets a cell [default: 60, 140 or 24, as the profile has it]
        #[arg(long, value_name = "R")]
        sets: Option<usize>,
        /// Units at which networks are trained, or none [default: none, 10,12,14,16 or none, as the profile has it]
        #[arg(long, value_name = "D,…")]
        learned: Option<String>,
        #[command(flatten)]
        shared: Shared,
        #[command(flatten)]
        common: Experiment,
    },
    /// How a memory comes about in training: landscape, basins, recall and free recall, step by step.
    #[command(after_help = "Example:\n  attractor reproduce learning --out learning")]
    Learning {
        /// Pattern sets of each number of patterns
        #[arg(long, value_name = "R", default_value_t = 3)]
        sets: usize,
        #[command(flatten)]
        common: Experiment,
    },
    /// Error of the diffusion samplers by evaluations of the denoiser, and by noise grid.
    #[command(after_help = "Example:\n  attractor reproduce work-precision --out work-precision")]
    WorkPrecision {
        /// Pattern sets a setting
        #[arg(long, value_name = "R", default_value_t = 20)]
        sets: usize,
        #[command(flatten)]
        common: Experiment,
    },
    /// How time and memory grow with patterns, units, cues, steps and threads.
    #[command(after_help = "Example:\n  attractor reproduce scaling --out scaling")]
    Scaling {
        #[command(flatten)]
        common: Experiment,
    },
    /// Millidge et al. (2022): capacity of single-shot memories for noisy images, by similarity.
    #[command(
        after_help = "Examples:\n  attractor reproduce uhn-similarity --out similarity\n  attractor reproduce uhn-similarity --data t10k-images-idx3-ubyte.gz --out similarity"
    )]
    UhnSimilarity(Images),
    /// Millidge et al. (2022): how much noise each similarity bears.
    #[command(after_help = "Example:\n  attractor reproduce uhn-noise --out noise")]
    UhnNoise(Images),
    /// Millidge et al. (2022): how much of an image can be missing, by similarity.
    #[command(after_help = "Example:\n  attractor reproduce uhn-mask --out mask")]
    UhnMask(Images),
    /// Millidge et al. (2022): capacity by separation function.
    #[command(after_help = "Example:\n  attractor reproduce uhn-separation --out separation")]
    UhnSeparation(Images),
    /// Millidge et al. (2022): how much the threshold of the criterion decides.
    #[command(after_help = "Example:\n  attractor reproduce uhn-threshold --out threshold")]
    UhnThreshold(Images),
    /// Millidge et al. (2022): images that recall others, and the classical network.
    #[command(after_help = "Example:\n  attractor reproduce uhn-hetero --out hetero")]
    UhnHetero(Images),
}

/// Options of the experiments on images.
#[derive(Args)]
pub struct Images {
    /// Images: a file or folder of any kind that `recall` reads [default: the 1,797 digits that come with it]
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Row numbers, in the order in which images are taken: a file with one a line, or an array [default: as
    /// they are]
    #[arg(long, value_name = "FILE", requires = "data")]
    pub order: Option<PathBuf>,
    /// Images of the largest store [default: the paper's, or as many as there are]
    #[arg(long, value_name = "N")]
    pub images: Option<usize>,
    /// Runs, each of other images [default: 5]
    #[arg(long, value_name = "R")]
    pub runs: Option<usize>,
    /// Squared error up to which an output passes in paper mode [default: 60; less where images have less
    /// than 784 values]
    #[arg(long, value_name = "T", allow_negative_numbers = true)]
    pub threshold: Option<f64>,
    #[command(flatten)]
    pub files: Files,
    #[command(flatten)]
    pub common: Experiment,
}

/// What every experiment is told.
#[derive(Args)]
pub struct Experiment {
    /// Seed
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Folder for report.html, report.md, results.json, results.csv and the figures
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// No progress on stderr
    #[arg(long)]
    pub quiet: bool,
}
