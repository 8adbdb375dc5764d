//! `attractor capacity` and `attractor merge`

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use attractor::memories::{Options, model};
use attractor_capacity::{Cells, Config, Contender, Entrant, Rule, Task, array, dims};
use attractor_report::Experiment;

use super::make_folder;
use super::reproduce::run_shown;
use crate::args::{Capacity, Merge};
use crate::streams::say;
use crate::{load, streams};

/// The name of the file of results in a folder.
pub const CELLS: &str = "cells.sqlite";

pub fn run(args: &Capacity, options: &Options) -> Result<()> {
    load::threads(&args.work)?;
    let mut tasks: Vec<Task> = args.signal.iter().copied().map(Task::Signal).collect();
    tasks.extend(args.mask.iter().copied().map(Task::Mask));
    tasks.extend(args.flip.iter().copied().map(Task::Flip));
    tasks.extend(args.sequence.iter().copied().map(Task::Sequence));
    if tasks.is_empty() {
        tasks.push(Task::Signal(0.68));
    }
    let mut entrants = Vec::new();
    for task in tasks {
        for name in &args.model {
            let mut contender = Contender::named(name, options)?;
            if let Contender::Model(spec, updates) = &mut contender {
                // Models with noise levels make steps instead of updates.
                *updates = args.updates.filter(|_| !model(&spec.model).is_ok_and(|m| m.card.levels));
            }
            entrants.push(Entrant::new(contender, task));
        }
    }
    for (option, _) in options.iter() {
        let takes = args.model.iter().map(|name| Contender::takes(name, option));
        if !takes.collect::<Result<Vec<_>, _>>()?.contains(&true) {
            bail!(
                "--{option}: expected an option of one of the models that does not set it itself, found none that has it; \
                 see attractor models"
            );
        }
    }
    let cues = match args.cues.as_str() {
        "each" => None,
        number => match number.parse() {
            Ok(count) => Some(count),
            Err(_) => bail!("cues: expected a whole number, or each for every pattern once, found {number}"),
        },
    };
    let config = Config {
        entrants,
        dims: dims(&args.dims)?,
        rule: if args.grid { Rule::Grid(1.5) } else { Rule::Bisection },
        threshold: args.threshold,
        sets: args.sets,
        few: None,
        cues,
        most: args.max_patterns,
        seed: args.seed,
        store: Some(args.out.join(CELLS)),
        shard: array::part(&args.shared.shard, &variable)?,
    };
    config.check()?;
    let earlier = std::fs::read(args.out.join("results.json")).ok();
    if let Some(earlier) = earlier.and_then(|text| serde_json::from_slice(&text).ok()) {
        config.replaces(&args.out, &earlier)?;
    }
    if let Some(warning) = config.warning().filter(|_| !args.work.quiet) {
        say!("attractor: {warning}");
    }
    run_shown(&config, &args.out, args.work.quiet)
}

/// An environment variable, in which a scheduler says which part of an array this process is.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Merges the results of shards.
pub fn merge(args: &Merge) -> Result<()> {
    let file = |path: &Path| -> PathBuf { if path.is_dir() { path.join(CELLS) } else { path.to_owned() } };
    for path in &args.from {
        if !file(path).is_file() {
            bail!("{}: expected a folder with {CELLS}, or such a file, found none", path.display());
        }
    }
    make_folder(&args.out)?;
    let mut cells = Cells::open(Some(&args.out.join(CELLS)))?;
    cells.agrees(&args.from.iter().map(|path| file(path)).collect::<Vec<_>>())?;
    let mut output = streams::stdout(true);
    for path in &args.from {
        let new = cells.merge(&file(path))?;
        writeln!(output, "{}: {new} new results", path.display())?;
    }
    writeln!(
        output,
        "{}: {} results; run the command of the shards again with --out {0}, without --shard, for the report",
        args.out.display(),
        cells.count()?
    )?;
    Ok(())
}
