//! `attractor recall --repeat`: where many stochastic recalls of each cue end.

use std::io::{BufWriter, Write};

use anyhow::Result;
use attractor::Real;
use attractor::analysis::{Counts, repeat};
use attractor::diffusion::Sampler;
use attractor::memories::Options;
use serde_json::{Value, json};

use crate::args::Recall;
use crate::cues::Cued;
use crate::{load, progress};

pub fn repeated<F: Real + Into<Value>>(
    args: &Recall,
    repeats: usize,
    source: load::Source,
    options: &Options,
) -> Result<()> {
    let loaded = load::memory::<F>(&args.store, source, options)?;
    let quiet = args.store.work.quiet;
    let mut cues = Cued::open(&args.cues, &args.rest, &args.store, &loaded)?;
    let memory = loaded.memory.as_ref();
    if let Some(sampler) = memory.sampling().map(|c| c.sampler).filter(|s| !s.samples_posterior() && !quiet) {
        let does = if sampler.is_stochastic() {
            "does not draw from the posterior"
        } else {
            "always recalls the same"
        };
        eprintln!("note: {} {does}; --sampler {} draw from it", sampler.name(), drawing());
    }
    let bar = progress::bar("recalls", quiet);
    bar.set_length((cues.head.rows as u64).saturating_mul(repeats as u64));
    let mut out = BufWriter::new(std::io::stdout().lock());
    let batch = load::batch_of(cues.head.columns);
    cues.each(batch, |asked, rows, labels, from| {
        let known = asked.known(from..from + rows.nrows());
        let request = asked.request(rows.view(), known.as_ref().map(|k| k.view()), from);
        let counts = repeat::<F>(memory, &request, repeats, |done| {
            bar.inc(done);
            Ok(())
        })?;
        for (k, counts) in counts.iter().enumerate() {
            let (id, cue) = (asked.id(from + k), labels.as_ref().map(|l| l[k].as_str()));
            if args.json {
                serde_json::to_writer(&mut out, &to_json(id, cue, counts)).map_err(std::io::Error::from)?;
                writeln!(out)?;
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

/// The samplers that draw from the posterior, as a list in a sentence.
fn drawing() -> String {
    let names: Vec<_> = Sampler::ALL.iter().filter(|(_, s)| s.samples_posterior()).map(|(n, _)| *n).collect();
    let (last, others) = names.split_last().expect("one of them draws");
    format!("{} and {last}", others.join(", "))
}

/// Probability of a χ² at least as large where the counts are drawn from the posterior.
fn p_value(counts: &Counts) -> Option<f64> {
    let half = counts.freedom as f64 / 2.0;
    match counts.freedom {
        0 => None,
        _ if !counts.chi_square.is_finite() => Some(0.0),
        _ => Some(puruspe::gammq(half, counts.chi_square / 2.0)),
    }
}

fn to_json(id: u64, cue: Option<&str>, counts: &Counts) -> Value {
    json!({
        "row": id,
        "cue": cue,
        "sigma": counts.sigma,
        "counts": counts.ended,
        "posterior": counts.posterior,
        "chi_square": counts.chi_square,
        "degrees_of_freedom": counts.freedom,
        "p": p_value(counts),
    })
}

/// The memories that most recalls ended in or that the posterior favours, and the test.
fn print(
    out: &mut impl Write,
    id: u64,
    cue: Option<&str>,
    counts: &Counts,
    repeats: usize,
    top: usize,
    label: impl Fn(usize) -> Option<String>,
) -> Result<()> {
    let name = cue.map_or(String::new(), |cue| format!(" ({})", super::printable(cue)));
    let sigma = counts.sigma.map_or(String::new(), |s| format!(" at sigma {s:.4}"));
    writeln!(out, "row {id}{name}: {repeats} recalls{sigma}")?;
    writeln!(out, "{:>8} {:>9} {:>9} {:>9}", "memory", "ended", "share", "posterior")?;
    let total = repeats as f64;
    let weight = |n: usize| counts.posterior[n].max(counts.ended[n] as f64 / total);
    let mut order: Vec<usize> = (0..counts.ended.len()).filter(|&n| weight(n) > 0.0).collect();
    order.sort_by(|&a, &b| weight(b).total_cmp(&weight(a)).then(a.cmp(&b)));
    for &n in order.iter().take(top) {
        let label = label(n).map_or(String::new(), |l| format!("  {}", super::printable(&l)));
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
            "chi-square {:.2} at {} degrees of freedom: p = {p:.4}\n",
            counts.chi_square, counts.freedom
        )?,
        None => writeln!(out, "one memory has all of the posterior: nothing to compare\n")?,
    }
    Ok(())
}
