//! One file a command.

mod corrupt;
mod demo;
mod energy;
mod info;
mod models;
mod recall;
mod reproduce;
mod store;

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use attractor::memories::Options;

use crate::args::{Cli, Task};

/// Runs what was asked.
pub fn run(cli: Cli, options: &Options) -> Result<()> {
    match cli.command {
        Task::Recall(args) => recall::run(&args, options),
        Task::Energy(args) => energy::run(&args, options),
        Task::Store(args) => store::run(&args, options),
        Task::Info(args) => info::run(&args),
        Task::Corrupt(args) => corrupt::run(&args),
        Task::Demo(args) => demo::run(&args),
        Task::Models => models::run(),
        Task::Reproduce(experiment) => reproduce::run(&experiment),
        Task::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut crate::args::command(), "attractor", &mut script);
            Ok(std::io::stdout().lock().write_all(&script)?)
        }
    }
}

/// Makes a folder for results.
pub fn make_folder(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}; choose another for --out", folder.display()))
}
