//! `attractor sample`

use std::io::Write;

use anyhow::{Result, bail};
use attractor::memories::{Options, Row};
use attractor::{Memory, Outcome, Real};
use attractor_data::Number;
use attractor_session::{About, RecallOptions, batch_of, with_memory};
use serde_json::json;

use crate::args::Sample;
use crate::output::States;
use crate::streams::{LABEL, Printer, label};
use crate::{load, progress, streams};

pub fn run(args: &Sample, options: &Options) -> Result<()> {
    load::distinct(
        &[Some(&args.store.memory)],
        &[("out", args.out.as_ref()), ("picture", args.picture.as_ref())],
    )?;
    load::concern(&args.store.files, &[Some(&args.store.memory)])?;
    if args.count == 0 {
        bail!("count: expected at least one recall, found 0");
    }
    let session = load::session(&args.store, options)?;
    with_memory!(&session.memory, memory => sample(args, memory, &session.about))
}

fn sample<F: Real + Number>(args: &Sample, memory: &dyn Memory<F>, about: &About) -> Result<()> {
    let (out, picture) = (args.out.as_deref(), args.picture.as_deref());
    let mut states = States::create(out, picture, args.count, memory, about, None)?;
    let mut found = Landings::new(args, memory)?;
    let asked = RecallOptions {
        updates: args.rest.updates,
        tolerance: args.rest.tolerance,
        seed: args.seed,
        ..RecallOptions::default()
    };
    let bar = progress::bar("recalls", args.store.work.quiet);
    bar.set_length(args.count as u64);
    let batch = batch_of(memory.dim());
    for from in (0..args.count).step_by(batch) {
        let rows: Vec<u64> = (from..args.count.min(from + batch)).map(|row| asked.id(row)).collect();
        let (cues, level) = memory.prior_samples(&rows, args.seed)?;
        let recall =
            memory.recall(&RecallOptions { level, ..asked.clone() }.request(cues.view(), None, from))?;
        recall.rows.iter().for_each(|row| found.count(row));
        let names: Vec<String> = rows.iter().map(|r| format!("{r:06}")).collect();
        let places: Vec<String> = names.iter().map(|n| format!("{n}.png")).collect();
        states.append(memory, cues.view(), None, &recall, &places, &names)?;
        bar.inc(rows.len() as u64);
    }
    bar.finish_and_clear();
    states.finish(args.store.work.quiet)?;
    let mut out = streams::stdout(args.out.is_some() || args.picture.is_some());
    if args.json {
        found.write_json(&mut out, args, memory)?
    } else {
        found.write(&mut out, args, memory)?
    }
    Ok(out.flush()?)
}

/// Counts the memories that recalls ended in.
struct Landings {
    /// The largest distance at which a recall counts as landed on a memory, in spreads.
    within: f64,
    /// The same distance, in the units of the states.
    near: f64,
    landed: u64,
    settled: u64,
    /// Recalls that landed on each memory.
    on: Vec<u64>,
}

impl Landings {
    fn new<F: Real>(args: &Sample, memory: &dyn Memory<F>) -> Result<Self> {
        let (Some(memories), Some(spread)) = (memory.memories(), memory.spread()) else {
            bail!(
                "sample: expected a memory that can list its stored memories, found {}, which cannot; choose another model",
                memory.name()
            );
        };
        // A network's memories are never exactly where the patterns are.
        let usual = if memory.landscape().is_ok() { 0.05 } else { 0.5 };
        let within = args.within.unwrap_or(usual);
        let near = within * spread / memory.preparation().scale();
        Ok(Landings { within, near, landed: 0, settled: 0, on: vec![0; memories] })
    }

    fn count(&mut self, row: &Row) {
        self.settled += u64::from(matches!(row.outcome, Outcome::Settled { .. }));
        if let (Some(n), Some(true)) = (row.memory, row.distance.map(|d| d <= self.near)) {
            self.landed += 1;
            self.on[n] += 1;
        }
    }

    fn write_json<F: Real>(&self, out: &mut Printer, args: &Sample, memory: &dyn Memory<F>) -> Result<()> {
        let line = json!({
            "model": memory.name(),
            "count": args.count,
            "seed": args.seed,
            "landed": self.landed,
            "within": self.within,
            "settled": self.settled,
            "landed_on": self.on,
            "weights": memory.weights(),
        });
        Ok(out.json(&line)?)
    }

    fn write<F: Real>(&self, out: &mut Printer, args: &Sample, memory: &dyn Memory<F>) -> Result<()> {
        let total = args.count as f64;
        writeln!(
            out,
            "{} recalls from nothing: {:.1} % landed on a stored memory (within {} spreads), {:.1} % settled\n",
            args.count,
            100.0 * self.landed as f64 / total,
            self.within,
            100.0 * self.settled as f64 / total
        )?;
        writeln!(out, "{:>8} {:>8} {:>8} {:>8}", "memory", "landed", "share", "weight")?;
        let weights = memory.weights();
        let memories = self.on.len();
        let mut order: Vec<usize> = (0..memories).filter(|&n| self.on[n] > 0).collect();
        order.sort_by_key(|&n| (std::cmp::Reverse(self.on[n]), n));
        for &n in order.iter().take(args.top) {
            let label = memory.label(n).map_or(String::new(), |l| format!("  {}", label(l, LABEL)));
            let weight = weights.as_ref().map_or("-".into(), |w| format!("{:.4}", w[n]));
            let share = self.on[n] as f64 / total;
            writeln!(out, "{n:>8} {:>8} {share:>8.4} {weight:>8}{label}", self.on[n])?;
        }
        let never = memories - order.len();
        if order.len() > args.top {
            writeln!(out, "     and {} others", order.len() - args.top)?;
        }
        Ok(writeln!(out, "{never} of {memories} memories were not landed on")?)
    }
}
