//! `attractor store`

mod change;
mod sums;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use attractor::energies::CORES;
use attractor::memories::Options;
use attractor::{Patterns, Prepare};
use attractor_data::ReadOptions;
use attractor_session::{
    Auto, Cores, Setup, Source, compact, in_precision, known, of_appended, with_cores, with_events,
};

use crate::args::StoreFile;
use crate::load;
use crate::output::wrote;
use crate::streams::say;

pub fn run(args: &StoreFile, options: &Options) -> Result<()> {
    load::threads(&args.work)?;
    let how = &args.how;
    // A memory of fixed size takes the rows that are to be removed, and others take their numbers.
    let removed = args.remove.as_ref().map(PathBuf::from).filter(|path| path.exists());
    let read = [&args.patterns, &args.semantic, &how.labels, &how.weights, &how.values, &removed]
        .map(Option::as_ref);
    load::distinct(&read, &[("out", Some(&args.out))])?;
    load::concern(&args.files, &[args.patterns.as_ref(), removed.as_ref()])?;
    let (cores, options) = apart(options);
    let setup = load::setup(how, &options);
    if let (Some(semantic), Some(events)) = (&args.semantic, &args.patterns) {
        change::refuse_without_change(&args.effect)?;
        return beside(args, semantic, events, &setup, &cores);
    }
    if let Some((name, _)) = cores.iter().next() {
        bail!("{name}: expected a density with it (--semantic), found none; add one made by `attractor fit`");
    }
    if args.compact {
        change::refuse_without_change(&args.effect)?;
        let parts = compact(&args.out)?;
        if !args.work.quiet {
            let which = if parts == 1 { "part" } else { "parts" };
            say!("{parts} {which} appended to {} became one piece with it", args.out.display());
        }
        return Ok(());
    }
    match (&args.patterns, &args.remove) {
        (Some(path), None) if !args.append => {
            change::refuse_without_change(&args.effect)?;
            let rows = load::patterns(path, &args.files, &setup, args.work.quiet)?;
            let session = load::built(Source::Rows(Box::new(rows)), &setup, &args.work)?;
            session.write(&args.out)?;
            wrote(args.work.quiet, &args.out);
            Ok(())
        }
        _ => change::run(args, &options, &setup),
    }
}

/// The options of cores, and those of models.
fn apart(options: &Options) -> (Options, Options) {
    let (mut cores, mut others) = (Options::default(), options.clone());
    for parameter in CORES {
        if let Some(value) = others.remove(parameter.name) {
            cores.set(parameter.name, value);
        }
    }
    (cores, others)
}

/// Stores patterns as events beside a density, or their cores.
fn beside(args: &StoreFile, semantic: &Path, events: &Path, setup: &Setup, cores: &Options) -> Result<()> {
    /// The prior probability of all events, if none is given.
    const WEIGHT: f64 = 0.5;
    if setup.values.is_some() || setup.memory_limit.is_some() {
        let name = if setup.values.is_some() { "values" } else { "memory-limit" };
        bail!("{name}: expected none beside a density, found it with --semantic; leave it away");
    }
    if !matches!(setup.prepare, None | Some(Auto::Auto | Auto::As(Prepare::None))) {
        bail!(
            "prepare: expected none beside a density, whose units the events keep, found another; leave it away"
        );
    }
    let reading = load::reading(&args.files)?;
    let of_density =
        Setup { labels: None, weights: None, prepare: None, replace_options: false, ..setup.clone() };
    let source = Source::open(semantic, &reading, &of_density)?;
    if matches!(source, Source::Rows(_)) {
        bail!(
            "semantic: expected a memory made by `attractor fit`, found the rows in {}; fit them first",
            semantic.display()
        );
    }
    in_precision!(source.precision(&of_density), F => {
        let density = source.build_as::<F>(&of_density)?;
        let reading = ReadOptions { labels: setup.labels.clone(), ..reading };
        let rows = load::like(events, &reading, density.about.shape, args.work.quiet)?;
        let head = rows.head().clone();
        load::tell(args.work.quiet, of_appended(density.about.raw, &head));
        let patterns = Patterns::new(rows.all()?.floats::<F>())?.with(known(&head, setup)?)?;
        let provenance = format!("stored {} rows of {} as events", head.rows, events.display());
        let memory = density.memory.as_ref();
        let both = match Cores::from_options(cores, args.weight)? {
            Some(cores) => with_cores(memory, &density.about, patterns, cores, provenance)?,
            None => {
                let weight = args.weight.unwrap_or(WEIGHT);
                with_events(memory, &density.about, patterns, weight, provenance)?
            }
        };
        if let Some(line) = both.headline().filter(|_| !args.work.quiet) {
            say!("{line}");
        }
        both.write(&args.out)?;
        wrote(args.work.quiet, &args.out);
        Ok(())
    })
}
