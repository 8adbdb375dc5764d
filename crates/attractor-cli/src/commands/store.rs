//! `attractor store`

use std::path::Path;

use anyhow::{Result, bail};
use attractor::energies::CORES;
use attractor::memories::{self, Learned, Options};
use attractor::{Patterns, Prepare, Spec};
use attractor_data::{Hold, ReadOptions, Stored, StoredSummary, read_memory, summary};
use attractor_session::{
    About, Auto, Cores, Held, Opened, Origin, Setup, Source, in_precision, known, of_appended, of_moved_beta,
    with_cores, with_events,
};

use crate::args::StoreFile;
use crate::load;
use crate::output::wrote;
use crate::streams::say;

pub fn run(args: &StoreFile, options: &Options) -> Result<()> {
    load::threads(&args.work)?;
    let how = &args.how;
    let read = [&args.patterns, &args.semantic, &how.labels, &how.weights, &how.values].map(Option::as_ref);
    load::distinct(&read, &[("out", Some(&args.out))])?;
    load::concern(&args.files, &[args.patterns.as_ref()])?;
    let (cores, options) = apart(options);
    let setup = load::setup(how, &options);
    if let (Some(semantic), Some(events)) = (&args.semantic, &args.patterns) {
        return beside(args, semantic, events, &setup, &cores);
    }
    if let Some((name, _)) = cores.iter().next() {
        bail!("{name}: expected a density with it (--semantic), found none; add one made by `attractor fit`");
    }
    match (&args.patterns, &args.remove) {
        (Some(path), None) if !args.append => {
            let rows = load::patterns(path, &args.files, &setup, args.work.quiet)?;
            let session = load::built(Source::Rows(Box::new(rows)), &setup, &args.work)?;
            session.write(&args.out)?;
            wrote(args.work.quiet, &args.out);
            Ok(())
        }
        _ => {
            // Another process that changes the file waits until this one has put it back.
            let _hold = args.out.exists().then(|| Hold::wait(&args.out)).transpose()?;
            let Some(summary) = summary(&args.out)? else {
                bail!(
                    "out: expected a stored memory to change, found {} at {}; make one with --patterns and --model",
                    if args.out.exists() { "another file" } else { "nothing" },
                    args.out.display()
                );
            };
            if summary.density.is_some() {
                bail!(
                    "out: expected a memory of patterns to change, found the density in {}; store the events anew with --semantic",
                    args.out.display()
                );
            }
            if setup.model.is_some()
                || setup.precision.is_some()
                || setup.prepare.is_some()
                || !options.is_empty()
            {
                let option = if args.append { "append" } else { "remove" };
                bail!(
                    "{option}: expected no --model, --dtype, --prepare or options of a model with it, since a stored memory keeps its own, found one of them; leave those away"
                );
            }
            if args.remove.is_some()
                && (how.labels.is_some() || how.weights.is_some() || how.values.is_some())
            {
                bail!(
                    "remove: expected no --labels, --weights or --values with it, since they are of patterns that are added, found one of them; leave them away"
                );
            }
            in_precision!(summary.dtype.parse()?, F => change::<F>(args, &setup, &summary))
        }
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

/// Appends patterns to a stored memory or removes some.
fn change<F: Held>(args: &StoreFile, setup: &Setup, summary: &StoredSummary) -> Result<()> {
    let stored = read_memory::<F>(&args.out)?;
    let Stored { spec, mut patterns, mut learned, shape, raw, mut provenance, .. } = stored;
    let before = automatic_beta(&spec, &patterns, args.work.quiet)?;
    if let Some(path) = &args.patterns {
        let reading = ReadOptions { labels: setup.labels.clone(), ..load::reading(&args.files)? };
        let rows = load::like(path, &reading, shape, args.work.quiet)?;
        let head = rows.head().clone();
        let sizes = |s: attractor_data::Shape| (s.channels, s.height, s.width);
        if let (Some(old), Some(new)) = (shape, head.shape)
            && sizes(old) != sizes(new)
        {
            bail!(
                "{}: expected images of {old}, as {} has, found {new}; bring them to that size",
                path.display(),
                args.out.display()
            );
        }
        load::tell(false, of_appended(raw, &head));
        let known = known(&head, setup)?;
        patterns = patterns.append(rows.all()?.floats(), known)?;
        provenance.push(format!("appended {} rows of {}", head.rows, path.display()));
    }
    if let Some(text) = &args.remove {
        let rows = rows_of(text, patterns.len())?;
        if rows.iter().collect::<std::collections::BTreeSet<_>>().len() == patterns.len() {
            bail!(
                "remove: expected at least one pattern to stay, found all of them named; delete {} instead",
                args.out.display()
            );
        }
        patterns = patterns.remove(&rows)?;
        // Couplings are learned from all patterns together, so they are learned again. What was given stays.
        learned = learned.and_then(|learned: Learned| learned.without_learning(&spec, patterns.len()));
        provenance.push(format!("removed rows {text}"));
    }
    let memory = spec.build_on(patterns, learned)?;
    if !args.work.quiet {
        let now = memory.patterns().map_or(0, |p| p.len());
        say!("{}: {} patterns before, {now} now", spec.model, summary.patterns);
    }
    if let (Some(before), Some(now)) = (before, memory.inverse_temperature()) {
        load::tell(args.work.quiet, of_moved_beta(before, now));
    }
    let card = Some(memories::model(&spec.model)?.card);
    let about = About { card, spec, shape, raw, units: None, origin: Origin::Stored, provenance };
    Opened { memory, about }.write(&args.out)?;
    wrote(args.work.quiet, &args.out);
    Ok(())
}

/// The inverse temperature of a stored memory, if it is found anew from the patterns that there are.
fn automatic_beta<F: Held>(spec: &Spec, patterns: &Patterns<F>, quiet: bool) -> Result<Option<f64>> {
    let has_beta = memories::model(&spec.model)?.card.parameter("beta").is_some();
    if quiet || !has_beta || spec.options.number("beta").is_some() {
        return Ok(None);
    }
    Ok(spec.build_on(patterns.clone(), None)?.inverse_temperature())
}

/// Parses row numbers such as `3,10-12`.
fn rows_of(text: &str, count: usize) -> Result<Vec<usize>> {
    let wrong =
        || anyhow::anyhow!("remove: expected rows from 0 to {}, as in 3,10-12, found {text}", count - 1);
    let mut rows = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.trim().parse::<usize>().ok().filter(|n| *n < count);
        let (from, to) = (number(from).ok_or_else(wrong)?, number(to).ok_or_else(wrong)?);
        if from > to {
            return Err(wrong());
        }
        rows.extend(from..=to);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::rows_of;

    #[test]
    fn rows_are_numbers_and_ranges() {
        assert_eq!(rows_of("3,10-12", 13).expect("rows"), [3, 10, 11, 12]);
        for text in ["", "x", "13", "2-1", "-1", "1-", "1,,2"] {
            assert!(rows_of(text, 13).is_err(), "{text}");
        }
    }
}
