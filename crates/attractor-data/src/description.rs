//! Descriptions of extended memories: TOML or JSON files that list points, lines, circles and clouds.
//!
//! `docs/ideas/extended-memories.md` documents the format.

mod entry;
mod potential;

use std::path::Path;

use attractor::energies::shapes::{Segment, Shape, Sphere, Subspace};
use attractor::energies::{self, Component, Mixture};
use attractor::{Patterns, Real};
use ndarray::Array2;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use entry::{Entry, Units, show};
pub use potential::{potential_from_text, read_potential};

/// The memories of a description.
#[derive(Debug)]
pub struct Description {
    /// Units of a state, D.
    pub dim: usize,
    /// The memories, at least one, in the order of the file. Each row of `points` is a memory.
    pub memories: Vec<Described>,
}

impl Description {
    /// Builds the mixture of these memories.
    ///
    /// # Errors
    /// A number is too large for `F`; see [`Mixture::new`].
    pub fn mixture<F: Real>(self) -> attractor::Result<Mixture<F>> {
        let component = |memory: Described| -> attractor::Result<Component<F>> {
            let kind = match memory.kind {
                Kind::Point(y) => energies::Kind::Point(y.into_iter().map(F::from_f64).collect()),
                Kind::Shape(shape) => energies::Kind::Shape(shape),
                Kind::Cloud { points, weights } => {
                    let patterns = Patterns::new(points.mapv(F::from_f64))?;
                    energies::Kind::Cloud(match weights {
                        Some(weights) => patterns.with_weights(&weights)?,
                        None => patterns,
                    })
                }
            };
            Ok(Component { kind, weight: memory.weight, label: memory.label })
        };
        Mixture::new(self.memories.into_iter().map(component).collect::<attractor::Result<_>>()?)
    }
}

/// One memory of a description.
#[derive(Debug)]
pub struct Described {
    /// What kind of memory it is, with its data.
    pub kind: Kind,
    /// Its weight, > 0. Default: 1. For a flat subspace it is the weight per unit volume.
    pub weight: f64,
    /// Its name.
    pub label: Option<String>,
}

/// A kind of memory.
#[derive(Debug)]
pub enum Kind {
    /// One point, D numbers.
    Point(Vec<f64>),
    /// A subspace, a segment or a sphere.
    Shape(Box<dyn Shape>),
    /// One memory made of points.
    Cloud {
        /// N × D.
        points: Array2<f64>,
        /// N numbers > 0 with any sum. Without them, all points have equal weight.
        weights: Option<Vec<f64>>,
    },
}

/// Whether a file's name is that of a description: it ends in `.toml` or `.json`.
///
/// ```
/// assert!(attractor_data::is_description("ring.toml".as_ref()));
/// assert!(!attractor_data::is_description("ring.npy".as_ref()));
/// ```
pub fn is_description(path: &Path) -> bool {
    ending(path, "toml") || ending(path, "json")
}

fn ending(path: &Path, name: &str) -> bool {
    path.extension().is_some_and(|found| found.eq_ignore_ascii_case(name))
}

/// Reads a description and the arrays that it names. The format is JSON if the file's name ends in `.json`, else
/// TOML.
///
/// # Errors
/// The file cannot be read or parsed; a field or kind is unknown; sizes disagree; a number is outside its range. The
/// error names the memory and the field.
pub fn read_description(path: &Path) -> Result<Description> {
    description_from_text(path, &std::fs::read_to_string(path).map_err(|e| Error::read(path, e))?)
}

/// Reads a description from the text of a file. `path` is used in messages, and its ending gives the format.
///
/// # Errors
/// As [`read_description`].
pub fn description_from_text(path: &Path, text: &str) -> Result<Description> {
    let fields = fields(path, text)?;
    let top = Entry { path, place: String::new(), fields: &fields };
    top.only(&["dim", "memory"])?;
    let mut units = Units::default();
    if let Some(dim) = top.optional("dim") {
        match dim.as_u64() {
            Some(dim @ 1..) => units.agree(&top, "dim", dim as usize)?,
            _ => return Err(top.wrong("dim", "a whole number > 0", show(dim), "give the units of a state")),
        }
    }
    let cure = "write one [[memory]] for each";
    let tables = match top.optional("memory") {
        Some(Value::Array(tables)) if !tables.is_empty() => tables,
        found => {
            let found = found.map_or("nothing".to_owned(), show);
            return Err(top.wrong("memory", "a list of at least one memory", found, cure));
        }
    };
    let mut memories = Vec::new();
    for (i, table) in tables.iter().enumerate() {
        let Value::Object(fields) = table else {
            return Err(top.wrong(&format!("memory[{i}]"), "a table of fields", show(table), cure));
        };
        let entry = Entry { path, place: format!("memory[{i}]"), fields };
        memories.extend(described(&entry, &mut units)?);
    }
    Ok(Description { dim: units.dim(), memories })
}

/// A description whose arrays stand in its text and not in files of their own, as JSON: what it says does not change with
/// them. `path` gives the folder of the arrays, and is used in messages.
///
/// # Errors
/// A text or an array that cannot be read.
pub fn description_in_full(path: &Path, text: &str) -> Result<String> {
    let mut fields = fields(path, text)?;
    if let Some(Value::Array(tables)) = fields.get_mut("memory") {
        for (i, table) in tables.iter_mut().enumerate() {
            let Value::Object(own) = table else {
                continue;
            };
            if own.contains_key("at") || !own.contains_key("file") {
                continue;
            }
            let entry = Entry { path, place: format!("memory[{i}]"), fields: own };
            let (rows, labels) = entry.table(&mut Units::default())?;
            own.remove("file");
            let rows = rows.outer_iter().map(|row| row.iter().copied().collect::<Value>());
            own.insert("at".into(), rows.collect::<Value>());
            let takes_labels = own.get("kind").and_then(Value::as_str) == Some("points");
            if let Some(labels) = labels.filter(|_| takes_labels && !own.contains_key("labels")) {
                own.insert("labels".into(), labels.into_iter().collect::<Value>());
            }
        }
    }
    Ok(Value::Object(fields).to_string())
}

/// The fields of a file in JSON, if its name or its first character says so, or in TOML.
fn fields(path: &Path, text: &str) -> Result<Map<String, Value>> {
    let text = text.trim_start_matches('\u{feff}');
    // No TOML begins with a brace.
    let is_json = ending(path, "json") || text.trim_start().starts_with('{');
    if is_json { json(path, text) } else { toml(path, text) }
}

fn json(path: &Path, text: &str) -> Result<Map<String, Value>> {
    match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => Err(Error::content(
            path,
            "an object with the field memory",
            show(&other),
            "write {\"memory\": [...]}",
        )),
        Err(error) => Err(Error::content(path, "JSON", error.to_string(), "correct that line")),
    }
}

fn toml(path: &Path, text: &str) -> Result<Map<String, Value>> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let reason = error.message().replace('\n', ", ");
        Error::content(path, "TOML", format!("{reason} at line {line}"), "correct that line")
    })?;
    Ok(table.into_iter().map(|(name, value)| (name, plain(value))).collect())
}

/// Converts a TOML value to JSON. NaN, infinity and dates become text, which no field accepts as a number.
fn plain(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) if number.is_finite() => number.into(),
        toml::Value::Float(number) => number.to_string().into(),
        toml::Value::Boolean(yes) => yes.into(),
        toml::Value::Datetime(date) => date.to_string().into(),
        toml::Value::Array(list) => list.into_iter().map(plain).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(name, value)| (name, plain(value))).collect(),
    }
}

/// The kinds, with the fields that each has besides `kind`, `label` and `weight`.
const KINDS: [(&str, &[&str]); 8] = [
    ("point", &["at"]),
    ("points", &["at", "file", "labels"]),
    ("gaussian", &["mean", "directions", "deviations", "thickness"]),
    ("flat", &["origin", "directions"]),
    ("segment", &["from", "to"]),
    ("sphere", &["centre", "radius", "directions"]),
    ("circle", &["centre", "radius", "directions"]),
    ("cloud", &["at", "file", "weights"]),
];

/// The memory of an entry. The kind `points` gives one memory per row.
fn described(entry: &Entry, units: &mut Units) -> Result<Vec<Described>> {
    let name = entry.optional("kind");
    let Some((kind, known)) = KINDS.iter().find(|(kind, _)| name.and_then(Value::as_str) == Some(kind))
    else {
        let known = KINDS.map(|(kind, _)| kind).join(", ");
        let found = name.map_or("nothing".to_owned(), show);
        return Err(entry.wrong("kind", format!("one of {known}"), found, "name the kind of this memory"));
    };
    entry.only(&[&["kind", "label", "weight"], *known].concat())?;
    if *kind == "points" {
        return points(entry, units);
    }
    let kind = match *kind {
        "point" => Kind::Point(entry.numbers("at", units)?),
        "cloud" => {
            let (points, _) = entry.table(units)?;
            let weights = entry.optional("weights");
            let weights = weights.map(|list| entry.weights("weights", list, points.nrows())).transpose()?;
            Kind::Cloud { points, weights }
        }
        shape => Kind::Shape(self::shape(shape, entry, units)?),
    };
    let weight = entry.optional("weight").map_or(Ok(1.0), |weight| entry.positive("weight", weight))?;
    Ok(vec![Described { kind, weight, label: entry.label()? }])
}

/// One memory per row.
fn points(entry: &Entry, units: &mut Units) -> Result<Vec<Described>> {
    let (points, own_labels) = entry.table(units)?;
    let rows = points.nrows();
    let weights = match entry.optional("weight") {
        None => vec![1.0; rows],
        Some(list @ Value::Array(_)) => entry.weights("weight", list, rows)?,
        Some(one) => vec![entry.positive("weight", one)?; rows],
    };
    let labels = match (entry.label()?, entry.optional("labels")) {
        (None, None) => own_labels.map(|labels| labels.into_iter().map(Some).collect()),
        (None, Some(list)) => Some(entry.labels(list, rows)?.into_iter().map(Some).collect()),
        (Some(label), None) => Some(vec![Some(label); rows]),
        (Some(_), Some(labels)) => {
            let cure = "keep the one label of all, or the list";
            return Err(entry.wrong("labels", "left away beside label", show(labels), cure));
        }
    };
    let labels = labels.unwrap_or(vec![None; rows]);
    let one = |((row, weight), label): ((ndarray::ArrayView1<f64>, f64), _)| Described {
        kind: Kind::Point(row.to_vec()),
        weight,
        label,
    };
    Ok(points.outer_iter().zip(weights).zip(labels).map(one).collect())
}

fn shape(kind: &str, entry: &Entry, units: &mut Units) -> Result<Box<dyn Shape>> {
    Ok(match kind {
        "gaussian" => {
            let mean = entry.numbers("mean", units)?;
            let round = entry.optional("thickness").is_some()
                && entry.optional("directions").or(entry.optional("deviations")).is_none();
            let (directions, deviations) = if round {
                (Array2::zeros((0, mean.len())), Vec::new())
            } else {
                let directions = entry.rows("directions", units)?;
                let list = entry.needed("deviations")?;
                let deviations = entry.weights("deviations", list, directions.nrows())?;
                (directions, deviations)
            };
            let thickness =
                entry.optional("thickness").map_or(Ok(0.0), |s| entry.positive("thickness", s))?;
            let gaussian =
                Subspace::new(mean, directions, deviations).and_then(|g| g.with_thickness(thickness));
            Box::new(gaussian.map_err(|e| entry.refused(e))?)
        }
        "flat" => {
            let origin = entry.numbers("origin", units)?;
            let directions = entry.rows("directions", units)?;
            Box::new(Subspace::flat(origin, directions).map_err(|e| entry.refused(e))?)
        }
        "segment" => {
            let from = entry.numbers("from", units)?;
            let to = entry.numbers("to", units)?;
            Box::new(Segment::new(from, to).map_err(|e| entry.refused(e))?)
        }
        _ => {
            let centre = entry.numbers("centre", units)?;
            let radius = entry.positive("radius", entry.needed("radius")?)?;
            let directions = match entry.optional("directions") {
                Some(_) => Some(entry.rows("directions", units)?),
                None => None,
            };
            let rows = directions.as_ref().map(|d| d.nrows());
            if kind == "circle" && rows.unwrap_or(centre.len()) != 2 {
                let found = rows.map_or("nothing".to_owned(), |rows| format!("a list of {rows}"));
                let cure = "give the two directions of its plane, or make it a sphere";
                return Err(entry.wrong("directions", "two rows", found, cure));
            }
            let sphere = match directions {
                Some(directions) => Sphere::new(centre, radius, directions),
                None => Sphere::full(centre, radius),
            };
            Box::new(sphere.map_err(|e| entry.refused(e))?)
        }
    })
}
