//! `attractor recall`

use std::io::{BufWriter, Write};

use anyhow::Result;
use attractor::memories::{Options, Row};
use attractor::{Level, Memory, Outcome, Real, Request};
use attractor_data::{read_mask, read_npy, write_npy};
use indicatif::{ProgressBar, ProgressStyle};
use ndarray::{Array2, ArrayView1, s};
use ndarray_npy::WritableElement;
use serde_json::{Value, json};

use crate::args::Recall;
use crate::load::{self, Precision};

/// Cues recalled at a time.
const BATCH: usize = 1024;

pub fn run(args: &Recall, options: &Options) -> Result<()> {
    let source = load::source(&args.store)?;
    let raw = source.table.dtype().is_raw();
    match source.precision {
        Precision::F32 => recall(args, raw, load::memory::<f32>(&args.store, &source, options)?.as_ref()),
        Precision::F64 => recall(args, raw, load::memory::<f64>(&args.store, &source, options)?.as_ref()),
    }
}

fn recall<F: Real + WritableElement + Into<Value>>(
    args: &Recall,
    raw: bool,
    memory: &dyn Memory<F>,
) -> Result<()> {
    let table = read_npy(&args.cues)?;
    let rows = table.rows();
    let known = args.clamp.as_ref().map(|path| read_mask(path, rows, memory.dim())).transpose()?;
    let level = match (args.signal, args.sigma) {
        (Some(signal), _) => Level::Signal(signal),
        (_, Some(sigma)) => Level::Sigma(sigma),
        _ => Level::Estimate,
    };
    if level != Level::Estimate && memory.denoiser().is_none() && !args.store.quiet {
        eprintln!("note: {} has no noise levels; --signal and --sigma are not used", memory.name());
    }
    if table.dtype().is_raw() && !raw && !args.store.quiet {
        eprintln!(
            "note: the cues are bytes or bools, read as 0 to 1, but the memory is not; check that they are on one scale"
        );
    }
    let progress = progress(rows, args.store.quiet);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut states = Array2::from_elem((if args.out.is_some() { rows } else { 0 }, memory.dim()), F::ZERO);
    for from in (0..rows.max(1)).step_by(BATCH) {
        let to = rows.min(from + BATCH);
        let cues = table.to_floats::<F>(from..to);
        let recalled = memory.recall(&Request {
            known: known.as_ref().map(|k| k.slice(s![from..to, ..])),
            level,
            updates: args.updates,
            tolerance: args.tolerance,
            top: args.top,
            seed: args.seed,
            first_row: args.first_row.wrapping_add(from as u64),
            ..Request::new(cues.view())
        })?;
        if from == 0 && !args.json {
            writeln!(
                out,
                "{:>6} {:>7} {:>8} {:>9} {:>8} {:>13} {:>8} {:>6}  outcome",
                "row", "memory", "overlap", "posterior", "entropy", "energy", "sigma", "steps"
            )?;
        }
        let mut batch = recalled.states;
        if args.binarize {
            batch.mapv_inplace(sign);
        }
        for (k, row) in recalled.rows.iter().enumerate() {
            let id = args.first_row.wrapping_add((from + k) as u64);
            if args.json {
                let state = args.out.is_none().then(|| batch.row(k));
                serde_json::to_writer(&mut out, &to_json(id, row, state)).map_err(std::io::Error::from)?;
                writeln!(out)?;
            } else {
                writeln!(out, "{}", to_line(id, row))?;
            }
        }
        if args.out.is_some() {
            states.slice_mut(s![from..to, ..]).assign(&batch);
        }
        progress.set_position(to as u64);
    }
    out.flush()?;
    progress.finish_and_clear();
    if let Some(path) = &args.out {
        write_npy(path, states.view())?;
    }
    Ok(())
}

fn progress(rows: usize, quiet: bool) -> ProgressBar {
    if quiet || rows <= BATCH {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} cues, {eta} left");
    ProgressBar::new(rows as u64).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
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

fn outcome(outcome: Outcome) -> (&'static str, Option<usize>) {
    match outcome {
        Outcome::Settled { step } => ("settled", Some(step)),
        Outcome::StillMoving => ("still moving", None),
        Outcome::TwoCycle { step } => ("2-cycle", Some(step)),
        Outcome::Diverged { step } => ("diverged", Some(step)),
    }
}

fn to_json<F: Real + Into<Value>>(id: u64, row: &Row, state: Option<ArrayView1<F>>) -> Value {
    let (name, step) = outcome(row.outcome);
    let posterior = row.posterior.as_ref();
    let mut value = json!({ "row": id });
    let object = value.as_object_mut().expect("an object");
    if let Some(state) = state {
        object.insert("state".into(), state.iter().map(|&x| x.into()).collect());
    }
    for (key, field) in [
        ("memory", json!(row.memory)),
        ("overlap", json!(row.overlap)),
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
    ] {
        object.insert(key.into(), field);
    }
    value
}

fn to_line(id: u64, row: &Row) -> String {
    let text = |value: Option<String>| value.unwrap_or_else(|| "-".into());
    let (name, step) = outcome(row.outcome);
    let step = step.map_or(String::new(), |s| format!(" at {s}"));
    let regime = row.regime.map_or(String::new(), |r| format!(", {r}"));
    format!(
        "{id:>6} {:>7} {:>8} {:>9} {:>8} {:>13.6} {:>8} {:>6}  {name}{step}{regime}",
        text(row.memory.map(|m| m.to_string())),
        text(row.overlap.map(|o| format!("{o:.4}"))),
        text(row.posterior.as_ref().map(|p| format!("{:.4}", p.top[0].1))),
        text(row.posterior.as_ref().map(|p| format!("{:.4}", p.entropy))),
        row.energy,
        text(row.sigma.map(|s| format!("{s:.4}"))),
        row.steps,
    )
}
