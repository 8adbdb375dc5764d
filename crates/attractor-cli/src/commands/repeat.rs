//! `attractor recall --repeat`: counts where many stochastic recalls of each cue end.

use std::io::Write;

use anyhow::Result;
use attractor::analysis::{Counts, repeat};
use attractor::{Memory, Real};
use attractor_report::statistics::chi_square_tail;
use attractor_session::{About, batch_of, insert_fields, of_repeats};
use serde_json::{Map, Value, json};

use crate::args::Recall;
use crate::cues::{Batch, OpenedCues};
use crate::streams::LABEL;
use crate::{load, progress, streams};

pub fn repeated<F: Real>(args: &Recall, repeats: usize, memory: &dyn Memory<F>, about: &About) -> Result<()> {
    let quiet = args.store.work.quiet;
    let mut cues = OpenedCues::open(&args.cues, &args.rest, &args.store, memory, about)?;
    load::tell(quiet, of_repeats(memory));
    let bar = progress::bar("recalls", quiet);
    bar.set_length((cues.head.rows as u64).saturating_mul(repeats as u64));
    let mut out = streams::stdout(false);
    cues.each(batch_of(cues.head.columns), |batch: Batch<F>| {
        let counts = repeat(memory, &batch.request(), repeats, |done| {
            bar.inc(done);
            Ok(())
        })?;
        for (k, counts) in counts.iter().enumerate() {
            let (id, cue) = (batch.id(k), batch.labels.as_ref().map(|l| l[k].as_str()));
            if args.json {
                out.json(&to_json(id, cue, counts))?;
            } else {
                let label = |n: usize| memory.label(n).map(str::to_owned);
                print(&mut out, id, cue, counts, repeats, args.top, label)?;
            }
        }
        Ok(())
    })?;
    bar.finish_and_clear();
    Ok(out.flush()?)
}

/// The probability of a χ² at least as large, if the counts are drawn from the posterior.
fn p_value(counts: &Counts) -> Option<f64> {
    chi_square_tail(counts.chi_square, counts.freedom)
}

fn to_json(id: u64, cue: Option<&str>, counts: &Counts) -> Value {
    let mut line = Map::new();
    line.insert("row".into(), json!(id));
    line.insert("cue".into(), json!(cue));
    insert_fields(&mut line, Counts::FIELDS, counts);
    line.insert("p".into(), json!(p_value(counts)));
    Value::Object(line)
}

/// Prints the memories that most recalls ended in or that the posterior favours, and the test.
fn print(
    out: &mut impl Write,
    id: u64,
    cue: Option<&str>,
    counts: &Counts,
    repeats: usize,
    top: usize,
    label: impl Fn(usize) -> Option<String>,
) -> Result<()> {
    let name = cue.map_or(String::new(), |cue| format!(" ({})", streams::label(cue, LABEL)));
    let sigma = counts.sigma.map_or(String::new(), |s| format!(" at sigma {s:.4}"));
    writeln!(out, "row {id}{name}: {repeats} recalls{sigma}")?;
    writeln!(out, "{:>8} {:>9} {:>9} {:>9}", "memory", "ended", "share", "posterior")?;
    let total = repeats as f64;
    let weight = |n: usize| counts.posterior[n].max(counts.ended[n] as f64 / total);
    let mut order: Vec<usize> = (0..counts.ended.len()).filter(|&n| weight(n) > 0.0).collect();
    order.sort_by(|&a, &b| weight(b).total_cmp(&weight(a)).then(a.cmp(&b)));
    for &n in order.iter().take(top) {
        let label = label(n).map_or(String::new(), |l| format!("  {}", streams::label(&l, LABEL)));
        let (ended, share) = (counts.ended[n], counts.ended[n] as f64 / total);
        writeln!(out, "{n:>8} {ended:>9} {share:>9.4} {:>9.4}{label}", counts.posterior[n])?;
    }
    if order.len() > top {
        let (others, rest) = (&order[top..], order.len() - top);
        let ended: u64 = others.iter().map(|&n| counts.ended[n]).sum();
        let posterior: f64 = others.iter().map(|&n| counts.posterior[n]).sum();
        writeln!(
            out,
            "{:>8} {ended:>9} {:>9.4} {posterior:>9.4}  {rest} others",
            "...",
            ended as f64 / total
        )?;
    }
    match p_value(counts) {
        Some(p) => writeln!(
            out,
            "chi-square {:.2} at {} degrees of freedom: p = {p:.4}, the share of exact samples that differ as much\n",
            counts.chi_square, counts.freedom
        )?,
        None => writeln!(out, "one memory has all of the posterior: nothing to compare\n")?,
    }
    Ok(())
}
