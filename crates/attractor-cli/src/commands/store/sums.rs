//! `attractor store --append` and `--remove` for a memory of fixed size: rows are added to its sums, or subtracted from them.

use std::path::Path;

use anyhow::{Result, bail};
use attractor_data::{ReadOptions, StoredSummary};
use attractor_session::{Change, Held, Opened, Setup, Source, batch_of, changed_sums, known, of_appended};

use super::change::{check_size, given};
use crate::args::StoreFile;
use crate::load;
use crate::output::wrote;
use crate::streams::say;

/// Adds the rows of a file to the memory at `--out`, or removes them from it. A few rows are read at a time, and the patterns
/// that are stored are not needed.
pub fn change<F: Held>(args: &StoreFile, setup: &Setup, summary: StoredSummary) -> Result<()> {
    if let Some(name) = given(&args.effect).or(args.effect.check_cues.map(|_| "check-cues")) {
        bail!(
            "{name}: expected a memory that keeps its patterns, found {}, which keeps sums and could make no cues of them; leave --{name} away",
            summary.spec.model
        );
    }
    if setup.labels.is_some() || setup.values.is_some() {
        let name = if setup.labels.is_some() { "labels" } else { "values" };
        bail!("{name}: expected none with a memory that keeps no patterns, found them; leave --{name} away");
    }
    let (path, change, done) = match (&args.patterns, args.remove.as_deref()) {
        (Some(path), _) => (path.as_path(), Change::Append, "appended"),
        (None, text) => (file_of(text.unwrap_or_default())?, Change::Remove, "removed"),
    };
    let quiet = args.work.quiet;
    let before = summary.patterns;
    let source = Source::Stored { path: args.out.clone(), summary: Box::new(summary) };
    let Opened { mut memory, mut about } = source.build_as::<F>(&Setup::default())?;
    let mut rows =
        load::like(path, &ReadOptions { labels: None, ..load::reading(&args.files)? }, about.shape, quiet)?;
    let head = rows.head().clone();
    check_size(path, &head, about.shape, &args.out)?;
    load::tell(false, of_appended(about.raw, &head));
    let weights = known::<F>(&head, setup)?.weights;
    let mut from = 0;
    while let Some(table) = rows.next_batch(batch_of(head.columns))? {
        let to = from + table.rows();
        let weights = weights.as_ref().map(|weights| &weights[from..to]);
        memory = changed_sums(memory.as_ref(), change, table.floats(), weights)?.unwrap_or(memory);
        from = to;
    }
    about.provenance.push(format!("{done} {} rows of {}", head.rows, path.display()));
    let now = memory.abilities().features.map_or(0, |features| features.sums().patterns);
    let memory = Opened { memory, about };
    if !quiet {
        say!("{}: {before} patterns before, {now} now", memory.about.spec.model);
        load::tell(false, memory.warnings());
    }
    memory.write(&args.out)?;
    wrote(quiet, &args.out);
    Ok(())
}

/// The file of the rows to remove.
fn file_of(text: &str) -> Result<&Path> {
    let numbers = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || "-, ".contains(c));
    if numbers && !Path::new(text).exists() {
        bail!(
            "remove: expected a file with the rows to remove, since a memory of fixed size keeps no patterns that could be numbered, found {text}; give the rows as they were stored"
        );
    }
    Ok(Path::new(text))
}
