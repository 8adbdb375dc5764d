//! `attractor recall`

use std::io::{BufWriter, Write};

use std::collections::BTreeSet;
use std::path::{Component, Path};

use anyhow::{Result, bail};
use attractor::memories::{Calibration, Options, Row};
use attractor::{Level, Preparation, Real, Request};
use attractor_data::{NpyWriter, Number};
use ndarray::{Array2, ArrayView1};
use serde_json::{Value, json};

use super::repeat::repeated;
use crate::args::Recall;
use crate::cues::Cued;
use crate::load::{self, Loaded};
use crate::output::{Grid, Output, canvas};
use crate::{in_precision, progress};

pub fn run(args: &Recall, options: &Options) -> Result<()> {
    load::distinct(
        &[Some(&args.store.memory), Some(&args.cues.file), args.cues.clamp.as_ref()],
        &[
            ("out", args.out.as_ref()),
            ("values-out", args.values_out.as_ref()),
            ("picture", args.picture.as_ref()),
        ],
    )?;
    let (source, precision) = load::source(&args.store)?;
    match args.repeat {
        Some(repeats) => in_precision!(precision, repeated(args, repeats, source, options)),
        None => in_precision!(precision, recall(args, source, options)),
    }
}

fn recall<F: Real + Number + Into<Value>>(
    args: &Recall,
    source: load::Source,
    options: &Options,
) -> Result<()> {
    let loaded = load::memory::<F>(&args.store, source, options)?;
    let quiet = args.store.work.quiet;
    let mut cues = Cued::open(&args.cues, &args.rest, &args.store, &loaded)?;
    let Loaded { memory, shape, raw, .. } = loaded;
    let (memory, level) = (memory.as_ref(), cues.level);
    let head = cues.head.clone();
    let calibration = calibration(args, memory, level)?;
    let label = |n: usize| memory.label(n);
    let canvas = || canvas(memory, shape.or(head.shape), raw);
    let mut grid = args.picture.as_ref().map(|path| Grid::new(path, canvas())).transpose()?;
    let mut states = match &args.out {
        Some(path) => Some(Output::create(path, head.rows, memory.dim(), canvas)?),
        None => None,
    };
    let file_names = file_names(head.labels.as_deref());
    let batch_of = load::batch_of(head.columns);
    let width = memory.patterns().and_then(|p| p.associated()).map(|v| v.ncols());
    let mut values = match (&args.values_out, width) {
        (Some(path), Some(width)) => Some(NpyWriter::create(path, head.rows, width)?),
        (Some(_), None) => {
            bail!("values-out: expected a memory with associated values, found none; give --values")
        }
        _ => None,
    };

    let bar = progress::bar("cues", quiet || head.rows <= batch_of);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut tally = Tally::default();
    let each = |asked: &Cued, cues: Array2<F>, labels: Option<Vec<String>>, from: usize| -> Result<()> {
        let to = from + cues.nrows();
        /// Far beyond what noise makes of grey values.
        const NOT_GREY: f64 = 20.0;
        if from == 0 && raw && !head.dtype.is_raw() && !quiet {
            let most = cues.iter().map(|v| v.wide().abs()).fold(0.0, f64::max);
            if most > NOT_GREY {
                eprintln!(
                    "note: the cues reach {most}, but the memory was made of bytes, read as 0 to 1; save them as uint8 or divide them by 255"
                );
            }
        }
        let known = asked.known(from..to);
        let mut recalled = memory.recall(&Request {
            top: args.top,
            calibration: calibration.as_ref(),
            reject: args.reject,
            ..asked.request(cues.view(), known.as_ref().map(|k| k.view()), from)
        })?;
        if args.binarize {
            recalled.states.mapv_inplace(sign);
        }
        if from == 0 && !args.json {
            writeln!(out, "{}", heading())?;
        }
        tally.add(&recalled.rows);
        for (k, row) in recalled.rows.iter().enumerate() {
            let id = asked.id(from + k);
            let names = Names { cue: labels.as_ref().map(|l| &l[k]), memory: row.memory.and_then(label) };
            if args.json {
                let state = args.out.is_none().then(|| recalled.states.row(k));
                let value = recalled.values.as_ref().filter(|_| !row.refused).map(|v| v.row(k));
                let line = to_json(id, row, &names, state, value);
                serde_json::to_writer(&mut out, &line).map_err(std::io::Error::from)?;
                writeln!(out)?;
            } else {
                writeln!(out, "{}", to_line(id, row, &names))?;
            }
        }
        let ids = (from..to).map(|row| format!("{:06}", asked.id(row)));
        let places: Vec<String> = match &file_names {
            Some(names) => names[from..to].to_vec(),
            None => ids.clone().map(|id| id + ".png").collect(),
        };
        let names: Vec<String> = labels.unwrap_or_else(|| ids.collect());
        if let Some(states) = &mut states {
            states.append(recalled.states.view(), &recalled.rows, &places)?;
        }
        if let (Some(writer), Some(values)) = (&mut values, &recalled.values) {
            writer.append(values.view())?;
        }
        if let Some(grid) = &mut grid {
            let known = known.as_ref().map(|k| k.view());
            grid.append(memory, cues.view(), known, recalled.states.view(), &recalled.rows, &names);
        }
        bar.set_length(head.rows as u64);
        bar.set_position(to as u64);
        Ok(())
    };
    cues.each(batch_of, each)?;
    out.flush()?;
    bar.finish_and_clear();
    if let Some(line) = tally.line().filter(|_| !quiet) {
        eprintln!("note: {line}");
    }
    if let Some(states) = states {
        states.finish()?;
    }
    if let Some(values) = values {
        values.finish()?;
    }
    grid.map_or(Ok(()), Grid::finish)
}

/// What was read of the memory, for all cues.
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

    /// Nothing where every read was of the whole memory.
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

/// What a cue and the memory that it recalled are called.
struct Names<'a> {
    cue: Option<&'a String>,
    memory: Option<&'a str>,
}

/// Names of the pictures of recalled states, where the cues are pictures with names: those of the cues, as
/// PNG. Nothing if two would be the same or one would lie outside of its folder.
fn file_names(labels: Option<&[String]>) -> Option<Vec<String>> {
    let inside = |path: &Path| path.components().all(|c| matches!(c, Component::Normal(_)));
    let picture = |path: &Path| {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        matches!(ending.as_deref(), Some("png" | "jpg" | "jpeg"))
    };
    let labels = labels?;
    if !labels.iter().map(Path::new).all(|path| inside(path) && picture(path)) {
        return None;
    }
    let unique = |names: &[String]| names.iter().collect::<BTreeSet<_>>().len() == names.len();
    let replaced: Vec<String> =
        labels.iter().map(|l| Path::new(l).with_extension("png").to_string_lossy().into_owned()).collect();
    // a.png and a.jpg in one folder.
    let added = || labels.iter().map(|l| format!("{l}.png")).collect::<Vec<_>>();
    Some(replaced).filter(|names| unique(names)).or_else(|| Some(added()).filter(|names| unique(names)))
}

/// What true cues look like, where a level says how noisy they are.
fn calibration<F: Real>(
    args: &Recall,
    memory: &dyn attractor::Memory<F>,
    level: Level,
) -> Result<Option<Calibration>> {
    let samples = Calibration::samples_for(args.reject)?;
    if args.reject.is_some() {
        if args.cues.clamp.is_some() {
            bail!(
                "reject: known units are held exactly and have no noise to judge by; leave --clamp or --reject away"
            );
        }
        if level == Level::Estimate {
            bail!(
                "reject: expected --sigma or --signal with it, the most noise that a cue may have; found neither (some noise explains any cue)"
            );
        }
    }
    let told = level != Level::Estimate && args.cues.clamp.is_none();
    let scored = |p: &&attractor::Patterns<F>| {
        told && (args.reject.is_some() || !matches!(p.preparation(), Preparation::Spins { .. }))
    };
    let Some(patterns) = memory.patterns().filter(scored) else {
        return Ok(None);
    };
    Ok(Some(Calibration::new(patterns, level, samples, args.cues.seed)?))
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

fn to_json<F: Real + Into<Value>>(
    id: u64,
    row: &Row,
    names: &Names,
    state: Option<ArrayView1<F>>,
    values: Option<ArrayView1<F>>,
) -> Value {
    let (name, step) = super::outcome(row);
    let posterior = row.posterior.as_ref();
    let mut line = json!({ "row": id });
    let object = line.as_object_mut().expect("an object");
    let list = |numbers: ArrayView1<F>| -> Value { numbers.iter().map(|&x| x.into()).collect() };
    if let Some(cue) = names.cue {
        object.insert("cue".into(), json!(cue));
    }
    if let Some(state) = state {
        object.insert("state".into(), list(state));
    }
    if let Some(values) = values {
        object.insert("values".into(), list(values));
    }
    for (key, field) in [
        ("memory", json!(row.memory)),
        ("label", json!(names.memory)),
        ("overlap", json!(row.overlap)),
        ("distance", json!(row.distance)),
        ("match", json!(row.matching)),
        ("posterior", json!(posterior.map(|p| &p.top))),
        ("entropy", json!(posterior.map(|p| p.entropy))),
        ("participation", json!(posterior.map(|p| p.participation))),
        ("regime", json!(row.regime.map(|r| r.to_string()))),
        ("energy", json!(row.energy)),
        ("sigma", json!(row.sigma)),
        ("beta", json!(row.beta)),
        ("outcome", json!(name)),
        ("outcome_step", json!(step)),
        ("steps", json!(row.steps)),
        ("reads", json!(row.reads.map(|reads| reads.full))),
    ] {
        object.insert(key.into(), field);
    }
    line
}

fn heading() -> String {
    format!(
        "{:>6} {:>7} {:>8} {:>6} {:>9} {:>8} {:>13} {:>8} {:>6}  outcome",
        "row", "memory", "overlap", "match", "posterior", "entropy", "energy", "sigma", "steps"
    )
}

fn to_line(id: u64, row: &Row, names: &Names) -> String {
    let text = |value: Option<String>| value.unwrap_or_else(|| "-".into());
    let (name, step) = super::outcome(row);
    let step = step.map_or(String::new(), |s| format!(" at {s}"));
    let regime = row.regime.map_or(String::new(), |r| format!(", {r}"));
    let which = match (names.cue, names.memory) {
        (None, None) => String::new(),
        (cue, memory) => format!(
            "  {} -> {}",
            super::printable(cue.map_or("cue", String::as_str)),
            super::printable(memory.unwrap_or("-"))
        ),
    };
    format!(
        "{id:>6} {:>7} {:>8} {:>6} {:>9} {:>8} {:>13} {:>8} {:>6}  {name}{step}{regime}{which}",
        text(row.memory.map(|m| m.to_string())),
        text(row.overlap.map(|o| format!("{o:.4}"))),
        text(row.matching.map(|m| format!("{m:.3}"))),
        text(row.posterior.as_ref().map(|p| format!("{:.4}", p.top[0].1))),
        text(row.posterior.as_ref().map(|p| format!("{:.4}", p.entropy))),
        text(row.energy.map(|e| format!("{e:.6}"))),
        text(row.sigma.map(|s| format!("{s:.4}"))),
        row.steps,
    )
}
