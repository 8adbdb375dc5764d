//! Opens the memories and files that the command line names.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use attractor::memories::Options;
use attractor::message::Message;
use attractor_data::{ReadOptions, Rows, Shape, is_zarr};
use attractor_session::{Held, Opened, Session, Setup, Source, open_patterns};

use crate::args::{Files, Patterns, Store, Work};
use crate::errors::Flags;
use crate::streams::say;

/// Refuses an output path that is also another output or an input of the command.
pub fn distinct(inputs: &[Option<&PathBuf>], outputs: &[(&str, Option<&PathBuf>)]) -> Result<()> {
    // A file may have several names. A new file has no canonical path yet, so that of its folder is used.
    let real = |path: &Path| {
        // `FILE.npz:ARRAY` names an array of a file.
        let text = path.to_string_lossy();
        let archive =
            text.rsplit_once(':').map(|(file, _)| PathBuf::from(file)).filter(|file| file.is_file());
        let path = archive.as_deref().filter(|_| !path.exists()).unwrap_or(path);
        let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
        path.canonicalize().ok().or_else(|| Some(folder.canonicalize().ok()?.join(path.file_name()?)))
    };
    // A device may be named several times.
    let usual = |path: &Path| std::fs::metadata(path).map_or(true, |m| m.is_file() || m.is_dir());
    let mut taken: Vec<(PathBuf, String)> =
        inputs.iter().flatten().filter_map(|p| Some((real(p)?, "what is read".to_owned()))).collect();
    for (name, path) in outputs {
        let Some(path) = path.filter(|p| usual(p)) else {
            continue;
        };
        let Some(place) = real(path) else {
            continue;
        };
        if let Some((_, other)) = taken.iter().find(|(p, _)| *p == place) {
            bail!(
                "{name}: expected a place of its own, found {}, which is also {other}; choose another",
                path.display()
            );
        }
        taken.push((place, format!("--{name}")));
    }
    Ok(())
}

/// Sets the number of threads.
pub fn threads(work: &Work) -> Result<()> {
    work.threads.map_or(Ok(()), |count| Ok(attractor::threads::set(count)?))
}

/// The options for reading files.
pub fn reading(files: &Files) -> Result<ReadOptions> {
    let size = |text: &String| -> Result<(usize, usize)> {
        match text.parse::<Shape>() {
            Ok(shape) if shape.channels == 1 && text.matches('x').count() == 1 => {
                Ok((shape.height, shape.width))
            }
            _ => bail!("resize: expected HxW, as in 64x64, found {text}"),
        }
    };
    Ok(ReadOptions {
        shape: files.shape.as_deref().map(str::parse).transpose()?,
        layout: files.layout,
        resize: files.resize.as_ref().map(size).transpose()?,
        grey: files.grey,
        colour: files.colour,
        background: files.background,
        header: files.header,
        label_column: files.label_column.clone(),
        labels: None,
    })
}

/// Refuses options for reading that none of the files has a use for: those that are read with these options.
pub fn concern(files: &Files, read: &[Option<&PathBuf>]) -> Result<()> {
    let read: Vec<&Path> = read.iter().flatten().map(|path| path.as_path()).collect();
    Ok(reading(files)?.concern(&read)?)
}

/// Opens a file of rows, and prints what was guessed about it.
pub fn rows(path: &Path, files: &Files, quiet: bool) -> Result<Rows> {
    let rows = Rows::open(path, &reading(files)?)?;
    tell(quiet, rows.head().notes.clone());
    Ok(rows)
}

/// Opens a file of rows that go with a memory, whose images have this shape. Pictures of another size or colour are read
/// in the form of the memory, unless the command line says another, and a note says so.
pub fn rows_like(path: &Path, files: &Files, shape: Option<Shape>, quiet: bool) -> Result<Rows> {
    like(path, &reading(files)?, shape, quiet)
}

/// As [`rows_like`], with options for reading.
pub fn like(path: &Path, reading: &ReadOptions, shape: Option<Shape>, quiet: bool) -> Result<Rows> {
    let sizes = |s: Shape| (s.channels, s.height, s.width);
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    let are_pictures =
        path.is_dir() && !is_zarr(path) || matches!(ending.as_deref(), Some("png" | "jpg" | "jpeg"));
    let rows = Rows::open(path, reading);
    let rows = match (shape.filter(|_| are_pictures), rows) {
        (Some(shape), rows)
            if !rows.as_ref().is_ok_and(|r| r.head().shape.map(sizes) == Some(sizes(shape))) =>
        {
            let form = ReadOptions {
                grey: reading.grey || (shape.channels == 1 && !reading.colour),
                colour: reading.colour || (shape.channels == 3 && !reading.grey),
                resize: reading.resize.or(Some((shape.height, shape.width))),
                ..reading.clone()
            };
            match Rows::open(path, &form) {
                Ok(like) => {
                    let grey = if shape.channels == 1 { "grey" } else { "colour" };
                    let note = format!(
                        "the pictures in {} are read as those of the memory, {}x{} in {grey}",
                        path.display(),
                        shape.height,
                        shape.width
                    );
                    tell(quiet, [note.into()]);
                    like
                }
                Err(_) => rows?,
            }
        }
        (_, rows) => rows?,
    };
    tell(quiet, rows.head().notes.clone());
    Ok(rows.laid_out_as(shape))
}

/// Opens a file of patterns, with the labels that the setup names, and prints what was guessed about it.
pub fn patterns(path: &Path, files: &Files, setup: &Setup, quiet: bool) -> Result<Rows> {
    let rows = open_patterns(path, &reading(files)?, setup)?;
    tell(quiet, rows.head().notes.clone());
    Ok(rows)
}

/// The setup of a memory from the command line.
pub fn setup(how: &Patterns, options: &Options) -> Setup {
    Setup {
        model: how.model,
        options: options.clone(),
        noising: None,
        couplings: None,
        addresses: None,
        replace_options: false,
        prepare: how.prepare,
        precision: how.dtype,
        labels: how.labels.clone(),
        weights: how.weights.clone(),
        values: how.values.clone(),
        memory_limit: how.memory_limit,
    }
}

/// Opens what `--memory` names, and sets the number of threads.
pub fn source(store: &Store, options: &Options) -> Result<(Source, Setup)> {
    let setup = setup(&store.patterns, options);
    threads(&store.work)?;
    let source = Source::open(&store.memory, &reading(&store.files)?, &setup)?;
    match &source {
        Source::Rows(rows) => tell(store.work.quiet, rows.head().notes.clone()),
        Source::Stored { path, summary } if summary.unfinished > 0 => {
            let note = format!(
                "{} bytes at the end of {} are no whole part and are left out: an append was interrupted or goes on now, or the file is cut short",
                summary.unfinished,
                path.display()
            );
            tell(store.work.quiet, [note.into()]);
        }
        _ => {}
    }
    Ok((source, setup))
}

/// Builds the memory that `--memory` names, and prints its headline and notes.
pub fn session(store: &Store, options: &Options) -> Result<Session> {
    let (source, setup) = source(store, options)?;
    built(source, &setup, &store.work)
}

/// Builds a memory, and prints its headline and notes.
pub fn built(source: Source, setup: &Setup, work: &Work) -> Result<Session> {
    let session = source.build(setup)?;
    if !work.quiet {
        describe(session.headline(), session.notes());
    }
    Ok(session)
}

/// As [`session`], with the number type that the command needs.
pub fn session_in<F: Held>(store: &Store, options: &Options) -> Result<Opened<F>> {
    let (source, setup) = source(store, options)?;
    let made = source.build_as::<F>(&setup)?;
    if !store.work.quiet {
        describe(made.headline(), made.notes());
    }
    Ok(made)
}

fn describe(headline: Option<String>, notes: Vec<Message>) {
    if let Some(line) = headline {
        say!("{line}");
    }
    tell(false, notes);
}

/// Prints notes on stderr, unless `quiet`.
pub fn tell(quiet: bool, notes: impl IntoIterator<Item = Message>) {
    if !quiet {
        notes.into_iter().for_each(|note| say!("note: {}", note.spelled(&Flags)));
    }
}
