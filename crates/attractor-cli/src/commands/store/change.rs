//! `attractor store --append` and `--remove`: a stored memory gets more patterns or loses some, and what that did to the others
//! is said.

use std::path::Path;

use anyhow::{Result, bail};
use attractor::memories::{self, Learned, Memory, Options};
use attractor_data::{Growing, Header, Hold, ReadOptions, Rows, Shape, Stored, read_memory, shards_in};
use attractor_session::{
    About, Examination, Examined, Held, Known, Opened, Origin, Setup, append, append_to_parts,
    appends_in_place, examine, held, in_precision, insert_lists, known, of_appended, of_moved_beta,
};
use ndarray::Array2;
use serde_json::{Value, json};

use super::sums;
use crate::args::{Effect as Asked, StoreFile};
use crate::errors::Flags;
use crate::output::wrote;
use crate::streams::{LABEL, say};
use crate::{load, progress, streams};

/// Changes the memory at `--out`.
pub fn run(args: &StoreFile, options: &Options, setup: &Setup) -> Result<()> {
    if args.out.is_dir() && !shards_in(&args.out)?.is_empty() {
        return to_parts(args, options, setup);
    }
    let how = &args.how;
    // Another process that changes the file waits until this one is done.
    let (_hold, memory) = held(&args.out)?;
    if setup.model.is_some() || setup.precision.is_some() || setup.prepare.is_some() || !options.is_empty() {
        let option = if args.append { "append" } else { "remove" };
        bail!(
            "{option}: expected no --model, --dtype, --prepare or options of a model with it, since a stored memory keeps its own, found one of them; leave those away"
        );
    }
    let summary = memory.summary();
    if summary.sums.is_some() {
        return in_precision!(summary.dtype.parse()?, F => sums::change::<F>(args, setup, summary.clone()));
    }
    if args.remove.is_some() && (how.labels.is_some() || how.weights.is_some() || how.values.is_some()) {
        bail!(
            "remove: expected no --labels, --weights or --values with it, since they are of patterns that are added, found one of them; leave them away"
        );
    }
    in_precision!(summary.dtype.parse()?, F => change::<F>(args, setup, memory))
}

/// Appends patterns to a memory in parts.
fn to_parts(args: &StoreFile, options: &Options, setup: &Setup) -> Result<()> {
    let Some(path) = args.patterns.as_ref().filter(|_| args.append) else {
        bail!(
            "remove: expected a memory in one file, found the parts in {}; append to them, or cut the whole memory again",
            args.out.display()
        );
    };
    if setup.model.is_some() || setup.precision.is_some() || setup.prepare.is_some() || !options.is_empty() {
        bail!(
            "append: expected no --model, --dtype, --prepare or options of a model with it, since a stored memory keeps its own, found one of them; leave those away"
        );
    }
    if let Some(name) =
        given(&args.effect).or(args.effect.check_cues.filter(|n| *n > 0).map(|_| "check-cues"))
    {
        bail!(
            "{name}: expected a memory in one file with it, found parts, which are not examined; leave it away"
        );
    }
    let _hold = Hold::wait(&args.out)?;
    let found = shards_in(&args.out)?;
    let (shape, raw) = (found[0].1.shape, found[0].1.raw);
    let Some(rows) = added(args, setup, shape, raw)? else {
        bail!("patterns: expected a file to append from, found none; give {}", path.display());
    };
    let (rows, known, provenance) = taken::<f64>(rows, setup)?;
    let now = append_to_parts(&args.out, &rows, known, &provenance)?;
    if !args.work.quiet {
        say!("{} patterns before, {now} now; all {} parts are written anew", now - rows.nrows(), found.len());
    }
    wrote(args.work.quiet, &args.out);
    Ok(())
}

/// The first setting of an examination that was given, beside the number of cues.
pub(super) fn given(asked: &Asked) -> Option<&'static str> {
    let all = [
        ("protect", asked.protect.is_some()),
        ("check-patterns", asked.check_patterns.is_some()),
        ("corruption", asked.corruption.is_some()),
        ("seed", asked.seed.is_some()),
        ("json", asked.json),
    ];
    all.iter().find(|(_, given)| *given).map(|(name, _)| *name)
}

/// Refuses settings of an examination where nothing is changed.
pub fn refuse_without_change(asked: &Asked) -> Result<()> {
    match given(asked).or(asked.check_cues.map(|_| "check-cues")) {
        Some(name) => {
            bail!("{name}: expected --append or --remove with it, found neither; leave --{name} away")
        }
        None => Ok(()),
    }
}

/// How the change is examined, or `None` if it is not.
fn examination(asked: &Asked, quiet: bool) -> Result<Option<Examination>> {
    let cues = asked.check_cues.unwrap_or(Examination::CUES);
    if cues == 0 {
        if let Some(name) = given(asked) {
            bail!(
                "check-cues: expected at least 1 with --{name}, found 0; make some cues, or leave --{name} away"
            );
        }
        return Ok(None);
    }
    // Nothing would be said of it.
    if quiet && !asked.json && asked.protect.is_none() {
        return Ok(None);
    }
    Ok(Some(Examination {
        cues,
        patterns: asked.check_patterns,
        corruption: asked.corruption.clone(),
        seed: asked.seed.unwrap_or(0),
        protect: asked.protect,
    }))
}

/// Opens the patterns that are appended.
fn added(args: &StoreFile, setup: &Setup, shape: Option<Shape>, raw: bool) -> Result<Option<Rows>> {
    let Some(path) = &args.patterns else {
        return Ok(None);
    };
    let reading = ReadOptions { labels: setup.labels.clone(), ..load::reading(&args.files)? };
    let rows = load::like(path, &reading, shape, args.work.quiet)?;
    let head = rows.head();
    check_size(path, head, shape, &args.out)?;
    load::tell(false, of_appended(raw, head));
    Ok(Some(rows))
}

/// The patterns that are appended, what is known of them, and a line for the history.
fn taken<F: Held>(rows: Rows, setup: &Setup) -> Result<(Array2<F>, Known<F>, String)> {
    let known = known(rows.head(), setup)?;
    let provenance = format!("appended {} rows of {}", rows.head().rows, rows.head().path.display());
    Ok((rows.all()?.floats(), known, provenance))
}

/// Appends patterns without a look at those before, if nothing was asked about them.
fn append_blindly<F: Held>(args: &StoreFile, setup: &Setup, memory: Growing, rows: Rows) -> Result<()> {
    let (raw, known, provenance) = taken::<F>(rows, setup)?;
    let (before, more) = (memory.summary().patterns, raw.nrows());
    let model = memory.summary().spec.model.clone();
    append(&args.out, memory, raw, known, provenance)?;
    if !args.work.quiet {
        say!("{model}: {before} patterns before, {} now", before + more);
    }
    wrote(args.work.quiet, &args.out);
    Ok(())
}

/// Appends patterns to a stored memory or removes some.
fn change<F: Held>(args: &StoreFile, setup: &Setup, file: Growing) -> Result<()> {
    let quiet = args.work.quiet;
    let summary = file.summary();
    let (count, in_place) = (summary.patterns, appends_in_place(summary));
    let examination = examination(&args.effect, quiet)?;
    let rows = added(args, setup, summary.shape, summary.raw)?;
    let rows = match rows {
        Some(rows) if examination.is_none() && in_place => {
            return append_blindly::<F>(args, setup, file, rows);
        }
        other => other,
    };
    let Stored { spec, patterns: old, learned, shape, raw, mut provenance, .. } =
        read_memory::<F>(&args.out)?;
    let mut index: Vec<Option<usize>> = (0..old.len()).map(Some).collect();
    let mut again = None;
    let (patterns, kept) = if let Some(rows) = rows {
        let (raw, known, line) = taken::<F>(rows, setup)?;
        // What is written in the end is only what is new, if the model allows it.
        again = in_place.then(|| (raw.clone(), known.clone(), line.clone()));
        provenance.push(line);
        (old.append(raw, known)?, learned.clone())
    } else {
        let text = args.remove.as_deref().unwrap_or_default();
        let rows = rows_of(text, old.len())?;
        for &row in &rows {
            index[row] = None;
        }
        let mut left = 0;
        for place in index.iter_mut().flatten() {
            *place = left;
            left += 1;
        }
        if left == 0 {
            bail!(
                "remove: expected at least one pattern to stay, found all of them named; delete {} instead",
                args.out.display()
            );
        }
        provenance.push(format!("removed rows {text}"));
        // Couplings are learned from all patterns together, so they are learned again. What was given stays.
        let kept = learned.clone().and_then(|learned: Learned| learned.without_learning(&spec, left));
        (old.remove(&rows)?, kept)
    };
    let card = memories::model(&spec.model)?.card;
    // The memory as it was is needed to compare with, and for an automatic beta that may move.
    let moves = !quiet && card.parameter("beta").is_some() && spec.options.number("beta").is_none();
    let before = match examination.is_some() || moves {
        true => Some(spec.build_on(old, learned)?),
        false => None,
    };
    let memory = spec.build_on(patterns, kept)?;
    let about = About { card: Some(card), spec, shape, raw, units: None, origin: Origin::Stored, provenance };
    let examined = match (&before, &examination) {
        (Some(before), Some(how)) => {
            let bar = progress::bar("cues", quiet);
            let examined =
                examine(before.as_ref(), memory.as_ref(), &index, &about, how, &mut |done, all| {
                    bar.set_length(all as u64);
                    bar.set_position(done as u64);
                    Ok(())
                });
            bar.finish_and_clear();
            match examined {
                Ok(examined) => Some(examined),
                // A change that nobody asked to examine is made all the same.
                Err(error) if given(&args.effect).is_none() && args.effect.check_cues.is_none() => {
                    let why = error.spelled(&Flags);
                    say!("note: what this does to the other patterns was not looked at: {why}");
                    None
                }
                Err(error) => return Err(error.into()),
            }
        }
        _ => None,
    };
    let now = memory.patterns().map_or(0, |p| p.len());
    if !quiet {
        say!("{}: {} patterns before, {now} now", about.spec.model, count);
        if let Some(examined) = &examined {
            tell(examined, memory.as_ref());
        }
    }
    let betas = before.filter(|_| moves).and_then(|before| before.inverse_temperature());
    if let (Some(before), Some(now)) = (betas, memory.inverse_temperature()) {
        load::tell(quiet, of_moved_beta(before, now));
    }
    let json = examined.filter(|_| args.effect.json).map(|examined| {
        let labels: Option<Vec<_>> = examined.effects.iter().map(|e| memory.label(e.after)).collect();
        to_json(&examined, count, now, labels)
    });
    match again {
        Some((raw, known, line)) => append(&args.out, file, raw, known, line)?,
        None => Opened { memory, about }.write(&args.out)?,
    }
    wrote(quiet, &args.out);
    if let Some(json) = json {
        let mut out = streams::stdout(true);
        out.json(&json)?;
        std::io::Write::flush(&mut out)?;
    }
    Ok(())
}

/// Refuses images of another size than those of the memory.
pub(super) fn check_size(path: &Path, head: &Header, shape: Option<Shape>, memory: &Path) -> Result<()> {
    let sizes = |s: Shape| (s.channels, s.height, s.width);
    match (shape, head.shape) {
        (Some(old), Some(new)) if sizes(old) != sizes(new) => bail!(
            "{}: expected images of {old}, as {} has, found {new}; bring them to that size",
            path.display(),
            memory.display()
        ),
        _ => Ok(()),
    }
}

/// Says what the change did to the others.
fn tell<F: Held>(examined: &Examined, memory: &dyn Memory<F>) {
    /// So many patterns that lost cues are named.
    const NAMED: usize = 5;
    let (looked, near) = (examined.effects.len(), examined.near);
    let which = match near {
        0 => format!("the {looked} others"),
        _ => format!(
            "{looked} of the {} others ({near} nearest to the change, {} evenly spaced)",
            examined.kept,
            looked - near
        ),
    };
    say!(
        "{} cues ({}) of {which}: {} recalled before, {} now; {} lost, {} gained",
        examined.total(|e| e.cues),
        examined.corruption,
        examined.total(|e| e.recalled_before),
        examined.total(|e| e.recalled),
        examined.total(|e| e.lost),
        examined.total(|e| e.gained)
    );
    let losers = examined.losers();
    let named = losers.iter().take(NAMED).map(|effect| {
        let label = memory.label(effect.after);
        let label = label.map_or(String::new(), |l| format!(" ({})", streams::label(l, LABEL)));
        format!("pattern {}{label} {} of {}", effect.after, effect.lost, effect.cues)
    });
    let named: Vec<_> = named.collect();
    if !named.is_empty() {
        let more = match losers.len() - named.len() {
            0 => String::new(),
            1 => " and another".to_owned(),
            n => format!(" and {n} others"),
        };
        say!("lost most: {}{more}", named.join(", "));
    }
}

fn to_json(examined: &Examined, before: usize, now: usize, labels: Option<Vec<&str>>) -> Value {
    let mut patterns = serde_json::Map::new();
    insert_lists(&mut patterns, attractor::analysis::Effect::FIELDS, &examined.effects);
    patterns.insert("label".into(), json!(labels));
    json!({
        "patterns_before": before,
        "patterns": now,
        "kept": examined.kept,
        "nearest": examined.near,
        "corruption": examined.corruption.to_string(),
        "seed": examined.seed,
        "cues": examined.total(|e| e.cues),
        "recalled_before": examined.total(|e| e.recalled_before),
        "recalled": examined.total(|e| e.recalled),
        "lost": examined.total(|e| e.lost),
        "gained": examined.total(|e| e.gained),
        "of": patterns,
    })
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
