//! `attractor store`

use std::path::Path;

use anyhow::{Result, bail};
use attractor::Real;
use attractor::memories::{Learned, Options};
use attractor_data::{Dtype, Stored, summary};

use crate::args::StoreFile;
use crate::in_precision;
use crate::load::{self, Loaded, Precision};

pub fn run(args: &StoreFile, options: &Options) -> Result<()> {
    load::threads(&args.work)?;
    let how = &args.how;
    let read = [&args.patterns, &how.labels, &how.weights, &how.values].map(Option::as_ref);
    load::distinct(&read, &[("out", Some(&args.out))])?;
    let asked = args.how.dtype.as_deref();
    match (&args.patterns, &args.remove) {
        (Some(path), None) if !args.append => {
            if let Some(name) = &args.how.model {
                attractor::memories::model(name)?;
            }
            let rows = load::open_patterns(path, &args.files, &args.how)?;
            let precision = Precision::choose(asked, rows.head().dtype == Dtype::F64)?;
            in_precision!(precision, create(args, rows, options))
        }
        _ => {
            let Some(summary) = summary(&args.out)? else {
                bail!(
                    "out: expected a stored memory to change, found {} at {}; make one with --patterns and --model",
                    if args.out.exists() { "another file" } else { "nothing" },
                    args.out.display()
                );
            };
            if args.how.model.is_some()
                || asked.is_some()
                || args.how.prepare.is_some()
                || !options.is_empty()
            {
                bail!(
                    "--append and --remove keep model, options, preparation and number type; leave those away"
                );
            }
            let how = &args.how;
            if args.remove.is_some()
                && (how.labels.is_some() || how.weights.is_some() || how.values.is_some())
            {
                bail!("--remove takes patterns out; leave --labels, --weights and --values away");
            }
            let precision = Precision::choose(Some(summary.dtype), false)?;
            in_precision!(precision, change(args, &summary))
        }
    }
}

/// A new memory.
fn create<F: Real>(args: &StoreFile, rows: attractor_data::Rows, options: &Options) -> Result<()> {
    let loaded = load::build::<F>(rows, &args.how, options, args.work.quiet)?;
    write(&args.out, loaded)
}

/// More or fewer patterns in a memory.
fn change<F: Real>(args: &StoreFile, summary: &attractor_data::Summary) -> Result<()> {
    let stored = attractor_data::read_memory::<F>(&args.out)?;
    let Stored { spec, mut patterns, mut learned, shape, raw, mut provenance, .. } = stored;
    if let Some(path) = &args.patterns {
        let rows = load::open_patterns(path, &args.files, &args.how)?.laid_out_as(shape);
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
        if raw != head.dtype.is_raw() {
            let (has, gets) = if raw {
                ("bytes or bools, from 0 to 1", "other numbers")
            } else {
                ("other numbers", "bytes or bools, read as 0 to 1")
            };
            eprintln!(
                "note: the memory was made of {has}, and now gets {gets}; check that they are on one scale"
            );
        }
        let extras = load::extras(&head, &args.how)?;
        patterns = patterns.append(rows.all()?.floats(), extras)?;
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
        // What was learned of all patterns together is learned anew.
        learned = None::<Learned>;
        provenance.push(format!("removed rows {text}"));
    }
    let memory = spec.build_on(patterns, learned)?;
    if !args.work.quiet {
        let now = memory.patterns().map_or(0, |p| p.len());
        eprintln!("{}: {} patterns before, {now} now", spec.model, summary.patterns);
    }
    write(&args.out, Loaded { memory, spec, shape, raw, provenance })
}

fn write<F: Real>(path: &Path, loaded: Loaded<F>) -> Result<()> {
    let Loaded { memory, spec, shape, raw, provenance } = loaded;
    match Stored::of(spec, memory.as_ref(), shape, raw, provenance) {
        Some(stored) => Ok(stored.write(path)?),
        None => bail!("{} has no patterns to store", memory.name()),
    }
}

/// `3,10-12` as row numbers.
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
