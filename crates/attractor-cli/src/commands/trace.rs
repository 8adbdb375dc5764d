//! `attractor trace`

use std::io::Write;

use anyhow::{Result, bail};
use attractor::analysis::{Trace, TraceEvents, TraceStep, trace};
use attractor::memories::Options;
use attractor::{Memory, Real};
use attractor_data::Number;
use attractor_figures::steps;
use attractor_session::{About, insert_fields, insert_lists, with_memory};
use serde_json::{Map, Value, json};

use crate::args;
use crate::columns::{in_order, number};
use crate::cues::{Batch, OpenedCues};
use crate::output::wrote;
use crate::steps_file::StepsFile;
use crate::streams::say;
use crate::{load, progress, streams};

pub fn run(args: &args::Trace, options: &Options) -> Result<()> {
    load::distinct(
        &[Some(&args.store.memory), Some(&args.cues.file), args.cues.clamp.as_ref()],
        &[("out", args.out.as_ref()), ("picture", args.picture.as_ref())],
    )?;
    load::concern(
        &args.store.files,
        &[Some(&args.store.memory), Some(&args.cues.file), args.cues.clamp.as_ref()],
    )?;
    let session = load::session(&args.store, options)?;
    with_memory!(&session.memory, memory => traced(args, memory, &session.about))
}

/// The largest number of cues in a picture.
const DRAWN: usize = 7;

fn traced<F: Real + Number + Into<Value>>(
    args: &args::Trace,
    memory: &dyn Memory<F>,
    about: &About,
) -> Result<()> {
    let quiet = args.store.work.quiet;
    let mut cues = OpenedCues::open(&args.cues, &args.rest, &args.store, memory, about)?;
    if let Some(path) = &args.picture {
        if !matches!(path.extension().and_then(|e| e.to_str()), Some("svg" | "png")) {
            bail!("picture: expected a .svg or .png file to draw to, found {}", path.display());
        }
        drop(attractor_data::NewFile::create(path)?);
    }
    let mut file = args.out.as_ref().map(|path| StepsFile::<F>::create(path, memory.dim())).transpose()?;
    let rows = cues.head.rows;
    let bar = progress::bar("cues", quiet);
    bar.set_length(rows as u64);
    let mut out = streams::stdout(args.out.is_some() || args.picture.is_some());
    if !args.json {
        writeln!(
            out,
            "{:>6} {:>8} {:>20} {:>20} {:>7} {:>13}  outcome",
            "row", "sigma", "speciates", "commits", "memory", "energy"
        )?;
    }
    let mut drawn = Vec::new();
    let batch = batch_of(memory.sampling().map(|c| c.steps()), args.rest.updates, memory.dim());
    cues.each(batch, |batch: Batch<F>| {
        let trace = trace(memory, &batch.request())?;
        for (row, moments) in trace.moments.iter().enumerate() {
            let id = batch.id(row);
            let steps = &moments[..moments.len().min(trace.recall.rows[row].steps + 1)];
            let label = batch.labels.as_ref().map(|l| l[row].as_str());
            if args.json {
                let line = to_json(id, label, &trace, row, steps, args.out.is_none());
                out.json(&line)?;
            } else {
                writeln!(out, "{}", to_line(id, &trace, row, steps))?;
            }
            for (step, moment) in steps.iter().enumerate() {
                if let Some(file) = &mut file {
                    file.append(id, step, moment, trace.states.slice(ndarray::s![step, row, ..]))?;
                }
            }
            if args.picture.is_some() && drawn.len() < DRAWN {
                drawn.push(steps::Line {
                    name: label.map_or(format!("cue {id}"), |text| streams::label(text, LEGEND)),
                    moments: steps.to_vec(),
                    marks: trace.marks[row],
                    plays: trace.recall.rows[row].played.is_some(),
                });
            }
        }
        bar.inc(batch.cues.nrows() as u64);
        Ok(())
    })?;
    bar.finish_and_clear();
    let figure = steps::figure(&drawn, rows);
    match &args.picture {
        Some(path) if !figure.panels.is_empty() => {
            figure.write_to(path)?;
            wrote(quiet, path);
        }
        Some(path) if !quiet => {
            say!("note: there is nothing to draw in {}: no cue moves", path.display())
        }
        _ => {}
    }
    if let Some(file) = file {
        file.finish()?;
    }
    if let Some(path) = &args.out {
        wrote(quiet, path);
    }
    Ok(out.flush()?)
}

/// The longest label that a legend has room for.
const LEGEND: usize = 24;

/// The number of cues in a batch. It is small, since every step of each cue is kept.
fn batch_of(steps: Option<usize>, updates: Option<usize>, dim: usize) -> usize {
    const NUMBERS: usize = 1 << 24;
    let steps = steps.or(updates).unwrap_or(100) + 1;
    (NUMBERS / (steps.saturating_mul(dim)).max(1)).clamp(1, 256)
}

/// A marked step with its noise level, as text.
fn mark(step: Option<usize>, moments: &[TraceStep]) -> String {
    match step.and_then(|step| Some((step, moments.get(step)?))) {
        None => "-".into(),
        Some((0, _)) => "from the start".into(),
        Some((step, moment)) if moment.time.is_some() => format!("step {step}, sigma {:.3}", moment.sigma),
        Some((step, _)) => format!("step {step}"),
    }
}

fn to_line<F: Real>(id: u64, trace: &Trace<F>, row: usize, moments: &[TraceStep]) -> String {
    let (report, marks) = (&trace.recall.rows[row], trace.marks[row]);
    let (outcome, step) = (report.ending().name(), report.ending_step());
    format!(
        "{id:>6} {:>8} {:>20} {:>20} {:>7} {:>13}  {outcome}{}{}",
        report.sigma.map_or("-".into(), |s| format!("{s:.4}")),
        mark(marks.speciates, moments),
        mark(marks.commits, moments),
        report.memory.map_or("-".into(), |m| m.to_string()),
        moments.last().and_then(|m| m.energy).map_or("-".into(), |e| number(e, 13, 6)),
        step.map_or(String::new(), |s| format!(" at {s}")),
        report.played.as_deref().map_or(String::new(), in_order),
    )
}

fn to_json<F: Real + Into<Value>>(
    id: u64,
    cue: Option<&str>,
    trace: &Trace<F>,
    row: usize,
    moments: &[TraceStep],
    states: bool,
) -> Value {
    let (report, marks) = (&trace.recall.rows[row], trace.marks[row]);
    let mut line = Map::new();
    line.insert("row".into(), json!(id));
    line.insert("cue".into(), json!(cue));
    line.insert("memory".into(), json!(report.memory));
    line.insert("outcome".into(), json!(report.ending().name()));
    insert_fields(&mut line, TraceEvents::FIELDS, &marks);
    insert_lists(&mut line, TraceStep::FIELDS, moments);
    if states {
        let rows = (0..moments.len()).map(|step| -> Value {
            trace.states.slice(ndarray::s![step, row, ..]).iter().map(|&x| x.into()).collect()
        });
        line.insert("states".into(), rows.collect());
    }
    Value::Object(line)
}
