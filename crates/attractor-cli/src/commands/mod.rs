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

use anyhow::Result;
use attractor::memories::Options;

use crate::args::{Cli, Task};
use crate::files::{make_folder, printable};

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
