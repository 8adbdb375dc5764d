//! The files of an audit.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use attractor::message::Message;
use attractor_audit::{Distance, Given, Rows, Sets, Subject};
use attractor_data::{
    Cells, Dtype, ReadOptions, Records, Rows as FileRows, Shape, Table, is_mixed, is_table, read_records,
};

use crate::args::Audit as Arguments;
use crate::load;

/// A model that generates rows where none are given: how many, and with which seed.
pub struct Making<'a, 'b> {
    pub subject: &'a Subject<'b>,
    pub rows: usize,
    pub seed: u64,
}

/// Reads the files of an audit. `making` is the model, if there is one.
pub fn given(args: &Arguments, distance: Distance, making: Option<&Making>) -> Result<Given> {
    let files = Sets {
        train: Some(args.train.clone()),
        generated: args.generated.clone(),
        heldout: args.heldout.as_ref().map(|path| Some(path.clone())),
    };
    let reading = load::reading(&args.files)?;
    let named = |(name, path): (&'static str, &Option<PathBuf>)| {
        let place = path.as_ref().map_or_else(|| "by the model".into(), |path| path.display().to_string());
        (name.to_owned(), place)
    };
    let mut sources: Vec<(String, String)> = files.named().into_iter().map(named).collect();
    if let Some(path) = args.model.iter().flatten().next() {
        sources.push(("model".into(), path.display().to_string()));
    }
    if args.features.is_none() && are_records(&files, &reading, distance)? {
        let records = |path: &Option<PathBuf>| match path {
            Some(path) if making.is_none() => records(path, &reading),
            _ => bail!(
                "model: expected rows of numbers with it, found a table that is compared by Gower's distance; leave --model away"
            ),
        };
        let rows = Sets {
            train: Rows::Table(records(&files.train)?),
            generated: Rows::Table(records(&files.generated)?),
            heldout: files.heldout.as_ref().map(records).transpose()?.map(Rows::Table),
        };
        return Ok(Given { rows, images: None, names: Sets::default(), notes: Vec::new(), sources });
    }
    let tables = tables(&files, &reading, making, args.work.quiet)?;
    let names = Sets {
        train: tables.train.labels().map(<[String]>::to_vec),
        generated: tables.generated.labels().map(<[String]>::to_vec),
        heldout: tables.heldout.as_ref().map(|table| table.labels().map(<[String]>::to_vec)),
    };
    let rows = match &args.features {
        Some(_) if making.is_some() => {
            bail!(
                "features: expected none with a model, which sees the rows themselves, found some; leave --features or --model away"
            )
        }
        Some(features) => {
            let files = of_features(features, args.heldout.is_some())?;
            sources.extend(
                files
                    .named()
                    .into_iter()
                    .map(named)
                    .map(|(name, path)| (format!("features of {name}"), path)),
            );
            let tables = self::tables(&files, &ReadOptions::default(), None, args.work.quiet)?;
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
fn are_records(files: &Sets<Option<PathBuf>>, reading: &ReadOptions, distance: Distance) -> Result<bool> {
    match distance {
        Distance::Euclidean => Ok(false),
        Distance::Gower => Ok(true),
        Distance::Auto => {
            for path in files.named().into_iter().filter_map(|(_, path)| path.as_ref()) {
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

/// Reads files of numbers, with images laid out as those of the first file are.
struct Reading<'a> {
    options: &'a ReadOptions,
    shape: Option<Option<Shape>>,
    notes: Vec<Message>,
}

impl<'a> Reading<'a> {
    fn new(options: &'a ReadOptions) -> Self {
        Reading { options, shape: None, notes: Vec::new() }
    }

    fn read(&mut self, path: &Path) -> Result<Table> {
        let rows = FileRows::open(path, self.options)?;
        self.notes.extend(rows.head().notes.clone());
        let shape = *self.shape.get_or_insert(rows.head().shape);
        Ok(rows.laid_out_as(shape).all()?)
    }
}

/// The training rows and the held-out rows, if there are any.
pub fn pool(args: &Arguments) -> Result<(Rows, Option<Rows>)> {
    let options = load::reading(&args.files)?;
    let mut reading = Reading::new(&options);
    let train = Rows::of(&reading.read(&args.train)?);
    let heldout = args.heldout.as_ref().map(|path| reading.read(path)).transpose()?;
    load::tell(args.work.quiet, reading.notes);
    Ok((train, heldout.as_ref().map(Rows::of)))
}

/// Files of numbers. Rows that have no file are made by the model.
fn tables(
    files: &Sets<Option<PathBuf>>,
    options: &ReadOptions,
    making: Option<&Making>,
    quiet: bool,
) -> Result<Sets<Table>> {
    let mut reading = Reading::new(options);
    let mut read = |path: &Option<PathBuf>| path.as_ref().map(|path| reading.read(path)).transpose();
    let train = read(&files.train)?;
    let generated = read(&files.generated)?;
    let heldout = files.heldout.as_ref().map(&mut read).transpose()?.flatten();
    load::tell(quiet, reading.notes);
    let Some(train) = train else { bail!("train: expected rows, found none") };
    Ok(Sets { generated: generated.map_or_else(|| made(&train, making), Ok)?, heldout, train })
}

/// Rows that the model generates, in the number type and the shape of the training rows.
fn made(train: &Table, making: Option<&Making>) -> Result<Table> {
    let Some(making) = making else {
        bail!("generated: expected rows that the model made, or the model (--model), found neither");
    };
    let (width, dim) = (train.columns(), making.subject.dim());
    if dim != width {
        bail!(
            "model: expected one for the {width} numbers of a training row, found one for {dim}; give the rows that it was trained on"
        );
    }
    let rows = making.subject.generate(0..making.rows, making.seed)?;
    let table = match train.dtype() {
        Dtype::F64 => Table::from_floats(rows),
        _ => Table::from_floats(rows.mapv(|v| v as f32)),
    };
    Ok(table.with_shape(train.shape()))
}

/// The files of features, one for each set.
fn of_features(files: &[PathBuf], has_heldout: bool) -> Result<Sets<Option<PathBuf>>> {
    let of = |path: &PathBuf| Some(path.clone());
    match files {
        [train, generated] if !has_heldout => {
            Ok(Sets { train: of(train), generated: of(generated), heldout: None })
        }
        [train, generated, heldout] if has_heldout => {
            Ok(Sets { train: of(train), generated: of(generated), heldout: Some(of(heldout)) })
        }
        _ => bail!(
            "features: expected a file each for {}, found {} files; give them in this order",
            if has_heldout { "training, generated and held-out rows" } else { "training and generated rows" },
            files.len()
        ),
    }
}
