//! The commands, one file each.

mod audit;
mod bench;
mod capacity;
mod corrupt;
mod demo;
mod energy;
mod explore;
mod fit;
mod info;
mod inspect;
mod landscape;
mod minima;
mod models;
mod recall;
mod recommend;
mod repeat;
mod replay;
mod reproduce;
mod sample;
mod shard;
mod store;
mod summary;
mod trace;
mod train;

use std::io::Write;

use anyhow::Result;
use attractor::memories::Options;

use crate::args::{Cli, Commands};
use crate::files::make_folder;

/// Runs a command.
pub fn run(cli: Cli, options: &Options) -> Result<()> {
    match cli.command {
        Commands::Recall(args) => recall::run(&args, options),
        Commands::Trace(args) => trace::run(&args, options),
        Commands::Sample(args) => sample::run(&args, options),
        Commands::Landscape(args) => landscape::run(&args, options),
        Commands::Minima(args) => minima::run(&args, options),
        Commands::Energy(args) => energy::run(&args, options),
        Commands::Store(args) => store::run(&args, options),
        Commands::Fit(args) => fit::run(&args, options),
        Commands::Replay(args) => replay::run(&args, options),
        Commands::Train(args) => train::run(&args, options),
        Commands::Info(args) => info::run(&args),
        Commands::Corrupt(args) => corrupt::run(&args),
        Commands::Demo(args) => demo::run(&args),
        Commands::Models(args) => models::run(&args),
        Commands::Recommend(args) => recommend::run(&args),
        Commands::Audit(args) => audit::run(&args, options),
        Commands::Explore(args) => explore::run(&args),
        Commands::Inspect(args) => inspect::run(&args, options),
        Commands::Bench(args) => bench::run(&args),
        Commands::Capacity(args) => capacity::run(&args, options),
        Commands::Merge(args) => capacity::merge(&args),
        Commands::Shard(args) => shard::run(&args),
        Commands::Reproduce(experiment) => reproduce::run(&experiment),
        Commands::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut crate::args::completions(), "attractor", &mut script);
            Ok(crate::streams::stdout(false).write_all(&script)?)
        }
    }
}
