//! From names on the command line to memories and rows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, bail};
use attractor::diffusion::Sampling;
use attractor::memories::{self, Options, Spec, model};
use attractor::patterns::Packer;
use attractor::{Extras, Memory, Preparation, Prepare, Real};
use attractor_data::{
    Description, Disk, Dtype, Head, Reading, Rows, Shape, Summary, is_description, read, read_description,
    read_memory_within, summary,
};

use crate::args::{Files, Patterns, Store, Work};
use crate::errors::Flags;

/// The model where nobody named one.
pub const DEFAULT_MODEL: &str = "diffusion";

/// The model of a description.
pub const EXTENDED: &str = "extended";

/// The number type of the states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    F32,
    F64,
}

/// Calls a function of the number type with the one asked for.
#[macro_export]
macro_rules! in_precision {
    ($precision:expr, $function:ident($($argument:expr),* $(,)?)) => {
        match $precision {
            $crate::load::Precision::F32 => $function::<f32>($($argument),*),
            $crate::load::Precision::F64 => $function::<f64>($($argument),*),
        }
    };
}

impl Precision {
    /// As asked for, else as wide as the numbers at hand.
    pub fn choose(asked: Option<&str>, wide: bool) -> Result<Self> {
        match asked {
            Some("f32") => Ok(Precision::F32),
            Some("f64") => Ok(Precision::F64),
            Some(other) => bail!("dtype: expected f32 or f64, found {other}"),
            None if wide => Ok(Precision::F64),
            None => Ok(Precision::F32),
        }
    }
}

/// Rows at a time: 1,024, or fewer of many numbers.
pub fn batch_of(columns: usize) -> usize {
    const ROWS: usize = 1024;
    const NUMBERS: usize = 1 << 24;
    (NUMBERS / columns.max(1)).clamp(1, ROWS)
}

/// Refuses places for results that are one another, or that are the files that a command reads.
pub fn distinct(inputs: &[Option<&PathBuf>], outputs: &[(&str, Option<&PathBuf>)]) -> Result<()> {
    // The same file may have several names, and a new one has none yet but its folder's.
    let real = |path: &Path| {
        // FILE.npz:ARRAY names an array of a file.
        let text = path.to_string_lossy();
        let archive =
            text.rsplit_once(':').map(|(file, _)| PathBuf::from(file)).filter(|file| file.is_file());
        let path = archive.as_deref().filter(|_| !path.exists()).unwrap_or(path);
        let folder = path.parent().filter(|f| !f.as_os_str().is_empty()).unwrap_or(Path::new("."));
        path.canonicalize().ok().or_else(|| Some(folder.canonicalize().ok()?.join(path.file_name()?)))
    };
    // Devices may be named as often as one likes.
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

/// Sets up threads.
pub fn threads(work: &Work) -> Result<()> {
    work.threads.map_or(Ok(()), |count| Ok(attractor::threads::set(count)?))
}

/// How to read files, from the command line.
pub fn reading(files: &Files) -> Result<Reading> {
    let size = |text: &String| -> Result<(usize, usize)> {
        match text.parse::<Shape>() {
            Ok(shape) if shape.channels == 1 && text.matches('x').count() == 1 => {
                Ok((shape.height, shape.width))
            }
            _ => bail!("resize: expected HxW, as in 64x64, found {text}"),
        }
    };
    Ok(Reading {
        shape: files.shape.as_deref().map(str::parse).transpose()?,
        layout: files.layout.as_deref().map(str::parse).transpose()?,
        resize: files.resize.as_ref().map(size).transpose()?,
        grey: files.grey,
        labels: None,
    })
}

/// What `--memory` names: a memory that was stored, or patterns that are still to be.
pub enum Source {
    Stored(Box<Summary>),
    Patterns(Box<Rows>),
    Described(Box<Description>),
}

/// A memory, and what belongs to it outside of the science.
pub struct Loaded<F> {
    pub memory: Box<dyn Memory<F>>,
    pub spec: Spec,
    pub shape: Option<Shape>,
    /// Whether its patterns were images, bytes or bools, on a scale of 0 to 1.
    pub raw: bool,
    pub provenance: Vec<String>,
}

/// Opens what `--memory` names, and sets up threads.
pub fn source(store: &Store) -> Result<(Source, Precision)> {
    // The name first: a wrong one should not wait for a large file.
    if let Some(name) = &store.patterns.model {
        model(name)?;
    }
    threads(&store.work)?;
    let asked = store.patterns.dtype.as_deref();
    if let Some(summary) = summary(&store.memory)? {
        let precision = Precision::choose(asked, summary.dtype == "f64")?;
        return Ok((Source::Stored(Box::new(summary)), precision));
    }
    if is_description(&store.memory) {
        let described = Source::Described(Box::new(read_description(&store.memory)?));
        return Ok((described, Precision::choose(asked, true)?));
    }
    let rows = open_patterns(&store.memory, &store.files, &store.patterns)?;
    let precision = Precision::choose(asked, rows.head().dtype == Dtype::F64)?;
    Ok((Source::Patterns(Box::new(rows)), precision))
}

/// Opens patterns with their labels.
pub fn open_patterns(path: &Path, files: &Files, how: &Patterns) -> Result<Rows> {
    Ok(Rows::open(path, &Reading { labels: how.labels.clone(), ..reading(files)? })?)
}

/// Builds the memory, and tells what a user should know of it.
pub fn memory<F: Real>(store: &Store, source: Source, options: &Options) -> Result<Loaded<F>> {
    match source {
        Source::Stored(summary) => {
            stored(&store.memory, &summary, &store.patterns, options, store.work.quiet)
        }
        Source::Patterns(rows) => build(*rows, &store.patterns, options, store.work.quiet),
        Source::Described(described) => extended(store, *described, options),
    }
}

/// The memory that a description describes.
fn extended<F: Real>(store: &Store, described: Description, options: &Options) -> Result<Loaded<F>> {
    let (how, path) = (&store.patterns, &store.memory);
    if let Some(name) = how.model.as_ref().filter(|name| *name != EXTENDED) {
        bail!(
            "model: expected {EXTENDED}, which is what {} describes, found {name}; give patterns in an array for another model",
            path.display()
        );
    }
    let given = [
        ("prepare", how.prepare.as_ref().is_some_and(|p| p != "auto" && p != "none")),
        ("labels", how.labels.is_some()),
        ("weights", how.weights.is_some()),
        ("values", how.values.is_some()),
        ("memory-limit", how.memory_limit.is_some()),
    ];
    if let Some((name, _)) = given.iter().find(|(_, given)| *given) {
        bail!(
            "--{name}: expected patterns to store, found the description {}, which says all of its memories itself",
            path.display()
        );
    }
    let mixture = described.mixture::<F>()?;
    let (memories, dim) = (mixture.memories(), attractor::energies::Denoise::dim(&mixture));
    let sampling = Sampling::from_options(&model(EXTENDED)?.card.read(options)?)?;
    let memory = memories::extended(mixture, sampling)?;
    if !store.work.quiet {
        let plural = if memories == 1 { "y" } else { "ies" };
        eprintln!(
            "{EXTENDED}: {memories} memor{plural} of {dim} units, described in {}; {}",
            path.display(),
            F::NAME
        );
    }
    let spec = Spec { model: EXTENDED.to_owned(), options: options.clone() };
    let provenance = vec![format!("described in {}", path.display())];
    Ok(Loaded { memory, spec, shape: None, raw: false, provenance })
}

/// A stored memory; options given now go before those it was stored with.
pub fn stored<F: Real>(
    path: &Path,
    summary: &Summary,
    how: &Patterns,
    options: &Options,
    quiet: bool,
) -> Result<Loaded<F>> {
    let spec = &summary.spec;
    if let Some(name) = how.model.as_ref().filter(|name| **name != spec.model) {
        bail!(
            "model: expected {}, as {} was stored with, found {name}; store the patterns again for another model",
            spec.model,
            path.display()
        );
    }
    let given = [
        ("prepare", how.prepare.is_some()),
        ("labels", how.labels.is_some()),
        ("weights", how.weights.is_some()),
        ("values", how.values.is_some()),
    ];
    if let Some((name, _)) = given.iter().find(|(_, given)| *given) {
        bail!(
            "--{name}: expected patterns to store, found the stored memory {}, which has its own",
            path.display()
        );
    }
    let stored = read_memory_within::<F>(path, how.memory_limit)?;
    let mut spec = stored.spec;
    let rule_before = spec.options.get("rule").cloned();
    options.iter().for_each(|(name, value)| spec.set(name, value.clone()));
    // Couplings learned by another rule are of no use.
    let learned = stored.learned.filter(|_| spec.options.get("rule") == rule_before.as_ref());
    let raw = stored.raw;
    let memory = spec.build_on(stored.patterns, learned)?;
    if !quiet {
        describe(&spec, memory.as_ref(), "");
    }
    Ok(Loaded { memory, spec, shape: stored.shape, raw, provenance: stored.provenance })
}

/// A memory of rows.
pub fn build<F: Real>(rows: Rows, how: &Patterns, options: &Options, quiet: bool) -> Result<Loaded<F>> {
    let name = how.model.as_deref().unwrap_or(DEFAULT_MODEL);
    let card = model(name)?.card;
    let (head, patterns) = patterns(rows, how, card.raw, card.spins)?;
    let raw = head.dtype.is_raw();
    let spec = Spec { model: name.to_owned(), options: options.clone() };
    let memory = spec.build(patterns)?;
    if !quiet {
        describe(
            &spec,
            memory.as_ref(),
            if head.dtype == Dtype::U8 { "uint8 read as value/255, " } else { "" },
        );
    }
    let provenance = vec![format!("stored {} rows of {}", head.rows, head.path.display())];
    Ok(Loaded { memory, spec, shape: head.shape, raw, provenance })
}

/// The rows of a file as patterns, prepared as asked for or as is usual for a model that compares raw values, or whose
/// states are thresholded.
pub fn patterns<F: Real>(
    rows: Rows,
    how: &Patterns,
    compares_raw: bool,
    spins: bool,
) -> Result<(Head, attractor::Patterns<F>)> {
    let head = rows.head().clone();
    let raw = head.dtype.is_raw();
    let prepare = match how.prepare.as_deref().unwrap_or("auto") {
        "auto" if raw && !compares_raw => Prepare::Normalize,
        "auto" => Prepare::None,
        name => name.parse::<Prepare>().map_err(|_| {
            anyhow::anyhow!("prepare: expected none, center, normalize, packed or auto, found {name}")
        })?,
    };
    let bytes = (head.rows as u64).saturating_mul((head.columns * size_of::<F>()) as u64);
    let patterns = if prepare == Prepare::Packed {
        packed(rows)?
    } else if how.memory_limit.is_some_and(|limit| bytes > limit) {
        streamed(&head, prepare, spins)?
    } else {
        attractor::Patterns::prepared(rows.all()?.floats::<F>(), prepare, spins)?
    };
    let patterns = patterns.with(extras(&head, how)?)?;
    Ok((head, patterns))
}

/// The rows of a file, which stay there.
fn streamed<F: Real>(head: &Head, prepare: Prepare, spins: bool) -> Result<attractor::Patterns<F>> {
    let path = head.path.display();
    if spins {
        let models = memories::models_that(|card| card.streams);
        bail!(
            "memory-limit: expected a model that reads a few patterns at a time ({models}), or a higher limit"
        );
    }
    let Some(disk) = Disk::open(&head.path)? else {
        bail!(
            "memory-limit: expected a plain .npy or stored memory, which can be read in place, found {path}; raise the limit or save it with numpy.save"
        );
    };
    Ok(attractor::Patterns::streamed_raw(Arc::new(disk), prepare)?)
}

/// The rows of a file at one bit a unit.
fn packed<F: Real>(mut rows: Rows) -> Result<attractor::Patterns<F>> {
    let (count, columns) = (rows.head().rows, rows.head().columns);
    let mut packer = Packer::new(count, columns);
    while let Some(table) = rows.next_batch(batch_of(columns))? {
        packer.push(table.floats::<F>().view())?;
    }
    Ok(packer.finish()?)
}

/// Labels, weights and associated values of the rows of a file.
pub fn extras<F: Real>(head: &Head, how: &Patterns) -> Result<Extras<F>> {
    let plain = Reading::default();
    let weights = match &how.weights {
        Some(path) => {
            let table = read(path, &plain)?;
            if table.rows() * table.columns() != head.rows {
                let found = format!("{} x {}", table.rows(), table.columns());
                bail!("{}: expected {} weights, one a pattern, found {found}", path.display(), head.rows);
            }
            Some(table.numbers::<f64>().iter().copied().collect())
        }
        None => None,
    };
    let associated = match &how.values {
        Some(path) => {
            let table = read(path, &plain)?;
            let numbers = table.numbers();
            // A vector is one number a pattern.
            let vector = table.rows() == 1 && table.columns() == head.rows && head.rows > 1;
            Some(if vector { numbers.reversed_axes().as_standard_layout().into_owned() } else { numbers })
        }
        None => None,
    };
    Ok(Extras { labels: head.labels.clone(), weights, associated })
}

/// Says on stderr what the memory is and what might surprise.
fn describe<F: Real>(spec: &Spec, memory: &dyn Memory<F>, read_as: &str) {
    let Some(patterns) = memory.patterns() else {
        return;
    };
    let name = &spec.model;
    let spins = model(name).is_ok_and(|m| m.card.spins);
    let plain = *patterns.preparation() == Preparation::Identity;
    let how = patterns.preparation().describe();
    let level = memory.inverse_temperature().map_or(String::new(), |beta| {
        let auto = spec.options.number("beta").is_none();
        format!("; beta {beta:.6}{}", if auto { " (auto: separates the stored patterns)" } else { "" })
    });
    eprintln!(
        "{name}: {} pattern{} of {} units, {read_as}{how}; {}{level}",
        patterns.len(),
        if patterns.len() == 1 { "" } else { "s" },
        patterns.dim(),
        F::NAME
    );
    if plain && spins && !patterns.are_spins() {
        eprintln!(
            "note: {name} recalls ±1 states, but the patterns have other values; --prepare normalize thresholds them"
        );
    }
    let by_dots = memory.inverse_temperature().is_some() && spec.options.switch("norm-bias") != Some(true);
    let share = patterns.mean_share();
    if plain && by_dots && share > 0.5 && patterns.len() > 1 {
        eprintln!(
            "note: the mean pattern holds {:.0} % of the patterns' squared length, and dot products will see little else; --prepare center takes it out",
            100.0 * share
        );
    }
    for note in memory.notes().into_iter().chain(patterns.notes()) {
        eprintln!("note: {}", note.spelled(&Flags));
    }
}
