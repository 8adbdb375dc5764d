//! The arguments of `capacity` and `merge`.

use std::path::PathBuf;

use attractor::memories::Options;
use attractor_capacity::{Contender, Passage};
use clap::{ArgGroup, Args};

use super::Work;
use super::common::{LESS, OUTPUT};
use super::names::{CONTENDERS, one_of};

/// Heading of what is measured.
const MEASURED: &str = "What is measured";
/// Heading of the corruption of cues.
const TASK: &str = "Cues (one kind or several; each is measured by itself)";
/// Heading of how exactly it is measured.
const ACCURACY: &str = "How it is measured";

/// Arguments of `capacity`.
#[derive(Args)]
#[command(group = ArgGroup::new("task").multiple(true))]
pub struct Capacity {
    /// The models to measure, with commas between them; `ceiling` is the best decoder that there can be. A model may have
    /// options of its own: hopfield:rule=hebb,hopfield:rule=pseudo-inverse
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', num_args = 1.., default_value = "ceiling,diffusion,modern,hopfield", value_parser = one_of(CONTENDERS, contender), help_heading = MEASURED)]
    pub model: Vec<String>,
    /// Numbers of units D: single ones, and ranges such as 8..56 or 8..56:8, which include their ends
    #[arg(long, value_name = "D,…", default_value = "8..32:4", help_heading = MEASURED)]
    pub dims: String,
    /// Cues θy + √(1-θ²)ε of a pattern y, with noise ε [default, if no other cues are asked for: 0.68]
    #[arg(long, value_name = "θ,…", value_delimiter = ',', group = "task", help_heading = TASK)]
    pub signal: Vec<f64>,
    /// Cues with each unit removed with probability p; the memory is told which are left
    #[arg(long, value_name = "p,…", value_delimiter = ',', group = "task", help_heading = TASK)]
    pub mask: Vec<f64>,
    /// Cues with each unit flipped with probability p
    #[arg(long, value_name = "p,…", value_delimiter = ',', group = "task", help_heading = TASK)]
    pub flip: Vec<f64>,
    /// Sequences of the model sequence: the share of steps to the next pattern that are wrong, or of whole sequences with a
    /// wrong step
    #[arg(long, value_name = "step|whole,…", value_delimiter = ',', group = "task", help_heading = TASK)]
    pub sequence: Vec<Passage>,
    /// A number of patterns is within capacity if the mean share of wrong units is at most X
    #[arg(long, value_name = "X", default_value_t = 0.03, help_heading = ACCURACY)]
    pub threshold: f64,
    /// How many sets of random patterns to average over
    #[arg(long, value_name = "N", default_value_t = 140, help_heading = ACCURACY)]
    pub sets: usize,
    /// How many cues to recall of each set, of its patterns in turn; or `each` for one of every pattern
    #[arg(long, value_name = "N|each", default_value = "256", help_heading = ACCURACY)]
    pub cues: String,
    /// The largest number of patterns to try [default: 4194304, or 1024 for cues where nothing limits the best decoder]
    #[arg(long, value_name = "N", help_heading = ACCURACY)]
    pub max_patterns: Option<usize>,
    /// Try every number of patterns up to 1.5 times the capacity, as in the paper, in place of a bisection
    #[arg(long, help_heading = ACCURACY)]
    pub grid: bool,
    /// How many updates models without noise levels make [default: until they settle]
    #[arg(long, value_name = "N", help_heading = ACCURACY)]
    pub updates: Option<usize>,
    /// Seed of everything random
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = ACCURACY)]
    pub seed: u64,
    #[command(flatten)]
    pub shared: Shared,
    /// Folder for the report, its tables and figures, and cells.sqlite. That file keeps what is done: a run that is
    /// stopped goes on where it was, several runs at once share the work, and a run that asks for more adds to it
    #[arg(long, value_name = "DIR", help_heading = OUTPUT)]
    pub out: PathBuf,
    #[command(flatten)]
    pub work: Work,
}

/// A name of a contender, as it was written.
fn contender(name: &str) -> Result<String, attractor_report::Error> {
    Contender::named(name, &Options::default()).map(|_| name.to_owned())
}

/// How work is shared.
#[derive(Args)]
pub struct Shared {
    /// Do only one part of the work: 3/8 is the third of eight parts, and auto that of a task of a job array or of a process of
    /// MPI (auto/8 where the scheduler does not say how many there are). `attractor merge` puts parts together
    #[arg(long, value_name = "I/N", default_value = "1/1", help_heading = LESS)]
    pub shard: String,
}

/// Arguments of `merge`.
#[derive(Args)]
pub struct Merge {
    /// Folders that the parts were written to, or the cells.sqlite files in them
    #[arg(required = true, value_name = "DIR")]
    pub from: Vec<PathBuf>,
    /// Folder for the cells.sqlite of all parts; results that it has already are kept
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
