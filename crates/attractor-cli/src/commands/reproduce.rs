//! `attractor reproduce`

use std::io::Write;

use anyhow::Result;
use attractor_experiments::dispersed_memories::table1;
use attractor_experiments::work_precision;

use super::make_folder;
use crate::args::{Reproduce, Table1, WorkPrecision};

pub fn run(experiment: &Reproduce) -> Result<()> {
    match experiment {
        Reproduce::Table1(args) => table1(args),
        Reproduce::WorkPrecision(args) => work_precision(args),
    }
}

fn table1(args: &Table1) -> Result<()> {
    let bar = crate::progress::bar("pattern sets", args.quiet);
    let config =
        table1::Config { repetitions: args.repetitions, seed: args.seed, ..table1::Config::default() };
    config.check()?;
    make_folder(&args.out)?;
    let report = table1::run(config, |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    report.write(&args.out)?;
    write!(std::io::stdout().lock(), "{}", report.markdown())?;
    Ok(())
}

fn work_precision(args: &WorkPrecision) -> Result<()> {
    let bar = crate::progress::bar("settings", args.quiet);
    let config =
        work_precision::Config { sets: args.sets, seed: args.seed, ..work_precision::Config::default() };
    config.check()?;
    make_folder(&args.out)?;
    let report = work_precision::run(config, |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    report.write(&args.out)?;
    write!(std::io::stdout().lock(), "{}", report.markdown())?;
    Ok(())
}
