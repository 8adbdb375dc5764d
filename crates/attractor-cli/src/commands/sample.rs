//! `attractor sample`

use std::io::{BufWriter, Write};

use anyhow::{Result, bail};
use attractor::memories::{Options, Row};
use attractor::{Real, Request};
use attractor_data::Number;
use serde_json::{Value, json};

use crate::args::Sample;
use crate::output::{Grid, Output, canvas};
use crate::{in_precision, load, progress};

pub fn run(args: &Sample, options: &Options) -> Result<()> {
    load::distinct(
        &[Some(&args.store.memory)],
        &[("out", args.out.as_ref()), ("picture", args.picture.as_ref())],
    )?;
    if args.count == 0 {
        bail!("count: expected at least one recall, found 0");
    }
    let (source, precision) = load::source(&args.store)?;
    in_precision!(precision, sample(args, source, options))
}

/// How many recalls ended where.
struct Landings {
    landed: u64,
    settled: u64,
    /// Landed on each memory.
    on: Vec<u64>,
}

fn sample<F: Real + Number + Into<Value>>(
    args: &Sample,
    source: load::Source,
    options: &Options,
) -> Result<()> {
    let load::Loaded { memory, shape, raw, .. } = load::memory::<F>(&args.store, source, options)?;
    let (memory, quiet) = (memory.as_ref(), args.store.work.quiet);
    let canvas = || canvas(memory, shape, raw);
    let mut grid = args.picture.as_ref().map(|path| Grid::new(path, canvas())).transpose()?;
    let mut states = match &args.out {
        Some(path) => Some(Output::create(path, args.count, memory.dim(), canvas)?),
        None => None,
    };
    let (Some(memories), Some(spread)) = (memory.memories(), memory.spread()) else {
        bail!("sample: expected a memory that knows its memories, found {}", memory.name());
    };
    let within = match args.within {
        Some(within) if within > 0.0 && within.is_finite() => within,
        Some(within) => bail!("within: expected a finite number > 0, found {within}"),
        // A network's memories are never quite in their places.
        None => {
            if memory.landscape().is_ok() {
                0.05
            } else {
                0.5
            }
        }
    };
    let near = within * spread / memory.preparation().scale();
    let mut found = Landings { landed: 0, settled: 0, on: vec![0; memories] };
    let bar = progress::bar("recalls", quiet);
    bar.set_length(args.count as u64);
    let batch = load::batch_of(memory.dim());
    for from in (0..args.count).step_by(batch) {
        let rows: Vec<u64> = (from..args.count.min(from + batch)).map(|r| r as u64).collect();
        let (cues, level) = memory.imagine(&rows, args.seed)?;
        let recall = memory.recall(&Request {
            level,
            updates: args.rest.updates,
            tolerance: args.rest.tolerance,
            seed: args.seed,
            first_row: from as u64,
            ..Request::new(cues.view())
        })?;
        for row in &recall.rows {
            found.count(row, near);
        }
        let names: Vec<String> = rows.iter().map(|r| format!("{r:06}")).collect();
        if let Some(states) = &mut states {
            let places: Vec<String> = names.iter().map(|n| format!("{n}.png")).collect();
            states.append(recall.states.view(), &recall.rows, &places)?;
        }
        if let Some(grid) = &mut grid {
            grid.append(memory, cues.view(), None, recall.states.view(), &recall.rows, &names);
        }
        bar.inc(rows.len() as u64);
    }
    bar.finish_and_clear();
    if let Some(states) = states {
        states.finish()?;
    }
    if let Some(grid) = grid {
        grid.finish()?;
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    let weights = memory.weights();
    if args.json {
        let line = json!({
            "model": memory.name(),
            "count": args.count,
            "seed": args.seed,
            "landed": found.landed,
            "within": within,
            "settled": found.settled,
            "landed_on": found.on,
            "weights": weights,
        });
        writeln!(out, "{line}")?;
        return Ok(out.flush()?);
    }
    let share = |n: u64| 100.0 * n as f64 / args.count as f64;
    writeln!(
        out,
        "{} recalls from nothing: {:.1} % landed on a stored memory (within {within} spreads), {:.1} % settled\n",
        args.count,
        share(found.landed),
        share(found.settled)
    )?;
    writeln!(out, "{:>8} {:>8} {:>8} {:>8}", "memory", "landed", "share", "weight")?;
    let mut order: Vec<usize> = (0..memories).filter(|&n| found.on[n] > 0).collect();
    order.sort_by_key(|&n| (std::cmp::Reverse(found.on[n]), n));
    for &n in order.iter().take(args.top) {
        let label = memory.label(n).map_or(String::new(), |l| format!("  {}", super::printable(l)));
        let weight = weights.as_ref().map_or("-".into(), |w| format!("{:.4}", w[n]));
        writeln!(
            out,
            "{n:>8} {:>8} {:>8.4} {weight:>8}{label}",
            found.on[n],
            found.on[n] as f64 / args.count as f64
        )?;
    }
    let never = memories - order.len();
    if order.len() > args.top {
        writeln!(out, "     and {} others", order.len() - args.top)?;
    }
    writeln!(out, "{never} of {memories} memories were not landed on")?;
    Ok(out.flush()?)
}

impl Landings {
    fn count(&mut self, row: &Row, near: f64) {
        self.settled += u64::from(matches!(row.outcome, attractor::Outcome::Settled { .. }));
        if let (Some(n), Some(true)) = (row.memory, row.distance.map(|d| d <= near)) {
            self.landed += 1;
            self.on[n] += 1;
        }
    }
}
