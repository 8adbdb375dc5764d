//! One file a command.

mod bench;
mod capacity;
mod corrupt;
mod demo;
mod energy;
mod info;
mod landscape;
mod models;
mod recall;
mod recommend;
mod repeat;
mod reproduce;
mod sample;
mod store;
mod trace;
mod train;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use attractor::Outcome;
use attractor::memories::{Options, Row};

use crate::args::{Cli, Task};

/// Runs what was asked.
pub fn run(cli: Cli, options: &Options) -> Result<()> {
    match cli.command {
        Task::Recall(args) => recall::run(&args, options),
        Task::Trace(args) => trace::run(&args, options),
        Task::Sample(args) => sample::run(&args, options),
        Task::Landscape(args) => landscape::run(&args, options),
        Task::Energy(args) => energy::run(&args, options),
        Task::Store(args) => store::run(&args, options),
        Task::Train(args) => train::run(&args, options),
        Task::Info(args) => info::run(&args),
        Task::Corrupt(args) => corrupt::run(&args),
        Task::Demo(args) => demo::run(&args),
        Task::Models(args) => models::run(&args),
        Task::Recommend(args) => recommend::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Capacity(args) => capacity::run(&args, options),
        Task::Merge(args) => capacity::merge(&args),
        Task::Reproduce(experiment) => reproduce::run(&experiment),
        Task::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(
                shell,
                &mut crate::args::command(&crate::args::View::all()),
                "attractor",
                &mut script,
            );
            Ok(std::io::stdout().lock().write_all(&script)?)
        }
    }
}

/// Makes a folder for results.
pub fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}; choose another for --out", folder.display()))
}

/// Text of a file on one line of a terminal.
pub fn printable(text: &str) -> String {
    // Marks that turn the direction of writing are as bad as control characters.
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c }).collect()
}

/// How a recall ended, and at which step.
pub fn outcome(row: &Row) -> (&'static str, Option<usize>) {
    match row.outcome {
        _ if row.refused => ("refused", None),
        Outcome::Settled { step } => ("settled", Some(step)),
        Outcome::StillMoving if row.steps == 1 => ("one update", None),
        Outcome::Stopped { step } => ("stopped", Some(step)),
        Outcome::StillMoving => ("still moving", None),
        Outcome::TwoCycle { step } => ("2-cycle", Some(step)),
        Outcome::Diverged { step } => ("diverged", Some(step)),
    }
}
