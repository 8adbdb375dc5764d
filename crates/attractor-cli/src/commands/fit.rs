//! `attractor fit`

use std::io::Write;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use anyhow::Result;
use attractor::memories::{DESCRIBED, Options, Spec};
use attractor_data::Dtype;
use attractor_fit::{Criterion, Fit, Progress, Settings, fit};
use attractor_session::{Precision, Session, Setup};
use indicatif::ProgressBar;
use serde_json::{Map, Value, json};

use crate::args::FitDensity;
use crate::streams::{LABEL, say};
use crate::{interrupt, load, progress, streams};

pub fn run(args: &FitDensity, options: &Options) -> Result<()> {
    load::threads(&args.work)?;
    load::distinct(&[Some(&args.patterns), args.labels.as_ref()], &[("out", Some(&args.out))])?;
    load::concern(&args.files, &[Some(&args.patterns)])?;
    let settings = Settings::from_options(options)?;
    let setup = Setup { labels: args.labels.clone(), ..Setup::default() };
    let rows = load::patterns(&args.patterns, &args.files, &setup, args.work.quiet)?;
    let head = rows.head().clone();
    // This finds out before the work whether the file can be written.
    drop(attractor_data::NewFile::create(&args.out)?);
    let values = rows.all()?.floats::<f64>();
    let start = Instant::now();
    interrupt::listen(true);
    let bar = progress::spinner(args.work.quiet);
    let fitted = fit(values.view(), &settings, &mut |progress| {
        show(&bar, progress);
        if interrupt::pressed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    bar.finish_and_clear();
    interrupt::listen(false);
    let mut fitted = fitted?;
    if let Some(labels) = &head.labels {
        fitted.label(labels)?;
    }
    let precision = Precision::choose(args.dtype, head.dtype == Dtype::F64);
    let provenance = vec![format!(
        "fitted {} Gaussians of rank {} to {} rows of {}, seed {}, floor {}{}",
        fitted.components.len(),
        fitted.rank,
        head.rows,
        args.patterns.display(),
        settings.seed,
        settings.floor,
        if fitted.stopped { ", stopped early" } else { "" }
    )];
    let spec = Spec::new(DESCRIBED.name);
    let session = Session::of_fit(&fitted, spec, precision, head.shape, head.dtype.is_raw(), provenance)?;
    session.write(&args.out)?;
    load::tell(args.work.quiet, fitted.notes());
    report(args, &fitted, head.rows, start.elapsed())?;
    if fitted.stopped {
        say!("attractor: interrupted; {} holds the best fit so far", args.out.display());
        attractor_data::abandon_unfinished();
        std::process::exit(130);
    }
    Ok(())
}

fn show(bar: &ProgressBar, progress: &Progress) {
    let Progress { components, start, starts, iteration, log_likelihood } = progress;
    let plural = if *components == 1 { "" } else { "s" };
    bar.set_message(format!(
        "{components} Gaussian{plural}, start {} of {starts}, iteration {iteration}: {log_likelihood:.4} nats a row",
        start + 1
    ));
    bar.tick();
}

fn report(args: &FitDensity, fitted: &Fit, rows: usize, time: Duration) -> Result<()> {
    let mut out = streams::stdout(true);
    if args.json {
        return Ok(out.json(&to_json(args, fitted, rows, time))?);
    }
    if !fitted.trials.is_empty() {
        writeln!(out, "{:>10} {:>16} {:>16} {:>16}", "components", "fitted nats/row", "held out", "BIC")?;
        for trial in &fitted.trials {
            writeln!(
                out,
                "{:>10} {:>16.4} {:>16.4} {:>16.1}",
                trial.components, trial.log_likelihood, trial.held_out, trial.bic
            )?;
        }
        let by = match fitted.settings.criterion {
            Criterion::HeldOut => "the log-likelihood of held-out rows",
            Criterion::Bic => "BIC",
        };
        writeln!(out, "{} components by {by}\n", fitted.components.len())?;
    }
    let dim = fitted.components[0].gaussian.origin().len();
    let full = fitted.components.iter().all(|component| component.gaussian.thickness() == 0.0);
    writeln!(out, "{:>10} {:>8} {:>12} {:>12}  label", "component", "weight", "largest sd", "smallest sd")?;
    for (n, component) in fitted.components.iter().enumerate() {
        let deviations = component.gaussian.deviations();
        let thickness = component.gaussian.thickness();
        let largest = deviations.first().copied().unwrap_or(thickness);
        let smallest = if full { deviations.last().copied().unwrap_or(0.0) } else { thickness };
        let label = component.label.as_deref().map_or("-".into(), |text| streams::label(text, LABEL));
        writeln!(out, "{n:>10} {:>8.4} {largest:>12.4e} {smallest:>12.4e}  {label}", component.weight)?;
    }
    writeln!(
        out,
        "\n{}: {rows} rows of {dim} units, {:.4} nats a row, {} iterations, {:.2} s",
        args.out.display(),
        fitted.log_likelihood,
        fitted.iterations(),
        time.as_secs_f64()
    )?;
    Ok(())
}

fn to_json(args: &FitDensity, fitted: &Fit, rows: usize, time: Duration) -> Value {
    let settings = &fitted.settings;
    let trials: Vec<Value> = fitted
        .trials
        .iter()
        .map(|trial| {
            json!({
                "components": trial.components,
                "log_likelihood": trial.log_likelihood,
                "held_out": trial.held_out,
                "bic": trial.bic,
            })
        })
        .collect();
    let mut line = Map::new();
    for (name, value) in [
        ("memory", json!(args.out.display().to_string())),
        ("rows", json!(rows)),
        ("components", json!(fitted.components.len())),
        ("rank", json!(fitted.rank)),
        ("weights", fitted.components.iter().map(|component| component.weight).collect()),
        ("labels", json!(fitted.components.iter().map(|component| &component.label).collect::<Vec<_>>())),
        ("log_likelihood", json!(fitted.log_likelihood)),
        ("bic", json!(fitted.bic)),
        ("trials", json!(trials)),
        ("criterion", json!(fitted.criterion().map(Criterion::name))),
        ("held_out", json!(fitted.criterion().map(|_| settings.held_out))),
        ("iterations", json!(fitted.iterations())),
        ("converged", json!(fitted.converged)),
        ("stopped", json!(fitted.stopped)),
        ("floor", json!(settings.floor)),
        ("at_floor", json!(fitted.at_floor)),
        ("restarts", json!(settings.restarts)),
        ("tolerance", json!(settings.tolerance)),
        ("seed", json!(settings.seed)),
        ("version", json!(env!("CARGO_PKG_VERSION"))),
        ("seconds", json!(time.as_secs_f64())),
    ] {
        line.insert(name.to_owned(), value);
    }
    Value::Object(line)
}
