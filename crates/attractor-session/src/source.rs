//! What a memory is built from: a file that is opened but not yet read.

use std::path::{Path, PathBuf};

use attractor::Patterns;
use attractor::diffusion::PROCESS;
use attractor::energies::Denoise;
use attractor::memories::{self, Card, Learned, Learning, Options, Spec, Weights};
use attractor::message;
use attractor::message::Argument;
use attractor_data::{
    Description, Dtype, ReadOptions, Rows, Shape, Stored, StoredDensity, StoredSummary, is_description,
    read_density, read_description, read_memory_within, read_sums, summary,
};

use crate::about::{About, Origin};
use crate::any::{Held, Precision};
use crate::error::{Error, Result};
use crate::in_precision;
use crate::patterns::prepared;
use crate::session::{Opened, Session};
use crate::setup::{Auto, Setup};
use crate::sums::of_sums;

/// What a memory is built from.
pub enum Source {
    /// A stored memory.
    Stored {
        /// The file.
        path: PathBuf,
        /// The summary at the start of the file.
        summary: Box<StoredSummary>,
    },
    /// A description of memories, in TOML or JSON.
    Described {
        /// The file.
        path: PathBuf,
        /// Its content.
        description: Box<Description>,
    },
    /// A file of patterns, which are to be stored.
    Rows(Box<Rows>),
}

impl Source {
    /// Opens a file or folder: a stored memory, a description, or patterns of any kind that can be read.
    ///
    /// Only the head of the file is read. Labels of patterns are read from the file that `setup` names, if any.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn open(path: &Path, reading: &ReadOptions, setup: &Setup) -> Result<Self> {
        if let Some(stored) = Source::stored(path)? {
            return Ok(stored);
        }
        if is_description(path) {
            let description = Box::new(read_description(path)?);
            return Ok(Source::Described { path: path.to_owned(), description });
        }
        Ok(Source::Rows(Box::new(open_patterns(path, reading, setup)?)))
    }

    /// Opens a stored memory. Returns `None` if the file is something else.
    ///
    /// # Errors
    /// The file is a stored memory, but its head is damaged or was written by another version.
    pub fn stored(path: &Path) -> Result<Option<Self>> {
        let summary = summary(path)?;
        Ok(summary.map(|summary| Source::Stored { path: path.to_owned(), summary: Box::new(summary) }))
    }

    /// The number type of the memory. It is the one that `setup` asks for; otherwise that of the numbers in the file,
    /// and double precision for a description.
    pub fn precision(&self, setup: &Setup) -> Precision {
        let wide = match self {
            Source::Stored { summary, .. } => summary.dtype == "f64",
            Source::Described { .. } => true,
            Source::Rows(rows) => rows.head().dtype == Dtype::F64,
        };
        Precision::choose(setup.precision, wide)
    }

    /// The name of its model.
    pub fn model(&self, setup: &Setup) -> &str {
        match self {
            Source::Stored { summary, .. } => &summary.spec.model,
            Source::Described { .. } => memories::DESCRIBED.name,
            Source::Rows(_) => setup.card().name,
        }
    }

    /// Builds the memory, with the number type of [`precision`](Self::precision).
    ///
    /// # Errors
    /// The model refuses the patterns or an option; or `setup` has settings for patterns (such as a preparation), but
    /// the source is a stored memory or a description, which has its own.
    pub fn build(self, setup: &Setup) -> Result<Session> {
        in_precision!(self.precision(setup), F => self.build_as::<F>(setup).map(Session::from))
    }

    /// Builds the memory with the number type `F`.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_as<F: Held>(self, setup: &Setup) -> Result<Opened<F>> {
        match self {
            Source::Stored { path, summary } => {
                refuse_for_stored(&path, &summary.spec.model, setup)?;
                if summary.density.is_some() {
                    return of_density(read_density::<F>(&path)?, setup);
                }
                if summary.sums.is_some() {
                    return of_sums(&path, read_sums(&path)?, setup);
                }
                of_stored(&path, read_memory_within::<F>(&path, setup.memory_limit)?, setup)
            }
            Source::Described { path, description } => described(&path, *description, setup),
            Source::Rows(rows) => of_rows(*rows, setup),
        }
    }
}

/// Opens a file of patterns, with the labels that `setup` names.
///
/// # Errors
/// The file cannot be read.
pub fn open_patterns(path: &Path, reading: &ReadOptions, setup: &Setup) -> Result<Rows> {
    Ok(Rows::open(path, &ReadOptions { labels: setup.labels.clone(), ..reading.clone() })?)
}

/// Stores the rows of a file in a memory.
pub(crate) fn of_rows<F: Held>(rows: Rows, setup: &Setup) -> Result<Opened<F>> {
    let card = setup.card();
    let head = rows.head().clone();
    let patterns = prepared::<F>(rows, setup, card)?;
    let spec = with_image_form(setup.spec(card), card, head.shape);
    let given = setup.given(card)?.map(|weights| with_patterns(&patterns, weights));
    let memory = spec.build_on(patterns, given)?;
    let about = About {
        card: Some(card),
        spec,
        shape: head.shape,
        raw: head.dtype.is_raw(),
        units: head.names,
        origin: Origin::Rows { bytes: head.dtype == Dtype::U8 },
        provenance: vec![format!("stored {} rows of {}", head.rows, head.path.display())],
    };
    Ok(Opened { memory, about })
}

/// Tells a model of images the form of its images, unless it is given.
fn with_image_form(spec: Spec, card: &Card, shape: Option<Shape>) -> Spec {
    const IMAGE: &str = "image";
    match shape {
        Some(shape) if card.images && !spec.options.has(IMAGE) => spec.with(IMAGE, shape.to_string()),
        _ => spec,
    }
}

/// Builds the memory of a description.
pub(crate) fn described<F: Held>(path: &Path, description: Description, setup: &Setup) -> Result<Opened<F>> {
    let card = memories::DESCRIBED;
    if let Some(other) = setup.model.filter(|other| other.name != card.name) {
        return Err(Error::Refused(
            format!(
                "model: expected {}, which is what {} describes, found {}; give patterns in an array for another model",
                card.name,
                path.display(),
                other.name
            )
            .into(),
        ));
    }
    let prepare = setup.prepare.filter(|how| !matches!(how, Auto::Auto | Auto::As(attractor::Prepare::None)));
    let given = prepare.map(|_| "prepare").into_iter().chain(setup.of_patterns());
    if let Some(name) = given.chain(setup.memory_limit.map(|_| "memory-limit")).next() {
        let found = format!("the description {}, which says all of its memories itself", path.display());
        return Err(only_for_patterns(name, &found));
    }
    let mixture = description.mixture::<F>()?;
    let (count, dim) = (mixture.memories(), Denoise::dim(&mixture));
    let spec = setup.spec(card);
    let memory = memories::mixture_with(mixture, &card.read(&spec.options)?, setup.potential(card)?)?;
    let about = About {
        card: Some(card),
        spec,
        shape: None,
        raw: false,
        units: None,
        origin: Origin::Described { path: path.to_owned(), memories: count, dim },
        provenance: vec![format!("described in {}", path.display())],
    };
    Ok(Opened { memory, about })
}

/// Refuses settings that only new patterns can have, such as labels or a preparation.
fn refuse_for_stored(path: &Path, model: &str, setup: &Setup) -> Result<()> {
    if let Some(other) = setup.model.filter(|other| other.name != model) {
        return Err(Error::Refused(
            format!(
                "model: expected {model}, as {} was stored with, found {}; store the patterns again for another model",
                path.display(),
                other.name
            )
            .into(),
        ));
    }
    let given = setup.prepare.map(|_| "prepare").into_iter().chain(setup.of_patterns()).next();
    match given {
        Some(name) => {
            Err(only_for_patterns(name, &format!("the stored memory {}, which has its own", path.display())))
        }
        None => Ok(()),
    }
}

fn only_for_patterns(name: &'static str, found: &str) -> Error {
    let found = format!(": expected patterns to store, found {found}");
    Error::Refused(message![Argument::option(name), found])
}

/// Builds a stored memory. Options of `setup` override or replace the stored options.
pub(crate) fn of_stored<F: Held>(path: &Path, stored: Stored<F>, setup: &Setup) -> Result<Opened<F>> {
    let Stored { mut spec, patterns, learned, shape, raw, provenance, .. } = stored;
    let Ok(model) = memories::model(&spec.model) else {
        return Err(Error::Refused(
            format!(
                "{}: expected a memory of this version, found the model '{}'; update attractor",
                path.display(),
                spec.model
            )
            .into(),
        ));
    };
    let before = spec.options.clone();
    if setup.replace_options {
        spec.options = Options::default();
    }
    setup.set_options(&mut spec, model.card);
    let spec = with_image_form(spec, model.card, shape);
    let given = match setup.given(model.card)? {
        Some(weights) => Some(with_patterns(&patterns, weights)),
        None => still_valid(learned, &before, &spec.options),
    };
    let memory = spec.build_on(patterns, given)?;
    Ok(Opened {
        memory,
        about: About {
            card: Some(model.card),
            spec,
            shape,
            raw,
            units: None,
            origin: Origin::Stored,
            provenance,
        },
    })
}

/// Builds the memory of a stored density. Options of `setup` override or replace the stored options.
pub(crate) fn of_density<F: Held>(stored: StoredDensity<F>, setup: &Setup) -> Result<Opened<F>> {
    let StoredDensity { mut spec, mixture, shape, raw, provenance } = stored;
    let card = memories::DESCRIBED;
    if setup.replace_options {
        spec.options = Options::default();
    }
    setup.set_options(&mut spec, card);
    let memory = memories::mixture_with(mixture, &card.read(&spec.options)?, setup.potential(card)?)?;
    let about = About { card: Some(card), spec, shape, raw, units: None, origin: Origin::Stored, provenance };
    Ok(Opened { memory, about })
}

/// What is given with patterns.
pub(crate) fn with_patterns<F: Held>(patterns: &Patterns<F>, weights: Weights) -> Learned {
    Learned { patterns: patterns.len(), weights }
}

/// What was learned, unless the options now ask for another learning rule or for another process than the potential.
fn still_valid(learned: Option<Learned>, before: &Options, now: &Options) -> Option<Learned> {
    let same = |name: &str| before.get(name) == now.get(name);
    learned.filter(|learned| match learned.weights {
        Weights::Noising(_) => same(PROCESS.name),
        Weights::Addresses(_) => same("locations") && same("location-seed"),
        _ => Learning::options().all(same),
    })
}
