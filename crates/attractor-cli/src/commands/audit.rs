//! `attractor audit`

mod sets;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use attractor::memories::Options;
use attractor_audit::{Audit, Monitor, Settings, Subject};
use attractor_data::ReadOptions;
use attractor_report::{Experiment, Report};
use attractor_session::{Precision, Session, Setup, Source, with_memory};

use super::make_folder;
use crate::args::Audit as Arguments;
use crate::streams::say;
use crate::{again, interrupt, load, progress, streams};
use sets::{Making, given, pool};

pub fn run(args: &Arguments, options: &Options) -> Result<()> {
    load::threads(&args.work)?;
    let settings = Settings::from_options(options, args.seed)?;
    let distance = options.named("distance")?.unwrap_or_default();
    let models = args.model.iter().flatten().collect::<Vec<_>>();
    let files = [Some(&args.train), args.generated.as_ref(), args.heldout.as_ref()];
    let more = args.features.iter().flatten().chain(models.iter().copied()).map(Some);
    let read: Vec<Option<&PathBuf>> = files.into_iter().chain(more).collect();
    load::distinct(&read, &[("out", Some(&args.out))])?;
    load::concern(&args.files, &files)?;
    let checkpoints = checkpoints(&models)?;
    if models.len() > 1 || models.iter().any(|path| path.is_dir()) {
        return monitored(args, settings, checkpoints);
    }
    let Some(model) = models.first() else {
        if let Some((name, _)) = options.iter().find(|(name, _)| {
            attractor_audit::inside::PARAMETERS.iter().any(|parameter| parameter.name == *name)
        }) {
            bail!("{name}: expected a model with it (--model), found none; leave --{name} away");
        }
        let audit = Audit::new(given(args, distance, None)?, settings)?;
        return reported(&calibrated(audit, args), &args.out, args.json, args.work.quiet);
    };
    let session = opened(model)?;
    with_memory!(&session.memory, memory => {
        let subject = Subject::new(memory)?;
        let making = Making { subject: &subject, rows: settings.inside.generate, seed: args.seed };
        let audit = Audit::new(given(args, distance, Some(&making))?, settings)?.inside(subject)?;
        reported(&calibrated(audit, args), &args.out, args.json, args.work.quiet)
    })
}

fn calibrated<'a>(audit: Audit<'a>, args: &Arguments) -> Audit<'a> {
    if args.calibrate { audit.calibrated() } else { audit }
}

/// The models in order, each with the step that it was saved at. A folder stands for the models in it.
fn checkpoints(models: &[&PathBuf]) -> Result<Vec<(f64, PathBuf)>> {
    let mut files = Vec::new();
    for path in models {
        if path.is_dir() {
            let mut own = Vec::new();
            for entry in std::fs::read_dir(path)? {
                let file = entry?.path();
                own.extend(file.is_file().then_some(file));
            }
            own.sort();
            if own.is_empty() {
                bail!(
                    "model: expected a folder with the checkpoints of a training, found {}, which is empty",
                    path.display()
                );
            }
            files.extend(own);
        } else {
            files.push((*path).clone());
        }
    }
    let step = |path: &PathBuf| attractor_data::summary(path).ok()??.training?["done"].as_f64();
    let steps: Option<Vec<f64>> = files.iter().map(step).collect();
    // Models that do not say their step are numbered.
    let steps = steps.unwrap_or_else(|| (1..=files.len()).map(|n| n as f64).collect());
    let mut all: Vec<(f64, PathBuf)> = steps.into_iter().zip(files).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(all)
}

/// Looks at the checkpoints of a training, one after the other. Ctrl-C ends with a report on those that are done.
fn monitored(args: &Arguments, settings: Settings, checkpoints: Vec<(f64, PathBuf)>) -> Result<()> {
    let found = [("generated", args.generated.is_some()), ("features", args.features.is_some())];
    if let Some((name, _)) = found.into_iter().find(|(_, given)| *given) {
        bail!(
            "{name}: expected none with several models, each of which makes its own rows, found some; leave --{name} away"
        );
    }
    if args.calibrate {
        bail!("calibrate: expected a single model with it, found several; leave --calibrate away");
    }
    let (train, heldout) = pool(args)?;
    let mut monitor = Monitor::new(train, heldout, settings)?;
    monitor.sources.push(("train".into(), args.train.display().to_string()));
    monitor.sources.extend(args.heldout.iter().map(|path| ("heldout".into(), path.display().to_string())));
    interrupt::listen(true);
    let bar = progress::bar("checkpoints", args.work.quiet);
    let all = checkpoints.len();
    bar.set_length(all as u64);
    for (step, path) in checkpoints {
        if interrupt::pressed() {
            break;
        }
        let session = opened(&path)?;
        with_memory!(&session.memory, memory => monitor.look_inside(step, Subject::new(memory)?).map(|_| ()))
            .with_context(|| path.display().to_string())?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    interrupt::listen(false);
    let mut report = monitor.report();
    report.command = again::command_line();
    make_folder(&args.out)?;
    shown(&report, &args.out, args.json)?;
    if interrupt::pressed() {
        say!(
            "attractor: interrupted after {} of {all} checkpoints, which the report has",
            monitor.checkpoints().len()
        );
        std::process::exit(130);
    }
    Ok(())
}

/// Opens a model, in double precision: differences of its denoiser are taken.
fn opened(path: &Path) -> Result<Session> {
    let setup = Setup { precision: Some(Precision::F64), ..Setup::default() };
    Ok(Source::open(path, &ReadOptions::default(), &setup)?.build(&setup)?)
}

/// Runs an experiment, writes its report to a folder, and prints it, or as JSON all but its rows.
pub fn reported(experiment: &dyn Experiment, folder: &Path, json: bool, quiet: bool) -> Result<()> {
    make_folder(folder)?;
    shown(&progress::followed(experiment, quiet)?, folder, json)
}

/// Writes a report to a folder, and prints it, or as JSON all but its rows.
fn shown(report: &Report, folder: &Path, json: bool) -> Result<()> {
    report.write(folder)?;
    let mut out = streams::stdout(true);
    if json {
        let mut document = report.json();
        if let Some(fields) = document.as_object_mut() {
            fields.shift_remove(&report.results.name);
        }
        return Ok(out.json(&document)?);
    }
    write!(out, "{}", report.markdown())?;
    Ok(())
}
