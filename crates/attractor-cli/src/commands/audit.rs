//! `attractor audit`

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use attractor::memories::Options;
use attractor::message::Message;
use attractor_audit::{Audit, Distance, Given, Rows, Sets, Settings};
use attractor_data::{
    Cells, ReadOptions, Records, Rows as FileRows, Table, is_mixed, is_table, read_records,
};
use attractor_report::Experiment;

use super::make_folder;
use crate::args::Audit as Arguments;
use crate::{again, load, streams};

pub fn run(args: &Arguments, options: &Options) -> Result<()> {
    load::threads(&args.work)?;
    let settings = Settings::from_options(options, args.seed)?;
    let distance = options.named("distance")?.unwrap_or_default();
    let features = args.features.iter().flatten().map(Some);
    let read: Vec<Option<&PathBuf>> = [Some(&args.train), Some(&args.generated), args.heldout.as_ref()]
        .into_iter()
        .chain(features)
        .collect();
    load::distinct(&read, &[("out", Some(&args.out))])?;
    load::concern(&args.files, &read[..read.len().min(3)])?;
    let audit = Audit::new(given(args, distance)?, settings)?;
    let audit = if args.calibrate { audit.calibrated() } else { audit };
    reported(&audit, &args.out, args.json, args.work.quiet)
}

/// Runs an experiment, writes its report to a folder, and prints it, or as JSON all but its rows.
pub fn reported(experiment: &dyn Experiment, folder: &Path, json: bool, quiet: bool) -> Result<()> {
    make_folder(folder)?;
    let bar = crate::progress::bar(experiment.parts(), quiet);
    let mut report = experiment.run(&mut |done, of| {
        bar.set_length(of as u64);
        bar.set_position(done as u64);
        Ok(())
    })?;
    bar.finish_and_clear();
    report.command = again::command_line();
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

/// Reads the files of an audit.
fn given(args: &Arguments, distance: Distance) -> Result<Given> {
    let files =
        Sets { train: args.train.clone(), generated: args.generated.clone(), heldout: args.heldout.clone() };
    let reading = load::reading(&args.files)?;
    let mut sources: Vec<(String, String)> =
        files.named().iter().map(|(name, path)| ((*name).to_owned(), path.display().to_string())).collect();
    if args.features.is_none() && are_records(&files, &reading, distance)? {
        let rows = Sets {
            train: Rows::Table(records(&files.train, &reading)?),
            generated: Rows::Table(records(&files.generated, &reading)?),
            heldout: files.heldout.as_ref().map(|path| records(path, &reading)).transpose()?.map(Rows::Table),
        };
        return Ok(Given { rows, images: None, names: Sets::default(), notes: Vec::new(), sources });
    }
    let mut notes = Vec::new();
    let tables = tables(&files, &reading, &mut notes)?;
    load::tell(args.work.quiet, notes);
    let names = Sets {
        train: tables.train.labels().map(<[String]>::to_vec),
        generated: tables.generated.labels().map(<[String]>::to_vec),
        heldout: tables.heldout.as_ref().map(|table| table.labels().map(<[String]>::to_vec)),
    };
    let rows = match &args.features {
        Some(features) => {
            let files = of_features(features, args.heldout.is_some())?;
            sources.extend(
                files
                    .named()
                    .iter()
                    .map(|(name, path)| (format!("features of {name}"), path.display().to_string())),
            );
            let mut notes = Vec::new();
            let tables = self::tables(&files, &ReadOptions::default(), &mut notes)?;
            load::tell(args.work.quiet, notes);
            tables.map(|table| Rows::of(&table))
        }
        None => Sets {
            train: Rows::of(&tables.train),
            generated: Rows::of(&tables.generated),
            heldout: tables.heldout.as_ref().map(Rows::of),
        },
    };
    Ok(Given { rows, images: Some(tables), names, notes: Vec::new(), sources })
}

/// Whether rows are compared as those of a table, column by column.
fn are_records(files: &Sets<PathBuf>, reading: &ReadOptions, distance: Distance) -> Result<bool> {
    match distance {
        Distance::Euclidean => Ok(false),
        Distance::Gower => Ok(true),
        Distance::Auto => {
            for (_, path) in files.named() {
                if is_table(path) && is_mixed(path, reading)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

/// A file as a table of columns.
fn records(path: &Path, reading: &ReadOptions) -> Result<Records> {
    if is_table(path) {
        return Ok(read_records(path, reading)?);
    }
    let numbers = FileRows::open(path, reading)?.all()?.floats::<f64>();
    let columns = numbers.columns().into_iter().map(|column| Cells::Numbers(column.to_vec())).collect();
    Ok(Records { names: None, columns })
}

/// Files of numbers, with images laid out as the training images are.
fn tables(files: &Sets<PathBuf>, reading: &ReadOptions, notes: &mut Vec<Message>) -> Result<Sets<Table>> {
    let mut shape = None;
    let mut read = |path: &PathBuf, first: bool| -> Result<Table> {
        let rows = FileRows::open(path, reading)?;
        notes.extend(rows.head().notes.clone());
        if first {
            shape = rows.head().shape;
        }
        Ok(rows.laid_out_as(shape).all()?)
    };
    Ok(Sets {
        train: read(&files.train, true)?,
        generated: read(&files.generated, false)?,
        heldout: files.heldout.as_ref().map(|path| read(path, false)).transpose()?,
    })
}

/// The files of features, one for each set.
fn of_features(files: &[PathBuf], has_heldout: bool) -> Result<Sets<PathBuf>> {
    match files {
        [train, generated] if !has_heldout => {
            Ok(Sets { train: train.clone(), generated: generated.clone(), heldout: None })
        }
        [train, generated, heldout] if has_heldout => {
            Ok(Sets { train: train.clone(), generated: generated.clone(), heldout: Some(heldout.clone()) })
        }
        _ => bail!(
            "features: expected a file each for {}, found {} files; give them in this order",
            if has_heldout { "training, generated and held-out rows" } else { "training and generated rows" },
            files.len()
        ),
    }
}
