//! `attractor recall`

use std::io::Write;

use anyhow::{Result, bail};
use attractor::memories::{Ending, Options, Row};
use attractor::{Memory, Real, Recall as Recalled, Request};
use attractor_data::{NpyWriter, Number};
use attractor_session::{About, batch_of, json, with_memory};
use ndarray::ArrayView1;
use serde_json::{Map, Value, json};

use super::repeat::repeated;
use super::summary::Summary;
use crate::args::Recall;
use crate::cues::{Batch, OpenedCues};
use crate::output::{States, file_names};
use crate::streams::{LABEL, Printer, label, say};
use crate::{columns, load, progress, streams};

pub fn run(args: &Recall, options: &Options) -> Result<()> {
    load::distinct(
        &[Some(&args.store.memory), Some(&args.cues.file), args.cues.clamp.as_ref(), args.truth.as_ref()],
        &[
            ("out", args.out.as_ref()),
            ("values-out", args.values_out.as_ref()),
            ("picture", args.picture.as_ref()),
        ],
    )?;
    load::concern(
        &args.store.files,
        &[Some(&args.store.memory), Some(&args.cues.file), args.cues.clamp.as_ref(), args.truth.as_ref()],
    )?;
    let session = load::session(&args.store, options)?;
    with_memory!(&session.memory, memory => match args.repeat {
        Some(repeats) => repeated(args, repeats, memory, &session.about),
        None => recall(args, memory, &session.about),
    })
}

fn recall<F: Real + Number + Into<Value>>(
    args: &Recall,
    memory: &dyn Memory<F>,
    about: &About,
) -> Result<()> {
    let quiet = args.store.work.quiet;
    let mut cues = OpenedCues::open(&args.cues, &args.rest, &args.store, memory, about)?;
    cues.asked.top = args.top;
    cues.asked.reject = args.reject;
    let head = cues.head.clone();
    let calibration = cues.asked.calibration(memory, cues.known.is_some())?;
    let mut states =
        States::create(args.out.as_deref(), args.picture.as_deref(), head.rows, memory, about, head.shape)?;
    let mut values = values_file(args, memory, head.rows)?;
    let file_names = file_names(head.labels.as_deref());

    let batch = batch_of(head.columns);
    let bar = progress::bar("cues", quiet || head.rows <= batch);
    let mut out = streams::stdout(args.out.is_some() || args.picture.is_some() || values.is_some());
    let mut tally = Tally::default();
    let mut undefined = 0;
    let truth = args.truth.as_deref().map(|path| {
        Ok::<_, anyhow::Error>((path, load::rows_like(path, &args.store.files, about.shape, quiet)?))
    });
    let mut summary = Summary::new(memory, head.rows, head.labels.is_some(), truth.transpose()?)?;
    cues.each(batch, |batch: Batch<F>| {
        let asked = Request { calibration: calibration.as_ref(), ..batch.request() };
        let mut recalled = memory.recall(&asked)?;
        if args.binarize {
            recalled.states.mapv_inplace(sign);
        }
        tally.add(&recalled.rows);
        undefined += recalled.rows.iter().filter(|row| row.ending() == Ending::Undefined).count();
        let right = summary.add(memory, &batch, &recalled.rows)?;
        print(&mut out, args, memory, &batch, &recalled, &right)?;
        let ids = (0..recalled.rows.len()).map(|row| format!("{:06}", batch.id(row)));
        let to = batch.from + recalled.rows.len();
        let places: Vec<String> = match &file_names {
            Some(names) => names[batch.from..to].to_vec(),
            None => ids.clone().map(|id| id + ".png").collect(),
        };
        if let (Some(writer), Some(values)) = (&mut values, &recalled.values) {
            writer.append(values.view())?;
        }
        let names: Vec<String> = batch.labels.clone().unwrap_or_else(|| ids.collect());
        let known = batch.known.as_ref().map(|known| known.view());
        states.append(memory, batch.cues.view(), known, &recalled, &places, &names)?;
        bar.set_length(head.rows as u64);
        bar.set_position(to as u64);
        Ok(())
    })?;
    bar.finish_and_clear();
    match summary.line() {
        Some(line) if !args.json => writeln!(out, "\n{line}")?,
        Some(line) if !quiet => say!("{line}"),
        _ => {}
    }
    out.flush()?;
    if let Some(line) = tally.line().filter(|_| !quiet) {
        say!("note: {line}");
    }
    if undefined > 0 && !quiet {
        say!(
            "note: {undefined} of {} cues have no answer, and keep their state; their outcome (undefined) says why",
            head.rows
        );
    }
    values.map_or(Ok(()), NpyWriter::finish)?;
    states.finish(quiet)
}

/// Creates the file for recalled values, if one was asked for.
fn values_file<F: Real + Number>(
    args: &Recall,
    memory: &dyn Memory<F>,
    rows: usize,
) -> Result<Option<NpyWriter<F>>> {
    let width = memory.patterns().and_then(|p| p.associated()).map(|v| v.ncols());
    match (&args.values_out, width) {
        (Some(path), Some(width)) => Ok(Some(NpyWriter::create(path, rows, width)?)),
        (Some(_), None) => {
            bail!("values-out: expected a memory with associated values, found none; give --values")
        }
        _ => Ok(None),
    }
}

/// How many patterns were read, counted over all cues.
#[derive(Default)]
struct Tally {
    cues: usize,
    full: usize,
    narrow: usize,
    spread: usize,
}

impl Tally {
    fn add(&mut self, rows: &[Row]) {
        for reads in rows.iter().filter_map(|row| row.reads) {
            self.cues += 1;
            self.full += reads.full;
            self.narrow += reads.narrow;
            self.spread += usize::from(reads.spread > 0);
        }
    }

    /// The count as a sentence. `None` if every read was of the whole memory.
    fn line(&self) -> Option<String> {
        (self.narrow > 0).then(|| {
            format!(
                "{:.1} reads of all patterns a cue, {:.1} of those alone that weigh anything; {} of {} cues were too spread out at first",
                self.full as f64 / self.cues as f64,
                self.narrow as f64 / self.cues as f64,
                self.spread,
                self.cues
            )
        })
    }
}

/// The names of a cue and of the memory that it recalled, and whether that is the right one.
struct Names<'a> {
    cue: Option<&'a String>,
    memory: Option<&'a str>,
    right: Option<bool>,
}

fn sign<F: Real>(x: F) -> F {
    if x > F::ZERO {
        F::ONE
    } else if x < F::ZERO {
        -F::ONE
    } else {
        F::ZERO
    }
}

/// Prints one line for each recalled row, with a heading before the first.
fn print<F: Real + Into<Value>>(
    out: &mut Printer,
    args: &Recall,
    memory: &dyn Memory<F>,
    batch: &Batch<F>,
    recalled: &Recalled<F>,
    right: &[Option<bool>],
) -> Result<()> {
    if batch.from == 0 && !args.json {
        writeln!(out, "{}", columns::heading())?;
    }
    for (k, row) in recalled.rows.iter().enumerate() {
        let id = batch.id(k);
        let names = Names {
            cue: batch.labels.as_ref().map(|l| &l[k]),
            memory: row.memory.and_then(|n| memory.label(n)),
            right: right[k],
        };
        if args.json {
            let state = args.out.is_none().then(|| recalled.states.row(k));
            let value = recalled.values.as_ref().filter(|_| row.has_answer()).map(|v| v.row(k));
            let line = to_json(id, row, &names, state, value);
            out.json(&line)?;
        } else {
            writeln!(out, "{}", to_line(id, row, &names))?;
        }
    }
    Ok(())
}

fn to_json<F: Real + Into<Value>>(
    id: u64,
    row: &Row,
    names: &Names,
    state: Option<ArrayView1<F>>,
    values: Option<ArrayView1<F>>,
) -> Value {
    let list = |numbers: ArrayView1<F>| -> Value { numbers.iter().map(|&x| x.into()).collect() };
    let mut line = Map::new();
    let mut say = |name: &str, value: Value| {
        line.insert(name.to_owned(), value);
    };
    say("row", json!(id));
    if let Some(cue) = names.cue {
        say("cue", json!(cue));
    }
    if let Some(state) = state {
        say("state", list(state));
    }
    if let Some(values) = values {
        say("values", list(values));
    }
    for field in Row::FIELDS {
        say(field.name, json(&(field.get)(row)));
        if field.name == "memory" {
            say("label", json!(names.memory));
            if let Some(right) = names.right {
                say("right", json!(right));
            }
        }
    }
    Value::Object(line)
}

fn to_line(id: u64, row: &Row, names: &Names) -> String {
    let columns = columns::cells(row);
    let step = row.ending_step().map_or(String::new(), |s| format!(" at {s}"));
    let reason = row.reason().map_or(String::new(), |reason| format!(": {reason}"));
    let regime = row.regime.map_or(String::new(), |r| format!(", {r}"));
    let share = row.event_share.map_or(String::new(), |share| {
        format!(", {:.1} % event, {:.1} % gist", 100.0 * share, 100.0 * (1.0 - share))
    });
    let which = match (names.cue, names.memory) {
        (None, None) => String::new(),
        (cue, memory) => format!(
            "  {} -> {}",
            label(cue.map_or("cue", String::as_str), LABEL),
            label(memory.unwrap_or("-"), LABEL)
        ),
    };
    let wrong = if names.right == Some(false) { ", wrong" } else { "" };
    let order = row.played.as_deref().map_or(String::new(), columns::in_order);
    format!("{id:>6}{columns}  {}{step}{reason}{regime}{share}{order}{which}{wrong}", row.ending().name())
}
