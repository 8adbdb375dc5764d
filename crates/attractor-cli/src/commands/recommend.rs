//! `attractor recommend`

use std::io::Write;

use anyhow::Result;
use attractor_experiments::recommend::{self, Asked};

use super::make_folder;
use super::reproduce::whereabouts;
use crate::args::Recommend;
use crate::streams::say;
use crate::{load, progress, streams};

pub fn run(args: &Recommend) -> Result<()> {
    load::threads(&args.work)?;
    load::concern(&args.files, &[Some(&args.patterns)])?;
    let table = load::rows(&args.patterns, &args.files, args.work.quiet)?.all()?;
    let asked =
        Asked { corruptions: args.corruption.clone(), count: args.count, cues: args.cues, seed: args.seed };
    let config = recommend::Config::new(args.patterns.display().to_string(), &table, &asked)?;
    let (count, rows) = (config.patterns.nrows(), table.rows());
    if count < rows && args.count.is_none() && !args.work.quiet {
        say!("note: {count} of {rows} patterns are stored, evenly spaced; --count for more");
    }
    if let Some(folder) = &args.out {
        make_folder(folder)?;
    }
    let report = progress::followed(&config, args.work.quiet)?;
    if let Some(folder) = &args.out {
        report.write(folder)?;
    }
    let mut out = streams::stdout(args.out.is_some());
    write!(out, "{}", report.markdown())?;
    if let Some(folder) = &args.out {
        write!(out, "\n{}", whereabouts(folder))?;
    }
    Ok(())
}
